"""``rawzone quarantine``: what was refused and why, where its copy lies, and its replay after a correction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

import click

from rawzone_assets.access.catalog import CommitTimes, history
from rawzone_assets.access.reading import erasure_of, resolve
from rawzone_assets.commands.receipts import finding_lines, receipt_record
from rawzone_assets.commands.selection import checked_range, chosen_feeds, range_options
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
    open_settings_of_a_zone,
    open_zone,
    printable,
)
from rawzone_assets.contract.wording import counted
from rawzone_assets.platforms import ADDRESS, all_feeds
from rawzone_assets.zone.index_queries import Entry
from rawzone_assets.zone.judges import JudgePool
from rawzone_assets.zone.receipt import Receipt, Verdict
from rawzone_assets.zone.replay import Outcome, Replayed, replay
from rawzone_assets.zone.zone import Zone


@click.group(name="quarantine")
def command() -> None:
    """What was refused and why, where its copy lies, and its replay after a correction."""


@command.command(name="ls", short_help="List refused deliveries.")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@range_options
@click.option("--open", "only_open", is_flag=True, help="Only those whose own bytes were not accepted since.")
@home_option
@json_option
def list_refused(
    *, feeds: tuple[str, ...], since: str | None, until: str | None, only_open: bool, as_json: bool
) -> None:
    """List refused deliveries, newest last, with the codes of what blocks them."""
    checked_range(since, until)
    with open_zone(open_settings_of_a_zone()) as zone:
        chosen = chosen_feeds(feeds, zone.index.feeds())
        shown = 0
        refused = history(
            zone,
            feeds=chosen,
            since=since,
            until=until,
            verdicts=(Verdict.QUARANTINED,),
            open_refusals=only_open,
        )
        # Closed before the zone is, also when the reader of our output goes away in the middle.
        with closing(refused):
            for entry, at in refused:
                shown += 1
                if as_json:
                    emit(receipt_record(entry, at))
                else:
                    click.echo(printable(_line(entry.receipt)))
    if not shown and not as_json:
        note("Nothing that matches was refused.")


@command.command(name="show", short_help="Why a delivery was refused, and where its copy lies.")
@click.argument("wanted", metavar="PATH|NAME|SHA")
@home_option
@json_option
def show_refused(*, wanted: str, as_json: bool) -> None:
    """Why a delivery was refused: every finding with its place and what to do, and where its copy lies."""
    with open_zone(open_settings_of_a_zone()) as zone:
        entries = resolve(zone, wanted)
        refused = [entry for entry in entries if entry.receipt.verdict is Verdict.QUARANTINED]
        if not refused:
            verdict = entries[-1].receipt.verdict
            fail(f"{printable(wanted)!r} was not refused: it is {verdict}, see 'rawzone show'.")
        times = CommitTimes(zone)
        for number, entry in enumerate(refused):
            if as_json:
                emit(receipt_record(entry, times[entry.seq]))
                continue
            if number:
                click.echo()
            for line in _lines(zone, entry.receipt):
                click.echo(printable(line))


@command.command(name="replay", short_help="Judge refusals again and promote what is accepted now.")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@range_options
@click.option("--dry-run", is_flag=True, help="Say what would be promoted; write nothing.")
@home_option
@json_option
def replay_refused(
    *, feeds: tuple[str, ...], since: str | None, until: str | None, dry_run: bool, as_json: bool
) -> None:
    """Judge refused deliveries again with today's contract, and promote what it accepts.

    Promoted are the exact bytes of the quarantined copies, under the name and capture time they came with; the
    copies stay. Exit code 1 when something is still refused. Running it again changes nothing.
    """
    checked_range(since, until)
    with open_zone(open_settings_of_a_zone()) as zone, JudgePool(ADDRESS) as judge:
        recorded = zone.index.open_refusals()
        chosen = chosen_feeds(feeds, recorded)
        declared = {feed.id: feed for feed in all_feeds()}
        wanted = [feed for feed in chosen or sorted(recorded) if recorded.get(feed)]
        outcome = replay(
            zone,
            [declared[feed] for feed in wanted if feed in declared],
            judge=judge,
            run_id="replay",
            since=since,
            until=until,
            parallel=judge.workers,
            dry_run=dry_run,
        )
        orphaned = 0
        for feed in wanted:
            if feed not in declared:
                left = zone.index.entries(feeds=[feed], since=since, until=until, open_refusals=True)
                if refusals := sum(1 for _ in left):
                    orphaned += refusals
                    they_were = counted(refusals, "refusal was", "refusals were")
                    note(f"{feed} is no longer declared, so its {they_were} not judged.")
    if as_json:
        for record in _replay_records(outcome, dry_run=dry_run):
            emit(record)
    else:
        for line in _replay_lines(outcome, dry_run=dry_run):
            click.echo(printable(line))
        if not (outcome.accepted or outcome.refused or outcome.unplayable or orphaned):
            click.echo("There is no open refusal.")
    for problem in outcome.occupied:
        note(str(problem))
    still_refused = outcome.refused or outcome.unplayable or orphaned
    leave(FAILED if outcome.occupied else FOUND if still_refused else FINE)


def _replay_records(outcome: Outcome, *, dry_run: bool) -> Iterator[dict[str, Any]]:
    for found in (*outcome.accepted, *outcome.refused):
        receipt, entry = found.receipt, found.rejudged.entry
        verdict = receipt.verdict if receipt else Verdict.QUARANTINED
        yield _replay_record(entry, str(verdict), dry_run=dry_run) | {
            "key": receipt.key if receipt else None,
            "findings": [dict(finding) for finding in found.rejudged.findings],
        }
    for problem in outcome.unplayable:
        yield _replay_record(problem.entry, str(Verdict.QUARANTINED), dry_run=dry_run) | {
            "problem": problem.reason
        }


def _replay_record(entry: Entry, verdict: str, *, dry_run: bool) -> dict[str, Any]:
    told = ("feed", "partition", "name", "landing_path", "sha256")
    return {
        "record": "replay",
        "dry_run": dry_run,
        "verdict": verdict,
        **{name: getattr(entry.receipt, name) for name in told},
        "key": None,
        "findings": [dict(finding) for finding in entry.receipt.findings],
        "refused": {"seq": entry.seq, "path": (entry.receipt.quarantine or {}).get("path")},
        "problem": None,
    }


def _replay_lines(outcome: Outcome, *, dry_run: bool) -> Iterator[str]:
    for found in outcome.accepted:
        if found.receipt:
            would = "would be " if dry_run else ""
            path = found.rejudged.receipt.landing_path
            yield f"{path}: {would}{found.receipt.verdict} as {found.receipt.key}"
    for found in outcome.refused:
        yield f"{found.rejudged.receipt.landing_path}: still refused for {_still(found)}"
    for problem in outcome.unplayable:
        yield f"{problem.entry.receipt.landing_path}: not judged, {problem.reason}: run 'rawzone verify'"


def _still(found: Replayed) -> str:
    """What blocks now, and what did before when that differs."""
    now, before = _blocking(found.rejudged.findings), _blocking(found.rejudged.receipt.findings)
    return ", ".join(now) + ("" if set(now) == set(before) else f" (before: {', '.join(before)})")


def _blocking(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(finding["code"] for finding in findings if finding["blocking"]))


def _line(receipt: Receipt) -> str:
    return f"{receipt.partition}  {receipt.landing_path}  {', '.join(_blocking(receipt.findings))}"


def _lines(zone: Zone, receipt: Receipt) -> list[str]:
    places = receipt.quarantine or {}
    accepted = [entry for entry in zone.index.find(receipt.sha256 or "") if _accepts(entry.receipt, receipt)]
    erasure = erasure_of(zone, receipt)
    copy = f"copy      {zone.layout.quarantined(places['path'])}"
    if erasure:
        told = f"{erasure.record['authority']}: {erasure.record['reason']}"
        copy = f"erased    by law in commit {erasure.seq}, by authority of {told}"
    return [
        f"{receipt.landing_path} was refused by {receipt.feed} for {receipt.partition}",
        f"sha256    {receipt.sha256} ({receipt.size} bytes)",
        copy,
        f"findings  {zone.layout.quarantined(places['findings'])}",
        *(f"accepted  as {entry.receipt.key} in commit {entry.seq}" for entry in accepted),
        *finding_lines(receipt.findings),
    ]


def _accepts(receipt: Receipt, refused: Receipt) -> bool:
    return (receipt.feed, receipt.name) == (refused.feed, refused.name) and receipt.key is not None
