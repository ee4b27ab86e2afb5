"""vires rules adopt, retire, adopted: two people put a pack or a calendar into force for an authority."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from engine.commands.common import format_option, office, setting, show, show_json, store_options, width

if TYPE_CHECKING:
    from engine.adopting import Acted

_AUTHORITY = click.option("--authority", required=True, help="For which authority, and so on whose log.")
_CONFIRM = click.option("--confirm", is_flag=True, help="Confirm what another person proposed.")
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")


@click.command()
@click.argument("path", type=click.Path())
@_AUTHORITY
@_CONFIRM
@_DRY_RUN
@format_option
@store_options
def adopt(
    path: str,
    authority: str,
    confirm: bool,
    dry_run: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Put a pack, or a calendar, into force for an authority. Two people: one proposes, another runs it --confirm.

    The pack is checked, its worked cases are run by both evaluators, and the log keeps its digest, its bytes and what
    it says otherwise than the one in force. From then on it is frozen: what is changed in the folder counts for
    nothing until it is adopted again. Cases in hand are judged by it; replay keeps to what was in force.

    \b
    vires rules adopt rules/local/camden --authority camden
    vires rules adopt rules/local/camden --authority camden --confirm
    vires rules adopt calendars/england-and-wales.yaml --authority camden --dry-run
    """
    from pathlib import Path

    from engine import adopting, library
    from engine.adoption import ADOPT

    with office(setting(database, clock, persona)) as desk:
        before = desk.shelf(authority)
        if Path(path).is_file():
            after, id, files = library.with_calendar_file(before, Path(path))
            change = adopting.looked_over(before, after, "calendar", id, files, authority)
        else:
            after = library.alone(before, Path(path))
            id = library.pack_in(after, Path(path))
            change = adopting.looked_over(before, after, "pack", id, after.folders[str(Path(path))], authority)
            if after.law.packs[id].authority != authority:
                desk.must_have_log(authority)
        said = f"vires rules adopt {shlex.quote(path)} --authority {authority}"
        _shown(adopting.adopt(desk, authority, change, confirm, dry_run), authority, ADOPT, said, form)


@click.command()
@click.argument("name")
@_AUTHORITY
@_CONFIRM
@_DRY_RUN
@format_option
@store_options
def retire(
    name: str,
    authority: str,
    confirm: bool,
    dry_run: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Take back an adopted pack or calendar, by two people; the one that came with the program counts again.

    \b
    vires rules retire camden --authority camden
    vires rules retire camden --authority camden --confirm
    """
    from engine import adopting
    from engine.adoption import RETIRE

    with office(setting(database, clock, persona)) as desk:
        desk.must_have_log(authority)
        said = f"vires rules retire {shlex.quote(name)} --authority {authority}"
        _shown(adopting.retire(desk, authority, name, confirm, dry_run), authority, RETIRE, said, form)


@click.command()
@_AUTHORITY
@format_option
@store_options
def adopted(authority: str, form: str, database: str | None, clock: str | None, persona: str | None) -> None:
    """What an authority has adopted, and what waits for a second person.

    \b
    vires rules adopted --authority camden
    """
    from engine import adopting, report

    with office(setting(database, clock, persona)) as desk:
        desk.must_have_log(authority)
        rows = adopting.listed(desk.adopted(authority))
        if form == "json":
            show_json([dict(zip(("kind", "id", "digest", "stage"), row, strict=True)) for row in rows])
        else:
            nothing = [f"{authority} has adopted nothing: everything is as it came with the program"]
            show(report.table(("kind", "id", "digest", "stage"), rows, width()) if rows else nothing)


def _shown(acted: Acted, authority: str, act: str, said: str, form: str) -> None:
    from engine import adopting

    if form == "json":
        show_json(adopting.plain(acted, authority))
    else:
        show(adopting.lines(acted, authority, act, said))


def add_to(group: click.Group) -> None:
    """Register the commands."""
    for command in (adopt, retire, adopted):
        group.add_command(command)
