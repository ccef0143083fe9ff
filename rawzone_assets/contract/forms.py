"""Forms of text: the JSON Schema formats that both schema engines and the table judge assert alike.

A form says what it accepts, how a person would name it, and which finding a text that fails it deserves:
``-3`` where a count belongs is another mistake than ``1.2E+11`` where an identifier belongs. Which member
has which form is the schema's to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import orjson

from rawzone_assets.contract import codes
from rawzone_assets.contract.codes import Code
from rawzone_assets.contract.months import LONGEST_DAY, may_be_a_day

# ASCII digits only: `\d` and str.isdigit() would let "١٢" and "²" through.
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_COUNT = re.compile(r"[0-9]{1,15}")
_NEGATIVE_COUNT = re.compile(r"-[0-9]{1,15}")
_UNSIGNED = r"(?:[0-9]{1,15}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})"
_DECIMAL = re.compile(f"-?{_UNSIGNED}")
_SMALL = re.compile(r"[0-9](?:\.[0-9]{1,20})?e-(?:0[5-9]|[12][0-9])")  # how Python writes 0.00005
UNDEFINED = "undefined"  # what TikTok writes for days before it had data
_WHOLE = re.compile(r"[0-9]{1,15}(?:\.0{0,30})?")
_DIGITS = re.compile(r"[0-9]{1,30}")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
)
_DATE_LENGTH, _LONGEST_TIMESTAMP = 10, 32  # characters that these patterns match
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[Ee][+-]?[0-9]+")
# What spreadsheets make of dates when they save: 5/27/2025, 27.05.25, May-25, 27-May-2025, 27-May.
_REWRITTEN_DATE = re.compile(
    r"[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{2,4}|(?:[0-9]{1,2}-)?[A-Za-z]{3}-[0-9]{2,4}|[0-9]{1,2}/[0-9]{4}"
    r"|[0-9]{1,2}-[A-Za-z]{3}"
)


# Every day from the year 1000 on, but for a 29th of February outside 2000 to 2099.
_CALENDAR = (
    r"(?:[1-9][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    r"|(?:0[13578]|1[02])-31)|20(?:[02468][048]|[13579][26])-02-29)"
)
_CLOCK = (
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{3}(?:[0-9]{3})?)?(?:Z|[+-][01][0-9]:?[0-5][0-9])"
)

# In English, as most exports come.
_MONTH_DAY = (
    r"(?:January|March|May|July|August|October|December) (?:[1-9]|[12][0-9]|3[01])"
    r"|(?:April|June|September|November) (?:[1-9]|[12][0-9]|30)|February (?:[1-9]|1[0-9]|2[0-9])"
)


@dataclass(frozen=True, kw_only=True)
class Form:
    """One custom or asserted ``format`` of our schemas.

    ``usual`` is a pattern, in the words that Python and the compiled engine have in common, whose whole matches
    are all accepted: nearly everything that sources write, found without asking ``accepts``.
    """

    name: str
    expects: str
    accepts: Callable[[str], bool]
    diagnose: Callable[[str], Code]
    usual: str | None = None


def day_of(text: str) -> date | None:
    """The day of the calendar written YYYY-MM-DD, from the year 1 on; ``None`` when ``text`` is none."""
    # What is kept of deliveries is short: this worker judges many more.
    return _day_of_such_length(text) if len(text) == _DATE_LENGTH else None


@lru_cache(maxsize=65536)
def _day_of_such_length(text: str) -> date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def is_date(text: str) -> bool:
    """Whether ``text`` is such a day."""
    return day_of(text) is not None


def _is_month(text: str) -> bool:
    return bool(_MONTH.fullmatch(text)) and not text.startswith("0000")


def _is_count(text: str) -> bool:
    return bool(_COUNT.fullmatch(text))


def _is_decimal(text: str) -> bool:
    return bool(_DECIMAL.fullmatch(text))


def _is_count_or_undefined(text: str) -> bool:
    return text == UNDEFINED or _is_count(text)


def _is_change(text: str) -> bool:
    return _is_count_or_undefined(text.removeprefix("-"))


def _is_share(text: str) -> bool:
    return (bool(_SMALL.fullmatch(text)) or _is_decimal(text)) and 0 <= float(text) <= 1


def _is_source_date(text: str) -> bool:
    return not _REWRITTEN_DATE.fullmatch(text)


def _is_month_day(text: str) -> bool:
    return len(text) <= LONGEST_DAY and _is_month_day_of_such_length(text)


@lru_cache(maxsize=4096)
def _is_month_day_of_such_length(text: str) -> bool:
    return is_date(text) or may_be_a_day(text)


def _is_amount(text: str) -> bool:
    return bool(_SMALL.fullmatch(text)) or (_is_decimal(text) and not text.startswith("-"))


def _is_whole(text: str) -> bool:
    return bool(_WHOLE.fullmatch(text))


def _is_timestamp(text: str) -> bool:
    return len(text) <= _LONGEST_TIMESTAMP and _is_timestamp_of_such_length(text)


@lru_cache(maxsize=65536)
def _is_timestamp_of_such_length(text: str) -> bool:
    if not _TIMESTAMP.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_json(text: str) -> bool:
    if text[:1] not in {"{", "["}:  # numbers and words are JSON too, but no embedded document
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _is_identifier(text: str) -> bool:
    return not _SCIENTIFIC.fullmatch(text)


def _is_digits(text: str) -> bool:
    return bool(_DIGITS.fullmatch(text))


def _about_dates(text: str) -> Code:
    return codes.SPREADSHEET_DAMAGE if _REWRITTEN_DATE.fullmatch(text) else codes.VALUE_TYPE


def _about_counts(text: str) -> Code:
    if _NEGATIVE_COUNT.fullmatch(text):
        return codes.NEGATIVE_COUNT
    return _about_numbers(text)


def _about_numbers(text: str) -> Code:
    return codes.SPREADSHEET_DAMAGE if _SCIENTIFIC.fullmatch(text) else codes.VALUE_TYPE


def _about_amounts(text: str) -> Code:
    return codes.NEGATIVE_AMOUNT if text.startswith("-") and _is_decimal(text) else _about_numbers(text)


def _about_whole_numbers(text: str) -> Code:
    return codes.NEGATIVE_COUNT if text.startswith("-") and _is_whole(text[1:]) else _about_numbers(text)


def _about_other_texts(_text: str) -> Code:
    return codes.VALUE_TYPE


def _about_identifiers(_text: str) -> Code:
    return codes.SPREADSHEET_DAMAGE


FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form(name="date", expects="a date YYYY-MM-DD", accepts=is_date, diagnose=_about_dates, usual=_CALENDAR),
        Form(
            name="year-month",
            expects="a month YYYY-MM",
            accepts=_is_month,
            diagnose=_about_dates,
            usual=r"[1-9][0-9]{3}-(?:0[1-9]|1[0-2])",
        ),
        Form(
            name="count",
            expects="a whole number from 0 on",
            accepts=_is_count,
            diagnose=_about_counts,
            usual=_COUNT.pattern,
        ),
        Form(
            name="whole-number",
            expects="a whole number from 0 on, which may be written 1794.0",
            accepts=_is_whole,
            diagnose=_about_whole_numbers,
            usual=_WHOLE.pattern,
        ),
        Form(
            name="amount",
            expects="a decimal number from 0 on",
            accepts=_is_amount,
            diagnose=_about_amounts,
            usual=rf"{_UNSIGNED}|{_SMALL.pattern}",
        ),
        Form(
            name="timestamp",
            expects="a time YYYY-MM-DDThh:mm:ss with its offset from UTC",
            accepts=_is_timestamp,
            diagnose=_about_other_texts,
            usual=f"{_CALENDAR}T{_CLOCK}",
        ),
        Form(name="json", expects="a JSON object or list", accepts=_is_json, diagnose=_about_other_texts),
        Form(
            name="decimal",
            expects="a decimal number",
            accepts=_is_decimal,
            diagnose=_about_numbers,
            usual=_DECIMAL.pattern,
        ),
        Form(
            name="count-or-undefined",
            expects="a whole number from 0 on, or 'undefined'",
            accepts=_is_count_or_undefined,
            diagnose=_about_counts,
            usual=f"{UNDEFINED}|{_COUNT.pattern}",
        ),
        Form(
            name="change",
            expects="a whole number, or 'undefined'",
            accepts=_is_change,
            diagnose=_about_numbers,
            usual=f"{UNDEFINED}|-?{_COUNT.pattern}",
        ),
        Form(name="share", expects="a share from 0 to 1", accepts=_is_share, diagnose=_about_amounts),
        Form(
            name="month-day",
            expects="a day of the month and a month's name",
            accepts=_is_month_day,
            diagnose=_about_dates,
            usual=_MONTH_DAY,
        ),
        Form(
            name="source-date",
            expects="a date as the source writes it",
            accepts=_is_source_date,
            diagnose=_about_dates,
            usual=f"{_DATE.pattern}|[0-9A-Za-z][0-9A-Za-z ]*",
        ),
        Form(
            name="digits",
            expects="an identifier in a string of digits",
            accepts=_is_digits,
            diagnose=_about_numbers,
            usual=_DIGITS.pattern,
        ),
        Form(
            name="identifier",
            expects="an identifier with all its digits",
            accepts=_is_identifier,
            diagnose=_about_identifiers,
            usual=r"[^Ee]*|[A-Za-z][^\n]*",
        ),
    )
}
