"""Cycles held against the law and against each other: what is proved, and what stands side by side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.cycles import ABSENT, AS_BASE, BASE, CHANGED, OWN, differing, remarks, side_by_side
from engine.errors import UsageError
from engine.library import build_workflow
from engine.service import Office
from engine.workflow import SAME, Route, Stage, State, Step, Workflow
from tests.conftest import law_of, rule
from tests.simulator import LATE, NAME, Council, clock, shelf

CYCLE = Workflow(
    id="small",
    title="Small",
    initial="here",
    stages=(Stage("one", "One"),),
    states=(State("here", "Here", "one"), State("done", "Done", "one")),
    final=("done",),
    steps=(Step("go", "Go", ("here",), SAME), Step("stop", "Stop", ("here",), "done", free=True, why_free="It ends.")),
    routes=(Route("short", "Short", ("go", "stop")),),
)
LAW = law_of(rule(require="{contract.lots: yes}"))


def said(*changed: Workflow, law=LAW, own=()):
    cycles = {BASE: changed[0], **{f"body-{n}": cycle for n, cycle in enumerate(changed[1:], 1)}}
    return [str(each) for each in remarks(cycles, dict.fromkeys(cycles, law), own)]


def test_a_sound_cycle_has_no_remarks():
    assert said(CYCLE) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (replace(CYCLE, states=(*CYCLE.states, State("lost", "Lost", "one"))), "lost: no case can come to this state"),
        (replace(CYCLE, states=(*CYCLE.states, State("lost", "Lost", "one"))), "lost: there is no way to the end"),
        (replace(CYCLE, steps=(*CYCLE.steps, Step("dig", "Dig", ("lost",), SAME))), "dig: no case can take this step"),
        (replace(CYCLE, steps=(*CYCLE.steps, Step("jump", "Jump", ("here",), SAME))), "jump: no rule binds this step"),
        (replace(CYCLE, routes=(Route("bad", "Bad", ("stop", "go")),)), "bad: this route is not a path to the end"),
        (replace(CYCLE, routes=(Route("bad", "Bad", ("go",)),)), "bad: this route is not a path to the end"),
        (replace(CYCLE, steps=CYCLE.steps[1:], routes=()), "go: test.one binds it and no cycle has it"),
    ],
)
def test_each_thing_that_is_proved_is_told_where_it_fails(changed, expected):
    assert any(expected in line for line in said(changed))


def test_what_every_cycle_takes_from_the_base_is_told_once():
    odd = replace(CYCLE, steps=(*CYCLE.steps, Step("jump", "Jump", ("here",), SAME)))
    assert len(said(odd, odd, odd)) == 1


def test_one_step_name_dates_one_milestone_in_every_cycle():
    other = replace(CYCLE, steps=(replace(CYCLE.steps[0], records="notice.published"), CYCLE.steps[1]))
    assert "records notice.published here and nothing in commissioning" in said(CYCLE, other)[0]


def test_a_local_cycle_belongs_to_an_authority():
    assert said(CYCLE, own=("camdem",)) == [
        "camdem: the file: no authority is called so; name the file for an authority with a pack"
    ]


def test_side_by_side_says_who_has_what():
    local = replace(
        CYCLE,
        states=(*CYCLE.states, State("checked", "Checked", "one")),
        steps=(replace(CYCLE.steps[0], target="checked"), Step("end", "End", ("checked",), "done")),
    )
    lines = {(line.kind, line.id): line.each for line in side_by_side(CYCLE, [CYCLE, local])}
    assert lines["state", "here"] == (AS_BASE, AS_BASE)
    assert lines["state", "checked"] == (ABSENT, OWN)
    assert lines["step", "go"] == (AS_BASE, CHANGED)
    assert lines["step", "stop"] == (AS_BASE, ABSENT)
    assert lines["step", "end"] == (ABSENT, OWN)
    assert len(differing(side_by_side(CYCLE, [CYCLE]))) == 0


def test_a_step_possible_from_more_states_is_the_same_step():
    wider = replace(CYCLE, steps=(replace(CYCLE.steps[0], sources=("here", "there")), CYCLE.steps[1]))
    assert not differing(side_by_side(CYCLE, [wider]))


# ---- the cycles that ship ----


def test_the_cycles_that_ship_are_sound_under_the_law_of_each_authority():
    names = list(shelf().authorities())
    cycles = {BASE: shelf().workflow, **{name: shelf().cycle(name) for name in names}}
    laws = {BASE: shelf().law, **{name: shelf().law.for_authority(name) for name in names}}
    assert [str(each) for each in remarks(cycles, laws, shelf().own_cycles())] == []


def test_every_local_cycle_says_where_its_differences_are_seen():
    assert all(shelf().cycle(name).source for name in shelf().own_cycles())


def test_an_authority_without_a_file_has_the_base_cycle():
    assert shelf().cycle("camden") is shelf().workflow
    assert list(shelf().cycle_files("camden")) == ["workflows/commissioning.yaml"]


def test_the_cycle_of_a_health_body_has_no_call_in_and_no_executive():
    files = {path: text for path, text in shelf().cycles.items() if path.endswith(("commissioning.yaml", "body.yaml"))}
    board = build_workflow(files, shelf().vocabulary_names)
    assert board.id == "health-body"
    assert board.step("publish-private-notice") is None and board.step("publish-key-notice") is None
    assert "call-in" not in board.step("reconsider-strategy").title


# ---- a case keeps its authority's cycle whole ----

BD = "barking-and-dagenham"


def test_a_case_keeps_base_and_difference_and_replays_when_the_shelf_has_neither():
    council = Council()
    try:
        desk = council.office("2026-03-02 10:00")
        name, _ = desk.open_case(BD, "Extra care", "2026-001")
        assert desk.workflow_of(BD, name).title == shelf().cycle(BD).title
        for day, step in (("02", "assess-need"), ("03", "endorse-strategy"), ("04", "take-to-health-board")):
            done = council.office(f"2026-03-{day} 11:00").advance(BD, name, step)
            assert done.outlook.decision.answer == "may proceed"
        assert council.office(LATE).case(BD, name).state == "before-health-board"

        bare = replace(shelf(), local_cycles={}, cycles={"workflows/commissioning.yaml": "nothing: left"})
        desk = Office(council.store, bare, clock(LATE), "auditor")
        assert [each.differs for each in desk.replay(BD)] == ["", "", ""]
        assert not [problem for step in desk.verify(BD, []) for problem in step.problems]
        assert desk.workflow_of(BD, name).step("withdraw-strategy") is not None
    finally:
        council.store.close()


def test_a_step_of_one_authority_does_not_exist_for_another():
    council = Council.after("assess-need")
    try:
        with pytest.raises(UsageError, match="endorse-strategy"):
            council.office(LATE).advance("camden", NAME, "endorse-strategy")
    finally:
        council.store.close()
