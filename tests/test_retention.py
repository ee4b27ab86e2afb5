"""Classes of retention and codes read from data; when records may go; whether an erasure on a log was allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import library, retention
from engine.errors import PackError
from engine.ledger import Draft, Entry, Step
from engine.model import Moment, moment
from tests.store_contract import OPENED, draft, written

LAW = Path(__file__).resolve().parents[2] / "shared" / "law"
CLASSES = retention.classes(*library.retention_classes())


def test_every_class_rests_on_a_fact_of_the_law_and_every_code_cites_its_provision() -> None:
    assert {each.cite for each in CLASSES} and all(each.years > 0 and each.milestones for each in CLASSES)
    codes = retention.exemptions(*library.exemption_codes())
    assert {"foia-40", "foia-43", "lga72-12a-3"} <= codes.keys()
    assert all("s." in each.cite or "para" in each.cite for each in codes.values())
    assert [code for code, each in codes.items() if not each.checked] == ["lga72-12a-6"]
    assert all(each.source.startswith("http") for each in codes.values() if each.checked)


@pytest.mark.skipif(not LAW.is_dir(), reason="the law files (shared/law) are absent")
def test_the_facts_that_classes_cite_stand_in_the_law_files_with_the_same_figure() -> None:
    text = "".join(path.read_text() for path in LAW.glob("*.yaml"))
    for line in library.retention_classes()[1].splitlines():
        if line.strip().startswith("source_facts"):
            assert f"id: {line.partition('[')[2].rstrip(']')}\n" in text


def test_every_milestone_that_begins_a_period_is_in_the_vocabulary() -> None:
    terms = library.shipped().law.vocabulary.terms
    assert {name for each in CLASSES for name in each.milestones} <= terms.keys()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        ({"strategy.decided": "2025-07-16"}, [("executive-decision.strategy", "2031-07-16")]),
        ({"strategy.decided": "2012-09-09"}, []),
        ({"strategy.decided": "2012-09-10"}, [("executive-decision.strategy", "2018-09-10")]),
        ({"contract.entered": "2025-02-24"}, [("procurement-record.pa2023", "2028-02-24")]),
        ({"contract.entered": "2024-02-29"}, []),
        (
            {"award.decided": "2015-02-26"},
            [("procurement-record.pcr2015", "2018-02-27"), ("executive-decision.award", "2021-02-26")],
        ),
        ({"strategy.decided": "2024-02-29"}, [("executive-decision.strategy", "2030-03-01")]),
        (
            {"award.decided": "2026-01-05", "contract.entered": "2026-03-01"},
            [
                ("procurement-record.pcr2015", "2029-01-06"),
                ("procurement-record.pa2023", "2029-03-01"),
                ("executive-decision.award", "2032-01-05"),
            ],
        ),
    ],
)
def test_records_may_go_on_the_day_after_each_period_the_longest_last(
    given: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    found = retention.due(CLASSES, {name: moment(day) for name, day in given.items()})
    assert [(each.kept.id, Moment(each.day).iso) for each in found] == expected


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("years: 6", "years: six", "years is 'six'"),
        ("years: 6", "years: 0", "years is '0'"),
        ("since: 2012-09-10", "since: soon", "since is 'soon'"),
        ("source_facts: [GOV-017]", "source_facts: []", "no fact of the law gives this period"),
        ("    first_day: counts", "    first_day: maybe", "not one of counts, excluded"),
        ("title:", "titel:", "unknown key 'titel'"),
    ],
)
def test_a_class_that_is_not_well_written_is_refused(old: str, new: str, why: str) -> None:
    file, source = library.retention_classes()
    with pytest.raises(PackError) as caught:
        retention.classes(file, source.replace(old, new, 1))
    assert any(why in str(problem) for problem in caught.value.problems)


# ---- on the log

ONE, TWO = "1" * 64, "2" * 64


def kept(act: str, case: str = "2026-014", actor: str = "a" * 16, **body: object) -> Draft:
    return draft(case, "retention", act=act, **body)._replace(actor=actor)


def step(*drafts: Draft) -> Step:
    entries: list[Entry] = [write.entry for write in written("camden", [OPENED, *drafts])]
    found = retention.step(entries, 12)
    assert found.ok == (not found.problems)
    return found


ASKED = kept("ask", seals=[ONE])
DONE = kept("erase", actor="b" * 16, asked=2, erased=[ONE])


def test_an_erasure_asked_and_confirmed_by_two_is_sound() -> None:
    assert step(ASKED, DONE).detail == "erased: 1 time, each asked and confirmed by two people; holds that stand: 0"
    assert step(kept("hold"), kept("release", hold=2)).ok
    assert "holds that stand: 1" in step(kept("hold")).detail


@pytest.mark.parametrize(
    ("drafts", "why"),
    [
        ([ASKED, DONE._replace(actor="a" * 16)], "the one who asked"),
        ([DONE], "nobody asked"),
        ([kept("ask", case="2026-015", seals=[ONE]), DONE], "nobody asked"),
        ([ASKED, kept("erase", actor="b" * 16, asked=2, erased=[ONE, TWO])], "1 more than was asked"),
        ([ASKED, kept("hold"), DONE], "while the hold of entry 3 stands"),
        ([kept("release", hold=1)], "does not stand on this case"),
        ([kept("hold"), kept("release", case="2026-015", hold=2)], "does not stand on this case"),
        ([kept("hold"), kept("release", hold=2), kept("release", hold=2)], "does not stand on this case"),
        ([kept("burn")], "nobody knows"),
        ([kept("erase", actor="b" * 16, asked="2", erased="all")], "nobody asked"),
    ],
)
def test_an_erasure_that_was_not_allowed_is_found(drafts: list[Draft], why: str) -> None:
    found = step(*drafts)
    assert [why in problem.message for problem in found.problems] == [True]
