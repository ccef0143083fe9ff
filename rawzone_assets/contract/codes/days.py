"""Whether the days that the data speak of make sense."""

from __future__ import annotations

from rawzone_assets.contract.codes.code import declare
from rawzone_assets.contract.findings import Role

REPEATED_DAY = declare(
    "RZ-REPEATED-DAY",
    Role.TIME,
    blocks=True,
    title="A day stands twice in a daily series",
    explanation="Each day may stand once in a daily series; a repeated day makes every sum wrong.",
    remedy="Look at the places given; two captures may have been written into one file.",
    source="FORMATS 12, repeated day",
)
FUTURE_DATE = declare(
    "RZ-FUTURE-DATE",
    Role.TIME,
    blocks=True,
    title="Data later than the capture",
    explanation="The data reach more than one day beyond the day in the delivery's name.",
    remedy="Check the stamp: a renamed file, or a wrong clock or time zone at the extractor.",
    source="FORMATS 12, future date",
)
DATE_ORDER = declare(
    "RZ-DATE-ORDER",
    Role.TIME,
    blocks=True,
    title="Dates that contradict each other",
    explanation=(
        "A sale cannot be reported before the month in which it happened, nor a range end before it begins."
    ),
    remedy="Look at the place given; columns may have been exchanged.",
    source="FORMATS 2.3; RAW_ZONE Date range consistency",
)
SHORT_RANGE = declare(
    "RZ-SHORT-RANGE",
    Role.TIME,
    blocks=False,
    title="Fewer days than captures of this feed cover",
    explanation=(
        "Every session saves the page's default range before the long one, which is right. Here no longer "
        "answer came: a date picker failed, or the long answer was lost or refused. It is told of the capture "
        "day, not of a file, and no longer once a longer answer has come."
    ),
    remedy="Look for the longer answer in the extractor's own output or in quarantine, or capture again.",
    source="FORMATS 6",
)
DAYS_UNORDERED = declare(
    "RZ-DAYS-UNORDERED",
    Role.TIME,
    blocks=False,
    title="Days out of order",
    explanation="The daily series of this feed has always been ascending; here it is not.",
    remedy="Nothing has to be done; readers must sort.",
    source="FORMATS 2.1",
)
DAYS_MISSING = declare(
    "RZ-DAYS-MISSING",
    Role.TIME,
    blocks=False,
    title="Days missing inside the series",
    explanation="The daily series of this feed has always been without gaps; here days are absent.",
    remedy="Compare with the next capture.",
    source="FORMATS 2.1",
)
STALE_DATA = declare(
    "RZ-STALE-DATA",
    Role.TIME,
    blocks=False,
    title="The newest data are old",
    explanation="The newest day lies further before the capture than the source usually lags.",
    remedy="The source or its session may be stale: look at the platform itself.",
    source="FORMATS 12, stale newest day",
)
DATES_UNREADABLE = declare(
    "RZ-DATES-UNREADABLE",
    Role.TIME,
    blocks=False,
    title="Days in a language nobody knows",
    explanation=(
        "The days are written with month names of no known language, so that repeated, missing or future days "
        "cannot be found and the range of the data stays unknown."
    ),
    remedy="Add the language's month names to contract/months.py, then judge the file again (backtest).",
    source="FORMATS 5.1, 9, locale",
)
WINDOW_MISMATCH = declare(
    "RZ-WINDOW-MISMATCH",
    Role.TIME,
    blocks=False,
    title="Other days than the name says",
    explanation=(
        "The file's name gives its first and last day (right in 13 of 13 names seen); its rows begin or end "
        "elsewhere. The years of days without a year may be wrong."
    ),
    remedy="Compare with the platform: the file may have been renamed or filled by hand.",
    source="FORMATS 5.1",
)
