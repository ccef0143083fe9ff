"""Exact values: documents whose numbers are the texts that stand in them, not what a float makes of them.

``0.1`` read as a float is another number, and an identifier of 18 digits may lose its last ones. What a number
is to be in a column is for those to decide who know the column.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn

import orjson


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written."""

    text: str


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


EXACT = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=_refuse)
"""Decodes JSON with each number as a :class:`Number`; raises what the standard library's raises."""


def as_json(value: Any) -> str:
    """The value as JSON, each number as it was written."""
    return orjson.dumps(value, default=_fragment, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()


def _fragment(value: Any) -> orjson.Fragment:
    if isinstance(value, Number):
        return orjson.Fragment(value.text)
    raise TypeError
