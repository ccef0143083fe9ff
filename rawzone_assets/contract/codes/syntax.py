"""Whether it can be read at all: encoding, JSON, table, archive."""

from __future__ import annotations

from rawzone_assets.contract.codes.code import declare
from rawzone_assets.contract.findings import Role

ENCODING = declare(
    "RZ-ENCODING",
    Role.STRUCTURE,
    blocks=True,
    title="Not the text encoding of this feed",
    explanation=(
        "The bytes are not valid UTF-8 (or hold NUL bytes), often a file saved again by a spreadsheet."
    ),
    remedy="Deliver the source's own file, untouched.",
    source="FORMATS 9, spreadsheet damage",
)
LEGACY_ENCODING = declare(
    "RZ-LEGACY-ENCODING",
    Role.STRUCTURE,
    blocks=False,
    title="Read as Latin-1",
    explanation="The bytes are not UTF-8; older DistroKid reports are Latin-1 and are read as such.",
    remedy="Nothing, if the report is old. A new report in Latin-1 deserves a look.",
    source="FORMATS 2.3",
)
GARBLED_TEXT = declare(
    "RZ-GARBLED-TEXT",
    Role.STRUCTURE,
    blocks=False,
    title="Letters were garbled before",
    explanation=(
        "Texts were read in a wrong encoding and written again before they came here: 'FaÃ§ade' stands for "
        "'Façade', or U+FFFD for letters that nobody can tell any more. Figures are not concerned; names are, "
        "and joins by name. The source itself may hold them so."
    ),
    remedy="Look at the place given and at the platform: if that shows the letters, correct the extractor.",
    source="FORMATS 2.3, encodings",
)
TRUNCATED = declare(
    "RZ-TRUNCATED",
    Role.STRUCTURE,
    blocks=True,
    title="The file ends too early",
    explanation="The file stops before its format says it is complete.",
    remedy="The download or copy was cut: capture or copy it again.",
    source="FORMATS 9, half-written file",
)
JSON_SYNTAX = declare(
    "RZ-JSON-SYNTAX",
    Role.STRUCTURE,
    blocks=True,
    title="Not JSON",
    explanation="The text breaks RFC 8259: a syntax error, NaN or Infinity, or nesting beyond the limit.",
    remedy="Look at the place given; a file cut in the middle is the usual cause.",
    source="RFC 8259; FORMATS 12",
)
JSON_DUPLICATE_KEY = declare(
    "RZ-JSON-DUPLICATE-KEY",
    Role.STRUCTURE,
    blocks=False,
    title="A member stands twice in an object",
    explanation=(
        "An object names the same member more than once. Readers disagree about which one counts (RFC 8259, "
        "section 4); judging has taken the last."
    ),
    remedy="Look at the place given; the extractor that merged two answers is at fault.",
    source="RFC 8259 section 4",
)
TABLE_SYNTAX = declare(
    "RZ-TABLE-SYNTAX",
    Role.STRUCTURE,
    blocks=True,
    title="Not a table",
    explanation=(
        "A row has another number of cells than the header, a quote is never closed, or a cell is too long."
    ),
    remedy="Look at the line given; a cut file or a file re-saved with another delimiter is the usual cause.",
    source="FORMATS 2.3, 9",
)
ARCHIVE = declare(
    "RZ-ARCHIVE",
    Role.STRUCTURE,
    blocks=True,
    title="Not a sound zip archive",
    explanation=(
        "Its directory, entries and checksums do not agree, or a member is encrypted, packed by an unusual "
        "method, or named so that unpacking could write outside its folder."
    ),
    remedy="Download the archive again. If it comes from the source like this, look at it with care.",
    source="FORMATS 5.1, 9, hostile content",
)
ARCHIVE_MEMBERS = declare(
    "RZ-ARCHIVE-MEMBERS",
    Role.STRUCTURE,
    blocks=True,
    title="Not the members this archive should hold",
    explanation="Archives of a feed hold one file, of the name that the feed gives; this one holds others.",
    remedy="Deliver the source's own archive, not one packed again; or correct the file's name.",
    source="FORMATS 5.1",
)
