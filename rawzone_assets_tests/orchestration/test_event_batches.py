"""Events stored together leave the databases as they are when Dagster is handed the same events singly."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from rawzone_assets.orchestration import event_batches, reporting, sqlite_events

KEY = dg.AssetKey(["raw", "some", "feed"])
OTHER = dg.AssetKey(["landing", "some", "feed"])
DAYS = dg.DailyPartitionsDefinition(start_date="2025-06-01")
CHECKS = ("shape", "integrity")


def materialization(day, key=KEY, *, files=3):
    return dg.AssetMaterialization(
        key,
        partition=day,
        description="of one day" if files == 1 else None,
        metadata={"files": files, "sha256": dg.MetadataValue.json({"a": "b"}), "size": 12.5},
        tags=reporting.versioned(f"content of {day} {files}"),
    )


def evaluation(check, day, *, passed=True, target=None, description="all is well"):
    aim = AssetCheckEvaluationTargetMaterializationData(storage_id=target or 0, run_id="a run", timestamp=1.0)
    return dg.AssetCheckEvaluation(
        asset_key=KEY,
        check_name=check,
        passed=passed,
        partition=day,
        severity=dg.AssetCheckSeverity.ERROR,
        description=description,
        metadata={"objects": 4},
        target_materialization_data=aim if target else None,
    )


def a_days_work():
    """Two assets, a day told twice, a check that changes its mind, and one without a day's materialization."""
    return [
        materialization("2025-06-01"),
        materialization("2025-06-02", OTHER),
        materialization("2025-06-02", files=1),
        materialization("2025-06-02", files=2),
        evaluation("shape", "2025-06-01", target=1),
        evaluation("integrity", "2025-06-01", passed=False, target=1, description=None),
        evaluation("shape", "2025-06-02", passed=False, target=3),
        evaluation("shape", "2025-06-02", target=4),
        evaluation("shape", "2025-06-03"),
    ]


def definitions(work):
    @dg.multi_asset(
        name="raw__some__feed",
        specs=[dg.AssetSpec(KEY, partitions_def=DAYS, skippable=True)],
        check_specs=[dg.AssetCheckSpec(name, asset=KEY, partitions_def=DAYS) for name in CHECKS],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def promote(context: dg.AssetExecutionContext):
        yield from work(context)
        yield from reporting.check_outputs(context)

    return dg.Definitions(assets=[promote])


def yielded(_context):
    yield from a_days_work()


def together(context):
    entries = event_batches.of_step(context, a_days_work(), event_batches.Moments())
    event_batches.store(context.instance, entries)
    yield from (entry.get_dagster_event() for entry in entries)


@pytest.fixture
def instances(tmp_path):
    made = []
    for name in ("singly", "together"):
        home = tmp_path / name
        home.mkdir()
        (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        made.append(dg.DagsterInstance.from_config(str(home)))
    yield made
    for instance in made:
        instance.dispose()


def run(instance, work, *, with_checks):
    job = definitions(work).resolve_implicit_global_asset_job_def()
    chosen = job.get_subset(
        asset_selection={KEY},
        asset_check_selection={dg.AssetCheckKey(KEY, name) for name in CHECKS} if with_checks else set(),
    )
    tags = {
        "dagster/asset_partition_range_start": "2025-06-01",
        "dagster/asset_partition_range_end": "2025-06-03",
    }
    return chosen.execute_in_process(instance=instance, tags=tags, run_id=RUN)


RUN = "11111111-1111-1111-1111-111111111111"
_VOLATILE = re.compile(r'"(timestamp|pid|log_key|create_timestamp|start_time|end_time|duration_ms)": [^,}]+')


def rows_of(database: Path):
    """Every row of every table, without what two runs of the same code never agree about."""
    with closing(sqlite3.connect(database)) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            )
        ]
        return {
            table: [_calm(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608
            for table in tables
        }


def _calm(row):
    return tuple(_without_times(cell) for cell in row)


def _without_times(cell):
    if isinstance(cell, str):
        cell = re.sub(r"\b\d+(\.\d+)?m?s\b", "some time", cell)
        cell = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", "a time", cell)
        return _VOLATILE.sub(r'"\1": 0', cell)
    return cell


def databases(instance):
    folder = Path(instance.event_log_storage._base_dir)
    return {path.name: rows_of(path) for path in sorted(folder.glob("*.db"))}


@pytest.mark.parametrize("with_checks", [False, True], ids=["as the sensor asks", "checks planned"])
def test_a_run_leaves_the_same_rows_in_every_table(instances, with_checks):
    singly, in_batches = instances
    assert run(singly, yielded, with_checks=with_checks).success
    assert run(in_batches, together, with_checks=with_checks).success
    expected, found = databases(singly), databases(in_batches)
    assert set(found) == set(expected) == {"index.db", f"{RUN}.db"}
    assert found["index.db"]["asset_check_executions"]
    assert found == expected


def test_a_second_run_leaves_the_same_rows_over_those_of_the_first(instances, monkeypatch):
    for number in (1, 2):
        monkeypatch.setitem(globals(), "RUN", f"{number * 11111111}-1111-1111-1111-111111111111")
        for instance, work in zip(instances, (yielded, together), strict=True):
            assert run(instance, work, with_checks=False).success
    singly, in_batches = map(databases, instances)
    assert in_batches == singly


def test_events_from_outside_of_runs_leave_the_same_rows(instances):
    singly, in_batches = instances
    at = datetime(2025, 6, 4, 12, tzinfo=UTC)
    for instance in instances:
        instance.add_run(dg.DagsterRun(job_name="some_job", run_id=RUN, status=dg.DagsterRunStatus.SUCCESS))
    for event in a_days_work():
        kind, data, _ = event_batches._parts(event)
        singly.report_dagster_event(
            dg.DagsterEvent(event_type_value=kind.value, job_name="RUNLESS", event_specific_data=data),
            run_id=RUN,
            timestamp=at.timestamp(),
        )
    entries = [
        event_batches.outside_of_steps(event, job_name="RUNLESS", run_id=RUN, at=at.timestamp())
        for event in a_days_work()
    ]
    event_batches.store(in_batches, entries)
    assert databases(in_batches) == databases(singly)


def test_runless_events_leave_the_same_rows(instances):
    singly, in_batches = instances
    arrivals = [materialization("2025-06-01", OTHER), materialization("2025-06-02", OTHER)]
    for event in [*arrivals, evaluation("shape", "2025-06-01")]:
        singly.report_runless_asset_event(event)
    reporting.tell_all(in_batches, [(event, None) for event in arrivals])
    reporting.tell_all(in_batches, [(evaluation("shape", "2025-06-01"), None)])
    assert databases(in_batches) == databases(singly)


def test_a_check_without_days_that_is_told_again_without_a_run_keeps_what_it_said_before(instances):
    singly, in_batches = instances
    for passed in (True, False):
        singly.report_runless_asset_event(evaluation("shape", None, passed=passed))
        reporting.tell_all(in_batches, [(evaluation("shape", None, passed=passed), None)])
    assert databases(in_batches) == databases(singly)


def test_dagster_reads_what_was_stored_together(instances):
    instance = instances[1]
    assert run(instance, together, with_checks=False).success
    assert instance.get_materialized_partitions(KEY) == {"2025-06-01", "2025-06-02"}
    record = instance.get_asset_records([KEY])[0].asset_entry
    assert record.last_materialization_record.partition_key == "2025-06-02"
    assert record.last_run_id == RUN
    states = {
        (info.check_key.name, info.partition_key): info.latest_execution_status.value
        for info in instance.event_log_storage.get_asset_check_partition_info(
            [dg.AssetCheckKey(KEY, name) for name in CHECKS]
        )
    }
    assert states == {
        ("shape", "2025-06-01"): "SUCCEEDED",
        ("integrity", "2025-06-01"): "FAILED",
        ("shape", "2025-06-02"): "SUCCEEDED",
        ("shape", "2025-06-03"): "SUCCEEDED",
    }


def test_a_run_gives_its_events_to_whoever_executes_it(instances):
    done = run(instances[1], together, with_checks=False)
    told = [event for event in done.all_events if event.is_step_materialization]
    assert [event.partition for event in told] == ["2025-06-01", "2025-06-02", "2025-06-02", "2025-06-02"]


def test_a_batch_that_fails_in_the_middle_leaves_assets_as_they_were(instances, monkeypatch):
    instance = instances[1]

    def failing(*_arguments):
        raise OSError("no space left")

    monkeypatch.setattr(sqlite_events, "_store_evaluations", failing)
    entries = [event_batches.outside_of_steps(e, job_name="j", run_id=RUN, at=5.0) for e in a_days_work()]
    with pytest.raises(OSError, match="no space left"):
        event_batches.store(instance, entries)
    assert instance.get_materialized_partitions(KEY) == set()
    assert not instance.get_asset_records([KEY])


def test_many_events_take_a_few_commits(instances, monkeypatch):
    """Nine events of a run are two transactions: that of its own log and that of the index."""
    connected = []
    original = SqliteEventLogStorage._connect

    def counting(self, shard):
        connected.append(shard)
        return original(self, shard)

    monkeypatch.setattr(SqliteEventLogStorage, "_connect", counting)
    entries = [event_batches.outside_of_steps(e, job_name="j", run_id=RUN, at=5.0) for e in a_days_work()]
    event_batches.store(instances[1], entries)
    assert connected == [RUN, "index"]


def test_another_storage_is_handed_the_events_singly():
    with dg.DagsterInstance.ephemeral() as instance:
        assert run(instance, together, with_checks=False).success
        assert instance.get_materialized_partitions(KEY) == {"2025-06-01", "2025-06-02"}
