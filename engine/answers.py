"""Answers to questions put on bare facts, to text, to one line of many, and to JSON: `report` for `questions`. Pure.

The JSON is `vires/findings/1`: docs/formats/findings.md says it in words, rules/schemas/findings.schema.json exactly.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.markup import Problem
from engine.model import MISSING, MUST_NOT, NOT_MET, REFER, Decision, Moment
from engine.outlook import Outlook
from engine.questions import (
    GIVEN,
    KNOWN,
    Derived,
    Duties,
    Last,
    Question,
    Soonest,
    certain,
    row_of,
    standing,
)
from engine.report import (
    ASK,
    EXIT,
    PROCEED,
    STOP,
    View,
    assumed_plain,
    decision_lines,
    decision_plain,
    earliest_lines,
    finding_plain,
    hang,
    outlook_plain,
    wrap,
)
from engine.scenarios import Unread
from engine.vocabulary import to_plain, words

FORMAT = "vires/findings/1"
UNREAD = 2  # the exit code of a case that cannot be read
HEADINGS = ("answer", "earliest", "first in the way")

Answer = Outlook | Derived | tuple[Duties, ...] | Soonest | Last


class Told(NamedTuple):
    """One answer with what it answers: the authority and question, the case's name where there are many."""

    answer: Answer
    authority: str
    question: Question
    view: View
    name: str = ""


def exit_code(answer: Answer) -> int:
    """The exit code of an answer (docs/formats/findings.md)."""
    match answer:
        case Outlook():
            return EXIT[answer.decision.answer]
        case Derived():
            return 0 if answer.answer in (KNOWN, GIVEN) else 3
        case Soonest():
            return EXIT[answer.look.decision.answer] if answer.day is not None else 1
        case Last():
            return EXIT[answer.look.decision.answer] if answer.day is not None else 1
    return 1 if any(each.decision.fault for each in answer) else 0


def worst(codes: set[int]) -> int:
    """The exit code of many answers: a case that cannot be read, then 1 before 3 before 0."""
    return next((code for code in (UNREAD, 1, 3) if code in codes), 0)


# For people -------------------------------------------------------------------------------------------------------


def lines(told: Told) -> list[str]:
    """The answer for people."""
    match told.answer:
        case Outlook():
            return _outlook_lines(told.answer, told)
        case Derived():
            return _derived_lines(told.answer, told)
        case Soonest():
            return _soonest_lines(told.answer, told)
        case Last():
            return _last_lines(told.answer, told)
    return _duties_lines(told.answer, told)


def _outlook_lines(look: Outlook, told: Told) -> list[str]:
    shown = decision_lines(look.decision, told.view, f"{told.authority} · {look.decision.at}")
    if look.decision.answer != "may proceed" and look.decision.findings:
        shown += earliest_lines(look.earliest.day, look.earliest.others, look.decision.at, told.view.width)
    return shown


def _derived_lines(derived: Derived, told: Told) -> list[str]:
    width = told.view.width
    shown = [f"{_mark(exit_code(derived))} {derived.fact}: {_derived_words(derived)}"]
    shown += wrap(f"{told.authority} · {derived.at}", 2, width)
    parts = [("because", derived.because)] if derived.because else []
    if derived.table is not None:
        row = row_of(derived)
        which = "otherwise" if derived.row is None else f"row {derived.row + 1}"
        cite = (row.cite if row else "") or derived.table.cite
        parts.append(("table", derived.table.title))
        known = derived.answer in (KNOWN, REFER)
        parts.append(("cite", f"{cite} · {derived.table.layer} · {derived.table.id}{f', {which}' if known else ''}"))
    parts += [("taken as", each) for each in _taken(derived)]
    parts += [("next", f"give {name}") for name in derived.needs]
    return [*shown, "", *(line for head, said in parts for line in hang(said, f"  {head:<10}", width))]


def _taken(derived: Derived) -> list[str]:
    """The facts taken for granted on which a derived value rests, each with its reason."""
    if derived.assessment is None:
        return []
    context = derived.assessment.context
    terms = context.law.vocabulary.terms
    said = ((name, words(context.facts[name]), terms[name].because) for name in derived.assumed)
    return [f"{name}: {value}, since nothing was said. {because}" for name, value, because in said]


def _derived_words(derived: Derived) -> str:
    if derived.value is not None:
        return words(derived.value) + (", as given" if derived.answer == GIVEN else "")
    return {MISSING: "facts are missing", REFER: "refer to a person first"}[derived.answer]


def _duties_lines(found: tuple[Duties, ...], told: Told) -> list[str]:
    shown: list[str] = []
    for each in found:
        if each.decision.findings or each.decision.fault:
            view = told.view._replace(assessment=each.assessment, every=True)
            title = f"{each.step.title} · {told.authority} · {each.decision.at}"
            shown += [*([""] if shown else []), *decision_lines(each.decision, view, title)]
    none = [each.step.id for each in found if not each.decision.findings and not each.decision.fault]
    if none:
        shown += [*([""] if shown else []), *wrap(f"no rule applies: {', '.join(none)}", 0, told.view.width)]
    return shown


def _soonest_lines(soonest: Soonest, told: Told) -> list[str]:
    decision, width = soonest.look.decision, told.view.width
    shown = [f"{_mark(exit_code(soonest))} {soonest.milestone}: {_soonest_words(soonest)}"]
    shown += wrap(f"{told.authority} · step {soonest.step.id} · counted from {soonest.since}", 2, width)
    view = told.view._replace(assessment=soonest.look.assessment)
    return [*shown, *decision_lines(decision, view)[1:]]


def _soonest_words(soonest: Soonest) -> str:
    if soonest.day is None:
        return "no date is lawful: waiting does not cure what stands in the way"
    day, left = Moment(soonest.day), len(standing(soonest))
    if certain(soonest):
        return f"earliest lawful date {day}"
    return f"not before {day}, once {left} point{'s are' if left != 1 else ' is'} settled"


def _last_lines(last: Last, told: Told) -> list[str]:
    if last.day is None:
        return _soonest_lines(last.first, told)
    shown = [f"{_mark(exit_code(last))} {last.first.milestone}: {_last_words(last, last.day)}"]
    about = f"{told.authority} · step {last.first.step.id} · {_soonest_words(last.first)}"
    shown += wrap(about, 2, told.view.width)
    for rule in last.ended_by:
        label = "ended by" if last.ends else "to judge"
        shown += hang(f"{told.view.law.rules[rule].title} ({rule})", f"  {label}  ", told.view.width)
    view = told.view._replace(assessment=last.look.assessment)
    return [*shown, *decision_lines(last.look.decision, view)[1:]]


def _last_words(last: Last, day: int) -> str:
    if not last.ends:
        why = "from the day after a person must judge" if last.ended_by else "no later day was looked at"
        return f"no last day: nothing new stands in the way up to {Moment(day)}, and {why}"
    if last.look.decision.blocking:
        return f"not after {Moment(day)}, and only once the rest is settled"
    return f"latest lawful date {Moment(day)}"


def _mark(code: int) -> str:
    return {0: PROCEED, 1: STOP, 3: ASK}[code]


# One line of many -------------------------------------------------------------------------------------------------


def headings() -> str:
    """The heading of one answer a line."""
    return _line(" ", "case", *HEADINGS)


def line(told: Told) -> str:
    """The answer in one line: the case, the answer, the earliest lawful date, the first rule in the way."""
    answer = told.answer
    mark = _mark(exit_code(answer))
    match answer:
        case Outlook():
            said = MUST_NOT if answer.decision.answer == NOT_MET else answer.decision.answer
            return _line(mark, told.name, said, _day(answer.earliest.day), _first(answer.decision))
        case Derived():
            table = answer.table.id if answer.table else ", ".join(answer.needs)
            return _line(mark, told.name, _derived_words(answer), "", table)
        case Soonest():
            decision = answer.look.decision
            said = MUST_NOT if decision.answer == NOT_MET else decision.answer
            return _line(mark, told.name, said, _day(answer.day), _first(decision))
        case Last():
            first = ", ".join(answer.ended_by) or _first(answer.look.decision)
            said = "no last day" if answer.day is None or not answer.ends else f"to {Moment(answer.day)}"
            return _line(mark, told.name, said, _day(answer.first.day), first)
    count = sum(len(each.decision.findings) for each in answer)
    steps = sum(bool(each.decision.findings) for each in answer)
    return _line(mark, told.name, f"{count} duties, {steps} steps", "", "")


def unread_line(case: Unread) -> str:
    """A case that cannot be read, in one line."""
    return _line(ASK, case.name, "cannot be read", "", f"{case.problems[0].where}: {case.problems[0].what}")


def _line(mark: str, name: str, answer: str, day: str, first: str) -> str:
    return f"{mark} {name:<32}  {answer:<16}  {day:<11}  {first}".rstrip()


def _day(day: int | None) -> str:
    return "" if day is None else str(Moment(day))


def _first(decision: Decision) -> str:
    return decision.blocking[0].rule if decision.blocking else decision.reason


# For machines -----------------------------------------------------------------------------------------------------


def plain(told: Told) -> dict[str, object]:
    """The answer for machines."""
    match told.answer:
        case Outlook(decision, _, earliest):
            rest = outlook_plain(decision, earliest.day, told.view)
        case Derived():
            rest = _derived_plain(told.answer)
        case Soonest():
            rest = _soonest_plain(told.answer, told.view)
        case Last():
            rest = _last_plain(told.answer, told.view)
        case _:
            rest = {"exit": exit_code(told.answer), "steps": [_duties_plain(each, told.view) for each in told.answer]}
    return {**_head(told.name), "authority": told.authority, "question": str(told.question), **rest}


def unread_plain(case: Unread) -> dict[str, object]:
    """A case that cannot be read, for machines."""
    return {**_head(case.name), "exit": UNREAD, "problems": [_problem_plain(each) for each in case.problems]}


def _head(name: str) -> dict[str, object]:
    return {"format": FORMAT, **({"name": name} if name else {})}


def _problem_plain(problem: Problem) -> dict[str, object]:
    return {
        "where": str(problem.where),
        "what": problem.what,
        **({"instead": problem.instead} if problem.instead else {}),
    }


def _derived_plain(derived: Derived) -> dict[str, object]:
    table, row = derived.table, row_of(derived)
    shown: dict[str, object] = {
        "fact": derived.fact,
        "on": derived.at.iso,
        "answer": derived.answer,
        "exit": exit_code(derived),
    }
    if derived.value is not None:
        shown["value"] = to_plain(derived.value)
    if table is not None:
        shown["table"] = {"id": table.id, "title": table.title, "cite": table.cite, "layer": table.layer}
    if row is not None and derived.row is not None:
        shown["row"] = {"number": derived.row + 1, **({"cite": row.cite} if row.cite else {})}
    taken = assumed_plain(derived.assumed, derived.assessment) if derived.assessment else []
    optional = {"because": derived.because, "needs": list(derived.needs), "assumed": taken}
    return shown | {name: value for name, value in optional.items() if value}


def _duties_plain(duties: Duties, view: View) -> dict[str, object]:
    decision = decision_plain(duties.decision, view._replace(assessment=duties.assessment))
    kept = {name: value for name, value in decision.items() if name not in ("from", "to", "exit")}
    return {**kept, "title": duties.step.title}


def _soonest_plain(soonest: Soonest, view: View) -> dict[str, object]:
    view = view._replace(assessment=soonest.look.assessment)
    shown: dict[str, object] = {
        "milestone": soonest.milestone,
        "step": soonest.step.id,
        "since": soonest.since.iso,
        "answer": soonest.look.decision.answer,
        "exit": exit_code(soonest),
        "findings": [finding_plain(each, view) for each in soonest.look.decision.findings],
    }
    if soonest.day is not None:
        shown["earliest" if certain(soonest) else "not_before"] = Moment(soonest.day).iso
    taken = decision_plain(soonest.look.decision, view).get("assumed")
    optional = {"reason": soonest.look.decision.reason, "fault": soonest.look.decision.fault, "assumed": taken}
    return shown | {name: value for name, value in optional.items() if value}


def _last_plain(last: Last, view: View) -> dict[str, object]:
    first = _soonest_plain(last.first, view)
    if last.day is None:
        return first
    own = _soonest_plain(last.first._replace(look=last.look), view)
    own |= {name: value for name, value in first.items() if name in ("earliest", "not_before")}
    if not certain(last.first):
        own.pop("earliest", None)
    if last.ended_by:
        own["ended_by"] = list(last.ended_by)
    word = "until" if not last.ends else "not_after" if last.look.decision.blocking else "latest"
    return own | {word: Moment(last.day).iso}
