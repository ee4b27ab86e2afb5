"""The append-only suite: what any store must do, whatever stands behind it.

A subclass gives a fixture `store`, new and empty, and a method `sql` that runs a statement behind the store's back.
The builders at the top make real entries for every test of the log and the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pytest

from engine import ledger
from engine.errors import ConflictError, LedgerError, StoreError
from engine.ledger import Draft, Head, Opening, Write
from engine.store import CHUNK, PAGE, CaseRow, Store

ACTOR = "5f0c1e9a77b3d2e4"
RECORDED = "2026-01-05T09:00:00Z"


def draft(case: str | None = "2026-014", kind: str = "recorded", **body: object) -> Draft:
    """A draft of that kind, happened on a fixed day."""
    return Draft(case, kind, ACTOR, "2026-01-05", body, {})


OPENED = draft(None, "log-opened", training=False)


def sealed_draft(number: int, case: str = "2026-014") -> tuple[Draft, Opening]:
    """A draft with one sealed value, and its opening; the salt follows from the number."""
    marker, opening = ledger.seal(f"provider {number}", number.to_bytes(16, "big"))
    return draft(case, provider=marker, number=number), opening


def written(
    authority: str, drafts: Iterable[Draft], head: Head | None = None, openings: Sequence[Opening] = ()
) -> list[Write]:
    """The drafts composed one after the other from `head`; each entry gets those of the openings that it seals."""
    made = []
    for each in drafts:
        entry = ledger.compose(head, authority, each, RECORDED)
        sealed = set(ledger.sealed_in(entry.body))
        made.append(ledger.write(entry, [opening for opening in openings if opening.commitment in sealed]))
        head = ledger.head_after(made[-1])
    return made


def fill(store: Store, authority: str, drafts: Iterable[Draft], openings: Sequence[Opening] = ()) -> list[Write]:
    """The drafts appended to what the store holds, in one transaction."""
    head = store.head(authority)
    writes = written(authority, drafts, head, openings)
    store.append(authority, head, writes)
    return writes


def whole(store: Store, authority: str) -> bool:
    """Whether the log, read back from the store, verifies in every step."""
    steps = ledger.verify(authority, store.rows(authority), store.openings(authority), ())
    return all(step.ok for step in steps)


class InterruptedMapping(dict[str, tuple[str, bytes]]):
    """Artifacts whose reading is interrupted, as by Ctrl-C in the middle of an append."""

    def items(self) -> Iterator[tuple[str, tuple[str, bytes]]]:
        raise KeyboardInterrupt


class AppendOnly:
    """Inherit, and give the fixture `store`."""

    def sql(self, store: Store, statement: str, values: Mapping[str, object] = {}) -> None:
        """Run `statement` as somebody with the database in hand could."""
        store._connection.exec_driver_sql(statement, dict(values))

    def test_a_new_store_holds_nothing(self, store: Store) -> None:
        assert store.head("camden") is None
        assert store.authorities() == ()
        assert list(store.rows("camden")) == []
        assert store.cases() == ()
        assert store.openings("camden") == {}

    def test_what_is_appended_is_read_back_byte_for_byte(self, store: Store) -> None:
        writes = fill(store, "camden", [OPENED, draft(note="café")])
        rows = list(store.rows("camden"))
        assert [(row.bytes, row.leaf) for row in rows] == [(write.bytes, write.leaf) for write in writes]
        assert [(row.authority, row.sequence, row.case, row.kind) for row in rows] == [
            ("camden", 1, None, "log-opened"),
            ("camden", 2, "2026-014", "recorded"),
        ]
        assert store.head("camden") == ledger.head_after(writes[-1])
        assert whole(store, "camden")

    def test_the_logs_of_two_authorities_are_apart(self, store: Store) -> None:
        fill(store, "camden", [OPENED, draft()])
        fill(store, "merton", [OPENED])
        assert store.authorities() == ("camden", "merton")
        assert [row.sequence for row in store.rows("merton")] == [1]
        assert whole(store, "camden") and whole(store, "merton")

    def test_an_append_on_an_old_head_is_refused_with_the_rows_between(self, store: Store) -> None:
        fill(store, "camden", [OPENED])
        old = store.head("camden")
        fill(store, "camden", [draft(n=1), draft(n=2)])
        with pytest.raises(ConflictError, match=r"somebody recorded 2 entries .* nothing was written") as caught:
            store.append("camden", old, written("camden", [draft(n=3)], old))
        assert caught.value.rows == tuple(store.rows("camden", after=1))
        assert store.head("camden").sequence == 3

    def test_a_second_log_of_one_authority_cannot_be_begun(self, store: Store) -> None:
        fill(store, "camden", [OPENED])
        with pytest.raises(ConflictError) as caught:
            store.append("camden", None, written("camden", [OPENED]))
        assert caught.value.rows == tuple(store.rows("camden"))

    def test_a_head_that_this_log_never_had_is_no_conflict_but_another_file(self, store: Store) -> None:
        fill(store, "camden", [OPENED, draft()])
        for other in (Head("camden", 9, "0f" * 32, RECORDED), Head("camden", 1, "0f" * 32, RECORDED)):
            with pytest.raises(StoreError, match="the file was replaced; nothing was written") as caught:
                store.append("camden", other, written("camden", [draft()], other))
            assert not isinstance(caught.value, ConflictError)
        assert store.head("camden").sequence == 2

    def test_a_refused_append_leaves_nothing_of_itself(self, store: Store) -> None:
        fill(store, "camden", [OPENED])
        drafted, opening = sealed_draft(1)
        with pytest.raises(ConflictError):
            store.append(
                "camden",
                None,
                written("camden", [drafted], openings=[opening]),
                projection=CaseRow("camden", "2026-014", "t", "s", "o", "c", 2),
                artifacts={"ab": ("pack", b"bytes")},
                logins={"ann": ACTOR},
            )
        assert (store.cases(), store.openings("camden"), store.artifact("ab")) == ((), {}, None)
        assert store.actor("camden", "ann") is None

    def test_an_append_that_fails_half_way_leaves_nothing_and_the_next_one_works(self, store: Store) -> None:
        fill(store, "camden", [OPENED])
        head = store.head("camden")
        store.append("camden", head, [], logins={"ann": ACTOR})
        writes = written("camden", [draft(), draft()], head)
        with pytest.raises(StoreError, match="nothing was written"):
            store.append("camden", head, writes, logins={"ann": "0" * 16})
        assert store.head("camden") == head
        store.append("camden", head, writes)
        assert whole(store, "camden")

    def test_an_append_that_is_interrupted_leaves_nothing_and_the_next_one_works(self, store: Store) -> None:
        fill(store, "camden", [OPENED])
        head = store.head("camden")
        writes = written("camden", [draft()], head)
        with pytest.raises(KeyboardInterrupt):
            store.append("camden", head, writes, artifacts=InterruptedMapping())
        assert store.head("camden") == head
        store.append("camden", head, writes)
        assert store.head("camden").sequence == 2

    def test_a_case_that_moved_after_it_was_read_is_a_conflict(self, store: Store) -> None:
        fill(store, "camden", [OPENED, draft("a"), draft("b"), draft("a")])
        head = store.head("camden")
        writes = written("camden", [draft("a")], head)
        with pytest.raises(ConflictError, match="case camden/a") as caught:
            store.append("camden", head, writes, case_after=("a", 2))
        assert [row.sequence for row in caught.value.rows] == [4]
        store.append("camden", head, writes, case_after=("a", 4))

    def test_a_case_not_seen_before_is_written_after_entry_none(self, store: Store) -> None:
        fill(store, "camden", [OPENED])
        head = store.head("camden")
        store.append("camden", head, written("camden", [draft("new")], head), case_after=("new", 0))
        assert [row.case for row in store.rows("camden", "new")] == ["new"]

    def test_entries_that_do_not_follow_the_head_are_refused_before_anything_is_written(self, store: Store) -> None:
        first, second, third = written("camden", [OPENED, draft(n=2), draft(n=3)])
        for writes in ([second], [first, third], [first._replace(leaf=second.leaf)], [first._replace(bytes=b"{}")]):
            with pytest.raises(LedgerError, match="does not follow"):
                store.append("camden", None, writes)
        with pytest.raises(LedgerError, match="does not follow"):
            store.append("merton", None, [first])
        assert store.authorities() == ()

    def test_rows_are_chosen_by_case_and_by_place(self, store: Store) -> None:
        fill(store, "camden", [OPENED, *(draft("ab"[n % 2]) for n in range(6))])
        assert [row.sequence for row in store.rows("camden", "a")] == [2, 4, 6]
        assert [row.sequence for row in store.rows("camden", "a", after=2)] == [4, 6]
        assert [row.sequence for row in store.rows("camden", "a", after=2, before=6)] == [4]
        assert [row.sequence for row in store.rows("camden", after=3, before=6)] == [4, 5]
        assert list(store.rows("camden", before=1)) == list(store.rows("camden", before=0)) == []

    def test_a_log_of_many_pages_is_read_whole_and_in_order(self, store: Store) -> None:
        fill(store, "camden", [OPENED, *(draft(n=n) for n in range(2 * PAGE))])
        assert [row.sequence for row in store.rows("camden")] == list(range(1, 2 * PAGE + 2))

    def test_appending_while_a_log_is_being_read_hinders_neither(self, store: Store) -> None:
        fill(store, "camden", [OPENED, *(draft(n=n) for n in range(PAGE))])
        reading = store.rows("camden")
        next(reading)
        fill(store, "camden", [draft(n=-1)])
        assert 1 + sum(1 for _ in reading) == PAGE + 2

    def test_openings_are_found_by_commitment_and_an_erased_one_is_only_missing(self, store: Store) -> None:
        made = [sealed_draft(n) for n in range(CHUNK + 3)]
        openings = [opening for _, opening in made]
        fill(store, "camden", [OPENED, *(drafted for drafted, _ in made)], openings)
        assert store.openings("camden") == {opening.commitment: opening for opening in openings}
        gone = openings[7].commitment
        self.sql(store, "DELETE FROM opening WHERE commitment = :gone", {"gone": gone})
        wanted = [opening.commitment for opening in openings]
        assert set(wanted) - set(store.openings("camden", wanted)) == {gone}
        assert store.openings("camden", []) == {}
        assert store.openings("merton", wanted) == {}
        assert whole(store, "camden")

    def test_a_seal_quoted_by_a_later_entry_keeps_its_one_opening(self, store: Store) -> None:
        drafted, opening = sealed_draft(1)
        fill(store, "camden", [OPENED, drafted, drafted], [opening])
        assert store.openings("camden") == {opening.commitment: opening}

    def test_artifacts_are_kept_once_and_the_first_bytes_stay(self, store: Store) -> None:
        fill(store, "camden", [OPENED])
        head = store.head("camden")
        store.append("camden", head, [], artifacts={"ab": ("pack", b"first"), "cd": ("calendar", b"")})
        store.append("camden", head, [], artifacts={"ab": ("pack", b"second")})
        assert store.artifact("ab") == b"first"
        assert store.artifacts(["ab", "cd", "ef"]) == {"ab": b"first", "cd": b""}

    def test_a_login_has_one_id_in_each_authority(self, store: Store) -> None:
        fill(store, "camden", [OPENED])
        head = store.head("camden")
        store.append("camden", head, [], logins={"ann": ACTOR})
        assert store.actor("camden", "ann") == ACTOR
        assert store.actor("merton", "ann") is store.actor("camden", "bob") is None

    def test_the_projection_keeps_the_last_line_of_each_case(self, store: Store) -> None:
        fill(store, "camden", [OPENED])
        head = store.head("camden")
        first = CaseRow("camden", "b", "Outreach", "analyse", "2026-01-05", "2026-01-05", 2)
        for row in (first, first._replace(state="plan", sequence=3), first._replace(case="a")):
            store.append("camden", head, [], projection=row)
        assert store.cases() == (first._replace(case="a"), first._replace(state="plan", sequence=3))
        assert store.cases("merton") == ()

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE entry SET kind = 'fault' WHERE sequence = 1",
            "DELETE FROM entry WHERE sequence = 2",
            "INSERT OR REPLACE INTO entry SELECT authority, sequence, case_id, 'fault', bytes, leaf FROM entry",
            "INSERT INTO entry SELECT authority, 9, case_id, kind, bytes, leaf FROM entry WHERE sequence = 1",
            "UPDATE artifact SET bytes = x'00'",
            "DELETE FROM artifact",
            "INSERT OR REPLACE INTO artifact VALUES ('ab', 'pack', x'00')",
        ],
    )
    def test_the_database_itself_refuses_to_change_what_is_kept(self, store: Store, statement: str) -> None:
        fill(store, "camden", [OPENED, draft()])
        store.append("camden", store.head("camden"), [], artifacts={"ab": ("pack", b"bytes")})
        before = list(store.rows("camden"))
        with pytest.raises(Exception, match=r"entries are never|only ever added|artifacts are never"):
            self.sql(store, statement)
        assert list(store.rows("camden")) == before
        assert store.artifact("ab") == b"bytes"

    def test_a_damaged_last_entry_is_not_built_on(self, store: Store) -> None:
        fill(store, "camden", [OPENED, draft()])
        self.sql(store, "DROP TRIGGER entry_UPDATE")
        self.sql(store, "UPDATE entry SET bytes = x'7b7d' WHERE sequence = 2")
        with pytest.raises(LedgerError, match="entry 2 of camden is not the one that was recorded"):
            store.head("camden")

    def test_bytes_stored_as_text_are_still_judged_by_verification(self, store: Store) -> None:
        fill(store, "camden", [OPENED, draft()])
        self.sql(store, "DROP TRIGGER entry_UPDATE")
        self.sql(store, "UPDATE entry SET bytes = 'forged', leaf = 'forged', case_id = 7 WHERE sequence = 2")
        steps = ledger.verify("camden", store.rows("camden"), {}, ())
        assert [step.number for step in steps if not step.ok] == [1, 3]

    def test_openings_and_artifacts_stored_as_text_are_still_judged_as_bytes(self, store: Store) -> None:
        drafted, opening = sealed_draft(1)
        fill(store, "camden", [OPENED, drafted], [opening])
        self.sql(store, "UPDATE opening SET salt = 'sixteen letters!', value = 'forged'")
        self.sql(store, "INSERT INTO artifact VALUES ('ab', 'pack', 'text')")
        steps = ledger.verify("camden", store.rows("camden"), store.openings("camden"), ())
        assert [step.number for step in steps if not step.ok] == [6]
        assert store.artifact("ab") == store.artifacts(["ab"])["ab"] == b"text"

    def test_closing_twice_does_no_harm(self, store: Store) -> None:
        store.close()
        store.close()
