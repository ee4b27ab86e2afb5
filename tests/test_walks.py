"""Simulated lives: every route of every authority walked to its end, and played again on a real store."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from engine import inference
from engine.errors import PackError
from engine.model import MAY_PROCEED, Moment
from engine.vocabulary import words
from engine.walks import ROLE, Beginning, Dice, Walk, beginnings, begun, walk
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
PAIRS = EVERY if SOAK else FEW
PLAYED = EVERY if SOAK else FEW[::4]


def lived(authority: str, route: str, seed: str = "1") -> Walk:
    cycle, law = shelf().cycle(authority), shelf().law.for_authority(authority)
    found = cycle.route(route)
    assert found is not None
    beginning = begun(law, BEGIN[route])
    assert beginning is not None
    return walk(law, cycle, found, beginning, seed)


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


def test_the_same_seed_lives_the_same_life_and_another_seed_another() -> None:
    assert lived("camden", "grant", "7") == lived("camden", "grant", "7")
    assert len({lived("camden", "grant", str(seed)).acts for seed in range(4)}) > 1


def test_no_step_is_taken_that_either_evaluator_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "run", lambda program, context: frozenset())
    told = lived("camden", "grant")
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
