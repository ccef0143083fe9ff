"""'Every number read through projection or SQL equals the number in the raw bytes.'

Deliveries are the package's own samples, of many days and seeds; what they hold is read a second time by
``independent_reader``, which shares no code with the package.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rawzone_assets.access.projected_tables import Kind, Table, tables
from rawzone_assets.access.projection import Origin, project_tables
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.contract.schemas import load_schema
from rawzone_assets.platforms import all_feeds, all_platforms, find_feed
from rawzone_assets.samples import Sample, samples
from rawzone_assets_tests.access.independent_reader import DOCUMENT_FEEDS, main_rows, whole_document

FEEDS = [feed.id for feed in all_feeds()]
ORIGIN = {"_row", "_parent", "_place", "_original", "_other", "_key", "_sha256", "_captured_at", "_partition"}
KEY = "somewhere/in/raw.gz"


def recognized(sample: Sample) -> Recognized:
    found = recognize(sample.path, all_platforms())
    assert isinstance(found, Recognized)
    return found


def projected(feed, name: str, data: bytes) -> dict:
    """Table name to rows, as Python values."""
    origin = Origin(
        key=KEY,
        sha256="0" * 64,
        captured_at=datetime(2025, 6, 1, tzinfo=UTC),
        partition=date(2025, 6, 1),
        name=name,
    )
    return {name: table.to_pylist() for name, table in project_tables(feed, BytesContent(data), origin).items()}


def main_table(feed, rows: dict) -> tuple[Table, list]:
    """The main table that has rows, or any of them."""
    found = [table for table in tables(feed) if table.is_main]
    table = next((table for table in found if rows[table.name]), found[0])
    return table, rows[table.name]


@cache
def accepted(feed_id: str, day: date, seed: int) -> list[Sample]:
    return [sample for sample in samples(feed_id, capture=day, seed=seed) if sample.verdict == "promoted"]


def told(row: dict, column: str, kind: Kind):
    """What a projected row says of a source value, however it says it."""
    originals = json.loads(row["_original"] or "{}", parse_float=Decimal, parse_int=Decimal)
    if column in originals:
        return originals[column]
    value = row[column]
    if kind is Kind.JSON and value is not None:
        return json.loads(value, parse_float=Decimal, parse_int=Decimal)
    return value


def is_same(said, source) -> bool:
    """Whether a projected value says what the source says: a blank is a blank, figures are equal exactly."""
    if source is None or said is None:
        return said is source
    if isinstance(said, date):
        return source == said.isoformat()
    if isinstance(source, (dict, list, bool)):
        return said == source
    if isinstance(said, (int, Decimal)) and not isinstance(said, bool):
        return Decimal(str(source)) == said
    return str(said) == str(source)


def assert_rows_agree(feed, table: Table, rows: list, expected: list) -> int:
    """Every source value is in its row, and nothing else is; how many values were compared."""
    kinds = {column.name: column.kind for column in table.columns}
    assert len(rows) == len(expected)
    compared = 0
    for row, source in zip(rows, expected, strict=True):
        other = json.loads(row["_other"] or "{}", parse_float=Decimal, parse_int=Decimal)
        said = {name: told(row, name, kind) for name, kind in kinds.items()}
        found = {**{name: value for name, value in said.items() if value is not None}, **other}
        wanted = {renamed(table, name): value for name, value in source.items() if value is not None}
        assert set(found) == set(wanted)
        for name, value in wanted.items():
            assert is_same(found[name], value), (feed.id, name, found[name], value)
        compared += len(wanted)
    return compared


@cache
def aliases(schema: str) -> dict[str, str]:
    """Names that a table's header may have, by what the schema calls their column."""
    document = load_schema(schema).document
    names = {name.casefold().replace("_", " "): name for name in document.get("properties", {})}
    for name, others in document.get("x-columns", {}).get("aliases", {}).items():
        names |= {other.casefold().replace("_", " "): name for other in others}
    return names


def renamed(table: Table, name: str) -> str:
    return aliases(table.schema).get(name.casefold().replace("_", " "), name)


def check(sample: Sample) -> int:
    found = recognized(sample)
    rows = projected(found.feed, found.capture.name, sample.data)
    judgement = judge(found.feed, BytesContent(sample.data), found.capture)
    expected = main_rows(found.feed.id, found.capture.name, sample.data)
    table, main = main_table(found.feed, rows)
    if table.is_document:
        return assert_document_agrees(main, expected[0])
    assert judgement.facts.records == len(main)
    return assert_rows_agree(found.feed, table, main, expected)


def assert_document_agrees(rows: list, expected: dict) -> int:
    """Of a document whose members nobody knows every figure is somewhere in its one row."""
    (row,) = rows
    held = " ".join(
        str(value) for name, value in row.items() if name not in ORIGIN - {"_other"} and value is not None
    )
    figures = re.findall(r"-?\d+(?:\.\d+)?", json.dumps(expected, default=str))
    assert figures == [] or set(figures) <= set(re.findall(r"-?\d+(?:\.\d+)?", held))
    return len(figures)


@pytest.mark.parametrize("feed_id", FEEDS)
def test_every_value_of_every_kind_of_delivery_is_in_its_row(feed_id, tell):
    found = accepted(feed_id, date(2025, 6, 12), 7)
    compared = sum(check(sample) for sample in found)
    tell(f"projection of {feed_id}: {len(found)} deliveries, {compared:,} values equal")
    assert compared > 0


@pytest.mark.parametrize("feed_id", FEEDS)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_so_is_that_of_deliveries_of_any_day_and_seed(feed_id, data):
    day = date(2024, 2, 1) + timedelta(days=data.draw(st.integers(0, 700)))
    found = accepted(feed_id, day, data.draw(st.integers(0, 5)))
    check(data.draw(st.sampled_from(found)))


class TestWholeDocuments:
    """'Many records of HTML charts, nested JSON and tables become rows', and what is no record is kept."""

    @pytest.mark.parametrize("feed_id", sorted(DOCUMENT_FEEDS))
    def test_every_row_of_every_table_is_what_stands_at_its_place_and_nothing_is_left(self, feed_id, tell):
        compared = 0
        for sample in accepted(feed_id, date(2025, 6, 12), 7):
            if not sample.path.endswith((".json", ".html")):
                continue
            found = recognized(sample)
            rows = projected(found.feed, found.capture.name, sample.data)
            compared += assert_document_is_covered(found, rows, whole_document(feed_id, sample.data))
        tell(f"documents of {feed_id}: {compared:,} values in their place")
        assert compared > 0


def assert_document_is_covered(found: Recognized, rows: dict, document) -> int:
    """Go from each row to the document; what no row speaks of must be nothing. How many values were met."""
    left = leaves(document, "")
    count = len(left)
    for table in tables(found.feed):
        for row in rows[table.name]:
            here = value_at(document, row["_place"])
            if table.is_document:
                columns = {
                    row["_place"] + "".join(f"/{part}" for part in column.path): told(
                        row, column.name, column.kind
                    )
                    for column in table.columns
                }
                spoken = {
                    **columns,
                    **json.loads(row["_other"] or "{}", parse_float=Decimal, parse_int=Decimal),
                }
                for pointer, value in spoken.items():
                    if value is not None:
                        assert same_values(value, value_at(document, pointer)), (pointer, value)
                        left -= below(left, pointer)
                continue
            record = here
            if isinstance(here, list):
                record = dict(zip([header["name"] for header in document["columnHeaders"]], here, strict=True))
            assert_rows_agree(found.feed, table, [row], [record])
            left -= below(left, row["_place"])
    assert left == set()
    return count


def leaves(value, pointer: str) -> set[str]:
    """Pointers to every value that is neither null nor a list or object."""
    if isinstance(value, dict):
        return {leaf for name, part in value.items() for leaf in leaves(part, f"{pointer}/{name}")}
    if isinstance(value, list):
        return {leaf for index, part in enumerate(value) for leaf in leaves(part, f"{pointer}/{index}")}
    return set() if value is None else {pointer}


def below(left: set[str], pointer: str) -> set[str]:
    return {leaf for leaf in left if leaf == pointer or leaf.startswith(f"{pointer}/")}


def value_at(document, pointer: str):
    for part in pointer.split("/")[1:]:
        document = document[int(part)] if isinstance(document, list) else document.get(part)
    return document


def same_values(said, source) -> bool:
    return said == source or is_same(said, source)


@pytest.mark.campaign
@pytest.mark.parametrize("feed_id", FEEDS)
def test_so_is_that_of_a_hundred_days(feed_id, tell):
    compared = 0
    for back in range(0, 700, 7):
        for sample in accepted(feed_id, date(2025, 12, 31) - timedelta(days=back), back):
            compared += check(sample)
    tell(f"projection of {feed_id}: {compared:,} values equal")


class TestWhatARowSays:
    def test_it_leads_back_to_its_place_in_the_bytes(self):
        feed = find_feed("toolost/analytics")
        data = json.dumps(
            {
                "totalStreams": [{"date": "2025-01-01", "streams": 4}, {"date": "2025-01-02", "streams": 5}],
                "totalShazam": [{"date": "2025-01-01", "streams": "7"}],
                "streamTotal": 9,
            }
        ).encode()
        rows = projected(feed, "toolost_apple_20250601.json", data)
        flat = [row for table in rows.values() for row in table]
        assert [row["_row"] for row in flat] == [0, 1, 2, 3]
        assert [row["_place"] for row in flat] == ["/totalStreams/0", "/totalStreams/1", "/totalShazam/0", ""]
        assert {row["_key"] for row in flat} == {KEY}
        assert rows["document"][0]["streamTotal"] == 9

    def test_a_record_that_holds_records_is_named_by_them(self):
        data = json.dumps(
            [
                {"date_start": "2025-01-01", "date_stop": "2025-01-02", "spend": "1.20", "impressions": "3"},
                {
                    "date_start": "2025-01-01",
                    "date_stop": "2025-01-02",
                    "spend": "0.10",
                    "impressions": 1,
                    "actions": [{"action_type": "link_click", "value": "2", "7d_click": "1"}],
                },
            ]
        ).encode()
        rows = projected(find_feed("metaads/campaigns"), "insights_20250601.json", data)
        (action,) = rows["insights_actions"]
        assert rows["insights"][action["_parent"]]["spend"] == Decimal("0.10")
        assert (action["value"], action["_other"]) == (2, '{"7d_click":"1"}')

    def test_the_newest_rows_of_charts_are_dates_and_whole_numbers(self):
        (sample, *_) = accepted("distrokid/streams", date(2025, 6, 12), 7)
        row = projected(find_feed("distrokid/streams"), "streams_stats_20250612.html", sample.data)[
            "trend365day"
        ][-1]
        assert isinstance(row["category"], date)
        assert isinstance(row["column-1"], int)


class TestOddDeliveries:
    """Accepted but odd: each is projected, and what has no column is told beside it."""

    def sales(self, text: str, charset: str = "utf-8") -> list:
        return projected(find_feed("distrokid/sales"), "sales_report_20250601.tsv", text.encode(charset))[
            "sales"
        ]

    HEADER = "\t".join(
        [
            *("Reporting Date", "Sale Month", "Store", "Artist", "Title", "ISRC", "UPC", "Quantity"),
            *("Team Percentage", "Song/Album", "Country of Sale", "Songwriter Royalties Withheld"),
            "Earnings (USD)",
        ]
    )
    ROW = "2025-05-01\t2025-03\tSpotify\tA\tFaçade\tQZ1\t00198000000004\t0\t100\tSong\tUS\t0.0\t-0.12345678"

    @pytest.mark.parametrize("newline", ["\r", "\n", "\r\n"])
    @pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "latin-1"])
    def test_any_line_end_and_encoding(self, newline, charset):
        (row,) = self.sales(newline.join((self.HEADER, self.ROW)), charset)
        assert (row["Title"], row["Earnings (USD)"]) == ("Façade", Decimal("-0.12345678"))
        assert (row["UPC"], row["Quantity"], row["_place"]) == ("00198000000004", 0, "line 2")

    def test_figures_whose_writing_says_more_than_their_value_are_told_as_written(self):
        earnings = {
            "-0.00000000": 0,
            "007.5": Decimal("7.5"),
            "1" * 15 + "." + "1" * 30: None,
            ".5": Decimal("0.5"),
        }
        for text, value in earnings.items():
            (row,) = self.sales(f"{self.HEADER}\n{self.ROW.rpartition(chr(9))[0]}\t{text}\n")
            assert row["Earnings (USD)"] == value
            assert json.loads(row["_original"]) == {"Earnings (USD)": text}

    def test_undefined_is_no_number_and_is_told(self):
        header = b'\xef\xbb\xbf"Date","Followers","Difference in followers from previous day"'
        data = header + b'\n"May 28","undefined","-2"'
        feed = find_feed("tiktok/audience")
        (row,) = projected(feed, "tiktok_followers_20250601.csv", data)["audience_followers"]
        assert (row["Followers"], row["Difference in followers from previous day"]) == (None, -2)
        assert json.loads(row["_original"]) == {"Followers": "undefined"}

    def test_thousands_of_columns_nobody_knows_are_kept_beside_the_others(self):
        names = [f"c{number}" for number in range(3000)]
        header, cells = "\t".join([self.HEADER, *names]), "\t".join([self.ROW, *map(str, range(3000))])
        (row,) = self.sales(f"{header}\n{cells}\n")
        other = json.loads(row["_other"])
        assert (len(other), other["c2999"]) == (3000, "2999")

    def test_numbers_beyond_a_float_keep_every_digit(self):
        data = b"""{"hashtag": 1, "data": {"list": [{"hashtag_id": 12345678901234567890123,
            "trend": [{"time": 1748736000, "value": 0.12345678901234567891}, {"time": 1, "value": 1e400}]}]}}"""
        rows = projected(find_feed("tiktok/trends"), "tiktok_trends_20250601.json", data)
        assert rows["list"][0]["hashtag_id"] == "12345678901234567890123"
        first, second = rows["list_trend"]
        assert first["value"] == Decimal("0.12345678901234567891")
        assert (second["value"], second["_original"]) == (None, '{"value":1e400}')
        assert rows["document"][0]["_other"] == '{"/hashtag":1}'

    def test_deep_members_of_unknown_form_stay_whole(self):
        deep = "[" * 200 + "1.50" + "]" * 200
        data = f'{{"data": {{"list": []}}, "more": {deep}}}'.encode()
        rows = projected(find_feed("tiktok/trends"), "tiktok_trends_20250601.json", data)
        assert rows["document"][0]["_other"] == f'{{"/more":{deep}}}'

    def test_what_is_no_list_where_one_is_expected_is_kept_as_it_is(self):
        page = b"""<html><script>var chartData = {
            last365days: {total: '3', dataProvider: [{field: '2025-05-01', value: '3'}], note: 0.10},
            byWeek: '', byMonth: {isEmpty: 1, dataProvider: null},
        };</script></html>"""
        rows = projected(find_feed("distrokid/apple_music"), "applemusic_stats_20250612.html", page)
        assert [(row["field"], row["value"]) for row in rows["last365days"]] == [(date(2025, 5, 1), 3)]
        (document,) = rows["document"]
        assert json.loads(document["_other"], parse_float=str) == {"/byWeek": "", "/last365days/note": "0.10"}
        assert (document["last365days_total"], document["byMonth_isEmpty"]) == (3, "1")


@settings(max_examples=150, deadline=None)
@given(
    text=st.one_of(
        st.from_regex(r"\A-?[0-9]{1,15}(\.[0-9]{0,30})?\Z"),
        st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15).map(str),
        st.text(max_size=8),
    )
)
def test_a_decimal_column_holds_exactly_the_figure_or_tells_the_text(text):
    from rawzone_assets.access.conversions import converted  # noqa: PLC0415

    (held,), told_beside = converted(Kind.AMOUNT, [text])
    if held is None:
        assert told_beside == {0: text}
    else:
        assert held == Decimal(text)
        assert -held.as_tuple().exponent <= 22 or held.normalize() == held.quantize(Decimal(1).scaleb(-22))


class TestTables:
    @pytest.mark.parametrize("feed_id", FEEDS)
    def test_every_feed_has_a_main_table_for_each_of_its_forms(self, feed_id):
        feed = find_feed(feed_id)
        assert {table.schema for table in tables(feed) if table.is_main} == set(feed.schemas)

    @pytest.mark.parametrize("feed_id", FEEDS)
    def test_names_fit_files_and_differ_whatever_the_case(self, feed_id):
        names = [table.name for table in tables(find_feed(feed_id))]
        assert all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in names)
        assert len({name.casefold() for name in names}) == len(names)

    @pytest.mark.parametrize("feed_id", FEEDS)
    def test_columns_differ_whatever_the_case_and_from_those_that_lead_back(self, feed_id):
        for table in tables(find_feed(feed_id)):
            names = [column.name.casefold() for column in table.columns]
            assert len(set(names)) == len(names)
            assert not ORIGIN & set(names)

    def test_identifiers_are_texts_and_days_are_dates(self):
        kinds = {
            (feed.id, column.name): column.kind
            for feed in all_feeds()
            for table in tables(feed)
            if table.is_main
            for column in table.columns
        }
        assert {
            kinds[feed, name] for feed, name in kinds if name.lower() in {"id", "upc", "isrc", "campaign_id"}
        } == {Kind.TEXT}
        assert kinds["distrokid/sales", "Reporting Date"] is Kind.DAY
        assert kinds["distrokid/sales", "Earnings (USD)"] is Kind.AMOUNT
        assert kinds["distrokid/streams", "column-1"] is Kind.COUNT
