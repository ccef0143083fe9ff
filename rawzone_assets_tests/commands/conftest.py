"""A small zone that every command test looks at, and the command line as a test drives it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from rawzone_assets.cli import root
from rawzone_assets.contract.judging import judge
from rawzone_assets.orchestration.instance import open_instance
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import write_landing
from rawzone_assets.zone.promotion import promote, record_unrecognized
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone.conftest import folder_in_memory

LAST_DAY = date(2025, 6, 10)
"""A Tuesday: the weekly sales report has landed."""


def promote_all(home: Path, **environment: str) -> None:
    with Zone(Settings.from_environment(environment, home=home)) as zone:
        found = zone.survey(all_platforms(), settle=0)
        promote(zone, found.ready, judge=judge, run_id="test")
        record_unrecognized(zone, found.unrecognized, run_id="test")


@dataclass(frozen=True)
class Outcome:
    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def records(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines()]


class Rawzone:
    """``rawzone`` on one zone: called in this process, or run as a real command."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str, **environment: str) -> Outcome:
        given = {"RAWZONE_HOME": str(self.home), "DAGSTER_HOME": None, **environment}
        result = CliRunner().invoke(root, arguments, env=given)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(code=result.exit_code, out=result.stdout_bytes, err=result.stderr)

    def run(self, *arguments: str, code: str = "", **environment: str) -> Outcome:
        """As a process of its own; ``code`` runs before the command."""
        program = f"{code}\nfrom rawzone_assets.cli import main\nmain()"
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            capture_output=True,
            check=False,
            timeout=60,
            env={**os.environ, "RAWZONE_HOME": str(self.home), **environment},
        )
        return Outcome(code=done.returncode, out=done.stdout, err=done.stderr.decode())

    def promote(self, **environment: str) -> None:
        promote_all(self.home, **environment)

    def record(self, command: str, **wanted: object) -> dict:
        """The first line of a listing whose fields have these values."""
        records = self(*command.split(), "--json").records
        return next(r for r in records if all(r.get(name) == value for name, value in wanted.items()))

    def landed(self, record: dict) -> bytes:
        return (self.home / "landing" / record["landing_path"]).read_bytes()


@pytest.fixture(scope="session")
def built() -> Iterator[Path]:
    """Two days of every feed with every kind of refusal, and one page that came again with other bytes."""
    with folder_in_memory() as home:
        fill(home)
        yield home


def fill(home: Path) -> None:
    written = write_landing(home / "landing", days=2, until=LAST_DAY)
    promote_all(home)
    first = next(
        sample for sample in written if sample.feed == "distrokid/streams" and sample.verdict == "promoted"
    )
    changed = home / "landing" / "distrokid" / "again" / Path(first.path).name
    changed.parent.mkdir()
    changed.write_bytes(first.data.replace(b"</body>", b"<!-- again --></body>"))
    promote_all(home)


@pytest.fixture
def rawzone(built) -> Rawzone:
    """The shared zone, to be looked at only."""
    return Rawzone(built)


@pytest.fixture
def own(built) -> Iterator[Rawzone]:
    """A copy of it that a test may damage. It is a thousand small files, and need not reach a real disk."""
    with folder_in_memory() as folder:
        shutil.copytree(built, folder / "zone")
        yield Rawzone(folder / "zone")


@pytest.fixture
def nowhere(tmp_path) -> Rawzone:
    """A folder in which there is no zone yet."""
    return Rawzone(tmp_path / "nothing")


@pytest.fixture
def witnessed(own, monkeypatch):
    """The zone with a Dagster beside it, which noted the head of the ledger as given."""
    for name in (
        "DAGSTER_HOME",
        *(f"RAWZONE_{place}" for place in ("LANDING", "RAW", "QUARANTINE", "ARCHIVE")),
    ):
        monkeypatch.setenv(name, "")  # opening the instance sets them for this process

    def note(seq: int, head: str) -> None:
        with open_instance(Settings.from_environment({}, home=own.home)) as instance:
            key, metadata = ["raw", "toolost", "sales"], {"ledger_seq": seq, "ledger_head": head}
            event = dg.AssetMaterialization(key, metadata=metadata, partition="2025-06-10")
            instance.report_runless_asset_event(event)

    return note
