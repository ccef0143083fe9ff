"""JSON documents: what those of a feed are declared to be.

Light, for every process declares formats and few judge by them: what judges, ``json_examination.py``, is loaded
when a first delivery comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rawzone_assets.contract.acquaintance import Named
from rawzone_assets.contract.feed import Capture, Content, Facts, Feed
from rawzone_assets.contract.findings import Findings
from rawzone_assets.contract.operations import Operation
from rawzone_assets.contract.restatement import Figures
from rawzone_assets.contract.rules import Rule
from rawzone_assets.contract.series import Series


@dataclass(frozen=True, kw_only=True)
class Wrapper:
    """The object that an extractor or API puts round an answer: the answer's member, and what stands beside it.

    ``platform`` is the member that names the answer's platform, if any.
    """

    inside: str = "data"
    platform: str = "platform"
    marks: tuple[str, ...] = ("timestamp", "source", "platform")


@dataclass(frozen=True, kw_only=True)
class Status:
    """A member in which an API says how it went, and the values that mean well. Absent, it says nothing."""

    path: str
    good: tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class JsonFormat:
    """One JSON document a delivery.

    ``platform_names`` are the names a wrapper may give this feed's platform. ``foreign`` are members that only
    other feeds' answers have: a document with one of them and without ``own`` is another platform's.
    ``records`` points at the list to count when there is no series. ``figures`` of the series are compared with
    those that other deliveries told, and so is what ``named`` says. Answers are ``whole`` unless the first page
    of a list is all that is wanted. ``telling`` are rules that tell another kind of document under this one's
    name, by members that the schema does not list; they are asked of what the schema refuses too.
    """

    own: str = ""
    operation: Operation | None = None
    series: Series | None = None
    figures: Figures | None = None
    records: str | None = None
    named: Named | None = None
    rules: tuple[Rule, ...] = ()
    telling: tuple[Rule, ...] = ()
    wrapper: Wrapper | None = None
    platform_names: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    whole: bool = True
    kind: str = "json"

    def load(self) -> None:
        import rawzone_assets.contract.json_examination  # noqa: F401, PLC0415  see above

    def examine(self, feed: Feed, content: Content, capture: Capture, findings: Findings) -> Facts:
        from rawzone_assets.contract.json_examination import examine  # noqa: PLC0415  see above

        return examine(self, feed, content, capture, findings)

    def unwrapped(self, document: Any) -> tuple[Any, tuple[str, ...]]:
        """The answer itself and the way to it."""
        wrapper = self.wrapper
        if wrapper and isinstance(document, dict) and wrapper.inside in document and self.own not in document:
            return document[wrapper.inside], (wrapper.inside,)
        return document, ()
