"""What a procurement unit should look at in packs that can be read: rules without effect, without cases, out of date.

A remark breaks nothing: the packs decide as they are written. Pure; the day is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from engine import calendars, tables
from engine.conditions import All, Condition, Done, Leaf, Not, OneOf, Order, Period, Truth
from engine.law import LAYERS, Law, Parameter, Rule
from engine.markup import Problem, Where
from engine.model import Moment

TRIED = 730  # days from which two periods are compared
HORIZON = 400  # days a calendar should reach beyond today: a contract's standstill and next year's notices


def remarks(law: Law, today: int, pack: str = "") -> tuple[Problem, ...]:
    """Everything to look at, by place: in one pack, beside the others, or in all of them and the calendars."""
    found = {*tables.faults(law, pack), *_one_sided(law, pack), *_without_effect(law, pack), *_unchecked(law, pack)}
    return tuple(sorted(found if pack else {*found, *_ending(law, today)}))


def _one_sided(law: Law, pack: str) -> Iterator[Problem]:
    """Rules and tables that no case is about, or whose cases show only one answer."""
    answers: dict[str, set[str]] = {}
    for case in law.cases:
        answers.setdefault(case.subject, set()).add(case.expect)
    for id, subject in law.subjects.items():
        if pack and subject.pack != pack:
            continue
        if id not in answers:
            yield Problem(subject.where, f"no case reaches {id}", "write one on each side of its edge")
        elif len(answers[id]) < 2:
            yield Problem(subject.where, f"{id} has no cases on both sides of its edge", "write one on the other side")


# Between layers ---------------------------------------------------------------------------------------------------


def _without_effect(law: Law, pack: str) -> Iterator[Problem]:
    """Rules that one of a layer above goes further than, or forbids, on a step that both bind."""
    for rules in law.steps.values():
        for low in rules:
            for high in rules if pack in ("", low.pack) else ():
                if LAYERS.index(high.layer) < LAYERS.index(low.layer) and _meet(low, high):
                    yield from _between(low, high, law)


def _between(low: Rule, high: Rule, law: Law) -> Iterator[Problem]:
    if high.id in low.yields_to:
        if _implies(low.when, high.when):
            what = f"{low.id} has no effect: wherever it applies it gives way to {high.id} ({high.cite})"
            yield Problem(low.where, what, "leave it out")
        return
    if low.require is None:
        return
    for mine in _each(low.require):
        for theirs in _each(high.require) if high.require is not None else ():
            if _opposed(mine, theirs):
                what = f"{low.id} requires what {high.id} ({high.cite}) forbids: no effect where both apply"
                yield Problem(low.where, what, f"write yields_to: [{high.id}], or leave it out")
        if isinstance(mine, Period) and all(_asks_less(mine, reading, law) for reading in high.requirements or (None,)):
            what = f"{low.id} asks less than {high.id} ({high.cite}): no effect where both apply"
            yield Problem(low.where, what, "leave it out, or ask for more")


def _asks_less(mine: Period, reading: Condition | None, law: Law) -> bool:
    """Whether a period asks for less than one that the other rule, read like this, requires."""
    return reading is not None and any(isinstance(each, Period) and _weaker(mine, each, law) for each in _each(reading))


def _meet(one: Rule, other: Rule) -> bool:
    """Whether both may be in force on one day and apply to one case, as far as can be seen."""
    first = max(one.in_force.start or 1, other.in_force.start or 1)
    last = min(one.in_force.end or first, other.in_force.end or first)
    apart = any(_opposed(mine, theirs) for mine in _each(one.when) for theirs in _each(other.when))
    return first <= last and not apart


def _implies(low: Condition, high: Condition) -> bool:
    """Whether every test of `high` stands in `low` too."""
    return {*_each(high)} <= {*_each(low)}


def _each(condition: Condition) -> Iterator[Leaf | Not]:
    """The tests that must all hold; alternatives are passed over."""
    if isinstance(condition, All):
        yield from chain.from_iterable(map(_each, condition.items))
    elif (isinstance(condition, Not) and isinstance(condition.item, Order)) or isinstance(condition, Leaf):
        yield condition


_UP = ("after", "on or after")


def _opposed(mine: Leaf | Not, theirs: Leaf | Not) -> bool:
    """Whether two tests can never both hold."""
    match mine, theirs:
        case Truth(one, yes), Truth(other, no):
            return one == other and yes is not no
        case OneOf(one), OneOf(other):
            return one == other and not _shared(mine, theirs)
        case Done(one, undone), Done(other, never):
            return one == other and undone is not never
        case Order(done=True), Done(milestone, True):
            return milestone in (mine.left, mine.right)
        case Done(milestone, True), Order(done=True):
            return milestone in (theirs.left, theirs.right)
        case Order(), Order():
            turned = (mine.left, mine.right) == (theirs.right, theirs.left)
            same = (mine.left, mine.right) == (theirs.left, theirs.right)
            strict = not (mine.op.startswith("on or") and theirs.op.startswith("on or"))
            return strict and ((same and _up(mine) != _up(theirs)) or (turned and _up(mine) == _up(theirs)))
        case Not(Order() as inner), _:
            return inner == theirs
        case _, Not(Order() as inner):
            return inner == mine
    return False


def _up(order: Order) -> bool:
    return order.op in _UP


def _shared(one: OneOf, other: OneOf) -> bool:
    """Whether some choice meets both."""
    if one.negated and other.negated:
        return True
    if one.negated or other.negated:
        inside, outside = (other, one) if one.negated else (one, other)
        return bool(set(inside.values) - set(outside.values))
    return bool(set(one.values) & set(other.values))


def _weaker(mine: Period, theirs: Period, law: Law) -> bool:
    """Whether of two periods between the same two moments mine never asks for more, and from some day for less."""
    least = mine.op in (">=", ">")
    if (mine.start, mine.end, least) != (theirs.start, theirs.end, theirs.op in (">=", ">")):
        return False
    own, above = _figures(mine, law), _figures(theirs, law)
    if not own or not above:
        return False
    n, other = (max(own), min(above)) if least else (min(own), max(above))
    if (mine.clock, mine.calendar, mine.op) == (theirs.clock, theirs.calendar, theirs.op):
        return n < other if least else n > other
    ends = [(_end(mine, law, day, n), _end(theirs, law, day, other)) for day in _tried(law)]
    apart = [(one - two) * (1 if least else -1) for one, two in ends if one and two]
    return bool(apart) and max(apart) <= 0 and min(apart) < 0


def _end(period: Period, law: Law, day: int, n: int) -> int | None:
    """The first day on which a period from a day is as long as asked for, or the last on which it is no longer."""
    if period.clock.unit == "hours":
        return None
    counted = calendars.latest if period.op == "<=" else calendars.earliest
    end = counted(period.clock, law.calendars.get(period.calendar), day + period.day_after, n + (period.op == ">"))
    return end - (period.op == "<") if end else None


def _tried(law: Law) -> range:
    """Two years of days that every calendar knows."""
    last = min((calendar.last for calendar in law.calendars.values()), default=TRIED + 1)
    return range(max(1, last - TRIED), last)


def _figures(period: Period, law: Law) -> list[int]:
    """Every figure the bound has had; none where nobody confirmed one."""
    if not period.bound.parameter:
        return [period.bound.number]
    values = [value for _, value in law.parameters[period.bound.parameter].values]
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else []


# Out of date ------------------------------------------------------------------------------------------------------


def _unchecked(law: Law, only: str) -> Iterator[Problem]:
    """Figures that began after somebody last compared the pack with its source, and packs older than their source."""
    for parameter in law.parameters.values():
        pack = law.packs[parameter.id.partition(".")[0]]
        if only not in ("", pack.id):
            continue
        newest = _newest(parameter)
        checked = parameter.checked or pack.checked
        if newest is not None and Moment(newest).iso > checked:
            what = f"{parameter.id}: the figure from {Moment(newest)} was last checked on {checked}, before it began"
            yield Problem(parameter.where, what, "compare it with its source, and write the day in checked:")
    for pack in law.packs.values():
        if only in ("", pack.id) and pack.checked < pack.source_as_at:
            what = f"{pack.id} was last checked on {pack.checked}, before its source stood as it does"
            yield Problem(pack.where, what, "compare it with its source, and write the day in checked:")


def _newest(parameter: Parameter) -> int | None:
    return next((day for day, value in reversed(parameter.values) if value is not None), None)


def _ending(law: Law, today: int) -> Iterable[Problem]:
    """Calendars that end too soon to count the periods of a procurement begun today."""
    for id, calendar in law.calendars.items():
        if calendar.last < today + HORIZON and not calendar.parts:
            what = f"the calendar {id} ends on {Moment(calendar.last)}"
            yield Problem(Where(f"rules/calendars/{id}.yaml", 1, 1), what, "add the bank holidays of the next years")
