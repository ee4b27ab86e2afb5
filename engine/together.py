"""Authorities that commission together: whose rule binds at a step, by how much, and what would bind if one left. Pure.

Each party's whole law judges the same facts by the reference evaluator, looking ahead; no decision is taken on it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from textwrap import wrap
from typing import NamedTuple

from engine.decide import weigh
from engine.law import Law
from engine.model import MET, MISSING, NOT_APPLICABLE, NOT_MET, REFER, Facts, Finding, Moment
from engine.outlook import HERE, alone, earliest
from engine.workflow import Step

LEAD, PARTICIPANT, LEFT = "lead", "participant", "left"
EACH_FOR_ITSELF = "each council for itself"
WORST = (NOT_MET, REFER, MISSING)


class Stands(NamedTuple):
    """Where one authority's law leaves the step: its answer, and the earliest lawful day where waiting is the cure."""

    answer: str
    day: int | None

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The stricter, the greater: what no waiting cures first, then the later day, then the worse answer."""
        worse = WORST[::-1].index(self.answer) + 1 if self.answer in WORST else 0
        return self.day is None and worse > 0, self.day or 0, worse


class Duty(NamedTuple):
    """One duty by the name authorities give it: each one's finding, and those whose rule binds."""

    name: str
    title: str
    findings: Mapping[str, Finding]
    binds: tuple[str, ...]
    days: int  # by how many days the one that binds is later than the next; 0 where it is no matter of days


class Shared(NamedTuple):
    """A step as the authorities' laws leave it together."""

    step: Step
    mode: str
    decided_by: str
    alike: int  # rules that say the same of everyone
    duties: tuple[Duty, ...]
    stands: Mapping[str, Stands]
    binding: tuple[str, ...]  # whose law counts at all in this mode

    def strictest(self, without: str = "") -> tuple[str, ...]:
        """Those whose law binds the step as a whole, were one of them not there."""
        left = [each for each in self.binding if each != without]
        most = max((self.stands[each].rank for each in left), default=None)
        return tuple(each for each in left if self.stands[each].rank == most)


def parties(facts: Facts) -> Mapping[str, str]:
    """The authorities that take part, and the part of each, the lead first."""
    named = {
        name.removeprefix("party/").removesuffix(".part"): str(value)
        for name, value in facts.values.items()
        if name.startswith("party/") and name.endswith(".part") and value != LEFT
    }
    return dict(sorted(named.items(), key=lambda each: (each[1] != LEAD, each[0])))


def counted(named: Mapping[str, str], decided_by: str, own: str) -> tuple[str, ...]:
    """Whose law counts: each party's where each decides for itself, else that of the lead."""
    if not named:
        return (own,)
    return tuple(named) if decided_by == EACH_FOR_ITSELF else tuple(each for each in named if named[each] == LEAD)


def shared(
    laws: Mapping[str, Law], step: Step, facts: Facts, at: Moment, mode: str, decided_by: str, binding: Collection[str]
) -> Shared:
    """A step judged under each authority's law beside the others."""
    found: dict[str, dict[str, Finding]] = {}
    titles: dict[str, str] = {}
    stands: dict[str, Stands] = {}
    for who, law in laws.items():
        cycle = alone(step)
        decision, judged = weigh(law, cycle, HERE, facts, step.id, at, twice=False)
        stands[who] = Stands(decision.answer, earliest(law, cycle, HERE, facts, decision, judged).day)
        for finding in decision.findings:
            rule = law.rules[finding.rule]
            name = rule.id.partition(".")[2] if law.packs[rule.pack].authority else rule.id
            found.setdefault(name, {})[who] = finding
            titles.setdefault(name, rule.title)
    listed = {name: each for name, each in found.items() if {one.answer for one in each.values()} != {NOT_APPLICABLE}}
    alike = [name for name, each in listed.items() if len(each) == len(laws) and _same(each)]
    duties = tuple(_duty(name, titles[name], each, binding) for name, each in listed.items() if name not in alike)
    return Shared(step, mode, decided_by, len(alike), duties, stands, tuple(binding))


def _same(findings: Mapping[str, Finding]) -> bool:
    return len({(each.answer, each.found, each.required, each.earliest) for each in findings.values()}) == 1


def _duty(name: str, title: str, findings: Mapping[str, Finding], binding: Collection[str]) -> Duty:
    ranked = {who: _rank(each) for who, each in findings.items() if who in binding and each.answer != NOT_APPLICABLE}
    most = max(ranked.values(), default=None)
    binds = tuple(who for who, rank in ranked.items() if rank == most)
    days = sorted({findings[who].earliest or 0 for who in ranked}, reverse=True)
    gap = days[0] - days[1] if len(days) > 1 and days[1] else 0
    return Duty(name, title, findings, binds, gap)


def _rank(finding: Finding) -> tuple[int, int]:
    order = (MET, MISSING, REFER, NOT_MET)
    return order.index(finding.answer) if finding.answer in order else 0, finding.earliest or 0


# What people see ---------------------------------------------------------------------------------------------------


def lines(found: Shared, width: int) -> list[str]:
    """Whose rule binds, for people."""
    head = f"{found.step.id} · {found.mode or 'no joint mode recorded'}"
    shown = [f"{head}{': ' + found.decided_by if found.decided_by and found.mode else ''}"]
    shown.append(f"  everyone alike  {found.alike} rules")
    if set(found.stands) - set(found.binding):
        others = ", ".join(sorted(set(found.stands) - set(found.binding)))
        shown.append(f"  does not count  the law of {others}, in this mode")
    for duty in found.duties:
        shown += wrap(f"{duty.name}: {duty.title}", width - 2, initial_indent="  ", subsequent_indent="    ")
        for who, each in duty.findings.items():
            mark = "binds" if who in duty.binds else "     "
            until = f", earliest {Moment(each.earliest)}" if each.earliest is not None else ""
            by = f", {duty.days} days later than the next" if duty.days and who in duty.binds else ""
            shown.append(f"    {who:<12} {mark}  {each.answer}{until}{by}")
            if each.required:
                shown += wrap(f"asks {each.required}", width, initial_indent=" " * 24, subsequent_indent=" " * 29)
    shown.append(f"  as a whole      {_whole(found, found.strictest())}")
    if len(found.binding) > 1:
        shown += [f"  if {who} left  {_whole(found, found.strictest(who))}" for who in found.binding]
    return shown


def _whole(found: Shared, who: tuple[str, ...]) -> str:
    stands = found.stands[who[0]]
    day = f"from {Moment(stands.day)}" if stands.day is not None else "waiting alone is no cure"
    return f"{', '.join(who)} bind{'s' * (len(who) == 1)}{' alike' * (len(who) > 1)}: {stands.answer}, {day}"


def plain(found: Shared) -> dict[str, object]:
    """The same for machines."""
    left = found.binding if len(found.binding) > 1 else ()
    return {
        "step": found.step.id,
        "mode": found.mode,
        "decided_by": found.decided_by,
        "alike": found.alike,
        "duties": [_duty_plain(duty) for duty in found.duties],
        "stands": {who: _stands_plain(each) for who, each in found.stands.items()},
        "counts": list(found.binding),
        "binds": list(found.strictest()),
        "if_left": {who: list(found.strictest(who)) for who in left},
    }


def _duty_plain(duty: Duty) -> dict[str, object]:
    says = {
        who: {"rule": each.rule, "answer": each.answer, "found": each.found, "required": each.required}
        | ({"earliest": Moment(each.earliest).iso} if each.earliest is not None else {})
        for who, each in duty.findings.items()
    }
    return {"name": duty.name, "title": duty.title, "binds": list(duty.binds), "days_later": duty.days, "says": says}


def _stands_plain(stands: Stands) -> dict[str, str]:
    return {"answer": stands.answer} | ({"earliest": Moment(stands.day).iso} if stands.day is not None else {})
