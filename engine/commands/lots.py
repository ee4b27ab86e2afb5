"""vires case lot, abandon, refer-back: lots, and steps that stop a case or turn it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.commands.common import (
    ViresGroup,
    case_name,
    format_option,
    office,
    setting,
    show,
    show_json,
    store_options,
    width,
)

if TYPE_CHECKING:
    from engine.service import Kept, Written

_DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")


@click.group(cls=ViresGroup)
def lot() -> None:
    """The lots of a case, each with its own state; what they come to stands in lots.count, lots.total, lots.awarded."""


@lot.command("add")
@click.argument("name", metavar="CASE")
@click.argument("id", metavar="LOT")
@click.option("--value", required=True, metavar="AMOUNT", help="What the lot is worth, with its VAT basis.")
@click.option("--title", default="", help="What the lot is for; sealed.")
@_DRY_RUN
@format_option
@store_options
def add(
    name: str,
    id: str,
    value: str,
    title: str,
    dry_run: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """A lot more, planned.

    \b
    vires case lot add camden/2025-014 north --value "£4,000,000 incl VAT" --title "Outreach north of Euston Road"
    """
    from engine import lots

    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        _shown(name, f"lot {id}", *lots.add(desk, authority, number, id, value, title, dry_run), form)


@lot.command("move")
@click.argument("name", metavar="CASE")
@click.argument("id", metavar="LOT")
@click.argument("state")
@click.option("--reason", default="", help="Why; kept sealed.")
@_DRY_RUN
@format_option
@store_options
def move(
    name: str,
    id: str,
    state: str,
    reason: str,
    dry_run: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """A lot is planned, tendered, awarded, contracted, not awarded or withdrawn.

    It permits nothing: the steps of the case, with their rules, are taken for the case as a whole.

    \b
    vires case lot move camden/2025-014 north awarded
    vires case lot move camden/2025-014 south "not awarded" --reason "No suitable tender"
    """
    from engine import lots

    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        _shown(name, f"lot {id}: {state}", *lots.move(desk, authority, number, id, state, reason, dry_run), form)


@lot.command("list")
@click.argument("name", metavar="CASE")
@format_option
@store_options
def list_(name: str, form: str, database: str | None, clock: str | None, persona: str | None) -> None:
    """Every lot of a case, and what they come to together.

    \b
    vires case lot list camden/2025-014
    """
    from engine import lots, report

    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        found, together = lots.lots(desk, authority, number)
        if form == "json":
            show_json({"case": name, "lots": [{"lot": each.id, **each.said} for each in found], "together": together})
            return
        rows = [(each.id, *(each.said.get(key, "") for key in ("state", "amount", "title"))) for each in found]
        lines = report.table(("lot", "state", "value", "title"), rows, width()) if rows else [f"{name} has no lots"]
        show([*lines, *(f"  {fact}: {said}" for fact, said in together.items())])


@lot.command("show")
@click.argument("name", metavar="CASE")
@click.argument("id", metavar="LOT")
@format_option
@store_options
def show_(name: str, id: str, form: str, database: str | None, clock: str | None, persona: str | None) -> None:
    """What is recorded of one lot.

    \b
    vires case lot show camden/2025-014 north
    """
    from engine import lots
    from engine.errors import UsageError

    authority, number = case_name(name)
    with office(setting(database, clock, persona)) as desk:
        found = {each.id: each.said for each in lots.lots(desk, authority, number)[0]}
        if id not in found:
            raise UsageError(f"{name} has no lot {id!r}", ", ".join(found) or f"vires case lot add {name} {id}")
        if form == "json":
            show_json({"case": name, "lot": id, **found[id]})
        else:
            show([f"lot {id} of {name}", *(f"  {fact}: {said}" for fact, said in found[id].items())])


def _shown(name: str, head: str, kept: list[Kept], written: Written | None, form: str) -> None:
    from engine.vocabulary import words

    if form == "json":
        said = {each.name: words(each.value) for each in kept}
        receipt = {"receipt": written.receipt, "entry": written.entry} if written else {}
        show_json({"case": name, "recorded": said, **receipt})
        return
    lines = [f"{'✓ ' if written else 'would be '}{head} of {name}"]
    lines += [f"  {each.name}: {words(each.value)}" for each in kept]
    show([*lines, f"  receipt  {written.receipt}" if written else "  nothing was written (--dry-run)"])


@click.command()
@click.argument("name", metavar="CASE")
@_DRY_RUN
@format_option
@store_options
def abandon(name: str, dry_run: bool, form: str, database: str | None, clock: str | None, persona: str | None) -> None:
    """Stop the procurement: the step `abandon` of the cycle, with its rules. What is owed after it stays owed.

    \b
    vires case abandon camden/2025-014
    """
    _take(name, "", dry_run, form, (database, clock, persona))


@click.command("refer-back")
@click.argument("name", metavar="CASE")
@click.option("--step", default="", help="By which step, where more than one leads back.")
@_DRY_RUN
@format_option
@store_options
def refer_back(
    name: str, step: str, dry_run: bool, form: str, database: str | None, clock: str | None, persona: str | None
) -> None:
    """Send a case back to where it has been, as after a call-in: by the step of the cycle that leads there.

    What was dated or approved since no longer counts, so every rule on the way is met again.

    \b
    vires case refer-back camden/2025-014
    vires case refer-back camden/2025-014 --step retender
    """
    _take(name, step, dry_run, form, (database, clock, persona), back=True)


def _take(
    name: str,
    step: str,
    dry_run: bool,
    form: str,
    told: tuple[str | None, str | None, str | None],
    back: bool = False,
) -> None:
    from engine import lots
    from engine.commands.case import advance

    authority, number = case_name(name)
    with office(setting(*told)) as desk:
        step = lots.back(desk, authority, number, step) if back else lots.STOP
    database, clock, persona = told
    click.get_current_context().invoke(
        advance,
        name=name,
        step=step,
        already_done=None,
        reason="",
        cites=(),
        dry_run=dry_run,
        every=False,
        form=form,
        database=database,
        clock=clock,
        persona=persona,
    )


def add_to(group: click.Group) -> None:
    """Register the commands on `vires case`."""
    for command in (lot, abandon, refer_back):
        group.add_command(command)
