"""Outbox: which notices go to which channel, in what order, and when again after a failure. Pure.

Each channel has its own queue, so that a dead one holds up no other. What is handed to a channel is a
*parcel*, fixed before it is sent and kept until the channel took it: whatever crashes in between, the same
parcel goes out again under the same id. A parcel holds one notice, or the queue when many came at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from rawzone_assets.health.alert_kinds import Severity
from rawzone_assets.health.notices import Event, Notice
from rawzone_assets.zone.receipt import moment, timestamp

_AT_ONCE = 3  # so many notices still go out one by one
_WINDOW = timedelta(hours=1)
_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 300, 900, 3600))
"""After each failed attempt; the last repeats for ever, since a channel may be repaired after a weekend."""


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What is sent at once."""

    id: str
    notices: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One way out, and what waits for it."""

    name: str
    queue: tuple[str, ...] = ()
    parcel: Parcel | None = None  # under way, or to be tried again
    attempts: int = 0  # of this parcel, all failed
    next_at: datetime | None = None
    problem: str | None = None
    sent: tuple[datetime, ...] = ()  # parcels of the last hour
    last_sent: datetime | None = None

    @property
    def waiting(self) -> tuple[str, ...]:
        """The notices that it did not take yet, oldest first."""
        return (self.parcel.notices if self.parcel else ()) + self.queue

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "queue": list(self.queue),
            "parcel": {"id": self.parcel.id, "notices": list(self.parcel.notices)} if self.parcel else None,
            "attempts": self.attempts,
            "next_at": timestamp(self.next_at) if self.next_at else None,
            "problem": self.problem,
            "sent": [timestamp(at) for at in self.sent],
            "last_sent": timestamp(self.last_sent) if self.last_sent else None,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Channel:
        """Read back what :meth:`as_json` wrote."""
        parcel = record["parcel"]
        return cls(
            name=record["name"],
            queue=tuple(record["queue"]),
            parcel=Parcel(id=parcel["id"], notices=tuple(parcel["notices"])) if parcel else None,
            attempts=record["attempts"],
            next_at=moment(record["next_at"]) if record["next_at"] else None,
            problem=record["problem"],
            sent=tuple(moment(at) for at in record["sent"]),
            last_sent=moment(record["last_sent"]) if record["last_sent"] else None,
        )


@dataclass(kw_only=True)
class Outbox:
    """All channels by name, and the notices that some channel still waits for."""

    channels: dict[str, Channel] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)

    def connect(self, names: Iterable[str]) -> None:
        """Make these the channels. What vanished ones did not take goes to the new ones.

        So a mistyped address costs nothing: once corrected, the channel gets what the wrong one refused.
        """
        wanted = list(dict.fromkeys(names))
        vanished = [channel for name, channel in self.channels.items() if name not in wanted]
        orphans = dict.fromkeys(notice for channel in vanished for notice in channel.waiting)
        fresh = {name: Channel(name=name, queue=tuple(orphans)) for name in wanted if name not in self.channels}
        self.channels = {name: fresh.get(name) or self.channels[name] for name in wanted}
        self._drop_sent()

    def add(self, notices: Iterable[Notice]) -> None:
        """Queue notices for every channel."""
        for notice in notices:
            self.notices[notice.id] = notice
            for name, channel in self.channels.items():
                self.channels[name] = replace(channel, queue=(*channel.queue, notice.id))

    @property
    def order(self) -> list[str]:
        """In what order to serve them: who is slow to refuse takes no time of those that take all."""
        return sorted(self.channels, key=lambda name: self.channels[name].attempts)

    def pack(self, name: str, now: datetime, *, most_an_hour: int) -> Parcel | None:
        """The parcel to send to a channel now; ``None`` when nothing waits, it has to, or there is none."""
        channel = self.channels.get(name)
        if channel is None:
            return None
        # A time to come is one of a clock that ran ahead: nothing waits for it, perhaps for years.
        recent = tuple(at for at in channel.sent if timedelta(0) <= now - at < _WINDOW)
        if channel.parcel:
            rests = channel.next_at and timedelta(0) < channel.next_at - now <= _PAUSES[-1]
            return None if rests else channel.parcel
        room = most_an_hour - len(recent)
        if not channel.queue or room <= 0:
            return None
        # The last parcel of the hour takes all there is, since nobody is told anything more for a while.
        many = len(channel.queue) > _AT_ONCE or room == 1
        taken = channel.queue if many else channel.queue[:1]
        parcel = Parcel(id=_parcel_id(taken), notices=taken)
        rest = channel.queue[len(taken) :]
        self.channels[name] = replace(channel, parcel=parcel, queue=rest, sent=recent)
        return parcel

    def took(self, name: str, parcel: Parcel, now: datetime) -> None:
        """The channel has it. A parcel that is no longer under way was noted before."""
        channel = self.channels.get(name)
        if channel is None or channel.parcel != parcel:
            return
        self.channels[name] = replace(
            channel,
            parcel=None,
            attempts=0,
            next_at=None,
            problem=None,
            sent=(*channel.sent, now),
            last_sent=now,
        )
        self._drop_sent()

    def refused(self, name: str, parcel: Parcel, problem: str, now: datetime) -> None:
        """The channel did not take it; it is tried again after a pause that grows."""
        channel = self.channels.get(name)
        if channel is None or channel.parcel != parcel:
            return
        pause = _PAUSES[min(channel.attempts, len(_PAUSES) - 1)]
        self.channels[name] = replace(
            channel, attempts=channel.attempts + 1, next_at=now + pause, problem=problem
        )

    def letter(self, parcel: Parcel) -> Notice:
        """A parcel as one text. Several notices become a digest."""
        notices = [self.notices[notice] for notice in parcel.notices]
        if len(notices) == 1:
            return notices[0]
        return Notice(
            id=parcel.id,
            event=Event.DIGEST,
            at=notices[-1].at,
            severity=max(notice.severity for notice in notices),
            title=f"{len(notices)} messages at once",
            text="\n\n".join(
                f"{notice.at:%Y-%m-%d %H:%M} UTC {notice.title}\n{notice.text}" for notice in notices
            ),
        )

    @property
    def troubled(self) -> list[Channel]:
        """Channels that did not take what they were given."""
        return [channel for channel in self.channels.values() if channel.problem]

    def _drop_sent(self) -> None:
        waiting = {notice for channel in self.channels.values() for notice in channel.waiting}
        self.notices = {name: notice for name, notice in self.notices.items() if name in waiting}


def severity_word(notice: Notice) -> str:
    """How a channel colours it: ``success`` for what is over, else ``info``, ``warning`` or ``error``."""
    if notice.event is Event.RESOLVED:
        return "success"
    if notice.event is Event.DIGEST and notice.severity is Severity.WARNING:
        return "info"
    return notice.severity.word


def _parcel_id(notices: tuple[str, ...]) -> str:
    if len(notices) == 1:
        return notices[0]
    return "digest-" + hashlib.sha256("\n".join(notices).encode()).hexdigest()[:8]
