"""Decisions: five answers, the worst of them, judgements, readings, tables, layers, time, and two evaluators."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine import markup
from engine.decide import assess, decide, derive_all, rests_on, situate
from engine.inference import Fault
from engine.law import Law
from engine.model import MET, MISSING, NOT_MET, REFER, Decision, Facts, Finding, Judgement, Moment, Money, Unsure, Value
from engine.vocabulary import parse_value
from engine.workflow import Workflow, parse
from tests.conftest import HEAD, WORDS, at, day, facts_of, law_of, pack, problems_of, recorded, rule, said, table

CYCLE = """\
workflow: small
title: A small cycle
initial: here
stages:
  one: {title: One, states: {here: Here, there: There, done: Done}}
final: [done]
steps:
  go: {title: Go, from: [here], to: there, records: contract.entered}
  back: {title: Back, from: [there], to: here, free: yes, why_free: The record is enough.}
  stop: {title: Stop, from: [here, there], to: done, records: review.completed}
"""
CAMDEN = (
    HEAD.replace("pack: test", "pack: camden").replace("layer: statute", "layer: authority") + "authority: camden\n"
)
LOTS = "{contract.lots: yes}"
NOW = at("2025-06-02T10:00")


def cycle() -> Workflow:
    node, _ = markup.read("small.yaml", CYCLE)
    assert node is not None
    found, problems = parse(node, None, ["contract.entered", "review.completed"])
    assert found is not None, problems
    return found


def taken(law: Law, facts: Facts, step: str = "go", state: str = "here", when: Moment = NOW, **keys: Any) -> Decision:
    return decide(law, cycle(), state, facts, step, when, **keys)


def told(law: Law, judgements: tuple[Judgement, ...] = (), when: Moment = NOW, **given: str) -> Finding:
    """The finding of the one rule of a law."""
    (finding,) = taken(law, Facts(facts_of(law, **given), judgements=judgements), when=when).findings
    return finding


def judgement(law: Law, subject: str, answer: str, value: object = None, **given: str) -> Judgement:
    """A judgement that rests on the facts given."""
    facts = Facts(facts_of(law, **given))
    digest = rests_on(law.subjects[subject], law, derive_all(law, facts, NOW), facts.values.keys())
    return Judgement(9, subject, answer, digest, "monitoring officer", value)


# The five answers -------------------------------------------------------------------------------------------------


def test_a_rule_is_met_and_the_step_may_proceed() -> None:
    law = law_of(rule(require=LOTS))
    decision = taken(law, Facts({"contract.lots": True}))
    assert (decision.answer, decision.source, decision.target, decision.fault) == ("may proceed", "here", "there", "")
    assert decision.findings[0].answer == "met" and decision.findings[0].pack == law.packs["test"].digest


def test_what_a_rule_asks_for_is_met_whether_or_not_it_applies() -> None:
    law = law_of(rule(when="{contract.kind: goods}", require=LOTS))
    assert told(law, contract__lots="yes").answer == MET
    assert told(law, contract__lots="no").answer == MISSING
    assert told(law, contract__lots="no", contract__kind="services").answer == "not applicable"
    assert told(law, contract__lots="yes", contract__kind="services").answer == "not applicable"


def test_it_is_met_even_where_a_person_would_have_to_judge_if_it_applies() -> None:
    asked = table(rows="[]", otherwise="refer", refer="Which regime?")
    law = law_of(asked + rule(when="{case.regime: full}", require=LOTS))
    assert (told(law, contract__lots="yes").answer, told(law, contract__lots="no").answer) == (MET, REFER)


def test_contested_readings_are_met_unasked_only_where_every_one_holds() -> None:
    one = "{title: A, cite: c, require: {quotes.received: at least 1}}"
    two = f"[{one}, {one.replace('1', '3')}]"
    law = law_of(rule(when=LOTS, confidence="contested", readings=two))
    assert told(law, quotes__received="3").answer == MET
    assert told(law, quotes__received="2").answer == told(law, quotes__received="0").answer == MISSING


def test_an_unverified_rule_is_never_met_unasked() -> None:
    law = law_of(rule(when="{contract.kind: goods}", require=LOTS, confidence="unverified"))
    assert told(law, contract__lots="yes").answer == MISSING


def test_a_waiver_that_may_not_apply_waives_nothing() -> None:
    bound = rule(require="{quotes.received: at least 3}", effect="waivable")
    waiver = rule("two", waives="[one]", when="{contract.kind: goods}", require=LOTS).replace("    binds: [go]\n", "")
    law = law_of(bound + waiver.removeprefix("rules:\n"))
    assert not told(law, quotes__received="1", contract__lots="yes").waived
    assert told(law, quotes__received="1", contract__lots="yes", contract__kind="goods").waived == "test.two"


def presuming(said: str) -> str:
    """The words of these tests, with something presumed of whether there are lots."""
    return WORDS.replace("In lots, type: boolean,", f"In lots, type: boolean, presumed: {said}, because: As a rule,")


def test_what_nobody_states_is_taken_as_the_vocabulary_presumes() -> None:
    law = law_of(rule(when=LOTS, require="{quotes.received: at least 3}"), words=presuming("no"))
    assert told(law, quotes__received="1").answer == "not applicable"
    assert told(law, quotes__received="1", contract__lots="yes").answer == NOT_MET
    law = law_of(rule(when=LOTS, require="{quotes.received: at least 3}"), words=presuming("yes"))
    assert told(law, quotes__received="1").answer == NOT_MET
    assert told(law, quotes__received="1", contract__lots="no").answer == "not applicable"


def test_an_amount_is_presumed_from_another_that_is_stated() -> None:
    words = WORDS.replace(
        "Value before, type: money,", "Value before, type: money, presumed: contract.value, because: As a rule,"
    )
    law = law_of(rule(require="{contract.before: at most £50 excl VAT}"), words=words)
    assert told(law, contract__value="£50 excl VAT").answer == MET
    assert told(law, contract__value="£50 excl VAT", contract__before="£51 excl VAT").answer == NOT_MET
    assert told(law).needs == ("contract.before",)


def test_what_is_presumed_is_not_recorded_and_the_finding_says_so() -> None:
    law = law_of(rule(require="{contract.lots: not recorded}"), words=presuming("no"))
    assert (told(law).answer, told(law, contract__lots="no").answer) == (MET, NOT_MET)
    law = law_of(rule(require=LOTS), words=presuming("no"))
    assert told(law).found == "contract.lots: no, taken so as nothing was said"
    assert told(law, contract__lots="no").found == "contract.lots: no"


def test_a_rule_is_not_met_and_says_what_was_found_and_required() -> None:
    decision = taken(law_of(rule(require=LOTS)), Facts({"contract.lots": False}))
    (finding,) = decision.findings
    assert (decision.answer, decision.target) == ("not met", None)
    assert (finding.found, finding.required, finding.earliest) == ("contract.lots: no", "contract.lots is yes", None)


def test_a_rule_that_does_not_apply_blocks_nothing() -> None:
    decision = taken(law_of(rule(when=LOTS, require="{contract.kind: goods}")), Facts({"contract.lots": False}))
    assert (decision.answer, decision.findings[0].answer) == ("may proceed", "not applicable")


def test_what_is_missing_is_named_so_that_it_can_be_recorded() -> None:
    law = law_of(rule(when=LOTS, require="{contract.kind: goods, quotes.received: at least 3}"))
    assert told(law).needs == ("contract.lots",)
    finding = told(law, contract__lots="yes")
    assert (finding.answer, finding.needs) == ("missing", ("contract.kind", "quotes.received"))
    assert finding.found == "not recorded: contract.kind, quotes.received"


def test_a_missing_hour_is_asked_for_as_an_hour() -> None:
    law = law_of(rule(require="{tender.opened: after notice.published}"))
    finding = told(law, tender__opened="2025-05-01 10:00", notice__published="2025-05-01")
    assert (finding.answer, finding.needs) == ("missing", ("notice.published",))
    assert finding.found == "not recorded: the hour of notice.published"


def test_a_rule_refers_with_the_question_it_asks() -> None:
    finding = told(law_of(rule(when=LOTS, refer="Is it novel?")), contract__lots="yes")
    assert (finding.answer, finding.required, finding.needs) == ("refer", "Is it novel?", ("test.one",))


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({}, "missing"),
        ({"contract__lots": "yes"}, "refer"),
        ({"contract__lots": "yes", "contract__kind": "goods"}, "not met"),
        ({"contract__lots": "no", "contract__kind": "goods"}, "not met"),
        ({"contract__kind": "works"}, "missing"),
        ({"contract__lots": "yes", "contract__kind": "works"}, "refer"),
        ({"contract__lots": "no", "contract__kind": "works"}, "may proceed"),
    ],
)
def test_the_answer_is_the_worst_of_all_findings(given: dict[str, str], answer: str) -> None:
    law = law_of(
        rule("a", when=LOTS, refer="Judge it") + rule("b", require="{contract.kind: works}").removeprefix("rules:\n")
    )
    assert taken(law, Facts(facts_of(law, **given))).answer == answer


# Steps ------------------------------------------------------------------------------------------------------------


def test_a_step_that_does_not_exist_from_here_is_refused_without_findings() -> None:
    law = law_of(rule(require=LOTS))
    for state, step in (("there", "go"), ("done", "stop"), ("nowhere", "go"), ("here", "fly")):
        decision = taken(law, Facts({"contract.lots": True}), step, state)
        assert (decision.answer, decision.target, decision.findings) == ("not met", None, ())
        assert decision.reason == f"{step} is not a step from {state}"


def test_a_step_without_rules_is_refused_unless_the_workflow_marks_it_free() -> None:
    law = law_of(rule(require=LOTS))
    refused = taken(law, Facts({}), "stop")
    assert (refused.answer, refused.target) == ("not met", None) and "no rule in the packs bears" in refused.reason
    assert taken(law, Facts({}), "back", "there").answer == "may proceed"


def test_a_step_whose_only_rule_is_not_in_force_is_refused_too() -> None:
    law = law_of(rule(require=LOTS, in_force="{from: 2026-01-01}"))
    assert taken(law, Facts({"contract.lots": True})).answer == "not met"


def test_no_facts_and_no_law_never_let_a_step_go_ahead() -> None:
    assert taken(law_of("rules: {}"), Facts({})).answer == "not met"


# Judgements -------------------------------------------------------------------------------------------------------


def test_a_judgement_settles_what_refers_and_names_its_entry() -> None:
    law = law_of(rule(when=LOTS, refer="Judge it"))
    given = {"contract__lots": "yes"}
    finding = told(law, (judgement(law, "test.one", "met", **given),), **given)
    assert finding.answer == "refer" and finding.settled is not None and finding.settled.entry == 9
    assert finding.stands == "met" and not finding.blocks


def test_a_judgement_may_also_refuse() -> None:
    law = law_of(rule(when=LOTS, refer="Judge it"))
    facts = Facts({"contract.lots": True}, judgements=(judgement(law, "test.one", "not met", contract__lots="yes"),))
    assert taken(law, facts).answer == "not met"


def test_the_last_judgement_counts() -> None:
    law = law_of(rule(when=LOTS, refer="Judge it"))
    given = {"contract__lots": "yes"}
    both = tuple(judgement(law, "test.one", answer, **given) for answer in ("met", "not met"))
    assert told(law, both, **given).stands == "not met"
    assert told(law, both[::-1], **given).stands == "met"


def test_a_judgement_lapses_when_a_fact_it_rests_on_changes_or_comes_or_goes() -> None:
    law = law_of(rule(when=LOTS, refer="Judge it", rests_on="[quotes.received]"))
    given = {"contract__lots": "yes", "quotes__received": "3"}
    judged = (judgement(law, "test.one", "met", **given),)
    assert told(law, judged, **given).settled is not None
    assert told(law, judged, **given, contract__kind="goods").settled is not None
    assert told(law, judged, **(given | {"quotes__received": "4"})).settled is None
    assert told(law, judged, contract__lots="yes").settled is None


def test_a_judgement_lapses_when_the_rule_or_its_gate_changes() -> None:
    law = law_of(rule(when=LOTS, refer="Judge it"))
    given = {"contract__lots": "yes", "contract__kind": "goods"}
    judged = (judgement(law, "test.one", "met", **given),)
    assert told(law_of(rule(when=LOTS, refer="Judge this")), judged, **given).settled is None
    gated = law_of(pack(rule(when=LOTS, refer="Judge it"), HEAD + "governs: {contract.kind: goods}\n"))
    assert told(gated, judged, **given).settled is None


def test_a_judgement_lapses_when_a_figure_its_rule_uses_changes() -> None:
    def law(figure: int) -> Law:
        limit = (
            "parameters:\n  limit: {title: Limit, cite: C, source_facts: [], unit: count, values: {2020-01-01: %d}}\n"
        )
        return law_of(limit % figure + rule(when="{quotes.received: at least limit}", refer="Judge it"))

    judged = (judgement(law(2), "test.one", "met", quotes__received="3"),)
    assert told(law(2), judged, quotes__received="3").settled is not None
    assert told(law(3), judged, quotes__received="3").settled is None


def test_a_judgement_stands_on_the_next_day_also_where_the_rule_reads_the_day_of_the_step() -> None:
    law = law_of(rule(when="{contract.entered: after 2025-01-01, procurement.commenced: after 2025-01-01}", refer="J"))
    judged = (judgement(law, "test.one", "met"),)
    for when in (NOW, at("2025-06-03T10:00"), at("2025-12-03T10:00")):
        assert told(law, judged, when=when).stands == "met"


def test_a_judgement_lapses_when_the_date_behind_a_derived_milestone_is_corrected() -> None:
    law = law_of(rule(when="{procurement.commenced: after 2025-01-01}", refer="Judge it"))
    judged = (judgement(law, "test.one", "met", notice__published="2025-05-01"),)
    assert told(law, judged, notice__published="2025-05-01").settled is not None
    assert told(law, judged, notice__published="2025-05-02").settled is None


def test_a_judgement_settles_neither_a_mandatory_refusal_nor_what_is_missing() -> None:
    law = law_of(rule(require=LOTS))
    for given in ({"contract__lots": "no"}, {}):
        finding = told(law, (judgement(law, "test.one", "met", **given),), **given)
        assert finding.settled is None and finding.blocks


@pytest.mark.parametrize("answer", ["explained", "waived", "", "may proceed", "missing", "refer"])
def test_a_judgement_that_answers_nothing_known_lets_no_step_go_ahead(answer: str) -> None:
    law = law_of(rule(when=LOTS, refer="Judge it"))
    facts = Facts({"contract.lots": True}, judgements=(judgement(law, "test.one", answer, contract__lots="yes"),))
    decision = taken(law, facts)
    assert decision.answer != "may proceed" and decision.target is None


def test_comply_or_explain_refuses_until_the_explanation_is_recorded() -> None:
    law = law_of(rule(require=LOTS, effect="comply or explain"))
    given = {"contract__lots": "no"}
    assert taken(law, Facts(facts_of(law, **given))).answer == "not met"
    explained = Facts(facts_of(law, **given), judgements=(judgement(law, "test.one", "explained", **given),))
    decision = taken(law, explained)
    assert (decision.answer, decision.findings[0].answer, decision.findings[0].stands) == (
        "may proceed",
        "not met",
        "explained",
    )


def test_a_judgement_on_a_table_supplies_the_value_it_refers_for() -> None:
    law = law_of(
        table(otherwise="refer", refer="Which regime?", rests_on="[contract.kind]")
        + rule(require="{case.regime: full}")
    )
    finding = told(law, contract__kind="goods")
    assert (finding.answer, finding.found, finding.needs) == ("refer", "Which regime?", ("test.regime",))
    for value, answer in (("full", "met"), ("light", "not met")):
        judged = (judgement(law, "test.regime", value, value, contract__kind="goods"),)
        assert told(law, judged, contract__kind="goods").answer == answer
        assert told(law, judged, contract__kind="works").answer == "refer"


@pytest.mark.parametrize("value", [None, "none of them", 5, True, {"pence": 1, "vat": "incl"}, ["full"]])
def test_a_judgement_on_a_table_with_no_value_of_the_fact_settles_nothing(value: object) -> None:
    law = law_of(table(otherwise="refer", refer="Which regime?") + rule(require="{case.regime: full}"))
    assert told(law, (judgement(law, "test.regime", "full", value),)).answer == "refer"


def test_a_judgement_on_a_table_that_decides_by_itself_changes_nothing() -> None:
    law = law_of(table(otherwise="light") + rule(require="{case.regime: full}"))
    assert told(law, (judgement(law, "test.regime", "full", "full"),)).answer == "not met"


# Confidence -------------------------------------------------------------------------------------------------------

READINGS = (
    "[{title: A, cite: a, require: {quotes.received: at least 3}}, "
    "{title: B, cite: b, require: {quotes.received: at least 5}}]"
)


@pytest.mark.parametrize(("quotes", "answer"), [("2", "not met"), ("3", "refer"), ("4", "refer"), ("5", "met")])
def test_contested_readings_decide_where_they_agree_and_refer_where_they_differ(quotes: str, answer: str) -> None:
    finding = told(law_of(rule(confidence="contested", readings=READINGS)), quotes__received=quotes)
    assert finding.answer == answer
    if answer == "refer":
        assert finding.required == "A: quotes.received at least 3 / or / B: quotes.received at least 5"


def test_contested_readings_without_the_fact_are_missing_it() -> None:
    assert told(law_of(rule(confidence="contested", readings=READINGS))).answer == "missing"


@pytest.mark.parametrize(("given", "answer"), [("yes", "refer"), ("no", "refer"), (None, "missing")])
def test_an_unverified_rule_refers_whatever_it_would_say(given: str | None, answer: str) -> None:
    law = law_of(rule(require=LOTS, confidence="unverified"))
    assert told(law, **({"contract__lots": given} if given else {})).answer == answer


def test_an_unverified_rule_that_does_not_apply_does_not_apply() -> None:
    law = law_of(rule(when="{contract.kind: goods}", require=LOTS, confidence="unverified"))
    assert told(law, contract__kind="works").answer == "not applicable"


def test_a_rule_of_medium_confidence_decides() -> None:
    law = law_of(rule(require=LOTS, confidence="medium", caution="Careful"))
    assert told(law, contract__lots="no").answer == "not met"


# VAT --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ("99", "not met"),  # at most 118.80 with VAT
        ("100", "refer"),  # 100 as it stands, 120 if VAT is to be added
        ("119", "refer"),
        ("120", "met"),
        ("120 incl VAT", "met"),
        ("119.99 incl VAT", "not met"),
        ("100 excl VAT", "refer"),  # nobody said that VAT is due
        ("120 excl VAT", "met"),
        ("119.99 no VAT", "not met"),
        ("120 no VAT", "met"),
    ],
)
def test_an_amount_of_another_basis_refers_only_where_vat_changes_the_answer(given: str, answer: str) -> None:
    finding = told(law_of(rule(require="{contract.value: at least 120 incl VAT}")), contract__value=given)
    assert finding.answer == answer
    if answer == "refer":
        assert "depends on VAT" in finding.found and finding.needs == ("test.one",)


def test_vat_may_change_the_answer_by_way_of_a_table() -> None:
    rows = "[{when: {contract.value: at least 120 incl VAT}, then: full}]"
    law = law_of(table(rows=rows, otherwise="light") + rule(require="{case.regime: light}"))
    assert told(law, contract__value="110").answer == "refer"
    assert told(law, contract__value="130").answer == "not met"
    assert told(law, contract__value="90").answer == "met"


def test_vat_that_changes_nothing_else_leaves_the_other_rules_alone() -> None:
    body = rule("a", require="{contract.value: at least 120 incl VAT}")
    law = law_of(body + rule("b", require=LOTS).removeprefix("rules:\n"))
    facts = Facts({"contract.value": Money(11_000, "unstated"), "contract.lots": True})
    assert [finding.answer for finding in taken(law, facts).findings] == ["refer", "met"]


# Tables -----------------------------------------------------------------------------------------------------------


def value_of(law: Law, fact: str = "case.regime", **given: str) -> Value | None:
    return derive_all(law, Facts(facts_of(law, **given)), NOW).get(fact)


ROWS = "[{when: {contract.lots: yes}, then: full}, {when: {contract.kind: goods}, then: light}]"
ASKS = rule(require="{case.regime: full, case.days: at most 5}")


@pytest.mark.parametrize(
    ("hit", "given", "value"),
    [
        ("first", {"contract__lots": "yes", "contract__kind": "goods"}, "full"),
        ("first", {"contract__lots": "yes"}, "full"),
        ("first", {"contract__lots": "no", "contract__kind": "goods"}, "light"),
        ("first", {"contract__lots": "no", "contract__kind": "works"}, "out"),
        ("first", {"contract__kind": "goods"}, None),
        ("first", {"contract__lots": "no"}, None),
        ("unique", {"contract__lots": "yes", "contract__kind": "works"}, "full"),
        ("unique", {"contract__lots": "yes"}, None),
        ("unique", {"contract__lots": "no", "contract__kind": "works"}, "out"),
    ],
)
def test_a_table_takes_the_first_row_or_the_only_one(hit: str, given: dict[str, str], value: str | None) -> None:
    assert value_of(law_of(table(hit=hit, rows=ROWS, otherwise="out")), **given) == value


@pytest.mark.parametrize(
    ("order", "given", "value"),
    [
        ("[light, full]", {"contract__lots": "yes", "contract__kind": "goods"}, "light"),
        ("[full, light]", {"contract__lots": "yes", "contract__kind": "goods"}, "full"),
        ("[full, light]", {"contract__lots": "yes"}, "full"),  # the unknown row is milder: it could not change it
        ("[light, full]", {"contract__lots": "yes"}, None),  # the unknown row is stricter: it could
        ("[light, full]", {"contract__kind": "goods"}, "light"),
        ("[full, light]", {"contract__kind": "goods"}, None),
        ("[full, light]", {"contract__lots": "no", "contract__kind": "works"}, "out"),
        ("[full, light]", {"contract__lots": "no"}, None),
        ("[full, light]", {}, None),
    ],
)
def test_a_table_takes_the_strictest_row_that_applies(order: str, given: dict[str, str], value: str | None) -> None:
    law = law_of(table(hit="strictest", order=order, rows=ROWS, otherwise="out") + ASKS)
    assert value_of(law, **given) == value
    assert not assess(law, recorded(law, **given), "go", NOW, None).fault


FIGURED = "[{when: {contract.lots: yes}, then: %s}, {when: {contract.kind: goods}, then: %s}, "
FIGURED += "{when: {contract.kind: works}, then: refer}]"


@pytest.mark.parametrize(
    ("hit", "given", "value"),
    [
        ("shortest", {"contract__lots": "yes", "contract__kind": "goods"}, 5),
        ("strictest", {"contract__lots": "yes", "contract__kind": "goods"}, 10),
        ("shortest", {"contract__lots": "no", "contract__kind": "goods"}, 5),
        ("shortest", {"contract__kind": "goods"}, 5),
        ("strictest", {"contract__kind": "goods"}, None),
        ("shortest", {"contract__lots": "yes"}, None),
        ("strictest", {"contract__lots": "yes"}, None),  # a row that refers comes before all
        ("strictest", {"contract__lots": "yes", "contract__kind": "works"}, Unsure("Judge", "test.days")),
        ("shortest", {"contract__kind": "works"}, Unsure("Judge", "test.days")),
        (
            "shortest",
            {"contract__lots": "no", "contract__kind": "services"},
            Unsure("no row of test.days applies", "test.days"),
        ),
    ],
)
def test_a_table_takes_the_least_number_or_the_greatest(hit: str, given: dict[str, str], value: Value | None) -> None:
    law = law_of(table("days", "case.days", hit=hit, rows=FIGURED % (10, 5), refer="Judge") + ASKS)
    assert value_of(law, "case.days", **given) == value
    assert not assess(law, recorded(law, **given), "go", NOW, None).fault


def test_the_strictest_amount_is_the_greatest() -> None:
    rows = "[{when: {contract.lots: yes}, then: 100.01 incl VAT}, {when: {contract.kind: goods}, then: 100 incl VAT}]"
    law = law_of(table("limit", "case.limit", hit="strictest", rows=rows, otherwise="1 incl VAT"))
    assert value_of(law, "case.limit", contract__lots="yes", contract__kind="goods") == Money(10_001, "incl")
    assert value_of(law, "case.limit", contract__lots="no", contract__kind="goods") == Money(10_000, "incl")


def test_a_judgement_settles_a_case_that_no_row_decides() -> None:
    law = law_of(table(rows="[{when: {contract.lots: yes}, then: full}]") + rule(require="{case.regime: light}"))
    given = {"contract__lots": "no"}
    assert (told(law, **given).answer, told(law, **given).needs) == ("refer", ("test.regime",))
    judged = judgement(law, "test.regime", "light", "light", **given)
    assert told(law, (judged,), **given).answer == "met"
    assert told(law, (judged,), contract__lots="yes").answer == "not met"


def test_a_table_of_unique_rows_refers_where_two_apply() -> None:
    law = law_of(table(hit="unique", rows=ROWS, otherwise="out"))
    found = value_of(law, contract__lots="yes", contract__kind="goods")
    assert found == Unsure("more than one row applies", "test.regime")


def test_what_a_table_lacks_is_asked_for_by_the_rule_that_needs_its_fact() -> None:
    law = law_of(table(rows=ROWS, otherwise="out") + rule(require="{case.regime: full}"))
    finding = told(law, contract__lots="no")
    assert (finding.answer, finding.needs) == ("missing", ("contract.kind",))


def test_a_table_may_rest_on_a_table_and_what_that_lacks_is_asked_for() -> None:
    route = table("route", "case.route", rows="[{when: {case.regime: full}, then: open}]", otherwise="quick")
    law = law_of(
        table(rows=ROWS, otherwise="out") + route.removeprefix("tables:\n") + rule(require="{case.route: open}")
    )
    assert told(law, contract__lots="yes").answer == "met"
    assert told(law, contract__lots="no", contract__kind="works").answer == "not met"
    assert told(law).needs == ("contract.lots",)


def test_a_fact_that_is_given_is_not_derived() -> None:
    law = law_of(table(otherwise="out") + rule(require="{case.regime: full}"))
    assert told(law, case__regime="full").answer == "met"


def test_a_fact_that_no_pack_in_force_decides_refers() -> None:
    law = law_of(table(otherwise="full", in_force="{from: 2026-01-01}") + rule(require="{case.regime: full}"))
    finding = told(law)
    assert (finding.answer, finding.found) == ("refer", "no pack in force decides case.regime")


def test_two_tables_of_one_layer_that_decide_one_fact_refer() -> None:
    other = HEAD.replace("pack: test", "pack: other")
    law = law_of(table(otherwise="full") + rule(require="{case.regime: full}"), pack(table(otherwise="full"), other))
    finding = told(law)
    assert finding.answer == "refer" and "both decide case.regime" in finding.found


def test_two_tables_of_one_layer_that_follow_each_other_in_time_do_not_meet() -> None:
    early = table("early", otherwise="light", in_force="{to: 2025-12-31}")
    late = table("late", otherwise="full", in_force="{from: 2026-01-01}").removeprefix("tables:\n")
    law = law_of(early + late)
    assert value_of(law) == "light"
    assert derive_all(law, Facts({}), at("2026-01-01"))["case.regime"] == "full"


def test_the_local_table_decides_before_the_national_one_and_falls_back_to_it_when_silent() -> None:
    gated = CAMDEN + "governs: {contract.kind: goods}\n"
    law = law_of(table(otherwise="full") + rule(require="{case.regime: light}"), pack(table(otherwise="light"), gated))
    assert told(law, contract__kind="goods").answer == "met"
    assert told(law, contract__kind="works").answer == "not met"
    finding = told(law)
    assert (finding.answer, finding.needs) == ("missing", ("contract.kind",))


def test_a_local_table_decides_also_where_nobody_knows_whether_the_national_one_applies() -> None:
    gated = HEAD + "governs: {contract.kind: goods}\n"
    law = law_of(pack(table(otherwise="full"), gated), pack(table(otherwise="light"), CAMDEN))
    assert value_of(law) == "light"


def test_a_local_table_that_lacks_a_fact_asks_for_its_own_fact_and_not_the_national_ones() -> None:
    local = pack(table(rows="[{when: {contract.lots: yes}, then: light}]", otherwise="out"), CAMDEN)
    law = law_of(
        table(rows="[{when: {contract.kind: goods}, then: full}]", otherwise="out")
        + rule(require="{case.regime: full}"),
        local,
    )
    assert told(law).needs == ("contract.lots",)


# Time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decided", "answers"), [("2025-05-31", []), ("2025-06-01", ["met"]), ("2025-06-30", ["met"]), ("2025-07-01", [])]
)
def test_in_force_is_judged_at_the_rules_own_milestone(decided: str, answers: list[str]) -> None:
    law = law_of(rule(require=LOTS, in_force="{from: 2025-06-01, to: 2025-06-30}", as_at="award.decided"))
    facts = Facts(facts_of(law, award__decided=decided, contract__lots="yes"))
    assert [each.answer for each in assess(law, facts, "go", at("2026-01-01"), None).findings] == answers


def test_until_its_milestone_happens_a_rule_is_judged_on_the_day_of_the_decision() -> None:
    law = law_of(rule(require=LOTS, in_force="{from: 2025-06-01}", as_at="award.decided"))
    facts = Facts({"contract.lots": True})
    assert assess(law, facts, "go", at("2025-05-31"), None).findings == ()
    assert len(assess(law, facts, "go", at("2025-06-01"), None).findings) == 1


def test_a_figure_that_nobody_confirmed_refers_and_says_so() -> None:
    body = (
        "parameters:\n  limit: {title: The limit, cite: C, source_facts: [], unit: money incl VAT, "
        "values: {2025-01-01: 100, 2025-06-01: refer}}\n"
    )
    law = law_of(body + rule(require="{contract.value: below limit}"))
    given = {"contract__value": "50 incl VAT"}
    assert told(law, when=at("2025-05-31"), **given).answer == "met"
    finding = told(law, when=at("2025-06-01"), **given)
    assert (finding.answer, finding.needs) == ("refer", ("test.one",))
    assert finding.found == "no confirmed figure for The limit on 1 Jun 2025"
    judged = (judgement(law, "test.one", "met", **given),)
    assert told(law, judged, when=at("2025-06-01"), **given).stands == "met"


def test_a_derived_milestone_is_the_first_of_its_parts_or_the_day_of_the_decision() -> None:
    law = law_of("rules: {}")
    values, moving = situate(law, Facts({}), NOW, "contract.entered")
    assert (values["procurement.commenced"], values["contract.entered"]) == (Moment(NOW.day), NOW)
    assert "market.approached" not in values and moving == {"contract.entered", "procurement.commenced"}
    facts = facts_of(law, notice__published="2025-05-02", tender__opened="2025-05-01 12:00")
    values, moving = situate(law, Facts(facts), NOW, "contract.entered")
    assert values["procurement.commenced"] == values["market.approached"] == at("2025-05-01T12:00")
    assert moving == {"contract.entered"}


def test_a_derived_milestone_that_is_the_step_itself_moves_with_it() -> None:
    values, moving = situate(law_of("rules: {}"), Facts({}), NOW, "notice.published")
    assert values["market.approached"] == NOW
    assert moving == {"notice.published", "market.approached", "procurement.commenced"}


def test_a_step_dates_its_own_milestone_to_its_own_precision() -> None:
    law = law_of("rules: {}")
    assert situate(law, Facts({}), NOW, "contract.entered")[0]["contract.entered"] == NOW
    assert situate(law, Facts({}), NOW, "award.decided")[0]["award.decided"] == Moment(NOW.day)
    earlier = Facts({"contract.entered": at("2024-01-01")})
    assert situate(law, earlier, NOW, "contract.entered")[0]["contract.entered"] == NOW


def test_a_refusal_that_waiting_cures_says_from_which_day() -> None:
    law = law_of(rule(require="{contract.entered: after award.decided}"))
    finding = told(law, award__decided="2025-06-10")
    assert (finding.answer, finding.earliest) == ("not met", day("2025-06-11"))


def test_a_day_on_which_the_rule_still_refuses_is_not_promised() -> None:
    law = law_of(rule(require="{all: [{contract.entered: after 2025-06-10}, {contract.entered: before 2025-06-05}]}"))
    finding = told(law)
    assert (finding.answer, finding.earliest) == ("not met", None)


# Two evaluators ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answered",
    [set(), {"test.one:0:met"}, {"test.one:not applicable"}, {"test.one:0:not met", "test.one:0:met"}, {"x:0:not met"}],
)
def test_an_evaluator_that_disagrees_stops_the_step_with_a_fault(answered: set[str]) -> None:
    law, facts = law_of(rule(require=LOTS)), Facts({"contract.lots": False})
    decision = taken(law, facts, runner=lambda program, ctx: frozenset(answered))
    assert (decision.answer, decision.target, decision.reason) == ("not met", None, "the two evaluators disagree")
    assert "only the reference: test.one:0:not met" in decision.fault or "only durable_rules" in decision.fault


def test_an_evaluator_that_would_allow_what_is_lawful_for_another_reason_stops_it_too() -> None:
    law, facts = law_of(rule(require=LOTS)), Facts({"contract.lots": True})
    decision = taken(law, facts, runner=lambda program, ctx: frozenset({"test.one:not applicable"}))
    assert decision.fault and decision.answer != "may proceed" and decision.target is None


def test_an_evaluator_that_fails_stops_the_step_with_a_fault() -> None:
    def failing(program: object, ctx: object) -> frozenset[str]:
        raise Fault("Could not assert fact, error code: 303")

    decision = taken(law_of(rule(require=LOTS)), Facts({"contract.lots": True}), runner=failing)
    assert decision.fault == "durable_rules failed: Could not assert fact, error code: 303"
    assert decision.answer != "may proceed" and decision.target is None


def test_what_each_step_is_judged_on_is_handed_back() -> None:
    law = law_of(table(otherwise="full") + rule(require="{case.regime: full}"))
    result = assess(law, Facts({}), "go", NOW, "contract.entered")
    assert result.derived["case.regime"] == "full" and set(result.rules) == {"test.one"}
    assert replace(result, fault="").fault == ""


def test_facts_are_never_changed_by_a_decision() -> None:
    law = law_of(table(otherwise="full") + rule(require="{case.regime: full}"))
    values: dict[str, Value] = {"contract.lots": True}
    taken(law, Facts(values))
    assert values == {"contract.lots": True}


# Amounts of one case, several choices, hours, and a local table that says nothing ----------------------------------


def answered(law: Law, when: str = "2025-06-02", **given: str) -> str:
    """The answer of the one rule of the law on facts in words."""
    named = {name.replace("__", "."): said for name, said in given.items()}
    values = {name: parse_value(law.vocabulary.get(name), said) for name, said in named.items()}
    result = assess(law, Facts(values), "go", Moment(day(when)), "contract.entered")
    assert not result.fault, result.fault
    return result.findings[0].answer


@pytest.mark.parametrize(
    ("value", "before", "answer"),
    [
        ("50000", "100000", MET),
        ("50000.01", "100000", NOT_MET),
        ("50000 excl VAT", "100000 excl VAT", MET),
        ("50000.01 incl VAT", "100000 incl VAT", NOT_MET),
        ("60000 incl VAT", "100000 excl VAT", REFER),
        ("60000.01 incl VAT", "100000 excl VAT", NOT_MET),
        ("50000 incl VAT", "100000 excl VAT", MET),
    ],
)
def test_an_amount_is_compared_with_a_share_of_another(value: str, before: str, answer: str) -> None:
    law = law_of(rule(require="{contract.value: at most 50 per cent of contract.before}"))
    assert answered(law, contract__value=value, contract__before=before) == answer


def test_a_share_of_what_nobody_recorded_is_missing() -> None:
    law = law_of(rule(require="{contract.value: at most 50 per cent of contract.before}"))
    assert answered(law, contract__value="1") == MISSING


@pytest.mark.parametrize(
    ("require", "agreed", "answer"),
    [
        ("includes cabinet", "[cabinet, lawyer]", MET),
        ("includes cabinet", "lawyer", NOT_MET),
        ("includes cabinet", "none", NOT_MET),
        ("includes any of [cabinet, director]", "[director]", MET),
        ("includes all of [cabinet, director]", "[director]", NOT_MET),
        ("includes all of [cabinet, director]", "[director, cabinet]", MET),
        ("not includes lawyer", "[director, cabinet]", MET),
    ],
)
def test_several_choices_include_what_is_asked_or_do_not(require: str, agreed: str, answer: str) -> None:
    assert answered(law_of(rule(require=f'{{posts.agreed: "{require}"}}')), posts__agreed=agreed) == answer


@pytest.mark.parametrize(
    ("end", "answer"),
    [
        ("2025-06-05 12:00", MET),
        ("2025-06-05 12:01", NOT_MET),
        ("2025-06-04 23:59", MET),
        ("2025-06-05", MISSING),
        ("2025-06-04", MET),
        ("2025-06-06", NOT_MET),
    ],
)
def test_a_period_that_ends_at_noon_is_over_a_minute_later(end: str, answer: str) -> None:
    asked = "{period: {from: award.decided, to: tender.opened, unit: days, cut_off: '12:00'}, at_most: 3}"
    law = law_of(rule(require=asked))
    assert answered(law, award__decided="2025-06-02", tender__opened=end) == answer


@pytest.mark.parametrize(("opened", "answer"), [("2025-06-11", NOT_MET), ("2025-06-12", MET)])
def test_a_period_that_starts_on_the_day_after_leaves_that_day_out_too(opened: str, answer: str) -> None:
    asked = "{period: {from: award.decided, to: tender.opened, unit: days, starts: day after}, at_least: 9}"
    law = law_of(rule(require=asked))
    assert answered(law, award__decided="2025-06-02", tender__opened=opened) == answer


@pytest.mark.parametrize(("days", "answer"), [("9", MET), ("10", NOT_MET)])
def test_a_period_is_held_to_a_number_of_days_that_a_fact_gives(days: str, answer: str) -> None:
    asked = "{period: {from: award.decided, to: tender.opened, unit: days}, at_least: quotes.asked}"
    law = law_of(rule(require=asked))
    assert answered(law, award__decided="2025-06-02", tender__opened="2025-06-11", quotes__asked=days) == answer


def test_a_local_table_without_a_row_for_the_case_leaves_it_to_the_layer_above() -> None:
    def deciding(value: str, kind: str) -> str:
        row = f"[{{when: {{contract.kind: {kind}}}, then: {value}}}]"
        return "tables:\n  t: {title: T, cite: C, source_facts: [], decides: case.regime, rows: " + row + "}\n"

    statute = deciding("full", "goods") + rule(require="{case.regime: full}")
    law = law_of(pack(statute), pack(deciding("light", "works"), CAMDEN))
    assert answered(law, contract__kind="goods") == MET
    assert answered(law, contract__kind="works") == NOT_MET
    assert answered(law, contract__kind="services") == REFER


# Waivers, and rules that give way ----------------------------------------------------------------------------------

COMPETE = rule("compete", require="{quotes.received: at least 3}", effect="waivable")
WAIVER = (
    rule(
        "waiver",
        require="{all: [{posts.agreed: includes cabinet}, {lease.signed: not before contract.entered}]}",
        waives="[compete]",
    )
    .replace("    binds: [go]\n", "")
    .removeprefix("rules:\n")
)


@pytest.mark.parametrize(
    ("agreed", "until", "stands"),
    [
        ("cabinet", "2025-06-02", "waived"),
        ("cabinet", "2025-06-01", NOT_MET),
        ("director", "2025-12-01", NOT_MET),
        ("none", "2025-12-01", NOT_MET),
    ],
)
def test_a_rule_is_waived_by_the_post_that_may_and_until_the_day_it_ends(agreed: str, until: str, stands: str) -> None:
    law = law_of(COMPETE + WAIVER)
    values: dict[str, Value] = {"quotes.received": 1, "posts.agreed": (agreed,), "lease.signed": at(until)}
    result = assess(law, Facts(values), "go", Moment(day("2025-06-02")), "contract.entered")
    (finding,) = result.findings
    assert (finding.answer, finding.stands, finding.blocks) == (NOT_MET, stands, stands == NOT_MET)
    assert finding.waived == ("test.waiver" if stands == "waived" else "") and not result.fault


def test_a_waiver_of_which_nothing_is_recorded_lifts_nothing() -> None:
    (finding,) = assess(law_of(COMPETE + WAIVER), Facts({"quotes.received": 1}), "go", NOW, "contract.entered").findings
    assert finding.stands == NOT_MET


def test_a_rule_that_is_met_needs_no_waiver() -> None:
    values: dict[str, Value] = {"quotes.received": 3, "posts.agreed": ("cabinet",), "lease.signed": at("2026-01-01")}
    (finding,) = assess(law_of(COMPETE + WAIVER), Facts(values), "go", NOW, "contract.entered").findings
    assert (finding.stands, finding.waived) == (MET, "")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (COMPETE, "test.compete is waivable, and no rule waives it"),
        (COMPETE.replace("waivable", "mandatory") + WAIVER, "test.compete cannot be waived"),
        (COMPETE + WAIVER.replace("waives: [compete]", "waives: [compte]"), "test.waiver waives no rule: 'compte'"),
        (COMPETE + WAIVER.replace("waives", "binds: [go]\n    waives"), "a rule binds steps, or waives rules"),
    ],
)
def test_a_waiver_waives_what_can_be_waived(body: str, what: str) -> None:
    assert what in said(problems_of(body))


def test_a_local_waiver_never_relaxes_statute() -> None:
    local = pack("rules:\n" + WAIVER.replace("[compete]", "[test.compete]"), CAMDEN)
    assert "camden.waiver of layer authority cannot waive test.compete of layer statute" in said(
        problems_of(COMPETE, local)
    )


def test_a_local_rule_gives_way_where_the_rule_above_applies() -> None:
    above = rule("above", when="{contract.kind: goods}", require="{contract.lots: no}", as_at="contract.entered")
    above = above.replace("as_at", "in_force: {from: 2025-06-02}\n    as_at")
    local = rule("below", require="{contract.lots: yes}", yields_to="[test.above]")
    law = law_of(above, pack(local, CAMDEN))

    def answer(kind: str, when: str) -> str:
        facts = Facts({"contract.kind": kind, "contract.lots": False})
        result = assess(law, facts, "go", Moment(day(when)), "contract.entered")
        return next(each.answer for each in result.findings if each.rule == "camden.below")

    assert answer("goods", "2025-06-02") == "not applicable"
    assert answer("goods", "2025-06-01") == NOT_MET
    assert answer("works", "2025-06-02") == NOT_MET


# Records -----------------------------------------------------------------------------------------------------------

QUOTES = (
    WORDS.replace(
        "  quotes.received: {title: Quotes received, type: integer, class: public, ask: How many?}\n",
        """\
  quotes.received: {title: Quotes received, type: integer, class: public, ask: How many?, count: quote}
  quotes.local: {title: Local, type: integer, class: public, ask: "?", count: quote, where: {quote.local: yes}}
  quotes.total: {title: Total, type: money, class: public, ask: "?", sum: quote.amount}
  quotes.lowest: {title: Lowest, type: money, class: public, ask: "?", least: quote.amount}
  quotes.highest: {title: Highest, type: money, class: public, ask: "?", greatest: quote.amount}
""",
    )
    + """\
records:
  quote:
    title: Quotation
    ask: Which?
    fields:
      amount: {title: Amount, type: money, class: public, ask: How much?}
      local: {title: Local, type: boolean, class: public, ask: Local?}
"""
)
ASKED = rule(require="{all: [{quotes.received: at least 3}, {quotes.local: at least 1}]}")


def quoted(*quotes: tuple[str, str]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for number, (amount, local) in enumerate(quotes):
        values[f"quote/q{number}.amount"] = Money(int(amount.split()[0]) * 100, amount.split()[1])
        if local:
            values[f"quote/q{number}.local"] = local == "yes"
    return values


@pytest.mark.parametrize(
    ("quotes", "answer"),
    [
        ((("1 excl", "yes"), ("2 excl", "no"), ("3 excl", "no")), MET),
        ((("1 excl", "no"), ("2 excl", "no"), ("3 excl", "no")), NOT_MET),
        ((("1 excl", "yes"), ("2 excl", "yes")), NOT_MET),
        ((("1 excl", "yes"), ("2 excl", "no"), ("3 excl", "")), MISSING),
        ((), MISSING),
    ],
)
def test_three_quotes_of_which_one_is_local_are_counted(quotes: tuple[tuple[str, str], ...], answer: str) -> None:
    result = assess(law_of(ASKED, words=QUOTES), Facts(quoted(*quotes)), "go", NOW, "contract.entered")
    assert (result.findings[0].answer, result.fault) == (answer, "")


def test_a_count_may_be_given_where_no_record_is() -> None:
    facts = Facts({"quotes.received": 3, "quotes.local": 1})
    assert assess(law_of(ASKED, words=QUOTES), facts, "go", NOW, "contract.entered").findings[0].answer == MET


def test_records_are_added_up_and_the_least_and_the_greatest_found() -> None:
    law = law_of(ASKED, words=QUOTES)
    values, _ = situate(law, Facts(quoted(("10 excl", "yes"), ("30 excl", "no"), ("20 excl", "no"))), NOW, None)
    named = [values[name] for name in ("quotes.total", "quotes.lowest", "quotes.highest")]
    assert named == [Money(6000, "excl"), Money(1000, "excl"), Money(3000, "excl")]


def test_amounts_of_different_vat_bases_are_not_added_up() -> None:
    law = law_of(rule(require="{quotes.total: at most 100}"), words=QUOTES)
    facts = Facts(quoted(("10 excl", "yes"), ("30 incl", "no")))
    assert assess(law, facts, "go", NOW, "contract.entered").findings[0].answer == REFER


def test_a_rule_never_sees_one_record_by_itself() -> None:
    what = said(problems_of(rule(require="{quote.amount: below 5}"), words=QUOTES))
    assert "quote.amount is of one quote, and there may be many" in what


@pytest.mark.parametrize(
    ("was", "now", "what"),
    [
        ("least: quote.amount", "least: quote.amout", "'quote.amout'"),
        ("sum: quote.amount", "sum: quote.local", "the sum of quote.local is no money"),
        ("where: {quote.local: yes}", "where: {quote.local: perhaps}", "neither yes nor no"),
        ("count: quote}", "count: quotation}", "the count of quotation is no integer"),
        ("least: quote.amount", "least: quote.amount, sum: quote.amount", "one of count, sum, least, greatest"),
    ],
)
def test_a_count_of_nothing_that_exists_is_refused(was: str, now: str, what: str) -> None:
    assert what in said(problems_of(ASKED, words=QUOTES.replace(was, now, 1)))
