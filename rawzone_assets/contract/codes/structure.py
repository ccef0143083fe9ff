"""Whether its parts are there: fields, columns, charts, blocks."""

from __future__ import annotations

from rawzone_assets.contract.codes.code import declare
from rawzone_assets.contract.findings import Role

SHAPE = declare(
    "RZ-SHAPE",
    Role.STRUCTURE,
    blocks=True,
    title="Not the shape the schema demands",
    explanation="A part of the document is of another kind than the feed's JSON Schema allows.",
    remedy="Look at the place given and compare with an earlier delivery.",
    source="RAW_ZONE Schema compliance",
)
MISSING_FIELD = declare(
    "RZ-MISSING-FIELD",
    Role.COMPLETENESS,
    blocks=True,
    title="A required field or column is missing",
    explanation="A field that every delivery of this feed has is absent.",
    remedy="Compare with an earlier delivery. A changed export needs a new contract version.",
    source="RAW_ZONE Completeness; FORMATS 12",
)
EMPTY_FIELD = declare(
    "RZ-EMPTY-FIELD",
    Role.COMPLETENESS,
    blocks=True,
    title="A required field is there and holds nothing",
    explanation=(
        "A member is null, or a cell blank, where every delivery of this feed has a value. What real "
        "deliveries leave empty is not required: ISRCs of albums, titles of posts, a daily report's adset_id."
    ),
    remedy="Look at the place given; the source or the extractor has lost the value. Extract again.",
    source="RAW_ZONE Completeness: present and non-null",
)
UNKNOWN_FIELD = declare(
    "RZ-UNKNOWN-FIELD",
    Role.STRUCTURE,
    blocks=False,
    title="A field or column nobody knows",
    explanation=(
        "The source has added something. The delivery is promoted; the contract should learn the field."
    ),
    remedy="Add the field to a new version of the feed's schema.",
    source="FORMATS 12, unknown extra field",
)
LEGACY_LAYOUT = declare(
    "RZ-LEGACY-LAYOUT",
    Role.STRUCTURE,
    blocks=False,
    title="An old column layout",
    explanation="The columns are those of an export layout that the source no longer writes.",
    remedy="Nothing, for an old report.",
    source="FORMATS 2.3",
)
CHART_MISSING = declare(
    "RZ-CHART-MISSING",
    Role.STRUCTURE,
    blocks=True,
    title="The page lacks its daily chart",
    explanation=(
        "The inline chart data that hold the daily figures are absent or cannot be parsed. A page without any "
        "chart is seldom the statistics page: an error page and a security check are saved under its name, too."
    ),
    remedy=(
        "Open the page: capture an error or a check again; a statistics page that has changed needs a new "
        "contract version."
    ),
    source="FORMATS 2.1, 2.2; RAW_ZONE DistroKid Validation",
)
CHART_OPTIONAL_MISSING = declare(
    "RZ-CHART-OPTIONAL-MISSING",
    Role.COMPLETENESS,
    blocks=False,
    title="A secondary chart or figure is absent",
    explanation=(
        "A chart or total that such pages usually hold is absent; the daily figures are complete without it."
    ),
    remedy="Compare with an earlier page; a change at the source may be under way.",
    source="FORMATS 12, empty optional block",
)
OPTIONAL_BLOCK_MISSING = declare(
    "RZ-OPTIONAL-BLOCK-MISSING",
    Role.COMPLETENESS,
    blocks=False,
    title="A secondary block is absent",
    explanation="The answer lacks a part that it usually has; its daily figures are complete without it.",
    remedy="Compare with an earlier delivery.",
    source="FORMATS 12, empty optional block",
)
