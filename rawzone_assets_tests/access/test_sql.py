"""SQL over the zone: what a query gives is what the landed bytes hold, and what the ledger says."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from rawzone_assets.access.catalog import readable
from rawzone_assets.access.projected_tables import tables
from rawzone_assets.access.sql import SqlUnavailable, connect, named_feeds, open_duckdb, view_of
from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import all_feeds, all_platforms, find_feed
from rawzone_assets.samples import write_landing
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.access.independent_reader import main_rows

FEEDS = [feed.id for feed in all_feeds()]
DAY = date(2025, 6, 10)


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    """Two days of every feed, with every refusal."""
    home = tmp_path_factory.mktemp("zone")
    write_landing(home / "landing", days=2, until=DAY)
    settings = Settings.from_environment({}, home=home)
    with Zone(settings) as zone:
        promote(zone, zone.survey(all_platforms(), settle=0).ready, judge=judge, run_id="test")
    return settings


@pytest.fixture(scope="module")
def connection(settings):
    with open_duckdb(settings) as connection:
        yield connection


def landed(settings: Settings, connection) -> list[tuple[str, str, str, bytes]]:
    """Feed, name, key and landed bytes of what can be read."""
    found = connection.execute("SELECT feed, name, key, landing_path FROM raw_files WHERE is_newest").fetchall()
    return [(feed, name, key, (settings.layout.landing / path).read_bytes()) for feed, name, key, path in found]


@pytest.mark.parametrize("feed_id", FEEDS)
def test_every_figure_in_a_feeds_view_is_the_one_in_the_landed_bytes(settings, connection, feed_id, tell):
    """Row by row, through _name and _row; figures that no column can hold are told as they are written."""
    kinds = {c.name: c.kind for t in tables(find_feed(feed_id)) if t.is_main for c in t.columns}
    compared = 0
    for feed, name, _, data in landed(settings, connection):
        if feed != feed_id:
            continue
        result = connection.execute(f"SELECT * FROM {view_of(feed)} WHERE _name = ? ORDER BY _row", [name])  # noqa: S608
        columns = [column[0] for column in result.description]
        rows = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
        expected = main_rows(feed, name, data)
        assert len(rows) == len(expected)
        for row, source in zip(rows, expected, strict=True):
            for column, value in row.items():
                if column in kinds and isinstance(value, int | Decimal) and not isinstance(value, bool):
                    assert value == Decimal(source[column])
                    compared += 1
    tell(f"SQL over {feed_id}: {compared:,} figures equal")


def test_sums_by_store_are_those_of_the_landed_report(settings, connection):
    expected: dict = defaultdict(Decimal)
    for feed, name, _, data in landed(settings, connection):
        if feed == "distrokid/sales":
            for row in main_rows(feed, name, data):
                expected[row["Store"]] += Decimal(row["Earnings (USD)"])
    assert expected
    query = 'SELECT "Store", sum("Earnings (USD)") FROM distrokid_sales GROUP BY 1'
    assert dict(connection.execute(query).fetchall()) == expected


@pytest.mark.parametrize("feed_id", FEEDS)
def test_a_view_has_as_many_rows_as_the_receipts_count(connection, feed_id):
    counted = connection.execute(
        "SELECT sum(records), count(*) FILTER (records IS NULL) FROM raw_files WHERE is_newest AND feed = ?",
        [feed_id],
    ).fetchone()
    (rows,) = connection.execute(f"SELECT count(*) FROM {view_of(feed_id)}").fetchone()  # noqa: S608
    assert rows == (counted[0] or 0) + counted[1]  # a document of unknown form counts nothing and is one row


class TestViews:
    def test_each_feed_has_one_and_each_of_its_tables_another(self, connection):
        names = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
        assert {view_of(feed) for feed in FEEDS} <= names
        assert {"distrokid_streams__trendWeekly", "raw_files", "raw_findings", "raw_ledger"} <= names

    def test_a_feed_without_deliveries_has_an_empty_one_of_the_same_types(self, settings, connection, tmp_path):
        empty = Settings.from_environment({}, home=tmp_path)
        with open_duckdb(empty) as nothing:
            for feed in ("distrokid_sales", "metaads_campaigns", "social_media_youtube"):
                described = f"SELECT column_name, column_type FROM (DESCRIBE {feed})"  # noqa: S608
                assert set(nothing.execute(described).fetchall()) == set(
                    connection.execute(described).fetchall()
                )
                assert nothing.execute(f"SELECT count(*) FROM {feed}").fetchone() == (0,)  # noqa: S608
        assert not (tmp_path / "raw").exists()

    def test_rows_lead_back_to_the_file_and_its_receipt(self, connection):
        unknown = connection.execute(
            "SELECT count(*) FROM distrokid_streams s LEFT JOIN raw_files f ON f.key = s._key "
            "AND f.sha256 = s._sha256 AND f.name = s._name WHERE f.key IS NULL"
        ).fetchone()
        assert unknown == (0,)

    def test_findings_are_those_of_the_ledger(self, connection):
        (refused,) = connection.execute(
            "SELECT count(DISTINCT landing_path) FROM raw_findings WHERE blocking AND verdict = 'quarantined'"
        ).fetchone()
        (receipts,) = connection.execute(
            "SELECT count(*) FROM raw_ledger WHERE record = 'receipt' AND verdict = 'quarantined'"
        ).fetchone()
        assert refused == receipts > 100

    def test_a_query_names_the_feeds_it_needs(self):
        feeds = all_feeds()
        found = named_feeds(
            'select * from DISTROKID_streams__trendweekly join "toolost_sales" using (x)', feeds
        )
        assert {feed.id for feed in found} == {"distrokid/streams", "toolost/sales"}
        assert named_feeds("select 1", feeds) == []


def test_without_a_refresh_it_reads_what_is_projected_already(settings, tmp_path):
    elsewhere = Settings.from_environment({"RAWZONE_COLUMNAR": str(tmp_path)}, home=settings.home)
    with open_duckdb(elsewhere, refresh=False) as before:
        assert before.execute("SELECT count(*) FROM distrokid_streams").fetchone() == (0,)
    with open_duckdb(elsewhere, feeds=[find_feed("distrokid/streams")]) as after:
        assert after.execute("SELECT count(*) FROM distrokid_streams").fetchone()[0] > 700


def test_without_duckdb_one_sentence_says_what_to_install(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(SqlUnavailable, match=r"pip install rawzone\[sql\]"), open_duckdb(settings):
        pass


def test_the_connection_outlives_the_zone_it_was_made_of(settings):
    with Zone(settings) as zone:
        zone.index.catch_up()
        connection = connect(zone, [find_feed("toolost/spotify")])
    assert connection.execute("SELECT count(*) > 0 FROM raw_files").fetchone() == (True,)
    connection.close()
    assert Path(settings.layout.columnar).is_dir()


class TestTheViewsOfTheLedger:
    """They are asked of the catalog by DuckDB; the index, which knows another way, must say the same."""

    def test_the_files_marked_newest_are_those_that_readers_get(self, settings, connection):
        query = "SELECT feed, CAST(partition AS VARCHAR), name, sha256, seq FROM raw_files WHERE is_newest"
        with Zone(settings) as zone:
            zone.index.catch_up()
            expected = {_identity(listed) for listed in readable(zone)}
        found = connection.execute(query).fetchall()
        assert len(found) == len(set(found))
        assert set(found) == expected

    def test_hold_every_accepted_delivery_with_its_facts(self, settings, connection):
        query = "SELECT landing_path, key, size, records, stored_sha256, schema_file FROM raw_files"
        with Zone(settings) as zone:
            zone.index.catch_up()
            expected = [
                (
                    *(entry.receipt.landing_path, entry.receipt.key, entry.receipt.size, entry.receipt.records),
                    *(entry.receipt.stored_sha256, entry.receipt.contract["schema"]),
                )
                for entry in zone.index.entries(verdicts=["promoted", "duplicate"])
            ]
        assert Counter(connection.execute(query).fetchall()) == Counter(expected)

    def test_places_of_findings_say_only_what_is_known(self, connection):
        (place,) = connection.execute(
            "SELECT DISTINCT place FROM raw_findings WHERE code = 'RZ-TRUNCATED' AND place IS NOT NULL LIMIT 1"
        ).fetchone()
        assert None not in json.loads(place).values()

    def test_are_kept_in_memory_where_no_catalog_can_be_written(self, settings, connection, tmp_path):
        state = tmp_path / "state"
        state.touch()
        elsewhere = replace(settings, layout=replace(settings.layout, state=state))
        with open_duckdb(elsewhere, feeds=[], refresh=False) as kept:
            for name in ("raw_files", "raw_findings"):
                query = f"SELECT * FROM {name} ORDER BY ALL"  # noqa: S608
                assert kept.execute(query).fetchall() == connection.execute(query).fetchall()


def _identity(listed):
    receipt = listed.receipt
    return receipt.feed, receipt.partition, receipt.name, receipt.sha256, listed.seq
