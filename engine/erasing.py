"""Legal holds and erasures: what two people do to the openings of a case, written on its log.

An erasure removes what opens some seals. The entries stay, the log verifies, and nobody can say what was sealed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine import bundling, ledger, library, retention
from engine.errors import LedgerError, UsageError, ViresError
from engine.ledger import Entry, Opening
from engine.model import Moment
from engine.replay import ERASED
from engine.schema import nearest
from engine.service import Item, Office, Written

LOGIN = "login"


class Asked(NamedTuple):
    """A request to erase, as written down: which names, how many openings, and since when no period runs."""

    written: Written
    names: tuple[str, ...]
    openings: int
    due: tuple[retention.Due, ...]


def hold(desk: Office, authority: str, case: str, reason: str) -> Written:
    """A legal hold on a case: nothing of it is erased while it stands."""
    desk.case(authority, case)
    return _write(desk, authority, case, {"act": retention.HOLD}, reason)


def release(desk: Office, authority: str, case: str, reason: str, number: int | None = None) -> Written:
    """A hold ended: the one of that entry, or the only one there is."""
    standing = _held(desk, authority, case).standing(case)
    if not standing:
        raise UsageError(f"no hold stands on {authority}/{case}")
    if number is None and len(standing) > 1:
        raise UsageError(f"{len(standing)} holds stand on {authority}/{case}", f"--hold {standing[0]}, or another")
    chosen = standing[0] if number is None else number
    if chosen not in standing:
        raise UsageError(f"entry {chosen} is no hold that stands", f"these stand: {', '.join(map(str, standing))}")
    return _write(desk, authority, case, {"act": retention.RELEASE, "hold": chosen}, reason)


def ask(desk: Office, authority: str, case: str, names: Sequence[str], reason: str) -> Asked:
    """A request to erase everything of a case that is sealed under some names; ViresError (1) where it must be kept."""
    _must_not_be_held(desk, authority, case)
    found = [seal for entry in desk.entries(authority, case) for seal in bundling.seals(entry)]
    openings = desk.store.openings(authority, [seal.commitment for seal in found])
    open_ = [seal for seal in found if seal.commitment in openings]
    known = sorted({seal.name for seal in open_})
    for name in names:
        if name == LOGIN:
            raise UsageError(
                f"a login says who acted in every case of {authority}, not in this one alone: it is kept as long as "
                "any of those records must be, and this version does not erase it",
                "entries show an opaque id, and what is handed out can leave the login out: vires audit disclose "
                f"--withhold {LOGIN}=CODE; docs/personal-data.md says what to answer the person",
            )
        if name not in known:
            hint = nearest(name, known) or f"sealed and not erased: {', '.join(known) or 'nothing'}"
            raise UsageError(f"nothing of {authority}/{case} is sealed as {name!r}", hint)
    due = _must_be_over(desk, authority, case)
    seals = sorted({seal.commitment for seal in open_ if seal.name in names})
    body: dict[str, object] = {
        "act": retention.ASK,
        "seals": seals,
        "classes": [each.kept.id for each in due],
        "until": Moment(due[-1].day).iso,
    }
    return Asked(_write(desk, authority, case, body, reason), tuple(names), len(seals), due)


def confirm(desk: Office, authority: str, case: str, number: int) -> tuple[Written, int]:
    """The openings asked for are gone, and the log says so; ViresError (1) for who asked, or while a hold stands."""
    held = _held(desk, authority, case)
    asked = held.asked.get(number)
    if asked is None or asked.case != case:
        waiting = [each for each, entry in held.asked.items() if entry.case == case]
        raise UsageError(f"entry {number} asks for no erasure", f"asked: {', '.join(map(str, waiting)) or 'none'}")
    _must_not_be_held(desk, authority, case)
    _must_be_over(desk, authority, case)
    if desk.store.actor(authority, desk.login) == asked.actor:
        raise ViresError(f"entry {number} was asked by you; an erasure takes two people", "a colleague must confirm it")
    gone = sorted(desk.store.openings(authority, retention.seals_of(asked)))
    if not gone:
        raise UsageError(f"everything that entry {number} asks for is erased already")
    body: dict[str, object] = {"act": retention.ERASE, "asked": number, "erased": gone}
    return _write(desk, authority, case, body, "", gone), len(gone)


def _held(desk: Office, authority: str, case: str) -> retention.Held:
    """The holds and requests on a log's case; LedgerError when they contradict themselves."""
    desk.case(authority, case)
    held = retention.Held()
    for entry in desk.entries(authority, case):
        for fault in held.take(entry):
            raise LedgerError(f"entry {entry.sequence}: {fault}", "vires audit verify says what else is wrong")
    return held


def _must_not_be_held(desk: Office, authority: str, case: str) -> None:
    if standing := _held(desk, authority, case).standing(case):
        raise ViresError(
            f"{authority}/{case} is under a legal hold (entry {standing[0]}): nothing of it may be erased",
            f"when it ends: vires audit release {authority}/{case} --reason TEXT",
        )


def _must_be_over(desk: Office, authority: str, case: str) -> tuple[retention.Due, ...]:
    """The periods of retention of the case, all of them over; ViresError (1) where one runs or none can be told."""
    file, source = library.retention_classes()
    facts = desk.case(authority, case).for_step()
    classes = retention.classes(file, source)
    due, starts = (
        retention.due(classes, facts.values),
        dict.fromkeys(name for each in classes for name in each.milestones),
    )
    if not due:
        starts = dict.fromkeys(name for each in classes for name in each.milestones)
        raise ViresError(
            f"no period of retention has begun for {authority}/{case}, so nothing says from when it may be erased",
            f"one begins with {', '.join(starts)} (rules/retention.yaml); what to do before: docs/personal-data.md",
        )
    if due[-1].day > desk.now.local.day:
        last = due[-1]
        raise ViresError(
            f"{last.kept.title} must be kept until {Moment(last.day - 1)} ({last.kept.cite}, from {last.milestone})",
            f"may be erased from {Moment(last.day)} on",
        )
    return due


def _write(
    desk: Office, authority: str, case: str, body: dict[str, object], reason: str, erased: Sequence[str] = ()
) -> Written:
    openings: tuple[Opening, ...] = ()
    if body["act"] != retention.ERASE:
        seal, opening = ledger.seal(desk.plain(reason, "the reason"), secrets.token_bytes(16))
        body, openings = {**body, "reason": seal}, (opening,)
    item: Item = ("retention", case, desk.now.local, body, {}, openings)
    title = ERASED if _title_gone(desk.entries(authority, case), erased) else None
    return desk.set_down(authority, case, item, title, erased)


def _title_gone(entries: Iterable[Entry], erased: Sequence[str]) -> bool:
    """Whether the title of the case, which lists show too, is among what is erased."""
    sealed = [each for entry in entries if entry.kind == "case-opened" for each in ledger.sealed_in(entry.body)]
    return any(each in erased for each in sealed)
