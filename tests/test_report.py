"""Decisions as text and as JSON: the answer first, nothing lost between the two, nothing that breaks a command."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import report
from engine.model import MAY_PROCEED, Moment, moment
from engine.outlook import Outlook
from engine.report import View, decision_lines, earliest_lines, hang, outlook_plain, step_line, table, verdict
from tests.simulator import CAMDEN, NAME, Council, put_right, shelf

CASE = f"camden/{NAME}"


def looked(after: str, step: str, on: str, *, right: int | None = None) -> Outlook:
    council = Council.after(after)
    if right is not None:
        put_right(council, CAMDEN[right])
    return council.office("2025-12-30 09:30").outlook("camden", NAME, step, moment(on))


def view(look: Outlook, **how: object) -> View:
    return View(shelf().law.for_authority("camden"), look.assessment, CASE, {}, **how)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def refused() -> Outlook:
    return looked("publish-award-notice", "enter-contract", "2025-12-22", right=6)


def test_the_answer_is_the_first_line_and_needs_no_colour(refused: Outlook) -> None:
    lines = decision_lines(refused.decision, view(refused), "Outreach")
    assert lines[0] == verdict(refused.decision) == "✗ must not proceed: enter-contract"
    assert lines[1] == "  Outreach"
    taken = looked("publish-award-notice", "enter-contract", "2025-12-30", right=6)
    assert verdict(taken.decision) == "✓ may proceed: enter-contract"


def test_a_refusal_shows_rule_citation_found_required_and_earliest(refused: Outlook) -> None:
    shown = " ".join(" ".join(decision_lines(refused.decision, view(refused))).split())
    for finding in refused.decision.blocking:
        rule = shelf().law.rules[finding.rule]
        for said in (rule.title, rule.cite, rule.id, finding.found):
            assert " ".join(said.split()) in shown
    assert "earliest 30 Dec 2025" in shown
    assert earliest_lines(refused.earliest.day, refused.earliest.others, refused.decision.at)


def test_only_what_stops_is_shown_unless_everything_is_asked_for(refused: Outlook) -> None:
    short = decision_lines(refused.decision, view(refused))
    long = decision_lines(refused.decision, view(refused, every=True))
    assert len(long) > len(short)
    assert any("--all shows every rule" in line for line in short)
    text = " ".join(" ".join(long).split())
    assert all(finding.rule in text for finding in refused.decision.findings)


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("working", [False, True])
@pytest.mark.parametrize("width", [40, 80, 100])
@pytest.mark.parametrize("gate", range(1, 7))
def test_no_line_is_too_wide_but_a_command_or_a_word_that_cannot_be_broken(
    gate: int, width: int, working: bool, every: bool
) -> None:
    look = looked(CAMDEN[gate - 1].step, CAMDEN[gate].step, CAMDEN[gate].too_early[:10])
    for line in decision_lines(look.decision, view(look, every=every, working=working, width=width), "Outreach"):
        words = line.split()
        unbroken = "vires " in line or len(words) <= 3 or max(map(len, words)) > width - 22
        assert len(line) <= width or unbroken, line


def test_the_same_findings_stand_in_text_and_in_json(refused: Outlook) -> None:
    seen = view(refused, every=True, working=True)
    plain = outlook_plain(refused.decision, refused.earliest.day, seen)
    assert json.loads(json.dumps(plain)) == plain
    assert (plain["answer"], plain["exit"], plain["earliest"]) == ("not met", 1, "2025-12-30")
    assert [each["rule"] for each in plain["findings"]] == [each.rule for each in refused.decision.findings]
    shown = " ".join(" ".join(decision_lines(refused.decision, seen)).split())
    for finding in plain["findings"]:
        assert finding["title"] in shown and finding["cite"] in shown
        assert all(step in shown for step in finding.get("next", []))
    assert plain["working"]


def test_the_next_step_of_a_milestone_that_a_step_records_is_that_step() -> None:
    look = looked("decide-award", "enter-contract", "2025-12-30")
    steps = {"award_notice.published": "publish-award-notice"}
    seen = View(shelf().law.for_authority("camden"), look.assessment, CASE, steps)
    wanted = [step for finding in look.decision.blocking for step in report.next_steps(finding, seen)]
    assert f"vires case advance {CASE} publish-award-notice" in wanted


def test_without_a_case_no_command_is_made_up() -> None:
    look = looked("assess-need", "decide-strategy", "2025-07-16")
    seen = View(shelf().law.for_authority("camden"), look.assessment)
    wanted = [step for finding in look.decision.blocking for step in report.next_steps(finding, seen)]
    assert wanted and not any("vires" in step for step in wanted)


def test_a_step_waits_for_a_day_only_when_the_day_is_ahead(refused: Outlook) -> None:
    today = refused.decision.at.day
    assert step_line(refused.decision, today + 1).endswith(f", not before {Moment(today + 1)}")
    for day in (None, today, today - 1):
        assert "not before" not in step_line(refused.decision, day)


def test_every_answer_has_an_exit_code() -> None:
    assert report.EXIT == {MAY_PROCEED: 0, "not met": 1, "refer": 3, "missing": 3}


TEXT = st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=15)


@given(st.lists(TEXT, min_size=1, max_size=30).map(" ".join), st.integers(0, 30), st.integers(10, 120))
def test_hanging_loses_no_word_and_keeps_to_the_width(said: str, head: int, width: int) -> None:
    lines = hang(said, " " * head, width)
    assert " ".join(" ".join(lines).split()) == " ".join(said.split())
    assert all(len(line) <= max(width, 40) or len(line.split()) <= 1 for line in lines) or said.startswith("vires ")


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5), st.integers(40, 100))
def test_a_table_loses_no_cell(rows: list[tuple[str, str]], width: int) -> None:
    shown = " ".join(table(("one", "two"), rows, width)).split()
    assert shown == ["one", "two", *(cell for row in rows for cell in row)]


def test_a_command_is_never_broken() -> None:
    command = "vires case record camden/2025-014 " + "x" * 200
    assert hang(command, "  next  ", 40) == ["  next  " + command]
