"""YAML text to plain nodes that know their line: every scalar stays text, the schema decides what it means.

Refused, with file, line and column: duplicate keys, anchors and aliases, tags, keys that are not text, more than one
document, nesting beyond `DEEPEST`, text beyond `LONGEST`, anything PyYAML itself refuses (tabs among them).
The only module that imports yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import yaml

from engine.errors import UsageError

LONGEST = 1_000_000  # characters of one file
LONGEST_LINE = 800  # characters of what is wrong with one place
DEEPEST = 40  # levels of nesting

_REFUSED = re.compile(  # YAML 1.1 section 5.1, and what makes text read otherwise than it stands (Unicode UAX 9)
    "[^\t\n\r\x20-\x7e\x85\xa0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Where(NamedTuple):
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """One fault: where it is, what it is, what to write instead."""

    where: Where
    what: str
    instead: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {_short(self.what)}" + (f"; {_short(self.instead)}" if self.instead else "")


def _short(said: str) -> str:
    """The text, its middle left out where nobody would read it."""
    return said if len(said) <= LONGEST_LINE else f"{said[:200]} [...] {said[-100:]}"


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar, always as text."""

    value: str
    where: Where


@dataclass(frozen=True, slots=True)
class Seq:
    """A list."""

    items: tuple[Node, ...]
    where: Where


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping; keys are text and unique."""

    entries: dict[str, Node]
    keys: dict[str, Where]
    where: Where


Node = Text | Seq | Map


class Entry(NamedTuple):
    """One entry of a document's mapping, or one item of the list under it, with what is wrong inside."""

    key: str
    where: Where
    node: Node
    problems: tuple[Problem, ...]


class _Bad(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@lru_cache(maxsize=8)  # the file of the base cycle is read for each authority's
def read(file: str, text: str) -> tuple[Node | None, tuple[Problem, ...]]:
    """The root node of one YAML document and the problems found; the node is None when the text cannot be used."""
    if problem := unfit(file, text):
        return None, (problem,)
    problems: list[Problem] = []
    try:
        return _document(file, _events(file, text), problems), tuple(problems)
    except _Bad as bad:
        return None, (*problems, bad.problem)


def allowed(text: str) -> bool:
    """Whether the text holds only characters that may stand in a file: no control characters, no half characters."""
    return _REFUSED.search(text) is None


def walk(file: str, text: str, split: str) -> Iterator[Entry]:
    """The entries of one document's mapping as they are read, those of a list under the key `split` one by one.

    An empty list is an entry like any other. For files too long to be held as nodes; UsageError where the text cannot
    be read any further.
    """
    if refused := _REFUSED.search(text):
        raise UsageError(str(_not_allowed(file, text, refused.start())))
    try:
        yield from _walk(file, text, split)
    except _Bad as bad:
        raise UsageError(str(bad.problem)) from bad


def _walk(file: str, text: str, split: str) -> Iterator[Entry]:
    events = _events(file, text)
    event, seen = next(events), dict[str, Where]()
    while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
        event = next(events)
    if isinstance(event, yaml.StreamEndEvent):
        return
    if not isinstance(event, yaml.MappingStartEvent) or event.anchor or event.tag:
        root = _node(file, event, events, [], 0)
        raise _Bad(Problem(root.where, "expected a mapping", "write `name: value`, one on a line"))
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _node(file, event, events, [], 1)
        if not isinstance(key, Text):
            raise _Bad(Problem(key.where, "a key must be plain text"))
        if key.value in seen:
            raise _Bad(
                Problem(key.where, f"the key {key.value!r} stands here twice", f"see line {seen[key.value].line}")
            )
        seen[key.value] = key.where
        event = next(events)
        if key.value == split and isinstance(event, yaml.SequenceStartEvent) and not (event.anchor or event.tag):
            where, items = _where(file, event), 0
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                yield _entry(file, key, event, events)
                items += 1
            if not items:
                yield Entry(key.value, key.where, Seq((), where), ())
        else:
            yield _entry(file, key, event, events)
    if any(isinstance(event, yaml.DocumentStartEvent) for event in events):
        raise _Bad(Problem(_where(file, event), "a second document in one file", "use one file for each"))


def _entry(file: str, key: Text, event: Any, events: Iterator[Any]) -> Entry:
    problems: list[Problem] = []
    node = _node(file, event, events, problems, 2)
    return Entry(key.value, key.where, node, tuple(problems))


def unfit(file: str, text: str) -> Problem | None:
    """Why no text of these characters, or of this length, is read at all; nothing when it is."""
    if len(text) > LONGEST:
        return Problem(Where(file, 1, 1), f"the file is longer than {LONGEST:,} characters", "split it")
    refused = _REFUSED.search(text)
    return _not_allowed(file, text, refused.start()) if refused else None


def plain(node: Node) -> object:
    """The node as text, lists and dicts, without places."""
    match node:
        case Text(value, _):
            return value
        case Seq(items, _):
            return [plain(item) for item in items]
        case Map(entries, _, _):
            return {key: plain(value) for key, value in entries.items()}


def substitute(node: Node, replace: dict[str, str]) -> Node:
    """The node with `{name}` replaced in every text and key."""

    def swap(text: str) -> str:
        for name, value in replace.items():
            text = text.replace("{" + name + "}", value)
        return text

    match node:
        case Text(value, where):
            return Text(swap(value), where)
        case Seq(items, where):
            return Seq(tuple(substitute(item, replace) for item in items), where)
        case Map(entries, keys, where):
            return Map(
                {swap(key): substitute(value, replace) for key, value in entries.items()},
                {swap(key): place for key, place in keys.items()},
                where,
            )


def _events(file: str, text: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Where(file, mark.line + 1, mark.column + 1) if mark else Where(file, 1, 1)
        raise _Bad(Problem(where, f"not YAML: {error.problem}", _advice(str(error.problem), text, where))) from error
    except yaml.YAMLError as error:
        raise _Bad(_not_allowed(file, text, 0)) from error


def _not_allowed(file: str, text: str, place: int) -> Problem:
    line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
    code = f", U+{ord(text[place]):04X}" if text else ""
    what = f"a character that is not allowed in YAML{code}"
    return Problem(Where(file, line, column), what, "write the file as plain UTF-8")


_ADVICE = (  # what YAML's reader says, and what whoever wrote the file is to do
    ("mapping values", "indent this line as far as its neighbours, and put a space after each colon above it"),
    ("node content", "end what a { or a [ began, or say what the name above is"),
    ("'}'", "end what a { began with a }, and put commas between"),
    ("']'", "end what a [ began with a ], and put commas between"),
    ("expected ':'", "write each line as name: value, with a space after the colon"),
    ("end of stream", "end what a bracket or a quotation mark began"),
    ("start any token", "put quotes around a text that begins with a sign"),
    ("expected", "indent this line as far as those it belongs with"),
    ("block sequence", "indent the dashes of one list alike, and begin the list on a line of its own"),
)


def _advice(problem: str, text: str, where: Where) -> str:
    """What to do about a text that is not YAML, from what its reader says and the line it stopped at."""
    lines = text.splitlines()
    line = lines[where.line - 1] if where.line <= len(lines) else ""
    if "\t" in line:
        return "indent with spaces, not tabs"
    if line.count(": ") > 1 and "{" not in line:
        return "put quotes around a text with `: ` in it"
    return next((advice for said, advice in _ADVICE if said in problem), "")


def _document(file: str, events: Iterator[yaml.Event], problems: list[Problem]) -> Node | None:
    root: Node | None = None
    for event in events:
        if isinstance(event, yaml.StreamStartEvent | yaml.StreamEndEvent | yaml.DocumentStartEvent):
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise _Bad(Problem(_where(file, event), "a second document in one file", "use one file for each"))
            continue
        if isinstance(event, yaml.DocumentEndEvent):
            continue
        root = _node(file, event, events, problems, 0)
    return root


def _where(file: str, event: Any) -> Where:
    mark = event.start_mark
    return Where(file, mark.line + 1, mark.column + 1)


def _node(file: str, event: Any, events: Iterator[Any], problems: list[Problem], depth: int) -> Node:
    where = _where(file, event)
    if depth > DEEPEST:
        raise _Bad(Problem(where, f"nested more than {DEEPEST} levels deep"))
    if isinstance(event, yaml.AliasEvent):
        raise _Bad(Problem(where, f"the alias *{event.anchor} is not allowed", "write the text out"))
    if event.anchor is not None:
        raise _Bad(Problem(where, f"the anchor &{event.anchor} is not allowed", "write the text out"))
    if event.tag is not None:
        raise _Bad(Problem(where, f"the tag {event.tag} is not allowed", "leave it out"))
    if isinstance(event, yaml.ScalarEvent):
        if refused := _REFUSED.search(event.value):  # one that was written as an escape
            raise _Bad(Problem(where, f"the character U+{ord(refused[0]):04X} is not allowed", "leave it out"))
        return Text(event.value, where)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Node] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_node(file, event, events, problems, depth + 1))
        return Seq(tuple(items), where)
    return _map(file, where, events, problems, depth)


def _map(file: str, where: Where, events: Iterator[Any], problems: list[Problem], depth: int) -> Map:
    entries: dict[str, Node] = {}
    keys: dict[str, Where] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _node(file, event, events, problems, depth + 1)
        value = _node(file, next(events), events, problems, depth + 1)
        if not isinstance(key, Text):
            problems.append(Problem(key.where, "a key must be plain text"))
        elif key.value in entries:
            first = keys[key.value].line
            problems.append(Problem(key.where, f"the key {key.value!r} stands here twice", f"see line {first}"))
        else:
            entries[key.value], keys[key.value] = value, key.where
    return Map(entries, keys, where)
