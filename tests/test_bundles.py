"""Bundles: sound ones verify here and by the script without Vires; whatever is changed in one is found by both."""

from __future__ import annotations

import importlib.util
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import auditing, bundles, canonical, checkpoints, ledger, library, merkle, packs, signing
from engine.anchoring import Anchors
from engine.bundles import Bundle, Line
from engine.checkpoints import Checkpoint
from engine.ledger import Step
from tests.store_contract import OPENED, draft, sealed_draft, written

SCRIPT = Path(library.__file__).parent / "standalone" / "verify_bundle.py"
KEY = signing.signer("vires", bytes(range(32)))
PACK = {"pack.yaml": "pack: one\n", "rules.yaml": "rules: {}\n"}
DIGEST = packs.digest(PACK)
OPENINGS = tuple(sealed_draft(number)[1] for number in range(4))
LOG = written(
    "camden",
    [
        OPENED,
        *(sealed_draft(number)[0] for number in range(4)),
        draft("2026-015")._replace(digests={"packs": {"one": DIGEST}}),
    ],
    openings=OPENINGS,
)
LEAVES = tuple(write.leaf for write in LOG)
NOTE = checkpoints.sign(Checkpoint("vires/camden", 6, merkle.root(LEAVES)), KEY).encode()
WHOLE = Bundle(
    "camden",
    False,
    "the whole log",
    "2026-01-06T09:00:00Z",
    tuple(Line(write.entry.sequence, write.bytes) for write in LOG),
    LEAVES,
    {each.commitment: each for each in OPENINGS[:2]},
    {OPENINGS[2].commitment: "foia-40"},
    {DIGEST: packs.archive(PACK)},
    NOTE,
)
SOME = replace(WHOLE, lines=(WHOLE.lines[0], WHOLE.lines[5]), openings={}, withheld={}, about="case camden/2026-015")


def zipped(bundle: Bundle = WHOLE) -> bytes:
    return bundles.write(bundle, "# A bundle\n", SCRIPT.read_text())


def verify(data: bytes, anchors: Anchors = Anchors(keys=[KEY.verifier])) -> dict[str, Step]:  # noqa: B008
    steps = auditing.verify_bundle(data, anchors)
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert all(step.ok == (not step.problems) for step in steps)
    return {step.title: step for step in steps}


def failed(data: bytes, anchors: Anchors = Anchors(keys=[KEY.verifier])) -> list[str]:  # noqa: B008
    return [title for title, step in verify(data, anchors).items() if not step.ok]


def by_script(data: bytes, folder: Path, *words: str) -> tuple[int, str]:
    """The exit code and output of the script, run as somebody without Vires would."""
    (folder / "b.zip").write_bytes(data)
    command = [sys.executable, "-I", str(SCRIPT), "b.zip", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def rezipped(files: Mapping[str, bytes], listed: bool = True) -> bytes:
    """A zip of the files, their digests listed again by whoever changed them."""
    about = canonical.decode(files[bundles.ABOUT])
    assert isinstance(about, dict)
    if listed:
        about["files"] = {name: canonical.digest(data) for name, data in files.items() if name != bundles.ABOUT}
    return bundles._zip({**files, bundles.ABOUT: canonical.encode(about)})


FILES = bundles.unpack(zipped())


def test_a_sound_bundle_verifies_and_says_how_far(tmp_path: Path) -> None:
    steps = verify(zipped())
    assert [title for title, step in steps.items() if not step.ok] == []
    assert steps["entries"].detail == "6 of 6 entries: the whole log"
    assert steps["reach of the anchors"].detail == "proved up to entry 6"
    assert steps["openings"].detail == "2 match, 1 withheld (foia-40), 0 erased"
    assert "no erasure here says so" in steps["openings"].limit
    code, said = by_script(zipped(), tmp_path, "--signed-by", KEY.verifier.line)
    assert (code, "signed by vires" in said, "1 withheld (foia-40)" in said) == (0, True, True)


def test_some_entries_verify_against_the_same_checkpoint(tmp_path: Path) -> None:
    steps = verify(zipped(SOME))
    assert [title for title, step in steps.items() if not step.ok] == []
    assert steps["entries"].detail == "2 of 6 entries: case camden/2026-015"
    assert "left out" in steps["entries"].limit
    assert by_script(zipped(SOME), tmp_path, "--signed-by", KEY.verifier.line)[0] == 0


def test_a_bundle_written_twice_is_the_same_bytes_and_reads_back_as_it_was() -> None:
    assert zipped() == zipped()
    assert bundles.read(bundles.unpack(zipped())) == WHOLE


def test_without_a_key_the_checkpoint_in_it_is_no_anchor(tmp_path: Path) -> None:
    steps = verify(zipped(), Anchors())
    assert "no --signed-by" in steps["checkpoint and receipts"].limit
    assert steps["reach of the anchors"].detail == "no anchor"
    assert "NOT verified" in by_script(zipped(), tmp_path)[1]
    assert "consistent, not proved" in by_script(zipped(replace(WHOLE, checkpoint=None)), tmp_path)[1]


def test_a_bundle_whose_checkpoint_was_taken_out_fails_whoever_says_who_must_have_signed_it(tmp_path: Path) -> None:
    """Else somebody could write the whole of it again and leave out the one thing they cannot sign."""
    stripped = zipped(replace(WHOLE, checkpoint=None))
    assert failed(stripped) == ["checkpoint and receipts"] and failed(stripped, Anchors()) == []
    assert failed(stripped, Anchors((), [NOTE], [KEY.verifier])) == [], "the reader's own checkpoint is signed"
    code, said = by_script(stripped, tmp_path, "--signed-by", KEY.verifier.line)
    assert code == 5 and "there is no checkpoint" in said
    assert by_script(stripped, tmp_path)[0] == 0


def test_a_bundle_signed_by_another_key_fails(tmp_path: Path) -> None:
    other = signing.signer("vires", bytes(32)).verifier
    assert failed(zipped(), Anchors(keys=[other])) == ["checkpoint signatures"]
    assert by_script(zipped(), tmp_path, "--signed-by", other.line)[0] == 5


def test_receipts_and_checkpoints_that_the_reader_kept_are_held_against_it() -> None:
    receipts = [ledger.receipt(write.entry, write.leaf) for write in LOG]
    older = checkpoints.sign(Checkpoint("vires/camden", 3, merkle.root(LEAVES[:3])), KEY).encode()
    assert failed(zipped(SOME), Anchors(receipts, [older], [KEY.verifier])) == []
    forged = checkpoints.sign(Checkpoint("vires/camden", 3, bytes(32)), KEY).encode()
    assert "Merkle root" in failed(zipped(SOME), Anchors([], [forged], [KEY.verifier]))
    wrong = [receipts[2][:-1] + ("0" if receipts[2][-1] != "0" else "1"), f"camden:9:{'0' * 24}"]
    assert failed(zipped(SOME), Anchors(wrong, [], [KEY.verifier])) == ["checkpoint and receipts"]


def test_the_decisions_of_a_bundle_can_be_read_as_a_store_is() -> None:
    shelf = bundles.Shelf(WHOLE)
    assert [row.sequence for row in shelf.rows("camden", after=2)] == [3, 4, 5, 6]
    assert [row.sequence for row in shelf.rows("camden", "2026-015")] == [6]
    assert list(shelf.rows("merton")) == []
    assert shelf.artifacts([DIGEST, "0" * 64]) == {DIGEST: packs.archive(PACK)}
    assert set(shelf.openings("camden")) == set(WHOLE.openings)


# ---- what is changed inside


def changed_log(number: int) -> tuple[Line, ...]:
    drafts = [
        ledger.Draft(e.case, e.kind, e.actor, e.happened if e.sequence != number else "2025-12-01", e.body, e.digests)
        for e in (write.entry for write in LOG)
    ]
    return tuple(Line(write.entry.sequence, write.bytes) for write in written("camden", drafts))


OTHER = Line(2, ledger.encode(replace(LOG[1].entry, happened="2025-12-01")))
TAMPERED: Mapping[str, Callable[[], Bundle]] = {
    "entry changed": lambda: replace(WHOLE, lines=(WHOLE.lines[0], OTHER, *WHOLE.lines[2:])),
    "entry left out of the whole": lambda: replace(WHOLE, lines=WHOLE.lines[1:]),
    "entries swapped": lambda: replace(WHOLE, lines=(*WHOLE.lines[:2], WHOLE.lines[3], WHOLE.lines[2])),
    "entry twice": lambda: replace(WHOLE, lines=(*WHOLE.lines, WHOLE.lines[5])),
    "leaf changed": lambda: replace(WHOLE, leaves=(*LEAVES[:5], bytes(32))),
    "log cut short": lambda: replace(WHOLE, lines=WHOLE.lines[:5], leaves=LEAVES[:5], kept={}),
    "log written again": lambda: replace(
        WHOLE, lines=changed_log(2), leaves=tuple(ledger.leaf(line.data) for line in changed_log(2))
    ),
    "opening forged": lambda: replace(
        WHOLE, openings={OPENINGS[0].commitment: OPENINGS[0]._replace(value=b'"Another"')}, withheld={}
    ),
    "opening of nothing": lambda: replace(SOME, openings={OPENINGS[0].commitment: OPENINGS[0]}),
    "withheld nothing": lambda: replace(SOME, withheld={"0" * 64: "foia-40"}),
    "withheld and open": lambda: replace(WHOLE, withheld={OPENINGS[0].commitment: "foia-40"}),
    "pack missing": lambda: replace(WHOLE, kept={}),
    "pack changed": lambda: replace(WHOLE, kept={DIGEST: packs.archive({**PACK, "rules.yaml": "rules: 1\n"})}),
    "pack with a file that its digest leaves out": lambda: replace(
        WHOLE, kept={DIGEST: canonical.encode({**PACK, "rules.cases.yaml": "x"})}
    ),
    "pack that nothing names": lambda: replace(WHOLE, kept={**WHOLE.kept, packs.digest({"a": "b"}): b'{"a":"b"}'}),
    "said to be training": lambda: replace(WHOLE, training=True),
    "said to be another's": lambda: replace(WHOLE, authority="merton"),
    "checkpoint of another size": lambda: replace(
        WHOLE, checkpoint=checkpoints.sign(Checkpoint("vires/camden", 5, merkle.root(LEAVES[:5])), KEY).encode()
    ),
    "checkpoint of another log": lambda: replace(
        WHOLE, checkpoint=checkpoints.sign(Checkpoint("vires/merton", 6, merkle.root(LEAVES)), KEY).encode()
    ),
    "checkpoint of a training store": lambda: replace(
        WHOLE, checkpoint=checkpoints.sign(Checkpoint("vires/camden/training", 6, merkle.root(LEAVES)), KEY).encode()
    ),
    "checkpoint altered": lambda: replace(WHOLE, checkpoint=NOTE.replace(b"\n6\n", b"\n5\n")),
    "checkpoint no checkpoint": lambda: replace(WHOLE, checkpoint=b"6\n"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_changed_in_a_bundle_is_found_by_both(what: str, tmp_path: Path) -> None:
    data = zipped(TAMPERED[what]())
    assert failed(data), what
    assert by_script(data, tmp_path, "--signed-by", KEY.verifier.line)[0] == 5, what


# ---- the zip itself


def zip_of(*members: tuple[zipfile.ZipInfo | str, bytes], pressed: bool = True) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED if pressed else zipfile.ZIP_STORED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return made.getvalue()


def member(name: str, kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = kind << 16
    return info


def with_bytes_between(comment: bytes = b"", between: bytes = b"", extra: bytes = b"") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in FILES.items():
            info = zipfile.ZipInfo(name)
            info.extra = extra
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
            made.write(between)
            archive.start_dir = made.tell()
        archive.comment = comment
    return made.getvalue()


def behind_a_stream() -> bytes:
    """A zip in which bytes stand behind what inflates to the last file, and count as its own."""
    data = zip_of(*GOOD)
    end = data.index(b"PK\x01\x02")
    last = data.rindex(b"PK\x03\x04", 0, end)
    listed = data.rindex(b"PK\x01\x02")
    start = int.from_bytes(data[-6:-2], "little") + 4
    size = (int.from_bytes(data[last + 18 : last + 22], "little") + 4).to_bytes(4, "little")
    told = data[:last] + data[last : last + 18] + size + data[last + 22 : end] + b"junk"
    directory = data[end : listed + 20] + size + data[listed + 24 : -6]
    return told + directory + start.to_bytes(4, "little") + data[-2:]


GOOD = tuple(FILES.items())
BUT_ONE = tuple(each for each in GOOD if each[0] != "README.md")
HOSTILE: Mapping[str, Callable[[], bytes]] = {
    "bytes before": lambda: b"junk" + zipped(),
    "bytes after": lambda: zipped() + b"junk",
    "bytes between": lambda: with_bytes_between(between=b"junk"),
    "bytes behind a stream": behind_a_stream,
    "a comment": lambda: with_bytes_between(comment=b"junk"),
    "an extra field": lambda: with_bytes_between(extra=b"\xca\xfe\x04\0junk"),
    "no zip": lambda: b"PK\x03\x04 and nothing",
    "empty": lambda: b"",
    "cut short": lambda: zipped()[:-30],
    "slip": lambda: zip_of(*GOOD, ("../../etc/cron.d/x", b"x")),
    "absolute": lambda: zip_of(*GOOD, ("/etc/passwd", b"x")),
    "backslash": lambda: zip_of(*GOOD, ("..\\x", b"x")),
    "slip in kept": lambda: zip_of(*GOOD, ("kept/../../x.json", b"x")),
    "folder": lambda: zip_of(*GOOD, ("kept/", b"")),
    "unknown file": lambda: zip_of(*GOOD, ("notes.txt", b"x")),
    "unknown file, listed": lambda: rezipped({**FILES, "notes.txt": b"x"}),
    "capitals": lambda: zip_of(*GOOD, ("readme.md", b"x")),
    "link": lambda: zip_of(
        *[each for each in GOOD if each[0] != "README.md"], (member("README.md", 0o120777), b"/etc")
    ),
    "device": lambda: zip_of(*[each for each in GOOD if each[0] != "README.md"], (member("README.md", 0o020666), b"")),
    "file missing": lambda: zip_of(*[each for each in GOOD if each[0] != "leaves.txt"]),
    "digest of another": lambda: zip_of(*[(name, data if name != "README.md" else b"x") for name, data in GOOD]),
    "bomb": lambda: rezipped({**FILES, "README.md": bytes(64 << 20)}),
    "no manifest": lambda: zip_of(*[each for each in GOOD if each[0] != bundles.ABOUT]),
    "manifest not canonical": lambda: zip_of(*[(name, data + b" " * (name == bundles.ABOUT)) for name, data in GOOD]),
    "lines cut short": lambda: rezipped({**FILES, "leaves.txt": FILES["leaves.txt"][:-1]}),
    "an opening twice": lambda: rezipped({**FILES, "openings.jsonl": FILES["openings.jsonl"] * 2}),
    "an opening that is none": lambda: rezipped({**FILES, "openings.jsonl": b"{}\n"}),
    "entry not canonical": lambda: rezipped(
        {**FILES, "entries.jsonl": FILES["entries.jsonl"].replace(b'{"actor"', b'{ "actor"', 1)}
    ),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("what", [*HOSTILE, "duplicate"])
def test_a_hostile_zip_is_refused_by_both(what: str, tmp_path: Path) -> None:
    data = zip_of(*GOOD, ("README.md", FILES["README.md"])) if what == "duplicate" else HOSTILE[what]()
    assert failed(data), what
    assert by_script(data, tmp_path, "--signed-by", KEY.verifier.line)[0] == 5, what
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.zip"]


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(bundles.LedgerError, match="unpacks to more than a bundle may"):
        bundles.unpack(HOSTILE["bomb"]())


@settings(max_examples=200)
@given(st.data())
def test_a_zip_with_any_bytes_changed_is_never_a_traceback_nor_another_bundle(data: st.DataObject) -> None:
    made = zipped()
    place = data.draw(st.integers(0, len(made) - 1))
    changed = made[:place] + data.draw(st.binary(min_size=1, max_size=4)) + made[place + data.draw(st.integers(0, 4)) :]
    steps = auditing.verify_bundle(changed, Anchors(keys=[KEY.verifier]))
    if all(step.ok for step in steps):  # what zip keeps beside the content: dates, padding
        assert bundles.read(bundles.unpack(changed)) == WHOLE


@settings(max_examples=200)
@given(st.sampled_from([*FILES]), st.data())
def test_any_file_changed_and_listed_again_is_found_or_is_only_words(name: str, data: st.DataObject) -> None:
    old = FILES[name]
    place = data.draw(st.integers(0, len(old)))
    changed = old[:place] + data.draw(st.binary(max_size=4)) + old[place + data.draw(st.integers(0, 4)) :]
    if changed == old:
        return
    try:
        made = rezipped({**FILES, name: changed}, listed=name != bundles.ABOUT)
    except bundles.LedgerError:
        return
    if not failed(made):
        assert name in ("README.md", "verify_bundle.py", bundles.ABOUT) or name == bundles.WITHHELD
        read = bundles.read(bundles.unpack(made))
        assert replace(read, about=WHOLE.about, made=WHOLE.made, withheld=WHOLE.withheld) == WHOLE


def accepts(data: bytes, place: Path) -> bool:
    """Whether the script, read here as a module, finds nothing out of place."""
    spec = importlib.util.spec_from_file_location("verify_bundle", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    place.write_bytes(data)
    bundle = module.Bundle(str(place), KEY.verifier.line)
    try:
        for step in (bundle.files, bundle.entries, bundle.leaves, bundle.checkpoint, bundle.openings, bundle.kept):
            step()
    except Exception:
        return False
    return True


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from([*FILES]), data=st.data())
def test_the_script_accepts_what_vires_accepts_and_nothing_else(name: str, data: st.DataObject, tmp_path: Path) -> None:
    old = FILES[name]
    place = data.draw(st.integers(0, len(old)))
    put = data.draw(st.binary(max_size=3) | st.sampled_from([b" ", b"\n", b"0", b'"', b"1", old[:40]]))
    changed = old[:place] + put + old[place + data.draw(st.sampled_from([0, 1, 2, 80])) :]
    try:
        made = rezipped({**FILES, name: changed}, listed=name != bundles.ABOUT)
    except bundles.LedgerError:
        return
    assert accepts(made, tmp_path / "b.zip") is not bool(failed(made))


def test_a_script_that_is_not_ours_is_not_to_be_run() -> None:
    made = rezipped({**FILES, "verify_bundle.py": b"import os\n"})
    assert "do not run it" in verify(made)["files"].limit


def test_wrong_usage_of_the_script_is_2() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "usage" in done.stderr
