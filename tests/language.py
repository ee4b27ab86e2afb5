"""The words of the rule language: what a source says, how it is written, and a shipped rule that needs it.

With each stands how the same rule reads without it, so that `test_language` can show what hangs on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from engine.calendars import Calendar, Clock
from engine.conditions import (
    ALWAYS,
    All,
    Amount,
    AnyOf,
    Bound,
    Condition,
    Done,
    Includes,
    Leaf,
    Not,
    Order,
    Period,
    Truth,
)
from engine.law import InForce, Law, Parameter, Rule, Table
from engine.model import (
    Value,
)
from engine.vocabulary import Term
from tests.conftest import day

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "language.md"
Subject = Rule | Table
Without = Callable[[Law, Subject], Law]


class Primitive(NamedTuple):
    """What a source says, how it is written, a shipped rule that needs it, and the law in which the rule lacks it."""

    says: str
    written: str
    subject: str
    without: Without


# A rule without a primitive ---------------------------------------------------------------------------------------


def put(law: Law, *subjects: Subject) -> Law:
    """The law with these rules and tables in place of those of their names, and of the rules no other."""
    new = {each.id: each for each in subjects}
    tables = tuple(new.get(each.id, each) for each in law.tables)
    rules = {id: each for id, each in new.items() if isinstance(each, Rule)}
    return replace(law, rules=rules or law.rules, tables=tables, known=None)  # type: ignore[arg-type] # one id, one type


def rewritten(condition: Condition, change: Callable[[Leaf], Condition]) -> Condition:
    """The condition with each of its tests changed."""
    match condition:
        case All(items):
            return replace(condition, items=tuple(rewritten(item, change) for item in items))
        case AnyOf(items):
            return AnyOf(tuple(rewritten(item, change) for item in items))
        case Not(item):
            return Not(rewritten(item, change))
    return change(condition)


def every(kind: type[Any], change: Callable[[Any], Condition]) -> Without:
    """Each test of a kind changed, wherever it stands in the rule."""

    def leaf(each: Leaf) -> Condition:
        return change(each) if isinstance(each, kind) else each

    def without(law: Law, subject: Subject) -> Law:
        if isinstance(subject, Table):
            rows = tuple(replace(row, when=rewritten(row.when, leaf)) for row in subject.rows)
            return put(law, replace(subject, rows=rows))
        require = rewritten(subject.require, leaf) if subject.require is not None else None
        readings = tuple(replace(each, require=rewritten(each.require, leaf)) for each in subject.readings)
        return put(law, replace(subject, when=rewritten(subject.when, leaf), require=require, readings=readings))

    return without


def period(where: Callable[[Period], object], **keys: Any) -> Without:
    """Periods that are so counted differently: by `first_day`, `unit` and so on of the clock, or by the test itself."""
    own = {key: value for key, value in keys.items() if key in Clock.__dataclass_fields__}
    rest = {key: value for key, value in keys.items() if key not in own}
    return every(Period, lambda p: replace(p, clock=replace(p.clock, **own), **rest) if where(p) else p)


def in_days(unit: str, days: float) -> Without:
    """Periods of a unit counted as so many days for each."""

    def change(each: Period) -> Condition:
        if each.said != unit:
            return each
        number = round(each.bound.number * days)
        return replace(each, clock=replace(each.clock, unit="days"), bound=replace(each.bound, number=number))

    return every(Period, change)


def amount(op: str, other: str, money: bool = True) -> Without:
    """Comparisons of amounts, or of whole numbers, that begin or end a pound further."""
    return every(Amount, lambda a: replace(a, op=other) if (a.op, a.money) == (op, money) else a)


def value(fact: str, instead: str = "contract.value") -> Without:
    """Another value of the contract in place of this one."""
    return every(Amount, lambda a: replace(a, fact=instead) if a.fact == fact else a)


def order(op: str, other: str) -> Without:
    return every(Order, lambda o: replace(o, op=other) if o.op == op else o)


def gone(kind: type[Any], where: Callable[[Any], object]) -> Without:
    """Tests that are so left out."""
    return every(kind, lambda each: ALWAYS if where(each) else each)


def fields(**keys: Any) -> Without:
    """The rule or table with other fields."""
    return lambda law, subject: put(law, replace(subject, **keys))


def rows(change: Callable[[Table], Iterator[Any]]) -> Without:
    """The table with other rows."""

    def without(law: Law, subject: Subject) -> Law:
        assert isinstance(subject, Table)
        return put(law, replace(subject, rows=tuple(change(subject))))

    return without


def figures(change: Callable[[Parameter], Parameter], foreign: bool = False) -> Without:
    """The law with each figure that the rule names changed, or each of another pack."""

    def without(law: Law, subject: Subject) -> Law:
        named = {id for id in subject.figures if not foreign or id.partition(".")[0] != subject.pack}
        return replace(law, parameters={**law.parameters, **{id: change(law.parameters[id]) for id in named}})

    return without


def words(where: Callable[[Term], object], **keys: Any) -> Without:
    """The law with every term of the vocabulary that is so declared otherwise."""

    def without(law: Law, subject: Subject) -> Law:
        terms = {name: replace(term, **keys) if where(term) else term for name, term in law.vocabulary.terms.items()}
        return replace(law, vocabulary=replace(law.vocabulary, terms=terms))

    return without


def holiday(iso: str) -> Without:
    """The law with calendars that never heard of this day."""

    def rid(each: Calendar) -> Calendar:
        return replace(each, names={at: name for at, name in each.names.items() if at != day(iso)})

    return lambda law, subject: replace(law, calendars={id: rid(each) for id, each in law.calendars.items()})


def ungated(law: Law, subject: Subject) -> Law:
    """The rule or table without the gate of its pack."""
    gate = law.packs[subject.pack].governs
    if isinstance(subject, Table):
        return put(law, replace(subject, governs=ALWAYS))
    kept = tuple(each for each in subject.when.items if each != gate) if isinstance(subject.when, All) else ()
    return put(law, replace(subject, when=ALWAYS if subject.when == gate else All(kept)))


def unyielding(law: Law, subject: Subject) -> Law:
    """The rule as it would apply if it gave way to no other."""
    assert isinstance(subject, Rule)
    when = subject.when
    for _ in subject.yields_to:
        assert isinstance(when, All)
        when = when.items[0]
    return put(law, replace(subject, when=when))


def first_reading(law: Law, subject: Subject) -> Law:
    assert isinstance(subject, Rule)
    return put(law, replace(subject, readings=subject.readings[:1], confidence="high"))


def one_vat(law: Law, subject: Subject) -> Law:
    """The law by which an amount of another VAT basis is read as it stands, and not also with VAT."""
    return replace(law, vocabulary=replace(law.vocabulary, vat_readings=(0,)))


def _newest(figure: Parameter) -> Parameter:
    return replace(figure, values=((1, figure.values[-1][1]),))


def _confirmed(figure: Parameter) -> Parameter:
    return replace(figure, values=tuple((start, number or 0) for start, number in figure.values))


def _vat(instead: str) -> Without:
    return figures(lambda figure: replace(figure, vat=instead))


def _first_row(subject: Table) -> Value | None:
    return subject.rows[0].then


def _scalar(how: str) -> Without:
    return words(lambda term: term.scalar and term.scalar.how == how, scalar=None)


def _unit(unit: str) -> Callable[[Period], bool]:
    return lambda each: each.said == unit


P = Primitive
PRIMITIVES = (
    # Clocks
    P(
        "so many days before or after",
        "first_day: excluded",
        "pa2023.planned-notice.qualifies",
        period(_unit("days"), first_day="counts"),
    ),
    P(
        "30 days beginning with",
        "first_day: counts",
        "leaseholders.right-to-buy",
        period(_unit("days"), first_day="excluded"),
    ),
    P(
        "eight working days beginning with",
        "first_day: counts",
        "pa2023.standstill.mandatory",
        period(_unit("working days"), first_day="excluded"),
    ),
    P(
        "not before the end of",
        "last_day: excluded",
        "best-value.notice.provider.2011.funding",
        period(_unit("months"), last_day="counts"),
    ),
    P(
        "28 clear days, each day counted",
        "unit: clear days",
        "governance.key-decision.notice.strategy",
        period(_unit("clear days"), last_day="counts"),
    ),
    P(
        "five clear days, working days only",
        "unit: clear working days",
        "governance.agenda.strategy",
        period(_unit("clear working days"), unit="days"),
    ),
    P("not less than", "at_least:", "tupe.information.28", period(lambda p: p.op == ">=", op=">")),
    P("more than", "more_than:", "pcr2006.prior-information-notice", period(lambda p: p.op == ">", op=">=")),
    P("within, not later than", "at_most:", "merton.call-in.request", period(lambda p: p.op == "<=", op="<")),
    P("less than", "less_than:", "consultation.compact.departure.strategy", period(lambda p: p.op == "<", op="<=")),
    P("working days", "unit: working days", "consultation.election.notice", period(_unit("working days"), unit="days")),
    P(
        "working days anywhere in the United Kingdom",
        "calendar: united-kingdom",
        "pa2023.standstill.mandatory",
        period(lambda p: p.calendar == "united-kingdom", calendar="england-and-wales"),
    ),
    P(
        "working days in England",
        "calendar: england-and-wales",
        "governance.agenda.award",
        period(lambda p: p.calendar == "england-and-wales", calendar="united-kingdom"),
    ),
    P("weeks", "unit: weeks", "compact.length.code-2004", in_days("weeks", 1)),
    P("months", "unit: months", "pcr2015.claim-time", in_days("months", 30)),
    P("years", "unit: years", "pa2023.exclusion.in-time", in_days("years", 365)),
    P("within 24 hours", "unit: hours", "pcr2015.bt.advertise", in_days("hours", 1 / 24)),
    P(
        "12 noon on the third working day",
        'cut_off: "12:00"',
        "merton.call-in.request",
        period(lambda p: p.cut_off, cut_off=None),
    ),
    P(
        "a last day that is no working day moves on",
        "roll: forward",
        "pcr2006.standstill.remedies",
        period(lambda p: p.clock.roll, roll=""),
    ),
    P(
        "hours that end on a holiday move on",
        "roll: forward",
        "pcr2015.contracts-finder.within",
        period(lambda p: p.clock.roll, roll=""),
    ),
    P(
        "a period that holds at least two working days",
        "holds_working: 2",
        "pcr2015.time.restricted.tenders",
        period(lambda p: p.clock.holds_working, holds_working=0),
    ),
    P(
        "a period that begins on the day after",
        "starts: day after",
        "psr2023.repetition.after-standstill",
        period(lambda p: p.day_after, day_after=False),
    ),
    P(
        "a length that another fact states",
        "at_least: FACT",
        "pa2023.tendering-period.least",
        every(Period, lambda p: replace(p, bound=Bound(0)) if p.bound.fact else p),
    ),
    P(
        "within so long of something that must have been done",
        "done: yes",
        "best-value.notice.provider.2011.funding",
        period(lambda p: p.done, done=False),
    ),
    P(
        "a holiday proclaimed days before, in the middle of a period that ran (19 September 2022)",
        "days: in the calendar",
        "pcr2015.award-notice",
        holiday("2022-09-19"),
    ),
    P(
        "a holiday proclaimed for one year (8 May 2023)",
        "days: in the calendar",
        "consultation.election.notice",
        holiday("2023-05-08"),
    ),
    # Moments
    P("before", "before X", "compact.compact", order("before", "on or before")),
    P("not later than the day of", "on or before X", "consultation.borough-poll", order("on or before", "before")),
    P("after", "after X", "pcr2006.urgency-basis", order("after", "on or after")),
    P("from the day of", "on or after X", "consultation.borough-poll", order("on or after", "after")),
    P(
        "a step that must have been taken first",
        "done before X",
        "pcr2015.notices.place",
        every(Order, lambda o: replace(o, done=False)),
    ),
    P(
        "once it has happened",
        "done",
        "haringey.call-in.reconsidered",
        gone(Done, lambda d: not d.fact and not d.negated),
    ),
    P(
        "as long as it has not happened",
        "not done",
        "barking-and-dagenham.waiver",
        gone(Done, lambda d: not d.fact and d.negated),
    ),
    P(
        "where somebody has said so",
        "recorded",
        "pcr2006.services-part",
        gone(Done, lambda d: d.fact and not d.negated),
    ),
    P("where nobody has said so", "not recorded", "regimes.psr-scope", gone(Done, lambda d: d.fact and d.negated)),
    P("begun with the first of several steps", "first_of:", "compact.code", words(lambda t: t.first_of, first_of=())),
    P(
        "not begun yet, so judged as of today",
        "or_decision_day: yes",
        "compact.minimum-weeks",
        words(lambda t: t.or_decision_day, or_decision_day=False),
    ),
    # Amounts
    P("£X or more", "at least X", "barking-and-dagenham.key-decision.award", amount(">=", ">")),
    P("over £X", "more than X", "merton.register", amount(">", ">=")),
    P("up to £X", "at most X", "subsidy.database-entry", amount("<=", "<")),
    P("below £X", "below X", "merton.waiver-approvers", amount("<", "<=")),
    P(
        "so many or more",
        "at least N",
        "hammersmith-and-fulham.key-decision.2013.award",
        amount(">=", ">", money=False),
    ),
    P("a figure with VAT", "unit: money incl VAT", "merton.register", _vat("excl")),
    P("a figure without VAT", "unit: money excl VAT", "pcr2015.small-value.net", _vat("incl")),
    P(
        "an amount on the other basis, judged at 0 and at 20 per cent",
        "vat_readings: [0, 20]",
        "barking-and-dagenham.social-value",
        one_vat,
    ),
    P(
        "a share of another amount",
        "50 per cent of X",
        "haringey.letter-of-intent",
        every(Amount, lambda a: replace(a, bound=replace(a.bound, per_cent=100))),
    ),
    P(
        "more than another amount",
        "more than FACT",
        "pcr2015.mixed-contract",
        every(Amount, lambda a: replace(a, bound=Bound(0)) if a.bound.fact else a),
    ),
    P("a figure for each time", "values:", "barking-and-dagenham.route", figures(_newest)),
    P(
        "the figure of the day the procurement commenced",
        "as_at:",
        "pa2023.coverage",
        figures(lambda figure: replace(figure, as_at="")),
    ),
    P("a figure that nobody has confirmed", "values: {D: refer}", "subsidy.referral", figures(_confirmed)),
    P(
        "a figure taken from memory",
        "confidence: unverified",
        "pcr2006.coverage",
        figures(lambda figure: replace(figure, confidence="high")),
    ),
    P(
        "the threshold of another law",
        "at least PACK.FIGURE",
        "governance.social-value",
        figures(lambda figure: replace(figure, values=((1, 100),)), foreign=True),
    ),
    # Which value
    P(
        "the value over its whole life, extensions included",
        "contract.value",
        "waltham-forest.register",
        value("contract.value", "contract.annual_value"),
    ),
    P(
        "the value of a year",
        "contract.annual_value",
        "barking-and-dagenham.social-value",
        value("contract.annual_value"),
    ),
    P("this increment alone", "variation.value", "merton.key-decision.variation", value("variation.value")),
    P(
        "all variations and the original award together",
        "contract.aggregate_value",
        "haringey.approvers.variation",
        value("contract.aggregate_value"),
    ),
    P("the programme", "grant_programme.total", "hammersmith-and-fulham.grant.limits", value("grant_programme.total")),
    P(
        "with all contracts that could be one",
        "related_contracts.total",
        "pa2023.coverage",
        value("related_contracts.total"),
    ),
    P(
        "one lot, and all small lots together",
        "lot.value, lots.small_total",
        "pcr2015.small-lot.net",
        value("lots.small_total"),
    ),
    P(
        "only what is not in the budget",
        "spending.unbudgeted",
        "hammersmith-and-fulham.key-decision.2017.award",
        value("spending.unbudgeted"),
    ),
    # Records
    P("three written quotations, one local or small", "count: quote", "merton.quick-quote", _scalar("count")),
    P("all awards of three years together", "sum: assistance.amount", "subsidy.treatment", _scalar("sum")),
    P(
        "the most that any one would pay",
        "greatest: leaseholder.contribution",
        "leaseholders.consultation",
        _scalar("greatest"),
    ),
    # Choices
    P(
        "any of these posts",
        "includes any of [X, Y]",
        "sutton.approvers.award",
        every(Includes, lambda i: replace(i, every=True)),
    ),
    P(
        "all of these",
        "includes all of [X, Y]",
        "pcr2006.award-decision.contents",
        every(Includes, lambda i: replace(i, every=False)),
    ),
    P(
        "taken to be so unless somebody says otherwise",
        "presumed:",
        "pcr2006.services-part",
        words(lambda t: t.because, because="", presumed=None),
    ),
    # Tables
    P("the first that applies", "hit: first", "compact.compact", rows(lambda table: iter(table.rows[::-1]))),
    P("only one may apply", "hit: unique", "pcr2015.standstill.days", fields(hit="first")),
    P("the longest of those that apply", "hit: strictest", "compact.minimum-weeks", fields(hit="first")),
    P("the shortest of those that apply", "hit: shortest", "pcr2015.tenders-days", fields(hit="first")),
    P(
        "a case that a person must judge",
        "then: refer",
        "compact.compact",
        rows(lambda table: (row for row in table.rows if row.then is not None)),
    ),
    P(
        "whatever else there is",
        "otherwise:",
        "barking-and-dagenham-pct.approvers.award",
        lambda law, t: put(law, replace(t, otherwise=_first_row(t))),
    ),  # type: ignore[arg-type,type-var]
    P("a local rule that is silent", "no otherwise:", "sutton.key-decision.award", fields(open=False)),
    P("a local rule that speaks first", "layer: authority", "camden-pct.arrangements", fields(in_force=InForce(1, 1))),
    P(
        "rows kept in a spreadsheet",
        "rows_from: X.csv",
        "pa2023.reservable",
        rows(lambda table: (row for row in table.rows if not row.where.file.endswith(".csv"))),
    ),
    # Rules
    P("from a day, until a day", "in_force:", "sutton.arrangements.change", fields(in_force=InForce())),
    P("a duty that begins on a day", "in_force: {from: D}", "best-value.considered", fields(in_force=InForce())),
    P("in force when something happened", "as_at:", "best-value.challenge.decided", fields(as_at="")),
    P("only where this law governs", "governs:", "pa2023.official-journal.none", ungated),
    P("with an exception that says when it applies", "when:", "governance.call-in.strategy", fields(when=ALWAYS)),
    P("subject to a duty of the law above", "yields_to:", "merton.full-tender", unyielding),
    P("for a person to judge", "refer:", "sutton.call-in.strategy", fields(refer="", require=ALWAYS)),
    P("two tenable readings", "readings:", "finance.prohibition.contract", first_reading),
    P("likely, but not settled", "confidence: medium", "best-value.considered", fields(confidence="unverified")),
    # Who decides
    P(
        "approved by whoever must",
        "includes any of award.approvers",
        "powers.approved.award",
        every(Includes, lambda i: replace(i, every=True) if isinstance(i.values, str) else i),
    ),
    P(
        "after consulting",
        "includes all of award.consultees",
        "powers.consulted.award",
        every(Includes, lambda i: replace(i, every=False)),
    ),
    P(
        "on the advice of",
        "includes all of award.advisers",
        "powers.advised.award",
        every(Includes, lambda i: replace(i, every=False)),
    ),
    P(
        "failing whom, in the absence of",
        "award.stand_ins",
        "powers.approved.award",
        gone(Includes, lambda i: i.values == "award.stand_ins"),
    ),
    P(
        "a delegation with a ceiling",
        "delegation.ceiling",
        "powers.delegation.ceiling",
        gone(Amount, lambda a: a.bound.fact),
    ),
    P(
        "a delegation that ends",
        "delegation.ends",
        "powers.delegation.time",
        gone(Order, lambda o: o.left == "delegation.ends"),
    ),
    P(
        "a delegation on conditions",
        "delegation.conditions_met",
        "powers.delegation.conditions",
        gone(Truth, lambda t: True),
    ),
    P(
        "decisions that go to another body by their subject",
        "contract.public_health",
        "barking-and-dagenham.approvers.decision.award",
        gone(Truth, lambda t: t.fact == "contract.public_health"),
    ),
    P(
        "up to a value one post more may approve",
        "then: [X, Y]",
        "haringey.approvers.variation",
        rows(lambda table: iter(())),
    ),
    P(
        "waived on one of these grounds",
        "waiver.grounds: not includes any of [...]",
        "hammersmith-and-fulham.waiver-standing",
        gone(Includes, lambda i: i.fact == "waiver.grounds"),
    ),
    P(
        "who may waive depends on the ground",
        "all: of grounds and posts",
        "hammersmith-and-fulham.waiver-standing",
        gone(Truth, lambda t: t.fact == "urgency.unforeseeable"),
    ),
    # Duties that stand by themselves
    P("use the portal", "when: {portal.bypassed: done}", "waltham-forest.portal", fields(when=ALWAYS)),
    P(
        "enter it in the register",
        "when: {contract_register.entry: required}",
        "merton.contract-register",
        fields(when=ALWAYS),
    ),
    P("publish a notice", "when: {contract.value: at least X}", "merton.contracts-finder", fields(when=ALWAYS)),
    P(
        "consider social value",
        "when: {social_value.duty: owed}",
        "governance.social-value.considered",
        fields(when=ALWAYS),
    ),
)
