"""Conditions from plain words, each row of the table in docs/formats/pack.md, and back to plain words."""

from __future__ import annotations

import pytest

from engine import conditions, markup
from engine.calendars import Clock
from engine.conditions import (
    ALWAYS,
    All,
    Amount,
    AnyOf,
    Bound,
    Condition,
    Done,
    Includes,
    Not,
    OneOf,
    Order,
    Period,
    Scope,
    Truth,
    leaves,
    names,
    parse,
    say,
)
from engine.markup import Problem
from engine.vocabulary import Vocabulary
from engine.vocabulary import parse as parse_words
from tests.conftest import WORDS, at

PARAMETERS = {name: f"test.{name}" for name in ("threshold.goods", "quotes.least", "days.least")}


def vocabulary() -> Vocabulary:
    node, _ = markup.read("words.yaml", WORDS)
    assert node is not None
    return parse_words({"words.yaml": node})[0]


def read(text: str) -> tuple[Condition, list[Problem]]:
    node, faults = markup.read("a.yaml", text)
    assert node is not None and not faults, faults
    scope = Scope(vocabulary(), PARAMETERS, frozenset({"england"}), [])
    return parse(node, scope), scope.problems


def condition(text: str) -> Condition:
    found, problems = read(text)
    assert not problems, problems
    return found


def told(text: str) -> str:
    return "\n".join(str(problem) for problem in read(text)[1])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("contract.lots: yes", Truth("contract.lots", True)),
        ("contract.lots: no", Truth("contract.lots", False)),
        ("posts.agreed: includes cabinet", Includes("posts.agreed", ("cabinet",))),
        ("posts.agreed: includes any of [cabinet, lawyer]", Includes("posts.agreed", ("cabinet", "lawyer"))),
        ("posts.agreed: includes all of [cabinet, lawyer]", Includes("posts.agreed", ("cabinet", "lawyer"), True)),
        ("posts.agreed: not includes cabinet", Not(Includes("posts.agreed", ("cabinet",)))),
        ("posts.agreed: includes any of posts.needed", Includes("posts.agreed", "posts.needed")),
        ("contract.value: below contract.before", Amount("contract.value", "<", Bound(fact="contract.before"), True)),
        (
            "contract.value: at most 50 per cent of contract.before",
            Amount("contract.value", "<=", Bound(fact="contract.before", per_cent=50), True),
        ),
        (
            "contract.value: at most 50 per cent of threshold.goods",
            Amount("contract.value", "<=", Bound(parameter="test.threshold.goods", per_cent=50), True),
        ),
        ("contract.lots: recorded", Done("contract.lots", False, True)),
        ("contract.kind: not recorded", Done("contract.kind", True, True)),
        ("contract.kind: goods", OneOf("contract.kind", ("goods",))),
        ("contract.kind: [goods, light touch]", OneOf("contract.kind", ("goods", "light touch"))),
        ("contract.kind: not goods", OneOf("contract.kind", ("goods",), True)),
        ("contract.kind: not [goods, light touch]", OneOf("contract.kind", ("goods", "light touch"), True)),
        ("quotes.received: at least 3", Amount("quotes.received", ">=", Bound(3), False)),
        ("quotes.received: more than 3", Amount("quotes.received", ">", Bound(3), False)),
        ("quotes.received: at most 3", Amount("quotes.received", "<=", Bound(3), False)),
        ("quotes.received: below 3", Amount("quotes.received", "<", Bound(3), False)),
        (
            "quotes.received: at least quotes.least",
            Amount("quotes.received", ">=", Bound(parameter="test.quotes.least"), False),
        ),
        ("contract.value: below 100000", Amount("contract.value", "<", Bound(10_000_000, "unstated"), True)),
        ("contract.value: at least £50,000 incl VAT", Amount("contract.value", ">=", Bound(5_000_000, "incl"), True)),
        ("contract.value: more than 50000.01 excl VAT", Amount("contract.value", ">", Bound(5_000_001, "excl"), True)),
        (
            "contract.value: at least threshold.goods",
            Amount("contract.value", ">=", Bound(parameter="test.threshold.goods"), True),
        ),
        (
            "contract.value: 25000 to under threshold.goods",
            All(
                (
                    Amount("contract.value", ">=", Bound(2_500_000), True),
                    Amount("contract.value", "<", Bound(parameter="test.threshold.goods"), True),
                )
            ),
        ),
        (
            "quotes.received: 2 to 4",
            All((Amount("quotes.received", ">=", Bound(2), False), Amount("quotes.received", "<=", Bound(4), False))),
        ),
        ("award.decided: before 2025-02-24", Order("award.decided", "before", at("2025-02-24"))),
        ("award.decided: on or after 24 February 2025", Order("award.decided", "on or after", at("2025-02-24"))),
        ("tender.opened: after 2025-02-24 12:00", Order("tender.opened", "after", at("2025-02-24T12:00"))),
        ("tender.opened: on or before notice.published", Order("tender.opened", "on or before", "notice.published")),
        ("lease.signed: after award.decided", Order("lease.signed", "after", "award.decided")),
        ("award.decided: before lease.signed", Order("award.decided", "before", "lease.signed")),
        ("award.decided: not before lease.signed", Not(Order("award.decided", "before", "lease.signed"))),
        ("award.decided: not after lease.signed", Not(Order("award.decided", "after", "lease.signed"))),
        ("award.decided: done", Done("award.decided")),
        ("award.decided: not done", Done("award.decided", True)),
        ("award.decided: done before lease.signed", Order("award.decided", "before", "lease.signed", True)),
        ("award.decided: done on or before 2025-01-01", Order("award.decided", "on or before", at("2025-01-01"), True)),
        ("award.decided: done after tender.opened", Order("award.decided", "after", "tender.opened", True)),
        ("award.decided: done on or after lease.signed", Order("award.decided", "on or after", "lease.signed", True)),
    ],
)
def test_each_row_of_the_table_of_tests_means_what_it_says(text: str, meant: Condition) -> None:
    assert condition(text) == meant


def test_a_mapping_means_all_of_its_lines() -> None:
    assert condition("contract.lots: yes\ncontract.kind: goods") == All(
        (Truth("contract.lots", True), OneOf("contract.kind", ("goods",)))
    )


def test_all_any_and_none_nest_and_none_is_not_any() -> None:
    lots, goods = Truth("contract.lots", True), OneOf("contract.kind", ("goods",))
    assert condition("any: [{contract.lots: yes}, {all: [{contract.kind: goods}, {contract.lots: yes}]}]") == AnyOf(
        (lots, All((goods, lots)))
    )
    assert condition("none: [{contract.lots: yes}, {contract.kind: goods}]") == Not(AnyOf((lots, goods)))


def test_title_and_citation_stay_with_their_alternative() -> None:
    found = condition("any: [{contract.lots: yes, title: In lots, cite: s.18}, {contract.kind: goods}]")
    assert isinstance(found, AnyOf) and found.items[0] == All((Truth("contract.lots", True),), "In lots", "s.18")


def test_no_condition_always_holds() -> None:
    assert parse(None, Scope(vocabulary(), {}, frozenset(), [])) == ALWAYS


@pytest.mark.parametrize(
    ("keys", "clock"),
    [
        ("unit: days", Clock("days", "excluded", "counts")),
        ("unit: days, first_day: counts", Clock("days", "counts", "counts")),
        ("unit: days, last_day: excluded", Clock("days", "excluded", "excluded")),
        ("unit: clear days", Clock("days", "excluded", "excluded")),
        ("unit: clear working days, calendar: england", Clock("working days", "excluded", "excluded")),
        ("unit: working days, calendar: england", Clock("working days", "excluded", "counts")),
        ("unit: months, calendar: england, roll: forward", Clock("months", "excluded", "counts", "forward")),
        ("unit: weeks, calendar: england, holds_working: 2", Clock("weeks", "excluded", "counts", "", 2)),
    ],
)
def test_a_period_reads_its_clock(keys: str, clock: Clock) -> None:
    found = condition(f"period: {{from: notice.published, to: award.decided, {keys}}}\nat_least: 5")
    assert isinstance(found, Period) and found.clock == clock
    assert (found.start, found.end, found.op, found.bound) == ("notice.published", "award.decided", ">=", Bound(5))


@pytest.mark.parametrize(
    ("bound", "op"), [("at_least: 5", ">="), ("more_than: 5", ">"), ("at_most: 5", "<="), ("less_than: 5", "<")]
)
def test_a_period_has_one_of_four_bounds(bound: str, op: str) -> None:
    found = condition(f"period: {{from: notice.published, to: award.decided, unit: days, done: yes}}\n{bound}")
    assert isinstance(found, Period) and (found.op, found.done) == (op, True)


def test_a_bound_may_be_a_parameter() -> None:
    found = condition("period: {from: notice.published, to: award.decided, unit: days}\nat_least: days.least")
    assert isinstance(found, Period) and found.bound == Bound(parameter="test.days.least")
    assert conditions.parameters(All((found,))) == {"test.days.least"}


PERIOD = "period: {{from: notice.published, to: award.decided, {}}}\nat_least: 5"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("contract.valeu: at least 5", "no fact or milestone is called 'contract.valeu'; did you mean contract.value?"),
        ("contract.lots: maybe", "'maybe' is not a test of a boolean; write yes or no"),
        ("contract.lots: [yes]", "is tested with words, not a list or mapping; write yes or no"),
        ("contract.kind: good", "'good' is not a choice of contract.kind; did you mean goods?"),
        ("contract.kind: not zzz", "choices: goods, services, light touch, works"),
        ("contract.kind: not [goods, zzz]", "'zzz' is not a choice"),
        ("contract.kind: []", "no choice is named"),
        ("contract.kind: not []", "is not a choice of contract.kind"),
        ("contract.kind: {goods: yes}", "is not a choice of contract.kind"),
        ("quotes.received: 3", "'3' is not a comparison; write at least 3, at most 5"),
        ("quotes.received: at least three", "no parameter is called 'three', and no fact of its type"),
        ("quotes.received: at least quotes.lest", "did you mean quotes.least?"),
        ("quotes.received: at least 3.5", "'3.5' is not a whole number"),
        ("quotes.received: at least -1", "'-1' is not a whole number"),
        ("quotes.received: 5 to 3", "'5 to 3' runs backwards; write the smaller figure first"),
        ("contract.value: ≥ 5000", "is not a comparison; write at least 50000"),
        ("contract.value: at least 5,00", "is not an amount of money"),
        ("contract.value: at least £1000.005", "is not an amount of money"),
        ("contract.value: at least 5000 no VAT", "a figure to compare with is incl VAT or excl VAT"),
        ("contract.value: 5000 to under 4000", "runs backwards"),
        ("award.decided: 2025-02-24", "is not a test of a date; write before X"),
        ("award.decided: before 2025-02-30", "'2025-02-30' is not a date"),
        ("award.decided: before tender.openned", "is no milestone or date; did you mean tender.opened?"),
        ("award.decided: before contract.value", "'contract.value' is no milestone or date"),
        ("award.decided: not done before 2025-01-01", "is not a test of a date"),
        ("lease.signed: done", "lease.signed is not a milestone, it cannot be done"),
        ("lease.signed: done before 2025-01-01", "lease.signed is not a milestone, it cannot be done"),
        ("provider.name: Shelter", "a text cannot be tested; declare a choice"),
        ("any: []", "any: needs a list of conditions"),
        ("any: {contract.lots: yes}", "any: needs a list of conditions"),
        ("all: [contract.lots]", "a condition is written fact: test; for example contract.kind: services"),
        ("any: [{title: Nothing}]", "a condition with no test in it"),
        ("{}", "a condition with no test in it"),
        (PERIOD.format("unit: day"), "'day' is not one of days, working days"),
        (PERIOD.format("unit: working days"), "working days need a calendar; add calendar: england-and-wales"),
        (PERIOD.format("unit: days, roll: forward"), "working days need a calendar"),
        (PERIOD.format("unit: days, roll: back, calendar: england"), "'back' is not one of forward"),
        (PERIOD.format("unit: days, calendar: englnd"), "no calendar is called 'englnd'; did you mean england?"),
        (PERIOD.format("unit: clear days, first_day: counts"), "clear days leave out both ends"),
        (PERIOD.format("unit: days, colour: red"), "unknown key 'colour'"),
        (
            PERIOD.format("unit: days, calendar: england, holds_working: days.least"),
            "holds_working takes a whole number",
        ),
        (
            PERIOD.format("unit: days, calendar: england, holds_working: two"),
            "is neither a whole number nor a parameter",
        ),
        (PERIOD.format("unit: days") + "\nmore_than: 5", "a period needs one bound"),
        (PERIOD.format("unit: days").replace("at_least: 5", "at_least: 5 days"), "'5 days' is neither a whole number"),
        (PERIOD.format("unit: days").replace("\nat_least: 5", ""), "a period needs one bound; write one of at_least"),
        (PERIOD.format("unit: days") + "\ncontract.lots: yes", "unknown key 'contract.lots'"),
        (PERIOD.format("unit: days").replace("award.decided", "award.decide"), "did you mean award.decided?"),
        ("period: {unit: days}\nat_least: 5", "the key 'from' is missing"),
        ("period: yes\nat_least: 5", "expected a mapping"),
    ],
)
def test_wrong_words_are_told_with_what_to_write(text: str, what: str) -> None:
    assert what in told(text)


def test_an_unknown_fact_is_told_once_and_the_rest_is_read_on() -> None:
    assert told("contract.valeu: at least 5").count("\n") == 0
    assert told("contract.valeu: at least 5\ncontract.lots: maybe\naward.decided: soon").count("\n") == 2


def test_a_choice_whose_own_name_begins_with_not_is_a_choice() -> None:
    words = WORDS.replace("[full, light, out]", "[full, not covered, light]")
    node, _ = markup.read("w.yaml", words)
    assert node is not None
    scope = Scope(parse_words({"w.yaml": node})[0], {}, frozenset(), [])
    for text, meant in (
        ("case.regime: not covered", OneOf("case.regime", ("not covered",))),
        ("case.regime: not not covered", OneOf("case.regime", ("not covered",), True)),
    ):
        test, _ = markup.read("a.yaml", text)
        assert parse(test, scope) == meant and not scope.problems


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("contract.lots: yes", "contract.lots is yes"),
        ("contract.kind: [goods, works]", "contract.kind is goods or works"),
        ("contract.kind: not [goods, works]", "contract.kind is not goods or works"),
        ("contract.value: 25000 to under 100000 excl VAT", None),
        ("quotes.received: at least quotes.least", "quotes.received at least test.quotes.least"),
        ("quotes.received: below 3", "quotes.received less than 3"),
        ("award.decided: not done", "award.decided not done"),
        ("award.decided: done before tender.opened", "award.decided done before tender.opened"),
        ("award.decided: on or after 2025-02-24", "award.decided on or after 24 Feb 2025"),
        ("award.decided: not before lease.signed", "award.decided not before lease.signed"),
        (
            PERIOD.format("unit: clear days"),
            "at least 5 clear days after notice.published and before award.decided",
        ),
        (
            PERIOD.format("unit: days, first_day: counts"),
            "at least 5 days beginning with notice.published, to award.decided",
        ),
        (
            "any: [{contract.lots: yes, contract.kind: goods}, {quotes.received: at least 3}]",
            "(contract.lots is yes and contract.kind is goods) or quotes.received at least 3",
        ),
        (
            "all: [{any: [{contract.lots: yes}, {contract.kind: goods}]}, {quotes.received: at least 3}]",
            "(contract.lots is yes or contract.kind is goods) and quotes.received at least 3",
        ),
        (
            "contract.kind: [goods, works]\ncontract.lots: yes",
            "(contract.kind is goods or works) and contract.lots is yes",
        ),
        (
            "none: [{contract.lots: yes}, {contract.kind: goods}]",
            "not (contract.lots is yes or contract.kind is goods)",
        ),
        (
            "any: [{contract.lots: yes, title: In lots, cite: s.18}, {contract.kind: goods}]",
            "In lots or contract.kind is goods",
        ),
    ],
)
def test_a_condition_is_said_in_plain_words_of_one_meaning(text: str, said: str | None) -> None:
    expected = "contract.value at least £25,000 VAT basis not stated and contract.value less than £100,000 excl VAT"
    assert say(condition(text)) == (said or expected)


def test_what_always_holds_is_said_so() -> None:
    assert say(ALWAYS) == "always"


def test_every_name_a_condition_reads_is_known() -> None:
    found = condition(
        "all:\n  - {contract.lots: yes}\n  - none: [{award.decided: after lease.signed}]\n"
        "  - period: {from: notice.published, to: tender.opened, unit: days}\n    at_least: 1\n"
    )
    expected = {"contract.lots", "award.decided", "lease.signed", "notice.published", "tender.opened"}
    assert names(found) == expected
    assert len(list(leaves(found))) == 3
