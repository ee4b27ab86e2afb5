"""A log held against checkpoints: what is found only so, and how far the anchors reach."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine import anchoring, checkpoints, ledger, merkle, signing
from engine.anchoring import Anchors
from engine.checkpoints import Checkpoint
from engine.errors import LedgerError
from engine.ledger import Step
from tests.store_contract import OPENED, draft, written

KEY = signing.signer("vires", bytes(range(32)))
OTHER = signing.signer("vires", bytes(32))
LOG = written("camden", [OPENED, *(draft(number=number) for number in range(9))])
DATA = [write.bytes for write in LOG]
LEAVES = [write.leaf for write in LOG]
RECEIPT = ledger.receipt(LOG[7].entry, LOG[7].leaf)


def note(size: int, origin: str = "vires/camden", key: signing.Signer = KEY, root: bytes | None = None) -> bytes:
    root = merkle.root(LEAVES[:size]) if root is None else root
    return checkpoints.sign(Checkpoint(origin, size, root), key).encode()


def check(data: Sequence[bytes], *notes: bytes, receipts: Sequence[str] = (), keys: bool = True) -> dict[str, Step]:
    held = anchoring.held(Anchors(receipts, notes, [KEY.verifier] if keys else []), "camden")
    roots = anchoring.Roots(held.sizes)
    for each in data:
        roots.add(each)
    steps = list(anchoring.steps(held, roots, 7))
    steps.append(anchoring.reach(held, roots, steps, 10))
    assert [step.number for step in steps] == [7, 8, 9, 10]
    assert all(step.ok == (not step.problems) for step in steps)
    return {step.title: step for step in steps}


def failed(steps: dict[str, Step]) -> list[str]:
    return [title for title, step in steps.items() if not step.ok]


def test_a_log_equal_to_its_checkpoints_is_proved_up_to_the_last_and_counts_what_came_after() -> None:
    steps = check(DATA, note(4), note(7))
    assert failed(steps) == []
    assert steps["Merkle root"].detail == "equal at 4, 7 entries"
    assert steps["checkpoint signatures"].detail == "2 signed by vires"
    assert steps["older checkpoints"].detail == "4 to 7 entries: each is the beginning of the next"
    assert steps[anchoring.REACH].detail == "proved up to entry 7"
    assert steps[anchoring.REACH].limit == "3 entries after it: consistent, not proved"
    assert check(DATA, note(10))[anchoring.REACH].limit == ""
    assert check(DATA, note(4), receipts=[RECEIPT])[anchoring.REACH].detail == "proved up to entry 8"


def test_without_an_anchor_nothing_is_proved_and_the_root_is_shown() -> None:
    steps = check(DATA)
    assert failed(steps) == []
    assert steps["Merkle root"].detail.endswith("= over 10 entries")
    assert steps[anchoring.REACH].limit == "10 entries: consistent, not proved"


def test_without_a_key_a_checkpoint_is_taken_as_it_was_kept_and_that_is_said() -> None:
    steps = check(DATA, note(7, key=OTHER), keys=False)
    assert failed(steps) == []
    assert "no --signed-by was given" in steps["checkpoint signatures"].limit
    assert steps[anchoring.REACH].detail == "proved up to entry 7"


def test_a_log_rewritten_whole_is_found_and_the_place_narrowed_by_an_older_checkpoint() -> None:
    drafts = [OPENED, *(draft(number=number if number != 4 else 99) for number in range(9))]
    rewritten = [write.bytes for write in written("camden", drafts)]
    steps = check(rewritten, note(4), note(7))
    assert failed(steps) == ["Merkle root", "older checkpoints"]
    assert "something among entries 5 to 7 was altered" in steps["Merkle root"].problems[0].message
    assert steps[anchoring.REACH].detail == "nothing is proved while a step fails"
    assert failed(check(rewritten, note(4))) == []


def test_a_log_cut_short_is_found_at_the_first_entry_that_is_gone() -> None:
    problem = check(DATA[:5], note(7))["Merkle root"].problems[0]
    assert (problem.sequence, "it was cut short" in problem.message) == (6, True)


def test_a_checkpoint_signed_by_nobody_known_or_altered_is_a_fault_and_no_anchor() -> None:
    for bad in (note(7, key=OTHER), note(7).replace(b"\n7\n", b"\n6\n")):
        steps = check(DATA, bad)
        assert failed(steps) == ["checkpoint signatures"]


def test_a_checkpoint_whose_key_is_not_of_this_log_is_a_fault() -> None:
    assert failed(check(DATA, note(7, origin="elsewhere/camden"))) == ["checkpoint signatures"]
    assert failed(check(DATA, note(7, origin="vires/camden/training"))) == []


def test_two_checkpoints_of_one_size_and_two_roots_show_two_histories() -> None:
    steps = check(DATA, note(7), note(7, root=bytes(32)))
    assert "two histories were signed" in steps["older checkpoints"].problems[0].message


def test_checkpoints_of_other_logs_are_left_to_those() -> None:
    assert check(DATA, note(7, origin="vires/merton"))["checkpoint signatures"].detail == "none given"


def test_what_is_no_checkpoint_stops_everything() -> None:
    with pytest.raises(LedgerError, match="not a signed note"):
        check(DATA, b"41")
