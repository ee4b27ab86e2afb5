"""A bundle gathered from a store: which entries an auditor asked for, and everything they need to be checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from engine import attesting, bundles, ledger, skimming
from engine.bundles import Bundle, Line
from engine.errors import LedgerError, UsageError
from engine.ledger import Entry, Opening

if TYPE_CHECKING:
    from engine.store import Store

README = """\
# What this is

{what} from the log of {authority}, as Vires kept it: {entries:,} of {size:,} entries.{training}

Taken on {made} (UTC). {openings}

# How to check it

    vires audit verify THIS.zip --signed-by KEY

or, with Python, the package `cryptography` and the file verify_bundle.py of Vires (a copy is in here; take it from
Vires, or read it first: it is short):

    python verify_bundle.py THIS.zip --signed-by KEY

KEY is the verifier key that you were given before, never one that came with this bundle. Both print numbered steps.

# What is in it

| file | what |
|---|---|
| bundle.json | whose log, how long, and the SHA-256 of every other file |
| entries.jsonl | the entries asked for, byte for byte as they were stored, one a line |
| leaves.txt | the leaf hash of every entry of the log, also of those not here: line N is entry N |
| checkpoint | the size and root of the log, signed; absent where nobody signed |
| openings.jsonl | what opens the seals in the entries: personal and confidential values, free text |
| withheld.jsonl | seals whose opening was withheld, each with the code of the exemption |
| kept/ | the packs, calendars, vocabulary and workflows that the decisions rested on, by digest |

# What it cannot say

Whether entries of the log were left out of this bundle on purpose: leaves.txt shows that others exist, not what they
say. Without a checkpoint from before, whether the log was written again whole. docs/formats/bundle.md has the rest.
"""


class Seal(NamedTuple):
    """A seal in one of the entries: what it stands for is known from where it stands."""

    commitment: str
    entry: Entry
    member: str  # the member of the body: title, login, value, reasons ...

    @property
    def name(self) -> str:
        """What people call it: the name of the fact, or the member of the body."""
        return str(self.entry.body.get("name")) if self.member == "value" else self.member


Withhold = Callable[[Seal], str]  # the exemption code under which an opening is withheld; nothing where it is given


def seals(entry: Entry) -> list[Seal]:
    """The seals of an entry, by the member of its body they stand in."""
    return [
        Seal(each, entry, member)
        for member, value in sorted(entry.body.items())
        for each in ledger.sealed_in({"": value} if not isinstance(value, Mapping) else value)
    ]


def gather(
    store: Store,
    authority: str,
    cases: frozenset[str] | None,
    about: str,
    made: str,
    note: bytes | None = None,
    withhold: Withhold = lambda _: "",
) -> Bundle:
    """The entries of some cases (None: of all and everything besides), with what they need to be checked and replayed.

    With a checkpoint the bundle ends where that does. UsageError when it is of another log; LedgerError when the log is
    not the one signed, or does not verify.
    """
    leaves = attesting.leaves(store, authority)
    if note is not None:
        leaves = attesting.up_to(leaves, authority, note)
    lines, entries = _chosen(store, authority, cases, len(leaves))
    found = [seal for entry in entries for seal in seals(entry)]
    openings = store.openings(authority, [seal.commitment for seal in found])
    codes = {seal.commitment: code for seal in found if seal.commitment in openings and (code := withhold(seal))}
    wanted = {digest for entry in entries for digest in ledger.digests_of(entry)}
    kept = store.artifacts(wanted)
    if missing := sorted(wanted - kept.keys()):
        raise LedgerError(f"the bytes of {missing[0][:16]} are not kept: no bundle can be made", "vires audit verify")
    given: dict[str, Opening] = {key: opening for key, opening in openings.items() if key not in codes}
    training = entries[0].body.get("training") is True
    return Bundle(authority, training, about, made, tuple(lines), tuple(leaves), given, codes, kept, note)


def _chosen(store: Store, authority: str, cases: frozenset[str] | None, size: int) -> tuple[list[Line], list[Entry]]:
    """The entries of the cases, the one that opened the log, who acted in them in which post, what was adopted."""
    reader = skimming.Reader()
    every = [(row, reader.entry(row.bytes)) for row in store.rows(authority, before=size + 1)]
    if cases is None:
        chosen = every
    else:
        actors = {entry.actor for _, entry in every if entry.case in cases}
        chosen = [each for each in every if _belongs(each[1], cases, actors)]
    return [Line(row.sequence, row.bytes) for row, _ in chosen], [entry for _, entry in chosen]


def _belongs(entry: Entry, cases: frozenset[str], actors: set[str]) -> bool:
    if entry.case is not None:
        return entry.case in cases
    who = {"actor": entry.actor, "post": str(entry.body.get("person"))}
    return who[entry.kind] in actors if entry.kind in who else True


def since(store: Store, authority: str, day: str) -> frozenset[str]:
    """The cases of which something was recorded on or after a day (ISO)."""
    reader = skimming.Reader()
    entries = (reader.entry(row.bytes) for row in store.rows(authority))
    return frozenset(entry.case for entry in entries if entry.case is not None and entry.recorded[:10] >= day)


def write(bundle: Bundle, script: str) -> bytes:
    """The bundle as a zip, with its README."""
    training = " TRAINING: nothing in it is a real decision." if bundle.training else ""
    readme = README.format(
        what=bundle.about.capitalize(),
        authority=bundle.authority,
        entries=len(bundle.lines),
        size=len(bundle.leaves),
        training=training,
        made=bundle.made,
        openings=_openings(bundle),
    )
    return bundles.write(bundle, readme, script)


def _openings(bundle: Bundle) -> str:
    """What the bundle opens of what its entries seal, in words for whoever holds it."""
    given, kept = len(bundle.openings), len(bundle.withheld)
    seals = "the entries seal (personal and confidential values, free text)"
    if kept:
        told = f"opens {given:,} in openings.jsonl and withholds {kept:,}, each under a code (withheld.jsonl)"
        return f"Of what {seals}\nthis {told}."
    if not given:
        return f"It opens nothing of what {seals}."
    return f"In openings.jsonl it opens what {seals}:\ntreat it as you would the file."


def case_of(store: Store, authority: str, case: str) -> frozenset[str]:
    """The one case, or UsageError when the log has no entry of it."""
    if next(store.rows(authority, case), None) is None:
        raise UsageError(f"there is no case {authority}/{case}", "see: vires case list")
    return frozenset({case})
