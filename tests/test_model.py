"""Moments, money, findings: what they say, and what the worst of several findings is."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model import (
    ANSWERS,
    COMPLY_OR_EXPLAIN,
    MAY_PROCEED,
    MET,
    MISSING,
    NOT_APPLICABLE,
    NOT_MET,
    REFER,
    Decision,
    Finding,
    Moment,
    Money,
    Settled,
    moment,
    worst,
)


def finding(answer: str, settled: str | None = None, effect: str = "mandatory") -> Finding:
    return Finding("a.b", answer, "statute", "digest", effect, settled=Settled(7, settled) if settled else None)


@given(st.integers(1, 3652059), st.none() | st.integers(0, 1439))
def test_a_moment_comes_back_from_its_iso_text(day: int, minute: int | None) -> None:
    assert moment(Moment(day, minute).iso) == Moment(day, minute)


def test_a_moment_reads_for_people() -> None:
    assert str(moment("2025-07-06")) == "6 Jul 2025"
    assert str(moment("2025-09-19T06:05")) == "19 Sep 2025 06:05"


@pytest.mark.parametrize(
    "iso",
    [
        *("2025-02-30", "2025-13-01", "2025-01-01T24:00", "2025-01-01T12:60", "2025-01-01T1:00", "2025-01-01T12:00:00"),
        *(
            "2025-W01-1",
            "20250101",
            "2025-001",
            "2025-01-01T",
            "2025-01-01 ",
            " 2025-01-01",
            "",
            "T12:00",
            "2025-01-01T٠١:٠٠",
        ),
        *("٢٠٢٥-01-01", "0000-01-01", "2025-1-01", "2025-01-01Z", "2025-01-01T12:00T", "+2025-01-1"),
    ],
)
def test_what_is_no_day_or_minute_is_a_value_error(iso: str) -> None:
    with pytest.raises(ValueError):
        moment(iso)


@given(st.text(max_size=16) | st.from_regex(r"[0-9]{4}-[0-9W]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?", fullmatch=True))
def test_a_text_that_is_a_moment_is_its_only_spelling_but_for_the_space(text: str) -> None:
    try:
        found = moment(text)
    except ValueError:
        return
    assert found.iso == text.replace(" ", "T")


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (Money(5_000_000, "incl"), "£50,000 incl VAT"),
        (Money(5_000_005, "excl"), "£50,000.05 excl VAT"),
        (Money(0, "none"), "£0 no VAT"),
        (Money(1, "unstated"), "£0.01 VAT basis not stated"),
    ],
)
def test_money_reads_for_people(amount: Money, said: str) -> None:
    assert str(amount) == said


def test_the_worst_answer_is_not_met_then_refer_then_missing_in_any_order() -> None:
    order = (NOT_MET, REFER, MISSING)
    for size in range(4):
        for some in itertools.permutations(ANSWERS, size):
            expected = next((answer for answer in order if answer in some), MAY_PROCEED)
            assert worst(tuple(finding(answer) for answer in some)) == expected


@pytest.mark.parametrize("answer", [MET, NOT_APPLICABLE])
def test_what_is_met_or_does_not_apply_blocks_nothing(answer: str) -> None:
    assert not finding(answer).blocks
    assert not finding(REFER, answer).blocks


def test_an_explanation_lifts_only_a_rule_one_may_explain() -> None:
    assert not finding(NOT_MET, "explained", COMPLY_OR_EXPLAIN).blocks
    assert finding(REFER, "explained").blocks


@pytest.mark.parametrize("said", ["", "maybe", "may proceed", "MET", "explained", "missing", "refer", "not met"])
def test_a_judgement_that_says_nothing_known_never_lets_a_step_go_ahead(said: str) -> None:
    settled = finding(REFER)._replace(settled=Settled(7, said))
    assert settled.blocks
    assert worst((finding(MET), settled)) != MAY_PROCEED


def test_what_blocks_a_decision_is_listed_worst_first() -> None:
    findings = tuple(finding(answer) for answer in (MISSING, MET, REFER, NOT_MET, NOT_APPLICABLE))
    decision = Decision("go", moment("2025-01-01"), NOT_MET, findings, "here", None)
    assert [each.answer for each in decision.blocking] == [NOT_MET, REFER, MISSING]
