"""The Python API of reading: find what is readable, and read it. Read-only, whatever the caller does.

with open_raw("data") as raw:
    for listed, data in raw.read_all(raw.find("distrokid/streams", since="2024-05-01")):
        ...
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Self

from rawzone_assets.access import parallel, reading
from rawzone_assets.access.cache import ByteCache
from rawzone_assets.access.catalog import Listed, commit_as_of, readable
from rawzone_assets.access.opening import cache_of, open_zone
from rawzone_assets.zone.ledger import Head
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

Day = str | date


class RawReader(AbstractContextManager["RawReader"]):
    """One zone as it stood when it was opened or last refreshed; what is committed meanwhile does not show."""

    def __init__(self, zone: Zone, *, cache: ByteCache | None = None) -> None:
        self.zone = zone
        self._cache = cache

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.zone.close()

    @property
    def head(self) -> Head:
        """The newest commit that it knows."""
        return self.zone.index.head

    def refresh(self) -> Head:
        """See what was committed since.

        Raises:
            LedgerDamaged: A commit is damaged or breaks the chain.
        """
        return self.zone.index.catch_up()

    def find(
        self,
        *feeds: str,
        since: Day | None = None,
        until: Day | None = None,
        data_since: Day | None = None,
        data_until: Day | None = None,
        as_of: int | str | date | None = None,
        all_revisions: bool = False,
    ) -> Generator[Listed, None, None]:
        """What can be read, by feed, capture day and name; see :func:`~rawzone_assets.access.catalog.readable`.

        ``feeds`` are feeds (``distrokid/streams``) or platforms (``distrokid``), none means all. ``since`` and
        ``until`` are capture days, ``data_since`` and ``data_until`` days that the data speak of, included.
        ``as_of`` is a commit's number or a time, UTC when it names no zone.

        Raises:
            BadMoment: ``as_of`` is neither.
        """
        return readable(
            self.zone,
            feeds=self._feeds(feeds),
            since=_text(since),
            until=_text(until),
            data_since=_text(data_since),
            data_until=_text(data_until),
            as_of=None if as_of is None else commit_as_of(self.zone, as_of),
            all_revisions=all_revisions,
        )

    def read(self, listed: Listed) -> bytes:
        """The exact original bytes, found to be those the receipt records.

        Raises:
            ObjectUnreadable: They are not, or are nowhere, away or erased by law.
        """
        return b"".join(self.blocks(listed))

    def blocks(self, listed: Listed) -> Iterator[bytes]:
        """The same in pieces, for objects larger than memory; all is checked before the first is given.

        Raises:
            ObjectUnreadable: They are not those recorded, or are nowhere, away or erased by law.
        """
        return reading.original_bytes(self.zone, listed.stored, cache=self._cache)

    def read_all(
        self, found: Iterable[Listed], *, threads: int = parallel.THREADS, memory: int = parallel.MEMORY
    ) -> Generator[tuple[Listed, bytes], None, None]:
        """Read many in parallel, in their order, with at most about ``memory`` bytes held at a time.

        Raises:
            ObjectUnreadable: When the turn of such an object comes.
        """
        return parallel.read_in_order(self._read_together, found, threads=threads, memory=memory)

    def _read_together(self, portion: Sequence[Listed]) -> Iterator[bytes]:
        return reading.contents(self.zone, [listed.stored for listed in portion], cache=self._cache)

    def _feeds(self, wanted: tuple[str, ...]) -> list[str]:
        known = self.zone.index.feeds()
        names = [name.strip("/") for name in wanted]
        return [
            feed
            for feed in known
            if not names or any(feed == name or feed.startswith(f"{name}/") for name in names)
        ]


def open_raw(home: str | Path | None = None, *, settings: Settings | None = None) -> RawReader:
    """A zone to read from: ``home``, else what the ``RAWZONE_*`` variables say. Creates nothing in it.

    The index lies in the zone's state folder; who may not write there names another with ``RAWZONE_STATE``,
    else each opening reads the whole ledger.

    Raises:
        ZoneError: A variable cannot be used, or the ledger cannot be read.
    """
    settings = settings or Settings.from_environment(os.environ, home=Path(home) if home else None)
    return RawReader(open_zone(settings), cache=cache_of(settings))


def _text(day: Day | None) -> str | None:
    return day if day is None or isinstance(day, str) else f"{day:%Y-%m-%d}"
