"""The benchmarks' own log is one that the program could have written: it verifies and replays."""

from __future__ import annotations

from pathlib import Path

from benchmarks import audit, scene
from engine import auditing, ledger, store
from tests.simulator import shelf


def test_a_log_filled_with_copies_of_a_real_case_verifies_and_replays(tmp_path: Path) -> None:
    path = audit._log(tmp_path / "log.db", shelf(), 120)
    count = audit._verified(path)[2]
    with store.open_store(str(path), read_only=True) as opened:
        cases = opened.case_ids(scene.AUTHORITY)
        assert (len(cases), count) == (3, 109)
        books = auditing.Books()
        both, alone = (
            list(auditing.take_again(opened, scene.AUTHORITY, cases[1], twice=twice, books=books))
            for twice in (True, False)
        )
        assert both == alone
        assert [each.differs for each in both] == [""] * 7


def test_a_varied_log_verifies_and_no_two_of_its_cases_say_the_same(tmp_path: Path) -> None:
    path = audit._log(tmp_path / "varied.db", shelf(), 120, vary=True)
    assert audit._verified(path)[2] == 109
    with store.open_store(str(path), read_only=True) as opened:
        one, two = (
            [ledger.decode(row.bytes) for row in opened.rows(scene.AUTHORITY, case)]
            for case in ("B-000000", "B-000001")
        )
    varied = [entry.body != other.body for entry, other in zip(one, two, strict=True)]
    assert sum(varied) > len(varied) * 0.7
