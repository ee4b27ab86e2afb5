"""Every log that a release wrote verifies and replays: what was lawful to write then is readable now and ever after."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import __version__, anchoring, auditing, bundles, checkpoints, ledger, library, proofs, signing
from engine.anchoring import Anchors
from tests.golden import acts, faults
from tests.golden.make import make
from tests.simulator import shelf

GOLDEN = Path(__file__).parent / "golden"
NAMES = {make: __version__, acts.make: f"{__version__}-acts", faults.make: f"{__version__}-faults"}
FOLDERS = sorted(path for path in GOLDEN.iterdir() if path.is_dir() and path.name[0].isdigit())

pytestmark = pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)


def anchors(folder: Path) -> Anchors:
    notes = [(folder / name).read_bytes() for name in ("older.note", "camden.note")]
    receipts = (folder / "receipts.txt").read_text().split()
    return Anchors(receipts, notes, [signing.read_verifier((folder / "officer.pub").read_text())])


@pytest.mark.parametrize("name", ["camden.zip", "public.zip"])
def test_the_bundles_verify_to_the_last_entry(folder: Path, name: str) -> None:
    steps = auditing.verify_bundle((folder / name).read_bytes(), anchors(folder))
    assert [(step.title, step.problems) for step in steps if not step.ok] == []
    expected = json.loads((folder / "expected.json").read_text())
    assert {step.title: step.detail for step in steps}[anchoring.REACH] == f"proved up to entry {expected['entries']:,}"


@pytest.mark.parametrize("name", ["camden.zip", "public.zip"])
def test_the_script_of_today_verifies_them_too(folder: Path, name: str) -> None:
    script = Path(library.__file__).parent / "standalone" / "verify_bundle.py"
    command = [sys.executable, "-I", str(script), str(folder / name), "--signed-by", str(folder / "officer.pub")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_decision_comes_to_the_same_answer(folder: Path) -> None:
    authority, again = auditing.replay_bundle((folder / "camden.zip").read_bytes())
    results = list(again)
    assert authority == "camden" and [each.differs for each in results if each.differs] == []
    expected = json.loads((folder / "expected.json").read_text())["decisions"]
    assert [[each.entry, each.step, each.answer] for each in results] == expected


def test_the_proofs_hold(folder: Path) -> None:
    held = anchors(folder)
    olds = [checkpoints.opened(held.notes[0], held.keys)]
    for name in ("3.tlog-proof", "grown.proof"):
        steps = proofs.verify((folder / name).read_bytes(), held.keys, olds)
        assert [step.problems for step in steps if not step.ok] == []


def test_it_holds_every_kind_of_entry_there_is_to_write(folder: Path) -> None:
    bundle = bundles.read(bundles.unpack((folder / "camden.zip").read_bytes()))
    kinds = {row.kind for row in bundles.Shelf(bundle).rows("camden")}
    assert {"log-opened", "actor", "case-opened", "recorded", "decision", "judgement"} <= kinds
    assert ("fault" if folder.name.endswith("-faults") else "retention") in kinds
    if folder.name.endswith("-acts"):
        assert set(ledger.KINDS) - kinds == {"fault"}, "no honest store writes a fault while the evaluators agree"
        named = {str(entry.body.get("name", "")) for entry in auditing.entries(bundles.Shelf(bundle), "camden")}
        expected = {"tenders.due", "waiver.granted", "award_approval.given", "joint.mode", "lot/north.state"}
        assert expected | {"clock.suspended", "clock.resumed", "declaration/1.made"} <= named


@pytest.mark.parametrize("maker", [make, faults.make, pytest.param(acts.make, marks=pytest.mark.soak)])
def test_the_maker_still_makes_one(
    folder: Path, maker: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if folder.name != NAMES[maker]:
        pytest.skip("the log of an older release, or of another maker, is not made again")
    monkeypatch.setattr(library, "shipped", shelf)
    maker(tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == {path.name for path in folder.iterdir()}
