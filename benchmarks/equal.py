"""Twenty rules on facts that both can read, as a pack of ours and as a decision table of zen-engine: equal answers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from engine import packs
from engine.law import Law
from engine.model import Facts, Money, Value

KINDS = ("goods", "services", "light touch", "works")
RULES, STEP = 20, "go"
WORDS = f"""\
facts:
  contract.value: {{title: Value, type: money, class: public, ask: How much?}}
  contract.kind: {{title: Kind, type: choice, choices: [{", ".join(KINDS)}], class: public, ask: What?}}
  contract.lots: {{title: In lots, type: boolean, class: public, ask: Lots?}}
  quotes.received: {{title: Quotes received, type: integer, class: public, ask: How many?}}
  quotes.local: {{title: Local quotes received, type: integer, class: public, ask: How many?}}
milestones: {{}}
money: {{vat_readings: [0, 20]}}
"""
HEAD = """\
pack: equal
title: Twenty bands of quotations
layer: authority
authority: somewhere
source: Made up for the benchmark
source_as_at: 2025-01-01
checked: 2025-01-01
"""

# One band of values a rule: of which kinds, in lots or not, and how many quotations and local ones it asks for.
BANDS = tuple((at * 5_000, KINDS[at % 4], KINDS[(at + 1) % 4], at % 2 == 0, at % 5, at % 3) for at in range(RULES))


def law() -> Law:
    """The twenty rules: each applies to a band of values of two kinds, and asks for quotations."""
    rules = {
        f"band{at:02d}": {
            "title": f"Quotations from £{least:,}",
            "cite": "Made up",
            "source_facts": [],
            "binds": [STEP],
            "when": {
                "contract.value": f"at least {least} incl VAT",
                "contract.kind": [one, other],
                "contract.lots": "yes" if lots else "no",
            },
            "require": {"quotes.received": f"at least {quotes}", "quotes.local": f"at least {local}"},
        }
        for at, (least, one, other, lots, quotes, local) in enumerate(BANDS)
    }
    files = {"equal/pack.yaml": HEAD, "equal/body.yaml": json.dumps({"rules": rules}, ensure_ascii=False)}
    return packs.build({"words.yaml": WORDS}, {}, [files], frozenset({STEP}))


def table() -> str:
    """The same as a table of zen-engine: the rows that apply and are met are collected."""
    inputs = ("value", "kind", "lots", "received", "local")
    rows = [
        {
            "_id": f"row{at}",
            "value": f">= {least * 100}",
            "kind": f"'{one}', '{other}'",
            "lots": str(lots).lower(),
            "received": f">= {quotes}",
            "local": f">= {local}",
            "rule": f"'equal.band{at:02d}'",
        }
        for at, (least, one, other, lots, quotes, local) in enumerate(BANDS)
    ]
    content = {
        "hitPolicy": "collect",
        "inputs": [{"id": name, "name": name, "type": "expression", "field": name} for name in inputs],
        "outputs": [{"id": "rule", "name": "rule", "type": "expression", "field": "rule"}],
        "rules": rows,
    }
    place = {"position": {"x": 0, "y": 0}}
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", **place},
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": content, **place},
        {"id": "out", "name": "out", "type": "outputNode", **place},
    ]
    edges = [
        {"id": f"{one}-{other}", "sourceId": one, "targetId": other, "type": "edge"}
        for one, other in (("in", "table"), ("table", "out"))
    ]
    return json.dumps({"nodes": nodes, "edges": edges})


def situations(count: int) -> list[dict[str, Value]]:
    """Facts of so many cases, the same in every run."""
    r = random.Random(20)
    return [
        {
            "contract.value": Money(r.randrange(0, 120_000) * 100, "incl"),
            "contract.kind": r.choice(KINDS),
            "contract.lots": r.random() < 0.5,
            "quotes.received": r.randrange(6),
            "quotes.local": r.randrange(4),
        }
        for _ in range(count)
    ]


def plain(facts: Mapping[str, Value]) -> dict[str, object]:
    """The same facts as zen-engine takes them."""
    value = facts["contract.value"]
    assert isinstance(value, Money)
    return {
        "value": value.pence,
        "kind": facts["contract.kind"],
        "lots": facts["contract.lots"],
        "received": facts["quotes.received"],
        "local": facts["quotes.local"],
    }


def check(ours: Callable[[Facts], set[str]], theirs: Any, cases: list[dict[str, Value]]) -> None:
    """Both give the same answers, and not always the same ones; AssertionError otherwise."""
    found = [ours(Facts(each)) for each in cases]
    assert found == [{row["rule"] for row in theirs.evaluate(plain(each))["result"] or ()} for each in cases]
    assert len({frozenset(each) for each in found}) > len(cases) // 10
