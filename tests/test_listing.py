"""Cases, logs, verification, replay, rules and the cycle as text and as JSON."""

from __future__ import annotations

import json

import pytest

from engine import ledger, listing, replay
from engine.ledger import Problem, Step
from engine.replay import Replayed
from tests.simulator import CAMDEN, LATE, NAME, TITLE, Council, put_right, shelf


@pytest.fixture(scope="module")
def council() -> Council:
    """A case with an irregular contract, a plan, a late record and judgements."""
    council = Council.after("publish-award-notice")
    put_right(council, CAMDEN[6])
    done = council.advance("2025-12-31 09:00", "enter-contract", already="2025-12-22", reason="Signed in error")
    council.judge("2026-01-02 10:00", f"irregular:{done.written.entry}", "noted", remedy="None", report_by="2026-02-01")
    council.record("2026-01-03 10:00", "service.started=2026-04-01", planned=True)
    return council


def case_of(council: Council) -> tuple[replay.CaseState, list[str], dict[str, object]]:
    desk = council.office(LATE)
    state, cycle = desk.case("camden", NAME), desk.workflow_of("camden", NAME)
    return state, listing.case_lines(state, cycle, 80), listing.case_plain(state, cycle)


def test_a_case_shows_what_is_recorded_planned_late_irregular_and_judged(council: Council) -> None:
    state, lines, plain = case_of(council)
    shown = "\n".join(lines)
    assert lines[0] == f"camden/{NAME} · {TITLE}"
    assert "Contract entered into" in lines[1]
    assert "1 Apr 2026 (planned)" in shown
    assert "(recorded 2025-" in shown
    assert "IRREGULAR, not met" in shown
    assert "noted, monitoring officer" in " ".join(shown.split())
    for name, kept in state.facts.items():
        assert name in shown and plain["facts"][name]["entry"] == kept.entry  # type: ignore[index]
    assert json.loads(json.dumps(plain)) == plain


def test_erased_values_are_shown_as_erased_in_both(council: Council) -> None:
    erased = Council.after("publish-award-notice")
    erased.store._connection.exec_driver_sql("DELETE FROM opening")
    _, lines, plain = case_of(erased)
    assert lines[0].endswith("· erased")
    assert any("provider.name" in line and "erased" in line for line in lines)
    assert plain["facts"]["provider.name"] == {  # type: ignore[index]
        "type": "text",
        "entry": plain["facts"]["provider.name"]["entry"],  # type: ignore[index]
        "recorded": plain["facts"]["provider.name"]["recorded"],  # type: ignore[index]
        "erased": True,
    }


def test_the_log_is_a_line_an_entry_and_seals_stay_shut(council: Council) -> None:
    entries = council.entries()
    lines = listing.log_lines(entries, 200)
    assert len(lines) == len(entries) + 1
    assert any("provider.name: sealed" in line for line in lines)
    assert any("enter-contract on 2025-12-22: IRREGULAR, not met" in line for line in lines)
    assert any("contract.value: £10,416,000 incl VAT" in line for line in lines)
    assert "A charity" not in "\n".join(lines)
    assert listing.log_lines([], 80) == ["no entries"]


def test_an_entry_in_json_is_its_canonical_members(council: Council) -> None:
    for entry in council.entries():
        plain = listing.entry_plain(entry)
        again = ledger.Entry(**{"case": None, "previous": None} | plain)  # type: ignore[arg-type]
        assert ledger.encode(again) == ledger.encode(entry)


def test_a_fault_is_shown_with_what_it_was() -> None:
    council = Council.after("assess-need")
    council.runner = lambda program, ctx: frozenset({"x"})
    council.advance(LATE, "decide-strategy")
    shown = " ".join(" ".join(listing.log_lines(council.entries(), 200)).split())
    assert str(council.entries()[-1].body["detail"]) in shown and " fault " in shown


def test_verification_names_the_first_bad_entry_and_no_entry_none() -> None:
    good = Step(1, "format", True, "2 entries", ())
    bad = Step(2, "chain", False, "2 problems", (Problem(7, "later"), Problem(3, "sooner"), Problem(None, "nowhere")))
    lines = listing.verify_lines("camden", [good, bad], 80)
    assert lines[-1] == "✗ the log does not verify; the first bad entry is 3"
    assert "      nowhere" in lines and not any("None" in line for line in lines)
    assert listing.verify_lines("camden", [good], 80)[-1] == "✓ nothing is out of place"
    nowhere = Step(2, "x", False, "1 problem", (Problem(None, "nowhere"),))
    assert listing.verify_lines("camden", [nowhere], 80)[-1] == "✗ the log does not verify"
    assert listing.steps_plain([bad])[0]["problems"][2] == {"entry": None, "message": "nowhere"}  # type: ignore[index]


def test_replay_shows_what_differs_and_counts() -> None:
    same, other = Replayed(4, "a", "go", "met"), Replayed(5, "a", "go", "met", "answer: other")
    limit = "cannot say: whether what was recorded is true, or all of it is there: audit verify tells"
    assert listing.replay_lines([("camden", same)], 100) == ["✓ 1 of 1 decisions come to the same answer", limit]
    lines = listing.replay_lines([("camden", same), ("camden", other)], 80)
    assert lines[:-2] == ["✗ camden:5 a go  answer: other", "✗ 1 of 2 decisions come to the same answer"]


def test_every_rule_table_and_parameter_can_be_shown_in_text_and_json_at_any_width() -> None:
    law = shelf().law
    for name, subject in {**law.subjects, **law.parameters}.items():
        plain = listing.subject_plain(subject)
        assert json.loads(json.dumps(plain)) == plain
        for width in (40, 80):
            lines = listing.subject_lines(subject, law, width)
            assert lines[0] == name
            assert " ".join(subject.title.split()) in " ".join(" ".join(lines).split())


def test_the_cycle_shows_every_state_and_every_step_from_it() -> None:
    cycle = shelf().workflow
    shown = " ".join(" ".join(listing.workflow_lines(cycle, 40)).split())
    for state in cycle.states:
        assert f"{state.id}: {state.title}" in shown
    for step in cycle.steps:
        assert shown.count(f" {step.id} → ") == len(step.sources)
