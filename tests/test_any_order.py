"""Any order of commands by anybody: the log stays sound, no case is caught, no breach shows as lawful, no role errs."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from engine import acting, migrating, posting, posts, store
from engine.errors import RefusedError, UsageError, ViresError
from engine.ledger import Entry
from engine.library import Library
from engine.model import MAY_PROCEED, NOT_MET, Moment
from engine.posting import Wish
from engine.service import Office
from engine.vocabulary import words
from engine.walks import Dice
from tests.simulator import clock, shelf

ROOT = Path(__file__).resolve().parents[1]
SOAK = bool(os.environ.get("VIRES_SOAK"))
pytestmark = [pytest.mark.soak] if SOAK else []
CASES = [2_000, 10_000] if SOAK else [25]
STEPS = 20
BODIES = ("barking-and-dagenham", "camden", *(("sutton", "north-east-london-icb") if SOAK else ()))
DIRECTORATES = {"executive director", "director", "assistant director", "head of service", "budget holder", "officer"}
WHO: Mapping[str, Mapping[str, set[str]]] = {  # as the sources say it, not as the packs do
    "start": {},
    "run": {"barking-and-dagenham": {"procurement unit"}, "sutton": DIRECTORATES},
    "review": {body: {"monitoring officer"} for body in BODIES if not body.endswith("icb")},
    "declare": {},
}
OF_POSTS = (".approved_by", "_approval.given", ".approver_level", ".approver_trained_until", "waiver.granted_by")
BODY, WHOM = st.sampled_from(BODIES), st.sampled_from(["ann", "bob", "cat", "zoe"])
POST = st.sampled_from(["procurement unit", "auditor", "monitoring officer", "cabinet", "director", "officer"])
DAYS, ANSWERS = st.just(0) | st.integers(1, 60), ("met", "not met", "yes", "explained")
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


class Held(NamedTuple):
    """A post on the log, as this test reads it."""

    person: str
    post: str
    acting_for: str
    since: str
    until: str


class Watch:
    """Who held what when, and what nobody in their posts may have done: read from the entries, by none of our code."""

    def __init__(self, body: str, entries: Iterable[Entry]) -> None:
        self.body, self.kept, self.strays = body, False, list[str]()
        self.held: dict[tuple[str, str, str], Held] = {}
        self.asked: dict[int, tuple[str, str, Held]] = {}
        self.approved: dict[tuple[str, str], set[str]] = {}
        for entry in entries:
            self.see(entry)

    def of(self, person: str, day: str) -> set[str]:
        """Every post a person may act in on a day."""
        mine = [each for each in self.held.values() if each.person == person]
        valid = [each for each in mine if each.since <= day and (not each.until or day <= each.until)]
        return {post for each in valid for post in (each.post, each.acting_for) if post}

    def may(self, act: str, person: str, day: str) -> bool:
        mine = self.of(person, day)
        if "auditor" in mine:
            return False
        allowed = WHO[act].get(self.body, set())
        return not (self.kept and allowed) or bool(mine & allowed)

    def see(self, entry: Entry) -> None:
        body: Mapping[str, Any] = entry.body
        who, day, mine = entry.actor, entry.recorded[:10], self.of(entry.actor, entry.recorded[:10])
        wrong = "auditor" in mine
        if entry.kind == "post":
            wrong |= self.change(entry, body)
        elif self.kept and entry.kind == "recorded":
            wrong |= not self.recorded_by(entry, body, mine)
        elif self.kept and entry.kind in ("decision", "fault"):
            wrong |= not self.may("run", who, day)
        elif self.kept and entry.kind == "judgement":
            wrong |= body["role"] not in mine
            if str(body["rule"]).startswith("irregular:"):
                wrong |= body["role"] not in WHO["review"].get(self.body, {body["role"]})
        if wrong:
            self.strays.append(f"{self.body} {entry.sequence}: {entry.kind} by somebody who holds {mine or 'nothing'}")

    def change(self, entry: Entry, body: Mapping[str, Any]) -> bool:
        terms = [str(body.get(name, "")) for name in ("person", "post", "acting_for")]
        if body["stage"] == "proposed":
            held = Held(terms[0], terms[1], terms[2], "", str(body.get("until", "")))
            self.asked[entry.sequence] = (entry.actor, str(body["act"]), held)
            return False
        proposer, act, held = self.asked.pop(body["proposal"])
        self.held.pop(held[:3], None)
        if act == "assign":
            self.held[held[:3]], self.kept = held._replace(since=entry.recorded[:10]), True
        return entry.actor in (proposer, held.person)

    def recorded_by(self, entry: Entry, body: Mapping[str, Any], mine: set[str]) -> bool:
        name, post = str(body["name"]), body.get("post")
        if name.startswith("declaration/"):
            return True
        if post is None:
            return not name.endswith(OF_POSTS) and self.may("run", entry.actor, entry.recorded[:10])
        if name.endswith((".approved_by", ".granted_by")):
            before = self.approved.get((str(entry.case), name), set())
            self.approved[str(entry.case), name] = now = set(body["value"])
            if now - before - {post}:
                return False
        return post in mine - {"procurement unit", "auditor"}


class AnyOrder(RuleBasedStateMachine):
    """Councils whose people, in whatever posts they hold, try things in any order, on a clock that only goes on."""

    cases: Bundle[tuple[str, str]] = Bundle("cases")

    def __init__(self) -> None:
        super().__init__()
        self.store, self.day, self.shelf, self.receipts = store.create(":memory:"), date(2026, 1, 5), 0, list[str]()
        self.known: dict[tuple[str, str], int] = {}
        for body in BODIES:
            self.desk().open_log(body, True)

    def desk(self, who: str = "ann") -> Office:
        return Office(self.store, self.library(), clock(f"{self.day} 12:00"), who)

    def library(self) -> Library:
        return SHELVES[self.shelf]

    def may(self, act: str, body: str, who: str) -> bool:
        watch = Watch(body, self.desk().entries(body))
        return watch.may(act, self.store.actor(body, who) or "", str(self.day))

    @contextmanager
    def only_if(self, act: str, body: str, who: str) -> Iterator[None]:
        """What follows is refused to whoever may not do it, and to nobody else; other misuse is let pass."""
        may = self.may(act, body, who)
        try:
            yield
        except RefusedError as refusal:
            assert not may or "is for whoever holds the post" in refusal.message, (act, body, who, refusal.message)
        except UsageError:
            pass
        else:
            assert may, (act, body, who)

    @initialize(target=cases, roster=st.lists(st.tuples(BODY, WHOM, POST), min_size=4, max_size=6))
    def begin(self, roster: list[tuple[str, str, str]]) -> Any:
        for body in BODIES:
            name, _ = self.desk("nobody").open_case(body, "The first")
            self.known[body, name] = 0
        for body, who, post in roster:
            self.assign(body, who, post, "", 0, "nobody", "else")
        return multiple(*self.known)

    @rule(body=BODY, who=WHOM, post=POST, acting=st.just("") | POST, days=DAYS, first=WHOM, second=WHOM)
    def assign(self, body: str, who: str, post: str, acting: str, days: int, first: str, second: str) -> None:
        until = Moment(self.day.toordinal() + days) if days else None
        self.by_two(body, Wish(posts.ASSIGN, who, post, acting, until), first, second)

    @rule(body=BODY, who=WHOM, post=POST, first=WHOM, second=WHOM)
    def end(self, body: str, who: str, post: str, first: str, second: str) -> None:
        self.by_two(body, Wish(posts.END, who, post), first, second)

    def by_two(self, body: str, wish: Wish, first: str, second: str) -> None:
        try:
            posting.act(self.desk(first), body, wish, False, False)
            posting.act(self.desk(second), body, wish, True, False)
        except (UsageError, RefusedError):
            return

    @rule(target=cases, body=BODY, who=WHOM)
    def open(self, body: str, who: str) -> Any:
        if len(self.known) >= 2 + len(BODIES):
            return multiple()
        with self.only_if("start", body, who):
            name, written = self.desk(who).open_case(body, "Anything")
            self.receipts.append(written.receipt)
            self.known[body, name] = 0
            return body, name
        return multiple()

    @rule(case=cases, who=WHOM, term=st.sampled_from(TERMS), number=st.integers(0, 200), planned=st.booleans())
    def say(self, case: tuple[str, str], who: str, term: Any, number: int, planned: bool) -> None:
        with self.only_if("run", case[0], who):
            _, written = self.desk(who).record(*case, [(term.name, said_of(term, number, self.day))], planned)
            assert written is not None
            self.receipts.append(written.receipt)

    @rule(case=cases, who=WHOM, number=st.integers(0, 10_000))
    def take(self, case: tuple[str, str], who: str, number: int) -> None:
        desk = self.desk(who)
        if not (here := desk.steps_from(*case)):
            return
        before = desk.case(*case).state
        with self.only_if("run", case[0], who):
            done = desk.advance(*case, here[number % len(here)])
            self.receipts.append(done.written.receipt)
            answer = done.outlook.decision.answer
            assert (answer == MAY_PROCEED) or done.state == before
            assert not done.irregular

    @rule(case=cases, who=WHOM, number=st.integers(0, 10_000), ago=st.integers(0, 40))
    def take_unasked(self, case: tuple[str, str], who: str, number: int, ago: int) -> None:
        desk = self.desk(who)
        if not (here := desk.steps_from(*case)):
            return
        day = Moment((self.day - timedelta(days=ago)).toordinal(), 9 * 60)
        with self.only_if("run", case[0], who):
            done = desk.advance(*case, here[number % len(here)], day, "it was done without asking")
            self.receipts.append(done.written.receipt)
            assert done.irregular == (done.outlook.decision.answer == NOT_MET and done.outlook.assessment is not None)

    @rule(case=cases, who=WHOM, role=POST, number=st.integers(0, 10_000), answer=st.sampled_from(ANSWERS))
    def judge(self, case: tuple[str, str], who: str, role: str, number: int, answer: str) -> None:
        desk = self.desk(who)
        odd = [f"irregular:{step.entry}" for step in desk.case(*case).steps if step.irregular]
        subjects = [*odd, *sorted(desk.law(case[0]).subjects)]
        subject = subjects[number % len(odd if odd and number % 2 else subjects)]
        try:
            written = desk.judge(*case, subject, "noted" if subject in odd else answer, role, "so", {})
        except ViresError:
            return
        self.receipts.append(written.receipt)

    @rule(case=cases, who=WHOM, stage=st.sampled_from([*acting.STAGES, "waiver"]), post=st.just("") | POST)
    def approve(self, case: tuple[str, str], who: str, stage: str, post: str) -> None:
        desk, until = self.desk(who), Moment(self.day.toordinal() + 30)
        try:
            if stage == "waiver":
                done = acting.waive(desk, *case, "extreme urgency", until, post, False)
            else:
                done = acting.approve(desk, *case, stage, post, False, False)
        except (UsageError, RefusedError):
            return
        assert done.written is not None
        self.receipts.append(done.written.receipt)

    @rule(case=cases, who=WHOM, interest=st.sampled_from(["none", "A sister works there"]))
    def declare(self, case: tuple[str, str], who: str, interest: str) -> None:
        with self.only_if("declare", case[0], who):
            done = acting.declare(self.desk(who), *case, interest, False)
            assert done.written is not None
            self.receipts.append(done.written.receipt)

    @rule(days=st.integers(1, 60))
    def wait(self, days: int) -> None:
        self.day += timedelta(days=days)

    @rule(which=st.integers(0, 1))
    def migrate(self, which: int) -> None:
        self.shelf = which
        for body in BODIES:
            desk = self.desk("nobody")
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
            assert Watch(body, desk.entries(body)).strays == [], "somebody did another role's act"
        self.store.close()


AnyOrder.TestCase.settings = settings(
    max_examples=150 if SOAK else 6,
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


def measure(place: str, cases: int) -> None:
    """Print the steps taken, the median seconds of the first and the last tenth, and the most memory, in MB."""
    taken = lives(Path(place), cases)
    tenth = len(taken) // 10
    first, last = sorted(taken[:tenth])[tenth // 2], sorted(taken[-tenth:])[tenth // 2]
    print(len(taken), first, last, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


@pytest.mark.parametrize("cases", CASES)
def test_many_cases_of_twenty_steps_take_time_and_memory_in_proportion(tmp_path: Path, cases: int) -> None:
    code = f"from tests.test_any_order import measure; measure({str(tmp_path / 'many.db')!r}, {cases})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    steps, first, last, most = map(float, done.stdout.split())
    print(f"{steps:.0f} steps: median at the start {first * 1e3:.2f} ms, at the end {last * 1e3:.2f}; {most:.0f} MB")
    assert steps == cases * STEPS
    assert most < 400
    if SOAK:  # few steps are no measure of time
        assert last <= 1.2 * first
