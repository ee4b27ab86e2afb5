"""Decisions taken again under a pack or a calendar that somebody proposes: which flip, and which deadlines move.

Every decision is taken again on what its case knew at the time, under the law of its day with the proposed pack in the
place of the one of that name: so only the proposal makes a difference. Nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine import auditing, packs, replay, report
from engine.auditing import Books
from engine.decide import passes, retake
from engine.errors import LedgerError, PackError
from engine.law import Law
from engine.ledger import Entry
from engine.library import Library
from engine.model import (
    MAY_PROCEED,
    MISSING,
    REFER,
    Decision,
    Moment,
    Money,
    moment,
)
from engine.outlook import outlook
from engine.replay import CaseState
from engine.vocabulary import words
from engine.workflow import Workflow

if TYPE_CHECKING:
    from engine.auditing import Source
    from engine.service import Office

REFUSED, REFERRED, ALLOWED = "newly refused", "newly referred", "newly allowed"
CANNOT_TELL, NOT_REPLAYED = "cannot tell", "does not replay"
FLIPS = (REFUSED, REFERRED, ALLOWED)
CHANGES = (*FLIPS, CANNOT_TELL, NOT_REPLAYED)
GROUPS = ("authority", "category", "sector", "value")
PACK, CALENDAR = "pack", "calendar"
UNKNOWN = "not recorded"


class Draft(NamedTuple):
    """A pack or calendar somebody proposes, as files; `words` is the vocabulary a newer pack may need."""

    kind: str
    id: str
    files: packs.Files
    words: packs.Files


class Tried(NamedTuple):
    """One decision taken again under a draft: what changes (nothing: the same), by which rules, for want of what."""

    authority: str
    case: str
    entry: int
    step: str
    at: str
    was: str
    now: str
    change: str = ""
    rules: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    category: str = UNKNOWN
    sector: str = UNKNOWN
    value: str = UNKNOWN


class Moved(NamedTuple):
    """An open deadline that a proposed calendar moves: the first lawful day of a step under a rule, or of the step."""

    authority: str
    case: str
    step: str
    rule: str
    before: str
    after: str


Watch = Callable[[int], object]


def tried(
    source: Source, authority: str, draft: Draft, cases: Sequence[str], since: str = "", watch: Watch = lambda _: None
) -> Iterator[Tried]:
    """Every decision of the cases recorded since a day (ISO), taken again under the draft.

    Generated functions look first; what they do not find plainly lawful is judged by the reference evaluator.
    """
    days, drafts = Books(), Books()
    for case in cases:
        log, openings = auditing.read_case(source, authority, case, days.reader)
        try:
            kept = replay.fold(log, openings)
            for state, entry in replay.moments(log, openings):
                if entry.recorded[:10] >= since:
                    found = _tried(source, state, entry, draft, days, drafts)
                    yield _grouped(found, kept) if found.change else found
        except auditing.UNREADABLE as error:
            raise LedgerError(f"case {authority}/{case}: an entry's body is not that of its kind") from error
        watch(1)


def _tried(source: Source, state: CaseState, entry: Entry, draft: Draft, days: Books, drafts: Books) -> Tried:
    body: Mapping[str, Any] = entry.body
    law, workflow = _drafted(source, entry, draft, drafts)
    was, step, at, facts = str(body["answer"]), str(body["step"]), moment(str(body["at"])), state.for_step()
    done = Tried(state.authority, state.case, entry.sequence, step, str(body["at"]), was, MAY_PROCEED)
    if was == MAY_PROCEED and passes(law, workflow, state.state, facts, step, at):
        return done
    again = _decided(law, workflow, state, body)
    done, change = done._replace(now=again.answer), _change(was, again.answer)
    if not change:
        return done
    today = _decided(*auditing.lawbook(source, entry, days), state, body)
    if today.answer != was:
        return done._replace(change=NOT_REPLAYED)
    blocking = [each for each in again.findings if each.blocks]
    if change == CANNOT_TELL:
        lacking = [each for each in blocking if each.answer == MISSING]
        needs = tuple(dict.fromkeys(name for each in lacking for name in each.needs))
        return done._replace(change=change, rules=tuple(each.rule for each in lacking), needs=needs)
    if change == ALLOWED:
        still = {each.rule for each in today.findings if each.blocks}
        return done._replace(change=change, rules=tuple(sorted(still)))
    return done._replace(change=change, rules=tuple(each.rule for each in blocking if each.stands == again.answer))


def _change(was: str, now: str) -> str:
    """What becomes of a decision; nothing where it may proceed before and after, or neither."""
    if now == MAY_PROCEED:
        return "" if was == MAY_PROCEED else ALLOWED
    if now == MISSING and was != MISSING:
        return CANNOT_TELL
    if was != MAY_PROCEED:
        return ""
    return REFERRED if now == REFER else REFUSED


def _decided(law: Law, workflow: Workflow, state: CaseState, body: Mapping[str, Any]) -> Decision:
    at = moment(str(body["at"]))
    return retake(law, workflow, state.state, state.for_step(), str(body["step"]), at)


def _drafted(source: Source, entry: Entry, draft: Draft, books: Books) -> tuple[Law, Workflow]:
    """The law of the entry's day with the draft in its place, and the workflow of the case."""
    found = books.of(entry)
    if found is None:
        wanted = {
            *map(str, (entry.digests["vocabulary"], entry.digests["workflow"])),
            *auditing.named(entry.digests.get("packs")),
            *auditing.named(entry.digests.get("calendars")),
        }
        kept = source.artifacts(wanted)
        if lost := sorted(wanted - kept.keys()):
            raise LedgerError(f"the bytes of {lost[0][:16]} are not kept", "vires audit verify says what else is lost")
        law = _law(entry, kept, draft)
        found = books.keep(entry, (law, auditing.kept_workflow(kept, str(entry.digests["workflow"]))))
    return found


def _law(entry: Entry, kept: Mapping[str, bytes], draft: Draft) -> Law:
    digests, days = entry.digests, dict[str, str]()
    vocabulary = packs.unpack(kept[str(digests["vocabulary"])], str(digests["vocabulary"]))
    for digest in auditing.named(digests.get("calendars")):
        days.update(packs.unpack(kept[digest], digest))
    listed = auditing.named(digests.get("packs"))
    folders = {digest: packs.unpack(kept[digest], digest) for digest in listed}
    shelf = Library(vocabulary, days, folders, {})
    put = shelf.with_pack if draft.kind == PACK else shelf.with_calendar
    shelf = put(draft.id, {path: text for path, text in draft.files.items() if not path.endswith(".cases.yaml")})
    try:
        return packs.build(shelf.words, shelf.days, shelf.folders.values())
    except PackError:  # it may ask for facts that the vocabulary of the day did not have
        return packs.build(draft.words, shelf.days, shelf.folders.values())


def _grouped(found: Tried, state: CaseState) -> Tried:
    """The same with what decisions are counted by: the case's category, sector and value as they are known now."""
    kind, sector = (_word(state, name) for name in ("contract.kind", "provider.sector"))
    return found._replace(category=kind, sector=sector, value=band_of(state))


def _word(state: CaseState, name: str) -> str:
    value = state.facts[name].typed() if name in state.facts else None
    return UNKNOWN if value is None else words(value)


def band_of(state: CaseState) -> str:
    """The band of the case's estimated value: from a power of ten pounds to under the next."""
    value = state.facts["contract.value"].typed() if "contract.value" in state.facts else None
    if not isinstance(value, Money):
        return UNKNOWN
    least = 10 ** (len(str(value.pence // 100)) - 1)
    return f"£{least:,} to under £{10 * least:,}"


# Open deadlines ---------------------------------------------------------------------------------------------------


def moved(desk: Office, authority: str, draft: Draft, cases: Iterable[str], watch: Watch) -> Iterator[Moved]:
    """Every open deadline of the cases that the calendar moves: each step's first lawful day, and its rules'."""
    law = desk.law(authority)
    after = desk.shelf(authority).with_calendar(draft.id, draft.files).law.for_authority(authority)
    for case in cases:
        state = desk.case(authority, case)
        cycle = desk.workflow(state.workflow)
        if state.state not in cycle.final:
            for step in desk.steps_from(authority, case):
                yield from _moved(desk, state, cycle, step, law, after)
        watch(1)


def open_cases(desk: Office, authority: str) -> list[str]:
    """The cases of a log that have not come to an end, as their entries tell."""
    known = ((case, desk.case(authority, case)) for case in desk.store.case_ids(authority))
    return [case for case, state in known if state.state not in desk.workflow(state.workflow).final]


def _moved(desk: Office, state: CaseState, cycle: Workflow, step: str, law: Law, after: Law) -> Iterator[Moved]:
    facts, at = state.for_looking_ahead(), desk.now.local
    looks = [outlook(each, cycle, state.state, facts, step, at, desk.runner) for each in (law, after)]
    first, second = (_days(each.decision) for each in looks)
    for rule in sorted(first.keys() | second.keys()):
        if first.get(rule) != second.get(rule):
            said = (_day(first.get(rule)), _day(second.get(rule)))
            yield Moved(state.authority, state.case, step, rule, *said)
    days = [each.earliest.day for each in looks]
    if days[0] != days[1]:
        yield Moved(state.authority, state.case, step, "", *map(_day, days))


def _days(decision: Decision) -> dict[str, int]:
    return {each.rule: each.earliest for each in decision.blocking if each.earliest is not None}


def _day(day: int | None) -> str:
    return "nothing stops it" if day is None else Moment(day).iso


# To text and JSON -------------------------------------------------------------------------------------------------


def plain(results: Sequence[Tried], moves: Sequence[Moved] | None = None) -> dict[str, object]:
    """What was found, for machines."""
    counts = Counter(each.change for each in results)
    found: dict[str, object] = {
        "decisions": len(results),
        "cases": len({(each.authority, each.case) for each in results}),
        "same": counts[""],
        "changes": {change: counts[change] for change in CHANGES},
        "by_rule": {change: dict(_by_rule(results, change)) for change in CHANGES if counts[change]},
        "by": {
            group: {change: dict(_by(results, group, change)) for change in CHANGES if counts[change]}
            for group in GROUPS
        },
        "changed": [each._asdict() for each in results if each.change],
    }
    return found | ({} if moves is None else {"moved": [each._asdict() for each in moves]})


def lines(results: Sequence[Tried], width: int, moves: Sequence[Moved] | None = None) -> list[str]:
    """The same for people: the count, then which rules, whose decisions and which they are."""
    counts = Counter(each.change for each in results)
    flips = sum(counts[each] for each in FLIPS)
    cases = len({(each.authority, each.case) for each in results})
    shown = []
    if moves is not None:
        listed = [(f"{m.authority}/{m.case}", m.step, m.before, m.after, m.rule or "the step") for m in moves]
        said = f"{len(moves)} open deadlines move" if len(moves) != 1 else "1 open deadline moves"
        shown += [f"{'✗' if moves else '✓'} {said}"]
        shown += ["", *report.table(("case", "step", "before", "after", "rule"), listed, width), ""] if moves else []
    said = f"{len(results):,} decision{'s' * (len(results) != 1)}, {cases:,} case{'s' * (cases != 1)}"
    said += f" · {flips:,} would change · {counts['']:,} the same"
    said += f" · {counts[CANNOT_TELL]:,} cannot tell" if counts[CANNOT_TELL] else ""
    said += (
        f" · {counts[NOT_REPLAYED]:,} do not replay as they are (vires audit replay)" if counts[NOT_REPLAYED] else ""
    )
    mark = "✗" if flips else "?" if flips < len(results) - counts[""] else "✓" if results else " "
    shown.append(f"{mark} {said}")
    if flips + counts[CANNOT_TELL] == 0:
        return shown
    rows = [(change, f"{number}", rule) for change in CHANGES for rule, number in _by_rule(results, change)]
    shown += ["", *report.table(("change", "decisions", "rule, or what was never recorded"), rows, width)]
    for group in GROUPS:
        grouped = [(value, change, f"{number}") for change in CHANGES for value, number in _by(results, group, change)]
        shown += ["", *report.table((group, "change", "decisions"), sorted(grouped), width)]
    each_one = [
        (f"{each.authority}:{each.entry}", each.case, each.step, f"{each.was} → {each.now}")
        for each in results
        if each.change
    ]
    return [*shown, "", *report.table(("entry", "case", "step", "answer"), each_one, width)]


def _by_rule(results: Sequence[Tried], change: str) -> list[tuple[str, int]]:
    counted: Counter[str] = Counter()
    for each in results:
        if each.change == change:
            counted.update(each.needs or each.rules or ("no rule",))
    return sorted(counted.items(), key=lambda one: (-one[1], one[0]))


def _by(results: Sequence[Tried], group: str, change: str) -> list[tuple[str, int]]:
    counted = Counter(str(getattr(each, group)) for each in results if each.change == change)
    return sorted(counted.items(), key=lambda one: (-one[1], one[0]))


def flipped(results: Sequence[Tried], moves: Sequence[Moved] | None = None) -> bool:
    """Whether anything changes that can be told."""
    return any(each.change in FLIPS for each in results) or bool(moves)
