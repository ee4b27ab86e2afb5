"""Clocks of a case: dates put later, steps suspended and resumed, and what moves with them."""

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


def test_a_deadline_put_later_moves_what_waits_for_it_and_the_log_keeps_both(vires: Run) -> None:
    told = ("case", "extend", CASE, "tenders.due", "2025-11-05 11:00", "--reason", "Specification corrected")
    tried = vires(*told, "--dry-run")
    assert tried.exit_code == 0 and "nothing was written" in tried.output
    said = json.loads(vires(*told, "--format", "json").output)
    assert said["was"] == "2025-10-22T11:00"
    moves = {each["step"]: (each.get("was"), each.get("now")) for each in said["moves"]}
    assert moves["close-tenders"] == ("2025-10-22", "2025-11-05")
    early = vires("case", "check", CASE, "close-tenders", at="2025-10-22 11:00")
    assert early.exit_code == 1
    log = vires("audit", "log", "camden", "--format", "json").output
    assert "2025-10-22T11:00" in log and "2025-11-05T11:00" in log and "Specification" not in log
    assert vires("audit", "verify", "camden").exit_code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("tenders.due", "2025-10-20 11:00"), "is not later than"),
        (("standstill.ends", "2025-12-29"), "is not recorded on this case"),
        (("tender_notice.published", "2025-12-29"), "what has happened is not extended"),
        (("contract.value", "2025-12-29"), "is no date"),
    ],
)
def test_what_cannot_be_extended_is_refused_with_what_to_do(vires: Run, words: tuple[str, ...], told: str) -> None:
    said = vires("case", "extend", CASE, *words, "--reason", "x")
    assert said.exit_code == 2 and told in said.output


def test_a_suspended_step_waits_until_it_is_resumed_and_replays(vires: Run) -> None:
    told = (CASE, "close-tenders", "--reason", "Complaint being looked into")
    assert vires("case", "suspend", *told).exit_code == 0
    assert "suspended already" in vires("case", "suspend", *told).output
    due = "2025-10-22 11:00"
    refused = vires("case", "advance", CASE, "close-tenders", at=due)
    assert refused.exit_code == 1 and "waits until it is resumed" in " ".join(refused.output.split())
    assert vires("case", "resume", *told, at="2025-10-23 10:00").exit_code == 0
    assert "is not suspended" in vires("case", "resume", *told, at="2025-10-23 10:00").output
    assert vires("case", "advance", CASE, "close-tenders", at="2025-10-23 11:00").exit_code == 0
    assert vires("audit", "replay", "camden").exit_code == 0


def test_the_milestone_on_which_the_law_suspends_is_recorded_today(vires: Run) -> None:
    said = vires("case", "suspend", CASE, "proceedings.notified", "--reason", "Claim", "--dry-run")
    assert said.exit_code == 0 and "recorded: proceedings.notified" in said.output
    ended = vires("case", "resume", CASE, "proceedings.notified", "--reason", "x")
    assert ended.exit_code == 2 and "a milestone of its own" in ended.output
