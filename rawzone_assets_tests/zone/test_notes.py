"""Signed notes, keys and checkpoints: the forms of C2SP, by the examples its documents and Go publish."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.zone.checkpoints import issue, read_checkpoint
from rawzone_assets.zone.keys import (
    PrivateKey,
    PublicKey,
    load_private_key,
    read_private_key,
    read_public_key,
    write_private_key,
)
from rawzone_assets.zone.notes import Malformed, Note, decode_base64, encode_base64, read_note, read_number
from rawzone_assets.zone.setting_errors import BadKey, KeyKept

# The example of c2sp.org/signed-note.
SPEC_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n\u2014 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
# The example of Go's golang.org/x/mod/sumdb/note. Ed25519 is deterministic, so signing gives these very bytes.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
GO_NOTE = (
    f"{GO_TEXT}\n\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
KEY = PrivateKey("label.example/rawzone", bytes(range(32)))
OTHER = PrivateKey("label.example/rawzone", bytes(32))
ROOT = bytes(range(32))


def issued(key=None, **changes):
    facts = {"origin": "label.example/rawzone", "size": 318, "root": ROOT, "ledger": (16, "ab" * 32)}
    return issue(**{**facts, **changes}, key=key)


def flips(data):
    for position in range(len(data) * 8):
        damaged = bytearray(data)
        damaged[position // 8] ^= 1 << position % 8
        yield bytes(damaged)


class TestPublishedExamples:
    def test_the_documents_note_is_by_the_documents_key(self):
        note = read_note(SPEC_NOTE)
        assert note.signers([read_public_key(SPEC_KEY)]) == [read_public_key(SPEC_KEY)]
        assert note.encode() == SPEC_NOTE

    def test_keys_are_written_as_they_were_read(self):
        assert read_public_key(SPEC_KEY).encode() == SPEC_KEY
        assert read_private_key(GO_PRIVATE).encode() == GO_PRIVATE
        assert read_private_key(GO_PRIVATE).public.encode() == GO_KEY

    def test_signing_gives_the_bytes_that_go_gives(self):
        key = read_private_key(GO_PRIVATE)
        assert Note(text=GO_TEXT).signed(key.sign(GO_TEXT)).encode() == GO_NOTE

    def test_every_flipped_bit_of_a_note_is_refused(self):
        key = read_public_key(SPEC_KEY)
        for damaged in flips(SPEC_NOTE):
            try:
                assert read_note(damaged).signers([key]) == []
            except Malformed:
                continue


class TestNotes:
    """'Verifiers MUST ignore signatures from unknown keys' and 'SHOULD reject' a wrong one by a known key."""

    def test_signatures_by_others_are_passed_over(self):
        note = Note(text="a\n").signed(OTHER.sign("something else")).signed(KEY.sign("a\n"))
        assert note.signers([KEY.public]) == [KEY.public]
        assert note.signers([PrivateKey("x", bytes(32)).public]) == []

    def test_a_wrong_signature_by_a_known_key_refuses_the_note(self):
        note = Note(text="a\n").signed(KEY.sign("b\n"))
        with pytest.raises(Malformed, match="not by that key"):
            note.signers([KEY.public])

    def test_the_text_may_hold_empty_lines_and_ends_at_the_last_one(self):
        note = Note(text="a\n\nb\n").signed(KEY.sign("a\n\nb\n"))
        assert read_note(note.encode()) == note

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (b"", "empty"),
            (b"a", "no end"),
            (b"a\n", "no empty line"),
            (b"a\n\n", "no signature line"),
            (b"\n\n\xe2\x80\x94 n AAAAAAA=\n", "no empty line"),
            (b"a\n\n\xe2\x80\x94 n AAAAAAA=", "no end"),
            (b"a\n\n- n AAAAAAA=\n", "is none"),
            (b"a\n\n\xe2\x80\x94  AAAAAAA=\n", "is none"),
            (b"a\n\n\xe2\x80\x94 n+m AAAAAAA=\n", "is none"),
            (b"a\n\n\xe2\x80\x94 n AAAAAAA= x\n", "is none"),
            (b"a\n\n\xe2\x80\x94 n AAAAAA==\n", "without a signature"),
            (b"a\n\n\xe2\x80\x94 n AAAAAAB=\n", "base64"),
            (b"a\n\n\xe2\x80\x94 n AAAAAAA\n", "base64"),
            (b"a\r\n\n\xe2\x80\x94 n AAAAAAA=\n", "control"),
            (b"\xff\n\n\xe2\x80\x94 n AAAAAAA=\n", "UTF-8"),
            (b"a\n\n" + b"\xe2\x80\x94 n AAAAAAA=\n" * 101, "more than 100"),
            (b"a" * (1 << 20) + b"\n", "larger"),
        ],
    )
    def test_what_is_no_note_is_refused_with_a_reason(self, data, says):
        with pytest.raises(Malformed, match=says):
            read_note(data)

    @given(st.binary(max_size=60))
    def test_base64_has_one_spelling(self, data):
        text = encode_base64(data)
        assert decode_base64(text) == data
        for other in (text + "=", f" {text}", text + "\n", text + "\u00e9"):
            with pytest.raises(Malformed):
                decode_base64(other)

    @pytest.mark.parametrize("text", ["", "-1", "+1", "01", "1 ", "\u0661", "1_0", str(2**63), "1" * 5000])
    def test_a_number_has_one_spelling(self, text):
        with pytest.raises(Malformed, match="plain number"):
            read_number(text)


class TestKeys:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "nothing",
            GO_KEY.replace("c74f20a3", "c74f20a4"),
            GO_KEY.replace("PeterNeumann", "Peter Neumann"),
            "Peter+c74f20a3+AAAA",
            GO_KEY.replace("ARpc", "Ahpc"),
            GO_KEY + "A",
        ],
    )
    def test_what_is_no_key_is_refused(self, text):
        with pytest.raises(Malformed):
            read_public_key(text)

    @pytest.mark.parametrize("name", ["", "two words"])
    def test_a_key_whose_name_no_signature_could_carry_is_refused(self, name):
        with pytest.raises(Malformed, match="no name that a key may have"):
            read_public_key(PublicKey(name, KEY.public.public).encode())

    def test_a_key_file_is_for_its_owner_alone(self, tmp_path):
        path = tmp_path / "key"
        write_private_key(path, KEY)
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o640)  # as a service's configuration is kept, which its group may read
        assert load_private_key(path) == KEY
        for mode in (0o604, 0o620):
            path.chmod(mode)
            with pytest.raises(BadKey, match="chmod 600"):
                load_private_key(path)

    def test_a_key_file_is_never_overwritten(self, tmp_path):
        path = tmp_path / "key"
        write_private_key(path, KEY)
        with pytest.raises(KeyKept, match="never overwritten"):
            write_private_key(path, OTHER)
        assert load_private_key(path) == KEY

    def test_no_message_shows_a_private_key(self, tmp_path):
        path = tmp_path / "key"
        path.write_text(GO_PRIVATE.replace("c74f20a3", "00000000"))
        path.chmod(0o600)
        with pytest.raises(BadKey) as error:
            load_private_key(path)
        assert "AYEK" not in str(error.value)
        assert repr(KEY.seed) not in repr(KEY)
        assert KEY.encode() not in repr(KEY)


class TestCheckpoints:
    def test_the_text_is_origin_size_root_and_what_we_add(self):
        assert issued().checkpoint.text() == (
            "label.example/rawzone\n318\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
            f"rawzone-ledger 16 {'ab' * 32}\n"
        )

    @pytest.mark.parametrize("key", [None, KEY])
    def test_one_is_read_back_as_it_was_handed_out(self, key):
        made = issued(key)
        assert read_checkpoint(made.data) == made

    @pytest.mark.parametrize("key", [None, KEY])
    def test_every_flipped_bit_is_refused(self, key):
        for damaged in flips(issued(key).data):
            with pytest.raises(Malformed):
                read_checkpoint(damaged)

    def test_every_flipped_bit_is_refused_by_whoever_has_the_key(self):
        for damaged in flips(issued(KEY).data):
            with pytest.raises(Malformed):
                read_checkpoint(damaged, trusted=[KEY.public])

    def test_another_key_than_the_trusted_one_is_refused(self):
        with pytest.raises(Malformed, match="no signature by the key"):
            read_checkpoint(issued(KEY).data, trusted=[OTHER.public])
        with pytest.raises(Malformed, match="no signature by the key"):
            read_checkpoint(issued().data, trusted=[KEY.public])

    def test_cosignatures_of_witnesses_do_not_disturb(self):
        for made in (issued(), issued(KEY)):
            cosigned = made.note.signed(PrivateKey("witness.example", bytes(32)).sign(made.note.text))
            assert read_checkpoint(cosigned.encode()).checkpoint == made.checkpoint

    def test_one_of_another_log_is_read_with_its_key(self):
        text = "example.com/log\n7\n" + encode_base64(ROOT) + "\nsome extension\n"
        data = Note(text=text).signed(OTHER.sign(text)).encode()
        assert read_checkpoint(data, trusted=[OTHER.public]).checkpoint.size == 7
        with pytest.raises(Malformed, match="--key"):
            read_checkpoint(data)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("o\n1\n", "three lines"),
            ("o\n1\n\nx\n", "three lines"),
            (f"o\n01\n{encode_base64(ROOT)}\n", "plain number"),
            (f"o\n1\n{encode_base64(ROOT[1:])}\n", "no SHA-256"),
            (f"o\n1\n{encode_base64(ROOT)}\nrawzone-key x\n", "no name|not an Ed25519|base64"),
        ],
    )
    def test_a_note_that_is_no_checkpoint_is_refused(self, text, says):
        data = Note(text=text).signed(KEY.sign(text)).encode()
        with pytest.raises(Malformed, match=says):
            read_checkpoint(data, trusted=[KEY.public])
