"""Name templates: how a feed writes its files' names, ``streams_stats_<ts>.html``, and which names fit.

What the tokens are is said here once. Whose a path is, and when it was captured, is ``naming``'s question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

_TOKENS: Mapping[str, str] = {
    "ts": r"(?P<ts>\d{8}(?:_\d{6}(?:_\d{6})?)?)",
    "month": r"(?P<month>\d{2}-\d{4})",
    "day": r"(?P<day>\d{4}-\d{2}-\d{2})",
    "epoch": r"(?P<epoch>\d{10})",
    "handle": r"[A-Za-z0-9._-]+",
    "id": r"[A-Za-z0-9]+",
    "n": r"\d+",
    # No control characters and none that turn the direction of writing: the name becomes that of an object.
    "any": r"[^/\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+",
}
_OF_SUBJECTS = ("handle", "id", "any")


def grammar() -> str:
    """What every token stands for, in one text: it changes when names are read in another way."""
    return repr(sorted(_TOKENS.items()))


@cache
def any_of(templates: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern for names that fit any of the templates."""
    patterns = (re.sub(r"\(\?P<\w+>", "(?:", pattern_of(template).pattern) for template in templates)
    return re.compile("|".join(patterns), re.ASCII)


@cache
def pattern_of(template: str) -> re.Pattern[str]:
    """``streams_stats_<ts>.html`` as an anchored pattern."""
    pieces = re.split(r"<(\w+)>", template)
    pattern = "".join(
        re.escape(piece) if index % 2 == 0 else _TOKENS[piece] for index, piece in enumerate(pieces)
    )
    return re.compile(pattern, re.ASCII)


@cache
def subject_patterns(templates: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """The patterns of the templates that tell a subject, with what tells it in groups ``subject1``, …"""
    patterns = []
    for template in templates:
        pieces = re.split(r"<(\w+)>", template)
        parts = [re.escape(piece) if index % 2 == 0 else _TOKENS[piece] for index, piece in enumerate(pieces)]
        telling = [index for index, piece in enumerate(pieces) if index % 2 and piece in _OF_SUBJECTS]
        for index in telling:
            parts[index] = f"(?P<subject{index}>{parts[index]})"
        if telling:
            patterns.append(re.compile("".join(parts), re.ASCII))
    return tuple(patterns)


def is_dated(name: str, template: str) -> bool:
    """Whether the name fits the template, stamp and all."""
    return pattern_of(template).fullmatch(name) is not None


def is_undated(name: str, template: str) -> bool:
    """Whether this is the name of a feed's file when its extractor wrote no stamp: ``streams_stats.html``."""
    return any(pattern.fullmatch(name) for pattern in undated_patterns((template,)))


@cache
def undated_patterns(templates: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """The patterns of what the templates' names are when an extractor wrote no stamp."""
    return tuple(pattern_of(template.replace("_<ts>", "")) for template in templates if "_<ts>" in template)
