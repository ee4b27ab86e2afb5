"""Finds packs, vocabulary, calendars and workflows: in the shipped folders, or in a folder somebody names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from engine import __version__, compiled, markup, packs, scenarios, workflow
from engine.errors import PackError, UsageError
from engine.law import Law
from engine.markup import Problem
from engine.schema import nearest
from engine.workflow import Workflow

if TYPE_CHECKING:
    from engine import mutants

BASE = "commissioning"
KEPT = 8  # compiled laws in the cache: each change of a pack makes another
_KINDS = ("national", "local")
_PACK = (".yaml", ".csv")  # what a pack is made of


@dataclass(frozen=True)
class Library:
    """The text of everything shipped, by folder; law and workflows are built from it when first asked for."""

    words: packs.Files
    days: packs.Files
    folders: Mapping[str, packs.Files]
    cycles: packs.Files
    cache: Path | None = None  # a folder for what was compiled; None: nothing is kept
    local_cycles: packs.Files = field(default_factory=dict)  # what authorities do differently
    walks: packs.Files = field(default_factory=dict)  # with what simulated lives begin

    @cached_property
    def law(self) -> Law:
        """The law in the packs, without their worked cases; PackError with every problem."""
        kept = self._compiled()
        if kept is not None:
            return kept
        folders = [_without_cases(folder) for folder in self.folders.values()]
        law = packs.build(self.words, self.days, folders, frozenset(self.milestones))
        self._keep(law)
        return law

    @cached_property
    def book(self) -> Law:
        """The law in the packs with their worked cases; PackError with every problem."""
        return packs.build(self.words, self.days, self.folders.values(), frozenset(self.milestones))

    @cached_property
    def _place(self) -> Path:
        """Where the compiled law is kept: named for the bytes it was read from and the program that read them.

        The program is its version and, for whoever works on it, the size and time of each of its modules.
        """
        groups = (self.words, self.days, *map(_without_cases, self.folders.values()), self.cycles, self.local_cycles)
        stats = ((each.name, each.stat()) for each in Path(__file__).parent.glob("*.py"))
        modules = sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)
        said = [__version__, compiled.FORMAT, modules, *(sorted(group.items()) for group in groups)]
        digest = hashlib.sha256(repr(said).encode()).hexdigest()
        return (self.cache or Path()) / f"law-{digest[:40]}.jsonl"

    def _compiled(self) -> Law | None:
        """The law as it was kept; None where it was not, or what is there cannot be read."""
        if self.cache is None:
            return None
        try:
            return compiled.load(self._place.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return None

    def _keep(self, law: Law) -> None:
        """Keep the law, whole or not at all, and let go of older ones; a cache that cannot be written is no fault."""
        if self.cache is None:
            return
        with suppress(OSError):
            self.cache.mkdir(parents=True, exist_ok=True)
            part = self._place.with_suffix(f".{os.getpid()}")
            part.write_text(compiled.dump(law), encoding="utf-8")
            part.replace(self._place)
            for old in sorted(self.cache.glob("law-*.jsonl"), key=lambda each: each.stat().st_mtime)[:-KEPT]:
                old.unlink(missing_ok=True)

    @cached_property
    def workflow(self) -> Workflow:
        """The base cycle; PackError with every problem."""
        return build_workflow(self._chain(BASE), self.vocabulary_names)

    def cycle(self, authority: str) -> Workflow:
        """The cycle of an authority: the base with its own differences, or the base; PackError with every problem."""
        if authority not in self._cycles:
            files = self.cycle_files(authority)
            same = files == self._chain(BASE)
            self._cycles[authority] = self.workflow if same else build_workflow(files, self.vocabulary_names)
        return self._cycles[authority]

    def cycle_files(self, authority: str) -> packs.Files:
        """The files that make an authority's cycle together, base and differences: what a case keeps."""
        own = next((path for path in self.local_cycles if _stem(path) == authority), None)
        if own is None:
            return self._chain(BASE)
        return {**self._chain(_extended(own, self.local_cycles[own])), own: self.local_cycles[own]}

    def own_cycles(self) -> tuple[str, ...]:
        """The authorities with a cycle of their own, and the names of files that are no authority's."""
        return tuple(sorted(map(_stem, self.local_cycles)))

    @cached_property
    def _cycles(self) -> dict[str, Workflow]:
        return {}

    def _chain(self, name: str) -> packs.Files:
        """The file of a shared cycle, and the files it extends."""
        path = next((path for path in self.cycles if _stem(path) == name), None)
        if path is None:
            raise PackError(f"there is no workflow {name!r}", "a file in workflows/ is named for its cycle")
        base = _extended(path, self.cycles[path])
        above = self._chain(base) if base and base != name else {}
        return {**above, path: self.cycles[path]}

    @cached_property
    def vocabulary_names(self) -> frozenset[str]:
        """The names of all milestones, read from the vocabulary alone."""
        law, problems = packs.check(self.words, {}, ())
        if problems:
            raise PackError("the vocabulary is broken", str(problems[0]), problems)
        return frozenset(name for name, term in law.vocabulary.terms.items() if term.milestone)

    @cached_property
    def milestones(self) -> Mapping[str, str | None]:
        """The milestone each step of any cycle records, None for a step that records none."""
        found = {step.id: step.records for step in self.workflow.steps}
        for authority in self.own_cycles():
            found |= {step.id: step.records for step in self.cycle(authority).steps if step.id not in found}
        return found

    @cached_property
    def artifacts(self) -> Mapping[str, tuple[str, bytes]]:
        """Everything a decision rests on, by digest: its kind and the bytes by which it is kept."""
        groups = [("vocabulary", self.words), *(("calendar", {path: text}) for path, text in self.days.items())]
        groups += [("pack", folder) for folder in self.folders.values()]
        return {packs.digest(group): (kind, packs.archive(group)) for kind, group in groups}

    def with_pack(self, id: str, files: packs.Files) -> Library:
        """The library with this pack in the place of the one of the same name."""
        rest = {path: files_ for path, files_ in self.folders.items() if _pack_name(files_) != id}
        return replace(self, folders={**rest, f"adopted/{id}": files})

    def with_calendar(self, id: str, files: packs.Files) -> Library:
        """The library with this calendar in the place of the one of the same name."""
        rest = {path: text for path, text in self.days.items() if _calendar_name(path, text) != id}
        return replace(self, days={**rest, **{f"adopted/{path}": text for path, text in files.items()}})

    def authorities(self) -> dict[str, str]:
        """The authorities with a pack of their own, by id, with the pack's title."""
        return {pack.authority: pack.title for pack in self.law.packs.values() if pack.layer == "authority"}

    def authority(self, name: str) -> str:
        """The id of an authority; UsageError with the nearest when there is none."""
        known = self.authorities()
        if name not in known:
            raise UsageError(f"no authority is called {name!r}", nearest(name, known) or "see: vires authority list")
        return name

    def check(self) -> tuple[Law, tuple[Problem, ...]]:
        """The law and every problem in the packs and the workflow."""
        try:
            steps = frozenset(self.milestones)
            faults: tuple[Problem, ...] = ()
        except PackError as error:
            steps, faults = frozenset(), tuple(each for each in error.problems if isinstance(each, Problem))
        law, problems, entries = packs.checked(self.words, self.days, self.folders.values(), steps)
        return law, tuple(sorted({*problems, *faults})) or self._unfounded(law, entries)

    def _unfounded(self, law: Law, entries: Sequence[packs.Entry]) -> tuple[Problem, ...]:
        """What is wrong with the mutants that an equivalent.yaml names."""
        from engine import mutants

        listed, problems = mutants.equivalents(self.folders.values())
        if not listed:
            return problems
        on = mutants.Bench(law, tuple(entries), self.milestones)
        return tuple(sorted({*problems, *mutants.unfounded(listed, on)}))

    @cached_property
    def bench(self) -> mutants.Bench:
        """The law with its worked cases and every entry as it is written, to try mutants on."""
        from engine import mutants

        law, problems, entries = packs.checked(self.words, self.days, self.folders.values(), frozenset(self.milestones))
        if problems:
            raise PackError(f"{len(problems)} problems in the packs", str(problems[0]), problems)
        return mutants.Bench(law, tuple(entries), self.milestones)


def build_workflow(cycles: packs.Files, milestones: Iterable[str]) -> Workflow:
    """The cycle the files (path to text) make together; PackError with every problem."""
    built, problems = workflow.build(cycles, frozenset(milestones))
    if built is None:
        raise PackError(f"{len(problems)} problems in the workflow", str(next(iter(problems), "")), problems)
    return built


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".yaml")


def _extended(path: str, source: str) -> str:
    """The cycle that a file of differences extends; nothing where it is whole or cannot be read."""
    node, _ = markup.read(path, source)
    return workflow.extends(node) if node is not None else ""


def _without_cases(files: packs.Files) -> packs.Files:
    return {path: source for path, source in files.items() if not path.endswith(".cases.yaml")}


def _deciding(files: packs.Files) -> packs.Files:
    return {path: source for path, source in files.items() if not path.endswith((".cases.yaml", packs.EQUIVALENT))}


def shipped(cache: Path | None = None) -> Library:
    """The library that came with the program; what it compiles to is kept in the folder `cache`, if one is given."""
    rules, cycles = files("rules"), files("workflows")
    own, lives = cycles.joinpath("local"), cycles.joinpath("walks")
    folders = {
        f"rules/{kind}/{pack.name}": _read(pack, f"rules/{kind}/{pack.name}", _PACK)
        for kind in _KINDS
        for pack in sorted(rules.joinpath(kind).iterdir(), key=lambda each: each.name)
        if pack.is_dir() and not pack.name.startswith(("_", "."))
    }
    return Library(
        _read(rules.joinpath("vocabulary"), "rules/vocabulary"),
        _read(rules.joinpath("calendars"), "rules/calendars"),
        folders,
        _read(cycles, "workflows"),
        cache,
        _read(own, "workflows/local") if own.is_dir() else {},
        _read(lives, "workflows/walks") if lives.is_dir() else {},
    )


def with_folder(library: Library, folder: Path) -> Library:
    """The library with one more pack, or the pack of the same name replaced, read from a folder."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "name the folder that holds pack.yaml")
    own = sorted(path for path in folder.iterdir() if path.name.endswith(_PACK))
    source = {f"{folder}/{path.name}": _text(path, str(path)) for path in own}
    if not any(path.endswith(".yaml") for path in source):
        raise UsageError(f"{folder} holds no .yaml files", "name the folder that holds pack.yaml")
    name = _pack_name(source)
    rest = {path: files_ for path, files_ in library.folders.items() if _pack_name(files_) != name}
    return replace(library, folders={**rest, str(folder): source})


def alone(library: Library, folder: Path) -> Library:
    """The library with one more folder, and of all other packs only what decides: no worked cases, no equivalents."""
    return _alone(with_folder(library, folder), str(folder))


def of_pack(library: Library, pack: str) -> Library:
    """The library with one of its packs whole, and of all others only what decides."""
    return _alone(library, next(path for path, files_ in library.folders.items() if _pack_name(files_) == pack))


def _alone(library: Library, place: str) -> Library:
    others = {path: _deciding(files_) for path, files_ in library.folders.items()}
    return replace(library, folders={**others, place: library.folders[place]})


def pack_in(library: Library, folder: Path) -> str:
    """The id of the pack in a folder that the library was given."""
    return _pack_name(library.folders[str(folder)])


def named_pack(library: Library, said: str) -> Law:
    """The law of one pack, by its name or the folder it stands in; UsageError with the nearest name."""
    if said in library.law.packs:
        return library.law.only({said})
    if not Path(said).is_dir():
        hint = nearest(said, library.law.packs) or "name a pack, or the folder that holds pack.yaml"
        raise UsageError(f"there is no pack and no folder {said!r}", hint)
    shelf = with_folder(library, Path(said))
    return shelf.law.only({pack_in(shelf, Path(said))})


def named_authority(library: Library, said: str) -> Law:
    """All the law that binds one authority, by its name or the folder of its pack; UsageError with the nearest name."""
    if said in library.authorities() or not Path(said).is_dir():
        return library.law.for_authority(library.authority(said))
    shelf = with_folder(library, Path(said))
    head = shelf.law.packs[pack_in(shelf, Path(said))]
    if not head.authority:
        raise UsageError(f"{said} holds a pack of layer {head.layer}", "name the folder of an authority's own pack")
    others = {pack.id for pack in shelf.law.packs.values() if pack.authority not in ("", head.authority)}
    twins = {pack.id for pack in shelf.law.packs.values() if pack.layer == head.layer and pack.authority} - {head.id}
    return shelf.law.only(set(shelf.law.packs) - others - twins)


def facts_file(file: str, stream: BinaryIO, guess: bool = False) -> tuple[bool, Iterator[scenarios.Read]]:
    """Whether a facts file holds many cases, and the cases, read as they are asked for; UsageError where they end.

    JSON Lines are known by the name of the file; by their first line where one is to `guess`.
    """
    try:
        first = stream.readline(markup.LONGEST + 1)
        if file.endswith(".jsonl") or (guess and scenarios.is_json_lines(first.decode("utf-8", "replace"))):
            return True, scenarios.from_json_lines(file, _lines(file, chain([first], _rest(stream))))
        source = (first + stream.read(4 * scenarios.MOST)).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unread(file, error) from error
    return scenarios.from_yaml(file, source)


def _rest(stream: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: stream.readline(markup.LONGEST + 1), b"")


def _lines(file: str, lines: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if len(line) > markup.LONGEST:
            raise UsageError(f"{file}:{number}:1: the line is longer than {markup.LONGEST:,} bytes", "split the file")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise _unread(f"{file}:{number}", error) from error


def _unread(where: str, error: Exception) -> UsageError:
    why = f"not UTF-8 text (byte {error.start})" if isinstance(error, UnicodeDecodeError) else error
    return UsageError(f"{where} cannot be read: {why}", "name a file of facts, saved as UTF-8")


def schema(name: str) -> str:
    """The JSON Schema of that name, as shipped."""
    return files("rules").joinpath("schemas", f"{name}.schema.json").read_text(encoding="utf-8")


def retention_classes() -> tuple[str, str]:
    """Where the classes of retention stand, and the text."""
    return "rules/retention.yaml", _text(files("rules").joinpath("retention.yaml"), "rules/retention.yaml")


def exemption_codes() -> tuple[str, str]:
    """Where the codes of exemption stand, and the text."""
    return "rules/exemptions.yaml", _text(files("rules").joinpath("exemptions.yaml"), "rules/exemptions.yaml")


def bundle_script() -> str:
    """The script that checks a bundle without Vires, as shipped."""
    return files("engine").joinpath("standalone", "verify_bundle.py").read_text(encoding="utf-8")


def template() -> dict[str, str]:
    """The files a new authority's pack begins as, by name."""
    place = files("rules").joinpath("local", "_template")
    return {path.rpartition("/")[2]: source for path, source in _read(place, "rules/local/_template").items()}


def write_new(folder: Path, sources: Mapping[str, str]) -> None:
    """Write files into a new folder; UsageError when there is something of that name."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise UsageError(f"{folder} exists already, and nothing is overwritten", "choose another name") from error
    for name, source in sources.items():
        (folder / name).write_text(source, encoding="utf-8")


def law_files(folder: Path) -> dict[str, str]:
    """The law files of a folder, by name; UsageError when it holds none."""
    found = {path.name: _text(path, str(path)) for path in sorted(folder.glob("*.yaml"))}
    if not found:
        raise UsageError(f"{folder} holds no law files", "name the folder with the .yaml files of facts")
    return found


def left_out() -> tuple[str, str]:
    """Where the reasons for the facts of the law left out stand, and the text; nothing where there is no such file."""
    place = files("rules").joinpath("left_out.yaml")
    return "rules/left_out.yaml", _text(place, "rules/left_out.yaml") if place.is_file() else ""


def _pack_name(source: packs.Files) -> str:
    head = next((text for path, text in source.items() if path.endswith("pack.yaml")), "")
    node, _ = markup.read("pack.yaml", head)
    found = markup.plain(node) if node is not None else {}
    return str(found.get("pack", "")) if isinstance(found, dict) else ""


def _calendar_name(path: str, source: str) -> str:
    node, _ = markup.read(path, source)
    found = markup.plain(node) if node is not None else {}
    return str(found.get("calendar", "")) if isinstance(found, dict) else ""


def with_calendar_file(library: Library, file: Path) -> tuple[Library, str, packs.Files]:
    """The library with a calendar from a file, its id and the file; UsageError where it is no calendar."""
    read = _text(file, str(file))
    id = _calendar_name(str(file), read)
    if not id:
        raise UsageError(f"{file} holds no calendar", "it begins with calendar:")
    source = {f"{id}.yaml": read}
    return library.with_calendar(id, source), id, source


def _read(folder: Traversable, name: str, endings: tuple[str, ...] = (".yaml",)) -> packs.Files:
    found = sorted((each for each in folder.iterdir() if each.name.endswith(endings)), key=lambda each: each.name)
    return {f"{name}/{each.name}": _text(each, f"{name}/{each.name}") for each in found}


def _text(file: Traversable | Path, name: str) -> str:
    try:
        if isinstance(file, Path) and file.stat().st_size > 4 * markup.LONGEST:
            raise PackError(f"{name}:1:1: the file is too long to be a pack", "split it")
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        place = f"{before.count(10) + 1}:{len(before) - before.rfind(10)}"
        raise PackError(f"{name}:{place}: not UTF-8 text", "save the file as UTF-8") from error
    except OSError as error:
        raise PackError(f"{name}: cannot be read: {error.strerror}") from error
