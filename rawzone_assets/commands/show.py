"""``rawzone show``: everything the ledger knows of an object, a delivery, or some bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from rawzone_assets.access.catalog import CommitTimes
from rawzone_assets.access.reading import erasure_of, resolve, whereabouts, with_stored_objects
from rawzone_assets.commands.receipts import finding_lines, receipt_record
from rawzone_assets.commands.surroundings import (
    emit,
    home_option,
    json_option,
    open_settings_of_a_zone,
    open_zone,
    printable,
)
from rawzone_assets.contract.wording import readable_size
from rawzone_assets.zone import upkeep
from rawzone_assets.zone.index_queries import Entry
from rawzone_assets.zone.receipt import Receipt, Verdict, timestamp
from rawzone_assets.zone.zone import Zone

_TOLD_OTHERWISE = frozenset(
    {
        "verdict",
        "findings",
        "shadow_findings",
        "landed",
        "landing_path_bytes",
        "size",
        "stored_size",
        "quarantine",
        "contract",
        "outline",
        "diary",
    }
)


@click.command(name="show")
@click.argument("wanted", metavar="KEY|SHA|PATH")
@home_option
@json_option
def command(*, wanted: str, as_json: bool) -> None:
    """The receipts of an object or landed file, oldest first.

    WANTED is a key in raw, a stored name, a SHA-256 or its first 8 digits, or a path: of a landed file, an
    object, or a quarantined copy.
    """
    with open_zone(open_settings_of_a_zone()) as zone:
        times = CommitTimes(zone)
        entries = with_stored_objects(zone, resolve(zone, wanted))
        for number, entry in enumerate(entries):
            if as_json:
                emit({**receipt_record(entry, times[entry.seq]), **_upkeep(zone, entry, times[entry.seq])})
                continue
            if number:
                click.echo()
            for line in _lines(zone, entry, times[entry.seq]):
                click.echo(printable(line))


def _lines(zone: Zone, entry: Entry, at: datetime) -> list[str]:
    receipt = entry.receipt
    facts: dict[str, Any] = {
        "verdict": f"{receipt.verdict} in commit {entry.seq} of {at:%Y-%m-%d %H:%M:%S} UTC"
    }
    erasure = erasure_of(zone, receipt)
    if erasure:
        told = erasure.record
        facts["erased"] = (
            f"by law in commit {erasure.seq}, by authority of {told['authority']}: {told['reason']}"
        )
    elif path := whereabouts(zone, receipt):
        facts["lies at"] = path
    facts.update(_sizes(receipt))
    facts.update({name: value for name, value in vars(receipt).items() if name not in _TOLD_OTHERWISE})
    if receipt.contract:
        facts["contract"] = ", ".join(f"{name} {_text(value)}" for name, value in receipt.contract.items())
    kept = _upkeep(zone, entry, at)
    if kept["last_verified_at"]:
        facts["last verified"] = kept["last_verified_at"]
    if kept["custody"]:
        facts["kept in"] = f"{kept['custody']['whereabouts']}, since {kept['custody']['at']}"
    for hold in kept["holds"]:
        facts[f"under {hold['id']}"] = f"{hold['reason']} ({hold['authority']})"
    for event in kept["upkeep"]:
        facts[f"{event['record']} in {event['seq']}"] = event["problem"]
    lines = [
        f"{name.replace('_', ' '):<14} {_text(value)}"
        for name, value in facts.items()
        if value not in (None, {})
    ]
    lines += [f"  {line}" for line in finding_lines(receipt.findings)]
    # A rule that is only being tried neither blocks nor warns, whatever it would do in force.
    return lines + [f"  in trial: {line}" for line in finding_lines(receipt.shadow_findings, remedies=False)]


def _upkeep(zone: Zone, entry: Entry, at: datetime) -> dict[str, Any]:
    """When the stored file was last re-read, by a scrub or when it was stored, and what befell it since."""
    receipt = entry.receipt
    if receipt.verdict is Verdict.PROMOTED:
        place = f"{upkeep.RAW}/{receipt.key}"
    elif receipt.quarantine:
        place = f"{upkeep.QUARANTINE}/{receipt.quarantine['path']}"
    else:
        return {"erased": None, "last_verified_at": None, "upkeep": [], "custody": None, "holds": []}
    found = [event for each in upkeep.with_archive_copy(place) for event in zone.index.upkeep.events(each)]
    found.sort(key=lambda event: event.seq)
    return {
        "erased": _erased(zone, receipt),
        "last_verified_at": zone.index.upkeep.last_scrubbed(entry.seq) or timestamp(at),
        "upkeep": [{**event.record, "seq": event.seq} for event in found],
        **_keeping(zone, receipt),
    }


def _keeping(zone: Zone, receipt: Receipt) -> dict[str, Any]:
    """Where an object is when it ever left raw, and the holds in force over it."""
    if not receipt.key:
        return {"custody": None, "holds": []}
    kept = zone.index.custody.of(receipt.key)
    holds = zone.index.holds.over(receipt.feed or "", receipt.key)
    told = {"whereabouts": kept.whereabouts, "at": kept.at, "seq": kept.seq, "record": kept.record}
    return {
        "custody": told if kept.seq is not None else None,
        "holds": [{"id": hold.id, "reason": hold.reason, "authority": hold.authority} for hold in holds],
    }


def _erased(zone: Zone, receipt: Receipt) -> dict[str, Any] | None:
    erasure = erasure_of(zone, receipt)
    return {**erasure.record, "seq": erasure.seq} if erasure else None


def _sizes(receipt: Receipt) -> dict[str, str]:
    sizes = {"size": receipt.size, "stored size": receipt.stored_size}
    return {name: f"{size} bytes ({readable_size(size)})" for name, size in sizes.items() if size is not None}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items() if part is not None)
    return str(value)
