"""Replay: refused deliveries judged again, and those that today's contract accepts promoted from their copies.

The quarantined copy is what is promoted, so landing need not have the file any more. It goes the way of every
delivery (staging, commit, links), keeps the path and capture time it came with, and stays in quarantine too.
A delivery that is still refused changes nothing: the receipt says what was found then, and ``dry_run`` what
would be found now. So a second replay finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date

from rawzone_assets.contract.feed import Feed
from rawzone_assets.zone import codec, decision, layout
from rawzone_assets.zone.contracts import contract_of
from rawzone_assets.zone.decision import Candidate
from rawzone_assets.zone.drafts import Draft
from rawzone_assets.zone.errors import KeyOccupied
from rawzone_assets.zone.index_queries import Entry
from rawzone_assets.zone.judge import Judge
from rawzone_assets.zone.promotion import MOST_BYTES, MOST_FILES
from rawzone_assets.zone.receipt import Receipt, Verdict, learned, timestamp
from rawzone_assets.zone.rejudging import Rejudged, Unsound, path_of, refuse_erased, rejudge
from rawzone_assets.zone.staging import Batch
from rawzone_assets.zone.zone import Zone


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What a refusal came to: ``receipt`` says what it became, or would become; ``None`` leaves it refused."""

    rejudged: Rejudged
    receipt: Receipt | None = None


@dataclass(frozen=True, kw_only=True)
class Unplayable:
    """A refusal whose copy cannot be judged, and why."""

    entry: Entry
    reason: str


@dataclass(kw_only=True)
class Outcome:
    """What a replay came to. A refusal that another process replayed meanwhile is in none of the lists."""

    accepted: list[Replayed] = field(default_factory=list)
    refused: list[Replayed] = field(default_factory=list)
    unplayable: list[Unplayable] = field(default_factory=list)
    occupied: list[KeyOccupied] = field(default_factory=list)


def replay(
    zone: Zone,
    feeds: Iterable[Feed],
    *,
    judge: Judge,
    run_id: str,
    since: str | None = None,
    until: str | None = None,
    parallel: int = 1,
    dry_run: bool = False,
) -> Outcome:
    """Judge the open refusals of these feeds again and promote what is accepted now, a commit a batch.

    ``parallel`` copies are read and judged at a time; ``judge`` must allow that.

    Raises:
        RootAway: Quarantine's disk is not there; nothing was done.
        ZoneError: The environment failed. What was committed stays, everything else stays refused.
    """
    outcome = Outcome()
    if not dry_run:
        zone.recover()  # what a crash cut off may be a replay
    zone.index.catch_up()
    zone.refuse_when_away()
    for feed in map(zone.settings.policy.applied_to, feeds):
        found = zone.index.entries(feeds=[feed.id], since=since, until=until, open_refusals=True)
        for batch in _batches(sorted(found, key=_order)):
            accepted = _judge(zone, feed, batch, judge=judge, parallel=parallel, outcome=outcome)
            if accepted and dry_run:
                _foresee(zone, feed, accepted, outcome)
            elif accepted:
                _promote(zone, feed, accepted, run_id=run_id, outcome=outcome)
    return outcome


def _order(entry: Entry) -> tuple[str, str, str, int]:
    """Oldest capture first, and copies of the same bytes under the same name together."""
    receipt = entry.receipt
    return receipt.captured_at or "", receipt.name or "", receipt.sha256 or "", entry.seq


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Batches that do not part copies of the same bytes and name: accepting one closes the others."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        full = len(batch) >= MOST_FILES or size + (entry.receipt.size or 0) > MOST_BYTES
        if batch and full and _order(batch[-1])[:3] != _order(entry)[:3]:
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += entry.receipt.size or 0
    if batch:
        yield batch


def _judge(
    zone: Zone, feed: Feed, batch: Sequence[Entry], *, judge: Judge, parallel: int, outcome: Outcome
) -> list[Rejudged]:
    """The refusals of a batch that are accepted now; the others go into ``outcome``."""

    def judged(entry: Entry) -> Rejudged | Unplayable:
        try:
            return rejudge(zone, feed, entry, judge=judge)
        except Unsound as problem:
            return Unplayable(entry=entry, reason=str(problem))

    accepted: list[Rejudged] = []
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        for found in pool.map(judged, batch):
            if isinstance(found, Unplayable):
                outcome.unplayable.append(found)
            elif found.refused:
                outcome.refused.append(Replayed(rejudged=found))
            else:
                accepted.append(found)
    return accepted


def _foresee(zone: Zone, feed: Feed, accepted: Sequence[Rejudged], outcome: Outcome) -> None:
    """What promoting them would come to."""
    past = decision.Batch(zone.index)
    for rejudged in accepted:
        draft = _draft(zone, feed, rejudged)
        made = past.decide(draft.candidate)
        receipt = draft.receipt_for(made, timestamp(zone.clock()))
        outcome.accepted.append(Replayed(rejudged=rejudged, receipt=receipt))


def _promote(zone: Zone, feed: Feed, accepted: Sequence[Rejudged], *, run_id: str, outcome: Outcome) -> None:
    """Publish a batch as promotion does, with the quarantined copies for landed files."""
    zone.refuse_when_full(sum(rejudged.receipt.stored_size or 0 for rejudged in accepted))
    publisher = zone.publisher(run_id)
    with publisher.batch(reserve=zone.settings.reserve) as batch:
        zone.index.catch_up()
        drafts: list[Draft] = []
        for rejudged in accepted:
            draft = _draft(zone, feed, rejudged)
            try:
                drafts.append(_staged(zone, batch, draft, rejudged))
            except Unsound as problem:
                outcome.unplayable.append(Unplayable(entry=rejudged.entry, reason=str(problem)))
        published = publisher.publish(batch, drafts)
    became = {_refusal(receipt): receipt for receipt in published.receipts}
    for rejudged in accepted:
        receipt = became.get((rejudged.entry.seq, (rejudged.receipt.quarantine or {}).get("path", "")))
        if receipt:
            outcome.accepted.append(Replayed(rejudged=rejudged, receipt=receipt))
    outcome.occupied += published.occupied


def _refusal(receipt: Receipt) -> tuple[int, str] | None:
    return (receipt.replays["seq"], receipt.replays["path"]) if receipt.replays else None


def _draft(zone: Zone, feed: Feed, rejudged: Rejudged) -> Draft:
    """The refused receipt as that of an accepted delivery, without bytes."""
    refused = rejudged.receipt
    name, day = refused.name or "", date.fromisoformat(refused.partition or "")
    candidate = Candidate(
        feed=feed.id,
        folder=layout.object_folder(feed.id, day, by_month=feed.by_month),
        name=name,
        day=day,
        landing_path=refused.landing_path,
        sha256=refused.sha256 or "",
        refused=False,
        replay=True,
    )
    receipt = replace(
        refused,
        verdict=Verdict.PROMOTED,
        validated_at=timestamp(zone.clock()),
        contract=contract_of(feed, name),
        stored_sha256=None,
        stored_size=None,
        encoding=None,
        quarantine=None,
        replays={"seq": rejudged.entry.seq, "path": (refused.quarantine or {}).get("path", "")},
        findings=rejudged.findings,
        shadow_findings=rejudged.shadow_findings,
        **learned(rejudged.facts),
    )
    return Draft(candidate=candidate, receipt=receipt, blob=None, feed=feed)


def _staged(zone: Zone, batch: Batch, draft: Draft, rejudged: Rejudged) -> Draft:
    """The draft with the stored bytes of the refused copy; without, when raw has these bytes already.

    Raises:
        Unsound: The copy changed after it was judged, or is gone.
    """
    refused = rejudged.receipt
    sha256, encoding = refused.sha256 or "", refused.encoding or ""
    if zone.index.stored(draft.candidate.feed, sha256):
        return draft
    refuse_erased(zone, refused)
    try:
        stream = zone.files.open(path_of(zone, refused))
    except FileNotFoundError:
        raise Unsound("its stored copy is gone since it was judged") from None
    with stream:
        blob = batch.stage(sha256, codec.blocks_of(stream), encoding, refused=False)
    if (blob.stored_size, blob.stored_sha256) != (refused.stored_size, refused.stored_sha256):
        zone.files.remove(blob.staged)  # the next copy of these bytes may be sound
        raise Unsound("its stored copy changed while it was read")
    return replace(draft, blob=blob)
