"""How stored bytes are read back, and held against what their receipt says of both forms.

What fits in memory is decoded in one shot, what does not as a stream. Either is bounded by the size that the
receipt states, so a damaged or forged object cannot exhaust memory. ``compression`` is how gzip is made.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

import deflate

BLOCK = 1 << 20
_ALREADY_COMPRESSED = (".zip", ".xlsx", ".gz", ".parquet")
_GZIP = 31  # zlib's window bits for a gzip wrapper
MOST_HELD = 64 * 2**20  # bytes of both forms up to which an object is read as a whole
_TRAILER = struct.Struct("<II")  # what ends a gzip member: the checksum and length of its content


class Damaged(Exception):
    """Stored bytes do not decode to what was recorded; the text says how."""


def encoding_for(name: str) -> str:
    """``gzip``, or ``identity`` for names whose bytes are compressed already."""
    return "identity" if name[1:].lower().endswith(_ALREADY_COMPRESSED) else "gzip"  # ".zip" has no extension


def blocks_of(stream: BinaryIO) -> Iterator[bytes]:
    """A stream in pieces of bounded size."""
    while block := stream.read(BLOCK):
        yield block


def digest_of(blocks: Iterable[bytes]) -> str:
    """The SHA-256 of bytes that come in pieces, in hex."""
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


class Measured:
    """Bytes on their way in pieces, hashed and counted as they pass. To iterate again is to go on."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Of what has passed, in hex."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        for block in self._blocks:
            self._digest.update(block)
            self.size += len(block)
            yield block

    def finish(self) -> None:
        """Let pass what is left."""
        for _ in self:
            pass


def up_to(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Blocks until they are more than ``size`` bytes: of what is longer, only that it is."""
    passed = 0
    for block in blocks:
        yield block
        passed += len(block)
        if passed > size:
            return


def original_blocks(stored: Iterable[bytes], encoding: str, size: int) -> Iterator[bytes]:
    """Decode stored blocks to the original bytes; :class:`Damaged` unless they are exactly ``size`` long."""
    produced = 0
    for block in stored if encoding == "identity" else _gunzip(stored, is_ours=True):
        produced += len(block)
        if produced > size:
            raise Damaged(f"it holds more than the recorded {size} bytes")
        yield block
    if produced != size:
        raise Damaged(f"it holds {produced} of the recorded {size} bytes")


def unpacked(stored: Iterable[bytes]) -> Iterator[bytes]:
    """What gzip made by anybody holds, in blocks: as gunzip gives it, of several members and with padding.

    Raises:
        Damaged: It is no gzip, or not all of it is.
    """
    return _gunzip(stored, is_ours=False)


def _gunzip(stored: Iterable[bytes], *, is_ours: bool) -> Iterator[bytes]:
    """``is_ours``: made here, which is one member and nothing after it."""
    decoder = zlib.decompressobj(_GZIP)
    for piece in _pieces(stored):  # what is left of it is copied at each step, so it must not be much
        pending = piece
        while pending:
            if decoder.eof:
                if is_ours:
                    raise Damaged("bytes follow the end of the gzip stream")
                pending = pending.lstrip(b"\0")
                if not pending:
                    break
                decoder = zlib.decompressobj(_GZIP)
            try:
                out = decoder.decompress(pending, BLOCK)
            except zlib.error as error:
                raise Damaged("it is not a valid gzip stream") from error
            if out:
                yield out
            pending = decoder.unused_data or decoder.unconsumed_tail
    while not decoder.eof and (out := decoder.decompress(b"", BLOCK)):  # input used up, output still held
        yield out
    if not decoder.eof:
        raise Damaged("the gzip stream ends too early")


def _pieces(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Blocks of any size in pieces of bounded size."""
    for block in blocks:
        for start in range(0, len(block), BLOCK):
            yield block[start : start + BLOCK]


def check_file(
    stream: BinaryIO, *, encoding: str, size: int, sha256: str, stored_size: int, stored_sha256: str
) -> None:
    """Read an object once, from where ``stream`` stands to its end, and hold both forms against its receipt.

    What fits in memory is decoded in one shot, three times as fast as a stream. Only when something is wrong
    with it is it decoded as a stream, which alone says what.

    Raises:
        Damaged: What differs first.
    """
    first = b""
    if size + stored_size <= MOST_HELD:
        first = stream.read(stored_size + 1)  # one byte more shows a longer file
        content = content_of(
            first,
            encoding=encoding,
            size=size,
            sha256=sha256,
            stored_size=stored_size,
            stored_sha256=stored_sha256,
        )
        if content is not None:
            return
    check_stored(
        chain([first], blocks_of(stream)),
        encoding=encoding,
        size=size,
        sha256=sha256,
        stored_size=stored_size,
        stored_sha256=stored_sha256,
    )


def content_of(
    stored: bytes, *, encoding: str, size: int, sha256: str, stored_size: int, stored_sha256: str
) -> bytes | bytearray | None:
    """The original bytes, decoded in one shot; ``None`` when anything is not as the receipt has it."""
    if len(stored) != stored_size or hashlib.sha256(stored).hexdigest() != stored_sha256:
        return None
    if encoding == "identity":
        return stored if (stored_size, stored_sha256) == (size, sha256) else None
    try:
        content = deflate.gzip_decompress(stored, size)  # never more than the recorded size
    except deflate.DeflateError:
        return None
    # The decoder passes over what follows the member, so the end of the bytes must be the member's own.
    end = _TRAILER.pack(deflate.crc32(content), len(content) & 0xFFFFFFFF)
    is_sound = len(content) == size and stored.endswith(end) and hashlib.sha256(content).hexdigest() == sha256
    return content if is_sound else None


def check_stored(
    stored: Iterable[bytes], *, encoding: str, size: int, sha256: str, stored_size: int, stored_sha256: str
) -> None:
    """Re-read both forms of an object against its receipt; :class:`Damaged` says what differs first.

    Nothing is read once there is more than was recorded: terabytes of a hole take no room, and hours to read.
    """
    outer = Measured(stored)
    found: str | None = None
    problem: Damaged | None = None
    try:
        found = digest_of(original_blocks(up_to(outer, stored_size), encoding, size))
    except Damaged as error:
        problem = error
        for _ in up_to(outer, stored_size - outer.size):  # the rest still counts towards the stored size
            pass
    if outer.size > stored_size:
        raise Damaged(f"it has more than the recorded {stored_size} stored bytes")
    if outer.size != stored_size:
        raise Damaged(f"it has {outer.size} of the recorded {stored_size} stored bytes")
    if outer.sha256 != stored_sha256:
        raise Damaged("its stored bytes have another SHA-256 than recorded")
    if problem:
        raise problem
    if found != sha256:
        raise Damaged("its original bytes have another SHA-256 than recorded")
