"""Table deliveries: bytes that may be a table, read in the charset in which they are one.

What the rows must be is ``table_examination.py``'s part, which proves most tables UTF-8 on the way.
"""

from __future__ import annotations

from contextlib import suppress

from rawzone_assets.contract.dialects import charset_of, rows_of
from rawzone_assets.contract.feed import Capture, Content, Facts, Feed
from rawzone_assets.contract.findings import Findings, Place
from rawzone_assets.contract.garbled import garbled_table
from rawzone_assets.contract.table_cuts import cut_to_nothing
from rawzone_assets.contract.table_examination import TableExamination
from rawzone_assets.contract.table_repeats import Repeats
from rawzone_assets.contract.table_rules import Identities
from rawzone_assets.contract.table_shapes import shape_of
from rawzone_assets.contract.table_wholes import Gathered
from rawzone_assets.contract.tables import TableFormat
from rawzone_assets.contract.texts import Survey, survey


def examine(form: TableFormat, feed: Feed, content: Content, capture: Capture, findings: Findings) -> Facts:
    """Add every objection to the table and return what was learned.

    A table of which all was read has shown to be UTF-8 on the way. Others are asked for that by itself, and
    what was found in them counts for nothing unless they are.
    """
    tried = findings.copy()
    with suppress(UnicodeDecodeError):
        seen = survey(content, trusting=True)
        facts, is_read_whole = _read(form, feed, content, capture, seen=seen, findings=tried)
        if is_read_whole or survey(content).objection() is None:
            findings.become(tried)
            return facts
    facts, _ = _read(form, feed, content, capture, seen=survey(content), findings=findings)
    return facts


def _read(
    form: TableFormat, feed: Feed, content: Content, capture: Capture, *, seen: Survey, findings: Findings
) -> tuple[Facts, bool]:
    """What :func:`examine` adds and returns of a delivery that is ``seen`` so, and whether all of it was read.

    Raises:
        UnicodeDecodeError: It is not UTF-8, which was not seen.
    """
    charset = charset_of(seen, findings, legacy=form.legacy_charset)
    text = {**seen.facts, "charset": charset or seen.facts["charset"]}
    if charset is None:
        return Facts(text=text), False
    shape = shape_of(feed.schema)
    examination = TableExamination(
        form=form,
        feed=feed,
        capture=capture,
        findings=findings,
        shape=shape,
        identities=Identities(
            columns=form.unique, required=frozenset(form.unique).intersection(shape.required)
        ),
        gathered=Gathered(names=form.needed_whole()),
        repeats=Repeats(are_sought=form.may_repeat),
    )
    with content.open() as stream:
        rows = rows_of(content, stream, dialects=form.dialects, charset=charset, shape=shape)
        examination.run(rows, seen)
        may_be_garbled = charset == "utf-8" and examination.header.names
        is_seen = examination.ungarbled.size == content.size
        garbled = garbled_table(content) if may_be_garbled and not is_seen else None
        findings.extend([garbled] if garbled else [])
        delimiter = rows.dialect.delimiter
        if seen.last == delimiter.encode() and examination.records and not rows.broken:
            place = Place(line=rows.line, column_name=examination.header.names[-1])
            cut = cut_to_nothing(content, delimiter, records=examination.records, place=place)
            findings.extend([cut] if cut else [])
    # What no mark announces is not there: nobody has to look for it again.
    seen_all = examination.unexposed.size == content.size
    facts = examination.facts()._replace(text=text, access_reasons={} if seen_all else None)
    return facts, rows.taken == content.size
