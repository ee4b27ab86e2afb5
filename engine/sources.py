"""The facts of the law files, and which of them the packs encode: coverage as a value. Pure.

A law file is a list of facts with an `id`, or a mapping: of the authorities in the list that bears the file's own name
(`boroughs.LBC.call_in`: file, short name, key), and of its other keys (`boroughs.seed_2007`). A pack may cite deeper
(`boroughs.LBC.value_bands.1`, `boroughs.LBC.documents.C0`); that encodes the fact it lies in.
Law files are research and not packs: they may share a list of sources by a YAML anchor, which is put aside here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine import markup
from engine.errors import UsageError
from engine.law import Law
from engine.markup import Map, Node, Seq, Text
from engine.schema import named, nearest, text, texts

_ANCHOR = re.compile(r"(?m)^( *[a-z_]+:) [&*]id\d+$")
_ABOUT = ("meta", "next_actions")  # of a law file: how it was made, what to do next
_LABELS = ("borough", "short", "sources", "confidence")  # of an authority: its names, and where its facts come from


@dataclass(frozen=True, slots=True)
class Source:
    """One fact of a law file; `confirmed` is no where the file itself says that no source confirms it."""

    id: str
    file: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Encoded:
    """Which facts are encoded and by what, which are left out and why, which are neither; and what is wrong."""

    sources: Mapping[str, Source]
    used: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, str]
    problems: tuple[str, ...]

    @property
    def not_yet(self) -> tuple[Source, ...]:
        """The facts that nothing encodes and nobody has given a reason for."""
        return tuple(
            each for each in self.sources.values() if each.id not in self.used and each.id not in self.left_out
        )


def read(files: Mapping[str, str]) -> tuple[dict[str, Source], dict[str, Node]]:
    """The facts in law files (name to text), and the root of each file; UsageError when one is broken."""
    sources: dict[str, Source] = {}
    roots: dict[str, Node] = {}
    for name, source in sorted(files.items()):
        plain = _ANCHOR.sub(lambda match: match[1] if "&" in match[0] else f"{match[1]} shared", source)
        node, problems = markup.read(name, plain)
        if node is None or problems:
            raise UsageError(f"not a law file: {problems[0] if problems else f'{name} is empty'}")
        roots[name.removesuffix(".yaml")] = node
        for fact in _facts(name.removesuffix(".yaml"), node):
            if fact.id in sources:
                raise UsageError(f"the fact {fact.id} stands in {sources[fact.id].file} and in {fact.file}")
            sources[fact.id] = fact
    return sources, roots


def _facts(stem: str, root: Node) -> Iterator[Source]:
    if isinstance(root, Seq):
        for item in root.items:
            if isinstance(item, Map) and "id" in item.entries:
                yield Source(text(item.entries["id"]), stem, text(item.entries.get("confidence")) != "unverified")
    elif isinstance(root, Map):
        for key, value in root.entries.items():
            if key == stem and isinstance(value, Seq):
                for each in value.items:
                    yield from _authority(stem, each)
            elif key not in _ABOUT:
                yield Source(f"{stem}.{key}", stem, _confirmed(value))


def _authority(stem: str, node: Node) -> Iterator[Source]:
    if isinstance(node, Map):
        for key, value in node.entries.items():
            if key not in _LABELS:
                yield Source(f"{stem}.{text(node.entries.get('short'))}.{key}", stem, _confirmed(value))


def _confirmed(value: Node) -> bool:
    """Whether any part of it says more than `unverified`, apart from its own confidence."""
    match value:
        case Text(said):
            return said not in ("unverified", "null", "[]") and not said.startswith("unverified")
        case Map(entries):
            return any(_confirmed(each) for key, each in entries.items() if key != "confidence")
        case Seq(items):
            return any(map(_confirmed, items))


def coverage(
    law: Law, days: Mapping[str, str], files: Mapping[str, str], left_out: Mapping[str, str] | None = None
) -> Encoded:
    """What the packs and the calendars (`days`, path to text) encode of the facts in the law files."""
    sources, roots = read(files)
    left = dict(left_out or {})
    used: dict[str, list[str]] = {}
    problems: list[str] = []
    for user, cited in _cited(law, days):
        for name in cited:
            fact = _fact_of(name, sources, roots)
            if fact is None:
                hint = nearest(name, sources)
                problems.append(f"{user}: no fact of the law is called {name!r}" + (f"; {hint}" if hint else ""))
            elif user not in used.setdefault(fact, []):
                used[fact].append(user)
    for name, reason in left.items():
        if name not in sources:
            problems.append(f"left out: no fact of the law is called {name!r}; {nearest(name, sources)}".rstrip("; "))
        elif name in used:
            problems.append(f"left out: {name} is encoded by {', '.join(used[name])}; take it off the list")
        elif not reason:
            problems.append(f"left out: {name} has no reason; write one")
    return Encoded(sources, {name: tuple(users) for name, users in used.items()}, left, tuple(sorted(problems)))


def _cited(law: Law, days: Mapping[str, str]) -> Iterator[tuple[str, Iterable[str]]]:
    for id, subject in sorted({**law.subjects, **law.parameters}.items()):
        yield id, subject.source_facts
    for path, source in sorted(days.items()):
        node, _ = markup.read(path, source)
        if isinstance(node, Map):
            yield f"calendar {text(node.entries.get('calendar'))}", texts(node.entries.get("source_facts"), [])


def _fact_of(name: str, sources: Mapping[str, Source], roots: Mapping[str, Node]) -> str | None:
    """The fact that a citation names or lies in."""
    if name in sources:
        return name
    stem, *parts = name.split(".")
    fact = next((id for id in (".".join(name.split(".")[:size]) for size in (3, 2)) if id in sources), None)
    root = roots.get(stem)
    if fact is None or not isinstance(root, Map):
        return None
    own = root.entries.get(stem)
    known = own is not None and _inside(own, parts)
    return fact if known or _inside(root, parts) else None


def _inside(node: Node, parts: list[str]) -> bool:
    """Whether a path of keys, ids and places (from 1) leads somewhere."""
    if not parts:
        return True
    first, rest = parts[0], parts[1:]
    if isinstance(node, Map):
        return first in node.entries and _inside(node.entries[first], rest)
    if not isinstance(node, Seq):
        return False
    called = [item for item in node.items if isinstance(item, Map) and first in _names(item)]
    if not called and first.isdigit() and 1 <= int(first) <= len(node.items):
        return _inside(node.items[int(first) - 1], rest)
    return any(_inside(item, rest) for item in called)


def _names(node: Map) -> tuple[str, ...]:
    return tuple(text(node.entries[key]) for key in ("id", "short") if key in node.entries)


def reasons(file: str, source: str) -> dict[str, str]:
    """The facts left out and why, from `left_out.yaml`: an id and its reason on each line; UsageError when broken."""
    node, faults = markup.read(file, source)
    problems = list(faults)
    found = {name: text(value) for name, value, _ in named(node, problems)}
    if problems:
        raise UsageError(str(problems[0]))
    return found
