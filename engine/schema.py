"""Reading nodes against a schema: every fault becomes a Problem, none stops the reading."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from engine.markup import Map, Node, Problem, Seq, Text, Where


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint with the nearest known name, or nothing."""
    close = get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else ""


def written_day(said: str) -> str:
    """What to write instead of a day that is written as people here write it, or nothing."""
    match = re.search(r"(?<!\d)(\d\d?)[/.-](\d\d?)[/.-](\d{4})(?!\d)", said, re.ASCII)
    return f"write it as {match[3]}-{int(match[2]):02}-{int(match[1]):02}" if match else ""


def mended(said: str) -> str:
    """What to write instead of a value, where a habit of keyboards is what is wrong with it; else nothing."""
    return 'write straight quotes, "' if re.match("[\u201c\u201d\u2018\u2019]", said) else written_day(said)


def fields(
    node: Node | None, problems: list[Problem], required: tuple[str, ...] = (), optional: tuple[str, ...] = ()
) -> dict[str, Node]:
    """The entries of a mapping, with a problem for every unknown and every absent key."""
    if node is None:
        return {}
    if not isinstance(node, Map):
        problems.append(Problem(node.where, "expected a mapping", f"write {', '.join((*required, *optional))}"))
        return {}
    for key, where in node.keys.items():
        if key not in required and key not in optional:
            known = (*required, *optional)
            problems.append(Problem(where, f"unknown key {key!r}", nearest(key, known) or f"known: {', '.join(known)}"))
    for key in required:
        if key not in node.entries:
            problems.append(Problem(node.where, f"the key {key!r} is missing", f"write `{key}:` here"))
    return dict(node.entries)


def named(node: Node | None, problems: list[Problem]) -> list[tuple[str, Node, Where]]:
    """The (name, value, place of the name) entries of a mapping; nothing for an absent one."""
    if node is None:
        return []
    if not isinstance(node, Map):
        problems.append(Problem(node.where, "expected names, each with what it is"))
        return []
    return [(key, value, node.keys[key]) for key, value in node.entries.items()]


def text(node: Node | None) -> str:
    """The text of a scalar, on one line; nothing for anything else."""
    return " ".join(node.value.split()) if isinstance(node, Text) else ""


def listed(node: Node | None) -> str:
    """The text of a scalar; of a list of scalars `[a, b]`, as somebody would write it."""
    if isinstance(node, Seq) and all(isinstance(item, Text) for item in node.items):
        return f"[{', '.join(text(item) for item in node.items)}]"
    return text(node)


def texts(node: Node | None, problems: list[Problem]) -> tuple[str, ...]:
    """The texts of a list of scalars."""
    if node is None:
        return ()
    if not isinstance(node, Seq) or not all(isinstance(item, Text) for item in node.items):
        problems.append(Problem(node.where, "expected a list of words", "write [a, b]"))
        return ()
    return tuple(text(item) for item in node.items)


def one_of(node: Node | None, choices: tuple[str, ...], problems: list[Problem], default: str = "") -> str:
    """The scalar when it is one of the choices; else a problem and the default (or the first choice)."""
    if node is None:
        return default or choices[0]
    word = text(node)
    if word not in choices:
        problems.append(Problem(node.where, f"{word!r} is not one of {', '.join(choices)}", nearest(word, choices)))
        return default or choices[0]
    return word


def yes(node: Node | None, problems: list[Problem]) -> bool:
    """Whether the scalar says yes; absent means no."""
    return one_of(node, ("no", "yes"), problems) == "yes"
