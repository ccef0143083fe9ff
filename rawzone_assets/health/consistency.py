"""Consistency: do the feeds keep in step with each other? Told for each capture day.

A feed is missing on a day when its cadence made a delivery due and nothing of it was accepted. It is out of
step when what it delivered ends further back than the cadence allows: the usual lag is each feed's own, and
what lies between it and ``stale_after_days`` is its tolerance. Days are capture days, as freshness counts
them, so promoting old files late changes the days they are of. Pure but for one reading of the index. A feed
is expected from its first accepted delivery on: not every label uses every platform.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rawzone_assets.contract.feed import Feed
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.zone import Zone

_ACCEPTED = (Verdict.PROMOTED, Verdict.DUPLICATE)
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What one feed brought on one capture day."""

    feed: str
    day: date
    accepted: int = 0
    refused: int = 0
    data_max: date | None = None  # the newest day that the accepted deliveries speak of


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A feed that was due on a day and brought nothing that was accepted."""

    feed: str
    last: date  # capture day of the delivery before
    refused: int  # deliveries of the day that were refused


@dataclass(frozen=True, kw_only=True)
class OutOfStep:
    """A feed whose newest delivery of a day ends further back than its tolerance allows."""

    feed: str
    data_max: date
    lag: int  # days from there to the capture
    usual: int
    allowed: int


@dataclass(frozen=True, kw_only=True)
class Day:
    """How the feeds stood on one capture day; each list is in the order of the feeds' ids."""

    day: date
    delivered: tuple[str, ...]
    missing: tuple[Missing, ...]
    out_of_step: tuple[OutOfStep, ...]

    @property
    def is_consistent(self) -> bool:
        return not self.missing and not self.out_of_step


def consistency_of(zone: Zone, feeds: Iterable[Feed], *, since: date, until: date) -> tuple[Day, ...]:
    """The consistency of these capture days, both included, as the index knows them; catch up first."""
    ordered = sorted(feeds, key=lambda feed: feed.id)
    arrivals = [arrival for feed in ordered for arrival in _arrivals(zone, feed, since, until)]
    before = {feed.id: last for feed in ordered if (last := _last_before(zone, feed, since))}
    return assess(ordered, arrivals, before=before, since=since, until=until)


def assess(
    feeds: Sequence[Feed],
    arrivals: Iterable[Arrival],
    *,
    before: Mapping[str, date],
    since: date,
    until: date,
) -> tuple[Day, ...]:
    """What ``arrivals`` of these days amount to; ``before`` is each feed's last accepted day before them."""
    came = {(arrival.feed, arrival.day): arrival for arrival in arrivals}
    last = dict(before)
    days: list[Day] = []
    for number in range((until - since).days + 1):
        day = since + number * _DAY
        delivered: list[str] = []
        missing: list[Missing] = []
        late: list[OutOfStep] = []
        for feed in feeds:
            arrival = came.get((feed.id, day), Arrival(feed=feed.id, day=day))
            if arrival.accepted:
                delivered.append(feed.id)
                late.extend(_out_of_step(feed, arrival))
                last[feed.id] = day
            elif feed.id in last and day - last[feed.id] >= max(feed.cadence.every, _DAY):
                missing.append(Missing(feed=feed.id, last=last[feed.id], refused=arrival.refused))
        days.append(Day(day=day, delivered=tuple(delivered), missing=tuple(missing), out_of_step=tuple(late)))
    return tuple(days)


def _out_of_step(feed: Feed, arrival: Arrival) -> Iterator[OutOfStep]:
    cadence = feed.cadence
    lag = (arrival.day - arrival.data_max).days if arrival.data_max else 0
    if arrival.data_max and lag > cadence.stale_after_days:
        yield OutOfStep(
            feed=feed.id,
            data_max=arrival.data_max,
            lag=lag,
            usual=cadence.lag_days,
            allowed=cadence.stale_after_days,
        )


def _arrivals(zone: Zone, feed: Feed, since: date, until: date) -> Iterator[Arrival]:
    found: dict[date, Arrival] = {}
    for entry in zone.index.entries(feeds=[feed.id], since=since.isoformat(), until=until.isoformat()):
        receipt = entry.receipt
        day = date.fromisoformat(receipt.partition or "")
        known = found.get(day, Arrival(feed=feed.id, day=day))
        is_accepted = receipt.verdict in _ACCEPTED
        newest = date.fromisoformat(receipt.data_max) if is_accepted and receipt.data_max else None
        found[day] = Arrival(
            feed=feed.id,
            day=day,
            accepted=known.accepted + is_accepted,
            refused=known.refused + (receipt.verdict is Verdict.QUARANTINED),
            data_max=max((d for d in (known.data_max, newest) if d), default=None),
        )
    yield from found.values()


def _last_before(zone: Zone, feed: Feed, since: date) -> date | None:
    """The feed's last capture day before ``since`` on which something was accepted."""
    for partition in reversed(zone.index.partitions(feed.id)):
        if partition < since.isoformat():
            accepted = zone.index.entries(feeds=[feed.id], partitions=[partition], verdicts=_ACCEPTED)
            if next(accepted, None):
                return date.fromisoformat(partition)
    return None
