"""Proofs as small text files: that an entry stands in a log, and that one log is the beginning of another.

Inclusion is a c2sp.org/tlog-proof@v1 whose extra data is the entry's own bytes. Consistency is `vires/consistency/1`.
docs/formats/proof.md specifies both. Everything here is pure: bytes in, steps out.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine import checkpoints, ledger, merkle, signing
from engine.checkpoints import Checkpoint, Signed
from engine.errors import LedgerError
from engine.ledger import Entry, Problem, Step
from engine.signing import Verifier

INCLUSION = "c2sp.org/tlog-proof@v1"
CONSISTENCY = "vires/consistency/1"
DEEPEST = 64  # hashes in a proof: a tree of 2^53 leaves needs 53, and consistency one more
LONGEST = 32 * 1024 * 1024  # bytes of a proof file
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,15})")
_OLD = re.compile(r"old ([1-9][0-9]{0,15}) ([A-Za-z0-9+/]{43}=)")


class Inclusion(NamedTuple):
    """That the entry with these bytes is the one at `place`, counted from 0, of the log the checkpoint signs."""

    data: bytes
    place: int
    proof: tuple[bytes, ...]
    checkpoint: bytes


class Consistency(NamedTuple):
    """That the log of `old` entries with that root is the beginning of the one the checkpoint signs."""

    old: int
    old_root: bytes
    proof: tuple[bytes, ...]
    checkpoint: bytes


Proof = Inclusion | Consistency


def include(leaves: Sequence[bytes], sequence: int, data: bytes, checkpoint: bytes) -> Inclusion:
    """The proof that the entry of that sequence and bytes is in the log of these leaves."""
    index = sequence - 1
    return Inclusion(data, index, tuple(merkle.inclusion_proof(leaves, index)), checkpoint)


def extend(leaves: Sequence[bytes], old: Checkpoint, checkpoint: bytes) -> Consistency:
    """The proof that the older log is the beginning of the log of these leaves."""
    return Consistency(old.size, old.root, tuple(merkle.consistency_proof(leaves, old.size)), checkpoint)


def write(proof: Proof) -> bytes:
    """The proof as a file."""
    if isinstance(proof, Inclusion):
        head = f"{INCLUSION}\nextra {_base64(proof.data)}\nindex {proof.place}\n"
    else:
        head = f"{CONSISTENCY}\nold {proof.old} {_base64(proof.old_root)}\n"
    return f"{head}{''.join(f'{_base64(each)}{chr(10)}' for each in proof.proof)}\n".encode() + proof.checkpoint


def read(data: bytes) -> Proof:
    """The proof in a file, not verified; LedgerError saying why when there is none."""
    if len(data) > LONGEST:
        raise LedgerError(f"a proof is at most {LONGEST:,} bytes; this is {len(data):,}")
    head, found, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        lines = [""]
    if not found or lines[0] not in (INCLUSION, CONSISTENCY):
        raise LedgerError("not a proof", f"its first line must be {INCLUSION} or {CONSISTENCY}")
    read_one = _read_inclusion if lines[0] == INCLUSION else _read_consistency
    proof: Proof = read_one(lines[1:], checkpoint)
    checkpoints.read(checkpoint)
    return proof


def _read_inclusion(lines: list[str], checkpoint: bytes) -> Inclusion:
    extra = lines.pop(0) if lines and lines[0].startswith("extra ") else "extra "
    index = _INDEX.fullmatch(lines[0]) if lines else None
    if index is None:
        raise LedgerError("not a proof of inclusion: the line `index N` is missing")
    return Inclusion(signing.base64_bytes(extra[6:]), int(index[1]), _hashes(lines[1:]), checkpoint)


def _read_consistency(lines: list[str], checkpoint: bytes) -> Consistency:
    old = _OLD.fullmatch(lines[0]) if lines else None
    if old is None:
        raise LedgerError("not a proof of consistency: the line `old SIZE ROOT` is missing")
    return Consistency(int(old[1]), signing.base64_bytes(old[2]), _hashes(lines[1:]), checkpoint)


def _hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    if len(lines) > DEEPEST:
        raise LedgerError(f"a proof has at most {DEEPEST} hashes; this has {len(lines)}")
    found = tuple(map(signing.base64_bytes, lines))
    if any(len(each) != checkpoints.ROOT_BYTES for each in found):
        raise LedgerError("a proof has a line that is not a hash of 32 bytes")
    return found


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


# -------------------------------------------------------------------------------------------------- verification


def verify(data: bytes, keys: Sequence[Verifier], olds: Sequence[Signed] = ()) -> tuple[Step, ...]:
    """The numbered steps over a proof file: its form, its checkpoint's signature, what it proves.

    `olds` are the checkpoints the reader holds: a proof of consistency shows something only from one of those.
    """
    try:
        proof = read(data)
    except LedgerError as error:
        return (Step(1, "form", False, "not a proof", (Problem(None, error.message),)),)
    form = "proof of inclusion" if isinstance(proof, Inclusion) else "proof of consistency"
    steps = [Step(1, "form", True, form, ()), signature_step(2, proof.checkpoint, keys)]
    checkpoint, _ = checkpoints.read(proof.checkpoint)
    if isinstance(proof, Inclusion):
        return (*steps, *_inclusion_steps(proof, checkpoint))
    return (*steps, *_consistency_steps(proof, checkpoint, olds))


def signature_step(number: int, note: bytes, keys: Sequence[Verifier]) -> Step:
    """Whether one of `keys` signed the checkpoint; without keys that is not known, and the step says so."""
    title = "checkpoint signature"
    try:
        signed = checkpoints.opened(note, keys)
    except LedgerError as error:
        return Step(number, title, False, "does not verify", (Problem(None, error.message),))
    says = f"{signed.checkpoint.origin}, {signed.checkpoint.size:,} entries"
    names = ", ".join(sorted({each.name for each in signed.note.signatures}))
    if not keys:
        limit = f"who signed: no --signed-by was given, so the note (by {names}, it says) is taken as you kept it"
        return Step(number, title, True, says, (), limit)
    if not signed.by:
        problem = Problem(None, f"none of the keys given signed it; it says it is signed by {names}")
        return Step(number, title, False, "not signed by a key given", (problem,))
    who = ", ".join(key.name for key in signed.by)
    return Step(number, title, True, f"{says}, signed by {who}", (), "that the key was in the right hands")


def _inclusion_steps(proof: Inclusion, checkpoint: Checkpoint) -> Iterable[Step]:
    entry, problem = _entry(proof)
    what = f"entry {entry.sequence} of {entry.authority}, {entry.kind}, recorded {entry.recorded}" if entry else ""
    yield _step(3, "entry", what, problem and [problem], "whether what it says is true")
    leaf = ledger.leaf(proof.data)
    held = merkle.inclusion_holds(leaf, proof.place, checkpoint.size, proof.proof, checkpoint.root)
    place = [] if entry is None else _misplaced(entry, proof, checkpoint)
    wrong = [] if held else [Problem(proof.place + 1, "the hashes do not lead from this entry to the root")]
    after = checkpoint.size - proof.place - 1
    said = f"in the log of {checkpoint.size:,} entries, {after:,} after it"
    yield _step(4, "inclusion", said, [*wrong, *place], "entries after the checkpoint")


def _entry(proof: Inclusion) -> tuple[Entry | None, Problem | None]:
    try:
        return ledger.decode(proof.data), None
    except LedgerError as error:
        return None, Problem(proof.place + 1, error.message)


def _misplaced(entry: Entry, proof: Inclusion, checkpoint: Checkpoint) -> list[Problem]:
    found = []
    if entry.sequence != proof.place + 1:
        found.append(Problem(entry.sequence, f"its bytes say {entry.sequence}, the proof is of {proof.place + 1}"))
    if not checkpoints.stands_for(checkpoint, entry.authority):
        found.append(Problem(entry.sequence, f"it is of {entry.authority}, the checkpoint is of {checkpoint.origin}"))
    return found


def _consistency_steps(proof: Consistency, checkpoint: Checkpoint, olds: Sequence[Signed]) -> Iterable[Step]:
    same = [old.checkpoint for old in olds if old.checkpoint.size == proof.old]
    if not olds:
        said, limit = "none given", "that the older log is one you know: give its --checkpoint"
        yield Step(3, "older checkpoint", True, said, (), limit)
    else:
        wrong = [] if same else [Problem(None, f"no checkpoint given is of {proof.old:,} entries, as the proof's is")]
        wrong += [Problem(None, "the older root is not the one you hold") for old in same if old.root != proof.old_root]
        wrong += [Problem(None, f"it is of {old.origin}") for old in same if old.origin != checkpoint.origin]
        yield _step(3, "older checkpoint", f"{proof.old:,} entries, as you hold it", wrong, "")
    held = merkle.consistency_holds(proof.old, checkpoint.size, proof.old_root, checkpoint.root, proof.proof)
    wrong = [] if held else [Problem(None, "the hashes do not lead from the older root to the newer")]
    added = checkpoint.size - proof.old
    said = f"entries 1 to {proof.old:,} are the same; {added:,} {'was' if added == 1 else 'were'} added after them"
    yield _step(4, "consistency", said, wrong, "what the entries say")


def _step(number: int, title: str, said: str, problems: Sequence[Problem] | None, limit: str) -> Step:
    found = tuple(problems or ())
    return Step(number, title, not found, "does not hold" if found else said, found, "" if found else limit)
