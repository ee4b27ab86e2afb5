"""vires case extend, suspend, resume: clocks of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.commands.common import case_name, format_option, office, setting, show, show_json, store_options

if TYPE_CHECKING:
    from engine.redating import Redated

_DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
_REASON = click.option("--reason", required=True, metavar="TEXT", help="Why; kept sealed.")


@click.command()
@click.argument("name", metavar="CASE")
@click.argument("fact")
@click.argument("date", metavar="DATE")
@_REASON
@_DRY_RUN
@format_option
@store_options
def extend(
    name: str,
    fact: str,
    date: str,
    reason: str,
    dry_run: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Put a stated date later, with its reason. Lists every later step whose earliest lawful day moves.

    The old date stays on the log. What has happened is not extended, and nothing is put earlier: case record corrects.

    \b
    vires case extend camden/2025-014 standstill.ends 2026-01-12 --reason "Questions from two bidders"
    vires case extend camden/2025-014 tenders.due "2025-11-05 11:00" --reason "Specification corrected" --dry-run
    """
    from engine import redating
    from engine.vocabulary import words

    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        done = redating.extend(desk, authority, number, fact, date, reason, dry_run)
        assert done.was is not None
        _shown(
            done, name, f"extended: {fact} of {name}, was {words(done.was)}, is now {words(done.kept[0].value)}", form
        )


@click.command()
@click.argument("name", metavar="CASE")
@click.argument("what", metavar="STEP|MILESTONE")
@_REASON
@_DRY_RUN
@format_option
@store_options
def suspend(
    name: str,
    what: str,
    reason: str,
    dry_run: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Let a step wait until it is resumed, or record today the milestone on which the law itself suspends.

    It stops no counting: days in a suspension count. Where the law says they do not, a rule of the pack says so; where
    you decide so, put the stated date later by `vires case extend`. A case that goes back
    leaves its suspensions behind.

    \b
    vires case suspend camden/2025-014 enter-contract --reason "Complaint being looked into"
    vires case suspend camden/2025-014 proceedings.notified --reason "Claim of the second bidder"
    """
    from engine import redating

    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        done = redating.suspend(desk, authority, number, what, reason, dry_run)
        _shown(done, name, f"suspended: {what} of {name} waits" if done.waits else f"recorded: {what} of {name}", form)


@click.command()
@click.argument("name", metavar="CASE")
@click.argument("step")
@_REASON
@_DRY_RUN
@format_option
@store_options
def resume(
    name: str,
    step: str,
    reason: str,
    dry_run: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Lift the suspension of a step. Every other rule of the step still runs.

    \b
    vires case resume camden/2025-014 enter-contract --reason "Complaint withdrawn"
    """
    from engine import redating

    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        done = redating.resume(desk, authority, number, step, reason, dry_run)
        since = f", which waited from {done.was}" if done.was else ""
        _shown(done, name, f"resumed: {step} of {name}{since}; the days in between counted", form)


def _shown(done: Redated, name: str, head: str, form: str) -> None:
    from engine import redating

    if form == "json":
        show_json(redating.plain(done, name))
    else:
        show(redating.lines(done, head))


def add_to(group: click.Group) -> None:
    """Register the commands on `vires case`."""
    for command in (extend, suspend, resume):
        group.add_command(command)
