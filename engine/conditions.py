"""Conditions: what a rule asks, read from plain words, as frozen trees; and said again in plain words.

The trees know nothing of how they are judged: `reference` walks them, `inference` compiles them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from engine.calendars import Clock
from engine.errors import UsageError
from engine.markup import Map, Node, Problem, Seq, Text, Where
from engine.model import Moment, Money
from engine.schema import fields, mended, nearest, one_of, text, texts, yes
from engine.vocabulary import Term, Vocabulary, money, parse_moment, words

Op = Literal[">=", ">", "<=", "<"]
Sequence_ = Literal["before", "on or before", "after", "on or after"]

_OPS: dict[str, Op] = {"at least": ">=", "more than": ">", "at most": "<=", "below": "<"}
_BOUNDS: dict[str, Op] = {"at_least": ">=", "more_than": ">", "at_most": "<=", "less_than": "<"}
_ORDER = re.compile(r"(done )?(on or before|on or after|before|after) (.+)\Z")
_AMOUNT = re.compile(r"(at least|more than|at most|below) (.+)\Z")
_SHARE = re.compile(r"(\d{1,4}) per cent of (.+)\Z", re.ASCII)
_INCLUDES = re.compile(r"(not )?includes (any of |all of )?(.+)\Z")
_CUT_OFF = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\Z", re.ASCII)
_RANGE = re.compile(r"(.+?) to (under )?(.+)\Z")
_WORKING = ("working days", "clear working days")
UNITS = ("days", "working days", "weeks", "months", "years", "clear days", "clear working days", "hours")
DAILY = ("first_day", "last_day", "holds_working", "cut_off", "starts")  # what counts days, not hours
LISTS = ("all", "any", "none")
ENDS = ("excluded", "counts")
KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # of each kind of mapping: required, optional
    "counted": (("period",), (*_BOUNDS, "title", "cite")),
    "period": (
        ("from", "to", "unit"),
        ("first_day", "last_day", "calendar", "roll", "holds_working", "done", "cut_off", "starts"),
    ),
}


@dataclass(frozen=True, slots=True)
class Bound:
    """What a condition compares with, or so many per cent of it: a number, a parameter by its full name, or a fact."""

    number: int = 0
    vat: str = "unstated"
    parameter: str = ""
    fact: str = ""
    per_cent: int = 100


@dataclass(frozen=True, slots=True)
class Truth:
    """A boolean fact is yes, or is no."""

    fact: str
    value: bool


@dataclass(frozen=True, slots=True)
class OneOf:
    """A choice is one of these, or (negated) none of them."""

    fact: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Includes:
    """Of several choices any of these, or all of them; `values` names them, or the fact that holds them."""

    fact: str
    values: tuple[str, ...] | str
    every: bool = False


@dataclass(frozen=True, slots=True)
class Amount:
    """A whole number or an amount of money compared with a figure."""

    fact: str
    op: Op
    bound: Bound
    money: bool


@dataclass(frozen=True, slots=True)
class Order:
    """One moment before or after another; with `done`, an unrecorded one has not happened."""

    left: str
    op: Sequence_
    right: str | Moment
    done: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """A milestone has happened, or (negated) has not; of a fact: that it has been recorded."""

    milestone: str
    negated: bool = False
    fact: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """The counted time from one moment to another compared with a number."""

    start: str
    end: str
    clock: Clock
    calendar: str
    op: Op
    bound: Bound
    done: bool = False
    said: str = ""
    cut_off: int | None = None  # minute of the day after which the end counts as on the day after
    day_after: bool = False  # whether the period starts on the day after its start


@dataclass(frozen=True, slots=True)
class All:
    """Every item; of none at all, true. Title and citation name the alternative it is."""

    items: tuple[Condition, ...]
    title: str = ""
    cite: str = ""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one item."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The item is false."""

    item: Condition


Leaf = Truth | OneOf | Includes | Amount | Order | Done | Period
Condition = Leaf | All | AnyOf | Not
ALWAYS = All(())


@dataclass(frozen=True, slots=True)
class Scope:
    """What a condition may name: the vocabulary, a pack's parameters (short or full name to full name), calendars."""

    vocabulary: Vocabulary
    parameters: Mapping[str, str]
    calendars: frozenset[str]
    problems: list[Problem]

    def wrong(self, where: Where, what: str, instead: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(where, what, instead))


def parse(node: Node | None, scope: Scope) -> Condition:
    """The condition a node says; faults go to the scope's problems and count as always true."""
    if node is None:
        return ALWAYS
    if not isinstance(node, Map):
        scope.wrong(node.where, "a condition is written fact: test", "for example contract.kind: services")
        return ALWAYS
    if "period" in node.entries:
        return _period(node, scope)
    items: list[Condition] = []
    for key, value in node.entries.items():
        if key in LISTS:
            items.append(_list(key, value, scope))
        elif key not in ("title", "cite"):
            items.extend(_test(key, node.keys[key], value, scope))
    title, cite = text(node.entries.get("title")), text(node.entries.get("cite"))
    if not node.entries.keys() - {"title", "cite"}:
        scope.wrong(node.where, "a condition with no test in it", "write fact: test")
    return items[0] if len(items) == 1 and not title and not cite else All(tuple(items), title, cite)


def unknown(name: str, vocabulary: Vocabulary) -> str:
    """What to write instead of a name that is none."""
    if re.fullmatch(r"\d{3}.*", name):
        return f"put {'straight ' * (name[-1] in '”“')}quotes around an amount with a comma in it"
    return nearest(name, vocabulary.terms) or f"`vires vocabulary {name.rpartition('.')[2]}` lists names"


def _list(word: str, node: Node, scope: Scope) -> Condition:
    if not isinstance(node, Seq) or not node.items:
        scope.wrong(node.where, f"{word}: needs a list of conditions", "write one below the other, each with a dash")
        return ALWAYS
    items = tuple(parse(item, scope) for item in node.items)
    if word == "all":
        return All(items)
    return AnyOf(items) if word == "any" else Not(AnyOf(items))


def _test(name: str, where: Where, node: Node, scope: Scope) -> list[Condition]:
    term = scope.vocabulary.terms.get(name)
    if term is None:
        scope.wrong(where, f"no fact or milestone is called {name!r}", unknown(name, scope.vocabulary))
        return []
    if term.record:
        scope.wrong(where, f"{name} is of one {term.record}, and there may be many", "count, sum, least or greatest")
        return []
    try:
        return _by_type(term, node, scope)
    except UsageError as error:
        scope.wrong(node.where, error.message, mended(text(node)) or error.hint)
        return []


def _by_type(term: Term, node: Node, scope: Scope) -> list[Condition]:
    if not term.milestone and not term.derived and text(node) in ("recorded", "not recorded"):
        return [Done(term.name, text(node) == "not recorded", True)]
    if term.type == "choice":
        return [_choice(term, node)]
    if term.type == "choices":
        return [_includes(term, node, scope)]
    if not isinstance(node, Text):
        raise UsageError(f"{term.name} is tested with words, not a list or mapping", _example(term))
    said = text(node)
    if term.type == "boolean" and said in ("yes", "no"):
        return [Truth(term.name, said == "yes")]
    if term.type in ("integer", "money"):
        return _amounts(term, said, scope)
    if term.dated:
        return [_order(term, said, scope)]
    raise UsageError(f"{term.name}: {said!r} is not a test of a {term.type}", _example(term))


def _example(term: Term) -> str:
    examples = {
        "boolean": "write yes or no",
        "money": "write at least 50000, below 100000, 25000 to under 100000",
        "integer": "write at least 3, at most 5",
        "choices": "write includes X, includes any of [X, Y], includes all of [X, Y]; a fact may stand for the list",
        "text": "a text cannot be tested; declare a choice",
    }
    return examples.get(term.type, "write before X, after X, not before X, on or before X, done, done before X")


def _choice(term: Term, node: Node) -> OneOf:
    negated = False
    if isinstance(node, Seq):
        values = texts(node, [])
    else:
        said = text(node)
        negated = said.startswith("not ") and said not in term.choices
        said = said.removeprefix("not ").strip() if negated else said
        values = tuple(part.strip() for part in said.strip("[]").split(",")) if said.startswith("[") else (said,)
    for value in values:
        if value not in term.choices:
            hint = nearest(value, term.choices) or f"choices: {', '.join(term.choices)}"
            raise UsageError(f"{value!r} is not a choice of {term.name}", hint)
    if not values:
        raise UsageError(f"{term.name}: no choice is named", f"choices: {', '.join(term.choices)}")
    return OneOf(term.name, values, negated)


def _includes(term: Term, node: Node, scope: Scope) -> Condition:
    match = _INCLUDES.match(text(node)) if isinstance(node, Text) else None
    if not match:
        raise UsageError(f"{term.name}: {text(node)!r} is not a test of several choices", _example(term))
    negated, how, said = match.groups()
    other = scope.vocabulary.terms.get(said)
    if other is not None and other.type == "choices":
        found: Condition = Includes(term.name, said, how == "all of ")
    else:
        values = tuple(word.strip() for word in said.removeprefix("[").removesuffix("]").split(","))
        for value in values:
            if value not in term.choices:
                hint = nearest(value, term.choices) or f"choices: {', '.join(term.choices)}"
                raise UsageError(f"{value!r} is not a choice of {term.name}", hint)
        found = Includes(term.name, values, how == "all of ")
    return Not(found) if negated else found


def _amounts(term: Term, said: str, scope: Scope) -> list[Condition]:
    if match := _AMOUNT.match(said):
        return [_amount(term, _OPS[match[1]], match[2], scope)]
    if match := _RANGE.match(said):
        upper: Op = "<" if match[2] else "<="
        least, most = _amount(term, ">=", match[1], scope), _amount(term, upper, match[3], scope)
        if not least.bound.parameter and not most.bound.parameter and least.bound.number > most.bound.number:
            raise UsageError(f"{term.name}: {said!r} runs backwards", "write the smaller figure first")
        return [least, most]
    raise UsageError(f"{term.name}: {said!r} is not a comparison", _example(term))


def _amount(term: Term, op: Op, figure: str, scope: Scope) -> Amount:
    is_money, share = term.type == "money", _SHARE.match(figure)
    per_cent, figure = (int(share[1]), share[2]) if share else (100, figure)
    if figure in scope.parameters:
        return Amount(term.name, op, Bound(parameter=scope.parameters[figure], per_cent=per_cent), is_money)
    other = scope.vocabulary.terms.get(figure)
    if other is not None and other.type == term.type:
        return Amount(term.name, op, Bound(fact=figure, per_cent=per_cent), is_money)
    if re.match(r"[a-z]", figure):
        hint = nearest(figure, [*scope.parameters, *scope.vocabulary.terms])
        raise UsageError(f"no parameter is called {figure!r}, and no fact of its type", hint)
    if share:
        raise UsageError(f"{term.name}: {figure!r} is a figure of its own", "write the share out as a figure")
    if is_money:
        amount = money(figure, term.name)
        if amount.vat == "none":
            raise UsageError(f"{term.name}: a figure to compare with is incl VAT or excl VAT", "write one of the two")
        return Amount(term.name, op, Bound(amount.pence, amount.vat), True)
    return Amount(term.name, op, Bound(_whole(figure, term.name)), False)


def _whole(figure: str, name: str) -> int:
    if not re.fullmatch(r"\d{1,9}", figure, re.ASCII):
        raise UsageError(f"{name}: {figure!r} is not a whole number", "write digits only")
    return int(figure)


def _order(term: Term, said: str, scope: Scope) -> Condition:
    if said in ("done", "not done"):
        if not term.milestone:
            raise UsageError(f"{term.name} is not a milestone, it cannot be done", "test it with before or after")
        return Done(term.name, said == "not done")
    if said.startswith(("not before ", "not after ")):
        return Not(_order(term, said.removeprefix("not "), scope))
    match = _ORDER.match(said)
    if not match:
        raise UsageError(f"{term.name}: {said!r} is not a test of a date", _example(term))
    op, other = cast(Sequence_, match[2]), match[3]
    if match[1] and not term.milestone:
        raise UsageError(f"{term.name} is not a milestone, it cannot be done", "leave done out")
    if other in scope.vocabulary.terms and scope.vocabulary.terms[other].dated:
        return Order(term.name, op, other, bool(match[1]))
    if re.match(r"[a-z]", other):
        raise UsageError(f"{other!r} is no milestone or date", nearest(other, scope.vocabulary.dated))
    return Order(term.name, op, parse_moment(other, term.name), bool(match[1]))


def _period(node: Map, scope: Scope) -> Condition:
    read = fields(node, scope.problems, *KEYS["counted"])
    inner = fields(read["period"], scope.problems, *KEYS["period"])
    bounds = [word for word in _BOUNDS if word in read]
    if len(bounds) != 1:
        scope.wrong(node.where, "a period needs one bound", f"write one of {', '.join(_BOUNDS)}")
        return ALWAYS
    leaf = Period(
        _moment_name(inner.get("from"), scope),
        _moment_name(inner.get("to"), scope),
        *_clock(inner, node.where, scope),
        _BOUNDS[bounds[0]],
        _count_bound(read[bounds[0]], scope),
        yes(inner.get("done"), scope.problems),
        text(inner.get("unit")),
        _cut_off(inner.get("cut_off"), scope),
        one_of(inner.get("starts"), ("same day", "day after"), scope.problems) == "day after",
    )
    title, cite = text(read.get("title")), text(read.get("cite"))
    return All((leaf,), title, cite) if title or cite else leaf


def _cut_off(node: Node | None, scope: Scope) -> int | None:
    if node is None:
        return None
    match = _CUT_OFF.match(text(node))
    if not match:
        scope.wrong(node.where, f"{text(node)!r} is no hour", "write it as 12:00")
        return None
    return int(match[1]) * 60 + int(match[2])


def _moment_name(node: Node | None, scope: Scope) -> str:
    name = text(node)
    if node is not None and (name not in scope.vocabulary.terms or not scope.vocabulary.terms[name].dated):
        scope.wrong(node.where, f"{name!r} is no milestone or date", nearest(name, scope.vocabulary.dated))
    return name


def _clock(inner: dict[str, Node], where: Where, scope: Scope) -> tuple[Clock, str]:
    unit = one_of(inner.get("unit"), UNITS, scope.problems)
    calendar = text(inner.get("calendar"))
    roll = "forward" if inner.get("roll") and one_of(inner.get("roll"), ("forward",), scope.problems) else ""
    if calendar and calendar not in scope.calendars:
        scope.wrong(inner["calendar"].where, f"no calendar is called {calendar!r}", nearest(calendar, scope.calendars))
    if not calendar and (unit in _WORKING or roll or "holds_working" in inner):
        scope.wrong(where, "working days need a calendar", "add calendar: england-and-wales")
    if unit == "hours":
        _hours(inner, where, scope)
    clear = unit.startswith("clear ")
    if clear and ("first_day" in inner or "last_day" in inner):
        scope.wrong(where, "clear days leave out both ends", "leave out first_day and last_day")
    first = "excluded" if clear else one_of(inner.get("first_day"), ENDS, scope.problems)
    last = "excluded" if clear else one_of(inner.get("last_day"), ENDS[::-1], scope.problems)
    holding = _count_bound(inner["holds_working"], scope) if "holds_working" in inner else Bound()
    if holding.parameter or holding.fact:
        scope.wrong(inner["holds_working"].where, "holds_working takes a whole number", "write the number out")
    clock = Clock(unit.removeprefix("clear "), first, last, roll, holding.number)  # type: ignore[arg-type]
    return clock, calendar


def _hours(inner: dict[str, Node], where: Where, scope: Scope) -> None:
    """What is wrong with a period of hours: it counts days besides, or an end of it never has an hour."""
    if words := [word for word in DAILY if word in inner]:
        scope.wrong(inner[words[0]].where, f"{words[0]} counts days, and this period hours", "leave it out")
    for end in ("from", "to"):
        term = scope.vocabulary.terms.get(text(inner.get(end)))
        if term is not None and not term.minute:
            what = f"{term.name} has no hour, so hours cannot be counted"
            scope.wrong(inner[end].where, what, "count days, or give it precision: minute in the vocabulary")


def _count_bound(node: Node, scope: Scope) -> Bound:
    said = text(node)
    if said in scope.parameters:
        return Bound(parameter=scope.parameters[said])
    other = scope.vocabulary.terms.get(said)
    if other is not None and other.type == "integer":
        return Bound(fact=said)
    try:
        return Bound(_whole(said, "the bound"))
    except UsageError:
        hint = nearest(said, scope.parameters) or "write it in digits"
        scope.wrong(node.where, f"{said!r} is neither a whole number nor a parameter", hint)
        return Bound()


# Walking and saying -----------------------------------------------------------------------------------------------


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Every test in the tree, in the order written."""
    match condition:
        case All(items) | AnyOf(items):
            for item in items:
                yield from leaves(item)
        case Not(item):
            yield from leaves(item)
        case _:
            yield condition


def names(condition: Condition) -> frozenset[str]:
    """Every fact and milestone the condition reads."""
    found: set[str] = set()
    for leaf in leaves(condition):
        found.update(leaf_names(leaf))
    return frozenset(found)


def leaf_names(leaf: Leaf) -> tuple[str, ...]:
    """The facts and milestones one test reads."""
    if isinstance(leaf, Order):  # isinstance and not match: this is asked a hundred times in every decision
        return (leaf.left, leaf.right) if isinstance(leaf.right, str) else (leaf.left,)
    if isinstance(leaf, Period):
        return (leaf.start, leaf.end, leaf.bound.fact) if leaf.bound.fact else (leaf.start, leaf.end)
    if isinstance(leaf, Amount):
        return (leaf.fact, leaf.bound.fact) if leaf.bound.fact else (leaf.fact,)
    if isinstance(leaf, Includes):
        return (leaf.fact, leaf.values) if isinstance(leaf.values, str) else (leaf.fact,)
    return (leaf.milestone,) if isinstance(leaf, Done) else (leaf.fact,)


def parameters(condition: Condition) -> frozenset[str]:
    """Every parameter the condition names."""
    bounds = (leaf.bound for leaf in leaves(condition) if isinstance(leaf, Amount | Period))
    return frozenset(bound.parameter for bound in bounds if bound.parameter)


Figure = Callable[[Bound, bool], str]


def figure_words(bound: Bound, is_money: bool) -> str:
    """A bound for people: its figure, or its parameter's name."""
    if bound.parameter or bound.fact:
        return f"{_share(bound)}{bound.parameter or bound.fact}"
    return words(Money(bound.number, bound.vat)) if is_money else f"{bound.number:,}"


def _share(bound: Bound) -> str:
    return "" if bound.per_cent == 100 else f"{bound.per_cent} per cent of "


def say(condition: Condition, figure: Figure = figure_words) -> str:
    """The condition in plain words."""
    match condition:
        case All(_, title, _):
            return title or " and ".join(_within(condition, figure)) or "always"
        case AnyOf():
            return " or ".join(_within(condition, figure))
        case Not(Order(left, op, right)):
            return f"{left} not {op} {right}"
        case Not(item):
            return f"not ({say(item, figure)})"
        case Truth(fact, value):
            return f"{fact} is {words(value)}"
        case OneOf(fact, values, negated):
            return f"{fact} is {'not ' if negated else ''}{' or '.join(values)}"
        case Includes(fact, values, every):
            how = "all of " if every else "any of " if isinstance(values, str) or len(values) > 1 else ""
            return f"{fact} includes {how}{values if isinstance(values, str) else ', '.join(values)}"
        case Amount(fact, op, bound, is_money):
            return f"{fact} {_op_words(op)} {figure(bound, is_money)}"
        case Order(left, op, right, done):
            return f"{left} {'done ' if done else ''}{op} {right}"
        case Done(milestone, negated):
            return f"{milestone} {'not ' if negated else ''}{'recorded' if condition.fact else 'done'}"
        case Period():
            return f"{_op_words(condition.op)} {figure(condition.bound, False)} {_unit_words(condition)}"


def _within(outer: All | AnyOf, figure: Figure) -> list[str]:
    """Its items, each in brackets where it holds an `or` inside this `and`, or an `and` inside this `or`."""
    said = []
    for item in outer.items:
        parts = item.values if isinstance(item, OneOf) else item.items if isinstance(item, All | AnyOf) else ()
        other = isinstance(item, All) != isinstance(outer, All) and not (isinstance(item, All) and item.title)
        said.append(f"({say(item, figure)})" if len(parts) > 1 and other else say(item, figure))
    return said


def _op_words(op: Op) -> str:
    return {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}[op]


def _unit_words(period: Period) -> str:
    start = f"the day after {period.start}" if period.day_after else period.start
    began = f"beginning with {start}" if period.clock.first_day == "counts" else f"after {start}"
    late = "" if period.cut_off is None else f" (by {period.cut_off // 60:02d}:{period.cut_off % 60:02d} of the day)"
    if period.clock.last_day == "excluded":
        return f"{period.said} {began} and before {period.end}{late}"
    return f"{period.said} {began}, to {period.end}{late}"
