"""Forecast: a date only when there is one, and never a silly one."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.health.forecast import FURTHEST, Outlook, forecast

TODAY = date(2026, 11, 25)
GB = 10**9


class TestGrowing:
    def test_steady_growth_ends_on_the_day_that_division_gives(self):
        found = forecast([2 * GB] * 60, usable=100 * GB, today=TODAY)
        assert found.outlook is Outlook.FILLING
        assert found.full_on == found.earliest == found.latest == TODAY + timedelta(days=50)
        assert found.bytes_per_day == 2 * GB

    def test_weekly_deliveries_grow_as_much_as_daily_ones_of_the_same_size(self):
        weekly = [0, 0, 0, 14 * GB, 0, 0, 0] * 8
        assert forecast(weekly, usable=100 * GB, today=TODAY).full_on == TODAY + timedelta(days=50)

    def test_monthly_deliveries_are_growth_too(self):
        monthly = ([0] * 27 + [28 * GB]) * 3
        found = forecast(monthly, usable=100 * GB, today=TODAY)
        assert found.outlook is Outlook.FILLING
        assert TODAY + timedelta(days=60) < found.full_on < TODAY + timedelta(days=200)

    def test_rare_deliveries_are_not_earlier_than_the_usual_ones(self):
        found = forecast(([0] * 41 + [28 * GB]) * 2, usable=100 * GB, today=TODAY)
        assert found.outlook is Outlook.FILLING
        assert found.earliest == found.full_on

    def test_one_import_does_not_bend_the_trend(self):
        usual = [GB] * 56
        imported = [*usual[:30], 5000 * GB, *usual[31:]]
        expected = forecast(usual, usable=100 * GB, today=TODAY)
        found = forecast(imported, usable=100 * GB, today=TODAY)
        assert (found.full_on, found.latest) == (expected.full_on, expected.latest)

    def test_an_outage_of_two_weeks_does_not_bend_it_either(self):
        found = forecast([*[GB] * 42, *[0] * 14], usable=100 * GB, today=TODAY)
        assert found.full_on == TODAY + timedelta(days=100)
        assert found.latest is None or found.latest > found.full_on

    def test_what_happened_long_ago_counts_no_more(self):
        found = forecast([*[50 * GB] * 100, *[GB] * 84], usable=100 * GB, today=TODAY)
        assert found.full_on == TODAY + timedelta(days=100)

    def test_uneven_weeks_give_a_span(self):
        found = forecast(([GB] * 7 + [3 * GB] * 7) * 4, usable=200 * GB, today=TODAY)
        assert found.earliest < found.full_on < found.latest
        assert str(found.full_on) in found.sentence
        assert str(found.latest) in found.sentence


class TestFlat:
    def test_a_zone_that_adds_nothing_is_never_full(self):
        found = forecast([0] * 60, usable=100 * GB, today=TODAY)
        assert (found.outlook, found.full_on, found.bytes_per_day) == (Outlook.STEADY, None, 0)

    def test_nor_is_one_that_had_a_single_import(self):
        assert forecast([*[0] * 30, 5000 * GB, *[0] * 30], usable=GB, today=TODAY).outlook is Outlook.STEADY

    def test_a_date_in_the_next_century_is_not_named(self):
        found = forecast([1.0] * 60, usable=100 * GB, today=TODAY)
        assert (found.outlook, found.full_on) == (Outlook.DISTANT, None)
        assert "ten years" in found.sentence


class TestShrinkingFreeSpace:
    def test_less_free_space_is_full_sooner(self):
        days = [forecast([GB] * 30, usable=free * GB, today=TODAY).full_on for free in (90, 40, 10, 1)]
        assert days == [TODAY + timedelta(days=free) for free in (90, 40, 10, 1)]

    def test_less_than_a_day_is_today(self):
        assert forecast([GB] * 30, usable=GB // 2, today=TODAY).full_on == TODAY

    def test_nothing_left_is_full_whatever_is_known(self):
        for added in ([], [GB] * 60, [0] * 60):
            assert forecast(added, usable=0, today=TODAY).outlook is Outlook.FULL
            assert forecast(added, usable=-5, today=TODAY).full_on is None


class TestNotEnough:
    def test_fewer_than_four_weeks_say_so(self):
        for known in (0, 1, 27):
            found = forecast([GB] * known, usable=100 * GB, today=TODAY)
            assert (found.outlook, found.full_on) == (Outlook.UNKNOWN, None)
            assert f"not enough history for a forecast ({known} of 28 whole days)" in found.sentence

    def test_four_weeks_are_enough(self):
        assert forecast([GB] * 28, usable=100 * GB, today=TODAY).outlook is Outlook.FILLING


@given(
    added=st.lists(st.integers(min_value=0, max_value=10**13), max_size=120),
    usable=st.integers(min_value=-(10**12), max_value=10**15),
)
def test_whatever_the_history_its_dates_are_in_order_and_within_ten_years(added, usable):
    found = forecast(added, usable=usable, today=TODAY)
    assert found.sentence
    assert (found.full_on is not None) == (found.outlook is Outlook.FILLING)
    if found.full_on:
        assert TODAY <= found.earliest <= found.full_on <= TODAY + timedelta(days=FURTHEST)
        assert found.latest is None or found.full_on <= found.latest <= TODAY + timedelta(days=FURTHEST)


@given(
    added=st.lists(st.integers(min_value=0, max_value=10**10), min_size=28, max_size=84),
    usable=st.integers(min_value=1, max_value=10**12),
    less=st.integers(min_value=0, max_value=10**11),
)
def test_losing_free_space_never_puts_the_end_off(added, usable, less):
    before = forecast(added, usable=usable, today=TODAY).full_on
    after = forecast(added, usable=usable - less, today=TODAY)
    if before:
        assert after.outlook is Outlook.FULL or after.full_on <= before
