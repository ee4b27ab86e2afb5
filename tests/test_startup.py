"""What a command does not need it does not load: help and the pure questions stay quick."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOADED = """
import sys
import cli
try:
    cli.main.main(sys.argv[1:], prog_name="vires")
except SystemExit as stop:
    assert not stop.code, stop.code
print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def loaded(*words: str) -> set[str]:
    """The top-level modules in memory once a command has run in a process of its own."""
    done = subprocess.run([sys.executable, "-c", LOADED, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("LOADED")[2].split())


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["case", "--help"], ["case", "advance", "--help"]], ids=" ".join
)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    assert loaded(*words).isdisjoint(
        {"sqlalchemy", "sqlmodel", "pydantic", "durable", "transitions", "yaml", "cryptography"}
    )


@pytest.mark.parametrize(
    "words",
    [["workflow", "show"], ["workflow", "diagram"], ["rules", "list"], ["rules", "lint"], ["authority", "list"]],
    ids=" ".join,
)
def test_what_needs_no_store_loads_no_database(words: list[str]) -> None:
    assert loaded(*words).isdisjoint({"sqlalchemy", "sqlmodel", "pydantic"})


def test_assess_loads_no_database(tmp_path: Path) -> None:
    (tmp_path / "facts.yaml").write_text("contract.kind: services\n")
    words = ["assess", str(tmp_path / "facts.yaml"), "--authority", "camden", "--step", "abandon", "--on", "2025-12-30"]
    assert loaded(*words).isdisjoint({"sqlalchemy", "sqlmodel", "pydantic"})
