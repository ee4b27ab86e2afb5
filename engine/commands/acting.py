"""vires case approve, waive, declare: what a person does in the post they hold."""

from __future__ import annotations

import click

from engine.commands.common import case_name, day, format_option, office, setting, show, show_json, store_options

_DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
_POST = click.option("--post", default="", help="In which of your posts, where you hold more than one.")


@click.command()
@click.argument("name", metavar="CASE")
@click.argument("stage", type=click.Choice(["strategy", "award", "variation"]))
@_POST
@click.option("--instead", is_flag=True, help="In place of approvals recorded before; else it joins them.")
@_DRY_RUN
@format_option
@store_options
def approve(
    name: str,
    stage: str,
    post: str,
    instead: bool,
    dry_run: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Approve a stage of a case, in the post you hold today. Refused where you hold none.

    The log keeps the post, the entry by which you hold it, and what you are trained to. Whether that post may approve
    is for the rules of the step. A body (cabinet, committee) approves by `case record`.

    \b
    vires case approve camden/2025-014 award
    vires case approve camden/2025-014 award --post director
    """
    from engine import acting

    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        acted = acting.approve(desk, authority, number, stage, post, instead, dry_run)
        if form == "json":
            show_json(acting.plain(acted, name))
        else:
            how = "acting as " if acted.acting else "as "
            show(acting.lines(acted, f"approved: the {stage} of {name}, {how}{acted.post}"))


@click.command()
@click.argument("name", metavar="CASE")
@click.option("--grounds", required=True, help="The grounds, as the authority's contract rules name them.")
@click.option("--until", required=True, metavar="DATE", help="The last day of the waiver.")
@_POST
@_DRY_RUN
@format_option
@store_options
def waive(
    name: str,
    grounds: str,
    until: str,
    post: str,
    dry_run: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Grant a waiver of the authority's own contract rules, in the post you hold today.

    Which rules it waives, on which grounds and by which post, is for the authority's pack; every other rule still runs.

    \b
    vires case waive camden/2025-014 --grounds "extreme urgency" --until 2026-03-31
    """
    from engine import acting

    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        last = day(until, "--until")
        assert last is not None
        acted = acting.waive(desk, authority, number, grounds, last, post, dry_run)
        rules = acting.waivable(desk, authority)
        if form == "json":
            show_json({**acting.plain(acted, name), "may_bear_on": list(rules)})
        else:
            told = ", ".join(rules) or f"nothing: no rule that binds {authority} can be waived"
            show([*acting.lines(acted, f"waiver granted on {name}, as {acted.post}"), f"  may bear on  {told}"])


@click.command()
@click.argument("name", metavar="CASE")
@click.option("--interest", required=True, metavar="TEXT", help="What you have to declare; `none` for nothing.")
@_DRY_RUN
@format_option
@store_options
def declare(
    name: str,
    interest: str,
    dry_run: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Declare your own interests in a case, or that you have none. Sealed; said again, it supersedes.

    \b
    vires case declare camden/2025-014 --interest none
    vires case declare camden/2025-014 --interest "My sister works for one of the bidders"
    """
    from engine import acting

    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        acted = acting.declare(desk, authority, number, interest, dry_run)
        if form == "json":
            show_json({**acting.plain(acted, name), "recorded": {each.name: "sealed" for each in acted.kept}})
        else:
            show(acting.lines(acted, f"declared on {name}"))


def add_to(group: click.Group) -> None:
    """Register the commands on `vires case`."""
    for command in (approve, waive, declare):
        group.add_command(command)
