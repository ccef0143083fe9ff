"""What things are called in Dagster: asset keys, groups, tags and check names, all derived from ids."""

from __future__ import annotations

import dagster as dg

from rawzone_assets.contract.feed import Feed

FEED_TAG = "rawzone/feed"
"""On every run we launch, so that runs of one feed can be limited to one at a time."""

REINDEX_TAG = "rawzone/reindex"
"""On runs that were only recorded, to hold the events of a reindex."""

STRANGERS = "unrecognized"
"""What the tag says on runs that record files of no feed."""

INTEGRITY = "integrity"
FRESHNESS = "freshness"
OPEN_REFUSALS = "open_refusals"
ALL_RECOGNIZED = "all_recognized"
NOTHING_DAMAGED = "nothing_damaged"
RESTORABLE = "restorable"
IN_STEP = "cross_platform_consistency"

UNRECOGNIZED = dg.AssetKey(["landing", "unrecognized"])
DRILL = dg.AssetKey(["health", "restore_drill"])
FIXITY = dg.AssetKey(["health", "fixity"])
CONSISTENCY = dg.AssetKey(["health", "consistency"])
ZONE_HEALTH = dg.AssetKey(["zone", "health"])
HEALTH_JOB = "health"

OWNERS = ["team:data-engineering"]
"""Of assets that belong to no feed."""

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


def source_key(platform_id: str) -> dg.AssetKey:
    return dg.AssetKey(["source", *platform_id.split("/")])


def landing_key(feed_id: str) -> dg.AssetKey:
    return dg.AssetKey(["landing", *feed_id.split("/")])


def raw_key(feed_id: str) -> dg.AssetKey:
    return dg.AssetKey(["raw", *feed_id.split("/")])


def health_key(platform_id: str) -> dg.AssetKey:
    return dg.AssetKey([*ZONE_HEALTH.path, *platform_id.split("/")])


def columnar_key(feed_id: str) -> dg.AssetKey:
    return dg.AssetKey(["columnar", *feed_id.split("/")])


def group_of(platform_id: str) -> str:
    return platform_id.replace("/", "_")


def daily_checks(feed: Feed) -> tuple[str, ...]:
    """The checks that answer for each day; ``integrity`` comes last (see ``reporting``)."""
    return (*(name for name in feed.check_names if name != INTEGRITY), INTEGRITY)


def range_tags(first: str, last: str) -> dict[str, str]:
    """The tags that make a run cover these partitions."""
    return {RANGE_START: first, RANGE_END: last}
