"""A zone that a newer version went on writing: an older one says so, and neither judges nor writes."""

import hashlib
import json

import pytest

from rawzone_assets.orchestration.instance import open_instance
from rawzone_assets.zone import ledger as ledger_file
from rawzone_assets.zone.ledger import EMPTY, Author, decode_commit, encode_commit
from rawzone_assets.zone.settings import Settings
from rawzone_assets_tests.commands.conftest import Rawzone
from rawzone_assets_tests.zone.tiny_platform import NOW

LATER = Author(run_id="run", writer="me@here:1", code_version="7.0.0")
ALL_THAT_READ_THE_LEDGER = (
    "status",
    "ls",
    "log",
    "verify",
    "scrub",
    "repair --dry-run",
    "promote --now",
    "quarantine replay --dry-run",
    "quarantine ls",
    "archive plan",
    "hold ls",
    "checkpoint",
    "catalog update",
    "report",
    "health",
    "reindex",
)


def state(own: Rawzone) -> dict:
    roots = (own.home / "raw", own.home / "quarantine")
    return {path: path.read_bytes() for root in roots for path in root.rglob("*") if path.is_file()}


def go_on(own: Rawzone, *, ledger: int = 1, record: str = "scrubbed") -> None:
    """Write one more commit, as a version would that is not written yet."""
    folder = own.home / "raw/_ledger"
    newest = max(folder.glob("*.jsonl"), default=None)
    head = decode_commit(newest.read_bytes()).head if newest else EMPTY
    told = {"record": record, "place": "raw/x", "to": "tape"}
    line, _, body = encode_commit([told], after=head, at=head.at or NOW, author=LATER).partition(b"\n")
    header = {**json.loads(line), "ledger": ledger}
    header["header_sha256"] = ledger_file._header_digest(header)
    path = folder / f"{head.seq + 1:020}.jsonl"
    path.write_bytes(ledger_file.canonical(header) + b"\n" + body)
    assert hashlib.sha256(body).hexdigest() == header["body_sha256"]


@pytest.mark.parametrize(
    ("newer", "told"),
    [
        pytest.param(
            {"record": "relocated"}, "records of the kind 'relocated'", id="records of a kind to come"
        ),
        pytest.param({"ledger": 2}, "a format 2", id="a format to come"),
    ],
)
class TestAZoneOfANewerVersion:
    @pytest.mark.parametrize("command", ALL_THAT_READ_THE_LEDGER)
    def test_every_command_refuses_it_in_one_sentence_and_writes_nothing(self, own, newer, told, command):
        go_on(own, **newer)
        before = state(own)
        done = own(*command.split())
        assert done.code == 2
        assert told in done.err
        assert "Raw Zone 7.0.0 wrote" in done.err
        assert "use that version or a newer one" in done.err
        assert "damaged" not in done.err + done.text
        assert "missing" not in done.err + done.text
        assert state(own) == before

    def test_the_doctor_says_what_is_the_matter_and_looks_at_all_else(self, own, newer, told):
        go_on(own, **newer)
        found = {check["name"]: check for check in own("doctor", "--json").records}
        assert told in found["ledger"]["seen"]
        assert found["ledger"]["remedy"] == "use that version or a newer one"
        assert "raw" in found

    def test_the_doctor_does_so_where_dagster_saw_nothing_and_all_of_it_is_newer(
        self, witnessed, own, newer, told
    ):
        """It ended with the sentence of the first command that needs the ledger."""
        witnessed(0, "f" * 64)
        with open_instance(Settings.from_environment({}, home=own.home)) as instance:
            instance.wipe()
        for path in (own.home / "raw/_ledger").iterdir():
            path.unlink()
        go_on(own, **newer)
        found = {check["name"]: check for check in own("doctor", "--json").records}
        assert told in found["ledger"]["seen"]
        assert "alerts" in found  # the last of them

    def test_what_such_a_version_left_in_flight_is_not_dropped(self, own, newer, told):
        """What it staged may be all that is left of what it moved."""
        go_on(own, **newer)
        newest = max((own.home / "raw/_ledger").glob("*.jsonl"))
        batch = own.home / "raw/_staging/0123456789abcdef"
        batch.mkdir(parents=True)
        staged = newest.rename(batch / f"commit-{newest.name}")
        done = own("promote", "--now")
        assert done.code == 2
        assert told in done.err
        assert staged.exists()


def test_the_same_with_a_flipped_bit_is_damage(own):
    go_on(own, ledger=2)
    newest = max((own.home / "raw/_ledger").glob("*.jsonl"))
    newest.write_bytes(newest.read_bytes().replace(b'"seq"', b'"sep"'))
    done = own("verify")
    assert done.code == 1
    assert "its header is not the one it was written with" in done.text
