"""The log of an auditor verified, replayed and asked what if, beside the bare work on its rows and other libraries.

What one process does without waiting for a disk is measured in its own processor time: others use the machine too.
"""

from __future__ import annotations

import gc
import hashlib
import json
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from benchmarks import equal, events, processes, rules, scene
from benchmarks.lines import Line
from engine import auditing, decide, store, whatif
from engine.library import Library

ROUNDS = 3
SAMPLE = 300  # cases taken again
WARM = decide.PAYS + 1  # cases before them, after which the functions of their steps are made
SHARED = 1200  # cases taken again by one process and by two, their starts and the building of their laws among it
COMMITS = 200
PACK = "rules/local/camden"
ROWS = "SELECT authority, sequence, case_id, kind, bytes, leaf FROM entry WHERE authority = ? ORDER BY sequence"


def lines(place: Path, shelf: Library, size: int) -> Iterator[Line]:
    """Every figure, over logs of a tenth of `size` entries and of `size`."""
    gc.freeze()  # as the program does: what is imported is never garbage
    small, large = (_log(place / f"{count}.db", shelf, count, vary=True) for count in (size // 10, size))
    each = {}
    for path in (small, large):
        each[path], bare, count = _verified(path)
        yield Line(f"verify, an entry of {count:,}", each[path], "s", "read, parsed and hashed", bare, most=2)
    beside = f"an entry of {size // 10:,}"
    yield Line(f"verify, an entry of {size:,}", each[large], "s", beside, each[small], most=1.15)
    yield Line(f"audit verify of {size:,}, resident", _memory(large), "MB", "", 0, most=300)
    yield from _again(place, shelf)


def _again(place: Path, shelf: Library) -> Iterator[Line]:
    """Decisions taken again, beside events replayed and tables evaluated."""
    beside, theirs = events.application(place / "events.db", 60), rules.zen()
    if beside is None or theirs is None:
        print("  eventsourcing or zen-engine is not installed: pip install -r benchmarks/requirements.txt")
    copies = _log(place / "copies.db", shelf, (SHARED + 1) * events.EVENTS)
    with store.open_store(str(copies), read_only=True) as opened:
        cases = opened.case_ids(scene.AUTHORITY)[: SAMPLE + WARM]
        replayed, asked = _replayed(opened, cases), _asked(opened, shelf, cases)
    one, two = (_in_processes(copies, jobs) for jobs in (1, 2))
    yield Line(f"audit replay --jobs 2, {SHARED:,} cases", two.seconds, "s", "--jobs 1", one.seconds, least=1.7)
    yield Line("both processors' time", two.processor, "s", "one's", one.processor)
    if beside is not None:
        event = median(_time(beside.replay, process_time) for _ in range(ROUNDS))
        yield Line("replay, an explained decision", replayed, "s", "eventsourcing, an event", event, most=1)
        yield from _appended(place, shelf, beside.commit)
    if theirs is not None:
        plain = [equal.plain(each) for each in equal.situations(rules.CASES)]
        bare = median(
            _time(lambda: sum(theirs.evaluate(each) is not None for each in plain), process_time) for _ in range(ROUNDS)
        )
        yield Line("what-if from the log, a decision", asked, "s", f"zen-engine, {equal.RULES} rows", bare, least=8)


def _log(path: Path, shelf: Library, entries: int, vary: bool = False) -> Path:
    """A log of whole cases, as many as so many entries hold."""
    with scene.first_case(path, shelf) as made:
        scene.fill(made, entries, vary)
    return path


def _verified(path: Path) -> tuple[float, float, int]:
    """The seconds an entry takes to be verified, and to be read, parsed and hashed; how many there are."""
    verified, bare, count = [], [], 0
    for _ in range(ROUNDS):
        began = process_time()
        count = _bare(path)
        bare.append((process_time() - began) / count)
        with store.open_store(str(path), read_only=True) as opened:
            began = process_time()
            steps = auditing.verify(opened, scene.AUTHORITY)
            verified.append((process_time() - began) / count)
        assert all(step.ok for step in steps), [step.problems[:1] for step in steps if not step.ok]
    return median(verified), median(bare), count


def _bare(path: Path) -> int:
    """How many rows there are, each read, parsed and hashed."""
    plain, count = sqlite3.connect(path), 0
    for *_, data, _ in plain.execute(ROWS, (scene.AUTHORITY,)):
        json.loads(data)
        hashlib.sha256(b"\0" + data).digest()
        count += 1
    plain.close()
    return count


def _memory(path: Path) -> float:
    """The most memory that verifying takes, in MB."""
    return processes.spent([sys.executable, "-m", "cli", "--database", str(path), "audit", "verify"]).memory


def _replayed(opened: store.Store, cases: Sequence[str]) -> float:
    """The seconds a decision takes to be taken again by the evaluator that explains, its functions made."""
    books = auditing.Books()

    def again(some: Sequence[str]) -> int:
        found = [
            each
            for case in some
            for each in auditing.take_again(opened, scene.AUTHORITY, case, twice=False, books=books)
        ]
        assert not any(each.differs for each in found)
        return len(found)

    again(cases[:WARM])
    return _time(lambda: again(cases[WARM:]), process_time)


def _asked(opened: store.Store, shelf: Library, cases: Sequence[str]) -> float:
    """The seconds a decision takes under a draft, without what the first cases take, which make its functions."""
    draft = whatif.Draft(whatif.PACK, "camden", shelf.folders[PACK], shelf.words)

    def under(some: Sequence[str]) -> int:
        found = list(whatif.tried(opened, scene.AUTHORITY, draft, some))
        assert not any(each.change for each in found)
        return len(found)

    began = process_time()
    first = under(cases[:WARM])
    built = process_time() - began
    began = process_time()
    every = under(cases)
    return (process_time() - began - built) / (every - first)


def _in_processes(path: Path, jobs: int) -> processes.Spent:
    """What it takes to take every decision of a log again by both evaluators in so many processes, as a user would."""
    words = [sys.executable, "-m", "cli", "--database", str(path), "audit", "replay", "--jobs", str(jobs)]
    return processes.spent(words)


def _appended(place: Path, shelf: Library, commit: Callable[[], object]) -> Iterator[Line]:
    """A step judged by both evaluators and written, their commit of an event, a bare commit: in turn, on one disk."""
    took: dict[str, list[float]] = {"ours": [], "theirs": [], "bare": [], "judged": []}

    def timed(name: str, done: Callable[[], object]) -> None:
        began = perf_counter()
        done()
        took[name].append(perf_counter() - began)

    with scene.first_case(place / "appended.db", shelf) as made, closing(_plain(place / "plain.db")) as plain:
        cases = iter(scene.fill(made, (2 * COMMITS + 3) * events.EVENTS))
        desk = scene.office(made, shelf)
        for case, other in zip(cases, cases, strict=False):
            desk.case(scene.AUTHORITY, other)
            timed("judged", partial(desk.prospect, scene.AUTHORITY, other, scene.STEP))
            desk.case(scene.AUTHORITY, case)
            timed("ours", partial(desk.advance, scene.AUTHORITY, case, scene.STEP))
            last = made.rows(scene.AUTHORITY, after=made.newest(scene.AUTHORITY) - 1)
            timed("theirs", commit)
            timed("bare", partial(plain.execute, "INSERT INTO entry (bytes) VALUES (?)", (next(last).bytes,)))
    found = {name: median(each) for name, each in took.items()}
    yield Line("append with a decision", found["ours"], "s", "eventsourcing, a commit", found["theirs"], most=4)
    yield Line("of which it is judged", found["judged"], "s", "a bare commit of its bytes", found["bare"])


def _plain(path: Path) -> sqlite3.Connection:
    """A table of bytes, each row a durable commit of its own."""
    plain = sqlite3.connect(path, isolation_level=None)
    plain.execute("PRAGMA journal_mode = WAL")
    plain.execute("PRAGMA synchronous = FULL")
    plain.execute("CREATE TABLE entry (sequence INTEGER PRIMARY KEY, bytes BLOB NOT NULL)")
    return plain


def _time(done: Callable[[], object], clock: Callable[[], float] = perf_counter) -> float:
    """The seconds each of what was done took: a number says how many that were."""
    began = clock()
    count = done()
    return (clock() - began) / (count if isinstance(count, int) and count else 1)
