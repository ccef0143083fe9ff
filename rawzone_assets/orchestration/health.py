"""Health in Dagster: the zone's figures as an asset, and those of each feed as one a platform, twice a day.

What is shown is computed by ``health``, and told by ``health_facts``.
"""

from collections.abc import Iterator, Sequence

import dagster as dg

from rawzone_assets.contract.feed import Platform
from rawzone_assets.contract.plain_text import printable
from rawzone_assets.orchestration import metadata
from rawzone_assets.orchestration.liveness import alive
from rawzone_assets.orchestration.names import HEALTH_JOB, OWNERS, ZONE_HEALTH, health_key
from rawzone_assets.orchestration.overrides import ZoneResource
from rawzone_assets.zone.errors import ZoneError

_TWICE_A_DAY = "41 6,18 * * *"


def health_assets(platforms: Sequence[Platform]) -> dg.AssetsDefinition:
    """``zone/health`` and an asset of each platform below it, made together from one report."""
    specs = [
        dg.AssetSpec(
            ZONE_HEALTH,
            group_name="health",
            description=(
                "The zone in figures: files, bytes, compression, refusals, backlog, data lag, speed of "
                "promotion, scrub coverage, disks and when they will be full. The same as `rawzone health`; "
                "`rawzone health --html FILE` writes it as a page, `rawzone metrics` for Prometheus. "
                "Pictures show the last four weeks by capture day: accepted upwards, refused downwards."
            ),
            tags={"zone": "raw"},
            owners=OWNERS,
        ),
        *(
            dg.AssetSpec(
                health_key(platform.id),
                group_name="health",
                description=f"The feeds of {platform.title} in figures, each a plot over time.",
                tags={"zone": "raw"},
                owners=OWNERS,
            )
            for platform in platforms
        ),
    ]

    @dg.multi_asset(name="zone__health", specs=specs)
    def report_health(
        context: dg.AssetExecutionContext, zone: dg.ResourceParam[ZoneResource]
    ) -> Iterator[dg.MaterializeResult[None]]:
        # Definitions are loaded far more often than a report is made.
        from rawzone_assets.health.report import read_health  # noqa: PLC0415
        from rawzone_assets.orchestration.health_facts import platform_facts, zone_facts  # noqa: PLC0415

        try:
            with zone.open() as opened, alive(opened, context.run.run_id):
                health = read_health(opened, platforms)
                facts = {**zone_facts(health), **metadata.ledger_facts(opened)}
        except ZoneError as error:
            raise dg.Failure(description=str(error)) from None
        for sentence in health.concerns:
            context.log.warning("%s", printable(sentence))
        yield dg.MaterializeResult(asset_key=ZONE_HEALTH, metadata=facts)
        for platform in filter(lambda platform: platform.feeds, platforms):
            feeds = health.group(platform.id)
            yield dg.MaterializeResult(
                asset_key=health_key(platform.id), metadata=platform_facts(platform, feeds, health.at)
            )

    return report_health


def health_schedule(platforms: Sequence[Platform]) -> dg.ScheduleDefinition:
    """The report, twice a day: Dagster keeps its events, some 60 kB each time, for ever."""
    keys = [ZONE_HEALTH, *(health_key(platform.id) for platform in platforms)]
    description = "Writes the figures of the zone and of each platform anew; launch it to have them now."
    job = dg.define_asset_job(HEALTH_JOB, selection=dg.AssetSelection.assets(*keys), description=description)
    return dg.ScheduleDefinition(
        name="health_report",
        description=description,
        job=job,
        cron_schedule=_TWICE_A_DAY,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
