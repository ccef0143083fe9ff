"""Fast and reference engines say the same of a document whatever stands in the place of one of its members.

A stricter schema, remembered structures and rows proven by their headers decide most documents
(``test_engines.py``). Each value that JSON can write and nobody expects is put at each member of each schema.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from mutant_seeds import Seed, seeds
from reference_engines import judged_by_reference

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.judging import judge

_MARK = "\0here"
_MOST_RECORDS = 3

# As they are written: a parsed document can hold neither all of these numbers nor a member twice.
ODD_VALUES = (
    "null",
    "true",
    "0",
    "-0",
    "-0.0",
    "7.0",
    "7.5",
    "-1",
    "1e2",
    "1E-7",
    "1e400",
    "NaN",
    "1" + "0" * 15,
    "1" + "0" * 15 + "1",
    "9223372036854775808",
    "1" + "0" * 40,
    '""',
    '" "',
    '"7"',
    '"07"',
    '"-1"',
    '"7.0"',
    '"1e2"',
    '"NaN"',
    '"1.2E+17"',
    '"\\ud800"',
    '"\\u0000"',
    '"\\u0037"',
    '"é"',
    '"2025-02-30"',
    '"2099-01-01"',
    '"0000-01-01"',
    '"2025-06-01T00:00:00Z"',
    '"' + "x" * 200 + '"',
    "[]",
    "[7]",
    "{}",
    '{"": 7}',
    "[" * 60 + "]" * 60,
    "[" * 600 + "]" * 600,
)

SEEDS = {seed.feed.schema: seed for seed in reversed(seeds("json"))}.values()


def members(document: Any) -> Iterator[tuple[Any, Any]]:
    """Each way of members' names once, with its last place: a list's items are all told by one."""
    places: dict[tuple[Any, ...], tuple[Any, Any]] = {}
    _walk(document, (), places)
    yield from places.values()


def _walk(value: Any, way: tuple[Any, ...], places: dict[tuple[Any, ...], tuple[Any, Any]]) -> None:
    named = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in named:
        # Rows of result tables are lists: their cells are told apart by where they stand.
        step = key if isinstance(value, dict) or not isinstance(inside, (dict, list)) else "*"
        places[*way, step] = value, key
        _walk(inside, (*way, step), places)


def few_records(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: few_records(member) for name, member in value.items()}
    return [few_records(item) for item in value[:_MOST_RECORDS]] if isinstance(value, list) else value


def agree(seed: Seed, text: str, what: str) -> None:
    delivery = (seed.feed, BytesContent(text.encode()), seed.capture)
    judge(*delivery)  # what recurs is remembered: the second judgement may be made by other means
    assert judge(*delivery) == judged_by_reference(*delivery), (what, text[:2_000])


@pytest.mark.parametrize("seed", SEEDS, ids=[seed.feed.schema for seed in SEEDS])
def test_the_engines_agree_about_an_odd_value_at_each_member(seed: Seed):
    document = few_records(json.loads(seed.data))
    for holder, key in members(document):
        kept, holder[key] = holder[key], _MARK
        text = json.dumps(document)
        holder[key] = kept
        for odd in ODD_VALUES:
            agree(seed, text.replace(json.dumps(_MARK), odd), f"{key}: {odd[:40]}")


@pytest.mark.parametrize("seed", SEEDS, ids=[seed.feed.schema for seed in SEEDS])
def test_the_engines_agree_about_members_that_are_absent_twice_or_respelled(seed: Seed):
    document = few_records(json.loads(seed.data))
    for holder, key in list(members(document)):
        if isinstance(holder, dict):
            kept = dict(holder)
            for what, changed in {
                "absent": {name: value for name, value in kept.items() if name != key},
                "respelled": {name.upper() if name == key else name: value for name, value in kept.items()},
                "twice": kept | {f"{key}{_MARK}": copy.deepcopy(kept[key])},
                "twice and other": kept | {f"{key}{_MARK}": None},
                "first and other": {f"{key}{_MARK}": None} | kept,
            }.items():
                holder.clear()
                holder.update(changed)
                agree(seed, json.dumps(document).replace(json.dumps(_MARK)[1:-1], ""), f"{key} {what}")
            holder.clear()
            holder.update(kept)
