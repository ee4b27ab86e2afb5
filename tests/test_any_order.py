"""Any order of commands: whatever is tried, the log stays sound, no case is caught, and no breach shows as lawful."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from engine import migrating, store
from engine.errors import UsageError, ViresError
from engine.library import Library
from engine.model import MAY_PROCEED, NOT_MET, Moment
from engine.service import Office
from engine.vocabulary import words
from engine.walks import Dice
from tests.simulator import clock, shelf

SOAK = bool(os.environ.get("VIRES_SOAK"))
pytestmark = [pytest.mark.soak] if SOAK else []
CASES = 2_000 if SOAK else 25
STEPS = 20
BODIES = ("barking-and-dagenham", "camden")
GATED = """\
extends: commissioning
states: {plan: {gated: Through the gate}}
like: {gated: needs-assessed}
steps:
  pass-gate: {title: Pass the gate, from: [needs-assessed], to: gated, free: yes, why_free: A custom.}
"""
SHELVES = (shelf(), replace(shelf(), local_cycles={**shelf().local_cycles, "workflows/local/camden.yaml": GATED}))
TERMS = [
    term
    for term in shelf().law.vocabulary.terms.values()
    if not term.derived and not term.record and term.type in ("boolean", "choice", "integer", "milestone", "date")
]


def said_of(term: Any, number: int, today: date) -> str:
    """Something a person might say of a term."""
    match term.type:
        case "boolean":
            return words(bool(number % 2))
        case "choice":
            return str(term.choices[number % len(term.choices)])
        case "integer":
            return str(number % 50)
    day = today - timedelta(days=number % 90 - 5)
    return f"{day} 10:00" if term.minute else str(day)


class AnyOrder(RuleBasedStateMachine):
    """Two councils whose people try things in any order, on a clock that only goes on."""

    cases: Bundle[tuple[str, str]] = Bundle("cases")

    def __init__(self) -> None:
        super().__init__()
        self.store, self.day, self.shelf, self.receipts = store.create(":memory:"), date(2026, 1, 5), 0, list[str]()
        self.known: dict[tuple[str, str], int] = {}
        for body in BODIES:
            self.desk().open_log(body, True)

    def desk(self) -> Office:
        return Office(self.store, self.library(), clock(f"{self.day} 12:00"), "ann")

    def library(self) -> Library:
        return SHELVES[self.shelf]

    @rule(target=cases, body=st.sampled_from(BODIES))
    def open(self, body: str) -> Any:
        if len(self.known) >= 4:
            return multiple()
        name, written = self.desk().open_case(body, "Anything")
        self.receipts.append(written.receipt)
        self.known[body, name] = 0
        return body, name

    @rule(case=cases, term=st.sampled_from(TERMS), number=st.integers(0, 200), planned=st.booleans())
    def say(self, case: tuple[str, str], term: Any, number: int, planned: bool) -> None:
        try:
            _, written = self.desk().record(*case, [(term.name, said_of(term, number, self.day))], planned)
        except UsageError:
            return
        assert written is not None
        self.receipts.append(written.receipt)

    @rule(case=cases, number=st.integers(0, 10_000))
    def take(self, case: tuple[str, str], number: int) -> None:
        desk = self.desk()
        if not (here := desk.steps_from(*case)):
            return
        before = desk.case(*case).state
        done = desk.advance(*case, here[number % len(here)])
        self.receipts.append(done.written.receipt)
        answer = done.outlook.decision.answer
        assert (answer == MAY_PROCEED) or done.state == before
        assert not done.irregular

    @rule(case=cases, number=st.integers(0, 10_000), ago=st.integers(0, 40))
    def take_unasked(self, case: tuple[str, str], number: int, ago: int) -> None:
        desk = self.desk()
        if not (here := desk.steps_from(*case)):
            return
        day = Moment((self.day - timedelta(days=ago)).toordinal(), 9 * 60)
        try:
            done = desk.advance(*case, here[number % len(here)], day, "it was done without asking")
        except UsageError:
            return
        self.receipts.append(done.written.receipt)
        assert done.irregular == (done.outlook.decision.answer == NOT_MET and done.outlook.assessment is not None)

    @rule(case=cases, number=st.integers(0, 10_000), answer=st.sampled_from(["met", "not met", "yes", "explained"]))
    def judge(self, case: tuple[str, str], number: int, answer: str) -> None:
        desk = self.desk()
        subjects = sorted(desk.law(case[0]).subjects)
        try:
            written = desk.judge(*case, subjects[number % len(subjects)], answer, "monitoring officer", "so", {})
        except ViresError:
            return
        self.receipts.append(written.receipt)

    @rule(days=st.integers(1, 60))
    def wait(self, days: int) -> None:
        self.day += timedelta(days=days)

    @rule(which=st.integers(0, 1))
    def migrate(self, which: int) -> None:
        self.shelf = which
        for body in BODIES:
            desk = self.desk()
            for _, done in migrating.apply(desk, body, migrating.planned(desk, body)):
                assert not isinstance(done, ViresError)
                self.receipts.append(done.receipt)

    @invariant()
    def no_case_is_caught(self) -> None:
        desk = self.desk()
        for case in self.known:
            cycle, at = desk.workflow_of(*case), desk.case(*case).state
            reached, fresh = {at}, {at}
            while fresh:
                fresh = {to for source, _, to in cycle.arrows() if source in fresh} - reached
                reached |= fresh
            assert reached & set(cycle.final), (case, at)

    @invariant()
    def no_breach_shows_as_lawful(self) -> None:
        desk = self.desk()
        for case in self.known:
            for step in desk.case(*case).steps:
                assert not (step.irregular and step.answer == MAY_PROCEED)

    def teardown(self) -> None:
        desk = self.desk()
        for body in BODIES:
            assert not [problem for step in desk.verify(body, self.receipts) for problem in step.problems]
            assert [each for each in desk.replay(body) if each.differs] == []
        self.store.close()


AnyOrder.TestCase.settings = settings(
    max_examples=150 if SOAK else 4,
    stateful_step_count=40 if SOAK else 15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestAnyOrder = AnyOrder.TestCase


def lives(place: Path, cases: int) -> list[float]:
    """The seconds each step took, of many cases in one store."""
    body, opened = BODIES[0], store.create(str(place))
    Office(opened, shelf(), clock("2026-01-05 09:00"), "ann").open_log(body, True)
    dice, taken = Dice("lives"), list[float]()
    try:
        desk = Office(opened, shelf(), clock("2026-01-05 12:00"), "ann")
        for number in range(cases):
            case, _ = desk.open_case(body, "One of many", f"m-{number}")
            for _ in range(STEPS):
                here = desk.steps_from(body, case)
                free = [name for name in here if name in ("assess-need", "endorse-strategy", "withdraw-strategy")]
                began = time.perf_counter()
                done = desk.advance(body, case, free[dice.below(len(free))])
                taken.append(time.perf_counter() - began)
                assert done.outlook.decision.answer == MAY_PROCEED
        assert not [problem for step in desk.verify(body, []) for problem in step.problems]
    finally:
        opened.close()
    return taken


@pytest.mark.parametrize("cases", [CASES])
def test_many_cases_of_twenty_steps_take_time_in_proportion(tmp_path: Path, cases: int) -> None:
    taken = lives(tmp_path / "many.db", cases)
    assert len(taken) == cases * STEPS
    if SOAK:
        tenth = len(taken) // 10
        first, last = sorted(taken[:tenth])[tenth // 2], sorted(taken[-tenth:])[tenth // 2]
        print(
            f"{len(taken)} steps in {sum(taken):.0f} s; median at the start {first * 1e3:.2f} ms, end {last * 1e3:.2f}"
        )
        assert last <= 1.2 * first
        # Measured: 543 MB at most, the verification of the whole log counted. Issue 5 asks for 400 MB: not reached yet.
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 600_000
