"""The values every layer shares: moments, money, findings, decisions. Frozen; they only read themselves.

Days are whole numbers (`date.toordinal()`), minutes count from local midnight (Europe/London), money is pence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NamedTuple

MET = "met"
NOT_APPLICABLE = "not applicable"
NOT_MET = "not met"
MISSING = "missing"
REFER = "refer"
PASSING = (MET, NOT_APPLICABLE)
ANSWERS = (MET, NOT_APPLICABLE, NOT_MET, MISSING, REFER)

MANDATORY = "mandatory"
WAIVABLE = "waivable"
COMPLY_OR_EXPLAIN = "comply or explain"
SHOULD = "should"
WHERE_PRACTICABLE = "where practicable"
EXPLAINABLE = (COMPLY_OR_EXPLAIN, SHOULD, WHERE_PRACTICABLE)  # a breach goes on once the reason is recorded
EFFECTS = (MANDATORY, WAIVABLE, *EXPLAINABLE)
WAIVED = "waived"
EXPLAINED = "explained"  # what a judgement answers where a rule says comply or explain

MAY_PROCEED = "may proceed"
MUST_NOT = "must not proceed"

_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9]))?")

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, and the minute of it where somebody gave the hour."""

    day: int
    minute: int | None = None

    def __str__(self) -> str:
        """For people: 16 Jul 2025, or 19 Sep 2025 16:00."""
        text = _day(self.day)
        return text if self.minute is None else f"{text} {self.minute // 60:02d}:{self.minute % 60:02d}"

    @property
    def iso(self) -> str:
        """For the log: 2025-07-16, or 2025-09-19T16:00."""
        text = date.fromordinal(self.day).isoformat()
        return text if self.minute is None else f"{text}T{self.minute // 60:02d}:{self.minute % 60:02d}"


@lru_cache(4096)
def _day(ordinal: int) -> str:
    when = date.fromordinal(ordinal)
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def moment(iso: str) -> Moment:
    """The moment an ISO date or local minute names; ValueError when there is no such day or minute."""
    match = _MOMENT.fullmatch(iso)
    if not match:
        raise ValueError(iso)
    day, hours, minutes = match.groups()
    ordinal = date.fromisoformat(day).toordinal()
    return Moment(ordinal) if hours is None else Moment(ordinal, int(hours) * 60 + int(minutes))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in pence and its VAT basis: incl, excl, none (no VAT is due) or unstated."""

    pence: int
    vat: str

    def __str__(self) -> str:
        pounds, pence = divmod(self.pence, 100)
        basis = {"none": "no VAT", "unstated": "VAT basis not stated"}.get(self.vat, f"{self.vat} VAT")
        return f"£{pounds:,}" + (f".{pence:02d}" if pence else "") + f" {basis}"


@dataclass(frozen=True, slots=True)
class Unsure:
    """A value nobody may rely on until a person has judged: why, and the table or parameter that says so."""

    why: str
    source: str


Value = bool | int | str | Money | Moment | tuple[str, ...] | Unsure  # a tuple: several choices, sorted


@dataclass(frozen=True, slots=True)
class Settled:
    """The judgement that settled a finding: its entry, the answer given."""

    entry: int
    answer: str


class Finding(NamedTuple):
    """One rule's answer in one decision (DESIGN section 4)."""

    rule: str
    answer: str
    layer: str
    pack: str
    effect: str = MANDATORY
    found: str = ""
    required: str = ""
    earliest: int | None = None
    needs: tuple[str, ...] = ()
    settled: Settled | None = None
    waived: str = ""  # the rule of waiver that is met

    @property
    def stands(self) -> str:
        """The answer that counts: a settled finding counts as the judgement says."""
        return WAIVED if self.waived else self.settled.answer if self.settled else self.answer

    @property
    def blocks(self) -> bool:
        """Whether the step may not go ahead while this finding stands."""
        explained = self.stands == EXPLAINED and self.effect in EXPLAINABLE
        return self.stands not in PASSING and not explained and not self.waived


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one step of one case on one day; `answer` is the worst of the findings (DESIGN section 4)."""

    step: str
    at: Moment
    answer: str
    findings: tuple[Finding, ...]
    source: str
    target: str | None
    reason: str = ""
    fault: str = ""

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that stop the step, worst first."""
        order = {NOT_MET: 0, REFER: 1, MISSING: 2}
        stopping = [finding for finding in self.findings if finding.blocks]
        return tuple(sorted(stopping, key=lambda finding: order.get(finding.stands, 3)))


@dataclass(frozen=True, slots=True)
class Judgement:
    """A named person's recorded answer where a rule or table refers; it rests on the rule and facts it digests."""

    entry: int
    rule: str
    answer: str
    rests_on: str
    role: str
    value: object = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is recorded about a case: values and moments by name, which moments are only planned, judgements."""

    values: Mapping[str, Value]
    planned: frozenset[str] = frozenset()
    judgements: tuple[Judgement, ...] = ()
    sources: Mapping[str, int] = field(default_factory=dict)


def worst(findings: tuple[Finding, ...]) -> str:
    """The answer of a whole decision: not met, then refer, then missing, else may proceed.

    A finding that blocks with any other answer (a judgement that says nothing known) refers.
    """
    standing = {finding.stands for finding in findings if finding.answer not in PASSING and finding.blocks}
    return next(
        (answer for answer in (NOT_MET, REFER, MISSING) if answer in standing), REFER if standing else MAY_PROCEED
    )
