"""The alerts sensor: reads every source, tells what is new, and says in its tick what came of it.

What was read and what is to be told becomes durable in one step, before anything is sent (docs/adr/0030). So
a restart repeats nothing, a crash between sending and noting repeats a message under its old id, and Dagster's
own cursor is not used: a tick that fails would lose it.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg

from rawzone_assets.contract.feed import Platform
from rawzone_assets.contract.plain_text import printable
from rawzone_assets.contract.wording import counted
from rawzone_assets.health import channels
from rawzone_assets.health.alert_book import Book, changing_book, read_book, sending
from rawzone_assets.health.alert_conditions import landing_is_away, look_ahead, look_at_disks, look_at_landing
from rawzone_assets.health.alert_ledger import read_damage
from rawzone_assets.health.alert_settings import AlertSettings
from rawzone_assets.health.disks import disks_of
from rawzone_assets.health.notices import Notice
from rawzone_assets.health.outbox import Channel
from rawzone_assets.health.signs import Sign
from rawzone_assets.orchestration import event_log
from rawzone_assets.orchestration.alert_signs import Reader
from rawzone_assets.orchestration.event_log import Position
from rawzone_assets.orchestration.overrides import ZoneResource
from rawzone_assets.zone.errors import StorageFailed, ZoneError
from rawzone_assets.zone.landing_errors import LandingMissing
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.receipt import moment, timestamp

_SECONDS = 30
# A tick must end within 60: the last message begun and the heartbeat take what channels allow.
_SENDING_SECONDS = 15.0
_SHORT = 0.3  # seconds
_EVENTS, _LEDGER, _LOOK = "events", "ledger", "look"


@dataclass(kw_only=True)
class Tick:
    """What one tick read and told."""

    events: int = 0
    told: list[Notice] = field(default_factory=list)
    more: bool = False  # the log goes on
    sent: int = 0
    problems: list[str] = field(default_factory=list)
    blind: list[str] = field(default_factory=list)  # sources that could not be read

    def sentence(self, book: Book) -> str:
        parts = [
            f"{counted(self.events, 'event')} read{', more follow' if self.more else ''}",
            counted(len(self.told), "new message"),
            f"{self.sent} sent",
            f"{counted(len(book.incidents.open), 'incident')} open",
            *self.problems,
            *self.blind,
        ]
        return printable("; ".join(parts))


def alerts_sensor(platforms: Sequence[Platform]) -> dg.SensorDefinition:
    """Tells of everything that is wrong, once, and once more when it is over."""

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Reads checks, freshness, runs, ticks, disks, landing and the ledger, groups what is wrong into "
            "incidents, and sends a message when one opens and when it is over: to RAWZONE_ALERT_URLS, else to "
            "the log. `rawzone alerts ls` shows them; docs/operations.md says what to do about each."
        ),
    )
    def alert(context: dg.SensorEvaluationContext, zone: dg.ResourceParam[ZoneResource]) -> dg.SkipReason:
        tick, book = watch(context.instance, zone, platforms)
        for problem in (*tick.problems, *tick.blind):
            context.log.warning(problem)
        for notice in tick.told:
            context.log.info("%s [%s]", notice.title, notice.id)
        return dg.SkipReason(tick.sentence(book))

    return alert


def watch(
    instance: dg.DagsterInstance, resource: ZoneResource, platforms: Sequence[Platform]
) -> tuple[Tick, Book]:
    """One tick.

    Raises:
        ZoneError: It cannot be known where the zone is or whom to tell, or the book cannot be used.
    """
    wanted = resource.overrides.alerts or AlertSettings.from_environment(os.environ)
    state, now = resource.layout().state, resource.overrides.clock()
    tick = Tick()
    with changing_book(state) as book:
        book.outbox.connect(wanted.channels)
        look = _Look(instance, resource, platforms, backlog=wanted.backlog, book=book, tick=tick, now=now)
        tick.told = [*look.around(), *book.incidents.wake(now), *book.digest(wanted.digest, now)]
        book.incidents.forget(now)
        book.outbox.add(tick.told)
        book.looked_at = now
    with sending(state) as mine:
        if mine:
            _send_all(resource, wanted, tick)
    book = read_book(state) or book
    tick.problems += [_trouble(channel) for channel in book.outbox.troubled]
    if wanted.heartbeat and not tick.problems and not tick.blind:
        problem = channels.ping(wanted.heartbeat)
        tick.problems += [f"the heartbeat was not taken ({problem})"] if problem else []
    return tick, book


class _Look:
    """Reads every source once into the book."""

    def __init__(
        self,
        instance: dg.DagsterInstance,
        resource: ZoneResource,
        platforms: Sequence[Platform],
        *,
        backlog: timedelta,
        book: Book,
        tick: Tick,
        now: datetime,
    ) -> None:
        self._instance, self._resource, self._platforms = instance, resource, platforms
        self._backlog, self._book, self._tick, self._now = backlog, book, tick, now
        self._feeds = [feed.id for platform in platforms for feed in platform.feeds]
        self._reader = Reader(instance, self._feeds)

    def around(self) -> list[Notice]:
        """Look at everything; what is to be told of it."""
        incidents, now = self._book.incidents, self._now
        told = incidents.take(self._news(), now)
        if not self._tick.more:  # else what Dagster shows is ahead of what was read
            told += incidents.take(self._reader.shown(now), now)
            told += incidents.take(self._reader.no_longer_declared(incidents.open, now), now)
        told += incidents.take_back("ticks", self._reader.failing_instigators(now), now=now)
        with contextlib.suppress(ZoneError):  # settings that cannot be used are told with the zone
            settings = self._resource.settings()
            disks = look_at_disks(settings, LocalFiles(), now=now, dagster=_folder_of(self._instance))
            told += incidents.take_back("disks", disks.signs, now=now, unsure=disks.unsure)
        return told + self._zone()

    def _news(self) -> list[Sign]:
        """The signs of all events since the last tick; none at the very first, and none of another database."""
        positions = self._book.positions
        noted = positions.get(_EVENTS)
        position = Position.from_json(noted) if noted else None
        if position is None or not event_log.is_of(position, self._instance):
            positions[_EVENTS] = event_log.newest_position(self._instance).as_json()
            return []
        news, position, self._tick.more = event_log.read_news(self._instance, position)
        positions[_EVENTS] = position.as_json()
        self._tick.events = len(news)
        failed_runs = any(incident.kind == "run-failed" for incident in self._book.incidents.open)
        return list(self._reader.signs(news, failed_runs=failed_runs))

    def _zone(self) -> list[Notice]:
        """What the ledger tells of damage, what landing shows, and when the disks will be full."""
        incidents, now, positions = self._book.incidents, self._now, self._book.positions
        told: list[Notice] = []
        try:
            with self._resource.open() as zone:
                zone.index.catch_up()
                damage, positions[_LEDGER] = read_damage(zone, positions.get(_LEDGER), incidents)
                told += incidents.take(damage, now)
                if self._rests():
                    return told
                began = time.monotonic()
                found = self._resource.look(zone, self._platforms)
                ahead = look_ahead(disks_of(zone, landed_bytes=None), now=now)
                positions[_LOOK] = {"at": timestamp(now), "took": time.monotonic() - began}
                told += incidents.take_back("forecast", ahead.signs, now=now)
                sight = look_at_landing(zone, found, backlog=self._backlog, feeds=self._feeds)
        except LandingMissing as problem:
            sight = landing_is_away(problem, self._feeds, now=now)
        except ZoneError as problem:
            self._tick.blind.append(f"the zone cannot be looked at: {problem}")
            sight = landing_is_away(problem, self._feeds, now=now)
        except OSError as problem:
            return self._blind(told, problem)
        return told + incidents.take_back("landing", sight.signs, now=now, unsure=sight.unsure)

    def _rests(self) -> bool:
        """Whether the last look was long enough for the next one to wait: a hundredth of the time is for it."""
        last = self._book.positions.get(_LOOK)
        if not last or last["took"] < _SHORT:
            return False
        return timedelta(0) <= self._now - moment(last["at"]) < timedelta(seconds=100 * last["took"])

    def _blind(self, told: list[Notice], problem: OSError) -> list[Notice]:
        self._tick.blind.append(str(StorageFailed("look at the zone", problem)))
        return told


def _folder_of(instance: dg.DagsterInstance) -> Path | None:
    """Dagster's own folder, if it lies on this machine: a code server's may be another one."""
    folder = Path(instance.root_directory)
    return folder if folder.is_dir() else None


def _send_all(resource: ZoneResource, wanted: AlertSettings, tick: Tick) -> None:
    """Send what waits, a parcel at a time, each durable before and noted after."""
    state, clock = resource.layout().state, resource.overrides.clock
    end = time.monotonic() + _SENDING_SECONDS
    urls = wanted.channels
    for name in (read_book(state) or Book()).outbox.order:
        if name not in urls:
            continue  # of another process with other settings
        while time.monotonic() < end:
            with changing_book(state) as book:
                parcel = book.outbox.pack(name, clock(), most_an_hour=wanted.most_an_hour)
                letter = book.outbox.letter(parcel) if parcel else None
            if parcel is None or letter is None:
                break
            problem = channels.send(name, urls[name], letter)
            with changing_book(state) as book:
                if problem is None:
                    book.outbox.took(name, parcel, clock())
                else:
                    book.outbox.refused(name, parcel, problem, clock())
            tick.sent += problem is None


def _trouble(channel: Channel) -> str:
    waiting = len(channel.waiting)
    messages = "a message" if waiting == 1 else f"{waiting} messages"
    again = f", next attempt {channel.next_at:%H:%M:%S} UTC" if channel.next_at else ""
    return f"{channel.name} did not take {messages} ({channel.problem}){again}"
