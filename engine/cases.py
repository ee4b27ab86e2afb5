"""Worked cases: run each rule and table of a pack on the facts its authors wrote down, by both evaluators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from engine import conditions
from engine.decide import Assessment, assess, derivations
from engine.law import Case, Law, Parameter, Rule, Table
from engine.markup import Where
from engine.model import MET, MISSING, NOT_APPLICABLE, NOT_MET, REFER, Facts, Finding, Moment, Unsure, Value
from engine.vocabulary import words

EVENING = 23 * 60 + 59  # a case gives a day; it is judged at the end of it


@dataclass(frozen=True, slots=True)
class Result:
    """One case run: what came out, what is wrong with it, or nothing, and the branches it touched (see `branches`)."""

    case: Case
    answer: str
    wrong: str = ""
    touched: frozenset[str] = frozenset()


def run(law: Law, case: Case, milestones: Mapping[str, str | None], twice: bool = True) -> Result:
    """The result of one case; `milestones` maps each step to the milestone it records.

    Not `twice`, the reference evaluator judges alone: for trying mutants, never for saying that a pack is right.
    """
    subject = law.subjects[case.subject]
    own = law.packs[subject.pack].authority
    scope = law.for_authority(own)
    facts, at = Facts(dict(case.given)), Moment(case.on, EVENING)
    if isinstance(subject, Table):
        return _table(scope, subject, case, facts, at)
    step = case.step or (subject.binds or law.rules[subject.waives[0]].binds)[0]
    milestone = milestones.get(step)
    if milestone in case.given:
        milestone = None  # the case says itself when the step is taken
    result = assess(scope, facts, step, at, milestone, twice=twice, only=(subject.id, *subject.waives))
    return _rule(subject, case, result)


def _table(law: Law, table: Table, case: Case, facts: Facts, at: Moment) -> Result:
    readings = derivations(law, facts, at, only=table.decides)
    answers = {_said(reading.context.facts.get(table.decides)) for reading in readings}
    answer = answers.pop() if len(answers) == 1 else REFER  # one that depends on VAT is for a person
    wrong = "" if answer == case.expect else f"expected {case.expect}, the answer is {answer}"
    return Result(case, answer, wrong, frozenset(_own(table, readings[0])))


def _said(value: Value | None) -> str:
    """What a table answers: a value, missing, or refer."""
    if isinstance(value, Unsure):
        return REFER
    return MISSING if value is None else words(value)


def _rule(rule: Rule, case: Case, result: Assessment) -> Result:
    found = next((finding for finding in (*result.findings, *result.waivers) if finding.rule == rule.id), None)
    if result.fault:
        return Result(case, "fault", f"the evaluators disagree: {result.fault}")
    answer = found.answer if found else "not in force"
    return Result(case, answer, _wrong(case, found), _touched(rule, answer, result))


def _wrong(case: Case, found: Finding | None) -> str:
    if found is None:
        return "" if case.expect == NOT_APPLICABLE else f"expected {case.expect}, the rule is not in force"
    if found.answer != case.expect:
        because = found.found or ("its `when` does not hold" if found.answer == NOT_APPLICABLE else "")
        return f"expected {case.expect}, the answer is {found.answer}" + f": {because}" * bool(because)
    if case.earliest is not None and found.earliest != case.earliest:
        said = Moment(found.earliest) if found.earliest else "no day"
        return f"expected {Moment(case.earliest)} as the earliest day, the answer is {said}"
    return ""


def run_all(
    law: Law, milestones: Mapping[str, str | None], tick: Callable[[], object] = lambda: None
) -> tuple[Result, ...]:
    """Every case's result, in file order; `tick` is called after each."""
    results = []
    for case in law.cases:
        results.append(run(law, case, milestones))
        tick()
    return tuple(results)


# Which branches the cases reached ---------------------------------------------------------------------------------


_KINDS = ("rule", "row", "figure")


class Branch(NamedTuple):
    """One way a rule, a table or a figure can go: its key in `Result.touched`, and how people call it."""

    kind: str  # rule, row, figure
    subject: str
    what: str
    key: str
    where: Where


class Coverage(NamedTuple):
    """Every branch of a law, and those that no case reached."""

    branches: tuple[Branch, ...]
    missed: tuple[Branch, ...]

    def counts(self, kind: str) -> tuple[int, int]:
        """How many rules (or rows, or figures) there are, and how many the cases reached, a rule by every answer."""
        every, missed = (
            {branch.subject if kind == "rule" else branch.key for branch in listed if branch.kind == kind}
            for listed in (self.branches, self.missed)
        )
        return len(every), len(every - missed)

    def plain(self) -> dict[str, object]:
        """The counts and what no case reached, as JSON has it."""
        counted = {f"{kind}s": dict(zip(("all", "reached"), self.counts(kind), strict=True)) for kind in _KINDS}
        missed = [
            {**branch.where._asdict(), "subject": branch.subject, "missed": branch.what} for branch in self.missed
        ]
        return {**counted, "missed": missed}

    def __str__(self) -> str:
        (rules, both), (rows, hit), (figures, used) = (self.counts(kind) for kind in _KINDS)
        return f"rules {rules}: {both} on both sides; rows {hit} of {rows}; figures {used} of {figures}"


def coverage(law: Law, results: Iterable[Result], pack: str = "") -> Coverage:
    """What the cases reached of a law, or of one pack of it: rules and tables by their own cases, figures by any."""
    touched = frozenset[str]().union(*(result.touched for result in results))
    every = tuple(branch for branch in branches(law) if not pack or branch.subject.partition(".")[0] == pack)
    return Coverage(
        every, tuple(sorted((each for each in every if each.key not in touched), key=lambda branch: branch.where))
    )


def branches(law: Law) -> Iterator[Branch]:
    """Every branch: answers of rules, rows and `otherwise` of tables, dated values of parameters."""
    for rule in law.rules.values():
        for what, form in _ways(rule):
            yield Branch("rule", rule.id, what, f"{rule.id}:{form}", rule.where)
    for table in law.tables:
        for number, row in enumerate(table.rows):
            where = row.where if row.where.line else table.where
            yield Branch("row", table.id, f"row {number + 1}", f"{table.id}:{number}", where)
        if not table.open:
            yield Branch("row", table.id, "otherwise", f"{table.id}:otherwise", table.where)
    for parameter in law.parameters.values():
        for start, _ in parameter.values:
            what = f"figure from {Moment(start)}"
            yield Branch("figure", parameter.id, what, _figure(parameter, start), parameter.where)


def _ways(rule: Rule) -> Iterator[tuple[str, str]]:
    """The answers a rule can give, as people call them and as `decide` names them."""
    if rule.when != conditions.ALWAYS or rule.in_force.start or rule.in_force.end:
        yield NOT_APPLICABLE, NOT_APPLICABLE
    if rule.refer:
        yield REFER, REFER
    for number in range(len(rule.requirements)):
        reading = f"reading {number + 1} " if len(rule.requirements) > 1 else ""
        yield f"{reading}{MET}", f"{number}:{MET}"
        yield f"{reading}{NOT_MET}", f"{number}:{NOT_MET}"


def _figure(parameter: Parameter, start: int) -> str:
    return f"{parameter.id}@{start}"


def _touched(rule: Rule, answer: str, result: Assessment) -> frozenset[str]:
    own = set(_own(rule, result))
    if answer == "not in force":
        return frozenset({f"{rule.id}:{NOT_APPLICABLE}"})
    if answer == REFER and rule.requirements and rule.confidence not in ("contested", "unverified"):
        own = {key for key in own if "@" in key}  # a doubt of VAT: neither side was reached
    return frozenset(own)


def _own(subject: Rule | Table, result: Assessment) -> Iterator[str]:
    """What was reached of the subject itself, and the figures it names that were looked up."""
    yield from (form for form in result.reached if form.startswith(f"{subject.id}:"))
    ctx = result.context
    for name in subject.figures & ctx.figures.keys():
        parameter = ctx.law.parameters[name]
        if found := parameter.on(ctx.day_of(parameter.as_at)):
            yield _figure(parameter, found[0])
