"""Retention: three ages, and a policy that says where they end, nearest first."""

import tomllib
from datetime import UTC, datetime, timedelta

import pytest

from rawzone_assets.contract.policy import PolicyError, policy_from
from rawzone_assets.contract.retention import Age, Retention

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def ages(retention, *days):
    return [str(retention.age(NOW - timedelta(days=count), NOW)) for count in days]


class TestAges:
    """Recent data (last 90 days), historical data (1-2 years), and older data, which is due for the archive."""

    def test_are_those_of_the_specification(self):
        assert ages(Retention(), 0, 89, 90, 729, 730) == ["recent", "recent", "medium", "medium", "due"]

    def test_nothing_below_the_minimum_age_is_due_however_the_rest_is_set(self):
        short = Retention(recent_days=5, hot_days=1, minimum_age_days=20)
        assert ages(short, 4, 19, 20) == ["recent", "recent", "due"]
        assert short.due_days == 20

    def test_what_lies_in_the_future_is_recent(self):
        assert Retention().age(NOW + timedelta(days=2), NOW) is Age.RECENT


class TestThePolicy:
    """What is said nearest to a feed counts: for it, then for its platform, then for all."""

    POLICY = policy_from(
        tomllib.loads("""
            [retention]
            hot_days = 400
            [platforms.distrokid.retention]
            hot_days = 500
            minimum_age_days = 300
            [feeds."distrokid/sales".retention]
            hot_days = 3650
        """)
    )

    @pytest.mark.parametrize(
        ("feed", "expected"),
        [
            ("toolost/spotify", Retention(hot_days=400)),
            ("distrokid/streams", Retention(hot_days=500, minimum_age_days=300)),
            ("distrokid/sales", Retention(hot_days=3650, minimum_age_days=300)),
            ("distrokids/streams", Retention(hot_days=400)),
        ],
    )
    def test_is_applied_from_the_widest_to_the_nearest(self, feed, expected):
        assert self.POLICY.retention_of(feed) == expected

    def test_names_feeds_and_platforms_that_nobody_delivers(self):
        policy = policy_from(
            {"platforms": {"distrokid": {}, "distrokit": {}, "distro": {}}, "feeds": {"a/b": {}}}
        )
        assert policy.unknown_feeds(["distrokid/streams"]) == ("a/b", "distro", "distrokit")

    @pytest.mark.parametrize(
        "text",
        [
            "retention = 3",
            "[retention]\nhot_days = -1",
            "[retention]\nhot_days = 1.5",
            "[retention]\nhot_days = true",
            "[retention]\nhot_day = 10",
            "[retention]\nhot_days = 99999999999",
            "platforms = 1",
            "[platforms.tiktok]\nsecrets = 'flag'",
        ],
    )
    def test_that_means_nothing_is_refused(self, text):
        with pytest.raises(PolicyError):
            policy_from(tomllib.loads(text))
