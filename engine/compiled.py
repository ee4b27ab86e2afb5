"""A law that has been read and checked, as canonical JSON lines: what a cache keeps, so that nobody parses it twice.

The first line holds what every decision needs (vocabulary, calendars, heads, figures, tables) and an index; each line
after it one rule, decoded when somebody asks for it. Worked cases are not kept. Never a pickle: what is read back is
made of the classes listed here and of nothing else. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from engine import canonical, conditions, law
from engine.calendars import Calendar, Clock
from engine.law import Index, Law, Lazy, Pack, Parameter, Reading, Row, Rule, Table
from engine.markup import Where
from engine.model import Moment, Money
from engine.vocabulary import Scalar, Term, Vocabulary

FORMAT = "vires/compiled/1"

_CLASSES: tuple[type, ...] = (
    *(Where, Moment, Money, Clock, Calendar, Scalar, Term, Vocabulary, Pack, Parameter, Row, Reading, Table, Rule),
    *(law.InForce, conditions.Bound, conditions.Truth, conditions.OneOf, conditions.Includes, conditions.Amount),
    *(conditions.Order, conditions.Done, conditions.Period, conditions.All, conditions.AnyOf, conditions.Not),
)
_NUMBERS = {kind: number for number, kind in enumerate(_CLASSES, 1)}
_TUPLE, _PAIRS = 0, -1  # what a list that is no object begins with; the empty list is None


def dump(whole: Law) -> str:
    """The law as JSON lines."""
    rules = list(whole.rules.values())
    head = {
        "format": FORMAT,
        "vocabulary": _plain(whole.vocabulary),
        "calendars": _plain(dict(whole.calendars)),
        "packs": _plain(dict(whole.packs)),
        "parameters": _plain(dict(whole.parameters)),
        "tables": _plain(whole.tables),
        "calendar_digests": dict(whole.calendar_digests),
        "rules": [rule.id for rule in rules],
        "steps": {step: [rule.id for rule in bound] for step, bound in whole.steps.items()},
        "waivers": {waived: [rule.id for rule in by] for waived, by in whole.waivers.items()},
    }
    return "\n".join(canonical.encode(each).decode() for each in (head, *(_plain(rule) for rule in rules)))


def load(text: str) -> Law:
    """The law in the lines that `dump` wrote; ValueError (or what comes of it) for anything else."""
    first, *lines = text.split("\n")
    head = json.loads(first)
    if head["format"] != FORMAT or len(lines) != len(head["rules"]):
        raise ValueError("not a compiled law")
    where = dict(zip(head["rules"], lines, strict=True))
    return Law(
        _made(head["vocabulary"]),
        _made(head["calendars"]),
        _made(head["packs"]),
        _made(head["parameters"]),
        _made(head["tables"]),
        Lazy(where, lambda id: _made(json.loads(where[id]))),
        (),
        head["calendar_digests"],
        Index(
            {step: tuple(ids) for step, ids in head["steps"].items()},
            {waived: tuple(ids) for waived, ids in head["waivers"].items()},
        ),
    )


def _plain(value: Any) -> Any:
    match value:
        case None:
            return []
        case bool() | int() | str():
            return value
        case Mapping():  # not as an object: canonical JSON would sort it
            return [_PAIRS, *([key, _plain(each)] for key, each in value.items())]
    number = _NUMBERS.get(type(value))
    if number is not None:
        return [number, *(_plain(getattr(value, name)) for name in _members(type(value)))]
    return [_TUPLE, *map(_plain, value)]


def _members(kind: type) -> list[str]:
    """The names a class is made from, in order."""
    if is_dataclass(kind):
        return [each.name for each in fields(kind) if each.init]
    return list(kind._fields)  # type: ignore[attr-defined]


def _made(value: Any) -> Any:
    if type(value) is list:
        if not value:
            return None
        number = value[0]
        if number == _TUPLE:
            return tuple([_made(each) for each in value[1:]])
        if number == _PAIRS:
            return {key: _made(each) for key, each in value[1:]}
        return _CLASSES[number - 1](*[_made(each) if type(each) is list else each for each in value[1:]])
    return value
