"""A commit whose hashes are right and whose lines are no records: each command says so in a sentence.

Whoever may write to the ledger can hash anything.
"""

import json

import pytest

from rawzone_assets.zone.ledger import Author, decode_commit, encode_commit
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.commands.conftest import Rawzone

FORGER = Author(run_id="forged", writer="nobody", code_version="0")
ERASED = {
    "record": "erased",
    "feed": None,
    "partition": None,
    "key": None,
    "place": "raw/../precious.txt",
    **dict.fromkeys(("sha256", "stored_sha256"), "ab" * 32),
    **dict.fromkeys(("size", "stored_size"), 8),
    "encoding": "identity",
    "reason": "r",
    "authority": "a",
    "by": "b",
}
ALL_THAT_NEED_THE_INDEX = (
    "status",
    "ls",
    "log",
    "promote --now",
    "quarantine ls",
    "archive plan",
    "hold ls",
    "catalog update",
    "report",
    "health",
    "reindex",
)


def forge(own: Rawzone, record) -> str:
    """Write one more commit with this record; its name."""
    folder = own.home / "raw/_ledger"
    head = decode_commit(max(folder.glob("*.jsonl")).read_bytes()).head
    path = folder / f"{head.seq + 1:020}.jsonl"
    path.write_bytes(encode_commit([record], after=head, at=head.at, author=FORGER))
    path.chmod(0o444)
    return path.name


def receipt(own: Rawzone, verdict: str) -> dict:
    """A receipt of that verdict as the zone has one."""
    lines = [
        line for path in own.home.glob("raw/_ledger/*.jsonl") for line in path.read_text().split("\n")[1:-1]
    ]
    return next(record for record in map(json.loads, lines) if record.get("verdict") == verdict)


@pytest.mark.parametrize("command", ALL_THAT_NEED_THE_INDEX)
def test_a_receipt_whose_digest_is_none_is_told_in_one_sentence(own, command):
    name = forge(own, {**receipt(own, "promoted"), "sha256": ["x"]})
    done = own(*command.split())
    assert done.code == 2
    assert f"{name} is damaged (its hashes are right, but its record 1 is not of the form in" in done.err
    assert "schemas/ledger/receipt.v1.json (sha256)" in done.err


@pytest.mark.parametrize(
    ("verdict", "change"),
    [
        ("promoted", {"stored_sha256": {}}),
        ("promoted", {"key": None}),
        ("promoted", {"size": "many"}),
        ("promoted", {"partition": "2024-02-30"}),
        ("promoted", {"captured_at": "soon"}),
        ("quarantined", {"quarantine": {"path": "a/b"}}),
        ("quarantined", {"findings": [{"code": 1}]}),
        ("promoted", {"verdict": "adored"}),
        ("promoted", {"access_reasons": {"e-mail": 2**63}}),
    ],
)
def test_verify_names_the_commit_and_goes_on(own, verdict, change):
    name = forge(own, {**receipt(own, verdict), **change})
    done = own("verify", "--no-witness")
    assert done.code == 1
    assert f"{name}: its hashes are right, but its record 1 is not of the form" in done.text
    assert "commits were read" in done.text


@pytest.mark.parametrize("command", ["verify --no-witness", "scrub", "cat planted.gz", "ls"])
def test_a_size_that_is_written_as_a_fraction_is_no_size(own, command):
    """A schema takes 80.0 for a whole number; whatever reads files by it ended with an exception."""
    stored = receipt(own, "promoted")
    planted = own.home / "raw/planted.gz"
    planted.write_bytes((own.home / "raw" / stored["key"]).read_bytes())
    name = forge(own, {**stored, "key": "planted.gz", "size": float(stored["size"])})
    done = own(*command.split())
    assert done.code in (1, 2)
    said = "its hashes are right, but its record 1 has a number that is not written as a whole one"
    assert name in done.text + done.err
    assert said in done.text + done.err


def test_the_doctor_tells_it_and_looks_at_all_else(own):
    forge(own, {**receipt(own, "promoted"), "size": -1})
    found = {check["name"]: check for check in own("doctor", "--json").records}
    assert "(size)" in found["ledger"]["seen"]
    assert "raw" in found


def recover(own):
    """As the next promotion does before all else."""
    with Zone(Settings.from_environment({}, home=own.home)) as zone:
        zone.recover()


class TestPathsThatLeadOut:
    """What a record names is linked and, by law, removed: nothing of it may lie outside of the zone."""

    def test_a_committed_record_that_leads_out_is_told(self, own):
        name = forge(own, ERASED)
        done = own("status")
        assert done.code == 2
        assert (
            f"{name} is damaged (its hashes are right, but a path in its record 1 leads out of the zone"
            in done.err
        )

    def test_a_record_that_leads_out_is_not_believed_of_a_damaged_commit_either(self, own):
        stored, precious = receipt(own, "promoted"), own.home / "precious.txt"
        precious.write_text("precious")
        newest = max((own.home / "raw/_ledger").glob("*.jsonl"))
        newest.chmod(0o644)
        with newest.open("a") as file:
            file.writelines(f"{json.dumps(line)}\n" for line in (ERASED, {**stored, "key": "../precious.txt"}))
        done = own("verify", "--no-witness")
        assert done.code == 1
        assert f"{newest.name}: its records are not those it was written with" in done.text
        assert "precious" not in done.text

    def test_nothing_is_removed_that_a_staged_commit_names_outside_of_the_zone(self, own):
        """Whoever may write to raw could have the next promotion remove any file of its user."""
        precious = own.home / "precious.txt"
        precious.write_text("precious")
        name = forge(own, ERASED)
        batch = own.home / "raw/_staging/0123456789abcdef"
        batch.mkdir(parents=True)
        (own.home / "raw/_ledger" / name).rename(batch / f"commit-{name}")
        recover(own)
        assert precious.read_text() == "precious"
        assert not batch.exists()

    def test_nothing_is_linked_where_a_staged_commit_names_a_place_outside_of_the_zone(self, own):
        stored = receipt(own, "promoted")
        told = {**stored, "key": "../planted.txt"}
        name = forge(own, told)
        batch = own.home / "raw/_staging/0123456789abcdef"
        batch.mkdir(parents=True)
        (batch / f"{told['sha256']}.{told['encoding']}").write_bytes(
            (own.home / "raw" / stored["key"]).read_bytes()
        )
        (own.home / "raw/_ledger" / name).rename(batch / f"commit-{name}")
        recover(own)
        assert not (own.home / "planted.txt").exists()
