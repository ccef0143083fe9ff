"""Where the file lies and how it is named: platform, feed and capture time."""

from __future__ import annotations

from rawzone_assets.contract.codes.code import declare
from rawzone_assets.contract.findings import Role

UNKNOWN_PLATFORM = declare(
    "RZ-UNKNOWN-PLATFORM",
    Role.IDENTITY,
    blocks=True,
    leaves=True,
    title="No platform owns this folder",
    explanation=(
        "The platform is read from the first folders below landing; this path starts with none of them."
    ),
    remedy="Land the file below its platform's folder, or add the platform (see the README).",
    source="FORMATS 1",
)
UNKNOWN_NAME = declare(
    "RZ-UNKNOWN-NAME",
    Role.IDENTITY,
    blocks=True,
    leaves=True,
    title="The platform delivers no file of this name",
    explanation="The feed is read from the file's name; it fits no name that the platform's feeds declare.",
    remedy="Correct the extractor's naming, or add the name to the feed in its platform file.",
    source="FORMATS 1",
)
NO_DATE = declare(
    "RZ-NO-DATE",
    Role.IDENTITY,
    blocks=True,
    leaves=True,
    title="No capture date in name, folder or sidecar",
    explanation=(
        "The stamp is missing or is no date of the calendar. File times are never used: copying changes them."
    ),
    remedy="Add the stamp YYYYMMDD_HHMMSS to the name, or deliver a sidecar with captured_at in ISO 8601.",
    source="DESIGN 2, captured_at",
)
EXTRACTOR_LOG = declare(
    "RZ-EXTRACTOR-LOG",
    Role.IDENTITY,
    blocks=True,
    leaves=True,
    title="An extractor's own log or failure report",
    explanation="Extractors leave logs and failure reports beside data. They are recorded, never promoted.",
    remedy="Read a failure report: it usually explains the delivery that is missing.",
    source="FORMATS 9",
)
BEFORE_START = declare(
    "RZ-BEFORE-START",
    Role.TIME,
    blocks=True,
    title="Captured before the feed's first partition",
    explanation="The capture day lies before the day on which the feed's partitions begin.",
    remedy="Set an earlier start (RAWZONE_START or the feed's start), then replay the quarantine.",
    source="DESIGN 8, partitions",
)
CAPTURED_IN_FUTURE = declare(
    "RZ-CAPTURED-IN-FUTURE",
    Role.TIME,
    blocks=True,
    title="Captured in the future",
    explanation="The stamp names a time more than a day ahead of this machine's clock.",
    remedy="Check the extractor's clock and the time zone its platform declares.",
    source="FORMATS 12, future date",
)
