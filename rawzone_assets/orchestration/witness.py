"""Witness: what Dagster has been told, read back from its database, and what of the ledger it lacks.

Much of it is preview or private API of Dagster 1.13, which asks for many days at once what the public one
tells of one. Dagster is asked rather than remembered: a database that lost runs, or is new, is told again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecord,
    AssetCheckExecutionRecordStatus,
)

from rawzone_assets.orchestration.check_states import newest_states
from rawzone_assets.orchestration.days import Day, Days
from rawzone_assets.orchestration.hidden_verdicts import hidden_in
from rawzone_assets.orchestration.names import INTEGRITY, raw_key
from rawzone_assets.orchestration.partitions import days_inside
from rawzone_assets.zone.zone import Zone

DATA_VERSION = "dagster/data_version"
"""The only tag that Dagster looks up by partition without reading every event."""

STATE_NOTE = "ledger_state"
ARRIVALS_NOTE = "ledger_arrivals"
"""What an ``integrity`` evaluation notes of the ledger."""

_MARK = "rawzone/reported"
_COMMITS_AT_ONCE = 100
_LOOKS_AHEAD = 5  # of so many commits each, from the first that Dagster lacks
_FEW = 10
_FINISHED = {AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED}


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What Dagster knows of one day."""

    content: str | None = None  # data version of the newest materialization
    target: int | None = None  # its storage id
    state: str | None = None  # as noted by the newest integrity evaluation, with what it was aimed at
    arrivals: str | None = None
    judged: int | None = None
    sound: bool = True  # whether that evaluation passed
    is_hidden: bool = False  # by a run that planned another one and ended without it

    def lacks_content_of(self, day: Day) -> bool:
        """Whether the day must be materialized."""
        if day.content is None:
            return False
        return self.content != day.content or self.arrivals not in (None, day.arrivals)

    def lacks_verdict_on(self, day: Day) -> bool:
        """Whether the day's checks must be evaluated."""
        noted = self.state == day.state and self.judged == self.target
        return self.lacks_content_of(day) or not noted or self.is_hidden


def recorded_days(instance: dg.DagsterInstance, feed_id: str, days: Iterable[str]) -> dict[str, Recorded]:
    """What Dagster knows of these days of a feed."""
    key, wanted = raw_key(feed_id), sorted(days)
    contents = content_by_partition(instance, key, wanted)
    targets = newest_materializations(instance, key, wanted)
    # One query for all, which leaves only the days that were ever judged to be asked for.
    states = newest_states(instance, dg.AssetCheckKey(key, INTEGRITY), wanted)
    notes = _newest_notes(instance, key, set(states))
    hidden = hidden_in(instance, states)
    known = {}
    for day in wanted:
        note = notes.get(day)
        known[day] = Recorded(
            content=contents.get(day),
            target=targets.get(day),
            state=_text(note, STATE_NOTE),
            arrivals=_text(note, ARRIVALS_NOTE),
            judged=note.target_materialization_data.storage_id
            if note and note.target_materialization_data
            else None,
            sound=note.passed if note else True,
            is_hidden=day in hidden,
        )
    return known


def unreported(
    instance: dg.DagsterInstance, zone: Zone, partitions: Mapping[str, dg.DailyPartitionsDefinition]
) -> dict[str, list[str]]:
    """Days that the ledger knows and Dagster does not, by feed; empty when Dagster is up to date.

    A mark in Dagster's own database says up to which commit all was found reported, so each commit is looked
    at until then and never again. An empty or foreign database has no such mark and is told everything, some
    hundred commits at a time. While the runs of one feed keep failing, others are told of what came later.
    """
    head = zone.index.head.seq
    seq = _mark(instance, zone)
    due: dict[str, list[str]] = {}
    looks = 0
    while seq < head and looks < _LOOKS_AHEAD:
        upper = min(seq + _COMMITS_AT_ONCE, head)
        for feed_id, days in sorted(_touched(zone, seq, upper, partitions).items()):
            if lacking := _lacking(instance, zone, feed_id, days - set(due.get(feed_id, ()))):
                due[feed_id] = sorted({*due.get(feed_id, ()), *lacking})
        seq = upper
        if due:
            looks += 1
        else:
            mark_reported(instance, zone, seq)
    return due


def content_by_partition(
    instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Sequence[str]
) -> dict[str, str]:
    """The data version of each partition's newest materialization."""
    if not partitions:
        return {}
    found = instance.event_log_storage.get_latest_tags_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION, [DATA_VERSION], partitions
    )
    return {partition: tags[DATA_VERSION] for partition, tags in found.items() if DATA_VERSION in tags}


def content_of_asset(instance: dg.DagsterInstance, key: dg.AssetKey) -> str | None:
    """The data version of an unpartitioned asset's newest materialization."""
    event = instance.get_latest_materialization_event(key)
    materialized = event.asset_materialization if event else None
    return (materialized.tags or {}).get(DATA_VERSION) if materialized else None


def newest_evaluations(
    instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, dg.AssetCheckEvaluation]:
    """What Dagster shows of checks without days. A check planned since then and not evaluated shows nothing."""
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    evaluations = {key: _evaluation_in(record) for key, record in found.items()}
    return {key: evaluation for key, evaluation in evaluations.items() if evaluation}


def judged_days(instance: dg.DagsterInstance, check: dg.AssetCheckKey) -> dict[str, bool]:
    """Day to whether a check passed on it, where its newest evaluation is of the newest materialization."""
    succeeded = AssetCheckExecutionRecordStatus.SUCCEEDED
    return {
        info.partition_key: info.latest_execution_status == succeeded
        for info in instance.event_log_storage.get_asset_check_partition_info([check])
        if info.partition_key and info.is_current and info.latest_execution_status in _FINISHED
    }


def days_with_failed_integrity(instance: dg.DagsterInstance, feed_id: str) -> set[str]:
    """The days whose newest integrity evaluation failed."""
    found = instance.event_log_storage.get_asset_check_partition_info(
        [dg.AssetCheckKey(raw_key(feed_id), INTEGRITY)]
    )
    failed = AssetCheckExecutionRecordStatus.FAILED
    return {
        info.partition_key for info in found if info.partition_key and info.latest_execution_status == failed
    }


def is_marked(instance: dg.DagsterInstance, zone: Zone, seq: int) -> bool:
    """Whether all up to this commit was found reported."""
    return _mark(instance, zone) >= seq


def mark_reported(instance: dg.DagsterInstance, zone: Zone, seq: int) -> None:
    """Note that all up to this commit was reported, so that nobody looks at those commits again."""
    data = zone.ledger.bytes_of(seq) or b""
    instance.daemon_cursor_storage.set_cursor_values({_MARK: f"{seq}:{hashlib.sha256(data).hexdigest()}"})


def _touched(
    zone: Zone, after: int, upto: int, partitions: Mapping[str, dg.DailyPartitionsDefinition]
) -> dict[str, set[str]]:
    """The days that these commits speak of, as far as they are partitions of declared feeds."""
    days: dict[str, set[str]] = {}
    for seq in range(after + 1, upto + 1):
        commit = zone.ledger.commit(seq)
        for record in commit.records if commit else ():
            if record.get("feed") in partitions and record.get("partition"):
                days.setdefault(record["feed"], set()).add(record["partition"])
    return {
        feed_id: inside
        for feed_id, found in days.items()
        if (inside := days_inside(partitions[feed_id], found))
    }


def _lacking(instance: dg.DagsterInstance, zone: Zone, feed_id: str, partitions: Iterable[str]) -> list[str]:
    days = Days(zone.index, feed_id, sorted(partitions))
    known = recorded_days(instance, feed_id, days)
    return [partition for partition, day in days.items() if known[partition].lacks_verdict_on(day)]


def _mark(instance: dg.DagsterInstance, zone: Zone) -> int:
    noted = instance.daemon_cursor_storage.get_cursor_values({_MARK}).get(_MARK, "")
    seq, _, sha256 = noted.partition(":")
    if not seq.isdecimal():
        return -1
    data = zone.ledger.bytes_of(int(seq))
    # A mark that another ledger left says nothing about this one.
    return int(seq) if data is not None and hashlib.sha256(data).hexdigest() == sha256 else -1


# --- reading Dagster's records -------------------------------------------------------------------


def newest_materializations(
    instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Sequence[str] | None = None
) -> Mapping[str, int]:
    """The newest materialization of each day that has any: its number in Dagster's database."""
    if partitions is not None and not partitions:
        return {}
    return instance.get_latest_storage_id_by_partition(
        key,
        dg.DagsterEventType.ASSET_MATERIALIZATION,
        None if partitions is None else set(partitions),
    )


def wiped_at(instance: dg.DagsterInstance, keys: Sequence[dg.AssetKey]) -> dict[dg.AssetKey, datetime]:
    """When each of the assets was last wiped that ever was. Dagster shows nothing of them that is not newer."""
    # Storages bring SQLAlchemy, Alembic and more: whoever has an instance has them, definitions need not.
    from dagster._core.assets import AssetDetails  # noqa: PLC0415
    from dagster._core.storage.event_log.schema import AssetKeyTable  # noqa: PLC0415
    from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage  # noqa: PLC0415
    from dagster_shared.serdes import deserialize_value  # noqa: PLC0415
    from sqlalchemy import select  # noqa: PLC0415

    storage, row = instance.event_log_storage, AssetKeyTable.c
    if not isinstance(storage, SqlEventLogStorage):
        return {}
    names = {key.to_string(): key for key in keys}
    with storage.index_connection() as connection:
        rows = connection.execute(select(row.asset_key, row.asset_details).where(row.asset_key.in_(names)))
        found = {names[name]: deserialize_value(details, AssetDetails) for name, details in rows if details}
    stamps = {key: details.last_wipe_timestamp for key, details in found.items()}
    return {key: datetime.fromtimestamp(stamp, UTC) for key, stamp in stamps.items() if stamp}


def _newest_notes(
    instance: dg.DagsterInstance, key: dg.AssetKey, days: set[str]
) -> dict[str, dg.AssetCheckEvaluation]:
    """The newest integrity evaluation of each day: many are mostly the newest of all, and come in two pages."""
    found: dict[str, dg.AssetCheckEvaluation] = {}
    cursor = None
    for _ in range(2 if len(days) > _FEW else 0):
        records = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(key, INTEGRITY), limit=len(days), cursor=cursor, status=_FINISHED
        )
        evaluations = [evaluation for record in records if (evaluation := _evaluation_in(record))]
        for evaluation in evaluations:
            if evaluation.partition in days:
                found.setdefault(evaluation.partition, evaluation)
        if len(records) < len(days) or len(found) == len(days):
            return found
        cursor = records[-1].id
    for day in days - found.keys():
        note = _newest_note(instance, key, day)
        if note:
            found[day] = note
    return found


def _newest_note(
    instance: dg.DagsterInstance, key: dg.AssetKey, partition: str
) -> dg.AssetCheckEvaluation | None:
    records = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(key, INTEGRITY),
        limit=1,
        status=_FINISHED,
        partition_filter=PartitionKeyFilter(key=partition),
    )
    return _evaluation_in(records[0]) if records else None


def _evaluation_in(record: AssetCheckExecutionRecord) -> dg.AssetCheckEvaluation | None:
    event = record.event.dagster_event if record.event else None
    data = event.event_specific_data if event else None
    return data if isinstance(data, dg.AssetCheckEvaluation) else None


def _text(evaluation: dg.AssetCheckEvaluation | None, name: str) -> str | None:
    value = evaluation.metadata.get(name) if evaluation else None
    return str(value.value) or None if value else None
