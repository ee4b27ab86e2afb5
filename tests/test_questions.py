"""Questions on bare facts: the value with its row, the duties of each step, the first lawful day."""

from __future__ import annotations

import pytest

from engine import markup
from engine.errors import UsageError
from engine.law import Law
from engine.markup import Text, Where
from engine.model import Facts, Moment, Money
from engine.questions import (
    FAR,
    Derived,
    Question,
    certain,
    derive,
    duties,
    last,
    lawful,
    parse,
    soonest,
    standing,
    typed,
)
from engine.workflow import Workflow
from engine.workflow import parse as read_cycle
from tests.conftest import at, day, facts_of, law_of, rule, table
from tests.simulator import shelf

CYCLE = """\
workflow: small
title: A small cycle
initial: here
stages:
  one: {title: One, states: {here: Here, done: Done}}
final: [done]
steps:
  go: {title: Go, from: [here], to: same, records: contract.entered}
  stop: {title: Stop, from: [here], to: done, records: review.completed, free: yes, why_free: The record is enough.}
"""
NOW = at("2025-06-02T10:00")


def cycle() -> Workflow:
    node, _ = markup.read("small.yaml", CYCLE)
    assert node is not None
    found, problems = read_cycle(node, None, ["contract.entered", "review.completed"])
    assert found is not None, problems
    return found


def asked(law: Law, fact: str, on: Moment | None = None, **given: str) -> Derived:
    return derive(law, fact, None, Facts(facts_of(law, **given)), on, NOW)


# ---- which question


@pytest.mark.parametrize("said", ["lawful", "duties", "derive:a.b", "earliest:a.b", "latest:a.b"])
def test_a_question_reads_back_as_it_was_asked(said: str) -> None:
    assert str(parse(said)) == said


@pytest.mark.parametrize(
    ("said", "hint"),
    [("lawfull", "lawful"), ("derive", "derive:FACT"), ("duties:x", "ask"), ("earliest:", "ask"), ("", "")],
)
def test_what_is_no_question_is_refused(said: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(said)
    assert hint in caught.value.hint


def test_a_question_has_a_kind_and_a_subject() -> None:
    assert parse("derive:contract.kind") == Question("derive", "contract.kind")


def test_every_fact_that_cannot_be_read_is_a_problem_with_its_place() -> None:
    law = law_of(rule(require="{contract.lots: yes}"))
    given = {
        "contract.valu": Text("1", Where("f", 1, 16)),
        "contract.value": Text("1e6", Where("f", 2, 17)),
        "contract.lots": Text("yes", Where("f", 3, 16)),
    }
    facts, problems = typed(law, given)
    assert facts.values == {"contract.lots": True}
    assert [str(each).partition(";")[0] for each in problems] == [
        "f:1:16: no fact or milestone is called 'contract.valu'",
        "f:2:17: contract.value: '1e6' is not an amount of money",
    ]


# ---- shipped law, as a stranger asks it

CAMDEN = {
    "contract.kind": "light touch services",
    "contract.value": "£10,416,000 incl VAT",
    "procurement.procedure": "open",
    "tender_notice.published": "2025-09-19 16:00",
    "award.decided": "2025-12-01",
    "award.decided_by": "officer",
    "award_notice.published": "2025-12-15 14:03",
    "standstill.stated": "yes",
    "standstill.ends": "2025-12-29",
    "contract.health_service": "no",
}


def camden(**changed: str | None) -> tuple[Law, Facts]:
    law = shelf().law.for_authority("camden")
    said = {**CAMDEN, **{name.replace("__", "."): value for name, value in changed.items()}}
    facts, problems = typed(law, {name: Text(value, Where("f", 1, 1)) for name, value in said.items() if value})
    assert not problems
    return law, facts


def derived(fact: str, on: str = "", **changed: str | None) -> Derived:
    law, facts = camden(**changed)
    return derive(law, fact, None, facts, at(on) if on else None, NOW)


def test_a_known_value_names_the_table_and_the_row_that_decided_it() -> None:
    found = derived("procurement.regime", "2026-01-05")
    assert (found.answer, found.value) == ("known", "procurement act 2023")
    assert found.table is not None and found.table.id == "regimes.regime"
    assert found.row is not None and found.table.rows[found.row].then == found.value
    assert "19 Sep 2025" in found.because


def test_without_a_day_the_question_is_asked_today_and_what_is_yet_to_come_is_left_out() -> None:
    assert derived("procurement.commenced").value == Moment(NOW.day)
    assert derived("procurement.commenced", "2026-01-05").value == at("2025-09-19T16:00")


def test_a_missing_value_says_what_to_give() -> None:
    found = derived("procurement.coverage", "2026-01-05", contract__value=None)
    assert (found.answer, found.value, found.needs) == ("missing", None, ("contract.value",))


def test_a_value_names_what_nobody_stated_where_it_rests_on_it() -> None:
    assert derived("procurement.regime", "2026-01-05", contract__health_service=None).assumed == (
        "contract.health_service",
    )
    assert derived("procurement.regime", "2026-01-05").assumed == ()
    old = {"tender_notice__published": "2007-06-05", "contract__health_service": None}
    assert derived("procurement.regime", "2007-06-05", **old).assumed == ()  # its date alone settles the regime


def test_a_value_a_person_must_judge_says_which_table_refers() -> None:
    found = derived("award_decision.is_key", "2026-01-05")
    assert (found.answer, found.value, found.needs) == ("refer", None, ())
    assert found.table is not None and found.table.decides == "award_decision.is_key"
    assert "unverified" in found.because


def test_a_derived_fact_that_is_given_is_said_to_be_given() -> None:
    found = derived("procurement.regime", "2026-01-05", procurement__regime="public contracts regulations 2015")
    assert (found.answer, found.value, found.table) == ("given", "public contracts regulations 2015", None)


def test_a_value_that_no_pack_of_the_authority_decides_is_for_a_person() -> None:
    found = derived("waiver.standing", "2026-01-05")
    assert (found.answer, found.because) == ("refer", "no pack of this authority decides waiver.standing")


def test_a_derived_milestone_names_the_one_it_comes_from() -> None:
    found = derived("procurement.commenced", "2026-01-05")
    assert "here tender_notice.published" in found.because


@pytest.mark.parametrize("fact", ["contract.value", "contract.valu"])
def test_what_no_table_derives_is_refused(fact: str) -> None:
    with pytest.raises(UsageError):
        derived(fact)


def test_duties_leave_out_what_does_not_apply_and_keep_the_order_of_the_cycle() -> None:
    law, facts = camden()
    found = duties(law, shelf().workflow.steps, facts, at("2026-01-05"), NOW)
    assert [each.step.id for each in found] == [step.id for step in shelf().workflow.steps]
    answers = {finding.answer for each in found for finding in each.decision.findings}
    assert "not applicable" not in answers and {"met", "not met", "missing", "refer"} <= answers


def test_duties_are_judged_on_the_files_own_day_for_each_step() -> None:
    law, facts = camden()
    found = {each.step.id: each.decision.at for each in duties(law, shelf().workflow.steps, facts, None, NOW)}
    assert found["publish-tender-notice"] == at("2025-09-19T16:00")
    assert found["enter-contract"] == NOW


@pytest.mark.parametrize(
    ("stated", "expected"), [("2025-12-29", "2025-12-30"), ("2026-01-05", "2026-01-06"), ("2026-04-02", "2026-04-03")]
)
def test_the_earliest_contract_follows_the_standstill_whatever_today_is(stated: str, expected: str) -> None:
    law, facts = camden(standstill__ends=stated)
    for now in (NOW, at("2031-01-01T09:00")):
        found = soonest(law, shelf().workflow, "contract.entered", facts, None, now)
        assert found.since == at("2025-12-15")
        assert found.day == at(expected).day and certain(found)
    before = lawful(law, found.step, facts, Moment(at(expected).day - 1), NOW)
    on = lawful(law, found.step, facts, at(expected), NOW)
    assert (before.decision.answer, on.decision.answer) == ("not met", "may proceed")


def test_the_earliest_day_leaves_out_what_the_file_says_of_the_milestone_and_of_what_follows() -> None:
    law, facts = camden(
        contract__entered="2025-12-20", contract_details__published="2025-12-21", review__completed="2026-09-01"
    )
    found = soonest(law, shelf().workflow, "contract.entered", facts, None, NOW)
    assert (found.since, found.day) == (at("2025-12-15"), day("2025-12-30"))


def test_the_earliest_day_may_be_looked_for_from_a_later_one() -> None:
    law, facts = camden()
    found = soonest(law, shelf().workflow, "contract.entered", facts, at("2026-02-02"), NOW)
    assert found.day == day("2026-02-02")


def test_a_day_on_which_something_is_still_to_be_done_is_not_called_lawful() -> None:
    law, facts = camden()
    found = soonest(law, shelf().workflow, "award_notice.published", facts, None, NOW)
    assert found.day is not None and not certain(found)
    assert "pa2023.summaries.sent" in {each.rule for each in standing(found)}


def test_no_day_is_lawful_where_waiting_does_not_cure() -> None:
    law = law_of(rule(require="{contract.lots: yes}"))
    found = soonest(law, cycle(), "contract.entered", Facts({"contract.lots": False}), None, NOW)
    assert (found.day, found.look.decision.answer) == (None, "not met")


def test_a_milestone_that_no_step_records_has_no_earliest_day() -> None:
    law, facts = camden()
    with pytest.raises(UsageError, match="no step of the cycle records"):
        soonest(law, shelf().workflow, "standstill.ends", facts, None, NOW)


@pytest.mark.parametrize(
    ("milestone", "changed", "expected", "rule"),
    [
        (
            "contract_details.published",
            {"contract.entered": "2026-01-05"},
            "2026-05-04",
            "contract-details.light-touch",
        ),
        (
            "award_notice.published",
            {"assessment_summaries.sent": "2025-12-12 10:00"},
            "2025-12-16",
            "standstill.voluntary-length",
        ),
    ],
)
def test_the_last_day_is_the_one_before_a_rule_is_broken(
    milestone: str, changed: dict[str, str], expected: str, rule: str
) -> None:
    law, facts = camden(**changed)
    found = last(law, shelf().workflow, milestone, facts, None, NOW)
    assert (found.day, found.ends, found.ended_by) == (day(expected), True, (f"pa2023.{rule}",))
    without = Facts({name: value for name, value in facts.values.items() if name != milestone})
    answers = {}
    for tried in (day(expected), day(expected) + 1):
        look = lawful(law, found.first.step, without, Moment(tried), NOW)
        answers[tried] = {each.rule: each.answer for each in look.decision.findings}[f"pa2023.{rule}"]
    assert answers == {day(expected): "met", day(expected) + 1: "not met"}


def test_the_end_of_a_calendar_is_no_last_day() -> None:
    law, facts = camden()
    found = last(law, shelf().workflow, "contract.entered", facts, None, NOW)
    horizon = law.calendars["united-kingdom"].last if "united-kingdom" in law.calendars else None
    assert found.day is not None and not found.ends
    assert found.ended_by and (horizon is None or found.day <= horizon + 1)


def test_where_nothing_ends_it_there_is_no_last_day() -> None:
    law, facts = camden(tenders__due="2025-10-20 12:00")
    found = last(law, shelf().workflow, "tenders.opened", facts, None, NOW)
    assert found.first.day == day("2025-10-20") and found.day == found.first.day + FAR
    assert (found.ends, found.ended_by) == (False, ())


def test_without_a_lawful_day_there_is_no_last_one() -> None:
    law = law_of(rule(require="{contract.lots: yes}"))
    found = last(law, cycle(), "contract.entered", Facts({"contract.lots": False}), None, NOW)
    assert (found.day, found.ended_by) == (None, ())


# ---- small laws


def test_a_value_that_depends_on_vat_is_for_a_person() -> None:
    rows = "[{when: {contract.value: at least 100 incl VAT}, then: full}]"
    law = law_of(table(rows=rows, otherwise="out"))
    name = "case.regime"
    settled = derive(law, name, None, Facts({"contract.value": Money(9_000, "incl")}), None, NOW)
    parted = derive(law, name, None, Facts({"contract.value": Money(9_000, "unstated")}), None, NOW)
    assert settled.answer == "known"
    assert (parted.answer, "VAT" in parted.because) == ("refer", True)
