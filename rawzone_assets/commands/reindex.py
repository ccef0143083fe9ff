"""``rawzone reindex``: report the ledger to a Dagster instance that does not know it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rawzone_assets.commands.display import print_table
from rawzone_assets.commands.selection import chosen_feeds
from rawzone_assets.commands.surroundings import (
    emit,
    fail,
    home_option,
    json_option,
    note,
    open_settings,
    open_zone,
)
from rawzone_assets.contract.wording import counted
from rawzone_assets.orchestration.instance import open_instance
from rawzone_assets.orchestration.reindex import Reindexed, reindex
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.index import index_path

_COLUMNS = ("days", "materialized", "arrivals", "evaluations")


@click.command(name="reindex")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@home_option
@json_option
def command(*, feeds: tuple[str, ...], as_json: bool) -> None:
    """Tell Dagster what the ledger knows and it does not: days, hashes, checks, freshness.

    For a new or restored Dagster database (DAGSTER_HOME, else the zone's own). What Dagster knows already is
    left alone, so running it twice tells nothing new. Stored objects are re-read for the integrity check.
    """
    settings = open_settings()
    layout = settings.layout
    if not layout.ledger.is_dir() and not index_path(layout.state, layout.ledger).exists():
        fail(f"There is no ledger in {settings.layout.ledger}: name the zone's folder with --home.")
    told: list[Reindexed] = []
    with (
        open_zone(settings) as zone,
        open_instance(settings) as instance,
        _day_progress() as progress,
    ):
        chosen = chosen_feeds(feeds)
        for done in reindex(instance, zone, all_platforms(), feeds=chosen, progress=progress):
            told.append(done)
            if as_json:
                emit({"record": "reindexed", **vars(done)})
    if not as_json:
        _show(told)


def _show(told: list[Reindexed]) -> None:
    news = [done for done in told if done.materialized or done.arrivals or done.evaluations]
    if news:
        rows = [[done.name, *(str(getattr(done, column) or "") for column in _COLUMNS)] for done in news]
        print_table(["reported", *_COLUMNS], rows, numbers=_COLUMNS)
    else:
        note("Dagster knows all that the ledger knows.")
    outside = sum(done.outside for done in told)
    if outside:
        days_are = counted(outside, "day is", "days are")
        note(f"{days_are} before the first partition or in the future: Dagster cannot show them.")


@contextmanager
def _day_progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error, fed with (done, total) days; ``None`` when it is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("reporting days"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task("reporting", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
