"""vires post: who holds which post of an authority, changed by two people."""

from __future__ import annotations

import click

from engine.commands.common import (
    ViresGroup,
    day,
    format_option,
    office,
    setting,
    show,
    show_json,
    store_options,
    width,
)

_AUTHORITY = click.option("--authority", required=True, help="Whose post, and so on whose log.")
_CONFIRM = click.option("--confirm", is_flag=True, help="Confirm what another person proposed.")
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
_ACTING = click.option("--acting-for", default="", metavar="POST", help="Whose post this person stands in for.")


@click.group(cls=ViresGroup)
def post() -> None:
    """Say who holds which post: who may approve, judge and waive, until when, and what they are trained to."""


@post.command("assign")
@click.argument("login")
@click.argument("name", metavar="POST")
@_AUTHORITY
@click.option("--until", metavar="DATE", help="The last day of this assignment; without it, until it is ended.")
@_ACTING
@click.option("--trained", default="", metavar="LEVEL", help="What they are trained to.")
@click.option("--trained-until", metavar="DATE", help="The last day on which that training counts.")
@_CONFIRM
@_DRY_RUN
@format_option
@store_options
def assign(
    login: str,
    name: str,
    authority: str,
    until: str | None,
    acting_for: str,
    trained: str,
    trained_until: str | None,
    confirm: bool,
    dry_run: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Assign a post to a person. Two people: one proposes, another runs it --confirm; nobody confirms their own post.

    Who acts for another post may approve in either. `auditor` reads and writes nothing; `procurement unit` approves
    nothing. From the first post on, a judgement needs the post it names.

    \b
    vires post assign bob director --authority camden --trained practitioner --trained-until 2028-03-31
    vires post assign bob director --authority camden --confirm
    vires post assign dan "assistant director" --authority camden --acting-for director --until 2026-09-30
    """
    from engine.posting import Wish

    wish = Wish(
        "assign", login, name, acting_for, day(until, "--until"), trained, day(trained_until, "--trained-until")
    )
    _act(wish, authority, confirm, dry_run, form, (database, clock, persona))


@post.command("end")
@click.argument("login")
@click.argument("name", metavar="POST")
@_AUTHORITY
@_ACTING
@_CONFIRM
@_DRY_RUN
@format_option
@store_options
def end(
    login: str,
    name: str,
    authority: str,
    acting_for: str,
    confirm: bool,
    dry_run: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """A person no longer holds a post; by two people, as it was assigned.

    \b
    vires post end bob director --authority camden
    vires post end bob director --authority camden --confirm
    """
    from engine.posting import Wish

    _act(Wish("end", login, name, acting_for), authority, confirm, dry_run, form, (database, clock, persona))


def _act(
    wish: object,
    authority: str,
    confirm: bool,
    dry_run: bool,
    form: str,
    told: tuple[str | None, str | None, str | None],
) -> None:
    from engine import posting

    assert isinstance(wish, posting.Wish)
    with office(setting(*told)) as desk:
        acted = posting.act(desk, authority, wish, confirm, dry_run)
        if form == "json":
            show_json(posting.plain(acted, authority))
        else:
            show(posting.lines(acted, authority))


@post.command("list")
@_AUTHORITY
@format_option
@store_options
def list_(authority: str, form: str, database: str | None, clock: str | None, persona: str | None) -> None:
    """Who holds which post today, until when, what they are trained to, and what waits for a second person.

    \b
    vires post list --authority camden
    """
    from engine import posting, report

    with office(setting(database, clock, persona)) as desk:
        desk.must_have_log(authority)
        found = posting.listed(desk, authority)
        if form == "json":
            show_json({"authority": authority, "posts": found})
            return
        heads = ("login", "post", "acting for", "until", "trained", "trained until", "stage")
        nothing = [f"{authority} has not said who holds which post"]
        show(report.table(heads, posting.rows(found), width()) if found else nothing)


def add_to(group: click.Group) -> None:
    """Register the commands."""
    group.add_command(post)
