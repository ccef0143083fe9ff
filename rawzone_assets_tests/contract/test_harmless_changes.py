"""What changes nothing that a contract asks about is accepted: order, layout, line ends, unknown fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from mutant_archives import Archive
from mutant_seeds import FORMATS, Seed, seeds
from mutant_tables import table_of
from oracle import member_of

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.judging import judge

# Layouts that lack required columns are told by being complete: with another column they are no such layout.
EXACT = {"social_media/spotify: a timeline of a single track", "distrokid/sales: a report of 2014"}
BOM = b"\xef\xbb\xbf"


def documents(seed: Seed) -> Iterator[tuple[str, bytes]]:
    document = json.loads(seed.data)
    yield "a byte order mark", BOM + seed.data
    yield "blanks round it", b"\r\n \t" + seed.data + b"\n\n"
    yield "CRLF", json.dumps(document, indent=4).replace("\n", "\r\n").encode()
    yield "no blanks", json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    yield "members in another order", json.dumps(backwards(document)).encode()
    if isinstance(document, dict):
        yield "an unknown member", json.dumps(document | {"a_new_member": {"x": [1, None]}}).encode()
    records = document if isinstance(document, list) else None
    if records:
        yield "records in another order", json.dumps(records[::-1]).encode()
        yield "a record with an unknown member", json.dumps([records[0] | {"new": 1}, *records[1:]]).encode()


def backwards(value: object) -> object:
    if isinstance(value, dict):
        return {name: backwards(value[name]) for name in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


def tables(seed: Seed) -> Iterator[tuple[str, bytes]]:
    header = seed.data.splitlines()[0]
    delimiter = max(",;\t", key=lambda sign: header.count(sign.encode()))
    table = table_of(seed.data, delimiter, quoted=delimiter != "\t", most=400)
    has_ends_in_cells = any("\n" in cell or "\r" in cell for row in table.rows for cell in row)
    for newline in () if has_ends_in_cells else ("\n", "\r\n", "\r"):
        yield f"lines that end in {newline!r}", replace(table, newline=newline, ends=True).written()
    yield "a byte order mark", replace(table, bom=True).written()
    yield "no byte order mark", replace(table, bom=False).written()
    rows = [[*row, "x"] for row in table.rows]
    rows[0][-1] = "A column nobody knows"
    if seed.title not in EXACT:
        yield "an unknown column", replace(table, rows=rows, ends=True).written()
    yield (
        "columns in another order",
        replace(table, rows=[row[::-1] for row in table.rows], ends=True).written(),
    )
    yield "rows in another order", replace(table, rows=[table.rows[0], *table.rows[:0:-1]], ends=True).written()
    if table.quoted:
        yield "every cell quoted", replace(table, quote_all=True).written()
        yield "few cells quoted", replace(table, quote_all=False).written()


def pages(seed: Seed) -> Iterator[tuple[str, bytes]]:
    plain = seed.data.replace(b"\r\n", b"\n")
    yield "LF", plain
    yield "CRLF", plain.replace(b"\n", b"\r\n")
    yield "a byte order mark", BOM + plain
    yield "a tracker more", plain.replace(b"</body>", b'<img id="7f" src="https://t.example/p"></body>')
    yield "a note", plain.replace(b"<body", b"<!-- saved --><body")
    yield (
        "another chart",
        plain.replace(
            b"</body>", b'<script>AmCharts.makeChart("trendDaily", {"dataProvider": []})</script></body>'
        ),
    )


def archives(seed: Seed) -> Iterator[tuple[str, bytes]]:
    name = "Overview.csv" if b"Overview.csv" in seed.data else "report.tsv"
    archive = Archive(members=((name, member_of(seed.data, seed.feed.id)),))
    yield "stored", archive.written()
    yield "deflated", replace(archive, method=8).written()
    yield "another minute", replace(archive, minute=42).written()
    yield "sizes after the data", replace(archive, streamed=True).written()
    yield "a comment", replace(archive, comment=b"made by a browser").written()


CHANGES = {"json": documents, "csv": tables, "tsv": tables, "html": pages, "zip": archives}
CASES = [(seed, *change) for kind in FORMATS for seed in seeds(kind) for change in CHANGES[kind](seed)]


@pytest.mark.parametrize(
    ("seed", "what", "data"), CASES, ids=[f"{seed.title} with {what}" for seed, what, _ in CASES]
)
def test_is_accepted_all_the_same(seed: Seed, what: str, data: bytes):
    judgement = judge(seed.feed, BytesContent(data), seed.capture)
    assert not judgement.refused, [finding for finding in judgement.findings if finding.blocking]
