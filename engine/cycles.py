"""Cycles held against the law, and against each other: what `vires workflow lint` proves and `compare` shows. Pure.

`remarks` proves of every cycle that
1. a case can come to every state, and from each to an end;
2. every step is possible from some state a case can come to;
3. every step is bound by a rule, in the law of the authority whose cycle it is, or is free and says why;
4. every route is a path from the first state to an end;
5. every step that a rule binds exists in some cycle;
6. a step of one name dates one milestone, whichever cycle it stands in;
7. every local cycle belongs to an authority.
Points 1 and 4 are faults already when a cycle is read; here they are proved again, on the running machine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from engine.law import Law
from engine.workflow import Step, Workflow

BASE = "commissioning"
AS_BASE, CHANGED, OWN, ABSENT = "same", "changed", "own", "absent"


class Remark(NamedTuple):
    """Something a cycle should not have: whose, about what, and what to do."""

    cycle: str
    subject: str
    what: str
    instead: str = ""

    def __str__(self) -> str:
        said = f"{self.cycle}: {self.subject}: {self.what}"
        return f"{said}; {self.instead}" if self.instead else said


def remarks(cycles: Mapping[str, Workflow], laws: Mapping[str, Law], own: Collection[str] = ()) -> tuple[Remark, ...]:
    """What is wrong with the cycles, by authority (the base under its own name), under the law of each.

    `own` are the files of local cycles, which each must be an authority's.
    """
    found = [remark for name, cycle in cycles.items() for remark in _of_one(name, cycle, laws.get(name))]
    found += [
        Remark(name, "the file", "no authority is called so", "name the file for an authority with a pack")
        for name in own
        if name not in cycles
    ]
    shared = {(each.subject, each.what) for each in found if each.cycle == BASE}
    found = [each for each in found if each.cycle == BASE or (each.subject, each.what) not in shared]
    return (*found, *_unowned(cycles, laws), *_parted(cycles))


def _of_one(name: str, cycle: Workflow, law: Law | None) -> Iterator[Remark]:
    reached, ending = _spread(cycle, forward=True), _spread(cycle, forward=False)
    for state in cycle.states:
        if state.id not in reached:
            yield Remark(name, state.id, "no case can come to this state", "add a step to it")
        if state.id not in ending:
            yield Remark(name, state.id, "there is no way to the end from this state", "add a step towards the end")
    for step in cycle.steps:
        if not reached.intersection(step.sources):
            yield Remark(name, step.id, "no case can take this step", "take it out")
        if law is not None and not step.free and not law.steps.get(step.id):
            what = "no rule binds this step and it is not free, so it is always refused"
            yield Remark(name, step.id, what, "write the rule, or free: yes with its reason")
    for route in cycle.routes:
        at, lost = cycle.along(route.steps)
        if lost is not None or at not in cycle.final:
            yield Remark(name, route.id, "this route is not a path to the end", f"it stops at {lost or at}")


def _spread(cycle: Workflow, forward: bool) -> set[str]:
    """The states a case can come to; or those from which it can come to an end."""
    reached = {cycle.initial} if forward else set(cycle.final)
    arrows = [(at, to) if forward else (to, at) for at, _, to in cycle.arrows()]
    fresh = reached
    while fresh:
        fresh = {to for at, to in arrows if at in fresh} - reached
        reached = reached | fresh
    return reached


def _unowned(cycles: Mapping[str, Workflow], laws: Mapping[str, Law]) -> Iterator[Remark]:
    known = {step.id for cycle in cycles.values() for step in cycle.steps}
    for law in laws.values():
        for step, rules in law.steps.items():
            if step not in known:
                yield Remark(BASE, step, f"{rules[0].id} binds it and no cycle has it", "correct its name in binds")


def _parted(cycles: Mapping[str, Workflow]) -> Iterator[Remark]:
    owners: dict[str, tuple[str, str | None]] = {}
    for name, cycle in cycles.items():
        for step in cycle.steps:
            first, records = owners.setdefault(step.id, (name, step.records))
            if records != step.records:
                what = f"records {step.records or 'nothing'} here and {records or 'nothing'} in {first}"
                yield Remark(name, step.id, what, "give one of the two another name")


# Side by side -----------------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """One state, step or route: its stage (of states), and how each cycle has it, beside the base."""

    kind: str
    id: str
    title: str
    each: tuple[str, ...]


def side_by_side(base: Workflow, cycles: Sequence[Workflow]) -> tuple[Line, ...]:
    """Every state, step and route of any of the cycles, and how each has it: as the base, changed, own or absent."""
    kinds = (
        ("state", [_named(cycle.states) for cycle in (base, *cycles)]),
        ("step", [_named(cycle.steps) for cycle in (base, *cycles)]),
        ("route", [_named(cycle.routes) for cycle in (base, *cycles)]),
    )
    lines = []
    for kind, (first, *others) in kinds:
        names = list(dict.fromkeys(name for items in (first, *others) for name in items))
        for name in names:
            titles = [getattr(items[name], "title", "") for items in (first, *others) if name in items]
            each = tuple(_stands(first.get(name), items.get(name)) for items in others)
            lines.append(Line(kind, name, titles[0], each))
    return tuple(lines)


def differing(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines where some cycle is not as the base."""
    return tuple(line for line in lines if set(line.each) != {AS_BASE})


def _named(items: Iterable[object]) -> dict[str, object]:
    return {str(getattr(item, "id", "")): item for item in items}


def _stands(base: object | None, mine: object | None) -> str:
    if mine is None:
        return ABSENT
    if base is None:
        return OWN
    if isinstance(base, Step) and isinstance(mine, Step):  # possible from more states is no change of the step
        same = (base.title, base.target, base.records, base.free) == (mine.title, mine.target, mine.records, mine.free)
        return AS_BASE if same and set(base.sources) <= set(mine.sources) else CHANGED
    return AS_BASE if base == mine else CHANGED
