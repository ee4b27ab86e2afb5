"""Who may start, run and review the cases of an authority, as its packs say. Pure.

An authority that never assigned a post, or whose packs name nobody for an act, leaves the act to anyone.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.decide import derivations
from engine.law import Law
from engine.model import Facts, Moment

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
    return what, f'nobody holds one; two people assign it: vires post assign LOGIN "{allowed[0]}" --authority {authority}'
