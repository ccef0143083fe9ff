"""The catalogue of finding codes: what each means, whether it blocks, and what to do about it.

A code is stable for ever: receipts of past years carry it. Its role decides under which of the feed's
checks it is reported; whether it blocks follows FORMATS section 12 unless the source line says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

from rawzone_assets.contract.findings import Finding, Place, Role


@dataclass(frozen=True, kw_only=True)
class Code:
    """One kind of finding. Calling it makes a finding of that kind."""

    code: str
    role: Role
    blocking: bool
    title: str
    explanation: str
    remedy: str
    source: str  # the clause that asks for it

    def __call__(self, message: str, where: Place | None = None, role: Role | None = None) -> Finding:
        return Finding(
            code=self.code, role=role or self.role, message=message, blocking=self.blocking, where=where
        )


_CATALOGUE: dict[str, Code] = {}


def _code(
    code: str, role: Role, *, blocks: bool, title: str, explanation: str, remedy: str, source: str
) -> Code:
    if code in _CATALOGUE:
        raise ValueError(f"finding code {code} is declared twice")
    _CATALOGUE[code] = Code(
        code=code,
        role=role,
        blocking=blocks,
        title=title,
        explanation=explanation,
        remedy=remedy,
        source=source,
    )
    return _CATALOGUE[code]


def catalogue() -> tuple[Code, ...]:
    """All codes, by name."""
    return tuple(_CATALOGUE[name] for name in sorted(_CATALOGUE))


def find(code: str) -> Code | None:
    """The code of that name in any case, with or without its ``RZ-`` prefix, or ``None``."""
    name = code.strip().upper()
    return _CATALOGUE.get(name) or _CATALOGUE.get(f"RZ-{name}")


# --- the file as a whole -------------------------------------------------------------------------

EMPTY_FILE = _code(
    "RZ-EMPTY-FILE",
    Role.STRUCTURE,
    blocks=True,
    title="The file has no bytes",
    explanation=(
        "A file of zero bytes holds no delivery; an extractor that failed after opening it leaves one."
    ),
    remedy="Run the extractor again. An account without data still delivers a header or an empty list.",
    source="FORMATS 9, half-written file",
)
TOO_LARGE = _code(
    "RZ-TOO-LARGE",
    Role.STRUCTURE,
    blocks=True,
    title="The file is larger than its feed allows",
    explanation=(
        "Each feed has a size limit far above any real delivery, so that no file can exhaust memory. A copy is "
        "kept in quarantine, but of a file above 1 GiB and its feed's limit none is made: it stays in landing, "
        "recorded and unread."
    ),
    remedy="Look at what was delivered. If the feed has really grown, raise max_size in its platform file.",
    source="DESIGN 5.2",
)
BEYOND_LIMITS = _code(
    "RZ-BEYOND-LIMITS",
    Role.STRUCTURE,
    blocks=True,
    title="Judging it exceeds the limits",
    explanation="The content took more memory or time than any real delivery; its judging was ended.",
    remedy="Look at the quarantined copy with care: it may have been made to do this.",
    source="DESIGN 5.3",
)
CHANGED_WHILE_READ = _code(
    "RZ-CHANGED-WHILE-READ",
    Role.INTEGRITY,
    blocks=False,
    title="The file changed while it was read",
    explanation="Size, time or identity of the file differed between opening it and the end of reading.",
    remedy="Nothing: the file stays waiting and is read again once it has kept still.",
    source="DESIGN 5.2",
)
SIDECAR_MISMATCH = _code(
    "RZ-SIDECAR-MISMATCH",
    Role.INTEGRITY,
    blocks=True,
    title="The file is not the one its sidecar describes",
    explanation="The producer's sidecar states a size or SHA-256 that the landed bytes do not have.",
    remedy="The transfer was cut or altered: land the file again together with its sidecar.",
    source="RAW_ZONE Integrity",
)
SIDECAR_UNREADABLE = _code(
    "RZ-SIDECAR-UNREADABLE",
    Role.INTEGRITY,
    blocks=False,
    title="The sidecar cannot be read",
    explanation="The sidecar beside the delivery is not a JSON object with the documented fields.",
    remedy="Correct the extractor's sidecar; the delivery itself is judged without it.",
    source="DESIGN 2, Delivery",
)
NOT_A_REGULAR_FILE = _code(
    "RZ-NOT-A-REGULAR-FILE",
    Role.STRUCTURE,
    blocks=True,
    title="Not a regular file",
    explanation="Symbolic links, pipes, sockets and devices are never opened: they can lead outside landing.",
    remedy="Land the file itself.",
    source="DESIGN 5.2",
)

# --- where it lies and how it is named -----------------------------------------------------------

BORROWED_FILE = _code(
    "RZ-BORROWED-FILE",
    Role.STRUCTURE,
    blocks=True,
    title="A hard link to another user's private file",
    explanation=(
        "The file has other names, belongs to somebody else than the folder it was landed in, and not all may "
        "read it. Whoever may write to landing could so have any file published that promotion may read."
    ),
    remedy="Land a copy of the file, owned by the extractor.",
    source="DESIGN 5.2",
)
UNKNOWN_PLATFORM = _code(
    "RZ-UNKNOWN-PLATFORM",
    Role.IDENTITY,
    blocks=True,
    title="No platform owns this folder",
    explanation=(
        "The platform is read from the first folders below landing; this path starts with none of them."
    ),
    remedy="Land the file below its platform's folder, or add the platform (see the README).",
    source="FORMATS 1",
)
UNKNOWN_NAME = _code(
    "RZ-UNKNOWN-NAME",
    Role.IDENTITY,
    blocks=True,
    title="The platform delivers no file of this name",
    explanation="The feed is read from the file's name; it fits no name that the platform's feeds declare.",
    remedy="Correct the extractor's naming, or add the name to the feed in its platform file.",
    source="FORMATS 1",
)
NO_DATE = _code(
    "RZ-NO-DATE",
    Role.IDENTITY,
    blocks=True,
    title="No capture date in name, folder or sidecar",
    explanation=(
        "The stamp is missing or is no date of the calendar. File times are never used: copying changes them."
    ),
    remedy="Add the stamp YYYYMMDD_HHMMSS to the name, or deliver a sidecar with captured_at.",
    source="DESIGN 2, captured_at",
)
EXTRACTOR_LOG = _code(
    "RZ-EXTRACTOR-LOG",
    Role.IDENTITY,
    blocks=True,
    title="An extractor's own log or failure report",
    explanation="Extractors leave logs and failure reports beside data. They are recorded, never promoted.",
    remedy="Read a failure report: it usually explains the delivery that is missing.",
    source="FORMATS 9",
)
BEFORE_START = _code(
    "RZ-BEFORE-START",
    Role.TIME,
    blocks=True,
    title="Captured before the feed's first partition",
    explanation="The capture day lies before the day on which the feed's partitions begin.",
    remedy="Set an earlier start (RAWZONE_START or the feed's start), then replay the quarantine.",
    source="DESIGN 8, partitions",
)
CAPTURED_IN_FUTURE = _code(
    "RZ-CAPTURED-IN-FUTURE",
    Role.TIME,
    blocks=True,
    title="Captured in the future",
    explanation="The stamp names a time more than a day ahead of this machine's clock.",
    remedy="Check the extractor's clock and the time zone its platform declares.",
    source="FORMATS 12, future date",
)

# --- readable ------------------------------------------------------------------------------------

ENCODING = _code(
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
LEGACY_ENCODING = _code(
    "RZ-LEGACY-ENCODING",
    Role.STRUCTURE,
    blocks=False,
    title="Read as Latin-1",
    explanation="The bytes are not UTF-8; older DistroKid reports are Latin-1 and are read as such.",
    remedy="Nothing, if the report is old. A new report in Latin-1 deserves a look.",
    source="FORMATS 2.3",
)
HTML_INSTEAD = _code(
    "RZ-HTML-INSTEAD",
    Role.STRUCTURE,
    blocks=True,
    title="A web page under a data file's name",
    explanation="The first non-blank byte is '<': a sign-in, challenge or error page was saved as data.",
    remedy="Renew the extractor's session and capture again.",
    source="FORMATS 9",
)
SIGN_IN_PAGE = _code(
    "RZ-SIGN-IN-PAGE",
    Role.STRUCTURE,
    blocks=True,
    title="A sign-in page instead of statistics",
    explanation="The page has a sign-in form and none of the charts; its session had ended.",
    remedy="Sign the extractor in again and capture again.",
    source="FORMATS 2.1, 2.2",
)
TRUNCATED = _code(
    "RZ-TRUNCATED",
    Role.STRUCTURE,
    blocks=True,
    title="The file ends too early",
    explanation="The file stops before its format says it is complete.",
    remedy="The download or copy was cut: capture or copy it again.",
    source="FORMATS 9, half-written file",
)
JSON_SYNTAX = _code(
    "RZ-JSON-SYNTAX",
    Role.STRUCTURE,
    blocks=True,
    title="Not JSON",
    explanation="The text breaks RFC 8259: a syntax error, NaN or Infinity, or nesting beyond the limit.",
    remedy="Look at the place given; a file cut in the middle is the usual cause.",
    source="RFC 8259; FORMATS 12",
)
TABLE_SYNTAX = _code(
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
ERROR_PAYLOAD = _code(
    "RZ-ERROR-PAYLOAD",
    Role.STRUCTURE,
    blocks=True,
    title="An error answer instead of data",
    explanation="The document is what the API answers when it refuses: an error, or a message without data.",
    remedy="Read the error's code in the quarantined copy; renew the session or token and capture again.",
    source="FORMATS 9",
)
OTHER_OPERATION = _code(
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
MORE_PAGES = _code(
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

JSON_DUPLICATE_KEY = _code(
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
SECRET = _code(
    "RZ-SECRET",
    Role.STRUCTURE,
    blocks=False,
    title="The delivery holds a secret",
    explanation=(
        "The bytes hold what opens something else: an access token, session id, key or password. It refuses "
        "the delivery only where secrets are to be quarantined (RAWZONE_SECRETS, policy.toml)."
    ),
    remedy="Revoke the secret, and have the extractor leave it out. The receipt's access class says 'secret'.",
    source="FORMATS 12, secret scan",
)
PERSONAL_DATA = _code(
    "RZ-PERSONAL-DATA",
    Role.STRUCTURE,
    blocks=False,
    title="The delivery holds personal data",
    explanation=(
        "The bytes hold e-mail addresses where this feed usually has none. It refuses the delivery only where "
        "secrets are to be quarantined (RAWZONE_SECRETS, policy.toml)."
    ),
    remedy="Nothing, if they belong there: declare the kind in the feed's usual_exposures.",
    source="FORMATS 12, personal-data scan",
)

# --- shaped --------------------------------------------------------------------------------------

CHART_MISSING = _code(
    "RZ-CHART-MISSING",
    Role.STRUCTURE,
    blocks=True,
    title="The page lacks its daily chart",
    explanation="The inline chart data that hold the daily figures are absent or cannot be parsed.",
    remedy="Compare with an earlier page. A changed page needs a new contract version.",
    source="FORMATS 2.1, 2.2; RAW_ZONE DistroKid Validation",
)
CHART_OPTIONAL_MISSING = _code(
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
WRONG_PAGE = _code(
    "RZ-WRONG-PAGE",
    Role.STRUCTURE,
    blocks=True,
    title="Another page than the name says",
    explanation="The page's own selection names another store than the file's name.",
    remedy="Rename the file to what it is, or correct the extractor.",
    source="FORMATS 2.1",
)
MISSING_FIELD = _code(
    "RZ-MISSING-FIELD",
    Role.COMPLETENESS,
    blocks=True,
    title="A required field or column is missing",
    explanation="A field that every delivery of this feed has is absent.",
    remedy="Compare with an earlier delivery. A changed export needs a new contract version.",
    source="RAW_ZONE Completeness; FORMATS 12",
)
EMPTY_FIELD = _code(
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
UNKNOWN_FIELD = _code(
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
LEGACY_LAYOUT = _code(
    "RZ-LEGACY-LAYOUT",
    Role.STRUCTURE,
    blocks=False,
    title="An old column layout",
    explanation="The columns are those of an export layout that the source no longer writes.",
    remedy="Nothing, for an old report.",
    source="FORMATS 2.3",
)
SHAPE = _code(
    "RZ-SHAPE",
    Role.STRUCTURE,
    blocks=True,
    title="Not the shape the schema demands",
    explanation="A part of the document is of another kind than the feed's JSON Schema allows.",
    remedy="Look at the place given and compare with an earlier delivery.",
    source="RAW_ZONE Schema compliance",
)
VALUE_TYPE = _code(
    "RZ-VALUE-TYPE",
    Role.TYPES,
    blocks=True,
    title="A value of the wrong type",
    explanation="A cell or member is no number, date or text of the form the schema demands.",
    remedy="Look at the place given; spreadsheets and other locales rewrite numbers and dates.",
    source="FORMATS 12, non-number",
)
NEGATIVE_COUNT = _code(
    "RZ-NEGATIVE-COUNT",
    Role.TYPES,
    blocks=True,
    title="A negative count",
    explanation="Streams, units and listeners cannot be negative. (Money can: claw-backs are real.)",
    remedy="Look at the place given; the source or the extractor is at fault.",
    source="FORMATS 12, negative counts",
)
NEGATIVE_AMOUNT = _code(
    "RZ-NEGATIVE-AMOUNT",
    Role.TYPES,
    blocks=True,
    title="A negative amount",
    explanation="What was spent on advertising, and rates derived from it, cannot be negative.",
    remedy="Look at the place given; the source or the extractor is at fault.",
    source="FORMATS 12, negative Meta spend",
)
NUMERIC_ID = _code(
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
VALUE_UNUSUAL = _code(
    "RZ-VALUE-UNUSUAL",
    Role.TYPES,
    blocks=False,
    title="An unusual value",
    explanation="A value is possible but not of the form seen so far, such as a malformed ISRC.",
    remedy="Look at the place given. Nothing has to be done.",
    source="FORMATS 2.3",
)
SPREADSHEET_DAMAGE = _code(
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

# --- sensible ------------------------------------------------------------------------------------

REPEATED_DAY = _code(
    "RZ-REPEATED-DAY",
    Role.TIME,
    blocks=True,
    title="A day stands twice in a daily series",
    explanation="Each day may stand once in a daily series; a repeated day makes every sum wrong.",
    remedy="Look at the places given; two captures may have been written into one file.",
    source="FORMATS 12, repeated day",
)
FUTURE_DATE = _code(
    "RZ-FUTURE-DATE",
    Role.TIME,
    blocks=True,
    title="Data later than the capture",
    explanation="The data reach more than one day beyond the day in the delivery's name.",
    remedy="Check the stamp: a renamed file, or a wrong clock or time zone at the extractor.",
    source="FORMATS 12, future date",
)
DATE_ORDER = _code(
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
SHORT_RANGE = _code(
    "RZ-SHORT-RANGE",
    Role.TIME,
    blocks=False,
    title="Fewer days than captures of this feed cover",
    explanation=(
        "The page's default range, or a date picker that failed: right, but only a part of what there is."
    ),
    remedy="Nothing, when a longer answer of the same session was stored. Otherwise look at the extractor.",
    source="FORMATS 6",
)
DAYS_UNORDERED = _code(
    "RZ-DAYS-UNORDERED",
    Role.TIME,
    blocks=False,
    title="Days out of order",
    explanation="The daily series of this feed has always been ascending; here it is not.",
    remedy="Nothing has to be done; readers must sort.",
    source="FORMATS 2.1",
)
DAYS_MISSING = _code(
    "RZ-DAYS-MISSING",
    Role.TIME,
    blocks=False,
    title="Days missing inside the series",
    explanation="The daily series of this feed has always been without gaps; here days are absent.",
    remedy="Compare with the next capture.",
    source="FORMATS 2.1",
)
STALE_DATA = _code(
    "RZ-STALE-DATA",
    Role.TIME,
    blocks=False,
    title="The newest data are old",
    explanation="The newest day lies further before the capture than the source usually lags.",
    remedy="The source or its session may be stale: look at the platform itself.",
    source="FORMATS 12, stale newest day",
)
EMPTY_RESULT = _code(
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
TOTAL_MISMATCH = _code(
    "RZ-TOTAL-MISMATCH",
    Role.COMPLETENESS,
    blocks=False,
    title="A total that is not the sum of its parts",
    explanation="The delivery states a total and the parts give another.",
    remedy="Compare with the next capture.",
    source="FORMATS 12, total that does not match",
)
PAGE_TOTAL_MISMATCH = _code(
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
OPTIONAL_BLOCK_MISSING = _code(
    "RZ-OPTIONAL-BLOCK-MISSING",
    Role.COMPLETENESS,
    blocks=False,
    title="A secondary block is absent",
    explanation="The answer lacks a part that it usually has; its daily figures are complete without it.",
    remedy="Compare with an earlier delivery.",
    source="FORMATS 12, empty optional block",
)
REPEATED_RECORD = _code(
    "RZ-REPEATED-RECORD",
    Role.IDENTITY,
    blocks=True,
    title="A record stands twice",
    explanation="What identifies a record may stand once in a delivery; a repeated one makes every sum wrong.",
    remedy="Look at the places given; pages may have been joined wrongly, or two captures in one file.",
    source="FORMATS 12, repeated day or id",
)
MIXED_ACCOUNTS = _code(
    "RZ-MIXED-ACCOUNTS",
    Role.IDENTITY,
    blocks=True,
    title="Records of several accounts",
    explanation="A capture is of one advertising account; these records name more than one.",
    remedy="Land each account's capture as a file of its own.",
    source="RAW_ZONE Account-level data integrity",
)
WRONG_PLATFORM = _code(
    "RZ-WRONG-PLATFORM",
    Role.IDENTITY,
    blocks=True,
    title="Data of another platform",
    explanation="The content says that it is of another platform than the delivery's name.",
    remedy="Rename the file to what it is, or correct the extractor.",
    source="FORMATS 3.1; RAW_ZONE Platform consistency",
)

# --- archives, days without a year, and what only some platforms have ----------------------------------

ARCHIVE = _code(
    "RZ-ARCHIVE",
    Role.STRUCTURE,
    blocks=True,
    title="Not a sound zip archive",
    explanation=(
        "Its directory, entries and checksums do not agree, or a member is encrypted, packed by an unusual "
        "method, or named so that unpacking could write outside its folder."
    ),
    remedy="Download the archive again. If it comes from the source like this, look at it with care.",
    source="FORMATS 5.1, 9; issue 3, hostile content",
)
ARCHIVE_MEMBERS = _code(
    "RZ-ARCHIVE-MEMBERS",
    Role.STRUCTURE,
    blocks=True,
    title="Not the members this archive should hold",
    explanation="Archives of a feed hold one file, of the name that the feed gives; this one holds others.",
    remedy="Deliver the source's own archive, not one packed again; or correct the file's name.",
    source="FORMATS 5.1",
)
DATES_UNREADABLE = _code(
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
WINDOW_MISMATCH = _code(
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
ALL_ZERO = _code(
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
OWNER_UNKNOWN = _code(
    "RZ-OWNER-UNKNOWN",
    Role.IDENTITY,
    blocks=False,
    title="Whose data these are is not said",
    explanation="The content does not name its artist, and the file's name holds no artist id.",
    remedy="Let the extractor write the artist's id into the name: spotify_audience_<id>_<stamp>.csv.",
    source="FORMATS 1, 8",
)
# --- against the past of the feed ----------------------------------------------------------------

SAME_CONTENT = _code(
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
CONTENT_UNCHANGED = _code(
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
SCHEMA_DRIFT = _code(
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
VOLUME_ANOMALY = _code(
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
RESTATED_DAYS = _code(
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
INCOMPLETE_SET = _code(
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
