"""Proportions: a part that is above its whole in every row is told; what happens to sound exports is not."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture, Judgement
from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import find_feed

DAY = date(2025, 6, 12)
SPOTIFY = "spotify_audience_4xExampleArtist0000001_20250612.csv"
TOLD = "RZ-PART-ABOVE-WHOLE"


def judged(feed_id: str, name: str, data: bytes | str) -> Judgement:
    feed = find_feed(feed_id)
    assert feed
    content = data.encode() if isinstance(data, str) else data
    capture = Capture(name=name, day=DAY, captured_at=datetime(2025, 6, 12, 17, tzinfo=UTC))
    return judge(feed, BytesContent(content), capture)


def codes(feed_id: str, name: str, data: bytes | str) -> list[str]:
    return [finding.code for finding in judged(feed_id, name, data).findings]


def timeline(*figures: tuple[int, int]) -> str:
    """Days of so many listeners and streams, up to the day before the capture."""
    first = DAY.toordinal() - len(figures)
    days = (
        f"{date.fromordinal(first + n)},{listeners},{streams},5"
        for n, (listeners, streams) in enumerate(figures)
    )
    return "\n".join(["date,listeners,streams,followers", *days])


class TestColumns:
    """Cells of two columns that have changed places: every number is sound, and none of them true."""

    def test_more_listeners_than_streams_in_every_row_are_told(self):
        (finding,) = judged("social_media/spotify", SPOTIFY, timeline(*[(30, 10)] * 48)).findings
        assert (finding.code, finding.blocking) == (TOLD, False)
        assert finding.message == (
            "'listeners' is more than 'streams', of which it is part, in each of 16 rows looked at"
        )

    def test_one_row_that_is_sound_is_enough(self):
        assert codes("social_media/spotify", SPOTIFY, timeline((30, 10), (30, 10), (5, 10), (30, 10))) == []

    def test_fewer_than_three_rows_say_nothing(self):
        assert codes("social_media/spotify", SPOTIFY, timeline((3, 1), (3, 1))) == []
        assert codes("social_media/spotify", SPOTIFY, timeline((3, 1), (2, 2), (3, 1), (3, 1))) == [TOLD]

    @pytest.mark.parametrize(
        ("name", "header", "row"),
        [
            (
                "tiktok_analytics_20250612.csv",
                "Date,Video Views,Profile Views,Likes,Comments,Shares",
                "4,9,50,0,0",
            ),
            ("tiktok_viewers_20250612.csv", "Date,Total Viewers,New Viewers,Returning Viewers", "4,9,3"),
            ("tiktok_viewers_20250612.csv", "Date,Total Viewers,New Viewers,Returning Viewers", "4,3,9"),
        ],
    )
    def test_those_of_tiktok_by_day_are_known(self, name, header, row):
        feed = "tiktok/audience" if "viewers" in name else "tiktok/analytics"
        days = [f"June {day},{row}" for day in range(1, 12)]
        assert codes(feed, name, "\n".join([header, *days])) == [TOLD]

    def test_undefined_is_neither_more_nor_less(self):
        header = "Date,Total Viewers,New Viewers,Returning Viewers"
        days = [f"June {day},undefined,5,0" for day in range(1, 10)] + ["June 10,9,5,4"]
        assert codes("tiktok/audience", "tiktok_viewers_20250612.csv", "\n".join([header, *days])) == []

    def test_likes_of_videos_are_part_of_their_views(self):
        header = "Time,Video title,Video link,Post time,Total likes,Total comments,Total shares,Total views"
        link = "https://www.tiktok.com/@a/video/750000000000000000"
        rows = [f"June 9,,{link}{n},June 8,900,1,1,40" for n in range(4)]
        assert codes("tiktok/videos", "video_performance_20250612.csv", "\n".join([header, *rows])) == [TOLD]

    def test_a_click_costs_no_more_than_what_was_spent_but_for_rounding(self):
        header = (
            "date,campaign_id,campaign_name,adset_id,reach,cpc,spend_usd,clicks,impressions,"
            "meta_pixel_events,is_active"
        )
        name = "metaads_campaign_daily_20250612.csv"
        for cpc, spend, expected in (("4.2", "0.3", [TOLD]), ("0.004", "0.0", []), ("0.3", "0.3", [])):
            rows = [
                f"2025-06-{day:02},120210000000000001,A,,90.0,{cpc},{spend},1,100,{{}},True"
                for day in range(1, 13)
            ]
            assert codes("metaads/daily", name, "\n".join([header, *rows])) == expected

    def test_a_daily_report_without_impressions_is_told(self):
        header = "date,campaign_id,campaign_name,adset_id,reach,cpc,spend_usd,clicks,impressions"
        row = "2025-06-12,120210000000000001,A,,0.0,0.0,0.0,0,0,{},True"
        data = f"{header},meta_pixel_events,is_active\n{row}"
        assert codes("metaads/daily", "metaads_campaign_daily_20250612.csv", data) == ["RZ-ALL-ZERO"]


class TestRecords:
    def insights(self, count: int = 5, **members: Any) -> str:
        sound = {"impressions": "900", "clicks": "30", "spend": "4.10", "reach": "700", "cpc": "0.136667"}
        return json.dumps(
            [
                {"campaign_id": str(10**17 + n), "date_start": "2025-05-01", "date_stop": "2025-06-12"}
                | sound
                | members
                for n in range(count)
            ]
        )

    @pytest.mark.parametrize(
        ("members", "expected"),
        [
            ({}, []),
            ({"clicks": "900", "impressions": "30", "reach": "20"}, [TOLD]),
            ({"reach": "950"}, [TOLD]),
            ({"spend": "0.136667", "cpc": "4.10"}, [TOLD]),
            ({"cpc": None}, []),
        ],
    )
    def test_those_of_insights_are_known(self, members, expected):
        assert codes("metaads/campaigns", "insights_20250612.json", self.insights(**members)) == expected

    def test_insights_are_of_what_was_shown(self):
        nothing = {"impressions": "0", "clicks": "0", "spend": "0", "reach": "0", "cpc": None}
        assert codes("metaads/campaigns", "insights_20250612.json", self.insights(**nothing)) == ["RZ-ALL-ZERO"]

    def test_two_campaigns_say_nothing(self):
        assert codes("metaads/campaigns", "insights_20250612.json", self.insights(2, reach="950")) == []

    def test_a_figure_that_is_refused_is_told_for_that_alone(self):
        data = self.insights(clicks="901").replace('"901"', '"many"', 1)
        assert codes("metaads/campaigns", "insights_20250612.json", data) == ["RZ-VALUE-TYPE"]

    def test_songs_have_no_more_listeners_than_streams(self):
        songs = [
            {
                "id": f"5xExampleTrack000000{n:02d}",
                "trackName": "A",
                "numStreams": "20",
                "numListeners": "30",
            }
            for n in range(3)
        ]
        name = "spotify_songs_4xExampleArtist0000001_28day_20250612.json"
        assert TOLD in codes("social_media/spotify", name, json.dumps({"songs": songs}))
