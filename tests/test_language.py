"""Every word of the rule language is one that shipped law needs, and two worked cases part on it.

Of the cases of the rule that `language` names, at least one comes out otherwise without the word, and another expects a
different answer: both sides of the edge. `docs/language.md` prints what is found; `python -m tests.test_language`
writes it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine import cases
from engine.conditions import UNITS, Amount, Done, Includes, OneOf, Order, Period, Truth, leaves
from engine.decide import assess, rests_on
from engine.law import CONFIDENCE, HITS, LAYERS, Case, Law, Rule, Table
from engine.model import (
    COMPLY_OR_EXPLAIN,
    EFFECTS,
    EXPLAINABLE,
    EXPLAINED,
    MANDATORY,
    MAY_PROCEED,
    MET,
    NOT_MET,
    SHOULD,
    WAIVABLE,
    WAIVED,
    WHERE_PRACTICABLE,
    Facts,
    Finding,
    Judgement,
    Moment,
    Value,
    worst,
)
from engine.vocabulary import SCALARS
from tests.conftest import day
from tests.language import PRIMITIVES, Primitive, put
from tests.simulator import shelf

PAGE = Path(__file__).parent.parent / "docs" / "language.md"


class Shown(NamedTuple):
    """A worked case that hangs on a primitive, what comes out of it without, and a case on the other side."""

    case: Case
    otherwise: str
    other: Case


@cache
def law() -> Law:
    return shelf().book


@cache
def cases_of(subject: str) -> tuple[Case, ...]:
    return tuple(case for case in law().cases if case.subject == subject)


# What is found ----------------------------------------------------------------------------------------------------


def answer(law: Law, case: Case) -> str:
    """What comes out of a worked case under a law, by the reference evaluator alone."""
    return cases.run(law, case, shelf().milestones, twice=False).answer


@cache
def shown(primitive: Primitive) -> Shown | None:
    """The case that hangs on a primitive and the one on the other side; None where there is no such pair."""
    subject = law().subjects[primitive.subject]
    small = put(law(), subject).for_authority(law().packs[subject.pack].authority)
    poorer = primitive.without(small, subject)
    for case in cases_of(subject.id):
        without = answer(poorer, case)
        if without != answer(small, case):
            others = [other for other in cases_of(subject.id) if other.expect != case.expect]
            others.sort(key=lambda other: (other.expect != without, _apart(case, other)))
            return Shown(case, without, others[0]) if others else None
    return None


def _apart(one: Case, other: Case) -> int:
    """In how many facts two cases differ."""
    return len({*map(str, one.given.items())} ^ {*map(str, other.given.items())})


@pytest.mark.parametrize("primitive", PRIMITIVES, ids=lambda primitive: primitive.says)
def test_a_shipped_rule_needs_it_and_two_of_its_cases_part_on_it(primitive: Primitive) -> None:
    found = shown(primitive)
    assert found is not None
    assert found.case.expect not in (found.otherwise, found.other.expect)


def test_the_page_of_the_language_shows_each_with_its_rule_and_its_two_cases() -> None:
    assert PAGE.read_text() == page(), "python -m tests.test_language writes it again"


HEAD = """\
# Every word of the rule language, and a rule that needs it

Each line was found in the shipped packs.
Take what the source says out of the rule, and the first case comes out otherwise; the second is on the other side.
How each is written: [formats/pack.md](formats/pack.md). A rule in words: `vires rules show RULE`.
`tests/test_language.py` proves every line, and `python -m tests.test_language` writes this page again.

No source in the law files needs these, so no shipped pack uses them: the layers `joint` and `department`; `least` of
records (nothing asks for the lowest quotation); a dated figure in days as the length of a period.

| the source says | write | a rule that does | a case that hangs on it | a case on the other side |
|---|---|---|---|---|
"""


def page() -> str:
    """docs/language.md."""
    return HEAD + "".join(f"| {' | '.join(_line(primitive))} |\n" for primitive in PRIMITIVES)


def _line(primitive: Primitive) -> Iterator[str]:
    found = shown(primitive)
    yield from (primitive.says, f"`{primitive.written}`", f"`{primitive.subject}`")
    for case in (found.case, found.other) if found else ():
        yield f"{case.name.replace('|', '/')}: *{case.expect}*"


# Nothing is left over ---------------------------------------------------------------------------------------------

UNUSED = {"layer joint", "layer department", "figure days", "figure count", "figure as a length", "records least"}


def used() -> set[str]:
    """Every word of the language that the shipped law uses."""
    found = {f"figure {figure.unit}" for figure in law().parameters.values()}
    found |= {f"records {term.scalar.how}" for term in law().vocabulary.scalars if term.scalar and _asked(term.name)}
    for subject in law().subjects.values():
        found.add(f"layer {subject.layer}")
        found |= {f"hit {subject.hit}"} if isinstance(subject, Table) else set()
        found |= (
            {f"effect {subject.effect}", f"confidence {subject.confidence}"} if isinstance(subject, Rule) else set()
        )
        for leaf in (leaf for condition in subject.conditions for leaf in leaves(condition)):
            found.add(f"unit {leaf.said}" if isinstance(leaf, Period) else f"test {type(leaf).__name__}")
            found |= {f"compare {leaf.op}"} if isinstance(leaf, Amount | Order | Period) else set()
            found |= {"figure as a length"} if isinstance(leaf, Period) and leaf.bound.parameter else set()
    return found


def _asked(fact: str) -> bool:
    return any(fact in subject.reads for subject in law().subjects.values())


def test_the_shipped_law_uses_every_word_of_the_language_but_those_that_no_source_needs() -> None:
    known = {f"layer {each}" for each in LAYERS} | {f"hit {each}" for each in HITS} | {f"unit {each}" for each in UNITS}
    known |= {f"effect {each}" for each in EFFECTS} | {f"confidence {each}" for each in CONFIDENCE}
    known |= {f"records {each}" for each in SCALARS} | {
        "figure money",
        "figure days",
        "figure count",
        "figure per cent",
    }
    known |= {f"compare {each}" for each in (">=", ">", "<=", "<", "before", "on or before", "after", "on or after")}
    known |= {f"test {kind.__name__}" for kind in (Truth, OneOf, Includes, Amount, Order, Done)} | {
        "figure as a length"
    }
    assert known - used() == UNUSED


def test_only_the_regulations_of_2006_and_2015_move_a_last_day_on() -> None:
    rolling = {
        subject.pack
        for subject in law().subjects.values()
        for condition in subject.conditions
        for leaf in leaves(condition)
        if isinstance(leaf, Period) and leaf.clock.roll
    }
    assert rolling == {"pcr2006", "pcr2015"}


@pytest.mark.parametrize("subject", ["pcr2015.notices.place", "governance.members.private"])
def test_two_cases_part_on_the_hour_alone(subject: str) -> None:
    answers: dict[str, set[str]] = {}
    for case in cases_of(subject):
        days = {name: Moment(each.day) if isinstance(each, Moment) else each for name, each in case.given.items()}
        answers.setdefault(f"{days} {case.on}", set()).add(case.expect)
    assert max(map(len, answers.values())) >= 2


# What a breach does -----------------------------------------------------------------------------------------------

BREACHED = {
    MANDATORY: "governance.agenda.strategy",
    WAIVABLE: "barking-and-dagenham.full-tender",
    COMPLY_OR_EXPLAIN: "haringey.call-in.reconsidered",
    SHOULD: "duties.trained.award",
    WHERE_PRACTICABLE: "waltham-forest.local-supplier",
}


def breach(subject: str, answer: str = "", **more: Value) -> Finding:
    """The finding of a rule in the first of its worked cases that expects a breach, once a person has said so much."""
    rule, case = law().rules[subject], next(case for case in cases_of(subject) if case.expect == NOT_MET)
    scope, step = law().for_authority(law().packs[rule.pack].authority), case.step or rule.binds[0]
    facts = Facts({**case.given, **more})
    milestone = shelf().milestones[step]

    def judge(facts: Facts) -> Any:
        own = None if milestone in facts.values else milestone
        return assess(scope, facts, step, Moment(case.on, 1439), own, twice=False, only=(subject,))

    found = judge(facts)
    if answer:
        digest = rests_on(rule, scope, found.context.facts, facts.values.keys())
        found = judge(replace(facts, judgements=(Judgement(1, subject, answer, digest, "monitoring officer"),)))
    (finding,) = found.findings
    assert isinstance(finding, Finding) and finding.answer == NOT_MET
    return finding


@pytest.mark.parametrize("effect", BREACHED)
def test_a_breach_stops_the_step_and_only_some_may_be_explained(effect: str) -> None:
    assert law().rules[BREACHED[effect]].effect == effect
    assert breach(BREACHED[effect]).blocks
    assert breach(BREACHED[effect], EXPLAINED).blocks is (effect not in EXPLAINABLE)


def test_a_waivable_breach_stops_nothing_once_a_waiver_holds() -> None:
    waived = breach(BREACHED[WAIVABLE], **{"waiver.standing": "holds"})
    assert (waived.stands, waived.blocks) == (WAIVED, False)
    assert waived.waived == "barking-and-dagenham.waiver.exceptional"


# What several layers ask ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "answers"),
    [
        ("2025-07-10", {NOT_MET: "2025-07-16", NOT_MET + " here": "2025-07-23"}),
        ("2025-07-16", {MET: "", NOT_MET + " here": "2025-07-23"}),
        ("2025-07-23", {MET: "", MET + " here": ""}),
    ],
)
def test_of_two_least_periods_of_two_layers_the_longer_binds(on: str, answers: dict[str, str]) -> None:
    asked = ("governance.key-decision.notice.strategy", "barking-and-dagenham.forward-plan.strategy")
    facts: dict[str, Value] = {
        "strategy_decision.is_key": True,
        "strategy_key_notice.published": Moment(day("2025-06-17")),
        "strategy_forward_plan.published": Moment(day("2025-06-25")),
    }
    scope = law().for_authority("barking-and-dagenham")
    when = Moment(day(on))
    found = assess(scope, Facts(facts), "decide-strategy", when, "strategy.decided", twice=False, only=asked).findings
    assert {
        each.answer + " here" * (each.layer == "authority"): Moment(each.earliest).iso if each.earliest else ""
        for each in found
    } == answers
    assert (worst(found) == MAY_PROCEED) is (on == "2025-07-23")


if __name__ == "__main__":
    PAGE.write_text(page())
