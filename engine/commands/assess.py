"""vires assess: the pure question, without a store."""

from __future__ import annotations

import click

from engine.commands.common import day, finish, format_option, now, setting, show, show_json, width


@click.command()
@click.argument("file", type=click.Path())
@click.option("--authority", required=True, help="Whose rules.")
@click.option("--step", required=True, help="Which step.")
@click.option("--on", metavar="DATE", help="On which day; else the day FILE gives for the step, else today.")
@click.option("--show-working", "working", is_flag=True, help="Count every period day by day.")
@click.option("--all", "every", is_flag=True, help="Show the rules that are met or not applicable too.")
@format_option
def assess(file: str, authority: str, step: str, on: str | None, working: bool, every: bool, form: str) -> None:
    """May this authority take this step, on these facts, on this day? No store, nothing written.

    FILE is YAML: one line for each fact or milestone, by its name in the vocabulary.

    \b
    contract.kind: light touch services
    contract.value: £10,416,000 incl VAT
    award_notice.published: 2025-12-15 14:03

    \b
    vires assess facts.yaml --authority camden --step enter-contract --on 2025-12-30
    """
    from pathlib import Path

    from engine import library, outlook, report
    from engine.errors import UsageError

    shelf = library.shipped()
    law = shelf.law.for_authority(shelf.authority(authority))
    described = outlook.known_step(shelf.workflow, step)
    facts = outlook.parse_facts(law, library.facts_file(Path(file)))
    given = setting()
    if given.clock or given.persona:
        raise UsageError("--clock and --as are for training stores", "say the day with --on")
    at = outlook.asked_at(described, facts, day(on, "--on")) or now(given).local
    facts = outlook.happened_by(law, facts, at)
    look = outlook.assess_only(law, described, facts, at)
    records = {each.records: each.id for each in shelf.workflow.steps if each.records}
    view = report.View(law, look.assessment, "", records, every, working, width())
    if form == "json":
        show_json({"authority": authority, **report.outlook_plain(look.decision, look.earliest.day, view)})
    else:
        lines = report.decision_lines(look.decision, view, f"{authority} · {look.decision.at}")
        if look.decision.answer != "may proceed" and look.decision.findings:
            lines += report.earliest_lines(look.earliest.day, look.earliest.others, at, width())
        show(lines)
    finish(report.EXIT[look.decision.answer])


def add_to(group: click.Group) -> None:
    """Register the command."""
    group.add_command(assess)
