"""Columnar assets: the projection of each feed, a partition a capture day, downstream of raw.

The body only asks ``access`` to bring days up to date and tells what it did. A delivery that cannot be
projected is told in the day's metadata; a run fails for the environment alone.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from rawzone_assets.access.columnar import bring_up_to_date
from rawzone_assets.access.projected_days import ProjectedDay, Unprojected
from rawzone_assets.access.projected_tables import Table, tables
from rawzone_assets.access.sql import view_of
from rawzone_assets.contract.feed import Feed, Platform
from rawzone_assets.contract.plain_text import printable
from rawzone_assets.orchestration import catalogue, column_schemas, reporting
from rawzone_assets.orchestration.days import Days, changed_days
from rawzone_assets.orchestration.liveness import alive
from rawzone_assets.orchestration.names import columnar_key, group_of, raw_key
from rawzone_assets.orchestration.overrides import ZoneResource
from rawzone_assets.orchestration.partitions import MOST_DAYS_A_RUN
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.zone import Zone

_MOST_TOLD = 20  # deliveries without rows, of a day


def columnar_asset(
    platform: Platform, feed: Feed, partitions: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    """The projection of one feed.

    Not in one run with its raw asset: raw yields materializations and no outputs (``reporting``), and Dagster
    skips what depends on an output that did not come.
    """
    key = columnar_key(feed.id)

    @dg.multi_asset(
        name="__".join(key.path),
        specs=[_spec(platform, feed, partitions)],
        backfill_policy=dg.BackfillPolicy.multi_run(MOST_DAYS_A_RUN),
    )
    def project_feed(
        context: dg.AssetExecutionContext, zone: dg.ResourceParam[ZoneResource]
    ) -> Iterator[dg.AssetMaterialization]:
        failed: list[Unprojected] = []
        try:
            with zone.open() as opened, alive(opened, context.run.run_id):
                wanted = sorted(context.partition_keys)
                while wanted:
                    upto = opened.index.catch_up().seq
                    yield from _projected(opened, feed, wanted, failed)
                    # What raw told of meanwhile would seem to be among the columns that are told of after it.
                    wanted = changed_days(opened.index, feed.id, wanted, after=upto)
        except ZoneError as error:
            raise dg.Failure(description=str(error)) from error
        if failed:
            raise dg.Failure(description=failed[0].reason)

    return project_feed


def _projected(
    zone: Zone, feed: Feed, partitions: Sequence[str], failed: list[Unprojected]
) -> Iterator[dg.AssetMaterialization]:
    """Project these days; what lacks rows although it should have some goes into ``failed``."""
    left = set(partitions)
    for projected in bring_up_to_date(zone, feed, set(partitions)):
        yield _materialization(feed, projected)
        left.remove(projected.partition)
        failed += projected.unprojected if projected.is_partial else ()
    for partition, day in Days(zone.index, feed.id, sorted(left)).items():
        if day.accepted:  # raw shows it, so that nothing is left of it must show as well
            yield _erased(feed, partition)


def _spec(platform: Platform, feed: Feed, partitions: dg.DailyPartitionsDefinition) -> dg.AssetSpec:
    found = tables(feed)
    return dg.AssetSpec(
        columnar_key(feed.id),
        deps=[raw_key(feed.id)],
        skippable=True,
        group_name=group_of(platform.id),
        partitions_def=partitions,
        description=_description(feed, found),
        code_version=f"{feed.version}.{feed.rules_version}",
        kinds={"parquet"},
        owners=list(feed.owners),
        tags={"zone": "columnar"},
        metadata={
            "dagster/uri": f"columnar/{feed.id}/",
            "dagster/column_schema": column_schemas.of_view(found),
            "tables": dg.MetadataValue.md(_tables(feed, found)),
            "view": view_of(feed.id),
            "commands": dg.MetadataValue.md(f'```\nrawzone sql "FROM {view_of(feed.id)} LIMIT 10"\n```'),
            **catalogue.references(platform, feed),
        },
    )


def _description(feed: Feed, found: tuple[Table, ...]) -> str:
    main = ", ".join(f"`{table.name}`" for table in found if table.is_main)
    rows = f"The view's rows are those of {main}. " if main else "The form of its deliveries has no columns. "
    return (
        f"{feed.title}, as columns. "
        "The newest version of each delivery of a capture day as Parquet: every value as the source wrote it, "
        "in the type that the contract gives it, and with each row the way back to its raw bytes. Captures "
        "overlap: choose one by `_captured_at` before adding up.\n\n"
        f"{rows}Derived from raw and disposable: a day is built anew when its deliveries, the contract or the "
        "projection changed. The sensor `columnar` asks for the days that raw has anew. By hand, "
        "materialize it after raw: in one run with raw Dagster skips it."
    )


def _tables(feed: Feed, found: tuple[Table, ...]) -> str:
    """Every table, its view and its columns."""
    lines = ["| view | rows | columns |", "| --- | --- | --- |"]
    for table in found:
        columns = ", ".join(f"{column.name} ({column.kind})" for column in table.columns)
        about = "a document" if table.is_document else f"`{'/'.join(table.path) or 'the delivery'}`"
        lines.append(f"| `{view_of(feed.id, table.name)}` | {about} | {columns or 'none of its own'} |")
    return "\n".join(lines)


def _erased(feed: Feed, partition: str) -> dg.AssetMaterialization:
    """A day of which the law had everything erased."""
    names = ("dagster/row_count", "dagster/partition_row_count", "rows", "deliveries", "unprojected")
    nothing: dict[str, Any] = dict.fromkeys(names, 0)
    return dg.AssetMaterialization(
        columnar_key(feed.id), partition=partition, metadata=nothing, tags=reporting.versioned("erased")
    )


def _materialization(feed: Feed, day: ProjectedDay) -> dg.AssetMaterialization:
    main = sum(day.rows.get(table.name, 0) for table in tables(feed) if table.is_main)
    facts: dict[str, Any] = {
        "dagster/row_count": main,
        "dagster/partition_row_count": main,
        "dagster/uri": day.folder.as_uri(),
        "rows": sum(day.rows.values()),
        "rows_by_table": dg.MetadataValue.json(dict(sorted(day.rows.items()))),
        "deliveries": day.deliveries,
        "bytes": day.bytes,
        "unprojected": len(day.unprojected),
        "built_now": day.is_new,
    }
    if day.unprojected:
        facts["not_projected"] = dg.MetadataValue.json(
            [
                {"key": printable(one.key), "name": printable(one.name), "reason": printable(one.reason)}
                for one in day.unprojected[:_MOST_TOLD]
            ]
        )
    return dg.AssetMaterialization(
        columnar_key(feed.id), partition=day.partition, metadata=facts, tags=reporting.versioned(day.state)
    )
