"""vires case joint, duties: who commissions together, and whose rule binds."""

from __future__ import annotations

import click

from engine.commands.common import case_name, format_option, office, setting, show, show_json, store_options, width


@click.command()
@click.argument("name", metavar="CASE")
@click.option(
    "--mode",
    required=True,
    help="delegation, joint committee, lead buyer, each contracts for itself, section 75 partnership.",
)
@click.option("--lead", required=True, metavar="AUTHORITY", help="Who leads, or to whom the function is delegated.")
@click.option("--with", "partners", required=True, metavar="A,B", help="The other authorities.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@format_option
@store_options
def joint(
    name: str,
    mode: str,
    lead: str,
    partners: str,
    dry_run: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Say with whom a case is commissioned, and how. Said again, who is not named any more has left.

    The mode settles whose law counts: each party's own where each decides for itself, else that of the lead.

    \b
    vires case joint merton/2026-001 --mode "lead buyer" --lead merton --with sutton,camden
    """
    from engine import joining
    from engine.vocabulary import words

    authority, number = case_name(name)
    listed = [each.strip() for each in partners.split(",") if each.strip()]
    with office(setting(database, clock, persona)) as desk:
        kept, written = joining.join(desk, authority, number, mode, lead, listed, dry_run)
        if form == "json":
            said = {each.name: words(each.value) for each in kept}
            receipt = {"receipt": written.receipt, "entry": written.entry} if written else {}
            show_json({"case": name, "recorded": said, **receipt})
            return
        lines = [f"{'✓ ' if written else 'would be '}joint: {name}, {mode}, led by {lead}"]
        lines += [f"  {each.name}: {words(each.value)}" for each in kept]
        show([*lines, f"  receipt  {written.receipt}" if written else "  nothing was written (--dry-run)"])


@click.command()
@click.argument("name", metavar="CASE")
@click.argument("step", required=False)
@format_option
@store_options
def duties(
    name: str, step: str | None, form: str, database: str | None, clock: str | None, persona: str | None
) -> None:
    """Whose rule binds at each step of a joint case, by how much, and what would bind if one left. Writes nothing.

    Each party's rules judge the facts of this case; where a party's own rules are silent, those above it speak.

    \b
    vires case duties merton/2026-001
    vires case duties merton/2026-001 decide-award --format json
    """
    from engine import joining, together

    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        found = joining.duties(desk, authority, number, step)
        if form == "json":
            show_json({"case": name, "steps": [together.plain(each) for each in found]})
        else:
            show([line for each in found for line in together.lines(each, width())])


def add_to(group: click.Group) -> None:
    """Register the commands on `vires case`."""
    for command in (joint, duties):
        group.add_command(command)
