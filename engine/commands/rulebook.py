"""vires rules diff, compare, catalogue, coverage, schema, new: what a procurement unit reads its packs with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.commands.common import ViresGroup, finish, format_option, now, setting, shipped, show, show_json, width

if TYPE_CHECKING:
    from engine.law import Law


@click.command()
@click.argument("old")
@click.argument("new", required=False)
@format_option
def diff(old: str, new: str | None, form: str) -> None:
    """What one version of a pack says otherwise than another, in words. Exit 1 when there are differences.

    OLD and NEW are folders that hold a pack, or names of packs; with one folder, it is compared with the pack of that
    name that came with the program, and where none did, all of it is new.

    \b
    vires rules diff rules/local/camden
    vires rules diff camden drafts/camden-2027
    """
    from engine import library, sheets
    from engine.compare import differences

    shelf = shipped()
    given = library.named_pack(shelf, old)
    if new is None:
        name = next(iter(given.packs))
        if name in shelf.law.packs:
            sides = (("the pack that came with the program", shelf.law.only({name})), (old, given))
        else:
            sides = (("nothing: no such pack came with the program", given.bare()), (old, given))
    else:
        sides = ((old, given), (new, library.named_pack(shelf, new)))
    found = differences(sides[0][1], sides[1][1])
    if form == "json":
        show_json({"old": sides[0][0], "new": sides[1][0], "differences": sheets.difference_plain(found)})
    else:
        show(sheets.difference_lines(sides[0][0], sides[1][0], found, width()))
    finish(1 if found else 0)


@click.command()
@click.argument("authorities", nargs=-1, required=True, metavar="AUTHORITY...")
@click.option("--step", default="", help="Only one step.")
@format_option
def compare(authorities: tuple[str, ...], step: str, form: str) -> None:
    """Two or more authorities as duties beside each other: what only one asks, what differs, what nobody confirmed.

    An authority is named, or given by the folder of its pack. What binds all of them is said once.

    \b
    vires rules compare camden drafts/merton
    vires rules compare camden drafts/merton --step publish-tender-notice
    """
    from engine import library, sheets
    from engine.compare import side_by_side
    from engine.errors import UsageError
    from engine.schema import nearest

    shelf = shipped()
    laws: dict[str, Law] = {}
    for said in authorities:
        law = library.named_authority(shelf, said)
        own = next(pack.authority for pack in law.packs.values() if pack.authority)
        laws[said if own in laws else own] = law
    if len(laws) < 2:
        raise UsageError("there is nothing to compare with", "name two authorities, or the folder of a draft")
    steps = list(shelf.milestones)
    if step and step not in steps:
        raise UsageError(f"no step is called {step!r}", nearest(step, steps))
    found = side_by_side(laws, steps, step)
    if form == "json":
        show_json(sheets.comparison_plain(found))
    else:
        show(sheets.comparison_lines(found, width()))


@click.command()
def catalogue() -> None:
    """Every pack as a book, in Markdown: figures by date, tables, rules, what is not certain, the worked cases.

    \b
    vires rules catalogue > rules.md
    """
    from engine import catalogue as book

    click.echo("# Every rule\n")
    click.echo("\n".join(book.markdown(shipped().book)))


@click.command()
@click.option("--law", "folder", metavar="DIR", required=True, help="The folder of the law files.")
@click.option("--facts", is_flag=True, help="Every fact, and what became of it.")
@format_option
def coverage(folder: str, facts: bool, form: str) -> None:
    """Which facts of the law files the packs encode, which are left out and why. Exit 1 for a fact that does not exist.

    \b
    vires rules coverage --law ../shared/law
    vires rules coverage --law ../shared/law --facts
    """
    from pathlib import Path

    from engine import library, sheets, sources

    shelf = shipped()
    place, reasons = library.left_out()
    left = sources.reasons(place, reasons) if reasons else {}
    found = sources.coverage(shelf.law, shelf.days, library.law_files(Path(folder)), left)
    if form == "json":
        show_json(sheets.coverage_plain(found))
    else:
        show(sheets.coverage_lines(found, width(), facts))
    finish(1 if found.problems else 0)


@click.command()
@click.argument("kind", required=False, type=click.Choice(["pack", "rules", "cases", "vocabulary"]))
def schema(kind: str | None) -> None:
    """JSON Schema for editors that complete and mark while you write: of one kind of file, or of all.

    KIND is pack (pack.yaml), rules (every other file of a pack), cases (.cases.yaml) or vocabulary. Many editors
    find the schema by the first line of a file: # yaml-language-server: $schema=rules.schema.json

    \b
    vires rules schema rules > rules.schema.json
    """
    from engine import editors

    shelf = shipped()
    show_json(editors.schema(shelf.law, shelf.milestones, kind or ""))


@click.group(cls=ViresGroup)
def new() -> None:
    """Begin a pack from a template that already passes."""


@new.command("authority")
@click.argument("name")
@click.option("--title", help="The authority's name in words.")
@click.option("--into", default=".", metavar="DIR", help="Where its folder is made; without it, here.")
def new_authority(name: str, title: str | None, into: str) -> None:
    """A folder with an authority's own pack, in which everything still refers to a person. Overwrites nothing.

    \b
    vires rules new authority merton --title "London Borough of Merton" --into rules/local
    """
    from pathlib import Path

    from engine import library, scaffold
    from engine.errors import UsageError

    if name in shipped().law.packs:
        raise UsageError(f"a pack called {name} came with the program", f"see: vires authority show {name}")
    today = now(setting()).local.iso[:10]
    said = name.replace("-", " ").title() if title is None else title
    files = scaffold.authority(library.template(), name, said, today)
    folder = Path(into) / name
    library.write_new(folder, files)
    show(
        [f"✓ {folder}: {', '.join(sorted(files))}", "", f"  vires rules lint {folder}", f"  vires rules test {folder}"]
    )


def add_to(group: click.Group) -> None:
    """Register the commands under `rules`."""
    for command in (diff, compare, catalogue, coverage, schema, new):
        group.add_command(command)
