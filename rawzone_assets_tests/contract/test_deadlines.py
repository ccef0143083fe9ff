"""Deadlines: when a delivery is due and when it is late, on feeds that do not come every day."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.deadlines import due_at, is_missed, longest_wait, overdue_at
from rawzone_assets.contract.feed import EVERY_DAY, WORKING_DAYS, Cadence

ZONE = "America/Los_Angeles"
DAY = timedelta(days=1)


def cadence(days: float = 1, weekdays=WORKING_DAYS, grace: timedelta | None = timedelta(0)) -> Cadence:
    return Cadence(
        every=timedelta(days=days), lag_days=1, stale_after_days=4, grace=grace, weekdays=frozenset(weekdays)
    )


def local(day: int, hour: int = 9) -> datetime:
    """June 2025 in Los Angeles; the 2nd is a Monday."""
    return datetime(2025, 6, day, hour, tzinfo=ZoneInfo(ZONE))


class TestDue:
    @pytest.mark.parametrize(("captured", "due"), [(2, 3), (5, 6), (6, 9)])
    def test_a_feed_of_working_days_is_due_on_the_next_one(self, captured, due):
        assert due_at(cadence(), local(captured), ZONE) == local(due)

    def test_its_days_are_those_of_the_place_where_it_is_read(self):
        """Friday evening in Los Angeles is no weekend, whatever UTC says."""
        assert due_at(cadence(), local(6, 20), ZONE) == local(9, 20)

    def test_a_weekly_feed_is_due_a_week_later_however_many_days_it_skips(self):
        assert due_at(cadence(7), local(4), ZONE) == local(11)

    def test_a_late_delivery_does_not_put_off_the_next(self):
        mondays = cadence(7, weekdays={1})
        assert due_at(mondays, local(3), ZONE) == local(9)

    def test_a_feed_of_every_day_is_due_after_that_time_and_no_zone_is_asked(self):
        assert due_at(cadence(1.5, EVERY_DAY), local(6), "no/zone") == local(6) + timedelta(days=1.5)

    def test_the_hour_stays_the_hour_when_clocks_change(self):
        friday = datetime(2025, 3, 7, 9, tzinfo=ZoneInfo(ZONE))
        assert due_at(cadence(), friday, ZONE).astimezone(ZoneInfo(ZONE)) == datetime(
            2025, 3, 10, 9, tzinfo=ZoneInfo(ZONE)
        )


class TestGrace:
    @pytest.mark.parametrize(
        ("every", "grace"),
        [(0.25, timedelta(hours=12)), (7, timedelta(days=1, hours=18)), (31, timedelta(days=7))],
    )
    def test_is_a_quarter_of_the_cadence_when_nothing_is_said(self, every, grace):
        assert cadence(every, grace=None).patience == grace

    def test_does_not_end_on_a_day_on_which_nothing_comes(self):
        assert overdue_at(cadence(grace=timedelta(hours=20)), local(5), ZONE) == local(9, 5)


class TestMissed:
    """A day is over when it is asked about: what was due on it has not come."""

    @pytest.mark.parametrize(
        ("days", "grace", "first_missed"),
        [(0, 0, 3), (1, 0, 3), (7, 0, 9), (1, 1, 4), (1, 4, 9)],
        ids=["hourly", "daily", "weekly", "with a day's grace", "whose grace ends on a Saturday"],
    )
    def test_a_feed_is_missed_from_the_day_on_which_its_grace_ends(self, days, grace, first_missed):
        rhythm = cadence(max(days, 1 / 24), grace=timedelta(days=grace))
        last = date(2025, 6, 2)
        missed = [day for day in range(2, 20) if is_missed(rhythm, last=last, day=date(2025, 6, day))]
        assert missed == list(range(first_missed, 20))


@pytest.mark.parametrize(
    ("weekdays", "silent"), [(EVERY_DAY, 0), (WORKING_DAYS, 2), ({1, 2}, 5), ({4}, 6)], ids=str
)
def test_the_longest_wait_skips_the_silent_days_twice(weekdays, silent):
    """Once when the delivery is due on one of them, and once when its grace ends there."""
    assert longest_wait(cadence(3, weekdays, grace=DAY)) == (3 + 1 + 2 * silent) * DAY


class TestDeclared:
    @pytest.mark.parametrize("weekdays", [set(), {0}, {1, 8}])
    def test_weekdays_must_be_some_of_seven(self, weekdays):
        with pytest.raises(ValueError, match="are not some of"):
            cadence(weekdays=weekdays)

    def test_a_grace_cannot_be_negative(self):
        with pytest.raises(ValueError, match="negative"):
            cadence(grace=-DAY)


_CADENCES = st.builds(
    cadence,
    st.integers(1, 40),
    st.frozensets(st.integers(1, 7), min_size=1),
    st.none() | st.timedeltas(timedelta(0), timedelta(days=10)),
)


class TestAlways:
    @given(_CADENCES, st.integers(0, 2 * 365 * 24 * 60))
    def test_deadlines_are_in_order_on_days_of_the_feed_and_within_the_longest_wait(self, rhythm, minutes):
        captured = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
        due, late = due_at(rhythm, captured, ZONE), overdue_at(rhythm, captured, ZONE)
        assert due <= late
        # An hour, because a clock change may fall between.
        assert late - captured <= longest_wait(rhythm) + timedelta(hours=1)
        if rhythm.weekdays != EVERY_DAY:
            assert due.astimezone(ZoneInfo(ZONE)).isoweekday() in rhythm.weekdays
            assert late.astimezone(ZoneInfo(ZONE)).isoweekday() in rhythm.weekdays

    @given(_CADENCES, st.dates(date(2024, 1, 1), date(2026, 1, 1)))
    def test_a_feed_missed_once_is_missed_until_it_comes(self, rhythm, last):
        missed = [is_missed(rhythm, last=last, day=last + n * DAY) for n in range(120)]
        assert missed == sorted(missed)
        assert not missed[0]
        assert missed[-1]
