"""The catalog: which bytes are readable under which name and partition, now or as of a commit.

Answers come from the ledger through its index. Opening bytes is ``reading``'s; how a list looks is a command's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import orjson

from rawzone_assets.zone.errors import LedgerDamaged, ZoneError
from rawzone_assets.zone.index_queries import Entry
from rawzone_assets.zone.receipt import Receipt, Verdict, moment
from rawzone_assets.zone.zone import Zone

_READABLE = (Verdict.PROMOTED, Verdict.DUPLICATE)


class BadMoment(ZoneError):
    def __init__(self, wanted: str, problem: str) -> None:
        super().__init__(
            f"As of {wanted!r} cannot be answered, {problem}: write a commit's number such as 42, 2024-05-22 "
            "(to its end, UTC) or 2024-05-22T14:30:00Z."
        )


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Bytes readable under a name. For a duplicate, ``stored`` is the receipt of the object that holds them."""

    seq: int
    receipt: Receipt
    stored: Receipt


class CommitTimes:
    """When each commit was made. Reads only the header line of a ledger file, each once."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._known: dict[int, datetime] = {}

    def __getitem__(self, seq: int) -> datetime:
        if seq not in self._known:
            path = self._zone.ledger.path(seq)
            with self._zone.files.open(path) as stream:
                line = stream.readline()
            try:
                self._known[seq] = moment(orjson.loads(line)["at"])
            except (ValueError, KeyError, TypeError):
                raise LedgerDamaged(path, "its header cannot be read") from None
        return self._known[seq]

    def __len__(self) -> int:
        return self._zone.index.head.seq + 1


def last_commit_at(zone: Zone, at: datetime) -> int:
    """The number of the newest commit made at ``at`` or before; -1 when there is none.

    Time in the ledger never runs backwards, so a few header lines answer.
    """
    times = CommitTimes(zone)
    return bisect_right(range(len(times)), at, key=times.__getitem__) - 1


def commit_as_of(zone: Zone, wanted: int | str | date) -> int:
    """The commit of that number, or the last one made by a time (UTC if it names no zone) or a day's end.

    Raises:
        BadMoment: It is neither, or a number that the ledger has not come to.
    """
    text = str(wanted)
    if isinstance(wanted, int) or (text.isdecimal() and len(text) < 8):
        if not -1 <= int(text) <= zone.index.head.seq:
            newest = zone.index.head.seq
            raise BadMoment(text, f"the ledger {'is empty' if newest < 0 else f'ends with {newest}'}")
        return int(text)
    return last_commit_at(zone, _moment(wanted))


def _moment(wanted: int | str | date) -> datetime:
    try:
        at = wanted if isinstance(wanted, datetime) else datetime.fromisoformat(str(wanted))
    except ValueError:
        raise BadMoment(str(wanted), "which is neither a commit's number nor a time") from None
    if not isinstance(wanted, datetime) and len(str(wanted)) <= len("2024-05-22"):
        at = datetime.combine(at.date(), time.max)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def readable(
    zone: Zone,
    *,
    feeds: Sequence[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    data_since: str | None = None,
    data_until: str | None = None,
    as_of: int | None = None,
    all_revisions: bool = False,
) -> Generator[Listed, None, None]:
    """What can be read in these partitions, by feed, partition and name; ``as_of`` is a commit's number.

    ``data_since`` and ``data_until`` leave what speaks of any day between them, both included. They choose
    among the newest versions: an older one does not step in for a newest that speaks of other days.
    A duplicate is listed under its own name and partition. Of each name the newest version is given, or all:
    the newest is the one whose bytes came last for the first time, so an old copy landed again is no news, and
    neither is a refused one that a replay promoted after its successor.
    What was erased by law is no more: as of a time before that it is listed, and reading it says so.
    Nothing counts that was committed after the index last caught up, or after ``as_of``. In which form bytes
    are stored is told as it is now, because now they are read.
    Only one day of one feed is held at a time. Close it before the zone.
    """
    limit = zone.index.head.seq if as_of is None else as_of
    erased = {e.record["key"] for e in zone.index.custody.erasures() if e.record["key"] and e.seq <= limit}
    for feed in zone.index.feeds() if feeds is None else feeds:
        days = zone.index.partitions(
            feed, since=since, until=until, data_since=data_since, data_until=data_until
        )
        for day in days:
            for listed in _readable_day(zone, feed, day, limit, all_revisions=all_revisions):
                if listed.receipt.key not in erased and _speaks_of(listed.receipt, data_since, data_until):
                    yield listed


def _speaks_of(receipt: Receipt, since: str | None, until: str | None) -> bool:
    if not since and not until:
        return True
    if receipt.data_min is None or receipt.data_max is None:
        return False
    return (not since or receipt.data_max >= since) and (not until or receipt.data_min <= until)


def _readable_day(
    zone: Zone, feed: str, day: str, as_of: int, *, all_revisions: bool
) -> Generator[Listed, None, None]:
    """One day's share of :func:`readable`. A name carries its capture day, so no other day knows it."""
    versions: dict[str, dict[str, Listed | None]] = {}
    for entry in zone.index.entries(feeds=[feed], partitions=[day]):
        if entry.seq > as_of:
            break  # entries come in ledger order
        receipt = entry.receipt
        known = versions.setdefault(receipt.name or "", {})
        if receipt.sha256 and known.setdefault(receipt.sha256) is None and receipt.verdict in _READABLE:
            known[receipt.sha256] = Listed(seq=entry.seq, receipt=receipt, stored=_stored(zone, receipt))
    for _, known in sorted(versions.items()):
        found = [listed for listed in known.values() if listed]
        yield from found[0 if all_revisions else -1 :]


def history(
    zone: Zone,
    *,
    feeds: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    verdicts: Sequence[str] = (),
    open_refusals: bool = False,
) -> Generator[tuple[Entry, datetime], None, None]:
    """Receipts with the time of their commit, newest last. Close it before the zone.

    ``open_refusals`` leaves only refused deliveries that were not accepted since.
    """
    times = CommitTimes(zone)
    for entry in zone.index.entries(
        feeds=feeds, since=since, until=until, verdicts=verdicts, open_refusals=open_refusals
    ):
        yield entry, times[entry.seq]


def _stored(zone: Zone, receipt: Receipt) -> Receipt:
    if receipt.verdict is Verdict.PROMOTED or receipt.key is None:
        return receipt
    return next(
        (
            entry.receipt
            for entry in zone.index.find(receipt.key)
            if entry.receipt.verdict is Verdict.PROMOTED and entry.receipt.key == receipt.key
        ),
        receipt,
    )
