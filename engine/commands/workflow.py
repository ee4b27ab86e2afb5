"""vires workflow: the commissioning cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.commands.common import ViresGroup, finish, format_option, shipped, show, show_json, width

if TYPE_CHECKING:
    from engine.workflow import Workflow


@click.group(cls=ViresGroup)
def workflow() -> None:
    """The states of a case and the steps between them."""


@workflow.command("show")
@click.argument("authority", required=False)
@format_option
def show_(authority: str | None, form: str) -> None:
    """The cycle, stage by stage, with its routes; with AUTHORITY, the cycle of that authority.

    \b
    vires workflow show
    vires workflow show barking-and-dagenham
    vires workflow show --format json
    """
    from engine import listing
    from engine import workflow as cycles

    cycle = _cycle(authority)
    if form == "json":
        show_json(cycles.plain(cycle))
    else:
        show(listing.workflow_lines(cycle, width()))


def _cycle(authority: str | None) -> Workflow:
    shelf = shipped()
    return shelf.cycle(shelf.authority(authority)) if authority else shelf.workflow


@workflow.command()
@click.argument("authority", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "graphviz"]),
    default="mermaid",
    show_default=True,
    help="Mermaid text, or Graphviz DOT text.",
)
def diagram(authority: str | None, form: str) -> None:
    """The cycle as a diagram, drawn from the machine itself; with AUTHORITY, the cycle of that authority.

    \b
    vires workflow diagram
    vires workflow diagram barking-and-dagenham
    vires workflow diagram --format graphviz | dot -Tsvg > cycle.svg
    """
    from engine import machine

    cycle = _cycle(authority)
    click.echo(machine.graphviz(cycle) if form == "graphviz" else machine.mermaid(cycle), nl=False)


@workflow.command()
@format_option
def lint(form: str) -> None:
    """What is wrong with the cycles: of every state, step, route and of the rules that bind steps.

    Proves that a case can come to every state and from each to the end, that no step is dead, that every step is bound
    by a rule or free with its reason, that every route is a path, that every step a rule binds exists. Exit 1 where
    there is something to look at; 4 where a cycle cannot be used as it is.

    \b
    vires workflow lint
    vires workflow lint --format json
    """
    from engine import cycles, errors, markup

    shelf = shipped()
    try:
        names = [*shelf.authorities()]
        machines = {cycles.BASE: shelf.workflow, **{name: shelf.cycle(name) for name in names}}
    except errors.PackError as error:
        broken = [str(each) for each in error.problems if isinstance(each, markup.Problem)] or [error.message]
        if form == "json":
            show_json([{"severity": "error", "says": each} for each in broken])
        else:
            show(broken)
        finish(4)
        return
    laws = {cycles.BASE: shelf.law, **{name: shelf.law.for_authority(name) for name in names}}
    found = cycles.remarks(machines, laws, shelf.own_cycles())
    if form == "json":
        show_json([{"severity": "remark", **each._asdict()} for each in found])
    else:
        steps = len({step.id for cycle in machines.values() for step in cycle.steps})
        counted = f"{len(machines)} cycles, {steps} steps, {len(shelf.workflow.routes)} routes"
        told = f"? {counted}: {len(found)} remark{'s' * (len(found) > 1)}" if found else f"✓ {counted}: no remarks"
        show([*map(str, found), told])
    finish(1 if found else 0)


@workflow.command()
@click.argument("authorities", metavar="AUTHORITY...", nargs=-1, required=True)
@click.option("--all", "every", is_flag=True, help="Show what all have as the base cycle has it, too.")
@format_option
def compare(authorities: tuple[str, ...], every: bool, form: str) -> None:
    """Cycles side by side: the states, steps and routes that differ from the base cycle, and in whose.

    \b
    vires workflow compare barking-and-dagenham camden
    vires workflow compare camden hammersmith-and-fulham --all --format json
    """
    from engine import cycles, listing

    shelf = shipped()
    names = [shelf.authority(name) for name in authorities]
    machines = [shelf.cycle(name) for name in names]
    lines = cycles.side_by_side(shelf.workflow, machines)
    shown = lines if every else cycles.differing(lines)
    if form == "json":
        plain = [{"kind": line.kind, "id": line.id, "title": line.title, **dict(zip(names, line.each, strict=True))}
                 for line in shown]  # fmt: skip
        sources = {name: cycle.source for name, cycle in zip(names, machines, strict=True) if cycle.source}
        show_json({"base": shelf.workflow.id, "authorities": names, "sources": sources, "lines": plain})
    else:
        show(listing.compared_lines(names, machines, shown, len(lines), width()))


@workflow.command("walk")
@click.argument("authority")
@click.option("--route", default="", metavar="ROUTE", help="One route; without it, every route of the cycle.")
@click.option("--lives", default=1, show_default=True, type=click.IntRange(1, 10_000), help="How many lives of each.")
@click.option("--seed", default="1", show_default=True, metavar="SEED", help="The same seed walks the same lives.")
@click.option("--acts", "every", is_flag=True, help="Show everything that was done, not the refusals alone.")
@format_option
def walk_(authority: str, route: str, lives: int, seed: str, every: bool, form: str) -> None:
    """Simulate lawful lives of cases, from need to closed, under a clock of their own, without a store.

    A life records what each step's rules ask, waits for the days they set, gives judgements where they refer, and takes
    a step only when both evaluators let it. What was refused on the way is shown with the rules that stood in it.
    Exit 1 when a life gets stuck.

    \b
    vires workflow walk camden
    vires workflow walk camden --route open --acts
    vires workflow walk barking-and-dagenham --lives 20 --seed 7 --format json
    """
    from engine import listing, walks
    from engine.errors import UsageError
    from engine.schema import nearest

    shelf = shipped()
    name = shelf.authority(authority)
    cycle, law, begin = shelf.cycle(name), shelf.law.for_authority(name), walks.beginnings(shelf.walks)
    found = {each.id: walks.begun(law, begin[each.id]) for each in cycle.routes if each.id in begin}
    begin = {id: each for id, each in found.items() if each is not None}
    known = list(begin)
    if route and route not in known:
        raise UsageError(f"no route is called {route!r}", nearest(route, known) or ", ".join(known))
    done = []
    for each in (each for each in cycle.routes if each.id in known and route in ("", each.id)):
        for number in range(1, lives + 1):
            told = walks.walk(law, cycle, each, begin[each.id], f"{seed}:{name}:{number}")
            done.append(told)
            if form != "json":
                show(listing.walk_lines(told, number, every, width()))
    stuck = sum(bool(each.stuck) for each in done)
    if form == "json":
        show_json(
            {"authority": name, "seed": seed, "stuck": stuck, "lives": [listing.walk_plain(each) for each in done]}
        )
    else:
        refused = sum(len(list(each.refused)) for each in done)
        counted = f"{len(done)} lives of {name}: {refused} refusals put right"
        show([f"✗ {counted}, {stuck} stuck" if stuck else f"✓ {counted}, none stuck"])
    finish(1 if stuck else 0)


def add_to(group: click.Group) -> None:
    """Register the commands."""
    group.add_command(workflow)
