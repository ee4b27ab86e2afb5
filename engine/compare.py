"""Two versions of a pack as the differences between them, and several authorities' own duties beside each other.

Values in, values out. What counts is what a pack says: order, layout and worked cases are not differences. Every
field of a head, figure, table or rule is compared, so that one added to `law` is never silently left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import SequenceMatcher
from typing import TypeVar

from engine.conditions import All, Amount, AnyOf, Done, Includes, Not, OneOf, Order, Period, Truth, parameters
from engine.law import InForce, Law, Pack, Parameter, Reading, Row, Rule, Table
from engine.model import MANDATORY, Moment
from engine.wording import asks, bare, doubt, exact, figure, own_when, rows, span, then, written_when

T = TypeVar("T")
Item = Pack | Parameter | Table | Rule

_SKIPPED = ("id", "digest", "where", "pack", "layer", "governs", "open")  # where a thing stands is not what it says
_SAID = {
    "when": "applies when",
    "require": "requires",
    "in_force": "in force",
    "as_at": "judged as at",
    "refer": "asks a person",
    "rests_on": "a judgement rests on",
    "source_facts": "written from",
    "source_as_at": "source as at",
    "hit": "of its rows",
    "vat": "VAT",
    "order": "strictest first",
}
_CONDITIONS = (All, AnyOf, Not, Truth, OneOf, Includes, Amount, Order, Done, Period)


# Two versions of one pack -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing two versions say differently; `change` is added, removed or changed, `what` names the part."""

    kind: str
    name: str
    change: str
    what: str = ""
    new: str = ""
    old: str = ""

    def __str__(self) -> str:
        if self.change != "changed":
            return f"{self.name}: {self.what or self.kind} {self.change}: {self.new or self.old}"
        if self.new == self.old:
            return f"{self.name}: {self.what} is worded otherwise, in the same sense: {self.new}"
        return f"{self.name}: {self.what} {self.new.removesuffix('.')}, was {self.old}"


def differences(old: Law, new: Law) -> tuple[Difference, ...]:
    """What the one pack in `new` says otherwise than the one pack in `old`: its head, figures, tables, rules."""
    before, after = next(iter(old.packs.values())), next(iter(new.packs.values()))
    found: list[Difference] = []
    if before.id != after.id:
        found.append(Difference("pack", after.id, "changed", "pack", after.id, before.id))
    for what in ("layer", "governs"):  # of the head they are what it says, of a rule only where it stands
        said = _said(getattr(after, what), after.id), _said(getattr(before, what), before.id)
        if said[0] != said[1]:
            found.append(Difference("pack", after.id, "changed", what, *said))
    found += _fields("pack", after.id, before, after, before.id, after.id)
    for kind, was, now in (
        ("figure", old.parameters, new.parameters),
        ("table", {table.id: table for table in old.tables}, {table.id: table for table in new.tables}),
        ("rule", _ungated(old), _ungated(new)),
    ):
        found += _each(kind, _local(was), _local(now), before.id, after.id)
    return tuple(found)


def _ungated(law: Law) -> Mapping[str, Item]:
    return {id: replace(rule, when=own_when(rule, law)) for id, rule in law.rules.items()}


def _local(named: Mapping[str, T]) -> dict[str, T]:
    return {id.partition(".")[2]: each for id, each in named.items()}


def _each(
    kind: str, was: Mapping[str, Item], now: Mapping[str, Item], old_pack: str, new_pack: str
) -> Iterator[Difference]:
    for name in dict.fromkeys((*was, *now)):
        before, after = was.get(name), now.get(name)
        if before is None and after is not None:
            yield Difference(kind, name, "added", new=_whole(after))
        elif after is None and before is not None:
            yield Difference(kind, name, "removed", old=_whole(before))
        elif before is not None and after is not None:
            yield from _fields(kind, name, before, after, old_pack, new_pack)


def _whole(item: Item) -> str:
    """A thing added or removed, in a sentence: its title and what it asks."""
    title = item.title.rstrip(".")
    if isinstance(item, Rule):
        return f"{title}: {'; or '.join(asks(item))}"
    if isinstance(item, Table):
        return f"{title}: {'; '.join(rows(item))}"
    if isinstance(item, Parameter):
        return f"{title}: " + "; ".join(f"from {Moment(day)} {figure(item, value)}" for day, value in item.values)
    return title


def _fields(kind: str, name: str, was: Item, now: Item, old_pack: str, new_pack: str) -> Iterator[Difference]:
    for what in (field.name for field in fields(now) if field.name not in _SKIPPED):
        before, after = getattr(was, what), getattr(now, what)
        if what == "values" and isinstance(was, Parameter) and isinstance(now, Parameter):
            yield from _values(name, was, now)
        elif what == "rows" and isinstance(was, Table) and isinstance(now, Table):
            yield from _rows(name, was.rows, now.rows, old_pack, new_pack)
        elif what == "otherwise" and isinstance(was, Table) and isinstance(now, Table):
            if _otherwise(was) != _otherwise(now):
                yield Difference(kind, name, "changed", what, _otherwise(now), _otherwise(was))
        elif _bare(before, old_pack) != _bare(after, new_pack):
            said = _said(after, new_pack), _said(before, old_pack)
            yield _part(kind, name, _SAID.get(what, what.replace("_", " ")), *said)


def _part(kind: str, name: str, what: str, new: str, old: str) -> Difference:
    change = "changed" if new and old else "added" if new else "removed"
    return Difference(kind, name, change, what, new, old)


def _bare(value: object, pack: str) -> str:
    """The value so that two can be compared whatever their packs are called."""
    return re.sub(rf"'{re.escape(pack)}\.", "'", repr(value))


def _said(value: object, pack: str) -> str:
    if isinstance(value, InForce):
        return span(value)
    if isinstance(value, _CONDITIONS):
        return exact(value, pack)
    if isinstance(value, tuple):
        return "; ".join(filter(None, (_said(each, pack) for each in value)))
    if isinstance(value, Reading):
        return f"{value.title} ({value.cite}): {exact(value.require, pack)}"
    return "" if value is None else "yes" if value is True else "no" if value is False else str(value)


def _values(name: str, was: Parameter, now: Parameter) -> Iterator[Difference]:
    """Each day from which the two give another figure, or only one of them starts a figure."""
    old, new = dict(was.values), dict(now.values)
    for day in sorted({*old, *new}):
        before, after = was.on(day), now.on(day)
        said = tuple(
            "no figure" if found is None else figure(parameter, found[1])
            for parameter, found in ((now, after), (was, before))
        )
        what = f"from {Moment(day)}"
        if said[0] != said[1]:
            yield Difference("figure", name, "changed", what, said[0], said[1])
        elif (day in old) != (day in new):
            change = "added" if day in new else "removed"
            yield Difference("figure", name, change, f"the date {Moment(day)}", new=f"{said[0]}, as it was before")


def _rows(name: str, was: Sequence[Row], now: Sequence[Row], old_pack: str, new_pack: str) -> Iterator[Difference]:
    old, new = ([_row(row, pack) for row in listed] for listed, pack in ((was, old_pack), (now, new_pack)))
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for place in range(max(j - i, m - k)):
            before = old[i + place] if i + place < j else ""
            after = new[k + place] if k + place < m else ""
            number = k + place + 1 if after else i + place + 1
            yield _part("table", name, f"row {number}", after, before)


def _otherwise(table: Table) -> str:
    return "nothing written" if table.open else then(table.otherwise)


def _row(row: Row, pack: str) -> str:
    return f"if {exact(row.when, pack)}: {then(row.then)}" + (f" ({row.cite})" if row.cite else "")


# Authorities beside each other ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty, table or figure by the name authorities give it: what each says, and what is not certain in it."""

    kind: str
    name: str
    title: str
    says: Mapping[str, str]
    doubts: Mapping[str, str]
    mark: str
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """A step: the rules all are bound by, and what each authority asks of its own."""

    step: str
    shared: tuple[str, ...]
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Authorities beside each other: step by step, then the tables and figures of their own."""

    authorities: tuple[str, ...]
    steps: tuple[Beside, ...]
    tables: tuple[Duty, ...]
    figures: tuple[Duty, ...]


def side_by_side(laws: Mapping[str, Law], steps: Iterable[str], only: str = "") -> Comparison:
    """Each authority's whole law (by the name to show) as duties beside each other, in the order of the steps.

    `only` leaves one step, and what bears on it.
    """
    own = {name: _own(law) for name, law in laws.items()}
    common = next(iter(laws.values()))
    named = dict.fromkeys((*steps, *(step for law in laws.values() for step in law.steps)))
    listed = [step for step in named if only in ("", step)]
    beside = [Beside(step, _shared(common, step), _duties("rule", _bound(own, step))) for step in listed]
    tables = {name: {table.decides: table for table in law.tables} for name, law in own.items()}
    reach = {step: frozenset().union(*(_reach(law, step) for law in laws.values())) for step in listed}
    figures = {name: _local(law.parameters) for name, law in own.items()}
    return Comparison(
        tuple(laws),
        tuple(each for each in beside if each.shared or each.duties),
        _placed(_duties("table", tables), reach, only),
        _placed(_duties("figure", figures), reach, only),
    )


def _placed(duties: Iterable[Duty], reach: Mapping[str, frozenset[str]], only: str) -> tuple[Duty, ...]:
    """The duties with the steps they bear on; with `only`, those that bear on one."""
    placed = (replace(duty, steps=tuple(step for step in reach if duty.name in reach[step])) for duty in duties)
    return tuple(duty for duty in placed if duty.steps or not only)


def _shared(law: Law, step: str) -> tuple[str, ...]:
    return tuple(rule.id for rule in law.steps.get(step, ()) if not law.packs[rule.pack].authority)


def _own(law: Law) -> Law:
    return law.only({pack.id for pack in law.packs.values() if pack.authority})


def _bound(own: Mapping[str, Law], step: str) -> Mapping[str, Mapping[str, Rule]]:
    return {name: _local({rule.id: rule for rule in law.steps.get(step, ())}) for name, law in own.items()}


def _reach(law: Law, step: str) -> frozenset[str]:
    """Every fact the rules of a step read, themselves or by way of tables, and the own figures they name."""
    seen: set[str] = set()
    bound = law.steps.get(step, ())
    conditions = [condition for rule in bound for condition in rule.conditions]
    ahead = [name for rule in bound for name in rule.reads]
    while ahead:
        if (name := ahead.pop()) not in seen:
            seen.add(name)
            for table in law.deciding.get(name, ()):
                ahead += table.reads
                conditions += table.conditions
    named = {name for condition in conditions for name in parameters(condition)}
    return frozenset(seen).union(
        name.partition(".")[2] for name in named if law.packs[name.partition(".")[0]].authority
    )


def _duties(kind: str, named: Mapping[str, Mapping[str, Rule | Table | Parameter]]) -> tuple[Duty, ...]:
    found = []
    for name in dict.fromkeys(name for each in named.values() for name in each):
        items = {who: each[name] for who, each in named.items() if name in each}
        says = {who: _sentence(item) for who, item in items.items()}
        doubts = {who: said for who, item in items.items() if (said := doubt(item))}
        title, mark = next(iter(items.values())).title, _mark(says, tuple(named))
        if mark != "the same" and len({item.title for item in items.values()}) > 1:
            says = {who: f"{items[who].title}: {said}" for who, said in says.items()}
        found.append(Duty(kind, name, title, says, doubts, mark))
    return tuple(found)


def _mark(says: Mapping[str, str], everybody: tuple[str, ...]) -> str:
    if len(says) < len(everybody):
        return f"only {', '.join(says)}"
    return "the same" if len(set(says.values())) == 1 else "differs"


def _sentence(item: Rule | Table | Parameter) -> str:
    if isinstance(item, Table):
        said = "; ".join(rows(item))
        return f"{said}; a person judges: {item.refer}" if item.refer else said
    if isinstance(item, Parameter):
        return "; ".join(f"from {Moment(day)} {figure(item, value)}" for day, value in item.values)
    when = exact(bare(written_when(item)), item.pack)
    said = "; or ".join(asks(item)) + (f" ({item.effect})" if item.effect != MANDATORY else "")
    limits = "" if span(item.in_force) == "always" else f", in force {span(item.in_force)}"
    limits += f"; unless {' or '.join(item.yields_to)} applies" if item.yields_to else ""
    return f"{said}{limits}" if when == "always" else f"when {when}: {said}{limits}"
