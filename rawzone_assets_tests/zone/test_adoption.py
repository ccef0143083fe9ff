"""Adopting a pile: the files take the way of landed ones, and the pile stays as it is.

That a crash or a failing disk changes nothing of that, the campaigns show (``works.ADOPT``).
"""

import gzip
import hashlib
import os
import random
from unittest import mock

import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.zone import adoption, reading
from rawzone_assets.zone import pile as piles
from rawzone_assets.zone.adoption import foresee
from rawzone_assets.zone.index_seen import SeenFiles
from rawzone_assets.zone.landing import Landing, Unreadable
from rawzone_assets.zone.landing_errors import PileMissing, PileNotApart
from rawzone_assets.zone.pile import NotUnpacked, Pile
from rawzone_assets_tests.zone.invariants import Oracle, read_landing, read_tree
from rawzone_assets_tests.zone.tiny_platform import (
    CONTRACT,
    TINY,
    LandingFolder,
    open_zone,
    promote_all,
    promote_these,
)

NOTE = "tiny/note_20240522.txt"


@pytest.fixture
def old(home):
    """The pile, written like a landing folder."""
    (home / "old").mkdir()
    return LandingFolder(home / "old")


class Adoption:
    """A pile beside a zone, as ``rawzone adopt`` sees it."""

    def __init__(self, home, old):
        self.home = home
        self.root = old.root

    def survey(self, zone):
        pile = Pile(self.root, zone.layout)
        return pile, pile.survey(zone.index, [TINY])

    def apply(self):
        with open_zone(self.home) as zone:
            zone.recover()
            pile, found = self.survey(zone)
            return promote_these(zone, found.ready, source=pile)

    def foresee(self):
        with open_zone(self.home) as zone, mock.patch.object(adoption, "contract_of", return_value=CONTRACT):
            pile, found = self.survey(zone)
            return list(foresee(zone, pile, found.ready, judge=judge))

    def receipts(self):
        with open_zone(self.home) as zone:
            zone.index.catch_up()
            return [entry.receipt for entry in zone.index.entries()]


@pytest.fixture
def adopting(home, old):
    old.root.mkdir()
    return Adoption(home, old)


def verdicts(outcome):
    return sorted((receipt.adopted["path"], str(receipt.verdict)) for receipt in outcome.receipts)


def told(receipt):
    """What a receipt says but for times, and for the stored form, which is made only when it is written."""
    names = ("validated_at", "promoted_at", "stored_size", "stored_sha256", "encoding")
    return {name: value for name, value in receipt.as_record().items() if name not in names}


class TestWhatBecomesOfAPile:
    def test_each_file_gets_its_verdict_and_nothing_in_the_pile_changes(self, home, old, adopting):
        old.put_all({NOTE: b"a", "x/tiny/note_20240523.txt": b"a", "tiny/sum_20240522.csv": b"bad"})
        before = read_landing(old.root)
        assert verdicts(adopting.apply()) == [
            ("tiny/note_20240522.txt", "promoted"),
            ("tiny/sum_20240522.csv", "quarantined"),
            ("x/tiny/note_20240523.txt", "duplicate"),
        ]
        assert read_landing(old.root) == before
        assert Oracle().check(read_tree(home / "raw"), read_tree(home / "quarantine")) == []

    def test_adopting_again_changes_nothing(self, home, old, adopting):
        old.put_all({NOTE: b"a", "tiny/note_20240523.txt.gz": gzip.compress(b"b"), "tiny/stranger": b"?"})
        adopting.apply()
        before = read_tree(home / "raw")
        again = adopting.apply()
        assert (again.receipts, again.unchanged) == ([], 0)  # not even read
        assert read_tree(home / "raw") == before

    def test_what_somebody_else_adopts_this_moment_is_looked_at_anew(self, home, old, adopting, monkeypatch):
        """The number of its standing is not among those that this look has read."""
        old.put(NOTE, b"a")
        standings, asked = SeenFiles.standings, []

        def and_then_somebody_adopts(seen):
            known = standings(seen)
            if not asked:
                asked.append(True)
                adopting.apply()
            return known

        with open_zone(home) as zone:
            monkeypatch.setattr(SeenFiles, "standings", and_then_somebody_adopts)
            _, found = adopting.survey(zone)
            monkeypatch.undo()
        assert [delivery.landed.path for delivery in found.ready] == [NOTE]
        assert adopting.apply().receipts == []

    def test_what_landing_has_delivered_already_is_a_duplicate(self, home, landing, old, adopting):
        landing.put(NOTE, b"a")
        with open_zone(home) as zone:
            promote_all(zone)
        old.put(NOTE, b"a")
        assert verdicts(adopting.apply()) == [(NOTE, "duplicate")]
        with open_zone(home) as zone:
            # Landing's own file is not mixed up with the pile's.
            assert zone.survey([TINY], settle=0).states() == {NOTE: "promoted"}

    def test_other_bytes_under_a_known_name_are_a_revision(self, home, landing, old, adopting):
        landing.put(NOTE, b"a")
        with open_zone(home) as zone:
            promote_all(zone)
        old.put(NOTE, b"older")
        (receipt,) = adopting.apply().receipts
        assert (receipt.revision, receipt.revises) == (2, "tiny/notes/2024/05/note_20240522.txt.gz")

    def test_revisions_of_an_old_zone_keep_their_order(self, old, adopting):
        old.put_all({"tiny/note_20240522.r2.txt": b"2", "tiny/note_20240522.r10.txt": b"10", NOTE: b"1"})
        adopting.apply()
        sizes = {receipt.revision: receipt.size for receipt in adopting.receipts()}
        assert sizes == {1: 1, 2: 1, 3: 2}

    def test_files_of_no_feed_are_left_and_not_recorded(self, old, adopting):
        old.put("tiny/stranger", b"?")
        adopting.apply()
        assert adopting.receipts() == []


class TestTheLineage:
    def test_a_receipt_says_whence_a_file_came_and_how_old_it_was(self, old, adopting):
        path = old.put(NOTE, b"a")
        os.utime(path, ns=(0, 1_500_000_000_123_456_789))
        (receipt,) = adopting.apply().receipts
        assert receipt.landing_path == str(path)
        assert receipt.adopted == {
            "pile": f"{old.root}/",
            "path": NOTE,
            "mtime": "2017-07-14T02:40:00.123456Z",
        }

    @pytest.mark.parametrize("seconds", [-(2**31), 2**33, 2**40])
    def test_any_time_that_a_file_can_have_is_told(self, old, adopting, seconds):
        path = old.put(NOTE, b"a")
        os.utime(path, (seconds, seconds))
        kept = path.stat().st_mtime_ns  # not every file system has room for all of them
        (receipt,) = adopting.apply().receipts
        usual = abs(kept) < 2**36 * 10**9
        assert receipt.adopted["mtime"].endswith("Z" if usual else f"{kept} ns after 1970-01-01")

    def test_a_name_that_is_no_text_is_told_escaped_and_exactly(self, old, adopting):
        folder = os.fsencode(old.root) + b"/caf\xe9/tiny"
        os.makedirs(folder)
        with open(folder + b"/note_20240522.txt", "wb") as stream:
            stream.write(b"a")
        (receipt,) = adopting.apply().receipts
        assert receipt.landing_path.endswith("caf\\xe9/tiny/note_20240522.txt")
        assert bytes.fromhex(receipt.landing_path_bytes) == folder + b"/note_20240522.txt"

    def test_what_came_through_landing_does_not_speak_of_it(self, home, landing):
        landing.put(NOTE, b"a")
        with open_zone(home) as zone:
            (receipt,) = promote_all(zone).receipts
        assert "adopted" not in receipt.as_record()


class TestWhatIsPacked:
    """A .gz in a pile stands for what it holds (ADR 47)."""

    def test_its_content_is_what_is_stored(self, home, old, adopting):
        packed = gzip.compress(b"content\n", mtime=1)
        old.put(f"{NOTE}.gz", packed)
        (receipt,) = adopting.apply().receipts
        assert (receipt.name, receipt.size) == ("note_20240522.txt", 8)
        assert receipt.sha256 == hashlib.sha256(b"content\n").hexdigest()
        assert receipt.adopted["packing"] == "gzip"
        assert receipt.adopted["packed_sha256"] == hashlib.sha256(packed).hexdigest()
        assert receipt.adopted["packed_size"] == str(len(packed))
        assert gzip.decompress((home / "raw" / receipt.key).read_bytes()) == b"content\n"

    @pytest.mark.parametrize("held", [1, 2**25])
    def test_several_members_and_padding_are_read_as_gunzip_does(self, old, adopting, held):
        old.put(f"{NOTE}.gz", gzip.compress(b"one\n") + gzip.compress(b"two\n") + bytes(512))
        with mock.patch.object(reading, "HELD_IN_MEMORY", held):
            (receipt,) = adopting.apply().receipts
        assert receipt.sha256 == hashlib.sha256(b"one\ntwo\n").hexdigest()

    def test_the_form_in_which_it_is_refused_does_not_depend_on_its_packing(self, home, old, adopting):
        content = b"bad" + random.Random(1).randbytes(1_000)  # which no compression makes smaller
        old.put(NOTE, content)
        old.put("tiny/note_20240523.txt.gz", gzip.compress(content))
        with mock.patch.object(reading, "HELD_IN_MEMORY", len(content) + 1):
            receipts = adopting.apply().receipts
        assert len(receipts) == 2
        for receipt in receipts:
            stored = (home / "quarantine" / receipt.quarantine["path"]).read_bytes()
            assert (receipt.stored_size, receipt.stored_sha256) == (
                len(stored),
                hashlib.sha256(stored).hexdigest(),
            )

    @pytest.mark.parametrize(
        "packed",
        [b"", b"\x1f\x8b", b"no gzip", gzip.compress(b"x")[:-4], gzip.compress(b"x") + b"y"],
        ids=["empty", "begun", "other", "cut", "followed"],
    )
    def test_what_cannot_be_unpacked_is_told_and_left(self, old, adopting, packed):
        old.put(f"{NOTE}.gz", packed)
        outcome = adopting.apply()
        (problem,) = outcome.unreadable
        assert isinstance(problem, NotUnpacked)
        assert outcome.receipts == []
        assert [type(one.problem) for one in adopting.foresee()] == [NotUnpacked]

    def test_one_that_unpacks_without_end_is_given_up(self, old, adopting):
        old.put(f"{NOTE}.gz", gzip.compress(bytes(10_000)))
        with mock.patch.object(piles, "MOST_COPIED", 9_999):
            (problem,) = adopting.apply().unreadable
        assert problem.reason == "it unpacks to more than 9,999 bytes"

    @pytest.mark.parametrize("of_content", [True, False])
    def test_its_sidecar_may_describe_it_or_what_it_holds(self, old, adopting, of_content):
        packed = gzip.compress(b"content\n")
        described = b"content\n" if of_content else packed
        said = f'{{"size": {len(described)}, "sha256": "{hashlib.sha256(described).hexdigest()}"}}'
        old.put(f"{NOTE}.gz", packed)
        old.put(f"{NOTE}.meta.json" if of_content else f"{NOTE}.gz.meta.json", said.encode())
        (receipt,) = adopting.apply().receipts
        assert receipt.findings == ()

    def test_a_sidecar_that_describes_neither_refuses_it(self, old, adopting):
        old.put(f"{NOTE}.gz", gzip.compress(b"content\n"))
        old.put(f"{NOTE}.gz.meta.json", b'{"size": 3}')
        (receipt,) = adopting.apply().receipts
        assert [finding["code"] for finding in receipt.findings] == ["RZ-SIDECAR-MISMATCH"]


class TestTheDryRun:
    """It says what ``--apply`` then does, and writes nothing."""

    @pytest.mark.parametrize("held", [0, 2**25])
    def test_it_foresees_every_verdict(self, home, old, adopting, held):
        old.put_all(
            {
                NOTE: b"a",
                "tiny/note_20240523.txt": b"a",
                "b/tiny/note_20240522.txt": b"other",
                "tiny/note_20240524.txt.gz": gzip.compress(b"bad"),
                "c/tiny/note_20240524.txt": b"bad",
                "tiny/sum_20230101.csv": b"early",
            }
        )
        before = read_landing(old.root)
        with mock.patch.object(reading, "HELD_IN_MEMORY", held):
            foreseen = [told(one.receipt) for one in adopting.foresee()]
        assert not (home / "raw").exists()
        assert read_landing(old.root) == before
        assert foreseen == [told(receipt) for receipt in adopting.apply().receipts]

    def test_bytes_that_are_known_under_this_path_are_nothing_new(self, old, adopting):
        path = old.put(NOTE, b"a")
        adopting.apply()
        os.utime(path)
        assert [(one.receipt, one.problem) for one in adopting.foresee()] == [(None, None)]


class TestWhatIsNotOpened:
    def test_links_are_named_and_not_followed(self, home, old, adopting):
        (home / "secret").write_bytes(b"secret")
        old.put(NOTE, b"a")
        (old.root / "tiny" / "note_20240523.txt").symlink_to(home / "secret")
        (old.root / "elsewhere").symlink_to(home)
        with open_zone(home) as zone:
            _, found = adopting.survey(zone)
        assert [delivery.landed.path for delivery in found.ready] == [NOTE]
        assert {landed.path: finding.code for landed, finding in found.unrecognized} == {
            "elsewhere": "RZ-UNKNOWN-PLATFORM",
            "tiny/note_20240523.txt": "RZ-NOT-A-REGULAR-FILE",
        }

    def test_a_file_that_changes_while_it_is_read_is_left_for_next_time(self, home, old, adopting):
        path = old.put(NOTE, b"a")
        with open_zone(home) as zone:
            pile, found = adopting.survey(zone)
            path.write_bytes(b"changed")
            outcome = promote_these(zone, found.ready, source=pile)
        assert [item.reason for item in outcome.waiting] == ["changed while it was read"]
        assert outcome.receipts == []

    def test_a_file_that_may_not_be_read_is_told_and_holds_up_no_other(self, old, adopting):
        old.put_all({NOTE: b"a", "tiny/note_20240523.txt": b"b"})
        open_file = Landing.open

        def refuse(landing, landed):
            if landed.path == NOTE:
                raise Unreadable(landed.label, "permission denied")
            return open_file(landing, landed)

        with mock.patch.object(Landing, "open", refuse):
            foreseen = adopting.foresee()
            outcome = adopting.apply()
        assert [one.problem.reason for one in foreseen if one.problem] == ["permission denied"]
        assert [problem.label for problem in outcome.unreadable] == [str(old.root / NOTE)]
        assert [receipt.adopted["path"] for receipt in outcome.receipts] == ["tiny/note_20240523.txt"]


class TestWhichFolder:
    @pytest.mark.parametrize("inner", ["landing", "raw", "raw/tiny", "quarantine", "archive", "state", "."])
    def test_the_zones_own_folders_are_refused(self, home, inner):
        (home / inner).mkdir(parents=True, exist_ok=True)
        (home / "alias").symlink_to(home / inner)
        with open_zone(home) as zone:
            for folder in (home / inner, home / "alias"):
                with pytest.raises(PileNotApart, match="nothing is adopted"):
                    Pile(folder, zone.layout)

    def test_a_folder_that_is_not_there_is_named(self, home):
        with open_zone(home) as zone, pytest.raises(PileMissing, match="nowhere"):
            Pile(home / "nowhere", zone.layout)
