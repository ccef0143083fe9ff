"""Asking the witnesses: Dagster's database, if there is one. SQLite is read without importing Dagster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from rawzone_assets.commands.surroundings import fail
from rawzone_assets.contract.wording import counted
from rawzone_assets.health.checks import Check, failed, ok, warn
from rawzone_assets.health.witnesses import Witness
from rawzone_assets.orchestration.dagster_home import InstanceUnusable, home_in_use
from rawzone_assets.orchestration.event_rows import NoRows, heads_in_rows
from rawzone_assets.zone.errors import LedgerDamaged, LedgerNewer
from rawzone_assets.zone.ledger import Head, Ledger
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.settings import Settings

_NEWEST = 50
_TELL = (
    "'rawzone reindex' tells Dagster what the ledger knows, also after runs or assets were deleted there; if "
    "another Dagster is this zone's, set DAGSTER_HOME to its home"
)


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
        return f"witnesses: {counted(len(self.witnesses), 'event')} in {self.source}"


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
    try:
        home = home_in_use(settings)
        if home is None:
            stated = os.environ.get("DAGSTER_HOME")
            absent = "DAGSTER_HOME is not set" if not stated else f"Dagster's home {stated} is empty"
            return _silent(absent)
        return Testimony(witnesses=tuple(_heads_in(home, settings)), source=str(home))
    except InstanceUnusable as error:
        # Whoever may only read the zone cannot open Dagster's SQLite either, and is to verify all the same.
        return _silent(error.reason)


def witness_check(settings: Settings) -> Iterator[Check]:
    """Whether the newest witnesses saw this ledger; nothing where none can be asked in a moment.

    A webserver, daemon or shell with another RAWZONE_HOME promotes into another zone, and nothing fails.
    """
    try:
        home = home_in_use(settings)
        witnesses = heads_in_rows(home, newest=_NEWEST) if home else []
    except (InstanceUnusable, NoRows):
        return
    if not home:
        return
    ledger = Ledger(LocalFiles(), settings.layout.ledger)
    try:
        if not witnesses:
            first = ledger.commit(0)
            if first and any(record.get("partition") for record in first.records):
                yield warn("witnesses", f"no event in {home} saw this ledger", _TELL)
            return
        heads = {(one.seq, one.head) for one in witnesses}
        known = {(seq, head): ledger.holds(Head(seq=seq, sha256=head, at=None)) for seq, head in heads}
    except (OSError, LedgerDamaged, LedgerNewer):
        return  # what that means, other checks say
    against = [one for one in witnesses if not known[one.seq, one.head]]
    if not against:
        yield ok("witnesses", f"the newest {len(witnesses)} events in {home} saw this ledger")
        return
    seen = (
        f"{len(against)} of the newest {len(witnesses)} events in {home} saw another ledger than this, "
        f"the newest of them {against[0].event}"
    )
    remedy = (
        "give every process of this zone, Dagster's webserver, daemon and code server among them, the same "
        "RAWZONE_HOME and DAGSTER_HOME, and every zone a Dagster of its own; if they have them, the ledger was "
        "replaced or rolled back: 'rawzone verify' tells since when"
    )
    yield failed("witnesses", seen, remedy)


def _heads_in(home: Path, settings: Settings) -> Iterable[Witness]:
    try:
        return heads_in_rows(home)
    except NoRows:
        from rawzone_assets.orchestration.testimony import testimonies  # noqa: PLC0415

        return testimonies(settings)


def _silent(why: str) -> Testimony:
    return Testimony(witnesses=(), source=None, silence=why)
