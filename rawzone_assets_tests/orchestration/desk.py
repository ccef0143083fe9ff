"""A desk to test Dagster's side from: a small platform, a landing folder, and a real instance on SQLite.

The platform accepts any bytes but those that start with ``bad``; ``odd`` ones are accepted with a warning.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Cadence, Facts, Feed, Platform
from rawzone_assets.contract.findings import Place, Role
from rawzone_assets.definitions import build_definitions
from rawzone_assets.orchestration.logs import QUIET
from rawzone_assets.orchestration.names import RANGE_END, RANGE_START, landing_key, raw_key
from rawzone_assets.orchestration.overrides import Overrides
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
DAILY = ("shape", "completeness", "types", "times", "integrity")


class Plain:
    kind = "json"

    def examine(self, _feed, content, capture, findings):
        data = content.read()
        if data.startswith(b"bad"):
            for line in range(1, 2 + data.startswith(b"bad bad")):
                findings.add(codes.JSON_SYNTAX("it starts with bad", Place(line=line)))
        if data.startswith((b"odd", b"bad and odd", b"bad bad and odd")):
            findings.add(codes.UNKNOWN_FIELD("it starts with odd"))
        return Facts(records=data.count(b"\n"), data_min="2024-01-01", data_max=capture.day.isoformat())


def feed(name: str) -> Feed:
    return Feed(
        id=f"tiny/{name}",
        title=name,
        description="What a test lands.",
        names=(f"{name}_<ts>.json",),
        format=Plain(),
        schema="distrokid/streams.v1.json",
        version=1,
        rules_version=1,
        checks={
            Role.STRUCTURE: "shape",
            Role.COMPLETENESS: "completeness",
            Role.TYPES: "types",
            Role.TIME: "times",
            Role.IDENTITY: "shape",
        },
        cadence=Cadence(every=timedelta(days=2), lag_days=1, stale_after_days=5),
        by_month=True,
        start=date(2024, 1, 1),
    )


PLATFORM = Platform(
    id="tiny", title="Tiny", source_system="tiny.example", timezone="UTC", feeds=(feed("notes"), feed("sums"))
)
NOTES = "tiny/notes"


@dataclass
class Desk:
    """One zone, one Dagster instance, and the definitions between them."""

    home: Path
    instance: dg.DagsterInstance
    now: datetime = NOON
    platform: Platform = PLATFORM
    settings: Settings = field(init=False)
    _built: tuple[Settings, dg.Definitions] | None = None

    def __post_init__(self):
        self.settings = Settings.from_environment(
            {"RAWZONE_SETTLE": "0", "RAWZONE_RESERVE": "0"}, home=self.home
        )
        (self.home / "landing").mkdir(parents=True, exist_ok=True)

    @property
    def overrides(self) -> Overrides:
        return Overrides(settings=self.settings, platforms=(self.platform,), clock=lambda: self.now)

    @property
    def definitions(self) -> dg.Definitions:
        if self._built is None or self._built[0] is not self.settings:
            self._built = (self.settings, build_definitions(self.overrides))
        return self._built[1]

    def zone(self) -> Zone:
        zone = Zone(self.settings, clock=lambda: self.now)
        zone.index.catch_up()
        return zone

    # --- the extractors' side

    def land(self, day: str, data: str = "{}\n", *, name: str = "notes", time: str = "") -> Path:
        """Land one delivery; ``day`` as ``20240501``."""
        return self.land_as(f"tiny/{name}_{day}{'_' + time if time else ''}.json", f"{day}{time}\n{data}", data)

    def land_as(self, path: str, unique: str, data: str = "") -> Path:
        target = self.home / "landing" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        # Other bytes each day, so that a test means a duplicate when it has one.
        target.write_text(f"{data}{unique}" if data.startswith(("bad", "odd")) else unique)
        return target

    # --- Dagster's side

    def run(self, first: str, last: str | None = None, *, checks=None, assets=True, feed_id: str = NOTES):
        """Run days of a feed as a sensor does; ``checks`` names those that the UI would have selected too."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        key = raw_key(feed_id)
        selected = job.get_subset(
            asset_selection={key} if assets else set(),
            asset_check_selection={dg.AssetCheckKey(key, name) for name in checks or ()},
        )
        one_day = last is None
        return selected.execute_in_process(
            instance=self.instance,
            partition_key=first if one_day else None,
            tags={} if one_day else {RANGE_START: first, RANGE_END: last or first},
            run_config=QUIET,
            raise_on_error=False,
        )

    def execute_all(self, key: dg.AssetKey, *checks: str, assets=False):
        """What "Execute all" on an asset's page of checks starts: a run that names checks, but no day."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        selected = job.get_subset(
            asset_selection={key} if assets else set(),
            asset_check_selection={dg.AssetCheckKey(key, name) for name in checks},
        )
        return selected.execute_in_process(instance=self.instance, run_config=QUIET, raise_on_error=False)

    def tick(self, cursor: str | None = None, *, sensor: str = "landing") -> dg.SensorResult:
        """One evaluation of a sensor, its events stored as the daemon does."""
        definitions = self.definitions
        context = dg.build_sensor_context(
            instance=self.instance,
            definitions=definitions,
            cursor=cursor,
            resources={"zone": definitions.resources["zone"]},
        )
        result = definitions.resolve_sensor_def(sensor)(context)
        for event in getattr(result, "asset_events", ()):  # a plain skip reason has none
            self.instance.report_runless_asset_event(event)
        return result

    def carry_out(self, request: dg.RunRequest):
        """Run what a tick asked for."""
        first = request.partition_key or request.tags.get(RANGE_START)
        (key,) = request.asset_selection
        job = self.definitions.resolve_implicit_global_asset_job_def()
        return job.get_subset(asset_selection={key}, asset_check_selection=set()).execute_in_process(
            instance=self.instance,
            partition_key=request.partition_key if first else None,
            tags=dict(request.tags),
            run_config=QUIET,
            raise_on_error=False,
        )

    def materialized(self, feed_id: str = NOTES) -> set[str]:
        return self.instance.get_materialized_partitions(raw_key(feed_id))

    def arrived(self, feed_id: str = NOTES) -> set[str]:
        return self.instance.get_materialized_partitions(landing_key(feed_id))

    def verdicts(self, check: str, feed_id: str = NOTES) -> dict[str, str]:
        """Day to what the check's Partitions tab shows; a verdict on an outdated materialization is ``old``."""
        found = self.instance.event_log_storage.get_asset_check_partition_info(
            [dg.AssetCheckKey(raw_key(feed_id), check)]
        )
        return {
            info.partition_key: info.latest_execution_status.value if info.is_current else "old"
            for info in found
            if info.partition_key
        }

    def evaluation(self, check: str, day: str | None = None, feed_id: str = NOTES) -> dg.AssetCheckEvaluation:
        """The newest evaluation of a check of a day, or of a check without days."""
        history = self.instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(raw_key(feed_id), check), limit=200
        )
        return next(
            data
            for record in history
            if (data := record.event.dagster_event.event_specific_data).partition == day
        )

    def materialization(self, day: str, feed_id: str = NOTES) -> dg.AssetMaterialization:
        found = self.instance.fetch_materializations(
            dg.AssetRecordsFilter(raw_key(feed_id), asset_partitions=[day]), limit=1
        )
        return found.records[0].asset_materialization


def reported(result) -> list[str]:
    """The asset events of a run."""
    kinds = ("ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION", "ASSET_OBSERVATION")
    return [event.event_type_value for event in result.all_events if event.event_type_value in kinds]


def with_settings(desk: Desk, **changes) -> None:
    desk.settings = replace(desk.settings, **changes)
