"""``docs/operations.md``: every command in it works, and every message leads to a runbook that is there."""

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rawzone_assets.health.alert_book import changing_book
from rawzone_assets.health.alert_kinds import KINDS, RUNBOOKS
from rawzone_assets.health.alert_settings import AlertSettings
from rawzone_assets.health.signs import Sign
from rawzone_assets.samples import samples
from rawzone_assets_tests.commands.conftest import Rawzone, promote_all

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / RUNBOOKS).read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
COMMANDS = list(dict.fromkeys(line for block in BLOCKS for line in block.splitlines()))
FEED = "distrokid/streams"


@pytest.fixture(scope="module")
def zone(tmp_path_factory):
    """A small zone of the demonstration's samples in which the incidents that the document names are open."""
    home, now = tmp_path_factory.mktemp("operations"), datetime.now(UTC)
    for feed in (FEED, "social_media/linktree"):
        for sample in samples(feed, capture=now.date()):
            path = home / "landing" / sample.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sample.data)
    promote_all(home)
    with changing_book(home / "state") as book:
        signs = [
            Sign(kind=kind, subject=FEED, name="freshness", bad=True, at=now)
            for kind in ("stale", "never-came")
        ]
        book.incidents.take(signs, now)
        book.looked_at = now
    return Rawzone(home)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_documented_command_works(zone, environment, command):
    program, *arguments = shlex.split(command)
    assert program == "rawzone"
    key = zone("ls", FEED, "--json").records[0]["key"]
    outcome = zone(*(key if word == "KEY" else word for word in arguments))
    assert outcome.code in (0, 1), outcome.err
    assert outcome.out or outcome.err


def test_every_kind_of_incident_has_its_runbook():
    runbooks = DOCUMENT.partition("\n## Runbooks\n")[2].partition("\n## ")[0]
    headings = re.findall(r"^### (.+)$", runbooks, re.MULTILINE)
    assert headings == list(KINDS)
    for kind in KINDS.values():
        assert kind.runbook == f"docs/operations.md#{kind.name}"


def test_every_link_within_the_document_leads_to_a_heading():
    headings = re.findall(r"^#+ (.+)$", DOCUMENT, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", DOCUMENT)) <= anchors


def test_every_common_issue_of_the_specification_is_there():
    issues = ("Validation failures", "Storage capacity", "Performance degradation", "Data quality problems")
    assert re.findall(r"^### (.+)$", DOCUMENT.partition("\n## Common issues\n")[2], re.MULTILINE) == [*issues]


def test_every_setting_of_alerts_is_there():
    """Read from what the settings ask the environment for, so that none is forgotten."""

    class Asked(dict):
        def get(self, name, default=None):
            asked.add(name)
            return default

    asked: set[str] = set()
    AlertSettings.from_environment(Asked())
    assert set(re.findall(r"^\| `(RAWZONE_\w+)` \|", DOCUMENT, re.MULTILINE)) == asked


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_remedy_of_a_message_names_commands_that_exist(zone, kind):
    text = kind.remedy.format(subject=FEED)
    for quoted in re.findall(r"'rawzone ([^']+)'", text):
        words = shlex.split(quoted)
        depth = 2 if words[0] in ("quarantine", "alerts") else 1
        outcome = zone(*words[:depth], "--help")
        assert outcome.code == 0
        for option in (word for word in words if word.startswith("--")):
            assert option in outcome.text
