"""The catalog: which bytes are readable under which name and partition, now or as of a commit.

Answers come from the ledger through its index. Opening bytes is ``reading``'s; how a list looks is a command's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time

import orjson

from rawzone_assets.zone.errors import LedgerDamaged, ZoneError
from rawzone_assets.zone.index_queries import Entry, Version
from rawzone_assets.zone.receipt import Receipt, Verdict, moment
from rawzone_assets.zone.zone import Zone

_READABLE = (str(Verdict.PROMOTED), str(Verdict.DUPLICATE))
_HELD = 4096
"""Receipts that one look into the index brings: some megabytes."""


class BadMoment(ZoneError):
    def __init__(self, wanted: str, problem: str) -> None:
        super().__init__(
            f"As of {wanted!r} cannot be answered, {problem}: write a commit's number such as 42, 2024-05-22 "
            "(to its end, UTC) or 2024-05-22T14:30:00Z."
        )


class Listed:
    """Bytes readable under a name. For a duplicate, ``stored`` is the receipt of the object that holds them.

    Receipts may be given as the JSON that they are kept as: it is read when it is first asked for, so that a
    list costs little more than its rows.
    """

    __slots__ = ("_receipt", "_stored", "seq")

    def __init__(self, seq: int, receipt: Receipt | str, stored: Receipt | None = None) -> None:
        """Without ``stored`` the receipt is that of the object itself."""
        self.seq = seq
        self._receipt = receipt
        self._stored = stored

    @property
    def receipt(self) -> Receipt:
        if isinstance(self._receipt, str):
            self._receipt = Receipt.from_record(orjson.loads(self._receipt))
        return self._receipt

    @property
    def stored(self) -> Receipt:
        return self._stored or self.receipt

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Listed):
            return NotImplemented
        return (self.seq, self.receipt, self.stored) == (other.seq, other.receipt, other.stored)

    def __hash__(self) -> int:
        return hash((self.seq, self.receipt.landing_path))

    def __repr__(self) -> str:
        return f"Listed(seq={self.seq}, receipt={self.receipt!r}, stored={self.stored!r})"


class CommitTimes:
    """When each commit was made. Reads only the header line of a ledger file, each once."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._known: dict[int, datetime] = {}

    def __getitem__(self, seq: int) -> datetime:
        if seq not in self._known:
            path = self._zone.ledger.path(seq)
            try:
                with self._zone.files.open(path) as stream:
                    line = stream.readline()
            except FileNotFoundError:
                raise LedgerDamaged(path, "it is missing") from None
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
    Only some thousand receipts are held at a time. Close it before the zone.
    """
    limit = zone.index.head.seq if as_of is None else as_of
    erased = {e.record["key"] for e in zone.index.custody.erasures() if e.record["key"] and e.seq <= limit}
    for feed in zone.index.feeds() if feeds is None else feeds:
        days = zone.index.receipts_by_day(
            feed, since=since, until=until, data_since=data_since, data_until=data_until
        )
        for first, last in _spans(days):
            for version in _versions(zone, feed, first, last, limit, all_revisions=all_revisions):
                if erased and version.receipt.key in erased:
                    continue
                if not (data_since or data_until) or _speaks_of(version.receipt, data_since, data_until):
                    yield version


def _spans(days: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """First and last of days in a row that together have few enough receipts to be held at once."""
    first, last, held = "", "", 0
    for day, receipts in days.items():
        if held and held + receipts > _HELD:
            yield first, last
            held = 0
        first, last = (first if held else day), day
        held += receipts
    if held:
        yield first, last


def _speaks_of(receipt: Receipt, since: str | None, until: str | None) -> bool:
    if not since and not until:
        return True
    if receipt.data_min is None or receipt.data_max is None:
        return False
    return (not since or receipt.data_max >= since) and (not until or receipt.data_min <= until)


def _versions(
    zone: Zone, feed: str, first: str, last: str, as_of: int, *, all_revisions: bool
) -> Iterator[Listed]:
    """The share of :func:`readable` of some days. A name carries its capture day, so no other day knows it."""
    rows = zone.index.versions(feed, since=first, until=last, upto=as_of)
    same = rows[:1]
    for row in rows[1:]:
        if row[1] != same[0][1] or row[0] != same[0][0]:  # the name, the day
            yield from _distinct(zone, same, all_revisions=all_revisions)
            same = [row]
        else:
            same.append(row)
    if same:
        yield from _distinct(zone, same, all_revisions=all_revisions)


def _distinct(zone: Zone, rows: Sequence[Version], *, all_revisions: bool) -> Sequence[Listed]:
    """Of one name's receipts in ledger order the newest readable bytes, or all, in the order they came."""
    if len(rows) == 1:
        return (_listed(zone, rows[0]),) if rows[0][2] in _READABLE else ()
    known: dict[str | None, Version | None] = {}
    for row in rows:
        sha256 = orjson.loads(row[-1])["sha256"]
        if known.setdefault(sha256) is None and row[2] in _READABLE:
            known[sha256] = row
    found = [_listed(zone, row) for row in known.values() if row]
    return found if all_revisions else found[-1:]


def _listed(zone: Zone, row: Version) -> Listed:
    listed = Listed(row[3], row[4])
    if row[2] == Verdict.DUPLICATE:
        key = listed.receipt.key
        listed = Listed(row[3], listed.receipt, zone.index.promoted_as(key) if key else None)
    return listed


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
