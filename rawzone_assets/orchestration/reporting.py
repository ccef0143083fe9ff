"""Reporting: the ledger's days as Dagster events, in an order that a crash cannot break.

Materializations first (DAGSTER.md 2.3), for exactly the days whose readable content Dagster does not know yet;
then each day's evaluations, aimed at the newest materialization of that day; last of them ``integrity``, which
notes the state of the ledger that all of them speak of. A run that dies in between leaves a difference between
that note and the ledger, and the next run reports the day again. What Dagster knows is ``witness``'s to say.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import dagster as dg
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID

from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.wording import counted
from rawzone_assets.orchestration import event_batches, metadata, witness
from rawzone_assets.orchestration.days import Day, Days, changed_days
from rawzone_assets.orchestration.integrity import Reread, reread
from rawzone_assets.orchestration.names import INTEGRITY, daily_checks, raw_key
from rawzone_assets.orchestration.targets import Target, newest_targets
from rawzone_assets.orchestration.witness import Recorded
from rawzone_assets.zone.capture_days import day_findings
from rawzone_assets.zone.zone import Zone

Event = event_batches.Event | dg.DagsterEvent | dg.Output[None]

_DAYS_AT_ONCE = 50  # a run that dies has told of all days but these
_Item = TypeVar("_Item")


def report(
    context: dg.AssetExecutionContext, zone: Zone, feed: Feed, partitions: Iterable[str]
) -> Iterator[Event]:
    """Report what Dagster does not know of these days, or nothing.

    A run that was asked for checks (one started in the UI) evaluates them whatever is known: Dagster has
    planned them for every day of the run, and a planned check without an evaluation hides an older red one.

    Days of which another run commits something meanwhile are reported once more: it may have told Dagster of
    them already, and what is told here of before would hide that.
    """
    moments = event_batches.Moments()
    wanted = sorted(partitions)
    while wanted:
        upto = zone.index.head.seq
        yield from _report(context, zone, feed, Days(zone.index, feed.id, wanted), moments)
        wanted = changed_days(zone.index, feed.id, wanted, after=upto)
    yield from check_outputs(context)


def _report(
    context: dg.AssetExecutionContext, zone: Zone, feed: Feed, days: Days, moments: event_batches.Moments
) -> Iterator[Event]:
    key, everything = raw_key(feed.id), daily_checks(feed)
    asked = {check.name for check in context.selected_asset_check_keys if check.asset_key == key}
    known = witness.recorded_days(context.instance, feed.id, days)
    names, due, materialized = everything, list(days), set[str]()
    if key in context.selected_asset_keys:
        due = [partition for partition in days if asked or known[partition].lacks_verdict_on(days[partition])]
        lacking = [partition for partition, day in days.items() if known[partition].lacks_content_of(day)]
        for some in _chunks(lacking):
            yield from _stored(context, materializations(zone, feed, map(days.__getitem__, some)), moments)
        materialized = set(lacking)
    else:
        names = tuple(name for name in everything if name in asked)
    targets = newest_targets(context.instance, key, due)
    for chunk in _chunks(due):
        told: list[dg.AssetCheckEvaluation] = []
        for partition in chunk:
            day = days[partition]
            # Evaluations of some checks only must not claim that the whole day was judged.
            note = day if names == everything else known[partition]
            told += evaluations(
                zone,
                feed,
                day,
                names=names,
                aim=targets.get(partition),
                note=note,
                is_materialized=partition in materialized,
            )
        yield from _stored(context, told, moments)


def _stored(
    context: dg.AssetExecutionContext, events: Iterable[event_batches.Event], moments: event_batches.Moments
) -> Iterator[dg.DagsterEvent]:
    """Store events of the run together, and give them as Dagster's own, which it does not store again."""
    entries = event_batches.of_step(context, events, moments)
    event_batches.store(context.instance, entries)
    return (entry.get_dagster_event() for entry in entries)


def _chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[start : start + _DAYS_AT_ONCE] for start in range(0, len(items), _DAYS_AT_ONCE))


def evaluations(
    zone: Zone,
    feed: Feed,
    day: Day,
    *,
    names: Sequence[str],
    aim: Target | None,
    note: Day | Recorded,
    is_materialized: bool,
) -> Iterator[dg.AssetCheckEvaluation]:
    """The checks of a day, in the order of ``names``; ``integrity`` re-reads its objects and keeps ``note``.

    Of a day that is not materialized with them, because all that came was refused, it also notes the ledger's
    head: else no witness would have seen the commits of refusals, and they could be taken back unnoticed.
    """
    feed = zone.settings.policy.applied_to(feed)
    for name in names:
        if name == INTEGRITY:
            head = {} if is_materialized else metadata.head_facts(zone)
            yield _integrity(feed, day, reread(zone, day), target=aim, note=note, facts=head)
        else:
            yield _rule_check(feed, day, name, target=aim)


def check_outputs(context: dg.AssetExecutionContext) -> Iterator[dg.Output[None]]:
    """Outputs of selected checks are not optional, whatever was evaluated."""
    for check in sorted(context.selected_asset_check_keys, key=lambda check: check.name):
        yield dg.Output(None, output_name=f"{check.asset_key.to_python_identifier()}_{check.name}")


def versioned(content: str) -> dict[str, str]:
    """The tags that make ``content`` the data version of a materialization."""
    return {witness.DATA_VERSION: content, "dagster/data_version_is_user_provided": "true"}


def materializations(zone: Zone, feed: Feed, days: Iterable[Day]) -> Iterator[dg.AssetMaterialization]:
    """What can be read of each day, with the ledger's head as it is when the first of them is asked for."""
    ledger: Mapping[str, Any] | None = None
    for day in days:
        ledger = ledger or metadata.ledger_facts(zone)  # the same for all: it takes longer than all the rest
        yield dg.AssetMaterialization(
            raw_key(feed.id),
            partition=day.partition,
            metadata=metadata.of_materialization(zone, feed, day.as_accepted, ledger),
            tags=versioned(day.content or ""),
        )


def tell_all(
    instance: dg.DagsterInstance,
    events: Iterable[tuple[dg.AssetMaterialization | dg.AssetCheckEvaluation, datetime | None]],
    *,
    run_id: str = RUNLESS_RUN_ID,
    moments: event_batches.Moments | None = None,
) -> None:
    """Store events outside of a run's process, each as one of its time (now when that is ``None``).

    Who stores events of one run by and by hands over the same ``moments`` each time.

    Dagster's own freshness reads the time of the newest event, so news of old facts must bear their time. The
    run need only be recorded; without any, Dagster 1.13 refuses a second evaluation of a check and day.
    """
    moments = moments or event_batches.Moments()
    entries = [
        event_batches.outside_of_steps(
            event,
            job_name=RUNLESS_JOB_NAME,
            run_id=run_id,
            at=moments.of(event, at.timestamp() if at else time.time()),
        )
        for event, at in events
    ]
    event_batches.store(instance, entries)


def scrubbed(
    feed: Feed, day: Day, found: Reread, *, aim: Target | None, known: Recorded, facts: Mapping[str, Any]
) -> dg.AssetCheckEvaluation:
    """What a scrub found out about the objects of a day. It says nothing new about the ledger."""
    return _integrity(feed, day, found, target=aim, note=known, facts=facts)


# --- single evaluations --------------------------------------------------------------------------


def _rule_check(feed: Feed, day: Day, name: str, *, target: Target | None) -> dg.AssetCheckEvaluation:
    """One of the contract's checks: red while a delivery is refused for it, green with its warnings listed.

    A warning alone never fails a check: such deliveries are accepted, some warnings come every day, and a
    check that is always yellow is one that nobody reads.
    """
    refused = [
        (receipt, finding)
        for receipt in day.refused
        for finding in receipt.findings
        if finding["blocking"] and check_of(feed, finding) == name
    ]
    warnings = [
        (receipt, finding)
        for receipt in (*day.newest, *day.refused)
        for finding in receipt.findings
        if not finding["blocking"] and check_of(feed, finding) == name
    ]
    warnings += [
        (witness, finding.as_json())
        for witness, finding in day_findings(feed, (entry.receipt for entry in day.entries))
        if finding.check == name
    ]
    deliveries = len(day.newest) + len(day.refused)
    files = list({id(receipt): receipt for receipt, _ in refused}.values())
    facts: dict[str, Any] = {"deliveries": deliveries, "refused": len(files), "warnings": len(warnings)}
    if refused or warnings:
        facts["findings"] = metadata.findings_table(refused + warnings)
    if files and files[0].quarantine:
        facts["quarantined_as"] = files[0].quarantine["path"]
    return dg.AssetCheckEvaluation(
        asset_key=raw_key(feed.id),
        check_name=name,
        passed=not refused,
        severity=dg.AssetCheckSeverity.ERROR,
        blocking=False,
        partition=day.partition,
        description=_sentence(len(files), deliveries, refused, len(warnings), elsewhere=len(day.refused)),
        target_materialization_data=target,
        metadata=facts,
    )


def _integrity(
    feed: Feed,
    day: Day,
    found: Reread,
    *,
    target: Target | None,
    note: Day | Recorded,
    facts: Mapping[str, Any] | None = None,
) -> dg.AssetCheckEvaluation:
    damaged = len(found.problems)
    objects = counted(found.objects, "object")
    sentence = f"{objects} re-read, all as recorded" if found.objects else "no objects on this day"
    if damaged:
        sentence = f"{damaged:,} of {objects} not as recorded: restore from a copy"
    shown: dict[str, Any] = {"objects": found.objects, "stored_bytes": found.bytes, "damaged": damaged}
    if damaged:
        shown["problems"] = metadata.problems_table(found.problems)
    return dg.AssetCheckEvaluation(
        asset_key=raw_key(feed.id),
        check_name=INTEGRITY,
        passed=not damaged,
        severity=dg.AssetCheckSeverity.ERROR,
        blocking=False,
        partition=day.partition,
        description=sentence,
        target_materialization_data=target,
        metadata={
            **shown,
            **(facts or {}),
            witness.STATE_NOTE: note.state or "",
            witness.ARRIVALS_NOTE: note.arrivals or "",
        },
    )


def check_of(feed: Feed, finding: Mapping[str, Any]) -> str:
    """The check that a finding belongs to; one that an older contract named otherwise belongs to the first."""
    rules = daily_checks(feed)[:-1]
    name: str = finding["check"]
    return name if name in rules else rules[0]


def _sentence(
    files: int, deliveries: int, refused: Sequence[metadata.Finding], warnings: int, *, elsewhere: int
) -> str:
    """What the check found; ``elsewhere`` are the refused deliveries, where this check refused none of them."""
    told = counted(deliveries, "delivery", "deliveries")
    if refused:
        codes = ", ".join(sorted({finding["code"] for _, finding in refused}))
        return f"{files:,} of {told} refused: {codes}"
    if deliveries == 0:
        return "nothing to judge"
    told += f", {counted(warnings, 'warning')}" if warnings else " without objection"
    # What is cut short or no such page has nothing that later checks could look at: green is no praise then.
    return f"{told}; {elsewhere} refused by other checks, perhaps before this one" if elsewhere else told
