"""What an auditor asks of a store: verify its logs, take their decisions again. And how a case is read from it.

The database is not trusted: every entry is decoded from its own bytes, every kept pack checked against its digest.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, TypeAlias

from engine import anchoring, bundles, citations, ledger, logins, outlines, packs, replay, retention, skimming, workflow
from engine.anchoring import NO_ANCHORS, Anchors
from engine.errors import LedgerError, PackError
from engine.law import Law
from engine.ledger import Entry, Opening
from engine.model import Moment, Money
from engine.replay import CaseState, Replayed
from engine.workflow import Workflow

if TYPE_CHECKING:
    from engine.library import Library
    from engine.store import CaseRow, Store

UNREAD = "unreadable case"  # a sort of difference beside those of `replay`
UNREADABLE = (AssertionError, AttributeError, KeyError, TypeError, ValueError)  # what a forged body may raise
Source: TypeAlias = "Store | bundles.Shelf"
_TYPES: Mapping[str, type] = {
    "money": Money,
    "boolean": bool,
    "integer": int,
    "choice": str,
    "choices": tuple,
    "text": str,
}


def entries(
    store: Source, authority: str, case: str | None = None, reader: skimming.Reader | None = None
) -> Iterator[Entry]:
    """The entries of a log, or of one case, in order; LedgerError at the first that cannot be read.

    A reader that has read others of the log is the sooner done.
    """
    read = ledger.decode if reader is None else reader.entry
    return (read(row.bytes) for row in store.rows(authority, case))


def verify(
    store: Store, authority: str, anchors: Anchors = NO_ANCHORS, watch: Callable[[], object] | None = None
) -> tuple[ledger.Step, ...]:
    """The numbered steps of verification: the log's own, checkpoints, packs kept by digest, the projection, erasures,
    entries of partners' logs that it cites (where it cites any), the reach.

    The log is read once where all of it is in order; where anything might not be, again, to say what.
    `watch` is called for every entry read.
    """
    held = anchoring.held(anchors, authority)
    openings = store.openings(authority)
    with _uncollected():
        skimmed = _skim(store, authority, held, openings, watch)
    read = skimmed or _read(store, authority, held, openings, watch)
    steps = list(read.steps)
    steps += anchoring.steps(held, read.roots, len(steps) + 1)
    steps.append(_verify_packs(store, read.wanted, len(steps) + 1))
    steps.append(_verify_projection(store, authority, read, len(steps) + 1))
    steps.append(retention.outcome(read.retained, read.unlawful, len(steps) + 1))
    if read.cited:
        steps.append(citations.step(read.cited, _leaf_of(store, store.authorities()), len(steps) + 1))
    steps.append(anchoring.reach(held, read.roots, steps, len(steps) + 1))
    return tuple(steps)


@dataclass
class _Pass:
    """What one pass over a log leaves for the steps after the log's own: digests named, erasures, where cases end."""

    roots: anchoring.Roots
    openings: Mapping[str, Opening]
    steps: tuple[ledger.Step, ...] = ()
    wanted: dict[str, int] = field(default_factory=dict)  # digest -> the first entry that names it
    last: dict[str, tuple[int, str]] = field(default_factory=dict)  # case -> its newest entry, and when
    retained: retention.Held = field(default_factory=retention.Held)
    unlawful: list[ledger.Problem] = field(default_factory=list)
    logins: logins.Logins = field(default_factory=logins.Logins)
    cited: dict[int, object] = field(default_factory=dict)  # the entry -> what it cites of partners' logs
    title: Callable[[str], str] = lambda case: ""
    fault: Callable[[str, CaseRow | None], str] = lambda case, row: ""

    def take(self, entry: Entry) -> None:
        """Nothing; an entry that could be read is taken in."""
        for digest in ledger.digests_of(entry):
            self.wanted.setdefault(digest, entry.sequence)
        self.unlawful += [ledger.Problem(entry.sequence, fault) for fault in self.retained.take(entry)]
        if entry.case is None:
            self.logins.take(entry, self.openings)
        else:
            self.last[entry.case] = (entry.sequence, entry.recorded)

    def name(self, digests: Mapping[str, Any], sequence: int) -> None:
        """Nothing; an entry names these digests."""
        for digest in ledger.digests_in(digests):
            self.wanted.setdefault(digest, sequence)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nobody looks for garbage meanwhile: a log that is read leaves none in circles, and looking takes time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _skim(
    store: Store,
    authority: str,
    held: anchoring.Held,
    openings: Mapping[str, Opening],
    watch: Callable[[], object] | None,
) -> _Pass | None:
    """The pass over a log that is in order; None where it might not be."""
    read, skim, cases = (
        _Pass(anchoring.Roots(held.sizes), openings),
        skimming.Skim(authority),
        outlines.Outlines(openings),
    )
    seen, receipts = ledger.nothing_seen(), {kept.sequence for kept in held.receipts}
    rows = iter(store.rows(authority))
    while page := list(islice(rows, skimming.PAGE)):
        try:
            found = skim.page(page)
        except skimming.Doubt:
            return None
        read.roots.add_leaves(found.leaves)
        seen.leaves.update((row.sequence, row.leaf.hex()) for row in page if row.sequence in receipts)
        for row, told in zip(page, found.told, strict=True):
            if told.new:
                read.name(told.digests, row.sequence)
            if told.seals:
                seen.sealed.update((each, row.sequence) for each in told.seals)
            if told.read is not None:
                read.take(told.read)
                seen.erased.update((each, row.sequence) for each in ledger.erased_in(told.read))
            if told.case is not None:
                cases.take(told)
            if "cites" in told.body:
                read.cited[row.sequence] = told.body["cites"]
            if watch is not None:
                watch()
        seen.count += len(page)
        seen.before = ledger.Before(page[-1].sequence, page[-1].leaf.hex(), "")
    if not seen.count:
        return None
    read.last = {case: (each.sequence, each.recorded) for case, each in cases.cases.items()}

    def fault(case: str, row: CaseRow | None) -> str:
        if case not in cases.others and row is not None and cases.cases[case].shows(row):
            return ""
        last = cases.cases[case]
        log = list(takewhile(lambda entry: entry.sequence <= last.sequence, entries(store, authority, case)))
        return _rebuilt(log, openings, last.recorded, row)

    read.title = lambda case: cases.cases[case].title
    read.fault, read.steps = fault, ledger.steps(authority, seen, openings, held.receipts)
    return read


def _rebuilt(log: Sequence[Entry], openings: Mapping[str, Opening], recorded: str, row: CaseRow | None) -> str:
    try:
        return _projection_fault(replay.fold(log, openings), recorded, row)
    except LedgerError as error:
        return error.message


def _read(
    store: Store,
    authority: str,
    held: anchoring.Held,
    openings: Mapping[str, Opening],
    watch: Callable[[], object] | None,
) -> _Pass:
    """The pass over any log, every entry read by itself and every case folded."""
    read = _Pass(anchoring.Roots(held.sizes), openings)
    cases: dict[str, CaseState] = {}
    faults: dict[str, str] = {}

    def heard(each: ledger.Read) -> None:
        read.roots.add_leaf(each.leaf)
        if watch is not None:
            watch()
        entry = each.entry
        if entry is None:
            return
        read.take(entry)
        if "cites" in entry.body:
            read.cited[entry.sequence] = entry.body["cites"]
        if entry.case is None or entry.case in faults:
            return
        try:
            cases[entry.case] = replay.fold((entry,), openings, cases.get(entry.case))
        except LedgerError as error:
            faults[entry.case] = error.message

    def fault(case: str, row: CaseRow | None) -> str:
        return faults.get(case) or _projection_fault(cases[case], read.last[case][1], row)

    read.steps = ledger.verify(authority, store.rows(authority), openings, held.receipts, heard)
    read.title = lambda case: cases[case].title if case in cases else ""
    read.fault = fault
    return read


def _verify_packs(store: Store, wanted: Mapping[str, int], number: int) -> ledger.Step:
    kept = store.artifacts(wanted)
    problems = []
    for digest, sequence in wanted.items():
        if digest not in kept:
            problems.append(ledger.Problem(sequence, f"the bytes of {digest[:16]} are not kept"))
        elif not is_kept(kept[digest], digest):
            problems.append(ledger.Problem(sequence, f"the bytes kept for {digest[:16]} have another digest"))
    good = f"{len(wanted) - len(problems)} of {len(wanted)} present, digests equal"
    title, limit = "packs, calendars and workflows", "whether they state the law rightly"
    return ledger.Step(number, title, not problems, good, tuple(problems), limit)


def _verify_projection(store: Store, authority: str, read: _Pass, number: int) -> ledger.Step:
    listed = {row.case: row for row in store.cases(authority)}
    problems = [
        ledger.Problem(row.sequence, f"the list shows a case {case} that the log does not have")
        for case, row in listed.items()
        if case not in read.last
    ]
    for case, (sequence, _) in read.last.items():
        if fault := read.fault(case, listed.get(case)):
            problems.append(ledger.Problem(sequence, f"case {case}: {fault}"))
    hidden = [
        case
        for case, row in listed.items()
        if case in read.last and row.title != replay.ERASED and read.title(case) == replay.ERASED
    ]
    erased = {case for case in hidden if _title_erased(store, authority, case, read)}
    problems += [
        ledger.Problem(read.last[case][0], f"case {case}: its title was erased, and the list shows one")
        for case in sorted(erased)
    ]
    problems += read.logins.faults(store.logins(authority))
    good = (
        f"{len(read.last)} case{'s' * (len(read.last) != 1)}, the list equals a rebuild"
        if not problems
        else "the list differs from a rebuild"
    )
    limit = "whether the decisions follow from the facts: replay tells"
    if lost := sorted(set(hidden) - erased):
        named_ = ", ".join(lost[:5]) + " ..." * (len(lost) > 5)
        limit += f"; nor whether the list has the titles of {named_}: their openings are gone"
    return ledger.Step(number, "projection", not problems, good, tuple(problems), limit)


def _title_erased(store: Store, authority: str, case: str, read: _Pass) -> bool:
    """Whether an erasure on the log took the title of a case."""
    try:
        first = next(entries(store, authority, case), None)
    except LedgerError:
        return False
    return first is not None and any(each in read.retained.erased for each in ledger.sealed_in(first.body))


def _leaf_of(store: Store, here: Sequence[str]) -> Callable[[str, int], str | None]:
    """The leaf hash of an entry by its authority and number: "" where it is not there, None where its log is not."""

    def found(authority: str, sequence: int) -> str | None:
        if authority not in here:
            return None
        row = next(iter(store.rows(authority, after=sequence - 1, before=sequence + 1)), None)
        return "" if row is None else ledger.leaf(row.bytes).hex()

    return found


def _projection_fault(folded_: CaseState, recorded: str, row: CaseRow | None) -> str:
    try:
        state = _sound(folded_)
    except LedgerError as error:
        return error.message
    if row is None:
        return "it is not in the list"
    kept, built = (row.state, row.sequence, row.opened), (state.state, state.sequence, state.opened)
    same = kept == built and row.changed == recorded
    return "" if same and state.title in (row.title, replay.ERASED) else "the list does not say what the log says"


def sound_bundle(data: bytes) -> bundles.Bundle:
    """The bundle in a file; LedgerError when it does not verify."""
    if bad := next((step for step in verify_bundle(data, NO_ANCHORS) if not step.ok), None):
        said = f"the bundle does not verify ({bad.title}): {bad.problems[0].message}"
        raise LedgerError(said, "vires audit verify says what else is wrong")
    return bundles.read(bundles.unpack(data))


def replay_bundle(data: bytes) -> tuple[str, Iterator[Replayed]]:
    """The authority of a bundle, and every decision in it taken again; LedgerError when the bundle is not sound."""
    bundle = sound_bundle(data)
    return bundle.authority, take_again(bundles.Shelf(bundle), bundle.authority)


Book: TypeAlias = tuple[Law, Workflow]


class Books:
    """The laws and workflows built so far, by the digests that entries name, and what reads the entries."""

    def __init__(self) -> None:
        self.reader = skimming.Reader()
        self._kept: list[tuple[Mapping[str, Any], Book]] = []

    def of(self, entry: Entry) -> Book | None:
        """What the entry's digests name, if it was built."""
        digests = entry.digests
        return next((book for known, book in self._kept if known is digests or known == digests), None)

    def keep(self, entry: Entry, book: Book) -> Book:
        """The book, kept."""
        self._kept.insert(0, (entry.digests, book))
        return book


def take_again(
    store: Source,
    authority: str,
    case: str | None = None,
    since: str = "",
    twice: bool = True,
    books: Books | None = None,
) -> Iterator[Replayed]:
    """Every decision of a case, or of the whole log, taken again under the law of its day; see `replay.replay`.

    Where a case can be read no further that is said, and the next is taken: one forged entry hides no other.
    """
    shelf = Books() if books is None else books
    for each in [case] if case is not None else store.case_ids(authority):
        log: list[Entry] = []
        try:
            log, openings = read_case(store, authority, each, shelf.reader)
            yield from replay.replay(log, openings, lambda entry: lawbook(store, entry, shelf), since, twice)
        except LedgerError as error:
            yield _unread(each, log, error.message)
        except UNREADABLE:
            yield _unread(each, log, "an entry's body is not that of its kind")


def _unread(case: str, log: Sequence[Entry], why: str) -> Replayed:
    """What stands in the place of the decisions of a case that can be read no further."""
    return Replayed(log[0].sequence if log else 0, case, "", "", why, kind=UNREAD, fields=(why,))


def lawbook(store: Source, entry: Entry, books: Books) -> Book:
    """The law and workflow whose digests an entry records, from the bytes kept; LedgerError where they are not."""
    found = books.of(entry)
    if found is None:
        wanted = set(ledger.digests_of(entry))
        kept = store.artifacts(wanted)
        if missing := sorted(wanted - kept.keys()):
            raise LedgerError(f"the bytes of {missing[0][:16]} are not kept: this decision cannot be replayed")
        found = books.keep(entry, _book(entry, kept))
    return found


def openings_of(store: Source, authority: str, log: Iterable[Entry]) -> dict[str, Opening]:
    """The openings, where they are kept, of everything the entries seal."""
    sealed = [commitment for entry in log for commitment in ledger.sealed_in(entry.body)]
    return store.openings(authority, sealed) if sealed else {}


def read_case(
    store: Source, authority: str, case: str, reader: skimming.Reader
) -> tuple[list[Entry], Mapping[str, Opening]]:
    """The entries of a case, and the openings, where they are kept, of what they seal."""
    reader.sealed.clear()
    log = list(entries(store, authority, case, reader))
    return log, store.openings(authority, reader.sealed) if reader.sealed else {}


def kept_workflow(artifacts: Mapping[str, bytes], digest: str) -> Workflow:
    """The workflow kept under a digest; LedgerError when its bytes are gone or altered."""
    if digest not in artifacts:
        raise LedgerError(f"the workflow {digest[:16]} is not kept", "vires audit verify says what else is lost")
    return _workflow(artifacts[digest], digest)


@lru_cache(maxsize=16)  # one object for the same bytes, so that its machine is found without comparing workflows
def _workflow(data: bytes, digest: str) -> Workflow:
    try:
        files = packs.unpack(data, digest)
    except PackError as error:
        raise LedgerError(error.message) from error
    built, problems = workflow.build(files, None)
    if built is None:
        raise LedgerError(f"the workflow {digest[:16]} cannot be read: {next(iter(problems), 'nothing is in it')}")
    return built


def folded(log: Sequence[Entry], openings: Mapping[str, Opening], before: CaseState | None = None) -> CaseState:
    """The case its entries make; LedgerError when one of its facts, forged, is not of the type it says."""
    return _sound(replay.fold(log, openings, before))


def _sound(state: CaseState) -> CaseState:
    """The case; LedgerError when one of its facts, forged, is not of the type it says."""
    for name, kept in state.facts.items():
        try:
            good = type(name) is str and (kept.value is None or type(kept.typed()) is _TYPES.get(kept.type, Moment))
        except UNREADABLE:
            good = False
        if not good:
            raise LedgerError(f"entry {kept.entry}: its value is not of the type it says", "vires audit verify")
    return state


def _book(entry: Entry, kept: Mapping[str, bytes]) -> tuple[Law, Workflow]:
    digests = entry.digests
    try:
        words = packs.unpack(kept[str(digests["vocabulary"])], str(digests["vocabulary"]))
        days: dict[str, str] = {}
        for digest in named(digests.get("calendars")):
            days.update(packs.unpack(kept[digest], digest))
        folders = [packs.unpack(kept[digest], digest) for digest in named(digests.get("packs"))]
        return packs.build(words, days, folders), kept_workflow(kept, str(digests["workflow"]))
    except PackError as error:
        raise LedgerError(f"the packs of the day cannot be read: {error.message}; {error.hint}") from error
    except KeyError as error:
        raise LedgerError("the entry does not name the vocabulary or the workflow that it rests on") from error


def named(digests: object) -> list[str]:
    """The digests in a mapping of id to digest; none in anything else."""
    return [str(digest) for digest in digests.values()] if isinstance(digests, dict) else []


def is_kept(data: bytes, digest: str) -> bool:
    """Whether the bytes kept under a digest are a pack of that digest, and nothing besides."""
    try:
        files = packs.unpack(data, digest)
    except PackError:
        return False
    return bool(files) and packs.archive(files) == data


def verify_bundle(data: bytes, anchors: Anchors) -> tuple[ledger.Step, ...]:
    """The numbered steps of verification over a bundle."""
    from engine import library

    return bundles.verify(data, anchors, is_kept, library.bundle_script())


def readable(rows: Iterable[ledger.Row]) -> Iterator[Entry]:
    """The entries that can be read; step 1 of verification reports the others."""
    for row in rows:
        try:
            yield ledger.decode(row.bytes)
        except LedgerError:
            continue


def decoded(row: ledger.Row, authority: str, case: str) -> Entry:
    """The entry in a row filed under a case; LedgerError when its bytes say another case."""
    entry = ledger.decode(row.bytes)
    if (entry.authority, entry.case, entry.sequence) != (authority, case, row.sequence):
        raise LedgerError(f"entry {row.sequence} is filed under a case it does not belong to", "vires audit verify")
    return entry


def shelf(store: Store, library: Library, adopted: Mapping[tuple[str, str], str]) -> Library:
    """The library with the packs and calendars of these digests in the place of those of the same name."""
    if not adopted:
        return library
    kept = store.artifacts(adopted.values())
    for (what, id), digest in adopted.items():
        if digest not in kept:
            raise LedgerError(f"the adopted {what} {id} ({digest[:16]}) is not kept", "vires audit verify")
        try:
            files = packs.unpack(kept[digest], digest)
        except PackError as error:
            raise LedgerError(f"the adopted {what} {id}: {error.message}", "vires audit verify") from error
        library = library.with_pack(id, files) if what == "pack" else library.with_calendar(id, files)
    return library
