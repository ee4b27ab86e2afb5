"""A small law to test with: every type of fact, two calendars, and a builder from inline YAML text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, settings

from engine import library, markup, packs
from engine.law import Law
from engine.markup import Problem
from engine.model import Facts, Moment, Value, moment
from engine.vocabulary import parse_value

markup.read = lru_cache(maxsize=1024)(markup.read.__wrapped__)  # type: ignore[misc]  # the shipped files are read once
settings.register_profile("vires", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("vires")

WORDS = """\
facts:
  contract.value: {title: Value, type: money, class: public, ask: How much?}
  contract.kind: {title: Kind, type: choice, choices: [goods, services, light touch, works], class: public, ask: What?}
  contract.lots: {title: In lots, type: boolean, class: public, ask: Lots?}
  contract.before: {title: Value before, type: money, class: public, ask: How much before?}
  quotes.asked: {title: Quotes asked for, type: integer, class: public, ask: How many?}
  posts.agreed: {title: Who agreed, type: choices, choices: [cabinet, director, lawyer], class: public, ask: Who?}
  quotes.received: {title: Quotes received, type: integer, class: public, ask: How many?}
  provider.name: {title: Provider, type: text, class: personal, ask: Who?}
  lease.signed: {title: Lease signed, type: date, class: public, ask: When?}
  door.closed: {title: Door closed, type: minute, class: public, ask: When?}
  case.regime: {title: Regime, type: choice, choices: [full, light, out], class: public, derived: yes}
  case.route: {title: Route, type: choice, choices: [open, quick], class: public, derived: yes}
  case.limit: {title: Limit, type: money, class: public, derived: yes}
  posts.needed:
    {title: Who must agree, type: choices, choices: [cabinet, director, lawyer], class: public, derived: yes}
  case.days: {title: Days, type: integer, class: public, derived: yes}
milestones:
  notice.published: {title: Notice published, precision: minute, ask: When?}
  tender.opened: {title: Tender opened, precision: minute, ask: When?}
  award.decided: {title: Award decided, precision: date, ask: When?}
  contract.entered: {title: Contract entered, precision: minute, ask: When?}
  review.completed: {title: Review completed, precision: date, ask: When?}
  procurement.commenced:
    title: Commenced
    precision: minute
    first_of: [notice.published, tender.opened]
    or_decision_day: yes
  market.approached: {title: Market approached, precision: minute, first_of: [notice.published, tender.opened]}
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
pack: test
title: A pack to test with
layer: statute
source: Nothing at all
source_as_at: 2025-01-01
checked: 2025-01-01
"""

STEPS = frozenset({"go", "stop"})


def pack(body: str, head: str = HEAD, cases: str = "") -> dict[str, str]:
    """The files of a pack: its head, one file of parameters, tables and rules, and worked cases if there are any."""
    files = {"test/pack.yaml": head, "test/body.yaml": body}
    return files | ({"test/body.cases.yaml": cases} if cases else {})


def law_of(*bodies: str | Mapping[str, str], words: str = WORDS) -> Law:
    """The law in one body of YAML, or in several packs; every fault in it is a failure of the test."""
    folders = [pack(body) if isinstance(body, str) else body for body in bodies]
    return packs.build({"words.yaml": words}, {"england.yaml": DAYS}, folders, STEPS)


def problems_of(*bodies: str | Mapping[str, str], words: str = WORDS, days: str = DAYS) -> tuple[Problem, ...]:
    """Everything wrong with a body of YAML, or with several packs."""
    folders = [pack(body) if isinstance(body, str) else body for body in bodies]
    return packs.check({"words.yaml": words}, {"england.yaml": days}, folders, STEPS)[1]


def said(problems: tuple[Problem, ...]) -> str:
    """All problems as one text, a line each."""
    return "\n".join(str(problem) for problem in problems)


def rule(id: str = "one", **keys: str) -> str:
    """A rule of a pack as YAML: `require`, `when` and so on as flow text."""
    given = {"title": "A rule", "cite": "Act s.1", "source_facts": "[]", "binds": "[go]"} | keys
    return f"rules:\n  {id}:\n" + "".join(f"    {key}: {value}\n" for key, value in given.items())


def table(id: str = "regime", decides: str = "case.regime", **keys: str) -> str:
    """A table of a pack as YAML."""
    given = {"title": "A table", "cite": "Act s.2", "source_facts": "[]", "decides": decides} | keys
    return f"tables:\n  {id}:\n" + "".join(f"    {key}: {value}\n" for key, value in given.items())


def facts_of(law: Law, **given: str) -> dict[str, Value]:
    """Typed facts from a person's text; a name's dot is written as two underscores."""
    names = {name.replace("__", "."): text for name, text in given.items()}
    return {name: parse_value(law.vocabulary.terms[name], text) for name, text in names.items()}


def recorded(law: Law, **given: str) -> Facts:
    """The facts of a case from a person's text."""
    return Facts(facts_of(law, **given))


def day(iso: str) -> int:
    """The ordinal of a day."""
    return date.fromisoformat(iso).toordinal()


def at(iso: str) -> Moment:
    """The moment an ISO date or minute names."""
    return moment(iso)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the tamper suite tried and found, at the end of a run that had it."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    lines = [str(value) for each in reports for name, value in each.user_properties if name == "tampered"]
    for line in sorted(set(lines)):
        terminalreporter.write_line(f"tampered  {line}")


@pytest.fixture(autouse=True)
def one_shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped library is read once a process, whoever asks for it; nothing of whoever runs the tests is heard."""
    from tests.simulator import shelf

    monkeypatch.setattr(library, "shipped", shelf)
    for name in ("VIRES_DATABASE", "VIRES_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Packs are compiled once a run, for all its processes; nothing is read that another run compiled."""
    monkeypatch.setenv("VIRES_CACHE", str(tmp_path_factory.getbasetemp().parent / "compiled"))
