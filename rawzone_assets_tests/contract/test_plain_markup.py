"""Plain markup: what is read without a tree is what Beautiful Soup reads, and few pages need the tree."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rawzone_assets.contract import page_markup
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.html_pages import PageTotal
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.contract.page_markup import PageMarkup
from rawzone_assets.contract.page_totals import candidates, prints_plainly
from rawzone_assets.contract.plain_markup import plain_markup
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import samples

TOTAL = PageTotal(label="Last 365 days", element_id="last365", chart="trend365day")
FIGURE = 1234
PIECES = [
    "<script>",
    "<script src='a'>",
    "<script/>",
    '<script type="a/b" async>',
    "</script>",
    "</SCRIPT >",
    "</script x>",
    "</ script>",
    "</\u00a0script>",
    "</            script>",
    "</\u017fcript>",
    "--\u00a0>",
    "</é",
    "<style>",
    "</style>",
    "<!--",
    "-->",
    "-- >",
    "--!>",
    "<!-->",
    "<!",
    "<?php ?>",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE html>",
    "var a = 1;",
    "makeChart(1)",
    '"',
    "'",
    "<",
    ">",
    "/>",
    "&",
    "&&",
    '& "1',
    "&#",
    "&#x;",
    "&amp;",
    "&#65;",
    "&lt",
    '<div x="',
    '<div x="<script>"',
    "<div x='>'>",
    "<div>",
    "</div>",
    "<p",
    "<p>",
    "a<b",
    "<option selected>",
    '<option selected="" value="streams">',
    "<option value=applemusic selected>",
    '<option value="\u017ftreams é" selected>',
    "</option>",
    '<option value="a&amp;b" selected>',
    '<option selected value="a" value="b">',
    "<select>",
    "</select>",
    "<textarea>",
    "</textarea>",
    "<title>",
    "</title>",
    "<iframe>",
    "</iframe>",
    "<xmp>",
    "</xmp>",
    "<noscript>",
    "</noscript>",
    "<plaintext>",
    "<template>",
    "</template>",
    "<svg>",
    "</svg>",
    "<rt>",
    "</rt>",
    "<td>",
    "</td>",
    "<tr>",
    "</tr>",
    "<table>",
    "</table>",
    "<b>",
    "</b>",
    "<br>",
    "<br/>",
    "Last 365 days",
    "last 365 DAYS",
    "365",
    "1,234",
    "1234",
    " ",
    "\n",
    "text",
    "\u2003",
    "\x0b",
    '<td id="last365">',
    "<td id=last365>",
    "<i title=last365>",
    '<a t=" id=last365">',
    "<a b\u2003c>",
    "</html>",
    "<A HREF=x/>",
    "<a\nb>",
    "<td>Last 365 days</td><td>1,234</td>",
    "<b>1,234</b><br><i>Last 365 days</i>",
    '<td id="last365">1,234</td>',
    "<script>var a = '</b>';</script>",
    "<!-- <script> -->",
    '<p title="Last 365 days">1,234</p>',
    "<p>Last 365 days",
    "<p>Last 365 days: 1,234</p>",
    "<TD>Last 365 days</TD><TD class='x'>1,234&nbsp;</TD>",
    "<td>Last 365 days &nbsp;</td>&nbsp;<td><img src='a'>1,234 streams</td>",
    "<b>1,234</b>",
    "&nbsp;",
    "&nbsp;1,234&nbsp;",
    " streams<",
    " days<",
    '<td id="last365"><span>1,234</span></td>',
    '<td id="last365"/>1,234</td>',
    '<input id="last365">1,234</input>',
    '<rt id="last365">1,234</rt>',
    '<xmp id="last365">1,234&nbsp;</xmp>',
    "<p>Last 365 days</p><xmp>1,234&nbsp;</xmp>",
    "<ruby>Last 365 days<rt>1,234</rt></ruby>",
    "<a [x]='1' (y) {z}=a>",
    "&NBSP;",
    "</br>",
    "<img src='a'>9</img>",
    "<input>",
    "</input>",
    "x > ",
    "<p title='</svg>'>",
    '<td id="last&#51;65">9</td>',
    "Last &#51;65 days",
    "1,234567",
    '<form id="signinForm">',
    "<FORM class='a signinForm'>",
    '<form class="a\u00a0signinForm">',
    "<form name=signinForm name=b>",
    '<p title="<form id=signinForm>">',
    '<p title="',
    "</form>",
    "< ",
    "<3",
    "<=",
    "<>",
    "<é",
    "<<b>",
    "<&lt;",
    "&<b>",
    "&é",
    "&_",
    "&</b>",
    "<?xml version='1.0'?>",
    "<?>",
    "<? > <b>",
    "<![if !IE]>",
    "<![if !IE]",
    "<![endif]>",
    "<![if]>",
    "<a b = 'c'>",
    "<a b\n=c d= e>",
    "<a b=\n'<i>'c='2'd>",
    "<a b=c=d>",
    "<a b==c>",
    "<a b= c='<i>'>",
    "<a b = >",
    "<a b = c='",
    "<a =b>",
    '<td class="x"id="last365">',
    '<td class="x"id="last&#51;65">9</td>',
    "<td id = last&#51;65>9</td>",
    "<td id\n= 'last365'>",
    "<option value = 'streams'selected>",
    "<option selected = x value= applemusic>",
    "<form class = 'signinForm'id=x>",
    "1,234 < ",
    "Last 365 days < ",
    "<td>Last 365 days</td><td>< 1,234</td>",
]


def doubted(text: str) -> str:
    """What a plain reading of the page says that its tree does not, and what kind of page it was."""
    page = plain_markup(text.encode())
    soup = PageMarkup(text.encode()).soup if page else None
    if page is None or soup is None:
        return "not plain"
    assert list(page.scripts) == [str(script.string) for script in soup.find_all("script") if script.string]
    options = soup.find_all("option", selected=True)
    assert sorted(page.selected) == sorted(str(option.get("value")) for option in options)
    if page.has_form("signinForm"):
        forms = soup.find_all("form")
        marks = [(form.get("id"), form.get("name"), *form.get_attribute_list("class")) for form in forms]
        assert any("signinForm" in told for told in marks)
        return "plain, with the form"
    if not prints_plainly(page, TOTAL, FIGURE):
        return "plain"
    assert FIGURE in candidates(soup, TOTAL)
    return "plain, with its figure"


@pytest.mark.parametrize(
    "layout",
    [
        "<td>Last 365 days</td><td align='right'>1,234</td>",
        "<TR><TH>Last 365 days</TH>\n<TD>1,234</TD></TR>",
        "<td>Last 365 days</td>\n<td><span class=n>1,234&nbsp;</span></td>",
        "<p>Last 365 days: 1,234</p>",
        "<li>Last 365 days (1,234)</li>",
        "<strong>1,234 streams</strong><br><a href='#'>Last 365 days</a>",
        "<section><h3>Last 365 days&nbsp;</h3><img src='i'><p>1234</p></section>",
        '<td id="last365">1,234</td>',
        '<td id="last365"> <b><i>1,234</i></b> streams</td>',
    ],
)
def test_the_usual_layouts_of_a_figure_and_its_label_need_no_tree(layout: str):
    assert doubted(f"<div>{layout}</div>") == "plain, with its figure"


@pytest.mark.parametrize(
    "odd",
    [
        "<td>below <1%, 5 < 6 and <= 7 &</td>",
        "AT&<b>T</b> & Q&A, 5&nbsp;&% &_",
        '<a class="x"href="y" title = \'z\' data-a=b=c>t</a>',
        '<?xml version="1.0" encoding="utf-8"?><svg></svg>',
        "<![if !IE]><p>not for an old browser</p><![endif]>",
        "<!-- saved from a browser --><!DOCTYPE html><p>t</p>",
    ],
)
def test_what_every_parser_reads_alike_needs_no_tree_however_odd_it_is(odd: str):
    assert doubted(f"<p>{odd}</p><td>Last 365 days</td><td>1,234</td>") == "plain, with its figure"


@pytest.mark.parametrize(
    "element",
    ['<td id="last365"/>1,234</td>', '<input id="last365">1,234</input>', "<rt id=last365>1,234</rt>"],
)
def test_an_element_that_holds_no_text_of_the_page_prints_no_figure(element: str):
    assert doubted(element) == "plain"


@pytest.mark.parametrize(
    "page",
    [
        '<td class="last365">1,234</td>',
        f"<p>Last 365 days{' ' * 200}1,234</p>",
        "<p>more than > 1,234</p><p>Last 365 days</p>",
        "<p>LAST 365 DAYS</p>" * 10 + "<p>Last 365 days: 1,234</p>",
        "<svg><p title='</svg>'><td>Last 365 days</td><td>1,234</td></p></svg>",
        "</svg><svg><td>Last 365 days</td><td>1,234</td></svg>",
        '<td>Last 365 days</td><td>1,234</td><td id="last&#51;65">9</td>',
    ],
    ids=[
        "class",
        "long label",
        "rest of a text",
        "eleventh label",
        "quoted end",
        "stray end",
        "id in references",
    ],
)
def test_a_figure_that_the_tree_does_not_take_for_the_total_is_none(page: str):
    assert doubted(page) == "plain"


@pytest.mark.parametrize(
    "quoted",
    [
        '<div x="<td>Last 365 days</td><td>1,234</td><div x=">',
        '<div x="<form id=signinForm>">',
        "<div x='<b>1,234</b><br><i>Last 365 days</i>'>",
        "<p title='<td id=\"last365\">1,234</td>'>",
    ],
)
def test_what_an_attribute_quotes_is_not_on_the_page(quoted: str):
    assert doubted(f"<p>{quoted}</p>") == "plain"


@pytest.mark.parametrize(
    "page",
    [
        "<script/>var a = 1;</script>",
        "<!-- <script>var a = 1;</script> -->",
        "<style>a::after {content: '<script>var a = 1;</script>'}</style>",
        "<script>var a = '<option selected value=applemusic>';</script>",
        "<!-- -- ><script>var a = 1;</script> -->",
    ],
)
def test_scripts_and_options_are_those_of_the_tree(page: str):
    doubted(page)


def campaign(examples: int) -> dict[str, int]:
    seen: dict[str, int] = {}

    @settings(max_examples=examples, deadline=None, derandomize=True, database=None)
    @given(st.lists(st.sampled_from(PIECES), max_size=14))
    def tried(pieces: list[str]) -> None:
        kind = doubted("".join(pieces))
        seen[kind] = seen.get(kind, 0) + 1

    tried()
    return seen


def test_a_plain_page_holds_what_its_tree_holds(tell: Callable[[str], None]):
    seen = campaign(1_500)
    assert len(seen) == 4, seen
    tell(f"pages put together from {len(PIECES)} pieces: {seen}")


@pytest.mark.campaign
def test_tens_of_thousands_of_plain_pages_hold_what_their_trees_hold(tell: Callable[[str], None]):
    seen = campaign(60_000)
    tell(f"pages put together from {len(PIECES)} pieces: {seen}")


@pytest.mark.parametrize("sample", [s for s in samples() if s.path.endswith(".html")], ids=lambda s: s.title)
def test_samples_hold_what_their_trees_hold(sample):
    doubted(sample.data.decode("utf-8-sig", "replace"))


@pytest.mark.parametrize("text", ['<?xml version="1.0"?><p t=`x`></p>', "example.html", "https://example.org"])
def test_trees_are_built_without_the_library_s_advice(text: str):
    assert PageMarkup(text.encode()).soup.get_text().strip() in {text, ""}


@pytest.fixture
def without_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for a page's tree fails."""

    def build(*_: object) -> None:
        raise AssertionError("a tree was built")

    monkeypatch.setattr(page_markup.PageMarkup, "soup", property(build))


@pytest.mark.usefixtures("without_trees")
def test_good_pages_are_judged_without_a_tree():
    judged = 0
    for sample in samples():
        found = recognize(sample.path, all_platforms())
        if sample.path.endswith(".html") and not sample.codes and isinstance(found, Recognized):
            assert not judge(found.feed, BytesContent(sample.data), found.capture).refused
            judged += 1
    assert judged > 3


@pytest.mark.usefixtures("without_trees")
def test_sign_in_pages_are_told_without_a_tree():
    told = [sample for sample in samples() if "RZ-SIGN-IN-PAGE" in sample.codes]
    for sample in told:
        found = recognize(sample.path, all_platforms())
        assert isinstance(found, Recognized)
        judgement = judge(found.feed, BytesContent(sample.data), found.capture)
        assert [finding.code for finding in judgement.findings][:1] == ["RZ-SIGN-IN-PAGE"]
    assert told
