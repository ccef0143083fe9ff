"""Consistency in Dagster: a partition a capture day, whose check says which feeds kept in step."""

from dataclasses import replace
from datetime import date, timedelta

import dagster as dg

from rawzone_assets.orchestration.names import CONSISTENCY, IN_STEP
from rawzone_assets_tests.orchestration.desk import NOON, PLATFORM, feed

SUMS = "tiny/sums"
FIRST = (NOON - timedelta(days=6)).date()


def land(desk, *days: int, name: str = "notes") -> None:
    for number in days:
        desk.land(f"{FIRST + timedelta(days=number):%Y%m%d}", name=name)
    desk.run(f"{FIRST}", f"{NOON.date()}", feed_id=f"tiny/{name}")


def states(desk) -> dict[int, str]:
    """Day after the first to what the check's Partitions tab shows of it."""
    found = desk.instance.event_log_storage.get_asset_check_partition_info(
        [dg.AssetCheckKey(CONSISTENCY, IN_STEP)]
    )
    return {
        (date.fromisoformat(info.partition_key) - FIRST).days: info.latest_execution_status.value
        if info.is_current
        else "old"
        for info in found
    }


def evaluation(desk, number: int) -> dg.AssetCheckEvaluation:
    history = desk.instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(CONSISTENCY, IN_STEP), limit=100
    )
    evaluations = [record.event.dagster_event.event_specific_data for record in history]
    return next(item for item in evaluations if item.partition == f"{FIRST + timedelta(days=number)}")


def watch(desk) -> list[str]:
    """A tick and the run it asks for; the first and last day of that run."""
    days = []
    for request in desk.tick(sensor="feed_watch").run_requests or ():
        assert desk.carry_out(request).success
        days += [request.partition_key] if request.partition_key else list(request.tags.values())[:2]
    return days


class TestDays:
    def test_each_day_says_which_feeds_were_missing(self, desk):
        land(desk, 0, 1, 2, 3, 4, 5)
        land(desk, 0, 2, name="sums")
        watch(desk)
        assert states(desk) == {
            0: "SUCCEEDED",
            1: "SUCCEEDED",
            2: "SUCCEEDED",
            3: "SUCCEEDED",
            4: "FAILED",
            5: "FAILED",
        }
        found = evaluation(desk, 4)
        assert found.severity is dg.AssetCheckSeverity.WARN
        assert found.description == "missing: tiny/sums"
        shown = {name: value.value for name, value in found.metadata.items() if name != "feeds"}
        assert (shown["feeds_missing"], shown["feeds_out_of_step"], shown["feeds_delivered"]) == (1, 0, 1)
        # Seven days before anything came are consistent too: nothing was expected.
        assert (shown["days_consistent"], shown["days_looked_at"]) == (13, 14)
        (row,) = (record.data for record in found.metadata["feeds"].value.records)
        assert (row["feed"], row["state"]) == (SUMS, f"missing, last {FIRST + timedelta(days=2)}")

    def test_a_day_is_judged_when_it_is_over(self, desk):
        land(desk, 6)
        watch(desk)
        assert states(desk) == {}
        desk.now += timedelta(days=1)
        watch(desk)
        assert states(desk) == {6: "SUCCEEDED"}
        assert evaluation(desk, 6).description.startswith("1 feed delivered, ")

    def test_an_empty_zone_has_no_days(self, desk):
        watch(desk)
        assert states(desk) == {}


class TestIncompleteCaptures:
    """A capture of several files that is not whole stands with its day, until the others have come."""

    def test_are_named_with_what_they_lack(self, desk):
        members = ("notes.json", "plan.json")
        notes = replace(feed("notes"), stamped_folder_names=members, capture_set=members)
        desk.platform = replace(PLATFORM, feeds=(notes,))
        day = f"{FIRST + timedelta(days=5):%Y%m%d}"
        desk.land_as(f"tiny/{day}_100000/notes.json", "one")
        desk.run(f"{FIRST}", f"{NOON.date()}")
        watch(desk)
        found = evaluation(desk, 5)
        assert not found.passed
        assert found.description == f"incomplete captures: tiny/{day}_100000/"
        assert found.metadata["captures_incomplete"].value == 1
        (row,) = (record.data for record in found.metadata["feeds"].value.records)
        assert row["state"] == f"tiny/{day}_100000/ lacks plan.json"
        desk.land_as(f"tiny/{day}_100000/plan.json", "two")
        desk.run(f"{FIRST}", f"{NOON.date()}")
        watch(desk)
        assert evaluation(desk, 5).passed


class TestNews:
    def test_nothing_is_told_twice(self, desk):
        land(desk, 0, 2, 4)
        assert watch(desk) == [f"{FIRST}", f"{FIRST + timedelta(days=5)}"]
        assert watch(desk) == []

    def test_a_day_that_another_run_stored_after_it_was_judged_is_judged_again(self, desk):
        land(desk, 0, 2, 4)
        watch(desk)
        day = f"{FIRST + timedelta(days=3)}"
        again = dg.AssetRecordsFilter(CONSISTENCY, asset_partitions=[day])
        (record,) = desk.instance.fetch_materializations(again, limit=1).records
        desk.instance.report_runless_asset_event(record.asset_materialization)
        assert states(desk)[3] == "old"
        assert watch(desk) == [day]
        assert states(desk)[3] == "SUCCEEDED"

    def test_while_a_run_of_it_is_under_way_no_other_is_asked_for(self, desk):
        land(desk, 0, 2, 4)
        desk.instance.create_run_for_job(
            desk.definitions.resolve_implicit_global_asset_job_def(),
            status=dg.DagsterRunStatus.STARTED,
            asset_selection=frozenset({CONSISTENCY}),
        )
        assert watch(desk) == []

    def test_a_delivery_that_comes_late_heals_its_day(self, desk):
        land(desk, 0, 5)
        watch(desk)
        assert [day for day, state in states(desk).items() if state == "FAILED"] == [2, 3, 4]
        land(desk, 2, 4)
        watch(desk)
        assert set(states(desk).values()) == {"SUCCEEDED"}


class TestByHand:
    def test_older_days_can_be_evaluated_in_the_ui(self, desk):
        land(desk, 0, 1)
        job = desk.definitions.resolve_implicit_global_asset_job_def()
        days = {
            "dagster/asset_partition_range_start": f"{FIRST}",
            "dagster/asset_partition_range_end": "2024-05-29",
        }
        done = job.get_subset(asset_selection={CONSISTENCY}).execute_in_process(
            instance=desk.instance, tags=days, raise_on_error=False
        )
        assert done.success
        assert states(desk) == {0: "SUCCEEDED", 1: "SUCCEEDED", 2: "SUCCEEDED", 3: "FAILED"}
        assert desk.instance.get_materialized_partitions(CONSISTENCY) == {
            f"{FIRST + timedelta(days=number)}" for number in range(4)
        }
        # What was evaluated by hand is not told again.
        assert watch(desk) == ["2024-05-30", "2024-05-31"]


def test_its_check_alone_without_a_day_is_evaluated_for_yesterday(desk):
    land(desk, 0, 5)
    assert desk.execute_all(CONSISTENCY, IN_STEP).success
    assert evaluation(desk, 5).partition == f"{NOON.date() - timedelta(days=1)}"
