"""zone/health: the report in Dagster, its numbers as numbers, its pictures short enough to be seen."""

import shutil
from dataclasses import replace

import dagster as dg
from dagster._serdes import serialize_value

from rawzone_assets.definitions import build_definitions
from rawzone_assets.health.pictures import MOST_MARKDOWN
from rawzone_assets.health.report import read_health
from rawzone_assets.orchestration.logs import QUIET
from rawzone_assets.orchestration.names import ZONE_HEALTH, health_key
from rawzone_assets.orchestration.overrides import Overrides
from rawzone_assets.platforms import all_platforms
from rawzone_assets_tests.orchestration.desk import NOTES, PLATFORM, with_settings

SUMS = "tiny/sums"


def report(desk):
    job = desk.definitions.resolve_job_def("health")
    return job.execute_in_process(instance=desk.instance, run_config=QUIET, raise_on_error=False)


def shown(desk, key=ZONE_HEALTH) -> dict:
    event = desk.instance.get_latest_materialization_event(key)
    return event.asset_materialization.metadata


def filled(desk):
    desk.land("20240528")
    desk.land("20240529", "bad")
    desk.land("20240530")
    desk.land("20240530", name="sums")
    desk.run("2024-05-28", "2024-05-30")
    desk.run("2024-05-30", feed_id=SUMS)
    desk.land("20240531")


class TestReport:
    def test_its_numbers_are_those_of_the_report(self, desk):
        filled(desk)
        assert report(desk).success
        with desk.zone() as zone:
            health = read_health(zone, [PLATFORM])
        zone_facts, tiny = shown(desk), shown(desk, health_key("tiny"))
        for feed in health.feeds:
            short = feed.status.feed.removeprefix("tiny/")
            assert tiny[f"{short} files"].value == feed.status.files
            assert tiny[f"{short} stored_bytes"].value == feed.status.stored_bytes
            assert tiny[f"{short} quarantine_rate"].value == round(feed.status.quarantine_rate, 4)
            assert tiny[f"{short} open_refusals"].value == feed.status.quarantined
            assert tiny[f"{short} waiting_files"].value == feed.status.waiting
            assert tiny[f"{short} data_lag_days"].value == feed.status.data_lag_days
        total = health.total
        assert (total.files, total.quarantined, total.waiting) == (3, 1, 1)
        assert [
            zone_facts[name].value for name in ("files", "open_refusals", "waiting_files", "waiting_bytes")
        ] == [
            total.files,
            total.quarantined,
            total.waiting,
            total.waiting_bytes,
        ]
        assert zone_facts["ledger_head"].value == health.status.head.sha256

    def test_numbers_are_numbers_so_that_dagster_plots_them(self, desk):
        filled(desk)
        report(desk)
        facts = {**shown(desk), **shown(desk, health_key("tiny"))}
        for name in ("files", "quarantine_rate", "data_lag_days", "disk_free_bytes", "notes waiting_bytes"):
            assert isinstance(facts[name], dg.IntMetadataValue | dg.FloatMetadataValue), name

    def test_each_feed_group_has_a_picture_and_each_feed_a_line(self, desk):
        filled(desk)
        report(desk)
        picture = shown(desk)["picture tiny"].value
        assert picture.startswith("![tiny](<data:image/svg+xml,%3Csvg")
        assert shown(desk, health_key("tiny"))["picture"].value == picture
        rows = [record.data for record in shown(desk)["feeds"].value.records]
        assert [(row["feed"], row["open"], row["waiting"]) for row in rows] == [(NOTES, 1, "1"), (SUMS, 0, "0")]

    def test_an_empty_zone_is_reported(self, desk):
        assert report(desk).success
        assert shown(desk)["files"].value == 0
        assert "not enough history" in shown(desk)["disk_forecast"].value

    def test_a_landing_that_is_gone_is_told_and_its_backlog_is_not_called_empty(self, desk):
        filled(desk)
        (desk.home / "landing").rename(desk.home / "unmounted")
        assert report(desk).success
        assert [name for name in shown(desk) if "waiting" in name] == []
        assert "landing" in shown(desk)["to_look_at"].value

    def test_open_refusals_are_no_concern_and_are_not_called_nothing(self, desk):
        """They may stay open for good, and 'rawzone health' would end with 1 for good (ADR 33)."""
        desk.land("20240531")
        desk.land("20240531", "bad", name="sums")
        desk.run("2024-05-31")
        desk.run("2024-05-31", feed_id=SUMS)
        assert report(desk).success
        facts = shown(desk)
        assert facts["concerns"].value == 0
        assert facts["to_look_at"].value == "nothing but 1 open refusal: 'rawzone quarantine ls --open'"

    def test_what_is_to_look_at_is_text_and_no_markup(self, desk):
        filled(desk)
        (desk.home / "landing").rename(desk.home / "unmounted")
        layout = replace(desk.settings.layout, landing=desk.home / "![x](http:evil)<b>")
        with_settings(desk, layout=layout)
        report(desk)
        told = shown(desk)["to_look_at"].value
        assert r"\!\[x\]\(http:evil\)\<b\>" in told

    def test_a_damaged_ledger_fails_the_run_with_a_sentence(self, desk):
        filled(desk)
        commit = min((desk.home / "raw" / "_ledger").iterdir())
        commit.chmod(0o644)
        commit.write_bytes(b"x")
        shutil.rmtree(desk.home / "state")
        result = report(desk)
        assert not result.success
        (failure,) = [event for event in result.all_events if event.is_step_failure]
        assert str(commit) in failure.step_failure_data.user_failure_data.description


class TestSchedule:
    def test_it_is_on_and_reports_the_zone_and_every_platform(self, desk):
        (schedule,) = [s for s in desk.definitions.schedules if s.name == "health_report"]
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
        job = desk.definitions.resolve_job_def("health")
        assert set(job.asset_layer.executable_asset_keys) == {ZONE_HEALTH, health_key("tiny")}


def test_with_every_declared_feed_each_event_stays_small(desk, tell):
    """Measured: 16 feeds on the page of the zone, four on that of the largest platform."""
    overrides = Overrides(settings=desk.settings, platforms=all_platforms(), clock=lambda: desk.now)
    job = build_definitions(overrides).resolve_job_def("health")
    result = job.execute_in_process(instance=desk.instance, run_config=QUIET)
    events = result.get_asset_materialization_events()
    assert len(events) == 1 + len(all_platforms())
    for event in events:
        facts = event.step_materialization_data.materialization.metadata
        pictures = [value.value for name, value in facts.items() if name.startswith("picture")]
        assert pictures
        assert all(len(picture) <= MOST_MARKDOWN for picture in pictures)
        size = len(serialize_value(event)) - sum(map(len, pictures))
        tell(f"{event.asset_key.to_user_string()}: {size} bytes and {sum(map(len, pictures))} of pictures")
        assert size < 12_000
