"""A run that was started in the UI and ended before it reported leaves no day without its verdict."""

from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.execute_in_process import core_execute_in_process
from dagster._core.storage.event_log import sql_event_log

from rawzone_assets.orchestration import reporting
from rawzone_assets.orchestration.check_states import newest_states
from rawzone_assets.orchestration.hidden_verdicts import days_to_tell_again
from rawzone_assets.orchestration.logs import QUIET
from rawzone_assets.orchestration.names import INTEGRITY, range_tags, raw_key
from rawzone_assets.orchestration.partitions import feed_partitions
from rawzone_assets.orchestration.reindex import reindex
from rawzone_assets_tests.orchestration.desk import DAILY, NOTES, reported

KEY = raw_key(NOTES)
VERDICTS = {"2024-05-01": "FAILED", "2024-05-02": "SUCCEEDED"}
RANGE = ("2024-05-01", "2024-05-20")


@pytest.fixture
def cursor(desk):
    """A refused and an accepted day, both told of, and a sensor that has nothing to do."""
    desk.land("20240501", "bad")
    desk.land("20240502")
    desk.run(*RANGE)
    tick = desk.tick()
    assert not tick.run_requests
    assert shown(desk) == VERDICTS
    return tick.cursor


def shown(desk) -> dict[str, str]:
    return {day: verdict for day, verdict in desk.verdicts("shape").items() if day in VERDICTS}


def from_the_ui(desk):
    """A run as the UI launches it, for the asset, its checks and all of the days."""
    whole = desk.definitions.resolve_implicit_global_asset_job_def()
    job = whole.get_subset(
        asset_selection={KEY}, asset_check_selection={dg.AssetCheckKey(KEY, name) for name in DAILY}
    )
    return core_execute_in_process(
        job=InMemoryJob(job.as_ephemeral_job(resource_defs={}, input_values={})),
        instance=desk.instance,
        run_config=QUIET,
        run_tags=range_tags(*RANGE),
        asset_selection=frozenset({KEY}),
        output_capturing_enabled=False,
        raise_on_error=False,
    )


def ends_before_it_reports(desk, monkeypatch) -> None:
    def stopped(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(reporting, "report", stopped)
        assert not from_the_ui(desk).success


def has_no_landing(desk, _monkeypatch) -> None:
    landing = desk.home / "landing"
    landing.rename(desk.home / "away")
    assert not from_the_ui(desk).success
    (desk.home / "away").rename(landing)


@pytest.mark.parametrize("broken_run", [ends_before_it_reports, has_no_landing])
class TestHiddenVerdicts:
    def test_the_sensor_asks_for_its_days_again_and_for_no_others(self, desk, cursor, monkeypatch, broken_run):
        broken_run(desk, monkeypatch)
        assert shown(desk)["2024-05-01"] == "PLANNED"
        tick = desk.tick(cursor)
        (request,) = tick.run_requests
        assert reported(desk.carry_out(request)) == ["ASSET_CHECK_EVALUATION"] * 2 * len(DAILY)
        assert shown(desk) == VERDICTS
        assert not desk.tick(tick.cursor).run_requests

    def test_reindex_tells_them_again(self, desk, cursor, monkeypatch, broken_run):
        broken_run(desk, monkeypatch)
        with desk.zone() as zone:
            told = {each.name: each for each in reindex(desk.instance, zone, (desk.platform,))}
        assert told[NOTES].materialized == 0
        assert shown(desk) == VERDICTS


def test_a_run_under_way_hides_nothing_yet(desk, cursor, monkeypatch):
    """It will evaluate what it planned, also the days that a run before it has left."""
    ends_before_it_reports(desk, monkeypatch)
    assert untold(desk) == {NOTES: sorted(VERDICTS)}
    ticks = []
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(reporting, "report", lambda *_arguments: ticks.append(untold(desk)) or iter(()))
        from_the_ui(desk)
    assert ticks == [{}]


def test_runs_that_planned_no_checks_leave_room_for_those_that_did_however_many_they_are(
    desk, cursor, monkeypatch
):
    """While a disk is full, the runs that sensors ask for fail by the dozen within minutes."""
    ends_before_it_reports(desk, monkeypatch)
    for _ in range(60):
        desk.instance.add_run(
            dg.DagsterRun(
                job_name="__ASSET_JOB",
                run_id=str(uuid4()),
                status=dg.DagsterRunStatus.FAILURE,
                asset_selection=frozenset({KEY}),
                asset_check_selection=frozenset(),
            )
        )
    assert untold(desk) == {NOTES: sorted(VERDICTS)}


def untold(desk) -> dict[str, list[str]]:
    days = {feed.id: feed_partitions(feed, None) for feed in desk.platform.feeds}
    with desk.zone() as zone:
        return days_to_tell_again(desk.instance, zone, days)


@pytest.mark.parametrize("is_sql", [True, False], ids=["by rows", "as any storage answers"])
def test_the_newest_states_of_checks_are_those_that_dagster_itself_tells(desk, cursor, monkeypatch, is_sql):
    """Days that were evaluated, evaluated again, planned and not ended, and never met."""
    desk.land("20240503")
    desk.run("2024-05-02", "2024-05-03")
    ends_before_it_reports(desk, monkeypatch)
    desk.land("20240521")
    desk.run("2024-05-21")
    check, days = dg.AssetCheckKey(KEY, INTEGRITY), [f"2024-05-{day:02d}" for day in (1, 2, 3, 20, 21, 30)]
    if not is_sql:
        monkeypatch.setattr(sql_event_log, "SqlEventLogStorage", type(None))
    states = newest_states(desk.instance, check, days)
    told = desk.instance.event_log_storage.get_asset_check_partition_info([check], partition_keys=days)
    assert states == {
        info.partition_key: (info.latest_execution_status, info.latest_planned_run_id) for info in told
    }
    assert {state.status.value for state in states.values()} == {"PLANNED", "SUCCEEDED"}
    assert newest_states(desk.instance, check, ["2024-05-30"]) == {}
