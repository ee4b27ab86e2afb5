"""Acts that a person does in a post they hold: approving, granting a waiver; and declaring their interests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine import duties
from engine.decide import derive_all
from engine.errors import RefusedError, UsageError
from engine.model import Moment, Value
from engine.posts import ROLES, Held
from engine.schema import nearest
from engine.service import Kept, Office, Written
from engine.vocabulary import words

STAGES = ("strategy", "award", "variation")
NOBODY, UNTRAINED = "none", "none known"


class Acted(NamedTuple):
    """What was recorded, in which post, and the receipt; nothing written where it was only tried."""

    post: str
    acting: bool
    kept: tuple[Kept, ...]
    written: Written | None


def approve(desk: Office, authority: str, case: str, stage: str, post: str, instead: bool, dry_run: bool) -> Acted:
    """The approval of a stage by the person at the keyboard, in the post they hold today, with their training."""
    name = f"{stage}{duties.APPROVED_BY}"
    chosen, held = _post(desk, authority, case, post, f"{stage}.approvers")
    facts = desk.case(authority, case).for_step().values
    before = facts.get(name)
    already = before if isinstance(before, tuple) and not instead else ()
    level, until = f"{stage}.approver_level", f"{stage}.approver_trained_until"
    trained, last = held.trained, held.trained_until
    if already and duties.dated_by(stage) in facts:  # of several approvers the least trained counts
        trained = "" if facts.get(level) == UNTRAINED else trained
        sooner = facts.get(until)
        last = min(last, sooner, key=lambda each: each.day) if last and isinstance(sooner, Moment) else last
    given = [(name, ", ".join(sorted({*already, chosen}))), (level, trained or UNTRAINED)]
    given += [(until, last.iso)] if last is not None else []
    given.append((duties.dated_by(stage), Moment(desk.now.local.day).iso))
    return _act(desk, authority, case, given, chosen, held, dry_run)


def waive(desk: Office, authority: str, case: str, grounds: str, until: Moment, post: str, dry_run: bool) -> Acted:
    """A waiver of the authority's own contract rules, granted today in the post the person holds."""
    if until.day < desk.now.local.day:
        raise UsageError(f"{until} has gone by", "--until is the last day of the waiver")
    chosen, held = _post(desk, authority, case, post, "waiver.approvers")
    today = Moment(desk.now.local.day).iso
    given = [
        (duties.GRANTED_BY, chosen),
        ("waiver.grounds", grounds),
        ("waiver.ends", Moment(until.day).iso),
        (duties.GRANTED, today),
    ]
    return _act(desk, authority, case, given, chosen, held, dry_run)


def waivable(desk: Office, authority: str) -> tuple[str, ...]:
    """The rules of the authority that a waiver can bear on at all."""
    return tuple(sorted(desk.law(authority).waivers))


def declare(desk: Office, authority: str, case: str, interest: str, dry_run: bool) -> Acted:
    """What the person at the keyboard has to declare on the case, or that there is nothing; sealed."""
    state, me = desk.case(authority, case), desk.actor(authority)
    mine = [
        name.partition("/")[2].partition(".")[0]
        for name, kept in state.facts.items()
        if name.startswith("declaration/") and name.endswith(".interested") and kept.actor == me
    ]
    others = {name.partition(".")[0] for name in state.facts if name.startswith("declaration/")}
    number = mine[0] if mine else str(len(others) + 1)
    some = interest.strip().casefold() != NOBODY
    given = [
        (f"declaration/{number}.interested", words(some)),
        (f"declaration/{number}.interest", interest.strip()),
        (f"declaration/{number}.made", Moment(desk.now.local.day).iso),
    ]
    kept, written = desk.record(authority, case, given, False, dry_run)
    return Acted("", False, tuple(kept), written)


def _act(
    desk: Office,
    authority: str,
    case: str,
    given: Sequence[tuple[str, str]],
    post: str,
    held: Held,
    dry_run: bool,
) -> Acted:
    kept, written = desk.record(authority, case, given, False, dry_run, {"post": post, "held": held.entry})
    return Acted(post, held.post != post, tuple(kept), written)


def _post(desk: Office, authority: str, case: str, said: str, approvers: str) -> tuple[str, Held]:
    """The post acted in: the one said, their only one, or the only one that the authority's rules name."""
    desk.case(authority, case)
    mine = {name: held for name, held in desk.held(authority).items() if name not in ROLES}
    if not mine:
        raise RefusedError(
            f"you hold no post of {authority} today that could approve anything",
            f"two people assign one: vires post assign LOGIN POST --authority {authority}",
        )
    if said:
        if said not in mine:
            raise RefusedError(
                f"you do not hold the post {said!r} today", nearest(said, mine) or f"yours: {_list(mine)}"
            )
        return said, mine[said]
    named = [each for each in mine if each in _approvers(desk, authority, case, approvers)]
    for choice in (named, list(mine)):
        if len(choice) == 1:
            return choice[0], mine[choice[0]]
    raise UsageError(f"you hold more than one post: {_list(mine)}", "say in which you act: --post POST")


def _list(mine: Mapping[str, Held]) -> str:
    return ", ".join(sorted(mine))


def _approvers(desk: Office, authority: str, case: str, name: str) -> tuple[str, ...]:
    facts = desk.case(authority, case).for_step()
    found: Value | None = derive_all(desk.law(authority), facts, desk.now.local).get(name)
    return found if isinstance(found, tuple) else ()


def lines(acted: Acted, head: str) -> list[str]:
    """What was recorded, for people; what is personal is not shown again."""
    shown = [f"{'would be ' if acted.written is None else '✓ '}{head}"]
    for each in acted.kept:
        again = f"  (instead of entry {each.supersedes})" if each.supersedes else ""
        sealed = each.name.startswith("declaration/") and not each.name.endswith(".made")
        shown.append(f"  {each.name}: {'sealed' if sealed else words(each.value)}{again}")
    return [
        *shown,
        "  nothing was written (--dry-run)" if acted.written is None else f"  receipt  {acted.written.receipt}",
    ]


def plain(acted: Acted, case: str) -> dict[str, object]:
    """The same for machines."""
    said = {each.name: words(each.value) for each in acted.kept}
    found: dict[str, object] = {"case": case, "recorded": said}
    found |= {"post": acted.post, "acting": acted.acting} if acted.post else {}
    return found | ({"receipt": acted.written.receipt, "entry": acted.written.entry} if acted.written else {})
