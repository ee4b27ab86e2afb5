"""Differences, duties side by side and facts encoded, to text and to JSON: the sheets of a procurement unit. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.compare import Beside, Comparison, Difference, Duty
from engine.report import hang, table, wrap
from engine.sources import Encoded

# Differences ------------------------------------------------------------------------------------------------------


def difference_lines(old: str, new: str, found: Sequence[Difference], width: int) -> list[str]:
    """The differences for people, a sentence each, and their number."""
    lines = [f"{new}, against {old}"]
    for each in found:
        lines += ["", *hang(str(each), "  ", width)]
    if not found:
        return [*lines, "", "✓ they say the same; worked cases are not compared"]
    count = f"{len(found)} difference{'s' * (len(found) > 1)}"
    return [*lines, "", f"✗ {count}; worked cases are not compared"]


def difference_plain(found: Iterable[Difference]) -> list[dict[str, str]]:
    """The differences for machines."""
    return [
        {
            "kind": each.kind,
            "name": each.name,
            "change": each.change,
            "what": each.what,
            "new": each.new,
            "old": each.old,
            "said": str(each),
        }
        for each in found
    ]


# Authorities beside each other ------------------------------------------------------------------------------------


def comparison_lines(found: Comparison, width: int) -> list[str]:
    """Each step with what every authority is bound by, once, and what each asks of its own."""
    lines, told = wrap(" · ".join(found.authorities), 0, width), dict[str, str]()
    alike = [step for step in found.steps if not step.duties]
    for step in found.steps if len(found.steps) == 1 else [each for each in found.steps if each.duties]:
        lines += ["", *_step_lines(step, found.authorities, told, width)]
        if len(found.steps) == 1 and step.shared:
            lines += hang(", ".join(step.shared), "      namely     ", width)
    if alike and len(found.steps) > 1:
        lines += ["", "Nothing of their own", *wrap(", ".join(each.step for each in alike), 2, width)]
    for heading, duties in (("Tables of their own", found.tables), ("Figures of their own", found.figures)):
        if duties:
            lines += ["", heading]
        for duty in duties:
            lines += _duty_lines(duty, found.authorities, width)
            lines += hang(", ".join(duty.steps), "      bears on   ", width) if duty.steps else []
    return [*lines, "", *wrap(_counted(found), 0, width)]


def _step_lines(step: Beside, everybody: Sequence[str], told: dict[str, str], width: int) -> list[str]:
    """A step; a duty that was said at another step already is named with that step."""
    packs = [rule.partition(".")[0] for rule in step.shared]
    counts = ", ".join(f"{packs.count(pack)} of {pack}" for pack in dict.fromkeys(packs))
    lines = [step.step]
    lines += hang(f"{len(packs)} rules ({counts})", "  everyone alike   ", width) if packs else []
    for duty in step.duties:
        if (key := f"{duty.name} {duty.says}") in told:
            lines += hang(f"{duty.name}: as at {told[key]}", f"  {_marked(duty)} · ", width)
        else:
            told[key] = step.step
            lines += _duty_lines(duty, everybody, width)
    return lines if step.duties else [*lines, "  nothing of their own"]


def _marked(duty: Duty) -> str:
    return duty.mark.upper() if duty.mark == "differs" else duty.mark


def _duty_lines(duty: Duty, everybody: Sequence[str], width: int) -> list[str]:
    lines = hang(f"{duty.name}: {duty.title}", f"  {_marked(duty)} · ", width)
    shown = {"all": next(iter(duty.says.values()))} if duty.mark == "the same" else duty.says
    for who, said in shown.items():
        lines += hang(said, f"      {who:<10} ", width)
    doubts = [f"{who}: {duty.doubts[who]}" for who in everybody if who in duty.doubts]
    silent = [who for who in everybody if who not in duty.says]
    lines += hang("; ".join(doubts), "      not sure   ", width) if doubts else []
    return lines + (hang(", ".join(silent), "      silent     ", width) if silent else [])


def _counted(found: Comparison) -> str:
    duties = _all(found)
    same, differ = (sum(each.mark == mark for each in duties) for mark in ("the same", "differs"))
    unsure = sum(bool(each.doubts) for each in duties)
    only = len(duties) - same - differ
    return (
        f"{len(duties)} duties, tables and figures of their own: {same} the same, {differ} differ, "
        f"{only} not in all of them, {unsure} that nobody has confirmed in full. They are matched by name."
    )


def _all(found: Comparison) -> tuple[Duty, ...]:
    """Every duty once, however many steps its rule binds."""
    listed = [*(duty for step in found.steps for duty in step.duties), *found.tables, *found.figures]
    return tuple({(duty.kind, duty.name): duty for duty in listed}.values())


def comparison_plain(found: Comparison) -> dict[str, object]:
    """The comparison for machines."""
    return {
        "authorities": list(found.authorities),
        "steps": [
            {"step": step.step, "shared": list(step.shared), "own": [_duty_plain(duty) for duty in step.duties]}
            for step in found.steps
        ],
        "tables": [_duty_plain(duty) | {"steps": list(duty.steps)} for duty in found.tables],
        "figures": [_duty_plain(duty) | {"steps": list(duty.steps)} for duty in found.figures],
    }


def _duty_plain(duty: Duty) -> dict[str, object]:
    return {
        "name": duty.name,
        "title": duty.title,
        "mark": duty.mark,
        "says": dict(duty.says),
        "not_confirmed": dict(duty.doubts),
    }


# Facts of the law ---------------------------------------------------------------------------------------------------


def coverage_lines(found: Encoded, width: int, facts: bool = False) -> list[str]:
    """How much of each law file is encoded; with `facts`, every fact and what became of it; then what is wrong."""
    lines = table(("file", "facts", "encoded", "left out", "not yet"), _by_file(found), width)
    if facts:
        lines += ["", *_fact_lines(found, width)]
    counts = _counts(found)
    lines += [""] + [line for problem in found.problems for line in hang(problem, "✗ ", width)]
    said = f"{counts['encoded']} of {counts['facts']} facts encoded ({counts['per_cent']} per cent), "
    said += f"{counts['left_out']} left out with a reason, {counts['not_yet']} not yet"
    return [*lines, *wrap(said, 0, width)]


def _by_file(found: Encoded) -> list[tuple[str, ...]]:
    waiting = {fact.id for fact in found.not_yet}
    rows = []
    for file in dict.fromkeys(fact.file for fact in found.sources.values()):
        ids = [fact.id for fact in found.sources.values() if fact.file == file]
        counts = (sum(id in group for id in ids) for group in (found.used, found.left_out, waiting))
        rows.append((file, str(len(ids)), *map(str, counts)))
    return rows


def _fact_lines(found: Encoded, width: int) -> list[str]:
    lines = []
    for fact in found.sources.values():
        if fact.id in found.used:
            said = ", ".join(found.used[fact.id])
        elif fact.id in found.left_out:
            said = f"left out: {found.left_out[fact.id]}"
        else:
            said = "not yet" if fact.confirmed else "not yet, and no source confirms it"
        lines += hang(said, f"  {fact.id:<40} ", width)
    return lines


def _counts(found: Encoded) -> dict[str, int]:
    total, encoded = len(found.sources), len(found.used)
    return {
        "facts": total,
        "encoded": encoded,
        "left_out": sum(id in found.sources and id not in found.used for id in found.left_out),
        "not_yet": len(found.not_yet),
        "per_cent": encoded * 100 // total if total else 0,
    }


def coverage_plain(found: Encoded) -> dict[str, object]:
    """The coverage for machines."""
    return {
        **_counts(found),
        "encoded_by": {id: list(users) for id, users in sorted(found.used.items())},
        "left_out_why": dict(sorted(found.left_out.items())),
        "not_yet_facts": [{"fact": fact.id, "confirmed": fact.confirmed} for fact in found.not_yet],
        "problems": list(found.problems),
    }
