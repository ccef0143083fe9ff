"""What an earlier version kept, every later one reads, proves and goes on with: zones for years.

The zones here were made by the version of their day (``making.py``) and are never made again.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from rawzone_assets.samples import samples
from rawzone_assets.zone.record_kinds import KINDS
from rawzone_assets_tests.commands.conftest import Rawzone
from rawzone_assets_tests.kept_zones import making

HERE = Path(__file__).parent
SCHEMAS = HERE.parents[1]
KEPT = sorted(told.parent for told in HERE.glob("*/told"))


def commits(folder: Path) -> Iterator[tuple[dict, list[dict]]]:
    """Header and records of every commit, read without any of our code."""
    for path in sorted((folder / "raw" / "_ledger").glob("*.jsonl")):
        header, *records = map(json.loads, path.read_bytes().splitlines())
        yield header, records


def records(folder: Path, *, until: int = 10**9) -> list[dict]:
    """Those of all commits up to this one."""
    return [record for header, those in commits(folder) if header["seq"] <= until for record in those]


def receipts(folder: Path, *verdicts: str) -> list[dict]:
    return [record for record in records(folder) if record.get("verdict") in verdicts]


def copied(kept: Path, home: Path) -> Rawzone:
    """The zone as it lay on the disk: a repository does not keep that files are read-only."""
    shutil.copytree(kept, home)
    for path in home.rglob("*.*"):
        if path.is_file():
            path.chmod(0o444)
    return Rawzone(home)


@pytest.fixture(scope="module", params=KEPT, ids=lambda path: path.name)
def kept(request) -> Path:
    return request.param


@pytest.fixture(scope="module")
def zone(kept, tmp_path_factory) -> Rawzone:
    """To be looked at only."""
    return copied(kept, tmp_path_factory.mktemp("kept") / "home")


@pytest.fixture
def own(kept, tmp_path) -> Rawzone:
    """To go on with."""
    return copied(kept, tmp_path / "home")


def test_every_kind_of_record_is_in_a_zone_that_is_kept():
    assert {record["record"] for kept in KEPT for record in records(kept)} == KINDS


def test_another_one_can_be_made(tmp_path):
    making.main(tmp_path / "next")
    assert {record["record"] for record in records(tmp_path / "next")} == KINDS


class TestAZoneThatIsKept:
    def test_is_found_as_it_was_recorded(self, zone):
        done = zone("verify", "--no-witness")
        assert (done.code, "all are as recorded" in done.text) == (0, True), done.text

    def test_is_listed_as_it_was_then(self, kept, zone):
        then = [json.loads(line) for line in (kept / "told" / "ls.jsonl").read_text().splitlines()]
        now = zone("ls", "--all-revisions", "--json").records
        assert [{name: is_now.get(name) for name in was} for was, is_now in zip(then, now, strict=True)] == then

    def test_gives_back_every_byte(self, zone):
        listed = zone("ls", "--all-revisions", "--json").records
        assert {record["whereabouts"] for record in listed} == {"hot", "archive"}
        for record in listed:
            assert hashlib.sha256(zone("cat", record["key"]).out).hexdigest() == record["sha256"], record["key"]

    def test_tells_everything_that_befell_it(self, kept, zone):
        ledger = [{**r, "seq": header["seq"], "at": header["at"]} for header, rs in commits(kept) for r in rs]
        assert zone("log", "--all", "--json").records == ledger

    def test_is_seen_as_of_every_commit(self, kept, zone):
        for header, _ in commits(kept):
            there = records(kept, until=header["seq"])
            promoted = {record["key"] for record in there if record.get("verdict") == "promoted"}
            erased = {record["key"] for record in there if record["record"] == "erased"}
            listed = zone("ls", "--all-revisions", "--as-of", str(header["seq"]), "--json").records
            assert {record["key"] for record in listed} == promoted - erased

    def test_is_the_one_that_was_signed(self, kept, zone):
        told, key = kept / "told", (kept / "told" / "key.pub").read_text().strip()
        assert zone("checkpoint", "--verify", str(told / "checkpoint"), "--key", key).code == 0
        trusted = ("--checkpoint", str(told / "checkpoint"), "--key", key)
        assert zone("verify-proof", str(told / "proof.tlog-proof"), *trusted).code == 0

    def test_has_columns(self, kept, zone):
        (promoted,) = [r for r in receipts(kept, "promoted") if r["feed"] == "toolost/sales"]
        (counted,) = zone("sql", "SELECT count(*) AS rows FROM toolost_sales", "--json").records
        assert counted["rows"] == promoted["records"]

    def test_says_what_was_erased_and_no_more(self, kept, zone):
        (erased,) = [r for r in records(kept) if r["record"] == "erased"]
        done = zone("cat", erased["key"])
        assert (done.code, done.out) == (2, b"")
        assert "erased" in done.err

    def test_was_judged_by_schemas_that_are_never_edited(self, kept):
        """Whoever wants another one makes the next version of it."""
        for contract in [r["contract"] for r in receipts(kept, "promoted", "duplicate", "quarantined")]:
            now = hashlib.sha256((SCHEMAS / contract["schema"]).read_bytes()).hexdigest()
            assert now == contract["schema_sha256"], contract["schema"]


class TestGoingOn:
    def test_what_comes_again_is_known(self, own):
        before = sorted((own.home / "raw" / "_ledger").iterdir())
        for record in own("ls", "--all-revisions", "--json").records:
            landed = own.home / "landing" / record["landing_path"]
            landed.parent.mkdir(parents=True, exist_ok=True)
            landed.write_bytes(own("cat", record["key"]).out)
        own.promote()
        assert sorted((own.home / "raw" / "_ledger").iterdir()) == before

    def test_what_is_new_follows_the_newest_commit(self, kept, own):
        newest = max((own.home / "raw" / "_ledger").iterdir())
        new = next(
            one for one in samples("distrokid/sales", capture=date(2024, 3, 1)) if one.verdict == "promoted"
        )
        landed = own.home / "landing" / new.path
        landed.parent.mkdir(parents=True)
        landed.write_bytes(new.data)
        own.promote()
        *_, (header, (receipt,)) = commits(own.home)
        assert (receipt["verdict"], header["seq"]) == ("promoted", int(newest.stem) + 1)
        assert header["prev"] == hashlib.sha256(newest.read_bytes()).hexdigest()
        assert own("verify", "--no-witness").code == 0
        assert own("checkpoint", "--verify", str(kept / "told" / "checkpoint")).code == 0

    def test_what_is_held_stays(self, own):
        (own.home / "policy.toml").write_text("[retention]\nrecent_days = 0\nhot_days = 0\n")
        plan = json.loads(own("archive", "plan", "tiktok", "--json").out)
        assert plan["files"] == []
        assert [stay["holds"] for stay in plan["held"]] == [["hold-1"]] * len(
            own("ls", "tiktok", "--json").records
        )

    def test_what_is_lost_in_raw_comes_back_from_where_it_is_kept(self, own):
        restored = own.record("ls", feed="toolost/sales")
        (own.home / "raw" / restored["key"]).unlink()
        assert own("repair", "--no-witness").code == 0
        assert hashlib.sha256(own("cat", restored["key"]).out).hexdigest() == restored["sha256"]
