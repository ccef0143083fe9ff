"""How it compares with the past of its feed, and with the other files of its capture."""

from __future__ import annotations

from rawzone_assets.contract.codes.code import declare
from rawzone_assets.contract.findings import Role

SAME_CONTENT = declare(
    "RZ-SAME-CONTENT",
    Role.IDENTITY,
    blocks=False,
    title="The content of an earlier object in other bytes",
    explanation=(
        "What the delivery says, without layout and what changes by chance, is what a stored object says that "
        "was captured before it."
    ),
    remedy="Nothing: the object is named, and readers may take either. Often it is a second capture of a day.",
    source="FORMATS 2.1, 12, duplicate levels",
)
CONTENT_UNCHANGED = declare(
    "RZ-CONTENT-UNCHANGED",
    Role.TIME,
    blocks=False,
    title="The content stands still",
    explanation=(
        "Every capture since a day given says the same, for longer than the feed's data may stand still. A "
        "session that has ended upstream often goes on answering with its last content. Only data that speak "
        "of days are asked: settings may stand still."
    ),
    remedy="Look at the platform itself, and sign the extractor in again if it shows newer figures.",
    source="FORMATS 3.1, 9, 11, stale answer",
)
SCHEMA_DRIFT = declare(
    "RZ-SCHEMA-DRIFT",
    Role.STRUCTURE,
    blocks=False,
    title="The structure differs from the deliveries before",
    explanation=(
        "A field or column has appeared that the recent deliveries of this form did not have, one has vanished "
        "that all of them had, or the type of a value is new. Each change is told once."
    ),
    remedy="Compare with an earlier delivery; if the source has changed, write a new version of the schema.",
    source="FORMATS 11, schema drift",
)
VOLUME_ANOMALY = declare(
    "RZ-VOLUME-ANOMALY",
    Role.COMPLETENESS,
    blocks=False,
    title="Far more or less than usual",
    explanation=(
        "Size or number of records is more than twice or less than half of the usual, farther off than the "
        "recent deliveries of this form vary, and like hardly any of them."
    ),
    remedy="Compare with the delivery before: a filter at the export, a capture cut short, or a real change.",
    source="FORMATS 11, row counts",
)
RESTATED_DAYS = declare(
    "RZ-RESTATED-DAYS",
    Role.TIME,
    blocks=False,
    title="Past days have other figures than before",
    explanation=(
        "Sources correct days long past. Compared are days that an earlier delivery of the form told and that "
        "should have been settled by then: the newest, still partial ones are left out, and so is what is "
        "older than a year. Only digests are kept, of a byte each: of 255 changed days one is overlooked."
    ),
    remedy="Nothing, mostly: restatement is normal. Whatever was computed from the days named is due again.",
    source="FORMATS 2.1, 12, restated past days",
)
ALL_STRANGERS = declare(
    "RZ-ALL-STRANGERS",
    Role.IDENTITY,
    blocks=False,
    title="Nothing it names was named before",
    explanation=(
        "Campaigns, songs and accounts stay for longer than a capture. Of what this delivery names (campaigns, "
        "songs, the account in a video's link) none was named by the recent deliveries of this form. Compared "
        "are at most 24 of each; deliveries that name fewer than three campaigns or songs are not."
    ),
    remedy="Look whether the extractor was signed in to another account, or everything was made anew.",
    source="RAW_ZONE Account-level data integrity",
)
INCOMPLETE_SET = declare(
    "RZ-INCOMPLETE-SET",
    Role.COMPLETENESS,
    blocks=False,
    title="A capture of several files is not whole",
    explanation=(
        "The feed's extractor writes several files at once into a folder, and not all have been accepted. "
        "It is told of the capture day, not of a file, and no longer once the others have come."
    ),
    remedy="Look for the files in the extractor's own output or in quarantine, or capture again.",
    source="FORMATS 4.1, 9, partial capture of a set",
)
