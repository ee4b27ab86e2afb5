"""Law as values: what is in force on a day, which figure, which tables first, and one authority's part of it."""

from __future__ import annotations

from engine.law import InForce
from tests.conftest import HEAD, day, law_of, pack, rule, table

CAMDEN = (
    HEAD.replace("pack: test", "pack: camden").replace("layer: statute", "layer: authority") + "authority: camden\n"
)
SUTTON = CAMDEN.replace("camden", "sutton")
PARAMETER = (
    "parameters:\n  limit: {title: T, cite: C, source_facts: [], unit: money incl VAT, "
    "values: {2025-02-24: 100, 2026-01-01: 200, 2027-01-01: refer}}\n"
)


def test_both_ends_of_what_is_in_force_are_included_and_an_open_end_is_open() -> None:
    span = InForce(10, 20)
    assert [span.covers(at) for at in (9, 10, 20, 21)] == [False, True, True, False]
    assert InForce().covers(1) and InForce(None, 5).covers(1) and not InForce(None, 5).covers(6)
    assert InForce(5).covers(5) and not InForce(5).covers(4)


def test_a_figure_holds_from_its_day_until_the_next() -> None:
    limit = law_of(PARAMETER).parameters["test.limit"]
    assert limit.on(day("2025-02-23")) is None
    assert limit.on(day("2025-02-24")) == (day("2025-02-24"), 10_000)
    assert limit.on(day("2025-12-31")) == (day("2025-02-24"), 10_000)
    assert limit.on(day("2026-01-01")) == (day("2026-01-01"), 20_000)
    assert limit.on(day("2030-01-01")) == (day("2027-01-01"), None)
    assert (limit.unit, limit.vat) == ("money", "incl")


def test_rules_are_found_by_step_in_the_order_of_their_ids() -> None:
    law = law_of(
        rule("b", require="{contract.lots: yes}")
        + rule("a", binds="[stop, go]", require="{contract.lots: yes}").removeprefix("rules:\n")
    )
    assert [each.id for each in law.steps["go"]] == ["test.a", "test.b"]
    assert [each.id for each in law.steps["stop"]] == ["test.a"]


def test_the_most_local_table_of_a_fact_stands_first_and_order_follows_need() -> None:
    national = table(rows="[{when: {contract.lots: yes}, then: full}]", otherwise="out") + table(
        "route", "case.route", rows="[{when: {case.regime: full}, then: open}]", otherwise="quick"
    ).removeprefix("tables:\n")
    law = law_of(national, pack(table(otherwise="light"), CAMDEN))
    assert [each.id for each in law.deciding["case.regime"]] == ["camden.regime", "test.regime"]
    assert law.order.index("case.regime") < law.order.index("case.route")
    assert law.subjects["test.route"].reads == {"case.regime"}


def test_an_authority_sees_the_common_packs_and_its_own() -> None:
    law = law_of(
        rule(require="{contract.lots: yes}"),
        pack(PARAMETER + rule(require="{contract.value: below limit}"), CAMDEN),
        pack(table(otherwise="light"), SUTTON),
    )
    assert set(law.for_authority("camden").packs) == {"test", "camden"}
    assert set(law.for_authority("camden").parameters) == {"camden.limit"}
    assert law.for_authority("camden").tables == ()
    assert set(law.for_authority("sutton").rules) == {"test.one"}
    assert set(law.for_authority("").packs) == {"test"}
    assert law.only({"test", "camden", "sutton"}) is law


def test_a_law_names_the_digest_of_everything_it_rests_on() -> None:
    digests = law_of(rule(require="{contract.lots: yes}")).digests
    assert set(digests) == {"packs", "calendars", "vocabulary"}
    assert list(digests["packs"]) == ["test"] and list(digests["calendars"]) == ["england"]  # type: ignore[arg-type]
