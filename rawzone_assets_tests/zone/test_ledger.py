"""The ledger: canonical, chained, and without a byte that could be altered unnoticed."""

import hashlib
import json
import os
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.zone import ledger as ledger_file
from rawzone_assets.zone.errors import LedgerDamaged
from rawzone_assets.zone.ledger import (
    EMPTY,
    Author,
    DamagedCommit,
    Head,
    Ledger,
    decode_commit,
    encode_commit,
)
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.receipt import Receipt, Verdict, canonical, moment, printable_path, timestamp
from rawzone_assets_tests.zone.tiny_platform import open_zone, promote_all

NOW = datetime(2024, 5, 22, 12, tzinfo=UTC)
AUTHOR = Author(run_id="run", writer="me@here:1", code_version="1")
RECEIPT = Receipt(verdict=Verdict.UNRECOGNIZED, landing_path="p/ä\n", sha256="0" * 64, size=3)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="ascii")), inner, max_size=3)
    ),
    max_leaves=8,
)


def chain(ledger, count, *, begin=NOW):
    ledger.folder.mkdir(exist_ok=True)
    head = EMPTY
    for number in range(count):
        data = encode_commit([RECEIPT.as_record()] * number, after=head, at=begin, author=AUTHOR)
        ledger.path(number).write_bytes(data)
        head = decode_commit(data).head
    return head


@pytest.fixture
def ledger(home):
    return Ledger(LocalFiles(), home / "_ledger")


class TestCanonicalForm:
    """RFC 8785, by the judgement of an independent library."""

    @given(st.dictionaries(st.text(st.characters(codec="ascii")), VALUES, max_size=5))
    def test_it_is_what_an_independent_library_writes(self, record):
        assert canonical(record) == rfc8785.dumps(record)

    def test_a_real_receipt_is_canonical_for_others_too(self, home, landing):
        landing.put_all({"tiny/note_20240522.txt": b"a\n", "tiny/note_20240523.txt": b"bad", "tiny/x": b"?"})
        with open_zone(home) as zone:
            promote_all(zone)
        lines = b"".join(path.read_bytes() for path in sorted((home / "raw/_ledger").iterdir())).splitlines()
        assert len(lines) == 5
        assert [rfc8785.dumps(json.loads(line)) for line in lines] == lines

    def test_a_receipt_is_read_back_as_it_was(self):
        assert Receipt.from_record(json.loads(canonical(RECEIPT.as_record()))) == RECEIPT

    def test_fields_of_a_later_version_are_passed_over(self):
        assert Receipt.from_record({**RECEIPT.as_record(), "of_tomorrow": 1}) == RECEIPT

    @given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
    def test_times_are_read_back_and_sort_as_text(self, at):
        assert moment(timestamp(at)) == at
        assert timestamp(at) < timestamp(at + timedelta(microseconds=1))

    def test_a_path_that_is_no_text_is_shown_escaped_and_kept_as_bytes(self):
        path = b"p/\xff.json".decode(errors="surrogateescape")
        assert printable_path(path) == ("p/\\xff.json", b"p/\xff.json".hex())
        assert printable_path("p/ä\n") == ("p/ä\n", None)


class TestOneCommit:
    def test_what_is_written_is_read_back(self):
        data = encode_commit([RECEIPT.as_record()], after=EMPTY, at=NOW, author=AUTHOR)
        commit = decode_commit(data)
        assert (commit.seq, commit.prev, commit.at, commit.run_id) == (0, "0" * 64, NOW, "run")
        assert commit.records == (RECEIPT.as_record(),)

    def test_every_flipped_bit_is_noticed_by_the_commit_itself(self):
        data = encode_commit([RECEIPT.as_record()] * 2, after=EMPTY, at=NOW, author=AUTHOR)
        for position in range(len(data) * 8):
            damaged = bytearray(data)
            damaged[position // 8] ^= 1 << position % 8
            with pytest.raises(DamagedCommit):
                decode_commit(bytes(damaged))

    def test_every_truncation_and_an_extension_are_noticed(self):
        data = encode_commit([RECEIPT.as_record()] * 2, after=EMPTY, at=NOW, author=AUTHOR)
        for length in range(len(data)):
            with pytest.raises(DamagedCommit):
                decode_commit(data[:length])
        with pytest.raises(DamagedCommit):
            decode_commit(data + b"\n")

    @pytest.mark.parametrize(
        "data", [b"", b"\n", b"[]\n", b"null\n", b'{"ledger":2}\n', b"\xff\n", b"[" * 5000 + b"\n"]
    )
    def test_anything_else_is_no_commit(self, data):
        with pytest.raises(DamagedCommit):
            decode_commit(data)

    def test_a_cr_between_records_is_no_line_end_even_where_all_hashes_agree(self):
        data = encode_commit([RECEIPT.as_record()] * 2, after=EMPTY, at=NOW, author=AUTHOR)
        line, _, body = data.partition(b"\n")
        altered = body.replace(b"\n", b"\r", 1)
        header = {**json.loads(line), "body_sha256": hashlib.sha256(altered).hexdigest()}
        header["header_sha256"] = ledger_file._header_digest(header)
        with pytest.raises(DamagedCommit):
            decode_commit(canonical(header) + b"\n" + altered)

    def test_time_never_runs_backwards(self):
        late = Head(seq=3, sha256="1" * 64, at=NOW + timedelta(days=1))
        commit = decode_commit(encode_commit([], after=late, at=NOW, author=AUTHOR))
        assert (commit.seq, commit.prev, commit.at) == (4, "1" * 64, late.at)


class TestTheChain:
    def test_commits_are_read_in_order(self, ledger):
        head = chain(ledger, 5)
        commits = list(ledger.after(EMPTY))
        assert [commit.seq for commit in commits] == [0, 1, 2, 3, 4]
        assert commits[-1].head == head
        assert list(ledger.after(head)) == []

    def test_an_empty_ledger_has_no_commits(self, ledger):
        assert list(ledger.after(EMPTY)) == []
        assert ledger.names() == []

    @pytest.mark.parametrize("number", range(4))
    def test_a_replaced_commit_breaks_the_chain(self, ledger, number):
        chain(ledger, 5)
        other = Head(seq=number - 1, sha256="5" * 64, at=NOW)
        ledger.path(number).write_bytes(encode_commit([], after=other, at=NOW, author=AUTHOR))
        with pytest.raises(LedgerDamaged, match="does not follow"):
            list(ledger.after(EMPTY))

    @pytest.mark.parametrize("number", range(4))
    def test_a_missing_commit_is_noticed_and_not_written_anew(self, ledger, number):
        chain(ledger, 5)
        ledger.path(number).unlink()
        with pytest.raises(LedgerDamaged, match="it is missing, but later commits are there"):
            list(ledger.after(EMPTY))

    def test_a_commit_under_another_number_is_noticed(self, ledger):
        chain(ledger, 2)
        ledger.path(1).write_bytes(ledger.path(0).read_bytes())
        with pytest.raises(LedgerDamaged, match="says it is number 0"):
            list(ledger.after(EMPTY))

    @pytest.mark.parametrize("number", range(3))
    def test_a_hole_of_terabytes_behind_a_commit_is_noticed_and_takes_no_memory(self, ledger, number):
        """Such a file takes no room on disk, so anybody can make one; its end was read into memory before."""
        chain(ledger, 3)
        os.truncate(ledger.path(number), 2**42)
        tracemalloc.start()
        with pytest.raises(LedgerDamaged, match="its records are not those it was written with"):
            list(ledger.after(EMPTY))
        assert tracemalloc.get_traced_memory()[1] < 2**24
        tracemalloc.stop()

    def test_a_commit_that_never_ends_is_read_up_to_a_bound(self, ledger, monkeypatch):
        chain(ledger, 1)
        with ledger.path(0).open("ab") as file:
            file.write(b" " * 2**23)
        monkeypatch.setattr(ledger_file, "_MOST", 2**20)
        assert len(ledger.bytes_of(0)) <= 2**22
        with pytest.raises(LedgerDamaged):
            list(ledger.after(EMPTY))

    def test_a_number_is_claimed_once(self, ledger, home):
        chain(ledger, 1)
        (home / "staged").write_bytes(b"x")
        ledger.claim(home / "staged", 1)
        with pytest.raises(FileExistsError):
            ledger.claim(home / "staged", 1)
        assert ledger.bytes_of(1) == b"x"
