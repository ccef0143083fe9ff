"""``rawzone archive drill``, what other commands say of it, and every command of docs/restore-drills.md."""

import re
import shlex
from pathlib import Path

import pytest

DOCUMENT = (Path(__file__).parents[2] / "docs" / "restore-drills.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


@pytest.fixture
def archived(own):
    """Some real objects in the archive."""
    (own.home / "policy.toml").write_text("[retention]\nrecent_days = 1\nhot_days = 2\n")
    plan = own.home / "plan.json"
    assert own("archive", "plan", "distrokid", "--out", str(plan)).code == 0
    assert own("archive", "apply", str(plan), "--approved-by", "Ada", "--share", "100").code == 0
    return own


def test_it_says_what_came_back_and_where_that_is_kept(archived):
    drilled = archived("archive", "drill")
    assert drilled.code == 0
    assert all(line.startswith("sound ") for line in drilled.text.splitlines())
    assert "all could be had back. It is recorded in commit" in drilled.err
    assert re.search(
        r"drilled +archive/distrokid/\S+: restored for a trial, sound", archived("log", "--all").text
    )
    assert archived("verify").code == 0


def test_what_cannot_be_had_back_ends_with_1_and_shows_everywhere(archived):
    copy = next(path for path in (archived.home / "archive" / "distrokid").rglob("*.gz"))
    copy.chmod(0o644)
    copy.write_bytes(b"")
    drilled = archived("archive", "drill", "--json")
    assert (drilled.code, drilled.records[-1]["failed"]) == (1, 1)
    (failed,) = [record for record in drilled.records[:-1] if record["outcome"] == "failed"]
    key = copy.relative_to(archived.home / "archive").as_posix()
    assert failed["key"] == key
    assert "1 could not be had back" in archived("status").text
    assert "could not be had back when last drilled" in archived("health").text
    assert archived("health", "--json").records[-1]["drill"]["failed"] == [key]
    assert "drilled" in archived("report", "distrokid").text


def test_without_an_archive_there_is_nothing_to_bring_back(own):
    drilled = own("archive", "drill")
    assert (drilled.code, drilled.text) == (0, "")
    assert "Nothing is in the archive" in drilled.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_documented_command_works(archived, command):
    program, *arguments = shlex.split(command)
    assert program == "rawzone"
    outcome = archived(*arguments)
    assert outcome.code in (0, 1), outcome.err
    assert outcome.out or outcome.err
