"""Worked cases: run each rule and table of a pack on the facts its authors wrote down, by both evaluators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.decide import Assessment, assess, derive_all
from engine.law import Case, Law, Rule, Table
from engine.model import Facts, Moment
from engine.vocabulary import words

EVENING = 23 * 60 + 59  # a case gives a day; it is judged at the end of it


@dataclass(frozen=True, slots=True)
class Result:
    """One case run: what came out, and what is wrong with it, or nothing."""

    case: Case
    answer: str
    wrong: str = ""


def run(law: Law, case: Case, milestones: Mapping[str, str | None]) -> Result:
    """The result of one case; `milestones` maps each step to the milestone it records."""
    subject = law.subjects[case.subject]
    own = law.packs[subject.pack].authority
    scope = law.for_authority(own)
    facts, at = Facts(dict(case.given)), Moment(case.on, EVENING)
    if isinstance(subject, Table):
        return _table(scope, subject, case, facts, at)
    step = case.step or subject.binds[0]
    milestone = milestones.get(step)
    if milestone in case.given:
        milestone = None  # the case says itself when the step is taken
    result = assess(scope, facts, step, at, milestone)
    return _rule(subject, case, result)


def _table(law: Law, table: Table, case: Case, facts: Facts, at: Moment) -> Result:
    value = derive_all(law, facts, at).get(table.decides)
    answer = "missing" if value is None else words(value)
    answer = "refer" if answer.startswith("not settled") else answer
    return Result(case, answer, "" if answer == case.expect else f"expected {case.expect}, the answer is {answer}")


def _rule(rule: Rule, case: Case, result: Assessment) -> Result:
    found = next((finding for finding in result.findings if finding.rule == rule.id), None)
    if result.fault:
        return Result(case, "fault", f"the evaluators disagree: {result.fault}")
    if found is None:
        wrong = "" if case.expect == "not applicable" else f"expected {case.expect}, the rule is not in force"
        return Result(case, "not in force", wrong)
    if found.answer != case.expect:
        return Result(case, found.answer, f"expected {case.expect}, the answer is {found.answer}: {found.found}")
    if case.earliest is not None and found.earliest != case.earliest:
        said = Moment(found.earliest) if found.earliest else "no day"
        return Result(case, found.answer, f"expected {Moment(case.earliest)} as the earliest day, the answer is {said}")
    return Result(case, found.answer)


def run_all(
    law: Law, milestones: Mapping[str, str | None], tick: Callable[[], object] = lambda: None
) -> tuple[Result, ...]:
    """Every case's result, in file order; `tick` is called after each."""
    results = []
    for case in law.cases:
        results.append(run(law, case, milestones))
        tick()
    return tuple(results)


def uncovered(law: Law) -> tuple[str, ...]:
    """Rules and tables that no case is about, or whose cases show only one answer."""
    answers: dict[str, set[str]] = {}
    for case in law.cases:
        answers.setdefault(case.subject, set()).add(case.expect)
    return tuple(id for id in sorted(law.subjects) if len(answers.get(id, ())) < 2)
