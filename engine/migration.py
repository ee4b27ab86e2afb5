"""Moving a live case to a changed cycle: what would become of it, and why it may not. Pure.

An entry of kind `migration` says that from then on the case pins another cycle. It stays in its state; a move that
would lose the state it stands in, or one it came through and may go back to, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from engine.replay import CaseState
from engine.workflow import Workflow

KIND = "migration"
STAYS, MOVES, REFUSED, ENDED = "stays", "moves", "refused", "ended"


class Move(NamedTuple):
    """What becomes of one case: whether it moves, why not, and the steps from where it stands that come and go."""

    authority: str
    case: str
    title: str
    state: str
    verdict: str
    why: str = ""
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    retargeted: tuple[str, ...] = ()


def move(state: CaseState, old: Workflow, new: Workflow, digest: str) -> Move:
    """What becomes of a case when its cycle is changed to the one of this digest."""
    head = (state.authority, state.case, state.title, state.state)
    if state.state in old.final:
        return Move(*head, ENDED, "it has ended, and keeps the cycle it ended under")
    if state.workflow == digest:
        return Move(*head, STAYS, "it has this cycle already")
    if why := _loses(state, new):
        return Move(*head, REFUSED, why)
    before, after = _from(old, state.state), _from(new, state.state)
    return Move(
        *head,
        MOVES,
        "",
        tuple(name for name in after if name not in before),
        tuple(name for name in before if name not in after),
        tuple(name for name in before if name in after and before[name] != after[name]),
    )


def _loses(state: CaseState, new: Workflow) -> str:
    """Which state the case would lose, or nothing."""
    known = {each.id for each in new.states}
    if state.state not in known:
        return f"it stands in {state.state!r}, which the changed cycle does not have"
    gone = [name for name in state.path if name not in known]
    if gone:
        return f"it came through {', '.join(map(repr, gone))}, which the changed cycle does not have"
    if state.state in new.final:
        return f"{state.state!r} is an end in the changed cycle, and the case has not ended"
    return ""


def _from(cycle: Workflow, state: str) -> Mapping[str, str]:
    return {step.id: to for step in cycle.steps if (to := step.lands(state)) is not None}


def body(state: CaseState, new: Workflow) -> dict[str, object]:
    """The body of the entry that moves a case."""
    return {"workflow": new.id, "state": state.state, "instead_of": state.workflow}
