"""Page examinations: saved statistics pages are judged by the figures that stand in their inline scripts.

The charts found in the page's scripts become a document that schema and rules judge like any JSON. A page is
told from a sign-in page by what it has, never by words it holds: every good page holds "Password" and "Sign in"
too.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from rawzone_assets.contract import codes
from rawzone_assets.contract.charts import Chart, charts_in
from rawzone_assets.contract.documents import judge_document
from rawzone_assets.contract.feed import Capture, Content, Facts, Feed
from rawzone_assets.contract.findings import Finding, Findings, Place
from rawzone_assets.contract.html_pages import HtmlFormat, PageTotal, SignIn
from rawzone_assets.contract.marks import Marks, ascii_text, folded_text
from rawzone_assets.contract.page_markup import PageMarkup, UnparsableMarkup
from rawzone_assets.contract.pointers import Parts, pointer
from rawzone_assets.contract.texts import Survey, line_of, survey

MOST_TAGS = 150_000
"""Of tags, and of character references: ten times a real page's, each of which costs a kilobyte or some µs."""

_MOST_SCANNED = 500_000_000
"""Characters: the standard parser searches the whole rest of the page for the end of each open comment."""

_END = "</html>"
_ANY_END = re.compile(r"</html\s*>", re.IGNORECASE)
_END_WITHIN = 8192  # trackers append a few nodes after the page's end
_LONGEST_TAG = 2**20  # characters: images are embedded in tags
_ENDLESS_TAG = re.compile(rf"<[A-Za-z/][^<>]{{{_LONGEST_TAG}}}")
_XML = Marks([b"?xml"])
_COMMENT, _SECTION = Marks([b"<!--"]), Marks([b"<!["])  # apart, so that the engine looks for the rare "!"
_TWO_AT_ONCE = {"<": Marks([b"<<"]), "&": Marks([b"&&"])}
_FIRST_TAG = re.compile(r"<\s*([A-Za-z][^\s/>]{0,40})")


def examine(form: HtmlFormat, feed: Feed, content: Content, capture: Capture, findings: Findings) -> Facts:
    """Add every objection to the page and return what was learned."""
    seen, markup = surveyed_page(content, findings)
    if markup is None:
        return Facts(text=seen.facts)
    page = read_page(markup, form.all_charts)
    _recognize(form, markup, page, findings)
    if findings.blocking:
        return Facts(text=seen.facts)
    document = {name: chart.rows for name, chart in page.charts.items() if chart.rows is not None}
    facts = judge_document(
        document,
        feed=feed,
        capture=capture,
        findings=findings,
        place=page.place,
        rules=form.rules,
        series=form.series,
        figures=form.figures,
        text=seen.facts,
    )
    if form.total and not findings.blocking:
        findings.extend(_total_findings(form, markup, form.total, page))
    return facts


def _recognize(form: HtmlFormat, markup: PageMarkup, page: Page, findings: Findings) -> None:
    """Whether this is the page its name says, with the charts it must have."""
    if not page.charts and is_sign_in(markup, form.sign_in):
        findings.add(codes.SIGN_IN_PAGE("a sign-in form, and none of the charts"))
        return
    findings.extend(selection_findings(markup, form.own_page, form.other_pages))
    chart = page.charts.get(form.chart)
    if not page.charts and not findings.blocking:
        message = "no script makes any of the charts: an error page, a security check or another site's page?"
        findings.add(codes.CHART_MISSING(message, page.place((form.chart,))))
        return
    if chart is None:
        findings.add(
            codes.CHART_MISSING(
                f"no script of the page makes the chart {form.chart!r}", page.place((form.chart,))
            )
        )
    elif not chart.rows:
        problem = chart.problem or "has no rows"
        findings.add(codes.CHART_MISSING(f"the chart {form.chart!r} {problem}", page.place((form.chart,))))
    for name in sorted(page.ambiguous):
        message = f"the page makes the chart {name!r} twice, and not of the same data"
        findings.add(codes.PAGE_TOTAL_MISMATCH(message, page.place((name,))))
    for name in form.optional_charts:
        optional = page.charts.get(name)
        if optional is None:
            message = f"no script of the page makes the chart {name!r}"
            findings.add(codes.CHART_OPTIONAL_MISSING(message, page.place((name,))))
        elif not optional.rows:
            code = codes.CHART_OPTIONAL_MISSING
            if optional.rows is None and optional.is_inline:
                code = codes.SHAPE
            findings.add(code(f"the chart {name!r} {optional.problem or 'has no rows'}", page.place((name,))))


def _total_findings(form: HtmlFormat, markup: PageMarkup, total: PageTotal, page: Page) -> Iterator[Finding]:
    expected = sum(map(int, map(itemgetter(form.series.value), page.charts[total.chart].rows or ())))
    yield from printed_total_findings(markup, total, expected, lambda: page.place((total.chart,)))


@dataclass(frozen=True, kw_only=True)
class Page:
    """The charts in a page, and those it makes twice, of different data."""

    markup: PageMarkup
    charts: Mapping[str, Chart]
    ambiguous: frozenset[str]
    _starts: dict[str, int] = field(default_factory=dict)

    def place(self, parts: Parts) -> Place:
        """A place in the charts, with the line in which it stands in the page."""
        chart = self.charts.get(str(parts[0])) if parts else None
        if chart is None:
            return Place(pointer=pointer(parts))
        row = parts[1] if len(parts) > 1 and isinstance(parts[1], int) else None
        inside = chart.start if row is None else chart.position_of(row)
        start = self._starts.setdefault(chart.id, self.markup.text.find(chart.script))
        line = line_of(self.markup.text, start + inside) if start >= 0 else None
        return Place(pointer=pointer(parts), line=line)


def selection_findings(markup: PageMarkup, own: str, other_pages: tuple[str, ...]) -> Iterator[Finding]:
    """Whether the page itself says that it is one of the other pages, or any but its own."""
    options = list(markup.options_with(other_pages))
    for option in options or (markup.options_instead_of(own) if own else ()):
        message = "the page's own selection is another store"
        yield codes.WRONG_PAGE(message, Place(line=option.sourceline, css="option[selected]"))


def printed_total_findings(
    markup: PageMarkup, total: PageTotal, expected: int, where: Callable[[], Place]
) -> Iterator[Finding]:
    """Whether the page prints the sum that its chart has."""
    shown = markup.figures_beside(total, expected)
    if not shown:
        yield codes.CHART_OPTIONAL_MISSING(f"the page shows no figure for {total.label!r}")
    elif expected not in shown:
        message = f"no figure beside {total.label!r} equals the chart's sum, {expected:,}"
        yield codes.PAGE_TOTAL_MISMATCH(message, where())


def surveyed_page(content: Content, findings: Findings) -> tuple[Survey, PageMarkup | None]:
    """What its bytes tell, and the parsed page: ``None`` with the objection added when they are none."""
    seen = survey(content)
    objection = seen.objection()
    if objection:
        findings.add(objection)
        return seen, None
    return seen, _parsed_page(content.read(), findings)


def _parsed_page(data: bytes, findings: Findings) -> PageMarkup | None:
    """The parsed page, or ``None`` with the objection added when the bytes, UTF-8, are no complete page."""
    page = data.removeprefix(BOM_UTF8)
    objection = None if _is_surely_a_page(page) else _objection(page.decode())
    if objection:
        findings.add(objection)
        return None
    try:
        markup = PageMarkup(page)
        second = markup.second_page()
    except UnparsableMarkup:
        findings.add(codes.SHAPE("the page's markup cannot be parsed"))
        return None
    if second is not None:
        findings.add(codes.SHAPE("a second page begins here: two files, one after the other", second))
        return None
    return markup


def _is_surely_a_page(page: bytes) -> bool:
    """Whether :func:`_objection` would have none, told from the page's ASCII text.

    That has no fewer characters than the page, and a blank or tag of it is one of the page's.
    """
    text, folded = ascii_text(page), folded_text(page)
    return (
        text[:_END_WITHIN].lstrip().startswith("<")
        and _END in folded[-_END_WITHIN:]
        and not _XML.are_in(folded)
        and not _is_hostile(text)
    )


def _objection(text: str) -> Finding | None:
    """Why the text is no complete page."""
    if not text.strip():
        return codes.TRUNCATED("the file holds nothing but blanks")
    if not text.lstrip().startswith("<"):
        return codes.SHAPE("the file is no HTML page: it does not begin with '<'", Place(line=1))
    if _is_xml(text):
        return codes.SHAPE("the file is XML, not an HTML page", Place(line=1))
    if not _ANY_END.search(text[-_END_WITHIN:]):
        end = Place(line=line_of(text, len(text)))
        return codes.TRUNCATED("the page's closing </html> is absent from its end", end)
    if _is_hostile(text):
        return codes.SHAPE("the page has more markup than any statistics page")
    return None


def _is_hostile(text: str) -> bool:
    """Whether parsing the page would take minutes or gigabytes."""
    if _has_more(text, "<", MOST_TAGS) or _has_more(text, "&", MOST_TAGS):
        return True
    left_open = 0
    if _COMMENT.are_in(text):
        left_open += text.count("<!--", text.rfind("-->") + 1)
    if _SECTION.are_in(text):
        left_open += text.count("<![")
    return left_open * len(text) > _MOST_SCANNED or (
        len(text) > _LONGEST_TAG and _ENDLESS_TAG.search(text) is not None
    )


def _has_more(text: str, mark: str, most: int) -> bool:
    """Whether the character stands more often. It is half the text at most where none follows another."""
    if len(text) <= most or (len(text) <= 2 * most and not _TWO_AT_ONCE[mark].are_in(text)):
        return False
    return text.count(mark) > most


def _is_xml(text: str) -> bool:
    first = _FIRST_TAG.search(text)
    return "<?xml" in text.lower() and (first is None or first[1].lower() != "html")


def read_page(markup: PageMarkup, wanted: Iterable[str]) -> Page:
    """The page with the wanted charts. When it makes one twice, the call with data counts.

    Calls in comments are made by nobody: they count where there is no other.
    """
    charts: dict[str, Chart] = {}
    ambiguous: set[str] = set()
    names = set(wanted)
    made = [
        chart
        for script in markup.scripts()
        for chart in (charts_in(script) if "makeChart" in script else ())
        if chart.id in names
    ]
    if len({chart.id for chart in made}) < len(made):
        live = [chart for chart in made if not chart.is_commented_out]
        there = {chart.id for chart in live}
        made = live + [chart for chart in made if chart.id not in there]
    for chart in made:
        known = charts.get(chart.id)
        if known and known.has_data and chart.has_data and known.rows != chart.rows:
            ambiguous.add(chart.id)
        if not (known and known.rows):
            charts[chart.id] = chart
    return Page(markup=markup, charts=charts, ambiguous=frozenset(ambiguous))


def is_sign_in(markup: PageMarkup, sign_in: SignIn) -> bool:
    """Whether the page asks for signing in: by a form's id, name or class, or by the page's title."""
    if markup.has_plain_form(sign_in.form):
        return True
    soup = markup.soup
    for form in soup.find_all("form"):
        marks = (form.get("id"), form.get("name"), *(form.get_attribute_list("class")))
        if sign_in.form in marks:
            return True
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    return title.startswith(sign_in.title) or soup.find(id=sign_in.form) is not None
