"""vires audit what-if, sample, as-at, report: questions of a procurement unit, an auditor, a committee to the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from engine.commands.common import (
    CLOCK_ZONE,
    case_name,
    day,
    finish,
    format_option,
    office,
    setting,
    shipped,
    show,
    show_json,
    store_options,
    taken_away,
    width,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from engine.auditing import Source
    from engine.commands.common import Setting
    from engine.law import Law
    from engine.workflow import Workflow


@click.command("what-if")
@click.option("--pack", "folder", metavar="FOLDER", help="The pack proposed: take decisions again under it.")
@click.option("--calendar", "calendar", metavar="FILE", help="The calendar proposed: which open deadlines it moves.")
@click.option("--since", metavar="DATE", help="Only decisions recorded on or after this day.")
@click.option("--authority", metavar="A", help="Only this authority's; every log of the store where none is named.")
@format_option
@store_options
def what_if(
    folder: str | None,
    calendar: str | None,
    since: str | None,
    authority: str | None,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Take decisions again under a pack or calendar that is only proposed. Exit 1 when any flips. Writes nothing.

    Each is taken again on what its case knew at the time, under the law of its day with the draft in the place of the
    pack of that name. What the draft asks and nobody ever recorded is `cannot tell`, never a guess. A calendar is also
    held against the open cases: every first lawful day that moves, and every decision of theirs that would have
    differed, such as a stated deadline that is now too short.

    \b
    vires audit what-if --pack drafts/camden --since 2026-04-01
    vires audit what-if --pack drafts/camden --authority camden --format json
    vires audit what-if --calendar drafts/england-and-wales.yaml
    """
    from pathlib import Path

    from engine import library, whatif
    from engine.errors import UsageError

    if (folder is None) == (calendar is None):
        raise UsageError("what is proposed?", "give --pack FOLDER or --calendar FILE")
    from_day = since_day(since)
    given = setting(database, clock, persona)
    with office(given) as desk:
        if authority is not None:
            desk.must_have_log(authority)
        logs = desk.store.authorities() if authority is None else (authority,)
        if folder is not None:
            after = library.with_folder(desk.library, Path(folder))
            id = library.pack_in(after, Path(folder))
            own = after.law.packs[id].authority
            draft = whatif.Draft(whatif.PACK, id, after.folders[str(Path(folder))], after.words)
            if own and authority not in (None, own):
                raise UsageError(f"{id} is a pack of {own}", f"leave --authority out, or name {own}")
            logs = tuple(each for each in logs if own in ("", each))
            cases = {each: list(desk.store.case_ids(each)) for each in logs}
        else:
            after, id, files = library.with_calendar_file(desk.library, Path(str(calendar)))
            draft = whatif.Draft(whatif.CALENDAR, id, files, after.words)
            cases = {each: whatif.open_cases(desk, each) for each in logs}
        total = sum(map(len, cases.values())) * (2 if calendar else 1)
        hidden = form == "json" or not given.terminal
        with click.progressbar(length=total, label="cases", hidden=hidden) as bar:
            found = [
                each
                for name, listed in cases.items()
                for each in whatif.tried(desk.store, name, draft, listed, from_day, bar.update)
            ]
            moves = None
            if calendar is not None:
                moves = [
                    each
                    for name, listed in cases.items()
                    if listed
                    for each in whatif.moved(desk, name, draft, listed, bar.update)
                ]
        if form == "json":
            show_json(whatif.plain(found, moves))
        else:
            show(whatif.lines(found, width(), moves))
        finish(1 if whatif.flipped(found, moves) else 0)


@click.command()
@click.argument("name", required=False, metavar="[AUTHORITY or BUNDLE]")
@click.option("-n", "number", type=click.IntRange(1), default=60, show_default=True, help="How many decisions.")
@click.option("--seed-from", "note_file", required=True, metavar="CHECKPOINT", help="The checkpoint that draws.")
@click.option(
    "--signed-by", "keys", multiple=True, metavar="KEY", help="Who must have signed it: a .pub file or a key."
)
@format_option
@store_options
def sample(
    name: str | None,
    number: int,
    note_file: str,
    keys: tuple[str, ...],
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Draw decisions to look at: of every step and answer, by the root hash of a checkpoint. Nobody chose them.

    Whoever has the log and the checkpoint draws the same ones (the rule stands at the head of engine/sampling.py).
    Take a checkpoint from before anybody knew that it would be used: who may still choose among checkpoints can
    choose among samples.

    \b
    vires audit sample camden -n 60 --seed-from camden-2026-09-30.note
    vires audit sample camden -n 60 --seed-from camden-2026-09-30.note --signed-by officer.key.pub --format json
    vires audit sample camden.zip -n 60 --seed-from camden-2026-09-30.note
    """
    from engine import attesting, bundles, checkpoints, filing, sampling
    from engine.commands.custody import one_log
    from engine.errors import LedgerError, UsageError

    note = filing.note(note_file)
    verifiers = [filing.verifier(each) for each in keys]
    if verifiers and not checkpoints.opened(note, verifiers).by:
        raise LedgerError(f"none of the keys given signed {note_file}")
    if (bundle := taken_away(name)) is not None:
        if not bundle.whole:
            raise UsageError(
                f"{name} holds some entries only: whoever made it chose them", "ask for one made with --all"
            )
        shelf = bundles.Shelf(bundle)
        found = sampling.draw(shelf, bundle.authority, list(bundle.leaves), note, number)
    else:
        with office(setting(database, clock, persona)) as desk:
            log = one_log(desk, name)
            found = sampling.draw(desk.store, log, attesting.leaves(desk.store, log), note, number)
    if form == "json":
        show_json(sampling.plain(found))
    else:
        show(sampling.lines(found, width()))


@click.command("as-at")
@click.argument("date")
@click.argument("case")
@click.option("--known-at", "known", metavar="DATE", help="By what was recorded by then; today where it is left out.")
@click.option("--bundle", "file", metavar="FILE.zip", help="From a bundle, without the store.")
@format_option
@store_options
def as_at(
    date: str,
    case: str,
    known: str | None,
    file: str | None,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """A case as it was on a day, and as it was known on that day or another.

    What had happened by DATE counts, by what was recorded by --known-at. A correction counts for the whole past from
    the day it was recorded, so without --known-at the case stands as hindsight has it. A change (of a plan, of a lot's
    state, of a date put later) counts from the day of the change.

    \b
    vires audit as-at 2025-09-30 camden/2025-014
    vires audit as-at 2025-09-30 camden/2025-014 --known-at 2025-09-30
    vires audit as-at 2025-09-30 camden/2025-014 --bundle camden.zip
    """
    from engine import bundles
    from engine.errors import UsageError

    authority, name = case_name(case)
    day_, known_day, given = since_day(date, "DATE"), since_day(known, "--known-at"), setting(database, clock, persona)
    if (bundle := taken_away(file)) is not None:
        shelf = bundles.Shelf(bundle)
        if next(shelf.rows(authority, name), None) is None:
            raise UsageError(f"there is no case {case} in {file}", "see: vires audit log " + str(file))
        _show_as_at(shelf, authority, name, day_, known_day or _today(given), form)
        return
    if file is not None:
        raise UsageError(f"{file} is not a bundle", "name a file that vires audit bundle made: FILE.zip")
    with office(given) as desk:
        desk.case(authority, name)
        _show_as_at(desk.store, authority, name, day_, known_day or desk.now.local.iso[:10], form)


def _show_as_at(source: Source, authority: str, case: str, day_: str, known: str, form: str) -> None:
    from engine import auditing, hindsight, listing

    log = list(auditing.entries(source, authority, case))
    openings = auditing.openings_of(source, authority, log)
    found = hindsight.as_at(log, openings, day_, known, _last_second(known), _last_second(day_))
    cycle = auditing.kept_workflow(source.artifacts([found.state.workflow]), found.state.workflow)
    if form == "json":
        show_json({**hindsight.plain(found), **listing.case_plain(found.state, cycle)})
    else:
        show([*hindsight.lines(found), *listing.case_lines(found.state, cycle, width())])


def _today(given: Setting) -> str:
    """The day it is in London."""
    from zoneinfo import ZoneInfo

    return given.instant.astimezone(ZoneInfo(CLOCK_ZONE)).date().isoformat()


def _last_second(day_: str) -> str:
    """The last second of a day in London, in UTC as entries write it."""
    from datetime import UTC, date, datetime, timedelta
    from zoneinfo import ZoneInfo

    if day_ == date.max.isoformat():
        return f"{day_}T23:59:59Z"
    next_day = datetime.fromisoformat(day_) + timedelta(days=1)
    last = next_day.replace(tzinfo=ZoneInfo(CLOCK_ZONE)).astimezone(UTC) - timedelta(seconds=1)
    return last.strftime("%Y-%m-%dT%H:%M:%SZ")


@click.command()
@click.argument("authority", required=False, metavar="[AUTHORITY or BUNDLE]")
@click.option("--since", metavar="DATE", help="Only what was recorded on or after this day.")
@click.option("--reasons", is_flag=True, help="With the reasons people gave, where they are kept: confidential.")
@format_option
@store_options
def report(
    authority: str | None,
    since: str | None,
    reasons: bool,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """For an audit committee: waivers, judgements, explanations, irregular steps, and what was recorded late.

    Each counted by the post that answers for it, its ground and the value of the contract, then listed. A waiver is
    listed as granted, and each rule as waived where a step was taken on it. Titles are those of the packs of today.

    \b
    vires audit report camden --since 2026-04-01
    vires audit report camden --reasons --format json
    vires audit report camden.zip
    """
    from engine import bundles

    from_day = since_day(since)
    given = setting(database, clock, persona)
    asked = Report(from_day, reasons, form, form == "json" or not given.terminal)
    if (bundle := taken_away(authority)) is not None:
        shelf, library = bundles.Shelf(bundle), shipped()
        known = [bundle.authority] if bundle.authority in library.authorities() else []
        laws = {name: (library.law.for_authority(library.authority(name)), library.cycle(name)) for name in known}
        asked.show(shelf, {bundle.authority: shelf.case_ids(bundle.authority)}, laws.get, f"a bundle of {bundle.about}")
        return
    with office(given) as desk:
        if authority is not None:
            desk.must_have_log(authority)
        logs = desk.store.authorities() if authority is None else (authority,)
        cases = {each: desk.store.case_ids(each) for each in logs}
        asked.show(desk.store, cases, lambda name: (desk.law(name), desk.shelf(name).cycle(name)))


class Report(NamedTuple):
    """A report as it was asked for."""

    since: str
    reasons: bool
    form: str
    hidden: bool

    def show(
        self,
        source: Source,
        cases: Mapping[str, Sequence[str]],
        law_of: Callable[[str], tuple[Law, Workflow] | None],
        place: str = "",
    ) -> None:
        """Nothing; the report on these cases is shown, with the titles that the law of each authority has."""
        from engine import committee

        looked = sum(map(len, cases.values()))
        with click.progressbar(length=looked, label="cases", hidden=self.hidden) as bar:
            found = [
                each
                for name, listed in cases.items()
                for each in committee.items(source, name, listed, self.since, bar.update)
            ]
        if self.form == "json":
            show_json(committee.plain(found, self.reasons))
            return
        titles: dict[str, str] = {}
        for law in map(law_of, {each.authority for each in found}):
            titles |= {} if law is None else committee.titles(*law)
        logs = next(iter(cases)) if len(cases) == 1 else f"{len(cases)} logs"
        scope = f"{logs} · {looked:,} case{'s' * (looked != 1)}"
        scope += f" · recorded since {self.since}" if self.since else " · everything recorded"
        scope += f" · from {place}" if place else ""
        show(committee.lines(found, scope, titles, self.reasons, width()))


def since_day(said: str | None, option: str = "--since") -> str:
    """The ISO day an option gives, or nothing."""
    from engine.errors import UsageError

    found = day(said, option)
    if found is not None and found.minute is not None:
        raise UsageError(f"{option}: a day is meant, not an hour", f"write it as {found.iso[:10]}")
    return "" if found is None else found.iso[:10]


def add_to(group: click.Group) -> None:
    """Register the commands."""
    for command in (what_if, sample, as_at, report):
        group.add_command(command)
