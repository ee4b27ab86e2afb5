"""A proposed pack or calendar held against a real log: flips found, none invented, and what nobody can tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import cli
from engine import library
from tests.simulator import contents
from tests.small import DAYS, RULES, Smallton, draft


@pytest.fixture
def council(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Smallton:
    """Two cases published with 3 and 4 quotes, one refused with 2."""
    made = Smallton(tmp_path / "small.db")
    monkeypatch.setattr(library, "shipped", lambda cache=None: made.library)
    for case, quotes, value in (("a", 3, "40000"), ("b", 4, "168000"), ("c", 2, "50000")):
        facts = (f"quotes.received={quotes}", f"contract.value=£{value} excl VAT", "contract.kind=services")
        made.open(case, "2025-04-14 10:00", *facts, "provider.sector=voluntary sector")
        made.advance(case, "2025-04-14 10:00", "publish")
    return made


def ask(council: Smallton, *words: str, code: int, at: str = "2025-04-15 10:00") -> Result:
    told = ["--database", str(council.place), "--clock", at, "--as", "ann", "audit", "what-if", *words]
    result = CliRunner().invoke(cli.main, told)
    assert result.exit_code == code, result.output
    return result


def told(council: Smallton, *words: str, code: int) -> Any:
    return json.loads(ask(council, *words, "--format", "json", code=code).stdout)


def test_a_draft_that_says_the_same_flips_nothing(council: Smallton, tmp_path: Path) -> None:
    folder = draft(tmp_path / "same", RULES.replace("Enough quotes", "Quotes enough"))
    found = told(council, "--pack", str(folder), code=0)
    assert (found["decisions"], found["cases"], found["same"], found["changed"]) == (3, 3, 3, [])
    assert "3 decisions, 3 cases · 0 would change · 3 the same" in ask(council, "--pack", str(folder), code=0).stdout


def test_a_stricter_draft_flips_the_decision_it_would_refuse_and_no_other(council: Smallton, tmp_path: Path) -> None:
    folder = draft(tmp_path / "strict", RULES.replace("at least 3", "at least 4"))
    before = contents(council.place)
    found = told(council, "--pack", str(folder), code=1)
    (flip,) = found["changed"]
    assert (flip["case"], flip["change"], flip["rules"]) == ("a", "newly refused", ["small.quotes"])
    assert found["by"]["value"] == {"newly refused": {"£10,000 to under £100,000": 1}}
    assert found["by"]["category"] == {"newly refused": {"services": 1}}
    assert found["by"]["sector"] == {"newly refused": {"voluntary sector": 1}}
    assert "may proceed → not met" in ask(council, "--pack", str(folder), code=1).stdout
    assert contents(council.place) == before


def test_a_looser_draft_allows_what_was_refused(council: Smallton, tmp_path: Path) -> None:
    folder = draft(tmp_path / "loose", RULES.replace("at least 3", "at least 2"))
    (flip,) = told(council, "--pack", str(folder), code=1)["changed"]
    assert (flip["case"], flip["change"], flip["rules"]) == ("c", "newly allowed", ["small.quotes"])


def test_what_the_draft_asks_and_nobody_recorded_cannot_be_told(council: Smallton, tmp_path: Path) -> None:
    council.record("b", "2025-04-14 11:00", "quotes.local=1")  # after the decision it cannot count
    rule = "  local:\n    title: A local one\n    cite: SO 4\n    source_facts: []\n    binds: [publish]\n"
    rule += "    require: {quotes.local: at least 1}\n    effect: mandatory\n"
    found = told(council, "--pack", str(draft(tmp_path / "local", RULES + rule)), code=0)
    changes = {each["case"]: (each["change"], each["needs"]) for each in found["changed"]}
    assert changes == {"a": ("cannot tell", ["quotes.local"]), "b": ("cannot tell", ["quotes.local"])}
    assert "2 cannot tell" in ask(council, "--pack", str(tmp_path / "local"), code=0).stdout


def test_decisions_before_the_day_are_left_out(council: Smallton, tmp_path: Path) -> None:
    folder = draft(tmp_path / "strict", RULES.replace("at least 3", "at least 4"))
    assert told(council, "--pack", str(folder), "--since", "2025-04-15", code=0)["decisions"] == 0


def test_a_proposed_holiday_moves_the_first_lawful_day_of_a_step(council: Smallton, tmp_path: Path) -> None:
    place = tmp_path / "england.yaml"
    place.write_text(DAYS, encoding="utf-8")
    assert told(council, "--calendar", str(place), code=0)["moved"] == []
    place.write_text(DAYS.replace("2025-04-18:", "2025-04-17: A day of joy, 2025-04-18:"), encoding="utf-8")
    found = told(council, "--calendar", str(place), code=1)
    moved = {(each["case"], each["step"], each["rule"]): (each["before"], each["after"]) for each in found["moved"]}
    assert moved["a", "sign", "small.wait"] == ("2025-04-23", "2025-04-24")
    assert not any(case == "c" for case, _, _ in moved)
    assert "open deadlines move" in ask(council, "--calendar", str(place), code=1).stdout


def test_either_a_pack_or_a_calendar_is_proposed(council: Smallton) -> None:
    assert "give --pack FOLDER or --calendar FILE" in ask(council, code=2).stderr
