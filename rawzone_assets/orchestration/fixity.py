"""Fixity: the rolling scrub as an asset. Damage is a finding, so the run stays green and checks turn red.

The materialization says what was read, how much of the zone was read within the window, and the ledger's
head; damaged objects turn the ``integrity`` of their day red, and turn it green again once they are restored.
Damage that belongs to no day (the ledger itself, foreign files) shows in the scrub's own check.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.wording import counted
from rawzone_assets.orchestration import metadata, reporting, witness
from rawzone_assets.orchestration.days import Days
from rawzone_assets.orchestration.integrity import reread
from rawzone_assets.orchestration.liveness import alive
from rawzone_assets.orchestration.names import FIXITY, NOTHING_DAMAGED, OWNERS, raw_key
from rawzone_assets.orchestration.overrides import ZoneResource
from rawzone_assets.orchestration.targets import newest_targets
from rawzone_assets.zone.errors import LedgerDamaged, ZoneError
from rawzone_assets.zone.zone import Zone

if TYPE_CHECKING:
    from rawzone_assets.health.coverage import Coverage
    from rawzone_assets.health.damage import Damage
    from rawzone_assets.health.rolling import Session

_MOST_SHOWN = 30
_EVERY_NIGHT = "23 4 * * *"  # when extractors and people are least likely to wait for the disk


class ScrubConfig(dg.Config):  # type: ignore[misc,unused-ignore]
    """How much one run of the scrub reads."""

    full: bool = Field(default=False, description="Re-read everything, however long it takes.")
    budget_seconds: float | None = Field(
        default=None, ge=0, description="Seconds to re-read for. Default: RAWZONE_SCRUB_BUDGET."
    )
    window_days: float | None = Field(
        default=None, gt=0, description="Days within which all is to be re-read. Default: RAWZONE_SCRUB_WINDOW."
    )


def fixity_asset(feeds: Mapping[str, Feed]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="health__fixity",
        specs=[
            dg.AssetSpec(
                FIXITY,
                group_name="health",
                description=(
                    "Stored bytes re-read and compared with what was recorded, those unread for longest first, "
                    "as far as the time budget goes; the ledger always as a whole. Like `rawzone scrub`. "
                    "Set `full` in the run's config to read everything, as `rawzone verify` does."
                ),
                tags={"zone": "raw"},
                owners=OWNERS,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                NOTHING_DAMAGED,
                asset=FIXITY,
                description="Raw, quarantine and ledger are what the ledger says, and nothing else lies there.",
            )
        ],
    )
    def scrub_zone(
        context: dg.AssetExecutionContext, config: ScrubConfig, zone: dg.ResourceParam[ZoneResource]
    ) -> Iterator[reporting.Event | dg.MaterializeResult[None]]:
        # Definitions are loaded far more often than a zone is scrubbed.
        from rawzone_assets.health.rolling import scrub_rolling  # noqa: PLC0415

        try:
            with zone.open() as opened, alive(opened, context.run.run_id):
                settings = opened.settings
                budget = settings.scrub_budget if config.budget_seconds is None else config.budget_seconds
                window = settings.scrub_window if config.window_days is None else config.window_days
                found = scrub_rolling(
                    opened,
                    run_id=context.run.run_id,
                    budget=math.inf if config.full else budget,
                    window=window,
                )
                yield _result(found)
                try:
                    opened.index.catch_up()
                except LedgerDamaged:
                    return  # no day can be told from it; the scrub's own check says so
                yield from _days(context, opened, feeds, found)
        except ZoneError as error:
            raise dg.Failure(description=str(error)) from None

    return scrub_zone


def fixity_schedule() -> dg.ScheduleDefinition:
    """The scrub, once a night."""
    description = (
        "Re-reads what was unread for longest and compares it with the recorded hashes, for as many seconds as "
        "RAWZONE_SCRUB_BUDGET says. With full: true it re-reads everything, however long that takes."
    )
    job = dg.define_asset_job(
        "scrub",
        selection=dg.AssetSelection.assets(FIXITY),
        tags={"rawzone/scrub": "daily"},
        description=description,
    )
    return dg.ScheduleDefinition(
        name="nightly_scrub",
        description=description,
        job=job,
        cron_schedule=_EVERY_NIGHT,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


def _result(found: "Session") -> dg.MaterializeResult[None]:
    facts = {
        "objects": found.objects,
        "quarantined_copies": found.refused,
        "stored_bytes": found.bytes,
        "commits": found.commits,
        "damaged": len(found.damages),
        "sound_again": len(found.sound_again),
        "everything_read": found.finished,
        **_coverage_facts(found.coverage, found.window),
    }
    return dg.MaterializeResult(
        asset_key=FIXITY,
        metadata={**facts, "ledger_seq": found.head.seq, "ledger_head": found.head.sha256},
        check_results=[
            dg.AssetCheckResult(
                check_name=NOTHING_DAMAGED,
                passed=not found.damages and not found.is_behind,
                severity=dg.AssetCheckSeverity.ERROR if found.damages else dg.AssetCheckSeverity.WARN,
                description=_sentence(found),
                metadata={"damaged": len(found.damages), "damages": _table(found.damages)},
            )
        ],
    )


def _sentence(found: "Session") -> str:
    if found.damages:
        files_are = counted(len(found.damages), "file is", "files are")
        return f"{files_are} not as recorded: see `rawzone repair --dry-run`"
    if found.is_behind:
        return f"not all was read within {found.window:g} days: give the scrub a larger budget"
    return "all as recorded"


def _coverage_facts(coverage: "Coverage", window: float) -> dict[str, Any]:
    facts = {"coverage_percent": coverage.percent, "window_days": window}
    return {**facts, "oldest_verified": coverage.oldest} if coverage.oldest else facts


def _days(
    context: dg.AssetExecutionContext, zone: Zone, feeds: Mapping[str, Feed], found: "Session"
) -> Iterator[dg.AssetCheckEvaluation]:
    """Red for days with damaged objects, green for the newest sound day of each feed and for days that healed.

    Not for every day: a decade of sound days would cost a hundred thousand events a night. The objects of the
    days that are told of are re-read for it, whether or not their turn in the scrub has come.
    """
    damaged = {(damage.feed, damage.partition) for damage in found.damages if damage.key}
    for feed_id, feed in feeds.items():
        broken = {day for owner, day in damaged if owner == feed_id and day}
        red = witness.days_with_failed_integrity(context.instance, feed_id)
        newest = _newest_day(zone, feed_id, broken)
        days = Days(zone.index, feed_id, sorted(broken | red | newest))
        known = witness.recorded_days(context.instance, feed_id, days)
        aims = newest_targets(context.instance, raw_key(feed_id), list(days))
        facts = {
            "scrubbed_objects": found.objects,
            **(_coverage_facts(found.by_feed[feed_id], found.window) if feed_id in found.by_feed else {}),
            **metadata.ledger_facts(zone),
        }
        looked_at = {partition: reread(zone, day) for partition, day in days.items()}
        # Red comes last: Dagster judges an asset's health by its newest evaluation.
        for partition in sorted(days, key=lambda day: (bool(looked_at[day].problems), day)):
            yield reporting.scrubbed(
                feed,
                days[partition],
                looked_at[partition],
                aim=aims.get(partition),
                known=known[partition],
                facts=facts,
            )


def _newest_day(zone: Zone, feed_id: str, broken: set[str]) -> set[str]:
    days = (entry.receipt.partition for entry in zone.index.newest(feed_id) if entry.receipt.key)
    return {day for day in [next((day for day in days if day and day not in broken), None)] if day}


def _table(damages: "Sequence[Damage]") -> dg.MetadataValue[Any]:
    rows = [
        dg.TableRecord({"kind": str(damage.kind), "path": damage.path, "problem": damage.problem})
        for damage in damages[:_MOST_SHOWN]
    ]
    schema = dg.TableSchema.from_name_type_dict({"kind": "string", "path": "string", "problem": "string"})
    return dg.MetadataValue.table(records=rows, schema=schema)
