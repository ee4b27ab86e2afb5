"""The compiled law: read back the same, decoded only where asked for, and a cache that is spoilt does no harm."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine import compiled, library
from engine.decide import assess
from engine.law import Law, Lazy
from engine.model import Facts, Moment
from tests import small
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


def kept_in(cache: Path, rules: str = small.RULES) -> library.Library:
    """A small library that keeps what it compiles."""
    return replace(small.shelf(rules), cache=cache)


def test_a_library_keeps_what_it_compiled_and_reads_it_the_next_time(tmp_path: Path) -> None:
    first = kept_in(tmp_path)
    assert first.law.known is None and len(list(tmp_path.glob("law-*.jsonl"))) == 1
    again = kept_in(tmp_path)
    assert again.law.known is not None and dict(again.law.rules) == dict(first.law.rules)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"format":"vires/compiled/2"}', "\x00"])
def test_a_cache_that_cannot_be_read_is_written_anew(tmp_path: Path, text: str) -> None:
    list(kept_in(tmp_path).law.rules)
    (kept,) = tmp_path.glob("law-*.jsonl")
    kept.write_text(text)
    assert kept_in(tmp_path).law.known is None
    assert kept_in(tmp_path).law.known is not None


def test_a_changed_pack_is_never_answered_from_the_cache(tmp_path: Path) -> None:
    list(kept_in(tmp_path).law.rules)
    changed = kept_in(tmp_path, small.RULES.replace("at_least: 5", "at_least: 6"))
    assert changed.law.known is None and changed.law.digests != kept_in(tmp_path).law.digests


def test_a_changed_program_reads_the_packs_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    list(kept_in(tmp_path).law.rules)
    monkeypatch.setattr(library, "__version__", "another")
    assert kept_in(tmp_path).law.known is None


def test_a_cache_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert list(kept_in(tmp_path / "file" / "cache").law.rules)
    assert list(kept_in(Path("/proc/nowhere")).law.rules)


def test_old_ones_are_let_go(tmp_path: Path) -> None:
    for number in range(library.KEPT + 3):
        (tmp_path / f"law-{number}.jsonl").write_text("old")
    list(kept_in(tmp_path).law.rules)
    assert len(list(tmp_path.glob("law-*.jsonl"))) == library.KEPT
