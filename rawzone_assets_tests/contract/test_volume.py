"""Volume: far more or less than usual is told, and what the feed itself shows to be usual is not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.volume import LEAST, RECENT, Volume, volume_findings

DAY = date(2025, 6, 12)


def told(now: Volume, past: list[Volume], day: date = DAY) -> list[str]:
    return [finding.message for finding in volume_findings(now, past, day=day)]


def of(*sizes: int) -> list[Volume]:
    return [Volume(size=size, records=None) for size in sizes]


class TestAnomalies:
    """What is unlike the feed's recent history is told, with figures."""

    @pytest.mark.parametrize("size", [400, 2_100, 1])
    def test_less_than_half_and_more_than_twice(self, size: int):
        word, unit = "more" if size > 1_000 else "less", "byte" if size == 1 else "bytes"
        assert told(Volume(size=size, records=None), of(*[1_000] * 6)) == [
            f"{size:,} {unit}, {word} than the usual 1,000 (of the last 6 deliveries)"
        ]

    def test_records_and_size_are_told_together(self):
        (message,) = told(Volume(size=90, records=30), [Volume(size=1_000, records=365)] * 6)
        assert message.startswith("30 records, less than the usual 365; 90 bytes, less than the usual 1,000 (")

    def test_an_outlier_in_the_past_excuses_nothing(self):
        assert told(Volume(size=100, records=None), of(110, *[1_000] * 9))

    def test_what_lies_further_back_than_the_recent_ones_says_nothing(self):
        (message,) = told(Volume(size=100, records=None), of(*[1_000] * RECENT, *[100] * 30))
        assert message.endswith(f"the usual 1,000 (of the last {RECENT} deliveries)")

    def test_deliveries_of_which_something_is_not_known_are_compared_by_the_rest(self):
        past = [Volume(size=1_000, records=None), *[Volume(size=1_000, records=365)] * 6]
        (message,) = told(Volume(size=1_000, records=30), past)
        assert message.startswith("30 records, less than the usual 365")

    def test_it_never_blocks(self):
        (finding,) = volume_findings(Volume(size=1, records=None), of(*[1_000] * 6), day=DAY)
        assert (finding.code, finding.blocking) == ("RZ-VOLUME-ANOMALY", False)


class TestWhatIsUsual:
    """The feed's own variation is no anomaly."""

    @pytest.mark.parametrize("size", [501, 1_000, 1_999])
    def test_up_to_a_factor_of_two(self, size: int):
        assert not told(Volume(size=size, records=None), of(*[1_000] * 20))

    def test_less_than_five_deliveries_say_nothing(self):
        assert not told(Volume(size=1, records=None), of(*[1_000] * (LEAST - 1)))
        assert told(Volume(size=1, records=None), of(*[1_000] * LEAST))

    def test_only_the_last_twenty_count(self):
        assert not told(Volume(size=10, records=None), of(*[10] * RECENT, *[1_000] * 50))

    def test_quiet_weekends(self):
        week = [1_000, 1_100, 900, 1_050, 980, 100, 90]
        past = of(*(week * 3)[:20])
        assert not told(Volume(size=95, records=None), past)
        assert told(Volume(size=9, records=None), past)

    def test_a_feed_that_varies_much(self):
        assert not told(Volume(size=9_000, records=None), of(100, 3_000, 250, 8_000, 900, 150, 2_500, 600))

    def test_growth(self):
        assert not told(Volume(size=2_100, records=None), of(*range(2_000, 1_000, -50)))

    def test_an_empty_delivery_is_told_by_another_finding(self):
        assert not told(Volume(size=40, records=0), [Volume(size=9_000, records=300)] * 9)

    def test_one_whose_records_nobody_counted_is_compared_by_its_size(self):
        past = [Volume(size=9_000, records=300)] * LEAST
        assert not told(Volume(size=9_000, records=None), past)
        (message,) = told(Volume(size=90, records=None), past)
        assert "records" not in message

    def test_empty_ones_in_the_past_do_not_count(self):
        past = [Volume(size=9_000, records=300)] * 9 + [Volume(size=40, records=0)] * 11
        (message,) = told(Volume(size=80, records=1), past)
        assert message == (
            "1 record, less than the usual 300; 80 bytes, less than the usual 9,000 (of the last 9 deliveries)"
        )


class TestJanuary:
    """Year-to-date feeds fall back to almost nothing on January 1, and nobody is alarmed."""

    @staticmethod
    def ytd(day: date, lag: int = 2) -> Volume:
        """A year-to-date answer as captured on ``day``."""
        last = day - timedelta(days=lag)
        records = (last - date(last.year, 1, 1)).days + 1 if last.year == day.year else 0
        return Volume(
            size=60 + 35 * records, records=records, data_min=f"{day.year}-01-01" if records else None
        )

    def test_two_years_of_daily_answers_raise_no_alarm(self):
        days = [date(2024, 1, 1) + timedelta(days=n) for n in range(800)]
        past: list[Volume] = []
        for day in days:
            now = self.ytd(day)
            assert not told(now, past[::-1][:RECENT], day), day
            past.append(now)

    def test_a_cut_answer_in_summer_does(self):
        past = [self.ytd(DAY - timedelta(days=n)) for n in range(1, 21)]
        cut = Volume(size=900, records=24, data_min="2025-05-18")
        assert told(cut, past)

    def test_a_lost_beginning_of_the_year_does(self):
        past = [self.ytd(DAY - timedelta(days=n)) for n in range(1, 21)]
        assert told(Volume(size=900, records=24, data_min="2025-01-01"), past)

    def test_a_new_window_is_compared_again_when_it_has_a_history(self):
        past = [Volume(size=10_000, records=10, data_min="2025-01-01")] * LEAST
        past += [Volume(size=90_000, records=365, data_min="2024-01-01")] * 15
        assert told(Volume(size=100, records=1, data_min="2025-01-01"), past, date(2025, 1, 20))
        assert not told(Volume(size=100, records=1, data_min="2025-01-01"), past[1:], date(2025, 1, 20))


@given(st.lists(st.integers(1, 10**12), max_size=30), st.integers(1, 10**12), st.integers(0, 10**9))
def test_it_never_fails_and_never_tells_of_what_was_there_twice(sizes: list[int], size: int, records: int):
    told(Volume(size=size, records=records), of(*sizes))
    assert not told(Volume(size=size, records=None), of(size, size, *sizes))
