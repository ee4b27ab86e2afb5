"""A log read at speed: what is in order is told so, and whatever might not be is doubted, never told."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine import auditing, ledger, skimming
from engine.errors import LedgerError
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
        kind = "log-opened" if '"kind":"log-opened"' in text else "recorded"
        yield Row("camden", number, None if kind == "log-opened" else "A", kind, data, leaf)
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


def found(*findings: object, **more: object) -> dict[str, object]:
    """The body of a decision, or what can pass for one."""
    return {"answer": "met", "findings": list(findings), "from": "need", **more}


def within(value: object, levels: int) -> object:
    return value if levels == 0 else {"a": within(value, levels - 1)}


PLAIN = entry({"name": "a", "value": 5})
DEEP = entry({"name": nested(62)})  # with the entry and its body, 64
SAID = entry({"name": "a", "type": "text", "value": "£5"})
SHUT = entry({"name": "a", "type": "text", "value": {"sealed": "0f" * 32}})
FINDING = {"answer": "met", "found": "5 days", "required": "4 days", "rule": "a"}
DECIDED = entry(found(FINDING, {"answer": "refer", "rule": "b", "settled": {"answer": "met", "entry": 2}}))
OWED = entry({"n": -5})
WHY = entry({"reason": {"sealed": "1f" * 32}, "value": "5"})
HID = entry(found({"answer": "met", "found": {"sealed": "2f" * 32}}))
SEEN = (PLAIN, DEEP, SAID, SHUT, DECIDED, OWED, WHY, HID, PLAIN, SAID, SHUT, DECIDED)


def doubted(*texts: str) -> bool:
    """Whether what is written out of order in one entry of the log keeps all of it from being told."""
    return rows_doubted(list(log_of(*texts)))


def rows_doubted(rows: list[Row]) -> bool:
    skim = skimming.Skim("camden")
    try:
        skim.page(rows)
    except skimming.Doubt:
        return True
    return False


def faulted(*texts: str) -> bool:
    return rows_faulted(log_of(*texts))


def rows_faulted(rows: Iterable[Row]) -> bool:
    return not all(step.ok for step in ledger.verify("camden", rows, {}, ()))


@pytest.mark.parametrize(
    "text",
    [
        *(PLAIN, DEEP, SAID, SHUT, DECIDED, OWED, WHY, HID),
        entry({"a": "\\ \n é £"}),
        entry({"x": {"sealed": "0f" * 32}}, {}),
        entry({"value": 'said "so"'}),
        entry({"value": "\x7f\u2028"}),
        entry(found({**FINDING, "found": 'said "so"'})),
        entry(within(found(FINDING), 58)),
        entry(found({"answer": "met", "found": nested(60)})),
        entry({}, {"sealed": "0f" * 32}),
    ],
)
def test_an_entry_in_order_is_told_so_the_first_time_and_again(text: str) -> None:
    assert not doubted(opening(), text, *SEEN, text, text, PLAIN)
    assert not faulted(opening(), text, *SEEN, text, text, PLAIN)


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
        opening().replace('"recorded"', '"previous":"PREVIOUS","recorded"'),
        OWED.replace("-5", "-0"),
        PLAIN.replace("cd" * 32, "CD" * 32),
        *(entry({}, digests) for digests in (0, False, "", [], {"packs": []}, {"packs": {"one": 0}})),
        entry({"name": {"sealed": "0f"}}),
        entry({"name": {"sealed": "0f" * 32, "with": "more"}}),
        entry({"name": nested(63)}),
        entry({"name": {"\U0001f600": 1, "\ufb33": 2}}),  # in order of code points, not of UTF-16 units
        entry({"x": [PACKS]}).replace('"digests"', '"digest"'),
        SAID.replace('"value":"£5"}', '"value":'),
        SAID.replace('"£5"', '"£\n5"'),
        SAID.replace('"£5"', '"\\u00a35"'),
        SAID.replace('"£5"', '"£5'),
        SAID.replace('"£5"', "£5"),
        SAID.replace('"value":"£5"', '"value":"£5","value":"£5"'),
        SAID.replace('"£5"}', '"£5"]'),
        SHUT.replace("0f0f", "0F0F"),
        SHUT.replace("0f0f", "0f0"),
        SHUT.replace("}}", "},}"),
        SAID.replace('"case":"A",', '"case":"A","case":"A",'),
        SAID.replace('"kind":"recorded"', '"kind":"recorded","kind":"recorded"'),
        SAID.replace('"kind":"recorded"', '"kind":"retold"'),
        SAID.replace(ACTOR, '0","actor":"012'),
        DECIDED.replace('"5 days"', '"5\tdays"'),
        DECIDED.replace('"5 days"', '"5\\u0020days"'),
        DECIDED.replace('"5 days"', "50" * 16),
        DECIDED.replace('"found":"5 days","required"', '"required":"4 days","found"'),
        DECIDED.replace('"rule":"a"', '"rule":"a","rule":"a"'),
        DECIDED.replace('},{"answer":"refer"', '}{"answer":"refer"'),
        DECIDED.replace('},{"answer":"refer"', '},,{"answer":"refer"'),
        DECIDED.replace('},{"answer":"refer"', '},{"answer":},{"answer":"refer"'),
        DECIDED.replace('"entry":2', '"entry":02'),
        DECIDED.replace('"entry":2', '"entry":-0'),
        DECIDED.replace('}],"from":', '}], "from":'),
        DECIDED.replace('}],"from":"need"', '}],"from":"need","from":"need"'),
        DECIDED.replace('"findings":', '"findings":[],"findings":'),
        entry(found({"answer": "met", "found": {"sealed": "0f"}})),
        entry(found({"answer": "met", "found": nested(61)})),
        entry(within(found({"answer": "met", "found": nested(30)}), 32)),
        entry({**found(), "a": within(found({"answer": "met", "found": nested(30)}), 31)}),
    ],
)
def test_an_entry_out_of_order_is_doubted_wherever_the_log_is_found_at_fault(text: str) -> None:
    for log in ((opening(), text), (opening(), PLAIN, text), (opening(), *SEEN, text, PLAIN)):
        assert faulted(*log)
        assert doubted(*log)


@pytest.mark.parametrize(
    "column",
    [
        {"authority": "merton"},
        {"sequence": 9},
        {"case": "B"},
        {"case": None},
        {"kind": "judgement"},
        {"kind": "log-opened"},
        {"leaf": bytes(32)},
        {"bytes": b""},
    ],
)
def test_a_column_that_says_otherwise_than_the_bytes_is_doubted_in_every_row(column: dict[str, Any]) -> None:
    rows = list(log_of(opening(), *SEEN))
    for place in range(1, len(rows)):
        altered = [*rows[:place], rows[place]._replace(**column), *rows[place + 1 :]]
        if altered != rows:
            assert rows_faulted(altered)
            assert rows_doubted(altered)


def test_rows_left_out_doubled_or_out_of_order_are_doubted() -> None:
    rows = list(log_of(opening(), *SEEN))
    for place in range(1, len(rows) - 1):
        one, two = rows[place : place + 2]
        for put in ([], [one, one, two], [two], [two, one], [one._replace(sequence=two.sequence), two]):
            altered = [*rows[:place], *put, *rows[place + 2 :]]
            if altered != rows[: len(altered)]:
                assert rows_faulted(altered)
                assert rows_doubted(altered)


def test_an_entry_numbered_wrongly_is_doubted_though_the_chain_is_whole() -> None:
    for number in ("1", "3", "02", "2.0", str(10**20)):
        text = PLAIN.replace('"NUMBER"', number)
        first, second = log_of(opening(), text)
        for filed in (2, 3):
            rows = [first, second._replace(sequence=filed)]
            assert rows_faulted(rows)
            assert rows_doubted(rows)


def test_digests_seen_before_are_known_only_where_they_are_the_entrys_own() -> None:
    inside = entry({"digests": PACKS, "format": "}"}, {})
    assert not doubted(opening(), PLAIN, inside, PLAIN)
    read = skimming.Skim("camden").page(list(log_of(opening(), PLAIN, inside, PLAIN)))
    assert [each.digests for each in read.told] == [{}, PACKS, {}, PACKS]
    assert [each.new for each in read.told] == [True, True, True, False]


def test_in_brief_nothing_is_left_out_but_findings() -> None:
    cites = [{"authority": "merton"}]
    for body in (found(FINDING, cites=cites), {"a": found(FINDING), **found(FINDING, cites=cites)}):
        text = entry(body).replace("PREVIOUS", "0" * 64).replace('"NUMBER"', "7").encode()
        told = skimming.Reader(brief=True).told(text)
        assert told.body["cites"] == cites
        assert told.body.keys() == body.keys()


def mangled(text: str, others: list[list[str]], chance: random.Random) -> str:
    """The text with a token or a few left out, doubled, moved, or taken from another text."""
    tokens = TOKENS.findall(text)
    for _ in range(chance.choice((1, 1, 2))):
        at, length = chance.randrange(len(tokens)), chance.choice((1, 1, 2, 3, 5))
        other = chance.choice(others)
        start = chance.randrange(len(other))
        piece = chance.choice(([], tokens[at : at + length] * 2, other[start : start + length], [chance.choice(ODD)]))
        tokens[at : at + length] = piece
    return "".join(tokens)


TOKENS = re.compile(r'["{}\[\],:]|[^"{}\[\],:]+')
ODD = (
    "\\",
    "\n",
    "\x7f",
    " ",
    "0",
    "-0",
    "1.5",
    '"sealed"',
    '{"sealed":"' + "0f" * 32 + '"}',
    "'",
    "£",
    "null",
    "true",
)


@pytest.mark.parametrize("tries", [6000, pytest.param(400_000, marks=pytest.mark.soak)])
def test_what_is_read_by_its_parts_is_what_decoding_reads_and_nothing_else_is(tries: int) -> None:
    chance = random.Random(8)
    texts = (*SEEN, entry({}, {}), entry({"a": [1]}))
    good = [each.replace("PREVIOUS", "0" * 64).replace('"NUMBER"', "7") for each in texts]
    brief, whole = skimming.Reader(brief=True), skimming.Reader()
    others = [TOKENS.findall(each) for each in good]
    read = 0
    for _ in range(tries):
        text = mangled(chance.choice(good), others, chance).encode()
        try:
            entry_ = ledger.decode(text)
        except LedgerError:
            entry_ = None
        assert read_by(whole, text) == entry_, text
        in_brief = read_by(brief, text)
        assert (in_brief is None) == (entry_ is None), text
        if entry_ is not None and in_brief is not None:
            read += 1
            assert shortened(in_brief) == shortened(entry_)
            assert {*brief.told(text).seals} == {*ledger.sealed_in(entry_.body)}
    assert read > tries // 50


@pytest.mark.parametrize("tries", [150, pytest.param(20_000, marks=pytest.mark.soak)])
def test_a_log_with_any_entry_mangled_and_the_chain_worked_out_again_is_doubted_when_it_is_at_fault(tries: int) -> None:
    chance, others = random.Random(9), [TOKENS.findall(each) for each in SEEN]
    sound = 0
    for _ in range(tries):
        log = (opening(), *SEEN, mangled(chance.choice(SEEN), others, chance), PLAIN)
        assert doubted(*log) == faulted(*log), log[-2]
        sound += not faulted(*log)
    assert 0 < sound < tries


def read_by(reader: skimming.Reader, data: bytes) -> ledger.Entry | None:
    try:
        return reader.entry(data)
    except LedgerError:
        return None


def shortened(entry: ledger.Entry) -> object:
    """An entry without the findings that are left out of a brief reading."""
    text = json.dumps(entry.body, ensure_ascii=False)
    return replace(entry, body=re.sub(r'"findings": \[\{"answer":.*\}\], "from": "', '"findings": [], "from": "', text))


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
