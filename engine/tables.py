"""Gaps, overlaps and dead rows of decision tables, on every day on which a figure they use changes. Analysis only.

Each combination of answers that the rows can tell apart is put to the reference evaluator, amounts of another VAT basis
in every reading. Where the combinations cannot be listed, or not all of them need be possible (a test of a milestone,
two amounts, a derived fact beside what it is derived from, too many), it says nothing rather than guess: no gap and no
overlap that is not there. A row is called dead where even free answers to such tests could not bring it to life.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import NamedTuple

from engine import conditions
from engine.conditions import (
    ALWAYS,
    All,
    Amount,
    AnyOf,
    Bound,
    Condition,
    Leaf,
    Not,
    OneOf,
    Truth,
    figure_words,
    leaves,
)
from engine.law import LAYERS, InForce, Law, Table
from engine.markup import Problem
from engine.model import Moment, Money, Unsure, Value
from engine.reference import Context, evaluate
from engine.vocabulary import words

COMBINATIONS = 20_000
TESTS = 200_000  # rows tried in the analysis of one table
SHOWN = 5  # gaps, and overlaps, of one table

_NO_VAT = " (no VAT)"  # an amount on which no VAT is due
_FREE = "free "  # begins the name of an answer that stands for a test which cannot be listed


class Edge(NamedTuple):
    """Where an amount begins to be judged differently: as a value begins there (`from`), and ends before (`to`)."""

    since: str
    until: str


class Place(NamedTuple):
    """One answer to try: a value, how people call it, and the edge an amount begins at."""

    value: Value
    said: str
    edge: Edge | None = None


@dataclass(frozen=True)
class Axis:
    """One thing the rows test and every answer that makes a difference to them."""

    name: str
    places: tuple[Place, ...]

    @property
    def amount(self) -> bool:
        """Whether its places follow one another."""
        return self.places[0].edge is not None


Three = tuple[bool | None, ...]  # of one condition, in each reading of VAT; or of each row, in one
Truths = tuple[Three, ...]  # in each reading of VAT, of each row
Spot = tuple[int, ...]  # the place on each axis


def faults(law: Law, pack: str = "") -> tuple[Problem, ...]:
    """Every gap, overlap and dead row of the law's tables, or of those of one pack."""
    looked = [table for table in law.tables if pack in ("", table.pack)]
    return tuple(sorted({problem for table in looked for problem in _Study(table, law).problems()}))


@dataclass(frozen=True)
class _Study:
    """One table looked at."""

    table: Table
    law: Law

    def problems(self) -> Iterator[Problem]:
        """What is wrong with its rows."""
        grids = [grid for day in self.days for grid in self._grids(day)]
        tried = sum(grid.size * max(1, len(self.rows)) * len(grid.readings) for grid in grids)
        if max(grid.size for grid in grids) > COMBINATIONS or tried > TESTS:
            return
        seen = [(grid, grid.truths(self.gate, self.rows)) for grid in grids]
        yield from self._dead([truths for _, found in seen for truths in found.values()])
        if self.sure:
            yield from self._gaps(seen)
            yield from self._overlaps(seen)

    # What it tests ------------------------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> tuple[Condition, ...]:
        """What each row asks, with a free answer for every test that cannot be listed."""
        free: dict[Leaf, Truth] = {}
        return tuple(_freed(row.when, free) for row in self.table.rows)

    @cached_property
    def gate(self) -> Condition:
        """The gate, where it tells apart what the rows do; else it is taken to be open."""
        gate = self.table.governs
        shared = conditions.names(gate) & frozenset[str]().union(*map(conditions.names, self.rows))
        return gate if shared and _listed(gate) else ALWAYS

    @cached_property
    def sure(self) -> bool:
        """Whether every combination of answers is one that a case may have."""
        gate, asked = self.table.governs, [row.when for row in self.table.rows]
        read = frozenset[str]().union(*map(conditions.names, asked))
        if not all(map(_listed, asked)) or (conditions.names(gate) & read and not _listed(gate)):
            return False
        amounts = {leaf.fact for each in (*asked, self.gate) for leaf in leaves(each) if isinstance(leaf, Amount)}
        every = read | conditions.names(gate)
        return len(amounts) <= 1 and not any(_inputs(fact, self.law) & every for fact in every)

    @cached_property
    def days(self) -> tuple[int, ...]:
        """The days to look at: the table's first, and each on which one of its figures changes."""
        span = self.table.in_force
        names = frozenset[str]().union(*map(conditions.parameters, self.rows))
        changes = {day for name in names for day, _ in self.law.parameters[name].values}
        found = {day for day in (*changes, span.start) if day is not None and span.covers(day)}
        return tuple(sorted(found)) or (span.start or span.end or 1,)

    def _grids(self, day: int) -> list[_Grid]:
        """Every combination to try on a day; one for each VAT basis an amount may have, where they differ."""
        tests = [leaf for each in (self.gate, *self.rows) for leaf in leaves(each)]
        ctx = Context(self.law, {}, Moment(day))
        bases = {figure.vat for leaf in tests if isinstance(leaf, Amount) and (figure := _figure(leaf, ctx))}
        if len(bases) < 2:
            return [self._grid(day, tests, "none" if bases <= {"unstated", ""} else next(iter(bases)), (0,))]
        rates = self.law.vocabulary.vat_readings
        signed = tuple(sorted({0, *rates, *(-rate for rate in rates)}))
        return [self._grid(day, tests, basis, signed) for basis in ("incl", "excl", "unstated", "none")]

    def _grid(self, day: int, tests: Sequence[Leaf], basis: str, readings: tuple[int, ...]) -> _Grid:
        by_fact: dict[str, list[Leaf]] = {}
        for leaf in tests:
            by_fact.setdefault(conditions.leaf_names(leaf)[0], []).append(leaf)
        ctx = Context(self.law, {}, Moment(day))
        axes = tuple(Axis(name, self._places(name, each, basis, readings, ctx)) for name, each in by_fact.items())
        return _Grid(self.law, day, basis, readings, axes)

    def _places(
        self, name: str, tests: list[Leaf], basis: str, readings: tuple[int, ...], ctx: Context
    ) -> tuple[Place, ...]:
        amounts = [leaf for leaf in tests if isinstance(leaf, Amount)]
        if amounts:
            return _bands(amounts, basis, readings, ctx)
        choices = [leaf for leaf in tests if isinstance(leaf, OneOf)]
        if not choices:
            return Place(True, f"{name}: yes"), Place(False, f"{name}: no")
        alike: dict[tuple[bool, ...], list[str]] = {}
        for word in self.law.vocabulary.terms[name].choices:
            alike.setdefault(tuple(word in leaf.values for leaf in choices), []).append(word)
        return tuple(Place(each[0], " or ".join(each)) for each in alike.values())

    # What is wrong ------------------------------------------------------------------------------------------------

    def _dead(self, found: Sequence[Truths]) -> Iterator[Problem]:
        ranks, rows = self.table.ranks, range(len(self.rows))
        before = [[other for other in rows if ranks[other] < ranks[row]] for row in rows]
        seen = [truths for readings in found for truths in readings]
        for row in rows:
            met = [truths for truths in seen if truths[row] is not False]
            where = self.table.rows[row].where
            where = where if where.line else self.table.where
            if not met:
                what = f"dead row: nothing can meet row {row + 1} of {self.table.id}"
                yield Problem(where, what, "correct its test, or leave it out")
            elif all(any(truths[other] for other in before[row]) for truths in met):
                what = (
                    f"dead row: where row {row + 1} of {self.table.id} applies, a row that comes before it always does"
                )
                yield Problem(where, what, "put the narrower row first, or leave this one out")

    def _gaps(self, seen: Sequence[tuple[_Grid, dict[Spot, Truths]]]) -> Iterator[Problem]:
        if not self.table.open or self._falls_through:
            return
        told: dict[str, str] = {}
        for grid, found in seen:
            spots = {spot for spot, each in found.items() if all(not any(row is not False for row in t) for t in each)}
            for said in grid.regions(spots):
                told.setdefault(said, self._since(grid.day))
        news = [said for said in told if not said.endswith(_NO_VAT) or said.removesuffix(_NO_VAT) not in told]
        for said in news[:SHOWN]:
            what = f"gap: {said} match no row of {self.table.id}{told[said]}"
            yield Problem(self.table.where, what, "write a row, or otherwise: refer")

    @cached_property
    def _falls_through(self) -> bool:
        """Whether a table of a layer above always answers where this one has no row."""
        higher = LAYERS[: LAYERS.index(self.table.layer)]
        return any(self._answers(each) for each in self.law.deciding[self.table.decides] if each.layer in higher)

    def _answers(self, above: Table) -> bool:
        """Whether a table is heard wherever this one is: by the same authority, at any time, through the same gate."""
        authority = self.law.packs[above.pack].authority
        heard = authority in ("", self.law.packs[self.table.pack].authority)
        return heard and above.in_force == InForce() and above.governs in (ALWAYS, self.table.governs)

    def _overlaps(self, seen: Sequence[tuple[_Grid, dict[Spot, Truths]]]) -> Iterator[Problem]:
        if self.table.hit != "unique":
            return
        told: dict[tuple[int, int], tuple[str, str]] = {}
        for grid, found in seen:
            both: dict[tuple[int, int], set[Spot]] = {}
            for spot, readings in found.items():
                hits = [row for row in range(len(self.rows)) if all(truths[row] for truths in readings)]
                for pair in ((one, two) for at, one in enumerate(hits) for two in hits[at + 1 :]):
                    both.setdefault(pair, set()).add(spot)
            for pair, spots in both.items():
                told.setdefault(pair, (grid.regions(spots)[0], self._since(grid.day)))
        for (one, two), (said, since) in sorted(told.items())[:SHOWN]:
            where = self.table.rows[two].where
            what = f"overlap: {said} match row {one + 1} and row {two + 1} of {self.table.id}{since}"
            yield Problem(where if where.line else self.table.where, what, "make the rows exclude each other")

    def _since(self, day: int) -> str:
        return f" from {Moment(day)}" if len(self.days) > 1 else ""


@dataclass(frozen=True)
class _Grid:
    """Every combination of answers to try on one day, amounts in one VAT basis."""

    law: Law
    day: int
    basis: str
    readings: tuple[int, ...]
    axes: tuple[Axis, ...]

    @property
    def size(self) -> int:
        """How many combinations there are."""
        return prod(len(axis.places) for axis in self.axes)

    def truths(self, gate: Condition, rows: Sequence[Condition]) -> dict[Spot, Truths]:
        """For every combination inside the gate, whether each row applies, in each reading of VAT."""
        figures: dict[str, Bound | Unsure] = {}
        inside, *judged = (self._judging(each, figures) for each in (gate, *rows))
        spots = product(*(range(len(axis.places)) for axis in self.axes))
        return {
            spot: tuple(zip(*(judge(spot) for judge in judged), strict=True)) for spot in spots if all(inside(spot))
        }

    def _judging(self, condition: Condition, figures: dict[str, Bound | Unsure]) -> Callable[[Spot], Three]:
        """Whether a condition holds at a spot, in each reading; judged once for all that differ in nothing it reads."""
        read = [at for at, axis in enumerate(self.axes) if axis.name in conditions.names(condition)]
        known: dict[Spot, Three] = {}

        def judge(spot: Spot) -> Three:
            key = tuple([spot[at] for at in read])
            if key not in known:
                facts = {self.axes[at].name: self.axes[at].places[spot[at]].value for at in read}
                each = (Context(self.law, facts, Moment(self.day), vat, figures=figures) for vat in self.readings)
                known[key] = tuple(evaluate(condition, ctx).truth for ctx in each)
            return known[key]

        return judge

    def regions(self, spots: set[Spot]) -> list[str]:
        """The combinations in words: what makes no difference left out, amounts joined, then choices."""
        kept = list(range(len(self.axes)))
        for at, axis in enumerate(self.axes):
            every = {(*spot[:at], place, *spot[at + 1 :]) for spot in spots for place in range(len(axis.places))}
            if every == spots:
                kept.remove(at)
        amount = next((at for at in kept if self.axes[at].amount), None)
        others = [at for at in kept if at != amount]
        reached: dict[tuple[str, ...], set[int]] = {}
        for spot in sorted(spots):
            said = tuple(self.axes[at].places[spot[at]].said for at in others)
            reached.setdefault(said, set()).add(0 if amount is None else spot[amount])
        alike: dict[str, list[tuple[str, ...]]] = {}
        for said, places in reached.items():
            for run in _runs(sorted(places)):
                band = "" if amount is None else self._band(self.axes[amount], *run)
                alike.setdefault(band, []).append(said)
        return [", ".join(filter(None, (_joined(said), band))) or "all cases" for band, said in alike.items()]

    def _band(self, axis: Axis, first: int, last: int) -> str:
        """From one edge to another, in the words of the figures that made them."""
        begin = axis.places[first].edge
        end = axis.places[last + 1].edge if last + 1 < len(axis.places) else None
        since, until = begin.since if begin else "", end.until if end else ""
        if not since:
            until = (
                until.removeprefix("to ") if until.startswith("to under") else f"up {until}" if until else "of any size"
            )
        if since.removeprefix("from ") == until.removeprefix("to "):
            since, until = since.replace("from ", "of "), ""
        basis = _NO_VAT if self.basis == "none" and len(self.readings) > 1 else ""
        return " ".join(filter(None, (axis.name, since, until))) + basis


# Pieces -----------------------------------------------------------------------------------------------------------


def _joined(listed: list[tuple[str, ...]]) -> str:
    """Combinations in words: those that differ in one answer only are joined by `or`."""
    return " or ".join(", ".join(said) for said in listed if said)


def _runs(places: list[int]) -> list[tuple[int, int]]:
    """The first and last of each run of places, in order, that follow one another."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] == place - 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found


def _bands(tests: list[Amount], basis: str, readings: tuple[int, ...], ctx: Context) -> tuple[Place, ...]:
    """The least amount of each band between the figures, on one VAT basis and in whichever reading."""
    rates = sorted({abs(rate) for rate in readings} - {0}) if basis != "none" else []
    scales = [(1, 1), *((100 + rate, 100) for rate in rates), *((100, 100 + rate) for rate in rates)]
    edges: dict[int, Edge] = {0: Edge("", "")}
    for over, under in scales if tests[0].money else scales[:1]:
        for leaf in tests:
            figure = _figure(leaf, ctx)
            if figure is None:
                continue
            said = words(Money(figure.number, figure.vat)) if leaf.money else figure_words(figure, False)
            if leaf.op in (">=", "<"):
                edges.setdefault(-(-figure.number * over // under), Edge(f"from {said}", f"to under {said}"))
            else:
                edges.setdefault(figure.number * over // under + 1, Edge(f"over {said}", f"to {said}"))
    return tuple(
        Place(Money(at, basis) if tests[0].money else at, "", edge) for at, edge in sorted(edges.items()) if at >= 0
    )


def _figure(leaf: Amount, ctx: Context) -> Bound | None:
    found = ctx.figure(leaf.bound)
    if isinstance(found, Unsure):
        return None
    return Bound(-(-found.number * found.per_cent // 100), found.vat if leaf.money else "")


def _listed(condition: Condition) -> bool:
    """Whether every answer to every test in the condition can be listed."""
    listed = (
        isinstance(leaf, Truth | OneOf) or (isinstance(leaf, Amount) and not leaf.bound.fact)
        for leaf in leaves(condition)
    )
    return all(listed)


def _freed(condition: Condition, free: dict[Leaf, Truth]) -> Condition:
    """The condition with a free yes or no for every test whose answers cannot be listed."""
    match condition:
        case All(items):
            return All(tuple(_freed(item, free) for item in items))
        case AnyOf(items):
            return AnyOf(tuple(_freed(item, free) for item in items))
        case Not(item):
            return Not(_freed(item, free))
        case Truth() | OneOf() | Amount(bound=Bound(fact="")):
            return condition
    return free.setdefault(condition, Truth(f"{_FREE}{len(free)}", True))


def _inputs(fact: str, law: Law) -> frozenset[str]:
    """Every fact and milestone that a derived fact is derived from."""
    found: set[str] = set()
    left = [fact]
    while left:
        for table in law.deciding.get(left.pop(), ()):
            left.extend(table.reads - found)
            found |= table.reads
    return frozenset(found)
