"""``rawzone export``: a hand-over that is checked with ``sha256sum`` and a BagIt validator."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import bagit
import pytest

FEED = "distrokid/streams"
FORMS = ("sha256sums", "bagit")


def sha256sum(folder, *, code=0):
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=folder,
        capture_output=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert done.returncode == code, done.stderr
    return done.stdout.decode(errors="surrogateescape").splitlines()


def validated(folder):
    done = subprocess.run(
        [sys.executable, "-m", "bagit", "--validate", str(folder)], capture_output=True, check=False
    )
    return done.returncode == 0, done.stderr.decode()


def passes(folder, form):
    if form == "bagit":
        return validated(folder)[0]
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


def receipts(folder):
    return [json.loads(line) for line in (folder / "receipts.jsonl").read_bytes().splitlines()]


def payload(folder):
    own = {"SHA256SUMS", "receipts.jsonl", "export.json"}
    root = folder / "data" if (folder / "data").is_dir() else folder
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name not in own
    }


class TestBoth:
    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("feed", [FEED, "toolost/sales", "tiktok/analytics"])
    def test_an_export_holds_exactly_the_landed_bytes_of_every_version_and_duplicate(
        self, rawzone, tmp_path, form, feed
    ):
        out = tmp_path / "out"
        outcome = rawzone("export", feed, "--to", form, str(out), "--json")
        assert outcome.code == 0, outcome.err
        expected = rawzone("ls", feed, "--all-revisions", "--json").records
        told = receipts(out)
        assert [(r["name"], r["sha256"], r["seq"]) for r in told] == [
            (r["name"], r["sha256"], r["seq"]) for r in expected
        ]
        files = payload(out)
        assert set(files) == {r["path"] for r in told}
        for receipt in told:
            assert files[receipt["path"]] == rawzone.landed(receipt)
        assert passes(out, form)
        assert outcome.records[0]["files"] == len(expected)
        assert outcome.records[0]["ledger"]["head"] == rawzone("checkpoint", "--json").records[0]["ledger_head"]

    @pytest.mark.parametrize("form", FORMS)
    def test_a_duplicate_lies_under_its_own_day_and_name(self, rawzone, tmp_path, form):
        duplicate = rawzone.record("ls", verdict="duplicate")
        day = duplicate["partition"]
        outcome = rawzone(
            "export", duplicate["feed"], "--to", form, str(tmp_path / "x"), "--since", day, "--until", day
        )
        assert outcome.code == 0
        told = receipts(tmp_path / "x")
        assert {r["partition"] for r in told} == {day}
        path = next(r["path"] for r in told if r["verdict"] == "duplicate")
        assert Path(path).name == duplicate["name"]
        assert hashlib.sha256((tmp_path / "x" / path).read_bytes()).hexdigest() == duplicate["sha256"]

    def test_newest_leaves_out_what_was_revised(self, rawzone, tmp_path):
        rawzone("export", FEED, "--to", "sha256sums", str(tmp_path / "all"))
        rawzone("export", FEED, "--to", "sha256sums", str(tmp_path / "newest"), "--newest")
        everything, newest = receipts(tmp_path / "all"), receipts(tmp_path / "newest")
        assert len(everything) == len(newest) + 1
        assert max(Counter(r["name"] for r in newest).values()) == 1
        assert any(".r2." in r["path"] for r in newest)

    @pytest.mark.parametrize("form", FORMS)
    def test_the_same_ledger_gives_the_same_export(self, rawzone, tmp_path, form):
        for name in "ab":
            assert rawzone("export", FEED, "--to", form, str(tmp_path / name)).code == 0
        assert subprocess.run(["diff", "-r", "a", "b"], cwd=tmp_path, check=False).returncode == 0

    @pytest.mark.parametrize("form", FORMS)
    def test_a_folder_that_holds_anything_is_left_as_it_is(self, rawzone, tmp_path, form):
        (tmp_path / "mine").write_text("mine")
        outcome = rawzone("export", FEED, "--to", form, str(tmp_path))
        assert outcome.code == 2
        assert "is not empty" in outcome.err
        assert [path.name for path in tmp_path.iterdir()] == ["mine"]

    @pytest.mark.parametrize("form", FORMS)
    def test_an_empty_folder_is_used(self, rawzone, tmp_path, form):
        assert rawzone("export", FEED, "--to", form, str(tmp_path)).code == 0
        assert passes(tmp_path, form)

    def test_a_folder_inside_the_zone_is_refused(self, own):
        for inside in ("raw/out", "landing/out", "archive/out", "quarantine"):
            outcome = own("export", FEED, "--to", "bagit", str(own.home / inside))
            assert outcome.code == 2
            assert "outside the zone" in outcome.err
            assert not (own.home / "raw/out").exists()

    def test_what_cannot_be_exported_is_said_in_a_sentence(self, rawzone, nowhere, tmp_path):
        out = str(tmp_path / "out")
        for arguments, sentence in (
            (("distrokid",), "means 3 feeds"),
            (("nonsense",), "There is no feed 'nonsense'"),
            ((FEED, "--since", "2099-01-01"), "There is nothing of distrokid/streams to export"),
            ((FEED, "--since", "2025-06-02", "--until", "2025-06-01"), "exchange the two"),
        ):
            outcome = rawzone("export", *arguments, "--to", "bagit", out)
            assert (outcome.code, outcome.out) == (2, b"")
            assert sentence in outcome.err
        assert "There is no zone" in nowhere("export", FEED, "--to", "bagit", out).err
        assert not Path(out).exists()
        (tmp_path / "file").write_text("")
        outcome = rawzone("export", FEED, "--to", "bagit", str(tmp_path / "file" / "x"))
        assert outcome.code == 2
        assert len(outcome.err.splitlines()) == 1

    @pytest.mark.parametrize("form", FORMS)
    def test_a_damaged_object_is_named_and_left_out_and_the_rest_is_whole(self, own, tmp_path, form):
        victim = own.record("ls", feed=FEED)
        path = Path(victim["path"])
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-9] + b"123456789")
        out = tmp_path / "out"
        outcome = own("export", FEED, "--to", form, str(out), "--json")
        assert outcome.code == 1
        assert victim["key"] in outcome.err
        assert [u["sha256"] for u in outcome.records[0]["unreadable"]] == [victim["sha256"]]
        assert victim["sha256"] not in {r["sha256"] for r in receipts(out)}
        assert len(payload(out)) == len(receipts(out)) > 0
        assert passes(out, form)

    @pytest.mark.parametrize("form", FORMS)
    def test_a_killed_export_never_passes_and_is_told_on_the_next_call(self, rawzone, tmp_path, form):
        """Killed at each durable step in turn, until one run comes to its end."""
        killed = 0
        for step in range(200):
            out = tmp_path / f"{step}"
            code = (
                "import os, signal\n"
                "from rawzone_assets.zone import local_files\n"
                f"left = [{step * 3}]\n"
                "def dying(method):\n"
                "    def call(self, *args):\n"
                "        left[0] -= 1\n"
                "        if left[0] < 0: os.kill(os.getpid(), signal.SIGKILL)\n"
                "        return method(self, *args)\n"
                "    return call\n"
                "for name in ('create', 'sync', 'sync_folder', 'make_folder'):\n"
                "    setattr(local_files.LocalFiles, name, dying(getattr(local_files.LocalFiles, name)))\n"
            )
            outcome = rawzone.run("export", "toolost/sales", "--to", form, str(out), code=code)
            if outcome.code == 0:
                break
            assert outcome.code == -signal.SIGKILL
            killed += 1
            if out.is_dir() and any(out.iterdir()):
                again = rawzone("export", "toolost/sales", "--to", form, str(out))
                assert again.code == 2 or passes(out, form)
                if not passes(out, form):
                    assert "was interrupted and is incomplete" in again.err
        assert killed > 3
        assert passes(out, form)


class TestSha256sums:
    def test_the_sums_cover_every_file_but_themselves(self, rawzone, tmp_path):
        rawzone("export", FEED, "--to", "sha256sums", str(tmp_path))
        everything = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
        assert {line.removesuffix(": OK") for line in sha256sum(tmp_path)} == everything - {"SHA256SUMS"}

    def test_a_changed_file_does_not_pass(self, rawzone, tmp_path):
        rawzone("export", FEED, "--to", "sha256sums", str(tmp_path))
        path = tmp_path / receipts(tmp_path)[0]["path"]
        path.chmod(0o644)
        path.write_bytes(path.read_bytes() + b" ")
        assert sum(line.endswith(": FAILED") for line in sha256sum(tmp_path, code=1)) == 1


class TestBags:
    def test_a_bag_says_where_it_comes_from(self, rawzone, tmp_path):
        day = rawzone("ls", FEED, "--json").records[0]["partition"]
        rawzone("export", FEED, "--to", "bagit", str(tmp_path), "--since", day, "--until", day)
        bag = bagit.Bag(str(tmp_path))
        bag.validate()
        head = rawzone("checkpoint", "--json").records[0]
        newest = rawzone("log", "--json").records[-1]["at"]
        info = bag.info
        assert bag.version_info == (1, 0)
        assert info["Feed"] == FEED
        assert (info["Range-Since"], info["Range-Until"]) == (day, day)
        assert (info["Ledger-Seq"], info["Ledger-Head"]) == (str(head["ledger_seq"]), head["ledger_head"])
        assert info["Bagging-Date"] == newest[:10]
        contracts = info["Contract-Version"]
        assert "streams.v1.json sha256 " in (contracts if isinstance(contracts, str) else contracts[0])
        assert {Path(name).name for name in bag.tagfile_entries()} >= {
            "bagit.txt",
            "bag-info.txt",
            "manifest-sha256.txt",
            "receipts.jsonl",
            "export.json",
        }

    def test_a_changed_missing_or_added_file_does_not_pass(self, rawzone, tmp_path):
        def exported(name):
            rawzone("export", FEED, "--to", "bagit", str(tmp_path / name))
            return tmp_path / name, tmp_path / name / receipts(tmp_path / name)[0]["path"]

        folder, path = exported("changed")
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        assert not passes(folder, "bagit")
        folder, path = exported("missing")
        path.unlink()
        assert not passes(folder, "bagit")
        folder, path = exported("added")
        path.with_name("more").write_text("")
        assert not passes(folder, "bagit")
        folder, _ = exported("tags")
        (folder / "bag-info.txt").chmod(0o644)
        (folder / "bag-info.txt").write_text("Feed: other\n")
        assert not passes(folder, "bagit")


ODD = (
    "a\\b",
    "100%0A",
    "50%25",
    "\u2028line",
    "e\u0301",
    "*star ",
    "Ä ö",
    "ab",
    "AB",
    "AC",
    "Ac",
    "~x",
    "a:b|c",
)


@pytest.fixture
def odd(own):
    """A zone with deliveries whose names no manifest likes, each with bytes of its own, and one duplicate."""
    accepted = own("ls", "social_media/spotify", "--json").records
    name = next(r["landing_path"] for r in accepted if r["name"].startswith("spotify_audience_"))
    sample = own.home / "landing" / name
    stamp = "_".join(sample.stem.split("_")[-2:])
    for number, name in enumerate(ODD):
        data = sample.read_bytes().rstrip(b"\r\n") + b"\n" * (number + 1)
        sample.with_name(f"spotify_audience_{name}_{stamp}.csv").write_bytes(data)
    own.promote()
    return own


@pytest.mark.parametrize("form", FORMS)
def test_names_that_no_manifest_likes_are_exported_and_pass(odd, tmp_path, form):
    out = tmp_path / "out"
    outcome = odd("export", "social_media/spotify", "--to", form, str(out))
    assert outcome.code == 0, outcome.err
    told = receipts(out)
    exported = {r["name"] for r in told}
    assert sum(any(f"audience_{name}_" in landed for landed in exported) for name in ODD) == len(ODD)
    for receipt in told:
        assert (out / receipt["path"]).read_bytes() == odd.landed(receipt)
    assert passes(out, form), validated(out) if form == "bagit" else sha256sum(out)
    assert len({r["path"].casefold() for r in told}) == len(told)
    if form == "bagit":
        assert all(c.isprintable() and c not in "%\\" for r in told for c in r["path"])
    else:
        assert any("\\" in r["path"] for r in told)
