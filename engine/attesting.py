"""What the holder of a key gives away: checkpoints of a log, and proofs that lead to them.

Nothing is signed that does not verify: a log that is not whole, or not the continuation of what was signed before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine import anchoring, checkpoints, ledger, merkle, proofs
from engine.anchoring import Anchors
from engine.checkpoints import Checkpoint
from engine.errors import LedgerError, UsageError
from engine.signing import Signer

if TYPE_CHECKING:
    from engine.store import Store


def leaves(store: Store, authority: str) -> list[bytes]:
    """The leaf hashes of a log, each of the bytes that are there; LedgerError unless it is whole (steps 1 to 4)."""
    found: list[bytes] = []

    def passing(row: ledger.Row) -> ledger.Row:
        found.append(ledger.leaf(row.bytes))
        return row

    for step in ledger.verify(authority, map(passing, store.rows(authority)), {}, ())[:4]:
        for problem in step.problems[:1]:
            place = f"entry {problem.sequence}: " if problem.sequence else ""
            said = f"the log of {authority} does not verify ({step.title}): {place}{problem.message}"
            raise LedgerError(said, "vires audit verify says what else is wrong; nothing was signed")
    return found


def checkpoint(store: Store, authority: str, training: bool, key: Signer, olds: Sequence[bytes] = ()) -> str:
    """A checkpoint of the whole log, signed; LedgerError when the log is not the continuation of an older one."""
    whole = leaves(store, authority)
    origin = checkpoints.origin_of(key.name, authority, training)
    for note in olds:
        old = checkpoints.opened(note, [key.verifier]).checkpoint
        if old.origin != origin:
            raise UsageError(f"the older checkpoint is of {old.origin}, not of {origin}")
        if old.size > len(whole) or merkle.root(whole[: old.size]) != old.root:
            raise LedgerError(
                f"the log is not the continuation of the checkpoint of {old.size:,} entries; nothing was signed",
                "vires audit verify --checkpoint with both says more",
            )
    return checkpoints.sign(Checkpoint(origin, len(whole), merkle.root(whole)), key)


def prove_entry(store: Store, authority: str, sequence: int, note: bytes) -> bytes:
    """The proof file that an entry is in the log which the checkpoint signs."""
    whole = up_to(leaves(store, authority), authority, note)
    if not 1 <= sequence <= len(whole):
        raise UsageError(f"the checkpoint is of {len(whole):,} entries; entry {sequence:,} is not among them")
    row = next(store.rows(authority, after=sequence - 1, before=sequence + 1))
    return proofs.write(proofs.include(whole, sequence, row.bytes, note))


def prove_from(store: Store, authority: str, old_note: bytes, note: bytes) -> bytes:
    """The proof file that the log of an older checkpoint is the beginning of that of a newer one."""
    old, new = checkpoints.read(old_note)[0], checkpoints.read(note)[0]
    if not 0 < old.size <= new.size:
        raise UsageError(f"the older checkpoint is of {old.size:,} entries, the newer of {new.size:,}")
    whole = up_to(leaves(store, authority), authority, note)
    if merkle.root(whole[: old.size]) != old.root:
        raise LedgerError(f"the log is not the continuation of the checkpoint of {old.size:,} entries")
    return proofs.write(proofs.extend(whole, old, note))


def up_to(whole: list[bytes], authority: str, note: bytes) -> list[bytes]:
    """The leaves that the checkpoint is over; LedgerError when the log does not have its root."""
    held = anchoring.held(Anchors(notes=[note]), authority)
    if not held.checkpoints:
        raise UsageError(f"the checkpoint is not of {authority}'s log")
    wanted = held.checkpoints[0].checkpoint
    if len(whole) < wanted.size or merkle.root(whole[: wanted.size]) != wanted.root:
        raise LedgerError(f"the log does not have the root of the checkpoint of {wanted.size:,} entries")
    return whole[: wanted.size]
