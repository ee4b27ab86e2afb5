"""JSON Schema (2020-12) of packs, worked cases and vocabulary, so that an editor completes and marks while one writes.

Built from the same keys the readers use and from the vocabulary there is, so it cannot fall behind either. It knows
less than `vires rules lint`: what it accepts may still be wrong; what it refuses is wrong. Values are text to Vires,
whatever YAML makes of them, so a figure or a date may be text or a number, and `yes` may be true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine import conditions, packreader, vocabulary
from engine.law import CONFIDENCE, HITS, LAYERS, Law
from engine.model import ANSWERS, EFFECTS
from engine.vocabulary import Term

Schema = dict[str, object]
Keys = tuple[tuple[str, ...], tuple[str, ...]]

KINDS = {
    "pack": "pack.yaml: the head of a pack",
    "rules": "the other .yaml files of a pack (equivalent.yaml apart): parameters, tables and rules",
    "cases": ".cases.yaml: worked cases",
    "vocabulary": "rules/vocabulary/*.yaml: facts and milestones",
}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": ["string", "number"]}
_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_WORDS: Schema = {"type": "array", "items": _SCALAR}
_DAY: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
_PLACE = "[{]"  # `{word}` of a for_each may stand in any name or value


def schema(law: Law, steps: Iterable[str], kind: str = "") -> Schema:
    """The schema of one kind of file, or of any of them; `steps` are those of the cycle."""
    found: Schema = {"$schema": _DIALECT, "title": KINDS.get(kind, "Any file of a Vires pack, or of its vocabulary")}
    found |= _ref(kind) if kind else {"anyOf": [_ref(each) for each in KINDS]}
    return found | {"$defs": _definitions(law, list(steps))}


def _definitions(law: Law, steps: Sequence[str]) -> dict[str, Schema]:
    terms = law.vocabulary.terms
    dated = [name for name, term in terms.items() if term.dated]
    return {
        "pack": _mapping(packreader.KEYS["head"], _head(dated)),
        "rules": _mapping(
            packreader.KEYS["section"], {key: _named(_ref(key[:-1])) for key in packreader.KEYS["section"][1]}
        ),
        "cases": _mapping(packreader.KEYS["cases"], {"cases": {"type": "array", "items": _ref("case")}}),
        "vocabulary": _mapping(
            vocabulary.KEYS["file"],
            {
                "facts": _named(_ref("fact")),
                "milestones": _named(_ref("milestone")),
                "lists": _named(_WORDS),
                "records": _named(_mapping(vocabulary.KEYS["record"], {"fields": _named(_ref("fact"))})),
                "money": _mapping(vocabulary.KEYS["money"], {"vat_readings": _WORDS}),
            },
        ),
        "parameter": _mapping(packreader.KEYS["parameter"], _parameter(dated)),
        "table": _mapping(packreader.KEYS["table"], _table(terms, dated)),
        "row": _mapping(
            packreader.KEYS["row"], {"when": _ref("condition"), "then": {"anyOf": [_SCALAR, _WORDS]}, "cite": _TEXT}
        ),
        "rule": _mapping(packreader.KEYS["rule"], _rule(terms, dated, steps))
        | {"oneOf": [{"required": [way]} for way in ("require", "refer", "readings")]},
        "reading": _mapping(packreader.KEYS["reading"], {"title": _TEXT, "cite": _TEXT, "require": _ref("condition")}),
        "case": _mapping(packreader.KEYS["case"], _case(terms, law))
        | {"oneOf": [{"required": [of]} for of in ("rule", "table")]},
        "fact": _mapping(vocabulary.KEYS["fact"], _fact()),
        "milestone": _mapping(vocabulary.KEYS["milestone"], _milestone()),
        "in_force": _mapping(packreader.KEYS["in force"], {"from": _DAY, "to": _DAY}),
        "condition": {"anyOf": [_ref("tests"), _ref("counted")]},
        "tests": _tests(terms),
        "counted": _mapping(conditions.KEYS["counted"], _counted(dated, law)),
    }


_RECORDED: Schema = {"enum": ["recorded", "not recorded"]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _mapping(keys: Keys, known: Mapping[str, Schema]) -> Schema:
    """A mapping with these keys and no others; a key that is not described here may hold anything."""
    required, optional = keys
    found: Schema = {
        "type": "object",
        "properties": {key: known.get(key, {}) for key in (*required, *optional)},
        "additionalProperties": False,
    }
    return found | ({"required": list(required)} if required else {})


def _named(item: Schema) -> Schema:
    return {"type": "object", "additionalProperties": item}


def _choice(words: Iterable[str]) -> Schema:
    return {"enum": list(words)}


def _known(words: Iterable[str]) -> Schema:
    """One of these names, or one that a for_each writes."""
    return {"anyOf": [_choice(words), {"type": "string", "pattern": _PLACE}]}


def _yes() -> Schema:
    return {"enum": ["yes", "no", True, False]}


def _each() -> Schema:
    return {"type": "object", "additionalProperties": _WORDS, "minProperties": 1, "maxProperties": 1}


def _head(dated: Sequence[str]) -> dict[str, Schema]:
    return {
        "pack": {"type": "string", "pattern": "^[a-z][a-z0-9-]*$"},
        "title": _TEXT,
        "layer": _choice(LAYERS),
        "authority": _TEXT,
        "source": _TEXT,
        "source_as_at": _DAY,
        "checked": _DAY,
        "governs": _ref("condition"),
        "as_at": _choice(dated),
        "silent": _WORDS,
    }


def _parameter(dated: Sequence[str]) -> dict[str, Schema]:
    return {
        "title": _TEXT,
        "cite": _TEXT,
        "source_facts": _WORDS,
        "unit": _choice(packreader.UNITS),
        "as_at": _known(dated),
        "confidence": _choice(packreader.PARAMETER_CONFIDENCE),
        "checked": _DAY,
        "values": {
            "type": "object",
            "propertyNames": _DAY,
            "additionalProperties": {"type": ["string", "integer"], "pattern": r"^(\d{1,12}|refer|none)$"},
            "minProperties": 1,
        },
    }


def _table(terms: Mapping[str, Term], dated: Sequence[str]) -> dict[str, Schema]:
    return {
        "title": _TEXT,
        "cite": _TEXT,
        "source_facts": _WORDS,
        "decides": _known(name for name, term in terms.items() if term.derived and not term.milestone),
        "hit": _choice(HITS),
        "order": _WORDS,
        "rows": {"type": "array", "items": _ref("row"), "maxItems": packreader.MOST_ROWS},
        "rows_from": {"type": "string", "pattern": r"\.csv$"},
        "otherwise": {"anyOf": [_SCALAR, _WORDS]},
        "refer": _TEXT,
        "in_force": _ref("in_force"),
        "as_at": _known(dated),
        "rests_on": {"type": "array", "items": _known(terms)},
        "for_each": _each(),
    }


def _rule(terms: Mapping[str, Term], dated: Sequence[str], steps: Sequence[str]) -> dict[str, Schema]:
    return {
        "title": _TEXT,
        "cite": _TEXT,
        "source_facts": _WORDS,
        "binds": {"type": "array", "items": _known(steps), "minItems": 1},
        "when": _ref("condition"),
        "require": _ref("condition"),
        "refer": _TEXT,
        "readings": {"type": "array", "items": _ref("reading"), "minItems": 2},
        "effect": _choice(EFFECTS),
        "confidence": _choice(CONFIDENCE),
        "caution": _TEXT,
        "in_force": _ref("in_force"),
        "as_at": _known(dated),
        "rests_on": {"type": "array", "items": _known(terms)},
        "remedy": _TEXT,
        "for_each": _each(),
        "waives": _WORDS,
        "yields_to": _WORDS,
    }


def _case(terms: Mapping[str, Term], law: Law) -> dict[str, Schema]:
    return {
        "name": _TEXT,
        "rule": {"type": "string", "examples": sorted(law.rules)},
        "table": {"type": "string", "examples": sorted(table.id for table in law.tables)},
        "on": _DAY,
        "step": _TEXT,
        "given": {"type": "object", "properties": {name: _value(term) for name, term in terms.items()}}
        | {"patternProperties": {r"^[a-z][a-z0-9_]*/": _SCALAR}, "additionalProperties": False},
        "expect": {"anyOf": [_choice(ANSWERS), _SCALAR]},
        "earliest": _DAY,
    }


def _value(term: Term) -> Schema:
    about: Schema = {"description": term.ask or term.title}
    if term.type == "boolean":
        return about | _yes()
    if term.type == "choices":
        return about | {"anyOf": [_TEXT, {"type": "array", "items": _choice(term.choices)}]}
    return about | (_choice(term.choices) if term.type == "choice" else _SCALAR)


def _fact() -> dict[str, Schema]:
    return {
        "title": _TEXT,
        "type": _choice(vocabulary.TYPES),
        "class": _choice(vocabulary.CLASSES),
        "ask": _TEXT,
        "choices": {"anyOf": [_WORDS, _TEXT]},
        "derived": _yes(),
        "descriptive": _yes(),
        "presumed": _SCALAR,
        "because": _TEXT,
        **dict.fromkeys(vocabulary.SCALARS, _TEXT),
        "where": {"type": "object"},
    }


def _milestone() -> dict[str, Schema]:
    return {
        "title": _TEXT,
        "precision": _choice(vocabulary.PRECISIONS),
        "ask": _TEXT,
        "after": _WORDS,
        "first_of": _WORDS,
        "or_decision_day": _yes(),
    }


def _tests(terms: Mapping[str, Term]) -> Schema:
    """Facts, each with its test, and lists of conditions."""
    lists: dict[str, Schema] = {
        word: {"type": "array", "items": _ref("condition"), "minItems": 1} for word in conditions.LISTS
    }
    named = {name: _test(term) for name, term in terms.items() if term.type != "text"}
    return {
        "type": "object",
        "properties": {**lists, "title": _TEXT, "cite": _TEXT, **named},
        "patternProperties": {_PLACE: {}},
        "additionalProperties": False,
        "minProperties": 1,
    }


def _test(term: Term) -> Schema:
    about: Schema = {"description": term.title}
    if term.type == "boolean":
        return about | {"anyOf": [_yes(), _RECORDED, {"type": "string", "pattern": _PLACE}]}
    if term.type == "choice":
        one = _known(term.choices)
        said = {"type": "string", "pattern": r"^(not |\[|recorded$)"}
        return about | {"anyOf": [one, said, {"type": "array", "items": one, "minItems": 1}]}
    return about | _TEXT


def _counted(dated: Sequence[str], law: Law) -> dict[str, Schema]:
    period: dict[str, Schema] = {
        "from": _known(dated),
        "to": _known(dated),
        "unit": _choice(conditions.UNITS),
        "first_day": _choice(conditions.ENDS),
        "last_day": _choice(conditions.ENDS),
        "calendar": _choice(law.calendars),
        "roll": _choice(("forward",)),
        "holds_working": {"type": ["string", "integer"]},
        "cut_off": {"type": ["string", "integer"]},
        "starts": _choice(("same day", "day after")),
        "done": _yes(),
    }
    required, optional = conditions.KEYS["counted"]
    bound: Schema = {"type": ["string", "integer"]}
    known = {"period": _mapping(conditions.KEYS["period"], period), "title": _TEXT, "cite": _TEXT}
    return {key: known.get(key, bound) for key in (*required, *optional)}
