"""Simulated lives: a route walked from need to closed under a clock of its own, recording what each step's rules ask.

A life is made by trying a step, reading its findings, and putting right what they ask for, as an officer would: a fact
is stated, a milestone recorded or its step taken, a day waited for, a judgement given where a rule refers. A step is
taken only when both evaluators say that it may be, and every refusal is kept with its reasons. What one life learns (a
fact that should have been known, a step that should have come earlier) the next begins with. Nothing is read and
nothing written; chance comes from a seed, so the same seed makes the same life. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from engine import markup
from engine.decide import Assessment, answer_of, assess, decide, derive_all, rests_on, weigh
from engine.errors import PackError
from engine.law import Law, Rule, Table
from engine.machine import machine_of
from engine.markup import Map, Seq
from engine.model import (
    EXPLAINABLE,
    EXPLAINED,
    MAY_PROCEED,
    MET,
    MISSING,
    NOT_APPLICABLE,
    NOT_MET,
    REFER,
    Decision,
    Facts,
    Finding,
    Judgement,
    Moment,
    Money,
    Unsure,
    Value,
    moment,
)
from engine.schema import fields, named, text, texts
from engine.vocabulary import Term, parse_value, to_plain, words
from engine.workflow import Route, Step, Workflow

T = TypeVar("T")
MORNING, EVENING = 10 * 60, 16 * 60
ROUNDS = 60  # how often one step may be put right
DEPTH = 4  # steps that must come before a step that must come before ...
LIVES = 6  # how often a life may begin again with what the last one learned
BEFORE = 120  # days before the life begins on which something may have happened already
FAR = 800  # days: nobody waits longer
ROLE = "monitoring officer"
_AGO = (0, 1, 2, 4, 8, 12, 16, 22, 29, 31, 36, 41, 50, 63, 75, 95, 130, 190, 400)
_AHEAD = (1, 11, 31, 41, 61, 95, 190, 400)
_NUMBERS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30, 36, 48, 60, 70, 90, 100)
_POUNDS = (0, 1_000, 4_000, 20_000, 40_000, 90_000, 150_000, 300_000, 900_000, 6_000_000)
_ORDER = {MET: 0, NOT_APPLICABLE: 0, MISSING: 1, REFER: 2, NOT_MET: 3}


class Beginning(NamedTuple):
    """With what the lives of one route begin: a day, and the facts that make it that route."""

    day: Moment
    given: Mapping[str, str]
    never: frozenset[str] = frozenset()  # what no life makes up
    only_where: Mapping[str, str] = {}  # what must be derived on the first day
    expects: Mapping[str, str] = {}  # what must be derived on the last
    others: tuple[Moment, ...] = ()  # days for bodies that were not in being on the first


class Act(NamedTuple):
    """One thing done in a life, in order: opened, recorded, judged, refused, taken or waited."""

    what: str
    at: Moment
    name: str
    said: str = ""
    value: Value | None = None
    rules: tuple[str, ...] = ()  # of a refusal: the rules that stood in the way; of a step taken: those that applied
    given: Facts | None = None  # of a step taken: on what it was decided


class Walk(NamedTuple):
    """One life: what was done, where it ended, and why it went no further where it is stuck."""

    route: str
    acts: tuple[Act, ...]
    state: str
    stuck: str = ""
    lives: int = 1

    @property
    def refused(self) -> Iterator[Act]:
        """The refusals, in order."""
        return (act for act in self.acts if act.what == "refused")


class Dice:
    """Chance from a seed: the same on every machine."""

    def __init__(self, seed: str) -> None:
        self._seed, self._thrown = seed, 0

    def below(self, number: int) -> int:
        """A whole number from 0 to under `number`."""
        self._thrown += 1
        told = hashlib.sha256(f"{self._seed}:{self._thrown}".encode()).digest()
        return int.from_bytes(told[:8], "big") % max(number, 1)

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """The items in another order."""
        left, found = list(items), list[T]()
        while left:
            found.append(left.pop(self.below(len(left))))
        return found


def beginnings(files: Mapping[str, str]) -> dict[str, Beginning]:
    """With what each route's lives begin, from the files of walks; PackError with every problem."""
    problems: list[markup.Problem] = []
    found: dict[str, Beginning] = {}
    for path, source in sorted(files.items()):
        node, faults = markup.read(path, source)
        problems += faults
        entries = fields(node, problems, ("routes",), ("always", "never", "only_where")) if node is not None else {}
        always, never = _texts(entries.get("always")), frozenset(texts(entries.get("never"), problems))
        for name, value, where in named(entries.get("routes"), problems):
            own = fields(value, problems, ("begins", "given"), ("expects",))
            try:
                said = own.get("begins")
                listed = texts(said, problems) if isinstance(said, Seq) else ()
                days = [moment(each) for each in listed or (text(said),)]
            except ValueError:
                problems.append(markup.Problem(where, f"the day {name!r} begins is not one", "write 2026-02-02"))
                continue
            given = {**always, **_texts(own.get("given"))}
            only_where, expects = _texts(entries.get("only_where")), _texts(own.get("expects"))
            found[name] = Beginning(days[0], given, never, only_where, expects, tuple(days[1:]))
    if problems:
        raise PackError(f"{len(problems)} problems in the walks", str(problems[0]), tuple(problems))
    return found


def begun(law: Law, beginning: Beginning) -> Beginning | None:
    """The beginning on the first of its days on which the body is in being; None where it never had such a life."""
    for day in (beginning.day, *beginning.others):
        derived = derive_all(law, Facts({}), day)
        if all(name not in derived or words(derived[name]) == said for name, said in beginning.only_where.items()):
            return beginning._replace(day=day)
    return None


def _texts(node: markup.Node | None) -> dict[str, str]:
    return {name: text(value) for name, value in node.entries.items()} if isinstance(node, Map) else {}


def walk(law: Law, cycle: Workflow, route: Route, beginning: Beginning, seed: str) -> Walk:
    """A lawful life along the route; begun again with what was learned while that helps."""
    terms = law.vocabulary.terms
    known: dict[str, Value] = {name: parse_value(terms[name], said) for name, said in beginning.given.items()}
    fixed, wishes = frozenset(known), dict[str, str]()
    best: Walk | None = None
    for number in range(1, LIVES + 1):
        life = _Life(law, cycle, beginning, fixed, Dice(f"{seed}:{route.id}:{number}"), wishes)
        done = life.live(route, known)._replace(lives=number)
        best = done if best is None or not done.stuck else best
        if not done.stuck and not life.corrected:
            return done
        learned = {
            name: value for name, value in life.facts.items() if not terms[name].dated and not isinstance(value, Unsure)
        }
        if done.stuck and not life.wished and not learned.keys() - known.keys():
            break
        wishes = {**wishes, **life.wished}
        if not done.stuck or life.wished:
            known = {**known, **learned}
    assert best is not None
    return best


def candidates(term: Term, at: Moment) -> Iterator[Value]:
    """What a fact might be, said on that day."""
    match term.type:
        case "boolean":
            yield from (True, False)
        case "choice":
            yield from term.choices
        case "choices":
            yield from ((each,) for each in term.choices)
            yield tuple(sorted(term.choices))
        case "integer":
            yield from _NUMBERS
        case "money":
            yield from (Money(pounds * 100, "incl") for pounds in _POUNDS)
        case "text":
            yield "as the papers say"
        case _:
            minute = MORNING if term.minute else None
            yield from (Moment(at.day - days, minute) for days in _AGO)
            if not term.milestone:
                yield from (Moment(at.day + days, minute) for days in _AHEAD)


# One life -----------------------------------------------------------------------------------------------------------


class _Stuck(Exception):
    """The life goes no further."""


@dataclass
class _Life:
    """A case that lives: its facts, judgements, state and day, and what was done in it."""

    law: Law
    cycle: Workflow
    beginning: Beginning
    fixed: frozenset[str]
    dice: Dice
    wishes: Mapping[str, str]  # steps to take as soon as they exist, and the step that asked for each
    facts: dict[str, Value] = field(default_factory=dict)
    judgements: list[Judgement] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    state: str = ""
    taken: set[str] = field(default_factory=set)
    wished: dict[str, str] = field(default_factory=dict)
    owners: dict[str | None, str] = field(default_factory=dict)  # the step that dates each milestone
    followers: dict[str, list[str]] = field(default_factory=dict)  # the milestones that must come after each
    corrected: bool = False
    day: Moment = field(init=False)

    def __post_init__(self) -> None:
        self.day = self.beginning.day

    @property
    def now(self) -> Moment:
        return Moment(self.day.day, EVENING)

    @property
    def given(self) -> Facts:
        return Facts(dict(self.facts), judgements=tuple(self.judgements))

    def live(self, route: Route, known: Mapping[str, Value]) -> Walk:
        self.owners = {step.records: step.id for step in self.cycle.steps if step.records}
        for term in self.law.vocabulary.terms.values():
            for name in term.after:
                self.followers.setdefault(name, []).append(term.name)
        self.state = self.cycle.initial
        self.acts.append(Act("opened", self.now, route.id))
        for name, value in known.items():
            self._record(name, value)
        try:
            for place, name in enumerate(route.steps):
                self._grant_wishes(name)
                self._stray(route.steps[place:])
                self._take(name, DEPTH)
                self._wait(self.day.day + self.dice.below(9))
            self._must_be_as_expected()
        except _Stuck as stuck:
            return Walk(route.id, tuple(self.acts), self.state, str(stuck))
        return Walk(route.id, tuple(self.acts), self.state)

    def _must_be_as_expected(self) -> None:
        derived = derive_all(self.law, self.given, self.now)
        for name, said in self.beginning.expects.items():
            found = derived.get(name)
            if found is None or words(found) != said:
                raise _Stuck(f"{name} is {words(found) if found is not None else 'not known'} in the end, not {said}")

    def _grant_wishes(self, upcoming: str) -> None:
        """Take what an earlier life found should have come by now, where it exists from here."""
        for name in self.wishes:
            exists = machine_of(self.cycle).move(self.state, name) == self.state
            if exists and name not in self.taken and name != upcoming:
                try:
                    self._take(name, DEPTH - 1)
                except _Stuck:
                    continue

    def _stray(self, ahead: Sequence[str]) -> None:
        """Now and then try a step that is no part of the route: taken where it is lawful and nothing ahead reads it."""
        here = machine_of(self.cycle).steps_from(self.state)
        aside = [name for name in here if machine_of(self.cycle).move(self.state, name) == self.state]
        if not aside or self.dice.below(3):
            return
        step = self.cycle.step(aside[self.dice.below(len(aside))])
        if step is None or step.id in ahead or step.id in self.taken:
            return
        decision = decide(self.law, self.cycle, self.state, self.given, step.id, self.now)
        if decision.answer != MAY_PROCEED:
            self._tell(decision, set())
        elif step.records not in self._read_by(ahead):
            self._move(step, decision)

    def _read_by(self, ahead: Iterable[str]) -> set[str]:
        """What the rules of the steps ahead come to rest on."""
        bound = {rule.id: rule for name in ahead for rule in self.law.steps.get(name, ())}
        return {name for rule in bound.values() for name in self._beneath(rule)}

    def _take(self, name: str, depth: int) -> None:
        """The step taken, once what stands in its way is put right."""
        step = self.cycle.step(name)
        if step is None or machine_of(self.cycle).move(self.state, name) is None:
            raise _Stuck(f"{name} is not a step from {self.state}")
        tried: set[tuple[str, object]] = set()
        told: set[str] = set()
        for _ in range(ROUNDS):
            decision, judged = weigh(self.law, self.cycle, self.state, self.given, name, self.now, twice=False)
            if decision.answer == MAY_PROCEED:
                decision = decide(self.law, self.cycle, self.state, self.given, name, self.now)
            if decision.answer == MAY_PROCEED:
                self._move(step, decision)
                return
            if judged is None or decision.fault or not decision.blocking:
                raise _Stuck(f"{name}: {decision.fault or decision.reason}")
            self._tell(decision, told)
            if not self._put_right(step, decision, judged, tried, depth):
                raise _Stuck(f"{name}: {_why(decision.blocking)}")
        raise _Stuck(f"{name}: {ROUNDS} attempts did not put it right")

    def _move(self, step: Step, decision: Decision) -> None:
        bound = tuple(each.rule for each in decision.findings if each.answer != NOT_APPLICABLE)
        self.acts.append(Act("taken", self.now, step.id, decision.target or "", rules=bound, given=self.given))
        self.taken.add(step.id)
        if step.records:
            term = self.law.vocabulary.terms[step.records]
            self.facts[step.records] = self.now if term.minute else Moment(self.day.day)
        self.state = decision.target or self.state

    def _tell(self, decision: Decision, told: set[str]) -> None:
        fresh = [each for each in decision.blocking if f"{each.rule} {each.stands}" not in told]
        told.update(f"{each.rule} {each.stands}" for each in fresh)
        if fresh:
            rules = tuple(each.rule for each in fresh)
            self.acts.append(Act("refused", self.now, decision.step, _why(fresh), rules=rules))

    def _wait(self, day: int) -> None:
        if day > self.day.day:
            self.day = Moment(day)
            self.acts.append(Act("waited", self.now, "until", str(self.day)))

    # Putting right ------------------------------------------------------------------------------------------------

    def _put_right(
        self, step: Step, decision: Decision, judged: Assessment, tried: set[tuple[str, object]], depth: int
    ) -> bool:
        """One thing done about what stands in the way; whether there was any."""
        blocking = decision.blocking
        for answer in (MISSING, NOT_MET, REFER):
            for finding in (each for each in blocking if each.stands == answer):
                if self._settle(step, finding, judged, tried, depth):
                    return True
        return False

    def _settle(
        self, step: Step, finding: Finding, judged: Assessment, tried: set[tuple[str, object]], depth: int
    ) -> bool:
        rule = judged.rules[finding.rule]
        if finding.stands == MISSING:
            names: Sequence[str] = finding.needs
        else:
            names = self._beneath(rule)
            if finding.stands == NOT_MET and finding.earliest and self.day.day < finding.earliest < self.day.day + FAR:
                self._wait(finding.earliest)
                return True
        if finding.stands == REFER and self._judge(rule, finding):
            return True
        if self._do_first(step, rule, names, finding, depth):
            return True
        if self._change(step, rule, names, tried, depth):
            return True
        return finding.stands == NOT_MET and rule.effect in EXPLAINABLE and self._explain(rule)

    def _beneath(self, rule: Rule) -> tuple[str, ...]:
        """Every fact a rule comes to rest on, through the tables that derive what it reads."""
        found: dict[str, None] = {}
        waiting, terms = sorted(rule.reads), self.law.vocabulary.terms
        while waiting:
            name = waiting.pop(0)
            if name in found:
                continue
            found[name] = None
            for table in self.law.deciding.get(name, ()):
                waiting += sorted(table.reads)
            waiting += [each for each in terms[name].first_of if each in self.owners]  # no other beginning is made up
        return tuple(name for name in found if not terms[name].derived and not terms[name].first_of)

    def _do_first(self, step: Step, rule: Rule, names: Sequence[str], finding: Finding, depth: int) -> bool:
        """Take the step whose milestone the rule waits for; or wish it had been taken, where it is too late."""
        for name in names:
            owner = self.owners.get(name)
            if owner is None or name in self.facts or owner == step.id or owner in self.taken:
                continue
            at = self._mark()
            self.facts[name] = self.now if self.law.vocabulary.terms[name].minute else Moment(self.day.day)
            after = answer_of(self.law, rule, self.given, self.now, step.records)
            del self.facts[name]
            if _ORDER[after] > _ORDER[finding.answer] or (after == finding.answer and finding.stands != MISSING):
                continue
            if depth > 0 and machine_of(self.cycle).move(self.state, owner) == self.state:
                try:
                    self._take(owner, depth - 1)
                except _Stuck:
                    self._back(at)
                    continue
                return True
            if owner not in self.wishes and machine_of(self.cycle).move(self.state, owner) is None:
                self.wished[owner] = step.id
        return False

    def _mark(self) -> tuple[dict[str, Value], list[Judgement], list[Act], str, Moment, set[str]]:
        return dict(self.facts), list(self.judgements), list(self.acts), self.state, self.day, set(self.taken)

    def _back(self, at: tuple[dict[str, Value], list[Judgement], list[Act], str, Moment, set[str]]) -> None:
        self.facts, self.judgements, self.acts, self.state, self.day, self.taken = at

    def _change(self, step: Step, rule: Rule, names: Sequence[str], tried: set[tuple[str, object]], depth: int) -> bool:
        """The one fact that does most for the rule and least against the others stated, or stated anew."""
        now = self._score(rule, step)
        best: list[tuple[int, str, Value]] = []
        for name in names:
            if (
                name in self.fixed
                or name in self.owners
                or name in self.beginning.never
                or (now == _ORDER[MISSING] and name in self.facts)
            ):
                continue
            for value in candidates(self.law.vocabulary.terms[name], self.day):
                if (name, value) in tried or self.facts.get(name) == value or not self._fits(name, value):
                    continue
                best.append((self._with(name, value, lambda: self._score(rule, step)), name, value))
        if now != _ORDER[MISSING]:  # what is missing is said first, whatever comes of it
            best = [each for each in best if each[0] < now or (each[0] == now and each[1] not in self.facts)]
        if not best:
            return False
        least = min(score for score, _, _ in best)
        few = self.dice.shuffled(each for each in best if each[0] == least)[:8]
        _, name, value = min(few, key=lambda each: self._with(each[1], each[2], lambda: self._against(step)))
        tried.add((name, value))
        self.corrected |= name in self.facts and not self.law.vocabulary.terms[name].dated
        self._record(name, value)
        return True

    def _with(self, name: str, value: Value, asked: Callable[[], int]) -> int:
        """What is asked, were this fact so."""
        before = self.facts.get(name)
        self.facts[name] = value
        try:
            return asked()
        finally:
            if before is None:
                del self.facts[name]
            else:
                self.facts[name] = before

    def _score(self, rule: Rule, step: Step) -> int:
        return _ORDER[answer_of(self.law, rule, self.given, self.now, step.records)]

    def _against(self, step: Step) -> int:
        """How much stands against the step, were it taken now."""
        found = assess(self.law, self.given, step.id, self.now, step.records, twice=False).findings
        return sum(_ORDER.get(each.stands, 0) for each in found if each.blocks)

    def _fits(self, name: str, value: Value) -> bool:
        """Whether a milestone that happened is neither to come nor out of its order."""
        term = self.law.vocabulary.terms[name]
        if not term.milestone or not isinstance(value, Moment):
            return True
        if not self.beginning.day.day - BEFORE <= value.day <= self.day.day:
            return False
        before = (self.facts.get(each) for each in term.after)
        after = (self.facts.get(other) for other in self.followers.get(name, ()))
        return not any(isinstance(each, Moment) and each.day > value.day for each in before) and not any(
            isinstance(each, Moment) and each.day < value.day for each in after
        )

    def _record(self, name: str, value: Value) -> None:
        self.facts[name] = value
        self.acts.append(Act("recorded", self.now, name, words(value), value))

    def _explain(self, rule: Rule) -> bool:
        if any(each.rule == rule.id and each.rests_on == self._rests(rule) for each in self.judgements):
            return False
        self._say(rule.id, EXPLAINED, self._rests(rule))
        return True

    def _judge(self, rule: Rule, finding: Finding) -> bool:
        """A judgement on the rule, or on the table it waits for, that lets the step go on."""
        for subject in finding.needs:
            found = self.law.subjects.get(subject)
            if found is None:
                continue
            digest = self._rests(found)
            if any(each.rule == subject and each.rests_on == digest for each in self.judgements):
                continue
            if isinstance(found, Table):
                self._decide(found, digest, rule)
            else:
                self._say(subject, MET, digest)
            return True
        return False

    def _decide(self, table: Table, digest: str, rule: Rule) -> None:
        """The value of a table that does most for the rule."""
        term, scored = self.law.vocabulary.terms[table.decides], list[tuple[int, int, Value]]()
        for value in self.dice.shuffled(candidates(term, self.day)):
            judgement = Judgement(len(self.acts), table.id, words(value), digest, ROLE, to_plain(value))
            self.judgements.append(judgement)
            scored.append((_ORDER[answer_of(self.law, rule, self.given, self.now, None)], len(scored), value))
            self.judgements.pop()
        value = min(scored)[2] if scored else True
        self._say(table.id, words(value), digest, to_plain(value))

    def _say(self, subject: str, answer: str, digest: str, value: object = None) -> None:
        self.judgements.append(Judgement(len(self.acts), subject, answer, digest, ROLE, value))
        self.acts.append(Act("judged", self.now, subject, answer))

    def _rests(self, subject: Rule | Table) -> str:
        given = self.given
        return rests_on(subject, self.law, derive_all(self.law, given, self.now), given.values.keys())


def _why(findings: Iterable[Finding]) -> str:
    return "; ".join(f"{each.rule}: {each.stands}" for each in findings)
