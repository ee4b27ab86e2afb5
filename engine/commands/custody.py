"""vires audit keygen, checkpoint, prove, bundle: what is given to those who will check the log later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.commands.common import F, case_name, day, format_option, office, setting, show, show_json, store_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.bundling import Withhold
    from engine.service import Office


def out_option(what: str) -> Callable[[F], F]:
    """--out FILE."""
    return click.option("--out", metavar="FILE", help=f"Where to write {what}; nothing is overwritten.")


def put(data: bytes, out: str | None, form: str, plain: dict[str, object], said: str) -> None:
    """Nothing; the text stands in a new file, or else on standard output as it is (as JSON in `text`)."""
    from engine import filing

    if out is not None:
        filing.write(out, data)
        plain = {**plain, "file": out}
    else:
        plain = {**plain, "text": data.decode()}
    if form == "json":
        show_json(plain)
    elif out is not None:
        show([f"✓ {said}", f"  in    {out}"])
    else:
        click.echo(data.decode(), nl=False)


@click.command()
@click.argument("file")
@click.option(
    "--name",
    default="vires",
    show_default=True,
    metavar="NAME",
    help="Whose key it is, without spaces, best an address: camden.gov.uk/vires/camden.",
)
@format_option
def keygen(file: str, name: str, form: str) -> None:
    """Make a key to sign checkpoints with: FILE, for its holder alone, and FILE.pub, for everybody.

    Keep FILE away from the database and from those who run it: whoever has both can sign a history that never was.
    Give FILE.pub to auditors now, not with the checkpoints.

    \b
    vires audit keygen monitoring-officer.key --name camden.gov.uk/vires/camden
    """
    import secrets

    from engine import filing, signing

    key = signing.signer(name, secrets.token_bytes(signing.SEED_BYTES))
    public = filing.write_key(file, key)
    if form == "json":
        show_json({"name": name, "private": file, "public": public, "verifier": key.verifier.line})
    else:
        show(
            [
                f"✓ made a key for {name}",
                f"  private   {file} (mode 0600; nobody else may have it)",
                f"  public    {public}",
                f"  {key.verifier.line}",
            ]
        )


@click.command()
@click.argument("authority", required=False)
@click.option("--key", "key_file", required=True, metavar="FILE", help="The private key that signs.")
@click.option("--old", "olds", multiple=True, metavar="FILE", help="A checkpoint signed before: it must be continued.")
@out_option("the checkpoint")
@format_option
@store_options
def checkpoint(
    authority: str | None,
    key_file: str,
    olds: tuple[str, ...],
    out: str | None,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Sign the size and root of a log as it stands (C2SP tlog-checkpoint, Ed25519).

    A log that does not verify, or does not continue an --old checkpoint, is not signed. Give the checkpoint to
    people who do not run the database: from then on they can show what was altered before it.

    \b
    vires audit checkpoint camden --key monitoring-officer.key --out camden-2026-09-30.note
    """
    from engine import attesting, filing, listing, service

    key = filing.read_key(key_file)
    with office(setting(database, clock, persona)) as desk:
        name = one_log(desk, authority)
        read = [filing.note(each) for each in olds]
        note = attesting.checkpoint(desk.store, name, service.is_training(desk.store), key, read)
        plain = listing.checkpoint_plain(note.encode())
        size = "1 entry" if plain["entries"] == 1 else f"{plain['entries']:,} entries"
        put(note.encode(), out, form, plain, f"signed {plain['origin']} at {size}")


def one_log(desk: Office, authority: str | None) -> str:
    """The authority named, or the only one with a log here."""
    from engine.errors import UsageError

    known = desk.store.authorities()
    if authority is None and len(known) != 1:
        raise UsageError("which log? this store has several", f"name one of {', '.join(known)}")
    name = authority or known[0]
    desk.must_have_log(name)
    return name


@click.command()
@click.argument("entry", required=False, metavar="[ENTRY]")
@click.option("--from", "old", metavar="OLD", help="An older checkpoint: prove that its log is the beginning of this.")
@click.option("--checkpoint", "note_file", metavar="FILE", help="The checkpoint to prove it against.")
@click.option("--key", "key_file", metavar="FILE", help="Or sign a new checkpoint with this private key.")
@out_option("the proof")
@format_option
@store_options
def prove(
    entry: str | None,
    old: str | None,
    note_file: str | None,
    key_file: str | None,
    out: str | None,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Prove to somebody without the log that an entry stands in it, or that it only grew since an older checkpoint.

    ENTRY is authority:number or a receipt. The proof is a small text file (docs/formats/proof.md) that vires audit
    verify checks, and so does any C2SP tlog-proof tool.

    \b
    vires audit prove camden:41 --checkpoint camden-2026-09-30.note --out 41.tlog-proof
    vires audit prove --from camden-2026-03-31.note --checkpoint camden-2026-09-30.note
    """
    from engine import attesting, checkpoints, filing, service
    from engine.errors import UsageError

    if (entry is None) == (old is None):
        raise UsageError("prove either an entry or --from an older checkpoint", "vires audit prove camden:41 ...")
    if (note_file is None) == (key_file is None):
        raise UsageError("a proof leads to a checkpoint", "give --checkpoint FILE, or --key FILE to sign one now")
    with office(setting(database, clock, persona)) as desk:
        known, old_note = desk.store.authorities(), b"" if old is None else filing.note(old)
        if entry is not None:
            authority, sequence = _place(desk, entry)
        else:
            origin, sequence = checkpoints.read(old_note)[0], 0
            authority = next((name for name in known if checkpoints.stands_for(origin, name)), origin.origin)
        desk.must_have_log(authority)
        if key_file is not None:
            training = service.is_training(desk.store)
            note = attesting.checkpoint(desk.store, authority, training, filing.read_key(key_file)).encode()
        else:
            note = filing.note(str(note_file))
        if entry is not None:
            proof = attesting.prove_entry(desk.store, authority, sequence, note)
            said = f"entry {sequence} of {authority} stands in the log of the checkpoint"
        else:
            proof = attesting.prove_from(desk.store, authority, old_note, note)
            said = f"the log of {authority} is the continuation of {old}"
        put(proof, out, form, {"authority": authority, **({"entry": sequence} if entry else {})}, said)


def _place(desk: Office, said: str) -> tuple[str, int]:
    """The authority and number of an entry, said as `camden:41` or as its receipt, which then must be its own."""
    from engine import ledger
    from engine.errors import LedgerError, UsageError

    authority, _, number = said.partition(":")
    if number.isascii() and number.isdecimal() and 0 < int(number) <= ledger.LAST_SEQUENCE:
        return authority, int(number)
    if said.count(":") != 2:
        raise UsageError(f"{said!r} is not an entry", "write authority:number, as in camden:41, or its receipt")
    receipt = ledger.parse_receipt(said)
    row = next(desk.store.rows(receipt.authority, after=receipt.sequence - 1, before=receipt.sequence + 1), None)
    if row is None or not ledger.leaf(row.bytes).hex().startswith(receipt.leaf_prefix):
        raise LedgerError(f"entry {receipt.sequence} is not the one its receipt was given for")
    return receipt.authority, receipt.sequence


@click.command()
@click.argument("name", required=False, metavar="[CASE or AUTHORITY]")
@click.option("--all", "everything", is_flag=True, help="Every entry of the log.")
@click.option("--since", metavar="DATE", help="Every case of which something was recorded since.")
@click.option(
    "--checkpoint", "note_file", metavar="FILE", help="A checkpoint of the log; the bundle ends where it does."
)
@click.option("--key", "key_file", metavar="FILE", help="Or sign a new checkpoint with this private key.")
@click.option("--out", required=True, metavar="FILE.zip", help="Where to write it; nothing is overwritten.")
@format_option
@store_options
def bundle(
    name: str | None,
    everything: bool,
    since: str | None,
    note_file: str | None,
    key_file: str | None,
    out: str,
    form: str,
    database: str | None,
    clock: str | None,
    persona: str | None,
) -> None:
    """Take a log away, or some cases of it: a zip of plain files that is checked without the database.

    It holds the entries byte for byte, what opens their seals (personal data with it: vires audit disclose leaves that
    out), the packs they rested on, the leaf hash of every other entry, a checkpoint, and a short script that checks it
    all without Vires. docs/formats/bundle.md.

    \b
    vires audit bundle camden/2025-014 --checkpoint camden-2026-09-30.note --out 014.zip
    vires audit bundle camden --since 2026-04-01 --out year.zip
    vires audit bundle camden --all --key monitoring-officer.key --out camden.zip
    """
    with office(setting(database, clock, persona)) as desk:
        authority, cases, about = asked_for(desk, name, everything, since)
        pack(desk, authority, cases, about, out, form, note_file, key_file)


def asked_for(
    desk: Office, name: str | None, everything: bool, since: str | None
) -> tuple[str, frozenset[str] | None, str]:
    """The log, the cases (None: all of it), and both in words."""
    from engine import bundling
    from engine.errors import UsageError

    if name is not None and "/" in name:
        if everything or since is not None:
            raise UsageError("name a case, or an authority with --all or --since, not both")
        authority, case = case_name(name)
        desk.must_have_log(authority)
        return authority, bundling.case_of(desk.store, authority, case), f"case {authority}/{case}"
    authority = one_log(desk, name)
    if everything == (since is not None):
        raise UsageError("which entries?", f"name a case, or give --all or --since DATE: {authority} --all")
    if since is None:
        return authority, None, "the whole log"
    moment = day(since, "--since")
    assert moment is not None
    found = bundling.since(desk.store, authority, moment.iso[:10])
    return authority, found, f"{len(found)} case{'s' * (len(found) != 1)} with entries since {moment.iso[:10]}"


def pack(
    desk: Office,
    authority: str,
    cases: frozenset[str] | None,
    about: str,
    out: str,
    form: str,
    note_file: str | None,
    key_file: str | None,
    withhold: Withhold | None = None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Nothing; the bundle stands in a new file, and what it holds is shown. `check` may still stop it."""
    from engine import attesting, bundling, filing, library, service
    from engine.errors import UsageError

    if note_file is not None and key_file is not None:
        raise UsageError("a bundle has one checkpoint", "give --checkpoint or --key")
    note = None if note_file is None else filing.note(note_file)
    if key_file is not None:
        training = service.is_training(desk.store)
        note = attesting.checkpoint(desk.store, authority, training, filing.read_key(key_file)).encode()
    made = bundling.gather(desk.store, authority, cases, about, desk.now.recorded, note, withhold or (lambda _: ""))
    check()
    filing.write(out, bundling.write(made, library.bundle_script()))
    plain = {
        "file": out,
        "authority": authority,
        "entries": len(made.lines),
        "of": len(made.leaves),
        "openings": len(made.openings),
        "withheld": len(made.withheld),
        "checkpoint": made.checkpoint is not None,
    }
    if form == "json":
        show_json(plain)
        return
    signed = "signed" if note is not None else "no checkpoint: it will be consistent, not proved"
    lines = [
        f"✓ {about}: {len(made.lines):,} of {len(made.leaves):,} entries, {signed}",
        f"  {len(made.openings):,} opening{'s' * (len(made.openings) != 1)} in it, {len(made.withheld):,} withheld",
        f"  next  vires audit verify {out}",
    ]
    show(lines)


def add_to(group: click.Group) -> None:
    """Register the commands."""
    for command in (keygen, checkpoint, prove, bundle):
        group.add_command(command)
