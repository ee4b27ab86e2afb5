"""vires audit: read the log, verify it, and take every decision again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.commands import custody, disposal, scrutiny
from engine.commands.common import (
    ViresGroup,
    case_name,
    finish,
    format_option,
    office,
    setting,
    show,
    show_json,
    store_options,
    taken_away,
    width,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.auditing import Source
    from engine.ledger import Entry
    from engine.replay import Replayed
    from engine.replaying import Place, Wanted
    from engine.service import Office
    from engine.signing import Verifier


@click.group(cls=ViresGroup)
def audit() -> None:
    """The auditor's commands."""


def _which(desk: Office, name: str | None) -> tuple[tuple[str, str | None], ...]:
    """The logs meant: one authority's, one case's, or every log of the store."""
    if name is None:
        return tuple((authority, None) for authority in desk.store.authorities())
    if "/" in name:
        return (case_name(name),)
    desk.must_have_log(name)
    return ((name, None),)


@audit.command()
@click.argument("name", required=False, metavar="[AUTHORITY, CASE or BUNDLE]")
@format_option
@store_options
def log(name: str | None, form: str, database: str | None, clock: str | None, persona: str | None) -> None:
    """The entries of the log: all, one authority's, one case's, or those in a bundle.

    \b
    vires audit log
    vires audit log camden/2025-014 --format json
    vires audit log camden.zip
    """
    from engine import auditing, bundles

    if (bundle := taken_away(name)) is not None:
        _show_log(list(auditing.entries(bundles.Shelf(bundle), bundle.authority)), form)
        return
    with office(setting(database, clock, persona)) as desk:
        found = [entry for authority, case in _which(desk, name) for entry in desk.entries(authority, case)]
        if "/" in (name or "") and not found:
            desk.case(*case_name(str(name)))
        _show_log(found, form)


def _show_log(found: Sequence[Entry], form: str) -> None:
    from engine import listing

    if form == "json":
        show_json({"entries": [listing.entry_plain(entry) for entry in found]})
    else:
        show(listing.log_lines(found, width()))


def _logs(desk: Office, name: str | None, anchored: bool) -> list[str]:
    """The logs to verify: the one named, or all that anything in the store speaks of, whether they are there or not."""
    if name is None:
        return list(desk.store.spoken_of())
    desk.must_have_log(case_name(name)[0] if "/" in name else name, anchored)
    return [authority for authority, _ in _which(desk, name)]


@audit.command()
@click.argument("what", required=False, metavar="[AUTHORITY or FILE]")
@click.option(
    "--receipt", "receipts", multiple=True, metavar="R", help="A receipt somebody kept, such as camden:41:9f2c..."
)
@click.option(
    "--checkpoint", "notes", multiple=True, metavar="FILE", help="A checkpoint somebody kept; several may be given."
)
@click.option(
    "--signed-by", "keys", multiple=True, metavar="KEY", help="Who must have signed: a .pub file, or the key itself."
)
@format_option
@store_options
def verify(
    what: str | None,
    receipts: tuple[str, ...],
    notes: tuple[str, ...],
    keys: tuple[str, ...],
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Check a log, proof, checkpoint or bundle in numbered steps. Exit 5 and every fault when it does not verify.

    The database is not trusted: what was rewritten whole is found only against a receipt or checkpoint that
    somebody else kept. A file is checked by itself, without a store.

    \b
    vires audit verify
    vires audit verify camden --receipt camden:41:9f2c51e1d0a3b4c59f2c51e1
    vires audit verify camden --checkpoint camden-2026-09-30.note --signed-by officer.key.pub
    vires audit verify 41.tlog-proof --signed-by officer.key.pub
    vires audit verify camden.zip --signed-by officer.key.pub
    """
    from engine import filing

    given = setting(database, clock, persona)
    anchors = (receipts, [filing.note(each) for each in notes], [filing.verifier(each) for each in keys])
    if what is not None and _is_file(what):
        _verify_file(what, *anchors, form=form)
        return
    from engine import listing, service
    from engine.errors import UsageError

    if keys and not notes:
        raise UsageError("--signed-by says who must have signed, and nothing here is signed", "give --checkpoint FILE")
    with office(given, doubtful=True) as desk:
        logs = _logs(desk, what, bool(receipts or notes))
        mixed = len(service.kinds(desk.store)) > 1
        desk.must_know(receipts, logs)
        desk.must_know_checkpoints(anchors[1], logs)
        total = sum(desk.store.newest(name) for name in logs)
        with click.progressbar(length=total, label="entries", hidden=form == "json" or not given.terminal) as bar:
            checked = [(name, desk.verify(name, *anchors, watch=lambda: bar.update(1))) for name in logs]
        good = all(step.ok for _, steps in checked for step in steps) and not mixed
        if form == "json":
            wrong = {"wrong": service.MIXED} if mixed else {}
            show_json(
                {"verified": good, **wrong, "logs": {name: listing.steps_plain(steps) for name, steps in checked}}
            )
        else:
            empty = {name for name in logs if desk.store.newest(name) == 1}
            told = [f"✗ {service.MIXED}: the first entry of one was altered"] if mixed else []
            show([*listing.verified_lines(checked, empty, width()), *told])
        finish(0 if good else 5)


def _is_file(said: str) -> bool:
    """Whether a file is meant and not an authority, which never has a dot in its name, or a case."""
    from pathlib import Path

    return "." in said.rpartition("/")[2] or ("/" in said and Path(said).is_file())


def _verify_file(
    path: str, receipts: Sequence[str], notes: Sequence[bytes], keys: Sequence[Verifier], form: str
) -> None:
    """Nothing; the steps over a proof or checkpoint file are shown, and the command ends with their exit code."""
    from engine import auditing, checkpoints, filing, listing, proofs
    from engine.anchoring import Anchors
    from engine.errors import UsageError

    data = filing.read(path, "proof, checkpoint or bundle")
    if data.startswith(b"SQLite format 3"):
        raise UsageError(f"{path} is a store, not a file of an auditor's", f"vires audit verify --database {path}")
    bundle = data.startswith(b"PK") or path.endswith(".zip")
    if receipts and not bundle:
        raise UsageError("a receipt is held against a log", "leave --receipt out, or name an authority")
    if bundle:
        steps = auditing.verify_bundle(data, Anchors(receipts, notes, keys))
    elif data.startswith((proofs.INCLUSION.encode(), proofs.CONSISTENCY.encode())):
        steps = proofs.verify(data, keys, [checkpoints.opened(note, keys) for note in notes])
    else:
        steps = (proofs.signature_step(1, data, keys),)
    if b"/training\n" in data or any(step.detail.endswith("TRAINING") for step in steps):
        click.get_current_context().meta["vires.training"] = True
    good = all(step.ok for step in steps)
    if form == "json":
        show_json({"verified": good, "file": path, "steps": listing.steps_plain(steps)})
    else:
        show(listing.verify_lines(path, steps, width()))
    finish(0 if good else 5)


@audit.command()
@click.argument("name", required=False, metavar="[AUTHORITY, CASE or BUNDLE]")
@click.option(
    "--all", "everything", is_flag=True, help="Every log of the store, which is meant where nothing is named."
)
@click.option("--since", metavar="DATE", help="Only decisions recorded on or after this day.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", default=1, show_default=True, help="Processes.")
@click.option(
    "--engine",
    type=click.Choice(["both", "reference"]),
    default="both",
    show_default=True,
    help="Judge by both evaluators, as when it was decided, or by the one that explains, as functions: sooner.",
)
@format_option
@store_options
def replay(
    name: str | None,
    everything: bool,
    since: str | None,
    jobs: int,
    engine: str,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Take every decision again, from the facts and under the law of its day. Exit 5 when one differs.

    Each difference is named for what it is: a forged verdict, an omitted finding, a changed pack (the rules of the day
    are not those kept), or a changed engine (another version of Vires decided, and the answer follows from its own
    findings: run that version to tell). A case that cannot be read is named, and the others are taken again.

    \b
    vires audit replay
    vires audit replay camden/2025-014
    vires audit replay camden --since 2026-04-01 --jobs 2 --engine reference
    vires audit replay camden.zip
    """
    from engine.errors import UsageError

    if everything and name is not None:
        raise UsageError("name a log or a case, or give --all, not both")
    given, twice = setting(database, clock, persona), engine == "both"
    from_day = scrutiny.since_day(since)
    if name is not None and name.endswith(".zip"):
        from engine import auditing, bundles, filing
        from engine.replaying import Place, Wanted

        data = filing.read(name, "bundle")
        bundle = auditing.sound_bundle(data)
        shelf = bundles.Shelf(bundle)
        wanted = [Wanted(bundle.authority, shelf.case_ids(bundle.authority), from_day, twice)]
        if bundle.training:
            click.get_current_context().meta["vires.training"] = True
        _taken_again(shelf, Place(bundle=data), wanted, jobs, form, given.terminal)
        return
    with office(given) as desk:
        from engine.replaying import Place, Wanted

        wanted = []
        for authority, case in _which(desk, name):
            if case is not None:
                desk.case(authority, case)
            cases = (case,) if case is not None else desk.store.case_ids(authority)
            wanted.append(Wanted(authority, cases, from_day, twice))
        _taken_again(desk.store, Place(given.database), wanted, jobs, form, given.terminal)


def _taken_again(source: Source, place: Place, wanted: Sequence[Wanted], jobs: int, form: str, terminal: bool) -> None:
    """Nothing; the cases are taken again with a bar on a terminal, and shown."""
    from engine import replaying

    total = sum(len(each.cases) for each in wanted)
    with click.progressbar(length=total, label="cases", hidden=form == "json" or not terminal) as bar:
        results = list(replaying.take_again(source, place, wanted, jobs, bar.update))
    _show_replayed(results, form)


def _show_replayed(results: Sequence[tuple[str, Replayed]], form: str) -> None:
    """Nothing; the decisions taken again are shown, and the command ends with their exit code."""
    from engine import listing

    differ = [result for _, result in results if result.differs]
    if form == "json":
        again = [{"authority": authority, **result._asdict()} for authority, result in results]
        show_json({"same": not differ, "kinds": listing.kinds(results), "decisions": again})
    else:
        show(listing.replay_lines(results, width()))
    finish(5 if differ else 0)


def add_to(group: click.Group) -> None:
    """Register the commands."""
    custody.add_to(audit)
    disposal.add_to(audit)
    scrutiny.add_to(audit)
    group.add_command(audit)
