"""Every decision of many cases taken again, in one process or in several.

A case is taken again by itself, so cases are shared out. Each process opens the store for itself, to read it only, or
reads the bundle; the laws it builds serve all the cases it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine import auditing, bundles
from engine.auditing import Books
from engine.replay import Replayed

if TYPE_CHECKING:
    from engine.auditing import Source

SHARES = 32  # of the cases for each process, so that none waits long for the last


class Place(NamedTuple):
    """Where cases are read from: the URL of a store, or the bytes of a bundle that verified."""

    url: str = ""
    bundle: bytes = b""


class Wanted(NamedTuple):
    """Cases of one log to take again: of decisions recorded since a day (ISO), by one evaluator or both."""

    authority: str
    cases: tuple[str, ...]
    since: str = ""
    twice: bool = True


Watch = Callable[[int], object]  # told how many cases are done


def take_again(
    source: Source, place: Place, wanted: Sequence[Wanted], jobs: int, watch: Watch = lambda _: None
) -> Iterator[tuple[str, Replayed]]:
    """Every decision wanted, with its authority, in the order of the cases, whatever the number of processes."""
    total = sum(len(each.cases) for each in wanted)
    jobs = min(jobs, total)
    if jobs <= 1:
        books = Books()
        for each in wanted:
            for case in each.cases:
                found = auditing.take_again(source, each.authority, case, each.since, each.twice, books)
                yield from ((each.authority, result) for result in found)
                watch(1)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    shares = list(_shares(wanted, max(1, total // (jobs * SHARES))))
    with ProcessPoolExecutor(jobs, get_context("spawn"), _open, (place,)) as pool:
        for share, results in zip(shares, pool.map(_one_share, shares), strict=True):
            yield from ((share.authority, result) for result in results)
            watch(len(share.cases))


def _shares(wanted: Sequence[Wanted], size: int) -> Iterator[Wanted]:
    for each in wanted:
        for start in range(0, len(each.cases), size):
            yield each._replace(cases=each.cases[start : start + size])


# In the other processes ---------------------------------------------------------------------------------------------

_OPENED: list[tuple[Source, Books]] = []


def _open(place: Place) -> None:
    """Nothing; this process has its own store or bundle open."""
    import gc

    if place.bundle:
        _OPENED.append((bundles.Shelf(bundles.read(bundles.unpack(place.bundle))), Books()))
    else:
        from engine import store

        _OPENED.append((store.open_store(place.url, read_only=True), Books()))
    gc.freeze()  # what is here now is never garbage: looking for it there takes time
    gc.enable()


def _one_share(share: Wanted) -> list[Replayed]:
    source, books = _OPENED[0]
    return [
        result
        for case in share.cases
        for result in auditing.take_again(source, share.authority, case, share.since, share.twice, books)
    ]
