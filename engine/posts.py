"""Who holds which post of an authority, from the entries of its log: two people for each change. Pure.

An entry of kind `post` proposes that a person be assigned a post, or that it end; an entry of another person confirms.
Nobody confirms what they proposed, or their own post. From the day of the confirmation on the post is held, until its
last day or its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.errors import UsageError
from engine.ledger import Entry
from engine.model import Moment, moment

KIND = "post"
PROPOSED, CONFIRMED = "proposed", "confirmed"
ASSIGN, END = "assign", "end"
AUDITOR, PROCUREMENT = "auditor", "procurement unit"
ROLES = (AUDITOR, PROCUREMENT)  # beside the posts of the vocabulary: they approve nothing


class Held(NamedTuple):
    """A post as a person holds it, or would: from when, until when, for whom they act, and what they are trained to."""

    entry: int
    act: str
    person: str
    login: str  # the commitment of the sealed login
    post: str
    acting_for: str
    by: str  # who proposed it
    since: Moment
    until: Moment | None = None
    trained: str = ""
    trained_until: Moment | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What a later assignment of the same replaces, and an end takes away."""
        return self.person, self.post, self.acting_for

    def on(self, day: Moment) -> bool:
        """Whether it is held on a day."""
        return self.since.day <= day.day and (self.until is None or day.day <= self.until.day)


@dataclass(frozen=True)
class Register:
    """The posts that were assigned and not ended, and what waits for a second person, by entry."""

    held: tuple[Held, ...] = ()
    open: Mapping[int, Held] = field(default_factory=dict)
    kept: bool = False  # whether a post was ever assigned: then this authority says who holds which

    def of(self, person: str | None, day: Moment) -> Mapping[str, Held]:
        """The posts a person may act in on a day, those they act for included; their own where both are the same."""
        mine = [each for each in self.held if each.person == person and each.on(day)]
        acting = {each.acting_for: each for each in mine if each.acting_for}
        return {**acting, **{each.post: each for each in mine}}


def folded(entries: Iterable[Entry]) -> Register:
    """What the entries of one log come to; what no honest program wrote counts for nothing."""
    held: dict[tuple[str, str, str], Held] = {}
    waiting: dict[int, Held] = {}
    kept = False
    for entry in entries:
        if entry.kind != KIND:
            continue
        if entry.body.get("stage") == PROPOSED:
            if (asked := _proposal(entry)) is not None:
                waiting = {n: each for n, each in waiting.items() if each.key != asked.key}
                waiting[entry.sequence] = asked
            continue
        number = entry.body.get("proposal")
        found = waiting.get(number) if isinstance(number, int) else None
        if found is None or entry.actor in (found.by, found.person):
            continue
        del waiting[found.entry]
        if found.act == ASSIGN:
            kept = True
            held[found.key] = found._replace(entry=entry.sequence, since=Moment(moment(entry.happened).day))
        else:
            held.pop(found.key, None)
    return Register(tuple(held.values()), waiting, kept)


def _proposal(entry: Entry) -> Held | None:
    """What an entry proposes; None where it cannot be read."""
    body = entry.body
    sealed = body.get("login")
    login = str(sealed.get("sealed", "")) if isinstance(sealed, Mapping) else ""
    act, person, post = (str(body.get(name, "")) for name in ("act", "person", "post"))
    try:
        until, trained_until = (
            moment(str(body[name])) if name in body else None for name in ("until", "trained_until")
        )
        since = moment(entry.happened)
    except ValueError:
        return None
    if act not in (ASSIGN, END) or not person or not post:
        return None
    words = (str(body.get(name, "")) for name in ("acting_for", "trained"))
    acting, trained = words
    return Held(entry.sequence, act, person, login, post, acting, entry.actor, since, until, trained, trained_until)


def confirmable(register: Register, act: str, key: tuple[str, str, str], me: str | None, who: str) -> Held:
    """The proposal this person may confirm; UsageError where there is none, or it is not for them to confirm."""
    found = next((each for each in register.open.values() if each.act == act and each.key == key), None)
    if found is None:
        raise UsageError(f"nobody has proposed to {act} {key[1]} for {who}", "leave --confirm out to propose it")
    if found.by == me:
        raise UsageError(f"you proposed it yourself (entry {found.entry})", "a second person confirms")
    if found.person == me:
        raise UsageError(f"it is your own post (entry {found.entry})", "somebody else confirms it")
    return found
