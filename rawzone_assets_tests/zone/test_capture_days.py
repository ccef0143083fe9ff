"""Days: 'before it in the same session the default 7-day answer', 'wrong range when the picker failed'."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.modes import Mode
from rawzone_assets.health.status import read_status
from rawzone_assets.platforms import all_platforms, find_feed
from rawzone_assets.zone.capture_days import day_findings
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

FEED = find_feed("social_media/linktree")
NOON = datetime(2025, 6, 12, 20, tzinfo=UTC)


class Sessions:
    """One zone, and an extractor that saves the answers of Linktree's analytics page."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.landing = home / "landing" / "linktree" / "analytics"
        self.landing.mkdir(parents=True)

    def save(self, *counts: int, day: date = date(2025, 6, 12), hour: int = 7) -> None:
        """Save an answer about so many days each, one after the other, and promote what has come."""
        for number, count in enumerate(counts):
            days = [day - timedelta(days=back) for back in range(count)]
            rows = [{"date": f"{of}", "totalViews": 2, "totalClicks": 3} for of in days]
            totals = {"totalViews": 2 * count, "totalClicks": 3 * count, "clickThroughRate": 1.5}
            overview = totals | {"timeToClick": hour, "timeseries": rows}
            answer = {"data": {"getAccountAnalytics": {"overview": overview}}}
            path = self.landing / f"graphql_{day:%Y%m%d}_{hour:02}0000_{number:06}.json"
            path.write_text(json.dumps(answer))
        with self.zone() as zone:
            outcome = promote(zone, zone.survey(all_platforms(), settle=0).ready, judge=judge, run_id="test")
        assert not [finding for receipt in outcome.receipts for finding in receipt.findings if counts[0]]

    def zone(self) -> Zone:
        return Zone(Settings.from_environment({"RAWZONE_RESERVE": "0"}, home=self.home), clock=lambda: NOON)

    def told(self, feed=FEED) -> list[str]:
        with self.zone() as zone:
            zone.index.catch_up()
            found = list(day_findings(feed, [entry.receipt for entry in zone.index.entries(feeds=[feed.id])]))
        assert all((each.code, each.blocking) == ("RZ-SHORT-RANGE", False) for _, each in found)
        assert all(each.check == "date_consistency" for _, each in found)
        return [each.message for _, each in found]


@pytest.fixture
def sessions(tmp_path) -> Sessions:
    return Sessions(tmp_path)


class TestASession:
    @pytest.mark.parametrize("counts", [(7, 365), (7, 28), (365,), (365, 7), (7, 7, 90)])
    def test_with_a_long_answer_has_no_finding_at_all(self, sessions, counts):
        sessions.save(*counts)
        assert sessions.told() == []

    @pytest.mark.parametrize("counts", [(7,), (7, 27), (7, 7)])
    def test_without_one_is_told_by_what_its_longest_covers(self, sessions, counts):
        sessions.save(*counts)
        covered = f"the longest answer captured on 2025-06-12 covers {max(counts)} days"
        assert sessions.told() == [f"{covered}, where one of a session has 28 or more"]

    def test_is_told_no_longer_once_the_long_answer_has_come(self, sessions):
        sessions.save(7)
        assert len(sessions.told()) == 1
        sessions.save(7, 365)
        assert sessions.told() == []

    def test_is_made_good_by_another_of_its_day_but_not_of_the_next(self, sessions):
        sessions.save(7, day=date(2025, 6, 10))
        sessions.save(7, day=date(2025, 6, 11))
        sessions.save(7, 365, day=date(2025, 6, 11), hour=9)
        assert [message[:37] for message in sessions.told()] == ["the longest answer captured on 2025-0"]
        assert "2025-06-10" in sessions.told()[0]

    def test_of_nothing_but_an_empty_answer_is_told_by_that(self, sessions):
        sessions.save(0)
        assert sessions.told() == []

    def test_is_not_told_when_the_feed_is_to_keep_silent_about_it(self, sessions):
        sessions.save(7)
        assert sessions.told(replace(FEED, modes={"RZ-SHORT-RANGE": Mode.SHADOW})) == []

    def test_is_in_the_status_for_two_weeks(self, sessions):
        sessions.save(7, day=date(2025, 5, 20))
        sessions.save(7)
        with sessions.zone() as zone:
            (status,) = [feed for feed in read_status(zone, all_platforms()).feeds if feed.feed == FEED.id]
        (sentence,) = status.incomplete
        assert sentence.startswith("the longest answer captured on 2025-06-12 covers 7 days")


def test_feeds_whose_answers_may_be_short_have_no_short_days(sessions):
    sessions.save(7)
    with sessions.zone() as zone:
        zone.index.catch_up()
        receipts = [entry.receipt for entry in zone.index.entries()]
    assert list(day_findings(find_feed("tiktok/analytics"), receipts)) == []
