"""``rawzone report``: what the ledger says of some feeds and days, for whoever has to show it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from rawzone_assets.commands.pages import refuse_existing, write_page
from rawzone_assets.commands.selection import Day, checked_range, chosen_feeds, range_options
from rawzone_assets.commands.surroundings import (
    emit,
    home_option,
    json_option,
    note,
    open_settings_of_a_zone,
    open_zone,
)
from rawzone_assets.health.compliance import Compliance, Scope, Use, read_compliance
from rawzone_assets.health.compliance_pages import markdown_of, page_of
from rawzone_assets.zone.notes import encode_base64
from rawzone_assets.zone.receipt import Verdict

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(name="report")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@range_options
@click.option("--recorded-since", type=Day(), metavar="DAY", help="First day of the ledger's clock (UTC).")
@click.option("--recorded-until", type=Day(), metavar="DAY", help="Last day of the ledger's clock, included.")
@click.option(
    "--html",
    "html",
    type=_FILE,
    help="Write it to this new file, as one page that needs no network and no script.",
)
@click.option(
    "--md", "markdown", type=_FILE, help="Write it to this new file, as Markdown. [default: to standard output]"
)
@home_option
@json_option
def command(
    *,
    feeds: tuple[str, ...],
    since: str | None,
    until: str | None,
    recorded_since: str | None,
    recorded_until: str | None,
    html: Path | None,
    markdown: Path | None,
    as_json: bool,
) -> None:
    """What arrived, was refused and why, verified, damaged, repaired, by which contract and which code.

    --since and --until choose deliveries by capture day, --recorded-since and --recorded-until by when the
    ledger took them in. The report names the ledger's head and a checkpoint of it.
    """
    checked_range(since, until)
    checked_range(recorded_since, recorded_until, of="recorded-")
    refuse_existing(path for path in (html, markdown) if path)
    with open_zone(open_settings_of_a_zone()) as zone:
        scope = Scope(
            feeds=tuple(sorted(chosen_feeds(feeds, zone.index.feeds()))),
            since=since,
            until=until,
            recorded_since=recorded_since,
            recorded_until=recorded_until,
        )
        report = read_compliance(zone, scope)
    for path, text in ((html, page_of), (markdown, markdown_of)):
        if path is not None:
            write_page(path, text(report))
            note(f"The report was written to {path}.")
    if as_json:
        for record in _records(report):
            emit(record)
    elif html is None and markdown is None:
        click.echo(markdown_of(report), nl=False)


def _records(report: Compliance) -> Iterator[dict[str, Any]]:
    checkpoint = report.checkpoint.checkpoint
    yield {
        "record": "report",
        **vars(report.scope),
        "deliveries": report.verdicts.total(),
        **_verdicts(report.verdicts),
        "events": dict(report.event_counts),
        "ledger_seq": report.head.seq,
        "ledger_head": report.head.sha256,
        "ledger_at": report.at,
        "records": checkpoint.size,
        "root": encode_base64(checkpoint.root),
        "checkpoint": report.checkpoint.data.decode(),
    }
    for name, feed in sorted(report.arrivals.items()):
        told = {key: value for key, value in vars(feed).items() if key != "verdicts"}
        counts = {"deliveries": feed.deliveries, **_verdicts(feed.verdicts)}
        yield {"record": "feed", **told, "feed": name or None, **counts}
    for (name, check, code), count in sorted(report.reasons.items()):
        yield {"record": "reason", "feed": name, "check": check, "code": code, "deliveries": count}
    for refusal in report.refusals:
        told = {"seq": refusal.seq, "at": refusal.at, "is_open": refusal.is_open, "reasons": refusal.reasons}
        shown = ("feed", "partition", "name", "landing_path", "sha256", "size", "contract")
        yield {"record": "refused", **{key: getattr(refusal.receipt, key) for key in shown}, **told}
    names: tuple[str, ...] = ("feed", "feed_version", "schema", "schema_sha256", "rules_version")
    for contract, use in sorted(report.contracts.items(), key=repr):
        yield {"record": "contract", **dict(zip(names, contract, strict=True)), **_use(use)}
    for version, use in sorted(report.code_versions.items()):
        yield {"record": "code", "code_version": version, "commits": use.commits, **_use(use)}
    names = ("feed", "source_system", "extractor", "extractor_version")
    for source, use in sorted(report.sources.items(), key=repr):
        yield {"record": "source", **dict(zip(names, source, strict=True)), **_use(use)}
    for event in (*report.scrubs, *report.events):
        yield {**event.record, "record": "event", "kind": event.kind, "seq": event.seq, "at": event.at}


def _verdicts(counts: Any) -> dict[str, int]:
    return {str(verdict): counts[verdict] for verdict in Verdict}


def _use(use: Use) -> dict[str, Any]:
    return {"deliveries": use.deliveries, "first_at": use.first_at, "last_at": use.last_at}
