"""Start-up: what is imported, counted in modules, because times depend on what else a machine does."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from rawzone_assets.cli import root
from rawzone_assets.samples import write_landing
from rawzone_assets_tests.browser.demo_zone import clean_environment
from rawzone_assets_tests.zone.conftest import folder_in_memory

HEAVY = {
    *("pandas", "pandera", "pyarrow", "duckdb", "polars", "bs4", "jsonschema", "jinja2", "rich"),
    *("sqlalchemy", "alembic", "structlog", "urllib.request", "apprise", "matplotlib", "prometheus_client"),
}
_RUNS_DAGSTER = {"demo", "promote", "reindex"}
NEED_NO_DAGSTER = sorted(set(root.list_commands(None)) - _RUNS_DAGSTER)
MOST_OF_OURS = 248
"""Modules that the definitions add to Dagster's own 870; there were 232 when this was written."""


def modules(program: str, *arguments: str) -> set[str]:
    """The modules that a process has imported at its end."""
    told = "\nimport json, sys; print('\\n' + json.dumps(sorted(sys.modules)))"
    return set(json.loads(said(program + told, *arguments).splitlines()[-1]))


def said(program: str, *arguments: str) -> str:
    """What a process prints that knows of no zone of ours."""
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=clean_environment()).stdout


def modules_of_command(home: Path, *arguments: str) -> set[str]:
    """The modules that a command has imported at its end, which the environment did not keep from working."""
    program = (
        "import sys\nfrom rawzone_assets.cli import main\n"
        "try: main(['--home', *sys.argv[1:]])\nexcept SystemExit as end: assert end.code != 2"
    )
    return modules(program, str(home), *arguments)


@pytest.fixture(scope="module")
def promoted() -> Iterator[tuple[Path, set[str]]]:
    """The home of a zone with a day of samples, and the modules that promoting them imported."""
    with folder_in_memory() as home:
        write_landing(home / "landing", days=1, until=date(2025, 6, 10), bad=False)
        yield home, modules_of_command(home, "promote", "--now")


class TestDefinitions:
    """The definitions module loads within 1.5 times ``import dagster``: every process of Dagster's pays it."""

    def test_what_dagster_does_not_import_itself_is_imported_when_it_is_used(self):
        dagster, ours = modules("import dagster"), modules("import rawzone_assets.definitions")
        assert not ours & HEAVY - dagster
        assert len(ours - dagster) <= MOST_OF_OURS

    def test_the_module_is_loaded_with_all_its_definitions(self):
        program = "from rawzone_assets.definitions import defs; assert len(list(defs.sensors)) > 2"
        assert "rawzone_assets.orchestration.landing_sensor" in modules(program)


@pytest.fixture(scope="module")
def brought_in() -> dict[str, list[str]]:
    """What each command that is imported after the others imports first of what it should not."""
    program = """
import importlib, json, sys
known, found = set(), {}
for name in sys.argv[1:]:
    importlib.import_module(f"rawzone_assets.commands.{name.replace('-', '_')}")
    now = {"dagster", "pandas", "pandera", "bs4"} & set(sys.modules)
    found[name] = sorted(now - known)
    known |= now
print(json.dumps(found))
"""
    return json.loads(said(program, *NEED_NO_DAGSTER))


class TestCommands:
    @pytest.mark.parametrize("name", NEED_NO_DAGSTER)
    def test_a_command_that_needs_no_dagster_never_imports_it(self, name, brought_in):
        assert brought_in[name] == []

    def test_help_imports_neither_a_command_nor_the_zone(self):
        program = "from rawzone_assets.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
        ours = {name for name in modules(program) if name.startswith("rawzone_assets.")}
        assert "rawzone_assets.zone.zone" not in ours
        assert len(ours) <= 10, ours

    def test_promoting_again_with_nothing_new_does_without_dagster(self, promoted):
        """It takes three quarters of what such a look costs."""
        home, first = promoted
        again = modules_of_command(home, "promote", "--now")
        assert {"dagster", "rawzone_assets.definitions", "multiprocessing.process"} <= first
        assert not {"dagster", "sqlalchemy", "multiprocessing.popen_spawn_posix"} & again

    def test_verifying_with_dagsters_database_as_witness_does_without_dagster(self, promoted):
        imported = modules_of_command(promoted[0], "verify", "--require-witness")
        assert not {"dagster", "sqlalchemy", "rich.console"} & imported


class TestPromotion:
    """No pandas for a promotion without tables."""

    def test_pages_and_documents_are_promoted_without_pandas_and_pandera(self, tmp_path):
        program = f"""
from datetime import date
from pathlib import Path
from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import samples
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

home = Path({str(tmp_path)!r})
for sample in samples():
    if sample.path.endswith((".html", ".json")):
        path = home / "landing" / sample.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sample.data)
with Zone(Settings.from_environment({{"RAWZONE_RESERVE": "0"}}, home=home)) as zone:
    outcome = promote(zone, zone.survey(all_platforms(), settle=0).ready, judge=judge, run_id="test")
    assert len(outcome.receipts) > 100
"""
        assert not {"pandas", "pandera", "dagster"} & modules(program)
