"""Landing as an attack surface: nothing outside it is read, nothing in it changed, no file holds up another."""

import errno
import hashlib
import json
import os
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from rawzone_assets.zone import landing as landing_module
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.landing import ChangedWhileRead, Landing, SidecarUnreadable, Unreadable
from rawzone_assets.zone.landing_errors import LandingMissing, UnreadableLanding
from rawzone_assets_tests.another_user import IS_ROOT, as_nobody, give_to_nobody
from rawzone_assets_tests.zone.invariants import Oracle, read_landing, read_tree, receipts_of
from rawzone_assets_tests.zone.tiny_platform import TINY, look, open_zone, promote_all

NOTE = "tiny/note_20240522.txt"
SECRET = b"nothing that may ever be copied\n"


def only(files):
    (one,) = files
    return one


def read(landing, landed):
    reading = landing.read(landed)
    return b"".join(reading), reading.sha256


def bind_socket(name):
    """Relative to the working folder, as the names of sockets must be short."""
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(name)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(landing_module, "BLOCK", 4)


@pytest.fixture
def without_rights(home):
    """Do without root's right to read everything."""
    if IS_ROOT:
        give_to_nobody(home)
    with as_nobody():
        yield


def promote(home):
    """Promote and report, with the invariants checked and nothing of the secret copied."""
    before = read_landing(home / "landing")
    with open_zone(home) as zone:
        outcome = promote_all(zone)
        states = look(zone).states()
    raw, quarantine = read_tree(home / "raw"), read_tree(home / "quarantine")
    assert Oracle().check(raw, quarantine) == []
    assert read_landing(home / "landing") == before
    wanted = hashlib.sha256(SECRET).hexdigest()
    assert all(receipt["sha256"] != wanted for receipt in receipts_of(raw))
    return outcome, states


class TestScanning:
    def test_every_file_is_found_once_whatever_its_name(self, home, landing):
        names = [
            "a",
            "-rf",
            "with\nnewline",
            "with\ttab",
            "ü",
            "u\u0308",
            "x" * 255,
            "\u202etxt.exe",
            "'; --",
            " ",
        ]
        for name in names:
            landing.put(f"tiny/{name}", b"x")
        found = [landed.path for landed in Landing(home / "landing").scan().files]
        assert sorted(found) == sorted(f"tiny/{name}" for name in names)

    def test_names_that_are_no_text_are_found_and_can_be_read(self, home):
        folder = os.fsencode(home / "landing")
        with open(folder + b"/\xff.txt", "wb") as file:
            file.write(b"x")
        landing = Landing(home / "landing")
        landed = only(landing.scan().files)
        assert landed.label == "\\xff.txt"
        assert read(landing, landed)[0] == b"x"

    def test_unfinished_and_hidden_files_are_passed_over_with_a_reason(self, home, landing):
        landing.put_all(
            {"a.part": b"", ".git/config": b"", "~$a": b"", "a.done": b"", "a": b"", "a.meta.json": b"{}"}
        )
        scan = Landing(home / "landing").scan()
        assert only(scan.files).path == "a"
        assert (only(scan.files).done, only(scan.files).sidecar) == (True, True)
        assert dict(scan.ignored).keys() == {"a.part", ".git", "~$a", "a.done", "a.meta.json"}

    def test_a_missing_landing_folder_is_one_clear_sentence(self, home):
        with pytest.raises(LandingMissing, match="mount its disk, create it or set RAWZONE_LANDING"):
            Landing(home / "nowhere").scan()

    def test_links_to_folders_are_not_followed(self, home, landing, tmp_path):
        (tmp_path / "note_20240522.txt").write_bytes(SECRET)
        landing.put("tiny/note_20240523.txt", b"x")
        (landing.root / "tiny/linked").symlink_to(tmp_path)
        (landing.root / "tiny/loop").symlink_to(landing.root)
        scan = Landing(home / "landing").scan()
        assert {landed.path: landed.regular for landed in scan.files} == {
            "tiny/linked": False, "tiny/loop": False, "tiny/note_20240523.txt": True,
        }  # fmt: skip

    @pytest.mark.parametrize("mode", [0o000, 0o444])
    def test_a_folder_that_may_not_be_read_holds_up_no_other(self, home, landing, without_rights, mode):
        landing.put(NOTE, b"x")
        landing.put("tiny/closed/note_20240523.txt", b"x")
        (landing.root / "tiny/closed").chmod(mode)
        try:
            scan = Landing(home / "landing").scan()
        finally:
            (landing.root / "tiny/closed").chmod(0o755)
        assert scan.unreadable == ("tiny/closed",)
        assert only(scan.files).path == NOTE

    def test_one_that_goes_while_it_is_refused_holds_up_no_other_either(
        self, home, landing, without_rights, monkeypatch
    ):
        landing.put(NOTE, b"x")
        closed = landing.root / "tiny" / "closed"
        closed.mkdir(mode=0o000)
        opened = os.open

        def open_then_remove(path, *arguments, **options):
            try:
                return opened(path, *arguments, **options)
            except PermissionError:
                closed.rmdir()
                raise

        monkeypatch.setattr(os, "open", open_then_remove)
        scan = Landing(home / "landing").scan()
        assert scan.unreadable == ()
        assert only(scan.files).path == NOTE

    def test_the_folder_at_the_top_of_a_disk_that_is_the_file_systems_own_is_no_trouble(
        self, home, landing, without_rights
    ):
        landing.put(NOTE, b"x")
        (landing.root / "lost+found").mkdir(mode=0o000)
        scan = Landing(home / "landing").scan()
        assert scan.unreadable == ()
        assert only(scan.files).path == NOTE


class TestReading:
    def test_the_hash_is_that_of_the_bytes_that_were_read(self, home, landing, small_blocks):
        landing.put(NOTE, b"0123456789")
        here = Landing(home / "landing")
        data, sha256 = read(here, only(here.scan().files))
        assert (data, sha256) == (b"0123456789", hashlib.sha256(data).hexdigest())

    def test_a_hash_is_not_given_before_the_end(self, home, landing):
        landing.put(NOTE, b"x")
        here = Landing(home / "landing")
        with pytest.raises(RuntimeError):
            _ = here.read(only(here.scan().files)).sha256

    @pytest.mark.parametrize(
        "change",
        [
            lambda path: path.write_bytes(b"01234567890"),  # grows
            lambda path: path.write_bytes(b"012345678"),  # shrinks
            lambda path: path.write_bytes(b"9876543210"),  # other bytes of the same size
            lambda path: os.truncate(path, 5),
            lambda path: path.chmod(0o600),  # even the change time alone
        ],
    )
    @pytest.mark.parametrize("blocks", [0, 1, 2])
    def test_a_file_that_changes_while_it_is_read_is_read_again_later(
        self, home, landing, small_blocks, change, blocks
    ):
        path = landing.put(NOTE, b"0123456789")
        here = Landing(home / "landing")
        reading = iter(here.read(only(here.scan().files)))
        for _ in range(blocks):
            next(reading)
        change(path)
        with pytest.raises(ChangedWhileRead):
            list(reading)

    def test_a_file_that_was_swapped_since_it_was_found_is_not_read(self, home, landing):
        path = landing.put(NOTE, b"0123456789")
        here = Landing(home / "landing")
        landed = only(here.scan().files)
        path.unlink()
        landing.put(NOTE, b"0123456789")
        with pytest.raises(ChangedWhileRead):
            read(here, landed)

    @pytest.mark.parametrize("part", ["tiny/a/b/note_20240522.txt", "tiny/a/b", "tiny/a", "tiny"])
    def test_a_link_put_in_place_of_any_part_of_the_path_is_not_followed(self, home, landing, part):
        landing.put("tiny/a/b/note_20240522.txt", SECRET)
        here = Landing(home / "landing")
        landed = only(here.scan().files)
        (landing.root / part).rename(home / "moved")  # the same file, device and inode, reached by a link
        (landing.root / part).symlink_to(home / "moved")
        with pytest.raises(ChangedWhileRead):
            read(here, landed)

    @pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "gone"])
    def test_something_else_in_its_place_does_not_hang_the_reader(self, home, landing, kind, monkeypatch):
        path = landing.put(NOTE, b"x")
        here = Landing(home / "landing")
        landed = only(here.scan().files)
        path.unlink()
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        elif kind == "socket":
            monkeypatch.chdir(path.parent)
            bind_socket(path.name)
        with pytest.raises(ChangedWhileRead):
            read(here, landed)

    def test_a_file_that_may_not_be_read_is_named(self, home, landing, without_rights):
        landing.put(NOTE, b"x").chmod(0)
        here = Landing(home / "landing")
        with pytest.raises(Unreadable, match="permission denied"):
            read(here, only(here.scan().files))

    def test_it_is_said_what_helps_whoever_has_too_many_files_open(self, home, landing, monkeypatch):
        landing.put(NOTE, b"x")
        landing.put("tiny/note_20240523.txt", b"y")
        open_file = os.open

        def refused(path, flags, *rest, **options):
            if str(path).endswith("note_20240522.txt"):
                raise OSError(errno.EMFILE, "Too many open files", str(path))
            if str(path).endswith("note_20240523.txt"):
                raise OSError(errno.EACCES, "Permission denied", str(path))
            return open_file(path, flags, *rest, **options)

        with open_zone(home) as zone:
            monkeypatch.setattr(os, "open", refused)
            outcome = promote_all(zone)
            monkeypatch.undo()
        with pytest.raises(
            UnreadableLanding, match=r"limit of open files \(ulimit -n\) and give this user read access, then"
        ):
            outcome.raise_for_environment()

    def test_a_sidecar_that_is_a_link_or_a_pipe_is_not_read(self, home, landing, tmp_path):
        (tmp_path / "secret").write_bytes(SECRET)
        landing.put(NOTE, b"x")
        for make in (lambda path: path.symlink_to(tmp_path / "secret"), os.mkfifo):
            sidecar = landing.root / f"{NOTE}.meta.json"
            make(sidecar)
            here = Landing(home / "landing")
            with pytest.raises(SidecarUnreadable, match="no regular file"):
                here.read_sidecar(only(here.scan().files))
            sidecar.unlink()


class TestReadingSeveral:
    """Files of one folder are read one after another without going there each time, and no less safely."""

    @pytest.fixture
    def here(self, home, landing):
        landing.put_all({"a/b/one": b"1", "a/b/two": b"2", "a/three": b"3"})
        return Landing(home / "landing")

    @pytest.fixture
    def opened(self, monkeypatch):
        """The names that are opened, each in its folder."""
        names, opens = [], os.open

        def noting(path, *arguments, **options):
            names.append(str(path).rpartition("/")[2])
            return opens(path, *arguments, **options)

        monkeypatch.setattr(os, "open", noting)
        return names

    def test_a_folder_is_opened_once_for_its_files_and_none_stays_open(self, here, opened):
        files, before = here.scan().files, set(os.listdir("/dev/fd"))
        opened.clear()
        with here.several():
            assert [read(here, landed)[0] for landed in files] == [b"1", b"2", b"3"]
        assert opened == ["landing", "a", "b", "one", "two", "landing", "a", "three"]
        assert set(os.listdir("/dev/fd")) == before

    def test_each_is_looked_for_anew_when_it_is_read_alone(self, here, opened):
        one, two, _ = here.scan().files
        opened.clear()
        for landed in (one, two):
            read(here, landed)
        assert opened == ["landing", "a", "b", "one", "landing", "a", "b", "two"]

    @pytest.mark.parametrize("part", ["a", "a/b"])
    def test_a_link_put_in_place_of_a_folder_meanwhile_leads_nowhere(self, here, home, landing, part):
        (home / "outside" / "b").mkdir(parents=True)
        for name in ("two", "b/two"):
            (home / "outside" / name).write_bytes(SECRET)
        one, two, _ = here.scan().files
        with here.several():
            read(here, one)
            (landing.root / part).rename(home / "away")
            (landing.root / part).symlink_to(home / "outside")
            assert read(here, two)[0] == b"2"  # where it was found
        with here.several(), pytest.raises(ChangedWhileRead):
            read(here, two)

    def test_a_thread_closes_no_folder_that_another_reads_from(self, here):
        files = here.scan().files

        def read_all(_):
            with here.several():
                return [read(here, landed)[0] for landed in files]

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(read_all, range(400))) == [[b"1", b"2", b"3"]] * 400


class TestPromotingFromAHostileFolder:
    """Nothing outside landing is ever read, no other file is held up (I4, I6)."""

    def test_links_pipes_sockets_and_devices_are_recorded_and_left_alone(
        self, home, landing, tmp_path, monkeypatch
    ):
        (tmp_path / "secret").write_bytes(SECRET)
        landing.put(NOTE, b"good\n")
        folder = landing.root / "tiny"
        (folder / "note_20240601.txt").symlink_to(tmp_path / "secret")
        (folder / "note_20240602.txt").symlink_to("nowhere")
        os.mkfifo(folder / "note_20240603.txt")
        monkeypatch.chdir(folder)
        bind_socket("note_20240604.txt")
        (folder / "linked").symlink_to(tmp_path)
        expected = dict.fromkeys((f"tiny/note_2024060{n}.txt" for n in range(1, 5)), "unrecognized")
        if os.geteuid() == 0:
            os.mknod(folder / "note_20240605.txt", stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero
            expected["tiny/note_20240605.txt"] = "unrecognized"
        outcome, states = promote(home)
        assert states == {NOTE: "promoted", "tiny/linked": "unrecognized", **expected}
        codes = {
            receipt.findings[0]["code"] for receipt in outcome.receipts if receipt.landing_path in expected
        }
        assert len(codes) == 1

    def test_a_hard_link_to_a_file_elsewhere_is_a_file_like_any_other(self, home, landing):
        elsewhere = home / "elsewhere"
        elsewhere.write_bytes(b"good\n")
        (landing.root / "tiny").mkdir()
        os.link(elsewhere, landing.root / NOTE)
        _, states = promote(home)
        assert states == {NOTE: "promoted"}
        stored = home / "raw/tiny/notes/2024/05/note_20240522.txt.gz"
        assert stored.stat().st_nlink == 1, "raw never shares an inode with landing"

    def test_names_that_are_hard_to_write_down(self, home, landing):
        folder = landing.root / "tiny"
        folder.mkdir()
        names = [
            b"pack_-rf_20240522.txt",
            b"pack_a..b_20240522.txt",
            b"pack_" + b"x" * 200 + b"_20240522." + b"e" * 40,
        ]
        strange = [
            b"note_\xff_20240522.txt",
            b"note_20240522\n.txt",
            "note_\uff12\uff10\uff12\uff14\uff10\uff15\uff12\uff12.txt".encode(),
            b"a\\b",
        ]
        for name in (*names, *strange):
            with open(os.fsencode(folder) + b"/" + name, "wb") as file:
                file.write(name)
        (folder / "\udcff").mkdir()
        (folder / "\udcff/note_20240523.txt").write_bytes(b"in a folder that is no text\n")
        outcome, states = promote(home)
        outcome.raise_for_environment()
        assert sorted(states.values()) == ["promoted"] * 4 + ["unrecognized"] * 4
        receipts = receipts_of(read_tree(home / "raw"))
        odd = only(r for r in receipts if r["landing_path"] == "tiny/\\xff/note_20240523.txt")
        assert bytes.fromhex(odd["landing_path_bytes"]) == b"tiny/\xff/note_20240523.txt"

    def test_a_file_that_may_not_be_read_holds_up_no_other(self, home, landing, without_rights):
        landing.put(NOTE, b"good\n")
        closed = landing.put("tiny/note_20240523.txt", b"closed\n")
        closed.chmod(0)
        with open_zone(home) as zone:
            outcome = promote_all(zone)
            assert look(zone).states() == {NOTE: "promoted", "tiny/note_20240523.txt": "waiting"}
        with pytest.raises(ZoneError, match=r"tiny/note_20240523\.txt in landing \(permission denied\)"):
            outcome.raise_for_environment()
        closed.chmod(0o644)
        assert promote(home)[1]["tiny/note_20240523.txt"] == "promoted"

    def test_a_file_that_never_stays_still_waits_and_holds_up_no_other(self, home, landing, monkeypatch):
        landing.put_all({NOTE: b"good\n", "tiny/note_20240523.txt": b"restless\n"})
        restless = landing.root / "tiny/note_20240523.txt"
        block = landing_module.LandedReading._block

        def hook(reading, descriptor, most):
            if reading._landed.path.endswith("23.txt"):
                os.utime(restless)
            return block(reading, descriptor, most)

        monkeypatch.setattr(landing_module.LandedReading, "_block", hook)
        with open_zone(home) as zone:
            outcome = promote_all(zone)
        assert [(item.label, item.reason) for item in outcome.waiting] == [
            ("tiny/note_20240523.txt", "changed while it was read")
        ]
        assert only(outcome.receipts).landing_path == NOTE

    def test_times_in_the_future_or_the_past_change_nothing(self, home, landing):
        for number, time in enumerate((0, 2**31, 2**33)):
            path = landing.put(f"tiny/note_2024052{number}.txt", b"%d" % number)
            os.utime(path, (time, time))
        assert set(promote(home)[1].values()) == {"promoted"}

    def test_twins_in_case_and_unicode_form_are_different_names(self, home, landing):
        landing.put_all(
            {
                "tiny/é/note_20240522.txt": b"1",
                "tiny/e\u0301/note_20240522.txt": b"2",
                "tiny/É/note_20240522.txt": b"3",
            }
        )
        receipts = promote(home)[0].receipts
        assert sorted(receipt.revision for receipt in receipts) == [1, 2, 3]
        assert len({receipt.landing_path for receipt in receipts}) == 3

    def test_a_sidecar_dates_and_describes_its_delivery(self, home, landing):
        landing.put(NOTE, b"good\n")
        said = {"extractor": {"name": "x", "version": "1"}, "size": 5, "source_system": "there"}
        landing.put(f"{NOTE}.meta.json", json.dumps(said).encode())
        receipt = only(promote(home)[0].receipts)
        assert (receipt.extractor, receipt.source_system) == ({"name": "x", "version": "1"}, "there")

    def test_a_sidecar_that_contradicts_its_delivery_refuses_it(self, home, landing):
        landing.put_all({NOTE: b"good\n", f"{NOTE}.meta.json": b'{"size": 6}'})
        receipt = only(promote(home)[0].receipts)
        assert (str(receipt.verdict), receipt.findings[0]["code"]) == ("quarantined", "RZ-SIDECAR-MISMATCH")

    def test_bytes_whose_sidecar_was_wrong_are_promoted_from_another_folder_with_a_right_one(
        self, home, landing
    ):
        """As the finding's remedy says; in the same place they are settled (ADR 4)."""
        landing.put_all({NOTE: b"good\n", f"{NOTE}.meta.json": b'{"size": 6}'})
        promote(home)
        elsewhere = NOTE.replace("tiny/", "tiny/again/")
        landing.put_all({NOTE: b"good\n", f"{NOTE}.meta.json": b'{"size": 5}'})
        landing.put_all({elsewhere: b"good\n", f"{elsewhere}.meta.json": b'{"size": 5}'})
        receipt = only(promote(home)[0].receipts)
        assert (str(receipt.verdict), receipt.landing_path) == ("promoted", elsewhere)

    @pytest.mark.parametrize("told", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
    def test_a_sidecar_with_a_time_that_nobody_can_mean_dates_nothing_and_holds_up_no_other(
        self, home, landing, told
    ):
        """The first is what Go and .NET write of a time that was never set; no time zone west of UTC has it."""
        landing.put_all(
            {
                NOTE: b"good\n",
                "tiny/note.txt": b"dateless\n",
                "tiny/note.txt.meta.json": json.dumps({"captured_at": told}).encode(),
            }
        )
        for timezone in ("America/Los_Angeles", "Asia/Tokyo"):
            with open_zone(home) as zone:
                found = zone.survey([replace(TINY, timezone=timezone)], settle=0)
            assert [delivery.landed.path for delivery in found.ready] == [NOTE]
            assert [(stranger.path, finding.code) for stranger, finding in found.unrecognized] == [
                ("tiny/note.txt", "RZ-NO-DATE")
            ]
