"""The running machine: it agrees with the workflow's own table, keeps no state, says nothing, and draws itself."""

from __future__ import annotations

import logging
import random
import statistics
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import markup
from engine.machine import Machine, graphviz, machine_of, mermaid
from engine.workflow import SAME, Stage, State, Step, Workflow, parse

CYCLE = Path(__file__).parents[1] / "workflows" / "commissioning.yaml"


def shipped():
    node, _ = markup.read(CYCLE.name, CYCLE.read_text("utf-8"))
    records = [step.get("records") for step in markup.plain(node)["steps"].values()]
    workflow, problems = parse(node, None, records)
    assert not problems
    return workflow


@pytest.fixture(scope="module")
def cycle():
    return shipped()


TINY = Workflow(
    id="tiny",
    title="Tiny",
    initial="a-start",
    stages=(Stage("s-one", 'One "quoted"; really: #1'), Stage("two", "Two")),
    states=(State("a-start", "Start", "s-one"), State("end", 'End \\ "x"', "two")),
    final=("end",),
    steps=(Step("note", "Note", ("a-start",), SAME), Step("stop", "Stop", ("a-start",), "end")),
)


def agrees(workflow):
    machine = machine_of(workflow)
    for state in workflow.states:
        for step in workflow.steps:
            assert machine.move(state.id, step.id) == step.lands(state.id)


def test_every_state_and_step_moves_as_the_table_says(cycle):
    agrees(cycle)


def test_the_order_of_the_questions_does_not_matter(cycle):
    pairs = [(state.id, step) for state in cycle.states for step in cycle.steps] * 3
    random.Random(7).shuffle(pairs)
    machine = machine_of(cycle)
    assert all(machine.move(state, step.id) == step.lands(state) for state, step in pairs)


def test_steps_from_a_state_are_those_that_move_it(cycle):
    machine = machine_of(cycle)
    for state in cycle.states:
        expected = tuple(step.id for step in cycle.steps if state.id in step.sources)
        assert machine.steps_from(state.id) == expected


def test_what_is_not_known_does_not_exist_rather_than_fail(cycle):
    machine = machine_of(cycle)
    assert machine.move("nowhere", "close") is None
    assert machine.move("need", "nothing") is None
    assert machine.move("analyse/need", "assess-need") is None
    assert machine.move("analyse", "assess-need") is None
    assert machine.steps_from("nowhere") == ()


def test_final_states_have_no_steps(cycle):
    assert all(machine_of(cycle).steps_from(name) == () for name in cycle.final)


def test_walks_from_the_start_visit_every_state_and_every_arrow(cycle):
    machine, seen, taken, waiting = machine_of(cycle), set(), set(), [cycle.initial]
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            for step in machine.steps_from(at):
                taken.add((at, step, machine.move(at, step)))
                waiting.append(machine.move(at, step))
    assert seen == {state.id for state in cycle.states}
    assert taken == set(cycle.arrows())


def test_random_walks_always_come_to_an_end(cycle):
    machine, dice = machine_of(cycle), random.Random(2007)
    for _ in range(200):
        at, steps = cycle.initial, 0
        while at not in cycle.final:
            at, steps = machine.move(at, dice.choice(machine.steps_from(at))), steps + 1
            assert steps < 1_000


def test_a_case_goes_the_long_way_round_and_back(cycle):
    path = [
        ("assess-need", "needs-assessed"), ("decide-strategy", "strategy-decided"),
        ("reconsider-strategy", "needs-assessed"), ("decide-strategy", "strategy-decided"),
        ("publish-tender-notice", "tendering"), ("close-tenders", "evaluation"), ("retender", "strategy-decided"),
        ("publish-tender-notice", "tendering"), ("close-tenders", "evaluation"), ("decide-award", "award-decided"),
        ("publish-award-notice", "award-notified"), ("enter-contract", "contracted"),
        ("publish-contract-details", "contracted"), ("start-service", "in-service"),
        ("send-ojeu-award-notice", "in-service"), ("review-service", "under-review"), ("close", "closed"),
    ]  # fmt: skip
    machine, at = machine_of(cycle), cycle.initial
    for step, expected in path:
        at = machine.move(at, step)
        assert at == expected


@settings(deadline=None)
@given(st.data())
def test_any_table_is_moved_through_as_it_is_written(data):
    names = data.draw(st.lists(st.from_regex(r"[a-z]{1,3}(-[a-z0-9]{1,2})?", fullmatch=True), unique=True, min_size=1))
    names = [name for name in names if name != SAME] or ["a"]
    stages = (Stage("a", "A"), Stage("b-c", "B"))
    states = tuple(State(name, name, data.draw(st.sampled_from(["a", "b-c"]))) for name in names)
    sources = st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True)
    shapes = data.draw(st.lists(st.tuples(sources, st.sampled_from([*names, SAME])), max_size=5))
    steps = tuple(Step(f"step-{n}", "S", tuple(at), to) for n, (at, to) in enumerate(shapes))
    agrees(Workflow("any", "Any", names[0], stages, states, (), steps))


def test_a_machine_is_built_once_for_equal_workflows(cycle):
    assert machine_of(cycle) is machine_of(shipped())


def test_building_and_moving_say_nothing_to_the_log(cycle, caplog):
    with caplog.at_level(logging.DEBUG):
        machine = Machine(cycle)
        machine.move("need", "assess-need")
        machine.move("need", "close")
    assert caplog.records == []


def test_a_move_is_quick(cycle):
    machine_of(cycle)

    def once():
        start = time.perf_counter_ns()
        machine_of(cycle).move("award-decided", "enter-contract")
        return time.perf_counter_ns() - start

    assert statistics.median(once() for _ in range(2_000)) < 60_000


# ---- diagrams ----


@pytest.mark.parametrize("draw", [mermaid, graphviz])
def test_a_diagram_names_every_stage_state_and_step(cycle, draw):
    text = draw(cycle)
    assert all(f'"{thing.title}"' in text for thing in (*cycle.stages, *cycle.states))
    assert all(text.count(step.id) >= len(step.sources) for step in cycle.steps)


@pytest.mark.parametrize("draw", [mermaid, graphviz])
def test_a_diagram_is_the_same_text_every_time(cycle, draw):
    first = draw(cycle)
    machine_of.cache_clear()
    assert draw(shipped()) == first


def test_a_diagram_has_one_arrow_for_each_arrow_of_the_machine(cycle):
    assert mermaid(cycle).count(" --> ") == len(cycle.arrows()) + 1 + len(cycle.final)
    assert graphviz(cycle).count(" -> ") == len(cycle.arrows()) + 1


def test_the_mermaid_text_of_a_tiny_workflow():
    assert mermaid(TINY) == (
        "stateDiagram-v2\n"
        '    state "One #34;quoted#34;#59; really#58; #35;1" as in_s_one {\n'
        '        state "Start" as s_one__a_start\n'
        "    }\n"
        '    state "Two" as in_two {\n'
        '        state "End \\ #34;x#34;" as two__end\n'
        "    }\n"
        "    [*] --> s_one__a_start\n"
        "    s_one__a_start --> s_one__a_start : note\n"
        "    s_one__a_start --> two__end : stop\n"
        "    two__end --> [*]\n"
    )


def test_the_dot_text_of_a_tiny_workflow():
    assert graphviz(TINY) == (
        'digraph "tiny" {\n'
        "    node [shape=box, style=rounded];\n"
        '    "" [shape=point];\n'
        '    subgraph "cluster_s-one" {\n'
        '        label="One \\"quoted\\"; really: #1";\n'
        '        "s-one/a-start" [label="Start"];\n'
        "    }\n"
        '    subgraph "cluster_two" {\n'
        '        label="Two";\n'
        '        "two/end" [label="End \\\\ \\"x\\"", peripheries=2];\n'
        "    }\n"
        '    "" -> "s-one/a-start";\n'
        '    "s-one/a-start" -> "s-one/a-start" [label="note", tooltip="Note"];\n'
        '    "s-one/a-start" -> "two/end" [label="stop", tooltip="Stop"];\n'
        "}\n"
    )
