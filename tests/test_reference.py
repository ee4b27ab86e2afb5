"""The reference evaluator: Kleene's three values, VAT readings, hours, periods, and the first lawful day."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine import conditions, markup
from engine.conditions import ALWAYS, All, AnyOf, Bound, Condition, Not, Order, Scope, Truth
from engine.law import Law
from engine.model import Moment, Money, Unsure, Value
from engine.reference import Context, earliest, evaluate, found, required, workings
from tests.conftest import at, day, facts_of, law_of

LAW = law_of(
    "parameters:\n"
    "  limit: {title: The limit, cite: C, source_facts: [], unit: money incl VAT, as_at: notice.published, "
    "values: {2025-01-01: 100, 2026-01-01: 200, 2026-06-01: refer, 2026-07-01: none}}\n"
    "  doubtful: {title: A doubt, cite: C, source_facts: [], unit: days, confidence: unverified, "
    "values: {2025-01-01: 5}}\n"
    "  wait: {title: Wait, cite: C, source_facts: [], unit: days, values: {2025-01-01: 5}}\n"
)
TODAY = at("2025-06-02T10:00")
PARAMETERS = {"limit": "test.limit", "doubtful": "test.doubtful", "wait": "test.wait"}


def read(text: str) -> Condition:
    node, faults = markup.read("a.yaml", text)
    assert node is not None and not faults
    scope = Scope(LAW.vocabulary, PARAMETERS, frozenset(LAW.calendars), [])
    made = conditions.parse(node, scope)
    assert not scope.problems, scope.problems
    return made


def context(facts: dict[str, Value], today: Moment = TODAY, vat: int = 0, law: Law = LAW) -> Context:
    return Context(law, facts, today, vat)


def holds(text: str, today: Moment = TODAY, **given: str) -> bool | None:
    return evaluate(read(text), context(facts_of(LAW, **given), today)).truth


# Kleene -----------------------------------------------------------------------------------------------------------

VALUES: tuple[bool | None, ...] = (True, False, None)


def standing(*values: bool | None) -> tuple[list[Truth], Context]:
    """Tests that are true, false or not known."""
    names = ("contract.lots", "x.b", "x.c")
    tests = [Truth(name, True) for name, _ in zip(names, values, strict=False)]
    return tests, context({name: value for name, value in zip(names, values, strict=False) if value is not None})


@pytest.mark.parametrize(("a", "b"), list(itertools.product(VALUES, VALUES)))
def test_all_any_and_none_follow_the_three_valued_tables(a: bool | None, b: bool | None) -> None:
    tests, ctx = standing(a, b)
    both = False if False in (a, b) else None if None in (a, b) else True
    either = True if True in (a, b) else None if None in (a, b) else False
    assert evaluate(All(tuple(tests)), ctx).truth is both
    assert evaluate(AnyOf(tuple(tests)), ctx).truth is either
    assert evaluate(Not(AnyOf(tuple(tests))), ctx).truth is (None if either is None else not either)
    assert evaluate(Not(tests[0]), ctx).truth is (None if a is None else not a)


def test_all_of_nothing_is_true_and_any_of_nothing_is_false() -> None:
    assert evaluate(ALWAYS, context({})).truth is True
    assert evaluate(AnyOf(()), context({})).truth is False


def test_what_is_not_known_names_what_is_missing_and_what_is_unsure_once_each() -> None:
    doubt = Unsure("nobody knows", "test.regime")
    ctx = context({"contract.lots": doubt})
    lots, other = Truth("contract.lots", True), Truth("x.b", True)
    outcome = evaluate(All((lots, other, AnyOf((other, lots)))), ctx)
    assert (outcome.truth, outcome.missing, outcome.unsure) == (None, ("x.b",), (doubt,))
    assert evaluate(Not(All((lots, other))), ctx) == evaluate(All((lots, other)), ctx)


def test_what_was_decided_by_others_leaves_nothing_missing() -> None:
    tests, ctx = standing(False, None)
    assert evaluate(All(tuple(tests)), ctx).missing == ()
    tests, ctx = standing(True, None)
    assert evaluate(AnyOf(tuple(tests)), ctx).missing == ()


# Tests of one fact ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "given", "truth"),
    [
        ("contract.lots: yes", "yes", True),
        ("contract.lots: no", "yes", False),
        ("contract.kind: [goods, works]", "works", True),
        ("contract.kind: [goods, works]", "services", False),
        ("contract.kind: not [goods, works]", "services", True),
        ("contract.kind: not goods", "goods", False),
        ("quotes.received: at least 3", "3", True),
        ("quotes.received: at least 3", "2", False),
        ("quotes.received: more than 3", "3", False),
        ("quotes.received: at most 3", "3", True),
        ("quotes.received: below 3", "3", False),
        ("quotes.received: 2 to 3", "3", True),
        ("quotes.received: 2 to under 3", "3", False),
        ("quotes.received: 2 to under 3", "2", True),
        ("contract.value: at least 100 incl VAT", "100 incl VAT", True),
        ("contract.value: at least 100 incl VAT", "99.99 incl VAT", False),
    ],
)
def test_a_test_of_one_fact_holds_on_one_side_of_its_edge_only(text: str, given: str, truth: bool) -> None:
    name = text.partition(":")[0]
    assert holds(text, **{name.replace(".", "__"): given}) is truth
    assert holds(text) is None


def test_done_is_false_and_not_missing_where_nothing_is_recorded() -> None:
    assert holds("award.decided: done") is False
    assert holds("award.decided: not done") is True
    assert holds("award.decided: done", award__decided="2025-05-01") is True
    assert holds("award.decided: done before 2025-06-01") is False
    assert holds("award.decided: done before notice.published", award__decided="2025-05-01") is False
    assert holds("award.decided: before 2025-06-01") is None
    period = "{from: notice.published, to: award.decided, unit: days, done: yes}"
    assert holds(f"period: {period}\nat_least: 1", award__decided="2025-05-01") is False
    assert holds(f"period: {period.replace(', done: yes', '')}\nat_least: 1", award__decided="2025-05-01") is None


# Money ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "figure", "readings"),
    [  # at 0 per cent, at 20 per cent one way, at 20 per cent the other way: what 120 is worth against the figure
        ("incl", "incl", (120, 120, 120)),
        ("excl", "excl", (120, 120, 120)),
        ("none", "incl", (120, 120, 120)),
        ("none", "excl", (120, 120, 120)),
        ("none", "unstated", (120, 120, 120)),
        ("incl", "excl", (120, 100, 100)),
        ("incl", "unstated", (120, 100, 100)),
        ("unstated", "excl", (120, 100, 100)),
        ("excl", "incl", (120, 144, 144)),
        ("excl", "unstated", (120, 144, 144)),
        ("unstated", "incl", (120, 144, 144)),
        ("unstated", "unstated", (120, 144, 100)),
    ],
)
def test_an_amount_is_read_against_a_figure_of_every_other_basis(
    fact: str, figure: str, readings: tuple[int, int, int]
) -> None:
    for rate, worth in zip((0, 20, -20), readings, strict=True):
        for pounds, truth in ((worth, True), (worth + 1, False)):
            leaf = conditions.Amount("contract.value", ">=", Bound(pounds * 100, figure), True)
            ctx = context({"contract.value": Money(12_000, fact)}, vat=rate)
            assert evaluate(leaf, ctx).truth is truth, (rate, pounds)
            assert ctx.crossed is (fact != "none" and (fact != figure or fact == "unstated"))


def test_a_penny_decides_after_vat_without_rounding() -> None:
    leaf = conditions.Amount("contract.value", ">=", Bound(10_000, "incl"), True)
    assert evaluate(leaf, context({"contract.value": Money(8_333, "excl")}, vat=20)).truth is False  # 99.996
    assert evaluate(leaf, context({"contract.value": Money(8_334, "excl")}, vat=20)).truth is True  # 100.008


# Figures by date --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("notice", "given", "truth"),
    [
        ("2025-12-31", "150 incl VAT", True),
        ("2026-01-01", "150 incl VAT", False),
        ("2024-12-31", "150 incl VAT", None),
        ("2026-06-01", "150 incl VAT", None),
        ("2026-08-01", "150 incl VAT", None),
    ],
)
def test_a_figure_is_the_one_of_its_milestones_day_and_none_where_nobody_confirmed_one(
    notice: str, given: str, truth: bool | None
) -> None:
    facts = facts_of(LAW, contract__value=given, notice__published=notice)
    outcome = evaluate(read("contract.value: at least limit"), context(facts))
    assert outcome.truth is truth and outcome.missing == ()
    if truth is None:
        assert outcome.unsure[0].source == "test.limit" and "no confirmed figure for The limit" in outcome.unsure[0].why


def test_until_the_milestone_happens_the_figure_is_todays() -> None:
    assert holds("contract.value: at least limit", at("2025-06-01"), contract__value="150 incl VAT") is True
    assert holds("contract.value: at least limit", at("2026-02-01"), contract__value="150 incl VAT") is False


def test_an_unverified_figure_refers() -> None:
    text = "period: {from: notice.published, to: award.decided, unit: days}\nat_least: doubtful"
    given = facts_of(LAW, notice__published="2025-05-01", award__decided="2025-05-20")
    outcome = evaluate(read(text), context(given))
    assert outcome.truth is None and outcome.unsure[0].why == "the figure for A doubt is unverified"


# Hours ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "left", "right", "truth"),
    [
        ("before", "2025-06-01 10:00", "2025-06-01 10:01", True),
        ("before", "2025-06-01 10:00", "2025-06-01 10:00", False),
        ("after", "2025-06-01 10:01", "2025-06-01 10:00", True),
        ("after", "2025-06-01 10:00", "2025-06-01 10:00", False),
        ("before", "2025-06-01", "2025-06-01 10:00", None),
        ("after", "2025-06-01 10:00", "2025-06-01", None),
        ("after", "2025-06-01", "2025-06-01", None),
        ("before", "2025-05-31", "2025-06-01 00:00", True),
        ("after", "2025-05-31 23:59", "2025-06-01", False),
        ("on or before", "2025-06-01 23:00", "2025-06-01 01:00", True),
        ("on or after", "2025-06-01 01:00", "2025-06-01 23:00", True),
        ("on or after", "2025-06-01", "2025-06-01 23:00", True),
        ("on or before", "2025-06-02", "2025-06-01", False),
        ("not before", "2025-06-01 10:00", "2025-06-01 10:00", True),
        ("not after", "2025-06-01 10:00", "2025-06-01 10:00", True),
        ("not before", "2025-06-01", "2025-06-01", None),
    ],
)
def test_on_one_day_the_hour_decides_and_an_unknown_hour_is_missing(
    word: str, left: str, right: str, truth: bool | None
) -> None:
    text = f"tender.opened: {word} notice.published"
    assert holds(text, tender__opened=left, notice__published=right) is truth


def test_only_the_hours_that_are_not_known_are_missing() -> None:
    facts = facts_of(LAW, tender__opened="2025-06-01 10:00", notice__published="2025-06-01")
    outcome = evaluate(read("tender.opened: after notice.published"), context(facts))
    assert outcome.missing == ("notice.published",)


@pytest.mark.parametrize("given", ["2025-06-01", "2025-06-01 10:00"])
def test_where_one_side_has_no_hours_the_same_day_is_neither_before_nor_after(given: str) -> None:
    for word in ("before", "after"):
        assert holds(f"tender.opened: {word} award.decided", tender__opened=given, award__decided="2025-06-01") is False
        assert holds(f"tender.opened: {word} 2025-06-01", tender__opened=given) is False


def test_a_date_with_an_hour_in_the_pack_is_compared_by_the_hour() -> None:
    assert holds("tender.opened: before 2025-06-01 12:00", tender__opened="2025-06-01 11:59") is True
    assert holds("tender.opened: before 2025-06-01 12:00", tender__opened="2025-06-01 12:00") is False
    assert holds("tender.opened: before 2025-06-01 12:00", tender__opened="2025-06-01") is None


# Periods ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "bound", "start", "last_wrong", "first_right"),
    [
        ("unit: days", "at_least: 28", "2025-06-17", "2025-07-14", "2025-07-15"),
        ("unit: days, last_day: excluded", "at_least: 28", "2025-06-17", "2025-07-15", "2025-07-16"),
        ("unit: clear days", "at_least: 28", "2025-06-17", "2025-07-15", "2025-07-16"),
        ("unit: days, first_day: counts", "at_least: 28", "2025-06-17", "2025-07-13", "2025-07-14"),
        ("unit: days", "more_than: 28", "2025-06-17", "2025-07-15", "2025-07-16"),
        ("unit: working days, calendar: england", "at_least: 2", "2025-04-17", "2025-04-22", "2025-04-23"),
        ("unit: working days, calendar: england", "more_than: 1", "2025-04-17", "2025-04-22", "2025-04-23"),
        ("unit: weeks", "at_least: 1", "2025-06-17", "2025-06-23", "2025-06-24"),
        ("unit: months", "at_least: 1", "2025-01-31", "2025-02-27", "2025-02-28"),
        ("unit: months", "more_than: 1", "2025-01-31", "2025-02-28", "2025-03-01"),
        ("unit: years", "at_least: 1", "2025-06-17", "2026-06-16", "2026-06-17"),
        ("unit: days, calendar: england, roll: forward", "at_least: 1", "2025-04-17", "2025-04-21", "2025-04-22"),
        ("unit: days, calendar: england, holds_working: 2", "at_least: 3", "2025-04-17", "2025-04-22", "2025-04-23"),
        ("unit: days", "at_least: wait", "2025-06-17", "2025-06-21", "2025-06-22"),
    ],
)
def test_a_period_is_long_enough_from_one_day_on(
    keys: str, bound: str, start: str, last_wrong: str, first_right: str
) -> None:
    text = f"period: {{from: notice.published, to: award.decided, {keys}}}\n{bound}"
    assert holds(text, notice__published=start, award__decided=last_wrong) is False
    assert holds(text, notice__published=start, award__decided=first_right) is True


@pytest.mark.parametrize(
    ("keys", "bound", "start", "last_right", "first_wrong"),
    [
        ("unit: days", "at_most: 30", "2026-06-30", "2026-07-30", "2026-07-31"),
        ("unit: days", "less_than: 30", "2026-06-30", "2026-07-29", "2026-07-30"),
        ("unit: months", "at_most: 1", "2025-01-31", "2025-02-28", "2025-03-01"),
        ("unit: months", "less_than: 1", "2025-01-31", "2025-02-27", "2025-02-28"),
        ("unit: working days, calendar: england", "at_most: 1", "2025-04-17", "2025-04-22", "2025-04-23"),
        ("unit: days, calendar: england, roll: forward", "at_most: 1", "2025-04-17", "2025-04-22", "2025-04-23"),
    ],
)
def test_a_period_is_short_enough_up_to_one_day(
    keys: str, bound: str, start: str, last_right: str, first_wrong: str
) -> None:
    text = f"period: {{from: notice.published, to: award.decided, {keys}}}\n{bound}"
    assert holds(text, notice__published=start, award__decided=last_right) is True
    assert holds(text, notice__published=start, award__decided=first_wrong) is False


def test_a_period_backwards_is_no_period() -> None:
    for bound, truth in (("at_least: 1", False), ("at_most: 1", True)):
        text = f"period: {{from: notice.published, to: award.decided, unit: days}}\n{bound}"
        assert holds(text, notice__published="2025-06-17", award__decided="2025-06-01") is truth


@pytest.mark.parametrize("bound", ["at_least: 1", "more_than: 1", "at_most: 1000", "less_than: 1000"])
def test_beyond_the_calendar_a_person_is_asked_and_nothing_is_guessed(bound: str) -> None:
    text = f"period: {{from: notice.published, to: award.decided, unit: working days, calendar: england}}\n{bound}"
    for start, end in (("2026-12-01", "2027-01-01"), ("2024-12-30", "2025-02-01")):
        facts = facts_of(LAW, notice__published=start, award__decided=end)
        outcome = evaluate(read(text), context(facts))
        assert outcome.truth is None and outcome.missing == ()
        assert outcome.unsure == (Unsure("the calendar england does not reach these dates", "england"),)


# The first lawful day ---------------------------------------------------------------------------------------------

MOVING = "contract.entered"


def first(text: str, today: str = "2025-06-02", moving: tuple[str, ...] = (MOVING,), **given: str) -> str | None:
    facts = facts_of(LAW, **given)
    for name in moving:
        facts[name] = at(today)
    found = earliest(read(text), context(facts, at(today)), frozenset(moving))
    return None if found is None else Moment(found).iso


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("contract.entered: after award.decided", {"award__decided": "2025-06-10"}, "2025-06-11"),
        ("contract.entered: on or after award.decided", {"award__decided": "2025-06-10"}, "2025-06-10"),
        ("contract.entered: not before award.decided", {"award__decided": "2025-06-10"}, "2025-06-10"),
        ("award.decided: before contract.entered", {"award__decided": "2025-06-10"}, "2025-06-11"),
        ("contract.entered: after 2025-06-10", {}, "2025-06-11"),
        ("contract.entered: after notice.published", {"notice__published": "2025-06-10 16:00"}, "2025-06-10"),
        ("contract.entered: after notice.published", {"notice__published": "2025-06-10 23:59"}, "2025-06-11"),
        ("contract.entered: after notice.published", {"notice__published": "2025-06-10"}, "2025-06-11"),
        ("contract.entered: after notice.published", {}, None),
        ("contract.entered: before 2025-06-01", {}, None),
        ("contract.entered: after 2025-01-01", {}, "2025-06-02"),
        ("contract.lots: yes", {"contract__lots": "no"}, None),
        ("contract.entered: after 2025-06-10\ncontract.lots: yes", {"contract__lots": "no"}, None),
        ("all: [{contract.entered: after 2025-06-10}, {contract.entered: after 2025-07-10}]", {}, "2025-07-11"),
        ("any: [{contract.entered: after 2025-06-10}, {contract.entered: after 2025-07-10}]", {}, "2025-06-11"),
        ("all: [{contract.entered: after 2025-06-10}, {contract.entered: before 2025-06-05}]", {}, None),
        (
            "all:\n  - any:\n    - {contract.entered: 'on or before 2025-06-12'}\n"
            "    - {contract.entered: 'after 2025-06-20'}\n  - {contract.entered: after 2025-06-15}\n",
            {},
            "2025-06-21",
        ),
        ("none: [{contract.entered: before 2025-06-10}]", {}, "2025-06-10"),
        (
            "period: {from: award.decided, to: contract.entered, unit: working days, first_day: counts, "
            "calendar: england}\nmore_than: 8",
            {"award__decided": "2025-06-06"},
            "2025-06-18",
        ),
        (
            "period: {from: award.decided, to: contract.entered, unit: days}\nat_least: 10",
            {"award__decided": "2025-06-01"},
            "2025-06-11",
        ),
        ("period: {from: award.decided, to: contract.entered, unit: days}\nat_least: 10", {}, None),
        (
            "period: {from: award.decided, to: contract.entered, unit: days}\nat_most: 10",
            {"award__decided": "2025-01-01"},
            None,
        ),
    ],
)
def test_the_first_day_is_found_and_none_where_waiting_never_helps(
    text: str, given: dict[str, str], expected: str | None
) -> None:
    assert first(text, **given) == expected


def test_waiting_past_the_end_of_the_calendar_is_not_promised() -> None:
    text = "period: {from: award.decided, to: contract.entered, unit: working days, calendar: england}\nat_least: 10"
    assert first(text, "2026-12-28", award__decided="2026-12-28") is None


def random_waiting(r: random.Random, depth: int) -> str:
    """Conditions on a contract date that moves: order and period tests, in any nesting."""
    if depth and r.random() < 0.5:
        items = ", ".join(f"{{{random_waiting(r, depth - 1)}}}" for _ in range(r.randint(1, 3)))
        return f"{r.choice(['all', 'any', 'none'])}: [{items}]"
    if r.random() < 0.5:
        keys = r.choice(
            [
                "days",
                "clear days",
                "weeks",
                "months",
                "working days, calendar: england",
                "days, calendar: england, roll: forward",
            ]
        )
        ends = r.choice(["from: award.decided, to: contract.entered", "from: contract.entered, to: lease.signed"])
        bound = r.choice(["at_least", "more_than", "at_most", "less_than"])
        return f"period: {{{ends}, unit: {keys}}}, {bound}: {r.randint(1, 12)}"
    word = r.choice(["before", "after", "on or before", "on or after", "not before", "not after"])
    other = r.choice(["award.decided", "lease.signed", "notice.published", "2025-06-10", "2025-06-10 12:00"])
    left, right = r.choice([("contract.entered", other), (other, "contract.entered")])
    return f"{left}: {word} {right}" if left[0].isalpha() else f"contract.entered: {word} {other}"


def truth_on(condition: Condition, facts: dict[str, Value], when: int) -> bool | None:
    evening = Moment(when, 1439)
    return evaluate(condition, context({**facts, MOVING: evening}, evening)).truth


@given(st.integers(0, 2**32))
@example(0)
def test_on_the_first_day_it_holds_and_on_no_day_before_it(seed: int) -> None:
    r = random.Random(seed)
    condition = read(f"{{{random_waiting(r, 2)}}}")
    today = day("2025-06-02")
    facts: dict[str, Value] = {
        "award.decided": Moment(today + r.randint(-20, 20)),
        "lease.signed": Moment(today + r.randint(-20, 40)),
        "notice.published": Moment(today + r.randint(-9, 9), r.choice([None, 0, 720, 1439])),
        MOVING: Moment(today, 1439),
    }
    found = earliest(condition, context(facts, Moment(today, 1439)), frozenset([MOVING]))
    days = range(today, today + 400) if found is None else range(today, found)
    startable = any(
        leaf.start == MOVING for leaf in conditions.leaves(condition) if isinstance(leaf, conditions.Period)
    )
    if not startable:  # a period that begins with the step is not waited for
        assert not any(truth_on(condition, facts, when) for when in days)
    if found is not None:
        assert truth_on(condition, facts, found) is True


def test_what_is_derived_from_the_step_moves_with_it() -> None:
    text = "procurement.commenced: on or after 2025-06-10"
    assert first(text, moving=(MOVING, "procurement.commenced")) == "2025-06-10"
    assert first(text, moving=(MOVING,), procurement__commenced="2025-06-02") is None


# Explaining -------------------------------------------------------------------------------------------------------


def test_what_was_found_names_the_tests_that_decided_with_their_values() -> None:
    text = "all: [{contract.lots: yes}, {any: [{quotes.received: at least 3}, {contract.kind: goods}]}]"
    facts = facts_of(LAW, contract__lots="yes", quotes__received="2", contract__kind="works")
    assert found(read(text), context(facts)) == "quotes.received: 2; contract.kind: works"
    facts = facts_of(LAW, contract__lots="yes", quotes__received="3", contract__kind="works")
    assert found(read(text), context(facts)) == "contract.lots: yes; quotes.received: 3"


def test_a_period_is_found_with_its_count_and_both_ends() -> None:
    text = "period: {from: notice.published, to: award.decided, unit: clear days}\nat_least: 28"
    facts = facts_of(LAW, notice__published="2025-06-17", award__decided="2025-07-15")
    assert found(read(text), context(facts)) == (
        "27 clear days, notice.published 17 Jun 2025 to award.decided 15 Jul 2025"
    )


@pytest.mark.parametrize("bound", ["at_most: 1", "more_than: 1"])
def test_a_period_that_is_judged_by_what_has_begun_is_found_by_what_has_begun(bound: str) -> None:
    text = f"period: {{from: notice.published, to: award.decided, unit: months}}\n{bound}"
    facts = facts_of(LAW, notice__published="2025-01-01", award__decided="2025-02-20")
    assert found(read(text), context(facts)).startswith("2 months")


def test_a_period_beyond_the_calendar_is_found_without_a_count() -> None:
    text = "period: {from: notice.published, to: award.decided, unit: working days, calendar: england}\nat_least: 1"
    facts = facts_of(LAW, notice__published="2026-12-01", award__decided="2027-02-01")
    assert "None" not in found(read(text), context(facts))


def test_what_is_not_public_is_never_told() -> None:
    leaf = Order("secret.day", "after", at("2025-01-01"))
    words = (
        "facts: {secret.day: {title: S, type: date, class: personal, ask: Q}}\n"
        "milestones: {a.b: {title: T, precision: date, ask: Q}}"
    )
    law = law_of("rules: {}", words=words)
    said = found(leaf, context({"secret.day": at("2024-12-31")}, law=law))
    assert said == "secret.day: recorded, sealed"


def test_what_is_not_public_is_not_told_by_the_period_it_begins_either() -> None:
    words = (
        "facts: {secret.day: {title: S, type: date, class: personal, ask: Q}}\n"
        "milestones: {a.b: {title: T, precision: date, ask: Q}}"
    )
    body = (
        "rules: {one: {title: T, cite: C, source_facts: [], binds: [go], "
        "require: {period: {from: secret.day, to: a.b, unit: days}, at_least: 5}}}"
    )
    law = law_of(body, words=words)
    condition = law.rules["test.one"].require
    assert condition is not None
    said = found(condition, context({"secret.day": at("2024-12-31"), "a.b": at("2025-01-02")}, law=law))
    assert "2024" not in said and "2 days" not in said and "sealed" in said
    assert workings(condition, context({"secret.day": at("2024-12-31"), "a.b": at("2025-01-02")}, law=law)) == ()


def test_what_is_required_is_said_with_the_figure_of_the_day() -> None:
    facts = facts_of(LAW, notice__published="2026-02-01")
    assert (
        required(read("contract.value: at least limit"), context(facts).figure)
        == "contract.value at least £200 incl VAT"
    )
    facts = facts_of(LAW, notice__published="2026-06-15")
    assert "a figure nobody has confirmed (test.limit)" in required(
        read("contract.value: at least limit"), context(facts).figure
    )


def test_the_working_shows_each_day_to_the_first_lawful_one_and_the_last_day_to_have_begun() -> None:
    text = "period: {from: notice.published, to: award.decided, unit: days}\nat_least: 28"
    facts = facts_of(LAW, notice__published="2025-06-17", award__decided="2025-07-10")
    condition = read(text)
    (working,) = workings(condition, context(facts))
    assert working.latest_start == day("2025-06-12")
    assert [working.marks[0].day, working.marks[-1].day] == [day("2025-06-17"), day("2025-07-15")]
    for start, truth in ((working.latest_start, True), (working.latest_start + 1, False)):
        assert evaluate(condition, context({**facts, "notice.published": Moment(start)})).truth is truth
    assert workings(condition, context({})) == ()
