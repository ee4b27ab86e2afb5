"""Keys and signed notes: other people's examples, round trips, and what is refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import signing
from engine.errors import LedgerError, UsageError

# The example that golang.org/x/mod/sumdb/note gives in its documentation.
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE = (
    TEXT + "\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6Ry"
    "yBwJnAM=\n"
)
KEY = signing.signer("vires/camden", bytes(range(32)))
OTHER = signing.signer("vires/camden", bytes(32))


def test_the_published_key_and_note_are_read_made_again_and_verified() -> None:
    key = signing.read_signer(SECRET)
    assert (key.line, key.verifier.line) == (SECRET, PUBLIC)
    assert signing.sign(TEXT, key) == NOTE
    note = signing.read_note(NOTE.encode())
    assert note.text == TEXT
    assert signing.verified(note, [signing.read_verifier(PUBLIC)]) == (key.verifier,)


@given(st.binary(min_size=32, max_size=32), st.from_regex(r"[a-z0-9./-]{1,30}", fullmatch=True))
def test_a_key_written_and_read_back_is_the_key(seed: bytes, name: str) -> None:
    key = signing.signer(name, seed)
    assert signing.read_signer(f"{key.line}\n") == key
    assert signing.read_verifier(f" {key.verifier.line}\n") == key.verifier


@given(st.text(st.characters(categories=["L", "N", "P", "S"], include_characters="\n "), min_size=1).map("{}\n".format))
def test_a_note_signed_is_verified_by_its_key_and_by_no_other(text: str) -> None:
    if text == "\n":
        return
    note = signing.read_note(signing.sign(text, KEY).encode())
    assert note.text == text
    assert signing.verified(note, [OTHER.verifier, KEY.verifier]) == (KEY.verifier,)
    assert signing.verified(note, [OTHER.verifier]) == ()
    with pytest.raises(LedgerError, match="does not verify"):
        signing.verified(note._replace(text=f"{text}x\n"), [KEY.verifier])


def test_signatures_of_keys_nobody_named_are_passed_over_and_a_bad_one_of_a_known_key_is_not() -> None:
    witness = f"\u2014 witness.example {base64.b64encode(bytes(76)).decode()}\n"
    note = signing.read_note((signing.sign("a\n", KEY) + witness).encode())
    assert [each.name for each in note.signatures] == ["vires/camden", "witness.example"]
    assert signing.verified(note, [KEY.verifier]) == (KEY.verifier,)
    mine = note.signatures[0]
    bad = note._replace(signatures=(mine, mine._replace(bytes=bytes(64))))
    with pytest.raises(LedgerError, match="does not verify"):
        signing.verified(bad, [KEY.verifier])
    assert signing.verified(note._replace(signatures=(mine._replace(id=b"0000"),)), [KEY.verifier]) == ()


@pytest.mark.parametrize("bit", range(0, 64 * 8, 37))
def test_a_signature_with_one_bit_changed_does_not_verify(bit: int) -> None:
    note = signing.read_note(signing.sign("a\n", KEY).encode())
    changed = bytearray(note.signatures[0].bytes)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(LedgerError, match="does not verify"):
        signing.verified(note._replace(signatures=(note.signatures[0]._replace(bytes=bytes(changed)),)), [KEY.verifier])


GOOD = signing.sign("a\n", KEY)


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "a\n", "\n\n", GOOD[:-1], GOOD + "\n", GOOD.replace("\u2014", "-"), GOOD.replace("a\n", "a\t\n")),
        *(GOOD.replace("vires/camden ", "vires/camden  "), GOOD.replace("=\n", "\n"), GOOD + "more\n"),
        *(GOOD + GOOD.split("\n")[2] * 70, "a\n\n" + (GOOD.split("\n")[2] + "\n") * 65, "a\r\n" + GOOD),
        *("a\n\n\u2014 vires/camden AAAA\n", "a\n\n\u2014 vires+camden AAAAAAAA\n"),
    ],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(LedgerError):
        signing.read_note(text.encode())


def test_a_note_too_long_or_not_utf_8_is_refused() -> None:
    for data in (b"\xff" + GOOD.encode(), b"a" * signing.LONGEST + GOOD.encode()):
        with pytest.raises(LedgerError):
            signing.read_note(data)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "vires",
            PUBLIC[:-1],
            PUBLIC + "x",
            PUBLIC.replace("c74f20a3", "c74f20a4"),
            PUBLIC.replace("Peter", "Paul"),
        ),
        *(PUBLIC.replace("+ARpc", "+Appc"), SECRET, PUBLIC.replace("Neumann", " Neumann")),
    ],
)
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a verifier key"):
        signing.read_verifier(text)


@pytest.mark.parametrize("text", ["", PUBLIC, SECRET[:-4], SECRET.replace("c74f20a3", "c74f20a4"), "-----BEGIN"])
def test_what_is_no_private_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UsageError, match="not a private key") as caught:
        signing.read_signer(text)
    assert "AYEKF" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\x07", "a\n"])
def test_a_name_that_a_note_cannot_carry_makes_no_key(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a key"):
        signing.signer(name, bytes(32))
