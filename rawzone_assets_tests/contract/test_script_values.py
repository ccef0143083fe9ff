"""Page scripts write lists and objects more freely than JSON; what a browser reads is read, no more."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.script_values import (
    DEEPEST,
    MOST_PIECES,
    NotAValueError,
    read_value,
    starts_of_items,
)

ROWS = [{"category": "2025-05-01", "column-1": 40}, {"category": "2025-05-02", "column-1": 0}]
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "script",
    [
        '[{"category": "2025-05-01", "column-1": 40}, {"category": "2025-05-02", "column-1": 0},]',
        '[{"category":"2025-05-01","column-1":40,},{"category":"2025-05-02","column-1":0,},]',
        "[{'category': '2025-05-01', 'column-1': 40}, {'category': '2025-05-02', 'column-1': 0}]",
        '[{category: "2025-05-01", "column-1": 40}, {category : "2025-05-02", "column-1": 0}]',
        '[// day\r\n{"category": "2025-05-01", /* ]; */"column-1": 40},{category:"2025-05-02","column-1":0}]',
        r"""[{"category": "2025\x2d05-01", "column-1": 40}, {'category': '2025\u002d05-02', "column-1": 0}]""",
        '[{"category": "2025-05\\\r\n-01", "column-1": 40}, {"category": "2025-05\\\n-02", "column-1": 0}]',
    ],
)
def test_a_list_is_read_in_every_notation_that_a_browser_reads(script: str):
    assert read_value(f"f({script}, 1); more", 2) == ROWS
    starts = starts_of_items(f"f({script}, 1); more", 2)
    assert [f"f({script}"[start] for start in starts] == ["{", "{"]


@pytest.mark.parametrize(
    "script",
    ["[1", '["a]', "['a\n']", "[,]", "[1,,2]", "[1 2]", "{a}", "{1}", "{a:}", "[f()]", "[x]", "[1+1]", "[-]",
     "[NaN]", "[Infinity]", "[007]", "[1e999]", "[/* 1]", "[`a`]", "[{...a}]", "", "1", "(1)", "['\\ud800']",
     "[" * 100_000, "{a:" * 100_000, "[" * 62 + "]" * 62, "[[1" + "9" * 5000],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_what_would_have_to_be_evaluated_or_has_no_end_is_no_value(script: str):
    with pytest.raises(NotAValueError):
        read_value(script, 0)


def test_members_may_be_named_by_bare_numbers():
    assert read_value("{2024: 1, 2025: 2}", 0) == {"2024": 1, "2025": 2}


def test_what_is_no_json_and_has_more_pieces_than_any_page_is_no_value():
    with pytest.raises(NotAValueError):
        read_value("[" + "''," * (MOST_PIECES // 2) + "]", 0)


def test_the_items_of_any_list_that_was_read_are_found():
    script = "[" + "1," * (MOST_PIECES // 2) + "1]"
    assert len(starts_of_items(script, 0)) == len(read_value(script, 0)) == MOST_PIECES // 2 + 1


@given(VALUES)
def test_json_means_what_it_means_with_a_comma_after_the_last_item_too(value: object):
    text = json.dumps([value])
    assert read_value(text, 0) == [value]
    assert read_value(text[:-1] + ",]", 0) == [value]


@given(VALUES, st.sampled_from(["", "];", "};", "}];", '"]']))
def test_json_is_read_to_its_own_end_whatever_follows(value: object, text: str):
    for whole in ({"a": value, "b": text}, [text, value], [[value], {"a": text}]):
        assert read_value(f"var a = {json.dumps(whole)};\nvar b = [{{}}];", 8) == whole


@given(st.text(st.sampled_from("[]{}'\",:/*\\\n a1-"), max_size=40))
def test_no_text_does_anything_but_mean_a_value_or_none(text: str):
    try:
        value = read_value(f"[{text}", 0)
    except NotAValueError:
        return
    assert isinstance(value, list)


@pytest.mark.parametrize("levels", range(1, 66))
def test_values_nest_sixty_levels_deep_and_no_deeper(levels: int):
    for whole in ("[" * levels + "1" + "]" * levels, '{"a":' * levels + "1" + "}" * levels + ";"):
        if levels <= DEEPEST:
            assert read_value(whole, 0)
        else:
            with pytest.raises(NotAValueError):
                read_value(whole, 0)


def test_halves_of_a_character_are_joined():
    assert read_value(r"['\ud83c\udfb5']", 0) == ["\U0001f3b5"]


@pytest.mark.parametrize("rows", ["[" * 60 + "]" * 60, "9" * 40, '{"a": 1E3, "": "\\/"}'])
def test_what_is_read_is_placed(rows: str):
    text = f"[{rows}, 1]"
    assert len(read_value(text, 0)) == len(starts_of_items(text, 0)) == 2
