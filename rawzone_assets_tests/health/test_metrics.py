"""Metrics: read back by Prometheus' own parser, they say what the report says."""

from dataclasses import replace

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from rawzone_assets.health.forecast import forecast
from rawzone_assets.health.freshness import Freshness, State
from rawzone_assets.health.metrics import registry_of
from rawzone_assets.health.throughput import Throughput
from rawzone_assets_tests.health.health_bench import NOW, feed_health, health_of

UNITS = ("_bytes", "_seconds", "_ratio", "_total", "_info", "_per_second")
COUNTS = {
    "rawzone_archived_files",
    "rawzone_due_files",
    "rawzone_held_files",
    "rawzone_objects",
    "rawzone_duplicates",
    "rawzone_open_refusals",
    "rawzone_waiting_files",
    "rawzone_damaged_files",
    "rawzone_unrecognized_files",
    "rawzone_feed_stale",
    "rawzone_landing_readable",
    "rawzone_concerns",
}


def samples_of(health) -> dict[tuple, float]:
    text = generate_latest(registry_of(health)).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class TestMetrics:
    def test_they_are_the_figures_of_the_report(self):
        found = samples_of(health_of(feed_health("tiny/notes"), feed_health("tiny/sums", waiting=7)))
        assert found["rawzone_deliveries_total", "tiny/notes", "accepted"] == 1300 - 66
        assert found["rawzone_deliveries_total", "tiny/notes", "refused"] == 66
        assert found["rawzone_original_bytes", "tiny/notes"] == 10**9
        assert found["rawzone_stored_bytes", "tiny/notes"] == 10**8
        assert found["rawzone_waiting_files", "tiny/sums"] == 7
        assert found["rawzone_promotion_seconds_total", "tiny/notes"] == 20
        assert found["rawzone_promotion_files_total", "tiny/notes"] == 1300
        assert found["rawzone_scrub_coverage_ratio", "tiny/notes"] == 1
        assert found["rawzone_disk_free_bytes", "landing+raw"] == 4 * 10**11
        assert round(found["rawzone_disk_growth_bytes_per_second", "landing+raw"] * 86400) == 10**9
        assert found[("rawzone_ledger_commits_total",)] == 42
        assert found[("rawzone_report_timestamp_seconds",)] == NOW.timestamp()
        assert found["rawzone_waiting_oldest_timestamp_seconds", "tiny/notes"] == NOW.timestamp() - 3600

    def test_what_is_not_known_is_left_out(self):
        never = Freshness(feed="tiny/notes", state=State.NEVER)
        feed = feed_health(
            "tiny/notes",
            waiting=None,
            waiting_bytes=None,
            waiting_since=None,
            newest_data=None,
            last_arrival=None,
            freshness=never,
        )
        health = health_of(replace(feed, work=Throughput()))
        young = forecast([], usable=10**9, today=NOW.date())
        health = replace(health, disks=tuple(replace(disk, forecast=young) for disk in health.disks))
        names = {name for name, *_ in samples_of(health)}
        for name in ("waiting_files", "waiting_bytes", "newest_data_timestamp_seconds", "feed_stale"):
            assert f"rawzone_{name}" not in names
        assert "rawzone_disk_full_timestamp_seconds" not in names
        assert "rawzone_disk_free_bytes" in names

    def test_a_stale_feed_is_1_and_a_fresh_one_0(self):
        stale = Freshness(feed="tiny/sums", state=State.STALE, reasons=("late",))
        found = samples_of(health_of(feed_health("tiny/notes"), feed_health("tiny/sums", freshness=stale)))
        assert found["rawzone_feed_stale", "tiny/notes"] == 0
        assert found["rawzone_feed_stale", "tiny/sums"] == 1
        assert found[("rawzone_concerns",)] == 1

    def test_names_and_units_are_prometheus_own(self):
        text = generate_latest(registry_of(health_of(feed_health("tiny/notes")))).decode()
        for family in text_string_to_metric_families(text):
            assert family.name.startswith("rawzone_")
            assert family.documentation.endswith(".")
            for sample in family.samples:
                assert sample.name in COUNTS or sample.name.endswith(UNITS), sample.name
                assert sample.name.endswith("_total") == (family.type == "counter")

    def test_labels_hold_feeds_outcomes_roots_and_the_version_and_nothing_else(self):
        health = health_of(feed_health("tiny/notes", incomplete=("private name.csv",)))
        health = replace(health, status=replace(health.status, unreadable=("private folder",)))
        text = generate_latest(registry_of(health)).decode()
        labels = {
            (name, value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            for name, value in sample.labels.items()
        }
        assert {name for name, _ in labels} == {"feed", "outcome", "roots", "version"}
        assert "private" not in text
