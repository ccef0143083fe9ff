"""Repair: put back what is damaged or missing, from wherever the very same bytes still lie.

First the ledger, for it says what everything else must be, then objects, quarantined copies and findings. What
is damaged, and which source has its bytes, is decided here; how bytes come to their place is ``restoring``'s.
Each repair is a ``repaired`` record. Repairing a sound zone changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from rawzone_assets.health import ledger_repair
from rawzone_assets.health.damage import Damage, DamageKind
from rawzone_assets.health.items import Item
from rawzone_assets.health.restoring import Job, Outcome, Repaired, Unrepaired, restore, told
from rawzone_assets.health.scrub import ScrubReport, reading_the_zone, scrub
from rawzone_assets.health.sources import Found, Source, Sources, way_is_free
from rawzone_assets.zone import upkeep
from rawzone_assets.zone.drafts import findings_document
from rawzone_assets.zone.errors import LedgerDamaged, LedgerLeftBehind
from rawzone_assets.zone.files import is_folder
from rawzone_assets.zone.presence import stored_without_ledger
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.zone import Zone


def repair(
    zone: Zone,
    *,
    run_id: str,
    feeds: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    others: Sequence[Path] = (),
    witnessed: Mapping[int, str] | None = None,
    refill: bool = False,
    dry_run: bool = False,
) -> Outcome:
    """Find what is damaged and put it back. ``feeds`` and partitions narrow the files, never the ledger.

    ``others`` are folders of other zones or copies of this one; ``witnessed`` has hashes of commits that
    somebody else saw, which is the only proof of commits missing at the end. Into a root that is empty nothing
    is put without ``refill``: its disk may only be away, and would hide what was put there.

    Raises:
        RootAway: Quarantine is such a root.
        ZoneError: The environment failed. What was repaired until then is recorded.
    """
    with reading_the_zone():
        return _repair(
            zone,
            run_id=run_id,
            chosen={"feeds": feeds, "since": since, "until": until},
            others=others,
            witnessed=witnessed or {},
            refill=refill,
            dry_run=dry_run,
        )


def _repair(
    zone: Zone,
    *,
    run_id: str,
    chosen: dict[str, Any],
    others: Sequence[Path],
    witnessed: Mapping[int, str],
    refill: bool,
    dry_run: bool,
) -> Outcome:
    outcome = Outcome()
    report = scrub(zone, **chosen)
    if not refill:
        outcome.absent = report.absent
        for absent in report.absent:
            if absent.root == zone.layout.quarantine:
                raise absent  # what is damaged elsewhere is kept there
    sources = _sources(zone, report, others)
    commits = ledger_repair.plan(zone, report.recorded, sources, witnessed)
    _refuse_without_ledger(zone, report, commits)
    restored: list[ledger_repair.Restored] = []
    if commits.restorable and not dry_run:
        restored = ledger_repair.carry_out(zone, commits, run_id=run_id)
        report = scrub(zone, **chosen)
        sources = _sources(zone, report, others)
    outcome.repaired += [
        Repaired(damage=found.damage, source=f"{found.source.kind} {found.source.path}", evidence=kept)
        for found, kept in _told(commits, restored, dry_run=dry_run)
    ]
    outcome.unrepaired += [Unrepaired(damage=damage, reason=reason) for damage, reason in commits.unrestorable]
    if commits.unrestorable and not dry_run:
        outcome.unrepaired += [
            Unrepaired(damage=damage, reason="nothing can be recorded before the ledger is whole")
            for damage in (*report.damages, *report.weaknesses)
            if _is_repairable(damage)
        ]
        return outcome
    if not dry_run:
        zone.recover()
        outcome.recorded_late = _record_done(zone, restored, run_id=run_id)
    jobs = _plan(zone, report, sources, outcome)
    if dry_run:
        outcome.repaired += [told(job) for job in jobs]
        return outcome
    restore(zone, jobs, run_id=run_id, outcome=outcome)
    return outcome


def _refuse_without_ledger(zone: Zone, report: ScrubReport, commits: ledger_repair.Plan) -> None:
    """What no ledger tells needs no repair: that is not to be said of files that were stored under one."""
    if not report.recorded.commits and not commits.restorable and not commits.unrestorable:
        stored = stored_without_ledger(zone.files, zone.layout)
        if stored is not None:
            raise LedgerLeftBehind(zone.layout.ledger, stored)


def _sources(zone: Zone, report: ScrubReport, others: Sequence[Path]) -> Sources:
    renamed = [Path(damage.path) for damage in report.damages if damage.kind is DamageKind.RENAMED]
    return Sources(zone, report.recorded, renamed=renamed, others=others)


def _is_repairable(damage: Damage) -> bool:
    return damage.kind in (DamageKind.DAMAGED, DamageKind.MISSING, DamageKind.COPY)


def _told(
    commits: ledger_repair.Plan, restored: Sequence[ledger_repair.Restored], *, dry_run: bool
) -> Iterator[tuple[ledger_repair.Restorable, str | None]]:
    if dry_run:
        yield from ((found, None) for found in commits.restorable)
    else:
        yield from ((done.restorable, done.evidence) for done in restored)


# --- objects, quarantined copies and findings ------------------------------------------------------


def _plan(zone: Zone, report: ScrubReport, sources: Sources, outcome: Outcome) -> list[Job]:
    """What can be put back from where; what cannot goes into ``outcome``."""
    by_path = {item.location: item for item in report.recorded.items.values()}
    jobs: list[Job] = []
    for damage in (*report.damages, *report.weaknesses):
        item = by_path.get(damage.path)
        if not _is_repairable(damage) or item is None:
            continue
        if any(item.path.is_relative_to(absent.root) for absent in outcome.absent):
            reason = "its whole root is empty: mount its disk, or give --refill if that is lost"
            outcome.unrepaired.append(Unrepaired(damage=damage, reason=reason))
            continue
        if not way_is_free(zone, item.path):
            reason = "a link lies in the place of a folder above it: move that away"
            outcome.unrepaired.append(Unrepaired(damage=damage, reason=reason))
            continue
        if is_folder(zone.files, item.path):
            reason = "move that folder away, then run the command again"
            outcome.unrepaired.append(Unrepaired(damage=damage, reason=reason))
            continue
        found = _from_receipt(zone, item) if item.is_document else sources.find(item)
        if found:
            jobs.append(Job(item=item, damage=damage, found=found))
        else:
            reason = "no source holds these bytes: give a copy of the zone with --from"
            outcome.unrepaired.append(Unrepaired(damage=damage, reason=reason))
    return jobs


def _from_receipt(zone: Zone, item: Item) -> Found | None:
    """Findings follow from the receipt, so the ledger is their source."""
    commit = None
    with suppress(LedgerDamaged):  # a dry run goes on where the ledger stays broken
        commit = zone.ledger.commit(item.seq)
    for record in commit.records if commit else ():
        places = record.get("quarantine")
        if places and f"{upkeep.QUARANTINE}/{places['findings']}" == item.place:
            document = findings_document(record)
            path = str(zone.layout.commit(item.seq))
            source = Source(kind="ledger", path=path, blocks=partial(iter, [document]))
            return Found(source=source, encoding=None)
    return None


# --- what was repaired and not recorded ----------------------------------------------------------


def _record_done(zone: Zone, restored: Sequence[ledger_repair.Restored], *, run_id: str) -> int:
    """Record restored commits, and repairs whose run was cut off before it could; how many of the latter."""
    late: list[dict[str, Any]] = []

    def records() -> list[Record]:
        nonlocal late
        known = {done.evidence for done in restored}
        late = [record for record in ledger_repair.unrecorded(zone) if record["evidence"] not in known]
        return [*(done.record for done in restored), *late]

    zone.publisher(run_id).record(records)
    return len(late)
