"""Looking at a step without taking it: the decision, what it rests on, and the earliest lawful day. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from engine.decide import Assessment, Runner, weigh
from engine.errors import UsageError
from engine.law import Law
from engine.model import NOT_MET, Decision, Facts, Finding, Moment, Value
from engine.reference import undone
from engine.schema import nearest
from engine.workflow import SAME, Stage, State, Step, Workflow

EVENING = 23 * 60 + 59
HERE = "here"  # where a case stands that nobody asked about
TRIALS = 24  # how often the earliest lawful day may move before it is called unreachable


class Earliest(NamedTuple):
    """The first day on which waiting alone leaves nothing in the way, and what else still stands then."""

    day: int | None
    others: tuple[Finding, ...]


class Outlook(NamedTuple):
    """A decision looked at without taking it: with what it was judged on and the earliest lawful day."""

    decision: Decision
    assessment: Assessment | None
    earliest: Earliest


def outlook(
    law: Law, cycle: Workflow, state: str, facts: Facts, step: str, at: Moment, runner: Runner | None = None
) -> Outlook:
    """A decision with its working and the earliest lawful day; takes nothing, writes nothing."""
    decision, result = weigh(law, cycle, state, facts, step, at, runner)
    return Outlook(decision, result, earliest(law, cycle, state, facts, decision, result))


def asked_at(step: Step, facts: Facts, on: Moment | None) -> Moment | None:
    """The moment a facts file is asked about: the day given, with the file's own hour where it has one for that day."""
    stated = facts.values.get(step.records or "")
    if not isinstance(stated, Moment):
        return on
    return stated if on is None or (on.minute is None and on.day == stated.day) else on


def happened_by(law: Law, facts: Facts, at: Moment) -> Facts:
    """The facts without the milestones that, at the moment asked about, are still to come."""

    def yet(name: str, value: Value) -> bool:
        return not (law.vocabulary.get(name).milestone and isinstance(value, Moment) and later(value, at))

    return Facts({name: value for name, value in facts.values.items() if yet(name, value)})


def assess_only(law: Law, step: Step, facts: Facts, at: Moment) -> Outlook:
    """The pure question: a step on some facts on a day, wherever a case might stand."""
    return outlook(law, alone(step), HERE, facts, step.id, at)


def alone(step: Step) -> Workflow:
    """A cycle of one step, which leads back to where it starts."""
    return Workflow(
        step.id,
        step.title,
        HERE,
        (Stage("any", "Any"),),
        (State(HERE, "Here", "any"),),
        (),
        (replace(step, sources=(HERE,), target=SAME),),
    )


def earliest(
    law: Law,
    cycle: Workflow,
    state: str,
    facts: Facts,
    first: Decision,
    judged: Assessment | None,
) -> Earliest:
    """The first day on which waiting has cured all that waiting can cure; None when some of it nothing cures.

    What is still to be done, recorded or judged then stands in `others`. The reference evaluator looks ahead alone.
    """
    decision, result, day = first, judged, first.at.day
    for _ in range(TRIALS):
        if result is None or decision.fault or not decision.findings:
            return Earliest(None, ())
        days = [each.earliest for each in decision.blocking if each.earliest is not None]
        others = tuple(each for each in decision.blocking if each.earliest is None)
        if not days or max(days) <= day:
            return Earliest(None if any(_stuck(each, result) for each in others) else day, others)
        day = max(days)
        decision, result = weigh(law, cycle, state, facts, first.step, Moment(day, EVENING), twice=False)
    return Earliest(None, decision.blocking)


def _stuck(finding: Finding, judged: Assessment) -> bool:
    """Whether neither waiting nor doing what is left undone would cure a finding."""
    require = judged.rules[finding.rule].require
    return finding.stands == NOT_MET and (require is None or not undone(require, judged.context))


def known_step(cycle: Workflow, step: str) -> Step:
    """The step of that name; UsageError with the nearest when there is none."""
    found = cycle.step(step)
    if found is None:
        names = [each.id for each in cycle.steps]
        raise UsageError(f"no step is called {step!r}", nearest(step, names) or "see: vires workflow show")
    return found


def later(left: Moment, right: Moment) -> bool:
    """Whether left is certainly after right: by day, or by the hour where both have one."""
    if left.day != right.day or left.minute is None or right.minute is None:
        return left.day > right.day
    return left.minute > right.minute
