"""A person is assigned a post of an authority, or it ends: proposed by one, confirmed by another, on its log."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine import canonical, posts
from engine.errors import UsageError
from engine.law import Law
from engine.model import Moment
from engine.posts import ASSIGN, AUDITOR, CONFIRMED, PROPOSED, Held, Register
from engine.report import confirm_lines
from engine.schema import nearest
from engine.service import Item, Office, Written, new_person, sealed

ERASED = "erased"
LEVEL = "award.approver_level"  # the fact whose choices are the levels people are trained to
POST = "award.approved_by"  # the fact whose choices are the posts


class Wish(NamedTuple):
    """What somebody wants of a post: assigned or ended, for whom, and on what terms."""

    act: str
    login: str
    post: str
    acting_for: str = ""
    until: Moment | None = None
    trained: str = ""
    trained_until: Moment | None = None


class Acted(NamedTuple):
    """A proposal or a confirmation on the log; nothing written where it was only tried."""

    wish: Wish
    stage: str
    written: Written | None


def known_posts(law: Law) -> tuple[str, ...]:
    """Every post that may be assigned."""
    return (*law.vocabulary.terms[POST].choices, *posts.ROLES)


def act(desk: Office, authority: str, wish: Wish, confirm: bool, dry_run: bool) -> Acted:
    """Propose what is wished, or confirm what another person proposed; what is confirmed counts from today."""
    desk.must_have_log(authority)
    law = desk.law(authority)
    for said in filter(None, (wish.post, wish.acting_for)):
        _one_of(said, known_posts(law), "post")
    if wish.trained:
        _one_of(wish.trained, law.vocabulary.terms[LEVEL].choices, "level of training")
    if bool(wish.trained) != (wish.trained_until is not None) and not confirm:
        raise UsageError("--trained and --trained-until go together", "say the level and the last day it counts")
    for day in filter(None, (wish.until, wish.trained_until)):
        if day.day < desk.now.local.day:
            raise UsageError(f"{day} has gone by", "write the last day on which it holds")
    register = desk.posts(authority)
    person = desk.store.actor(authority, wish.login)
    _audits_only(wish, register, person, desk.now.local)
    key = (person or "", wish.post, wish.acting_for)
    if confirm:
        found = posts.confirmable(register, wish.act, key, desk.actor(authority), wish.login)
        wish = _as_proposed(wish, found)
        return _write(desk, authority, wish, CONFIRMED, found.person, dry_run, {"proposal": found.entry})
    standing = next((each for each in register.held if each.key == key), None)
    if wish.act == posts.END and standing is None:
        raise UsageError(f"{wish.login} does not hold the post {wish.post} in {authority}", "see: vires post list")
    return _write(desk, authority, wish, PROPOSED, person or new_person(), dry_run, {})


def _one_of(said: str, known: Sequence[str], what: str) -> None:
    if said not in known:
        raise UsageError(f"no {what} is called {said!r}", nearest(said, known) or " | ".join(known))


def _audits_only(wish: Wish, register: Register, person: str | None, today: Moment) -> None:
    """Nothing, or UsageError where an auditor would hold another post, or stand in for anybody."""
    if wish.act != ASSIGN:
        return
    if wish.acting_for == AUDITOR or (wish.acting_for and wish.post == AUDITOR):
        raise UsageError(f"nobody stands in for the {AUDITOR}, nor the {AUDITOR} for anybody", "leave --acting-for out")
    others = sorted(post for post in register.of(person, today) if (post == AUDITOR) != (wish.post == AUDITOR))
    if others:
        raise UsageError(
            f"{wish.login} holds {', '.join(others)} today: an {AUDITOR} holds no other post", "end the one first"
        )


def _as_proposed(wish: Wish, found: Held) -> Wish:
    """The wish on the terms of the proposal; UsageError where somebody wrote other terms."""
    terms = (found.until, found.trained, found.trained_until)
    for said, proposed in zip((wish.until, wish.trained, wish.trained_until), terms, strict=True):
        if said and said != proposed:
            raise UsageError(
                f"entry {found.entry} says {proposed or 'nothing'} where you say {said}",
                "propose it anew, or leave it out",
            )
    return wish._replace(until=terms[0], trained=terms[1], trained_until=terms[2])


def _write(
    desk: Office, authority: str, wish: Wish, stage: str, person: str, dry_run: bool, more: Mapping[str, object]
) -> Acted:
    if dry_run:
        return Acted(wish, stage, None)
    seal, opening = sealed(wish.login)
    body: dict[str, object] = {"stage": stage, "act": wish.act, "person": person, "login": seal, "post": wish.post}
    said = {"acting_for": wish.acting_for, "trained": wish.trained}
    days = {"until": wish.until, "trained_until": wish.trained_until}
    body |= {name: word for name, word in said.items() if word}
    body |= {name: day.iso for name, day in days.items() if day}
    item: Item = (posts.KIND, None, desk.now.local, {**body, **more}, {}, (opening,))
    fresh = {wish.login: person} if desk.store.actor(authority, wish.login) is None else {}
    return Acted(wish, stage, desk.append(authority, [item], {}, fresh))


# What people see ---------------------------------------------------------------------------------------------------


def lines(acted: Acted, authority: str) -> list[str]:
    """What was proposed or confirmed, for people."""
    wish = acted.wish
    verb = "is assigned" if wish.act == ASSIGN else "no longer holds"
    head = f"{acted.stage}: {wish.login} {verb} {wish.post} of {authority}"
    shown = [("would be " if acted.written is None else "✓ ") + head]
    terms = {
        "acts for": wish.acting_for,
        "until": str(wish.until or ""),
        "trained": wish.trained,
        "trained until": str(wish.trained_until or ""),
    }
    shown += [f"  {name:<13}  {word}" for name, word in terms.items() if word]
    if acted.written is not None:
        shown.append(f"  receipt  {acted.written.receipt}")
        said = f"vires post {wish.act} {shlex.quote(wish.login)} {shlex.quote(wish.post)} --authority {authority}"
        said += f" --acting-for {shlex.quote(wish.acting_for)}" if wish.acting_for else ""
        shown += confirm_lines(said) if acted.stage == PROPOSED else []
    return shown


def plain(acted: Acted, authority: str) -> dict[str, object]:
    """The same for machines."""
    wish = acted.wish
    found: dict[str, object] = {"authority": authority, "stage": acted.stage, "act": wish.act, "login": wish.login}
    found |= _terms(wish.post, wish.acting_for, wish.until, wish.trained, wish.trained_until)
    return found | ({"receipt": acted.written.receipt, "entry": acted.written.entry} if acted.written else {})


def listed(desk: Office, authority: str) -> list[dict[str, object]]:
    """Every post held today or waiting for a second person, for machines."""
    register = desk.posts(authority)
    every = [*register.held, *register.open.values()]
    openings = desk.store.openings(authority, [each.login for each in every]) if every else {}
    found = []
    for each in every:
        opening = openings.get(each.login)
        login = str(canonical.decode(opening.value)) if opening else ERASED
        waits = each.entry in register.open
        ended = not waits and not each.on(desk.now.local)
        stage = f"{each.act} proposed" if waits else "ended" if ended else "held"
        terms = _terms(each.post, each.acting_for, each.until, each.trained, each.trained_until)
        found.append({"login": login, **terms, "stage": stage, "entry": each.entry})
    return found


def _terms(
    post: str, acting: str, until: Moment | None, trained: str, trained_until: Moment | None
) -> dict[str, object]:
    found = {
        "post": post,
        "acting_for": acting,
        "until": until.iso if until else "",
        "trained": trained,
        "trained_until": trained_until.iso if trained_until else "",
    }
    return {name: word for name, word in found.items() if word}


def rows(found: Sequence[Mapping[str, object]]) -> list[tuple[str, ...]]:
    """The list as rows for people."""
    names = ("login", "post", "acting_for", "until", "trained", "trained_until", "stage")
    return [tuple(str(each.get(name, "")) for name in names) for each in found]
