"""What deliveries and their names say cannot steer whoever shows it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.plain_text import printable, printable_json

STEERING = "\x00\n\r\x1b\x7f\x85\x9b\u061c\u200b\u202e\u2066\u2028\ufeff\U000e0001"


@given(st.text() | st.text(st.sampled_from(STEERING + 'a"\\')))
def test_shown_text_holds_only_characters_that_can_be_shown(text):
    assert printable(text).isprintable()
    if text.isprintable():
        assert printable(text) == text


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from(STEERING + 'a"\\é')))
def test_a_json_document_means_the_same_and_steers_nothing(text):
    document = json.dumps({text: [text]}, ensure_ascii=False).encode() + b"\n"
    shown = printable_json(document).decode()
    assert json.loads(shown) == {text: [text]}
    assert all(line.isprintable() for line in shown.split("\n"))


def test_escapes_are_those_of_python_and_json():
    assert printable("a\x1b\x9b\u202e\U000e0001é") == "a\\x1b\\x9b\\u202e\\U000e0001é"
    assert printable_json('{"é":"\U000e0001"}'.encode()).decode() == '{"é":"\\udb40\\udc01"}'
