"""HTML pages: what those of a feed are declared to be.

Light, for every process declares formats and few judge by them: what judges, ``page_examination.py`` and
``chart_blocks.py``, is loaded when a first delivery comes.
"""

from __future__ import annotations

from dataclasses import dataclass

from rawzone_assets.contract.feed import Capture, Content, Facts, Feed
from rawzone_assets.contract.findings import Findings
from rawzone_assets.contract.restatement import Figures
from rawzone_assets.contract.rules import Rule
from rawzone_assets.contract.series import Series


@dataclass(frozen=True, kw_only=True)
class PageTotal:
    """A figure printed on the page that must equal a chart's sum. ``element_id`` is ASCII."""

    label: str
    element_id: str
    chart: str


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """What tells a sign-in page: a form's id, name or class, or the beginning of the page's title."""

    form: str
    title: str


@dataclass(frozen=True, kw_only=True)
class HtmlFormat:
    """A page with a required chart, optional ones, and a printed total that must agree with them."""

    chart: str
    series: Series
    optional_charts: tuple[str, ...] = ()
    total: PageTotal | None = None
    sign_in: SignIn
    own_page: str = ""  # the value of an <option>: where it is offered, it is the one selected
    other_pages: tuple[str, ...] = ()  # values of a selected <option> that mean another page
    figures: Figures | None = None
    rules: tuple[Rule, ...] = ()
    kind: str = "html"

    @property
    def all_charts(self) -> tuple[str, ...]:
        return (self.chart, *self.optional_charts)

    def load(self) -> None:
        import rawzone_assets.contract.page_examination  # noqa: F401, PLC0415  see above

    def examine(self, feed: Feed, content: Content, capture: Capture, findings: Findings) -> Facts:
        from rawzone_assets.contract.page_examination import examine  # noqa: PLC0415  see above

        return examine(self, feed, content, capture, findings)


@dataclass(frozen=True, kw_only=True)
class BlocksFormat:
    """A page whose ``variable`` holds blocks ``{isEmpty, total, dataProvider}``; ``daily`` is required.

    A block that says it is empty may be; one that is empty without saying so was not loaded.
    """

    variable: str
    daily: str
    series: Series
    total: PageTotal
    sign_in: SignIn
    optional_blocks: tuple[str, ...] = ()
    own_page: str = ""
    other_pages: tuple[str, ...] = ()
    figures: Figures | None = None
    rules: tuple[Rule, ...] = ()
    kind: str = "html"

    def load(self) -> None:
        import rawzone_assets.contract.chart_blocks  # noqa: F401, PLC0415  see above

    def examine(self, feed: Feed, content: Content, capture: Capture, findings: Findings) -> Facts:
        from rawzone_assets.contract.chart_blocks import examine  # noqa: PLC0415  see above

        return examine(self, feed, content, capture, findings)
