"""What is measured: a real Camden case up to the step before its award notice, and a log with many more of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine import canonical, ledger, library, store
from engine.ledger import Draft, Entry, Head, Opening, Write
from engine.library import Library
from engine.model import moment
from engine.service import Advanced, Now, Office
from engine.store import Store

AUTHORITY, FIRST = "camden", "2025-001"
STEP = "publish-award-notice"
STEPS = {"refused": "enter-contract", "taken": STEP}  # no contract before the notice and its standstill
TAKEN = "2025-12-15 14:03"
SHORT = 7  # acts of the story after which the case has some 20 entries

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


def fill(opened: Store, entries: int) -> list[str]:
    """More whole cases like the first, an append each, while the log holds no more than that many; their ids."""
    model = [ledger.decode(row.bytes) for row in opened.rows(AUTHORITY, FIRST)]
    openings, listed = opened.openings(AUTHORITY), opened.cases(AUTHORITY)[0]
    head = opened.head(AUTHORITY)
    assert head is not None
    cases = [f"B-{number:06d}" for number in range((entries - head.sequence) // len(model))]
    for case in cases:
        writes = list(_copies(head, model, case, openings))
        at: dict[str, Any] = {
            "case": case,
            "sequence": writes[-1].entry.sequence,
            "opened": head.recorded,
            "changed": head.recorded,
        }
        opened.append(AUTHORITY, head, writes, projection=listed._replace(**at))
        head = ledger.head_after(writes[-1])
    return cases


def _copies(head: Head, model: list[Entry], case: str, openings: Mapping[str, Opening]) -> Iterator[Write]:
    """The entries of the first case again under another id, each after the one before, sealed with salts of its own."""
    first = head.sequence + 1
    for place, entry in enumerate(model):
        numbers = {each.sequence: first + at for at, each in enumerate(model[:place])}
        made: list[Opening] = []
        body = _another(entry.body, numbers, openings, f"{case} {place}", made)
        draft = Draft(case, entry.kind, entry.actor, entry.happened, body, entry.digests)
        written = ledger.write(ledger.compose(head, AUTHORITY, draft, head.recorded), made)
        head = ledger.head_after(written)
        yield written


def _another(
    value: Any, numbers: Mapping[int, int], openings: Mapping[str, Opening], salt: str, made: list[Opening]
) -> Any:
    """A body with what it seals sealed again, and with the numbers its entries have in the copy."""
    if isinstance(value, list):
        return [_another(each, numbers, openings, salt, made) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"sealed"}:
        plain = canonical.decode(openings[value["sealed"]].value)
        sealed, opening = ledger.seal(
            plain, hashlib.sha256(f"{salt} {len(made)}".encode()).digest()[: ledger.SALT_BYTES]
        )
        made.append(opening)
        return sealed
    again = {name: _another(each, numbers, openings, salt, made) for name, each in value.items()}
    return {**again, "entry": numbers[again["entry"]]} if type(again.get("entry")) is int else again


def shipped() -> Library:
    """The library with its law read, so that no measurement pays for that."""
    found = library.shipped()
    found.law.for_authority(AUTHORITY)
    return found
