"""What is shipped is whole; a folder somebody names is read, or named with everything that is wrong with it."""

from __future__ import annotations

import json
import shutil
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli
from engine import library, packs, scenarios
from engine.errors import PackError, UsageError
from tests.simulator import shelf

CAMDEN = Path(library.__file__).resolve().parents[1] / "rules" / "local" / "camden"
HEAD = """\
pack: draft
title: A draft
layer: authority
authority: draft
source: Nothing at all
source_as_at: 2025-01-01
checked: 2025-01-01
"""
RULE = """\
rules:
  one:
    title: A rule
    cite: Act s.1
    source_facts: []
    binds: [enter-contract]
    require: {contract.entered: after standstill.ends}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "draft"
    made.mkdir()
    (made / "pack.yaml").write_text(HEAD)
    (made / "body.yaml").write_text(RULE)
    return made


def lint(folder: Path, *more: str) -> Result:
    result = CliRunner().invoke(cli.main, ["rules", "lint", str(folder), *more])
    assert "Traceback" not in result.output and "fault of Vires itself" not in result.output
    return result


# ---- what is shipped


def test_what_is_shipped_has_no_problem_and_is_built_whole() -> None:
    law, problems = shelf().check()
    assert problems == ()
    assert set(law.packs) >= {"camden", "governance", "pa2023", "pcr2006", "regimes"}
    assert shelf().authorities().keys() == {"camden"} or "camden" in shelf().authorities()


def test_everything_a_decision_rests_on_is_kept_by_its_own_digest() -> None:
    law = shelf().law
    named = {str(law.digests["vocabulary"])}
    for kind in ("packs", "calendars"):
        named |= set(law.digests[kind].values())
    assert named <= shelf().artifacts.keys()
    for digest, (_, data) in shelf().artifacts.items():
        assert packs.unpack(data, digest)


def test_an_authority_that_is_not_known_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no authority is called 'camdn'") as caught:
        shelf().authority("camdn")
    assert "camden" in caught.value.hint


# ---- a folder somebody names


def test_a_draft_stands_beside_the_shipped_packs_and_a_new_edition_replaces_its_own(folder: Path) -> None:
    more = library.with_folder(shelf(), folder)
    assert set(more.law.packs) == {*shelf().law.packs, "draft"}
    again = library.with_folder(shelf(), CAMDEN)
    assert set(again.law.packs) == set(shelf().law.packs)
    assert again.law.packs["camden"].digest == shelf().law.packs["camden"].digest
    assert library.pack_in(again, CAMDEN) == "camden"


def test_a_digest_is_of_the_text_not_of_the_folder_it_lies_in(tmp_path: Path) -> None:
    copy = tmp_path / "camden"
    shutil.copytree(CAMDEN, copy)
    assert library.with_folder(shelf(), copy).law.packs["camden"].digest == shelf().law.packs["camden"].digest


FAULTS = {
    "an unknown key": ("body.yaml", RULE + "    bogus: yes\n", "bogus", ":8:"),
    "a duplicate key": ("body.yaml", RULE + "    title: Again\n", "stands here twice", ":8:"),
    "a tab": ("body.yaml", RULE + "\tcite: x\n", "tabs", ":8:"),
    "a fact that does not exist": (
        "body.yaml",
        RULE.replace("standstill.ends", "standstill.end"),
        "standstill.ends",
        ":7:",
    ),
    "a step that does not exist": (
        "body.yaml",
        RULE.replace("enter-contract", "enter-contrac"),
        "enter-contract",
        ":6:",
    ),
    "a bomb of anchors": (
        "body.yaml",
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{n}: &{n} [*{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}]\n"
            for p, n in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "anchor &a is not allowed",
        ":1:",
    ),
    "a tag": ("body.yaml", "rules: !!python/object/apply:os.system ['true']\n", "tag", ":1:"),
    "two documents": ("body.yaml", RULE + "---\nrules: {}\n", "second document", ":8:"),
    "nesting without end": ("body.yaml", "rules: " + "[" * 5000, "levels deep", ":1:"),
    "a list for a pack": ("pack.yaml", "- a\n", "", ":1:"),
    "an unknown layer": ("pack.yaml", HEAD.replace("authority\n", "parish\n", 1), "layer", ""),
    "a date that does not exist": ("pack.yaml", HEAD.replace("2025-01-01", "2025-02-30", 1), "2025-02-30", ""),
    "characters that are no text": ("body.yaml", RULE + "    remedy: \x01\n", "not allowed in YAML", ":8:"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_pack_is_named_by_file_and_line_and_never_run(folder: Path, fault: str) -> None:
    name, text, said, place = FAULTS[fault]
    (folder / name).write_text(text)
    result = lint(folder)
    assert result.exit_code == 4, result.output
    told = result.output
    assert f"{folder / name}{place}" in told
    assert said in told


@pytest.mark.parametrize("data", [b"\x80" * 10_000_000, b"a" * 10_000_000, b"- x\n" * 300_000, b"\xff"])
def test_noise_is_no_pack(folder: Path, data: bytes) -> None:
    (folder / "body.yaml").write_bytes(data)
    result = lint(folder)
    assert result.exit_code == 4
    assert str(folder / "body.yaml") in result.output
    assert result.output.count("\n") < 20


def test_all_problems_are_reported_at_once_in_text_and_in_json(folder: Path) -> None:
    import json

    (folder / "body.yaml").write_text(RULE.replace("standstill.ends", "standstill.end") + "    bogus: yes\n")
    (folder / "other.yaml").write_text("nonsense: yes\n")
    shown = lint(folder)
    problems = json.loads(lint(folder, "--format", "json").stdout)
    assert (shown.exit_code, len(problems) >= 3) == (4, True)
    for problem in problems:
        assert f"{problem['file']}:{problem['line']}:{problem['column']}: {problem['what']}" in shown.stdout


def test_a_pack_that_takes_an_authoritys_place_but_has_no_cases_is_said_to_be_thin(folder: Path) -> None:
    result = lint(folder)
    assert (result.exit_code, "no case reaches draft.one" in result.stdout) == (1, True), result.output


def test_the_cases_of_a_folder_are_run_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    copy = tmp_path / "camden"
    shutil.copytree(CAMDEN, copy)
    good = CliRunner().invoke(cli.main, ["rules", "test", str(copy)])
    assert good.exit_code == 0, good.output
    file = copy / "camden.cases.yaml"
    file.write_text(file.read_text().replace("expect: not met", "expect: met", 1))
    wrong = CliRunner().invoke(cli.main, ["rules", "test", str(copy)])
    assert wrong.exit_code == 1
    assert f"{file}:" in wrong.stdout and "expected met, the answer is not met" in wrong.stdout


def test_what_is_no_folder_or_holds_no_pack_is_wrong_usage(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none", "is not a folder"), (tmp_path, "holds no .yaml files")):
        with pytest.raises(UsageError, match=said):
            library.with_folder(shelf(), path)


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "gone.yaml").symlink_to(folder / "nowhere")
    with pytest.raises(PackError, match="cannot be read"):
        library.with_folder(shelf(), folder)
    (folder / "gone.yaml").unlink()
    (folder / "gone.yaml").mkdir()
    with pytest.raises(PackError, match="cannot be read"):
        library.with_folder(shelf(), folder)


# ---- facts files


def read_facts(source: bytes, file: str = "facts.yaml") -> tuple[bool, list[scenarios.Read]]:
    many, cases = library.facts_file(file, BytesIO(source), guess=file == "standard input")
    return many, list(cases)


def test_a_facts_file_gives_names_and_text() -> None:
    many, [case] = read_facts("contract.value: £10,416,000 incl VAT\nstandstill.stated: yes\n".encode())
    assert not many and isinstance(case, scenarios.Scenario)
    found = {name: said.value for name, said in case.facts.items()}
    assert found == {"contract.value": "£10,416,000 incl VAT", "standstill.stated": "yes"}


def test_an_empty_facts_file_gives_nothing() -> None:
    many, [case] = read_facts(b"# nothing yet\n")
    assert not many and isinstance(case, scenarios.Scenario) and case.facts == {}


@pytest.mark.parametrize("file", ["cases.jsonl", "standard input"])
def test_json_lines_are_known_by_their_name_or_their_first_line(file: str) -> None:
    many, cases = read_facts(b'\xef\xbb\xbf{"name": "a", "facts": {}}\n', file)
    assert many and [case.name for case in cases] == ["a"]


def test_a_yaml_file_may_be_written_in_braces() -> None:
    many, [case] = read_facts(b'{"contract.kind": "services"}\n')
    assert not many and isinstance(case, scenarios.Scenario) and list(case.facts) == ["contract.kind"]


def test_a_pack_that_is_not_utf_8_is_named_with_the_place_of_the_byte(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_bytes("pack: ealing\ntitle: a dash \u2013 here\n".encode("cp1252"))
    with pytest.raises(PackError, match=r"pack\.yaml:2:15: not UTF-8 text"):
        library.with_folder(shelf(), tmp_path)


def test_json_lines_that_are_not_utf_8_are_named_with_their_line() -> None:
    with pytest.raises(UsageError, match=r"cases\.jsonl:2 cannot be read"):
        read_facts(b'{"name": "a", "facts": {}}\n\xff\n', "cases.jsonl")


def test_a_line_without_end_is_refused_before_it_is_held() -> None:
    with pytest.raises(UsageError, match=r"cases\.jsonl:2:1: the line is longer than"):
        read_facts(b'{"name": "a", "facts": {}}\n' + b"x" * 3_000_000, "cases.jsonl")


@pytest.mark.parametrize("name", ["facts", "findings"])
def test_the_schemas_are_shipped(name: str) -> None:
    assert json.loads(library.schema(name))["title"] == f"vires/{name}/1"
