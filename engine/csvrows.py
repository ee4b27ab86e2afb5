"""CSV text to the same nodes as YAML: the rows of a decision table, edited in a spreadsheet, every cell with its place.

The first line names facts, then `then`, and `cite` where there is one; every other line is a row. Comma or semicolon,
fields in double quotes where they hold one of these. Refused: what a spreadsheet would run as a formula.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from engine import markup
from engine.markup import Map, Node, Problem, Seq, Text, Where

WIDEST = 50  # columns
LAST = ("then", "cite")  # the columns that are not facts

_FORMULA = re.compile(r"\s*[=+@\-\uff1d\uff0b\uff20\uff0d]")  # as typed, and full width
_END = re.compile(r"\r?\n|\r")


class Cell(NamedTuple):
    """What stands in one cell, and where it begins."""

    value: str
    where: Where


class _Bad(Exception):
    def __init__(self, where: Where, what: str, instead: str) -> None:
        super().__init__(what)
        self.problem = Problem(where, what, instead)


def rows(file: str, text: str) -> tuple[Seq, tuple[Problem, ...]]:
    """The rows of a table as YAML would have them, a list of {when, then, cite}, and everything wrong with the file."""
    nothing = Seq((), Where(file, 1, 1))
    if problem := markup.unfit(file, text):
        return nothing, (problem,)
    try:
        lines = [line for line in _lines(file, text.removeprefix("\ufeff")) if any(cell.value for cell in line)]
    except _Bad as bad:
        return nothing, (bad.problem,)
    if not lines:
        return nothing, (Problem(nothing.where, "the file is empty", "name the facts in its first line, and then"),)
    head, *rest = lines
    if problems := _head_problems(head):
        return nothing, tuple(problems)
    found = tuple(_row(head, line, problems) for line in rest)
    return Seq(found, head[0].where), tuple(problems)


def _head_problems(head: list[Cell]) -> list[Problem]:
    """What is wrong with the first line."""
    found: list[Problem] = []
    seen: dict[str, Where] = {}
    for name, where in head:
        if not name:
            found.append(Problem(where, "a column without a name", "name a fact, then or cite"))
        elif name in seen:
            found.append(Problem(where, f"the column {name!r} stands here twice", "write both ends in one cell"))
        seen.setdefault(name, where)
    if len(head) > WIDEST:
        found.append(Problem(head[WIDEST].where, f"more than {WIDEST} columns", "split the table"))
    if "then" not in seen:
        found.append(Problem(head[0].where, "no column is called 'then'", "add it: what each row decides"))
    return found


def _row(head: list[Cell], line: list[Cell], problems: list[Problem]) -> Node:
    where = line[0].where
    while (cut := _split(head, line)) is not None:
        problems.append(Problem(line[cut].where, "an amount with a comma is two cells", "write it without the comma"))
        line = [*line[:cut], Cell(line[cut].value + line[cut + 1].value, line[cut].where), *line[cut + 2 :]]
    for value, place in line[len(head) :]:
        if value:
            problems.append(Problem(place, "a cell beyond the last column", "name its column in the first line"))
    tests: dict[str, Node] = {}
    outer: dict[str, Node] = {}
    places = {name: place for (name, _), (_, place) in zip(head, line, strict=False)}
    for (name, _), (value, place) in zip(head, line, strict=False):
        if _FORMULA.match(value):
            what = f"{value[:20]!r} begins like a formula of a spreadsheet"
            problems.append(Problem(place, what, "write a test in words, or leave the cell empty for any"))
        if value:
            (outer if name in LAST else tests)[name] = Text(value, place)
    if "then" not in outer:
        problems.append(Problem(places.get("then", where), "the row decides nothing", "fill in its cell under then"))
        outer["then"] = Text("refer", where)
    if not tests:
        problems.append(Problem(where, "a row without a test", "write what holds otherwise beside rows_from:"))
    when = Map(tests, {name: places[name] for name in tests}, where)
    return Map({"when": when, **outer}, {"when": where, **{name: places.get(name, where) for name in outer}}, where)


def _split(head: list[Cell], line: list[Cell]) -> int | None:
    """The first of two cells that were one amount with a comma in it, if the line has cells too many; else None."""
    pairs = enumerate(pairwise(line) if len(line) > len(head) else ())
    cut = (at for at, (one, two) in pairs if re.search(r"\d\Z", one.value) and re.match(r"\d{3}\b", two.value))
    return next(cut, None)


# Lines and cells --------------------------------------------------------------------------------------------------


def _lines(file: str, text: str) -> list[list[Cell]]:
    """Every line's cells; a field in quotation marks may hold the mark between fields, and ends of lines."""
    mark = _mark(file, text)
    field = re.compile(rf'"((?:[^"]|"")*)"|([^"{mark}\r\n]*)')
    lines: list[list[Cell]] = [[]]
    place, line, begun = 0, 1, 0
    while True:
        where = Where(file, line, place - begun + 1)
        match = field.match(text, place)
        assert match is not None  # an empty field always matches
        quoted, bare = match.groups()
        lines[-1].append(Cell((bare if quoted is None else quoted.replace('""', '"')).strip(), where))
        for end in _END.finditer(match[0]):
            line, begun = line + 1, place + end.end()
        place = match.end()
        if place >= len(text):
            return lines
        if text[place] == mark:
            place += 1
        elif ended := _END.match(text, place):
            place = begun = ended.end()
            line += 1
            lines.append([])
        else:
            raise _stray(file, text, place, where, Where(file, line, place - begun + 1))


def _stray(file: str, text: str, place: int, cell: Where, here: Where) -> _Bad:
    if text[place] == '"' and text.find('"', place + 1) < 0:
        return _Bad(cell, "a quotation mark that is never closed", 'end the field with "')
    return _Bad(here, "a quotation mark inside a field", 'put the whole field in "..." and write "" inside it')


def _mark(file: str, text: str) -> str:
    """What stands between fields: a comma or a semicolon, as in the first line."""
    first = _END.split(text, maxsplit=1)[0]
    marks = [mark for mark in ",;" if mark in first]
    if len(marks) > 1:
        raise _Bad(Where(file, 1, 1), "commas and semicolons between the names", "use one of the two throughout")
    return marks[0] if marks else ","
