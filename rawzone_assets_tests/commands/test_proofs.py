"""Offline proof: what the zone hands out is checked by strangers, and what was altered is refused."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.zone.checkpoints import issue, read_checkpoint
from rawzone_assets.zone.keys import PrivateKey, write_private_key
from rawzone_assets.zone.ledger import Author, Head, decode_commit, encode_commit
from rawzone_assets.zone.merkle import leaf_hash, node_hash
from rawzone_assets.zone.notes import Malformed, Note, encode_base64
from rawzone_assets.zone.proofs import Consistency, Inclusion, read_proof
from rawzone_assets.zone.proving import prove_inclusion, take_checkpoint
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.record_tree import RecordTree
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone.strange_disks import small_disk

DOCUMENT = Path(__file__).parents[2] / "docs" / "proofs.md"
KEY = PrivateKey("label.example/rawzone", bytes(range(32)))
PUBLIC = KEY.public.encode()


@pytest.fixture
def key_file(tmp_path, monkeypatch):
    path = tmp_path / "signing.key"
    write_private_key(path, KEY)
    monkeypatch.setenv("RAWZONE_SIGNING_KEY", str(path))
    return path


@pytest.fixture
def promoted(rawzone):
    return rawzone.record("ls", feed="distrokid/streams")


def lines_of(home):
    """The ledger's records as they stand in its files, read without the code under test."""
    files = sorted((home / "raw" / "_ledger").glob("*.jsonl"))
    return [line for path in files for line in path.read_bytes().split(b"\n")[1:-1]]


def write(path, data):
    path.write_bytes(data)
    return str(path)


def fill(disk):
    with (disk / "full").open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(bytes(4096))


class Ledger:
    """Rewriting a ledger as only somebody with access to the disk can."""

    def __init__(self, home):
        self.folder = home / "raw" / "_ledger"
        self.files = sorted(self.folder.glob("*.jsonl"))

    def rewrite(self, number, change):
        """Change the records of one commit and chain all later ones to it anew, so that every hash fits."""
        head = Head(seq=-1, sha256="0" * 64, at=None)
        for path in self.files:
            commit = decode_commit(path.read_bytes())
            records = [dict(record) for record in commit.records]
            author = Author(
                run_id=commit.run_id,
                writer=commit.header["writer"],
                code_version=commit.header["code_version"],
            )
            if commit.seq == number:
                records, author = change(records, author)
            path.chmod(0o644)
            path.write_bytes(encode_commit(records, after=head, at=commit.at, author=author))
            head = decode_commit(path.read_bytes()).head


class TestEveryRecord:
    """A proof for every record, checked by the definitions, not by our own verifier."""

    def test_is_proved(self, rawzone, tell):
        lines = lines_of(rawzone.home)
        level = [hashlib.sha256(b"\0" + line).digest() for line in lines]
        while len(level) > 1:
            pairs = [
                hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)
            ]
            level = pairs + level[2 * len(pairs) :]
        settings = Settings.from_environment({}, home=rawzone.home)
        seen = set()
        with Zone(settings) as zone, RecordTree.of(zone) as tree:
            zone.index.catch_up()
            issued = take_checkpoint(zone, tree)
            assert (issued.checkpoint.size, issued.checkpoint.root) == (len(lines), level[0])
            for entry in zone.index.entries():
                data = prove_inclusion(zone, tree, entry, issued).encode()
                proof = read_proof(data)
                proof.check()
                assert lines[proof.index] == proof.record
                assert json.loads(proof.record)["landing_path"] == entry.receipt.landing_path
                seen.add(proof.index)
        assert seen == set(range(len(lines)))
        tell(f"proofs: every one of {len(seen)} records of a zone proved and checked")

    @pytest.mark.parametrize("verdict", list(Verdict))
    def test_of_any_verdict_is_named_as_show_names_it(self, rawzone, tmp_path, verdict):
        record = next(r for r in rawzone("log", "--json").records if r["verdict"] == verdict)
        wanted = record["key"] if verdict is Verdict.PROMOTED else record["landing_path"]
        proof = write(tmp_path / "p", rawzone("prove", wanted).out)
        answer = rawzone("verify-proof", proof, "--json").records[0]
        assert answer["verdict"] == "verified"
        assert answer["receipt"]["landing_path"] == record["landing_path"]
        assert answer["receipt"]["verdict"] == verdict

    def test_of_several_is_chosen_by_its_commit(self, own, tmp_path):
        landed = own.record("quarantine ls")
        path = own.home / "landing" / landed["landing_path"]
        for text in (b"again", b"and again"):  # refused each time
            path.write_bytes(path.read_bytes() + text)
            own.promote()
        several = [
            r["seq"] for r in own("log", "--json").records if r["landing_path"] == landed["landing_path"]
        ]
        assert len(several) == 3
        outcome = own("prove", landed["landing_path"])
        assert (outcome.code, outcome.out) == (2, b"")
        assert f"in commits {', '.join(map(str, several))}" in outcome.err
        for seq in several:
            proof = write(tmp_path / f"p{seq}", own("prove", landed["landing_path"], "--commit", str(seq)).out)
            assert own("verify-proof", proof).code == 0
        assert own("prove", landed["landing_path"], "--commit", "9999").code == 2

    def test_has_room_for_a_long_receipt(self):
        record = json.dumps({"record": "receipt", "findings": ["x" * 100] * 30_000}).encode()
        issued = issue(origin="o", size=1, root=leaf_hash(record), ledger=None, key=None)
        proof = Inclusion(index=0, path=(), issued=issued, record=record)
        assert read_proof(proof.encode()) == proof


class TestTheFile:
    """C2SP tlog-proof: header, extra, index, hashes from the leaf's sibling up, empty line, checkpoint."""

    def test_has_the_form_of_the_specification(self, rawzone, promoted):
        head, extra, index, *rest = rawzone("prove", promoted["key"]).text.split("\n")
        assert head == "c2sp.org/tlog-proof@v1"
        record = base64.b64decode(extra.removeprefix("extra "))
        assert lines_of(rawzone.home)[int(index.removeprefix("index "))] == record
        path, note = rest[: rest.index("")], "\n".join(rest[rest.index("") + 1 :])
        assert all(len(base64.b64decode(line)) == 32 for line in path)
        assert note == rawzone("checkpoint").text

    def test_is_checked_without_a_zone_and_leaves_no_trace(self, rawzone, promoted, tmp_path):
        write(tmp_path / "p.tlog-proof", rawzone("prove", promoted["key"]).out)
        stored = tmp_path / "object.gz"
        shutil.copy(rawzone.home / "raw" / promoted["key"], stored)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("RAWZONE")}
        program = "from rawzone_assets.cli import main\nmain()"
        command = [sys.executable, "-c", program, "verify-proof", "p.tlog-proof", "--object", "object.gz"]
        root = str(Path(__file__).parents[2])
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": root},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, "Verified" in done.stdout) == (0, True), done.stderr
        assert sorted(path.name for path in tmp_path.iterdir()) == ["object.gz", "p.tlog-proof"]

    @pytest.mark.parametrize("signed", [False, True])
    def test_every_flipped_bit_is_refused(self, own, promoted, tmp_path, signed, tell):
        _flip(own, promoted, signed=signed, step=13, tell=tell)

    @pytest.mark.campaign
    @pytest.mark.parametrize("signed", [False, True])
    def test_every_single_flipped_bit_is_refused(self, own, promoted, signed, tell):
        _flip(own, promoted, signed=signed, step=1, tell=tell)

    def test_every_line_left_out_doubled_or_swapped_is_refused(self, rawzone, promoted):
        lines = rawzone("prove", promoted["key"]).out.splitlines(keepends=True)
        for number in range(len(lines)):
            before, line, after = lines[:number], lines[number], lines[number + 1 :]
            variants = [before + after, [*before, line, line, *after]]
            if after and after[0] != line:
                variants.append([*before, after[0], line, *after[1:]])
            for variant in variants:
                with pytest.raises(Malformed):
                    read_proof(b"".join(variant)).check()

    @pytest.mark.parametrize("line", [0, 1, 2, 3, -3, -1])
    def test_an_altered_one_is_one_sentence_and_exit_code_1(self, rawzone, promoted, tmp_path, line):
        lines = rawzone("prove", promoted["key"]).out.splitlines(keepends=True)
        lines[line] = lines[line][:-2] + bytes([lines[line][-2] ^ 1]) + b"\n"
        outcome = rawzone("verify-proof", write(tmp_path / "p", b"".join(lines)))
        assert outcome.code == 1
        assert outcome.text.startswith("The proof ")
        assert (outcome.text.count("\n"), outcome.err) == (1, "")

    @given(st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
    def test_anything_else_is_refused(self, data):
        for begin in (b"", b"c2sp.org/tlog-proof@v1\n", b"c2sp.org/tlog-proof@v1\nindex 0\n\n", b"old 1\n\n"):
            with pytest.raises(Malformed):
                read_proof(begin + data)

    def test_one_of_growth_is_about_its_own_log_and_the_checkpoint_it_starts_from(self):
        first, second = leaf_hash(b"one"), leaf_hash(b"two")

        def issued(origin, size, root):
            return issue(origin=origin, size=size, root=root, ledger=None, key=None)

        old, new = issued("log", 1, first), issued("log", 2, node_hash(first, second))
        Consistency(old=1, path=(second,), issued=new).check(old)
        with pytest.raises(Malformed, match="the older checkpoint about another"):
            Consistency(old=1, path=(second,), issued=new).check(issued("another", 1, first))
        with pytest.raises(Malformed, match="it starts from 2 records"):
            Consistency(old=2, path=(second,), issued=new).check(old)

    @pytest.mark.parametrize(
        ("path", "says"), [([bytes(31)], "no SHA-256"), ([bytes(32)] * 64, "more than 63 hashes")]
    )
    def test_one_whose_path_no_tree_has_is_refused(self, path, says):
        issued = issue(origin="log", size=2, root=bytes(32), ledger=None, key=None)
        proof = Inclusion(index=0, path=tuple(path), issued=issued, record=b"one")
        with pytest.raises(Malformed, match=says):
            read_proof(proof.encode())

    def test_one_of_another_log_is_checked_with_its_key(self, rawzone, tmp_path):
        """Made here by hand, without extra data, as another's software may."""
        leaves = [b"one", b"two", b"three"]
        hashes = [leaf_hash(leaf) for leaf in leaves]
        root = node_hash(node_hash(hashes[0], hashes[1]), hashes[2])
        text = f"other.example/log\n3\n{encode_base64(root)}\n"
        note = Note(text=text).signed(KEY.sign(text)).encode()
        path = "".join(f"{encode_base64(entry)}\n" for entry in (hashes[0], hashes[2]))
        proof = write(tmp_path / "p", f"c2sp.org/tlog-proof@v1\nindex 1\n{path}\n".encode() + note)
        record = write(tmp_path / "record", b"two")
        assert rawzone("verify-proof", proof, "--key", PUBLIC, "--record", record).code == 0
        assert "--record" in rawzone("verify-proof", proof, "--key", PUBLIC).text
        assert "--key" in rawzone("verify-proof", proof, "--record", record).text
        assert (
            rawzone("verify-proof", proof, "--key", PUBLIC, "--record", write(tmp_path / "x", b"2")).code == 1
        )


def _flip(own, promoted, *, signed, step, tell):
    """Flip bits of a proof file: of the record, or when it is signed of everything, each ``step``-th."""
    with Zone(Settings.from_environment({}, home=own.home)) as zone, RecordTree.of(zone) as tree:
        zone.index.catch_up()
        [entry] = zone.index.find(promoted["key"])
        head = tree.catch_up()
        issued = issue(
            origin=KEY.name,
            size=tree.size,
            root=tree.root(tree.size),
            ledger=(head.seq, head.sha256),
            key=KEY if signed else None,
        )
        data = prove_inclusion(zone, tree, entry, issued).encode()
    read_proof(data).check()
    begin, end = data.index(b"extra ") + 6, data.index(b"\nindex ")
    around = step if signed else 1  # Ed25519 takes its time; the checkpoint's own tests flip all of its bits
    bits = [
        *range(0, begin * 8, around),
        *range(begin * 8, end * 8, step),
        *range(end * 8, len(data) * 8, around),
    ]
    for bit in bits:
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        for trusted in ([], [KEY.public]) if signed else ([],):
            with pytest.raises(Malformed):
                read_proof(bytes(damaged), trusted=trusted).check()
    tell(f"proofs: {len(bits)} flipped bits of a {'signed' if signed else 'plain'} proof refused")


class TestTheObject:
    def test_any_form_of_the_bytes_will_do_and_no_others(self, rawzone, promoted, tmp_path):
        proof = write(tmp_path / "p", rawzone("prove", promoted["key"]).out)
        stored = rawzone.home / "raw" / promoted["key"]
        original = write(tmp_path / "original", rawzone("cat", promoted["key"]).out)
        damaged = bytearray(stored.read_bytes())
        damaged[100] ^= 1
        for path in (str(stored), original):
            assert rawzone("verify-proof", proof, "--object", path).code == 0
        for data in (bytes(damaged), b"", b"other", stored.read_bytes()[:-1], stored.read_bytes() + b"x"):
            outcome = rawzone("verify-proof", proof, "--object", write(tmp_path / "x", data))
            assert (outcome.code, "does not hold the bytes" in outcome.text) == (1, True)


class TestCheckpoint:
    def test_says_what_the_ledger_is(self, rawzone):
        record = rawzone("checkpoint", "--json").records[0]
        verified = rawzone("verify", "--json").records[-1]
        assert (record["ledger_seq"], record["ledger_head"]) == (verified["head_seq"], verified["head"])
        assert record["size"] == len(lines_of(rawzone.home))
        assert record["checkpoint"] == rawzone("checkpoint").text == rawzone("checkpoint", "--full").text

    def test_of_a_folder_that_is_new_is_that_of_the_empty_tree(self, nowhere):
        nowhere.home.mkdir()
        record = nowhere("checkpoint", "--json").records[0]
        assert record["size"] == 0
        assert base64.b64decode(record["root"]) == hashlib.sha256(b"").digest()
        assert list(nowhere.home.iterdir()) == []

    @pytest.mark.parametrize("left", ["raw", "raw/_ledger"], ids=["mount point", "empty ledger"])
    @pytest.mark.parametrize(
        ("reader", "arguments"), [("ls", ()), ("ls", ("--full",)), ("checkpoint", ("--json",))]
    )
    def test_of_a_ledger_that_was_read_before_and_is_empty_now_is_refused(self, own, reader, arguments, left):
        """Else it would testify to a zone that nobody has, because a disk is not mounted."""
        assert own(reader).code == 0
        shutil.rmtree(own.home / "raw")
        (own.home / left).mkdir(parents=True)
        outcome = own("checkpoint", *arguments)
        assert (outcome.code, outcome.out) == (2, b"")
        assert "was read before" in outcome.err
        assert "mount the disk" in outcome.err

    def test_holds_after_the_zone_grew(self, own, tmp_path):
        old = write(tmp_path / "old", own("checkpoint").out)
        (own.home / "landing" / "distrokid" / "strange.bin").write_bytes(b"x")
        own.promote()
        outcome = own("checkpoint", "--verify", old, "--json")
        assert outcome.code == 0
        assert outcome.records[0]["size_now"] == outcome.records[0]["size"] + 1
        grown = write(tmp_path / "grown", own("prove", "--since", old).out)
        assert own("verify-proof", grown, "--since", old).code == 0

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda records, author: ([{**records[0], "size": 1}, *records[1:]], author), "are not those"),
            (lambda records, author: (records[1:], author), "holds"),
            (
                lambda records, author: (records, Author(run_id="x", writer="x", code_version="1")),
                "not the one",
            ),
        ],
        ids=["record", "removed", "header"],
    )
    def test_tells_a_zone_that_was_rewritten_with_every_hash_right(self, own, tmp_path, change, says):
        old = write(tmp_path / "old", own("checkpoint").out)
        promoted = own.record("ls", feed="distrokid/streams")
        Ledger(own.home).rewrite(0, change)
        assert own("checkpoint", "--full").code == 0  # it is consistent in itself
        outcome = own("checkpoint", "--verify", old)
        assert (outcome.code, says in outcome.text) == (1, True), outcome.text
        for arguments in (("--since", old), (promoted["key"], "--checkpoint", old)):
            outcome = own("prove", *arguments)
            assert (outcome.code, outcome.out) == (1, b"")

    def test_tells_a_zone_that_was_rolled_back(self, own, tmp_path):
        old = write(tmp_path / "old", own("checkpoint").out)
        Ledger(own.home).files[-1].unlink()
        outcome = own("checkpoint", "--verify", old)
        assert (outcome.code, "but the checkpoint counted" in outcome.text) == (1, True)

    def test_tells_a_damaged_commit_which_kept_hashes_would_not(self, own, tmp_path):
        old = write(tmp_path / "old", own("checkpoint").out)
        path = Ledger(own.home).files[0]
        path.chmod(0o644)
        path.write_bytes(path.read_bytes().replace(b'"size":1', b'"size":2', 1))
        assert own("checkpoint", "--verify", old).code == 1

    def test_an_altered_one_is_refused(self, rawzone, tmp_path):
        data = rawzone("checkpoint").out
        outcome = rawzone("checkpoint", "--verify", write(tmp_path / "old", data.replace(b"1", b"2", 1)))
        assert (outcome.code, outcome.text.count("\n")) == (1, 1)

    def test_a_proof_against_an_older_one_carries_it_verbatim(self, own, promoted, tmp_path):
        old = write(tmp_path / "old", own("checkpoint").out)
        (own.home / "landing" / "distrokid" / "strange.bin").write_bytes(b"x")
        own.promote()
        proof = own("prove", promoted["key"], "--checkpoint", old).out
        assert proof.endswith(b"\n\n" + Path(old).read_bytes())
        path = write(tmp_path / "p", proof)
        assert own("verify-proof", path, "--checkpoint", old).code == 0
        new = write(tmp_path / "new", own("checkpoint").out)
        outcome = own("verify-proof", path, "--checkpoint", new)
        assert (outcome.code, "cannot be compared" in outcome.text) == (1, True)
        outcome = own("prove", "distrokid/strange.bin", "--checkpoint", old)
        assert (outcome.code, "after that checkpoint" in outcome.err) == (1, True)


class TestSigned:
    def test_a_signature_names_who_vouches(self, own, promoted, key_file, tmp_path):
        proof = write(tmp_path / "p", own("prove", promoted["key"]).out)
        answer = own("verify-proof", proof, "--key", PUBLIC, "--json").records[0]
        assert (answer["origin"], answer["signed_by"]) == (KEY.name, [PUBLIC])
        file = write(tmp_path / "pub", own("key", "show").out)
        assert own("verify-proof", proof, "--key", file).err == ""
        other = PrivateKey("someone.example", bytes(32)).public.encode()
        outcome = own("verify-proof", proof, "--key", other)
        assert (outcome.code, "no signature by the key of someone.example" in outcome.text) == (1, True)

    def test_whoever_signs_never_contradicts_himself(self, own, key_file):
        assert own("checkpoint").code == 0
        Ledger(own.home).rewrite(0, lambda records, author: ([{**records[0], "size": 1}, *records[1:]], author))
        outcome = own.run("checkpoint")
        assert (outcome.code, outcome.out) == (2, b"")
        assert "last signed checkpoint" in outcome.err
        next((own.home / "state").glob("signed-*")).unlink()
        assert own("checkpoint").code == 0

    def test_the_origin_can_be_set(self, own, key_file, monkeypatch):
        monkeypatch.setenv("RAWZONE_ORIGIN", "label.example/other")
        assert own("checkpoint", "--json").records[0]["origin"] == "label.example/other"
        monkeypatch.setenv("RAWZONE_ORIGIN", "two words")
        outcome = own.run("checkpoint")
        assert (outcome.code, "RAWZONE_ORIGIN" in outcome.err) == (2, True)

    def test_a_key_is_made_once_and_never_shown(self, own, tmp_path):
        path = tmp_path / "key"
        made = own("key", "generate", str(path), "--name", "label.example/rawzone", "--json")
        private = path.read_text().strip()
        assert path.stat().st_mode & 0o777 == 0o600
        assert private.split("+", 4)[4] not in made.text + made.err
        assert own("key", "show", str(path)).text.strip() == made.records[0]["public_key"]
        outcome = own.run("key", "generate", str(path), "--name", "x")
        assert (outcome.code, path.read_text().strip()) == (2, private)
        assert "name another file" in outcome.err
        assert "rawzone key generate" not in outcome.err  # that is what was just tried

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ("key generate KEY", "needs a name"),
            ("key generate --name x", "No file is named"),
            ("key show", "No key is configured"),
            ("key show KEY", "cannot be used"),
            ("verify-proof KEY", "cannot be read"),
            ("checkpoint --verify KEY", "cannot be read"),
            ("prove", "Name either"),
            ("prove nothing-of-that-name", "Nothing in the ledger"),
            ("prove --since KEY", "cannot be read"),
            ("verify-proof KEY --key nonsense+x", "cannot be used"),
            ("verify-proof KEY --key nonsense", "cannot be read"),
        ],
    )
    def test_wrong_usage_is_one_sentence_and_exit_code_2(self, rawzone, tmp_path, arguments, says):
        outcome = rawzone(*arguments.replace("KEY", str(tmp_path / "absent")).split())
        assert (outcome.code, outcome.out) == (2, b"")
        assert says in outcome.err
        assert outcome.err.count("\n") == 1

    def test_without_the_package_for_it_one_sentence_says_so(self, rawzone, promoted, key_file, tmp_path):
        hidden = "import sys\nsys.modules['cryptography'] = None"
        outcome = rawzone.run("checkpoint", code=hidden, RAWZONE_SIGNING_KEY=str(key_file))
        assert (outcome.code, outcome.out) == (2, b"")
        assert "rawzone[signing]" in outcome.err
        assert rawzone.run("checkpoint", code=hidden, RAWZONE_SIGNING_KEY="").code == 0

    @pytest.mark.parametrize("command", ["prove KEY", "verify-proof PROOF"])
    def test_nothing_heavy_is_imported(self, rawzone, promoted, tmp_path, command):
        proof = write(tmp_path / "p", rawzone("prove", promoted["key"]).out)
        report = (
            "import atexit, sys\n"
            "names = lambda: {name.split('.')[0] for name in sys.modules}\n"
            "atexit.register(lambda: print('IMPORTED', *names(), file=sys.stderr))"
        )
        outcome = rawzone.run(
            *command.replace("KEY", promoted["key"]).replace("PROOF", proof).split(), code=report
        )
        assert outcome.code == 0
        imported = set(outcome.err.rpartition("IMPORTED")[2].split())
        assert imported
        assert not imported & {"dagster", "pandas", "pandera", "pyarrow", "rich", "cryptography"}


class TestADiskThatIsFull:
    """What is handed out is whole or not there: half of it would refuse the next attempt under its name."""

    def test_a_result_leaves_nothing_and_is_written_when_there_is_room(self, rawzone, tmp_path):
        with small_disk(tmp_path / "disk", size=64 * 1024) as disk:
            fill(disk)
            out = str(disk / "plan.json")
            refused = rawzone("archive", "plan", "--out", out)
            assert refused.code == 2
            assert refused.err.endswith("cannot be written (no space left on device): name another file.\n")
            assert not Path(out).exists()
            (disk / "full").unlink()
            assert rawzone("archive", "plan", "--out", out).code == 0
            assert json.loads(Path(out).read_bytes())["files"] == []

    def test_a_key_leaves_nothing_and_is_made_when_there_is_room(self, rawzone, tmp_path):
        with small_disk(tmp_path / "disk", size=64 * 1024) as disk:
            fill(disk)
            made = ("key", "generate", str(disk / "key"), "--name", "label.example")
            refused = rawzone(*made)
            assert refused.code == 2
            assert "no space left on device" in refused.err
            assert not (disk / "key").exists()
            (disk / "full").unlink()
            assert rawzone(*made).code == 0


class TestWithoutOurSoftware:
    """docs/proofs.md: an auditor's own steps, run as they stand there."""

    @pytest.fixture
    def desk(self, own, promoted, key_file, tmp_path):
        """A folder with the scripts of the document, a proof and its object."""
        desk = tmp_path / "desk"
        desk.mkdir()
        blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
        for name, block in zip(("check.py", "signature.py", "root.py"), blocks, strict=True):
            (desk / name).write_text(block, encoding="utf-8")
        (desk / "p").write_bytes(own("prove", promoted["key"]).out)
        shutil.copy(own.home / "raw" / promoted["key"], desk / "object.gz")
        return desk

    @staticmethod
    def run(desk, *command):
        return subprocess.run(command, cwd=desk, capture_output=True, text=True, check=False)

    def test_the_scripts_are_short_enough_to_read(self, desk):
        assert all(
            len((desk / name).read_text().splitlines()) <= 30
            for name in ("check.py", "signature.py", "root.py")
        )

    def test_a_proof_is_checked(self, desk, own, promoted):
        done = self.run(desk, sys.executable, "check.py", "p")
        assert done.returncode == 0, done.stderr
        record = json.loads(done.stdout)
        assert record["key"] == promoted["key"]
        assert own("checkpoint").text.split("\n")[2] in done.stderr
        unpacked = self.run(desk, "sh", "-c", "gunzip -c object.gz | sha256sum")
        assert unpacked.stdout.split()[0] == record["sha256"]

    def test_an_altered_record_is_refused(self, desk):
        lines = (desk / "p").read_bytes().split(b"\n")
        record = base64.b64decode(lines[1].removeprefix(b"extra "))
        lines[1] = b"extra " + base64.b64encode(record.replace(b"promoted", b"refused!", 1))
        (desk / "p").write_bytes(b"\n".join(lines))
        assert self.run(desk, sys.executable, "check.py", "p").returncode == 1

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
    def test_a_signature_is_checked_with_openssl(self, desk):
        assert self.run(desk, sys.executable, "signature.py", "p", PUBLIC).returncode == 0
        verify = (
            "openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in note.text -sigfile note.sig"
        )
        assert verify in DOCUMENT.read_text(encoding="utf-8")
        assert self.run(desk, *verify.split()).returncode == 0
        (desk / "note.text").write_bytes((desk / "note.text").read_bytes().replace(b"label", b"lapel", 1))
        assert self.run(desk, *verify.split()).returncode != 0

    def test_the_root_is_computed_from_the_ledgers_files(self, desk, own):
        done = self.run(desk, sys.executable, "root.py", str(own.home / "raw" / "_ledger"))
        assert done.stdout.split() == own("checkpoint").text.split("\n")[1:3]
        done = self.run(desk, sys.executable, "root.py", str(own.home / "raw" / "_ledger"), "100")
        size, root = done.stdout.split()
        with Zone(Settings.from_environment({}, home=own.home)) as zone, RecordTree.of(zone) as tree:
            tree.catch_up()
            assert (size, root) == ("100", encode_base64(tree.root(100)))


def test_a_proof_of_a_rewritten_ledger_is_not_that_of_the_checkpoint_one_trusts(rawzone, promoted, tmp_path):
    """As many records under the same name, and not the same ones."""
    proof = tmp_path / "proof"
    (told,) = rawzone("prove", promoted["key"], "--output", str(proof), "--json").records
    forged = issue(origin=told["origin"], size=told["size"], root=bytes(32), ledger=None, key=None)
    trusted = write(tmp_path / "trusted", forged.data)
    (answer,) = rawzone("verify-proof", str(proof), "--checkpoint", trusted, "--json").records
    assert (answer["verdict"], "another root" in answer["problem"]) == ("refused", True)


def test_what_is_handed_out_is_read_back_as_it_was():
    issued = issue(origin="o", size=1, root=leaf_hash(b"r"), ledger=None, key=None)
    proof = Inclusion(index=0, path=(), issued=issued, record=b"r")
    assert read_proof(proof.encode()) == proof
    assert read_checkpoint(issued.data) == issued
