"""A small council on a real store: one authority, one pack, a cycle of three steps, and drafts of its pack."""

from __future__ import annotations

from pathlib import Path

from engine import inference, store
from engine.library import Library
from engine.model import moment
from engine.service import Advanced, Office
from engine.store import Store
from tests.simulator import clock

WORDS = """\
facts:
  contract.value: {title: Value, type: money, class: public, ask: How much?}
  contract.kind: {title: Kind, type: choice, choices: [goods, services], class: public, ask: What?}
  provider.sector: {title: Sector, type: choice, choices: [voluntary sector, private sector], class: public, ask: Who?}
  quotes.received: {title: Quotes received, type: integer, class: public, ask: How many?}
  quotes.local: {title: Local quotes, type: integer, class: public, ask: How many local ones?}
  notes.text: {title: Notes, type: text, class: confidential, ask: What else?}
milestones:
  notice.published: {title: Notice published, precision: date, ask: When?}
  tenders.due: {title: Tenders due, precision: date, ask: When?}
  contract.entered: {title: Contract entered, precision: date, ask: When?}
money:
  vat_readings: [0, 20]
"""

DAYS = """\
calendar: england
title: England
from: 2025-01-01
to: 2026-12-31
days: {2025-04-18: Good Friday, 2025-04-21: Easter Monday, 2025-12-25: Christmas Day, 2025-12-26: Boxing Day}
"""

HEAD = """\
pack: small
title: A small council
layer: authority
authority: smallton
source: Nothing at all
source_as_at: 2025-01-01
checked: 2025-01-01
"""

RULES = """\
rules:
  quotes:
    title: Enough quotes
    cite: SO 1
    source_facts: []
    binds: [publish]
    require: {quotes.received: at least 3}
    effect: mandatory
  value:
    title: Not too much
    cite: SO 2
    source_facts: []
    binds: [publish]
    require: {contract.value: "below 200000 excl VAT"}
    effect: mandatory
  wait:
    title: Five working days after the notice
    cite: SO 3
    source_facts: []
    binds: [sign]
    require:
      period: {from: notice.published, to: contract.entered, unit: working days, first_day: excluded, calendar: england}
      at_least: 5
    effect: mandatory
"""

CYCLE = """\
workflow: commissioning
title: A small cycle
initial: need
stages:
  one: {title: One, states: {need: Need, market: Market, contract: Contract, done: Done}}
final: [done]
steps:
  publish: {title: Publish, from: [need], to: market, records: notice.published}
  sign: {title: Sign, from: [market], to: contract, records: contract.entered}
  stop: {title: Stop, from: [need, market, contract], to: done, free: yes, why_free: F}
"""

AUTHORITY = "smallton"


def shelf(rules: str = RULES, days: str = DAYS) -> Library:
    """The library of the small council."""
    folder = {"small/pack.yaml": HEAD, "small/rules.yaml": rules}
    cycles = {"workflows/commissioning.yaml": CYCLE}
    return Library({"words.yaml": WORDS}, {"england.yaml": days}, {"small": folder}, cycles)


def draft(place: Path, rules: str) -> Path:
    """A folder with a draft of the council's pack."""
    place.mkdir()
    (place / "pack.yaml").write_text(HEAD, encoding="utf-8")
    (place / "rules.yaml").write_text(rules, encoding="utf-8")
    return place


class Smallton:
    """The council's store on disk; every act is a new office at the moment said."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.library = shelf()
        self.store: Store = store.create(str(place))
        self.office("2025-03-03 09:00").open_log(AUTHORITY, True)

    def office(self, when: str, login: str = "ann") -> Office:
        return Office(self.store, self.library, clock(when), login, inference.run)

    def open(self, case: str, when: str, *facts: str) -> None:
        self.office(when).open_case(AUTHORITY, f"Case {case}", case)
        self.record(case, when, *facts)

    def record(self, case: str, when: str, *facts: str, planned: bool = False) -> None:
        given = [(name, value) for name, _, value in (each.partition("=") for each in facts)]
        self.office(when).record(AUTHORITY, case, given, planned)

    def advance(self, case: str, when: str, step: str, already: str = "", reason: str = "") -> Advanced:
        return self.office(when).advance(AUTHORITY, case, step, moment(already) if already else None, reason)
