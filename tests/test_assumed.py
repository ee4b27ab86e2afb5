"""What an answer rests on that nobody stated: only what decided, through tables, and nothing where facts settle it."""

from __future__ import annotations

import pytest

from engine.assumed import of_fact, of_findings
from engine.decide import assess, derivation
from engine.model import Facts
from tests.conftest import WORDS, at, facts_of, law_of, rule, table

NOW = at("2025-06-02T10:00")
PRESUMED = WORDS.replace("In lots, type: boolean,", "In lots, type: boolean, presumed: no, because: As a rule,")
LOTS = "{contract.lots: yes}"
ASKED = "{quotes.received: at least 3}"


def assumed(body: str, **given: str) -> tuple[str, ...]:
    law = law_of(body, words=PRESUMED)
    result = assess(law, Facts(facts_of(law, **given)), "go", NOW, "contract.entered")
    assert not result.fault
    return of_findings(result.findings, result)


def test_a_rule_that_does_not_apply_since_nothing_was_said_rests_on_that() -> None:
    assert assumed(rule(when=LOTS, require=ASKED)) == ("contract.lots",)
    assert assumed(rule(when=LOTS, require=ASKED), contract__lots="no") == ()


def test_what_another_test_settles_rests_on_nothing() -> None:
    both = "{contract.lots: yes, contract.kind: goods}"
    assert assumed(rule(when=both, require=ASKED), contract__kind="services") == ()
    assert assumed(rule(when=both, require=ASKED), contract__kind="goods") == ("contract.lots",)


def test_a_rule_that_is_met_anyway_rests_on_nothing() -> None:
    assert assumed(rule(when="{contract.lots: no}", require=ASKED), quotes__received="3") == ()
    assert assumed(rule(when="{contract.lots: no}", require=ASKED), quotes__received="2") == ("contract.lots",)


@pytest.mark.parametrize(("kind", "rests"), [("goods", ()), ("services", ("contract.lots",))])
def test_a_derived_fact_rests_on_the_rows_down_to_the_one_that_decides(kind: str, rests: tuple[str, ...]) -> None:
    rows = "[{when: {contract.kind: goods}, then: full}, {when: {contract.lots: yes}, then: light}]"
    body = table(rows=rows, otherwise="out") + rule(when="{case.regime: light}", require=ASKED)
    assert assumed(body, contract__kind=kind) == rests
    law = law_of(body, words=PRESUMED)
    assert of_fact("case.regime", derivation(law, Facts(facts_of(law, contract__kind=kind)), NOW)) == rests
