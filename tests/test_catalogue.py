"""The catalogue: every pack, figure, table, rule and case stands in it, and what is not certain says so."""

from __future__ import annotations

import re
from pathlib import Path

from engine import library
from engine.catalogue import markdown
from tests.conftest import law_of, rule, table

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = library.shipped().law
BOOK = markdown(SHIPPED)


def book(body: str) -> str:
    return "\n".join(markdown(law_of(body)))


def test_everything_shipped_has_its_place() -> None:
    headings = {line.removeprefix("#### ").strip("`") for line in BOOK if line.startswith("#### ")}
    assert headings == {*SHIPPED.subjects, *SHIPPED.parameters}
    chapters = [line for line in BOOK if line.startswith("## ")]
    assert len(chapters) == len(SHIPPED.packs)


def test_every_worked_case_is_listed_with_its_answer() -> None:
    listed = [line for line in BOOK if re.match(r"- \d{1,2} \w{3} \d{4}: ", line)]
    assert len(listed) == len(SHIPPED.cases)


def test_statute_stands_before_what_authorities_add() -> None:
    order = [line.rpartition("(`")[2].rstrip("`)") for line in BOOK if line.startswith("## ")]
    layers = [SHIPPED.packs[pack].layer for pack in order]
    assert layers == sorted(layers, key=["statute", "guidance", "joint", "authority", "department"].index)


def test_figures_stand_by_date_and_an_unconfirmed_one_says_so() -> None:
    said = book(
        "parameters:\n  limit:\n    title: A limit\n    cite: Act\n    source_facts: []\n    unit: money excl VAT\n"
        "    confidence: unverified\n    values: {2025-01-01: 5000, 2026-01-01: refer}\n"
    )
    assert "| 1 Jan 2025 | £5,000 excl VAT |\n| 1 Jan 2026 | no confirmed figure |" in said
    assert "**Doubt**: UNVERIFIED" in said


def test_doubt_is_marked_plainly() -> None:
    assert "**REFERS to a person**: Is it?" in book(rule(refer="Is it?"))
    assert "- **UNVERIFIED: nobody has confirmed it" in book(
        rule(require="{contract.lots: yes}", confidence="unverified")
    )
    assert "**CAUTION**: Careful" in book(rule(require="{contract.lots: yes}", confidence="medium", caution="Careful"))
    readings = "[{title: A, cite: x, require: {contract.lots: yes}}, {title: B, cite: y, require: {contract.lots: no}}]"
    contested = book(rule(confidence="contested", readings=readings))
    assert "- **CONTESTED: " in contested and contested.count("**One reading**") == 2
    assert "**REFERS to a person**: Which?" in book(table(rows="[]", otherwise="refer", refer="Which?"))


def test_a_rule_without_cases_is_shown_to_have_none() -> None:
    assert "No worked case yet." in book(rule(refer="Is it?"))


def test_signs_of_markdown_in_a_text_stay_signs() -> None:
    assert "\\*really\\* \\<b>" in book(rule(title="'*really* <b>'", refer="Is it?"))


def test_the_page_is_written_from_it() -> None:
    page = (ROOT / "docs" / "rules.md").read_text()
    assert "catalogue.markdown(" in page and "[[[end]]]" in page
