"""``rawzone consistency``: a line for each day on which a feed was missing or out of step."""

import json
from datetime import UTC, date, datetime

WEEK = ("--since", "2025-06-09", "--until", "2025-06-20")


class TestConsistency:
    def test_days_on_which_all_came_are_consistent(self, rawzone):
        outcome = rawzone("consistency", "--since", "2025-06-09", "--until", "2025-06-10")
        assert outcome.code == 0
        assert outcome.text == "2 of 2 days from 2025-06-09 to 2025-06-10 are consistent.\n"

    def test_a_feed_that_stopped_is_missing_from_the_day_it_was_due(self, rawzone):
        outcome = rawzone("consistency", "toolost/spotify", *WEEK)
        assert outcome.code == 1
        assert outcome.text.splitlines()[0] == "2025-06-18  toolost/spotify is missing (last 2025-06-10)"

    def test_each_day_is_a_record(self, rawzone):
        records = rawzone("consistency", *WEEK, "--json").records
        assert [record["day"][-2:] for record in records] == [f"{n:02d}" for n in range(9, 21)]
        assert "distrokid/streams" in records[0]["delivered"]
        assert {"feed": "toolost/spotify", "last": "2025-06-10", "refused": 0} in records[-1]["missing"]
        assert all(record["consistent"] is (not record["missing"]) for record in records)

    def test_a_dump_of_fewer_than_four_files_is_incomplete_on_its_day(self, own):
        dump = own.home / "landing" / "meta_ads_dump_20250609_123754" / "campaigns.json"
        dump.parent.mkdir()
        dump.write_text("[]")
        own.promote()
        day = ("--since", "2025-06-09", "--until", "2025-06-09")
        outcome = own("consistency", *day)
        assert outcome.code == 1
        lacks = "meta_ads_dump_20250609_123754/: lacks adsets.json, ads.json, insights.json"
        assert outcome.text.splitlines()[0] == f"2025-06-09  metaads/campaigns is incomplete ({lacks})"
        (record,) = own("consistency", *day, "--json").records
        assert [item["feed"] for item in record["incomplete"]] == ["metaads/campaigns"]
        assert not record["consistent"]
        (own.home / "policy.toml").write_text('[modes]\nRZ-INCOMPLETE-SET = "shadow"\n')
        assert own("consistency", *day).code == 0

    def test_a_day_of_nothing_but_a_short_answer_is_told(self, own):
        """As `rawzone status` tells it: whoever compares platforms of that day lacks three weeks of one."""
        rows = [{"date": f"2025-06-{day:02}", "totalViews": 2, "totalClicks": 3} for day in range(5, 12)]
        totals = {"totalViews": 14, "totalClicks": 21, "clickThroughRate": 1.5}
        answer = {"data": {"getAccountAnalytics": {"overview": totals | {"timeseries": rows}}}}
        short = own.home / "landing" / "linktree" / "graphql_20250611_070000_000001.json"
        short.parent.mkdir(exist_ok=True)
        short.write_text(json.dumps(answer))
        own.promote()
        day = ("social_media/linktree", "--since", "2025-06-11", "--until", "2025-06-11")
        outcome = own("consistency", *day)
        assert outcome.code == 1
        longest = "its longest answer covers 7 days; usual are 28 or more"
        assert outcome.text.splitlines()[0] == f"2025-06-11  social_media/linktree is short ({longest})"
        (record,) = own("consistency", *day, "--json").records
        assert record["short"] == [{"feed": "social_media/linktree", "covered": 7, "least": 28}]
        (own.home / "policy.toml").write_text('[modes]\nRZ-SHORT-RANGE = "shadow"\n')
        assert own("consistency", *day).code == 0

    def test_without_a_range_it_looks_at_two_weeks_that_are_over(self, nowhere):
        nowhere.home.mkdir()
        outcome = nowhere("consistency")
        assert outcome.code == 0
        assert outcome.text.startswith("14 of 14 days")

    def test_nothing_is_missing_on_days_to_come(self, rawzone):
        """Each was told as a day on which all feeds were missing, and three million of them took an hour."""
        today = datetime.now(UTC).date()
        records = rawzone("consistency", "--since", f"{today}", "--until", "9999-12-31", "--json").records
        assert today <= date.fromisoformat(records[-1]["day"]) <= datetime.now(UTC).date()

    def test_a_range_that_has_not_begun_is_told_as_that(self, rawzone):
        outcome = rawzone("consistency", "--since", "9999-12-30")
        assert (outcome.code, outcome.text) == (2, "")
        assert "--since 9999-12-30 has not begun in UTC: give a day up to today." in outcome.err
