"""Landing as an attack surface: whoever may write there leads promotion nowhere and holds up no other's files.

Each attack goes through real promotion. That nothing outside is read is shown by inotify on what lies outside,
by bytes that must turn up nowhere, and by pipes that would hang whoever reads them.
"""

import hashlib
import json
import os
import stat
import threading

import orjson
import pytest

from rawzone_assets.access.opening import zone_without_index_file
from rawzone_assets.contract.naming import Recognized, Unrecognized, recognize
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone import recognizing, scanning
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.landing import ChangedWhileRead, Landing
from rawzone_assets.zone.landing_errors import LandingMissing
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone.invariants import Oracle, check_states, read_landing, read_tree, receipts_of
from rawzone_assets_tests.zone.strange_disks import Swapper, Watched
from rawzone_assets_tests.zone.tiny_platform import NOW, TINY, LandingFolder, look, open_zone, promote_all

NOTE = "tiny/note_20240522.txt"
SECRET = b"nothing that may ever be copied\n"


@pytest.fixture
def outside(tmp_path):
    """A folder outside landing that looks like deliveries, and notices who opens it."""
    folder = tmp_path / "outside"
    folder.mkdir()
    for day in range(1, 4):
        (folder / f"note_2024060{day}.txt").write_bytes(SECRET)
    (folder / "canary").write_bytes(SECRET)
    return folder


def landing_of(home):
    """What lies in landing; huge files by their size alone."""
    seen = {}
    for folder, folders, names in os.walk(home / "landing"):
        for name in (*folders, *names):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            seen[path] = (status.st_mode, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return seen


def promote(home, *, platforms=(TINY,)):
    """Promote, twice, and check everything that must hold."""
    before = landing_of(home)
    with open_zone(home) as zone:
        outcome = promote_all(zone)
        states = look(zone).states()
    check(home)
    assert landing_of(home) == before, "I4: landing was changed"
    with open_zone(home) as zone:
        again = promote_all(zone)
    assert again.receipts == [], "I7: promoting again changed the zone"
    return outcome, states


def check(home):
    raw, quarantine = read_tree(home / "raw"), read_tree(home / "quarantine")
    assert Oracle().check(raw, quarantine) == []
    secret = hashlib.sha256(SECRET).hexdigest()
    everything = [entry.data for tree in (raw, quarantine) for entry in tree.values()]
    assert not any(secret.encode() in data or b"canary" in data or SECRET in data for data in everything)


def why(outcome, path):
    (receipt,) = [receipt for receipt in outcome.receipts if receipt.landing_path == path]
    return str(receipt.verdict), [finding["code"] for finding in receipt.findings]


class TestLinks:
    """Nothing outside landing is ever read, whatever links say."""

    @pytest.mark.parametrize("where", ["file", "folder", "platform", "dangling", "inside", "loop"])
    def test_a_link_in_any_part_of_a_path_is_recorded_and_never_followed(self, home, landing, outside, where):
        landing.put_all({NOTE: b"good\n"})
        root = landing.root
        link, target = {
            "file": (root / "tiny/note_20240601.txt", outside / "note_20240601.txt"),
            "folder": (root / "tiny/box", outside),
            "platform": (root / "tiny2", outside),
            "dangling": (root / "tiny/note_20240601.txt", outside / "nothing"),
            "inside": (root / "tiny/note_20240601.txt", root / NOTE),
            "loop": (root / "tiny/box", root),
        }[where]
        link.symlink_to(target)
        with Watched(outside, *outside.iterdir()) as watched:
            _, states = promote(home)
            assert watched.seen() == []
        assert states == {NOTE: "promoted", link.relative_to(root).as_posix(): "unrecognized"}

    def test_one_in_the_place_of_a_delivery_is_recorded_although_the_name_was_promoted_once(
        self, home, landing, outside
    ):
        landing.put_all({NOTE: b"good\n"})
        assert promote(home)[1] == {NOTE: "promoted"}
        (landing.root / NOTE).unlink()
        (landing.root / NOTE).symlink_to(outside / "note_20240601.txt")
        outcome, states = promote(home)
        assert [str(receipt.verdict) for receipt in outcome.receipts] == ["unrecognized"]
        assert states == {NOTE: "unrecognized"}

    def test_a_platform_folder_that_is_a_link_is_never_followed(self, home, landing, outside):
        landing.root.mkdir(exist_ok=True)
        (landing.root / "tiny").symlink_to(outside)
        with Watched(outside, *outside.iterdir()) as watched:
            _, states = promote(home)
            assert watched.seen() == []
        assert states == {"tiny": "unrecognized"}

    def test_landing_itself_may_be_a_link_where_the_operator_put_one(self, home, tmp_path):
        real = tmp_path / "elsewhere"
        LandingFolder(tmp_path).put_all({NOTE: b"good\n"})
        (tmp_path / "landing").rename(real)
        (home / "landing").rmdir()
        (home / "landing").symlink_to(real)
        with open_zone(home) as zone:
            promote_all(zone)
            assert look(zone).states() == {NOTE: "promoted"}

    def test_a_landing_that_leads_nowhere_is_one_sentence(self, home):
        (home / "landing").rmdir()
        for make in (
            lambda: (home / "landing").symlink_to(home / "nowhere"),
            lambda: (home / "landing").symlink_to("landing"),
            lambda: (home / "landing").write_bytes(b""),
        ):
            make()
            with open_zone(home) as zone, pytest.raises(ZoneError, match=r"[Ll]anding"):
                look(zone)
            (home / "landing").unlink()
        with open_zone(home) as zone, pytest.raises(LandingMissing):
            look(zone)


class TestARace:
    """Whoever swaps a folder for a link while it is walked or read gains nothing."""

    ROUNDS = 400

    @pytest.mark.parametrize("rounds", [ROUNDS, pytest.param(40 * ROUNDS, marks=pytest.mark.campaign)])
    def test_a_folder_swapped_for_a_link_at_any_moment_leads_nobody_outside(
        self, home, landing, outside, rounds, tell
    ):
        landing.put_all(
            {NOTE: b"good\n", **{f"tiny/box/note_2024060{day}.txt": b"mine\n" for day in range(1, 4)}}
        )
        (landing.root / "tiny/.link").symlink_to(outside)
        here = Landing(landing.root)
        seen, read, refused = {"folder": 0, "link": 0}, 0, 0
        with (
            Watched(outside, *outside.iterdir()) as watched,
            Swapper(landing.root / "tiny/box", landing.root / "tiny/.link") as attacker,
        ):
            for _ in range(rounds):
                files = here.scan().files
                names = {landed.path for landed in files}
                assert "tiny/box/canary" not in names
                seen["link" if "tiny/box" in names else "folder"] += 1
                for landed in files:
                    if not landed.path.startswith("tiny/box/"):
                        continue
                    try:
                        data = b"".join(here.read(landed))
                    except ChangedWhileRead:
                        refused += 1
                    else:
                        read += 1
                        assert data == b"mine\n"
            assert watched.seen() == []
        tell(
            f"folder races: {rounds} scans against {attacker.swaps} swaps, {read} files read, {refused} refused"
        )
        assert all(seen.values())

    def test_promotion_under_a_race_promotes_only_what_lies_in_landing(self, home, landing, outside, tell):
        landing.put_all(
            {NOTE: b"good\n", **{f"tiny/box/note_2024060{day}.txt": b"mine %d\n" % day for day in (1, 2)}}
        )
        (landing.root / "tiny/.link").symlink_to(outside)
        with (
            Watched(outside, *outside.iterdir()) as watched,
            Swapper(landing.root / "tiny/box", landing.root / "tiny/.link") as attacker,
        ):
            for _ in range(30):
                with open_zone(home) as zone:
                    promote_all(zone).raise_for_environment()
            assert watched.seen() == []
        tell(f"promotions under a race: 30 against {attacker.swaps} swaps")
        check(home)
        promoted = {
            r["landing_path"] for r in receipts_of(read_tree(home / "raw")) if r["verdict"] == "promoted"
        }
        assert NOTE in promoted

    def test_a_folder_that_comes_and_goes_holds_up_no_other(self, home, landing):
        landing.put(NOTE, b"good\n")
        box, over = landing.root / "tiny/box", threading.Event()

        def flicker():
            while not over.is_set():
                box.mkdir()
                (box / "note_20240601.txt").write_bytes(b"mine\n")
                (box / "note_20240601.txt").unlink()
                box.rmdir()

        thread = threading.Thread(target=flicker)
        thread.start()
        try:
            for _ in range(300):
                scan = Landing(landing.root).scan()
                assert scan.unreadable == ()
                assert NOTE in {landed.path for landed in scan.files}
        finally:
            over.set()
            thread.join()


class TestHardLinks:
    """A hard link is a file like any other, unless promoting it would publish a private file (ADR 20)."""

    needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")

    def link(self, home, landing, *, owner, mode):
        elsewhere = home / "elsewhere"
        elsewhere.write_bytes(b"good\n" if mode & 0o004 else SECRET)
        elsewhere.chmod(mode)
        landing.put("tiny/note_20240523.txt", b"another\n")
        os.link(elsewhere, landing.root / NOTE)
        if owner is not None:
            os.chown(elsewhere, owner, owner)

    @pytest.mark.parametrize("mode", [0o644, 0o600])
    def test_one_to_a_file_of_the_folders_owner_is_promoted(self, home, landing, mode):
        landing.put(NOTE, b"good\n").chmod(mode)
        os.link(landing.root / NOTE, home / "kept by the extractor")
        assert promote(home)[1] == {NOTE: "promoted"}

    @needs_root
    def test_one_to_what_everybody_may_read_gives_nothing_away(self, home, landing):
        self.link(home, landing, owner=12345, mode=0o644)
        assert promote(home)[1][NOTE] == "promoted"

    @needs_root
    @pytest.mark.parametrize("mode", [0o640, 0o600, 0o000])
    def test_one_to_another_users_private_file_is_left_alone_and_holds_up_no_other(self, home, landing, mode):
        self.link(home, landing, owner=12345, mode=mode)
        with Watched(home / "elsewhere") as watched:
            outcome, states = promote(home)
            assert watched.seen() == []
        assert states == {NOTE: "unrecognized", "tiny/note_20240523.txt": "promoted"}
        assert why(outcome, NOTE) == ("unrecognized", ["RZ-BORROWED-FILE"])

    @needs_root
    def test_a_copy_in_its_place_is_promoted(self, home, landing):
        self.link(home, landing, owner=12345, mode=0o600)
        promote(home)
        (landing.root / NOTE).unlink()
        landing.put(NOTE, b"good\n")
        assert promote(home)[1][NOTE] == "promoted"


class TestSizes:
    """A file above its feed's limit is refused; one too large to copy is not even read."""

    def test_a_sparse_terabyte_is_recorded_unread_and_holds_up_no_other(self, home, landing):
        landing.put_all({NOTE: b"good\n", "tiny/note_20240523.txt": b"", "tiny/sum_20240524.csv": b"1\n"})
        huge = landing.root / "tiny/note_20240523.txt"
        os.truncate(huge, 2**40)
        with Watched(huge) as watched:
            outcome, states = promote(home)
            assert watched.seen() == []
        outcome.raise_for_environment()
        assert states == {
            NOTE: "promoted", "tiny/note_20240523.txt": "unrecognized", "tiny/sum_20240524.csv": "promoted"
        }  # fmt: skip
        assert why(outcome, "tiny/note_20240523.txt") == ("unrecognized", ["RZ-TOO-LARGE"])

    def test_one_that_becomes_small_again_is_promoted(self, home, landing):
        huge = landing.put(NOTE, b"")
        os.truncate(huge, 2**40)
        promote(home)
        huge.write_bytes(b"good\n")
        assert promote(home)[1] == {NOTE: "promoted"}

    def test_one_slightly_too_large_is_kept_in_quarantine(self, home, landing):
        os.truncate(landing.put(NOTE, b""), 65 * 2**20)
        landing.put("tiny/note_20240523.txt", b"good\n")
        outcome, states = promote(home)
        assert states == {NOTE: "quarantined", "tiny/note_20240523.txt": "promoted"}
        assert why(outcome, NOTE) == ("quarantined", ["RZ-TOO-LARGE"])

    @pytest.mark.parametrize(("spare", "state"), [(0, "quarantined"), (1, "unrecognized")])
    def test_the_bound_between_the_two_is_exact(self, home, landing, monkeypatch, spare, state):
        monkeypatch.setattr(recognizing, "MOST_COPIED", 1)
        os.truncate(landing.put(NOTE, b""), 64 * 2**20 + spare)
        with open_zone(home) as zone:
            (found,) = [*look(zone).ready, *look(zone).unrecognized]
        assert isinstance(found, tuple) == (state == "unrecognized")


class TestDepthAndNumber:
    def test_a_path_longer_than_any_path_may_be_is_one_entry_and_holds_up_no_other(self, home, landing):
        landing.put(NOTE, b"good\n")
        folder = os.open(landing.root / "tiny", os.O_RDONLY)
        for _ in range(300):  # 60,000 bytes; PATH_MAX is 4,096
            os.mkdir("d" * 200, dir_fd=folder)
            inner = os.open("d" * 200, os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            folder = inner
        os.close(os.open("note_20240601.txt", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
        os.close(folder)
        try:
            with open_zone(home) as zone:
                outcome = promote_all(zone)
                states = look(zone).states()
                assert promote_all(zone).receipts == []
            outcome.raise_for_environment()
            deep = max(states, key=len)
            assert states == {NOTE: "promoted", deep: "unrecognized"}
            assert deep.count("/") == scanning.MOST_LEVELS
            assert Oracle().check(read_tree(home / "raw"), read_tree(home / "quarantine")) == []
        finally:
            unwind(landing.root / "tiny", "d" * 200)

    def test_a_delivery_deep_down_is_promoted(self, home, landing):
        deep = "tiny/" + "d/" * (scanning.MOST_LEVELS - 1) + "note_20240601.txt"
        landing.put(deep, b"good\n")
        assert promote(home)[1] == {deep: "promoted"}

    @pytest.mark.parametrize("count", [600, pytest.param(100_000, marks=pytest.mark.campaign)])
    def test_many_files_in_one_folder_are_each_in_one_state(self, home, landing, count, tell):
        folder = landing.root / "tiny"
        folder.mkdir()
        for number in range(count):
            (folder / f"pack_{number}_20240522.x").write_bytes(b"%d\n" % (number // 2))
        with open_zone(home) as zone:
            promote_all(zone).raise_for_environment()
            states = look(zone).states()
        tell(f"files in one folder: {count}")
        assert len(states) == count
        assert sorted(states.values()) == ["duplicate"] * (count // 2) + ["promoted"] * (count // 2)


def unwind(folder, name):
    """Take a chain of folders away that no path reaches."""
    while (folder / name).exists():
        inner = os.open(folder / name, os.O_RDONLY)
        for entry in os.listdir(inner):
            if stat.S_ISDIR(os.stat(entry, dir_fd=inner).st_mode):
                os.rename(entry, folder / "next", src_dir_fd=inner)
            else:
                os.unlink(entry, dir_fd=inner)
        os.close(inner)
        (folder / name).rmdir()
        if (folder / "next").exists():
            (folder / "next").rename(folder / name)


class TestTimes:
    @pytest.mark.parametrize("time", [-(2**31), -1, 0, 2**31, 2**33])
    def test_a_file_of_any_time_is_promoted(self, home, landing, time):
        os.utime(landing.put(NOTE, b"good\n"), (time, time))
        assert promote(home)[1] == {NOTE: "promoted"}

    def test_bytes_rewritten_in_place_are_a_revision_though_size_and_time_are_the_old_ones(self, home, landing):
        path = landing.put(NOTE, b"good\n")
        os.utime(path, ns=(10**18, 10**18))
        promote(home)
        with path.open("r+b") as file:
            file.write(b"GOOD\n")
        os.utime(path, ns=(10**18, 10**18))
        outcome, _ = promote(home)
        assert [receipt.revision for receipt in outcome.receipts] == [2]


class TestMarkersAndSidecars:
    """They are signals and statements, never deliveries, and none of them can hold up or lead outside."""

    @pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "folder", "huge"])
    @pytest.mark.parametrize("suffix", [".meta.json", ".done"])
    def test_of_any_kind_they_are_not_followed_and_do_not_hang(self, home, landing, outside, kind, suffix):
        landing.put(NOTE, b"good\n")
        beside = landing.root / f"{NOTE}{suffix}"
        if kind == "link":
            beside.symlink_to(outside / "canary")
        elif kind == "dangling link":
            beside.symlink_to(outside / "nothing")
        elif kind == "pipe":
            os.mkfifo(beside)
        elif kind == "folder":
            beside.mkdir()
        else:
            beside.write_bytes(b"")
            os.truncate(beside, 2**40)
        with Watched(outside, *outside.iterdir()) as watched:
            outcome, states = promote(home)
            assert watched.seen() == []
        assert states[NOTE] == "promoted"
        expected = ["RZ-SIDECAR-UNREADABLE"] if suffix == ".meta.json" else []
        assert why(outcome, NOTE) == ("promoted", expected)

    @pytest.mark.parametrize(
        "said",
        [
            b"[" * 60_000,
            b'{"size": 1e400}',
            b'{"size": ' + b"9" * 5000 + b"}",
            b'{"size": true}',
            b'{"captured_at": "9999-12-31T23:59:59-23:59"}',
            b'{"extractor": {"name": {"a": 1}, "version": [1]}}',
            b'{"extractor": "x", "sha256": 5, "source_system": null}',
            b'{"source_system": "\\ud800"}',
            b'{"size": 5, "size": 6}',
            b"\xff\xfe{}",
            b"",
            b"null",
            b'{"sha256": "' + b"\xe2\x80\xae" * 1000 + b'"}',
        ],
    )
    def test_whatever_a_sidecar_says_is_no_traceback(self, home, landing, said):
        landing.put_all({NOTE: b"good\n", f"{NOTE}.meta.json": said, "tiny/note_20240523.txt": b"another\n"})
        states = promote(home)[1]
        assert states[NOTE] in ("promoted", "quarantined")
        assert states["tiny/note_20240523.txt"] == "promoted"


STEERING = {
    "newline": "a\nOK",
    "escape": "a\x1b]0;owned\x07",
    "c1": "a\x9b31m",
    "delete": "a\x7f",
    "bidi": "a\u202etxt.exe",
    "isolate": "a\u2066b",
    "separator": "a\u2028b",
    "long": "x" * 255,
    "dashes": "--home",
    "dots": "a..b..",
    "backslash": "a\\x1b",
    "markup": "[red]a<b>&amp;",
}


class TestNamesThatSteer:
    """Control and bidirectional characters reach no terminal, log, web page or file that people open."""

    def test_findings_say_the_same_without_them(self, home, landing):
        for name in STEERING.values():
            landing.put(f"tiny/{name}/note_20240522.txt", b"bad " + name.encode())
        promote(home)
        found = list((home / "quarantine").rglob("findings.json"))
        assert len(found) == len(STEERING)
        paths = set()
        for path in found:
            text = path.read_text()
            assert all(line.isprintable() for line in text.split("\n")), text
            paths.add(json.loads(text)["landing_path"])
        assert f"tiny/{STEERING['bidi']}/note_20240522.txt" in paths

    def test_errors_say_them_escaped(self):
        assert str(ZoneError("Cannot read a\n\x1b\u202e.")) == "Cannot read a\\n\\x1b\\u202e.".replace(
            "\\n", "\\x0a"
        )

    def test_files_of_every_such_name_are_each_in_one_state(self, home, landing):
        for name in STEERING.values():
            landing.put(f"tiny/{name}", b"?")
        _, states = promote(home)
        assert states == {
            f"tiny/{name}" if name != "a\\x1b" else "tiny/a\\\\x1b": "unrecognized"
            for name in STEERING.values()
        }

    def test_no_two_files_have_one_label(self, home, landing):
        """A byte that is no UTF-8 is shown as ``\\xff``, which may itself be a name."""
        for name in (b"\xff", b"\\xff", b"\\\\xff", b"\\\xff"):
            folder = os.fsencode(landing.root / "tiny") + b"/" + name
            os.makedirs(folder)
            with open(folder + b"/note_20240522.txt", "wb") as file:
                file.write(b"in " + name)
        _, states = promote(home)
        assert list(states.values()) == ["promoted"] * 4
        receipts = receipts_of(read_tree(home / "raw"))
        assert len({receipt["landing_path"] for receipt in receipts}) == 4
        assert all(receipt["landing_path_bytes"] for receipt in receipts)

    @pytest.mark.parametrize("mark", ["\x7f", "\x85", "\x9b", "\u202e", "\u2066"])
    def test_an_object_is_never_given_such_a_name(self, mark):
        path = "spotify/spotify_songs_{}_20240522.csv"
        assert isinstance(recognize(path.format("Ünï👩‍🎤"), all_platforms()), Recognized)
        assert isinstance(recognize(path.format(f"a{mark}b"), all_platforms()), Unrecognized)


class TestNesting:
    """A zone inside landing would promote itself; landing inside a zone would be foreign to it."""

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("RAWZONE_RAW", "landing/raw"),
            ("RAWZONE_RAW", "landing"),
            ("RAWZONE_LANDING", "raw/tiny"),
            ("RAWZONE_QUARANTINE", "raw/quarantine"),
            ("RAWZONE_RAW", "quarantine/raw"),
            ("RAWZONE_STATE", "landing/state"),
            ("RAWZONE_LANDING", "linked"),
        ],
    )
    def test_nobody_opens_it_and_nothing_is_written_not_even_an_index(self, home, landing, variable, value):
        landing.put(NOTE, b"good\n")
        (home / "raw").mkdir()
        (home / "linked").symlink_to(home / "raw")
        (home / "raw/tiny").mkdir()
        (home / "raw/tiny/note_20240522.txt").write_bytes(b"good\n")
        settings = Settings.from_environment({variable: str(home / value), "RAWZONE_RESERVE": "0"}, home=home)
        before = read_landing(home / "landing")
        with pytest.raises(ZoneError, match=r"lies in the .*nothing is read or written"):
            Zone(settings, clock=lambda: NOW)
        with pytest.raises(ZoneError, match=r"set RAWZONE_\w+ to a folder of its own"):
            zone_without_index_file(settings)
        assert read_landing(home / "landing") == before
        assert not (home / "raw/_ledger").exists()


class TestManyAttacksAtOnce:
    def test_one_folder_of_everything_and_each_file_in_its_one_state(self, home, landing, outside):
        folder = landing.root / "tiny"
        landing.put_all(
            {NOTE: b"good\n", "tiny/note_20240523.txt": b"bad", "tiny/note_20240524.txt.part": b"x"}
        )
        (folder / "note_20240601.txt").symlink_to(outside / "canary")
        (folder / "note_20240602.txt").mkdir()
        os.mkfifo(folder / "note_20240603.txt")
        os.truncate(landing.put("tiny/sum_20240604.csv", b""), 2**41)
        with Watched(outside, *outside.iterdir()) as watched:
            outcome, states = promote(home)
            assert watched.seen() == []
        assert (
            check_states(states, read_landing_but_huge(landing.root), receipts_of(read_tree(home / "raw")))
            == []
        )
        for receipt in outcome.receipts:
            assert orjson.loads(orjson.dumps(receipt.as_record()))


def read_landing_but_huge(root):
    huge = root / "tiny/sum_20240604.csv"
    os.rename(huge, root.parent / "huge")
    try:
        return {**read_landing(root), "tiny/sum_20240604.csv": (stat.S_IFREG, None)}
    finally:
        os.rename(root.parent / "huge", huge)
