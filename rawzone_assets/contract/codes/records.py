"""Whether the records as a whole make sense: their number, sums, identities and owner."""

from __future__ import annotations

from rawzone_assets.contract.codes.code import declare
from rawzone_assets.contract.findings import Role

EMPTY_RESULT = declare(
    "RZ-EMPTY-RESULT",
    Role.COMPLETENESS,
    blocks=False,
    title="A well-formed delivery without records",
    explanation=(
        "An empty list or a header without rows: right for a new account or early January, else a sign "
        "of failure."
    ),
    remedy="Look at the platform itself if the account is not new.",
    source="FORMATS 9, empty result as success",
)
TOTAL_MISMATCH = declare(
    "RZ-TOTAL-MISMATCH",
    Role.COMPLETENESS,
    blocks=False,
    title="A total that is not the sum of its parts",
    explanation="The delivery states a total and the parts give another.",
    remedy="Compare with the next capture.",
    source="FORMATS 12, total that does not match",
)
PAGE_TOTAL_MISMATCH = declare(
    "RZ-PAGE-TOTAL-MISMATCH",
    Role.COMPLETENESS,
    blocks=True,
    title="The page contradicts itself",
    explanation=(
        "On DistroKid pages chart sums and the page's own total agreed in 41 of 41 captures; here they do not."
    ),
    remedy="The page was captured half-rendered or altered: capture it again.",
    source="FORMATS 2.1, 2.2, 12",
)
PART_ABOVE_WHOLE = declare(
    "RZ-PART-ABOVE-WHOLE",
    Role.COMPLETENESS,
    blocks=False,
    title="More of a part than of the whole",
    explanation=(
        "One figure is part of the other (likes of views, listeners of streams, clicks of impressions) and is "
        "more than that in every row looked at (16 at most, spread over the delivery): two columns changed "
        "places."
    ),
    remedy="Compare with an earlier delivery and the platform itself; if they were swapped, extract again.",
    source="FORMATS 12, total that does not match; RAW_ZONE Integrity",
)
REPEATED_RECORD = declare(
    "RZ-REPEATED-RECORD",
    Role.IDENTITY,
    blocks=True,
    title="A record stands twice",
    explanation="What identifies a record may stand once in a delivery; a repeated one makes every sum wrong.",
    remedy="Look at the places given; pages may have been joined wrongly, or two captures in one file.",
    source="FORMATS 12, repeated day or id",
)
REPEATED_ROWS = declare(
    "RZ-REPEATED-ROWS",
    Role.IDENTITY,
    blocks=False,
    title="Rows stand twice in the same order",
    explanation=(
        "Single rows may be alike where no column identifies a row, but ten different ones in the same order "
        "are an export or a page that was written twice: every sum counts them twice. They are looked for in a "
        "table's first 20,000 rows, and where later parts of that length begin."
    ),
    remedy="Look at the lines given; if they were written twice, export again.",
    source="FORMATS 2.3, no exact duplicate rows",
)
MIXED_ACCOUNTS = declare(
    "RZ-MIXED-ACCOUNTS",
    Role.IDENTITY,
    blocks=True,
    title="Records of several accounts",
    explanation="A capture is of one advertising account; these records name more than one.",
    remedy="Land each account's capture as a file of its own.",
    source="RAW_ZONE Account-level data integrity",
)
ALL_ZERO = declare(
    "RZ-ALL-ZERO",
    Role.COMPLETENESS,
    blocks=False,
    title="Nothing but zeros",
    explanation=(
        "A figure is 0 in every record: right before a first release and for filters that do not count it, "
        "else a sign of failure."
    ),
    remedy="Look at the platform itself if the artist has listeners.",
    source="FORMATS 8, 12, all-zero listeners",
)
OWNER_UNKNOWN = declare(
    "RZ-OWNER-UNKNOWN",
    Role.IDENTITY,
    blocks=False,
    title="Whose data these are is not said",
    explanation="The content does not name its artist, and the file's name holds no artist id.",
    remedy="Let the extractor write the artist's id into the name: spotify_audience_<id>_<stamp>.csv.",
    source="FORMATS 1, 8",
)
