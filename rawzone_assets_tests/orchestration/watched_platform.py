"""Definitions for the daemon: one feed that is due every day and then late at once, and sensors in a hurry.

Loaded by Dagster's own processes; where the zone is and whom alerts reach they read from the environment.
"""

from dataclasses import replace
from datetime import timedelta

from rawzone_assets.contract.feed import Cadence
from rawzone_assets.definitions import build_definitions
from rawzone_assets.orchestration.overrides import Overrides
from rawzone_assets_tests.orchestration import desk

CADENCE = Cadence(every=timedelta(days=1), lag_days=1, stale_after_days=5, grace=timedelta())
PLATFORM = replace(desk.PLATFORM, feeds=(replace(desk.PLATFORM.feeds[0], cadence=CADENCE),))

defs = build_definitions(Overrides(platforms=(PLATFORM,)))
for sensor in defs.sensors:
    sensor._min_interval = 4  # the daemon looks every five seconds
