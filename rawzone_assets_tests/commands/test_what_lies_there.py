"""Something else in the place of a file of the zone: each command says what lies where, and what to do."""

import os
import re
import socket
from pathlib import Path

import pytest

PLANTED = ("folder", "link", "pipe", "socket")


def plant(kind: str, path: Path) -> None:
    """Put something that is no file in the place of a file."""
    if path.exists():
        path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to("/nowhere")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        folder = os.open(path.parent, os.O_RDONLY)  # names of sockets are short
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)


def commits(own) -> list[Path]:
    return sorted(own.home.glob("raw/_ledger/*.jsonl"))


@pytest.mark.parametrize("kind", PLANTED)
class TestInPlaceOfACommit:
    @pytest.mark.parametrize("command", ["status", "promote --now", "ls"])
    def test_who_needs_it_says_so_and_what_to_do(self, own, kind, command):
        newest = commits(own)[-1]
        plant(kind, newest)
        done = own(*command.split())
        assert done.code == 2
        assert f"{newest} is damaged (a {kind} lies in its place)" in done.err
        assert "rawzone repair --from COPY" in done.err

    def test_verify_repair_and_the_doctor_say_the_same(self, own, kind):
        newest = commits(own)[-1]
        plant(kind, newest)
        told = f"a {kind} lies in its place"
        assert f"{newest}: {told}" in own("verify", "--no-witness").text
        assert f"{newest} ({told})" in own("repair", "--dry-run", "--no-witness").text
        (ledger,) = [check for check in own("doctor", "--json").records if check["name"] == "ledger"]
        assert told in ledger["seen"]


def test_repair_asks_for_a_folder_to_be_moved_away_from_where_a_commit_was(own):
    """A folder can get no second name, so nothing can keep it as evidence; it was told as a lost commit."""
    path = commits(own)[1]
    plant("folder", path)
    done = own("repair", "--dry-run", "--no-witness")
    assert f"{path} (a folder lies in its place): move that folder away, and give a copy" in done.text


def test_nothing_is_to_be_moved_away_while_a_commit_cannot_be_read(own):
    """All that only that commit names was called foreign, with the advice to move it away."""
    plant("folder", commits(own)[1])
    text = own("verify", "--no-witness").text
    assert "repair the ledger before anything else" in text
    assert "move it away" not in text


def test_repair_asks_for_a_folder_to_be_moved_away_from_where_an_object_was(own):
    path = next(path for path in (own.home / "raw/distrokid").rglob("*.gz"))
    plant("folder", path)
    assert f"{path}: a folder lies in its place" in own("verify", "--no-witness").text
    done = own("repair", "--no-witness")
    assert f"{path} (a folder lies in its place): move that folder away" in done.text


@pytest.mark.parametrize("kind", PLANTED)
def test_who_wants_the_bytes_of_an_object_is_told_what_lies_there_and_sent_to_repair(own, kind):
    """He was told that the command could not go on, and to move it away."""
    path = next(path for path in (own.home / "raw/distrokid").rglob("*.gz"))
    plant(kind, path)
    done = own("cat", path.relative_to(own.home / "raw").as_posix())
    assert done.code == 2
    assert f"is damaged (a {kind} lies in its place)" in done.err
    assert "rawzone repair --dry-run" in done.err


class TestStaging:
    """A batch is a folder there; anything else belongs to nobody."""

    def test_a_stray_is_named_and_is_no_damage(self, own):
        stray = own.home / "quarantine/_staging/notes.txt"
        stray.parent.mkdir(exist_ok=True)
        stray.write_text("hello")
        done = own("verify", "--no-witness")
        assert done.code == 0
        assert f"{stray}: it belongs to no batch: move it away" in done.text
        assert own("verify", "--no-witness", "--strict").code == 1

    def test_a_folder_in_the_place_of_the_lock_is_no_batch(self, own):
        lock = own.home / "raw/_staging/lock"
        plant("folder", lock)
        done = own("verify", "--no-witness")
        assert "interrupted" not in done.err
        assert f"{lock}: a folder lies in its place: move it away" in done.text
        (staging,) = [check for check in own("doctor", "--json").records if check["name"] == "staging"]
        assert "a folder lies in its place" in staging["seen"]
        assert "move it away" in own("promote", "--now").err


def test_a_pipe_in_the_place_of_the_policy_is_not_waited_for(own):
    """Every command waited for whoever would write into it, without end."""
    os.mkfifo(own.home / "policy.toml")
    done = own.run("status")
    assert done.code == 2
    assert "policy.toml cannot be used (it is no file)" in done.err


@pytest.mark.parametrize("command", ["status", "promote --now", "scrub", "verify --no-witness"])
def test_a_link_in_the_place_of_the_ledger_that_leads_to_nothing_is_told_as_that(own, command):
    """It was told as "no such file or directory", of a name that everybody sees lying there."""
    ledger = own.home / "raw/_ledger"
    ledger.rename(own.home / "elsewhere")
    ledger.symlink_to("/nowhere")
    done = own(*command.split())
    assert done.code == 2
    assert (
        f"{ledger}: the link that lies there leads to nothing; mount or put back what it leads to" in done.err
    )


@pytest.mark.parametrize("command", ["status", "promote --now", "doctor"])
@pytest.mark.parametrize("kind", ["file", "link", "pipe", "socket"])
def test_what_lies_in_the_place_of_landing_is_told(own, command, kind):
    """It was said not to exist, of a name that everybody sees lying there."""
    landing = own.home / "landing"
    landing.rename(own.home / "elsewhere")
    if kind == "file":
        landing.write_text("no folder")
    else:
        plant(kind, landing)
    done = own(*command.split())
    told = "link to no folder" if kind == "link" else kind
    assert f"{landing} is no folder (a {told} lies in its place)" in done.err + done.text
    assert done.code == (2 if command == "promote --now" else 1)


@pytest.mark.parametrize("place", ["raw/_staging", "raw", "quarantine", "quarantine/_staging"])
def test_a_link_to_nothing_in_the_place_of_a_folder_is_told_as_that(own, place):
    """Of raw it was told that promotion would create it, of staging that a lock was not there."""
    link = own.home / place
    link.rename(own.home / "elsewhere") if link.exists() else None
    link.symlink_to("/nowhere")
    promoted = own.run("promote", "--now", "toolost/spotify")
    assert promoted.code == 2
    assert re.search(rf"the link ({link}|that lies there) leads to nothing; mount or put back", promoted.err)
    assert f"the link {link} leads to nothing" in own("doctor").text or place.endswith("_staging")


class TestInPlaceOfTheAlerts:
    @pytest.mark.parametrize("kind", ["file", "link", "pipe", "socket"])
    def test_everybody_is_told_that_no_alert_can_be_kept(self, own, kind):
        """All was said to be well: the sensor had only not looked yet."""
        folder = own.home / "state/alerts"
        folder.write_text("no folder") if kind == "file" else plant(kind, folder)
        told = f"Cannot read the alert book at {folder}"
        for command in ("alerts ls", "alerts show stale:distrokid/sales"):
            done = own(*command.split())
            assert (done.code, done.text) == (2, "")
            assert told in done.err
        (alerts,) = [check for check in own("doctor", "--json").records if check["name"] == "alerts"]
        assert alerts["health"] == "fail"
        assert told in alerts["seen"]

    def test_a_link_to_nothing_in_the_place_of_state_is_told_by_the_doctor(self, own):
        (own.home / "state").rename(own.home / "elsewhere")
        (own.home / "state").symlink_to("/nowhere")
        (state,) = [check for check in own("doctor", "--json").records if check["name"] == "state"]
        assert (state["health"], state["remedy"]) == ("fail", "mount or put back what it leads to")


@pytest.mark.parametrize("command", ["metrics -o", "health --html", "report --html"])
class TestInPlaceOfAFileToWrite:
    def test_what_is_no_file_is_neither_written_to_nor_replaced(self, own, command):
        """Root put a file in the place of /dev/null."""
        pipe = own.home / "pipe"
        os.mkfifo(pipe)
        done = own.run(*command.split(), str(pipe))
        assert (done.code, done.out) == (2, b"")
        assert pipe.is_fifo()
        assert list(own.home.glob(".*")) == []

    def test_a_link_stays_one_and_leads_to_what_was_written(self, own, command):
        if command.startswith("report"):
            return  # which overwrites nothing, a link neither
        target, link = own.home / "page", own.home / "link"
        target.write_text("old")
        link.symlink_to(target)
        assert own.run(*command.split(), str(link)).code in (0, 1)
        assert link.is_symlink()
        assert len(target.read_text()) > 1000
