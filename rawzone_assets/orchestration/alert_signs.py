"""What Dagster tells, as signs of incidents: check evaluations, freshness states, ends of runs, failed ticks.

Many checks and days of a feed speak of one incident: that is decided here, and in no other place. Freshness as
Dagster sees it and our own check are two signs of one incident, which is over when both are good.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange

from rawzone_assets.contract.wording import first_of
from rawzone_assets.health.alert_kinds import ZONE, Severity
from rawzone_assets.health.freshness import State
from rawzone_assets.health.signs import Incident, Sign
from rawzone_assets.orchestration import witness
from rawzone_assets.orchestration.event_log import News
from rawzone_assets.orchestration.names import (
    ALL_RECOGNIZED,
    CONSISTENCY,
    FEED_TAG,
    FIXITY,
    FRESHNESS,
    IN_STEP,
    INTEGRITY,
    NOTHING_DAMAGED,
    OPEN_REFUSALS,
    UNRECOGNIZED,
    landing_key,
    raw_key,
)

_RECENT = timedelta(days=7)  # days out of step further back are history, told by the asset itself
_STATE = "state"
_GOOD_STATES = {FreshnessState.PASS, FreshnessState.UNKNOWN, FreshnessState.NOT_APPLICABLE}
_OF_FEEDS = {"stale", "never-came", "refused"}  # kinds whose subject is a feed
_OF_OLD = timedelta(days=2)  # what did not tick for so long was switched off or removed


class Reader:
    """Turns events into signs, for the feeds that are declared."""

    def __init__(self, instance: dg.DagsterInstance, feeds: Collection[str]) -> None:
        self._instance = instance
        self._feeds = tuple(feeds)
        self._owners = {key: feed for feed in feeds for key in (raw_key(feed), landing_key(feed))}

    def signs(self, news: Iterable[News], *, failed_runs: bool) -> Iterator[Sign]:
        """The signs of events, in their order. ``failed_runs``: whether any incident of runs is open."""
        for item in news:
            data = item.event.event_specific_data
            if isinstance(data, dg.AssetCheckEvaluation):
                yield from self._of_check(data, item.at)
            elif isinstance(data, FreshnessStateChange):
                yield from self._of_state(data.key, data.new_state, item.at)
            elif item.event.event_type is dg.DagsterEventType.RUN_FAILURE:
                failed_runs = True
                yield from self._of_run(item, bad=True)
            elif failed_runs and item.event.event_type is dg.DagsterEventType.RUN_SUCCESS:
                yield from self._of_run(item, bad=False)

    def shown(self, now: datetime) -> list[Sign]:
        """What Dagster shows now of checks without days and of freshness, good and bad.

        It ends what an event that was lost with its run would leave open, and is where a first start begins.
        """
        keys = [
            *(
                dg.AssetCheckKey(raw_key(feed), name)
                for feed in self._feeds
                for name in (FRESHNESS, OPEN_REFUSALS)
            ),
            dg.AssetCheckKey(UNRECOGNIZED, ALL_RECOGNIZED),
            dg.AssetCheckKey(FIXITY, NOTHING_DAMAGED),
        ]
        signs = [
            replace(sign, counts=False)
            for evaluation in witness.newest_evaluations(self._instance, keys).values()
            for sign in self._of_check(evaluation, now)
        ]
        for key, record in self._instance.get_freshness_state_records(list(self._owners)).items():
            found = self._of_state(key, record.freshness_state, record.updated_at)
            signs += [replace(sign, counts=False) for sign in found]
        return signs

    def no_longer_declared(self, incidents: Iterable[Incident], now: datetime) -> list[Sign]:
        """Good signs of all that events told of feeds that nobody looks at any more.

        No event could end those: their feed was renamed or its platform was taken away. What lies damaged in
        the zone is read on by the scrub, which tells when it is sound.
        """
        return [
            Sign(kind=incident.kind, subject=incident.subject, name=name, bad=False, at=now, day=signal.day)
            for incident in incidents
            if self._is_of_a_feed(incident) and incident.subject not in self._feeds
            for name, signal in incident.signals.items()
            if signal.source == Sign.source
        ]

    def _is_of_a_feed(self, incident: Incident) -> bool:
        if incident.kind == "run-failed":  # whose subject may be any asset or job
            return self._instance.has_asset_key(raw_key(incident.subject))
        return incident.kind in _OF_FEEDS

    def failing_instigators(self, now: datetime) -> list[Sign]:
        """Sensors that failed twice in a row and schedules that failed once: nothing else in Dagster tells."""
        # Whoever has an instance has it loaded; definitions need not.
        from dagster._core.scheduler.instigation import InstigatorType, TickStatus  # noqa: PLC0415

        finished = [TickStatus.SUCCESS, TickStatus.SKIPPED, TickStatus.FAILURE]
        found = []
        for state in self._instance.all_instigator_state():
            kind = state.instigator_type.value.lower()
            enough = 1 if state.instigator_type is InstigatorType.SCHEDULE else 2
            ticks = self._instance.get_ticks(
                state.instigator_origin_id,
                state.selector_id,
                after=(now - _OF_OLD).timestamp(),
                limit=enough,
                statuses=finished,
            )
            if len(ticks) < enough or any(tick.status is not TickStatus.FAILURE for tick in ticks):
                continue
            error = ticks[0].error
            named = f" with {error.cls_name}" if error and error.cls_name else ""
            found.append(
                Sign(
                    kind="sensor-failed",
                    subject=f"{kind} {state.instigator_name}",
                    name="tick",
                    bad=True,
                    at=datetime.fromtimestamp(ticks[-1].timestamp, UTC),
                    # The error's text may quote what a delivery holds.
                    text=f"The newest ticks of the {kind} {state.instigator_name} failed{named}",
                    source="ticks",
                )
            )
        return found

    # --- one event each ---------------------------------------------------------------------------

    def _of_check(self, found: dg.AssetCheckEvaluation, at: datetime) -> Iterator[Sign]:
        name, key, day = found.check_name, found.asset_key, found.partition
        feed = self._owners.get(key)
        if feed and name == FRESHNESS:
            yield from _freshness(feed, found, at)
        elif feed and name == OPEN_REFUSALS:
            # It is about all days, so when it is good every refusal of the feed is over.
            yield _sign(found, at, kind="refused", subject=feed, name=name, sweeps=found.passed)
        elif feed and name == INTEGRITY:
            yield _sign(found, at, kind="damage", subject=feed, name=_of_day(name, day), day=day)
        elif feed:
            yield _sign(found, at, kind="refused", subject=feed, name=_of_day(name, day), day=day)
        elif key == UNRECOGNIZED:
            yield _sign(found, at, kind="unrecognized", subject=ZONE, name=name)
        elif key == FIXITY:
            damaged = not found.passed and found.severity is dg.AssetCheckSeverity.ERROR
            yield _sign(found, at, kind="damage", subject=ZONE, name=name, bad=damaged)
            yield _sign(
                found, at, kind="scrub-behind", subject=ZONE, name=name, bad=not found.passed and not damaged
            )
        elif key == CONSISTENCY and name == IN_STEP and day:
            if found.passed or at.date() - date.fromisoformat(day) <= _RECENT:
                yield _sign(found, at, kind="out-of-step", subject=ZONE, name=name, day=day)
        else:
            yield _sign(
                found, at, kind="check", subject=f"{key.to_user_string()} {name}", name=_of_day(name, day)
            )

    def _of_state(self, key: object, state: FreshnessState, at: datetime) -> Iterator[Sign]:
        """A warning of Dagster's is no sign: it comes when a delivery is due, long before one is late."""
        if not isinstance(key, dg.AssetKey) or state is FreshnessState.WARN:
            return
        yield Sign(
            kind="stale",
            subject=self._owners.get(key) or key.to_user_string(),
            name=f"freshness of {key.to_user_string()}",
            bad=state not in _GOOD_STATES,
            at=at,
            text=f"Dagster's freshness policy of {key.to_user_string()} failed: nothing came in time",
        )

    def _of_run(self, item: News, *, bad: bool) -> Iterator[Sign]:
        run = self._instance.get_run_by_id(item.run_id)
        if run is None:
            return
        subject = _subject_of(run)
        text = f"{_problem(self._instance, run)} (run {run.run_id[:8]})" if bad else ""
        yield Sign(kind="run-failed", subject=subject, name="run", bad=bad, at=item.at, text=text)


def _freshness(feed: str, found: dg.AssetCheckEvaluation, at: datetime) -> Iterator[Sign]:
    state = found.metadata.get(_STATE)
    never = not found.passed and state is not None and state.value == State.NEVER
    yield _sign(found, at, kind="never-came", subject=feed, name=FRESHNESS, bad=never)
    yield _sign(found, at, kind="stale", subject=feed, name=FRESHNESS, bad=not found.passed and not never)


def _sign(
    found: dg.AssetCheckEvaluation,
    at: datetime,
    *,
    kind: str,
    subject: str,
    name: str,
    bad: bool | None = None,
    day: str | None = None,
    sweeps: bool = False,
) -> Sign:
    where = f"{found.check_name}, {found.partition}" if found.partition else found.check_name
    warns = found.severity is dg.AssetCheckSeverity.WARN
    return Sign(
        kind=kind,
        subject=subject,
        name=name,
        bad=not found.passed if bad is None else bad,
        at=at,
        severity=Severity.WARNING if warns else Severity.ERROR,
        text=f"{where}: {found.description or 'failed'}",
        day=day,
        sweeps=sweeps,
    )


def _of_day(name: str, day: str | None) -> str:
    return f"{name}@{day}" if day else name


def _subject_of(run: dg.DagsterRun) -> str:
    """What a run is about: its feed, else its assets, else its job. A later run of it ends the incident."""
    if feed := run.tags.get(FEED_TAG):
        return feed
    keys = sorted(run.asset_selection or (), key=lambda key: key.path)
    names = ["/".join(key.path[1:]) if key.path[0] == "raw" else key.to_user_string() for key in keys]
    return first_of(names, 1) or run.job_name


def _problem(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Our own sentence where there is one; of other errors only the name: their text may quote a delivery."""
    failures = instance.get_records_for_run(
        run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE, limit=1, ascending=True
    )
    for record in failures.records:
        failure = record.event_log_entry.get_dagster_event().step_failure_data
        if failure.user_failure_data and failure.user_failure_data.description:
            return str(failure.user_failure_data.description)
        if failure.error:
            cause = failure.error.cause or failure.error
            return f"{cause.cls_name or 'An error'} in the run's code, see its log"
    return "The run ended before or outside of its steps, see its log"
