"""One pack from its files: its head, parameters, tables, rules and worked cases, every fault with its place.

`packs` puts several together; what a pack may name of the others is handed to `PackReader.read`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

from engine import canonical, conditions, csvrows, markup, vocabulary
from engine.conditions import Condition, Scope
from engine.errors import UsageError
from engine.law import CONFIDENCE, HITS, LAYERS, Case, InForce, Pack, Parameter, Reading, Row, Rule, Table
from engine.markup import Map, Node, Problem, Seq, Text, Where
from engine.model import ANSWERS, EFFECTS, Money, Value, moment
from engine.schema import fields, listed, mended, named, nearest, one_of, text, texts, written_day
from engine.vocabulary import Vocabulary

Files = Mapping[str, str]  # path to text

EQUIVALENT = "equivalent.yaml"
MOST_ROWS = 500  # of one table; the second evaluator takes seconds to compile more

_ID = re.compile(r"[a-z][a-z0-9-]*\Z")
_LOCAL = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\Z")
UNITS = ("money incl VAT", "money excl VAT", "money VAT unstated", "days", "count", "per cent")
_HEAD = ("pack", "title", "layer", "source", "source_as_at", "checked")
_TABLE = ("title", "cite", "source_facts", "decides")
_TABLE_MORE = ("otherwise", "hit", "order", "rows", "rows_from", "refer", "in_force", "as_at", "rests_on", "for_each")
_RULE = ("title", "cite", "source_facts")
_RULE_MORE = (
    *("when", "require", "refer", "readings", "effect", "confidence", "caution", "in_force", "as_at", "rests_on"),
    *("remedy", "for_each", "binds", "waives", "yields_to"),
)
MOST = 1000  # rules and tables of one pack
MOST_WORDS = 100  # of one for_each
PARAMETER_CONFIDENCE = ("high", "medium", "unverified")
KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # of each kind of mapping: required, optional
    "head": (_HEAD, ("authority", "governs", "as_at", "silent")),
    "section": ((), ("parameters", "tables", "rules")),
    "parameter": (("title", "cite", "source_facts", "unit", "values"), ("as_at", "confidence", "checked")),
    "table": (_TABLE, _TABLE_MORE),
    "row": (("when", "then"), ("cite",)),
    "rule": (_RULE, _RULE_MORE),
    "reading": (("title", "cite", "require"), ()),
    "in force": ((), ("from", "to")),
    "cases": (("cases",), ()),
    "case": (("name", "on", "given", "expect"), ("rule", "table", "step", "earliest")),
}


def kept(files: Files) -> Files:
    """The files that make up the pack, by name without their folder: all but what only tests it."""
    own = {path.rpartition("/")[2]: source for path, source in files.items()}
    return {name: source for name, source in own.items() if not _tests(name)}


def _tests(path: str) -> bool:
    """Whether the file holds worked cases, or names mutants no case can notice."""
    return path.endswith(".cases.yaml") or path.rpartition("/")[2] == EQUIVALENT


def _is_head(path: str) -> bool:
    return path.rpartition("/")[2] == "pack.yaml"


def digest(files: Files) -> str:
    """The digest of a pack: SHA-256 of the canonical list of [path, SHA-256 of the bytes], cases left out."""
    listed = [[path, canonical.digest(source.encode())] for path, source in sorted(kept(files).items())]
    return canonical.digest(canonical.encode(listed))


def nodes_of(files: Files, problems: list[Problem]) -> dict[str, Node]:
    """The root node of each file; a problem for each that cannot be read."""
    nodes: dict[str, Node] = {}
    for path, source in sorted(files.items()):
        node, faults = markup.read(path, source)
        problems.extend(faults)
        if node is not None:
            nodes[path] = node
        elif not faults:
            problems.append(Problem(Where(path, 1, 1), "the file is empty"))
    return nodes


def _places(node: Node) -> int:
    """How many nodes there are in this one."""
    match node:
        case Seq(items):
            return 1 + sum(map(_places, items))
        case Map(entries):
            return 1 + sum(map(_places, entries.values()))
    return 1


@dataclass
class PackReader:
    """One pack while it is read: heads and parameters first, so that any pack may name any parameter."""

    files: Files
    words: Vocabulary
    calendars: frozenset[str]
    steps: frozenset[str]
    problems: list[Problem]

    def __post_init__(self) -> None:
        self.sheets = {path: source for path, source in self.files.items() if path.endswith(".csv")}
        own = {path: source for path, source in self.files.items() if path not in self.sheets}
        told = len(self.problems)
        self.nodes = nodes_of(own, self.problems)
        self.unread = len(self.problems) > told  # what a case names may stand where nothing could be read
        self.used: dict[str, Seq] = {}  # CSV files that a table names
        self.tables: list[Table] = []
        self.rules: list[Rule] = []
        self.cases: list[Case] = []
        self.head = self._head()
        self.sections = [
            self._with_sheets(fields(node, self.problems, *KEYS["section"]))
            for path, node in self.nodes.items()
            if not _tests(path) and not _is_head(path)
        ]
        for path in self.sheets:
            if path not in self.used:
                self.wrong(Where(path, 1, 1), "no table takes its rows from this file", "name it in rows_from:")
        self.parameters: dict[str, Parameter] = {}
        for section in self.sections:
            for name, node, where in named(section.get("parameters"), self.problems):
                self._add(self.parameters, name, where, self._parameter(name, node, where))

    def _with_sheets(self, section: dict[str, Node]) -> dict[str, Node]:
        """The section, the rows of every table that has them in a CSV file put in their place."""
        tables = section.get("tables")
        if not isinstance(tables, Map):
            return section
        return {**section, "tables": replace(tables, entries={k: self._sheet(v) for k, v in tables.entries.items()})}

    def _sheet(self, table: Node) -> Node:
        if not isinstance(table, Map) or "rows_from" not in table.entries:
            return table
        named = table.entries["rows_from"]
        known = {path.rpartition("/")[2]: path for path in self.sheets}
        if "rows" in table.entries:
            self.wrong(named.where, "rows: and rows_from: do not go together", "keep one of them")
        if text(named) not in known:
            hint = nearest(text(named), known) or "put the CSV file beside pack.yaml"
            self.wrong(named.where, f"the pack has no file {text(named)!r}", hint)
            return replace(table, entries={**table.entries, "rows": Seq((), named.where)})
        path = known[text(named)]
        if path not in self.used:
            self.used[path], faults = csvrows.rows(path, self.sheets[path])
            self.problems.extend(faults)
        return replace(table, entries={**table.entries, "rows": self.used[path]})

    def wrong(self, where: Where, what: str, instead: str = "") -> None:
        self.problems.append(Problem(where, what, instead))

    def _add(self, into: dict[str, Parameter], name: str, where: Where, item: Parameter) -> None:
        if not _LOCAL.match(name):
            self.wrong(where, f"{name!r} is not a name", "write small letters, digits, - and dots")
        if item.id in into:
            self.wrong(where, f"{name} stands twice", f"see {into[item.id].where}")
        into[item.id] = item

    def _head(self) -> Pack:
        path = next((path for path in self.nodes if _is_head(path)), None)
        if path is None:
            where = Where(next(iter(self.files), "pack.yaml"), 1, 1)
            self.wrong(where, "the folder has no pack.yaml", "write the head of the pack there")
            return Pack("?", "", "statute", "", "", "", "", conditions.ALWAYS, "", (), "", where)
        node = self.nodes[path]
        read = fields(node, self.problems, *KEYS["head"])
        name = text(read.get("pack"))
        if not _ID.match(name):
            self.wrong(node.where, f"{name!r} is not the name of a pack", "write small letters, digits and -")
        self._said(read, "title", "source")
        layer = one_of(read.get("layer"), LAYERS, self.problems)
        authority = text(read.get("authority"))
        if (layer in ("authority", "department")) != bool(authority):
            self.wrong(node.where, f"a pack of layer {layer}: authority is {authority or 'not given'}", "see layer:")
        for key in ("source_as_at", "checked"):
            self._day(read.get(key))
        governs = conditions.parse(read.get("governs"), self._scope({}))
        return Pack(
            name,
            text(read.get("title")),
            layer,
            authority,
            text(read.get("source")),
            text(read.get("source_as_at")),
            text(read.get("checked")),
            governs,
            self._milestone(read.get("as_at")),
            texts(read.get("silent"), self.problems),
            digest(self.files),
            node.where,
        )

    def _scope(self, parameters: Mapping[str, str]) -> Scope:
        return Scope(self.words, parameters, self.calendars, self.problems)

    def _day(self, node: Node | None) -> int | None:
        if node is None:
            return None
        try:
            found = moment(text(node))
            if found.minute is None:
                return found.day
        except ValueError:
            pass
        self.wrong(node.where, f"{text(node)!r} is not a day", _day_hint(text(node)))
        return None

    def _milestone(self, node: Node | None) -> str:
        name = text(node)
        if node is not None and (name not in self.words.terms or not self.words.terms[name].dated):
            self.wrong(node.where, f"{name!r} is no milestone", nearest(name, self.words.dated))
        return name

    def _period(self, node: Node | None) -> InForce:
        if node is None:
            return InForce()
        read = fields(node, self.problems, *KEYS["in force"])
        span = InForce(self._day(read.get("from")), self._day(read.get("to")))
        if span.start and span.end and span.end < span.start:
            self.wrong(node.where, "it ends before it begins", "exchange from and to")
        return span

    def _facts(self, node: Node | None) -> tuple[str, ...]:
        listed = texts(node, self.problems)
        for name in listed:
            if name not in self.words.terms:
                assert node is not None
                self.wrong(node.where, f"no fact is called {name!r}", nearest(name, self.words.terms))
        return listed

    def _parameter(self, name: str, node: Node, where: Where) -> Parameter:
        read = fields(node, self.problems, *KEYS["parameter"])
        self._said(read, "title", "cite")
        unit = one_of(read.get("unit"), UNITS, self.problems)
        vat = unit.split()[-1] if unit == "money VAT unstated" else unit.removeprefix("money ").split()[0]
        scale = 100 if unit.startswith("money") else 1
        return Parameter(
            f"{self.head.id}.{name}",
            text(read.get("title")),
            text(read.get("cite")),
            texts(read.get("source_facts"), self.problems),
            "money" if scale == 100 else unit,
            vat if scale == 100 else "",
            self._milestone(read.get("as_at")) or self.head.as_at,
            one_of(read.get("confidence"), PARAMETER_CONFIDENCE, self.problems),
            self._values(read.get("values"), scale),
            where,
            text(read.get("checked")) if self._day(read.get("checked")) else "",
        )

    def _values(self, node: Node | None, scale: int) -> tuple[tuple[int, int | None], ...]:
        found: list[tuple[int, int | None]] = []
        if isinstance(node, Map) and not node.entries:
            self.wrong(node.where, "a parameter has at least one figure", "write values: {2025-02-24: 1}")
        if isinstance(node, Text):
            self.wrong(node.where, f"{text(node)!r} has no first day", f"write values: {{2025-02-24: {text(node)}}}")
            return ()
        for day, value, where in named(node, self.problems):
            if re.fullmatch(r"\d{3}", day, re.ASCII) and not text(value):
                self.wrong(where, f"{day!r} stands behind a comma", "write a figure in digits only, without a comma")
                continue
            start, figure = self._day(Text(day, where)), text(value)
            if not re.fullmatch(r"\d{1,12}|refer|none", figure, re.ASCII):
                self.wrong(
                    value.where, f"{figure!r} is not a figure", "write digits only, refer or none; no £, no comma"
                )
                continue
            if start is not None and found and start <= found[-1][0]:
                self.wrong(where, "the dates do not run forward", "put the earliest first")
            found.append((start or 1, int(figure) * scale if figure.isdigit() else None))
        return tuple(found)

    # Tables, rules and cases, when every parameter is known ---------------------------------------------------------

    def read(self, parameters: Mapping[str, str]) -> None:
        """Read tables, rules and cases; `parameters` maps what a condition may write to a full name."""
        self.scope = self._scope(parameters)
        seen: dict[str, Where] = {}
        for section in self.sections:
            for kind, build in (("tables", self._table), ("rules", self._rule)):
                for name, node, where in named(section.get(kind), self.problems):
                    for suffix, each in self._each(node):
                        self._one(f"{name}{suffix}", each, where, seen, build)
                    if len(seen) > MOST:
                        self.wrong(where, f"the pack has more than {MOST:,} rules and tables", "split it")
                        return
        for path, node in self.nodes.items():
            if path.endswith(".cases.yaml"):
                self._read_cases(node)

    def again(
        self, kind: str, name: str, node: Node, where: Where
    ) -> tuple[tuple[Parameter | Table | Rule, ...], tuple[Problem, ...]]:
        """What one entry says when it is written differently, and what is wrong with that; this reader is untouched."""
        fresh = copy(self)
        fresh.problems, fresh.tables, fresh.rules = [], [], []
        fresh.scope = replace(self.scope, problems=fresh.problems)
        found: list[Parameter | Table | Rule] = []
        if kind == "parameters":
            found.append(fresh._parameter(name, node, where))
        else:
            for suffix, each in fresh._each(node):
                fresh._one(f"{name}{suffix}", each, where, {}, fresh._table if kind == "tables" else fresh._rule)
        return (*found, *fresh.tables, *fresh.rules), tuple(fresh.problems)

    def _one(
        self, name: str, node: Node, where: Where, seen: dict[str, Where], build: Callable[[str, Node, Where], None]
    ) -> None:
        if not _LOCAL.match(name):
            self.wrong(where, f"{name!r} is not a name", "write small letters, digits, - and dots")
        elif name in seen:
            self.wrong(where, f"{name} stands twice", f"see {seen[name]}")
        else:
            seen[name] = where
            build(f"{self.head.id}.{name}", node, where)

    def _each(self, node: Node) -> list[tuple[str, Node]]:
        """The node once, or once for each word of its `for_each`, with the suffix its id gets."""
        if not isinstance(node, Map) or "for_each" not in node.entries:
            return [("", node)]
        rest = {key: value for key, value in node.entries.items() if key != "for_each"}
        body = Map(rest, node.keys, node.where)
        pairs = named(node.entries["for_each"], self.problems)
        if len(pairs) != 1:
            self.wrong(node.where, "for_each takes one name and its words", "write for_each: {decision: [strategy]}")
            return []
        name, words, _ = pairs[0]
        listed = texts(words, self.problems)
        if len(listed) > MOST_WORDS:
            self.wrong(words.where, f"for_each has more than {MOST_WORDS} words", "split the rule")
            return []
        if isinstance(words, Seq) and not words.items:
            self.wrong(words.where, "for_each has no words", "name at least one")
        each = [(f".{word}", markup.substitute(body, {name: word})) for word in listed]
        if any(_places(copy) < _places(body) for _, copy in each):
            self.wrong(node.where, f"two keys are one when {{{name}}} is replaced", "write different keys")
        return each

    def _digest(self, node: Node) -> str:
        head = [markup.plain(each) for path, each in self.nodes.items() if _is_head(path)]
        gate = [each.get("governs", "") for each in head if isinstance(each, dict)]
        return canonical.digest(canonical.encode([markup.plain(node), gate]))

    def _gated(self, when: Condition) -> Condition:
        gate = self.head.governs
        if gate == conditions.ALWAYS:
            return when
        return gate if when == conditions.ALWAYS else conditions.All((gate, when))

    def _value(self, fact: str, node: Node | None) -> Value | None:
        term = self.words.find(fact)
        if term is None or node is None or text(node) == "refer":
            return None
        try:
            return vocabulary.parse_value(term, listed(node))
        except UsageError as error:
            self.wrong(node.where, error.message, mended(listed(node)) or error.hint)
            return None

    def _table(self, name: str, node: Node, where: Where) -> None:
        read = fields(node, self.problems, _TABLE, _TABLE_MORE)
        decides = text(read.get("decides"))
        term = self.words.terms.get(decides)
        if term is None or not term.derived or term.milestone:
            hint = nearest(decides, self.words.terms) if term is None else "mark it derived: yes in the vocabulary"
            self.wrong(where, f"{decides!r} is not a derived fact", hint)
        self._said(read, "title", "cite", "refer")
        rows = read.get("rows")
        if rows is not None and not isinstance(rows, Seq):
            self.wrong(rows.where, "rows: needs a list", "write one row below the other, each with a dash")
        listed = rows.items if isinstance(rows, Seq) else ()
        if len(listed) > MOST_ROWS:
            self.wrong(where, f"the table has more than {MOST_ROWS:,} rows", "split it")
        found = tuple(self._row(decides, row) for row in listed[:MOST_ROWS])
        otherwise, order = self._value(decides, read.get("otherwise")), texts(read.get("order"), self.problems)
        hit = one_of(read.get("hit"), HITS, self.problems)
        self._ranked(hit, order, decides, found, read["order"].where if "order" in read else where)
        written = [read.get("otherwise"), *(row.entries.get("then") for row in listed if isinstance(row, Map))]
        refers = any(text(each) == "refer" for each in written)
        if refers != ("refer" in read):
            self.wrong(where, "refer: and a row or otherwise that refers go together", "say what a person is to judge")
        self.tables.append(
            Table(
                name,
                text(read.get("title")),
                text(read.get("cite")),
                texts(read.get("source_facts"), self.problems),
                decides,
                hit,
                self.head.governs,
                found,
                otherwise,
                text(read.get("refer")),
                self._period(read.get("in_force")),
                self._milestone(read.get("as_at")) or self.head.as_at,
                self._facts(read.get("rests_on")),
                self.head.layer,
                self.head.id,
                self._digest(node),
                where,
                order,
                "otherwise" not in read,
            )
        )

    def _ranked(self, hit: str, order: tuple[str, ...], decides: str, rows: tuple[Row, ...], where: Where) -> None:
        """Whether the rows can be ranked as the hit policy asks."""
        term = self.words.terms.get(decides)
        if term is None:
            return
        if hit == "shortest" and term.type != "integer":
            self.wrong(
                where, f"shortest takes the least whole number, and {decides} is a {term.type}", "write strictest"
            )
        if hit == "strictest" and term.type not in ("choice", "integer", "money"):
            self.wrong(where, f"strictest ranks choices and figures, and {decides} is a {term.type}", "write first")
        ranked = hit == "strictest" and term.type == "choice"
        if ranked != bool(order):
            instead = "write order: [strictest, ..., mildest]" if ranked else "leave order out"
            self.wrong(where, "order: goes with hit: strictest on a choice", instead)
        for number, word in enumerate(order):
            if word not in term.choices:
                self.wrong(where, f"{word!r} is not a choice of {decides}", nearest(word, term.choices))
            if word in order[:number]:
                self.wrong(where, f"{word!r} stands twice in order", "name it once")
        values = [(row.then, row.where) for row in rows if row.then is not None]
        for then, place in values if ranked and order else ():
            if then not in order:
                self.wrong(place, f"{then!r} is not in order:", "add it to order:")
        bases = {then.vat for then, _ in values if isinstance(then, Money)}
        if hit == "strictest" and len(bases) > 1:
            self.wrong(where, "amounts of different VAT basis have no greatest", "write all on one basis")

    def _row(self, decides: str, node: Node) -> Row:
        read = fields(node, self.problems, *KEYS["row"])
        when = conditions.parse(read.get("when"), self.scope)
        return Row(when, self._value(decides, read.get("then")), text(read.get("cite")), node.where)

    def _rule(self, name: str, node: Node, where: Where) -> None:
        read = fields(node, self.problems, _RULE, _RULE_MORE)
        confidence = one_of(read.get("confidence"), CONFIDENCE, self.problems)
        self._shape(read, confidence, where)
        binds = texts(read.get("binds"), self.problems)
        for step in binds:
            if self.steps and step not in self.steps:
                self.wrong(
                    read["binds"].where,
                    f"no workflow has a step {step!r}",
                    f"{nearest(step, self.steps)} `vires workflow show` lists them".strip(),
                )
        require = conditions.parse(read["require"], self.scope) if "require" in read else None
        self.rules.append(
            Rule(
                name,
                text(read.get("title")),
                text(read.get("cite")),
                texts(read.get("source_facts"), self.problems),
                binds,
                self._gated(conditions.parse(read.get("when"), self.scope)),
                require,
                self._readings(read.get("readings")),
                text(read.get("refer")),
                one_of(read.get("effect"), EFFECTS, self.problems),
                confidence,
                text(read.get("caution")),
                self._period(read.get("in_force")),
                self._milestone(read.get("as_at")) or self.head.as_at,
                self._facts(read.get("rests_on")),
                text(read.get("remedy")),
                self.head.layer,
                self.head.id,
                self._digest(node),
                where,
                self._named_rules(read.get("waives")),
                self._named_rules(read.get("yields_to")),
            )
        )

    def _named_rules(self, node: Node | None) -> tuple[str, ...]:
        """Rules by their full names; one that has no pack in its name is of this pack."""
        listed = texts(node, self.problems)
        return tuple(f"{self.head.id}.{name}" if name in self._own else name for name in listed)

    @cached_property
    def _own(self) -> frozenset[str]:
        """The rules of this pack by their short names."""
        return frozenset(name for section in self.sections for name, _, _ in named(section.get("rules"), []))

    def _shape(self, read: dict[str, Node], confidence: str, where: Where) -> None:
        ways = [key for key in ("require", "refer", "readings") if key in read]
        if len(ways) != 1:
            self.wrong(where, f"a rule has one of require, refer, readings; this has {ways or 'none'}")
        if ("readings" in read) != (confidence == "contested"):
            self.wrong(where, "readings go with confidence: contested, and only with it")
        if confidence == "medium" and "caution" not in read:
            self.wrong(where, "a rule of medium confidence shows a caution", "add caution:")
        self._said(read, "title", "cite", "refer", "caution", "remedy")
        if ("binds" in read) == ("waives" in read):
            self.wrong(where, "a rule binds steps, or waives rules", "write one of binds: and waives:")
        binds = texts(read.get("binds"), self.problems)
        if "binds" in read and not binds:
            self.wrong(read["binds"].where, "the rule binds no step", "name a step of the workflow")
        if len(set(binds)) < len(binds):
            self.wrong(read["binds"].where, "the rule binds one step twice", "name it once")

    def _said(self, read: Mapping[str, Node], *keys: str) -> None:
        """Whether these keys, where they stand, say something."""
        for key in keys:
            if key in read and not text(read[key]):
                self.wrong(read[key].where, f"{key} is empty", "say it in words")

    def _readings(self, node: Node | None) -> tuple[Reading, ...]:
        if node is None:
            return ()
        if not isinstance(node, Seq) or len(node.items) < 2:
            self.wrong(node.where, "a contested rule has at least two readings")
            return ()
        found = []
        for item in node.items:
            read = fields(item, self.problems, *KEYS["reading"])
            require = conditions.parse(read.get("require"), self.scope)
            found.append(Reading(text(read.get("title")), text(read.get("cite")), require))
        return tuple(found)

    def _read_cases(self, root: Node) -> None:
        listed = fields(root, self.problems, *KEYS["cases"]).get("cases")
        if not isinstance(listed, Seq):
            if listed is not None:
                self.wrong(root.where, "cases: needs a list")
            return
        for node in listed.items:
            read = fields(node, self.problems, *KEYS["case"])
            if ("rule" in read) == ("table" in read):
                self.wrong(node.where, "a case is of one rule: or one table:")
            subject = text(read.get("rule") or read.get("table"))
            expect = text(read.get("expect"))
            if "rule" in read and "expect" in read and expect not in ANSWERS:
                self.wrong(
                    read["expect"].where,
                    f"{expect!r} is not an answer",
                    f"write {', '.join(ANSWERS[:-1])} or {ANSWERS[-1]}",
                )
            listed_facts = named(read.get("given"), self.problems)
            given = {name: self._given(name, value, where) for name, value, where in listed_facts}
            self.cases.append(
                Case(
                    text(read.get("name")),
                    subject,
                    self._day(read.get("on")) or 1,
                    text(read.get("step")),
                    {name: value for name, value in given.items() if value is not None},
                    expect,
                    self._day(read.get("earliest")),
                    node.where,
                )
            )

    def _given(self, name: str, node: Node, where: Where) -> Value | None:
        if self.words.find(name) is None:
            self.wrong(where, f"no fact or milestone is called {name!r}", conditions.unknown(name, self.words))
        return self._value(name, node)


def _day_hint(said: str) -> str:
    """What to write instead of a text that is no day."""
    if re.fullmatch(r"\d{1,3}", said):
        return "write a day as 2025-02-24, and a figure without a comma"
    return written_day(said) or "write it as 2025-02-24"
