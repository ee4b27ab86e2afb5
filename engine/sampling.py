"""Decisions for an auditor to look at, drawn so that neither side chose them, and anybody can draw them again.

1. The decisions are those of the log up to the checkpoint; each stratum is one step and one answer.
2. Places go to strata one by one: to each one at first, the largest first, then always to the stratum with the most
   decisions for each of twice its places and one (Sainte-Laguë); of equals, to the first by name.
3. In a stratum the decisions come in the order of SHA-256(root || ":" || entry number in decimal), root being the 32
   bytes of the checkpoint's root hash; the first are drawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from engine import attesting, checkpoints, ledger, report
from engine.checkpoints import Checkpoint

if TYPE_CHECKING:
    from engine.auditing import Source


class Drawn(NamedTuple):
    """One decision of a sample, and the receipt by which it is known again."""

    entry: int
    case: str
    step: str
    answer: str
    receipt: str


class Stratum(NamedTuple):
    """The decisions of one step with one answer: how many there are, and how many were drawn."""

    step: str
    answer: str
    decisions: int
    drawn: int


class Sample(NamedTuple):
    """What was drawn from a log, and the checkpoint it was drawn by."""

    authority: str
    checkpoint: Checkpoint
    strata: tuple[Stratum, ...]
    drawn: tuple[Drawn, ...]


def draw(store: Source, authority: str, whole: list[bytes], note: bytes, number: int) -> Sample:
    """The sample that a checkpoint fixes of a log with these leaf hashes; LedgerError where it is of another."""
    leaves = attesting.up_to(whole, authority, note)
    checkpoint, _ = checkpoints.read(note)
    strata: dict[tuple[str, str], list[Drawn]] = {}
    for row in store.rows(authority, before=len(leaves) + 1):
        entry = ledger.decode(row.bytes)
        if entry.kind == "decision":
            step, answer = str(entry.body.get("step")), str(entry.body.get("answer"))
            receipt = ledger.receipt(entry, leaves[entry.sequence - 1])
            strata.setdefault((step, answer), []).append(Drawn(entry.sequence, entry.case or "", step, answer, receipt))
    seats = shared({name: len(each) for name, each in strata.items()}, number)
    chosen = [
        each
        for name, found in strata.items()
        for each in sorted(found, key=lambda one: rank(checkpoint.root, one.entry))[: seats[name]]
    ]
    counted = tuple(Stratum(*name, len(strata[name]), seats[name]) for name in sorted(strata))
    return Sample(authority, checkpoint, counted, tuple(sorted(chosen)))


def rank(root: bytes, entry: int) -> bytes:
    """Where an entry stands in the order of its stratum: nobody knows before the root is known."""
    return hashlib.sha256(root + f":{entry}".encode()).digest()


def shared(sizes: dict[tuple[str, str], int], number: int) -> dict[tuple[str, str], int]:
    """How many of each stratum are drawn: one of each while there are places, then in proportion."""
    seats = dict.fromkeys(sizes, 0)
    for _ in range(min(number, sum(sizes.values()))):
        open_ = [name for name in sizes if seats[name] < sizes[name]]
        none = [name for name in open_ if not seats[name]]
        chosen = min(none or open_, key=lambda name: (-Fraction(sizes[name], 2 * seats[name] + 1), name))
        seats[chosen] += 1
    return seats


def plain(sample: Sample) -> dict[str, object]:
    """The sample for machines."""
    return {
        "authority": sample.authority,
        "origin": sample.checkpoint.origin,
        "entries": sample.checkpoint.size,
        "root": sample.checkpoint.root.hex(),
        "strata": [each._asdict() for each in sample.strata],
        "drawn": [each._asdict() for each in sample.drawn],
    }


def lines(sample: Sample, width: int) -> list[str]:
    """The sample for people."""
    total, size = sum(each.decisions for each in sample.strata), sample.checkpoint.size
    if not total:
        return [f"there is no decision to draw among the first {size:,} of {sample.authority}'s log"]
    said = f"✓ {len(sample.drawn):,} of {total:,} decisions of {sample.authority}, drawn by the root of"
    shown = [f"{said} {size:,} entries", f"  root  {sample.checkpoint.root.hex()}", ""]
    strata = [(each.step, each.answer, f"{each.drawn} of {each.decisions}") for each in sample.strata]
    shown += report.table(("step", "answer", "drawn"), strata, width)
    rows: Sequence[tuple[str, ...]] = [(f"{one.entry}", one.case, one.step, one.answer) for one in sample.drawn]
    return [*shown, "", *report.table(("entry", "case", "step", "answer"), rows, width)]
