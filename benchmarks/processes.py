"""Programs run to their end, and the memory they took."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import NamedTuple


class Spent(NamedTuple):
    """What a program took to its end: the most memory one process had (MB), seconds, and seconds of processors."""

    memory: float
    seconds: float
    processor: float


def run(words: Sequence[str]) -> float:
    """Run a program to its end; the most memory it had, in MB."""
    return spent(words).memory


def spent(words: Sequence[str]) -> Spent:
    """Run a program to its end; what it took, with the processes it started and waited for."""
    began = perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    memory = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Spent(memory, took, usage.ru_utime + usage.ru_stime)
