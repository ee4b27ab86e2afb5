"""Adoption: two people, the words of the change on the log, the pack frozen, and replay under the law of the day."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli

Run = Callable[..., Result]
ROOT = Path(__file__).parents[1]
ADOPT = ("rules", "adopt")


@pytest.fixture
def vires(tmp_path: Path) -> Run:
    place = str(tmp_path / "store.db")

    def run(*words: str, who: str = "ann", at: str = "2027-03-02 10:00") -> Result:
        told = ["--database", place, "--clock", at, "--as", who] if words[0] != "init" else ["--database", place]
        result = CliRunner().invoke(cli.main, [*told, *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    assert run("init", "--training").exit_code == 0
    return run


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """Camden's pack with the call-in period a day longer."""
    folder = tmp_path / "draft"
    shutil.copytree(ROOT / "rules" / "local" / "camden", folder)
    for file in folder.glob("*.cases.yaml"):
        file.unlink()
    (folder / "equivalent.yaml").unlink(missing_ok=True)
    body = folder / "camden.yaml"
    said = body.read_text()
    assert "at_least: 7" in said
    body.write_text(said.replace("at_least: 7", "at_least: 8", 1))
    return folder


def both(vires: Run, folder: Path) -> None:
    assert vires(*ADOPT, str(folder), "--authority", "camden").exit_code == 0
    assert vires(*ADOPT, str(folder), "--authority", "camden", "--confirm", who="bob").exit_code == 0


def test_one_person_proposes_and_another_confirms(vires: Run, draft: Path) -> None:
    first = vires(*ADOPT, str(draft), "--authority", "camden")
    assert first.exit_code == 0 and "proposed to be in force: pack camden for camden" in first.output
    assert "at least 8" in " ".join(first.output.split())
    own = vires(*ADOPT, str(draft), "--authority", "camden", "--confirm")
    assert own.exit_code == 2 and "you proposed it yourself" in own.output
    second = vires(*ADOPT, str(draft), "--authority", "camden", "--confirm", who="bob")
    assert second.exit_code == 0 and "in force from now on" in second.output
    listed = json.loads(vires("rules", "adopted", "--authority", "camden", "--format", "json").output)
    assert [(each["id"], each["stage"]) for each in listed] == [("camden", "in force")]
    assert vires("audit", "verify", "camden").exit_code == 0


def test_nothing_is_in_force_before_it_is_confirmed(vires: Run, draft: Path) -> None:
    vires(*ADOPT, str(draft), "--authority", "camden")
    listed = json.loads(vires("rules", "adopted", "--authority", "camden", "--format", "json").output)
    assert [each["stage"].split(",")[0] for each in listed] == ["adopt proposed"]


def test_what_was_not_proposed_cannot_be_confirmed(vires: Run, draft: Path) -> None:
    assert "nobody has proposed" in vires(*ADOPT, str(draft), "--authority", "camden", "--confirm").output
    vires(*ADOPT, str(draft), "--authority", "camden")
    (draft / "camden.yaml").write_text((draft / "camden.yaml").read_text() + "# one word more\n")
    changed = vires(*ADOPT, str(draft), "--authority", "camden", "--confirm", who="bob")
    assert changed.exit_code == 2 and "proposed was another pack" in changed.output


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(vires: Run, draft: Path) -> None:
    said = vires(*ADOPT, str(draft), "--authority", "camden", "--dry-run")
    assert said.exit_code == 0 and said.output.splitlines()[1].startswith("would be proposed")
    assert "adopted nothing" in vires("rules", "adopted", "--authority", "camden").output
    calendar = str(ROOT / "rules" / "calendars" / "england-and-wales.yaml")
    same = vires(*ADOPT, calendar, "--authority", "camden", "--dry-run")
    assert same.exit_code == 0 and "it is what counts now, to the letter" in same.output


def test_a_pack_whose_case_fails_is_not_adopted(vires: Run, draft: Path) -> None:
    case = "{name: Wrong, table: camden.call-in, on: 2025-07-28, given: {}, expect: none known}"
    (draft / "wrong.cases.yaml").write_text(f"cases:\n  - {case}\n")
    failed = vires(*ADOPT, str(draft), "--authority", "camden")
    assert failed.exit_code == 4 and "worked cases of camden fail: 1" in failed.output


def test_an_adopted_pack_decides_is_frozen_and_every_decision_replays(vires: Run, draft: Path) -> None:
    vires("case", "open", "camden", "--title", "Advice", "--id", "2027-001")
    vires("case", "advance", "camden/2027-001", "assess-need")
    before = _decided_under(vires)
    both(vires, draft)
    after = _decided_under(vires)
    (draft / "camden.yaml").write_text("rules: {}\n")
    assert before != after == _decided_under(vires)
    replayed = vires("audit", "replay", "camden")
    assert replayed.exit_code == 0, replayed.output
    assert vires("audit", "verify", "camden").exit_code == 0


def _decided_under(vires: Run) -> str:
    """The digest of Camden's pack that a decision, refused or not, rests on."""
    vires("case", "advance", "camden/2027-001", "decide-strategy")
    entries = json.loads(vires("audit", "log", "camden", "--format", "json").output)["entries"]
    return next(each["digests"]["packs"]["camden"] for each in reversed(entries) if each["kind"] == "decision")


def test_a_retired_pack_gives_way_to_the_one_that_came_with_the_program(vires: Run, draft: Path) -> None:
    both(vires, draft)
    assert vires("rules", "retire", "camden", "--authority", "camden").exit_code == 0
    assert vires("rules", "retire", "camden", "--authority", "camden", "--confirm", who="bob").exit_code == 0
    assert "adopted nothing" in vires("rules", "adopted", "--authority", "camden").output
    again = vires("rules", "retire", "camden", "--authority", "camden")
    assert again.exit_code == 2 and "has adopted nothing called 'camden'" in again.output


def test_a_calendar_with_a_proclaimed_holiday_is_adopted_the_same_way(vires: Run, tmp_path: Path) -> None:
    source = (ROOT / "rules" / "calendars" / "england-and-wales.yaml").read_text()
    file = tmp_path / "england-and-wales.yaml"
    file.write_text(source.rstrip("\n") + '\n  "2027-06-15": A proclaimed holiday\n')
    said = vires(*ADOPT, str(file), "--authority", "camden")
    assert said.exit_code == 0 and "15 Jun 2027 is a bank holiday: A proclaimed holiday" in said.output
    assert vires(*ADOPT, str(file), "--authority", "camden", "--confirm", who="bob").exit_code == 0
    assert vires("audit", "verify", "camden").exit_code == 0


def test_a_new_authority_gets_a_log_with_its_first_pack(vires: Run, tmp_path: Path) -> None:
    made = vires("rules", "new", "authority", "hackney", "--into", str(tmp_path))
    assert made.exit_code == 0, made.output
    folder = str(tmp_path / "hackney")
    assert vires(*ADOPT, folder, "--authority", "hackney").exit_code == 0
    assert vires(*ADOPT, folder, "--authority", "hackney", "--confirm", who="bob").exit_code == 0
    opened = vires("case", "open", "hackney", "--title", "Advice")
    assert opened.exit_code == 0, opened.output
    elsewhere = vires(*ADOPT, folder, "--authority", "camden")
    assert elsewhere.exit_code == 2
    assert "the pack hackney binds hackney, and nothing in it camden; write --authority hackney" in elsewhere.output
    gone = vires("rules", "retire", "hackney", "--authority", "hackney")
    assert "nothing counts in its place: no pack hackney came with the program" in " ".join(gone.output.split())


def test_a_forged_confirmation_by_the_same_person_counts_for_nothing() -> None:
    from engine import adoption, ledger

    head, entries = None, []
    digest = "a" * 64
    proposal = {"stage": "proposed", "act": "adopt", "what": "pack", "id": "camden", "digest": digest}
    ann, confirmed = "1" * 16, {"stage": "confirmed", "proposal": 2}
    for actor, body in ((ann, {"training": True}), (ann, proposal), (ann, confirmed)):
        kind = "log-opened" if head is None else adoption.KIND
        draft = ledger.Draft(None, kind, actor, "2026-03-02", body, {})
        entries.append(ledger.compose(head, "camden", draft, "2026-03-02T10:00:00Z"))
        head = ledger.head_after(ledger.write(entries[-1], ()))
    assert adoption.folded(entries).in_force == {}


def test_what_is_next_after_a_proposal_can_be_pasted_by_the_second_person(vires: Run, draft: Path) -> None:
    for words in ((*ADOPT, str(draft)), ("rules", "retire", "camden")):
        first = vires(*words, "--authority", "camden")
        said = re.search(r"next +vires (.*)", first.output)
        assert said, first.output
        second = vires(*shlex.split(said[1]), who="bob")
        assert second.exit_code == 0, second.output
    assert "taken back from now on" in second.output and "in force" not in second.output
