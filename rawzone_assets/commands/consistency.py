"""``rawzone consistency``: on which capture days a feed was missing, or out of step with the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click

from rawzone_assets.commands.selection import checked_range, chosen_feeds, range_options
from rawzone_assets.commands.surroundings import (
    FINE,
    FOUND,
    emit,
    fail,
    home_option,
    json_option,
    leave,
    open_settings_of_a_zone,
    open_zone,
    printable,
)
from rawzone_assets.contract.wording import counted
from rawzone_assets.health.consistency import Behind, Day, Incomplete, Missing, OutOfStep, Short, consistency_of
from rawzone_assets.platforms import all_feeds, all_platforms

_DAYS = 14


@click.command(name="consistency")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@range_options
@home_option
@json_option
def command(*, feeds: tuple[str, ...], since: str | None, until: str | None, as_json: bool) -> None:
    """For each capture day, which feeds delivered, which were due and missing, and whose data lag behind.

    Data lag behind what their own feed usually brings (out of step), or behind another platform's (behind).
    A capture of several files, such as an ads dump, is incomplete when not every one came and was accepted;
    a day is short when its sessions brought nothing but their short answer (Linktree's seven days).
    Without a range the two weeks up to yesterday, UTC: today is not over. Exit code 1 when any of this is so.
    """
    checked_range(since, until)
    first, last = _range(since, until)
    chosen = chosen_feeds(feeds)
    wanted = [feed for feed in all_feeds() if not chosen or feed.id in chosen]
    with open_zone(open_settings_of_a_zone()) as zone:
        days = consistency_of(zone, wanted, since=first, until=last, platforms=all_platforms())
    bad = [day for day in days if not day.is_consistent]
    if as_json:
        for day in days:
            emit(_record(day))
    else:
        for day in bad:
            click.echo(printable(f"{day.day}  {'; '.join(_problems(day))}"))
        click.echo(f"{len(days) - len(bad)} of {len(days)} days from {first} to {last} are consistent.")
    leave(FOUND if bad else FINE)


def _range(since: str | None, until: str | None) -> tuple[date, date]:
    """The days asked for; by default they end yesterday, and are two weeks. Those to come lack nothing."""
    today = datetime.now(UTC).date()
    yesterday = (today - timedelta(days=1)).isoformat()
    if since and since > today.isoformat():
        fail(f"--since {since} has not begun in UTC: give a day up to today.")
    last = min(date.fromisoformat(until or max(yesterday, since or "")), today)
    two_weeks = date.fromordinal(max(last.toordinal() - _DAYS + 1, 1))
    return date.fromisoformat(since) if since else two_weeks, last


def _record(day: Day) -> dict[str, Any]:
    return {
        "record": "day",
        "day": day.day.isoformat(),
        "consistent": day.is_consistent,
        "delivered": list(day.delivered),
        "missing": [{**vars(item), "last": item.last.isoformat()} for item in day.missing],
        "out_of_step": [{**vars(item), "data_max": item.data_max.isoformat()} for item in day.out_of_step],
        "behind": [vars(item) for item in day.behind],
        "incomplete": [vars(item) for item in day.incomplete],
        "short": [vars(item) for item in day.short],
        "common_until": day.common_until,
    }


def _problems(day: Day) -> Iterator[str]:
    yield from (_missing(item) for item in day.missing)
    yield from (_out_of_step(item) for item in day.out_of_step)
    yield from (_behind(item) for item in day.behind)
    yield from (_incomplete(item) for item in day.incomplete)
    yield from (_short(item) for item in day.short)


def _missing(item: Missing) -> str:
    refused = f", {item.refused} refused" if item.refused else ""
    return f"{item.feed} is missing (last {item.last}{refused})"


def _incomplete(item: Incomplete) -> str:
    lacks = [f"lacks {', '.join(item.missing)}"] if item.missing else []
    refused = [f"refused is {', '.join(item.refused)}"] if item.refused else []
    return f"{item.feed} is incomplete ({item.folder}/: {'; '.join(lacks + refused)})"


def _short(item: Short) -> str:
    covered = counted(item.covered, "day")
    return f"{item.feed} is short (its longest answer covers {covered}; usual are {item.least} or more)"


def _out_of_step(item: OutOfStep) -> str:
    return (
        f"{item.feed} is out of step (data end {item.data_max}, {counted(item.lag, 'day')} back; usual are "
        f"{item.usual})"
    )


def _behind(item: Behind) -> str:
    return (
        f"{item.feed} is behind {item.other} (data end {item.data_max} and {item.other_data_max}, "
        f"{counted(item.days, 'day')} apart beside their usual lags; {item.allowed} are explained)"
    )
