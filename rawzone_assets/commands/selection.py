"""Selecting: the options by which several commands narrow what they look at, and how they refuse nonsense."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from difflib import get_close_matches
from typing import Any

import click

from rawzone_assets.access.catalog import last_commit_at
from rawzone_assets.commands.surroundings import fail
from rawzone_assets.platforms import all_feeds
from rawzone_assets.zone.zone import Zone


class Day(click.ParamType[str]):
    """A capture day, ``YYYY-MM-DD``."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            day = None
        if day is None or day.isoformat() != value:
            self.fail(f"{value!r} is not a day of the form YYYY-MM-DD.", param, ctx)
        return str(value)


def range_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--since`` and ``--until``; the command passes both to :func:`checked_range`."""
    until = click.option("--until", type=Day(), metavar="DAY", help="Last capture day, included.")
    since = click.option("--since", type=Day(), metavar="DAY", help="First capture day.")
    return since(until(function))


def checked_range(since: str | None, until: str | None) -> None:
    """Refuse a range that ends before it begins."""
    if since and until and since > until:
        fail(f"--since {since} is after --until {until}: exchange the two.")


def chosen_feeds(wanted: Sequence[str], recorded: Iterable[str] = ()) -> list[str]:
    """The feeds meant by feed or platform ids; none means all, and is returned as none.

    ``recorded`` are feeds that the ledger knows, which may be of platforms that are no longer declared.
    """
    cleaned = [name.strip("/").lower() for name in wanted]
    if set(cleaned) <= set(recorded):  # nothing to find out: the platforms need not be loaded
        return list(dict.fromkeys(cleaned))
    known = sorted({feed.id for feed in all_feeds()}.union(recorded))
    chosen: list[str] = []
    for name in cleaned:
        meant = [feed for feed in known if feed == name or feed.startswith(f"{name}/")]
        if not meant:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}? The" if near else "the"
            fail(f"There is no feed {name!r}: {hint} feeds are {', '.join(known)}.")
        chosen += meant
    return list(dict.fromkeys(chosen))


def chosen_commit(zone: Zone, wanted: str | None) -> int | None:
    """The commit meant by ``--as-of``: its number, or the last one made by a moment (UTC) or day's end."""
    if wanted is None:
        return None
    head = zone.index.head.seq
    if wanted.isdecimal() and len(wanted) < 8:
        seq = int(wanted)
        if seq > head:
            fail(f"--as-of {seq} is after the newest commit of the ledger, {_named(head)}.")
        return seq
    return last_commit_at(zone, _moment(wanted))


def _moment(wanted: str) -> datetime:
    try:
        moment = datetime.fromisoformat(wanted)
    except ValueError:
        fail(
            f"--as-of {wanted!r} is neither a commit's number nor a time: write 42, 2024-05-22 "
            "(to its end, UTC) or 2024-05-22T14:30:00Z."
        )
    if len(wanted) <= len("2024-05-22"):
        moment = datetime.combine(moment.date(), time.max)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _named(head: int) -> str:
    return "which is empty" if head < 0 else f"number {head}"
