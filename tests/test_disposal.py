"""Disclosing, holding, erasing on the command line: two people, no hold, no period that runs; and what is left."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cli
from engine import library, listing
from engine.replay import Replayed
from tests.simulator import NAME, put_file, shelf

CASE = f"camden/{NAME}"
OVER = "2031-07-16 09:00"  # six years beginning with the decision of 16 July 2025
SECRET = "Mrs Quill's Shelter"


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(library, "shipped", shelf)
    monkeypatch.chdir(tmp_path)
    for name in ("VIRES_DATABASE", "VIRES_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    put_file(tmp_path / "council.db", "decide-strategy")
    vires("case", "record", CASE, f"provider.name={SECRET}", at="2025-08-01 09:00")


def vires(*words: str, at: str = OVER, by: str = "ann", code: int = 0) -> Result:
    told = ["--database", "council.db", "--clock", at, "--as", by]
    result = CliRunner().invoke(cli.main, [*told, *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result


def said(*words: str, code: int = 0, **more: str) -> str:
    return " ".join(vires(*words, code=code, **more).output.split())


def ask(*what: str) -> str:
    """The entry that asks for an erasure."""
    asked = vires("audit", "erase", CASE, *(what or ("provider.name",)), "--reason", "over", "--format", "json")
    return str(json.loads(asked.stdout)["asked"])


def test_two_people_erase_and_the_log_still_verifies() -> None:
    number = ask("provider.name", "title")
    assert "an erasure takes two people" in said("audit", "erase", CASE, "--confirm", number, code=1)
    assert "2 openings" in said("audit", "erase", CASE, "--confirm", number, by="bob")
    shown = said("audit", "verify")
    assert "2 erased or withheld" in shown and "asked and confirmed by two people" in shown
    assert "erasure on the log says so" not in shown
    assert "erased" in said("case", "show", CASE) and "erased" in said("case", "list")
    assert "decisions come to the same answer" in said("audit", "replay")
    assert "is erased already" in said("audit", "erase", CASE, "--confirm", number, by="bob", code=2)


def test_what_is_erased_is_gone_from_every_file_of_the_store() -> None:
    files = [path for path in Path(".").iterdir() if path.name.startswith("council.db")]
    assert any(SECRET.encode() in path.read_bytes() for path in files)
    vires("audit", "erase", CASE, "--confirm", ask(), by="bob")
    assert not any(SECRET.encode() in path.read_bytes() for path in Path(".").iterdir())


def test_nothing_is_erased_while_it_must_be_kept() -> None:
    shown = said("audit", "erase", CASE, "provider.name", "--reason", "x", at="2031-07-15 09:00", code=1)
    assert "must be kept until 15 Jul 2031 (SI 2012/2089 reg 21(6)-(7)" in shown
    vires("case", "open", "camden", "--title", "New", "--id", "new")
    told = said("audit", "erase", "camden/new", "title", "--reason", "x", code=1)
    assert "no period of retention has begun for camden/new" in told and "one begins with strategy.decided," in told


def test_nothing_is_erased_while_a_hold_stands_even_if_it_was_asked_before() -> None:
    number = ask()
    held = json.loads(vires("audit", "hold", CASE, "--reason", "claim", "--format", "json").stdout)["hold"]
    assert "is under a legal hold" in said("audit", "erase", CASE, "--confirm", number, by="bob", code=1)
    assert "is under a legal hold" in said("audit", "erase", CASE, "title", "--reason", "x", code=1)
    vires("audit", "hold", CASE, "--reason", "inquiry")
    assert "2 holds stand" in said("audit", "release", CASE, "--reason", "x", code=2)
    assert "is no hold that stands" in said("audit", "release", CASE, "--reason", "x", "--hold", "1", code=2)
    vires("audit", "release", CASE, "--reason", "settled", "--hold", str(held))
    vires("audit", "release", CASE, "--reason", "over")
    assert "no hold stands" in said("audit", "release", CASE, "--reason", "x", code=2)
    vires("audit", "erase", CASE, "--confirm", number, by="bob")
    assert "erase" in said("audit", "log", CASE)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "ask for an erasure, or confirm one"),
        (["provider.name"], "ask for an erasure, or confirm one"),
        (["provider.name", "--reason", "x", "--confirm", "3"], "ask for an erasure, or confirm one"),
        (["login", "--reason", "x"], "it is kept as long as any of those records must be"),
        (["contract.kind", "--reason", "x"], "nothing of camden/2025-014 is sealed as 'contract.kind'"),
        (["provider.nam", "--reason", "x"], "did you mean provider.name?"),
        (["provider.name", "--reason", " "], "nothing was given"),
        (["--confirm", "3"], "entry 3 asks for no erasure"),
    ],
)
def test_a_mistake_is_answered_in_one_line_and_nothing_is_written(words: list[str], why: str) -> None:
    before = vires("audit", "log", "--format", "json").stdout
    assert why in said("audit", "erase", CASE, *words, code=2)
    assert vires("audit", "log", "--format", "json").stdout == before


# ---- disclosing


def test_what_is_disclosed_verifies_against_the_same_checkpoint_without_what_was_withheld() -> None:
    vires("audit", "keygen", "officer.key")
    vires("audit", "checkpoint", "camden", "--key", "officer.key", "--out", "c.note")
    options = ("--withhold", "personal=foia-40", "--withhold", "text=foia-36", "--withhold", "confidential=foia-43")
    vires("audit", "disclose", CASE, *options, "--give", "title", "--checkpoint", "c.note", "--out", "public.zip")
    vires("audit", "bundle", CASE, "--checkpoint", "c.note", "--out", "whole.zip")
    for name in ("public.zip", "whole.zip"):
        assert "proved up to entry" in said("audit", "verify", name, "--signed-by", "officer.key.pub")
    shown = said("audit", "verify", "public.zip", "--signed-by", "officer.key.pub")
    assert "(foia-36, foia-40, foia-43)" in shown and "1 match" in shown
    import zipfile

    for name, inside in (("public.zip", False), ("whole.zip", True)):
        with zipfile.ZipFile(name) as archive:
            assert any(SECRET.encode() in archive.read(each) for each in archive.namelist()) is inside
            readme = " ".join(archive.read("README.md").decode().split())
            assert ("treat it as you would the file" in readme) is inside
            assert ("this opens 1 in openings.jsonl and withholds" in readme) is not inside


def test_no_rule_or_table_reads_what_is_sealed() -> None:
    """What a finding found stands in the log as it is: a value that is sealed in its entry would be told by another."""
    law = shelf().law
    terms = law.vocabulary.terms.values()
    hidden = {term.name for term in terms if not term.public or term.type == "text"}
    hidden |= {term.name for term in terms if term.scalar is not None and term.scalar.of in hidden}
    assert "quotes.lowest" in hidden
    assert [rule.id for rule in law.rules.values() if rule.reads & hidden] == []
    assert [table.id for table in law.tables if table.reads & hidden] == []


def test_a_fact_of_one_record_is_of_the_kind_its_vocabulary_says() -> None:
    """An interest declared is personal, and what a quote came to is confidential: neither is mere free text."""
    vires("case", "declare", CASE, "--interest", "my sister works there", at="2025-08-02 09:00")
    vires("case", "record", CASE, "quote/a.supplier=Quill and Sons", at="2025-08-02 09:00")
    vires("case", "record", CASE, "quote/a.amount=£41,234 incl VAT", at="2025-08-02 09:00")
    secrets = (SECRET, "my sister works there", "Quill and Sons", "4123400")
    import zipfile

    def within(name: str) -> list[bool]:
        with zipfile.ZipFile(name) as archive:
            held = b"".join(archive.read(each) for each in archive.namelist() if each == "openings.jsonl")
        return [each.encode() in held for each in secrets]

    kept_back = ("--withhold", "personal=foia-40", "--withhold", "confidential=foia-43")
    vires("audit", "disclose", CASE, *kept_back, "--give", "text", "--out", "public.zip")
    assert within("public.zip") == [False, False, False, False]
    vires("audit", "disclose", CASE, *kept_back, "--give", "text", "--give", "quote.supplier", "--out", "more.zip")
    assert within("more.zip") == [False, False, True, False]
    vires("audit", "bundle", CASE, "--out", "whole.zip")
    assert within("whole.zip") == [True, True, True, True]


def test_nothing_is_disclosed_that_no_option_speaks_of() -> None:
    words = ("audit", "disclose", CASE, "--withhold", "personal=foia-40", "--out", "public.zip")
    told = said(*words, code=2)
    assert "nothing says whether these are handed over: title (text, entry 2), late (text," in told
    assert "provider.name (confidential, entry 16); for each" in told, "all of it at once"
    assert not Path("public.zip").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--withhold", "all=foia-99"], "no exemption is called 'foia-99'"),
        (["--withhold", "all"], "no exemption is called ''"),
        (["--withhold", "title=foia-40", "--give", "title"], "title is said twice"),
        (["--withhold", "provder.name=foia-43", "--give", "all"], "did you mean provider.name?"),
        (["--withhold", "999=foia-43", "--give", "all"], "entry 999 has nothing here to hand over or withhold"),
    ],
)
def test_a_code_that_is_not_in_the_data_is_refused(words: list[str], why: str) -> None:
    assert why in said("audit", "disclose", CASE, *words, "--out", "x.zip", code=2)
    assert "where to?" in said("audit", "disclose", CASE, "--withhold", "all=foia-40", code=2)


def test_the_codes_are_shown_with_their_provisions() -> None:
    assert "FOIA 2000 s.40" in vires("audit", "disclose", "--codes").stdout
    plain = json.loads(vires("audit", "disclose", "--codes", "--format", "json").stdout)
    assert {"code", "title", "cite", "source", "checked"} == plain["codes"][0].keys()


def test_a_decision_that_rests_on_what_was_erased_is_told_apart_from_one_that_differs() -> None:
    results = [
        ("camden", Replayed(7, "a", "go", "may proceed", "", ("provider.name",))),
        ("camden", Replayed(8, "a", "go", "may proceed", "answer: ...")),
        ("camden", Replayed(9, "a", "go", "may proceed")),
    ]
    lines: Callable[[], str] = lambda: "\n".join(listing.replay_lines(results, 100))  # noqa: E731
    assert "? camden:7 a go" in lines() and "erased or withheld: provider.name; it cannot be taken again" in lines()
    assert "1 of 3 decisions come to the same answer; 1 cannot be taken again" in lines()
