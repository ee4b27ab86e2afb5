"""The two evaluators agree: on random laws and random facts, on wide and deep ones, in any order, every time."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from engine import inference
from engine.conditions import All, AnyOf, Condition, Not, OneOf, Truth
from engine.decide import assess
from engine.law import Law
from engine.model import Facts, Moment, Money, Value
from tests.conftest import HEAD, WORDS, at, day, law_of, pack, recorded, rule, table

ROOT = Path(__file__).parents[1]
KINDS = ["goods", "services", "true", "1", "0", 'a "quoted" kind', "back\\slash", "naïve £ 漢", "null", "s1"]
ODD_WORDS = WORDS.replace("[goods, services, light touch, works]", json.dumps(KINDS, ensure_ascii=False))
BASE = ("contract.lots", "contract.kind", "contract.value", "quotes.received")
LATER = ("contract.before", "quotes.asked", "posts.agreed")
POSTS = ("cabinet", "director", "lawyer")
DATED = ("notice.published", "tender.opened", "award.decided", "contract.entered", "lease.signed", "door.closed")
HOURLY = ("notice.published", "tender.opened", "contract.entered", "door.closed")
MILESTONES = (*DATED[:4], "procurement.commenced", "market.approached")
ORDERS = ("before", "after", "on or before", "on or after", "not before", "not after")
VAT = ("", " incl VAT", " excl VAT")
FIRST, LAST = day("2024-11-15"), day("2027-02-15")  # on both sides of what the calendar knows
REPEATS = 50, 40  # laws, and fact sets for each: 2,000 examples


# A random law, as the YAML that says it ---------------------------------------------------------------------------


def condition(r: random.Random, names: tuple[str, ...], depth: int) -> dict[str, Any]:
    """A condition, nested at most so deep."""
    if depth and r.random() < 0.45:
        word = r.choice(["all", "any", "none"])
        return {word: [condition(r, names, depth - 1) for _ in range(r.randint(1, 3))]}
    if r.random() < 0.2:
        return period(r)
    found: dict[str, Any] = {}
    for _ in range(r.randint(1, 2)):
        name = r.choice(names)
        found[name] = asked_of(r, name)
    return found


def asked_of(r: random.Random, name: str) -> Any:
    """A test of one fact."""
    if name in BASE and r.random() < 0.1:
        return r.choice(["recorded", "not recorded"])
    if name == "contract.lots":
        return r.choice(["yes", "no"])
    if name in ("contract.kind", "case.regime", "case.route"):
        choices = {"contract.kind": KINDS, "case.regime": ["full", "light", "out"], "case.route": ["open", "quick"]}[
            name
        ]
        some = r.sample(choices, r.randint(1, len(choices)))
        plain = [word for word in some if "," not in word]
        return r.choice([some, some[0], f"not {some[0]}", f"not [{', '.join(plain)}]"])
    if name in ("contract.value", "case.limit"):
        return r.choice([amount, between])(r, ["limit.incl", "limit.excl", "limit.open"], money)
    if name in ("posts.agreed", "posts.needed"):
        said = r.choice(
            [
                "cabinet",
                "any of [cabinet, lawyer]",
                "all of [director, lawyer]",
                "any of posts.needed",
                "all of posts.needed",
            ]
        )
        return f"{r.choice(['', 'not '])}includes {said}" if name == "posts.agreed" else "includes any of posts.agreed"
    if name == "quotes.received":
        return r.choice([amount, between])(r, ["quotes.least"], quotes)
    return order(r, name)


def amount(r: random.Random, parameters: list[str], figure: Any) -> str:
    if r.random() < 0.2:
        share = r.choice(["", "50 per cent of ", "120 per cent of "])
        bound = share + r.choice([*parameters, "contract.before" if figure is money else "quotes.asked"])
    else:
        bound = r.choice(parameters) if r.random() < 0.3 else figure(r, 0)
    return f"{r.choice(['at least', 'more than', 'at most', 'below'])} {bound}"


def between(r: random.Random, parameters: list[str], figure: Any) -> str:
    lower, upper = figure(r, 0), r.choice([*parameters, figure(r, 3)])
    return f"{lower} to {r.choice(['', 'under '])}{upper}"


def money(r: random.Random, least: int) -> str:
    """An amount in words; `least` chooses among the greater or among the smaller ones."""
    pounds = [0, 1, 99, 100, 119, 120, 121, 10**12]
    return f"{r.choice(pounds[4:] if least else pounds[:4])}{r.choice(['', '.01', '.20', '.99'])}{r.choice(VAT)}"


def quotes(r: random.Random, least: int) -> str:
    return str(r.randint(least, least + 3))


def order(r: random.Random, name: str) -> str:
    if name in MILESTONES and r.random() < 0.25:
        return r.choice(["done", "not done"])
    other = r.choice([*DATED, "procurement.commenced", moment(r).iso])
    word = r.choice(ORDERS)
    done = "done " if name in MILESTONES and r.random() < 0.4 and not word.startswith("not") else ""
    return f"{done}{word} {other}"


def period(r: random.Random) -> dict[str, Any]:
    unit = r.choice(["days", "working days", "weeks", "months", "years", "clear days", "clear working days"])
    inner: dict[str, Any] = {"from": r.choice(DATED), "to": r.choice([*DATED, "procurement.commenced"]), "unit": unit}
    if not unit.startswith("clear") and r.random() < 0.5:
        inner |= {"first_day": r.choice(["counts", "excluded"]), "last_day": r.choice(["counts", "excluded"])}
    if r.random() < 0.3:
        inner["done"] = "yes"
    rolls = r.random() < 0.2
    if rolls:
        inner |= r.choice([{"roll": "forward"}, {"holds_working": str(r.randint(1, 4))}])
    if "working" in unit or rolls:
        inner["calendar"] = "england"
    if r.random() < 0.2:
        inner["cut_off"] = r.choice(["10:00", "00:00"])
    if r.random() < 0.2:
        inner["starts"] = r.choice(["day after", "same day"])
    if r.random() < 0.15:
        inner = {"from": r.choice(HOURLY), "to": r.choice([*HOURLY, "procurement.commenced"]), "unit": "hours"}
        inner |= r.choice([{}, {"done": "yes"}, {"roll": "forward", "calendar": "england"}])
    bound = r.choice(["at_least", "more_than", "at_most", "less_than"])
    return {
        "period": inner,
        bound: r.choice([str(r.randint(0, 12)), str(r.randint(0, 3)), "24", "48", "days.least", "quotes.asked"]),
    }


def moment(r: random.Random) -> Moment:
    days = [FIRST, LAST, day("2025-04-17"), day("2025-04-22"), day("2025-06-01"), day("2025-06-02"), day("2026-12-31")]
    when = r.choice(days) + r.randint(-2, 2) if r.random() < 0.6 else r.randint(FIRST, LAST)
    return Moment(when, r.choice([None, 0, 600, 601, 1439]))


def parameter(r: random.Random, unit: str, figures: list[int]) -> dict[str, Any]:
    values = {"2024-06-01": r.choice(figures), "2025-06-01": r.choice([*figures, "refer", "none"])}
    if r.random() < 0.3:
        del values["2024-06-01"]
    confidence = r.choice(["high", "high", "high", "medium", "unverified"])
    made = {"title": "p", "cite": "c", "source_facts": [], "unit": unit, "values": values, "confidence": confidence}
    return made | ({"as_at": r.choice(MILESTONES)} if r.random() < 0.5 else {})


def parameters(r: random.Random) -> dict[str, Any]:
    pounds = [0, 100, 120, 121]
    return {
        "limit.incl": parameter(r, "money incl VAT", pounds),
        "limit.excl": parameter(r, "money excl VAT", pounds),
        "limit.open": parameter(r, "money VAT unstated", pounds),
        "quotes.least": parameter(r, "count", [0, 2, 3]),
        "days.least": parameter(r, "days", [0, 1, 5, 10]),
    }


def common(r: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {"title": "t", "cite": "c", "source_facts": []}
    if r.random() < 0.3:
        made["in_force"] = r.choice([{"from": "2025-06-01"}, {"to": "2025-06-01"}, {"from": "2025-01-01"}])
    if r.random() < 0.3:
        made["as_at"] = r.choice(MILESTONES)
    return made


def random_table(r: random.Random, fact: str, names: tuple[str, ...], values: list[str]) -> dict[str, Any]:
    thens = [*values, "refer"]
    rows = [{"when": condition(r, names, 2), "then": r.choice(thens)} for _ in range(r.randint(0, 4))]
    made = common(r) | {"decides": fact, "hit": r.choice(["first", "unique"]), "rows": rows}
    made["otherwise"] = r.choice(thens)
    apart = random.Random(str(made))
    made |= other_policy(apart, fact, rows, values)
    if apart.random() < 0.15:
        del made["otherwise"]
    return made | ({"refer": "judge"} if "refer" in [made.get("otherwise"), *(row["then"] for row in rows)] else {})


def other_policy(r: random.Random, fact: str, rows: list[dict[str, Any]], values: list[str]) -> dict[str, Any]:
    """For some tables another hit policy; from its own numbers, so that a seed still means the laws it always did."""
    if r.random() < 0.5 or fact == "posts.needed":
        return {}
    if fact == "case.limit":
        for row in rows:
            row["then"] = r.choice(["100 incl VAT", "120 incl VAT", "refer"])
    if fact == "case.days":
        return {"hit": r.choice(["strictest", "shortest"])}
    return {"hit": "strictest"} | ({} if fact == "case.limit" else {"order": r.sample(values, len(values))})


def days_table(names: tuple[str, ...], r: random.Random) -> dict[str, Any]:
    """A table of whole numbers, and a rule that asks about them."""
    made = {"days": random_table(r, "case.days", names, ["10", "20", "30"])}
    asked = {"require": {"case.days": f"at most {r.choice([10, 20, 30])}"}}
    return {"tables": made, "rules": {"days.asked": common(r) | {"binds": ["go"]} | asked}}


def random_rule(r: random.Random, names: tuple[str, ...]) -> dict[str, Any]:
    made = common(r) | {"binds": ["go"], "effect": r.choice(["mandatory", "comply or explain"])}
    if r.random() < 0.7:
        made["when"] = condition(r, names, 2)
    way = r.choice(["require", "require", "require", "refer", "readings", "unverified", "medium"])
    if way == "refer":
        return made | {"refer": "judge"}
    if way == "readings":
        each = [{"title": "t", "cite": "c", "require": condition(r, names, 2)} for _ in range(2)]
        return made | {"confidence": "contested", "readings": each}
    sure = {"unverified": {"confidence": "unverified"}, "medium": {"confidence": "medium", "caution": "careful"}}
    return made | {"require": condition(r, names, 3)} | sure.get(way, {})


def body(r: random.Random, rules: int) -> str:
    """A pack's tables and rules: regime from plain facts, limit from those, route from both, rules from all."""
    names = (*BASE, *DATED, "procurement.commenced", "market.approached", "posts.agreed")
    names = tuple(name for name in names if name != "posts.agreed" or r.random() < 0.5)
    tables = {
        "posts": random_table(r, "posts.needed", (*BASE, *DATED), ["cabinet", "[cabinet, director]", "none"]),
        "regime": random_table(r, "case.regime", names, ["full", "light", "out"]),
        "limit": random_table(r, "case.limit", names, ["100", "120 incl VAT", "120 excl VAT", "100 no VAT"]),
        "route": random_table(r, "case.route", (*names, "case.regime", "case.limit"), ["open", "quick"]),
    }
    kept = {name: each for name, each in tables.items() if r.random() < 0.8}
    every = (*names, "case.regime", "case.limit", "case.route")
    made = {f"r{number}": random_rule(r, every) for number in range(rules)}
    figures = parameters(r)
    days = days_table(names, random.Random(str(kept)))
    kept, made = {**kept, **days["tables"]}, {**made, **days["rules"]}
    return json.dumps({"parameters": figures, "tables": kept, "rules": made}, ensure_ascii=False)


def head(r: random.Random, layer: str, id: str) -> str:
    text = HEAD.replace("pack: test", f"pack: {id}").replace("layer: statute", f"layer: {layer}")
    if layer == "authority":
        text += "authority: camden\n"
    if r.random() < 0.4:
        gate = json.dumps(condition(r, ("contract.lots", "contract.kind", *DATED), 1), ensure_ascii=False)
        text += "governs: " + gate.replace('"days.least"', '"5"') + "\n"  # a gate names no parameter
    return text + (f"as_at: {r.choice(MILESTONES)}\n" if r.random() < 0.5 else "")


def random_law(r: random.Random, words: str = ODD_WORDS) -> Law:
    """One to three packs of different layers, with tables that decide the same facts."""
    layers = r.sample(["statute", "guidance", "authority", "statute"], r.randint(1, 3))
    packs = [pack(body(r, r.randint(1, 3)), head(r, layer, f"p{n}")) for n, layer in enumerate(layers)]
    return law_of(*packs, words=words)


def random_facts(r: random.Random) -> Facts:
    values: dict[str, Value] = {}
    pence = [0, 1, 9_999, 10_000, 12_000, 12_001, 14_400, 8_333, 8_334, 10**14]
    for name in (*BASE, *DATED, *LATER):
        if r.random() < 0.2:
            continue
        if name in DATED:
            found = moment(r)
            values[name] = Moment(found.day) if name in ("award.decided", "lease.signed") else found
        elif name == "posts.agreed":
            values[name] = tuple(sorted(r.sample(POSTS, r.randint(0, 3))))
        elif name in ("contract.value", "contract.before"):
            values[name] = Money(r.choice(pence), r.choice(["incl", "excl", "none", "unstated"]))
        elif name == "contract.kind":
            values[name] = r.choice(KINDS)
        else:
            values[name] = r.randint(0, 6) if name.startswith("quotes.") else r.random() < 0.5
    if r.random() < 0.1:
        values["case.regime"] = r.choice(["full", "light", "out"])
    return Facts(values)


def agree(law: Law, r: random.Random, repeats: int) -> None:
    """Judge the law on so many random fact sets: no fault, and the same again with the facts in another order."""
    for _ in range(repeats):
        facts, when, milestone = random_facts(r), moment(r), r.choice([None, "contract.entered", "award.decided"])
        first = assess(law, facts, "go", when, milestone)
        assert not first.fault, first.fault
        names = list(facts.values)
        r.shuffle(names)
        again = assess(law, Facts({name: facts.values[name] for name in names}), "go", when, milestone)
        assert again.findings == first.findings


def soak(seed: int, laws: int, repeats: int) -> None:
    """What one soak worker does: it ends before the rulesets it leaves behind grow large."""
    r = random.Random(seed)
    for _ in range(laws):
        state = r.getstate()
        try:
            agree(random_law(r), r, repeats)
        except AssertionError as error:
            r.setstate(state)
            raise AssertionError(f"seed {seed}: {error}\n{random_law(r).rules}") from error


@settings(max_examples=REPEATS[0], phases=[Phase.explicit, Phase.generate])
@given(st.integers(0, 2**32))
@example(1004)  # at least 0 days
@example(5)  # the end of a period beyond the calendar, its limit inside
@example(0)  # a table whose scope nobody knows, before another that decides the same fact
def test_two_thousand_random_cases_of_fifty_random_laws_are_judged_alike_by_both(seed: int) -> None:
    soak(seed, 1, REPEATS[1])


def worker(seed: int) -> subprocess.CompletedProcess[str]:
    code = f"from tests.test_inference import soak; soak({seed}, 100, 50)"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("VIRES_SOAK"), reason="set VIRES_SOAK=1")
def test_two_hundred_thousand_random_cases_are_judged_alike_by_both() -> None:
    first = random.randrange(10**9)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in pool.map(worker, range(first, first + 40)):
            assert done.returncode == 0, (done.returncode, done.stderr[-3000:])


# Bounds -----------------------------------------------------------------------------------------------------------


def alphas(form: Any) -> int:
    """How many alternatives durable_rules makes of a form: every $or is multiplied out."""
    total = 1
    for key, inner in form.items():
        if key == "$and":
            for item in inner:
                total *= alphas(item)
        elif key == "$or":
            total *= sum(alphas(item) for item in inner)
    return total


def within_bounds(law: Law) -> None:
    program = inference.compiled(law.tables, law.rules.values())
    for part in chain.from_iterable(program):
        made = {id: each for id, each in part.ruleset.get_definition().items() if isinstance(each, dict)}
        assert sum(alphas(each["all"][0]["m"]) for each in made.values()) <= inference.FORMS + 1
        assert len(part.reads) + len(part.gates) < 250


def wide(rules: int, tests: int) -> Law:
    """Rules of many alternatives each, every test with a figure of its own."""
    made = {}
    for number in range(rules):
        each = [{"quotes.received": f"at least {1000 + number * tests + at}"} for at in range(tests)]
        made[f"r{number}"] = json.loads(rule_json()) | {"require": {"any": each}}
    return law_of(json.dumps({"rules": made}))


def rule_json() -> str:
    return json.dumps({"title": "t", "cite": "c", "source_facts": [], "binds": ["go"]})


def rows(count: int, hit: str) -> Law:
    """A table of bands, each row with two tests."""
    listed = [
        {"when": {"quotes.received": f"{at * 10} to under {at * 10 + 10}", "contract.lots": "yes"}, "then": word}
        for at in range(count)
        for word in [["light", "full"][at % 2]]
    ]
    made = json.loads(rule_json()) | {"decides": "case.regime", "hit": hit, "rows": listed, "otherwise": "out"}
    made |= {"order": ["full", "light"]} if hit == "strictest" else {}
    del made["binds"]
    requires = json.loads(rule_json()) | {"require": {"case.regime": "full"}}
    return law_of(json.dumps({"tables": {"regime": made}, "rules": {"one": requires}}))


@pytest.mark.parametrize(("rules", "tests"), [(16, 10), (2, 300), (200, 2), (60, 12)])
def test_many_rules_with_many_alternatives_stay_within_bounds_and_right(rules: int, tests: int) -> None:
    law = wide(rules, tests)
    within_bounds(law)
    for received, expected in ((5, 0), (1000, 1), (1000 + rules * tests, rules)):
        result = assess(law, Facts({"quotes.received": received}), "go", at("2025-06-01"), None)
        assert not result.fault
        assert sum(finding.answer == "met" for finding in result.findings) == expected
    assert {f.answer for f in assess(law, Facts({}), "go", at("2025-06-01"), None).findings} == {"missing"}


@pytest.mark.parametrize("hit", ["first", "unique", "strictest"])
@pytest.mark.parametrize("count", [1, 9, 60, 200])
def test_a_table_of_many_rows_stays_within_bounds_and_right(count: int, hit: str) -> None:
    law = rows(count, hit)
    within_bounds(law)
    for received, expected in ((5, "not met"), (15, "met" if count > 1 else "not met"), (count * 10, "not met")):
        facts = Facts({"quotes.received": received, "contract.lots": True})
        result = assess(law, facts, "go", at("2025-06-01"), None)
        assert (result.fault, result.findings[0].answer) == ("", expected)
    assert assess(law, Facts({"contract.lots": True}), "go", at("2025-06-01"), None).findings[0].answer == "missing"


@pytest.mark.parametrize("depth", [1, 5, 12])
def test_a_deeply_nested_condition_is_judged_alike_by_both(depth: int) -> None:
    asked: dict[str, Any] = {"contract.lots": "yes"}
    for level in range(depth):
        asked = {["all", "any", "none"][level % 3]: [asked, {"quotes.received": f"at least {level + 1}"}]}
    law = law_of(rule(require=json.dumps(asked)))
    within_bounds(law)
    for received in range(depth + 2):
        for lots in (True, False):
            facts = Facts({"quotes.received": received, "contract.lots": lots})
            assert not assess(law, facts, "go", at("2025-06-01"), None).fault


def test_no_ruleset_of_a_random_law_has_more_than_48_forms() -> None:
    for seed in range(10):
        within_bounds(random_law(random.Random(seed)))


# Purity -----------------------------------------------------------------------------------------------------------


def fired(law: Law, **given: str) -> frozenset[str]:
    result = assess(law, recorded(law, **given), "go", at("2025-06-01T10:00"), None)
    return inference.run(inference.compiled(law.tables, law.rules.values()), result.context)


def test_the_same_facts_fire_the_same_forms_also_after_another_ruleset_ran() -> None:
    law = law_of(
        rule(when="{contract.lots: yes}", require="{any: [{quotes.received: at least 3}, {contract.kind: goods}]}")
    )
    other = law_of(rule("two", require="{contract.lots: no}"))
    given = {"contract__lots": "yes", "quotes__received": "3", "contract__kind": "goods"}
    first = fired(law, **given)
    assert first == {"test.one:0:met"}
    assert fired(other, **given) == {"test.two:0:not met"}
    assert fired(law, **given) == first
    assert fired(law, **dict(reversed(given.items()))) == first


def test_what_fired_on_one_set_of_facts_does_not_linger_for_the_next() -> None:
    law = law_of(rule(require="{contract.lots: yes}"))
    assert fired(law, contract__lots="yes") == {"test.one:0:met"}
    assert fired(law) == frozenset()
    assert fired(law, contract__lots="no") == {"test.one:0:not met"}


def test_two_laws_whose_rule_has_one_name_are_not_mistaken_for_each_other() -> None:
    least, most = (
        law_of(rule(require="{quotes.received: at least 3}")),
        law_of(rule(require="{quotes.received: at most 3}")),
    )
    assert fired(least, quotes__received="4") == {"test.one:0:met"}
    assert fired(most, quotes__received="4") == {"test.one:0:not met"}


def test_a_rule_that_always_applies_and_never_can_be_met_fires_once() -> None:
    law = law_of(rule(refer="Judge it"))
    assert fired(law) == {"test.one:refer"}


@pytest.mark.parametrize("word", KINDS)
def test_a_choice_is_only_ever_equal_to_itself(word: str) -> None:
    for other in KINDS:
        law = law_of(rule(require=json.dumps({"contract.kind": [word]}, ensure_ascii=False)), words=ODD_WORDS)
        result = assess(law, Facts({"contract.kind": other}), "go", at("2025-06-01"), None)
        assert (result.fault, result.findings[0].answer) == ("", "met" if word == other else "not met")


@pytest.mark.parametrize("pounds", ["0", "0.01", "1000000000000", "999999999999.99"])
def test_far_amounts_of_every_basis_are_judged_alike_by_both(pounds: str) -> None:
    for basis in ("", " incl VAT", " excl VAT"):
        law = law_of(rule(require=f"{{contract.value: at least {pounds}{basis}}}"))
        for given_basis in ("", " incl VAT", " excl VAT", " no VAT"):
            for given_pounds in ("0", "0.01", "1000000000000"):
                facts = recorded(law, contract__value=given_pounds + given_basis)
                assert not assess(law, facts, "go", at("2025-06-01"), None).fault


# The pieces -------------------------------------------------------------------------------------------------------


def truth(condition: Condition, known: dict[str, bool]) -> bool:
    match condition:
        case All(items):
            return all(truth(item, known) for item in items)
        case AnyOf(items):
            return any(truth(item, known) for item in items)
        case Not(item):
            return not truth(item, known)
        case Truth(fact, value):
            return known[fact] is value
    raise AssertionError(condition)


def trees() -> st.SearchStrategy[Condition]:
    leaves = st.builds(Truth, st.sampled_from("abcdef"), st.booleans())
    lists = lambda inner: st.lists(inner, max_size=12).map(tuple)  # noqa: E731
    return st.recursive(
        leaves, lambda inner: st.builds(All, lists(inner)) | st.builds(AnyOf, lists(inner)) | st.builds(Not, inner)
    )


@given(trees(), st.fixed_dictionaries({name: st.booleans() for name in "abcdef"}))
def test_cutting_a_condition_at_gates_keeps_its_meaning(condition: Condition, known: dict[str, bool]) -> None:
    gates = inference._Gates()
    gates.add("whole", condition)
    forms = sorted(gates.forms, key=lambda form: form.level)
    decided = dict(known)
    for form in forms:
        assert gates.multiplied(form.when)[0] <= inference.BRANCHES
        if form.id.startswith("+"):
            decided[form.id[1:]] = truth(form.when, decided)
    assert truth(forms[-1].when, decided) is truth(condition, known)


def test_a_long_list_of_choices_is_cut_too() -> None:
    gates = inference._Gates()
    for negated in (False, True):
        gates.add("x", OneOf("contract.kind", tuple(str(number) for number in range(300)), negated))
    assert all(gates.multiplied(form.when)[0] <= inference.BRANCHES for form in gates.forms)


def test_an_error_of_the_library_is_a_fault_and_nothing_else() -> None:
    law = law_of(rule(require="{contract.lots: yes}"))
    program = inference.compiled(law.tables, law.rules.values())
    context = assess(law, Facts({}), "go", at("2025-06-01"), None).context
    context.facts["contract.lots"] = True  # type: ignore[index]
    too_many = tuple((OneOf(f"x.{n}", ("a",)), f"k{n}") for n in range(300))
    context.facts.update({f"x.{n}": "a" for n in range(300)})  # type: ignore[attr-defined]
    with pytest.raises(inference.Fault):
        inference.run(((program[0][0]._replace(reads=too_many),),), context)
    assert inference.run(program, context) == {"test.one:0:met"}


def forms_of(law: Law) -> Iterator[str]:
    for part in chain.from_iterable(inference.compiled(law.tables, law.rules.values())):
        yield from part.ruleset.get_definition()


def test_a_table_has_a_form_for_each_row_and_for_no_row_and_for_being_out_of_scope() -> None:
    law = law_of(table(rows="[{when: {contract.lots: yes}, then: full}]", otherwise="out"))
    assert {id for id in forms_of(law) if id.startswith("test.")} == {
        "test.regime:0",
        "test.regime:otherwise",
        "test.regime:ungoverned",
    }
