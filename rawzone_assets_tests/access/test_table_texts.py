"""Table texts that are joined: the rows of all, in their order, as each gives them alone."""

import csv
import io

import pyarrow as pa
import pyarrow.csv as pv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.access.table_texts import joined


def rows(text: bytes) -> list[list[str]]:
    """The rows below the header, as Python's own reader has them."""
    return list(csv.reader(io.StringIO(text.decode("latin-1"), newline=""), strict=True))[1:]


def below_each_header(texts) -> list[list[str]]:
    return [row for text in texts for row in rows(bytes(text)) if row]


class TestSameHeaders:
    def test_make_one_text_that_has_the_header_once(self):
        texts = [b"a,b\r\n1,2\r\n", b"a,b\r\n3,4\r\n", b"a,b\r\n"]
        assert [*joined(texts)] == [b"a,b\r\n1,2\r\n3,4\r\n"]

    def test_a_last_line_without_an_end_stays_a_row_of_its_own(self):
        assert [*joined([b"a\n1", b"a\n2"])] == [b"a\n1\n2"]

    def test_a_byte_order_mark_is_no_part_of_what_follows(self):
        assert [*joined([b"\xef\xbb\xbfa\n1\n", b"\xef\xbb\xbfa\n2\n"])] == [b"\xef\xbb\xbfa\n1\n2\n"]

    def test_are_joined_up_to_a_bound(self):
        assert [len(text) for text in joined([b"a\n1\n"] * 5, most=8)] == [6, 6, 4]

    def test_what_is_joined_has_the_types_of_all_of_it(self):
        (text,) = joined([b"a,b\n1,\n", b"a,b\n2.5,x\n"])
        assert pv.read_csv(pa.BufferReader(text)).to_pydict() == {"a": [1.0, 2.5], "b": ["", "x"]}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(b"b,a\n1,2\n", id="another header"),
        pytest.param(b"a,b\r\n1,2\r\n", id="other line ends"),
        pytest.param(b'a,b\n1,"2\n', id="a quote that is not closed"),
        pytest.param(b"a,b\r1,2\n", id="lines that end with CR"),
        pytest.param(b"a,b", id="no line's end"),
    ],
)
def test_what_does_not_begin_and_end_alike_is_given_as_it_is(other):
    usual = b"a,b\n1,2\n"
    assert [*joined([usual, other, usual])] == [usual, other, usual]


CELLS = st.text(st.sampled_from('a1,"\r\n;\t \xe9'), max_size=5)
BYTES = st.lists(
    st.sampled_from([b"a", b",", b'"', b"\r", b"\n", b"\r\n", b"a,b\n", b'"a",b\r\n']), max_size=9
).map(b"".join)


def written(table: list[list[str]], end: str, *, is_ended: bool) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator=end).writerows([["a", "b"], *table])
    text = stream.getvalue()
    return (text if is_ended else text.removesuffix(end)).encode("latin-1")


@given(
    tables=st.lists(
        st.builds(
            written,
            st.lists(st.tuples(CELLS, CELLS), max_size=4),
            st.sampled_from(["\n", "\r\n", "\r"]),
            is_ended=st.booleans(),
        ),
        max_size=6,
    ),
    most=st.integers(0, 99),
)
def test_whatever_tables_hold_all_of_their_rows_come_in_order(tables, most):
    assert below_each_header(joined(tables, most=most)) == below_each_header(tables)


def is_whole(text: bytes) -> bool:
    """Whether it is a table to its end, by the reader that the contract has."""
    try:
        rows(text)
    except csv.Error:
        return False
    return True


@given(texts=st.lists(BYTES.filter(is_whole), max_size=4))
def test_no_text_loses_or_gains_a_row_by_those_beside_it(texts):
    assert below_each_header(joined(texts)) == below_each_header(texts)
