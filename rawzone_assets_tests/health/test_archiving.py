"""Archiving: what an approved plan moves, what it refuses, and that everything is found wherever it is."""

import errno
import gzip
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from unittest import mock

import pytest

from rawzone_assets.access.catalog import readable
from rawzone_assets.access.reading import original_bytes
from rawzone_assets.access.sql import open_duckdb
from rawzone_assets.contract.judging import judge
from rawzone_assets.health import archiving, restoring
from rawzone_assets.health.archive_plan import PlanRefused, make_plan, read_plan
from rawzone_assets.health.archiving import apply_plan
from rawzone_assets.health.damage import DamageKind
from rawzone_assets.health.holds import HoldOver, NoSuchHold, add_hold, release_hold
from rawzone_assets.health.recorded import read_recorded
from rawzone_assets.health.repair import repair
from rawzone_assets.health.rereading import check
from rawzone_assets.health.retention import due_by_feed
from rawzone_assets.health.rolling import scrub_rolling
from rawzone_assets.health.scrub import scrub
from rawzone_assets.zone import intake
from rawzone_assets.zone.custody import Whereabouts
from rawzone_assets.zone.errors import CannotProtect, CannotUnseal, StorageFailed
from rawzone_assets.zone.ledger import Author, encode_commit
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.rejudging import rejudge
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.health.archive_support import (
    archive_due,
    archived_keys,
    objections,
    planned,
    restore_all,
    set_policy,
)
from rawzone_assets_tests.health.damaging import overwrite
from rawzone_assets_tests.zone.faulty_files import UnlockedFiles, WatchedFiles
from rawzone_assets_tests.zone.tiny_platform import (
    CONTRACT,
    NOTES,
    NOW,
    LandingFolder,
    look,
    open_zone,
    promote_all,
    settings_for,
)

NOTE = "tiny/notes/2024/05/note_20240522_143022.txt.gz"
SECOND = "tiny/notes/2024/05/note_20240522_143022.r2.txt.gz"
PACKED = "tiny/notes/2024/05/note_20240524.zip"
HOLD = {"reason": "case 12", "authority": "a court", "by": "Ada"}


@pytest.fixture
def zone(home):
    set_policy(home)
    with open_zone(home) as opened:
        opened.index.catch_up()
        yield opened


def contents(zone):
    """What every readable name gives."""
    zone.index.catch_up()
    found = [(listed.receipt.name, listed.stored) for listed in readable(zone, all_revisions=True)]
    return sorted((name, stored.key, b"".join(original_bytes(zone, stored))) for name, stored in found)


def report(zone):
    found = scrub(zone)
    return found, [(damage.kind, damage.path) for damage in (*found.damages, *found.weaknesses)]


def tick(zone, **ahead):
    """A commit that moves the ledger's clock on."""
    head = zone.index.catch_up()
    author = Author(run_id="", writer="", code_version="")
    data = encode_commit([], after=head, at=NOW + timedelta(**ahead), author=author)
    zone.files.create(zone.ledger.path(head.seq + 1), [data])
    zone.clock = lambda: NOW + timedelta(**ahead)


class TestWhatIsDue:
    """Older than the policy's days, by the ledger's clock, and wanted by no recent delivery."""

    def test_is_what_is_older_than_the_policy_says(self, zone):
        assert [one.key for one in planned(zone).files] == [NOTE, SECOND, PACKED]

    def test_is_not_what_was_delivered_again_lately(self, home, zone):
        LandingFolder(home).put("tiny/note_20240620.txt", b"one\n" * 20)
        promote_all(zone)
        assert [one.key for one in planned(zone).files] == [SECOND, PACKED]

    def test_is_told_by_the_ledgers_clock_and_not_by_a_wrong_one(self, home):
        set_policy(home, "[retention]\nhot_days = 60")
        with open_zone(home, now=NOW + timedelta(days=9999)) as zone:
            assert planned(zone).files == ()

    def test_waits_where_the_clock_is_behind_the_ledger(self, zone):
        tick(zone, days=9999)
        set_policy(zone.settings.home)
        zone.clock = lambda: NOW - timedelta(days=20)
        plan = make_plan(zone)
        assert plan.files == ()
        assert f"ages are counted up to {zone.clock():%Y-%m-%d %H:%M} UTC." in plan.summary[1]

    def test_may_be_asked_for_earlier_but_not_below_the_floor(self, home):
        set_policy(home, "[retention]\nrecent_days = 38\nhot_days = 500")
        with open_zone(home) as zone:
            assert [one.key for one in planned(zone, older_than=0).files] == [NOTE, SECOND]
            assert planned(zone).files == ()

    def test_is_not_what_was_restored_lately(self, zone):
        archive_due(zone)
        restore_all(zone)
        assert planned(zone).files == ()
        tick(zone, days=11)
        assert len(planned(zone).files) == 3

    def test_is_counted_without_what_is_held(self, zone):
        add_hold(zone, feed="tiny/notes", since="2024-05-24", **HOLD)
        zone.index.catch_up()
        total = due_by_feed(zone)[NOTES.id]
        assert (total.files, total.held) == (2, 1)
        assert total.stored_size == sum(zone.layout.object(key).stat().st_size for key in (NOTE, SECOND))

    def test_but_held_is_left_out_and_named(self, zone):
        add_hold(zone, feed="tiny/notes", since="2024-05-24", **HOLD)
        plan = make_plan(zone)
        assert [one.key for one in plan.files] == [NOTE, SECOND]
        assert plan.held == ({"feed": "tiny/notes", "key": PACKED, "holds": ["hold-1"]},)
        assert any("case 12" in line for line in plan.summary)


class TestAPlan:
    """A file that a person can read and approve, bound to the ledger and to its own digest."""

    def test_says_what_moves_and_why(self, zone):
        document = json.loads(make_plan(zone).document())
        assert document["ledger"]["head"] == zone.index.head.sha256
        assert document["feeds"][0]["files"] == len(document["files"]) == 3
        assert document["files"][0]["why"] == "38 days old, due from 30 days on"

    def test_reads_back_however_it_is_laid_out(self, zone):
        made = make_plan(zone)
        read = [read_plan(made.document(indented=way), "p") for way in (True, False)]
        assert read[0] == read[1]
        assert read[0].digest == made.digest

    @pytest.mark.parametrize(
        "edit",
        [
            lambda plan: plan["files"].pop(),
            lambda plan: plan["files"][0].update(key="tiny/notes/other"),
            lambda plan: plan["summary"].clear(),
            lambda plan: plan.update(note="looks fine"),
            lambda plan: plan["ledger"].update(seq=0),
        ],
    )
    def test_that_was_edited_is_refused(self, zone, edit):
        document = json.loads(make_plan(zone).document())
        edit(document)
        with pytest.raises(PlanRefused, match="was edited"):
            read_plan(json.dumps(document).encode(), "plan.json")

    @pytest.mark.parametrize(
        "data", [b"", b"\xff", b"[]", b"{}", b"[" * 100_000, b'{"record": "archive_plan"}']
    )
    def test_that_is_none_is_refused(self, data):
        with pytest.raises(PlanRefused, match="is no plan"):
            read_plan(data, "plan.json")


class TestApplying:
    """Copied, verified, recorded, and only then released; what is in the archive is found as before."""

    def test_moves_what_is_due_and_loses_nothing(self, home, zone):
        before = contents(zone)
        outcome = archive_due(zone)
        assert ([one.key for one in outcome.archived], outcome.not_moved) == ([NOTE, SECOND, PACKED], [])
        assert not any((home / "raw" / key).exists() for key in (NOTE, SECOND, PACKED))
        assert contents(zone) == before
        assert objections(home) == []
        assert report(zone)[1] == []

    def test_twice_changes_nothing(self, home, zone):
        plan = planned(zone)
        apply_plan(zone, plan, approved_by="Ada", share=100)
        head = zone.index.catch_up()
        again = apply_plan(zone, plan, approved_by="Ada", share=100)
        assert (again.archived, again.already, zone.index.catch_up()) == ([], 3, head)

    def test_is_recorded_with_who_approved_which_plan(self, zone):
        plan = planned(zone)
        apply_plan(zone, plan, approved_by="Ada", share=100)
        record = zone.index.custody.of(NOTE).record
        assert (record["approved_by"], record["plan"]) == ("Ada", plan.digest)

    def test_does_not_change_what_a_delivery_is(self, home, zone):
        archive_due(zone)
        LandingFolder(home).put("tiny/note_20240626.txt", b"one\n" * 20)
        verdicts = [(str(r.verdict), r.key) for r in promote_all(zone).receipts]
        assert verdicts == [("duplicate", NOTE)]
        assert (NOTE, b"one\n" * 20) in {(key, data) for _, key, data in contents(zone)}
        assert "waiting" not in look(zone).states().values()

    def test_leaves_what_can_be_judged_again_where_it_lies(self, zone):
        archive_due(zone)
        rejudged = rejudge(zone, NOTES, zone.index.find(NOTE)[0], judge=judge)
        assert (rejudged.facts.records, rejudged.findings) == (20, ())

    def test_goes_on_after_more_was_promoted(self, home, zone):
        plan = planned(zone)
        LandingFolder(home).put("tiny/note_20240626.txt", b"new\n")
        promote_all(zone)
        assert len(apply_plan(zone, plan, approved_by="Ada", share=100).archived) == 3

    def test_releases_a_copy_that_was_brought_back_from_a_backup(self, home, zone):
        data = (home / "raw" / NOTE).read_bytes()
        plan = planned(zone)
        apply_plan(zone, plan, approved_by="Ada", share=100)
        (home / "raw" / NOTE).write_bytes(data)
        assert (DamageKind.LEFTOVER, str(home / "raw" / NOTE)) in report(zone)[1]
        apply_plan(zone, plan, approved_by="Ada", share=100)
        assert report(zone)[1] == []

    def test_takes_sound_bytes_in_the_archive_for_its_own(self, home, zone):
        (home / "archive" / NOTE).parent.mkdir(parents=True)
        (home / "archive" / NOTE).write_bytes((home / "raw" / NOTE).read_bytes())
        (home / "archive" / NOTE).chmod(0o444)
        synced = set()
        sync, sync_folder = zone.files.sync, zone.files.sync_folder
        zone.files.sync = lambda path: (sync(path), synced.add(path))
        zone.files.sync_folder = lambda path: (sync_folder(path), synced.add(path))
        assert len(archive_due(zone).archived) == 3
        assert objections(home) == []
        copy = home / "archive" / NOTE
        assert {copy, *(folder for folder in copy.parents if folder.is_relative_to(home / "archive"))} <= synced

    def test_goes_on_by_the_share_of_the_whole_plan(self, zone, monkeypatch):
        monkeypatch.setattr(archiving, "commits_of", lambda todo, _: [[one] for one in todo])
        plan = planned(zone)

        def interrupt(*_):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            apply_plan(zone, plan, approved_by="Ada", share=100, progress=interrupt)
        assert len(archived_keys(zone)) == 1
        assert len(apply_plan(zone, plan, approved_by="Ada", share=100).archived) == 2

    @pytest.mark.parametrize(("move", "root"), [(archive_due, "archive"), (restore_all, "raw")])
    def test_and_restoring_leave_nothing_where_the_disk_refuses_one_of_several(self, home, zone, move, root):
        if move is restore_all:
            archive_due(zone)

        class Refusing(WatchedFiles):
            def before(self, operation, path):
                if operation == "link" and path == home / root / PACKED:
                    raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

        with open_zone(home, files=Refusing(LocalFiles())) as other, pytest.raises(StorageFailed):
            move(other)
        assert not (home / root / NOTE).exists()
        assert report(zone)[1] == []

    def test_by_two_who_ignore_the_lock_loses_nothing(self, home, zone):
        """The winner takes the copies that the loser has linked already, and releases the hot ones."""
        plan, before = planned(zone), contents(zone)

        class Overtaken(UnlockedFiles):
            is_overtaken = False

            def before(self, operation, path):
                if operation == "link" and path.parent.name == "_ledger" and not self.is_overtaken:
                    self.is_overtaken = True
                    with open_zone(home, files=UnlockedFiles(LocalFiles())) as winner:
                        apply_plan(winner, plan, approved_by="Ada", share=100)

        with open_zone(home, files=Overtaken(LocalFiles())) as loser:
            apply_plan(loser, plan, approved_by="Ada", share=100)
        assert contents(zone) == before
        assert (report(zone)[1], objections(home)) == ([], [])

    def test_again_after_a_restore_leaves_one_copy(self, home, zone):
        archive_due(zone)
        restore_all(zone)
        tick(zone, days=20)
        assert len(archive_due(zone).archived) == 3
        assert objections(home) == []


class TestRefusals:
    """Nothing moves under a hold, below an age, too much at once, by a stale plan, or without a sound copy."""

    def test_of_more_of_a_feed_than_is_usual(self, zone):
        with pytest.raises(PlanRefused, match=r"3 of the 3 files.*--share 100"):
            apply_plan(zone, planned(zone), approved_by="Ada")
        assert archived_keys(zone) == []

    def test_under_a_hold_that_came_after_the_plan(self, zone):
        plan = planned(zone)
        add_hold(zone, platform="tiny", **HOLD)
        with pytest.raises(HoldOver, match=r"hold-1 of tiny, case 12 \(by a court\)"):
            apply_plan(zone, plan, approved_by="Ada", share=100)
        assert archived_keys(zone) == []
        release_hold(zone, "hold-1", reason="over", authority="a court", by="Ada")
        assert len(apply_plan(zone, plan, approved_by="Ada", share=100).archived) == 3

    def test_under_a_hold_that_comes_between_copying_and_recording(self, home, zone):
        """It is asked again under the lock."""
        plan = planned(zone)
        sync = zone.files.sync

        def sync_and_hold(path):
            sync(path)
            if path.suffix == ".copy" and not zone.index.holds.in_force():
                zone.files.sync = sync
                with open_zone(home) as other:
                    add_hold(other, feed="tiny/notes", **HOLD)

        zone.files.sync = sync_and_hold
        with pytest.raises(HoldOver):
            apply_plan(zone, plan, approved_by="Ada", share=100)
        assert archived_keys(zone) == []
        assert objections(home) == []

    def test_under_a_hold_of_the_day_on_which_the_bytes_came_again(self, zone):
        add_hold(zone, since="2024-05-23", until="2024-05-23", **HOLD)
        assert [one.key for one in planned(zone).files] == [SECOND, PACKED]

    def test_below_the_minimum_age_although_the_plan_says_otherwise(self, home, zone):
        made = make_plan(zone)
        set_policy(home, "[retention]\nminimum_age_days = 500")
        with open_zone(home) as strict, pytest.raises(PlanRefused, match="nothing of tiny/notes leaves raw"):
            apply_plan(strict, read_plan(made.document(), "p"), approved_by="Ada", share=100)

    def test_of_what_is_not_due_any_more(self, home, zone):
        made = make_plan(zone)
        set_policy(home, "[retention]\nrecent_days = 1\nhot_days = 500")
        with open_zone(home) as patient, pytest.raises(PlanRefused, match="not due any more"):
            apply_plan(patient, read_plan(made.document(), "p"), approved_by="Ada", share=100)

    def test_of_what_was_restored_since(self, zone):
        plan = planned(zone)
        apply_plan(zone, plan, approved_by="Ada", share=100)
        restore_all(zone)
        with pytest.raises(PlanRefused, match="restored less than 10 days ago"):
            apply_plan(zone, plan, approved_by="Ada", share=100)

    @pytest.mark.parametrize(
        ("changed", "why"),
        [({"stored_sha256": "0" * 64}, "another form now"), ({"partition": "2024-05-01"}, "under another day")],
    )
    def test_of_what_the_ledger_tells_otherwise(self, zone, changed, why):
        plan = planned(zone)
        first, *others = plan.files
        with pytest.raises(PlanRefused, match=why):
            apply_plan(
                zone,
                replace(plan, files=(replace(first, **changed), *others)),
                approved_by="Ada",
                share=100,
            )
        assert archived_keys(zone) == []

    def test_by_a_plan_of_long_ago(self, zone):
        plan = planned(zone)
        tick(zone, days=31)
        with pytest.raises(PlanRefused, match="stale"):
            apply_plan(zone, plan, approved_by="Ada", share=100)

    def test_by_a_plan_of_another_zone(self, tmp_path, zone):
        other = tmp_path / "other"
        LandingFolder(other).put("tiny/note_20240401.txt", b"other\n")
        set_policy(other)
        with open_zone(other) as elsewhere:
            promote_all(elsewhere)
            plan = planned(elsewhere)
        with pytest.raises(PlanRefused, match="another ledger"):
            apply_plan(zone, plan, approved_by="Ada", share=100)

    def test_of_a_file_whose_place_in_the_archive_is_taken(self, home, zone):
        (home / "archive" / NOTE).parent.mkdir(parents=True)
        (home / "archive" / NOTE).write_bytes(b"somebody else's")
        outcome = archive_due(zone)
        assert [one.key for one in outcome.archived] == [SECOND, PACKED]
        reason = outcome.not_moved[0].reason
        assert str(home / "archive" / NOTE) in reason
        assert str(home / "raw" / NOTE) in reason
        assert (home / "archive" / NOTE).read_bytes() == b"somebody else's"
        assert (home / "raw" / NOTE).exists()

    def test_of_a_file_that_is_damaged_in_raw(self, home, zone):
        os.chmod(home / "raw" / NOTE, 0o644)
        (home / "raw" / NOTE).write_bytes(b"damaged")
        outcome = archive_due(zone)
        assert [(left.key, "does not verify" in left.reason) for left in outcome.not_moved] == [(NOTE, True)]
        assert zone.index.custody.of(NOTE).whereabouts is Whereabouts.HOT

    def test_of_a_file_whose_copy_does_not_verify(self, zone):
        """Which of the two is damaged is told."""
        sync = zone.files.sync

        def sync_and_spoil(path):
            sync(path)
            if path.suffix == ".copy":
                overwrite(path, b"damaged")

        zone.files.sync = sync_and_spoil
        outcome = archive_due(zone)
        assert len(outcome.not_moved) == 3
        for left in outcome.not_moved:
            assert left.reason.startswith(f"the copy of {zone.layout.object(left.key)} in the archive does not")

    def test_of_a_hold_that_there_never_was(self, zone):
        with pytest.raises(NoSuchHold):
            release_hold(zone, "hold-7", reason="r", authority="a", by="b")


class TestReleasing:
    """Nothing goes from raw that is not recorded as archived, verified there, and what was recorded."""

    def test_of_what_the_ledger_has_in_raw_is_refused(self, home, zone):
        archive_due(zone)
        record = zone.index.custody.of(NOTE).record
        restore_all(zone)
        (kept,) = zone.publisher("forged").release([record])
        assert (kept.key, kept.problem) == (NOTE, "the ledger has it as hot")
        assert (home / "raw" / NOTE).exists()

    @pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"?"), lambda path: path.unlink()])
    def test_beside_a_copy_that_is_not_sound_is_refused(self, home, zone, damage):
        data = (home / "raw" / NOTE).read_bytes()
        archive_due(zone)
        (home / "raw" / NOTE).write_bytes(data)
        (home / "archive" / NOTE).chmod(0o644)
        damage(home / "archive" / NOTE)
        (kept,) = zone.publisher("again").release([zone.index.custody.of(NOTE).record])
        assert "does not verify" in kept.problem
        assert (home / "raw" / NOTE).read_bytes() == data


class TestAtOnce:
    """Any number of processes may archive, restore and promote at once."""

    def test_archive_restore_and_promote_agree_in_the_end(self, home):
        set_policy(home)
        with open_zone(home) as zone:
            plan = planned(zone)
        landing = LandingFolder(home)

        def archive():
            with open_zone(home) as zone:
                return apply_plan(zone, plan, approved_by="Ada", share=100)

        def restore():
            with open_zone(home) as zone:
                return restore_all(zone)

        def promote(number):
            landing.put(f"tiny/note_202406{number:02}.txt", b"one\n" * 20 if number % 2 else b"%d\n" % number)
            with open_zone(home) as zone:
                return promote_all(zone)

        with (
            mock.patch.object(intake, "contract_of", return_value=CONTRACT),
            ThreadPoolExecutor(max_workers=6) as pool,
        ):
            works = [pool.submit(promote, number) for number in range(10, 16)]
            works += [pool.submit(work) for work in (archive, restore, archive, restore, archive)]
            told = [work.exception() for work in works]
        # A file that was restored or delivered again while the plan was carried out makes it stale.
        assert {type(error) for error in told if error} <= {PlanRefused}
        assert objections(home) == []
        with open_zone(home) as zone:
            assert report(zone)[1] == []
            assert len(contents(zone)) == 10


class Sealed(WatchedFiles):
    """A disk whose files carry the immutable flag, for a user who may not take it off."""

    def is_immutable(self, path):
        return "_staging" not in path.parts

    def set_immutable(self, path, *, on):
        raise PermissionError(errno.EPERM, "Operation not permitted", str(path))

    def try_immutable(self, folder):
        raise PermissionError(errno.EPERM, "Operation not permitted", str(folder))


class TestSealedFiles:
    """What cannot be released is not recorded either."""

    def test_that_this_user_cannot_release_are_not_archived(self, home):
        set_policy(home)
        with open_zone(home, files=Sealed(LocalFiles())) as zone:
            with pytest.raises(CannotUnseal, match=r"carries the immutable flag.*so nothing was archived"):
                archive_due(zone)
            assert archived_keys(zone) == []
        assert objections(home) == []

    def test_are_not_archived_to_a_disk_that_has_no_flag(self, home):
        class NoFlagThere(WatchedFiles):
            def try_immutable(self, folder):
                if folder.is_relative_to(home / "archive"):
                    raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP), str(folder))

        set_policy(home)
        settings = replace(settings_for(home), immutable=True)
        with Zone(settings, files=NoFlagThere(LocalFiles()), clock=lambda: NOW) as zone:
            with pytest.raises(CannotProtect):
                archive_due(zone)
            assert archived_keys(zone) == []
        assert objections(home) == []


class TestAnArchiveThatIsAway:
    """A disk that is not mounted today keeps nothing from being promoted, and loses nothing."""

    def test_leaves_what_is_in_raw_to_be_read_and_promoted(self, home, zone):
        archive_due(zone)
        (home / "archive").rename(home / "away")
        LandingFolder(home).put("tiny/note_20240629.txt", b"new\n")
        assert len(promote_all(zone).receipts) == 1
        assert {damage.kind for damage in scrub(zone).damages} == {DamageKind.MISSING}
        (home / "away").rename(home / "archive")
        assert report(zone)[1] == []


class TestRestoring:
    """An archived object is copied back, verified and recorded; its copy in the archive stays."""

    def test_brings_everything_back_and_keeps_the_copies(self, home, zone):
        before = contents(zone)
        archive_due(zone)
        assert len(restore_all(zone).restored) == 3
        assert (home / "raw" / NOTE).read_bytes() == (home / "archive" / NOTE).read_bytes()
        assert contents(zone) == before
        assert (archived_keys(zone), objections(home), report(zone)[1]) == ([], [], [])

    def test_by_two_at_once_is_recorded_once(self, home, zone):
        archive_due(zone)
        sync = zone.files.sync

        def sync_and_restore(path):
            zone.files.sync = sync
            sync(path)
            with open_zone(home) as other:
                assert len(restore_all(other).restored) == 3

        zone.files.sync = sync_and_restore
        assert restore_all(zone).restored == []
        assert (archived_keys(zone), objections(home), report(zone)[1]) == ([], [], [])

    def test_of_a_damaged_copy_is_refused(self, home, zone):
        archive_due(zone)
        os.chmod(home / "archive" / NOTE, 0o644)
        (home / "archive" / NOTE).write_bytes(b"damaged")
        outcome = restore_all(zone)
        assert [left.key for left in outcome.not_restored] == [NOTE]
        assert not (home / "raw" / NOTE).exists()


class TestVerify:
    """An archived file is verified in the archive, and missing only if it is in neither place."""

    def test_counts_each_object_once(self, zone):
        archive_due(zone)
        found = scrub(zone)
        assert (found.objects, found.archived) == (3, 3)
        restore_all(zone)
        found = scrub(zone)
        assert (found.objects, found.archived) == (3, 0)

    def test_names_what_is_damaged_missing_or_foreign_in_the_archive(self, home, zone):
        archive_due(zone)
        os.chmod(home / "archive" / NOTE, 0o644)
        (home / "archive" / NOTE).write_bytes(b"damaged")
        (home / "archive" / SECOND).unlink()
        (home / "archive" / "stranger").write_bytes(b"?")
        found = {(damage.kind, damage.path) for damage in scrub(zone).damages}
        assert found == {
            (DamageKind.DAMAGED, str(home / "archive" / NOTE)),
            (DamageKind.MISSING, str(home / "archive" / SECOND)),
            (DamageKind.FOREIGN, str(home / "archive" / "stranger")),
        }

    def test_does_not_call_missing_what_still_lies_in_raw(self, home, zone):
        data = (home / "raw" / NOTE).read_bytes()
        archive_due(zone)
        (home / "archive" / NOTE).rename(home / "raw" / NOTE)
        found = scrub(zone)
        assert found.damages == ()
        assert {damage.kind for damage in found.weaknesses} == {DamageKind.COPY, DamageKind.LEFTOVER}
        assert scrub_rolling(zone, run_id="scrub", budget=60, window=30).damages == ()
        assert read_recorded(zone).known_damage == {}
        repair(zone, run_id="repair")
        assert (home / "archive" / NOTE).read_bytes() == data
        archive_due(zone)
        assert report(zone)[1] == []

    def test_misses_a_copy_though_its_object_was_archived_again_meanwhile(self, home, zone):
        archive_due(zone)
        restore_all(zone)
        recorded = read_recorded(zone)
        tick(zone, days=20)
        archive_due(zone)
        (home / "archive" / NOTE).unlink()
        found = [checked.problem for checked in check(zone, recorded.items.values(), recorded)]
        assert [(damage.kind, damage.path) for damage in found if damage] == [
            (DamageKind.MISSING, str(home / "archive" / NOTE))
        ]

    def test_does_not_take_other_bytes_in_raw_for_a_copy(self, home, zone):
        archive_due(zone)
        (home / "raw" / NOTE).write_bytes(b"other")
        assert report(zone)[1] == [(DamageKind.FOREIGN, str(home / "raw" / NOTE))]
        left = archive_due(zone).not_moved
        assert "not ours to remove" in left[0].reason
        assert (home / "raw" / NOTE).read_bytes() == b"other"


class TestRepair:
    """The archive is a source for raw, and has its own files repaired from raw or landing."""

    def test_of_a_restored_object_takes_the_archives_copy(self, home, zone):
        LandingFolder(home).remove("tiny/note_20240524.zip")
        archive_due(zone)
        restore_all(zone)
        (home / "raw" / PACKED).unlink()
        assert [done.source.split()[0] for done in repair(zone, run_id="repair").repaired] == ["archive"]
        assert objections(home) == []

    def test_of_an_archived_object_takes_what_landed(self, home, zone):
        archive_due(zone)
        before = (home / "archive" / PACKED).read_bytes()
        os.chmod(home / "archive" / PACKED, 0o644)
        (home / "archive" / PACKED).write_bytes(b"damaged")
        repair(zone, run_id="repair")
        assert (home / "archive" / PACKED).read_bytes() == before
        assert (report(zone)[1], objections(home)) == ([], [])
        assert not (home / "raw" / PACKED).exists()


class TestCopiesInTwoForms:
    """An object in raw and its copy in the archive, one of which a repair had to compress anew."""

    @pytest.fixture
    def forms(self, home, zone, monkeypatch):
        """Restored, then repaired in raw while the archive was away; what the form of both is."""
        archive_due(zone)
        restore_all(zone)
        (home / "archive").rename(home / "away")
        (home / "archive").mkdir()
        self.repair(zone, zone.layout.object(NOTE), monkeypatch, level=0)
        (home / "archive").rmdir()
        (home / "away").rename(home / "archive")
        return [path.read_bytes() for path in (zone.layout.object(NOTE), zone.layout.archived(NOTE))]

    def repair(self, zone, path, monkeypatch, *, level):
        overwrite(path, b"damaged")
        ways = [lambda blocks: [gzip.compress(b"".join(blocks), level, mtime=1)]]
        monkeypatch.setattr(restoring, "compressors", lambda *_, **__: ways)
        (done,) = repair(zone, run_id="repair").repaired
        assert done.is_new_form

    def told(self, zone):
        """The stored form of the object, as queries have it, and what the feed takes in all by the tallies."""
        with open_duckdb(zone.settings, feeds=[], refresh=False) as connection:
            query = "SELECT stored_sha256, stored_size FROM raw_files WHERE key = ? AND verdict = 'promoted'"
            (form,) = connection.execute(query, [NOTE]).fetchall()
        (total,) = (
            total.stored_size
            for total in zone.index.tallies.totals()
            if total.feed == NOTES.id and total.verdict == "promoted"
        )
        return form, total

    def of(self, zone, path):
        """The same, as the disk has it; every object has a copy in the archive."""
        data = path.read_bytes()
        others = sum(zone.layout.archived(key).stat().st_size for key in (SECOND, PACKED))
        return (hashlib.sha256(data).hexdigest(), len(data)), len(data) + others

    def test_are_read_in_raw_in_the_form_that_lies_there(self, zone, forms, monkeypatch):
        before = contents(zone)
        assert self.told(zone) == self.of(zone, zone.layout.object(NOTE))
        self.repair(zone, zone.layout.archived(NOTE), monkeypatch, level=9)
        assert contents(zone) == before
        assert self.told(zone) == self.of(zone, zone.layout.object(NOTE))

    def test_are_read_in_the_archive_in_the_form_that_lies_there(self, zone, forms, monkeypatch):
        before = contents(zone)
        tick(zone, days=20)
        zone.index.catch_up()
        hot = sum(zone.layout.object(key).stat().st_size for key in (NOTE, SECOND, PACKED))
        assert due_by_feed(zone)[NOTES.id].stored_size == hot
        archive_due(zone)
        assert zone.layout.archived(NOTE).read_bytes() == forms[1]
        assert contents(zone) == before
        assert self.told(zone) == self.of(zone, zone.layout.archived(NOTE))
        self.repair(zone, zone.layout.archived(NOTE), monkeypatch, level=0)
        assert contents(zone) == before
        assert self.told(zone) == self.of(zone, zone.layout.archived(NOTE))
