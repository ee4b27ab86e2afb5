"""Ed25519 keys, and text signed with them as C2SP signed notes: the only module that knows `cryptography`.

Pure: seeds arrive as arguments. `cryptography` is loaded by the first signature, since most commands meet none. A key
has a name, because a note says who signed it. Formats: c2sp.org/signed-note, and for keys the one-line forms of
golang.org/x/mod/sumdb/note, so that other people's tools read them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from engine.errors import LedgerError, UsageError

SEED_BYTES = 32
LONGEST = 65_536  # bytes of a note; one with 16 signatures of any kind in use is far below
MOST_SIGNATURES = 64
PRIVATE = "PRIVATE+KEY+"

_ED25519 = b"\x01"  # signature type identifier byte
_DASH = "\u2014"
_NAME = re.compile(r"[^\s+]+")
_KEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")
_LINE = re.compile(_DASH + r" ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


class Verifier(NamedTuple):
    """A public key and the name it signs under; `id` is the first four bytes of their hash, as notes carry it."""

    name: str
    id: bytes
    public: bytes

    @property
    def line(self) -> str:
        """The key as others keep it: NAME+ID+BASE64."""
        return f"{self.name}+{self.id.hex()}+{_base64(_ED25519 + self.public)}"


class Signer(NamedTuple):
    """A private key and the name it signs under."""

    name: str
    seed: bytes

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return Verifier(self.name, _id(self.name, public), public)

    @property
    def line(self) -> str:
        """The key as its holder keeps it, and nobody else: PRIVATE+KEY+NAME+ID+BASE64."""
        return f"{PRIVATE}{self.name}+{self.verifier.id.hex()}+{_base64(_ED25519 + self.seed)}"


class Signature(NamedTuple):
    """One signature line of a note, by a key that may be known or not."""

    name: str
    id: bytes
    bytes: bytes


class Note(NamedTuple):
    """A signed note as read: nobody has verified it yet. `text` ends in a line feed."""

    text: str
    signatures: tuple[Signature, ...]


def signer(name: str, seed: bytes) -> Signer:
    """The key that 32 random bytes are; UsageError for a name that no note can carry."""
    if not _NAME.fullmatch(name) or not name.isprintable():
        raise UsageError(f"{name!r} cannot name a key", "write it without spaces or +, as in camden.gov.uk/vires")
    if len(seed) != SEED_BYTES:
        raise UsageError(f"an Ed25519 key is made of {SEED_BYTES} bytes")
    return Signer(name, seed)


def read_signer(text: str) -> Signer:
    """The private key that one line of text writes out; UsageError, which does not repeat it, for anything else."""
    line = text.strip()
    name, id_, key = _parts(line.removeprefix(PRIVATE)) if line.startswith(PRIVATE) else ("", b"", b"")
    if len(key) != SEED_BYTES or signer(name, key).verifier.id != id_:
        raise UsageError("this is not a private key of Vires", "name the file that vires audit keygen wrote")
    return Signer(name, key)


def read_verifier(text: str) -> Verifier:
    """The public key that one line of text writes out; UsageError for anything else."""
    name, id_, key = _parts(text.strip())
    if len(key) != SEED_BYTES or _id(name, key) != id_:
        raise UsageError(
            f"{text.strip()[:100]!r} is not a verifier key",
            "write NAME+ID+KEY as vires audit keygen printed it, or name the .pub file it wrote",
        )
    return Verifier(name, id_, key)


def sign(text: str, key: Signer) -> str:
    """The text as a note signed with the key; LedgerError when it is no text that a note can hold."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    _must_be_text(text)
    signature = Ed25519PrivateKey.from_private_bytes(key.seed).sign(text.encode())
    return f"{text}\n{_DASH} {key.name} {_base64(key.verifier.id + signature)}\n"


def read_note(data: bytes) -> Note:
    """The note in some bytes, its signatures not verified; LedgerError saying why when they hold none."""
    if len(data) > LONGEST:
        raise LedgerError(f"a signed note is at most {LONGEST:,} bytes; this is {len(data):,}")
    try:
        text, found, block = data.decode().rpartition("\n\n")
    except UnicodeDecodeError as error:
        raise LedgerError(f"not a signed note: not UTF-8 at byte {error.start}") from None
    lines = block.split("\n")
    if not found or lines.pop() or not 1 <= len(lines) <= MOST_SIGNATURES:
        raise LedgerError("not a signed note: text, an empty line, then a line for each signature")
    _must_be_text(text + "\n")
    return Note(text + "\n", tuple(map(_signature, lines)))


def verified(note: Note, keys: Iterable[Verifier]) -> tuple[Verifier, ...]:
    """Those of `keys` that signed the note; LedgerError when one it says signed it did not.

    Signatures of other keys are passed over, as c2sp.org/signed-note requires.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    known = {(key.name, key.id): key for key in keys}
    good: list[Verifier] = []
    for each in note.signatures:
        key = known.get((each.name, each.id))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(each.bytes, note.text.encode())
        except (InvalidSignature, ValueError):
            raise LedgerError(f"the signature of {key.name} does not verify: it was not made over this text") from None
        good.append(key)
    return tuple(dict.fromkeys(good))


def base64_bytes(text: str) -> bytes:
    """What standard base64 says, in its one spelling; LedgerError for any other text."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if _base64(data) != text:
        raise LedgerError(f"{text[:60]!r} is not base64")
    return data


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _id(name: str, public: bytes) -> bytes:
    """SHA-256(name || LF || type || public key), its first four bytes: c2sp.org/signed-note, Signatures."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def _parts(line: str) -> tuple[str, bytes, bytes]:
    """Name, id and key of NAME+ID+BASE64; an empty key where it is none, or not one of Ed25519."""
    found = _KEY.fullmatch(line)
    try:
        data = base64_bytes(found[3]) if found else b""
    except LedgerError:
        data = b""
    if found is None or data[:1] != _ED25519 or not found[1].isprintable():
        return "", b"", b""
    return found[1], bytes.fromhex(found[2]), data[1:]


def _signature(line: str) -> Signature:
    found = _LINE.fullmatch(line)
    data = base64_bytes(found[2]) if found else b""
    if found is None or len(data) <= 4:
        raise LedgerError(f"{line[:60]!r} is not a signature line: {_DASH} name base64")
    return Signature(found[1], data[:4], data[4:])


def _must_be_text(text: str) -> None:
    """Nothing; LedgerError unless a note may hold the text: ends in a line feed, no other control character."""
    if not text.endswith("\n") or text == "\n" or any(sign < " " for sign in text if sign != "\n"):
        raise LedgerError("not a signed note: its text must end its lines with line feeds and hold no other control")
