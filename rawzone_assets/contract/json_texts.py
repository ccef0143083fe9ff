"""JSON texts: a delivery's bytes parsed by RFC 8259 to the letter, or the reason why they cannot be.

What was parsed need not be looked at for what the parser would have refused, nor for exposures where the
document written out again has none. What the document means is ``json_examination.py``'s part.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from rawzone_assets.contract import codes, digests, repeated_members
from rawzone_assets.contract.byte_kinds import standing_for
from rawzone_assets.contract.content import SMALL
from rawzone_assets.contract.exposures import may_expose
from rawzone_assets.contract.feed import Content
from rawzone_assets.contract.findings import Finding, Findings, Place
from rawzone_assets.contract.marks import ascii_text
from rawzone_assets.contract.pointers import pointer
from rawzone_assets.contract.texts import Survey, facts_of_utf8, survey

MOST_VALUES = 2_000_000
"""Counted before they are built: 64 MB of ``[],[],`` would take gigabytes as objects."""

_ANOTHER = "a second document begins here: two files, one after the other, or a list written line by line"


class JsonText(NamedTuple):
    """What was read: the document and its canonical form, or neither."""

    facts: Mapping[str, Any]  # of the text, as receipts keep them
    document: Any = None
    written: bytes | None = None
    gives_nothing_away: bool = False  # certainly no mark of an exposure stands in the bytes


def read_json(content: Content, findings: Findings) -> JsonText:
    """The text parsed. What is wrong with it is added, and an objection to it if it cannot be."""
    data = content.read()
    bom = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    document, refusal = None, None
    too_large = _has_too_many_values(data)
    try:
        document = None if too_large else orjson.loads(memoryview(data)[bom:])
    except orjson.JSONDecodeError as error:
        refusal = error
    if too_large or refusal:
        seen = survey(content)
        findings.add(_objection(seen, data[bom:], bom, refusal))
        return JsonText(seen.facts)
    text = facts_of_utf8(data)  # the parser refuses all else
    written = digests.canonical(document)
    if written is None:
        findings.add(codes.JSON_SYNTAX("the document nests deeper than 254 levels"))
        return JsonText(text)
    are_repeated = repeated_members.are_there_any(data, written)
    if are_repeated:
        findings.extend(_repeated(data))
    # Marks stand in texts; without backslashes and dropped members all texts are written again as they were.
    is_same = not are_repeated and b"\\" not in data
    standing = ascii_text if written.isascii() else standing_for  # which is asked for once more
    unmarked = is_same and len(data) <= SMALL and not may_expose(standing(written))
    return JsonText(text, document, written, gives_nothing_away=unmarked)


def _has_too_many_values(data: bytes) -> bool:
    # The length alone settles it for nearly all documents.
    return len(data) > MOST_VALUES and data.count(b",") + data.count(b"[") + data.count(b"{") > MOST_VALUES


def _objection(seen: Survey, data: bytes, bom: int, refusal: orjson.JSONDecodeError | None) -> Finding:
    """Why the text, after its byte order mark, was not parsed."""
    if seen.first == b"<":
        return codes.HTML_INSTEAD("the file begins with '<': a web page, not JSON", seen.start)
    unreadable = seen.objection()
    if unreadable:
        return unreadable
    if not seen.first:
        return codes.TRUNCATED("the file holds nothing but blanks")
    if refusal is None:
        return codes.TOO_LARGE(f"the document has more than {MOST_VALUES:,} values")
    # The decoder counts characters, a place counts bytes.
    offset = bom + len(data.decode()[: refusal.pos].encode())
    place = Place(line=refusal.lineno, column=refusal.colno, offset=offset)
    if refusal.msg == "unexpected end of data":
        return codes.TRUNCATED("the document ends before it is complete", place)
    return codes.JSON_SYNTAX(_told(refusal.msg, data[offset - bom :][:3]), place)


def _told(objection: str, there: bytes) -> str:
    """What is wrong where the decoder stopped, by its name if it has one."""
    if there in {b"NaN", b"Inf"}:
        return "NaN or Infinity stands where a value is expected: JSON has neither"
    if objection == "unexpected content after document" and there[:1] in {b"{", b"["}:
        return _ANOTHER
    return objection


def _repeated(data: bytes) -> Iterator[Finding]:
    message = "the member stands twice in its object; the last one was judged"
    try:
        for parts in repeated_members.places(data):
            yield codes.JSON_DUPLICATE_KEY(message, Place(pointer=pointer(parts)))
    except RecursionError:
        yield codes.JSON_DUPLICATE_KEY("members stand twice in an object, of which one nests deeply")
