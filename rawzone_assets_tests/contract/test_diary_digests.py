"""Diary digests: figures are the same however many are digested at once, and however they are written."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rawzone_assets.contract import diary_digests
from rawzone_assets.contract.diary_digests import as_texts, digests_of, remembered_digests

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


@given(st.lists(NUMBERS | ODD, max_size=6) | st.lists(st.floats() | st.integers(), max_size=6))
@example(["1e-400"])
@example(["1,2", "3"])
@example(["1,20", "20,1"])
@example(["1_0"])
@example(["123456789012345678901234567890"])
@example(["0.12345678901234567"])
@example(["-0.0000012"])
def test_a_column_is_written_as_each_of_its_figures(column: list[object]):
    """Beside a blank each figure is written by itself."""
    assert as_texts([column], len(column)) == as_texts([[*column, None]], len(column) + 1)[:-1]


def test_usual_figures_are_written_without_looking_at_each(monkeypatch: pytest.MonkeyPatch):
    def looked_at(_: object) -> str:
        raise AssertionError("a figure was looked at")

    monkeypatch.setattr(diary_digests, "_plain", looked_at)
    assert as_texts([["12", "0.5", "120000005100000075"], [3, 17.25, 0]], 3)[1] == ("0.5", "17.25")


FIGURES = (
    st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        [None, True, False, 0, -0.0, 10, 1.50, "7", "a,b", "],[", ";", [], [1, 2], [[10], 20], {}, {"a": 1}]
    )
)


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(FIGURES, min_size=width, max_size=width), min_size=1)
    )
)
@example([[5, [1, 2]]])
@example([[10, [10, 20]], [0, 0.10]])
def test_a_day_has_the_same_digest_whatever_days_stand_beside_it(records: list[list[object]]):
    told = remembered_digests(list(zip(*records, strict=True)), len(records))
    alone = [as_texts([[figure, None] for figure in record], 2)[0] for record in records]
    assert list(told) == [digests_of([[((), texts)]])[0] for texts in alone]
