"""Entries of partners' logs that the steps of a log cite, held against those logs: nobody rewrites one of them alone.

A citation names the whole leaf hash (docs/formats/entry.md, `cites`): it anchors the partner's log as a receipt does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from engine import ledger
from engine.ledger import Problem, Step

TITLE = "entries of partners"


class Citation(NamedTuple):
    """One entry of another log, as an entry cites it."""

    entry: int
    authority: str
    sequence: int
    leaf: str


def read(entry: int, said: object) -> Iterator[Citation | Problem]:
    """What an entry cites; a problem for each that is no citation."""
    for each in said if isinstance(said, list) else [None]:
        place = each if isinstance(each, Mapping) else {}
        authority, sequence, leaf = (place.get(name) for name in ("authority", "sequence", "leaf"))
        if ledger.well_formed("authority", authority) and ledger.well_formed("sequence", sequence):
            yield Citation(entry, str(authority), int(str(sequence)), str(leaf))
        else:
            yield Problem(entry, "what it cites is no entry of a log")


def step(cited: Mapping[int, object], leaf_of: Callable[[str, int], str | None], number: int) -> Step:
    """The step of verification over what entries cite; `leaf_of` is a leaf hash, "" where a log ends before it, None
    where the log is not here."""
    problems, same, away = list[Problem](), 0, 0
    for each in (found for entry, said in cited.items() for found in read(entry, said)):
        if isinstance(each, Problem):
            problems.append(each)
            continue
        leaf = leaf_of(each.authority, each.sequence)
        if leaf is None:
            away += 1
        elif leaf and leaf == each.leaf:
            same += 1
        else:
            now = "is another now" if leaf else "is gone"
            problems.append(Problem(each.entry, f"entry {each.sequence:,} of {each.authority}, which it cites, {now}"))
    detail = f"{len(problems):,} wrong" if problems else f"{same:,} cited in logs here, as cited"
    limit = f"whether {away:,} more are as cited: this store does not have their logs" if away else ""
    return Step(number, TITLE, not problems, detail, tuple(problems), limit)
