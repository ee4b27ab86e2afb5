"""A log held against what others kept of it: checkpoints, and how far receipts and checkpoints prove it.

The chain of a log shows only that it agrees with itself. Each function here is a step of verification (a value) or
gathers what such a step needs; docs/formats/checkpoint.md says what each proves.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from engine import checkpoints, ledger, merkle
from engine.checkpoints import Checkpoint, Signed
from engine.errors import LedgerError
from engine.ledger import Problem, Receipt, Step
from engine.signing import Verifier


class Anchors(NamedTuple):
    """What somebody else kept, as it came: receipts, checkpoints as signed notes, keys of those who may have signed."""

    receipts: Sequence[str] = ()
    notes: Sequence[bytes] = ()
    keys: Sequence[Verifier] = ()


REACH = "reach of the anchors"
NO_ANCHORS = Anchors()


class Held(NamedTuple):
    """The anchors of one authority's log, read; `faults` are signatures that do not verify."""

    authority: str
    receipts: tuple[Receipt, ...]
    checkpoints: tuple[Signed, ...]
    faults: tuple[Problem, ...]
    keys: Sequence[Verifier]

    @property
    def sizes(self) -> frozenset[int]:
        """The sizes at which the root of the log is wanted."""
        return frozenset(each.checkpoint.size for each in self.checkpoints)


class Roots:
    """The Merkle tree of a log as its entries come by, and its root at each of the sizes asked for."""

    def __init__(self, sizes: Collection[int]) -> None:
        self._tree, self._sizes = merkle.Tree(), sizes
        self.at: dict[int, bytes] = {0: self._tree.root} if 0 in sizes else {}

    def add(self, data: bytes) -> None:
        """Nothing; the next entry's bytes are in the tree."""
        self.add_leaf(ledger.leaf(data))

    def add_leaf(self, leaf: bytes) -> None:
        """Nothing; the next entry is in the tree by its leaf hash."""
        self._tree.add(leaf)
        if self._tree.size in self._sizes:
            self.at[self._tree.size] = self._tree.root

    def add_leaves(self, leaves: Sequence[bytes]) -> None:
        """Nothing; the next entries are in the tree by their leaf hashes."""
        if any(self._tree.size < size <= self._tree.size + len(leaves) for size in self._sizes):
            for leaf in leaves:
                self.add_leaf(leaf)
        else:
            self._tree.extend(leaves)

    @property
    def size(self) -> int:
        """How many entries came by."""
        return self._tree.size

    @property
    def root(self) -> bytes:
        """The root over all of them."""
        return self._tree.root


def held(anchors: Anchors, authority: str) -> Held:
    """The anchors that are of this authority's log; LedgerError when one cannot be read at all."""
    receipts = tuple(each for each in map(ledger.parse_receipt, anchors.receipts) if each.authority == authority)
    found: list[Signed] = []
    faults: list[Problem] = []
    for note in anchors.notes:
        checkpoint, unread = checkpoints.read(note)
        if not checkpoints.stands_for(checkpoint, authority):
            continue
        try:
            signed = checkpoints.opened(note, anchors.keys)
            if anchors.keys and not signed.by:
                names = ", ".join(sorted({each.name for each in unread.signatures}))
                raise LedgerError(f"none of the keys given signed it; it says it is signed by {names}")
        except LedgerError as error:
            faults.append(Problem(None, f"the checkpoint of {checkpoint.size:,} entries: {error.message}"))
        else:
            found.append(signed)
    return Held(authority, receipts, tuple(found), tuple(faults), anchors.keys)


def steps(held: Held, roots: Roots, number: int) -> Iterator[Step]:
    """Three steps, numbered from `number`: the root at each checkpoint, their signatures, the checkpoints together."""
    yield _root_step(held, roots, number)
    yield _signature_step(held, number + 1)
    yield _together_step(held, roots, number + 2)


def _root_step(held: Held, roots: Roots, number: int) -> Step:
    said = base64.b64encode(roots.root).decode()
    if not held.checkpoints:
        detail = f"{said} over {_entries(roots.size)}"
        return Step(number, "Merkle root", True, detail, (), "that it was ever another's: no checkpoint was given")
    problems = [problem for each in held.checkpoints for problem in _root_problems(each.checkpoint, held, roots)]
    sizes = ", ".join(f"{size:,}" for size in sorted(held.sizes))
    return _step(number, "Merkle root", f"equal at {sizes} entries", problems, "")


def _root_problems(checkpoint: Checkpoint, held: Held, roots: Roots) -> Iterator[Problem]:
    """The checkpoint against the log; where an older one still agrees, the change lies after it."""
    if checkpoint.size > roots.size:
        gone = f"the checkpoint counts {checkpoint.size:,} entries and the log has {roots.size:,}: it was cut short"
        yield Problem(roots.size + 1, gone)
    elif roots.at.get(checkpoint.size) != checkpoint.root:
        agree = [
            each.checkpoint.size for each in held.checkpoints if roots.at.get(each.checkpoint.size) == each[0].root
        ]
        first = max((size for size in agree if size < checkpoint.size), default=0) + 1
        which = f"entries {first:,} to {checkpoint.size:,}" if first < checkpoint.size else f"entry {first:,}"
        yield Problem(None, f"the root at {checkpoint.size:,} entries is another: something among {which} was altered")


def _signature_step(held: Held, number: int) -> Step:
    title = "checkpoint signatures"
    if not held.checkpoints and not held.faults:
        return Step(number, title, True, "none given", ())
    problems = [*held.faults]
    for each in held.checkpoints:
        for key in each.by:
            origins = {checkpoints.origin_of(key.name, held.authority, kind) for kind in (False, True)}
            if each.checkpoint.origin not in origins:
                problems.append(Problem(None, f"{key.name} signed a checkpoint of {each.checkpoint.origin}"))
    if not held.keys:
        names = ", ".join(sorted({line.name for each in held.checkpoints for line in each.note.signatures}))
        limit = f"who signed: no --signed-by was given; taken as you kept them (they say: {names})"
        return Step(number, title, True, f"{len(held.checkpoints):,} not verified", (), limit)
    names = ", ".join(sorted({key.name for each in held.checkpoints for key in each.by}))
    limit = "that the key was in the right hands"
    return _step(number, title, f"{len(held.checkpoints):,} signed by {names}", problems, limit)


def _together_step(held: Held, roots: Roots, number: int) -> Step:
    title, found = "older checkpoints", sorted({each.checkpoint for each in held.checkpoints}, key=lambda one: one.size)
    problems = [
        Problem(None, f"two checkpoints of {new.size:,} entries have different roots: two histories were signed")
        for old, new in pairwise(found)
        if old.size == new.size and old.root != new.root
    ]
    equal = _agreeing(held, roots)
    problems += [
        Problem(None, f"the log of {old:,} entries that was signed is not the beginning of the one of {new.size:,}")
        for new in found
        for old in [max((size for size in equal if size < new.size), default=0)]
        if old and roots.size >= new.size and new.size not in equal
    ]
    if len(found) < 2:
        return Step(number, title, not problems, "needs two or more", tuple(problems))
    said = f"{found[0].size:,} to {found[-1].size:,} entries: each is the beginning of the next"
    return _step(number, title, said, problems, "")


def reach(held: Held, roots: Roots, before: Sequence[Step], number: int) -> Step:
    """The last step: up to which entry an anchor proves the log, and how many came after it."""
    last = max([*_agreeing(held, roots), *(each.sequence for each in held.receipts)], default=0)
    if not all(step.ok for step in before):
        return Step(number, REACH, True, "nothing is proved while a step fails", ())
    if not last:
        return Step(number, REACH, True, "no anchor", (), f"{_entries(roots.size)}: consistent, not proved")
    after = roots.size - last
    limit = f"{_entries(after)} after it: consistent, not proved" if after else ""
    return Step(number, REACH, True, f"proved up to entry {last:,}", (), limit)


def _agreeing(held: Held, roots: Roots) -> list[int]:
    """The sizes of the checkpoints whose root the log has."""
    found = (each.checkpoint for each in held.checkpoints)
    return [each.size for each in found if roots.at.get(each.size) == each.root]


def _entries(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"


def _step(number: int, title: str, said: str, problems: Sequence[Problem], limit: str) -> Step:
    found = tuple(problems)
    return Step(number, title, not found, f"{len(found):,} wrong" if found else said, found, "" if found else limit)
