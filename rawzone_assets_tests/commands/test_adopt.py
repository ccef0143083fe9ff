"""``rawzone adopt``, as its user meets it, and every command of docs/adoption.md."""

import gzip
import os
import re
import shlex
from pathlib import Path

import dagster as dg
import pytest

from rawzone_assets.orchestration.names import landing_key, raw_key
from rawzone_assets.samples import samples
from rawzone_assets_tests.commands.conftest import LAST_DAY
from rawzone_assets_tests.zone.invariants import read_landing, read_tree

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "adoption.md").read_text()
COMMANDS = [
    line.strip()
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", DOCUMENT, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
FEED = "toolost/spotify"

pytestmark = pytest.mark.usefixtures("environment")


@pytest.fixture
def old(tmp_path, monkeypatch):
    """An old raw folder of one feed, nested by date and half packed, with what is no delivery beside it."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "old-raw"
    for number, sample in enumerate(samples(FEED, capture=LAST_DAY)):
        path = root / ("2025/06/10" if number % 3 else "") / sample.path
        packed = number % 2 == 0
        path = path.with_name(f"{path.name}.gz") if packed else path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(sample.data) if packed else sample.data)
    (root / "toolost" / "spotify_metrics.json").write_bytes(b"{}")
    (root / "toolost" / "broken_20250610.json.gz").write_bytes(b"")
    (root / "toolost" / "spotify_metrics_20250610.json.gz").write_bytes(b"\x1f\x8b")
    (root / "toolost" / "spotify_metrics_20250611.json").symlink_to("/dev/zero")
    (root / "pages").mkdir()
    (root / "pages" / "notes\x1b[31m.txt").write_bytes(b"?")
    (root / ".DS_Store").write_bytes(b"")
    return root


def instance_of(home):
    return dg.DagsterInstance.from_config(str(home / "dagster"))


class TestAPile:
    def test_in_a_folder_whose_name_is_no_text_is_adopted_and_told(self, nowhere, old, tmp_path):
        odd = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
        old.rename(odd)
        told = nowhere("adopt", odd, "--apply", "--json").records[-1]
        assert told["pile"] == f"{tmp_path}/caf\\xe9"
        assert told["promoted"]

    def test_the_dry_run_says_what_applying_comes_to_and_writes_nothing(self, nowhere, old):
        dry = nowhere("adopt", str(old), "--json")
        assert not nowhere.home.exists()
        done = nowhere("adopt", str(old), "--apply", "--json")
        assert (dry.code, done.code) == (1, 1)
        told = ("state", "verdict", "feed", "landing_path", "key", "sha256", "reason", "what_to_do")
        *dry_files, dry_counts = dry.records
        *files, counts = done.records
        assert [[line[name] for name in told] for line in dry_files] == [
            [line[name] for name in told] for line in files
        ]
        assert {**dry_counts, "dry_run": False} == counts
        assert counts["promoted"] >= 1 <= counts["quarantined"]
        assert counts["files"] == len(files) == sum(1 for path in old.rglob("*") if not path.is_dir())

    def test_adopting_again_changes_neither_zone_nor_pile(self, nowhere, old):
        before = read_landing(old)
        nowhere("adopt", str(old), "--apply")
        raw = read_tree(nowhere.home / "raw")
        again = nowhere("adopt", str(old), "--apply", "--json").records[-1]
        assert (again["promoted"], again["duplicate"], again["quarantined"]) == (0, 0, 0)
        assert read_tree(nowhere.home / "raw") == raw
        assert read_landing(old) == before

    def test_what_was_adopted_can_be_read_shown_and_verified(self, nowhere, old):
        lines = nowhere("adopt", str(old), "--apply", "--json").records
        line = next(one for one in lines if one.get("state") == "promoted" and "packing" in one["adopted"])
        landed = gzip.decompress(Path(line["landing_path"]).read_bytes())
        assert nowhere("cat", line["key"]).out == landed
        assert line["adopted"]["path"] in nowhere("show", line["landing_path"]).text
        assert nowhere("verify").code == 0

    def test_what_is_left_out_is_grouped_with_what_to_do(self, nowhere, old):
        text = nowhere("adopt", str(old)).text
        for group in (
            "1 file left out: RZ-NO-DATE",
            "1 file left out: RZ-UNKNOWN-NAME",
            "1 file left out: RZ-UNKNOWN-PLATFORM",
            "1 file left out: RZ-NOT-A-REGULAR-FILE",
            "1 file: cannot be unpacked",
        ):
            told = text.partition(group)[2].split("\n\n")[0]
            assert "  what to do: " in told, group
        assert "\x1b" not in text

    def test_days_before_the_first_partition_say_which_start_they_need(self, nowhere, tmp_path):
        day = LAST_DAY.replace(year=2019)
        for sample in samples(FEED, capture=day):
            path = tmp_path / "old" / sample.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sample.data)
        text = nowhere("adopt", str(tmp_path / "old")).text
        assert f"Set RAWZONE_START={day} or earlier, then adopt." in text

    @pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
    def test_a_file_that_may_not_be_read_holds_up_no_other(self, nowhere, old):
        next(path for path in old.rglob("*.json") if not path.is_symlink()).chmod(0)
        counts = nowhere("adopt", str(old), "--apply", "--json").records[-1]
        assert counts["unreadable"] == 1
        assert counts["promoted"] >= 1


class TestDagster:
    def test_it_is_told_of_the_days_in_raw_and_of_no_arrival(self, nowhere, old):
        nowhere("adopt", str(old), "--apply")
        with instance_of(nowhere.home) as instance:
            assert instance.get_materialized_partitions(raw_key(FEED)) == {LAST_DAY.isoformat()}
            assert instance.get_materialized_partitions(landing_key(FEED)) == set()

    def test_when_it_cannot_be_told_the_files_are_adopted_and_reindex_tells_it(self, nowhere, old):
        (nowhere.home / "dagster").mkdir(parents=True)
        (nowhere.home / "dagster" / "dagster.yaml").write_text("nonsense: {}\n")
        done = nowhere("adopt", str(old), "--apply")
        assert done.code == 2
        assert "All is adopted, but Dagster was not told" in done.err
        (nowhere.home / "dagster" / "dagster.yaml").unlink()
        assert nowhere("adopt", str(old), "--apply").code == 1
        with instance_of(nowhere.home) as instance:
            assert instance.get_materialized_partitions(raw_key(FEED)) == {LAST_DAY.isoformat()}


class TestUsage:
    def test_the_zones_own_folder_is_refused_in_one_sentence(self, own):
        refused = own("adopt", str(own.home / "landing"), "--apply")
        assert (refused.code, refused.out) == (2, b"")
        assert refused.err.count("\n") == 1

    def test_a_platform_that_is_none_is_refused_with_those_there_are(self, nowhere, old):
        refused = nowhere("adopt", str(old), "--platform", "myspace")
        assert refused.code == 2
        assert "the platforms are distrokid, " in refused.err


def test_every_documented_command_works(nowhere, old):
    """In the order in which they stand."""
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == "rawzone"
        keys = [line["key"] for line in nowhere("ls", "--json").records]
        arguments = [keys[0] if word == "KEY" else word for word in arguments]
        outcome = nowhere(*arguments)
        assert outcome.code in (0, 1), outcome.err
        assert outcome.out or outcome.err
    assert len(COMMANDS) == 7
