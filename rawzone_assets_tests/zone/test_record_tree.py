"""The tree over a ledger's records: incremental, disposable, and never believed against the ledger itself."""

import errno
import random
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from rawzone_assets.zone import merkle
from rawzone_assets.zone.errors import IndexFailed, LedgerDamaged, LedgerGone, StorageFailed
from rawzone_assets.zone.ledger import EMPTY, Author, Ledger, decode_commit, encode_commit
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.record_tree import RecordTree, TreeUnsound

NOW = datetime(2024, 5, 22, 12, tzinfo=UTC)
AUTHOR = Author(run_id="run", writer="me@here:1", code_version="1")


def record(number):
    told = {"outcome": "promoted", "refused": {}, "landing_path": "x" * (number % 50)}
    return {"record": "replayed", "number": number, **told}


class Written:
    """A ledger written by hand, in commits of any size."""

    def __init__(self, folder):
        self.ledger = Ledger(LocalFiles(), folder)
        folder.mkdir()
        self.head = EMPTY
        self.lines = []

    def commit(self, count, *, forged=False):
        records = [record(number) for number in range(len(self.lines), len(self.lines) + count)]
        if forged:
            records[0]["forged"] = True
        data = encode_commit(records, after=self.head, at=NOW, author=AUTHOR)
        self.ledger.path(self.head.seq + 1).write_bytes(data)
        commit = decode_commit(data)
        self.head = commit.head
        self.lines += data.split(b"\n")[1:-1]

    def expected_root(self, size=None):
        """Straight from the leaves, level by level; an odd one at the end moves up unchanged."""
        level = [merkle.leaf_hash(line) for line in self.lines[:size]]
        while len(level) > 1:
            pairs = [merkle.node_hash(*level[i : i + 2]) for i in range(0, len(level) - 1, 2)]
            level = pairs + level[len(pairs) * 2 :]
        return level[0] if level else merkle.EMPTY_ROOT


@pytest.fixture
def written(home):
    return Written(home / "_ledger")


@pytest.fixture
def kept(home, written):
    """The tree with its file, opened anew at each call, as another process does."""
    opened = []

    def open_tree():
        opened.append(RecordTree(written.ledger, home / "tree.sqlite3"))
        return opened[-1]

    yield open_tree
    for tree in opened:
        tree.close()


class TestTheTree:
    def test_leaves_are_the_exact_lines_of_all_records_in_order(self, written, kept):
        for count in (1, 0, 3, 5):
            written.commit(count)
        tree = kept()
        assert tree.catch_up() == written.head
        assert tree.size == 9
        assert [tree.size_at(seq) for seq in range(-1, 4)] == [0, 1, 1, 4, 9]
        assert [tree.subtree(0, number) for number in range(9)] == [
            merkle.leaf_hash(line) for line in written.lines
        ]

    def test_it_grows_with_the_ledger_across_tiles_and_processes(self, written, kept):
        chance = random.Random(1)
        while len(written.lines) < 2_000:
            written.commit(chance.choice([0, 1, 2, 100, 255, 256, 257]))
            tree = kept()
            tree.catch_up()
            assert tree.size == len(written.lines)
            assert tree.root(tree.size) == written.expected_root()
        for size in (0, 1, 255, 256, 257, 511, 512, 513, 1999):
            assert tree.root(size) == written.expected_root(size)

    def test_tiles_above_tiles_are_right(self, written, kept, tell):
        for _ in range(7):
            written.commit(10_000)
        tree = kept()
        tree.catch_up()
        assert tree.root(70_000) == written.expected_root()
        for index in (0, 255, 256, 65_535, 65_536, 69_999):
            path = merkle.inclusion_path(tree.subtree, index, 70_000)
            assert merkle.proves_inclusion(
                merkle.leaf_hash(written.lines[index]),
                index=index,
                size=70_000,
                path=path,
                root=tree.root(70_000),
            )
        tell("proofs: a tree of 70,000 records over three levels of tiles")

    def test_what_another_process_adds_meanwhile_does_not_disturb(self, written, kept):
        written.commit(300)
        tree = kept()
        tree.catch_up()
        before = tree.root(300)
        written.commit(300)
        kept().catch_up()
        assert (tree.root(300), tree.size, tree.root(tree.size)) == (before, 600, written.expected_root())

    def test_one_in_memory_says_the_same(self, written, kept):
        written.commit(700)
        tree = kept()
        tree.catch_up()
        with RecordTree(written.ledger, None) as other:
            other.catch_up()
            assert other.root(700) == tree.root(700)

    def test_an_empty_ledger_has_the_root_of_the_empty_tree(self, kept):
        tree = kept()
        assert tree.catch_up() == EMPTY
        assert tree.root(tree.size) == merkle.EMPTY_ROOT

    def test_where_nothing_can_be_written_it_is_in_memory(self, written, home):
        written.commit(3)
        layout = SimpleNamespace(state=home / "absent")
        with RecordTree.of(SimpleNamespace(layout=layout, ledger=written.ledger)) as tree:
            assert not tree.is_kept
            tree.catch_up()
            assert tree.size == 3
        assert not (home / "absent").exists()


class TestItsFile:
    """It is derived: losing or damaging it costs a reading of the ledger, never a wrong root."""

    @pytest.fixture
    def built(self, written, kept):
        for _ in range(4):
            written.commit(200)
        kept().catch_up()
        return written

    @pytest.mark.parametrize("garbage", [b"", b"garbage", b"SQLite format 3\0" + bytes(5000)])
    def test_garbage_is_replaced(self, built, kept, home, garbage):
        for path in home.glob("tree.sqlite3*"):
            path.unlink()
        (home / "tree.sqlite3").write_bytes(garbage)
        tree = kept()
        tree.catch_up()
        assert tree.root(800) == built.expected_root()

    def test_one_of_another_version_is_replaced(self, built, kept, home):
        with sqlite3.connect(home / "tree.sqlite3") as database:
            database.execute("PRAGMA user_version = 999")
        database.close()
        tree = kept()
        tree.catch_up()
        assert tree.root(800) == built.expected_root()

    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND number = 1",
            "UPDATE tile SET hashes = zeroblob(1024) WHERE level = 0 AND number = 3",
            "UPDATE tile SET hashes = zeroblob(96) WHERE level = 1",
            "DELETE FROM tile WHERE level = 1",
            "DELETE FROM tile WHERE level = 0 AND number = 3",
            "UPDATE extent SET size = 256 WHERE seq = 3",
            "UPDATE extent SET size = 9999 WHERE seq = 3",
            "UPDATE head SET sha256 = 'x'",
            "DELETE FROM head",
        ],
    )
    def test_no_damage_gives_another_root(self, built, kept, home, damage):
        with sqlite3.connect(home / "tree.sqlite3") as database:
            database.execute(damage)
        database.close()
        built.commit(1)
        tree = kept()
        try:
            tree.catch_up()
            assert tree.root(tree.size) == built.expected_root()
            assert merkle.proves_inclusion(
                merkle.leaf_hash(built.lines[300]),
                index=300,
                size=801,
                path=merkle.inclusion_path(tree.subtree, 300, 801),
                root=built.expected_root(),
            )
        except TreeUnsound:
            tree.start_over()
            tree.catch_up()
            assert tree.root(801) == built.expected_root()

    @pytest.mark.parametrize("seed", range(12))
    def test_a_page_of_noise_gives_the_same_root_or_one_sentence(self, built, kept, home, seed):
        path, chance = home / "tree.sqlite3", random.Random(seed)
        data = bytearray(path.read_bytes())
        page = chance.randrange(len(data) // 4096) * 4096
        data[page : page + 4096] = chance.randbytes(4096)
        path.write_bytes(data)
        try:
            tree = kept()
            tree.catch_up()
            found = tree.root(tree.size)
        except (TreeUnsound, IndexFailed):
            path.unlink()  # as the sentence says
            tree = kept()
            tree.catch_up()
            found = tree.root(tree.size)
        assert found == built.expected_root()

    def test_a_file_that_cannot_be_removed_is_one_sentence(self, built, kept, home, monkeypatch):
        def refuse(path, **_):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

        tree = kept()
        tree.catch_up()
        monkeypatch.setattr(Path, "unlink", refuse)
        with pytest.raises(StorageFailed, match="permission is denied"):
            tree.start_over()

    def test_another_ledger_at_the_same_place_is_noticed(self, built, kept, home):
        for name in built.ledger.names():
            (built.ledger.folder / name).unlink()
        built.ledger.folder.rmdir()
        other = Written(home / "_ledger")
        other.commit(800, forged=True)
        tree = kept()
        tree.catch_up()
        assert tree.root(800) == other.expected_root() != built.expected_root()

    def test_a_ledger_that_was_emptied_under_it_has_no_tree(self, built, kept):
        for name in built.ledger.names():
            (built.ledger.folder / name).unlink()
        with pytest.raises(LedgerGone):
            kept().catch_up()

    def test_a_damaged_commit_is_no_leaf(self, built, kept):
        built.commit(1)
        path = built.ledger.path(4)
        path.write_bytes(path.read_bytes().replace(b"replayed", b"repLayed"))
        with pytest.raises(LedgerDamaged):
            kept().catch_up()

    def test_what_was_read_before_a_damaged_commit_is_forgotten_once_it_is_gone(self, built, kept):
        root, tree = built.expected_root(), kept()
        first = built.head.seq + 1
        built.commit(2)
        built.ledger.path(first + 1).write_bytes(b"no commit")
        with pytest.raises(LedgerDamaged):
            tree.catch_up()
        for seq in (first, first + 1):
            built.ledger.path(seq).unlink()
        assert tree.catch_up().seq == first - 1
        assert tree.root(tree.size) == root

    def test_a_full_disk_under_it_is_one_sentence(self, built, kept):
        tree = kept()
        pages = tree._database.execute("PRAGMA page_count").fetchone()[0]
        tree._database.execute(f"PRAGMA max_page_count = {pages}")
        built.commit(5_000)
        with pytest.raises(IndexFailed, match="full"):
            tree.catch_up()
        again = kept()
        again.catch_up()
        assert again.root(5_800) == built.expected_root()
