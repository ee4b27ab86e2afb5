"""Samples drawn by a checkpoint, a case with hindsight and without, and the report for an audit committee."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import cli
from engine import bundles, committee, library
from engine.sampling import shared
from tests.simulator import contents, forge
from tests.small import Smallton


@pytest.fixture
def council(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Smallton:
    """Twelve cases, every third of them refused, and a checkpoint of the log before and after the last."""
    monkeypatch.chdir(tmp_path)
    made = Smallton(tmp_path / "small.db")
    monkeypatch.setattr(library, "shipped", lambda cache=None: made.library)
    vires(made, "keygen", "officer.key")
    for number in range(12):
        if number == 11:
            vires(made, "checkpoint", "smallton", "--key", "officer.key", "--out", "old.note")
        facts = (f"quotes.received={3 if number % 3 else 2}", "contract.value=£50,000 excl VAT")
        made.open(f"c-{number:02d}", "2025-04-10 10:00", *facts)
        made.advance(f"c-{number:02d}", "2025-04-10 10:00", "publish")
    vires(made, "checkpoint", "smallton", "--key", "officer.key", "--out", "new.note")
    return made


def vires(council: Smallton, *words: str, at: str = "2025-07-01 10:00", code: int = 0) -> Result:
    told = ["--database", str(council.place), "--clock", at, "--as", "ann", "audit", *words]
    result = CliRunner().invoke(cli.main, told)
    assert result.exit_code == code, result.output
    return result


def plain(council: Smallton, *words: str, at: str = "2025-07-01 10:00", code: int = 0) -> Any:
    return json.loads(vires(council, *words, "--format", "json", at=at, code=code).stdout)


# Samples ----------------------------------------------------------------------------------------------------------


def test_a_checkpoint_draws_the_same_sample_each_time_and_another_draws_another(council: Smallton) -> None:
    def drawn(note: str) -> list[int]:
        found = plain(council, "sample", "smallton", "-n", "4", "--seed-from", note)
        return [each["entry"] for each in found["drawn"]]

    others = ["new.note"]
    for number in range(4):  # by chance two draw alike once in some hundred times
        council.open(f"later-{number}", "2025-04-11 10:00", "contract.kind=goods")
        others.append(f"{number}.note")
        vires(council, "checkpoint", "smallton", "--key", "officer.key", "--out", others[-1])
    before = contents(council.place)
    first = drawn("old.note")
    assert drawn("old.note") == first and any(drawn(each) != first for each in others)
    assert contents(council.place) == before


def test_every_step_and_answer_is_in_the_sample_and_each_has_its_receipt(council: Smallton) -> None:
    found = plain(council, "sample", "-n", "4", "--seed-from", "new.note", "--signed-by", "officer.key.pub")
    strata = {(each["step"], each["answer"]): (each["decisions"], each["drawn"]) for each in found["strata"]}
    assert strata == {("publish", "may proceed"): (8, 3), ("publish", "not met"): (4, 1)}
    receipt = found["drawn"][0]["receipt"]
    assert "1 equal" in " ".join(vires(council, "verify", "smallton", "--receipt", receipt).stdout.split())
    assert "4 of 12 decisions" in vires(council, "sample", "-n", "4", "--seed-from", "new.note").stdout


def test_decisions_after_the_checkpoint_are_not_drawn(council: Smallton) -> None:
    found = plain(council, "sample", "-n", "60", "--seed-from", "old.note")
    assert len(found["drawn"]) == 11 and all(each["case"] != "c-11" for each in found["drawn"])


def test_a_log_without_a_decision_is_said_to_have_none_and_nothing_is_ticked(council: Smallton, tmp_path: Path) -> None:
    empty = Smallton(tmp_path / "empty.db")
    signed = vires(empty, "checkpoint", "smallton", "--key", "officer.key", "--out", "empty.note").stdout
    assert "at 1 entry\n" in signed
    for words, told in (
        (("sample", "--seed-from", "empty.note"), "there is no decision to draw among the first 1 of smallton's log"),
        (("replay",), "no decision was recorded there, or since then: nothing was taken again"),
        (("report",), "nothing to report"),
    ):
        said = vires(empty, *words).stdout
        assert told in said and "✓" not in said


def test_whoever_has_nothing_but_a_bundle_sees_what_the_store_shows(council: Smallton) -> None:
    council.advance("c-01", "2025-06-02 10:00", "sign", "2025-04-11", "signed too early")
    vires(council, "bundle", "smallton", "--all", "--out", "all.zip")
    vires(council, "bundle", "smallton/c-01", "--out", "some.zip")

    def alone(*words: str, code: int = 0) -> Any:
        done = CliRunner().invoke(cli.main, ["--database", "none.db", "audit", *words])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout) if code == 0 else done.stderr

    day = ("as-at", "2025-06-01", "smallton/c-01", "--known-at", "2025-06-30", "--format", "json")
    assert alone(*day, "--bundle", "all.zip") == json.loads(vires(council, *day).stdout)
    for words in (("log",), ("report",), ("sample", "-n", "4", "--seed-from", "new.note")):
        from_store = plain(council, words[0], "smallton", *words[1:])
        assert alone(words[0], "all.zip", *words[1:], "--format", "json") == from_store
    assert len(alone("report", "some.zip", "--format", "json")["items"]) == 1
    assert "whoever made it chose them" in alone("sample", "some.zip", "--seed-from", "new.note", code=2)
    assert "no case smallton/c-02 in some.zip" in alone(
        "as-at", day[1], "smallton/c-02", "--bundle", "some.zip", code=2
    )
    Path("bad.zip").write_bytes(Path("all.zip").read_bytes()[:-30])
    assert "does not verify" in alone("report", "bad.zip", code=5)


def test_the_last_day_there_is_is_a_day_like_any_other(council: Smallton) -> None:
    last = plain(council, "as-at", "9999-12-31", "smallton/c-01", "--known-at", "9999-12-31")
    assert (last["as_at"], last["state"]) == ("9999-12-31", "market")


def test_a_day_is_not_given_an_hour_that_nobody_would_look_at(council: Smallton) -> None:
    told = vires(council, "as-at", "2025-05-01 10:00", "smallton/c-01", code=2).stderr
    assert "DATE: a day is meant, not an hour; write it as 2025-05-01" in told


def test_a_checkpoint_that_nobody_known_signed_draws_nothing(council: Smallton) -> None:
    vires(council, "keygen", "other.key", "--name", "other")
    words = ("sample", "--seed-from", "new.note", "--signed-by", "other.key.pub")
    assert "none of the keys given signed" in vires(council, *words, code=5).stderr


def test_places_go_to_each_stratum_first_and_then_in_proportion() -> None:
    sizes = {("a", ""): 90, ("b", ""): 9, ("c", ""): 1}
    assert list(shared(sizes, 2).values()) == [1, 1, 0]
    assert list(shared(sizes, 10).values()) == [8, 1, 1]
    assert list(shared(sizes, 1000).values()) == [90, 9, 1]


# Hindsight --------------------------------------------------------------------------------------------------------


def test_a_case_is_shown_before_and_after_a_correction(council: Smallton) -> None:
    council.record("c-01", "2025-06-02 10:00", "contract.value=£60,000 excl VAT")

    def value(*words: str) -> int:
        return int(plain(council, "as-at", *words)["facts"]["contract.value"]["value"]["pence"])

    assert value("2025-05-01", "smallton/c-01", "--known-at", "2025-05-01") == 5_000_000
    assert value("2025-05-01", "smallton/c-01", "--known-at", "2025-06-01") == 5_000_000
    assert value("2025-05-01", "smallton/c-01", "--known-at", "2025-06-02") == 6_000_000
    assert value("2025-05-01", "smallton/c-01") == 6_000_000
    shown = vires(council, "as-at", "2025-05-01", "smallton/c-01").stdout
    assert "contract.value: corrected on 2025-06-02" in shown


def test_what_was_done_late_counts_from_the_day_it_was_done_once_it_is_known(council: Smallton) -> None:
    council.advance("c-01", "2025-06-02 10:00", "sign", "2025-04-28", "the file was found in June")

    def state(*words: str) -> str:
        return str(plain(council, "as-at", *words)["state"])

    assert state("2025-04-27", "smallton/c-01") == "market"
    assert state("2025-04-28", "smallton/c-01") == "contract"
    assert state("2025-04-28", "smallton/c-01", "--known-at", "2025-06-01") == "market"


def test_a_fact_first_stated_later_is_not_there_yet(council: Smallton) -> None:
    council.record("c-01", "2025-06-02 10:00", "contract.kind=services")
    assert "contract.kind" not in plain(council, "as-at", "2025-06-01", "smallton/c-01")["facts"]
    assert "contract.kind" in plain(council, "as-at", "2025-06-02", "smallton/c-01")["facts"]


def test_what_changed_stood_as_it_was_until_the_day_of_the_change(council: Smallton) -> None:
    """A date put later is no correction: before that day nobody could have kept to the new one."""
    council.record("c-01", "2025-04-20 10:00", "contract.entered=2025-05-01", planned=True)
    council.record("c-01", "2025-05-20 10:00", "contract.entered=2025-07-01", planned=True)
    given = [("contract.value", "£60,000 excl VAT")]
    council.office("2025-05-20 10:00").record("smallton", "c-01", given, False, False, None, "the scope has grown")

    def facts(day: str) -> Any:
        return plain(council, "as-at", day, "smallton/c-01")["facts"]

    before, after = facts("2025-05-19"), facts("2025-05-20")
    assert [each["contract.entered"]["value"] for each in (before, after)] == ["2025-05-01", "2025-07-01"]
    assert [each["contract.value"]["value"]["pence"] for each in (before, after)] == [5_000_000, 6_000_000]
    assert "contract.entered" not in facts("2025-04-19")


def test_a_case_that_was_not_open_yet_is_refused(council: Smallton) -> None:
    assert "was not open" in vires(council, "as-at", "2025-04-09", "smallton/c-01", code=2).stderr


# The committee ----------------------------------------------------------------------------------------------------


def test_the_committee_sees_what_was_irregular_and_late_by_post_ground_and_value(council: Smallton) -> None:
    done = council.advance("c-01", "2025-06-02 10:00", "sign", "2025-04-11", "signed too early")
    assert done.irregular
    number = done.written.entry
    shown = plain(council, "report", "smallton")
    assert shown["totals"] == {
        "waiver granted": 0,
        "rule waived": 0,
        "judgement": 0,
        "explanation": 0,
        "irregular step": 1,
        "retrospective entry": 0,
        "fault of the program": 0,
    }
    (item,) = shown["items"]
    assert (item["entry"], item["days_late"], item["post"]) == (number, 52, "no view recorded")
    assert item["ground"] == "small.wait" and item["value"] == "£10,000 to under £100,000" and "reasons" not in item
    desk = council.office("2025-06-03 10:00", "mo")
    desk.judge("smallton", "c-01", f"irregular:{number}", "noted", "monitoring officer", "seen", {})
    counted = plain(council, "report", "--since", "2025-06-01")["counts"]
    assert counted["irregular step"]["post"] == {"monitoring officer": 1}
    assert "signed too early" in vires(council, "report", "--reasons").stdout
    assert plain(council, "report", "--since", "2025-06-03")["items"] == []
    said = vires(council, "report", "--since", "2025-06-03").stdout.splitlines()
    assert said[-2:] == ["smallton · 12 cases · recorded since 2025-06-03", "nothing to report"]


def test_the_report_reads_as_a_person_would_say_it(council: Smallton) -> None:
    council.advance("c-01", "2025-04-12 10:00", "sign", "2025-04-11", "signed too early")
    council.advance("c-02", "2025-05-12 10:00", "sign", "2025-04-28", "the file was found in May")
    said = vires(council, "report", "smallton").stdout
    assert "1 irregular step · 1 retrospective entry" in " ".join(said.split()) and "\nIRREGULAR STEPS\n" in said
    line = " ".join(said.split("  smallton:")[1].split())
    assert "c-01 sign: against small.wait; no view recorded, 1 day late Sign Five working days after" in line
    assert "sign, 14 days late\n" in said and "1      ground  10 to 99 days late" in said


def test_a_disagreement_of_the_evaluators_is_reported() -> None:
    data = (Path(__file__).parent / "golden" / "0.1.0-faults" / "camden.zip").read_bytes()
    found = list(committee.items(bundles.Shelf(bundles.read(bundles.unpack(data))), "camden", ["2025-014"]))
    (fault,) = [each for each in found if each.kind == committee.FAULT]
    assert fault.about == "decide-strategy" and fault.ground.startswith("refused: ")


def test_a_waiver_is_reported_once_it_is_granted_with_who_granted_it_and_why() -> None:
    """The golden log has one on which no step was taken."""
    data = (Path(__file__).parent / "golden" / "0.1.0-acts" / "camden.zip").read_bytes()
    found = list(committee.items(bundles.Shelf(bundles.read(bundles.unpack(data))), "camden", ["2025-014"]))
    (waiver,) = [each for each in found if each.kind == committee.WAIVER]
    assert (waiver.post, waiver.ground) == ("director", "extreme urgency")
    assert not any(each.kind == committee.WAIVED for each in found)
    broken = committee.counts(found)[committee.IRREGULAR]["ground"]
    assert broken["duties.declared.award"] == 1, "each broken rule counts by itself"


# Replay -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["both", "reference"])
def test_replay_in_two_processes_says_what_one_says(council: Smallton, engine: str) -> None:
    one = plain(council, "replay", "smallton", "--engine", engine)
    assert one["same"] and len(one["decisions"]) == 12
    assert plain(council, "replay", "--all", "--jobs", "2", "--engine", engine) == one
    vires(council, "bundle", "smallton", "--all", "--out", "all.zip")
    assert plain(council, "replay", "all.zip", "--jobs", "2", "--engine", engine)["decisions"] == one["decisions"]


def test_replay_since_a_day_takes_only_later_decisions_again(council: Smallton) -> None:
    council.advance("c-01", "2025-06-02 10:00", "sign")
    found = plain(council, "replay", "--since", "2025-06-02")
    assert [(each["case"], each["step"]) for each in found["decisions"]] == [("c-01", "sign")]


def test_the_name_and_all_are_not_given_together(council: Smallton) -> None:
    assert "not both" in vires(council, "replay", "smallton", "--all", code=2).stderr


def forged(council: Smallton, kind: str, **change: Any) -> Any:
    """What replay says of the first case taken after one member of its decision is changed by whoever has the file."""
    number = plain(council, "replay", "smallton/c-01")["decisions"][0]["entry"]
    forge(council, number, lambda body: body.update(change), "smallton")
    found = plain(council, "replay", "smallton", "--engine", "reference", code=5)
    assert found["kinds"] == {kind: 1}
    return next(each for each in found["decisions"] if each["differs"])


def test_a_forged_verdict_is_named_and_every_field_of_it(council: Smallton) -> None:
    found = forged(council, "forged verdict", answer="not met", reason="no")
    assert found["case"] == "c-01" and len(found["fields"]) == 2
    shown = " ".join(vires(council, "replay", code=5).stdout.split())
    assert "forged verdict: answer: the log says 'not met', the rules say 'may proceed'" in shown
    assert "11 of 12 decisions come to the same answer; forged verdict 1" in shown


def test_a_case_that_cannot_be_read_hides_no_other(council: Smallton) -> None:
    value = next(each for each in council.office("2025-07-01 10:00").entries("smallton", "c-00") if "name" in each.body)
    forge(council, value.sequence, lambda body: body.update(value=[]), "smallton")
    shown = " ".join(vires(council, "report", "smallton", code=5).stderr.split())
    assert shown.startswith(f"vires: case smallton/c-00: entry {value.sequence}: its body is not that of kind recorded")
    number = plain(council, "replay", "smallton/c-01")["decisions"][0]["entry"]
    forge(council, number, lambda body: body.update(answer="not met", reason="no"), "smallton")
    for engine in ("both", "reference"):
        found = plain(council, "replay", "smallton", "--engine", engine, code=5)
        assert found["kinds"] == {"forged verdict": 1, "unreadable case": 1} and len(found["decisions"]) == 12
    assert "10 of 11 decisions come to the same answer" in vires(council, "replay", code=5).stdout


def test_a_decision_that_names_no_law_is_told_by_itself(council: Smallton) -> None:
    from engine import auditing

    log = list(council.office("2025-07-01 10:00").entries("smallton", "c-01"))
    bare = [replace(each, digests={}) if each.kind == "decision" else each for each in log]
    (told,) = auditing.replay.replay(bare, {}, lambda entry: auditing.lawbook(council.store, entry, auditing.Books()))
    assert told.kind == "changed pack" and "does not name the vocabulary or the workflow" in told.differs


def test_an_omitted_finding_is_named(council: Smallton) -> None:
    found = forged(council, "omitted finding", findings=[])
    assert "the finding of small.quotes was left out of the log" in found["fields"]


def test_another_engine_is_told_apart_from_a_forgery_only_where_its_verdict_follows(council: Smallton) -> None:
    entry = next(
        each for each in council.office("2025-07-01 10:00").entries("smallton", "c-01") if each.kind == "decision"
    )
    other = [{**each, "found": "said otherwise"} for each in entry.body["findings"]]  # type: ignore[attr-defined]
    forged(council, "changed engine", engine="0.0.1", findings=other)
    forge(council, entry.sequence, lambda body: body.update(answer="not met"), "smallton")
    assert plain(council, "replay", "smallton", code=5)["kinds"] == {"forged verdict": 1}


def test_a_changed_pack_is_named(council: Smallton) -> None:
    run = council.store._connection.exec_driver_sql
    run("DROP TRIGGER artifact_UPDATE")
    run("UPDATE artifact SET bytes = CAST(replace(CAST(bytes AS TEXT), 'at least 3', 'at least 2') AS BLOB)")
    found = plain(council, "replay", "smallton", code=5)
    assert found["kinds"] == {"changed pack": 12}
    assert "cannot be read" in found["decisions"][0]["differs"]
