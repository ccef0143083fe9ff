"""Stored forms are checked byte by byte."""

import gzip
import hashlib
import io
import random
import tracemalloc
import zlib
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.zone import codec
from rawzone_assets.zone.compression import Compression

SMALL = Compression.SMALL
DATA = b"".join(b"%d;%d\n" % (n, n * n) for n in range(300))


def check(stored, original=DATA, encoding="gzip", *, recorded=None):
    """Both ways of checking must say the same; what they say is raised."""
    recorded = stored if recorded is None else recorded
    receipt = {
        "encoding": encoding,
        "size": len(original),
        "sha256": hashlib.sha256(original).hexdigest(),
        "stored_size": len(recorded),
        "stored_sha256": hashlib.sha256(recorded).hexdigest(),
    }
    said = []
    for checking in (
        lambda: codec.check_stored([stored[i : i + 100] for i in range(0, len(stored), 100)], **receipt),
        lambda: codec.check_file(io.BytesIO(stored), **receipt),
    ):
        try:
            checking()
        except codec.Damaged as problem:
            said.append(str(problem))
        else:
            said.append("")
    assert said[0] == said[1]
    if said[0]:
        raise codec.Damaged(said[0])


class TestEncoding:
    @pytest.mark.parametrize("name", ["a.zip", "a.XLSX", "a.json.gz", "a.parquet"])
    def test_what_is_compressed_already_is_stored_as_it_is(self, name):
        assert codec.encoding_for(name) == "identity"

    @pytest.mark.parametrize("name", ["a.html", "zip", "a.zip.tsv", ".zip"])
    def test_everything_else_is_compressed(self, name):
        assert codec.encoding_for(name) == "gzip"


class TestChecking:
    """A single flipped bit anywhere is noticed."""

    @pytest.mark.parametrize("encoding", ["gzip", "identity"])
    def test_every_flipped_bit_is_noticed(self, encoding):
        stored = SMALL.compress(DATA) if encoding == "gzip" else DATA
        for position in range(len(stored)):
            damaged = bytearray(stored)
            damaged[position] ^= 1 << position % 8
            with pytest.raises(codec.Damaged):
                check(bytes(damaged), encoding=encoding, recorded=stored)

    @pytest.mark.parametrize("encoding", ["gzip", "identity"])
    def test_every_truncation_and_extension_is_noticed(self, encoding):
        stored = SMALL.compress(DATA) if encoding == "gzip" else DATA
        for length in range(len(stored)):
            with pytest.raises(codec.Damaged):
                check(stored[:length], encoding=encoding, recorded=stored)
        for extension in (b"\0", stored, gzip.compress(b"")):
            with pytest.raises(codec.Damaged):
                check(stored + extension, encoding=encoding, recorded=stored)

    def test_a_forged_object_whose_stored_hash_fits_is_noticed_by_its_original_bytes(self):
        other = DATA[:-1] + b"!"
        cases = [SMALL.compress(other), SMALL.compress(DATA + b"x"), SMALL.compress(DATA[:-1])]
        cases += [
            SMALL.compress(DATA) + b"\0",
            SMALL.compress(DATA) + gzip.compress(b""),
            SMALL.compress(DATA)[:-1],
            b"",
        ]
        for forged in cases:
            with pytest.raises(codec.Damaged):
                check(forged)

    def test_a_gzip_bomb_is_not_unpacked_beyond_the_recorded_size(self):
        bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
        stored = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(200)) + bomb.flush()
        tracemalloc.start()
        with pytest.raises(codec.Damaged, match="more than the recorded 1000 bytes"):
            for _ in codec.original_blocks([stored], "gzip", 1000):
                pass
        assert tracemalloc.get_traced_memory()[1] < 20 * codec.BLOCK
        tracemalloc.stop()

    def test_a_bomb_within_the_recorded_stored_size_is_noticed_without_being_unpacked(self):
        bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
        stored = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(60)) + bomb.flush()
        tracemalloc.start()
        with pytest.raises(codec.Damaged, match="more than the recorded 1000 bytes"):
            check(stored, bytes(1000))
        assert tracemalloc.get_traced_memory()[1] < 20 * codec.BLOCK
        tracemalloc.stop()

    @pytest.mark.parametrize("encoding", ["gzip", "identity"])
    def test_a_hole_of_terabytes_behind_the_recorded_bytes_is_noticed_without_being_read(self, encoding):
        stored = SMALL.compress(DATA) if encoding == "gzip" else DATA
        read = []

        def endless():
            yield stored
            while len(read) < 100:
                read.append(1)
                yield bytes(codec.BLOCK)

        with pytest.raises(codec.Damaged, match=f"more than the recorded {len(stored)} stored bytes"):
            codec.check_stored(
                endless(),
                encoding=encoding,
                size=len(DATA),
                sha256=hashlib.sha256(DATA).hexdigest(),
                stored_size=len(stored),
                stored_sha256=hashlib.sha256(stored).hexdigest(),
            )
        assert len(read) <= 2

    def test_a_file_too_large_to_hold_is_checked_as_a_stream(self, monkeypatch):
        monkeypatch.setattr(codec, "MOST_HELD", 100)
        monkeypatch.setattr(codec, "content_of", None)
        check(SMALL.compress(DATA))
        with pytest.raises(codec.Damaged):
            check(SMALL.compress(DATA)[:-1], recorded=SMALL.compress(DATA))

    @given(st.binary(max_size=400), st.integers(0, 2**32))
    def test_sound_bytes_pass_however_they_are_cut(self, data, seed):
        stored, chance = SMALL.compress(data), random.Random(seed)
        blocks, rest = [], stored
        while rest:
            length = chance.randint(1, 50)
            blocks.append(rest[:length])
            rest = rest[length:]
        assert b"".join(codec.original_blocks(blocks, "gzip", len(data))) == data
        check(stored, data)


def test_what_is_unpacked_at_once_is_copied_in_small_pieces_only(monkeypatch):
    """What follows a member is copied for each, so a whole large file of small ones would take hours."""
    given: list[int] = []

    class Noting:
        def __init__(self, *arguments: int) -> None:
            self._decoder = zlib.decompressobj(*arguments)

        def decompress(self, data: bytes, most: int) -> bytes:
            given.append(len(data))
            return self._decoder.decompress(data, most)

        def __getattr__(self, name: str) -> object:
            return getattr(self._decoder, name)

    data = random.Random(7).randbytes(3 * codec.BLOCK)
    members = [gzip.compress(data[start : start + 50_000]) for start in range(0, len(data), 50_000)]
    fake = SimpleNamespace(decompressobj=Noting, error=zlib.error)
    monkeypatch.setattr(codec, "zlib", fake)
    assert b"".join(codec.unpacked([b"".join(members)])) == data
    assert max(given) <= codec.BLOCK
