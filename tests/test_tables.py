"""Decision tables looked at: gaps, overlaps and dead rows are told, with their dates, and nothing that is not there."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import tables
from engine.decide import Assessment, derivations, derive_all
from engine.law import Law
from engine.library import shipped
from engine.model import Facts, Money, Unsure
from tests.conftest import HEAD, at, law_of, pack, said, table

FIGURES = """\
parameters:
  upper: {title: T, cite: C, source_facts: [], unit: money incl VAT, values: {2025-01-01: 100, 2026-01-01: 90}}
  unknown: {title: T, cite: C, source_facts: [], unit: money incl VAT, values: {2025-01-01: refer}}
"""


def rows(*listed: str) -> str:
    """Rows as flow text, each as `condition -> value`."""
    pairs = (row.split(" -> ") for row in listed)
    return "[" + ", ".join(f"{{when: {{{when}}}, then: {then}}}" for when, then in pairs) + "]"


def found(*listed: str, before: str = FIGURES, head: str = HEAD, **keys: str) -> str:
    """What is wrong with a table of these rows."""
    return said(tables.faults(law_of(pack(before + table(rows=rows(*listed), **keys), head))))


# Gaps -------------------------------------------------------------------------------------------------------------


def test_a_gap_between_two_bands_is_told_with_its_place_and_what_to_write() -> None:
    whole = found(
        "contract.kind: goods -> out",
        "'contract.kind': not goods, contract.value: below £5000 incl VAT -> light",
        "'contract.kind': not goods, contract.value: at least £25000 incl VAT -> full",
    )
    assert whole == (
        "test/body.yaml:5:3: gap: services or light touch or works, contract.value from £5,000 incl VAT to under "
        "£25,000 incl VAT match no row of test.regime; write a row, or otherwise: refer"
    )


@pytest.mark.parametrize(
    ("listed", "what"),
    [
        (["contract.value: below 100 -> light", "contract.value: at least 100 -> full"], ""),
        (["contract.value: at most 100 -> light", "contract.value: more than 100 -> full"], ""),
        (
            ["contract.value: below 100 -> light", "contract.value: more than 100 -> full"],
            "contract.value of £100 VAT basis not",
        ),
        (
            ["contract.value: at most 99 -> light", "contract.value: at least 100 -> full"],
            "over £99 VAT basis not stated to under",
        ),
        (["contract.value: at least 100 -> full"], "contract.value under £100"),
        (["contract.value: more than 100 -> full"], "contract.value up to £100"),
        (["contract.value: below 100 -> full"], "contract.value from £100 VAT basis not stated match"),
        (
            ["quotes.received: 0 to 2 -> light", "quotes.received: at least 4 -> full"],
            "quotes.received over 2 to under 4",
        ),
        (["quotes.received: 0 to 3 -> light", "quotes.received: at least 4 -> full"], ""),
        (["contract.lots: yes -> full"], "contract.lots: no match"),
        (["contract.lots: yes -> full", "contract.lots: no -> light"], ""),
        (["contract.kind: [goods, services] -> full"], "light touch or works match"),
        (["contract.kind: not goods -> full", "contract.kind: goods -> light"], ""),
    ],
)
def test_a_gap_is_told_exactly_where_it_is(listed: list[str], what: str) -> None:
    told = found(*listed)
    assert what in told and bool(what) is bool(told)


def test_a_local_table_that_falls_through_to_one_above_has_no_gap_and_the_one_above_still_has_its_own() -> None:
    local = HEAD.replace("pack: test", "pack: camden").replace("layer: statute", "layer: authority")
    local = pack(table(rows=rows("contract.kind: goods -> out")), f"{local}authority: camden\n")

    def told(**above: str) -> str:
        return said(tables.faults(law_of(local, pack(table(**above))), "camden"))

    assert "gap" not in told(otherwise="full")
    assert "gap" not in told(rows=rows("contract.kind: works -> full"))
    assert "services or light touch or works match no row of camden.regime" in told(
        otherwise="full", in_force="{from: 2025-01-01}"
    )
    assert "services or light touch match no row of test.regime" in said(
        tables.faults(law_of(local, pack(table(rows=rows("contract.kind: [goods, works] -> full")))))
    )


def test_a_table_that_says_what_holds_otherwise_has_no_gap() -> None:
    assert found("contract.lots: yes -> full", otherwise="out") == ""
    assert found("contract.lots: yes -> full", otherwise="refer", refer="Judge") == ""


def test_a_gap_that_a_new_figure_opens_is_told_with_its_day() -> None:
    listed = ["contract.value: below upper -> light", "contract.value: at least £100 incl VAT -> full"]
    assert found(*listed).splitlines() == [
        "test/body.yaml:5:3: gap: contract.value from £90 incl VAT to under £100 incl VAT match no row of test.regime "
        "from 1 Jan 2026; write a row, or otherwise: refer"
    ]
    assert found(*listed, in_force="{from: 2025-01-01, to: 2025-12-31}") == ""
    assert found(*listed, in_force="{from: 2026-06-01}")


def test_a_gap_inside_the_gate_is_told_and_one_outside_it_is_not() -> None:
    gate = HEAD + "governs: {contract.kind: [goods, works]}\n"
    assert found("contract.kind: goods -> full", "contract.kind: works -> light", head=gate) == ""
    assert "gap: works match" in found("contract.kind: goods -> full", head=gate)


@pytest.mark.parametrize(
    ("lower", "upper", "what"),
    [
        ("5000 incl VAT", "25000 excl VAT", "from £5,000 incl VAT to under £25,000 excl VAT"),
        ("25000 excl VAT", "30000 incl VAT", "from £25,000 excl VAT to under £30,000 incl VAT (no VAT)"),
        ("30000 incl VAT", "25000 excl VAT", ""),
    ],
)
def test_bands_on_two_vat_bases_part_only_where_they_do_in_every_reading(lower: str, upper: str, what: str) -> None:
    told = found(f"contract.value: below {lower} -> light", f"contract.value: at least {upper} -> full")
    assert what in told and bool(what) is bool(told)
    assert len(told.splitlines()) <= 1


@pytest.mark.parametrize(
    "listed",
    [
        ["award.decided: done -> full"],
        ["contract.entered: after award.decided -> full"],
        ["all: [{period: {from: award.decided, to: lease.signed, unit: days}, at_least: 3}] -> full"],
        ["contract.value: below unknown -> full"],
        ["contract.value: below 100 -> full", "quotes.received: at least 3 -> light"],
    ],
)
def test_nothing_is_said_of_a_table_whose_combinations_cannot_be_listed(listed: list[str]) -> None:
    assert found(*listed) == ""


def test_nothing_is_said_where_a_derived_fact_stands_beside_what_it_is_derived_from() -> None:
    first = table("route", "case.route", rows="[{when: {contract.lots: yes}, then: open}]", otherwise="quick")
    second = table(rows=rows("case.route: open -> full", "case.route: quick, contract.lots: no -> light"))
    assert tables.faults(law_of(first + second.removeprefix("tables:\n"))) == ()
    apart = table(rows=rows("case.route: open -> full", "case.route: quick, contract.kind: goods -> light"))
    assert "gap: quick, services or light touch or works" in said(
        tables.faults(law_of(first + apart.removeprefix("tables:\n")))
    )


def test_nothing_is_said_of_a_table_too_large_to_list() -> None:
    listed = [f"quotes.received: {n * 2} to {n * 2} -> full" for n in range(400)]
    assert found(*listed) == ""
    assert "gap" in found(*listed[:20])


# Overlaps and dead rows ---------------------------------------------------------------------------------------------


def test_rows_of_a_unique_table_that_overlap_are_told() -> None:
    told = found(
        "contract.value: at most 100 -> light",
        "contract.value: 100 to 200 -> full",
        "contract.value: more than 200 -> out",
        hit="unique",
    )
    assert told == (
        "test/body.yaml:10:64: overlap: contract.value of £100 VAT basis not stated match row 1 and row 2 of "
        "test.regime; make the rows exclude each other"
    )


def test_an_overlap_that_a_new_figure_makes_is_told_with_its_day() -> None:
    listed = ["contract.value: below £95 incl VAT -> light", "contract.value: at least upper -> full"]
    told = found(*listed, hit="unique", otherwise="out")
    assert (
        "contract.value from £90 incl VAT to under £95 incl VAT match row 1 and row 2 of test.regime from 1 Jan" in told
    )
    assert found(*listed, hit="first", otherwise="out") == ""


@pytest.mark.parametrize(
    ("listed", "dead"),
    [
        (["contract.kind: [goods, works] -> full", "contract.kind: goods -> light"], [2]),
        (["contract.kind: goods -> full", "contract.kind: [goods, works] -> light"], []),
        (["contract.value: at least 50 -> full", "contract.value: at least 100 -> light"], [2]),
        (
            ["contract.value: below 50 -> full", "contract.value: at least 50 -> out", "contract.lots: yes -> light"],
            [3],
        ),
        (["award.decided: done -> full", "award.decided: done, contract.lots: yes -> light"], [2]),
        (["award.decided: done -> full", "award.decided: not done, contract.lots: yes -> light"], []),
        (["all: [{contract.kind: goods}, {contract.kind: works}] -> full"], [1]),
        (["contract.value: below unknown -> full", "contract.value: below 10 -> light"], []),
        (["contract.value: below upper -> full", "contract.value: below £95 incl VAT -> light"], []),
        (["contract.value: below upper -> full", "contract.value: below £85 incl VAT -> light"], [2]),
    ],
)
def test_a_row_that_can_never_decide_is_told(listed: list[str], dead: list[int]) -> None:
    told = found(*listed, otherwise="out")
    assert [n for n in range(1, 9) if f"row {n} of" in told] == dead


def test_a_row_is_dead_under_strictest_where_a_stricter_one_always_applies_wherever_it_stands() -> None:
    listed = ["contract.kind: goods -> light", "contract.kind: [goods, works] -> full"]
    assert "row 1 of test.regime applies" in found(
        *listed, hit="strictest", order="[full, light, out]", otherwise="out"
    )
    assert found(*listed, hit="strictest", order="[light, full, out]", otherwise="out") == ""


# No false alarm -----------------------------------------------------------------------------------------------------


def test_nothing_is_said_of_the_shipped_packs() -> None:
    assert tables.faults(shipped().law) == ()


def random_table(r: random.Random, **keys: str) -> Law:
    figures = ["10", "10 incl VAT", "12 incl VAT", "10 excl VAT", "upper"]
    listed = []
    for _ in range(r.randint(1, 4)):
        tests = [f"contract.value: {r.choice(['at least', 'more than', 'at most', 'below'])} {r.choice(figures)}"]
        tests += [f"contract.kind: {r.choice(['goods', '[goods, works]', 'not goods'])}"] if r.random() < 0.5 else []
        tests += [f"contract.lots: {r.choice(['yes', 'no'])}"] if r.random() < 0.3 else []
        listed.append(f"{', '.join(r.sample(tests, r.randint(1, len(tests))))} -> {r.choice(['full', 'light'])}")
    figure = FIGURES.replace("100, 2026", "12, 2026").replace(": 90", ": 10")
    return law_of(figure + table(rows=rows(*listed), **keys))


def every_case(law: Law) -> Iterator[tuple[Assessment, ...]]:
    """What the table decides, in each reading of VAT, in every case about the edges."""
    pounds = (0, 833, 999, 1000, 1001, 1100, 1199, 1200, 1201, 1440, 2000)
    for pence, basis in product(pounds, ("incl", "excl", "none", "unstated")):
        for kind, lots in product(("goods", "works", "services"), (True, False)):
            facts = {"contract.value": Money(pence, basis), "contract.kind": kind, "contract.lots": lots}
            for on in ("2025-06-01", "2026-06-01"):
                yield derivations(law, Facts(facts), at(on))


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_a_gap_is_told_exactly_where_some_case_is_left_undecided_whichever_way_vat_is_read(seed: int) -> None:
    law = random_table(random.Random(seed))
    undecided = (all(isinstance(each.derived["case.regime"], Unsure) for each in case) for case in every_case(law))
    assert any(undecided) is ("gap:" in said(tables.faults(law)))


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.sampled_from(["first", "unique", "strictest"]))
def test_a_row_told_dead_never_decides_and_an_overlap_is_told_exactly_where_rows_overlap(seed: int, hit: str) -> None:
    keys = {"order": "[full, light, out]"} if hit == "strictest" else {}
    law = random_table(random.Random(seed), hit=hit, otherwise="out", **keys)
    told = said(tables.faults(law))
    reached: set[str] = set()
    overlaps = False
    for case in every_case(law):
        pairs = [{each for each in reading.reached if each[-1].isdigit()} for reading in case]
        overlaps |= hit == "unique" and len(frozenset.intersection(*map(frozenset, pairs))) > 1
        reached.update(*pairs)
    assert overlaps is ("overlap:" in told)
    for number in range(len(law.tables[0].rows)):
        dead = any("dead row: " in line and f"row {number + 1} of" in line for line in told.splitlines())
        assert dead is (f"test.regime:{number}" not in reached)


def test_no_row_that_applies_is_for_a_person_and_the_reason_names_the_table() -> None:
    law = law_of(table(rows=rows("contract.lots: yes -> full")))
    value = derive_all(law, Facts({"contract.lots": False}), at("2025-06-01"))["case.regime"]
    assert value == Unsure("no row of test.regime applies", "test.regime")
    assert derive_all(law, Facts({"contract.lots": True}), at("2025-06-01"))["case.regime"] == "full"
    assert law.tables[0].open
