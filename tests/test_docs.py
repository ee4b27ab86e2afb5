"""The map is true: every module has its line, every command its page, every example its command."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import cli

ROOT = Path(__file__).resolve().parent.parent
SHOWN = re.compile(r"^\s*(?:\$ )?vires ((?:[a-z]+)(?: [a-z]+)?)", re.M)


def _walk(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _walk(inner, (*words, name))


COMMANDS = [(words, command) for words, command in _walk(cli.main) if words]


def test_every_module_stands_in_the_map() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    modules = {path.name for path in (ROOT / "engine").glob("*.py")} - {"__init__.py"}
    assert {name for name in modules if f"`engine/{name}`" not in text} == set()


def test_the_map_names_no_module_that_is_gone() -> None:
    named = set(re.findall(r"`engine/([a-z]+\.py)`", (ROOT / "ARCHITECTURE.md").read_text()))
    assert {name for name in named if not (ROOT / "engine" / name).exists()} == set()


@pytest.mark.parametrize(
    ("words", "command"), COMMANDS, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_says_what_it_is_for_and_shows_an_example(words: tuple[str, ...], command: click.Command) -> None:
    assert command.help
    if not isinstance(command, click.Group):
        assert f"vires {' '.join(words)}" in command.help


@pytest.mark.parametrize("page", ["README.md", "rules/README.md", "docs/cli.md"])
def test_every_command_a_page_shows_exists(page: str) -> None:
    known = {" ".join(words) for words, _ in COMMANDS}
    shown = {match.strip() for match in SHOWN.findall((ROOT / page).read_text())}
    assert shown
    assert {said for said in shown if said not in known and said.split()[0] not in known} == set()


@pytest.mark.parametrize(
    "page", ["README.md", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md"))]
)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text())
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


def test_no_date_amount_or_regime_stands_in_python() -> None:
    figure = re.compile(r"\b(19|20)\d\d-\d\d-\d\d\b|£\d|\b(pa2023|pcr2006|pcr2015|psr2023)\b")
    found = []
    for path in [ROOT / "cli.py", *(ROOT / "engine").rglob("*.py")]:
        code = re.sub(r'"""[\s\S]*?"""|#.*', "", path.read_text())  # examples in docstrings are not law
        strings = [
            line for line in code.splitlines() if figure.search(line) and not re.search(r"hint|write|\bas\b", line)
        ]
        found += [f"{path.name}: {line.strip()}" for line in strings]
    assert found == []


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `make demo` prints, run in a copy of the checkout's demo folder."""
    place = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, str(ROOT / "demo" / "run.py"), str(place)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.xdist_group("demo")  # told once, for both
def test_the_demo_tells_its_story_to_the_end(story: str) -> None:
    for scene in (
        "17 Jun 2025",
        "Earliest lawful date: 30 Dec 2025",
        "special urgency",
        "irregular:",
        "does not verify",
    ):
        assert scene in story
    assert "GO ON BY HAND" in story
    assert "Traceback" not in story


@pytest.mark.xdist_group("demo")  # told once, for both
def test_what_the_readme_shows_is_what_the_demo_prints(story: str) -> None:
    readme = (ROOT / "README.md").read_text()
    block = next(each for each in re.findall(r"```\n([\s\S]*?)```", readme) if each.startswith("$ vires case"))
    lines = [line for line in block.splitlines()[1:] if line.strip()]
    assert lines
    assert [line for line in lines if line not in story.splitlines()] == []
