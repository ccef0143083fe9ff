"""Dagster's home: opened by any number of commands at once, and a sentence where it cannot be."""

import contextlib
import os
import sqlite3
import subprocess
import sys

import pytest
from sqlalchemy import create_engine, text

from rawzone_assets.orchestration.dagster_home import InstanceUnusable
from rawzone_assets.orchestration.instance import open_instance
from rawzone_assets.zone.settings import Settings
from rawzone_assets_tests.another_user import as_nobody
from rawzone_assets_tests.zone.invariants import Oracle, read_tree, receipts_of
from rawzone_assets_tests.zone.strange_disks import read_only, small_disk

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
        with contextlib.closing(sqlite3.connect(home / "data/dagster/history/runs.db")) as database, database:
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
        refused = pytest.raises(InstanceUnusable, match="may not write to")
        with as_nobody(), refused, open_instance(settings):
            pass
        assert sorted(folder.rglob("*")) == before

    def test_a_locked_database_is_to_be_waited_for(self, home):
        """Nothing is to be corrected about a database that another process holds for a while."""
        settings = Settings.from_environment({}, home=home / "data")
        with open_instance(settings):
            pass
        path = home / "data/dagster/history/runs.db"
        impatient = create_engine(f"sqlite:///{path}", connect_args={"timeout": 0})  # Dagster waits a minute
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with (
                pytest.raises(InstanceUnusable, match=r"another process has locked its database\): wait"),
                open_instance(settings),
                impatient.connect() as connection,
            ):
                connection.execute(text("DELETE FROM kvs"))
        impatient.dispose()

    def test_a_full_disk_is_told_as_one(self, home):
        """SQLite says "disk I/O error" of it."""
        settings = Settings.from_environment({}, home=home / "data")
        with small_disk(home / "data/dagster", size=2**23) as dagster:
            with open_instance(settings):
                pass
            fill(dagster / "filler")
            with (
                pytest.raises(InstanceUnusable, match=r"its disk is full\): free space"),
                open_instance(settings) as instance,
            ):
                instance.add_run_tags("none", {})

    def test_a_disk_that_is_read_only_is_no_missing_right(self, home):
        settings = Settings.from_environment({}, home=home / "data")
        with small_disk(home / "data/dagster", size=2**23) as dagster:
            with open_instance(settings):
                pass
            with (
                read_only(dagster),
                pytest.raises(InstanceUnusable, match=r"its disk is read-only\): mount it writable"),
                open_instance(settings),
            ):
                pass

    def test_a_damaged_database_is_not_to_be_corrected(self, home):
        settings = Settings.from_environment({}, home=home / "data")
        with open_instance(settings):
            pass
        (home / "data/dagster/history/runs.db").write_bytes(b"no database at all" * 1000)
        with pytest.raises(InstanceUnusable, match=r"'rawzone reindex'"), open_instance(settings) as instance:
            instance.get_runs_count()


def fill(path):
    """Write until the disk is full."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))
