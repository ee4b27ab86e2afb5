"""The store on SQLite files: the append-only suite, and the ways in which real files fail."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import ledger, store
from engine.errors import StoreError, UsageError
from engine.store import Store, create, open_store
from tests.store_contract import OPENED, AppendOnly, draft, fill, whole, written

ROOT = Path(__file__).resolve().parents[1]
SOAK = bool(os.environ.get("VIRES_SOAK"))
NOBODY = 65534


class TestOnAFile(AppendOnly):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        with create(f"sqlite:///{tmp_path / 'council.db'}") as made:
            yield made


class TestInMemory(AppendOnly):
    @pytest.fixture
    def store(self) -> Iterator[Store]:
        with create(":memory:") as made:
            yield made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed store with two entries of Camden's log."""
    place = tmp_path / "council.db"
    with create(str(place)) as made:
        fill(made, "camden", [OPENED, draft()])
    return place


def child(program: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process that runs `program` with the project in reach."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def tamper(place: Path, *statements: str) -> None:
    """Change the file with SQLite alone."""
    connection = sqlite3.connect(place, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


# ---- creating and opening


def test_a_store_is_found_again_by_path_and_by_url(path: Path) -> None:
    for url in (str(path), f"sqlite:///{path}"):
        with open_store(url) as opened:
            assert opened.head("camden").sequence == 2


def test_a_path_with_odd_characters_is_one_path(tmp_path: Path) -> None:
    place = tmp_path / "a #1?mode=memory&x %20 é.db"
    create(str(place)).close()
    assert place.is_file()
    open_store(str(place)).close()


def test_a_missing_store_is_said_to_be_missing_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store at") as caught:
        open_store(str(tmp_path / "typo.db"))
    assert "vires init" in caught.value.hint
    assert caught.value.status == 6
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_vanishes_while_it_is_being_opened_is_not_made_again(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        store._connect(str(tmp_path / "gone.db"), 50)
    assert list(tmp_path.iterdir()) == []


def test_a_store_is_never_made_over_another_file(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(StoreError, match="already; it was not touched"):
        create(str(path))
    assert path.read_bytes() == before
    with pytest.raises(StoreError, match="already"):
        create(str(tmp_path))


def test_a_store_is_not_made_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        create(str(tmp_path / "nowhere" / "council.db"))


@pytest.mark.parametrize("url", ["postgresql://server/vires", "mysql://x", "sqlite://host/path", "https://example"])
def test_other_databases_are_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError, match="PostgreSQL comes later"):
        open_store(url)


def test_a_store_in_memory_cannot_be_opened_again() -> None:
    with pytest.raises(StoreError, match="there is no store at :memory:"):
        open_store("sqlite://")


def test_the_log_is_made_durable_at_every_commit(path: Path) -> None:
    with open_store(str(path)) as opened:
        pragma = opened._connection.exec_driver_sql
        assert pragma("PRAGMA journal_mode").scalar() == "wal"
        assert pragma("PRAGMA synchronous").scalar() == 2


@pytest.mark.parametrize(
    "statement", [store.LAST_ROW, store.LAST_LEAF, store.LAST_OF_CASE, store.ROWS_OF_LOG, store.ROWS_OF_CASE]
)
def test_reading_and_appending_never_scan_the_log(path: Path, statement: store.Statement) -> None:
    names = {name: 0 for name in ("authority", "case_id", "after", "before") if f":{name}" in statement.text}
    with open_store(str(path)) as opened:
        plan = opened._rows(store.Statement("EXPLAIN QUERY PLAN " + statement.text, statement.given), **names)
    steps = [step[-1] for step in plan]
    index = "entry_of_case" if "case_id" in names else "sqlite_autoindex_entry_1"
    assert len(steps) == 1 and steps[0].startswith("SEARCH entry USING") and index in steps[0], steps


# ---- files that are not stores, or no longer


def opening_fails(place: Path, message: str) -> None:
    with pytest.raises(StoreError, match=message) as caught, open_store(str(place)) as opened:
        list(opened.rows("camden"))
    assert "\n" not in caught.value.message
    assert caught.value.status == 6


def test_bytes_at_random_are_not_a_store(tmp_path: Path) -> None:
    place = tmp_path / "council.db"
    place.write_bytes(random.Random(1).randbytes(10_000))
    opening_fails(place, "it is not an SQLite file")


def test_an_empty_file_is_not_a_store_and_stays_empty(tmp_path: Path) -> None:
    place = tmp_path / "council.db"
    place.touch()
    opening_fails(place, "is not a Vires store")
    assert place.stat().st_size == 0


def test_another_programs_database_is_not_a_store(tmp_path: Path) -> None:
    tamper(tmp_path / "other.db", "CREATE TABLE entry (x)")
    opening_fails(tmp_path / "other.db", "is not a Vires store")


def test_a_folder_is_not_a_store(tmp_path: Path) -> None:
    opening_fails(tmp_path, "is not a file")


@pytest.mark.parametrize(
    ("version", "message"), [("2", "a newer Vires"), ("0", "an older Vires"), ("one", "is not a Vires store")]
)
def test_a_store_of_another_version_is_named_as_such(path: Path, version: str, message: str) -> None:
    tamper(path, f"UPDATE store_meta SET value = '{version}'")
    opening_fails(path, message)


@pytest.mark.parametrize("keep", [100, 5_000, 20_000, 40_000])
def test_a_file_cut_short_is_said_to_be_damaged(path: Path, keep: int) -> None:
    with open_store(str(path)) as opened:
        fill(opened, "camden", [draft(text="x" * 3000) for _ in range(50)])
    with path.open("r+b") as file:
        file.truncate(keep)
    opening_fails(path, "damaged or cut short|not an SQLite file")


def test_text_that_is_not_utf8_ends_in_one_line_not_in_a_traceback(path: Path) -> None:
    tamper(path, "DROP TRIGGER entry_UPDATE", "UPDATE entry SET kind = CAST(x'ff' AS TEXT) WHERE sequence = 2")
    opening_fails(path, "cannot be used: Could not decode")


def test_a_closed_store_says_so_in_a_store_error(path: Path) -> None:
    opened = open_store(str(path))
    opened.close()
    with pytest.raises(StoreError, match="closed"):
        opened.head("camden")


# ---- files that cannot be written


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that every account of this machine can reach, as pytest's own is not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def without_privilege() -> Iterator[None]:
    """Root may write anywhere, so for a while this process is nobody."""
    privileged = os.geteuid() == 0
    if privileged:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if privileged:
            os.seteuid(0)


def test_a_read_only_file_is_read_and_an_append_to_it_says_why_not(shared_folder: Path) -> None:
    place = shared_folder / "council.db"
    with create(str(place)) as made:
        fill(made, "camden", [OPENED])
    place.chmod(0o444)
    shared_folder.chmod(0o777)
    with without_privilege(), open_store(str(place)) as opened:
        head = opened.head("camden")
        with pytest.raises(StoreError, match="is read-only; nothing was written"):
            opened.append("camden", head, written("camden", [draft()], head))
        assert opened.head("camden") == head


def test_a_store_in_a_read_only_folder_is_refused_in_one_line(shared_folder: Path) -> None:
    place = shared_folder / "council.db"
    create(str(place)).close()
    place.chmod(0o444)
    shared_folder.chmod(0o555)
    with without_privilege():
        opening_fails(place, "is read-only|cannot be opened")
        with pytest.raises(StoreError, match="Permission denied"):
            create(str(shared_folder / "second.db"))


def test_a_file_one_may_not_read_is_refused_in_one_line(shared_folder: Path) -> None:
    place = shared_folder / "council.db"
    create(str(place)).close()
    place.chmod(0o600)
    with without_privilege():
        opening_fails(place, "cannot be opened")


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


def test_a_store_that_another_process_holds_can_be_read_and_says_who_holds_it(path: Path) -> None:
    with child(HOLD, path) as holder, open_store(str(path), busy_ms=50) as opened:
        assert holder.stdout.readline() == "held\n"
        head = opened.head("camden")
        writes = written("camden", [draft()], head)
        with pytest.raises(StoreError, match=r"another process holds .*; nothing was written") as caught:
            opened.append("camden", head, writes)
        assert "try again" in caught.value.hint
        holder.communicate("go\n")
        opened.append("camden", head, writes)
        assert opened.head("camden").sequence == 3


def test_a_full_store_says_so_and_goes_on_once_there_is_room(path: Path) -> None:
    with open_store(str(path)) as opened:
        head = opened.head("camden")
        pages = opened._connection.exec_driver_sql("PRAGMA page_count").scalar()
        opened._connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        writes = written("camden", [draft(text="x" * 50_000)], head)
        with pytest.raises(StoreError, match="is full; nothing was written"):
            opened.append("camden", head, writes)
        assert opened.head("camden") == head
        opened._connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        opened.append("camden", head, writes)
        assert whole(opened, "camden")


APPEND = """
import resource, sys
from engine import ledger
from engine.errors import StoreError
from engine.store import open_store
from tests.store_contract import draft, written
store = open_store(sys.argv[1])
head = store.head("camden")
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    while True:
        write = written("camden", [draft(text="x" * 4000)], head)[0]
        store.append("camden", head, [write])
        head = ledger.head_after(write)
        print(ledger.receipt(write.entry, write.leaf), flush=True)
except StoreError as error:
    print(error.message)
    assert store.head("camden") == head
"""


def test_when_the_disk_takes_no_more_nothing_acknowledged_is_lost_and_the_rest_was_not_written(path: Path) -> None:
    process = child(APPEND, path, 300_000)
    *receipts, message = process.communicate()[0].splitlines()
    assert process.returncode == 0
    assert len(receipts) > 10
    assert "the disk failed to read or write" in message and message.endswith("; nothing was written")
    with open_store(str(path)) as opened:
        assert opened.head("camden").sequence == 2 + len(receipts)
        assert whole(opened, "camden")


def test_after_a_failed_flush_nobody_claims_to_know_whether_it_was_written() -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    assert "it is not known" in store._explain(error, "council.db", "; nothing was written").message
    assert "it is not known" not in store._explain(error, "council.db", "").message


# ---- several processes

RACE = """
import sys
from engine.errors import ConflictError
from engine.store import open_store
from tests.store_contract import draft, written
store = open_store(sys.argv[1])
head = store.head("camden")
print("ready", flush=True)
sys.stdin.readline()
try:
    store.append("camden", head, written("camden", [draft(by=sys.argv[2])], head))
    print("appended")
except ConflictError as error:
    print("conflict", *(row.sequence for row in error.rows))
"""


def test_of_two_processes_that_append_at_once_one_wins_and_the_other_gets_the_rows_between(path: Path) -> None:
    racers = [child(RACE, path, name) for name in ("one", "two")]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    assert sorted(racer.communicate()[0] for racer in racers) == ["appended\n", "conflict 3\n"]
    with open_store(str(path)) as opened:
        assert opened.head("camden").sequence == 3
        assert whole(opened, "camden")


class Meanwhile(dict[str, tuple[str, bytes]]):
    """Artifacts whose reading runs something in the middle of the append they are given to."""

    def __init__(self, run: Callable[[], object]) -> None:
        self.run = run

    def items(self) -> Iterator[tuple[str, tuple[str, bytes]]]:
        self.run()
        return iter(())


def test_nobody_else_can_append_between_the_check_of_the_head_and_the_commit(path: Path) -> None:
    with open_store(str(path)) as one, open_store(str(path), busy_ms=0) as two:
        head = one.head("camden")
        meanwhile = Meanwhile(lambda: fill(two, "camden", [draft(by="two")]))
        with pytest.raises(StoreError, match="another process holds"):
            one.append("camden", head, [], artifacts=meanwhile)
        assert two.head("camden") == head


CREATE = """
import sys
from engine.errors import StoreError
from engine.store import create
print("ready", flush=True)
sys.stdin.readline()
try:
    create(sys.argv[1]).close()
    print("made")
except StoreError:
    print("refused")
"""


def test_of_two_processes_that_make_a_store_at_once_one_makes_it_and_it_is_whole(tmp_path: Path) -> None:
    makers = [child(CREATE, tmp_path / "council.db") for _ in range(2)]
    for maker in makers:
        assert maker.stdout.readline() == "ready\n"
    for maker in makers:
        maker.stdin.write("go\n")
        maker.stdin.flush()
    assert sorted(maker.communicate()[0] for maker in makers) == ["made\n", "refused\n"]
    with open_store(str(tmp_path / "council.db")) as opened:
        fill(opened, "camden", [OPENED])


def killed(place: Path, moment: random.Random) -> list[str]:
    """The receipts that an appending process gave before it was killed at some moment."""
    process = child(APPEND, place)
    given = [process.stdout.readline() for _ in range(moment.randrange(1, 20))]
    time.sleep(moment.uniform(0, 0.01))
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().split("\n")[:-1]  # a line cut off by the kill was never read by anyone
    assert process.wait() == -signal.SIGKILL
    process.communicate()
    return [line.strip() for line in (*given, *rest)]


def survives(place: Path, rounds: int) -> None:
    kept: list[ledger.Receipt] = []
    for number in range(rounds):
        kept += map(ledger.parse_receipt, killed(place, random.Random(number)))
        with open_store(str(place)) as opened:
            steps = ledger.verify("camden", opened.rows("camden"), opened.openings("camden"), kept)
            assert [step for step in steps if not step.ok] == []
            assert opened.head("camden").sequence - 2 - len(kept) in range(number + 2)


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(path: Path) -> None:
    survives(path, int(os.environ.get("VIRES_KILLS", "5")))


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="set VIRES_SOAK=1 for 200 kills")
def test_nothing_acknowledged_is_lost_in_two_hundred_kills(path: Path) -> None:
    survives(path, int(os.environ.get("VIRES_KILLS", "200")))
