"""The zone: its parts put together from settings. Everything else here is a part or uses one."""

from __future__ import annotations

import getpass
import os
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from rawzone_assets import __version__
from rawzone_assets.contract.feed import Platform
from rawzone_assets.zone import upkeep
from rawzone_assets.zone.decision import Candidate
from rawzone_assets.zone.errors import RootAway, StorageFailed
from rawzone_assets.zone.files import Files, ensure_folder, sync_folders
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.index_seen import SeenFile, Standing
from rawzone_assets.zone.landing import Landing
from rawzone_assets.zone.layout import nested
from rawzone_assets.zone.ledger import Author, Ledger
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.presence import apart, is_present
from rawzone_assets.zone.publishing import Publisher
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.room import Room
from rawzone_assets.zone.sealing import require_flag
from rawzone_assets.zone.setting_errors import NamesMisread, RootsNested
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.survey import Delivery, Survey, survey


def utc_now() -> datetime:
    return datetime.now(UTC)


class Zone:
    """One raw zone on disk. Opening it reads nothing but the newest part of the ledger."""

    def __init__(
        self,
        settings: Settings,
        *,
        files: Files | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """``clock`` tells the time of all that is recorded.

        Raises:
            NamesMisread: This process reads names of files as something else than UTF-8.
            RootsNested: One of the zone's folders lies in another.
        """
        require_apart(settings.layout.apart)  # before even an index is written, perhaps into landing
        if sys.getfilesystemencoding().lower() != "utf-8":
            raise NamesMisread(sys.getfilesystemencoding())
        self.settings = settings
        self.layout = settings.layout
        self.files: Files = files or LocalFiles()
        self.clock = clock
        self.landing = Landing(self.layout.landing)
        self.ledger = Ledger(self.files, self.layout.ledger)
        self._prepared = False
        self._durable: set[Path] = set()  # folders whose names this process has made durable
        self.index = _open_index(self.ledger, settings)

    def close(self) -> None:
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def survey(self, platforms: Iterable[Platform], *, settle: float | None = None) -> Survey:
        """Every landed file's state.

        Raises:
            ZoneError: Landing is missing, or the ledger is damaged.
        """
        self.index.catch_up()
        wait = self.settings.settle if settle is None else settle
        return survey(self.landing, self.index, platforms, now=self.clock(), settle=wait)

    def publisher(self, run_id: str) -> Publisher:
        """A publisher that signs its commits with this run. Creates the zone's folders if need be.

        Raises:
            StorageFailed: The folders cannot be created.
        """
        self._prepare()
        author = Author(run_id=run_id, writer=f"{person()}:{os.getpid()}", code_version=__version__)
        return Publisher(
            self.files,
            self.layout,
            self.ledger,
            self.index,
            clock=self.clock,
            author=author,
            seals=self.settings.immutable,
            cache=self.settings.cache,
            durable=self._durable,
        )

    def recover(self) -> int:
        """Finish what crashed processes left; how many batches were."""
        try:
            if self.files.status(self.layout.staging) is None:
                return 0
            publisher = self.publisher("recovery")
            with self.index.usable(), publisher.locked():
                return publisher.recover()
        except OSError as error:
            raise StorageFailed("look for interrupted batches", error) from error

    def remember(self, deliveries: Iterable[tuple[Delivery, Verdict]]) -> None:
        """Note landed files whose bytes turned out to be known, so that they are not read again."""
        self.index.remember(
            SeenFile(delivery.landed.label, delivery.landed.entity, Standing(delivery.feed_id, verdict))
            for delivery, verdict in deliveries
        )

    def verdict_on(self, candidate: Candidate) -> Verdict | None:
        """What became of exactly these bytes under this name and path."""
        return self.index.already_decided(
            candidate.feed, candidate.name, candidate.sha256, candidate.landing_path
        )

    def refuse_when_full(self, size: int = 0, *, reserve: int | None = None) -> None:
        """Stop before the disk is full: a zone that cannot write its ledger cannot even say so.

        Raises:
            DiskAlmostFull: Writing ``size`` bytes would leave less than the reserve.
        """
        self._prepare()
        room = Room(files=self.files, reserve=self.settings.reserve if reserve is None else reserve)
        try:
            for root in (self.layout.raw, self.layout.quarantine):
                room.require(root, size)
            if self.index.folder is not None:  # beside the zone's own files, and small
                Room(files=LocalFiles(), reserve=room.reserve).require(self.index.folder)
        except OSError as error:
            raise StorageFailed("see how much space is free", error) from error

    def refuse_when_away(self, name: str = upkeep.QUARANTINE) -> None:
        """Stop where a root's disk is not mounted: what is put into the folder left would be hidden by it.

        And what lies on it would be called missing. Whoever asks has caught up with the ledger.

        Raises:
            RootAway: Files are recorded in it, and it is empty or not there.
            StorageFailed: It cannot be looked at.
        """
        root = apart(self.layout)[name]
        try:
            if not is_present(self.files, root) and self.index.holds_files(name):
                raise RootAway(name, root)
        except OSError as error:
            raise StorageFailed(f"look into {name}", error) from error

    def _prepare(self) -> None:
        """Create the zone's folders. Once a process, whoever made them: they are durable only once synced."""
        folders = (self.layout.ledger, self.layout.staging, self.layout.quarantine_staging)
        try:
            changed = {parent for folder in folders for parent in ensure_folder(self.files, folder)}
            if not self._prepared:
                changed |= {folder.parent for folder in folders}
                for root in (self.layout.raw, self.layout.quarantine):
                    changed |= {root.parent, root.parent.parent}
            sync_folders(self.files, changed, roots=(self.layout.raw, self.layout.quarantine))
            if self.settings.immutable and not self._prepared:
                for staging in (self.layout.staging, self.layout.quarantine_staging):
                    require_flag(self.files, staging)
            self._prepared = True
        except OSError as error:
            raise StorageFailed("create the zone's folders", error) from error


def require_apart(roots: Mapping[str, Path]) -> None:
    """See to it that each of the named folders is one of its own.

    Raises:
        RootsNested: One of them is another, or lies in it.
    """
    if pair := nested(roots):
        inner, outer = pair
        raise RootsNested(inner, roots[inner], outer, roots[outer])


def _open_index(ledger: Ledger, settings: Settings) -> Index:
    try:
        return Index(ledger, settings.layout.state)
    except (OSError, sqlite3.OperationalError):
        # A reader without write access still gets answers; they only cost a reading of the ledger.
        return Index(ledger, None)


def person() -> str:
    """Who runs this process: ``user@host``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
