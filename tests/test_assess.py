"""vires assess: one case or many, each question, and every JSON it writes held against the schema it ships."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import cli
from engine import library
from tests.simulator import shelf

FACTS = """\
contract.kind: light touch services
contract.value: £10,416,000 incl VAT
procurement.procedure: open
tender_notice.published: 2025-09-19 16:00
award.decided: 2025-12-01
award.decided_by: officer
award_notice.published: 2025-12-15 14:03
standstill.stated: yes
standstill.ends: 2025-12-29
contract.health_service: no
"""
INSIDE = FACTS.replace("\n", "\n      ").rstrip()
MANY = f"""\
format: vires/facts/1
cases:
  - name: inside the standstill
    on: 2025-12-29
    facts:
      {INSIDE}
  - name: the day after
    on: 2025-12-30
    facts:
      {INSIDE}
"""
ENTER = ("--authority", "camden", "--step", "enter-contract")

Vires = Callable[..., Result]


@pytest.fixture
def vires(tmp_path: Path) -> Vires:
    """`vires assess` on a text, as a file of that name or as standard input (-)."""

    def run(text: str, *words: str, file: str = "f.yaml") -> Result:
        place = file if file == "-" else str(tmp_path / file)
        if file != "-":
            Path(place).write_text(text, "utf-8")
        result = CliRunner().invoke(cli.main, ["assess", place, *words], input=text if file == "-" else None)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "fault of Vires itself" not in result.output
        return result

    return run


# ---- the schema, by a checker that knows no keyword it was not taught


def complaints(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$") -> list[str]:
    found: list[str] = []
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}

    def is_a(name: str) -> bool:
        return isinstance(value, types[name]) and not (name == "integer" and isinstance(value, bool))

    for word, told in schema.items():
        match word:
            case "$schema" | "$id" | "$defs" | "title" | "description":
                pass
            case "$ref":
                found += complaints(value, root["$defs"][told.removeprefix("#/$defs/")], root, at)
            case "type":
                if not any(is_a(name) for name in ([told] if isinstance(told, str) else told)):
                    return [f"{at}: {value!r} is no {told}"]
            case "const":
                found += [] if type(value) is type(told) and value == told else [f"{at}: {value!r} is not {told!r}"]
            case "enum":
                found += (
                    [] if any(type(value) is type(each) and value == each for each in told) else [f"{at}: {value!r}"]
                )
            case "oneOf":
                fits = [each for each in told if not complaints(value, each, root, at)]
                found += [] if len(fits) == 1 else [f"{at}: fits {len(fits)} of {len(told)}"]
            case "properties":
                for name in told.keys() & value.keys():
                    found += complaints(value[name], told[name], root, f"{at}.{name}")
            case "patternProperties":
                for pattern, inner in told.items():
                    for name in filter(re.compile(pattern).search, value):
                        found += complaints(value[name], inner, root, f"{at}.{name}")
            case "additionalProperties":
                assert told is False
                patterns = schema.get("patternProperties", {})
                extra = value.keys() - schema.get("properties", {}).keys()
                found += [f"{at}: {name}" for name in extra if not any(re.search(each, name) for each in patterns)]
            case "required":
                found += [f"{at}: no {name}" for name in told if name not in value]
            case "items":
                for number, item in enumerate(value):
                    found += complaints(item, told, root, f"{at}[{number}]")
            case "pattern":
                found += [] if re.search(told, value) else [f"{at}: {value!r} is not like {told}"]
            case "minLength" | "minItems":
                found += [] if len(value) >= told else [f"{at}: {value!r} is too short"]
            case "minimum":
                found += [] if value >= told else [f"{at}: {value!r} is too small"]
            case _:
                raise AssertionError(f"the schema says {word}, which this checker does not know")
    return found


def schema(name: str) -> dict[str, Any]:
    found = json.loads(CliRunner().invoke(cli.main, ["assess", "--schema", name]).stdout)
    assert isinstance(found, dict)
    return found


def held(said: Any) -> Any:
    """The JSON itself, which the schema allows in exactly one of its shapes, and that one the right one."""
    root = schema("findings")
    kind = "unread" if "problems" in said else said["question"].partition(":")[0]
    shape = {"derive": "derived", "latest": "earliest"}.get(kind, kind)
    assert complaints(said, {"$ref": f"#/$defs/{shape}"}, root) == []
    assert complaints(said, root, root) == []
    return said


def test_the_checker_sees_what_is_wrong() -> None:
    root = schema("findings")
    for wrong in ({}, [], {"format": "vires/findings/1"}, {"format": "vires/findings/2", "name": "a", "exit": 2}):
        assert complaints(wrong, root, root)


SHAPES: dict[str, tuple[str, ...]] = {
    "refused": (*ENTER, "--on", "2025-12-29"),
    "allowed": (*ENTER, "--on", "2025-12-30"),
    "with working": (*ENTER, "--on", "2025-12-29", "--show-working", "--all"),
    "at an hour": (*ENTER, "--on", "2025-12-30 09:30"),
    "no rule": ("--authority", "camden", "--step", "abandon", "--on", "2025-12-30"),
    "free": ("--authority", "camden", "--step", "close", "--on", "2025-12-30"),
    "missing": ("--authority", "camden", "--step", "close-tenders", "--on", "2025-12-30"),
    "referred": ("--authority", "camden", "--step", "publish-contract-details", "--on", "2025-12-30"),
    "long ago": (*ENTER, "--on", "2007-01-15"),
    "before anything": (*ENTER, "--on", "1990-01-01"),
    "duties": ("--authority", "camden", "--question", "duties", "--on", "2025-12-30"),
    "duties of one step": (*ENTER, "--question", "duties"),
    "derived": ("--authority", "camden", "--question", "derive:procurement.regime", "--on", "2025-12-30"),
    "derived, no row": ("--authority", "camden", "--question", "derive:call_in.period"),
    "derived, refers": ("--authority", "camden", "--question", "derive:award_decision.is_key", "--on", "2025-12-30"),
    "derived, missing": ("--authority", "camden", "--question", "derive:strategy_decision.is_key"),
    "derived milestone": ("--authority", "camden", "--question", "derive:procurement.commenced", "--on", "2025-12-30"),
    "earliest": ("--authority", "camden", "--question", "earliest:contract.entered"),
    "latest": ("--authority", "camden", "--question", "latest:award_notice.published"),
    "no last": ("--authority", "camden", "--question", "latest:tenders.opened"),
    "last of none": ("--authority", "camden", "--question", "latest:case.abandoned"),
    "horizon": ("--authority", "camden", "--question", "latest:contract.entered"),
    "not before": ("--authority", "camden", "--question", "earliest:award_notice.published"),
    "no date": ("--authority", "camden", "--question", "earliest:case.abandoned"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_json_is_of_the_shape_the_schema_says(vires: Vires, shape: str) -> None:
    words = SHAPES[shape]
    if words[-1].endswith("case.abandoned"):
        records = {step.id: step.records for step in shelf().workflow.steps}
        words = (*words[:-1], words[-1].replace("case.abandoned", str(records["abandon"])))
    alone = vires(FACTS, *words, "--format", "json")
    said = held(json.loads(alone.stdout))
    assert alone.exit_code == said["exit"]
    line = json.dumps({"name": "one", "facts": dict(each.split(": ", 1) for each in FACTS.splitlines())})
    among = vires(line, *words, "--format", "json", file="f.jsonl")
    again = held(json.loads(among.stdout))
    assert again.pop("name") == "one" and again == said
    assert among.exit_code == alone.exit_code


@pytest.mark.parametrize("step", [step.id for step in shelf().workflow.steps])
def test_every_step_on_few_facts_is_of_the_shape_the_schema_says(vires: Vires, step: str) -> None:
    for facts in ("", "contract.kind: services\n"):
        held(json.loads(vires(facts, "--authority", "camden", "--step", step, "--format", "json").stdout))


@pytest.mark.parametrize("fact", [term.name for term in shelf().law.vocabulary.terms.values() if term.derived])
def test_every_derived_fact_may_be_asked_for(vires: Vires, fact: str) -> None:
    for facts in ("", FACTS):
        words = ("--authority", "camden", "--question", f"derive:{fact}")
        said = held(json.loads(vires(facts, *words, "--format", "json").stdout))
        shown = vires(facts, *words)
        assert shown.exit_code == said["exit"]
        assert fact in shown.stdout.splitlines()[0]


@pytest.mark.parametrize("milestone", [step.records for step in shelf().workflow.steps if step.records])
def test_every_milestone_that_a_step_records_has_an_answer(vires: Vires, milestone: str) -> None:
    for facts in ("", FACTS):
        words = ("--authority", "camden", "--question", f"earliest:{milestone}")
        said = held(json.loads(vires(facts, *words, "--format", "json").stdout))
        shown = vires(facts, *words)
        assert (shown.exit_code, "earliest" in said and said["exit"] != 0) == (said["exit"], False)
        assert milestone in shown.stdout.splitlines()[0]


def test_what_goes_in_is_of_the_shape_its_schema_says() -> None:
    root = schema("facts")
    plain = dict(each.split(": ", 1) for each in FACTS.splitlines())
    case = {"name": "a", "authority": "camden", "step": "go", "on": "2025-12-30", "question": "duties", "facts": plain}
    whole = {"format": "vires/facts/1", "cases": [case, {"name": "b", "facts": {"contract.lots": True, "a.b": 30}}]}
    for good in (plain, case, whole, {"format": "vires/facts/1"}):
        assert complaints(good, root, root) == []
    for bad in ({"name": "a"}, {"contract": "x"}, {"a.b": 1.5}, {**whole, "case": []}, {**case, "question": "why"}, []):
        assert complaints(bad, root, root)


# ---- many


def test_many_cases_are_answered_one_a_line(vires: Vires) -> None:
    result = vires(MANY, *ENTER)
    assert result.exit_code == 1 and not result.stderr
    heading, inside, after = result.stdout.splitlines()
    assert heading.split() == ["case", "answer", "earliest", "first", "in", "the", "way"]
    assert re.split(r"  +", inside) == [
        "✗ inside the standstill",
        "must not proceed",
        "30 Dec 2025",
        "pa2023.standstill.stated",
    ]
    assert re.split(r"  +", after) == ["✓ the day after", "may proceed", "30 Dec 2025"]


def test_many_cases_are_answered_one_object_a_line(vires: Vires) -> None:
    lines = vires(MANY, *ENTER, "--format", "json").stdout.splitlines()
    inside, after = [held(json.loads(line)) for line in lines]
    assert [each["name"] for each in (inside, after)] == ["inside the standstill", "the day after"]
    assert [each["exit"] for each in (inside, after)] == [1, 0]
    alone = json.loads(vires(FACTS, *ENTER, "--on", "2025-12-29", "--format", "json").stdout)
    assert {"name": "inside the standstill", **alone} == inside


def test_a_case_says_for_itself_what_it_asks_and_the_options_speak_for_the_rest(vires: Vires) -> None:
    cases = [
        {"name": "a", "authority": "camden", "step": "close", "on": "2025-01-01", "facts": {}},
        {"name": "b", "question": "derive:call_in.period", "facts": {}},
        {"name": "c", "facts": {}},
    ]
    text = "\n".join(map(json.dumps, cases))
    words = ("--authority", "camden", "--step", "abandon", "--on", "2026-01-01", "--format", "json")
    a, b, c = [held(json.loads(line)) for line in vires(text, *words, file="-").stdout.splitlines()]
    assert (a["step"], a["on"]) == ("close", "2025-01-01")
    assert b["answer"] == "known"
    assert (c["step"], c["on"]) == ("abandon", "2026-01-01")


@pytest.mark.parametrize(
    ("answers", "code"), [("", 0), ("0", 0), ("03", 3), ("310", 1), ("02", 2), ("2310", 2)], ids=lambda each: f"{each}"
)
def test_the_exit_code_of_many_is_that_of_the_worst(vires: Vires, answers: str, code: int) -> None:
    facts = dict(each.split(": ", 1) for each in FACTS.splitlines())
    asked = {
        "0": {"step": "enter-contract", "on": "2025-12-30", "facts": facts},
        "1": {"step": "enter-contract", "on": "2025-12-29", "facts": facts},
        "2": {"step": "enter-contract", "facts": {"contract.valu": "1"}},
        "3": {"step": "pay-invoice", "on": "2025-12-30", "facts": facts},
    }
    cases = [{"name": f"{number}", **asked[answer]} for number, answer in enumerate(answers)]
    text = "".join(json.dumps(case) + "\n" for case in cases)
    result = vires(text, "--authority", "camden", "--format", "json", file="f.jsonl")
    assert result.exit_code == code
    assert [json.loads(line)["exit"] for line in result.stdout.splitlines()] == [int(each) for each in answers]


def test_a_case_that_cannot_be_read_is_named_with_its_line_and_the_others_are_answered(vires: Vires) -> None:
    text = MANY.replace("standstill.stated: yes", "standstill.stated: perhaps", 1).replace("on: 2025-12-29", "on: soon")
    result = vires(text, *ENTER)
    assert result.exit_code == 2
    assert "f.yaml:13:26: case inside the standstill: standstill.stated: 'perhaps' is neither" in result.stderr
    assert "cannot be read" in result.stdout.splitlines()[1]
    assert "may proceed" in result.stdout.splitlines()[2]
    unread = json.loads(vires(text, *ENTER, "--format", "json").stdout.splitlines()[0])
    assert held(unread)["problems"][0]["where"].endswith("f.yaml:13:26")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"authority": "camdn"}, "no authority is called 'camdn'; did you mean camden?"),
        ({"step": "enter-contrct"}, "did you mean enter-contract?"),
        ({"on": "soon"}, "on: 'soon' is not a date"),
        ({"question": "why"}, "'why' is no question"),
        ({"question": "derive:contract.value"}, "is not derived"),
        ({"question": "earliest:standstill.ends"}, "no step of the cycle records"),
        ({"facts": {"contract.valu": "1"}}, "did you mean contract.value?"),
    ],
)
def test_what_a_case_asks_wrongly_is_its_own_fault_only(vires: Vires, changed: dict[str, Any], said: str) -> None:
    cases = [{"name": "bad", "facts": {}, **changed}, {"name": "good", "facts": {}}]
    result = vires("\n".join(map(json.dumps, cases)), *ENTER, file="f.jsonl")
    assert result.exit_code == 2
    assert f"f.jsonl:1:1: case bad: {said}" in result.stderr or said in result.stderr
    assert result.stderr.count("\n") == 1 and "case bad" in result.stderr
    assert result.stdout.splitlines()[2].startswith("? good")


def test_a_file_that_breaks_off_is_answered_up_to_there(vires: Vires) -> None:
    result = vires(MANY + "  - {name: cut", *ENTER)
    assert result.exit_code == 2
    assert "not YAML" in result.stderr
    assert len(result.stdout.splitlines()) == 3


def test_a_single_case_names_every_fact_it_cannot_read(vires: Vires) -> None:
    result = vires("contract.valu: 1\ncontract.value: 1e6\n", *ENTER)
    assert result.exit_code == 2
    assert re.findall(r"f\.yaml:(\d+:\d+)", result.stderr) == ["1:16", "2:17"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--step", "enter-contract"), "--authority"),
        (("--authority", "camden"), "--step"),
        ((*ENTER, "--question", "derive:contract.kid"), "did you mean contract.kind?"),
        ((*ENTER, "--question", "last:contract.entered"), "is no question"),
        ((*ENTER, "--schema", "x"), "findings"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_one_line(vires: Vires, words: tuple[str, ...], said: str) -> None:
    result = vires(FACTS, *words)
    assert result.exit_code == 2
    assert result.stderr.startswith("vires: ") and result.stderr.count("\n") == 1 and said in result.stderr


@pytest.mark.parametrize("text", [FACTS, MANY, '{"name": "a", "facts": {}}\n'], ids=["one", "many", "json lines"])
def test_standard_input_is_read_as_the_file_would_be(vires: Vires, text: str) -> None:
    file = "f.jsonl" if text.startswith("{") else "f.yaml"
    words = (*ENTER, "--on", "2025-12-30", "--format", "json")
    assert vires(text, *words, file="-").stdout == vires(text, *words, file=file).stdout


def test_a_line_holds_nothing_that_ends_a_line(vires: Vires) -> None:
    text = json.dumps({"name": "a\u2028b\u0085c", "facts": {}}, ensure_ascii=False)
    result = vires(text, *ENTER, "--format", "json", file="f.jsonl")
    assert len(result.stdout.splitlines()) == 1
    assert json.loads(result.stdout)["name"].startswith("a")


def test_lines_are_read_only_as_their_cases_are_asked_for() -> None:
    read = 0

    class Endless(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            nonlocal read
            read += 1
            return b'{"name": "case %d", "facts": {}}\n' % read

    many, cases = library.facts_file("f.jsonl", Endless())
    assert many and [next(cases).name for _ in range(10)][-1] == "case 10"
    assert read <= 11


# ---- the questions, for people


def test_a_derived_value_is_shown_with_the_row_that_decided_it(vires: Vires) -> None:
    result = vires(FACTS, "--authority", "camden", "--question", "derive:procurement.regime", "--on", "2026-01-05")
    assert result.exit_code == 0
    assert result.stdout.startswith("✓ procurement.regime: procurement act 2023\n")
    assert re.search(r"regimes\.regime,\s+row \d", result.stdout)


def test_a_missing_value_says_what_to_give(vires: Vires) -> None:
    result = vires(
        "tender_notice.published: 2025-09-19\n", "--authority", "camden", "--question", "derive:procurement.coverage"
    )
    assert result.exit_code == 3
    assert "next      give contract." in result.stdout


BARE = "contract.kind: light touch services\ntender_notice.published: 2025-09-19\naward.decided: 2025-12-01\n"


@pytest.mark.parametrize("said", ["", "contract.health_service: no\n"])
def test_an_answer_shows_what_it_takes_for_granted_and_only_that(vires: Vires, said: str) -> None:
    for question in ("lawful", "derive:procurement.regime", "earliest:award_notice.published"):
        asked = ("--authority", "camden", "--step", "publish-award-notice", "--question", question)
        people, machine = vires(BARE + said, *asked), vires(BARE + said, *asked, "--format", "json")
        assert ("taken as  contract.health_service: no, since nothing was said" in people.stdout) is (not said)
        assert [each["fact"] for each in json.loads(machine.stdout).get("assumed", [])] == (
            [] if said else ["contract.health_service"]
        )


def test_duties_stand_under_their_steps(vires: Vires) -> None:
    result = vires(FACTS, "--authority", "camden", "--question", "duties", "--on", "2026-01-05")
    assert result.exit_code == 0
    flat = " ".join(result.stdout.split())
    assert flat.index("publish-tender-notice Publish the tender notice") < flat.index("enter-contract Enter into")
    assert "not applicable" not in flat and "no rule applies: assess-need" in flat


def test_the_latest_lawful_date_stands_in_the_first_line_with_the_rule_that_ends_it(vires: Vires) -> None:
    facts = FACTS + "assessment_summaries.sent: 2025-12-12 10:00\n"
    result = vires(facts, "--authority", "camden", "--question", "latest:award_notice.published")
    assert "16 Dec 2025" in result.stdout.splitlines()[0]
    assert "ended by" in result.stdout and "pa2023.standstill.voluntary-length" in result.stdout


def test_the_earliest_lawful_date_stands_in_the_first_line(vires: Vires) -> None:
    result = vires(FACTS, "--authority", "camden", "--question", "earliest:contract.entered")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "✓ contract.entered: earliest lawful date 30 Dec 2025"


# ---- the vocabulary


def words(*said: str) -> Result:
    return CliRunner().invoke(cli.main, ["vocabulary", *said])


def test_the_vocabulary_lists_every_fact_and_milestone() -> None:
    terms = shelf().law.vocabulary.terms
    listed = json.loads(words("--format", "json").stdout)
    assert [each["name"] for each in listed] == sorted(terms)
    shown = words().stdout
    assert all(name in shown for name in terms)


def test_of_several_words_all_are_spoken_of_with_quotation_marks_or_without() -> None:
    found = words("award", "decided", "--format", "json").stdout
    assert "award.decided" in {each["name"] for each in json.loads(found)}
    assert found == words("award decided", "--format", "json").stdout


def test_a_word_finds_what_speaks_of_it_and_a_name_itself_alone() -> None:
    found = {each["name"] for each in json.loads(words("STANDSTILL", "--format", "json").stdout)}
    assert {"standstill.stated", "standstill.ends", "standstill.required"} <= found
    (kind,) = json.loads(words("contract.kind", "--format", "json").stdout)
    assert kind["type"] == "choice" and "light touch services" in kind["choices"] and kind["ask"]
    shown = words("contract.kind").stdout
    assert "light touch services" in shown and "asks" in shown


def test_a_milestone_names_the_step_that_records_it() -> None:
    (entered,) = json.loads(words("contract.entered", "--format", "json").stdout)
    assert (entered["step"], entered["hour"]) == ("enter-contract", True)
    assert "step      enter-contract" in words("contract.entered").stdout


def test_a_word_that_nothing_speaks_of_is_answered_with_the_nearest() -> None:
    result = words("contract.knd")
    assert result.exit_code == 2
    assert "contract.kind" in result.stderr


def test_answers_that_go_to_a_file_are_counted_on_the_terminal(tmp_path: Path) -> None:
    line = json.dumps({"name": "a", "authority": "camden", "question": "derive:authority.kind", "facts": {}})
    (tmp_path / "few.jsonl").write_text("".join(line.replace('"a"', f'"{n}"') + "\n" for n in range(40)))
    seen, terminal = os.openpty()
    words = [sys.executable, "-m", "cli", "assess", str(tmp_path / "few.jsonl"), "--format", "json"]
    root = Path(cli.__file__).parent
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=terminal, timeout=60, cwd=root, check=False)
    os.close(terminal)
    assert len(done.stdout.splitlines()) == 40
    assert b"cases" in (shown := os.read(seen, 10_000)) and b"40" in shown
    os.close(seen)


def test_a_day_written_as_people_write_it_is_told_as_it_is_to_be_written(vires: Vires) -> None:
    result = vires("award.decided: 8/4/2026\n", *ENTER)
    assert result.exit_code == 2 and "write it as 2026-04-08" in result.stderr


# ---- what the documents show


def test_the_cases_that_the_page_of_the_format_shows_can_be_asked(vires: Vires) -> None:
    page = (Path(cli.__file__).parent / "docs" / "formats" / "facts.md").read_text("utf-8")
    one, many = re.findall(r"```yaml\n([\s\S]*?)```", page)
    (line,) = re.findall(r"```json\n([\s\S]*?)```", page)
    assert vires(one, *ENTER, "--on", "2025-12-30").exit_code == 0
    assert [row[0] for row in vires(many).stdout.splitlines()[1:]] == ["✗", "✓"]
    assert [row[0] for row in vires(line, file="f.jsonl").stdout.splitlines()[1:]] == ["✓"]


def test_the_page_of_the_findings_names_every_member_of_its_schema() -> None:
    page = (Path(cli.__file__).parent / "docs" / "formats" / "findings.md").read_text("utf-8")
    shapes = schema("findings")["$defs"]
    members = {name for shape in shapes.values() for name in shape.get("properties", {})}
    assert {name for name in members if f"`{name}`" not in page} == set()
