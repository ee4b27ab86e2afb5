"""What an answer rests on that nobody stated: facts taken to be what the vocabulary presumes of them. Pure.

Only what decided counts: where a test that everybody stated already settles a condition, what is presumed beside it
is left out. So a step of 2007 does not say that it is taken to be no health care: its date alone settles the regime.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.conditions import All, AnyOf, Condition, Not, leaf_names, leaves
from engine.decide import Assessment
from engine.law import Rule
from engine.model import NOT_APPLICABLE, NOT_MET, Finding
from engine.reference import Context, evaluate

Names = frozenset[str]
NOTHING: Names = frozenset()


@dataclass(slots=True)
class _Search:
    """The presumed facts on which each derived fact rests, found once."""

    ctx: Context
    derived: dict[str, Names] = field(default_factory=dict)

    def condition(self, condition: Condition) -> Names:
        """The presumed facts on which it rests that the condition is true, false, or not known."""
        truth = evaluate(condition, self.ctx).truth
        match condition:
            case Not(item):
                return self.condition(item)
            case All(items) | AnyOf(items):
                deciding = isinstance(condition, AnyOf)  # one that has this truth settles it; else all are needed
                if truth is deciding:
                    return self.least(item for item in items if evaluate(item, self.ctx).truth is truth)
                return NOTHING.union(*map(self.condition, items))
        names = {name for leaf in leaves(condition) for name in leaf_names(leaf)}
        return NOTHING.union(*map(self.fact, names))

    def least(self, conditions: Iterable[Condition]) -> Names:
        """Of conditions any of which would do, the one that rests on least."""
        return min(map(self.condition, conditions), key=len, default=NOTHING)

    def fact(self, name: str) -> Names:
        """The presumed facts on which the value of a fact rests."""
        if name in self.ctx.presumed:
            return frozenset((name,)) if name in self.ctx.facts else NOTHING
        if name not in self.ctx.law.deciding:
            return NOTHING
        if name not in self.derived:
            self.derived[name] = NOTHING  # tables read each other in acyclic order
            self.derived[name] = NOTHING.union(*self.tables(name))
        return self.derived[name]

    def tables(self, name: str) -> Iterable[Names]:
        """What each table in force rests on that may decide the fact, down to the row that does."""
        for table in self.ctx.law.deciding[name]:
            if not table.in_force.covers(self.ctx.day_of(table.as_at)):
                continue
            yield self.condition(table.governs)
            for row in table.rows if evaluate(table.governs, self.ctx).truth else ():
                yield self.condition(row.when)
                if table.hit == "first" and evaluate(row.when, self.ctx).truth:
                    return

    def finding(self, finding: Finding, rule: Rule) -> Names:
        """The presumed facts on which a finding rests: of when it applies, none where it is met anyway."""
        if finding.answer == NOT_APPLICABLE:
            return self.condition(rule.when)
        held = bool(rule.requirements) and all(evaluate(each, self.ctx).truth for each in rule.requirements)
        asked = NOTHING.union(*map(self.condition, rule.requirements))
        return asked if held and finding.answer != NOT_MET else asked | self.condition(rule.when)


def of_findings(findings: Iterable[Finding], assessment: Assessment) -> tuple[str, ...]:
    """The facts taken for granted on which these findings rest, by name."""
    search = _Search(assessment.context)
    found = (search.finding(each, assessment.rules[each.rule]) for each in findings)
    return tuple(sorted(NOTHING.union(*found)))


def of_fact(name: str, assessment: Assessment) -> tuple[str, ...]:
    """The facts taken for granted on which a derived fact rests, by name."""
    return tuple(sorted(_Search(assessment.context).fact(name)))
