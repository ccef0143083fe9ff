"""The demo zone and real Dagster processes over it, for tests that look at it as people do.

``rawzone demo`` builds the zone once for all test processes; each test file works on a copy of its own, since
Dagster's runs and reports change it.
"""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    SensorInstigatorData,
)

from rawzone_assets.contract.judging import judge
from rawzone_assets.orchestration.dagster_home import shared_file
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.processes import eventually, running

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PYTHON = (sys.executable, "-W", "ignore", "-m")
_DAYS = 4
QUICK_DAEMONS = Path(__file__).parent / "quick_daemons"
"""Has the daemon that carries out backfills look each 3 seconds: Dagster's 30 have no setting."""


def build_demo(shared):
    """The zone of ``rawzone demo``, below a folder of all test processes; whoever comes first builds it."""
    home = shared / "demo-zone"
    with (shared / "demo-zone.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            unfinished = shared / "demo-zone.unfinished"
            command = "from rawzone_assets.cli import main; main()"
            subprocess.run(
                [sys.executable, "-c", command, "demo", "--no-ui", "--days", str(_DAYS), "--home", unfinished],
                check=True,
                env=clean_environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            unfinished.rename(home)
    return home


def copy_demo(shared, home):
    """A copy of the zone that a test file may change.

    Its landed files are known as those of the original are, else the sensor would ask for a run of each feed.
    """
    shutil.copytree(build_demo(shared), home, symlinks=True)
    with Zone(Settings.from_environment({"RAWZONE_SETTLE": "0"}, home=home)) as zone:
        outcome = promote(zone, zone.survey(all_platforms()).ready, judge=judge, run_id="copied")
        assert outcome.unchanged > 100
        assert not zone.survey(all_platforms()).ready
    return home


def rest(home, sensor):
    """Have a sensor stand still from the beginning, as its switch in the UI does."""
    location = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("rawzone"), "__repository__")
    origin = location.get_instigator_origin(sensor)
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        instance.add_instigator_state(
            InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.STOPPED, SensorInstigatorData())
        )


def clean_environment(**more):
    """The environment without what a developer has set for zones and instances of their own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAWZONE_", "DAGSTER_"))}
    return {**kept, **more}


def dagster_environment(home):
    return clean_environment(
        DAGSTER_HOME=str(home / "dagster"),
        RAWZONE_HOME=str(home),
        RAWZONE_SETTLE="0",
        DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS="true",
        FRESHNESS_DAEMON_INTERVAL_SECONDS="5",
        PYTHONPATH=str(QUICK_DAEMONS),
    )


@contextmanager
def serving(home, *, port, command=("dagster", "dev"), arguments=(), workspace=None, **environment):
    """A Dagster web server over the zone on a loopback port, stopped in good order at the end."""
    log = home / f"server-{port}.log"
    workspace = workspace or shared_file("workspace.yaml")
    with running(
        [*PYTHON, *command, "-h", "127.0.0.1", "-p", str(port), "-w", str(workspace), *arguments],
        log=log,
        env={**dagster_environment(home), **environment},
        cwd=home,
    ) as process:
        await_answer(process, f"http://127.0.0.1:{port}/server_info", log)
        # It answers before it knows our code, and a page opened then calls every asset external.
        assert eventually(lambda: process.poll() is not None or _knows_our_code(port)), log.read_text()
        yield f"http://127.0.0.1:{port}"


@contextmanager
def code_server(home, *, port):
    """The code in a process of its own, as ``deploy/`` runs it."""
    log = home / f"code-{port}.log"
    named = ["-m", "rawzone_assets.definitions", "--location-name", "rawzone"]
    with running(
        [*PYTHON, "dagster", "code-server", "start", "-h", "127.0.0.1", "-p", str(port), *named],
        log=log,
        env=dagster_environment(home),
        cwd=home,
    ) as process:
        assert eventually(lambda: process.poll() is not None or listens(port)), log.read_text()
        assert process.poll() is None, log.read_text()
        yield {"RAWZONE_CODE_HOST": "127.0.0.1", "RAWZONE_CODE_PORT": str(port)}


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def await_answer(process, url, log):
    assert eventually(lambda: process.poll() is not None or _answers(url)), log.read_text()
    assert process.poll() is None, log.read_text()


def _knows_our_code(port):
    query = (
        "{workspaceOrError {... on Workspace {locationEntries {loadStatus locationOrLoadError {__typename}}}}}"
    )
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        data=json.dumps({"query": query}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310
        entries = json.load(answer)["data"]["workspaceOrError"]["locationEntries"]
    loaded = {"loadStatus": "LOADED", "locationOrLoadError": {"__typename": "RepositoryLocation"}}
    return entries == [loaded]


def _answers(url):
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  our own server
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
