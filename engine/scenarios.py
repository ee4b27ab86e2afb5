"""Facts files: the text of one case, or of many, to scenarios that know their lines. Pure.

One case is a plain mapping. Many stand under `cases:` of a file that begins `format: vires/facts/1`, or one on a line
as JSON. A case that cannot be read becomes `Unread` and the next is read; what breaks the file is a UsageError.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from engine import markup
from engine.errors import UsageError
from engine.markup import Map, Node, Problem, Seq, Text, Where
from engine.schema import fields, listed, text

FORMAT = "vires/facts/1"
MOST = 64_000_000  # characters of one YAML file of many cases; JSON Lines have no end

_OPTIONS = ("authority", "step", "on", "question")
_ONE = "a facts file names facts, one on a line"


class Scenario(NamedTuple):
    """One case as a file states it: every value still text, every fact with its place."""

    name: str
    facts: Mapping[str, Text]
    where: Where
    authority: str = ""
    step: str = ""
    on: str = ""
    question: str = ""


class Unread(NamedTuple):
    """A case that cannot be read, and everything wrong with it."""

    name: str
    problems: tuple[Problem, ...]


Read = Scenario | Unread


def from_yaml(file: str, source: str) -> tuple[bool, Iterator[Read]]:
    """Whether the file is one of many cases, and the cases, read as they are asked for."""
    if len(source) > MOST:
        raise UsageError(
            f"{file}:1:1: the file is longer than {MOST:,} characters", "write it as JSON Lines, or split it"
        )
    entries = markup.walk(file, source, "cases")
    try:
        first = next(entries, None)
    except UsageError as error:
        raise _too_long(file, source) or _not_facts(error) from error
    if first is None or first.key not in ("format", "cases"):
        if too_long := _too_long(file, source):
            raise too_long
        return False, iter((_one(file, [first, *entries] if first else []),))
    if first.key == "cases" or text(first.node) != FORMAT:
        raise UsageError(f"{first.where}: this is no file of the format {FORMAT}", f"begin it with: format: {FORMAT}")
    return True, _numbered(_many(entries))


def from_json_lines(file: str, lines: Iterable[str]) -> Iterator[Read]:
    """The cases of a file that holds one JSON object a line; empty lines count for nothing."""
    return _numbered(
        _case(*_json(Where(file, number, 1), line)) for number, line in enumerate(lines, 1) if line.strip()
    )


def is_json_lines(first: str) -> bool:
    """Whether a first line can only be that of JSON Lines."""
    return first.lstrip("\ufeff \t").startswith('{"')


# ---- YAML ------------------------------------------------------------------------------------------------------


def _too_long(file: str, source: str) -> UsageError | None:
    if len(source) <= markup.LONGEST:
        return None
    return UsageError(
        f"{file}:1:1: the file is longer than {markup.LONGEST:,} characters", "put many cases under cases:"
    )


def _not_facts(error: UsageError) -> UsageError:
    where, mapping, _ = error.message.partition(": expected a mapping")
    return UsageError(f"{where}: {_ONE}", "write contract.kind: services") if mapping else error


def _one(file: str, entries: list[markup.Entry]) -> Read:
    facts = {entry.key: said for entry in entries if (said := _said(entry.node)) is not None}
    wrong = [
        Problem(entry.node.where, _ONE, f"write {entry.key}: and its value")
        for entry in entries
        if entry.key not in facts
    ]
    where = entries[0].where if entries else Where(file, 1, 1)
    return Unread("", tuple(wrong)) if wrong else Scenario("", facts, where)


def _many(entries: Iterator[markup.Entry]) -> Iterator[Read]:
    for entry in entries:
        if entry.key != "cases":
            raise UsageError(f"{entry.where}: unknown key {entry.key!r}", "after format: there is only cases:")
        if isinstance(entry.node, Seq) and not entry.node.items:
            continue
        if not isinstance(entry.node, Map):
            problem = Problem(entry.node.where, "a case is a mapping", "write name: and facts:")
            yield Unread("", (problem,))
        else:
            yield _case(entry.node, entry.problems)


# ---- JSON Lines ------------------------------------------------------------------------------------------------


def _json(where: Where, line: str) -> tuple[Node, tuple[Problem, ...]]:
    """The line as nodes: true and false are yes and no, whole numbers are digits; fractions and null are refused."""
    problems: list[Problem] = []

    def members(pairs: list[tuple[str, Any]]) -> Map:
        twice = {key for at, (key, _) in enumerate(pairs) if key in dict(pairs[:at])}
        problems.extend(Problem(where, f"the key {key!r} stands here twice") for key in sorted(twice))
        return Map({key: node(value) for key, value in pairs}, {key: where for key, _ in pairs}, where)

    def refused(said: str) -> Text:
        problems.append(Problem(where, f"{said} is neither text, a whole number, true nor false", "write it as text"))
        return Text(said, where)

    def node(value: Any) -> Node:
        if isinstance(value, bool):
            return Text("yes" if value else "no", where)
        if value is None:
            return refused("null")
        if isinstance(value, list):
            return Seq(tuple(node(item) for item in value), where)
        if isinstance(value, str) and not markup.allowed(value):
            return refused(ascii(value))
        return Text(value, where) if isinstance(value, str) else value

    try:
        found = json.loads(line, object_pairs_hook=members, parse_int=str, parse_float=refused, parse_constant=refused)
        return node(found), tuple(problems)
    except (ValueError, RecursionError) as error:
        place = where._replace(column=error.colno) if isinstance(error, json.JSONDecodeError) else where
        what = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep"
        return Text("", where), (Problem(place, f"not JSON: {what}", "write one JSON object on each line"),)


# ---- both ------------------------------------------------------------------------------------------------------


def _case(node: Node, found: tuple[Problem, ...]) -> Read:
    problems = list(found)
    if not problems or isinstance(node, Map):
        read = fields(node, problems, ("name", "facts"), _OPTIONS)
    else:
        read = {}
    said = {key: text(read.get(key)) for key in ("name", *_OPTIONS)}
    for key, word in said.items():
        if key in read and not word:
            problems.append(Problem(read[key].where, f"{key} says nothing", "write its value on the same line"))
    given = read.get("facts")
    if given is not None and not isinstance(given, Map):
        problems.append(Problem(given.where, "facts is not a mapping", "write {} where there are none"))
    entries = given.entries if isinstance(given, Map) else {}
    facts = {name: one for name, value in entries.items() if (one := _said(value)) is not None}
    for name, value in entries.items():
        if name not in facts:
            problems.append(Problem(value.where, f"{name}: a fact has one value", f"write {name}: and its value"))
    if problems:
        return Unread(said["name"], tuple(problems))
    return Scenario(said["name"], facts, node.where, *(said[key] for key in _OPTIONS))


def _said(node: Node) -> Text | None:
    """A value as one text, a list of choices as `[a, b]`; None for anything else."""
    if isinstance(node, Seq) and all(isinstance(item, Text) for item in node.items):
        return Text(listed(node), node.where)
    return node if isinstance(node, Text) else None


def _numbered(cases: Iterable[Read]) -> Iterator[Read]:
    """The cases, one without a name called by its number, and a name that stands twice refused."""
    seen: dict[str, Where] = {}
    for number, case in enumerate(cases, 1):
        if isinstance(case, Unread):
            yield case._replace(name=case.name or f"number {number}")
        elif case.name in seen:
            what = f"the name {case.name!r} stands twice"
            yield Unread(case.name, (Problem(case.where, what, f"see line {seen[case.name].line}"),))
        else:
            seen[case.name] = case.where
            yield case
