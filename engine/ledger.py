"""The log, without a database: entries and their bytes, seals, receipts and the numbered verification.

`docs/formats/entry.md` is the specification; this module is one implementation of it. Everything here is pure: salts
and times arrive as arguments.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from engine import canonical, merkle
from engine.errors import LedgerError, StoreError

FORMAT = "vires/entry/1"
KINDS = (
    *("log-opened", "actor", "case-opened", "recorded", "decision", "judgement", "fault"),
    *("adoption", "post", "retention", "migration"),
)
ABOUT_THE_LOG = ("log-opened", "actor", "adoption", "post")
LAST_SEQUENCE = 2**53 - 1  # the largest whole number every JSON reader keeps exact (RFC 7493 section 2.2)
SALT_BYTES = 16
RECEIPT_DIGITS = 24

Bytes: TypeAlias = bytes  # `Row` and `Write` have a member of the name

_SEALED = b'"sealed"'  # canonical JSON spells a name one way, so bytes without this seal nothing
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")
_ACTOR = re.compile(r"[0-9a-f]{16}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_HAPPENED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T([01][0-9]|2[0-3]):[0-5][0-9])?")
_RECORDED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z")
_RECEIPT = re.compile(r"([a-z0-9][a-z0-9-]{0,62}):([1-9][0-9]{0,15}):([0-9a-f]{16,64})")

# ------------------------------------------------------------------------------------------------------- entries


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of one authority's log. `case` and `previous` are None where the member is absent from the bytes."""

    authority: str
    sequence: int
    case: str | None
    kind: str
    actor: str
    happened: str
    recorded: str
    body: Mapping[str, object]
    digests: Mapping[str, str | Mapping[str, str]]
    previous: str | None


class Head(NamedTuple):
    """Where a log ends: the sequence, leaf hash (64 hex digits) and `recorded` time of its newest entry."""

    authority: str
    sequence: int
    leaf_hex: str
    recorded: str


class Draft(NamedTuple):
    """What the caller has to say; `compose` adds the place in the log."""

    case: str | None
    kind: str
    actor: str
    happened: str
    body: Mapping[str, object]
    digests: Mapping[str, str | Mapping[str, str]]


class Row(NamedTuple):
    """One entry as a store or a bundle keeps it: the bytes, and beside them what the store says about them."""

    authority: str
    sequence: int
    case: str | None
    kind: str
    bytes: Bytes
    leaf: Bytes


class Opening(NamedTuple):
    """What opens a seal: the salt and the canonical JSON bytes that the commitment was made from."""

    commitment: str
    salt: bytes
    value: bytes


class Write(NamedTuple):
    """An entry ready to be stored, with its bytes, its leaf hash and the openings of what it seals."""

    entry: Entry
    bytes: Bytes
    leaf: Bytes
    openings: tuple[Opening, ...]


def encode(entry: Entry) -> bytes:
    """The canonical bytes of `entry` (RFC 8785); LedgerError when the entry is not well formed."""
    members = {"format": FORMAT} | {name: getattr(entry, name) for name in Entry.__slots__}
    members = {name: value for name, value in members.items() if value is not None}
    _refuse(_faults(members))
    return canonical.encode(members)


def decode(data: bytes) -> Entry:
    """The entry that `data` holds; LedgerError naming every fault when it is not canonical or not well formed."""
    members = canonical.decode(data)
    if not isinstance(members, dict):
        raise LedgerError("an entry is a JSON object; this is not")
    _refuse(_faults(members, _SEALED in data))
    fields: dict[str, Any] = {name: members.get(name) for name in Entry.__slots__}
    return Entry(**fields)


def leaf(data: bytes) -> bytes:
    """The leaf hash of an entry's bytes, 32 bytes: SHA-256(0x00 || bytes), RFC 9162 section 2.1.1."""
    return merkle.leaf_hash(data)


def compose(head: Head | None, authority: str, draft: Draft, recorded: str) -> Entry:
    """The entry that puts `draft` after `head` (None: first in its log); StoreError if the clock went back."""
    if head is not None and head.authority != authority:
        raise LedgerError(f"an entry of {authority} cannot follow the head of {head.authority}'s log")
    if head is not None and recorded < head.recorded:
        raise StoreError(
            f"the clock went back: it says {recorded}, and entry {head.sequence} was recorded at {head.recorded}; "
            "nothing was written",
            hint="set the clock right (in a training store, give a later --clock) and try again",
        )
    sequence, previous = (1, None) if head is None else (head.sequence + 1, head.leaf_hex)
    return Entry(authority=authority, sequence=sequence, recorded=recorded, previous=previous, **draft._asdict())


def write(entry: Entry, openings: Iterable[Opening] = ()) -> Write:
    """`entry` with its bytes and leaf, ready to store; LedgerError when an opening is not of a seal in its body."""
    data, kept = encode(entry), tuple(openings)
    sealed = set(sealed_in(entry.body)) if kept else set()
    for opening in kept:
        if opening.commitment not in sealed or not _opens(opening):
            raise LedgerError(f"the opening of {opening.commitment[:16]} opens nothing that this entry seals")
    return Write(entry, data, leaf(data), kept)


def head_after(written: Write) -> Head:
    """The head of the log once `written` stands in it."""
    entry = written.entry
    return Head(entry.authority, entry.sequence, written.leaf.hex(), entry.recorded)


# --------------------------------------------------------------------------------------- what an entry must look like


def _refuse(faults: Iterable[str]) -> None:
    found = list(faults)
    if found:
        raise LedgerError("; ".join(found))


def _faults(members: Mapping[str, object], sealing: bool = True) -> Iterator[str]:
    """Every way in which `members` is not an entry of version 1, in words; nothing when it is one.

    Not `sealing`, the name of a seal stands nowhere in its bytes, and so no seal is looked for.
    """
    if members.get("format") != FORMAT:
        yield f'format must be "{FORMAT}"'
    for name in sorted(members.keys() - _SHAPES.keys() - {"format"}):
        yield f"unknown member {name!r}"
    for name, (well_formed, must_be) in _SHAPES.items():
        if name not in members and name not in ("case", "previous"):
            yield f"{name} is missing"
        elif name in members and not well_formed(members[name]):
            yield f"{name} must be {must_be}"
    yield from _presence_faults(members)
    if sealing:
        yield from _seal_faults(members.get("body"))


def _presence_faults(members: Mapping[str, object]) -> Iterator[str]:
    kind, first = members.get("kind"), members.get("sequence") == 1
    if first and "previous" in members:
        yield "previous must be absent from entry 1"
    if not first and "previous" not in members:
        yield "previous is missing: only entry 1 has none"
    if kind in ABOUT_THE_LOG and "case" in members:
        yield f"case must be absent: a {kind} entry is about the log itself"
    if kind == "case-opened" and "case" not in members:
        yield "case is missing from a case-opened entry"


def _seal_faults(value: object) -> Iterator[str]:
    """The member name `sealed` is reserved: wherever it stands in a body, the object must be a well-formed seal."""
    for node in _objects(value):
        if "sealed" in node and not _is_seal(node):
            yield 'an object with the member "sealed" must hold that one member, of 64 hex digits'


def seals(body: object) -> list[str]:
    """What `sealed_in` finds, in one walk; LedgerError where an object with that member is no seal."""
    found = [node for node in _objects(body) if "sealed" in node]
    if not all(map(_is_seal, found)):
        raise LedgerError("a seal is not well formed")
    return [str(node["sealed"]) for node in found]


def _objects(value: object) -> Iterator[Mapping[str, object]]:
    """Every object in `value`, outermost first, in the order they stand there."""
    pending = [value]
    while pending:
        node = pending.pop()
        if type(node) is dict or isinstance(node, Mapping):
            yield node
            pending.extend(reversed([each for each in node.values() if type(each) is not str]))
        elif isinstance(node, list | tuple):
            pending.extend(reversed(node))


def _is_seal(node: Mapping[str, object]) -> bool:
    return len(node) == 1 and _matches(_DIGEST)(node.get("sealed"))


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_sequence(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LAST_SEQUENCE


def _is_time(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    """Whether a value has the shape of `pattern` and names a day that the calendar has (never 30 February)."""
    return lambda value: _matches(pattern)(value) and is_day(str(value)[:10])


def is_day(text: str) -> bool:
    """Whether this is a day of the calendar, as ISO writes it."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_digests(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        _matches(_SLUG)(kind) and (_matches(_DIGEST)(named) or _is_named_digests(named))
        for kind, named in value.items()
    )


def _is_named_digests(value: object) -> bool:
    try:
        return isinstance(value, Mapping) and _are_named_digests(tuple(value.items()))
    except TypeError:  # a list or an object where a digest belongs
        return False


@lru_cache(maxsize=64)  # the decisions of a log name the same packs, again and again
def _are_named_digests(pairs: tuple[tuple[object, object], ...]) -> bool:
    return all(_matches(_NAME)(name) and _matches(_DIGEST)(digest) for name, digest in pairs)


_SHAPES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "authority": (_matches(_SLUG), "1 to 63 of a-z, 0-9 and -, not beginning with -"),
    "sequence": (_is_sequence, f"a whole number from 1 to {LAST_SEQUENCE}"),
    "case": (_matches(_CASE), "1 to 64 of A-Z, a-z, 0-9, dot, _ and -, beginning with a letter or digit"),
    "kind": (lambda value: value in KINDS, f"one of {', '.join(KINDS)}"),
    "actor": (_matches(_ACTOR), "16 lower-case hex digits"),
    "happened": (_is_time(_HAPPENED), "a real date YYYY-MM-DD or minute YYYY-MM-DDTHH:MM"),
    "recorded": (_is_time(_RECORDED), "a real UTC time YYYY-MM-DDTHH:MM:SSZ"),
    "body": (lambda value: isinstance(value, Mapping), "an object"),
    "digests": (_is_digests, "an object of kind to digest, or kind to an object of id to digest (64 hex digits)"),
    "previous": (_matches(_DIGEST), "64 lower-case hex digits"),
}


def well_formed(name: str, value: object) -> bool:
    """Whether a member may have this value."""
    return _SHAPES[name][0](value)


# --------------------------------------------------------------------------------------------------------- seals


def commitment(salt: bytes, value: bytes) -> str:
    """SHA-256(salt || value) as 64 hex digits; LedgerError unless the salt is 16 bytes.

    The fixed length is what keeps the boundary: with salts of any length, one hash would open to several values.
    """
    if len(salt) != SALT_BYTES:
        raise LedgerError(f"a salt is {SALT_BYTES} bytes; this one is {len(salt)}")
    return hashlib.sha256(salt + value).hexdigest()


def seal(value: object, salt: bytes) -> tuple[dict[str, str], Opening]:
    """What stands in the body in place of `value`, and the opening that is kept apart from the log."""
    data = canonical.encode(value)
    sealed = commitment(salt, data)
    return {"sealed": sealed}, Opening(sealed, salt, data)


def sealed_in(body: object) -> Iterator[str]:
    """The commitment of every seal in `body`, however deep, in the order they stand there."""
    for node in _objects(body):
        if _is_seal(node):
            yield str(node["sealed"])


def erased_in(entry: Entry) -> tuple[str, ...]:
    """The commitments whose openings the entry says were erased with it."""
    named = entry.body.get("erased") if entry.kind == "retention" else ()
    return tuple(each for each in named if isinstance(each, str)) if isinstance(named, list | tuple) else ()


def digests_of(entry: Entry) -> Iterator[str]:
    """Every digest whose bytes an entry rests on: packs, calendars, vocabulary, workflow, and what it adopts."""
    yield from digests_in(entry.digests)
    adopted = entry.body.get("digest") if entry.kind == "adoption" else None
    if isinstance(adopted, str) and _DIGEST.fullmatch(adopted):
        yield adopted


def digests_in(digests: Mapping[str, str | Mapping[str, str]]) -> Iterator[str]:
    """Every digest in the member of that name."""
    for value in digests.values():
        yield from [value] if isinstance(value, str) else value.values()


def _opens(opening: Opening) -> bool:
    return len(opening.salt) == SALT_BYTES and commitment(opening.salt, opening.value) == opening.commitment


# ------------------------------------------------------------------------------------------------------ receipts


class Receipt(NamedTuple):
    """What an officer keeps of an entry: its place and the first 16 to 64 hex digits of its leaf hash."""

    authority: str
    sequence: int
    leaf_prefix: str


def receipt(entry: Entry, leaf: bytes) -> str:
    """The receipt of `entry` as printed: `camden:41:` and the first 24 hex digits (96 bits) of its leaf hash.

    The receipt fixes authority and sequence, so whoever would put another entry in that place must find bytes whose
    hash begins with these very 96 bits: 2^96 trials, out of reach. It is weaker against the author of the entry, who
    could look for two entries with one prefix before recording either (2^48 trials); where that matters, keep all 64
    digits, which verification accepts as well, or a checkpoint.
    """
    return f"{entry.authority}:{entry.sequence}:{leaf.hex()[:RECEIPT_DIGITS]}"


def parse_receipt(text: str) -> Receipt:
    """The receipt that `text` writes out; LedgerError saying how one is written when it is none."""
    found = _RECEIPT.fullmatch(text.strip().lower())
    if found is None or not text.strip().isascii():  # the sign for kelvin, in lower case, is a k
        raise LedgerError(
            f"{text.strip()[:100]!r} is not a receipt",
            hint="write authority:number:digits with 16 to 64 hex digits, as in camden:41:9f2c51e1a0b37d4488c2e6f1",
        )
    return Receipt(found[1], int(found[2]), found[3])


# -------------------------------------------------------------------------------------------------- verification


class Problem(NamedTuple):
    """One thing found wrong, and the sequence of the entry it was found at (None: not at any one entry)."""

    sequence: int | None
    message: str


class Step(NamedTuple):
    """The outcome of one numbered step of verification: what it proved (`detail`) and what it could not (`limit`)."""

    number: int
    title: str
    ok: bool
    detail: str
    problems: tuple[Problem, ...]
    limit: str = ""


class Read(NamedTuple):
    """A row as verification reads it: the leaf of its bytes, and its entry or why there is none."""

    row: Row
    leaf: bytes
    entry: Entry | None
    fault: str


class Before(NamedTuple):
    """What the next entry is held against: the row before it, and the last `recorded` that could be read."""

    sequence: int
    leaf: str | None
    recorded: str


@dataclass(slots=True)
class Seen:
    """What one pass over the log gathers; memory grows with the seals, not with the bodies."""

    before: Before
    problems: dict[int, list[Problem]]
    count: int = 0
    leaves: dict[int, str] = field(default_factory=dict)
    sealed: dict[str, int] = field(default_factory=dict)  # commitment -> the entry that seals it
    erased: dict[str, int] = field(default_factory=dict)  # commitment -> the entry that says it was erased


def verify(
    authority: str,
    rows: Iterable[Row],
    openings: Mapping[str, Opening],
    receipts: Sequence[Receipt],
    heard: Callable[[Read], object] = lambda _: None,
) -> tuple[Step, ...]:
    """The six numbered steps over one authority's whole log, in order, each with every problem it found.

    `rows` is read once, first to last. No step stops at its first problem, and no bad entry hides the next. Packs by
    digest, checkpoints and the projection are for the caller to check: `heard` is given every entry as it was read, so
    that nobody need decode it again.
    """
    seen = nothing_seen()
    wanted = {kept.sequence for kept in receipts}
    for row in rows:
        this = _read(row)
        _look(authority, seen, this, wanted)
        heard(this)
    if seen.count == 0:
        seen.problems[2].append(Problem(None, f"there is no entry of {authority}: an empty log proves nothing"))
    return steps(authority, seen, openings, receipts)


def nothing_seen() -> Seen:
    """What a pass over a log begins with."""
    return Seen(Before(0, None, ""), {number: [] for number in _PER_ENTRY})


def steps(authority: str, seen: Seen, openings: Mapping[str, Opening], receipts: Sequence[Receipt]) -> tuple[Step, ...]:
    """The six steps, of a log that was read."""
    return (*_entry_steps(seen), _receipt_step(authority, seen, receipts), _seal_step(seen, openings))


def _read(row: Row) -> Read:
    digest = leaf(row.bytes)
    try:
        return Read(row, digest, decode(row.bytes), "")
    except LedgerError as error:
        return Read(row, digest, None, error.message)


def _look(authority: str, seen: Seen, this: Read, wanted: set[int]) -> None:
    """Take one entry into `seen`: its problems under each step, and what later steps need of it."""
    for number, check in _PER_ENTRY.items():
        found = check(authority, seen.before, this)
        seen.problems[number].extend(Problem(this.row.sequence, message) for message in found)
    seen.count += 1
    if this.row.sequence in wanted:
        seen.leaves.setdefault(this.row.sequence, this.leaf.hex())
    recorded = seen.before.recorded
    if this.entry is not None:
        number = this.entry.sequence
        if _SEALED in this.row.bytes:
            seen.sealed.update((each, number) for each in sealed_in(this.entry.body))
        seen.erased.update((each, number) for each in erased_in(this.entry))
        recorded = this.entry.recorded
    seen.before = Before(this.row.sequence, this.leaf.hex(), recorded)


def _format_faults(authority: str, before: Before, this: Read) -> Iterator[str]:
    """Step 1: the bytes are one well-formed entry in canonical form."""
    if this.entry is None:
        yield this.fault


def _place_faults(authority: str, before: Before, this: Read) -> Iterator[str]:
    """Step 2: the sequence has no gap, and the columns beside the bytes say what the bytes say."""
    if this.row.sequence != before.sequence + 1:
        yield f"number {before.sequence + 1} was expected here: entries are missing, added or out of order"
    if this.row.authority != authority:
        yield f"stored under {this.row.authority} in the log of {authority}"
    for name in ("authority", "sequence", "case", "kind") if this.entry else ():
        said, stored = getattr(this.entry, name), getattr(this.row, name)
        if said != stored:
            yield f"its {name} is stored as {stored!r}, and its bytes say {said!r}"


def _chain_faults(authority: str, before: Before, this: Read) -> Iterator[str]:
    """Step 3: each entry names the digest of the one before, carries its own, and was not recorded earlier."""
    if this.row.leaf != this.leaf:
        yield "its bytes do not have the digest stored beside them"
    if this.entry is None:
        return
    if this.entry.previous != before.leaf:
        yield "the digest of the entry before is not the one it names"
    if this.entry.recorded < before.recorded:
        yield f"recorded at {this.entry.recorded}, before the entry that it follows ({before.recorded})"


def _opening_faults(authority: str, before: Before, this: Read) -> Iterator[str]:
    """Step 4: the log opens with one entry that says whether it is for training, and no other entry does."""
    if before.leaf is None and (this.entry is None or this.entry.kind != "log-opened"):
        yield "the log does not begin with a log-opened entry"
    elif before.leaf is None and not isinstance(this.entry and this.entry.body.get("training"), bool):
        yield "the log-opened entry does not say whether the log is for training"
    elif before.leaf is not None and this.entry is not None and this.entry.kind == "log-opened":
        yield "the log is opened a second time"


_Check = Callable[[str, Before, Read], Iterator[str]]
_PER_ENTRY: Mapping[int, _Check] = {1: _format_faults, 2: _place_faults, 3: _chain_faults, 4: _opening_faults}


def _entry_steps(seen: Seen) -> Iterator[Step]:
    """Steps 1 to 4, whose problems each belong to one entry."""
    reach = f"1 to {seen.before.sequence:,}" if seen.count else "no entries"
    entries = _counted(seen.count, "entry", "entries")
    yield _step(1, "format and canonical form", entries, seen.problems[1], "whether what they say is true")
    yield _step(2, "sequence without gaps", reach, seen.problems[2], "whether entries were cut off at the end")
    yield _step(3, "chain of digests", "whole", seen.problems[3], "that it was not written again whole")
    yield _step(4, "training flag", "said once, by the first entry", seen.problems[4])


def _step(number: int, title: str, detail: str, problems: Sequence[Problem], limit: str = "") -> Step:
    if problems:
        detail = _counted(len(problems), "problem", "problems")
    return Step(number, title, not problems, detail, tuple(problems), limit)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _receipt_step(authority: str, seen: Seen, receipts: Sequence[Receipt]) -> Step:
    """Step 5: every receipt equals the entry it names; the detail says how far that anchors the log."""
    problems = [problem for kept in receipts for problem in _receipt_problems(authority, seen, kept)]
    anchored = max((kept.sequence for kept in receipts), default=0)
    if not receipts:
        detail = "none given: nothing outside this file anchors it; it is consistent, not proved"
    else:
        detail = f"{len(receipts):,} equal, up to entry {anchored:,}; {_after(seen.before.sequence - anchored)}"
    return _step(5, "receipts", detail, problems)


def _receipt_problems(authority: str, seen: Seen, kept: Receipt) -> Iterator[Problem]:
    found = seen.leaves.get(kept.sequence)
    if kept.authority != authority:
        yield Problem(None, f"a receipt given is for the log of {kept.authority}; this is the log of {authority}")
    elif found is None:
        yield Problem(kept.sequence, "a receipt was given for this entry, and the log has no such entry")
    elif not found.startswith(kept.leaf_prefix):
        yield Problem(kept.sequence, "this is not the entry its receipt was given for")


def _after(count: int) -> str:
    if count == 0:
        return "no entry came after it"
    return f"{_counted(count, 'entry', 'entries')} after it: consistent, not proved"


def _seal_step(seen: Seen, openings: Mapping[str, Opening]) -> Step:
    """Step 6: every opening there is opens a seal in the log.

    A seal without one is no fault, since a log outlives what it seals; but where no erasure on the log says why it is
    gone, the step names the entries.
    """
    good = {key for key, opening in openings.items() if key == opening.commitment and _opens(opening)}
    problems = [Problem(None, fault) for key in openings for fault in _seal_check(seen, key, key in good)]
    matching = len(good & seen.sealed.keys())
    gone = [key for key in seen.sealed if key not in openings]
    lost = sorted({seen.sealed[key] for key in gone if key not in seen.erased})
    step = _step(6, "seals", "", problems)
    counts = f"{_counted(matching, 'opening matches', 'openings match')}, {len(gone):,} erased or withheld"
    limit = f"why the openings of {_named(lost)} are gone: no erasure on the log says so" if lost else ""
    return step._replace(detail=f"{step.detail}; {counts}" if problems else counts, limit=limit)


def _named(entries: Sequence[int]) -> str:
    """Some entries by number, the first few of many."""
    some = ", ".join(f"{each:,}" for each in entries[:5])
    return f"{'entry' if len(entries) == 1 else 'entries'} {some}{' and others' * (len(entries) > 5)}"


def _seal_check(seen: Seen, key: str, opens: bool) -> Iterator[str]:
    if not opens:
        yield f"the opening kept for {key[:16]} does not match that seal"
    elif key not in seen.sealed:
        yield f"the opening kept for {key[:16]} belongs to no entry that could be read"
    elif key in seen.erased:
        yield f"the opening kept for {key[:16]} was erased, says entry {seen.erased[key]:,}, and is here"
