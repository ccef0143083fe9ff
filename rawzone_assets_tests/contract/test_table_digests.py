"""Table digests: rows are digested alike, however a source parts their cells."""

from __future__ import annotations

from hashlib import sha256

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rawzone_assets.contract.table_digests import RowsDigest, written_lines, written_rows

TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.text(";,x\\]é", max_size=3), min_size=width, max_size=width), min_size=1, max_size=4
    )
)


def each_alone(rows: list[list[str]]) -> bytes:
    return b"".join(map(orjson.dumps, rows))


@given(TABLES)
@example([["],[", "1"], ["a", "1"]])
def test_rows_are_written_as_each_by_itself(rows: list[list[str]]):
    assert b"".join(written_rows(rows)) == each_alone(rows)


def test_a_chunk_counts_once_its_digest_takes_the_place_of_the_one_before():
    digest = RowsDigest()
    digest.update(b"a")
    dropped, chunk = digest.begun(), digest.begun()
    dropped.update(b"x")
    chunk.update(b"b")
    assert (digest.hexdigest(), chunk.hexdigest()) == (sha256(b"a").hexdigest(), sha256(b"ab").hexdigest())
    assert (digest.written, chunk.written) == (1, 1)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@given(rows=TABLES)
@example(rows=[["a", "1"], [";", "1"]])
@example(rows=[["a", ";", ";"], ["", ";", ""]])
def test_quoted_cells_are_written_as_they_are_though_they_be_delimiters(
    rows: list[list[str]], delimiter: str, end: str
):
    text = "".join(delimiter.join(f'"{cell}"' for cell in row) + end for row in rows)
    written = written_lines(text.encode(), b'"', f'"{delimiter}"'.encode(), f'"{end}'.encode())
    assert written == each_alone(rows)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@given(rows=TABLES)
@example(rows=[['"', '""'], ["\\", '\\"']])
def test_cells_without_quotes_round_them_are_written_with_the_quotes_they_hold(
    rows: list[list[str]], delimiter: str, end: str
):
    rows = [[cell.replace(delimiter, "") for cell in row] for row in rows]
    text = "".join(delimiter.join(row) + end for row in rows)
    assert written_lines(text.encode(), b"", delimiter.encode(), end.encode()) == each_alone(rows)
