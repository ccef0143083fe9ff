"""``rawzone health`` and ``rawzone metrics``: the figures of ``rawzone status``, as text, page and samples."""

import os

import pytest
from prometheus_client.parser import text_string_to_metric_families

from rawzone_assets.commands.surroundings import FINE
from rawzone_assets.samples import write_landing
from rawzone_assets_tests.commands.conftest import LAST_DAY


class TestHealth:
    def test_it_says_the_same_as_status(self, rawzone):
        rawzone("status")  # the first look notes in the index what later ones need not compare: a page more
        health, status = rawzone("health", "--json").records, rawzone("status", "--json").records
        for record in (*health, *status):
            for disk in record.get("disks", ()):
                disk.pop("free")
                disk.pop("used_percent")
            record.pop("at", None)
        assert health == status

    def test_the_zone_is_the_sum_of_its_feeds(self, rawzone):
        *feeds, zone = rawzone("health", "--json").records
        for name in (
            "files",
            "bytes",
            "stored_bytes",
            "deliveries",
            "refused",
            "quarantined",
            "waiting",
            "damaged",
        ):
            assert zone[name] == sum(feed[name] for feed in feeds), name
        assert zone["quarantine_rate"] == round(zone["refused"] / zone["deliveries"], 4)
        assert zone["disks"][0]["outlook"] == "not enough history"

    def test_old_feeds_are_something_to_look_at(self, rawzone):
        outcome = rawzone("health")
        assert outcome.code == 1
        assert "- distrokid/streams is stale:" in outcome.text
        assert "not enough history for a forecast" in outcome.text

    @pytest.mark.parametrize("command", ["health", "status"])
    def test_a_disk_that_is_away_is_something_to_look_at(self, own, command):
        (own.home / "quarantine").rename(own.home / "elsewhere")
        outcome = own(command)
        assert outcome.code == 1
        assert f"{own.home / 'quarantine'} is not there or empty" in outcome.text

    def test_a_landing_that_is_not_there_is_something_to_look_at(self, nowhere):
        nowhere.home.mkdir()
        outcome = nowhere("health", "--json")
        assert outcome.code == 1
        assert "does not exist" in outcome.records[-1]["concerns"][0]

    def test_an_empty_zone_is_fine(self, nowhere):
        (nowhere.home / "landing").mkdir(parents=True)
        assert nowhere("health").code == FINE

    def test_it_writes_nothing_into_the_zone(self, nowhere):
        (nowhere.home / "landing").mkdir(parents=True)
        nowhere("health")
        assert [path.name for path in nowhere.home.iterdir()] == ["landing"]


class TestPage:
    def test_it_is_written_whole_and_named(self, rawzone, tmp_path):
        target = tmp_path / "health.html"
        target.write_text("the page of yesterday")
        outcome = rawzone("health", "--html", str(target))
        assert outcome.out == b""
        assert str(target) in outcome.err
        assert "toolost/spotify" in target.read_text()
        assert os.listdir(tmp_path) == ["health.html"]

    def test_lines_and_page_can_be_had_together(self, rawzone, tmp_path):
        outcome = rawzone("health", "--json", "--html", str(tmp_path / "health.html"))
        assert outcome.records[-1]["record"] == "zone"
        assert (tmp_path / "health.html").exists()

    @pytest.mark.parametrize("arguments", [("health", "--html"), ("metrics", "--out")])
    def test_a_place_that_cannot_be_written_is_one_sentence(self, rawzone, tmp_path, arguments):
        outcome = rawzone(*arguments, str(tmp_path / "nowhere" / "file"))
        assert outcome.code == 2
        assert "give a file in a folder that exists" in outcome.err
        assert os.listdir(tmp_path) == []

    @pytest.mark.parametrize(
        "place", ["file/page", "a" * 240, "a" * 300], ids=["in a file", "long", "too long"]
    )
    def test_so_is_one_in_which_no_file_can_be(self, rawzone, tmp_path, place):
        """What was said was of the zone's folders, and to choose others for it."""
        (tmp_path / "file").touch()
        outcome = rawzone("metrics", "--out", str(tmp_path / place))
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert "The metrics cannot be written to" in outcome.err


class TestMetrics:
    def test_prometheus_reads_the_figures_of_status(self, rawzone):
        outcome = rawzone("metrics")
        assert outcome.code == FINE
        samples = {
            (sample.name, sample.labels.get("feed"), sample.labels.get("outcome")): sample.value
            for family in text_string_to_metric_families(outcome.text)
            for sample in family.samples
        }
        for feed in rawzone("status", "--json").records[:-1]:
            name = feed["feed"]
            assert samples["rawzone_deliveries_total", name, "refused"] == feed["refused"]
            assert samples["rawzone_objects", name, None] == feed["objects"]
            assert samples["rawzone_stored_bytes", name, None] == feed["stored_bytes"]
            assert samples["rawzone_open_refusals", name, None] == feed["quarantined"]
            assert samples["rawzone_waiting_files", name, None] == feed["waiting"]

    def test_of_a_folder_that_is_new_say_that_landing_is_away_and_nothing_of_what_is_not_stored(self, nowhere):
        nowhere.home.mkdir()
        text = nowhere("metrics").text
        assert "rawzone_landing_readable 0.0" in text
        assert "rawzone_scrub_coverage_ratio{" not in text

    def test_a_file_for_the_collector_is_replaced_at_once(self, rawzone, tmp_path):
        target = tmp_path / "rawzone.prom"
        target.write_text("old")
        before = target.stat().st_ino
        outcome = rawzone("metrics", "--out", str(target))
        assert (outcome.code, outcome.out) == (FINE, b"")
        assert list(text_string_to_metric_families(target.read_text()))
        assert target.stat().st_ino != before
        assert os.listdir(tmp_path) == ["rawzone.prom"]

    def test_as_json_each_sample_is_a_line(self, rawzone):
        records = rawzone("metrics", "--json").records
        assert {record["record"] for record in records} == {"sample"}
        assert any(record["name"] == "rawzone_build_info" for record in records)


class TestHostileNames:
    def test_names_in_landing_reach_neither_page_nor_terminal_as_they_are(self, nowhere, tmp_path):
        landing = nowhere.home / "landing"
        write_landing(landing, days=1, until=LAST_DAY, bad=False)
        hostile = landing / "distrokid" / "<img src=x onerror=alert(1)>\u202e\x1b[31m"
        hostile.mkdir()
        hostile.chmod(0)
        nowhere("health", "--html", str(tmp_path / "page.html"))
        page = (tmp_path / "page.html").read_text()
        assert "<img" not in page
        assert "\u202e" not in page
        assert "\x1b" not in nowhere("health").text
        hostile.chmod(0o755)
