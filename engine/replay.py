"""A case folded from its own entries, and every decision of it taken again. Pure: rows, openings and kept packs in.

Bodies of entries are specified in docs/formats/entry.md. A case that goes back loses what was dated since it left the
state it goes back to, so that a first round's milestones never satisfy a second round's rules; and so do approvals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from engine import __version__, canonical, duties, ledger
from engine.decide import retake, weigh
from engine.errors import LedgerError
from engine.law import Law
from engine.ledger import Entry, Opening
from engine.model import (
    EXPLAINED,
    MAY_PROCEED,
    MET,
    MISSING,
    NOT_APPLICABLE,
    NOT_MET,
    REFER,
    Decision,
    Facts,
    Finding,
    Judgement,
    Moment,
    Value,
    moment,
)
from engine.vocabulary import Term, from_plain
from engine.workflow import Step as WorkflowStep
from engine.workflow import Workflow

DATED = ("milestone", "date", "minute")
ERASED = "erased"


@dataclass(frozen=True, slots=True, order=True)
class Kept:
    """One fact as the log has it: its type, plain value (None where its opening is gone), and who recorded it when."""

    name: str
    type: str
    value: object
    planned: bool
    entry: int
    recorded: str
    actor: str
    read: Value | None = field(default=None, compare=False)  # the value read once, when the case was folded

    def typed(self) -> Value | None:
        """The value as the evaluators read it; None when it was erased."""
        if self.value is None or self.read is not None:
            return self.read
        return from_plain(Term(self.name, "", self.type), self.value)


class Step(NamedTuple):
    """A decision as the log has it, for lists: its entry, step, day, answer, and whether it is irregular."""

    entry: int
    step: str
    at: str
    answer: str
    irregular: bool


class CaseState(NamedTuple):
    """A case as its entries leave it."""

    authority: str
    case: str
    title: str
    workflow: str
    state: str
    opened: str
    sequence: int
    facts: Mapping[str, Kept] = MappingProxyType({})
    judgements: tuple[Judgement, ...] = ()
    steps: tuple[Step, ...] = ()
    acts: duties.Acts = duties.Acts()  # who did what, for rules on separate duties
    path: Mapping[str, int] = MappingProxyType({})  # the states that led here, and the entry that came to each

    def for_step(self) -> Facts:
        """The facts a step is decided on: what happened and what is stated, never what is only planned."""
        return self._facts({name: kept for name, kept in self.facts.items() if not kept.planned})

    def for_looking_ahead(self) -> Facts:
        """The facts including planned milestones, for `check` and `why`."""
        return self._facts(self.facts)

    def _facts(self, chosen: Mapping[str, Kept]) -> Facts:
        values = {name: value for name, kept in chosen.items() if (value := kept.typed()) is not None}
        planned = frozenset(name for name, kept in chosen.items() if kept.planned)
        values |= duties.worked_out(self.acts, {name: (kept.actor, kept.value) for name, kept in chosen.items()})
        return Facts(values, planned, self.judgements, {name: kept.entry for name, kept in chosen.items()})


def fold(entries: Iterable[Entry], openings: Mapping[str, Opening], before: CaseState | None = None) -> CaseState:
    """The case its entries make, in order, from nothing or from an earlier fold; LedgerError when there is none."""
    state = before
    for entry in entries:
        state = _apply(state, entry, openings)
    if state is None:
        raise LedgerError("the case has no entries")
    return state


def _apply(state: CaseState | None, entry: Entry, openings: Mapping[str, Opening]) -> CaseState:
    body: Mapping[str, Any] = entry.body
    try:
        if entry.kind == "case-opened":
            return _open(state, entry, body, openings)
        if state is None:
            raise LedgerError(f"entry {entry.sequence} comes before its case was opened")
        if entry.kind == "recorded":
            state = _record(state, entry, body, openings)
        elif entry.kind == "judgement":
            judged = (body["rule"], body["answer"], body["rests_on"], body["role"], body.get("value"))
            judgements = (*state.judgements, Judgement(entry.sequence, *judged))
            state = state._replace(judgements=judgements, acts=state.acts.with_review(entry.actor, str(body["rule"])))
        elif entry.kind == "decision":
            state = _move(state, entry, body)
        elif entry.kind == "migration":
            state = _migrate(state, entry, body)
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise LedgerError(f"entry {entry.sequence}: its body is not that of kind {entry.kind}") from error
    return state if state.sequence == entry.sequence else state._replace(sequence=entry.sequence)


def _open(state: CaseState | None, entry: Entry, body: Mapping[str, Any], openings: Mapping[str, Opening]) -> CaseState:
    if state is not None or entry.case is None:
        raise LedgerError(f"entry {entry.sequence} opens a case that is open already")
    title = str(opened(body["title"], openings) or ERASED)
    first = {body["state"]: entry.sequence}
    return CaseState(
        entry.authority,
        entry.case,
        title,
        str(entry.digests["workflow"]),
        body["state"],
        entry.recorded,
        entry.sequence,
        acts=duties.Acts(entry.actor),
        path=first,
    )


def opened(value: Any, openings: Mapping[str, Opening]) -> object:
    """The value, or what a seal holds; None when its opening is gone; LedgerError when the opening is not its own."""
    if not (isinstance(value, dict) and set(value) == {"sealed"}):
        return value
    opening = openings.get(value["sealed"])
    if opening is None:
        return None
    if ledger.commitment(opening.salt, opening.value) != value["sealed"]:
        raise LedgerError(f"an opening does not match its seal {value['sealed'][:12]}")
    return canonical.decode(opening.value)


def _record(state: CaseState, entry: Entry, body: Mapping[str, Any], openings: Mapping[str, Opening]) -> CaseState:
    value, planned = opened(body["value"], openings), bool(body.get("planned", False))
    read = None if value is None else from_plain(Term(body["name"], "", body["type"]), value)
    kept = Kept(body["name"], body["type"], value, planned, entry.sequence, entry.recorded, entry.actor, read)
    acts = state.acts.with_record(entry.actor, str(kept.name), value, str(body.get("post", "")))
    return state._replace(facts={**state.facts, kept.name: kept}, acts=acts, sequence=entry.sequence)


def _move(state: CaseState, entry: Entry, body: Mapping[str, Any]) -> CaseState:
    step = Step(entry.sequence, body["step"], body["at"], body["answer"], "irregular" in body)
    taken = {**state.acts.irregular, entry.sequence: entry.actor} if step.irregular else state.acts.irregular
    state = state._replace(steps=(*state.steps, step), acts=state.acts._replace(irregular=taken))
    if "to" not in body:
        return state
    facts, target, path = dict(state.facts), body["to"], dict(state.path)
    if target in path and target != state.state:  # back: what was dated since it was left no longer counts
        later = list(path)[list(path).index(target) + 1 :]
        left = path[later[0]] if later else entry.sequence
        stages = duties.taken_back({name: kept.entry for name, kept in facts.items()}, path[target], left)
        facts = {
            name: kept
            for name, kept in facts.items()
            if (kept.type not in DATED or kept.entry < left) and duties.part_of(name) not in stages
        }
        state = state._replace(acts=state.acts.without(stages))
        path = {name: sequence for name, sequence in path.items() if name not in later}
    if "records" in body:
        name = body["records"]
        at = moment(entry.happened)
        facts[name] = Kept(name, "milestone", entry.happened, False, entry.sequence, entry.recorded, entry.actor, at)
    return state._replace(state=target, facts=facts, path={**path, target: path.get(target, entry.sequence)})


def _migrate(state: CaseState, entry: Entry, body: Mapping[str, Any]) -> CaseState:
    """The case under another cycle from here on; LedgerError where the entry says another state or cycle before."""
    if (body["state"], body["instead_of"]) != (state.state, state.workflow):
        raise LedgerError(f"entry {entry.sequence} moves the case from a state or a cycle that it does not have")
    return state._replace(workflow=str(entry.digests["workflow"]))


def dated(law: Law, step: WorkflowStep, at: Moment) -> Moment:
    """When a step happened, as its milestone keeps it: without the hour where the milestone is a date."""
    term = law.vocabulary.terms.get(step.records or "")
    return at if term is None or term.minute else Moment(at.day)


# Decisions to and from the log ------------------------------------------------------------------------------------


def plain_decision(decision: Decision) -> dict[str, object]:
    """The body of a decision entry, without who took it and why: what replay must come to again."""
    body: dict[str, object] = {
        "step": decision.step,
        "at": decision.at.iso,
        "answer": decision.answer,
        "from": decision.source,
        "findings": [plain_finding(finding) for finding in decision.findings],
    }
    if decision.target is not None:
        body["to"] = decision.target
    if decision.reason:
        body["reason"] = decision.reason
    return body


def plain_finding(finding: Finding) -> dict[str, object]:
    """A finding as the log keeps it; title, citation and words come from the pack by digest."""
    kept: dict[str, object] = {"rule": finding.rule, "answer": finding.answer}
    if finding.found:
        kept |= {"found": finding.found, "required": finding.required}
    if finding.earliest is not None:
        kept["earliest"] = Moment(finding.earliest).iso
    if finding.needs:
        kept["needs"] = list(finding.needs)
    if finding.settled:
        kept["settled"] = {"entry": finding.settled.entry, "answer": finding.settled.answer}
    if finding.waived:
        kept["waived"] = finding.waived
    return kept


# Replay -----------------------------------------------------------------------------------------------------------


FORGED, OMITTED, PACK, ENGINE = "forged verdict", "omitted finding", "changed pack", "changed engine"


class Replayed(NamedTuple):
    """One decision taken again: its entry and case, and how the answer differs, or nothing.

    `kind` says what sort of difference it is, `fields` each one.
    """

    entry: int
    case: str
    step: str
    answer: str
    differs: str = ""
    erased: tuple[str, ...] = ()  # facts erased since then, without which the decision cannot be taken again
    kind: str = ""
    fields: tuple[str, ...] = ()


Lawbook = Callable[[Entry], tuple[Law, Workflow]]  # the law and workflow whose digests an entry records


def replay(
    entries: Iterable[Entry],
    openings: Mapping[str, Opening],
    lawbook: Lawbook,
    since: str = "",
    twice: bool = True,
) -> Iterator[Replayed]:
    """Every decision of one case again, in order, from the entries before it and the law of its day.

    `since` (ISO) leaves out what was recorded before that day; not `twice`, the reference evaluator judges alone.
    """
    for state, entry in moments(entries, openings):
        if entry.recorded[:10] >= since:
            yield _again(state, entry, lawbook, twice)


def moments(entries: Iterable[Entry], openings: Mapping[str, Opening]) -> Iterator[tuple[CaseState, Entry]]:
    """Every decision of one case, with the case as it was when it was taken; LedgerError where there is no case."""
    state: CaseState | None = None
    for entry in entries:
        if entry.kind == "decision" and state is not None:
            yield state, entry
        state = _apply(state, entry, openings)


def _again(state: CaseState, entry: Entry, lawbook: Lawbook, twice: bool) -> Replayed:
    body: Mapping[str, Any] = entry.body
    done = Replayed(entry.sequence, state.case, str(body.get("step")), str(body.get("answer")))
    try:
        law, workflow = lawbook(entry)
    except LedgerError as error:
        return done._replace(differs=error.message, kind=PACK, fields=(error.message,))
    try:
        fields, kind, again = _compared(state, entry, law, workflow, twice)
        erased = _rests_on_erased(state, body, again) if fields and again else ()
        if erased and _agrees_with_itself(state, entry, law, workflow):
            return done._replace(erased=erased)
        if fields and kind == FORGED and _of_another_engine(state, entry, law, workflow):
            kind = ENGINE
    except LedgerError as error:
        fields, kind = (error.message,), FORGED
    except (KeyError, TypeError, ValueError):
        fields, kind = ("its body is not that of a decision",), FORGED
    return done._replace(differs=fields[0], kind=kind, fields=fields) if fields else done


def _of_another_engine(state: CaseState, entry: Entry, law: Law, workflow: Workflow) -> bool:
    """Whether another version of the program says it decided this, and the verdict follows from its own findings."""
    return entry.body.get("engine") not in (None, __version__) and _agrees_with_itself(state, entry, law, workflow)


def _rests_on_erased(state: CaseState, kept: Mapping[str, Any], again: Mapping[str, Any]) -> tuple[str, ...]:
    """The erased facts that the decision needs, where they alone make it differ; nothing where anything else does.

    A finding that differs is excused when, taken again, it is missing an erased fact. What a decision says above its
    findings (answer, where it leads) follows from them; the step, its day and where the case stood do not.
    """
    erased = {name for name, fact in state.facts.items() if fact.value is None}
    if any(kept.get(name) != again.get(name) for name in ("step", "at", "from")):
        return ()
    then = {finding["rule"]: finding for finding in kept["findings"]}
    now = {finding["rule"]: finding for finding in again["findings"]}
    if then.keys() != now.keys() or len(then) < len(kept["findings"]):
        return ()
    needed: set[str] = set()
    for rule, found in now.items():
        if found != then[rule]:
            missing = erased & set(found.get("needs", ()))
            if not missing or found["answer"] != MISSING:
                return ()
            needed |= missing
    return tuple(sorted(needed))


def _agrees_with_itself(state: CaseState, entry: Entry, law: Law, workflow: Workflow) -> bool:
    """Whether a recorded decision comes to the answer of its findings, on its own day, and leads where that does."""
    from engine.machine import machine_of

    kept: Mapping[str, Any] = entry.body
    step = workflow.step(str(kept["step"]))
    if step is None or dated(law, step, moment(kept["at"])).iso != entry.happened:
        return False
    stands = {str(each.get("settled", each)["answer"]) for each in kept["findings"]} - {MET, NOT_APPLICABLE, EXPLAINED}
    answer = next((each for each in (NOT_MET, REFER, MISSING) if each in stands), REFER if stands else MAY_PROCEED)
    moves = answer == MAY_PROCEED or "irregular" in kept
    target = machine_of(workflow).move(state.state, str(kept["step"])) if moves else None
    return kept["answer"] == answer and kept.get("to") == target


def _compared(
    state: CaseState, entry: Entry, law: Law, workflow: Workflow, twice: bool
) -> tuple[tuple[str, ...], str, dict[str, Any]]:
    """How the decision differs when it is taken again, the sort of difference, and what it comes to now."""
    body: Mapping[str, Any] = entry.body
    derived = [name for name in state.facts if name in law.vocabulary.terms and law.vocabulary.terms[name].derived]
    if derived:
        return (f"{', '.join(sorted(derived))} was recorded, which only the rules may decide",), FORGED, {}
    at = moment(body["at"])
    asked = (law, workflow, state.state, state.for_step(), body["step"], at)
    decision = weigh(*asked)[0] if twice else retake(*asked)
    if decision.fault:
        return (f"the evaluators disagree: {decision.fault}",), ENGINE, {}
    again: dict[str, Any] = plain_decision(decision)
    described, target = workflow.step(decision.step), decision.target
    if "irregular" in body:
        from engine.machine import machine_of

        target = machine_of(workflow).move(state.state, decision.step)
        again |= {"to": target} if target is not None else {}
    if target is not None and described is not None and described.records:
        again["records"] = described.records
    happened = dated(law, described, decision.at).iso if described else decision.at.iso
    fields = tuple(_differences({**body, "happened": entry.happened}, {**again, "happened": happened}))
    erased = sorted(name for name, kept in state.facts.items() if kept.value is None)
    if fields and erased:
        fields = (f"{fields[0]} (erased since: {', '.join(erased)})", *fields[1:])
    omitted = {finding["rule"] for finding in again["findings"]} - {finding["rule"] for finding in body["findings"]}
    return fields, OMITTED if omitted else FORGED, again


def _differences(kept: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[str]:
    """Every way in which a recorded decision differs from the same one taken again."""
    for name in ("step", "at", "happened", "answer", "from", "to", "records", "reason"):
        if kept.get(name) != again.get(name):
            yield f"{name}: the log says {kept.get(name)!r}, the rules say {again.get(name)!r}"
    then = {finding["rule"]: finding for finding in kept["findings"]}
    if len(then) < len(kept["findings"]):
        yield "the log has two findings of one rule"
    now = {finding["rule"]: finding for finding in again["findings"]} if kept["findings"] != again["findings"] else then
    for rule in sorted(then.keys() | now.keys()):
        if rule not in then:
            yield f"the finding of {rule} was left out of the log"
        elif rule not in now:
            yield f"the log has a finding of {rule}, which does not bind this step"
        elif then[rule] != now[rule]:
            yield f"{rule}: the log says {then[rule]}, the rules say {now[rule]}"
    if "irregular" in kept and kept["answer"] == MAY_PROCEED:
        yield "the log marks a lawful step as irregular"
