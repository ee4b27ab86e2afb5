"""Programs run to their end, and the memory they took."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence


def run(words: Sequence[str]) -> float:
    """Run a program to its end; the most memory it had, in MB."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
