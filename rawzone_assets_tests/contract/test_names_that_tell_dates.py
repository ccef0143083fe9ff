"""Names that tell their date otherwise than by a stamp."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rawzone_assets.contract.naming import Recognized, Unrecognized, recognize
from rawzone_assets.contract.stamps import first_day
from rawzone_assets.platforms import all_platforms


def feed_and_capture(path, sidecar_time=None):
    found = recognize(path, all_platforms(), sidecar_time)
    assert isinstance(found, Recognized), found
    return found.feed.id, found.capture


class TestMonths:
    """'`@MM-YYYY-<n>.csv`: the month's report becomes available after the month.'"""

    @pytest.mark.parametrize(
        ("name", "day"),
        [
            ("@05-2025-70799.csv", date(2025, 6, 1)),
            ("@12-2024-1.csv", date(2025, 1, 1)),
            ("@01-2024-99.csv", date(2024, 2, 1)),
        ],
    )
    def test_the_first_day_after_the_month_counts_as_captured(self, name, day):
        feed, capture = feed_and_capture(f"toolost/{name}")
        assert (feed, capture.name, capture.day) == ("toolost/sales", name, day)
        assert capture.captured_at.date() == day  # midnight in Los Angeles

    def test_a_sidecar_changes_nothing(self):
        late = datetime(2025, 8, 3, tzinfo=UTC)
        assert feed_and_capture("toolost/@05-2025-70799.csv", late)[1].day == date(2025, 6, 1)

    @pytest.mark.parametrize("name", ["@13-2025-1.csv", "@00-2025-1.csv", "@05-9999-1.csv", "@05-0001-1.csv"])
    def test_a_month_of_no_calendar_is_no_date(self, name):
        found = recognize(f"toolost/{name}", all_platforms())
        assert isinstance(found, Unrecognized)
        assert found.finding.code == "RZ-NO-DATE"

    @pytest.mark.parametrize("name", ["@5-2025-1.csv", "@05-2025.csv", "05-2025-1.csv", "@05-2025-1.csv.csv"])
    def test_other_names_belong_to_no_feed(self, name):
        found = recognize(f"toolost/{name}", all_platforms())
        assert isinstance(found, Unrecognized)
        assert found.finding.code == "RZ-UNKNOWN-NAME"


class TestEpochs:
    """'`Overview_<first day>_<epoch>_<handle>.zip`: the epoch (UTC) falls on the last day.'"""

    def test_the_epoch_dates_the_capture_in_utc(self):
        name = "Overview_2026-09-25_1790891174_some.artist_x-1.zip"
        feed, capture = feed_and_capture(f"tiktok/analytics/{name}")
        assert feed == "tiktok/analytics"
        assert capture.captured_at == datetime(2026, 10, 1, 21, 46, 14, tzinfo=UTC)
        assert capture.day == date(2026, 10, 1)
        assert first_day(name) == date(2026, 9, 25)

    def test_late_in_the_evening_of_los_angeles_it_is_the_next_day_already(self):
        _, capture = feed_and_capture("tiktok/Overview_2025-06-01_1749700800_a.zip")
        assert capture.day == date(2025, 6, 12)

    def test_a_first_day_of_no_calendar_is_no_date(self):
        found = recognize("tiktok/Overview_2025-02-30_1749700800_a.zip", all_platforms())
        assert isinstance(found, Unrecognized)
        assert found.finding.code == "RZ-NO-DATE"

    @pytest.mark.parametrize(
        "name",
        [
            "Overview_2025-06-01.zip",
            "spotify_audience_2025-06-01_20250612.csv",
            "streams_stats_20250612.html",
            "a_2025-99-99_1749700800_b",
        ],
    )
    def test_other_names_tell_no_first_day(self, name):
        assert first_day(name) is None


class TestWildNames:
    @pytest.mark.parametrize(
        ("path", "feed", "stored"),
        [
            (
                "spotify/spotify_audience_4xExampleArtist0000001_20250704_070222.csv",
                "social_media/spotify",
                None,
            ),
            ("social_media/spotify/spotify_audience_20250616_101112.csv", "social_media/spotify", None),
            (
                "spotify/spotify_songs_4xExampleArtist0000001_28day_20250704_070222.json",
                "social_media/spotify",
                None,
            ),
            ("social_media/spotify/artist_metrics_20240522.json", "social_media/spotify", None),
            ("distrokid/streams/applemusic_stats_20250522_085156.html", "distrokid/apple_music", None),
            ("tiktok/analytics/tiktok_analytics_20240522.json", "tiktok/analytics", None),
            ("tiktok/videos/video_performance_20240522.csv", "tiktok/videos", None),
            ("tiktok/tiktok_activity_20240522_101010.csv", "tiktok/audience", None),
            ("tiktok/tiktok_trends_20240522.json", "tiktok/trends", None),
        ],
    )
    def test_names_lead_to_their_feeds(self, path, feed, stored):
        found, capture = feed_and_capture(path)
        assert found == feed
        assert capture.name == (stored or path.rpartition("/")[2])

    def test_a_browser_s_default_name_needs_a_sidecar(self):
        assert isinstance(recognize("tiktok/Overview.csv", all_platforms()), Unrecognized)
        _, capture = feed_and_capture("tiktok/Overview.csv", datetime(2025, 6, 12, 18, tzinfo=UTC))
        assert capture.name == "Overview_20250612_110000.csv"
