"""Cases folded from their entries, decisions taken again, and every kind of forgery that facts can show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import ledger, markup
from engine.decide import decide, derive_all, rests_on
from engine.errors import LedgerError
from engine.law import Law
from engine.ledger import Entry, Opening
from engine.model import Money, moment
from engine.replay import CaseState, fold, plain_decision, replay
from engine.vocabulary import parse_value, to_plain
from engine.workflow import Workflow, parse
from tests.conftest import at, law_of, rule, table

CYCLE = """\
workflow: small
title: A small cycle
initial: need
stages:
  one: {title: One, states: {need: Need, market: Market, award: Award, contract: Contract, done: Done}}
final: [done]
steps:
  go: {title: Go, from: [need], to: market, records: notice.published}
  decide: {title: Decide, from: [market], to: award, records: award.decided, free: yes, why_free: F}
  sign: {title: Sign, from: [award], to: contract, records: contract.entered, free: yes, why_free: F}
  note: {title: Note, from: [market, award], to: same, records: review.completed, free: yes, why_free: F}
  retender: {title: Re-tender, from: [award], to: market, free: yes, why_free: F}
  rethink: {title: Rethink, from: [market, award], to: need, free: yes, why_free: F}
  stop: {title: Stop, from: [need, market, award, contract], to: done, free: yes, why_free: F}
"""
MILESTONES = ["notice.published", "award.decided", "contract.entered", "review.completed"]
DIGEST = "0" * 64
SALT = bytes(range(16))


def cycle() -> Workflow:
    node, _ = markup.read("small.yaml", CYCLE)
    assert node is not None
    found, problems = parse(node, None, MILESTONES)
    assert found is not None, problems
    return found


LAW = law_of(
    table(rows="[{when: {contract.kind: goods}, then: full}]", otherwise="refer", refer="Which?")
    + rule("lots", require="{contract.lots: yes}")
    + rule("full", require="{case.regime: full}").removeprefix("rules:\n")
    + rule("late", require="{notice.published: after lease.signed}", effect="comply or explain").removeprefix(
        "rules:\n"
    )
)
GIVEN = {"contract.lots": "yes", "contract.kind": "goods", "lease.signed": "2025-05-01"}


class Log:
    """A log as it is written, entry by entry, by the rules of the law given."""

    def __init__(self, law: Law = LAW) -> None:
        self.law, self.entries, self.openings = law, list[Entry](), dict[str, Opening]()
        self.add("case-opened", {"title": self.sealed("Homes"), "workflow": "small", "state": "need"})

    def add(self, kind: str, body: Mapping[str, Any], happened: str = "2025-06-01") -> Log:
        number = len(self.entries) + 1
        recorded, previous = f"2025-06-01T10:00:{number % 60:02d}Z", DIGEST if number > 1 else None
        digests: dict[str, Any] = {"workflow": DIGEST}
        entry = Entry("camden", number, "c-1", kind, "a" * 16, happened, recorded, dict(body), digests, previous)
        self.entries.append(ledger.decode(ledger.encode(entry)))
        return self

    def sealed(self, value: object) -> dict[str, str]:
        seal, opening = ledger.seal(value, SALT)
        self.openings[opening.commitment] = opening
        return seal

    def record(self, name: str, text: str, seal: bool = False, **more: Any) -> Log:
        term = self.law.vocabulary.terms[name]
        plain = to_plain(parse_value(term, text))
        return self.add(
            "recorded", {"name": name, "type": term.type, "value": self.sealed(plain) if seal else plain} | more
        )

    def judge(self, subject: str, answer: str, **more: Any) -> Log:
        facts = self.state.for_step()
        digest = rests_on(
            self.law.subjects[subject], self.law, derive_all(self.law, facts, at("2025-06-01")), facts.values
        )
        body = {"rule": subject, "answer": answer, "rests_on": digest, "role": "monitoring officer"}
        return self.add("judgement", body | more)

    def take(self, step: str, when: str = "2025-06-02T10:00", irregular: bool = False) -> Log:
        """The decision as the program would write it."""
        decision = decide(self.law, cycle(), self.state.state, self.state.for_step(), step, moment(when))
        body, described = plain_decision(decision), cycle().step(step)
        assert described is not None
        if irregular:
            body |= {"irregular": self.sealed("signed early"), "to": described.target}
        if "to" in body and described.records:
            body["records"] = described.records
        day_only = described.records and not self.law.vocabulary.terms[described.records].minute
        return self.add("decision", body, when[:10] if day_only else when)

    @property
    def state(self) -> CaseState:
        return fold(self.entries, self.openings)

    def differences(self, entries: Iterable[Entry] | None = None) -> list[str]:
        again = replay(self.entries if entries is None else entries, self.openings, lambda entry: (self.law, cycle()))
        return [each.differs for each in again]

    def forged(self, number: int, **change: Any) -> list[Entry]:
        """The entries, with members of one body changed (or, where None, taken out)."""
        entries = list(self.entries)
        entry = entries[number - 1]
        body = {name: value for name, value in {**entry.body, **change}.items() if value is not None}
        entries[number - 1] = Entry(**{**{name: getattr(entry, name) for name in Entry.__slots__}, "body": body})
        return entries


def ready(law: Law = LAW) -> Log:
    """A case whose first step is lawful."""
    log = Log(law)
    for name, text in GIVEN.items():
        log.record(name, text)
    return log


# Folding ----------------------------------------------------------------------------------------------------------


def test_a_case_is_what_its_entries_say() -> None:
    log = ready().take("go")
    state = log.state
    assert (state.authority, state.case, state.title, state.state) == ("camden", "c-1", "Homes", "market")
    assert (state.sequence, state.workflow, state.opened) == (5, DIGEST, "2025-06-01T10:00:01Z")
    assert state.for_step().values == {
        "contract.lots": True,
        "contract.kind": "goods",
        "lease.signed": at("2025-05-01"),
        "notice.published": at("2025-06-02T10:00"),
    }
    assert [(step.entry, step.step, step.answer, step.irregular) for step in state.steps] == [
        (5, "go", "may proceed", False)
    ]
    assert state.for_step().sources == {
        "contract.lots": 2,
        "contract.kind": 3,
        "lease.signed": 4,
        "notice.published": 5,
    }


def test_a_correction_supersedes_what_was_recorded_before() -> None:
    log = ready().record("contract.lots", "no").record("contract.value", "£5 incl VAT")
    assert log.state.for_step().values["contract.lots"] is False
    assert log.state.facts["contract.lots"].entry == 5
    assert log.state.for_step().values["contract.value"] == Money(500, "incl")


def test_a_case_folded_on_from_an_earlier_fold_is_the_same_case() -> None:
    log = ready().take("go").record("quotes.received", "3").take("decide")
    for cut in range(1, len(log.entries)):
        before = fold(log.entries[:cut], log.openings)
        assert fold(log.entries[cut:], log.openings, before) == log.state


def test_what_is_planned_counts_for_looking_ahead_and_never_for_a_step() -> None:
    log = ready().record("award.decided", "2025-09-01", planned=True)
    assert "award.decided" not in log.state.for_step().values
    ahead = log.state.for_looking_ahead()
    assert ahead.values["award.decided"] == at("2025-09-01") and ahead.planned == {"award.decided"}
    log.record("award.decided", "2025-09-02")
    assert log.state.for_step().values["award.decided"] == at("2025-09-02")
    assert log.state.for_looking_ahead().planned == frozenset()


def test_a_refusal_moves_nothing_and_is_kept_among_the_steps() -> None:
    log = ready().record("contract.lots", "no").take("go")
    assert log.state.state == "need" and "notice.published" not in log.state.facts
    assert log.state.steps[-1].answer == "not met"


def test_a_step_that_stays_where_it_is_records_its_milestone_and_drops_nothing() -> None:
    log = ready().take("go").record("tender.opened", "2025-06-03 12:00").take("note", "2025-06-04T10:00")
    state = log.state
    assert state.state == "market" and state.facts["review.completed"].value == "2025-06-04"
    assert {"tender.opened", "notice.published"} <= set(state.facts)


def test_going_back_drops_what_was_dated_since_and_keeps_what_was_not_dated() -> None:
    log = ready().take("go").record("tender.opened", "2025-06-03").record("quotes.received", "3").take("decide")
    log.record("lease.signed", "2025-06-05").record("contract.lots", "no").take("retender", "2025-06-06T10:00")
    state = log.state
    assert state.state == "market"
    assert {"tender.opened", "notice.published", "quotes.received"} <= set(state.facts)
    assert "award.decided" not in state.facts and "lease.signed" not in state.facts
    assert state.facts["contract.lots"].value is False


def test_going_back_to_the_start_drops_every_milestone_but_those_of_the_start() -> None:
    log = ready().take("go").take("decide").take("rethink", "2025-06-06T10:00")
    state = log.state
    assert state.state == "need" and {"contract.lots", "contract.kind", "lease.signed"} == set(state.facts)


def test_going_forward_again_drops_nothing_of_the_second_round() -> None:
    log = ready().take("go").take("decide").take("retender", "2025-06-06T10:00")
    log.record("tender.opened", "2025-06-07 12:00").take("decide", "2025-06-08T10:00")
    state = log.state
    assert state.state == "award"
    assert state.facts["tender.opened"].value == "2025-06-07T12:00"
    assert state.facts["award.decided"].value == "2025-06-08"


def test_a_second_way_back_drops_only_the_second_round() -> None:
    log = ready().take("go").take("decide").take("retender", "2025-06-06T10:00")
    log.record("tender.opened", "2025-06-07 12:00").take("decide", "2025-06-08T10:00").record(
        "lease.signed", "2025-06-09"
    )
    log.take("retender", "2025-06-10T10:00")
    assert "tender.opened" in log.state.facts and "lease.signed" not in log.state.facts
    assert "award.decided" not in log.state.facts and "notice.published" in log.state.facts


def test_a_sealed_value_is_read_where_its_opening_is_kept_and_absent_where_it_was_erased() -> None:
    log = Log().record("provider.name", "Shelter CIC", seal=True)
    assert log.state.for_step().values == {"provider.name": "Shelter CIC"}
    log.openings.clear()
    state = log.state
    assert state.title == "erased" and state.facts["provider.name"].value is None
    assert state.for_step().values == {}


def test_an_opening_that_is_not_its_seals_own_is_refused() -> None:
    log = Log().record("provider.name", "Shelter CIC", seal=True)
    (commitment,) = [each for each in log.openings if b"Shelter" in log.openings[each].value]
    log.openings[commitment] = Opening(commitment, SALT, b'"Somebody else"')
    with pytest.raises(LedgerError, match="does not match its seal"):
        _ = log.state


def test_judgements_are_kept_in_order_with_the_entry_that_made_them() -> None:
    log = ready().record("contract.kind", "works").judge("test.regime", "light", value="light")
    (found,) = log.state.judgements
    assert (found.entry, found.rule, found.answer, found.value) == (6, "test.regime", "light", "light")


def test_a_case_without_entries_or_opened_twice_or_not_at_all_is_refused() -> None:
    log = ready()
    with pytest.raises(LedgerError, match="no entries"):
        fold([], {})
    with pytest.raises(LedgerError, match="before its case was opened"):
        fold(log.entries[1:], log.openings)
    with pytest.raises(LedgerError, match="open already"):
        fold([*log.entries, log.entries[0]], log.openings)


JUNK: list[Any] = [None, 5, True, "", "x", [], {}, ["a"], {"pence": "x", "vat": "incl"}, {"sealed": "0" * 64}, -1]


@settings(max_examples=300)
@given(st.integers(1, 7), st.data())
def test_a_mangled_body_is_refused_or_told_and_nothing_else_happens(number: int, data: st.DataObject) -> None:
    log = ready().judge("test.late", "explained").take("go").record("contract.value", "5 incl VAT").take("decide")
    body = log.entries[number - 1].body
    name = data.draw(st.sampled_from([*body, "records", "to", "irregular", "planned", "value"]))
    entries = log.forged(number, **{name: data.draw(st.sampled_from(JUNK))})
    try:
        assert isinstance(log.differences(entries), list)
        fold(entries, log.openings).for_step()
    except LedgerError:
        pass


# Replay -----------------------------------------------------------------------------------------------------------


def test_lawful_decisions_and_refusals_replay_with_no_difference() -> None:
    log = ready().record("contract.lots", "no").take("go").record("contract.lots", "yes").take("go")
    log.take("note").take("decide").take("retender", "2025-06-06T10:00").take("decide", "2025-06-07T10:00")
    log.take("sign", "2025-06-09T10:00").take("stop", "2025-06-10T10:00")
    assert log.differences() == [""] * 8
    assert log.state.state == "done"


def test_decisions_that_rest_on_judgements_replay_with_no_difference() -> None:
    log = ready().record("contract.kind", "works").record("lease.signed", "2025-12-01")
    log.judge("test.regime", "full", value="full").take("go").judge("test.late", "explained").take("go")
    assert log.differences() == ["", ""]
    assert log.state.state == "market"


def test_an_irregular_step_replays_as_the_refusal_it_was() -> None:
    log = ready().record("contract.lots", "no").take("go", irregular=True)
    assert log.state.state == "market" and log.state.steps[-1].irregular
    assert log.differences() == [""]


def test_what_is_recorded_later_changes_no_earlier_decision() -> None:
    log = ready().take("go").record("contract.lots", "no").record("contract.kind", "works")
    assert log.differences() == [""]


def refused() -> Log:
    return ready().record("contract.lots", "no").take("go")


def findings(log: Log) -> list[dict[str, Any]]:
    return [dict(each) for each in log.entries[-1].body["findings"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"answer": "may proceed"}, "answer: the log says 'may proceed', the rules say 'not met'"),
        ({"to": "market"}, "to: the log says 'market', the rules say None"),
        ({"records": "notice.published"}, "records: the log says 'notice.published', the rules say None"),
        ({"from": "award"}, "from: the log says 'award', the rules say 'need'"),
        ({"reason": "because"}, "reason: the log says 'because', the rules say None"),
        ({"findings": []}, "the finding of test.full was left out of the log"),
        ({"at": "2025-06-03T10:00"}, "happened: the log says"),
        ({"at": "soon"}, "its body is not that of a decision"),
        ({"step": None}, "its body is not that of a decision"),
        ({"findings": "none"}, "its body is not that of a decision"),
        ({"findings": [{}]}, "its body is not that of a decision"),
        ({"step": "fly"}, "reason: the log says None, the rules say 'fly is not a step from need'"),
    ],
)
def test_a_forged_member_of_a_decision_is_told(change: dict[str, Any], what: str) -> None:
    log = refused()
    entries = log.forged(6, **change)
    try:
        (difference,) = log.differences(entries)
    except LedgerError as error:  # a body that cannot be folded either
        difference = "its body is not that of a decision" if "body is not that" in error.message else error.message
    assert what in difference


def test_a_forged_verdict_that_goes_with_its_consequences_is_told_all_the_same() -> None:
    log = refused()
    met = [{**each, "answer": "met"} for each in findings(log)]
    entries = log.forged(6, answer="may proceed", to="market", records="notice.published", findings=met)
    assert log.differences(entries) == ["answer: the log says 'may proceed', the rules say 'not met'"]


def test_a_finding_left_out_added_doubled_or_reworded_is_told() -> None:
    log = refused()
    kept = findings(log)
    lots = next(each for each in kept if each["rule"] == "test.lots")
    others = [each for each in kept if each is not lots]
    for forged, what in (
        (others, "the finding of test.lots was left out of the log"),
        ([*kept, {"rule": "test.zzz", "answer": "met"}], "the log has a finding of test.zzz, which does not bind"),
        ([*kept, {**lots, "answer": "met"}], "the log has two findings of one rule"),
        ([{**lots, "answer": "met"}, *kept], "the log has two findings of one rule"),
        ([*others, {**lots, "answer": "met"}], "test.lots: the log says"),
        ([*others, {**lots, "found": "contract.lots: yes"}], "test.lots: the log says"),
        ([*others, {**lots, "required": "nothing"}], "test.lots: the log says"),
        ([*others, {**lots, "earliest": "2025-06-03"}], "test.lots: the log says"),
        ([*others, {**lots, "settled": {"entry": 2, "answer": "met"}}], "test.lots: the log says"),
        ([*others, {**lots, "needs": ["x.y"]}], "test.lots: the log says"),
    ):
        (difference,) = log.differences(log.forged(6, findings=forged))
        assert difference.startswith(what), forged


def test_a_step_marked_irregular_may_not_lead_elsewhere_nor_be_lawful() -> None:
    log = ready().record("contract.lots", "no").take("go", irregular=True)
    (difference,) = log.differences(log.forged(6, to="done"))
    assert difference == "to: the log says 'done', the rules say 'market'"
    (difference,) = log.differences(log.forged(6, records="award.decided"))
    assert difference == "records: the log says 'award.decided', the rules say 'notice.published'"
    lawful = ready().take("go")
    (difference,) = lawful.differences(lawful.forged(5, irregular={"sealed": DIGEST}))
    assert difference == "the log marks a lawful step as irregular"


def test_a_forged_fact_shows_in_every_decision_that_rests_on_it() -> None:
    log = refused()
    (difference,) = log.differences(log.forged(5, value=True))
    assert difference == "answer: the log says 'not met', the rules say 'may proceed'"


def test_a_forged_judgement_settles_nothing() -> None:
    log = ready().record("contract.kind", "works").judge("test.regime", "full", value="full").take("go")
    assert log.state.state == "market"
    for change in (
        {"rests_on": DIGEST},
        {"value": "light"},
        {"value": "nonsense"},
        {"value": 5},
        {"rule": "test.lots"},
    ):
        assert log.differences(log.forged(6, **change)) != [""]


def test_a_derived_fact_that_somebody_recorded_is_told() -> None:
    log = ready().record("contract.kind", "works").record("case.regime", "full").take("go")
    assert log.differences() == ["case.regime was recorded, which only the rules may decide"]


def test_a_decision_under_another_law_than_the_one_it_names_is_told() -> None:
    log = ready().take("go")
    other = law_of(rule("lots", require="{contract.lots: no}"))
    (again,) = replay(log.entries, log.openings, lambda entry: (other, cycle()))
    assert again.differs.startswith("answer: the log says 'may proceed'")


def test_a_law_that_was_not_kept_is_told_and_the_next_decision_is_still_replayed() -> None:
    log = ready().take("go").take("decide")

    def lawbook(entry: Entry) -> tuple[Law, Workflow]:
        if entry.sequence == 5:
            raise LedgerError("the pack 1234 is not kept")
        return LAW, cycle()

    assert [each.differs for each in replay(log.entries, log.openings, lawbook)] == ["the pack 1234 is not kept", ""]


def test_a_decision_whose_facts_were_erased_since_says_so() -> None:
    words_law = law_of(rule("lots", require="{contract.lots: yes}"))
    log = Log(words_law).record("contract.lots", "yes", seal=True).take("go")
    assert log.differences() == [""]
    log.openings.clear()
    (again,) = replay(log.entries, log.openings, lambda entry: (words_law, cycle()))
    assert (again.differs, again.erased) == ("", ("contract.lots",))


@pytest.mark.parametrize(
    "change",
    [
        {"answer": "not met"},
        {"to": "end"},
        {"to": None},
        {"findings": []},
        {"findings": [{"rule": "test.lots", "answer": "not met"}]},
        {"at": "2025-06-03T10:00"},
        {"from": "end"},
    ],
    ids=str,
)
def test_an_erasure_hides_no_verdict_that_does_not_follow_from_its_own_findings(change: dict[str, Any]) -> None:
    words_law = law_of(rule("lots", require="{contract.lots: yes}"))
    log = Log(words_law).record("contract.lots", "yes", seal=True).take("go")
    log.openings.clear()
    assert log.differences(log.forged(3, **change)) != [""]


def test_erasing_what_no_rule_reads_changes_no_decision() -> None:
    log = ready().record("provider.name", "Shelter CIC", seal=True).take("go")
    log.openings.clear()
    assert log.differences() == [""]


def test_each_replayed_decision_names_its_entry_case_step_and_answer() -> None:
    log = ready().take("go")
    (again,) = replay(log.entries, log.openings, lambda entry: (LAW, cycle()))
    assert again == (5, "c-1", "go", "may proceed", "", (), "", ())
