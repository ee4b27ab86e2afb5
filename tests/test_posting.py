"""Posts and acts in them: two people for a post, approvals by who holds one, waivers, declarations, separate duties."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli
from tests import simulator

Run = Callable[..., Result]
CASE = "camden/2025-014"
TEXT = "2025-12-01 10:00"


@pytest.fixture
def vires(tmp_path: Path) -> Run:
    """The command on a training store with Camden's case, its tenders closed."""
    place = simulator.put_file(tmp_path / "store.db", "close-tenders")

    def run(*words: str, who: str = "ann", at: str = TEXT) -> Result:
        result = CliRunner().invoke(cli.main, ["--database", str(place), "--clock", at, "--as", who, *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


def flat(result: Result) -> str:
    return " ".join(result.output.split())


def assign(vires: Run, login: str, post: str, *more: str, authority: str = "camden") -> None:
    told = ("post", "assign", login, post, "--authority", authority, *more)
    for done in (vires(*told, who="ann"), vires(*told, "--confirm", who="mia")):
        assert done.exit_code == 0, done.output


def findings(vires: Run, step: str, who: str = "ann") -> dict[str, str]:
    said = vires("case", "check", CASE, step, "--all", "--format", "json", who=who).output
    return {each["rule"]: each["answer"] for each in json.loads(said)["findings"]}


# Posts --------------------------------------------------------------------------------------------------------------


def test_one_person_assigns_a_post_and_another_confirms(vires: Run) -> None:
    told = (
        "post",
        "assign",
        "bob",
        "director",
        "--authority",
        "camden",
        "--trained",
        "expert",
        "--trained-until",
        "2026-12-31",
    )
    first = vires(*told)
    assert first.exit_code == 0 and "proposed: bob is assigned director" in first.output
    assert "vires post assign bob director --authority camden --confirm" in first.output
    assert "you proposed it yourself" in vires(*told, "--confirm").output
    assert "it is your own post" in flat(vires(*told, "--confirm", who="bob"))
    assert "confirmed" in vires(*told, "--confirm", who="mia").output
    listed = json.loads(vires("post", "list", "--authority", "camden", "--format", "json").output)
    assert [(each["login"], each["post"], each["trained"], each["stage"]) for each in listed["posts"]] == [
        ("bob", "director", "expert", "held")
    ]
    assert vires("audit", "verify", "camden").exit_code == 0


def test_a_login_stands_sealed_on_the_log(vires: Run) -> None:
    assign(vires, "bob", "director")
    assert "bob" not in vires("audit", "log", "camden", "--format", "json").output


def test_terms_that_were_not_proposed_are_not_confirmed(vires: Run) -> None:
    vires("post", "assign", "bob", "director", "--authority", "camden", "--until", "2026-03-31")
    other = vires(
        *("post", "assign", "bob", "director", "--authority", "camden", "--until", "2026-04-30", "--confirm"), who="mia"
    )
    assert other.exit_code == 2 and "propose it anew" in other.output


def test_a_post_ends_by_two_people_and_nobody_ends_what_is_not_held(vires: Run) -> None:
    told = ("post", "end", "bob", "director", "--authority", "camden")
    assert vires(*told).exit_code == 2
    assign(vires, "bob", "director")
    assert vires(*told).exit_code == 0
    assert vires("case", "approve", CASE, "award", who="bob").exit_code == 0, "only proposed so far"
    assert vires(*told, "--confirm", who="mia").exit_code == 0
    assert vires("case", "approve", CASE, "award", who="bob").exit_code == 1


def test_a_dry_run_of_a_post_writes_nothing(vires: Run) -> None:
    before = vires("audit", "log", "camden").output
    said = vires("post", "assign", "bob", "director", "--authority", "camden", "--dry-run")
    assert said.exit_code == 0 and "would be proposed" in said.output
    assert vires("audit", "log", "camden").output == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("bob", "directr"), "director"),
        (("bob", "director", "--trained", "master"), "no level of training"),
        (("bob", "director", "--trained", "expert"), "go together"),
        (("bob", "director", "--until", "2025-11-30"), "has gone by"),
    ],
)
def test_a_post_that_cannot_be_is_refused_with_what_to_write(vires: Run, words: tuple[str, ...], told: str) -> None:
    said = vires("post", "assign", *words, "--authority", "camden")
    assert said.exit_code == 2 and told in said.output


# Acting in a post ---------------------------------------------------------------------------------------------------


def test_who_holds_no_post_approves_nothing(vires: Run) -> None:
    said = vires("case", "approve", CASE, "award")
    assert said.exit_code == 1 and "you hold no post of camden today" in said.output


@pytest.mark.parametrize(
    "said",
    [
        "award.approved_by=cabinet",
        "award_approval.given=2025-11-20",
        "award.approver_level=expert",
        "waiver.granted_by=cabinet",
        "waiver.granted=2025-11-20",
    ],
)
def test_once_posts_are_kept_nobody_records_an_approval_but_by_approving(vires: Run, said: str) -> None:
    assert vires("case", "record", CASE, said).exit_code == 0  # no post is kept yet: the record of a council without
    assign(vires, "bob", "cabinet")
    refused = vires("case", "record", CASE, said, who="carl")
    assert refused.exit_code == 1 and "is for whoever holds the post" in refused.output
    assert vires("case", "record", CASE, said, who="bob").exit_code == 1


def test_an_approval_records_the_post_held_that_day_its_training_and_the_day(vires: Run) -> None:
    assign(vires, "bob", "director", "--trained", "practitioner", "--trained-until", "2026-12-31")
    said = json.loads(vires("case", "approve", CASE, "award", "--format", "json", who="bob").output)
    assert said["post"] == "director" and not said["acting"]
    assert said["recorded"] == {
        "award.approved_by": "director",
        "award.approver_level": "practitioner",
        "award.approver_trained_until": "31 Dec 2026",
        "award_approval.given": "1 Dec 2025",
    }
    assert vires("audit", "replay", "camden").exit_code == 0


def test_a_post_is_held_to_its_last_day_and_not_a_day_longer(vires: Run) -> None:
    assign(vires, "bob", "director", "--until", "2025-12-02")
    assert vires("case", "approve", CASE, "award", "--dry-run", who="bob", at="2025-12-02 23:00").exit_code == 0
    assert vires("case", "approve", CASE, "award", "--dry-run", who="bob", at="2025-12-03 00:01").exit_code == 1


def test_who_acts_for_a_post_approves_in_it_while_that_lasts(vires: Run) -> None:
    assign(vires, "dan", "assistant director", "--acting-for", "director", "--until", "2025-12-31")
    said = vires("case", "approve", CASE, "award", "--post", "director", who="dan")
    assert said.exit_code == 0 and "acting as director" in said.output


def test_with_two_posts_one_must_be_said(vires: Run) -> None:
    assign(vires, "bob", "director")
    assign(vires, "bob", "head of legal")
    said = vires("case", "approve", CASE, "variation", who="bob")
    assert said.exit_code == 2 and "--post" in said.output
    wrong = vires("case", "approve", CASE, "variation", "--post", "cabinet", who="bob")
    assert wrong.exit_code == 1


def test_a_second_approval_joins_the_first_unless_it_is_instead(vires: Run) -> None:
    assign(vires, "bob", "director")
    assign(vires, "eve", "chief finance officer")
    vires("case", "approve", CASE, "award", who="bob")
    second = vires("case", "approve", CASE, "award", "--dry-run", who="eve")
    assert "award.approved_by: chief finance officer, director" in second.output
    instead = vires("case", "approve", CASE, "award", "--dry-run", "--instead", who="eve")
    assert "award.approved_by: chief finance officer  (" in instead.output


def test_an_auditor_writes_nothing(vires: Run) -> None:
    assign(vires, "olu", "auditor")
    said = vires("case", "record", CASE, "award.decided_by=officer", who="olu")
    assert said.exit_code == 1 and "an auditor reads" in said.output
    assert vires("case", "show", CASE, who="olu").exit_code == 0
    assert vires("case", "approve", CASE, "award", who="olu").exit_code == 1


def test_once_posts_are_kept_a_judgement_needs_the_post_it_names(vires: Run) -> None:
    vires("case", "record", CASE, "award.decided_by=officer")
    told = (
        "case",
        "judge",
        CASE,
        "camden.key-decision.award",
        "yes",
        "--role",
        "monitoring officer",
        "--reason",
        "big",
    )
    assign(vires, "bob", "director")
    said = vires(*told, who="bob")
    assert said.exit_code == 1 and "you do not hold the post 'monitoring officer'" in said.output
    assign(vires, "mo", "monitoring officer")
    assert vires(*told, who="mo").exit_code == 0


def test_a_waiver_says_who_granted_it_on_which_grounds_and_until_when(vires: Run) -> None:
    told = ("case", "waive", CASE, "--grounds", "extreme urgency", "--until", "2026-03-31")
    assert vires(*told).exit_code == 1
    assign(vires, "bob", "director")
    said = vires(*told, who="bob")
    assert (
        said.exit_code == 0
        and "waiver.granted_by: director" in said.output
        and "waiver.ends: 31 Mar 2026" in said.output
    )
    wrong = vires("case", "waive", CASE, "--grounds", "hurry", "--until", "2026-03-31", who="bob")
    assert wrong.exit_code == 2
    past = vires("case", "waive", CASE, "--grounds", "extreme urgency", "--until", "2025-11-30", who="bob")
    assert past.exit_code == 2


# Separate duties ----------------------------------------------------------------------------------------------------


def test_without_an_approval_in_a_post_nothing_is_said_of_separate_duties(vires: Run) -> None:
    assert {answer for rule, answer in findings(vires, "decide-award").items() if rule.startswith("duties.")} == {
        "not applicable"
    }


def test_one_person_who_opened_the_case_and_approves_is_not_met_and_replays(vires: Run) -> None:
    assign(vires, "zed", "director")  # somebody else approves lawfully
    vires("case", "approve", CASE, "award", who="zed")
    assert findings(vires, "decide-award")["duties.separate.award"] == "met"
    done = vires("post", "assign", "ann", "chief executive", "--authority", "camden", who="zed")
    done = vires("post", "assign", "ann", "chief executive", "--authority", "camden", "--confirm", who="mia")
    assert done.exit_code == 0
    vires("case", "approve", CASE, "award", "--instead", who="ann")
    found = findings(vires, "decide-award")
    assert found["duties.separate.award"] == "not met"
    refused = vires("case", "advance", CASE, "decide-award")
    assert refused.exit_code == 1
    assert vires("audit", "replay", "camden").exit_code == 0
    assert vires("audit", "verify", "camden").exit_code == 0


def test_an_approver_declares_first_and_an_interest_asks_for_an_explanation(vires: Run) -> None:
    assign(vires, "bob", "director", "--trained", "expert", "--trained-until", "2026-12-31")
    vires("case", "approve", CASE, "award", who="bob")
    found = findings(vires, "decide-award")
    assert found["duties.declared.award"] == "not met" and found["duties.trained.award"] == "met"
    secret = "My sister works for one of the bidders"
    said = vires("case", "declare", CASE, "--interest", secret, who="bob")
    assert said.exit_code == 0 and secret not in said.output
    assert secret not in vires("audit", "log", "camden", "--format", "json").output
    found = findings(vires, "decide-award")
    assert found["duties.declared.award"] == "met" and found["duties.interested.award"] == "not met"
    vires("case", "declare", CASE, "--interest", "none", who="bob")
    assert findings(vires, "decide-award")["duties.interested.award"] == "met"
    assert vires("audit", "replay", "camden").exit_code == 0


def test_who_is_not_trained_or_no_longer_is_asks_for_an_explanation(vires: Run) -> None:
    assign(vires, "bob", "director", "--trained", "expert", "--trained-until", "2025-12-01")
    vires("case", "approve", CASE, "award", who="bob", at="2025-12-02 10:00")
    said = vires("case", "check", CASE, "decide-award", "--all", "--format", "json", at="2025-12-02 11:00").output
    assert {each["rule"]: each["answer"] for each in json.loads(said)["findings"]}["duties.trained.award"] == "not met"


def test_who_proposes_their_own_post_as_their_first_act_keeps_one_id(vires: Run) -> None:
    told = ("post", "assign", "kim", "director", "--authority", "camden")
    assert vires(*told, who="kim").exit_code == 0
    assert vires(*told, "--confirm", who="mia").exit_code == 0
    assert vires("case", "approve", CASE, "award", who="kim").exit_code == 0
