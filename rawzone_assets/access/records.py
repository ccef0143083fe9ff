"""Records: a delivery's bytes cut into the rows of its tables, every value as it stands in them.

Texts stay texts and numbers their own digits (``exact_values``); what a column makes of them is
``conversions``'s. Nothing is judged here: the delivery was accepted, and what has no column is handed on.
"""

from __future__ import annotations

from collections.abc import Iterator

from rawzone_assets.access.delimited_records import delimited_pieces
from rawzone_assets.access.document_records import DocumentReading, read_document
from rawzone_assets.access.pieces import NotProjectable, Piece
from rawzone_assets.access.projected_tables import document_type, table_form, tables
from rawzone_assets.contract.archives import Unsound, ZipFormat
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Content, Feed
from rawzone_assets.contract.stored_names import as_delivered


def pieces(feed: Feed, content: Content, name: str) -> Iterator[Piece]:
    """All rows of a delivery of that name; those of the table that its receipt counts come first.

    Raises:
        NotProjectable: The rest of the delivery cannot be read into rows.
    """
    form = as_delivered(feed, name)
    own = [table for table in tables(feed) if table.schema == form.schema]
    delimited = table_form(form.format)
    if delimited is not None and own:
        packed = form.format if isinstance(form.format, ZipFormat) else None
        plain = BytesContent(_member(packed, content, feed.max_size)) if packed else content
        yield from delimited_pieces(delimited, own[0], plain)
    elif document_type(form.format):
        document, prefix, beside = read_document(form, content)
        reading = DocumentReading(feed=feed, schema=form.schema, prefix=prefix, beside=beside)
        yield from reading.pieces(document, own)
    else:
        raise NotProjectable(f"nothing is known about the columns of the form {form.format.kind!r}")


def _member(form: ZipFormat, content: Content, limit: int) -> bytes:
    try:
        return form.unpacked(content.read(), min(limit, form.largest))
    except Unsound as problem:
        raise NotProjectable(problem.finding.message) from problem
