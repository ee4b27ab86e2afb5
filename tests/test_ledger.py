"""Entries, seals, receipts and verification: round trips, vectors, and every kind of tampering found."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import canonical, ledger, merkle
from engine.errors import LedgerError, StoreError
from engine.ledger import Entry, Head, Opening, Row, Step
from tests.store_contract import ACTOR, OPENED, draft, sealed_draft, written

VECTORS = Path(__file__).parent / "vectors" / "entries"
DOCUMENT = Path(__file__).parents[1] / "docs" / "formats" / "entry.md"

hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = texts.filter(lambda name: name != "sealed")
values = st.recursive(
    texts | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans() | st.builds(lambda sealed: {"sealed": sealed}, hexes),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)
digests = st.dictionaries(
    slugs, hexes | st.dictionaries(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,20}", fullmatch=True), hexes)
)
days = st.dates().map(lambda day: day.isoformat())
minutes = st.datetimes().map(lambda time: time.isoformat()[:16])
seconds = st.datetimes().map(lambda time: time.isoformat()[:19] + "Z")


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Any well-formed entry."""
    kind, sequence = draw(st.sampled_from(ledger.KINDS)), draw(st.integers(1, ledger.LAST_SEQUENCE))
    case = draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True))
    has_case = kind == "case-opened" or (kind not in ledger.ABOUT_THE_LOG and draw(st.booleans()))
    return Entry(
        authority=draw(slugs),
        sequence=sequence,
        case=case if has_case else None,
        kind=kind,
        actor=draw(st.from_regex(r"[0-9a-f]{16}", fullmatch=True)),
        happened=draw(days | minutes),
        recorded=draw(seconds),
        body=draw(st.dictionaries(names, values, max_size=4)),
        digests=draw(digests),
        previous=None if sequence == 1 else draw(hexes),
    )


# ---- entries and their bytes


@given(entries())
def test_an_entry_read_back_is_the_entry_written(entry: Entry) -> None:
    data = ledger.encode(entry)
    assert ledger.decode(data) == entry
    assert ledger.encode(ledger.decode(data)) == data
    assert ledger.leaf(data) == merkle.leaf_hash(data) == hashlib.sha256(b"\x00" + data).digest()


@given(entries(), st.data())
def test_an_entry_changed_in_any_one_member_is_refused_or_has_another_leaf(entry: Entry, data: st.DataObject) -> None:
    original = ledger.encode(entry)
    members = canonical.decode(original)
    assert isinstance(members, dict)
    name = data.draw(st.sampled_from([*members, "case", "previous", "note"]))
    changed = members | {name: data.draw(values | hexes | days | seconds | st.just(members.get(name, "")))}
    if data.draw(st.booleans()):
        changed.pop(name)
    forged = canonical.encode(changed)
    try:
        read = ledger.decode(forged)
    except LedgerError:
        return
    assert ledger.encode(read) == forged  # not `read == entry`: to Python, true is 1
    assert (ledger.leaf(forged) == ledger.leaf(original)) == (forged == original)


@given(entries(), st.data())
def test_bytes_changed_anywhere_are_refused_or_another_entry(entry: Entry, data: st.DataObject) -> None:
    original = ledger.encode(entry)
    place = data.draw(st.integers(0, len(original) - 1))
    forged = original[:place] + bytes([data.draw(st.integers(0, 255))]) + original[place + 1 :]
    try:
        read = ledger.decode(forged)
    except LedgerError:
        return
    assert ledger.encode(read) == forged
    assert (ledger.leaf(forged) == ledger.leaf(original)) == (forged == original)


@given(st.binary(max_size=300) | values.map(canonical.encode))
def test_any_other_bytes_are_refused_with_a_ledger_error_and_nothing_else(data: bytes) -> None:
    with pytest.raises(LedgerError):
        ledger.decode(data)


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ("authority", "-camden", "authority must be 1 to 63"),
        ("authority", "c" * 64, "authority must be 1 to 63"),
        ("authority", "camden\n", "authority must be 1 to 63"),
        ("sequence", 0, "sequence must be a whole number"),
        ("sequence", True, "sequence must be a whole number"),
        ("sequence", 2**53, "sequence must be a whole number"),
        ("case", "", "case must be 1 to 64"),
        ("case", "../x", "case must be 1 to 64"),
        ("kind", "note", "kind must be one of"),
        ("actor", "ann", "actor must be 16"),
        ("happened", "2026-01-05T09:00:00", "happened must be"),
        ("happened", "20260105", "happened must be"),
        ("happened", "0000-01-01", "happened must be"),
        ("happened", "٢٠٢٦-01-05", "happened must be"),
        ("recorded", "2026-01-05T09:00Z", "recorded must be"),
        ("body", {"a": 1.5}, "float has no canonical form"),
        ("body", {"a": None}, "NoneType has no canonical form"),
        ("body", {"a": [{"sealed": 1}]}, "must hold that one member"),
        ("digests", {"packs": {"a b": "0f" * 32}}, "digests must be"),
        ("digests", {"packs": ["0f" * 32]}, "digests must be"),
        ("previous", None, "previous is missing"),
        ("previous", "0F" * 32, "previous must be 64"),
    ],
)
def test_an_entry_that_could_not_be_read_back_is_never_written(member: str, value: Any, message: str) -> None:
    good = Entry("camden", 2, "a", "recorded", ACTOR, "2026-01-05", "2026-01-05T09:00:00Z", {}, {}, "0f" * 32)
    ledger.encode(good)
    with pytest.raises(LedgerError, match=message):
        ledger.encode(replace(good, **{member: value}))


def test_every_fault_of_an_entry_is_named_at_once() -> None:
    with pytest.raises(LedgerError) as caught:
        ledger.decode(b'{"actor":"ann","format":"vires/entry/1","note":1,"sequence":2}')
    for part in ("unknown member 'note'", "authority is missing", "actor must be", "previous is missing"):
        assert part in caught.value.message
    assert caught.value.status == 5


# ---- composing


def test_an_entry_is_composed_after_the_head() -> None:
    first, second = written("camden", [OPENED, draft()])
    assert (first.entry.sequence, first.entry.previous) == (1, None)
    assert (second.entry.sequence, second.entry.previous) == (2, first.leaf.hex())
    assert ledger.head_after(second) == Head("camden", 2, second.leaf.hex(), second.entry.recorded)


def test_an_entry_is_not_composed_when_the_clock_went_back() -> None:
    head = Head("camden", 41, "0f" * 32, "2026-01-05T09:00:01Z")
    ledger.compose(head, "camden", draft(), "2026-01-05T09:00:01Z")
    with pytest.raises(StoreError, match="the clock went back"):
        ledger.compose(head, "camden", draft(), "2026-01-05T09:00:00Z")


def test_an_entry_is_not_composed_on_another_authoritys_head() -> None:
    with pytest.raises(LedgerError, match="cannot follow the head of merton"):
        ledger.compose(Head("merton", 1, "0f" * 32, ""), "camden", draft(), "2026-01-05T09:00:00Z")


# ---- seals


@given(values, st.binary(min_size=16, max_size=16))
def test_a_seal_opens_to_the_value_sealed_and_to_no_other(value: object, salt: bytes) -> None:
    marker, opening = ledger.seal(value, salt)
    assert marker == {"sealed": opening.commitment}
    assert canonical.decode(opening.value) == value
    assert opening.commitment == ledger.commitment(salt, canonical.encode(value))
    assert opening.commitment != ledger.commitment(salt, canonical.encode([value]))


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_a_salt_of_another_length_is_refused_so_that_no_byte_moves_between_salt_and_value(length: int) -> None:
    with pytest.raises(LedgerError, match="a salt is 16 bytes"):
        ledger.commitment(bytes(length), b'"x"')


def test_seals_are_found_however_deep_in_the_order_they_stand() -> None:
    one, two, three, four = ({"sealed": digit * 64} for digit in "1234")
    body = {"a": one, "b": [{"c": [two]}, "sealed", three], "d": {"e": {"f": four}}}
    assert list(ledger.sealed_in(body)) == ["1" * 64, "2" * 64, "3" * 64, "4" * 64]


def test_an_opening_is_not_written_beside_an_entry_that_does_not_seal_it() -> None:
    (drafted, opening), (_, other) = sealed_draft(1), sealed_draft(2)
    entry = ledger.compose(None, "camden", drafted, "2026-01-05T09:00:00Z")
    assert ledger.write(entry, [opening]).openings == (opening,)
    for wrong in (other, opening._replace(value=other.value), opening._replace(salt=b"")):
        with pytest.raises(LedgerError, match="opens nothing that this entry seals"):
            ledger.write(entry, [wrong])


# ---- receipts


def test_a_receipt_is_authority_number_and_ninety_six_bits_of_the_leaf() -> None:
    write = written("camden", [OPENED])[0]
    printed = ledger.receipt(write.entry, write.leaf)
    assert printed == "camden:1:" + write.leaf.hex()[:24]
    assert ledger.parse_receipt(f" {printed.upper()}\n") == ledger.Receipt("camden", 1, write.leaf.hex()[:24])
    assert ledger.parse_receipt("camden:1:" + write.leaf.hex()).leaf_prefix == write.leaf.hex()


@pytest.mark.parametrize(
    "text",
    [
        *("", "camden", "camden:41", "camden:41:9f2c51e1", "camden:0:" + "a" * 24, "camden:041:" + "a" * 24),
        *("camden:41:" + "a" * 65, "camden:41:" + "g" * 24, "camden:٤١:" + "a" * 24, ":41:" + "a" * 24),
        "\u212aent:41:" + "a" * 24,
    ],
)
def test_what_is_no_receipt_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(LedgerError, match="is not a receipt") as caught:
        ledger.parse_receipt(text)
    assert "16 to 64 hex digits" in caught.value.hint


# ---- verification


OPENINGS = tuple(sealed_draft(number)[1] for number in range(6))
LOG = written("camden", [OPENED, *(sealed_draft(number)[0] for number in range(6))], openings=OPENINGS)
RECEIPTS = tuple(ledger.parse_receipt(ledger.receipt(write.entry, write.leaf)) for write in LOG)


def row(write: ledger.Write) -> Row:
    entry = write.entry
    return Row(entry.authority, entry.sequence, entry.case, entry.kind, write.bytes, write.leaf)


ROWS = tuple(map(row, LOG))


def check(
    rows: Any, openings: tuple[Opening, ...] = OPENINGS, receipts: tuple[ledger.Receipt, ...] = ()
) -> dict[int, Step]:
    steps = ledger.verify("camden", iter(rows), {opening.commitment: opening for opening in openings}, receipts)
    return {step.number: step for step in steps}


def failed(steps: dict[int, Step]) -> list[int]:
    assert all(step.ok == (not step.problems) for step in steps.values())
    return [number for number, step in steps.items() if not step.ok]


def places(step: Step) -> list[int | None]:
    return [problem.sequence for problem in step.problems]


def forged(number: int, rehash: bool = True, **members: Any) -> Row:
    """Row `number` of the log with members of its entry changed, and its stored leaf made to agree or not."""
    entry = replace(LOG[number - 1].entry, **members)
    data = ledger.encode(entry)
    leaf = ledger.leaf(data) if rehash else ROWS[number - 1].leaf
    return Row(entry.authority, entry.sequence, entry.case, entry.kind, data, leaf)


def with_row(number: int, changed: Row) -> list[Row]:
    return [*ROWS[: number - 1], changed, *ROWS[number:]]


def test_a_sound_log_passes_all_six_steps_and_says_how_far_it_is_anchored() -> None:
    steps = check(ROWS, receipts=RECEIPTS[:3])
    assert list(steps) == [1, 2, 3, 4, 5, 6]
    assert failed(steps) == []
    assert steps[1].detail == "7 entries"
    assert steps[2].detail == "1 to 7"
    assert steps[5].detail == "3 equal, up to entry 3; 4 entries after it: consistent, not proved"
    assert steps[6].detail == "6 openings match, 0 erased or withheld"
    assert "no entry came after it" in check(ROWS, receipts=RECEIPTS)[5].detail


def test_without_a_receipt_a_sound_log_is_consistent_not_proved() -> None:
    step = check(ROWS)[5]
    assert step.ok
    assert "nothing outside this file anchors it" in step.detail and "not proved" in step.detail


def test_an_empty_log_does_not_pass() -> None:
    steps = check((), openings=())
    assert failed(steps) == [2]
    assert "an empty log proves nothing" in steps[2].problems[0].message


@given(st.data())
def test_a_byte_changed_anywhere_in_a_log_is_found_at_its_entry(data: st.DataObject) -> None:
    number = data.draw(st.integers(1, len(ROWS)))
    old = ROWS[number - 1].bytes
    place = data.draw(st.integers(0, len(old) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != old[place]))
    steps = check(with_row(number, ROWS[number - 1]._replace(bytes=old[:place] + bytes([byte]) + old[place + 1 :])))
    assert number in places(steps[3])


@given(st.data())
def test_a_byte_changed_in_a_stored_leaf_is_found_at_its_entry(data: st.DataObject) -> None:
    number, place = data.draw(st.integers(1, len(ROWS))), data.draw(st.integers(0, 31))
    leaf = bytearray(ROWS[number - 1].leaf)
    leaf[place] ^= data.draw(st.integers(1, 255))
    steps = check(with_row(number, ROWS[number - 1]._replace(leaf=bytes(leaf))))
    assert failed(steps) == [3]
    assert places(steps[3]) == [number]


def test_an_entry_rewritten_with_its_digest_is_found_by_the_next_one() -> None:
    steps = check(with_row(3, forged(3, happened="2025-12-01")), receipts=RECEIPTS)
    assert failed(steps) == [3, 5]
    assert places(steps[3]) == [4]
    assert places(steps[5]) == [3]


def test_the_last_entry_rewritten_with_its_digest_is_found_only_by_a_receipt() -> None:
    changed = with_row(7, forged(7, happened="2025-12-01"))
    assert failed(check(changed)) == []
    assert failed(check(changed, receipts=RECEIPTS[6:])) == [5]


def test_a_log_rewritten_whole_from_one_entry_on_is_found_only_by_a_receipt() -> None:
    drafts = [ledger.Draft(e.case, e.kind, e.actor, e.happened, e.body, e.digests) for e in (w.entry for w in LOG)]
    drafts[2] = drafts[2]._replace(happened="2025-12-01")
    rewritten = tuple(map(row, written("camden", drafts)))
    assert failed(check(rewritten)) == []
    assert places(check(rewritten, receipts=RECEIPTS)[5]) == [3, 4, 5, 6, 7]


@pytest.mark.parametrize("number", [2, 4, 6])
def test_an_entry_taken_out_is_found_as_a_gap_and_a_broken_chain(number: int) -> None:
    steps = check([row for row in ROWS if row.sequence != number], receipts=RECEIPTS)
    assert failed(steps) == [2, 3, 5, 6]
    assert places(steps[2]) == places(steps[3]) == [number + 1]
    assert places(steps[5]) == [number]


def test_the_first_entry_taken_out_leaves_a_log_that_does_not_begin() -> None:
    steps = check(ROWS[1:])
    assert failed(steps) == [2, 3, 4]


def test_entries_cut_off_at_the_end_are_found_by_a_receipt_for_one_of_them() -> None:
    assert failed(check(ROWS[:5], openings=OPENINGS[:4])) == []
    steps = check(ROWS[:5], openings=OPENINGS[:4], receipts=RECEIPTS[5:6])
    assert failed(steps) == [5]
    assert "the log has no such entry" in steps[5].problems[0].message


def test_two_entries_swapped_are_found_whether_or_not_their_columns_go_along() -> None:
    swapped = [*ROWS[:3], ROWS[4], ROWS[3], *ROWS[5:]]
    assert failed(check(swapped)) == [2, 3]
    renumbered = [row._replace(sequence=number) for number, row in enumerate(swapped, 1)]
    steps = check(renumbered)
    assert failed(steps) == [2, 3]
    assert places(steps[2]) == [4, 5]


def test_an_entry_put_in_between_is_found() -> None:
    extra = forged(4, happened="2025-12-01")
    assert failed(check([*ROWS[:4], extra, *ROWS[4:]])) == [2, 3]
    renumbered = [*ROWS[:4], *(row._replace(sequence=row.sequence + 1) for row in (extra, *ROWS[4:]))]
    assert failed(check(renumbered)) == [2, 3]


@pytest.mark.parametrize(
    ("column", "value"), [("authority", "merton"), ("case", "2026-999"), ("case", None), ("kind", "fault")]
)
def test_a_column_that_says_other_than_the_bytes_is_found(column: str, value: str | None) -> None:
    steps = check(with_row(3, ROWS[2]._replace(**{column: value})))
    assert failed(steps) == [2]
    assert set(places(steps[2])) == {3}


def test_an_entry_of_another_authoritys_log_is_found() -> None:
    other = tuple(map(row, written("merton", [OPENED])))
    assert failed(check([other[0], *ROWS[1:]])) == [2, 3]


def test_an_entry_recorded_before_the_one_it_follows_is_found_once() -> None:
    steps = check(with_row(3, forged(3, recorded="2027-01-01T00:00:00Z")))
    back = [problem.sequence for problem in steps[3].problems if "before the entry that it follows" in problem.message]
    assert back == [4]


def test_one_bad_entry_does_not_hide_the_next() -> None:
    rows = [*ROWS]
    for number in (2, 4, 6):
        rows[number - 1] = ROWS[number - 1]._replace(bytes=b"{")
    steps = check(rows)
    assert places(steps[1]) == [2, 4, 6]
    assert places(steps[3]) == [2, 3, 4, 5, 6, 7]


def test_a_log_opened_twice_or_without_the_training_flag_is_found() -> None:
    twice = tuple(map(row, written("camden", [OPENED, OPENED])))
    assert places(check(twice, openings=())[4]) == [2]
    for body in ({}, {"training": "no"}, {"training": 0}):
        unsaid = tuple(map(row, written("camden", [OPENED._replace(body=body)])))
        assert failed(check(unsaid, openings=())) == [4]
    assert failed(check(map(row, written("camden", [draft()])), openings=())) == [4]


def test_a_receipt_of_another_authority_is_not_passed_over() -> None:
    steps = check(ROWS, receipts=(ledger.Receipt("merton", 1, "0" * 16),))
    assert "is for the log of merton" in steps[5].problems[0].message


def test_erased_openings_are_counted_and_are_no_fault() -> None:
    steps = check(ROWS, openings=OPENINGS[2:])
    assert failed(steps) == []
    assert steps[6].detail == "4 openings match, 2 erased or withheld"


def test_openings_that_do_not_match_or_belong_nowhere_are_found_each() -> None:
    first, second, third, *_ = OPENINGS
    stray = sealed_draft(99)[1]
    # The salt one byte longer and the value one shorter: the same hash, another value.
    shifted = third._replace(salt=third.salt + third.value[:1], value=third.value[1:])
    steps = check(ROWS, openings=(first._replace(value=b'"forged"'), second, shifted, stray))
    assert failed(steps) == [6]
    assert len(steps[6].problems) == 3
    assert steps[6].detail == "3 problems; 1 opening matches, 3 erased or withheld"


# ---- the specification


@pytest.mark.parametrize("folder", sorted(VECTORS.iterdir()), ids=lambda folder: folder.name)
def test_the_vectors_hold(folder: Path) -> None:
    data = (folder / "entry.json").read_bytes()
    assert (folder / "README.md").read_text().count("\n") == 1
    if folder.name.endswith("_fail"):
        with pytest.raises(LedgerError, match=REASONS[folder.name.removesuffix("_fail")]):
            ledger.decode(data)
        return
    assert ledger.encode(ledger.decode(data)) == data
    assert ledger.leaf(data).hex() == (folder / "leaf.txt").read_text().strip()
    if (folder / "opening.json").exists():
        opening = json.loads((folder / "opening.json").read_text())
        _, opened = ledger.seal(opening["value"], bytes.fromhex(opening["salt_hex"]))
        assert list(ledger.sealed_in(ledger.decode(data).body)) == [opened.commitment]


REASONS = {
    "actor_name": "^actor must be",
    "authority_capital": "^authority must be",
    "body_list": "^body must be",
    "byte_order_mark": "^not JSON",
    "case_opened_without_case": "^case is missing from a case-opened entry$",
    "code_point_order": "^not in canonical form",
    "cut_short": "^not JSON",
    "digest_short": "^digests must be",
    "escaped_letter": "^not in canonical form",
    "first_with_previous": "^previous must be absent from entry 1$",
    "format_two": "^format must be",
    "fraction": "^a value of type float",
    "hour_24": "^happened must be",
    "leap_second": "^recorded must be",
    "log_opened_with_case": "^case must be absent",
    "member_order": "^not in canonical form",
    "nested_too_deep": "nested more than 64 deep",
    "no_such_day": "^happened must be",
    "not_an_object": "^an entry is a JSON object",
    "null_case": "^a value of type NoneType",
    "previous_missing": "^previous is missing",
    "previous_upper_case": "^previous must be 64",
    "recorded_offset": "^recorded must be",
    "repeated_member": "stands twice",
    "seal_not_hex": "must hold that one member",
    "seal_with_company": "must hold that one member",
    "sequence_text": "^sequence must be",
    "sequence_zero": "^sequence must be",
    "space": "^not in canonical form",
    "trailing_newline": "^not in canonical form",
    "unknown_kind": "^kind must be one of",
    "unknown_member": "^unknown member 'note'$",
}


def test_the_example_in_the_specification_has_the_leaf_and_the_receipt_it_says() -> None:
    document = DOCUMENT.read_text()
    example = document.split("## Example")[1]
    found = re.search(r"```json\n(.*)\n```.*?```text\n([0-9a-f]{64})\n```.*?receipt: `([^`]+)`", example, re.DOTALL)
    assert found is not None
    data, leaf, receipt = found[1].encode(), found[2], found[3]
    assert ledger.leaf(data).hex() == leaf
    assert ledger.receipt(ledger.decode(data), ledger.leaf(data)) == receipt
    assert f"{len(data)} bytes" in example
    assert data == (VECTORS / "recorded_sealed" / "entry.json").read_bytes()


def test_the_specification_names_every_member_and_every_kind() -> None:
    document = DOCUMENT.read_text()
    for name in ("format", *Entry.__slots__, *ledger.KINDS):
        assert f"| `{name}` |" in document
