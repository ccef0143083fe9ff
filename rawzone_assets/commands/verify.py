"""``rawzone verify``: the scrub, by hand."""

from __future__ import annotations

from dataclasses import asdict

import click

from rawzone_assets.commands.display import byte_progress
from rawzone_assets.commands.figures import readable_size
from rawzone_assets.commands.selection import checked_range, chosen_feeds, range_options
from rawzone_assets.commands.surroundings import (
    FINE,
    FOUND,
    emit,
    home_option,
    json_option,
    leave,
    note,
    open_settings,
    printable,
    zone_without_index_file,
)
from rawzone_assets.health.scrub import ScrubReport, scrub


@click.command(name="verify")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@range_options
@home_option
@json_option
def command(*, feeds: tuple[str, ...], since: str | None, until: str | None, as_json: bool) -> None:
    """Re-read objects, quarantined copies and the whole ledger, and name every file that is not as recorded.

    FEED, --since and --until narrow the objects and copies, never the ledger.
    """
    checked_range(since, until)
    chosen = chosen_feeds(feeds)
    # What an index says is no evidence: the scrub reads the ledger itself.
    with zone_without_index_file(open_settings()) as zone, byte_progress("verifying") as progress:
        report = scrub(zone, feeds=chosen, since=since, until=until, progress=progress)
    for damage in report.damages:
        if as_json:
            emit({"record": "damage", **asdict(damage)})
        else:
            click.echo(printable(f"{damage.kind:<8} {damage.path}: {damage.problem}"))
    if as_json:
        emit(_record(report))
    else:
        click.echo(_summary(report))
    if report.interrupted:
        note(
            f"{report.interrupted} batches are in flight or were interrupted: the next promotion finishes them."
        )
    leave(FOUND if report.damages else FINE)


def _record(report: ScrubReport) -> dict[str, object]:
    return {
        "record": "verified",
        "objects": report.objects,
        "refused": report.refused,
        "bytes": report.bytes,
        "commits": report.commits,
        "head_seq": report.head.seq,
        "head": report.head.sha256,
        "damages": len(report.damages),
        "interrupted": report.interrupted,
    }


def _summary(report: ScrubReport) -> str:
    checked = (
        f"{report.objects} objects and {report.refused} quarantined copies ({readable_size(report.bytes)}) "
        f"and {report.commits} commits were read"
    )
    if report.damages:
        return f"{checked}: {len(report.damages)} not as recorded."
    head = f" The ledger's head is {report.head.sha256} (commit {report.head.seq})." if report.commits else ""
    return f"{checked}: all are as recorded.{head}"
