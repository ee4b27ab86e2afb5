"""Terms, and a person's text to values: what is meant is taken, what is doubtful is refused, nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine import markup, vocabulary
from engine.errors import UsageError
from engine.model import Moment, Money, Unsure, Value
from engine.vocabulary import LARGEST, TYPES, Term, from_plain, parse_moment, parse_value, to_plain, words
from tests.conftest import WORDS, at

MONEY = Term("contract.value", "Value", "money")
DATE = Term("lease.signed", "Lease", "date")
MINUTE = Term("door.closed", "Door", "minute", minute=True)
WHOLE = Term("quotes.received", "Quotes", "integer")
YES = Term("contract.lots", "Lots", "boolean")
KIND = Term("contract.kind", "Kind", "choice", choices=("goods", "light touch"))
POSTS = Term("posts.agreed", "Posts", "choices", choices=("cabinet", "director", "lawyer"))
NAME = Term("provider.name", "Provider", "text")


@pytest.mark.parametrize(
    ("given", "pence", "vat"),
    [
        ("50000", 5_000_000, "unstated"),
        ("£50,000", 5_000_000, "unstated"),
        ("£10,416,000 incl VAT", 1_041_600_000, "incl"),
        ("95000.50 excl VAT", 9_500_050, "excl"),
        ("40000 no VAT", 4_000_000, "none"),
        ("40000 including vat", 4_000_000, "incl"),
        ("40000 EXCL. VAT", 4_000_000, "excl"),
        ("0", 0, "unstated"),
        ("  7  ", 700, "unstated"),
        ("£1,000,000,000,000", 10**14, "unstated"),
    ],
)
def test_an_amount_of_pounds_is_kept_in_pence_with_its_basis(given: str, pence: int, vat: str) -> None:
    assert parse_value(MONEY, given) == Money(pence, vat)


@pytest.mark.parametrize(
    "given",
    [
        *("1e6", "£1,000.005", "-5", "10,00", "1,0000", ",100", "1.5", "1.", ".50", "1,000,00", "£", "", "nan", "inf"),
        *(
            "٣٠٠",
            "５００",
            "1 000",
            "50k",
            "50000 VAT",
            "50000 incl",
            "$5",
            "5£",
            "£ 5",
            "+5",
            "1_000",
            "0x10",
            "50000inclVAT",
        ),
        *("1000000000001", "9" * 5000, "1," + ",".join(["000"] * 2000), "50000 ıncl VAT", "50000 incl VAT\n1", "½"),
    ],
)
def test_what_is_not_plainly_an_amount_is_refused_with_what_to_write(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_value(MONEY, given)
    assert caught.value.message.startswith("contract.value: ") and caught.value.hint


@pytest.mark.parametrize(
    ("given", "iso"),
    [
        ("2025-09-19", "2025-09-19"),
        ("2025-09-19 16:00", "2025-09-19T16:00"),
        ("2025-09-19T16:00", "2025-09-19T16:00"),
        ("19 September 2025", "2025-09-19"),
        ("1 Sep 2025, 00:00", "2025-09-01T00:00"),
        ("1 sept 2025", "2025-09-01"),
        ("29 February 2024 23:59", "2024-02-29T23:59"),
        ("0001-01-01", "0001-01-01"),
        ("9999-12-31", "9999-12-31"),
    ],
)
def test_a_date_is_taken_as_it_is_written(given: str, iso: str) -> None:
    assert parse_value(MINUTE, given) == at(iso)


@pytest.mark.parametrize(
    "given",
    [
        *(
            "30 February 2025",
            "2025-02-30",
            "2025-13-01",
            "2025-00-10",
            "29 February 2025",
            "31 Apr 2025",
            "0 May 2025",
        ),
        *("2025-09-19 24:00", "2025-09-19 12:60", "2025-09-19 1:00", "2025-09-19 16"),
        *("2025-09-19T16:00Z", "2025-09-19T", "2025-09-19 ٠١:٠٠", "٣ May 2025", "3 May ٢٠٢٥", "２０２５-09-19"),
        *(
            "19/09/2025",
            "09-19-2025",
            "20250919",
            "2025-W38-5",
            "2025-262",
            "25-09-19",
            "19 Marzipan 2025",
            "3 Junk 2025",
        ),
        *(
            "tomorrow",
            "",
            "0000-01-01",
            "10000-01-01",
            "2025-9-9",
            "September 2025",
            "2025-09-19 16:00 BST",
            "-2025-09-19",
        ),
    ],
)
def test_what_is_no_day_or_minute_is_refused_with_what_to_write(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_value(MINUTE, given)
    assert caught.value.message.startswith("door.closed: ") and "2025-09-19" in caught.value.hint


def test_a_date_takes_no_hour() -> None:
    with pytest.raises(UsageError) as caught:
        parse_value(DATE, "2025-09-19 16:00")
    assert caught.value.hint == "write 2025-09-19"


@pytest.mark.parametrize("given", ["", "3.0", "-1", "1e3", "٣", "1,000", "3 quotes", "1" * 13, "+3", "³"])
def test_what_is_no_whole_number_is_refused(given: str) -> None:
    with pytest.raises(UsageError):
        parse_value(WHOLE, given)


def test_what_a_program_dumps_means_what_a_person_writes() -> None:
    assert [parse_value(YES, each) for each in ("yes", "true", "no", "false")] == [True, True, False, False]
    assert parse_moment("2025-03-03 09:30:00", "x") == parse_moment("2025-03-03 09:30", "x")
    with pytest.raises(UsageError):
        parse_moment("2025-03-03 09:30:01", "x")


@pytest.mark.parametrize("given", ["", "True", "Yes", "y", "1", "no way"])
def test_only_yes_and_no_are_yes_and_no(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_value(YES, given)
    assert caught.value.hint == "write yes or no"


def test_a_choice_is_one_of_its_choices_and_else_the_nearest_is_named() -> None:
    assert parse_value(KIND, " light touch ") == "light touch"
    with pytest.raises(UsageError) as caught:
        parse_value(KIND, "light tuch")
    assert caught.value.hint == "did you mean light touch?"
    with pytest.raises(UsageError) as caught:
        parse_value(KIND, "zzz")
    assert caught.value.hint == "goods | light touch"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("[lawyer, cabinet]", ("cabinet", "lawyer")),
        ("lawyer, cabinet, lawyer", ("cabinet", "lawyer")),
        ("director", ("director",)),
        ("none", ()),
        ("[]", ()),
    ],
)
def test_several_choices_are_kept_once_each_and_in_order(given: str, meant: tuple[str, ...]) -> None:
    assert parse_value(POSTS, given) == meant


def test_one_wrong_word_among_several_choices_is_refused() -> None:
    with pytest.raises(UsageError, match="'lawer' is not one of its choices"):
        parse_value(POSTS, "[cabinet, lawer]")


def test_a_text_must_say_something() -> None:
    assert parse_value(NAME, " The Shelter CIC ") == "The Shelter CIC"
    with pytest.raises(UsageError):
        parse_value(NAME, "   ")


@given(
    st.sampled_from([MONEY, DATE, MINUTE, WHOLE, YES, KIND, POSTS, NAME]),
    st.text() | st.from_regex(r"[0-9£,.: -]{0,20}"),
)
@example(MONEY, "0 ıncl vat")
@example(MINUTE, "1 May 0000")
def test_any_text_is_a_value_or_a_usage_error_and_nothing_else(term: Term, given: str) -> None:
    try:
        value = parse_value(term, given)
    except UsageError as error:
        assert error.message and error.hint
    else:
        assert from_plain(term, to_plain(value)) == value


values = {
    "money": st.builds(Money, st.integers(0, LARGEST * 100), st.sampled_from(["incl", "excl", "none", "unstated"])),
    "date": st.builds(Moment, st.integers(1, 3652059)),
    "minute": st.builds(Moment, st.integers(1, 3652059), st.none() | st.integers(0, 1439)),
    "boolean": st.booleans(),
    "integer": st.integers(0, 10**12 - 1),
    "choice": st.sampled_from(KIND.choices),
    "choices": st.sets(st.sampled_from(POSTS.choices)).map(lambda found: tuple(sorted(found))),
    "text": st.text(min_size=1),
}
TERMS = {term.type: term for term in (MONEY, DATE, MINUTE, WHOLE, YES, KIND, POSTS, NAME)}


@given(st.sampled_from(TYPES).flatmap(lambda type: st.tuples(st.just(TERMS[type]), values[type])))
def test_what_the_log_keeps_is_read_back_the_same(pair: tuple[Term, Value]) -> None:
    term, value = pair
    assert from_plain(term, to_plain(value)) == value


@given(values["minute"])
def test_a_moment_is_read_back_from_its_iso_text(moment: Moment) -> None:
    assert parse_moment(moment.iso, "x") == moment
    assert parse_moment(moment.iso.replace("T", " "), "x") == moment


@given(values["minute"])
def test_a_moment_is_read_back_from_its_words(moment: Moment) -> None:
    if moment.day >= 366_000:  # years of four digits
        assert parse_moment(str(moment), "x") == moment


@given(values["money"])
def test_an_amount_is_read_back_from_its_words(amount: Money) -> None:
    said = words(amount).replace(" VAT basis not stated", "")
    assert vocabulary.money(said, "x") == amount


@pytest.mark.parametrize(
    ("term", "kept"),
    [
        *(
            (MONEY, kept)
            for kept in ("5", 5, {"pence": "5", "vat": "incl"}, {"pence": 5}, {"pence": 5, "vat": "x"}, True)
        ),
        *((MONEY, {"pence": pence, "vat": "incl"}) for pence in (-1, True, 10**15)),
        *((DATE, kept) for kept in (5, True, "x", "", {"pence": 5, "vat": "incl"}, ["2025-01-01"])),
        *((YES, kept) for kept in ("yes", 1, [], {})),
        *((WHOLE, kept) for kept in ("3", True, -1, 10**13)),
        *((KIND, kept) for kept in (3, True, ["goods"])),
    ],
)
def test_what_the_log_cannot_have_kept_is_a_value_error(term: Term, kept: object) -> None:
    with pytest.raises(ValueError):
        from_plain(term, kept)


def test_an_unsure_value_is_never_kept_and_says_why() -> None:
    with pytest.raises(TypeError):
        to_plain(Unsure("why", "table"))
    assert words(Unsure("two rows apply", "t")) == "not settled: two rows apply"
    assert (words(True), words(False), words(3)) == ("yes", "no", "3")


# Reading the vocabulary -------------------------------------------------------------------------------------------


def told(text: str) -> str:
    node, problems = markup.read("words.yaml", text)
    assert node is not None
    return "\n".join(map(str, (*problems, *vocabulary.parse({"words.yaml": node})[1])))


def fact(**keys: str) -> str:
    given = {"title": "T", "type": "boolean", "class": "public", "ask": "Q?"} | keys
    return "facts: {a.b: {" + ", ".join(f"{key}: {value}" for key, value in given.items() if value) + "}}"


def test_the_small_vocabulary_of_these_tests_has_nothing_wrong() -> None:
    assert told(WORDS) == ""


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (fact(type="number"), "'number' is not one of money"),
        (fact(type="choice"), "a choice needs choices"),
        (fact(choices="[a, b]"), "a choice needs choices, and nothing else may have them"),
        (fact(ask=""), "a.b has no question to ask a person; add ask:"),
        (fact(kolor="red"), "unknown key 'kolor'"),
        (fact(derived="true"), "'true' is not one of no, yes"),
        (fact(presumed="no"), "a.b: what is presumed needs its reason; write presumed: and because:"),
        (fact(because="Why"), "a.b: what is presumed needs its reason"),
        (fact(presumed="no", because="Why", derived="yes"), "a.b is worked out, so nothing is presumed of it"),
        (fact(presumed="perhaps", because="Why"), "a.b: 'perhaps' is neither yes nor no"),
        (fact(presumed="a.b", because="Why"), "a.b: a.b is no recorded boolean to presume it from"),
        (
            "facts: {Value: {title: T, type: text, class: public, ask: Q}}",
            "'Value' is not a name; write noun.attribute",
        ),
        ("facts: {a.b.c: {title: T, type: text, class: public, ask: Q}}", "'a.b.c' is not a name"),
        ("facts: {}\nmilestone: {}", "unknown key 'milestone'; did you mean milestones?"),
        ("milestones: {a.b: {title: T, precision: hour, ask: Q}}", "'hour' is not one of date, minute"),
        ("milestones: {a.b: {title: T, precision: date}}", "a.b has no question to ask"),
        ("milestones: {a.b: {title: T, precision: date, ask: Q, after: [a.c]}}", "a.b names no milestone 'a.c'"),
        (
            "milestones: {a.b: {title: T, precision: date, first_of: [a.b]}}",
            "a.b is derived from what is itself derived",
        ),
        ("money: {vat_readings: [zero]}", "vat_readings are whole per cents; write [0, 20]"),
        ("money: {vat_readings: [0, 1000]}", "vat_readings are whole per cents"),
        ("money: {vat_readings: [0, 2²]}", "vat_readings are whole per cents"),
    ],
)
def test_what_is_wrong_with_a_vocabulary_is_told(text: str, what: str) -> None:
    assert what in told(text)


def test_a_name_in_two_files_is_told_with_the_first_place() -> None:
    nodes = {}
    for path in ("a.yaml", "b.yaml"):
        node, _ = markup.read(path, fact())
        assert node is not None
        nodes[path] = node
    assert [str(each) for each in vocabulary.parse(nodes)[1]] == ["b.yaml:1:9: a.b stands twice; see a.yaml:1:9"]


def test_a_name_that_does_not_exist_is_refused_with_the_nearest() -> None:
    node, _ = markup.read("words.yaml", WORDS)
    assert node is not None
    known, _ = vocabulary.parse({"words.yaml": node})
    assert known.get("contract.value").type == "money"
    with pytest.raises(UsageError) as caught:
        known.get("contract.valeu")
    assert caught.value.hint == "did you mean contract.value?"
