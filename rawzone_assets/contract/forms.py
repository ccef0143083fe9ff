"""Forms of text: the JSON Schema formats that both schema engines and the table judge assert alike.

A form says what it accepts, how a person would name it, and which finding a text that fails it deserves:
``-3`` where a count belongs is another mistake than ``1.2E+11`` where an identifier belongs. Which member
has which form is the schema's to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from rawzone_assets.contract import codes
from rawzone_assets.contract.codes import Code

# ASCII digits only: `\d` and str.isdigit() would let "١٢" and "²" through.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_COUNT = re.compile(r"[0-9]{1,15}")
_NEGATIVE_COUNT = re.compile(r"-[0-9]{1,15}")
_DECIMAL = re.compile(r"-?(?:[0-9]{1,15}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})")
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[Ee][+-]?[0-9]+")
# What spreadsheets make of dates when they save: 5/27/2025, 27.05.25, May-25, 27-May-2025.
_REWRITTEN_DATE = re.compile(
    r"[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{2,4}|(?:[0-9]{1,2}-)?[A-Za-z]{3}-[0-9]{2,4}|[0-9]{1,2}/[0-9]{4}"
)


@dataclass(frozen=True, kw_only=True)
class Form:
    """One custom or asserted ``format`` of our schemas."""

    name: str
    expects: str
    accepts: Callable[[str], bool]
    diagnose: Callable[[str], Code]


@lru_cache(maxsize=65536)
def is_date(text: str) -> bool:
    """Whether ``text`` is a day of the calendar written YYYY-MM-DD, from the year 1 on."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_month(text: str) -> bool:
    return bool(_MONTH.fullmatch(text)) and not text.startswith("0000")


def _is_count(text: str) -> bool:
    return bool(_COUNT.fullmatch(text))


def _is_decimal(text: str) -> bool:
    return bool(_DECIMAL.fullmatch(text))


def _is_identifier(text: str) -> bool:
    return not _SCIENTIFIC.fullmatch(text)


def _about_dates(text: str) -> Code:
    return codes.SPREADSHEET_DAMAGE if _REWRITTEN_DATE.fullmatch(text) else codes.VALUE_TYPE


def _about_counts(text: str) -> Code:
    if _NEGATIVE_COUNT.fullmatch(text):
        return codes.NEGATIVE_COUNT
    return _about_numbers(text)


def _about_numbers(text: str) -> Code:
    return codes.SPREADSHEET_DAMAGE if _SCIENTIFIC.fullmatch(text) else codes.VALUE_TYPE


def _about_identifiers(_text: str) -> Code:
    return codes.SPREADSHEET_DAMAGE


FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form(name="date", expects="a date YYYY-MM-DD", accepts=is_date, diagnose=_about_dates),
        Form(name="year-month", expects="a month YYYY-MM", accepts=_is_month, diagnose=_about_dates),
        Form(name="count", expects="a whole number from 0 on", accepts=_is_count, diagnose=_about_counts),
        Form(name="decimal", expects="a decimal number", accepts=_is_decimal, diagnose=_about_numbers),
        Form(
            name="identifier",
            expects="an identifier with all its digits",
            accepts=_is_identifier,
            diagnose=_about_identifiers,
        ),
    )
}
