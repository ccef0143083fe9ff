"""``rawzone examine``: judge files without writing anything. No zone is needed, and none is touched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from rawzone_assets.commands.examination import Examination, NotExaminable, examine_file
from rawzone_assets.commands.identification import Ambiguous
from rawzone_assets.commands.receipts import finding_lines
from rawzone_assets.commands.selection import chosen_feeds
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
    printable,
)
from rawzone_assets.contract.feed import Facts, Feed, Platform
from rawzone_assets.contract.naming import Ignored, Recognized
from rawzone_assets.contract.wording import counted
from rawzone_assets.platforms import ADDRESS, all_platforms
from rawzone_assets.zone.judges import JudgePool
from rawzone_assets.zone.receipt import Verdict, printable_path
from rawzone_assets.zone.zone import utc_now


@click.command(name="examine")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(readable=False, path_type=Path), metavar="FILE..."
)
@click.option("--feed", "feed_id", metavar="FEED", help="Judge by this feed's contract, whatever the name.")
@home_option
@json_option
def command(*, files: tuple[Path, ...], feed_id: str | None, as_json: bool) -> None:
    """Judge files by their feeds' contracts without writing anything; exit code 1 when one would be refused.

    The feed is found from the path: below landing, or below any folder named like a platform. Elsewhere the
    name alone must tell.
    """
    platforms, settings = all_platforms(), open_settings()
    forced = _forced(feed_id, platforms) if feed_id else None
    failed = refused = False
    with JudgePool(ADDRESS, workers=1) as judge:
        for path in files:
            try:
                examined = examine_file(path, platforms, settings, judge=judge, now=utc_now(), feed=forced)
            except NotExaminable as problem:
                note(str(problem))
                failed = True
                continue
            except Ambiguous as several:
                note(f"{path}: its name fits {' and '.join(several.feeds)}: choose one with --feed.")
                failed = True
                continue
            refused = refused or examined.refused
            if as_json:
                emit(_record(path, examined))
            else:
                for line in _lines(path, examined):
                    click.echo(printable(line))
    leave(FAILED if failed else FOUND if refused else FINE)


def _forced(feed_id: str, platforms: Sequence[Platform]) -> tuple[Platform, Feed]:
    chosen = chosen_feeds([feed_id])
    if len(chosen) > 1:
        fail(f"--feed {feed_id} means {len(chosen)} feeds ({', '.join(chosen)}): name one.")
    return next((p, feed) for p in platforms for feed in p.feeds if feed.id == chosen[0])


def _record(path: Path, examined: Examination) -> dict[str, Any]:
    meaning, facts = examined.identified.meaning, examined.facts or Facts()
    known = meaning if isinstance(meaning, Recognized) else None
    return {
        "path": printable_path(str(path))[0],
        "verdict": str(examined.verdict),
        "feed": known.feed.id if known else None,
        "partition": known.capture.day.isoformat() if known else None,
        "name": known.capture.name if known else None,
        "sha256": examined.sha256,
        "size": examined.size,
        "records": facts.records,
        "data_min": facts.data_min,
        "data_max": facts.data_max,
        "grounds": examined.identified.grounds or None,
        "reason": meaning.reason if isinstance(meaning, Ignored) else None,
        "findings": [finding.as_json() for finding in examined.findings],
        "shadow_findings": [finding.as_json() for finding in examined.shadow],
        "access": facts.access,
        "access_reasons": facts.access_reasons,
    }


def _lines(path: Path, examined: Examination) -> list[str]:
    label, _ = printable_path(str(path))
    meaning, grounds = examined.identified.meaning, examined.identified.grounds
    if isinstance(meaning, Ignored):
        return [f"{label}: would be ignored ({meaning.reason})"]
    if isinstance(meaning, Recognized) and examined.verdict != Verdict.UNRECOGNIZED:
        into = f"by {meaning.feed.id} for {meaning.capture.day}"
        if examined.verdict == Verdict.PROMOTED:
            first = f"{label}: would be promoted {into}{_extent(examined.facts)}"
        else:
            first = f"{label}: would be quarantined {into}"
    else:
        first = f"{label}: would be unrecognized and stay where it is"
    lines = [first] + ([f"  ({grounds})"] if grounds else [])
    return lines + [f"  {line}" for line in finding_lines([finding.as_json() for finding in examined.findings])]


def _extent(facts: Facts | None) -> str:
    if facts is None or facts.records is None:
        return ""
    days = f" from {facts.data_min} to {facts.data_max}" if facts.data_min else ""
    return f": {counted(facts.records, 'record')}{days}"
