"""Consistency: for each capture day, which feeds are missing or out of step in data time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import WORKING_DAYS, Cadence, Facts
from rawzone_assets.contract.judging import judge
from rawzone_assets.health.consistency import Arrival, Day, assess, consistency_of
from rawzone_assets.platforms import all_feeds, all_platforms, find_feed
from rawzone_assets.samples import write_landing
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone.tiny_platform import NOTES, LandingFolder, Tiny, open_zone, promote_all

FIRST = date(2025, 6, 1)
DAILY = replace(
    find_feed("toolost/spotify"),
    cadence=Cadence(every=timedelta(days=1), lag_days=2, stale_after_days=5),
)
WEEKLY = replace(
    find_feed("distrokid/sales"),
    cadence=Cadence(every=timedelta(days=7), lag_days=20, stale_after_days=75),
)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def came(feed, number: int, *, lag: int = 2, accepted: int = 1, refused: int = 0) -> Arrival:
    newest = day(number - lag) if accepted else None
    return Arrival(feed=feed.id, day=day(number), accepted=accepted, refused=refused, data_max=newest)


def assessed(*arrivals: Arrival, days: int, before: dict | None = None) -> tuple[Day, ...]:
    return assess(
        [WEEKLY, DAILY],
        arrivals,
        before=before or {},
        since=FIRST,
        until=day(days - 1),
        owners={DAILY.id: "toolost", WEEKLY.id: "distrokid"},
    )


def missing(days: tuple[Day, ...], feed) -> list[int]:
    return [(d.day - FIRST).days for d in days for item in d.missing if item.feed == feed.id]


class TestMissing:
    """Expected is what the cadence makes due, from a feed's first delivery on."""

    def test_a_daily_feed_is_missing_on_each_day_without_a_delivery(self):
        days = assessed(came(DAILY, 0), came(DAILY, 1), came(DAILY, 4), days=6)
        assert missing(days, DAILY) == [2, 3, 5]
        assert [item.last for d in days for item in d.missing] == [day(1), day(1), day(4)]

    def test_a_weekly_feed_is_not_missed_on_the_days_between(self):
        days = assessed(came(WEEKLY, 0), came(WEEKLY, 7), days=10)
        assert missing(days, WEEKLY) == []

    def test_and_is_missed_once_its_grace_is_over(self):
        assert missing(assessed(came(WEEKLY, 0), days=10), WEEKLY) == [8, 9]

    def test_nobody_misses_a_feed_of_working_days_on_a_weekend(self):
        feed = replace(DAILY, cadence=replace(DAILY.cadence, weekdays=WORKING_DAYS))
        friday, tuesday = day(5), day(9)
        before = {feed.id: Arrival(feed=feed.id, day=friday, accepted=1)}
        days = assess([feed], [], before=before, since=friday + timedelta(days=1), until=tuesday)
        assert [d.day.isoweekday() for d in days if d.missing] == [1, 2]

    def test_a_feed_that_never_came_is_not_expected(self):
        assert all(d.is_consistent for d in assessed(days=10))

    def test_deliveries_before_the_range_make_it_expected(self):
        assert missing(assessed(days=2, before={DAILY.id: came(DAILY, -1)}), DAILY) == [0, 1]

    def test_a_refused_delivery_does_not_count_but_is_told(self):
        days = assessed(came(DAILY, 0), came(DAILY, 1, accepted=0, refused=2), days=2)
        assert missing(days, DAILY) == [1]
        assert days[1].missing[0].refused == 2

    def test_a_feed_of_every_few_hours_is_due_every_day(self):
        hourly = replace(DAILY, cadence=replace(DAILY.cadence, every=timedelta(hours=6)))
        days = assess([hourly], [came(hourly, 0)], before={}, since=FIRST, until=day(1))
        assert missing(days, hourly) == [1]


class TestOutOfStep:
    """Each feed has its own usual lag and tolerance."""

    @pytest.mark.parametrize(("lag", "late"), [(2, False), (5, False), (6, True), (40, True), (-1, False)])
    def test_is_what_ends_further_back_than_the_feed_tolerates(self, lag: int, *, late: bool):
        (only,) = assessed(came(DAILY, 0, lag=lag), days=1)
        assert bool(only.out_of_step) is late
        assert only.delivered == (DAILY.id,)

    def test_says_how_far_and_what_is_usual(self):
        (only,) = assessed(came(DAILY, 0, lag=9), days=1)
        (item,) = only.out_of_step
        assert (item.feed, item.lag, item.usual, item.allowed) == (DAILY.id, 9, 2, 5)
        assert item.data_max == day(-9)

    def test_forty_days_are_in_step_for_a_monthly_report(self):
        (only,) = assessed(came(WEEKLY, 0, lag=40), came(DAILY, 0), days=1)
        assert only.is_consistent

    def test_data_without_days_say_nothing(self):
        arrival = Arrival(feed=DAILY.id, day=FIRST, accepted=1)
        assert assessed(arrival, days=1)[0].is_consistent


class TestBehind:
    """'Cross-platform data must align temporally': platforms are compared with each other, not with today."""

    FAST = replace(DAILY, id="metaads/daily")

    def behind(self, *arrivals: Arrival, days: int, owners: dict) -> dict[int, str]:
        found = assess([DAILY, self.FAST], arrivals, before={}, since=FIRST, until=day(days - 1), owners=owners)
        return {(d.day - FIRST).days: item.feed for d in found for item in d.behind}

    def test_is_a_feed_whose_data_stand_while_those_of_another_platform_move_on(self):
        moving = [came(self.FAST, n) for n in range(10)]
        # A day of cadence, three of tolerance; its grace is half a day.
        found = self.behind(came(DAILY, 0), *moving, days=10, owners={DAILY.id: "a", self.FAST.id: "b"})
        assert found == dict.fromkeys(range(5, 10), DAILY.id)

    def test_feeds_of_one_platform_are_not_compared(self):
        moving = [came(self.FAST, n) for n in range(10)]
        assert not self.behind(came(DAILY, 0), *moving, days=10, owners={DAILY.id: "a", self.FAST.id: "a"})

    def test_when_all_stand_still_none_is_behind(self):
        owners = {DAILY.id: "a", self.FAST.id: "b"}
        assert not self.behind(came(DAILY, 0), came(self.FAST, 0), days=30, owners=owners)

    def test_the_usual_lag_is_no_difference(self):
        slow = replace(
            DAILY, id="metaads/daily", cadence=replace(DAILY.cadence, lag_days=20, stale_after_days=23)
        )
        arrivals = [item for n in range(6) for item in (came(DAILY, n, lag=2), came(slow, n, lag=20))]
        owners = {DAILY.id: "a", slow.id: "b"}
        days = assess([DAILY, slow], arrivals, before={}, since=FIRST, until=day(5), owners=owners)
        assert not any(d.behind for d in days)
        assert [d.common_until for d in days] == [day(n - 20) for n in range(6)]

    def test_data_ahead_of_their_capture_do_not_set_the_pace(self):
        ahead = came(self.FAST, 0, lag=-300)
        assert not self.behind(came(DAILY, 0), ahead, days=10, owners={DAILY.id: "a", self.FAST.id: "b"})
        (only,) = assess([self.FAST], [ahead], before={}, since=FIRST, until=FIRST)
        assert only.common_until == FIRST

    def test_nor_do_those_that_come_sooner_than_they_usually_do(self):
        early = came(self.FAST, 4, lag=0)
        assert not self.behind(came(DAILY, 0), early, days=5, owners={DAILY.id: "a", self.FAST.id: "b"})

    def test_an_old_delivery_that_comes_late_takes_nothing_back(self):
        days = assess([DAILY], [came(DAILY, 0), came(DAILY, 1, lag=9)], before={}, since=FIRST, until=day(1))
        assert [d.common_until for d in days] == [day(-2), day(-2)]


@pytest.fixture(scope="module")
def zone(tmp_path_factory):
    """Twelve days of every feed, of which one lost a week."""
    home = tmp_path_factory.mktemp("zone")
    for sample in write_landing(home / "landing", days=12, until=day(11), bad=False):
        if sample.feed == "toolost/analytics" and any(f"{day(n):%Y%m%d}" in sample.path for n in range(2, 12)):
            (home / "landing" / sample.path).unlink()
    with Zone(Settings.from_environment({}, home=home)) as zone:
        promote(zone, zone.survey(all_platforms(), settle=0).ready, judge=judge, run_id="test")
        yield zone


class TestOfAZone:
    def test_it_is_read_from_the_receipts(self, zone):
        days = consistency_of(zone, all_feeds(), since=FIRST, until=day(11))
        cadence = find_feed("toolost/analytics").cadence
        last = cadence.every.days + cadence.patience.days + 1
        assert missing(days, find_feed("toolost/analytics")) == list(range(last, 12))
        assert "distrokid/streams" in days[5].delivered
        assert all(not d.out_of_step for d in days)

    def test_what_came_before_the_range_is_known(self, zone):
        (only,) = consistency_of(zone, all_feeds(), since=day(11), until=day(11))
        assert [item.feed for item in only.missing] == ["toolost/analytics"]
        assert only.missing[0].last == day(1)

    def test_what_was_refused_neither_came_nor_reaches_anywhere(self, tmp_path, monkeypatch):
        def examine(_tiny, _feed, content, _capture, findings):
            text = content.read().decode()
            if text.startswith("bad"):
                findings.add(codes.JSON_SYNTAX("it starts with bad"))
            return Facts(records=1, data_max=text[-10:])

        monkeypatch.setattr(Tiny, "examine", examine)
        landing = LandingFolder(tmp_path)
        landing.put("tiny/note_20240601.txt", b"2024-05-30")
        landing.put("tiny/note_20240601_120000.txt", b"bad 2024-05-31")
        landing.put("tiny/note_20240602.txt", b"bad 2024-06-01")
        with open_zone(tmp_path) as zone:
            promote_all(zone)
            (found,) = consistency_of(zone, [NOTES], since=date(2024, 6, 4), until=date(2024, 6, 4))
        assert [item.last for item in found.missing] == [date(2024, 6, 1)]
        assert found.common_until == date(2024, 5, 30)

    @pytest.mark.parametrize("since", [1, 2, 3])
    def test_a_day_is_told_alike_wherever_the_range_begins(self, tmp_path, monkeypatch, since):
        """Neither an old delivery that came late nor data ahead of their capture change what was reached."""
        data_max = {b"ahead": "2024-06-02", b"late": "2024-05-20"}
        monkeypatch.setattr(
            Tiny,
            "examine",
            lambda _tiny, _feed, content, *_: Facts(records=1, data_max=data_max[content.read()]),
        )
        landing = LandingFolder(tmp_path)
        landing.put("tiny/note_20240601.txt", b"ahead")
        landing.put("tiny/note_20240602.txt", b"late")
        with open_zone(tmp_path) as zone:
            promote_all(zone)
            found = consistency_of(zone, [NOTES], since=date(2024, 6, since), until=date(2024, 6, 3))
        assert found[-1].common_until == date(2024, 6, 1)

    def test_nothing_was_expected_before_anything_came(self, zone):
        days = consistency_of(zone, all_feeds(), since=day(-30), until=day(-1))
        assert all(d.is_consistent and not d.delivered for d in days)
