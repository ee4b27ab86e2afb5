"""A hostile administrator has the file of the store: whatever they do to it, `vires audit verify` finds it or says so.

Everything goes through the command line. The auditor holds a checkpoint, the key that signs and the receipt of the last
entry, nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli
from engine import canonical, ledger, library
from engine.ledger import Entry
from tests.simulator import NAME, put_file, shelf

CASE = f"camden/{NAME}"
ANCHORS = ("--checkpoint", "camden.note", "--signed-by", "officer.key.pub")
SOAK = bool(os.environ.get("VIRES_SOAK"))
DOWN = "sequence > (SELECT max(sequence) - 4 FROM entry WHERE authority = 'camden')"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a store as it was, and what the auditor holds."""
    folder = tmp_path_factory.mktemp("office")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "shipped", lambda cache=None: shelf())
        patch.chdir(folder)
        put_file(folder / "true.db", "close-tenders")
        shutil.copy("true.db", "store.db")
        vires("case", "open", "camden", "--title", "Second", "--id", "two", who="bob")
        vires("case", "open", "merton", "--title", "Their part", "--id", "m1", who="mia")
        theirs = vires("case", "record", "merton/m1", "contract.kind=services", who="mia").output
        vires("case", "advance", CASE, "decide-award", "--cites", theirs.split("receipt")[1].split()[0])
        vires("audit", "keygen", "officer.key")
        vires("audit", "checkpoint", "camden", "--key", "officer.key", "--out", "camden.note")
        vires("audit", "bundle", "camden", "--all", "--out", "before.zip")
        _settled("older.db")
        done = vires("case", "record", CASE, "provider.name=Quill", who="carl")
        Path("receipt").write_text(done.output.split("receipt")[1].split()[0])
        _settled("true.db")
        yield folder


def _settled(copy: str) -> None:
    """Nothing; a copy of the store's file has everything, its write-ahead log included."""
    with sqlite3.connect("store.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    shutil.copy("store.db", copy)


@pytest.fixture
def store(office: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """The file in the hands of its administrator, the triggers gone."""
    monkeypatch.setattr(library, "shipped", lambda cache=None: shelf())
    monkeypatch.chdir(office)
    for ending in ("-wal", "-shm"):
        Path(f"store.db{ending}").unlink(missing_ok=True)
    shutil.copy("true.db", "store.db")
    connection = sqlite3.connect("store.db", isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    yield connection
    connection.close()


def vires(*words: str, who: str = "ann", at: str = "2026-06-01 10:00", clock: bool = True) -> Result:
    told = ["--clock", at, "--as", who] if clock else []
    done = CliRunner().invoke(cli.main, ["--database", "store.db", *told, *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def verify(*words: str) -> tuple[int, str]:
    done = vires("audit", "verify", *words, clock=False)
    return done.exit_code, " ".join(done.output.split())


def anchored() -> tuple[str, ...]:
    return (*ANCHORS, "--receipt", Path("receipt").read_text())


def entries(store: sqlite3.Connection, authority: str = "camden") -> list[Entry]:
    found = store.execute("SELECT bytes FROM entry WHERE authority = ? ORDER BY sequence", (authority,))
    return [ledger.decode(data) for (data,) in found]


def put(store: sqlite3.Connection, log: list[Entry], authority: str = "camden") -> None:
    """The log written again whole, numbered and chained by somebody who knows the format."""
    store.execute("DELETE FROM entry WHERE authority = ?", (authority,))
    previous = None
    for number, each in enumerate(log, 1):
        entry = replace(each, sequence=number, previous=previous, authority=authority)
        data = ledger.encode(entry)
        previous = ledger.leaf(data).hex()
        row = (authority, number, entry.case, entry.kind, data, bytes.fromhex(previous))
        store.execute("INSERT INTO entry (authority, sequence, case_id, kind, bytes, leaf) VALUES (?,?,?,?,?,?)", row)


def rewritten(change: Callable[[list[Entry]], list[Entry]]) -> Callable[[sqlite3.Connection], None]:
    return lambda store: put(store, change(entries(store)))


def nth(log: list[Entry], kind: str) -> int:
    return max(place for place, entry in enumerate(log) if entry.kind == kind)


def with_body(log: list[Entry], kind: str, **members: object) -> list[Entry]:
    place = nth(log, kind)
    changed = replace(log[place], body={**log[place].body, **members})
    return [*log[:place], changed, *log[place + 1 :]]


def other_pack(store: sqlite3.Connection) -> None:
    digest, data = store.execute("SELECT digest, bytes FROM artifact WHERE kind LIKE '%pack%'").fetchone()
    files = json.loads(data)
    name = sorted(files)[0]
    store.execute("UPDATE artifact SET bytes = ? WHERE digest = ?", (canonical.encode({**files, name: "x"}), digest))


def swapped_cases(log: list[Entry]) -> list[Entry]:
    other = {"two": NAME, NAME: "two"}
    return [replace(entry, case=other.get(entry.case or "", entry.case)) for entry in log]


def sql(*statements: str) -> Callable[[sqlite3.Connection], None]:
    return lambda store: [store.execute(each) for each in statements] and None


ATTACKS: dict[str, Callable[[sqlite3.Connection], None]] = {
    "a verdict rewritten, all after it hashed again": rewritten(lambda log: with_body(log, "decision", to="closed")),
    "a date rewritten and hashed again": rewritten(
        lambda log: [*log[:5], replace(log[5], happened="2024-01-01"), *log[6:]]
    ),
    "an act given to another": rewritten(lambda log: [*log[:-1], replace(log[-1], actor="0" * 16)]),
    "a clock set back": rewritten(lambda log: [replace(entry, recorded="2025-03-03T10:00:00Z") for entry in log]),
    "an entry slipped in": rewritten(lambda log: [*log[:6], log[5], *log[6:]]),
    "an entry taken out": rewritten(lambda log: [*log[:6], *log[7:]]),
    "two cases' entries exchanged": rewritten(swapped_cases),
    "the last entry deleted": sql(f"DELETE FROM entry WHERE authority = 'camden' AND {DOWN.replace('- 4', '- 1')}"),
    "the last entries deleted": sql(f"DELETE FROM entry WHERE authority = 'camden' AND {DOWN}"),
    "the whole log deleted": sql("DELETE FROM entry WHERE authority = 'camden'"),
    "all that speaks of it deleted": sql(
        *(
            f"DELETE FROM {table} WHERE authority = 'camden'"
            for table in ("entry", "actor", "opening", "case_projection")
        )
    ),
    "files of cases exchanged": sql(
        "UPDATE entry SET case_id = CASE case_id WHEN 'two' THEN '2025-014' ELSE 'two' END "
        "WHERE authority = 'camden' AND case_id IS NOT NULL"
    ),
    "a pack altered": other_pack,
    "packs emptied": sql("UPDATE artifact SET bytes = CAST('{}' AS BLOB)"),
    "packs deleted": sql("DELETE FROM artifact"),
    "openings forged": sql("""UPDATE opening SET value = CAST('"forged"' AS BLOB)"""),
    "openings that are no JSON": sql("""UPDATE opening SET value = CAST('{"a":NaN}' AS BLOB)"""),
    "openings of other types": sql("UPDATE opening SET value = 7, salt = 'text'"),
    "salts shortened": sql("UPDATE opening SET salt = x'00'"),
    "an opening of nothing": sql("INSERT INTO opening VALUES ('camden', 'ab', x'00', x'00')"),
    "the list forged": sql("UPDATE case_projection SET state = 'closed', title = 'Fine'"),
    "the list emptied": sql("DELETE FROM case_projection"),
    "the list of odd types": sql("UPDATE case_projection SET sequence = 'x', opened = 17"),
    "a login given another's id": sql(
        "UPDATE actor SET login = 'x' || login WHERE authority = 'camden' AND login = 'bob'",
    ),
    "a number beyond all numbers": sql(
        "UPDATE entry SET sequence = 9223372036854775807 WHERE authority = 'camden' AND sequence = 3"
    ),
    "a number below all numbers": sql("UPDATE entry SET sequence = -3 WHERE authority = 'camden' AND sequence = 3"),
    "half a number": sql("UPDATE entry SET sequence = 3.5 WHERE authority = 'camden' AND sequence = 3"),
    "a number that is text": sql("UPDATE entry SET sequence = 'x' WHERE authority = 'camden' AND sequence = 3"),
    "no bytes": sql("UPDATE entry SET bytes = x'' WHERE authority = 'camden' AND sequence = 3"),
    "a name twice in an object": sql(
        """UPDATE entry SET bytes = CAST(replace(CAST(bytes AS TEXT), '"actor"', '"actor":"","actor"') AS BLOB)"""
    ),
    "JSON that is deep": lambda store: (
        store.execute("UPDATE entry SET bytes = ? WHERE authority = 'camden' AND sequence = 3", (b"[" * 100_000,))
        and None
    ),
    "two logs exchanged whole": sql(
        "UPDATE entry SET authority = CASE authority WHEN 'camden' THEN 'away' ELSE 'camden' END "
        "WHERE authority IN ('camden', 'merton')",
        "UPDATE entry SET authority = 'merton' WHERE authority = 'away'",
    ),
    "an entry moved to another log": sql(
        "UPDATE entry SET authority = 'merton', sequence = 1000 WHERE authority = 'camden' AND sequence = 5"
    ),
    "an entry of another log at the end": sql(
        "INSERT INTO entry SELECT 'camden', (SELECT max(sequence) + 1 FROM entry WHERE authority = 'camden'), "
        "case_id, kind, bytes, leaf FROM entry WHERE authority = 'merton' AND sequence = 3"
    ),
    "the log of a partner written again whole": lambda store: put(
        store, [replace(each, happened="2024-01-01") for each in entries(store, "merton")], "merton"
    ),
    "the log of a partner cut": sql("DELETE FROM entry WHERE authority = 'merton' AND sequence > 2"),
    "true written as 1": sql(
        """UPDATE entry SET bytes = CAST(replace(CAST(bytes AS TEXT), 'true', '1') AS BLOB) WHERE sequence = 1"""
    ),
    "openings exchanged": sql(
        "CREATE TEMP TABLE t AS SELECT * FROM opening WHERE authority = 'camden' ORDER BY commitment LIMIT 2",
        "UPDATE opening SET (salt, value) = (SELECT salt, value FROM t WHERE t.commitment != opening.commitment) "
        "WHERE commitment IN (SELECT commitment FROM t)",
    ),
    "packs exchanged": sql(
        "CREATE TEMP TABLE t AS SELECT digest, bytes FROM artifact WHERE kind LIKE '%pack%' ORDER BY digest LIMIT 2",
        "UPDATE artifact SET bytes = (SELECT bytes FROM t WHERE t.digest != artifact.digest) "
        "WHERE digest IN (SELECT digest FROM t)",
    ),
    "a case listed as another": sql(
        "UPDATE case_projection SET (title, state, sequence) = "
        "(SELECT title, state, sequence FROM case_projection WHERE case_id = '2025-014') WHERE case_id = 'two'"
    ),
    "a view in place of the table": sql(
        "ALTER TABLE entry RENAME TO e", "CREATE VIEW entry AS SELECT * FROM e WHERE sequence < 20"
    ),
    "an entry twice, the key gone": sql(
        *("ALTER TABLE entry RENAME TO e", "CREATE TABLE entry AS SELECT * FROM e"),
        "INSERT INTO entry SELECT * FROM e WHERE authority = 'camden' AND sequence = 3",
    ),
    "said to be real": rewritten(lambda log: with_body(log, "log-opened", training=False)),
}


def test_untouched_it_verifies_to_its_last_entry(store: sqlite3.Connection) -> None:
    code, said = verify("camden", *anchored())
    assert code == 0 and f"proved up to entry {len(entries(store))}" in said


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_on_the_file_is_found(attack: str, store: sqlite3.Connection) -> None:
    ATTACKS[attack](store)
    code, said = verify("camden", *anchored())
    assert code == 5, said
    more = (("audit", "replay", CASE), ("case", "next", CASE), ("audit", "report", "camden")) if SOAK else ()
    for words in (("case", "show", CASE), ("audit", "log", "camden"), *more):
        assert vires(*words).exit_code in (0, 1, 2, 5, 6), "in words, whatever it finds"


def test_a_log_that_is_gone_is_missed_without_an_anchor_too(store: sqlite3.Connection) -> None:
    store.execute("DELETE FROM entry WHERE authority = 'camden'")
    code, said = verify()
    assert code == 5 and "there is no entry of camden" in said
    assert verify("camden")[0] == 5 and "the whole log is gone" in verify("camden")[1]
    assert verify("camdem")[0] == 2, "a typing error is still one"


def test_a_backup_put_back_is_found_by_what_came_after(store: sqlite3.Connection) -> None:
    """A restored backup is sound in itself: only what was given out since shows that there was more."""
    put(store, entries(store)[:-3])
    store.execute("DELETE FROM opening WHERE commitment IN (SELECT commitment FROM opening)")
    code, said = verify("camden", "--checkpoint", "camden.note")
    assert code == 5 and "it was cut short" in said


def test_a_backup_put_back_still_agrees_with_what_was_signed_before_it_and_says_how_far_that_goes(
    store: sqlite3.Connection,
) -> None:
    """An older checkpoint cannot tell; the receipt of an officer who acted since can."""
    log = entries(store)
    store.close()
    shutil.copy("older.db", "store.db")
    code, said = verify("camden", *ANCHORS)
    assert code == 0 and f"proved up to entry {len(log) - 2}" in said
    assert "the log has no such entry" in verify("camden", "--receipt", Path("receipt").read_text())[1]


def test_openings_that_nothing_erased_are_named(store: sqlite3.Connection) -> None:
    store.execute("DELETE FROM opening")
    code, said = verify("camden", *anchored())
    assert code == 0 and "no erasure on the log says so" in said, "a log outlives what it seals, and says what is gone"
    assert "nobody can say why the openings of" in said.split("✓ nothing is out of place")[1]
    assert "nor whether the list has the titles of 2025-014, two" in said


def test_a_title_put_in_the_list_for_one_that_was_erased_is_found(store: sqlite3.Connection) -> None:
    """No opening is left to hold the list against: that an erasure took it is all that tells."""
    sealed = next(each for entry in entries(store) if entry.case == "two" for each in ledger.sealed_in(entry.body))
    last, asked = entries(store)[-1], len(entries(store)) + 1
    asks = {"act": "ask", "seals": [sealed], "reason": {"sealed": "0f" * 32}, "classes": [], "until": "2025-01-01"}
    for body, actor in ((asks, "0" * 16), ({"act": "erase", "asked": asked, "erased": [sealed]}, "1" * 16)):
        put(store, [*entries(store), replace(last, kind="retention", case="two", body=body, actor=actor)])
    store.execute("DELETE FROM opening WHERE commitment = ?", (sealed,))
    listed = "UPDATE case_projection SET sequence = ?, changed = ?, title = ? WHERE case_id = 'two'"
    for title, told in (("erased", 0), ("Fine", 5)):
        store.execute(listed, (asked + 1, last.recorded, title))
        code, said = verify("camden", *ANCHORS)
        assert code == told and ("case two: its title was erased, and the list shows one" in said) is (told == 5)


def test_an_old_receipt_says_how_much_came_after_it(store: sqlite3.Connection) -> None:
    log = entries(store)
    put(store, [*log[:9], replace(log[9], happened="2024-01-01"), *log[10:]])
    code, said = verify("camden", "--receipt", ledger.receipt(log[2], ledger.leaf(ledger.encode(log[2]))))
    assert code == 0 and "proved up to entry 3" in said and f"{len(log) - 3} entries after it" in said


def test_whoever_is_forgotten_and_comes_back_has_two_ids_and_is_found(store: sqlite3.Connection) -> None:
    """Two people are asked for: one whose id is taken from the table comes back as another."""
    store.execute("DELETE FROM actor WHERE authority = 'camden' AND login = 'bob'")
    assert verify("camden", *anchored())[0] == 0
    assert vires("case", "record", "camden/two", "contract.kind=services", who="bob").exit_code == 0
    code, said = verify("camden", *anchored())
    assert code == 5 and "has two ids" in said


def test_a_trigger_that_undoes_what_is_written_is_told_at_once(store: sqlite3.Connection) -> None:
    store.execute("CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry WHERE sequence = NEW.sequence; END")
    done = vires("case", "record", CASE, "provider.sector=voluntary sector")
    assert done.exit_code == 6 and "nothing was written" in done.output and "receipt" not in done.output


def test_where_one_log_turns_real_every_log_is_still_verified(store: sqlite3.Connection) -> None:
    log = entries(store, "sutton")
    put(store, with_body(log, "log-opened", training=False), "sutton")
    code, said = verify("camden", *anchored())
    assert code == 5 and "some logs of this store are for training" in said and "proved up to entry" in said
    assert vires("case", "record", CASE, "provider.sector=voluntary sector").exit_code == 5


def test_nobody_is_named_in_a_store_that_turned_to_training_in_part(store: sqlite3.Connection) -> None:
    """In a store for real use a log for training added by the administrator lets nobody say who they are."""
    for (authority,) in store.execute("SELECT DISTINCT authority FROM entry").fetchall():
        put(store, with_body(entries(store, authority), "log-opened", training=False), authority)
    put(store, with_body(entries(store, "merton")[:1], "log-opened", training=True), "aa")
    assert vires("case", "list", who="the chief").exit_code == 5


@pytest.mark.parametrize(
    ("old", "new"), [("SIZE", "9"), ("SIZE", "0SIZE"), ("/training", ""), ("camden", "c\u0430mden"), ("\n", "\r\n")]
)
def test_a_checkpoint_that_was_touched_is_refused(old: str, new: str, store: sqlite3.Connection) -> None:
    text = Path("camden.note").read_text()
    size = text.split("\n")[1]
    Path("touched.note").write_text(text.replace(*(f"{each}".replace("SIZE", size) for each in (old, new))), newline="")
    assert Path("touched.note").read_bytes() != text.encode()
    assert verify("camden", "--checkpoint", "touched.note", "--signed-by", "officer.key.pub")[0] == 5


def test_what_never_ends_is_not_read(store: sqlite3.Connection) -> None:
    Path("pipe.note").unlink(missing_ok=True)
    os.mkfifo("pipe.note")
    for place in ("pipe.note", "/dev/zero", "."):
        code, said = verify("camden", "--checkpoint", place)
        assert code == 2 and "is not a file" in said
    for words in (("pipe.note",), ("camden", "--signed-by", "pipe.note")):
        assert verify(*words)[0] == 2


def test_another_key_signs_nothing_of_ours(store: sqlite3.Connection) -> None:
    for name in ("evil.key", "evil.key.pub", "evil.note"):
        Path(name).unlink(missing_ok=True)
    vires("audit", "keygen", "evil.key")
    vires("audit", "checkpoint", "camden", "--key", "evil.key", "--out", "evil.note")
    code, said = verify("camden", "--checkpoint", "evil.note", "--signed-by", "officer.key.pub")
    assert code == 5 and "none of the keys given signed it" in said
    code, said = verify("camden", "--checkpoint", "evil.note")
    assert code == 0 and "who signed: no --signed-by was given" in said


def test_an_older_bundle_in_place_of_a_newer_is_found_by_the_receipt(store: sqlite3.Connection) -> None:
    assert verify("before.zip")[0] == 0
    code, said = verify("before.zip", "--receipt", Path("receipt").read_text())
    assert code == 5 and "the bundle ends before it" in said
