"""Canonical JSON: RFC 8785, narrower. Other people's vectors are read in place, outside this project."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from enum import IntEnum, StrEnum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.canonical import DEEPEST, GREATEST, decode, digest, encode
from engine.errors import CanonicalError

VECTORS = Path(__file__).resolve().parents[2] / "shared" / "vectors" / "jcs"
needs_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason="the RFC 8785 vectors (shared/vectors/jcs) are absent")

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    texts | st.integers(-GREATEST, GREATEST) | st.booleans(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=30,
)


def nested(depth: int) -> object:
    """Lists inside one another, `depth` of them."""
    value: object = "seed"
    for _ in range(depth):
        value = [value]
    return value


def shuffled(value: object, seed: int) -> object:
    """The same value with the keys of every object in another order."""
    if isinstance(value, dict):
        keys = list(value)
        random.Random(seed).shuffle(keys)
        return {key: shuffled(value[key], seed) for key in keys}
    return [shuffled(item, seed) for item in value] if isinstance(value, list) else value


# ---- other people's vectors ------------------------------------------------------------------------------------


@needs_vectors
@pytest.mark.parametrize("name", ["french", "unicode", "weird"])
def test_vectors_without_fractions_or_nulls_encode_to_the_published_bytes(name: str) -> None:
    published = bytes.fromhex((VECTORS / "outhex" / f"{name}.txt").read_text())
    assert encode(json.loads((VECTORS / "input" / f"{name}.json").read_bytes())) == published
    assert published == (VECTORS / "output" / f"{name}.json").read_bytes()
    assert encode(decode(published)) == published


@needs_vectors
@pytest.mark.parametrize("name", ["arrays", "structures", "values"])
def test_vectors_with_fractions_or_nulls_are_refused(name: str) -> None:
    with pytest.raises(CanonicalError):
        encode(json.loads((VECTORS / "input" / f"{name}.json").read_bytes()))


@needs_vectors
@pytest.mark.parametrize("name", ["arrays", "values"])
def test_published_bytes_that_hold_fractions_or_nulls_are_refused(name: str) -> None:
    with pytest.raises(CanonicalError):
        decode((VECTORS / "output" / f"{name}.json").read_bytes())


@needs_vectors
def test_published_bytes_whose_fraction_became_a_whole_number_are_read() -> None:
    published = (VECTORS / "output" / "structures.json").read_bytes()
    assert encode(decode(published)) == published


@needs_vectors
def test_every_vector_has_been_looked_at() -> None:
    names = {path.stem for path in (VECTORS / "input").iterdir()}
    assert names == {"french", "unicode", "weird", "arrays", "structures", "values"}


# ---- writing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({}, b"{}"),
        ([], b"[]"),
        ("", b'""'),
        (True, b"true"),
        ([False, 0, -1, GREATEST, -GREATEST], b"[false,0,-1,9007199254740991,-9007199254740991]"),
        ({"b": 1, "a": [{"d": "", "c": True}]}, b'{"a":[{"c":true,"d":""}],"b":1}'),
        (("a", ("b",)), b'["a",["b"]]'),
        ('\x00\x08\t\n\x0b\x0c\r\x1f"\\/\x7f', b'"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\"\\\\/\x7f"'),
        ("£é\u2028\ufeff", '"£é\u2028\ufeff"'.encode()),
    ],
)
def test_values_are_written_with_no_spaces_sorted_keys_and_the_least_escapes(value: object, written: bytes) -> None:
    assert encode(value) == written


def test_keys_are_ordered_by_utf16_units_not_by_code_points() -> None:
    smiley, dalet = "\U0001f602", "\ufb33"
    assert sorted([smiley, dalet]) == [dalet, smiley]
    assert encode({dalet: 1, smiley: {dalet: [{dalet: 1, smiley: 2}], smiley: 2}}) == (
        f'{{"{smiley}":{{"{smiley}":2,"{dalet}":[{{"{smiley}":2,"{dalet}":1}}]}},"{dalet}":1}}'.encode()
    )


def test_enumerations_are_written_as_the_text_or_number_they_are() -> None:
    kind, size = StrEnum("Kind", {"GRANT": "grant"}), IntEnum("Size", {"TWO": 2})
    assert encode({kind["GRANT"]: [kind["GRANT"], size["TWO"]]}) == b'{"grant":["grant",2]}'


@pytest.mark.parametrize(
    "value",
    [
        None,
        1.0,
        0.5,
        float("nan"),
        float("inf"),
        GREATEST + 1,
        -GREATEST - 1,
        pytest.param(10**5000, id="enormous"),
        b"bytes",
        {1, 2},
        object(),
        {1: "a"},
        {None: "a"},
        {True: "a"},
        {"a": {"b": [None]}},
        [[0.0]],
        ({"a": 1.5},),
        "\ud800",
        {"\udfff": 1},
        {"\ud800": 1, "\U0001f602": 2},
    ],
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(CanonicalError):
        encode(value)


def test_a_fraction_is_refused_with_a_way_forward_and_without_repeating_the_value() -> None:
    with pytest.raises(CanonicalError) as caught:
        encode({"contract.value": 1234.5})
    assert "pence" in caught.value.hint
    assert "1234" not in str(caught.value)


def test_nesting_is_allowed_to_the_limit_and_no_further() -> None:
    deepest = encode(nested(DEEPEST))
    assert decode(deepest) == nested(DEEPEST)
    with pytest.raises(CanonicalError, match="nested"):
        encode(nested(DEEPEST + 1))
    with pytest.raises(CanonicalError, match="nested"):
        decode(b"[" + deepest + b"]")


def test_a_list_that_holds_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(CanonicalError, match="nested"):
        encode(endless)


# ---- reading ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"1 2", "not JSON"),
        (b'{"a":1}x', "not JSON"),
        (b"'a'", "not JSON"),
        (b"[1,]", "not JSON"),
        (b"01", "not JSON"),
        (b'"\t"', "not JSON"),
        (b"\xef\xbb\xbf1", "not JSON"),
        (b'"\xff"', "not UTF-8 at byte 1"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        ('"a"'.encode("utf-16"), "not UTF-8"),
        (b"null", "NoneType"),
        (b"[1.5]", "float"),
        (b"1.0", "float"),
        (b"1e2", "float"),
        (b"NaN", "float"),
        (b"-Infinity", "float"),
        (b"9007199254740992", "beyond"),
        pytest.param(b"1" * 5000, "beyond", id="enormous"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, "nested", id="abyss"),
        (b"-0", "canonical form from byte 0"),
        (b" 1", "canonical form from byte 0"),
        (b"1\n", "canonical form from byte 1"),
        (b'{"a": 1}', "canonical form from byte 5"),
        (b'{"b":1,"a":2}', "canonical form from byte 2"),
        (b'"\\u0041"', "canonical form from byte 1"),
        (b'"\\/"', "canonical form"),
        (b'"\\u000A"', "canonical form"),
        (b'"\\u000B"', "canonical form"),
        (b'"\\u00e9"', "canonical form"),
        (b'"\\ud83d\\ude02"', "canonical form"),
        (b'"\\ud800"', "surrogate"),
        ('{"\ufb33":1,"\U0001f602":2}'.encode(), "canonical form"),
        (b'{"a":1,"a":1}', "'a' stands twice"),
        (b'[{"a":1,"b":{"a":1,"a":2}}]', "'a' stands twice"),
        (b'{"a":1,"\\u0061":1}', "'a' stands twice"),
    ],
)
def test_bytes_that_are_not_canonical_are_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(CanonicalError) as caught:
        decode(data)
    assert why in str(caught.value)


@given(values)
def test_a_value_read_back_is_the_value_written(value: object) -> None:
    assert decode(encode(value)) == value


@given(values)
def test_the_bytes_are_json_that_any_reader_understands(value: object) -> None:
    assert json.loads(encode(value)) == value


@given(values, st.integers(0, 2**32))
def test_the_order_in_which_keys_were_put_in_changes_nothing(value: object, seed: int) -> None:
    assert encode(shuffled(value, seed)) == encode(value)


@given(st.dictionaries(texts, st.booleans()))
def test_keys_come_out_in_the_order_of_their_utf16_units(value: dict[str, bool]) -> None:
    keys = list(json.loads(encode(value)))
    assert keys == sorted(value, key=lambda key: key.encode("utf-16-be"))


@given(values.map(encode), st.data())
def test_a_changed_byte_never_reads_as_the_same_value(data: bytes, draw: st.DataObject) -> None:
    place = draw.draw(st.integers(0, len(data) - 1))
    other = (data[place] + draw.draw(st.integers(1, 255))) % 256
    changed = data[:place] + bytes([other]) + data[place + 1 :]
    with suppress(CanonicalError):
        assert decode(changed) != decode(data)


@given(st.binary(max_size=40))
def test_any_bytes_are_either_canonical_or_refused(data: bytes) -> None:
    with suppress(CanonicalError):
        assert encode(decode(data)) == data


def test_the_digest_is_sha_256_in_lower_case_hexadecimal() -> None:
    assert digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
