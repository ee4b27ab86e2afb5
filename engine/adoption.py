"""Packs and calendars an authority adopted: two people on its log, the bytes frozen by digest. Pure.

An entry of kind `adoption` proposes or confirms. The one who confirms is not the one who proposed; what is confirmed is
in force for the authority from then on, until a later adoption replaces it or a retirement takes it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.errors import UsageError
from engine.ledger import Entry

KIND = "adoption"
PROPOSED, CONFIRMED = "proposed", "confirmed"
ADOPT, RETIRE = "adopt", "retire"
PACK, CALENDAR = "pack", "calendar"


class Proposal(NamedTuple):
    """What one person proposed: to adopt (a digest) or to retire a pack or calendar, and how it differs, in words."""

    entry: int
    act: str
    what: str
    id: str
    digest: str
    actor: str
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Adopted:
    """What an authority's log says of packs and calendars: in force by (kind, id), and proposals nobody confirmed."""

    in_force: Mapping[tuple[str, str], str] = field(default_factory=dict)
    open: Mapping[int, Proposal] = field(default_factory=dict)

    def proposed(self, act: str, what: str, id: str) -> Proposal | None:
        """The proposal that waits for a second person."""
        return next((each for each in self.open.values() if (each.act, each.what, each.id) == (act, what, id)), None)


def folded(entries: Iterable[Entry]) -> Adopted:
    """What the entries of one log come to; what no honest program wrote counts for nothing."""
    in_force: dict[tuple[str, str], str] = {}
    proposals: dict[int, Proposal] = {}
    for entry in entries:
        if entry.kind != KIND:
            continue
        body = entry.body
        if body.get("stage") == PROPOSED:
            act, what, id, digest = (str(body.get(key, "")) for key in ("act", "what", "id", "digest"))
            listed = body.get("differences")
            words = tuple(map(str, listed)) if isinstance(listed, list | tuple) else ()
            proposals = {n: each for n, each in proposals.items() if (each.what, each.id) != (what, id)}
            proposals[entry.sequence] = Proposal(entry.sequence, act, what, id, digest, entry.actor, words)
            continue
        number = body.get("proposal")
        found = proposals.pop(number, None) if isinstance(number, int) else None
        if found is None or found.actor == entry.actor:
            continue
        if found.act == ADOPT:
            in_force[found.what, found.id] = found.digest
        else:
            in_force.pop((found.what, found.id), None)
    return Adopted(in_force, proposals)


def confirmable(adopted: Adopted, act: str, what: str, id: str, digest: str, actor: str | None) -> Proposal:
    """The proposal this person may confirm; UsageError where there is none, it is their own, or says something else."""
    found = adopted.proposed(act, what, id)
    if found is None:
        raise UsageError(f"nobody has proposed to {act} {id}", "leave --confirm out to propose it")
    if found.actor == actor:
        raise UsageError(f"you proposed it yourself (entry {found.entry})", "a second person confirms")
    if act == ADOPT and found.digest != digest:
        raise UsageError(
            f"what entry {found.entry} proposed was another {what}: {found.digest[:16]}", "propose it anew"
        )
    return found
