"""Bundles: what an auditor takes away, a zip of plain files that is checked without the store it came from.

docs/formats/bundle.md is the specification; `engine/standalone/verify_bundle.py` is a second implementation of it, for
people without Vires. Everything here is pure: bytes in, bytes or steps out.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine import anchoring, canonical, checkpoints, ledger, skimming
from engine.anchoring import Anchors
from engine.errors import LedgerError
from engine.ledger import Entry, Opening, Problem, Step

FORMAT = "vires/bundle/1"
ABOUT, ENTRIES, LEAVES = "bundle.json", "entries.jsonl", "leaves.txt"
OPENINGS, WITHHELD = "openings.jsonl", "withheld.jsonl"
CHECKPOINT, README, SCRIPT = "checkpoint", "README.md", "verify_bundle.py"
FIXED = (ABOUT, CHECKPOINT, ENTRIES, LEAVES, OPENINGS, WITHHELD, README, SCRIPT)
LARGEST, MOST = 1 << 30, 20_000  # bytes unpacked, and files, of a bundle
RATIO, SMALL = 200, 1 << 20  # bytes unpacked for each byte packed, of a file of more than so many
BROKEN = (  # what zipfile raises for bytes that are no zip, or not what its directory says
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError),
    *(IndexError, KeyError, struct.error, OverflowError),
)
_LOCAL, _CENTRAL, _END = 30, 46, 22  # bytes of a zip's headers, without the name
_KEPT = re.compile(r"kept/([0-9a-f]{64})\.json")
_HEX = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
_EARLY = (1980, 1, 1, 0, 0, 0)  # the first time a zip can hold: the same content makes the same bytes


class Line(NamedTuple):
    """One entry of a bundle: its place in the log and its bytes as they were stored."""

    sequence: int
    data: bytes


@dataclass(frozen=True)
class Bundle:
    """What a bundle holds. `about` says for people which entries were asked for."""

    authority: str
    training: bool
    about: str
    made: str
    lines: tuple[Line, ...]
    leaves: tuple[bytes, ...]
    openings: Mapping[str, Opening] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, bytes] = field(default_factory=dict)
    checkpoint: bytes | None = None

    @property
    def whole(self) -> bool:
        """Whether every entry of the log is here."""
        return len(self.lines) == len(self.leaves)


# -------------------------------------------------------------------------------------------------------- writing


def write(bundle: Bundle, readme: str, script: str) -> bytes:
    """The zip; the same bundle always makes the same bytes."""
    files = {
        ENTRIES: b"".join(line.data + b"\n" for line in bundle.lines),
        LEAVES: b"".join(leaf.hex().encode() + b"\n" for leaf in bundle.leaves),
        OPENINGS: b"".join(canonical.encode(_plain(each)) + b"\n" for _, each in sorted(bundle.openings.items())),
        WITHHELD: b"".join(
            canonical.encode({"code": code, "commitment": commitment}) + b"\n"
            for commitment, code in sorted(bundle.withheld.items())
        ),
        README: readme.encode(),
        SCRIPT: script.encode(),
        **{f"kept/{digest}.json": data for digest, data in bundle.kept.items()},
        **({} if bundle.checkpoint is None else {CHECKPOINT: bundle.checkpoint}),
    }
    about = {
        "about": bundle.about,
        "authority": bundle.authority,
        "entries": len(bundle.lines),
        "files": {name: canonical.digest(data) for name, data in files.items()},
        "format": FORMAT,
        "made": bundle.made,
        "size": len(bundle.leaves),
        "training": bundle.training,
    }
    return _zip({**files, ABOUT: canonical.encode(about)})


def _plain(opening: Opening) -> dict[str, object]:
    return {
        "commitment": opening.commitment,
        "salt": opening.salt.hex(),
        "value": canonical.decode(opening.value),
    }


def _zip(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _EARLY)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, files[name])
    return made.getvalue()


# -------------------------------------------------------------------------------------------------------- reading


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of a bundle by name; LedgerError unless they are the format's own, each once and as it is listed.

    A name that is not of the format is refused before anything is unpacked, so no name can lead out of a folder.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.infolist()
            _must_be_ours(listed)
            files = {each.filename: archive.read(each) for each in listed}
            if not _all_told(data, archive.start_dir, listed):
                raise LedgerError("the zip holds bytes that belong to no file of it")
    except BROKEN as error:
        raise LedgerError(f"not a bundle: {error}") from None
    about = _object(files.get(ABOUT, b""), ABOUT)
    digests = about.get("files")
    if about.get("format") != FORMAT or not isinstance(digests, dict):
        raise LedgerError(f"not a bundle of the format {FORMAT}")
    if digests.keys() != files.keys() - {ABOUT}:
        raise LedgerError("its files are not those that bundle.json lists")
    for name, digest in sorted(digests.items()):
        if canonical.digest(files[name]) != digest:
            raise LedgerError(f"{name} does not have the digest that bundle.json lists")
    return files


def _all_told(data: bytes, directory: int, listed: Sequence[zipfile.ZipInfo]) -> bool:
    """Whether every byte belongs to a file, one after the other, or to the directory after them (APPNOTE 4.3)."""
    at = 0
    for each in listed:
        name = each.filename.encode()
        start = at + _LOCAL + len(name)
        packed = data[start : start + each.compress_size]
        inflated = zlib.decompressobj(-zlib.MAX_WBITS)
        if each.compress_type == zipfile.ZIP_DEFLATED:
            inflated.decompress(packed, each.file_size + 1)
        plain = each.compress_type == zipfile.ZIP_STORED and len(packed) == each.file_size
        whole = plain or (inflated.eof and not inflated.unused_data)
        bare = not each.extra and not each.comment and data[start - len(name) - 2 : start] == b"\0\0" + name
        if each.header_offset != at or not bare or not whole:
            return False
        at = start + each.compress_size
    return directory == at and len(data) == at + sum(_CENTRAL + len(each.filename.encode()) for each in listed) + _END


def _must_be_ours(listed: Sequence[zipfile.ZipInfo]) -> None:
    """Nothing; LedgerError for a file that a bundle does not have, a name twice, a link, or too much to unpack."""
    seen: set[str] = set()
    total = 0
    if len(listed) > MOST:
        raise LedgerError(f"a bundle has at most {MOST:,} files")
    for each in listed:
        if each.filename not in FIXED and not _KEPT.fullmatch(each.filename):
            raise LedgerError(f"a bundle has no file {each.filename[:100]!r}")
        if each.filename in seen:
            raise LedgerError(f"{each.filename} stands twice in the zip")
        if stat.S_IFMT(each.external_attr >> 16) not in (0, stat.S_IFREG) or each.flag_bits & 1:
            raise LedgerError(f"{each.filename} is a link, or encrypted")
        seen.add(each.filename)
        total += each.file_size
        if total > LARGEST or (each.file_size > SMALL and each.file_size > RATIO * each.compress_size):
            raise LedgerError(f"{each.filename} unpacks to more than a bundle may")


def read(files: Mapping[str, bytes]) -> Bundle:
    """The bundle in the files; LedgerError for the first thing that cannot be read."""
    about = _object(files[ABOUT], ABOUT)
    shapes = {"authority": str, "about": str, "made": str, "training": bool, "size": int, "entries": int}
    for name, kind in shapes.items():
        if type(about.get(name)) is not kind:
            raise LedgerError(f"bundle.json does not say its {name}")
    if about.keys() - shapes.keys() - {"files", "format"}:
        raise LedgerError("bundle.json has a member that the format does not know")
    for name in (ENTRIES, LEAVES, OPENINGS, WITHHELD, README, SCRIPT):
        if name not in files:
            raise LedgerError(f"{name} is missing")
    leaves = [line.decode("ascii", "replace") for line in _lines(files, LEAVES)]
    if len(leaves) != about["size"] or not all(map(_HEX.fullmatch, leaves)):
        raise LedgerError(f"{LEAVES} does not have a line of 64 hex digits for each of the entries")
    reader = skimming.Reader()
    lines = tuple(Line(_sequence(line, reader), line) for line in _lines(files, ENTRIES))
    if len(lines) != about["entries"]:
        raise LedgerError(f"{ENTRIES} has {len(lines):,} entries, bundle.json says {about['entries']:,}")
    openings = _once((_opening(line) for line in _lines(files, OPENINGS)), lambda each: each.commitment, OPENINGS)
    withheld = _once((_withheld(line) for line in _lines(files, WITHHELD)), lambda each: each[0], WITHHELD)
    return Bundle(
        about["authority"],
        about["training"],
        about["about"],
        about["made"],
        lines,
        tuple(map(bytes.fromhex, leaves)),
        openings,
        dict(withheld.values()),
        {found[1]: data for name, data in files.items() if (found := _KEPT.fullmatch(name))},
        files.get(CHECKPOINT),
    )


def _object(data: bytes, name: str) -> dict[str, Any]:
    try:
        value = canonical.decode(data)
    except LedgerError as error:
        raise LedgerError(f"{name}: {error.message}") from None
    if not isinstance(value, dict):
        raise LedgerError(f"{name}: not an object")
    return value


def _lines(files: Mapping[str, bytes], name: str) -> list[bytes]:
    data = files[name]
    if data and not data.endswith(b"\n"):
        raise LedgerError(f"{name} is cut short")
    return data.split(b"\n")[:-1]


def _sequence(line: bytes, reader: skimming.Reader) -> int:
    """The place an entry says it has, 0 where it cannot be read: verification says why."""
    try:
        return reader.entry(line).sequence
    except LedgerError:
        return 0


def _opening(line: bytes) -> Opening:
    found = _object(line, OPENINGS)
    salt, commitment = found.get("salt"), found.get("commitment")
    if found.keys() != {"commitment", "salt", "value"} or not isinstance(salt, str) or not isinstance(commitment, str):
        raise LedgerError(f"{OPENINGS}: a line is not an opening")
    if not re.fullmatch("[0-9a-f]{32}", salt) or not _HEX.fullmatch(commitment):
        raise LedgerError(f"{OPENINGS}: a salt is 32 hex digits, a commitment 64")
    return Opening(commitment, bytes.fromhex(salt), canonical.encode(found["value"]))


def _withheld(line: bytes) -> tuple[str, str]:
    found = _object(line, WITHHELD)
    code, commitment = found.get("code"), found.get("commitment")
    if found.keys() != {"code", "commitment"} or not isinstance(code, str) or not isinstance(commitment, str):
        raise LedgerError(f"{WITHHELD}: a line is not a code and a commitment")
    if not _CODE.fullmatch(code) or not _HEX.fullmatch(commitment):
        raise LedgerError(f"{WITHHELD}: a line is not a code and a commitment")
    return commitment, code


def _once(found: Iterator[Any], key: Callable[[Any], str], name: str) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for each in found:
        if key(each) in kept:
            raise LedgerError(f"{name}: {key(each)[:16]} stands twice")
        kept[key(each)] = each
    return kept


# ---------------------------------------------------------------------------------------------------- verification


def verify(data: bytes, anchors: Anchors, is_kept: Callable[[bytes, str], bool], script: str = "") -> tuple[Step, ...]:
    """The numbered steps over a bundle, each with every problem it found; one step alone when it cannot be read.

    `is_kept` says whether the bytes kept for a digest have it; `script` is the checking script as Vires ships it.
    """
    try:
        files = unpack(data)
        bundle = read(files)
    except LedgerError as error:
        return (Step(1, "files", False, "not a sound bundle", (Problem(None, error.message),)),)
    own = not script or files[SCRIPT] == script.encode()
    limit = "" if own else f"what the {SCRIPT} in it does: it is not the one Vires ships; do not run it"
    kind = ", TRAINING" if bundle.training else ""
    steps = [Step(1, "files", True, f"{len(files):,} files, digests as listed{kind}", (), limit)]
    told = _decoded(bundle)
    entries = [each for each in told if isinstance(each, Entry)]
    steps.append(_entries_step(bundle, told))
    steps.append(_place_step(bundle, entries))
    anchored = list(_anchor_steps(bundle, anchors))
    steps += [step for step in anchored if step.title != anchoring.REACH]
    steps.append(_openings_step(bundle, entries))
    steps.append(_kept_step(bundle, entries, is_kept))
    sound = all(step.ok for step in steps)
    failing = Step(0, anchoring.REACH, True, "nothing is proved while a step fails", ())
    steps.append(anchored[-1] if sound else failing)
    return tuple(step._replace(number=number) for number, step in enumerate(steps, 1))


def _decoded(bundle: Bundle) -> list[Entry | str]:
    """Each line as its entry, or why it is none."""
    reader, found = skimming.Reader(), list[Entry | str]()
    for line in bundle.lines:
        try:
            found.append(reader.entry(line.data))
        except LedgerError as error:
            found.append(error.message)
    return found


def _entries_step(bundle: Bundle, told: Sequence[Entry | str]) -> Step:
    problems = []
    before = 0
    for number, entry in enumerate(told, 1):
        if isinstance(entry, str):
            problems.append(Problem(None, f"line {number} of {ENTRIES}: {entry}"))
            continue
        if entry.authority != bundle.authority:
            problems.append(Problem(entry.sequence, f"it is of {entry.authority}'s log"))
        if entry.sequence <= before:
            problems.append(Problem(entry.sequence, f"it stands after entry {before}"))
        if (entry.kind == "log-opened") is not (entry.sequence == 1):
            problems.append(Problem(entry.sequence, "the log is opened by entry 1 and by no other"))
        before = entry.sequence
    first = told[0] if told else ""
    if isinstance(first, str) or first.sequence != 1:
        problems.append(Problem(1, "the entry that opened the log is missing"))
    elif first.body.get("training") is not bundle.training:
        problems.append(Problem(1, "it does not say what bundle.json says of training"))
    some = f"{len(bundle.lines):,} of {_entries(len(bundle.leaves))}: {bundle.about}"
    limit = "" if bundle.whole else "whether entries that belong here were left out"
    return _step("entries", some, problems, limit)


def _place_step(bundle: Bundle, entries: Sequence[Entry]) -> Step:
    """Each entry has the leaf hash of its place, and names the one before it: so none was put elsewhere."""
    problems = []
    recorded = ""
    for entry, line in zip(entries, (line for line in bundle.lines if line.sequence), strict=True):
        number = entry.sequence
        if number > len(bundle.leaves) or ledger.leaf(line.data) != bundle.leaves[number - 1]:
            problems.append(Problem(number, "it is not the entry whose leaf hash stands in its place"))
        elif number > 1 and entry.previous != bundle.leaves[number - 2].hex():
            problems.append(Problem(number, "the digest of the entry before is not the one it names"))
        if entry.recorded < recorded:
            problems.append(Problem(number, f"recorded at {entry.recorded}, before the entry that it follows"))
        recorded = entry.recorded
    return _step("places and chain", "each entry stands in its place", problems, "that it was not written again whole")


def _anchor_steps(bundle: Bundle, anchors: Anchors) -> Iterator[Step]:
    """The bundle's own checkpoint and those the reader holds, against the tree of its leaf hashes."""
    notes = [*anchors.notes, *([bundle.checkpoint] if bundle.checkpoint is not None and anchors.keys else [])]
    try:
        held = anchoring.held(Anchors(anchors.receipts, notes, anchors.keys), bundle.authority)
    except LedgerError as error:
        yield Step(0, "checkpoint", False, "cannot be read", (Problem(None, error.message),))
        return
    roots = anchoring.Roots(held.sizes)
    for leaf in bundle.leaves:
        roots.add_leaf(leaf)
    problems = [] if bundle.checkpoint is None else list(_own_problems(bundle, roots.root))
    if anchors.keys and not held.checkpoints and not held.faults:
        problems.append(Problem(None, "you say who must have signed it, and there is no checkpoint of it to sign"))
    problems += [problem for receipt in held.receipts for problem in _receipt_problems(bundle, receipt)]
    size, equal = len(bundle.leaves), len(held.receipts)
    found = "none in the bundle" if bundle.checkpoint is None else f"of {'all ' * (size != 1)}{_entries(size)}"
    found += f"; {equal:,} receipt{'s' * (equal != 1)} equal" if held.receipts else ""
    unknown = "" if bundle.checkpoint is None or anchors.keys else "who signed its checkpoint: no --signed-by was given"
    steps = [_step("checkpoint and receipts", found, problems, unknown), *anchoring.steps(held, roots, 0)]
    yield from steps
    yield anchoring.reach(held, roots, steps, 0)


def _own_problems(bundle: Bundle, root: bytes) -> Iterator[Problem]:
    try:
        found, _ = checkpoints.read(bundle.checkpoint or b"")
    except LedgerError as error:
        yield Problem(None, error.message)
        return
    if found.root != root:
        yield Problem(None, "its root is not that of the leaf hashes in the bundle")
    if found.size != len(bundle.leaves):
        yield Problem(None, f"it counts {found.size:,} entries, the bundle {len(bundle.leaves):,}")
    if not checkpoints.stands_for(found, bundle.authority):
        yield Problem(None, f"it is of {found.origin}, not of {bundle.authority}")
    if found.origin.endswith("/training") is not bundle.training:
        yield Problem(None, "it does not say what bundle.json says of training")


def _receipt_problems(bundle: Bundle, receipt: ledger.Receipt) -> Iterator[Problem]:
    if receipt.sequence > len(bundle.leaves):
        yield Problem(receipt.sequence, "a receipt was given for this entry, and the bundle ends before it")
    elif not bundle.leaves[receipt.sequence - 1].hex().startswith(receipt.leaf_prefix):
        yield Problem(receipt.sequence, "this is not the entry its receipt was given for")


def _openings_step(bundle: Bundle, entries: Sequence[Entry]) -> Step:
    sealed = {each: entry.sequence for entry in entries for each in ledger.sealed_in(entry.body)}
    erased = {each for entry in entries for each in ledger.erased_in(entry)}
    problems = []
    for commitment, opening in bundle.openings.items():
        if commitment not in sealed:
            problems.append(Problem(None, f"the opening of {commitment[:16]} opens nothing in the bundle"))
        elif ledger.commitment(opening.salt, opening.value) != commitment:
            problems.append(Problem(sealed[commitment], "an opening does not match its seal"))
    for commitment in bundle.withheld:
        if commitment not in sealed:
            problems.append(Problem(None, f"{commitment[:16]} is withheld, and nothing in the bundle seals it"))
        elif commitment in bundle.openings:
            problems.append(Problem(sealed[commitment], "an opening is given and said to be withheld"))
    gone = sealed.keys() - bundle.openings.keys() - bundle.withheld.keys()
    codes = ", ".join(sorted(set(bundle.withheld.values())))
    said = f"{len(bundle.openings):,} match, {len(bundle.withheld):,} withheld{f' ({codes})' if codes else ''}, "
    said += f"{len(gone & erased):,} erased"
    lost = sorted({sealed[each] for each in gone - erased})
    which = ", ".join(map(str, lost[:9])) + (" ..." if len(lost) > 9 else "")
    limit = f"what entries {which} seal: the opening is gone, and no erasure here says so" if lost else ""
    return _step("openings", said, problems, limit or ("what was withheld or erased" if codes or gone else ""))


def _kept_step(bundle: Bundle, entries: Sequence[Entry], is_kept: Callable[[bytes, str], bool]) -> Step:
    wanted = {digest: entry.sequence for entry in reversed(entries) for digest in ledger.digests_of(entry)}
    problems = [
        Problem(sequence, f"the bytes of {digest[:16]} are missing")
        for digest, sequence in sorted(wanted.items(), key=lambda each: each[1])
        if digest not in bundle.kept
    ]
    problems += [
        Problem(wanted.get(digest), f"the bytes kept for {digest[:16]} have another digest, or no entry names them")
        for digest, data in sorted(bundle.kept.items())
        if digest not in wanted or not is_kept(data, digest)
    ]
    good = f"{len(wanted)} of {len(wanted)} present, digests equal"
    return _step("packs, calendars and workflows", good, problems, "whether they state the law rightly")


def _entries(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"


def _step(title: str, said: str, problems: Sequence[Problem], limit: str) -> Step:
    found = tuple(problems)
    return Step(0, title, not found, f"{len(found):,} wrong" if found else said, found, "" if found else limit)


# ----------------------------------------------------------------------------------------------------------- replay


class Shelf:
    """A bundle that can be read as a store is, so that its decisions can be taken again."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        reader = skimming.Reader()
        self._rows = [_row(reader.entry(line.data), line, bundle.leaves) for line in bundle.lines]
        self._of_case: dict[str | None, list[ledger.Row]] = {}
        for row in self._rows:
            self._of_case.setdefault(row.case, []).append(row)

    def rows(self, authority: str, case: str | None = None, after: int = 0, before: int | None = None) -> Iterator[Any]:
        """The entries with after < sequence < before, in order: of one case, or all that are here."""
        for row in self._rows if case is None else self._of_case.get(case, ()):
            if authority == self._bundle.authority and after < row.sequence < (before or ledger.LAST_SEQUENCE):
                yield row

    def case_ids(self, authority: str) -> tuple[str, ...]:
        """Every case with an entry here, by id."""
        return tuple(sorted(case for case in self._of_case if case is not None))

    def openings(self, authority: str, commitments: Any = None) -> dict[str, Opening]:
        """The openings here, of `commitments` or all."""
        found = self._bundle.openings
        return {key: found[key] for key in (found if commitments is None else commitments) if key in found}

    def artifacts(self, digests: Any) -> dict[str, bytes]:
        """The bytes kept under each of `digests`."""
        return {digest: self._bundle.kept[digest] for digest in digests if digest in self._bundle.kept}


def _row(entry: Entry, line: Line, leaves: Sequence[bytes]) -> ledger.Row:
    return ledger.Row(entry.authority, entry.sequence, entry.case, entry.kind, line.data, leaves[entry.sequence - 1])
