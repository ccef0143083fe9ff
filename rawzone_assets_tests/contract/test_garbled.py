"""Letters whose encoding was mistaken before a file was written are told; nothing that languages write is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging_support import Judged, judged

from rawzone_assets.contract import content, table_examination
from rawzone_assets.contract.byte_kinds import GARBLED, standing_for
from rawzone_assets.contract.garbled import garbled_table

CODE = "RZ-GARBLED-TEXT"
TITLES = (
    "Façade",
    "Señorita",
    "Zürich",
    "Sjö",
    "d\u2019Or",
    "été \u2013 hiver",
    "🎵 fyp",
    "“Live”",
    "£5",
    "90°",
)
# What begins like garbled letters and is none.
LEGITIMATE = (
    *("AMANHÃ", "AMANHÃ”", "“AMANHÔ live", "AMANHÃ…", "MAÇÃ »", "CORAÇÃO", "pâte à sel", "Âge", "ð", "Guðrún"),
    *(
        "夜に駆ける",
        "Ночь",
        "שיר",
        "🎵",
        "É»",
        "voilà »",
        "«À»",
        "naïve",
        "?",
        "Ã",
        "â",
        "â \u2013 b",
        "1Âª",
        "Â«a»",
    ),
)


def as_read(title: str, charset: str) -> str:
    """What is left of a title that was read in that charset, as programs do that raise no error."""
    return title.encode().decode(charset, "replace")


def song(title: str) -> dict[str, object]:
    return {"songs": [{"trackName": "x", "numStreams": 1}, {"trackName": title, "numStreams": 1}]}


def judged_songs(data: bytes) -> Judged:
    return judged("social_media/spotify", data, name="spotify_songs_4xExampleArtist0000001_20250612.json")


def videos(*titles: str) -> bytes:
    header = "Time,Video title,Video link,Post time,Total likes,Total comments,Total shares,Total views"
    link = "https://www.tiktok.com/@a/video/748000000000000000"
    rows = [f'June 9,"{title}",{link}{index},June 9,1,0,0,5' for index, title in enumerate(titles)]
    return "\r\n".join([header, *rows, ""]).encode()


@pytest.mark.parametrize("charset", ["latin-1", "cp1252", "ascii"])
@pytest.mark.parametrize("title", TITLES)
class TestGarbledLetters:
    """The delivery is promoted with a warning that says where they stand."""

    def test_are_told_in_tables_by_their_line_and_byte(self, title: str, charset: str):
        data = videos("dance", as_read(title, charset))
        finding = judged("tiktok/videos", data).only(CODE)
        assert not finding.blocking
        assert finding.where
        assert finding.where.line == 3
        assert finding.where.offset
        assert data[: finding.where.offset].count(b"\n") == 2

    def test_are_told_in_documents_by_their_member(self, title: str, charset: str):
        for as_ascii in (True, False):
            data = json.dumps(song(as_read(title, charset)), ensure_ascii=as_ascii).encode()
            finding = judged_songs(data).only(CODE)
            assert finding.where
            assert finding.where.pointer == "/songs/1/trackName"


@pytest.mark.parametrize("at", [0, 1, 19, 20, 41, 59])
def test_one_row_of_a_report_is_told_wherever_its_chunk_is(at: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(table_examination, "CHUNK_ROWS", 20)
    columns = "Reporting Date,Sale Month,Store,Artist,Title,ISRC,UPC,Quantity,Team Percentage,Song/Album"
    names = f"{columns},Country of Sale,Songwriter Royalties Withheld,Earnings (USD)".split(",")
    titles = ["São João", *["Pâques"] * 58, "夜に駆ける"]
    titles[at] = as_read("Façade", "cp1252")
    rows = [
        f"2025-05-03\t2025-03\tSpotify\tA\t{title}\tQZABC2500001\t198001234567\t1\t100\tSong\tUS\t0\t0.5{n:07}"
        for n, title in enumerate(titles)
    ]
    data = "\r".join(["\t".join(names), *rows, ""]).encode()
    finding = judged("distrokid/sales", data, name="dk_bank_details_20250612.tsv").only(CODE)
    assert finding.where
    assert finding.where.line == at + 2


@pytest.mark.parametrize("titles", [("FaÃ§ade", "Fa\ufffdade"), ("Fa\ufffdade", "FaÃ§ade")])
def test_the_first_of_several_is_told(titles: tuple[str, str]):
    assert judged("tiktok/videos", videos(*titles)).only(CODE).where.line == 2


def test_a_name_of_a_member_that_is_garbled_is_told_as_well():
    document = {**song("x"), as_read("café", "cp1252"): 1}
    assert CODE in judged_songs(json.dumps(document, ensure_ascii=False).encode()).codes


@given(text=st.text(alphabet=st.sampled_from("aÃÂâð\ufffdé€Ÿ\x80\x9f°ýÿ\uff5d夜"), max_size=6))
def test_letters_that_are_garbled_have_a_mark(text: str):
    """Looking for marks spares looking for letters, and never misses any."""
    if garbled_table(content.BytesContent(text.encode())):
        assert GARBLED.are_in(standing_for(text.encode()))


def page(title: str, *, escaped: bool) -> bytes:
    """An Apple Music page of one day, with a song of that title in its second chart."""
    rows = [{"field": "2025-06-11", "value": 7}]
    daily = {"isEmpty": 0, "total": 7, "dataProvider": rows}
    songs = {
        "isEmpty": 0,
        "total": 7,
        "dataProvider": [{"field": "x", "value": 3}, {"field": title, "value": 4}],
    }
    blocks = {"last365days": daily, "tracks1year": songs, "byMonth": {}, "byWeek": {}, "country1year": {}}
    head = '<!DOCTYPE html><html><body>\n<td id="last365">7</td>\n<script>\n'
    chart = f"var chartData = {json.dumps(blocks, ensure_ascii=escaped)};"
    return f"{head}{chart}\n</script></body></html>".encode()


@pytest.mark.parametrize("escaped", [True, False])
class TestTitlesInPages:
    @pytest.mark.parametrize("charset", ["latin-1", "cp1252", "ascii"])
    def test_are_told_by_their_chart_and_line_when_they_are_garbled(self, charset: str, escaped: bool):  # noqa: FBT001
        for title in TITLES:
            data = page(as_read(title, charset), escaped=escaped)
            finding = judged("distrokid/apple_music", data).only(CODE)
            assert (finding.blocking, finding.check) == (False, "html_structure")
            assert finding.where
            assert finding.where.pointer == "/tracks1year/dataProvider/1/field"
            assert finding.where.line == 4

    @pytest.mark.parametrize("title", [*LEGITIMATE, *TITLES])
    def test_are_not_when_languages_write_them(self, title: str, escaped: bool):  # noqa: FBT001
        assert CODE not in judged("distrokid/apple_music", page(title, escaped=escaped)).codes


@pytest.mark.parametrize("title", [*LEGITIMATE, *TITLES])
def test_what_languages_write_is_not_garbled(title: str):
    assert judged("tiktok/videos", videos("dance", title)).codes == []
    assert CODE not in judged_songs(json.dumps(song(title)).encode()).codes


def test_old_reports_in_latin_1_are_not_garbled():
    """Their bytes are read as what they are."""
    report = b"transaction_id,sale_date,reporting_date,channel,units,track_title\n"
    data = report + "1,2025-04-01,2025-05-31,Spotify,3,Façade\n".encode("latin-1")
    assert judged("toolost/sales", data).codes == ["RZ-LEGACY-ENCODING"]


@given(
    texts=st.lists(st.sampled_from(["a", "\n", "\r", "\r\n", "é", "🎵", "Ã"]), max_size=12),
    size=st.integers(1, 7),
)
def test_where_pieces_of_reading_fall_changes_nothing(texts: list[str], size: int):
    data = ("".join(texts) + "x" + as_read("é", "cp1252") + "".join(texts)).encode()
    whole = garbled_table(content.BytesContent(data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "SMALL", -1)
        patch.setattr(content, "_PIECE", size)
        assert garbled_table(content.BytesContent(data)) == whole
    assert whole
