"""Reading: bytes are given out only after they were found to be those the receipt records."""

import os

import pytest

from rawzone_assets.access import reading
from rawzone_assets.access.reading import original_bytes, path_of, resolve, stored_form
from rawzone_assets.zone import codec
from rawzone_assets.zone.object_errors import AmbiguousObject, NotPromoted, ObjectDamaged, UnknownObject
from rawzone_assets_tests.zone.faulty_files import WatchedFiles

A, B = "toolost/toolost_spotify_20250601.json", "toolost/toolost_spotify_20250602.json"


@pytest.fixture(params=["small", "large"])
def size(request, monkeypatch):
    """Both ways to read: in one piece, and in two passes through one descriptor."""
    if request.param == "large":
        monkeypatch.setattr(reading, "HELD_IN_MEMORY", 0)
    return request.param


@pytest.mark.usefixtures("size")
class TestOriginalBytes:
    def test_they_are_those_that_landed(self, bench):
        data = os.urandom(3 << 20)
        (receipt,) = bench.land(A, data)
        assert b"".join(original_bytes(bench.zone, receipt)) == data

    def test_an_empty_object_is_empty(self, bench):
        (receipt,) = bench.land(A, b"")
        assert b"".join(original_bytes(bench.zone, receipt)) == b""

    def test_a_single_wrong_bit_anywhere_gives_nothing(self, bench):
        (receipt,) = bench.land(A, b"some content")
        path = path_of(bench.zone, receipt)
        good = path.read_bytes()
        path.chmod(0o644)
        for position in range(len(good)):
            path.write_bytes(good[:position] + bytes([good[position] ^ 4]) + good[position + 1 :])
            blocks = original_bytes(bench.zone, receipt)
            with pytest.raises(ObjectDamaged):
                next(blocks)

    def test_a_link_in_the_objects_place_is_not_followed(self, bench, tmp_path):
        (receipt,) = bench.land(A, b"some content")
        path = path_of(bench.zone, receipt)
        path.rename(tmp_path / "moved")
        path.symlink_to(tmp_path / "moved")
        with pytest.raises(ObjectDamaged, match="a link lies in its place"):
            next(original_bytes(bench.zone, receipt))


def test_of_two_copies_that_are_not_sound_the_first_is_told_of(bench):
    (receipt,) = bench.land(A, b"some content")
    hot, copy = path_of(bench.zone, receipt), bench.zone.layout.archived(receipt.key)
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"")
    hot.chmod(0o644)
    hot.write_bytes(hot.read_bytes() + b"x")
    with pytest.raises(ObjectDamaged, match="more than the recorded"):
        next(original_bytes(bench.zone, receipt))


def test_an_object_that_comes_back_to_raw_while_the_archive_is_looked_into_is_read_there(bench, tmp_path):
    (receipt,) = bench.land(A, b"some content")
    hot = path_of(bench.zone, receipt)
    hot.rename(tmp_path / "moved")

    class Meanwhile(WatchedFiles):
        def before(self, operation, path):
            if operation == "open" and path.is_relative_to(bench.zone.layout.archive):
                (tmp_path / "moved").rename(hot)

    bench.zone.files = Meanwhile(bench.zone.files)
    assert b"".join(original_bytes(bench.zone, receipt)) == b"some content"


def test_a_large_object_that_changes_between_its_two_readings_is_noticed(bench, monkeypatch):
    monkeypatch.setattr(reading, "HELD_IN_MEMORY", 0)
    (receipt,) = bench.land("distrokid/sales_report_20250601.tsv", b"some content")
    path = path_of(bench.zone, receipt)
    other = bench.land("distrokid/sales_report_20250602.tsv", b"some Content")[0]
    swapped = path_of(bench.zone, other).read_bytes()
    check = codec.check_stored

    def check_then_change(*stored, **recorded):
        check(*stored, **recorded)
        path.chmod(0o644)
        path.write_bytes(swapped)

    monkeypatch.setattr(codec, "check_stored", check_then_change)
    with pytest.raises(ObjectDamaged, match="changed while it was read"):
        list(original_bytes(bench.zone, receipt))


class TestResolving:
    def test_nothing_of_that_name(self, bench):
        bench.land(A, b"one")
        for wanted in ("nothing", "", "/", "..", "ffffffffffff", "\udcff"):
            with pytest.raises(UnknownObject):
                resolve(bench.zone, wanted)

    def test_a_duplicate_leads_to_the_stored_object(self, bench):
        (first,) = bench.land(A, b"one")
        bench.land(B, b"one")
        entries = reading.with_stored_objects(bench.zone, resolve(bench.zone, B))
        assert stored_form(entries, B) == first

    def test_a_landing_path_whose_bytes_changed_means_two_objects(self, bench):
        bench.land(A, b"one")
        bench.land(A, b"two")
        with pytest.raises(AmbiguousObject):
            stored_form(resolve(bench.zone, A), A)

    def test_a_refused_delivery_is_not_an_object(self, bench):
        (receipt,) = bench.land(A, b"bad")
        with pytest.raises(NotPromoted, match="quarantine show"):
            stored_form(resolve(bench.zone, A), A)
        assert stored_form(resolve(bench.zone, A), A, refused=True) == receipt

    def test_equal_paths_below_different_roots_are_told_apart(self, bench):
        bench.land(A, b"one")
        with pytest.raises(UnknownObject):
            resolve(bench.zone, str(bench.zone.layout.quarantine / A))
