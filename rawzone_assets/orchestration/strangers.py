"""Strangers: landed files of no feed. An asset shows them, a check warns of them, they stay where they are."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import dagster as dg

from rawzone_assets.contract.feed import Platform
from rawzone_assets.contract.wording import counted
from rawzone_assets.orchestration import metadata, reporting, witness
from rawzone_assets.orchestration.liveness import alive
from rawzone_assets.orchestration.names import ALL_RECOGNIZED, OWNERS, UNRECOGNIZED
from rawzone_assets.orchestration.overrides import ZoneResource
from rawzone_assets.zone import promotion
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.receipt import Receipt
from rawzone_assets.zone.zone import Zone


def stranger_content(labels: Sequence[str]) -> str:
    """A hash of which files of no feed there are."""
    return hashlib.sha256("\n".join(labels).encode()).hexdigest()[:16]


def shows_strangers(instance: dg.DagsterInstance, labels: Sequence[str]) -> bool:
    """Whether Dagster shows just these files, or there are none and it was told of none."""
    told = witness.content_of_asset(instance, UNRECOGNIZED)
    return told == stranger_content(labels) or not (told or labels)


def unrecognized_asset(platforms: Sequence[Platform]) -> dg.AssetsDefinition:
    """Records new strangers in the ledger and shows all that lie in landing."""

    @dg.multi_asset(
        name="landing__unrecognized",
        specs=[
            dg.AssetSpec(
                UNRECOGNIZED,
                skippable=True,
                group_name="landing",
                description=(
                    "Files in landing whose platform, feed or date cannot be read from their path. They are "
                    "recorded and left where they are: rename them, move them away, or declare their feed."
                ),
                tags={"zone": "landing"},
                owners=OWNERS,
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                ALL_RECOGNIZED, asset=UNRECOGNIZED, description="Every file in landing belongs to a feed."
            )
        ],
        can_subset=True,
    )
    def record_unrecognized(
        context: dg.AssetExecutionContext, zone: dg.ResourceParam[ZoneResource]
    ) -> Iterator[reporting.Event]:
        try:
            with zone.open() as opened, alive(opened, context.run.run_id):
                found = zone.look(opened, platforms)
                if UNRECOGNIZED in context.selected_asset_keys:
                    promotion.record_unrecognized(opened, found.unrecognized, run_id=context.run.run_id)
                opened.index.catch_up()
                yield from _report(context, opened, found.strangers)
        except ZoneError as error:
            raise dg.Failure(description=str(error)) from None

    return record_unrecognized


def stranger_news(
    instance: dg.DagsterInstance, zone: Zone, labels: Sequence[str]
) -> list[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
    """What Dagster is to be told of these files; nothing when it shows them, or none and was told of none."""
    if shows_strangers(instance, labels):
        return []
    table = _table(zone, labels)
    return [_materialization(zone, labels, table), _evaluation(labels, table)]


def _report(context: dg.AssetExecutionContext, zone: Zone, labels: Sequence[str]) -> Iterator[reporting.Event]:
    known = witness.content_of_asset(context.instance, UNRECOGNIZED) == stranger_content(labels)
    table = _table(zone, labels)
    if UNRECOGNIZED in context.selected_asset_keys and not known:
        yield _materialization(zone, labels, table)
    if context.selected_asset_check_keys or not known:
        yield _evaluation(labels, table)
    yield from reporting.check_outputs(context)


def _materialization(
    zone: Zone, labels: Sequence[str], table: dg.MetadataValue[Any]
) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        UNRECOGNIZED,
        metadata={"files": len(labels), "unrecognized": table, **metadata.ledger_facts(zone)},
        tags=reporting.versioned(stranger_content(labels)),
    )


def _evaluation(labels: Sequence[str], table: dg.MetadataValue[Any]) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=UNRECOGNIZED,
        check_name=ALL_RECOGNIZED,
        passed=not labels,
        severity=dg.AssetCheckSeverity.WARN,
        description=(
            f"{counted(len(labels), 'file')} of no feed in landing" if labels else "none lies in landing"
        ),
        metadata={"files": len(labels), "findings": table},
    )


def _table(zone: Zone, labels: Sequence[str]) -> dg.MetadataValue[Any]:
    receipts = list(_receipts(zone, labels))
    return metadata.findings_table([(r, finding) for r in receipts for finding in r.findings])


def _receipts(zone: Zone, labels: Iterable[str]) -> Iterator[Receipt]:
    for label in labels:
        entries = [entry for entry in zone.index.find(label) if entry.receipt.landing_path == label]
        if entries:
            yield entries[-1].receipt
