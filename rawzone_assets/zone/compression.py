"""Compression: how bytes become gzip, without name or time, so that equal bytes give equal objects.

A zone's settings choose between small and fast, and a zone may hold objects of both: whoever reads them need
not know which it was. What a compressor made is seen to give the bytes back before it is stored. A fault would
otherwise be found years later, when landing is long gone.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext, suppress
from enum import StrEnum
from types import ModuleType

import deflate

from rawzone_assets.zone.codec import BLOCK
from rawzone_assets.zone.setting_errors import CompressionUnavailable

_SMALL_LEVEL = 5  # libdeflate 5: 0.98 of zlib 6's size at 2.5 times its speed
_SMALL_STREAM_LEVEL = 6  # of zlib: libdeflate cannot stream
_FAST_LEVEL = 1  # of igzip: the same bytes on every x86-64 with SSE 4.2; level 3 differs more often
_GZIP = 31  # zlib's window bits for a gzip wrapper
_LARGE = 24 * 2**20  # smaller ones may be compressed side by side: held to 8, processors stood idle
_ONE_LARGE = threading.Lock()
_FAULT = "the compressor did not give back the bytes it was given"

Compressor = Callable[[Iterable[bytes]], Iterable[bytes]]


class Compression(StrEnum):
    """What a zone's gzip is chosen for. Compressing raises as :meth:`require` does."""

    SMALL = "small"  # libdeflate
    FAST = "fast"  # igzip, of an optional package: four times as fast, a quarter larger

    def require(self) -> None:
        """See that it can be used here.

        Raises:
            CompressionUnavailable: The package for it is not installed.
        """
        if self is Compression.FAST:
            _isal()

    def compress(self, data: bytes) -> bytes:
        """The stored form of a whole delivery."""
        # Three forms of it are held here: of large deliveries, those of one at a time.
        with _ONE_LARGE if len(data) >= _LARGE else nullcontext():
            compressed = self._in_one_shot(data)
            if deflate.gzip_decompress(compressed, len(data)) != data:
                raise AssertionError(_FAULT)
            return compressed

    def compress_stream(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The stored form of a delivery too large to hold."""
        compressor, decoder = self._compressor(), zlib.decompressobj(_GZIP)
        given = given_back = 0
        for piece in _of_one_length(blocks):
            given = zlib.crc32(piece, given)
            compressed = compressor.compress(piece)
            given_back = _checksum(decoder, compressed, given_back)
            if compressed:
                yield compressed
        compressed = compressor.flush()
        given_back = _checksum(decoder, compressed, given_back)
        if not decoder.eof or given_back != given:
            raise AssertionError(_FAULT)
        yield compressed

    def _in_one_shot(self, data: bytes) -> bytes:
        if self is Compression.FAST:
            return bytes(_isal().compress(data, _FAST_LEVEL, _GZIP))
        return bytes(deflate.gzip_compress(data, _SMALL_LEVEL))

    def _compressor(self) -> zlib._Compress:
        if self is Compression.FAST:
            compressor: zlib._Compress = _isal().compressobj(_FAST_LEVEL, zlib.DEFLATED, _GZIP)
            return compressor
        return zlib.compressobj(_SMALL_STREAM_LEVEL, zlib.DEFLATED, _GZIP)


def compressors(encoding: str, *, is_small: bool, usual: Compression) -> list[Compressor]:
    """Every way in which a stored form may have been made that there is here, the usual one first.

    ``is_small``: the delivery may be held in memory.
    """
    if encoding == "identity":
        return [lambda blocks: blocks]
    ways: list[Compressor] = []
    for compression in sorted(Compression, key=lambda one: one is not usual):
        with suppress(CompressionUnavailable):
            compression.require()
            ways += [_whole(compression)] if is_small else []
            ways.append(compression.compress_stream)
    return ways


def _whole(compression: Compression) -> Compressor:
    return lambda blocks: [compression.compress(b"".join(blocks))]


def _isal() -> ModuleType:
    try:
        from isal import isal_zlib  # noqa: PLC0415  an extra
    except ImportError:
        raise CompressionUnavailable from None
    return isal_zlib


def _checksum(decoder: zlib._Decompress, compressed: bytes, so_far: int) -> int:
    """Of what a stream gives back; a little at a time, as a few bytes may hold very many."""
    while content := decoder.decompress(compressed, BLOCK):
        so_far = zlib.crc32(content, so_far)
        compressed = decoder.unconsumed_tail
    return so_far


def _of_one_length(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes cut anew: what igzip gives depends on how it is fed."""
    held = bytearray()
    for block in blocks:
        held += block
        while len(held) >= BLOCK:
            yield bytes(held[:BLOCK])
            del held[:BLOCK]
    if held:
        yield bytes(held)
