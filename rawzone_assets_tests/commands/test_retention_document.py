"""``docs/retention.md``: its commands in their order, on a zone with files of 2024, and what each came to."""

import re
import shlex
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from rawzone_assets.contract.policy import policy_from
from rawzone_assets.contract.retention import Retention
from rawzone_assets.samples import samples
from rawzone_assets_tests.commands.conftest import Rawzone, promote_all

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "retention.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]
FEEDS = ("distrokid/streams", "distrokid/apple_music")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What each command of the document printed, and the zone that they left."""
    home = tmp_path_factory.mktemp("retention")
    for feed in FEEDS:
        for day in (date(2024, 2, 10), datetime.now(UTC).date()):
            for sample in samples(feed, capture=day):
                path = home / "landing" / sample.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(sample.data)
    promote_all(home)
    zone = Rawzone(home)
    key = zone("ls", FEEDS[0], "--json").records[0]["key"]
    words = {"KEY": key, "plan.json": str(home / "plan.json")}
    outcomes = {}
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == "rawzone"
        outcomes[command] = zone(*(words.get(word, word) for word in arguments))
    return zone, outcomes


@pytest.mark.parametrize("command", COMMANDS)
def test_a_documented_command_works(told, command):
    outcome = told[1][command]
    assert outcome.code == 0, outcome.err
    assert outcome.out


def test_the_commands_come_to_what_the_document_says(told):
    zone, outcomes = told
    applied = next(outcome for command, outcome in outcomes.items() if "archive apply" in command)
    assert "12 files were archived" in applied.text
    assert "[archive]" in outcomes["rawzone ls distrokid"].text
    assert "12 of them in the archive" in outcomes["rawzone verify"].text
    assert "lifted" in outcomes["rawzone hold ls --all"].text
    assert zone("verify").code == 0
    # All of one feed were restored, by key or by feed.
    assert {record["feed"] for record in zone("archive", "ls", "--json").records} == {FEEDS[1]}


def test_the_policy_in_it_is_one():
    (text,) = re.findall(r"^```toml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    policy = policy_from(tomllib.loads(text))
    assert policy.retention_of("toolost/spotify") == Retention()
    assert policy.retention_of("distrokid/sales") == Retention(hot_days=3650, minimum_age_days=365)


def test_every_link_leads_to_a_file():
    for link in re.findall(r"\]\(([^)#]+)\)", DOCUMENT):
        assert (ROOT / "docs" / link).is_file(), link
