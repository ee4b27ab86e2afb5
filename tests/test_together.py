"""Joint cases: whose rule binds in which mode, what would bind if one left, and partners' entries cited."""

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
JOINT = ("case", "joint", CASE, "--lead", "camden", "--with", "merton,sutton", "--mode")


@pytest.fixture
def vires(tmp_path: Path) -> Run:
    place = simulator.put_file(tmp_path / "store.db", "assess-need")

    def run(*words: str, who: str = "ann", at: str = "2025-06-20 10:00") -> Result:
        result = CliRunner().invoke(cli.main, ["--database", str(place), "--clock", at, "--as", who, *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


def duties(vires: Run, step: str = "decide-strategy") -> dict[str, object]:
    said = json.loads(vires("case", "duties", CASE, step, "--format", "json").output)
    found: dict[str, object] = said["steps"][0]
    return found


def test_alone_the_authority_s_own_law_counts(vires: Run) -> None:
    assert duties(vires)["counts"] == ["camden"]


def test_with_a_lead_buyer_every_party_s_law_counts_and_each_may_leave(vires: Run) -> None:
    assert vires(*JOINT, "lead buyer").exit_code == 0
    found = duties(vires)
    assert found["counts"] == ["camden", "merton", "sutton"]
    assert set(found["if_left"]) == {"camden", "merton", "sutton"}  # type: ignore[call-overload]
    assert found["duties"] and found["alike"]
    text = vires("case", "duties", CASE, "decide-strategy").output
    assert "if merton left" in text and "everyone alike" in text


@pytest.mark.parametrize("mode", ["delegation", "joint committee", "section 75 partnership"])
def test_in_the_other_modes_the_lead_s_law_counts(vires: Run, mode: str) -> None:
    assert vires(*JOINT, mode).exit_code == 0
    assert duties(vires)["counts"] == ["camden"]


def test_who_is_not_named_any_more_has_left(vires: Run) -> None:
    vires(*JOINT, "lead buyer")
    said = vires("case", "joint", CASE, "--lead", "camden", "--with", "sutton", "--mode", "lead buyer")
    assert "party/merton.part: left" in said.output
    assert duties(vires)["counts"] == ["camden", "sutton"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--lead", "camden", "--with", "mertn"), "merton"),
        (("--lead", "sutton", "--with", "merton"), "takes no part"),
        (("--lead", "camden", "--with", "camden"), "different authorities"),
    ],
)
def test_parties_that_cannot_be_are_refused(vires: Run, words: tuple[str, ...], told: str) -> None:
    said = vires("case", "joint", CASE, *words, "--mode", "lead buyer")
    assert said.exit_code == 2 and told in said.output


def test_a_step_cites_a_partner_s_entry_by_authority_sequence_and_leaf(vires: Run) -> None:
    vires("case", "open", "merton", "--title", "Their part")
    first = json.loads(vires("case", "joint", "merton/2025-001", *JOINT[3:], "lead buyer", "--format", "json").output)
    receipt = first["receipt"]
    false = vires("case", "advance", CASE, "decide-strategy", "--cites", f"{receipt[:-4]}0000")
    assert false.exit_code == 5
    far = vires("case", "advance", CASE, "decide-strategy", "--cites", f"elsewhere:3:{'ab' * 12}")
    assert far.exit_code == 2 and "64 digits" in far.output
    assert vires("case", "advance", CASE, "decide-strategy", "--cites", receipt).exit_code == 1, "refused, and cited"
    log = json.loads(vires("audit", "log", "camden", "--format", "json").output)
    cited = (log if isinstance(log, list) else log["entries"])[-1]["body"]["cites"]
    assert cited[0]["authority"] == "merton" and cited[0]["leaf"].startswith(receipt.split(":")[2])
    assert vires("audit", "replay", "camden").exit_code == 0
