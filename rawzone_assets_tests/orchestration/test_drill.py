"""The weekly restore drill: what cannot be had back turns its check red, the run stays green."""

import shutil

import dagster as dg
import pytest

from rawzone_assets.contract.policy import policy_from
from rawzone_assets.orchestration.logs import QUIET
from rawzone_assets.orchestration.names import DRILL, RESTORABLE
from rawzone_assets_tests.health.archive_support import archive_due
from rawzone_assets_tests.orchestration.desk import with_settings


@pytest.fixture
def archived(desk):
    """Two archived days; the paths of their copies."""
    with_settings(desk, policy=policy_from({"retention": {"recent_days": 1, "hot_days": 2}}))
    desk.land("20240501")
    desk.land("20240502")
    desk.run("2024-05-01", "2024-05-02")
    with desk.zone() as zone:
        return [zone.layout.archived(planned.key) for planned in archive_due(zone).archived]


def drill(desk, **config):
    run_config = {**QUIET, "ops": {"health__restore_drill": {"config": config}}} if config else QUIET
    job = desk.definitions.resolve_job_def("restore_drill")
    run = job.execute_in_process(instance=desk.instance, run_config=run_config)
    assert run.success
    return desk.instance.get_latest_materialization_event(DRILL).asset_materialization.metadata


def verdict(desk) -> dg.AssetCheckEvaluation:
    (record,) = desk.instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(DRILL, RESTORABLE), limit=1
    )
    return record.event.dagster_event.event_specific_data


def test_what_can_be_had_back_is_green(desk, archived):
    metadata = drill(desk)
    assert (metadata["drilled"].value, metadata["failed"].value, metadata["archive_copies"].value) == (2, 0, 2)
    assert verdict(desk).passed


def test_what_cannot_is_red_until_it_can(desk, archived):
    sound = archived[0].read_bytes()
    archived[0].chmod(0o644)
    archived[0].write_bytes(b"")
    assert drill(desk)["failed"].value == 1
    found = verdict(desk)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    (row,) = found.metadata["problems"].value.records
    assert "not as recorded" in row.data["problem"]
    archived[0].write_bytes(sound)
    drill(desk)
    assert verdict(desk).passed


@pytest.mark.parametrize("mended", [0, 1])
def test_a_failure_stays_red_while_others_are_drilled(desk, archived, mended):
    sound = archived[mended].read_bytes()
    for path in archived:
        path.chmod(0o644)
        path.write_bytes(b"")
    drill(desk)
    assert "2 archived objects" in verdict(desk).description
    archived[mended].write_bytes(sound)
    for _ in range(2):
        assert drill(desk, objects=1)["drilled"].value == 1
    assert not verdict(desk).passed
    assert verdict(desk).description.startswith("1 archived object could not be had back")


def test_a_ledger_that_cannot_be_read_fails_the_run_with_one_sentence(desk, archived):
    with desk.zone() as zone:
        commit = zone.ledger.path(0)
    commit.chmod(0o644)
    commit.write_bytes(b"damaged")
    shutil.rmtree(desk.home / "state")
    job = desk.definitions.resolve_job_def("restore_drill")
    done = job.execute_in_process(instance=desk.instance, run_config=QUIET, raise_on_error=False)
    (failure,) = (event.step_failure_data for event in done.all_events if event.is_step_failure)
    assert commit.name in failure.user_failure_data.description


def test_an_empty_archive_is_green_and_says_so(desk):
    assert drill(desk)["drilled"].value == 0
    assert verdict(desk).passed
    assert verdict(desk).description == "nothing is in the archive"


def test_it_is_scheduled_and_on(desk):
    schedule = desk.definitions.resolve_schedule_def("weekly_restore_drill")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
