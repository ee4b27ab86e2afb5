"""A commissioning cycle as data: the states of a case, the steps between them, and what an authority does differently.

`parse` accepts a cycle only when
1. every key, state, step and milestone it names exists, and every name is given once;
2. no milestone is recorded by two steps;
3. a free step says why no rule need bind it;
4. a case can come to every state, and from every state to a final one;
5. no step leaves a final state;
6. a file of differences leaves each state of the cycle it extends within reach and with a way to the end;
7. every route is a path of the machine, from the first state to a final one.
Points 4 to 7 are judged once every name in `from`, `to`, `initial` and `final` is known. Nothing here runs a cycle:
that is `machine`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from engine import markup
from engine.markup import Map, Node, Problem, Seq, Text, Where
from engine.schema import fields, named, nearest, text, yes

SAME = "same"  # the target of a step that leaves the case where it is

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_WHOLE = ("workflow", "title", "initial", "stages", "final", "steps")
_WHOLE_MAY = ("like", "routes")
_DIFFERENCES = ("workflow", "title", "source", "states", "like", "forbid", "steps", "before", "routes")
_STEP = ("title", "from", "to")
_STEP_MAY = ("records", "free", "why_free", "ask")


@dataclass(frozen=True, slots=True)
class Stage:
    """A group of states."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class State:
    """Where a case can stand."""

    id: str
    title: str
    stage: str


@dataclass(frozen=True, slots=True)
class Step:
    """What can be done from any of `sources`: it leads to `target` (or SAME) and dates the milestone `records`."""

    id: str
    title: str
    sources: tuple[str, ...]
    target: str
    records: str | None = None
    free: bool = False
    why_free: str = ""
    ask: str = ""

    def lands(self, state: str) -> str | None:
        """The state a case in `state` is in after this step; None when the step does not exist from there."""
        if state not in self.sources:
            return None
        return state if self.target == SAME else self.target


@dataclass(frozen=True, slots=True)
class Route:
    """One lawful life from the first state to the last, as the main steps of it in order."""

    id: str
    title: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Workflow:
    """One cycle, whole: stages and states in the order of the cycle, steps in the order of the file."""

    id: str
    title: str
    initial: str
    stages: tuple[Stage, ...]
    states: tuple[State, ...]
    final: tuple[str, ...]
    steps: tuple[Step, ...]
    routes: tuple[Route, ...] = ()
    source: str = ""  # where the differences of an authority are seen

    def __hash__(self) -> int:  # short, as caches ask for it at every step taken
        return hash((self.id, self.title, len(self.states), len(self.steps)))

    def state(self, name: str) -> State | None:
        """The state of that name."""
        return next((state for state in self.states if state.id == name), None)

    def step(self, name: str) -> Step | None:
        """The step of that name."""
        return next((step for step in self.steps if step.id == name), None)

    def route(self, name: str) -> Route | None:
        """The route of that name."""
        return next((route for route in self.routes if route.id == name), None)

    def along(self, steps: Iterable[str]) -> tuple[str, str | None]:
        """Where these steps lead from the first state, and the first of them that does not exist from there."""
        at, known = self.initial, {step.id: step for step in self.steps}
        for name in steps:
            to = known[name].lands(at) if name in known else None
            if to is None:
                return at, name
            at = to
        return at, None

    def arrows(self) -> tuple[tuple[str, str, str], ...]:
        """Every (state, step, state after it)."""
        return tuple((at, step.id, step.lands(at) or at) for step in self.steps for at in step.sources)


def parse(
    node: Node, base: Workflow | None, milestones: Collection[str]
) -> tuple[Workflow | None, tuple[Problem, ...]]:
    """The cycle in `node`, or None and every fault; with `base`, the node holds one authority's differences from it."""
    draft = _Draft(node.where, base, frozenset(milestones))
    local = base is not None or (isinstance(node, Map) and "extends" in node.entries)
    workflow = _local(node, draft) if local else _whole(node, draft)
    _check(workflow, draft)
    problems = tuple(sorted(set(draft.problems)))
    return (None if problems else workflow), problems


def build(files: Mapping[str, str], milestones: Collection[str] | None) -> tuple[Workflow | None, tuple[Problem, ...]]:
    """The cycle that files make together: one whole, and differences each of which extends what came before.

    Without `milestones` every file may record what it says: so are kept cycles read, whatever the vocabulary has today.
    """
    problems: list[Problem] = []
    nodes: list[Node] = []
    for path, source in sorted(files.items()):
        node, faults = markup.read(path, source)
        problems += faults
        nodes += [node] if node is not None else []
    if problems:
        return None, tuple(problems)
    built: Workflow | None = None
    for node in _in_order(nodes):
        built, faults = parse(node, built, recorded(node) | recorded_by(built) if milestones is None else milestones)
        if faults:
            return None, faults
    return built, ()


def recorded_by(workflow: Workflow | None) -> frozenset[str]:
    """The milestones a cycle records."""
    return frozenset(step.records for step in workflow.steps if step.records) if workflow else frozenset()


def extends(node: Node) -> str:
    """The cycle a file says it extends; nothing for a whole one."""
    return text(node.entries.get("extends")) if isinstance(node, Map) else ""


def named_in(node: Node) -> str:
    """The name a file gives its cycle."""
    return text(node.entries.get("workflow")) if isinstance(node, Map) else ""


def _in_order(nodes: list[Node]) -> list[Node]:
    """The whole cycle first, then what extends it, then what extends that; strays last, where they are refused."""
    ordered, left = [node for node in nodes if not extends(node)][:1], [node for node in nodes if extends(node)]
    while left:
        name = named_in(ordered[-1]) if ordered else ""
        ordered.append(left.pop(next((place for place, node in enumerate(left) if extends(node) == name), 0)))
    return ordered


def recorded(node: Node) -> frozenset[str]:
    """The milestones the steps of a cycle say they record, whatever the vocabulary has today."""
    steps = node.entries.get("steps") if isinstance(node, Map) else None
    each = steps.entries.values() if isinstance(steps, Map) else ()
    return frozenset(text(step.entries.get("records")) for step in each if isinstance(step, Map))


def plain(workflow: Workflow) -> dict[str, object]:
    """The cycle as lists, dicts, text and booleans, for JSON."""
    form: dict[str, object] = {
        "workflow": workflow.id,
        "title": workflow.title,
        "initial": workflow.initial,
        "stages": [{"id": stage.id, "title": stage.title} for stage in workflow.stages],
        "states": [{"id": state.id, "title": state.title, "stage": state.stage} for state in workflow.states],
        "final": list(workflow.final),
        "steps": [_plain_step(step) for step in workflow.steps],
        "routes": [{"id": each.id, "title": each.title, "steps": list(each.steps)} for each in workflow.routes],
    }
    return form | ({"source": workflow.source} if workflow.source else {})


def _plain_step(step: Step) -> dict[str, object]:
    always = {"id": step.id, "title": step.title, "from": list(step.sources), "to": step.target, "free": step.free}
    given = {"records": step.records, "why_free": step.why_free, "ask": step.ask}
    return always | {key: value for key, value in given.items() if value}


# ---- reading ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Draft:
    """One file being read: its faults so far, and where in it the names stand."""

    where: Where
    base: Workflow | None
    milestones: frozenset[str]
    problems: list[Problem] = field(default_factory=list)
    states: dict[str, Where] = field(default_factory=dict)
    steps: dict[str, Where] = field(default_factory=dict)
    sources: dict[tuple[str, str], Where] = field(default_factory=dict)
    records: dict[str, Where] = field(default_factory=dict)
    forbidden: dict[str, Where] = field(default_factory=dict)
    routes: dict[str, Where] = field(default_factory=dict)
    broken: bool = False  # a state is not known, so neither is the way through the cycle

    def fault(self, where: Where, what: str, instead: str = "") -> None:
        self.problems.append(Problem(where, what, instead))

    def break_at(self, where: Where, what: str, instead: str = "") -> None:
        self.fault(where, what, instead)
        self.broken = True


def _whole(node: Node, draft: _Draft) -> Workflow:
    entries = fields(node, draft.problems, _WHOLE, _WHOLE_MAY)
    draft.broken = not all(isinstance(entries.get(key), Map) for key in ("stages", "steps"))
    stages, states = _stages(entries.get("stages"), draft)
    draft.broken |= "final" not in entries
    known = [state.id for state in states]
    alike = _alike(entries.get("like"), known, known, draft)
    return Workflow(
        _identifier(entries.get("workflow"), "workflow", draft),
        _words(entries.get("title"), draft),
        _state(entries.get("initial"), known, draft),
        stages,
        states,
        tuple(_state(item, known, draft) for item in _items(entries.get("final"), draft)),
        steps := tuple(_from_alike(step, alike) for step in _steps(entries.get("steps"), known, draft)),
        tuple(_routes(entries.get("routes"), steps, draft)),
    )


def _local(node: Node, draft: _Draft) -> Workflow | None:
    entries = fields(node, draft.problems, ("extends",), _DIFFERENCES)
    if not (base := _base(entries.get("extends"), draft)):
        return None
    states = _with_added(base, entries.get("states"), draft)
    own = {step.id: step for step in _steps(entries.get("steps"), [state.id for state in states], draft)}
    _forbid(entries.get("forbid"), base, own, draft)
    alike = _alike(entries.get("like"), [state.id for state in base.states], [state.id for state in states], draft)
    kept = [own.pop(step.id, _from_alike(step, alike)) for step in base.steps if step.id not in draft.forbidden]
    steps = (*kept, *own.values())
    ahead = _before(entries.get("before"), steps, draft)
    inherited = (replace(route, steps=tuple(_with_ahead(route.steps, ahead))) for route in base.routes)
    routes = {route.id: route for route in (*inherited, *_routes(entries.get("routes"), steps, draft))}
    name = _identifier(entries["workflow"], "workflow", draft) if "workflow" in entries else base.id
    title = _words(entries["title"], draft) if "title" in entries else base.title
    source = _words(entries["source"], draft) if "source" in entries else base.source
    return Workflow(name, title, base.initial, base.stages, states, base.final, steps, tuple(routes.values()), source)


def _alike(node: Node | None, old: list[str], known: list[str], draft: _Draft) -> dict[str, str]:
    """Each state of the file, and the state whose steps are possible from it too."""
    found = {}
    for name, value, where in named(node, draft.problems):
        if name not in draft.states:
            draft.fault(where, f"{name!r} is not a state this file adds", f"add it under states, or see {known[0]}")
        if text(value) not in old:
            draft.fault(where, f"unknown state {text(value)!r}", nearest(text(value), old))
        found[name] = text(value)
    return found


def _from_alike(step: Step, alike: Mapping[str, str]) -> Step:
    """The step, possible too from every new state that is like one it is possible from."""
    more = [new for new, old in alike.items() if old in step.sources and new not in step.sources]
    return replace(step, sources=(*step.sources, *more)) if more else step


def _before(node: Node | None, steps: Collection[Step], draft: _Draft) -> dict[str, tuple[str, ...]]:
    """The steps that every inherited route takes ahead of another."""
    known, found = [step.id for step in steps], {}
    for name, value, where in named(node, draft.problems):
        items = _items(value, draft)
        for said, place in ((name, where), *((text(item), item.where) for item in items)):
            if said not in known:
                draft.break_at(place, f"unknown step {said!r}", nearest(said, known))
        found[name] = tuple(text(item) for item in items)
    return found


def _with_ahead(steps: Iterable[str], ahead: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for step in steps:
        yield from ahead.get(step, ())
        yield step


def _routes(node: Node | None, steps: Collection[Step], draft: _Draft) -> Iterator[Route]:
    known = [step.id for step in steps]
    for name, value, where in named(node, draft.problems):
        _check_id(name, where, "route", draft)
        draft.routes[name] = where
        entries = fields(value, draft.problems, ("title", "steps"))
        said = entries.get("steps")
        if not isinstance(said, Seq):
            draft.break_at(where, f"the route {name!r} has no list of steps", "write steps: [a, b]")
            continue
        for item in said.items:
            if text(item) not in known:
                draft.break_at(item.where, f"unknown step {text(item)!r}", nearest(text(item), known))
        yield Route(name, _words(entries.get("title"), draft), tuple(text(item) for item in said.items))


def _base(node: Node | None, draft: _Draft) -> Workflow | None:
    name = text(node)
    if node and draft.base is None:
        draft.fault(node.where, f"there is no workflow {name!r} to extend", "extend one that stands in workflows/")
    elif node and draft.base and name != draft.base.id:
        draft.fault(node.where, f"there is no workflow {name!r} to extend here", f"write {draft.base.id}")
    return draft.base


def _stages(node: Node | None, draft: _Draft) -> tuple[tuple[Stage, ...], tuple[State, ...]]:
    stages: list[Stage] = []
    states: list[State] = []
    for name, value, where in named(node, draft.problems):
        _check_id(name, where, "stage", draft)
        entries = fields(value, draft.problems, ("title", "states"))
        found = _states(entries.get("states"), name, states, draft)
        if not found:
            draft.break_at(where, f"no state is named in the stage {name!r}", "name one, or take the stage out")
        stages.append(Stage(name, _words(entries.get("title"), draft)))
        states.extend(found)
    return tuple(stages), tuple(states)


def _states(node: Node | None, stage: str, before: Iterable[State], draft: _Draft) -> list[State]:
    stages = {state.id: state.stage for state in before}
    found = []
    for name, value, where in named(node, draft.problems):
        _check_id(name, where, "state", draft)
        if name in stages:
            draft.break_at(where, f"the state {name!r} already stands in the stage {stages[name]!r}", "name it once")
        else:
            draft.states[name] = where
            found.append(State(name, _words(value, draft), stage))
    return found


def _with_added(base: Workflow, node: Node | None, draft: _Draft) -> tuple[State, ...]:
    order = [stage.id for stage in base.stages]
    states = list(base.states)
    for stage, value, where in named(node, draft.problems):
        if stage in order:
            states.extend(_states(value, stage, states, draft))
        else:
            draft.break_at(where, f"unknown stage {stage!r}", nearest(stage, order) or f"known: {', '.join(order)}")
    return tuple(sorted(states, key=lambda state: order.index(state.stage)))


def _forbid(node: Node | None, base: Workflow, own: Collection[str], draft: _Draft) -> None:
    known = [step.id for step in base.steps]
    for item in _items(node, draft):
        name = text(item)
        if name not in known:
            draft.fault(item.where, f"unknown step {name!r}", nearest(name, known))
        elif name in own:
            draft.fault(item.where, f"the step {name!r} is forbidden and also given anew", "do one or the other")
        draft.forbidden[name] = item.where


def _steps(node: Node | None, known: list[str], draft: _Draft) -> Iterator[Step]:
    for name, value, where in named(node, draft.problems):
        _check_id(name, where, "step", draft)
        draft.steps[name] = where
        entries = fields(value, draft.problems, _STEP, _STEP_MAY)
        draft.broken |= "from" not in entries or "to" not in entries
        free = yes(entries.get("free"), draft.problems)
        why_free = _why_free(name, free, entries.get("why_free"), draft)
        sources, target = _sources(name, entries.get("from"), known, draft), _target(entries.get("to"), known, draft)
        records, ask = _milestone(name, entries.get("records"), draft), _words(entries.get("ask"), draft)
        yield Step(name, _words(entries.get("title"), draft), sources, target, records, free, why_free, ask)


def _why_free(step: str, free: bool, node: Node | None, draft: _Draft) -> str:
    if node and not free:
        draft.fault(node.where, f"`why_free` on {step!r}, which is not free", "add `free: yes`, or take it out")
    if free and not node:
        draft.fault(draft.steps[step], f"{step!r} is free but says no `why_free`", "say why no rule need bind it")
    return _words(node, draft)


def _sources(step: str, node: Node | None, known: list[str], draft: _Draft) -> tuple[str, ...]:
    items = _items(node, draft)
    if isinstance(node, Seq) and not items:
        draft.break_at(node.where, f"the step {step!r} starts nowhere", "name the states it is possible from")
    for item in items:
        draft.sources[step, text(item)] = item.where
    return tuple(_state(item, known, draft) for item in items)


def _target(node: Node | None, known: list[str], draft: _Draft) -> str:
    return SAME if text(node) == SAME else _state(node, known, draft, f", or {SAME} to stay where the case is")


def _milestone(step: str, node: Node | None, draft: _Draft) -> str | None:
    if node is None:
        return None
    name = text(node)
    draft.records[step] = node.where
    if name not in draft.milestones:
        hint = nearest(name, draft.milestones) or "declare it in rules/vocabulary"
        draft.fault(node.where, f"unknown milestone {name!r}", hint)
    return name


def _state(node: Node | None, known: list[str], draft: _Draft, also: str = "") -> str:
    if node is None or not known:  # already reported
        draft.broken = True
    elif not isinstance(node, Text):
        draft.break_at(node.where, "expected one state", "write its name")
    elif text(node) not in known:
        hint = nearest(text(node), known) or f"known: {', '.join(known)}{also}"
        draft.break_at(node.where, f"unknown state {text(node)!r}", hint)
    return text(node)


def _items(node: Node | None, draft: _Draft) -> list[Text]:
    """The words of a list, each once; none for an absent one."""
    if node is None:
        return []
    if not isinstance(node, Seq):
        draft.break_at(node.where, "expected a list of words", f"write [{text(node) or 'a, b'}]")
        return []
    found: dict[str, Text] = {}
    for item in node.items:
        if not isinstance(item, Text):
            draft.break_at(item.where, "expected a word")
        elif item.value in found:
            draft.fault(item.where, f"{item.value!r} stands in this list twice", "name it once")
        else:
            found[item.value] = item
    return list(found.values())


def _words(node: Node | None, draft: _Draft) -> str:
    words = text(node)
    if node and not words:
        draft.fault(node.where, "expected words", "say it in the field's own words")
    return words


def _identifier(node: Node | None, kind: str, draft: _Draft) -> str:
    if node:
        _check_id(text(node), node.where, kind, draft)
    return text(node)


def _check_id(name: str, where: Where, kind: str, draft: _Draft) -> None:
    if not _ID.match(name):
        draft.fault(where, f"{name!r} cannot name a {kind}", "write lower-case words joined by hyphens")
    elif kind == "state" and name == SAME:
        draft.break_at(where, f"{SAME!r} cannot name a state", f"`to: {SAME}` means that the case does not move")


# ---- judging the whole -----------------------------------------------------------------------------------------


def _check(workflow: Workflow | None, draft: _Draft) -> None:
    if workflow:
        _recorded_once(workflow, draft)
    if workflow and not draft.broken:
        _no_way_out_of_the_end(workflow, draft)
        _all_within_reach(workflow, draft)
        _all_with_a_way_to_the_end(workflow, draft)
        _routes_are_paths(workflow, draft)


def _routes_are_paths(workflow: Workflow, draft: _Draft) -> None:
    for route in workflow.routes:
        at, lost = workflow.along(route.steps)
        where = draft.routes.get(route.id, draft.where)
        if lost is not None:
            draft.fault(where, f"the route {route.id!r} is no path: no step {lost!r} from {at!r}", "give it anew")
        elif at not in workflow.final:
            draft.fault(where, f"the route {route.id!r} ends in {at!r}", f"go on to {' or '.join(workflow.final)}")


def _recorded_once(workflow: Workflow, draft: _Draft) -> None:
    owners: dict[str, str] = {}
    for step in workflow.steps:
        owner = owners.setdefault(step.records, step.id) if step.records else step.id
        if owner != step.id:
            where = draft.records.get(step.id) or draft.records[owner]
            what = f"the milestone {step.records!r} is recorded by {owner!r} and by {step.id!r}"
            draft.fault(where, what, "one step for each milestone: leave `records` out of the other")


def _no_way_out_of_the_end(workflow: Workflow, draft: _Draft) -> None:
    for at, step, _ in workflow.arrows():
        if at in workflow.final:
            draft.fault(draft.sources[step, at], f"{step!r} leaves {at!r}, which is final", "take it out of `from`")


def _all_within_reach(workflow: Workflow, draft: _Draft) -> None:
    reached = _spread([workflow.initial], [(at, to) for at, _, to in workflow.arrows()])
    lost = [state.id for state in workflow.states if state.id not in reached]
    for name in _own(lost, draft):
        draft.fault(draft.states[name], f"no case can come to the state {name!r}", "add a step to it, or take it out")
    if inherited := [name for name in lost if name not in draft.states]:
        where, instead = _cause(inherited, draft)
        draft.fault(where, f"with these differences no case can come to {', '.join(inherited)}", instead)


def _all_with_a_way_to_the_end(workflow: Workflow, draft: _Draft) -> None:
    ending = _spread(workflow.final, [(to, at) for at, _, to in workflow.arrows()])
    stuck = [state.id for state in workflow.states if state.id not in ending]
    ends = " or ".join(workflow.final) or "a final state, and name it in `final`"
    for name in _own(stuck, draft):
        draft.fault(draft.states[name], f"no way to a final state from {name!r}", f"add a step towards {ends}")
    if inherited := [name for name in stuck if name not in draft.states]:
        where, instead = _cause(inherited, draft)
        draft.fault(where, f"with these differences there is no way to the end from {', '.join(inherited)}", instead)


def _own(names: Iterable[str], draft: _Draft) -> list[str]:
    return [name for name in names if name in draft.states]


def _cause(lost: Collection[str], draft: _Draft) -> tuple[Where, str]:
    """Where the file takes away the first step into or out of the lost states, and what to do about it."""
    changed = draft.steps | draft.forbidden
    for step in draft.base.steps if draft.base else ():
        if step.id in changed and not {*step.sources, step.target}.isdisjoint(lost):
            return changed[step.id], f"leave {step.id} as it is, or add a step in its place"
    return draft.where, "add a step in place of those taken away"


def _spread(start: Iterable[str], arrows: Collection[tuple[str, str]]) -> set[str]:
    """Everything that can be reached from `start`."""
    reached, fresh = set(start), set(start)
    while fresh:
        fresh = {to for at, to in arrows if at in fresh} - reached
        reached |= fresh
    return reached
