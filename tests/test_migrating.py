"""Live cases moved to a changed cycle: looked over, refused where a state would be lost, and replayed afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
from engine import library, migrating, packs, replay
from engine.errors import LedgerError, ViresError
from engine.ledger import decode
from engine.library import Library
from engine.migration import ENDED, MOVES, REFUSED, STAYS, move
from engine.service import Office, Written
from tests.simulator import LATE, NAME, Council, clock, forge, put_file, shelf

GATE = """\
extends: commissioning
states: {plan: {gated: Through the gate}}
like: {gated: needs-assessed}
steps:
  pass-gate: {title: Pass the gate, from: [needs-assessed], to: gated, free: yes, why_free: A custom.}
"""
BASE = "workflows/commissioning.yaml"


@pytest.fixture
def council() -> Iterator[Council]:
    made = Council.after("assess-need")
    yield made
    made.store.close()


def gated(source: str = GATE) -> Library:
    return replace(shelf(), local_cycles={"workflows/local/camden.yaml": source})


def desk(council: Council, shelf_: Library, when: str = LATE) -> Office:
    return Office(council.store, shelf_, clock(when), "ann", council.runner)


def moved(council: Council, shelf_: Library) -> list[Written | ViresError]:
    office = desk(council, shelf_)
    return [done for _, done in migrating.apply(office, "camden", migrating.planned(office, "camden"))]


def verdicts(council: Council, shelf_: Library) -> list[str]:
    return [each.verdict for change in migrating.planned(desk(council, shelf_), "camden") for each in change.moves]


def test_a_case_under_the_cycle_of_today_stays(council: Council) -> None:
    assert verdicts(council, shelf()) == [STAYS]
    assert moved(council, shelf()) == []


def test_a_moved_case_keeps_its_state_and_facts_and_gains_the_new_steps(council: Council) -> None:
    before = council.office(LATE).case("camden", NAME)
    (change,) = migrating.planned(desk(council, gated()), "camden")
    (told,) = change.moves
    assert (told.verdict, told.gained, told.lost) == (MOVES, ("pass-gate",), ())
    assert [(line.kind, line.id) for line in change.lines] == [("state", "gated"), ("step", "pass-gate")]
    assert all(isinstance(done, Written) for done in moved(council, gated()))
    after = desk(council, gated()).case("camden", NAME)
    assert (after.state, after.facts, after.path) == (before.state, before.facts, before.path)
    assert after.workflow == packs.digest(gated().cycle_files("camden")) != before.workflow
    assert desk(council, gated()).advance("camden", NAME, "pass-gate").state == "gated"


def test_every_decision_before_and_after_the_move_is_replayed_under_its_own_cycle(council: Council) -> None:
    moved(council, gated())
    desk(council, gated()).advance("camden", NAME, "pass-gate")
    assert council.sound() == []
    kinds = [entry.kind for entry in council.entries()]
    assert kinds.count("migration") == 1 and kinds[-1] == "decision"


def test_a_move_that_would_lose_the_state_of_a_case_is_refused_and_writes_nothing(council: Council) -> None:
    moved(council, gated())
    desk(council, gated()).advance("camden", NAME, "pass-gate")
    size = len(council.entries())
    assert verdicts(council, shelf()) == [REFUSED]
    (change,) = migrating.planned(desk(council, shelf()), "camden")
    assert change.moves[0].why == "it stands in 'gated', which the changed cycle does not have"
    assert moved(council, shelf()) == [] and len(council.entries()) == size


def test_a_state_that_a_case_came_through_may_not_be_lost_either(council: Council) -> None:
    moved(council, gated())
    desk(council, gated()).advance("camden", NAME, "pass-gate")
    office = desk(council, gated())
    state = office.case("camden", NAME)._replace(state="strategy-decided")
    told = move(state, gated().cycle("camden"), shelf().workflow, "0" * 64)
    assert told.verdict == REFUSED and "came through 'gated'" in told.why


def test_a_case_that_has_ended_keeps_its_cycle(council: Council) -> None:
    state = council.office(LATE).case("camden", NAME)._replace(state="closed")
    assert move(state, shelf().workflow, gated().cycle("camden"), "0" * 64).verdict == ENDED


def test_a_case_is_not_moved_into_an_end(council: Council) -> None:
    state = council.office(LATE).case("camden", NAME)
    new = replace(shelf().workflow, final=("closed", "needs-assessed"))
    assert move(state, shelf().workflow, new, "0" * 64).verdict == REFUSED


@pytest.mark.parametrize("member", ["state", "instead_of"])
def test_a_forged_move_is_found(council: Council, member: str) -> None:
    moved(council, gated())
    last = council.entries()[-1].sequence
    forge(council, last, lambda body: body.update({member: "contracted"}))
    rows = list(council.store.rows("camden", NAME))
    with pytest.raises(LedgerError, match="moves the case from a state or a cycle that it does not have"):
        replay.fold([decode(row.bytes) for row in rows], {})


# ---- the command


def test_the_command_plans_tries_and_applies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = put_file(tmp_path / "council.db")
    monkeypatch.setattr(library, "shipped", lambda cache=None: gated())

    def run(*words: str) -> tuple[int, str]:
        told = ["--database", str(place), "--clock", "2025-06-02 10:00", "--as", "ann"]
        result = CliRunner().invoke(cli.main, [*told, "case", "migrate", *words])
        return result.exit_code, result.output

    code, output = run("camden", "--plan")
    assert code == 0 and "pass-gate" in output and "1 would move, 0 refused" in output
    code, output = run(f"camden/{NAME}", "--dry-run")
    assert code == 0 and f"✓ camden/{NAME} moves, in needs-assessed" in output and "gains pass-gate" in output
    code, output = run("camden", "--apply", "--format", "json")
    said = json.loads(output)
    assert code == 0 and said["moves"] == 1 and said["changes"][0]["cases"][0]["receipt"].startswith("camden:")
    assert run("camden", "--dry-run", "--all")[1].count("stays") == 1
    assert run("camden")[0] == 2 and run("camdem", "--plan")[0] == 2
    monkeypatch.setattr(library, "shipped", lambda cache=None: shelf())
    code, output = run("camden", "--dry-run")
    assert code == 0 and "loses pass-gate" in output
