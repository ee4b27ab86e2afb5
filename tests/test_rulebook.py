"""vires rules diff, compare, catalogue, coverage, schema, new and show --on, as people type them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli

ROOT = Path(__file__).resolve().parent.parent
CAMDEN = ROOT / "rules" / "local" / "camden"


def vires(*words: str) -> Result:
    return CliRunner().invoke(cli.main, list(words))


def flat(result: Result) -> str:
    return " ".join(result.output.split())


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """Camden's pack with a longer call-in period and another figure."""
    folder = tmp_path / "camden"
    shutil.copytree(CAMDEN, folder)
    page = folder / "camden.yaml"
    page.write_text(
        page.read_text().replace("at_least: 7", "at_least: 10").replace("2007-01-01: 100000", "2007-01-01: 120000")
    )
    return folder


def test_a_pack_against_itself_differs_in_nothing() -> None:
    result = vires("rules", "diff", str(CAMDEN))
    assert result.exit_code == 0 and "✓ they say the same" in result.output


def test_a_draft_against_the_shipped_pack_is_told_in_words(draft: Path) -> None:
    result = vires("rules", "diff", str(draft))
    assert result.exit_code == 1
    assert "full-tender: from 1 Jan 2007 £120,000 VAT basis not stated, was £100,000 VAT basis not stated" in flat(
        result
    )
    assert "call-in.award: requires at least 10 working days after award.decided" in flat(result)


def test_two_sides_may_be_named_and_json_says_the_same(draft: Path) -> None:
    result = vires("rules", "diff", str(draft), "camden", "--format", "json")
    plain = json.loads(result.output)
    assert result.exit_code == 1
    assert (plain["old"], plain["new"]) == (str(draft), "camden")
    assert any(each["new"].startswith("at least 7 working days") for each in plain["differences"])


def test_diff_refuses_what_is_no_pack_or_broken(draft: Path, tmp_path: Path) -> None:
    assert "did you mean camden?" in vires("rules", "diff", "camdn").output
    (tmp_path / "empty").mkdir()
    assert vires("rules", "diff", str(tmp_path / "empty")).exit_code == 2
    (draft / "camden.yaml").write_text("rules: [")
    broken = vires("rules", "diff", str(draft))
    assert broken.exit_code == 4 and "camden.yaml:2:1: not YAML" in broken.output


def test_all_of_a_pack_that_was_never_shipped_is_new(tmp_path: Path) -> None:
    vires("rules", "new", "authority", "enfield", "--into", str(tmp_path))
    result = vires("rules", "diff", str(tmp_path / "enfield"))
    assert result.exit_code == 1 and "nothing: no such pack came with the program" in result.output
    assert all(f"{name}: rule added" in result.output for name in ("bands", "call-in.award", "call-in.strategy"))


def test_authorities_are_compared_step_by_step(tmp_path: Path) -> None:
    vires("rules", "new", "authority", "enfield", "--into", str(tmp_path))
    result = vires("rules", "compare", "camden", str(tmp_path / "enfield"), "--step", "publish-tender-notice")
    assert result.exit_code == 0
    assert "camden · enfield" in result.output
    assert "DIFFERS · call-in.strategy" in result.output
    assert "only enfield · bands" in result.output and "only camden · full-tender.2007" in result.output
    assert "enfield: refers to a person" in flat(result)
    assert "publish-award-notice" not in result.output


def test_a_draft_may_be_compared_with_the_authority_itself(draft: Path) -> None:
    result = vires("rules", "compare", "camden", str(draft), "--format", "json")
    plain = json.loads(result.output)
    assert plain["authorities"] == ["camden", str(draft)]
    steps = {step["step"]: step for step in plain["steps"]}
    assert [each["mark"] for each in steps["publish-award-notice"]["own"]] == ["differs", "the same"]
    assert all(not rule.startswith("camden.") for step in plain["steps"] for rule in step["shared"])


def test_compare_says_which_name_was_meant(draft: Path) -> None:
    wrong = vires("rules", "compare", "camden", "camdn")
    assert wrong.exit_code == 2 and "no authority is called 'camdn'; did you mean camden?" in wrong.output
    assert "nothing to compare with" in vires("rules", "compare", "camden").output
    national = vires("rules", "compare", "camden", str(ROOT / "rules" / "national" / "pa2023"))
    assert national.exit_code == 2 and "layer statute" in national.output
    step = vires("rules", "compare", "camden", str(draft), "--step", "enter-contrat")
    assert step.exit_code == 2 and "did you mean enter-contract?" in step.output


def test_the_catalogue_is_one_markdown_page() -> None:
    result = vires("rules", "catalogue")
    assert result.exit_code == 0 and result.output.startswith("# Every rule\n\n")
    assert "#### `camden.call-in.award`" in result.output


def test_coverage_counts_and_refuses_a_fact_that_does_not_exist(tmp_path: Path) -> None:
    (tmp_path / "law.yaml").write_text("- {id: GOV-035, confidence: high}\n- {id: GOV-999, confidence: high}\n")
    result = vires("rules", "coverage", "--law", str(tmp_path))
    assert result.exit_code == 1
    assert "no fact of the law is called" in flat(result) and "1 of 2 facts encoded (50 per cent)" in flat(result)
    plain = json.loads(vires("rules", "coverage", "--law", str(tmp_path), "--format", "json").output)
    assert plain["not_yet_facts"] == [{"fact": "GOV-999", "confirmed": True}]
    (tmp_path / "none").mkdir()
    assert vires("rules", "coverage", "--law", str(tmp_path / "none")).exit_code == 2


def test_all_facts_the_packs_cite_stand_in_the_law_files() -> None:
    law = ROOT.parent / "shared" / "law"
    if not law.is_dir():
        pytest.skip("the law files (../shared/law) are not beside this checkout")
    result = vires("rules", "coverage", "--law", str(law), "--facts")
    assert result.exit_code == 0, result.output


def test_the_schema_is_json_of_one_kind_or_of_all() -> None:
    assert json.loads(vires("rules", "schema", "rules").output)["$ref"] == "#/$defs/rules"
    assert len(json.loads(vires("rules", "schema").output)["anyOf"]) == 4
    assert vires("rules", "schema", "workflow").exit_code == 2


def test_a_new_authority_lints_and_passes_at_once(tmp_path: Path) -> None:
    made = vires("rules", "new", "authority", "kensington-west", "--into", str(tmp_path))
    folder = str(tmp_path / "kensington-west")
    assert made.exit_code == 0 and f"vires rules lint {folder}" in made.output
    lint = vires("rules", "lint", folder)
    assert lint.exit_code == 0, lint.output
    test = vires("rules", "test", folder)
    assert test.exit_code == 0, test.output
    assert 'title: "Kensington West"' in (tmp_path / "kensington-west" / "pack.yaml").read_text()


def test_a_new_authority_takes_the_place_of_nothing(tmp_path: Path) -> None:
    assert vires("rules", "new", "authority", "enfield", "--into", str(tmp_path)).exit_code == 0
    again = vires("rules", "new", "authority", "enfield", "--into", str(tmp_path))
    assert again.exit_code == 2 and "nothing is overwritten" in again.output
    shipped = vires("rules", "new", "authority", "camden", "--into", str(tmp_path))
    assert shipped.exit_code == 2 and not (tmp_path / "camden").exists()


@pytest.mark.parametrize(
    ("name", "on", "said"),
    [
        (
            "camden.full-tender.2007",
            "2007-12-31",
            "in force (1 Jan 2007 to 31 Dec 2007); judged as at procurement.commenced",
        ),
        ("camden.full-tender.2007", "2008-01-01", "NOT in force (1 Jan 2007 to 31 Dec 2007)"),
        (
            "camden.full-tender.2007",
            "2007-06-01",
            "camden.full-tender: £100,000 VAT basis not stated (from 1 Jan 2007)",
        ),
        ("camden.full-tender.2007", "2008-01-01", "camden.full-tender: no confirmed figure (from 1 Jan 2008)"),
        ("camden.full-tender", "2006-12-31", "no figure yet, the first is of 1 Jan 2007"),
        ("camden.call-in.award", "2025-01-01", "it uses none of the dated figures"),
        ("pa2023.coverage", "2026-02-01", "pa2023.threshold.light_touch: £"),
    ],
)
def test_show_says_which_version_is_in_force_on_a_day(name: str, on: str, said: str) -> None:
    result = vires("rules", "show", name, "--on", on)
    assert result.exit_code == 0 and said in flat(result)


def test_show_on_a_day_says_the_same_in_json() -> None:
    plain = json.loads(
        vires("rules", "show", "camden.full-tender.2007", "--on", "2008-01-01", "--format", "json").output
    )
    assert plain["as_at"] == {
        "on": "2008-01-01",
        "in_force": False,
        "period": "1 Jan 2007 to 31 Dec 2007",
        "judged_as_at": "procurement.commenced",
        "figures": {"camden.full-tender": "no confirmed figure (from 1 Jan 2008)"},
        "figures_as_at": {"camden.full-tender": "procurement.commenced"},
    }


def test_show_on_what_is_no_day_is_refused_in_one_line() -> None:
    result = vires("rules", "show", "camden.full-tender", "--on", "soon")
    assert result.exit_code == 2 and "--on: 'soon' is not a date" in result.output
