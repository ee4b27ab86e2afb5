"""Packs, vocabulary and calendars from YAML text to law: every fault at once, with its place (docs/formats/pack.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from engine import calendars, canonical, conditions, vocabulary
from engine.calendars import Calendar
from engine.conditions import All, Amount, Not, Order, Period
from engine.errors import CanonicalError, PackError
from engine.law import LAYERS, Law, Parameter, Rule, Table
from engine.markup import Node, Problem, Where
from engine.model import WAIVABLE, Moment
from engine.packreader import EQUIVALENT, Files, PackReader, digest, kept, nodes_of
from engine.schema import fields, named, nearest, text, texts
from engine.vocabulary import Vocabulary

__all__ = ["EQUIVALENT", "Entry", "Files", "archive", "build", "check", "checked", "digest", "kept", "unpack"]


def archive(files: Files) -> bytes:
    """The bytes by which a pack is kept for replay: the canonical object of path to text, cases left out."""
    return canonical.encode(dict(kept(files)))


def unpack(data: bytes, expected: str) -> Files:
    """The files in an archive; PackError when they do not have the digest expected."""
    try:
        files = canonical.decode(data)
    except CanonicalError as error:
        raise PackError("a kept pack cannot be read", error.message) from error
    if not isinstance(files, dict) or not all(isinstance(source, str) for source in files.values()):
        raise PackError("a kept pack is not files")
    found: Files = {path: str(source) for path, source in files.items()}
    if digest(found) != expected:
        raise PackError(f"a kept pack does not have its digest {expected[:12]}")
    return found


def build(words: Files, days: Files, packs: Iterable[Files], steps: frozenset[str] = frozenset()) -> Law:
    """The law in a vocabulary, calendars and packs; PackError with every problem when any is broken."""
    law, problems = check(words, days, packs, steps)
    if problems:
        raise PackError(f"{len(problems)} problem{'s' * (len(problems) > 1)} in the packs", str(problems[0]), problems)
    return law


def check(
    words: Files, days: Files, packs: Iterable[Files], steps: frozenset[str] = frozenset()
) -> tuple[Law, tuple[Problem, ...]]:
    """The law and everything wrong with it; with problems, only what could be read is in it."""
    return checked(words, days, packs, steps)[:2]


def checked(
    words: Files, days: Files, packs: Iterable[Files], steps: frozenset[str] = frozenset()
) -> tuple[Law, tuple[Problem, ...], list[Entry]]:
    """The same, and every parameter, table and rule as it is written, in the order of the files."""
    problems: list[Problem] = []
    known, found, readers = _read(words, days, packs, steps, problems)
    law = Law(
        known,
        found,
        {reader.head.id: reader.head for reader in readers},
        {id: parameter for reader in readers for id, parameter in reader.parameters.items()},
        _ordered([table for reader in readers for table in reader.tables], problems),
        {rule.id: rule for reader in readers for rule in reader.rules},
        tuple(case for reader in readers for case in reader.cases),
        {path.rpartition("/")[2].removesuffix(".yaml"): digest({path: source}) for path, source in days.items()},
    )
    unread = {reader.head.id for reader in readers if reader.unread}
    problems.extend((*_twice(readers), *_dangling(law, unread), *_mismatched(law), *_unwaivable(law), *_alike(law)))
    law = _yielding(law, problems)
    return law, tuple(sorted(set(problems))), _entries(readers)


def _read(
    words: Files, days: Files, packs: Iterable[Files], steps: frozenset[str], problems: list[Problem]
) -> tuple[Vocabulary, dict[str, Calendar], list[PackReader]]:
    """The vocabulary, the calendars and every pack read against them."""
    known, faults = vocabulary.parse(nodes_of(words, problems))
    problems.extend(faults)
    known = replace(known, digest=digest(words))
    found = _calendars(days, problems)
    readers = [PackReader(files, known, frozenset(found), steps, problems) for files in packs]
    for reader in readers:
        open_to = ("", reader.head.authority)  # another authority's figures are not there when this pack is used
        seen = [each for each in readers if each.head.authority in open_to]
        names = {name: name for each in seen for name in each.parameters}
        reader.read({**names, **{name.partition(".")[2]: name for name in reader.parameters}})
    return known, found, readers


# One entry of a pack, written differently ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One parameter, table or rule of a pack as it is written; `id` has no word of a `for_each` in it."""

    kind: str  # parameters, tables, rules
    id: str
    node: Node
    where: Where
    reader: PackReader

    def read(self, node: Node) -> tuple[tuple[Parameter | Table | Rule, ...], tuple[Problem, ...]]:
        """What the entry says when it is written as `node`, and everything wrong with that."""
        return self.reader.again(self.kind, self.id.partition(".")[2], node, self.where)


def _entries(readers: Iterable[PackReader]) -> list[Entry]:
    return [
        Entry(kind, f"{reader.head.id}.{name}", node, where, reader)
        for reader in readers
        for section in reader.sections
        for kind in ("parameters", "tables", "rules")
        for name, node, where in named(section.get(kind), [])
    ]


def _ordered(tables: list[Table], problems: list[Problem]) -> tuple[Table, ...]:
    """Tables so that each derived fact stands after those it needs; a cycle is a problem."""
    by_fact: dict[str, list[Table]] = {}
    for table in tables:
        by_fact.setdefault(table.decides, []).append(table)
    needs = {fact: sorted(frozenset().union(*(each.reads for each in by_fact[fact]))) for fact in sorted(by_fact)}
    while True:
        try:
            order = list(TopologicalSorter(needs).static_order())
        except CycleError as error:
            fact = min(error.args[1])
            others = [str(by_fact[each][-1].where) for each in sorted({*error.args[1]} - {fact})]
            what = f"{fact} is derived from itself{', by way of ' * bool(others)}{', '.join(others)}"
            problems.append(Problem(by_fact[fact][0].where, what, "break the circle"))
            needs[fact] = []
        else:
            return tuple(table for fact in order for table in by_fact.get(fact, ()))


def _twice(readers: Iterable[PackReader]) -> Iterable[Problem]:
    """Packs of one name."""
    seen: dict[str, Where] = {}
    for reader in readers:
        where = reader.head.where
        if (first := seen.setdefault(reader.head.id, where)) is not where:
            yield Problem(where, f"the pack {reader.head.id} stands twice", f"see {first}")


def _dangling(law: Law, unread: Collection[str]) -> Iterable[Problem]:
    """Cases of rules and tables that do not exist, or of steps that the rule does not bind; not of packs half read."""
    for case in law.cases:
        subject = law.subjects.get(case.subject)
        if subject is None and case.subject.partition(".")[0] in unread:
            continue
        if subject is None:
            hint = nearest(case.subject, law.subjects)
            yield Problem(case.where, f"no rule or table is called {case.subject!r}", hint)
        elif case.step and case.step not in _steps_of(subject, law):
            yield Problem(case.where, f"{case.subject} does not bind the step {case.step!r}", "name a step it binds")


def _steps_of(subject: Rule | Table, law: Law) -> tuple[str, ...]:
    """The steps a rule binds; of one that waives others, those that they bind."""
    if isinstance(subject, Table):
        return ()
    waived = (law.rules[id] for id in subject.waives if id in law.rules)
    return (*subject.binds, *(step for rule in waived for step in rule.binds))


def _unwaivable(law: Law) -> Iterable[Problem]:
    """What waives no rule that can be waived, and what can be waived and never is."""
    for rule in law.rules.values():
        for id in rule.waives:
            if id not in law.rules:
                yield Problem(rule.where, f"{rule.id} waives no rule: {id!r}", nearest(id, law.rules))
            elif law.rules[id].effect != WAIVABLE:
                yield Problem(
                    rule.where, f"{id} cannot be waived", f"write effect: {WAIVABLE} there, if its source says so"
                )
            elif LAYERS.index(law.rules[id].layer) < LAYERS.index(rule.layer):
                what = f"{rule.id} of layer {rule.layer} cannot waive {id} of layer {law.rules[id].layer}"
                yield Problem(rule.where, what, "a layer above is never relaxed")
        if rule.effect == WAIVABLE and rule.id not in law.waivers:
            yield Problem(rule.where, f"{rule.id} is waivable, and no rule waives it", "write one with waives:")


def _yielding(law: Law, problems: list[Problem]) -> Law:
    """The law with every rule that yields to others out of force where they apply."""
    rules = dict(law.rules)
    for rule in law.rules.values():
        for id in rule.yields_to:
            other = law.rules.get(id)
            if other is None:
                problems.append(Problem(rule.where, f"{rule.id} yields to no rule: {id!r}", nearest(id, law.rules)))
                continue
            if LAYERS.index(other.layer) >= LAYERS.index(rule.layer):
                what = f"{rule.id} of layer {rule.layer} cannot yield to {id} of layer {other.layer}"
                problems.append(Problem(rule.where, what, "it gives way to a layer above only: say it in when:"))
                continue
            applies = [other.when]
            for op, day in (("on or after", other.in_force.start), ("on or before", other.in_force.end)):
                if day is not None and other.as_at:
                    applies.append(Order(other.as_at, op, Moment(day)))  # type: ignore[arg-type]
            rules[rule.id] = replace(rules[rule.id], when=All((rules[rule.id].when, Not(All(tuple(applies))))))
    return replace(law, rules=rules)


def _alike(law: Law) -> Iterable[Problem]:
    """A figure and a table or rule of one name: nobody could tell which of them a case or a change is about."""
    for id, parameter in law.parameters.items():
        if id in law.subjects:
            what = f"{id} is a figure, and also a {'table' if isinstance(law.subjects[id], Table) else 'rule'}"
            yield Problem(parameter.where, what, f"give one of them another name; see {law.subjects[id].where}")


def _mismatched(law: Law) -> Iterable[Problem]:
    """Figures compared with what they do not measure: pounds with days, a number with pounds."""
    for subject in law.subjects.values():
        for leaf in (leaf for condition in subject.conditions for leaf in conditions.leaves(condition)):
            bound = leaf.bound if isinstance(leaf, Amount | Period) else None
            unit = law.parameters[bound.parameter].unit if bound and bound.parameter in law.parameters else ""
            if unit and (unit == "money") != (isinstance(leaf, Amount) and leaf.money):
                what = f"{bound.parameter if bound else ''} is in {unit}, and {conditions.say(leaf)!r} is not"
                yield Problem(subject.where, what, "name a parameter of the same unit")


def _calendars(files: Files, problems: list[Problem]) -> dict[str, Calendar]:
    found: dict[str, Calendar] = {}
    unions: list[tuple[str, str, tuple[str, ...], Where]] = []
    for node in nodes_of(files, problems).values():
        optional = ("from", "to", "days", "union", "source", "source_facts", "checked")
        read = fields(node, problems, ("calendar", "title"), optional)
        name, title = text(read.get("calendar")), text(read.get("title"))
        if "union" in read:
            unions.append((name, title, texts(read["union"], problems), node.where))
            continue
        if name in found or name in [each for each, *_ in unions]:
            problems.append(Problem(node.where, f"the calendar {name} stands twice"))
        dates = {day: text(value) for day, value, _ in named(read.get("days"), problems)}
        try:
            found[name] = calendars.from_dates(name, title, dates, text(read.get("from")), text(read.get("to")))
        except ValueError as error:
            problems.append(Problem(node.where, f"calendar {name}: {error}", "write dates as 2025-12-25"))
    for name, title, parts, where in unions:
        if missing := [part for part in parts if part not in found]:
            problems.append(Problem(where, f"no calendar is called {missing[0]!r}", nearest(missing[0], found)))
        else:
            found[name] = calendars.union(name, title, [found[part] for part in parts])
    return found
