"""Stores that fail and processes that die: one line, the right exit code, nothing lost, nothing half written."""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

import cli
from engine import ledger, library, store
from engine.errors import ViresError
from engine.service import Office
from tests.simulator import CAMDEN, NAME, Council, clock, contents, put_file, shelf

ROOT = Path(__file__).resolve().parents[1]
SOAK = bool(os.environ.get("VIRES_SOAK"))
KILLS = int(os.environ.get("VIRES_KILLS", "20"))
CASE = f"camden/{NAME}"
AT = ("--clock", "2025-05-02 10:00", "--as", "ann")
RECEIPT = re.compile(r"camden:\d+:[0-9a-f]{24}")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return put_file(tmp_path / "council.db")


def run(place: Path, *words: str) -> Result:
    """A command in this process."""
    return CliRunner().invoke(cli.main, ["--database", str(place), *words])


def start(place: Path, *words: str, **env: str) -> subprocess.Popen[str]:
    """A command as people run it: a process of its own."""
    command = [sys.executable, str(ROOT / "cli.py"), "--database", str(place), *words]
    told = {**os.environ, **env}
    return subprocess.Popen(
        command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=told, encoding="latin-1"
    )


def sound(place: Path, receipts: list[str]) -> None:
    """Verification against every receipt and replay of every decision, on a store opened anew."""
    kept = [word for receipt in receipts for word in ("--receipt", receipt)]
    verified = run(place, "audit", "verify", *kept)
    assert verified.exit_code == 0, verified.output
    replayed = run(place, "audit", "replay")
    assert replayed.exit_code == 0, replayed.output


def one_line(result: Result, code: int) -> str:
    assert result.exit_code == code, result.output
    assert result.stderr.startswith("vires: ") and result.stderr.count("\n") == 1, result.stderr
    assert "fault of Vires itself" not in result.stderr
    return result.stderr


WRITE = ("case", "record", CASE, "contract.kind=services")

# ---- one process for each command


def each_command(place: Path, facts: Path) -> Iterator[tuple[list[str], int]]:
    told = [*AT]
    yield ["init", "--training", "--database", str(place.with_name("new.db")), *told], 0
    yield ["authority", "list"], 0
    yield ["authority", "show", "camden"], 0
    yield ["case", "open", "camden", "--title", "Second", *told], 0
    yield ["case", "list"], 0
    yield ["case", "show", CASE], 0
    yield ["case", "record", CASE, "contract.value=£1,000,000 incl VAT", *told], 0
    yield ["case", "check", CASE, *told], 0
    yield ["case", "next", CASE, *told], 0
    yield ["case", "why", CASE, "decide-strategy", *told], 1
    yield ["case", "judge", CASE, "camden.key-decision.strategy", "no", "--role", "clerk", "--reason", "x", *told], 0
    yield ["case", "advance", CASE, "abandon", *told], 0
    yield ["assess", str(facts), "--authority", "camden", "--step", "abandon"], 1
    yield ["vocabulary", "standstill"], 0
    yield ["rules", "list"], 0
    yield ["rules", "show", "camden.bands.current"], 0
    yield ["rules", "lint", str(ROOT / "rules/local/sutton")], 0
    yield ["rules", "test", str(Path(library.__file__).parents[1] / "rules" / "local" / "sutton")], 0
    yield ["rules", "diff", "camden", "camden"], 0
    yield ["rules", "catalogue"], 0
    yield ["rules", "coverage", "--law", str(ROOT / "rules/calendars")], 1
    yield ["rules", "schema", "pack"], 0
    yield ["rules", "new", "authority", "enfield", "--into", str(facts.parent)], 0
    yield ["rules", "compare", "camden", str(facts.parent / "enfield")], 0
    yield ["case", "migrate", "camden", "--plan", *told], 0
    yield ["workflow", "show"], 0
    yield ["workflow", "walk", "camden", "--route", "grant"], 0
    yield ["workflow", "diagram", "barking-and-dagenham"], 0
    yield ["workflow", "lint"], 0
    yield ["workflow", "compare", "camden", "barking-and-dagenham"], 0
    yield ["audit", "log"], 0
    yield ["audit", "verify"], 0
    yield ["audit", "replay"], 0


def test_every_command_runs_in_a_process_of_its_own(place: Path, tmp_path: Path) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text("contract.kind: services\n")
    ran = set()
    for words, code in each_command(place, facts):
        process = start(place, *words, PYTHONIOENCODING="ascii" if len(ran) % 2 else "latin-1", LC_ALL="C")
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (code, "") or words[0] == "assess", (words, out, err)
        assert out.strip() and "Traceback" not in err
        size = 1 if words[0] in ("init", "assess", "vocabulary") else 3 if words[1] == "new" else 2
        ran.add(tuple(words[:size]))
    from tests.test_cli import commands

    for words in set(commands()) - ran:  # their own tests run them; here they say what they are for
        told = run(place, *words, "--help")
        assert (told.exit_code, told.stderr) == (0, "") and words[-1] in told.stdout, (words, told.output)


def test_output_into_head_ends_quietly(place: Path) -> None:
    for words in ("rules list", f"case show {CASE}", "audit log"):
        line = f"{sys.executable} {ROOT / 'cli.py'} --database {place} {words} | head -1"
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
        assert done.stdout.count("\n") == 1
        assert "Traceback" not in done.stderr and "Exception" not in done.stderr, done.stderr


def test_output_onto_a_full_device_is_no_traceback(place: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    line = f"{sys.executable} {ROOT / 'cli.py'} --database {place} case list >/dev/full"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


# ---- stores that cannot be used


def test_bytes_at_random_a_folder_and_nothing_at_all_are_no_stores(tmp_path: Path) -> None:
    noise = tmp_path / "noise.db"
    noise.write_bytes(random.Random(7).randbytes(20_000))
    for where, said in (
        (noise, "not an SQLite file"),
        (tmp_path, "is not a file"),
        (tmp_path / "none.db", "vires init"),
    ):
        for words in (WRITE, ("case", "list"), ("audit", "verify")):
            assert said in one_line(run(where, *words), 6)
    assert sorted(tmp_path.iterdir()) == [noise]
    assert "already" in one_line(run(noise, "init"), 6)


@pytest.mark.parametrize("keep", [0, 100, 4096, 20_000, 60_000])
def test_a_store_cut_short_is_one_line_whatever_is_asked(place: Path, keep: int) -> None:
    size = place.stat().st_size
    with place.open("r+b") as file:
        file.truncate(min(keep, size - 1))
    for words in (("case", "list"), ("audit", "verify"), (*WRITE, *AT), ("case", "show", CASE)):
        result = run(place, *words)
        assert result.exit_code in (0, 5, 6), result.output
        if result.exit_code:
            assert "Traceback" not in result.output and result.stderr.count("\n") <= 1


def test_init_over_an_existing_store_touches_nothing(place: Path) -> None:
    before = place.read_bytes()
    for words in (("init",), ("init", "--training")):
        assert "already" in one_line(run(place, *words), 6)
    assert place.read_bytes() == before


def test_init_where_no_folder_is(tmp_path: Path) -> None:
    assert "No such file" in one_line(run(tmp_path / "nowhere" / "x.db", "init"), 6)


def test_a_read_only_store_is_read_and_not_written() -> None:
    if os.geteuid() == 0:
        folder = Path(tempfile.mkdtemp())
        try:
            place = put_file(folder / "council.db")
            place.chmod(0o444)
            folder.chmod(0o777)
            os.seteuid(65534)
            try:
                assert "read-only" in one_line(run(place, *WRITE, *AT), 6)
                assert run(place, "case", "show", CASE).exit_code == 0
            finally:
                os.seteuid(0)
        finally:
            shutil.rmtree(folder)


def test_a_store_that_another_process_holds_is_read_and_its_writer_is_told(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(place)
    monkeypatch.setitem(store.open_store.__kwdefaults__, "busy_ms", 50)
    holder = sqlite3.connect(place, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert run(place, "case", "show", CASE).exit_code == 0
    said = one_line(run(place, *WRITE, *AT), 6)
    assert "another process holds" in said and "nothing was written" in said and "try again" in said
    holder.close()
    assert contents(place) == before
    assert run(place, *WRITE, *AT).exit_code == 0


LIMITED = """
import resource, sys
import cli
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
cli.main.main(sys.argv[1:], prog_name="vires")
"""


def test_when_the_disk_is_full_nothing_is_written_and_nothing_is_lost(place: Path) -> None:
    before = contents(place)
    for limit in (1_000, 30_000):
        words = ["--database", str(place), *AT, "case", "advance", CASE, "decide-strategy"]
        done = subprocess.run(
            [sys.executable, "-c", LIMITED, str(limit), *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 6, (done.stdout, done.stderr)
        assert done.stderr.count("\n") == 1
        assert contents(place) == before
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, "30000", "--database", str(place.with_name("new.db")), "init"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6 and done.stderr.count("\n") == 1
    sound(place, [])


# ---- two processes at once

BARRIER = """
import sys
import cli
from engine import store
append = store.Store.append
def waiting(*given, **named):
    if not hasattr(store, "passed"):
        store.passed = True
        print("ready", flush=True)
        sys.stdin.readline()
    return append(*given, **named)
store.Store.append = waiting
cli.main.main(sys.argv[1:], prog_name="vires")
"""


def race(place: Path, *commands: list[str]) -> list[tuple[int, str, str]]:
    """The commands in processes of their own, all held where they are about to write, then let go at once."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", BARRIER, "--database", str(place), "--clock", "2025-05-02 10:00", *words],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for words in commands
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    ended = [racer.communicate(timeout=60) for racer in racers]
    return [(racer.returncode, *outs) for racer, outs in zip(racers, ended, strict=True)]


def test_of_two_who_advance_one_case_at_once_one_wins_and_the_other_is_told_what_changed(place: Path) -> None:
    took = ["case", "advance", CASE, "abandon"]
    results = race(place, ["--as", "ann", *took], ["--as", "bob", *took])
    [(_, out, _)] = [each for each in results if each[0] == 0]
    [(_, lost, said)] = [each for each in results if each[0] == 6]
    assert "somebody else changed camden/2025-014 first" in said and "decision abandon" in said
    assert "nothing was written" in said and said.count("\n") == 1
    assert not RECEIPT.search(lost)
    with store.open_store(str(place)) as opened:
        steps = [ledger.decode(row.bytes) for row in opened.rows("camden", NAME)]
    assert [entry.body["step"] for entry in steps if entry.kind == "decision"] == ["assess-need", "abandon"]
    sound(place, RECEIPT.findall(out))


def test_two_who_write_in_different_cases_at_once_both_succeed(place: Path) -> None:
    assert run(place, *AT, "case", "open", "camden", "--title", "Other", "--id", "other").exit_code == 0
    first = ["--as", "ann", "case", "record", "camden/other", "contract.kind=services"]
    results = race(place, first, ["--as", "bob", "case", "advance", CASE, "abandon"])
    assert [code for code, _, _ in results] == [0, 0], results
    sound(place, [receipt for _, out, _ in results for receipt in RECEIPT.findall(out)])


# ---- processes that are killed

KILLING = """
import os, random, signal, sys, time
from tests.simulator import NAME, clock, shelf
from engine import store
from engine.service import Office

def advance_without_end(place, officer, pipe):
    opened = store.open_store(place)
    said, step = [("provider.name", "A charity")], "decide-strategy"
    while True:
        desk = Office(opened, shelf(), clock("2025-07-16 19:00"), officer)
        for act in (desk.record, desk.advance):
            done = act("camden", NAME, said, False)[1] if act == desk.record else act("camden", NAME, step).written
            os.write(pipe, (done.receipt + "\\n").encode())

shelf().law
for number in range(int(sys.argv[2])):
    luck = random.Random(number)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        advance_without_end(sys.argv[1], f"officer {number}", writing)
    os.close(writing)
    given = os.read(reading, 1)  # it is at work
    time.sleep(luck.uniform(0, 0.06))
    os.kill(child, signal.SIGKILL)
    while more := os.read(reading, 65536):
        given += more
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    os.close(reading)
    print(given.decode().rpartition("\\n")[0], flush=True)  # a line cut off by the kill was never read by anyone
"""


def survives(place: Path, kills: int) -> None:
    """Advance in a process that is killed at some moment, again and again; then look whether all of it is there."""
    done = subprocess.run(
        [sys.executable, "-c", KILLING, str(place), str(kills)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    receipts = RECEIPT.findall(done.stdout)
    assert len(receipts) >= kills
    sound(place, receipts)
    with store.open_store(str(place)) as opened:
        own = [ledger.decode(row.bytes) for row in opened.rows("camden") if row.sequence > 3]
    acts = {entry.sequence for entry in own if entry.kind != "actor"}
    acknowledged = {int(receipt.split(":")[1]) for receipt in receipts}
    assert acknowledged <= acts
    assert len(acts) - len(acknowledged) <= kills  # at most one append for each kill that nobody was told of


def test_nothing_acknowledged_is_lost_when_an_advance_is_killed(place: Path) -> None:
    survives(place, KILLS)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="set VIRES_SOAK=1 for 200 kills")
def test_nothing_acknowledged_is_lost_in_two_hundred_killed_advances(place: Path) -> None:
    survives(place, int(os.environ.get("VIRES_KILLS", "200")))


# ---- one altered byte


def copies(place: Path, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    with store.open_store(str(place)) as opened:
        rows = list(opened.rows("camden"))
    for row in rows:
        copy = tmp_path / f"copy-{row.sequence}.db"
        shutil.copy(place, copy)
        data = bytearray(row.bytes)
        spot = random.Random(row.sequence).randrange(len(data))
        data[spot] ^= 1
        connection = sqlite3.connect(copy, isolation_level=None)
        connection.execute("DROP TRIGGER entry_UPDATE")
        connection.execute("UPDATE entry SET bytes = ? WHERE sequence = ?", (bytes(data), row.sequence))
        connection.close()
        yield row.sequence, copy


def test_one_altered_byte_in_any_entry_of_a_copy_is_found_and_the_entry_named(tmp_path: Path) -> None:
    place = put_file(tmp_path / "council.db", "decide-strategy")
    for sequence, copy in copies(place, tmp_path):
        result = run(copy, "audit", "verify")
        assert result.exit_code == 5, (sequence, result.output)
        assert f"entry {sequence}" in result.output or f"entry is {sequence}" in result.output, (
            sequence,
            result.output,
        )
        for words in (("audit", "replay"), ("audit", "log"), ("case", "show", CASE), (*WRITE, *AT), ("case", "list")):
            other = run(copy, *words)
            flag_gone = sequence == 1 and words[-4:] == AT  # a store that no longer says it is for training
            assert other.exit_code in ((0, 2, 5, 6) if flag_gone else (0, 5, 6)), (sequence, words, other.output)
            assert "fault of Vires itself" not in other.output and "Traceback" not in other.output


def test_entries_cut_off_the_end_are_found_by_a_receipt_alone(tmp_path: Path) -> None:
    place = put_file(tmp_path / "council.db")
    receipts = RECEIPT.findall(run(place, *WRITE, *AT).stdout)
    connection = sqlite3.connect(place, isolation_level=None)
    connection.execute("DROP TRIGGER entry_DELETE")
    connection.execute("DELETE FROM entry WHERE sequence = (SELECT max(sequence) FROM entry)")
    connection.execute("UPDATE cases SET sequence = 3" if "cases" in _tables(connection) else "SELECT 1")
    connection.close()
    found = run(place, "audit", "verify", "--receipt", receipts[0])
    assert found.exit_code == 5
    assert "the log has no such entry" in " ".join(found.stdout.split())


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_logs_of_two_kinds_in_one_store_are_no_store_to_work_on(place: Path) -> None:
    with store.open_store(str(place)) as opened:
        desk = Office(opened, shelf(), clock("2025-05-03 10:00"), "mallory")
        desk.open_log("enfield", False)
    assert "some logs of this store are for training and some are not" in one_line(run(place, *WRITE), 5)


# ---- random use

STEPS = [step.id for step in shelf().workflow.steps]
SAID = [record for gate in CAMDEN for record in gate.records]
JUDGED = [judge for gate in CAMDEN for judge in gate.judges]
ACT = st.one_of(
    st.tuples(st.just("advance"), st.sampled_from(STEPS)),
    st.tuples(st.just("done"), st.sampled_from(STEPS)),
    st.tuples(st.just("record"), st.sampled_from(SAID)),
    st.tuples(st.just("plan"), st.sampled_from(SAID)),
    st.tuples(st.just("judge"), st.sampled_from(JUDGED)),
    st.tuples(st.just("fault"), st.sampled_from(STEPS)),
    st.tuples(st.just("open"), st.sampled_from(["second", "third", NAME])),
)
ACTS = st.lists(st.tuples(ACT, st.sampled_from([NAME, NAME, "second"])), max_size=18)
FIRST = st.sampled_from(
    ["", "assess-need", "decide-strategy", "publish-tender-notice", "publish-award-notice", "close"]
)


def used_at_random(first: str, acts: list[tuple[tuple[str, object], str]]) -> None:
    council = Council.after(first)
    honest = council.runner
    for number, ((act, what), case) in enumerate(acts):
        when = f"2027-{4 + number // 28:02d}-{1 + number % 28:02d} 10:00"
        council.runner = (lambda program, ctx: frozenset()) if act == "fault" else honest
        try:
            match act:
                case "advance" | "fault":
                    council.advance(when, str(what), case)
                case "done":
                    council.advance(when, str(what), case, already=when[:10], reason="Found afterwards")
                case "judge":
                    council.judge(when, *what, case=case)  # type: ignore[misc]
                case "open":
                    council.open(when, str(what))
                case _:
                    council.record(when, str(what), case=case, planned=act == "plan")
        except ViresError as error:
            assert error.status in (2, 5) and "\n" not in error.message
    council.runner = honest
    assert council.sound() == []
    council.store.close()


@settings(max_examples=15)
@given(FIRST, ACTS)
def test_whatever_is_done_the_log_verifies_the_list_equals_a_rebuild_and_replay_agrees(
    first: str, acts: list[tuple[tuple[str, object], str]]
) -> None:
    used_at_random(first, acts)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="set VIRES_SOAK=1 for 1,000 examples")
@settings(max_examples=1_000)
@given(FIRST, ACTS)
def test_the_same_at_length(first: str, acts: list[tuple[tuple[str, object], str]]) -> None:
    used_at_random(first, acts)
