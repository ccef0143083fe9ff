"""Reading: thirty days of a feed as one table, compared with pandas opening one object after the other.

A zone with one delivery a day is made first, and projected. Every way must come to as many records.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pv

from benchmarks.core import promote_core
from benchmarks.histories import land_history
from rawzone_assets.access import RawReader, open_raw
from rawzone_assets.access.columnar import bring_up_to_date, files_of
from rawzone_assets.access.table_texts import joined
from rawzone_assets.platforms import all_platforms

DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A feed that is read, and how its bytes become records."""

    feed: str
    template: str  # of the landed names
    table: str  # of the projection
    size: int  # bytes of a delivery, about
    by_pandas: Callable[[Path], pd.DataFrame]
    by_arrow: Callable[[Iterable[bytes]], Iterable[pa.Table]]


KINDS = {
    "csv": Kind(
        feed="metaads/daily",
        template="metaads_campaign_daily_{stamp}.csv",
        table="daily",
        size=60_000,
        by_pandas=lambda path: pd.read_csv(path, compression="gzip"),
        by_arrow=lambda texts: (pv.read_csv(pa.BufferReader(text)) for text in joined(texts)),
    ),
    "json": Kind(
        feed="toolost/spotify",
        template="toolost_spotify_{stamp}.json",
        table="streams",
        size=60_000,
        by_pandas=lambda path: pd.json_normalize(orjson.loads(gzip.decompress(path.read_bytes()))["streams"]),
        by_arrow=lambda texts: (pa.Table.from_pylist(orjson.loads(text)["streams"]) for text in texts),
    ),
}

Way = Callable[[], int]


class DifferentRecords(Exception):
    """Two ways of reading the same days came to different numbers of records, so their times tell nothing."""


def read_thirty_days(kind: Kind, folder: Path, *, turns: int) -> dict[str, tuple[int, float]]:
    """Records and median CPU seconds of each way, measured in turns; the first is the one compared with.

    Raises:
        DifferentRecords: They did not come to the same.
    """
    with _zone(kind, folder) as (raw, files):
        ways = _ways(kind, raw, files)
        took: dict[str, list[float]] = {name: [] for name in ways}
        records = {name: read() for name, read in ways.items()}  # what is imported and opened once is no part
        if len(set(records.values())) > 1:
            raise DifferentRecords(f"the ways of reading {kind.feed} disagree about its records: {records}")
        for _ in range(turns):
            for name, read in ways.items():
                started = time.process_time()
                read()
                took[name].append(time.process_time() - started)
    return {name: (records[name], median(seconds)) for name, seconds in took.items()}


def _ways(kind: Kind, raw: RawReader, projected: list[Path]) -> dict[str, Way]:
    listed = [*raw.find(kind.feed)]
    objects = [raw.zone.layout.object(one.stored.key or "") for one in listed]
    return {
        "pandas, file by file": lambda: len(pd.concat(map(kind.by_pandas, objects))),
        "read_all, then Arrow": lambda: (
            pa.concat_tables(
                kind.by_arrow(data for _, data in raw.read_all(listed)), promote_options="permissive"
            ).num_rows
        ),
        "the projection, by DuckDB": lambda: (
            duckdb.read_parquet([str(path) for path in projected]).to_arrow_table().num_rows
        ),
    }


@contextmanager
def _zone(kind: Kind, folder: Path) -> Iterator[tuple[RawReader, list[Path]]]:
    """A zone that holds thirty days of the feed, and the files of its projection."""
    landing, home = folder / "landing", folder / "home"
    land_history(kind.template, DAYS, landing, length=kind.size)
    promote_core(landing, home)
    (feed,) = (feed for platform in all_platforms() for feed in platform.feeds if feed.id == kind.feed)
    with open_raw(home) as raw:
        days = [*bring_up_to_date(raw.zone, feed)]
        if len(days) != DAYS:
            raise RuntimeError(f"the zone holds {len(days)} days of {kind.feed} instead of {DAYS}")
        yield raw, files_of(raw.zone.layout.columnar, feed.id, kind.table)
