"""The cache: bounded in size, shared by anyone, believed by no one."""

import fcntl
import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Thread

import pytest

from rawzone_assets.access import reading
from rawzone_assets.access.cache import ByteCache
from rawzone_assets.access.raw import RawReader
from rawzone_assets.zone.object_errors import ObjectDamaged

A = "toolost/toolost_spotify_20250601.json"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def keep(cache, data: bytes):
    kept = cache.keep(digest(data), len(data), [data[:3], data[3:]])
    if kept:
        kept.close()
    return kept is not None


def content(cache, data: bytes) -> bytes | None:
    stream = cache.open(digest(data))
    if stream is None:
        return None
    with stream:
        return stream.read()


def used(cache) -> int:
    """Bytes on disk. A part may become whole meanwhile; looked at last, it is not counted twice."""
    total = 0
    for pattern in ("??/*", "*.part"):
        for path in cache.folder.glob(pattern):
            with suppress(FileNotFoundError):
                total += path.stat().st_size
    return total


@pytest.fixture
def cache(tmp_path):
    return ByteCache(tmp_path / "cache", 1000)


class TestBound:
    def test_what_was_used_longest_ago_goes_first(self, cache):
        for number in range(9):
            assert keep(cache, b"%d" % number * 100)
            os.utime(next(cache.folder.glob(f"*/{digest(b'%d' % number * 100)}")), (number, number))
        cache.open(digest(b"0" * 100)).close()
        assert keep(cache, b"x" * 200)
        assert used(cache) <= 1000
        assert content(cache, b"0" * 100) == b"0" * 100
        assert content(cache, b"1" * 100) is None

    def test_what_is_being_written_is_no_leftover_of_a_crash(self, cache):
        slow, quick = b"s" * 600, b"q" * 600

        def blocks():
            yield slow[:300]
            assert not keep(cache, quick)
            yield slow[300:]

        kept = cache.keep(digest(slow), len(slow), blocks())
        assert kept
        kept.close()
        assert content(cache, slow) == slow

    def test_what_is_larger_than_all_of_it_is_not_kept(self, cache):
        assert keep(cache, b"a" * 900)
        assert not keep(cache, b"b" * 1001)
        assert content(cache, b"a" * 900)

    def test_a_sum_that_is_no_number_is_counted_anew(self, cache):
        keep(cache, b"a" * 900)
        (cache.folder / "size").write_text("many")
        assert keep(cache, b"b" * 900)
        assert used(cache) == 900

    def test_many_writers_at_once_stay_below_it(self, cache):
        seen = []

        def work(number: int) -> None:
            mine = ByteCache(cache.folder, cache.most_bytes)
            data = b"%03d" % (number % 40) * 40
            keep(mine, data)
            with mine._locked():
                seen.append(used(mine))
            assert content(mine, data) in (data, None)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(200)))
        assert max(seen) <= 1000
        assert used(cache) > 500

    def test_a_leftover_of_a_killed_writer_goes_and_one_in_work_counts(self, cache):
        keep(cache, b"a" * 10)
        (cache.folder / "size").unlink()  # who knows no sum counts what is there
        (cache.folder / "x.1.part").write_bytes(b"y" * 500)
        with (cache.folder / "y.1.part").open("wb") as working:
            working.truncate(500)
            fcntl.flock(working, fcntl.LOCK_EX)
            assert not keep(cache, b"b" * 990)
            assert not (cache.folder / "x.1.part").exists()
            assert (cache.folder / "y.1.part").exists()
            assert keep(cache, b"b" * 400)

    def test_a_leftover_of_a_writer_of_the_same_number_is_in_nobodys_way(self, cache):
        """In a container the process that comes next often has the number of the one that was killed."""
        keep(cache, b"a")  # from now on the sum is known, and nothing is looked at until there is no room
        (cache.folder / f"{digest(b'abc')}.{os.getpid()}.{threading.get_ident()}.part").write_bytes(b"a")
        assert keep(cache, b"abc")


class TestTrust:
    def test_bytes_of_another_hash_or_length_are_not_kept(self, cache):
        assert cache.keep(digest(b"abc"), 3, [b"abd"]) is None
        assert cache.keep(digest(b"abc"), 3, [b"ab"]) is None
        longer = iter([b"abcd", b"e"])
        assert cache.keep(digest(b"abc"), 3, longer) is None
        assert list(longer) == [b"e"]  # nothing is written beyond what was to be kept
        assert used(cache) == 0

    def test_a_folder_that_cannot_be_written_only_keeps_nothing(self, tmp_path):
        (tmp_path / "file").write_bytes(b"")
        assert not keep(ByteCache(tmp_path / "file" / "cache", 1000), b"abc")


@pytest.mark.parametrize("held", [32 * 2**20, 0], ids=["small", "large"])
class TestReadingThroughIt:
    @pytest.fixture
    def raw(self, bench, cache, held, monkeypatch):
        monkeypatch.setattr(reading, "HELD_IN_MEMORY", held)
        bench.land(A, b"some content")
        return RawReader(bench.zone, cache=cache)

    def test_a_second_reading_needs_the_zone_no_more(self, raw):
        (listed,) = raw.find()
        assert raw.read(listed) == b"some content"
        reading.path_of(raw.zone, listed.stored).unlink()
        assert raw.read(listed) == b"some content"

    def test_a_damaged_copy_is_dropped_and_the_zone_asked(self, raw, cache):
        (listed,) = raw.find()
        raw.read(listed)
        (copy,) = cache.folder.glob("*/*")
        for bad in (b"", b"x" * copy.stat().st_size, copy.read_bytes() + b"x"):
            copy.write_bytes(bad)
            assert raw.read(listed) == b"some content"
        raw.read(listed)
        assert digest(copy.read_bytes()) == listed.stored.stored_sha256

    def test_a_damaged_object_is_neither_kept_nor_given_out(self, raw, cache):
        (listed,) = raw.find()
        path = reading.path_of(raw.zone, listed.stored)
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-1] + b"x")
        with pytest.raises(ObjectDamaged):
            raw.read(listed)
        assert used(cache) == 0


class TestWhatLiesInThePlaceOfAFile:
    """Whoever may write into the folder must not keep a reader waiting."""

    @pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/nowhere", path)])
    def test_is_not_read_and_not_waited_for(self, cache, make):
        assert keep(cache, b"kept bytes")
        path = next(cache.folder.glob(f"*/{digest(b'kept bytes')}"))
        path.unlink()
        make(path)
        assert self.in_time(content, cache, b"kept bytes") is None

    @pytest.mark.parametrize("name", ["size", "left.part"])
    def test_is_no_reason_to_wait_before_something_is_kept(self, cache, name):
        assert keep(cache, b"kept bytes")
        (cache.folder / "size").unlink()
        os.mkfifo(cache.folder / name)
        assert self.in_time(keep, cache, b"other bytes")
        assert content(cache, b"other bytes") == b"other bytes"

    @staticmethod
    def in_time(function, *arguments):
        """What a function gives; a thread that waits for a pipe is left behind."""
        given = []
        thread = Thread(target=lambda: given.append(function(*arguments)), daemon=True)
        thread.start()
        thread.join(30)
        assert given, "it waits"
        return given[0]
