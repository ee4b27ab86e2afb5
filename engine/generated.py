"""A step's rules and tables as plain Python functions, for bulk work: answers and values, no texts. Pure.

Source text is written from the frozen condition trees and compiled once. Nothing of a pack stands in it but whole
numbers and the `repr` of its words; all else is a constant handed in. A condition is written in three forms: certainly
true, certainly false, and, asked only where it is neither, in doubt (else something is missing). An amount or day that
is not known is `NEITHER`, which is not at least, below or equal to anything: so both forms are false of it unasked.
Unlike the reference evaluator it stops at the first test that decides; the answers are the same.

    f1 the fact  n1 its amount  d1 its day  p1 a figure  j1 the day of law  t1 a test that is worked out by a function
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from operator import ge, gt, le, lt
from typing import Any, NamedTuple

from engine import calendars
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
    names,
    parameters,
)
from engine.law import LAYERS, InForce, Law, Parameter, Rule, Table
from engine.model import (
    MET,
    MISSING,
    NOT_APPLICABLE,
    NOT_MET,
    REFER,
    WAIVABLE,
    Moment,
    Money,
    Unsure,
    Value,
)
from engine.reference import asks_nothing, ends, includes, kept
from engine.vocabulary import recorded_kinds, taken, worked_out

NEITHER = float("nan")  # every comparison with it is false
UNSURE = Unsure("a person must judge", "")  # why is for the reference evaluator to say

Told = bool | Unsure | None  # true, false, in doubt, or missing
Test = Callable[..., Told]


class Answers(NamedTuple):
    """The answer of each rule, None where it is not in force; the value of each derived fact; if VAT may part them."""

    rules: tuple[str | None, ...]
    values: tuple[Value | None, ...]
    crossed: bool


Judge = Callable[[Mapping[str, Value], Moment], Answers]


class Program:
    """What judges one step of a law: `rules` and `facts` name what its answers are about, in order.

    The first rules, as many as `bound`, bind the step; then come waivers.
    """

    def __init__(self, law: Law, step: str, milestone: str | None) -> None:
        bound = law.steps.get(step, ())
        self.bound = len(bound)
        waivers = [each for rule in bound if rule.effect == WAIVABLE for each in law.waivers.get(rule.id, ())]
        self._rules = tuple({each.id: each for each in (*bound, *waivers)}.values())
        self._law, self._milestone = law, milestone
        self._tables = needed(law, self._rules)
        self.rules = tuple(rule.id for rule in self._rules)
        self.facts = tuple(self._tables)

    @cached_property
    def judge(self) -> Judge:
        """What gives the answers on facts were the step taken at a moment; refer where the readings of VAT part."""
        return self._compiled(0)

    def _again(self, facts: Mapping[str, Value], at: Moment, first: Answers) -> Answers:
        """The answers where VAT stands between amounts: those of every reading, and refer where they part."""
        every = [first, *(judge(facts, at) for judge in self._readings)]
        parted = (each[0] if len({*each}) == 1 else REFER for each in zip(*(one[0] for one in every), strict=True))
        return Answers(tuple(parted), first[1], True)

    def source(self, vat: int = 0) -> str:
        """The text of the function for one reading of VAT."""
        return Writer(self._law, self._rules, self._tables, self._milestone, vat).text()

    @cached_property
    def _readings(self) -> tuple[Judge, ...]:
        rates = self._law.vocabulary.vat_readings
        return tuple(self._compiled(signed) for rate in rates for signed in sorted({rate, -rate} - {0}))

    def _compiled(self, vat: int) -> Judge:
        writer = Writer(self._law, self._rules, self._tables, self._milestone, vat)
        writer.constants["again"] = self._again
        judge: Judge = compiled(writer)
        return judge


def compiled(writer: Writer) -> Any:
    """The function that a writer writes."""
    text = writer.text()
    scope: dict[str, Any] = {**NAMES, **writer.constants}
    exec(compile(text, "<rules>", "exec"), scope)
    return scope["judge"]


def needed(law: Law, rules: Iterable[Rule]) -> dict[str, tuple[Table, ...]]:
    """The tables of every derived fact that the rules rest on, in the order they must be derived."""
    wanted = frozenset[str]().union(*(names(each) for rule in rules for each in rule.conditions))
    for fact in reversed(law.order):
        if fact in wanted:
            wanted = wanted.union(*(names(each) for table in law.deciding[fact] for each in table.conditions))
    return {fact: law.deciding[fact] for fact in law.order if fact in wanted}


# Writing ----------------------------------------------------------------------------------------------------------


class Writer:
    """The function for one reading of VAT, line by line, and the constants its text names."""

    def __init__(
        self,
        law: Law,
        rules: tuple[Rule, ...],
        tables: Mapping[str, tuple[Table, ...]],
        milestone: str | None,
        vat: int,
    ) -> None:
        self.law, self.rules, self.tables, self.milestone, self.vat = law, rules, tables, milestone, vat
        self.subjects: tuple[Rule | Table, ...] = (*rules, *(table for each in tables.values() for table in each))
        self.conditions = [each for subject in self.subjects for each in subject.conditions]
        self.figures = {name: n for n, name in enumerate(sorted({n for c in self.conditions for n in parameters(c)}))}
        as_at = {each.as_at for each in self.subjects} | {law.parameters[name].as_at for name in self.figures}
        self.days = {name: n for n, name in enumerate(sorted(as_at - {""}))}
        self.facts = {name: n for n, name in enumerate(self._read())}
        self.compared: dict[str, set[str]] = {}  # the VAT bases each amount is compared on
        self.beside: dict[tuple[str, str], None] = {}  # amounts compared with another fact's
        self.constants: dict[str, Any] = {}
        self.tests: dict[Leaf, int] = {}
        self.lines: list[str] = []
        for leaf in (leaf for each in self.conditions for leaf in leaves(each)):
            self._note(leaf)

    def _read(self) -> list[str]:
        """Every fact and milestone that is read, and what a milestone is the first of."""
        found = {*self.days, *(name for each in self.conditions for name in names(each))}
        terms = self.law.vocabulary.terms
        left = list(found)
        while left:
            new = {*terms[left.pop()].first_of} - found
            found |= new
            left += new
        return [name for name in terms if name in found]

    def _note(self, leaf: Leaf) -> None:
        if isinstance(leaf, Amount) and leaf.money and leaf.bound.fact:
            self.beside[leaf.fact, leaf.bound.fact] = None
        elif isinstance(leaf, Amount) and leaf.money:
            self.compared.setdefault(leaf.fact, set()).add(self._basis(leaf.bound))

    def _basis(self, bound: Bound) -> str:
        return self.law.parameters[bound.parameter].vat if bound.parameter else bound.vat

    def text(self) -> str:
        """All of it."""
        self._begin()
        for n, rule in enumerate(self.rules):
            self._rule(n, rule)
        self._cross()
        rules = "".join(f"a{n}, " for n in range(len(self.rules)))
        self._put(1, f"told = answers(Answers, (({rules}), ({self._derived()}), crossed))")
        self._put(1, "return told" if self.vat else "return again(facts, at, told) if crossed else told")
        return "\n".join(self.lines) + "\n"

    def _begin(self) -> None:
        """The facts as they are given, the figures, and what tables derive."""
        self.lines = ["def judge(facts, at):", "    get, today, crossed = facts.get, at.day, False"]
        self._load()
        for name, n in self.figures.items():
            self._put(1, f"p{n} = {self._figure(self.law.parameters[name])}")
        for fact, tables in self.tables.items():
            self._put(1, f"if f{self.facts[fact]} is None:")
            self._decide(fact, tables)
            self._views(fact)

    def _cross(self) -> None:
        """Whether VAT stands between amounts that are compared: those that are always compared on one basis."""
        for fact, basis in self.compared.items():
            if len(basis) == 1:
                self._put(1, f"if {self._stands(fact, *basis)}: crossed = True")
        for one, other in self.beside:
            self._put(1, f"if part(f{self.facts[one]}, f{self.facts[other]}): crossed = True")

    def _stands(self, fact: str, basis: str) -> str:
        """Whether VAT stands between an amount and figures of one basis."""
        f, kept = f"f{self.facts[fact]}", ("none",) if basis == "unstated" else ("none", basis)
        return f"{f}.__class__ is Money and {f}.vat not in {kept}"

    def _between(self, depth: int, *conditions: Condition) -> None:
        """Whether VAT stands between amounts and the figures on which these conditions compare them.

        That is asked where an amount is compared on several bases: some of them under law that is not in force, or
        after a test that says the law is not for this case.
        """
        for condition in conditions if not self.vat else ():
            before: list[Condition] = []
            for item in _in_turn(condition):
                amounts = (leaf for leaf in leaves(item) if isinstance(leaf, Amount) and leaf.money)
                pairs = {(each.fact, self._basis(each.bound)): None for each in amounts if not each.bound.fact}
                parted = [f"x{self.facts[fact]}{basis}" for fact, basis in pairs if len(self.compared[fact]) > 1]
                if parted:
                    still = f" and not {joined('or', map(self._false, before), 'False')}" if before else ""
                    self._put(depth, f"if {joined('or', parted, 'False')}{still}: crossed = True")
                before.append(item)

    def _derived(self) -> str:
        return "".join(f"f{self.facts[fact]}, " for fact in self.tables)

    def _put(self, depth: int, line: str) -> None:
        self.lines.append("    " * depth + line)

    def _constant(self, value: object) -> str:
        """How the text names a value that cannot be written in it."""
        if value is None or type(value) in (bool, int, str):
            return repr(value)
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    # What is read -------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        """The facts as `decide.situate` makes them; of each its amount or day; the days as at which law is judged."""
        terms = self.law.vocabulary.terms
        for name, n in self.facts.items():
            self._put(1, f"f{n} = get({name!r})")
        for name, n in self.facts.items():
            if terms[name].because:
                self._put(1, f"if f{n} is None: f{n} = taken({self._constant(terms[name])}, facts)")
        if self.milestone in self.facts:
            minute = terms[self.milestone].minute
            self._put(1, f"f{self.facts[self.milestone]} = {'at' if minute else 'Moment(today)'}")
        if any(terms[name].scalar for name in self.facts):
            self._put(1, "kinds = recorded_kinds(facts)")
        for name, n in self.facts.items():
            if scalar := terms[name].scalar:
                counted = f"counted({self._constant(terms[name])}, terms, facts, f{n})"
                self._put(1, f"if {scalar.record!r} in kinds: f{n} = {counted}")
        for name, n in self.facts.items():
            if terms[name].first_of:
                those = "".join(f"f{self.facts[each]}, " for each in terms[name].first_of)
                otherwise = "Moment(today)" if terms[name].or_decision_day else f"f{n}"
                self._put(1, f"if get({name!r}) is None: f{n} = first(({those})) or {otherwise}")
        self.constants["terms"] = terms
        for name in self.facts:
            if name not in self.tables:
                self._views(name)
        for name, n in self.days.items():
            f = f"f{self.facts[name]}"
            self._put(1, f"j{n} = {f}.day if {f}.__class__ is Moment else today")

    def _views(self, name: str) -> None:
        n, term = self.facts[name], self.law.vocabulary.terms[name]
        if term.dated:
            self._put(1, f"d{n} = f{n}.day if f{n}.__class__ is Moment else NEITHER")
        elif term.type in ("choice", "text"):
            self._put(1, f"w{n} = f{n}.__class__ is str")
        elif term.type == "integer":
            self._put(1, f"n{n} = f{n} if f{n}.__class__ is int else NEITHER")
        elif term.type == "money" and not self.vat:
            self._put(1, f"n{n} = f{n}.pence if f{n}.__class__ is Money else NEITHER")
            every = sorted(self.compared.get(name, ()))
            for basis in every if len(every) > 1 else ():
                self._put(1, f"x{n}{basis} = {self._stands(name, basis)}")
        elif term.type == "money":
            for basis in sorted(self.compared.get(name, ())):
                amount = f"scaled(f{n}, {basis!r}, {self.vat})"
                self._put(1, f"n{n}{basis} = {amount} if f{n}.__class__ is Money else NEITHER")

    def _day(self, as_at: str) -> str:
        return f"j{self.days[as_at]}" if as_at else "today"

    def _in_force(self, span: InForce, as_at: str) -> str:
        """The test that something is in force; nothing where it always is."""
        if span.start is None and span.end is None:
            return ""
        ends = ("" if span.start is None else f"{span.start} <= ", "" if span.end is None else f" <= {span.end}")
        return self._day(as_at).join(ends)

    def _figure(self, parameter: Parameter) -> str:
        if parameter.confidence == "unverified":
            return "NEITHER"
        known = ((start, "NEITHER" if value is None else value) for start, value in reversed(parameter.values))
        return (
            "".join(f"{value} if {self._day(parameter.as_at)} >= {start} else " for start, value in known) + "NEITHER"
        )

    # Rules and tables ---------------------------------------------------------------------------------------------

    def _rule(self, n: int, rule: Rule) -> None:
        depth, force = 1, self._in_force(rule.in_force, rule.as_at)
        self._put(1, f"# {rule.id!r}")
        if force:
            self._put(1, f"a{n} = None")
            self._put(1, f"if {force}:")
            depth = 2
        self._work(depth, rule.when)
        self._put(depth, f"if {self._false(rule.when)}: a{n} = {NOT_APPLICABLE!r}")  # most rules of a step do not
        self._put(depth, f"elif {self._true(rule.when)}:")
        self._work(depth + 1, *rule.requirements)
        self._put(depth + 1, f"a{n} = {self._required(rule)}")
        self._put(depth, "else:")
        self._work(depth + 1, *rule.requirements)
        self._put(depth + 1, f"a{n} = {self._anyway(rule)}{self._unknown(rule.when)}")

    def _required(self, rule: Rule) -> str:
        """What a rule answers where it applies."""
        unverified = rule.confidence == "unverified"
        match rule.requirements:
            case ():
                return repr(REFER)
            case (only,):
                met, breach = (REFER, REFER) if unverified else (MET, NOT_MET)
                said = f"{met!r} if {self._true(only)} else {breach!r} if {self._false(only)}"
                return f"{said} else {self._unknown(only)}"
        return f"agreed(({', '.join(map(self._told, rule.requirements))}), {unverified})"

    def _anyway(self, rule: Rule) -> str:
        """What a rule answers where nobody knows whether it applies, but what it asks for holds."""
        held = joined("and", map(self._true, rule.requirements), "True")
        return f"{MET!r} if {held} else " if rule.harmless else ""

    def _unknown(self, condition: Condition) -> str:
        """The answer where nobody knows whether a condition holds."""
        return f"{REFER!r} if {self._doubt(condition)} else {MISSING!r}"

    def _told(self, condition: Condition) -> str:
        """All four: True, False, UNSURE, None."""
        sure = f"True if {self._true(condition)} else False if {self._false(condition)}"
        return f"({sure} else UNSURE if {self._doubt(condition)} else None)"

    def _decide(self, fact: str, tables: Sequence[Table]) -> None:
        """A derived fact: what each table in force that governs the case says, then which of them counts."""
        self._put(2, "said = []")
        for table in tables:
            force = self._in_force(table.in_force, table.as_at)
            self._put(2, f"if {force or 'True'}:  # {table.id!r}")
            self._work(3, table.governs)
            self._put(3, f"if {self._true(table.governs)}:")
            self._rows(table)
            self._put(4, f"said.append(({LAYERS.index(table.layer)}, True, value, silent))")
            self._put(3, f"elif not {self._false(table.governs)}:")
            value = f"UNSURE if {self._doubt(table.governs)} else None"
            self._put(4, f"said.append(({LAYERS.index(table.layer)}, False, {value}, False))")
        self._put(2, f"f{self.facts[fact]} = settled(said)")

    def _rows(self, table: Table) -> None:
        """Sets `value`, and `silent` where no row of an open table applies."""
        whens = [row.when for row in table.rows]
        self._put(4, "silent = False")
        if table.hit == "first":
            self._put(4, "while True:")
            for row in table.rows:
                self._work(5, row.when)
                self._put(5, f"if {self._true(row.when)}: value = {self._value(row.then)}; break")
                doubt = f"UNSURE if {self._doubt(row.when)} else None"
                self._put(5, f"if not {self._false(row.when)}: value = {doubt}; break")
            self._put(5, f"value, silent = {self._value(table.otherwise)}, {table.open}; break")
            return
        self._work(4, *whens)
        self._put(4, f"value, silent = chosen({self._constant(table)}, [{', '.join(map(self._told, whens))}])")

    def _value(self, value: Value | None) -> str:
        return "UNSURE" if value is None else self._constant(value)

    # The three forms of a condition -------------------------------------------------------------------------------

    def _true(self, condition: Condition) -> str:
        match condition:
            case All(items):
                return joined("and", map(self._true, items), "True")
            case AnyOf(items):
                return joined("or", map(self._true, items), "False")
            case Not(item):
                return self._false(item)
        return self._leaf(condition)[0]

    def _false(self, condition: Condition) -> str:
        match condition:
            case All(items):
                return joined("or", map(self._false, items), "False")
            case AnyOf(items):
                return joined("and", map(self._false, items), "True")
            case Not(item):
                return self._true(item)
        return self._leaf(condition)[1]

    def _doubt(self, condition: Condition, inside: bool = False) -> str:
        """Whether a person must judge, of a condition that is neither true nor false; `inside` others it may be."""
        match condition:
            case All(items) | AnyOf(items):
                doubt = joined("or", (self._doubt(item, True) for item in items), "False")
                decided = self._false(condition) if isinstance(condition, All) else self._true(condition)
                return f"(not {decided} and {doubt})" if inside else doubt
            case Not(item):
                return self._doubt(item, inside)
        return self._leaf(condition)[2]

    def _leaf(self, leaf: Leaf) -> tuple[str, str, str]:
        """The three forms of one test."""
        if leaf in self.tests or self._test(leaf):
            t = f"t{self.tests[leaf]}"
            return f"{t} is True", f"{t} is False", f"{t} is UNSURE"
        each = [f"f{self.facts[name]}" for name in leaf_names(leaf)]
        doubt = joined("or", (f"{f}.__class__ is Unsure" for f in each), "False")
        match leaf:
            case Truth(_, value):
                return f"{each[0]} is {value}", f"{each[0]} is {not value}", doubt
            case OneOf(_, values, negated):
                inside = f"{each[0]} in {{{', '.join(map(repr, values))}}}" if values else "False"
                other = f"(w{each[0][1:]} and not {inside})"
                return (other, inside, doubt) if negated else (inside, other, doubt)
            case Amount():
                return self._amount(leaf, each[0], doubt)
            case Done(name, negated):
                stated = f"get({name!r})" if self.law.vocabulary.terms[name].because else each[0]
                done, undone = f"{stated} is not None", f"{stated} is None"
                return (undone, done, "False") if negated else (done, undone, "False")
        assert isinstance(leaf, Order)
        return self._by_day(leaf, each, doubt)

    def _amount(self, leaf: Amount, fact: str, doubt: str) -> tuple[str, str, str]:
        basis = self._basis(leaf.bound) if leaf.money and self.vat else ""
        whole = 100 * (100 + abs(self.vat)) if basis else 1
        left = f"n{fact[1:]}{basis}" + (" * 100" if leaf.bound.per_cent != 100 else "")
        times = whole * (leaf.bound.per_cent if leaf.bound.per_cent != 100 else 1)
        right = str(leaf.bound.number * times)
        if leaf.bound.parameter:
            p = f"p{self.figures[leaf.bound.parameter]}"
            right = f"{p} * {times}" if times != 1 else p
            doubt = f"({doubt} or ({fact} is not None and {p} is NEITHER))"
        return f"{left} {leaf.op} {right}", f"{left} {_OPPOSITE[leaf.op]} {right}", doubt

    def _by_day(self, leaf: Order, each: list[str], doubt: str) -> tuple[str, str, str]:
        """On or before, on or after: the hour makes no difference."""
        right = f"d{each[1][1:]}" if isinstance(leaf.right, str) else str(leaf.right.day)
        op = "<=" if leaf.op == "on or before" else ">="
        true, false = f"d{each[0][1:]} {op} {right}", f"d{each[0][1:]} {_OPPOSITE[op]} {right}"
        if not leaf.done:
            return true, false, doubt
        undone = " or ".join(f"{f} is None" for f in each)
        return true, f"({false} or {undone})", f"(not ({undone}) and {doubt})"

    # Tests that a function works out ------------------------------------------------------------------------------

    def _test(self, leaf: Leaf) -> bool:
        """Whether a test is worked out by a function; notes its number."""
        costly = (
            isinstance(leaf, Period | Includes)
            or (isinstance(leaf, Order) and not leaf.op.startswith("on or"))
            or (isinstance(leaf, Amount) and bool(leaf.bound.fact))
        )
        if costly:
            self.tests[leaf] = len(self.tests)
        return costly

    def _work(self, depth: int, *conditions: Condition) -> None:
        """Work out every test in the conditions that is worked out by a function, and if VAT matters to them."""
        for leaf in dict.fromkeys(leaf for each in conditions for leaf in leaves(each)):
            if leaf in self.tests or self._test(leaf):
                function = self._constant(_function(leaf, self.law, self.vat))
                each = [f"f{self.facts[name]}" for name in leaf_names(leaf)]
                if isinstance(leaf, Period) and leaf.bound.parameter:
                    each.append(f"p{self.figures[leaf.bound.parameter]}")
                self._put(depth, f"t{self.tests[leaf]} = {function}({', '.join(each)})")
        self._between(depth, *conditions)


_OPPOSITE = {">=": "<", ">": "<=", "<=": ">", "<": ">="}


def _in_turn(condition: Condition) -> Iterator[Condition]:
    """What a condition asks, one after the other: what follows a test that is false is not asked."""
    if isinstance(condition, All):
        for item in condition.items:
            yield from _in_turn(item)
    else:
        yield condition


def joined(word: str, parts: Iterable[str], nothing: str) -> str:
    each = sorted(dict.fromkeys(parts), key=len)  # the shortest costs least and may settle it
    return nothing if not each else each[0] if len(each) == 1 else f"({f' {word} '.join(each)})"


# What the text calls ----------------------------------------------------------------------------------------------


def _function(leaf: Leaf, law: Law, vat: int) -> Test:
    """The function that works out a test from the facts it reads."""
    match leaf:
        case Order():
            terms = law.vocabulary.terms
            sides = (leaf.left, leaf.right)
            hours = all(side.minute is not None if isinstance(side, Moment) else terms[side].minute for side in sides)
            return _sequence(leaf, hours)
        case Period():
            return _period(leaf, law.calendars.get(leaf.calendar))
        case Amount():
            return _beside(leaf, vat)
        case Includes():
            return _including(leaf)
    raise AssertionError(leaf)


def _unknown(values: Iterable[Value | None]) -> Told:
    """What is told where some of these values are not known."""
    return UNSURE if any(isinstance(value, Unsure) for value in values) else None


def _sequence(leaf: Order, hours: bool) -> Test:
    fixed, done, later = leaf.right if isinstance(leaf.right, Moment) else None, leaf.done, leaf.op == "after"

    def test(left: Value | None, right: Value | None = fixed) -> Told:
        if done and (left is None or right is None):
            return False
        if not isinstance(left, Moment) or not isinstance(right, Moment):
            return _unknown((left, right))
        if later:
            left, right = right, left
        if left.day != right.day:
            return left.day < right.day
        if left.minute is None or right.minute is None:
            return None if hours else False  # which came first is not known, where hours exist
        return left.minute < right.minute

    return test


def _period(leaf: Period, calendar: calendars.Calendar | None) -> Test:
    number, done = leaf.bound.number, leaf.done

    def test(start: Value | None, end: Value | None, bound: Any = number) -> Told:
        if done and (start is None or end is None):
            return False
        if not isinstance(start, Moment) or not isinstance(end, Moment) or bound is None or isinstance(bound, Unsure):
            return _unknown((start, end, bound))
        if bound is NEITHER:
            return UNSURE
        held = {kept(leaf, calendar, first, last, bound) for first, last in ends(leaf, start, end)}
        told = {UNSURE if each is None else each for each in held}  # beyond the calendar: unsure
        return told.pop() if len(told) == 1 else None

    return test


def _beside(leaf: Amount, vat: int) -> Test:
    """An amount beside another fact's; two amounts that say the same of VAT are compared as they stand."""
    holds, per_cent, whole = _HOLDS[leaf.op], leaf.bound.per_cent, 100 * (100 + abs(vat))

    def test(value: Value | None, other: Value | None) -> Told:
        if isinstance(value, int) and isinstance(other, int):
            return holds(value * 100, other * per_cent)
        if not isinstance(value, Money) or not isinstance(other, Money):
            return _unknown((value, other))
        left = value.pence * whole if value.vat == other.vat else _scaled(value, other.vat, vat)
        return holds(left * 100, other.pence * whole * per_cent)

    return test


def _including(leaf: Includes) -> Test:
    name = leaf.values if isinstance(leaf.values, str) else ""

    def test(value: Value | None, wanted: Value | None = ()) -> Told:
        facts = {} if wanted is None else {name: wanted}
        if asks_nothing(leaf, facts):
            return True
        if not isinstance(value, tuple) or not isinstance(wanted, tuple):
            return _unknown((value, wanted))
        return includes(leaf, value, facts)

    return test


def _scaled(amount: Money, wanted: str, rate: int) -> int:
    """An amount on the basis wanted, in units of 1 / (100 x (100 + rate)) pence, so that no division is needed."""
    whole = 100 + abs(rate)
    if amount.vat == "none" or (amount.vat == wanted and wanted != "unstated"):
        return amount.pence * 100 * whole
    up = amount.vat == "excl" or wanted == "incl" or (amount.vat == wanted and rate > 0)
    return amount.pence * (whole * whole if up else 100 * 100)


def _part(one: Value | None, other: Value | None) -> bool:
    """Whether VAT stands between two amounts."""
    return isinstance(one, Money) and isinstance(other, Money) and one.vat not in ("none", other.vat)


def _first(moments: Iterable[Value | None]) -> Moment | None:
    happened = [each for each in moments if isinstance(each, Moment)]
    return min(happened, key=lambda each: (each.day, each.minute or 0), default=None)


def _counted(term: Any, terms: Any, facts: Mapping[str, Value], given: Value | None) -> Value | None:
    found = worked_out(term, terms, facts)
    return given if found is None else found


def _agreed(told: tuple[Told, ...], unverified: bool) -> str:
    """What a rule of several readings answers."""
    if UNSURE in told or None in told:
        return REFER if UNSURE in told else MISSING
    return REFER if unverified or len({*told}) > 1 else MET if told[0] else NOT_MET


def _chosen(table: Table, told: list[Told]) -> tuple[Value | None, bool]:
    """What a table of any other hit policy than first decides, and whether no row of an open one applies."""
    ranks = table.ranks
    hits = [n for n, each in enumerate(told) if each is True]
    best = None if table.hit == "unique" else min((ranks[n] for n in hits), default=None)
    for n, each in enumerate(told):
        if each in (UNSURE, None) and (best is None or ranks[n] < best):
            return (UNSURE if each else None), False
    if not hits:
        return (UNSURE if table.otherwise is None else table.otherwise), table.open
    if table.hit == "unique" and len(hits) > 1:
        return UNSURE, False
    value = table.rows[next(n for n in hits if best is None or ranks[n] == best)].then
    return (UNSURE if value is None else value), False


def _settled(said: list[tuple[int, bool, Value | None, bool]]) -> Value | None:
    """What counts of what tables say, the most local first: layer, if it surely governs, value, if it is silent."""
    if not said:
        return UNSURE
    said = [each for each in said if not each[3]] or said
    rivals = [each for each in said if each[0] == said[0][0]]
    doubtful = [value for _, governs, value, _ in rivals if not governs]
    if doubtful:
        return doubtful[0]
    return UNSURE if len(rivals) > 1 else rivals[0][2]


_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {">=": ge, ">": gt, "<=": le, "<": lt}
NAMES: Mapping[str, Any] = {
    "Answers": Answers,
    "Moment": Moment,
    "Money": Money,
    "Unsure": Unsure,
    "UNSURE": UNSURE,
    "NEITHER": NEITHER,
    "answers": tuple.__new__,
    "agreed": _agreed,
    "chosen": _chosen,
    "counted": _counted,
    "first": _first,
    "part": _part,
    "recorded_kinds": recorded_kinds,
    "scaled": _scaled,
    "settled": _settled,
    "taken": taken,
}
