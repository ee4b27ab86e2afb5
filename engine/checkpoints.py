"""Checkpoints: the size and the root of a log, signed by whoever holds the key (c2sp.org/tlog-checkpoint).

    vires/camden
    41
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — vires/camden Az3grlgtzPICa5OS8npVmf1My...

The first line is the origin: the name of the key, then the authority where the name does not end in it already, then
`training` for a training store. docs/formats/checkpoint.md is the specification.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import NamedTuple

from engine import signing
from engine.errors import LedgerError
from engine.signing import Note, Signer, Verifier

ROOT_BYTES = 32
LARGEST = 2**53 - 1
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


class Checkpoint(NamedTuple):
    """What a checkpoint says; nobody has verified it by reading it."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


class Signed(NamedTuple):
    """A checkpoint with the note it came in and the keys that were found to have signed it."""

    checkpoint: Checkpoint
    note: Note
    by: tuple[Verifier, ...]


def origin_of(key_name: str, authority: str, training: bool) -> str:
    """What the first line of a checkpoint of an authority's log says when a key of that name signs it."""
    own = key_name if key_name.rpartition("/")[2] == authority else f"{key_name}/{authority}"
    return f"{own}/training" if training else own


def sign(checkpoint: Checkpoint, key: Signer) -> str:
    """The checkpoint as a signed note."""
    return signing.sign(checkpoint.text, key)


def read(data: bytes) -> tuple[Checkpoint, Note]:
    """The checkpoint in a signed note, not verified; LedgerError saying why when there is none."""
    note = signing.read_note(data)
    lines = note.text.split("\n")[:-1]
    if len(lines) < 3 or not all(lines):
        raise LedgerError("not a checkpoint: its text is an origin, a size and a root, a line each")
    origin, size, root = lines[:3]
    digest = signing.base64_bytes(root)
    if not _SIZE.fullmatch(size) or int(size) > LARGEST or len(digest) != ROOT_BYTES:
        raise LedgerError("not a checkpoint: its size must be a plain number and its root 32 bytes in base64")
    return Checkpoint(origin, int(size), digest), note


def opened(data: bytes, keys: Iterable[Verifier]) -> Signed:
    """The checkpoint in a signed note and who of `keys` signed it, perhaps nobody; LedgerError for a bad signature."""
    checkpoint, note = read(data)
    return Signed(checkpoint, note, signing.verified(note, keys))


def stands_for(checkpoint: Checkpoint, authority: str) -> bool:
    """Whether the origin names that authority's log, as far as it can be told without the key's name."""
    return authority in checkpoint.origin.removesuffix("/training").split("/")[-1:]
