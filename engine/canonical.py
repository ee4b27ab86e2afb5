"""The one meaning of "the same": values to canonical JSON (RFC 8785, JCS), its strict reading, and digests.

Narrower than RFC 8785: text, whole numbers, true and false, lists, and objects with text keys. Fractions and null are
refused, so no two implementations can round or drop anything.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TypeAlias

from engine.errors import CanonicalError

Value: TypeAlias = "str | int | bool | list[Value] | dict[str, Value]"

GREATEST = 2**53 - 1  # RFC 8785 section 3.2.2.3: numbers are IEEE 754 doubles; whole ones are exact up to here
DEEPEST = 64  # lists and objects inside one another

_SORTING = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)
_KEEPING = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"))
_READING = json.JSONDecoder()
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")


def encode(value: object) -> bytes:
    """The canonical bytes of a value; a tuple is written as a list.

    CanonicalError: a fraction, null, a number beyond `GREATEST`, a key that is not text, half a surrogate pair, nesting
    beyond `DEEPEST`, or any other type.
    """
    _check(value, DEEPEST)
    text = _SORTING.encode(value)
    # Sorting by code point is sorting by UTF-16 unit (RFC 8785 section 3.2.3) unless characters beyond the BMP occur.
    if not text.isascii() and _BEYOND_BMP.search(text):
        text = _KEEPING.encode(_in_utf16_order(value))
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise CanonicalError("text holds half a surrogate pair, which is not a character") from None


def decode(data: bytes) -> Value:
    """The value whose canonical bytes these are; CanonicalError for any other bytes, and for what `encode` refuses."""
    value = _read(data)
    if encode(value) != data:
        raise CanonicalError(_difference(data, encode(value)))
    return value


def digest(data: bytes) -> str:
    """SHA-256 of the bytes, as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _check(value: object, room: int) -> None:
    """Nothing when every part of the value may be written; `room` is how many levels of nesting are left."""
    if isinstance(value, int):  # true and false among them
        if not -GREATEST <= value <= GREATEST:
            raise CanonicalError(f"a number beyond {GREATEST} has no exact canonical form", "write it as text")
    elif isinstance(value, (dict, list, tuple)):
        _check_inside(value, room)
    elif not isinstance(value, str):
        raise CanonicalError(f"a value of type {type(value).__name__} has no canonical form", _instead(value))


def _check_inside(value: dict[object, object] | list[object] | tuple[object, ...], room: int) -> None:
    """As `_check`, for what a list or an object holds; most of that is text and takes no further call."""
    if not room:
        raise CanonicalError(f"lists and objects are nested more than {DEEPEST} deep")
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise CanonicalError(f"a key of type {type(key).__name__} has no canonical form", "make every key text")
    for item in value.values() if isinstance(value, dict) else value:
        if type(item) is not str:
            _check(item, room - 1)


def _instead(value: object) -> str:
    """What to write in place of a value that is refused."""
    if value is None:
        return "leave the key out"
    return "write a whole number of a smaller unit, such as pence" if isinstance(value, float) else ""


def _in_utf16_order(value: object) -> object:
    """The same value with the keys of every object in order of their UTF-16 code units (RFC 8785 section 3.2.3)."""
    if isinstance(value, dict):
        return {key: _in_utf16_order(value[key]) for key in sorted(value, key=_utf16)}
    return [_in_utf16_order(item) for item in value] if isinstance(value, list | tuple) else value


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _read(data: bytes) -> Value:
    """The value of any JSON text in UTF-8 without a byte order mark; CanonicalError for anything else."""
    try:
        value: Value = _READING.decode(data.decode())
    except UnicodeDecodeError as error:
        raise CanonicalError(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise CanonicalError(f"not JSON: {error.msg.lower()} at character {error.pos}") from None
    except ValueError:  # Python reads no whole number of more than some thousands of digits
        raise CanonicalError(f"a number beyond {GREATEST} has no exact canonical form") from None
    except RecursionError:
        raise CanonicalError(f"lists and objects are nested more than {DEEPEST} deep") from None
    return value


def _difference(data: bytes, canonical: bytes) -> str:
    """Why JSON whose value is sound is still not canonical: a repeated key, or where the bytes first differ."""
    repeated: list[str] = []

    def note(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
        keys = [key for key, _ in pairs]
        repeated.extend(key for place, key in enumerate(keys) if key in keys[:place])
        return dict(pairs)

    json.loads(data, object_pairs_hook=note)
    if repeated:
        return f"the key {repeated[0]!a} stands twice in one object"
    shorter = min(len(data), len(canonical))
    place = next((i for i in range(shorter) if data[i] != canonical[i]), shorter)
    return f"not in canonical form from byte {place}"
