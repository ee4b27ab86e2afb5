"""What must hold of any bytes that a parser of logs, notes, proofs and bundles is given, and where a fuzzer may begin.

`tests/test_fuzzing.py` hands each check bytes by hypothesis; in soak by atheris, in a process of its own:

    python -m tests.fuzzing bundle FOLDER 60      a target, a folder for inputs that fail, seconds
"""

from __future__ import annotations

import base64
import importlib
import importlib.util
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from engine import auditing, bundles, canonical, checkpoints, ledger, merkle, packs, proofs, signing
from engine.anchoring import Anchors
from engine.bundles import Bundle, Line
from engine.checkpoints import Checkpoint
from engine.errors import LedgerError, UsageError
from engine.ledger import Row
from tests.store_contract import OPENED, draft, sealed_draft, written

SCRIPT = Path(bundles.__file__).parent / "standalone" / "verify_bundle.py"
KEY = signing.signer("vires", bytes(range(32)))
PACK = {"pack.yaml": "pack: one\n", "rules.yaml": "rules: {}\n"}
DIGEST = packs.digest(PACK)
SEALED, OPENING = sealed_draft(1)
ADOPTED = draft()._replace(
    case=None,
    kind="adoption",
    body={"stage": "proposed", "act": "adopt", "what": "pack", "id": "one", "digest": DIGEST},
)
LOG = written(
    "camden",
    [OPENED, SEALED, ADOPTED, draft("2026-015")._replace(digests={"packs": {"one": DIGEST}})],
    openings=[OPENING],
)
LEAVES = tuple(write.leaf for write in LOG)


def note(leaves: Sequence[bytes], authority: str = "camden") -> bytes:
    """A checkpoint of these leaves, signed."""
    return checkpoints.sign(Checkpoint(f"vires/{authority}", len(leaves), merkle.root(leaves)), KEY).encode()


NOTE = note(LEAVES)
WHOLE = Bundle(
    "camden",
    False,
    "the whole log",
    "2026-01-06T09:00:00Z",
    tuple(Line(write.entry.sequence, write.bytes) for write in LOG),
    LEAVES,
    {OPENING.commitment: OPENING},
    {},
    {DIGEST: packs.archive(PACK)},
    NOTE,
)
ZIP = bundles.write(WHOLE, "# A bundle\n", SCRIPT.read_text())
FILES = bundles.unpack(ZIP)
NAMES = sorted(FILES)


@cache
def script() -> ModuleType:
    """The script for people without Vires, as a module."""
    spec = importlib.util.spec_from_file_location("verify_bundle", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_script(data: bytes) -> str:
    """What the script finds wrong with a bundle; nothing where it finds it sound."""
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(data)
        file.flush()
        bundle = script().Bundle(file.name, KEY.verifier.line)
        try:
            for step in (bundle.files, bundle.entries, bundle.leaves, bundle.checkpoint, bundle.openings, bundle.kept):
                step()
        except Exception as error:
            return str(error) or type(error).__name__
    return ""


def by_vires(data: bytes) -> str:
    """The same, of Vires."""
    steps = auditing.verify_bundle(data, Anchors(keys=[KEY.verifier]))
    return "; ".join(str(problem.message) for step in steps for problem in step.problems)


def loose(value: Any) -> bytes:
    """JSON as canonical as may be, of values too that canonical JSON does not have."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def rezipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of the files, their digests listed again by whoever changed them."""
    about = json.loads(files[bundles.ABOUT])
    about["files"] = {name: canonical.digest(data) for name, data in files.items() if name != bundles.ABOUT}
    return bundles._zip({**files, bundles.ABOUT: canonical.encode(about)})


def relogged(entries: Sequence[Any]) -> bytes:
    """A bundle of these entries, whatever they are: chained, hashed and signed again by somebody who has the key.

    Each is the value of an entry, its own `previous` kept only where it is not text.
    """
    lines: list[bytes] = []
    leaves: list[bytes] = []
    for entry in entries:
        chained = isinstance(entry, dict) and leaves and isinstance(entry.get("previous"), str)
        lines.append(loose({**entry, "previous": leaves[-1].hex()} if chained else entry))
        leaves.append(ledger.leaf(lines[-1]))
    files = {
        bundles.ENTRIES: b"".join(line + b"\n" for line in lines),
        bundles.LEAVES: b"".join(leaf.hex().encode() + b"\n" for leaf in leaves),
        bundles.CHECKPOINT: note(leaves),
    }
    return rezipped({**FILES, **files})


# ------------------------------------------------------------------------------------------------------ what must hold


def canonical_form(data: bytes) -> None:
    """Read only where writing it again gives the same bytes; the script reads what Vires reads, and nothing else."""
    try:
        value = canonical.decode(data)
    except LedgerError:
        value = None
    else:
        assert canonical.encode(value) == data and json.loads(data) == value
    try:
        theirs = script().canonical(data)
    except Exception:
        theirs = None
    assert theirs == value, (theirs, value)


def an_entry(data: bytes) -> None:
    """Read only where writing it again gives the same bytes; verification of a log of it never fails itself."""
    with suppress(LedgerError):
        assert ledger.encode(ledger.decode(data)) == data
    steps = ledger.verify("camden", [Row("camden", 1, None, "log-opened", data, ledger.leaf(data))], {}, ())
    assert len(steps) == 6


def a_note(data: bytes) -> None:
    """Read only where writing it again gives the same bytes."""
    with suppress(LedgerError):
        found = signing.read_note(data)
        lines = "".join(
            f"\u2014 {each.name} {base64.b64encode(each.id + each.bytes).decode()}\n" for each in found.signatures
        )
        assert f"{found.text}\n{lines}".encode() == data
        signing.verified(found, [KEY.verifier])


def a_checkpoint(data: bytes) -> None:
    """Read only where what it says is in it as it would be written."""
    with suppress(LedgerError):
        found, _ = checkpoints.read(data)
        assert data.startswith(found.text.encode())
        signed = checkpoints.opened(data, [KEY.verifier])
        assert not signed.by or signed.note.text == signing.read_note(NOTE).text


def a_proof(data: bytes) -> None:
    """Read only where writing it again gives the same bytes; none holds but of what was signed."""
    with suppress(LedgerError):
        assert proofs.write(proofs.read(data)) == data
        steps = proofs.verify(data, [KEY.verifier], [checkpoints.opened(NOTE, [KEY.verifier])])
        assert not all(step.ok for step in steps) or data.startswith(tuple(each[:40] for each in PROOFS))


def a_key(data: bytes) -> None:
    """A key is read only from the line it writes."""
    text = data.decode("utf-8", "replace")
    for read in (signing.read_signer, signing.read_verifier):
        with suppress(UsageError):
            assert read(text).line == text.strip()


def a_receipt(data: bytes) -> None:
    """A receipt is read only from the text it writes, in capitals or not."""
    text = data.decode("utf-8", "replace")
    with suppress(LedgerError):
        found = ledger.parse_receipt(text)
        said = text.strip()
        assert said.isascii() and f"{found.authority}:{found.sequence}:{found.leaf_prefix}" == said.lower()


def a_bundle(data: bytes) -> None:
    """Vires and the script agree; what both find sound is the bundle that was made, whatever else the zip holds."""
    mine, theirs = by_vires(data), by_script(data)
    assert bool(mine) is bool(theirs), (mine, theirs)
    if not mine:
        assert bundles.read(bundles.unpack(data)) == WHOLE


def a_file_of_a_bundle(data: bytes) -> None:
    """The same where one file, named by the first byte, is replaced by the rest and its digest listed again.

    What nothing seals or signs (README, script, the words of bundle.json, what is said of a code) may be another.
    """
    name = NAMES[data[0] % len(NAMES)] if data else NAMES[0]
    files = {**FILES, name: data[1:]}
    try:
        made = bundles._zip(files) if name == bundles.ABOUT else rezipped(files)
    except LedgerError:
        return
    mine, theirs = by_vires(made), by_script(made)
    assert bool(mine) is bool(theirs), (name, mine, theirs)
    if not mine:
        found = bundles.read(bundles.unpack(made))
        assert (found.lines, found.leaves, found.kept) == (WHOLE.lines, WHOLE.leaves, WHOLE.kept)


def an_entry_of_a_bundle(data: bytes) -> None:
    """Vires and the script agree on a log whose last entry is this JSON, everything worked out and signed again."""
    try:
        value = json.loads(data)
        made = relogged([*(json.loads(write.bytes) for write in LOG[:-1]), value])
    except (LedgerError, ValueError, RecursionError):
        return
    agree(made)


def agree(made: bytes) -> None:
    """Vires and the script agree on a bundle; where both find it sound, taking it again ends in words."""
    mine, theirs = by_vires(made), by_script(made)
    assert bool(mine) is bool(theirs), (mine, theirs)
    if not mine:
        with suppress(LedgerError):
            list(auditing.replay_bundle(made)[1])


PROOFS = (
    proofs.write(proofs.include(LEAVES, 2, LOG[1].bytes, NOTE)),
    proofs.write(proofs.extend(LEAVES, Checkpoint("vires/camden", 2, merkle.root(LEAVES[:2])), NOTE)),
)


class Target(NamedTuple):
    """What must hold of any bytes, and bytes to begin from."""

    check: Callable[[bytes], None]
    seeds: Sequence[bytes]


TARGETS: Mapping[str, Target] = {
    "canonical": Target(canonical_form, [write.bytes for write in LOG]),
    "entry": Target(an_entry, [write.bytes for write in LOG]),
    "note": Target(a_note, [NOTE, NOTE + NOTE[-80:]]),
    "checkpoint": Target(a_checkpoint, [NOTE]),
    "proof": Target(a_proof, PROOFS),
    "key": Target(a_key, [KEY.line.encode(), KEY.verifier.line.encode()]),
    "receipt": Target(a_receipt, [ledger.receipt(write.entry, write.leaf).encode() for write in LOG[:1]]),
    "bundle": Target(a_bundle, [ZIP]),
    "bundle-file": Target(a_file_of_a_bundle, [bytes([place]) + FILES[name] for place, name in enumerate(NAMES)]),
    "bundle-entry": Target(an_entry_of_a_bundle, [write.bytes for write in LOG]),
}


def main(name: str, folder: str, seconds: str) -> None:
    """Never comes back: the process ends with 0 when so many seconds found nothing."""
    atheris: Any = importlib.import_module("atheris")
    target, corpus = TARGETS[name], Path(folder) / "corpus"
    corpus.mkdir(parents=True)
    for place, seed in enumerate(target.seeds):
        (corpus / f"seed-{place}").write_bytes(seed)
    for module in (auditing, bundles, canonical, checkpoints, ledger, proofs, signing, script()):
        for each in [value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__]:
            if callable(each) and hasattr(each, "__code__"):
                setattr(module, each.__name__, atheris.instrument_func(each))
    limits = (
        f"-max_total_time={seconds}",
        "-timeout=20",
        "-rss_limit_mb=1500",
        "-max_len=16384",
        "-print_final_stats=1",
    )
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={folder}/", str(corpus)], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
