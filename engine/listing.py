"""Cases, logs, rules and cycles to text and to JSON: what `report` is for decisions. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping, Sequence

from engine import checkpoints
from engine.anchoring import REACH
from engine.conditions import ALWAYS, parameters
from engine.cycles import Line
from engine.law import Law, Parameter, Rule, Table
from engine.ledger import Entry
from engine.ledger import Step as Checked
from engine.markup import Problem
from engine.model import Moment, Money
from engine.replay import CaseState, Kept, Replayed
from engine.report import hang, table, wrap
from engine.vocabulary import Term, words
from engine.walks import Walk
from engine.wording import exact, figure_on, span
from engine.workflow import SAME, Workflow

_DATED = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\Z")

# Cases ------------------------------------------------------------------------------------------------------------


def case_lines(state: CaseState, cycle: Workflow, width: int) -> list[str]:
    """A case for people: where it stands, its facts, what was decided and judged."""
    here = cycle.state(state.state)
    stage = next((stage.title for stage in cycle.stages if here and stage.id == here.stage), "")
    lines = [f"{state.authority}/{state.case} · {state.title}"]
    lines += wrap(f"{here.title if here else state.state} · {stage} · entry {state.sequence}", 2, width)
    facts = [
        (f"{kept.entry}", kept.name, _said(kept)) for kept in sorted(state.facts.values(), key=lambda kept: kept.entry)
    ]
    lines += ["", *table(("entry", "recorded", "value"), facts, width)] if facts else []
    steps = [
        (
            f"{step.entry}",
            f"{step.step}",
            f"{str(step.at).replace('T', ' ')} {'IRREGULAR, ' * step.irregular}{step.answer}",
        )
        for step in state.steps
    ]
    lines += ["", *table(("entry", "step", "on, answer"), steps, width)] if steps else []
    judged = [(f"{each.entry}", f"{each.rule}", f"{each.answer}, {each.role}") for each in state.judgements]
    return lines + (["", *table(("entry", "judged", "answer, post"), judged, width)] if judged else [])


def _said(kept: Kept) -> str:
    value = kept.typed()
    late = ""
    if (
        kept.type == "milestone"
        and not kept.planned
        and value is not None
        and str(kept.value)[:10] < kept.recorded[:10]
    ):
        late = f" (recorded {kept.recorded[:10]})"
    return ("erased" if value is None else words(value)) + (" (planned)" if kept.planned else "") + late


def case_plain(state: CaseState, cycle: Workflow) -> dict[str, object]:
    """A case for machines."""
    here = cycle.state(state.state)
    return {
        "authority": state.authority,
        "case": state.case,
        "title": state.title,
        "state": state.state,
        "stage": here.stage if here else "",
        "workflow": state.workflow,
        "entry": state.sequence,
        "facts": {kept.name: _kept_plain(kept) for kept in sorted(state.facts.values())},
        "steps": [step._asdict() for step in state.steps],
        "judgements": [
            {"entry": each.entry, "rule": each.rule, "answer": each.answer, "role": each.role}
            for each in state.judgements
        ],
    }


def _kept_plain(kept: Kept) -> dict[str, object]:
    plain: dict[str, object] = {"type": kept.type, "entry": kept.entry, "recorded": kept.recorded}
    if kept.value is not None:
        plain["value"] = kept.value
    return plain | ({"planned": True} if kept.planned else {}) | ({"erased": True} if kept.value is None else {})


# The log ----------------------------------------------------------------------------------------------------------


def log_lines(entries: Sequence[Entry], width: int) -> list[str]:
    """Entries for people, one line each."""
    rows = [
        (
            f"{entry.authority}:{entry.sequence}",
            entry.recorded,
            entry.kind,
            f"{entry.case or ''} {_what(entry)}".strip(),
        )
        for entry in entries
    ]
    return table(("entry", "recorded (UTC)", "kind", "case, what"), rows, width) if rows else ["no entries"]


def _what(entry: Entry) -> str:
    body = entry.body
    if entry.kind == "recorded":
        value = body.get("value")
        sealed = isinstance(value, dict) and "sealed" in value
        return f"{body.get('name')}{' planned' if body.get('planned') else ''}: {'sealed' if sealed else _short(value)}"
    if entry.kind == "decision":
        irregular = "IRREGULAR, " if "irregular" in body else ""
        return f"{body.get('step')} on {body.get('at')}: {irregular}{body.get('answer')}"
    if entry.kind == "judgement":
        return f"{body.get('rule')}: {body.get('answer')}, {body.get('role')}"
    if entry.kind == "retention":
        of = body.get("hold", body.get("asked", ""))
        return f"{body.get('act')} {of}".strip()
    return {"log-opened": f"training: {words(bool(body.get('training')))}", "fault": str(body.get("detail"))}.get(
        entry.kind, ""
    )


def _short(value: object) -> str:
    match value:
        case {"pence": int(pence), "vat": str(vat)}:
            return words(Money(pence, vat))
        case bool():
            return words(value)
    return str(value).replace("T", " ") if _DATED.match(str(value)) else str(value)


def entry_plain(entry: Entry) -> dict[str, object]:
    """An entry for machines: the members of its canonical form."""
    members: dict[str, object] = {name: getattr(entry, name) for name in Entry.__slots__}
    return {name: value for name, value in members.items() if value is not None}


def verify_lines(authority: str, steps: Sequence[Checked], width: int) -> list[str]:
    """The steps of verification for people, with what each cannot say, then the answer."""
    lines = [f"{authority}"]
    for step in steps:
        mark = " " if step.ok else "✗"
        lines += hang(step.detail, f"{mark} {step.number:>2} {step.title:<31} ", width)
        for problem in step.problems:
            place = f"entry {problem.sequence}: " if problem.sequence is not None else ""
            lines += wrap(f"{place}{problem.message}", 6, width)
        lines += hang(step.limit, "      cannot say: ", width) if step.limit else []
    bad = sorted({problem.sequence for step in steps for problem in step.problems if problem.sequence is not None})
    if all(step.ok for step in steps):
        return [*lines, *hang(_answer(steps), "✓ ", width)]
    what = authority if "." in authority else "the log"  # a file's name has a dot, an authority's never
    return [*lines, f"✗ {what} does not verify" + (f"; the first bad entry is {bad[0]}" if bad else "")]


def verified_lines(checked: Sequence[tuple[str, Sequence[Checked]]], empty: Collection[str], width: int) -> list[str]:
    """Several logs for people: each in full, a sound one that holds nothing in a line, last which do not verify."""
    lines: list[str] = []
    for name, steps in checked:
        brief = len(checked) > 1 and name in empty and all(step.ok for step in steps)
        said = f"{name}: nothing but the entry that opened it; {_answer(steps)}"
        lines += hang(said, "✓ ", width) if brief else verify_lines(name, steps, width)
    bad = [name for name, steps in checked if not all(step.ok for step in steps)]
    if len(checked) == 1:
        return lines
    told = f"✗ {len(bad)} of {len(checked)} logs do not verify: {', '.join(bad)}"
    return [*lines, "", *wrap(told if bad else f"✓ {len(checked)} logs, nothing out of place in any", 0, width)]


def _answer(steps: Sequence[Checked]) -> str:
    """What a verification without a fault comes to: how far it proves anything, and which openings nobody erased."""
    last, lost = steps[-1], next((each.limit for each in steps if each.title == "seals"), "")
    said = "nothing is out of place" + (f": {last.detail}" if last.title == REACH else "")
    said += f"; {last.limit}" if last.title == REACH and last.limit else ""
    return said + (f"; nobody can say {lost}" if lost else "")


def steps_plain(steps: Sequence[Checked]) -> list[dict[str, object]]:
    """The steps of verification for machines."""
    return [
        {
            "step": step.number,
            "title": step.title,
            "ok": step.ok,
            "detail": step.detail,
            "cannot_say": step.limit,
            "problems": [{"entry": problem.sequence, "message": problem.message} for problem in step.problems],
        }
        for step in steps
    ]


def checkpoint_plain(note: bytes) -> dict[str, object]:
    """A checkpoint for machines; it is read, not verified."""
    found, read = checkpoints.read(note)
    root = base64.b64encode(found.root).decode()
    names = [each.name for each in read.signatures]
    return {"origin": found.origin, "entries": found.size, "root": root, "signed_by": names}


def replay_lines(results: Sequence[tuple[str, Replayed]], width: int) -> list[str]:
    """Decisions taken again, for people: those that differ, then the count."""
    lines: list[str] = []
    for authority, result in results:
        if result.differs:
            head = f"✗ {authority}:{result.entry} {result.case} {result.step}  "
            sort = f"{result.kind}: " if result.kind else ""
            lines += hang(f"{sort}{result.differs}", head, width)
            lines += [line for each in result.fields[1:] for line in wrap(each, 4, width)]
        elif result.erased:
            head = f"? {authority}:{result.entry} {result.case} {result.step}  "
            lines += hang(f"erased or withheld: {', '.join(result.erased)}; it cannot be taken again", head, width)
    differ = sum(bool(result.differs) for _, result in results)
    erased = sum(bool(result.erased) for _, result in results)
    if not results:
        return ["no decision was recorded there, or since then: nothing was taken again"]
    total = sum(bool(result.step) for _, result in results)  # without cases that cannot be read
    same = f"{len(results) - differ - erased} of {total} decisions come to the same answer"
    same += f"; {erased} cannot be taken again: what they rest on was erased or withheld" if erased else ""
    sorts = ", ".join(f"{kind} {count}" for kind, count in kinds(results).items())
    limit = hang("whether what was recorded is true, or all of it is there: audit verify tells", "cannot say: ", width)
    return [*lines, f"{'✗' if differ else '✓'} {same}{f'; {sorts}' if sorts else ''}", *limit]


def kinds(results: Sequence[tuple[str, Replayed]]) -> dict[str, int]:
    """How many decisions differ in each way: forged, omitted, another pack, another engine."""
    found = sorted(result.kind for _, result in results if result.kind)
    return {kind: found.count(kind) for kind in dict.fromkeys(found)}


# Rules ------------------------------------------------------------------------------------------------------------


def rule_plain(rule: Rule) -> dict[str, object]:
    """A rule for machines."""
    plain: dict[str, object] = {
        "rule": rule.id,
        "title": rule.title,
        "cite": rule.cite,
        "layer": rule.layer,
        "pack": rule.pack,
        "binds": list(rule.binds),
        "waives": list(rule.waives),
        "yields_to": list(rule.yields_to),
        "effect": rule.effect,
        "confidence": rule.confidence,
        "source_facts": list(rule.source_facts),
        "when": exact(rule.when),
        "requires": [exact(each) for each in rule.requirements],
    }
    return plain | {name: value for name, value in _optional(rule).items() if value}


def _optional(rule: Rule) -> Mapping[str, str]:
    start, end = (Moment(day).iso if day else "" for day in (rule.in_force.start, rule.in_force.end))
    return {"refer": rule.refer, "caution": rule.caution, "remedy": rule.remedy, "from": start, "to": end}


def day_plain(subject: Rule | Table | Parameter, law: Law, day: int) -> dict[str, object]:
    """Which version is in force on a day: whether it binds at all, and each figure it uses as at that day."""
    plain: dict[str, object] = {"on": Moment(day).iso}
    if isinstance(subject, Parameter):
        return plain | {"figures": {subject.id: figure_on(subject, day)}}
    named = sorted({name for condition in subject.conditions for name in parameters(condition)})
    return plain | {
        "in_force": subject.in_force.covers(day),
        "period": span(subject.in_force),
        "judged_as_at": subject.as_at or "the day of the decision",
        "figures": {name: figure_on(law.parameters[name], day) for name in named if name in law.parameters},
        "figures_as_at": {
            name: law.parameters[name].as_at for name in named if name in law.parameters and law.parameters[name].as_at
        },
    }


def day_lines(subject: Rule | Table | Parameter, law: Law, day: int, width: int) -> list[str]:
    """The same for people."""
    plain = day_plain(subject, law, day)
    figures, as_at = plain["figures"], plain.get("figures_as_at", {})
    assert isinstance(figures, dict) and isinstance(as_at, dict)
    lines = ["", f"  as at {Moment(day)}"]
    if "in_force" in plain:
        stands = "in force" if plain["in_force"] else "NOT in force"
        lines += hang(
            f"{stands} ({plain['period']}); judged as at {plain['judged_as_at']}", "  this version     ", width
        )
        lines += [] if figures else hang("it uses none of the dated figures", "  figures          ", width)
    for name, said in figures.items():
        when = f", by {as_at[name]}" if name in as_at else ""
        lines += hang(f"{name}: {said}{when}", "  figure           ", width)
    return lines


def subject_plain(subject: Rule | Table | Parameter) -> dict[str, object]:
    """A rule, table or parameter for machines."""
    if isinstance(subject, Rule):
        return rule_plain(subject)
    common: dict[str, object] = {
        "title": subject.title,
        "cite": subject.cite,
        "source_facts": list(subject.source_facts),
    }
    if isinstance(subject, Parameter):
        values = {Moment(day).iso: _figure(subject, value) for day, value in subject.values}
        return {
            "parameter": subject.id,
            **common,
            "unit": subject.unit,
            "confidence": subject.confidence,
            "values": values,
        }
    rows = [{"when": exact(row.when), "then": "refer" if row.then is None else words(row.then)} for row in subject.rows]
    last = {} if subject.open else {"otherwise": "refer" if subject.otherwise is None else words(subject.otherwise)}
    order = {"order": list(subject.order)} if subject.order else {}
    return {
        "table": subject.id,
        **common,
        "decides": subject.decides,
        "hit": subject.hit,
        **order,
        "rows": rows,
        **last,
    }


def _figure(parameter: Parameter, value: int | None) -> str:
    if value is None:
        return "not confirmed"
    return f"£{value // 100:,} {parameter.vat} VAT" if parameter.unit == "money" else f"{value:,} {parameter.unit}"


def subject_lines(subject: Rule | Table | Parameter, law: Law, width: int) -> list[str]:
    """A rule, table or parameter as text a lawyer can check, with its worked cases."""
    lines = [subject.id, *wrap(subject.title, 2, width), ""]
    parts = [("cite", subject.cite), ("facts", ", ".join(subject.source_facts))]
    if isinstance(subject, Parameter):
        parts += [("from " + Moment(day).iso, _figure(subject, value)) for day, value in subject.values]
    elif isinstance(subject, Table):
        parts += [("decides", subject.decides), ("of its rows", subject.hit)]
        parts += [("strictest first", ", ".join(subject.order))] if subject.order else []
        parts += [
            ("if", f"{exact(row.when)}: {'refer' if row.then is None else words(row.then)}") for row in subject.rows
        ]
        if not subject.open:
            parts.append(("otherwise", "refer" if subject.otherwise is None else words(subject.otherwise)))
        parts += [("to judge", subject.refer)] if subject.refer else []
    else:
        parts += _rule_parts(subject)
    for label, said in parts:
        lines += hang(said, f"  {label:<16} ", width)
    cases = [case for case in law.cases if case.subject == subject.id]
    lines += ["", "  cases"] if cases else []
    for case in cases:
        lines += hang(f"{case.name}: {case.expect}", f"  {Moment(case.on)!s:<16} ", width)
    return lines


def _rule_parts(rule: Rule) -> list[tuple[str, str]]:
    parts = [
        ("waives" if rule.waives else "binds", ", ".join(rule.waives or rule.binds)),
        ("layer", f"{rule.layer}, {rule.effect}, confidence {rule.confidence}"),
    ]
    parts += [("applies when", exact(rule.when))] if rule.when != ALWAYS else []
    parts += [("requires", exact(each)) for each in rule.requirements]
    named = {"refer": "to judge", "from": "in force from", "to": "in force to"}
    return parts + [(named.get(name, name), value) for name, value in _optional(rule).items() if value]


# The cycle --------------------------------------------------------------------------------------------------------


def workflow_lines(cycle: Workflow, width: int) -> list[str]:
    """The cycle for people: each stage, its states, and the steps that lead on from each."""
    lines = [f"{cycle.id} · {cycle.title}"]
    for stage in cycle.stages:
        lines += ["", stage.title]
        for state in (each for each in cycle.states if each.stage == stage.id):
            end = " (end)" if state.id in cycle.final else ""
            lines += wrap(f"{state.id}: {state.title}{end}", 2, width)
            for step in (each for each in cycle.steps if state.id in each.sources):
                target = "stays" if step.target == SAME else step.target
                lines += hang(f"{step.title}{' (free)' if step.free else ''}", f"    {step.id} → {target}  ", width)
    lines += ["", "Routes"] if cycle.routes else []
    for route in cycle.routes:
        lines += wrap(f"{route.id}: {route.title}", 2, width)
        lines += wrap(" · ".join(route.steps), 4, width)
    return lines + (["", *hang(cycle.source, "seen in  ", width)] if cycle.source else [])


def compared_lines(
    names: Sequence[str], cycles: Sequence[Workflow], shown: Sequence[Line], whole: int, width: int
) -> list[str]:
    """Cycles side by side for people: who has what, where some differ from the base."""
    lines = [
        f"{number}  {name} · {cycle.title}" for number, (name, cycle) in enumerate(zip(names, cycles, strict=True), 1)
    ]
    heads = tuple(str(number) for number in range(1, len(names) + 1))
    rows = [(line.kind, line.id, *line.each, line.title) for line in shown]
    lines += ["", *table(("", "name", *heads, "title"), rows, width)] if rows else []
    same = whole - len(shown)
    return [*lines, "", *wrap(f"{same} states, steps and routes are those of the base cycle in all.", 2, width)]


def walk_lines(done: Walk, number: int, every: bool, width: int) -> list[str]:
    """A simulated life for people: how it ended, and what was refused on the way, or everything done."""
    taken = sum(act.what == "taken" for act in done.acts)
    last = done.acts[-1].at if done.acts else ""
    mark = "✗" if done.stuck else "✓"
    lines = [f"{mark} {done.route}, life {number}: {done.state} by {last}, {taken} steps"]
    lines += hang(done.stuck, "    stuck     ", width) if done.stuck else []
    for act in done.acts:
        if every or act.what == "refused":
            said = (
                f"{act.name}: {act.said}" if act.what in ("refused", "recorded", "judged") else f"{act.name} {act.said}"
            )
            lines += hang(f"{said} ({act.at})", f"    {act.what:<8}  ", width)
    return lines


def walk_plain(done: Walk) -> dict[str, object]:
    """A simulated life for machines."""
    acts = [
        {"what": act.what, "at": act.at.iso, "name": act.name, "said": act.said}
        | ({"rules": list(act.rules)} if act.rules else {})
        for act in done.acts
    ]
    plain: dict[str, object] = {"route": done.route, "state": done.state, "begun": done.lives, "acts": acts}
    return plain | ({"stuck": done.stuck} if done.stuck else {})


# The vocabulary ---------------------------------------------------------------------------------------------------


def term_lines(terms: Sequence[Term], records: Mapping[str, str], whole: bool, width: int) -> list[str]:
    """Facts and milestones for people: a line each, or whole with choices and the question to ask."""
    if not whole:
        return table(("name", "type, what"), [(each.name, f"{_kind(each)} · {each.title}") for each in terms], width)
    shown: list[str] = []
    for each in terms:
        step = records.get(each.name)
        parts = [("type", _kind(each)), ("choices", " | ".join(each.choices)), ("asks", each.ask)]
        presumed = each.presumed_as or ("" if each.presumed is None else words(each.presumed))
        parts += [("presumed", f"{presumed}. {each.because}" if presumed else "")]
        parts += [("first of", ", ".join(each.first_of)), ("after", ", ".join(each.after))]
        parts += [("class", "" if each.kind == "public" else each.kind), ("step", step or "")]
        shown += [*([""] if shown else []), each.name, *wrap(each.title, 2, width)]
        shown += [line for head, said in parts if said for line in hang(said, f"  {head:<10}", width)]
    return shown


def _kind(term: Term) -> str:
    kind = "milestone with an hour" if term.milestone and term.minute else term.type
    return f"{kind}, derived" if term.derived else kind


def term_plain(term: Term, records: Mapping[str, str]) -> dict[str, object]:
    """A fact or milestone for machines."""
    plain: dict[str, object] = {
        "name": term.name,
        "title": term.title,
        "type": term.type,
        "class": term.kind,
        "derived": term.derived,
    }
    optional = {
        "hour": term.minute,
        "choices": list(term.choices),
        "ask": term.ask,
        "descriptive": term.descriptive,
        "presumed": term.presumed_as or ("" if term.presumed is None else words(term.presumed)),
        "because": term.because,
        "after": list(term.after),
        "first_of": list(term.first_of),
        "step": records.get(term.name),
    }
    return plain | {name: value for name, value in optional.items() if value}


# Packs looked over ------------------------------------------------------------------------------------------------


def problem_plain(problem: Problem, kind: str) -> dict[str, object]:
    """A problem (kind `error`) or a remark for machines."""
    return {"kind": kind, **problem.where._asdict(), "what": problem.what, "instead": problem.instead}


def problem_github(problem: Problem, kind: str) -> str:
    """The same as a workflow command of GitHub, whose data escapes per cents and ends of lines."""
    said = f"{problem.what}; {problem.instead}" if problem.instead else problem.what
    place = problem.where
    said = said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    file = place.file.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} file={file},line={place.line},col={place.column}::{said}"


def linted(law: Law, found: int) -> str:
    """How much was looked over, and how much there is to look at."""
    parts = {"pack": law.packs, "rule": law.rules, "table": law.tables, "case": law.cases}
    counted = ", ".join(f"{len(each)} {what}{'s' * (len(each) != 1)}" for what, each in parts.items())
    return f"✓ {counted}: no problems" if not found else f"? {counted}: no problems, {found} remark{'s' * (found > 1)}"
