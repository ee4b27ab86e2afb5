"""A new authority's pack: filled in, without a problem, and every case of it passes."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
from engine import cases, library, lint, scaffold
from engine.errors import UsageError
from tests.conftest import day

TODAY = "2026-11-22"


def made(place: Path, name: str = "enfield", title: str = "London Borough of Enfield", today: str = TODAY) -> Path:
    folder = place / name
    library.write_new(folder, scaffold.authority(library.template(), name, title, today))
    return folder


@pytest.mark.parametrize("today", [TODAY, "2012-05-04", "2027-12-25"])
def test_it_has_no_problem_and_its_cases_pass_whatever_day_it_is_made(tmp_path: Path, today: str) -> None:
    folder = made(tmp_path, today=today)
    shelf = library.alone(library.shipped(), folder)
    law, problems = shelf.check()
    assert [str(problem) for problem in problems] == []
    results = cases.run_all(law, shelf.milestones)
    assert results
    assert [result.wrong for result in results if result.wrong] == []
    assert lint.remarks(law, day(TODAY), "enfield") == ()


def test_everything_in_it_refers_to_a_person(tmp_path: Path) -> None:
    shelf = library.with_folder(library.shipped(), made(tmp_path))
    own = [rule for rule in shelf.law.rules.values() if rule.pack == "enfield"]
    assert own and all(rule.refer for rule in own)


@pytest.mark.parametrize(
    "title", ["Plain", 'A "quoted": title #1', "{braces} [and] 'more'", "<today> & <name>", "Ynys Môn"]
)
def test_any_title_is_kept_as_it_is(tmp_path: Path, title: str) -> None:
    shelf = library.with_folder(library.shipped(), made(tmp_path, title=title))
    assert shelf.law.packs["enfield"].title == title


@pytest.mark.parametrize("name", ["", "Enfield", "me rton", "../enfield", "enfield/x", "1st", "mérton", "enfield\n"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not the name of an authority"):
        scaffold.authority({}, name, "T", TODAY)


@pytest.mark.parametrize("title", ["", "  ", "two\nlines", "a\x00b"])
def test_a_title_that_says_nothing_is_refused(title: str) -> None:
    with pytest.raises(UsageError, match="the title is empty"):
        scaffold.authority({}, "enfield", title, TODAY)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = made(tmp_path)
    (folder / "rules.yaml").write_text("mine")
    with pytest.raises(UsageError, match="exists already, and nothing is overwritten"):
        made(tmp_path)
    assert (folder / "rules.yaml").read_text() == "mine"
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="exists already"):
        made(tmp_path, name="file")


def test_the_template_is_no_pack_of_the_shipped_law() -> None:
    assert not any("_template" in folder for folder in library.shipped().folders)


def test_whoever_types_what_the_page_on_rules_shows_has_a_rule_that_passes_and_whose_cases_prove_it(
    tmp_path: Path,
) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(cli.main, ["rules", *words])
        assert result.exit_code == 0, result.output
        return result.output

    page = (Path(__file__).parents[1] / "rules" / "README.md").read_text()
    blocks = [textwrap.dedent(each) for each in re.findall(r"^   ```yaml\n(.*?)^   ```", page, re.M | re.S)]
    files = dict(zip(("call-in.yaml", "call-in.cases.yaml", "equivalent.yaml"), blocks, strict=True))
    run("new", "authority", "ealing", "--into", str(tmp_path))
    for name, said in files.items():
        (tmp_path / "ealing" / name).write_text(said)
    assert "no problems" in run("lint", str(tmp_path / "ealing"))
    shown = run("test", str(tmp_path / "ealing"), "--mutate")
    assert "0 survive" in shown or "survive" not in shown, shown
