"""Rules, tables and figures in words that leave nothing out."""

from __future__ import annotations

import pytest

from engine import wording
from engine.law import InForce, Law
from tests.conftest import day, law_of, rule, table

FIGURES = """\
parameters:
  limit:
    title: A limit
    cite: Act Sch 1
    source_facts: []
    unit: money incl VAT
    values: {2025-02-24: 663540, 2026-01-01: refer}
  days:
    title: Days
    cite: Act Sch 2
    source_facts: []
    unit: days
    confidence: unverified
    values: {2025-01-01: 30}
"""


def one(**keys: str) -> Law:
    return law_of(rule(**keys))


def test_a_figure_has_its_unit_or_says_that_nobody_confirmed_it() -> None:
    limit, days = law_of(FIGURES).parameters.values()
    assert wording.figure_on(limit, day("2025-02-23")) == "no figure yet, the first is of 24 Feb 2025"
    assert wording.figure_on(limit, day("2025-02-24")) == "£663,540 incl VAT (from 24 Feb 2025)"
    assert wording.figure_on(limit, day("2026-01-01")) == "no confirmed figure (from 1 Jan 2026)"
    assert wording.figure_on(days, day("2026-01-01")) == "30 days (from 1 Jan 2025)"
    assert wording.doubt(limit) == "in part without a confirmed figure"
    assert wording.doubt(days) == "unverified"


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (None, None, "always"),
        ("2025-01-01", None, "from 1 Jan 2025"),
        (None, "2025-01-01", "to 1 Jan 2025"),
        ("2025-01-01", "2025-12-31", "1 Jan 2025 to 31 Dec 2025"),
    ],
)
def test_the_time_in_force_is_said(start: str | None, end: str | None, said: str) -> None:
    assert wording.span(InForce(start and day(start), end and day(end))) == said  # type: ignore[arg-type]


def test_the_title_of_an_alternative_does_not_hide_its_tests() -> None:
    law = one(require="{any: [{title: the short way, contract.lots: no}, {contract.kind: works}]}")
    found = law.rules["test.one"].require
    assert found is not None
    assert wording.exact(found) == "contract.lots is no or contract.kind is works"


def test_a_count_of_days_says_what_it_hangs_on() -> None:
    period = "{from: notice.published, to: tender.opened, unit: working days, calendar: england, holds_working: 2}"
    law = one(require=f"{{period: {period}, at_least: 10}}")
    assert wording.asks(law.rules["test.one"]) == [
        "at least 10 working days after notice.published, to tender.opened (england calendar, holding 2 working days)"
    ]


def test_readings_are_each_said_with_their_source() -> None:
    readings = "[{title: A, cite: x, require: {contract.lots: yes}}, {title: B, cite: y, require: {contract.lots: no}}]"
    found = one(confidence="contested", readings=readings).rules["test.one"]
    assert wording.asks(found) == ["A (x): contract.lots is yes", "B (y): contract.lots is no"]
    assert wording.doubt(found) == "contested"


def test_a_rule_that_refers_is_said_to() -> None:
    found = one(refer="Is it enough?").rules["test.one"]
    assert wording.asks(found) == ["a person judges: Is it enough?"]
    assert wording.doubt(found) == "refers to a person"


def test_the_rows_of_a_table_end_with_what_holds_otherwise() -> None:
    rows = "[{when: {contract.kind: works}, then: full}]"
    closed = law_of(table(rows=rows, otherwise="light")).tables[0]
    assert wording.rows(closed) == ["if contract.kind is works: full", "otherwise: light"]
    empty = law_of(table(rows="[]", otherwise="refer", refer="Which?")).tables[0]
    assert wording.rows(empty) == ["always: refer"]


def test_the_gate_of_a_pack_is_not_repeated_in_every_rule() -> None:
    gated = {
        "test/pack.yaml": "pack: test\ntitle: T\nlayer: statute\nsource: S\nsource_as_at: 2025-01-01\n"
        "checked: 2025-01-01\ngoverns: {contract.lots: yes}\n",
        "test/body.yaml": rule(when="{contract.kind: works}", refer="So?"),
    }
    law = law_of(gated)
    found = law.rules["test.one"]
    assert wording.exact(found.when) == "contract.lots is yes and contract.kind is works"
    assert wording.exact(wording.own_when(found, law)) == "contract.kind is works"
