"""Packs that somebody wrote to hurt: one line that says what is wrong and where, in bounded time."""

from __future__ import annotations

import pytest

from engine import markup
from engine.packreader import MOST, MOST_WORDS
from tests.conftest import HEAD, problems_of, rule, said

PLAIN = rule(require="{contract.lots: yes}")


@pytest.mark.parametrize("character", ["\u202a", "\u202e", "\u2066", "\u2069"])
def test_text_that_reads_otherwise_than_it_stands_is_refused(character: str) -> None:
    (problem,) = problems_of(PLAIN.replace("A rule", f"A rule {character}elur A"))
    assert str(problem) == (
        f"test/body.yaml:3:19: a character that is not allowed in YAML, U+{ord(character):04X}; "
        "write the file as plain UTF-8"
    )


@pytest.mark.parametrize("escape", [r"\e[31m", r"\x07", r"\u202e", r"\x9b"])
def test_a_character_that_is_refused_is_refused_as_an_escape_too(escape: str) -> None:
    (problem,) = problems_of(PLAIN.replace("A rule", f'"{escape}red"'))
    assert "is not allowed; leave it out" in str(problem) and str(problem).startswith("test/body.yaml:3:12: ")


def test_a_title_may_hold_an_emoji_and_a_name_in_any_script() -> None:
    assert problems_of(PLAIN.replace("A rule", "\U0001f642 Rheoliad, \u0642\u0627\u0639\u062f\u0629")) == ()


def test_a_rule_for_each_of_too_many_words_is_refused_before_it_is_written() -> None:
    words = ", ".join(f"w{number}" for number in range(MOST_WORDS + 1))
    many = PLAIN + f"    for_each: {{word: [{words}]}}\n"
    assert f"for_each has more than {MOST_WORDS} words; split the rule" in said(problems_of(many))


def test_a_pack_of_too_many_rules_is_refused_and_not_read_to_its_end() -> None:
    body = PLAIN.removeprefix("rules:\n")
    many = "rules:\n" + "".join(body.replace("  one:", f"  r{number}:", 1) for number in range(MOST + 50))
    (problem,) = problems_of(many)
    assert problem.what == f"the pack has more than {MOST:,} rules and tables"
    assert problem.where.line == 2 + MOST * body.count("\n")


@pytest.mark.parametrize("other", ["test.one", "test.two"])
def test_a_rule_gives_way_to_a_layer_above_and_never_to_itself_or_its_own(other: str) -> None:
    two = rule("two", require="{contract.lots: no}", yields_to="[test.one]").removeprefix("rules:\n")
    problems = said(problems_of(rule(require="{contract.lots: yes}", yields_to=f"[{other}]") + two))
    assert f"test.one of layer statute cannot yield to {other} of layer statute" in problems


def test_a_layer_below_is_not_yielded_to() -> None:
    head = HEAD.replace("pack: test", "pack: camden").replace("layer: statute", "layer: authority")
    local = {"camden/pack.yaml": head + "authority: camden\n", "camden/body.yaml": PLAIN}
    above = rule(require="{contract.lots: yes}", yields_to="[camden.one]")
    assert "test.one of layer statute cannot yield to camden.one of layer authority" in said(problems_of(above, local))


def test_what_is_wrong_with_a_very_long_text_is_still_one_short_line() -> None:
    (problem,) = problems_of(rule(require="{contract.value: below " + "9" * 5000 + "}"))
    assert len(str(problem)) < 2 * markup.LONGEST_LINE and "\n" not in str(problem) and " [...] " in str(problem)
