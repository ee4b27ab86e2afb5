"""Scenarios of law: each worked out from the law files alone, before the program was asked.

tests/scenarios/NAME.yaml holds the cases as `vires assess` reads them, NAME.expected.json what each must answer:
members of the findings format, and under "finding" the members of one rule's finding.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import cli
from engine import library
from tests.simulator import shelf

HERE = Path(__file__).parent / "scenarios"
SHEETS = sorted(path.name.removesuffix(".expected.json") for path in HERE.glob("*.expected.json"))
EXPECTED = {sheet: json.loads((HERE / f"{sheet}.expected.json").read_text("utf-8")) for sheet in SHEETS}


@cache
def answers(sheet: str) -> dict[str, Any]:
    place = str(HERE / f"{sheet}.yaml")
    result = CliRunner().invoke(cli.main, ["assess", place, "--authority", "camden", "--format", "json"])
    return {each["name"]: each for each in map(json.loads, result.stdout.splitlines())}


@pytest.mark.parametrize(("sheet", "name"), [(sheet, name) for sheet in SHEETS for name in EXPECTED[sheet]])
def test_a_scenario_is_answered_as_the_law_answers_it(monkeypatch: pytest.MonkeyPatch, sheet: str, name: str) -> None:
    said, expected = answers(sheet)[name], dict(EXPECTED[sheet][name])
    if finding := expected.pop("finding", None):
        found = [each for each in said.get("findings", []) if each["rule"] == finding["rule"]]
        assert [{key: each.get(key) for key in finding} for each in found] == [finding]
    assert {key: said.get(key) for key in expected} == expected


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_scenario_has_an_answer(monkeypatch: pytest.MonkeyPatch, sheet: str) -> None:
    monkeypatch.setattr(library, "shipped", shelf)
    assert answers(sheet).keys() == EXPECTED[sheet].keys()
