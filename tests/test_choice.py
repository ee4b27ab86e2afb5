"""Why this version, this layer and this figure: the order of choice, said of a finding when somebody asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
from engine import choice, library
from engine.choice import reasons
from engine.decide import assess
from engine.law import Law
from engine.model import Facts, Moment
from tests.conftest import HEAD, day, facts_of, law_of, pack, rule, table
from tests.simulator import shelf

CAMDEN = (
    HEAD.replace("pack: test", "pack: camden").replace("layer: statute", "layer: authority") + "authority: camden\n"
)
ON = "2025-06-02"


def said(law: Law, rule: str, about: str, on: str = ON, **given: str) -> list[str]:
    """What is said of one step of the choice, for the finding of one rule."""
    judged = assess(law, Facts(facts_of(law, **given)), "go", Moment(day(on)), "contract.entered")
    assert not judged.fault
    finding = next(each for each in judged.findings if each.rule == rule)
    return [each.said for each in reasons(finding, law, judged) if each.about == about]


# In time ----------------------------------------------------------------------------------------------------------


def test_of_two_versions_the_one_in_force_says_since_when_and_names_the_one_before_it() -> None:
    old = rule("one.old", require="{contract.lots: no}", in_force="{to: 2025-05-31}", as_at="contract.entered")
    new = rule("one.new", require="{contract.lots: yes}", in_force="{from: 2025-06-01}", as_at="award.decided")
    law = law_of(old + new.removeprefix("rules:\n"))
    given = {"contract__lots": "yes", "award__decided": "2025-06-01"}
    assert said(law, "test.one.new", "version", **given) == [
        "in force from 1 Jun 2025, judged as at award.decided, 1 Jun 2025",
        "test.one.old came before it, in force to 31 May 2025",
    ]
    assert said(law, "test.one.old", "version", "2025-05-31", contract__lots="no") == [
        "in force to 31 May 2025, judged on 31 May 2025, the day of the step",
        "test.one.new comes after it, in force from 1 Jun 2025",
    ]


def test_rules_that_ask_about_different_things_are_no_versions_of_each_other() -> None:
    old = rule("a", require="{contract.kind: goods}", in_force="{to: 2025-05-31}")
    new = rule("b", require="{contract.lots: yes}", in_force="{from: 2025-06-01}").removeprefix("rules:\n")
    assert len(said(law_of(old + new), "test.b", "version", contract__lots="yes")) == 1


def test_a_milestone_that_has_not_happened_leaves_the_day_of_the_question_to_choose() -> None:
    law = law_of(rule(require="{contract.lots: yes}", in_force="{from: 2025-06-01}", as_at="award.decided"))
    assert said(law, "test.one", "version", contract__lots="yes") == [
        "in force from 1 Jun 2025, judged on 2 Jun 2025, as award.decided has not happened"
    ]


def test_a_figure_names_the_milestone_that_chose_it_and_the_figures_before_and_after() -> None:
    figures = (
        "parameters:\n  top: {title: T, cite: C, source_facts: [], unit: money excl VAT, as_at: award.decided, "
        "values: {2023-01-01: 100, 2024-01-01: 200, 2026-01-01: refer}}\n"
    )
    law = law_of(figures + rule(require="{contract.value: below top}"))
    given = {"contract__value": "50 excl VAT"}
    assert said(law, "test.one", "figure", award__decided="2024-12-31", **given) == [
        "test.top: £200 excl VAT from 1 Jan 2024, as at award.decided, 31 Dec 2024; "
        "before that £100 excl VAT; from 1 Jan 2026 no confirmed figure"
    ]
    assert said(law, "test.one", "figure", award__decided="2022-12-31", **given) == [
        "test.top: no figure yet, as at award.decided, 31 Dec 2022; from 1 Jan 2023 £100 excl VAT"
    ]


# Layers -----------------------------------------------------------------------------------------------------------


def test_a_local_table_without_a_row_for_it_falls_through_to_the_layer_above() -> None:
    above = table(rows="[{when: {contract.kind: works}, then: out, cite: Act s.9}]", otherwise="full")
    local = pack(table(rows="[{when: {contract.kind: goods}, then: light, cite: CSO 4}]"), CAMDEN)
    law = law_of(above + rule(require="{case.regime: not out}"), local)
    assert said(law, "test.one", "fact", contract__kind="works") == [
        "case.regime: out, by test.regime row 1 (statute, Act s.9): contract.kind: works; "
        "camden.regime (authority) has no row for it, so the layer above speaks"
    ]
    assert said(law, "test.one", "fact", contract__kind="goods") == [
        "case.regime: light, by camden.regime row 1 (authority, CSO 4): contract.kind: goods; "
        "test.regime (statute) is not asked"
    ]


def test_a_table_out_of_force_or_out_of_scope_says_so() -> None:
    above = table(otherwise="full")
    late = pack(table(otherwise="light", in_force="{from: 2026-01-01}"), CAMDEN)
    law = law_of(above + rule(require="{case.regime: full}"), late)
    assert said(law, "test.one", "fact") == [
        "case.regime: full, by test.regime otherwise (statute, Act s.2); "
        "camden.regime (authority) is in force from 1 Jan 2026 only"
    ]
    gated = pack(table(otherwise="light"), CAMDEN + "governs: {contract.kind: goods}\n")
    law = law_of(above + rule(require="{case.regime: full}"), gated)
    assert said(law, "test.one", "fact", contract__kind="works")[0].endswith(
        "camden.regime (authority) does not govern here"
    )


def test_a_derived_fact_that_is_given_or_not_known_is_said_to_be() -> None:
    law = law_of(
        table(rows="[{when: {contract.lots: yes}, then: full}]", otherwise="out") + rule(require="{case.regime: full}")
    )
    assert said(law, "test.one", "fact", case__regime="light") == ["case.regime: light, as given"]
    assert said(law, "test.one", "fact") == ["case.regime: not known yet, by test.regime (statute, Act s.2)"]


def test_a_rule_that_yields_to_another_says_whether_that_one_applies_and_the_other_says_it_too() -> None:
    above = rule("above", when="{contract.kind: goods}", require="{contract.lots: no}")
    local = pack(rule("below", require="{contract.lots: yes}", yields_to="[test.above]"), CAMDEN)
    law = law_of(above, local)
    lots = {"contract__lots": "yes"}
    assert said(law, "camden.below", "yields", contract__kind="goods", **lots) == [
        "gives way to test.above (statute, Act s.1), which applies here"
    ]
    assert said(law, "camden.below", "yields", contract__kind="works", **lots) == [
        "would give way to test.above (statute, Act s.1), which does not apply here"
    ]
    assert said(law, "camden.below", "yields", **lots) == [
        "gives way to test.above (statute, Act s.1) if that applies, which is not known"
    ]
    assert said(law, "test.above", "yields", contract__kind="goods", **lots) == [
        "camden.below (authority, Act s.1) gives way to it"
    ]


def test_of_two_layers_that_ask_about_the_same_thing_the_stricter_is_named_and_both_bind() -> None:
    local = pack(rule("five", cite="CSO 5", require="{quotes.received: at least 5}"), CAMDEN)
    law = law_of(rule("three", require="{quotes.received: at least 3}"), local)
    assert said(law, "camden.five", "beside", quotes__received="4") == [
        "test.three (statute, Act s.1) asks about the same thing; this is the stricter, and both bind"
    ]
    assert said(law, "test.three", "beside", quotes__received="4") == [
        "camden.five (authority, CSO 5) asks about the same thing; that is the stricter, and both bind"
    ]


@pytest.mark.parametrize(
    ("statute", "local", "which"),
    [
        ("at_most: 10", "at_most: 8", "this is the stricter"),
        ("at_most: 10", "at_most: 12", "that is the stricter"),
        ("at_least: 10", "at_least: 10", "they ask the same"),
        ("at_least: 10", "at_most: 30", "neither takes the other's place"),
    ],
)
def test_the_longest_minimum_and_the_shortest_maximum_are_the_stricter(statute: str, local: str, which: str) -> None:
    period = "{{period: {{from: notice.published, to: contract.entered, unit: days}}, {}}}"
    law = law_of(rule(require=period.format(statute)), pack(rule(require=period.format(local)), CAMDEN))
    (told,) = said(law, "camden.one", "beside", notice__published="2025-05-20")
    assert which in told


def test_a_rule_that_was_waived_names_the_waiver() -> None:
    compete = rule("compete", require="{quotes.received: at least 3}", effect="waivable")
    waiver = (
        "  waiver:\n    title: W\n    cite: CSO 6\n    source_facts: []\n    waives: [compete]\n"
        "    require: {posts.agreed: includes cabinet}\n"
    ).replace("[compete]", "[test.compete]")
    law = law_of(compete + waiver)
    given = {"quotes__received": "1", "posts__agreed": "cabinet"}
    assert said(law, "test.compete", "waived", **given) == [
        "waived by test.waiver (statute, CSO 6), of its own layer or one above"
    ]
    assert said(law, "test.compete", "waived", quotes__received="1", posts__agreed="director") == []


# What people and machines see -------------------------------------------------------------------------------------

SAVED = """\
contract.kind: services
contract.value: £500,000 excl VAT
procurement.procedure: open
tender_notice.published: 2025-02-20
contract.health_service: no
"""


@pytest.fixture
def facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(library, "shipped", shelf)
    place = tmp_path / "f.yaml"
    place.write_text(SAVED, "utf-8")
    return place


def test_the_old_law_is_kept_by_the_day_the_procurement_commenced_and_the_finding_says_so(facts: Path) -> None:
    words = ["assess", str(facts), "--authority", "camden", "--step", "enter-contract", "--on", "2025-06-02"]
    asked = CliRunner().invoke(cli.main, [*words, "--all", "--show-choice"]).stdout
    told = " ".join(asked.split())
    assert "procurement.regime: public contracts regulations 2015, by regimes.regime row" in told
    assert "procurement.commenced: 20 Feb 2025" in told
    assert " fact " not in " ".join(CliRunner().invoke(cli.main, [*words, "--all"]).stdout.split())


def test_machines_get_the_choice_of_every_finding_only_where_it_is_asked_for(facts: Path) -> None:
    words = ["assess", str(facts), "--authority", "camden", "--step", "enter-contract", "--format", "json"]
    plain = json.loads(CliRunner().invoke(cli.main, words).stdout)
    asked = json.loads(CliRunner().invoke(cli.main, [*words, "--show-choice"]).stdout)
    assert not any("chosen" in each for each in plain["findings"])
    assert [each.pop("chosen")[0]["about"] for each in asked["findings"]] == ["version"] * len(plain["findings"])
    assert asked == plain


def test_nothing_is_worked_out_of_the_choice_unless_it_is_asked_for(
    facts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr("engine.report.reasons", never)
    result = CliRunner().invoke(cli.main, ["assess", str(facts), "--authority", "camden", "--step", "enter-contract"])
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_every_word_of_the_choice_stands_in_the_schema() -> None:
    shapes = json.loads(CliRunner().invoke(cli.main, ["assess", "--schema", "findings"]).stdout)["$defs"]
    assert tuple(shapes["finding"]["properties"]["chosen"]["items"]["properties"]["about"]["enum"]) == choice.ABOUT
