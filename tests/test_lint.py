"""What lint remarks on: each fault found, and nothing said of packs that are well."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
from engine import lint
from engine.law import Law
from tests.conftest import HEAD, day, law_of, pack, rule, table

CAMDEN = HEAD.replace("pack: test", "pack: camden").replace("layer: statute", "layer: authority\nauthority: camden")
TODAY = day("2025-06-02")
BOTH = """\
cases:
  - {name: a, rule: test.one, on: 2025-06-02, given: {contract.lots: yes}, expect: met}
  - {name: b, rule: test.one, on: 2025-06-02, given: {contract.lots: no}, expect: not met}
"""
PERIOD = "{{period: {{from: notice.published, to: contract.entered, unit: {unit}}}, {bound}}}"


def told(law: Law, today: int = TODAY) -> str:
    return "\n".join(str(each) for each in lint.remarks(law, today))


def beside(high: str, low: str) -> str:
    """What is said of one statutory and one local rule."""
    return told(law_of(high, pack(low, CAMDEN)))


def test_nothing_is_said_of_a_rule_with_cases_on_both_sides() -> None:
    assert told(law_of(pack(rule(require="{contract.lots: yes}"), cases=BOTH))) == ""


def test_a_rule_that_no_case_reaches_is_named() -> None:
    assert "test/body.yaml:2:3: no case reaches test.one" in told(law_of(rule(require="{contract.lots: yes}")))


def test_a_rule_whose_cases_show_one_answer_only_is_named() -> None:
    one = BOTH.replace("expect: not met", "expect: met")
    assert "test.one has no cases on both sides of its edge" in told(
        law_of(pack(rule(require="{contract.lots: yes}"), cases=one))
    )


@pytest.mark.parametrize(
    ("statute", "local", "weaker"),
    [
        ("at_least: 10", "at_least: 9", True),
        ("at_least: 10", "at_least: 10", False),
        ("at_least: 10", "at_least: 11", False),
        ("at_most: 10", "at_most: 11", True),
        ("at_most: 10", "at_most: 9", False),
        ("at_least: 10", "at_most: 5", False),
    ],
)
def test_a_local_period_that_asks_less_than_statute_has_no_effect(statute: str, local: str, weaker: bool) -> None:
    said = beside(
        rule(require=PERIOD.format(unit="days", bound=statute)), rule(require=PERIOD.format(unit="days", bound=local))
    )
    assert ("camden.one asks less than test.one" in said) is weaker


@pytest.mark.parametrize(
    ("statute", "local", "weaker"),
    [
        ("{unit: days} at_least: 10", "{unit: weeks} at_least: 1", True),
        ("{unit: days} at_least: 10", "{unit: weeks} at_least: 2", False),
        ("{unit: days} at_least: 10", "{unit: days} more_than: 9", False),
        ("{unit: days} at_least: 10", "{unit: days} more_than: 8", True),
        ("{unit: days} at_least: 10", "{unit: days, first_day: counts} at_least: 10", True),
        ("{unit: days} at_least: 10", "{unit: clear days} at_least: 9", False),
        ("{unit: working days, calendar: england} at_least: 8", "{unit: days} at_least: 8", True),
        ("{unit: days} at_least: 10", "{unit: working days, calendar: england} at_least: 8", False),
        ("{unit: days} at_most: 10", "{unit: weeks} at_most: 2", True),
        ("{unit: days} at_most: 10", "{unit: weeks} at_most: 1", False),
        ("{unit: days} at_most: 10", "{unit: days} less_than: 12", True),
        ("{unit: days} at_most: 10", "{unit: days} less_than: 11", False),
    ],
)
def test_periods_counted_otherwise_are_compared_day_by_day(statute: str, local: str, weaker: bool) -> None:
    def asking(said: str) -> str:
        clock, _, bound = said.removeprefix("{").partition("} ")
        return rule(require=f"{{period: {{from: award.decided, to: contract.entered, {clock}}}, {bound}}}")

    assert ("camden.one asks less than test.one" in beside(asking(statute), asking(local))) is weaker


@pytest.mark.parametrize(("local", "weaker"), [(7, True), (8, False)])
def test_a_contested_period_is_gone_under_only_where_every_reading_of_it_is(local: int, weaker: bool) -> None:
    def reading(days: int) -> str:
        period = PERIOD.format(unit="days", bound=f"at_least: {days}")
        return f"{{title: Read so, cite: Act s.1, require: {period}}}"

    high = rule(confidence="contested", readings=f"[{reading(8)}, {reading(9)}]")
    low = rule(require=PERIOD.format(unit="days", bound=f"at_least: {local}"))
    assert ("camden.one asks less than test.one" in beside(high, low)) is weaker


@pytest.mark.parametrize(
    ("statute", "local", "contrary"),
    [
        ("{contract.lots: yes}", "{contract.lots: no}", True),
        ("{contract.lots: yes}", "{contract.lots: yes}", False),
        ("{contract.kind: [goods, works]}", "{contract.kind: services}", True),
        ("{contract.kind: [goods, works]}", "{contract.kind: [works, services]}", False),
        ("{contract.kind: not services}", "{contract.kind: services}", True),
        ("{contract.kind: not services}", "{contract.kind: not goods}", False),
        ("{notice.published: done}", "{notice.published: not done}", True),
        ("{notice.published: done before tender.opened}", "{notice.published: not done}", True),
        ("{notice.published: before tender.opened}", "{notice.published: after tender.opened}", True),
        ("{notice.published: before tender.opened}", "{tender.opened: before notice.published}", True),
        ("{notice.published: before tender.opened}", "{tender.opened: after notice.published}", False),
        ("{notice.published: on or before tender.opened}", "{notice.published: on or after tender.opened}", False),
        ("{notice.published: not before tender.opened}", "{notice.published: before tender.opened}", True),
    ],
)
def test_a_local_rule_that_requires_what_statute_forbids_is_named(statute: str, local: str, contrary: bool) -> None:
    said = beside(rule(require=statute), rule(require=local))
    assert ("camden.one requires what test.one (Act s.1) forbids" in said) is contrary


def test_rules_that_never_apply_to_one_case_are_not_contrary() -> None:
    high = rule(when="{contract.kind: goods}", require="{contract.lots: yes}")
    assert "forbids" not in beside(high, rule(when="{contract.kind: works}", require="{contract.lots: no}"))


def test_rules_of_different_times_are_not_contrary() -> None:
    high = rule(require="{contract.lots: yes}", in_force="{to: 2024-12-31}")
    assert "forbids" not in beside(high, rule(require="{contract.lots: no}", in_force="{from: 2025-01-01}"))
    assert "forbids" in beside(high, rule(require="{contract.lots: no}", in_force="{from: 2024-12-31}"))


def test_a_rule_that_gives_way_is_not_contrary_and_has_no_effect_where_it_always_does() -> None:
    high = rule(when="{contract.kind: goods}", require="{contract.lots: yes}")
    some = rule(require="{contract.lots: no}", yields_to="[test.one]")
    always = rule(when="{contract.kind: goods}", require="{contract.lots: no}", yields_to="[test.one]")
    assert "camden.one" not in beside(high, some).replace("no case reaches camden.one", "")
    assert "camden.one has no effect: wherever it applies it gives way to test.one" in beside(high, always)


def figure(extra: str = "", since: str = "2025-01-01") -> str:
    values = f"values: {{2024-01-01: 1, {since}: 2}}"
    return f"parameters:\n  p: {{title: T, cite: C, source_facts: [], unit: days, {values}{extra}}}\n"


def test_a_figure_that_began_after_its_pack_was_checked_is_named() -> None:
    later = figure(since="2025-01-02")
    assert "test.p: the figure from 2 Jan 2025 was last checked on 2025-01-01" in told(law_of(later))
    assert told(law_of(figure())) == ""
    assert told(law_of(figure(extra=", checked: 2025-01-02", since="2025-01-02"))) == ""


def test_a_calendar_that_ends_within_a_year_or_so_is_named() -> None:
    law = law_of(pack(rule(require="{contract.lots: yes}"), cases=BOTH))
    last = day("2026-12-31")
    assert told(law, last - lint.HORIZON) == ""
    assert "the calendar england ends on 31 Dec 2026" in told(law, last - lint.HORIZON + 1)


def test_a_gap_of_a_table_is_a_remark_and_the_packs_still_decide() -> None:
    body = table(rows="[{when: {contract.lots: yes}, then: full}]")
    assert "gap: contract.lots: no match no row of test.regime" in told(law_of(body))


def test_a_remark_is_exit_1_a_broken_pack_exit_4_and_github_reads_both(tmp_path: Path) -> None:
    folder = tmp_path / "enfield"
    folder.mkdir()
    (folder / "pack.yaml").write_text(CAMDEN.replace("camden", "enfield"))
    (folder / "body.yaml").write_text(rule(require="{contract.health_service: yes}", binds="[enter-contract]"))
    run = CliRunner()
    found = run.invoke(cli.main, ["rules", "lint", str(folder), "--format", "github"])
    place = re.escape(str(folder / "body.yaml"))
    assert found.exit_code == 1
    assert re.search(
        rf"^::warning file={place},line=2,col=3::no case reaches enfield.one; write one", found.output, re.M
    )
    (folder / "body.yaml").write_text("rules: [\n")
    broken = run.invoke(cli.main, ["rules", "lint", str(folder), "--format", "github"])
    assert broken.exit_code == 4 and broken.output.startswith("::error file=")
    plain = json.loads(run.invoke(cli.main, ["rules", "lint", str(folder), "--format", "json"]).output)
    assert plain[0]["kind"] == "error" and plain[0]["file"].endswith("body.yaml")
