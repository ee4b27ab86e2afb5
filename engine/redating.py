"""Clocks of a case: a stated date is put later, a step is suspended or resumed; and which lawful days move with it.

A suspension makes its step wait; it stops no counting. Where days in it should not count, the stated date is extended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from engine.decide import weigh
from engine.errors import UsageError
from engine.law import Law
from engine.model import Facts, Moment, Value
from engine.outlook import HERE, alone, earliest, known_step, later
from engine.service import Kept, Office, Written
from engine.vocabulary import parse_value
from engine.workflow import Step, Workflow

SUSPENDED, RESUMED = "clock.suspended", "clock.resumed"


class Shift(NamedTuple):
    """A step whose earliest lawful day moves: what it was and what it is; None where waiting alone is no cure."""

    step: Step
    was: int | None
    now: int | None
    planned: Moment | None  # the day planned for it, where that is too early now


class Redated(NamedTuple):
    """What was recorded, what moves with it, and the receipt; nothing written where it was only tried."""

    kept: tuple[Kept, ...]
    was: Value | None
    shifts: tuple[Shift, ...]
    written: Written | None
    waits: str = ""  # the step that waits, or waited


def extend(desk: Office, authority: str, case: str, name: str, said: str, reason: str, dry_run: bool) -> Redated:
    """A stated date put later, with its reason, and every later deadline that moves."""
    state, law = desk.case(authority, case), desk.law(authority)
    term, kept = law.vocabulary.get(name), state.facts.get(name)
    before = kept.typed() if kept else None
    if not term.dated:
        raise UsageError(f"{name} is no date", "extend a stated date, such as standstill.ends")
    if kept is None or not isinstance(before, Moment):
        raise UsageError(f"{name} is not recorded on this case", f"vires case record {authority}/{case} {name}=DATE")
    if term.milestone and not kept.planned:
        raise UsageError(f"{name} happened on {before}: what has happened is not extended", "correct it by case record")
    after = parse_value(term, said)
    assert isinstance(after, Moment)
    if not later(after, before):
        raise UsageError(
            f"{after} is not later than {before}", "extending puts a date later; vires case record corrects it"
        )
    shifts = _shifts(desk, authority, case, {name: after}, {name})
    recorded, written = desk.record(authority, case, [(name, said)], kept.planned, dry_run, None, reason)
    return Redated(tuple(recorded), before, shifts, written)


def suspend(desk: Office, authority: str, case: str, what: str, reason: str, dry_run: bool) -> Redated:
    """A step that waits from today, or the milestone, dated today, on which a rule of law lets steps wait."""
    state, law = desk.case(authority, case), desk.law(authority)
    today = Moment(desk.now.local.day)
    if "." in what:
        if not law.vocabulary.get(what).milestone:
            raise UsageError(f"{what} is no milestone", "name a step, or the milestone on which the law suspends")
        value = desk.now.local if law.vocabulary.get(what).minute else today
        shifts = _shifts(desk, authority, case, {what: value}, {what})
        kept, written = desk.record(authority, case, [(what, value.iso)], False, dry_run, None, reason)
        return Redated(tuple(kept), None, shifts, written)
    step = known_step(desk.workflow_of(authority, case), what)
    if _standing(state.for_step().values, step.id):
        raise UsageError(f"{what} is suspended already", f"vires case resume {authority}/{case} {what}")
    number = 1 + sum(name.startswith("hold/") and name.endswith(".step") for name in state.facts)
    given = [(f"hold/{number}.step", step.id), (f"hold/{number}.began", today.iso), (SUSPENDED, today.iso)]
    kept, written = desk.record(authority, case, given, False, dry_run, None, reason)
    return Redated(tuple(kept), None, (), written, step.id)


def resume(desk: Office, authority: str, case: str, what: str, reason: str, dry_run: bool) -> Redated:
    """A suspended step that may be taken again, as far as this suspension goes."""
    state = desk.case(authority, case)
    if "." in what:
        raise UsageError(f"{what} is a milestone", "what ends it in law is a milestone of its own: vires case record")
    found = _standing(state.for_step().values, what)
    if not found:
        raise UsageError(f"{what} is not suspended on this case", f"see: vires case show {authority}/{case}")
    began = state.for_step().values.get(f"{found}.began")
    given = [(f"{found}.lifted", "yes"), (RESUMED, Moment(desk.now.local.day).iso)]
    kept, written = desk.record(authority, case, given, False, dry_run, None, reason)
    return Redated(tuple(kept), began, (), written, what)


def _standing(values: Mapping[str, Value], step: str) -> str:
    """The record of the suspension of a step that was not lifted; nothing where there is none."""
    for name, value in values.items():
        record, _, attribute = name.partition(".")
        if record.startswith("hold/") and attribute == "step" and value == step and f"{record}.lifted" not in values:
            return record
    return ""


def _shifts(desk: Office, authority: str, case: str, given: Mapping[str, Value], names: set[str]) -> tuple[Shift, ...]:
    """The steps still to come whose earliest lawful day moves when these facts are recorded."""
    state, law, cycle = desk.case(authority, case), desk.law(authority), desk.workflow_of(authority, case)
    facts = state.for_looking_ahead()
    after = replace(facts, values={**facts.values, **given})
    found = []
    for step in cycle.steps:
        own = step.records or ""
        done = own in facts.values and own not in facts.planned
        if done or own in names or not _reads(law, step.id) & names:
            continue
        was, now = (_soonest(law, alone(step), each, step.id, desk.now.local) for each in (facts, after))
        planned = facts.values.get(own)
        early = isinstance(planned, Moment) and now is not None and planned.day < now
        if was != now or early:
            found.append(Shift(step, was, now, planned if early and isinstance(planned, Moment) else None))
    return tuple(found)


def _soonest(law: Law, cycle: Workflow, facts: Facts, step: str, at: Moment) -> int | None:
    decision, judged = weigh(law, cycle, HERE, facts, step, at, twice=False)
    return earliest(law, cycle, HERE, facts, decision, judged).day


def _reads(law: Law, step: str) -> set[str]:
    """Every fact that bears on a step, by its rules and by the tables that derive what they read."""
    needed: set[str] = set().union(*(rule.reads for rule in law.steps.get(step, ())))
    for fact in reversed(law.order):
        if fact in needed:
            needed.update(*(table.reads for table in law.deciding[fact]))
    return needed


# What people see ---------------------------------------------------------------------------------------------------


def lines(done: Redated, head: str) -> list[str]:
    """What was recorded and what moves, for people."""
    shown = [f"{'would be ' if done.written is None else '✓ '}{head}"]
    for each in done.shifts:
        shown.append(f"  moves    {each.step.id}: earliest lawful day was {_day(each.was)}, is now {_day(each.now)}")
        if each.planned:
            shown.append(f"           it is planned for {each.planned}, which is too early now")
    if done.shifts:
        shown.append("  the same notice may be owed again with the new date: vires case check says")
    return [
        *shown,
        "  nothing was written (--dry-run)" if done.written is None else f"  receipt  {done.written.receipt}",
    ]


def _day(day: int | None) -> str:
    return "none by waiting alone" if day is None else str(Moment(day))


def plain(done: Redated, case: str) -> dict[str, object]:
    """The same for machines."""
    found: dict[str, object] = {"case": case, "recorded": [each.name for each in done.kept]}
    found |= {"was": done.was.iso} if isinstance(done.was, Moment) else {}
    found |= {"step": done.waits} if done.waits else {}
    found["moves"] = [
        {"step": each.step.id}
        | {name: Moment(day).iso for name, day in (("was", each.was), ("now", each.now)) if day is not None}
        | ({"planned": each.planned.iso} if each.planned else {})
        for each in done.shifts
    ]
    return found | ({"receipt": done.written.receipt, "entry": done.written.entry} if done.written else {})
