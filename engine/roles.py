"""Who may start, run and review the cases of an authority, as its packs say. Pure.

An authority that never assigned a post, or whose packs name nobody for an act, leaves the act to anyone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.decide import derivation, derivations
from engine.law import Law, Table
from engine.model import Facts, Moment, moment
from engine.vocabulary import words

START, RUN, REVIEW = "case.starters", "case.runners", "case.reviewers"
MODEL, UNIT = "authority.arrangements", "authority.procurement_unit"
DONE = {START: "opens cases", RUN: "runs its cases", REVIEW: "reviews unlawful steps"}
OWN = "declaration/"  # the facts that everybody records of themselves


def who_may(law: Law, act: str, facts: Facts, at: Moment) -> tuple[str, ...]:
    """The roles any of which may do an act; none where nothing is said, which leaves it to anyone.

    While the facts do not say which row of a table holds, whoever any row names may act: else nobody could record them.
    """
    tables = [table for table in law.deciding.get(act, ()) if table.in_force.covers(at.day)]
    if not tables:
        return ()
    found = [each.context.facts.get(act) for each in derivations(law, facts, at, only=act)]
    if not all(isinstance(each, tuple) for each in found):
        found = [value for table in tables for value in (*(row.then for row in table.rows), table.otherwise)]
    return tuple(sorted({role for each in found if isinstance(each, tuple) for role in each}))


def refused(act: str, authority: str, allowed: Sequence[str], holders: Sequence[str]) -> tuple[str, str]:
    """What somebody who holds none of these roles is told, and what would make the act lawful."""
    names = " or ".join(f"the {role}" for role in allowed)
    what = f"in {authority} only {names} {DONE[act]}, and you hold no such post today"
    if holders:
        return what, f"ask {', '.join(holders)}"
    how = f'vires post assign LOGIN "{allowed[0]}" --authority {authority}'
    return what, f"nobody does; two people assign it: {how}"


# What an authority is shown as --------------------------------------------------------------------------------------

SHOWN = {
    MODEL: "governed by",
    UNIT: "procurement unit",
    START: "cases opened by",
    RUN: "cases run by",
    "strategy.approvers": "strategy approved by",
    "award.approvers": "award approved by",
    "variation.approvers": "variation approved by",
    REVIEW: "unlawful steps reviewed by",
}
UNSAID = {START: "anyone", RUN: "anyone", REVIEW: "anyone"}
NOT_STATED, JUDGED = "not stated", "for a person to judge"


class Stated(NamedTuple):
    """One thing a pack says of how an authority is arranged: from when, until when, by which table, on which source."""

    fact: str
    says: str
    start: Moment | None = None
    end: Moment | None = None
    table: str = ""
    title: str = ""
    cite: str = ""


def stated(law: Law) -> list[Stated]:
    """How an authority is governed, where its procurement unit stands and who may do what, by its most local packs."""
    found = []
    for fact in SHOWN:
        tables = law.deciding.get(fact, ())
        tables = tuple(each for each in tables if each.layer == tables[0].layer)
        found += [_stated(law, fact, table) for table in tables] or [Stated(fact, UNSAID.get(fact, NOT_STATED))]
    return found


def _stated(law: Law, fact: str, table: Table) -> Stated:
    """What one table says, asked with no facts of any case on the last day it holds, or was checked."""
    day = table.in_force.end or max(table.in_force.start or 0, moment(law.packs[table.pack].checked).day)
    value = derivation(law, Facts({}), Moment(day), only=fact).context.facts.get(fact)
    says = JUDGED if not table.rows else ""
    if isinstance(value, str | tuple):
        says = words(value) if value else UNSAID.get(fact, NOT_STATED)
    if not says:
        named = [value for value in (*(row.then for row in table.rows), table.otherwise) if isinstance(value, tuple)]
        says = "by the case: " + (words(tuple(sorted({each for value in named for each in value}))) or JUDGED)
    start, end = (None if each is None else Moment(each) for each in (table.in_force.start, table.in_force.end))
    return Stated(fact, says, start, end, table.id, table.title, table.cite)


def plain(found: Sequence[Stated]) -> list[dict[str, str]]:
    """The same for machines."""
    return [
        {"what": SHOWN[each.fact], "fact": each.fact, "says": each.says}
        | {name: day.iso for name, day in (("from", each.start), ("to", each.end)) if day}
        | ({"table": each.table, "title": each.title, "cite": each.cite} if each.table else {})
        for each in found
    ]


def rows(found: Sequence[Stated]) -> list[tuple[str, ...]]:
    """The same as rows for people; `vires rules show` has the source of each table."""
    return [(SHOWN[each.fact], ", ".join(filter(None, (each.says, _span(each), each.table)))) for each in found]


def _span(each: Stated) -> str:
    return " ".join(f"{word} {day}" for word, day in (("from", each.start), ("to", each.end)) if day)
