"""The restore drill as an asset: once a week some archived objects are brought back for a trial.

One that cannot be had back is a finding, so the run stays green and the check turns red, until a later drill of
the same object succeeds.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from pydantic import Field

from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.wording import counted
from rawzone_assets.health.drilling import USUAL_OBJECTS, Outcome, drill
from rawzone_assets.orchestration import metadata
from rawzone_assets.orchestration.liveness import alive
from rawzone_assets.orchestration.names import DRILL, OWNERS, RESTORABLE
from rawzone_assets.orchestration.overrides import ZoneResource
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.zone import Zone

_MOST_SHOWN = 30
_EVERY_SUNDAY = "37 5 * * 0"  # after the night's scrub


class DrillConfig(dg.Config):  # type: ignore[misc,unused-ignore]
    """How much one drill brings back."""

    objects: int = Field(
        default=USUAL_OBJECTS,
        ge=1,
        description="Archived objects to bring back, those untried for longest first.",
    )


def drill_asset(feeds: Mapping[str, Feed]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="health__restore_drill",
        specs=[
            dg.AssetSpec(
                DRILL,
                group_name="health",
                description=(
                    "Archived objects brought back for a trial into a scratch folder, compared with their "
                    "receipts, and read by their feeds' parsers, those undrilled for longest first. The ledger "
                    "keeps what came of it. Like `rawzone archive drill`."
                ),
                tags={"zone": "archive"},
                owners=OWNERS,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                RESTORABLE,
                asset=DRILL,
                description="Everything that was ever drilled could be had back from the archive last time.",
            )
        ],
    )
    def drill_archive(
        context: dg.AssetExecutionContext, config: DrillConfig, zone: dg.ResourceParam[ZoneResource]
    ) -> Iterator[dg.MaterializeResult[None]]:
        try:
            with zone.open() as opened, alive(opened, context.run.run_id), zone.judging() as (judge, _):
                outcome = drill(
                    opened,
                    feeds,
                    judge=judge,
                    by=f"dagster run {context.run.run_id}",
                    objects=config.objects,
                    run_id=context.run.run_id,
                )
                opened.index.catch_up()
                yield _result(opened, outcome)
        except ZoneError as error:
            raise dg.Failure(description=str(error)) from None

    return drill_archive


def drill_schedule() -> dg.ScheduleDefinition:
    """The drill, once a week."""
    description = "Brings a few archived objects back for a trial, and notes in the ledger what came of it."
    job = dg.define_asset_job(
        "restore_drill",
        selection=dg.AssetSelection.assets(DRILL),
        tags={"rawzone/drill": "weekly"},
        description=description,
    )
    return dg.ScheduleDefinition(
        name="weekly_restore_drill",
        description=description,
        job=job,
        cron_schedule=_EVERY_SUNDAY,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


def _result(zone: Zone, outcome: Outcome) -> dg.MaterializeResult[None]:
    totals = zone.index.drills.totals()
    facts: dict[str, Any] = {
        "drilled": len(outcome.records),
        "failed": len(outcome.failed),
        "archive_copies": totals.copies,
        "ever_drilled": totals.drilled,
        "bytes": sum(record["size"] for record in outcome.records),
        **metadata.ledger_facts(zone),
    }
    sentence = f"{len(outcome.records)} of {totals.copies} archived objects were restored for a trial"
    if not totals.copies:
        sentence = "nothing is in the archive"
    if totals.failed:
        failed = counted(len(totals.failed), "archived object")
        sentence = f"{failed} could not be had back: see `rawzone archive drill`"
    return dg.MaterializeResult(
        asset_key=DRILL,
        metadata=facts,
        check_results=[
            dg.AssetCheckResult(
                check_name=RESTORABLE,
                passed=not totals.failed,
                severity=dg.AssetCheckSeverity.ERROR,
                description=sentence,
                metadata={"failed": len(totals.failed), "problems": _table(zone, totals.failed)},
            )
        ],
    )


def _table(zone: Zone, keys: tuple[str, ...]) -> dg.MetadataValue[Any]:
    found = [(key, zone.index.drills.of(key)) for key in keys[:_MOST_SHOWN]]
    rows = [
        dg.TableRecord({"key": key, "problem": str(drilled.record["problem"]), "at": drilled.at})
        for key, drilled in found
        if drilled
    ]
    schema = dg.TableSchema.from_name_type_dict({"key": "string", "problem": "string", "at": "string"})
    return dg.MetadataValue.table(records=rows, schema=schema)
