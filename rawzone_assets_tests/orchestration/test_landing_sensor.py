"""The landing sensor: one look after the other, with the runs it asks for."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from threading import Event
from uuid import uuid4

import dagster as dg
import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.health.holds import add_hold
from rawzone_assets.orchestration import liveness, reporting
from rawzone_assets.orchestration.arrivals import arrivals
from rawzone_assets.orchestration.liveness import active_assets, alive, report_dead_runs
from rawzone_assets.orchestration.names import (
    CONSISTENCY,
    FEED_TAG,
    FIXITY,
    RANGE_END,
    RANGE_START,
    UNRECOGNIZED,
    columnar_key,
    raw_key,
)
from rawzone_assets.orchestration.partitions import feed_partitions
from rawzone_assets.zone.promotion import promote
from rawzone_assets_tests.orchestration.desk import DAILY, NOTES, PLATFORM, Desk, reported, with_settings

KEY = raw_key(NOTES)


def ranges(result) -> list[tuple[str, str]]:
    return [
        (request.partition_key or request.tags[RANGE_START], request.partition_key or request.tags[RANGE_END])
        for request in result.run_requests or ()
    ]


class TestLooking:
    def test_an_empty_landing_folder_is_said_to_be_empty(self, desk):
        assert desk.tick().skip_reason.skip_message == "landing is empty"

    def test_a_missing_landing_folder_is_said_in_one_sentence(self, desk):
        (desk.home / "landing").rmdir()
        message = desk.tick().skip_reason.skip_message
        assert "does not exist" in message
        assert "RAWZONE_LANDING" in message

    def test_settling_files_are_left_alone(self, desk):
        with_settings(desk, settle=3600)
        desk.land("20240501")
        result = desk.tick()
        assert not result.run_requests
        assert "still settling" in result.skip_reason.skip_message


class TestLaunching:
    def test_pending_days_become_one_range_and_then_nothing(self, desk):
        desk.land("20240501")
        desk.land("20240503", "bad")
        first = desk.tick()
        assert ranges(first) == [("2024-05-01", "2024-05-03")]
        (request,) = first.run_requests
        assert request.tags[FEED_TAG] == NOTES
        assert request.asset_selection == [KEY]
        assert request.asset_check_keys == []
        assert desk.carry_out(request).success
        assert desk.materialized() == {"2024-05-01"}
        second = desk.tick(first.cursor)
        assert not second.run_requests
        assert second.skip_reason.skip_message == "nothing new; 2 files dealt with"
        assert json.loads(second.cursor) == {}

    def test_a_single_day_is_a_plain_partition(self, desk):
        desk.land("20240501")
        (request,) = desk.tick().run_requests
        assert request.partition_key == "2024-05-01"

    def test_a_decade_is_a_run_a_year_of_which_a_tick_asks_for_a_few(self, desk):
        for feed in ("notes", "sums"):
            for year in range(2024, 2027):
                for month in range(1, 13):
                    desk.land(f"{year}{month:02d}01", name=feed)
        desk.now += timedelta(days=3000)
        assert len(desk.tick().run_requests) == 6

    def test_the_same_pending_set_is_not_launched_again_at_once(self, desk):
        desk.land("20240501")
        first = desk.tick()
        second = desk.tick(first.cursor)
        assert not second.run_requests
        assert "still pending after attempt 1" in second.skip_reason.skip_message

    def test_after_a_pause_it_is_launched_under_a_new_key(self, desk):
        desk.land("20240501")
        first = desk.tick()
        desk.now += timedelta(minutes=1)
        second = desk.tick(first.cursor)
        assert len(second.run_requests) == 1
        assert second.run_requests[0].run_key != first.run_requests[0].run_key

    def test_a_new_file_is_launched_without_a_pause(self, desk):
        desk.land("20240501")
        first = desk.tick()
        desk.land("20240502")
        assert ranges(desk.tick(first.cursor)) == [("2024-05-01", "2024-05-02")]

    def test_a_run_is_active_until_it_can_report_nothing_any_more(self, desk):
        over = {"SUCCESS", "FAILURE", "CANCELED", "MANAGED", "SUSPENDED"}  # the last two are of other Dagsters
        # A queued one must name where its job comes from; it is in the same list.
        for status in set(dg.DagsterRunStatus) - {dg.DagsterRunStatus.QUEUED}:
            run = dg.DagsterRun(
                job_name="__ASSET_JOB", run_id=str(uuid4()), status=status, asset_selection=frozenset({KEY})
            )
            desk.instance.add_run(run)
            assert active_assets(desk.instance) == (set() if status.value in over else {KEY}), status
            desk.instance.delete_run(run.run_id)

    def test_a_feed_with_an_active_run_is_skipped(self, desk):
        desk.land("20240501")
        desk.land("20240501", name="sums")
        desk.instance.create_run_for_job(
            desk.definitions.resolve_implicit_global_asset_job_def(),
            status=dg.DagsterRunStatus.STARTED,
            tags={"dagster/partition": "2024-05-01"},
            asset_selection=frozenset({KEY}),
        )
        result = desk.tick()
        assert [request.tags[FEED_TAG] for request in result.run_requests] == ["tiny/sums"]

    def test_before_the_first_partition_begins_no_run_is_asked_for(self, desk):
        with_settings(desk, start=date(2030, 1, 1))
        desk.land("20240501")
        assert not desk.tick().run_requests

    def test_deliveries_of_no_partition_are_taken_by_a_run_of_the_newest_day(self, desk):
        desk.land("20191231")
        first = desk.tick()
        (request,) = first.run_requests
        assert desk.carry_out(request).success
        assert not desk.tick(first.cursor).run_requests


class TestHealing:
    def test_days_that_were_committed_and_not_reported_are_run_again(self, desk, monkeypatch):
        desk.land("20240501")
        desk.land("20240502", "bad")
        monkeypatch.setattr(reporting, "report", lambda *_: iter(()))
        first = desk.tick()
        for request in first.run_requests:
            desk.carry_out(request)
        monkeypatch.undo()
        assert desk.materialized() == set()
        second = desk.tick(first.cursor)
        assert ranges(second) == [("2024-05-01", "2024-05-02")]
        for request in second.run_requests:
            assert desk.carry_out(request).success
        assert desk.materialized() == {"2024-05-01"}
        assert desk.verdicts("shape") == {"2024-05-01": "SUCCEEDED", "2024-05-02": "FAILED"}
        assert not desk.tick(second.cursor).run_requests

    def test_another_day_to_tell_is_launched_without_a_pause(self, desk, monkeypatch):
        monkeypatch.setattr(reporting, "report", lambda *_: iter(()))
        desk.land("20240501")
        desk.run("2024-05-01")
        first = desk.tick()
        assert ranges(first) == [("2024-05-01", "2024-05-01")]
        desk.land("20240502")
        desk.run("2024-05-02")
        assert ranges(desk.tick(first.cursor)) == [("2024-05-01", "2024-05-02")]

    def test_an_empty_dagster_is_told_what_the_ledger_knows(self, desk, home):
        desk.land("20240501")
        desk.run("2024-05-01")
        (home / "other").mkdir()
        quiet = {"telemetry": {"enabled": False}}
        with dg.DagsterInstance.local_temp(str(home / "other"), overrides=quiet) as other:
            desk.instance = other
            assert desk.materialized() == set()
            for request in desk.tick().run_requests:
                assert desk.carry_out(request).success
            assert desk.materialized() == {"2024-05-01"}
            for check in DAILY:
                assert desk.verdicts(check) == {"2024-05-01": "SUCCEEDED"}

    def test_commits_that_speak_of_a_feed_and_of_no_day_leave_nothing_to_tell(self, desk):
        desk.land("20240501")
        desk.run("2024-05-01")
        with desk.zone() as zone:
            add_hold(zone, feed=NOTES, reason="a dispute", authority="a court", by="a lawyer")
        assert not desk.tick().run_requests

    def test_a_feed_is_told_of_what_came_later_while_the_runs_of_another_fail(self, desk):
        desk.land("20240501")
        self.promote(desk)
        with desk.zone() as zone:
            for number in range(120):  # more commits than are looked at together
                add_hold(zone, feed=NOTES, reason=f"dispute {number}", authority="a court", by="a lawyer")
        desk.land("20240502", name="sums")
        self.promote(desk)
        failing = desk.tick()
        assert {request.tags[FEED_TAG] for request in failing.run_requests} == {NOTES, "tiny/sums"}
        for request in failing.run_requests:
            if request.tags[FEED_TAG] != NOTES:
                assert desk.carry_out(request).success
        desk.land("20240503", name="sums")
        self.promote(desk)
        later = desk.tick(failing.cursor)
        assert [request.partition_key for request in later.run_requests] == ["2024-05-03"]

    @staticmethod
    def promote(desk) -> None:
        """What a command does that is not told to Dagster."""
        with desk.zone() as zone:
            promote(zone, zone.survey([PLATFORM]).ready, judge=judge, run_id="test")

    def test_a_zone_in_place_of_another_is_told_from_its_first_commit_on(self, desk, home, monkeypatch):
        desk.land("20240501")
        desk.run("2024-05-01")
        assert not desk.tick().run_requests
        other = Desk(home=home / "other", instance=desk.instance)
        other.land("20240502")
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(reporting, "report", lambda *_: iter(()))
            other.run("2024-05-02")
        assert ranges(other.tick()) == [("2024-05-02", "2024-05-02")]

    def test_a_run_whose_process_is_gone_is_reported_failed(self, desk):
        job = desk.definitions.resolve_implicit_global_asset_job_def()
        started = {
            name: desk.instance.create_run_for_job(
                job, status=dg.DagsterRunStatus.STARTED, asset_selection=frozenset({KEY})
            ).run_id
            for name in ("alive", "killed")
        }
        desk.now = datetime.now(UTC) + timedelta(minutes=1)
        with desk.zone() as zone:
            killed = zone.layout.state / "runs" / started["killed"]
            with alive(zone, started["alive"]):
                killed.touch()  # its lock went with the process
                assert report_dead_runs(desk.instance, zone, [KEY]) == [started["killed"]]
        status = desk.instance.get_run_by_id(started["killed"]).status
        assert status == dg.DagsterRunStatus.FAILURE
        assert desk.instance.get_run_by_id(started["alive"]).status == dg.DagsterRunStatus.STARTED

    @pytest.mark.parametrize("asset", [columnar_key(NOTES), CONSISTENCY, FIXITY, None], ids=str)
    def test_so_is_a_killed_run_of_whatever_else_is_ours(self, desk, asset):
        """It would hold up the next one, and a place in the queue, for a day."""
        desk.now = datetime.now(UTC) + timedelta(minutes=1)
        run_id = desk.instance.create_run_for_job(
            desk.definitions.resolve_implicit_global_asset_job_def(),
            status=dg.DagsterRunStatus.STARTED,
            asset_selection=frozenset({asset}) if asset else None,  # a schedule's job names none
        ).run_id
        with desk.zone() as zone:
            with alive(zone, run_id):
                (lock,) = (zone.layout.state / "runs").iterdir()
            lock.touch()  # it went with the process
            assert report_dead_runs(desk.instance, zone, [KEY]) == [run_id]

    def test_so_is_a_run_of_all_that_is_ours_that_never_took_a_lock(self, desk):
        graph = desk.definitions.resolve_asset_graph()
        run_id = _run_that_tells(desk, timedelta(minutes=6), assets=graph.materializable_asset_keys)
        assert f"run {run_id[:8]} was dead" in desk.tick().skip_reason.skip_message

    def test_a_dead_run_is_found_while_landing_is_away(self, desk):
        run_id = _run_that_tells(desk, timedelta(minutes=6), assets={KEY})
        (desk.home / "landing").rmdir()
        desk.tick()
        assert desk.instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.FAILURE

    def test_a_run_that_may_be_busy_with_assets_of_others_is_left_alone(self, desk):
        """Their steps hold no lock of ours, and may be silent for long."""
        run_id = _run_that_tells(desk, timedelta(hours=1), assets={KEY, dg.AssetKey("staging")})
        with desk.zone() as zone:
            with alive(zone, run_id):
                pass
            assert report_dead_runs(desk.instance, zone, [KEY]) == []

    def test_a_run_is_alive_between_two_of_its_steps(self, desk):
        run_id = _run_that_tells(desk, timedelta(hours=1), timedelta(seconds=1))
        with desk.zone() as zone:
            with alive(zone, run_id):
                pass
            assert report_dead_runs(desk.instance, zone, [KEY]) == []

    def test_a_step_that_begins_while_its_run_is_looked_at_has_its_lock(self, desk, monkeypatch):
        """Whoever looks holds it for that moment; without it the step would be taken for dead later on."""
        monkeypatch.setattr(secrets, "token_hex", lambda _: "0")
        begun, over = Event(), Event()
        with desk.zone() as zone, ThreadPoolExecutor(1) as another:
            lock = zone.layout.state / "runs" / "run.0"
            lock.parent.mkdir(parents=True)

            def step():
                with alive(zone, "run"):
                    begun.set()
                    over.wait(10)

            with zone.files.lock(lock, wait=False):
                done = another.submit(step)
                begun.wait(0.3)
            assert begun.wait(10)
            with zone.files.lock(lock, wait=False) as free:
                over.set()
            done.result()
        assert not free

    def test_a_run_is_alive_until_the_last_of_its_steps_beside_each_other_ends(self, desk):
        run_id = _run_that_tells(desk, timedelta(hours=1))
        with desk.zone() as zone, ExitStack() as second:
            with alive(zone, run_id):
                second.enter_context(alive(zone, run_id))
            assert report_dead_runs(desk.instance, zone, [KEY]) == []

    def test_a_run_that_never_took_a_lock_is_reported_failed_when_it_tells_nothing_for_minutes(self, desk):
        run_id = _run_that_tells(desk, timedelta(minutes=4))
        with desk.zone() as zone:
            assert report_dead_runs(desk.instance, zone, [KEY]) == []
            desk.now += timedelta(minutes=2)
            assert report_dead_runs(desk.instance, zone, [KEY]) == [run_id]

    def test_a_run_whose_lock_cannot_be_looked_at_is_left_alone(self, desk):
        run_id = _run_that_tells(desk, timedelta(hours=1))
        with desk.zone() as zone:
            (zone.layout.state / "runs" / f"{run_id}.0").mkdir(parents=True)  # opening it to lock it fails
            assert report_dead_runs(desk.instance, zone, [KEY]) == []

    def test_a_killed_run_of_several_feeds_is_reported_failed_at_once(self, desk, monkeypatch):
        run_id = _run_that_tells(desk, timedelta(minutes=1))
        with desk.zone() as zone:
            with alive(zone, run_id):
                (lock,) = (zone.layout.state / "runs").iterdir()
            lock.touch()
            with monkeypatch.context() as elsewhere:
                # One whose runs are on other machines.
                elsewhere.setattr(liveness, "DefaultRunLauncher", type(None))
                assert report_dead_runs(desk.instance, zone, [KEY]) == []
            assert report_dead_runs(desk.instance, zone, [KEY]) == [run_id]
            assert not lock.exists()


def _run_that_tells(desk, *ago: timedelta, assets=frozenset({KEY})) -> str:
    """A run under way that told of something these times ago; the first was its start."""
    desk.now = datetime.now(UTC)
    run = dg.DagsterRun(job_name="__ASSET_JOB", run_id=str(uuid4()), asset_selection=frozenset(assets))
    run_id = desk.instance.add_run(run).run_id
    start = dg.DagsterEvent(event_type_value="PIPELINE_START", job_name=run.job_name)
    for before in ago:
        desk.instance.handle_new_event(
            dg.EventLogEntry(
                error_info=None,
                level=20,
                user_message="",
                run_id=run_id,
                timestamp=(desk.now - before).timestamp(),
                job_name=run.job_name,
                dagster_event=start if before is ago[0] else None,
            )
        )
    return run_id


class TestArrivals:
    """'Arrivals are reported as runless materializations of the landing asset.'"""

    def test_each_day_with_pending_files_arrives_once(self, desk):
        desk.land("20240501")
        desk.land("20240502", "bad")
        first = desk.tick()
        assert desk.arrived() == {"2024-05-01", "2024-05-02"}
        assert len(first.asset_events) == 2
        assert desk.tick(first.cursor).asset_events == []

    def test_of_too_many_for_a_tick_the_newest_day_arrives_and_the_others_later(self, desk):
        for day in ("20240501", "20240502", "20240503"):
            desk.land(day)
        days = {feed.id: feed_partitions(feed, None) for feed in desk.platform.feeds}
        with desk.zone() as zone:
            ready = zone.survey((desk.platform,)).ready
        told = []
        for _ in range(3):
            (event,) = arrivals(desk.instance, ready, days, most=1)
            desk.instance.report_runless_asset_event(event)
            told.append(event.partition)
        assert told == ["2024-05-03", "2024-05-02", "2024-05-01"]

    def test_another_file_of_the_day_arrives_again(self, desk):
        desk.land("20240501")
        first = desk.tick()
        desk.land("20240501", time="235959")
        (event,) = desk.tick(first.cursor).asset_events
        assert event.partition == "2024-05-01"
        assert event.metadata["files"].value == 2


class TestUnrecognized:
    def test_new_strangers_are_recorded_and_shown(self, desk):
        desk.land_as("tiny/notes.txt", "what is this")
        first = desk.tick()
        (request,) = first.run_requests
        assert request.asset_selection == [UNRECOGNIZED]
        assert desk.carry_out(request).success
        event = desk.instance.get_latest_materialization_event(UNRECOGNIZED).asset_materialization
        (row,) = (record.data for record in event.metadata["unrecognized"].value.records)
        assert (row["file"], row["code"]) == ("tiny/notes.txt", "RZ-UNKNOWN-NAME")
        check = _all_recognized(desk)
        assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert not desk.tick(first.cursor).run_requests

    def test_their_check_alone_is_evaluated_again_records_nothing_and_tells_of_them_only(self, desk):
        desk.land_as("notes_20240501.json", "what is this")
        desk.carry_out(desk.tick().run_requests[0])
        desk.land("20240501", "bad")  # of the same name, and refused
        desk.run("2024-05-01")
        desk.land_as("another.txt", "and this")
        with desk.zone() as zone:
            before = zone.index.head
        told = desk.execute_all(UNRECOGNIZED, "all_recognized")
        assert reported(told) == ["ASSET_CHECK_EVALUATION"]
        with desk.zone() as zone:
            assert zone.index.head == before
        rows = [record.data for record in _all_recognized(desk).metadata["findings"].value.records]
        assert [row["file"] for row in rows] == ["notes_20240501.json"]
        assert rows[0]["code"] != "RZ-JSON-SYNTAX"
        assert reported(desk.execute_all(UNRECOGNIZED, "all_recognized")) == ["ASSET_CHECK_EVALUATION"]

    def test_when_they_are_gone_the_check_turns_green(self, desk):
        stranger = desk.land_as("tiny/notes.txt", "what is this")
        first = desk.tick()
        desk.carry_out(first.run_requests[0])
        stranger.unlink()
        second = desk.tick(first.cursor)
        desk.carry_out(second.run_requests[0])
        assert _all_recognized(desk).passed
        assert not desk.tick(second.cursor).run_requests


def _all_recognized(desk) -> dg.AssetCheckEvaluation:
    (record,) = desk.instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(UNRECOGNIZED, "all_recognized"), limit=1
    )
    return record.event.dagster_event.event_specific_data
