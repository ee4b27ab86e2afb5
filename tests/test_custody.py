"""Keys, checkpoints and proofs on the command line: made, kept apart, verified, and refused where they must be."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli
from engine import library
from tests.simulator import NAME, put_file, shelf

CASE = f"camden/{NAME}"
Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def one_shelf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(library, "shipped", shelf)
    monkeypatch.chdir(tmp_path)
    for name in ("VIRES_DATABASE", "VIRES_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def vires(*words: str, at: str = "2025-05-02 10:00", by: str = "ann", code: int = 0) -> Result:
    told = ["--database", "council.db", "--clock", at, "--as", by]
    result = CliRunner().invoke(cli.main, [*told, *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result


def said(*words: str, code: int = 0) -> str:
    """What the command prints, on one line however it was wrapped."""
    return " ".join(vires(*words, code=code).stdout.split())


@pytest.fixture
def kept(tmp_path: Path) -> None:
    """A store, a key, a checkpoint of it, one more entry, and a second checkpoint."""
    put_file(tmp_path / "council.db")
    vires("audit", "keygen", "officer.key")
    vires("audit", "checkpoint", "camden", "--key", "officer.key", "--out", "old.note")
    vires("case", "record", CASE, "contract.kind=services")
    vires("audit", "checkpoint", "camden", "--key", "officer.key", "--old", "old.note", "--out", "new.note")


def test_a_key_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    shown = vires("audit", "keygen", "a.key", "--name", "camden.gov.uk/vires").stdout
    assert stat.S_IMODE(os.stat("a.key").st_mode) == 0o600
    public = Path("a.key.pub").read_text().strip()
    assert public in shown and public.startswith("camden.gov.uk/vires+")
    assert Path("a.key").read_text().strip().split("+", 4)[4] not in shown  # base64 may hold a + of its own
    before = Path("a.key").read_bytes()
    assert "nothing is overwritten" in vires("audit", "keygen", "a.key", code=2).stderr
    Path("b.key.pub").write_text("somebody's")
    vires("audit", "keygen", "b.key", code=2)
    assert Path("a.key").read_bytes() == before and not Path("b.key").exists()
    plain = json.loads(vires("audit", "keygen", "c.key", "--format", "json").stdout)
    assert plain["verifier"] == Path("c.key.pub").read_text().strip()


def test_a_key_that_others_may_read_is_not_used(kept: None) -> None:
    os.chmod("officer.key", 0o644)
    assert "chmod 600" in vires("audit", "checkpoint", "camden", "--key", "officer.key", code=2).stderr
    assert "not a private key" in _refused("audit", "checkpoint", "camden", "--key", "old.note")
    assert "cannot be read" in _refused("audit", "checkpoint", "camden", "--key", "nothing.key")
    assert "cannot name a key" in _refused("audit", "keygen", "d.key", "--name", "a b")


def _refused(*words: str, code: int = 2) -> str:
    if words[1] == "checkpoint" and Path(words[-1]).exists():
        os.chmod(words[-1], 0o600)
    result = vires(*words, code=code)
    assert result.stderr.startswith("vires: ") and result.stderr.count("\n") == 1
    return result.stderr


def test_a_checkpoint_is_a_note_on_standard_output_or_json() -> None:
    put_file(Path("council.db"))
    vires("audit", "keygen", "officer.key")
    note = vires("audit", "checkpoint", "camden", "--key", "officer.key").stdout
    assert note.startswith("vires/camden/training\n") and "\n\n\u2014 vires " in note
    plain = json.loads(vires("audit", "checkpoint", "camden", "--key", "officer.key", "--format", "json").stdout)
    assert plain["text"] == note
    assert plain["origin"] == "vires/camden/training" and plain["signed_by"] == ["vires"]


def test_the_log_is_proved_up_to_the_last_checkpoint(kept: None) -> None:
    held = ("--checkpoint", "old.note", "--checkpoint", "new.note", "--signed-by", "officer.key.pub")
    shown = said("audit", "verify", "camden", *held)
    assert "proved up to entry" in shown and "each is the beginning of the next" in shown
    vires("case", "record", CASE, "contract.kind=goods")
    assert "1 entry after it: consistent, not proved" in said("audit", "verify", *held)
    plain = json.loads(vires("audit", "verify", *held, "--format", "json").stdout)
    last = plain["logs"]["camden"][-1]
    assert (plain["verified"], last["step"], last["title"]) == (True, 13, "reach of the anchors")
    assert last["cannot_say"] == "1 entry after it: consistent, not proved"


def test_what_was_rewritten_before_a_checkpoint_is_found_by_it_alone(kept: None) -> None:
    with sqlite3.connect("council.db") as connection:
        connection.execute("DROP TRIGGER entry_DELETE")
        connection.execute("DELETE FROM entry WHERE sequence = (SELECT max(sequence) FROM entry)")
    shown = said("audit", "verify", "--checkpoint", "new.note", code=5)
    assert "it was cut short" in shown and "the first bad entry is" in shown
    assert "not the continuation" in _refused(
        *("audit", "checkpoint", "camden", "--old", "new.note", "--key", "officer.key"), code=5
    )


def test_a_log_that_does_not_verify_is_not_signed(kept: None) -> None:
    with sqlite3.connect("council.db") as connection:
        connection.execute("DROP TRIGGER entry_UPDATE")
        connection.execute("UPDATE entry SET bytes = replace(bytes, 'vires', 'virus') WHERE sequence = 2")
    assert "nothing was signed" in _refused("audit", "checkpoint", "camden", "--key", "officer.key", code=5)


def test_an_entry_is_proved_to_somebody_without_the_log(kept: None) -> None:
    vires("audit", "prove", "camden:3", "--checkpoint", "new.note", "--out", "3.tlog-proof")
    os.remove("council.db")
    shown = vires("audit", "verify", "3.tlog-proof", "--signed-by", "officer.key.pub").stdout
    assert "TRAINING" in shown and "entry 3 of camden" in shown
    assert json.loads(vires("audit", "verify", "3.tlog-proof", "--format", "json").stdout)["verified"] is True
    data = Path("3.tlog-proof").read_bytes()
    Path("bad.tlog-proof").write_bytes(data.replace(b"index 2", b"index 3"))
    assert "does not verify" in vires("audit", "verify", "bad.tlog-proof", code=5).stdout
    vires("audit", "verify", "new.note", "--signed-by", "officer.key.pub")
    vires("audit", "keygen", "other.key")
    assert "none of the keys" in vires("audit", "verify", "new.note", "--signed-by", "other.key.pub", code=5).stdout


def test_an_entry_may_be_named_by_its_receipt_which_must_be_its_own(kept: None) -> None:
    receipt = vires("case", "record", CASE, "contract.kind=goods").stdout.split("receipt")[1].strip()
    vires("audit", "prove", receipt, "--key", "officer.key", "--out", "last.tlog-proof")
    wrong = receipt[:-1] + ("0" if receipt[-1] != "0" else "1")
    assert "not the one its receipt" in _refused("audit", "prove", wrong, "--key", "officer.key", code=5)


def test_a_log_is_proved_to_have_only_grown(kept: None) -> None:
    vires("audit", "prove", "--from", "old.note", "--checkpoint", "new.note", "--out", "grown.proof")
    held = ("--checkpoint", "old.note", "--signed-by", "officer.key.pub")
    assert "added after them" in said("audit", "verify", "grown.proof", *held)
    newer = ("--checkpoint", "new.note", "--signed-by", "officer.key.pub")
    assert "no checkpoint given is of" in said("audit", "verify", "grown.proof", *newer, code=5)
    assert "the older checkpoint is of" in _refused(
        *("audit", "prove", "--from", "new.note", "--checkpoint", "old.note")
    )


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["prove"], 2, "prove either an entry or --from"),
        (["prove", "camden:3"], 2, "a proof leads to a checkpoint"),
        (["prove", "camden", "--key", "officer.key"], 2, "is not an entry"),
        (["prove", "camden:99", "--key", "officer.key"], 2, "entry 99 is not among them"),
        (["prove", "atlantis:1", "--key", "officer.key"], 2, "no log of 'atlantis'"),
        (["prove", "camden:1", "--checkpoint", "officer.key.pub"], 5, "officer.key.pub: not a signed note"),
        (["verify", "council.db"], 2, "vires audit verify --database council.db"),
        (["checkpoint", "atlantis", "--key", "officer.key"], 2, "no log of 'atlantis'"),
        (["verify", "--checkpoint", "officer.key.pub"], 5, "not a signed note"),
        (["verify", "--checkpoint", "nothing.note"], 2, "cannot be read"),
        (["verify", "--signed-by", "nobody"], 2, "is not a verifier key"),
        (["verify", "camden", "--signed-by", "officer.key.pub"], 2, "nothing here is signed"),
        (["verify", "nothing.tlog-proof"], 2, "cannot be read"),
        (["verify", "new.note", "--receipt", "camden:1:" + "0" * 24], 2, "held against a log"),
    ],
)
def test_a_mistake_is_answered_in_one_line(kept: None, words: list[str], code: int, why: str) -> None:
    assert why in _refused("audit", *words, code=code)


def test_a_bundle_is_taken_away_verified_and_replayed_without_the_store(kept: None) -> None:
    vires("audit", "bundle", CASE, "--checkpoint", "new.note", "--out", "case.zip")
    vires("audit", "bundle", "camden", "--all", "--key", "officer.key", "--out", "all.zip")
    vires("audit", "bundle", "camden", "--since", "2025-05-01", "--out", "since.zip")
    os.remove("council.db")
    for name in ("case.zip", "all.zip"):
        assert "proved up to entry" in said("audit", "verify", name, "--signed-by", "officer.key.pub")
        assert "decisions come to the same answer" in said("audit", "replay", name)
    assert "no anchor" in said("audit", "verify", "since.zip")
    assert json.loads(vires("audit", "verify", "all.zip", "--format", "json").stdout)["training"] is True


def test_a_bundle_of_a_case_tells_the_posts_of_those_who_acted_in_it_and_of_nobody_else(kept: None) -> None:
    """Each entry on a post seals a login: those of strangers to the case have no business in its bundle."""
    for login in ("bob", "eve"):
        assign = ("post", "assign", login, "director", "--authority", "camden")
        vires(*assign)
        vires(*assign, "--confirm", by="mia")
    vires("case", "record", CASE, "contract.health_service=no", by="bob")
    vires("audit", "bundle", CASE, "--out", "014.zip")
    vires("audit", "verify", "014.zip")
    entries = json.loads(vires("audit", "log", "014.zip", "--format", "json").stdout)["entries"]
    whole = json.loads(vires("audit", "log", "camden", "--format", "json").stdout)["entries"]
    told = [{each["body"]["person"] for each in log if each["kind"] == "post"} for log in (entries, whole)]
    assert list(map(len, told)) == [1, 2] and len([each for each in entries if each["kind"] == "post"]) == 2
    with zipfile.ZipFile("014.zip") as archive:
        opened = archive.read("openings.jsonl")
    assert b'"bob"' in opened and b'"eve"' not in opened and b'"mia"' not in opened


def test_a_bundle_that_was_altered_is_neither_verified_nor_replayed(kept: None) -> None:
    vires("audit", "bundle", "camden", "--all", "--out", "all.zip")
    data = Path("all.zip").read_bytes()
    Path("bad.zip").write_bytes(data[:-40])
    assert "not a sound bundle" in said("audit", "verify", "bad.zip", code=5)
    assert "the bundle does not verify" in _refused("audit", "replay", "bad.zip", code=5)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "which log?"),
        (["camden"], "which entries?"),
        (["camden", "--all", "--since", "2025-05-01"], "which entries?"),
        ([CASE, "--all"], "not both"),
        (["camden/none"], "there is no case"),
        (["atlantis", "--all"], "no log of 'atlantis'"),
        (["camden", "--all", "--key", "officer.key", "--checkpoint", "new.note"], "give --checkpoint or --key"),
        (["camden", "--all", "--since", "yesterday"], "which entries?"),
        (["camden", "--since", "yesterday"], "--since"),
    ],
)
def test_a_bundle_of_nothing_in_particular_is_refused(kept: None, words: list[str], why: str) -> None:
    assert why in _refused("audit", "bundle", *words, "--out", "x.zip")
    assert not Path("x.zip").exists()


def test_nothing_is_overwritten_by_a_bundle(kept: None) -> None:
    Path("x.zip").write_text("mine")
    assert "nothing is overwritten" in _refused("audit", "bundle", "camden", "--all", "--out", "x.zip")
    assert Path("x.zip").read_text() == "mine"
