"""The core: our own promotion through the library, with its judges and all its guarantees, without Dagster."""

from __future__ import annotations

from pathlib import Path

from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.compression import Compression
from rawzone_assets.zone.judges import JudgePool
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

_PLATFORMS = "rawzone_assets.platforms:all_platforms"


def promote_core(
    landing: Path, home: Path, *, workers: int | None = None, compression: Compression = Compression.SMALL
) -> None:
    """Promote everything that lies in ``landing`` into the zone at ``home``, feed by feed and day by day."""
    with _open(landing, home, compression) as zone, JudgePool(_PLATFORMS, workers=workers) as judges:
        found = zone.survey(all_platforms(), settle=0)
        ready = sorted(found.ready, key=lambda delivery: (delivery.feed_id, delivery.partition))
        done = promote(zone, ready, judge=judges, run_id="benchmark", parallel=judges.workers)
        done.raise_for_environment()


def verdicts_of(landing: Path, home: Path) -> list[tuple[str, str]]:
    """What became of each landed path, as the ledger tells it."""
    with _open(landing, home) as zone:
        zone.index.catch_up()
        return [(entry.receipt.landing_path, str(entry.receipt.verdict)) for entry in zone.index.entries()]


def _open(landing: Path, home: Path, compression: Compression = Compression.SMALL) -> Zone:
    environment = {"RAWZONE_LANDING": str(landing), "RAWZONE_COMPRESSION": compression}
    return Zone(Settings.from_environment(environment, home=home))
