"""A pretend authority: a whole commissioning run through Office, on a clock that only the test moves.

`CAMDEN` is the real case of the issue (rough sleeping outreach, 2025 to 2026) as gates in order. At each gate the
step is first tried too early and refused, then put right, then taken.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from engine import inference, ledger, library, store
from engine.decide import Runner
from engine.library import Library
from engine.model import moment
from engine.service import Advanced, Now, Office, Written

OPENED = "2025-03-03 10:00"
NAME = "2025-014"
TITLE = "Rough sleeping outreach"
LATE = "2027-06-01 10:00"

_shipped = library.shipped  # a test may put `shelf` in its place


@cache
def shelf(cache: object = None) -> Library:
    """The shipped library, read once a process."""
    return _shipped()


def clock(said: str) -> Now:
    """One reading of a clock that shows this local minute."""
    local = datetime.fromisoformat(said).replace(tzinfo=ZoneInfo("Europe/London"))
    return Now(moment(local.strftime("%Y-%m-%dT%H:%M")), local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


class Council:
    """One authority with a store; every act is a new office, as every command is a new process."""

    def __init__(self, place: Path | str = ":memory:", *, training: bool = True, opened: str = OPENED) -> None:
        self.store = store.create(str(place))
        self.login = "ann"
        self.runner: Runner = inference.run
        self.receipts: list[str] = []
        for authority in sorted(shelf().authorities()):
            self.office(opened).open_log(authority, training)

    @classmethod
    def after(cls, until: str) -> Council:
        """A council whose one case has been taken up to and with a step; walked there once a process."""
        council = cls.__new__(cls)
        council.store, council.login, council.runner = store.create(":memory:"), "ann", inference.run
        image, receipts = _walked(until)
        _raw(council.store).deserialize(image)
        council.receipts = list(receipts)
        return council

    def office(self, when: str, login: str = "") -> Office:
        """The office as somebody finds it at a moment."""
        return Office(self.store, shelf(), clock(when), login or self.login, self.runner)

    def open(self, when: str = OPENED, case: str = NAME, title: str = TITLE) -> str:
        name, written = self.office(when).open_case("camden", title, case)
        self.receipts.append(written.receipt)
        return name

    def record(self, when: str, *said: str, case: str = NAME, planned: bool = False) -> Written:
        given = [(name, value) for name, _, value in (each.partition("=") for each in said)]
        written = self.office(when).record("camden", case, given, planned)[1]
        assert written is not None
        self.receipts.append(written.receipt)
        return written

    def advance(self, when: str, step: str, case: str = NAME, already: str = "", reason: str = "") -> Advanced:
        day = moment(already) if already else None
        done = self.office(when).advance("camden", case, step, day, reason)
        self.receipts.append(done.written.receipt)
        return done

    def judge(self, when: str, subject: str, answer: str, case: str = NAME, **extra: str) -> Written:
        desk = self.office(when, "monitoring officer")
        written = desk.judge("camden", case, subject, answer, "monitoring officer", "read in the constitution", extra)
        self.receipts.append(written.receipt)
        return written

    def state(self, when: str = LATE, case: str = NAME) -> str:
        return self.office(when).case("camden", case).state

    def sound(self, when: str = LATE) -> list[str]:
        """Everything that verification against every receipt, and replay, find wrong."""
        desk = self.office(when)
        wrong = [str(problem) for step in desk.verify("camden", self.receipts) for problem in step.problems]
        return wrong + [f"{each.entry}: {each.differs}" for each in desk.replay("camden") if each.differs]

    def entries(self) -> list[ledger.Entry]:
        return list(self.office(LATE).entries("camden"))


def _raw(opened: store.Store) -> Any:
    return opened._connection.connection.dbapi_connection


@cache
def _walked(until: str) -> tuple[bytes, tuple[str, ...]]:
    council = Council()
    council.open()
    if until:
        walk(council, until)
    return _raw(council.store).serialize(), tuple(council.receipts)


class Gate(NamedTuple):
    """A step refused at a time by some rules among others, then put right by acts at another, then taken."""

    step: str
    too_early: str = ""
    stopped_by: frozenset[str] = frozenset()
    put_right: str = ""
    records: tuple[str, ...] = ()
    judges: tuple[tuple[str, str], ...] = ()
    taken: str = ""
    notices: tuple[tuple[str, str], ...] = ()  # steps taken while it is put right, each with the day it was done before


CAMDEN = (
    Gate("assess-need", taken="2025-05-01 10:00"),
    Gate(
        "decide-strategy",
        "2025-06-20 10:00",
        frozenset(
            {
                "governance.equality.public-sector.strategy",
                "governance.key-decision.notice.strategy",
                "governance.agenda.strategy",
            }
        ),
        "2025-07-16 12:00",
        (
            "contract.value=£10,416,000 incl VAT",
            "contract.kind=light touch services",
            "contract.health_service=no",
            "procurement.procedure=open",
            "strategy.decided_by=cabinet",
            "strategy_key_notice.published=2025-06-17",
            "strategy_equality.considered=2025-06-20",
            "strategy_agenda.published=2025-07-08",
        ),
        (("camden.key-decision.strategy", "yes"),),
        "2025-07-16 19:00",
        (("publish-planned-notice", "2025-03-28T13:00"),),
    ),
    Gate(
        "publish-tender-notice",
        "2025-07-18 16:00",
        frozenset({"camden.call-in.strategy", "pa2023.conflicts.assessment", "camden.bands.current"}),
        "2025-09-01 10:00",
        (
            "tenders.due=2025-10-22 11:00",
            "market_engagement.held=no",
            "lots.considered=2025-07-16 10:00",
            "conflicts_assessment.prepared=2025-08-29 10:00",
            "social_value.considered=2025-06-02 10:00",
        ),
        (("camden.bands.current", "met"),),
        "2025-09-19 16:00",
    ),
    Gate(
        "close-tenders",
        "2025-10-22 10:59",
        frozenset({"pa2023.tenders.deadline"}),
        taken="2025-10-22 11:00",
    ),
    Gate(
        "decide-award",
        "2025-11-10 10:00",
        frozenset({"pa2023.exclusions.considered", "governance.key-decision.notice.award"}),
        "2025-12-01 09:00",
        (
            "award.decided_by=officer",
            "exclusions.considered=2025-11-01",
            "award_equality.considered=2025-11-01",
            "award_key_notice.published=2025-11-01",
        ),
        (("camden.key-decision.award", "yes"),),
        "2025-12-01 10:00",
    ),
    Gate(
        "publish-award-notice",
        "2025-12-02 10:00",
        frozenset({"pa2023.summaries.sent", "camden.call-in.award.officer"}),
        "2025-12-12 12:00",
        (
            "standstill.stated=yes",
            "standstill.ends=2025-12-29",
            "provider.name=A charity whose name is confidential",
            "provider.sector=voluntary sector",
        ),
        (("camden.call-in.award.officer", "not applicable"),),
        "2025-12-15 14:03",
        (("send-assessment-summaries", ""),),
    ),
    Gate(
        "enter-contract",
        "2025-12-22 10:00",
        frozenset({"pa2023.standstill.stated"}),
        "2025-12-30 09:00",
        (),
        taken="2025-12-30 10:00",
    ),
    Gate("publish-contract-details", taken="2026-01-07 10:00"),
    Gate("start-service", taken="2026-04-01 10:00"),
    Gate("review-service", taken="2027-03-01 10:00"),
    Gate("close", taken="2027-03-31 10:00"),
)


def put_right(council: Council, gate: Gate, case: str = NAME) -> None:
    """What the gate asks for, recorded and judged."""
    if gate.records:
        council.record(gate.put_right, *gate.records, case=case)
    for step, already in gate.notices:
        council.advance(gate.put_right, step, case, already, "sent by the central team" if already else "")
    for subject, answer in gate.judges:
        council.judge(gate.put_right, subject, answer, case=case)


def walk(council: Council, until: str = "close", case: str = NAME) -> None:
    """The case taken through its gates, refusals left out, up to and with a step."""
    for gate in CAMDEN:
        put_right(council, gate, case)
        done = council.advance(gate.taken, gate.step, case)
        assert done.outlook.decision.answer == "may proceed", (gate.step, done.outlook.decision.blocking)
        if gate.step == until:
            return


class Kept(Protocol):
    """Whatever has a store that can be forged."""

    store: store.Store


def forge(council: Kept, sequence: int, change: Callable[[dict[str, Any]], object], authority: str = "camden") -> None:
    """One entry's body changed by somebody who owns the database, every digest after it worked out again."""
    run = council.store._connection.exec_driver_sql
    run("DROP TRIGGER IF EXISTS entry_UPDATE")
    previous = None
    for row in list(council.store.rows(authority)):
        entry = ledger.decode(row.bytes)
        if entry.sequence == sequence:
            body = json.loads(json.dumps(entry.body))
            change(body)
            entry = replace(entry, body=body)
        entry = replace(entry, previous=previous)
        data = ledger.encode(entry)
        previous = ledger.leaf(data).hex()
        run(
            "UPDATE entry SET bytes = :data, leaf = :leaf WHERE authority = :authority AND sequence = :sequence",
            {"data": data, "leaf": bytes.fromhex(previous), "sequence": entry.sequence, "authority": authority},
        )


@cache
def _file_after(until: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "council.db"
        council = Council.after(until)
        council.store._connection.exec_driver_sql("VACUUM INTO ?", (str(place),))
        council.store.close()
        connection = sqlite3.connect(place)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
        return place.read_bytes()


def put_file(place: Path, until: str = "assess-need") -> Path:
    """A store on disk, as `vires` leaves it, whose one case has been taken up to and with a step."""
    place.write_bytes(_file_after(until))
    return place


def contents(place: Path) -> list[str]:
    """Everything a store holds, whatever the file looks like."""
    connection = sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()
