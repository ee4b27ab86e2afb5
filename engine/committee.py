"""What an audit committee asks of a log: where the rules were waived, judged, explained or broken, and what came late.

Each is an item with its post, ground and value, read from the entries themselves; counts are of items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from engine import auditing, replay, report
from engine.errors import LedgerError
from engine.ledger import Entry, Opening
from engine.model import EXPLAINED
from engine.replay import CaseState
from engine.vocabulary import words
from engine.whatif import UNKNOWN, band_of

if TYPE_CHECKING:
    from engine.auditing import Source

WAIVER, JUDGEMENT, EXPLANATION = "waiver", "judgement", "explanation"
IRREGULAR, RETROSPECTIVE = "irregular step", "retrospective entry"
KINDS = (WAIVER, JUDGEMENT, EXPLANATION, IRREGULAR, RETROSPECTIVE)
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
    for case in cases:
        log = list(auditing.entries(source, authority, case))
        openings = auditing.openings_of(source, authority, log)
        try:
            yield from _of_case(log, openings, since)
        except auditing.UNREADABLE as error:
            raise LedgerError(f"case {authority}/{case}: an entry's body is not that of its kind") from error
        watch(1)


def _of_case(log: Sequence[Entry], openings: Mapping[str, Opening], since: str) -> Iterator[Item]:
    value = band_of(replay.fold(log, openings))
    views = {
        str(entry.body["rule"]).removeprefix(ABOUT): str(entry.body["role"])
        for entry in log
        if entry.kind == "judgement" and str(entry.body["rule"]).startswith(ABOUT)
    }
    state: CaseState | None = None
    for entry in log:
        if entry.recorded[:10] >= since:
            for item in _of_entry(entry, state, openings, views):
                yield item._replace(value=value)
        state = replay.fold((entry,), openings, state)


def _of_entry(
    entry: Entry, state: CaseState | None, openings: Mapping[str, Opening], views: Mapping[str, str]
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
                post, ground = _fact(state, "waiver.granted_by"), _fact(state, "waiver.grounds")
                yield Item(WAIVER, *place, each["rule"], post, each["waived"] if ground == UNKNOWN else ground, "")
        if "irregular" in body or "late" in body:
            said = replay.opened(body.get("irregular", body.get("late")), openings)
            reasons = replay.ERASED if said is None else str(said)
            broken = "; ".join(each["rule"] for each in findings if each["answer"] == "not met")
            post = views.get(str(entry.sequence), NO_VIEW) if "irregular" in body else UNKNOWN
            kind = IRREGULAR if "irregular" in body else RETROSPECTIVE
            yield Item(kind, *place, str(body["step"]), post, broken or "recorded late", "", late, reasons)
    elif entry.kind == "recorded" and body.get("type") == "milestone" and not body.get("planned") and late > 0:
        yield Item(RETROSPECTIVE, *place, str(body["name"]), UNKNOWN, "recorded late", "", late)


def _fact(state: CaseState | None, name: str) -> str:
    value = state.facts[name].typed() if state is not None and name in state.facts else None
    return UNKNOWN if value is None else words(value)


def counts(found: Sequence[Item]) -> dict[str, dict[str, dict[str, int]]]:
    """How many of each kind, by post, ground and value."""
    return {
        kind: {
            group: dict(sorted(Counter(getattr(each, group) for each in found if each.kind == kind).items()))
            for group in GROUPS
        }
        for kind in KINDS
        if any(each.kind == kind for each in found)
    }


def plain(found: Sequence[Item], reasons: bool) -> dict[str, object]:
    """The report for machines; the reasons people gave only where they are asked for."""
    listed = [each._asdict() for each in found]
    if not reasons:
        listed = [{name: value for name, value in each.items() if name != "reasons"} for each in listed]
    totals = {kind: sum(each.kind == kind for each in found) for kind in KINDS}
    return {"totals": totals, "counts": counts(found), "items": listed}


def lines(found: Sequence[Item], reasons: bool, width: int) -> list[str]:
    """The report for people: a section for each kind, counted by post, ground and value, then each item."""
    totals = [f"{sum(each.kind == kind for each in found)} {kind}s".replace("entrys", "entries") for kind in KINDS]
    shown = report.wrap(" · ".join(totals), 0, width)
    for kind, groups in counts(found).items():
        shown += ["", f"{kind}".upper()]
        rows = [(group, name, f"{number}") for group, named in groups.items() for name, number in named.items()]
        shown += report.table(("by", "which", "items"), rows, width)
        shown += [""]
        for each in (each for each in found if each.kind == kind):
            late = f", {each.days_late} days late" if each.days_late else ""
            head = f"  {each.authority}:{each.entry}  {each.case}  "
            shown += report.hang(f"{each.about}: {each.ground}; {each.post}{late}", head, width)
            shown += report.wrap(f"“{each.reasons}”", 6, width) if reasons and each.reasons else []
    return shown
