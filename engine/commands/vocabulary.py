"""vires vocabulary: every fact and milestone that a case or a facts file may state."""

from __future__ import annotations

import click

from engine.commands.common import format_option, shipped, show, show_json, width


@click.command()
@click.argument("words", nargs=-1)
@format_option
def vocabulary(words: tuple[str, ...], form: str) -> None:
    """The facts and milestones there are, or those that speak of WORDS, with their choices and questions.

    A word is a whole name, or stands anywhere in a name, title, choice or question; of several, all do.

    \b
    vires vocabulary
    vires vocabulary standstill
    vires vocabulary award decided
    vires vocabulary contract.kind --format json
    """
    from engine import listing
    from engine.errors import UsageError
    from engine.schema import nearest

    word, shelf = " ".join(words), shipped()
    known = shelf.law.vocabulary
    found = known.about(word)
    if not found:
        raise UsageError(
            f"no fact or milestone speaks of {word!r}", nearest(word, known.terms) or "see: vires vocabulary"
        )
    records = {each.records: each.id for each in shelf.workflow.steps if each.records}
    if form == "json":
        show_json([listing.term_plain(each, records) for each in found])
    else:
        show(listing.term_lines(found, records, bool(word), width()))


def add_to(group: click.Group) -> None:
    """Register the command."""
    group.add_command(vocabulary)
