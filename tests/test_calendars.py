"""Bank holidays against two other sources, and clocks against counts written a second time, day by day.

The facts of law are read in place, outside this project.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from govuk_bank_holidays.bank_holidays import BankHolidays
from holidays import country_holidays
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.calendars import (
    LAST_DAY,
    MOST_MARKS,
    Calendar,
    Clock,
    begun,
    count,
    earliest,
    from_dates,
    latest,
    latest_start,
    union,
    working_out,
)

HERE = Path(__file__).resolve().parents[1]
LAW = HERE.parent / "shared" / "law" / "pa2023.yaml"
NATIONS = {
    "england-and-wales": ("ENG", BankHolidays.ENGLAND_AND_WALES),
    "scotland": ("SCT", BankHolidays.SCOTLAND),
    "northern-ireland": ("NIR", BankHolidays.NORTHERN_IRELAND),
}
ST_ANDREWS_2006 = date(2006, 11, 30)  # not yet: St Andrew's Day Bank Holiday (Scotland) Act 2007
WORLD_CUP_2026 = date(2026, 6, 15)  # in Scotland, by proclamation


def written(name: str) -> dict[str, Any]:
    """One calendar file with every scalar as text."""
    text = (HERE / "rules" / "calendars" / f"{name}.yaml").read_text(encoding="utf-8")
    plain: dict[str, Any] = yaml.load(text, yaml.BaseLoader)
    return plain


def loaded(name: str) -> Calendar:
    plain = written(name)
    return from_dates(plain["calendar"], plain["title"], plain["days"], plain["from"], plain["to"])


ENGLAND, SCOTLAND, NORTHERN_IRELAND = (loaded(name) for name in NATIONS)
UNITED_KINGDOM = union("united-kingdom", "Any part of the United Kingdom", [ENGLAND, SCOTLAND, NORTHERN_IRELAND])

CLEAR_DAYS = Clock("days", "excluded", "excluded")
DAYS_AFTER = Clock("days", "excluded", "counts")
WORKING_DAYS_AFTER = Clock("working days", "excluded", "counts")
WORKING_DAYS_BEGINNING = Clock("working days", "counts", "counts")
STANDSTILL = Clock("working days", "counts", "excluded")
MONTHS_AFTER = Clock("months", "excluded", "counts")
MONTHS_BEGINNING = Clock("months", "counts", "counts")
OLD_DAYS = Clock("days", "excluded", "counts", "forward", 2)


def day(iso: str) -> int:
    return date.fromisoformat(iso).toordinal()


def iso(ordinal: int | None) -> str:
    return "unknown" if ordinal is None else date.fromordinal(ordinal).isoformat()


# ---- the shipped calendars -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NATIONS)
def test_every_weekday_of_2006_to_2028_agrees_with_the_holidays_package(name: str) -> None:
    calendar, theirs = loaded(name), country_holidays("GB", subdiv=NATIONS[name][0], years=range(2006, 2029))
    differing = {
        date.fromordinal(d)
        for d in range(day("2006-01-01"), day("2028-12-31") + 1)
        if date.fromordinal(d).weekday() < 5 and (d in calendar.names) != (date.fromordinal(d) in theirs)
    }
    assert differing == ({ST_ANDREWS_2006} if name == "scotland" else set())


def test_st_andrews_day_was_no_bank_holiday_before_its_act() -> None:
    assert SCOTLAND.is_working(ST_ANDREWS_2006.toordinal())
    assert not SCOTLAND.is_working(day("2007-11-30"))


@pytest.mark.parametrize("name", NATIONS)
def test_every_day_agrees_with_the_published_copy_of_the_gov_uk_list(name: str) -> None:
    listed = BankHolidays(use_cached_holidays=True).get_holidays(division=NATIONS[name][1])
    theirs = {holiday["date"] for holiday in listed}
    years = {holiday.year for holiday in theirs}
    assert years >= set(range(2012, 2028))
    ours = {date.fromordinal(d) for d in loaded(name).names if date.fromordinal(d).year in years}
    differing = ours ^ {holiday for holiday in theirs if holiday.year <= 2028}
    assert differing <= ({WORLD_CUP_2026} if name == "scotland" else set())


def test_the_world_cup_holiday_is_scotlands_alone() -> None:
    d = WORLD_CUP_2026.toordinal()
    assert [c.is_working(d) for c in (ENGLAND, SCOTLAND, NORTHERN_IRELAND, UNITED_KINGDOM)] == [
        True,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize("name", NATIONS)
def test_calendar_files_are_complete_sorted_and_hold_weekdays_only(name: str) -> None:
    plain, calendar = written(name), loaded(name)
    keys = ["calendar", "title", "from", "to", "source", "source_facts", "checked", "days"]
    assert list(plain) == keys
    assert plain["calendar"] == name
    assert (plain["from"], plain["to"]) == ("2006-01-01", "2028-12-31")
    assert list(plain["days"]) == sorted(plain["days"])
    assert all(date.fromordinal(d).weekday() < 5 for d in calendar.names)
    assert all(calendar.names.values())


@pytest.mark.parametrize("name", [*NATIONS, "united-kingdom"])
def test_calendar_files_have_no_tags_anchors_or_repeated_keys(name: str) -> None:
    text = (HERE / "rules" / "calendars" / f"{name}.yaml").read_text(encoding="utf-8")
    events = list(yaml.parse(text))
    assert not any(getattr(event, "anchor", None) or getattr(event, "tag", None) for event in events)
    mapping = yaml.compose(text, yaml.BaseLoader)
    for node in [mapping, *(value for _, value in mapping.value if isinstance(value, yaml.MappingNode))]:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys))


def test_the_united_kingdom_is_the_union_of_the_three() -> None:
    plain = written("united-kingdom")
    assert plain["union"] == list(NATIONS)
    assert (plain["calendar"], plain["title"]) == (UNITED_KINGDOM.id, UNITED_KINGDOM.title)


@pytest.mark.skipif(not LAW.is_file(), reason="the facts of law (shared/law) are absent")
def test_the_union_is_the_list_in_the_facts_of_law() -> None:
    facts = {fact["id"]: fact for fact in yaml.load(LAW.read_text(encoding="utf-8"), yaml.CSafeLoader)}
    listed = facts["pa23.meta.bank_holidays_uk_union"]["value"]
    assert set(listed) == {"2025", "2026", "2027", "2028"}
    for year, days in listed.items():
        assert [iso(d) for d in UNITED_KINGDOM.names if iso(d).startswith(year)] == days


@pytest.mark.parametrize(
    ("calendar", "holiday", "name"),
    [
        (SCOTLAND, "2006-01-03", "New Year's Day (substitute day)"),
        (SCOTLAND, "2010-01-04", "2nd January (substitute day)"),
        (SCOTLAND, "2011-01-04", "2nd January (substitute day)"),
        (SCOTLAND, "2022-01-04", "2nd January (substitute day)"),
        (SCOTLAND, "2026-08-03", "Summer bank holiday"),
        (SCOTLAND, "2024-12-02", "St Andrew's Day (substitute day)"),
        (ENGLAND, "2011-04-29", "Royal wedding bank holiday"),
        (ENGLAND, "2012-06-04", "Spring bank holiday"),
        (ENGLAND, "2012-06-05", "Queen's Diamond Jubilee"),
        (ENGLAND, "2020-05-08", "Early May bank holiday (VE day)"),
        (ENGLAND, "2022-09-19", "Bank Holiday for the State Funeral of Queen Elizabeth II"),
        (ENGLAND, "2023-05-08", "Bank holiday for the coronation of King Charles III"),
        (NORTHERN_IRELAND, "2025-07-14", "Battle of the Boyne (Orangemen's Day) (substitute day)"),
    ],
)
def test_one_off_and_substitute_days_stand_with_their_names(calendar: Calendar, holiday: str, name: str) -> None:
    assert calendar.names[day(holiday)] == name


@pytest.mark.parametrize(
    ("calendar", "ordinary"),
    [
        (ENGLAND, "2012-05-28"),
        (ENGLAND, "2020-05-04"),
        (ENGLAND, "2022-05-30"),
        (ENGLAND, "2026-01-02"),
        (SCOTLAND, "2026-04-06"),
        (SCOTLAND, "2026-08-31"),
    ],
)
def test_days_whose_holiday_moved_or_belongs_elsewhere_are_working_days(calendar: Calendar, ordinary: str) -> None:
    assert calendar.is_working(day(ordinary))


# ---- making calendars ------------------------------------------------------------------------------------------


def test_a_union_is_known_only_where_all_its_parts_are() -> None:
    early = from_dates("a", "A", {"2025-01-01": "New Year"}, "2025-01-01", "2025-12-31")
    late = from_dates("b", "B", {"2026-01-01": "New Year", "2025-07-01": "B's day"}, "2025-06-01", "2026-12-31")
    both = union("u", "A or B", [early, late])
    assert (iso(both.first), iso(both.last)) == ("2025-06-01", "2025-12-31")
    assert both.names == {day("2025-07-01"): "B's day (B)"}
    assert both.parts == ("a", "b")


def test_a_union_says_whose_holiday_it_is_unless_it_is_everybodys() -> None:
    assert UNITED_KINGDOM.names[day("2026-04-03")] == "Good Friday"
    assert UNITED_KINGDOM.names[day("2026-04-06")] == "Easter Monday (England and Wales, Northern Ireland)"
    assert UNITED_KINGDOM.names[day("2012-01-02")] == (
        "New Year's Day (substitute day) (England and Wales, Northern Ireland); 2nd January (Scotland)"
    )


def test_a_union_of_nothing_knows_no_day() -> None:
    assert not any(union("none", "None", []).knows(d) for d in (1, day("2025-01-01"), LAST_DAY))


@pytest.mark.parametrize(
    "wrong", ["2025-02-30", "20250101", "2025-W01-1", "1 May 2025", "", "2024-12-31", "2026-01-01"]
)
def test_a_holiday_that_is_no_date_or_outside_the_calendar_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong or "''"):
        from_dates("x", "X", {"2025-05-01": "A day", wrong: "Another"}, "2025-01-01", "2025-12-31")


def test_calendars_of_the_same_days_are_equal_and_can_be_keys() -> None:
    assert loaded("scotland") == SCOTLAND
    assert len({loaded("scotland"), SCOTLAND, ENGLAND}) == 2


# ---- examples --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "calendar", "start", "n", "end"),
    [
        (CLEAR_DAYS, None, "2025-06-17", 28, "2025-07-16"),
        (CLEAR_DAYS, None, "2025-07-01", 5, "2025-07-07"),
        (DAYS_AFTER, None, "2025-06-17", 30, "2025-07-17"),
        # Find a Tender's pipeline window: 56 days beginning with 1 April end on 26 May
        (Clock("days", "counts", "counts"), None, "2025-04-01", 56, "2025-05-26"),
        (STANDSTILL, UNITED_KINGDOM, "2026-04-02", 8, "2026-04-16"),
        (WORKING_DAYS_BEGINNING, UNITED_KINGDOM, "2025-12-15", 8, "2025-12-24"),
        # the eighth working day is a Friday: the standstill is over at its end, so the Saturday is late enough
        (STANDSTILL, UNITED_KINGDOM, "2026-02-04", 8, "2026-02-14"),
        (STANDSTILL, UNITED_KINGDOM, "2026-06-08", 8, "2026-06-19"),
        (STANDSTILL, ENGLAND, "2026-06-08", 8, "2026-06-18"),
        (WORKING_DAYS_AFTER, ENGLAND, "2025-07-16", 7, "2025-07-25"),
        (WORKING_DAYS_AFTER, ENGLAND, "2025-07-26", 1, "2025-07-28"),
        # PCR 2006 reg 2(4): day 48 after 8 February 2010 is Sunday 28 March, day 48 after 12 February 2010 Thursday
        (OLD_DAYS, ENGLAND, "2010-02-08", 48, "2010-03-29"),
        (OLD_DAYS, ENGLAND, "2010-02-12", 48, "2010-04-01"),
        # day 48 after 13 February 2010 is Good Friday; Easter Monday follows
        (OLD_DAYS, ENGLAND, "2010-02-13", 48, "2010-04-06"),
        # two days after Thursday 23 December 2010 are the weekend of Christmas; Monday and Tuesday are its substitutes
        (OLD_DAYS, ENGLAND, "2010-12-23", 2, "2010-12-29"),
        (OLD_DAYS, ENGLAND, "2010-12-22", 2, "2010-12-24"),
        (Clock("days", "excluded", "excluded", "forward"), ENGLAND, "2016-03-15", 10, "2016-03-30"),
        (Clock("weeks", "excluded", "counts"), None, "2025-06-17", 6, "2025-07-29"),
        (Clock("weeks", "counts", "counts"), None, "2025-06-17", 6, "2025-07-28"),
        # Dodds v Walker: four months after 30 September end on 30 January
        (MONTHS_AFTER, None, "1978-09-30", 4, "1979-01-30"),
        (MONTHS_AFTER, None, "2025-01-31", 1, "2025-02-28"),
        (MONTHS_AFTER, None, "2024-01-30", 1, "2024-02-29"),
        (MONTHS_AFTER, None, "2025-02-28", 1, "2025-03-28"),
        (MONTHS_AFTER, None, "2025-09-01", 12, "2026-09-01"),
        (MONTHS_BEGINNING, None, "2025-03-01", 1, "2025-03-31"),
        (MONTHS_BEGINNING, None, "2025-01-31", 1, "2025-02-28"),
        (MONTHS_BEGINNING, None, "2025-01-30", 1, "2025-02-28"),
        (MONTHS_BEGINNING, None, "2025-01-29", 1, "2025-02-28"),
        (MONTHS_BEGINNING, None, "2025-01-28", 1, "2025-02-27"),
        (Clock("years", "counts", "counts"), None, "2026-04-01", 8, "2034-03-31"),
        (Clock("years", "excluded", "counts"), None, "2024-02-29", 1, "2025-02-28"),
        (Clock("years", "counts", "counts"), None, "2024-02-29", 4, "2028-02-28"),
    ],
)
def test_the_first_lawful_end_day(clock: Clock, calendar: Calendar | None, start: str, n: int, end: str) -> None:
    assert iso(earliest(clock, calendar, day(start), n)) == end
    assert count(clock, calendar, day(start), day(end)) >= n
    assert count(clock, calendar, day(start), day(end) - 1) < n


@pytest.mark.parametrize(
    ("clock", "calendar", "start", "n", "end"),
    [
        (WORKING_DAYS_AFTER, ENGLAND, "2025-07-16", 7, "2025-07-25"),
        (WORKING_DAYS_BEGINNING, UNITED_KINGDOM, "2025-12-15", 8, "2025-12-24"),
        (DAYS_AFTER, None, "2026-06-30", 30, "2026-07-30"),
        (Clock("days", "counts", "counts"), None, "2026-06-30", 30, "2026-07-29"),
        (MONTHS_AFTER, None, "2025-09-01", 12, "2026-09-01"),
        (OLD_DAYS, ENGLAND, "2010-02-08", 48, "2010-03-29"),
        (CLEAR_DAYS, None, "2025-06-17", 0, "2025-06-18"),
        (DAYS_AFTER, None, "2025-06-17", 0, "2025-06-17"),
        (Clock("days", "counts", "counts"), None, "2025-06-17", 0, "2025-06-16"),
    ],
)
def test_the_last_lawful_end_day(clock: Clock, calendar: Calendar | None, start: str, n: int, end: str) -> None:
    assert iso(latest(clock, calendar, day(start), n)) == end
    assert begun(clock, calendar, day(start), day(end)) <= n
    assert begun(clock, calendar, day(start), day(end) + 1) > n


def test_a_saturday_after_the_last_working_day_is_out_of_time() -> None:
    friday, saturday, monday = day("2025-07-25"), day("2025-07-26"), day("2025-07-28")
    start = day("2025-07-16")
    assert [count(WORKING_DAYS_AFTER, ENGLAND, start, d) for d in (friday, saturday, monday)] == [7, 7, 8]
    assert [begun(WORKING_DAYS_AFTER, ENGLAND, start, d) for d in (friday, saturday, monday)] == [7, 8, 8]


def test_a_day_more_than_twelve_months_is_more_than_twelve_months_though_not_thirteen() -> None:
    start, end = day("2025-08-31"), day("2026-09-01")
    assert (count(MONTHS_AFTER, None, start, end), begun(MONTHS_AFTER, None, start, end)) == (12, 13)
    assert begun(MONTHS_AFTER, None, start + 1, end) == 12


def test_a_period_that_rolls_is_not_over_on_the_saturday_it_would_have_ended_on() -> None:
    start = day("2015-11-05")  # thirty days after it is Saturday 5 December
    rolling = Clock("days", "excluded", "counts", "forward")
    assert [count(rolling, ENGLAND, start, start + n) for n in (29, 30, 31, 32)] == [29, 29, 29, 32]
    assert [begun(rolling, ENGLAND, start, start + n) for n in (29, 30, 31, 32, 33)] == [29, 30, 30, 30, 33]


@pytest.mark.parametrize(
    ("clock", "calendar", "end", "n", "start"),
    [
        (CLEAR_DAYS, None, "2025-07-16", 28, "2025-06-17"),
        (Clock("working days", "excluded", "excluded"), ENGLAND, "2026-04-13", 5, "2026-04-01"),
        (STANDSTILL, UNITED_KINGDOM, "2026-04-16", 8, "2026-04-02"),
        (MONTHS_AFTER, None, "2026-03-31", 1, "2026-02-28"),
        (MONTHS_AFTER, None, "2026-02-28", 1, "2026-01-31"),
        (OLD_DAYS, ENGLAND, "2010-03-29", 48, "2010-02-09"),
        (OLD_DAYS, ENGLAND, "2010-03-28", 48, "2010-02-06"),
    ],
)
def test_the_last_day_to_publish(clock: Clock, calendar: Calendar | None, end: str, n: int, start: str) -> None:
    assert iso(latest_start(clock, calendar, day(end), n)) == start


def test_the_working_names_each_day_of_the_standstill_over_easter() -> None:
    marks = working_out(STANDSTILL, UNITED_KINGDOM, day("2026-04-02"), day("2026-04-10"))
    assert [(iso(mark.day)[8:], mark.counted, mark.why) for mark in marks] == [
        ("02", True, "working day 1"),
        ("03", False, "Good Friday"),
        ("04", False, "Saturday"),
        ("05", False, "Sunday"),
        ("06", False, "Easter Monday (England and Wales, Northern Ireland)"),
        ("07", True, "working day 2"),
        ("08", True, "working day 3"),
        ("09", True, "working day 4"),
        ("10", False, "last day excluded"),
    ]


def test_the_working_of_clear_days_leaves_out_both_ends() -> None:
    marks = working_out(CLEAR_DAYS, None, day("2026-04-02"), day("2026-04-05"))
    assert [mark.why for mark in marks] == ["first day excluded", "day 1", "day 2", "last day excluded"]


def test_the_working_in_one_place_names_the_place() -> None:
    (mark,) = working_out(WORKING_DAYS_BEGINNING, ENGLAND, day("2026-04-03"), day("2026-04-03"))
    assert (mark.counted, mark.why) == (False, "Good Friday (England and Wales)")


def test_the_working_of_a_period_that_rolls_shows_what_it_cannot_end_on() -> None:
    marks = working_out(Clock("days", "excluded", "counts", "forward"), ENGLAND, day("2015-12-03"), day("2015-12-07"))
    assert [mark.why for mark in marks] == ["first day excluded", "day 1", "day 2, Saturday", "day 3, Sunday", "day 4"]


def test_the_working_stops_after_its_limit_and_is_empty_for_a_period_backwards() -> None:
    assert len(working_out(DAYS_AFTER, None, 700000, 799999)) == MOST_MARKS
    assert working_out(DAYS_AFTER, None, 700000, 699999) == ()


def test_the_working_says_where_the_calendar_ends() -> None:
    marks = working_out(WORKING_DAYS_AFTER, ENGLAND, ENGLAND.last, ENGLAND.last + 1)
    assert [mark.why for mark in marks] == ["first day excluded", "outside the calendar"]


# ---- never a guess ---------------------------------------------------------------------------------------------

NEEDING = [WORKING_DAYS_AFTER, STANDSTILL, OLD_DAYS, Clock("months", "excluded", "counts", "forward")]


@pytest.mark.parametrize("clock", NEEDING)
def test_a_clock_that_needs_a_calendar_answers_nothing_without_one(clock: Clock) -> None:
    start = day("2026-03-02")
    for function in (count, begun, earliest, latest, latest_start):
        assert function(clock, None, start, start + 40 if function in (count, begun) else 3) is None


@pytest.mark.parametrize("clock", NEEDING)
def test_a_clock_answers_nothing_beyond_its_calendar(clock: Clock) -> None:
    assert count(clock, ENGLAND, ENGLAND.first - 2, ENGLAND.first + 60) is None
    assert count(clock, ENGLAND, ENGLAND.last - 60, ENGLAND.last + 2) is None
    assert begun(clock, ENGLAND, ENGLAND.first - 2, ENGLAND.first + 60) is None
    assert begun(clock, ENGLAND, ENGLAND.last - 60, ENGLAND.last + 2) is None
    assert earliest(clock, ENGLAND, ENGLAND.first - 2, 3) is None
    assert earliest(clock, ENGLAND, ENGLAND.last - 10, 20) is None
    assert latest(clock, ENGLAND, ENGLAND.last - 10, 20) is None
    assert latest_start(clock, ENGLAND, ENGLAND.first + 10, 20) is None
    assert latest_start(clock, ENGLAND, ENGLAND.last + 2, 3) is None


def test_plain_days_need_no_calendar_and_ignore_its_ends() -> None:
    assert earliest(CLEAR_DAYS, ENGLAND, ENGLAND.last, 28) == ENGLAND.last + 29
    assert count(CLEAR_DAYS, None, 1, LAST_DAY) == LAST_DAY - 2


@pytest.mark.parametrize(
    "clock", [CLEAR_DAYS, DAYS_AFTER, MONTHS_AFTER, MONTHS_BEGINNING, WORKING_DAYS_AFTER, OLD_DAYS]
)
def test_no_whole_number_is_too_strange_to_be_answered(clock: Clock) -> None:
    strange = [-(10**9), -1, 0, 1, 2, LAST_DAY - 1, LAST_DAY, LAST_DAY + 1, 10**9]
    for a in strange:
        for b in strange:
            for function in (count, begun, earliest, latest, latest_start):
                answer = function(clock, ENGLAND, a, b)
                assert answer is None or isinstance(answer, int)
                assert function in (count, begun) or answer is None or 1 <= answer <= LAST_DAY


# ---- the same, counted a second time day by day ----------------------------------------------------------------

starts = st.integers(day("2009-01-01"), day("2026-06-30"))
clocks = st.builds(
    Clock,
    st.sampled_from(["days", "working days", "weeks", "months", "years"]),
    st.sampled_from(["counts", "excluded"]),
    st.sampled_from(["counts", "excluded"]),
    st.sampled_from(["", "forward"]),
    st.sampled_from([0, 0, 2, 5]),
)
plain_clocks = clocks.map(lambda clock: Clock(clock.unit, clock.first_day, clock.last_day))
calendars = st.sampled_from([ENGLAND, SCOTLAND, NORTHERN_IRELAND, UNITED_KINGDOM])


def within_reach(clock: Clock, n: int) -> int:
    """A number of units that no start in `starts` takes beyond the calendars."""
    return min(n, {"months": 24, "years": 2}.get(clock.unit, 40))


def works(calendar: Calendar, d: date) -> bool:
    return d.isoweekday() <= 5 and d.toordinal() not in calendar.names


def same_date_later(start: date, months: int) -> date | None:
    """The date of the same number `months` later, or None where that month has none."""
    year, month = start.year, start.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    try:
        return date(year, month, start.day)
    except ValueError:
        return None


def month_end_later(start: date, months: int) -> date:
    later = same_date_later(start.replace(day=1), months + 1)
    assert later is not None
    return later - timedelta(days=1)


def unit_ends(clock: Clock, calendar: Calendar, start: date) -> Iterator[date]:
    """The day on which the first, second, third ... unit ends, walking one day at a time."""
    d = start if clock.first_day == "counts" else start + timedelta(days=1)
    size = {"days": 1, "working days": 1, "weeks": 7, "months": 1, "years": 12}[clock.unit]
    number = 0
    if clock.unit in ("months", "years"):
        while True:
            number += size
            corresponding = same_date_later(start, number)
            if corresponding is None:
                yield month_end_later(start, number)
            else:
                yield corresponding - timedelta(days=1 if clock.first_day == "counts" else 0)
    while True:
        if clock.unit != "working days" or works(calendar, d):
            number += 1
            if number % size == 0:
                yield d
        d += timedelta(days=1)


def period_ends(clock: Clock, calendar: Calendar, start: date) -> Iterator[date]:
    """The same, held until it has the working days it must have, then rolled to a working day."""
    first = start if clock.first_day == "counts" else start + timedelta(days=1)
    for end in unit_ends(clock, calendar, start):
        d = end
        while sum(works(calendar, first + timedelta(n)) for n in range((d - first).days + 1)) < clock.holds_working:
            d += timedelta(days=1)
        while clock.roll and not works(calendar, d):
            d += timedelta(days=1)
        yield d


def naive_count(clock: Clock, calendar: Calendar, start: date, end: date) -> int:
    """How many periods, of 1, 2, 3 ... units, are over by the end day (before it, where the last day is excluded)."""
    for n, over in enumerate(period_ends(clock, calendar, start)):
        if over > (end if clock.last_day == "counts" else end - timedelta(days=1)):
            return n
    raise AssertionError


def naive_latest(clock: Clock, calendar: Calendar, start: date, n: int) -> date:
    """The end of the n-th period; where the last day is excluded, the next day of the kind that is counted."""
    ends = period_ends(clock, calendar, start)
    first = start if clock.first_day == "counts" else start + timedelta(days=1)
    d = [first - timedelta(days=1), *(next(ends) for _ in range(n))][n]
    if clock.last_day == "counts":
        return d
    d += timedelta(days=1)
    while clock.unit == "working days" and not works(calendar, d):
        d += timedelta(days=1)
    return d


@settings(deadline=None)
@given(
    plain_clocks.filter(lambda clock: clock.unit in ("days", "working days")), calendars, starts, st.integers(-20, 300)
)
def test_a_count_is_the_days_one_ticks_off(clock: Clock, calendar: Calendar, start: int, length: int) -> None:
    ticked = [
        d
        for d in range(start, start + length + 1)
        if (d > start or clock.first_day == "counts")
        and (d < start + length or clock.last_day == "counts")
        and (clock.unit == "days" or works(calendar, date.fromordinal(d)))
    ]
    assert count(clock, calendar, start, start + length) == len(ticked)
    marks = working_out(clock, calendar, start, start + length)
    assert [mark.day for mark in marks if mark.counted] == ticked


@settings(deadline=None)
@given(clocks, calendars, starts, st.integers(-20, 300))
def test_every_clock_counts_as_the_naive_walk_does(clock: Clock, calendar: Calendar, start: int, length: int) -> None:
    a, b = date.fromordinal(start), date.fromordinal(start + length)
    assert count(clock, calendar, start, start + length) == naive_count(clock, calendar, a, b)


@settings(deadline=None)
@given(clocks, calendars, starts, st.integers(0, 40))
def test_the_latest_end_is_that_of_the_naive_walk(clock: Clock, calendar: Calendar, start: int, n: int) -> None:
    n = within_reach(clock, n)
    expected = naive_latest(clock, calendar, date.fromordinal(start), n)
    assert iso(latest(clock, calendar, start, n)) == expected.isoformat()


@settings(deadline=None)
@given(clocks, calendars, starts, st.integers(-20, 300))
def test_a_longer_period_never_counts_less(clock: Clock, calendar: Calendar, start: int, length: int) -> None:
    end = start + length
    assert count(clock, calendar, start, end) <= count(clock, calendar, start, end + 1)
    assert begun(clock, calendar, start, end) <= begun(clock, calendar, start, end + 1)
    assert count(clock, calendar, start, end) >= count(clock, calendar, start + 1, end)
    assert begun(clock, calendar, start, end) >= begun(clock, calendar, start + 1, end)


@settings(deadline=None)
@given(clocks, calendars, starts, st.integers(1, 40))
def test_earliest_is_the_first_day_that_counts_enough(clock: Clock, calendar: Calendar, start: int, n: int) -> None:
    n = within_reach(clock, n)
    end = earliest(clock, calendar, start, n)
    assert end is not None
    assert count(clock, calendar, start, end) >= n
    assert count(clock, calendar, start, end - 1) < n


@settings(deadline=None)
@given(clocks, calendars, starts, st.integers(0, 40))
def test_latest_is_the_last_day_that_has_not_begun_too_many(
    clock: Clock, calendar: Calendar, start: int, n: int
) -> None:
    n = within_reach(clock, n)
    end = latest(clock, calendar, start, n)
    assert end is not None
    assert begun(clock, calendar, start, end) <= n
    assert begun(clock, calendar, start, end + 1) > n


@settings(deadline=None)
@given(clocks, calendars, starts, st.integers(1, 40))
def test_the_last_start_is_the_last_that_leaves_enough(clock: Clock, calendar: Calendar, end: int, n: int) -> None:
    n = within_reach(clock, n)
    start = latest_start(clock, calendar, end, n)
    if start is None:
        assert (earliest(clock, calendar, calendar.first, n) or LAST_DAY) > end
        return
    assert earliest(clock, calendar, start, n) <= end
    assert (earliest(clock, calendar, start + 1, n) or LAST_DAY) > end


@settings(deadline=None)
@given(clocks, st.integers(-30, 30), st.integers(-10, 30), st.integers(0, 12))
def test_a_shorter_calendar_withholds_answers_and_changes_none(clock: Clock, offset: int, length: int, n: int) -> None:
    first = day("2026-03-20")
    shorter = Calendar("s", "Shorter", SCOTLAND.names, first, first + 25)
    start = first + offset
    for function, other in ((count, start + length), (begun, start + length), (earliest, n), (latest, n)):
        assert function(clock, shorter, start, other) in (None, function(clock, SCOTLAND, start, other))
    assert latest_start(clock, shorter, start, n) in (None, latest_start(clock, SCOTLAND, start, n))


@settings(deadline=None)
@given(plain_clocks.filter(lambda clock: clock.unit == "days"), starts, st.integers(-20, 300))
def test_in_plain_days_over_and_under_way_are_one_number(clock: Clock, start: int, length: int) -> None:
    assert count(clock, None, start, start + length) == begun(clock, None, start, start + length)
