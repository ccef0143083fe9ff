"""Asking the witnesses: Dagster's database, if there is one. Dagster is imported only then."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from rawzone_assets.commands.surroundings import fail
from rawzone_assets.health.witnesses import Witness
from rawzone_assets.zone.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Testimony:
    """What witnesses said, or why none was asked."""

    witnesses: tuple[Witness, ...]
    source: str | None  # where they are kept
    silence: str | None = None  # why none was asked

    @property
    def summary(self) -> str:
        if self.source is None:
            return f"witnesses: none asked ({self.silence})"
        return f"witnesses: {len(self.witnesses)} events in {self.source}"


def witness_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--no-witness`` and ``--require-witness``, for :func:`ask_witnesses`."""
    skip = click.option("--no-witness", is_flag=True, help="Do not ask Dagster's database.")
    require = click.option(
        "--require-witness", is_flag=True, help="Fail when Dagster's database holds no head of the ledger."
    )
    return skip(require(function))


def ask_witnesses(settings: Settings, *, skip: bool, require: bool) -> Testimony:
    """Every head of the ledger that Dagster's database holds.

    Raises:
        Failure: One is required and there is none.
    """
    if skip and require:
        fail("--no-witness and --require-witness contradict each other: give one of them.")
    found = _silent("--no-witness") if skip else _asked(settings)
    if require and not found.witnesses:
        fail(
            f"No witness of the ledger was found ({found.silence or 'Dagster has no event with a head yet'}): "
            "set DAGSTER_HOME to the home of the Dagster that promotes into this zone."
        )
    return found


def _asked(settings: Settings) -> Testimony:
    stated = os.environ.get("DAGSTER_HOME")
    # Looked at before Dagster is imported, which takes half a second.
    if not stated and not (settings.home / "dagster").is_dir():
        return _silent("DAGSTER_HOME is not set")
    from rawzone_assets.orchestration.instance import InstanceUnusable  # noqa: PLC0415
    from rawzone_assets.orchestration.testimony import home_with_witnesses, testimonies  # noqa: PLC0415

    try:
        home = home_with_witnesses(settings)
        if home is None:
            return _silent(f"Dagster's home {stated or settings.home / 'dagster'} is empty")
        return Testimony(witnesses=tuple(testimonies(settings)), source=str(home))
    except InstanceUnusable as error:
        # Whoever may only read the zone cannot open Dagster's SQLite either, and is to verify all the same.
        return _silent(error.reason)


def _silent(why: str) -> Testimony:
    return Testimony(witnesses=(), source=None, silence=why)
