"""The store on SQLite: tables, compare-and-append, and one clear line for each way a file can fail.

The only module that knows SQLModel and SQLAlchemy. The tables are SQLModel classes; the hot path runs SQLAlchemy Core
statements compiled once, because an append should cost little more than the commit that makes it durable. Nothing here
is trusted by verification: a log is judged by its bytes (`engine.ledger.verify`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from sqlalchemy import ClauseElement, Index, LargeBinary, bindparam, cast, create_engine, delete, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool
from sqlmodel import Field, SQLModel

from engine import ledger
from engine.errors import ConflictError, LedgerError, StoreError, UsageError
from engine.ledger import Head, Opening, Row, Write

SCHEMA = "1"
BUSY_MS = 5000
PAGE = 256  # rows fetched at a time: a whole log is never held in memory
CHUNK = 500  # values in one IN list, below the least limit any SQLite has on bound parameters
MEMORY = ":memory:"
NONE: Mapping[str, Any] = MappingProxyType({})

# -------------------------------------------------------------------------------------------------------- tables


class EntryTable(SQLModel, table=True):
    """The log. Triggers refuse every change; all but `data` repeats what the bytes say, so that it can be found."""

    __tablename__ = "entry"
    __table_args__ = (Index("entry_of_case", "authority", "case_id", "sequence"),)
    authority: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    case_id: str | None
    kind: str
    data: bytes = Field(sa_column_kwargs={"name": "bytes"})
    leaf: bytes


class OpeningTable(SQLModel, table=True):
    """What opens the seals. A row may be erased at any time, and the log still verifies."""

    __tablename__ = "opening"
    authority: str = Field(primary_key=True)
    commitment: str = Field(primary_key=True)
    salt: bytes
    value: bytes


class ActorTable(SQLModel, table=True):
    """Which opaque id stands in the log for an authenticated login; erasable like an opening."""

    __tablename__ = "actor"
    authority: str = Field(primary_key=True)
    login: str = Field(primary_key=True)
    actor: str


class ArtifactTable(SQLModel, table=True):
    """Packs, calendars, vocabulary and workflows by digest: what a replay needs years later."""

    __tablename__ = "artifact"
    digest: str = Field(primary_key=True)
    kind: str
    data: bytes = Field(sa_column_kwargs={"name": "bytes"})


class CaseProjectionTable(SQLModel, table=True):
    """One line per case for lists. No verdict reads it; it can be rebuilt from the log."""

    __tablename__ = "case_projection"
    authority: str = Field(primary_key=True)
    case_id: str = Field(primary_key=True)
    title: str
    state: str
    opened: str
    changed: str
    sequence: int


class StoreMetaTable(SQLModel, table=True):
    """What the file says of itself: the version of these tables under the key `schema`."""

    __tablename__ = "store_meta"
    key: str = Field(primary_key=True)
    value: str


ENTRY, OPENING, ACTOR, ARTIFACT, CASES, META = (
    SQLModel.metadata.tables[name]
    for name in ("entry", "opening", "actor", "artifact", "case_projection", "store_meta")
)

# INSERT OR REPLACE deletes without asking a DELETE trigger, so the INSERT triggers refuse what stands there already.
_TRIGGER = "CREATE TRIGGER {table}_{when} BEFORE {when} ON {table} {only} BEGIN SELECT RAISE(ABORT, '{says}'); END"
_NEXT = "(SELECT coalesce(max(sequence), 0) + 1 FROM entry WHERE authority = NEW.authority)"
_THERE = "EXISTS (SELECT 1 FROM artifact WHERE digest = NEW.digest)"
TRIGGERS = tuple(
    _TRIGGER.format(table=table, when=when, only=only, says=says)
    for table, when, only, says in (
        ("entry", "INSERT", f"WHEN NEW.sequence IS NOT {_NEXT}", "an entry is only ever added after the last"),
        ("entry", "UPDATE", "", "entries are never changed"),
        ("entry", "DELETE", "", "entries are never deleted"),
        ("artifact", "INSERT", f"WHEN {_THERE}", "artifacts are never replaced"),
        ("artifact", "UPDATE", "", "artifacts are never changed"),
        ("artifact", "DELETE", "", "artifacts are never deleted"),
    )
)

# ---------------------------------------------------------------------------------------------------- statements


class Statement(NamedTuple):
    """A Core statement compiled once: its text with named parameters, and the values it brings itself."""

    text: str
    given: Mapping[str, Any]


def _compiled(statement: ClauseElement) -> Statement:
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
    return Statement(str(compiled), {name: value for name, value in compiled.params.items() if value is not None})


def _blob(column: Any) -> Any:
    """`column` as bytes whatever an intruder has stored there, so that verification and not the driver judges it."""
    return cast(column, LargeBinary)


_OF_LOG = ENTRY.c.authority == bindparam("authority")
_OF_CASE = ENTRY.c.case_id == bindparam("case_id")
_NEWEST = select(ENTRY.c.sequence).where(_OF_LOG).order_by(ENTRY.c.sequence.desc()).limit(1)
_COLUMNS = (*ENTRY.c["authority", "sequence", "case_id", "kind"], _blob(ENTRY.c.bytes), _blob(ENTRY.c.leaf))
_ROWS = (
    select(*_COLUMNS)
    .where(_OF_LOG, ENTRY.c.sequence > bindparam("after"), ENTRY.c.sequence < bindparam("before"))
    .order_by(ENTRY.c.sequence)
    .limit(PAGE)
)
_PROJECT = sqlite.insert(CASES)

SCHEMA_OF_FILE = _compiled(select(META.c.value).where(META.c.key == "schema"))
AUTHORITIES = _compiled(select(ENTRY.c.authority).distinct().order_by(ENTRY.c.authority))
LAST_ROW = _compiled(select(*_COLUMNS).where(_OF_LOG).order_by(ENTRY.c.sequence.desc()).limit(1))
LAST_LEAF = _compiled(_NEWEST.add_columns(_blob(ENTRY.c.leaf)))
LAST_OF_CASE = _compiled(_NEWEST.where(_OF_CASE))
LEAF_AT = _compiled(select(_blob(ENTRY.c.leaf)).where(_OF_LOG, ENTRY.c.sequence == bindparam("sequence")))
CASES_OF_LOG = _compiled(
    select(ENTRY.c.case_id).where(_OF_LOG, ENTRY.c.case_id.is_not(None)).distinct().order_by(ENTRY.c.case_id)
)
ROWS_OF_LOG = _compiled(_ROWS)
ROWS_OF_CASE = _compiled(_ROWS.where(_OF_CASE))
ROWS_OF_NO_CASE = _compiled(_ROWS.where(ENTRY.c.case_id.is_(None)))
ACTOR_OF = _compiled(
    select(ACTOR.c.actor).where(ACTOR.c.authority == bindparam("authority"), ACTOR.c.login == bindparam("login"))
)
ARTIFACT_BY = _compiled(select(_blob(ARTIFACT.c.bytes)).where(ARTIFACT.c.digest == bindparam("digest")))
_OPENINGS = select(OPENING.c.commitment, _blob(OPENING.c.salt), _blob(OPENING.c.value)).where(
    OPENING.c.authority == bindparam("authority")
)
OPENINGS_OF = _compiled(_OPENINGS)
OPENING_BY = _compiled(_OPENINGS.where(OPENING.c.commitment == bindparam("commitment")))
ADD_ENTRY = _compiled(insert(ENTRY))
ADD_OPENING = _compiled(sqlite.insert(OPENING).on_conflict_do_nothing())
DROP_OPENING = _compiled(
    delete(OPENING).where(
        OPENING.c.authority == bindparam("authority"), OPENING.c.commitment == bindparam("commitment")
    )
)
ADD_ACTOR = _compiled(insert(ACTOR))
ADD_ARTIFACT = _compiled(insert(ARTIFACT))
PUT_CASE = _compiled(
    _PROJECT.on_conflict_do_update(
        index_elements=["authority", "case_id"],
        set_={name: _PROJECT.excluded[name] for name in ("title", "state", "opened", "changed", "sequence")},
    )
)

# --------------------------------------------------------------------------------------------------------- store


class CaseRow(NamedTuple):
    """A case as lists show it; `opened` and `changed` as the entries wrote them, `sequence` of its newest entry."""

    authority: str
    case: str
    title: str
    state: str
    opened: str
    changed: str
    sequence: int


class Store:
    """An open store: one connection, closed by `close` or by leaving a `with`. Every failure is a StoreError."""

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self._place = place
        self._hot = connection
        self._engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
        with self._explained():
            self._connection = self._engine.connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing; the file is let go."""
        with self._explained():
            self._connection.close()
            self._engine.dispose()

    def discard(self) -> None:
        """Nothing; the store just made is closed and its files are gone, so that making it can be tried again."""
        self.close()
        for ending in ("", "-wal", "-shm"):
            Path(self._place + ending).unlink(missing_ok=True)

    # ---- reading

    def head(self, authority: str) -> Head | None:
        """Where the log of `authority` ends, None when it has no entry; LedgerError when its last entry is damaged."""
        found = self._rows(LAST_ROW, authority=authority)
        if not found:
            return None
        row = Row(*found[0])
        if ledger.leaf(row.bytes) != row.leaf:
            raise LedgerError(
                f"entry {row.sequence} of {authority} is not the one that was recorded: its digest differs",
                hint="vires audit verify says what else is altered; nothing can be added until it is put right",
            )
        return Head(row.authority, row.sequence, row.leaf.hex(), ledger.decode(row.bytes).recorded)

    def newest(self, authority: str) -> int:
        """The number of the newest entry, 0 where there is none; nothing else of it is looked at."""
        found = self._rows(LAST_LEAF, authority=authority)
        return found[0][0] if found and isinstance(found[0][0], int) else 0

    def authorities(self) -> tuple[str, ...]:
        """Every authority with a log here, by name."""
        return tuple(name for (name,) in self._rows(AUTHORITIES))

    def spoken_of(self) -> tuple[str, ...]:
        """Every authority that any table here speaks of, by name: also one whose log is gone."""
        found = (self._select(select(table.c.authority).distinct()) for table in (ENTRY, ACTOR, CASES))
        return tuple(sorted({str(name) for rows in found for (name,) in rows}))

    def case_ids(self, authority: str) -> tuple[str, ...]:
        """Every case that entries of the log are filed under, by id; their bytes are not looked at."""
        return tuple(case for (case,) in self._rows(CASES_OF_LOG, authority=authority))

    def rows(self, authority: str, case: str | None = None, after: int = 0, before: int | None = None) -> Iterator[Row]:
        """The entries with after < sequence < before, in order: of one case, of no case (""), or of the whole log.

        Read in pages as they are asked for. An entry appended meanwhile may be seen; none can change.
        """
        statement = ROWS_OF_LOG if case is None else ROWS_OF_CASE if case else ROWS_OF_NO_CASE
        end = ledger.LAST_SEQUENCE + 1 if before is None else before
        wanted: dict[str, Any] = {"authority": authority, "before": end}
        wanted |= {"case_id": case} if case else {}
        while page := self._rows(statement, after=after, **wanted):
            yield from map(Row._make, page)
            after = page[-1][1]

    def openings(self, authority: str, commitments: Iterable[str] | None = None) -> dict[str, Opening]:
        """The openings kept, by commitment: all of the authority's (None), or those of `commitments` not erased."""
        if commitments is None:
            return {row[0]: Opening(*row) for row in self._rows(OPENINGS_OF, authority=authority)}
        asked = dict.fromkeys(commitments)
        found = (self._rows(OPENING_BY, authority=authority, commitment=each) for each in asked)
        return {row[0]: Opening(*row) for rows in found for row in rows}

    def actor(self, authority: str, login: str) -> str | None:
        """The opaque id that stands for `login` in the log, None when it has none (or it was erased)."""
        found = self._rows(ACTOR_OF, authority=authority, login=login)
        return found[0][0] if found else None

    def logins(self, authority: str) -> tuple[tuple[str, str], ...]:
        """Every login with the opaque id that stands for it in the log."""
        found = self._select(select(ACTOR.c.login, ACTOR.c.actor).where(ACTOR.c.authority == authority))
        return tuple((str(login), str(actor)) for login, actor in found)

    def artifact(self, digest: str) -> bytes | None:
        """The bytes kept under `digest`, None when there are none."""
        found = self._rows(ARTIFACT_BY, digest=digest)
        return found[0][0] if found else None

    def artifacts(self, digests: Iterable[str]) -> dict[str, bytes]:
        """The bytes kept under each of `digests`, those that are not here left out."""
        query = select(ARTIFACT.c.digest, _blob(ARTIFACT.c.bytes))
        return {row[0]: row[1] for row in self._among(query, ARTIFACT.c.digest, digests)}

    def cases(self, authority: str | None = None) -> tuple[CaseRow, ...]:
        """The projection: a line per case of one authority or of all, by authority and case."""
        query = select(CASES).order_by(CASES.c.authority, CASES.c.case_id)
        if authority is not None:
            query = query.where(CASES.c.authority == authority)
        return tuple(CaseRow(*row) for row in self._select(query))

    # ---- writing

    def append(
        self,
        authority: str,
        expected: Head | None,
        writes: Sequence[Write],
        *,
        case_after: tuple[str, int] | None = None,
        projection: CaseRow | None = None,
        artifacts: Mapping[str, tuple[str, bytes]] = NONE,
        logins: Mapping[str, str] = NONE,
        erased: Sequence[str] = (),
    ) -> None:
        """Nothing; all of it is on the disk in one transaction, or an error is raised and nothing was written.

        `expected` is the head that `writes` were composed on, and `case_after` a case with the sequence of the newest
        of its entries that was read (0: none): if either has moved, ConflictError with the rows that came between.
        `artifacts` is digest -> (kind, bytes), kept where absent; `logins` is login -> actor id, for new logins only;
        the openings of the commitments in `erased` are overwritten on the disk.
        """
        _must_follow(authority, expected, writes)
        with self._explained("; nothing was written"), self._transaction():
            self._must_be_newest(authority, expected)
            if case_after is not None:
                self._must_be_newest_of_case(authority, *case_after)
            for write in writes:
                self._add(write)
            self._must_have_taken(authority, writes)
            self._add_artifacts(artifacts)
            for login, actor in logins.items():
                self._run(ADD_ACTOR, authority=authority, login=login, actor=actor)
            for commitment in erased:
                self._run(DROP_OPENING, authority=authority, commitment=commitment)
            if projection is not None:
                self._run(PUT_CASE, **dict(zip(CASES.c.keys(), projection, strict=True)))
        if erased:  # the write-ahead log still has the pages as they were
            with self._explained("; it is erased, and may still stand in the file's write-ahead log"):
                self._hot.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _add(self, write: Write) -> None:
        entry = write.entry
        place = {"authority": entry.authority, "sequence": entry.sequence, "case_id": entry.case, "kind": entry.kind}
        self._run(ADD_ENTRY, bytes=write.bytes, leaf=write.leaf, **place)
        for opening in write.openings:
            self._run(ADD_OPENING, authority=entry.authority, **opening._asdict())

    def _add_artifacts(self, artifacts: Mapping[str, tuple[str, bytes]]) -> None:
        for digest, (kind, data) in artifacts.items():
            if not self._run(ARTIFACT_BY, digest=digest).fetchone():
                self._run(ADD_ARTIFACT, digest=digest, kind=kind, bytes=data)

    def _must_be_newest(self, authority: str, expected: Head | None) -> None:
        """Nothing when `expected` is the head; ConflictError when it was; StoreError when this log never had it."""
        newest = self._run(LAST_LEAF, authority=authority).fetchone()
        there = None if newest is None else (newest[0], newest[1].hex())
        if there != (None if expected is None else (expected.sequence, expected.leaf_hex)):
            self._refuse(authority, expected)

    def _must_have_taken(self, authority: str, writes: Sequence[Write]) -> None:
        """Nothing; StoreError unless the last entry written is the last there: a trigger may have undone it."""
        last = self._run(LAST_LEAF, authority=authority).fetchone()
        if writes and last != (writes[-1].entry.sequence, writes[-1].leaf):
            raise StoreError(
                f"{self._place} did not keep what was written: something in the file undoes it; nothing was written",
                "ask whoever runs the database; vires audit verify says what else is altered",
            )

    def _refuse(self, authority: str, expected: Head | None) -> None:
        if expected is not None:
            there = self._run(LEAF_AT, authority=authority, sequence=expected.sequence).fetchone()
            if there is None or there[0].hex() != expected.leaf_hex:
                raise StoreError(
                    f"{self._place} no longer holds entry {expected.sequence} of {authority} as it was read a moment "
                    "ago: the file was replaced; nothing was written"
                )
        raise _conflict(f"the log of {authority}", self.rows(authority, after=expected.sequence if expected else 0))

    def _must_be_newest_of_case(self, authority: str, case: str, sequence: int) -> None:
        newest = self._run(LAST_OF_CASE, authority=authority, case_id=case).fetchone() or (0,)
        if newest != (sequence,):
            raise _conflict(f"case {authority}/{case}", self.rows(authority, case, after=sequence))

    # ---- the connection

    def _run(self, statement: Statement, **values: Any) -> sqlite3.Cursor:
        """A compiled statement, handed to the driver itself: that is ten times as fast as through SQLAlchemy."""
        return self._hot.execute(statement.text, {**statement.given, **values})

    def _rows(self, statement: Statement, **values: Any) -> Sequence[Any]:
        with self._explained():
            return self._run(statement, **values).fetchall()

    def _select(self, query: Any) -> Sequence[Any]:
        with self._explained():
            return self._connection.execute(query).fetchall()

    def _among(self, query: Any, column: Any, wanted: Iterable[str]) -> Iterator[Any]:
        """The rows of `query` whose `column` is one of `wanted`, asked for a chunk at a time."""
        values = list(wanted)
        for start in range(0, len(values), CHUNK):
            yield from self._select(query.where(column.in_(values[start : start + CHUNK])))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """The write lock from the first statement on; everything or nothing, whatever interrupts it."""
        try:
            self._hot.execute("BEGIN IMMEDIATE")
            yield
            self._hot.commit()
        except BaseException:
            self._hot.rollback()
            raise

    @contextmanager
    def _explained(self, consequence: str = "") -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise _explain(error.orig, self._place, consequence) from error
        except sqlite3.Error as error:
            raise _explain(error, self._place, consequence) from error
        except SQLAlchemyError as error:
            raise _explain(error, self._place, consequence) from error


def _conflict(place: str, rows: Iterable[Row]) -> ConflictError:
    between = tuple(rows)
    came = "an entry" if len(between) == 1 else f"{len(between)} entries"
    return ConflictError(
        f"somebody recorded {came} in {place} first; nothing was written",
        hint="look at it as it stands now, then repeat the command",
        rows=between,
    )


def _must_follow(authority: str, expected: Head | None, writes: Sequence[Write]) -> None:
    """Nothing; LedgerError unless each write follows the one before it in the log of `authority`."""
    sequence, previous = (0, None) if expected is None else (expected.sequence, expected.leaf_hex)
    for write in writes:
        place = (write.entry.authority, write.entry.sequence, write.entry.previous)
        if place != (authority, sequence + 1, previous) or ledger.leaf(write.bytes) != write.leaf:
            raise LedgerError(f"entry {write.entry.sequence} does not follow the head; nothing was written")
        sequence, previous = sequence + 1, write.leaf.hex()


# ------------------------------------------------------------------------------------------- creating and opening


def create(url: str, *, busy_ms: int = BUSY_MS) -> Store:
    """A new, empty store at `url` (`sqlite:///path`, a path, or `:memory:`); StoreError where a file stands already."""
    place = _place(url)
    if place != MEMORY:
        _claim(place)
    try:
        store = Store(_connect(place, busy_ms), place)
        _build(store)
    except BaseException:
        if place != MEMORY:
            Path(place).unlink(missing_ok=True)
        raise
    return store


def _claim(place: str) -> None:
    """Nothing; `place` is an empty file made by this process, so that two `init`s at once never share a store."""
    try:
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
    except FileExistsError:
        raise StoreError(f"there is something at {place} already; it was not touched", "choose another path") from None
    except OSError as error:
        raise StoreError(f"no store can be made at {place}: {error.strerror}") from error


def _build(store: Store) -> None:
    """Nothing; the store has its tables and triggers, all or none; the file stays in WAL mode from now on."""
    with store._explained("; no store was made"):
        store._connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        with store._transaction():
            SQLModel.metadata.create_all(store._connection, checkfirst=False)
            for trigger in TRIGGERS:
                store._connection.exec_driver_sql(trigger)
            store._connection.execute(insert(META).values(key="schema", value=SCHEMA))


def open_store(url: str, *, busy_ms: int = BUSY_MS, read_only: bool = False) -> Store:
    """The store at `url` (`sqlite:///path` or a path); StoreError when there is none, and then none is made."""
    place = _place(url)
    if not Path(place).exists():
        raise StoreError(f"there is no store at {place}", hint="vires init makes one")
    if not Path(place).is_file():
        raise StoreError(f"{place} is not a file", hint="name the store's file")
    store = Store(_connect(place, busy_ms, "ro" if read_only else "rw"), place)
    try:
        _must_be_ours(store)
    except BaseException:
        store.close()
        raise
    return store


def _must_be_ours(store: Store) -> None:
    """Nothing; StoreError unless the file's tables are of the version that this module reads."""
    try:
        found = store._rows(SCHEMA_OF_FILE)
    except StoreError as error:
        if "no such table" in str(error.__cause__):
            found = ()
        else:
            raise
    version = str(found[0][0]) if found else ""
    if not version.isdecimal():
        raise StoreError(f"{store._place} is not a Vires store", hint="name the file that vires init made")
    if int(version) > int(SCHEMA):
        raise StoreError(f"{store._place} was written by a newer Vires (schema {version})", hint="upgrade Vires")
    if int(version) < int(SCHEMA):
        raise StoreError(f"{store._place} is of an older Vires (schema {version})", hint="migrate it first")


def _place(url: str) -> str:
    """The path that `url` names; UsageError for a database that is not SQLite."""
    if url in ("sqlite://", "sqlite:///:memory:", MEMORY):
        return MEMORY
    scheme, found, path = url.partition("://")
    if not found:
        return url
    if scheme != "sqlite" or not path.startswith("/"):
        raise UsageError(
            f"{scheme}:// cannot be used yet: stores are SQLite files, PostgreSQL comes later",
            hint="write a path, or sqlite:///path",
        )
    return path.removeprefix("/")


def _connect(place: str, busy_ms: int, mode: str = "rw") -> sqlite3.Connection:
    """A connection in autocommit, so that every transaction is one this module begins; it never makes a file."""
    target = MEMORY if place == MEMORY else f"{Path(place).absolute().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(target, timeout=busy_ms / 1000, isolation_level=None, uri=True)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten with zeros
    except sqlite3.Error as error:
        raise _explain(error, place, "") from error
    return connection


# ------------------------------------------------------------------------------------------------------ failures

_CAUSES: Mapping[int, tuple[str, str]] = {
    sqlite3.SQLITE_BUSY: ("another process holds {place}", "wait a moment and try again"),
    sqlite3.SQLITE_LOCKED: ("another process holds {place}", "wait a moment and try again"),
    sqlite3.SQLITE_READONLY: ("{place} is read-only", "give yourself leave to write to the file and its folder"),
    sqlite3.SQLITE_FULL: ("the disk that holds {place} is full", "make room on it and try again"),
    sqlite3.SQLITE_IOERR: (
        "the disk failed to read or write {place}",
        "look whether it is full, over its quota or failing",
    ),
    sqlite3.SQLITE_CORRUPT: ("{place} is damaged or cut short", "restore it from a backup"),
    sqlite3.SQLITE_NOTADB: ("{place} is not a store: it is not an SQLite file", "name the file that vires init made"),
    sqlite3.SQLITE_CANTOPEN: ("{place} cannot be opened", "look whether you may write to the file and its folder"),
    sqlite3.SQLITE_PERM: ("you may not use {place}", "ask for leave to read and write the file and its folder"),
    sqlite3.SQLITE_CONSTRAINT: ("the store refuses: {error}", ""),
}


# After a failed fsync the bytes may still reach the disk: then, and only then, the outcome is not known.
_UNCERTAIN = (sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC)


def _explain(error: object, place: str, consequence: str) -> StoreError:
    """What SQLite's error means to the person at the terminal, by its result code."""
    code = getattr(error, "sqlite_errorcode", 0)
    message, hint = _CAUSES.get(code & 0xFF, ("{place} cannot be used: {error}", ""))
    line = str(error).splitlines()[0] if str(error) else "SQLite gave no reason"
    if code in _UNCERTAIN and consequence:
        consequence = "; it is not known whether it was written: read the log again before you repeat the command"
    return StoreError(message.format(place=place, error=line) + consequence, hint)
