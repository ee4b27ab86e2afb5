"""Whose login each opaque id stands for, by the entries that say so, held against the table the store looks it up in.

Whoever alters that table lets a person act under the id of another, or under a second one of their own, and so be two
people where two are asked for. Ids whose sealed login was erased, and that of whoever opened the log, say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from engine import canonical, ledger
from engine.ledger import Entry, Opening, Problem


@dataclass
class Logins:
    """The ids of a log so far: what login was sealed for each, as canonical bytes, and by which entry first."""

    sealed: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    wrong: list[Problem] = field(default_factory=list)
    _ids: dict[bytes, str] = field(default_factory=dict)

    def take(self, entry: Entry, openings: Mapping[str, Opening]) -> None:
        """Nothing; the next entry is taken in, and what it contradicts is among `wrong`."""
        if entry.kind not in ("actor", "post"):
            return
        who = entry.actor if entry.kind == "actor" else entry.body.get("person")
        found = [openings[each] for each in ledger.sealed_in(entry.body.get("login")) if each in openings]
        if not isinstance(who, str) or not found:
            return
        login = found[0].value
        before, at = self.sealed.setdefault(who, (login, entry.sequence))
        if before != login:
            self.wrong.append(Problem(entry.sequence, f"another login stands for {who} than by entry {at:,}"))
        elif (other := self._ids.setdefault(login, who)) != who:
            at = self.sealed[other][1]
            self.wrong.append(Problem(entry.sequence, f"the person that {other} stands for (entry {at:,}) has two ids"))

    def faults(self, kept: Iterable[tuple[str, str]]) -> Iterator[Problem]:
        """What entries contradict, and each (login, id) that the store keeps and no entry says."""
        yield from self.wrong
        for login, who in kept:
            said, at = self.sealed.get(who, (None, None))
            if said is not None and said != canonical.encode(login):
                yield Problem(at, f"the store looks {who} up for another login than this entry seals")
