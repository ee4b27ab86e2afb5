"""Simulated lives: every route of every authority walked to its end, its rules made to refuse, and played again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from engine import inference, markup
from engine.conditions import names
from engine.decide import answer_of, weigh
from engine.errors import PackError
from engine.law import Law, Rule
from engine.markup import Map
from engine.model import MAY_PROCEED, MISSING, NOT_MET, REFER, Facts, Moment, Value
from engine.schema import text
from engine.vocabulary import Term, parse_value, words
from engine.walks import ROLE, Act, Beginning, Dice, Walk, beginnings, begun, candidates, walk
from tests.simulator import Council, shelf

SOAK = bool(os.environ.get("VIRES_SOAK"))
pytestmark = [pytest.mark.soak] if SOAK else []
BEGIN = beginnings(shelf().walks)
ROUTES = [route.id for route in shelf().workflow.routes]
BODIES = sorted(shelf().authorities())
EVERY = [
    (authority, route)
    for authority in BODIES
    for route in ROUTES
    if begun(shelf().law.for_authority(authority), BEGIN[route])
]


def few() -> list[tuple[str, str]]:
    """Some pairs, in which every authority and every route stands."""
    found: dict[tuple[str, str], None] = {}
    for number, authority in enumerate(BODIES):
        own = [pair for pair in EVERY if pair[0] == authority]
        found.setdefault(own[number % len(own)])
    for number, route in enumerate(ROUTES):
        own = [pair for pair in EVERY if pair[1] == route]
        if route not in {each for _, each in found}:
            found.setdefault(own[number % len(own)])
    return list(found)


FEW = few()


def together(pairs: list[tuple[str, str]]) -> list[object]:
    """The pairs as parameters; all that is asked of one pair is asked in one process, where it has been walked."""
    return [pytest.param(*each, marks=pytest.mark.xdist_group(" ".join(each))) for each in pairs]


PAIRS = together(EVERY if SOAK else FEW)
PLAYED = together(EVERY if SOAK else FEW[::4])


def live(authority: str, route: str, seed: str = "1") -> Walk:
    cycle, law = shelf().cycle(authority), shelf().law.for_authority(authority)
    found = cycle.route(route)
    assert found is not None
    beginning = begun(law, BEGIN[route])
    assert beginning is not None
    return walk(law, cycle, found, beginning, seed)


lived = cache(live)


def clock(at: Moment, minute: int) -> str:
    return f"{at.iso[:10]} {minute // 60:02d}:{minute % 60:02d}"


def play(council: Council, authority: str, told: Walk) -> str:
    """A life done again through the office, act by act; the case."""
    name = ""
    for number, act in enumerate(told.acts):
        desk = council.office(clock(act.at, 16 * 60))
        if act.what == "opened":
            name, _ = desk.open_case(authority, f"A life, {act.name}")
        elif act.what == "recorded":
            assert act.value is not None
            desk.record(authority, name, [(act.name, words(act.value))], planned=False)
        elif act.what == "judged":
            desk.judge(authority, name, act.name, act.said, ROLE, "a simulated life", {})
        elif act.what == "refused":
            done = desk.advance(authority, name, act.name)
            assert done.outlook.decision.answer != MAY_PROCEED, (number, act)
            assert set(act.rules) <= {each.rule for each in done.outlook.decision.blocking}, (number, act)
        elif act.what == "taken":
            done = desk.advance(authority, name, act.name)
            assert done.outlook.decision.answer == MAY_PROCEED, (number, act, done.outlook.decision.blocking)
            assert done.state == act.said
    return name


@pytest.mark.parametrize(("authority", "route"), PAIRS)
def test_every_route_of_every_authority_reaches_closed_by_a_lawful_life(authority: str, route: str) -> None:
    told = lived(authority, route)
    assert (told.state, told.stuck) == ("closed", "")
    main = shelf().cycle(authority).route(route)
    assert main is not None
    taken = [act.name for act in told.acts if act.what == "taken"]
    assert [name for name in taken if name in main.steps] == list(main.steps)
    assert any(told.refused), "a life without a refusal shows nothing"


@pytest.mark.parametrize(("authority", "route"), PLAYED)
def test_a_life_is_the_same_on_a_real_store_and_its_log_is_sound(authority: str, route: str) -> None:
    told = lived(authority, route)
    council = Council(opened=clock(told.acts[0].at, 9 * 60))
    try:
        name = play(council, authority, told)
        desk = council.office("2030-01-01 10:00")
        assert desk.case(authority, name).state == "closed"
        assert not [problem for step in desk.verify(authority, []) for problem in step.problems]
        assert [each.differs for each in desk.replay(authority, name) if each.differs] == []
    finally:
        council.store.close()


ANOTHER_DAY = (-400, 400, -4000)  # for rules that rest on nothing but the day: the same life, so many days later


@cache
def waiting() -> Mapping[str, tuple[str, str, bool]]:
    """The rules that no recorded fact makes refuse, each with the derived fact that would, its value, and whether
    some authority's pack derives it."""
    file = Path(__file__).with_name("waiting_rules.yaml")
    node, faults = markup.read(file.name, file.read_text(encoding="utf-8"))
    assert isinstance(node, Map) and not faults
    found = {}
    for rule, each in node.entries.items():
        assert isinstance(each, Map) and text(each.entries["why"])
        derived = each.entries["derived"]
        assert isinstance(derived, Map)
        ((name, value),) = derived.entries.items()
        found[rule] = (name, text(value), "but" in each.entries)
    return found


def beneath(law: Law, rule: Rule) -> list[Term]:
    """What a rule rests on that somebody says, through the tables that derive what it reads."""
    found: dict[str, None] = {}
    left, terms = sorted(rule.reads), law.vocabulary.terms
    while left:
        name = left.pop(0)
        if name not in found:
            found[name] = None
            left += [each for table in law.deciding.get(name, ()) for each in sorted(table.reads)]
            left += terms[name].first_of
    return [terms[name] for name in found if not terms[name].derived]


def with_one_thing_changed(law: Law, rule: Rule, taken: Act) -> Iterator[tuple[Facts, Moment]]:
    """What a step was decided on, with one thing not so: a judgement, a fact, all the rule asks for, or the day."""
    assert taken.given is not None
    values, said = dict(taken.given.values), taken.given.judgements
    for gone in said:
        yield Facts(values, judgements=tuple(each for each in said if each is not gone)), taken.at
    rests = beneath(law, rule)
    for term in rests:
        if term.name in values:
            yield Facts({name: value for name, value in values.items() if name != term.name}, judgements=said), taken.at
    for term in (each for each in rests if not each.first_of):
        for value in candidates(term, taken.at):
            yield Facts({**values, term.name: value}, judgements=said), taken.at
    asked = {name for require in rule.requirements for name in names(require)}
    yield Facts({name: value for name, value in values.items() if name not in asked}, judgements=said), taken.at
    for days in ANOTHER_DAY:
        moved = {name: Moment(v.day + days, v.minute) if isinstance(v, Moment) else v for name, v in values.items()}
        yield Facts(moved, judgements=said), Moment(taken.at.day + days, taken.at.minute)


def derived_as(law: Law, taken: Act, name: str, said: str) -> tuple[Facts, Moment]:
    """What a step was decided on, had some pack derived this as well."""
    assert taken.given is not None
    values: dict[str, Value] = {**taken.given.values, name: parse_value(law.vocabulary.terms[name], said)}
    return replace(taken.given, values=values), taken.at


def refusal(authority: str, rule: str, taken: Act, changes: Iterator[tuple[Facts, Moment]]) -> bool:
    """Whether one of the changes makes the rule stand in the way of the step that was taken."""
    law, cycle = shelf().law.for_authority(authority), shelf().cycle(authority)
    step, bound = cycle.step(taken.name), law.rules[rule]
    assert step is not None
    for facts, at in changes:
        if answer_of(law, bound, facts, at, step.records) in (NOT_MET, MISSING, REFER):
            decision, _ = weigh(law, cycle, step.sources[0], facts, step.id, at, twice=False)
            return decision.answer != MAY_PROCEED and rule in {each.rule for each in decision.blocking}
    return False


@pytest.mark.parametrize(("authority", "route"), PAIRS)
def test_every_rule_that_applies_on_the_way_refuses_at_least_once(authority: str, route: str) -> None:
    told, law = lived(authority, route), shelf().law.for_authority(authority)
    seen = {rule for act in told.refused for rule in act.rules}
    quiet, wait = list[str](), waiting()
    steps = [act for act in told.acts if act.what == "taken"]
    for rule in sorted({rule for act in steps for rule in act.rules} - seen):
        bound = [act for act in steps if rule in act.rules]
        if any(refusal(authority, rule, act, with_one_thing_changed(law, law.rules[rule], act)) for act in bound):
            seen.add(rule)
        elif rule in wait:
            assert refusal(authority, rule, bound[0], iter([derived_as(law, bound[0], *wait[rule][:2])]))
        else:
            quiet.append(rule)
    assert not quiet, "nothing makes these refuse: mend them, or tests/waiting_rules.yaml says why"
    awake = [rule for rule in seen & wait.keys() if not wait[rule][2]]
    assert not awake, "these refuse now: take them out of tests/waiting_rules.yaml"


def test_the_same_seed_lives_the_same_life_and_another_seed_another() -> None:
    assert live("camden", "grant", "7") == live("camden", "grant", "7")
    assert any(live("camden", "grant", str(seed)) != live("camden", "grant", "7") for seed in range(4))


def test_no_step_is_taken_that_either_evaluator_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "run", lambda program, context: frozenset())
    told = live("camden", "grant")
    assert told.state == "need" and "durable_rules" in told.stuck
    assert not [act for act in told.acts if act.what == "taken"]


def test_a_life_that_gets_stuck_says_where_and_why() -> None:
    cycle, law = shelf().workflow, shelf().law.for_authority("camden")
    route = cycle.route("quotations")
    assert route is not None
    day = BEGIN["quotations"].day
    blocked = Beginning(day, BEGIN["quotations"].given)
    told = walk(law, cycle, replace(route, steps=("close",)), blocked, "1")
    assert told.stuck == "close is not a step from need"


def test_chance_comes_from_the_seed_alone() -> None:
    one, other = Dice("a"), Dice("a")
    assert [one.below(10) for _ in range(20)] == [other.below(10) for _ in range(20)]
    assert sorted(one.shuffled(range(9))) == list(range(9))


def test_every_route_has_its_beginning_and_every_beginning_its_route() -> None:
    assert set(BEGIN) == set(ROUTES)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("routes: {open: {begins: soon, given: {}}}", "the day 'open' begins is not one; write 2026-02-02"),
        ("routes: {open: {given: {}}}", "the key 'begins' is missing"),
        ("routes: {open: {begins: 2026-02-02, given: {}, to: x}}", "unknown key 'to'"),
        ("open: [", "f.yaml"),
    ],
)
def test_a_beginning_that_cannot_be_read_is_told_with_its_place(said: str, expected: str) -> None:
    with pytest.raises(PackError) as caught:
        beginnings({"f.yaml": said})
    assert any(expected in str(each) for each in caught.value.problems)
