"""The doctor: one line a check, each with what to do, and nothing changed."""

import os
import shutil
import tempfile
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Platform
from rawzone_assets.health.alert_conditions import look_at_disks
from rawzone_assets.health.checks import Health
from rawzone_assets.health.dagster_disk import dagster_home, examine_dagster_home
from rawzone_assets.health.doctor import examine_zone
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.ledger import EMPTY, Author, decode_commit, encode_commit
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.promotion import record_unrecognized
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.another_user import NOBODY, as_nobody, needs_root
from rawzone_assets_tests.zone.strange_disks import read_only, small_disk
from rawzone_assets_tests.zone.tiny_platform import LandingFolder, open_zone, promote_all

NOW = datetime(2025, 6, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path):
    settings = Settings.from_environment({}, home=tmp_path / "zone")
    settings.layout.landing.mkdir(parents=True)
    with Zone(settings, clock=lambda: NOW) as zone:
        device = tmp_path.stat().st_dev
        landed = Landed(path="x/y", regular=True, device=device, inode=1, size=1, mtime_ns=1, ctime_ns=1)
        for path in ("x/y", "x/z"):
            record_unrecognized(zone, [(replace(landed, path=path), codes.UNKNOWN_NAME("none"))], run_id="test")
    return settings


@pytest.fixture
def open_home():
    """A folder that every user may enter; pytest's own are closed."""
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="rawzone-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def checks(settings, *, files=None, platforms=(), now=NOW):
    return {check.name: check for check in examine_zone(settings, platforms, now=now, files=files)}


def unwell(found):
    return {name for name, check in found.items() if check.health is not Health.OK}


class Broken(LocalFiles):
    """A file system that lacks one thing."""

    def __init__(self, lack, free=10 * 2**30):
        self.lack, self.free = lack, free

    def link(self, source, target):
        if self.lack == "links":
            raise OSError(95, "Operation not supported", str(target))
        if self.lack == "exclusive links" and target.exists():
            return
        super().link(source, target)

    def lock(self, path, *, wait):
        if self.lack == "locks":
            path.touch()
            return nullcontext(True)
        return super().lock(path, wait=wait)

    def sync_folder(self, path):
        if self.lack == "syncs":
            raise OSError(22, "Invalid argument", str(path))
        super().sync_folder(path)

    def free_bytes(self, _path):
        return self.free


class TestZoneChecks:
    def test_a_sound_zone_is_well_and_stays_as_it_is(self, settings):
        before = {path: path.read_bytes() for path in settings.home.rglob("*") if path.is_file()}
        assert unwell(checks(settings, platforms=all_platforms())) == set()
        assert {path: path.read_bytes() for path in settings.home.rglob("*") if path.is_file()} == before

    def test_a_zone_that_does_not_exist_yet_only_lacks_its_landing(self, tmp_path):
        found = checks(Settings.from_environment({}, home=tmp_path / "new"))
        assert unwell(found) == {"landing"}
        assert "will be created" in found["raw"].seen
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("lack", ["links", "exclusive links", "locks", "syncs"])
    def test_a_file_system_that_publishing_cannot_rest_on_fails(self, settings, lack):
        found = checks(settings, files=Broken(lack))
        assert {"file system of raw", "file system of quarantine"} <= unwell(found)

    @needs_root
    def test_what_this_user_may_not_read_in_landing_is_named(self, open_home):
        settings = Settings.from_environment({}, home=open_home)
        landing = settings.layout.landing
        landing.mkdir()
        (landing / "closed").mkdir()
        for path in (landing / "shut", landing / "open"):
            path.write_bytes(b"x")
        (landing / "leads nowhere").symlink_to("nothing")
        os.mkfifo(landing / "pipe")
        assert "4 files, all readable" in checks(settings)["landing"].seen
        (landing / "closed").chmod(0)
        (landing / "shut").chmod(0)
        with as_nobody():
            seen = checks(settings)["landing"].seen
        assert seen == "2 entries cannot be read: closed, shut"

    @needs_root
    def test_a_zone_that_this_user_may_not_reach_is_told_so(self, open_home):
        (open_home / "zone/landing").mkdir(parents=True)
        (open_home / "zone/raw").mkdir()
        (open_home / "zone").chmod(0o700)
        settings = Settings.from_environment({}, home=open_home / "zone")
        with as_nobody():
            found = checks(settings)
        assert {"landing", "raw", "quarantine", "state"} <= unwell(found)

    @needs_root
    def test_a_folder_that_may_be_written_and_not_entered_is_none_to_write_in(self, open_home):
        (open_home / "raw").mkdir()
        (open_home / "raw").chmod(0o666)
        settings = Settings.from_environment({}, home=open_home)
        with as_nobody():
            check = checks(settings)["raw"]
        assert (check.health, check.remedy) == (Health.FAIL, "give this user write access")

    @needs_root
    def test_another_name_of_a_file_of_somebody_else_is_not_one_to_be_read(self, open_home):
        """It is recorded as unrecognized and left alone: no rights are to be given to it."""
        settings = Settings.from_environment({}, home=open_home)
        settings.layout.landing.mkdir()
        os.chown(settings.layout.landing, NOBODY, -1)
        secret = open_home / "secret"
        secret.touch(mode=0o600)
        os.link(secret, settings.layout.landing / "secret.csv")
        with as_nobody():
            check = checks(settings)["landing"]
        assert check.health is Health.OK

    @needs_root
    @pytest.mark.parametrize("root", ["quarantine", "archive", "state"])
    def test_a_root_that_this_user_may_not_look_into_does_not_end_the_examination(self, open_home, root):
        home = open_home / "zone"
        LandingFolder(home).put_all({"tiny/note_20240501.txt": b"good\n", "tiny/note_20240502.txt": b"bad"})
        with open_zone(home) as zone:
            promote_all(zone)
            settings = zone.settings
        (home / root).mkdir(exist_ok=True)
        (home / root).chmod(0o700)
        with as_nobody():
            found = checks(settings)
        assert root in unwell(found)
        assert "index" in found  # the last of them

    def test_little_space_warns_and_too_little_fails(self, settings):
        assert checks(settings, files=Broken(None, free=100 * 2**20))["space for raw"].health is Health.WARN
        assert checks(settings, files=Broken(None, free=2**20))["space for raw"].health is Health.FAIL

    def test_what_is_less_than_a_mebibyte_is_not_called_nothing(self, settings):
        few = replace(settings, reserve=2**19)
        seen = checks(few, files=Broken(None, free=3 * 2**18))["space for raw"].seen
        assert seen == "768.0 KiB free, 512.0 KiB are kept in reserve"
        (raw, *_) = look_at_disks(few, Broken(None, free=3 * 2**18 + 1), now=NOW).signs
        assert "about 768.0 KiB free, 512.0 KiB are kept" in raw.text

    def test_what_stops_on_a_full_disk_is_told_of_each(self, settings):
        """An archive that is full holds up no promotion."""
        settings.layout.archive.mkdir()
        found = checks(settings, files=Broken(None, free=0))
        assert "promotion writes nothing until then" in found["space for quarantine"].remedy
        assert "archiving writes nothing until then" in found["space for archive"].remedy

    def test_roots_inside_each_other_are_named(self, tmp_path):
        settings = Settings.from_environment({"RAWZONE_RAW": str(tmp_path / "landing/raw")}, home=tmp_path)
        found = checks(settings)
        assert "raw" in found["separate folders"].seen
        assert found["separate folders"].health is Health.FAIL

    def test_a_file_where_a_folder_belongs_fails(self, tmp_path):
        (tmp_path / "raw").write_bytes(b"")
        assert checks(Settings.from_environment({}, home=tmp_path))["raw"].health is Health.FAIL

    def test_an_unknown_time_zone_fails(self, settings):
        platform = Platform(id="x", title="", source_system="", timezone="Mars/Olympus", feeds=())
        assert "Mars/Olympus" in checks(settings, platforms=[platform])["time zones"].seen

    def test_a_batch_left_in_staging_warns(self, settings):
        (settings.layout.staging / "0123").mkdir()
        assert checks(settings)["staging"].health is Health.WARN

    def test_a_clock_behind_the_ledger_warns(self, settings):
        assert checks(settings, now=NOW - timedelta(days=1))["clock"].health is Health.WARN


class TestLedgerAndIndex:
    def test_a_missing_commit_is_named(self, settings):
        settings.layout.commit(0).unlink()
        assert "commit 0 is missing" in checks(settings)["ledger"].seen

    def test_a_name_that_no_commit_has_makes_none_missing(self, settings):
        """A copy that somebody made beside a commit was counted, and sound ones were called missing."""
        newest = settings.layout.commit(1)
        for name in (f"{newest.name}.bak", "5.jsonl", f"{'²' * 20}.jsonl"):
            newest.with_name(name).write_bytes(b"a copy")
        assert checks(settings)["ledger"].health is Health.OK

    def test_a_damaged_newest_commit_fails(self, settings):
        path = settings.layout.commit(1)
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-1])
        check = checks(settings)["ledger"]
        assert (check.health, "rawzone repair --from" in check.remedy) == (Health.FAIL, True)
        assert "rawzone repair" not in check.seen  # what to do is said once

    def test_a_replaced_commit_breaks_the_chain(self, settings):
        path = settings.layout.commit(0)
        path.chmod(0o644)
        records = [dict(record) for record in decode_commit(path.read_bytes()).records]
        forger = Author(run_id="forged", writer="test", code_version="1")
        path.write_bytes(encode_commit(records, after=EMPTY, at=NOW, author=forger))
        assert "does not follow" in checks(settings)["ledger"].seen

    def test_an_index_of_another_ledger_warns_and_one_behind_does_not(self, settings):
        newest = settings.layout.commit(1)
        data = newest.read_bytes()
        newest.unlink()
        assert "another ledger" in checks(settings)["index"].seen
        with Zone(settings) as zone:
            zone.index.catch_up()
        newest.write_bytes(data)
        assert checks(settings)["index"].health is Health.OK
        assert "1 commit behind" in checks(settings)["index"].seen

    def test_an_index_of_another_ledger_of_the_same_length_warns(self, settings):
        path = settings.layout.commit(1)
        first = decode_commit(settings.layout.commit(0).read_bytes())
        records = [dict(record) for record in decode_commit(path.read_bytes()).records]
        forger = Author(run_id="forged", writer="test", code_version="1")
        path.chmod(0o644)
        path.write_bytes(encode_commit(records, after=first.head, at=NOW, author=forger))
        assert "another ledger" in checks(settings)["index"].seen

    def test_a_ledger_that_was_read_before_and_is_empty_now_fails(self, settings):
        shutil.rmtree(settings.layout.raw)
        settings.layout.raw.mkdir()
        check = checks(settings)["index"]
        assert (check.health, "commit 1 was read before" in check.seen) == (Health.FAIL, True)
        assert "mount" in check.remedy

    def test_an_unreadable_index_warns(self, settings):
        (path,) = settings.layout.state.glob("index-*.sqlite3")
        path.write_bytes(b"no database")
        assert checks(settings)["index"].health is Health.WARN


class TestDagsterHome:
    @pytest.mark.parametrize(
        ("value", "health"),
        [("", Health.WARN), ("relative", Health.FAIL), ("/does/not/exist", Health.FAIL)],
    )
    def test_a_home_that_will_not_do(self, value, health):
        check = dagster_home({"DAGSTER_HOME": value})
        assert check.health is health
        assert check.remedy

    def test_a_home_with_its_configuration_is_well(self, tmp_path: Path):
        assert dagster_home({"DAGSTER_HOME": str(tmp_path)}).health is Health.WARN
        (tmp_path / "dagster.yaml").write_text("")
        assert dagster_home({"DAGSTER_HOME": str(tmp_path)}).health is Health.OK

    def test_a_pipe_for_a_configuration_fails_before_dagster_waits_for_it(self, tmp_path: Path):
        os.mkfifo(tmp_path / "dagster.yaml")
        assert dagster_home({"DAGSTER_HOME": str(tmp_path)}).health is Health.FAIL

    def test_a_home_whose_disk_is_nearly_full_fails_before_dagster_does(self, tmp_path: Path):
        environment = {"DAGSTER_HOME": str(tmp_path)}
        full = Broken("space", free=2**20)
        found = {c.name: c for c in examine_dagster_home(environment, reserve=2**26, files=full)}
        assert found["space for Dagster"].health is Health.FAIL
        assert "no run starts" in found["space for Dagster"].remedy

    def test_a_home_that_is_mounted_read_only_is_to_be_mounted_otherwise(self, tmp_path: Path):
        with small_disk(tmp_path / "dagster", size=2**20) as home, read_only(home):
            assert dagster_home({"DAGSTER_HOME": str(home)}).remedy == "mount it writable"
