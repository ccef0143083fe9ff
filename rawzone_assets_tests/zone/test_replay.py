"""Replay: what a corrected contract accepts is promoted from quarantine, once, exactly, and on the record."""

from __future__ import annotations

import gzip
import json
import shutil
from contextlib import suppress
from datetime import timedelta

import pytest
from replay_bench import FEED, Bench

from rawzone_assets.access.catalog import readable
from rawzone_assets.health.scrub import scrub
from rawzone_assets.health.status import read_status
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone import rejudging
from rawzone_assets.zone.ledger import decode_commit
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets_tests.zone.simulated_files import linked_one_by_one, removed_one_by_one

NAME = "toolost_spotify_20250612_100000.json"
KEY = f"toolost/spotify/2025/{NAME}.gz"


@pytest.fixture
def bench(tmp_path) -> Bench:
    """A zone that has refused one file which its contract, corrected since, accepts."""
    bench = Bench(home=tmp_path)
    bench.land(NAME, b"bad and good")
    bench.contract.refuses = ()
    return bench


def records_of(bench: Bench) -> list[dict]:
    with bench.zone() as zone:
        paths = sorted(zone.layout.ledger.iterdir())
        return [dict(record) for path in paths for record in decode_commit(path.read_bytes()).records]


class TestAcceptedNow:
    """A refusal that today's contract accepts becomes an object like any other."""

    def test_its_object_is_the_copy_byte_for_byte(self, bench: Bench):
        copy = next(data for path, data in bench.files().items() if path.endswith(f"{NAME}.gz"))
        bench.replay()
        assert bench.files()[f"raw/{KEY}"] == copy
        assert gzip.decompress(copy) == b"bad and good"

    def test_its_receipt_keeps_where_and_when_it_came_from(self, bench: Bench):
        bench.replay()
        refused, promoted, _ = records_of(bench)
        assert promoted["verdict"] == "promoted"
        assert promoted["key"] == KEY
        for kept in (
            "landing_path",
            "captured_at",
            "partition",
            "name",
            "sha256",
            "size",
            "stored_sha256",
            "landed",
        ):
            assert promoted[kept] == refused[kept], kept
        assert promoted["quarantine"] is None
        assert promoted["findings"] == []
        assert promoted["validated_at"] > refused["validated_at"]
        assert promoted["promoted_at"] is not None

    def test_who_may_see_it_is_what_was_found_now_for_a_refusal_may_not_have_been_read(self, bench: Bench):
        bench.contract.exposures = {"e-mail": 2}
        bench.replay()
        refused, promoted, _ = records_of(bench)
        assert (refused["access"], refused["access_reasons"]) == (None, None)
        assert (promoted["access"], promoted["access_reasons"]) == ("personal", {"e-mail": 2})

    def test_the_ledger_links_it_to_the_refusal(self, bench: Bench):
        bench.replay()
        refused, promoted, link = records_of(bench)
        refusal = {"seq": 0, "path": refused["quarantine"]["path"]}
        assert promoted["replays"] == refusal
        assert link["record"] == "replayed"
        assert link["refused"] == refusal
        assert (link["sha256"], link["key"], link["outcome"]) == (refused["sha256"], KEY, "promoted")

    def test_the_refused_copy_stays(self, bench: Bench):
        before = {path: data for path, data in bench.files().items() if path.startswith("quarantine/")}
        bench.replay()
        after = {path: data for path, data in bench.files().items() if path.startswith("quarantine/")}
        assert after == before

    def test_the_facts_are_those_of_todays_contract(self, bench: Bench):
        bench.contract.records = 8
        bench.replay()
        assert records_of(bench)[1]["records"] == 8

    def test_landing_need_not_have_it_any_more(self, bench: Bench):
        shutil.rmtree(bench.home / "landing")
        (bench.home / "landing").mkdir()
        assert [found.receipt.key for found in bench.replay().accepted] == [KEY]

    def test_nothing_is_damaged_or_foreign_afterwards(self, bench: Bench):
        bench.replay()
        with bench.zone() as zone:
            report = scrub(zone)
        assert report.damages == ()
        assert (report.objects, report.refused) == (1, 1)

    def test_the_refusal_is_closed(self, bench: Bench):
        def counted() -> tuple[int, int]:
            with bench.zone() as zone:
                feed = next(f for f in read_status(zone, all_platforms()).feeds if f.feed == FEED)
                return feed.objects, feed.quarantined

        assert counted() == (0, 1)
        bench.replay()
        assert counted() == (1, 0)

    def test_the_landed_file_counts_as_promoted(self, bench: Bench):
        bench.replay()
        for _ in ("as replayed", "with the index built anew"):
            with bench.zone() as zone:
                assert zone.survey(all_platforms(), settle=0).states() == {f"toolost/{NAME}": "promoted"}
            shutil.rmtree(bench.home / "state")

    def test_a_large_copy_is_streamed(self, bench: Bench, monkeypatch):
        monkeypatch.setattr(rejudging, "HELD_IN_MEMORY", 1)
        bench.replay()
        assert gzip.decompress(bench.files()[f"raw/{KEY}"]) == b"bad and good"


class TestNothingNew:
    """I7: what was replayed, and what is refused as before, is left alone."""

    def test_a_second_replay_changes_nothing(self, bench: Bench):
        bench.replay()
        before = bench.files()
        outcome = bench.replay()
        assert (outcome.accepted, outcome.refused) == ([], [])
        assert bench.files() == before

    def test_promoting_the_landed_file_again_changes_nothing(self, bench: Bench):
        bench.replay()
        (bench.home / "landing" / "toolost" / NAME).touch()
        before = bench.files()
        assert bench.promote().receipts == []
        assert bench.files() == before

    def test_what_is_still_refused_leaves_no_trace(self, bench: Bench):
        bench.contract.refuses = (b"bad and",)
        before = bench.files()
        outcome = bench.replay()
        assert [found.rejudged.receipt.name for found in outcome.refused] == [NAME]
        assert outcome.refused[0].receipt is None
        assert bench.files() == before

    def test_a_dry_run_says_what_would_become_of_it_and_writes_nothing(self, bench: Bench):
        before = bench.files()
        outcome = bench.replay(dry_run=True)
        assert [(found.receipt.verdict, found.receipt.key) for found in outcome.accepted] == [("promoted", KEY)]
        assert bench.files() == before

    def test_what_was_accepted_under_its_name_meanwhile_is_closed(self, bench: Bench):
        bench.land(NAME, b"bad and good", folder="toolost/again")
        before = bench.files()
        assert bench.replay().accepted == []
        assert bench.files() == before


class TestPlaceAmongOthers:
    """A replayed delivery takes the place that it would have had."""

    def test_bytes_that_raw_has_are_not_stored_again(self, bench: Bench):
        other = "toolost_spotify_20250613_100000.json"
        bench.land(other, b"bad and good")
        bench.replay()
        *_, receipt, link = records_of(bench)
        assert receipt["verdict"] == link["outcome"] == "duplicate"
        assert receipt["duplicate_of"] == f"toolost/spotify/2025/{other}.gz"
        assert receipt["stored_sha256"] is None

    def test_every_path_of_the_same_refused_bytes_gets_its_own_word(self, bench: Bench):
        bench.contract.refuses = (b"bad",)
        bench.land(NAME, b"bad and good", folder="toolost/again")
        bench.contract.refuses = ()
        outcome = bench.replay()
        assert sorted(found.receipt.verdict for found in outcome.accepted) == ["duplicate", "promoted"]
        with bench.zone() as zone:
            assert "quarantined" not in zone.survey(all_platforms(), settle=0).states().values()

    def test_an_older_version_is_a_revision_but_not_the_newest(self, bench: Bench):
        bench.land(NAME, b"the correction", folder="toolost/again")
        bench.replay()
        with bench.zone() as zone:
            zone.index.catch_up()
            assert [listed.receipt.revision for listed in readable(zone, all_revisions=True)] == [2, 1]
            assert [listed.receipt.landing_path for listed in readable(zone)] == [f"toolost/again/{NAME}"]

    def test_only_days_asked_for_are_replayed(self, bench: Bench):
        with bench.zone() as zone:
            found = [
                len(list(zone.index.entries(open_refusals=True, since=since)))
                for since in ("2025-06-12", "2025-06-13")
                if zone.index.catch_up()
            ]
        assert found == [1, 0]


class TestWhatTimeDoesNotHeal:
    """A replay corrects the contract, not the delivery."""

    def test_a_stamp_that_only_a_clock_set_back_called_the_future_is_accepted_when_it_is_right(self, tmp_path):
        bench = Bench(home=tmp_path)
        bench.land("toolost_spotify_20250629_100000.json", b"before")
        right = bench.now
        bench.now = right - timedelta(days=365)
        (receipt,) = bench.land("toolost_spotify_20250630_100000.json", b"good")
        assert [finding["code"] for finding in receipt.findings] == ["RZ-CAPTURED-IN-FUTURE"]
        bench.now = right
        assert len(bench.replay().accepted) == 1

    def test_a_stamp_in_the_future_stays_refused_where_a_clock_ran_ahead_before(self, tmp_path):
        bench = Bench(home=tmp_path)
        right = bench.now
        bench.now = right + timedelta(days=3650)
        bench.land("toolost_spotify_20250629_100000.json", b"before")
        bench.now = right
        bench.land("toolost_spotify_20250730_100000.json", b"good")
        bench.now = right + timedelta(days=60)
        assert bench.replay().accepted == []

    def test_a_stamp_that_was_in_the_future_stays_refused_when_the_day_has_come(self, tmp_path):
        bench = Bench(home=tmp_path)
        bench.land("toolost_spotify_20250703_100000.json", b"fine")
        bench.now = bench.now.replace(month=8)
        outcome = bench.replay()
        assert outcome.accepted == []
        assert [f["code"] for f in outcome.refused[0].rejudged.findings] == ["RZ-CAPTURED-IN-FUTURE"]

    def test_a_file_that_is_not_its_sidecars_stays_refused_without_the_sidecar(self, tmp_path):
        bench = Bench(home=tmp_path)
        sidecar = tmp_path / "landing" / "toolost" / f"{NAME}.meta.json"
        sidecar.parent.mkdir(parents=True)
        sidecar.write_text(json.dumps({"size": 1}))
        bench.land(NAME, b"fine")
        sidecar.unlink()
        outcome = bench.replay()
        assert outcome.accepted == []
        assert [f["code"] for f in outcome.refused[0].rejudged.findings] == ["RZ-SIDECAR-MISMATCH"]

    def test_an_earlier_start_lets_old_captures_in(self, tmp_path):
        bench = Bench(home=tmp_path)
        bench.land("toolost_spotify_20231201_100000.json", b"fine")
        assert bench.replay().accepted == []
        bench.environment["RAWZONE_START"] = "2023-01-01"
        assert len(bench.replay().accepted) == 1


class TestUnsoundCopies:
    """A copy that is not what was refused is never promoted, and holds up no other."""

    @pytest.mark.parametrize("damage", ["altered", "cut", "longer", "missing"])
    @pytest.mark.parametrize("held", [0, 2**20])
    def test_is_named_and_left(self, bench: Bench, monkeypatch, damage: str, held: int):
        monkeypatch.setattr(rejudging, "HELD_IN_MEMORY", held)
        bench.contract.refuses = (b"bad",)
        bench.land("toolost_spotify_20250613_100000.json", b"bad too")
        bench.contract.refuses = ()
        copy = next((bench.home / "quarantine").rglob(f"{NAME}.gz"))
        data = copy.read_bytes()
        copy.chmod(0o644)
        if damage == "missing":
            copy.unlink()
        else:
            copy.write_bytes(
                {"altered": data[:-9] + b"x" + data[-8:], "cut": data[:-1], "longer": data + b"x"}[damage]
            )
        outcome = bench.replay()
        assert [problem.entry.receipt.name for problem in outcome.unplayable] == [NAME]
        assert [found.rejudged.receipt.name for found in outcome.accepted] == [
            "toolost_spotify_20250613_100000.json"
        ]
        assert f"raw/{KEY}" not in bench.files()


class Killed(BaseException):
    """The process ends here."""


class MortalFiles(LocalFiles):
    """Files of a process that is killed at its n-th change of the disk; nothing of it runs on."""

    def __init__(self, left: int) -> None:
        self.left = left

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed

    def create(self, path, blocks):
        self._step()
        super().create(path, blocks)

    def sync(self, path):
        self._step()
        super().sync(path)

    def sync_folder(self, path):
        self._step()
        super().sync_folder(path)

    def link(self, source, target):
        self._step()
        super().link(source, target)

    def linker(self, source, target):
        return linked_one_by_one(self, source, target)

    def make_folder(self, path):
        self._step()
        super().make_folder(path)

    def remove(self, path):
        self._step()
        super().remove(path)

    def remover(self, folder):
        return removed_one_by_one(self, folder)

    def remove_folder(self, path):
        self._step()
        super().remove_folder(path)


def test_a_kill_at_any_step_leaves_nothing_or_all_of_it(bench: Bench, tmp_path_factory):
    """Whatever step a replay dies at, the next one finishes or repeats it, and the zone is whole."""
    steps = 0
    while True:
        home = tmp_path_factory.mktemp("killed") / "zone"
        shutil.copytree(bench.home, home)
        mine = Bench(home=home, contract=bench.contract, now=bench.now)
        try:
            mine.replay(files=MortalFiles(steps))
        except Killed:
            mine.replay()
        else:
            break
        with mine.zone() as zone:
            report = scrub(zone)
            assert report.damages == (), steps
            assert report.interrupted == 0, steps
        records = records_of(mine)
        assert [r["record"] for r in records] == ["receipt", "receipt", "replayed"], steps
        assert records[1]["verdict"] == Verdict.PROMOTED, steps
        steps += 1
    assert steps > 15


def test_a_staged_replay_that_lost_its_number_is_decided_again(bench: Bench, tmp_path_factory):
    """A crashed replay is finished although another batch was committed in between."""
    redone = 0
    for steps in range(8, 40):
        home = tmp_path_factory.mktemp("raced") / "zone"
        shutil.copytree(bench.home, home)
        mine = Bench(home=home, contract=bench.contract, now=bench.now)
        with suppress(Killed):
            mine.replay(files=MortalFiles(steps))
            break
        staged = list((home / "raw" / "_staging").rglob("commit-*"))
        if not staged or (home / "raw" / "_ledger" / f"{1:020d}.jsonl").exists():
            continue
        commit = decode_commit(staged[0].read_bytes())
        folders = [home / root / "_staging" / staged[0].parent.name for root in ("raw", "quarantine")]
        for number, folder in enumerate(folders):
            folder.rename(home / f"hidden{number}")
        mine.land("toolost_spotify_20250613_100000.json", b"another batch")
        for number, folder in enumerate(folders):
            (home / f"hidden{number}").rename(folder)
        with mine.zone() as zone:
            zone.recover()
            assert scrub(zone).damages == ()
        records = records_of(mine)
        assert records[-2]["replays"] == commit.records[0]["replays"]
        assert records[-1]["record"] == "replayed"
        redone += 1
    assert redone
