"""Partitions: the capture days of a feed that Dagster knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

import dagster as dg

from rawzone_assets.contract.feed import Feed

MOST_DAYS_A_RUN = 366
"""At most a run a year, leap years too: a failed run of a backfill loses no more."""


def feed_partitions(feed: Feed, start: date | None) -> dg.DailyPartitionsDefinition:
    """Capture days from the feed's first one up to today, which files of today carry already."""
    first = (start or feed.start).isoformat()
    return dg.DailyPartitionsDefinition(start_date=first, end_offset=1, timezone="UTC")


def days_of_all(feeds: Iterable[Feed], start: date | None) -> dg.DailyPartitionsDefinition:
    """Capture days from the first one of any feed up to today."""
    first = start or min((feed.start for feed in feeds), default=date(2024, 1, 1))
    # As of a single feed, so that the UI takes them together with its assets.
    return dg.DailyPartitionsDefinition(start_date=first.isoformat(), end_offset=1, timezone="UTC")


def days_inside(partitions: dg.DailyPartitionsDefinition, days: Iterable[str]) -> set[str]:
    """Those of the days that are partitions: ISO dates from the first one to the last.

    Dagster is asked for these two and not for each day, because every answer takes it 0.3 ms.
    """
    asked = set(days)
    first, last = (
        (partitions.get_first_partition_key(), partitions.get_last_partition_key()) if asked else (None, None)
    )
    return {day for day in asked if first and last and first <= day <= last and _is_date(day)}


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def days_of_run(context: dg.AssetExecutionContext, newest: Callable[[], str | None]) -> list[str]:
    """The partitions of a run; ``newest`` alone when it names none and materializes nothing.

    "Execute all" on an asset's page of checks starts such a run, also of checks that have partitions.

    Raises:
        dg.Failure: It names none and is to materialize.
    """
    if context.has_partition_key or context.has_partition_key_range:
        return list(context.partition_keys)
    if context.selected_asset_keys:
        raise dg.Failure(description="This run names no day: launch it from the asset's Materialize button.")
    day = newest()
    context.log.info("No day was chosen, so the newest one is checked: %s", day or "there is none yet")
    return [day] if day else []


def newest_inside(partitions: dg.DailyPartitionsDefinition, days: Iterable[str]) -> str | None:
    """The newest of the days that is a partition."""
    return next((day for day in sorted(days, reverse=True) if partitions.has_partition_key(day)), None)
