"""Reading ahead: processes may only say that a file is sound; whatever becomes of them, all is still told."""

import errno
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from rawzone_assets.health import reading_ahead, rereading
from rawzone_assets.health.recorded import read_recorded
from rawzone_assets.health.scrub import scrub
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets_tests.health.damaging import flip, overwrite, zone_files
from rawzone_assets_tests.zone.faulty_files import WatchedFiles
from rawzone_assets_tests.zone.tiny_platform import open_zone

START = reading_ahead._started


@pytest.fixture
def processes(monkeypatch):
    """They are started for the first file, get one or two at a time, and are listed here."""
    started = []

    def start(requests, answers):
        started.append(START(requests, answers))
        return started[-1]

    monkeypatch.setattr(reading_ahead, "_MANY", 1)
    monkeypatch.setattr(reading_ahead, "_MOST_FILES", 2)
    monkeypatch.setattr(reading_ahead, "_started", start)
    return started


@pytest.fixture
def read_here(monkeypatch):
    """The files that this process has read itself."""
    names = []

    def check_item(files, item, check=rereading.check_item):
        names.append(item.path.name)
        return check(files, item)

    monkeypatch.setattr(rereading, "check_item", check_item)
    return names


def found(home, **wanted):
    with open_zone(home) as zone:
        report = scrub(zone, **wanted)
    return report.damages, report.weaknesses, report.objects, report.refused, report.bytes


def objects(home):
    return [path for path in zone_files(home) if "_ledger" not in path.parts]


def running(code):
    """Starts processes that run this instead; ``requests`` and ``answers`` are their sockets."""
    given = f"import os, sys; requests, answers = map(int, sys.argv[1:]); {code}"
    return lambda requests, answers: subprocess.Popen(
        [sys.executable, "-c", given, str(requests), str(answers)], pass_fds=(requests, answers)
    )


class TestWhatIsSound:
    """What a process finds sound is not read again, and nothing else is passed over."""

    def test_no_file_of_a_sound_zone_is_read_here(self, home, processes, read_here):
        assert found(home)[:4] == ((), (), 3, 2)
        assert processes
        assert read_here == []

    def test_only_the_file_that_is_not_is_read_here(self, home, processes, read_here):
        damaged = objects(home)[1]
        flip(damaged)
        (damage,) = found(home)[0]
        assert damage.path == str(damaged)
        assert read_here == [damaged.name]

    @pytest.mark.parametrize("limit", ["_MOST_OUT", "_ROOM"])
    def test_all_are_read_ahead_however_few_can_be_handed_over_at_once(
        self, home, processes, monkeypatch, limit
    ):
        monkeypatch.setattr(reading_ahead, limit, 1)
        with open_zone(home) as zone:
            recorded = read_recorded(zone).items.values()
            items = [replace(item, place=f"{item.place} {n}") for n in range(40) for item in recorded]
            with reading_ahead.reading_ahead(zone.files, lambda _: True) as ahead:
                for item in items:
                    ahead.name([item])
                ahead.all_are_named()
                assert all(map(ahead.finds_sound, items))

    def test_none_is_read_ahead_of_a_disk_that_is_read_in_another_way(self, home, processes):
        class Bad(WatchedFiles):
            def before(self, operation, path):
                if operation == "open" and path.suffix == ".zip":
                    raise OSError(errno.EIO, "Input/output error", str(path))

        with open_zone(home, files=Bad(LocalFiles())) as zone:
            assert [damage.path[-4:] for damage in scrub(zone).damages] == [".zip"]
        assert not processes

    def test_few_files_need_no_process(self, home, processes, read_here, monkeypatch):
        monkeypatch.setattr(reading_ahead, "_MANY", 200)
        assert found(home)[:4] == ((), (), 3, 2)
        assert not processes
        assert len(read_here) == len(objects(home))

    def test_a_file_too_large_to_be_held_is_read_here(self, home, processes, read_here, monkeypatch):
        monkeypatch.setattr(reading_ahead, "MOST_HELD", 100)
        assert found(home)[:4] == ((), (), 3, 2)
        assert 0 < len(read_here) < len(objects(home))

    def test_a_place_of_which_the_ledger_said_something_else_since_is_read_again(self, home, processes):
        with open_zone(home) as zone:
            items = list(read_recorded(zone).items.values())
            with reading_ahead.reading_ahead(zone.files, lambda _: True) as ahead:
                ahead.name(items)
                ahead.all_are_named()
                assert all(map(ahead.finds_sound, items))
                assert not ahead.finds_sound(replace(items[0], stored_sha256="0" * 64))

    def test_a_name_of_a_length_that_only_an_altered_ledger_has_is_not_asked_about(
        self, home, processes, monkeypatch
    ):
        monkeypatch.setattr(os, "cpu_count", lambda: 1)
        with open_zone(home) as zone:
            items = list(read_recorded(zone).items.values())
            odd = replace(items[0], place="odd", location="/" + "a" * 300_000)
            with reading_ahead.reading_ahead(zone.files, lambda _: True) as ahead:
                ahead.name([odd])
                ahead.name(items)
                ahead.all_are_named()
                assert not ahead.finds_sound(odd)
                assert ahead.finds_sound(items[-1])


def _become(make):
    def alter(path):
        path.unlink()
        make(path)

    return alter


class TestWhatIsNot:
    """Damage is told word for word as it is without processes."""

    @pytest.mark.parametrize(
        "alter",
        [
            lambda path: overwrite(path, b""),
            lambda path: overwrite(path, path.read_bytes()[:-1]),
            lambda path: overwrite(path, path.read_bytes() + b"\0"),
            lambda path: overwrite(path, path.read_bytes() * 2),
            lambda path: flip(path, 0),
            lambda path: flip(path, 12),
            lambda path: path.chmod(0o644),
            lambda path: path.unlink(),
            lambda path: path.rename(path.with_name("elsewhere")),
            _become(lambda path: path.mkdir()),
            _become(os.mkfifo),
            _become(lambda path: path.symlink_to("/dev/null")),
            lambda path: path.symlink_to(path.rename(path.with_name("the very bytes"))),
        ],
    )
    def test_is_told_in_the_same_words(self, home, processes, monkeypatch, alter):
        for path in objects(home)[::2]:
            alter(path)
        told = found(home)
        assert processes
        monkeypatch.setattr(reading_ahead, "_MANY", 10**9)
        assert found(home) == told
        assert told[0] or told[1]

    def test_a_pipe_that_gives_the_very_bytes_is_told(self, home, processes):
        path = objects(home)[0]
        sound = path.read_bytes()
        path.unlink()
        os.mkfifo(path)
        pipe = os.open(path, os.O_RDWR)
        try:
            os.write(pipe, sound)
            (damage,) = found(home)[0]
        finally:
            os.close(pipe)
        assert (damage.path, " lies in its place" in damage.problem) == (str(path), True)

    def test_one_flipped_bit_in_any_file_is_named(self, home, processes, tell):
        tried = 0
        for path in objects(home):
            for offset in (1, 12, -9, -1):
                flip(path, offset)
                assert [damage.path for damage in found(home)[0]] == [str(path)], f"{path.name} at {offset}"
                flip(path, offset)
                tried += 1
        tell(f"reading ahead: {tried} flipped bits, each named")


class TestProcessesThatFail:
    """No process, and none that dies, costs more than time."""

    @pytest.mark.parametrize(
        "code",
        [
            pytest.param("", id="ends at once"),
            pytest.param("os.read(requests, 10**6)", id="takes some files with it"),
            pytest.param("os.kill(os.getpid(), 9)", id="is killed"),
        ],
    )
    @pytest.mark.parametrize("others", [0, 1])
    def test_what_they_do_not_answer_is_read_here(self, home, processes, monkeypatch, code, others):
        sound = [reading_ahead._started] * others

        def start(requests, answers):
            begin = sound.pop() if sound else running(code)
            return begin(requests, answers)

        monkeypatch.setattr(reading_ahead, "_started", start)
        assert found(home)[:4] == ((), (), 3, 2)
        flip(objects(home)[0])
        assert len(found(home)[0]) == 1

    def test_none_can_be_started(self, home, processes, monkeypatch, read_here):
        def refuse(*_):
            raise BlockingIOError

        monkeypatch.setattr(reading_ahead, "_started", refuse)
        assert found(home)[:4] == ((), (), 3, 2)
        assert sorted(read_here) == sorted(path.name for path in objects(home))

    def test_nor_can_they_be_spoken_to(self, home, processes, monkeypatch, read_here):
        def refuse(*_):
            raise OSError(errno.EMFILE, "too many open files")

        monkeypatch.setattr(socket, "socketpair", refuse)
        assert found(home)[:4] == ((), (), 3, 2)
        assert sorted(read_here) == sorted(path.name for path in objects(home))

    def test_none_is_waited_for_when_the_scrub_is_given_up(self, home, processes, monkeypatch):
        def interrupt():
            raise KeyboardInterrupt

        monkeypatch.setattr(reading_ahead, "_started", running("import time; time.sleep(9)"))
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            found(home, meanwhile=interrupt)
        assert time.monotonic() - began < 5

    def test_none_is_left_when_the_scrub_is_given_up(self, home, processes):
        def interrupt(*_):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            found(home, progress=interrupt)
        assert processes
        assert all(process.returncode is not None for process in processes)

    def test_they_run_no_module_of_the_folder_they_are_started_in(self, home, processes, tmp_path, monkeypatch):
        for name in ("stat.py", "hashlib.py", "rawzone_assets/health/reading_worker.py"):
            path = tmp_path / "here" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("import pathlib; pathlib.Path('ran').touch()")
        monkeypatch.chdir(tmp_path / "here")
        assert found(home)[:4] == ((), (), 3, 2)
        assert not (tmp_path / "here" / "ran").exists()
