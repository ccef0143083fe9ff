"""Result tables: rows as their headers promise them, and series of days in such rows."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, date, datetime
from typing import Any

import pytest

from rawzone_assets.contract.feed import Capture
from rawzone_assets.contract.findings import Place
from rawzone_assets.contract.pointers import pointer
from rawzone_assets.contract.reading import Reading
from rawzone_assets.contract.result_tables import ResultTable, no_row_twice, rows_as_headed
from rawzone_assets.contract.rules import Rule, no_day_twice, no_future_day
from rawzone_assets.contract.series import Series
from rawzone_assets.platforms import find_feed

TABLE = ResultTable(headers="/columnHeaders", rows="/rows", day="day", counts=("views",))
DAYS = Series(path="/rows", day="day", value="views", headers="/columnHeaders")
CAPTURE = Capture(name="x_20250612.json", day=date(2025, 6, 12), captured_at=datetime(2025, 6, 12, tzinfo=UTC))
DAY, COUNTRY = ("day", "DIMENSION", "STRING"), ("country", "DIMENSION", "STRING")
VIEWS, LIKES, SHARE = (
    ("views", "METRIC", "INTEGER"),
    ("likes", "METRIC", "INTEGER"),
    ("share", "METRIC", "FLOAT"),
)


def reading_of(headers: tuple[tuple[str, str, str], ...], rows: Any) -> Reading:
    feed = find_feed("social_media/youtube")
    assert feed
    columns = [{"name": name, "columnType": about, "dataType": kind} for name, about, kind in headers]
    return Reading(
        document={"columnHeaders": columns, "rows": rows},
        feed=feed,
        capture=CAPTURE,
        place=lambda parts: Place(pointer=pointer(parts)),
    )


def places(rule: Rule, headers: tuple[tuple[str, str, str], ...], rows: Any) -> list[tuple[str, str | None]]:
    return [(f.code, f.where.pointer if f.where else None) for f in rule(reading_of(headers, rows))]


class TestRowsAndHeaders:
    """Positional rows are matched to columnHeaders: width and dataType."""

    rule = staticmethod(rows_as_headed(TABLE))

    @pytest.mark.parametrize("row", [["2025-06-01"], ["2025-06-01", 1, 2], []])
    def test_a_row_of_another_width_is_refused(self, row):
        assert places(self.rule, (DAY, VIEWS), [["2025-05-31", 1], row]) == [("RZ-SHAPE", "/rows/1")]

    def test_rows_after_one_of_another_width_are_judged_too(self):
        rows = [["2025-05-31"], ["2025-06-01", "many"]]
        assert places(self.rule, (DAY, VIEWS), rows) == [
            ("RZ-SHAPE", "/rows/0"),
            ("RZ-VALUE-TYPE", "/rows/1/1"),
        ]

    def test_a_text_may_be_blank_beside_a_row_that_is_refused(self):
        rows = [["", "2025-05-31"], ["DE", None]]
        assert places(self.rule, (COUNTRY, DAY), rows) == [("RZ-EMPTY-FIELD", "/rows/1/1")]

    @pytest.mark.parametrize(
        ("header", "cell"),
        [
            (VIEWS, "7"),
            (VIEWS, 7.5),
            (VIEWS, True),
            (SHARE, "0.5"),
            (SHARE, False),
            (COUNTRY, 7),
        ],
    )
    def test_a_cell_of_another_type_is_refused(self, header, cell):
        assert places(self.rule, (DAY, header), [["2025-06-01", cell]]) == [("RZ-VALUE-TYPE", "/rows/0/1")]

    @pytest.mark.parametrize(
        ("header", "cell"), [(VIEWS, 7), (VIEWS, 7.0), (VIEWS, 0), (SHARE, 7), (SHARE, 0.5)]
    )
    def test_a_cell_of_its_type_is_accepted(self, header, cell):
        assert not places(self.rule, (DAY, header), [["2025-06-01", cell]])

    @pytest.mark.parametrize("header", [VIEWS, SHARE, COUNTRY])
    def test_a_cell_that_is_null_holds_no_value(self, header):
        assert places(self.rule, (DAY, header), [["2025-06-01", None]]) == [("RZ-EMPTY-FIELD", "/rows/0/1")]

    def test_cells_of_a_type_nobody_knows_are_not_judged(self):
        assert not places(self.rule, (("when", "DIMENSION", "TIMESTAMP"),), [[5], ["x"], [None]])

    def test_a_count_that_its_header_calls_a_text_is_not_compared(self):
        rows = [["2025-06-01", "7"], ["2025-06-31", "7"]]
        assert places(self.rule, (DAY, ("views", "METRIC", "STRING")), rows) == [("RZ-VALUE-TYPE", "/rows/1/0")]

    def test_a_count_below_zero_is_refused_and_a_difference_is_not(self):
        rows = [["2025-06-01", -1, -1]]
        assert places(self.rule, (DAY, VIEWS, LIKES), rows) == [("RZ-NEGATIVE-COUNT", "/rows/0/1")]

    def test_a_day_must_be_of_the_calendar(self):
        assert places(self.rule, (VIEWS, DAY), [[1, "2025-02-29"]]) == [("RZ-VALUE-TYPE", "/rows/0/1")]

    @pytest.mark.parametrize("day", ["", " "])
    def test_a_blank_day_is_no_value(self, day):
        assert places(self.rule, (DAY, VIEWS), [[day, 1]]) == [("RZ-EMPTY-FIELD", "/rows/0/0")]

    def test_a_refused_row_changes_nothing_for_those_beside_it(self):
        """Tables are proven sound as a whole; of one that is not, each cell is looked at."""
        unknown = ("when", "DIMENSION", "TIMESTAMP")
        sound = [["2025-06-01", 0, None, -1, 0.5], ["2025-06-02", 7.0, "x", 0, 7]]
        refused = ["2025-06-03", -1, None, 1, 0.5]
        headers = (DAY, VIEWS, unknown, LIKES, SHARE)
        assert places(self.rule, headers, [*sound, refused]) == [("RZ-NEGATIVE-COUNT", "/rows/2/1")]

    def test_a_header_twice_is_refused(self):
        assert places(self.rule, (DAY, DAY), []) == [("RZ-SHAPE", "/columnHeaders/1/name")]

    def test_long_names_of_columns_are_not_remembered(self):
        """A worker judges for years: what deliveries say is not kept without end."""
        tracemalloc.start()
        try:
            assert not places(self.rule, ((10**6 * "x", "METRIC", "INTEGER"),), [[1]])
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert kept < 10**6

    def test_rows_that_are_null_are_none(self):
        assert not places(self.rule, (DAY,), None)


class TestRepeatedRows:
    """A repeated day blocks; a day may stand once a country when countries are asked for."""

    rule = staticmethod(no_row_twice(TABLE))

    def test_a_day_twice(self):
        rows = [["2025-06-01", 1], ["2025-06-02", 1], ["2025-06-01", 2]]
        assert places(self.rule, (DAY, VIEWS), rows) == [("RZ-REPEATED-DAY", "/rows/2/0")]

    def test_a_day_twice_beside_a_row_that_is_too_short_to_have_one(self):
        rows = [[1, "2025-06-01"], [1], [2, "2025-06-01"]]
        assert places(self.rule, (VIEWS, DAY), rows) == [("RZ-REPEATED-DAY", "/rows/2/1")]

    def test_rows_that_are_too_short_to_have_a_day_are_of_no_day(self):
        rows = [[1], [2], [], [3, "2025-06-01"], [4, "2025-06-01"]]
        assert places(self.rule, (VIEWS, DAY), rows) == [("RZ-REPEATED-DAY", "/rows/4/1")]

    def test_cells_of_any_kind_tell_rows_apart(self):
        rows = [[[1], 1], [{"a": 1}, 1], [[1], 2]]
        assert places(self.rule, (("when", "DIMENSION", "SPAN"), VIEWS), rows) == [
            ("RZ-REPEATED-RECORD", "/rows/2/0")
        ]

    def test_a_day_once_a_country(self):
        rows = [["2025-06-01", "US", 1], ["2025-06-01", "DE", 1]]
        assert not places(self.rule, (DAY, COUNTRY, VIEWS), rows)

    def test_a_day_and_country_twice(self):
        rows = [["2025-06-01", "US", 1], ["2025-06-01", "US", 2]]
        assert places(self.rule, (DAY, COUNTRY, VIEWS), rows) == [("RZ-REPEATED-RECORD", "/rows/1/0")]

    def test_totals_have_nothing_to_repeat(self):
        assert not places(self.rule, (VIEWS,), [[1], [1]])


class TestDaysInRows:
    """A series finds its columns by their headers, wherever they stand."""

    def test_day_and_figure_are_found_in_any_order(self):
        reading = reading_of((VIEWS, DAY), [[3, "2025-06-01"], [4, "2025-06-02"]])
        assert list(DAYS.days(reading).dates) == [date(2025, 6, 1), date(2025, 6, 2)]
        assert DAYS.total(reading) == 7

    def test_records_of_a_day_are_told_apart_by_the_other_dimensions(self):
        assert DAYS.others(reading_of((DAY, VIEWS, COUNTRY), []), ()) == ("country",)

    def test_a_table_without_a_day_has_no_days(self):
        assert not DAYS.days(reading_of((VIEWS,), [[3]])).ordinals

    def test_rows_that_are_cut_or_of_no_day_are_passed_over_and_keep_their_numbers(self):
        reading = reading_of((VIEWS, DAY), [[3], [3, None], [3, "x"], [3, "2025-06-01"]])
        assert list(DAYS.dated(reading)) == [(3, date(2025, 6, 1))]

    def test_findings_about_days_lead_to_the_cell(self):
        rows = [[1, "2025-06-13"], [1, "2025-06-14"], [1, "2025-06-13"]]
        assert places(no_future_day(DAYS), (VIEWS, DAY), rows) == [("RZ-FUTURE-DATE", "/rows/1/1")]
        assert places(no_day_twice(DAYS), (VIEWS, DAY), rows) == [("RZ-REPEATED-DAY", "/rows/2/1")]
