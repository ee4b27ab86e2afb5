"""The ways on from where a case stands: every step from there with its verdict and the one thing to do. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.model import MAY_PROCEED, MISSING, NOT_MET, REFER, Finding, Moment
from engine.outlook import Outlook
from engine.report import EXIT, View, hang, next_steps, wrap
from engine.workflow import Step, Workflow

VERDICTS = {
    MAY_PROCEED: ("✓", "may proceed"),
    NOT_MET: ("✗", "not met"),
    REFER: ("?", "refer"),
    MISSING: ("?", "missing"),
}


class Way(NamedTuple):
    """One step from here: its verdict, the day from which waiting leaves nothing in the way, and what to do next.

    `points` counts the findings that stand in the way; `because` is the first of them that can be acted on.
    """

    step: Step
    to: str
    answer: str
    on: Moment
    earliest: int | None
    points: int
    because: Finding | None
    do: str


def way(step: Step, state: str, look: Outlook, view: View) -> Way:
    """What was looked at, as a way on."""
    decision = look.decision
    day = look.earliest.day if decision.answer != MAY_PROCEED else decision.at.day
    because, do = _to_do(step, look, view)
    return Way(step, step.lands(state) or state, decision.answer, decision.at, day, len(decision.blocking), because, do)


def _to_do(step: Step, look: Outlook, view: View) -> tuple[Finding | None, str]:
    """The first finding one can act on, and the one thing to do about it.

    What is to be recorded comes before what is to be judged: a judgement lapses when a fact that it rests on changes.
    """
    decision = look.decision
    if decision.answer == MAY_PROCEED:
        return None, f"vires case advance {view.case} {step.id}"
    if not decision.blocking:
        return None, decision.fault or decision.reason
    for finding in sorted(decision.blocking, key=lambda each: each.stands == REFER):
        if commands := next_steps(finding, view):
            return finding, commands[0]
    first = decision.blocking[0]
    days = [each.earliest for each in decision.blocking if each.earliest is not None]
    if days and max(days) > decision.at.day:
        return next(each for each in decision.blocking if each.earliest == max(days)), f"wait until {Moment(max(days))}"
    if days:
        return first, "wait until later that day"
    rule = view.law.rules[first.rule]
    return first, rule.remedy or f"vires case why {view.case} {step.id}"


def way_lines(state: str, cycle: Workflow, ways: Sequence[Way], view: View) -> list[str]:
    """The ways on for people: those that move the case first, then what can be done where it stands.

    What stays here is told in one line each, unless the view shows everything.
    """
    here = cycle.state(state)
    stage = next((each.title for each in cycle.stages if here and each.id == here.stage), "")
    lines = [f"{view.case} · {here.title if here else state} · {stage}"]
    if not ways:
        return [*lines, "  at its end: no step leads on"]
    on, here_still = [each for each in ways if each.to != state], [each for each in ways if each.to == state]
    brief = bool(on) and not view.every
    for heading, group in (("Leads on", on), ("Stays here", here_still)):
        lines += ["", heading] if group else []
        for each in group:
            lines += _verdict_lines(each, view)
            lines += _do_lines(each, view) if group is on or not brief else []
    told = f"what each of these wants: vires case next {view.case} --all"
    return [*lines, f"  {told}"] if brief and here_still else lines


def _verdict_lines(each: Way, view: View) -> list[str]:
    mark, words = VERDICTS[each.answer]
    more = f", {each.points} points" if each.points > 1 else ""
    later = each.earliest is not None and each.earliest > each.on.day
    waits = f", not before {Moment(each.earliest)}" if later and each.earliest is not None else ""
    return hang(f"{words}{more}{waits}", f"{mark} {each.step.id:<26} ", view.width)


def _do_lines(each: Way, view: View) -> list[str]:
    lines = []
    if each.because is not None:
        lines += wrap(
            f"{view.law.rules[each.because.rule].title} ({view.law.rules[each.because.rule].cite})", 4, view.width
        )
    return lines + hang(each.do, "    next  ", view.width)


def ways_plain(state: str, cycle: Workflow, ways: Sequence[Way], view: View) -> dict[str, object]:
    """The ways on for machines."""
    here = cycle.state(state)
    return {
        "case": view.case,
        "state": state,
        "stage": here.stage if here else "",
        "final": state in cycle.final,
        "steps": [_way_plain(each, view) for each in ways],
    }


def _way_plain(each: Way, view: View) -> dict[str, object]:
    plain: dict[str, object] = {
        "step": each.step.id,
        "title": each.step.title,
        "to": each.to,
        "on": each.on.iso,
        "answer": each.answer,
        "exit": EXIT[each.answer],
        "points": each.points,
        "next": each.do,
    }
    if each.earliest is not None:
        plain["earliest"] = Moment(each.earliest).iso
    if each.because is not None:
        rule = view.law.rules[each.because.rule]
        plain |= {"rule": rule.id, "rule_title": rule.title, "cite": rule.cite}
    return plain
