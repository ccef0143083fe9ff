"""Runs of the raw assets: what becomes of days, checks and metadata, and what a crash leaves."""

import hashlib
import json
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._serdes import serialize_value

from rawzone_assets.health.erasure import erase, plan_erasure
from rawzone_assets.orchestration import event_batches, reporting, witness
from rawzone_assets.orchestration.names import raw_key
from rawzone_assets.zone import promotion
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets_tests.orchestration.desk import DAILY, NOTES, reported, with_settings

KEY = raw_key(NOTES)


class TestOneDay:
    """'partition by capture date … asset checks … materialization metadata'"""

    def test_a_good_delivery_materializes_its_day_and_every_check_is_green(self, desk):
        desk.land("20240501")
        result = desk.run("2024-05-01")
        assert result.success
        assert desk.materialized() == {"2024-05-01"}
        for check in DAILY:
            assert desk.verdicts(check) == {"2024-05-01": "SUCCEEDED"}

    def test_an_auditor_finds_the_full_hash_of_the_landed_file(self, desk):
        landed = desk.land("20240501")
        desk.run("2024-05-01")
        metadata = desk.materialization("2024-05-01").metadata
        assert metadata["sha256"].value == {landed.name: hashlib.sha256(landed.read_bytes()).hexdigest()}

    def test_the_metadata_tell_lineage_and_sizes(self, desk):
        landed = desk.land("20240501", "one\ntwo\n")
        desk.run("2024-05-01")
        metadata = {name: value.value for name, value in desk.materialization("2024-05-01").metadata.items()}
        with desk.zone() as zone:
            head = zone.index.head
            stored = zone.layout.object(f"{NOTES}/2024/05/{landed.name}.gz").stat().st_size
        assert metadata["files"] == 1
        assert metadata["bytes"] == landed.stat().st_size
        assert metadata["stored_bytes"] == stored
        assert metadata["records"] == metadata["dagster/row_count"] == 3
        assert (metadata["data_min"], metadata["data_max"]) == ("2024-01-01", "2024-05-01")
        assert metadata["source_system"] == "tiny.example"
        assert metadata["contract_version"] == "1.1"
        assert (metadata["ledger_seq"], metadata["ledger_head"]) == (head.seq, head.sha256)
        # A tree of one leaf is that leaf.
        [commit] = (desk.home / "raw" / "_ledger").iterdir()
        leaf = hashlib.sha256(b"\0" + commit.read_bytes().split(b"\n")[1]).digest()
        assert (metadata["tree_size"], metadata["tree_root"]) == (1, b64encode(leaf).decode())
        assert metadata["dagster/uri"].endswith(f"raw/{NOTES}/2024/05")
        assert {"revisions": 0, "duplicates": 0, "quarantined": 0}.items() <= metadata.items()

    def test_the_data_version_is_the_hash_of_what_sha256sum_prints(self, desk):
        landed = [desk.land("20240501", time=f"0{hour}0000") for hour in range(6)]
        desk.run("2024-05-01")
        lines = sorted(f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in landed)
        expected = hashlib.sha256("".join(lines).encode()).hexdigest()
        assert desk.materialization("2024-05-01").tags["dagster/data_version"] == expected

    def test_a_day_of_many_files_stays_a_small_event(self, desk):
        for minute in range(60):
            desk.land("20240501", "bad" if minute % 2 else "{}", time=f"08{minute:02d}00")
        result = desk.run("2024-05-01")
        sizes = [len(serialize_value(event)) for event in result.all_events]
        assert max(sizes) < 10_000
        assert desk.materialization("2024-05-01").metadata["files"].value == 30


class TestRange:
    """'backfills over any range of dates'"""

    def test_good_bad_and_empty_days_each_get_what_they_deserve(self, desk):
        desk.land("20240501")
        desk.land("20240502", "bad")
        desk.land("20240504")
        desk.land("20240504", "bad", time="090000")
        result = desk.run("2024-05-01", "2024-05-05")
        assert result.success
        assert desk.materialized() == {"2024-05-01", "2024-05-04"}
        assert desk.verdicts("shape") == {
            "2024-05-01": "SUCCEEDED",
            "2024-05-02": "FAILED",
            "2024-05-04": "FAILED",
        }
        assert desk.verdicts("times") == dict.fromkeys(("2024-05-01", "2024-05-02", "2024-05-04"), "SUCCEEDED")

    def test_deliveries_of_other_days_are_left_for_their_own_run(self, desk):
        desk.land("20240501")
        desk.land("20240601")
        desk.run("2024-05-01", "2024-05-31")
        with desk.zone() as zone:
            assert [entry.receipt.partition for entry in zone.index.entries()] == ["2024-05-01"]

    def test_a_red_check_names_file_code_place_and_message(self, desk):
        landed = desk.land("20240502", "bad")
        desk.run("2024-05-02")
        evaluation = desk.evaluation("shape", "2024-05-02")
        assert (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.ERROR)
        (row,) = (record.data for record in evaluation.metadata["findings"].value.records)
        assert row == {
            "file": landed.name,
            "code": "RZ-JSON-SYNTAX",
            "where": "line 1",
            "message": "it starts with bad",
            "effect": "refused",
        }
        assert evaluation.metadata["refused"].value == 1

    def test_a_refused_delivery_counts_once_however_much_is_wrong_and_its_warnings_are_listed(self, desk):
        desk.land("20240502", "bad bad and odd")
        desk.run("2024-05-02")
        evaluation = desk.evaluation("shape", "2024-05-02")
        assert evaluation.description == "1 of 1 delivery refused: RZ-JSON-SYNTAX"
        assert (evaluation.metadata["refused"].value, evaluation.metadata["warnings"].value) == (1, 1)
        codes = [record.data["code"] for record in evaluation.metadata["findings"].value.records]
        assert codes == ["RZ-JSON-SYNTAX", "RZ-JSON-SYNTAX", "RZ-UNKNOWN-FIELD"]

    def test_a_refusal_by_a_check_that_is_called_otherwise_now_belongs_to_the_first(self, desk):
        desk.land("20240502", "bad")
        desk.run("2024-05-02")
        renamed = dict.fromkeys(desk.platform.feeds[0].checks, "form")
        feeds = (replace(desk.platform.feeds[0], checks=renamed), *desk.platform.feeds[1:])
        desk.platform = replace(desk.platform, feeds=feeds)
        with_settings(desk)  # builds the definitions anew
        assert desk.run("2024-05-02", checks=("form",)).success
        assert not desk.evaluation("form", "2024-05-02").passed

    def test_a_green_check_says_that_others_refused_what_it_may_not_have_looked_at(self, desk):
        desk.land("20240501", "bad")
        desk.land("20240501", time="230000")
        desk.run("2024-05-01")
        told = {name: desk.evaluation(name, "2024-05-01") for name in ("shape", "times")}
        assert [evaluation.passed for evaluation in told.values()] == [False, True]
        assert told["shape"].description == "1 of 2 deliveries refused: RZ-JSON-SYNTAX"
        assert told["times"].description == (
            "2 deliveries without objection; 1 refused by other checks, perhaps before this one"
        )

    def test_warnings_are_listed_in_a_green_check(self, desk):
        desk.land("20240501", "odd")
        desk.run("2024-05-01")
        evaluation = desk.evaluation("shape", "2024-05-01")
        assert evaluation.passed
        assert evaluation.metadata["warnings"].value == 1
        assert evaluation.metadata["findings"].value.records[0].data["code"] == "RZ-UNKNOWN-FIELD"


class TestAgain:
    """'I7 running anything twice changes nothing'"""

    def test_a_second_run_reports_nothing(self, desk):
        desk.land("20240501")
        desk.land("20240502", "bad")
        assert reported(desk.run("2024-05-01", "2024-05-05"))
        assert reported(desk.run("2024-05-01", "2024-05-05")) == []

    def test_a_late_bad_file_turns_a_materialized_day_red(self, desk):
        desk.land("20240501")
        desk.run("2024-05-01")
        desk.land("20240501", "bad", time="230000")
        result = desk.run("2024-05-01")
        assert reported(result) == ["ASSET_CHECK_EVALUATION"] * len(DAILY)
        assert desk.materialized() == {"2024-05-01"}
        assert desk.verdicts("shape") == {"2024-05-01": "FAILED"}

    def test_a_late_good_file_does_not_hide_a_refused_one(self, desk):
        desk.land("20240501", "bad")
        desk.run("2024-05-01")
        desk.land("20240501", time="230000")
        desk.run("2024-05-01")
        assert desk.materialized() == {"2024-05-01"}
        assert desk.verdicts("shape") == {"2024-05-01": "FAILED"}

    def test_the_same_name_delivered_well_closes_the_refusal(self, desk):
        desk.land("20240501", "bad")
        desk.run("2024-05-01")
        desk.land("20240501", "good")
        desk.run("2024-05-01")
        assert desk.verdicts("shape") == {"2024-05-01": "SUCCEEDED"}

    def test_other_bytes_under_a_stored_name_are_a_revision_of_the_day(self, desk):
        desk.land("20240501", "one")
        desk.run("2024-05-01")
        desk.land("20240501", "two")
        desk.run("2024-05-01")
        metadata = desk.materialization("2024-05-01").metadata
        assert metadata["revisions"].value == 1
        assert set(metadata["sha256"].value) == {"notes_20240501.json", "notes_20240501.r2.json"}

    def test_a_duplicate_materializes_its_own_day(self, desk):
        desk.land_as("tiny/notes_20240501.json", "same")
        desk.run("2024-05-01")
        desk.land_as("tiny/notes_20240502.json", "same")
        desk.run("2024-05-02")
        metadata = desk.materialization("2024-05-02").metadata
        assert (metadata["files"].value, metadata["duplicates"].value) == (1, 1)
        assert desk.evaluation("integrity", "2024-05-02").metadata["objects"].value == 1


class TestChecksAskedFor:
    """A run started in the UI has its checks planned, and a planned check without a verdict hides a red one."""

    def test_they_are_evaluated_although_nothing_changed(self, desk):
        desk.land("20240501")
        desk.land("20240502", "bad")
        desk.run("2024-05-01", "2024-05-03")
        again = desk.run("2024-05-01", "2024-05-03", checks=DAILY)
        assert reported(again) == ["ASSET_CHECK_EVALUATION"] * 2 * len(DAILY)
        assert desk.verdicts("shape")["2024-05-02"] == "FAILED"
        assert desk.verdicts("shape")["2024-05-01"] == "SUCCEEDED"

    def test_a_check_alone_promotes_nothing_and_leaves_nothing_to_report(self, desk):
        desk.land("20240501")
        desk.run("2024-05-01")
        desk.land("20240501", time="120000")
        alone = desk.run("2024-05-01", checks=("integrity",), assets=False)
        assert reported(alone) == ["ASSET_CHECK_EVALUATION"]
        with desk.zone() as zone:
            assert len(list(zone.index.entries())) == 1
            assert witness.unreported(desk.instance, zone, _partitions(desk)) == {}


class TestNoDay:
    """The UI lets a person run the checks of an asset, or the asset, without a word of days."""

    def test_all_checks_are_evaluated_for_the_newest_day(self, desk):
        desk.land("20240501")
        desk.land("20240502", "bad")
        desk.land("20990101")  # refused, and no partition
        desk.run("2024-05-01", "2024-05-02")
        done = desk.execute_all(KEY, *DAILY, "freshness", "open_refusals")
        assert done.success
        evaluated = [
            event.event_specific_data
            for event in done.all_events
            if event.event_type_value == "ASSET_CHECK_EVALUATION"
        ]
        days = {evaluation.check_name: evaluation.partition for evaluation in evaluated}
        assert days == dict.fromkeys(DAILY, "2024-05-02") | {"freshness": None, "open_refusals": None}
        assert desk.verdicts("shape") == {"2024-05-01": "SUCCEEDED", "2024-05-02": "FAILED"}
        assert desk.materialized() == {"2024-05-01"}

    def test_of_a_feed_that_never_came_there_is_nothing_to_say(self, desk):
        done = desk.execute_all(KEY, *DAILY)
        assert done.success
        assert reported(done) == []

    def test_a_promotion_without_days_is_refused_with_a_sentence(self, desk):
        desk.land("20240501")
        done = desk.execute_all(KEY, assets=True)
        assert not done.success
        (failure,) = (event.step_failure_data for event in done.all_events if event.is_step_failure)
        assert "names no day" in failure.user_failure_data.description
        assert desk.materialized() == set()


class TestCrash:
    """'A crash between ledger commit and report heals on the next run.'"""

    @pytest.mark.parametrize("events", [0, 1, 3, 6, 10])
    def test_wherever_the_report_breaks_off_the_next_run_completes_it(self, desk, monkeypatch, events):
        desk.land("20240501")
        desk.land("20240502", "bad")
        real = reporting.report

        def broken(*arguments):
            for number, event in enumerate(real(*arguments)):
                if number == events:
                    raise RuntimeError("killed")
                yield event

        monkeypatch.setattr(reporting, "report", broken)
        assert not desk.run("2024-05-01", "2024-05-02").success
        monkeypatch.undo()
        assert desk.run("2024-05-01", "2024-05-02").success
        assert desk.materialized() == {"2024-05-01"}
        for check in DAILY:
            assert desk.verdicts(check)["2024-05-01"] == "SUCCEEDED"
        assert desk.verdicts("shape")["2024-05-02"] == "FAILED"
        assert reported(desk.run("2024-05-01", "2024-05-02")) == []

    @pytest.mark.parametrize("batch", [0, 1])
    @pytest.mark.parametrize("half", [False, True], ids=["before it", "after the run's own log"])
    def test_whichever_batch_of_events_is_lost_the_next_run_stores_it(self, desk, monkeypatch, batch, half):
        desk.land("20240501")
        desk.land("20240502", "bad")
        stored = []
        real, real_index = event_batches.store, SqliteEventLogStorage.index_transaction

        def failing(*_arguments):
            raise OSError("killed")

        def broken(*arguments):
            stored.append(arguments)
            if len(stored) == batch + 1:
                monkeypatch.setattr(SqliteEventLogStorage, "index_transaction", failing)
                if not half:
                    raise OSError("killed")
            try:
                real(*arguments)
            finally:
                monkeypatch.setattr(SqliteEventLogStorage, "index_transaction", real_index)

        monkeypatch.setattr(event_batches, "store", broken)
        assert not desk.run("2024-05-01", "2024-05-02").success
        assert len(stored) == batch + 1
        monkeypatch.undo()
        assert desk.run("2024-05-01", "2024-05-02").success
        assert desk.materialized() == {"2024-05-01"}
        assert desk.verdicts("shape") == {"2024-05-01": "SUCCEEDED", "2024-05-02": "FAILED"}
        assert reported(desk.run("2024-05-01", "2024-05-02")) == []

    def test_a_day_that_was_stored_and_not_judged_is_judged_and_not_stored_again(self, desk, monkeypatch):
        desk.land("20240501")
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(reporting, "evaluations", lambda *_, **__: 1 / 0)
            assert not desk.run("2024-05-01").success
        assert desk.materialized() == {"2024-05-01"}
        assert reported(desk.run("2024-05-01")) == ["ASSET_CHECK_EVALUATION"] * len(DAILY)

    def test_a_day_that_another_run_stored_after_it_was_judged_is_judged_again(self, desk):
        """One that saw the same and died before it judged."""
        desk.land("20240501")
        desk.run("2024-05-01")
        desk.instance.report_runless_asset_event(desk.materialization("2024-05-01"))
        assert desk.verdicts("shape") == {"2024-05-01": "old"}
        desk.run("2024-05-01")
        assert desk.verdicts("shape") == {"2024-05-01": "SUCCEEDED"}

    def test_a_run_deleted_in_the_ui_is_reported_again(self, desk):
        desk.land("20240501")
        result = desk.run("2024-05-01")
        desk.instance.delete_run(result.run_id)
        assert desk.materialized() == set()
        desk.run("2024-05-01")
        assert desk.materialized() == {"2024-05-01"}


class TestOutsideOfThePartitions:
    """'A date outside the partition set is a verdict, never an exception.'"""

    def test_too_old_and_future_stamps_are_quarantined_by_any_run_of_the_feed(self, desk):
        desk.land("20191231")
        desk.land("29990101")
        result = desk.run("2024-05-01")
        assert result.success
        assert desk.materialized() == set()
        with desk.zone() as zone:
            verdicts = {entry.receipt.partition: entry.receipt.verdict for entry in zone.index.entries()}
        assert verdicts == dict.fromkeys(("2019-12-31", "2999-01-01"), Verdict.QUARANTINED)


class TestEnvironment:
    """'A failing run means the environment (disk, permission, store), nothing else.'"""

    def test_a_full_disk_fails_the_run_with_one_sentence(self, desk):
        desk.land("20240501")
        with_settings(desk, reserve=2**60)
        result = desk.run("2024-05-01")
        assert not result.success
        assert "is almost full" in _failure(result)

    def test_what_was_promoted_before_the_failure_is_reported(self, desk):
        desk.land("20240501")
        occupied = desk.home / "raw" / NOTES / "2024" / "05" / "notes_20240502.json.gz"
        occupied.parent.mkdir(parents=True)
        occupied.write_text("not ours")
        desk.land("20240502")
        result = desk.run("2024-05-01", "2024-05-02")
        assert not result.success
        assert "is occupied by a file that the ledger does not know" in _failure(result)
        assert desk.materialized() == {"2024-05-01"}

    def test_a_missing_landing_folder_fails_the_run_with_one_sentence(self, desk):
        (desk.home / "landing").rmdir()
        result = desk.run("2024-05-01")
        assert not result.success
        assert "landing folder" in _failure(result)


class TestIntegrity:
    def test_an_altered_object_turns_the_day_red(self, desk):
        desk.land("20240501")
        desk.run("2024-05-01")
        with desk.zone() as zone:
            (entry,) = zone.index.entries()
            path = Path(zone.layout.object(entry.receipt.key))
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[::-1])
        desk.run("2024-05-01", checks=("integrity",), assets=False)
        evaluation = desk.evaluation("integrity", "2024-05-01")
        assert not evaluation.passed
        assert evaluation.metadata["problems"].value.records[0].data["key"] == entry.receipt.key


def _failure(result) -> str:
    (event,) = [event for event in result.all_events if event.is_step_failure]
    return event.step_failure_data.user_failure_data.description


def _partitions(desk):
    return {NOTES: desk.definitions.resolve_assets_def(KEY).partitions_def}


def test_every_event_can_be_read_back_as_json(desk):
    desk.land("20240501", "bad")
    for event in desk.run("2024-05-01").all_events:
        json.loads(serialize_value(event))


class TestAtAGlance:
    """'What is in this partition, where it came from, which rules it passed, how to get the bytes.'"""

    def test_a_partition_says_what_it_is_and_what_to_type(self, desk):
        desk.land("20240501", "odd\n")
        desk.run("2024-05-01")
        metadata = desk.materialization("2024-05-01").metadata
        (row,) = (record.data for record in metadata["delivered"].value.records)
        assert (row["landed_as"], row["commit"], row["verdict"]) == ("tiny/notes_20240501.json", 0, "promoted")
        assert metadata["get_the_bytes"].value == f"rawzone cat {row['key']} > notes_20240501.json"
        assert metadata["get_the_receipt"].value == f"rawzone show {row['key']}"
        day = "rawzone ls tiny/notes --since 2024-05-01 --until 2024-05-01"
        assert metadata["list_the_day"].value == day
        assert metadata["rules"].value == "passed: shape (1 warning), completeness, types, times"

    def test_a_long_range_tells_of_each_batch_in_the_log(self, desk, monkeypatch):
        monkeypatch.setattr(promotion, "MOST_FILES", 2)
        for day in range(1, 6):
            desk.land(f"2024050{day}", "bad" if day == 3 else "{}")
        result = desk.run("2024-05-01", "2024-05-05")
        told = [
            entry.user_message
            for entry in desk.instance.all_logs(result.run_id)
            if "deliveries done" in entry.user_message
        ]
        assert told == [
            f"{batch}, 0 unchanged"
            for batch in (
                "2 of 5 deliveries done; this batch: 2024-05-01 to 2024-05-02, 2 promoted",
                "4 of 5 deliveries done; this batch: 2024-05-03 to 2024-05-04, 1 promoted, 1 quarantined",
                "5 of 5 deliveries done; this batch: 2024-05-05 to 2024-05-05, 1 promoted",
            )
        ]

    def test_two_years_picked_in_the_ui_are_a_run_a_year_at_most(self, desk):
        raw = desk.definitions.resolve_asset_graph().get(raw_key(NOTES))
        assert raw.backfill_policy.max_partitions_per_run == 366


class TestErasedByLaw:
    """What was erased is neither missing nor an open refusal."""

    def test_a_day_with_an_erased_object_and_an_erased_refusal_is_green_again(self, desk):
        good, bad = desk.land("20240501", time="010000"), desk.land("20240501", "bad", time="020000")
        desk.run("2024-05-01")
        assert desk.verdicts("shape") == {"2024-05-01": "FAILED"}
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (good, bad)]
        order = {"reason": "request", "authority": "court"}
        with desk.zone() as zone:
            code = plan_erasure(zone, digests, **order).code
            assert len(erase(zone, digests, code=code, by="Ada", **order).erased) == 2
        desk.run("2024-05-01")
        assert desk.verdicts("shape") == {"2024-05-01": "SUCCEEDED"}
        assert desk.verdicts("integrity") == {"2024-05-01": "SUCCEEDED"}
