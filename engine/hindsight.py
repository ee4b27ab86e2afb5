"""A case as it was on a day, and as it was known on another: what had happened by then, by what was recorded by then.

Two times are kept of everything: when it happened and when it was recorded. A correction counts from the day it was
recorded, and then for the whole past: with hindsight the case was never as it was first put down. What changed is no
correction: a plan, a lot's state, a date that was put later with a reason stand as they were until the day of the
change. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from engine import replay
from engine.errors import UsageError
from engine.ledger import Entry, Opening
from engine.replay import CaseState


class Hindsight(NamedTuple):
    """A case as at a day; `later` is what counts although it was recorded after that day."""

    state: CaseState
    at: str
    known: str
    later: tuple[tuple[int, str], ...]


def as_at(
    log: Sequence[Entry], openings: Mapping[str, Opening], at: str, known: str, until: str, by_then: str
) -> Hindsight:
    """The case on the day `at` (ISO), as known on the day `known`; UsageError where it was not open.

    `until` is the last UTC second of the day `known` as entries write it, and `by_then` that of the day `at`.
    """
    seen = [entry for entry in log if entry.recorded <= until]
    roots, superseded = _corrections(seen, openings)
    kept = [entry for entry in seen if entry.sequence not in superseded and _happened(entry, roots, at)]
    if not kept or kept[0].kind != "case-opened":
        raise UsageError(f"the case was not open on {at}, as far as was known on {known}", "name a later day")
    later = [(entry.sequence, _why(entry, roots)) for entry in kept if entry.recorded > by_then]
    return Hindsight(replay.fold(kept, openings), at, known, tuple(later))


def _why(entry: Entry, roots: Mapping[int, Entry]) -> str:
    what = str(entry.body.get("name") or entry.body.get("step") or entry.body.get("rule") or entry.kind)
    corrects = roots.get(entry.sequence, entry) is not entry
    return f"{what}: {'corrected' if corrects else 'recorded'} on {entry.recorded[:10]}"


def _corrections(seen: Sequence[Entry], openings: Mapping[str, Opening]) -> tuple[dict[int, Entry], set[int]]:
    """The first statement that each recorded entry goes back to, and the entries that a later one corrects."""
    by_number = {entry.sequence: entry for entry in seen}
    roots: dict[int, Entry] = {}
    superseded: set[int] = set()
    for state, entry in _states(seen, openings):
        if entry.kind == "recorded":
            before = state.facts.get(str(entry.body["name"])) if state else None
            roots[entry.sequence] = entry
            if before is not None and before.entry in roots and not _changes(by_number[before.entry], entry):
                superseded.add(before.entry)
                roots[entry.sequence] = roots.get(before.entry, by_number[before.entry])
    return roots, superseded


def _changes(before: Entry, entry: Entry) -> bool:
    """Whether what was stated before was so until now, and was not wrong."""
    return bool(before.body.get("planned")) or "reason" in entry.body or str(entry.body["name"]).endswith(".state")


def _states(seen: Sequence[Entry], openings: Mapping[str, Opening]) -> Iterator[tuple[CaseState | None, Entry]]:
    state: CaseState | None = None
    for entry in seen:
        yield state, entry
        state = replay.fold((entry,), openings, state)


def _happened(entry: Entry, roots: Mapping[int, Entry], at: str) -> bool:
    """Whether it had happened by the day; of a fact without a date, whether it had first been stated."""
    dated = entry.kind == "recorded" and entry.body.get("type") == "milestone" and not entry.body.get("planned")
    moment = entry if dated else roots.get(entry.sequence, entry)
    return moment.happened[:10] <= at


def plain(found: Hindsight) -> dict[str, object]:
    """The two days, and what was recorded late, for machines."""
    later = [{"entry": number, "what": what} for number, what in found.later]
    return {"as_at": found.at, "known_at": found.known, "recorded_later": later}


def lines(found: Hindsight) -> list[str]:
    """The same for people, the days first."""
    later = [f"  entry {number}: {what}" for number, what in found.later]
    heading = [f"as at {found.at}, as known on {found.known}", ""]
    return [*heading, *(["counted, though nobody had recorded it by then:", *later, ""] if later else [])]
