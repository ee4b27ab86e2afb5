"""One decision as a value: facts, law, step and moment in; findings and an answer out. Pure.

Both libraries that a decision needs are loaded when the first one is made: looking at a case needs neither.
The order is DESIGN section 3: derived milestones, then tables in acyclic order, then every rule in force that binds
the step, judged by the reference evaluator and again by durable_rules; then the workflow. Amounts whose VAT basis
differs from the figure they meet are judged in every reading, and refer when the readings part.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine import canonical
from engine.conditions import All, Condition, parameters
from engine.law import Law, Rule, Table
from engine.model import (
    EXPLAINABLE,
    MAY_PROCEED,
    MET,
    MISSING,
    NOT_APPLICABLE,
    NOT_MET,
    REFER,
    WAIVABLE,
    Decision,
    Facts,
    Finding,
    Judgement,
    Moment,
    Settled,
    Unsure,
    Value,
    worst,
)
from engine.reference import Context, Outcome, earliest, evaluate, found, required
from engine.vocabulary import from_plain, recorded_kinds, taken, to_plain, worked_out
from engine.workflow import Workflow

if TYPE_CHECKING:
    from engine import inference
    from engine.explaining import Explained
    from engine.generated import Program

PAYS = 30  # decisions of one step: to write its functions and to judge as many by the evaluator takes alike
Runner = Callable[["inference.Program", Context], frozenset[str]]  # durable_rules' answer; None: `inference.run`


@dataclass(frozen=True, slots=True)
class Assessment:
    """The findings of every rule that binds a step, what they were judged on, and the fault if evaluators disagree.

    `reached` names the parts of rules and tables that gave an answer, as they stand before VAT is read both ways;
    `because` what each derived fact that is not known waits for.
    """

    findings: tuple[Finding, ...]
    rules: Mapping[str, Rule]
    context: Context
    derived: Mapping[str, Value]
    moving: frozenset[str]
    fault: str = ""
    reached: frozenset[str] = frozenset()
    because: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    waivers: tuple[Finding, ...] = ()  # of the rules that may waive those that are waivable


@dataclass(slots=True)
class _Case:
    """One reading of the facts while it is judged."""

    ctx: Context
    facts: dict[str, Value]
    moving: frozenset[str]
    given: Facts
    because: dict[str, tuple[str, ...]] = field(default_factory=dict)
    expected: set[str] = field(default_factory=set)
    tables: list[Table] = field(default_factory=list)


def decide(
    law: Law, workflow: Workflow, state: str, facts: Facts, step: str, at: Moment, runner: Runner | None = None
) -> Decision:
    """The answer to a step of a case that stands in a state, at a moment."""
    return weigh(law, workflow, state, facts, step, at, runner)[0]


def weigh(
    law: Law,
    workflow: Workflow,
    state: str,
    facts: Facts,
    step: str,
    at: Moment,
    runner: Runner | None = None,
    twice: bool = True,
) -> tuple[Decision, Assessment | None]:
    """The decision and what it was judged on; no assessment where the step does not exist from here.

    Not `twice`, the reference evaluator judges alone: for looking ahead, never for a decision that anybody is given.
    """
    result: Assessment | None = None

    def findings(records: str | None) -> tuple[Finding, ...]:
        nonlocal result
        result = assess(law, facts, step, at, records, runner, twice)
        return result.findings

    decision = _decision(workflow, state, step, at, findings)
    if result is not None and result.fault:
        reason = "the two evaluators disagree"
        return Decision(step, at, NOT_MET, result.findings, state, None, reason, result.fault), result
    return decision, result


def retake(law: Law, workflow: Workflow, state: str, facts: Facts, step: str, at: Moment) -> Decision:
    """The same decision again, by generated functions once there are many of its step: for bulk work."""

    def findings(milestone: str | None) -> tuple[Finding, ...]:
        telling = _telling(law, step, milestone)
        if telling is None:
            return assess(law, facts, step, at, milestone, twice=False).findings
        return explained(telling, facts, at)

    return _decision(workflow, state, step, at, findings)


def _decision(
    workflow: Workflow, state: str, step: str, at: Moment, findings: Callable[[str | None], tuple[Finding, ...]]
) -> Decision:
    """What a step comes to in a workflow; its findings are asked for where it exists, by the milestone it records."""
    from engine.machine import machine_of  # transitions takes a while to import, and only a decision needs it

    target, described = machine_of(workflow).move(state, step), workflow.step(step)
    if target is None or described is None:
        return Decision(step, at, NOT_MET, (), state, None, f"{step} is not a step from {state}")
    found = findings(described.records)
    if not found and not described.free:
        reason = "no rule in the packs bears on this step, and the workflow does not mark it free"
        return Decision(step, at, NOT_MET, (), state, None, reason)
    answer = worst(found)
    return Decision(step, at, answer, found, state, target if answer == MAY_PROCEED else None)


def assess(
    law: Law,
    facts: Facts,
    step: str,
    at: Moment,
    milestone: str | None,
    runner: Runner | None = None,
    twice: bool = True,
    only: Collection[str] = (),
    known: Mapping[str, Value] = MappingProxyType({}),
) -> Assessment:
    """The finding of every rule in force that binds the step, were it taken at that moment; see `weigh`.

    `only`: of these rules. `known`: what is known already to be derived.
    """
    values, moving = situate(law, facts, at, milestone)
    values |= known
    case = _case(law, values, moving, facts, at, 0)
    bound = [rule for rule in law.steps.get(step, ()) if not only or rule.id in only]
    rules = [rule for rule in bound if rule.in_force.covers(case.ctx.day_of(rule.as_at))]
    readings = [case]
    waivers = [each for each in _waivers(law, rules) if each.in_force.covers(case.ctx.day_of(each.as_at))]
    every = [*rules, *waivers]
    outcomes = [_judge_all(case, every)]
    if case.ctx.crossed:
        for rate in law.vocabulary.vat_readings:
            for signed in sorted({rate, -rate} - {0}):
                readings.append(_case(law, values, moving, facts, at, signed))
                outcomes.append(_judge_all(readings[-1], every))
    fault = next(filter(None, (_disagreement(each, every, runner) for each in readings if twice)), "")
    waiving = {each.id: _finding(each, [judged[each.id] for judged in outcomes], case) for each in waivers}
    met = {waived: each.id for each in waivers if waiving[each.id].answer == MET for waived in each.waives}
    findings = tuple(_finding(rule, [each[rule.id] for each in outcomes], case, met) for rule in rules)
    derived = {name: value for name, value in case.facts.items() if name not in facts.values}
    reached = frozenset(case.expected)
    judged = {rule.id: rule for rule in (*rules, *waivers)}
    return Assessment(findings, judged, case.ctx, derived, moving, fault, reached, waivers=tuple(waiving.values()))


def passes(law: Law, workflow: Workflow, state: str, facts: Facts, step: str, at: Moment) -> bool:
    """Whether generated functions find every rule met or not applicable; where there are none, nothing is told."""
    from engine.machine import machine_of

    described = workflow.step(step)
    if described is None or machine_of(workflow).move(state, step) is None:
        return False
    telling = _telling(law, step, described.records)
    if telling is None:
        return False
    program = telling.answers
    found = {*program.judge(facts.values, at).rules[: program.bound]}
    return found <= {MET, NOT_APPLICABLE, None} and (described.free or not found <= {None})


def explained(telling: Explained, facts: Facts, at: Moment) -> tuple[Finding, ...]:
    """The findings of `assess`, told by generated functions; what those leave is for the reference evaluator.

    A judgement makes a doubt a value and changes nothing that is sure, save where it speaks for a table that else
    would be silent: then they tell nothing. A rule that reads a doubt is left, unless it surely does not apply: the
    value may decide that it does not, and what its texts name.
    """
    law, step, milestone = telling.law, telling.step, telling.milestone
    if any(each.rule in law.yielding for each in facts.judgements):
        return assess(law, facts, step, at, milestone, twice=False).findings
    found, left, values, crossed = telling.tell(facts.values, at)
    known = {
        name: value
        for name, value in zip(telling.facts, values, strict=True)
        if value is not None and value.__class__ is not Unsure
    }
    if crossed:
        known, left = {}, _applying(telling.answers, facts, at)
    elif facts.judgements:
        doubted = {n for n, read in enumerate(telling.reads) if not known.keys() >= read}
        left += [n for n in doubted if (each := found[n]) is not None and each.answer != NOT_APPLICABLE]
    if not left:
        return tuple(filter(None, found))
    rest = assess(law, facts, step, at, milestone, twice=False, only={telling.rules[n] for n in left}, known=known)
    last = {each.rule: each for each in rest.findings}
    every = [last.get(id, each) for id, each in zip(telling.rules, found, strict=True)]
    return tuple(filter(None, every))


def _telling(law: Law, step: str, milestone: str | None) -> Explained | None:
    """What tells the findings of a step that is asked for often enough for its functions to be worth writing."""
    telling: Explained | int = law.programs.get((step, milestone), 0)
    if isinstance(telling, int):
        from engine.explaining import Explained

        telling = Explained(law, step, milestone) if telling == PAYS else telling + 1
        law.programs[step, milestone] = telling
    return None if isinstance(telling, int) else telling


def _applying(answers: Program, facts: Facts, at: Moment) -> list[int]:
    """Which of the rules that bind a step might apply, in any reading of VAT."""
    told = answers.judge(facts.values, at).rules
    return [n for n, answer in enumerate(told[: answers.bound]) if answer not in (None, NOT_APPLICABLE)]


def answer_of(law: Law, rule: Rule, facts: Facts, at: Moment, milestone: str | None) -> str:
    """What one rule would answer, judgements counted, by the reference evaluator alone: for looking ahead."""
    values, moving = situate(law, facts, at, milestone)
    case = _case(law, values, moving, facts, at, 0)
    if not rule.in_force.covers(case.ctx.day_of(rule.as_at)):
        return NOT_APPLICABLE
    judged = [_judge_all(case, [rule])]
    if case.ctx.crossed:
        for rate in law.vocabulary.vat_readings:
            for signed in sorted({rate, -rate} - {0}):
                judged.append(_judge_all(_case(law, values, moving, facts, at, signed), [rule]))
    found = _finding(rule, [each[rule.id] for each in judged], case)
    return found.stands if found.blocks else MET


def _waivers(law: Law, rules: list[Rule]) -> list[Rule]:
    """The rules that may waive any of these."""
    found = (each for rule in rules if rule.effect == WAIVABLE for each in law.waivers.get(rule.id, ()))
    return list({each.id: each for each in found}.values())


def situate(law: Law, facts: Facts, at: Moment, milestone: str | None) -> tuple[dict[str, Value], frozenset[str]]:
    """The facts with the step's own milestone at the moment and derived milestones; and the names that move with it."""
    values = dict(facts.values)
    moving: set[str] = set()
    for term in law.vocabulary.presumptions:
        if term.name not in values and (presumed := taken(term, values)) is not None:
            values[term.name] = presumed
    if milestone:
        values[milestone] = at if law.vocabulary.terms[milestone].minute else Moment(at.day)
        moving.add(milestone)
    kinds = recorded_kinds(values)
    for term in law.vocabulary.scalars if kinds else ():
        if (worked := worked_out(term, law.vocabulary.terms, values)) is not None:
            values[term.name] = worked
    for term in law.vocabulary.firsts:
        if term.name in facts.values:
            continue
        happened = [(name, value) for name in term.first_of if isinstance(value := values.get(name), Moment)]
        if happened:
            first, value = min(happened, key=lambda pair: (pair[1].day, pair[1].minute or 0))
            values[term.name] = value
            if first in moving:
                moving.add(term.name)
        elif term.or_decision_day:
            values[term.name] = Moment(at.day)
            moving.add(term.name)
    return values, frozenset(moving)


def _case(law: Law, values: Mapping[str, Value], moving: frozenset[str], given: Facts, at: Moment, vat: int) -> _Case:
    facts = dict(values)
    presumed = frozenset(each.name for each in law.vocabulary.presumptions if each.name not in given.values)
    return _Case(Context(law, facts, at, vat, presumed=presumed), facts, moving, given)


# Tables -----------------------------------------------------------------------------------------------------------


def _derive(case: _Case, names: Iterable[str]) -> None:
    """Derive every fact among these names, tables first that others need."""
    law, needed = case.ctx.law, set(names)
    if not any(fact in law.deciding and fact not in case.facts for fact in needed):
        return
    for fact in reversed(law.order):
        if fact in needed:
            needed.update(*(table.reads for table in law.deciding[fact]))
    for fact in law.order:
        if fact in needed and fact not in case.facts:
            value = _decide_fact(fact, case)
            if value is not None:
                case.facts[fact] = value


def derive_all(law: Law, facts: Facts, at: Moment) -> Mapping[str, Value]:
    """The facts with all that can be derived from them; derived facts that are not known are absent."""
    return derivation(law, facts, at).context.facts


def derivations(
    law: Law, facts: Facts, at: Moment, milestone: str | None = None, only: str = ""
) -> tuple[Assessment, ...]:
    """All that can be derived, once for each way to read VAT where that matters; the first reads amounts as given.

    `only`: what one fact needs, and no more.
    """
    first = derivation(law, facts, at, milestone, 0, only)
    rates = law.vocabulary.vat_readings if first.context.crossed else ()
    signed = (each for rate in rates for each in sorted({rate, -rate} - {0}))
    return (first, *(derivation(law, facts, at, milestone, rate, only) for rate in signed))


def derivation(
    law: Law, facts: Facts, at: Moment, milestone: str | None = None, vat: int = 0, only: str = ""
) -> Assessment:
    """All that can be derived from the facts in one reading of VAT, and what of each table was reached; no findings."""
    values, moving = situate(law, facts, at, milestone)
    case = _case(law, values, moving, facts, at, vat)
    _derive(case, {only} if only else law.order)
    derived = {name: value for name, value in case.facts.items() if name not in facts.values}
    return Assessment((), {}, case.ctx, derived, moving, "", frozenset(case.expected), case.because)


def _decide_fact(fact: str, case: _Case) -> Value | None:
    tables = [table for table in case.ctx.law.deciding[fact] if table.in_force.covers(case.ctx.day_of(table.as_at))]
    case.tables.extend(tables)
    answers: list[
        tuple[Table, bool | None, Value | None]
    ] = []  # the most local first; None: nobody knows if it applies
    for table in tables:
        gate = evaluate(table.governs, case.ctx)
        if gate.truth is False:
            case.expected.add(f"{table.id}:ungoverned")
        else:
            value = _outcome(table, case) if gate.truth else _unknown(table, gate, case)
            answers.append((table, gate.truth, value))
    if not answers:
        return Unsure(f"no pack in force decides {fact}", "")
    answers = [each for each in answers if not _silent(each[0], each[2], case)] or answers
    rivals = [each for each in answers if each[0].layer == answers[0][0].layer]
    doubtful = [value for _, gate, value in rivals if gate is None]
    if doubtful:
        return doubtful[0]
    if len(rivals) > 1:
        return Unsure(f"{rivals[0][0].id} and {rivals[1][0].id} both decide {fact}", rivals[0][0].id)
    return rivals[0][2]


def _silent(table: Table, value: Value | None, case: _Case) -> bool:
    """Whether the table has no row for the facts and nothing else to say: the layer above then decides."""
    return table.open and isinstance(value, Unsure) and f"{table.id}:otherwise" in case.expected


def _unknown(table: Table, outcome: Outcome, case: _Case) -> Unsure | None:
    """What is to be said of a fact whose table cannot be read: why nobody can say, or None when facts are missing."""
    case.because.setdefault(table.decides, _expand(outcome.missing, case))
    return Unsure(outcome.unsure[0].why, outcome.unsure[0].source) if outcome.unsure else None


def _outcome(table: Table, case: _Case) -> Value | None:
    """What a table decides: a value, an Unsure that no judgement settles, or None when facts are missing."""
    outcomes = [evaluate(row.when, case.ctx) for row in table.rows]
    hits, unknown = _hits(table, [outcome.truth for outcome in outcomes])
    case.expected.update(f"{table.id}:{number}" for number in hits)
    if unknown is not None:
        doubt = outcomes[unknown]
        case.because.setdefault(table.decides, _expand(doubt.missing, case))
        return _judged(table, doubt.unsure[0].why, case) if doubt.unsure else None
    if not hits:
        case.expected.add(f"{table.id}:otherwise")
        return _judged(table, table.asks, case) if table.otherwise is None else table.otherwise
    if table.hit == "unique" and len(hits) > 1:
        return _judged(table, "more than one row applies", case)
    value = table.rows[hits[0]].then
    return _judged(table, table.refer, case) if value is None else value


def _hits(table: Table, truths: list[bool | None]) -> tuple[list[int], int | None]:
    """The rows that decide, and the first of those that might change it if only one knew whether they apply."""
    hits = [number for number, truth in enumerate(truths) if truth]
    unknown = [number for number, truth in enumerate(truths) if truth is None]
    if table.hit == "unique":
        return hits, next(iter(unknown), None)
    best = min((table.ranks[number] for number in hits), default=None)
    doubtful = [number for number in unknown if best is None or table.ranks[number] < best]
    if doubtful:
        return [], doubtful[0]
    return [number for number in hits if table.ranks[number] == best], None


def _judged(table: Table, why: str, case: _Case) -> Value:
    judgement = _standing(table, case)
    if judgement is None or judgement.value is None:
        return Unsure(why, table.id)
    term = case.ctx.law.vocabulary.terms[table.decides]
    try:
        value = from_plain(term, judgement.value)
    except ValueError:  # only a forged entry says what no value can be
        return Unsure(f"what entry {judgement.entry} judged is not a value of {table.decides}", table.id)
    return value if not term.choices or value in term.choices else Unsure(why, table.id)


def _expand(missing: tuple[str, ...], case: _Case) -> tuple[str, ...]:
    """Missing names, a derived one replaced by what it would need."""
    return tuple(dict.fromkeys(each for name in missing for each in case.because.get(name, (name,))))


# Judgements -------------------------------------------------------------------------------------------------------


def rests_on(subject: Rule | Table, law: Law, facts: Mapping[str, Value], recorded: Collection[str]) -> str:
    """The digest a judgement names: the rule or table as written, the figures it uses, and the facts it reads.

    What is recorded counts and what tables derive from it; the day of the step itself does not, so that a judgement
    made today still stands when the step is taken tomorrow.
    """
    known, terms = {}, law.vocabulary.terms
    for name in {each for read in subject.reads for each in (read, *terms[read].first_of)}:
        value, term = facts.get(name), terms[name]
        counts = name in recorded or term.scalar is not None or (term.derived and not term.milestone)
        if counts and value is not None and not isinstance(value, Unsure):
            known[name] = to_plain(value)
    figures = {
        name: [[Moment(day).iso, "none" if figure is None else figure] for day, figure in law.parameters[name].values]
        for condition in subject.conditions
        for name in parameters(condition)
    }
    return canonical.digest(canonical.encode({"facts": known, "figures": figures, "subject": subject.digest}))


def _standing(subject: Rule | Table, case: _Case) -> Judgement | None:
    """The last judgement on the subject, if the rule and the facts it rests on are still the same."""
    last = next((each for each in reversed(case.given.judgements) if each.rule == subject.id), None)
    if last is None or last.rests_on != rests_on(subject, case.ctx.law, case.facts, case.given.values.keys()):
        return None
    return last


# Rules ------------------------------------------------------------------------------------------------------------


def _judge_all(case: _Case, rules: list[Rule]) -> dict[str, tuple[str, Outcome]]:
    _derive(case, chain.from_iterable(rule.reads for rule in rules))
    return {rule.id: _judge(rule, case) for rule in rules}


def _judge(rule: Rule, case: _Case) -> tuple[str, Outcome]:
    """A rule's answer, and what is not known where the answer is missing or refer.

    What a rule asks for may hold whether or not it applies: it is met then, and nobody need say what it waits for.
    """
    applies = evaluate(rule.when, case.ctx)
    if applies.truth is False:
        case.expected.add(f"{rule.id}:not applicable")
        return NOT_APPLICABLE, applies
    outcomes = [evaluate(require, case.ctx) for require in rule.requirements]
    for number, outcome in enumerate(outcomes):
        if outcome.truth or (applies.truth and outcome.truth is False):
            case.expected.add(f"{rule.id}:{number}:{MET if outcome.truth else NOT_MET}")
    if applies.truth is None:
        if rule.harmless and all(outcome.truth for outcome in outcomes):
            return MET, outcomes[0]
        return (REFER if applies.unsure else MISSING), applies
    if not outcomes:
        case.expected.add(f"{rule.id}:refer")
        return REFER, applies
    unknown = [outcome for outcome in outcomes if outcome.truth is None]
    merged = Outcome(
        None,
        tuple(name for outcome in unknown for name in outcome.missing),
        tuple(value for outcome in unknown for value in outcome.unsure),
    )
    if unknown:
        return (REFER if merged.unsure else MISSING), merged
    if rule.confidence == "unverified" or len({outcome.truth for outcome in outcomes}) > 1:
        return REFER, merged
    return (MET if outcomes[0].truth else NOT_MET), outcomes[0]


def _finding(
    rule: Rule, judged: list[tuple[str, Outcome]], case: _Case, met: Mapping[str, str] = MappingProxyType({})
) -> Finding:
    answer, outcome = judged[0]
    parted = any(each != answer for each, _ in judged[1:])
    if parted:
        answer = REFER
    pack = case.ctx.law.packs[rule.pack].digest
    if answer == NOT_APPLICABLE:
        return Finding(rule.id, answer, rule.layer, pack, rule.effect)
    settled = _settled(rule, answer, case)
    return Finding(
        rule.id,
        answer,
        rule.layer,
        pack,
        rule.effect,
        _found(rule, answer, outcome, case, parted),
        _required(rule, answer, outcome, case),
        _earliest(rule, answer, case),
        _needs(rule, answer, outcome, case),
        settled,
        met.get(rule.id, "") if answer == NOT_MET and rule.effect == WAIVABLE else "",
    )


def _settled(rule: Rule, answer: str, case: _Case) -> Settled | None:
    may = answer == REFER or (answer == NOT_MET and rule.effect in EXPLAINABLE)
    judgement = _standing(rule, case) if may and case.given.judgements else None
    return Settled(judgement.entry, judgement.answer) if judgement else None


def _asked(rule: Rule) -> Condition:
    return All((rule.when, *rule.requirements[:1]))


def _found(rule: Rule, answer: str, outcome: Outcome, case: _Case, parted: bool) -> str:
    if parted:
        return "the answer depends on VAT, and the basis of an amount does not settle it"
    if outcome.unsure:
        return "; ".join(dict.fromkeys(value.why for value in outcome.unsure))
    if answer == MISSING:
        names = _expand(outcome.missing, case)
        return "not recorded: " + ", ".join(f"the hour of {name}" if name in case.facts else name for name in names)
    if not rule.requirements:
        return found(rule.when, case.ctx)
    shown = rule.requirements if answer == REFER else rule.requirements[:1]  # readings that agree are said once
    return "; ".join(dict.fromkeys(found(require, case.ctx) for require in shown))


def _required(rule: Rule, answer: str, outcome: Outcome, case: _Case) -> str:
    if rule.refer:
        return rule.refer
    if answer == REFER and len(rule.readings) > 1 and not outcome.unsure:
        return " / or / ".join(f"{each.title}: {required(each.require, case.ctx.figure)}" for each in rule.readings)
    return rule.said or required(rule.requirements[0], case.ctx.figure)


def _earliest(rule: Rule, answer: str, case: _Case) -> int | None:
    return earliest(_asked(rule), case.ctx, case.moving) if answer == NOT_MET and rule.waits else None


def _needs(rule: Rule, answer: str, outcome: Outcome, case: _Case) -> tuple[str, ...]:
    """What to record when missing; which rule or tables to judge when it refers."""
    if answer == MISSING:
        return _expand(outcome.missing, case)
    if answer != REFER:
        return ()
    tables = case.ctx.law.tabled
    sources = [value.source if value.source in tables else rule.id for value in outcome.unsure]
    return tuple(dict.fromkeys(sources)) or (rule.id,)


# The second evaluation --------------------------------------------------------------------------------------------


def _disagreement(case: _Case, rules: list[Rule], runner: Runner | None) -> str:
    """How durable_rules' answer differs from the reference evaluator's, or nothing."""
    from engine import inference

    try:
        program = inference.compiled(case.tables, rules)
        fired = (runner or inference.run)(program, case.ctx)
    except inference.Fault as fault:
        return f"durable_rules failed: {fault}"
    if fired == case.expected:
        return ""
    extra, lacking = sorted(fired - case.expected), sorted(case.expected - fired)
    return f"only durable_rules: {', '.join(extra) or 'nothing'}; only the reference: {', '.join(lacking) or 'nothing'}"
