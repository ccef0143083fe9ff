"""Platforms and feeds as values: what is delivered, under which names, and judged by what.

A platform file builds these; nothing inherits from them. What a feed *does* with bytes is its ``format``
(a value with one method) and its ``rules`` (functions that yield findings).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from rawzone_assets.contract.exposures import Access, access_of
from rawzone_assets.contract.findings import Finding, Findings, Role
from rawzone_assets.contract.modes import Mode, Secrets
from rawzone_assets.contract.projection import Projection


@dataclass(frozen=True, kw_only=True, slots=True)
class Capture:
    """When and under which name a delivery was read from its source."""

    name: str
    day: date  # the capture day as written in the name, the partition
    captured_at: datetime  # UTC


class Content(Protocol):
    """A delivery's bytes as judging sees them: the whole of a small one, or a stream of a large one."""

    @property
    def size(self) -> int: ...

    @property
    def is_in_memory(self) -> bool:
        """Whether all bytes are held already, so that a stream may be read at once."""
        ...

    def read(self) -> bytes:
        """All bytes. Only formats whose feeds have a size limit that fits in memory call this."""
        ...

    def open(self) -> Any:
        """A fresh binary stream from the first byte; may be called again."""
        ...


class Facts(NamedTuple):
    """What judging learned of a delivery's content. ``None`` means the format could not tell."""

    records: int | None = None
    data_min: str | None = None  # ISO dates, inclusive
    data_max: str | None = None
    fingerprint: str | None = None  # SHA-256 of the structure: columns, paths and types
    outline: tuple[str, ...] = ()  # the structure itself, as drift compares it; see contract/drift.py
    substance: str | None = None  # SHA-256 of the content without its volatile parts
    diary: Mapping[str, str] | None = None  # digests; see contract/restatement.py, acquaintance.py
    text: Mapping[str, Any] = MappingProxyType({})  # charset, bom, newline
    # Kinds of exposure and how often. Judging fills it in, unless the format has looked at all there is to see.
    access_reasons: Mapping[str, int] | None = None

    @property
    def access(self) -> Access | None:
        """Who may see the delivery; ``None`` when nobody has looked."""
        return None if self.access_reasons is None else access_of(self.access_reasons)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The findings on one delivery and the facts about it."""

    findings: tuple[Finding, ...]
    facts: Facts
    shadow: tuple[Finding, ...] = ()  # findings whose mode keeps them from doing anything

    @property
    def refused(self) -> bool:
        return any(finding.blocking for finding in self.findings)


class Format(Protocol):
    """How a feed's bytes are read, checked against its schema, and handed to its rules."""

    @property
    def kind(self) -> str:
        """``html``, ``json``, ``tsv`` or ``csv``: shown in Dagster and used in messages."""
        ...

    def load(self) -> None:
        """Load what examines such deliveries, which else the first one does: what declares them is light."""
        ...

    def examine(self, feed: Feed, content: Content, capture: Capture, findings: Findings) -> Facts:
        """Add every objection to ``findings`` and return what was learned; never raises for bad input."""
        ...


EVERY_DAY = frozenset(range(1, 8))
WORKING_DAYS = frozenset(range(1, 6))
_SHORTEST_GRACE, _LONGEST_GRACE = timedelta(hours=12), timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Cadence:
    """How often a feed is expected and how old its newest data may be. ``deadlines`` computes with it."""

    every: timedelta  # an arrival is expected at least this often
    lag_days: int  # usual days between the newest data day and the capture day
    stale_after_days: int  # a larger gap is an advisory finding
    grace: timedelta | None = None  # how late is in time; None: a quarter of ``every``, 12 hours to 7 days
    weekdays: frozenset[int] = EVERY_DAY  # ISO weekdays (Monday is 1) on which the feed comes, where it is read

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= EVERY_DAY:
            raise ValueError(f"weekdays {sorted(self.weekdays)} are not some of 1 (Monday) to 7 (Sunday)")
        if self.grace is not None and self.grace < timedelta(0):
            raise ValueError(f"a grace of {self.grace} is negative")

    @property
    def patience(self) -> timedelta:
        """How long after it was due a delivery is merely late."""
        if self.grace is not None:
            return self.grace
        return min(max(self.every / 4, _SHORTEST_GRACE), _LONGEST_GRACE)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Another form in which a feed is delivered: other names, and the format and schema that go with them."""

    names: tuple[str, ...]
    stamped_folder_names: tuple[str, ...] = ()
    format: Format
    schema: str


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One kind of delivery of a platform: names, format, schema, rules, cadence."""

    id: str  # "distrokid/streams"
    title: str
    description: str  # markdown: what it is, what it covers, known oddities; shown in the Dagster UI
    names: tuple[str, ...]  # templates, see contract/naming.py
    stamped_folder_names: tuple[str, ...] = ()  # file names whose date stands in the parent folder
    capture_set: tuple[str, ...] = ()  # those of them that one capture's folder holds, every one
    least_days: int = 0  # which the longest answer of a capture day covers, where sessions save short ones too
    format: Format
    schema: str  # below schemas/: "distrokid/streams.v1.json"
    version: int
    rules_version: int
    checks: Mapping[Role, str]
    cadence: Cadence
    by_month: bool  # raw folders <YYYY>/<MM> or only <YYYY>
    variants: tuple[Variant, ...] = ()
    timezone: str | None = None  # when it differs from the platform's
    start: date = date(2024, 1, 1)
    max_size: int = 64 * 2**20
    owners: tuple[str, ...] = ("team:data-engineering",)
    modes: Mapping[str, Mode] = field(default_factory=dict)  # by finding code; others are enforced
    secrets: Secrets = Secrets.FLAG
    projection: Projection = field(default_factory=Projection)  # what its schemas do not say about columns
    usual_exposures: frozenset[str] = frozenset()  # kinds that every good delivery has: no news to anyone

    def gathering(self) -> Findings:
        """An empty collection for findings on a delivery of this feed."""
        return Findings(checks=self.checks, modes=self.modes)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kind of every form, each once."""
        return tuple(dict.fromkeys((self.format.kind, *(v.format.kind for v in self.variants))))

    @property
    def schemas(self) -> tuple[str, ...]:
        """The schema of every form, each once."""
        return tuple(dict.fromkeys((self.schema, *(variant.schema for variant in self.variants))))

    @property
    def all_names(self) -> tuple[str, ...]:
        """The name templates of every form."""
        return (*self.names, *(name for variant in self.variants for name in variant.names))

    @property
    def all_stamped_folder_names(self) -> tuple[str, ...]:
        """The names dated by their folder, of every form."""
        others = (name for variant in self.variants for name in variant.stamped_folder_names)
        return (*self.stamped_folder_names, *others)

    @property
    def check_names(self) -> tuple[str, ...]:
        """The specification's check names in role order, each once."""
        return tuple(dict.fromkeys(self.checks.values()))


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A source system and its feeds."""

    id: str  # "distrokid", "social_media/linktree"
    title: str
    source_system: str  # where the data originally come from, for lineage
    timezone: str  # IANA zone in which the extractor writes stamps
    feeds: tuple[Feed, ...]
    folders: tuple[str, ...] = ()  # landing folders beside ``id`` that mean this platform
    extractor_logs: tuple[str, ...] = ()  # name templates of the extractor's own reports, never data

    def timezone_of(self, feed: Feed) -> str:
        """The IANA zone in which the stamps of a feed of this platform are written."""
        return feed.timezone or self.timezone
