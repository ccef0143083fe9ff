"""The oracle: which stated rules an accepted delivery breaks, by means that share nothing with the judge's.

Dispatches by what the name says the delivery is; see ``oracle_forms`` for what an oracle is.
"""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from datetime import date

from oracle_documents import NoDocument, broken_by_document, document_of
from oracle_pages import broken_by_page
from oracle_tables import broken_by_table

# What the standard library raises for archives that it cannot read: it documents only the first.
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, NotImplementedError, EOFError, OSError,
    ValueError,
    OverflowError, struct.error,
)  # fmt: skip


class NoArchive(Exception):
    """The bytes are no archive with the expected member."""


def broken_rules(feed: str, name: str, data: bytes, capture: date) -> list[str]:
    """The rules that the delivery breaks; none may be, when it was accepted."""
    if not data:
        return ["no bytes"]
    if name.endswith(".zip"):
        return _broken_by_archive(feed, name, data, capture)
    if name.endswith((".csv", ".tsv")):
        return list(broken_by_table(feed, name, data, capture))
    try:
        if name.endswith(".html"):
            return list(broken_by_page(feed, data, capture))
        return list(broken_by_document(feed, name, document_of(data), capture))
    except (NoDocument, UnicodeDecodeError) as error:
        return [f"not readable: {error}"[:200]]


def _broken_by_archive(feed: str, name: str, data: bytes, capture: date) -> list[str]:
    """Exactly the expected member, sound, and good itself."""
    try:
        inside = member_of(data)
    except NoArchive as reason:
        return [str(reason)]
    return list(broken_by_table(feed, name, inside, capture)) if inside else ["an empty member"]


def member_of(data: bytes) -> bytes:
    """The bytes of the archive's only member.

    Raises:
        NoArchive: It holds others, or cannot be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len(names) != 1 or not re.fullmatch(r"Overview\.csv|[^/\\]+\.[ct]sv", names[0]):
                raise NoArchive("other members than the one expected")
            return archive.read(names[0])
    except _UNREADABLE as error:
        raise NoArchive(f"not readable: {error}"[:200]) from None
