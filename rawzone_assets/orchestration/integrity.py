"""Integrity of a day: the stored objects that make it up, re-read and hashed.

The scrub in ``health`` does this for the whole zone and trusts nothing but the ledger's files; this answers
for the few objects of the days a run touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rawzone_assets.orchestration.days import Day
from rawzone_assets.zone import codec
from rawzone_assets.zone.custody import Whereabouts, form_of
from rawzone_assets.zone.files import why_unread
from rawzone_assets.zone.receipt import Receipt, Verdict
from rawzone_assets.zone.rejudging import path_of
from rawzone_assets.zone.zone import Zone


@dataclass(frozen=True, kw_only=True)
class Reread:
    """What re-reading one day's objects came to."""

    objects: int
    bytes: int  # stored bytes read
    problems: tuple[tuple[str, str], ...] = ()  # (key, what is wrong)


def reread(zone: Zone, day: Day) -> Reread:
    """Read every object of the day back and compare it with its receipt."""
    objects = list(_objects(zone, day))
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        verdicts = pool.map(lambda receipt: _problem(zone, receipt), objects)
        problems = [(r.key or "", problem) for r, problem in zip(objects, verdicts, strict=True) if problem]
    return Reread(
        objects=len(objects),
        bytes=sum(receipt.stored_size or 0 for receipt in objects),
        problems=tuple(problems),
    )


def _objects(zone: Zone, day: Day) -> Iterator[Receipt]:
    """The receipts of the stored objects; a duplicate's object may belong to another day."""
    seen: set[str] = set()
    for receipt in day.accepted:
        if receipt.key is None or receipt.key in seen:
            continue
        seen.add(receipt.key)
        if zone.index.custody.of(receipt.key).whereabouts is Whereabouts.ERASED:
            continue
        if receipt.verdict is Verdict.PROMOTED:
            yield receipt
        else:
            yield from (
                entry.receipt
                for entry in zone.index.find(receipt.key)
                if entry.receipt.key == receipt.key and entry.receipt.verdict is Verdict.PROMOTED
            )


def _problem(zone: Zone, receipt: Receipt) -> str | None:
    path = path_of(zone, receipt)
    try:
        with zone.files.open(path) as stream:
            codec.check_file(stream, **form_of(receipt))
    except codec.Damaged as problem:
        return str(problem)
    except FileNotFoundError:
        return "it is missing"
    except OSError as error:
        return why_unread(zone.files, path, error)
    return None
