"""The packs that come with the program: nothing is wrong with them, and every worked case comes out as it says."""

from __future__ import annotations

from functools import cache

import pytest

from engine import cases
from engine.law import Case, Law
from engine.library import Library, shipped

TABLE_ANSWERS = ("missing", "refer")


@cache
def library() -> Library:
    return shipped()


@cache
def law() -> Law:
    """The law as far as it can be read; what is wrong with it is the first test's business."""
    return library().check()[0]


def listed() -> list[object]:
    """Every worked case with the id it goes by."""
    seen: dict[str, int] = {}
    params = []
    for case in law().cases:
        name = f"{case.subject}: {case.name}"
        seen[name] = seen.get(name, 0) + 1
        params.append(pytest.param(case, id=name if seen[name] == 1 else f"{name} ({seen[name]})"))
    return params


def subjects() -> list[str]:
    return sorted(law().subjects)


def test_nothing_is_wrong_with_the_shipped_packs() -> None:
    assert [str(problem) for problem in library().check()[1]] == []


def test_there_are_packs_rules_tables_and_cases() -> None:
    assert len(law().packs) >= 4 and len(law().rules) >= 50 and law().tables and len(law().cases) >= 200


@pytest.mark.parametrize("case", listed())
def test_a_worked_case_comes_out_as_it_says(case: Case) -> None:
    assert cases.run(law(), case, library().milestones).wrong == "", str(case.where)


@pytest.mark.parametrize("subject", subjects())
def test_a_rule_or_table_has_cases_with_at_least_two_different_answers(subject: str) -> None:
    answers = {case.expect for case in law().cases if case.subject == subject}
    assert len(answers) >= 2, f"{subject}: {answers or 'no case at all'}"


def test_no_two_cases_of_a_rule_have_one_name() -> None:
    names = [(case.subject, case.name) for case in law().cases]
    assert [name for name in set(names) if names.count(name) > 1] == []


@pytest.mark.parametrize("subject", subjects())
def test_a_rule_or_table_says_where_it_comes_from(subject: str) -> None:
    found = law().subjects[subject]
    assert found.title and found.cite


def test_a_table_expects_only_values_it_can_have() -> None:
    for case in law().cases:
        subject = law().subjects[case.subject]
        choices = law().vocabulary.terms[subject.decides].choices if hasattr(subject, "decides") else ()
        assert not choices or case.expect in (*choices, *TABLE_ANSWERS), str(case.where)
