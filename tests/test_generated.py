"""Generated functions give the answers and the values that the reference evaluator gives, and run no word of a pack."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from engine import library
from engine.cases import EVENING
from engine.decide import Assessment, assess, explained, passes, rests_on, retake
from engine.explaining import Explained
from engine.generated import Program
from engine.law import Law, Rule, Table
from engine.model import MAY_PROCEED, NOT_MET, Decision, Facts, Judgement, Moment, Unsure, Value
from engine.outlook import HERE, alone
from engine.vocabulary import to_plain
from engine.workflow import Step
from tests.conftest import WORDS, at, law_of, recorded, rule, table
from tests.test_inference import ODD_WORDS, moment, random_facts, random_law

ROOT = Path(__file__).parents[1]
MILESTONES = (None, "contract.entered", "award.decided", "notice.published", "procurement.commenced")


def shown(value: Value | None) -> object:
    """A value to compare: of one that a person must judge, only that."""
    return Unsure if isinstance(value, Unsure) else value


def tells(law: Law, step: str, milestone: str | None) -> Explained:
    """What tells the findings of a step, written once for a law."""
    telling: Explained = law.programs.setdefault((step, milestone), Explained(law, step, milestone))
    return telling


def agree(law: Law, program: Program, facts: Facts, step: str, when: Moment, milestone: str | None) -> None:
    """The program answers each rule as the reference evaluator does, and derives the same values.

    What it tells the evaluator changes no finding.
    """
    judged = assess(law, facts, step, when, milestone, twice=False)
    telling = tells(law, step, milestone)
    assert explained(telling, facts, when) == judged.findings
    people = settled(random.Random(str(facts)), law, judged, facts)
    again = assess(law, people, step, when, milestone, twice=False)
    assert explained(telling, people, when) == again.findings
    answers = program.judge(facts.values, when)
    told = {id: answer for id, answer in zip(program.rules, answers.rules, strict=True) if answer is not None}
    expected = {finding.rule: finding.answer for finding in judged.findings}
    waivers = {finding.rule: finding.answer for finding in judged.waivers}
    assert {id: told[id] for id in expected} == expected
    assert {id: told.get(id) for id in waivers} == waivers
    assert not expected.keys() ^ (told.keys() & {each.id for each in law.steps.get(step, ())})
    found = dict(zip(program.facts, answers.values, strict=True))
    for name in found.keys() & judged.derived.keys():
        assert shown(found[name]) == shown(judged.derived[name]), name


def settled(r: random.Random, law: Law, judged: Assessment, facts: Facts) -> Facts:
    """The facts with what people may have judged of tables and rules: on what they rest on now, mostly."""
    made: list[Judgement] = []
    subjects: list[Rule | Table] = [*law.tables, *(law.rules[each.rule] for each in judged.findings)]
    for subject in subjects:
        if r.random() < 0.5:
            rows = subject.rows if isinstance(subject, Table) else ()
            values = [to_plain(row.then) for row in rows if row.then is not None]
            rests = rests_on(subject, law, judged.context.facts, facts.values.keys()) if r.random() < 0.9 else "stale"
            answer = r.choice(["met", "not met", "explained"])
            made.append(Judgement(len(made), subject.id, answer, rests, "", r.choice(values) if values else None))
    return replace(facts, judgements=tuple(made))


def random_words(r: random.Random) -> str:
    """The vocabulary, with some facts sealed and something presumed of others."""
    words = ODD_WORDS
    for title, presumed in (("In lots", "no"), ("Quotes received", "2"), ("Value before", "contract.value")):
        if r.random() < 0.2:
            words = words.replace(f"{{title: {title},", f"{{title: {title}, presumed: {presumed}, because: As a rule,")
    for title in ("Value", "Kind", "In lots", "Who agreed", "Quotes received", "Lease signed", "Door closed"):
        start, found, rest = words.partition(f"{{title: {title},")
        if r.random() < 0.15:
            words = start + found + rest.replace("class: public", "class: confidential", 1)
    return words


# Random laws ------------------------------------------------------------------------------------------------------


def soak(seed: int, laws: int, repeats: int) -> None:
    """So many random laws, each on so many random fact sets."""
    r = random.Random(seed)
    for _ in range(laws):
        law = random_law(r, random_words(random.Random(seed)))
        programs = {name: Program(law, "go", name) for name in MILESTONES}
        for _ in range(repeats):
            facts, when, milestone = random_facts(r), moment(r), r.choice(MILESTONES)
            try:
                agree(law, programs[milestone], facts, "go", when, milestone)
            except AssertionError as error:
                text = programs[milestone].source()
                raise AssertionError(f"seed {seed}: {error}\n{facts}\n{when}\n{milestone}\n{text}") from error


@settings(max_examples=50, phases=[Phase.explicit, Phase.generate])
@given(st.integers(0, 2**32))
@example(1004)
@example(5)
@example(0)
def test_two_thousand_random_cases_are_answered_as_the_reference_evaluator_answers_them(seed: int) -> None:
    soak(seed, 1, 40)


def worker(seed: int) -> subprocess.CompletedProcess[str]:
    code = f"from tests.test_generated import soak; soak({seed}, 100, 50)"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("VIRES_SOAK"), reason="set VIRES_SOAK=1")
def test_two_hundred_thousand_random_cases_are_answered_as_the_reference_evaluator_answers_them() -> None:
    first = random.randrange(10**9)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in pool.map(worker, range(first, first + 40)):
            assert done.returncode == 0, (done.returncode, done.stderr[-3000:])


# The shipped packs ------------------------------------------------------------------------------------------------


def test_one_worked_case_in_ten_of_the_shipped_packs_is_answered_alike() -> None:
    worked_cases_agree(10)


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("VIRES_SOAK"), reason="set VIRES_SOAK=1")
def test_every_worked_case_of_the_shipped_packs_is_answered_alike() -> None:
    worked_cases_agree(1)


def worked_cases_agree(every: int) -> None:
    shelf = library.shipped()
    law, milestones = shelf.book, shelf.milestones
    program = lru_cache(None)(lambda own, step, milestone: Program(law.for_authority(own), step, milestone))
    for case in law.cases[::every]:
        subject = law.subjects[case.subject]
        own = law.packs[subject.pack].authority
        if isinstance(subject, Table):
            steps = tuple(_steps_of(subject, law.for_authority(own)))[:1]
        else:
            steps = (case.step or (subject.binds or law.rules[subject.waives[0]].binds)[0],)
        for step in steps:
            milestone = None if milestones.get(step) in case.given else milestones.get(step)
            when = Moment(case.on, EVENING)
            agree(law.for_authority(own), program(own, step, milestone), Facts(case.given), step, when, milestone)


def _steps_of(subject: Table, law: Law) -> list[str]:
    """The steps that a rule binds which reads what the table decides."""
    return [step for step, rules in law.steps.items() if any(subject.decides in each.reads for each in rules)]


def test_functions_are_written_for_a_step_once_it_is_asked_for_often_and_say_the_same_as_before() -> None:
    law = law_of(rule(when="{contract.kind: goods}", require="{quotes.received: at least 3}"))
    cycle = alone(Step("go", "Go", ("x",), "y"))
    asked = [Facts({"contract.kind": kind, "quotes.received": n}) for kind in ("goods", "works") for n in (2, 3)]
    rounds: list[tuple[list[Decision], list[bool]]] = []
    while not rounds or not isinstance(law.programs["go", None], Explained):
        written = [retake(law, cycle, HERE, each, "go", at("2025-06-01")) for each in asked]
        rounds.append((written, [passes(law, cycle, HERE, each, "go", at("2025-06-01")) for each in asked]))
    assert all(written == rounds[0][0] for written, _ in rounds) and len(rounds) > 3
    assert [each.answer for each in rounds[0][0]] == [NOT_MET, *[MAY_PROCEED] * 3]
    assert not any(rounds[0][1])  # nothing is told until then
    assert [passes(law, cycle, HERE, each, "go", at("2025-06-01")) for each in asked] == [False, *[True] * 3]


def test_a_doubt_that_a_judgement_settles_is_named_in_the_finding() -> None:
    law = law_of(
        table("regime", "case.regime", rows="[]", otherwise="refer", refer="which it is")
        + rule(require="{any: [{case.regime: full}, {contract.lots: yes}]}")
    )
    facts = Facts({"contract.lots": True})
    telling = Explained(law, "go", None)
    before = explained(telling, facts, at("2025-06-01"))
    rests = rests_on(law.tables[0], law, facts.values, facts.values.keys())
    judged = replace(facts, judgements=(Judgement(7, law.tables[0].id, "met", rests, "monitoring officer", "full"),))
    after = explained(telling, judged, at("2025-06-01"))
    assert [each.found for each in (*before, *after)] == ["contract.lots: yes", "case.regime: full; contract.lots: yes"]
    assert after == assess(law, judged, "go", at("2025-06-01"), None, twice=False).findings


# The text ---------------------------------------------------------------------------------------------------------


def test_no_word_of_a_pack_can_end_a_string_or_a_line_of_the_text() -> None:
    odd = ['"""', "'); import os #", "new\nline", "back\\slash", "{facts}"]
    words = WORDS.replace("[goods, services, light touch, works]", json.dumps(odd))
    law = law_of(rule(require=json.dumps({"contract.kind": odd[:2]})), words=words)
    program = Program(law, "go", None)
    assert [program.judge({"contract.kind": word}, at("2025-06-01")).rules for word in odd] == [
        *[("met",)] * 2,
        *[("not met",)] * 3,
    ]


def test_a_step_that_no_rule_binds_has_no_answers() -> None:
    program = Program(law_of(rule(require="{contract.lots: yes}")), "stop", None)
    assert program.judge({}, at("2025-06-01")) == ((), (), False)


def test_an_amount_whose_vat_is_unstated_refers_only_where_the_readings_part() -> None:
    program = Program(law_of(rule(require="{contract.value: at least 100 incl VAT}")), "go", None)
    law = law_of(rule(require="{contract.value: at least 100 incl VAT}"))
    told = {
        said: program.judge(recorded(law, contract__value=said).values, at("2025-06-01")).rules[0]
        for said in ("90", "79", "100", "90 incl VAT", "100 no VAT")
    }
    assert told == {"90": "refer", "79": "not met", "100": "met", "90 incl VAT": "not met", "100 no VAT": "met"}


def test_a_table_of_five_hundred_rows_is_compiled_and_right() -> None:
    rows = [{"when": {"quotes.received": f"at least {n}"}, "then": "full"} for n in range(500, 0, -1)]
    law = law_of(table(rows=json.dumps(rows), otherwise="out") + rule(require="{case.regime: full}"))
    program = Program(law, "go", None)
    assert program.judge({"quotes.received": 1}, at("2025-06-01")) == (("met",), ("full",), False)
    assert program.judge({"quotes.received": 0}, at("2025-06-01")) == (("not met",), ("out",), False)


@pytest.mark.parametrize("lists", [["all", "any", "none"], ["any"]])
@pytest.mark.parametrize("depth", [5, 18])
def test_a_condition_as_deeply_nested_as_a_pack_may_write_is_compiled_and_right(depth: int, lists: list[str]) -> None:
    asked: dict[str, object] = {"contract.lots": "yes", "notice.published": "done before 2024-01-01"}
    for level in range(depth):
        asked = {lists[level % len(lists)]: [asked, {"quotes.received": f"at least {level + 1}"}]}
    law = law_of(rule(require=json.dumps(asked)))
    program = Program(law, "go", None)
    for received in (None, *range(depth + 2)):
        facts = Facts({} if received is None else {"quotes.received": received})
        agree(law, program, facts, "go", at("2025-06-01"), None)
