"""Values to text and to JSON: the same facts in both. Pure; 80 columns unless told otherwise.

The answer first, in one line; then only what the reader can act on; the working of a date one option away.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from engine import assumed
from engine.choice import plain as chosen_plain
from engine.choice import reasons
from engine.conditions import AnyOf, Condition
from engine.decide import Assessment
from engine.law import Law, Rule, Table
from engine.model import (
    EXPLAINABLE,
    MAY_PROCEED,
    MET,
    MISSING,
    NOT_APPLICABLE,
    NOT_MET,
    REFER,
    WAIVABLE,
    Decision,
    Finding,
    Moment,
)
from engine.reference import Working, evaluate, found, required, undone, workings
from engine.vocabulary import Term, to_plain, words

PROCEED, STOP, ASK = "✓", "✗", "?"
_MARKS = {
    MAY_PROCEED: (PROCEED, "may proceed"),
    NOT_MET: (STOP, "must not proceed"),
    REFER: (ASK, "refer to a person first"),
    MISSING: (ASK, "facts are missing"),
}
EXIT = {MAY_PROCEED: 0, NOT_MET: 1, REFER: 3, MISSING: 3}
_ORDER = (NOT_MET, REFER, MISSING, MET, NOT_APPLICABLE)
_GAP = 12  # the column at which a finding's lines begin
_VALUES = {"money": "'AMOUNT incl VAT'", "boolean": "'yes|no'", "integer": "N", "text": "TEXT", "date": "DATE"}


class View(NamedTuple):
    """What a decision is shown with: its law, what it was judged on, the case as the officer types it, and how."""

    law: Law
    assessment: Assessment | None
    case: str = ""
    steps: Mapping[str, str] = {}
    every: bool = False
    working: bool = False
    width: int = 80
    choice: bool = False  # say why this version, layer and figure


def verdict(decision: Decision) -> str:
    """The answer in one line."""
    mark, words = _MARKS[decision.answer]
    return f"{mark} {words}: {decision.step}"


def decision_lines(decision: Decision, view: View, subtitle: str = "") -> list[str]:
    """A decision for people: the answer, then each finding that stops it with what to do next."""
    lines = [verdict(decision)]
    if subtitle:
        lines += wrap(subtitle, 2, view.width)
    if decision.reason:
        lines += ["", *wrap(decision.reason, 2, view.width)]
        lines += [f"  next     vires case next {view.case}"] if view.case else []
    if decision.fault:
        lines += wrap(decision.fault, 2, view.width)
    shown = [each for each in decision.findings if view.every or each.blocks or each.settled or each.waived]
    waiting: dict[tuple[str, ...], list[Finding]] = {}
    for finding in sorted(shown, key=lambda each: (_ORDER.index(each.stands) if each.blocks else 9, each.rule)):
        if finding.answer == MISSING and finding.blocks and not (view.every or view.choice):
            waiting.setdefault(finding.needs, []).append(finding)
        else:
            lines += ["", *_finding_lines(finding, view)]
    for alike in waiting.values():
        lines += ["", *(_waiting_lines(alike, view) if len(alike) > 1 else _finding_lines(alike[0], view))]
    for each in _assumed(decision, view):
        lines += ["", *hang(f"{each}: {_taken(each, view)}", "  taken as  ", view.width)]
    lines += ["", *wrap(_counted(decision.findings, shown), 2, view.width)] if decision.findings else []
    return lines


def _assumed(decision: Decision, view: View) -> tuple[str, ...]:
    """The facts that nobody stated and on which the decision rests."""
    return assumed.of_findings(decision.findings, view.assessment) if view.assessment else ()


def _taken(name: str, view: View) -> str:
    """What a fact is taken to be that nobody stated, and why."""
    assert view.assessment is not None
    value = view.assessment.context.facts[name]
    return f"{words(value)}, since nothing was said. {view.law.vocabulary.terms[name].because}"


def assumed_plain(names: Iterable[str], assessment: Assessment) -> list[dict[str, object]]:
    """Facts that nobody stated, for machines: what each is taken to be, and why."""
    facts, terms = assessment.context.facts, assessment.context.law.vocabulary.terms
    return [{"fact": name, "value": to_plain(facts[name]), "because": terms[name].because} for name in names]


def _waiting_lines(alike: Sequence[Finding], view: View) -> list[str]:
    """Several rules that wait for the very same facts, said once."""
    first = alike[0]
    lines = hang(f"{len(alike)} rules wait for the same facts", f"  {first.answer:<{_GAP - 4}}  ", view.width)
    lines += hang(", ".join(each.rule for each in alike), " " * _GAP + "rules     ", view.width)
    lines += hang(first.found, " " * _GAP + "found     ", view.width)
    for each in next_steps(first, view):
        lines += hang(each, " " * _GAP + "next      ", view.width)
    return lines


def _counted(findings: Sequence[Finding], shown: Sequence[Finding]) -> str:
    counts = {answer: sum(each.stands == answer for each in findings) for answer in _ORDER}
    said = ", ".join(f"{count} {answer}" for answer, count in counts.items() if count)
    return said if len(shown) == len(findings) else f"{said} (--all shows every rule)"


def _finding_lines(finding: Finding, view: View) -> list[str]:
    rule = view.law.rules[finding.rule]
    head = f"  {finding.answer:<{_GAP - 4}}  "
    lines = hang(rule.title, head, view.width)
    lines += wrap(f"{rule.cite} · {rule.layer} · {rule.id}", _GAP, view.width)
    for label, said in _parts(finding, rule, view):
        lines += hang(said, " " * _GAP + f"{label:<10}", view.width)
    if view.choice and view.assessment is not None:
        for reason in reasons(finding, view.law, view.assessment):
            lines += hang(reason.said, " " * _GAP + f"{reason.about:<10}", view.width)
    if view.working and view.assessment is not None:
        shown = rule.requirements if finding.answer == REFER else rule.requirements[:1]
        for require in shown:
            for each in workings(require, view.assessment.context):
                lines += _working_lines(each, view.width)
    return lines


def _parts(finding: Finding, rule: Rule, view: View) -> list[tuple[str, str]]:
    """The labelled lines of a finding, in the order they are read."""
    if finding.answer == NOT_APPLICABLE:
        because = found(rule.when, view.assessment.context) if view.assessment else ""
        return [("because", because)] if because else []
    parts = [("found", finding.found)] if finding.found else []
    if finding.answer != MISSING:
        parts.append(("to judge" if rule.refer else "required", finding.required))
    parts += _alternatives(finding, rule, view)
    if finding.earliest is not None:
        today = view.assessment is not None and finding.earliest == view.assessment.context.today.day
        parts.append(("earliest", f"{Moment(finding.earliest)}{', later that day' if today else ''}"))
    if rule.caution and finding.answer != MISSING:
        parts.append(("caution", rule.caution))
    if finding.settled:
        parts.append(("settled", f"by entry {finding.settled.entry}: {finding.settled.answer}"))
    if finding.waived:
        waiver = view.law.rules[finding.waived]
        parts.append(("waived", f"{waiver.title} ({waiver.cite}); {waiver.id}"))
    if finding.blocks:
        parts += _waivers(finding, rule, view)
        parts += [("remedy", rule.remedy)] if rule.remedy and finding.answer == NOT_MET else []
        parts += [("next", each) for each in next_steps(finding, view)]
    return parts


def _waivers(finding: Finding, rule: Rule, view: View) -> list[tuple[str, str]]:
    """The waivers that would lift a rule that is not met, each with what it asks."""
    if finding.answer != NOT_MET or rule.effect != WAIVABLE or view.assessment is None:
        return []
    ctx = view.assessment.context
    return [
        ("waiver", f"{each.title} ({each.cite}): {required(each.require, ctx.figure)}")
        for each in view.law.waivers.get(rule.id, ())
        if each.require is not None and evaluate(each.when, ctx).truth is not False
    ]


def _alternatives(finding: Finding, rule: Rule, view: View) -> list[tuple[str, str]]:
    """The other ways in which a rule that is not met could be, each with what was found."""
    if finding.answer != NOT_MET or view.assessment is None or not isinstance(rule.require, AnyOf):
        return []
    parts = []
    for item in rule.require.items[1:]:
        title, cite = getattr(item, "title", ""), getattr(item, "cite", "")
        said = found(item, view.assessment.context)
        parts.append(("or", f"{title or said}{f' ({cite})' if cite else ''}{f'; found {said}' if title else ''}"))
    return parts


def next_steps(finding: Finding, view: View) -> list[str]:
    """The commands that would move a finding on, ready to paste; nothing where there is no case to name."""
    rule = view.law.rules[finding.rule]
    if not view.case:
        return [f"give {name}" for name in finding.needs] if finding.answer == MISSING else []
    if finding.answer == REFER:
        return [_judge(view.law.subjects[subject], view) for subject in finding.needs if subject in view.law.subjects]
    if finding.answer == MISSING:
        return [_record(view.law.vocabulary.terms[name], view) for name in finding.needs]
    steps = [_record(view.law.vocabulary.terms[name], view) for name in _undone(rule, view)]
    if rule.effect in EXPLAINABLE:
        steps.append(f"vires case judge {view.case} {rule.id} explained --role POST --reason TEXT")
    return steps


def _undone(rule: Rule, view: View) -> tuple[str, ...]:
    """The milestones a rule wants done that nobody recorded; of alternatives, only those of the first."""
    if view.assessment is None or rule.require is None:
        return ()
    first: Condition = rule.require.items[0] if isinstance(rule.require, AnyOf) else rule.require
    return undone(first, view.assessment.context)


def _judge(subject: Rule | Table, view: View) -> str:
    if isinstance(subject, Table):
        term = view.law.vocabulary.terms[subject.decides]
        answer = (
            f"'{'|'.join(term.choices) if term.type == 'choice' else 'yes|no'}'"  # a shell reads a bare | as a pipe
        )
    else:
        answer = f"'{MET}|{NOT_MET}|{NOT_APPLICABLE}'"
    return f"vires case judge {view.case} {subject.id} {answer} --role POST --reason TEXT"


def _record(term: Term, view: View) -> str:
    if term.name in view.steps:
        return f"vires case advance {view.case} {view.steps[term.name]}"
    if term.type in ("choice", "choices"):  # never an answer as it stands: pasted, it is asked again
        value = "'" + "|".join(term.choices) + "'"
    else:
        value = "'DATE HH:MM'" if term.minute else _VALUES.get(term.type, "DATE")
    return f"vires case record {view.case} {term.name}={value}"


def step_line(decision: Decision, day: int | None) -> str:
    """A step and its answer in one line, for a list of steps."""
    mark, words = _MARKS[decision.answer]
    waits = f", not before {Moment(day)}" if day is not None and day > decision.at.day else ""
    return f"{mark} {decision.step:<26} {words}{waits}"


def advanced_lines(
    state: str, taken: bool, irregular: bool, entry: int, receipt: str, case: str, width: int
) -> list[str]:
    """What a step left behind: the state, the entry, and what an irregular step asks for next."""
    lines = []
    if irregular:
        said = (
            f"recorded as it happened, IRREGULAR for good: the case is now {state}. "
            "It asks for the monitoring officer's view, a remedy and the day it is reported."
        )
        lines += ["", *wrap(said, 2, width)]
        asks = "noted --role 'monitoring officer' --reason TEXT --remedy TEXT --report-by DATE"
        lines += hang(f"vires case judge {case} irregular:{entry} {asks}", "  next     ", width)
    elif taken:
        lines.append(f"  next     vires case next {case}")
    return [*lines, *hang(state, "  state    ", width), *hang(f"{receipt} (entry {entry})", "  receipt  ", width)]


def earliest_lines(day: int | None, others: Sequence[Finding], at: Moment, width: int = 80) -> list[str]:
    """When waiting would make the step lawful, and what waiting does not settle."""
    left = f"{len(others)} point{'s' * (len(others) != 1)} above"
    if day is None:
        return wrap("Waiting does not cure this: see what is next above.", 2, width)
    if day <= at.day:
        return wrap(f"No date stands in the way: settle the {left.removeprefix('1 ')}.", 2, width) if others else []
    left = left.replace("point", "other point")
    said = f"Earliest lawful date: {Moment(day)}"
    return wrap(
        f"{said}, once {left} {'is' if len(others) == 1 else 'are'} settled." if others else f"{said}.", 2, width
    )


def _working_lines(working: Working, width: int) -> list[str]:
    lines = hang(working.title, " " * _GAP + f"{'working':<10}", width)
    month, row = "", ""
    for mark in working.marks:
        when = Moment(mark.day)
        number, name, year = str(when).split()[:3]
        if f"{name} {year}" != month:
            lines += hang(row, " " * (_GAP + 10), width) if row else []
            month, row = f"{name} {year}", f"{name} {year}: "
        row += f"{number} " if mark.counted else f"({number}) "
    lines += hang(row, " " * (_GAP + 10), width) if row else []
    special = [
        f"{Moment(mark.day)} {mark.why}" for mark in working.marks if not mark.counted and not _weekend(mark.why)
    ]
    if any(not mark.counted for mark in working.marks):
        lines += hang(
            "not counted: " + "; ".join([*special, "weekends"] if _weekends(working) else special),
            " " * (_GAP + 10),
            width,
        )
    if working.latest_start is not None:
        lines += hang(
            f"for this end, the latest lawful start was {Moment(working.latest_start)}", " " * (_GAP + 10), width
        )
    return lines


def _weekend(why: str) -> bool:
    return why in ("Saturday", "Sunday")


def _weekends(working: Working) -> bool:
    return any(not mark.counted and _weekend(mark.why) for mark in working.marks)


def confirm_lines(said: str) -> list[str]:
    """What the second person types."""
    return [f"  next     {said} --confirm", "           by another person than you, as themselves"]


def wrap(said: str, indent: int, width: int) -> list[str]:
    """The text wrapped at the width, every line indented."""
    return hang(said, " " * indent, width)


def hang(said: str, head: str, width: int) -> list[str]:
    """The text wrapped behind a head, later lines indented as far as it; commands are never broken in two."""
    room = max(width, 40)
    if said.startswith("vires "):
        return [head + said]
    wrapper = textwrap.TextWrapper(room, head, " " * len(head), break_long_words=False, break_on_hyphens=False)
    if len(head) > room - 20:
        wrapper.initial_indent = wrapper.subsequent_indent = "    "
        return [head.rstrip(), *wrapper.wrap(said)]
    return wrapper.wrap(said) or [head.rstrip()]


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], width: int = 80) -> list[str]:
    """Columns as wide as they need; the last one wraps at the width."""
    listed = [list(headings), *[list(row) for row in rows]]
    widths = [max(len(row[column]) for row in listed) for column in range(len(headings) - 1)]
    lines = []
    for row in listed:
        head = "".join(f"{cell:<{size}}  " for cell, size in zip(row, widths, strict=False))
        lines += hang(row[-1], head, width)
    return lines


# JSON -------------------------------------------------------------------------------------------------------------


def decision_plain(decision: Decision, view: View) -> dict[str, object]:
    """The decision for machines: the same facts as for people, every finding included."""
    plain: dict[str, object] = {
        "step": decision.step,
        "on": decision.at.iso,
        "answer": decision.answer,
        "exit": EXIT[decision.answer],
        "from": decision.source,
        "findings": [finding_plain(finding, view) for finding in decision.findings],
    }
    taken = assumed_plain(_assumed(decision, view), view.assessment) if view.assessment else []
    optional = {"to": decision.target, "reason": decision.reason, "fault": decision.fault, "assumed": taken}
    return plain | {name: value for name, value in optional.items() if value}


def outlook_plain(decision: Decision, day: int | None, view: View) -> dict[str, object]:
    """A decision for machines with the earliest lawful day, and the working of its periods when that was asked."""
    plain = decision_plain(decision, view)
    if day is not None:
        plain["earliest"] = Moment(day).iso
    if view.working and view.assessment is not None:
        ctx = view.assessment.context
        plain["working"] = [
            {"rule": rule.id, **_working_plain(each)}
            for rule in view.assessment.rules.values()
            for require in rule.requirements
            for each in workings(require, ctx)
        ]
    return plain


def _working_plain(working: Working) -> dict[str, object]:
    days = [{"day": Moment(mark.day).iso, "counted": mark.counted, "why": mark.why} for mark in working.marks]
    plain: dict[str, object] = {"period": working.title, "days": days}
    return plain | ({"latest_start": Moment(working.latest_start).iso} if working.latest_start is not None else {})


def finding_plain(finding: Finding, view: View) -> dict[str, object]:
    """One finding for machines."""
    rule = view.law.rules[finding.rule]
    plain: dict[str, object] = {
        "rule": finding.rule,
        "title": rule.title,
        "cite": rule.cite,
        "layer": finding.layer,
        "pack": finding.pack,
        "effect": finding.effect,
        "answer": finding.answer,
        "stands": finding.stands,
    }
    optional = {
        "found": finding.found,
        "required": finding.required,
        "earliest": Moment(finding.earliest).iso if finding.earliest is not None else "",
        "needs": list(finding.needs),
        "caution": rule.caution,
        "settled": {"entry": finding.settled.entry, "answer": finding.settled.answer} if finding.settled else None,
        "waived": finding.waived,
        "next": next_steps(finding, view) if finding.blocks else [],
        "chosen": chosen_plain(reasons(finding, view.law, view.assessment)) if view.choice and view.assessment else [],
    }
    return plain | {name: value for name, value in optional.items() if value}
