"""vires authority: the bodies that have a pack of their own."""

from __future__ import annotations

import click

from engine.commands.common import ViresGroup, format_option, shipped, show, show_json, width


@click.group(cls=ViresGroup)
def authority() -> None:
    """The councils and health bodies Vires has rules for."""


@authority.command("list")
@format_option
def list_(form: str) -> None:
    """Every authority with a pack.

    \b
    vires authority list
    vires authority list --format json
    """
    from engine import report

    packs = [pack for pack in shipped().law.packs.values() if pack.layer == "authority"]
    if form == "json":
        show_json([{"authority": pack.authority, "title": pack.title, "checked": pack.checked} for pack in packs])
        return
    rows = [(pack.authority, pack.checked, pack.title) for pack in packs]
    show(report.table(("authority", "checked", "title"), rows, width()))


@authority.command("show")
@click.argument("name")
@format_option
def show_(name: str, form: str) -> None:
    """One authority: how it is governed, who may do what, which packs bind it, and how many rules each has.

    Who may open, run and review cases counts from the first `vires post assign` on; where nothing is stated, anyone
    may. An auditor, assigned like any post, writes nothing.

    \b
    vires authority show camden
    """
    from engine import report, roles

    shelf = shipped()
    law = shelf.law.for_authority(shelf.authority(name))
    listed = [
        {
            "pack": pack.id,
            "layer": pack.layer,
            "rules": sum(rule.pack == pack.id for rule in law.rules.values()),
            "source_as_at": pack.source_as_at,
            "checked": pack.checked,
            "title": pack.title,
            "source": pack.source,
            "silent": list(pack.silent),
            "digest": pack.digest,
        }
        for pack in law.packs.values()
    ]
    if form == "json":
        cycle = shelf.cycle(name)
        arranged = roles.plain(roles.stated(law))
        show_json(
            {"authority": name, "workflow": cycle.id, "cycle": cycle.title, "arrangements": arranged, "packs": listed}
        )
        return
    rows = [
        (str(each["pack"]), str(each["layer"]), str(each["rules"]), str(each["checked"]), str(each["title"]))
        for each in listed
    ]
    heads = ("what", "as the packs say, and which table says it")
    arrangements = report.table(heads, roles.rows(roles.stated(law)), width())
    lines = [*arrangements, ""]
    lines += report.table(("pack", "layer", "rules", "checked", "title"), rows, width())
    silent = [
        line
        for pack in law.packs.values()
        if pack.silent
        for line in report.hang("; ".join(pack.silent), f"  {pack.id:<12} ", width())
    ]
    lines += ["", "These packs know of duties they do not ask about yet; look after them by other means:", *silent]
    show([f"{name} · {shelf.cycle(name).title}", "", *lines])


def add_to(group: click.Group) -> None:
    """Register the commands."""
    group.add_command(authority)
