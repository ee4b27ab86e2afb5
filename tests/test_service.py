"""Whole cycles through the office: Camden at every gate, cases that go back, what is sealed, forged or at odds."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from engine import ledger, replay, service
from engine.errors import ConflictError, LedgerError, StoreError, UsageError, ViresError
from engine.model import MAY_PROCEED, moment
from engine.replay import ERASED
from tests.simulator import CAMDEN, LATE, NAME, TITLE, Council, clock, forge, put_right, shelf


@pytest.fixture
def council() -> Iterator[Council]:
    made = Council.after("")
    yield made
    made.store.close()


def answer(done: service.Advanced) -> str:
    return done.outlook.decision.answer


def stands(done: service.Advanced) -> dict[str, str]:
    return {finding.rule: finding.stands for finding in done.outlook.decision.findings}


def facts(council: Council, case: str = NAME) -> dict[str, Any]:
    return dict(council.office(LATE).case("camden", case).facts)


def decisions(council: Council) -> list[ledger.Entry]:
    return [entry for entry in council.entries() if entry.kind == "decision"]


# ---- the whole life of a case


def test_camden_is_refused_at_every_gate_put_right_and_taken_to_the_end_of_its_life(council: Council) -> None:
    for gate in CAMDEN:
        if gate.too_early:
            before = council.state()
            refused = council.advance(gate.too_early, gate.step)
            blocking = {finding.rule for finding in refused.outlook.decision.blocking}
            assert answer(refused) != MAY_PROCEED
            assert gate.stopped_by <= blocking
            assert refused.state == council.state() == before
        put_right(council, gate)
        taken = council.advance(gate.taken, gate.step)
        assert (answer(taken), taken.irregular) == (MAY_PROCEED, False), taken.outlook.decision.blocking
    assert council.state() == "closed"
    assert council.office(LATE).steps_from("camden", NAME) == ()
    assert council.sound() == []


def test_all_five_answers_and_settled_ones_occur_in_that_life(council: Council) -> None:
    for gate in CAMDEN:
        if gate.too_early:
            council.advance(gate.too_early, gate.step)
        put_right(council, gate)
        council.advance(gate.taken, gate.step)
    answers = {finding["answer"] for entry in decisions(council) for finding in entry.body["findings"]}
    assert answers == {"met", "not applicable", "not met", "missing", "refer"}
    assert any("settled" in finding for entry in decisions(council) for finding in entry.body["findings"])


def test_a_refusal_says_when_waiting_alone_makes_the_step_lawful(council: Council) -> None:
    council = Council.after("publish-award-notice")
    council.record("2025-12-30 09:00", "provider.sector=voluntary sector")
    with pytest.raises(StoreError, match="clock went back"):
        council.advance("2025-12-22 10:00", "enter-contract")  # the council has been at 30 December already
    look = council.office("2025-12-30 09:00").outlook("camden", NAME, "enter-contract", moment("2025-12-22"))
    assert look.earliest.day == moment("2025-12-30").day


def test_the_log_of_a_life_replays_to_the_same_answers_one_by_one(council: Council) -> None:
    council = Council.after("close")
    again = list(council.office(LATE).replay("camden"))
    steps = [step for gate in CAMDEN for step in (*(notice for notice, _ in gate.notices), gate.step)]
    assert [each.step for each in again] == steps
    assert [each.differs for each in again] == [""] * len(steps)


def test_folding_step_by_step_equals_folding_at_once(council: Council) -> None:
    desk = council.office("2025-03-03 10:00")
    for gate in CAMDEN[:5]:
        put_right(council, gate)
        council.advance(gate.taken, gate.step)
        desk.case("camden", NAME)  # this office folds a few entries at a time
    assert desk.case("camden", NAME) == council.office(LATE).case("camden", NAME)


# ---- cases that go back, and cases that stop


def test_what_was_done_in_a_first_round_does_not_satisfy_the_second(council: Council) -> None:
    council = Council.after("publish-award-notice")
    assert answer(council.advance("2025-12-16 10:00", "retender")) == MAY_PROCEED
    assert council.state() == "strategy-decided"
    kept = facts(council)
    gone = ("tender_notice.published", "tenders.opened", "exclusions.considered", "award.decided", "standstill.ends")
    assert not {*gone, "assessment_summaries.sent", "award_notice.published", "award_key_notice.published"} & set(kept)
    assert "strategy.decided" in kept and "procurement.retendered" in kept

    council.record("2025-12-16 11:00", "tenders.due=2026-02-02 11:00")
    assert answer(council.advance("2025-12-16 12:00", "publish-tender-notice")) == MAY_PROCEED
    assert answer(council.advance("2026-02-02 11:00", "close-tenders")) == MAY_PROCEED
    second = council.advance("2026-02-20 11:00", "decide-award")
    assert stands(second)["pa2023.exclusions.considered"] == "not met"
    assert second.state == "evaluation"
    assert council.sound() == []


def test_a_strategy_sent_back_must_be_decided_again(council: Council) -> None:
    council = Council.after("decide-strategy")
    council.record("2025-07-18 10:00", "strategy.called_in=2025-07-18")
    refused = council.advance("2025-09-19 16:00", "publish-tender-notice")
    assert stands(refused)["governance.called-in.strategy"] == "refer"
    assert answer(council.advance("2025-09-20 10:00", "reconsider-strategy")) == MAY_PROCEED
    assert {"strategy.decided", "strategy.called_in"}.isdisjoint(facts(council))
    assert answer(council.advance("2025-09-21 10:00", "publish-tender-notice")) == "not met"
    council.advance("2025-09-24 10:00", "decide-strategy")
    assert council.state() == "strategy-decided"
    assert council.sound() == []


def test_a_case_that_went_back_twice_keeps_nothing_of_what_it_went_back_behind(council: Council) -> None:
    council = Council.after("decide-strategy")
    council.record("2025-07-18 10:00", "strategy.called_in=2025-07-18")
    put_right(council, CAMDEN[2])
    council.advance("2025-09-19 16:00", "publish-tender-notice", already="2025-09-19T16:00", reason="In error")
    council.advance("2025-09-22 10:00", "retender")
    council.advance("2025-09-23 10:00", "reconsider-strategy")
    assert council.state() == "needs-assessed"
    assert {"strategy.decided", "strategy.called_in"}.isdisjoint(facts(council))


@pytest.mark.parametrize("after", [gate.step for gate in CAMDEN[:6]])
def test_a_procurement_can_be_abandoned_at_every_stage_and_then_it_is_over(after: str) -> None:
    council = Council.after(after)
    assert answer(council.advance("2025-12-29 10:00", "abandon")) == MAY_PROCEED
    refused = council.advance("2025-12-29 11:00", "enter-contract")
    assert (answer(refused), refused.state) == ("not met", "abandoned")
    assert "is not a step from abandoned" in refused.outlook.decision.reason
    assert council.sound() == []


def test_a_step_that_does_not_lead_on_from_here_cannot_be_forced_as_already_done(council: Council) -> None:
    done = council.advance("2025-04-01 10:00", "enter-contract", already="2025-03-20", reason="Somebody signed")
    assert (done.irregular, done.state) == (False, "need")
    assert council.sound() == []


# ---- what unlawfully, or only lately, was recorded


def test_what_happened_unlawfully_is_irregular_for_good_and_the_monitoring_officer_is_asked(council: Council) -> None:
    council = Council.after("publish-award-notice")
    put_right(council, CAMDEN[6])
    done = council.advance("2025-12-31 09:00", "enter-contract", already="2025-12-22", reason="Signed in error")
    assert (answer(done), done.irregular, done.state) == ("not met", True, "contracted")
    entry = done.written.entry
    council.judge("2026-01-02 10:00", f"irregular:{entry}", "noted", remedy="Standstill ran on", report_by="2026-02-01")
    put_right(council, CAMDEN[7])
    for gate in CAMDEN[7:]:
        council.advance(gate.taken, gate.step)
    state = council.office(LATE).case("camden", NAME)
    assert state.state == "closed"
    assert [step.step for step in state.steps if step.irregular] == ["enter-contract"]
    assert state.facts["contract.entered"].value == "2025-12-22"
    assert council.sound() == []


def test_a_view_on_an_irregular_step_names_one_and_notes_it(council: Council) -> None:
    with pytest.raises(UsageError, match="not an irregular step"):
        council.judge(LATE, "irregular:2", "noted")
    done = council.advance("2025-06-20 10:00", "assess-need")
    with pytest.raises(UsageError, match="not an irregular step"):
        council.judge(LATE, f"irregular:{done.written.entry}", "noted")
    done = council.advance("2025-06-21 10:00", "decide-strategy", already="2025-06-20", reason="Nobody asked")
    assert done.irregular
    with pytest.raises(UsageError, match="is not an answer"):
        council.judge(LATE, f"irregular:{done.written.entry}", "John Smith is to blame")


def test_what_was_lawful_and_is_recorded_late_is_late_and_not_irregular(council: Council) -> None:
    council = Council.after("assess-need")
    put_right(council, CAMDEN[1])
    done = council.advance(
        "2025-08-01 10:00", "decide-strategy", already="2025-07-16T19:00", reason="Minutes came late"
    )
    assert (answer(done), done.irregular, done.state) == (MAY_PROCEED, False, "strategy-decided")
    [body] = [entry.body for entry in decisions(council) if entry.body["step"] == "decide-strategy"]
    assert "late" in body and "irregular" not in body
    assert facts(council)["strategy.decided"].value == "2025-07-16"  # a milestone that is a date
    assert council.sound() == []


@pytest.mark.parametrize(
    ("day", "said"), [("2025-08-02", "has not come yet"), ("2025-09-19T15:59", "is before tender_notice.published")]
)
def test_already_done_is_for_days_that_have_come_and_fit(council: Council, day: str, said: str) -> None:
    council = Council.after("publish-tender-notice" if "T" in day else "assess-need")
    now = "2025-10-25 10:00" if "T" in day else "2025-08-01 10:00"
    before = council.entries()
    with pytest.raises(UsageError, match=said):
        council.advance(now, "close-tenders" if "T" in day else "decide-strategy", already=day, reason="x")
    assert council.entries() == before


# ---- dry runs say what would be


def test_a_prospect_says_what_advancing_then_says(council: Council) -> None:
    council = Council.after("assess-need")
    put_right(council, CAMDEN[1])
    council.record("2025-07-16 12:30", "strategy_key_notice.published=2025-06-01", planned=True)
    look = council.office("2025-07-16 19:00").prospect("camden", NAME, "decide-strategy")
    done = council.advance("2025-07-16 19:00", "decide-strategy")
    assert look.decision == done.outlook.decision
    assert look.decision.answer != MAY_PROCEED  # a notice that is only planned gives no notice


def test_what_is_planned_counts_when_looking_ahead_and_never_when_a_step_is_taken(council: Council) -> None:
    council = Council.after("publish-award-notice")
    put_right(council, CAMDEN[6])
    council.record("2025-12-30 09:30", "contract.entered=2025-12-31 10:00", planned=True)
    assert council.office("2025-12-30 09:40").outlook("camden", NAME, "enter-contract").decision.at == moment(
        "2025-12-31T10:00"
    )
    assert council.office("2025-12-30 09:40").case("camden", NAME).for_step().values.get("contract.entered") is None


# ---- what cannot be recorded


@pytest.mark.parametrize(
    ("said", "planned", "message"),
    [
        ("contract.valu=1", False, "contract.value"),
        ("contract.value=1e6", False, "not an amount of money"),
        ("contract.value=£1,000.005", False, "not an amount of money"),
        ("contract.value=-5", False, "not an amount of money"),
        ("contract.value=1,00", False, "not an amount of money"),
        ("contract.value=nan", False, "not an amount of money"),
        ("contract.value=99999999999999", False, "more than any contract"),
        ("contract.kind=sevices", False, "services"),
        ("contract.cpv=", False, "nothing was given"),
        ("contract.cpv=\x1b[2J", False, "cannot be shown"),
        ("contract.cpv=\udcff", False, "cannot be shown"),
        ("strategy_key_notice.published=2025-02-30", False, "is not a date"),
        ("strategy_key_notice.published=2026-01-01", False, "has not come yet"),
        ("strategy_key_notice.published=2025-03-03 09:00", False, "a date without a time"),
        ("strategy.decided=2025-03-01", False, "recorded by taking its step"),
        ("procurement.commenced=2025-03-01", False, "nobody records it"),
        ("procurement.regime=earlier law", False, "nobody records it"),
        ("contract.kind=services", True, "not a milestone"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line_and_nothing_is_written(
    council: Council, said: str, planned: bool, message: str
) -> None:
    council.advance("2025-03-10 10:00", "assess-need")
    before = council.entries()
    with pytest.raises(UsageError) as caught:
        council.record("2025-04-01 10:00", "provider.sector=public sector", said, planned=planned)
    line = f"{caught.value.message} {caught.value.hint}"
    assert message in line and "\n" not in line
    assert council.entries() == before


def test_what_a_step_recorded_cannot_become_a_plan_again(council: Council) -> None:
    council.advance("2025-03-10 10:00", "assess-need")
    with pytest.raises(UsageError, match="happened already"):
        council.record("2025-03-11 10:00", "needs_assessment.completed=2025-03-20", planned=True)


def test_a_milestone_must_follow_what_it_follows_whichever_is_recorded_last(council: Council) -> None:
    council = Council.after("assess-need")
    council.record("2025-06-01 10:00", "compact.adopted=2025-05-02")
    with pytest.raises(UsageError, match=r"is before compact\.adopted"):
        council.record("2025-06-02 10:00", "compact.withdrawn=2025-05-01")
    council.record("2025-06-03 10:00", "compact.withdrawn=2025-05-20")
    with pytest.raises(UsageError, match=r"is after compact\.withdrawn"):
        council.record("2025-06-04 10:00", "compact.adopted=2025-05-21")


@pytest.mark.parametrize("case", ["a b", "../x", "é", "x" * 65, "-1", " "])
def test_an_id_that_no_entry_may_carry_is_wrong_usage(council: Council, case: str) -> None:
    before = council.entries()
    with pytest.raises(UsageError, match="cannot be the id"):
        council.open(case=case)
    assert council.entries() == before


@pytest.mark.parametrize("title", ["", "  ", "\x1b[31mred", "\udcff"])
def test_a_title_nobody_could_read_is_wrong_usage(council: Council, title: str) -> None:
    with pytest.raises(UsageError, match="the title"):
        council.open(case="other", title=title)


def test_a_title_is_one_line(council: Council) -> None:
    council.open(case="other", title=" two\n lines\t")
    assert council.office(LATE).case("camden", "other").title == "two lines"


def test_a_case_is_opened_once_and_ids_count_on(council: Council) -> None:
    with pytest.raises(UsageError, match="open already"):
        council.open()
    assert council.open(case="") == "2025-015"
    assert council.open("2026-01-05 10:00", case="") == "2026-001"


def test_no_case_is_opened_in_a_log_that_was_never_opened() -> None:
    from engine import store

    with store.create(":memory:") as made:
        desk = service.Office(made, shelf(), clock("2025-03-03 10:00"), "ann")
        with pytest.raises(UsageError, match="no log of 'camden'"):
            desk.open_case("camden", "Too early")
        assert made.authorities() == ()


@pytest.mark.parametrize("training", [False, True])
def test_an_authority_that_came_after_the_store_gets_its_log_with_its_first_case(training: bool) -> None:
    from engine import store

    with store.create(":memory:") as made:
        desk = service.Office(made, shelf(), clock("2025-03-03 10:00"), "ann")
        desk.open_log("camden", training)
        case, _ = desk.open_case("sutton", "A late comer")
        assert desk.case("sutton", case).title == "A late comer"
        first = ledger.decode(next(iter(made.rows("sutton"))).bytes)
        assert (first.kind, first.body["training"]) == ("log-opened", training)


# ---- judgements


@pytest.mark.parametrize(
    ("subject", "given", "message"),
    [
        ("camden.key-decision.stratgy", "yes", "no rule or table"),
        ("camden.key-decision.strategy", "maybe", "neither yes nor no"),
        ("camden.bands.current", "yes", "is not an answer"),
        ("governance.equality.public-sector.strategy", "met", "does not refer"),
        ("governance.key-decision.notice.strategy", "met", "waits for another judgement"),
    ],
)
def test_only_what_refers_can_be_judged_and_only_in_its_own_answers(
    council: Council, subject: str, given: str, message: str
) -> None:
    council = Council.after("assess-need")
    council.record("2025-05-02 10:00", "contract.value=1000000 incl VAT")
    before = council.entries()
    with pytest.raises(UsageError, match=message):
        council.judge("2025-05-03 10:00", subject, given)
    assert council.entries() == before


@pytest.mark.parametrize(("role", "reasons"), [("", "x"), ("  ", "x"), ("clerk", ""), ("clerk", " \n")])
def test_a_judgement_without_a_post_or_reasons_is_none(council: Council, role: str, reasons: str) -> None:
    council = Council.after("assess-need")
    council.record("2025-05-02 10:00", "contract.value=1000000 incl VAT")
    with pytest.raises(UsageError, match="nothing was given"):
        council.office(LATE).judge("camden", NAME, "camden.key-decision.strategy", "yes", role, reasons, {})


def test_a_judgement_lapses_when_a_fact_it_rests_on_changes(council: Council) -> None:
    council = Council.after("decide-strategy")
    put_right(council, CAMDEN[2])
    council.record("2025-09-19 13:00", "contract.value=£11,000,000 incl VAT")
    lapsed = council.advance("2025-09-19 16:00", "publish-tender-notice")
    assert stands(lapsed)["camden.bands.current"] == "refer"
    council.judge("2025-09-19 16:10", "camden.bands.current", "met")
    assert answer(council.advance("2025-09-19 16:20", "publish-tender-notice")) == MAY_PROCEED
    assert council.sound() == []


def test_a_judgement_that_a_rule_is_not_met_goes_on_refusing(council: Council) -> None:
    council = Council.after("decide-strategy")
    put_right(council, CAMDEN[2])
    council.judge("2025-09-02 10:00", "camden.bands.current", "not met")
    refused = council.advance("2025-09-19 16:00", "publish-tender-notice")
    assert (answer(refused), stands(refused)["camden.bands.current"]) == ("not met", "not met")


def test_what_refers_at_a_later_step_is_judged_by_the_facts_of_that_step(council: Council) -> None:
    """£210,000 of services is below the threshold of 2025 and above that of 2026; the notice fixed which counts."""
    council = Council.after("assess-need")
    put_right(council, CAMDEN[1])
    council.record("2025-07-16 12:10", "contract.value=£210,000 incl VAT", "contract.kind=services")
    council.judge("2025-07-16 12:20", "camden.key-decision.strategy", "yes")
    council.advance("2025-07-16 19:00", "decide-strategy")
    put_right(council, CAMDEN[2])
    council.judge("2025-09-01 10:10", "pa2023.below-threshold.not-encoded", "met")
    assert answer(council.advance("2025-09-19 16:00", "publish-tender-notice")) == MAY_PROCEED
    council.record("2026-01-10 10:00", "contract.value=£211,000 incl VAT")  # so that the judgement lapses
    refused = council.advance("2026-01-11 10:00", "close-tenders")
    assert stands(refused)["pa2023.below-threshold.not-encoded"] == "refer"
    council.judge("2026-01-12 10:00", "pa2023.below-threshold.not-encoded", "met")
    assert answer(council.advance("2026-01-13 10:00", "close-tenders")) == MAY_PROCEED
    assert council.sound() == []


def test_guidance_not_followed_is_explained_and_only_explained(council: Council) -> None:
    council = Council.after("assess-need")
    put_right(council, CAMDEN[1])
    council.record("2025-07-16 12:10", "strategy_general_exception.published=2025-07-01")
    for gate in CAMDEN[1:6]:
        if gate.step != "decide-strategy":
            put_right(council, gate)
        council.advance(gate.taken, gate.step)
    put_right(council, CAMDEN[6])
    rule = "governance.key-decision.exception-reasons.strategy"
    assert stands(council.advance("2025-12-30 09:10", "enter-contract"))[rule] == "not met"
    with pytest.raises(UsageError, match="is not an answer"):
        council.judge("2025-12-30 09:20", rule, "met")
    council.judge("2025-12-30 09:20", rule, "explained")
    done = council.advance("2025-12-30 10:00", "enter-contract")
    assert (answer(done), stands(done)[rule]) == (MAY_PROCEED, "explained")
    assert council.sound() == []


# ---- the evaluators at odds


def test_when_the_evaluators_disagree_the_step_is_refused_and_a_fault_is_on_the_log(council: Council) -> None:
    council = Council.after("assess-need")
    put_right(council, CAMDEN[1])
    honest, council.runner = council.runner, lambda program, ctx: frozenset({"governance.agenda.strategy:0:not met"})
    done = council.advance("2025-07-16 19:00", "decide-strategy")
    assert (answer(done), done.irregular, done.state) == ("not met", False, "needs-assessed")
    assert "governance" in done.outlook.decision.fault or "camden" in done.outlook.decision.fault
    last = council.entries()[-1]
    assert (last.kind, last.body["step"]) == ("fault", "decide-strategy")
    assert last.body["detail"] == done.outlook.decision.fault
    council.runner = honest
    assert council.sound() == []
    assert answer(council.advance("2025-07-16 19:10", "decide-strategy")) == MAY_PROCEED
    assert council.sound() == []


def test_a_fault_that_is_the_first_decision_of_a_log_keeps_the_packs_it_names() -> None:
    fresh = Council()
    fresh.open()
    forge(fresh, 2, lambda body: body.update(state="needs-assessed"))
    fresh.runner = lambda program, ctx: frozenset({"nothing.of-the-kind:0:met"})
    assert fresh.advance("2025-07-16 19:00", "decide-strategy").outlook.decision.fault
    steps = fresh.office(LATE).verify("camden", ())
    assert [step.title for step in steps if not step.ok] == []


def test_neither_a_late_nor_an_irregular_record_gets_past_a_disagreement(council: Council) -> None:
    council = Council.after("assess-need")
    council.runner = lambda program, ctx: frozenset()
    put_right(council, CAMDEN[1])
    done = council.advance("2025-07-18 10:00", "decide-strategy", already="2025-07-16", reason="x")
    assert (done.irregular, done.state, council.entries()[-1].kind) == (False, "needs-assessed", "fault")


def test_an_evaluator_that_fails_refuses_too(council: Council) -> None:
    from engine.inference import Fault

    def broken(program: object, ctx: object) -> frozenset[str]:
        raise Fault("error 303")

    council = Council.after("assess-need")
    council.runner = broken
    done = council.advance("2025-07-16 19:00", "decide-strategy")
    assert answer(done) == "not met" and "303" in done.outlook.decision.fault


# ---- other people


def test_two_offices_on_one_case_and_the_second_is_told_what_came_first(council: Council) -> None:
    one, two = council.office("2025-04-01 10:00", "ann"), council.office("2025-04-01 10:00", "bob")
    for desk in (one, two):
        desk.case("camden", NAME)
    state = two.case("camden", NAME)
    one.advance("camden", NAME, "assess-need")
    before = council.entries()
    with pytest.raises(ConflictError, match=r"somebody else changed camden/2025-014 first: entry 3, .*assess-need"):
        two._append("camden", [("recorded", NAME, two.now.local, {}, {}, ())], (NAME, state.sequence))
    assert council.entries() == before


def test_entries_of_other_cases_do_not_stand_in_the_way(council: Council) -> None:
    council.open(case="other")
    one, two = council.office("2025-04-01 10:00", "ann"), council.office("2025-04-01 10:00", "bob")
    two.case("camden", "other")
    two.store.head("camden")
    one.advance("camden", NAME, "assess-need")
    two.advance("camden", "other", "assess-need")
    one.record("camden", NAME, [("contract.kind", "services")], False)
    assert council.sound() == []


def test_an_actor_is_one_opaque_id_and_the_login_is_sealed(council: Council) -> None:
    council.advance("2025-04-01 10:00", "assess-need")
    council.office("2025-04-02 10:00", "bob.smith").record("camden", NAME, [("contract.kind", "services")], False)
    actors = {entry.actor for entry in council.entries()}
    assert len(actors) == 2
    assert all(len(actor) == 16 for actor in actors)
    assert [entry.kind for entry in council.entries()].count("actor") == 1
    assert not any(b"bob.smith" in row.bytes for row in council.store.rows("camden"))


# ---- what is sealed, and what is erased


SECRET = (
    "A charity whose name is confidential",
    TITLE,
    "read in the constitution",
    "85300000",
    "Minutes came late",
    "ann",
)


def test_nothing_personal_confidential_or_free_is_in_the_bytes_of_an_entry(council: Council) -> None:
    council = Council.after("publish-award-notice")
    council.record("2025-12-16 10:00", "contract.cpv=85300000")
    put_right(council, CAMDEN[6])
    council.advance("2025-12-31 10:00", "enter-contract", already="2025-12-22", reason="Minutes came late")
    council.judge("2026-01-02 10:00", f"irregular:{council.entries()[-1].sequence}", "noted", remedy="Nobody told us")
    everything = b"\n".join(row.bytes for row in council.store.rows("camden"))
    for words in (*SECRET[:-1], "Nobody told us"):
        assert words.encode() not in everything
    assert b'"ann"' not in everything and b"monitoring officer" in everything


def test_erased_openings_leave_the_log_verifying_and_shown_as_erased(council: Council) -> None:
    council = Council.after("close")
    council.store._connection.exec_driver_sql("DELETE FROM opening")
    assert council.sound() == []
    state = council.office(LATE).case("camden", NAME)
    assert (state.title, state.facts["provider.name"].value) == (ERASED, None)
    seals = council.office(LATE).verify("camden", ())[5]
    assert "0 openings match" in seals.detail and "erased or withheld" in seals.detail


def test_a_case_goes_on_after_its_openings_were_erased(council: Council) -> None:
    council = Council.after("publish-award-notice")
    council.store._connection.exec_driver_sql("DELETE FROM opening")
    put_right(council, CAMDEN[6])
    assert answer(council.advance("2025-12-30 10:00", "enter-contract")) == MAY_PROCEED
    assert council.sound() == []


def test_an_opening_that_was_changed_is_found(council: Council) -> None:
    council.store._connection.exec_driver_sql("UPDATE opening SET value = CAST('\"Other\"' AS BLOB)")
    steps = council.office(LATE).verify("camden", ())
    assert "seals" in [step.title for step in steps if not step.ok]
    with pytest.raises(LedgerError, match="does not match its seal"):
        council.office(LATE).case("camden", NAME)


# ---- tampering by somebody who works every digest out again


def sequence_of(council: Council, step: str, answered: str = MAY_PROCEED) -> int:
    return next(
        entry.sequence
        for entry in decisions(council)
        if entry.body["step"] == step and entry.body["answer"] == answered
    )


def refused_at(council: Council) -> int:
    council = Council.after("publish-award-notice")
    put_right(council, CAMDEN[6])
    return council.advance("2025-12-30 09:30", "publish-award-notice").written.entry


def test_a_forged_chain_is_consistent_and_only_a_receipt_or_replay_finds_it(council: Council) -> None:
    council = Council.after("decide-strategy")
    number = council.advance("2025-07-18 16:00", "publish-tender-notice").written.entry
    forge(council, number, lambda body: body.update(answer=MAY_PROCEED, to="tendering"))
    desk = council.office(LATE)
    assert [step.title for step in desk.verify("camden", ()) if not step.ok] == ["projection"]
    assert [step.title for step in desk.verify("camden", council.receipts) if not step.ok] == ["receipts", "projection"]
    [differs] = [each for each in desk.replay("camden") if each.differs]
    assert (differs.entry, "the log says 'may proceed', the rules say 'not met'" in differs.differs) == (number, True)


FORGERIES = {
    "a finding left out": lambda body: body["findings"].pop(),
    "a finding turned": lambda body: body["findings"][0].update(answer="refer"),
    "found altered": lambda body: next(each for each in body["findings"] if "found" in each).update(found="nothing"),
    "another target": lambda body: body.update(to="closed"),
    "another day": lambda body: body.update(at="2025-07-20"),
    "another step": lambda body: body.update(step="assess-need"),
    "another source": lambda body: body.update({"from": "need"}),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_replay_finds_a_verdict_that_does_not_follow(council: Council, forgery: str) -> None:
    council = Council.after("decide-strategy")
    forge(council, sequence_of(council, "decide-strategy"), FORGERIES[forgery])
    assert any(each.differs for each in council.office(LATE).replay("camden")), forgery


@pytest.mark.parametrize("forged", [{"records": "conflicts_assessment.prepared"}, {"to": "closed"}])
def test_replay_finds_what_an_irregular_step_cannot_have_done(council: Council, forged: dict[str, str]) -> None:
    council.advance("2025-05-01 10:00", "assess-need")
    done = council.advance("2025-06-21 10:00", "decide-strategy", already="2025-06-20", reason="x")
    assert done.irregular
    forge(council, done.written.entry, lambda body: body.update(forged))
    assert any(each.differs for each in council.office(LATE).replay("camden"))


def test_facts_rewritten_under_a_decision_are_found_by_replay(council: Council) -> None:
    council = Council.after("decide-strategy")
    key = next(
        entry.sequence for entry in council.entries() if entry.body.get("name") == "strategy_key_notice.published"
    )
    forge(council, key, lambda body: body.update(value="2025-06-18"))
    assert any(each.differs for each in council.office(LATE).replay("camden"))


@pytest.mark.parametrize("seed", range(24))
def test_whatever_is_forged_ends_in_an_answer_or_one_line_never_in_a_traceback(council: Council, seed: int) -> None:
    council = Council.after("publish-award-notice")
    luck = random.Random(seed)
    victims = [entry for entry in council.entries() if entry.sequence > 1]
    victim = luck.choice(victims)

    def vandalise(body: dict[str, Any]) -> None:
        name = luck.choice(sorted(body))
        junk = luck.choice(["", "junk", 7, True, [], {}, [[]], {"a": 1}, "2025-13-45", {"pence": "x"}])
        if luck.random() < 0.2:
            del body[name]
        else:
            body[name] = junk

    forge(council, victim.sequence, vandalise)
    from engine import listing

    desk = council.office(LATE)
    reads = (
        lambda: listing.log_lines(council.entries(), 80),
        lambda: desk.verify("camden", ()),
        lambda: list(desk.replay("camden")),
        lambda: listing.case_lines(desk.case("camden", NAME), desk.workflow_of("camden", NAME), 80),
        lambda: json.dumps(listing.case_plain(desk.case("camden", NAME), desk.workflow_of("camden", NAME))),
        lambda: desk.outlook("camden", NAME, "enter-contract"),
    )
    for read in reads:
        try:
            read()
        except ViresError as error:
            assert error.message and "\n" not in error.message
        except Exception as error:
            pytest.fail(f"{victim.kind} {victim.sequence}: {type(error).__name__}: {error}")


def test_a_projection_that_was_forged_is_found_and_changes_no_verdict(council: Council) -> None:
    council = Council.after("assess-need")
    table = next(
        name
        for (name,) in council.store._connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        if "case" in name
    )
    council.store._connection.exec_driver_sql(f"UPDATE {table} SET state = 'award-notified'")
    assert council.state() == "needs-assessed"
    assert answer(council.advance(LATE, "enter-contract")) == "not met"
    council.store._connection.exec_driver_sql(f"UPDATE {table} SET state = 'award-notified'")
    assert [step.title for step in council.office(LATE).verify("camden", ()) if not step.ok] == ["projection"]


def test_a_workflow_or_pack_whose_bytes_are_gone_is_named_in_one_line(council: Council) -> None:
    council = Council.after("decide-strategy")
    run = council.store._connection.exec_driver_sql
    run("DROP TRIGGER artifact_DELETE")
    run("DELETE FROM artifact WHERE kind = 'pack'")
    desk = council.office(LATE)
    assert [step.title for step in desk.verify("camden", ()) if not step.ok] == ["packs, calendars and workflows"]
    assert all("not kept" in each.differs for each in desk.replay("camden"))
    run("DELETE FROM artifact")
    with pytest.raises(LedgerError, match="is not kept"):
        council.office(LATE).workflow_of("camden", NAME)


def test_replay_needs_only_what_the_store_keeps(council: Council) -> None:
    """The packs shipped today may be others: replay takes those of the day, by digest, from the store."""
    from dataclasses import replace as changed

    council = Council.after("decide-strategy")
    later = {path: dict(files) for path, files in shelf().folders.items()}
    for files in later.values():
        for path, text in files.items():
            files[path] = text.replace("at_least: 28", "at_least: 40")
    desk = service.Office(council.store, changed(shelf(), folders=later), clock(LATE), "ann")
    assert [each.differs for each in desk.replay("camden")] == ["", "", ""]
    assert desk.library.law.digests != shelf().law.digests
    assert replay.ERASED == "erased"
