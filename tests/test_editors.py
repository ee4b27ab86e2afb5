"""The JSON Schema for editors: it takes everything shipped, refuses what lint refuses, and knows the readers' keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from engine import conditions, editors, library, markup, packreader, packs, vocabulary

SHELF = library.shipped()
SCHEMA: Any = json.loads(json.dumps(editors.schema(SHELF.law, SHELF.milestones)))
DEFS = SCHEMA["$defs"]
PLAIN_TYPES = {"string": str, "number": (int, float), "integer": int, "boolean": bool, "array": list, "object": dict}
KNOWN = {
    *("$ref", "type", "enum", "anyOf", "oneOf", "pattern", "description", "title", "examples"),
    *("properties", "patternProperties", "additionalProperties", "propertyNames", "required"),
    *("minProperties", "maxProperties", "items", "minItems", "maxItems"),
}


def faults(value: Any, schema: Any, at: str = "") -> Iterator[str]:
    """What JSON Schema has against a value: the words of it that editors.py uses, and no others."""
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    if "$ref" in schema:
        yield from faults(value, DEFS[schema["$ref"].removeprefix("#/$defs/")], at)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(isinstance(value, PLAIN_TYPES[each]) for each in types):
        yield f"{at}: not {types}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} not in enum"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} not like {schema['pattern']}"
    for word, fits in (("anyOf", lambda n: n >= 1), ("oneOf", lambda n: n == 1)):
        if word in schema and not fits(sum(not list(faults(value, each, at)) for each in schema[word])):
            yield f"{at}: {word} does not hold"
    if isinstance(value, dict):
        yield from _object(value, schema, at)
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{at}: {len(value)} items"
        for number, item in enumerate(value):
            yield from faults(item, schema.get("items", {}), f"{at}/{number}")


def _object(value: dict[str, Any], schema: Any, at: str) -> Iterator[str]:
    yield from (f"{at}: {key} is missing" for key in schema.get("required", []) if key not in value)
    if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value)):
        yield f"{at}: {len(value)} keys"
    for key, inner in value.items():
        yield from faults(key, schema.get("propertyNames", {}), f"{at}/{key}")
        fitting = [each for like, each in schema.get("patternProperties", {}).items() if re.search(like, key)]
        fitting += [schema["properties"][key]] if key in schema.get("properties", {}) else []
        other = schema.get("additionalProperties", {})
        if not fitting and other is False:
            yield f"{at}: unknown key {key}"
        for each in fitting or [other or {}]:
            yield from faults(inner, each, f"{at}/{key}")


def kind_of(path: str) -> str:
    name = path.rpartition("/")[2]
    return "pack" if name == "pack.yaml" else "cases" if name.endswith(".cases.yaml") else "rules"


def files() -> list[tuple[str, str, str]]:
    """Every shipped file the schema is about: kind, path, text."""
    own = [(kind_of(path), path, text) for folder in SHELF.folders.values() for path, text in folder.items()]
    words = [("vocabulary", path, text) for path, text in SHELF.words.items()]
    return [each for each in own + words if each[1].endswith(".yaml") and not each[1].endswith(packs.EQUIVALENT)]


def plain(path: str, text: str) -> Any:
    node, problems = markup.read(path, text)
    assert node is not None and not problems
    return markup.plain(node)


@pytest.mark.parametrize(("kind", "path", "text"), files(), ids=lambda said: said if "\n" not in said else "")
def test_every_shipped_file_is_valid(kind: str, path: str, text: str) -> None:
    assert list(faults(plain(path, text), DEFS[kind])) == []


def test_numbers_dates_and_yes_are_taken_as_an_editor_reads_them() -> None:
    read = {"title": "T", "cite": "C", "source_facts": [], "unit": "days", "values": {"2025-01-01": 30}}
    assert list(faults(read, DEFS["parameter"])) == []
    assert list(faults({"standstill.stated": True}, DEFS["condition"])) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("pack", "pack: Test\n"),
        ("rules", "rule: {}\n"),
        ("rules", "rules:\n  a: {title: T, cite: C, binds: [enter-contract], source_facts: []}\n"),
        ("rules", "rules:\n  a: {title: T, cite: C, binds: [enter-contrat], source_facts: [], refer: So?}\n"),
        ("rules", "rules:\n  a: {title: T, cite: C, binds: [], source_facts: [], refer: So?}\n"),
        ("rules", "rules:\n  a: {titel: T, cite: C, binds: [enter-contract], source_facts: [], refer: So?}\n"),
        (
            "rules",
            "rules:\n  a: {title: T, cite: C, binds: [enter-contract], source_facts: [], require: {no.such: yes}}\n",
        ),
        ("rules", "parameters:\n  a: {title: T, cite: C, source_facts: [], unit: pounds, values: {2025-01-01: 1}}\n"),
        ("rules", "parameters:\n  a: {title: T, cite: C, source_facts: [], unit: days, values: {1 Jan: 1}}\n"),
        ("rules", "tables:\n  a: {title: T, cite: C, source_facts: [], decides: contract.value, otherwise: a}\n"),
        ("cases", "cases:\n  - {name: N, rule: a, table: b, on: 2025-01-01, given: {}, expect: met}\n"),
        ("cases", "cases:\n  - {name: N, rule: a, on: 2025-01-01, given: {no.such: 1}, expect: met}\n"),
        ("vocabulary", "facts:\n  a.b: {title: T, type: decimal, class: public}\n"),
    ],
)
def test_what_a_writer_gets_wrong_is_marked(kind: str, text: str) -> None:
    assert list(faults(plain("x.yaml", text), DEFS[kind]))


def test_the_schema_knows_exactly_the_keys_of_the_readers_and_says_something_of_each() -> None:
    names = {"head": "pack", "section": "rules", "in force": "in_force"}
    readers = {names.get(name, name): keys for name, keys in packreader.KEYS.items()}
    readers |= {"vocabulary": vocabulary.KEYS["file"], "fact": vocabulary.KEYS["fact"]}
    readers |= {"milestone": vocabulary.KEYS["milestone"], "counted": conditions.KEYS["counted"]}
    for name, (required, optional) in readers.items():
        assert list(DEFS[name]["properties"]) == [*required, *optional]
        assert DEFS[name].get("required", []) == list(required)
        assert [key for key, said in DEFS[name]["properties"].items() if not said] == []
    assert set(DEFS["counted"]["properties"]["period"]["properties"]) == {*sum(conditions.KEYS["period"], ())}


def test_every_reference_leads_somewhere() -> None:
    named = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(SCHEMA)))
    assert named <= set(DEFS)


@pytest.mark.parametrize("kind", editors.KINDS)
def test_the_schema_of_one_kind_stands_by_itself(kind: str) -> None:
    one = editors.schema(SHELF.law, SHELF.milestones, kind)
    assert one["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert one["$ref"] == f"#/$defs/{kind}" and "anyOf" not in one
