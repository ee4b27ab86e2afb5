"""The vocabulary: every fact and milestone that exists, and how a person's text becomes a typed value.

Bad text is a UsageError with one line that says what to write instead; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from engine.errors import UsageError
from engine.markup import Node, Problem, Seq, Where
from engine.model import Moment, Money, Unsure, Value, moment
from engine.schema import fields, named, nearest, one_of, text, texts, yes

NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\Z")
NOWHERE = Where("", 0, 0)
TYPES = ("money", "date", "minute", "boolean", "integer", "choice", "choices", "text")
CLASSES = ("public", "personal", "confidential")
KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # of each kind of mapping: required, optional
    "file": ((), ("facts", "milestones", "records", "lists", "money")),
    "fact": (
        ("title", "type", "class"),
        (
            "ask",
            "choices",
            "derived",
            "descriptive",
            "presumed",
            "because",
            "count",
            "sum",
            "least",
            "greatest",
            "where",
        ),
    ),
    "record": (("title", "ask", "fields"), ()),
    "milestone": (("title", "precision"), ("ask", "after", "first_of", "or_decision_day")),
    "money": (("vat_readings",), ()),
}
PRECISIONS = ("date", "minute")
SCALARS = ("count", "sum", "least", "greatest")
_OF_RECORD = re.compile(r"([a-z][a-z0-9_]*)/[a-z0-9][a-z0-9_-]{0,39}\.([a-z][a-z0-9_]*)\Z")
LARGEST = 10**12  # pounds, and the largest whole number a fact may hold

_MONEY = re.compile(
    r"£?([0-9]{1,3}(?:,[0-9]{3}){1,5}|[0-9]{1,15})(?:\.([0-9]{2}))?(?:\s+(incl(?:uding)?|excl(?:uding)?|no)\.?\s+VAT)?\Z",
    re.IGNORECASE | re.ASCII,
)
_BOOLEANS = {
    "yes": True,
    "no": False,
    "true": True,
    "false": False,
}  # a person writes the first two, programs the others
_SECONDS = re.compile(r"(?<=\d:\d\d):00\Z")
_WORDED_DATE = re.compile(r"(\d{1,2})\s+([A-Za-z]{3,9})\s+(\d{4})(?:,?\s+(\d{2}:\d{2}))?\Z", re.ASCII)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)


class Scalar(NamedTuple):
    """What a fact says of all records of a kind, or of those `where`: how many, or the sum, least, greatest of `of`."""

    how: str
    record: str
    of: str = ""
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()  # field, and the values in words of which it has one


@dataclass(frozen=True, slots=True)
class Term:
    """One fact or milestone: `type` is one of TYPES, or `milestone` with a precision of date or minute.

    Where nobody says otherwise it is taken to be `presumed`, or what the fact `presumed_as` says; `because` says why.
    """

    name: str
    title: str
    type: str
    ask: str = ""
    kind: str = "public"
    choices: tuple[str, ...] = ()
    derived: bool = False
    descriptive: bool = False
    minute: bool = False
    after: tuple[str, ...] = ()
    first_of: tuple[str, ...] = ()
    or_decision_day: bool = False
    record: str = ""
    scalar: Scalar | None = None
    presumed: Value | None = None
    presumed_as: str = ""
    because: str = ""
    where: Where = NOWHERE

    @property
    def milestone(self) -> bool:
        """Whether this is a dated event and not a fact."""
        return self.type == "milestone"

    @property
    def dated(self) -> bool:
        """Whether its values are moments."""
        return self.type in ("milestone", "date", "minute")

    @property
    def public(self) -> bool:
        """Whether anybody may see its values."""
        return self.kind == "public"


@dataclass(frozen=True)
class Vocabulary:
    """Every term by name, the per cent at which amounts of another VAT basis are read, and the digest of the source."""

    terms: Mapping[str, Term]
    vat_readings: tuple[int, ...]
    digest: str = ""

    def find(self, name: str) -> Term | None:
        """The term of that name, also of one field of one record (`quote/a.amount`); None when there is none."""
        if match := _OF_RECORD.match(name):
            field = self.terms.get(f"{match[1]}.{match[2]}")
            return replace(field, name=name) if field is not None and field.record == match[1] else None
        return self.terms.get(name)

    @cached_property
    def scalars(self) -> tuple[Term, ...]:
        """The terms that are worked out from records."""
        return tuple(term for term in self.terms.values() if term.scalar)

    @cached_property
    def presumptions(self) -> tuple[Term, ...]:
        """The terms that are taken to have a value where nobody states one."""
        return tuple(term for term in self.terms.values() if term.because)

    @cached_property
    def firsts(self) -> tuple[Term, ...]:
        """The milestones that are the first of others."""
        return tuple(term for term in self.terms.values() if term.first_of)

    def get(self, name: str) -> Term:
        """The term of that name; UsageError with the nearest name when there is none."""
        found = self.find(name)
        if found is not None and found.record and "/" not in name:
            instead = name.replace(".", "/NAME.", 1)
            raise UsageError(f"{name} is of one {found.record}, and there may be many", f"write {instead}")
        if found is not None:
            return found
        raise UsageError(f"no fact or milestone is called {name!r}", nearest(name, self.terms))

    def about(self, word: str) -> tuple[Term, ...]:
        """The term of that name alone, or every term that speaks of each of the words, by name; all for none."""
        if word in self.terms:
            return (self.terms[word],)
        wanted = word.casefold().split()
        spoken = (
            (term, " ".join((term.name, term.title, term.ask, *term.choices)).casefold()) for term in self._sorted
        )
        return tuple(term for term, said in spoken if all(each in said for each in wanted))

    @property
    def _sorted(self) -> list[Term]:
        return [term for _, term in sorted(self.terms.items())]

    @property
    def dated(self) -> list[str]:
        """The names of all that is a date or minute, milestones and others."""
        return [name for name, term in self.terms.items() if term.dated]


def parse(nodes: Mapping[str, Node]) -> tuple[Vocabulary, tuple[Problem, ...]]:
    """The vocabulary in the files given (path to root node) and everything wrong with them."""
    problems: list[Problem] = []
    terms: dict[str, Term] = {}
    readings: list[int] = []
    roots = [fields(root, problems, *KEYS["file"]) for root in nodes.values()]
    lists = {name: texts(node, problems) for root in roots for name, node, _ in named(root.get("lists"), problems)}

    def _fact(name: str, node: Node, where: Where, problems: list[Problem]) -> Term:
        return _one_fact(name, node, where, problems, lists)

    for reader in roots:
        for section, build in (("facts", _fact), ("milestones", _milestone)):
            for name, node, where in named(reader.get(section), problems):
                if not NAME.match(name):
                    problems.append(Problem(where, f"{name!r} is not a name", "write noun.attribute in lower case"))
                elif name in terms:
                    problems.append(Problem(where, f"{name} stands twice", f"see {terms[name].where}"))
                else:
                    terms[name] = build(name, node, where, problems)
        for name, node, where in named(reader.get("records"), problems):
            _record(name, node, where, terms, problems, _fact)
        readings.extend(_readings(reader.get("money"), problems))
    for name, term in terms.items():
        _check_scalar(term, terms, problems)
        terms[name] = _presuming(term, terms, problems)
    for term in terms.values():
        if any(other in terms and terms[other].first_of for other in term.first_of):
            problems.append(
                Problem(term.where, f"{term.name} is derived from what is itself derived", "name the first")
            )
        for other in (*term.after, *term.first_of):
            if other not in terms or not terms[other].dated:
                problems.append(Problem(term.where, f"{term.name} names no milestone {other!r}", nearest(other, terms)))
    return Vocabulary(terms, tuple(readings) or (0,)), tuple(problems)


def _one_fact(
    name: str, node: Node, where: Where, problems: list[Problem], lists: Mapping[str, tuple[str, ...]]
) -> Term:
    read = fields(node, problems, *KEYS["fact"])
    kind = one_of(read.get("type"), TYPES, problems)
    listed = text(read.get("choices"))
    choices = lists[listed] if listed in lists else texts(read.get("choices"), problems)
    if (kind in ("choice", "choices")) != bool(choices):
        problems.append(Problem(where, f"{name}: a choice needs choices, and nothing else may have them"))
    derived = yes(read.get("derived"), problems)
    if kind == "choices" and any("," in word for word in choices):
        problems.append(Problem(where, f"{name}: of several choices none holds a comma", "say it without"))
    if not derived and "ask" not in read:
        problems.append(Problem(where, f"{name} has no question to ask a person", "add ask:"))
    return Term(
        name,
        text(read.get("title")),
        kind,
        text(read.get("ask")),
        one_of(read.get("class"), CLASSES, problems),
        choices,
        derived,
        yes(read.get("descriptive"), problems),
        kind == "minute",
        scalar=_scalar(name, read, where, problems),
        presumed_as=_presumed(name, read, where, problems),
        because=text(read.get("because")),
        where=where,
    )


def _presumed(name: str, read: dict[str, Node], where: Where, problems: list[Problem]) -> str:
    """What the fact is taken to be where nobody states it, as it is written."""
    if ("presumed" in read) != ("because" in read):
        problems.append(Problem(where, f"{name}: what is presumed needs its reason", "write presumed: and because:"))
    if "presumed" in read and ("derived" in read or set(SCALARS) & set(read)):
        problems.append(Problem(where, f"{name} is worked out, so nothing is presumed of it", "leave presumed: out"))
    return text(read.get("presumed"))


def _presuming(term: Term, terms: Mapping[str, Term], problems: list[Problem]) -> Term:
    """The term with what is presumed of it: the value written, or the name of another fact of its type."""
    if not term.presumed_as:
        return term
    other = terms.get(term.presumed_as)
    if other is not None:
        if other.type != term.type or other.derived or other.because:
            what = f"{term.name}: {other.name} is no recorded {term.type} to presume it from"
            problems.append(Problem(term.where, what, "name a fact of the same type that is itself stated"))
        return term
    try:
        return replace(term, presumed=parse_value(term, term.presumed_as), presumed_as="")
    except UsageError as error:
        problems.append(Problem(term.where, error.message, error.hint))
        return replace(term, presumed_as="", because="")


def _scalar(name: str, read: dict[str, Node], where: Where, problems: list[Problem]) -> Scalar | None:
    said = [how for how in SCALARS if how in read]
    if len(said) > 1 or ("where" in read and not said):
        problems.append(Problem(where, f"{name}: where: goes with one of {', '.join(SCALARS)}"))
    if not said:
        return None
    of = text(read[said[0]])
    record, _, field = of.partition(".")
    tests = tuple((field_of, texts_of(node)) for field_of, node, _ in named(read.get("where"), problems))
    return Scalar(said[0], record, of if field else "", tests)


def taken(term: Term, values: Mapping[str, Value]) -> Value | None:
    """What is presumed of a fact that nobody states; None where it follows another that is not stated either."""
    return values.get(term.presumed_as) if term.presumed_as else term.presumed


def texts_of(node: Node) -> tuple[str, ...]:
    """The words of a scalar or of a list of them."""
    return tuple(text(item) for item in node.items) if isinstance(node, Seq) else (text(node),)


def _record(
    name: str,
    node: Node,
    where: Where,
    terms: dict[str, Term],
    problems: list[Problem],
    build: Callable[[str, Node, Where, list[Problem]], Term],
) -> None:
    read = fields(node, problems, *KEYS["record"])
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        problems.append(Problem(where, f"{name!r} is not a name", "write one word in lower case"))
    for attribute, inner, place in named(read.get("fields"), problems):
        full = f"{name}.{attribute}"
        if not NAME.match(full):
            problems.append(Problem(place, f"{attribute!r} is not a name", "write it in lower case"))
        elif full in terms:
            problems.append(Problem(place, f"{full} stands twice", f"see {terms[full].where}"))
        else:
            terms[full] = replace(build(full, inner, place, problems), record=name)


def _check_scalar(term: Term, terms: Mapping[str, Term], problems: list[Problem]) -> None:
    """Whether a scalar names a record, its fields and their values, and has the type of what it works out."""
    scalar = term.scalar
    if scalar is None:
        return
    known = {name: each for name, each in terms.items() if each.record == scalar.record}
    for name in (*((scalar.of,) if scalar.how != "count" else ()), *(name for name, _ in scalar.where)):
        if name not in known:
            what = f"{term.name}: {name or scalar.record!r} is no field of a record"
            problems.append(Problem(term.where, what, nearest(name, known)))
            return
    wanted = "integer" if scalar.how == "count" else terms[scalar.of].type
    if not known or term.type != wanted or wanted not in ("integer", "money"):
        what = f"{term.name}: the {scalar.how} of {scalar.of or scalar.record} is no {term.type}"
        problems.append(
            Problem(term.where, what, "count a record; sum, least and greatest take money or whole numbers")
        )
    for name, values in scalar.where:
        for value in values:
            try:
                parse_value(terms[name], value)
            except UsageError as error:
                problems.append(Problem(term.where, f"{term.name}: {error.message}", error.hint))


def _milestone(name: str, node: Node, where: Where, problems: list[Problem]) -> Term:
    read = fields(node, problems, *KEYS["milestone"])
    first_of = texts(read.get("first_of"), problems)
    if not first_of and "ask" not in read:
        problems.append(Problem(where, f"{name} has no question to ask a person", "add ask:"))
    return Term(
        name,
        text(read.get("title")),
        "milestone",
        text(read.get("ask")),
        derived=bool(first_of),
        minute=one_of(read.get("precision"), PRECISIONS, problems) == "minute",
        after=texts(read.get("after"), problems),
        first_of=first_of,
        or_decision_day=yes(read.get("or_decision_day"), problems),
        where=where,
    )


def _readings(node: Node | None, problems: list[Problem]) -> list[int]:
    if node is None:
        return []
    listed = texts(fields(node, problems, *KEYS["money"]).get("vat_readings"), problems)
    if not all(re.fullmatch(r"[0-9]{1,2}|100", word) for word in listed):
        problems.append(Problem(node.where, "vat_readings are whole per cents", "write [0, 20]"))
        return []
    return [int(word) for word in listed]


# A person's text to a value ---------------------------------------------------------------------------------------


def parse_value(term: Term, given: str) -> Value:
    """The value a person's text means for this term; UsageError says what to write instead."""
    given = given.strip()
    if term.type == "money":
        return money(given, term.name)
    if term.dated:
        return parse_moment(given, term.name, minute=term.minute)
    if term.type == "boolean":
        if given not in _BOOLEANS:
            raise UsageError(f"{term.name}: {given!r} is neither yes nor no", "write yes or no")
        return _BOOLEANS[given]
    if term.type == "integer":
        if not re.fullmatch(r"\d{1,12}", given, re.ASCII):
            raise UsageError(f"{term.name}: {given!r} is not a whole number", "write digits only, such as 30")
        return int(given)
    if term.type == "choices":
        return _several(term, given)
    if term.type == "choice" and given not in term.choices:
        hint = nearest(given, term.choices) or " | ".join(term.choices)
        raise UsageError(f"{term.name}: {given!r} is not one of its choices", hint)
    if not given:
        raise UsageError(f"{term.name}: nothing was given", "write the text after the =")
    return given


def _several(term: Term, given: str) -> tuple[str, ...]:
    """Several choices: [a, b] or a, b; `none` for none of them."""
    if given in ("none", "[]") and given not in term.choices:
        return ()
    listed = [word.strip() for word in given.removeprefix("[").removesuffix("]").split(",")]
    for word in listed:
        if word not in term.choices:
            hint = nearest(word, term.choices) or " | ".join(term.choices)
            raise UsageError(f"{term.name}: {word!r} is not one of its choices", hint)
    return tuple(sorted(set(listed)))


def money(given: str, name: str) -> Money:
    """An amount in pounds, with its VAT basis: £10,416,000 incl VAT, 95000 excl VAT, 40000 no VAT, 50000."""
    match = _MONEY.match(given)
    if not match:
        raise UsageError(
            f"{name}: {given!r} is not an amount of money",
            "write pounds, with pence only as two digits: £10,416,000 incl VAT, 95000.50 excl VAT, 40000 no VAT",
        )
    pounds, pence, basis = match.groups()
    amount = int(pounds.replace(",", ""))
    if amount > LARGEST:
        raise UsageError(f"{name}: {given!r} is more than any contract", "check the figure")
    vat = {"i": "incl", "e": "excl", "n": "none"}[basis[0].lower()] if basis else "unstated"
    return Money(amount * 100 + int(pence or 0), vat)


def parse_moment(given: str, name: str, *, minute: bool = True) -> Moment:
    """A date, or a date and a local time: 2025-09-19, 2025-09-19 16:00, 19 September 2025."""
    found = _read_moment(given)
    if found is None:
        raise UsageError(f"{name}: {given!r} is not a date", "write it as 2025-09-19, or 2025-09-19 16:00")
    if found.minute is not None and not minute:
        raise UsageError(f"{name} is a date without a time", f"write {Moment(found.day).iso}")
    return found


def _read_moment(given: str) -> Moment | None:
    given = _SECONDS.sub("", given)  # a whole minute, as programs write it
    try:
        if match := _WORDED_DATE.match(given):
            day, month, year, clock = match.groups()
            number = next((n for n, name in enumerate(_MONTHS, 1) if name.startswith(month.lower())), 0)
            return moment(f"{year}-{number:02d}-{int(day):02d}" + (f"T{clock}" if clock else ""))
        return moment(given)
    except ValueError:
        return None


# Records ----------------------------------------------------------------------------------------------------------


def recorded_kinds(values: Iterable[str]) -> set[str]:
    """The kinds of records among the names of values: `bid` of `bid/a.amount`."""
    return {name.partition("/")[0] for name in values if "/" in name}


def worked_out(term: Term, terms: Mapping[str, Term], values: Mapping[str, Value]) -> Value | None:
    """What a scalar is of the records among the values; None where there is no such record, or a field is not known."""
    scalar = term.scalar
    assert scalar is not None
    start = f"{scalar.record}/"
    each = sorted({name.partition(".")[0] for name in values if name.startswith(start)})
    if not each:
        return None
    found: list[Value] = []
    for record in each:
        answers = [_has(record, name, wanted, terms, values) for name, wanted in scalar.where]
        if False in answers:
            continue
        value = values.get(f"{record}.{scalar.of.partition('.')[2]}") if scalar.of else 1
        if None in answers or value is None:
            return None
        found.append(value)
    return len(found) if scalar.how == "count" else _summed(term, scalar.how, found)


def _has(
    record: str, name: str, wanted: tuple[str, ...], terms: Mapping[str, Term], values: Mapping[str, Value]
) -> bool | None:
    value = values.get(f"{record}.{name.partition('.')[2]}")
    return None if value is None else value in [parse_value(terms[name], said) for said in wanted]


def _summed(term: Term, how: str, found: list[Value]) -> Value | None:
    amounts = [each for each in found if isinstance(each, Money)]
    if amounts:
        bases = {each.vat for each in amounts}
        if len(bases) > 1:
            return Unsure(f"{term.name}: the amounts are of different VAT bases", term.name)
        pence = [each.pence for each in amounts]
        return Money(sum(pence) if how == "sum" else min(pence) if how == "least" else max(pence), bases.pop())
    numbers = [each for each in found if isinstance(each, int)]
    if how == "sum":
        return Money(0, "none") if term.type == "money" else sum(numbers)
    return (min(numbers) if how == "least" else max(numbers)) if numbers else None


# Values to and from the log ---------------------------------------------------------------------------------------


def to_plain(value: Value) -> object:
    """The value as the log keeps it: money as {pence, vat}, moments as ISO text, several choices as a list."""
    match value:
        case Money(pence, vat):
            return {"pence": pence, "vat": vat}
        case Moment():
            return value.iso
        case tuple():
            return list(value)
        case Unsure():
            raise TypeError("an unsure value is never recorded")
    return value


def from_plain(term: Term, kept: object) -> Value:
    """The value that `to_plain` kept; ValueError for what it cannot have kept."""
    match kept:
        case str() if term.dated:
            return moment(kept)
        case {"pence": int(pence), "vat": "incl" | "excl" | "none" | "unstated" as vat} if term.type == "money":
            if not isinstance(pence, bool) and 0 <= pence <= LARGEST * 100 + 99:
                return Money(pence, vat)
        case bool() if term.type == "boolean":
            return kept
        case int() if term.type == "integer" and not isinstance(kept, bool) and 0 <= kept <= LARGEST:
            return kept
        case str() if term.type in ("choice", "text"):
            return kept
        case list() if term.type == "choices" and all(isinstance(word, str) for word in kept):
            return tuple(kept)
    raise ValueError(f"{term.name}: {kept!r} is no {term.type}")


def words(value: Value) -> str:
    """The value for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return f"not settled: {value.why}" if isinstance(value, Unsure) else str(value)
