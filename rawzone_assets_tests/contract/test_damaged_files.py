"""Files as crashes, broken transfers and careless scripts leave them: glued together, cut, in two encodings.

Each is refused or told with the place where an engineer sees what happened.
"""

from __future__ import annotations

from random import Random

import pytest
from judging_support import DAY, Judged, judged

from rawzone_assets.samples.distrokid_pages import good_page
from rawzone_assets.samples.distrokid_reports import good_report

PAGE = good_page(DAY, Random(1), length=20)
FOLLOWERS = b'"Date","Followers","Difference in followers from previous day"'


def followers(*rows: tuple[str, str, str]) -> bytes:
    """The export as TikTok writes it: all cells quoted, no line end after the last row."""
    return b"\n".join([FOLLOWERS, *(",".join(f'"{cell}"' for cell in row).encode() for row in rows)])


WEEK = [(f"June {day}", "900", "1") for day in range(3, 10)]


class TestTwoFilesInOne:
    """A file that was appended to another is refused where it begins, whether or not both say the same."""

    def test_pages_are_refused_at_the_second_page(self):
        text = PAGE.text()
        finding = judged("distrokid/streams", (text + text).encode()).only("RZ-SHAPE")
        assert finding.where
        assert finding.where.line == 1 + PAGE.text().replace("\r\n", "\n").count("\n")

    def test_a_page_after_the_beginning_of_another_is_refused(self):
        """A capture that was cut, and its retry in the same file: figures of the second, markup of both."""
        text = PAGE.text()
        head = text[: text.index("<body") + 200].rpartition(">")[0] + ">"
        assert judged("distrokid/streams", (head + text).encode()).blocking == ["RZ-SHAPE"]

    def test_a_page_may_hold_another_in_scripts_comments_and_attributes(self):
        inside = (
            "<script>popup.write('<html><body>print</body></html>')</script>"
            "<!-- <html></html> <html> --><i title='<html>'></i>"
        )
        text = PAGE.text().replace("</body>", f"{inside}</body>")
        assert judged("distrokid/streams", text.encode()).codes == []

    def test_a_saved_page_after_a_page_is_told_by_what_stands_between_them(self):
        saved = f"<!-- saved from url=(0025)https://artists.example/ -->\n{PAGE.text()}"
        assert judged("distrokid/streams", (PAGE.text() + saved).encode()).blocking == ["RZ-SHAPE"]

    def test_a_page_may_include_what_has_the_tags_of_a_page(self):
        """Servers put pages together of parts, and some of these were pages. Browsers pass over such tags."""
        part = "<div><html><head></head><body><p>News</p></body></html></div>"
        text = PAGE.text().replace("</body>", f"{part}</body>")
        assert judged("distrokid/streams", text.encode()).codes == []

    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    def test_tables_are_refused_at_the_second_header(self, mark: bytes):
        report, week = good_report(DAY, Random(1), weeks=2).encoded(), followers(*WEEK)
        for feed, data, between in (
            ("distrokid/sales", report, b""),
            ("tiktok/audience", week, b"\n"),
        ):
            lines = len((data + between).splitlines())
            found = judged(feed, data + between + mark + data)
            finding = found.only("RZ-TABLE-SYNTAX")
            assert finding.where
            assert finding.where.line == lines + 1
            assert "header" in finding.message

    @pytest.mark.parametrize("between", [b"", b"\n", b" \r\n "])
    def test_documents_are_refused_at_the_second_one(self, between: bytes):
        answer = b'{"streams": [{"date": "2025-06-10", "streams": "5"}]}'
        finding = judged("toolost/spotify", answer + between + answer).only("RZ-JSON-SYNTAX")
        assert finding.where
        assert finding.where.offset == len(answer + between)
        assert "a second document begins here" in finding.message

    def test_what_else_follows_a_document_is_not_called_another(self):
        answer = b'{"streams": [{"date": "2025-06-10", "streams": "5"}]}'
        assert "second" not in judged("toolost/spotify", answer + b"}").only("RZ-JSON-SYNTAX").message


def judged_songs(data: bytes) -> Judged:
    return judged("social_media/spotify", data, name="spotify_songs_4xExampleArtist0000001_20250612.csv")


class TestCellsCutToNothing:
    """A table that ends right after a delimiter lost its last cell, unless other rows lack theirs too."""

    def test_of_quoted_tables_are_refused_in_any_row(self):
        for rows in (WEEK, WEEK[:1]):
            data = followers(*rows)
            cut = judged("tiktok/audience", data[: data.rindex(b",") + 1])
            assert cut.blocking == ["RZ-TRUNCATED"]

    @pytest.mark.parametrize("rows", [2, 3])
    def test_of_other_tables_are_refused_where_it_cannot_be_chance(self, rows: int):
        data = b"song,listeners,streams,saves,release_date" + b"\na,1,2,3,2024-01-05" * rows
        cut = judged_songs(data[: data.rindex(b",") + 1])
        assert cut.blocking == (["RZ-TRUNCATED"] if rows > 2 else [])

    def test_are_fine_where_other_rows_have_none(self):
        rows = b"\na,1,2,3,\nb,1,2,3,2024-01-05\nc,1,2,3,2024-01-05\nd,1,2,3,"
        assert judged_songs(b"song,listeners,streams,saves,release_date" + rows).blocking == []

    def test_are_fine_where_the_last_line_ends(self):
        rows = b"\na,1,2,3,2024-01-05" * 4 + b"\nd,1,2,3,\n"
        assert judged_songs(b"song,listeners,streams,saves,release_date" + rows).blocking == []


class TestBytesThatAreNoText:
    """What is said of bytes that are no UTF-8 names what may have happened to them."""

    def test_nul_bytes_at_the_end_are_those_that_a_crash_leaves(self):
        report = good_report(DAY, Random(1), weeks=2).encoded()
        left = judged("distrokid/sales", report[:-300] + bytes(300)).only("RZ-ENCODING")
        assert "crash" in left.message
        inside = judged("distrokid/sales", report[:-300] + bytes(10) + report[-290:]).only("RZ-ENCODING")
        assert "crash" not in inside.message

    def test_nul_bytes_after_an_old_report_are_those_too(self):
        made = good_report(DAY, Random(1), weeks=2, latin=True)
        made.encoding = "latin-1"
        assert "crash" in judged("distrokid/sales", made.encoded() + bytes(300)).only("RZ-ENCODING").message

    def test_a_report_in_utf_16_is_called_that(self):
        report = good_report(DAY, Random(1), weeks=2).encoded().decode().encode("utf-16")
        assert "UTF-16" in judged("distrokid/sales", report).only("RZ-ENCODING").message

    def test_a_document_in_place_of_a_table_is_called_that(self):
        for document in (b'{"data": []}', b'[{"streams": 1}]', b"\n [\n"):
            finding = judged("distrokid/sales", document).only("RZ-TABLE-SYNTAX")
            assert finding.message == "the file begins as JSON does: no table"

    def test_a_byte_order_mark_says_that_a_report_is_not_latin_1(self):
        made = good_report(DAY, Random(1), weeks=2, latin=True)
        made.encoding = "latin-1"
        marked = judged("distrokid/sales", b"\xef\xbb\xbf" + made.encoded())
        assert marked.blocking == ["RZ-ENCODING"]

    def test_a_damaged_letter_among_sound_ones_is_told_apart_from_an_old_report(self):
        made = good_report(DAY, Random(1), weeks=2, latin=True)
        sound = made.encoded()
        letter = max(at for at, byte in enumerate(sound) if byte > 127)
        damaged = judged("distrokid/sales", sound[:letter] + sound[letter + 1 :]).only("RZ-LEGACY-ENCODING")
        assert "damaged" in damaged.message
        made.encoding = "latin-1"
        assert "damaged" not in judged("distrokid/sales", made.encoded()).only("RZ-LEGACY-ENCODING").message


POINTER = b"""version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 412345
"""


@pytest.mark.parametrize(
    ("feed", "name"),
    [
        ("distrokid/streams", "streams_stats_20250612.html"),
        ("distrokid/sales", "sales_report_20250612.tsv"),
        ("toolost/spotify", "toolost_spotify_20250612.json"),
        ("tiktok/analytics", "Overview_2025-05-12_1749722400_artist.zip"),
    ],
)
def test_a_pointer_that_a_checkout_left_in_place_of_the_file_is_called_that(feed: str, name: str):
    """'No JSON' or 'no archive' would send somebody to the extractor, who has nothing to mend."""
    finding = judged(feed, POINTER, name=name).only("RZ-TRUNCATED")
    assert "Git LFS pointer" in finding.message


@pytest.mark.parametrize("number", [b"NaN", b"-NaN", b"Infinity", b"-Infinity"])
def test_what_is_not_a_number_is_called_that(number: bytes):
    """Some writers put down what they lack so; a title may say it."""
    answer = b'{"streams": [{"date": "2025-06-10", "note": "NaN", "streams": ' + number + b"}]}"
    finding = judged("toolost/spotify", answer).only("RZ-JSON-SYNTAX")
    assert finding.message.startswith("NaN or Infinity stands where a value is expected")
    assert finding.where
    assert finding.where.offset == answer.rindex(number.lstrip(b"-"))
