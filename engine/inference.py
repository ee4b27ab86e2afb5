"""The second evaluator: conditions compiled to small `durable_rules` rulesets. The only module that imports durable.

What it is given are whole numbers and words; what it answers is which forms fired. Each rule is compiled in three
forms (not applicable, met, not met) and each table in one form an outcome; neither firing means not known. The bounds
of docs/adr/0003 are kept: at most `FORMS` forms a ruleset, one fact an evaluation, its state deleted after it, only
comparisons with constants, no `$not`, negation pushed down to the leaves. The library's `Host` is not used: it starts
timer threads that take actions from under the caller; a `Ruleset` by itself does nothing until it is asked.

durable_rules multiplies every `$or` out: an `$and` of ten `$or` of two is 1,024 forms to it. So a condition that would
come to more than `BRANCHES` is cut at its inner conditions: an earlier ruleset evaluates each of them in both forms,
and what fired there is a yes-or-no fact (a gate) to the rulesets after it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, groupby
from json import JSONEncoder
from math import prod
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from weakref import finalize

from engine import calendars, hours
from engine.calendars import Calendar
from engine.conditions import (
    All,
    Amount,
    AnyOf,
    Bound,
    Condition,
    Done,
    Includes,
    Leaf,
    Not,
    OneOf,
    Order,
    Period,
    Truth,
    leaf_names,
    leaves,
)
from engine.law import Rule, Table
from engine.model import Moment, Money, Unsure, Value
from engine.reference import Context, asks_nothing, counting, ends, includes

if TYPE_CHECKING:  # durable_rules is imported when the first step is judged, and not before
    from durable.engine import Ruleset

FORMS = 48  # forms in one ruleset, every $or multiplied out; 64 that match corrupt memory (docs/adr/0003)
KEYS = 200  # properties of one fact; more than 255 are refused
BRANCHES = 8  # forms that one condition may multiply out to

Piece = TypeVar("Piece")
Scalar = int | str
Form = dict[str, object]


class Fault(Exception):
    """durable_rules reported an error of its own."""


class Part(NamedTuple):
    """One ruleset, the leaves it reads and the gates that must be decided before it, each with its key."""

    ruleset: Ruleset
    reads: tuple[tuple[Leaf, str], ...]
    gates: tuple[tuple[str, str], ...]


Unit = tuple[Part, ...]  # one rule's rulesets or one table's, in the order they run
Program = tuple[Unit, ...]

WIDEST = 10**15
MOST = 20_000  # firings in one evaluation; the forms fire once or a few times each, beyond this something is wrong

_IDLE = ":not applicable"  # the form of a rule that does not apply
UNITS = 4_096  # how many a process keeps: durable_rules frees a ruleset only where it is told to

_units: OrderedDict[str, Unit] = OrderedDict()
_encode = JSONEncoder(ensure_ascii=False).encode
_names = count()  # a ruleset's name is global to the process, and is never given again


def compiled(tables: Iterable[Table], rules: Iterable[Rule]) -> Program:
    """The program of these tables and rules, each compiled once and kept; Fault when one cannot be made."""
    return (*(_unit(table) for table in tables), *(_unit(rule) for rule in rules))


def _unit(subject: Table | Rule) -> Unit:
    key = f"{subject.id}@{subject.digest}"
    if key not in _units:
        _units[key] = _compile(f"vires-{next(_names)}", subject)
        if len(_units) > UNITS:
            _units.popitem(last=False)
    _units.move_to_end(key)
    return _units[key]


def run(program: Program, ctx: Context) -> frozenset[str]:
    """The forms that fire on the facts: `rule:0:met`, `rule:not applicable`, `table:3`, ...; Fault when it fails."""
    return frozenset().union(*(_run(unit, ctx) for unit in program))


def _run(unit: Unit, ctx: Context) -> set[str]:
    fired: set[str] = set()
    for part in unit:
        known = [(key, scalar(leaf, ctx)) for leaf, key in part.reads]
        known += [(key, _passed(gate, fired)) for gate, key in part.gates]
        fired |= _fired(part.ruleset, {key: value for key, value in known if value is not None})
    idle = {id for id in fired if id.endswith(_IDLE)}
    return idle or {id for id in fired if id[0] not in "+-"}  # what an idle rule would ask for may hold all the same


def _fired(ruleset: Ruleset, fact: Mapping[str, Scalar]) -> set[str]:
    """The forms of one ruleset that one fact fires; Fault when durable_rules fails.

    `Ruleset.do_actions` would write a state message, read the clock and parse the whole fact at every firing; here the
    engine underneath is only asked for names.
    """
    from durable_rules_engine import assert_fact, complete_and_start_action, delete_state, error, start_action_for_state

    fired: set[str] = set()
    handle = ruleset._handle
    try:
        unmatched, state = assert_fact(handle, _encode({"id": 1, "sid": "1", "one": 1, **fact}))
        _, message = (not unmatched and start_action_for_state(handle, state)) or (None, None)
        for _ in range(MOST):
            if message is None:
                return fired
            fired.add(message[2 : message.index('"', 2)])  # {"id":{"m":{...}}}, and no id holds a quotation mark
            message = complete_and_start_action(handle, state)
    except (error, MemoryError) as fault:
        raise Fault(str(fault)) from fault
    finally:
        with suppress(error):  # a fact that cannot be read leaves no state behind
            delete_state(handle, "1")
    raise Fault(f"{', '.join(sorted(fired))} fire without end")


def _passed(gate: str, fired: Collection[str]) -> int | None:
    """Whether the condition behind a gate holds, as its leaf's scalar; None when neither of its forms fired."""
    yes, no = f"+{gate}" in fired, f"-{gate}" in fired
    if yes and no:
        raise Fault("a condition and its opposite both hold")
    return 0 if yes else -1 if no else None


# Compiling --------------------------------------------------------------------------------------------------------


class _Form(NamedTuple):
    """A condition whose truth fires an id; `level` is how many rulesets must have run before it."""

    id: str
    when: Condition
    level: int


@dataclass(slots=True)
class _Gates:
    """The conditions cut out of others, by condition, and every form found so far.

    A table asks of each row that none before it applies, so that one condition is met with in many forms: what was
    made of it is kept by its identity, and the condition with it, so that no other gets the same.
    """

    known: dict[Condition, Truth] = field(default_factory=dict)
    cut: dict[int, tuple[Condition, Condition]] = field(default_factory=dict)
    counted: dict[int, tuple[Condition, int, int]] = field(default_factory=dict)
    levels: dict[Leaf, int] = field(default_factory=dict)
    forms: list[_Form] = field(default_factory=list)

    def add(self, id: str, when: Condition) -> None:
        """Note a form, its condition made small enough."""
        small = self.small(when)
        self.forms.append(_Form(id, small, self.level(small)))

    def level(self, condition: Condition) -> int:
        """The first level at which every gate in the condition has been decided."""
        return max((self.levels.get(leaf, -1) for leaf in leaves(condition)), default=-1) + 1

    def small(self, condition: Condition) -> Condition:
        """The same condition, cut wherever it or its opposite would multiply out to more than `BRANCHES` forms."""
        if id(condition) not in self.cut:
            self.cut[id(condition)] = condition, self._small(condition)
        return self.cut[id(condition)][1]

    def _small(self, condition: Condition) -> Condition:
        match condition:
            case Not(item):
                return Not(self.small(item))
            case OneOf(fact, values, negated) if len(values) > BRANCHES:
                choices = AnyOf(tuple(OneOf(fact, part) for part in _chunks(values)))
                return self.small(Not(choices) if negated else choices)
            case All(items) | AnyOf(items):
                kind = All if isinstance(condition, All) else AnyOf
                inner = tuple(self.small(item) for item in items)
                if self.branches(kind(inner)) > BRANCHES:
                    inner = tuple(item if self.branches(item) == 1 else self.gate(item) for item in inner)
                if len(inner) > BRANCHES:
                    return self.small(kind(tuple(kind(part) for part in _chunks(inner))))
                return kind(inner)
        return condition

    def branches(self, condition: Condition) -> int:
        """How many forms the condition or its opposite multiplies out to, whichever is more."""
        return max(self.multiplied(condition))

    def multiplied(self, condition: Condition) -> tuple[int, int]:
        """How many forms durable_rules makes of the form that fires when the condition is true, and when false."""
        if id(condition) not in self.counted:
            self.counted[id(condition)] = condition, *self._multiplied(condition)
        return self.counted[id(condition)][1:]

    def _multiplied(self, condition: Condition) -> tuple[int, int]:
        match condition:
            case Not(item):
                return self.multiplied(item)[::-1]
            case All(items) | AnyOf(items):
                true, false = zip(*map(self.multiplied, items), strict=True) if items else ((), ())
                if isinstance(condition, All):
                    return prod(true), max(1, sum(false))
                return max(1, sum(true)), prod(false)
            case OneOf(_, values, negated):
                return (1, len(values)) if negated else (len(values), 1)
        return 1, 1

    def gate(self, condition: Condition) -> Truth:
        """The yes-or-no fact that stands for a condition."""
        if condition not in self.known:
            name, level = f"gate-{len(self.known)}", self.level(condition)
            self.known[condition] = gate = Truth(name, True)
            self.levels[gate] = level
            self.forms += [_Form(f"+{name}", condition, level), _Form(f"-{name}", Not(condition), level)]
        return self.known[condition]


def _is_gate(leaf: Leaf) -> bool:
    return isinstance(leaf, Truth) and leaf.fact.startswith("gate-")  # no fact's name has a hyphen


def _chunks(items: tuple[Piece, ...]) -> Iterable[tuple[Piece, ...]]:
    return (items[start : start + BRANCHES] for start in range(0, len(items), BRANCHES))


def _compile(name: str, subject: Table | Rule) -> Unit:
    gates = _Gates()
    for id, when in _table_forms(subject) if isinstance(subject, Table) else _rule_forms(subject):
        gates.add(id, when)
    from durable_rules_engine import error

    try:
        return tuple(_part(f"{name}-{number}", forms) for number, forms in enumerate(_shared_out(gates)))
    except error as fault:
        raise Fault(str(fault)) from fault


def _shared_out(gates: _Gates) -> list[list[_Form]]:
    """The forms in the order of their levels, shared out so that no ruleset has too many or reads too much."""
    parts: list[list[_Form]] = []
    level, room, read = -1, 0, set[Leaf]()
    for form in sorted(gates.forms, key=lambda form: form.level):
        cost, reads = gates.multiplied(form.when)[0], set(leaves(form.when))
        if form.level != level or cost > room or len(read | reads) > KEYS:
            parts.append([])
            level, room, read = form.level, FORMS, set()
        parts[-1].append(form)
        room, read = room - cost, read | reads
    return parts


def _part(name: str, forms: list[_Form]) -> Part:
    keys: dict[Leaf, str] = {}
    ruleset = _made(name, {id: _true(when, keys) for id, when, _ in forms})
    gates = tuple((leaf.fact, key) for leaf, key in keys.items() if isinstance(leaf, Truth) and _is_gate(leaf))
    return Part(ruleset, tuple((leaf, key) for leaf, key in keys.items() if not _is_gate(leaf)), gates)


def _made(name: str, forms: Mapping[str, Form]) -> Ruleset:
    """A ruleset of these forms, fired once.

    `delete_state` frees memory that nothing but the first firing of a ruleset sets: it must never come before it. The
    engine's own memory goes when nobody holds the ruleset any more.
    """
    from durable.engine import Ruleset
    from durable_rules_engine import delete_ruleset

    rules = {**forms, "made": {"made": 1}}
    ruleset = Ruleset(name, None, {id: {"all": [{"m": form}], "run": _noted} for id, form in rules.items()})
    _fired(ruleset, {"made": 1})
    finalize(ruleset, delete_ruleset, ruleset._handle).atexit = False
    return ruleset


def _noted(_: object) -> None:
    """What a ruleset must be given to do when a form fires; `_fired` never asks for it."""


def _rule_forms(rule: Rule) -> Iterable[tuple[str, Condition]]:
    """A rule's forms, each with the condition under which it fires."""
    yield f"{rule.id}:not applicable", Not(rule.when)
    if not rule.requirements:
        yield f"{rule.id}:refer", rule.when
    for number, require in enumerate(rule.requirements):
        yield f"{rule.id}:{number}:met", require  # it is met, too, where nobody knows whether it applies
        yield f"{rule.id}:{number}:not met", All((rule.when, Not(require)))


def _table_forms(table: Table) -> Iterable[tuple[str, Condition]]:
    """A table's forms: one for each row, one for none of them, one for a table out of scope.

    A row fires when it decides: it applies, and none does that comes before it in the order of the hit policy.
    """
    yield f"{table.id}:ungoverned", Not(table.governs)
    before: list[Condition] = [table.governs]
    for _, same in groupby(sorted(enumerate(table.ranks), key=itemgetter(1)), key=itemgetter(1)):
        numbers = [number for number, _ in same]
        for number in numbers:
            yield f"{table.id}:{number}", All((*before, table.rows[number].when))
        before += [Not(table.rows[number].when) for number in numbers]
    yield f"{table.id}:otherwise", All((table.governs, *(Not(row.when) for row in table.rows)))


def _true(condition: Condition, keys: dict[Leaf, str]) -> Form:
    """The form that matches when the condition is true."""
    match condition:
        case All(items):
            return _join("$and", [_true(item, keys) for item in items])
        case AnyOf(items):
            return _join("$or", [_true(item, keys) for item in items])
        case Not(item):
            return _false(item, keys)
    return _compare(condition, keys, True)


def _false(condition: Condition, keys: dict[Leaf, str]) -> Form:
    """The form that matches when the condition is false: negation is pushed down to the leaves."""
    match condition:
        case All(items):
            return _join("$or", [_false(item, keys) for item in items])
        case AnyOf(items):
            return _join("$and", [_false(item, keys) for item in items])
        case Not(item):
            return _true(item, keys)
    return _compare(condition, keys, False)


def _join(word: str, forms: list[Form]) -> Form:
    flat: list[object] = []
    for form in forms:
        inner = form.get(word)
        flat.extend(inner if isinstance(inner, list) else [form])
    if not flat:  # all of nothing is true, any of nothing is false (a test of `id` itself would fire without end)
        return {"one": 1} if word == "$and" else {"one": 0}
    return flat[0] if len(flat) == 1 else {word: flat}  # type: ignore[return-value]


def _compare(leaf: Leaf, keys: dict[Leaf, str], wanted: bool) -> Form:
    key = keys.setdefault(leaf, f"s{len(keys)}")
    if isinstance(leaf, OneOf):
        if leaf.negated != wanted:
            return _join("$or", [{key: value} for value in leaf.values])
        return _join("$and", [{"$neq": {key: value}} for value in leaf.values])
    return {"$gte": {key: 0}} if wanted else {"$lt": {key: 0}}


# Scalars: each test becomes one whole number that is zero or more when the test holds, or a word ------------------


def scalar(leaf: Leaf, ctx: Context) -> Scalar | None:
    """The number or word the leaf's forms compare; None when it is not known."""
    match leaf:
        case Done(milestone, negated):
            return 0 if ctx.recorded(milestone) != negated else -1
        case Truth(fact, value):
            given = ctx.facts.get(fact)
            return (0 if given is value else -1) if isinstance(given, bool) else None
        case OneOf(fact):
            given = ctx.facts.get(fact)
            return given if isinstance(given, str) else None
        case Includes() if asks_nothing(leaf, ctx.facts):
            return 0
        case Includes():
            known = [ctx.facts.get(name) for name in leaf_names(leaf)]
            return (0 if includes(leaf, known[0], ctx.facts) else -1) if all(type(v) is tuple for v in known) else None
        case Amount(fact, op, bound):
            return _margin(ctx.facts.get(fact), op, ctx.figure(bound), ctx)
        case Order(left, _, right, done):
            other = ctx.facts.get(right) if isinstance(right, str) else right
            return _sequence(leaf, ctx.facts.get(left), other, ctx, done)
        case Period(start, end):
            return _spare(leaf, ctx.facts.get(start), ctx.facts.get(end), ctx)


def _margin(value: Value | None, op: str, figure: Bound | Unsure, ctx: Context) -> int | None:
    """By how much an amount keeps to its bound; a strict bound costs one unit."""
    if isinstance(figure, Unsure) or value is None or isinstance(value, Unsure):
        return None
    left, right = value, figure.number * figure.per_cent
    if isinstance(value, Money):
        same = figure.fact and value.vat == figure.vat
        left = _scaled(value.pence, "none" if same else value.vat, figure.vat, ctx.vat)
        right *= 100 * (100 + abs(ctx.vat))
    assert isinstance(left, int)
    margin = left * 100 - right if op in (">=", ">") else right - left * 100
    margin = max(-WIDEST, min(WIDEST, margin))  # only on which side of the bound it lies is asked; ints have 64 bits
    return margin if op in (">=", "<=") else margin - 1


def _scaled(pence: int, basis: str, wanted: str, rate: int) -> int:
    """The amount on the basis wanted, in units of 1 / (100 x (100 + rate)) pence, so that no division is needed."""
    whole = 100 + abs(rate)
    if basis == "none" or (basis == wanted and basis != "unstated"):
        return pence * 100 * whole
    if basis == "excl" or wanted == "incl" or (basis == wanted and rate > 0):
        return pence * whole * whole
    return pence * 100 * 100


def _sequence(leaf: Order, left: Value | None, right: Value | None, ctx: Context, done: bool) -> int | None:
    if done and (left is None or right is None):
        return -1
    if not isinstance(left, Moment) or not isinstance(right, Moment):
        return None
    gap = right.day - left.day if leaf.op.endswith("before") else left.day - right.day
    if leaf.op.startswith("on or"):
        return gap
    if gap or left.minute is None or right.minute is None:
        return gap - 1 if gap or not _hours_matter(leaf, ctx) else None
    minutes = right.minute - left.minute
    return (minutes if leaf.op == "before" else -minutes) - 1


def _hours_matter(leaf: Order, ctx: Context) -> bool:
    """Whether both sides have an hour or could have one, so that a day alone leaves their order open."""
    terms = ctx.law.vocabulary.terms
    return terms[leaf.left].minute and (
        leaf.right.minute is not None if isinstance(leaf.right, Moment) else terms[leaf.right].minute
    )


def _spare(leaf: Period, start: Value | None, end: Value | None, ctx: Context) -> int | None:
    """By how many days, or minutes, the end keeps to the limit that the period sets."""
    figure = ctx.figure(leaf.bound)
    if leaf.done and (start is None or end is None):
        return -1
    if isinstance(figure, Unsure) or not isinstance(start, Moment) or not isinstance(end, Moment):
        return None
    calendar = ctx.law.calendars.get(leaf.calendar)
    by_end = leaf.op in (">=", "<")  # over by the end, or else begun by it
    spares = [_spared(leaf, calendar, first, last, figure.number, by_end) for first, last in ends(leaf, start, end)]
    known = [spare for spare in spares if spare is not None]
    return known[0] if len(known) == len(spares) and len({spare >= 0 for spare in known}) == 1 else None


def _spared(leaf: Period, calendar: Calendar | None, start: int, end: int, n: int, by_end: bool) -> int | None:
    """The same for an end on a day."""
    if leaf.clock.unit == "hours" and leaf.clock.roll:
        limit = (hours.earliest if by_end else hours.latest)(leaf.clock, calendar, start, n)
        return None if limit is None else _beyond(leaf.op, end, limit)
    counted = counting(leaf)(leaf.clock, calendar, start, end)
    if counted is None:  # the calendar does not reach the end: nobody knows, wherever the limit lies
        return None
    if leaf.clock.unit == "hours":
        limit = (hours.earliest if by_end else hours.latest)(leaf.clock, calendar, start, n)
    else:
        limit = (calendars.earliest if by_end else calendars.latest)(leaf.clock, calendar, start, n)
    if limit is None or n == 0:  # the limit lies beyond the calendar, the end does not; nothing is less than no time
        return _beyond(leaf.op, counted, n)
    return _beyond(leaf.op, end, limit)


def _beyond(op: str, left: int, right: int) -> int:
    """By how much one number keeps to its bound, zero or more where it does."""
    return {">=": left - right, "<": right - 1 - left, "<=": right - left, ">": left - right - 1}[op]
