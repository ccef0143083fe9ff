"""Rules for the texts of records: what they usually look like, and what they are when members changed places.

Some records tell, spread over all, because what is asked of here is wrong in each of them or in none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeGuard

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.reading import Reading
from rawzone_assets.contract.rules import Rule

_MOST_HELD_TOGETHER = 4  # records
_LEAST_ROUNDED = 6
"""So many different identifiers do not all end in 0 by chance."""
_EXACT_DIGITS = 15  # of a floating number
_LONGEST = 40  # digits of an identifier


def usually_like(path: str, member: str, pattern: str) -> Rule:
    """The member's texts match the pattern as a whole, as those do that were described; some records tell."""
    usual = re.compile(pattern)

    def rule(reading: Reading) -> Iterator[Finding]:
        texts = {record.get(member) for record in reading.some_rows(path, member)}
        odd = {text for text in texts if isinstance(text, str) and not usual.fullmatch(text)}
        if odd:
            index = next(at for at, record in enumerate(reading.rows(path)) if record.get(member) in odd)
            message = f"the {member} is not of the form seen so far: expected a text that matches {pattern}"
            yield codes.VALUE_UNUSUAL(message, reading.at(path, index, member))

    return rule


def ends_with(path: str, member: str, identifier: str) -> Rule:
    """The member's text ends with its record's identifier; a few records tell, because a shift is in all."""

    def rule(reading: Reading) -> Iterator[Finding]:
        for record in reading.some_rows(path, member, identifier)[:_MOST_HELD_TOGETHER]:
            text, end = record.get(member), record.get(identifier)
            if isinstance(text, str) and isinstance(end, str) and not text.endswith(end):
                index = next(at for at, other in enumerate(reading.rows(path)) if other is record)
                message = f"the {member} does not end with the {identifier} of its record"
                yield codes.VALUE_UNUSUAL(message, reading.at(path, index, member))
                break

    return rule


def not_rounded(path: str, member: str) -> Rule:
    """Identifiers of many digits have not become numbers on the way, which keep fifteen of them.

    Those of chance hardly all end in 0, nor are all multiples of 16, as numbers of that size are.
    """

    def rule(reading: Reading) -> Iterator[Finding]:
        texts = {record.get(member) for record in reading.some_rows(path, member)}
        numbers = [int(text) for text in texts if _is_long_number(text)]
        if not _LEAST_ROUNDED <= len(numbers) == len(texts):
            return
        if any(all(number % step == 0 for number in numbers) for step in (10, 16)):
            message = f"each {member} looked at ends as numbers do that were rounded: digits are lost"
            yield codes.VALUE_UNUSUAL(message, reading.at(path, 0, member))

    return rule


def _is_long_number(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and _EXACT_DIGITS < len(text) <= _LONGEST and text.isdecimal()
