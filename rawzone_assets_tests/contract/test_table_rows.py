"""Table rows: those of the csv module, in bounded memory, and whole lines taken between them."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rawzone_assets.contract import table_rows
from rawzone_assets.contract.table_rows import CSV, TSV, Dialect, Rows

PIECES = ("a", "b" * 5, ",", '"', "\r\n", "\r", "\n", "\t", "é", "\u2028")
TEXTS = st.lists(st.sampled_from(PIECES), min_size=5, max_size=40).map("".join)


def read_by_csv(text: str, dialect: Dialect) -> tuple[list[tuple[list[str], int]], bool]:
    """The rows with their lines as the csv module alone reads them, and whether it got to the end."""
    quoting = csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=dialect.delimiter, quoting=quoting, strict=True)
    rows = []
    try:
        rows.extend((cells, reader.line_num) for cells in reader if cells)
    except csv.Error:
        return rows, False
    return rows, True


class TestRows:
    """Rows are cut as the dialect says, in bounded memory."""

    def rows(self, data: bytes, dialect: Dialect) -> tuple[list[list[str]], str | None]:
        rows = Rows(stream=io.BytesIO(data), charset="utf-8", dialect=dialect)
        return list(rows), rows.broken.code if rows.broken else None

    def test_quoted_cells_may_hold_delimiters_and_lines(self):
        assert self.rows(b'a,"b,\r\nc"\r\n"d ""e""",f', CSV) == ([["a", "b,\r\nc"], ['d "e"', "f"]], None)

    def test_quotes_are_kept_where_cells_are_not_quoted(self):
        assert self.rows(b'"a\tb"\rc\td', TSV) == ([['"a', 'b"'], ["c", "d"]], None)

    @pytest.mark.parametrize(
        ("data", "dialect", "code"),
        [
            (b'a,"b', CSV, "RZ-TRUNCATED"),
            (b'a,"b"c\n', CSV, "RZ-TABLE-SYNTAX"),
            (b'a,"' + b"b\n" * 100_000, CSV, "RZ-TABLE-SYNTAX"),
            (b"a" * 200_000, TSV, "RZ-TABLE-SYNTAX"),
            (b"a\t" * 600_000, TSV, "RZ-TABLE-SYNTAX"),
        ],
        ids=["open quote", "after quote", "long quote", "long cell", "long line"],
    )
    def test_end_where_the_text_is_no_table(self, data: bytes, dialect: Dialect, code: str):
        assert self.rows(data, dialect)[1] == code


class TestReading:
    """Rows are those of the csv module, wherever blocks of reading fall and lines are taken between them."""

    @given(
        text=TEXTS,
        charset=st.sampled_from(["utf-8", "utf-8-sig"]),
        dialect=st.sampled_from([CSV, TSV]),
        block=st.integers(3, 9),
        is_whole=st.booleans(),
    )
    @example(text="ab\r\ncd", charset="utf-8", dialect=CSV, block=3, is_whole=False)
    @example(text="a", charset="utf-8-sig", dialect=CSV, block=3, is_whole=False)
    def test_of_blocks_of_any_size_gives_the_same(
        self, text: str, charset: str, dialect: Dialect, block: int, *, is_whole: bool
    ):
        data = text.encode(charset)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(table_rows, "_BLOCK", block)
            patch.setattr(table_rows, "_READ_AT_ONCE", block)
            rows = Rows(io.BytesIO(data), "utf-8", dialect, is_in_memory=is_whole)
            header = rows.header()
            read = [(header, rows.line)] if header is not None else []
            if not rows.broken:
                read.extend((cells, rows.line) for cells in rows)
        assert (read, not rows.broken) == read_by_csv(text, dialect)

    @given(
        lines=st.lists(st.text("aé,", max_size=5), min_size=1, max_size=12),
        end=st.sampled_from(["\r", "\n", "\r\n"]),
        last=st.sampled_from(["", "a", "aé,"]),
        most=st.integers(1, 5),
        taken=st.integers(0, 3),
        is_whole=st.booleans(),
    )
    def test_lines_are_taken_between_rows(
        self, lines: list[str], end: str, last: str, most: int, taken: int, *, is_whole: bool
    ):
        lines = [*lines, *filter(None, [last])]
        text = "".join(line + end for line in lines[: len(lines) - bool(last)]) + last
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(table_rows, "_BLOCK", 3)
            patch.setattr(table_rows, "_READ_AT_ONCE", 5)
            stream = io.BytesIO(f"header{end}{text}".encode())
            rows = Rows(stream, charset="utf-8", dialect=CSV, is_in_memory=is_whole)
            assert rows.header() == ["header"]
            for _ in range(taken):
                known = rows.next_lines(most, end.encode())
                assert known == rows.next_lines(most, end.encode())
                held, lines = lines[:most], lines[most:]
                assert (known.texts if known else []) == held
                if known:
                    assert (known.first, known.count) == (rows.line + 1, len(held))
                    assert b"".join(known.pieces).decode() == "".join(line + end for line in held)
                    assert known.outermost == ([held[0], held[-1]] if len(held) > 1 else held)
                    rows.take(known)
            assert list(rows) == [line.split(",") for line in lines if line]

    @pytest.mark.parametrize(
        ("text", "numbers"),
        [('a,b\n"c",d\n', [2, 3]), ('a,"b\n\n"\nc,d\n', [4, 5]), ('a,b\n"c\n",d\n', [2, 4])],
    )
    def test_rows_of_whole_lines_keep_the_line_where_each_ends(self, text: str, numbers: list[int]):
        rows = Rows(io.BytesIO(f"header\n{text}".encode()), charset="utf-8", dialect=CSV)
        assert rows.header() == ["header"]
        lines = rows.next_lines(9, b"\n")
        parsed = lines and lines.rows(CSV, 2)
        assert parsed
        assert (parsed[0], list(parsed[1])) == ([cells for cells, _ in read_by_csv(text, CSV)[0]], numbers)


class TestLineEndsBeforeTheHeader:
    @given(st.lists(st.sampled_from(["\n", "\r\n", "\r"]), max_size=8), st.integers(1, 9))
    @example(["\r", "\n"], 1)
    def test_are_counted_and_passed_over_however_they_are_read(self, ends: list[str], at_once: int):
        class Stream(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                return super().read(at_once)

        before = "".join(ends)
        rows = Rows(Stream(f"{before}a,b\n1,2\n".encode()), charset="utf-8", dialect=CSV)
        assert rows.header() == ["a", "b"]
        assert rows.line == len(before.splitlines()) + 1
        assert rows.taken == len(before) + len("a,b\n")
        assert list(rows) == [["1", "2"]]

    def test_are_not_read_one_by_one(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(table_rows, "_LINE_END", _Few(table_rows._LINE_END))
        rows = Rows(io.BytesIO(b"\n" * 100_000 + b"a,b\n"), charset="utf-8", dialect=CSV)
        assert rows.header() == ["a", "b"]


class _Few:
    """A pattern that may be asked a few times only."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self._pattern, self._left = pattern, 10

    def search(self, *asked: Any) -> re.Match[bytes] | None:
        self._left -= 1
        assert self._left >= 0
        return self._pattern.search(*asked)


def test_a_line_without_end_is_not_held_whole():
    rows = Rows(io.BytesIO(b"a,b\n" + b"x" * 2**25), "utf-8", CSV)
    assert rows.header() == ["a", "b"]
    assert rows.next_lines(9, b"\n") is None
