"""The oracle objects: what it was taught to allow stays next to what it refuses.

An oracle that allows everything agrees with every judge. Each pair here is a change of a good delivery that
breaks no rule, and one that looks much like it and does.
"""

from __future__ import annotations

import pytest
from mutant_seeds import seeds
from oracle import broken_rules

from rawzone_assets.samples.tiktok_exports import zipped


def objections(kind: str, title: str, change) -> list[str]:
    (seed,) = (seed for seed in seeds(kind) if seed.title == title)
    data = change(seed.data)
    assert data != seed.data
    return broken_rules(seed.feed.id, seed.capture.name, data, seed.capture.day)


def replacing(old: bytes, new: bytes):
    return lambda data: data.replace(old, new, 1)


PAGE = "distrokid/apple_music: a page with a partial newest day, an absent day and an empty block"


@pytest.mark.parametrize(
    "start", [b"chartData =", b"window.chartData=", b"let chartData =", b"var a, chartData ="]
)
def test_a_page_may_set_its_variable_in_any_way_that_browsers_run(start: bytes):
    assert objections("html", PAGE, replacing(b"var chartData =", start)) == []


@pytest.mark.parametrize("start", [b"war chartData =", b"chartData ==", b"chartData.x =", b"myChartData ="])
def test_a_page_that_sets_another_variable_or_none_has_no_data(start: bytes):
    assert objections("html", PAGE, replacing(b"var chartData =", start)) == ["no chart data"]


def test_a_block_that_says_that_it_has_not_failed_has_not():
    failed = b'{"last365days":{"error":%s,"isEmpty"'
    for word, objected in ((b'"0"', []), (b'"timeout"', ["a block says that it failed"])):
        change = replacing(b'"last365days":{"isEmpty"', (failed % word).removeprefix(b"{"))
        assert objections("html", PAGE, change) == objected


@pytest.mark.parametrize(
    ("name", "is_expected"), [("Overview.csv", True), ("a.csv", False), ("a/Overview.csv", False)]
)
def test_an_archive_of_tiktok_holds_what_tiktok_packs(name: str, *, is_expected: bool):
    seed = next(seed for seed in seeds("zip") if seed.feed.id == "tiktok/analytics")
    table = next(seed for seed in seeds("csv") if seed.feed.id == "tiktok/analytics").data
    told = broken_rules(seed.feed.id, seed.capture.name, zipped([(name, table)]), seed.capture.day)
    assert ("other members than the one expected" in told) is not is_expected


@pytest.mark.parametrize(
    ("name", "is_expected"),
    [
        ("a.tsv", True),
        ("a/b/c.csv", True),
        ("../a.tsv", False),
        ("/a.tsv", False),
        ("C:a.tsv", False),
        ("a.txt", False),
    ],
)
def test_an_archive_of_a_report_holds_a_table_that_stays_inside(name: str, *, is_expected: bool):
    seed = next(seed for seed in seeds("zip") if seed.feed.id == "distrokid/sales")
    table = next(seed for seed in seeds("tsv") if seed.feed.id == "distrokid/sales").data
    told = broken_rules(seed.feed.id, seed.capture.name, zipped([(name, table)]), seed.capture.day)
    assert told == ([] if is_expected else ["other members than the one expected"])


TIMELINE = "social_media/spotify: a timeline of a single track"


@pytest.mark.parametrize(("header", "is_known"), [(b"DATE,Streams", True), (b"DATE,plays", False)])
def test_columns_are_told_whatever_their_case_and_by_their_words(header: bytes, *, is_known: bool):
    assert bool(objections("csv", TIMELINE, replacing(b"date,streams", header))) is not is_known


REPORT = "distrokid/sales: a report as the bank page writes it"


@pytest.mark.parametrize(
    ("old", "new", "objected"),
    [
        (b"\t100\tSong", b"\t \tSong", []),
        (b"\t100\tSong", b"\t1 00\tSong", ["a cell of Team Percentage that is not of its form"]),
        (b"\tExample Artist\t", b"\t  \t", ["a cell of Artist that is not of its form"]),
    ],
)
def test_a_cell_of_blanks_is_blank_which_only_some_columns_may_be(old: bytes, new: bytes, objected: list[str]):
    assert objections("tsv", REPORT, replacing(old, new)) == objected
