"""Whether single values are possible."""

from __future__ import annotations

from rawzone_assets.contract.codes.code import declare
from rawzone_assets.contract.findings import Role

VALUE_TYPE = declare(
    "RZ-VALUE-TYPE",
    Role.TYPES,
    blocks=True,
    title="A value of the wrong type",
    explanation="A cell or member is no number, date or text of the form the schema demands.",
    remedy="Look at the place given; spreadsheets and other locales rewrite numbers and dates.",
    source="FORMATS 12, non-number",
)
NEGATIVE_COUNT = declare(
    "RZ-NEGATIVE-COUNT",
    Role.TYPES,
    blocks=True,
    title="A negative count",
    explanation="Streams, units and listeners cannot be negative. (Money can: claw-backs are real.)",
    remedy="Look at the place given; the source or the extractor is at fault.",
    source="FORMATS 12, negative counts",
)
NEGATIVE_AMOUNT = declare(
    "RZ-NEGATIVE-AMOUNT",
    Role.TYPES,
    blocks=True,
    title="A negative amount",
    explanation="What was spent on advertising, and rates derived from it, cannot be negative.",
    remedy="Look at the place given; the source or the extractor is at fault.",
    source="FORMATS 12, negative Meta spend",
)
NUMERIC_ID = declare(
    "RZ-NUMERIC-ID",
    Role.IDENTITY,
    blocks=True,
    title="An identifier written as a number",
    explanation=(
        "Identifiers have up to 18 digits; as numbers they lose the last ones in most readers (…750075 "
        "became …750080), and nothing shows whether that has happened already."
    ),
    remedy="Deliver the API's own answer, in which identifiers are strings.",
    source="FORMATS 4.1",
)
VALUE_UNUSUAL = declare(
    "RZ-VALUE-UNUSUAL",
    Role.TYPES,
    blocks=False,
    title="An unusual value",
    explanation="A value is possible but not of the form seen so far, such as a malformed ISRC.",
    remedy="Look at the place given. Nothing has to be done.",
    source="FORMATS 2.3",
)
SPREADSHEET_DAMAGE = declare(
    "RZ-SPREADSHEET-DAMAGE",
    Role.TYPES,
    blocks=True,
    title="Damaged by a spreadsheet",
    explanation=(
        "Identifiers in scientific notation or rewritten dates show that the file was saved again; "
        "digits are lost."
    ),
    remedy="Deliver the source's own file, never opened in a spreadsheet.",
    source="FORMATS 9, spreadsheet damage",
)
