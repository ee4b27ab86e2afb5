"""The rule engine beside zen-engine, and how long the packs take to be read, kept and linted.

zen-engine stands in benchmarks/requirements.txt and nowhere else; without it, its lines are left out and that is said.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks import equal
from benchmarks.lines import Line
from engine import library, lint
from engine.decide import assess, explained
from engine.explaining import Explained
from engine.generated import Program
from engine.model import MET, Facts, Finding, Moment

ROUNDS = 9
CASES = 500
LINTS = 3
STEP = "enter-contract"  # whose rules are wanted of the law in the cache
AT = Moment(date(2026, 6, 1).toordinal(), 600)


def engines() -> Iterator[Line]:
    """Twenty rules on facts in memory; the answers are checked equal first."""
    theirs = zen()
    if theirs is None:
        print("  zen-engine is not installed: pip install -r benchmarks/requirements.txt")
        return
    law, cases = equal.law(), equal.situations(CASES)
    program = Program(law, equal.STEP, None)
    facts, plain = [Facts(each) for each in cases], [equal.plain(each) for each in cases]

    judge, telling = program.judge, Explained(law, equal.STEP, None)

    def told(each: Facts) -> tuple[Finding, ...]:
        return explained(telling, each, AT)

    def walked(each: Facts) -> tuple[Finding, ...]:
        return assess(law, each, equal.STEP, AT, None, twice=False).findings

    def generated(each: Facts) -> set[str]:
        answers = zip(program.rules, judge(each.values, AT).rules, strict=True)
        return {name for name, answer in answers if answer == MET}

    assert all(told(each) == walked(each) for each in facts)
    equal.check(lambda each: {found.rule for found in told(each) if found.answer == MET}, theirs, cases)
    equal.check(generated, theirs, cases)
    found = _each(
        {
            "traced": (lambda each: theirs.evaluate(each, {"trace": True}), plain),
            "told": (told, facts),
            "walked": (walked, facts),
            "bare": (theirs.evaluate, plain),
            "generated": (lambda each: judge(each, AT), cases),
        }
    )
    beside = f"zen-engine, {equal.RULES} rows"
    yield Line("explained decision, 20 rules", found["told"], "s", f"{beside}, trace", found["traced"], least=4)
    yield Line("the same, conditions walked", found["walked"], "s", f"{beside}, trace", found["traced"])
    yield Line("generated functions, 20 rules", found["generated"], "s", beside, found["bare"], least=100)


def reading() -> Iterator[Line]:
    """The packs from cold, from the cache, and looked through."""
    yield Line("all packs read and checked, cases too", _median(ROUNDS, lambda: library.shipped().book), "s", "", 0, 2)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        assert library.shipped(cache).law.steps[STEP]
        kept = _median(ROUNDS, lambda: library.shipped(cache).law.steps[STEP])
    yield Line("the rules of a step, from the cache", kept, "s", "", 0, 0.06)
    yield Line("rules lint, all packs", _median(LINTS, _lint), "s", "", 0, 4)


def _lint() -> None:
    law, problems = library.shipped().check()
    assert not problems, problems[0]
    lint.remarks(law, AT.day)


def zen() -> Any:
    """The equal table as zen-engine holds it; None where it is not installed."""
    try:
        import zen
    except ImportError:
        return None
    return zen.ZenEngine().create_decision(equal.table())


def _each(turns: dict[str, tuple[Callable[[Any], object], Sequence[Any]]]) -> dict[str, float]:
    """The median seconds one case takes, of all cases in turn by each."""
    times: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(ROUNDS):
        for name, (judge, cases) in turns.items():
            began = perf_counter()
            for each in cases:
                judge(each)
            times[name].append((perf_counter() - began) / len(cases))
    return {name: median(each) for name, each in times.items()}


def _median(rounds: int, done: Callable[[], object]) -> float:
    times = []
    for _ in range(rounds):
        began = perf_counter()
        done()
        times.append(perf_counter() - began)
    return median(times)
