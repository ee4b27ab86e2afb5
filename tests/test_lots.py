"""Lots with states of their own, rolled up; and a case that is stopped or sent back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli
from tests import simulator

Run = Callable[..., Result]
CASE = "camden/2025-014"


@pytest.fixture
def vires(tmp_path: Path) -> Run:
    place = simulator.put_file(tmp_path / "store.db", "publish-tender-notice")

    def run(*words: str, who: str = "ann", at: str = "2025-10-01 10:00") -> Result:
        result = CliRunner().invoke(cli.main, ["--database", str(place), "--clock", at, "--as", who, *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


def test_lots_have_states_of_their_own_and_come_to_a_whole(vires: Run) -> None:
    vires("case", "lot", "add", CASE, "north", "--value", "£4,000,000 incl VAT", "--title", "North")
    vires("case", "lot", "add", CASE, "south", "--value", "£6,416,000 incl VAT")
    assert vires("case", "lot", "move", CASE, "north", "awarded").exit_code == 0
    found = json.loads(vires("case", "lot", "list", CASE, "--format", "json").output)
    assert [(each["lot"], each["state"]) for each in found["lots"]] == [("north", "awarded"), ("south", "planned")]
    assert found["together"] == {"lots.count": "2", "lots.total": "£10,416,000 incl VAT", "lots.awarded": "1"}
    vires("case", "lot", "move", CASE, "south", "withdrawn", "--reason", "No longer needed")
    assert "lots.count: 1" in vires("case", "lot", "list", CASE).output
    assert "state: withdrawn" in vires("case", "lot", "show", CASE, "south").output
    assert vires("audit", "verify", "camden").exit_code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", CASE, "North", "--value", "1"), "small letters"),
        (("add", CASE, "north", "--value", "1"), "has a lot north already"),
        (("move", CASE, "nort", "awarded"), "north"),
        (("move", CASE, "north", "won"), "not one of its choices"),
        (("move", CASE, "north", "planned"), "planned already"),
        (("show", CASE, "west"), "has no lot"),
    ],
)
def test_a_lot_that_cannot_be_is_refused(vires: Run, words: tuple[str, ...], told: str) -> None:
    vires("case", "lot", "add", CASE, "north", "--value", "£4,000,000 incl VAT")
    said = vires("case", "lot", *words)
    assert said.exit_code == 2 and told in said.output


def test_a_procurement_is_abandoned_and_a_dry_run_leaves_it(vires: Run) -> None:
    tried = vires("case", "abandon", CASE, "--dry-run")
    assert tried.exit_code == 0
    assert "Out to tender" in vires("case", "show", CASE).output
    assert vires("case", "abandon", CASE).exit_code == 0
    assert "abandoned" in vires("case", "list").output


def test_a_case_is_sent_back_to_where_it_has_been(vires: Run) -> None:
    said = vires("case", "refer-back", CASE)
    assert said.exit_code == 0 and "strategy-decided" in vires("case", "list").output
    vires("case", "open", "camden", "--title", "Another", "--id", "new")
    nowhere = vires("case", "refer-back", "camden/new")
    assert nowhere.exit_code == 2 and "lead back" in nowhere.output
    assert vires("audit", "replay", "camden").exit_code == 0
