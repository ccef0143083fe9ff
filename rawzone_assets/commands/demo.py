"""``rawzone demo``: samples in a landing folder, their promotion as Dagster runs, and the UI over it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NoReturn

import click

from rawzone_assets.commands.promote import emit_receipts, show_counts, show_summary
from rawzone_assets.commands.surroundings import fail, json_option, note, open_zone
from rawzone_assets.commands.zone_folder import ZoneFolder
from rawzone_assets.definitions import build_definitions
from rawzone_assets.orchestration.dagster_home import dagster_environment, shared_file
from rawzone_assets.orchestration.instance import open_instance
from rawzone_assets.orchestration.local_runs import promote_landing, report_health
from rawzone_assets.orchestration.overrides import Overrides
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import write_landing
from rawzone_assets.zone.settings import Settings

_HOME = Path("data")
_MARK = ".rawzone-demo"  # in landing: these files are samples
_LOOPBACK = "127.0.0.1"  # Dagster's server knows no passwords: it must not be reachable from elsewhere
_PORT = 3000
_PATIENCE = 60.0  # seconds for the UI to come up
_LAST_LINES = 20  # of Dagster's log, when it fails
_FAREWELL = 20.0  # seconds for Dagster to stop
_LAST_ON_EARTH = timezone(timedelta(hours=-12))  # where a day is over when it is over everywhere


@click.command(name="demo")
@click.option(
    "--home",
    type=ZoneFolder(),
    help=f"The zone's folder. [default: rawzone --home, else RAWZONE_HOME, else ./{_HOME}]",
)
@click.option("--days", type=click.IntRange(1, 3650), default=14, show_default=True, help="Days of samples.")
@click.option("--port", type=click.IntRange(1, 65535), help=f"The UI's port. [default: {_PORT} or a free one]")
@click.option("--ui/--no-ui", default=True, help="Start the Dagster UI at the end.")
@json_option
@click.pass_context
def command(
    context: click.Context, *, home: Path | None, days: int, port: int | None, ui: bool, as_json: bool
) -> None:
    """See it work, in a folder of its own: samples, promotion through Dagster, a summary, the Dagster UI.

    Some of the samples are bad on purpose. Running it again in the same folder changes nothing.
    """
    # No single roots and no DAGSTER_HOME from the environment: a demonstration must not touch a zone in use.
    chosen = home or context.find_object(Path) or Path(os.environ.get("RAWZONE_HOME") or _HOME)
    settings = Settings.from_environment({"RAWZONE_SETTLE": "0"}, home=chosen)
    _land_samples(settings.layout.landing, days)
    overrides = Overrides(settings=settings)
    with open_instance(settings, own=True) as instance:
        done = promote_landing(instance, overrides, build=build_definitions, platforms=all_platforms())
        if done.runs:
            report_health(instance, overrides, build=build_definitions)
    if as_json:
        emit_receipts(done)
    elif done.committed:
        show_summary(done)
    else:
        _show_zone(settings)
    for problem in done.problems:
        fail(problem)
    say = note if as_json else click.echo
    say(f"\nThe zone is in {settings.home}. Look around with: rawzone --home {settings.home} status")
    if ui:
        _serve(settings, _free_port(port), say=say)


def _land_samples(landing: Path, days: int) -> None:
    """Fill an empty landing folder; it appears whole or not at all."""
    if (landing / _MARK).exists():
        note(f"{landing} holds the samples already: none were added.")
        return
    if landing.exists() and not (landing.is_dir() and not any(landing.iterdir())):
        fail(f"{landing} holds files of your own: give the demonstration a folder of its own with --home.")
    unfinished = landing.with_name(f".{landing.name}-{os.getpid()}")
    # Nothing is captured later than now, whatever the time zones of the extractors.
    yesterday = datetime.now(_LAST_ON_EARTH).date() - timedelta(days=1)
    samples = write_landing(unfinished, days=days, until=yesterday)
    (unfinished / _MARK).touch()
    unfinished.rename(landing)
    bad = sum(sample.verdict == "quarantined" for sample in samples)
    note(f"{len(samples)} sample files landed in {landing}, {bad} of them bad on purpose.")


def _show_zone(settings: Settings) -> None:
    """What an earlier demonstration left."""
    with open_zone(settings) as zone:
        show_counts({(total.feed, total.verdict): total.receipts for total in zone.index.tallies.totals()})


def _serve(settings: Settings, port: int, *, say: Callable[[str], None]) -> None:
    """Dagster's web server and daemon over this zone, until Ctrl-C."""
    # What the samples have wrong must wake nobody, and go into no state or projection of a zone in use.
    others = {name: value for name, value in os.environ.items() if not name.startswith("RAWZONE_")}
    environment = {**others, **dagster_environment(settings, own=True), "RAWZONE_SETTLE": "5"}
    arguments = ["-h", _LOOPBACK, "-p", str(port), "-w", str(shared_file("workspace.yaml"))]
    quiet = ["--log-level", "error", "--code-server-log-level", "error"]
    # A service manager says goodbye with SIGTERM, and a background shell starts us deaf to SIGINT, which
    # Dagster would inherit.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    # Alerts are in it: pages of them, for what the samples have wrong.
    log = Path(environment["DAGSTER_HOME"], "demo.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "dagster", "dev", *arguments, *quiet],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=settings.home,
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop Dagster in good order
        )
    try:
        _await(process, port, log)
        say(
            f"\nDagster UI:   http://{_LOOPBACK}:{port}\n"
            f"DAGSTER_HOME: {environment['DAGSTER_HOME']}\n"
            f"Its log, with the alerts: {log}\n"
            f"Drop files into {settings.layout.landing} and watch them being promoted within a minute.\n"
            "Stop with Ctrl-C."
        )
        process.wait()
        _fail_of_dagster("Dagster has stopped by itself", log)
    except KeyboardInterrupt:
        note("Stopping Dagster.")
    finally:
        _stop(process)


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection((_LOOPBACK, port), timeout=1):
            return
        time.sleep(0.2)
    _fail_of_dagster("The Dagster UI did not start", log)


def _fail_of_dagster(what: str, log: Path) -> NoReturn:
    """Show the end of what Dagster wrote, and fail."""
    for line in log.read_text(errors="replace").splitlines()[-_LAST_LINES:]:
        note(line)
    fail(f"{what}: the end of {log}, shown above, says why.")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask Dagster to stop its processes in good order; if it does not, end all of them."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=_FAREWELL)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port(wanted: int | None) -> int:
    """The port asked for; else Dagster's usual one when it is free, else any that is."""
    port = _bound(wanted or _PORT)
    if port is None and wanted:
        fail(f"Port {wanted} is in use: give another with --port.")
    return port or _bound(0) or _PORT


def _bound(port: int) -> int | None:
    """The port that binding ``port`` gives (0: any), or ``None`` when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
        except OSError:
            return None
        return int(probe.getsockname()[1])
