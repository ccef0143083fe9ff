"""Selecting: the options by which several commands narrow what they look at, and how they refuse nonsense."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

import click

from rawzone_assets.commands.surroundings import fail
from rawzone_assets.platforms import all_feeds


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


class FiniteRange(click.FloatRange):
    """A number in a range. Click takes ``nan`` for one of any, as it is below no least and above no most."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number that can be counted to.", param, ctx)
        return number


def range_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--since`` and ``--until``; the command passes both to :func:`checked_range`."""
    until = click.option("--until", type=Day(), metavar="DAY", help="Last capture day, included.")
    since = click.option("--since", type=Day(), metavar="DAY", help="First capture day.")
    return since(until(function))


def data_range_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--data-since`` and ``--data-until``; the command passes both to :func:`checked_range`."""
    until = click.option("--data-until", type=Day(), metavar="DAY", help="Last day of the data, included.")
    since = click.option("--data-since", type=Day(), metavar="DAY", help="First day of the data.")
    return since(until(function))


def checked_range(since: str | None, until: str | None, *, of: str = "") -> None:
    """Refuse a range that ends before it begins; ``of`` stands before the options' names."""
    if since and until and since > until:
        fail(f"--{of}since {since} is after --{of}until {until}: exchange the two.")


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
