"""Watch: what is true of a feed as a whole, as checks without a partition: freshness and open refusals.

Both are read from the ledger. They are there because Dagster's own asset health sees only the newest
evaluation: an old red day would hide behind a newer green one, and a feed that never came would never be
late. The UI can run them by hand. A sensor emits them, without a run, when their answer is not the one that
Dagster shows: because it changed, or because a backfill planned the check and skipped it. It also asks for a
run when days of the consistency asset changed.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

import dagster as dg

from rawzone_assets.contract.feed import Feed, Platform
from rawzone_assets.contract.wording import counted
from rawzone_assets.health.freshness import Freshness, State, freshness_of
from rawzone_assets.orchestration import consistency, metadata, witness
from rawzone_assets.orchestration.days import open_refusals
from rawzone_assets.orchestration.liveness import active_assets
from rawzone_assets.orchestration.names import CONSISTENCY, FRESHNESS, OPEN_REFUSALS, raw_key
from rawzone_assets.orchestration.overrides import ZoneResource
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.receipt import Receipt, timestamp
from rawzone_assets.zone.zone import Zone

_SECONDS = 60


def watch_checks(platform: Platform, feed: Feed) -> dg.AssetChecksDefinition:
    """``freshness`` and ``open_refusals`` of one feed, to be run by hand."""
    key = raw_key(feed.id)

    @dg.multi_asset_check(
        name=f"watch__{'__'.join(key.path)}",
        can_subset=True,
        specs=[
            dg.AssetCheckSpec(
                FRESHNESS,
                asset=key,
                description=(
                    f"News of {feed.title} keeps coming: a capture every {_hours(feed.cadence.every)}, late by "
                    f"{_hours(feed.cadence.patience)} at most, its data not older than "
                    f"{feed.cadence.stale_after_days} days then, content that changes. "
                    "Runs and backfills do not count, only what was captured."
                ),
            ),
            dg.AssetCheckSpec(
                OPEN_REFUSALS,
                asset=key,
                description=(
                    "No refused delivery is open, on any day, also on days outside of the partitions. "
                    "A refusal closes when the same name or the same bytes are accepted."
                ),
            ),
        ],
    )
    def watch_feed(
        context: dg.AssetCheckExecutionContext, zone: dg.ResourceParam[ZoneResource]
    ) -> Iterator[dg.AssetCheckResult]:
        names = [check.name for check in context.selected_asset_check_keys]
        try:
            with zone.open() as opened:
                opened.index.catch_up()
                found = list(feed_evaluations(opened, platform, feed, names))
        except ZoneError as error:
            raise dg.Failure(description=str(error)) from None
        for evaluation in found:
            yield dg.AssetCheckResult(
                asset_key=key,
                check_name=evaluation.check_name,
                passed=evaluation.passed,
                severity=evaluation.severity,
                description=evaluation.description,
                metadata=evaluation.metadata,
            )

    return watch_feed


def watch_sensor(
    platforms: Sequence[Platform], partitions: dg.DailyPartitionsDefinition
) -> dg.SensorDefinition:
    """Emits the two checks of each feed when their answer changes, and keeps consistency up to date."""
    pairs = [(platform, feed) for platform in platforms for feed in platform.feeds]

    @dg.sensor(
        name="feed_watch",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        asset_selection=dg.AssetSelection.assets(CONSISTENCY),
        description=(
            "Emits freshness and open refusals of each feed when they change, without runs, and starts a short "
            "run when days changed on which feeds kept in step or did not."
        ),
    )
    def watch_feeds(
        context: dg.SensorEvaluationContext, zone: dg.ResourceParam[ZoneResource]
    ) -> dg.SensorResult:
        try:
            with zone.open() as opened:
                opened.index.catch_up()
                news = changed_answers(context.instance, opened, pairs)
                run = consistency.run_for_changes(context.instance, opened, platforms, partitions)
                if run and CONSISTENCY in active_assets(context.instance):
                    run = None  # the next tick sees what that run left to do
        except ZoneError as error:
            return dg.SensorResult(skip_reason=str(error))
        seen = f"{counted(len(pairs), 'feed')} looked at, {counted(len(news), 'answer')} changed"
        if run:
            context.log.info("%s; days changed on which feeds kept in step", seen)
            return dg.SensorResult(asset_events=news, run_requests=[run])
        return dg.SensorResult(asset_events=news, skip_reason=seen)

    return watch_feeds


def changed_answers(
    instance: dg.DagsterInstance, zone: Zone, pairs: Iterable[tuple[Platform, Feed]]
) -> list[dg.AssetCheckEvaluation]:
    """The evaluations of these feeds that say something else than Dagster shows."""
    now = {
        evaluation.asset_check_key: evaluation
        for platform, feed in pairs
        for evaluation in feed_evaluations(zone, platform, feed, (FRESHNESS, OPEN_REFUSALS))
    }
    told = witness.newest_evaluations(instance, list(now))
    return [evaluation for key, evaluation in now.items() if not _says_the_same(evaluation, told.get(key))]


def feed_evaluations(
    zone: Zone, platform: Platform, feed: Feed, names: Sequence[str]
) -> Iterator[dg.AssetCheckEvaluation]:
    """What a feed's checks of these names say now."""
    if FRESHNESS in names:
        yield _freshness(feed, freshness_of(zone, platform, feed))
    if OPEN_REFUSALS in names:
        yield _refusals(feed, open_refusals(zone.index, feed.id))


def _freshness(feed: Feed, found: Freshness) -> dg.AssetCheckEvaluation:
    """A stale feed is an error; one that never came only a warning, for it may not be connected yet."""
    severity = dg.AssetCheckSeverity.WARN if found.state is State.NEVER else dg.AssetCheckSeverity.ERROR
    facts = {
        "state": str(found.state),
        "reasons": list(found.reasons) or None,
        "newest_capture": found.newest_capture,
        "newest_data": found.newest_data,
        "content_changed": found.last_change,
        "last_arrival": timestamp(found.last_arrival) if found.last_arrival else None,
        "expected_by": timestamp(found.expected_by) if found.expected_by else None,
        "overdue_at": timestamp(found.overdue_at) if found.overdue_at else None,
    }
    return dg.AssetCheckEvaluation(
        asset_key=raw_key(feed.id),
        check_name=FRESHNESS,
        passed=found.state is State.FRESH,
        severity=severity,
        description="; ".join(found.reasons) or f"newest capture {found.newest_capture}",
        metadata={name: value for name, value in facts.items() if value is not None},
    )


def _refusals(feed: Feed, refused: Sequence[Receipt]) -> dg.AssetCheckEvaluation:
    newest = sorted(refused, key=lambda receipt: receipt.partition or "", reverse=True)
    blocking = [(r, finding) for r in newest for finding in r.findings if finding["blocking"]]
    days = sorted({receipt.partition or "" for receipt in refused}, reverse=True)
    they_are = counted(len(refused), "delivery is", "deliveries are")
    return dg.AssetCheckEvaluation(
        asset_key=raw_key(feed.id),
        check_name=OPEN_REFUSALS,
        passed=not refused,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{they_are} refused and not replaced" if refused else "none",
        metadata={
            "open": len(refused),
            **({"days": days[:31], "findings": metadata.findings_table(blocking)} if refused else {}),
        },
    )


def _says_the_same(evaluation: dg.AssetCheckEvaluation, told: dg.AssetCheckEvaluation | None) -> bool:
    """Whether Dagster shows this answer already, whoever gave it."""
    return told is not None and (
        (evaluation.passed, evaluation.severity, evaluation.description, evaluation.metadata)
        == (told.passed, told.severity, told.description, told.metadata)
    )


def _hours(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours:.3g} hours" if hours < 48 else f"{hours / 24:.3g} days"
