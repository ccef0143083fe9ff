"""The daily scrub: damage turns checks red, the run stays green, and restored objects turn them green again."""

import dagster as dg

from rawzone_assets.orchestration.logs import QUIET
from rawzone_assets.orchestration.names import FIXITY
from rawzone_assets_tests.orchestration.desk import DAILY


def scrub(desk):
    job = desk.definitions.resolve_job_def("scrub")
    return job.execute_in_process(instance=desk.instance, run_config=QUIET)


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


class TestScrub:
    def test_a_sound_zone_is_green_with_the_head_of_the_ledger(self, desk):
        promoted(desk, "2024-05-01", "2024-05-02")
        assert scrub(desk).success
        metadata = desk.instance.get_latest_materialization_event(FIXITY).asset_materialization.metadata
        with desk.zone() as zone:
            assert metadata["ledger_head"].value == zone.index.head.sha256
        assert (metadata["objects"].value, metadata["damaged"].value) == (2, 0)
        assert nothing_damaged(desk).passed
        assert "scrubbed_objects" in desk.evaluation("integrity", "2024-05-02").metadata

    def test_damage_turns_its_day_red_and_only_its_day(self, desk):
        first, _ = promoted(desk, "2024-05-01", "2024-05-02")
        first.chmod(0o644)
        first.write_bytes(first.read_bytes()[::-1])
        assert scrub(desk).success
        assert desk.verdicts("integrity") == {"2024-05-01": "FAILED", "2024-05-02": "SUCCEEDED"}
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
