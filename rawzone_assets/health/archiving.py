"""Archiving: an approved plan is carried out, some files a commit. What may still move is asked under the lock.

The order is the proof: copy to the archive's own disk, durable; read back from there and hash, both forms
(``archive_copies``); ``archived`` in the ledger, which publishing makes appear together with the copies' final
names; only then is the hot copy released. Interrupted anywhere, the next command that writes finishes what was
recorded, and applying the plan again does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from operator import attrgetter

from rawzone_assets.contract.retention import Age
from rawzone_assets.health.archive_copies import ArchiveCopy, archive_copy
from rawzone_assets.health.archive_plan import KEPT_FOR, Approved, Planned, PlanRefused, hot_files, percent_of
from rawzone_assets.health.holds import require_no_hold
from rawzone_assets.health.retention import Clock, age_of, due_days, is_back_too_lately
from rawzone_assets.zone import codec, upkeep
from rawzone_assets.zone.custody import Whereabouts, archived_record, form_of
from rawzone_assets.zone.errors import ArchiveDiffers, KeyOccupied, StorageFailed, ZoneError
from rawzone_assets.zone.portions import commits_of
from rawzone_assets.zone.publishing import Publisher
from rawzone_assets.zone.receipt import Record, moment
from rawzone_assets.zone.releasing import NotReleased, require_release
from rawzone_assets.zone.sealing import require_flag
from rawzone_assets.zone.zone import Zone

USUAL_SHARE = 50
"""Percent of a feed's files in raw that may leave at once without being asked for."""


Progress = Callable[[int, int], None]
"""Called with (stored bytes dealt with, stored bytes to deal with)."""


@dataclass(frozen=True, kw_only=True)
class NotMoved:
    """A file that stays in raw, or whose hot copy does, and why. A sentence without its end."""

    key: str
    reason: str


@dataclass(kw_only=True)
class Outcome:
    """What carrying out a plan came to."""

    archived: list[Planned] = field(default_factory=list)
    already: int = 0  # files of the plan that were in the archive before
    not_moved: list[NotMoved] = field(default_factory=list)

    @property
    def stored_bytes(self) -> int:
        return sum(planned.stored_size for planned in self.archived)


def apply_plan(
    zone: Zone,
    plan: Approved,
    *,
    approved_by: str,
    share: int = USUAL_SHARE,
    run_id: str = "archive",
    progress: Progress | None = None,
) -> Outcome:
    """Move what the plan names, less what was moved before. ``share``: percent of a feed that may go at once.

    Raises:
        PlanRefused: The plan is stale, below an age, or too large a share. Nothing was moved.
        HoldOver: A hold stands over one of its files. What was moved until then stays moved.
        ZoneError: The environment failed. What was recorded until then stays, and the next run goes on.
    """
    work = _Work(zone=zone, plan=plan, approved_by=approved_by, publisher=zone.publisher(run_id))
    zone.recover()  # perhaps of a run of this plan: what it has recorded must last before it counts as done
    zone.index.catch_up()
    try:
        return _apply(work, share, progress)
    except OSError as error:
        raise StorageFailed("archive", error) from error


def _apply(work: _Work, share: int, progress: Progress | None) -> Outcome:
    zone, plan = work.zone, work.plan
    _check_ledger(zone, plan)
    todo = [planned for planned in plan.files if work.is_to_move(planned)]
    outcome = Outcome(already=len(plan.files) - len(todo))
    for planned in todo:
        work.check(planned)
    _check_share(zone, plan, todo, share)
    zone.refuse_when_away(upkeep.ARCHIVE)
    outcome.not_moved += _finish(zone, work.publisher)
    total = sum(planned.stored_size for planned in todo)
    done = 0
    for group in commits_of(todo, attrgetter("stored_size")):
        work.move(group, outcome)
        done += sum(planned.stored_size for planned in group)
        if progress:
            progress(done, total)
    return outcome


def _check_ledger(zone: Zone, plan: Approved) -> None:
    """Whether the plan was made of this ledger, and not too long ago."""
    head = zone.index.head
    if plan.ledger.seq > head.seq or not zone.ledger.holds(plan.ledger):
        raise PlanRefused(
            f"The plan was made of another ledger (its commit {plan.ledger.seq} is not the one that lies "
            "here), so nothing is moved: make a new plan with 'rawzone archive plan'."
        )
    if head.at and head.at - plan.made_at > KEPT_FOR:
        raise PlanRefused(
            f"The plan is stale (the ledger went on for more than {KEPT_FOR.days} days since it was made), so "
            "nothing is moved: make a new plan with 'rawzone archive plan'."
        )


def _check_share(zone: Zone, plan: Approved, todo: Sequence[Planned], share: int) -> None:
    """Counted over the whole plan, so that an interrupted one may go on, and by a plan for each feed."""
    above: list[tuple[int, str]] = []
    for feed in sorted({planned.feed for planned in todo}):
        planned = sum(one.feed == feed for one in plan.files)
        done = planned - sum(one.feed == feed for one in todo)
        hot = hot_files(zone, feed) + done
        percent = percent_of(planned, hot)
        if percent > share:
            above.append((percent, f"{planned} of the {hot} files that {feed} has in raw ({percent} %)"))
    if above:
        percent, first = max(above)
        others = f", and of {len(above) - 1} more feeds" if len(above) > 1 else ""
        raise PlanRefused(
            f"The plan would move {first}{others}, and without being asked for no more than {share} % of a "
            f"feed move at once, so nothing is moved: if that is meant, give --share {percent}."
        )


def _finish(zone: Zone, publisher: Publisher) -> Iterator[NotMoved]:
    """Release hot copies that lie beside archived objects, whichever run left them, or a copy brought back."""
    records: list[Record] = [
        kept.custody.record
        for kept in zone.index.custody.kept(whereabouts=Whereabouts.ARCHIVE)
        if kept.custody.record and zone.files.status(zone.layout.object(kept.key)) is not None
    ]
    if records:
        yield from map(_told, publisher.release(records))


@dataclass(kw_only=True)
class _Work:
    """One plan on its way through one zone."""

    zone: Zone
    plan: Approved
    approved_by: str
    publisher: Publisher

    def is_to_move(self, planned: Planned) -> bool:
        """Whether a file is still to be moved; one that is in the archive already is not.

        Raises:
            PlanRefused: It was erased.
        """
        kept = self.zone.index.custody.of(planned.key)
        if kept.whereabouts is Whereabouts.ERASED:
            raise _stale(planned, "it was erased since the plan was made")
        return kept.whereabouts is Whereabouts.HOT

    def check(self, planned: Planned) -> None:
        """Whether a file in raw may move: by the ledger and the policy as they are now, not by the plan.

        Raises:
            PlanRefused: It may not.
            HoldOver: A hold stands over it.
        """
        found = self.zone.index.custody.hot_object(planned.feed, planned.key)
        now = Clock.of(self.zone).now
        if found is None or now is None:
            raise _stale(planned, "the ledger has no such object in raw")
        if form_of(found.receipt) != form_of(planned):
            raise _stale(planned, "it is stored in another form now")
        if found.receipt.partition != planned.partition:
            raise _stale(planned, "the ledger has it under another day")
        rule = self.zone.settings.policy.retention_of(planned.feed)
        age = age_of(found, now)
        if rule.age(moment(found.newest_capture), now) is Age.RECENT:
            raise PlanRefused(
                f"{planned.key} is {age} days old, and nothing of {planned.feed} leaves raw before it is "
                f"{rule.floor_days}, so nothing is moved: make a new plan with 'rawzone archive plan'."
            )
        if now - moment(found.newest_capture) < timedelta(days=due_days(rule, self.plan.older_than)):
            raise _stale(planned, f"it is {age} days old and not due any more")
        if is_back_too_lately(found, rule, now):
            raise _stale(planned, f"it was restored less than {rule.recent_days} days ago")
        require_no_hold(self.zone, planned.feed, planned.key)

    def move(self, group: Sequence[Planned], outcome: Outcome) -> None:
        """Archive some files as one commit; if one of them cannot be placed, each by itself."""
        require_release(self.zone.files, self.zone.layout, [planned.key for planned in group])
        try:
            moved, not_moved = self._publish(group)
        except KeyOccupied as error:
            if len(group) > 1:
                for planned in group:
                    self.move([planned], outcome)
                return
            moved, not_moved = [], [NotMoved(key=group[0].key, reason=str(error).rstrip("."))]
        outcome.archived += moved
        outcome.not_moved += not_moved

    def _publish(self, group: Sequence[Planned]) -> tuple[list[Planned], list[NotMoved]]:
        not_moved: list[NotMoved] = []
        ready: list[tuple[Planned, Record]] = []
        with self.publisher.batch(reserve=self.zone.settings.reserve) as batch:
            batch.open_archive()
            if self.zone.settings.immutable:
                require_flag(self.zone.files, batch.archive_folder)
            for planned in group:
                try:
                    ready.append((planned, self._record(planned, archive_copy(self.zone, batch, planned))))
                except (codec.Damaged, ArchiveDiffers) as problem:
                    not_moved.append(NotMoved(key=planned.key, reason=str(problem).rstrip(".")))

            def records() -> list[Record]:
                due = [(planned, record) for planned, record in ready if self.is_to_move(planned)]
                for planned, _ in due:
                    self.check(planned)
                return [record for _, record in due]

            commit, kept = self.publisher.move(batch, records)
        recorded = {record["key"] for record in commit.records} if commit else set()
        not_moved += map(_told, kept)
        return [planned for planned, _ in ready if planned.key in recorded], not_moved

    def _record(self, planned: Planned, copy: ArchiveCopy) -> Record:
        return archived_record(
            owner=planned.owner,
            form=copy.form,
            why=planned.why,
            plan=self.plan.digest,
            approved_by=self.approved_by,
            staged=copy.is_staged,
        )


def _told(kept: NotReleased) -> NotMoved:
    return NotMoved(key=kept.key, reason=f"{kept.path} was not released: {kept.problem}")


def _stale(planned: Planned, what: str) -> ZoneError:
    return PlanRefused(
        f"The plan is stale ({planned.key}: {what}), so nothing more is moved: make a new plan with "
        "'rawzone archive plan'."
    )
