"""The compliance report: for deliveries of some feeds and days, all that the ledger says became of them.

Counted over the ledger's own commits, each checked to follow the one before, up to a checkpoint that the report
names: whoever holds that checkpoint can have the ledger prove every line. ``compliance_pages`` sets it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rawzone_assets.zone import custody, upkeep
from rawzone_assets.zone.checkpoints import Issued
from rawzone_assets.zone.ledger import EMPTY, Commit, Head
from rawzone_assets.zone.proving import take_checkpoint
from rawzone_assets.zone.receipt import Receipt, Record, Verdict, timestamp
from rawzone_assets.zone.record_tree import RecordTree
from rawzone_assets.zone.zone import Zone

Contract = tuple[str, int | None, str | None, str | None, int | None]
"""Feed, its version, schema file and its SHA-256, version of the rules."""
Source = tuple[str, str | None, str | None, str | None]
"""Feed, source system, extractor and its version."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a report covers: none of a kind means all. Days are written ``YYYY-MM-DD`` and included."""

    feeds: tuple[str, ...] = ()
    since: str | None = None  # capture days
    until: str | None = None
    recorded_since: str | None = None  # days of the ledger's clock, UTC
    recorded_until: str | None = None

    def was_recorded(self, at: str) -> bool:
        return _within(at[:10], self.recorded_since, self.recorded_until)

    def meets(self, hold: Record) -> bool:
        """Whether a hold's record is about anything that is covered: a hold has a scope of its own."""
        feed, platform = hold.get("feed"), hold.get("platform")
        is_meant = any(
            (feed is None or feed == one) and (platform is None or f"{one}/".startswith(f"{platform}/"))
            for one in self.feeds
        )
        first, last = hold.get("since") or "", hold.get("until") or "9999"
        return (is_meant or not self.feeds) and first <= (self.until or "9999") and last >= (self.since or "")

    def covers(self, feed: str | None, day: str | None) -> bool:
        """Whether a record is meant. What has no feed or no capture day is in no choice of them."""
        if self.feeds and feed not in self.feeds:
            return False
        if day is None:
            return not self.since and not self.until
        return _within(day, self.since, self.until)


@dataclass(kw_only=True)
class Arrivals:
    """What arrived of one feed. ``feed`` is empty for files of no feed."""

    feed: str
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    size: int = 0  # bytes as landed, of every delivery
    stored_size: int = 0  # bytes of the objects that were stored
    records: int = 0  # of promoted deliveries
    open_refusals: int = 0  # refused and not accepted since
    stored_files: int = 0  # objects and quarantined copies, but what was erased by law
    re_read: int = 0  # of those, by a scrub since they were stored
    oldest_reading: str | None = None  # when the one unread for longest was read, or stored
    first_day: str | None = None
    last_day: str | None = None

    @property
    def deliveries(self) -> int:
        return self.verdicts.total()


@dataclass(kw_only=True)
class Use:
    """How often a contract, code version or source stands behind a delivery, and from when to when."""

    deliveries: int = 0
    commits: int = 0
    first_at: str = ""
    last_at: str = ""

    def note(self, at: str) -> None:
        self.deliveries += 1
        self.first_at = self.first_at or at
        self.last_at = at


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One refused delivery, and whether it is still out."""

    seq: int
    at: str
    receipt: Receipt
    is_open: bool

    @property
    def reasons(self) -> list[Mapping[str, Any]]:
        """The findings that blocked it."""
        return [finding for finding in self.receipt.findings if finding.get("blocking")]


@dataclass(frozen=True, kw_only=True)
class Event:
    """A record that is no receipt: damage, repair, replay, and whatever else befell what is covered."""

    seq: int
    at: str
    record: Record

    @property
    def kind(self) -> str:
        return str(self.record.get("record"))


@dataclass(kw_only=True)
class Compliance:
    """The report."""

    scope: Scope
    head: Head
    checkpoint: Issued
    arrivals: dict[str, Arrivals] = field(default_factory=dict)
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # feed, check, code
    refusals: list[Refusal] = field(default_factory=list)
    contracts: dict[Contract, Use] = field(default_factory=dict)
    code_versions: dict[str, Use] = field(default_factory=dict)
    sources: dict[Source, Use] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    scrubs: list[Event] = field(default_factory=list)  # of the whole zone: a scrub reads commits, not feeds

    @property
    def verdicts(self) -> Counter[Verdict]:
        return sum((feed.verdicts for feed in self.arrivals.values()), Counter())

    @property
    def at(self) -> str | None:
        """The ledger's time."""
        return timestamp(self.head.at) if self.head.at else None

    @property
    def event_counts(self) -> Counter[str]:
        return Counter(event.kind for event in self.events)


def read_compliance(zone: Zone, scope: Scope) -> Compliance:
    """Count what the ledger says, and take a checkpoint of it.

    Raises:
        LedgerDamaged: A commit is damaged or does not follow the one before it.
        CheckpointContradicted: The ledger is not the one an earlier checkpoint was taken of.
    """
    with RecordTree.of(zone) as tree:
        issued = take_checkpoint(zone, tree)
    zone.index.catch_up()
    last = issued.checkpoint.ledger[0] if issued.checkpoint.ledger else -1
    report = Compliance(scope=scope, head=EMPTY, checkpoint=issued)
    refused = zone.index.entries(verdicts=[Verdict.QUARANTINED], open_refusals=True)
    still_open = {(entry.seq, entry.receipt.landing_path) for entry in refused}
    gone = {erasure.sha256 for erasure in zone.index.custody.erasures()}  # by law: no scrub reads it again
    for commit in zone.ledger.after(EMPTY):
        if commit.seq > last:
            break  # made since the checkpoint
        report.head = commit.head
        at = timestamp(commit.at)
        if not scope.was_recorded(at):
            continue
        _count_commit(report, commit, at, still_open)
        _count_readings(zone, report, commit, at, gone)
    return report


def _count_commit(report: Compliance, commit: Commit, at: str, still_open: set[tuple[int, str]]) -> None:
    code = str(commit.header.get("code_version"))
    has_any = False
    for record in commit.records:
        kind = record.get("record")
        if kind == upkeep.SCRUBBED:
            report.scrubs.append(Event(seq=commit.seq, at=at, record=record))
        elif kind in (custody.HOLD_ADDED, custody.HOLD_RELEASED):
            if report.scope.meets(record):
                report.events.append(Event(seq=commit.seq, at=at, record=record))
        elif not report.scope.covers(record.get("feed"), record.get("partition")):
            continue
        elif kind == "receipt":
            has_any = True
            receipt = Receipt.from_record(record)
            is_open = (commit.seq, receipt.landing_path) in still_open
            _count_receipt(report, receipt, Refusal(seq=commit.seq, at=at, receipt=receipt, is_open=is_open))
            report.code_versions.setdefault(code, Use()).note(at)
        else:
            report.events.append(Event(seq=commit.seq, at=at, record=record))
    if has_any:
        report.code_versions[code].commits += 1


def _count_receipt(report: Compliance, receipt: Receipt, told: Refusal) -> None:
    feed = receipt.feed or ""
    counted = report.arrivals.setdefault(feed, Arrivals(feed=feed))
    counted.verdicts[receipt.verdict] += 1
    counted.size += receipt.size or 0
    if receipt.partition:
        counted.first_day = min(counted.first_day or receipt.partition, receipt.partition)
        counted.last_day = max(counted.last_day or receipt.partition, receipt.partition)
    if receipt.verdict is Verdict.PROMOTED:
        counted.stored_size += receipt.stored_size or 0
        counted.records += receipt.records or 0
    if receipt.verdict is Verdict.QUARANTINED:
        counted.open_refusals += told.is_open
        report.refusals.append(told)
        report.reasons.update({(feed, str(f.get("check")), str(f.get("code"))) for f in told.reasons})
    if receipt.contract:
        names = ("feed_version", "schema", "schema_sha256", "rules_version")
        version, schema, digest, rules = (receipt.contract.get(name) for name in names)
        report.contracts.setdefault((feed, version, schema, digest, rules), Use()).note(told.at)
    if feed:
        extractor = receipt.extractor or {}
        source = (feed, receipt.source_system, extractor.get("name"), extractor.get("version"))
        report.sources.setdefault(source, Use()).note(told.at)


def _count_readings(zone: Zone, report: Compliance, commit: Commit, at: str, gone: Collection[str]) -> None:
    """When the stored files of a commit were last known to be whole: when stored, or by a scrub since."""
    stored = _stored(report.scope, commit.records, gone)
    scrubbed = zone.index.upkeep.last_scrubbed(commit.seq) if stored else None
    for receipt in stored:
        counted = report.arrivals[receipt["feed"] or ""]
        counted.stored_files += 1
        counted.re_read += scrubbed is not None
        read = scrubbed or at
        counted.oldest_reading = min(counted.oldest_reading or read, read)


def _stored(scope: Scope, records: Iterable[Record], gone: Collection[str]) -> list[Record]:
    return [
        record
        for record in records
        if record.get("record") == "receipt"
        and (record["verdict"] == Verdict.PROMOTED or record.get("quarantine"))
        and record["sha256"] not in gone
        and scope.covers(record.get("feed"), record.get("partition"))
    ]


def _within(day: str, since: str | None, until: str | None) -> bool:
    return (not since or day >= since) and (not until or day <= until)
