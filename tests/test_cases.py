"""Worked cases: what the authors expect is compared with what comes out, and nothing passes by accident."""

from __future__ import annotations

import pytest

from engine import cases
from engine.law import Law
from tests.conftest import HEAD, day, law_of, pack, rule, table

LOTS = "{contract.lots: yes}"
MILESTONES = {"go": "contract.entered", "stop": None}
CAMDEN = HEAD.replace("pack: test", "pack: camden").replace("layer: statute", "layer: authority")
CAMDEN += "authority: camden\n"


def case(**keys: str) -> str:
    """One worked case of a file."""
    made = {"name": "A case", "rule": "test.one", "on": "2025-06-01", "given": "{}", "expect": "missing"} | keys
    return "  - {" + ", ".join(f"{key}: {value}" for key, value in made.items() if value) + "}\n"


def law_with(body: str, *listed: str, head: str = HEAD) -> Law:
    return law_of(pack(body, head, "cases:\n" + "".join(listed)))


def wrong(law: Law) -> list[str]:
    return [result.wrong for result in cases.run_all(law, MILESTONES)]


@pytest.mark.parametrize(
    ("given", "expect"),
    [("{contract.lots: yes}", "met"), ("{contract.lots: no}", "not met"), ("{}", "missing")],
)
def test_a_case_that_expects_what_comes_out_is_right_and_any_other_is_wrong(given: str, expect: str) -> None:
    for said in ("met", "not met", "missing", "refer", "not applicable"):
        (found,) = wrong(law_with(rule(require=LOTS), case(given=given, expect=said)))
        assert (found == "") is (said == expect)
        assert said == expect or found.startswith(f"expected {said}, the answer is {expect}")


def test_the_first_lawful_day_is_compared_too() -> None:
    body = rule(require="{contract.entered: after award.decided}")
    given = "{award.decided: 2025-06-10}"
    law = law_with(body, *(case(given=given, expect="not met", earliest=f"2025-06-{n}") for n in (10, 11, 12)))
    assert wrong(law) == [
        "expected 10 Jun 2025 as the earliest day, the answer is 11 Jun 2025",
        "",
        "expected 12 Jun 2025 as the earliest day, the answer is 11 Jun 2025",
    ]
    never = law_with(rule(require=LOTS), case(given="{contract.lots: no}", expect="not met", earliest="2025-07-01"))
    assert wrong(never) == ["expected 1 Jul 2025 as the earliest day, the answer is no day"]


def test_a_case_gives_the_day_of_the_step_or_the_steps_own_milestone() -> None:
    body = rule(require="{contract.entered: on or after 2025-06-05}")
    law = law_with(
        body,
        case(on="2025-06-05", expect="met"),
        case(on="2025-06-04", expect="not met"),
        case(on="2025-06-04", given="{contract.entered: 2025-06-05}", expect="met"),
    )
    assert wrong(law) == ["", "", ""]


def test_a_case_of_a_table_expects_its_value_or_missing_or_refer() -> None:
    rows = "[{when: {contract.lots: yes}, then: full}, {when: {contract.kind: goods}, then: refer}]"
    body = table(rows=rows, otherwise="light", refer="Judge it")

    def of(given: str, expect: str) -> str:
        return case(rule="", table="test.regime", given=given, expect=expect)

    law = law_with(
        body,
        of("{contract.lots: yes}", "full"),
        of("{contract.lots: no, contract.kind: works}", "light"),
        of("{contract.lots: no, contract.kind: goods}", "refer"),
        of("{contract.lots: no}", "missing"),
        of("{contract.lots: yes}", "light"),
    )
    assert wrong(law) == ["", "", "", "", "expected light, the answer is full"]


def test_a_table_whose_value_depends_on_vat_refers() -> None:
    body = table(rows="[{when: {contract.value: at least 120 incl VAT}, then: full}]", otherwise="light")
    listed = [("119 excl VAT", "refer"), ("99 excl VAT", "light"), ("120 excl VAT", "full"), ("119 incl VAT", "light")]
    law = law_with(
        body,
        *(
            case(rule="", table="test.regime", given=f"{{contract.value: {given}}}", expect=expect)
            for given, expect in listed
        ),
    )
    assert wrong(law) == [""] * 4


def test_a_rule_that_is_not_in_force_is_not_applicable_and_nothing_else() -> None:
    body = rule(require=LOTS, in_force="{from: 2026-01-01}")
    law = law_with(body, case(expect="not applicable"), case(given="{contract.lots: yes}", expect="met"))
    assert wrong(law) == ["", "expected met, the rule is not in force"]


def test_a_case_may_name_another_step_the_rule_binds() -> None:
    body = rule(require="{contract.entered: done}", binds="[go, stop]")
    law = law_with(body, case(expect="met"), case(step="stop", expect="not met"))
    assert wrong(law) == ["", ""]


def test_a_case_of_an_authoritys_pack_is_run_under_the_law_of_that_authority_alone() -> None:
    sutton = CAMDEN.replace("camden", "sutton")
    law = law_of(
        pack(table(otherwise="full"), HEAD),
        pack(table(otherwise="light"), sutton),
        pack(rule(require="{case.regime: full}"), CAMDEN, "cases:\n" + case(rule="camden.one", expect="met")),
    )
    assert wrong(law) == [""]


def test_a_derived_fact_may_be_given() -> None:
    body = table(otherwise="light") + rule(require="{case.regime: full}")
    law = law_with(body, case(given="{case.regime: full}", expect="met"), case(expect="not met"))
    assert wrong(law) == ["", ""]


def test_every_case_is_run_once_in_the_order_of_the_file() -> None:
    law = law_with(rule(require=LOTS), *(case(name=f"Case {n}") for n in range(5)))
    ticks: list[int] = []
    results = cases.run_all(law, MILESTONES, lambda: ticks.append(1))
    assert [result.case.name for result in results] == [f"Case {n}" for n in range(5)] and len(ticks) == 5
    assert results[0].case.on == day("2025-06-01")


# Which branches the cases reached ---------------------------------------------------------------------------------


def missed(law: Law) -> list[str]:
    found = cases.coverage(law, cases.run_all(law, MILESTONES))
    return [f"{branch.subject} {branch.what}" for branch in found.missed]


def test_a_rule_is_reached_by_every_answer_it_can_give_and_by_its_own_cases_only() -> None:
    body = rule("a", when="{contract.kind: goods}", require=LOTS) + rule("b", require=LOTS).removeprefix("rules:\n")
    goods = "contract.kind: goods"
    of_a = [
        case(rule="test.a", given=f"{{{goods}, contract.lots: yes}}", expect="met"),
        case(rule="test.a", given=f"{{{goods}, contract.lots: no}}", expect="not met"),
    ]
    assert missed(law_with(body, *of_a)) == ["test.a not applicable", "test.b met", "test.b not met"]
    works = case(rule="test.a", given="{contract.kind: works}", expect="not applicable")
    assert missed(law_with(body, *of_a, works)) == ["test.b met", "test.b not met"]


def test_a_rule_that_only_refers_and_one_with_readings_have_their_own_ways_to_go() -> None:
    readings = (
        "[{title: A, cite: B, require: {contract.lots: yes}}, {title: C, cite: D, require: {award.decided: done}}]"
    )
    body = rule("a", refer="Judge it", in_force="{from: 2026-01-01}") + rule(
        "b", confidence="contested", readings=readings
    ).removeprefix("rules:\n")
    law = law_with(
        body,
        case(rule="test.a", on="2026-01-01", expect="refer"),
        case(rule="test.b", given=LOTS, expect="refer"),
    )
    assert missed(law) == ["test.a not applicable", "test.b reading 1 not met", "test.b reading 2 met"]


def test_a_doubt_about_vat_reaches_neither_side_of_a_rule() -> None:
    law = law_with(
        rule(require="{contract.value: below £1000 incl VAT}"),
        case(given="{contract.value: £900 excl VAT}", expect="refer"),
    )
    assert missed(law) == ["test.one met", "test.one not met"]


def test_rows_otherwise_and_the_dated_values_of_figures_are_reached_one_by_one() -> None:
    figures = (
        "parameters:\n  limit: {title: Limit, cite: Act s.3, source_facts: [], unit: count, "
        "values: {2025-01-01: 3, 2026-01-01: 4}}\n"
    )
    rows = "[{when: {quotes.received: at least limit}, then: full}, {when: {contract.lots: yes}, then: light}]"
    law = law_with(
        figures + table(rows=rows, otherwise="out"),
        case(rule="", table="test.regime", given="{quotes.received: 3}", expect="full"),
        case(rule="", table="test.regime", given="{quotes.received: 2, contract.lots: no}", expect="out"),
    )
    found = cases.coverage(law, cases.run_all(law, MILESTONES))
    assert str(found) == "rules 0: 0 on both sides; rows 2 of 3; figures 1 of 2"
    assert [(branch.what, branch.where.line) for branch in found.missed] == [
        ("figure from 1 Jan 2026", 2),
        ("row 2", 9),
    ]
    assert found.plain()["rows"] == {"all": 3, "reached": 2}
    assert cases.coverage(law, (), "another").branches == ()


def test_a_table_without_otherwise_has_only_its_rows() -> None:
    rows = "[{when: {contract.lots: yes}, then: full}, {when: {contract.lots: no}, then: light}]"
    body = f"tables:\n  regime: {{title: A, cite: B, source_facts: [], decides: case.regime, rows: {rows}}}\n"
    law = law_with(body, case(rule="", table="test.regime", given="{contract.lots: yes}", expect="full"))
    assert missed(law) == ["test.regime row 2"]
