"""make bench: every target as a ratio to what cannot be done without, measured in one run; exit 1 if one is missed.

What is compared is measured turn by turn, so that whatever else the machine does falls on both sides alike. Medians are
compared, and the absolute figures stand beside the ratios.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks import audit, processes, rules, scene
from benchmarks.lines import Line
from engine.library import Library
from engine.service import Office

STARTS = 21  # cold starts of each program
STEPS = 200  # steps of each kind
SMALL, LARGE = 1_000, 100_000  # entries in a log
SMALL_LOGS = 6  # a small log holds few cases, so there are several

VIRES = str(Path(sys.executable).with_name("vires"))


class Turn(NamedTuple):
    """What is timed, given what `before` made ready outside the time."""

    timed: Callable[[Any], object]
    before: Callable[[], object] = lambda: None


def main() -> int:
    """Print the table; the exit code."""
    parser = ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--size", type=int, default=LARGE, help="entries in the log that is audited")
    parser.add_argument("--only-audit", action="store_true", help="nothing but the auditor's part")
    given = parser.parse_args()
    shelf, lines = scene.shipped(), []
    print(f"  {'medians':<40}{'':>9}  {'beside it':<46}{'ratio':>6}{'most':>7}")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        measures = [starts(place, shelf), steps(place, shelf), sizes(place, shelf), rules.engines(), rules.reading()]
        audited = audit.lines(place, shelf, given.size)
        for line in chain.from_iterable([audited] if given.only_audit else [*measures, audited]):
            lines.append(line)
            print(line, flush=True)
    missed = [line.what for line in lines if not line.kept]
    print(f"missed: {'; '.join(missed)}" if missed else "every target is met")
    return 1 if missed else 0


def turn_by_turn(rounds: int, turns: Mapping[str, Turn]) -> dict[str, float]:
    """The median seconds of each, taken in turn that many times."""
    times: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(rounds):
        for name, turn in turns.items():
            ready = turn.before()
            began = perf_counter()
            turn.timed(ready)
            times[name].append(perf_counter() - began)
    return {name: median(each) for name, each in times.items()}


# ---- processes -------------------------------------------------------------------------------------------------


def starts(place: Path, shelf: Library) -> Iterator[Line]:
    """Cold starts of the program, and the memory of a process that takes a step."""
    store, short = place / "start.db", place / "short.db"
    scene.first_case(store, shelf).close()
    scene.first_case(short, shelf, scene.SHORT).close()
    case = f"{scene.AUTHORITY}/{scene.FIRST}"
    told = ["--clock", scene.TAKEN, "--as", "Officer", "case"]
    check = [VIRES, "--database", str(store), *told, "advance", case, scene.STEP, "--dry-run"]
    found = turn_by_turn(
        STARTS,
        {
            "click": Turn(lambda _: processes.run([sys.executable, "-c", "import click"])),
            "help": Turn(lambda _: processes.run([VIRES, "--help"])),
            "sqlmodel": Turn(lambda _: processes.run([sys.executable, "-c", "import sqlmodel"])),
            "show": Turn(lambda _: processes.run([VIRES, "--database", str(short), *told, "show", case])),
            "check": Turn(lambda _: processes.run(check)),
        },
    )
    yield Line("vires --help", found["help"], "s", "import click", found["click"], 1.6)
    yield Line("vires case show, 23 entries", found["show"], "s", "import sqlmodel", found["sqlmodel"], 1.35)
    yield Line("vires case advance --dry-run", found["check"], "s", "import sqlmodel", found["sqlmodel"], 0)
    yield Line("vires case advance, resident", processes.spent(check[:-1]).memory, "MB", "", 0, 150)


# ---- steps, in this process ------------------------------------------------------------------------------------


def steps(place: Path, shelf: Library) -> Iterator[Line]:
    """`Office.advance`, taken and refused, beside the bare durable commit of as many bytes."""
    opened = scene.first_case(place / "steps.db", shelf)
    cases = iter(scene.fill(opened, 40 * (3 * STEPS + 3)))
    desk, example = scene.office(opened, shelf), next(cases)
    plain = _plain_store(place / "bare.db")
    sizes: dict[str, int] = {}
    for kind, step in scene.STEPS.items():
        last = desk.advance(scene.AUTHORITY, example, step).written.entry
        sizes[kind] = len(next(opened.rows(scene.AUTHORITY, after=last - 1)).bytes)
    found = turn_by_turn(
        STEPS,
        {
            "commit, refused": Turn(lambda data: _commit(plain, data), lambda: os.urandom(sizes["refused"])),
            "refused": _advance(desk, cases, "refused"),
            "commit, taken": Turn(lambda data: _commit(plain, data), lambda: os.urandom(sizes["taken"])),
            "taken": _advance(desk, cases, "taken"),
            "read": Turn(lambda case: desk.case(scene.AUTHORITY, case), lambda: next(cases)),
        },
    )
    length = sum(1 for _ in opened.rows(scene.AUTHORITY, example)) - len(sizes)
    plain.close()
    opened.close()
    for kind in ("taken", "refused"):
        beside = f"a durable commit of its {sizes[kind]:,} bytes"
        yield Line(f"advance, {kind}", found[kind], "s", beside, found[f"commit, {kind}"], 8)
    beside = f"a durable commit of {sizes['taken']:,} bytes"
    yield Line(f"reading its {length} entries before either", found["read"], "s", beside, found["commit, taken"], 0)


def sizes(place: Path, shelf: Library) -> Iterator[Line]:
    """The same steps at the end of a long log and of short ones."""
    long = scene.first_case(place / "long.db", shelf)
    began = perf_counter()
    many = iter(scene.fill(long, LARGE))
    filled = perf_counter() - began
    right = scene.office(long, shelf)
    found: dict[str, list[float]] = {}
    for number in range(SMALL_LOGS):
        short = scene.first_case(place / f"short-{number}.db", shelf)
        few = scene.fill(short, SMALL)
        left, cases = scene.office(short, shelf), iter(few)
        turns = {
            f"{size}, {kind}": _advance(desk, these, kind)
            for kind in scene.STEPS
            for size, desk, these in (("short", left, cases), ("long", right, many))
        }
        for name, time in turn_by_turn(len(few) // 2, turns).items():
            found.setdefault(name, []).append(time)
        short.close()
    long.close()
    for kind in ("taken", "refused"):
        after, before = median(found[f"long, {kind}"]), median(found[f"short, {kind}"])
        yield Line(f"advance, {kind}, {LARGE:,} entries", after, "s", f"with {SMALL:,} entries", before, 1.3)
    yield Line(f"filling the log with {LARGE:,} entries", filled, "s", "", 0, 60)


def _advance(desk: Office, cases: Iterator[str], kind: str) -> Turn:
    """A step of the next case; the case is read before, as an officer has looked at it."""

    def ready() -> str:
        case = next(cases)
        desk.case(scene.AUTHORITY, case)
        return case

    def step(case: str) -> None:
        assert scene.outcome(desk.advance(scene.AUTHORITY, case, scene.STEPS[kind])) == kind

    return Turn(step, ready)


def _plain_store(place: Path) -> sqlite3.Connection:
    plain = sqlite3.connect(place, isolation_level=None)
    plain.execute("PRAGMA journal_mode = WAL")
    plain.execute("PRAGMA synchronous = FULL")
    plain.execute("CREATE TABLE entry (sequence INTEGER PRIMARY KEY, bytes BLOB NOT NULL)")
    return plain


def _commit(plain: sqlite3.Connection, data: bytes) -> None:
    plain.execute("BEGIN IMMEDIATE")
    plain.execute("INSERT INTO entry (bytes) VALUES (?)", (data,))
    plain.execute("COMMIT")


if __name__ == "__main__":
    sys.exit(main())
