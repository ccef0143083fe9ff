"""Scrub: every file that is not what the ledger recorded is named, and nothing else is."""

import os
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from rawzone_assets.health.damage import DamageKind
from rawzone_assets.health.erasure import erase, plan_erasure
from rawzone_assets.health.recorded import read_recorded
from rawzone_assets.health.scrub import scrub
from rawzone_assets.zone.ledger import EMPTY, Author, encode_commit
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets_tests.health.damaging import overwrite, zone_files
from rawzone_assets_tests.zone.faulty_files import WatchedFiles
from rawzone_assets_tests.zone.tiny_platform import LandingFolder, open_zone, promote_all


def damages(home, **wanted):
    with open_zone(home) as zone:
        return scrub(zone, **wanted).damages


class TestASoundZone:
    """Fixity: all stored bytes are re-read, and what was recorded is found."""

    def test_has_no_damage_and_is_counted(self, home):
        with open_zone(home) as zone:
            report = scrub(zone)
        assert report.damages == ()
        assert (report.objects, report.refused, report.commits) == (3, 2, report.head.seq + 1)
        assert report.bytes == sum(
            path.stat().st_size for path in zone_files(home) if path.suffix in (".gz", ".zip")
        )

    def test_stays_sound_whatever_its_times_and_modes_say(self, home):
        for path in zone_files(home):
            path.chmod(0o600)
            os.utime(path, (0, 0))
        assert damages(home) == ()

    def test_is_read_from_the_ledger_and_never_from_the_index(self, home):
        shutil.rmtree(home / "state")
        (home / "state").write_bytes(b"not even a folder")
        assert damages(home) == ()

    def test_tells_its_progress_in_stored_bytes_up_to_all_of_them(self, home):
        calls = []
        with open_zone(home) as zone:
            report = scrub(zone, progress=lambda done, total: calls.append((done, total)))
        assert calls[-1] == (report.bytes, report.bytes)
        assert calls == sorted(calls)

    def test_is_read_once_though_files_are_read_while_the_ledger_still_is(self, home):
        opened = []

        class Noting(WatchedFiles):
            def before(self, operation, path):
                if operation == "open":
                    opened.append(path)

        with open_zone(home, files=Noting(LocalFiles())) as zone:
            assert scrub(zone, feeds=["tiny/sums"]).damages == ()
            narrowed, opened[:] = list(opened), []
            assert scrub(zone).damages == ()
        assert sorted(opened) == sorted({*zone_files(home), *home.glob("raw/_ledger/*")})
        assert len(narrowed) < len(opened)
        assert all("notes" not in path.parts for path in narrowed)

    def test_without_a_ledger_is_empty_and_sound(self, tmp_path):
        with open_zone(tmp_path) as zone:
            report = scrub(zone)
        assert (report.damages, report.objects, report.head.seq) == ((), 0, -1)


class TestAPromotionMeanwhile:
    """A scrub takes hours, and the zone is in use: what is promoted while it runs is no finding."""

    @pytest.mark.parametrize("folder", ["raw/_ledger", "raw", "raw/tiny/notes", "quarantine"])
    def test_is_none_whatever_is_listed_at_that_moment(self, home, folder):
        due = [b"three\n" * 20]

        class Meanwhile(WatchedFiles):
            def before(self, operation, path):
                if operation == "names" and path == home / folder and due:
                    LandingFolder(home).put("tiny/note_20240524_120000.txt", due.pop())
                    with open_zone(home) as other:
                        promote_all(other)

        with open_zone(home, files=Meanwhile(LocalFiles())) as zone:
            report = scrub(zone)
        assert not due
        assert (report.damages, report.weaknesses, report.objects) == ((), (), 4)
        assert damages(home) == ()

    @pytest.mark.parametrize("name", ["note_20240524.zip", "sum_20240522.csv"], ids=["promoted", "refused"])
    def test_what_is_erased_by_law_before_it_is_read_is_not_missing(self, home, name):
        said = {"reason": "asked for", "authority": "GDPR 17"}
        with open_zone(home) as zone:
            zone.index.catch_up()
            due = [entry.receipt.sha256 for entry in zone.index.find(name)]

        class Meanwhile(WatchedFiles):
            def before(self, operation, path):
                if operation == "open" and path.suffix == ".gz" and due:
                    wanted = [due.pop()]
                    with open_zone(home) as other:
                        other.index.catch_up()
                        code = plan_erasure(other, wanted, **said).code
                        assert erase(other, wanted, code=code, by="Ada", **said).left == []

        with open_zone(home, files=Meanwhile(LocalFiles())) as zone:
            report = scrub(zone)
        assert not due
        assert (report.damages, report.weaknesses) == ((), ())

    def test_a_commit_that_is_damaged_by_then_does_not_end_it(self, home):
        gone = next(path for path in zone_files(home) if path.suffix == ".zip")
        gone.unlink()
        newest = max((home / "raw/_ledger").iterdir())

        class Meanwhile(WatchedFiles):
            def before(self, operation, path):
                if operation == "open" and path == gone:
                    newest.with_name(f"{int(newest.stem) + 1:020}.jsonl").write_bytes(b"cut")

        with open_zone(home, files=Meanwhile(LocalFiles())) as zone:
            (damage,) = scrub(zone).damages
        assert (damage.kind, damage.path) == (DamageKind.MISSING, str(gone))

    def test_is_known_to_a_scrub_that_asks_others_of_the_ledger_meanwhile(self, home):
        """Else what they have seen of it by then would seem to have been rolled back."""
        seen = []

        def promote():
            LandingFolder(home).put("tiny/note_20240524_120000.txt", b"three\n" * 20)
            with open_zone(home) as other:
                promote_all(other)
                seen.append(read_recorded(other).head)

        with open_zone(home) as zone:
            assert scrub(zone, meanwhile=promote).head == seen[0]


class TestDamage:
    """``verify`` names every damaged, missing or foreign file (DESIGN section 9)."""

    @pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.campaign)])
    def test_one_flipped_bit_anywhere_is_named(self, home, tell, step):
        """Every file, every region: beginning and end of each at every byte, between them every ``step``."""
        tried = 0
        with open_zone(home) as zone:
            for path in zone_files(home):
                sound = path.read_bytes()
                edges = {*range(12), *range(len(sound) - 12, len(sound))}
                for offset in sorted(edges | set(range(0, len(sound), step))):
                    altered = bytearray(sound)
                    altered[offset] ^= 1 << (offset % 8)
                    overwrite(path, altered)
                    named = {damage.path for damage in scrub(zone).damages}
                    assert str(path) in named, f"{path.name} at {offset}"
                    tried += 1
                overwrite(path, sound)
        assert damages(home) == ()
        tell(f"scrub, every {step} bytes: {tried} flipped bits, each named")

    @pytest.mark.campaign
    def test_every_bit_of_every_byte_of_a_commit_and_an_object_is_named(self, home, tell):
        tried = 0
        with open_zone(home) as zone:
            for path in (zone.ledger.path(0), *(path for path in zone_files(home) if path.suffix == ".gz")):
                sound = path.read_bytes()
                for offset in range(len(sound)):
                    for bit in range(8):
                        altered = bytearray(sound)
                        altered[offset] ^= 1 << bit
                        overwrite(path, altered)
                        assert str(path) in {damage.path for damage in scrub(zone).damages}
                        tried += 1
                overwrite(path, sound)
        tell(f"scrub, every bit: {tried} flipped bits, each named")

    @pytest.mark.parametrize("alter", [lambda d: d[:-1], lambda d: d + b"\0", lambda _: b""])
    def test_a_cut_grown_or_emptied_file_is_named(self, home, alter):
        for path in zone_files(home):
            sound = path.read_bytes()
            overwrite(path, alter(sound))
            assert str(path) in {damage.path for damage in damages(home)}
            overwrite(path, sound)

    def test_a_missing_file_is_named_as_missing(self, home):
        for path in zone_files(home):
            sound = path.read_bytes()
            path.unlink()
            found = {damage.path: damage.kind for damage in damages(home)}
            # The newest commit is the one file whose loss only a witness elsewhere can tell; its objects do.
            expected = {DamageKind.MISSING, DamageKind.LEDGER, DamageKind.FOREIGN}
            assert found, f"{path.name} is gone and nobody says so"
            assert set(found.values()) <= expected
            overwrite_new(path, sound)

    def test_objects_that_changed_places_are_both_named(self, home):
        first, second = (path for path in zone_files(home) if path.name.startswith("note_20240522"))
        one, two = first.read_bytes(), second.read_bytes()
        overwrite(first, two)
        overwrite(second, one)
        assert {damage.path for damage in damages(home)} == {str(first), str(second)}

    def test_files_that_no_receipt_knows_are_foreign(self, home):
        strangers = [home / "raw/tiny/notes/2024/05/x.gz", home / "raw/y", home / "quarantine/z"]
        for path in strangers:
            path.write_bytes(b"?")
        link = home / "raw/tiny/elsewhere"
        link.symlink_to("/")
        found = {damage.path: damage.kind for damage in damages(home)}
        assert found == {str(path): DamageKind.FOREIGN for path in (*strangers, link)}

    def test_a_renamed_object_is_told_from_a_stranger(self, home):
        path = next(path for path in zone_files(home) if path.suffix == ".zip")
        path.rename(home / "raw" / "elsewhere.zip")
        found = {damage.kind: damage for damage in damages(home)}
        assert set(found) == {DamageKind.MISSING, DamageKind.RENAMED}
        assert found[DamageKind.RENAMED].path == str(home / "raw" / "elsewhere.zip")
        assert "raw/tiny/notes/2024/05/note_20240524.zip" in found[DamageKind.RENAMED].problem

    def test_a_renamed_commit_is_told_by_its_number(self, home):
        (home / "raw/_ledger" / f"{0:020d}.jsonl").rename(home / "raw/_ledger/old.jsonl")
        found = {damage.kind: damage.problem for damage in damages(home)}
        assert found[DamageKind.LEDGER] == "commit 0 is missing"
        assert "it is commit 0" in found[DamageKind.RENAMED]

    def test_an_object_replaced_by_a_link_to_the_same_bytes_is_damage(self, home):
        path = next(path for path in zone_files(home) if path.suffix == ".zip")
        moved = home / "moved"
        path.rename(moved)
        path.symlink_to(moved)
        assert [(damage.path, damage.kind) for damage in damages(home)] == [(str(path), DamageKind.DAMAGED)]

    def test_damage_says_feed_partition_and_key(self, home):
        path = next(path for path in zone_files(home) if path.suffix == ".zip")
        overwrite(path, b"")
        (damage,) = damages(home)
        assert (damage.feed, damage.partition, damage.key) == (
            "tiny/notes",
            "2024-05-24",
            "tiny/notes/2024/05/note_20240524.zip",
        )


class TestFoldersOfTheZonesOwn:
    """Ledger and staging are read where they belong, not wherever a link leads."""

    @pytest.mark.parametrize("name", ["raw/_ledger", "raw/_staging"])
    def test_a_link_in_the_place_of_one_is_named(self, home, tmp_path, name):
        (home / name).rename(tmp_path / "elsewhere")
        (home / name).symlink_to(tmp_path / "elsewhere")
        assert [(damage.kind, damage.path) for damage in damages(home)] == [
            (DamageKind.FOREIGN, str(home / name))
        ]


class TestWeaknesses:
    """Sound bytes that somebody could change unseen are named too, but they are no damage."""

    def weak(self, home):
        with open_zone(home) as zone:
            report = scrub(zone)
        assert report.damages == ()
        return [(weakness.kind, weakness.path) for weakness in report.weaknesses]

    def test_a_sound_zone_has_none(self, home):
        assert self.weak(home) == []

    def test_a_writable_file_is_named(self, home):
        for path in zone_files(home):
            path.chmod(0o644)
            assert self.weak(home) == [(DamageKind.WRITABLE, str(path))]
            path.chmod(0o444)

    def test_a_folder_in_which_others_may_replace_files_is_named(self, home):
        folders = {path.parent for path in zone_files(home)}
        for folder in [*folders, home / "raw", home / "raw/tiny", home / "quarantine"]:
            mode = folder.stat().st_mode
            for bits in (0o020, 0o002):
                folder.chmod(mode | bits)
                assert self.weak(home) == [(DamageKind.WRITABLE, str(folder))]
            folder.chmod(mode)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
    def test_a_file_of_another_user_is_named(self, home):
        for path in zone_files(home):
            os.chown(path, 12345, -1)
            assert self.weak(home) == [(DamageKind.OWNED, str(path))]
            os.chown(path, 0, -1)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
    def test_a_file_of_root_is_not_for_root_may_change_any(self, home):
        os.chown(home / "raw", 12345, -1)
        assert self.weak(home) == []

    def test_a_name_among_what_a_batch_has_staged_is_ours(self, home):
        path = next(path for path in zone_files(home) if path.suffix == ".zip")
        batch = home / "raw/_staging/0123456789abcdef"
        batch.mkdir()
        os.link(path, batch / "blob")
        assert self.weak(home) == []

    def test_a_damaged_file_is_named_as_that_alone(self, home):
        path = zone_files(home)[0]
        path.chmod(0o644)
        path.write_bytes(b"")
        with open_zone(home) as zone:
            report = scrub(zone)
        assert {damage.path for damage in report.damages} == {str(path)}
        assert report.weaknesses == ()

    def test_a_stray_among_the_batches_is_named_when_the_whole_zone_is_looked_at(self, home):
        stray = home / "raw/_staging/notes.txt"
        stray.write_text("hello")
        assert self.weak(home) == [(DamageKind.LEFTOVER, str(stray))]
        with open_zone(home) as zone:
            for narrowed in ({"feeds": ["tiny/notes"]}, {"since": "2024-05-22"}, {"until": "2024-05-22"}):
                assert scrub(zone, **narrowed).weaknesses == ()

    def test_a_name_outside_of_the_zone_is_named(self, home):
        for path in zone_files(home):
            os.link(path, home / "outside")
            assert self.weak(home) == [(DamageKind.LINKED, str(path))]
            (home / "outside").unlink()


class TestTheChain:
    """Every commit names the one before it, so none can be altered, left out or put in another's place."""

    def test_a_commit_rewritten_with_a_right_hash_of_its_own_breaks_its_successor(self, home):
        with open_zone(home) as zone:
            first = zone.ledger.commit(0)
            forged = encode_commit(
                [dict(record) for record in first.records],
                after=EMPTY,
                at=first.at,
                author=Author(run_id="forged", writer="nobody", code_version="0"),
            )
            overwrite(zone.ledger.path(0), forged)
        (damage,) = damages(home)
        assert damage.kind is DamageKind.LEDGER
        assert "follow" in damage.problem

    @pytest.mark.parametrize(
        "record",
        [[1], {"record": "receipt"}, {"record": "receipt", "verdict": "promoted"}, {"record": "damaged"}],
    )
    def test_a_commit_with_right_hashes_whose_lines_are_no_records_is_named(self, home, record):
        """Whoever may write to the ledger can hash anything; it ended verify with an exception."""
        with open_zone(home) as zone:
            head = zone.index.catch_up()
            data = encode_commit(
                [record], after=head, at=head.at, author=Author(run_id="x", writer="nobody", code_version="0")
            )
            zone.ledger.path(head.seq + 1).write_bytes(data)
            zone.ledger.path(head.seq + 1).chmod(0o444)
            path = zone.ledger.path(head.seq + 1)
        assert {(damage.kind, damage.path) for damage in damages(home)} == {(DamageKind.LEDGER, str(path))}

    def test_a_commit_of_a_time_before_its_predecessors_is_named(self, home):
        with open_zone(home) as zone:
            head = zone.index.catch_up()
            path = zone.ledger.path(head.seq + 1)
            at = head.at - timedelta(microseconds=1)
            author = Author(run_id="forged", writer="nobody", code_version="0")
            overwrite_new(path, encode_commit([], after=replace(head, at=None), at=at, author=author))
        (damage,) = damages(home)
        assert (damage.path, damage.problem) == (str(path), "its time is before that of its predecessor")

    def test_a_commit_that_says_it_has_another_number_is_named(self, home):
        """It follows the one before it, and no command that writes would go on behind it."""
        with open_zone(home) as zone:
            head = zone.index.catch_up()
            author = Author(run_id="forged", writer="nobody", code_version="0")
            path = zone.ledger.path(head.seq + 1)
            overwrite_new(path, encode_commit([], after=replace(head, seq=7), at=head.at, author=author))
        (damage,) = damages(home)
        assert (damage.path, damage.problem) == (str(path), "it says it is number 8")

    def test_an_object_that_two_receipts_claim_for_other_bytes_is_named(self, home):
        with open_zone(home) as zone:
            head, first = zone.index.catch_up(), zone.ledger.commit(0)
            receipt = next(record for record in first.records if record.get("verdict") == "promoted")
            author = Author(run_id="forged", writer="nobody", code_version="0")
            forged = encode_commit([{**receipt, "sha256": "0" * 64}], after=head, at=head.at, author=author)
            overwrite_new(zone.ledger.path(head.seq + 1), forged)
        (damage,) = damages(home)
        assert (damage.kind, damage.key) == (DamageKind.LEDGER, receipt["key"])
        assert damage.problem == "two receipts claim it for other bytes"

    def test_of_a_damaged_commit_what_can_still_be_read_is_looked_for_and_not_called_foreign(self, home):
        with open_zone(home) as zone:
            path, missing = zone.ledger.path(0), next(p for p in zone_files(home) if p.suffix == ".zip")
        missing.unlink()
        overwrite(path, path.read_bytes().replace(b'"seq":0', b'"seq":7', 1))
        assert {(damage.kind, damage.path) for damage in damages(home)} == {
            (DamageKind.LEDGER, str(path)),
            (DamageKind.MISSING, str(missing)),
        }

    def test_a_commit_left_out_is_missing(self, home):
        with open_zone(home) as zone:
            zone.ledger.path(0).unlink()
        found = [damage for damage in damages(home) if damage.kind is DamageKind.LEDGER]
        assert [damage.problem for damage in found] == ["commit 0 is missing"]

    def test_a_name_that_is_no_commit_is_foreign(self, home):
        (home / "raw/_ledger/notes.txt").write_text("hello")
        assert [damage.kind for damage in damages(home)] == [DamageKind.FOREIGN]

    @pytest.mark.parametrize("name", ["_ledger", "_staging"])
    def test_only_at_the_top_of_raw_is_a_folder_the_ledgers_or_that_of_batches(self, home, name):
        hidden = home / "raw/tiny" / name / "note_20240522.txt.gz"
        hidden.parent.mkdir()
        hidden.write_bytes(b"hello")
        assert [(damage.kind, damage.path) for damage in damages(home)] == [(DamageKind.FOREIGN, str(hidden))]

    def test_so_is_a_number_that_no_ledger_reaches(self, home):
        stray = home / "raw/_ledger" / f"{'9' * 20}.jsonl"
        stray.write_text("hello")
        assert [(damage.kind, damage.path) for damage in damages(home)] == [(DamageKind.FOREIGN, str(stray))]
        os.truncate(stray, 2**42)  # a hole of terabytes takes no room on disk, and must take no memory
        assert [(damage.kind, damage.path) for damage in damages(home)] == [(DamageKind.FOREIGN, str(stray))]


class TestSelection:
    """Feeds and days narrow the objects, never the chain."""

    def test_other_feeds_and_days_are_not_read(self, home):
        path = next(path for path in zone_files(home) if path.suffix == ".zip")
        overwrite(path, b"")
        assert damages(home, feeds=["tiny/sums"]) == ()
        assert damages(home, until="2024-05-23") == ()
        assert len(damages(home, feeds=["tiny/notes"], since="2024-05-24", until="2024-05-24")) == 1

    def test_the_chain_is_always_read(self, home):
        (home / "raw/_ledger/notes.txt").write_text("hello")
        assert len(damages(home, feeds=["tiny/sums"])) == 1


def overwrite_new(path, data):
    path.write_bytes(data)
    path.chmod(0o444)
