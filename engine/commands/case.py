"""vires case: the officer's commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.commands.common import (
    ViresGroup,
    case_name,
    day,
    finish,
    format_option,
    office,
    setting,
    show,
    show_json,
    store_options,
    width,
)

if TYPE_CHECKING:
    from engine.outlook import Outlook
    from engine.report import View
    from engine.service import Office


@click.group(cls=ViresGroup)
def case() -> None:
    """Open a case, say what happened, ask what may come next, take the step."""


@case.command("open")
@click.argument("authority")
@click.option("--title", required=True, help="What is being commissioned, in a few words.")
@click.option("--id", "number", default="", help="The case's id; without it, the next of the year.")
@format_option
@store_options
def open_(
    authority: str, title: str, number: str, form: str, database: str | None, clock: str | None, persona: str | None
) -> None:
    """Open a case at the start of the authority's cycle.

    \b
    vires case open camden --title "Rough sleeping outreach"
    vires case open camden --title "Rough sleeping outreach" --id 2025-014
    """
    with office(setting(database, clock, persona)) as desk:
        name, written = desk.open_case(authority, title, number)
        case = f"{authority}/{name}"
        if form == "json":
            show_json({"case": case, "receipt": written.receipt, "entry": written.entry})
            return
        show([f"✓ opened {case}", f"  next     vires case next {case}", f"  receipt  {written.receipt}"])


@case.command("list")
@click.argument("authority", required=False)
@format_option
@store_options
def list_(authority: str | None, form: str, database: str | None, clock: str | None, persona: str | None) -> None:
    """Every case, or every case of one authority.

    \b
    vires case list
    vires case list camden --format json
    """
    from engine import report

    with office(setting(database, clock, persona)) as desk:
        if authority is not None:
            desk.must_have_log(authority)
        rows = desk.store.cases(authority)
        if form == "json":
            show_json({"cases": [row._asdict() for row in rows]})
            return
        listed = [(f"{row.authority}/{row.case}", row.state, row.changed[:10], row.title) for row in rows]
        show(report.table(("case", "state", "changed", "title"), listed, width()) if rows else ["no cases yet"])


@case.command("show")
@click.argument("name", metavar="CASE")
@format_option
@store_options
def show_(name: str, form: str, database: str | None, clock: str | None, persona: str | None) -> None:
    """Where a case stands, what is recorded, and every decision and judgement on it.

    \b
    vires case show camden/2025-014
    vires case show camden/2025-014 --format json
    """
    from engine import listing

    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        state, cycle = desk.case(authority, number), desk.workflow_of(authority, number)
        if form == "json":
            show_json(listing.case_plain(state, cycle))
        else:
            show(listing.case_lines(state, cycle, width()))


@case.command("record")
@click.argument("name", metavar="CASE")
@click.argument("given", nargs=-1, required=True, metavar="NAME=VALUE...")
@click.option("--planned", is_flag=True, help="Milestones that are still to come.")
@click.option("--dry-run", is_flag=True, help="Check what is given, write nothing.")
@format_option
@store_options
def record(
    name: str,
    given: tuple[str, ...],
    planned: bool,
    dry_run: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Say facts and milestones of a case. A later value supersedes an earlier one; both stay on the log.

    \b
    vires case record camden/2025-014 contract.value="£10,416,000 incl VAT"
    vires case record camden/2025-014 strategy_key_notice.published=2025-06-17
    vires case record camden/2025-014 --planned strategy.decided=2025-07-16
    """
    from engine.errors import UsageError
    from engine.vocabulary import to_plain, words

    authority, number = case_name(name)
    pairs = []
    for said in given:
        left, equals, right = said.partition("=")
        if not equals:
            raise UsageError(f"{said!r} says no value", "write NAME=VALUE, such as contract.kind=services")
        pairs.append((left.strip(), right))
    with office(setting(database, clock, persona)) as desk:
        kept, written = desk.record(authority, number, pairs, planned, dry_run)
        if form == "json":
            told = [
                {"name": each.name, "value": to_plain(each.value), "planned": planned}
                | ({"instead_of": each.supersedes} if each.supersedes else {})
                for each in kept
            ]
            proof = {"receipt": written.receipt, "entry": written.entry} if written else {}
            show_json({"case": name, "recorded": told, **proof})
            return
        lines = []
        for each in kept:
            again = f"  (instead of entry {each.supersedes})" if each.supersedes else ""
            lines.append(f"✓ {each.name}: {words(each.value)}{' (planned)' if planned else ''}{again}")
        show([*lines, "  nothing was written (--dry-run)" if written is None else f"  receipt  {written.receipt}"])


@case.command("check")
@click.argument("name", metavar="CASE")
@click.argument("step", required=False)
@click.option("--on", metavar="DATE", help="As if it were this day.")
@click.option("--all", "every", is_flag=True, help="Show the rules that are met or not applicable too.")
@format_option
@store_options
def check(
    name: str,
    step: str | None,
    on: str | None,
    every: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Whether a step may be taken; without a step, every step from here in one line each. Writes nothing.

    \b
    vires case check camden/2025-014
    vires case check camden/2025-014 publish-tender-notice
    vires case check camden/2025-014 publish-tender-notice --on 2025-09-19
    """
    if step is not None:
        _look(name, step, on, every, False, form, (database, clock, persona))
        return
    from engine import report

    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        looks = [desk.outlook(authority, number, each, day(on, "--on")) for each in desk.steps_from(authority, number)]
        view = _view(desk, name, looks[0], every, False) if looks else None
        if form == "json":
            plain = [report.decision_plain(look.decision, _view(desk, name, look, every, False)) for look in looks]
            show_json({"case": name, "steps": plain, **_not_theirs(desk, name)})
            return
        lines = [report.step_line(look.decision, look.earliest.day) for look in looks]
        lines.append(f"  what each of these wants: vires case next {name} --all")
        show([*lines, *_not_theirs(desk, name).values()] if view else [f"{name} is at its end: no step leads on"])


@case.command("next")
@click.argument("name", metavar="CASE")
@click.option("--on", metavar="DATE", help="As if it were this day.")
@click.option("--may", is_flag=True, help="Only the steps that may be taken.")
@click.option("--all", "every", is_flag=True, help="What each step wants, those too that leave the case where it is.")
@format_option
@store_options
def next_(
    name: str,
    on: str | None,
    may: bool,
    every: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Every step from where the case stands: its verdict, the earliest date, and the one thing to do next.

    Steps that move the case on stand first; those that leave it where it is take a line each, unless --all. A verdict
    is may proceed, not met, refer or missing. Writes nothing; exit 0 whatever the verdicts.

    \b
    vires case next camden/2025-014
    vires case next camden/2025-014 --all
    vires case next camden/2025-014 --on 2025-12-30 --may
    vires case next camden/2025-014 --format json
    """
    from engine import ways
    from engine.model import MAY_PROCEED
    from engine.report import View

    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        state, cycle = desk.case(authority, number).state, desk.workflow_of(authority, number)
        found = []
        for each in desk.steps_from(authority, number):
            step, look = cycle.step(each), desk.outlook(authority, number, each, day(on, "--on"))
            if step is not None and (look.decision.answer == MAY_PROCEED or not may):
                found.append(ways.way(step, state, look, _view(desk, name, look, False, False)))
        view = View(desk.law(authority), None, name, every=every, width=width())
        if form == "json":
            show_json({**ways.ways_plain(state, cycle, found, view), **_not_theirs(desk, name)})
        elif found or not desk.steps_from(authority, number):
            show([*ways.way_lines(state, cycle, found, view), *_not_theirs(desk, name).values()])
        else:
            show([f"? no step of {name} may be taken now", f"  next     vires case next {name}"])


@case.command("why")
@click.argument("name", metavar="CASE")
@click.argument("step")
@click.option("--on", metavar="DATE", help="As if it were this day.")
@click.option("--show-working", "working", is_flag=True, help="Count every period day by day.")
@click.option("--show-choice", "choice", is_flag=True, help="Say why this version, layer and figure of each rule.")
@click.option("--all", "every", is_flag=True, help="Show the rules that are met or not applicable too.")
@format_option
@store_options
def why(
    name: str,
    step: str,
    on: str | None,
    working: bool,
    choice: bool,
    every: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Why a step may or may not be taken, and the earliest lawful date. Writes nothing.

    \b
    vires case why camden/2025-014 enter-contract
    vires case why camden/2025-014 enter-contract --on 2025-12-22 --show-working
    vires case why camden/2025-014 enter-contract --all --show-choice
    """
    _look(name, step, on, every, working, form, (database, clock, persona), choice=choice)


def _not_theirs(desk: Office, name: str) -> dict[str, str]:
    """Who runs the case, where the person at the keyboard may only look; nothing where they may."""
    from engine import roles

    authority, number = case_name(name)
    refusal = desk.not_theirs(authority, roles.RUN, desk.case(authority, number).for_step())
    return {} if refusal is None else {"not_yours": f"{refusal.message}; {refusal.hint}"}


def _look(
    name: str,
    step: str,
    on: str | None,
    every: bool,
    working: bool,
    form: str,
    told: tuple[str | None, str | None, str | None],
    advancing: bool = False,
    choice: bool = False,
) -> None:
    from engine import report

    authority, number = case_name(name)
    with office(setting(*told)) as desk:
        look = (
            desk.prospect(authority, number, step, day(on, "--already-done"))
            if advancing
            else desk.outlook(authority, number, step, day(on, "--on"))
        )
        view = _view(desk, name, look, every, working)._replace(choice=choice)
        if form == "json":
            show_json(
                {
                    "case": name,
                    **report.outlook_plain(look.decision, look.earliest.day, view),
                    **_not_theirs(desk, name),
                }
            )
        else:
            show([*_outlook_lines(desk, name, look, view), *_not_theirs(desk, name).values()])
        finish(report.EXIT[look.decision.answer])


def _view(desk: Office, name: str, look: Outlook, every: bool, working: bool) -> View:
    from engine.report import View

    authority, number = case_name(name)
    records = {step.records: step.id for step in desk.workflow_of(authority, number).steps if step.records}
    return View(desk.law(authority), look.assessment, name, records, every, working, width())


def _outlook_lines(desk: Office, name: str, look: Outlook, view: View) -> list[str]:
    from engine import report

    authority, number = case_name(name)
    subtitle = f"{desk.case(authority, number).title} · {look.decision.at}"
    lines = report.decision_lines(look.decision, view, subtitle)
    if look.decision.answer != "may proceed" and look.decision.findings:
        lines += report.earliest_lines(look.earliest.day, look.earliest.others, look.decision.at, view.width)
    return lines


@case.command("advance")
@click.argument("name", metavar="CASE")
@click.argument("step")
@click.option("--already-done", metavar="DATE", help="It happened on this day: judge it as at then.")
@click.option("--reason", default="", help="With --already-done: why it is recorded afterwards.")
@click.option("--cites", multiple=True, metavar="RECEIPT", help="An entry of a partner's log that this step rests on.")
@click.option("--dry-run", is_flag=True, help="The answer, without taking the step or writing anything.")
@click.option("--all", "every", is_flag=True, help="Show the rules that are met or not applicable too.")
@format_option
@store_options
def advance(
    name: str,
    step: str,
    already_done: str | None,
    reason: str,
    cites: tuple[str, ...],
    dry_run: bool,
    every: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Take a step, now. A refusal is recorded too; there is no undo, a case goes back by a step of its own.

    With --already-done what happened is recorded as it happened: lawful if it was, irregular for good if it was not.

    \b
    vires case advance camden/2025-014 publish-award-notice
    vires case advance merton/2026-001 decide-award --cites sutton:41:9f2c51e1a0b3c4d5
    vires case advance camden/2025-014 enter-contract --already-done 2025-12-22 --reason "Signed in error"
    """
    from engine import joining, report
    from engine.errors import UsageError

    if (already_done is None) != (not reason):
        raise UsageError("--already-done and --reason go together", "say when it happened and why it is recorded now")
    if dry_run:
        _look(name, step, already_done, every, False, form, (database, clock, persona), advancing=True)
        return
    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        partners = joining.cited(desk, cites)
        done = desk.advance(authority, number, step, day(already_done, "--already-done"), reason, partners)
        look = done.outlook
        view = _view(desk, name, look, every, False)
        if form == "json":
            plain = report.outlook_plain(look.decision, look.earliest.day, view)
            after = {"state": done.state, "irregular": done.irregular, "entry": done.written.entry}
            show_json({"case": name, **plain, **after, "receipt": done.written.receipt})
        else:
            show(
                [
                    *_outlook_lines(desk, name, look, view),
                    *report.advanced_lines(
                        done.state,
                        report.EXIT[look.decision.answer] == 0,
                        done.irregular,
                        done.written.entry,
                        done.written.receipt,
                        name,
                        view.width,
                    ),
                ]
            )
        finish(0 if done.irregular else report.EXIT[look.decision.answer])


@case.command("judge")
@click.argument("name", metavar="CASE")
@click.argument("subject", metavar="RULE")
@click.argument("answer")
@click.option("--role", required=True, help="The post that judges, such as 'monitoring officer'.")
@click.option("--reason", required=True, help="Why; kept sealed.")
@click.option("--remedy", default="", help="For irregular:ENTRY: what will be done about it.")
@click.option("--report-by", default="", metavar="DATE", help="For irregular:ENTRY: when it is reported.")
@format_option
@store_options
def judge(
    name: str,
    subject: str,
    answer: str,
    role: str,
    reason: str,
    remedy: str,
    report_by: str,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Answer a rule or table that refers to a person, or explain why guidance is not followed.

    The judgement rests on the rule and the facts as they stand; when either changes it lapses.

    \b
    vires case judge camden/2025-014 camden.key-decision.strategy yes \\
        --role "monitoring officer" --reason "Effects in every ward"
    vires case judge camden/2025-014 irregular:41 noted --role "monitoring officer" \\
        --reason TEXT --remedy TEXT --report-by 2026-02-01
    """
    authority, number = case_name(name)
    extra = {key: said for key, said in {"remedy": remedy, "report_by": report_by}.items() if said}
    if report_by:
        found = day(report_by, "--report-by")
        extra["report_by"] = found.iso if found else ""
    with office(setting(database, clock, persona)) as desk:
        written = desk.judge(authority, number, subject, answer, role, reason, extra)
        if form == "json":
            told = {"case": name, "judged": subject, "answer": answer, "role": role, **extra}
            show_json({**told, "receipt": written.receipt, "entry": written.entry})
            return
        show([f"✓ judged {subject}: {answer}, by the {role}", f"  receipt  {written.receipt}"])


@case.command("migrate")
@click.argument("name", metavar="CASE|AUTHORITY")
@click.option("--plan", "mode", flag_value="plan", help="How the cycles differ, and how many cases would move.")
@click.option("--dry-run", "mode", flag_value="dry-run", help="What would become of every case; writes nothing.")
@click.option("--apply", "mode", flag_value="apply", help="Move every case that may be moved.")
@click.option("--all", "every", is_flag=True, help="Show cases that stay as they are, or have ended, too.")
@format_option
@store_options
def migrate(
    name: str,
    mode: str | None,
    every: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Move live cases to the authority's cycle of today, which has changed since they were opened.

    A case keeps the cycle it was opened under until it is moved, by an entry of its own on the log. It stays in its
    state. A case that would lose the state it stands in, or one it came through, is refused and left as it is. Exit 1
    where a case is refused.

    \b
    vires case migrate camden --plan
    vires case migrate camden/2025-014 --dry-run
    vires case migrate camden --apply
    """
    from engine import migrating
    from engine.errors import UsageError, ViresError

    if mode is None:
        raise UsageError("what is to be done?", "say --plan, --dry-run or --apply")
    authority, number = case_name(name) if "/" in name else (name, "")
    with office(setting(database, clock, persona)) as desk:
        desk.must_have_log(authority)
        if number:
            desk.case(authority, number)
        changes = migrating.planned(desk, authority, number)
        moves = [each for change in changes for each in change.moves]
        count = {word: sum(each.verdict == word for each in moves) for word in ("moves", "refused", "stays", "ended")}
        applied = list(migrating.apply(desk, authority, changes)) if mode == "apply" else []
        failed = [error for _, error in applied if isinstance(error, ViresError)]
        if form == "json":
            show_json({"mode": mode, **count, **migrating.plain(changes, applied)})
        else:
            said_of = migrating.plan_lines(changes, width()) if mode == "plan" else None
            lines = migrating.lines(changes, every, width()) if said_of is None else said_of
            for done, told in applied:
                said = told.message if isinstance(told, ViresError) else f"receipt {told.receipt}"
                lines.append(f"  {done.authority}/{done.case}  {said}")
            verb = "moved" if mode == "apply" else "would move"
            told_all = f"{count['moves'] - len(failed)} {verb}, {count['refused'] + len(failed)} refused"
            mark = "✗" if count["refused"] or failed else "✓"
            show([*lines, f"{mark} {told_all}, {count['stays']} stay, {count['ended']} ended"])
        finish(1 if count["refused"] or failed else 0)


def add_to(group: click.Group) -> None:
    """Register the commands."""
    group.add_command(case)
