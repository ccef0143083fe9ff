"""``rawzone alerts``: what is wrong, who was told, and whether it arrived."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import click

from rawzone_assets.commands.display import print_table
from rawzone_assets.commands.surroundings import (
    FINE,
    FOUND,
    emit,
    fail,
    home_option,
    json_option,
    leave,
    note,
    open_settings_of_a_zone,
    printable,
)
from rawzone_assets.contract.wording import counted
from rawzone_assets.health import channels
from rawzone_assets.health.alert_book import Book, book_path, changing_book, read_book
from rawzone_assets.health.alert_kinds import KINDS, Severity
from rawzone_assets.health.alert_settings import AlertSettings
from rawzone_assets.health.notices import Event, Notice, notice_of
from rawzone_assets.health.outbox import Channel
from rawzone_assets.health.signs import Incident
from rawzone_assets.zone.receipt import timestamp
from rawzone_assets.zone.zone import utc_now

_COLUMNS = ("incident", "state", "severity", "since", "signs", "what")
_SPAN = re.compile(r"(\d{1,5})([mhdw])")
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


class _Span(click.ParamType[timedelta]):
    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = _SPAN.fullmatch(str(value))
        if not match or match[1].strip("0") == "":
            self.fail(f"{value!r} is no span of time such as 30m, 8h, 3d or 2w.", param, ctx)
        return int(match[1]) * _UNITS[match[2]]


@click.group(name="alerts")
def command() -> None:
    """Incidents and the messages about them, as the sensor 'alerts' keeps them."""


@command.command(name="ls")
@click.option("--all", "with_resolved", is_flag=True, help="Also those resolved in the last 90 days.")
@home_option
@json_option
def ls(*, with_resolved: bool, as_json: bool) -> None:
    """Open incidents and the channels that are told of them.

    Exit code 1 when an incident is open or a channel did not take what it was given.
    """
    book, now = _book(), utc_now()
    shown = [i for i in book.incidents.by_id.values() if with_resolved or i.is_open]
    shown.sort(key=lambda incident: incident.opened_at)
    if as_json:
        for incident in shown:
            emit(_record(incident, now))
        for channel in book.outbox.channels.values():
            emit(_channel_record(channel))
    else:
        if shown:
            print_table(_COLUMNS, [_row(incident, now) for incident in shown], numbers=("signs",))
        else:
            click.echo("No incident is open.")
        for channel in book.outbox.channels.values():
            click.echo(f"\nChannel {channel.name}: {_standing(channel)}")
    if book.looked_at is None:
        note("The sensor 'alerts' has not looked at this zone yet: start Dagster's daemon.")
    leave(FOUND if book.incidents.open or book.outbox.troubled else FINE)


@command.command()
@click.argument("wanted", metavar="INCIDENT")
@home_option
@json_option
def show(*, wanted: str, as_json: bool) -> None:
    """One incident in full. INCIDENT is the beginning of its id, or its key such as stale:distrokid/streams."""
    book, now = _book(), utc_now()
    incident = _find(book, wanted)
    waiting = {
        channel.name: [n for n in channel.waiting if n.startswith(f"{incident.id}-")]
        for channel in book.outbox.channels.values()
    }
    if as_json:
        emit({**_record(incident, now), "undelivered": {name: w for name, w in waiting.items() if w}})
        return
    click.echo(f"{incident.title} ({incident.severity.word}, {incident.state(now)})")
    event = Event.OPENED if incident.is_open else Event.RESOLVED
    click.echo(notice_of(incident, event, incident.resolved_at or now).text)
    for name, signal in sorted(incident.signals.items()):
        told = signal.text if signal.text.startswith(f"{name}:") else f"{name}: {signal.text}"
        click.echo(printable(f"  {signal.since:%Y-%m-%d %H:%M} UTC  {told}"))
    for channel, notices in waiting.items():
        if notices:
            click.echo(f"Not taken by {channel} yet: {', '.join(notices)}")


@command.command()
@click.argument("wanted", metavar="INCIDENT...", nargs=-1, required=True)
@home_option
@json_option
def ack(*, wanted: tuple[str, ...], as_json: bool) -> None:
    """Say that somebody is on it. You are told when it gets worse and when it is over."""
    with _changing() as book:
        now = utc_now()
        found = [book.incidents.acknowledge(_find_open(book, name), now) for name in wanted]
    _print(found, now, as_json=as_json, done="acknowledged")


@command.command()
@click.argument("wanted", metavar="INCIDENT...", nargs=-1, required=True)
@click.option("--for", "span", type=_Span(), default="8h", show_default=True, help="Such as 30m, 8h, 3d, 2w.")
@home_option
@json_option
def snooze(*, wanted: tuple[str, ...], span: timedelta, as_json: bool) -> None:
    """Be told nothing of an incident for a while but that it is over, also when it opens again meanwhile."""
    with _changing() as book:
        now = utc_now()
        found = [book.incidents.snooze(_find_open(book, name), now + span) for name in wanted]
    _print(found, now, as_json=as_json, done=f"snoozed until {now + span:%Y-%m-%d %H:%M} UTC")


@command.command()
@home_option
@json_option
def test(*, as_json: bool) -> None:
    """Send a test message to every channel now. Exit code 1 when one did not take it."""
    settings, now = AlertSettings.from_environment(os.environ), utc_now()
    home = open_settings_of_a_zone().home
    letter = Notice(
        id=f"test-{now:%Y%m%d%H%M%S}",
        event=Event.DIGEST,
        at=now,
        severity=Severity.WARNING,
        title="Test message of Raw Zone",
        text=f"Alerts of the zone {home} reach this channel. Nothing is wrong.",
    )
    refused = 0
    for name, url in settings.channels.items():
        problem = channels.send(name, url, letter)
        refused += problem is not None
        if as_json:
            emit({"record": "test", "channel": name, "taken": problem is None, "problem": problem})
        else:
            click.echo(f"{name}: {'taken' if problem is None else f'not taken: {problem}'}")
    leave(FOUND if refused else FINE)


def _book() -> Book:
    return read_book(open_settings_of_a_zone().layout.state) or Book()


def _changing() -> Any:
    state = open_settings_of_a_zone().layout.state
    if not book_path(state).exists():
        fail("The sensor 'alerts' has not looked at this zone yet, so there is no incident: start Dagster.")
    return changing_book(state)


def _find(book: Book, wanted: str) -> Incident:
    found = book.incidents.find(wanted)
    if not found:
        fail(f"There is no incident {wanted!r}: 'rawzone alerts ls --all' lists them.")
    if len(found) > 1:
        fail(f"{wanted!r} is the beginning of {len(found)} incidents' ids: give more of it.")
    return found[0]


def _find_open(book: Book, wanted: str) -> Incident:
    incident = _find(book, wanted)
    if not incident.is_open:
        fail(f"The incident {incident.id} ({incident.key}) is resolved: there is nothing left to do about it.")
    return incident


def _print(found: list[Incident], now: datetime, *, as_json: bool, done: str) -> None:
    for incident in found:
        if as_json:
            emit(_record(incident, now))
        else:
            click.echo(printable(f"{incident.id} ({incident.key}) is {done}."))


def _record(incident: Incident, now: datetime) -> Mapping[str, Any]:
    return {
        "record": "incident",
        **incident.as_json(),
        "key": incident.key,
        "state": incident.state(now),
        "severity": incident.severity.word,
        "told": incident.told is not None,
        "title": incident.title,
        "remedy": incident.remedy,
        "runbook": KINDS[incident.kind].runbook,
    }


def _channel_record(channel: Channel) -> Mapping[str, Any]:
    return {
        "record": "channel",
        "channel": channel.name,
        "waiting": list(channel.waiting),
        "attempts": channel.attempts,
        "problem": channel.problem,
        "next_at": timestamp(channel.next_at) if channel.next_at else None,
        "last_sent": timestamp(channel.last_sent) if channel.last_sent else None,
    }


def _row(incident: Incident, now: datetime) -> list[str]:
    return [
        incident.id,
        incident.state(now),
        incident.severity.word,
        f"{incident.opened_at:%Y-%m-%d %H:%M} UTC",
        str(incident.signs),
        incident.title,
    ]


def _standing(channel: Channel) -> str:
    last = f"took its last message at {channel.last_sent:%Y-%m-%d %H:%M} UTC" if channel.last_sent else "unused"
    if not channel.problem:
        return f"{last}, {len(channel.waiting)} waiting" if channel.waiting else last
    again = f", next attempt {channel.next_at:%Y-%m-%d %H:%M:%S} UTC" if channel.next_at else ""
    waiting, attempts = counted(len(channel.waiting), "message"), counted(channel.attempts, "attempt")
    return f"{waiting} not taken ({channel.problem}), {attempts}{again}"
