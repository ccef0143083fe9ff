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
from collections.abc import Callable, Mapping
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


def _is_report(name: str) -> bool:
    """A table of any name, in a folder or not, as long as the path stays below where it is unpacked."""
    folders = re.split(r"[/\\]", name)
    leads_out = ".." in folders or folders[0] == "" or name[1:2] == ":" or any(sign < " " for sign in name)
    return name.endswith((".csv", ".tsv")) and not leads_out


MEMBERS: Mapping[str, Callable[[str], bool]] = {
    "tiktok/analytics": lambda name: name == "Overview.csv",
    "distrokid/sales": _is_report,
}


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
        inside = member_of(data, feed)
    except NoArchive as reason:
        return [str(reason)]
    return list(broken_by_table(feed, name, inside, capture)) if inside else ["an empty member"]


def member_of(data: bytes, feed: str) -> bytes:
    """The bytes of the archive's only member, which has a name that the feed expects.

    Raises:
        NoArchive: It holds others, or cannot be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len(names) != 1 or not MEMBERS[feed](names[0]):
                raise NoArchive("other members than the one expected")
            return archive.read(names[0])
    except _UNREADABLE as error:
        raise NoArchive(f"not readable: {error}"[:200]) from None
