"""Every error a user can meet, each with one line, a hint and the exit status of DESIGN section 12.

A breach of a rule is never an error: it is a Finding. Errors are for broken packs, broken logs and misuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class ViresError(Exception):
    """What went wrong in `message`, what to do about it in `hint`; `status` is the exit code of the program."""

    status: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ViresError):
    """The command names something that does not exist or says something that cannot be meant."""

    status = 2


class RefusedError(ViresError):
    """What the person at the keyboard may not do: they hold no post that may. Nothing was written."""

    status = 1


class PackError(ViresError):
    """A pack, calendar, vocabulary or workflow is broken; `problems` holds every fault found, in file order."""

    status = 4

    def __init__(self, message: str, hint: str = "", problems: Sequence[object] = ()) -> None:
        super().__init__(message, hint)
        self.problems = tuple(problems)


class LedgerError(ViresError):
    """An entry, receipt or log is not what it should be."""

    status = 5


class CanonicalError(LedgerError):
    """A value has no canonical form, or bytes are not in it."""


class StoreError(ViresError):
    """The store cannot be used; nothing was written."""

    status = 6


class ConflictError(StoreError):
    """Somebody else's entries came first; `rows` holds them. Nothing was written."""

    def __init__(self, message: str, hint: str = "", rows: Sequence[object] = ()) -> None:
        super().__init__(message, hint)
        self.rows = tuple(rows)
