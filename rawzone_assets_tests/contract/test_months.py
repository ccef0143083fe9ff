"""Days of the month in many languages."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract import months
from rawzone_assets.contract.months import language_of, may_be_a_day, readings, year_of


def meaning(text):
    """The one day that all languages which can read the text agree on."""
    found = set(readings(text).values())
    assert len(found) <= 1, found
    return found.pop() if found else None


@pytest.mark.parametrize(
    ("text", "month", "day"),
    [
        ("May 28", 5, 28),
        ("28 May", 5, 28),
        ("Sept. 3", 9, 3),
        ("8 de marzo", 3, 8),
        ("31 de Dezembro", 12, 31),
        ("1er janvier", 1, 1),
        ("28. Mai", 5, 28),
        ("28. Okt.", 10, 28),
        ("5 févr.", 2, 5),
        ("5 янв.", 1, 5),
        ("8 Juli", 7, 8),
        ("18 tháng Sáu", 6, 18),
        ("18 tháng 6", 6, 18),
        ("5 Tháng Mười Hai", 12, 5),
        ("8 Μαΐου", 5, 8),
        ("28 августа", 8, 28),
        ("3 listopada", 11, 3),
        ("9月13日", 9, 13),
        ("9월 13일", 9, 13),
        ("29 февраля", 2, 29),
        ("February 29", 2, 29),
        (unicodedata.normalize("NFD", "18 tháng Sáu"), 6, 18),
    ],
)
def test_days_are_read_as_people_write_them(text, month, day):
    assert meaning(text) == (month, day)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "May",
        "28",
        "Total",
        "undefined",
        "May 32",
        "February 30",
        "28-May",
        "5/28/2025",
        "May 28 1925",
        "26-May-2025",
        "May 28 2024 2025",
        "13月1日",
        "May 28 extra",
        "May 028",
        "5 jui",
        "5 ja",
        "2025-05-28",
        "x" * 1000 + " 28",
        "28 " + "x" * 1000,
    ],
)
def test_what_is_no_day_of_a_known_language_has_no_meaning(text):
    assert readings(text) == {}


@pytest.mark.parametrize("text", ["May 28, 2025", "28 de mayo de 2025", "2025年5月28日", "28 May 2025"])
def test_a_day_that_is_written_with_its_year_is_read_with_it(text):
    assert meaning(text) == (5, 28)
    assert year_of(text) == 2025


@pytest.mark.parametrize("text", ["28 Quux", "Quux 1", "28 de quux"])
def test_a_word_beside_a_number_may_be_a_day_in_some_language(text):
    assert may_be_a_day(text)


@pytest.mark.parametrize(
    "text", ["Total", "32 Quux", "0 Quux", "28-Quux", "1.2E+17", "28/5", "May 32", "June 31", "28", "12 34"]
)
def test_other_texts_cannot_be_days(text):
    assert not may_be_a_day(text)


@pytest.mark.parametrize("language", sorted(months._NAMES))
def test_each_language_has_twelve_months_and_reads_its_own_year(language):
    names = months._NAMES[language].split()
    assert len(names) == 12
    for number, alternatives in enumerate(names, start=1):
        for name in alternatives.split("|"):
            text = f"5 {name.replace('_', ' ')}"
            assert readings(text)[language] == (number, 5), text


def test_no_text_means_two_months_in_two_languages_unless_it_is_known_to():
    """A shortened name that means another month elsewhere would make files ambiguous."""
    for language in months._NAMES:
        for name in months._table(language):
            for length in range(3, len(name) + 1):
                assert len(set(readings(f"5 {name[:length]}").values())) <= 1, name[:length]


class TestLanguages:
    def test_one_language_is_found_for_a_file(self):
        assert language_of(["1 de marzo", "2 de abril"]) == "Spanish"

    def test_languages_that_agree_are_as_good_as_one(self):
        assert language_of(["1 April", "2 April"]) is not None

    def test_a_few_stray_texts_do_not_hide_it(self):
        assert language_of(["1 marca", "2 marca", "3 marca", "4 quux"]) == "Polish"

    def test_an_unknown_language_is_none(self):
        assert language_of(["1 quux", "2 quux", "3 May"]) is None
        assert language_of([]) is None


@given(st.text(max_size=80))
def test_any_text_is_read_without_complaint(text):
    readings(text)
    may_be_a_day(text)
    language_of([text, "May 28"])
