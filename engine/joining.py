"""Joint cases: who commissions together and in which mode, whose rules bind, and entries of partners that are cited."""

from __future__ import annotations

from collections.abc import Sequence

from engine import ledger, together
from engine.decide import derive_all
from engine.errors import LedgerError, UsageError
from engine.outlook import known_step
from engine.service import Kept, Office, Written
from engine.together import LEAD, LEFT, PARTICIPANT, Shared

MODE, DECIDED_BY = "joint.mode", "joint.decisions_by"
WHOLE_LEAF = 64  # the digits of a whole leaf hash


def join(
    desk: Office, authority: str, case: str, mode: str, lead: str, partners: Sequence[str], dry_run: bool
) -> tuple[list[Kept], Written | None]:
    """The mode and the parties recorded; who took part before and is not named has left."""
    everybody = [lead, *partners]
    for name in everybody:
        desk.shelf(authority).authority(name)
    if len(set(everybody)) < len(everybody) or not partners:
        raise UsageError("the lead and its partners are different authorities", "--lead A --with B,C")
    if authority not in everybody:
        raise UsageError(f"{authority}, whose case this is, takes no part in it", "name it as --lead or among --with")
    before = together.parties(desk.case(authority, case).for_step())
    parts = {**dict.fromkeys(before, LEFT), **dict.fromkeys(partners, PARTICIPANT), lead: LEAD}
    given = [(MODE, mode), *((f"party/{name}.part", part) for name, part in parts.items())]
    return desk.record(authority, case, given, False, dry_run)


def duties(desk: Office, authority: str, case: str, step: str | None) -> list[Shared]:
    """Whose rule binds at a step, or at each step from here."""
    state, cycle = desk.case(authority, case), desk.workflow_of(authority, case)
    facts, own = state.for_looking_ahead(), desk.law(authority)
    named = together.parties(facts)
    derived = derive_all(own, facts, desk.now.local)
    mode, decided_by = (str(derived.get(name, "")) for name in (MODE, DECIDED_BY))
    laws = {name: desk.law(name) for name in (named or [authority])}
    binding = together.counted(named, decided_by, authority)
    steps = [known_step(cycle, each) for each in ([step] if step else desk.steps_from(authority, case))]
    at = desk.now.local
    return [together.shared(laws, each, facts, at, mode, decided_by, binding) for each in steps]


def cited(desk: Office, receipts: Sequence[str]) -> list[dict[str, object]]:
    """The entries that receipts name, each with its whole leaf hash: checked here where this store has that log."""
    found: list[dict[str, object]] = []
    for text in receipts:
        receipt = ledger.parse_receipt(text)
        leaf = receipt.leaf_prefix
        if receipt.authority in desk.store.authorities():
            rows = list(desk.store.rows(receipt.authority, after=receipt.sequence - 1, before=receipt.sequence + 1))
            leaf = rows[0].leaf.hex() if rows else ""
            if not leaf.startswith(receipt.leaf_prefix):
                raise LedgerError(f"{text} is not the receipt of an entry in the log of {receipt.authority}")
        elif len(leaf) < WHOLE_LEAF:
            raise UsageError(
                f"this store has no log of {receipt.authority!r}",
                f"cite its entry with all {WHOLE_LEAF} digits of the leaf",
            )
        found.append({"authority": receipt.authority, "sequence": receipt.sequence, "leaf": leaf})
    return found
