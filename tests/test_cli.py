"""The command line in process: help, exit codes, one line for each mistake, training, and the same facts in JSON."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import cli
from tests.simulator import CAMDEN, NAME, contents, put_file, shelf

CASE = f"camden/{NAME}"
NOW = "2025-05-02 10:00"

Run = Callable[..., Result]


def commands(group: click.Group = cli.main, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))
        else:
            yield (*before, name)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A training store whose case has its need assessed."""
    return put_file(tmp_path / "council.db")


@pytest.fixture
def vires(place: Path) -> Run:
    def run(*words: str, at: str = NOW, **env: str) -> Result:
        told = ["--database", str(place), *(["--clock", at, "--as", "ann"] if at else [])]
        result = CliRunner().invoke(cli.main, [*told, *words], env=env)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


def one_line(result: Result) -> str:
    assert result.stderr.startswith("vires: ") and result.stderr.count("\n") == 1, result.stderr
    assert "Traceback" not in result.output and "fault of Vires itself" not in result.output
    return result.stderr


# ---- help


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_has_help_with_an_example(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli.main, [*words, "--help"])
    assert result.exit_code == 0
    assert f"vires {' '.join(words)}" in result.stdout.split("Usage:")[1].split("\n", 1)[1]


def test_the_first_help_says_where_to_start_and_what_the_exit_codes_mean() -> None:
    shown = CliRunner().invoke(cli.main, ["--help"]).stdout
    assert "vires init --training" in shown
    assert all(f"{code} " in shown for code in range(7))


@pytest.mark.parametrize(("typed", "meant"), [("cases", "case"), ("innit", "init")])
def test_a_command_that_does_not_exist_is_answered_with_the_nearest(typed: str, meant: str) -> None:
    result = CliRunner().invoke(cli.main, [typed])
    assert result.exit_code == 2
    assert meant in result.stderr


# ---- exit codes


def test_exit_0_when_a_step_may_proceed_and_when_a_thing_is_done(vires: Run) -> None:
    assert vires("case", "record", CASE, "contract.kind=services").exit_code == 0
    assert vires("case", "advance", CASE, "abandon").exit_code == 0


def test_exit_1_when_a_step_must_not_proceed(vires: Run) -> None:
    assert vires("case", "check", CASE, "decide-strategy").exit_code == 1
    assert vires("case", "why", CASE, "enter-contract").exit_code == 1
    assert vires("case", "advance", CASE, "decide-strategy").exit_code == 1


def test_exit_3_when_facts_are_missing_or_a_person_must_judge(vires: Run) -> None:
    vires("case", "record", CASE, "strategy_equality.considered=2025-05-01")
    missing = vires("case", "check", CASE, "decide-strategy")
    assert (missing.exit_code, missing.stdout.split("\n")[1][0]) == (3, "?")
    vires("case", "record", CASE, "contract.value=1000000 incl VAT", "strategy_agenda.published=2025-04-01")
    vires("case", "record", CASE, "strategy.decided_by=cabinet")
    assert vires("case", "advance", CASE, "decide-strategy").exit_code == 3


def test_exit_4_when_a_pack_is_broken(vires: Run, tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "pack.yaml").write_text("pack: x\nbogus: yes\n")
    assert vires("rules", "lint", str(tmp_path / "pack")).exit_code == 4
    assert vires("rules", "test", str(tmp_path / "pack")).exit_code == 4


def test_exit_5_when_a_receipt_does_not_match(vires: Run) -> None:
    assert vires("audit", "verify", "--receipt", f"camden:2:{'0' * 24}").exit_code == 5


def test_of_many_logs_the_last_line_names_those_that_do_not_verify_and_empty_ones_take_a_line(vires: Run) -> None:
    shown = vires("audit", "verify", "--receipt", f"camden:2:{'0' * 24}").stdout
    logs = len(re.findall(r"^✓ \S+: nothing but the entry that opened it", shown, re.M)) + 1
    assert shown.splitlines()[-1] == f"✗ 1 of {logs} logs do not verify: camden" and logs > 2
    assert "nothing out of place in any" in vires("audit", "verify").stdout.splitlines()[-1]


def test_exit_6_when_there_is_no_store(vires: Run, place: Path) -> None:
    place.unlink()
    result = vires("case", "list")
    assert result.exit_code == 6
    assert "vires init" in one_line(result)
    assert not place.exists()


# ---- one line for each mistake, and nothing written

MISTAKES = {
    "unknown case": (2, "camden/2025-014", ["case", "show", "camden/2025-041"]),
    "unknown authority": (2, "camden", ["case", "open", "camdn", "--title", "x"]),
    "unknown authority's case": (2, "there is no case", ["case", "show", "merton/1"]),
    "unknown authority to audit": (2, "camden", ["audit", "verify", "camdem"]),
    "unknown authority to list": (2, "camden", ["case", "list", "camdem"]),
    "unknown authority to show": (2, "camden", ["authority", "show", "camdem"]),
    "unknown step to check": (2, "decide-strategy", ["case", "check", CASE, "decide-stratgy"]),
    "unknown step to take": (2, "decide-strategy", ["case", "advance", CASE, "decide-stratgy"]),
    "unknown fact": (2, "contract.value", ["case", "record", CASE, "contract.valu=1"]),
    "unknown milestone": (
        2,
        "strategy_agenda.published",
        ["case", "record", CASE, "strategy_agenda.publishd=2025-01-01"],
    ),
    "unknown rule to judge": (
        2,
        "camden.bands.current",
        ["case", "judge", CASE, "camden.bands.curent", "met", "--role", "x", "--reason", "x"],
    ),
    "unknown rule to show": (2, "camden.bands.current", ["rules", "show", "camden.bands.curent"]),
    "unknown pack": (2, "pa2023", ["rules", "list", "--pack", "pa2032"]),
    "unknown step of rules": (2, "enter-contract", ["rules", "list", "--step", "enter-contrat"]),
    "not a case": (2, "authority/case", ["case", "show", "camden"]),
    "no value": (2, "NAME=VALUE", ["case", "record", CASE, "contract.kind"]),
    "no such day": (2, "is not a date", ["case", "record", CASE, "strategy_agenda.published=2025-02-30"]),
    "no such minute": (2, "is not a date", ["case", "record", CASE, "lots.considered=2025-02-20 24:00"]),
    "in the future": (2, "has not come yet", ["case", "record", CASE, "strategy_agenda.published=2025-05-03"]),
    "before what it follows": (2, "is before", ["case", "record", CASE, "review.completed=2025-01-01"]),
    "money as 1e6": (2, "not an amount", ["case", "record", CASE, "contract.value=1e6"]),
    "money with three pence": (2, "not an amount", ["case", "record", CASE, "contract.value=£1,000.005"]),
    "money below nothing": (2, "not an amount", ["case", "record", CASE, "contract.value=-1000"]),
    "a step's own milestone": (2, "case advance", ["case", "record", CASE, "strategy.decided=2025-05-01"]),
    "a derived fact": (2, "worked out", ["case", "record", CASE, "procurement.regime=earlier law"]),
    "one good, one bad": (2, "not an amount", ["case", "record", CASE, "contract.kind=services", "contract.value=x"]),
    "no such day for --on": (2, "--on", ["case", "check", CASE, "decide-strategy", "--on", "2025-13-01"]),
    "no such day already done": (
        2,
        "--already-done",
        ["case", "advance", CASE, "decide-strategy", "--already-done", "x", "--reason", "x"],
    ),
    "already done tomorrow": (
        2,
        "has not come yet",
        ["case", "advance", CASE, "decide-strategy", "--already-done", "2025-05-03", "--reason", "x"],
    ),
    "already done without reason": (
        2,
        "go together",
        ["case", "advance", CASE, "decide-strategy", "--already-done", "2025-05-01"],
    ),
    "reason without already done": (2, "go together", ["case", "advance", CASE, "decide-strategy", "--reason", "x"]),
    "a dry run already done tomorrow": (
        2,
        "has not come yet",
        ["case", "advance", CASE, "decide-strategy", "--dry-run", "--already-done", "2025-05-03", "--reason", "x"],
    ),
    "an id that cannot be": (2, "cannot be the id", ["case", "open", "camden", "--title", "x", "--id", "a b"]),
    "a case opened twice": (2, "open already", ["case", "open", "camden", "--title", "x", "--id", NAME]),
    "no title": (2, "the title", ["case", "open", "camden", "--title", ""]),
    "a title that is not UTF-8": (2, "cannot be shown", ["case", "open", "camden", "--title", "\udcff"]),
    "a malformed receipt": (5, "is not a receipt", ["audit", "verify", "--receipt", "camden:x"]),
    "a receipt of another log": (5, "hackney", ["audit", "verify", "--receipt", f"hackney:1:{'0' * 24}"]),
    "a facts file that is not there": (
        2,
        "nowhere.yaml",
        ["assess", "nowhere.yaml", "--authority", "camden", "--step", "abandon"],
    ),
    "a folder of packs that is not there": (2, "is not a folder", ["rules", "lint", "nowhere"]),
    "another database": (2, "PostgreSQL comes later", ["case", "list", "--database", "postgresql://x"]),
    "a path too long": (2, "too long", ["case", "list", "--database", "x" * 5000]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_in_one_line_with_its_exit_code_and_nothing_is_written(
    vires: Run, place: Path, mistake: str
) -> None:
    code, said, words = MISTAKES[mistake]
    if mistake == "before what it follows":
        place = put_file(place, "start-service")
        words = ["case", "advance", CASE, "review-service", "--already-done", "2025-01-01", "--reason", "x"]
    before = contents(place)
    clockless = words[0] == "assess"
    result = vires(*words, at="" if clockless else "2026-05-01 10:00" if "follows" in mistake else NOW)
    assert result.exit_code == code, result.output
    assert said.lower() in one_line(result).lower()
    assert contents(place) == before


def test_a_receipt_that_does_not_match_is_named_with_its_entry(vires: Run) -> None:
    result = vires("audit", "verify", "--receipt", f"camden:2:{'0' * 24}", "--receipt", f"camden:99:{'0' * 24}")
    assert result.exit_code == 5
    shown = " ".join(result.stdout.split())
    assert "entry 2: this is not the entry its receipt was given for" in shown
    assert "entry 99: a receipt was given for this entry, and the log has no such entry" in shown


READS = {
    "case list": ["case", "list"],
    "case show": ["case", "show", CASE],
    "case check": ["case", "check", CASE],
    "case check STEP": ["case", "check", CASE, "decide-strategy", "--all"],
    "case next": ["case", "next", CASE],
    "case next --may": ["case", "next", CASE, "--may"],
    "case why": ["case", "why", CASE, "decide-strategy", "--show-working", "--on", "2025-07-16"],
    "dry advance": ["case", "advance", CASE, "decide-strategy", "--dry-run"],
    "dry record": ["case", "record", CASE, "contract.kind=services", "--dry-run"],
    "audit log": ["audit", "log"],
    "audit log CASE": ["audit", "log", CASE],
    "audit verify": ["audit", "verify"],
    "audit replay": ["audit", "replay", CASE],
}


@pytest.mark.parametrize("read", READS)
def test_reading_writes_nothing_and_says_training(vires: Run, place: Path, read: str) -> None:
    before = contents(place)
    result = vires(*READS[read])
    assert result.exit_code in (0, 1, 3)
    assert result.stdout.startswith("TRAINING")
    assert contents(place) == before


@pytest.mark.parametrize("read", [name for name in READS if name != "dry record"])
def test_json_is_json_and_says_training(vires: Run, read: str) -> None:
    result = vires(*READS[read], "--format", "json")
    assert json.loads(result.stdout)["training"] is True
    assert not result.stderr


def test_json_holds_the_same_findings_as_the_text(vires: Run) -> None:
    words = ("case", "why", CASE, "decide-strategy", "--all", "--show-working")
    shown, plain = vires(*words), json.loads(vires(*words, "--format", "json").stdout)
    assert (shown.exit_code, plain["exit"]) == (1, 1)
    flat = " ".join(shown.stdout.split())
    for finding in plain["findings"]:
        for said in ("rule", "answer", "title", "cite", "found"):
            assert " ".join(finding.get(said, "").split()) in flat
        for step in finding.get("next", []):
            assert step in shown.stdout


# ---- width, colour, pipes


@pytest.mark.parametrize("read", READS)
def test_forty_columns_break_no_command(vires: Run, read: str) -> None:
    narrow, wide = vires(*READS[read], COLUMNS="40"), vires(*READS[read], COLUMNS="100")
    pattern = re.compile(r"vires (?:case|audit|rules) .*")
    assert pattern.findall(narrow.stdout) == pattern.findall(wide.stdout)
    assert narrow.exit_code == wide.exit_code


@pytest.mark.parametrize(
    "words",
    [
        ["rules", "list"],
        ["workflow", "show"],
        ["authority", "show", "camden"],
        ["rules", "show", "camden.call-in.strategy"],
    ],
)
def test_pages_without_a_store_fit_forty_columns(vires: Run, words: list[str]) -> None:
    result = vires(*words, at="", COLUMNS="40")
    assert result.exit_code == 0
    assert "\x1b" not in result.output


def test_no_colour_where_there_is_no_terminal(vires: Run) -> None:
    assert "\x1b" not in vires("case", "check", CASE).output


# ---- training and real stores


@pytest.fixture
def real(tmp_path: Path) -> Run:
    def run(*words: str, **env: str) -> Result:
        return CliRunner().invoke(cli.main, ["--database", str(tmp_path / "real.db"), *words], env=env)

    assert run("init").exit_code == 0
    return run


@pytest.mark.parametrize("told", [["--clock", NOW], ["--as", "mayor"]])
def test_a_real_store_takes_neither_clock_nor_persona(real: Run, tmp_path: Path, told: list[str]) -> None:
    assert real("case", "open", "camden", "--title", "Real").exit_code == 0
    before = contents(tmp_path / "real.db")
    for words in (
        ["case", "open", "camden", "--title", "x", *told],
        [*told, "case", "list"],
        ["audit", "verify", *told],
    ):
        result = real(*words)
        assert result.exit_code == 2
        assert "training stores" in one_line(result)
    assert contents(tmp_path / "real.db") == before
    assert real("init", "--database", str(tmp_path / "second.db"), *told).exit_code == 2
    assert not (tmp_path / "second.db").exists()


def test_a_real_store_says_nothing_of_training(real: Run) -> None:
    real("case", "open", "camden", "--title", "Real")
    assert "TRAINING" not in real("case", "list").output
    assert "training" not in json.loads(real("case", "list", "--format", "json").stdout)


def test_the_actor_of_a_real_store_is_who_the_system_says_whatever_variables_say(real: Run, tmp_path: Path) -> None:
    import pwd

    real("case", "open", "camden", "--title", "Real", USER="mayor", LOGNAME="mayor", USERNAME="mayor")
    dump = "\n".join(contents(tmp_path / "real.db"))
    assert "mayor" not in dump
    assert f"'{pwd.getpwuid(os.getuid()).pw_name}'" in dump


def test_an_account_without_a_name_is_known_by_its_number(real: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999_999)
    assert real("case", "open", "camden", "--title", "Real").exit_code == 0


def test_a_store_keeps_its_kind(vires: Run, place: Path) -> None:
    assert "TRAINING" in vires("case", "list", at="").stdout
    result = vires("init", at="")
    assert result.exit_code == 6 and "already" in one_line(result)
    assert "TRAINING" in vires("case", "list", at="").stdout


def test_years_long_past_are_years_too(vires: Run) -> None:
    result = vires("case", "check", CASE, at="0001-01-01 10:00")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2025-07-16", "2028-02-29"])
def test_days_at_the_ends_of_the_calendar_end_in_an_answer(vires: Run, day: str) -> None:
    names = [term.name for term in shelf().law.vocabulary.terms.values() if term.milestone and not term.derived]
    said = [f"{name}={day}" for name in names if name not in ("needs_assessment.completed",)]
    assert vires("case", "record", CASE, "--planned", *said).exit_code == 0
    for step in ("decide-strategy", "enter-contract"):
        result = vires("case", "why", CASE, step, "--show-working", "--all", "--on", day)
        assert result.exit_code in (1, 3), result.output


# ---- the story at the terminal


def test_the_camden_story_by_hand_refused_and_put_right_at_every_gate(tmp_path: Path, place: Path, vires: Run) -> None:
    place.unlink()
    assert vires("init", "--training", at="2025-03-01 09:00").exit_code == 0
    assert vires("case", "open", "camden", "--title", "Outreach", "--id", NAME, at="2025-03-01 09:00").exit_code == 0
    receipts = []
    for gate in CAMDEN:
        if gate.too_early:
            refused = vires("case", "advance", CASE, gate.step, at=gate.too_early)
            assert refused.exit_code in (1, 3)
            assert all(rule in " ".join(refused.stdout.split()) for rule in gate.stopped_by)
        if gate.records:
            assert vires("case", "record", CASE, *gate.records, at=gate.put_right).exit_code == 0
        for step, already in gate.notices:
            before = ("--already-done", already, "--reason", "sent by the central team") if already else ()
            assert vires("case", "advance", CASE, step, *before, at=gate.put_right).exit_code == 0
        for subject, answer in gate.judges:
            words = ["case", "judge", CASE, subject, answer, "--role", "monitoring officer", "--reason", "Read"]
            assert vires(*words, at=gate.put_right).exit_code == 0
        taken = vires("case", "advance", CASE, gate.step, at=gate.taken)
        assert taken.exit_code == 0, taken.output
        receipts += re.findall(r"camden:\d+:[0-9a-f]{24}", taken.stdout)
    kept = [word for receipt in receipts for word in ("--receipt", receipt)]
    verified = vires("audit", "verify", *kept, at="")
    assert (verified.exit_code, "✓ nothing is out of place" in verified.stdout) == (0, True), verified.output
    assert vires("audit", "replay", at="").exit_code == 0
    assert "closed" in vires("case", "list", at="").stdout
    assert len(receipts) == len(CAMDEN)


def test_the_next_commands_that_a_refusal_shows_can_be_typed(vires: Run) -> None:
    shown = vires("case", "advance", CASE, "decide-strategy").stdout
    steps = re.findall(r"next +vires (case (?:record|judge|advance) .*)", shown)
    assert steps
    for step in steps:
        words = (
            step.replace("=DATE", "=2025-05-01")
            .replace("yes|no", "yes")
            .replace("POST", "clerk")
            .replace("TEXT", "why")
        )
        assert vires(*words.split()).exit_code in (0, 1, 2, 3)


def test_what_is_opened_recorded_and_judged_can_be_read_by_machines(vires: Run) -> None:
    opened = json.loads(vires("case", "open", "camden", "--title", "Second", "--format", "json").stdout)
    case = opened["case"]
    assert opened["receipt"].startswith("camden:") and vires("case", "show", case).exit_code == 0
    kept = json.loads(vires("case", "record", case, "contract.kind=services", "--format", "json").stdout)
    assert (kept["recorded"][0]["value"], kept["entry"]) == ("services", opened["entry"] + 1)
    told = ("camden.key-decision.strategy", "yes", "--role", "clerk", "--reason", "Wards", "--format", "json")
    judged = json.loads(vires("case", "judge", case, *told).stdout)
    assert (judged["answer"], judged["entry"]) == ("yes", kept["entry"] + 1)


@pytest.mark.parametrize(("said", "coloured"), [("", True), ("1", False)])
def test_no_colour_is_shown_where_nobody_wants_it(place: Path, said: str, coloured: bool) -> None:
    words = ["--database", str(place), "--clock", NOW, "--as", "ann", "case", "check", CASE]
    shown = CliRunner().invoke(cli.main, words, color=True, env={"NO_COLOR": said}).stdout
    assert ("\x1b[" in shown) is coloured


def test_after_a_step_and_after_one_that_does_not_exist_from_here_the_way_on_is_named(vires: Run) -> None:
    for words in (("case", "advance", CASE, "enter-contract"), ("case", "advance", CASE, "abandon")):
        shown = vires(*words).stdout
        assert shown.count(f"  next     vires case next {CASE}\n") == 1
    assert vires("case", "next", CASE).exit_code == 0


def test_no_next_command_holds_what_a_shell_would_read_as_a_pipe(vires: Run) -> None:
    vires("case", "record", CASE, "contract.kind=services")
    said = vires("case", "next", CASE, "--all").stdout + vires("case", "advance", CASE, "decide-strategy").stdout
    steps = [step for step in re.findall(r"next +(vires .*)", said) if "|" in step]
    assert any("yes|no" in step for step in steps)
    for step in steps:
        assert "|" not in list(shlex.shlex(step, posix=True, punctuation_chars=True)), step


# ---- asking without a store


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    place = tmp_path / "facts.yaml"
    place.write_text(
        "contract.kind: light touch services\ncontract.value: £10,416,000 incl VAT\nprocurement.procedure: open\n"
        "tender_notice.published: 2025-09-19 16:00\naward.decided: 2025-12-01\naward.decided_by: officer\n"
        "award_notice.published: 2025-12-15 14:03\nstandstill.stated: yes\nstandstill.ends: 2025-12-29\n"
        "contract.health_service: no\n"
    )
    return place


def test_assess_answers_on_both_sides_of_the_standstill(vires: Run, facts: Path) -> None:
    words = ("assess", str(facts), "--authority", "camden", "--step", "enter-contract")
    early = vires(*words, "--on", "2025-12-29", at="")
    assert early.exit_code == 1
    assert "30 Dec 2025" in early.stdout
    late = json.loads(vires(*words, "--on", "2025-12-30", "--format", "json", at="").stdout)
    assert {each["rule"]: each["answer"] for each in late["findings"]}["pa2023.standstill.stated"] == "met"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n- b\n", "a facts file names facts"),
        ("just words\n", "a facts file names facts"),
        ("contract.value: [[1]]\n", "a facts file names facts"),
        ("contract.valu: 1\n", "contract.value"),
        ("contract.value: 1e6\n", "not an amount"),
        ("a: 1\na: 2\n", "stands here twice"),
        ("\tcontract.kind: services\n", "tabs"),
        ("a: &x 1\nb: *x\n", "not allowed"),
        ("a: {b\n", "not YAML"),
        ("a: \x00\n", "not allowed"),
        ("x" * 2_000_000, "longer than"),
        ("[" * 100_000, "levels deep"),
    ],
)
def test_a_facts_file_that_is_none_is_named_in_one_line(vires: Run, facts: Path, text: str, said: str) -> None:
    facts.write_text(text)
    result = vires("assess", str(facts), "--authority", "camden", "--step", "enter-contract", at="")
    assert result.exit_code == 2
    assert said in one_line(result)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\x80" * 10_000_000])
def test_a_facts_file_of_noise_is_named_in_one_line(vires: Run, facts: Path, data: bytes) -> None:
    facts.write_bytes(data)
    result = vires("assess", str(facts), "--authority", "camden", "--step", "enter-contract", at="")
    assert result.exit_code == 2
    assert "cannot be read" in one_line(result)


def test_a_folder_is_no_facts_file(vires: Run, tmp_path: Path) -> None:
    result = vires("assess", str(tmp_path), "--authority", "camden", "--step", "enter-contract", at="")
    assert result.exit_code == 2
    assert str(tmp_path) in one_line(result)
