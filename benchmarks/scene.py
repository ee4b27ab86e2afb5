"""What is measured: a real Camden case up to the step before its award notice, and a log with many more of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine import canonical, ledger, library, store
from engine.ledger import Draft, Entry, Head, Opening, Write
from engine.library import Library
from engine.model import MONTHS, moment
from engine.service import Advanced, Now, Office
from engine.store import Store

AUTHORITY, FIRST = "camden", "2025-001"
STEP = "publish-award-notice"
STEPS = {"refused": "enter-contract", "taken": STEP}  # no contract before the notice and its standstill
TAKEN = "2025-12-15 14:03"
SHORT = 7  # acts of the story after which the case has some 20 entries

NAMES = ("Hope House", "Arlington", "Kentish Town Road Trust", "St Mungo’s", "Crossroads", "Mind", "Camden Reach CIC")
_ISO = re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})")
_WRITTEN = re.compile(f"([0-9]{{1,2}}) ({'|'.join(MONTHS)}) ([0-9]{{4}})")
_AMOUNT = re.compile("[0-9]{1,3}(,[0-9]{3})+")

# What happened, in the words of the command line: the clock, then a step, a judgement, or facts.
STORY = (
    (
        "2025-03-28 12:30",
        "contract.kind=light touch services; contract.value=£10,416,000 incl VAT; contract.cpv=85300000; "
        "contract.health_service=no; contract.starts=2026-04-01; contract.ends=2032-03-31; procurement.procedure=open",
    ),
    ("2025-03-28 13:00", "advance publish-planned-notice"),
    ("2025-03-28 13:31", "advance assess-need"),
    (
        "2025-07-16 19:00",
        "strategy_key_notice.published=2025-06-17; strategy_agenda.published=2025-07-08; "
        "strategy_equality.considered=2025-07-02; strategy.decided_by=cabinet",
    ),
    ("2025-07-16 19:05", "judge camden.key-decision.strategy yes"),
    ("2025-07-16 19:10", "advance decide-strategy"),
    (
        "2025-09-10 11:00",
        "market_engagement.held=no; tenders.due=2025-10-22 11:00; "
        "contract.price_weight=30; lots.considered=2025-07-17; conflicts_assessment.prepared=2025-09-01; "
        "social_value.considered=2025-07-10",
    ),
    ("2025-09-10 11:30", "judge camden.bands.current met"),
    ("2025-09-19 16:00", "advance publish-tender-notice"),
    ("2025-10-22 11:05", "advance close-tenders"),
    (
        "2025-12-08 15:00",
        "exclusions.considered=2025-10-23; award_equality.considered=2025-12-05; award.decided_by=officer",
    ),
    ("2025-12-08 15:05", "judge camden.key-decision.award no"),
    ("2025-12-08 16:00", "advance decide-award"),
    (
        "2025-12-12 09:00",
        "standstill.stated=yes; standstill.ends=2025-12-29; provider.sector=voluntary sector; "
        "contract.award_value=£10,283,912 incl VAT",
    ),
    ("2025-12-12 09:30", "advance send-assessment-summaries"),
    ("2025-12-12 10:00", "judge camden.call-in.award.officer met"),
)


def clock(said: str) -> Now:
    """One reading of a clock that shows this local minute."""
    local = datetime.fromisoformat(said).replace(tzinfo=ZoneInfo("Europe/London"))
    return Now(moment(said), local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def first_case(place: Path, shelf: Library, acts: int = len(STORY)) -> Store:
    """A new training store with one case in it, told as far as the step that is measured, or for some acts only."""
    made = store.create(str(place))
    desk = Office(made, shelf, clock(STORY[0][0]), "Officer")
    desk.open_log(AUTHORITY, True)
    desk.open_case(AUTHORITY, "Rough sleeping outreach", FIRST)
    for said, what in STORY[:acts]:
        desk.now = clock(said)
        word, *rest = what.split()
        if word == "advance":
            assert outcome(desk.advance(AUTHORITY, FIRST, rest[0])) == "taken", what
        elif word == "judge":
            desk.judge(AUTHORITY, FIRST, rest[0], rest[1], "monitoring officer", "as the constitution says", {})
        else:
            facts = [(name.strip(), value) for name, _, value in (each.partition("=") for each in what.split(";"))]
            desk.record(AUTHORITY, FIRST, facts, planned=False)
    return made


def office(opened: Store, shelf: Library) -> Office:
    """An office that has refused and taken a step already, so that its law is at hand."""
    desk = Office(opened, shelf, clock(TAKEN), "Officer")
    for kind, step in STEPS.items():
        assert outcome(desk.advance(AUTHORITY, FIRST, step)) == kind
    return desk


def outcome(done: Advanced) -> str:
    """Whether a step was taken or refused."""
    return "taken" if done.outlook.decision.target else "refused"


def fill(opened: Store, entries: int, vary: bool = False) -> list[str]:
    """More whole cases like the first, an append each, while the log holds no more than that many; their ids.

    Varied, each has days, amounts and words of its own; then its decisions no longer follow from its facts.
    """
    model = [ledger.decode(row.bytes) for row in opened.rows(AUTHORITY, FIRST)]
    openings, listed = opened.openings(AUTHORITY), opened.cases(AUTHORITY)[0]
    head = opened.head(AUTHORITY)
    assert head is not None
    cases = [f"B-{number:06d}" for number in range((entries - head.sequence) // len(model))]
    for number, case in enumerate(cases, 1):
        copier = _Copier(case, openings, number if vary else 0)
        writes = list(_copies(head, model, copier))
        at: dict[str, Any] = {
            "case": case,
            "title": canonical.decode(writes[0].openings[0].value),
            "sequence": writes[-1].entry.sequence,
            "opened": writes[0].entry.recorded,
            "changed": writes[-1].entry.recorded,
        }
        opened.append(AUTHORITY, head, writes, projection=listed._replace(**at))
        head = ledger.head_after(writes[-1])
    return cases


def _copies(head: Head, model: list[Entry], copier: _Copier) -> Iterator[Write]:
    """The entries of the first case again under another id, each after the one before, sealed with salts of its own."""
    for entry in model:
        copier.numbers[entry.sequence] = head.sequence + 1
        body = copier.copy(entry.body)
        recorded = copier.later(head.recorded) if entry is model[0] else head.recorded
        draft = Draft(copier.case, entry.kind, entry.actor, copier.told(entry.happened), body, entry.digests)
        written = ledger.write(ledger.compose(head, AUTHORITY, draft, recorded), copier.made)
        head, copier.made = ledger.head_after(written), []
        yield written


class _Copier:
    """Copies bodies into another case, the `by`th: with numbers and seals of its own, and varied unless `by` is 0."""

    def __init__(self, case: str, openings: Mapping[str, Opening], by: int) -> None:
        self.case, self._openings, self._by = case, openings, by
        self.numbers: dict[int, int] = {}
        self.made: list[Opening] = []
        self._salts = 0

    def copy(self, value: Any, name: str = "") -> Any:
        """A part of a body, which stands there under a name."""
        if isinstance(value, list):
            return [self.copy(each) for each in value]
        if isinstance(value, dict):
            return self._sealed(value) if set(value) == {"sealed"} else {at: self.copy(value[at], at) for at in value}
        if name == "entry":
            return self.numbers[value]
        if self._by and name == "pence":
            return value * (1 + self._by % 97) + self._by
        return self.told(value) if name in ("found", "value", "at") and isinstance(value, str) else value

    def told(self, text: str) -> str:
        """A text with other days and amounts; a name and a number stand after one that is not a moment."""
        if not self._by:
            return text
        if not _ISO.match(text):
            text = f"{_AMOUNT.sub(self._amount, _WRITTEN.sub(self._written, text))}, {NAMES[self._by % 7]} {self._by}"
        return _ISO.sub(self._iso, text)

    def later(self, recorded: str) -> str:
        """The time at which the case is recorded, given that of the case before."""
        if not self._by:
            return recorded
        return (datetime.fromisoformat(recorded) + timedelta(minutes=self._by % 50)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _sealed(self, value: dict[str, str]) -> dict[str, str]:
        plain = canonical.decode(self._openings[value["sealed"]].value)
        if self._by and isinstance(plain, str):
            plain = f"{plain}, {NAMES[self._by % 7]} {self._by}"
        salt = hashlib.sha256(f"{self.case} {self._salts}".encode()).digest()[: ledger.SALT_BYTES]
        sealed, opening = ledger.seal(plain, salt)
        self._salts += 1
        self.made.append(opening)
        return sealed

    def _iso(self, day: re.Match[str]) -> str:
        return f"{int(day[1]) + self._by % 5}-{1 + (int(day[2]) + self._by) % 12:02d}-{self._day(day[3]):02d}"

    def _written(self, day: re.Match[str]) -> str:
        month = MONTHS[(MONTHS.index(day[2]) + 1 + self._by) % 12]
        return f"{self._day(day[1])} {month} {int(day[3]) + self._by % 5}"

    def _day(self, day: str) -> int:
        return 1 + (int(day) + self._by) % 28

    def _amount(self, found: re.Match[str]) -> str:
        return f"{int(found[0].replace(',', '')) * (1 + self._by % 97) + self._by:,}"


def shipped() -> Library:
    """The library with its law read, so that no measurement pays for that."""
    found = library.shipped()
    found.law.for_authority(AUTHORITY)
    return found
