"""Paths of exports: whatever a name holds, it is told so that others' programs find the file."""

import subprocess
import sys

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rawzone_assets.access import bags
from rawzone_assets.access.catalog import Listed
from rawzone_assets.access.export_facts import Facts, Unreadable
from rawzone_assets.access.export_files import ExportFolder
from rawzone_assets.access.export_paths import Paths
from rawzone_assets.access.exports import checksum_line
from rawzone_assets.zone.ledger import EMPTY
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.receipt import Receipt, Verdict

FOLDER = "distrokid/streams/2024/05"
NASTY = ("\n", "\r", "\\", "%0A", "%", "\u2028", "\x85", "\x1c", " ", "*", "~", "é", "e\u0301", "K", "k", "#")
names = st.lists(st.sampled_from(NASTY) | st.characters(exclude_characters="/\0", codec="utf-8"), max_size=8)
many_names = st.lists(names.map(lambda parts: f"x{''.join(parts)}.html"), min_size=1, max_size=8, unique=True)


def promoted(name):
    receipt = Receipt(
        verdict=Verdict.PROMOTED,
        landing_path=name,
        feed="distrokid/streams",
        partition="2024-05-22",
        name=name,
        key=f"{FOLDER}/{name}.gz",
        encoding="gzip",
        sha256="ab" * 32,
    )
    return Listed(seq=1, receipt=receipt, stored=receipt)


def duplicate(name, of, partition="2024-05-23"):
    stored = promoted(of).receipt
    receipt = Receipt(
        verdict=Verdict.DUPLICATE,
        landing_path=name,
        feed="distrokid/streams",
        partition=partition,
        name=name,
        key=stored.key,
        sha256=stored.sha256,
    )
    return Listed(seq=2, receipt=receipt, stored=stored)


def run(*command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, check=False)


class TestPlaces:
    def test_a_file_lies_at_its_key_without_the_ending_that_we_added(self):
        assert Paths(portable=False).of(promoted("a.html")) == f"{FOLDER}/a.html"

    def test_a_duplicate_lies_in_the_folder_of_its_own_day(self):
        assert Paths(portable=False).of(duplicate("b.html", "a.html", "2024-06-01")) == (
            "distrokid/streams/2024/06/b.html"
        )

    def test_a_place_that_is_taken_leads_to_a_name_with_the_hash(self):
        paths = Paths(portable=False)
        found = [paths.of(listed) for listed in (promoted("a.html"), duplicate("a.html", "b.html"))]
        found.append(paths.of(promoted("A.html")))
        assert found == [f"{FOLDER}/{name}.html" for name in ("a", "a-abababababab", "A-abababababab-2")]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(many_names)
def test_sha256sum_finds_every_file_whatever_its_name(tmp_path_factory, found):
    root = tmp_path_factory.mktemp("sums")
    folder, paths = ExportFolder(root, LocalFiles()), Paths(portable=False)
    written = [folder.write(paths.of(promoted(name)), [name.encode()]) for name in found]
    folder.begin("SUMS.incomplete", b"")
    folder.finish("SUMS.incomplete", "SUMS", map(checksum_line, written))
    done = run("sha256sum", "--check", "--strict", "SUMS", folder=root)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert len({file.path for file in written}) == len(found)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(many_names)
def test_a_validator_finds_every_file_of_a_bag_whatever_its_name(tmp_path_factory, found):
    root = tmp_path_factory.mktemp("bag")
    folder, paths = ExportFolder(root, LocalFiles()), Paths(portable=True)
    written = [folder.write(f"data/{paths.of(promoted(name))}", [name.encode()]) for name in found]
    folder.write(bags.MANIFEST, bags.manifest_lines(written))
    folder.write(bags.DECLARATION, [bags.DECLARED])
    done = run(sys.executable, "-m", "bagit", "--validate", ".", folder=root)
    assert done.returncode == 0, done.stderr


def test_a_name_with_a_line_break_adds_no_line_to_a_bags_information():
    facts = Facts(feed="tiny/notes", since=None, until=None, newest_only=False, head=EMPTY)
    before = bags.information(facts).count(b"\n")
    facts.unreadable.append(Unreadable(path="data/a\nFeed: forged", sha256="0" * 64, seq=1, problem="damaged"))
    told = bags.information(facts)
    assert told.count(b"\n") == before + 1
    assert b"\nFeed: forged" not in told
