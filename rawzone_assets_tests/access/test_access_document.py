"""``docs/access.md``: its examples run as they stand."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from rawzone_assets.samples import write_landing
from rawzone_assets_tests.commands.conftest import promote_all

DOCUMENT = Path(__file__).parents[2] / "docs" / "access.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def zone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("document")
    whole = folder / "samples"
    write_landing(whole, days=1, until=date(2024, 5, 22))
    for platform in ("distrokid", "metaads"):
        shutil.copytree(whole / platform, folder / "data" / "landing" / platform)
    promote_all(folder / "data")
    return folder


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_example_runs(zone, monkeypatch, capsys, number):
    monkeypatch.chdir(zone)
    found = {}
    exec(compile(EXAMPLES[number], str(DOCUMENT), "exec"), found)  # noqa: S102
    if number == 0:
        assert "distrokid/streams/2024/05/" in capsys.readouterr().out
        assert found["data"]
        assert found["daily"].num_rows
    else:
        assert found["table"].num_rows
        assert found["refused"]
        assert sum(found["per_day"]["len"]) == len(found["frame"])


def test_there_are_two_examples():
    assert len(EXAMPLES) == 2
