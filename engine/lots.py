"""Lots of a case, each with its own state, rolled up into facts; and the steps that stop a case or turn it back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine.decide import situate
from engine.errors import UsageError
from engine.model import Value
from engine.schema import nearest
from engine.service import Kept, Office, Written
from engine.vocabulary import words
from engine.workflow import SAME, Workflow

STATE, FIRST = "lot.state", "planned"
ROLLED_UP = ("lots.count", "lots.total", "lots.awarded")
STOP = "abandon"  # the step of every cycle that stops a procurement
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class Lot(NamedTuple):
    """One lot: its id, and what is recorded of it in words."""

    id: str
    said: Mapping[str, str]


def lots(desk: Office, authority: str, case: str) -> tuple[list[Lot], Mapping[str, str]]:
    """Every lot of a case, and what they come to together."""
    values = desk.case(authority, case).for_step().values
    found: dict[str, dict[str, str]] = {}
    for name, value in values.items():
        record, _, attribute = name.partition(".")
        if record.startswith("lot/"):
            found.setdefault(record.removeprefix("lot/"), {})[attribute] = words(value)
    worked, _ = situate(desk.law(authority), desk.case(authority, case).for_step(), desk.now.local, None)
    together = {name: words(worked[name]) for name in ROLLED_UP if name in worked} if found else {}
    return [Lot(id, said) for id, said in sorted(found.items())], together


def add(
    desk: Office, authority: str, case: str, lot: str, value: str, title: str, dry_run: bool
) -> tuple[list[Kept], Written | None]:
    """A new lot, planned."""
    if not _ID.fullmatch(lot):
        raise UsageError(
            f"{lot!r} cannot be the name of a lot", "write small letters, digits, _ and -: north, 1, lot-2"
        )
    if _state(desk, authority, case, lot) is not None:
        raise UsageError(
            f"{authority}/{case} has a lot {lot} already", f"see: vires case lot show {authority}/{case} {lot}"
        )
    given = [(f"lot/{lot}.amount", value), (f"lot/{lot}.state", FIRST)]
    given += [(f"lot/{lot}.title", title)] if title else []
    return desk.record(authority, case, given, False, dry_run)


def move(
    desk: Office, authority: str, case: str, lot: str, state: str, reason: str, dry_run: bool
) -> tuple[list[Kept], Written | None]:
    """A lot in another state."""
    before = _state(desk, authority, case, lot)
    if before is None:
        known = [each.id for each in lots(desk, authority, case)[0]]
        raise UsageError(f"{authority}/{case} has no lot {lot!r}", nearest(lot, known) or ", ".join(known) or "add one")
    if before == state:
        raise UsageError(f"lot {lot} is {state} already", "nothing to do")
    return desk.record(authority, case, [(f"lot/{lot}.state", state)], False, dry_run, None, reason)


def _state(desk: Office, authority: str, case: str, lot: str) -> Value | None:
    return desk.case(authority, case).for_step().values.get(f"lot/{lot}.state")


def back(desk: Office, authority: str, case: str, said: str) -> str:
    """The step by which the case goes back: the one said, or the only one there is from here."""
    cycle, state = desk.workflow_of(authority, case), desk.case(authority, case)
    steps = _backwards(cycle, desk.steps_from(authority, case), tuple(state.path), state.state)
    if said and said not in steps:
        raise UsageError(f"{said} does not lead back from here", nearest(said, steps) or _or_none(steps))
    if not said and len(steps) != 1:
        raise UsageError(f"{len(steps) or 'no'} steps lead back from {state.state}", _or_none(steps))
    return said or steps[0]


def _or_none(steps: Sequence[str]) -> str:
    return f"say which: --step {' | '.join(steps)}" if steps else "vires case check lists the steps from here"


def _backwards(cycle: Workflow, here: Sequence[str], path: Sequence[str], state: str) -> list[str]:
    """The steps from here to a state that the case has been in before."""
    targets = {each.id: each.target for each in cycle.steps if each.id in here}
    return [step for step, target in targets.items() if target != SAME and target != state and target in path]
