"""Why this version of a rule, this layer and this figure: the order of choice of DESIGN section 5, said of one finding.

In time, in scope, competent, priority. Worked out on demand from a finding and what it was judged on: a decision that
nobody asks about pays nothing for it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from engine.conditions import Amount, Leaf, Period, leaf_names, leaves, names, parameters
from engine.decide import Assessment
from engine.law import LAYERS, InForce, Law, Rule, Table
from engine.model import NOT_APPLICABLE, Finding, Moment, Unsure
from engine.reference import Context, evaluate, found
from engine.vocabulary import words
from engine.wording import figure, span

ABOUT = ("version", "layer", "yields", "waived", "beside", "fact", "figure")
VERSION, LAYER, YIELDS, WAIVED, BESIDE, FACT, FIGURE = ABOUT


class Reason(NamedTuple):
    """One step of the choice: what it is about (of `ABOUT`), the rule, table, fact or figure chosen, and why."""

    about: str
    subject: str
    said: str


def reasons(finding: Finding, law: Law, judged: Assessment) -> tuple[Reason, ...]:
    """Why the rule of a finding spoke as it did: version, layer, the layers beside it, its facts and figures."""
    rule = law.rules[finding.rule]
    deciding = [fact for fact in law.order if fact in rule.reads]
    figures = rule.figures.union(*(_figures_of(fact, law, judged) for fact in deciding))
    return (
        Reason(VERSION, rule.id, _version(rule, judged)),
        *(Reason(VERSION, other.id, said) for other, said in _other_versions(rule, law, judged.context)),
        Reason(LAYER, rule.pack, _layer(rule, law)),
        *_giving_way(rule, law, judged),
        *_waived(finding, law),
        *_beside(finding, rule, law, judged),
        *(Reason(FACT, fact, _decided(fact, law, judged)) for fact in deciding),
        *(Reason(FIGURE, name, _figure(name, law, judged)) for name in sorted(figures)),
    )


# In time ----------------------------------------------------------------------------------------------------------


def _version(rule: Rule, judged: Assessment) -> str:
    return f"{_in_force(rule.in_force)}, judged {_as_at(rule.as_at, judged)}"


def _in_force(in_force: InForce) -> str:
    return f"in force {span(in_force)}" if in_force != InForce() else "in force whenever its pack governs"


def _as_at(milestone: str, judged: Assessment) -> str:
    """The day as at which law was judged, and why that one."""
    ctx = judged.context
    day = Moment(ctx.day_of(milestone))
    if not milestone or milestone in judged.moving:
        return f"on {day}, the day of the step"
    if isinstance(ctx.facts.get(milestone), Moment):
        return f"as at {milestone}, {day}"
    return f"on {day}, as {milestone} has not happened"


def _other_versions(rule: Rule, law: Law, ctx: Context) -> Iterator[tuple[Rule, str]]:
    """The rules of its pack that take over from it, or that it took over from: the spans abut, the subject is one."""
    asked = frozenset[str]().union(*map(names, rule.requirements))
    for other in law.rules.values() if rule.in_force != InForce() else ():
        if other.pack != rule.pack or not set(other.binds) & set(rule.binds):
            continue
        if other.in_force.covers(ctx.day_of(other.as_at)) or not asked & other.reads:
            continue
        if other.in_force.end is not None and other.in_force.end + 1 == rule.in_force.start:
            yield other, f"{other.id} came before it, {_in_force(other.in_force)}"
        elif rule.in_force.end is not None and rule.in_force.end + 1 == other.in_force.start:
            yield other, f"{other.id} comes after it, {_in_force(other.in_force)}"


# Layers -----------------------------------------------------------------------------------------------------------


def _layer(rule: Rule, law: Law) -> str:
    pack = law.packs[rule.pack]
    return f"{rule.layer}: {pack.title}, its source read as at {pack.source_as_at}"


def _giving_way(rule: Rule, law: Law, judged: Assessment) -> Iterator[Reason]:
    """Which rules it yields to, and whether they apply; and which of the step's rules yield to it."""
    for id in rule.yields_to:
        other = law.rules[id]
        truth = evaluate(other.when, judged.context).truth if _now(other, judged.context) else False
        said = {
            True: f"gives way to {_named(other)}, which applies here",
            False: f"would give way to {_named(other)}, which does not apply here",
            None: f"gives way to {_named(other)} if that applies, which is not known",
        }[truth]
        yield Reason(YIELDS, id, said)
    for other in judged.rules.values():
        if rule.id in other.yields_to:
            yield Reason(YIELDS, other.id, f"{_named(other)} gives way to it")


def _now(subject: Rule | Table, ctx: Context) -> bool:
    """Whether it is in force on the day as at which it is judged."""
    return subject.in_force.covers(ctx.day_of(subject.as_at))


def _waived(finding: Finding, law: Law) -> Iterator[Reason]:
    if finding.waived:
        waiver = law.rules[finding.waived]
        yield Reason(WAIVED, waiver.id, f"waived by {_named(waiver)}, of its own layer or one above")


def _beside(finding: Finding, rule: Rule, law: Law, judged: Assessment) -> Iterator[Reason]:
    """The rules of other layers that apply to the step and ask about the same thing, and which is stricter."""
    if finding.answer == NOT_APPLICABLE:
        return
    for other in judged.rules.values():
        if other.layer == rule.layer or other.waives or evaluate(other.when, judged.context).truth is False:
            continue
        pairs = [(mine, theirs) for mine in _asks(rule) for theirs in _asks(other) if _alike(mine, theirs)]
        if pairs:
            said = {_stricter(mine, theirs, judged.context) for mine, theirs in pairs}
            which = said.pop() if len(said) == 1 else ""
            yield Reason(BESIDE, other.id, f"{_named(other)} asks about the same thing; {which or BOTH}")


BOTH = "both bind, neither takes the other's place"
_WHICH = {
    1: "this is the stricter, and both bind",
    -1: "that is the stricter, and both bind",
    0: "they ask the same",
}


def _asks(rule: Rule) -> tuple[Leaf, ...]:
    return tuple(leaf for require in rule.requirements for leaf in leaves(require))


def _alike(mine: Leaf, theirs: Leaf) -> bool:
    """Whether two tests are of the same thing: the same period between the same moments, the same fact."""
    return type(mine) is type(theirs) and leaf_names(mine)[:2] == leaf_names(theirs)[:2]


def _stricter(mine: Leaf, theirs: Leaf, ctx: Context) -> str:
    """Which of two tests of the same thing asks more; nothing where their figures cannot be set side by side."""
    if mine == theirs:
        return _WHICH[0]
    if isinstance(mine, Period) and isinstance(theirs, Period):
        same = (mine.clock, mine.calendar, mine.day_after) == (theirs.clock, theirs.calendar, theirs.day_after)
    else:
        same = isinstance(mine, Amount) and isinstance(theirs, Amount)
    if not same or not isinstance(mine, Amount | Period) or not isinstance(theirs, Amount | Period):
        return ""
    one, two = ctx.figure(mine.bound), ctx.figure(theirs.bound)
    if mine.op != theirs.op or isinstance(one, Unsure) or isinstance(two, Unsure) or one.vat != two.vat:
        return ""
    more = one.number * one.per_cent - two.number * two.per_cent
    return _WHICH[((more > 0) - (more < 0)) * (1 if mine.op in (">=", ">") else -1)]


def _named(subject: Rule | Table) -> str:
    return f"{subject.id} ({subject.layer}, {subject.cite})"


# Facts that tables decide -----------------------------------------------------------------------------------------


def _decided(fact: str, law: Law, judged: Assessment) -> str:
    """Which table decided a derived fact, by which row, and why no other did."""
    value = judged.context.facts.get(fact)
    if value is not None and fact not in judged.derived:
        return f"{fact}: {words(value)}, as given"
    said = "not known yet" if value is None else value.why if isinstance(value, Unsure) else words(value)
    passed, table = _chosen(fact, law, judged)
    if table is None:
        return "; ".join((f"{fact}: {said}", *passed))
    left = [each for each in law.deciding[fact] if LAYERS.index(each.layer) < LAYERS.index(table.layer)]
    above = [f"{each.id} ({each.layer}) is not asked" for each in left if _now(each, judged.context)]
    return "; ".join((f"{fact}: {said}, by {_by(table, judged)}", *passed, *above))


def _chosen(fact: str, law: Law, judged: Assessment) -> tuple[list[str], Table | None]:
    """What each more local table had against it, and the table that spoke (None: none, or more than one)."""
    passed: list[str] = []
    for table in law.deciding[fact]:
        if not _now(table, judged.context):
            passed.append(f"{table.id} ({table.layer}) is {_in_force(table.in_force)} only")
        elif f"{table.id}:ungoverned" in judged.reached:
            passed.append(f"{table.id} ({table.layer}) does not govern here")
        elif table.open and f"{table.id}:otherwise" in judged.reached:
            passed.append(f"{table.id} ({table.layer}) has no row for it, so the layer above speaks")
        else:
            return passed, table
    return passed, None


def _by(table: Table, judged: Assessment) -> str:
    """The table and the row that decided, with what was found in it, and the version of the table."""
    ctx, numbers = judged.context, _rows(table, judged)
    rows = f" row{'s' * (len(numbers) > 1)} {', '.join(str(n + 1) for n in numbers)}" if numbers else ""
    otherwise = "" if numbers or f"{table.id}:otherwise" not in judged.reached else " otherwise"
    because = "; ".join(filter(None, (found(table.rows[n].when, ctx) for n in numbers)))
    cite = table.rows[numbers[0]].cite if numbers and table.rows[numbers[0]].cite else table.cite
    version = "" if table.in_force == InForce() else f", {_in_force(table.in_force)}, {_as_at(table.as_at, judged)}"
    return f"{table.id}{rows}{otherwise} ({table.layer}, {cite}{version}){f': {because}' if because else ''}"


def _rows(table: Table, judged: Assessment) -> list[int]:
    return [number for number in range(len(table.rows)) if f"{table.id}:{number}" in judged.reached]


# Figures ----------------------------------------------------------------------------------------------------------


def _figures_of(fact: str, law: Law, judged: Assessment) -> frozenset[str]:
    """The figures that the rows which decided a derived fact name."""
    table = _chosen(fact, law, judged)[1] if fact in judged.derived else None
    if table is None:
        return frozenset()
    return frozenset[str]().union(*(parameters(table.rows[number].when) for number in _rows(table, judged)))


def _figure(name: str, law: Law, judged: Assessment) -> str:
    """The dated value of a figure that was used, the ones before and after it, and the day that chose it."""
    parameter, day = law.parameters[name], judged.context.day_of(law.parameters[name].as_at)
    used = [number for number, (start, _) in enumerate(parameter.values) if start <= day]
    place = used[-1] if used else -1
    now = "no figure yet"
    if used:
        start, value = parameter.values[place]
        now = f"{figure(parameter, value)} from {_day(start)}"
    parts = [f"{name}: {now}, {_as_at(parameter.as_at, judged)}"]
    if place > 0:
        parts.append(f"before that {figure(parameter, parameter.values[place - 1][1])}")
    if place + 1 < len(parameter.values):
        start, value = parameter.values[place + 1]
        parts.append(f"from {_day(start)} {figure(parameter, value)}")
    return "; ".join(parts)


def _day(day: int) -> str:
    return str(Moment(day)) if day > 1 else "the beginning"


# For machines -----------------------------------------------------------------------------------------------------


def plain(found: tuple[Reason, ...]) -> list[dict[str, str]]:
    """The same for machines: `chosen` in docs/formats/findings.md."""
    return [{"about": each.about, "subject": each.subject, "said": each.said} for each in found]
