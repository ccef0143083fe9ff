"""Conversions: from source values to those of a typed column, without loss.

A value that its column cannot hold as it is (``undefined``, a day nobody can read, a number beyond the type) is
absent from the column and told as it stands, so that nothing is lost and nothing is invented. So is a number
whose writing says more than its value: ``007``, ``1794.0`` in a column of whole numbers, ``-0.00000000``. Zeros
at the end of a decimal number say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rawzone_assets.access.projected_tables import Kind
from rawzone_assets.contract.exact_values import Number, as_json

PRECISION, SCALE = 38, 22
"""Of decimals: sixteen digits before the point, and all that a float as small as 0.00001 is written with."""

_LARGEST = 2**63 - 1
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[Ee][+-]?[0-9]{1,4})?")
_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Cell:
    """What the column holds of a value, and whether the value has to be told beside it."""

    value: Any
    is_all: bool = True


_NOTHING = Cell(None, is_all=False)


def converted(kind: Kind, values: Sequence[Any]) -> tuple[list[Any], dict[int, Any]]:
    """The column's values, and by row the source values that they do not tell."""
    if kind is Kind.TEXT and all(value is None or isinstance(value, str) for value in values):
        return list(values), {}
    convert = _CONVERSIONS[kind]
    known: dict[Any, Cell] = {}  # dates, stores and zeros repeat endlessly
    held: list[Any] = []
    told: dict[int, Any] = {}
    for row, value in enumerate(values):
        if value is None:
            held.append(None)
            continue
        if isinstance(value, str | Number):
            cell = known.get(value)
            if cell is None:
                cell = known[value] = convert(value)
        else:
            cell = convert(value)
        held.append(cell.value)
        if not cell.is_all:
            told[row] = value
    return held, told


def _text(value: Any) -> Cell:
    if isinstance(value, str):
        return Cell(value)
    return Cell(value.text if isinstance(value, Number) else as_json(value))


def _json(value: Any) -> Cell:
    return Cell(as_json(value))


def _truth(value: Any) -> Cell:
    return Cell(value) if isinstance(value, bool) else _NOTHING


def _day(value: Any) -> Cell:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return Cell(date.fromisoformat(value))
        except ValueError:
            pass
    return _NOTHING


def _count(value: Any) -> Cell:
    number, text = _decimal(value)
    if number is None or number.adjusted() > 19 or number != number.to_integral_value():
        return _NOTHING
    whole = int(number)
    if abs(whole) > _LARGEST:
        return _NOTHING
    return Cell(whole, is_all=str(whole) == text)


def _amount(value: Any) -> Cell:
    number, text = _decimal(value)
    if number is None or number.adjusted() >= PRECISION - SCALE:
        return _NOTHING
    if number and _last_digit(number) < -SCALE:
        return _NOTHING
    negative_zero = number.is_zero() and number.is_signed()
    return Cell(number, is_all=bool(_PLAIN.fullmatch(text)) and not negative_zero)


def _decimal(value: Any) -> tuple[Decimal | None, str]:
    text = value.text if isinstance(value, Number) else value
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        return None, ""
    return Decimal(text), text


def _last_digit(number: Decimal) -> int:
    """The exponent of the last digit that is no zero; negative behind the point."""
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # noqa: S101  neither infinite nor NaN: the pattern says so
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return exponent + zeros


_CONVERSIONS: dict[Kind, Callable[[Any], Cell]] = {
    Kind.TEXT: _text,
    Kind.COUNT: _count,
    Kind.AMOUNT: _amount,
    Kind.DAY: _day,
    Kind.TRUTH: _truth,
    Kind.JSON: _json,
}
