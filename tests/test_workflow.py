"""The workflow format: what it accepts, and every fault with its place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import markup
from engine.workflow import SAME, Route, Stage, State, Step, Workflow, build, parse, plain, recorded

ROOT = Path(__file__).parents[1]
CYCLE = ROOT / "workflows" / "commissioning.yaml"
MILESTONES = recorded(markup.read(CYCLE.name, CYCLE.read_text("utf-8"))[0]) - {""}

SMALL = """\
workflow: small
title: A small cycle
initial: here
stages:
  one:
    title: One
    states:
      here: Here
      there: There
      done: Done
final: [done]
steps:
  go:
    title: Go
    from: [here]
    to: there
    records: case.gone
  finish:
    title: Finish
    from: [there]
    to: done
    records: case.finished
"""
SMALL_MILESTONES = ("case.gone", "case.finished", "case.noted")


def read(text, base=None, milestones=SMALL_MILESTONES, file="f.yaml"):
    node, problems = markup.read(file, text)
    assert node is not None and not problems
    return parse(node, base, milestones)


def faults(text, base=None, milestones=SMALL_MILESTONES):
    workflow, problems = read(text, base, milestones)
    assert workflow is None
    return [str(problem) for problem in problems]


def good(text, base=None, milestones=SMALL_MILESTONES):
    workflow, problems = read(text, base, milestones)
    assert problems == () and workflow is not None
    return workflow


@pytest.fixture(scope="module")
def commissioning():
    return good(CYCLE.read_text("utf-8"), milestones=MILESTONES)


@pytest.fixture(scope="module")
def small():
    return good(SMALL)


# ---- the cycle that ships ----


def test_the_cycle_that_ships_has_no_problems_and_four_stages(commissioning):
    assert [stage.id for stage in commissioning.stages] == ["analyse", "plan", "do", "review"]
    assert commissioning.initial == "need"
    assert commissioning.final == ("closed",)


def test_the_cycle_that_ships_records_each_milestone_of_the_first_path(commissioning):
    assert {step.records for step in commissioning.steps if step.records} == MILESTONES


def test_every_step_has_a_question_and_every_free_step_a_reason(commissioning):
    assert all(step.ask.endswith((".", "?")) for step in commissioning.steps)
    assert all(step.why_free.endswith(".") == step.free for step in commissioning.steps)


def test_only_steps_that_permit_nothing_are_free(commissioning):
    moving = {step.id for step in commissioning.steps if step.free and step.target != SAME}
    assert moving == {
        "assess-need", "reconsider-strategy", "start-service", "begin-again", "review-service", "close", "abandon",
        "retender",
        "choose-framework", "request-spot-purchase", "offer-grant", "draw-up-shortlist", "open-stage", "close-stage",
    }  # fmt: skip


def test_a_case_can_be_abandoned_from_every_state_before_the_contract(commissioning):
    before = [state.id for state in commissioning.states]
    assert set(commissioning.step("abandon").sources) == set(before[: before.index("contracted")])


def test_no_free_step_leads_past_one_that_the_rules_bind(commissioning):
    """A case that takes free steps alone never comes to a strategy, a market, an award, a contract or money."""
    free = [(at, step.lands(at)) for step in commissioning.steps if step.free for at in step.sources]
    reached = spread("strategy-decided", [(at, "", to) for at, to in free])
    assert reached.isdisjoint({"tendering", "direct-award", "evaluation", "award-decided", "contracted", "funded"})
    assert spread("need", [(at, "", to) for at, to in free]).isdisjoint({"strategy-decided", "funded", "contracted"})


def test_a_notice_after_the_contract_leaves_the_case_where_it_is(commissioning):
    details = commissioning.step("publish-contract-details")
    assert [details.lands(at) for at in ("contracted", "in-service", "evaluation")] == [
        "contracted",
        "in-service",
        None,
    ]


# ---- reading ----


def test_a_small_cycle_is_read_as_it_is_written(small):
    assert small == Workflow(
        id="small",
        title="A small cycle",
        initial="here",
        stages=(Stage("one", "One"),),
        states=(State("here", "Here", "one"), State("there", "There", "one"), State("done", "Done", "one")),
        final=("done",),
        steps=(
            Step("go", "Go", ("here",), "there", records="case.gone"),
            Step("finish", "Finish", ("there",), "done", records="case.finished"),
        ),
    )
    assert hash(small) == hash(good(SMALL))


def test_states_and_steps_are_found_by_name_or_not_at_all(small):
    assert small.state("there") == State("there", "There", "one")
    assert small.step("go").title == "Go"
    assert small.state("nowhere") is None and small.step("nothing") is None


def test_the_plain_form_is_json_and_leaves_out_what_is_not_given(small):
    form = plain(small)
    assert json.loads(json.dumps(form)) == form
    assert form["steps"][0] == {
        "id": "go", "title": "Go", "from": ["here"], "to": "there", "free": False, "records": "case.gone",
    }  # fmt: skip


# ---- faults, each with its place ----


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("title: A small cycle", "titel: A small cycle", "f.yaml:2:1: unknown key 'titel'; did you mean title?"),
        ("title: A small cycle\n", "", "f.yaml:1:1: the key 'title' is missing; write `title:` here"),
        ("title: A small cycle", "title:", "f.yaml:2:7: expected words; say it in the field's own words"),
        ("workflow: small", "workflow: Small One", "f.yaml:1:11: 'Small One' cannot name a workflow; "
         "write lower-case words joined by hyphens"),
        ("initial: here", "initial: her", "f.yaml:3:10: unknown state 'her'; did you mean here?"),
        ("final: [done]", "final: [dune]", "f.yaml:11:9: unknown state 'dune'; did you mean done?"),
        ("final: [done]", "final: done", "f.yaml:11:8: expected a list of words; write [done]"),
        ("final: [done]", "final: [done, done]", "f.yaml:11:15: 'done' stands in this list twice; name it once"),
        ("final: [done]", "final: [done, [here]]", "f.yaml:11:15: expected a word"),
        ("from: [here]", "from: [hare]", "f.yaml:15:12: unknown state 'hare'; did you mean here?"),
        ("from: [here]", "from: []", "f.yaml:15:11: the step 'go' starts nowhere; "
         "name the states it is possible from"),
        ("    from: [here]\n", "", "f.yaml:14:5: the key 'from' is missing; write `from:` here"),
        ("to: there", "to: zzz", "f.yaml:16:9: unknown state 'zzz'; known: here, there, done, "
         "or same to stay where the case is"),
        ("to: there", "to: [there]", "f.yaml:16:9: expected one state; write its name"),
        ("case.gone", "case.gome", "f.yaml:17:14: unknown milestone 'case.gome'; did you mean case.gone?"),
        ("case.gone", "qqqq", "f.yaml:17:14: unknown milestone 'qqqq'; declare it in rules/vocabulary"),
        ("case.finished", "case.gone", "f.yaml:22:14: the milestone 'case.gone' is recorded by 'go' and by 'finish'; "
         "one step for each milestone: leave `records` out of the other"),
        ("    records: case.gone", "    free: yes", "f.yaml:13:3: 'go' is free but says no `why_free`; "
         "say why no rule need bind it"),
        ("    records: case.gone", "    why_free: Because.", "f.yaml:17:15: `why_free` on 'go', which is not free; "
         "add `free: yes`, or take it out"),
        ("    records: case.gone", "    free: true", "f.yaml:17:11: 'true' is not one of no, yes"),
        ("      done: Done", "      done: Done\n      same: Same",
         "f.yaml:11:7: 'same' cannot name a state; `to: same` means that the case does not move"),
        ("  go:", "  Go_there:",
         "f.yaml:13:3: 'Go_there' cannot name a step; write lower-case words joined by hyphens"),
        ("final: [done]", "  two:\n    title: Two\n    states: {here: Again}\nfinal: [done]",
         "f.yaml:13:14: the state 'here' already stands in the stage 'one'; name it once"),
        ("final: [done]", "  two:\n    title: Two\n    states: {}\nfinal: [done]",
         "f.yaml:11:3: no state is named in the stage 'two'; name one, or take the stage out"),
        ("      done: Done", "      done: Done\n      lost: Lost",
         "f.yaml:11:7: no case can come to the state 'lost'; add a step to it, or take it out"),
        ("      done: Done", "      done: Done\n      lost: Lost",
         "f.yaml:11:7: no way to a final state from 'lost'; add a step towards done"),
        ("to: done", "to: same", "f.yaml:9:7: no way to a final state from 'there'; add a step towards done"),
        ("to: done", "to: here", "f.yaml:10:7: no case can come to the state 'done'; add a step to it, or take it out"),
        ("final: [done]", "final: []", "f.yaml:8:7: no way to a final state from 'here'; "
         "add a step towards a final state, and name it in `final`"),
        ("from: [there]", "from: [there, done]", "f.yaml:20:19: 'finish' leaves 'done', which is final; "
         "take it out of `from`"),
    ],
)  # fmt: skip
def test_a_fault_is_reported_with_its_place_and_what_to_write(old, new, expected):
    assert SMALL.count(old) >= 1
    assert expected in [line.removesuffix("; ") for line in faults(SMALL.replace(old, new, 1))]


def test_all_faults_are_reported_at_once_in_the_order_of_the_file():
    text = SMALL.replace("title: A small", "titel: A small").replace("to: there", "to: their")
    lines = faults(text.replace("case.finished", "case.finish"))
    assert [re.match(r"f\.yaml:(\d+)", line)[1] for line in lines] == ["1", "2", "16", "22"]


def test_the_way_through_is_not_judged_while_a_state_is_unknown():
    assert len(faults(SMALL.replace("to: there", "to: their"))) == 1


@pytest.mark.parametrize(
    "text", ["just words", "[a, b]", "workflow: x", "stages: words", "steps: [a]", "final: {a: b}"]
)
def test_a_file_that_is_something_else_gives_problems_and_no_traceback(text):
    assert faults(text)
    assert faults(text, base=good(SMALL))


# ---- one authority's differences ----


def test_a_local_file_adds_replaces_and_forbids_steps_and_adds_states(small):
    local = good(
        """\
extends: small
title: A small cycle, our way
states:
  one: {between: Between}
forbid: [go]
steps:
  go-between: {title: Go between, from: [here], to: between, records: case.gone}
  go-on: {title: Go on, from: [between], to: there}
  finish: {title: Finish well, from: [there, between], to: done, records: case.finished}
""",
        small,
    )
    assert (local.id, local.title) == ("small", "A small cycle, our way")
    assert [state.id for state in local.states] == ["here", "there", "done", "between"]
    assert [step.id for step in local.steps] == ["finish", "go-between", "go-on"]
    assert local.step("finish").title == "Finish well"


def test_a_local_file_without_differences_is_the_cycle_itself(small):
    assert good("extends: small", small) == small


def test_states_added_to_an_earlier_stage_stand_in_that_stage(commissioning):
    local = good(
        "extends: commissioning\nstates: {analyse: {mapped: Provision mapped}}\n"
        "steps: {map-provision: {title: Map provision, from: [need], to: mapped},"
        " use-map: {title: Use the map, from: [mapped], to: needs-assessed}}",
        commissioning,
        MILESTONES,
    )
    assert [state.stage for state in local.states] == sorted(
        (state.stage for state in local.states), key=["analyse", "plan", "do", "review"].index
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("extends: smell", "f.yaml:1:10: there is no workflow 'smell' to extend here; write small"),
        ("title: Ours", "f.yaml:1:1: the key 'extends' is missing"),
        ("extends: small\ninitial: there", "f.yaml:2:1: unknown key 'initial'"),
        ("extends: small\nforbid: [goo]", "f.yaml:2:10: unknown step 'goo'; did you mean go?"),
        ("extends: small\nforbid: go", "f.yaml:2:9: expected a list of words; write [go]"),
        ("extends: small\nforbid: [go]\nsteps: {go: {title: Go, from: [here], to: there}}",
         "f.yaml:2:10: the step 'go' is forbidden and also given anew; do one or the other"),
        ("extends: small\nstates: {won: {x: X}}", "f.yaml:2:10: unknown stage 'won'; did you mean one?"),
        ("extends: small\nstates: {one: {here: X}}",
         "f.yaml:2:16: the state 'here' already stands in the stage 'one'; name it once"),
        ("extends: small\nforbid: [go]",
         "f.yaml:2:10: with these differences no case can come to there, done; "
         "leave go as it is, or add a step in its place"),
        ("extends: small\nforbid: [finish]",
         "f.yaml:2:10: with these differences there is no way to the end from here, there; "
         "leave finish as it is, or add a step in its place"),
        ("extends: small\nsteps:\n  finish: {title: Finish, from: [here], to: same}",
         "f.yaml:3:3: with these differences there is no way to the end from here, there; "
         "leave finish as it is, or add a step in its place"),
        ("extends: small\nsteps:\n  more: {title: More, from: [done], to: here}",
         "f.yaml:3:30: 'more' leaves 'done', which is final; take it out of `from`"),
        ("extends: small\nsteps:\n  more: {title: More, from: [here], to: there, records: case.gone}",
         "f.yaml:3:57: the milestone 'case.gone' is recorded by 'go' and by 'more'; "
         "one step for each milestone: leave `records` out of the other"),
        ("extends: small\nstates: {one: {dead-end: Dead end}}\n"
         "steps: {stray: {title: Stray, from: [here], to: dead-end}}",
         "f.yaml:2:16: no way to a final state from 'dead-end'; add a step towards done"),
    ],
)  # fmt: skip
def test_a_fault_in_a_local_file_is_reported_with_its_place(small, text, expected):
    assert any(line.startswith(expected) for line in faults(text, small))


def test_a_replaced_step_may_record_the_milestone_it_recorded(small):
    text = "extends: small\nsteps:\n  go: {title: Walk, from: [here], to: there, records: case.gone}"
    assert good(text, small).step("go").title == "Walk"


def test_extending_a_workflow_that_is_not_there_is_a_fault():
    assert faults("extends: nothing") == [
        "f.yaml:1:10: there is no workflow 'nothing' to extend; extend one that stands in workflows/"
    ]


def test_the_examples_in_the_readme_are_true(commissioning):
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "workflows" / "README.md").read_text("utf-8"), re.S)
    assert blocks
    for block in blocks:
        assert good(block, commissioning, MILESTONES).step("pass-gateway")


# ---- states that are like another, routes, files that make one cycle ----


def test_a_new_state_like_another_has_its_steps_but_for_those_given_anew(small):
    local = good(
        """\
extends: small
states: {one: {checked: Checked}}
like: {checked: there}
steps:
  check: {title: Check, from: [there], to: checked}
""",
        small,
    )
    assert local.step("finish").sources == ("there", "checked")
    assert local.step("go").sources == ("here",)


@pytest.mark.parametrize(
    ("like", "expected"),
    [
        ("{there: here}", "f.yaml:2:8: 'there' is not a state this file adds; add it under states, or see here"),
        ("{there: her}", "f.yaml:2:8: unknown state 'her'; did you mean here?"),
    ],
)
def test_only_a_new_state_can_be_like_one_that_is_known(small, like, expected):
    assert expected in faults(f"extends: small\nlike: {like}", small)


def test_a_route_is_a_path_from_the_first_state_to_the_end():
    routed = good(SMALL + "routes:\n  short: {title: The short way, steps: [go, finish]}\n")
    assert routed.route("short") == Route("short", "The short way", ("go", "finish"))
    assert routed.along(["go"]) == ("there", None) and routed.along(["finish"]) == ("here", "finish")
    assert plain(routed)["routes"] == [{"id": "short", "title": "The short way", "steps": ["go", "finish"]}]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("[finish]", "f.yaml:24:3: the route 'short' is no path: no step 'finish' from 'here'; give it anew"),
        ("[go]", "f.yaml:24:3: the route 'short' ends in 'there'; go on to done"),
        ("[goo]", "f.yaml:24:33: unknown step 'goo'; did you mean go?"),
        ("go", "f.yaml:24:3: the route 'short' has no list of steps; write steps: [a, b]"),
    ],
)
def test_a_route_that_is_no_path_is_a_fault(steps, expected):
    assert expected in faults(SMALL + f"routes:\n  short: {{title: Short, steps: {steps}}}\n")


def test_a_difference_that_breaks_a_route_is_a_fault_unless_it_gives_the_route_anew(small):
    routed = good(SMALL + "routes: {short: {title: Short, steps: [go, finish]}}\n")
    change = """\
extends: small
states: {one: {checked: Checked}}
steps:
  finish: {title: Finish, from: [checked], to: done, records: case.finished}
  check: {title: Check, from: [there], to: checked}
"""
    assert faults(change, routed) == [
        "f.yaml:1:1: the route 'short' is no path: no step 'finish' from 'there'; give it anew"
    ]
    anew = good(change + "routes: {short: {title: Short, steps: [go, check, finish]}}\n", routed)
    assert anew.route("short").steps == ("go", "check", "finish")


def test_an_inherited_route_takes_the_steps_that_come_before_another(small):
    routed = good(SMALL + "routes: {short: {title: Short, steps: [go, finish]}}\n")
    change = """\
extends: small
states: {one: {checked: Checked}}
steps:
  finish: {title: Finish, from: [checked], to: done, records: case.finished}
  check: {title: Check, from: [there], to: checked}
before: {finish: [check]}
"""
    assert good(change, routed).route("short").steps == ("go", "check", "finish")
    assert "f.yaml:6:19: unknown step 'chek'; did you mean check?" in faults(
        change.replace("[check]", "[chek]"), routed
    )


def test_files_make_one_cycle_whatever_their_names_and_need_no_vocabulary():
    middle = "workflow: middle\nextends: small\ntitle: Middle"
    last = "extends: middle\nsource: Minutes of 2007\nforbid: []"
    built, problems = build({"z.yaml": SMALL, "a.yaml": last, "m.yaml": middle}, None)
    assert not problems and (built.id, built.title, built.source) == ("middle", "Middle", "Minutes of 2007")
    assert build({"a.yaml": last}, None)[0] is None and build({}, None) == (None, ())
    assert build({"a.yaml": "a: [", "b.yaml": SMALL}, None)[0] is None


# ---- any small workflow ----

NAMES = ("a", "b", "c", "d")
STEP = st.tuples(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3), st.sampled_from([*NAMES, SAME]))
SHAPE = st.tuples(st.lists(STEP, min_size=1, max_size=6), st.lists(st.sampled_from(NAMES), max_size=2, unique=True))


def written(steps, final):
    """The text of a workflow with these steps."""
    names = sorted({*final, *(name for sources, target in steps for name in [*sources, target])} - {SAME} | {"a"})
    stages = {"one": {"title": "One", "states": {name: name.upper() for name in names}}}
    table = {f"s{n}": {"title": f"S {n}", "from": sources, "to": to} for n, (sources, to) in enumerate(steps)}
    head = {"workflow": "any", "title": "Any", "initial": "a"}
    return json.dumps(head | {"stages": stages, "final": final, "steps": table})


def spread(start, arrows):
    reached, waiting = set(), [start]
    while waiting:
        at = waiting.pop()
        if at not in reached:
            reached.add(at)
            waiting += [to for source, _, to in arrows if source == at]
    return reached


@given(SHAPE)
def test_any_workflow_has_problems_or_a_way_from_every_state_to_the_end(shape):
    workflow, problems = read(written(*shape))
    assert (workflow is None) == bool(problems)
    assert all(problem.where.line for problem in problems)
    if workflow:
        assert spread("a", workflow.arrows()) == {state.id for state in workflow.states}
        assert all(spread(state.id, workflow.arrows()) & set(workflow.final) for state in workflow.states)


@given(SHAPE)
def test_a_workflow_is_refused_only_for_a_reason(shape):
    steps, final = shape
    workflow, _ = read(written(steps, final))
    arrows = [(at, "", at if to == SAME else to) for sources, to in steps for at in sources]
    names = {*final, "a", *(name for at, _, to in arrows for name in (at, to))}
    sound = (
        spread("a", arrows) == names
        and all(spread(name, arrows) & set(final) for name in names)
        and not any(at in final for at, _, _ in arrows)
        and all(len(set(sources)) == len(sources) for sources, _ in steps)
    )
    assert (workflow is not None) == sound


@given(st.lists(st.sampled_from(["go", "finish"]), max_size=2, unique=True), SHAPE)
def test_any_local_file_has_problems_or_leaves_every_state_a_way_to_the_end(forbidden, shape):
    base = good(SMALL)
    alias = {"a": "here", "b": "there", "c": "done", "d": "extra", SAME: SAME}
    steps = {
        f"s{n}": {"title": "S", "from": sorted({alias[at] for at in sources}), "to": alias[to]}
        for n, (sources, to) in enumerate(shape[0])
    }
    text = json.dumps({"extends": "small", "states": {"one": {"extra": "Extra"}}, "forbid": forbidden, "steps": steps})
    workflow, problems = read(text, base)
    assert (workflow is None) == bool(problems)
    if workflow:
        assert {state.id for state in base.states} <= spread("here", workflow.arrows())
        assert all("done" in spread(state.id, workflow.arrows()) for state in workflow.states)
