"""Hours: counted from minute to minute, and told by every law that holds of the clocks of days."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import calendars, hours
from engine.calendars import Calendar, Clock
from engine.model import moment
from tests.conftest import at, law_of, problems_of, rule, said
from tests.test_decide import told

ENGLAND = calendars.from_dates(
    "england", "England", {"2025-04-18": "Good Friday", "2025-04-21": "Easter Monday"}, "2025-01-01", "2025-12-31"
)
PLAIN = Clock("hours", "excluded", "counts")
ROLLS = Clock("hours", "excluded", "counts", "forward")


def minute(iso: str) -> int:
    return hours.between(moment(iso), moment(iso))[0][0]


FIRST = minute("2025-03-24T00:00")
minutes = st.integers(FIRST, FIRST + 40 * hours.DAY)
numbers = st.integers(0, 200)


# Laws -------------------------------------------------------------------------------------------------------------


@given(minutes, minutes)
def test_hours_are_counted_minute_by_minute(start: int, end: int) -> None:
    passed = [m for m in range(start + 1, end + 1) if (m - start) % 60 == 0]
    entered = [m for m in range(start, end) if (m - start) % 60 == 0]
    assert hours.count(PLAIN, None, start, end) == len(passed)
    assert hours.begun(PLAIN, None, start, end) == len(entered)


@given(minutes, minutes, numbers)
def test_at_least_agrees_with_the_first_minute_at_which_they_are_over(start: int, end: int, n: int) -> None:
    limit = hours.earliest(PLAIN, None, start, n)
    assert limit is not None
    assert n == 0 or (hours.count(PLAIN, None, start, end) >= n) == (end >= limit)


@given(minutes, minutes, numbers)
def test_at_most_agrees_with_the_last_minute_within_them(start: int, end: int, n: int) -> None:
    limit = hours.latest(PLAIN, None, start, n)
    assert limit is not None
    assert (hours.begun(PLAIN, None, start, end) <= n) == (end <= limit)


@given(minutes, minutes, st.integers(0, 3000))
def test_a_later_end_is_never_less_and_a_later_start_never_more(start: int, end: int, by: int) -> None:
    for counting in (hours.count, hours.begun):
        known = counting(PLAIN, None, start, end)
        assert counting(PLAIN, None, start, end + by) >= known >= counting(PLAIN, None, start + by, end)


@given(minutes, numbers)
def test_a_period_that_rolls_ends_with_a_working_day_and_never_earlier(start: int, n: int) -> None:
    plain, rolled = hours.latest(PLAIN, ENGLAND, start, n), hours.latest(ROLLS, ENGLAND, start, n)
    assert plain is not None and rolled is not None and rolled >= plain
    if rolled > plain:
        assert ENGLAND.is_working(rolled // hours.DAY) and rolled % hours.DAY == hours.DAY - 1
        assert not any(ENGLAND.is_working(day) for day in range(plain // hours.DAY, rolled // hours.DAY))


# Cases ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "over", "begun"),
    [
        ("2025-06-02T10:00", "2025-06-03T10:00", 24, 24),
        ("2025-06-02T10:00", "2025-06-03T10:01", 24, 25),
        ("2025-06-02T10:00", "2025-06-03T09:59", 23, 24),
        ("2025-06-02T10:00", "2025-06-02T10:00", 0, 0),
        ("2025-06-02T10:00", "2025-06-02T09:00", 0, 0),
    ],
)
def test_a_minute_over_is_an_hour_begun_and_a_minute_under_an_hour_not_over(
    start: str, end: str, over: int, begun: int
) -> None:
    assert hours.count(PLAIN, None, minute(start), minute(end)) == over
    assert hours.begun(PLAIN, None, minute(start), minute(end)) == begun


@pytest.mark.parametrize(
    ("start", "last"),
    [
        ("2025-04-16T10:00", "2025-04-17T10:00"),
        ("2025-04-17T10:00", "2025-04-22T23:59"),
        ("2025-04-17T00:00", "2025-04-22T23:59"),
        ("2025-04-16T23:59", "2025-04-17T23:59"),
        ("2025-04-20T10:00", "2025-04-22T23:59"),
        ("2025-04-21T10:00", "2025-04-22T10:00"),
    ],
)
def test_24_hours_that_run_out_at_easter_run_to_the_end_of_the_tuesday(start: str, last: str) -> None:
    assert hours.latest(ROLLS, ENGLAND, minute(start), 24) == minute(last)


ROLLED = "{period: {from: notice.published, to: contract.entered, unit: hours, calendar: england, roll: forward}, %s}"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("at_most: 1", "met"),  # ends on the holiday, and so runs to the end of the Tuesday
        ("at_most: 14", "not met"),  # ends as the Tuesday begins
        ("at_most: 38", "met"),
        ("more_than: 1", "not met"),
        ("more_than: 14", "met"),
        ("at_least: 1", "not met"),
        ("at_least: 14", "met"),
        ("less_than: 1", "met"),
        ("less_than: 14", "not met"),
    ],
)
def test_hours_that_roll_are_held_against_the_minute_they_end_at(asked: str, answer: str) -> None:
    law = law_of(rule(require=ROLLED % asked))
    assert told(law, when=at("2025-04-22T23:59"), notice__published="2025-04-21 10:00").answer == answer


def test_beyond_its_calendar_a_period_that_rolls_is_not_counted() -> None:
    small = Calendar("c", "C", {}, ENGLAND.first, ENGLAND.first + 9)
    assert hours.earliest(ROLLS, small, minute("2025-01-02T10:00"), 24 * 30) is None
    assert hours.latest(ROLLS, None, minute("2025-01-02T10:00"), 2) is None
    assert hours.latest(ROLLS, small, minute("2025-01-02T10:00"), 24 * 30) is None


# In a rule --------------------------------------------------------------------------------------------------------

WITHIN = "{period: {from: notice.published, to: contract.entered, unit: hours}, at_most: 24}"
AFTER = "{period: {from: notice.published, to: contract.entered, unit: hours}, at_least: 48}"


@pytest.mark.parametrize(
    ("published", "when", "answer", "needs"),
    [
        ("2025-06-01 10:00", "2025-06-02T10:00", "met", ()),
        ("2025-06-01 10:00", "2025-06-02T10:01", "not met", ()),
        ("2025-06-01", "2025-06-02T00:00", "met", ()),
        ("2025-06-01", "2025-06-02T10:00", "missing", ("notice.published",)),
        ("2025-05-31", "2025-06-02T10:00", "not met", ()),
    ],
)
def test_within_24_hours_asks_for_the_hour_only_where_it_decides(
    published: str, when: str, answer: str, needs: tuple[str, ...]
) -> None:
    finding = told(law_of(rule(require=WITHIN)), when=at(when), notice__published=published)
    assert (finding.answer, finding.needs) == (answer, needs)


def test_a_finding_says_the_hours_and_the_day_on_which_they_are_over() -> None:
    finding = told(law_of(rule(require=AFTER)), when=at("2025-06-02T10:00"), notice__published="2025-05-31 18:30")
    assert (finding.answer, finding.earliest) == ("not met", at("2025-06-02").day)
    assert finding.found == "39 hours, notice.published 31 May 2025 18:30 to contract.entered 2 Jun 2025 10:00"
    assert finding.required == "at least 48 hours after notice.published, to contract.entered"
    late = told(law_of(rule(require=AFTER)), when=at("2025-06-02T10:00"), notice__published="2025-06-01 18:30")
    assert late.earliest == at("2025-06-03").day
    unknown = told(law_of(rule(require=AFTER)), when=at("2025-06-02T10:00"), notice__published="2025-06-01")
    assert unknown.found == "10 to 34 hours, notice.published 1 Jun 2025 to contract.entered 2 Jun 2025 10:00"


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("from: award.decided, to: contract.entered", "award.decided has no hour, so hours cannot be counted"),
        ("from: notice.published, to: lease.signed", "lease.signed has no hour, so hours cannot be counted"),
        ("from: notice.published, to: contract.entered, first_day: counts", "first_day counts days"),
        ("from: notice.published, to: contract.entered, cut_off: '12:00'", "cut_off counts days"),
        ("from: notice.published, to: contract.entered, roll: forward", "working days need a calendar"),
    ],
)
def test_hours_of_what_has_no_hour_and_ends_of_days_are_errors(key: str, wrong: str) -> None:
    assert wrong in said(problems_of(rule(require=f"{{period: {{{key}, unit: hours}}, at_most: 24}}")))


def test_a_moment_that_is_not_recorded_is_missing_and_with_done_it_is_not_met() -> None:
    law = law_of(rule(require=WITHIN))
    assert told(law).answer == "missing"
    done = law_of(rule(require=WITHIN.replace("hours}", "hours, done: yes}")))
    assert told(done).answer == "not met"
