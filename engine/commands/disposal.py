"""vires audit disclose, hold, release, erase: what leaves the office, and what is kept or goes for good."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from engine.commands.common import case_name, format_option, office, setting, show, show_json, store_options, width
from engine.commands.custody import asked_for, pack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.bundling import Seal
    from engine.retention import Exemption
    from engine.service import Office, Written


KINDS = ("personal", "confidential", "text", "all")
MEMBERS = ("title", "login", "reason", "reasons", "late", "irregular", "remedy", "report_by")  # docs/formats/entry.md
UNSAID = "?"  # no code is written so: a bundle that held it would not verify


@click.command()
@click.argument("name", required=False, metavar="[CASE or AUTHORITY]")
@click.option("--all", "everything", is_flag=True, help="Every entry of the log.")
@click.option("--since", metavar="DATE", help="Every case of which something was recorded since.")
@click.option(
    "--withhold", "withheld", multiple=True, metavar="WHAT=CODE", help="What to keep back, and under which exemption."
)
@click.option("--give", "given", multiple=True, metavar="WHAT", help="What to hand over all the same.")
@click.option("--codes", "listing_only", is_flag=True, help="Show the codes of exemption, and write nothing.")
@click.option("--checkpoint", "note_file", metavar="FILE", help="A checkpoint: the bundle ends where it does.")
@click.option("--key", "key_file", metavar="FILE", help="Or sign a new checkpoint with this private key.")
@click.option("--out", metavar="FILE.zip", help="Where to write it; nothing is overwritten.")
@format_option
@store_options
def disclose(
    name: str | None,
    everything: bool,
    since: str | None,
    withheld: tuple[str, ...],
    given: tuple[str, ...],
    listing_only: bool,
    note_file: str | None,
    key_file: str | None,
    out: str | None,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """A bundle for the public: each opening handed over or withheld under a code, as you say; nothing is guessed.

    WHAT is an entry's number, the name of a fact (quote.supplier for that of every quote), title, login or reasons, or
    a kind: personal, confidential, text (free text), all. The narrower wins. What no option speaks of stops the
    command, and is named. The bundle verifies against the same checkpoint as the whole one.

    \b
    vires audit disclose camden/2025-014 --withhold all=foia-40 --give title --out public.zip
    vires audit disclose camden --all --withhold personal=lga72-12a-1 --withhold \\
        text=foia-36 --give confidential --checkpoint camden.note --out public.zip
    vires audit disclose --codes
    """
    from engine import library, retention
    from engine.errors import UsageError
    from engine.report import hang

    codes = retention.exemptions(*library.exemption_codes())
    if listing_only:
        if form == "json":
            show_json({"codes": [each._asdict() for each in codes.values()]})
        else:
            unchecked = " · not checked against a source"
            for code, each in codes.items():
                said = f"{each.title} · {each.cite}{'' if each.checked else unchecked}"
                show(hang(said, f"{code:<13} ", width()))
        return
    if out is None:
        raise UsageError("where to?", "give --out FILE.zip")
    with office(setting(database, clock, persona)) as desk:
        authority, cases, about = asked_for(desk, name, everything, since)
        sifted = Sifted(desk, authority, withheld, given, codes)
        pack(desk, authority, cases, about, out, form, note_file, key_file, sifted, sifted.must_be_said)


class Sifted:
    """For each seal the code it is withheld under, by the narrowest option that speaks of it; refuses to guess.

    What no option speaks of is withheld under no code there is, and `must_be_said` names all of it.
    """

    def __init__(
        self,
        desk: Office,
        authority: str,
        withheld: Sequence[str],
        given: Sequence[str],
        codes: Mapping[str, Exemption],
    ) -> None:
        from engine.errors import UsageError
        from engine.schema import nearest

        self._words = desk.law(authority).vocabulary
        self._unsaid: dict[str, tuple[str, int]] = {}
        self._entries: set[int] = set()
        self._said: dict[str, str] = dict.fromkeys(given, "")
        for each in withheld:
            what, _, code = each.partition("=")
            if code not in codes:
                hint = nearest(code, codes) or "see: vires audit disclose --codes"
                raise UsageError(f"{each!r}: no exemption is called {code!r}", hint)
            if what in self._said:
                raise UsageError(f"{what} is said twice", "withhold it or give it, not both")
            self._said[what] = code
        for what in self._said:
            if what not in (*KINDS, *MEMBERS) and not what.isdecimal() and what not in self._words.terms:
                self._words.get(what)  # a slip would hand over what somebody meant to keep back

    def __call__(self, seal: Seal) -> str:
        self._entries.add(seal.entry.sequence)
        record = re.sub("/[^.]*", "", seal.name)  # quote.supplier speaks for the supplier of every quote
        for what in (str(seal.entry.sequence), seal.name, record, self._kind(seal), "all"):
            if what in self._said:
                return self._said[what]
        self._unsaid.setdefault(seal.name, (self._kind(seal), seal.entry.sequence))
        return UNSAID

    def must_be_said(self) -> None:
        """Nothing; UsageError naming everything that no option speaks of, or an entry that seals nothing here."""
        from engine.errors import UsageError

        for what in self._said:
            if what.isdecimal() and int(what) not in self._entries:
                raise UsageError(f"entry {what} has nothing here to hand over or withhold", "see: vires audit log")
        if self._unsaid:
            named = ", ".join(f"{name} ({kind}, entry {entry:,})" for name, (kind, entry) in self._unsaid.items())
            first = next(iter(self._unsaid))
            hint = f"for each, or for its kind: --give {first}, or --withhold {first}=CODE"
            raise UsageError(f"nothing says whether these are handed over: {named}", hint)

    def _kind(self, seal: Seal) -> str:
        """personal, confidential, text, or nothing known; the login of a person is personal."""
        if seal.member == "login":
            return "personal"
        if seal.member != "value":
            return "text"
        term = self._words.find(seal.name)
        return "of no known kind" if term is None else "text" if term.public else term.kind


@click.command()
@click.argument("name", metavar="CASE")
@click.option("--reason", required=True, metavar="TEXT", help="Why: a claim, an inquiry, an audit. It is sealed.")
@format_option
@store_options
def hold(name: str, reason: str, form: str, database: str | None, clock: str | None, persona: str | None) -> None:
    """Put a case under a legal hold: nothing of it is erased while the hold stands.

    \b
    vires audit hold camden/2025-014 --reason "letter before claim of 3 March"
    """
    from engine import erasing

    with office(setting(database, clock, persona)) as desk:
        written = erasing.hold(desk, *case_name(name), reason)
        _acknowledge(form, f"{name} is held: nothing of it will be erased", written, {"hold": written.entry})


@click.command()
@click.argument("name", metavar="CASE")
@click.option("--hold", "number", type=click.IntRange(min=1), metavar="ENTRY", help="Which hold, where several stand.")
@click.option("--reason", required=True, metavar="TEXT", help="Why it may end. It is sealed.")
@format_option
@store_options
def release(
    name: str, number: int | None, reason: str, form: str, database: str | None, clock: str | None, persona: str | None
) -> None:
    """End a legal hold on a case.

    \b
    vires audit release camden/2025-014 --reason "claim settled"
    """
    from engine import erasing

    with office(setting(database, clock, persona)) as desk:
        written = erasing.release(desk, *case_name(name), reason, number)
        _acknowledge(form, f"the hold on {name} has ended", written, {})


@click.command()
@click.argument("name", metavar="CASE")
@click.argument("what", nargs=-1, metavar="[WHAT]...")
@click.option("--reason", metavar="TEXT", help="Why it may go. It is sealed.")
@click.option("--confirm", type=click.IntRange(min=1), metavar="ENTRY", help="Confirm what somebody else asked for.")
@format_option
@store_options
def erase(
    name: str,
    what: tuple[str, ...],
    reason: str | None,
    confirm: int | None,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Erase sealed values of a case for good: one person asks, another confirms, both on the log.

    WHAT is the name of a fact, title, or reasons. Refused (exit 1) while a period of rules/retention.yaml runs or a
    legal hold stands, or where no period has begun. The log still verifies; replay says of a decision that rested on
    it: erased. Copies in backups and bundles are not reached: destroy those as well.

    This version does not erase the login of a person. It stands sealed in one entry for all cases of the log, as the
    record of who decided, and may go only when the last of those records may. Entries name an opaque id instead; what
    is handed out leaves the login out (vires audit disclose --withhold login=CODE). Whether a request must be met all
    the same is for the data protection officer: docs/personal-data.md.

    \b
    vires audit erase camden/2019-007 provider.name --reason "six years are over"
    vires audit erase camden/2019-007 --confirm 812
    """
    from engine import erasing
    from engine.errors import UsageError
    from engine.model import Moment

    authority, case = case_name(name)
    if (confirm is None) == (not what) or (reason is None) == (confirm is None):
        hint = f"vires audit erase {name} WHAT --reason TEXT, or vires audit erase {name} --confirm ENTRY"
        raise UsageError("ask for an erasure, or confirm one", hint)
    with office(setting(database, clock, persona)) as desk:
        if confirm is not None:
            written, count = erasing.confirm(desk, authority, case, confirm)
            said = f"{count} opening of {name} is" if count == 1 else f"{count} openings of {name} are"
            _acknowledge(form, f"{said} erased for good", written, {"erased": count})
            return
        asked = erasing.ask(desk, authority, case, what, str(reason))
        last = asked.due[-1]
        lines = [
            f"  kept until {Moment(last.day - 1)}: {last.kept.title} ({last.kept.cite})",
            f"  next     somebody else: vires audit erase {name} --confirm {asked.written.entry}",
        ]
        plain: dict[str, object] = {"asked": asked.written.entry, "openings": asked.openings}
        many = f"{asked.openings} opening{'s' * (asked.openings != 1)}"
        _acknowledge(form, f"asked to erase {many} of {name}", asked.written, plain, lines)


def _acknowledge(form: str, said: str, written: Written, plain: dict[str, object], lines: Sequence[str] = ()) -> None:
    if form == "json":
        show_json({**plain, "entry": written.entry, "receipt": written.receipt})
    else:
        show([f"✓ {said}", *lines, f"  receipt  {written.receipt}"])


def add_to(group: click.Group) -> None:
    """Register the commands."""
    for command in (disclose, hold, release, erase):
        group.add_command(command)
