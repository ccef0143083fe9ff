"""Consistency: do the feeds keep in step with each other? Told for each capture day.

A feed is missing on a day when its cadence made a delivery due and nothing of it was accepted. It is out of
step when what it delivered ends further back than the cadence allows: the usual lag is each feed's own, and
what lies between it and ``stale_after_days`` is its tolerance. It is behind when the data of another platform
have moved on, each by its usual lag, and its own have not by more than cadence and tolerance explain: that
compares platforms with each other, whatever the calendar says. A capture of several files is incomplete when
some were accepted and others did not come or were refused, and a day is short whose sessions brought none but
their short answer.

Days are capture days, as freshness counts them, so promoting old files late changes the days they are of. A
feed is expected from its first accepted delivery on: not every label uses every platform. Pure but for one
reading of the index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from rawzone_assets.contract.deadlines import is_missed, longest_wait
from rawzone_assets.contract.feed import Feed, Platform
from rawzone_assets.zone.capture_days import short_days, short_findings
from rawzone_assets.zone.capture_sets import incomplete_sets, set_findings
from rawzone_assets.zone.receipt import ACCEPTED, Receipt, Verdict
from rawzone_assets.zone.zone import Zone

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
class Behind:
    """A feed whose data end further back than those of another platform explain."""

    feed: str
    data_max: date
    other: str  # the feed of another platform whose data have moved on furthest
    other_data_max: date
    days: int  # between the two, each moved by its usual lag
    allowed: int


@dataclass(frozen=True, kw_only=True)
class Incomplete:
    """A capture of several files of which something was accepted, but not every member."""

    feed: str
    folder: str  # below landing
    missing: tuple[str, ...]  # never came
    refused: tuple[str, ...]  # came, and was refused


@dataclass(frozen=True, kw_only=True)
class Short:
    """A feed of whose sessions a day brought none but the short answer."""

    feed: str
    covered: int  # days, by the longest answer accepted
    least: int  # that a long one covers


@dataclass(frozen=True, kw_only=True)
class Day:
    """How the feeds stood on one capture day; each list is in the order of the feeds' ids."""

    day: date
    delivered: tuple[str, ...]
    missing: tuple[Missing, ...]
    out_of_step: tuple[OutOfStep, ...]
    behind: tuple[Behind, ...] = ()
    incomplete: tuple[Incomplete, ...] = ()
    short: tuple[Short, ...] = ()
    reached: Mapping[str, date] = field(default_factory=dict)  # the newest data day of each feed by then

    @property
    def is_consistent(self) -> bool:
        return not (self.missing or self.out_of_step or self.behind or self.incomplete or self.short)

    @property
    def common_until(self) -> date | None:
        """The newest day that the data of every feed reach: up to there platforms can be compared."""
        return min(self.reached.values(), default=None)


def consistency_of(
    zone: Zone, feeds: Iterable[Feed], *, since: date, until: date, platforms: Iterable[Platform] = ()
) -> tuple[Day, ...]:
    """The consistency of these capture days, both included, as the index knows them; catch up first.

    Feeds are compared with each other as far as ``platforms`` say whose they are.
    """
    ordered = sorted(feeds, key=lambda feed: feed.id)
    arrivals = [arrival for feed in ordered for arrival in _arrivals(zone, feed, since, until)]
    before = {feed.id: last for feed in ordered if (last := _last_before(zone, feed, since))}
    owners = {feed.id: platform.id for platform in platforms for feed in platform.feeds}
    days = assess(ordered, arrivals, before=before, since=since, until=until, owners=owners)
    incomplete, short = _not_whole(zone, ordered, since, until)
    return tuple(
        replace(day, incomplete=tuple(incomplete.get(day.day, ())), short=tuple(short.get(day.day, ())))
        for day in days
    )


def assess(
    feeds: Sequence[Feed],
    arrivals: Iterable[Arrival],
    *,
    before: Mapping[str, Arrival],
    since: date,
    until: date,
    owners: Mapping[str, str] | None = None,
) -> tuple[Day, ...]:
    """What ``arrivals`` of these days amount to.

    ``before`` has each feed's last accepted day before them, with the newest data day until then, ``owners``
    the platform of each feed that is to be compared with those of others.
    """
    came = {(arrival.feed, arrival.day): arrival for arrival in arrivals}
    last = {feed: arrival.day for feed, arrival in before.items()}
    reached = {feed: arrival.data_max for feed, arrival in before.items() if arrival.data_max}
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
                if arrival.data_max:
                    # Ahead of its capture is a time zone, and must not set the pace for the others.
                    newest = min(arrival.data_max, day)
                    reached[feed.id] = max(reached.get(feed.id, newest), newest)
            elif feed.id in last and is_missed(feed.cadence, last=last[feed.id], day=day):
                missing.append(Missing(feed=feed.id, last=last[feed.id], refused=arrival.refused))
        days.append(
            Day(
                day=day,
                delivered=tuple(delivered),
                missing=tuple(missing),
                out_of_step=tuple(late),
                behind=tuple(_behind(feeds, reached, day, owners or {})),
                reached=dict(reached),
            )
        )
    return tuple(days)


def _behind(
    feeds: Sequence[Feed], reached: Mapping[str, date], today: date, owners: Mapping[str, str]
) -> Iterator[Behind]:
    """The feeds that the data of another platform have left behind, each compared with the foremost of those.

    Data newer than a feed's usual lag promises make it no faster than the day itself.
    """
    compared = [feed for feed in feeds if feed.id in reached and feed.id in owners]
    pace = {feed.id: min(reached[feed.id] + feed.cadence.lag_days * _DAY, today) for feed in compared}
    for feed in compared:
        others = [other for other in pace if owners[other] != owners[feed.id]]
        if not others:
            continue
        foremost = max(others, key=lambda other: (pace[other], other))
        days = (pace[foremost] - pace[feed.id]).days
        cadence = feed.cadence
        allowed = longest_wait(cadence).days + cadence.stale_after_days - cadence.lag_days
        if days > allowed:
            yield Behind(
                feed=feed.id,
                data_max=reached[feed.id],
                other=foremost,
                other_data_max=reached[foremost],
                days=days,
                allowed=allowed,
            )


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
        is_accepted = receipt.verdict in ACCEPTED
        newest = date.fromisoformat(receipt.data_max) if is_accepted and receipt.data_max else None
        found[day] = Arrival(
            feed=feed.id,
            day=day,
            accepted=known.accepted + is_accepted,
            refused=known.refused + (receipt.verdict is Verdict.QUARANTINED),
            data_max=max((d for d in (known.data_max, newest) if d), default=None),
        )
    yield from found.values()


def _not_whole(
    zone: Zone, feeds: Sequence[Feed], since: date, until: date
) -> tuple[dict[date, list[Incomplete]], dict[date, list[Short]]]:
    """What of these days is not what a capture brings, of feeds whose modes let it be told."""
    incomplete: dict[date, list[Incomplete]] = {}
    short: dict[date, list[Short]] = {}
    for feed in map(zone.settings.policy.applied_to, feeds):
        receipts: dict[date, list[Receipt]] = {}
        if feed.capture_set or feed.least_days:
            for entry in zone.index.entries(feeds=[feed.id], since=since.isoformat(), until=until.isoformat()):
                day = date.fromisoformat(entry.receipt.partition or "")
                receipts.setdefault(day, []).append(entry.receipt)
        for day, came in receipts.items():
            incomplete.setdefault(day, []).extend(
                Incomplete(feed=feed.id, folder=item.folder, missing=item.missing, refused=item.refused)
                for item in incomplete_sets(feed, came)
                if set_findings(feed, item)
            )
            short.setdefault(day, []).extend(
                Short(feed=feed.id, covered=item.witness.records or 0, least=item.least)
                for item in short_days(feed, came)
                if short_findings(feed, item)
            )
    return incomplete, short


def _last_before(zone: Zone, feed: Feed, since: date) -> Arrival | None:
    """The last capture day before ``since`` with anything accepted, and the newest data day until then."""
    for partition in reversed(zone.index.partitions(feed.id)):
        if partition < since.isoformat():
            day = date.fromisoformat(partition)
            arrival = next(_arrivals(zone, feed, day, day), None)
            if arrival and arrival.accepted:
                newest = zone.index.newest_data(feed.id, before=since.isoformat())
                return replace(arrival, data_max=date.fromisoformat(newest) if newest else None)
    return None
