"""The reference evaluator: walks conditions over typed facts, in Kleene's three values, and explains itself.

True, false, or not known; what is not known is either missing (nobody recorded it) or unsure (a person must judge).
Every answer also says what it found and, for a step that comes too early, the first day on which it would hold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from engine import calendars, hours
from engine.calendars import Calendar, Clock, DayMark
from engine.conditions import (
    All,
    Amount,
    AnyOf,
    Bound,
    Condition,
    Done,
    Includes,
    Leaf,
    Not,
    OneOf,
    Order,
    Period,
    Truth,
    leaf_names,
    leaves,
    say,
)
from engine.law import Law
from engine.model import Moment, Money, Unsure, Value
from engine.vocabulary import words


class Outcome(NamedTuple):
    """True, false or None; for None the names that are missing and the values that are unsure."""

    truth: bool | None
    missing: tuple[str, ...] = ()
    unsure: tuple[Unsure, ...] = ()


PRESUMED = ", taken so as nothing was said"
TRUE = Outcome(True)
FALSE = Outcome(False)


@dataclass(slots=True)
class Context:
    """What one evaluation rests on: facts, the law, the day, and how amounts of another VAT basis are read.

    `vat` is a per cent: 0 reads them as they stand, 20 and -20 as if VAT at 20 per cent stood between the bases (the
    sign tells which way when neither basis is stated). `crossed` notes that such a comparison was made. `presumed`
    names the facts that nobody stated and that are taken to be what the vocabulary says.
    """

    law: Law
    facts: Mapping[str, Value]
    today: Moment
    vat: int = 0
    crossed: bool = False
    presumed: frozenset[str] = frozenset()
    figures: dict[str, Bound | Unsure] = field(default_factory=dict)

    def day_of(self, milestone: str) -> int:
        """The day at which law is judged: the milestone's, or today's while it has not happened."""
        found = self.facts.get(milestone) if milestone else None
        return found.day if isinstance(found, Moment) else self.today.day

    def recorded(self, name: str) -> bool:
        """Whether somebody stated the fact, or a table decided it."""
        return name in self.facts and name not in self.presumed

    def figure(self, bound: Bound) -> Bound | Unsure:
        """The bound with its parameter resolved as at the parameter's milestone, or why nobody can say."""
        if bound.fact:
            return stated(bound, self.facts.get(bound.fact))
        if not bound.parameter:
            return bound
        if bound.parameter not in self.figures:
            self.figures[bound.parameter] = self._resolve(bound.parameter)
        found = self.figures[bound.parameter]
        return found if bound.per_cent == 100 or isinstance(found, Unsure) else replace(found, per_cent=bound.per_cent)

    def _resolve(self, name: str) -> Bound | Unsure:
        parameter = self.law.parameters[name]
        day = self.day_of(parameter.as_at)
        found = parameter.on(day)
        if found is None or found[1] is None:
            return Unsure(f"no confirmed figure for {parameter.title} on {Moment(day)}", name)
        if parameter.confidence == "unverified":
            return Unsure(f"the figure for {parameter.title} is unverified", name)
        return Bound(found[1], parameter.vat)


def stated(bound: Bound, value: Value | None) -> Bound | Unsure:
    """The figure that another fact states, by its value; whoever compares with it has seen that it is recorded."""
    match value:
        case Money(pence, vat):
            return Bound(pence, vat, fact=bound.fact, per_cent=bound.per_cent)
        case int(number):
            return Bound(number, fact=bound.fact, per_cent=bound.per_cent)
        case Unsure() as unsure:
            return unsure
    return Unsure(f"{bound.fact} is not recorded", bound.fact)


def evaluate(condition: Condition, ctx: Context) -> Outcome:
    """Whether the condition holds."""
    return _JUDGES[type(condition)](condition, ctx)


def _every(condition: All, ctx: Context) -> Outcome:
    """False as soon as one is, whatever is not known of the others."""
    unknown = []
    for item in condition.items:
        outcome = _JUDGES[type(item)](item, ctx)
        if outcome.truth is False:
            return FALSE
        if outcome.truth is None:
            unknown.append(outcome)
    return _together(unknown) if unknown else TRUE


def _any(condition: AnyOf, ctx: Context) -> Outcome:
    """True as soon as one is."""
    unknown = []
    for item in condition.items:
        outcome = _JUDGES[type(item)](item, ctx)
        if outcome.truth:
            return TRUE
        if outcome.truth is None:
            unknown.append(outcome)
    return _together(unknown) if unknown else FALSE


def _not(condition: Not, ctx: Context) -> Outcome:
    return _negate(evaluate(condition.item, ctx))


def _together(unknown: list[Outcome]) -> Outcome:
    """What is not known of several, each name and doubt once."""
    missing = dict.fromkeys(name for outcome in unknown for name in outcome.missing)
    unsure = dict.fromkeys(value for outcome in unknown for value in outcome.unsure)
    return Outcome(None, tuple(missing), tuple(unsure))


def _negate(outcome: Outcome) -> Outcome:
    if outcome.truth is None:
        return outcome
    return FALSE if outcome.truth else TRUE


def _unknown(names: tuple[str, ...], ctx: Context) -> Outcome:
    """What is not known of these names, at least one of them."""
    values = [(name, ctx.facts.get(name)) for name in names]
    missing = tuple(name for name, value in values if value is None)
    return Outcome(None, missing, tuple(value for _, value in values if isinstance(value, Unsure)))


def _truth(leaf: Truth, ctx: Context) -> Outcome:
    value = ctx.facts.get(leaf.fact)
    if value is None or isinstance(value, Unsure):
        return _unknown((leaf.fact,), ctx)
    return TRUE if value is leaf.value else FALSE


def _one_of(leaf: OneOf, ctx: Context) -> Outcome:
    value = ctx.facts.get(leaf.fact)
    if value is None or isinstance(value, Unsure):
        return _unknown((leaf.fact,), ctx)
    return TRUE if (value in leaf.values) != leaf.negated else FALSE


def _done(leaf: Done, ctx: Context) -> Outcome:
    return TRUE if ctx.recorded(leaf.milestone) != leaf.negated else FALSE


def _includes(leaf: Includes, ctx: Context) -> Outcome:
    if asks_nothing(leaf, ctx.facts):
        return TRUE
    if not _known(leaf, ctx):
        return _unknown(leaf_names(leaf), ctx)
    return TRUE if includes(leaf, ctx.facts.get(leaf.fact), ctx.facts) else FALSE


def _known(leaf: Leaf, ctx: Context) -> bool:
    """Whether all that a test reads is known."""
    return not any((value := ctx.facts.get(name)) is None or isinstance(value, Unsure) for name in leaf_names(leaf))


def _undone(leaf: Order | Period, ctx: Context) -> bool:
    """Whether a test of something done reads a moment that nobody has recorded: it has not happened."""
    return leaf.done and any(name not in ctx.facts for name in leaf_names(leaf)[:2])


def _amount(leaf: Amount, ctx: Context) -> Outcome:
    value = ctx.facts.get(leaf.fact)
    if value is None or isinstance(value, Unsure) or (leaf.bound.fact and not _known(leaf, ctx)):
        return _unknown(leaf_names(leaf), ctx)
    figure = ctx.figure(leaf.bound) if leaf.bound.fact or leaf.bound.parameter else leaf.bound
    if isinstance(figure, Unsure):
        return Outcome(None, (), (figure,))
    if isinstance(value, Money):
        same = figure.fact and value.vat == figure.vat  # two amounts of one case that say the same of VAT
        numerator, denominator = (1, 1) if same else _basis(value.vat, figure.vat, ctx)
        return _holds(value.pence * numerator * 100, leaf.op, figure.number * denominator * figure.per_cent)
    assert isinstance(value, int)
    return _holds(value * 100, leaf.op, figure.number * figure.per_cent)


def asks_nothing(leaf: Includes, facts: Mapping[str, Value]) -> bool:
    """Whether all of no choices are asked for: that holds whatever is recorded."""
    return leaf.every and isinstance(leaf.values, str) and facts.get(leaf.values) == ()


def includes(leaf: Includes, value: Value | None, facts: Mapping[str, Value]) -> bool:
    """Whether several choices, all of them known, include what the test asks for; of nothing asked for, all."""
    wanted = facts.get(leaf.values) if isinstance(leaf.values, str) else leaf.values
    assert isinstance(value, tuple) and isinstance(wanted, tuple)
    return all(word in value for word in wanted) if leaf.every else any(word in value for word in wanted)


def _basis(fact: str, figure: str, ctx: Context) -> tuple[int, int]:
    """How an amount of one VAT basis is scaled to be compared with a figure of another, as numerator, denominator."""
    if fact == "none" or (fact == figure and fact != "unstated"):
        return 1, 1
    ctx.crossed = True
    rate = abs(ctx.vat)
    up = fact == "excl" or figure == "incl" or (fact == figure and ctx.vat > 0)
    return (100 + rate, 100) if up else (100, 100 + rate)


def _holds(left: int, op: str, right: int) -> Outcome:
    held = left >= right if op == ">=" else left > right if op == ">" else left <= right if op == "<=" else left < right
    return TRUE if held else FALSE


def _moment(side: str | Moment, ctx: Context) -> Moment:
    found = ctx.facts[side] if isinstance(side, str) else side
    assert isinstance(found, Moment)
    return found


def _order(leaf: Order, ctx: Context) -> Outcome:
    if not _known(leaf, ctx):
        return FALSE if _undone(leaf, ctx) else _unknown(leaf_names(leaf), ctx)
    left, right = _moment(leaf.left, ctx), _moment(leaf.right, ctx)
    if leaf.op == "on or before":
        return TRUE if left.day <= right.day else FALSE
    if leaf.op == "on or after":
        return TRUE if left.day >= right.day else FALSE
    if leaf.op == "after":
        left, right = right, left
    if left.day != right.day:
        return TRUE if left.day < right.day else FALSE
    if left.minute is None or right.minute is None:
        return _same_day(leaf, ctx)
    return TRUE if left.minute < right.minute else FALSE


def _same_day(leaf: Order, ctx: Context) -> Outcome:
    """Two moments on one day of which an hour is not known: which came first is not known either, if hours exist."""
    terms = ctx.law.vocabulary.terms
    if any(
        side.minute is None if isinstance(side, Moment) else not terms[side].minute for side in (leaf.left, leaf.right)
    ):
        return FALSE
    return Outcome(None, tuple(name for name in leaf_names(leaf) if _moment(name, ctx).minute is None))


def _period(leaf: Period, ctx: Context) -> Outcome:
    if not _known(leaf, ctx):
        return FALSE if _undone(leaf, ctx) else _unknown(leaf_names(leaf), ctx)
    figure = ctx.figure(leaf.bound)
    if isinstance(figure, Unsure):
        return Outcome(None, (), (figure,))
    outcomes, start, end = set(), _moment(leaf.start, ctx), _moment(leaf.end, ctx)
    for first, last in ends(leaf, start, end):
        held = kept(leaf, ctx.law.calendars.get(leaf.calendar), first, last, figure.number)
        outcomes.add(_beyond(leaf) if held is None else TRUE if held else FALSE)
    return outcomes.pop() if len(outcomes) == 1 else Outcome(None, _hourless(leaf, start, end))


def _hourless(leaf: Period, start: Moment, end: Moment) -> tuple[str, ...]:
    """The ends of a period whose hour would decide and is not known."""
    asked = ((leaf.start, start), (leaf.end, end)) if leaf.clock.unit == "hours" else ((leaf.end, end),)
    return tuple(name for name, moment in asked if moment.minute is None)


def ends(leaf: Period, start: Moment, end: Moment) -> tuple[tuple[int, int], ...]:
    """From when to when a period counts, in days, or in minutes where it is of hours; both ways where that is open."""
    if leaf.clock.unit == "hours":
        return hours.between(start, end)
    return tuple((start.day + leaf.day_after, day) for day in end_days(leaf, end))


def end_days(leaf: Period, end: Moment) -> tuple[int, ...]:
    """The day a period ends on: after its cut-off hour the next one; both where the hour is not known."""
    if leaf.cut_off is None:
        return (end.day,)
    if end.minute is None:
        return (end.day, end.day + 1)
    return (end.day + (end.minute > leaf.cut_off),)


def kept(leaf: Period, calendar: Calendar | None, start: int, end: int, n: int) -> bool | None:
    """Whether a period is as long as the test asks; None beyond the calendar.

    Hours that roll are held against the minute they end at: twenty that end on a holiday run to the end of the next
    working day, thirty may end on its morning, so that no count of hours tells the two apart.
    """
    if leaf.clock.unit == "hours" and leaf.clock.roll:
        limit = (hours.earliest if leaf.op in (">=", "<") else hours.latest)(leaf.clock, calendar, start, n)
        return None if limit is None else _holds(end, leaf.op, limit).truth
    counted = counting(leaf)(leaf.clock, calendar, start, end)
    return None if counted is None else _holds(counted, leaf.op, n).truth


def _counted(leaf: Period, start: int, end: int, law: Law) -> int | None:
    """The units over by the end, or begun by it, whichever the test asks for; None beyond the calendar."""
    return counting(leaf)(leaf.clock, law.calendars.get(leaf.calendar), start, end)


def counting(leaf: Period) -> Callable[[Clock, Calendar | None, int, int], int | None]:
    """What counts a period: units that are over for a least time, units begun for a greatest."""
    least = leaf.op in (">=", "<")
    if leaf.clock.unit == "hours":
        return hours.count if least else hours.begun
    return calendars.count if least else calendars.begun


def _beyond(leaf: Period) -> Outcome:
    why = f"the calendar {leaf.calendar} does not reach these dates"
    return Outcome(None, (), (Unsure(why, leaf.calendar),))


_JUDGES: Mapping[type, Callable[[Any, Context], Outcome]] = {
    All: _every,
    AnyOf: _any,
    Not: _not,
    Truth: _truth,
    OneOf: _one_of,
    Includes: _includes,
    Amount: _amount,
    Order: _order,
    Done: _done,
    Period: _period,
}


# Explaining -------------------------------------------------------------------------------------------------------


def earliest(condition: Condition, ctx: Context, moving: frozenset[str]) -> int | None:
    """The first day, today or later, on which the condition holds if the step waits; None if waiting never helps.

    `moving` names the step's own milestone and whatever is derived from it. A day is tried at its end.
    """
    if evaluate(condition, ctx).truth:
        return ctx.today.day
    timed = [leaf for leaf in leaves(condition) if isinstance(leaf, Order | Period)]
    if not timed:
        return None
    turning = {day for leaf in timed for day in _turning(leaf, ctx, moving) if day > ctx.today.day}
    return next((day for day in (ctx.today.day, *sorted(turning)) if _holds_on(day, condition, ctx, moving)), None)


def _turning(leaf: Leaf, ctx: Context, moving: frozenset[str]) -> tuple[int, ...]:
    """The days on which a test of something that moves may begin to hold."""
    if isinstance(leaf, Order):
        sides = [side if isinstance(side, Moment) else ctx.facts.get(side) for side in (leaf.left, leaf.right)]
        return tuple(day for side in sides if isinstance(side, Moment) for day in (side.day, side.day + 1))
    if not isinstance(leaf, Period) or leaf.end not in moving:
        return ()
    start, figure, calendar = ctx.facts.get(leaf.start), ctx.figure(leaf.bound), ctx.law.calendars.get(leaf.calendar)
    if not isinstance(start, Moment) or isinstance(figure, Unsure):
        return ()
    if leaf.clock.unit == "hours":
        return _turning_hours(leaf, start, figure.number, calendar)
    begun = start.day + leaf.day_after
    over = calendars.earliest(leaf.clock, calendar, begun, figure.number)
    reached = calendars.latest(leaf.clock, calendar, begun, figure.number)
    found = [day for day in (over, None if reached is None else reached + 1) if day is not None]
    return tuple(found if leaf.cut_off is None else [day - early for day in found for early in (1, 0)])


def _turning_hours(leaf: Period, start: Moment, n: int, calendar: Calendar | None) -> tuple[int, ...]:
    """The same for a period of hours, from the first and the last minute at which it may have begun."""
    begun = {first for first, _ in hours.between(start, start)}
    over = [hours.earliest(leaf.clock, calendar, first, n) for first in begun]
    reached = [hours.latest(leaf.clock, calendar, first, n) for first in begun]
    return tuple(minute // hours.DAY + late for minute in (*over, *reached) if minute is not None for late in (0, 1))


def _holds_on(day: int, condition: Condition, ctx: Context, moving: frozenset[str]) -> bool:
    """Whether the condition holds if the step is taken at the end of that day."""
    if day > calendars.LAST_DAY:
        return False
    terms, evening = ctx.law.vocabulary.terms, Moment(day, 23 * 60 + 59)
    moved = {name: evening if terms[name].minute else Moment(day) for name in moving}
    later = Context(ctx.law, {**ctx.facts, **moved}, evening, ctx.vat, presumed=ctx.presumed)
    return evaluate(condition, later).truth is True


def required(condition: Condition, figure_of: Callable[[Bound], Bound | Unsure]) -> str:
    """What is required, with the figures of the day (`Context.figure`)."""

    def figure(bound: Bound, is_money: bool) -> str:
        found = figure_of(bound)
        if isinstance(found, Unsure):
            return f"a figure nobody has confirmed ({bound.parameter})"
        said = words(Money(found.number, found.vat)) if is_money else f"{found.number:,}"
        share = "" if bound.per_cent == 100 else f"{bound.per_cent} per cent of "
        return f"{share}{bound.fact} ({said})" if bound.fact else f"{share}{said}"

    return say(condition, figure)


def found(condition: Condition, ctx: Context) -> str:
    """What was found: the tests that decided the answer, each with its value."""
    deciding = _deciding(condition, evaluate(condition, ctx).truth, ctx)
    return "; ".join(dict.fromkeys(_found(leaf, ctx) for leaf in deciding))


def _deciding(condition: Condition, truth: bool | None, ctx: Context) -> list[Leaf]:
    """The tests by which a condition has the truth it has."""
    each: list[tuple[Condition, bool | None]]
    match condition:
        case All(items) if truth:
            each = [(item, True) for item in items]
        case All(items):
            each = [(item, truth) for item in items if evaluate(item, ctx).truth is truth]
        case AnyOf(items) if truth:
            each = [(item, True) for item in items if evaluate(item, ctx).truth]
        case AnyOf(items):
            each = [(item, evaluate(item, ctx).truth) for item in _tried(items, ctx)]
        case Not(item):
            each = [(item, None if truth is None else not truth)]
        case _:
            return [condition]
    return [leaf for item, its in each for leaf in _deciding(item, its, ctx)]


def _tried(items: tuple[Condition, ...], ctx: Context) -> tuple[Condition, ...]:
    """Of alternatives none of which holds, those that were tried: something they want done was done."""
    return tuple(item for item in items if not undone(item, ctx)) or items


def undone(condition: Condition, ctx: Context) -> tuple[str, ...]:
    """The milestones the condition wants done that nobody has recorded."""
    return tuple(name for name in wants_done(condition, ctx.law) if name not in ctx.facts)


def wants_done(condition: Condition, law: Law) -> tuple[str, ...]:
    """The milestones somebody records that the condition wants done."""
    wanted: dict[str, None] = {}
    for leaf in leaves(condition):
        if (isinstance(leaf, Done) and not leaf.negated and not leaf.fact) or (
            isinstance(leaf, Order | Period) and leaf.done
        ):
            wanted.update(dict.fromkeys(leaf_names(leaf)[:2]))
    terms = law.vocabulary.terms
    return tuple(name for name in wanted if not terms[name].derived)


def _found(leaf: Leaf, ctx: Context) -> str:
    if isinstance(leaf, Period):
        start, end = ctx.facts.get(leaf.start), ctx.facts.get(leaf.end)
        return found_period(leaf, start, end, ctx.law, ctx.presumed)
    terms = ctx.law.vocabulary.terms
    return ", ".join(
        f"{name}: {told(ctx.facts.get(name), terms[name].public, name in ctx.presumed)}" for name in leaf_names(leaf)
    )


def told(value: Value | None, public: bool, presumed: bool = False) -> str:
    """A value as an answer tells it: not what is sealed, and that it is presumed where nobody stated it."""
    if value is None:
        return "not recorded"
    if not public:
        return "recorded, sealed"
    return words(value) + (PRESUMED if presumed else "")


def found_period(leaf: Period, start: Value | None, end: Value | None, law: Law, presumed: Collection[str] = ()) -> str:
    """How long a period was, from when to when; or what is known of its ends."""
    if isinstance(start, Moment) and isinstance(end, Moment) and _open(leaf, law):
        if leaf.clock.unit == "hours":
            return _found_hours(leaf, start, end, law)
        counted = _counted(leaf, start.day + leaf.day_after, end.day, law)
        said = f"{leaf.said} beyond the calendar" if counted is None else f"{counted} {leaf.said}"
        return f"{said}, {leaf.start} {Moment(start.day)} to {leaf.end} {Moment(end.day)}"
    ends, terms = ((leaf.start, start), (leaf.end, end)), law.vocabulary.terms
    return ", ".join(f"{name}: {told(value, terms[name].public, name in presumed)}" for name, value in ends)


def _found_hours(leaf: Period, start: Moment, end: Moment, law: Law) -> str:
    """The hours between two moments: from how many to how many where one of them has no hour."""
    counted = {_counted(leaf, first, last, law) or 0 for first, last in ends(leaf, start, end)}
    said = " to ".join(map(str, sorted(counted)))
    return f"{said} hours, {leaf.start} {start} to {leaf.end} {end}"


def _open(leaf: Period, law: Law) -> bool:
    """Whether anybody may see both ends of the period."""
    return all(law.vocabulary.terms[name].public for name in (leaf.start, leaf.end))


class Working(NamedTuple):
    """The day-by-day working of one period, and when its start should have been for this end to be lawful."""

    title: str
    marks: tuple[DayMark, ...]
    latest_start: int | None


def workings(condition: Condition, ctx: Context) -> tuple[Working, ...]:
    """The working of every period in the condition whose two ends are known and for anybody to see."""
    found: list[Working] = []
    for leaf in leaves(condition):
        start = ctx.facts.get(leaf.start) if isinstance(leaf, Period) else None
        end = ctx.facts.get(leaf.end) if isinstance(leaf, Period) else None
        if isinstance(leaf, Period) and isinstance(start, Moment) and isinstance(end, Moment) and _open(leaf, ctx.law):
            hourly = leaf.clock.unit == "hours"
            begun = start.day + leaf.day_after
            found.append(_hours_working(leaf, start, ctx) if hourly else _working(leaf, begun, end.day, ctx))
    return tuple(found)


def _hours_working(leaf: Period, start: Moment, ctx: Context) -> Working:
    """When the hours are over, or were: no day is counted."""
    figure, calendar = ctx.figure(leaf.bound), ctx.law.calendars.get(leaf.calendar)
    title = f"hours from {leaf.start}, {start}, to {leaf.end}"
    if isinstance(figure, Unsure) or start.minute is None:
        return Working(title, (), None)
    limit = hours.earliest if leaf.op in (">=", "<") else hours.latest
    minute = limit(leaf.clock, calendar, start.day * hours.DAY + start.minute, figure.number)
    over = "" if minute is None else f": {figure.number} of them end on {Moment(*divmod(minute, hours.DAY))}"
    return Working(f"{title}{over}", (), None)


def _working(leaf: Period, start: int, end: int, ctx: Context) -> Working:
    """Counted to the end, or on to the first lawful end where that is later."""
    calendar, figure = ctx.law.calendars.get(leaf.calendar), ctx.figure(leaf.bound)
    title, latest, shown = f"{leaf.said} from {leaf.start} to {leaf.end}", None, end
    if not isinstance(figure, Unsure) and leaf.op == ">=":
        latest = calendars.latest_start(leaf.clock, calendar, end, figure.number)
        latest = None if latest is None else latest - leaf.day_after
        limit = calendars.earliest(leaf.clock, calendar, start, figure.number)
        if limit is not None and limit > end:
            shown, title = limit, f"{figure.number} {title}: not before {Moment(limit)}"
    return Working(title, calendars.working_out(leaf.clock, calendar, start, shown), latest)
