"""A log read at speed: what is in order is told so, and whatever might not be is doubted, never told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from engine import auditing, ledger, skimming
from engine.ledger import Row
from tests.simulator import Council

ACTOR, DAY, TIME = "0123456789abcdef", "2025-03-03", "2025-03-03T10:00:00Z"
PACKS = {"packs": {"one": "ab" * 32, "two": "cd" * 32}}


def canonical_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def log_of(*texts: str) -> Iterator[Row]:
    """The rows of a chained log whose entries are these texts, with `PREVIOUS` and `NUMBER` filled in."""
    previous = ""
    for number, text in enumerate(texts, 1):
        data = text.replace("PREVIOUS", previous).replace('"NUMBER"', str(number)).encode()
        leaf = ledger.leaf(data)
        kind = "log-opened" if number == 1 else "recorded"
        yield Row("camden", number, None if number == 1 else "A", kind, data, leaf)
        previous = leaf.hex()


def entry(body: object, digests: object = PACKS) -> str:
    members: dict[str, object] = {"actor": ACTOR, "authority": "camden", "body": body, "case": "A", "digests": digests}
    members |= {"format": ledger.FORMAT, "happened": DAY, "kind": "recorded", "previous": "PREVIOUS"}
    return canonical_text({**members, "recorded": TIME, "sequence": "NUMBER"})


def opening() -> str:
    members: dict[str, object] = {"actor": ACTOR, "authority": "camden", "body": {"training": True}, "digests": {}}
    members |= {"format": ledger.FORMAT, "happened": DAY, "kind": "log-opened", "recorded": TIME}
    return canonical_text({**members, "sequence": "NUMBER"})


def nested(depth: int) -> Any:
    return [] if depth == 1 else [nested(depth - 1)]


PLAIN = entry({"name": "a", "value": 5})
DEEP = entry({"name": nested(62)})  # with the entry and its body, 64


def doubted(*texts: str) -> bool:
    skim = skimming.Skim("camden")
    try:
        skim.page(list(log_of(*texts)))
    except skimming.Doubt:
        return True
    return False


def faulted(*texts: str) -> bool:
    return not all(step.ok for step in ledger.verify("camden", log_of(*texts), {}, ()))


@pytest.mark.parametrize("text", [PLAIN, DEEP, entry({"a": "\\ \n é £"}), entry({"x": {"sealed": "0f" * 32}}, {})])
def test_an_entry_in_order_is_told_so_the_first_time_and_again(text: str) -> None:
    assert not doubted(opening(), text, PLAIN, text, text, PLAIN)
    assert not faulted(opening(), text, PLAIN, text, text, PLAIN)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN.replace(":5}", ": 5}"),
        PLAIN.replace(":5}", ":-0}"),
        PLAIN.replace(":5}", ":5.0}"),
        PLAIN.replace(":5}", ":9007199254740992}"),
        PLAIN.replace(":5}", ":null}"),
        PLAIN.replace(":5}", ":NaN}"),
        PLAIN.replace('"name":"a"', '"name":"\\u0061"'),
        PLAIN.replace('"name":"a","value":5', '"value":5,"name":"a"'),
        PLAIN.replace('"name":"a","value":5', '"name":"a","name":"a"'),
        PLAIN.replace('"name":"a","value":5', '"name":5,"a":"value"'),
        PLAIN + "5",
        "5" + PLAIN,
        PLAIN + "\n",
        PLAIN.replace('"digests":{', '"digests":{},"digests":{'),
        PLAIN.replace('"name":"a"', '"name":"a\x01"'),
        PLAIN.replace(ACTOR, ACTOR[1:]),
        PLAIN.replace(DAY + '"', '2025-02-30"'),
        PLAIN.replace('"camden"', '"merton"'),
        PLAIN.replace("entry/1", "entry/2"),
        PLAIN.replace(TIME, "2025-03-03T09:59:59Z"),
        PLAIN.replace('"PREVIOUS"', '"' + "0" * 64 + '"'),
        PLAIN.replace('"case":"A"', '"case":"B"'),
        PLAIN.replace('"case":"A",', ""),
        PLAIN.replace('"case":"A"', '"case":"A","cash":"A"'),
        PLAIN.replace("recorded", "log-opened", 1),
        PLAIN.replace("cd" * 32, "CD" * 32),
        *(entry({}, digests) for digests in (0, False, "", [], {"packs": []}, {"packs": {"one": 0}})),
        entry({"name": {"sealed": "0f"}}),
        entry({"name": {"sealed": "0f" * 32, "with": "more"}}),
        entry({"name": nested(63)}),
        entry({"name": {"\U0001f600": 1, "\ufb33": 2}}),  # in order of code points, not of UTF-16 units
        entry({"x": [PACKS]}).replace('"digests"', '"digest"'),
    ],
)
def test_an_entry_out_of_order_is_doubted_wherever_the_log_is_found_at_fault(text: str) -> None:
    for log in ((opening(), text), (opening(), PLAIN, text), (opening(), PLAIN, DEEP, PLAIN, PLAIN, text, PLAIN)):
        assert faulted(*log)
        assert doubted(*log)


def test_digests_seen_before_are_known_only_where_they_are_the_entrys_own() -> None:
    inside = entry({"digests": PACKS, "format": "}"}, {})
    assert not doubted(opening(), PLAIN, inside, PLAIN)
    read = skimming.Skim("camden").page(list(log_of(opening(), PLAIN, inside, PLAIN)))
    assert [each["digests"] for each in read.members] == [{}, PACKS, {}, PACKS]
    assert read.named == {2: PACKS}


def test_a_sound_log_is_read_once_and_its_cases_are_not_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    council = Council()
    council.open()
    council.record("2025-03-03 10:00", "contract.kind=services", "contract.value=£1 incl VAT")
    council.advance("2025-03-03 10:00", "assess-need")
    monkeypatch.setattr(ledger, "verify", None)
    monkeypatch.setattr(auditing.replay, "fold", None)
    assert all(step.ok for step in auditing.verify(council.store, "camden"))


def test_what_is_wrong_is_said_as_the_slow_reading_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    council = Council()
    council.open()
    council.record("2025-03-03 10:00", "contract.kind=services")
    council.store._hot.execute("UPDATE case_projection SET state = 'closed'")
    fast = auditing.verify(council.store, "camden")
    monkeypatch.setattr(auditing, "_skim", lambda *_: None)
    assert fast == auditing.verify(council.store, "camden")
    assert not fast[10].ok
