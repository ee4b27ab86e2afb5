"""What packs say, as frozen values, and what of it is in force on a day. Reading them from YAML is `packs`' work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from engine.calendars import Calendar
from engine.conditions import Amount, Condition, Order, Period, leaves, names, parameters, say
from engine.markup import Where
from engine.model import Money, Value
from engine.vocabulary import Vocabulary

T = TypeVar("T")
HITS = ("first", "unique", "strictest", "shortest")
REFERS_FIRST = -(10**18)  # beyond any amount of pence
LAYERS = ("statute", "guidance", "joint", "authority", "department")
CONFIDENCE = ("high", "medium", "contested", "unverified")


@dataclass(frozen=True, slots=True)
class InForce:
    """The first and last day something is in force (ordinals); None is open."""

    start: int | None = None
    end: int | None = None

    def covers(self, day: int) -> bool:
        """Whether the day lies inside, both ends included."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A dated figure. `values` runs forward in time: (from day, figure), the figure None where nobody confirmed one."""

    id: str
    title: str
    cite: str
    source_facts: tuple[str, ...]
    unit: str
    vat: str
    as_at: str
    confidence: str
    values: tuple[tuple[int, int | None], ...]
    where: Where
    checked: str = ""  # the day somebody last compared it with its source; empty: that of its pack

    def on(self, day: int) -> tuple[int, int | None] | None:
        """The (from day, figure) in force on a day; None before the first."""
        return next(((start, value) for start, value in reversed(self.values) if start <= day), None)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table; `then` is None where the row refers."""

    when: Condition
    then: Value | None
    cite: str
    where: Where = field(default=Where("", 0, 0), compare=False)


@dataclass(frozen=True)
class Table:
    """A decision table that derives a fact; `otherwise` is None where it refers, and where it is not written (`open`).

    `order` lists the choices it decides among, the strictest first, where its hit policy is `strictest`.
    """

    id: str
    title: str
    cite: str
    source_facts: tuple[str, ...]
    decides: str
    hit: str
    governs: Condition
    rows: tuple[Row, ...]
    otherwise: Value | None
    refer: str
    in_force: InForce
    as_at: str
    rests_on: tuple[str, ...]
    layer: str
    pack: str
    digest: str
    where: Where
    order: tuple[str, ...] = ()
    open: bool = False

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The gate, and what each row asks."""
        return (self.governs, *(row.when for row in self.rows))

    @property
    def asks(self) -> str:
        """What a person is to judge where no row applies and nothing else is written."""
        return f"no row of {self.id} applies" if self.open else self.refer

    @cached_property
    def ranks(self) -> tuple[int, ...]:
        """How each row stands against the others: of those that apply the least decides (under `unique`, all alike)."""
        if self.hit == "unique":
            return (0,) * len(self.rows)
        return tuple(place if self.hit == "first" else self._rank(row.then) for place, row in enumerate(self.rows))

    def _rank(self, then: Value | None) -> int:
        """The rank of what a row decides; one that refers comes before all others."""
        match then:
            case Money(pence):
                return -pence
            case str() if then in self.order:
                return self.order.index(then)
            case int():
                return then if self.hit == "shortest" else -then
        return REFERS_FIRST

    @cached_property
    def reads(self) -> frozenset[str]:
        """Every fact the table or its gate reads, and what a judgement on it rests on besides."""
        return frozenset(self.rests_on).union(*map(names, self.conditions))

    @cached_property
    def figures(self) -> frozenset[str]:
        """Every parameter it names."""
        return frozenset[str]().union(*map(parameters, self.conditions))


@dataclass(frozen=True, slots=True)
class Reading:
    """One tenable reading of a contested rule."""

    title: str
    cite: str
    require: Condition


@dataclass(frozen=True)
class Rule:
    """A duty that binds steps: applies `when`, and then requires, or refers, or has contested readings.

    One that `waives` other rules binds nothing itself: where it is met, they do not stop the step. Where a rule it
    `yields_to` applies, it has no effect.
    """

    id: str
    title: str
    cite: str
    source_facts: tuple[str, ...]
    binds: tuple[str, ...]
    when: Condition
    require: Condition | None
    readings: tuple[Reading, ...]
    refer: str
    effect: str
    confidence: str
    caution: str
    in_force: InForce
    as_at: str
    rests_on: tuple[str, ...]
    remedy: str
    layer: str
    pack: str
    digest: str
    where: Where
    waives: tuple[str, ...] = ()
    yields_to: tuple[str, ...] = ()

    @cached_property
    def requirements(self) -> tuple[Condition, ...]:
        """What it may require: its own requirement, or that of each reading; nothing when it only refers."""
        return (self.require,) if self.require is not None else tuple(reading.require for reading in self.readings)

    @cached_property
    def said(self) -> str:
        """What it requires, in words, where that is the same whatever the day and the facts; else nothing."""
        bounds = (
            leaf.bound for each in self.requirements[:1] for leaf in leaves(each) if isinstance(leaf, Amount | Period)
        )
        if self.refer or not self.requirements:
            return self.refer
        return "" if any(bound.parameter or bound.fact for bound in bounds) else say(self.requirements[0])

    @cached_property
    def waits(self) -> bool:
        """Whether what it requires may come to hold as days go by: it asks for time, or for a dated figure."""
        every = (leaf for each in self.requirements[:1] for leaf in leaves(each))
        return any(
            isinstance(leaf, Order | Period) or (isinstance(leaf, Amount) and leaf.bound.parameter) for leaf in every
        )

    @property
    def harmless(self) -> bool:
        """Whether it may be met where nobody knows if it applies: never a waiver, which lifts other rules."""
        return bool(self.requirements) and not self.waives and self.confidence != "unverified"

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """When it applies, and what it may require."""
        return (self.when, *self.requirements)

    @cached_property
    def reads(self) -> frozenset[str]:
        """Every fact the rule reads, and what a judgement on it rests on besides."""
        return frozenset(self.rests_on).union(*map(names, self.conditions))

    @cached_property
    def figures(self) -> frozenset[str]:
        """Every parameter it names."""
        return frozenset[str]().union(*map(parameters, self.conditions))


@dataclass(frozen=True, slots=True)
class Case:
    """A worked case: facts given, the day, the answer expected of one rule or table."""

    name: str
    subject: str
    on: int
    step: str
    given: Mapping[str, Value]
    expect: str
    earliest: int | None
    where: Where


@dataclass(frozen=True, slots=True)
class Pack:
    """The head of a pack and the digest of its files; `silent` says what it knows it does not ask about."""

    id: str
    title: str
    layer: str
    authority: str
    source: str
    source_as_at: str
    checked: str
    governs: Condition
    as_at: str
    silent: tuple[str, ...]
    digest: str
    where: Where


class Lazy(Mapping[str, T]):
    """A mapping whose values are made when they are first asked for."""

    def __init__(self, keys: Iterable[str], make: Callable[[str], T]) -> None:
        self._made: dict[str, T] = {}
        self._keys = dict.fromkeys(keys)
        self._make = make

    def __getitem__(self, key: str) -> T:
        if key not in self._made:
            if key not in self._keys:
                raise KeyError(key)
            self._made[key] = self._make(key)
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    @property
    def made(self) -> frozenset[str]:
        """The keys somebody has asked for."""
        return frozenset(self._made)


class Index(NamedTuple):
    """The ids of the rules that bind each step, and of those that may waive each rule: what is known unread."""

    steps: Mapping[str, tuple[str, ...]]
    waivers: Mapping[str, tuple[str, ...]]

    def only(self, packs: set[str]) -> Index:
        """The same of the rules of some packs."""

        def kept(listed: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
            some = {key: tuple(id for id in ids if id.split(".")[0] in packs) for key, ids in listed.items()}
            return {key: ids for key, ids in some.items() if ids}

        return Index(kept(self.steps), kept(self.waivers))


@dataclass(frozen=True)
class Law:
    """Everything that can bind: packs with their parameters, tables (in the order they must be derived) and rules."""

    vocabulary: Vocabulary
    calendars: Mapping[str, Calendar]
    packs: Mapping[str, Pack]
    parameters: Mapping[str, Parameter]
    tables: tuple[Table, ...]
    rules: Mapping[str, Rule]
    cases: tuple[Case, ...] = ()
    calendar_digests: Mapping[str, str] = field(default_factory=dict)
    known: Index | None = None  # where the rules are not to be gone through to find it

    @cached_property
    def index(self) -> Index:
        """Which rules bind each step and which may waive each rule, by id."""
        if self.known is not None:
            return self.known
        steps: dict[str, list[str]] = {}
        waivers: dict[str, list[str]] = {}
        for rule in sorted(self.rules.values(), key=lambda rule: rule.id):
            for step in rule.binds:
                steps.setdefault(step, []).append(rule.id)
            for waived in rule.waives:
                waivers.setdefault(waived, []).append(rule.id)
        return Index(
            {step: tuple(ids) for step, ids in steps.items()}, {waived: tuple(ids) for waived, ids in waivers.items()}
        )

    @cached_property
    def programs(self) -> dict[tuple[str, str | None], Any]:
        """What tells a step's findings, by its milestone (`explaining.Explained`), or how often it was asked for."""
        return {}

    @cached_property
    def tabled(self) -> frozenset[str]:
        """The id of every table."""
        return frozenset(table.id for table in self.tables)

    @cached_property
    def yielding(self) -> frozenset[str]:
        """The tables that leave a case they have no row for to the layer above."""
        return frozenset(table.id for table in self.tables if table.open)

    @cached_property
    def steps(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules that bind each step, by id."""
        ids = self.index.steps
        return Lazy(ids, lambda step: tuple(self.rules[id] for id in ids[step]))

    @cached_property
    def waivers(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules that may waive each waivable rule, by its id."""
        ids = self.index.waivers
        return Lazy(ids, lambda waived: tuple(self.rules[id] for id in ids[waived]))

    @cached_property
    def subjects(self) -> Mapping[str, Rule | Table]:
        """Every rule and table by id."""
        tables = {table.id: table for table in self.tables}
        return Lazy((*tables, *self.rules), lambda id: tables.get(id) or self.rules[id])

    @cached_property
    def deciding(self) -> Mapping[str, tuple[Table, ...]]:
        """The tables that decide each derived fact, the most local layer first."""
        found: dict[str, list[Table]] = {}
        for table in sorted(self.tables, key=lambda table: -LAYERS.index(table.layer)):
            found.setdefault(table.decides, []).append(table)
        return {fact: tuple(tables) for fact, tables in found.items()}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The derived facts in an order in which each needs only earlier ones (packs proved there is one)."""
        return tuple(dict.fromkeys(table.decides for table in self.tables))

    def for_authority(self, authority: str) -> Law:
        """The part of the law that speaks to one authority: every common pack and its own."""
        if authority not in self._parts:
            self._parts[authority] = self.only(
                {pack.id for pack in self.packs.values() if pack.authority in ("", authority)}
            )
        return self._parts[authority]

    @cached_property
    def _parts(self) -> dict[str, Law]:
        """The parts that were asked for, so that what each works out of itself it works out once."""
        return {}

    def only(self, packs: set[str]) -> Law:
        """The law of some packs."""
        if packs == set(self.packs):
            return self
        return Law(
            self.vocabulary,
            self.calendars,
            {id: pack for id, pack in self.packs.items() if id in packs},
            {id: parameter for id, parameter in self.parameters.items() if id.split(".")[0] in packs},
            tuple(table for table in self.tables if table.pack in packs),
            Lazy([id for id in self.rules if id.split(".")[0] in packs], self.rules.__getitem__),
            tuple(case for case in self.cases if case.subject.split(".")[0] in packs),
            self.calendar_digests,
            self.known and self.known.only(packs),
        )

    def bare(self) -> Law:
        """The same packs, as if nothing stood in them yet."""
        return Law(self.vocabulary, self.calendars, self.packs, {}, (), {}, (), self.calendar_digests)

    @cached_property
    def digests(self) -> dict[str, str | Mapping[str, str]]:
        """What a decision records of the law it was taken under: pack and calendar digests by id, the vocabulary's."""
        return {
            "packs": {id: pack.digest for id, pack in sorted(self.packs.items())},
            "calendars": dict(sorted(self.calendar_digests.items())),
            "vocabulary": self.vocabulary.digest,
        }
