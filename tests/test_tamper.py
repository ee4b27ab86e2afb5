"""The tamper suite: everything somebody with the database could alter, one at a time, and every one of it found.

Each kind of alteration is one test, and each reports how many it tried and how many were found (the lines at the end of
a run). An alteration that works every digest out again is found by the anchor alone, and the suite shows that too.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import pytest

from engine import adopting, attesting, auditing, canonical, ledger, packs, signing
from engine.anchoring import Anchors
from engine.errors import LedgerError
from engine.ledger import Entry, Opening, Row
from tests.simulator import Council

SOAK = pytest.mark.soak
LENGTHS = [200, pytest.param(2000, marks=SOAK)]
SAMPLED = [(200, 7), pytest.param(200, 1, marks=SOAK), pytest.param(2000, 20, marks=SOAK)]  # entries, every which place
KEY = signing.signer("vires", bytes(range(32)))
OTHER_DIGEST = "0f" * 32


class Copy(NamedTuple):
    """A store's content in memory, to be altered: what `auditing.verify` asks a store for."""

    log: tuple[Row, ...]
    open: dict[str, Opening]
    packs: dict[str, bytes]
    listed: tuple[Any, ...]
    ids: tuple[tuple[str, str], ...] = ()

    def rows(self, authority: str, case: str | None = None) -> Iterator[Row]:
        return (row for row in self.log if case in (None, row.case))

    def openings(self, authority: str, wanted: Iterable[str] | None = None) -> dict[str, Opening]:
        return self.open if wanted is None else {key: self.open[key] for key in wanted if key in self.open}

    def artifacts(self, wanted: Iterable[str]) -> dict[str, bytes]:
        return {key: self.packs[key] for key in wanted if key in self.packs}

    def cases(self, authority: str) -> tuple[Any, ...]:
        return self.listed

    def logins(self, authority: str) -> tuple[tuple[str, str], ...]:
        return self.ids


@cache
def kept(length: int) -> tuple[Copy, Anchors]:
    """A true log of so many entries, of many cases with decisions, and a checkpoint of it."""
    council, number = Council(), 0
    files = {"region.yaml": "calendar: region\n"}
    change = adopting.Change("calendar", "region", packs.digest(files), files, ())
    adopting.adopt(council.office("2025-03-03 10:00"), "camden", change, confirm=False, dry_run=False)
    while len(list(council.store.rows("camden"))) < length:
        number += 1
        council.login = f"officer {number}"
        case = council.open(case=f"2025-{number:03d}", title=f"Commission {number}")
        for turn in range(4):
            said = (f"provider.name=Provider {turn}", "contract.kind=services", f"contract.value=£{turn + 1} incl VAT")
            council.record("2025-03-03 10:00", *said, case=case)
        council.advance("2025-03-03 10:00", "assess-need", case)
    note = attesting.checkpoint(council.store, "camden", True, KEY).encode()
    wanted = {each for row in council.store.rows("camden") for each in ledger.digests_of(ledger.decode(row.bytes))}
    whole = Copy(
        tuple(council.store.rows("camden")),
        council.store.openings("camden"),
        council.store.artifacts(wanted),
        council.store.cases("camden"),
        council.store.logins("camden"),
    )
    return whole, Anchors((), (note,), (KEY.verifier,))


def places(count: int, every: int) -> list[int]:
    """The first two places, the last two and every so manieth between: in soak every place there is."""
    return sorted({0, 1, count - 2, count - 1, *range(0, count, every)} & set(range(count)))


def found(copy: Copy, anchors: Anchors = Anchors()) -> bool:  # noqa: B008
    """Whether verification says that something is out of place, or where an opening went that nothing erased."""
    steps = auditing.verify(copy, "camden", anchors)  # type: ignore[arg-type]
    return not all(step.ok for step in steps) or "no erasure" in steps[5].limit


def entry_found(copy: Copy) -> bool:
    """The same by the steps over the entries alone, which read neither packs nor the projection."""
    return not all(step.ok for step in ledger.verify("camden", copy.log, copy.open, ()))


def row_of(entry: Entry) -> Row:
    data = ledger.encode(entry)
    return Row(entry.authority, entry.sequence, entry.case, entry.kind, data, ledger.leaf(data))


def rehashed(entries: Iterable[Entry]) -> tuple[Row, ...]:
    """The entries numbered and chained again from the first, as somebody would who knows the format."""
    rows: list[Row] = []
    for number, entry in enumerate(entries, 1):
        previous = rows[-1].leaf.hex() if rows else None
        rows.append(row_of(replace(entry, sequence=number, previous=previous)))
    return tuple(rows)


def leaves_of(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], object]]:
    """Every value in a body that is not itself an object or a list, with the way to it."""
    if isinstance(value, dict | list) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves_of(inner, (*path, key))
    else:
        yield path, value


def other(value: object) -> object:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str) and len(value) == 64:
        return OTHER_DIGEST
    return f"{value}x" if isinstance(value, str) else ["x"]


def with_leaf(value: Any, path: tuple[Any, ...], new: object) -> Any:
    if not path:
        return new
    if isinstance(value, dict):
        return {**value, path[0]: with_leaf(value[path[0]], path[1:], new)}
    return [with_leaf(each, path[1:], new) if place == path[0] else each for place, each in enumerate(value)]


def field_changes(row: Row) -> Iterator[Row]:
    """The row with one value anywhere in its bytes changed, or one member gone, its stored leaf worked out again."""
    members = canonical.decode(row.bytes)
    assert isinstance(members, dict)
    for path, value in leaves_of(members):
        yield changed_to(row, with_leaf(members, path, other(value)))
    for name in members:
        yield changed_to(row, {key: value for key, value in members.items() if key != name})
    yield changed_to(row, {**members, "note": "x"})
    if "case" not in members:
        yield changed_to(row, {**members, "case": "2025-001"})


def changed_to(row: Row, members: Any) -> Row:
    data = canonical.encode(members)
    return row._replace(bytes=data, leaf=ledger.leaf(data))


def column_changes(row: Row) -> Iterator[Row]:
    """The row with one of the columns beside its bytes changed, or its bytes with one bit turned."""
    place = row.sequence * 7 % len(row.bytes)
    yield row._replace(authority="merton")
    yield row._replace(sequence=row.sequence + 1000)
    yield row._replace(case="2099-001" if row.case != "2099-001" else None)
    yield row._replace(kind="fault" if row.kind != "fault" else "recorded")
    yield row._replace(leaf=row.leaf[:-1] + bytes([row.leaf[-1] ^ 1]))
    yield row._replace(bytes=row.bytes[:place] + bytes([row.bytes[place] ^ 1]) + row.bytes[place + 1 :])
    yield row._replace(bytes=row.bytes + b" ")
    yield row._replace(bytes=row.bytes[:-1])


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[[str, list[bool]], None]:
    """Counts what was tried and found; conftest prints the lines at the end of the run."""

    def count(what: str, results: list[bool]) -> None:
        record_property("tampered", f"{what}: {sum(results):,} of {len(results):,} found")
        assert results and all(results), (what, [place for place, good in enumerate(results) if not good][:10])

    return count


Report = Callable[[str, list[bool]], None]


@pytest.mark.parametrize("length", LENGTHS)
def test_the_log_itself_is_sound(length: int) -> None:
    copy, anchors = kept(length)
    assert len(copy.log) >= length
    assert not found(copy, anchors) and not entry_found(copy)
    kinds = {row.kind for row in copy.log}
    assert {"log-opened", "actor", "adoption", "case-opened", "recorded", "decision"} <= kinds
    adopted = packs.digest({"region.yaml": "calendar: region\n"})
    assert adopted in copy.packs and not any(adopted in str(ledger.decode(row.bytes).digests) for row in copy.log)


@pytest.mark.parametrize("length", LENGTHS)
def test_every_single_field_of_every_entry_changed_is_found(length: int, report: Report) -> None:
    """The last entry's change, its leaf made to agree, breaks no chain: only the anchor finds it."""
    copy, anchors = kept(length)
    results = [
        found_near(copy.log, place, changed)
        for place, row in enumerate(copy.log[:-1])
        for changed in field_changes(row)
    ]
    results += [found(copy._replace(log=(*copy.log[:-1], each)), anchors) for each in field_changes(copy.log[-1])]
    report("single fields of entries", results)


def found_near(log: tuple[Row, ...], place: int, changed: Row) -> bool:
    """Whether the steps over the entries find something new once the row in that place is another.

    They hold an entry against the one before it alone, so only the neighbours are read: thousands of alterations of a
    long log take seconds. What they say of the untouched window (it has no first entry) does not count.
    """
    start, end = max(place - 1, 0), place + 2
    told, usual = (
        {problem for step in ledger.verify("camden", rows, {}, ())[:4] for problem in step.problems}
        for rows in ((*log[start:place], changed, *log[place + 1 : end]), log[start:end])
    )
    return bool(told - usual)


@pytest.mark.parametrize("length", LENGTHS)
def test_every_column_and_some_bit_of_every_entry_changed_is_found(length: int, report: Report) -> None:
    copy, _ = kept(length)
    results = [
        found_near(copy.log, place, changed) for place, row in enumerate(copy.log) for changed in column_changes(row)
    ]
    report("columns and bits of entries", results)


def spellings(row: Row) -> Iterator[bytes]:
    """The same entry in other bytes, or bytes that some reader takes for an entry: none has the one form there is."""
    data, number = row.bytes, f'"sequence":{row.sequence}'.encode()
    members = canonical.decode(data)
    assert isinstance(members, dict)
    yield from (
        data + b"\n",
        b" " + data,
        b"\xef\xbb\xbf" + data,
        data.decode().encode("utf-16"),
        data.replace(b":", b": ", 1),
    )
    yield json.dumps(dict(reversed(members.items())), ensure_ascii=False, separators=(",", ":")).encode()
    yield data.replace(b'"actor"', b'"\\u0061ctor"', 1)
    yield data.replace(b'{"actor"', b'{"actor":"0","actor"', 1)
    yield data.replace(b'"body":{', b'"body":{"a":1,"a":1,', 1)
    yield from (data.replace(number, number + more) for more in (b".0", b"e0", b"0" if row.sequence == 1 else b"_0"))
    yield data.replace(number, b'"sequence":"%d"' % row.sequence)
    yield data.replace(number, b'"sequence":true' if row.sequence == 1 else b'"sequence":-%d' % row.sequence)
    yield data.replace(number, b'"sequence":null')
    yield data.replace(b'"body":{', b'"body":{"a":null,', 1)
    yield data.replace(b'"body":{', b'"body":{"a":"\\ud800",', 1)
    yield data.replace(b'"body":{', b'"body":{"a":1.5,', 1)
    yield data.replace(b'"body":{', b'"body":{"a":9007199254740993,', 1)
    for name, other in (
        ("actor", str(members["actor"]).upper() + "A"),
        ("authority", "c\u0430mden"),  # a letter of another alphabet that looks the same
        ("case", "2025-0\u0660\u0661"),  # digits of another script
        ("case", "cafe\u0301"),
        ("happened", "2025-02-30"),
        ("happened", "2025-03-03T24:00"),
        ("happened", "\uff12025-03-03"),
        ("recorded", str(members["recorded"]).replace("Z", "+00:00")),
        ("kind", "Recorded"),
        ("digests", {"packs": ["0f" * 32]}),
        ("body", []),
    ):
        yield canonical.encode({**members, name: other})


@pytest.mark.parametrize(("length", "every"), SAMPLED)
def test_every_other_spelling_of_an_entry_is_found_though_its_hash_is_worked_out_again(
    length: int, every: int, report: Report
) -> None:
    """No anchor, no chain after it: the form alone tells. Text is not normalised, so another form is another entry."""
    copy, _ = kept(length)
    results = []
    for place in places(len(copy.log), every):
        row, start = copy.log[place], max(place - 1, 0)
        for data in spellings(row):
            assert data != row.bytes
            changed = row._replace(bytes=data, leaf=ledger.leaf(data))
            told = ledger.verify("camden", (*copy.log[start:place], changed), {}, ())[0]
            results.append(not told.ok or entry_found(copy._replace(log=(*copy.log[:place], changed))))
    report("other spellings of entries", results)


@pytest.mark.parametrize(("length", "every"), SAMPLED)
def test_every_swap_delete_and_insert_is_found(length: int, every: int, report: Report) -> None:
    copy, anchors = kept(length)
    log, results, chance = copy.log, [], random.Random(length)
    for place in places(len(log) - 1, every):
        far = chance.choice([each for each in range(len(log)) if each != place])
        for one in (place + 1, far):
            swapped = [*log]
            swapped[place], swapped[one] = swapped[one], swapped[place]
            results.append(entry_found(copy._replace(log=tuple(swapped))))
        renumbered = [each._replace(sequence=number) for number, each in enumerate(swapped, 1)]
        results.append(entry_found(copy._replace(log=tuple(renumbered))))
        results.append(entry_found(copy._replace(log=(*log[:place], *log[place + 1 :]))))
        results.append(entry_found(copy._replace(log=(*log[:place], log[far], *log[place:]))))
    results += [found(copy._replace(log=log[:-1]), anchors), found(copy._replace(log=(*log, log[-1])), anchors)]
    report("swaps, deletions, insertions", results)


@pytest.mark.parametrize(("length", "every"), SAMPLED)
def test_every_truncation_is_found_against_an_anchor(length: int, every: int, report: Report) -> None:
    copy, anchors = kept(length)
    results = [found(copy._replace(log=copy.log[:place]), anchors) for place in places(len(copy.log), every)]
    report("truncations, against a checkpoint", results)


@pytest.mark.parametrize(("length", "every"), SAMPLED)
def test_every_entry_changed_and_the_chain_worked_out_again_is_found_against_an_anchor(
    length: int, every: int, report: Report
) -> None:
    copy, anchors = kept(length)
    entries, results, unseen = [ledger.decode(row.bytes) for row in copy.log], [], 0
    for place in places(len(entries), every):
        forged = replace(entries[place], happened="2025-01-01")
        rows = rehashed([*entries[:place], forged, *entries[place + 1 :]])
        results.append(found(copy._replace(log=rows), anchors))
        unseen += not entry_found(copy._replace(log=rows))
    for place in places(len(entries), every * 5)[1:]:
        results.append(found(copy._replace(log=rehashed([*entries[:place], *entries[place + 1 :]])), anchors))
        later = [replace(each, recorded="2025-04-01T09:00:00Z") for each in entries[place:]]
        results.append(found(copy._replace(log=rehashed([*entries[:place], *later])), anchors))
    assert unseen == len(places(len(entries), every))  # without an anchor: what is said plainly
    report("chains worked out again, against a checkpoint", results)


@pytest.mark.parametrize(("length", "every"), SAMPLED)
def test_every_opening_changed_is_found(length: int, every: int, report: Report) -> None:
    copy, _ = kept(length)
    results = []
    keys = list(copy.open)
    for key, following in [(keys[place], keys[place - 1]) for place in places(len(keys), every)]:
        opening, another = copy.open[key], copy.open[following]
        for changed in (
            opening._replace(value=canonical.encode("forged")),
            opening._replace(salt=bytes(16)),
            opening._replace(salt=opening.salt + opening.value[:1], value=opening.value[1:]),
            opening._replace(commitment=following),
            another,
        ):
            results.append(entry_found(copy._replace(open={**copy.open, key: changed})))
        same = [each for each in keys if each != key and copy.open[each].value == opening.value][:1]
        for twin in same:  # the value is the same, the salt is another
            moved = {**copy.open, key: copy.open[twin]._replace(commitment=key)}
            results.append(entry_found(copy._replace(open=moved)))
            results.append(entry_found(copy._replace(open={**copy.open, key: copy.open[twin], twin: opening})))
        gone = {each: kept for each, kept in copy.open.items() if each != key}
        results.append("no erasure" in ledger.verify("camden", copy.log, gone, ())[5].limit)
    stray = Opening(OTHER_DIGEST, bytes(16), b'"x"')
    results.append(entry_found(copy._replace(open={**copy.open, OTHER_DIGEST: stray})))
    report("openings", results)


@pytest.mark.parametrize(("length", "every"), SAMPLED[:2])
def test_every_pack_changed_is_found(length: int, every: int, report: Report) -> None:
    copy, _ = kept(length)
    results = []
    for key, other_key in zip(copy.packs, [*copy.packs][1:], strict=False):
        swapped = {**copy.packs, key: copy.packs[other_key], other_key: copy.packs[key]}
        results.append(found(copy._replace(packs=swapped)))
    for key, data in copy.packs.items():
        files = canonical.decode(data)
        assert isinstance(files, dict)
        chosen = sorted(files) if every == 1 else [sorted(files)[len(results) % len(files)]]
        gone = {each: kept for each, kept in copy.packs.items() if each != key}
        results.append(found(copy._replace(packs=gone)))
        for changed in (
            *({**files, name: f"{files[name]} "} for name in chosen),
            *({each: files[each] for each in files if each != name} for name in chosen),
            {**files, "more.yaml": ""},
            {**files, "more.cases.yaml": ""},
        ):
            results.append(found(copy._replace(packs={**copy.packs, key: canonical.encode(changed)})))
    report("packs, calendars, vocabulary, workflows", results)


@pytest.mark.parametrize(("length", "every"), SAMPLED[:2])
def test_every_line_of_the_projection_changed_is_found(length: int, every: int, report: Report) -> None:
    copy, _ = kept(length)
    results = []
    for row in [copy.listed[place] for place in places(len(copy.listed), every)]:
        rest = tuple(each for each in copy.listed if each is not row)
        results.append(found(copy._replace(listed=rest)))
        results.append(found(copy._replace(listed=(*copy.listed, row._replace(case="2099-001")))))
        twin = next(each for each in copy.listed if each is not row)
        others = [each for each in rest if each is not twin]
        exchanged = (row._replace(case=twin.case), twin._replace(case=row.case))
        results.append(found(copy._replace(listed=(*others, *exchanged))))
        for name in ("title", "state", "opened", "changed", "sequence"):
            results.append(found(copy._replace(listed=(*rest, row._replace(**{name: other(getattr(row, name))})))))
    report("lines of the projection", results)


@pytest.mark.parametrize(("length", "every"), SAMPLED[:2])
def test_every_id_given_to_another_login_is_found(length: int, every: int, report: Report) -> None:
    """Whoever opened the log has no entry that says who they are; everybody after has."""
    copy, _ = kept(length)
    results = []
    said = [row for row in copy.ids if row[0].startswith("officer")]
    assert len(said) == len(copy.ids) - 1
    for login, who in (said[place] for place in places(len(said), every)):
        rest = tuple(row for row in copy.ids if row[1] != who)
        results.append(found(copy._replace(ids=(*rest, ("somebody else", who)))))
        results.append(found(copy._replace(ids=(*copy.ids, ("somebody else", who)))))
        assert not found(copy._replace(ids=rest)), f"{login} has acted, and is forgotten: a second id would be found"
    report("ids given to other logins", results)


def test_a_log_of_which_anything_is_altered_is_never_signed(report: Report) -> None:
    copy, _ = kept(200)
    results = []
    for row in copy.log[::7]:
        changed = next(field_changes(row))
        rows = tuple(changed if each is row else each for each in copy.log)
        try:
            attesting.leaves(copy._replace(log=rows), "camden")  # type: ignore[arg-type]
            results.append(row is copy.log[-1])
        except LedgerError:
            results.append(True)
    report("altered logs refused a signature", results)
