"""What an evaluation is aimed at, as Dagster's UI shows it: a materialization, by its own run and time."""

import time

import dagster as dg
import pytest

from rawzone_assets.orchestration import witness
from rawzone_assets.orchestration.logs import QUIET
from rawzone_assets.orchestration.names import CONSISTENCY, IN_STEP, raw_key
from rawzone_assets.orchestration.overrides import ZoneResource
from rawzone_assets.orchestration.reindex import reindex
from rawzone_assets.orchestration.targets import newest_targets
from rawzone_assets.zone.promotion import promote
from rawzone_assets_tests.orchestration.desk import DAILY, NOTES

DAY = "2024-05-01"


@pytest.fixture(autouse=True)
def _far_from_greenwich(monkeypatch):
    """A database without zones is read as UTC wherever the machine is."""
    with monkeypatch.context() as meanwhile:
        meanwhile.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


def refusal_that_comes_later(desk):
    desk.land("20240501", "bad", time="230000")
    desk.run(DAY)


def checks_alone(desk):
    desk.run(DAY, checks=DAILY, assets=False)


def nightly_scrub(desk):
    desk.definitions.resolve_job_def("scrub").execute_in_process(instance=desk.instance, run_config=QUIET)


def refusal_that_is_told_by_reindex(desk):
    desk.land("20240501", "bad", time="230000")
    resource = ZoneResource(overrides=desk.overrides)
    with resource.open() as zone, resource.judging() as (judge, _):
        promote(zone, resource.look(zone, (desk.platform,)).ready, judge=judge, run_id="elsewhere")
        list(reindex(desk.instance, zone, (desk.platform,)))


def materialization(desk, key: dg.AssetKey) -> dg.EventLogRecord:
    wanted = dg.AssetRecordsFilter(key, asset_partitions=[DAY])
    (record,) = desk.instance.fetch_materializations(wanted, limit=9).records
    return record


def is_aimed_at(evaluation: dg.AssetCheckEvaluation, record: dg.EventLogRecord) -> bool:
    target = evaluation.target_materialization_data
    is_its_time = abs(target.timestamp - record.timestamp) < 0.001
    return is_its_time and (target.storage_id, target.run_id) == (record.storage_id, record.run_id)


@pytest.mark.parametrize(
    "look", [refusal_that_comes_later, checks_alone, nightly_scrub, refusal_that_is_told_by_reindex]
)
def test_a_day_that_is_judged_again_leads_to_the_run_that_stored_it(desk, look):
    desk.land("20240501")
    desk.run(DAY)
    stored = materialization(desk, raw_key(NOTES))
    assert is_aimed_at(desk.evaluation("integrity", DAY), stored)
    time.sleep(0.01)
    look(desk)
    assert is_aimed_at(desk.evaluation("integrity", DAY), stored)


def test_a_materialization_that_was_deleted_this_very_moment_is_none(desk, monkeypatch):
    monkeypatch.setattr(witness, "newest_materializations", lambda *_: {DAY: 10**9})
    assert newest_targets(desk.instance, raw_key(NOTES), [DAY]) == {}


def test_so_does_a_day_of_consistency(desk):
    desk.land("20240501")
    desk.run(DAY)
    job = desk.definitions.resolve_implicit_global_asset_job_def()
    check = dg.AssetCheckKey(CONSISTENCY, IN_STEP)
    for assets, checks in (({CONSISTENCY}, set()), (set(), {check})):
        job.get_subset(asset_selection=assets, asset_check_selection=checks).execute_in_process(
            instance=desk.instance, partition_key=DAY, run_config=QUIET
        )
        time.sleep(0.01)
    history = desk.instance.event_log_storage.get_asset_check_execution_history(check, limit=2)
    evaluations = [record.event.dagster_event.event_specific_data for record in history]
    stored = materialization(desk, CONSISTENCY)
    assert [is_aimed_at(evaluation, stored) for evaluation in evaluations] == [True, True]
