"""A procurement unit adopts a pack or a calendar, or retires one: checked, said in words, and put on the log by two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine import adoption, cases, compare, packs
from engine.adoption import ADOPT, CALENDAR, CONFIRMED, PACK, PROPOSED, RETIRE
from engine.errors import PackError, UsageError
from engine.library import Library
from engine.model import Moment
from engine.report import confirm_lines
from engine.schema import nearest
from engine.service import Item, Office, Written, is_training


class Change(NamedTuple):
    """What somebody wants to adopt: its kind, id and digest, and how it differs from what is in force, in words."""

    what: str
    id: str
    digest: str
    files: packs.Files
    differences: tuple[str, ...]


class Acted(NamedTuple):
    """A proposal or a confirmation on the log."""

    change: Change
    stage: str
    written: Written | None


def looked_over(before: Library, after: Library, what: str, id: str, files: packs.Files, authority: str) -> Change:
    """What adopting the files would change for an authority; PackError where they cannot be used or a case fails."""
    if what == PACK:
        own = after.law.packs[id].authority
        if own not in ("", authority):
            raise UsageError(f"the pack {id} binds {own}, and nothing in it {authority}", f"write --authority {own}")
        wrong = [each for each in cases.run_all(after.book, after.milestones) if each.wrong]
        if wrong:
            said = f"{wrong[0].case.where}: {wrong[0].case.name}: {wrong[0].wrong}"
            raise PackError(f"worked cases of {id} fail: {len(wrong)}", said)
    return Change(what, id, packs.digest(files), files, _differences(before, after, what, id, files))


def _differences(before: Library, after: Library, what: str, id: str, files: packs.Files) -> tuple[str, ...]:
    if packs.digest(files) in before.artifacts:
        return ("it is what counts now, to the letter; from now on it stays so",)
    if what == CALENDAR:
        return _days(before, after, id)
    if id not in before.law.packs:
        return (f"{id} is new: {len(after.book.only({id}).rules)} rules",)
    found = compare.differences(before.law.only({id}), after.book.only({id}))
    return tuple(map(str, found)) or ("its text differs, and says the same",)


def _days(before: Library, after: Library, id: str) -> tuple[str, ...]:
    old = before.law.calendars.get(id)
    new = after.law.calendars[id]
    if old is None:
        return (f"{id} is new: {len(new.names)} days",)
    said = [f"{Moment(day)} is a bank holiday: {new.names[day]}" for day in sorted(set(new.names) - set(old.names))]
    said += [f"{Moment(day)} is no bank holiday any more" for day in sorted(set(old.names) - set(new.names))]
    if new.last != old.last:
        said.append(f"it ends on {Moment(new.last)}, was {Moment(old.last)}")
    return tuple(said) or ("its text differs, and says the same",)


def adopt(desk: Office, authority: str, change: Change, confirm: bool, dry_run: bool) -> Acted:
    """Propose the change, or confirm what another person proposed; what is confirmed is in force from now on.

    An authority whose first pack this is gets a log.
    """
    if authority not in desk.store.authorities() and not dry_run:
        desk.open_log(authority, is_training(desk.store))
    body: dict[str, object] = {"act": ADOPT, "what": change.what, "id": change.id, "digest": change.digest}
    artifacts = {change.digest: (change.what, packs.archive(change.files))}
    return _act(desk, authority, change, body, confirm, dry_run, artifacts)


def retire(desk: Office, authority: str, id: str, confirm: bool, dry_run: bool) -> Acted:
    """Propose or confirm that an adopted pack or calendar is taken back; what came with the program counts again."""
    known = {name: (what, name) for what, name in desk.adopted(authority).in_force}
    if id not in known:
        hint = nearest(id, known) or "what came with the program is not retired: adopt another in its place"
        raise UsageError(f"{authority} has adopted nothing called {id!r}", hint)
    what = known[id][0]
    digest = desk.adopted(authority).in_force[what, id]
    came = id in (desk.library.law.packs if what == PACK else desk.library.law.calendars)
    none = f"nothing counts in its place: no {what} {id} came with the program"
    follows = f"{id} as it came with the program counts again" if came else none
    change = Change(what, id, digest, {}, (follows,))
    body: dict[str, object] = {"act": RETIRE, "what": what, "id": id, "digest": digest}
    return _act(desk, authority, change, body, confirm, dry_run, {})


def _act(
    desk: Office,
    authority: str,
    change: Change,
    body: dict[str, object],
    confirm: bool,
    dry_run: bool,
    artifacts: Mapping[str, tuple[str, bytes]],
) -> Acted:
    adopted = desk.adopted(authority)
    if body["act"] == ADOPT and adopted.in_force.get((change.what, change.id)) == change.digest:
        raise UsageError(f"{authority} has adopted this very {change.what} already", "nothing to do")
    if confirm:
        act = str(body["act"])
        found = adoption.confirmable(adopted, act, change.what, change.id, change.digest, desk.actor(authority))
        body = {"stage": CONFIRMED, "proposal": found.entry, **body}
        change = change._replace(differences=found.differences)
    else:
        body = {"stage": PROPOSED, **body, "differences": list(change.differences)}
    stage = str(body["stage"])
    if dry_run:
        return Acted(change, stage, None)
    item: Item = (adoption.KIND, None, desk.now.local, body, {}, ())
    return Acted(change, stage, desk.append(authority, [item], artifacts))


def lines(acted: Acted, authority: str, act: str, said: str) -> list[str]:
    """What was proposed or confirmed, for people; `said` is the command, for the second person to confirm with."""
    change = acted.change
    done = "in force" if act == ADOPT else "taken back"
    verb = {PROPOSED: f"proposed to be {done}", CONFIRMED: f"confirmed, and {done} from now on"}[acted.stage]
    shown = [f"{'would be ' if acted.written is None else ''}{verb}: {change.what} {change.id} for {authority}"]
    shown += [f"  digest   {change.digest}", *(f"  change   {each}" for each in change.differences)]
    if acted.written is not None:
        shown.append(f"  receipt  {acted.written.receipt}")
        shown += confirm_lines(said) if acted.stage == PROPOSED else []
    return shown


def plain(acted: Acted, authority: str) -> dict[str, object]:
    """The same for machines."""
    change = acted.change
    found: dict[str, object] = {
        "authority": authority,
        "stage": acted.stage,
        "what": change.what,
        "id": change.id,
        "digest": change.digest,
        "differences": list(change.differences),
    }
    return found | ({"receipt": acted.written.receipt, "entry": acted.written.entry} if acted.written else {})


def listed(adopted: adoption.Adopted) -> Sequence[tuple[str, str, str, str]]:
    """What is adopted and what waits, a row each: kind, id, digest, stage."""
    rows = [(what, id, digest[:16], "in force") for (what, id), digest in sorted(adopted.in_force.items())]
    waiting = sorted(adopted.open.values())
    return [*rows, *((p.what, p.id, p.digest[:16], f"{p.act} proposed, entry {p.entry}") for p in waiting)]
