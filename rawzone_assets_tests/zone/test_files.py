"""The files layer on a real disk."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from types import SimpleNamespace

import pytest

from rawzone_assets.zone import local_files
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.new_files import whole_or_gone


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

    def test_to_make_durable_what_is_handed_out_leaves_nothing_of_it(self, tmp_path, monkeypatch):
        """Some disks tell only then that they are full."""

        def refuse(_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", refuse)
        with (
            pytest.raises(OSError, match="No space left"),
            whole_or_gone(tmp_path / "plan", mode=0o600) as plan,
        ):
            plan.write(b"whole")
        assert not (tmp_path / "plan").exists()

    def test_to_make_the_name_durable_of_what_is_handed_out_leaves_nothing_of_it(self, tmp_path, monkeypatch):
        def refuse(_, path):
            raise OSError(errno.EIO, "Input/output error", str(path))

        monkeypatch.setattr(LocalFiles, "sync_folder", refuse)
        with (
            pytest.raises(OSError, match=tmp_path.name),
            whole_or_gone(tmp_path / "key", mode=0o600) as key,
        ):
            key.write(b"whole")
        assert not (tmp_path / "key").exists()

    @pytest.mark.parametrize("call", ["fsync", "close"])
    def test_to_make_it_or_its_names_durable(self, tmp_path, fail, call):
        (tmp_path / "blob").write_bytes(b"data")
        fail(call)
        for sync, path in ((LocalFiles().sync, tmp_path / "blob"), (LocalFiles().sync_folder, tmp_path)):
            with pytest.raises(OSError, match=f"No space left.*{path.name}"):
                sync(path)


class TestTheImmutableFlag:
    """Is on no file of a file system that has none; of another failure nobody may take it for off."""

    def fail(self, monkeypatch, code):
        def refuse(*_):
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(fcntl, "ioctl", refuse)

    @pytest.mark.parametrize("code", [errno.ENOTTY, errno.EOPNOTSUPP])
    def test_is_off_where_there_is_none(self, tmp_path, monkeypatch, code):
        (tmp_path / "object.gz").write_bytes(b"ours")
        self.fail(monkeypatch, code)
        assert not LocalFiles().is_immutable(tmp_path / "object.gz")

    def test_is_not_known_where_the_disk_fails(self, tmp_path, monkeypatch):
        (tmp_path / "object.gz").write_bytes(b"ours")
        self.fail(monkeypatch, errno.EIO)
        with pytest.raises(OSError, match=r"Input/output error.*object"):
            LocalFiles().is_immutable(tmp_path / "object.gz")

    def test_goes_on_and_off_beside_the_others_that_a_file_has(self, tmp_path, monkeypatch):
        nodump, immutable = 0x40, 0x10
        (tmp_path / "object.gz").write_bytes(b"ours")
        kept = [nodump]

        def ioctl(_, request, argument):
            if request == local_files._SET_FLAGS:
                kept[0] = struct.unpack("@l", argument)[0]
            return struct.pack("@l", kept[0])

        monkeypatch.setattr(fcntl, "ioctl", ioctl)
        LocalFiles().set_immutable(tmp_path / "object.gz", on=True)
        assert kept == [nodump | immutable]
        LocalFiles().set_immutable(tmp_path / "object.gz", on=False)
        assert kept == [nodump]


class TestTheDisk:
    def test_that_takes_a_part_of_what_it_is_given_is_given_the_rest(self, tmp_path, monkeypatch):
        write = os.write
        monkeypatch.setattr(os, "write", lambda descriptor, view: write(descriptor, view[:3]))
        LocalFiles().create(tmp_path / "blob", [b"0123456789", b"abc"])
        assert (tmp_path / "blob").read_bytes() == b"0123456789abc"

    def test_has_as_much_room_as_this_user_may_use_of_it(self, tmp_path, monkeypatch):
        space = SimpleNamespace(f_bavail=3, f_bfree=9, f_frsize=512, f_bsize=4096)
        monkeypatch.setattr(os, "statvfs", lambda _: space)
        assert LocalFiles().free_bytes(tmp_path) == 3 * 512

    @pytest.mark.parametrize(
        ("flag", "why"), [(os.ST_RDONLY, "Read-only file system"), (0, "Permission denied")]
    )
    def test_that_may_not_be_written_says_why(self, tmp_path, monkeypatch, flag, why):
        """A folder is written to by whoever may also enter it."""
        allowed = os.W_OK
        monkeypatch.setattr(os, "access", lambda _, wanted, **__: not wanted & ~allowed)
        monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=flag))
        with pytest.raises(OSError, match=f"{why}.*{tmp_path.name}"):
            LocalFiles().require_writable(tmp_path)
