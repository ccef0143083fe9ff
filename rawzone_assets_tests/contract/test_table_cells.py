"""What is told of many cells at once is what each of them tells by itself."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rawzone_assets.contract.day_columns import DayColumn
from rawzone_assets.contract.restatement import diary_of
from rawzone_assets.contract.schemas import compiled_pattern, load_schema, schema_names
from rawzone_assets.contract.table_cells import are_surely_usual, as_numbers

DIGITS = st.text("0123456789", min_size=1, max_size=22)
NUMBERS = st.tuples(st.sampled_from(["", "-"]), DIGITS, DIGITS | st.none()).map(
    lambda parts: f"{parts[0]}{parts[1]}" + ("" if parts[2] is None else f".{parts[2]}")
)
ODD = st.sampled_from(
    [
        *("", " 5", "007", ".5", "5.", "1,2", "[1", "2]", "true", "null", "1e-400", "1E3", "NaN", "x", '"5"'),
        *(
            "-0",
            "0.0",
            "100",
            "1.50",
            "0.0000001",
            "12345678.12345678",
            "999999999999999999",
            "18446744073709551616",
        ),
    ]
)
COLUMNS = st.lists(NUMBERS | ODD, min_size=1, max_size=6)


@given(COLUMNS)
@example(["1e-400"])
@example(["1,2", "3"])
@example(["123456789012345678901234567890"])
@example(["0.12345678901234567"])
def test_figures_taken_as_numbers_are_told_as_their_texts(cells: list[str]):
    days = DayColumn.of(date(2025, 1, 1) + timedelta(days=number) for number in range(len(cells)))
    written = [
        diary_of(days, [column], ("spend",), until=date.max, by=[column])
        for column in (cells, as_numbers(cells))
    ]
    assert written[0] == written[1]


def test_usual_figures_are_taken_as_numbers():
    assert as_numbers(["12", "0.5", "1794.0"]) == [12, 0.5, 1794.0]
    assert as_numbers(["120000005100000075"]) == [120000005100000075]
    assert as_numbers(["1", None]) == ["1", None]


USUAL = sorted(
    {
        column["x-usual"]
        for name in schema_names()
        for column in load_schema(name).document.get("properties", {}).values()
        if isinstance(column, dict) and "x-usual" in column
    }
)
TEXTS = st.sampled_from(
    [
        *(
            "undefined",
            "undefined\n",
            "undefine",
            "US",
            "Others",
            "us",
            "2025-01-01",
            "2025-01",
            "2025-01-01\n",
            "é",
        ),
        *(
            "QZXYZ2500001",
            "QZXYZ250000",
            "198000000001",
            "/video/7500202501270000000",
            "/video/1",
            "-0.5",
            "5.",
        ),
    ]
)


@pytest.mark.parametrize("usual", USUAL)
@given(st.frozensets(TEXTS | st.none()))
def test_texts_are_surely_usual_only_if_each_is(usual: str, texts: frozenset[str | None]):
    if are_surely_usual(usual, texts):
        assert all(compiled_pattern(usual).search(text) for text in texts if text is not None)
