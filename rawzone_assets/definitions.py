"""The one name that Dagster loads. What the definitions do is ``orchestration``'s; here they meet."""

from __future__ import annotations

import os
import warnings

import dagster as dg

from rawzone_assets.zone.garbage import collected_seldom

with collected_seldom():  # to look through all that Dagster has loaded takes a fifth of what follows
    from rawzone_assets.orchestration.alerts import alerts_sensor
    from rawzone_assets.orchestration.assets import landing_spec, raw_asset, source_spec
    from rawzone_assets.orchestration.columnar import columnar_asset
    from rawzone_assets.orchestration.columnar_sensor import columnar_sensor
    from rawzone_assets.orchestration.consistency import consistency_asset
    from rawzone_assets.orchestration.drill import drill_asset, drill_schedule
    from rawzone_assets.orchestration.fixity import fixity_asset, fixity_schedule
    from rawzone_assets.orchestration.health import health_assets, health_schedule
    from rawzone_assets.orchestration.landing_sensor import landing_sensor
    from rawzone_assets.orchestration.logs import console
    from rawzone_assets.orchestration.overrides import Overrides, ZoneResource
    from rawzone_assets.orchestration.partitions import days_of_all, feed_partitions
    from rawzone_assets.orchestration.strangers import unrecognized_asset
    from rawzone_assets.orchestration.watch import watch_checks, watch_sensor
    from rawzone_assets.platforms import all_platforms
    from rawzone_assets.zone.settings import Settings

_EXECUTORS = {"in_process": dg.in_process_executor, "multiprocess": dg.multiprocess_executor}
_SHAPING = ("RAWZONE_START", "RAWZONE_EXECUTOR")


@collected_seldom()
def build_definitions(overrides: Overrides | None = None) -> dg.Definitions:
    """Every asset, check, sensor and schedule, derived from the platforms.

    From the environment only what shapes the definitions is read here: RAWZONE_START, which is part of every
    partition set, and RAWZONE_EXECUTOR. The roots are read when a run opens the zone.

    Raises:
        BadSetting: One of the two has a value that cannot be used.
    """
    overrides = overrides or Overrides()
    platforms = all_platforms() if overrides.platforms is None else overrides.platforms
    settings = overrides.settings or Settings.from_environment(
        {name: os.environ.get(name, "") for name in _SHAPING}
    )
    feeds = {feed.id: feed for platform in platforms for feed in platform.feeds}
    partitions = {feed_id: feed_partitions(feed, settings.start) for feed_id, feed in feeds.items()}
    pairs = [(platform, feed, partitions[feed.id]) for platform in platforms for feed in platform.feeds]
    every_day = days_of_all(feeds.values(), settings.start)
    with warnings.catch_warnings():
        # BackfillPolicy is marked beta in Dagster 1.13, which pyproject pins.
        warnings.simplefilter("ignore", dg.BetaWarning)
        promoting = [raw_asset(platforms, platform, feed, days) for platform, feed, days in pairs]
        projecting = [columnar_asset(platform, feed, days) for platform, feed, days in pairs]
        consistent = consistency_asset(platforms, every_day)
    return dg.Definitions(
        assets=[
            *(source_spec(platform) for platform in platforms),
            *(landing_spec(platform, feed, days) for platform, feed, days in pairs),
            *promoting,
            *projecting,
            unrecognized_asset(platforms),
            fixity_asset(feeds),
            drill_asset(feeds),
            consistent,
            health_assets(platforms),
        ],
        asset_checks=[watch_checks(platform, feed) for platform, feed, _ in pairs],
        sensors=[
            landing_sensor(platforms, partitions),
            watch_sensor(platforms, every_day),
            alerts_sensor(platforms),
            columnar_sensor(partitions),
        ],
        schedules=[fixity_schedule(), drill_schedule(), health_schedule(platforms)],
        resources={"zone": ZoneResource(overrides=overrides)},
        executor=_EXECUTORS[settings.executor],
        loggers={"console": console},
    )


defs = build_definitions()
