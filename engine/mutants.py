"""Mutants: an entry of a pack with one thing in it changed, and whether its worked cases notice.

A change is made in the entry's nodes as its author wrote them, and read again as any pack is. One that cannot be read
has been noticed. The rest is judged on the entry's own cases (of a figure: the cases of what uses it) by the reference
evaluator alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from engine import cases, markup, packs
from engine.law import Case, Law, Parameter, Rule, Table
from engine.markup import Map, Node, Problem, Seq, Text, Where
from engine.model import Moment, moment
from engine.packs import Entry, Files
from engine.schema import fields, nearest, text
from engine.vocabulary import Term

Change = tuple[Where, str, str, Node]  # where, what stood there, what stands there now, the node around it
Terms = Mapping[str, Term]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"(?<![\d.,\-\w])\d[\d,]*(?![\d\-])", re.ASCII)
_NEAR = (
    *(("at least ", "more than "), ("at most ", "below "), ("before ", "on or before "), ("after ", "on or after ")),
    *(("done before ", "done on or before "), ("done after ", "done on or after ")),
)
_WORDS = dict([("not before ", "after "), ("not after ", "before "), *_NEAR, *((two, one) for one, two in _NEAR)])
_BOUNDS = {"at_least": "more_than", "more_than": "at_least", "at_most": "less_than", "less_than": "at_most"}
_UNITS = {
    "working days": ("days",),
    "clear days": ("days",),
    "clear working days": ("clear days", "working days"),
    "weeks": ("days",),
    "months": ("weeks",),
    "years": ("months",),
    "hours": ("days",),
}
_ENDS = (("first_day", "excluded"), ("last_day", "counts"))  # and what each is when it is not written
_OTHER = {"excluded": "counts", "counts": "excluded", "yes": "no", "no": "yes"}
_VAT = {
    "money incl VAT": "money excl VAT",
    "money excl VAT": "money incl VAT",
    "money VAT unstated": "money incl VAT",
}


class Mutant(NamedTuple):
    """One change of one entry: where it is, whose it is, what stood there, what stands there now."""

    where: Where
    subject: str
    before: str
    after: str
    entry: Entry
    node: Node

    def __str__(self) -> str:
        return f"{self.where}: {self.before} → {self.after} survives ({self.subject})"

    def plain(self) -> dict[str, object]:
        """The mutant as JSON has it."""
        return {**self.where._asdict(), "subject": self.subject, "from": self.before, "to": self.after}


class Tried(NamedTuple):
    """What came of trying the mutants of some entries; `excused` survive too, and a person has said why."""

    total: int
    survivors: tuple[Mutant, ...]
    excused: tuple[Mutant, ...]

    def plain(self) -> dict[str, object]:
        """The counts, the survivors and the excused, as JSON has them."""
        noticed = self.total - len(self.survivors) - len(self.excused)
        survive, excused = ([mutant.plain() for mutant in each] for each in (self.survivors, self.excused))
        return {"all": self.total, "noticed": noticed, "survive": survive, "equivalent": excused}

    def __str__(self) -> str:
        killed = self.total - len(self.survivors) - len(self.excused)
        excused = f", {len(self.excused)} equivalent" if self.excused else ""
        return f"{self.total} mutants: {killed} noticed, {len(self.survivors)} survive{excused}"


@dataclass(frozen=True)
class Bench:
    """Everything mutants are tried on: the law, every entry as it is written, the milestone each step records."""

    law: Law
    entries: tuple[Entry, ...]
    milestones: Mapping[str, str | None]

    def of(self, pack: str) -> tuple[Entry, ...]:
        """The entries of one pack, or of all."""
        return tuple(entry for entry in self.entries if not pack or entry.id.partition(".")[0] == pack)


# Trying them ------------------------------------------------------------------------------------------------------


def survivors(entry: Entry, on: Bench, only: Collection[tuple[str, str]] = ()) -> tuple[int, tuple[Mutant, ...]]:
    """How many mutants an entry has, or has of these changes `only`, and those that no case notices."""
    every = mutants(entry, on.law.vocabulary.terms)
    made = tuple(each for each in every if not only or (each.before, each.after) in only)
    if not made:
        return 0, ()
    items, problems = entry.read(entry.node)
    trials = () if problems else tuple(_trials(items, on, sure=bool(only)))
    return len(made), tuple(each for each in made if not _noticed(each, trials))


def tried(
    entries: Iterable[Entry], on: Bench, excuses: Iterable[Equivalent] = (), tick: Callable[[], object] = lambda: None
) -> Tried:
    """What came of every mutant of the entries; `tick` is called after each entry."""
    total, alive = 0, list[Mutant]()
    for entry in entries:
        count, found = survivors(entry, on)
        total, alive = total + count, alive + list(found)
        tick()
    known = {each.names for each in excuses}
    excused = tuple(each for each in alive if (each.subject, each.before, each.after) in known)
    return Tried(total, tuple(sorted((each for each in alive if each not in excused), key=_place)), excused)


def _place(mutant: Mutant) -> tuple[Where, str]:
    return mutant.where, mutant.after


class _Trial(NamedTuple):
    """One case, and no more of the law than it needs."""

    law: Law
    case: Case
    milestones: Mapping[str, str | None]

    def right(self, law: Law) -> bool:
        """Whether the case comes out as expected under a law: its own, or one with a mutant in it."""
        return not cases.run(law, self.case, self.milestones, twice=False).wrong


def _trials(items: Iterable[Parameter | Table | Rule], on: Bench, sure: bool = False) -> Iterator[_Trial]:
    """Each case that speaks of the items and is right as they stand; all of them where that is `sure`."""
    subjects = {id for item in items for id in _using(item, on.law)}
    scopes: dict[str, Law] = {}
    for case in on.law.cases:
        if case.subject not in subjects:
            continue
        if case.subject not in scopes:
            scopes[case.subject] = _only(case.subject, on.law)
        trial = _Trial(scopes[case.subject], case, on.milestones)
        if sure or trial.right(trial.law):
            yield trial


def _using(item: Parameter | Table | Rule, law: Law) -> Iterator[str]:
    if not isinstance(item, Parameter):
        yield item.id
        return
    for subject in law.subjects.values():
        if item.id in subject.figures:
            yield subject.id


def _only(subject: str, law: Law) -> Law:
    """The law under which the cases of one rule or table are judged, without rules and tables they do not need."""
    whole = law.for_authority(law.packs[law.subjects[subject].pack].authority)
    found = whole.subjects[subject]
    rules = {subject: found} if isinstance(found, Rule) else {}
    rules |= {waived: whole.rules[waived] for waived in rules[subject].waives} if rules else {}
    needed = set(found.reads).union(*(rule.reads for rule in rules.values()))
    needed |= {found.decides} if isinstance(found, Table) else set()
    for table in reversed(whole.tables):
        if table.decides in needed:
            needed |= table.reads
    tables = tuple(table for table in whole.tables if table.decides in needed)
    return replace(whole, tables=tables, rules=rules, cases=(), known=None)


def _put(law: Law, items: Iterable[Parameter | Table | Rule]) -> Law:
    new = {item.id: item for item in items}
    if not new:
        return law
    figures = {id: new.get(id, each) for id, each in law.parameters.items()}
    rules = {id: new.get(id, each) for id, each in law.rules.items()}
    tables = tuple(new.get(table.id, table) for table in law.tables)
    return replace(law, parameters=figures, rules=rules, tables=tables)  # type: ignore[arg-type] # one id, one type


def _noticed(mutant: Mutant, trials: Iterable[_Trial]) -> bool:
    items, problems = mutant.entry.read(mutant.node)
    if problems:
        return True
    changed: dict[str, Law] = {}  # by the subject of the cases that are judged under it
    for trial in trials:
        subject = trial.case.subject
        if subject not in changed:
            changed[subject] = _put(trial.law, items)
        if not trial.right(changed[subject]):
            return True
    return False


# Making them ------------------------------------------------------------------------------------------------------


def mutants(entry: Entry, terms: Terms) -> Iterator[Mutant]:
    """Every mutant of an entry, in the order of the file."""
    if isinstance(entry.node, Map):
        changes = {"parameters": _parameter, "tables": _table, "rules": _rule}[entry.kind](entry.node, terms)
        for where, before, after, node in changes:
            yield Mutant(where, entry.id, before, after, entry, node)


def _parameter(node: Map, terms: Terms) -> Iterator[Change]:
    yield from _swapped(node, "unit", _VAT)
    values = node.entries.get("values")
    if not isinstance(values, Map):
        return
    for day in values.entries:
        for other in (each for each in _dates(day) if each not in values.entries):
            renamed = {other if key == day else key: value for key, value in values.entries.items()}
            places = {other if key == day else key: place for key, place in values.keys.items()}
            around = _with(node, "values", Map(renamed, places, values.where))
            yield values.keys[day], f"from {day}", f"from {other}", around
    for where, before, after, inner in _each_text(values, _numbers):
        yield where, before, after, _with(node, "values", inner)


def _table(node: Map, terms: Terms) -> Iterator[Change]:
    decides = terms.get(text(node.entries.get("decides")))

    def value(said: str) -> Iterator[str]:
        yield from _value(said, decides)

    yield from _in_force(node)
    yield from _within(node, "rows", lambda rows: _items(rows, lambda row: _row(row, value, terms)))
    yield from _texts(node, "otherwise", value)


def _row(row: Node, value: Callable[[str], Iterable[str]], terms: Terms) -> Iterator[Change]:
    yield from _within(row, "when", lambda when: _condition(when, terms))
    yield from _texts(row, "then", value)
    if isinstance(row, Map) and isinstance(then := row.entries.get("then"), Seq):
        yield from _shorter(row, "then", then)


def _value(said: str, term: Term | None) -> Iterator[str]:
    """Another value of the fact a table decides."""
    if term is None or said == "refer":
        return
    if term.type == "choice" and said in term.choices and len(term.choices) > 1:
        yield term.choices[(term.choices.index(said) + 1) % len(term.choices)]
    elif term.type == "boolean":
        yield _OTHER.get(said, said)
    elif term.type in ("money", "integer"):
        yield from _numbers(said)
    elif term.dated:
        yield from _dates(said)


def _rule(node: Map, terms: Terms) -> Iterator[Change]:
    def condition(inner: Node) -> Iterator[Change]:
        return _condition(inner, terms)

    yield from _in_force(node)
    yield from _within(node, "when", condition)
    yield from _within(node, "require", condition)
    yield from _within(node, "readings", lambda each: _items(each, lambda one: _within(one, "require", condition)))


def _in_force(node: Map) -> Iterator[Change]:
    for end in ("from", "to"):
        yield from _within(node, "in_force", lambda inner, end=end: _texts(inner, end, _dates))  # type: ignore[misc]


def _condition(node: Node, terms: Terms) -> Iterator[Change]:
    if not isinstance(node, Map):
        return
    if "period" in node.entries:
        yield from _period(node)
        return
    for key, value in node.entries.items():
        if key in ("all", "any", "none"):
            yield from _within(node, key, lambda items: _items(items, lambda item: _condition(item, terms)))
        elif key in terms and isinstance(value, Seq):
            yield from _shorter(node, key, value)
        elif key in terms:
            yield from _texts(node, key, lambda said, term=terms[key]: _test(said, term))  # type: ignore[misc]


def _test(said: str, term: Term) -> Iterator[str]:
    """Other tests of a fact, near the one that is written."""
    if said in ("recorded", "not recorded"):
        yield {"recorded": "not recorded", "not recorded": "recorded"}[said]
    elif term.type == "boolean":
        yield _OTHER.get(said, said)
    elif term.type == "choice":
        yield from _choice(said)
    elif term.type == "choices":
        yield from _including(said)
    else:
        yield from (_WORDS[word] + said.removeprefix(word) for word in _leading(said))
        if " to under " in said:
            yield said.replace(" to under ", " to ")
        elif " to " in said and not any(_leading(said)):
            yield said.replace(" to ", " to under ")
        yield from _numbers(said) if term.type in ("money", "integer") else _dates(said)
        if said.endswith((" incl VAT", " excl VAT")):
            yield said[:-8] + {"incl": "excl", "excl": "incl"}[said[-8:-4]] + " VAT"
        if term.milestone and said in ("done", "not done"):
            yield {"done": "not done", "not done": "done"}[said]


def _leading(said: str) -> list[str]:
    """The comparison a test begins with, if it begins with one."""
    return sorted((word for word in _WORDS if said.startswith(word)), key=len, reverse=True)[:1]


def _choice(said: str) -> Iterator[str]:
    negation = "not " if said.startswith("not ") else ""
    listed = said.removeprefix("not ").strip()
    if not listed.startswith("["):
        yield listed if negation else f"not {said}"
        return
    words = [word.strip() for word in listed.strip("[]").split(",")]
    for gone in words if len(words) > 1 else ():
        yield f"{negation}[{', '.join(word for word in words if word != gone)}]"


def _including(said: str) -> Iterator[str]:
    """Other tests of several choices."""
    yield said.removeprefix("not ") if said.startswith("not ") else f"not {said}"
    begun, how, listed = said.partition("any of ") if "any of " in said else said.partition("all of ")
    if how:
        yield begun + {"any of ": "all of ", "all of ": "any of "}[how] + listed
    if listed.startswith("["):
        yield from (f"{begun}{how}{fewer}" for fewer in _choice(listed))


def _shorter(node: Map, key: str, listed: Seq) -> Iterator[Change]:
    """A list of choices with each of them left out."""
    words = [text(item) for item in listed.items]
    for gone, item in enumerate(listed.items if len(words) > 1 else ()):
        rest = Seq((*listed.items[:gone], *listed.items[gone + 1 :]), listed.where)
        said = [word for at, word in enumerate(words) if at != gone]
        yield item.where, f"{key}: [{', '.join(words)}]", f"{key}: [{', '.join(said)}]", _with(node, key, rest)


def _period(node: Map) -> Iterator[Change]:
    yield from _within(node, "period", _clock)
    for key in node.entries.keys() & _BOUNDS:
        bound, where, other = node.entries[key], node.keys[key], _BOUNDS[key]
        said = f"{key.replace('_', ' ')} {text(bound)}"
        rest = {other if each == key else each: value for each, value in node.entries.items()}
        places = {other if each == key else each: place for each, place in node.keys.items()}
        yield where, said, f"{other.replace('_', ' ')} {text(bound)}", Map(rest, places, node.where)
        for number in _numbers(text(bound)):
            changed = _with(node, key, Text(number, bound.where))
            yield bound.where, said, f"{key.replace('_', ' ')} {number}", changed


def _clock(node: Node) -> Iterator[Change]:
    if not isinstance(node, Map):
        return
    unit = text(node.entries.get("unit"))
    other = ("working days",) if unit == "days" and "calendar" in node.entries else ("weeks",)
    yield from _texts(node, "unit", lambda said: _UNITS.get(said, other))
    for key, default in () if unit == "hours" or unit.startswith("clear ") else _ENDS:
        if key in node.entries:
            yield from _swapped(node, key, _OTHER)
        else:
            changed = _OTHER[default]
            where = node.where
            yield where, f"{key}: {default}", f"{key}: {changed}", _with(node, key, Text(changed, where))
    yield from _texts(node, "holds_working", _numbers)
    yield from _texts(node, "cut_off", _hours)
    yield from _swapped(node, "done", _OTHER)
    yield from _swapped(node, "starts", {"day after": "same day", "same day": "day after"})


# Walking nodes ----------------------------------------------------------------------------------------------------


def _with(node: Map, key: str, value: Node) -> Map:
    """The mapping with one entry replaced or added."""
    return Map({**node.entries, key: value}, {**node.keys, key: node.keys.get(key, value.where)}, node.where)


def _within(node: Node, key: str, changes: Callable[[Node], Iterator[Change]]) -> Iterator[Change]:
    """The changes of one entry, each with the mapping around it."""
    if isinstance(node, Map) and key in node.entries:
        for where, before, after, inner in changes(node.entries[key]):
            yield where, before, after, _with(node, key, inner)


def _items(node: Node, changes: Callable[[Node], Iterator[Change]]) -> Iterator[Change]:
    """The changes of each item of a list, each with the list around it."""
    for at, item in enumerate(node.items if isinstance(node, Seq) else ()):
        for where, before, after, inner in changes(item):
            assert isinstance(node, Seq)
            yield where, before, after, Seq((*node.items[:at], inner, *node.items[at + 1 :]), node.where)


def _texts(node: Node, key: str, others: Callable[[str], Iterable[str]]) -> Iterator[Change]:
    """One entry's text in place of each of the others."""
    if isinstance(node, Map) and isinstance(found := node.entries.get(key), Text):
        said = text(found)
        for other in others(said):
            if other != said:
                yield found.where, f"{key}: {said}", f"{key}: {other}", _with(node, key, Text(other, found.where))


def _each_text(node: Map, others: Callable[[str], Iterable[str]]) -> Iterator[Change]:
    for key in node.entries:
        yield from _texts(node, key, others)


def _swapped(node: Map, key: str, pairs: Mapping[str, str]) -> Iterator[Change]:
    yield from _texts(node, key, lambda said: [pairs[said]] if said in pairs else [])


def _numbers(said: str) -> Iterator[str]:
    """The text with each number in it one higher, and one lower."""
    for match in _NUMBER.finditer(said):
        for step in (1, -1):
            number = int(match[0].replace(",", "")) + step
            written = f"{number:,}" if "," in match[0] else str(number)
            yield said[: match.start()] + written + said[match.end() :]


def _dates(said: str) -> Iterator[str]:
    """The text with each date in it one day later, and one day earlier."""
    for match in _DATE.finditer(said):
        for step in (1, -1):
            try:
                day = Moment(moment(match[0]).day + step).iso
            except ValueError:
                continue
            yield said[: match.start()] + day + said[match.end() :]


def _hours(said: str) -> Iterator[str]:
    """The hour a minute later, and a minute earlier."""
    hour, _, minute = said.partition(":")
    for step in (1, -1):
        at = int(hour) * 60 + int(minute) + step
        yield f"{at // 60:02d}:{at % 60:02d}"


# Those that no case can notice ------------------------------------------------------------------------------------


class Equivalent(NamedTuple):
    """A mutant that means the same as what is written, and a person's reason why."""

    subject: str
    before: str
    after: str
    reason: str
    where: Where

    @property
    def names(self) -> tuple[str, str, str]:
        """What a mutant is known by."""
        return self.subject, self.before, self.after


def equivalents(folders: Iterable[Files]) -> tuple[tuple[Equivalent, ...], tuple[Problem, ...]]:
    """What the files called equivalent.yaml say, and everything wrong with how they say it."""
    found, problems = list[Equivalent](), list[Problem]()
    for path, source in sorted((path, source) for files in folders for path, source in files.items()):
        if path.rpartition("/")[2] != packs.EQUIVALENT:
            continue
        node, faults = markup.read(path, source)
        problems.extend(faults)
        for item in _listed(path, node, problems):
            read = fields(item, problems, ("where", "from", "to", "reason"))
            subject, before, after, reason = (text(read.get(key)) for key in ("where", "from", "to", "reason"))
            found.append(Equivalent(subject, before, after, reason, item.where))
            if "reason" in read and not reason:
                problems.append(Problem(item.where, "the reason is empty", "say why no case can tell the two apart"))
    return tuple(found), tuple(problems)


def _listed(path: str, node: Node | None, problems: list[Problem]) -> tuple[Node, ...]:
    if isinstance(node, Seq):
        return node.items
    problems.append(Problem(Where(path, 1, 1), "equivalent mutants are a list", "write - {where, from, to, reason}"))
    return ()


def unfounded(listed: Iterable[Equivalent], on: Bench) -> Iterator[Problem]:
    """Entries that name no mutant, or one that a case notices."""
    listed, by_id = tuple(listed), {entry.id: entry for entry in on.entries}
    alive: dict[str, set[tuple[str, str]]] = {}
    for each in listed:
        change, entry = each.names[1:], by_id.get(each.subject)
        if entry is None:
            what = f"no rule, table or figure is written as {each.subject!r}"
            yield Problem(each.where, what, nearest(each.subject, by_id) or "see vires rules test --mutate")
            continue
        if each.subject not in alive:
            named = {other.names[1:] for other in listed if other.subject == each.subject}
            alive[each.subject] = {(mutant.before, mutant.after) for mutant in survivors(entry, on, named)[1]}
        if change in alive[each.subject]:
            continue
        made = {(mutant.before, mutant.after) for mutant in mutants(entry, on.law.vocabulary.terms)}
        if change in made:
            what = f"a case notices {each.before} → {each.after}: they are not the same"
            yield Problem(each.where, what, "leave the entry out")
        else:
            what = f"{each.subject} has no mutant {each.before} → {each.after}"
            yield Problem(each.where, what, "copy both from vires rules test --mutate")
