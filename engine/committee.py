"""What an audit committee asks of a log: where the rules were waived, judged, explained or broken, and what came late.

Each is an item with its post, ground and value, read from the entries themselves; counts are of items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from engine import auditing, posts, replay, report
from engine.errors import LedgerError
from engine.ledger import Entry, Opening
from engine.model import EXPLAINED, Moment, moment
from engine.replay import CaseState
from engine.vocabulary import words
from engine.whatif import UNKNOWN, band_of

if TYPE_CHECKING:
    from engine.auditing import Source
    from engine.law import Law
    from engine.workflow import Workflow

WAIVER, WAIVED, JUDGEMENT, EXPLANATION = "waiver granted", "rule waived", "judgement", "explanation"
IRREGULAR, RETROSPECTIVE = "irregular step", "retrospective entry"
FAULT = "fault of the program"
KINDS = (WAIVER, WAIVED, JUDGEMENT, EXPLANATION, IRREGULAR, RETROSPECTIVE, FAULT)
MANY = {
    WAIVER: "waivers granted",
    WAIVED: "rules waived",
    RETROSPECTIVE: "retrospective entries",
    FAULT: "faults of the program",
}
GRANTED, GRANTED_BY, GROUNDS = "waiver.granted", "waiver.granted_by", "waiver.grounds"
ABOUT = "irregular:"  # how a view of an irregular step names what it is about
NO_VIEW = "no view recorded"
GROUPS = ("post", "ground", "value")


class Item(NamedTuple):
    """One thing for the committee: what it is about, who answered for it, on what ground, and how late it was."""

    kind: str
    authority: str
    case: str
    entry: int
    recorded: str
    about: str
    post: str
    ground: str
    value: str
    days_late: int = 0
    reasons: str = ""


def items(
    source: Source,
    authority: str,
    cases: Sequence[str],
    since: str = "",
    watch: Callable[[int], object] = lambda _: None,
) -> Iterator[Item]:
    """Everything of the cases recorded since a day (ISO), in the order of the log of each case."""
    held = _Posts(list(auditing.entries(source, authority, "")))
    for case in cases:
        try:
            log = list(auditing.entries(source, authority, case))
            openings = auditing.openings_of(source, authority, log)
            yield from _of_case(log, openings, since, held)
        except LedgerError as error:
            raise LedgerError(f"case {authority}/{case}: {error.message}", "vires audit verify") from error
        except auditing.UNREADABLE as error:
            raise LedgerError(f"case {authority}/{case}: an entry's body is not that of its kind") from error
        watch(1)


class _Posts:
    """Which posts of the authority a person held when they wrote an entry."""

    def __init__(self, log: Sequence[Entry]) -> None:
        self._log = [entry for entry in log if entry.kind == posts.KIND]
        self._registers: dict[int, posts.Register] = {}

    def of(self, entry: Entry) -> str:
        """The post they said they acted in, or those they held, or that none is recorded."""
        if "post" in entry.body:
            return str(entry.body["post"])
        before = [each for each in self._log if each.sequence < entry.sequence]
        register = self._registers.setdefault(len(before), posts.folded(before))
        day = Moment(moment(entry.recorded[:10]).day)
        return ", ".join(sorted(register.of(entry.actor, day))) or UNKNOWN


def _of_case(log: Sequence[Entry], openings: Mapping[str, Opening], since: str, held: _Posts) -> Iterator[Item]:
    value = band_of(replay.fold(log, openings))
    views = {
        str(entry.body["rule"]).removeprefix(ABOUT): str(entry.body["role"])
        for entry in log
        if entry.kind == "judgement" and str(entry.body["rule"]).startswith(ABOUT)
    }
    state: CaseState | None = None
    for entry in log:
        if entry.recorded[:10] >= since:
            for item in _of_entry(entry, state, openings, views, held):
                yield item._replace(value=value)
            if entry.kind == "recorded" and entry.body["name"] == GRANTED and not entry.body.get("planned"):
                act = [each for each in log if (each.actor, each.recorded) == (entry.actor, entry.recorded)]
                said = replay.fold(act, openings, state)
                place = (entry.authority, entry.case or "", entry.sequence, entry.recorded)
                yield Item(WAIVER, *place, GRANTED, _fact(said, GRANTED_BY), _fact(said, GROUNDS), value)
        state = replay.fold((entry,), openings, state)


def _of_entry(
    entry: Entry, state: CaseState | None, openings: Mapping[str, Opening], views: Mapping[str, str], held: _Posts
) -> Iterator[Item]:
    body: Mapping[str, Any] = entry.body
    place = (entry.authority, entry.case or "", entry.sequence, entry.recorded)
    late = (date.fromisoformat(entry.recorded[:10]) - date.fromisoformat(entry.happened[:10])).days
    if entry.kind == "judgement" and not str(body["rule"]).startswith(ABOUT):
        kind = EXPLANATION if body["answer"] == EXPLAINED else JUDGEMENT
        said = replay.opened(body.get("reasons", ""), openings)
        reasons = replay.ERASED if said is None else str(said)
        yield Item(kind, *place, str(body["rule"]), str(body["role"]), str(body["answer"]), "", 0, reasons)
    elif entry.kind == "decision":
        findings = body["findings"]
        if "to" in body:
            for each in (each for each in findings if "waived" in each):
                post, ground = _fact(state, GRANTED_BY), _fact(state, GROUNDS)
                yield Item(WAIVED, *place, each["rule"], post, each["waived"] if ground == UNKNOWN else ground, "")
        if "irregular" in body or "late" in body:
            said = replay.opened(body.get("irregular", body.get("late")), openings)
            reasons = replay.ERASED if said is None else str(said)
            broken = "; ".join(each["rule"] for each in findings if each["answer"] == "not met")
            irregular = "irregular" in body
            post = views.get(str(entry.sequence), NO_VIEW) if irregular else held.of(entry)
            kind = IRREGULAR if irregular else RETROSPECTIVE
            ground = broken if irregular else _lateness(late)
            yield Item(kind, *place, str(body["step"]), post, ground, "", late, reasons)
    elif entry.kind == "recorded" and body.get("type") == "milestone" and not body.get("planned") and late > 0:
        yield Item(RETROSPECTIVE, *place, str(body["name"]), held.of(entry), _lateness(late), "", late)
    elif entry.kind == "fault":
        yield Item(FAULT, *place, str(body["step"]), held.of(entry), f"refused: {body['detail']}", "")


def _lateness(days: int) -> str:
    """How late in a band, from a power of ten days to under the next."""
    least = 10 ** (len(str(days)) - 1)
    return f"{least} to {10 * least - 1} days late" if days > 0 else "on the day"


def _fact(state: CaseState | None, name: str) -> str:
    value = state.facts[name].typed() if state is not None and name in state.facts else None
    return UNKNOWN if value is None else words(value)


def counts(found: Sequence[Item]) -> dict[str, dict[str, dict[str, int]]]:
    """How many of each kind, by post, ground and value."""
    return {
        kind: {
            group: dict(sorted(Counter(name for each in of_kind for name in _in(each, group)).items()))
            for group in GROUPS
        }
        for kind in KINDS
        if (of_kind := [each for each in found if each.kind == kind])
    }


def _in(item: Item, group: str) -> list[str]:
    """Where an item counts: under each rule that an irregular step broke."""
    said = str(getattr(item, group))
    return said.split("; ") if group == "ground" else [said]


def titles(law: Law, cycle: Workflow) -> dict[str, str]:
    """What rules, tables, facts and steps are called."""
    named = {term.name: term.title for term in law.vocabulary.terms.values()}
    named |= {table.id: table.title for table in law.tables} | {rule.id: rule.title for rule in law.rules.values()}
    return named | {step.id: step.title for step in cycle.steps}


def plain(found: Sequence[Item], reasons: bool) -> dict[str, object]:
    """The report for machines; the reasons people gave only where they are asked for."""
    listed = [each._asdict() for each in found]
    if not reasons:
        listed = [{name: value for name, value in each.items() if name != "reasons"} for each in listed]
    totals = {kind: sum(each.kind == kind for each in found) for kind in KINDS}
    return {"totals": totals, "counts": counts(found), "items": listed}


def lines(found: Sequence[Item], scope: str, titles: Mapping[str, str], reasons: bool, width: int) -> list[str]:
    """The report for people: a section for each kind, counted by post, ground and value, then each item.

    `scope` says in words which log and days were looked at; `titles` what rules, steps and milestones are called.
    """
    totals = " · ".join(_counted(sum(each.kind == kind for each in found), kind) for kind in KINDS)
    shown = [*report.wrap(scope, 0, width), *report.wrap(totals if found else "nothing to report", 0, width)]
    for kind, groups in counts(found).items():
        shown += ["", MANY.get(kind, f"{kind}s").upper()]
        rows = [(f"{number}", group, name) for group, named in groups.items() for name, number in named.items()]
        shown += [*report.table(("items", "by", "which"), rows, width), ""]
        for each in (each for each in found if each.kind == kind):
            head = f"  {each.authority}:{each.entry}  {each.case}  "
            shown += report.hang(_said(each), head, width)
            named = [titles[name] for name in (each.about, *_in(each, "ground")) if name in titles]
            shown += [line for title in named for line in report.wrap(title, 6, width)]
            shown += report.wrap(f"“{each.reasons}”", 6, width) if reasons and each.reasons else []
    return shown


def _counted(number: int, kind: str) -> str:
    return f"{number:,} {kind if number == 1 else MANY.get(kind, f'{kind}s')}"


def _said(item: Item) -> str:
    """An item in a line: what it is about, on what ground, who answers for it, how late."""
    late = f"{item.days_late} day{'s' * (item.days_late != 1)} late"
    if item.kind == RETROSPECTIVE:
        return f"{item.about}, {late}" + (f"; {item.post}" if item.post != UNKNOWN else "")
    if item.kind == IRREGULAR:
        view = item.post if item.post == NO_VIEW else f"view of the {item.post}"
        return f"{item.about}: against {item.ground}; {view}" + (f", {late}" if item.days_late else "")
    return f"{item.about}: {item.ground}; {item.post}"
