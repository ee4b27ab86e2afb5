"""Every way on from where a case stands, each with its verdict and the one thing to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine import ways
from engine.model import MAY_PROCEED, MISSING, NOT_MET, REFER
from engine.report import View
from engine.ways import Way
from tests.simulator import LATE, NAME, Council

CASE = f"camden/{NAME}"


@pytest.fixture(scope="module")
def council() -> Iterator[Council]:
    made = Council.after("assess-need")
    yield made
    made.store.close()


def looked(council: Council, when: str = "2025-06-20 10:00") -> tuple[dict[str, Way], View]:
    desk = council.office(when)
    state, cycle, law = desk.case("camden", NAME).state, desk.workflow_of("camden", NAME), desk.law("camden")
    records = {step.records: step.id for step in cycle.steps if step.records}
    found = {}
    for name in desk.steps_from("camden", NAME):
        step, look = cycle.step(name), desk.outlook("camden", NAME, name)
        assert step is not None
        found[name] = ways.way(step, state, look, View(law, look.assessment, CASE, records))
    return found, View(law, None, CASE, records)


def test_every_step_of_the_machine_from_here_has_a_verdict_and_one_thing_to_do(council: Council) -> None:
    found, _ = looked(council)
    desk = council.office(LATE)
    assert list(found) == list(desk.steps_from("camden", NAME))
    assert {each.answer for each in found.values()} >= {MAY_PROCEED, NOT_MET, MISSING}
    assert all(each.do for each in found.values())


def test_a_step_that_may_be_taken_says_how_to_take_it(council: Council) -> None:
    found, _ = looked(council)
    abandon = found["abandon"]
    assert (abandon.answer, abandon.to, abandon.points) == (MAY_PROCEED, "abandoned", 0)
    assert abandon.do == f"vires case advance {CASE} abandon" and abandon.because is None


def test_a_step_that_may_not_names_the_rule_and_the_command(council: Council) -> None:
    found, view = looked(council)
    strategy = found["decide-strategy"]
    assert strategy.answer == NOT_MET and strategy.points > 1 and strategy.because is not None
    assert strategy.do.startswith("vires case ") and strategy.because.rule in view.law.rules


def test_each_thing_to_do_is_a_command_that_exists(council: Council) -> None:
    found, _ = looked(council)
    shown = [each.do for each in found.values() if each.do.startswith("vires")]
    assert all(re.match(r"vires case (record|advance|judge|why) camden/", said) for said in shown)


def test_the_same_facts_stand_in_text_and_json(council: Council) -> None:
    found, view = looked(council)
    cycle = council.office(LATE).workflow_of("camden", NAME)
    lines = "\n".join(ways.way_lines("needs-assessed", cycle, list(found.values()), view))
    plain = json.loads(json.dumps(ways.ways_plain("needs-assessed", cycle, list(found.values()), view)))
    assert lines.index("Leads on") < lines.index("decide-strategy") < lines.index("Stays here")
    assert {each["step"] for each in plain["steps"]} == set(found)
    assert all(each["step"] in lines and each["exit"] in (0, 1, 3) for each in plain["steps"])
    assert (plain["stage"], plain["final"]) == ("analyse", False)


def test_a_closed_case_is_at_its_end(council: Council) -> None:
    cycle = council.office(LATE).workflow_of("camden", NAME)
    _, view = looked(council)
    assert ways.way_lines("closed", cycle, [], view)[-1] == "  at its end: no step leads on"
    assert ways.ways_plain("closed", cycle, [], view)["final"] is True


def test_what_is_to_be_recorded_comes_before_what_is_to_be_judged(council: Council) -> None:
    desk = council.office(LATE)
    law, cycle = desk.law("camden"), desk.workflow_of("camden", NAME)
    step, look = cycle.step("decide-strategy"), desk.outlook("camden", NAME, "decide-strategy")
    assert step is not None
    law_rule = next(each for each in look.decision.findings if each.blocks)
    judged = law_rule._replace(rule="camden.bands.current", answer=REFER, needs=("camden.bands.current",))
    unknown = law_rule._replace(answer=MISSING, needs=("contract.kind",))
    asked = look._replace(decision=replace(look.decision, answer=REFER, findings=(judged, unknown)))
    said = ways.way(step, "needs-assessed", asked, View(law, look.assessment, CASE, {})).do
    assert asked.decision.blocking[0] == judged and "case record" in said and "contract.kind" in said


def test_steps_that_stay_here_take_a_line_each_unless_all_is_asked(council: Council) -> None:
    found, view = looked(council)
    cycle, listed = council.office(LATE).workflow_of("camden", NAME), list(found.values())
    short = ways.way_lines("needs-assessed", cycle, listed, view)
    long = ways.way_lines("needs-assessed", cycle, listed, view._replace(every=True))
    stays = [each for each in listed if each.to == "needs-assessed"]
    assert short[-1] == f"  what each of these wants: vires case next {CASE} --all"
    assert len(short) - short.index("Stays here") == len(stays) + 2 < len(long) - long.index("Stays here")
    assert all(any(each.do in line for line in long) for each in stays)
