"""A sound log read at speed: each row parsed once and hashed once, and written again only where its shape is new. Pure.

`ledger.verify` says what is wrong with a log; this only says whether anything might be. A page of rows is in order when
it holds what steps 1 to 4 of `ledger.verify` ask of it; of any other page nothing is told, and the log is for
`ledger.verify` to read.

The entries of a log name the same packs again and again, and a third of its bytes are those names. So where the end of
a row is `,"digests":` and a text seen before, followed by members that hold no bracket, the row is read with `{}` in
the place of that text. It is the same entry: a text with unescaped quotes cannot stand inside a string, and what
follows closes one object only, so the digests are those of the entry itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from engine import canonical, ledger, merkle
from engine.errors import ViresError
from engine.ledger import Entry, Row

PAGE = 64  # rows looked at together: few enough that what is parsed stays near the processor
KEPT = 8  # texts of digests kept to be known again
SHAPES = 1024  # shapes of entries kept to be known again
_NAMED, _NONE, _AFTER = b',"digests":', b',"digests":{}', b',"format":'
_MEMBERS = ("authority", "sequence", "kind", "previous", "actor", "happened", "recorded", "format", "body", "digests")
_DIGITS = str.maketrans("", "", "0123456789")
_COLUMNS = itemgetter(*_MEMBERS)

UNREADABLE = (ViresError, AttributeError, KeyError, RecursionError, StopIteration, TypeError, ValueError)

Members = dict[str, Any]


class Page(NamedTuple):
    """Rows in order: the members and leaf of each, what they seal by number, and digests that may be new by number."""

    members: Sequence[Members]
    leaves: Sequence[bytes]
    sealed: Mapping[str, int]
    named: Mapping[int, Mapping[str, Any]]


class _Shape(NamedTuple):
    """Where the keys are among what a text's quotes part, and the keys seen: whether one is that of a seal."""

    among: Callable[[Sequence[str]], tuple[str, ...]]
    keys: dict[tuple[str, ...], bool]


class Doubt(Exception):
    """Something in a page is not plainly in order."""


class Reader:
    """Reads the bytes of entries, and knows again what it has read."""

    def __init__(self) -> None:
        self._known: list[tuple[bytes, Mapping[str, Any]]] = []
        self._shapes: dict[str, _Shape] = {}
        self._kept = 0
        self.sealed: list[str] = []  # what the entries read seal, until somebody takes it away

    def entry(self, data: bytes) -> Entry:
        """What `ledger.decode` returns or raises."""
        try:
            members, sealed, _ = self.read(data)
            _look_at(members)
        except (*UNREADABLE, Doubt):
            read = ledger.decode(data)
            self.sealed += ledger.sealed_in(read.body)
            return read
        self.sealed += sealed
        return entry(members)

    def read(self, data: bytes) -> tuple[Members, Sequence[str], bool]:
        """The members of canonical bytes, what they seal, whether their digests are new; Doubt or UNREADABLE else."""
        shorter, digests = self._short(data)
        text = shorter.decode()
        members, end = _READ(text, 0)
        seals = self._shape(text)
        if end != len(text):
            raise Doubt
        if seals is None:  # a shape not seen before
            _sure(type(members) is dict, canonical.encode(members) == shorter)
            self._keep(text)
            seals = '"sealed"' in text
        sealed = ledger.seals(members["body"]) if seals else ()
        new = digests is None and members["digests"] != {}
        if new:
            self._learn(members["digests"])
        elif digests is not None:
            members["digests"] = digests
        return members, sealed, new

    def _shape(self, text: str) -> bool | None:
        """Whether anything may be sealed in a text of a shape seen before; None in any other.

        A shape is what stands outside strings, numbers left out, and which strings are keys. No string has an escape.
        So two texts of one shape, both JSON, are canonical both or neither: each string is written as it is, each
        whole number has one form but for -0, and the keys and their order are the same.
        """
        if "\\" in text:
            return None
        parts = text.split('"')
        known = self._shapes.get('"'.join(parts[::2]).translate(_DIGITS))
        return None if known is None else known.keys.get(known.among(parts))

    def _keep(self, text: str) -> None:
        """Nothing; the shape of a canonical text is known from now on."""
        if "\\" in text or self._kept >= SHAPES:
            return
        self._kept += 1
        parts = text.split('"')
        marks = parts[::2]
        outside = '"'.join(marks).translate(_DIGITS)
        at = [2 * n + 1 for n, each in enumerate(marks[1:]) if each.startswith(":")]
        known = self._shapes.setdefault(outside, _Shape(itemgetter(*at), {}))
        known.keys[known.among(parts)] = "sealed" in known.among(parts)

    def _short(self, data: bytes) -> tuple[bytes, Mapping[str, Any] | None]:
        """The bytes with nothing in the place of digests that are known, and those; else the bytes as they are."""
        at = data.rfind(_AFTER)
        if at < 0 or data.endswith(_NONE, 0, at):
            return data, None
        for text, digests in self._known:
            if data.endswith(text, 0, at):
                after = data[at:]
                if after.count(b"}") == 1 and not (b"{" in after or b"[" in after or b"]" in after):
                    return data[: at - len(text)] + _NONE + after, digests
        return data, None

    def _learn(self, digests: Mapping[str, Any]) -> None:
        """Nothing; the digests are known from now on."""
        _sure(ledger.well_formed("digests", digests))
        self._known.insert(0, (_NAMED + canonical.encode(digests), digests))
        del self._known[KEPT:]


class Skim:
    """One authority's log, page after page."""

    def __init__(self, authority: str) -> None:
        self._authority = authority
        self._reader = Reader()
        self._sequence, self._previous, self._recorded = 0, "", ""

    def page(self, rows: Sequence[Row]) -> Page:
        """The rows, each in order and after the one before; Doubt when any might not be."""
        try:
            return self._page(rows)
        except UNREADABLE as error:
            raise Doubt from error

    def _page(self, rows: Sequence[Row]) -> Page:
        read = [self._reader.read(row.bytes) for row in rows]
        members, leaves = [each for each, _, _ in read], merkle.leaf_hashes(row.bytes for row in rows)
        self._look(rows, members, leaves)
        sealed = {seal: each["sequence"] for each, seals, _ in read if seals for seal in seals}
        named = {each["sequence"]: each["digests"] for each, _, new in read if new}
        return Page(members, leaves, sealed, named)

    def _look(self, rows: Sequence[Row], members: Sequence[Members], leaves: Sequence[bytes]) -> None:
        """Nothing, once the rows hold every other thing that entries must, each after the one before."""
        if not self._sequence:
            first = members[0]
            _sure("previous" not in first, first["kind"] == "log-opened", type(first["body"]["training"]) is bool)
            first["previous"] = ""
        authorities, numbers, kinds, previous, actors, happened, recorded, formats, bodies, _ = zip(
            *map(_COLUMNS, members), strict=True
        )
        stored, filed, cases, sorts, _, digests = zip(*rows, strict=True)
        chain = [self._previous, *(leaf.hex() for leaf in leaves)]
        _sure(
            {*authorities, *stored} == {self._authority},
            numbers == filed == (*range(self._sequence + 1, self._sequence + len(rows) + 1),),
            {*map(type, numbers)} == {int},
            kinds == sorts,
            cases == (*(each.get("case") for each in members),),
            sum(map(len, members)) == len(members) * len(_MEMBERS) + sum("case" in each for each in members),
            digests == (*leaves,),
            [*previous] == chain[:-1],
            (self._recorded, *recorded) == (*sorted((self._recorded, *recorded)),),
            {*formats} == {ledger.FORMAT},
            {*map(type, bodies)} == {dict},
            "log-opened" not in kinds[not self._sequence :],
            all(_may_be_of(kind, case) for kind, case in {*zip(kinds, cases, strict=True)}),
        )
        for name, column in (
            ("kind", kinds),
            ("authority", stored),
            ("actor", actors),
            ("happened", happened),
            ("recorded", recorded),
        ):
            _sure(*(_well_formed(name, each) for each in {*column}))
        _sure(*(_well_formed("case", each) for each in {*cases} - {None}))
        members[0].get("previous") or members[0].pop("previous")
        self._sequence, self._previous, self._recorded = numbers[-1], chain[-1], recorded[-1]


def entry(members: Mapping[str, Any]) -> Entry:
    """The entry that has these members."""
    fields: dict[str, Any] = {name: members.get(name) for name in Entry.__slots__}
    return Entry(**fields)


def _look_at(members: Members) -> None:
    """Nothing, where the members of one entry are well formed, its digests and seals among them already."""
    kind, case, first = members["kind"], members.get("case"), members["sequence"] == 1
    _sure(
        members.keys() == {*_MEMBERS} - ({"previous"} if first else set()) | ({"case"} if "case" in members else set()),
        members["format"] == ledger.FORMAT,
        members["body"].__class__ is dict,
        _may_be_of(kind, case),
        first or ledger.well_formed("previous", members["previous"]),
        ledger.well_formed("sequence", members["sequence"]),
        "case" not in members or _well_formed("case", case),
        *(_well_formed(name, members[name]) for name in ("authority", "kind", "actor", "happened", "recorded")),
    )


def _sure(*told: bool) -> None:
    """Nothing where all of it is so; Doubt otherwise."""
    if not all(told):
        raise Doubt


def _may_be_of(kind: str, case: str | None) -> bool:
    return case is None if kind in ledger.ABOUT_THE_LOG else case is not None or kind != "case-opened"


@lru_cache(maxsize=4096)  # a log says the same persons, days and cases again and again
def _well_formed(name: str, value: object) -> bool:
    return ledger.well_formed(name, value)


def _whole(digits: str) -> int:
    number = int(digits)
    if digits == "-0" or not -canonical.GREATEST <= number <= canonical.GREATEST:
        raise Doubt
    return number


def _no(text: str) -> int:
    raise Doubt


_DECODER: Any = json.JSONDecoder(parse_float=_no, parse_int=_whole, parse_constant=_no)
_READ = _DECODER.scan_once
