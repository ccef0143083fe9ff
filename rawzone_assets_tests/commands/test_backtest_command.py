"""``rawzone backtest``: what would change, in counts and lists, and an exit code for CI."""

import pytest

LATER = {"RAWZONE_START": "2025-06-10"}
"""A first partition that some of what is stored lies before."""


class TestBacktest:
    def test_the_contract_that_judged_it_would_change_nothing(self, rawzone):
        outcome = rawzone("backtest", "toolost/spotify")
        assert outcome.code == 0
        assert "as before" in outcome.text
        (summary,) = rawzone("backtest", "toolost/spotify", "--json").records
        assert summary["judged"] == summary["unchanged"] > 10
        assert (summary["added"], summary["removed"]) == ({}, {})

    def test_a_changed_contract_names_what_it_would_refuse_and_ends_with_1(self, rawzone):
        outcome = rawzone.run("backtest", "toolost/spotify", "--json", **LATER)
        assert outcome.code == 1
        *changed, summary = outcome.records
        newly = [record for record in changed if record["change"] == "newly_refused"]
        assert newly
        assert all(record["blocking"] == ["RZ-BEFORE-START"] for record in newly)
        assert summary["newly_refused"] == len(newly)
        assert summary["added"]["RZ-BEFORE-START"] == len(changed)
        text = rawzone.run("backtest", "toolost/spotify", **LATER).text
        assert f"{len(newly)} would now be refused:" in text
        assert f"{newly[0]['key']}  +RZ-BEFORE-START" in text

    def test_a_corrected_contract_names_what_a_replay_would_promote(self, nowhere, rawzone):
        record = rawzone.record("ls", verdict="promoted")
        target = nowhere.home / "landing" / record["landing_path"]
        target.parent.mkdir(parents=True)
        target.write_bytes(rawzone.landed(record))
        nowhere.promote(RAWZONE_START="2025-07-01")
        *changed, summary = nowhere("backtest", record["feed"], "--json").records
        assert [r["change"] for r in changed] == ["newly_accepted"]
        assert changed[0]["landing_path"] == record["landing_path"]
        assert summary["removed"] == {"RZ-BEFORE-START": 1}

    def test_a_stored_file_that_is_not_as_recorded_ends_with_1_whatever_feed_comes_last(self, own):
        key = own.record("ls", feed="distrokid/apple_music")["key"]
        path = own.home / "raw" / key
        path.chmod(0o644)
        path.write_bytes(b"damaged")
        outcome = own("backtest", "distrokid", "--json")
        feeds = [record["feed"] for record in outcome.records if record["record"] == "backtest"]
        assert (outcome.code, feeds[0], len(feeds)) == (1, "distrokid/apple_music", 3)
        assert [r["key"] for r in outcome.records if r["record"] == "rejudged"] == [key]

    def test_a_platform_means_each_of_its_feeds(self, rawzone):
        summaries = rawzone("backtest", "toolost", "--until", "2020-01-01", "--json").records
        assert [summary["feed"] for summary in summaries] == [
            "toolost/analytics",
            "toolost/sales",
            "toolost/spotify",
        ]

    @pytest.mark.parametrize("arguments", [[], ["toolost/nothing"]])
    def test_a_feed_must_be_named(self, rawzone, arguments):
        assert rawzone("backtest", *arguments).code == 2
