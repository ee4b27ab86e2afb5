"""Two versions of a pack as differences in words, and authorities beside each other."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from engine import library
from engine.compare import differences, side_by_side
from engine.conditions import Truth
from engine.law import InForce, Law, Pack, Parameter, Reading, Row, Rule, Table
from tests.conftest import HEAD, law_of, pack, rule, table

LIMIT = """\
parameters:
  limit:
    title: A limit
    cite: Act Sch 1
    source_facts: []
    unit: money incl VAT
    values: {values}
"""
PERIOD = "{period: {from: notice.published, to: tender.opened, unit: days}, at_least: 10}"


def said(old: str, new: str) -> list[str]:
    return [str(each) for each in differences(law_of(old), law_of(new))]


def limit(values: str) -> str:
    return LIMIT.replace("{values}", f"{{{values}}}")


def test_a_pack_does_not_differ_from_itself() -> None:
    body = limit("2025-02-24: 600000") + rule(require=PERIOD) + table(rows="[]", otherwise="full")
    assert said(body, body) == []


def test_layout_order_and_cases_are_no_difference() -> None:
    case = "cases:\n  - {name: A, rule: test.one, on: 2025-01-01, given: {contract.lots: yes}, expect: met}\n"
    old = law_of(pack(rule(require="{contract.lots: yes}")))
    new = law_of(pack(rule(require="{ contract.lots:  yes }") + "# a remark\n", cases=case))
    assert differences(old, new) == ()


def test_a_figure_is_said_with_its_date_and_what_it_was() -> None:
    assert said(limit("2025-02-24: 600000"), limit("2025-02-24: 663540")) == [
        "limit: from 24 Feb 2025 £663,540 incl VAT, was £600,000 incl VAT"
    ]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("2025-01-01: 1", "2025-01-01: 1, 2026-01-01: 2", "from 1 Jan 2026 £2 incl VAT, was £1 incl VAT"),
        ("2025-01-01: 1, 2026-01-01: 2", "2025-01-01: 1", "from 1 Jan 2026 £1 incl VAT, was £2 incl VAT"),
        ("2025-01-01: 1", "2025-01-01: refer", "from 1 Jan 2025 no confirmed figure, was £1 incl VAT"),
        ("2025-01-01: 1", "2024-01-01: 1, 2025-01-01: 1", "from 1 Jan 2024 £1 incl VAT, was no figure"),
    ],
)
def test_a_date_added_or_taken_away_says_what_then_holds(old: str, new: str, line: str) -> None:
    assert said(limit(old), limit(new)) == [f"limit: {line}"]


def test_a_date_that_changes_no_figure_is_told_all_the_same() -> None:
    assert said(limit("2025-01-01: 1"), limit("2025-01-01: 1, 2026-01-01: 1")) == [
        "limit: the date 1 Jan 2026 added: £1 incl VAT, as it was before"
    ]


def test_rules_added_and_removed_say_what_they_ask() -> None:
    old, new = rule("one", refer="Is it so?"), rule("two", require="{contract.lots: yes}")
    assert said(old, new) == [
        "one: rule removed: A rule: a person judges: Is it so?",
        "two: rule added: A rule: contract.lots is yes",
    ]


@pytest.mark.parametrize(
    ("key", "was", "now", "line"),
    [
        ("title", "A rule", "Another", "title Another, was A rule"),
        ("cite", "Act s.1", "Act s.2", "cite Act s.2, was Act s.1"),
        ("binds", "[go]", "[go, stop]", "binds go; stop, was go"),
        (
            "when",
            "{contract.lots: yes}",
            "{contract.lots: no}",
            "applies when contract.lots is no, was contract.lots is yes",
        ),
        ("require", PERIOD, PERIOD.replace("10", "12"), "requires at least 12 days"),
        ("effect", "mandatory", "comply or explain", "effect comply or explain, was mandatory"),
        ("in_force", "{from: 2025-01-01}", "{from: 2026-01-01}", "in force from 1 Jan 2026, was from 1 Jan 2025"),
        ("remedy", "Wait.", "Ask.", "remedy Ask, was Wait."),
        ("source_facts", "[a]", "[b]", "written from b, was a"),
        ("rests_on", "[contract.value]", "[contract.kind]", "a judgement rests on contract.kind, was contract.value"),
    ],
)
def test_every_part_of_a_rule_is_compared(key: str, was: str, now: str, line: str) -> None:
    base = {"require": "{contract.lots: yes}"}
    found = said(rule(**base | {key: was}), rule(**base | {key: now}))
    assert len(found) == 1 and found[0].startswith(f"one: {line}")


def test_a_part_that_only_one_version_has_is_added_or_removed() -> None:
    bare, full = rule(require="{contract.lots: yes}"), rule(require="{contract.lots: yes}", remedy="Wait.")
    assert said(bare, full) == ["one: remedy added: Wait."]
    assert said(full, bare) == ["one: remedy removed: Wait."]


def test_a_calendar_changed_within_the_same_words_is_still_told() -> None:
    counted = PERIOD.replace("unit: days", "unit: days, calendar: england, roll: forward")
    (line,) = said(rule(require=counted), rule(require=counted.replace(", roll: forward", "")))
    assert "moves forward" in line


def test_a_title_changed_inside_a_condition_is_told_as_wording() -> None:
    alternative = "{any: [{title: one way, contract.lots: no}, {contract.kind: works}]}"
    (line,) = said(rule(require=alternative), rule(require=alternative.replace("one way", "a way")))
    assert "worded otherwise, in the same sense" in line


def test_rows_are_told_by_their_place() -> None:
    first, second = "{when: {contract.kind: works}, then: full}", "{when: {contract.lots: yes}, then: light}"
    one = table(rows=f"[{first}]", otherwise="out")
    assert said(one, table(rows=f"[{first}, {second}]", otherwise="out")) == [
        "regime: row 2 added: if contract.lots is yes: light"
    ]
    assert said(one, table(rows="[]", otherwise="out")) == ["regime: row 1 removed: if contract.kind is works: full"]
    assert said(one, one.replace("then: full", "then: light")) == [
        "regime: row 1 if contract.kind is works: light, was if contract.kind is works: full"
    ]
    assert said(one, one.replace("otherwise: out", "otherwise: light")) == ["regime: otherwise light, was out"]


def test_what_holds_otherwise_is_said_when_it_refers_or_is_not_written() -> None:
    decides, asks = table(rows="[]", otherwise="full"), table(rows="[]", otherwise="refer", refer="Which?")
    assert said(decides, asks) == ["regime: otherwise refer, was full", "regime: asks a person added: Which?"]
    assert said(asks, table(rows="[]")) == [
        "regime: otherwise nothing written, was refer",
        "regime: asks a person removed: Which?",
    ]


def test_a_duty_that_becomes_a_question_says_both() -> None:
    assert said(rule(require="{contract.lots: yes}"), rule(refer="Is it?")) == [
        "one: requires removed: contract.lots is yes",
        "one: asks a person added: Is it?",
    ]


def test_the_same_rows_in_another_order_are_a_difference() -> None:
    rows = ["{when: {contract.kind: works}, then: full}", "{when: {contract.lots: yes}, then: light}"]
    listed, turned = (table(rows=f"[{', '.join(each)}]", otherwise="out") for each in (rows, rows[::-1]))
    assert said(listed, turned)


def test_the_head_and_the_name_of_the_pack_are_compared_and_names_inside_follow_it() -> None:
    body = limit("2025-01-01: 5") + rule(when="{contract.value: at least limit}", refer="So?")
    head = HEAD.replace("pack: test", "pack: other").replace("checked: 2025-01-01", "checked: 2026-01-01")
    found = [str(each) for each in differences(law_of(body), law_of(pack(body, head=head)))]
    assert found == ["other: pack other, was test", "other: checked 2026-01-01, was 2025-01-01"]


# Nothing is left out ----------------------------------------------------------------------------------------------

SHIPPED = library.shipped().law
PLACES = {"id", "digest", "where", "pack"}  # where a thing stands, not what it says
OTHER: dict[str, object] = {
    "in_force": InForce(1, 2),
    "governs": Truth("a.b", True),
    "when": Truth("a.b", True),
    "require": Truth("a.b", True),
    "readings": (Reading("A", "B", Truth("a.b", True)),),
    "rows": (Row(Truth("a.b", True), "x", ""),),
    "values": ((1, 1),),
    "otherwise": "something else",
    "open": True,
}


def other(item: Pack | Parameter | Table | Rule, name: str) -> object:
    """Another value for a field."""
    now = getattr(item, name)
    return OTHER.get(name, (*now, "x") if isinstance(now, tuple) else f"{now}x")


def swapped(law: Law, item: Pack | Parameter | Table | Rule) -> Law:
    """The law with one of its things in the place of that of the same name."""
    match item:
        case Pack():
            return replace(law, packs={item.id: item})
        case Parameter():
            return replace(law, parameters={**law.parameters, item.id: item})
        case Table():
            return replace(law, tables=tuple(item if item.id == each.id else each for each in law.tables))
    return replace(law, rules={**law.rules, item.id: item})


@pytest.mark.parametrize("pack", SHIPPED.packs)
def test_a_shipped_pack_does_not_differ_from_itself_and_misses_each_rule_taken_out(pack: str) -> None:
    law = SHIPPED.only({pack})
    assert differences(law, law) == ()
    for id in law.rules:
        (found,) = differences(law, replace(law, rules={name: each for name, each in law.rules.items() if name != id}))
        assert (found.kind, found.change, f"{pack}.{found.name}") == ("rule", "removed", id)


def test_a_change_of_any_field_is_a_difference() -> None:
    law = SHIPPED.only({"camden"})
    things = (law.packs["camden"], *law.parameters.values(), law.tables[0], law.rules["camden.call-in.award"])
    for item in things:
        skipped = PLACES | ({"layer", "governs"} if isinstance(item, Rule | Table) else set())
        for name in (field.name for field in fields(item) if field.name not in skipped):
            changed = swapped(law, replace(item, **{name: other(item, name)}))
            assert differences(law, changed), f"{type(item).__name__}.{name}"


# Beside each other ------------------------------------------------------------------------------------------------


def council(name: str, body: str) -> Law:
    head = HEAD.replace("pack: test", f"pack: {name}").replace("layer: statute", f"layer: authority\nauthority: {name}")
    own = {f"{name}/{path.rpartition('/')[2]}": text for path, text in pack(body, head=head).items()}
    return law_of(rule("shared", refer="Shared?"), own)


def test_what_binds_all_is_said_once_and_duties_are_marked() -> None:
    north = council("north", rule("quotes", require="{quotes.received: at least 3}"))
    south = council("south", rule("quotes", require="{quotes.received: at least 4}"))
    found = side_by_side({"north": north, "south": south}, ["go", "stop"])
    (step,) = found.steps
    assert (step.step, step.shared) == ("go", ("test.shared",))
    (duty,) = step.duties
    assert duty.mark == "differs"
    assert duty.says == {"north": "quotes.received at least 3", "south": "quotes.received at least 4"}
    assert duty.doubts == {}


def test_what_only_one_asks_and_what_nobody_confirmed_is_marked() -> None:
    north, south = council("north", rule("call-in", refer="Can it?")), council("south", rule("bands", refer="Does it?"))
    found = side_by_side({"north": north, "south": south}, ["go"])
    marks = {duty.name: (duty.mark, dict(duty.doubts)) for duty in found.steps[0].duties}
    assert marks == {
        "call-in": ("only north", {"north": "refers to a person"}),
        "bands": ("only south", {"south": "refers to a person"}),
    }


def test_titles_alone_make_no_difference() -> None:
    north = council("north", rule("one", title="This", require="{contract.lots: yes}"))
    south = council("south", rule("one", title="That", require="{contract.lots: yes}"))
    found = side_by_side({"north": north, "south": south}, ["go"])
    assert found.steps[0].duties[0].mark == "the same"


def test_tables_and_figures_are_compared_with_the_steps_they_bear_on() -> None:
    body = limit("2025-01-01: {}") + table(
        rows="[{when: {contract.value: below limit}, then: light}]", otherwise="full"
    )
    asks = rule("one", when="{case.regime: light}", refer="So?")
    north, south = (
        council(name, body.replace("{}", figure) + asks) for name, figure in (("north", "5"), ("south", "6"))
    )
    found = side_by_side({"north": north, "south": south}, ["go", "stop"])
    assert [(duty.name, duty.mark, duty.steps) for duty in found.tables] == [("case.regime", "the same", ("go",))]
    assert [(duty.name, duty.mark, duty.steps) for duty in found.figures] == [("limit", "differs", ("go",))]
    assert side_by_side({"north": north, "south": south}, ["go", "stop"], "stop").figures == ()


def test_of_three_authorities_those_that_ask_are_named() -> None:
    laws = {
        name: council(name, rule("one" if name != "west" else "two", refer="So?"))
        for name in ("north", "south", "west")
    }
    assert {duty.name: duty.mark for duty in side_by_side(laws, ["go"]).steps[0].duties} == {
        "one": "only north, south",
        "two": "only west",
    }
