"""Differences and duties side by side as text and as JSON: the same facts in both."""

from __future__ import annotations

import json
from dataclasses import replace

from engine import sheets
from engine.compare import Beside, Comparison, Difference, Duty

DIFFERENCE = Difference("figure", "limit", "changed", "from 24 Feb 2025", "£2 incl VAT", "£1 incl VAT")
DUTIES = (
    Duty("rule", "quotes", "Quotations", {"north": "at least 3", "south": "at least 4"}, {}, "differs"),
    Duty("rule", "call-in", "Call-in", {"north": "a person judges"}, {"north": "refers to a person"}, "only north"),
    Duty("rule", "bands", "Bands", {"north": "five", "south": "five"}, {}, "the same"),
)
COMPARISON = Comparison(
    ("north", "south"),
    (Beside("go", ("act.one", "act.two"), DUTIES), Beside("stop", ("act.one",), ())),
    (),
    (Duty("figure", "limit", "A limit", {"south": "£5"}, {}, "only south", ("go",)),),
)


def flat(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def test_differences_are_a_sentence_each_and_counted() -> None:
    shown = flat(sheets.difference_lines("old", "new", [DIFFERENCE], 80))
    assert "new, against old" in shown
    assert "limit: from 24 Feb 2025 £2 incl VAT, was £1 incl VAT" in shown
    assert "✗ 1 difference;" in shown
    assert "✓ they say the same" in flat(sheets.difference_lines("old", "new", [], 80))


def test_differences_for_machines_say_the_same() -> None:
    (plain,) = sheets.difference_plain([DIFFERENCE])
    assert plain["said"] == str(DIFFERENCE) and (plain["new"], plain["old"]) == ("£2 incl VAT", "£1 incl VAT")


def test_a_comparison_marks_what_differs_and_who_is_silent() -> None:
    shown = flat(sheets.comparison_lines(COMPARISON, 80))
    assert "everyone alike 2 rules (2 of act)" in shown
    assert "DIFFERS · quotes: Quotations north at least 3 south at least 4" in shown
    assert "only north · call-in: Call-in north a person judges not sure north: refers to a person" in shown
    assert "silent south" in shown
    assert "the same · bands: Bands all five" in shown
    assert "Nothing of their own" in shown
    assert "4 duties, tables and figures of their own: 1 the same, 1 differ, 2 not in all of them, 1 that" in shown


def test_no_line_is_wider_than_the_page() -> None:
    assert max(map(len, sheets.comparison_lines(COMPARISON, 60))) <= 60


def test_a_comparison_for_machines_holds_every_duty() -> None:
    plain = sheets.comparison_plain(COMPARISON)
    assert json.loads(json.dumps(plain)) == plain
    assert plain["steps"][0]["own"][0]["says"] == {"north": "at least 3", "south": "at least 4"}  # type: ignore[index]
    assert plain["figures"][0]["steps"] == ["go"]  # type: ignore[index]


def test_many_authorities_beside_each_other_keep_within_the_terminal() -> None:
    names = tuple(f"a-borough-of-the-north-{number}" for number in range(7))
    many = replace(COMPARISON, authorities=names)
    assert max(map(len, sheets.comparison_lines(many, 80))) <= 80
