"""YAML to nodes: text stays text, places are right, and whatever is strange is refused with its place."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from engine import markup
from engine.markup import DEEPEST, LONGEST, Map, Seq, Text, plain, read, substitute

ROOT = Path(__file__).parent.parent


def told(text: str) -> str:
    """The problems of a text that cannot be read whole."""
    return "\n".join(str(problem) for problem in read("a.yaml", text)[1])


def node_of(text: str) -> markup.Node:
    node, problems = read("a.yaml", text)
    assert node is not None and not problems, problems
    return node


@pytest.mark.parametrize(
    "word", ["yes", "no", "null", "~", "1e6", "0x1F", "012", "1_000", "2025-02-24", ".inf", "12:30"]
)
def test_a_scalar_is_text_whatever_it_looks_like(word: str) -> None:
    assert plain(node_of(f"key: {word}")) == {"key": word}


def test_every_node_knows_its_line_and_column() -> None:
    node = node_of("# first\na: 1\nb:\n  - x\n  - {c: é, d: two}\n")
    assert isinstance(node, Map)
    assert node.keys["a"] == ("a.yaml", 2, 1)
    listed = node.entries["b"]
    assert isinstance(listed, Seq) and isinstance(listed.items[1], Map)
    assert listed.items[0].where == ("a.yaml", 4, 5)
    assert listed.items[1].keys["d"] == ("a.yaml", 5, 12)
    assert listed.items[1].entries["d"].where == ("a.yaml", 5, 15)


def test_a_key_that_stands_twice_is_told_with_both_places_and_the_first_is_kept() -> None:
    node, problems = read("a.yaml", "a: 1\nb: 2\na: 3\n")
    assert [str(problem) for problem in problems] == ["a.yaml:3:1: the key 'a' stands here twice; see line 1"]
    assert node is not None and plain(node) == {"a": "1", "b": "2"}


def test_every_key_that_stands_twice_is_told_not_only_the_first() -> None:
    assert told("a: {b: 1, b: 2}\na: 3\n").count("stands here twice") == 2


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: &x 1\nb: 2", "a.yaml:1:4: the anchor &x is not allowed; write the text out"),
        ("a: 1\nb: *x", "a.yaml:2:4: the alias *x is not allowed"),
        ("a: !!python/object/apply:os.system [ls]", "the tag tag:yaml.org,2002:python/object/apply:os.system"),
        ("a: !!str 1", "the tag tag:yaml.org,2002:str is not allowed"),
        ("a: ! 1", "the tag ! is not allowed"),
        ("!x {a: 1}", "the tag !x is not allowed"),
        ("&x a: 1", "the anchor &x is not allowed"),
        ("<<: {a: 1}\n<<: {b: 2}", "the key '<<' stands here twice"),
        ("a:\n\t- b", "a.yaml:2:1: not YAML"),
        ("a: 1\n---\nb: 2", "a.yaml:2:1: a second document in one file"),
        ("? [a, b]\n: 1", "a.yaml:1:3: a key must be plain text"),
        ("? {a: b}\n: 1", "a key must be plain text"),
        ("a: [1, 2", "not YAML"),
        ("a: 'one", "not YAML"),
        ("a: b: c", "a.yaml:1:5: not YAML: mapping values are not allowed"),
        ("a: \x07", "a character that is not allowed in YAML"),
        ("%YAML 9.9\n---\na: 1", "not YAML"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_place(text: str, what: str) -> None:
    assert what in told(text)


@pytest.mark.parametrize(
    ("text", "place", "instead"),
    [
        ("a:\n  b: 1\n c: 2", "a.yaml:3:2", "indent this line as far as those it belongs with"),
        ("a:\n  b: 1\n    c: 2", "a.yaml:3:6", "indent this line as far as its neighbours"),
        ("a:\nb\n  c: 1", "a.yaml:3:4", "write each line as name: value"),
        ("a:b\nc: 1", "a.yaml:2:2", "put a space after each colon above it"),
        ("a: one: two", "a.yaml:1:7", "put quotes around a text with `: ` in it"),
        ("a: {b: 1, c: 2\nd: 3", "a.yaml:2:2", "end what a { began with a }"),
        ("a: [b, c\nd: 3", "a.yaml:2:2", "end what a [ began with a ]"),
        ("a: 'one\nb: 2", "a.yaml:2:5", "end what a bracket or a quotation mark began"),
        ("a: [", "a.yaml:2:1", "end what a { or a [ began"),
        ("a: %b", "a.yaml:1:4", "put quotes around a text that begins with a sign"),
    ],
)
def test_what_to_do_about_a_text_that_is_not_yaml_is_told(text: str, place: str, instead: str) -> None:
    problem = told(text)
    assert problem.startswith(f"{place}: not YAML") and instead in problem


def test_a_tab_is_named_as_what_is_wrong() -> None:
    assert "indent with spaces, not tabs" in told("a:\n\tb: 1")


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor_at_once() -> None:
    bomb = "a: &a [x, x, x]\n" + "".join(
        f"{'bcdefghij'[n]}: &{'bcdefghij'[n]} [{', '.join(['*' + 'abcdefghi'[n]] * 9)}]\n" for n in range(9)
    )
    started = time.process_time()
    node, problems = read("a.yaml", bomb)
    assert node is None and "anchor &a" in str(problems[0])
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "{? "])
def test_deep_nesting_is_refused_whatever_it_is_made_of(opening: str) -> None:
    started = time.process_time()
    assert f"nested more than {DEEPEST} levels" in told(opening * 5000)
    assert time.process_time() - started < 2


def test_the_deepest_nesting_allowed_is_read() -> None:
    assert read("a.yaml", "[" * DEEPEST + "]" * DEEPEST)[1] == ()


def test_ten_megabytes_of_noise_are_refused_unread() -> None:
    started = time.process_time()
    assert told("\x00[&*!{" * 2_000_000) == f"a.yaml:1:1: the file is longer than {LONGEST:,} characters; split it"
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    "unit",
    ["[", "a: 1\n", "{a: ", "- a\n", "'", "a: &x\n", "#" * 9, "? ", "|\n ", "%T\n", "a: 'b\n", '"\\x', "a\n\n", "é: "],
)
def test_the_longest_text_of_any_one_thing_takes_seconds_at_most(unit: str) -> None:
    started = time.process_time()
    read("a.yaml", unit * (LONGEST // len(unit)))
    assert time.process_time() - started < 20


def test_an_empty_text_has_no_node_and_no_problem_of_its_own() -> None:
    assert read("a.yaml", "") == (None, ())
    assert read("a.yaml", "# only words\n") == (None, ())


def test_half_a_surrogate_pair_is_refused_with_its_place() -> None:
    assert told("a: 1\nb: \ud800\n").startswith("a.yaml:2:")


def test_a_character_that_is_not_allowed_is_told_on_its_own_line_after_other_letters() -> None:
    assert told("a: é漢字é漢字é漢字\nb: 1\nc: \x00\n").startswith("a.yaml:3:")


@given(st.text(alphabet=st.characters(exclude_categories=())) | st.text(alphabet="[]{}:,-?&*!|>'\"%@ \n\tab#~=<"))
@example("\ud800")
@example("a: \x85\x00")
@example("\ufeff\ufeff")
def test_no_text_raises_anything(text: str) -> None:
    node, problems = read("a.yaml", text)
    assert node is not None or problems or not text.strip("\ufeff") or isinstance(node, type(None))
    for problem in problems:
        assert 1 <= problem.where.line <= text.count("\n") + text.count("\r") + text.count("\x85") + 3 + len(text)
        assert problem.where.column >= 1


words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)


@given(st.recursive(words, lambda inner: st.lists(inner, min_size=1) | st.dictionaries(words, inner, min_size=1)))
def test_whatever_was_written_out_is_read_back(value: object) -> None:
    def flow(value: object) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f'"{key}": {flow(each)}' for key, each in value.items()) + "}"
        return "[" + ", ".join(map(flow, value)) + "]" if isinstance(value, list) else f'"{value}"'

    assert plain(node_of(flow(value))) == value


def test_a_name_in_braces_is_replaced_in_texts_and_keys_and_nowhere_else() -> None:
    node = node_of('"{d}.published": "{d} and {e}"\nlist: ["{d}"]')
    found = substitute(node, {"d": "award"})
    assert plain(found) == {"award.published": "award and {e}", "list": ["award"]}
    assert isinstance(found, Map) and found.keys["award.published"] == ("a.yaml", 1, 1)


def test_a_place_and_a_problem_read_as_an_editor_expects() -> None:
    assert str(markup.Problem(markup.Where("a.yaml", 3, 7), "wrong", "right")) == "a.yaml:3:7: wrong; right"
    assert str(markup.Problem(markup.Where("a.yaml", 3, 7), "wrong")) == "a.yaml:3:7: wrong"
    assert isinstance(node_of("a"), Text)


@pytest.mark.parametrize("path", sorted((ROOT / "rules" / "vocabulary").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_words_are_read_where_yaml_has_no_c_library_too(path: Path) -> None:
    assert list(yaml.parse(path.read_text("utf-8"), Loader=yaml.SafeLoader))  # it ends a text at a question mark
