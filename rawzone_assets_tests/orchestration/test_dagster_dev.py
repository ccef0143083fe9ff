"""The whole machine: ``dagster dev`` in its own processes, a file dropped into landing, a day materialized."""

import os
import sys
from datetime import date

import dagster as dg

from rawzone_assets.orchestration.dagster_home import shared_file
from rawzone_assets.orchestration.names import raw_key
from rawzone_assets.samples import samples
from rawzone_assets_tests.processes import eventually, free_port, running


def test_a_file_dropped_while_dagster_runs_becomes_a_materialized_day(home, monkeypatch):
    data, dagster_home = home / "data", home / "dagster"
    dagster_home.mkdir()
    (data / "landing").mkdir(parents=True)
    (dagster_home / "dagster.yaml").write_text(shared_file("dagster.yaml").read_text())
    for name in [name for name in os.environ if name.startswith(("RAWZONE_", "DAGSTER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DAGSTER_HOME", str(dagster_home))
    monkeypatch.setenv("RAWZONE_HOME", str(data))
    monkeypatch.setenv("RAWZONE_SETTLE", "0")
    with dg.DagsterInstance.get():
        pass  # two processes that create a database at once trip over each other inside Dagster
    address = ["-h", "127.0.0.1", "-p", str(free_port())]
    command = [sys.executable, "-m", "dagster", "dev", *address, "-w", str(shared_file("workspace.yaml"))]
    log = home / "dagster.log"
    with running(command, log=log, cwd=home) as process:
        good, bad = (
            next(s for s in samples("distrokid/streams", capture=date(2025, 6, day)) if s.verdict == verdict)
            for day, verdict in ((12, "promoted"), (13, "quarantined"))
        )
        for sample in (good, bad):
            path = data / "landing" / sample.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sample.data)
        key = raw_key("distrokid/streams")
        with dg.DagsterInstance.get() as instance:
            assert eventually(
                lambda: instance.get_materialized_partitions(key) == {"2025-06-12"}, process=process
            ), log.read_text()
            assert eventually(lambda: _finished(instance), process=process)
            (run,) = instance.get_runs()
            assert run.status == dg.DagsterRunStatus.SUCCESS
            red = [
                record.status.value
                for record in instance.event_log_storage.get_asset_check_execution_history(
                    dg.AssetCheckKey(key, "integrity"), limit=10
                )
            ]
            assert red == ["SUCCEEDED", "SUCCEEDED"]


def _finished(instance) -> bool:
    return all(run.is_finished for run in instance.get_runs())
