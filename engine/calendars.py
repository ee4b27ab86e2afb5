"""Bank-holiday calendars, and clocks that count the days between two days as the law counts them.

A day is an int, as `date.toordinal()` gives it. A period that starts on A and ends on B holds the days from A (or from
the day after, where the first day is excluded) to B (or to the day before, where the last is excluded).

    a rule says    as whole numbers    as end days
    at least n     count >= n          end >= earliest
    less than n    count < n           end < earliest
    at most n      begun <= n          end <= latest
    more than n    begun > n           end > latest

The two columns agree on every day. For plain days `count` and `begun` are the same number; for weeks, months and years
one is the whole units over and the other those under way, and only the right one of the two answers the question.
Where a calendar is needed and missing, or does not reach, the answer is None: never a guess.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, date
from typing import Literal

Unit = Literal["days", "working days", "weeks", "months", "years", "hours"]  # of hours: `hours`

LAST_DAY = date.max.toordinal()
MOST_MARKS = 400

_SIZE: Mapping[Unit, int] = {"days": 1, "working days": 1, "weeks": 7, "months": 1, "years": 12}
_WEEKEND = ("Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Calendar:
    """The bank holidays of one place: name by day, known from `first` to `last`, both included."""

    id: str
    title: str
    names: Mapping[int, str] = field(hash=False, repr=False)
    first: int
    last: int
    parts: tuple[str, ...] = ()  # ids of the calendars this is the union of; their titles then stand in the names
    _weekdays_off: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_weekdays_off", tuple(sorted(day for day in self.names if not _weekend(day))))

    def knows(self, day: int) -> bool:
        """Whether the day lies within what the calendar knows."""
        return self.first <= day <= self.last

    def is_working(self, day: int) -> bool:
        """Whether a known day is neither Saturday, Sunday nor a bank holiday; False for a day not known."""
        return self.knows(day) and not _weekend(day) and day not in self.names

    def working_days(self, first: int, last: int) -> int:
        """How many working days lie from `first` to `last`, both included and known; 0 when last is before first."""
        if last < first:
            return 0
        off = bisect_right(self._weekdays_off, last) - bisect_left(self._weekdays_off, first)
        return _weekdays_to(last) - _weekdays_to(first - 1) - off


@dataclass(frozen=True, slots=True)
class Clock:
    """How days are counted between two days."""

    unit: Unit
    first_day: Literal["counts", "excluded"]
    last_day: Literal["counts", "excluded"]
    roll: Literal["", "forward"] = ""  # a period that would end on another day ends on the next working day
    holds_working: int = 0  # a period of at least one unit holds at least this many working days


@dataclass(frozen=True, slots=True)
class DayMark:
    """One day of a period, whether it counts, and why or as which."""

    day: int
    counted: bool
    why: str


# ---- answers ---------------------------------------------------------------------------------------------------


def count(clock: Clock, calendar: Calendar | None, start: int, end: int) -> int | None:
    """The greatest n such that a period of n units from `start` is over by `end`; 0 when there is none.

    For a rule that says "at least". Whole units only: 59 days are 1 month.
    """
    first, last = _counted(clock, start, end)
    if last < first:
        return 0
    if not _reaches(clock, calendar, first, last):
        return None
    if calendar and clock.holds_working and calendar.working_days(first, last) < clock.holds_working:
        return 0
    if calendar and clock.roll:  # a period that rolls is over only on a working day
        last = _working_by(calendar, first, last)
    return _completed(clock, calendar, start, last)


def begun(clock: Clock, calendar: Calendar | None, start: int, end: int) -> int | None:
    """The least n such that a period of n units from `start` reaches `end`; 0 when end comes before the first unit.

    For a rule that says "at most" or "within". Begun units: 59 days are 2 months; a Saturday is out of time for a
    period of working days that ended on the Friday.
    """
    first, reach = _counted(clock, start, end)
    if reach < first:
        return 0
    if not _reaches(clock, calendar, first, reach):
        return None
    if calendar and clock.unit == "working days" and clock.last_day == "excluded":
        reach = _working_by(calendar, first, reach)
    if reach < first:
        return 0
    if calendar and clock.roll:  # whatever ends after the last working day before `reach` rolls to it or beyond
        reach = _working_by(calendar, first, reach - 1) + 1
    if calendar and clock.holds_working and calendar.working_days(first, reach - 1) < clock.holds_working:
        return 1
    before = _completed(clock, calendar, start, reach - 1)
    return None if before is None else before + 1


def earliest(clock: Clock, calendar: Calendar | None, start: int, n: int) -> int | None:
    """The first end day of a period of at least n units from `start`, which may be a day that is not a working day."""
    if n <= 0:
        return _real(start)
    over = _over(clock, calendar, start, n)
    return None if over is None else _real(over + (clock.last_day == "excluded"))


def latest(clock: Clock, calendar: Calendar | None, start: int, n: int) -> int | None:
    """The last end day of a period of at most n units from `start`; None also when n is below 0.

    In working days it is itself a working day. For n = 0 it is the last day before the first unit begins.
    """
    if n < 0:
        return None
    over = _first(clock, start) - 1 if n == 0 else _over(clock, calendar, start, n)
    if over is None:
        return None
    if clock.last_day == "counts":
        return _real(over)
    return _next_working(calendar, over + 1) if clock.unit == "working days" else _real(over + 1)


def latest_start(clock: Clock, calendar: Calendar | None, end: int, n: int) -> int | None:
    """The last start from which a period of at least n units is over by `end`: to publish the notice by."""
    if n <= 0:
        return _real(end)
    lowest = 1
    if _needs_calendar(clock):
        if calendar is None or not calendar.knows(_last(clock, end)):
            return None
        lowest = calendar.first - (clock.first_day == "excluded")
    starts = range(lowest, min(end, LAST_DAY) + 1)  # the later the start, the fewer units are over by the end
    fitting = bisect_right(starts, -n, key=lambda start: -(count(clock, calendar, start, end) or 0))
    return starts[fitting - 1] if fitting else None


def working_out(clock: Clock, calendar: Calendar | None, start: int, end: int) -> tuple[DayMark, ...]:
    """Every day from `start` to `end` with why it counts or not, for people; at most the first `MOST_MARKS` of them."""
    return tuple(_marks(clock, calendar, start, end))


# ---- making calendars ------------------------------------------------------------------------------------------


def from_dates(id: str, title: str, dates: Mapping[str, str], first: str, last: str) -> Calendar:
    """The calendar of holidays named by ISO date, known from `first` to `last`; ValueError for a wrong date.

    Wrong is text that is not a date, and a holiday outside the two ends.
    """
    known = range(_ordinal(first), _ordinal(last) + 1)
    names = {_ordinal(day): name for day, name in sorted(dates.items())}
    outside = [day for day in dates if _ordinal(day) not in known]
    if outside:
        raise ValueError(f"{outside[0]} is outside {first} to {last}")
    return Calendar(id, title, names, _ordinal(first), _ordinal(last))


def union(id: str, title: str, calendars: Sequence[Calendar]) -> Calendar:
    """A calendar whose holidays are those of any of these; it knows only the days that all of them know."""
    first = max((calendar.first for calendar in calendars), default=1)
    last = min((calendar.last for calendar in calendars), default=0)
    days = sorted({day for calendar in calendars for day in calendar.names if first <= day <= last})
    names = {day: _joined(day, calendars) for day in days}
    return Calendar(id, title, names, first, last, tuple(calendar.id for calendar in calendars))


def _joined(day: int, calendars: Sequence[Calendar]) -> str:
    """The names of a day's holiday; the titles of the places that have it, unless all have it by one name."""
    places: dict[str, list[str]] = {}
    for calendar in calendars:
        if day in calendar.names:
            places.setdefault(calendar.names[day], []).append(calendar.title)
    if [len(titles) for titles in places.values()] == [len(calendars)]:
        return next(iter(places))
    return "; ".join(f"{name} ({', '.join(titles)})" for name, titles in places.items())


def _ordinal(text: str) -> int:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.isoformat() != text:
        raise ValueError(f"{text!r} is not a date")
    return day.toordinal()


# ---- arithmetic ------------------------------------------------------------------------------------------------


def _first(clock: Clock, start: int) -> int:
    return start + (clock.first_day == "excluded")


def _last(clock: Clock, end: int) -> int:
    return end - (clock.last_day == "excluded")


def _counted(clock: Clock, start: int, end: int) -> tuple[int, int]:
    """The first and the last day inside the period; an empty period has its last before its first."""
    return _first(clock, start), _last(clock, end)


def _needs_calendar(clock: Clock) -> bool:
    return clock.unit == "working days" or bool(clock.roll) or clock.holds_working > 0


def _reaches(clock: Clock, calendar: Calendar | None, first: int, last: int) -> bool:
    """Whether the clock can count these days: it needs no calendar, or its calendar knows them all."""
    return not _needs_calendar(clock) or (calendar is not None and calendar.knows(first) and calendar.knows(last))


def _over(clock: Clock, calendar: Calendar | None, start: int, n: int) -> int | None:
    """The last day of a period of n units, n at least 1: the n-th unit's, later where the clock holds or rolls."""
    first = _first(clock, start)
    day = _unit_ends(clock, calendar, start, n)
    if day is not None and clock.holds_working > 0:
        held = _nth_working(calendar, first, clock.holds_working)
        day = None if held is None else max(day, held)
    if day is None or not _reaches(clock, calendar, first, day):
        return None
    return _next_working(calendar, day) if clock.roll else day


def _unit_ends(clock: Clock, calendar: Calendar | None, start: int, n: int) -> int | None:
    """The day on which the n-th unit from `start` ends, n at least 1."""
    if clock.unit == "working days":
        return _nth_working(calendar, _first(clock, start), n)
    if clock.unit in ("months", "years"):
        return _corresponding(clock, start, n * _SIZE[clock.unit])
    return _first(clock, start) - 1 + n * _SIZE[clock.unit]


def _completed(clock: Clock, calendar: Calendar | None, start: int, last: int) -> int | None:
    """How many whole units from `start` have ended by the day `last`, before any holding or rolling."""
    if clock.unit == "working days":
        return calendar.working_days(_first(clock, start), last) if calendar else None
    if clock.unit in ("months", "years"):
        months = _months_completed(clock, start, last)
        return None if months is None else months // _SIZE[clock.unit]
    return max(0, last - _first(clock, start) + 1) // _SIZE[clock.unit]


def _corresponding(clock: Clock, start: int, months: int) -> int | None:
    """The day on which a period of months ends by the corresponding date rule (Dodds v Walker [1981] 1 WLR 1027, HL).

    After the first day: the same date of the last month. Beginning with it: the day before. The last day of that month
    where it has no such date.
    """
    if _real(start) is None:
        return None
    day = date.fromordinal(start)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > MAXYEAR:
        return None
    date_in_month = min(day.day - (clock.first_day == "counts"), monthrange(year, month + 1)[1])
    return date(year, month + 1, 1).toordinal() - 1 + date_in_month


def _months_completed(clock: Clock, start: int, last: int) -> int | None:
    """How many whole months from `start` have ended by the day `last`: at most one off the difference of the months."""
    if _real(start) is None or _real(last) is None:
        return None
    a, b = date.fromordinal(start), date.fromordinal(last)
    months = (b.year - a.year) * 12 + b.month - a.month
    for n in (months + 1, months):
        ends = _corresponding(clock, start, n)
        if ends is not None and ends <= last:
            return max(0, n)
    return max(0, months - 1)


def _nth_working(calendar: Calendar | None, day: int, n: int) -> int | None:
    """The n-th working day on or after a day, n at least 1."""
    if calendar is None or not calendar.knows(day):
        return None
    days = range(day, calendar.last + 1)
    place = bisect_left(days, n, key=lambda other: calendar.working_days(day, other))
    return days[place] if place < len(days) else None


def _next_working(calendar: Calendar | None, day: int) -> int | None:
    """The day itself, or else the next working day after it."""
    while calendar is not None and calendar.knows(day):
        if calendar.is_working(day):
            return day
        day += 1
    return None


def _working_by(calendar: Calendar, first: int, day: int) -> int:
    """The day itself, or else the last working day before it; the day before `first` when there is none from there."""
    while day >= first and not calendar.is_working(day):
        day -= 1
    return max(day, first - 1)


def _weekend(day: int) -> bool:
    return day % 7 in (6, 0)  # ordinal 1 is a Monday


def _weekdays_to(day: int) -> int:
    """How many Mondays to Fridays lie from ordinal 1 to a day."""
    return day // 7 * 5 + min(day % 7, 5)


def _real(day: int) -> int | None:
    """The day, where it is one that `date` can name."""
    return day if 1 <= day <= LAST_DAY else None


# ---- the working, for people -----------------------------------------------------------------------------------


def _marks(clock: Clock, calendar: Calendar | None, start: int, end: int) -> Iterator[DayMark]:
    number = 0
    for day in range(start, min(end + 1, start + MOST_MARKS)):
        why = _uncounted(clock, calendar, day, start, end)
        number += not why
        yield DayMark(day, not why, why or _numbered(clock, calendar, day, number))


def _uncounted(clock: Clock, calendar: Calendar | None, day: int, start: int, end: int) -> str:
    """Why a day does not count; empty when it does."""
    if day == start and clock.first_day == "excluded":
        return "first day excluded"
    if day == end and clock.last_day == "excluded":
        return "last day excluded"
    return _day_off(calendar, day) if clock.unit == "working days" else ""


def _numbered(clock: Clock, calendar: Calendar | None, day: int, number: int) -> str:
    """Which day of the period this is, and what keeps the period from ending on it where the clock rolls or holds."""
    if clock.unit == "working days":
        return f"working day {number}"
    off = _day_off(calendar, day) if _needs_calendar(clock) else ""
    return f"day {number}, {off}" if off else f"day {number}"


def _day_off(calendar: Calendar | None, day: int) -> str:
    """Why a day is not a working day; empty when it is one."""
    if calendar is None or not calendar.knows(day):
        return "outside the calendar"
    if _weekend(day):
        return _WEEKEND[day % 7 != 6]
    name = calendar.names.get(day, "")
    return name if calendar.parts or not name else f"{name} ({calendar.title})"
