"""Lineage events: a promotion as OpenLineage run events. Needs the extra ``openlineage``; see ``lineage``.

The job is the promotion of a feed, its input the feed's landing dataset, its output the feed's raw dataset,
named like the Dagster assets. Checks are assertions on the input: they say what arrived, accepted or not.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg
from openlineage.client import event_v2 as ol
from openlineage.client.generated import (
    data_quality_assertions_dataset,
    dataset_version_dataset,
    datasource_dataset,
    documentation_job,
    error_message_run,
    input_statistics_input_dataset,
    job_type_job,
    nominal_time_run,
    output_statistics_output_dataset,
    parent_run,
    processing_engine_run,
    schema_dataset,
)
from openlineage.client.generated.base import (
    DatasetFacet,
    InputDatasetFacet,
    JobFacet,
    OutputDatasetFacet,
    RunFacet,
)
from openlineage.client.serde import Serde

from rawzone_assets import __version__
from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.wording import counted
from rawzone_assets.orchestration import column_schemas, reporting
from rawzone_assets.orchestration.days import Days
from rawzone_assets.orchestration.names import INTEGRITY, daily_checks, landing_key, raw_key
from rawzone_assets.zone.receipt import ACCEPTED, Receipt, Verdict
from rawzone_assets.zone.zone import Zone

_PRODUCER = f"urn:rawzone:{__version__}"
_NAMESPACE = "rawzone"


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What all events of one run have in common."""

    run_id: str
    parent: str | None  # the Dagster run, when it promotes several feeds
    namespace: str
    first: str  # day
    last: str


def run_facts(context: dg.AssetExecutionContext, zone: Zone, feed: Feed) -> RunFacts:
    """The OpenLineage run is the Dagster run; when that promotes several feeds, a part of it.

    OpenLineage knows one job a run, so each feed's part then has an id of its own, always the same one.
    """
    whole = context.run.run_id
    # The run itself names its assets only when a launcher started it; its job holds no others.
    promoting = [
        key
        for key in context.job_def.asset_layer.executable_asset_keys
        if key.path[0] == raw_key(feed.id).path[0]
    ]
    several = len(promoting) > 1
    days = sorted(context.partition_keys)
    return RunFacts(
        run_id=str(uuid.uuid5(uuid.UUID(whole), feed.id)) if several else whole,
        parent=whole if several else None,
        namespace=zone.settings.origin or _NAMESPACE,
        first=days[0],
        last=days[-1],
    )


def event_of(
    facts: RunFacts,
    zone: Zone,
    feed: Feed,
    state: str,
    *,
    receipts: Sequence[Receipt] = (),
    problem: str | None = None,
) -> str:
    """One event as a line of JSON. ``receipts`` are those that the run has committed."""
    ol.set_producer(_PRODUCER)
    is_over = state != "START"
    event = ol.RunEvent(
        eventType=ol.RunState[state],
        eventTime=zone.clock().isoformat(),
        run=ol.Run(runId=facts.run_id, facets=_run(facts, problem)),
        job=ol.Job(namespace=facts.namespace, name=_job_name(feed), facets=_job(feed)),
        inputs=[_landing(facts, zone, feed, receipts if is_over else ())],
        outputs=[_raw(facts, zone, feed, receipts)] if is_over and _accepted(receipts) else [],
    )
    return Serde.to_json(event)


def _job_name(feed: Feed) -> str:
    return f"promote/{feed.id}"


def _run(facts: RunFacts, problem: str | None) -> dict[str, RunFacet]:
    begin, end = date.fromisoformat(facts.first), date.fromisoformat(facts.last) + timedelta(days=1)
    facets: dict[str, RunFacet] = {
        "nominalTime": nominal_time_run.NominalTimeRunFacet(
            nominalStartTime=f"{begin}T00:00:00Z", nominalEndTime=f"{end}T00:00:00Z"
        ),
        "processing_engine": processing_engine_run.ProcessingEngineRunFacet(
            name="Dagster", version=dg.__version__, openlineageAdapterVersion=__version__
        ),
    }
    if facts.parent:
        facets["parent"] = parent_run.ParentRunFacet(
            run=parent_run.Run(runId=facts.parent),
            job=parent_run.Job(namespace=facts.namespace, name="promote"),
        )
    if problem:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            message=problem, programmingLanguage="python"
        )
    return facets


def _job(feed: Feed) -> dict[str, JobFacet]:
    return {
        "jobType": job_type_job.JobTypeJobFacet(processingType="BATCH", integration="DAGSTER", jobType="ASSET"),
        "documentation": documentation_job.DocumentationJobFacet(
            description=f"Judges what landed of {feed.title} and promotes it into raw, byte for byte."
        ),
    }


def _landing(facts: RunFacts, zone: Zone, feed: Feed, receipts: Sequence[Receipt]) -> ol.InputDataset:
    name = "/".join(landing_key(feed.id).path)
    found: dict[str, InputDatasetFacet] = {}
    if receipts:
        found["inputStatistics"] = input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            rowCount=sum(receipt.records or 0 for receipt in receipts),
            size=sum(receipt.size or 0 for receipt in receipts),
            fileCount=len(receipts),
        )
        found["dataQualityAssertions"] = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
            assertions=[_assertion(feed, check, receipts) for check in daily_checks(feed) if check != INTEGRITY]
        )
    return ol.InputDataset(
        namespace=facts.namespace,
        name=name,
        facets={"dataSource": _source(name, zone.layout.landing.as_uri()), **schema_of(feed)},
        inputFacets=found,
    )


def _raw(facts: RunFacts, zone: Zone, feed: Feed, receipts: Sequence[Receipt]) -> ol.OutputDataset:
    name = "/".join(raw_key(feed.id).path)
    promoted = [receipt for receipt in receipts if receipt.verdict is Verdict.PROMOTED]
    written: dict[str, OutputDatasetFacet] = {
        "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=sum(receipt.records or 0 for receipt in promoted),
            size=sum(receipt.stored_size or 0 for receipt in promoted),
            fileCount=len(promoted),
        )
    }
    return ol.OutputDataset(
        namespace=facts.namespace,
        name=name,
        facets={
            "dataSource": _source(name, zone.layout.object(feed.id).as_uri()),
            "version": dataset_version_dataset.DatasetVersionDatasetFacet(
                datasetVersion=_version(zone, feed, receipts)
            ),
            **schema_of(feed),
        },
        outputFacets=written,
    )


def _version(zone: Zone, feed: Feed, receipts: Sequence[Receipt]) -> str:
    """The data version of the day that was written, as Dagster has it; of several days, a hash over theirs."""
    days = Days(zone.index, feed.id, sorted({receipt.partition or "" for receipt in _accepted(receipts)}))
    versions = [(day.partition, day.content or "") for day in days.values()]
    if len(versions) == 1:
        return versions[0][1]
    lines = "".join(f"{content}  {day}\n" for day, content in versions)
    return hashlib.sha256(lines.encode()).hexdigest()


def _assertion(
    feed: Feed, check: str, receipts: Sequence[Receipt]
) -> data_quality_assertions_dataset.Assertion:
    refused = [receipt for receipt in receipts if check in _blocking_checks(feed, receipt)]
    return data_quality_assertions_dataset.Assertion(
        assertion=check,
        success=not refused,
        severity="error",
        name=check,
        actual=f"{len(refused)} of {counted(len(receipts), 'delivery', 'deliveries')} refused",
    )


def _blocking_checks(feed: Feed, receipt: Receipt) -> set[str]:
    return {reporting.check_of(feed, finding) for finding in receipt.findings if finding["blocking"]}


def schema_of(feed: Feed) -> dict[str, DatasetFacet]:
    """The columns of a feed's rows or records."""
    columns = column_schemas.of_raw(feed, described=True)
    fields = [
        schema_dataset.SchemaDatasetFacetFields(
            name=column.name, type=column.type, description=column.description, ordinal_position=number
        )
        for number, column in enumerate(columns.columns, 1)
    ]
    return {"schema": schema_dataset.SchemaDatasetFacet(fields=fields)}


def _source(name: str, uri: str) -> DatasetFacet:
    return datasource_dataset.DatasourceDatasetFacet(name=name, uri=uri)


def _accepted(receipts: Sequence[Receipt]) -> list[Receipt]:
    return [receipt for receipt in receipts if receipt.verdict in ACCEPTED]
