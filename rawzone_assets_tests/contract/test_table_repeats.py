"""Repeats: 'no exact duplicate rows, but rows repeat (date, month, store, ISRC, country): never dedupe'."""

from __future__ import annotations

from datetime import date

import pytest
from judging_support import Judged, capture, judged
from reference_engines import judged_by_reference

from rawzone_assets.contract import table_examination
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.table_repeats import Repeats
from rawzone_assets.platforms import find_feed

CODE = "RZ-REPEATED-ROWS"
DAY = date(2025, 5, 27)
HEADER = (
    "Reporting Date\tSale Month\tStore\tArtist\tTitle\tISRC\tUPC\tQuantity\tTeam Percentage\tSong/Album"
    "\tCountry of Sale\tSongwriter Royalties Withheld\tEarnings (USD)"
)


def sale(number: int, isrc: str = "QZABC2500001") -> str:
    sold = f"{number % 7}\t100\tSong\tUS\t0\t{number / 1e8:.8f}"
    return f"2025-05-03\t2025-03\tSpotify\tA\tB\t{isrc}\t198001234567\t{sold}"


def sales(*numbers: int) -> list[str]:
    return [sale(number) for number in numbers]


def test_one_objection_to_a_table_is_enough():
    repeats = Repeats(are_sought=True)
    rows = [[str(number)] for number in range(20)]
    told = [[*repeats.in_rows(rows, range(2 + at, 22 + at))] for at in (0, 20, 40)]
    assert [len(findings) for findings in told] == [0, 1, 0]


def report(rows: list[str], *, end: str = "\r") -> bytes:
    return end.join([HEADER, *rows, ""]).encode()


def judged_report(rows: list[str], *, end: str = "\r") -> Judged:
    data = report(rows, end=end)
    found = judged("distrokid/sales", data, DAY, name="dk_bank_details_20250527.tsv")
    told = capture(DAY, "dk_bank_details_20250527.tsv")
    assert judged_by_reference(find_feed("distrokid/sales"), BytesContent(data), told) == found.judgement
    return found


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
class TestRowsInTheSameOrderAsBefore:
    """The delivery is promoted with a warning that says where they stand, and where they stood."""

    @pytest.mark.parametrize(
        ("rows", "line", "message"),
        [
            (
                sales(*range(200), *range(200)),
                202,
                "200 rows from here on stand in the same order from line 2 on",
            ),
            (sales(*range(60), *range(40, 50), *range(60, 90)), 62, "10 rows from here on stand"),
            (
                sales(*range(60), *range(20, 60)),
                62,
                "40 rows from here on stand in the same order from line 22 on",
            ),
            (sales(*range(10), *range(10), *range(10)), 12, "10 rows from here on stand"),
            (
                [*sales(5, 5, 5), *sales(*range(10, 30)), *sales(*range(12, 25))],
                25,
                "13 rows from here on stand",
            ),
        ],
    )
    def test_are_told_once(self, end, rows, line, message):
        finding = judged_report(rows, end=end).only(CODE)
        assert (finding.blocking, finding.check) == (False, "schema_compliance")
        assert finding.where
        assert finding.where.line == line
        assert finding.message.startswith(message)

    def test_are_told_beside_rows_that_are_not_plain(self, end):
        """An unusual ISRC makes its chunk one that is parsed."""
        rows = [sale(number, "NONE") for number in range(30)]
        assert judged_report(rows * 2, end=end).codes.count(CODE) == 1

    def test_of_a_whole_export_are_told_whatever_its_size(self, end, monkeypatch):
        monkeypatch.setattr(table_examination, "CHUNK_ROWS", 40)
        for size in (40, 95, 100, 333):
            (finding,) = judged_report(sales(*range(size)) * 2, end=end).judgement.findings
            assert finding.code == CODE
            assert finding.where
            before = int(finding.message.rpartition("line ")[2].removesuffix(" on"))
            assert finding.where.line == before + size


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(sales(*range(300)), id="that all differ"),
        pytest.param(sales(*range(60), *range(30, 39)), id="of which nine stand again"),
        pytest.param([sale(3)] * 100, id="that are one sale, a row a stream"),
        pytest.param(sales(3, 4) * 50, id="of two sales by turns"),
        pytest.param(sales(*range(30), *reversed(range(30))), id="that stand again in another order"),
        pytest.param(sales(*(number // 2 for number in range(200))), id="each twice, one after the other"),
        pytest.param(
            sales(*range(60), *(n + k for n in range(0, 60, 2) for k in (0, 500))), id="here and there"
        ),
    ],
)
def test_rows_are_alike_by_right(rows):
    assert judged_report(rows).codes == []


def test_rows_that_are_all_alike_take_no_longer_than_others(monkeypatch):
    """Each is compared with ten at most, however many stand again."""
    monkeypatch.setattr(table_examination, "CHUNK_ROWS", 10**6)
    block = [*sales(*range(9)), sale(8)]
    assert (
        judged("distrokid/sales", report(block * 4_000), DAY, name="dk_bank_details_20250527.tsv").codes == []
    )


def test_a_list_of_songs_that_stands_twice_in_its_file_is_told():
    rows = [f'"Song {number}",{number},{2 * number},1,2024-02-29' for number in range(1, 26)]
    data = "\n".join(["song,listeners,streams,saves,release_date", *rows, *rows, ""]).encode()
    name = "spotify_songs_4xExampleArtist0000001_28day_20250527.csv"
    assert judged("social_media/spotify", data, DAY, name=name).codes == [CODE]


def test_sales_of_too_lost_are_looked_at_too():
    rows = [f"t{number},2025-04-01,2025-05-31,Spotify,3" for number in range(20)]
    data = "\n".join(["transaction_id,sale_date,reporting_date,channel,units", *rows, *rows, ""]).encode()
    assert judged("toolost/sales", data).codes == [CODE]
