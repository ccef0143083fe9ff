"""``rawzone status``: per feed what it holds, awaits and refused."""

import re
from datetime import UTC, datetime, timedelta

from rawzone_assets.samples import write_landing


class TestStatus:
    def test_its_numbers_are_those_of_the_ledger(self, rawzone):
        log = rawzone("log", "--json").records
        for feed in rawzone("status", "--json").records[:-1]:
            mine = [record for record in log if record["feed"] == feed["feed"]]
            promoted = [record for record in mine if record["verdict"] == "promoted"]
            assert feed["objects"] == len(promoted)
            assert feed["bytes"] == sum(record["size"] for record in promoted)
            assert feed["stored_bytes"] == sum(record["stored_size"] for record in promoted)
            assert feed["quarantined"] == sum(record["verdict"] == "quarantined" for record in mine)
            assert feed["last_arrival"] == max(record["captured_at"] for record in mine)
            assert feed["waiting"] == 0

    def test_a_stamp_of_a_wrong_clock_does_not_hide_when_something_last_came(self, own):
        before = own.record("status", feed="distrokid/streams")["last_arrival"]
        (own.home / "landing" / "distrokid" / "streams_stats_29990101_120000.html").write_bytes(b"wrong clock")
        own.promote()
        after = own.record("status", feed="distrokid/streams")
        assert (after["last_arrival"], after["quarantined"]) == (before, after["refused"])

    def test_known_damage_is_told(self, own):
        path = own.home / "raw" / own.record("ls", feed="distrokid/streams")["key"]
        path.chmod(0o644)
        path.write_bytes(b"spoilt")
        scrubbed = own("scrub")
        assert re.search(r"was read at \d{4}-\d\d-\d\d \d\d:\d\d UTC\.$", scrubbed.text)
        assert "Known to be damaged: 1 stored file ('rawzone repair --dry-run')." in own("status").text

    def test_old_feeds_are_stale_and_end_with_1(self, rawzone):
        outcome = rawzone("status")
        assert outcome.code == 1
        assert "distrokid/streams is stale:" in outcome.text
        assert "Unrecognized in landing: 2" in outcome.text

    def test_fresh_feeds_end_with_0(self, nowhere):
        today = datetime.now(UTC).date()
        write_landing(nowhere.home / "landing", days=8, until=today, bad=False)
        nowhere.promote()
        outcome = nowhere("status")
        assert outcome.code == 0, outcome.text
        assert "stale" not in outcome.text

    def test_a_capture_that_is_not_whole_is_told_unless_the_policy_only_watches_that(self, nowhere):
        yesterday = datetime.now(UTC) - timedelta(days=1)
        dump = nowhere.home / "landing" / f"meta_ads_dump_{yesterday:%Y%m%d_%H%M%S}" / "campaigns.json"
        dump.parent.mkdir(parents=True)
        dump.write_text("[]")
        nowhere.promote()
        assert "lacks adsets.json, ads.json, insights.json" in nowhere("status").text
        (nowhere.home / "policy.toml").write_text('[modes]\nRZ-INCOMPLETE-SET = "shadow"\n')
        assert "lacks" not in nowhere("status").text

    def test_what_has_just_landed_is_waiting(self, own):
        before = own.record("status", feed="distrokid/streams")
        (own.home / "landing" / "distrokid" / "streams_stats_20250601.html").write_bytes(b"new")
        assert own.record("status", feed="distrokid/streams")["waiting"] == before["waiting"] + 1

    def test_in_a_folder_that_is_new_all_is_zero_and_the_missing_landing_is_named(self, nowhere):
        nowhere.home.mkdir()
        outcome = nowhere("status", "--json")
        assert outcome.code == 0
        assert all(r["files"] == 0 and r["freshness"] == "never" for r in outcome.records[:-1])
        assert "does not exist" in outcome.err

    def test_a_missing_landing_does_not_hide_what_raw_holds(self, own):
        (own.home / "landing").rename(own.home / "unmounted")
        outcome = own("status", "--json")
        assert any(record.get("files") for record in outcome.records)
        assert all(record.get("waiting") is None for record in outcome.records)

    def test_a_piped_table_is_not_cut(self, rawzone):
        lines = rawzone.run("status", COLUMNS="40").out.decode().splitlines()
        assert lines[0].split()[-1] == "freshness"
        assert any(line.startswith("toolost/analytics ") and "stale" in line for line in lines)
