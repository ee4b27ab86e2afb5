"""The same case as events of the `eventsourcing` library on SQLite, to measure beside; it is nowhere else used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

EVENTS = 37  # of a case, as many as ours has entries


class Beside(NamedTuple):
    """Commits one event to a case of its own; replays so many cases and says how many events that took."""

    commit: Callable[[], object]
    replay: Callable[[], int]


def application(place: Path, cases: int) -> Beside | None:
    """So many cases recorded in a file; None where the library is not installed."""
    try:
        from eventsourcing.application import Application
        from eventsourcing.domain import Aggregate, event
    except ImportError:
        return None

    class Commission(Aggregate):  # type: ignore[misc]
        @event("Opened")  # type: ignore[untyped-decorator]
        def __init__(self, title: str) -> None:
            self.title = title
            self.facts: dict[str, str] = {}

        @event("Recorded")  # type: ignore[untyped-decorator]
        def record(self, name: str, value: str, actor: str) -> None:
            self.facts[name] = value

    app: Any = Application(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(place)})
    made = [Commission("Rough sleeping outreach") for _ in range(cases)]
    for case in made:
        for number in range(EVENTS - 1):
            case.record(f"contract.fact_{number}", "light touch services", "0123456789abcdef")
    app.save(*made)

    def commit() -> None:
        made[0].record("contract.kind", "light touch services", "0123456789abcdef")
        app.save(made[0])

    def replay() -> int:
        for case in made[1:]:
            assert len(app.repository.get(case.id).facts) == EVENTS - 1
        return (len(made) - 1) * EVENTS

    return Beside(commit, replay)
