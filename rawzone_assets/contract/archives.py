"""Archives: zip files that hold exactly one expected member, which its own format then judges.

Read strictly, by the rules of APPNOTE.TXT, and never unpacked to disk: one local entry from the first byte
on, one directory entry that agrees with it, and the directory's end at the file's end. So prefixes, gaps,
overlapping entries and archives inside archives have no place to hide, and nothing expands beyond what the
member's feed allows. What a member's bytes mean is its format's part.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

from rawzone_assets.contract import codes
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.exposures import scan
from rawzone_assets.contract.feed import Capture, Content, Facts, Feed, Format
from rawzone_assets.contract.findings import Finding, Findings, Place
from rawzone_assets.contract.texts import survey
from rawzone_assets.contract.wording import counted

_LOCAL = struct.Struct("<4s5H3L2H")
_DIRECTORY = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_LOCAL_MARK, _DIRECTORY_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_LONGEST_COMMENT = 0xFFFF
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_SIZES_FOLLOW = 0x0008  # the local entry leaves sizes and checksum to a descriptor after the data
_UTF8 = 0x0800
_DESCRIPTOR_SIZES = (12, 16, 20, 24)
_STORED, _DEFLATED = 0, 8
_LEADS_OUT = re.compile(r"^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)|[\x00-\x1f]")


class _Entry(NamedTuple):
    """What the directory says of a member."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    start: int


class Unsound(Exception):
    """Why the archive cannot be read, as the finding it deserves."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


@dataclass(frozen=True, kw_only=True)
class ZipFormat:
    """An archive of exactly one member. Findings, facts and substance are those of the member.

    ``member`` is its name, in which ``*`` may stand for any part, folders included; ``largest`` bounds archive
    and member in bytes where the feed itself allows more than fits in memory.
    """

    member: str
    inside: Format
    largest: int = 128 * 2**20
    kind: str = "zip"

    def unpacked(self, data: bytes, limit: int) -> bytes:
        """The member's bytes.

        Raises:
            Unsound: The archive is not what is expected, or its member has more than ``limit`` bytes.
        """
        return _only_member(data, self.member, limit=limit)

    def load(self) -> None:
        self.inside.load()

    def examine(self, feed: Feed, content: Content, capture: Capture, findings: Findings) -> Facts:
        limit = min(feed.max_size, self.largest)
        if content.size > limit:
            findings.add(
                codes.TOO_LARGE(f"the limit of an archive is {limit:,} bytes, it has {content.size:,}")
            )
            return Facts()
        data = content.read()
        seen = survey(content)
        objection = seen.absence()
        if seen.first == b"<":
            objection = codes.HTML_INSTEAD("the file begins with '<': a web page, not an archive", seen.start)
        if objection:
            findings.add(objection)
            return Facts()
        try:
            member = self.unpacked(data, limit)
        except Unsound as problem:
            findings.add(problem.finding)
            return Facts()
        if not member:
            findings.add(codes.EMPTY_FILE(f"the member {self.member!r} has no bytes"))
            return Facts()
        facts = self.inside.examine(feed, BytesContent(member), capture, findings)
        if facts.access_reasons is not None:
            return facts
        # From outside only packed bytes can be seen: what the member exposes is found here.
        return facts._replace(access_reasons=dict(scan(BytesContent(member)).counts))


def _only_member(data: bytes, name: str, *, limit: int) -> bytes:
    """The bytes of the archive's one member, whose name must fit."""
    entries, directory = _directory(data)
    if any(_LEADS_OUT.search(entry.name) for entry in entries):
        raise Unsound(codes.ARCHIVE("a member's name leads out of the folder it is unpacked to"))
    if len({entry.name for entry in entries}) < len(entries):
        raise Unsound(codes.ARCHIVE("two members have the same name"))
    if len(entries) != 1 or not fnmatchcase(entries[0].name, name):
        held = counted(len(entries), "member")
        message = f"the archive holds {held}; {name!r} and nothing else is expected"
        raise Unsound(codes.ARCHIVE_MEMBERS(message, Place(offset=directory)))
    return _unpacked(entries[0], _packed(data, entries[0], directory), limit)


def _directory(data: bytes) -> tuple[list[_Entry], int]:
    """The directory's entries and where it starts."""
    end = _end_of(data)
    _, disk, its_disk, here, count, size, start, _ = _END.unpack_from(data, end)
    if disk or its_disk or here != count or start + size != end:
        raise Unsound(codes.ARCHIVE("the directory is not where the archive's end says", Place(offset=end)))
    entries: list[_Entry] = []
    position = start
    for _ in range(count):
        if position + _DIRECTORY.size > end or not data.startswith(_DIRECTORY_MARK, position):
            raise Unsound(
                codes.ARCHIVE("the directory holds fewer entries than it says", Place(offset=position))
            )
        fields = _DIRECTORY.unpack_from(data, position)
        flags, method, crc, packed, unpacked = fields[3], fields[4], *fields[7:10]
        name_size, extra_size, comment_size, local = fields[10], fields[11], fields[12], fields[16]
        name_at = position + _DIRECTORY.size
        name = data[name_at : name_at + name_size].decode("utf-8" if flags & _UTF8 else "cp437", "replace")
        entries.append(_Entry(name, flags, method, crc, packed, unpacked, local))
        position = name_at + name_size + extra_size + comment_size
    if position != end:
        raise Unsound(codes.ARCHIVE("the directory holds more than its entries", Place(offset=position)))
    return entries, start


def _end_of(data: bytes) -> int:
    """Where the archive's end record starts: it must reach exactly to the file's end."""
    at, goes_on = len(data), False
    first = max(0, len(data) - _END.size - _LONGEST_COMMENT)
    while (at := data.rfind(_END_MARK, first, at)) >= 0:
        missing = at + _END.size - len(data)
        if missing <= 0:
            missing += _END.unpack_from(data, at)[7]
        if missing == 0:
            return at
        goes_on = goes_on or missing < 0
    if goes_on:
        raise Unsound(codes.ARCHIVE("other bytes follow the archive's end"))
    if _LOCAL_MARK.startswith(data[:4]) or data.startswith(_LOCAL_MARK):
        raise Unsound(codes.TRUNCATED("the archive has no directory at its end", Place(offset=len(data))))
    raise Unsound(codes.ARCHIVE("the file is no zip archive", Place(offset=0)))


def _packed(data: bytes, entry: _Entry, directory: int) -> bytes:
    """The member's packed bytes, after its local entry has said the same as the directory."""
    if entry.start != 0 or len(data) < _LOCAL.size or not data.startswith(_LOCAL_MARK):
        raise Unsound(codes.ARCHIVE("the archive does not begin with its member", Place(offset=0)))
    _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack_from(data)
    name = data[_LOCAL.size : _LOCAL.size + name_size].decode("utf-8" if flags & _UTF8 else "cp437", "replace")
    start = _LOCAL.size + name_size + extra_size
    rest = directory - start - entry.packed
    told = (crc, packed, size) == (entry.crc, entry.packed, entry.size) or flags & _SIZES_FOLLOW
    fits = rest in _DESCRIPTOR_SIZES if flags & _SIZES_FOLLOW else rest == 0
    if (name, flags, method) != (entry.name, entry.flags, entry.method) or not told or not fits:
        raise Unsound(codes.ARCHIVE("the member's own entry and the directory contradict each other"))
    return data[start : start + entry.packed]


def _unpacked(entry: _Entry, packed: bytes, limit: int) -> bytes:
    """The member's bytes, of the size and checksum that the directory states."""
    if entry.flags & _ENCRYPTED:
        raise Unsound(codes.ARCHIVE("the member is encrypted"))
    if entry.method not in {_STORED, _DEFLATED}:
        raise Unsound(
            codes.ARCHIVE(f"the member is packed by method {entry.method}; stored or deflated is expected")
        )
    if entry.size > limit:
        raise Unsound(codes.TOO_LARGE(f"the limit is {limit:,} bytes, the member unpacks to more"))
    plain = packed if entry.method == _STORED else _inflated(packed, limit)
    if len(plain) > limit:
        raise Unsound(codes.TOO_LARGE(f"the limit is {limit:,} bytes, the member unpacks to more"))
    if len(plain) != entry.size or zlib.crc32(plain) != entry.crc:
        raise Unsound(codes.ARCHIVE("the member's bytes do not have the size and checksum stated"))
    return plain


def _inflated(packed: bytes, limit: int) -> bytes:
    decoder = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = decoder.decompress(packed, limit + 1)
    except zlib.error as error:
        raise Unsound(codes.ARCHIVE("the member's packed bytes are damaged")) from error
    if len(plain) <= limit and (not decoder.eof or decoder.unused_data):
        raise Unsound(codes.ARCHIVE("the member's packed bytes end too early or go on too long"))
    return plain
