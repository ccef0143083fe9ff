"""Compression: equal bytes give equal objects, ``gunzip`` gives them back, whichever way a zone was made."""

import gzip
import hashlib
import random
import subprocess
import sys
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import cycle
from types import SimpleNamespace

import deflate
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rawzone_assets.zone import compression
from rawzone_assets.zone.codec import BLOCK
from rawzone_assets.zone.compression import Compression, compressors
from rawzone_assets.zone.setting_errors import CompressionUnavailable

SMALL, FAST = Compression.SMALL, Compression.FAST
DATA = b"".join(b"%d;%d\n" % (n, n * n) for n in range(300))

each = pytest.mark.parametrize("how", Compression)


def report(lines: int) -> bytes:
    """As tables are: much recurs, not all."""
    dice = random.Random(lines)
    words = [b"%x" % dice.getrandbits(40) for _ in range(200)]
    return b"".join(b"%b\t%b\t%d\n" % (*dice.choices(words, k=2), dice.randrange(10**6)) for _ in range(lines))


LONG = report(90_000)  # two blocks and a half
assert 2 * BLOCK < len(LONG) < 3 * BLOCK


def streamed(how: Compression, data: bytes, lengths=(BLOCK,)) -> bytes:
    """Of pieces whose lengths recur in this order."""
    return b"".join(how.compress_stream(_cut(data, lengths)))


def _cut(data: bytes, lengths):
    start = 0
    for length in cycle(lengths):
        if start >= len(data):
            return
        yield data[start : start + length]
        start += length


@pytest.fixture
def without_isal(monkeypatch):
    monkeypatch.setitem(sys.modules, "isal", None)


class TestCompressing:
    @each
    @given(data=st.binary(max_size=5000), length=st.integers(1, 5000))
    def test_gunzip_gives_exactly_the_landed_bytes(self, how, data, length):
        assert gzip.decompress(how.compress(data)) == data
        assert gzip.decompress(streamed(how, data, [length])) == data

    @each
    def test_gunzip_gives_what_is_larger_than_a_block_too(self, how):
        assert gzip.decompress(how.compress(LONG)) == LONG
        assert gzip.decompress(streamed(how, LONG)) == LONG

    @each
    def test_equal_bytes_compress_to_equal_bytes_without_name_and_time(self, how):
        stored = how.compress(DATA)
        assert stored == how.compress(bytes(bytearray(DATA)))
        for form in (stored, streamed(how, DATA)):
            assert form[3] == 0, "no flags: no name, no comment"
            assert form[4:8] == bytes(4), "no time"

    @each
    @settings(max_examples=25, deadline=None)
    @given(lengths=st.lists(st.integers(700, 9000) | st.integers(1, 3 * BLOCK), min_size=1, max_size=9))
    def test_how_a_stream_is_cut_does_not_change_its_stored_form(self, how, lengths):
        assume(sum(lengths) > 500 * len(lengths))  # else it takes long and tells no more
        assert streamed(how, LONG, lengths) == _uncut(how)

    @each
    def test_whatever_process_or_thread_makes_it_the_stored_form_is_the_same(self, how):
        program = (
            "import sys, hashlib\n"
            "from rawzone_assets.zone.compression import Compression\n"
            "data, how = sys.stdin.buffer.read(), Compression(sys.argv[1])\n"
            "for form in how.compress(data), b''.join(how.compress_stream([data])):\n"
            "    print(hashlib.sha256(form).hexdigest())\n"
        )
        done = subprocess.run([sys.executable, "-c", program, how], input=LONG, capture_output=True, check=True)
        here = [how.compress(LONG), streamed(how, LONG)]
        assert done.stdout.decode().split() == [hashlib.sha256(form).hexdigest() for form in here]
        with ThreadPoolExecutor(4) as threads:
            made = list(threads.map(lambda _: (how.compress(LONG), streamed(how, LONG)), range(8)))
        assert set(made) == {tuple(here)}

    @each
    def test_a_stream_takes_no_more_memory_for_bytes_that_recur(self, how):
        """A few bytes of gzip may hold a thousand times as many, and are decoded while they are made."""
        tracemalloc.start()
        for _ in how.compress_stream(bytes(BLOCK) for _ in range(80)):
            pass
        assert tracemalloc.get_traced_memory()[1] < 9 * BLOCK
        tracemalloc.stop()

    def test_small_is_smaller_and_fast_is_another_form(self):
        assert len(SMALL.compress(LONG)) < len(FAST.compress(LONG))
        assert len(streamed(SMALL, LONG)) < len(streamed(FAST, LONG))


@cache
def _uncut(how: Compression) -> bytes:
    return streamed(how, LONG)


class TestAFaultyCompressor:
    """What does not give the bytes back is never handed on as if it did."""

    @pytest.fixture(params=["another byte", "a byte less", "its end left out"])
    def broken(self, request, monkeypatch):
        """Both compressors, in one shot and as streams, given other bytes than they are said to be given."""
        spoil = {
            "another byte": lambda data: bytes([data[0] ^ 1]) + data[1:],
            "a byte less": lambda data: data[1:],
        }.get(request.param, lambda data: data)
        cut = -1 if request.param == "its end left out" else None

        class Stream:
            def __init__(self, *arguments):
                self._stream = zlib.compressobj(*arguments)

            def compress(self, data):
                return self._stream.compress(spoil(data))

            def flush(self):
                return self._stream.flush()[:cut]

        one_shot = lambda data, *_: gzip.compress(spoil(data))[:cut]  # noqa: E731
        isal = SimpleNamespace(compress=one_shot, compressobj=Stream)
        monkeypatch.setattr(compression, "_isal", lambda: isal)
        monkeypatch.setattr(compression.deflate, "gzip_compress", one_shot)
        monkeypatch.setattr(compression, "zlib", SimpleNamespace(**{**vars(zlib), "compressobj": Stream}))

    @each
    @pytest.mark.usefixtures("broken")
    def test_is_found_out_before_anything_is_stored(self, how):
        with pytest.raises((AssertionError, deflate.DeflateError)):
            how.compress(DATA)

    @each
    @pytest.mark.usefixtures("broken")
    def test_is_found_out_before_a_stream_is_whole(self, how):
        with pytest.raises(AssertionError):
            streamed(how, DATA)


class TestWhatMayHaveMadeIt:
    @each
    @pytest.mark.parametrize("is_small", [True, False])
    def test_every_way_is_known_the_usual_one_first(self, how, is_small):
        other = next(one for one in Compression if one is not how)
        forms = [b"".join(way([LONG])) for way in compressors("gzip", is_small=is_small, usual=how)]
        if is_small:
            assert forms == [
                how.compress(LONG),
                streamed(how, LONG),
                other.compress(LONG),
                streamed(other, LONG),
            ]
        else:
            assert forms == [streamed(how, LONG), streamed(other, LONG)]

    def test_what_is_stored_as_it_is_was_made_by_nothing(self):
        (way,) = compressors("identity", is_small=True, usual=FAST)
        assert list(way([DATA])) == [DATA]

    @pytest.mark.usefixtures("without_isal")
    def test_a_way_whose_package_is_missing_is_left_out(self):
        forms = [b"".join(way([DATA])) for way in compressors("gzip", is_small=True, usual=SMALL)]
        assert forms == [SMALL.compress(DATA), streamed(SMALL, DATA)]

    @pytest.mark.usefixtures("without_isal")
    def test_what_is_missing_is_named_with_what_to_do(self):
        with pytest.raises(CompressionUnavailable, match=r"pip install rawzone\[fast\]"):
            FAST.compress(DATA)
