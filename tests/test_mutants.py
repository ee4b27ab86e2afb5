"""Mutants: each figure, word, date and choice of a rule is changed once; cases that prove nothing are found out."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
from engine import mutants, packs
from engine.mutants import Bench, Mutant
from tests.conftest import DAYS, HEAD, STEPS, WORDS, pack, rule, table

LOTS = "{contract.lots: yes}"
MILESTONES = {"go": "contract.entered", "stop": None}
LIMIT = (
    "parameters:\n  limit: {title: Limit, cite: Act s.3, source_facts: [], unit: money incl VAT, "
    "values: {2025-01-01: 1000, 2026-01-01: 2000}}\n"
)


def case(**keys: str) -> str:
    made = {"name": "A case", "rule": "test.one", "on": "2025-06-01", "given": "{}", "expect": "missing"} | keys
    return "  - {" + ", ".join(f"{key}: {value}" for key, value in made.items() if value) + "}\n"


def bench(body: str, *listed: str) -> Bench:
    folder = pack(body, HEAD, "cases:\n" + "".join(listed) if listed else "")
    words, days = {"words.yaml": WORDS}, {"england.yaml": DAYS}
    law, problems, entries = packs.checked(words, days, [folder], STEPS)
    assert not problems, problems
    return Bench(law, tuple(entries), MILESTONES)


def made(body: str) -> list[tuple[str, str]]:
    """What stood there and what stands there now, of each mutant."""
    on = bench(body)
    terms = on.law.vocabulary.terms
    return [(each.before, each.after) for entry in on.entries for each in mutants.mutants(entry, terms)]


def alive(body: str, *listed: str) -> list[str]:
    """What each mutant that no case notices changed."""
    on = bench(body, *listed)
    return [f"{each.before} → {each.after}" for each in mutants.tried(on.entries, on).survivors]


@pytest.mark.parametrize(
    ("test", "others"),
    [
        ("contract.lots: yes", ["no"]),
        ("contract.kind: goods", ["not goods"]),
        ('posts.agreed: "includes any of [cabinet, lawyer]"', ["not includes any of [cabinet, lawyer]"]),
        ('posts.agreed: "includes any of [cabinet, lawyer]"', ["includes all of [cabinet, lawyer]"]),
        ('posts.agreed: "includes any of [cabinet, lawyer]"', ["includes any of [lawyer]"]),
        ("contract.value: at most 50 per cent of contract.before", ["at most 51 per cent of contract.before"]),
        ("contract.kind: not goods", ["goods"]),
        ('contract.kind: "not [goods, works, services]"', ["not [works, services]", "not [goods, services]"]),
        ("quotes.received: at least 3", ["more than 3", "at least 4", "at least 2"]),
        ("quotes.received: below 3", ["at most 3", "below 4", "below 2"]),
        ("quotes.received: 3 to 5", ["3 to under 5", "4 to 5", "2 to 5", "3 to 6", "3 to 4"]),
        ("quotes.received: 3 to under 5", ["3 to 5", "4 to under 5", "2 to under 5", "3 to under 6", "3 to under 4"]),
        ('contract.value: "more than £9,999 incl VAT"', ["at least £9,999 incl VAT", "more than £10,000 incl VAT"]),
        ('contract.value: "more than £9,999 incl VAT"', ["more than £9,999 excl VAT", "more than £9,998 incl VAT"]),
        ("contract.entered: before award.decided", ["on or before award.decided"]),
        ("contract.entered: not before award.decided", ["after award.decided"]),
        ("contract.entered: not after award.decided", ["before award.decided"]),
        ("contract.entered: after 2025-12-31", ["on or after 2025-12-31", "after 2026-01-01", "after 2025-12-30"]),
        ("award.decided: done on or before contract.entered", ["done before contract.entered"]),
        ("award.decided: done", ["not done"]),
        ("award.decided: not done", ["done"]),
    ],
)
def test_a_test_is_changed_to_its_nearest_neighbours(test: str, others: list[str]) -> None:
    found = made(rule(require="{" + test + "}"))
    name = test.partition(":")[0]
    assert {f"{name}: {other}" for other in others} <= {after for _, after in found}
    assert len(found) == len(set(found))


def test_a_choice_is_left_out_of_a_list_and_a_list_of_one_stays() -> None:
    two = "contract.kind: [goods, services]"
    assert made(rule(require="{" + two + "}")) == [(two, "contract.kind: [services]"), (two, "contract.kind: [goods]")]
    assert made(rule(require="{contract.kind: [goods]}")) == []


def test_a_period_has_its_unit_its_ends_its_bound_and_its_figure_changed() -> None:
    period = "{from: notice.published, to: contract.entered, unit: days}"
    assert set(made(rule(require=f"{{period: {period}, at_least: 28}}"))) == {
        ("unit: days", "unit: weeks"),
        ("first_day: excluded", "first_day: counts"),
        ("last_day: counts", "last_day: excluded"),
        ("at least 28", "more than 28"),
        ("at least 28", "at least 29"),
        ("at least 28", "at least 27"),
    }
    clear = "{from: notice.published, to: contract.entered, unit: clear working days, calendar: england, done: yes}"
    assert set(made(rule(require=f"{{period: {clear}, less_than: 3}}"))) == {
        ("unit: clear working days", "unit: clear days"),
        ("unit: clear working days", "unit: working days"),
        ("done: yes", "done: no"),
        ("less than 3", "at most 3"),
        ("less than 3", "less than 4"),
        ("less than 3", "less than 2"),
    }


def test_changes_reach_into_lists_readings_and_dates_in_force() -> None:
    nested = "{any: [{contract.lots: yes}, {all: [{none: [{quotes.received: at least 2}]}]}]}"
    assert ("quotes.received: at least 2", "quotes.received: at least 3") in made(rule(when=nested, require=LOTS))
    readings = (
        "[{title: A, cite: B, require: {contract.lots: yes}}, {title: C, cite: D, require: {award.decided: done}}]"
    )
    assert made(rule(confidence="contested", readings=readings)) == [
        ("contract.lots: yes", "contract.lots: no"),
        ("award.decided: done", "award.decided: not done"),
    ]
    dated = made(rule(refer="Judge it", in_force="{from: 2025-03-01, to: 2025-12-31}"))
    assert dated == [
        ("from: 2025-03-01", "from: 2025-03-02"),
        ("from: 2025-03-01", "from: 2025-02-28"),
        ("to: 2025-12-31", "to: 2026-01-01"),
        ("to: 2025-12-31", "to: 2025-12-30"),
    ]


def test_a_figure_has_its_days_its_amounts_and_its_vat_changed() -> None:
    assert made(LIMIT) == [
        ("unit: money incl VAT", "unit: money excl VAT"),
        ("from 2025-01-01", "from 2025-01-02"),
        ("from 2025-01-01", "from 2024-12-31"),
        ("from 2026-01-01", "from 2026-01-02"),
        ("from 2026-01-01", "from 2025-12-31"),
        ("2025-01-01: 1000", "2025-01-01: 1001"),
        ("2025-01-01: 1000", "2025-01-01: 999"),
        ("2026-01-01: 2000", "2026-01-01: 2001"),
        ("2026-01-01: 2000", "2026-01-01: 1999"),
    ]


def test_a_figure_is_not_moved_to_a_day_that_has_one() -> None:
    days = [after for before, after in made(LIMIT.replace("2026-01-01", "2025-01-02")) if before.startswith("from")]
    assert days == ["from 2024-12-31", "from 2025-01-03"]


def test_a_table_has_its_rows_and_what_they_decide_changed() -> None:
    rows = "[{when: {contract.lots: yes}, then: full}, {when: {contract.kind: goods}, then: refer}]"
    assert made(table(rows=rows, otherwise="out", refer="Judge it")) == [
        ("contract.lots: yes", "contract.lots: no"),
        ("then: full", "then: light"),
        ("contract.kind: goods", "contract.kind: not goods"),
        ("otherwise: out", "otherwise: full"),
    ]


def test_rows_that_stand_in_a_csv_file_are_changed_there() -> None:
    files = pack(table(rows_from="bands.csv", otherwise="out")) | {
        "test/bands.csv": "quotes.received,then\nat least 3,full\n"
    }
    words, days = {"words.yaml": WORDS}, {"england.yaml": DAYS}
    law, _, entries = packs.checked(words, days, [files], STEPS)
    on = Bench(law, tuple(entries), MILESTONES)
    found = mutants.tried(on.entries, on).survivors
    assert [each.after for each in found if each.where.file == "test/bands.csv"] == [
        "quotes.received: at least 2",
        "quotes.received: at least 4",
        "quotes.received: more than 3",
        "then: light",
    ]


def test_cases_on_the_very_edge_notice_every_change_of_a_figure_and_those_beside_it_do_not() -> None:
    body = rule(require="{quotes.received: at least 3}")
    edge = [case(given=f"{{quotes.received: {n}}}", expect=answer) for n, answer in ((3, "met"), (2, "not met"))]
    assert alive(body, *edge) == []
    far = [case(given=f"{{quotes.received: {n}}}", expect=answer) for n, answer in ((9, "met"), (0, "not met"))]
    assert len(alive(body, *far)) == 3
    assert alive(body, edge[0], far[1]) == ["quotes.received: at least 3 → quotes.received: at least 2"]
    assert len(alive(body)) == 3


def test_the_first_lawful_day_that_a_case_names_notices_too() -> None:
    body = rule(require="{period: {from: award.decided, to: contract.entered, unit: days}, at_least: 10}")
    given = "{award.decided: 2025-06-01}"
    blunt = case(on="2025-06-03", given=given, expect="not met")
    assert "at least 10 → at least 11" in alive(body, blunt)
    sharp = case(on="2025-06-03", given=given, expect="not met", earliest="2025-06-11")
    assert alive(body, sharp) == []


def test_a_change_of_a_figure_is_noticed_by_the_cases_of_whatever_uses_it() -> None:
    body = LIMIT + rule(require="{contract.value: below limit}") + rule("other", require=LOTS).removeprefix("rules:\n")
    given = "{{contract.value: '£{} incl VAT'}}"
    days = [("2025-06-01", 1000, 999), ("2026-01-01", 2000, 1999), ("2025-12-31", 1000, 999)]
    cases = [
        case(on=on, given=given.format(value), expect=answer)
        for on, over, under in days
        for value, answer in ((over, "not met"), (under, "met"))
    ]
    left = [each for each in alive(body, *cases) if "lots" not in each]
    assert left == ["from 2025-01-01 → from 2024-12-31", "from 2025-01-01 → from 2025-01-02"]


def test_a_change_that_cannot_be_read_has_been_noticed() -> None:
    left = alive(rule(require="{quotes.received: 3 to 3}"))
    assert "quotes.received: 3 to 3 → quotes.received: 4 to 3" not in left
    assert "quotes.received: 3 to 3 → quotes.received: 3 to 4" in left


def test_a_case_of_one_word_of_for_each_notices_for_all_of_them() -> None:
    body = rule(require="{quotes.received: at least 3}", for_each="{stage: [award, contract]}")
    edge = [
        case(rule="test.one.award", given="{quotes.received: 3}", expect="met"),
        case(rule="test.one.contract", given="{quotes.received: 2}", expect="not met"),
    ]
    assert alive(body, *edge) == []
    assert len(alive(body, edge[0])) == 1


def test_a_table_is_tried_with_the_tables_it_needs() -> None:
    body = table(rows="[{when: {quotes.received: at least 3}, then: full}]", otherwise="light") + table(
        "route", "case.route", rows="[{when: {case.regime: full}, then: open}]", otherwise="quick"
    ).removeprefix("tables:\n")
    of = [
        case(rule="", table="test.route", given=f"{{quotes.received: {n}}}", expect=expect)
        for n, expect in ((3, "open"), (2, "quick"))
    ]
    left = alive(body, *of)
    assert not any("route" in each or "case.regime" in each or "open" in each for each in left)
    assert any("at least 3" in each for each in left)  # the first table has no cases of its own


def test_a_case_that_is_wrong_as_it_stands_notices_nothing() -> None:
    assert len(alive(rule(require=LOTS), case(given=LOTS, expect="not met"))) == 1


def test_a_mutant_says_where_it_is_and_leaves_its_entry_as_it_was() -> None:
    on = bench(rule(require="{quotes.received: at least 3}"))
    (entry,) = on.entries
    before = entry.read(entry.node)
    (first, *_) = mutants.tried(on.entries, on).survivors
    assert isinstance(first, Mutant)
    assert str(first) == (
        "test/body.yaml:7:32: quotes.received: at least 3 → quotes.received: at least 2 survives (test.one)"
    )
    assert entry.read(entry.node) == before and before[1] == ()


# Equivalents ------------------------------------------------------------------------------------------------------

EXCUSE = "- {where: test.one, from: 'contract.lots: yes', to: 'contract.lots: no', reason: Nobody has lots}\n"


def excused(text: str) -> tuple[tuple[mutants.Equivalent, ...], list[str]]:
    found, problems = mutants.equivalents([{"test/equivalent.yaml": text, "test/pack.yaml": "not read here"}])
    return found, [str(problem) for problem in problems]


def test_an_equivalent_mutant_is_counted_apart() -> None:
    on = bench(rule(require=LOTS))
    listed, problems = excused(EXCUSE)
    assert problems == [] and list(mutants.unfounded(listed, on)) == []
    found = mutants.tried(on.entries, on, listed)
    assert (found.total, found.survivors, len(found.excused)) == (1, (), 1)
    assert str(found) == "1 mutants: 0 noticed, 0 survive, 1 equivalent"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("test.one", "test.two", "no rule, table or figure is written as 'test.two'"),
        ("lots: no", "lots: maybe", "test.one has no mutant contract.lots: yes → contract.lots: maybe"),
        ("Nobody", "Nobody", "a case notices contract.lots: yes → contract.lots: no: they are not the same"),
    ],
)
def test_an_equivalent_that_is_none_is_a_problem(old: str, new: str, what: str) -> None:
    on = bench(rule(require=LOTS), case(given=LOTS, expect="met"))
    listed, _ = excused(EXCUSE.replace(old, new))
    (problem,) = mutants.unfounded(listed, on)
    assert problem.what == what and str(problem).startswith("test/equivalent.yaml:1:3: ")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("where: x\n", "equivalent mutants are a list"),
        ("- {where: x, from: a, to: b}\n", "the key 'reason' is missing"),
        ("- {where: x, from: a, to: b, reason: ''}\n", "the reason is empty"),
        ("- {where: x, from: a, to: b, reason: c, more: d}\n", "unknown key 'more'"),
        ("- [\n", "not YAML"),
    ],
)
def test_a_badly_written_list_of_equivalents_is_a_problem_with_its_place(text: str, what: str) -> None:
    _, problems = excused(text)
    assert any(what in problem and problem.startswith("test/equivalent.yaml:") for problem in problems)


def test_equivalents_are_no_part_of_a_packs_digest_nor_of_what_it_says() -> None:
    plain = pack(rule(require=LOTS))
    with_list = {**plain, "test/equivalent.yaml": EXCUSE}
    assert packs.digest(plain) == packs.digest(with_list) and packs.archive(plain) == packs.archive(with_list)
    assert packs.check({"words.yaml": WORDS}, {"england.yaml": DAYS}, [with_list], STEPS)[1] == ()


# On the command line ----------------------------------------------------------------------------------------------

HEAD_HERE = HEAD.replace("pack: test", "pack: example")
CASES = """\
cases:
  - {name: Yes, rule: example.one, on: 2025-06-01, given: {strategy_decision.is_key: yes}, expect: met}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pack.yaml").write_text(HEAD_HERE)
    text = rule(require="{strategy_decision.is_key: yes}", binds="[enter-contract]", in_force="{from: 2025-01-01}")
    (tmp_path / "one.yaml").write_text(text)
    (tmp_path / "one.cases.yaml").write_text(CASES)
    return tmp_path


def test_rules_test_mutate_names_what_survives_and_says_so_by_its_exit_code(folder: Path) -> None:
    found = CliRunner().invoke(cli.main, ["rules", "test", str(folder), "--mutate"])
    assert found.exit_code == 1, found.output
    assert "from: 2025-01-01 → from: 2025-01-02 survives (example.one)" in found.output
    assert "3 mutants: 1 noticed, 2 survive" in found.output
    line = CASES.splitlines()[1] + "\n"
    edge = line.replace("2025-06-01", "2025-01-01")
    edge += line.replace("2025-06-01", "2024-12-31").replace("expect: met", "expect: not applicable")
    (folder / "one.cases.yaml").write_text(CASES + edge)
    found = CliRunner().invoke(cli.main, ["rules", "test", str(folder), "--mutate"])
    assert found.exit_code == 0 and "3 mutants: 3 noticed, 0 survive" in found.output


def test_no_mutant_is_tried_while_a_case_fails(folder: Path) -> None:
    (folder / "one.cases.yaml").write_text(CASES.replace("expect: met", "expect: not met"))
    found = CliRunner().invoke(cli.main, ["rules", "test", str(folder), "--mutate"])
    assert found.exit_code == 1 and "no mutant was tried" in found.output


def test_lint_confirms_what_is_called_equivalent(folder: Path) -> None:
    excuse = (
        "- {where: example.one, from: 'from: 2025-01-01', to: 'from: 2025-01-02', reason: Nothing began that day}\n"
    )
    (folder / "equivalent.yaml").write_text(excuse)
    assert ": no problems" in CliRunner().invoke(cli.main, ["rules", "lint", str(folder)]).output
    found = CliRunner().invoke(cli.main, ["rules", "test", str(folder), "--mutate"])
    assert "1 survive, 1 equivalent" in found.output
    (folder / "equivalent.yaml").write_text(excuse.replace("2025-01-02", "2025-01-03"))
    wrong = CliRunner().invoke(cli.main, ["rules", "lint", str(folder)])
    assert wrong.exit_code == 4 and "example.one has no mutant" in wrong.output


def test_rules_test_counts_what_no_case_reached_and_fails_only_when_told_to(folder: Path) -> None:
    plain = CliRunner().invoke(cli.main, ["rules", "test", str(folder)])
    assert plain.exit_code == 0 and "rules 1: 0 on both sides; rows 0 of 0; figures 0 of 0" in plain.output
    listed = CliRunner().invoke(cli.main, ["rules", "test", str(folder), "--uncovered"])
    assert listed.exit_code == 0
    assert f"{folder}/one.yaml:2:3: example.one: no case reached not met" in listed.output
    assert CliRunner().invoke(cli.main, ["rules", "test", str(folder), "--strict"]).exit_code == 1


def test_a_waiver_is_tried_on_its_cases_with_the_rule_that_it_waives() -> None:
    body = rule("compete", require="{quotes.received: at least 3}", effect="waivable")
    body += rule("waiver", require="{quotes.asked: at least 2}", waives="[compete]").replace("    binds: [go]\n", "")
    listed = [
        case(rule="test.waiver", given="{quotes.asked: 2}", expect="met"),
        case(rule="test.waiver", given="{quotes.asked: 1}", expect="not met"),
        case(rule="test.compete", given="{quotes.received: 3}", expect="met"),
        case(rule="test.compete", given="{quotes.received: 2}", expect="not met"),
    ]
    body = body.replace("rules:\n  waiver", "  waiver")
    assert alive(body, *listed) == []
    assert len(alive(body, *listed[2:])) == 3
