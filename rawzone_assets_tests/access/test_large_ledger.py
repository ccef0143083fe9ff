"""A feed-and-range question reads little of a long ledger, and building takes little memory."""

import statistics
import subprocess
import sys
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

from rawzone_assets.access import catalog_spans, open_raw
from rawzone_assets.access.parquet_catalog import catalog_of
from rawzone_assets_tests.access.large_ledger import FEEDS, FIRST, write_ledger

FEED = FEEDS[5]
_BUILD = """
import resource, sys
from pathlib import Path
from rawzone_assets.access.parquet_catalog import catalog_of
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
with Zone(Settings.from_environment({}, home=Path(sys.argv[1]))) as zone:
    catalog_of(zone).rebuild()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def months(receipts: int) -> tuple[str, str, int]:
    """A month in the middle of the ledger, and how many deliveries of the feed it has."""
    days = receipts // len(FEEDS) // 17
    first = FIRST + timedelta(days=days // 2)
    last = first + timedelta(days=min(days // 4, 30))
    return first.isoformat(), last.isoformat(), ((last - first).days + 1) * 17


def timed(ask, times: int = 7) -> tuple[int, str]:
    """How many rows came, and the median of the times in milliseconds."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        rows = ask()
        took.append((time.perf_counter() - began) * 1000)
    return rows, f"{statistics.median(took):.1f} ms"


def ask_everywhere(home: Path, receipts: int) -> dict[str, tuple[int, str]]:
    since, until, _ = months(receipts)
    columns = ["name", "key", "sha256", "records", "data_min", "data_max", "verdict"]
    with open_raw(home) as raw:
        catalog = catalog_of(raw.zone)
        pattern = str(catalog.folder / "*.parquet")
        sql = (
            f"SELECT {', '.join(columns)} FROM '{pattern}' WHERE feed = '{FEED}' "  # noqa: S608
            f"AND partition BETWEEN '{since}' AND '{until}'"
        )
        first, last = pl.lit(since).str.to_date(), pl.lit(until).str.to_date()
        wanted = (pl.col("feed") == FEED) & pl.col("partition").is_between(first, last)
        connection = duckdb.connect()
        return {
            "ParquetCatalog.receipts": timed(
                lambda: catalog.receipts(feeds=[FEED], since=since, until=until, columns=columns).num_rows
            ),
            "duckdb": timed(lambda: len(connection.sql(sql).fetchall())),
            "polars": timed(lambda: pl.scan_parquet(pattern).filter(wanted).select(columns).collect().height),
            "find": timed(lambda: len(list(raw.find(FEED, since=since, until=until)))),
            "find, data range": timed(lambda: len(list(raw.find(FEED, data_since=since, data_until=since)))),
        }


class TestFigures:
    def test_of_eight_thousand_receipts(self, tmp_path, monkeypatch):
        """The same questions in small: each answers alike, and most row groups are not read."""
        receipts = 8_000
        monkeypatch.setattr(catalog_spans, "SPAN", 2048)
        monkeypatch.setattr(catalog_spans, "_GROUP", 128)
        write_ledger(tmp_path / "raw" / "_ledger", receipts)
        with open_raw(tmp_path) as raw:
            catalog = catalog_of(raw.zone)
            catalog.update()
        since, until, deliveries = months(receipts)
        answers = {name: rows for name, (rows, _) in ask_everywhere(tmp_path, receipts).items()}
        assert answers.pop("find") == sum(number % 20 > 0 for number in numbers(since, deliveries))
        answers.pop("find, data range")
        assert set(answers.values()) == {deliveries}
        groups = [footer.row_group(n) for footer in footers(catalog) for n in range(footer.num_row_groups)]
        assert sum(map(partial(may_hold, since=since, until=until), groups)) < len(groups) / 6

    @pytest.mark.campaign
    def test_of_a_million(self, tmp_path, tell):
        receipts = 1_000_000
        write_ledger(tmp_path / "raw" / "_ledger", receipts)
        began = time.monotonic()
        built = subprocess.run(
            [sys.executable, "-c", _BUILD, str(tmp_path)], check=True, capture_output=True, text=True
        )
        tell(
            f"1,000,000 receipts: catalog built in {time.monotonic() - began:.0f} s, {built.stdout.strip()} MB"
        )
        began = time.monotonic()
        with open_raw(tmp_path) as raw:
            tell(f"1,000,000 receipts: index built in {time.monotonic() - began:.0f} s")
            standing = catalog_of(raw.zone).update()
            tell(f"1,000,000 receipts: {standing.files} files, {standing.size // 2**20} MiB")
            assert standing.receipts == receipts
        for name, (rows, took) in ask_everywhere(tmp_path, receipts).items():
            tell(f"1,000,000 receipts: {name}: {rows} rows in {took}")


def numbers(since: str, deliveries: int) -> range:
    from_ = (FIRST.fromisoformat(since) - FIRST).days * 17
    return range(from_, from_ + deliveries)


def footers(catalog) -> list:
    return [pq.read_metadata(path) for path in catalog.files]


def may_hold(group, *, since: str, until: str) -> bool:
    """Whether the statistics of a row group leave it possible that it holds what is asked for."""
    columns = {group.column(n).path_in_schema: group.column(n).statistics for n in range(group.num_columns)}
    feed, day = columns["feed"], columns["partition"]
    return feed.min <= FEED <= feed.max and str(day.min) <= until and str(day.max) >= since
