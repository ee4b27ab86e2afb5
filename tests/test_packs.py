"""Packs from YAML to law: every fault at once with its place, digests, archives, and nothing but problems ever."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import markup, packs
from engine.conditions import ALWAYS, All, OneOf, Truth
from engine.decide import assess
from engine.errors import PackError
from engine.law import InForce, Law
from engine.model import Facts, Money
from tests.conftest import DAYS, HEAD, STEPS, WORDS, at, day, law_of, pack, problems_of, rule, said, table

CAMDEN = HEAD.replace("pack: test", "pack: camden").replace("layer: statute", "layer: authority")
CAMDEN += "authority: camden\n"
LOTS = "{contract.lots: yes}"
PARAMETER = "{title: T, cite: C, source_facts: [], unit: %s, values: {2025-01-01: %s}}"


def figures(**given: str) -> str:
    """Parameters by name: their unit and figure."""
    lines = (f"  {name}: {PARAMETER % tuple(value.split('='))}\n" for name, value in given.items())
    return "parameters:\n" + "".join(lines)


def case(**keys: str) -> str:
    """A file with one worked case."""
    made = {"name": "A case", "rule": "test.one", "on": "2025-06-01", "given": "{}", "expect": "missing"} | keys
    return "cases:\n  - {" + ", ".join(f"{key}: {value}" for key, value in made.items() if value) + "}\n"


# What is read -----------------------------------------------------------------------------------------------------


def test_a_rule_is_read_whole() -> None:
    body = figures(limit="money excl VAT=100") + rule(
        when=LOTS,
        require="{contract.value: below limit}",
        effect="comply or explain",
        confidence="medium",
        caution="Doubtful",
        in_force="{from: 2025-02-24, to: 2026-12-31}",
        as_at="award.decided",
        rests_on="[quotes.received]",
        remedy="Ask",
    )
    law = law_of(body)
    one = law.rules["test.one"]
    assert (one.title, one.cite, one.binds, one.effect) == ("A rule", "Act s.1", ("go",), "comply or explain")
    assert (one.confidence, one.caution, one.remedy, one.as_at) == ("medium", "Doubtful", "Ask", "award.decided")
    assert one.in_force == InForce(day("2025-02-24"), day("2026-12-31")) and one.when == Truth("contract.lots", True)
    assert one.reads == {"contract.lots", "contract.value", "quotes.received"}
    assert str(one.where) == "test/body.yaml:4:3"


def test_a_table_is_read_whole() -> None:
    law = law_of(
        table(
            "limit",
            "case.limit",
            hit="unique",
            rows="[{when: {contract.lots: yes}, then: £100 incl VAT, cite: s.3}, "
            "{when: {contract.lots: no}, then: refer}]",
            otherwise="50.50",
            refer="Judge",
        )
    )
    limit = law.tables[0]
    assert (limit.hit, limit.decides, limit.otherwise, limit.refer) == (
        "unique",
        "case.limit",
        Money(5050, "unstated"),
        "Judge",
    )
    assert [(row.then, row.cite) for row in limit.rows] == [(Money(10_000, "incl"), "s.3"), (None, "")]


def test_the_gate_of_a_pack_gates_every_rule_and_table_of_it() -> None:
    head = HEAD + "governs: {contract.kind: goods}\nas_at: award.decided\n"
    law = law_of(pack(rule(when=LOTS, require=LOTS) + table(otherwise="out"), head))
    goods = OneOf("contract.kind", ("goods",))
    assert law.rules["test.one"].when == All((goods, Truth("contract.lots", True)))
    assert law.tables[0].governs == goods
    assert law.rules["test.one"].as_at == law.tables[0].as_at == "award.decided"
    ungated = law_of(pack(rule(require=LOTS), head)).rules["test.one"]
    assert ungated.when == goods
    assert law_of(rule(require=LOTS)).rules["test.one"].when == ALWAYS


def test_a_parameter_goes_by_its_short_name_at_home_and_by_its_full_name_anywhere() -> None:
    home = figures(limit="money incl VAT=100") + rule(require="{contract.value: below limit}")
    away = rule(require="{contract.value: below test.limit}")
    law = law_of(home, pack(away, CAMDEN))
    for id in ("test.one", "camden.one"):
        assert law.rules[id].require.bound.parameter == "test.limit"  # type: ignore[union-attr]


def test_for_each_writes_a_rule_once_for_each_word() -> None:
    body = (
        "rules:\n  notice:\n    for_each: {decision: [award, contract]}\n    title: Before the {decision}\n"
        "    cite: s.1\n    source_facts: []\n    binds: [go]\n    when: {contract.lots: yes}\n"
        '    require: {"{decision}.decided": done}\n'
    )
    words = WORDS.replace("contract.entered:", "contract.decided:")
    law = law_of(body, words=words)
    assert list(law.rules) == ["test.notice.award", "test.notice.contract"]
    assert law.rules["test.notice.contract"].title == "Before the contract"
    assert law.rules["test.notice.contract"].reads == {"contract.lots", "contract.decided"}
    assert law.rules["test.notice.award"].digest != law.rules["test.notice.contract"].digest


def test_a_case_is_read_with_typed_facts() -> None:
    body = case(given="{contract.value: £5 incl VAT, award.decided: 2025-05-01}", step="go", earliest="2025-06-02")
    found = law_of(pack(rule(require=LOTS), cases=body)).cases[0]
    assert found.given == {"contract.value": Money(500, "incl"), "award.decided": at("2025-05-01")}
    assert (found.on, found.earliest, found.step) == (day("2025-06-01"), day("2025-06-02"), "go")


# What is wrong ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (rule(require=LOTS, colour="red"), "unknown key 'colour'; known: title, cite, source_facts"),
        (rule(require=LOTS).replace("title: A rule", "titel: A rule"), "unknown key 'titel'; did you mean title?"),
        (rule(require=LOTS).replace("title: A rule", "titel: A rule"), "the key 'title' is missing"),
        (rule(require=LOTS) + "    cite: again\n", "the key 'cite' stands here twice; see line 4"),
        (rule(require=LOTS) + "rulez: {}\n", "unknown key 'rulez'; did you mean rules?"),
        (rule(require=LOTS, title='""'), "title is empty"),
        (rule(require=LOTS, cite="[s.1]"), "cite is empty"),
        (rule(require=LOTS, remedy="{a: b}"), "remedy is empty"),
        (rule(refer='""'), "refer is empty"),
        (rule(refer="[a]"), "refer is empty"),
        (rule(), "a rule has one of require, refer, readings; this has none"),
        (rule(require=LOTS, refer="x"), "a rule has one of require, refer, readings; this has ['require', 'refer']"),
        (
            rule(require="{contract.lotz: yes}"),
            "no fact or milestone is called 'contract.lotz'; did you mean contract.lots?",
        ),
        (rule(require="{a: at least £100,000}"), "is called '000'; put quotes around an amount with a comma in it"),
        (rule(require=LOTS, in_force="{from: 1/4/2026}"), "'1/4/2026' is not a day; write it as 2026-04-01"),
        (rule(require=LOTS, remedy="Wait: the period runs"), "put quotes around a text with `: ` in it"),
        (
            rule(require=LOTS, binds="[goo]"),
            "no workflow has a step 'goo'; did you mean go? `vires workflow show` lists",
        ),
        (
            rule(require="{period: {from: notice.published, to: award.decided, unit: days}, at_least: five}"),
            "'five' is neither a whole number nor a parameter; write it in digits",
        ),
        (
            figures(limit="days=1").replace("{2025-01-01: 1}", "100"),
            "'100' has no first day; write values: {2025-02-24: 100}",
        ),
        (rule(require=LOTS, binds="[]"), "the rule binds no step"),
        (rule(require=LOTS, binds="go"), "expected a list of words; write [a, b]"),
        (rule(require=LOTS, binds="[go, go]"), "the rule binds one step twice"),
        (rule(require=LOTS, confidence="medium"), "a rule of medium confidence shows a caution; add caution:"),
        (rule(require=LOTS, confidence="medium", caution='""'), "caution is empty"),
        (rule(require=LOTS, confidence="contested"), "readings go with confidence: contested"),
        (rule(readings="[{title: a, cite: b, require: {contract.lots: yes}}]"), "at least two readings"),
        (rule(readings="{a: b}", confidence="contested"), "at least two readings"),
        (rule(require=LOTS, confidence="sure"), "'sure' is not one of high, medium, contested, unverified"),
        (rule(require=LOTS, effect="waved"), "'waved' is not one of mandatory, waivable, comply or explain"),
        (rule(require=LOTS, in_force="{from: 2026-01-01, to: 2025-01-01}"), "it ends before it begins; exchange"),
        (rule(require=LOTS, in_force="{from: 2025-02-30}"), "'2025-02-30' is not a day"),
        (rule(require=LOTS, in_force="{from: 2025-01-01 12:00}"), "is not a day; write it as 2025-02-24"),
        (rule(require=LOTS, in_force="2025-01-01"), "expected a mapping"),
        (rule(require=LOTS, in_force="{since: 2025-01-01}"), "unknown key 'since'"),
        (rule(require=LOTS, as_at="contract.value"), "'contract.value' is no milestone"),
        (
            rule(require=LOTS, rests_on="[contract.valu]"),
            "no fact is called 'contract.valu'; did you mean contract.value?",
        ),
        (rule("One Rule", require=LOTS), "'One Rule' is not a name"),
        (rule(require=LOTS, for_each="{d: []}"), "for_each has no words"),
        (rule(require=LOTS, for_each="[a]"), "for_each takes one name and its words"),
        (rule(require=LOTS, for_each="{a: [x], b: [y]}"), "for_each takes one name and its words"),
        (rule(require=LOTS, for_each="{a: [x y]}"), "'one.x y' is not a name"),
        (
            rule(require='{"contract.{d}": yes, contract.lots: no}', for_each="{d: [lots]}"),
            "two keys are one when {d} is replaced",
        ),
        (rule(require=LOTS) + table("one", otherwise="out"), "one stands twice; see"),
        (figures(a="money=5"), "'money' is not one of money incl VAT"),
        (figures(a="days=5.5"), "'5.5' is not a figure; write digits only, refer or none"),
        (figures(a="money incl VAT=£5"), "'£5' is not a figure"),
        (figures(a="days=٥"), "is not a figure"),
        (figures(a="days=5").replace("2025-01-01: 5", "2025-01-01: 5, 2024-01-01: 6"), "the dates do not run forward"),
        (figures(a="days=5").replace("2025-01-01: 5", "2025-13-01: 5"), "'2025-13-01' is not a day"),
        (figures(a="days=5").replace("{2025-01-01: 5}", "{}"), "a parameter has at least one figure"),
        (figures(a="days=5").replace("{2025-01-01: 5}", "5"), "'5' has no first day"),
        (figures(a="days=5").replace("title: T", 'title: ""'), "title is empty"),
        (figures(A="days=5"), "'A' is not a name"),
        (figures(a="days=5") + rule(require="{contract.value: below a}"), "test.a is in days, and"),
        (figures(a="money incl VAT=5") + rule(require="{quotes.received: below a}"), "test.a is in money, and"),
        (
            figures(a="money incl VAT=5")
            + rule(require="{period: {from: award.decided, to: lease.signed, unit: days}, at_least: a}"),
            "test.a is in money, and 'at least test.a days after",
        ),
        (table(otherwise="none of them"), "'none of them' is not one of its choices; "),
        (table(otherwise="refer"), "refer: and a row or otherwise that refers go together"),
        (table(otherwise="out", refer="Judge"), "refer: and a row or otherwise that refers go together"),
        (table(otherwise="out", hit="last"), "'last' is not one of first, unique"),
        (table(otherwise="out", hit="strictest"), "order: goes with hit: strictest on a choice; write order: ["),
        (table(otherwise="out", order="[full]"), "order: goes with hit: strictest on a choice; leave order out"),
        (table(otherwise="out", hit="strictest", order="[full, ful]"), "'ful' is not a choice of case.regime; did you"),
        (table(otherwise="out", hit="strictest", order="[full, full]"), "'full' stands twice in order; name it once"),
        (
            table(otherwise="out", hit="strictest", order="[full]", rows="[{when: {contract.lots: yes}, then: light}]"),
            "test/body.yaml:10:12: 'light' is not in order:; add it to order:",
        ),
        (table(otherwise="out", hit="shortest"), "shortest takes the least whole number, and case.regime is a choice"),
        (table("limit", "case.limit", otherwise="5", hit="shortest"), "and case.limit is a money; write strictest"),
        (
            table(
                "limit",
                "case.limit",
                hit="strictest",
                rows="[{when: {contract.lots: yes}, then: 5 incl VAT}, {when: {contract.lots: no}, then: 5 excl VAT}]",
            ),
            "amounts of different VAT basis have no greatest; write all on one basis",
        ),
        (
            table(rows=f"[{', '.join(['{when: {contract.lots: yes}, then: out}'] * 501)}]"),
            "the table has more than 500 rows; split it",
        ),
        (
            table(rows_from="bands.csv", otherwise="out"),
            "the pack has no file 'bands.csv'; put the CSV file beside pack.yaml",
        ),
        (table(otherwise="out", rows="none"), "rows: needs a list"),
        (table(otherwise="out", rows="[{then: out}]"), "the key 'when' is missing"),
        (table(otherwise="out", rows="[{when: {contract.lots: maybe}, then: out}]"), "'maybe' is not a test"),
        (
            table(otherwise="out", decides="contract.kind"),
            "'contract.kind' is not a derived fact; mark it derived: yes",
        ),
        (table(otherwise="out", decides="case.regim"), "'case.regim' is not a derived fact; did you mean case.regime?"),
        (
            table(rows="[{when: {case.regime: full}, then: out}]", otherwise="out"),
            "case.regime is derived from itself; break the circle",
        ),
        (
            table(rows="[{when: {case.route: open}, then: out}]", otherwise="out")
            + table(
                "route", "case.route", rows="[{when: {case.regime: out}, then: open}]", otherwise="quick"
            ).removeprefix("tables:\n"),
            "case.regime is derived from itself, by way of test/body.yaml:9:3; break the circle",
        ),
        ("rules: [a, b]", "expected names, each with what it is"),
        ("rules: {one: text}", "expected a mapping"),
        ("just words", "expected a mapping"),
        ("# nothing", "test/body.yaml:1:1: the file is empty"),
        ("rules: &x {}", "the anchor &x is not allowed"),
    ],
)
def test_what_is_wrong_with_a_pack_is_told_with_what_to_write(body: str, what: str) -> None:
    assert what in said(problems_of(body))


FIGURE = "parameters:\n  limit: {title: T, cite: C, source_facts: [], unit: money incl VAT, values: {D: 1,000}}\n"
HALF = table(rows="[{when: {contract.lots: yes}, then: nonsense}]", otherwise="full")


@pytest.mark.parametrize(
    ("body", "only"),
    [
        (
            FIGURE.replace("D:", "2025-01-01:"),
            "test/body.yaml:2:93: '000' stands behind a comma; write a figure in digits only, without a comma",
        ),
        (rule(require="{award.decided: after 1/4/2025}"), "'1/4/2025' is not a date; write it as 2025-04-01"),
        (rule(require="{contract.wings: yes}"), "called 'contract.wings'; did you mean contract.kind?"),
        (rule(require="{wings: yes}"), "called 'wings'; `vires vocabulary wings` lists names"),
        (HALF, "'nonsense' is not one of its choices"),
    ],
)
def test_one_slip_is_told_in_one_line(body: str, only: str) -> None:
    (problem,) = problems_of(body)
    assert only in str(problem)


@pytest.mark.parametrize(
    ("given", "only"),
    [
        ("award.decided: 8/4/2026", "'8/4/2026' is not a date; write it as 2026-04-08"),
        ("contract.value: \u201c\u00a3100 incl VAT\u201d", "is not an amount of money; write straight quotes"),
    ],
)
def test_a_slip_in_the_facts_of_a_case_is_told_in_one_line(given: str, only: str) -> None:
    (problem,) = problems_of(pack(rule(require="{contract.lots: yes}"), cases=case(given=f"{{{given}}}")))
    assert only in str(problem)


def test_cases_of_rules_in_a_file_that_is_not_yaml_are_not_told_besides() -> None:
    twice = f"rules: {{}}\n{rule(require='{contract.lots: yes}')}"
    assert said(problems_of(pack(twice, cases=case()))).count("\n") == 0
    broken = rule(require="{contract.lots: yes}").replace("    cite", " cite")
    (problem,) = problems_of(pack(broken, cases=case()))
    assert str(problem).startswith("test/body.yaml:4:") and "indent this line" in str(problem)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("pack: test", "pack: Test Pack", "'Test Pack' is not the name of a pack"),
        ("layer: statute", "layer: law", "'law' is not one of statute, guidance"),
        ("layer: statute", "layer: authority", "a pack of layer authority: authority is not given"),
        ("layer: statute", "layer: statute\nauthority: camden", "a pack of layer statute: authority is camden"),
        ("checked: 2025-01-01", "checked: yesterday", "'yesterday' is not a day"),
        ("checked: 2025-01-01\n", "", "the key 'checked' is missing"),
        ("title: A pack to test with", "title: [a]", "title is empty"),
        ("layer: statute", "layer: statute\ngoverns: {contract.kind: gods}", "did you mean goods?"),
        ("layer: statute", "layer: statute\nas_at: award.decidet", "'award.decidet' is no milestone; did you mean"),
        ("layer: statute", "layer: statute\nrules: {}", "unknown key 'rules'"),
    ],
)
def test_what_is_wrong_with_the_head_is_told(old: str, new: str, what: str) -> None:
    assert what in said(problems_of(pack(rule(require=LOTS), HEAD.replace(old, new))))


def test_a_folder_without_a_head_is_told() -> None:
    assert "test/body.yaml:1:1: the folder has no pack.yaml" in said(
        problems_of({"test/body.yaml": rule(require=LOTS)})
    )
    assert "the folder has no pack.yaml" in said(problems_of({}))


def test_a_file_whose_name_only_ends_like_the_head_is_not_the_head() -> None:
    files = {"test/pack.yaml": HEAD, "test/evidence-pack.yaml": rule(require=LOTS)}
    assert set(law_of(files).rules) == {"test.one"}


def test_two_packs_of_one_name_are_told() -> None:
    again = {"other/pack.yaml": HEAD, "other/body.yaml": rule("two", require=LOTS)}
    assert "other/pack.yaml:1:1: the pack test stands twice; see test/pack.yaml:1:1" in said(
        problems_of(pack(""), again)
    )


def test_two_calendars_of_one_name_are_told() -> None:
    found = packs.check({"w.yaml": WORDS}, {"a.yaml": DAYS, "b.yaml": DAYS}, [], STEPS)[1]
    assert [str(each) for each in found] == ["b.yaml:1:1: the calendar england stands twice"]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("2025-04-18", "2025-02-30", "calendar england: '2025-02-30' is not a date"),
        ("2025-04-18", "2027-04-18", "is outside 2025-01-01 to 2026-12-31"),
        ("title: England\n", "", "the key 'title' is missing"),
        ("title: England\n", "title: England\nunion: [wales]\n", "no calendar is called 'wales'"),
        ("days:", "dayz:", "unknown key 'dayz'; did you mean days?"),
    ],
)
def test_what_is_wrong_with_a_calendar_is_told(old: str, new: str, what: str) -> None:
    assert what in said(problems_of("", days=DAYS.replace(old, new)))


def test_one_authoritys_figure_is_not_to_be_had_by_another_nor_by_all() -> None:
    local = pack(figures(limit="money incl VAT=100"), CAMDEN)
    common = rule(require="{contract.value: below camden.limit}")
    assert "no parameter is called 'camden.limit'" in said(problems_of(common, local))
    sutton = CAMDEN.replace("camden", "sutton")
    assert "no parameter is called 'camden.limit'" in said(problems_of(local, pack(common, sutton)))
    department = CAMDEN.replace("pack: camden", "pack: camden-adults").replace("layer: authority", "layer: department")
    assert problems_of(local, pack(common, department)) == ()


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"rule": "test.two"}, "no rule or table is called 'test.two'; did you mean test.one?"),
        ({"expect": "refused"}, "'refused' is not an answer; write met, not applicable, not met, missing or refer"),
        ({"given": "{contract.value: £100,000}"}, "put quotes around an amount with a comma in it"),
        ({"expect": ""}, "the key 'expect' is missing"),
        ({"table": "test.regime"}, "a case is of one rule: or one table:"),
        ({"rule": ""}, "a case is of one rule: or one table:"),
        ({"on": "2025-02-30"}, "'2025-02-30' is not a day"),
        ({"given": "{contract.lotz: yes}"}, "no fact or milestone is called 'contract.lotz'; did you mean"),
        ({"given": "{contract.lots: 1}"}, "'1' is neither yes nor no"),
        ({"given": "[a]"}, "expected names"),
        ({"step": "stop"}, "test.one does not bind the step 'stop'"),
        ({"expct": "met"}, "unknown key 'expct'; did you mean expect?"),
    ],
)
def test_what_is_wrong_with_a_case_is_told(keys: dict[str, str], what: str) -> None:
    assert what in said(problems_of(pack(rule(require=LOTS), cases=case(**keys))))


@pytest.mark.parametrize("text", ["cases: 5", "cases: [text]", "rules: {}", "words", "[]"])
def test_a_file_of_cases_that_is_none_is_told(text: str) -> None:
    assert problems_of(pack(rule(require=LOTS), cases=text))


def test_every_problem_is_told_at_once_and_in_the_order_of_the_files() -> None:
    body = rule(require="{contract.lotz: yes}", binds="[nowhere]", effect="none", colour="red")
    found = problems_of(pack(body, HEAD.replace("checked: 2025-01-01", "checked: soon"), case(rule="test.onee")))
    assert [str(each.where) for each in found] == [
        "test/body.cases.yaml:2:5",
        "test/body.yaml:6:12",
        "test/body.yaml:7:15",
        "test/body.yaml:8:13",
        "test/body.yaml:9:5",
        "test/pack.yaml:6:10",
    ]
    assert len(set(found)) == len(found) and list(found) == sorted(found)


def test_a_broken_pack_cannot_be_built_and_the_error_holds_every_problem() -> None:
    with pytest.raises(PackError) as caught:
        law_of(rule(require="{contract.lotz: yes}", colour="red"))
    assert caught.value.message == "2 problems in the packs" and len(caught.value.problems) == 2
    assert caught.value.hint == str(caught.value.problems[0])


# Digests and archives ---------------------------------------------------------------------------------------------


def test_the_digest_is_the_one_the_format_describes() -> None:
    files = pack("rules: {}\n")
    listed = [[name, hashlib.sha256(files[f"test/{name}"].encode()).hexdigest()] for name in ("body.yaml", "pack.yaml")]
    expected = hashlib.sha256(json.dumps(listed, separators=(",", ":")).encode()).hexdigest()
    assert packs.digest(files) == expected
    assert law_of(files).packs["test"].digest == expected


def test_the_digest_ignores_cases_the_folders_name_and_the_order_of_the_files() -> None:
    files = pack(rule(require=LOTS))
    moved = {path.replace("test/", "/else/where/"): text for path, text in reversed(files.items())}
    assert packs.digest(files) == packs.digest(moved) == packs.digest(files | {"test/x.cases.yaml": case()})


@pytest.mark.parametrize("path", ["test/pack.yaml", "test/body.yaml"])
def test_the_digest_changes_with_every_byte_of_every_other_file(path: str) -> None:
    files = pack(rule(require=LOTS))
    assert packs.digest(files | {path: files[path] + "\n"}) != packs.digest(files)
    assert packs.digest({**files, "test/new.yaml": ""}) != packs.digest(files)


def test_an_archive_is_unpacked_to_the_same_digest_and_the_same_law() -> None:
    files = pack(rule(require=LOTS), cases=case())
    again = packs.unpack(packs.archive(files), packs.digest(files))
    assert set(again) == {"pack.yaml", "body.yaml"}
    assert packs.digest(again) == packs.digest(files)
    assert law_of(dict(again)).rules["test.one"].require == law_of(files).rules["test.one"].require


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'"x"', b'{"a":1}', b'{ "a":"b"}', b"\xff", b'{"pack.yaml":"x"}'])
def test_an_archive_that_is_not_what_its_digest_says_is_refused(data: bytes) -> None:
    with pytest.raises(PackError):
        packs.unpack(data, packs.digest(pack(rule(require=LOTS))))


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=4))
def test_any_files_come_back_from_their_archive(files: dict[str, str]) -> None:
    kept = packs.kept(files)
    assert packs.unpack(packs.archive(files), packs.digest(files)) == dict(kept)


def test_the_digest_of_a_rule_changes_with_the_rule_and_its_gate_and_with_nothing_else() -> None:
    def digest(body: str, head: str = HEAD) -> str:
        return law_of(pack(body, head)).rules["test.one"].digest

    plain = digest(rule(require=LOTS))
    assert digest("# a remark\n" + rule(require=LOTS) + table(otherwise="out")) == plain
    assert digest(rule(require="{contract.lots: no}")) != plain
    assert digest(rule(require=LOTS, when="{contract.kind: goods}")) != plain
    assert digest(rule(require=LOTS), HEAD + "governs: {contract.kind: goods}\n") != plain


# Whatever stands in the files ---------------------------------------------------------------------------------------

WHOLE = (
    figures(limit="money incl VAT=100", wait="days=5")
    + table(rows="[{when: {contract.value: below limit}, then: light}]", otherwise="refer", refer="Judge")
    + rule(
        when="{any: [{contract.kind: [goods, works]}, {none: [{award.decided: done}]}]}",
        require="{period: {from: award.decided, to: contract.entered, unit: working days, calendar: england}, "
        "at_least: wait}",
        in_force="{from: 2025-01-01}",
        for_each="{d: [a, b]}",
    )
)
JUNK: list[Any] = [
    "",
    "x",
    "yes",
    "2025-01-01",
    "refer",
    "{d}",
    "goods",
    [],
    {},
    ["a"],
    {"a": "b"},
    [[]],
    {"period": {}},
]
JUNK += [{"": ""}, {"title": "t"}, {"any": []}, "at least limit", "not [", "1 to 2", "done", {"period": {"from": []}}]


def mangled(value: Any, r: random.Random) -> Any:
    """The value with something in it taken out, put in or exchanged."""
    if r.random() < 0.12 or not isinstance(value, dict | list) or not value:
        return r.choice(JUNK)
    if isinstance(value, list):
        at = r.randrange(len(value))
        return [mangled(each, r) if place == at else each for place, each in enumerate(value)]
    key = r.choice(list(value))
    if r.random() < 0.2:
        return {other: each for other, each in value.items() if other != key}
    if r.random() < 0.2:
        return {**value, r.choice(["x", "when", "refer", "readings", "rows", "cases", ""]): r.choice(JUNK)}
    return {**value, key: mangled(value[key], r)}


@settings(max_examples=400)
@given(st.integers(0, 2**32), st.sampled_from(["words", "days", "head", "body", "cases"]))
def test_mangled_files_have_problems_or_are_law_and_nothing_else_happens(seed: int, where: str) -> None:
    r = random.Random(seed)
    files = {"words": WORDS, "days": DAYS, "head": HEAD, "body": WHOLE, "cases": case(rule="test.one.a")}
    tree = markup.plain(markup.read("x", files[where])[0])  # type: ignore[arg-type]
    for _ in range(r.randint(1, 3)):
        tree = mangled(tree, r)
    files[where] = json.dumps(tree)
    law, problems = packs.check(
        {"w.yaml": files["words"]},
        {"england.yaml": files["days"]},
        [pack(files["body"], files["head"], files["cases"])],
    )
    assert isinstance(law, Law) and list(problems) == sorted(set(problems))
    if not problems:
        assert not assess(law, Facts({}), "go", at("2025-06-01"), None).fault


@settings(max_examples=100)
@given(st.text(alphabet="[]{}:,-?&*!|>'\"%@ \n\tab#~=<rulestabc", max_size=60))
def test_any_text_as_a_pack_has_problems_or_is_law(text: str) -> None:
    packs.check({"w.yaml": text}, {"c.yaml": text}, [{"pack.yaml": text, "b.yaml": text, "b.cases.yaml": text}])


def test_what_yaml_would_make_a_number_or_a_date_is_what_the_key_says() -> None:
    assert yaml.safe_load("a: 2025-01-01") != {"a": "2025-01-01"}
    assert law_of(rule(require=LOTS, title="1e6", cite="2025-01-01")).rules["test.one"].title == "1e6"


def test_a_figure_and_a_rule_of_one_name_are_refused() -> None:
    figure = "parameters:\n  one: {title: T, cite: C, source_facts: [], unit: days, values: {2025-01-01: 1}}\n"
    assert "test.one is a figure, and also a rule" in said(problems_of(figure + rule(require=LOTS)))
