"""What a rule, a table or a figure says, in words that leave nothing out: for diff, compare and the catalogue.

`conditions.say` is short and names a titled alternative by its title alone; `exact` opens every title and adds what a
count of days hangs on. Pure.
"""

from __future__ import annotations

from dataclasses import replace

from engine.conditions import ALWAYS, All, AnyOf, Bound, Condition, Not, Period, figure_words, leaves, say
from engine.law import InForce, Law, Parameter, Rule, Table
from engine.model import Moment, Money, Value
from engine.vocabulary import words

UNCONFIRMED = "no confirmed figure"


def figure(parameter: Parameter, value: int | None) -> str:
    """One figure of a parameter, with its unit."""
    if value is None:
        return UNCONFIRMED
    if parameter.unit == "money":
        return str(Money(value, parameter.vat))
    return f"{value:,}" if parameter.unit == "count" else f"{value:,} {parameter.unit}"


def figure_on(parameter: Parameter, day: int) -> str:
    """The figure in force on a day, and since when."""
    found = parameter.on(day)
    if found is None:
        return f"no figure yet, the first is of {Moment(parameter.values[0][0])}" if parameter.values else UNCONFIRMED
    start, value = found
    return f"{figure(parameter, value)} (from {Moment(start)})"


def then(value: Value | None) -> str:
    """What a row or `otherwise` gives."""
    return "refer" if value is None else words(value)


def span(in_force: InForce) -> str:
    """The days between which something is in force."""
    start, end = (str(Moment(day)) if day else "" for day in (in_force.start, in_force.end))
    if start and end:
        return f"{start} to {end}"
    return f"from {start}" if start else f"to {end}" if end else "always"


def bare(condition: Condition) -> Condition:
    """The condition without the titles and citations of its alternatives."""
    match condition:
        case All(items):
            return All(tuple(map(bare, items)))
        case AnyOf(items):
            return AnyOf(tuple(map(bare, items)))
        case Not(item):
            return Not(bare(item))
    return condition


def exact(condition: Condition, own: str = "") -> str:
    """The whole condition in words, the parameters of the pack `own` by their short names."""

    def short(bound: Bound, is_money: bool) -> str:
        return figure_words(replace(bound, parameter=bound.parameter.removeprefix(f"{own}.")), is_money)

    counted = [_counted(leaf) for leaf in leaves(condition) if isinstance(leaf, Period)]
    said = say(bare(condition), short)
    return said + "".join(f" ({each})" for each in dict.fromkeys(counted) if each)


def _counted(period: Period) -> str:
    clock = period.clock
    parts = [
        f"{period.calendar} calendar" if period.calendar else "",
        "an end that is not a working day moves forward" if clock.roll else "",
        f"holding {clock.holds_working} working days" if clock.holds_working else "",
        "not done counts as false" if period.done else "",
    ]
    return ", ".join(part for part in parts if part)


def written_when(rule: Rule) -> Condition:
    """When the rule applies, leaving aside the rules it yields to: each of them stands around the rest."""
    when = rule.when
    for _ in rule.yields_to:
        when = when.items[0] if isinstance(when, All) else when
    return when


def own_when(rule: Rule, law: Law) -> Condition:
    """When the rule itself says it applies, without its pack's gate (which every rule of the pack repeats)."""
    gate, when = law.packs[rule.pack].governs if rule.pack in law.packs else ALWAYS, written_when(rule)
    if gate == ALWAYS or when == gate:
        return ALWAYS if when == gate else when
    if isinstance(when, All) and len(when.items) == 2 and when.items[0] == gate:
        return when.items[1]
    return when


def asks(rule: Rule) -> list[str]:
    """What the rule requires, one text for each tenable reading; or what it puts to a person."""
    if rule.refer:
        return [f"a person judges: {rule.refer}"]
    if rule.require is not None:
        return [exact(rule.require, rule.pack)]
    return [f"{each.title} ({each.cite}): {exact(each.require, rule.pack)}" for each in rule.readings]


def rows(table: Table) -> list[str]:
    """The rows of a table as sentences, the last what holds otherwise."""
    said = [f"if {exact(row.when, table.pack)}: {then(row.then)}" for row in table.rows]
    last = [] if table.open else [f"{'otherwise' if said else 'always'}: {then(table.otherwise)}"]
    return [*said, *last]


def doubt(subject: Rule | Table | Parameter) -> str:
    """What is not certain about it, or nothing: it refers, is contested, rests on what nobody confirmed."""
    if isinstance(subject, Table):
        return "refers to a person" if subject.refer or subject.open else ""
    if isinstance(subject, Parameter):
        open_ended = any(value is None for _, value in subject.values)
        said = {"high": "", "medium": "medium confidence"}.get(subject.confidence, subject.confidence)
        return ", ".join(part for part in (said, "in part without a confirmed figure" if open_ended else "") if part)
    if subject.refer:
        return "refers to a person"
    return {"high": "", "medium": "medium confidence"}.get(subject.confidence, subject.confidence)
