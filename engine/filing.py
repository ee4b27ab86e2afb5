"""What auditors bring and take away, as files: keys, checkpoints, proofs, bundles. Nothing is ever overwritten."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from engine import checkpoints, signing
from engine.errors import LedgerError, UsageError
from engine.signing import Signer, Verifier

LARGEST = 2 * 1024 * 1024 * 1024  # bytes of any one file read whole


def read(path: str, what: str = "file") -> bytes:
    """The bytes of a file; UsageError when it cannot be read, or is a device or a pipe, which may never end."""
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"{path} is not a file", f"name the {what}")
        if found.st_size > LARGEST:
            raise UsageError(f"{path} is {found.st_size:,} bytes, more than any {what} of Vires")
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", f"name the {what}") from error


def note(path: str) -> bytes:
    """The bytes of a checkpoint's file; LedgerError naming the file when it is none."""
    data = read(path, "checkpoint")
    try:
        checkpoints.read(data)
    except LedgerError as error:
        raise LedgerError(f"{path}: {error.message}", error.hint) from None
    return data


def write(path: str, data: bytes, mode: int = 0o644) -> None:
    """Nothing; the new file is on the disk with that mode. UsageError where there is something of that name."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    except FileExistsError:
        raise UsageError(f"{path} is there already, and nothing is overwritten", "choose another name") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "choose another place") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        Path(path).unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error.strerror}", "choose another place") from error


def write_key(path: str, key: Signer) -> str:
    """Where the public key was written; the private one is at `path`, readable by its owner alone."""
    public = f"{path}.pub"
    if Path(public).exists():
        raise UsageError(f"{public} is there already, and nothing is overwritten", "choose another name")
    write(path, f"{key.line}\n".encode(), 0o600)
    write(public, f"{key.verifier.line}\n".encode())
    return public


def read_key(path: str) -> Signer:
    """The private key in a file; UsageError when it holds none, or when others than its owner may read it."""
    data = read(path, "key")
    if os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        hint = f"chmod 600 {path}; make a new key if somebody else had it"
        raise UsageError(f"{path} may be read or changed by others", hint)
    return signing.read_signer(data[: signing.LONGEST].decode("utf-8", "replace"))


def verifier(said: str) -> Verifier:
    """The public key that is said outright, or stands in the file named; UsageError when it is none."""
    if Path(said).is_file():
        return signing.read_verifier(read(said, "verifier key")[: signing.LONGEST].decode("utf-8", "replace"))
    return signing.read_verifier(said)
