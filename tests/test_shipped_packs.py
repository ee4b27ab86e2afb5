"""The packs that come with the program: nothing is wrong with them, and every worked case comes out as it says."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from engine import cases
from engine.law import Law, Table
from engine.library import Library, shipped

TABLE_ANSWERS = ("missing", "refer")


@cache
def library() -> Library:
    return shipped()


@cache
def law() -> Law:
    """The law as far as it can be read; what is wrong with it is the first test's business."""
    return library().check()[0]


def files() -> list[str]:
    """The files of worked cases."""
    return sorted({case.where.file for case in law().cases})


def subjects() -> list[str]:
    return sorted(law().subjects)


def test_nothing_is_wrong_with_the_shipped_packs() -> None:
    assert [str(problem) for problem in library().check()[1]] == []


def test_there_are_packs_rules_tables_and_cases() -> None:
    assert len(law().packs) >= 4 and len(law().rules) >= 50 and law().tables and len(law().cases) >= 200


@pytest.mark.parametrize("file", files())
def test_every_worked_case_comes_out_as_it_says_by_both_evaluators(file: str) -> None:
    results = [cases.run(law(), case, library().milestones) for case in law().cases if case.where.file == file]
    wrong = [f"{each.case.where}: {each.case.name}: {each.wrong}" for each in results if each.wrong]
    assert results and wrong == []


def test_every_rule_and_table_has_cases_with_at_least_two_different_answers() -> None:
    answers: dict[str, set[str]] = {subject: set() for subject in subjects()}
    for case in law().cases:
        answers[case.subject].add(case.expect)
    assert [subject for subject, found in answers.items() if len(found) < 2] == []


def test_no_two_cases_of_a_rule_have_one_name() -> None:
    names = Counter((case.subject, case.name) for case in law().cases)
    assert [name for name, count in names.items() if count > 1] == []


def test_every_rule_and_table_says_where_it_comes_from() -> None:
    assert [subject for subject, found in law().subjects.items() if not (found.title and found.cite)] == []


def test_a_table_expects_only_values_it_can_have() -> None:
    for case in law().cases:
        subject = law().subjects[case.subject]
        term = law().vocabulary.terms[subject.decides] if isinstance(subject, Table) else None
        if term is None or not term.choices or case.expect in TABLE_ANSWERS:
            continue
        said = case.expect.split(", ") if term.type == "choices" and case.expect != "none" else []
        words = said if term.type == "choices" else [case.expect]
        assert set(words) <= set(term.choices), str(case.where)
