"""Checkpoints: the published example, round trips, whose log one is of, and what is refused."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import checkpoints, signing
from engine.checkpoints import Checkpoint, origin_of, stands_for
from engine.errors import LedgerError

KEY = signing.signer("vires/camden", bytes(range(32)))
ROOT = bytes(range(32))

# The example of c2sp.org/tlog-checkpoint; whose key it is, the page does not say.
EXAMPLE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""  # noqa: E501


def test_the_published_example_is_read() -> None:
    found, note = checkpoints.read(EXAMPLE.encode())
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert base64.b64encode(found.root).decode() == "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    assert found.text == note.text
    assert checkpoints.opened(EXAMPLE.encode(), [KEY.verifier]).by == ()


@given(st.integers(0, checkpoints.LARGEST), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_signed_and_read_back_is_the_checkpoint(size: int, root: bytes) -> None:
    made = Checkpoint("vires/camden", size, root)
    opened = checkpoints.opened(checkpoints.sign(made, KEY).encode(), [KEY.verifier])
    assert (opened.checkpoint, opened.by) == (made, (KEY.verifier,))


def test_a_checkpoint_with_one_figure_changed_does_not_verify() -> None:
    signed = checkpoints.sign(Checkpoint("vires/camden", 41, ROOT), KEY)
    for changed in (signed.replace("41", "42"), signed.replace("vires/camden\n", "vires/merton\n", 1)):
        with pytest.raises(LedgerError, match="does not verify"):
            checkpoints.opened(changed.encode(), [KEY.verifier])


@pytest.mark.parametrize(
    "text",
    [
        *("vires/camden\n41\n", "vires/camden\n041\n{}\n", "vires/camden\n-1\n{}\n", "vires/camden\n4 1\n{}\n"),
        *("vires/camden\n9007199254740992\n{}\n", "vires/camden\n41\nAAAA\n", "vires/camden\n41\n{}", "\n41\n{}\n"),
        *("vires/camden\n٤١\n{}\n", "vires/camden\n41\n{}=\n", "vires/camden\n\n41\n{}\n", "vires/camden\n41\n\n{}\n"),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    filled = text.format(base64.b64encode(ROOT).decode())
    note = f"{filled}\n\u2014 vires/camden {base64.b64encode(bytes(68)).decode()}\n"
    with pytest.raises(LedgerError):
        checkpoints.read(note.encode())


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_a_checkpoint_as_it_would_be_written_or_refused(data: bytes) -> None:
    with suppress(LedgerError):
        found, note = checkpoints.read(data)
        assert note.text.startswith(found.text)


@given(st.integers(0, 200), st.integers(0, 8), st.binary(max_size=8))
def test_a_checkpoint_cut_or_pasted_anywhere_is_refused_or_signed_by_nobody(place: int, cut: int, put: bytes) -> None:
    data = checkpoints.sign(Checkpoint("vires/camden", 41, ROOT), KEY).encode()
    changed = data[:place] + put + data[place + cut :]
    with suppress(LedgerError):
        opened = checkpoints.opened(changed, [KEY.verifier])
        assert not opened.by or opened.checkpoint == checkpoints.read(data)[0]


def test_extension_lines_are_read_over() -> None:
    text = Checkpoint("vires/camden", 41, ROOT).text + "extension\n"
    assert checkpoints.read(signing.sign(text, KEY).encode())[0] == Checkpoint("vires/camden", 41, ROOT)


def test_the_origin_names_the_key_the_authority_and_training() -> None:
    assert origin_of("vires", "camden", False) == "vires/camden"
    assert origin_of("camden.gov.uk/vires/camden", "camden", False) == "camden.gov.uk/vires/camden"
    assert origin_of("vires/camden", "camden", True) == "vires/camden/training"
    for origin in ("vires/camden", "camden", "x/camden/training"):
        assert stands_for(Checkpoint(origin, 1, ROOT), "camden")
    for origin in ("vires/merton", "vires/camden/merton", "vires/notcamden", "camden/training/x", "training"):
        assert not stands_for(Checkpoint(origin, 1, ROOT), "camden")
