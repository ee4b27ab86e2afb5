"""The compiled law: read back the same, decoded only where asked for, and a cache that is spoilt does no harm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import compiled, library
from engine.decide import assess
from engine.law import Law, Lazy
from engine.model import Facts, Moment
from tests.conftest import day
from tests.simulator import shelf


@pytest.fixture(scope="module")
def law() -> Law:
    return shelf().law


@pytest.fixture(scope="module")
def back(law: Law) -> Law:
    return compiled.load(compiled.dump(law))


def test_every_part_of_the_shipped_law_is_read_back_the_same(law: Law, back: Law) -> None:
    assert back.vocabulary == law.vocabulary and back.calendars == law.calendars
    assert (back.packs, back.parameters, back.tables) == (law.packs, law.parameters, law.tables)
    assert dict(back.rules) == dict(law.rules) and list(back.rules) == list(law.rules)
    assert back.digests == law.digests and back.index == law.index


def test_every_step_is_judged_the_same_by_both(law: Law, back: Law) -> None:
    for step in law.steps:
        for authority in ("camden", ""):
            one, other = (
                assess(each.for_authority(authority), Facts({}), step, Moment(day("2026-03-02")), None, twice=False)
                for each in (law, back)
            )
            assert one.findings == other.findings


def test_only_the_rules_of_the_step_are_decoded(law: Law) -> None:
    back = compiled.load(compiled.dump(law))
    step = next(iter(back.steps))
    wanted = {rule.id for rule in back.steps[step]}
    assert isinstance(back.rules, Lazy) and back.rules.made == wanted != set(back.rules)


def test_it_is_canonical_json_line_by_line(law: Law) -> None:
    lines = compiled.dump(law).split("\n")
    assert len(lines) == len(law.rules) + 1
    for line in lines:
        assert json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":"), sort_keys=True) == line


def test_a_library_keeps_what_it_compiled_and_reads_it_the_next_time(tmp_path: Path) -> None:
    first = library.shipped(tmp_path)
    assert list(first.law.rules) and len(list(tmp_path.glob("law-*.jsonl"))) == 1
    again = library.shipped(tmp_path)
    assert again.law.known is not None and dict(again.law.rules) == dict(first.law.rules)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"format":"vires/compiled/2"}', "\x00"])
def test_a_cache_that_cannot_be_read_is_written_anew(tmp_path: Path, text: str) -> None:
    list(library.shipped(tmp_path).law.rules)
    (kept,) = tmp_path.glob("law-*.jsonl")
    kept.write_text(text)
    assert library.shipped(tmp_path).law.known is None
    assert library.shipped(tmp_path).law.known is not None


def test_a_changed_pack_is_never_answered_from_the_cache(tmp_path: Path) -> None:
    shelf_ = library.shipped(tmp_path / "cache")
    list(shelf_.law.rules)
    folder = tmp_path / "camden"
    folder.mkdir()
    for path, source in shelf_.folders["rules/local/camden"].items():
        (folder / path.rpartition("/")[2]).write_text(source.replace("at_least: 7", "at_least: 6"))
    changed = library.with_folder(shelf_, folder)
    assert changed.law.packs["camden"].digest != shelf_.law.packs["camden"].digest


def test_a_cache_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert list(library.shipped(tmp_path / "file" / "cache").law.rules)
    assert list(library.shipped(Path("/proc/nowhere")).law.rules)


def test_old_ones_are_let_go(tmp_path: Path) -> None:
    for number in range(library.KEPT + 3):
        (tmp_path / f"law-{number}.jsonl").write_text("old")
    list(library.shipped(tmp_path).law.rules)
    assert len(list(tmp_path.glob("law-*.jsonl"))) == library.KEPT
