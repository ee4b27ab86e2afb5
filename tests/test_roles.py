"""Who may do what in an authority: as its packs say, once it keeps posts; and approvals that going back forgets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli
from engine import acting, conditions, markup, posting, posts, roles, store
from engine.conditions import Scope
from engine.duties import SAME, part_of
from engine.errors import RefusedError
from engine.law import Law, Row
from engine.markup import Problem
from engine.model import MAY_PROCEED, Facts
from engine.posting import Wish
from engine.service import Office
from engine.vocabulary import parse_value
from tests.simulator import CAMDEN, LATE, NAME, Council, clock, put_right, shelf

Run = Callable[..., Result]
CENTRAL, DEVOLVED, SILENT = "barking-and-dagenham", "sutton", "camden"
DAY = "2026-03-02 10:00"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A training store of three councils with a case each, opened by ann; its bytes."""
    place = tmp_path_factory.mktemp("roles") / "store.db"
    opened = store.create(str(place))
    for body in (CENTRAL, DEVOLVED, SILENT):
        desk = Office(opened, shelf(), clock(DAY), "ann")
        desk.open_log(body, True)
        desk.open_case(body, "Homes", "1")
    opened.close()
    return place.read_bytes()


@pytest.fixture
def vires(begun: bytes, tmp_path: Path) -> Run:
    place = tmp_path / "store.db"
    place.write_bytes(begun)

    def run(*words: str, who: str = "ann", at: str = DAY) -> Result:
        result = CliRunner().invoke(cli.main, ["--database", str(place), "--clock", at, "--as", who, *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


def flat(result: Result) -> str:
    return " ".join(result.output.split())


def assign(vires: Run, body: str, login: str, post: str, *more: str) -> None:
    told = ("post", "assign", login, post, "--authority", body, *more)
    for done in (vires(*told, who="xia"), vires(*told, "--confirm", who="yan")):
        assert done.exit_code == 0, done.output


def by_two(council: Council, when: str, login: str, post: str) -> None:
    for who, confirm in (("xia", False), ("yan", True)):
        posting.act(council.office(when, who), SILENT, Wish(posts.ASSIGN, login, post), confirm, False)


def log(vires: Run, body: str) -> str:
    return vires("audit", "log", body, "--format", "json").output


def test_until_a_post_is_assigned_anybody_runs_a_case(vires: Run) -> None:
    for body in (CENTRAL, DEVOLVED, SILENT):
        assert vires("case", "record", f"{body}/1", "contract.kind=goods", who="zed").exit_code == 0


def test_where_procurement_is_central_only_its_unit_runs_a_case(vires: Run) -> None:
    assign(vires, CENTRAL, "bob", "director")
    before = log(vires, CENTRAL)
    for told in (("advance", f"{CENTRAL}/1", "assess-need"), ("record", f"{CENTRAL}/1", "contract.kind=goods")):
        refused = vires("case", *told, who="bob")
        assert refused.exit_code == 1
        assert "only the procurement unit runs its cases, and you hold no such post today" in flat(refused)
        assert f'vires post assign LOGIN "procurement unit" --authority {CENTRAL}' in flat(refused)
    assert log(vires, CENTRAL) == before, "a refusal for want of a post is no entry"
    assign(vires, CENTRAL, "pat", "procurement unit")
    refused = vires("case", "advance", f"{CENTRAL}/1", "assess-need", who="bob")
    assert "ask pat" in flat(refused)
    for told in (("next",), ("check", "assess-need")):
        looked = [vires("case", told[0], f"{CENTRAL}/1", *told[1:], who=who) for who in ("bob", "pat")]
        assert "ask pat" in flat(looked[0]) and "ask pat" not in flat(looked[1]), "who may only look is told"
    assert vires("case", "advance", f"{CENTRAL}/1", "assess-need", who="pat").exit_code == 0
    assert vires("audit", "verify", CENTRAL).exit_code == 0


def test_where_procurement_is_devolved_the_directorates_run_their_cases_and_the_hub_does_not(vires: Run) -> None:
    assign(vires, DEVOLVED, "pat", "procurement unit")
    assign(vires, DEVOLVED, "ola", "officer")
    told = ("case", "record", f"{DEVOLVED}/1", "contract.kind=goods")
    assert vires(*told, who="pat").exit_code == 1
    assert vires(*told, who="ola").exit_code == 0


def test_where_no_source_says_who_runs_a_case_anybody_does_but_an_auditor(vires: Run) -> None:
    assign(vires, SILENT, "olu", "auditor")
    told = ("case", "record", f"{SILENT}/1", "contract.kind=goods")
    assert vires(*told, who="olu").exit_code == 1
    assert vires(*told, who="zed").exit_code == 0


def test_who_stands_in_for_the_unit_runs_a_case_until_the_last_day_of_it(vires: Run) -> None:
    assign(vires, CENTRAL, "sam", "officer", "--acting-for", "procurement unit", "--until", "2026-03-31")
    told = ("case", "record", f"{CENTRAL}/1", "contract.kind=goods", "--dry-run")
    assert vires(*told, who="sam", at="2026-03-31 23:00").exit_code == 0
    assert vires(*told, who="sam", at="2026-04-01 00:30").exit_code == 1


def test_ending_the_last_post_does_not_open_everything_again(vires: Run) -> None:
    assign(vires, CENTRAL, "pat", "procurement unit")
    told = ("post", "end", "pat", "procurement unit", "--authority", CENTRAL)
    assert vires(*told, who="xia").exit_code == 0 and vires(*told, "--confirm", who="yan").exit_code == 0
    assert vires("case", "record", f"{CENTRAL}/1", "contract.kind=goods", who="zed").exit_code == 1


def test_whoever_may_not_run_a_case_still_reads_declares_and_approves(vires: Run) -> None:
    assign(vires, CENTRAL, "bob", "cabinet")
    assert vires("case", "show", f"{CENTRAL}/1", who="bob").exit_code == 0
    assert vires("case", "declare", f"{CENTRAL}/1", "--interest", "none", who="bob").exit_code == 0
    assert vires("case", "approve", f"{CENTRAL}/1", "strategy", who="bob").exit_code == 0


def test_only_the_monitoring_officer_reviews_an_unlawful_step() -> None:
    council = Council.after("close-tenders")
    done = council.advance("2025-11-10 10:00", "decide-award", already="2025-11-10T10:00", reason="In error")
    assert done.irregular
    subject = f"irregular:{done.written.entry}"
    for login, post in (("bob", "director"), ("mo", "monitoring officer")):
        by_two(council, LATE, login, post)
    with pytest.raises(RefusedError, match="only the monitoring officer reviews unlawful steps"):
        council.office(LATE, "bob").judge(SILENT, NAME, subject, "noted", "director", "A slip", {})
    by_two(council, LATE, "mo", "head of legal")
    with pytest.raises(RefusedError, match="not reviewed as head of legal"):
        council.office(LATE, "mo").judge(SILENT, NAME, subject, "noted", "head of legal", "A slip", {})
    council.office(LATE, "mo").judge(SILENT, NAME, subject, "noted", "monitoring officer", "A slip", {})
    assert council.sound() == []


def test_an_auditor_holds_no_other_post_and_stands_in_for_nobody(vires: Run) -> None:
    assign(vires, SILENT, "olu", "auditor")
    told = ("post", "assign", "olu", "director", "--authority", SILENT)
    assert "an auditor holds no other post" in flat(vires(*told))
    assert vires(*told).exit_code == 2
    stand_in = ("post", "assign", "bob", "director", "--authority", SILENT, "--acting-for", "auditor")
    assert vires(*stand_in).exit_code == 2
    confirming = ("post", "assign", "kim", "director", "--authority", SILENT)
    assert vires(*confirming).exit_code == 0
    assert vires(*confirming, "--confirm", who="olu").exit_code == 1, "an auditor confirms nobody's post"


def test_an_authority_shows_how_it_is_governed_where_its_unit_stands_and_who_may_act(vires: Run) -> None:
    shown = json.loads(vires("authority", "show", DEVOLVED, "--format", "json").output)["arrangements"]
    said = [(each["what"], each["says"]) for each in shown]
    assert ("procurement unit", "devolved with central advice") in said and ("cases opened by", "anyone") in said
    assert [says for what, says in said if what == "governed by"] == [
        "leader and cabinet",
        "for a person to judge",
        "committee system",
    ]
    shown = json.loads(vires("authority", "show", "waltham-forest", "--format", "json").output)["arrangements"]
    assert ("procurement unit", "not stated") in [(each["what"], each["says"]) for each in shown]
    people = flat(vires("authority", "show", CENTRAL))
    assert "cases run by procurement unit, barking-and-dagenham.runners" in people


# Who may by the case -------------------------------------------------------------------------------------------------


def with_table(act: str, *rows: tuple[str, str]) -> Law:
    """Camden's law with one more table of who may, that decides by conditions."""
    law, problems = shelf().law.for_authority(SILENT), list[Problem]()
    scope = Scope(law.vocabulary, {}, frozenset(), problems)
    read = [(markup.read("x.yaml", said)[0], role) for said, role in rows]
    made = tuple(Row(conditions.parse(node, scope), (role,), "") for node, role in read)
    assert not problems
    like = next(each for each in shelf().law.tables if each.id == "sutton.runners")
    table = replace(like, id=f"camden.{act}", decides=act, rows=made, otherwise=("leader",), governs=conditions.ALWAYS)
    return replace(law, tables=(*law.tables, table))


@pytest.mark.parametrize(
    ("value", "who"),
    [
        ("£99,999.99 no VAT", ("leader",)),
        ("£100,000 no VAT", ("procurement unit",)),
        ("£90,000", ("leader", "procurement unit")),  # with VAT or without: whoever either reading names
        ("", ("leader", "procurement unit")),  # not recorded: somebody must be able to record it
    ],
)
def test_who_runs_a_case_may_depend_on_its_value(value: str, who: tuple[str, ...]) -> None:
    law = with_table(roles.RUN, ("{contract.value: at least 100000}", "procurement unit"))
    said = {"contract.value": parse_value(law.vocabulary.terms["contract.value"], value)} if value else {}
    assert roles.who_may(law, roles.RUN, Facts(said), clock(DAY).local) == who


def test_where_an_authority_says_who_opens_cases_nobody_else_does() -> None:
    opened = store.create(":memory:")
    law = with_table(roles.START, ("{contract.value: at least 1}", "procurement unit"))

    def desk(who: str) -> Office:
        return Office(opened, shelf(), clock(DAY), who, _laws={SILENT: law})

    desk("ann").open_log(SILENT, True)
    desk("ann").open_case(SILENT, "Before any post was assigned")
    for who, confirm in (("xia", False), ("yan", True)):
        posting.act(desk(who), SILENT, Wish(posts.ASSIGN, "pat", "procurement unit"), confirm, False)
    with pytest.raises(RefusedError, match="only the leader or the procurement unit opens cases"):
        desk("ann").open_case(SILENT, "Homes")
    assert desk("pat").open_case(SILENT, "Homes")[0] == "2026-002"
    opened.close()


# Approvals of a case that goes back -----------------------------------------------------------------------------------


def left(council: Council) -> dict[str, object]:
    facts = council.office(LATE).case(SILENT, NAME).facts
    return {name: kept.value for name, kept in facts.items() if part_of(name)}


def test_an_approval_given_before_a_strategy_went_back_does_not_serve_for_the_changed_one() -> None:
    council = Council.after("assess-need")
    before = ("strategy.approved_by=cabinet", "strategy.consulted=none", "award.advised_by=none")
    council.record("2025-06-19 10:00", *before)
    walk_on(council, "decide-strategy")
    assert left(council)["strategy.approved_by"] == ["cabinet"], "it serves for the strategy it was given for"
    council.advance("2025-09-20 10:00", "reconsider-strategy")
    assert left(council) == {"award.advised_by": []}, "advice on an award nobody has approved yet stays"
    council.record("2025-09-21 10:00", "strategy.approved_by=leader")
    assert left(council)["strategy.approved_by"] == ["leader"], "what is approved anew counts"
    assert council.sound() == []


def test_going_back_to_tenders_forgets_the_award_s_approval_and_keeps_the_strategy_s() -> None:
    council = Council.after("assess-need")
    council.record("2025-06-19 10:00", "strategy.approved_by=cabinet", "award.approved_by=director")
    for step in ("decide-strategy", "publish-tender-notice", "close-tenders", "decide-award"):
        walk_on(council, step)
    assert left(council)["award.approved_by"] == ["director"]
    council.advance("2025-12-16 10:00", "retender")
    assert left(council) == {"strategy.approved_by": ["cabinet"]}, (
        "the award it was given for is undone, early as it was"
    )
    assert council.sound() == []


def test_who_approved_before_a_case_went_back_is_not_held_against_who_approves_anew() -> None:
    council = Council.after("decide-strategy")
    for login in ("ann", "bob"):
        by_two(council, "2025-07-20 10:00", login, "director")
    acting.approve(council.office("2025-07-21 10:00", "ann"), SILENT, NAME, "award", "", False, False)
    state = council.office(LATE).case(SILENT, NAME)
    assert state.for_step().values[SAME] == ("opened and approved the award", "recorded and approved the award")
    council.advance("2025-09-20 10:00", "reconsider-strategy")
    acting.approve(council.office("2025-09-21 10:00", "bob"), SILENT, NAME, "award", "", False, False)
    state = council.office(LATE).case(SILENT, NAME)
    assert state.for_step().values[SAME] == ()
    assert council.sound() == []


def walk_on(council: Council, step: str) -> None:
    gate = next(each for each in CAMDEN if each.step == step)
    put_right(council, gate)
    assert council.advance(gate.taken, step).outlook.decision.answer == MAY_PROCEED
