"""Reading nodes: every fault is noted, none stops the reading."""

from __future__ import annotations

import pytest

from engine import markup, schema
from engine.markup import Problem


def node_of(text: str) -> markup.Node:
    node, problems = markup.read("a.yaml", text)
    assert node is not None and not problems
    return node


def test_unknown_and_missing_keys_are_all_told_with_the_nearest_known_one() -> None:
    problems: list[Problem] = []
    found = schema.fields(node_of("titel: x\nzzz: y\n"), problems, ("title", "cite"), ("when",))
    assert [str(problem) for problem in problems] == [
        "a.yaml:1:1: unknown key 'titel'; did you mean title?",
        "a.yaml:2:1: unknown key 'zzz'; known: title, cite, when",
        "a.yaml:1:1: the key 'title' is missing; write `title:` here",
        "a.yaml:1:1: the key 'cite' is missing; write `cite:` here",
    ]
    assert set(found) == {"titel", "zzz"}


@pytest.mark.parametrize("text", ["just words", "[a, b]"])
def test_what_is_no_mapping_is_told_once_and_has_no_fields(text: str) -> None:
    problems: list[Problem] = []
    assert schema.fields(node_of(text), problems, ("title",)) == {}
    assert schema.named(node_of(text), problems) == []
    assert [problem.what for problem in problems] == ["expected a mapping", "expected names, each with what it is"]


def test_what_is_absent_is_no_fault() -> None:
    problems: list[Problem] = []
    assert schema.fields(None, problems, ("title",)) == {}
    assert schema.named(None, problems) == [] and schema.texts(None, problems) == ()
    assert schema.one_of(None, ("a", "b"), problems) == "a" and schema.one_of(None, ("a",), problems, "c") == "c"
    assert schema.yes(None, problems) is False and schema.text(None) == ""
    assert problems == []


def test_a_text_over_several_lines_is_one_line() -> None:
    assert schema.text(node_of("|\n  one\n  two\n")) == "one two"


@pytest.mark.parametrize("text", ["word", "{a: b}", "[[a]]", "[a, {b: c}]"])
def test_what_is_no_list_of_words_is_told(text: str) -> None:
    problems: list[Problem] = []
    assert schema.texts(node_of(text), problems) == ()
    assert problems[0].instead == "write [a, b]"


def test_a_word_that_is_not_a_choice_is_told_with_the_nearest() -> None:
    problems: list[Problem] = []
    assert schema.one_of(node_of("gooods"), ("works", "goods"), problems) == "works"
    assert str(problems[0]) == "a.yaml:1:1: 'gooods' is not one of works, goods; did you mean goods?"


@pytest.mark.parametrize(("text", "meaning"), [("yes", True), ("no", False)])
def test_yes_is_yes_and_no_is_no(text: str, meaning: bool) -> None:
    problems: list[Problem] = []
    assert schema.yes(node_of(text), problems) is meaning and not problems


@pytest.mark.parametrize("text", ["true", "Yes", "on", "1", "[yes]"])
def test_nothing_else_is_yes_or_no(text: str) -> None:
    problems: list[Problem] = []
    assert schema.yes(node_of(text), problems) is False and problems


def test_a_name_far_from_every_other_gets_no_hint() -> None:
    assert schema.nearest("xyzzy", ["award.decided"]) == ""
    assert schema.nearest("award.decided_", ["award.decided", "x"]) == "did you mean award.decided?"
