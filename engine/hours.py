"""Periods of hours: from one minute to another by the clock on the wall, in the words and numbers of `calendars`.

A minute is an int: the day's ordinal times 1,440, and the minutes since midnight. A period of n hours from minute m is
over at m + 60 n; what must be done within it may still be done at that minute. Where the clock rolls, a period that
would end on a day that is not a working day ends with the next working day. In the two nights a year on which the
clocks change, the hour that is skipped or repeated is not made up for.
"""

from __future__ import annotations

from engine.calendars import LAST_DAY, Calendar, Clock
from engine.model import Moment

HOUR, DAY = 60, 1440
NEVER = (LAST_DAY + 1) * DAY


def between(start: Moment, end: Moment) -> tuple[tuple[int, int], ...]:
    """The two minutes; where an hour is not known, the longest and the shortest time that may lie between them."""
    longest = _minute(start, 0), _minute(end, DAY - 1)
    shortest = _minute(start, DAY - 1), _minute(end, 0)
    return tuple(dict.fromkeys((longest, shortest)))


def count(_: Clock, calendar: Calendar | None, start: int, end: int) -> int:
    """The hours over by `end`, rolled or not; 0 when there are none."""
    return max(0, end - start) // HOUR


def begun(_: Clock, calendar: Calendar | None, start: int, end: int) -> int:
    """The hours begun by `end`, rolled or not; 0 when there are none."""
    return -(-max(0, end - start) // HOUR)


def earliest(clock: Clock, calendar: Calendar | None, start: int, n: int) -> int | None:
    """The first minute at which a period of at least n hours from `start` is over."""
    return start if n <= 0 else _ends(clock, calendar, start + n * HOUR)


def latest(clock: Clock, calendar: Calendar | None, start: int, n: int) -> int | None:
    """The last minute that is within n hours of `start`; None also when n is below 0."""
    if n <= 0:
        return None if n < 0 else start
    end = start + n * HOUR
    rolled = _ends(clock, calendar, end)
    return rolled if rolled in (None, end) else rolled - 1  # the last minute of the day it rolled to


def _ends(clock: Clock, calendar: Calendar | None, end: int) -> int | None:
    """When a period that would end at a minute ends: there, or with the next working day."""
    if not clock.roll:
        return end if end < NEVER else None
    day = end // DAY
    if calendar is None or not calendar.knows(day):
        return None
    if calendar.is_working(day):
        return end
    while calendar.knows(day):
        if calendar.is_working(day):
            return (day + 1) * DAY
        day += 1
    return None


def _minute(moment: Moment, otherwise: int) -> int:
    return moment.day * DAY + (otherwise if moment.minute is None else moment.minute)
