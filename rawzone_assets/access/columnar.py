"""The columnar projection on disk: one folder a feed and capture day, one Parquet file a table in it.

Derived from raw and disposable: whatever is missing or stale is built again, whatever is no longer readable in
raw goes. A day's folder bears its state in its name and appears whole or not at all, so readers need no lock.
What rows there are is ``projection``'s to say.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import compress
from pathlib import Path

import orjson

from rawzone_assets.access.catalog import Listed, readable
from rawzone_assets.access.file_locks import locked
from rawzone_assets.access.projected_days import ProjectedDay, read_day, write_day
from rawzone_assets.contract.feed import Feed
from rawzone_assets.zone.errors import StorageFailed
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.zone import Zone

_PARTIAL = "-partial"
_FOLDER = re.compile(r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})\.[0-9a-f]{16}(?:-partial)?")


def bring_up_to_date(
    zone: Zone, feed: Feed, partitions: Collection[str] | None = None
) -> Iterator[ProjectedDay]:
    """Project what is new, changed or stale of these days, or of all; every one of them that can be read.

    Processes that do so at once wait for one another, feed by feed.

    Raises:
        ZoneError: The projection cannot be written, or the ledger cannot be read.
    """
    root = zone.layout.columnar
    if not zone.index.partitions(feed.id) and not folders(root, feed.id):
        return  # nothing to write, so nothing is created
    mark = _fingerprint(feed)
    try:
        with _locked(zone.layout, feed) as work:
            # Whoever held the lock may have seen more: what is read now must not be older than what is there.
            zone.index.catch_up()
            days = _readable_days(zone, feed, partitions)
            there = folders(root, feed.id)
            for day, listed in days.items():
                folder = root / feed.id / f"{day}.{_state(mark, listed)}"
                is_new = folder not in there.get(day, ())
                if is_new:
                    folder = _build(zone, feed, listed, folder, work)
                _drop(work, (old for old in there.get(day, ()) if old != folder))
                yield read_day(folder, is_new=is_new)
            gone = [day for day in there if day not in days and (partitions is None or day in partitions)]
            _drop(work, (folder for day in gone for folder in there[day]))
    except OSError as error:
        raise StorageFailed("write the columnar projection", error) from error


def folders(root: Path, feed_id: str) -> dict[str, list[Path]]:
    """What is there of a feed: the folders of each day, the newest last; of most days there is one."""
    found: dict[str, list[Path]] = {}
    try:
        names = os.listdir(root / feed_id)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    for name in sorted(names):
        match = _FOLDER.fullmatch(name)
        if match:
            found.setdefault(match["day"], []).append(root / feed_id / name)
    for day in found.values():
        if len(day) > 1:
            day.sort(key=_written_at)
    return dict(sorted(found.items()))


def files_of(root: Path, feed_id: str, table: str) -> list[Path]:
    """The Parquet files of a table, one a day, oldest first."""
    while True:
        newest = [day[-1] for day in folders(root, feed_id).values()]
        paths = [folder / f"{table}.parquet" for folder in newest]
        there = [path.exists() for path in paths]
        # A day without such rows has its folder; one that was projected anew meanwhile lies in another.
        if all(is_there or os.path.lexists(folder) for folder, is_there in zip(newest, there, strict=True)):
            return list(compress(paths, there))


def _written_at(folder: Path) -> int:
    """When a folder was written; one that was taken away meanwhile is older than any."""
    try:
        return folder.stat().st_mtime_ns
    except FileNotFoundError:
        return -1


def _readable_days(zone: Zone, feed: Feed, partitions: Collection[str] | None) -> dict[str, list[Listed]]:
    days: dict[str, list[Listed]] = {}
    since, until = (min(partitions), max(partitions)) if partitions else (None, None)
    if partitions is None or partitions:
        for listed in readable(zone, feeds=[feed.id], since=since, until=until):
            day = listed.receipt.partition or ""
            if partitions is None or day in partitions:
                days.setdefault(day, []).append(listed)
    return days


def _fingerprint(feed: Feed) -> str:
    from rawzone_assets.access.projection import fingerprint  # noqa: PLC0415  Arrow is slow to load

    return fingerprint(feed)


def _state(mark: str, listed: list[Listed]) -> str:
    sources = [[mark], *([r.name, r.key, r.sha256, r.captured_at] for r in (one.receipt for one in listed))]
    return hashlib.sha256(orjson.dumps(sources)).hexdigest()[:16]


def _build(zone: Zone, feed: Feed, listed: list[Listed], target: Path, work: Path) -> Path:
    """Write a day's folder out of readers' sight and move it into its place, whole."""
    aside = Path(tempfile.mkdtemp(dir=work))
    folder = aside / target.name
    folder.mkdir()
    is_whole = write_day(zone, feed, listed, folder, target.name.partition(".")[2])
    place = target if is_whole else target.with_name(f"{target.name}{_PARTIAL}")
    _drop(work, [place] if place.exists() else [])  # the last attempt
    place.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(place)
    shutil.rmtree(aside)
    return place


@contextmanager
def _locked(layout: Layout, feed: Feed) -> Iterator[Path]:
    """Hold the feed's lock; its folder for work, in which nothing of dead processes is left."""
    work = layout.columnar_work(feed.id)
    work.mkdir(parents=True, exist_ok=True)
    with locked(work / "lock"):
        for left in work.iterdir():
            if left.name != "lock":
                shutil.rmtree(left)
        yield work


def _drop(work: Path, old: Iterable[Path]) -> None:
    """Take folders away: first out of readers' sight, at once, then in their own time."""
    for folder in old:
        aside = Path(tempfile.mkdtemp(dir=work))
        folder.rename(aside / folder.name)
        shutil.rmtree(aside)
