"""How long records are kept, what a legal hold stops, and whether an erasure on the log was allowed. Pure.

Classes of retention and codes of exemption are data (`rules/retention.yaml`, `rules/exemptions.yaml`). Entries of kind
`retention` are specified in docs/formats/entry.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from engine import calendars, ledger, markup
from engine.calendars import Clock
from engine.errors import PackError
from engine.ledger import Entry
from engine.markup import Problem
from engine.model import Moment, moment
from engine.schema import fields, named, one_of, text, texts

HOLD, RELEASE, ASK, ERASE = "hold", "release", "ask", "erase"


class Class(NamedTuple):
    """One class of retention: so many years from the first of some milestones that is recorded."""

    id: str
    title: str
    years: int
    since: int
    milestones: tuple[str, ...]
    first_day: str
    cite: str


class Exemption(NamedTuple):
    """One code under which an opening is withheld; where nobody held it against a source, `checked` says nothing."""

    code: str
    title: str
    cite: str
    source: str
    checked: str


class Due(NamedTuple):
    """When a class lets a case's records go: the first day on which they need no longer be kept."""

    kept: Class
    milestone: str
    day: int


def classes(file: str, source: str) -> tuple[Class, ...]:
    """The classes in a file; PackError with every fault."""
    problems: list[Problem] = []
    found = []
    keys = ("title", "years", "from", "first_day", "since", "cite", "source_facts", "source")
    for id_, node, where in named(
        fields(_root(file, source, problems), problems, ("classes",)).get("classes"), problems
    ):
        read = fields(node, problems, keys)
        years, since = text(read.get("years")), text(read.get("since"))
        try:
            day = moment(since).day
        except ValueError:
            problems.append(Problem(where, f"since is {since!r}", "write a date, as in 2025-02-24"))
            day = 0
        if not (years.isascii() and years.isdecimal() and 0 < int(years) < 1000):
            problems.append(Problem(where, f"years is {years!r}", "write a whole number"))
            years = "1"
        if not texts(read.get("source_facts"), problems):
            problems.append(Problem(where, "no fact of the law gives this period", "name it in source_facts"))
        counts = one_of(read.get("first_day"), ("counts", "excluded"), problems)
        starts = texts(read.get("from"), problems)
        found.append(Class(id_, text(read.get("title")), int(years), day, starts, counts, text(read.get("cite"))))
    _must_be_good(file, problems)
    return tuple(found)


def exemptions(file: str, source: str) -> dict[str, Exemption]:
    """The codes in a file; PackError with every fault."""
    problems: list[Problem] = []
    read = fields(_root(file, source, problems), problems, ("sources", "codes"))
    sources = {"": ("", "")}
    for id_, node, where in named(read.get("sources"), problems):
        held = fields(node, problems, ("title", "url", "checked"))
        sources[id_] = (text(held.get("url")), text(held.get("checked")))
        if not ledger.is_day(sources[id_][1]):
            problems.append(Problem(where, f"checked is {sources[id_][1]!r}", "write a date, as in 2025-02-24"))
    found = {}
    for code, node, where in named(read.get("codes"), problems):
        said = fields(node, problems, ("title", "cite"), ("source",))
        by = text(said.get("source"))
        if by not in sources:
            problems.append(Problem(where, f"no source is called {by!r}", "name it in sources"))
        held_by = sources.get(by, ("", ""))
        found[code] = Exemption(code, text(said.get("title")), text(said.get("cite")), *held_by)
    _must_be_good(file, problems)
    return found


def _root(file: str, source: str, problems: list[Problem]) -> markup.Node | None:
    node, faults = markup.read(file, source)
    problems.extend(faults)
    return node


def _must_be_good(file: str, problems: list[Problem]) -> None:
    if problems:
        raise PackError(f"{len(problems)} problems in {file}", str(problems[0]), sorted(problems))


def due(known: Iterable[Class], values: Mapping[str, object]) -> tuple[Due, ...]:
    """Every class whose milestone the case has recorded, and from when it lets the records go; the longest last."""
    found = []
    for each in known:
        start = next(((name, values[name]) for name in each.milestones if isinstance(values.get(name), Moment)), None)
        if start is None or not isinstance(start[1], Moment) or start[1].day < each.since:
            continue
        clock = Clock("years", "counts" if each.first_day == "counts" else "excluded", "excluded")
        day = calendars.earliest(clock, None, start[1].day, each.years)
        if day is not None:
            found.append(Due(each, start[0], day))
    return tuple(sorted(found, key=lambda one: one.day))


# ------------------------------------------------------------------------------------------------------ on the log


@dataclass
class Held:
    """The holds and erasures of a log so far: what stands, what was asked, what is gone."""

    holds: dict[int, str | None] = field(default_factory=dict)  # the entry of each standing hold -> its case
    asked: dict[int, Entry] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)  # commitment -> entry

    def standing(self, case: str | None) -> list[int]:
        """The entries of the holds that stand on a case."""
        return [number for number, of in self.holds.items() if of == case]

    def take(self, entry: Entry) -> Iterator[str]:
        """What is wrong with the next entry, after which the state is what it makes it; nothing for other kinds."""
        if entry.kind != "retention":
            return
        act = entry.body.get("act")
        if act == HOLD:
            self.holds[entry.sequence] = entry.case
        elif act == RELEASE:
            hold = entry.body.get("hold")
            if not isinstance(hold, int) or self.holds.get(hold, "") != entry.case:
                yield "it releases a hold that does not stand on this case"
            else:
                del self.holds[hold]
        elif act == ASK:
            self.asked[entry.sequence] = entry
        elif act == ERASE:
            yield from self._erasure_faults(entry)
            self.erased.update((each, entry.sequence) for each in ledger.erased_in(entry))
        else:
            yield f"its act is {act!r}, which nobody knows"

    def _erasure_faults(self, entry: Entry) -> Iterator[str]:
        number = entry.body.get("asked")
        asked = self.asked.get(number) if isinstance(number, int) else None
        if asked is None or asked.case != entry.case:
            yield "it erases what nobody asked to erase"
            return
        if asked.actor == entry.actor:
            yield "the one who asked for the erasure also confirmed it"
        if more := set(ledger.erased_in(entry)) - set(seals_of(asked)):
            yield f"it erases {len(more)} more than was asked"
        if standing := self.standing(entry.case):
            yield f"it erases while the hold of entry {standing[0]} stands"


def seals_of(asked: Entry) -> tuple[str, ...]:
    """The commitments that somebody asked to erase."""
    named_ = asked.body.get("seals")
    return tuple(each for each in named_ if isinstance(each, str)) if isinstance(named_, list | tuple) else ()


def step(entries: Iterable[Entry], number: int) -> ledger.Step:
    """The step of verification over holds and erasures: two people, what was asked, and no hold standing."""
    held = Held()
    return outcome(
        held, [ledger.Problem(entry.sequence, fault) for entry in entries for fault in held.take(entry)], number
    )


def outcome(held: Held, problems: Sequence[ledger.Problem], number: int) -> ledger.Step:
    """The same, of entries taken already."""
    done, standing = len(set(held.erased.values())), len(held.holds)
    times = f"{done} time{'s' * (done != 1)}, each asked and confirmed by two people" if done else "nothing"
    said = f"erased: {times}; holds that stand: {standing}"
    said = f"{len(problems)} wrong" if problems else said
    limit = "what was erased" if held.erased and not problems else ""
    return ledger.Step(number, "erasures and holds", not problems, said, tuple(problems), limit)
