"""Finds packs, vocabulary, calendars and workflows: in the shipped folders, or in a folder somebody names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from engine import markup, packs, workflow
from engine.errors import PackError, UsageError
from engine.law import Law
from engine.markup import Problem
from engine.schema import nearest
from engine.workflow import Workflow

BASE = "commissioning"
_KINDS = ("national", "local")


@dataclass(frozen=True)
class Library:
    """The text of everything shipped, by folder; law and workflows are built from it when first asked for."""

    words: packs.Files
    days: packs.Files
    folders: Mapping[str, packs.Files]
    cycles: packs.Files

    @cached_property
    def law(self) -> Law:
        """The law in the packs; PackError with every problem."""
        return packs.build(self.words, self.days, self.folders.values(), frozenset(self.milestones))

    @cached_property
    def workflow(self) -> Workflow:
        """The base cycle; PackError with every problem."""
        return build_workflow(self.cycles, self.vocabulary_names)

    @cached_property
    def vocabulary_names(self) -> frozenset[str]:
        """The names of all milestones, read from the vocabulary alone."""
        law, problems = packs.check(self.words, {}, ())
        if problems:
            raise PackError("the vocabulary is broken", str(problems[0]), problems)
        return frozenset(name for name, term in law.vocabulary.terms.items() if term.milestone)

    @cached_property
    def milestones(self) -> Mapping[str, str | None]:
        """The milestone each step records, None for a step that records none."""
        return {step.id: step.records for step in self.workflow.steps}

    @cached_property
    def artifacts(self) -> Mapping[str, tuple[str, bytes]]:
        """Everything a decision rests on, by digest: its kind and the bytes by which it is kept."""
        groups = [("vocabulary", self.words), *(("calendar", {path: text}) for path, text in self.days.items())]
        groups += [("pack", folder) for folder in self.folders.values()]
        return {packs.digest(group): (kind, packs.archive(group)) for kind, group in groups}

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
        law, problems = packs.check(self.words, self.days, self.folders.values(), steps)
        return law, tuple(sorted({*problems, *faults}))


def build_workflow(cycles: packs.Files, milestones: Iterable[str]) -> Workflow:
    """The cycle in the files (path to text); PackError with every problem."""
    path, source = next(iter(sorted(cycles.items())))
    node, problems = markup.read(path, source)
    built = None
    if node is not None:
        built, faults = workflow.parse(node, None, frozenset(milestones))
        problems = (*problems, *faults)
    if built is None or problems:
        raise PackError(f"{len(problems)} problems in the workflow", str(problems[0]), problems)
    return built


def shipped() -> Library:
    """The library that came with the program."""
    rules, cycles = files("rules"), files("workflows")
    folders = {
        f"rules/{kind}/{pack.name}": _read(pack, f"rules/{kind}/{pack.name}")
        for kind in _KINDS
        for pack in sorted(rules.joinpath(kind).iterdir(), key=lambda each: each.name)
        if pack.is_dir() and not pack.name.startswith(("_", "."))
    }
    return Library(
        _read(rules.joinpath("vocabulary"), "rules/vocabulary"),
        _read(rules.joinpath("calendars"), "rules/calendars"),
        folders,
        _read(cycles, "workflows"),
    )


def with_folder(library: Library, folder: Path) -> Library:
    """The library with one more pack, or the pack of the same name replaced, read from a folder."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "name the folder that holds pack.yaml")
    source = {f"{folder}/{path.name}": _text(path, str(path)) for path in sorted(folder.glob("*.yaml"))}
    if not source:
        raise UsageError(f"{folder} holds no .yaml files", "name the folder that holds pack.yaml")
    name = _pack_name(source)
    rest = {path: files_ for path, files_ in library.folders.items() if _pack_name(files_) != name}
    return Library(library.words, library.days, {**rest, str(folder): source}, library.cycles)


def pack_in(library: Library, folder: Path) -> str:
    """The id of the pack in a folder that the library was given."""
    return _pack_name(library.folders[str(folder)])


def facts_file(path: Path) -> dict[str, str]:
    """The names and values in a facts file; UsageError with file and line when it is not such a file."""
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "name a YAML file of facts") from error
    node, problems = markup.read(str(path), source)
    found = markup.plain(node) if node is not None and not problems else {}
    if problems:
        raise UsageError(str(problems[0]))
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise UsageError(f"{path}:1:1: a facts file names facts, one on a line", "write contract.kind: services")
    return {name: str(value) for name, value in found.items()}


def _pack_name(source: packs.Files) -> str:
    head = next((text for path, text in source.items() if path.endswith("pack.yaml")), "")
    node, _ = markup.read("pack.yaml", head)
    found = markup.plain(node) if node is not None else {}
    return str(found.get("pack", "")) if isinstance(found, dict) else ""


def _read(folder: Traversable, name: str) -> packs.Files:
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".yaml")), key=lambda each: each.name)
    return {f"{name}/{each.name}": _text(each, f"{name}/{each.name}") for each in found}


def _text(file: Traversable | Path, name: str) -> str:
    try:
        if isinstance(file, Path) and file.stat().st_size > 4 * markup.LONGEST:
            raise PackError(f"{name}:1:1: the file is too long to be a pack", "split it")
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PackError(f"{name}:1:1: not UTF-8 text (byte {error.start})", "save the file as UTF-8") from error
    except OSError as error:
        raise PackError(f"{name}: cannot be read: {error.strerror}") from error
