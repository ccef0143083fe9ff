"""Assets: source, landing and raw of every feed, derived from the platforms. A new platform needs nothing here.

Raw's body only chooses deliveries and passes them on: ``zone`` promotes, ``reporting`` tells Dagster. A run
fails for the environment alone; a refused delivery is a red check of a green run.
"""

import warnings
from collections.abc import Collection, Iterator, Sequence

import dagster as dg

from rawzone_assets.contract.deadlines import longest_wait
from rawzone_assets.contract.feed import Feed, Platform
from rawzone_assets.contract.findings import Role
from rawzone_assets.orchestration import catalogue, column_schemas, reporting
from rawzone_assets.orchestration.lineage import lineage
from rawzone_assets.orchestration.liveness import alive
from rawzone_assets.orchestration.names import (
    INTEGRITY,
    daily_checks,
    group_of,
    landing_key,
    raw_key,
    source_key,
)
from rawzone_assets.orchestration.overrides import ZoneResource
from rawzone_assets.orchestration.partitions import MOST_DAYS_A_RUN, days_inside, days_of_run, newest_inside
from rawzone_assets.zone import promotion
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.promotion import Progress
from rawzone_assets.zone.receipt import Receipt, Verdict
from rawzone_assets.zone.survey import Delivery
from rawzone_assets.zone.zone import Zone

_ROLES = {
    Role.STRUCTURE: "readable, and of the shape the contract demands",
    Role.COMPLETENESS: "nothing required is missing",
    Role.TYPES: "numbers, dates and texts are of the demanded form",
    Role.TIME: "days are in order, once each, and not after the capture",
    Role.IDENTITY: "of the platform, account and report that its name says",
    Role.INTEGRITY: "the bytes that its producer describes",
}


def source_spec(platform: Platform) -> dg.AssetSpec:
    """Where a platform's data come from, outside of Raw Zone."""
    return dg.AssetSpec(
        source_key(platform.id),
        group_name=group_of(platform.id),
        description=f"{platform.title}: {platform.source_system}. Read by extractors outside of Raw Zone.",
        owners=sorted({owner for feed in platform.feeds for owner in feed.owners}),
        metadata={
            "source_system": platform.source_system,
            "stamps_are_in": platform.timezone,
            "feeds": [feed.id for feed in platform.feeds],
            **catalogue.references(platform),
        },
        tags={"zone": "source"},
    )


def landing_spec(platform: Platform, feed: Feed, partitions: dg.DailyPartitionsDefinition) -> dg.AssetSpec:
    folders = ", ".join(f"`{folder}/`" for folder in dict.fromkeys((platform.id, *platform.folders)))
    names = ", ".join(f"`{name}`" for name in (*feed.all_names, *feed.all_stamped_folder_names))
    return dg.AssetSpec(
        landing_key(feed.id),
        deps=[source_key(platform.id)],
        group_name=group_of(platform.id),
        partitions_def=partitions,
        description=f"What extractors drop for {feed.title}: {names} in {folders} below the landing folder.",
        kinds=set(feed.kinds),
        owners=list(feed.owners),
        tags={"zone": "landing"},
        metadata={
            # Not "names": what a delivery says under that would stand in its place in the UI.
            "accepted_names": dg.MetadataValue.md(names),
            **catalogue.example(platform, feed),
            "stamps_are_in": platform.timezone_of(feed),
            "see_what_waits": dg.MetadataValue.text("rawzone status"),
            **catalogue.references(platform, feed),
        },
        freshness_policy=_freshness_policy(feed),
    )


def _freshness_policy(feed: Feed) -> dg.FreshnessPolicy:
    """Dagster's own signal, coarse on purpose: it sees any arrival, of any day, and knows no weekdays.

    So it waits for as long as a delivery can take that is in time, and never alarms before the freshness check.
    """
    every, wait = feed.cadence.every, longest_wait(feed.cadence)
    if wait == every:
        return dg.FreshnessPolicy.time_window(fail_window=wait)
    return dg.FreshnessPolicy.time_window(fail_window=wait, warn_window=every)


def raw_asset(
    platforms: Sequence[Platform],
    platform: Platform,
    feed: Feed,
    partitions: dg.DailyPartitionsDefinition,
) -> dg.AssetsDefinition:
    """The promotion of one feed, a partition a capture day. ``platforms`` are all that landing may hold."""
    key = raw_key(feed.id)

    @dg.multi_asset(
        name="__".join(key.path),
        specs=[_raw_spec(platform, feed, partitions)],
        check_specs=_check_specs(feed, key, partitions),
        # Asset and checks can be selected apart, and a day without deliveries yields nothing.
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.multi_run(MOST_DAYS_A_RUN),
    )
    def promote_feed(
        context: dg.AssetExecutionContext, zone: dg.ResourceParam[ZoneResource]
    ) -> Iterator[reporting.Event]:
        problem: str | None = None
        try:
            with zone.open() as opened, alive(opened, context.run.run_id):
                opened.index.catch_up()
                days = days_of_run(context, lambda: newest_inside(partitions, opened.index.partitions(feed.id)))
                if key in context.selected_asset_keys:
                    ready = [
                        delivery
                        for delivery in zone.look(opened, platforms).ready
                        if delivery.feed_id == feed.id and zone.wants(delivery)
                    ]
                    ready = _of_days(ready, set(days), partitions)
                    with lineage(context, opened, feed, also_warn=zone.overrides.tell) as told:
                        told.problem = _promote(context, zone, opened, ready, told.receipts)
                    problem = told.problem
                yield from reporting.report(context, opened, feed, days)
        except ZoneError as error:
            problem = problem or str(error)
        if problem:
            raise dg.Failure(description=problem)

    return promote_feed


def _promote(
    context: dg.AssetExecutionContext,
    resource: ZoneResource,
    zone: Zone,
    ready: Sequence[Delivery],
    receipts: list[Receipt] | None,
) -> str | None:
    """Promote these deliveries, gather ``receipts`` if wanted; what an operator must act on, as a sentence."""
    problem: str | None = None
    tell = _progress(context, len(ready), resource.overrides.progress)

    def note(batch: Sequence[Delivery], done: promotion.Outcome) -> None:
        if receipts is not None:
            receipts.extend(done.receipts)
        tell(batch, done)

    try:
        with resource.judging() as (judge, parallel):
            outcome = promotion.promote(
                zone,
                ready,
                judge=judge,
                run_id=context.run.run_id,
                parallel=parallel,
                progress=note,
            )
        counts = ", ".join(f"{outcome.count(verdict)} {verdict}" for verdict in _VERDICTS)
        context.log.info("%d deliveries: %s, %d unchanged", len(ready), counts, outcome.unchanged)
        outcome.raise_for_environment()
    except ZoneError as error:
        # What was committed before is true all the same, so it is reported before the run fails.
        problem = str(error)
    zone.index.catch_up()
    return problem


def _progress(context: dg.AssetExecutionContext, total: int, also: Progress | None) -> Progress:
    """A line in the run's log for each batch, so that a long range can be watched; ``also`` is told as well."""
    done = 0

    def tell(batch: Sequence[Delivery], outcome: promotion.Outcome) -> None:
        nonlocal done
        done += len(batch)
        counts = ", ".join(f"{n} {verdict}" for verdict in _VERDICTS if (n := outcome.count(verdict)))
        days = f"{min(d.partition for d in batch)} to {max(d.partition for d in batch)}"
        context.log.info(
            "%d of %d deliveries done; this batch: %s, %s, %d unchanged",
            *(done, total, days, counts or "nothing new", outcome.unchanged),
        )
        if also:
            also(batch, outcome)

    return tell


_VERDICTS = (Verdict.PROMOTED, Verdict.DUPLICATE, Verdict.QUARANTINED)


def _of_days(
    ready: Sequence[Delivery], days: Collection[str], partitions: dg.DailyPartitionsDefinition
) -> list[Delivery]:
    """Deliveries of the run's days, and those of no day at all: their stamp is a verdict, not a partition."""
    inside = days_inside(partitions, (delivery.partition for delivery in ready))
    return [delivery for delivery in ready if delivery.partition in days or delivery.partition not in inside]


def _raw_spec(platform: Platform, feed: Feed, partitions: dg.DailyPartitionsDefinition) -> dg.AssetSpec:
    static = {
        "dagster/uri": f"raw/{feed.id}/",
        "contract_schema": ", ".join(f"schemas/{schema}" for schema in feed.schemas),
        "contract_version": feed.version,
        "rules_version": feed.rules_version,
        "source_system": platform.source_system,
        "expected_every_hours": round(feed.cadence.every.total_seconds() / 3600),
        "usual_lag_days": feed.cadence.lag_days,
        "late_by_at_most_hours": round(feed.cadence.patience.total_seconds() / 3600),
        "stale_after_days": feed.cadence.stale_after_days,
        "largest_delivery_bytes": feed.max_size,
    }
    return dg.AssetSpec(
        raw_key(feed.id),
        deps=[landing_key(feed.id)],
        skippable=True,
        group_name=group_of(platform.id),
        partitions_def=partitions,
        description=_description(feed),
        code_version=f"{feed.version}.{feed.rules_version}",
        kinds={*feed.kinds, "gzip"},
        owners=list(feed.owners),
        tags={"zone": "raw"},
        freshness_policy=_freshness_policy(feed),
        metadata={
            **static,
            **catalogue.commands(feed),
            **catalogue.references(platform, feed),
            "dagster/column_schema": column_schemas.of_raw(feed, described=True),
        },
    )


def _check_specs(
    feed: Feed, key: dg.AssetKey, partitions: dg.DailyPartitionsDefinition
) -> list[dg.AssetCheckSpec]:
    with warnings.catch_warnings():
        # Partitioned checks are marked preview in Dagster 1.13, which pyproject pins.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(name, asset=key, partitions_def=partitions, description=_promise(feed, name))
            for name in daily_checks(feed)
        ]


def _promise(feed: Feed, name: str) -> str:
    """What a check answers for; red while a delivery of the day is refused for it."""
    if name == INTEGRITY:
        return "The stored objects of the day, re-read and hashed, are the bytes that were accepted."
    promises = [_ROLES[role] for role, check in feed.checks.items() if check == name]
    return f"Of every delivery of the day: {'; '.join(promises)}."


def _description(feed: Feed) -> str:
    """The contract as the UI shows it: what the feed is, then its rules."""
    schemas = ", ".join(f"`schemas/{schema}`" for schema in feed.schemas)
    checks = "\n".join(f"- `{name}`: {_promise(feed, name)}" for name in daily_checks(feed))
    return (
        f"{feed.title}. {feed.description}\n\n**Checks of each day**\n\n{checks}\n\n"
        f"**Contract**: {schemas}, version {feed.version}, rules {feed.rules_version}. "
        "Accepted deliveries are stored byte for byte; refused ones go to quarantine with their findings.\n\n"
        "A backfill counts days without new deliveries as failed although its runs succeed: nothing was there "
        "to materialize, or all of it was promoted before. The landing sensor and `rawzone promote` start runs "
        "only for days that have something new."
    )
