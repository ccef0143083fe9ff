"""The alert book: incidents, outbox and how far each source was read, kept in one file.

Replaced as a whole and durable before anything is sent, under a lock, so that a command and the sensor never
undo each other. It is no part of the zone's truth: without it, what is wrong now is found and told again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import orjson

from rawzone_assets.health.alert_kinds import Severity
from rawzone_assets.health.incidents import Incidents
from rawzone_assets.health.notices import Event, Notice
from rawzone_assets.health.outbox import Channel, Outbox
from rawzone_assets.health.signs import Incident
from rawzone_assets.zone.errors import StorageFailed, ZoneError
from rawzone_assets.zone.files import Files, ensure_folder, sync_folders
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.receipt import moment, timestamp

_VERSION = 1
_DAY = timedelta(days=1)


class BookUnusable(ZoneError):
    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"The alert book {path} cannot be read ({problem}): move it away, and what is wrong now is found "
            "and told again."
        )


@dataclass(kw_only=True)
class Book:
    """Everything that alerts must remember."""

    incidents: Incidents = field(default_factory=Incidents)
    outbox: Outbox = field(default_factory=Outbox)
    positions: dict[str, Any] = field(default_factory=dict)  # source -> how far it was read
    looked_at: datetime | None = None  # the sensor's newest tick
    digest_due: datetime | None = None

    def digest(self, at: time | None, now: datetime) -> list[Notice]:
        """The day's digest when its time has come. Days on which nothing ran are not made up for."""
        if at is None:
            self.digest_due = None
            return []
        due, today = self.digest_due, now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
        following = today if today > now else today + _DAY
        self.digest_due = following
        if due is None or due > now:
            return []
        return [_digest(self.incidents, now)]

    def encode(self) -> bytes:
        document = {
            "alerts": _VERSION,
            "looked_at": timestamp(self.looked_at) if self.looked_at else None,
            "digest_due": timestamp(self.digest_due) if self.digest_due else None,
            "positions": self.positions,
            "channels": [channel.as_json() for channel in self.outbox.channels.values()],
            "notices": [notice.as_json() for notice in self.outbox.notices.values()],
            "incidents": [incident.as_json() for incident in self.incidents.by_id.values()],
        }
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    @classmethod
    def decode(cls, data: bytes) -> Book:
        """Read back what :meth:`encode` wrote.

        Raises:
            ValueError: It is no book of this version.
        """
        document = orjson.loads(data)
        try:
            if document["alerts"] != _VERSION:
                raise ValueError(f"it is of version {document['alerts']}")
            channels = [Channel.from_json(record) for record in document["channels"]]
            notices = [Notice.from_json(record) for record in document["notices"]]
            incidents = [Incident.from_json(record) for record in document["incidents"]]
            looked_at, due = document["looked_at"], document["digest_due"]
            return cls(
                incidents=Incidents(by_id={incident.id: incident for incident in incidents}),
                outbox=Outbox(
                    channels={channel.name: channel for channel in channels},
                    notices={notice.id: notice for notice in notices},
                ),
                positions=dict(document["positions"]),
                looked_at=moment(looked_at) if looked_at else None,
                digest_due=moment(due) if due else None,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it lacks or misuses {error}") from None


def book_path(state: Path) -> Path:
    return state / "alerts" / "book.json"


def read_book(state: Path) -> Book | None:
    """The book as it is; ``None`` when nothing was ever alerted.

    Raises:
        ZoneError: It cannot be read.
    """
    path = book_path(state)
    try:
        with LocalFiles().open(path) as stream:
            return Book.decode(stream.read())
    except (FileNotFoundError, NotADirectoryError) as error:
        if os.path.lexists(path.parent) and not path.parent.is_dir():  # the sensor cannot look, day after day
            raise StorageFailed("read the alert book", error) from error
        return None
    except ValueError as error:
        raise BookUnusable(path, str(error)) from None
    except OSError as error:
        raise StorageFailed("read the alert book", error) from error


@contextlib.contextmanager
def changing_book(state: Path) -> Iterator[Book]:
    """The book, locked; what the caller changed is durable when the block ends without an error.

    Raises:
        ZoneError: It cannot be read or written.
    """
    files = LocalFiles()
    path = book_path(state)
    with contextlib.ExitStack() as stack:
        try:
            _prepare(files, path.parent)
            stack.enter_context(files.lock(path.with_name("lock"), wait=True))
        except OSError as error:
            raise StorageFailed("lock the alert book", error) from error
        book = read_book(state) or Book()
        yield book
        try:
            _replace(files, path, book.encode())
        except OSError as error:
            raise StorageFailed("write the alert book", error) from error


@contextlib.contextmanager
def sending(state: Path) -> Iterator[bool]:
    """Whether this process is the one that sends now; two at once would send everything twice.

    Raises:
        ZoneError: The lock cannot be taken.
    """
    files = LocalFiles()
    path = book_path(state).with_name("sending")
    with contextlib.ExitStack() as stack:
        try:
            _prepare(files, path.parent)
            mine = stack.enter_context(files.lock(path, wait=False))
        except OSError as error:
            raise StorageFailed("lock the alerts' outbox", error) from error
        yield mine


def _prepare(files: Files, folder: Path) -> None:
    sync_folders(files, ensure_folder(files, folder), roots=())


def _replace(files: Files, path: Path, data: bytes) -> None:
    new = path.with_name("book.new")
    with contextlib.suppress(FileNotFoundError):
        files.remove(new)  # a crash cut it off
    files.create(new, [data])
    files.sync(new)
    new.replace(path)
    files.sync_folder(path.parent)


def _digest(incidents: Incidents, now: datetime) -> Notice:
    still = sorted(incidents.open, key=lambda incident: (-incident.severity, incident.opened_at))
    over = [i for i in incidents.by_id.values() if i.resolved_at and now - i.resolved_at < _DAY]
    lines = [
        f"{incident.state(now)} since {incident.opened_at:%Y-%m-%d %H:%M} UTC, {incident.severity.word}: "
        f"{incident.title} ({incident.id})"
        for incident in still
    ]
    lines += [f"resolved {i.resolved_at:%Y-%m-%d %H:%M} UTC: {i.title} ({i.id})" for i in over]
    worst = max((incident.severity for incident in still), default=Severity.WARNING)
    return Notice(
        id=f"daily-{now:%Y%m%d-%H%M}",
        event=Event.DIGEST,
        at=now,
        severity=worst,
        title=f"Daily digest: {len(still)} open, {len(over)} resolved since yesterday",
        text="\n".join(lines) or "Nothing is open and nothing was resolved. Alerts work.",
    )
