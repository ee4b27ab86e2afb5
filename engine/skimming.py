"""A sound log read at speed: each row cut into its parts, and each part looked at once. Pure.

`ledger.verify` says what is wrong with a log; this only says whether anything might be. A page of rows is in order when
it holds what steps 1 to 4 of `ledger.verify` ask of it; of any other page nothing is told, and the log is for
`ledger.verify` to read.

The canonical bytes of an entry are its members in an order that never changes. So the bytes of an entry of a case are
cut where its members meet. If the text of its body and that of its digests are each canonical, and every other member
is well formed, then the bytes are canonical too, wherever the cuts were made: they are what `ledger.encode` writes of
those members. A row that cannot be cut so is read by `ledger.decode`.

The same holds within a body: a decision's findings are an object each, and most of them say what a finding before them
said. A body whose findings are canonical is canonical if it is with an empty list in their place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from engine import canonical, ledger, merkle
from engine.errors import ViresError
from engine.ledger import Entry, Row

PAGE = 256  # rows looked at together
KEPT = 4096  # texts kept to be known again, of each sort; all are forgotten when there are more
LONG = 512  # characters of a text too long to be kept
DIGESTS = 16  # texts of digests kept, which are long
SHAPES = 1024  # shapes kept to be known again
HALF = canonical.DEEPEST // 2 - 1  # levels in a text, so that one in the place of another, in an entry, is not too deep
_CUT = frozenset(ledger.KINDS) - {*ledger.ABOUT_THE_LOG, "retention"}  # what is read by its parts: of the others, all

_HEAD = re.compile(r'\{"actor":"(.{16})","authority":"([^"]+)","body":', re.DOTALL).match
_AT_CASE, _AT_DIGESTS, _AT_FORMAT = ',"case":"', '","digests":', f',"format":"{ledger.FORMAT}","happened":"'
_TAIL = re.compile(
    r'([^"]+)","kind":"([^"]+)","previous":"(.{64})","recorded":"([^"]+)","sequence":([1-9][0-9]*)\}', re.DOTALL
).fullmatch
_FINDINGS, _FINDING, _FOUND = '"findings":[{"answer":', '},{"answer":', '}],"from":"'
_WHAT = re.compile(r'"found":"[^"\x00-\x1f]*"')
_SEAL = re.compile(r'\{"sealed":"([0-9a-f]{64})"\}')
_FORMED = ("previous", "actor", "authority", "case", "happened", "recorded")  # the first is what the chain says it is
_DIGITS = str.maketrans("", "", "0123456789")

UNREADABLE = (ViresError, AttributeError, KeyError, RecursionError, StopIteration, TypeError, ValueError)


class Told(NamedTuple):
    """The members of an entry, what it seals, whether its digests may be new, and how it was read if not by its parts.

    `previous` is empty where it is absent, and `sequence` is text.
    """

    actor: str
    authority: str
    body: Mapping[str, Any]
    case: str | None
    digests: Mapping[str, Any]
    happened: str
    kind: str
    previous: str
    recorded: str
    sequence: str
    seals: Sequence[str]
    new: bool
    read: Entry | None = None


class Page(NamedTuple):
    """Rows in order, told in brief, and the leaf of each."""

    told: Sequence[Told]
    leaves: Sequence[bytes]


class _Shape(NamedTuple):
    """Where the keys are among what a text's quotes part, and the keys seen: whether one is that of a seal."""

    among: Callable[[Sequence[str]], tuple[str, ...]]
    keys: dict[tuple[str, ...], bool]


class Doubt(Exception):
    """Something in a page is not plainly in order."""


class Reader:
    """Reads the bytes of entries, and knows again what it has read; in brief, findings are checked and left out."""

    def __init__(self, brief: bool = False) -> None:
        self._brief = brief
        self._digests: list[tuple[str, Mapping[str, Any]]] = []
        self._bodies: dict[str, Mapping[str, Any]] = {}
        self._findings: set[str] = set()
        self._shapes: dict[str, _Shape] = {}
        self._kept = 0
        self.sealed: list[str] = []  # what the entries read seal, until somebody takes it away

    def entry(self, data: bytes) -> Entry:
        """What `ledger.decode` returns or raises."""
        told = self.told(data)
        self.sealed += told.seals
        if told.read is not None or not all(_well_formed(name, getattr(told, name)) for name in _FORMED):
            return told.read or ledger.decode(data)
        fields: dict[str, Any] = {name: getattr(told, name) for name in Entry.__slots__}
        return Entry(**{**fields, "sequence": int(told.sequence)})

    def told(self, data: bytes) -> Told:
        """What the bytes tell, where the members of `_FORMED` are well formed; LedgerError where `decode` raises it."""
        try:
            if told := self._parts(data.decode()):
                return told
        except (*UNREADABLE, Doubt):
            pass
        entry = ledger.decode(data)
        fields: dict[str, Any] = {name: getattr(entry, name) for name in Entry.__slots__}
        fields |= {"sequence": str(entry.sequence), "previous": entry.previous or ""}
        return Told(**fields, seals=tuple(ledger.sealed_in(entry.body)), new=True, read=entry)

    def _parts(self, text: str) -> Told | None:
        """What a text tells of an entry of a case; None, Doubt or UNREADABLE where it cannot be cut into its parts."""
        before, _, after = text.rpartition(_AT_FORMAT)
        head, tail = _HEAD(before), _TAIL(after)
        if head is None or tail is None:
            return None
        before, digests, new = self._named(before)
        body, _, case = before.rpartition(_AT_CASE)
        happened, kind, previous, recorded, sequence = tail.groups()
        if kind not in _CUT or sequence == "1":
            return None
        members, seals = self._body(body[head.end() :])
        actor, authority = head.groups()
        return Told(actor, authority, members, case, digests, happened, kind, previous, recorded, sequence, seals, new)

    def _named(self, before: str) -> tuple[str, Mapping[str, Any], bool]:
        """What stands before the digests that end a text, the digests, and whether they may be new."""
        for text, digests in self._digests:
            if before.endswith(text):
                return before[: -len(text)], digests, False
        before, _, named = before.rpartition(_AT_DIGESTS)
        digests, _ = self._plain(named)
        _sure(ledger.well_formed("digests", digests))
        self._digests.insert(0, (_AT_DIGESTS + named, digests))
        del self._digests[DIGESTS:]
        return before, digests, True

    def _body(self, text: str) -> tuple[Mapping[str, Any], Sequence[str]]:
        """The body a text spells, in brief if that is asked for, and what it seals."""
        if not self._brief:
            return self._plain(text)
        start = text.find(_FINDINGS)
        if start > 0:
            text = self._briefly(text, start)
        known = self._bodies.get(text)
        if known is not None:
            return known, ()
        members, seals = self._valued(text) or self._plain(text)
        if not seals and len(text) < LONG:
            _room(self._bodies)[text] = members
        return members, seals

    def _valued(self, text: str) -> tuple[Mapping[str, Any], Sequence[str]] | None:
        """The body a text spells that ends with a string or a seal as its value, and what it seals; None for others.

        It is canonical if it is with an empty string in the value's place.
        """
        before, name, after = text.rpartition('"value":')
        value = after[:-1]
        seal = _SEAL.fullmatch(value) if value[:1] == "{" else None
        if not name or "\\" in text or after[-1:] != "}" or not (seal or _is_plain(value)) or len(text) >= LONG:
            return None
        empty = f'{before}"value":""}}'
        known = self._bodies.get(empty)
        if known is None:
            known, seals = self._plain(empty)
            if seals:
                return None
            _room(self._bodies)[empty] = known
        if seal is None:
            return {**known, "value": value[1:-1]}, ()
        return {**known, "value": {"sealed": seal[1]}}, seal.groups()

    def _briefly(self, text: str, start: int) -> str:
        """A body with nothing in the list of its findings, where each of them is canonical and seals nothing.

        A finding is canonical if it is with an empty string in the place of what was found.
        """
        end = text.rfind(_FOUND)
        found = text[start + len(_FINDINGS) : end]
        if end < start or "\\" in found:
            return text
        findings = _WHAT.sub('"found":""', found).split(_FINDING)
        if self._findings.issuperset(findings):
            findings = []
        for finding in {*findings} - self._findings:
            _sure(not self._plain(f'{{"answer":{finding}}}')[1])
            if len(finding) < LONG:
                _room(self._findings).add(finding)
        return f'{text[:start]}"findings":[{text[end + 1 :]}'

    def _plain(self, text: str) -> tuple[Any, Sequence[str]]:
        """The object whose canonical text this is, and what it seals; Doubt or UNREADABLE otherwise."""
        members, end = _READ(text, 0)
        if end != len(text) or type(members) is not dict:
            raise Doubt
        seals = self._shape(text)
        if seals is None:  # a shape not seen before
            _sure(_is_canonical(members, text))
            self._keep(text)
            seals = '"sealed"' in text
        return members, _seals(members, text) if seals else ()

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
        parts = text.split('"')
        marks = parts[::2]
        outside = '"'.join(marks).translate(_DIGITS)
        at = [2 * n + 1 for n, each in enumerate(marks[1:]) if each.startswith(":")]
        if not at:
            return
        self._kept += 1
        known = self._shapes.setdefault(outside, _Shape(itemgetter(*at), {}))
        known.keys[known.among(parts)] = "sealed" in known.among(parts)


class Skim:
    """One authority's log, page after page."""

    def __init__(self, authority: str) -> None:
        self._authority = authority
        self._reader = Reader(brief=True)
        self._sequence, self._previous, self._recorded = 0, "", ""

    def page(self, rows: Sequence[Row]) -> Page:
        """The rows, each in order and after the one before; Doubt when any might not be."""
        try:
            return self._page(rows)
        except UNREADABLE as error:
            raise Doubt from error

    def _page(self, rows: Sequence[Row]) -> Page:
        told, leaves = [self._reader.told(row.bytes) for row in rows], merkle.leaf_hashes(row.bytes for row in rows)
        if not self._sequence:
            first = told[0]
            _sure(first.kind == "log-opened", type(first.body["training"]) is bool)
        columns = dict(zip(Told._fields, zip(*told, strict=True), strict=True))
        previous, recorded, kinds = columns["previous"], columns["recorded"], columns["kind"]
        stored, filed, filed_cases, sorts, _, digests = zip(*rows, strict=True)
        chain = [self._previous, *(leaf.hex() for leaf in leaves)]
        _sure(
            {*columns["authority"], *stored} == {self._authority},
            filed == (*range(self._sequence + 1, self._sequence + len(rows) + 1),),
            {*map(type, filed)} == {int},
            columns["sequence"] == (*map(str, filed),),
            kinds == sorts,
            columns["case"] == filed_cases,
            digests == (*leaves,),
            [*previous] == chain[:-1],
            [self._recorded, *recorded] == sorted([self._recorded, *recorded]),
            "log-opened" not in kinds[not self._sequence :],
            *(_well_formed(name, each) for name in _FORMED[1:] for each in {*columns[name]} - {None}),
        )
        self._sequence, self._previous, self._recorded = filed[-1], chain[-1], recorded[-1]
        return Page(told, leaves)


def _seals(members: object, text: str) -> Sequence[str]:
    """What `ledger.seals` finds in an object, given its canonical text."""
    found = _SEAL.findall(text)
    return found if "\\" not in text and len(found) == text.count('"sealed"') else ledger.seals(members)


def _is_plain(value: str) -> bool:
    """Whether a text without escapes is a string and holds nothing that must be escaped."""
    return value[:1] == value[-1:] == '"' and value.count('"') == 2 and value.isprintable()


def _room(kept: Any) -> Any:
    """What is kept, with room for one more: if it is full, all of it is forgotten."""
    if len(kept) >= KEPT:
        kept.clear()
    return kept


def _sure(*told: bool) -> None:
    """Nothing where all of it is so; Doubt otherwise."""
    if not all(told):
        raise Doubt


@lru_cache(maxsize=4096)  # a log says the same persons, days and cases again and again
def _well_formed(name: str, value: object) -> bool:
    return ledger.well_formed(name, value)


def _is_canonical(value: object, text: str) -> bool:
    """Whether the text is that of the value in canonical form, of no more than `HALF` levels."""
    around = canonical.DEEPEST - HALF
    for _ in range(around):
        value = [value]
    return canonical.encode(value) == ("[" * around + text + "]" * around).encode()


def _whole(digits: str) -> int:
    number = int(digits)
    if digits == "-0" or not -canonical.GREATEST <= number <= canonical.GREATEST:
        raise Doubt
    return number


def _no(text: str) -> int:
    raise Doubt


_DECODER: Any = json.JSONDecoder(parse_float=_no, parse_int=_whole, parse_constant=_no)
_READ = _DECODER.scan_once
