"""Day columns are those of each text by itself, whether their days are in a row or not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from rawzone_assets.contract.calendar_runs import Run
from rawzone_assets.contract.day_columns import DayColumn
from rawzone_assets.contract.forms import day_of

FIRST = date(2023, 12, 20)
OTHER = st.sampled_from([None, "", "2024-02-30", "2024-1-1", "20240101", 7, [], {}, "2024-01-05", "9999-12-31"])


@st.composite
def columns(draw: st.DrawFn) -> list[Any]:
    """Texts of days in a row, of which some may have been replaced or may stand elsewhere."""
    length = draw(st.integers(0, 60))
    texts: list[Any] = [(FIRST + timedelta(days=number)).isoformat() for number in range(length)]
    for _ in range(draw(st.sampled_from([0, 0, 1, 2])) if texts else 0):
        texts[draw(st.integers(0, length - 1))] = draw(OTHER)
    return draw(st.sampled_from([texts, texts[::-1], texts[:3] + texts[4:], texts + texts[:1]]))


def test_a_run_is_so_many_days_of_the_calendar():
    run = Run(date(2024, 12, 30), 3)
    assert run.dates == [date(2024, 12, 30), date(2024, 12, 31), date(2025, 1, 1)]
    assert run.texts == ["2024-12-30", "2024-12-31", "2025-01-01"]
    assert run.month_days == [(12, 30), (12, 31), (1, 1)]
    assert Run(date(9999, 12, 31), 3).dates == [date.max]


@given(columns(), st.booleans())
@example(["2024-01-01", "2024-01-05", "2024-01-03"], False)
@example(["2024-01-01", "2024-01-01"], True)
def test_a_column_has_the_days_that_its_texts_are(texts: list[Any], as_tuple: bool):  # noqa: FBT001
    days = {index: day for index, text in enumerate(texts) if isinstance(text, str) and (day := day_of(text))}
    found = DayColumn.read(tuple(texts) if as_tuple else texts)
    assert list(found.dates) == list(days.values())
    assert list(found.indexes) == list(days)
    assert found.extent == ((min(days.values()), max(days.values())) if days else None)
    assert found.different == len(set(days.values()))
    assert found.has_repeats == (len(set(days.values())) < len(days))
    for until in {FIRST, *days.values()}:
        told = [day.toordinal() for day in days.values() if day <= until]
        assert found.newest(until.toordinal()) == max(told, default=None)
