"""Decision tables in CSV: read like rows of YAML, every fault with its cell, formulas refused, kept in the archive."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import csvrows, library, markup, packs
from engine.decide import derive_all
from engine.law import Law
from engine.markup import Map, Seq, Text, plain
from engine.model import Facts, Money
from tests.conftest import at, law_of, pack, problems_of, said, table

BANDS = """\
contract.kind,contract.value,then,cite
"[goods, services]",at least £100 incl VAT,full,s.3
"[goods, services]",,light,
not goods,below 100 incl VAT,refer,
"""


def files(text: str, **keys: str) -> dict[str, str]:
    """A pack whose table takes its rows from a CSV file."""
    given_ = {"rows_from": "bands.csv", "otherwise": "out", "refer": "Judge"} | keys
    return pack(table(**{key: value for key, value in given_.items() if value})) | {"test/bands.csv": text}


def faults(text: str, **keys: str) -> str:
    return said(problems_of(files(text, **keys)))


def regime(law: Law, kind: str, pounds: int) -> object:
    facts = Facts({"contract.kind": kind, "contract.value": Money(pounds * 100, "incl")})
    return derive_all(law, facts, at("2025-06-01"))["case.regime"]


def test_rows_in_csv_are_the_rows_that_yaml_would_have() -> None:
    same = """[
      {when: {contract.kind: [goods, services], contract.value: at least 100 incl VAT}, then: full, cite: s.3},
      {when: {contract.kind: [goods, services]}, then: light},
      {when: {contract.kind: not goods, contract.value: below 100 incl VAT}, then: refer}]"""
    assert law_of(files(BANDS)).tables[0].rows == law_of(table(rows=same, otherwise="out", refer="J")).tables[0].rows
    law = law_of(files(BANDS))
    assert [regime(law, *each) for each in (("goods", 100), ("services", 99), ("works", 100))] == [
        "full",
        "light",
        "out",
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(",", ";").replace("[goods; services]", "[goods, services]"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\ufeff" + text,
        lambda text: text + ",,,\n\n , ,,\n",
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("not goods,", '"not goods",'),
    ],
)
def test_what_spreadsheets_make_of_a_file_is_read_alike(change: object) -> None:
    assert callable(change)
    assert law_of(files(change(BANDS))).tables[0].rows == law_of(files(BANDS)).tables[0].rows


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "bands.csv:1:1: the file is empty; name the facts in its first line, and then"),
        ("\n,,\n", "bands.csv:1:1: the file is empty"),
        ("contract.lots,cite\nyes,s.1\n", "bands.csv:1:1: no column is called 'then'; add it: what each row decides"),
        ("contract.lots,,then\nyes,x,out\n", "bands.csv:1:15: a column without a name"),
        (
            "contract.lots,contract.lots,then\nyes,no,out\n",
            "bands.csv:1:15: the column 'contract.lots' stands here twice",
        ),
        ("contract.lotz,then\nyes,out\n", "did you mean contract.lots?"),
        ("contract.lots,then\nperhaps,out\n", "bands.csv:2:1: contract.lots: 'perhaps' is not a test of a boolean"),
        ("contract.lots,then\nyes,nowhere\n", "bands.csv:2:5: case.regime: 'nowhere' is not one of its choices"),
        ('contract.kind,then\n"[goods,\nservices]",nowhere\n', "bands.csv:3:12: case.regime: 'nowhere' is not one"),
        ("contract.lots,then\nyes,\n", "bands.csv:2:5: the row decides nothing; fill in its cell under then"),
        ("contract.lots,then\n,out\n", "bands.csv:2:1: a row without a test; write what holds otherwise beside"),
        ("contract.lots,then\nyes,out,s.1\n", "bands.csv:2:9: a cell beyond the last column; name its column in the"),
        (
            "contract.value,then\nat least £25,000 incl VAT,out\n",
            "bands.csv:2:1: an amount with a comma is two cells; write it without the comma",
        ),
        (
            "contract.value,then,cite\n£25,000 to under £1,000,000,out,s.1\n",
            "bands.csv:2:1: an amount with a comma is two cells",
        ),
        (
            "contract.lots,then\n=1+1,out\n",
            "bands.csv:2:1: '=1+1' begins like a formula of a spreadsheet; write a test",
        ),
        ("contract.lots,then\nyes,+out\n", "bands.csv:2:5: '+out' begins like a formula"),
        ("contract.lots,then\n@SUM(A1),out\n", "bands.csv:2:1: '@SUM(A1)' begins like a formula"),
        ('contract.lots,then,cite\nyes,out,"=HYPERLINK(""x"")"\n', "bands.csv:2:9: '=HYPERLINK(\"x\")' begins like"),
        ("contract.lots,then\n-,out\n", "bands.csv:2:1: '-' begins like a formula"),
        ("contract.lots,then\n\uff1d1,out\n", "begins like a formula"),
        ('contract.lots,then\n"yes,out\n', "bands.csv:2:1: a quotation mark that is never closed"),
        ('contract.lots,then\nyes,o"ut"\n', "bands.csv:2:6: a quotation mark inside a field; put the whole field in"),
        ('contract.lots,then\n"yes" x,out\n', "bands.csv:2:6: a quotation mark inside a field"),
        ("contract.lots;contract.kind,then\n", "bands.csv:1:1: commas and semicolons between the names"),
        ("contract.lots,then\ny\x00es,out\n", "bands.csv:2:2: a character that is not allowed"),
        ("x" * (markup.LONGEST + 1), f"bands.csv:1:1: the file is longer than {markup.LONGEST:,} characters; split it"),
        (",".join(f"f{n}.x" for n in range(60)) + ",then\n", "more than 50 columns; split the table"),
        ("contract.lots,then\n" + "yes,out\n" * 501, "the table has more than 500 rows; split it"),
    ],
)
def test_what_is_wrong_in_a_csv_file_is_told_with_its_cell(text: str, what: str) -> None:
    assert what in faults(text, refer="")


def test_rows_stand_in_one_place_only_and_every_csv_file_is_used() -> None:
    assert "rows: and rows_from: do not go together; keep one" in faults(BANDS, rows="[]")
    assert "the pack has no file 'band.csv'; did you mean bands.csv?" in faults(BANDS, rows_from="band.csv")
    unused = pack(table(otherwise="out")) | {"test/bands.csv": BANDS}
    assert said(problems_of(unused)) == (
        "test/bands.csv:1:1: no table takes its rows from this file; name it in rows_from:"
    )


def test_a_csv_file_counts_in_the_digests_and_comes_back_from_the_archive() -> None:
    whole, other = files(BANDS), files(BANDS.replace("£100", "£101"))
    assert packs.digest(whole) != packs.digest(other)
    assert law_of(whole).tables[0].digest != law_of(other).tables[0].digest
    again = dict(packs.unpack(packs.archive(whole), packs.digest(whole)))
    assert set(again) == {"pack.yaml", "body.yaml", "bands.csv"}
    assert law_of(again).tables[0].rows == law_of(whole).tables[0].rows
    assert law_of(again).packs["test"].digest == packs.digest(whole)


def test_for_each_writes_the_rows_of_a_file_once_for_each_word() -> None:
    text = "contract.{each},then\nyes,out\n"
    law = law_of(files(text, for_each="{each: [lots]}", refer=""))
    assert law.tables[0].reads == {"contract.lots"}


def test_the_library_reads_csv_files_beside_the_pack(tmp_path: Path) -> None:
    for path, text in files(BANDS).items():
        (tmp_path / path.rpartition("/")[2]).write_text(text, encoding="utf-8")
    shelf = library.with_folder(library.shipped(), tmp_path)
    assert set(shelf.folders[str(tmp_path)]) == {f"{tmp_path}/{n}" for n in ("pack.yaml", "body.yaml", "bands.csv")}


cells = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).map(str.strip).filter(bool)


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=5), st.sampled_from(",;"))
def test_any_cells_that_a_spreadsheet_writes_come_back(listed: list[tuple[str, str]], mark: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=mark).writerows([("a.b", "then"), *listed])
    found, problems = csvrows.rows("x.csv", out.getvalue())
    if markup.unfit("x.csv", out.getvalue()):
        assert problems
        return
    assert plain(found) == [{"when": {"a.b": a}, "then": b} for a, b in listed]
    formula = [cell for row in listed for cell in row if cell[0] in "=+@-\uff1d\uff0b\uff20\uff0d"]
    assert len(problems) == len(formula)


@given(st.text(st.sampled_from('ab,;"\n\r =\ufeff'), max_size=40))
def test_whatever_stands_in_the_file_is_rows_or_problems_at_places_in_it(text: str) -> None:
    found, problems = csvrows.rows("x.csv", text)
    assert isinstance(found, Seq)
    lines = text.count("\n") + text.count("\r") + 1
    assert all(1 <= each.where.line <= lines and 1 <= each.where.column <= len(text) + 1 for each in problems)
    for row in found.items:
        assert isinstance(row, Map) and isinstance(row.entries["then"], Text)
