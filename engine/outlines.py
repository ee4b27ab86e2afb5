"""Cases in outline: what a list shows of them, from entries that are plainly of their kind. Pure.

A case whose entries are not all plain is left to `replay.fold`, which says what is wrong or finds that nothing is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from engine import replay
from engine.errors import LedgerError
from engine.ledger import Opening
from engine.skimming import Told
from engine.vocabulary import Term, from_plain

UNSOUND = (AttributeError, KeyError, LedgerError, TypeError, ValueError)
_OF_TYPE = {
    each: Term("", "", each)
    for each in ("milestone", "date", "minute", "money", "boolean", "integer", "choice", "choices", "text")
}

_WORDS = ("choice", "text")  # of which every string is one


class Outline:
    """What the entries of a case leave for a list."""

    __slots__ = ("opened", "recorded", "sequence", "state", "title")

    def __init__(self, title: str, state: str, opened: str) -> None:
        self.title, self.state, self.opened, self.sequence, self.recorded = title, state, opened, 0, ""

    def shows(self, row: Any) -> bool:
        """Whether a row of the list says the same."""
        said = (row.state, row.opened, row.sequence, row.changed)
        here = (self.state, self.opened, self.sequence, self.recorded)
        return said == here and self.title in (row.title, replay.ERASED)


class Outlines:
    """The cases of a log as its entries come by; `others` are those to be folded."""

    def __init__(self, openings: Mapping[str, Opening]) -> None:
        self._openings = openings
        self.cases: dict[str, Outline] = {}
        self.others: set[str] = set()

    def take(self, told: Told) -> None:
        """Nothing; the next entry, which is about a case, is taken in."""
        case, kind = str(told.case), told.kind
        outline = self.cases.get(case)
        try:
            if kind == "recorded":
                plain = self._recorded(told.body)
            else:
                plain = self._taken(outline, told)
        except UNSOUND:
            plain = False
        if outline is None:
            outline = self.cases.setdefault(case, Outline("", "", ""))
            plain = plain and kind == "case-opened"
        if not plain:
            self.others.add(case)
        outline.sequence, outline.recorded = int(told.sequence), told.recorded

    def _recorded(self, body: Mapping[str, Any]) -> bool:
        """Whether a fact is of the type it says."""
        type_, value = body["type"], body["value"]
        if value.__class__ is dict:
            value = replay.opened(value, self._openings)
        if value.__class__ is str:
            type_ in _WORDS or _fits(type_, value)
        elif value is not None:
            from_plain(_OF_TYPE[type_], value)
        return body["name"].__class__ is str

    def _taken(self, outline: Outline | None, told: Told) -> bool:
        """Whether an entry of another kind is plainly one; the outline is what the entry makes it."""
        body, kind = told.body, told.kind
        if kind == "case-opened":
            return outline is None and self._opened(told)
        if kind == "judgement":
            return body.keys() >= _JUDGED and not body["rule"].startswith("irregular:")
        if kind == "decision" and outline is not None:
            if "to" in body:
                outline.state = body["to"]
            return body.keys() >= _SAID and {type(outline.state), type(body.get("records", ""))} == {str}
        return kind != "migration"

    def _opened(self, told: Told) -> bool:
        body = told.body
        title = str(replay.opened(body["title"], self._openings) or replay.ERASED)
        self.cases[str(told.case)] = Outline(title, body["state"], told.recorded)
        return type(body["state"]) is str and bool(told.digests["workflow"])


@lru_cache(maxsize=4096)
def _fits(type_: str, value: str) -> None:
    """Nothing; ValueError or KeyError where no value of the type is written so."""
    from_plain(_OF_TYPE[type_], value)


_SAID, _JUDGED = {"step", "at", "answer"}, {"rule", "answer", "rests_on", "role"}
