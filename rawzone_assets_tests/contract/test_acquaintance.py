"""Acquaintance: another account's answer under this one's name is told, growth and takedowns are not."""

from __future__ import annotations

import json
import struct
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, date, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.acquaintance import MOST, Named, acquaintance_findings, names_kept
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture, Judgement
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.restatement import restatement_findings
from rawzone_assets.platforms import find_feed

SONGS = Named(by="id", what="song")
DAY = date(2025, 6, 12)


def kept(numbers: Iterable[int], named: Named = SONGS) -> dict[str, str]:
    return dict(names_kept(named, [f"song {number}" for number in numbers]))


def messages(now: dict[str, str], *past: dict[str, str]) -> list[str]:
    return [finding.message for finding in acquaintance_findings(now, past)]


def judged(feed_id: str, name: str, data: str) -> Judgement:
    feed = find_feed(feed_id)
    assert feed
    capture = Capture(name=name, day=DAY, captured_at=datetime(2025, 6, 12, 17, tzinfo=UTC))
    return judge(feed, BytesContent(data.encode()), capture)


class TestStrangers:
    def test_nothing_in_common_is_told(self):
        assert messages(kept(range(9)), kept(range(20, 29))) == ["no song in it was in the delivery before it"]
        assert messages(kept(range(90)), kept(range(200, 290)), kept(range(300, 390))) == [
            "no song in it was in any of the 2 deliveries before it"
        ]

    def test_too_few_that_both_would_have_kept_tell_nothing(self):
        def digested(*digests: int) -> dict[str, str]:
            packed = b64encode(struct.pack(f">{len(digests)}I", *digests)).decode()
            return {"named": packed, "named_what": "song", "named_least": "3"}

        others = digested(*range(10, 10 + MOST))
        assert messages(digested(1, 2, *range(1_000, 998 + MOST)), others) == []
        assert messages(digested(1, 2, 3, *range(1_000, 997 + MOST)), others) != []
        even, odd = range(0, 2 * MOST, 2), range(1, 2 * MOST - 2, 2)
        assert messages(digested(*even), digested(*odd, even[-1])) == []

    def test_what_is_no_text_names_nothing(self):
        assert names_kept(SONGS, ["", None, 7, "a", True, "b", {}, "c"]) == names_kept(SONGS, ["a", "b", "c"])
        assert names_kept(SONGS, ["", "a", "b", "b"]) == {}

    def test_one_acquaintance_among_the_recent_ones_is_enough(self):
        """Two accounts that land in turns know each other, and an account renamed is told once."""
        assert messages(kept(range(9)), kept(range(20, 29)), kept([*range(40, 48), 3])) == []

    @pytest.mark.parametrize(
        ("now", "before"),
        [
            (range(14), range(12)),  # growth
            (range(2, 14), range(14)),  # a takedown
            (range(300), range(3)),  # a catalogue bought
            (range(3), range(300)),  # a filter
            (range(50), range(25, 75)),  # half of it is new
            (range(8), range(7, 15)),  # one is left
        ],
    )
    def test_what_was_there_before_is_known(self, now, before):
        assert messages(kept(now), kept(before)) == []

    def test_fewer_than_three_are_not_compared(self):
        assert kept([1, 2]) == {}
        assert messages({}, kept(range(9))) == []
        assert messages(kept(range(9))) == []

    def test_one_account_may_be_enough(self):
        named = Named(by="link", what="account", pattern=r"/@([^/?]+)/", least=1)
        mine, theirs = (names_kept(named, [f"https://x/@{who}/video/{n}" for n in (1, 2)]) for who in "ab")
        assert messages(dict(mine), dict(theirs)) == ["no account in it was in the delivery before it"]
        assert messages(dict(mine), dict(mine)) == []

    def test_other_things_are_not_compared(self):
        campaigns = Named(by="campaign_id", what="campaign")
        assert messages(kept(range(9)), kept(range(20, 29), campaigns)) == []

    @given(st.sets(st.integers(0, 400), max_size=200), st.sets(st.integers(0, 400), max_size=200))
    def test_what_is_told_is_true_of_small_deliveries_and_of_what_is_looked_at_in_large_ones(
        self, mine, theirs
    ):
        told = messages(kept(mine), kept(theirs))
        if told and len(mine) < MOST and len(theirs) < MOST:
            assert not mine & theirs
        if mine and mine == theirs:
            assert not told

    def test_what_is_kept_is_small_and_holds_no_name(self):
        diary = kept(range(5_000))
        assert len(orjson.dumps(diary)) <= 190
        assert "song 1" not in json.dumps(diary)

    def test_it_is_no_diary_of_days(self):
        assert list(restatement_findings(kept(range(9)), [kept(range(9))])) == []
        days = {"from": "2025-06-01", "of": "abcd", "days": "AAAA"}
        assert list(restatement_findings(days, [kept(range(9)), days])) == []
        assert list(restatement_findings({**days, **kept(range(9))}, [{**days, **kept(range(9))}])) == []


class TestFeeds:
    """Each kind of file that says whose it is by nothing but what it names."""

    def dump(self, first: int) -> str:
        return json.dumps([{"id": str(10**17 + first + n), "name": "A", "status": "PAUSED"} for n in range(4)])

    def insights(self, first: int) -> str:
        rows = [
            {"campaign_id": str(10**17 + first + n), "date_start": "2025-05-01", "date_stop": "2025-06-12"}
            | {"impressions": "900", "spend": "4.10", "clicks": "3", "reach": "700", "age": "18-24"}
            for n in range(4)
        ]
        return json.dumps(rows)

    def daily(self, first: int) -> str:
        header = "date,campaign_id,campaign_name,adset_id,reach,cpc,spend_usd,clicks,impressions"
        rows = [
            f"2025-06-{day:02},{10**17 + first + n},A,,9.0,0.1,0.2,2,10,{{}},True"
            for day in range(1, 13)
            for n in range(4)
        ]
        return "\n".join([f"{header},meta_pixel_events,is_active", *rows])

    def videos(self, first: int) -> str:
        header = "Time,Video title,Video link,Post time,Total likes,Total comments,Total shares,Total views"
        link = f"https://www.tiktok.com/@artist.{first}/video/75000000000000000"
        return "\n".join([header, *(f"June 9,,{link}{first + n},June 8,9,1,1,40" for n in range(3))])

    def songs(self, first: int) -> str:
        songs = [
            {"id": f"song{first + n}", "trackName": "A", "numStreams": "9", "numListeners": "3"}
            for n in range(4)
        ]
        return json.dumps({"data": {"songs": songs}})

    def song_table(self, first: int) -> str:
        rows = [f"Song {first + n},3,9,1,2024-01-01" for n in range(4)]
        return "\n".join(["song,listeners,streams,saves,release_date", *rows])

    @pytest.mark.parametrize(
        ("feed", "name", "make"),
        [
            ("metaads/campaigns", "campaigns_20250612.json", "dump"),
            ("metaads/campaigns", "insights_20250612.json", "insights"),
            ("metaads/audience", "audience_insights_20250612.json", "insights"),
            ("metaads/daily", "metaads_campaign_daily_20250612.csv", "daily"),
            ("tiktok/videos", "video_performance_20250612.csv", "videos"),
            ("social_media/spotify", "spotify_songs_4xExampleArtist0000001_28day_20250612.json", "songs"),
            ("social_media/spotify", "spotify_songs_4xExampleArtist0000001_28day_20250612.csv", "song_table"),
        ],
    )
    def test_another_accounts_answer_is_told(self, feed, name, make):
        mine, later, theirs = (
            judged(feed, name, getattr(self, make)(first)).facts.diary for first in (1, 1, 500)
        )
        assert all((mine, later, theirs))
        assert list(acquaintance_findings(later, [mine])) == []
        (finding,) = acquaintance_findings(theirs, [mine])
        assert (finding.code, finding.blocking) == ("RZ-ALL-STRANGERS", False)
