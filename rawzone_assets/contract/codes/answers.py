"""Whether it is what was asked for: not an error, a sign-in page or the answer to something else."""

from __future__ import annotations

from rawzone_assets.contract.codes.code import declare
from rawzone_assets.contract.findings import Role

HTML_INSTEAD = declare(
    "RZ-HTML-INSTEAD",
    Role.STRUCTURE,
    blocks=True,
    title="A web page under a data file's name",
    explanation="The first non-blank byte is '<': a sign-in, challenge or error page was saved as data.",
    remedy="Renew the extractor's session and capture again.",
    source="FORMATS 9",
)
SIGN_IN_PAGE = declare(
    "RZ-SIGN-IN-PAGE",
    Role.STRUCTURE,
    blocks=True,
    title="A sign-in page instead of statistics",
    explanation="The page has a sign-in form and none of the charts; its session had ended.",
    remedy="Sign the extractor in again and capture again.",
    source="FORMATS 2.1, 2.2",
)
ERROR_PAYLOAD = declare(
    "RZ-ERROR-PAYLOAD",
    Role.STRUCTURE,
    blocks=True,
    title="An error answer instead of data",
    explanation="The document is what the API answers when it refuses: an error, or a message without data.",
    remedy="Read the error's code in the quarantined copy; renew the session or token and capture again.",
    source="FORMATS 9",
)
OTHER_OPERATION = declare(
    "RZ-OTHER-OPERATION",
    Role.STRUCTURE,
    blocks=True,
    title="The answer to another question",
    explanation=(
        "The API answers many operations in one envelope. This is a good answer, but not the one this feed "
        "stores: the part that only its operation gives is absent, or the answer names another kind."
    ),
    remedy="Nothing, when the extractor saves every answer of a page. Otherwise correct its request or names.",
    source="FORMATS 9, other operation of the same API; FORMATS 6, 7",
)
MORE_PAGES = declare(
    "RZ-MORE-PAGES",
    Role.COMPLETENESS,
    blocks=True,
    title="One page of many",
    explanation=(
        "The answer links to a further page, so it says itself that it is not whole: what counts on it "
        "(sums, absent records) would be wrong without anyone noticing. The link can hold an access token."
    ),
    remedy="Let the extractor follow the links to the end and save all records in one file.",
    source="FORMATS 9, one page of many; FORMATS 12, truncation",
)
WRONG_PAGE = declare(
    "RZ-WRONG-PAGE",
    Role.STRUCTURE,
    blocks=True,
    title="Another page than the name says",
    explanation="The page's own selection names another store than the file's name.",
    remedy="Rename the file to what it is, or correct the extractor.",
    source="FORMATS 2.1",
)
WRONG_PLATFORM = declare(
    "RZ-WRONG-PLATFORM",
    Role.IDENTITY,
    blocks=True,
    title="Data of another platform",
    explanation="The content says that it is of another platform than the delivery's name.",
    remedy="Rename the file to what it is, or correct the extractor.",
    source="FORMATS 3.1; RAW_ZONE Platform consistency",
)
