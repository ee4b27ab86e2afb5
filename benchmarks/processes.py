"""Programs run to their end, and what they took."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

WATCH = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_maxrss, time.perf_counter() - began, used.ru_utime + used.ru_stime)
"""


class Spent(NamedTuple):
    """What a program took to its end: the most memory one process had (MB), seconds, and seconds of processors."""

    memory: float
    seconds: float
    processor: float


def run(words: Sequence[str]) -> None:
    """Nothing; the program ran to its end."""
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)


def spent(words: Sequence[str]) -> Spent:
    """Run a program to its end; what it took, with the processes it started and waited for.

    A small process starts it: Linux counts as a program's own the memory of whoever started it.
    """
    told = subprocess.run([sys.executable, "-c", WATCH, *words], stdout=subprocess.PIPE, check=True, text=True).stdout
    memory, seconds, processor = map(float, told.split())
    return Spent(memory / (1024 * 1024 if sys.platform == "darwin" else 1024), seconds, processor)
