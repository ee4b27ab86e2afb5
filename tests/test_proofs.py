"""Proof files: made, read back, verified, and every single byte of one changed."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import checkpoints, merkle, proofs, signing
from engine.checkpoints import Checkpoint
from engine.errors import LedgerError
from engine.ledger import Step
from tests.store_contract import OPENED, draft, written

KEY = signing.signer("vires", bytes(range(32)))
OTHER = signing.signer("vires", bytes(32))
LOG = written("camden", [OPENED, *(draft(number=number) for number in range(10))])
LEAVES = [write.leaf for write in LOG]


def note(size: int, origin: str = "vires/camden", key: signing.Signer = KEY) -> bytes:
    return checkpoints.sign(Checkpoint(origin, size, merkle.root(LEAVES[:size])), key).encode()


INCLUSION = proofs.write(proofs.include(LEAVES, 4, LOG[3].bytes, note(11)))
CONSISTENCY = proofs.write(proofs.extend(LEAVES, checkpoints.read(note(6))[0], note(11)))
HELD = [checkpoints.opened(note(6), [KEY.verifier])]


def failed(steps: tuple[Step, ...]) -> list[str]:
    assert all(step.ok == (not step.problems) for step in steps)
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    return [step.title for step in steps if not step.ok]


@pytest.mark.parametrize("size", range(1, 12))
def test_every_entry_of_every_size_is_proved(size: int) -> None:
    for number in range(1, size + 1):
        data = proofs.write(proofs.include(LEAVES[:size], number, LOG[number - 1].bytes, note(size)))
        assert failed(proofs.verify(data, [KEY.verifier])) == []
        assert proofs.write(proofs.read(data)) == data


@pytest.mark.parametrize("new", range(1, 12))
def test_every_older_log_is_proved_to_be_the_beginning(new: int) -> None:
    for old in range(1, new + 1):
        data = proofs.write(proofs.extend(LEAVES[:new], checkpoints.read(note(old))[0], note(new)))
        held = [checkpoints.opened(note(old), [KEY.verifier])]
        assert failed(proofs.verify(data, [KEY.verifier], held)) == []
        assert proofs.write(proofs.read(data)) == data


def test_a_proof_says_what_it_proves_and_what_it_cannot() -> None:
    steps = proofs.verify(INCLUSION, [KEY.verifier])
    assert steps[1].detail == "vires/camden, 11 entries, signed by vires"
    assert steps[2].detail == "entry 4 of camden, recorded, recorded 2026-01-05T09:00:00Z"
    assert steps[3].detail == "in the log of 11 entries, 7 after it"
    assert "who signed" in proofs.verify(INCLUSION, [])[1].limit
    steps = proofs.verify(CONSISTENCY, [KEY.verifier], HELD)
    assert steps[3].detail == "entries 1 to 6 are the same; 5 were added after them"
    assert "give its --checkpoint" in proofs.verify(CONSISTENCY, [KEY.verifier])[2].limit


def test_a_proof_signed_by_another_key_fails() -> None:
    data = proofs.write(proofs.include(LEAVES, 4, LOG[3].bytes, note(11, key=OTHER)))
    assert failed(proofs.verify(data, [KEY.verifier])) == ["checkpoint signature"]
    assert failed(proofs.verify(data, [KEY.verifier, OTHER.verifier])) == []


def test_a_proof_of_another_entry_place_or_authority_fails() -> None:
    good = proofs.include(LEAVES, 4, LOG[3].bytes, note(11))
    for wrong in (good._replace(data=LOG[4].bytes), good._replace(place=4), good._replace(proof=good.proof[1:])):
        assert "inclusion" in failed(proofs.verify(proofs.write(wrong), [KEY.verifier]))
    elsewhere = good._replace(checkpoint=note(11, origin="vires/merton"))
    assert failed(proofs.verify(proofs.write(elsewhere), [KEY.verifier])) == ["inclusion"]
    assert failed(proofs.verify(proofs.write(good._replace(data=b"{}")), [KEY.verifier])) == ["entry", "inclusion"]


def test_a_proof_from_another_older_log_fails() -> None:
    for old in (note(5), note(6, origin="vires/merton")):
        held = [checkpoints.opened(old, [KEY.verifier])]
        assert failed(proofs.verify(CONSISTENCY, [KEY.verifier], held)) == ["older checkpoint"]
    forged = Checkpoint("vires/camden", 6, merkle.root(LEAVES[:5]))
    data = proofs.write(proofs.extend(LEAVES, forged, note(11)))
    assert failed(proofs.verify(data, [KEY.verifier], HELD)) == ["older checkpoint", "consistency"]


@pytest.mark.parametrize("data", [INCLUSION, CONSISTENCY], ids=["inclusion", "consistency"])
def test_no_byte_of_a_proof_can_be_changed(data: bytes) -> None:
    for place in range(len(data)):
        for other in (data[place] ^ 1, data[place] ^ 32):
            changed = data[:place] + bytes([other]) + data[place + 1 :]
            steps = proofs.verify(changed, [KEY.verifier], HELD)
            assert failed(steps), (place, changed)


@given(st.sampled_from([INCLUSION, CONSISTENCY]), st.data())
def test_a_proof_cut_or_pasted_anywhere_is_refused_or_fails(data: bytes, draw: st.DataObject) -> None:
    start, end = sorted(draw.draw(st.lists(st.integers(0, len(data)), min_size=2, max_size=2)))
    changed = data[:start] + draw.draw(st.binary(max_size=20)) + data[end:]
    if changed != data:
        assert failed(proofs.verify(changed, [KEY.verifier], HELD))


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"{proofs.INCLUSION}\n{text}".encode()))
def test_any_bytes_are_read_as_they_would_be_written_or_refused(data: bytes) -> None:
    with suppress(LedgerError):
        assert proofs.write(proofs.read(data)) == data


def test_a_tlog_proof_of_other_software_without_extra_data_is_read_and_has_no_entry() -> None:
    line = b"extra " + base64.b64encode(LOG[3].bytes) + b"\n"
    assert failed(proofs.verify(INCLUSION.replace(line, b""), [KEY.verifier])) == ["entry", "inclusion"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"index 3\n", b""),
        (b"index 3\n", b"index 03\n"),
        (b"index 3\n", b"index -3\n"),
        (b"index 3\n", b"index 3\n" + b"A" * 43 + b"=\n" * 70),
        (b"index 3\n", b"index 3\nAAAA\n"),
        (b"tlog-proof@v1", b"tlog-proof@v2"),
        (b"\n\nvires", b"\nvires"),
    ],
)
def test_what_is_no_proof_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(LedgerError):
        proofs.read(INCLUSION.replace(old, new))
