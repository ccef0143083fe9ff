"""``rawzone adopt``: take over an existing pile of files. A dry run unless ``--apply`` is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import click

from rawzone_assets.commands.adoption_lines import Adopted, State, show
from rawzone_assets.commands.display import file_progress
from rawzone_assets.commands.surroundings import (
    FAILED,
    FINE,
    FOUND,
    emit,
    fail,
    home_option,
    json_option,
    leave,
    note,
    open_settings,
    open_zone,
)
from rawzone_assets.contract.feed import Platform
from rawzone_assets.platforms import ADDRESS, all_platforms
from rawzone_assets.zone.adoption import foresee
from rawzone_assets.zone.errors import DiskAlmostFull, ZoneError
from rawzone_assets.zone.judges import JudgePool
from rawzone_assets.zone.landing import ChangedWhileRead
from rawzone_assets.zone.pile import NotUnpacked, Pile, PileSurvey
from rawzone_assets.zone.promotion import Outcome, promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.survey import Delivery
from rawzone_assets.zone.zone import Zone


@click.command(name="adopt", short_help="Take over an existing pile of files.")
@click.argument("pile", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--apply", "applies", is_flag=True, help="Do it; without, only say what would be done.")
@click.option("--platform", metavar="ID", help="Whose files these are, where no folder says it.")
@home_option
@json_option
def command(*, pile: Path, applies: bool, platform: str | None, as_json: bool) -> None:
    """Take over an existing pile of files: judge each and promote, link or quarantine it as if it had landed.

    Nothing in DIR is moved, changed or deleted. Platform, feed and date are read from each file's path,
    whatever folders stand around it; what a .gz holds is stored, not the .gz. The ledger keeps where each file
    came from and how old it was. What cannot be adopted is listed with what to do. Adopting again changes
    nothing.
    """
    platforms = all_platforms()
    if platform is not None and platform not in {known.id for known in platforms}:
        known_ids = ", ".join(sorted(known.id for known in platforms))
        fail(f"There is no platform {platform!r}: the platforms are {known_ids}.")
    settings = open_settings()
    files = Pile(pile, settings.layout, platform=platform)
    full: DiskAlmostFull | None = None
    problem = ""
    if applies:
        with Zone(settings) as zone:
            zone.recover()
            zone.index.catch_up()
            found = files.survey(zone.index, platforms)
            outcome = _apply(zone, files, found)
            full = outcome.full
            adopted = [*_outcome(found, outcome), *_others(found)]
        # Of all feeds, also those that were done before: what was adopted last time may have been cut off here.
        problem = _tell_dagster(settings, platforms, {one.feed for one in adopted if one.feed})
    else:
        with open_zone(settings) as zone:
            found = files.survey(zone.index, platforms)
            adopted = [*_foreseen(zone, files, found), *_others(found)]
    if as_json:
        for one in adopted:
            emit({**one.as_record(), "dry_run": not applies})
    show(adopted, pile=files.root, applies=applies, as_json=as_json, has_platform=platform is not None)
    for sentence in (str(full) if full else "", problem):
        if sentence:
            note(sentence)
    looked_at = any(one.state.is_to_be_looked_at for one in adopted)
    leave(FAILED if full or problem else FOUND if looked_at else FINE)


def _apply(zone: Zone, pile: Pile, found: PileSurvey) -> Outcome:
    done = 0
    with JudgePool(ADDRESS) as judge, file_progress("adopting") as tell:

        def count(batch: Sequence[Delivery], _outcome: Outcome) -> None:
            nonlocal done
            done += len(batch)
            if tell:
                tell(done, len(found.ready))

        return promote(
            zone,
            found.ready,
            judge=judge,
            run_id=str(uuid4()),
            source=pile,
            parallel=judge.workers,
            progress=count,
        )


def _outcome(found: PileSurvey, outcome: Outcome) -> Iterator[Adopted]:
    """What became of the files that were recognized."""
    known = {receipt.landing_path: receipt for receipt in outcome.receipts}
    unreadable = {problem.label: problem for problem in outcome.unreadable}
    waiting = {item.label: item for item in outcome.waiting}
    for delivery in found.ready:
        label = delivery.landed.label
        if label in known:
            yield Adopted.of_receipt(delivery, known[label])
        elif label in unreadable:
            state = State.NOT_UNPACKED if isinstance(unreadable[label], NotUnpacked) else State.UNREADABLE
            yield Adopted.of_delivery(delivery, state, unreadable[label].reason)
        elif label in waiting:
            yield Adopted.of_delivery(delivery, State.CHANGING, waiting[label].reason)
        elif outcome.full or outcome.occupied:
            yield Adopted.of_delivery(delivery, State.NOT_DONE, _hindrance(outcome))
        else:
            yield Adopted.of_delivery(delivery, State.KNOWN)


def _hindrance(outcome: Outcome) -> str:
    return str(outcome.occupied[0]) if outcome.occupied else "there was no room for it"


def _foreseen(zone: Zone, pile: Pile, found: PileSurvey) -> Iterator[Adopted]:
    total = len(found.ready)
    with JudgePool(ADDRESS) as judge, file_progress("judging") as tell:
        progress = (lambda done: tell(done, total)) if tell else None
        for one in foresee(zone, pile, found.ready, judge=judge, parallel=judge.workers, progress=progress):
            if one.finding:
                yield Adopted.of_finding(one.delivery.landed, one.finding)
            elif one.receipt:
                yield Adopted.of_receipt(one.delivery, one.receipt)
            elif isinstance(one.problem, ChangedWhileRead):
                yield Adopted.of_delivery(one.delivery, State.CHANGING, "changed while it was read")
            elif isinstance(one.problem, NotUnpacked):
                yield Adopted.of_delivery(one.delivery, State.NOT_UNPACKED, one.problem.reason)
            elif one.problem:
                yield Adopted.of_delivery(one.delivery, State.UNREADABLE, one.problem.reason)
            else:
                yield Adopted.of_delivery(one.delivery, State.KNOWN)


def _others(found: PileSurvey) -> Iterator[Adopted]:
    """What was not even opened."""
    for label, (feed, verdict) in found.decided.items():
        yield Adopted(path=label, state=State.KNOWN, feed=feed, verdict=str(verdict))
    for landed, finding in found.unrecognized:
        yield Adopted.of_finding(landed, finding)
    for label in found.unreadable:
        yield Adopted(path=label, state=State.UNREADABLE, reason="this folder cannot be listed")
    for label, reason in found.ignored:
        yield Adopted(path=label, state=State.IGNORED, reason=reason)


def _tell_dagster(settings: Settings, platforms: Sequence[Platform], feeds: set[str]) -> str:
    """Report the feeds' new days, as ``rawzone reindex`` does; the sentence of what kept us from it."""
    if not feeds:
        return ""
    # Not at the top: a dry run need not wait for Dagster.
    from rawzone_assets.orchestration.instance import open_instance  # noqa: PLC0415
    from rawzone_assets.orchestration.reindex import reindex  # noqa: PLC0415

    try:
        with Zone(settings) as zone, open_instance(settings) as instance:
            told = list(reindex(instance, zone, platforms, feeds=feeds))
    except ZoneError as error:
        return f"All is adopted, but Dagster was not told: {error} Then 'rawzone reindex' tells it."
    days = sum(done.materialized for done in told)
    if days:
        note(f"Dagster was told of {days:,} feed days.")
    return ""
