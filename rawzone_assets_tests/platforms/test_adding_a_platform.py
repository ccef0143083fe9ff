"""What docs/platforms.md says, carried out: three new files in a copy of the package, and nothing else.

Everything is looked at with real commands in processes of their own, which find the copy before the package.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FEED = "bandcamp/sales"
DOCUMENT = (ROOT / "docs/platforms.md").read_text()
FILES = dict(re.findall(r"^`(\S+\.(?:py|json))`.*?```\w+\n(.*?)```", DOCUMENT, re.DOTALL | re.MULTILINE))

LOOK = """
import json
from rawzone_assets.definitions import defs
specs = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
raw, landing = specs["raw/bandcamp/sales"], specs["landing/bandcamp/sales"]
repository = defs.get_repository_def()
graph = defs.resolve_asset_graph()
print(json.dumps({
    "group": raw.group_name,
    "kinds": sorted(raw.kinds),
    "deps": [dep.asset_key.to_user_string() for dep in raw.deps],
    "source": [dep.asset_key.to_user_string() for dep in landing.deps],
    "partitions": raw.partitions_def.get_first_partition_key(),
    "warns_after_days": raw.freshness_policy.warn_window.to_timedelta().days,
    "described": "refunds" in raw.description,
    "columns": [column.name for column in raw.metadata["dagster/column_schema"].columns],
    "checks": sorted(key.name for key in graph.asset_check_keys if key.asset_key == raw.key),
    "watched": raw.key in graph.materializable_asset_keys,
}))
"""
LAND_AND_SENSE = """
import sys
from datetime import date
from pathlib import Path
from rawzone_assets.samples import samples
for sample in samples("bandcamp/sales", capture=date(2025, 6, 10)):
    path = Path(sys.argv[1]) / sample.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sample.data)
    print(sample.path, sample.verdict)
import dagster as dg
from rawzone_assets.definitions import defs
with dg.DagsterInstance.get() as instance:
    context = dg.build_sensor_context(
        instance=instance, definitions=defs, resources={"zone": defs.resources["zone"]}
    )
    result = defs.resolve_sensor_def("landing")(context)
    print(sorted({key.to_user_string() for request in result.run_requests for key in request.asset_selection}))
"""
ASK = """
import json, sys
from click.testing import CliRunner
from rawzone_assets.cli import root
results = [CliRunner().invoke(root, arguments) for arguments in json.loads(sys.argv[1])]
print(json.dumps([[result.exit_code, result.stdout] for result in results]))
"""


class Copy:
    """A copy of the package with the new platform, and commands that run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder / "package", folder / "zone"
        for part in ("rawzone_assets", "schemas", "rawzone_assets_tests", "docs"):
            shutil.copytree(ROOT / part, self.folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        for part in ("pyproject.toml", "README.md", "dagster.yaml", "workspace.yaml"):
            shutil.copy(ROOT / part, self.folder / part)
        before = self.files()
        for path, text in FILES.items():
            target = self.folder / path
            target.parent.mkdir(exist_ok=True)
            assert not target.exists()
            target.write_text(text)
        self.added = self.files() - before
        (self.home / "dagster").mkdir(parents=True)

    def files(self) -> set[str]:
        return {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {
            name: v for name, v in os.environ.items() if not name.startswith(("RAWZONE", "DAGSTER", "PYTEST"))
        }
        ours = {
            "PYTHONPATH": str(self.folder),
            "RAWZONE_HOME": str(self.home),
            "RAWZONE_SETTLE": "0",
            "DAGSTER_HOME": str(self.home / "dagster"),
        }
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**kept, **ours},
            capture_output=True,
            text=True,
            check=False,
        )

    def python(self, program: str, *arguments: str) -> str:
        done = self.run("-c", program, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rawzone(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("-c", "from rawzone_assets.cli import main; main()", *arguments)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("newcomer"))


def test_it_is_one_module_its_schema_and_its_samples(copy: Copy):
    assert copy.added == {
        "rawzone_assets/platforms/bandcamp.py",
        "schemas/bandcamp/sales.v1.json",
        "rawzone_assets/samples/bandcamp.py",
    }


def test_dagster_has_its_assets_checks_partitions_and_freshness(copy: Copy):
    assert json.loads(copy.python(LOOK)) == {
        "group": "bandcamp",
        "kinds": ["csv", "gzip"],
        "deps": ["landing/bandcamp/sales"],
        "source": ["source/bandcamp"],
        "partitions": "2024-01-01",
        "warns_after_days": 7,
        "described": True,
        "columns": ["date", "item", "quantity", "amount", "country"],
        "checks": [
            "completeness", "data_types", "date_consistency", "freshness", "integrity", "open_refusals",
            "schema_compliance",
        ],
        "watched": True,
    }  # fmt: skip


def test_the_sensor_asks_for_it_and_commands_promote_and_show_it(copy: Copy):
    *lines, sensed = copy.python(LAND_AND_SENSE, str(copy.home / "landing")).splitlines()
    assert sensed == "['raw/bandcamp/sales']"
    landed = dict(line.rsplit(" ", 1) for line in lines)

    done = copy.rawzone("promote", "--now", "--json")
    assert done.returncode == 1, done.stderr  # it found refusals
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["landing_path"]: line["verdict"] for line in told} == landed
    assert {line["feed"] for line in told} == {FEED}

    (listed,) = [json.loads(line) for line in copy.rawzone("ls", FEED, "--json").stdout.splitlines()]
    assert listed["partition"] == date(2025, 6, 10).isoformat()
    landing_path = str(copy.home / "landing" / listed["landing_path"])
    commands = [["cat", listed["key"]], ["status"], ["verify"], ["examine", landing_path]]
    cat, status, verify, examine = json.loads(copy.python(ASK, json.dumps(commands)))
    assert cat[1].startswith('\ufeff"date","item"')
    assert FEED in status[1]
    assert verify[0] == 0
    assert (examine[0], FEED in examine[1]) == (0, True)


def test_the_generated_documentation_has_it(copy: Copy):
    assert copy.run("-m", "rawzone_assets.commands.validation_rules", "--check").returncode == 1
    assert copy.run("-m", "rawzone_assets.commands.validation_rules").returncode == 0
    page = (copy.folder / "docs" / "validation_rules.md").read_text()
    assert "## bandcamp/sales" in page
    assert "[bandcamp/sales.v1.json](../schemas/bandcamp/sales.v1.json)" in page


def test_the_tests_of_every_platform_and_sample_take_it_in(copy: Copy):
    tests = ("rawzone_assets_tests/samples/test_samples.py", "rawzone_assets_tests/platforms/test_platforms.py")
    done = copy.run("-m", "pytest", "-n", "0", "-k", "bandcamp", *tests)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 30
