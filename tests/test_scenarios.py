"""Facts files: one case or many, every fault with its line and its case, and the next case read all the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.scenarios import FORMAT, Read, Scenario, Unread, from_json_lines, from_yaml

HEAD = f"format: {FORMAT}\n"


def many(body: str) -> list[Read]:
    several, cases = from_yaml("f.yaml", HEAD + body)
    assert several
    return list(cases)


def faults(case: Read) -> list[str]:
    assert isinstance(case, Unread)
    return [str(problem) for problem in case.problems]


def test_a_plain_mapping_is_one_case_that_knows_its_lines() -> None:
    several, cases = from_yaml("f.yaml", "contract.kind: services\ncontract.lots: yes\n")
    (case,) = cases
    assert not several and isinstance(case, Scenario)
    assert {name: (said.value, said.where.line) for name, said in case.facts.items()} == {
        "contract.kind": ("services", 1),
        "contract.lots": ("yes", 2),
    }


def test_many_cases_say_who_what_and_when() -> None:
    (case,) = many(
        "cases:\n  - {name: a, authority: camden, step: go, on: 2025-01-01, question: duties, facts: {b.c: yes}}"
    )
    assert isinstance(case, Scenario)
    said = (case.name, case.authority, case.step, case.on, case.question)
    assert said == ("a", "camden", "go", "2025-01-01", "duties")
    assert case.facts["b.c"].value == "yes"


def test_a_file_may_hold_no_case_at_all() -> None:
    assert many("cases: []\n") == []
    assert many("") == []


@pytest.mark.parametrize(
    ("body", "name", "said"),
    [
        ("- {facts: {}}", "number 1", "f.yaml:3:3: the key 'name' is missing"),
        ("- {name: a}", "a", "the key 'facts' is missing"),
        ("- {name: a, facts: {}, stp: go}", "a", "f.yaml:3:24: unknown key 'stp'; did you mean step?"),
        ("- {name: a, facts: [x]}", "a", "f.yaml:3:20: facts is not a mapping"),
        ("- {name: a, facts: }", "a", "facts is not a mapping"),
        ("- {name: a, facts: {b.c: [[1], 2]}}", "a", "f.yaml:3:26: b.c: a fact has one value"),
        ("- {name: a, facts: {b.c: 1, b.c: 2}}", "a", "'b.c' stands here twice"),
        ("- {name: '', facts: {}}", "number 1", "name says nothing"),
        ("- {name: a, on: , facts: {}}", "a", "on says nothing"),
        ("- words", "number 1", "f.yaml:3:3: a case is a mapping"),
        ("- [x]", "number 1", "a case is a mapping"),
    ],
)
def test_a_case_that_cannot_be_read_is_named_and_the_next_one_read(body: str, name: str, said: str) -> None:
    bad, good = many(f"cases:\n{body}\n- {{name: good, facts: {{}}}}\n")
    assert bad.name == name
    assert any(said in each for each in faults(bad))
    assert isinstance(good, Scenario)


def test_a_case_says_everything_that_is_wrong_with_it_at_once() -> None:
    (case,) = many("cases:\n- {stp: go, facts: {b.c: [[1]]}}\n")
    assert len(faults(case)) == 3


def test_two_cases_of_one_name_cannot_be_told_apart() -> None:
    first, second = many("cases:\n- {name: a, facts: {}}\n- {name: a, facts: {}}\n")
    assert isinstance(first, Scenario)
    assert faults(second) == ["f.yaml:4:3: the name 'a' stands twice; see line 3"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("format: vires/facts/2\ncases: []\n", "begin it with: format: vires/facts/1"),
        ("cases: []\n", "begin it with"),
        (HEAD + "case: []\n", "unknown key 'case'"),
        (HEAD + "cases: []\ncases: []\n", "stands here twice"),
        (HEAD + "cases: &x []\n", "anchor"),
        (HEAD + "cases: !!seq []\n", "tag"),
        (HEAD + "---\na: b\n", "a second document"),
        (HEAD + "cases:\n- {name: a\n", "not YAML"),
        ("- a\n", "a facts file names facts"),
        ("&x {a: b}\n", "anchor"),
        ("[x]: b\n", "a key must be plain text"),
    ],
)
def test_what_breaks_the_file_is_an_error(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        list(from_yaml("f.yaml", text)[1])
    error = caught.value
    assert error.message.startswith("f.yaml:")
    assert said in f"{error.message}; {error.hint}"


def test_the_cases_before_a_break_are_read_before_it_is_met() -> None:
    _, cases = from_yaml("f.yaml", HEAD + "cases:\n- {name: a, facts: {}}\n- {name: b, facts: {\n")
    assert next(cases).name == "a"
    with pytest.raises(UsageError, match="not YAML"):
        next(cases)


def test_a_file_of_many_may_be_longer_than_a_pack_and_a_single_case_may_not() -> None:
    body = "".join(f"- {{name: case {n}, facts: {{contract.kind: {'x' * 200}}}}}\n" for n in range(5000))
    assert len(many(f"cases:\n{body}")) == 5000
    with pytest.raises(UsageError, match="longer than"):
        from_yaml("f.yaml", f"contract.kind: {'x' * 1_100_000}\n")


# ---- JSON Lines


def test_json_lines_say_the_same_as_yaml() -> None:
    line = '{"name": "a", "step": "go", "facts": {"b.c": true, "d.e": false, "f.g": 30, "h.i": "£5 incl VAT"}}'
    (case,) = from_json_lines("f.jsonl", ["", line + "\n", "  \n"])
    assert isinstance(case, Scenario) and case.where.line == 2
    assert {name: said.value for name, said in case.facts.items()} == {
        "b.c": "yes",
        "d.e": "no",
        "f.g": "30",
        "h.i": "£5 incl VAT",
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{nope", "f:1:2: not JSON"),
        ("[]", "expected a mapping"),
        ("7", "expected a mapping"),
        ("null", "null is neither"),
        ('{"name": "a", "facts": {"b.c": 1.5}}', "1.5 is neither text"),
        ('{"name": "a", "facts": {"b.c": NaN}}', "NaN is neither text"),
        ('{"name": "a", "facts": {"b.c": null}}', "null is neither text"),
        ('{"name": "a", "facts": {"b.c": {}}}', "a fact has one value"),
        ('{"name": "a", "facts": {"b.c": 1, "b.c": 2}}', "'b.c' stands here twice"),
        ('{"name": "a\\u001b[31m", "facts": {}}', "is neither text"),
        ('{"name": "\\ud800", "facts": {}}', "is neither text"),
        ("[" * 200_000, "not JSON: nested too deep"),
    ],
)
def test_a_line_that_is_no_case_is_named_and_the_next_one_read(line: str, said: str) -> None:
    bad, good = from_json_lines("f", [line, '{"name": "good", "facts": {}}'])
    assert any(said in each for each in faults(bad)), faults(bad)
    assert isinstance(good, Scenario)


@given(st.text())
def test_no_text_breaks_the_reading_of_lines(line: str) -> None:
    assert all(isinstance(case, Scenario | Unread) for case in from_json_lines("f", [line]))


@given(st.text())
def test_no_text_breaks_the_reading_of_a_file_but_with_a_usage_error(text: str) -> None:
    try:
        list(from_yaml("f", text)[1])
        list(from_yaml("f", HEAD + text)[1])
    except UsageError:
        pass
