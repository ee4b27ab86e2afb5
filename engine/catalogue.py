"""Every pack as a book: Markdown of its figures, tables and rules with their sources, doubts and cases. Pure.

`docs/rules.md` is this, written by `make docs`.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.conditions import ALWAYS
from engine.law import LAYERS, Case, Law, Pack, Parameter, Rule, Table
from engine.model import MANDATORY, Moment
from engine.wording import asks, doubt, exact, figure, own_when, rows, span

_CAUTION = {
    "unverified": "UNVERIFIED: nobody has confirmed it, so a person judges",
    "contested": "CONTESTED: there is more than one tenable reading; a person judges where they differ",
    "medium": "CAUTION",
}


def markdown(law: Law) -> list[str]:
    """The whole catalogue, line by line: what there is, then a chapter for each pack, statute first."""
    packs = sorted(law.packs.values(), key=lambda pack: (LAYERS.index(pack.layer), pack.id))
    rules = law.rules.values()
    lines = [
        f"{len(packs)} packs, {len(law.parameters)} figures, {len(law.tables)} tables, {len(rules)} rules, "
        f"{len(law.cases)} worked cases.",
        "",
        "| pack | layer | rules | refer to a person | source as at | checked |",
        "|---|---|---|---|---|---|",
    ]
    for pack in packs:
        own = [rule for rule in rules if rule.pack == pack.id]
        refers = sum(bool(rule.refer) or rule.confidence in ("contested", "unverified") for rule in own)
        lines.append(f"| `{pack.id}` | {pack.layer} | {len(own)} | {refers} | {pack.source_as_at} | {pack.checked} |")
    for pack in packs:
        lines += ["", *_pack(pack, law)]
    return lines


def _pack(pack: Pack, law: Law) -> list[str]:
    about = [
        ("Layer", pack.layer + (f" of {pack.authority}" if pack.authority else "")),
        ("Source", f"{pack.source}, as at {pack.source_as_at}; checked {pack.checked}"),
        ("Governs when", exact(pack.governs, pack.id) if pack.governs != ALWAYS else ""),
        ("Judged as at", f"`{pack.as_at}`" if pack.as_at else "the day of the decision"),
        ("Silent on", "; ".join(pack.silent)),
    ]
    lines = [f"## {_safe(pack.title)} (`{pack.id}`)", "", *_list(about)]
    parameters = [each for id, each in law.parameters.items() if id.partition(".")[0] == pack.id]
    tables = [table for table in law.tables if table.pack == pack.id]
    rules = [rule for rule in law.rules.values() if rule.pack == pack.id]
    for heading, chapters in (
        ("figures", [_parameter(each) for each in parameters]),
        ("tables", [_table(each, law) for each in tables]),
        ("rules", [_rule(each, law) for each in rules]),
    ):
        if chapters:
            lines += ["", f"### {pack.id}: {heading}"]
        for chapter in chapters:
            lines += ["", *chapter]
    return lines


def _parameter(parameter: Parameter) -> list[str]:
    about = [
        ("Source", parameter.cite),
        ("Doubt", _doubt(parameter)),
        ("Judged as at", f"`{parameter.as_at}`" if parameter.as_at else "the day of the decision"),
    ]
    values = [f"| {Moment(day)} | {figure(parameter, value)} |" for day, value in parameter.values]
    return [*_head(parameter), *_list(about), "", "| from | figure |", "|---|---|", *values]


def _table(table: Table, law: Law) -> list[str]:
    about = [
        ("Source", table.cite),
        (
            "Decides",
            f"`{table.decides}`, by the {table.hit} row that fits" if len(table.rows) else f"`{table.decides}`",
        ),
        ("In force", _in_force(table)),
        ("REFERS to a person", table.refer),
    ]
    numbered = [f"{number}. {_safe(row)}" for number, row in enumerate(rows(table), 1)]
    return [*_head(table), *_list(about), "", *numbered, *_cases(table, law)]


def _rule(rule: Rule, law: Law) -> list[str]:
    when = own_when(rule, law)
    required = [] if rule.refer else [("Requires" if rule.require else "One reading", said) for said in asks(rule)]
    about = [
        ("Source", rule.cite),
        ("Binds", ", ".join(f"`{step}`" for step in rule.binds)),
        ("Waives", ", ".join(f"`{id}`" for id in rule.waives)),
        ("Yields to", ", ".join(f"`{id}`" for id in rule.yields_to)),
        ("In force", _in_force(rule)),
        ("Applies when", exact(when, rule.pack) if when != ALWAYS else "always"),
        *required,
        ("REFERS to a person", rule.refer),
        ("Effect", rule.effect if rule.effect != MANDATORY else ""),
        *([(_CAUTION[rule.confidence], rule.caution)] if rule.confidence in _CAUTION else [("Note", rule.caution)]),
        ("Way forward", rule.remedy),
    ]
    return [*_head(rule), *_list(about, bare=tuple(_CAUTION.values())), *_cases(rule, law)]


def _head(subject: Parameter | Table | Rule) -> list[str]:
    return [f"#### `{subject.id}`", "", f"**{_safe(subject.title)}**", ""]


def _in_force(subject: Table | Rule) -> str:
    when = f", judged as at `{subject.as_at}`" if subject.as_at else ""
    return span(subject.in_force) + when if span(subject.in_force) != "always" or when else ""


def _doubt(parameter: Parameter) -> str:
    said = doubt(parameter)
    return said.upper() if parameter.confidence == "unverified" else said


def _cases(subject: Table | Rule, law: Law) -> list[str]:
    cases: list[Case] = [case for case in law.cases if case.subject == subject.id]
    listed = [f"- {Moment(case.on)}: {_safe(case.name)}: **{_safe(case.expect)}**" for case in cases]
    return ["", "Worked cases:", "", *listed] if listed else ["", "No worked case yet."]


def _list(pairs: Iterable[tuple[str, str]], bare: tuple[str, ...] = ()) -> list[str]:
    """A list of named remarks, the empty ones left out; those of `bare` stand with or without a text."""
    lines = []
    for name, said in pairs:
        if said or name in bare:
            lines.append(f"- **{name}**" + (f": {_safe(said)}" if said else ""))
    return lines


def _safe(said: str) -> str:
    """Text that Markdown leaves as it is."""
    for sign in ("<", "*", "|", "["):
        said = said.replace(sign, f"\\{sign}")
    return said
