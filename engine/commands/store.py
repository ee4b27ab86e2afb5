"""vires init: make a store."""

from __future__ import annotations

import click

from engine.commands.common import setting, shipped, show


@click.command()
@click.option("--training", is_flag=True, help="For practice: clock and person are said on the command line, for good.")
@click.option("--database", metavar="URL", help="Where: a path or sqlite:///path. Default: VIRES_DATABASE or vires.db.")
@click.option("--clock", metavar="'DATE HH:MM'", help="With --training: the local time it is.")
@click.option("--as", "persona", metavar="NAME", help="With --training: who is at the keyboard.")
def init(training: bool, database: str | None, clock: str | None, persona: str | None) -> None:
    """Make a new store, with a log for every authority that has a pack.

    A store never changes its kind: what is made for training stays so, and every output of it says so.

    \b
    vires init                                    ./vires.db, for real use
    vires init --training --database demo.db      for practice
    vires init --training --clock "2025-03-03 09:00"   of another year: every later --clock is after it
    """
    from engine import service
    from engine.commands.common import now
    from engine.errors import UsageError

    given = setting(database, clock, persona)
    if (given.clock or given.persona) and not training:
        raise UsageError("--clock and --as are for training stores", "add --training, or leave them out")
    names = service.initialise(given.database, shipped(), now(given), given.persona or given.login(), training)
    if training:
        click.get_current_context().meta["vires.training"] = True
    show(
        [
            f"✓ made {given.database}, with a log for {', '.join(names)}",
            f"  next  vires case open {names[0]} --title TITLE",
        ]
    )


def add_to(group: click.Group) -> None:
    """Register the command."""
    group.add_command(init)
