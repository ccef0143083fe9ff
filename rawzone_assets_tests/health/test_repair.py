"""Repair: only bytes that hash to what is recorded, nothing sound replaced, evidence kept, all recorded."""

import errno
import gzip
import hashlib
import json
import multiprocessing
import os
import shutil
from contextlib import suppress
from dataclasses import replace

import pytest

from rawzone_assets.access.sql import open_duckdb
from rawzone_assets.health import restoring
from rawzone_assets.health.damage import DamageKind
from rawzone_assets.health.recorded import read_recorded
from rawzone_assets.health.repair import repair
from rawzone_assets.health.scrub import scrub
from rawzone_assets.zone.errors import DiskAlmostFull, ZoneError
from rawzone_assets.zone.ledger import EMPTY, Author, decode_commit, encode_commit
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.placements import Placement
from rawzone_assets.zone.proving import prove_inclusion, take_checkpoint
from rawzone_assets.zone.record_tree import RecordTree
from rawzone_assets.zone.replacing import put_back, set_aside
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.health.damaging import flip, overwrite, tree, zone_files
from rawzone_assets_tests.zone.faulty_files import Crash, CrashingFiles, UnlockedFiles, WatchedFiles
from rawzone_assets_tests.zone.simulated_files import linked_one_by_one
from rawzone_assets_tests.zone.tiny_platform import NOW, LandingFolder, open_zone, promote_all, settings_for


def run(home, **options):
    with open_zone(home) as zone:
        return repair(zone, run_id="repair", **options)


def repaired_while(home, another):
    """A repair that is overtaken once its first file is staged; its home."""
    files, done = LocalFiles(), []

    def sync(path):
        LocalFiles.sync(files, path)
        if path.name.endswith(".repair") and not done:
            done.append(another())

    files.sync = sync
    with Zone(settings_for(home), files=files, clock=lambda: NOW) as zone:
        repair(zone, run_id="repair")
    assert done
    return home


def is_sound(home):
    with open_zone(home) as zone:
        report = scrub(zone)
    return report.damages == () and report.weaknesses == ()


def records(home, kind="repaired"):
    with open_zone(home) as zone:
        commits = [zone.ledger.commit(seq) for seq in range(zone.index.catch_up().seq + 1)]
    return [record for commit in commits for record in commit.records if record["record"] == kind]


def _told(outcome):
    return [(found.damage, found.source) for found in outcome.repaired]


def in_ledger(path):
    return "_ledger" in path.parts


def stored(home):
    return [path for path in zone_files(home) if not in_ledger(path)]


class TestWhatIsPutBack:
    """``rawzone repair``: from landing, quarantine, archive or another zone."""

    def test_every_damaged_file_is_put_back_as_it_was_and_its_damaged_bytes_are_kept(self, home):
        sound = {path: path.read_bytes() for path in stored(home)}
        damaged = {}
        for path in sound:
            flip(path)
            damaged[path] = path.read_bytes()
        outcome = run(home)
        assert {found.damage.path for found in outcome.repaired} == {str(path) for path in sound}
        assert {path: path.read_bytes() for path in sound} == sound
        evidence = {path.read_bytes() for path in (home / "quarantine/_evidence").rglob("*") if path.is_file()}
        assert evidence == set(damaged.values())
        assert is_sound(home)

    def test_every_missing_file_is_put_back(self, home):
        sound = {path: path.read_bytes() for path in stored(home)}
        for path in sound:
            path.unlink()
        assert len(run(home).repaired) == len(sound)
        assert {path: path.read_bytes() for path in sound} == sound
        assert is_sound(home)

    @pytest.mark.parametrize("how", ["changed", "emptied", "removed", "a link", "a folder"])
    def test_whoever_touches_the_damaged_bytes_that_were_kept_is_noticed(self, home, tmp_path, how):
        path = next(path for path in stored(home) if path.suffix == ".zip")
        flip(path)
        damaged = path.read_bytes()
        run(home)
        (record,) = records(home)
        assert record["evidence_size"] == len(damaged)
        assert record["evidence_sha256"] == hashlib.sha256(damaged).hexdigest()
        kept = home / record["evidence"]
        if how == "changed":
            flip(kept)
        elif how == "emptied":
            overwrite(kept, b"")
        else:
            kept.rename(tmp_path / "kept")
            if how == "a link":
                kept.symlink_to(tmp_path / "kept")
            elif how == "a folder":
                kept.mkdir()
        with open_zone(home) as zone:
            report = scrub(zone)
        assert report.damages == ()
        assert [(weak.kind, weak.path) for weak in report.weaknesses] == [(DamageKind.EVIDENCE, str(kept))]
        assert run(home).repaired == []

    def test_evidence_that_its_disk_did_not_give_when_it_was_kept_is_not_held_against_its_hash(
        self, home, monkeypatch
    ):
        flip(stored(home)[0])
        with monkeypatch.context() as patched:
            patched.setattr("rawzone_assets.health.evidence.digest_of_file", lambda *_: None)
            run(home)
        (record,) = records(home)
        assert (record["evidence_sha256"], record["evidence_size"] > 0) == (None, True)
        assert is_sound(home)

    def test_evidence_that_cannot_be_looked_at_holds_up_no_scrub(self, home):
        flip(stored(home)[0])
        run(home)
        (record,) = records(home)
        kept = home / record["evidence"]

        class Bad(WatchedFiles):
            def before(self, operation, path):
                if operation == "status" and path == kept:
                    raise OSError(errno.EIO, "Input/output error", str(path))

        with open_zone(home, files=Bad(LocalFiles())) as zone:
            report = scrub(zone)
        (weak,) = report.weaknesses
        assert (weak.kind, "input/output error" in weak.problem) == (DamageKind.EVIDENCE, True)

    def test_each_repair_is_recorded_with_its_source_and_evidence(self, home):
        path = next(path for path in stored(home) if path.suffix == ".zip")
        flip(path)
        run(home)
        (record,) = records(home)
        assert record["place"] == "raw/tiny/notes/2024/05/note_20240524.zip"
        assert record["source"] == {"kind": "landing", "path": "tiny/note_20240524.zip"}
        assert (home / record["evidence"]).is_file()
        assert (record["feed"], record["partition"]) == ("tiny/notes", "2024-05-24")

    def test_evidence_in_whose_place_nothing_was_put_yet_is_no_repair(self, home):
        path = next(path for path in stored(home) if path.suffix == ".zip")
        flip(path)
        kept = home / "quarantine/_evidence/0123456789abcdef" / path.relative_to(home)
        kept.parent.mkdir(parents=True)
        path.rename(kept)
        shutil.rmtree(home / "landing")
        assert run(home).repaired == []
        assert records(home) == []

    @pytest.mark.parametrize("name", ["stray.jsonl", f"{7:020d}.jsonl"])
    def test_a_stray_among_the_evidence_of_the_ledger_holds_up_no_repair(self, home, name):
        """Each repair ended as it could not read a commit that there never was."""
        path = next(path for path in stored(home) if path.suffix == ".zip")
        flip(path)
        stray = home / "quarantine/_evidence/0123456789abcdef/raw/_ledger" / name
        stray.parent.mkdir(parents=True)
        stray.write_bytes(b"a copy")
        assert [found.damage.path for found in run(home).repaired] == [str(path)]
        assert len(records(home)) == 1

    def test_repairing_again_changes_nothing(self, home):
        for path in stored(home):
            flip(path)
        run(home)
        once = tree(home)
        outcome = run(home)
        assert (outcome.repaired, outcome.unrepaired) == ([], [])
        assert tree(home) == once

    def test_what_is_damaged_again_is_kept_again(self, home):
        path = next(path for path in stored(home) if path.suffix == ".zip")
        sound, damaged = path.read_bytes(), []
        for offset in (-5, -6):
            flip(path, offset)
            damaged.append(path.read_bytes())
            assert len(run(home).repaired) == 1
        assert path.read_bytes() == sound
        evidence = [path.read_bytes() for path in (home / "quarantine/_evidence").rglob("*.zip")]
        assert sorted(evidence) == sorted(damaged)
        assert is_sound(home)

    def test_a_dry_run_says_the_same_and_writes_nothing(self, home):
        for path in stored(home):
            flip(path)
        before = tree(home)
        foreseen = run(home, dry_run=True)
        assert tree(home) == before
        done = run(home)
        assert [(f.damage, f.source) for f in foreseen.repaired] == [
            (d.damage, d.source) for d in done.repaired
        ]

    def test_a_disk_that_is_almost_full_is_said_and_nothing_is_written(self, home):
        class Full(LocalFiles):
            def free_bytes(self, _path):
                return 2**20

        flip(stored(home)[0])
        before = tree(home)
        with open_zone(home, files=Full()) as zone:
            zone.settings = replace(zone.settings, reserve=2**20)
            with pytest.raises(DiskAlmostFull):
                repair(zone, run_id="repair")
        assert tree(home) == before

    def test_a_file_that_became_a_hole_of_terabytes_is_put_back_without_reading_it(self, home):
        """It takes no room on disk, and hours to read."""
        sound = {path: path.read_bytes() for path in stored(home)}
        for path in sound:
            path.chmod(0o644)
            os.truncate(path, 2**42)
            path.chmod(0o444)
        assert len(run(home).repaired) == len(sound)
        assert {path: path.read_bytes() for path in sound} == sound
        assert is_sound(home)

    def test_what_no_source_has_holds_up_no_other_where_landing_cannot_be_listed(
        self, home, sound_home, tmp_path
    ):
        copy = tmp_path / "copy"
        shutil.copytree(sound_home, copy)
        sound = {path: path.read_bytes() for path in stored(home)}
        lost = next(path for path in sound if path.suffix == ".zip")
        (copy / lost.relative_to(home)).unlink()
        for path in sound:
            flip(path)
        shutil.rmtree(home / "landing")
        (home / "landing").symlink_to(home / "landing")  # it leads round and round
        outcome = run(home, others=[copy])
        assert [left.damage.path for left in outcome.unrepaired] == [str(lost)]
        assert [path for path, data in sound.items() if path.read_bytes() != data] == [lost]

    def test_a_link_in_the_place_of_an_object_is_evidence_too(self, home, tmp_path):
        path = next(path for path in stored(home) if path.suffix == ".zip")
        moved = tmp_path / "moved"
        path.rename(moved)
        path.symlink_to(moved)
        (done,) = run(home).repaired
        assert (home / done.evidence).is_symlink()
        assert moved.exists()
        assert is_sound(home)
        (record,) = records(home)
        assert (record["evidence_sha256"], record["evidence_size"]) == (None, None)

    def test_feeds_narrow_what_is_put_back(self, home):
        for path in stored(home):
            flip(path)
        outcome = run(home, feeds=["tiny/sums"])
        assert {found.damage.feed for found in outcome.repaired} == {"tiny/sums"}
        assert not is_sound(home)


class TestSources:
    """A source counts by its bytes alone, in whatever form it holds them."""

    @pytest.fixture
    def lost(self, home):
        """A damaged object whose delivery is no longer in landing."""
        shutil.rmtree(home / "landing/tiny")
        path = next(path for path in stored(home) if path.name == "note_20240522_143022.txt.gz")
        flip(path, 20)
        return path

    def test_without_a_source_it_stays_damaged_and_that_is_said(self, home, lost):
        before = lost.read_bytes()
        (left,) = run(home).unrepaired
        assert left.damage.path == str(lost)
        assert "--from" in left.reason
        assert lost.read_bytes() == before

    def test_landing_is_found_by_content_where_the_file_was_moved(self, home, lost):
        (home / "landing/elsewhere").mkdir(parents=True)
        (home / "landing/elsewhere/other name").write_bytes(b"one\n" * 20)
        (done,) = run(home).repaired
        assert done.source == "landing elsewhere/other name"

    def test_other_bytes_under_the_right_name_are_no_source(self, home, lost):
        (home / "landing/tiny").mkdir()
        (home / "landing/tiny/note_20240522_143022.txt").write_bytes(b"won\n" * 20)
        assert run(home).repaired == []

    def test_another_copy_of_the_zone(self, home, lost, sound_home):
        (done,) = run(home, others=[sound_home]).repaired
        assert done.source.startswith("zone ")
        assert is_sound(home)

    def test_a_damaged_copy_of_the_zone_is_no_source(self, home, lost, sound_home, tmp_path):
        other = tmp_path / "other"
        shutil.copytree(sound_home, other)
        flip(other / lost.relative_to(home))
        assert run(home, others=[other]).repaired == []

    def test_the_archive(self, home, lost, sound_home):
        kept = home / "archive" / lost.relative_to(home / "raw")
        kept.parent.mkdir(parents=True)
        shutil.copy(sound_home / lost.relative_to(home), kept)
        (done,) = run(home).repaired
        assert done.source.startswith("archive ")

    def test_a_file_under_a_wrong_name(self, home, lost, sound_home):
        lost.unlink()
        shutil.copy(sound_home / lost.relative_to(home), home / "raw" / "renamed")
        (done,) = run(home).repaired
        assert done.source == f"renamed {home / 'raw' / 'renamed'}"

    def test_a_quarantined_copy_of_the_same_bytes(self, home):
        LandingFolder(home).put("tiny/again/sum_20240522.csv", b"bad, but kept")
        with open_zone(home) as zone:
            promote_all(zone)
        shutil.rmtree(home / "landing/tiny")
        first = records(home, "receipt")[3]
        assert first["verdict"] == "quarantined"
        flip(home / "quarantine" / first["quarantine"]["path"])
        outcome = run(home)
        assert outcome.unrepaired == []
        assert all(done.source.startswith("quarantine ") for done in outcome.repaired)
        assert is_sound(home)


class TestAnotherCompressor:
    """The delivery is what counts: when its old stored form cannot be made any more, a new one is recorded."""

    @pytest.fixture
    def changed(self, home, monkeypatch):
        """An object that was compressed by something that is not here any more."""
        path = next(path for path in stored(home) if path.name == "note_20240522_143022.txt.gz")
        flip(path, 20)
        ways = [lambda blocks: [gzip.compress(b"".join(blocks), 1, mtime=0)]]
        monkeypatch.setattr(restoring, "compressors", lambda encoding, *, is_small, usual: ways)
        return path

    def test_the_new_form_is_recorded_and_verified(self, home, changed):
        (done,) = run(home).repaired
        assert done.is_new_form
        assert gzip.decompress(changed.read_bytes()) == b"one\n" * 20
        assert is_sound(home)
        (record,) = records(home)
        assert record["stored_size"] == changed.stat().st_size

    def test_readers_know_it(self, home, changed):
        run(home)
        for fresh in (False, True):
            if fresh:
                shutil.rmtree(home / "state")
            with open_zone(home) as zone:
                zone.index.catch_up()
                entry, *_ = zone.index.find("tiny/notes/2024/05/note_20240522_143022.txt.gz")
            assert entry.receipt.stored_size == changed.stat().st_size
        with open_duckdb(Settings.from_environment({}, home=home), feeds=[], refresh=False) as connection:
            query = "SELECT stored_size, stored_sha256 FROM raw_files WHERE key = ? AND verdict = 'promoted'"
            found = connection.execute(query, [entry.receipt.key]).fetchall()
        assert found == [(changed.stat().st_size, hashlib.sha256(changed.read_bytes()).hexdigest())]

    def test_its_receipt_is_proved_as_it_was_written(self, home, changed):
        run(home)
        with open_zone(home) as zone, RecordTree.of(zone) as tree:
            zone.index.catch_up()
            tree.catch_up()
            entry, *_ = zone.index.find("tiny/notes/2024/05/note_20240522_143022.txt.gz")
            proof = prove_inclusion(zone, tree, entry, take_checkpoint(zone, tree))
        written = json.loads(proof.record)
        assert written["key"] == entry.receipt.key
        assert written["stored_sha256"] != entry.receipt.stored_sha256

    def test_by_two_at_once_is_recorded_once(self, home, changed):
        assert len(records(repaired_while(home, lambda: run(home)))) == 1
        assert is_sound(home)

    def test_is_not_put_where_the_old_one_is_sound_again(self, home, changed, sound_home):
        sound = (sound_home / changed.relative_to(home)).read_bytes()
        repaired_while(home, lambda: overwrite(changed, sound))
        assert changed.read_bytes() == sound
        assert records(home) == []

    def test_the_old_form_is_taken_where_there_is_one(self, home, changed, sound_home):
        shutil.rmtree(home / "landing/tiny")
        (done,) = run(home, others=[sound_home]).repaired
        assert not done.is_new_form


class TestTheLedger:
    """A commit is put back when its successor or a witness proves the copy."""

    def test_a_damaged_or_missing_commit_comes_back_from_another_zone(self, home, sound_home):
        first = home / "raw/_ledger" / f"{0:020d}.jsonl"
        sound = first.read_bytes()
        for harm in (lambda: flip(first, 300), first.unlink):
            harm()
            assert len(run(home, others=[sound_home]).repaired) == 1
            assert first.read_bytes() == sound
            assert is_sound(home)
        assert [record["evidence"] is None for record in records(home)] == [False, True]

    def test_a_whole_rewritten_commit_is_replaced_by_the_one_its_successor_names(self, home, sound_home):
        with open_zone(home) as zone:
            commit, path = zone.ledger.commit(0), zone.ledger.path(0)
        forged = path.read_bytes().replace(commit.run_id.encode(), b"evil", 1)
        overwrite(path, forged)
        assert len(run(home, others=[sound_home]).repaired) == 1
        assert is_sound(home)

    def test_a_copy_that_is_whole_and_says_something_else_is_not_taken(self, home, sound_home, tmp_path):
        with open_zone(home) as zone:
            commit, path = zone.ledger.commit(0), zone.ledger.path(0)
        copy = tmp_path / "copy"
        shutil.copytree(sound_home, copy)
        author = Author(run_id="evil", writer="nobody", code_version="0")
        forged = encode_commit(commit.records, after=EMPTY, at=commit.at, author=author)
        overwrite(copy / path.relative_to(home), forged)
        path.unlink()
        assert run(home, others=[copy]).repaired == []
        assert not path.exists()
        assert len(run(home, others=[copy, sound_home]).repaired) == 1
        assert path.read_bytes() == commit.data

    def test_a_commit_is_durable_before_it_gets_its_name_and_its_name_before_anything_else(
        self, home, sound_home
    ):
        path = home / "raw/_ledger" / f"{0:020d}.jsonl"
        flip(path, 300)
        told = []

        class Told(WatchedFiles):
            def before(self, operation, at):
                told.append((operation, at))

        with open_zone(home, files=Told(LocalFiles())) as zone:
            repair(zone, run_id="repair", others=[sound_home])
        linked = told.index(("link", path))
        before, after = told[:linked], told[linked + 1 :]
        staged = next(at for operation, at in before if operation == "create" and at.suffix == ".repair")
        assert before.index(("create", staged)) < before.index(("sync", staged))
        following = next(
            number for number, (operation, _) in enumerate(after) if operation in ("create", "link")
        )
        assert ("sync_folder", path.parent) in after[:following]

    def test_a_commit_that_another_repair_has_put_back_meanwhile_is_repaired_once(self, home, sound_home):
        """The second recorded evidence that was never kept, and verify missed it for ever."""
        path = home / "raw/_ledger" / f"{0:020d}.jsonl"
        sound = path.read_bytes()
        flip(path, 300)
        due = [sound]

        class Meanwhile(WatchedFiles):
            def before(self, operation, at):
                if operation == "lock" and due:
                    overwrite(path, due.pop())

        with open_zone(home, files=Meanwhile(LocalFiles())) as zone:
            assert repair(zone, run_id="repair", others=[sound_home]).repaired == []
        assert (due, path.read_bytes(), records(home)) == ([], sound, [])
        assert is_sound(home)

    def test_a_folder_in_the_place_of_one_is_to_be_moved_away_first(self, home, sound_home):
        path = home / "raw/_ledger" / f"{0:020d}.jsonl"
        path.unlink()
        path.mkdir()
        (left,) = run(home, others=[sound_home]).unrepaired
        assert (left.damage.path, "move that folder away" in left.reason) == (str(path), True)
        path.rmdir()
        assert run(home, others=[sound_home]).unrepaired == []
        assert is_sound(home)

    def test_a_copy_that_nothing_proves_is_not_taken(self, home, sound_home):
        with open_zone(home) as zone:
            head = zone.index.catch_up()
        last = home / "raw/_ledger" / f"{head.seq:020d}.jsonl"
        flip(last, 300)
        before = tree(home)
        outcome = run(home, others=[sound_home])
        assert outcome.repaired == []
        assert "proves" in outcome.unrepaired[0].reason
        assert tree(home) == before
        witnessed = {head.seq: head.sha256}
        assert len(run(home, others=[sound_home], witnessed=witnessed).repaired) == 1
        assert is_sound(home)

    def test_a_hole_of_terabytes_in_a_copy_of_the_ledger_takes_no_memory(self, home, sound_home, tmp_path):
        copy, first = tmp_path / "copy", f"raw/_ledger/{0:020d}.jsonl"
        shutil.copytree(sound_home, copy)
        (copy / first).chmod(0o644)
        os.truncate(copy / first, 2**42)
        (home / first).unlink()
        assert run(home, others=[copy]).repaired == []
        assert len(run(home, others=[copy, sound_home]).repaired) == 1
        assert is_sound(home)

    def test_commits_cut_off_at_the_end_come_back_with_all_they_name(self, home, sound_home):
        with open_zone(home) as zone:
            head = zone.index.catch_up()
        for seq in range(1, head.seq + 1):
            (home / "raw/_ledger" / f"{seq:020d}.jsonl").unlink()
        (revision,) = (home / "raw").rglob("*.r2.txt.gz")  # which only the last of them names
        revision.unlink()
        run(home, others=[sound_home], witnessed={head.seq: head.sha256})
        with open_zone(home) as zone:
            assert scrub(zone).damages == ()
            recorded = read_recorded(zone)
        assert recorded.hashes[head.seq] == head.sha256

    def test_a_copy_that_goes_on_after_what_is_proven_is_to_be_taken_whole(self, home, sound_home):
        """Else what only its last commits say, a hold or what was archived, would give way to new commits."""
        with open_zone(home) as zone:
            head, first = zone.index.catch_up(), zone.ledger.commit(0)
        folder = home / "raw/_ledger"
        shutil.rmtree(folder)
        before = tree(home)
        for _ in range(2):
            outcome = run(home, others=[sound_home], witnessed={0: first.sha256})
            assert outcome.repaired == []
            assert outcome.unrepaired[0].damage.path == str(folder / f"{1:020d}.jsonl")
            assert "copy that ledger into its place" in outcome.unrepaired[0].reason
            assert tree(home) == before
        shutil.copytree(sound_home / "raw/_ledger", folder)
        assert run(home, others=[sound_home], witnessed={0: first.sha256}).unrepaired == []
        with open_zone(home) as zone:
            assert zone.index.catch_up().sha256 == head.sha256

    def test_a_commit_that_a_witness_saw_is_not_put_under_a_later_one_that_follows_another(
        self, home, sound_home
    ):
        """Else a ledger that was rewritten as a whole would become one that nobody can read."""
        with open_zone(home) as zone:
            first, head = zone.ledger.commit(0), EMPTY
            author = Author(run_id="evil", writer="nobody", code_version="0")
            for commit in list(zone.ledger.after(EMPTY)):
                forged = encode_commit(commit.records, after=head, at=commit.at, author=author)
                overwrite(zone.ledger.path(commit.seq), forged)
                head = decode_commit(forged).head
        before = tree(home)
        outcome = run(home, others=[sound_home], witnessed={0: first.sha256})
        assert (outcome.repaired, tree(home)) == ([], before)
        assert outcome.unrepaired[0].damage.path == str(home / "raw/_ledger" / f"{0:020d}.jsonl")
        assert "put a whole copy of the ledger into its place" in outcome.unrepaired[0].reason
        shutil.rmtree(home / "raw/_ledger")
        shutil.copytree(sound_home / "raw/_ledger", home / "raw/_ledger")
        assert run(home, others=[sound_home], witnessed={0: first.sha256}).unrepaired == []

    def test_a_dry_run_says_all_that_is_damaged_where_the_ledger_stays_broken(self, home):
        """Findings follow from their receipt, and that could not be read."""
        documents = sorted((home / "quarantine").rglob("findings.json"))
        for path in documents:
            path.unlink()
        newest = max((home / "raw/_ledger").iterdir())
        for path in (home / "raw/_ledger").iterdir():
            overwrite(path, path.read_bytes()[:-3])
        outcome = run(home, dry_run=True)
        left = {left.damage.path for left in outcome.unrepaired}
        assert str(newest) in left
        assert left.intersection(map(str, documents))

    def test_nothing_is_written_while_the_ledger_stays_broken(self, home):
        flip(home / "raw/_ledger" / f"{0:020d}.jsonl", 300)
        flip(stored(home)[0])
        before = tree(home)
        outcome = run(home)
        assert outcome.repaired == []
        assert len(outcome.unrepaired) >= 2
        assert tree(home) == before


class TestNothingElseIsTouched:
    def test_sound_files_keep_their_inodes(self, home):
        paths = stored(home)
        flip(paths[0])
        inodes = {path: path.stat().st_ino for path in zone_files(home) if path != paths[0]}
        run(home)
        assert {path: path.stat().st_ino for path in inodes} == inodes

    def test_a_folder_that_is_a_link_leads_nothing_out_of_the_zone(self, home, tmp_path):
        outside = tmp_path / "outside"
        (home / "raw/tiny/notes/2024").rename(outside)
        (home / "raw/tiny/notes/2024").symlink_to(outside)
        flip(next(outside.rglob("*.zip")))
        before = {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
        outcome = run(home)
        assert outcome.repaired == []
        assert all("link" in left.reason for left in outcome.unrepaired)
        assert {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()} == before

    def test_one_that_cannot_be_placed_holds_up_no_other(self, home):
        paths = [path for path in stored(home) if path.suffix in (".zip", ".gz")]
        paths[0].unlink()
        paths[0].mkdir()
        for path in paths[1:]:
            flip(path)
        outcome = run(home)
        assert [left.damage.path for left in outcome.unrepaired] == [str(paths[0])]
        assert outcome.unrepaired[0].reason == "move that folder away, then run the command again"
        assert len(outcome.repaired) == len(paths) - 1

    def test_one_that_cannot_be_placed_holds_up_nothing_where_evidence_lies_on_another_disk(self, home):
        """Damaged bytes cannot be linked back from there: they are copied, as they were on their way."""
        first, second = [path for path in stored(home) if path.suffix == ".gz" and "raw" in path.parts]
        for path in (first, second):
            flip(path)
        damaged = second.read_bytes()
        with open_zone(home, files=_TwoDisks(refused=second)) as zone:
            outcome = repair(zone, run_id="repair")
            assert [left.damage.path for left in outcome.unrepaired] == [str(second)]
            assert [done.damage.path for done in outcome.repaired] == [str(first)]
            assert second.read_bytes() == damaged
            LandingFolder(home).put("tiny/note_20240601.txt", b"new\n")
            assert len(promote_all(zone).receipts) == 1
        run(home)
        assert is_sound(home)

    def test_evidence_that_its_disk_does_not_keep_leaves_no_file_there(self, home):
        path = next(path for path in stored(home) if path.suffix == ".zip")
        flip(path)
        damaged = path.read_bytes()

        class Full(_TwoDisks):
            def sync(self, path):
                if "_evidence" in path.parts:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
                super().sync(path)

        with open_zone(home, files=Full(refused=None)) as zone:
            assert [left.damage.path for left in repair(zone, run_id="repair").unrepaired] == [str(path)]
        assert (path.read_bytes(), _kept(home)) == (damaged, 0)
        run(home)
        assert is_sound(home)

    def test_evidence_of_something_else_is_not_taken_for_a_copy_that_was_cut_off(self, tmp_path):
        target, staged, kept = (tmp_path / name for name in ("target", "staged", "kept"))
        for path in (target, staged, kept):
            path.write_bytes(path.name.encode())
        digest = hashlib.sha256(b"staged").hexdigest()
        with pytest.raises(FileExistsError):
            set_aside(LocalFiles(), Placement.of(staged, target, evidence=kept, stored_sha256=digest))
        assert (target.read_bytes(), kept.read_bytes()) == (b"target", b"kept")

    def test_what_is_sound_meanwhile_is_not_set_aside_whatever_the_plan_said(self, tmp_path):
        target, staged = tmp_path / "target", tmp_path / "staged"
        for path in (target, staged):
            path.write_bytes(b"sound")
        digest = hashlib.sha256(b"sound").hexdigest()
        place = Placement.of(staged, target, evidence=tmp_path / "kept", stored_sha256=digest)
        before = target.stat().st_ino
        set_aside(LocalFiles(), place)
        assert (target.stat().st_ino, (tmp_path / "kept").exists()) == (before, False)

    def test_a_copy_that_was_cut_off_on_its_way_to_another_disk_is_made_again(self, tmp_path):
        class Apart(LocalFiles):
            def status(self, path):
                found = super().status(path)
                return found and os.stat_result((*found[:2], found.st_dev + (path.name == "kept"), *found[3:]))

            def link(self, source, target):
                if "kept" in (source.name, target.name) and not target.exists():
                    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(source), None, str(target))
                super().link(source, target)

        target, staged, kept = (tmp_path / name for name in ("target", "staged", "kept"))
        for path, data in ((target, b"damaged"), (staged, b"sound"), (kept, b"dam")):
            path.write_bytes(data)
        digest = hashlib.sha256(b"sound").hexdigest()
        place = Placement.of(staged, target, evidence=kept, stored_sha256=digest)
        done = []

        class Noting(WatchedFiles):
            def before(self, operation, path):
                if operation.startswith(("sync", "remove")):
                    done.append((operation, path.name))

        set_aside(Noting(Apart()), place)
        assert (kept.read_bytes(), target.exists()) == (b"damaged", False)
        durable = [("sync", "kept"), ("sync_folder", tmp_path.name)]
        assert done[: done.index(("remove", "target"))][-2:] == durable
        staged.with_name("staged.back").write_bytes(b"dam")
        put_back(Noting(Apart()), place)
        assert (target.read_bytes(), kept.exists()) == (b"damaged", False)
        assert done[-2:] == [("sync_folder", tmp_path.name), ("remove", "kept")]


class _TwoDisks(LocalFiles):
    """Raw and quarantine on a disk each; the sound bytes of one file cannot be put into its place."""

    def __init__(self, *, refused):
        self._refused = refused

    def link(self, source, target):
        if ("quarantine" in source.parts) != ("quarantine" in target.parts):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(source), None, str(target))
        if target == self._refused and source.suffix == ".repair":
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(target))
        super().link(source, target)

    def linker(self, source, target):
        return linked_one_by_one(self, source, target)


def _repair_in_a_process(home):
    with open_zone(home) as zone:
        repair(zone, run_id="repair")
        promote_all(zone)


class TestConcurrency:
    def test_what_a_repair_under_way_has_kept_is_no_leftover(self, home):
        """A scrub that looks between the evidence and its record names nothing that is to be seen to."""
        flip(next(path for path in stored(home) if path.suffix == ".zip"))
        files, seen = LocalFiles(), []

        def link(source, target):
            if in_ledger(target) and not seen:
                with open_zone(home) as zone:
                    found = scrub(zone)
                    seen.extend((*found.damages, *found.weaknesses) or ["nothing"])
            LocalFiles.link(files, source, target)

        files.link = link
        with Zone(settings_for(home), files=files, clock=lambda: NOW) as zone:
            repair(zone, run_id="repair")
        assert seen == ["nothing"]

    def test_several_repairs_at_once_repair_each_file_once(self, home):
        for path in stored(home):
            flip(path)
        spawn = multiprocessing.get_context("spawn")
        processes = [spawn.Process(target=_repair_in_a_process, args=(home,)) for _ in range(4)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0] * 4
        assert is_sound(home)
        places = [record["place"] for record in records(home)]
        assert len(places) == len(set(places)) == len(stored(home)) - _kept(home)


def _kept(home):
    return sum("_evidence" in path.parts for path in stored(home))


def _killed(home, when):
    """Repair until ``when(operation, path)`` first holds, and die before it."""
    files = CrashingFiles(LocalFiles(), last=10**9)
    count = files.before

    def before(operation, path):
        files.dead = files.dead or when(operation, path)
        count(operation, path)

    files.before = before
    with suppress(Crash), open_zone(home, files=files) as zone:
        repair(zone, run_id="repair")
    assert files.dead


class TestWhatADeadRepairLeaves:
    @pytest.fixture
    def damaged(self, home):
        """An object that is damaged, and its bytes by now."""
        path = next(path for path in stored(home) if path.suffix == ".zip")
        flip(path)
        return path, path.read_bytes()

    def test_staged_bytes_that_rotted_since_are_put_nowhere(self, home, damaged):
        path, data = damaged
        _killed(home, lambda operation, target: operation == "link" and target == path)
        (staged,) = (home / "raw/_staging").rglob("*.repair")
        flip(staged)
        with open_zone(home) as zone:
            assert zone.recover() == 1
        assert path.read_bytes() == data
        assert records(home) == []
        run(home)
        assert is_sound(home)

    def test_is_taken_back_whole_where_another_commit_has_its_number(self, home, damaged):
        path, data = damaged
        _killed(home, lambda operation, target: operation == "link" and in_ledger(target))
        assert path.read_bytes() != data
        LandingFolder(home).put("tiny/note_20240601.txt", b"new\n")
        with open_zone(home, files=UnlockedFiles(LocalFiles())) as zone:  # it takes nobody for dead
            assert len(promote_all(zone).receipts) == 1
        with open_zone(home) as zone:
            assert zone.recover() == 1
        assert path.read_bytes() == data
        assert _kept(home) == 0
        assert records(home) == []
        run(home)
        assert is_sound(home)

    def test_is_not_taken_back_once_its_commit_is_in_the_ledger(self, home, damaged):
        _killed(home, lambda operation, target: operation == "link" and in_ledger(target))

        class Refusing(WatchedFiles):
            def before(self, operation, target):
                if operation == "sync_folder" and target.name == "_ledger":
                    raise OSError(errno.EIO, os.strerror(errno.EIO), str(target))

        with open_zone(home, files=Refusing(LocalFiles())) as zone, pytest.raises(ZoneError):
            zone.recover()
        assert [record["place"] for record in records(home)] == ["raw/tiny/notes/2024/05/note_20240524.zip"]
        assert is_sound(home)
        with open_zone(home) as zone:
            assert zone.recover() == 1

    def test_what_comes_into_the_place_of_a_missing_file_meanwhile_stays(self, home):
        path = next(path for path in stored(home) if path.suffix == ".zip")
        path.unlink()

        class Meanwhile(WatchedFiles):
            def before(self, operation, target):
                if operation == "create" and target.name.startswith("commit-"):
                    path.write_bytes(b"foreign")

        with open_zone(home, files=Meanwhile(LocalFiles())) as zone:
            outcome = repair(zone, run_id="repair")
        assert [left.damage.path for left in outcome.unrepaired] == [str(path)]
        assert path.read_bytes() == b"foreign"
        assert records(home) == []


class TestDamageKinds:
    def test_what_repair_cannot_judge_it_leaves_alone(self, home):
        (home / "raw/stranger").write_bytes(b"?")
        outcome = run(home)
        assert (outcome.repaired, outcome.unrepaired) == ([], [])
        with open_zone(home) as zone:
            assert [damage.kind for damage in scrub(zone).damages] == [DamageKind.FOREIGN]
