"""The findings of a step by plain Python functions, in the words of the reference evaluator, for bulk work. Pure.

`generated` writes what answers; this writes besides, for each rule that does not apply, is met, or is breached whatever
day it is, the finding with its texts. What needs a person, waits for something, or might be waived or explained is left
to the reference evaluator, which also has the last word: every finding told here is the one that it would give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from engine.conditions import (
    All,
    Amount,
    AnyOf,
    Bound,
    Condition,
    Leaf,
    Not,
    OneOf,
    Period,
    Truth,
    leaf_names,
    leaves,
    parameters,
)
from engine.generated import Program, Writer, compiled, joined, needed
from engine.law import Law, Rule
from engine.model import EXPLAINABLE, MET, NOT_APPLICABLE, NOT_MET, WAIVABLE, Finding, Moment, Unsure, Value
from engine.reference import PRESUMED, found_period, required, stated, told, wants_done
from engine.vocabulary import words

SAID = 64  # texts of what a rule requires, kept for each, by its figures


class Told(NamedTuple):
    """Each rule's finding, None where it is not in force or left; which are left; derived values; if VAT may matter."""

    findings: tuple[Finding | None, ...]
    left: list[int]
    values: tuple[Value | None, ...]
    crossed: bool


class Explained:
    """What tells the findings of one step of a law: `rules` and `facts` name what they are about, in order."""

    def __init__(self, law: Law, step: str, milestone: str | None) -> None:
        self.law, self.step, self.milestone = law, step, milestone
        self._bound = law.steps.get(step, ())
        self._tables = needed(law, self._bound)
        self.rules = tuple(rule.id for rule in self._bound)
        self.facts = tuple(self._tables)

    @cached_property
    def answers(self) -> Program:
        """The same step's answers alone, waivers besides."""
        return Program(self.law, self.step, self.milestone)

    @cached_property
    def tell(self) -> Callable[[Mapping[str, Value], Moment], Told]:
        """What is told of these facts were the step taken at that moment."""
        judge: Callable[[Mapping[str, Value], Moment], Told] = compiled(self._writer())
        return judge

    @cached_property
    def reads(self) -> tuple[frozenset[str], ...]:
        """The derived facts that each rule reads."""
        return tuple(rule.reads & self._tables.keys() for rule in self._bound)

    def source(self) -> str:
        """The text of the function."""
        return self._writer().text()

    def _writer(self) -> _Teller:
        return _Teller(self.law, self._bound, self._tables, self.milestone, 0)


class _Teller(Writer):
    """The function that tells findings, line by line."""

    def text(self) -> str:
        """All of it."""
        self.constants |= {"Finding": Finding, "Told": Told, "tried": _tried, "told": told}
        self._begin()
        self._put(1, "left = []")
        for n, rule in enumerate(self.rules):
            self._rule(n, rule)
        self._cross()
        findings = "".join(f"g{n}, " for n in range(len(self.rules)))
        self._put(1, f"return answers(Told, (({findings}), left, ({self._derived()}), crossed))")
        return "\n".join(self.lines) + "\n"

    def _rule(self, n: int, rule: Rule) -> None:
        depth, force = 1, self._in_force(rule.in_force, rule.as_at)
        self._put(1, f"# {rule.id!r}")
        if force:
            self._put(1, f"g{n} = None")
            self._put(1, f"if {force}:")
            depth = 2
        apart = Finding(rule.id, NOT_APPLICABLE, rule.layer, self.law.packs[rule.pack].digest, rule.effect)
        self._work(depth, rule.when)
        self._put(depth, f"if {self._false(rule.when)}: g{n} = {self._constant(apart)}")
        if rule.requirements and rule.confidence != "unverified" and self._tellable(rule.requirements[0]):
            self._applies(depth, n, rule)
        else:
            self._put(depth, f"else: g{n} = left.append({n})")

    def _applies(self, depth: int, n: int, rule: Rule) -> None:
        """The finding of a rule that applies, or may; left where it is neither met nor breached for good."""
        met, left = self._finding(rule, MET), f"left.append({n})"
        self._put(depth, f"elif {self._true(rule.when)}:")
        self._work(depth + 1, *rule.requirements)
        self._put(depth + 1, f"a = {self._required(rule)}")
        self._put(depth + 1, f"if a == {MET!r}: g{n} = {met}")
        if rule.effect not in (WAIVABLE, *EXPLAINABLE) and not rule.waits:
            self._put(depth + 1, f"elif a == {NOT_MET!r}: g{n} = {self._finding(rule, NOT_MET)}")
        self._put(depth + 1, f"else: g{n} = {left}")
        self._put(depth, "else:")
        self._work(depth + 1, *rule.requirements)
        held = joined("and", map(self._true, rule.requirements), "True")
        self._put(depth + 1, f"g{n} = {met} if {held} else {left}" if rule.harmless else f"g{n} = {left}")

    def _tellable(self, condition: Condition) -> bool:
        """Whether its texts can be written: a period whose end is presumed is for the reference evaluator to tell."""
        terms = self.law.vocabulary.terms
        periods = (leaf for leaf in leaves(condition) if isinstance(leaf, Period))
        return not any(terms[name].because for leaf in periods for name in leaf_names(leaf))

    def _finding(self, rule: Rule, answer: str) -> str:
        first, pack = rule.requirements[0], self.law.packs[rule.pack].digest
        head = ", ".join(map(repr, (rule.id, answer, rule.layer, pack, rule.effect)))
        texts = f"{self._found(first, answer == MET)}, {self._asked(rule, first)}"
        return f"answers(Finding, ({head}, {texts}, None, (), None, ''))"

    # What is required ---------------------------------------------------------------------------------------------

    def _asked(self, rule: Rule, condition: Condition) -> str:
        """What is required: a text, or a call that says it with the figures of the day."""
        if rule.said:
            return repr(rule.said)
        bounds = [leaf.bound for leaf in leaves(condition) if isinstance(leaf, Amount | Period)]
        figures, facts = sorted(parameters(condition)), sorted({bound.fact for bound in bounds} - {""})
        asked = _asker(condition, self.law, figures, facts)
        values = (*(f"p{self.figures[name]}" for name in figures), *(f"f{self.facts[name]}" for name in facts))
        return f"{self._constant(asked)}({', '.join(values)})"

    # What was found -----------------------------------------------------------------------------------------------

    def _found(self, condition: Condition, truth: bool) -> str:
        """The tests that decided, each with its value."""
        parts = list(dict.fromkeys(self._deciding(condition, truth)))
        if any(each.startswith("*") for each in parts):
            return f"'; '.join(dict.fromkeys([{', '.join(parts)}]))"
        return " '; ' ".join(parts)

    def _deciding(self, condition: Condition, truth: bool) -> Sequence[str]:
        """The text of each test that decides that the condition has this truth; starred, where that hangs on others."""
        match condition:
            case All((item,)) | AnyOf((item,)):
                return self._deciding(item, truth)
            case All(items) if truth:
                return [part for item in items for part in self._deciding(item, True)]
            case All(items):
                return [_where(self._false(item), self._deciding(item, False)) for item in items]
            case AnyOf(items) if truth:
                return [_where(self._true(item), self._deciding(item, True)) for item in items]
            case AnyOf(items):
                return self._tried(items)
            case Not(item):
                return self._deciding(item, not truth)
        return [self._leaf_text(condition, truth)]

    def _tried(self, items: Sequence[Condition]) -> Sequence[str]:
        """Of alternatives none of which holds, those of which what they want done was done; if none, all."""
        parts = [self._deciding(item, False) for item in items]
        wanted = [[f"f{self.facts[name]} is None" for name in wants_done(item, self.law)] for item in items]
        if not any(wanted):
            return [part for each in parts for part in each]
        tested = (f"not {joined('or', tests, 'False')}" for tests in wanted)
        each = (f"({test}, [{', '.join(said)}])" for test, said in zip(tested, parts, strict=True))
        return [f"*tried([{', '.join(each)}])"]

    def _leaf_text(self, leaf: Leaf, truth: bool) -> str:
        if isinstance(leaf, Period):
            law = self.law
            found = self._constant(lambda start, end: found_period(leaf, start, end, law))
            return f'f"{{{found}(f{self.facts[leaf.start]}, f{self.facts[leaf.end]})}}"'
        each = (f"{f'{name}: '!r} {self._value_text(leaf, name, truth)}" for name in leaf_names(leaf))
        return " ', ' ".join(each)

    def _value_text(self, leaf: Leaf, name: str, truth: bool) -> str:
        """A value as `reference.told` says it; what is compared and decides is surely known."""
        f, term = f"f{self.facts[name]}", self.law.vocabulary.terms[name]
        if isinstance(leaf, Truth | OneOf | Amount) and not term.public:
            return repr(told(True, False))
        if isinstance(leaf, Truth):
            text = repr(words(leaf.value is truth))
        elif isinstance(leaf, OneOf) or (isinstance(leaf, Amount) and name == leaf.fact):
            text = f'f"{{{f}}}"'
        else:
            return f'f"{{told({f}, {term.public}, {self._presumed(name)})}}"'
        return f"{text} f\"{{{PRESUMED!r} if {self._presumed(name)} else ''}}\"" if term.because else text

    def _presumed(self, name: str) -> str:
        return f"get({name!r}) is None" if self.law.vocabulary.terms[name].because else "False"


def _tried(each: Sequence[tuple[bool, list[str]]]) -> list[str]:
    """The texts of the alternatives that were tried; if none was, of all."""
    some = [said for tried, texts in each if tried for said in texts]
    return some or [said for _, texts in each for said in texts]


def _where(test: str, parts: Sequence[str]) -> str:
    """The parts, where a test holds."""
    return f"*([{', '.join(parts)}] if {test} else ())"


def _asker(condition: Condition, law: Law, figures: Sequence[str], facts: Sequence[str]) -> Callable[..., str]:
    """What says what is required, from the figures and the values of facts that it names."""

    @lru_cache(SAID)
    def asked(*values: Value | None) -> str:
        known = dict(zip((*figures, *facts), values, strict=True))

        def figure(bound: Bound) -> Bound | Unsure:
            if bound.fact:
                return stated(bound, known[bound.fact])
            if not bound.parameter:
                return bound
            number = known[bound.parameter]
            if not isinstance(number, int):
                return Unsure("", bound.parameter)
            return Bound(number, law.parameters[bound.parameter].vat, per_cent=bound.per_cent)

        return required(condition, figure)

    return asked
