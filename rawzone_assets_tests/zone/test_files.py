"""The files layer on a real disk."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace

import pytest

from rawzone_assets.zone import local_files
from rawzone_assets.zone.local_files import LocalFiles


class TestALinker:
    """Links names of one folder into another as a single link does, without looking for the folders again."""

    @pytest.fixture
    def folders(self, tmp_path):
        for name in ("staged", "placed"):
            (tmp_path / name).mkdir()
        (tmp_path / "staged/blob").write_bytes(b"ours")
        return tmp_path / "staged", tmp_path / "placed"

    def test_gives_a_file_another_name(self, folders):
        staged, placed = folders
        with LocalFiles().linker(staged, placed) as link:
            link("blob", "object.gz")
        assert (placed / "object.gz").samefile(staged / "blob")

    def test_replaces_nothing_and_says_where_that_lies(self, folders):
        staged, placed = folders
        (placed / "object.gz").write_bytes(b"theirs")
        with LocalFiles().linker(staged, placed) as link, pytest.raises(FileExistsError) as raised:
            link("blob", "object.gz")
        assert (raised.value.filename, raised.value.filename2) == (
            str(staged / "blob"),
            str(placed / "object.gz"),
        )
        assert (placed / "object.gz").read_bytes() == b"theirs"

    def test_follows_no_link_in_the_place_of_what_was_staged(self, folders, tmp_path):
        staged, placed = folders
        (tmp_path / "secret").write_bytes(b"another's")
        (staged / "swapped").symlink_to(tmp_path / "secret")
        with LocalFiles().linker(staged, placed) as link:
            link("swapped", "object.gz")
        assert (placed / "object.gz").is_symlink()


class TestARemover:
    """Takes away names of one folder as a single removal does."""

    def test_takes_away_that_name_alone_and_says_where_one_was_missing(self, tmp_path):
        for name in ("blob", "other"):
            (tmp_path / name).write_bytes(b"ours")
        with LocalFiles().remover(tmp_path) as remove:
            remove("blob")
            with pytest.raises(FileNotFoundError) as raised:
                remove("blob")
        assert raised.value.filename == str(tmp_path / "blob")
        assert [path.name for path in tmp_path.iterdir()] == ["other"]


class TestAFailure:
    """Says of which file, also of calls that know a descriptor only: a zone may lie on several disks."""

    @pytest.fixture
    def fail(self, monkeypatch):
        def refuse(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        return lambda call: monkeypatch.setattr(local_files, "os", SimpleNamespace(**vars(os) | {call: refuse}))

    @pytest.mark.parametrize("call", ["write", "close"])
    def test_to_write_it(self, tmp_path, fail, call):
        fail(call)
        with pytest.raises(OSError, match=r"No space left.*blob"):
            LocalFiles().create(tmp_path / "blob", [b"data"])

    @pytest.mark.parametrize("call", ["fsync", "close"])
    def test_to_make_it_or_its_names_durable(self, tmp_path, fail, call):
        (tmp_path / "blob").write_bytes(b"data")
        fail(call)
        for sync, path in ((LocalFiles().sync, tmp_path / "blob"), (LocalFiles().sync_folder, tmp_path)):
            with pytest.raises(OSError, match=f"No space left.*{path.name}"):
                sync(path)
