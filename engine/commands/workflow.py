"""vires workflow: the commissioning cycle."""

from __future__ import annotations

import click

from engine.commands.common import ViresGroup, format_option, shipped, show, show_json, width


@click.group(cls=ViresGroup)
def workflow() -> None:
    """The states of a case and the steps between them."""


@workflow.command("show")
@format_option
def show_(form: str) -> None:
    """The cycle, stage by stage.

    \b
    vires workflow show
    vires workflow show --format json
    """
    from engine import listing
    from engine import workflow as cycles

    cycle = shipped().workflow
    if form == "json":
        show_json(cycles.plain(cycle))
    else:
        show(listing.workflow_lines(cycle, width()))


@workflow.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "graphviz"]),
    default="mermaid",
    show_default=True,
    help="Mermaid text, or Graphviz DOT text.",
)
def diagram(form: str) -> None:
    """The cycle as a diagram, drawn from the machine itself.

    \b
    vires workflow diagram
    vires workflow diagram --format graphviz | dot -Tsvg > cycle.svg
    """
    from engine import machine

    cycle = shipped().workflow
    click.echo(machine.graphviz(cycle) if form == "graphviz" else machine.mermaid(cycle), nl=False)


def add_to(group: click.Group) -> None:
    """Register the commands."""
    group.add_command(workflow)
