"""Days without a year: the year is found as someone who knows the real dates would."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rawzone_assets.contract.feed import Capture
from rawzone_assets.contract.table_rules import Chunk
from rawzone_assets.contract.yearless import MOST_AHEAD, Daily, resolve
from rawzone_assets.samples.tiktok_exports import english, spanish, vietnamese

CAPTURES = st.dates(date(2015, 1, 1), date(2040, 12, 31))


def captured(day, name="tiktok_analytics.csv"):
    return Capture(name=name, day=day, captured_at=datetime(day.year, day.month, day.day, tzinfo=UTC))


def read(texts, capture, *, once=True):
    table = Chunk(columns={"Date": list(texts)}, lines=range(2, 2 + len(texts)))
    return Daily(column="Date", once=once).read(table, capture)


def found(days):
    return [finding.code for finding in days.findings]


def span(last, length):
    return [last - timedelta(days=back) for back in range(length - 1, -1, -1)]


class TestYears:
    """'The last row is the latest such month-day not after the capture; walk backwards for the years.'"""

    @given(
        capture=CAPTURES,
        lag=st.integers(-1, 364 - MOST_AHEAD),
        length=st.integers(1, 365),
        newest_first=st.booleans(),
        write=st.sampled_from([english, spanish, vietnamese]),
    )
    @example(
        capture=date(2024, 3, 1), lag=1, length=365, newest_first=False, write=english
    )  # ends on February 29
    @example(capture=date(2025, 3, 1), lag=1, length=365, newest_first=False, write=english)
    @example(
        capture=date(2025, 2, 28), lag=0, length=365, newest_first=True, write=english
    )  # begins on March 1
    @example(capture=date(2025, 1, 1), lag=0, length=2, newest_first=False, write=english)  # New Year
    @example(capture=date(2024, 12, 31), lag=-1, length=365, newest_first=False, write=english)
    def test_a_series_is_dated_as_it_was_written(self, capture, lag, length, newest_first, write):
        real = span(capture - timedelta(days=lag), length)
        real = real[::-1] if newest_first else real
        days = read([write(day) for day in real], captured(capture))
        assert list(days.dates) == real
        assert set(found(days)) <= {"RZ-DAYS-UNORDERED"}
        assert bool(days.findings) == (newest_first and length > 1)

    @given(first=CAPTURES, length=st.integers(1, 365))
    @example(first=date(2024, 2, 29), length=365)
    @example(first=date(2023, 3, 1), length=365)
    def test_a_first_day_in_the_name_says_the_same(self, first, length):
        real = [first + timedelta(days=n) for n in range(length)]
        name = f"Overview_{first}_1749728040_a.b.zip"
        days = read([english(day) for day in real], captured(real[-1], name))
        assert list(days.dates) == real
        assert days.findings == ()

    @given(capture=CAPTURES, ahead=st.integers(2, MOST_AHEAD), length=st.integers(1, 60))
    def test_a_series_that_ends_after_the_capture_is_refused(self, capture, ahead, length):
        real = span(capture + timedelta(days=ahead), length)
        days = read([english(day) for day in real], captured(capture))
        assert list(days.dates) == real
        assert found(days) == ["RZ-FUTURE-DATE"] * min(length, ahead - 1)

    @pytest.mark.parametrize(("ahead", "codes"), [(1, []), (2, ["RZ-FUTURE-DATE"])])
    def test_one_day_ahead_is_another_time_zone_and_two_are_not(self, ahead, codes):
        capture = date(2025, 12, 31)
        assert found(read([english(capture + timedelta(days=ahead))], captured(capture))) == codes

    @given(capture=CAPTURES, lag=st.integers(0, 30), gaps=st.lists(st.integers(1, 9), max_size=30))
    def test_gaps_do_not_mislead_it(self, capture, lag, gaps):
        real = [capture - timedelta(days=lag)]
        for gap in gaps:
            real.insert(0, real[0] - timedelta(days=gap))
        days = read([english(day) for day in real], captured(capture))
        assert list(days.dates) == real
        assert found(days) == (["RZ-DAYS-MISSING"] if sum(gaps) > len(gaps) else [])

    @given(first=CAPTURES, length=st.integers(3, 365), data=st.data())
    def test_nor_do_they_where_the_name_tells_the_first_day(self, first, length, data):
        missing = data.draw(st.integers(1, length - 2))
        real = [first + timedelta(days=n) for n in range(length) if n != missing]
        days = read([english(day) for day in real], captured(real[-1], f"Overview_{first}_1749728040_a.b.zip"))
        assert list(days.dates) == real
        assert found(days) == ["RZ-DAYS-MISSING"]

    @given(
        st.lists(
            st.one_of(st.none(), st.tuples(st.integers(1, 12), st.integers(1, 28)), st.dates()), max_size=30
        ),
        CAPTURES,
    )
    def test_each_row_has_a_date_unless_it_has_none_or_is_none(self, meanings, capture):
        dates = resolve(meanings, capture=captured(capture), first=None)
        for meaning, day in zip(meanings, dates, strict=True):
            if isinstance(meaning, tuple):
                assert day is not None
                assert (day.month, day.day) == meaning
            else:
                assert day == meaning


class TestObjections:
    CAPTURE = date(2025, 6, 12)
    DAYS = span(date(2025, 6, 10), 30)

    def codes(self, texts, **options):
        return found(read(texts, captured(self.CAPTURE), **options))

    def test_a_day_twice_is_refused_where_it_stands(self):
        days = read([*map(english, self.DAYS), english(self.DAYS[3])], captured(self.CAPTURE))
        repeated = next(finding for finding in days.findings if finding.code == "RZ-REPEATED-DAY")
        assert (repeated.where.line, repeated.where.column_name) == (32, "Date")
        assert "line 5" in repeated.message

    def test_hours_of_one_day_are_no_repetition(self):
        assert self.codes([english(day) for day in self.DAYS for _ in range(3)], once=False) == []

    def test_a_month_ahead_is_this_year_s_and_more_is_the_last_one_s(self):
        for ahead, codes in ((31, ["RZ-FUTURE-DATE"]), (32, [])):
            assert self.codes([english(self.CAPTURE + timedelta(days=ahead))]) == codes

    def test_a_day_a_year_after_the_first_row_is_that_row_s(self):
        assert self.codes([english(day) for day in span(self.CAPTURE, 366)])[:1] == ["RZ-REPEATED-DAY"]

    def test_a_february_29_that_no_year_in_reach_has_is_refused(self):
        assert self.codes(["February 29", "March 1"]) == ["RZ-VALUE-TYPE"]

    def test_a_day_of_another_language_is_refused_and_no_gap_is_made_of_it(self):
        texts = [*map(english, self.DAYS)]
        for foreign in ("17 Quux", "17 Quux 2025"):
            texts[4] = foreign
            assert self.codes(texts) == ["RZ-VALUE-TYPE"]

    def test_a_file_in_an_unknown_language_is_one_warning_and_no_dates(self):
        days = read([f"{day.day} Quux" for day in self.DAYS], captured(self.CAPTURE))
        assert found(days) == ["RZ-DATES-UNREADABLE"]
        assert set(days.dates) == {None}

    def test_the_first_day_is_known_wherever_it_stands(self):
        shuffled = [self.DAYS[7], *self.DAYS[:7], *self.DAYS[8:]]
        days = read([*map(english, shuffled)], captured(self.CAPTURE))
        assert days.extent == (self.DAYS[0], self.DAYS[-1])

    def test_days_that_carry_their_year_are_taken_at_their_word(self):
        days = read(["2024-01-30", "2024-01-31"], captured(self.CAPTURE))
        assert days.dates == (date(2024, 1, 30), date(2024, 1, 31))
        assert days.findings == ()

    def test_long_texts_in_their_place_are_not_remembered(self):
        tracemalloc.start()
        try:
            assert self.codes(["May 28", "x" * 10**6]) == []
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert kept < 10**6

    def test_cells_that_are_no_days_are_somebody_else_s_objection(self):
        days = read([None, "Total", "1/1/2023"], captured(self.CAPTURE))
        assert days.dates == (None, None, None)
        assert days.findings == ()


class TestNamesThatTellTheWindow:
    NAME = "Overview_2025-06-06_1749728040_a.zip"

    def codes(self, last, length, name=NAME):
        return found(read([english(day) for day in span(last, length)], captured(date(2025, 6, 12), name)))

    @pytest.mark.parametrize(
        ("last", "length", "codes"),
        [
            (date(2025, 6, 12), 7, []),
            (date(2025, 6, 11), 6, []),
            (date(2025, 6, 13), 8, []),
            (date(2025, 6, 10), 5, ["RZ-WINDOW-MISMATCH"]),
            (date(2025, 6, 12), 6, ["RZ-WINDOW-MISMATCH"]),
            (date(2025, 6, 14), 9, ["RZ-FUTURE-DATE", "RZ-WINDOW-MISMATCH"]),
        ],
    )
    def test_other_rows_than_the_name_says_are_told(self, last, length, codes):
        assert self.codes(last, length) == codes

    def test_rows_that_begin_before_the_name_says_lie_in_no_other_year(self):
        rows = [date(2025, 6, 5), date(2025, 6, 7), date(2025, 6, 12)]
        days = read([*map(english, rows)], captured(date(2025, 6, 12), self.NAME))
        assert list(days.dates) == rows

    def test_a_name_that_ends_before_it_begins_is_refused(self):
        assert "RZ-DATE-ORDER" in self.codes(date(2025, 6, 12), 7, "Overview_2025-06-13_1749728040_a.zip")
