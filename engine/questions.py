"""Questions put to the law on bare facts, without a case: which value, which duties, which day. Pure.

`lawful` asks of one step on one day; the other questions are answered by asking that, or the tables, again and again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from engine import assumed
from engine.decide import Assessment, derivation, weigh
from engine.errors import UsageError
from engine.law import Law, Row, Table
from engine.markup import Problem, Text
from engine.model import (
    MAY_PROCEED,
    MISSING,
    NOT_APPLICABLE,
    NOT_MET,
    REFER,
    Decision,
    Facts,
    Finding,
    Moment,
    Unsure,
    Value,
)
from engine.outlook import EVENING, HERE, Outlook, alone, asked_at, assess_only, happened_by, outlook
from engine.reference import evaluate, found
from engine.schema import mended, nearest
from engine.vocabulary import parse_value
from engine.workflow import Step, Workflow

LAWFUL, DERIVE, DUTIES, EARLIEST, LATEST = "lawful", "derive", "duties", "earliest", "latest"
ALWAYS = Moment(10**7)  # a moment that nothing comes after
FAR = 1100  # how many days after the first lawful one are looked at for the last, about three years
KNOWN, GIVEN = "known", "given"  # how a derived value came to be known


class Question(NamedTuple):
    """What is asked: one of the kinds above, and for two of them of which fact or milestone."""

    kind: str
    subject: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject}" if self.subject else self.kind


class Derived(NamedTuple):
    """A derived fact: known (by table and row, None where none decided it), given, missing (what to give) or refer."""

    fact: str
    at: Moment
    answer: str
    value: Value | None = None
    table: Table | None = None
    row: int | None = None
    because: str = ""
    needs: tuple[str, ...] = ()
    assessment: Assessment | None = None

    @property
    def assumed(self) -> tuple[str, ...]:
        """The facts that nobody stated and on which the value rests."""
        return assumed.of_fact(self.fact, self.assessment) if self.assessment else ()


class Duties(NamedTuple):
    """What one step asks for on a day: the decision, of its findings only those that apply or may apply."""

    step: Step
    decision: Decision
    assessment: Assessment | None


class Soonest(NamedTuple):
    """The first lawful day for a milestone, and what stands in its way on it; no day where waiting is no cure."""

    milestone: str
    step: Step
    since: Moment
    day: int | None
    look: Outlook


class Last(NamedTuple):
    """The last lawful day for a milestone, and the first; no day where waiting is no cure.

    On the day after, the rules of `ended_by` are not met where the day `ends`, and are for a person where it does not.
    """

    first: Soonest
    day: int | None
    ends: bool
    ended_by: tuple[str, ...]
    look: Outlook


def parse(said: str) -> Question:
    """The question in words; UsageError when it is none."""
    kind, _, subject = said.partition(":")
    kinds = {LAWFUL: False, DERIVE: True, DUTIES: False, EARLIEST: True, LATEST: True}
    if kind not in kinds or kinds[kind] != bool(subject):
        known = "lawful, duties, derive:FACT, earliest:MILESTONE, latest:MILESTONE"
        raise UsageError(f"{said!r} is no question", nearest(kind, kinds) if kind not in kinds else f"ask {known}")
    return Question(kind, subject)


def typed(law: Law, given: Mapping[str, Text]) -> tuple[Facts, tuple[Problem, ...]]:
    """The facts of a file as typed values, and a problem with its place for each that cannot be read."""
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for name, said in given.items():
        try:
            values[name] = parse_value(law.vocabulary.get(name), said.value)
        except UsageError as error:
            problems.append(Problem(said.where, error.message, mended(said.value) or error.hint))
    return Facts(values), tuple(problems)


def lawful(law: Law, step: Step, facts: Facts, on: Moment | None, now: Moment) -> Outlook:
    """Whether the step may be taken: on the day asked, else the file's own day for it, else today."""
    at = asked_at(step, facts, on) or now
    return assess_only(law, step, happened_by(law, facts, at), at)


# Which value ------------------------------------------------------------------------------------------------------


def derive(law: Law, fact: str, step: Step | None, facts: Facts, on: Moment | None, now: Moment) -> Derived:
    """The value tables derive for a fact, were the step taken (where one is named) on the day asked."""
    term = law.vocabulary.get(fact)
    if not term.derived:
        raise UsageError(
            f"{fact} is not derived: it is given", nearest(fact, derivable(law)) or "see: vires vocabulary"
        )
    at = (asked_at(step, facts, on) if step else on) or now
    facts = happened_by(law, facts, at)
    if fact in facts.values:
        return Derived(fact, at, GIVEN, facts.values[fact])
    records = step.records if step else None
    rates = [signed for rate in law.vocabulary.vat_readings for signed in sorted({rate, -rate})]
    first, *others = (derivation(law, facts, at, records, vat) for vat in dict.fromkeys((0, *rates)))
    value = first.context.facts.get(fact)
    table = _deciding(law, fact, first)
    if any(each.context.facts.get(fact) != value for each in others):
        because = "the answer depends on VAT, and the basis of an amount does not settle it"
        return Derived(fact, at, REFER, None, table, None, because, (), first)
    if value is None and not term.first_of and not law.deciding.get(fact):
        return Derived(fact, at, REFER, None, None, None, f"no pack of this authority decides {fact}", (), first)
    if value is None:
        needs = first.because.get(fact) or tuple(name for name in term.first_of if name not in facts.values)
        return Derived(fact, at, MISSING, None, table, None, "", needs, first)
    if isinstance(value, Unsure):
        table = next((each for each in law.tables if each.id == value.source), table)
        return Derived(fact, at, REFER, None, table, _row(table, None, first), value.why, (), first)
    row = _row(table, value, first)
    because = "" if table is None else _because(table, row, first)
    if term.first_of:
        dated = [name for name in term.first_of if first.context.facts.get(name) == value]
        because = f"the first of: {', '.join(term.first_of)}; here {dated[0]}" if dated else "the day asked about"
    return Derived(fact, at, KNOWN, value, table, row, because, (), first)


def derivable(law: Law) -> list[str]:
    """The names of every fact and milestone that is derived."""
    return [term.name for term in law.vocabulary.terms.values() if term.derived]


def row_of(derived: Derived) -> Row | None:
    """The row that decided, or None where the table's `otherwise` did."""
    return derived.table.rows[derived.row] if derived.table is not None and derived.row is not None else None


def _deciding(law: Law, fact: str, judged: Assessment) -> Table | None:
    """The most local table in force that governs the facts, or may."""
    ctx = judged.context
    tables = [each for each in law.deciding.get(fact, ()) if each.in_force.covers(ctx.day_of(each.as_at))]
    return next((each for each in tables if evaluate(each.governs, ctx).truth is not False), None)


def _row(table: Table | None, value: Value | None, judged: Assessment) -> int | None:
    """The row that was reached, of several the one that says the value."""
    if table is None:
        return None
    hits = [number for number in range(len(table.rows)) if f"{table.id}:{number}" in judged.reached]
    return next((number for number in hits if table.rows[number].then == value), hits[0] if hits else None)


def _because(table: Table, row: int | None, judged: Assessment) -> str:
    """What was found in the row that decided, and where none did in the gate."""
    return found(table.governs if row is None else table.rows[row].when, judged.context)


# Which duties -----------------------------------------------------------------------------------------------------


def duties(law: Law, steps: tuple[Step, ...], facts: Facts, on: Moment | None, now: Moment) -> tuple[Duties, ...]:
    """For each step the rules in force that apply on these facts, or may once more is known.

    By the reference evaluator alone: nobody acts on a list, and the step itself is judged by both.
    """
    return tuple(_duties(law, step, facts, on, now) for step in steps)


def _duties(law: Law, step: Step, facts: Facts, on: Moment | None, now: Moment) -> Duties:
    at = asked_at(step, facts, on) or now
    decision, judged = weigh(law, alone(step), HERE, happened_by(law, facts, at), step.id, at, twice=False)
    bearing = tuple(each for each in decision.findings if each.answer != NOT_APPLICABLE)
    return Duties(step, replace(decision, findings=bearing), judged)


# Which day --------------------------------------------------------------------------------------------------------


def soonest(law: Law, cycle: Workflow, milestone: str, facts: Facts, on: Moment | None, now: Moment) -> Soonest:
    """The first day, from the one asked or the last milestone given, on which the milestone's step is lawful.

    What the file says of the milestone itself, and of milestones that come after it, is left out.
    """
    step = recorder(law, cycle, milestone)
    known = _for(law, cycle, step, facts, on or ALWAYS).values
    dated = [v for name, v in known.items() if law.vocabulary.get(name).milestone and isinstance(v, Moment)]
    since = Moment((on or max(dated, key=lambda each: each.day, default=now)).day, EVENING)
    left = _for(law, cycle, step, facts, since)
    look = outlook(law, alone(step), HERE, left, step.id, since)
    day = look.earliest.day
    if day is not None and day > since.day:
        decision, judged = weigh(law, alone(step), HERE, left, step.id, Moment(day, EVENING))
        look = look._replace(decision=decision, assessment=judged)
    return Soonest(milestone, step, Moment(since.day), day, look)


def last(law: Law, cycle: Workflow, milestone: str, facts: Facts, on: Moment | None, now: Moment) -> Last:
    """The last day, of those that follow the first lawful one, before something new stands in the way.

    Every day is tried, at its end and where that fails at its beginning, so that no clock, table or change of law is
    passed over; by the reference evaluator alone, and the day that is found by both.
    """
    first = soonest(law, cycle, milestone, facts, on, now)
    if first.day is None:
        return Last(first, None, False, (), first.look)
    step, known = first.step, _for(law, cycle, first.step, facts, Moment(first.since.day, EVENING))
    before = {(each.rule, each.stands) for each in standing(first)}

    def left_at(moment: Moment) -> tuple[Finding, ...]:
        return weigh(law, alone(step), HERE, known, step.id, moment, twice=False)[0].blocking

    def new_at(moment: Moment) -> tuple[Finding, ...]:
        return tuple(each for each in left_at(moment) if (each.rule, each.stands) not in before)

    at, new = Moment(first.day, EVENING), tuple[Finding, ...]()
    while at.day < first.day + FAR and not new:
        late, early = Moment(at.day + 1, EVENING), Moment(at.day + 1, 0)
        new = new_at(late)
        if not new:
            at = late
        elif not new_at(early):  # a time that runs out during a day is not over on it
            at, new = early, ()
    if at.day > first.day and before and not left_at(Moment(at.day, 0)):
        at = Moment(at.day, 0)
    broken = tuple(each.rule for each in new if each.stands == NOT_MET)
    decision, judged = weigh(law, alone(step), HERE, known, step.id, at)
    look = first.look._replace(decision=decision, assessment=judged)
    return Last(first, at.day, bool(broken), broken or tuple(each.rule for each in new), look)


def _for(law: Law, cycle: Workflow, step: Step, facts: Facts, since: Moment) -> Facts:
    """The facts as they bear on when to take a step: without its own milestone, what follows, and what is to come."""
    beyond = _beyond(law, cycle, step)
    return happened_by(law, Facts({name: value for name, value in facts.values.items() if name not in beyond}), since)


def recorder(law: Law, cycle: Workflow, milestone: str) -> Step:
    """The step that records a milestone; UsageError when there is none."""
    law.vocabulary.get(milestone)
    records = {step.records: step for step in cycle.steps if step.records}
    if milestone not in records:
        hint = nearest(milestone, records) or "see: vires workflow show"
        raise UsageError(f"no step of the cycle records {milestone}", hint)
    return records[milestone]


def _beyond(law: Law, cycle: Workflow, step: Step) -> set[str]:
    """The milestone a step records, those of later steps of the cycle, and those that follow it in the vocabulary."""
    later = {each.records for each in cycle.steps[cycle.steps.index(step) :] if each.records}
    terms = law.vocabulary.terms.values()
    more = later
    while more:
        more = {term.name for term in terms if more & set(term.after)} - later
        later |= more
    return later


def standing(soonest: Soonest) -> tuple[Finding, ...]:
    """What still stands in the way on the earliest lawful day, worst first."""
    return soonest.look.decision.blocking


def certain(soonest: Soonest) -> bool:
    """Whether the day is lawful as the facts stand, with nothing else to be done, given or judged."""
    return soonest.day is not None and soonest.look.decision.answer == MAY_PROCEED
