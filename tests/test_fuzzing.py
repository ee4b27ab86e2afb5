"""Any bytes given to a parser of entries, notes, proofs or bundles: read as they would be written, or refused in words.

And the script without Vires agrees with Vires, also on logs that somebody who has the key forged and signed again.
"""

from __future__ import annotations

import copy
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import bundles, canonical
from tests import fuzzing
from tests.fuzzing import FILES, LOG, TARGETS, agree, relogged

MANY = 20_000 if os.environ.get("VIRES_SOAK") else 120
ENTRIES = [json.loads(write.bytes) for write in LOG]
ODD: list[Any] = [
    *("", "x", "camden", "merton", "\u0001", "\u212aent", "\uff11", "2026-02-30", "2026-01-06T09:00:00Z", "0" * 64),
    *("2026-01-06", "case-opened", "log-opened", "decision", "actor", "adoption", "vires/entry/2", "A" * 64),
    *(0, 1, 2, 3, 4, -1, 2**53 - 1, 2**53, 10**30, 1.5, None, "\ud800", True, False, [], {}, [[]], ["x", 1]),
    *({"sealed": "0" * 64}, {"sealed": "x"}, {"sealed": fuzzing.OPENING.commitment}, {"sealed": "0" * 64, "x": 1}),
    *({"one": fuzzing.DIGEST}, {"packs": {"one": "x"}}, fuzzing.DIGEST, json.loads("[" * 66 + "]" * 66)),
]
MEMBERS = [*sorted({name for entry in ENTRIES for name in entry}), "digest", "training", "sealed", "other", "erased"]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Everywhere in a value where something can be put: a list or an object, and the place in it."""
    if isinstance(value, dict):
        found = [(value, name) for name in value]
    elif isinstance(value, list):
        found = [(value, place) for place in range(len(value))]
    else:
        return []
    return found + [inner for holder, place in found for inner in places(holder[place])]


def altered(draw: st.DrawFn, value: Any) -> Any:
    """The value with something odd in one or two places, a member gone, or one more."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 2))):
        found = places(value)
        holder, place = draw(st.sampled_from(found)) if found else (value, None)
        act = draw(st.sampled_from(["put", "put", "drop", "add"]))
        if act == "put" and place is not None:
            holder[place] = copy.deepcopy(draw(st.sampled_from(ODD)))
        elif act == "drop" and place is not None:
            del holder[place]
        elif isinstance(holder, dict):
            holder[draw(st.sampled_from(MEMBERS))] = copy.deepcopy(draw(st.sampled_from(ODD)))
    return value


@st.composite
def forged_logs(draw: st.DrawFn) -> list[Any]:
    entries = list(ENTRIES)
    place = draw(st.integers(0, len(entries) - 1))
    entries[place] = altered(draw, entries[place])
    return entries


@st.composite
def forged_files(draw: st.DrawFn) -> dict[str, bytes]:
    name = draw(st.sampled_from([bundles.ABOUT, bundles.OPENINGS, bundles.WITHHELD, f"kept/{fuzzing.DIGEST}.json"]))
    if name == bundles.ABOUT:
        return {name: fuzzing.loose(altered(draw, json.loads(FILES[name])))}
    given_ = FILES[name] or canonical.encode({"code": "foia-40", "commitment": fuzzing.OPENING.commitment})
    lines = [fuzzing.loose(altered(draw, json.loads(line))) for line in given_.split(b"\n") if line]
    ending = b"" if name.startswith("kept/") else b"\n"
    files = {name: b"".join(line + ending for line in lines)}
    if name == bundles.WITHHELD and draw(st.booleans()):
        files[bundles.OPENINGS] = b""
    return files


@settings(max_examples=MANY)
@given(forged_logs())
def test_the_script_and_vires_agree_on_logs_forged_and_signed_again(entries: list[Any]) -> None:
    agree(relogged(entries))


@settings(max_examples=MANY)
@given(forged_files())
def test_the_script_and_vires_agree_on_files_of_a_bundle_forged(files: dict[str, bytes]) -> None:
    agree(bundles._zip({**FILES, **files}) if bundles.ABOUT in files else fuzzing.rezipped({**FILES, **files}))


@st.composite
def mutants(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Some bytes, or a seed cut, pasted into, or with a piece of itself elsewhere."""
    data = draw(st.sampled_from(seeds) | st.binary(max_size=80))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        piece = draw(st.sampled_from([b"", b" ", b"\n", b"0", b'"', b"null", b"1e3", data[:40], data[start:end]]))
        data = data[:start] + (piece or draw(st.binary(max_size=4))) + data[end:]
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_are_read_as_they_would_be_written_or_refused(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds:
        target.check(seed)

    @settings(max_examples=MANY // 2)
    @given(mutants(list(target.seeds)))
    def hold(data: bytes) -> None:
        target.check(data)

    hold()


@pytest.mark.soak
@pytest.mark.parametrize("name", TARGETS)
def test_a_minute_of_atheris_finds_nothing_either(name: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed: pip install -r tests/requirements-soak.txt, where it has a wheel")
    command = [sys.executable, "-m", "tests.fuzzing", name, str(tmp_path), "60"]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300, check=False)
    left = {path.name: path.read_bytes()[:500] for path in tmp_path.iterdir() if path.is_file()}
    assert done.returncode == 0 and not left, (left, done.stdout[-2000:], done.stderr[-4000:])
    assert "stat::number_of_executed_units" in done.stderr
