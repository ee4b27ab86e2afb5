"""A workflow as a running state machine: what a step does from a state, and diagrams of the machine itself.

Each stage is a composite state. The machine is driven once along every arrow it has when it is built; what it did is
kept, so that `move` has no state of its own and costs nothing. The only module that imports transitions.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from transitions.extensions.nesting import HierarchicalMachine, NestedState

from engine.workflow import SAME, Workflow

_BETWEEN = "/"  # stage and state: no name of either can hold it

logging.getLogger("transitions").setLevel(logging.CRITICAL + 1)  # it narrates every step, and our output is the answer


class _State(NestedState):
    separator = _BETWEEN


class _Stages(HierarchicalMachine):
    state_cls = _State


@dataclass(slots=True)
class _Case:
    """What the machine moves: thrown away after one step."""

    state: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """One arrow of the machine, between paths of stage and state."""

    source: str
    step: str
    target: str


class Machine:
    """The machine of one workflow; get it from `machine_of`, which keeps it."""

    def __init__(self, workflow: Workflow) -> None:
        self._machine = _build(workflow)
        self._moves = {_leaf(path): dict(self._walk(path)) for path in self.paths()}

    def steps_from(self, state: str) -> tuple[str, ...]:
        """The steps that exist from a state, in the order of the workflow; none from a state that is not known."""
        return tuple(self._moves.get(state, ()))

    def move(self, state: str, step: str) -> str | None:
        """The state after the step; None when the step does not exist from there."""
        return self._moves.get(state, {}).get(step)

    def stages(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The machine's composite states, each with the paths of the states inside it."""
        for name, stage in self._machine.states.items():
            yield name, tuple(name + _BETWEEN + inner for inner in stage.states)

    def paths(self) -> tuple[str, ...]:
        """The paths of all states."""
        return tuple(path for _, inner in self.stages() for path in inner)

    def arrows(self) -> tuple[Arrow, ...]:
        """Every arrow the machine has, by event and then by source."""
        return tuple(
            Arrow(transition.source, event.name, transition.dest or transition.source)
            for event in self._machine.events.values()
            for transitions in event.transitions.values()
            for transition in transitions
        )

    def start(self) -> str:
        """The path of the initial state."""
        return str(self._machine.initial)

    def ends(self) -> tuple[str, ...]:
        """The paths of the final states."""
        return tuple(path for path in self.paths() if self._machine.get_state(path).final)

    def _walk(self, path: str) -> Iterator[tuple[str, str]]:
        for step in self._machine.get_triggers(path):
            case = _Case(path)
            self._machine.trigger_event(case, step)
            yield step, _leaf(case.state)


@lru_cache(maxsize=64)
def machine_of(workflow: Workflow) -> Machine:
    """The machine of a workflow, built the first time it is asked for."""
    return Machine(workflow)


def mermaid(workflow: Workflow) -> str:
    """The machine as a Mermaid state diagram: stages as composite states, the steps on the arrows."""
    machine, titles = machine_of(workflow), _titles(workflow)
    lines = ["stateDiagram-v2"]
    for stage, paths in machine.stages():
        lines.append(f'    state "{_mermaid_text(titles[stage])}" as in_{_mermaid_id(stage)} {{')
        lines += [f'        state "{_mermaid_text(titles[path])}" as {_mermaid_id(path)}' for path in paths]
        lines.append("    }")
    lines.append(f"    [*] --> {_mermaid_id(machine.start())}")
    for arrow in machine.arrows():
        lines.append(f"    {_mermaid_id(arrow.source)} --> {_mermaid_id(arrow.target)} : {arrow.step}")
    lines += [f"    {_mermaid_id(path)} --> [*]" for path in machine.ends()]
    return "\n".join(lines) + "\n"


def graphviz(workflow: Workflow) -> str:
    """The machine as DOT text: stages as clusters, final states with a double line, the steps on the arrows."""
    machine, titles = machine_of(workflow), _titles(workflow)
    lines = [f"digraph {_dot(workflow.id)} {{", "    node [shape=box, style=rounded];", '    "" [shape=point];']
    ends = machine.ends()
    for stage, paths in machine.stages():
        lines.append(f"    subgraph {_dot('cluster_' + stage)} {{")
        lines.append(f"        label={_dot(titles[stage])};")
        for path in paths:
            line = f"        {_dot(path)} [label={_dot(titles[path])}"
            lines.append(line + (", peripheries=2];" if path in ends else "];"))
        lines.append("    }")
    lines.append(f'    "" -> {_dot(machine.start())};')
    for arrow in machine.arrows():
        tip = _dot(titles[_BETWEEN + arrow.step])
        lines.append(f"    {_dot(arrow.source)} -> {_dot(arrow.target)} [label={_dot(arrow.step)}, tooltip={tip}];")
    return "\n".join([*lines, "}"]) + "\n"


def _build(workflow: Workflow) -> _Stages:
    where = {state.id: state.stage + _BETWEEN + state.id for state in workflow.states}
    return _Stages(
        model=None,
        states=[_stage(workflow, stage.id) for stage in workflow.stages],
        initial=where[workflow.initial],
        transitions=[
            {
                "trigger": step.id,
                "source": [where[source] for source in step.sources],
                "dest": "=" if step.target == SAME else where[step.target],
            }
            for step in workflow.steps
        ],
        auto_transitions=False,
    )


def _stage(workflow: Workflow, stage: str) -> dict[str, object]:
    inside = [state.id for state in workflow.states if state.stage == stage]
    return {"name": stage, "children": [{"name": name, "final": name in workflow.final} for name in inside]}


def _leaf(path: str) -> str:
    return path.rpartition(_BETWEEN)[2]


def _titles(workflow: Workflow) -> dict[str, str]:
    """Titles by stage, by path of a state, and by step after a stroke."""
    stages = {stage.id: stage.title for stage in workflow.stages}
    states = {state.stage + _BETWEEN + state.id: state.title for state in workflow.states}
    return stages | states | {_BETWEEN + step.id: step.title for step in workflow.steps}


def _mermaid_id(path: str) -> str:
    """Mermaid takes no hyphen in a name; names here hold no underscore, so the two signs stay apart."""
    return path.replace("-", "_").replace(_BETWEEN, "__")


def _mermaid_text(title: str) -> str:
    return "".join(f"#{ord(sign)};" if sign in '"#;:<>{}%' else sign for sign in title)


def _dot(words: str) -> str:
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'
