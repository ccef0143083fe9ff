"""Making TikTok's samples: the changes that turn a faithful export into an odd or bad one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

from rawzone_assets.samples import tiktok_exports as exports
from rawzone_assets.samples.quoted_tables import Table
from rawzone_assets.samples.sample import Case, Routine, Verdict

Make = Callable[[date, Random], bytes]
Change = Callable[[Table, date], Table]
SIGN_IN = b"<!DOCTYPE html>\n<html><head><title>Log in | TikTok</title></head><body></body></html>\n"


def same(table: Table, _day: date) -> Table:
    return table


def exported(make: Callable[[date], Table], change: Change = same) -> Make:
    return lambda day, _rng: change(make(day), day).encoded()


def overview(change: Change = same) -> Make:
    return exported(exports.overview, change)


def damaged(make: Make, change: Callable[[bytes], bytes]) -> Make:
    return lambda day, rng: change(make(day, rng))


def answering(answer: Any) -> Make:
    return lambda _day, _rng: json.dumps(answer).encode()


def with_cell(column: str, text: str, row: int = 4) -> Change:
    return lambda table, _day: table.set(row, column, text)


def with_rows(change: Callable[[list[list[str]]], list[list[str]]]) -> Change:
    return lambda table, _day: replace(table, rows=change(table.rows))


def cases_of(feed: str, name: str) -> Callable[..., Case]:
    def case(title: str, make: Make, *codes: str, verdict: Verdict = "quarantined") -> Case:
        return Case(
            feed=f"tiktok/{feed}",
            folder=f"tiktok/{feed}",
            name=name,
            make=make,
            title=title,
            codes=codes,
            verdict=verdict,
        )

    return case


def routine(feed: str, name: str, make: Make, weekday: int = 0) -> Routine:
    return Routine(feed=f"tiktok/{feed}", folder=f"tiktok/{feed}", name=name, make=make, weekday=weekday)
