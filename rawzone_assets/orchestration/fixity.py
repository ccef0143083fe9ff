"""Fixity: the daily scrub as an asset. Damage is a finding, so the run stays green and checks turn red.

The materialization says what was read and the ledger's head; damaged objects turn the ``integrity`` of their
day red, and turn it green again once they are restored. Damage that belongs to no day (the ledger itself,
foreign files) shows in the scrub's own check.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from rawzone_assets.contract.feed import Feed
from rawzone_assets.health.scrub import Damage, ScrubReport, scrub
from rawzone_assets.orchestration import metadata, reporting, witness
from rawzone_assets.orchestration.days import days_of
from rawzone_assets.orchestration.integrity import Reread
from rawzone_assets.orchestration.names import FIXITY, NOTHING_DAMAGED
from rawzone_assets.orchestration.overrides import ZoneResource
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.zone import Zone

_MOST_SHOWN = 30
_EVERY_NIGHT = "23 4 * * *"  # when extractors and people are least likely to wait for the disk


def fixity_asset(feeds: Mapping[str, Feed]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="health__fixity",
        specs=[
            dg.AssetSpec(
                FIXITY,
                group_name="health",
                description=(
                    "Every stored byte and every commit, re-read and compared with what was recorded. "
                    "The same as `rawzone verify`."
                ),
                tags={"zone": "raw"},
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
        context: dg.AssetExecutionContext, zone: dg.ResourceParam[ZoneResource]
    ) -> Iterator[reporting.Event | dg.MaterializeResult[None]]:
        try:
            with zone.open() as opened:
                found = scrub(opened)
                yield _result(found)
                opened.index.catch_up()
                yield from _days(context, opened, feeds, found)
        except ZoneError as error:
            raise dg.Failure(description=str(error)) from None

    return scrub_zone


def fixity_schedule() -> dg.ScheduleDefinition:
    """The scrub, once a night."""
    job = dg.define_asset_job(
        "scrub", selection=dg.AssetSelection.assets(FIXITY), tags={"rawzone/scrub": "daily"}
    )
    return dg.ScheduleDefinition(
        name="nightly_scrub",
        job=job,
        cron_schedule=_EVERY_NIGHT,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


def _result(found: ScrubReport) -> dg.MaterializeResult[None]:
    facts = {
        "objects": found.objects,
        "quarantined_copies": found.refused,
        "stored_bytes": found.bytes,
        "commits": found.commits,
        "damaged": len(found.damages),
    }
    return dg.MaterializeResult(
        asset_key=FIXITY,
        metadata={**facts, "ledger_seq": found.head.seq, "ledger_head": found.head.sha256},
        check_results=[
            dg.AssetCheckResult(
                check_name=NOTHING_DAMAGED,
                passed=not found.damages,
                severity=dg.AssetCheckSeverity.ERROR,
                description=(
                    f"{len(found.damages)} files are not as recorded" if found.damages else "all as recorded"
                ),
                metadata={"damaged": len(found.damages), "damages": _table(found.damages)},
            )
        ],
    )


def _days(
    context: dg.AssetExecutionContext, zone: Zone, feeds: Mapping[str, Feed], found: ScrubReport
) -> Iterator[dg.AssetCheckEvaluation]:
    """Red for days with damaged objects, green for the newest sound day of each feed and for days that healed.

    Not for every day: a decade of sound days would cost a hundred thousand events a night.
    """
    damaged: dict[tuple[str, str], list[Damage]] = {}
    for damage in found.damages:
        if damage.feed and damage.partition and damage.key:
            damaged.setdefault((damage.feed, damage.partition), []).append(damage)
    facts = {"scrubbed_objects": found.objects, **metadata.ledger_facts(zone)}
    for feed_id, feed in feeds.items():
        broken = {day for owner, day in damaged if owner == feed_id}
        healed = witness.days_with_failed_integrity(context.instance, feed_id) - broken
        newest = _newest_day(zone, feed_id, broken)
        days = days_of(zone.index, feed_id, broken | healed | newest)
        known = witness.recorded_days(context.instance, feed_id, days)
        # Red comes last: Dagster judges an asset's health by its newest evaluation.
        for partition in sorted(days, key=lambda day: (day in broken, day)):
            day = days[partition]
            problems = [(d.key or "", d.problem) for d in damaged.get((feed_id, partition), ())]
            reread = Reread(
                objects=len(day.accepted),
                bytes=sum(receipt.stored_size or 0 for receipt in day.accepted),
                problems=tuple(problems),
            )
            yield reporting.scrubbed(
                feed, day, reread, known=known[partition], run_id=context.run.run_id, facts=facts
            )


def _newest_day(zone: Zone, feed_id: str, broken: set[str]) -> set[str]:
    days = (entry.receipt.partition for entry in zone.index.newest(feed_id) if entry.receipt.key)
    return {day for day in [next((day for day in days if day and day not in broken), None)] if day}


def _table(damages: Sequence[Damage]) -> dg.MetadataValue[Any]:
    rows = [
        dg.TableRecord({"kind": str(damage.kind), "path": damage.path, "problem": damage.problem})
        for damage in damages[:_MOST_SHOWN]
    ]
    schema = dg.TableSchema.from_name_type_dict({"kind": "string", "path": "string", "problem": "string"})
    return dg.MetadataValue.table(records=rows, schema=schema)
