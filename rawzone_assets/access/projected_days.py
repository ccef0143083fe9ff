"""Projected days: the Parquet files of one capture day of a feed, and what is to be said about them.

A folder is written here from the deliveries it is given; which days are to be written, and where, is
``columnar``'s.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from rawzone_assets.access.catalog import Listed
from rawzone_assets.access.pieces import NotProjectable
from rawzone_assets.access.projected_tables import Table
from rawzone_assets.access.reading import original_bytes
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Content, Feed
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.file_content import FileContent
from rawzone_assets.zone.landing import HELD_IN_MEMORY
from rawzone_assets.zone.receipt import moment
from rawzone_assets.zone.zone import Zone

_ABOUT = "about.json"


@dataclass(frozen=True, kw_only=True)
class Unprojected:
    """A delivery, or the rest of one, that has no rows, and why."""

    name: str
    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ProjectedDay:
    """One capture day as it is projected. ``rows`` are counts by table."""

    feed: str
    partition: str
    state: str  # changes with what can be read of the day and with how it is projected
    folder: Path
    rows: Mapping[str, int]
    deliveries: int
    unprojected: tuple[Unprojected, ...]
    is_partial: bool  # bytes could not be had: it is tried again the next time
    is_new: bool  # built just now

    @property
    def bytes(self) -> int:
        return sum(path.stat().st_size for path in self.folder.glob("*.parquet"))


def write_day(zone: Zone, feed: Feed, listed: Sequence[Listed], folder: Path, state: str) -> bool:
    """Write the rows of a day's deliveries into an empty folder; whether the bytes of every one could be had.

    Raises:
        OSError: The folder cannot be written.
    """
    day = _Day(feed=feed, folder=folder, state=state)
    try:
        for one in listed:
            day.add(zone, one)
    finally:
        day.close()
    about = {
        "feed": feed.id,
        "partition": listed[0].receipt.partition,
        "state": state,
        "rows": day.rows,
        "deliveries": [
            {"name": one.receipt.name, "key": one.receipt.key, "sha256": one.receipt.sha256} for one in listed
        ],
        "unprojected": [vars(one) for one in day.unprojected],
        "is_partial": day.is_partial,
    }
    (folder / _ABOUT).write_bytes(orjson.dumps(about, option=orjson.OPT_INDENT_2))
    for path in (*folder.iterdir(), folder):
        _sync(path)
    return not day.is_partial


def read_day(folder: Path, *, is_new: bool) -> ProjectedDay:
    """What :func:`write_day` wrote there."""
    about = orjson.loads((folder / _ABOUT).read_bytes())
    return ProjectedDay(
        feed=about["feed"],
        partition=about["partition"],
        state=about["state"],
        folder=folder,
        rows=about["rows"],
        deliveries=len(about["deliveries"]),
        unprojected=tuple(Unprojected(**one) for one in about["unprojected"]),
        is_partial=about["is_partial"],
        is_new=is_new,
    )


@dataclass(kw_only=True)
class _Day:
    """A day while it is written."""

    feed: Feed
    folder: Path
    state: str
    rows: dict[str, int] = field(default_factory=dict)
    unprojected: list[Unprojected] = field(default_factory=list)
    is_partial: bool = False
    _writers: dict[str, Any] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def add(self, zone: Zone, listed: Listed) -> None:
        """Write the rows of one delivery, or note why it has none."""
        from rawzone_assets.access.projection import Origin, project  # noqa: PLC0415

        receipt = listed.receipt
        captured = moment(receipt.captured_at) if receipt.captured_at else None
        origin = Origin(
            key=receipt.key or "",
            sha256=receipt.sha256 or "",
            captured_at=captured,
            partition=date.fromisoformat(receipt.partition or ""),
            name=receipt.name or "",
        )
        try:
            with _content(zone, listed, self.folder.parent) as content:
                for table, batch in project(self.feed, content, origin):
                    self._write(table, batch)
        except NotProjectable as problem:
            self._note(origin, str(problem))
        except ZoneError as problem:  # its bytes cannot be had: tried again whenever the day is asked for
            self.is_partial = True
            self._note(origin, str(problem))

    def close(self) -> None:
        self._open.close()

    def _note(self, origin: Any, reason: str) -> None:
        self.unprojected.append(Unprojected(name=origin.name, key=origin.key, reason=reason))

    def _write(self, table: Table, batch: Any) -> None:
        import pyarrow.parquet as pq  # noqa: PLC0415

        if table.name not in self._writers:
            about = {"rawzone.feed": self.feed.id, "rawzone.table": table.name, "rawzone.state": self.state}
            schema = batch.schema.with_metadata(about)
            path = self.folder / f"{table.name}.parquet"
            self._writers[table.name] = self._open.enter_context(
                pq.ParquetWriter(path, schema, compression="zstd")
            )
        writer = self._writers[table.name]
        writer.write_batch(batch.cast(writer.schema))
        self.rows[table.name] = self.rows.get(table.name, 0) + batch.num_rows


@contextmanager
def _content(zone: Zone, listed: Listed, work: Path) -> Iterator[Content]:
    """The original bytes of a delivery, verified."""
    blocks = original_bytes(zone, listed.stored)
    if (listed.stored.size or 0) <= HELD_IN_MEMORY:
        yield BytesContent(b"".join(blocks))
        return
    path = work / "spooled"
    try:
        with path.open("wb") as spool:
            spool.writelines(blocks)
        yield FileContent(path=path, size=path.stat().st_size)
    finally:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
