"""Separation of duties: what the history of a case says of who did what, as facts that rules read. Pure.

The facts follow from the entries' actors alone, so they replay; where nobody approved by `case approve` there are none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from engine.model import Value

SAME, UNDECLARED, INTERESTED, HELD = "duties.same_person", "duties.undeclared", "duties.interested", "clock.held"
APPROVED_BY, GIVEN, GRANTED_BY, GRANTED = ".approved_by", "_approval.given", "waiver.granted_by", "waiver.granted"
WAIVER = "waiver"
TRAINED = (".approver_level", ".approver_trained_until")
PARTS = (APPROVED_BY, GIVEN, ".consulted", ".advised_by", *TRAINED)  # what an approval of a stage consists of
DECIDED = ".decided"  # the milestone of what a stage's approval approves
EVALUATES = ("bid", "quote")  # records that whoever evaluates writes


class Acts(NamedTuple):
    """Who, by their opaque ids, did what on a case: approvals are (stage, post, actor)."""

    opened: str = ""
    recorded: frozenset[str] = frozenset()
    evaluated: frozenset[str] = frozenset()
    approvals: frozenset[tuple[str, str, str]] = frozenset()
    irregular: Mapping[int, str] = MappingProxyType({})  # the entry of an irregular step, and who took it
    reviewed: bool = False  # somebody gave the view on an irregular step of their own

    def with_record(self, actor: str, name: str, value: object, post: str) -> Acts:
        """The acts after a fact was recorded; `post` is that of the person who acted in it, nothing otherwise."""
        stage = approval(name)
        if stage:
            still = set(value) if isinstance(value, list | tuple) else set()
            kept = {each for each in self.approvals if each[0] != stage or each[1] in still}
            return self._replace(approvals=frozenset(kept | ({(stage, post, actor)} if post else set())))
        noun = name.partition("/")[0]
        if post or noun in ("declaration", "hold"):
            return self
        if noun in EVALUATES:
            return self._replace(evaluated=self.evaluated | {actor})
        return self._replace(recorded=self.recorded | {actor})

    def with_review(self, actor: str, subject: str) -> Acts:
        """The acts after a judgement."""
        number = subject.rpartition(":")[2] if subject.startswith("irregular:") else ""
        own = number.isdigit() and self.irregular.get(int(number)) == actor
        return self._replace(reviewed=True) if own else self

    def without(self, stages: Collection[str]) -> Acts:
        """The acts, approvals of these stages forgotten."""
        return self._replace(approvals=frozenset(each for each in self.approvals if each[0] not in stages))


def taken_back(entries: Mapping[str, int], came: int, left: int) -> set[str]:
    """The stages whose approvals no longer count for a case that goes back, by the entry of each fact it has.

    It came to the state it goes back to with entry `came`, and left it with entry `left`: what was approved in between
    or since may change, and so may what was decided since.
    """
    since = {approval(name) for name, entry in entries.items() if name.endswith(APPROVED_BY) and entry > came}
    undone = {name.removesuffix(DECIDED) for name, entry in entries.items() if name.endswith(DECIDED) and entry >= left}
    return since | undone | ({WAIVER} if entries.get(GRANTED, 0) >= left else set())


def part_of(name: str) -> str:
    """The stage whose approval a fact is part of, by its name alone."""
    ending = next((each for each in PARTS if name.endswith(each)), "")
    return name.removesuffix(ending) if ending else approval(name)


def approval(name: str) -> str:
    """The stage that a fact says who approved, `waiver` for who granted one; nothing for any other fact."""
    if name == GRANTED_BY:
        return WAIVER
    return name.removesuffix(APPROVED_BY) if name.endswith(APPROVED_BY) else ""


def in_a_post(name: str) -> bool:
    """Whether the fact is what approving or waiving records: of whoever holds the post, and nobody else."""
    return bool(approval(name)) or name == GRANTED or name.endswith((GIVEN, *TRAINED))


def dated_by(stage: str) -> str:
    """The milestone of an approval or waiver."""
    return GRANTED if stage == WAIVER else f"{stage}{GIVEN}"


def worked_out(acts: Acts, facts: Mapping[str, tuple[str, object]]) -> dict[str, Value]:
    """The facts that follow from the acts and from the facts recorded (name to who, and value)."""
    found: dict[str, Value] = {}
    standing = {each for each in acts.approvals if dated_by(each[0]) in facts}
    if standing or acts.reviewed:
        declared = {who: value for name, (who, value) in facts.items() if _is(name, "declaration", "interested")}
        found[SAME] = tuple(sorted(_same(acts, standing)))
        found[UNDECLARED] = tuple(sorted({stage for stage, _, who in standing if who not in declared}))
        said = {who: declared.get(who, False) for _, _, who in standing}
        if None not in said.values():  # an erased declaration says nothing
            found[INTERESTED] = tuple(sorted({stage for stage, _, who in standing if said[who]}))
    steps = {name: value for name, (_, value) in facts.items() if _is(name, "hold", "step")}
    if steps:
        on = [value for name, value in steps.items() if f"{name.rpartition('.')[0]}.lifted" not in facts]
        found[HELD] = tuple(sorted({str(value) for value in on}))
    return found


def _same(acts: Acts, standing: set[tuple[str, str, str]]) -> set[str]:
    pairs = (("opened", {acts.opened}), ("recorded", acts.recorded), ("evaluated", acts.evaluated))
    words = {
        f"{done} and {'granted' if stage == WAIVER else 'approved'} the {stage}"
        for stage, _, who in standing
        for done, people in pairs
        if who in people
    }
    return words | ({"took and reviewed an irregular step"} if acts.reviewed else set())


def _is(name: str, record: str, attribute: str) -> bool:
    name = str(name)  # of a forged entry it may be anything
    return name.startswith(f"{record}/") and name.endswith(f".{attribute}")
