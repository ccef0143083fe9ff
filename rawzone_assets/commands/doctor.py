"""``rawzone doctor``: what is wrong with this installation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial

import click

from rawzone_assets.access.opening import cache_of
from rawzone_assets.commands.installation import examine_installation
from rawzone_assets.commands.surroundings import (
    FINE,
    FOUND,
    emit,
    home_option,
    json_option,
    leave,
    open_settings,
    printable,
)
from rawzone_assets.commands.testimony import witness_check
from rawzone_assets.health.alert_delivery import alerts_check
from rawzone_assets.health.alert_settings import AlertSettings
from rawzone_assets.health.checks import Check, Health, failed
from rawzone_assets.health.dagster_disk import examine_dagster_home
from rawzone_assets.health.doctor import examine_zone
from rawzone_assets.health.policy import examine_policy
from rawzone_assets.platforms import all_feeds, all_platforms
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.keys import load_private_key
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import utc_now

_COLOURS = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "red"}


@click.command(name="doctor")
@home_option
@json_option
def command(*, as_json: bool) -> None:
    """Check this installation and its zone without changing either; exit code 1 when a check fails.

    Warnings are no failure: they say what will need attention.
    """
    problems = 0
    for check in _checks(open_settings()):
        problems += check.health is Health.FAIL
        if as_json:
            emit(asdict(check))
        else:
            _print(check)
    leave(FOUND if problems else FINE)


def _checks(settings: Settings) -> Iterator[Check]:
    yield from examine_installation()
    yield from _unusable(settings)
    yield from examine_zone(settings, all_platforms(), now=utc_now())
    yield examine_policy(settings.policy, (feed.id for feed in all_feeds()))
    yield from examine_dagster_home(os.environ, reserve=settings.reserve)
    yield from witness_check(settings)
    yield alerts_check(settings.layout.state, now=utc_now())


def _unusable(settings: Settings) -> Iterator[Check]:
    """Variables that most commands do not read, and without which alerts, readers or checkpoints stop."""
    key = settings.signing_key
    reads: dict[str, Callable[[], object]] = {
        "alert settings": partial(AlertSettings.from_environment, os.environ),
        "cache": partial(cache_of, settings),
        "signing key": partial(load_private_key, key) if key else object,
    }
    for name, read in reads.items():
        try:
            read()
        except ZoneError as error:
            seen, _, remedy = str(error).removesuffix(".").rpartition(": ")
            yield failed(name, seen, remedy)


def _print(check: Check) -> None:
    remedy = f"; {check.remedy}" if check.remedy else ""
    word = click.style(f"{check.health:<5}", fg=_COLOURS[check.health])
    click.echo(f"{word} {printable(f'{check.name}: {check.seen}{remedy}')}")
