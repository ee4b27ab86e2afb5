"""Moves an authority's live cases to the cycle it has today: looked over first, then an entry on the log for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine import cycles, migration, packs
from engine.cycles import Line
from engine.errors import ViresError
from engine.migration import MOVES, REFUSED, Move
from engine.report import table, wrap
from engine.service import Item, Office, Written


class Change(NamedTuple):
    """One older cycle that live cases still pin, how the one of today differs, and the cases."""

    authority: str
    old: str
    new: str
    lines: tuple[Line, ...]
    moves: tuple[Move, ...]


def planned(desk: Office, authority: str, case: str = "") -> tuple[Change, ...]:
    """What would become of the authority's cases, or of one, by the cycle they pin; nothing is written."""
    files = desk.library.cycle_files(authority)
    digest, new = packs.digest(files), desk.library.cycle(authority)
    grouped: dict[str, list[Move]] = {}
    for row in desk.store.cases(authority):
        if case in ("", row.case):
            state = desk.case(authority, row.case)
            grouped.setdefault(state.workflow, []).append(
                migration.move(state, desk.workflow(state.workflow), new, digest)
            )
    return tuple(
        Change(authority, old, digest, cycles.differing(cycles.side_by_side(desk.workflow(old), [new])), tuple(moves))
        for old, moves in grouped.items()
    )


def apply(desk: Office, authority: str, changes: Sequence[Change]) -> Iterator[tuple[Move, Written | ViresError]]:
    """Each case that may move moved, by an entry of its own; what somebody else changed meanwhile is told and left."""
    files = desk.library.cycle_files(authority)
    digest, new = packs.digest(files), desk.library.cycle(authority)
    for each in (each for change in changes for each in change.moves if each.verdict == MOVES):
        state = desk.case(authority, each.case)
        item: Item = (
            migration.KIND,
            each.case,
            desk.now.local,
            migration.body(state, new),
            {"workflow": digest},
            (),
        )
        try:
            yield each, desk.append_to(state, item, {digest: ("workflow", packs.archive(files))})
        except ViresError as error:
            yield each, error


def plan_lines(changes: Sequence[Change], width: int) -> list[str]:
    """How the cycles that cases pin differ from the one of today, for people."""
    shown: list[str] = []
    for change in changes:
        if change.old != change.new:
            shown += [f"{change.authority} · cycle {change.old[:12]} → {change.new[:12]}"]
            rows = [(line.kind, line.id, *line.each, line.title) for line in change.lines]
            shown += table(("", "name", "now", "title"), rows, width) if rows else ["  its text differs, no step does"]
            shown += [""]
    return shown


def lines(changes: Sequence[Change], every: bool, width: int) -> list[str]:
    """What would become of the cases, for people: the cycles' differences, then case by case."""
    shown: list[str] = []
    for change in changes:
        moves = change.moves if every else [each for each in change.moves if each.verdict in (MOVES, REFUSED)]
        shown += plan_lines([change], width) if moves else []
        for each in moves:
            shown += _move_lines(each, width)
    return shown


def _move_lines(each: Move, width: int) -> list[str]:
    mark = {MOVES: "✓", REFUSED: "✗"}.get(each.verdict, " ")
    found = [f"{mark} {each.authority}/{each.case} {each.verdict}, in {each.state}"]
    said = [each.why] if each.why else []
    for word, names in (("gains", each.gained), ("loses", each.lost), ("led elsewhere", each.retargeted)):
        said += [f"{word} {', '.join(names)}"] if names else []
    return [*found, *(line for words in said for line in wrap(words, 4, width))]


def plain(changes: Sequence[Change], applied: Sequence[tuple[Move, Written | ViresError]] = ()) -> dict[str, object]:
    """The same for machines."""
    written = {
        (move.authority, move.case): {"error": done.message}
        if isinstance(done, ViresError)
        else {"entry": done.entry, "receipt": done.receipt}
        for move, done in applied
    }
    return {
        "changes": [
            {
                "authority": change.authority,
                "from": change.old,
                "to": change.new,
                "differences": [
                    {"kind": line.kind, "id": line.id, "title": line.title, "now": line.each[0]}
                    for line in change.lines
                ],
                "cases": [each._asdict() | written.get((each.authority, each.case), {}) for each in change.moves],
            }
            for change in changes
        ]
    }
