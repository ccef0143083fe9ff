"""The daily scrub: damage turns checks red, the run stays green, and restored objects turn them green again."""

import shutil

import dagster as dg
import pytest

from rawzone_assets.health.repair import repair
from rawzone_assets.orchestration.logs import QUIET
from rawzone_assets.orchestration.names import FIXITY, raw_key
from rawzone_assets_tests.health.archive_support import archive_due, set_policy
from rawzone_assets_tests.orchestration.desk import DAILY, NOTES
from rawzone_assets_tests.zone.tiny_platform import open_zone


def scrub(desk):
    job = desk.definitions.resolve_job_def("scrub")
    return job.execute_in_process(instance=desk.instance, run_config=QUIET)


def scrub_with(desk, *, raise_on_error=True, **config):
    job = desk.definitions.resolve_job_def("scrub")
    run_config = {**QUIET, "ops": {"health__fixity": {"config": config}}}
    return job.execute_in_process(instance=desk.instance, run_config=run_config, raise_on_error=raise_on_error)


def nothing_damaged(desk) -> dg.AssetCheckEvaluation:
    (record,) = desk.instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(FIXITY, "nothing_damaged"), limit=1
    )
    return record.event.dagster_event.event_specific_data


def promoted(desk, *days: str) -> list:
    for day in days:
        desk.land(day.replace("-", ""))
    desk.run(days[0], days[-1])
    with desk.zone() as zone:
        return [zone.layout.object(entry.receipt.key) for entry in zone.index.entries()]


class TestTheArchive:
    """An archived object is read where it is: its day stays green while it is sound there."""

    def test_is_read_in_the_place_of_raw(self, desk):
        first, _ = promoted(desk, "2024-05-01", "2024-05-02")
        set_policy(desk.home, "[retention]\nrecent_days = 0\nhot_days = 0\n")
        with open_zone(desk.home, now=desk.now) as zone:
            assert len(archive_due(zone).archived) == 2
            copy = zone.layout.archive / first.relative_to(zone.layout.raw)
        assert scrub(desk).success
        assert nothing_damaged(desk).passed
        assert desk.verdicts("integrity") == {"2024-05-01": "SUCCEEDED", "2024-05-02": "SUCCEEDED"}
        desk.run("2024-05-01", "2024-05-02")
        copy.chmod(0o644)
        copy.write_bytes(b"damaged")
        scrub(desk)
        assert desk.verdicts("integrity")["2024-05-01"] == "FAILED"


class TestScrub:
    def test_a_sound_zone_is_green_with_the_head_of_the_ledger(self, desk):
        promoted(desk, "2024-05-01", "2024-05-02")
        desk.land("20240503", "bad")
        desk.run("2024-05-03")
        assert scrub(desk).success
        metadata = desk.instance.get_latest_materialization_event(FIXITY).asset_materialization.metadata
        with desk.zone() as zone:
            assert metadata["ledger_head"].value == zone.index.head.sha256
        assert (metadata["objects"].value, metadata["damaged"].value) == (2, 0)
        assert nothing_damaged(desk).passed
        assert "scrubbed_objects" in desk.evaluation("integrity", "2024-05-02").metadata
        # The newest sound day that has objects speaks for all of them.
        assert "scrubbed_objects" not in desk.evaluation("integrity", "2024-05-01").metadata

    def test_damage_turns_its_day_red_and_only_its_day(self, desk):
        first, _ = promoted(desk, "2024-05-01", "2024-05-02")
        first.chmod(0o644)
        first.write_bytes(first.read_bytes()[::-1])
        assert scrub(desk).success
        assert desk.verdicts("integrity") == {"2024-05-01": "FAILED", "2024-05-02": "SUCCEEDED"}
        assert nothing_damaged(desk).description.startswith("1 file is not as recorded")
        # Dagster judges an asset's health by its newest evaluation, so that is a red one.
        (newest,) = desk.instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(raw_key(NOTES), "integrity"), limit=1
        )
        assert newest.partition == "2024-05-01"

    def test_a_damaged_ledger_is_told_by_its_own_check_and_fails_no_run(self, desk):
        promoted(desk, "2024-05-01")
        with desk.zone() as zone:
            commit = zone.ledger.path(0)
        commit.chmod(0o644)
        commit.write_bytes(b"damaged")
        shutil.rmtree(desk.home / "state")
        assert scrub(desk).success
        assert not nothing_damaged(desk).passed

    def test_a_restored_object_turns_its_day_green_again(self, desk):
        first, _ = promoted(desk, "2024-05-01", "2024-05-02")
        sound = first.read_bytes()
        first.unlink()
        scrub(desk)
        assert desk.verdicts("integrity")["2024-05-01"] == "FAILED"
        first.write_bytes(sound)
        scrub(desk)
        assert desk.verdicts("integrity")["2024-05-01"] == "SUCCEEDED"
        assert nothing_damaged(desk).passed

    def test_it_leaves_nothing_to_report_anew(self, desk):
        promoted(desk, "2024-05-01")
        cursor = desk.tick().cursor
        scrub(desk)
        assert not desk.tick(cursor).run_requests
        assert set(desk.verdicts(DAILY[0]).values()) == {"SUCCEEDED"}

    def test_a_foreign_file_is_named(self, desk):
        promoted(desk, "2024-05-01")
        (desk.home / "raw" / "tiny" / "stray").write_text("x")
        scrub(desk)
        (row,) = (record.data for record in nothing_damaged(desk).metadata["damages"].value.records)
        assert row["kind"] == "foreign"

    def test_every_feeds_check_tells_how_much_was_read_within_the_window(self, desk):
        promoted(desk, "2024-05-01", "2024-05-02")
        scrub_with(desk, window_days=3)
        metadata = desk.evaluation("integrity", "2024-05-02").metadata
        assert metadata["window_days"].value == 3
        assert metadata["coverage_percent"].value == 100.0
        assert metadata["oldest_verified"].value.startswith("2024-06-01")
        fixity = desk.instance.get_latest_materialization_event(FIXITY).asset_materialization.metadata
        assert fixity["everything_read"].value is True

    def test_damage_found_before_stays_red_until_it_is_repaired(self, desk):
        first, _ = promoted(desk, "2024-05-01", "2024-05-02")
        sound = first.read_bytes()
        first.chmod(0o644)
        first.write_bytes(b"?")
        for _ in range(2):
            scrub_with(desk, budget_seconds=0)
            assert desk.verdicts("integrity")["2024-05-01"] == "FAILED"
            assert not nothing_damaged(desk).passed
        with desk.zone() as zone:
            repair(zone, run_id="repair")
        assert first.read_bytes() == sound
        scrub_with(desk, budget_seconds=0)
        assert desk.verdicts("integrity")["2024-05-01"] == "SUCCEEDED"
        assert nothing_damaged(desk).passed


@pytest.mark.parametrize(
    ("wrong", "named"), [({"budget_seconds": -5}, "budget_seconds"), ({"window_days": 0}, "window_days")]
)
def test_amounts_that_make_no_sense_are_refused_by_name_and_nothing_is_said_to_be_sound(desk, wrong, named):
    done = scrub_with(desk, raise_on_error=False, **wrong)
    assert not done.success
    (failure,) = (event.step_failure_data for event in done.all_events if event.is_step_failure)
    assert named in failure.error.message
    assert "greater than" in failure.error.message
