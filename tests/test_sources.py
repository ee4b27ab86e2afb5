"""Which facts of the law files the packs encode, which are left out and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import library, sheets, sources
from engine.errors import UsageError
from tests.conftest import DAYS, law_of, rule

ROOT = Path(__file__).resolve().parent.parent
LAW = ROOT.parent / "shared" / "law"
ACT = """\
- id: act.one
  confidence: high
  sources: &id001
  - https://example.org
- id: act.two
  confidence: unverified
  sources: *id001
- id: act.three
  confidence: medium
"""
PLACES = """\
meta: {compiled: today}
note: {said: something}
places:
- place: North
  short: N
  documents:
  - {id: N0, title: Rules}
  bands:
  - {from: 5}
  - {from: 10}
  quotes: unverified
  grants: {rule: unverified, confidence: unverified}
  sources: [N0]
"""
FILES = {"act.yaml": ACT, "places.yaml": PLACES}


def covered(*cited: str, left: dict[str, str] | None = None, days: str = DAYS) -> sources.Encoded:
    law = law_of(rule(source_facts=f"[{', '.join(cited)}]", refer="So?"))
    return sources.coverage(law, {"england.yaml": days}, FILES, left)


def test_facts_are_found_by_id_and_authorities_by_path() -> None:
    found, _ = sources.read(FILES)
    assert list(found) == [
        *("act.one", "act.two", "act.three", "places.note"),
        *("places.N.place", "places.N.documents", "places.N.bands", "places.N.quotes", "places.N.grants"),
    ]
    assert [id for id, fact in found.items() if not fact.confirmed] == ["act.two", "places.N.quotes", "places.N.grants"]


def test_a_fact_cited_is_encoded_and_the_others_are_not_yet() -> None:
    found = covered("act.one")
    assert found.used == {"act.one": ("test.one",)}
    assert "act.two" in [fact.id for fact in found.not_yet]
    assert found.problems == ()


@pytest.mark.parametrize("cited", ["places.N.bands", "places.N.bands.1", "places.N.bands.2"])
def test_a_path_deeper_than_a_fact_encodes_the_fact_it_lies_in(cited: str) -> None:
    assert covered(cited).used == {"places.N.bands": ("test.one",)}


def test_a_path_may_go_by_the_id_of_an_item() -> None:
    assert covered("places.N.documents.N0", "places.note").used.keys() == {"places.N.documents", "places.note"}


@pytest.mark.parametrize(
    "cited", ["act.four", "places.N.bands.3", "places.N.bands.0", "places.S.bands", "places.N.documents.N9", "nothing"]
)
def test_a_citation_of_no_fact_is_a_problem(cited: str) -> None:
    (problem,) = covered(cited).problems
    assert problem.startswith(f"test.one: no fact of the law is called {cited!r}")


def test_calendars_encode_facts_too() -> None:
    assert covered(days=DAYS + "source_facts: [act.three]\n").used == {"act.three": ("calendar england",)}


def test_a_fact_left_out_has_a_reason_exists_and_is_not_encoded() -> None:
    found = covered("act.one", left={"act.two": "no duty in it"})
    assert found.problems == () and "act.two" not in [fact.id for fact in found.not_yet]
    wrong = covered("act.one", left={"act.one": "why", "act.none": "why", "act.two": ""}).problems
    assert [problem.split(";")[0] for problem in wrong] == [
        "left out: act.one is encoded by test.one",
        "left out: act.two has no reason",
        "left out: no fact of the law is called 'act.none'",
    ]


def test_a_broken_law_file_and_a_fact_that_stands_twice_are_refused() -> None:
    with pytest.raises(UsageError, match=r"not a law file: act\.yaml:2:1"):
        sources.read({"act.yaml": "- [\n"})
    with pytest.raises(UsageError, match=r"the fact act\.one stands in act and in other"):
        sources.read({"act.yaml": ACT, "other.yaml": "- id: act.one\n"})


def test_reasons_are_read_and_a_broken_file_is_refused() -> None:
    assert sources.reasons("left_out.yaml", "act.one: no duty\n") == {"act.one": "no duty"}
    with pytest.raises(UsageError, match=r"left_out\.yaml:2:1"):
        sources.reasons("left_out.yaml", "a: b\na: c\n")


def test_every_fact_the_shipped_packs_cite_exists_and_what_is_left_out_has_a_reason() -> None:
    if not LAW.is_dir():
        pytest.skip("the law files (../shared/law) are not beside this checkout")
    shelf = library.shipped()
    place, reasons = library.left_out()
    found = sources.coverage(shelf.law, shelf.days, library.law_files(LAW), sources.reasons(place, reasons))
    assert found.problems == ()
    plain = sheets.coverage_plain(found)
    assert plain["facts"] == plain["encoded"] + plain["left_out"] + plain["not_yet"]  # type: ignore[operator]


def test_the_sheet_counts_and_can_list_every_fact() -> None:
    found = covered("act.one", "nothing", left={"act.two": "no duty in it"})
    shown = "\n".join(sheets.coverage_lines(found, 80, facts=True))
    assert "1 of 9 facts encoded (11 per cent), 1 left out with a reason, 7 not yet" in " ".join(shown.split())
    assert "left out: no duty in it" in shown and "not yet, and no source confirms it" in shown
    assert "✗ test.one: no fact of the law is called 'nothing'" in shown
