"""Pending work: what a sensor saw that waits for runs, and which of them it asks for at one look."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import dagster as dg

from rawzone_assets.orchestration import launches
from rawzone_assets.orchestration.launches import Attempt
from rawzone_assets.orchestration.names import FEED_TAG, range_tags


@dataclass(frozen=True, kw_only=True)
class Pending:
    """What waits for a run of one feed."""

    name: str
    asset: dg.AssetKey
    days: tuple[str, ...]  # empty for an asset without partitions
    fingerprint: str
    what: str

    def requests(self, attempt: Attempt) -> Iterator[dg.RunRequest]:
        tags = {FEED_TAG: self.name}
        base = f"{self.name}:{attempt.fingerprint}:{attempt.number}"
        if not self.days:
            yield dg.RunRequest(run_key=base, asset_selection=[self.asset], asset_check_keys=[], tags=tags)
        for first, last in launches.spans(self.days):
            # Checks are reported by the run, not requested: what is planned and not evaluated hides older red.
            yield dg.RunRequest(
                run_key=f"{base}:{first}",
                asset_selection=[self.asset],
                asset_check_keys=[],
                partition_key=first if first == last else None,
                tags=tags if first == last else tags | range_tags(first, last),
            )


@dataclass
class Tick:
    """What one look comes to."""

    requests: list[dg.RunRequest] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    attempts: dict[str, Attempt] = field(default_factory=dict)


def plan(
    pending: Iterable[Pending],
    *,
    before: Mapping[str, Attempt],
    active: set[dg.AssetKey],
    now: datetime,
    most: int,
) -> Tick:
    """Which of the pending work to launch now, in at most so many runs."""
    tick = Tick()
    for work in pending:
        previous = before.get(work.name)
        if previous:
            tick.attempts[work.name] = previous
        if work.asset in active:
            tick.notes.append(f"{work.name}: {work.what}, a run is active")
            continue
        attempt = launches.next_attempt(previous, work.fingerprint, now)
        if attempt is None:
            assert previous is not None  # noqa: S101  without a previous attempt there is no pause
            tick.notes.append(
                f"{work.name}: {work.what}, still pending after attempt {previous.number}, "
                f"next at {previous.next_at:%H:%M:%S} UTC"
            )
            continue
        room = most - len(tick.requests)
        if room <= 0:
            tick.notes.append(f"{work.name}: {work.what}, next tick")
            continue
        requests = list(work.requests(attempt))
        tick.requests += requests[:room]
        tick.attempts[work.name] = attempt
        tick.notes.append(f"{work.name}: {work.what}, {len(requests[:room])} of {len(requests)} runs requested")
    return tick
