"""Dagster's home: opened by any number of commands at once, and a sentence where it cannot be."""

import os
import sqlite3
import subprocess
import sys

import pytest

from rawzone_assets.orchestration.dagster_home import InstanceUnusable
from rawzone_assets.orchestration.instance import open_instance
from rawzone_assets.zone.settings import Settings
from rawzone_assets_tests.zone.invariants import Oracle, read_tree, receipts_of

NOTE = b"<html>nothing of use</html>"


@pytest.fixture
def without_dagster_home(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("RAWZONE_", "DAGSTER_"))]:
        monkeypatch.delenv(name)
    yield
    for name in [name for name in os.environ if name.startswith(("RAWZONE_", "DAGSTER_"))]:
        os.environ.pop(name)


@pytest.mark.usefixtures("without_dagster_home")
class TestFirstCommandsAtOnce:
    """Any number of processes may promote the same landing at once, also into a zone that is new."""

    def test_promote_a_landing_without_a_traceback_and_leave_a_database_that_opens(self, home, tell):
        zone = home / "data"
        (zone / "landing" / "toolost").mkdir(parents=True)
        for day in range(1, 6):
            (zone / "landing" / "toolost" / f"toolost_spotify_2024060{day}_010101.json").write_bytes(NOTE)
        command = [
            sys.executable,
            "-c",
            "from rawzone_assets.cli import root; root()",
            "--home",
            str(zone),
            "promote",
            "--now",
        ]
        pipe = subprocess.PIPE
        processes = [subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
        for process in processes:
            _, err = process.communicate(timeout=300)
            assert process.returncode in (0, 1), err
            assert "Traceback" not in err
        raw, quarantine = read_tree(zone / "raw"), read_tree(zone / "quarantine")
        assert Oracle().check(raw, quarantine) == []
        assert len({r["landing_path"] for r in receipts_of(raw)}) == len(receipts_of(raw)) == 5
        with open_instance(Settings.from_environment({}, home=zone)) as instance:
            assert instance.get_runs_count() > 0
        tell(f"first commands at once: {len(processes)} processes, one database")


@pytest.mark.usefixtures("without_dagster_home")
class TestUnusable:
    def test_a_database_of_two_versions_is_told_in_a_sentence(self, home):
        settings = Settings.from_environment({}, home=home / "data")
        with open_instance(settings) as instance:
            assert instance.get_runs_count() == 0
        with sqlite3.connect(home / "data" / "dagster" / "history" / "runs.db") as database:
            database.execute("INSERT INTO alembic_version VALUES ('0123456789ab')")
        with (
            pytest.raises(InstanceUnusable, match=r"its database fails: .*more than one head"),
            open_instance(settings),
        ):
            pass

    def test_a_database_of_another_user_is_left_alone(self, home):
        """SQLite puts files beside it where a group may, and whose owner may not write these is locked out."""
        settings = Settings.from_environment({}, home=home / "data")
        with open_instance(settings):
            pass
        home.chmod(0o755)
        folder = home / "data" / "dagster"
        before = sorted(folder.rglob("*"))
        for path in (folder, *before):
            path.chmod(0o777 if path.is_dir() else 0o444)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
        try:
            with pytest.raises(InstanceUnusable, match="may not write to"), open_instance(settings):
                pass
        finally:
            if is_root:
                os.seteuid(0)
        assert sorted(folder.rglob("*")) == before
