"""``as_of`` returns exactly what a reader would have seen then, for every ledger number of any history."""

import hashlib
import os
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rawzone_assets.access import open_raw
from rawzone_assets.access.parquet_catalog import open_catalog
from rawzone_assets_tests.zone.replay_bench import FEED, Bench

NAMES = st.sampled_from(
    ["toolost_spotify_20250601.json", "toolost_spotify_20250602.json", "toolost_spotify_20250602_070000.json"]
)
FOLDERS = st.sampled_from(["toolost", "toolost/again"])
CONTENTS = st.sampled_from([b"one", b"two", b"three", b"bad one", b"bad two", b"worse"])
LANDINGS = st.dictionaries(st.tuples(FOLDERS, NAMES), CONTENTS, min_size=1, max_size=3)
CONTRACTS = st.sampled_from([(b"bad", b"worse"), (b"bad two", b"worse"), (b"worse",), ()])
STEPS = st.one_of(
    LANDINGS.map(lambda files: ("promote", files)),
    LANDINGS.map(lambda files: ("promote", files)),
    LANDINGS.map(lambda files: ("promote", files)),
    CONTRACTS.map(lambda refuses: ("replay", refuses)),
)
FIRST = ("toolost", "toolost_spotify_20250601.json")
REPLAYED_AFTER_ITS_SUCCESSOR = [
    ("promote", {FIRST: b"bad one"}),
    ("promote", {FIRST: b"two"}),
    ("replay", (b"worse",)),
    ("promote", {FIRST: b"three"}),
    ("promote", {("toolost/again", FIRST[1]): b"two"}),
]


@dataclass
class Model:
    """What readers see, told by what was landed and which contract was in force. It knows nothing of a zone."""

    refuses: tuple[bytes, ...] = (b"bad",)
    arrived: dict[str, list[bytes]] = field(default_factory=dict)  # name -> contents by their first arrival
    accepted: set[tuple[str, bytes]] = field(default_factory=set)
    settled: set[tuple[str, str, bytes]] = field(default_factory=set)

    def accepts(self, content: bytes) -> bool:
        return not content.startswith(self.refuses) if self.refuses else True

    def promote(self, landing: dict[tuple[str, str], bytes]) -> None:
        in_order = sorted(landing.items(), key=lambda item: (stamp(item[0][1]), f"{item[0][0]}/{item[0][1]}"))
        for (folder, name), content in in_order:
            if (folder, name, content) in self.settled:
                continue
            self.settled.add((folder, name, content))
            contents = self.arrived.setdefault(name, [])
            if content not in contents:
                contents.append(content)
            if self.accepts(content):
                self.accepted.add((name, content))

    def replay(self) -> None:
        arrived = {(name, content) for name, contents in self.arrived.items() for content in contents}
        self.accepted |= {(name, content) for name, content in arrived if self.accepts(content)}

    def view(self, *, all_revisions: bool) -> list[tuple[str, bytes]]:
        seen = []
        for name in sorted(self.arrived, key=lambda name: (name[16:24], name)):
            contents = [content for content in self.arrived[name] if (name, content) in self.accepted]
            seen += [(name, content) for content in (contents if all_revisions else contents[-1:])]
        return seen


def stamp(name: str) -> str:
    return name.removeprefix("toolost_spotify_").removesuffix(".json").ljust(15, "0")


def views(raw, as_of=None) -> list[list[tuple[str, bytes]]]:
    """The newest versions and all, each read."""
    return [
        [
            (listed.receipt.name, data)
            for listed, data in raw.read_all(raw.find(as_of=as_of, all_revisions=every))
        ]
        for every in (False, True)
    ]


def check_history(steps, home: Path) -> int:
    """Live a history, noting what was seen after each commit, then ask for each commit again."""
    bench, model, landing = Bench(home), Model(), {}
    (home / "landing").mkdir(parents=True)
    snapshots, times = {-1: [[], []]}, {}
    for kind, what in steps:
        if kind == "promote":
            for (folder, name), content in what.items():
                target = home / "landing" / folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                target.write_bytes(content)
            landing |= what
            bench.promote()
            model.promote(landing)
        else:
            bench.contract.refuses = model.refuses = what
            bench.replay()
            model.replay()
        with open_raw(home) as raw:
            now = views(raw)
            assert now == [model.view(all_revisions=False), model.view(all_revisions=True)]
            assert raw.head.seq - max(snapshots) in (0, 1)
            assert now == snapshots.get(raw.head.seq, now)
            snapshots[raw.head.seq] = now
            times.setdefault(raw.head.seq, bench.now)
    check_each_commit(home, snapshots, times)
    shutil.rmtree(home / "state", ignore_errors=True)  # the answers are the ledger's, not the index's
    check_each_commit(home, snapshots, times)
    return len(snapshots) - 1


def check_each_commit(home, snapshots, times) -> None:
    with open_raw(home) as raw:
        for seq, seen in snapshots.items():
            assert views(raw, seq) == seen
            if seq >= 0:
                assert views(raw, times[seq]) == seen
        if max(snapshots) < 0:
            return
        with open_catalog(raw.zone) as catalog:
            for seq, (_, every) in snapshots.items():
                table = catalog.receipts(feeds=[FEED], verdicts=["promoted", "duplicate"], as_of=seq)
                held = zip(table["name"].to_pylist(), table["sha256"].to_pylist(), strict=True)
                assert set(held) == {(name, hashlib.sha256(data).hexdigest()) for name, data in every}


def run(examples: int, longest: int) -> str:
    tried, began = [], time.monotonic()
    memory = Path("/dev/shm")  # noqa: S108
    folder = memory if os.access(memory, os.W_OK) else None

    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @example(steps=REPLAYED_AFTER_ITS_SUCCESSOR)
    @given(steps=st.lists(STEPS, min_size=longest // 2, max_size=longest))
    def check(steps):
        with tempfile.TemporaryDirectory(dir=folder) as home:
            tried.append(check_history(steps, Path(home) / "zone"))

    check()
    return f"{len(tried)} histories, {sum(tried)} commits asked for, {time.monotonic() - began:.0f} s"


class TestAsOf:
    """Promotions, revisions, duplicates, refusals, replays and corrected contracts, in any order."""

    def test_every_commit_of_a_history_is_seen_as_it_was(self, tell):
        tell(f"as_of: {run(20, 10)}")

    @pytest.mark.campaign
    def test_also_of_many_long_histories(self, tell):
        tell(f"as_of: {run(200, 25)}")
