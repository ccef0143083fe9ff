"""Plain markup: pages so regular that scripts, options and printed figures can be read without building a tree.

Browsers save pages in this form, so nearly all are. A grammar, run by the compiled schema engine's linear
patterns, admits only markup that every parser cuts into the same tags, texts and scripts; anything else is no
plain markup and is left to Beautiful Soup, which is thirty times as slow. The claims made here are those that
follow from the cut alone, whatever a parser makes of unclosed elements: a property test holds them against the
tree.

What the cut depends on is ASCII, so pages are read as :func:`~rawzone_assets.contract.marks.ascii_text`; only
what is handed out of them is decoded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, partial

from rawzone_assets.contract.marks import OTHER, Marks, Seldom, ascii_text, folded_text, linear_pattern

_CUT = "\x01"  # stands for content that is cut out
_RAW = "\x02"  # stands for the name of a tag that has such content

_BLANK = r"[ \t\r\n]"
_NAME = r"[A-Za-z_:@*#$.\-\[\](){}!?%+,|~^][A-Za-z0-9_:@*#$.\-\[\](){}!?%+,|~^]*"
_BARE = r"[!#$%&()*+,\-./0-9:;?@A-Z\[\\\]\^_a-z{|}~][!#$%&()*+,\-./0-9:;=?@A-Z\[\\\]\^_a-z{|}~]*"
_QUOTED = rf"(?:\"[^\"{_CUT}{_RAW}]*\"|'[^'{_CUT}{_RAW}]*')"
_IS = rf"{_BLANK}*={_BLANK}*"
# No blank is needed after a quoted value.
_ATTRIBUTES = rf"(?:{_BLANK}+(?:{_NAME}{_IS}{_QUOTED})*{_NAME}(?:{_IS}(?:{_QUOTED}|{_BARE}))?)*"
_INSIDE = r"[^<>\[\]\x00\x01\x02]*"
# What none of these follows is a text's own "<" or "&", however many stand in a row.
_GRAMMAR = (
    r"^(?:[<&]*(?:"
    r"[^A-Za-z/!?#<&\x00\x01\x02]"
    rf"|<[A-Za-z][A-Za-z0-9:_\-]*{_ATTRIBUTES}{_BLANK}*/?>"
    rf"|</[A-Za-z][A-Za-z0-9:_\-]*{_BLANK}*>"
    rf"|<\x02{_ATTRIBUTES}{_BLANK}*>\x01</[A-Za-z]+{_BLANK}*>"
    r"|<!--\x01-->"
    rf"|<![Dd][Oo][Cc][Tt][Yy][Pp][Ee]{_INSIDE}>"
    rf"|<\?{_INSIDE}>"
    rf"|<!\[(?:if[ \t]{_INSIDE}|endif)\]>"
    r")|[A-Za-z/!?#]|[<&]*&(?:[A-Za-z/!?]|#[0-9]{1,7};|#[xX][0-9A-Fa-f]{1,6};))*$"
)

# Tags that begin something special. Parsers, and versions of one, differ about what the names in the third line
# hold, unless it is plain text.
_SPECIAL = Seldom(
    re.compile(
        r"<(?:(?P<comment>!--)"
        r"|(?P<raw>script|style)(?=[\s/>])"
        r"|(?P<text>title|textarea|iframe|noembed|noframes|xmp|plaintext)(?=[\s/>])"
        r"|(?P<option>option)(?=[\s/>]))"
    ),
    Marks(
        (
            b"<!--", b"<script", b"<style", b"<title", b"<textarea", b"<iframe", b"<noembed", b"<noframes",
            b"<xmp", b"<plaintext", b"<option",
        )
    ),
    longest=len("<plaintext>"),
)  # fmt: skip
_TAG = re.compile(rf"<[A-Za-z][A-Za-z0-9:_\-]*(?P<attributes>{_ATTRIBUTES}){_BLANK}*/?>")
_NAMED = re.compile(rf"{_BLANK}*(?P<name>{_NAME})(?:{_IS}(?:\"([^\"]*)\"|'([^']*)'|({_BARE})))?")
_ODD_COMMENT = re.compile(rf"-?>|[\s\S]*--[\s!{OTHER}]+>")
_FORM = re.compile(r"<form(?=[\s/>])", re.IGNORECASE)
_PLAIN_TEXT = re.compile(r"[^<]*")


@dataclass(frozen=True, kw_only=True)
class PlainMarkup:
    """What was read of a plain page.

    ``markup`` is the page without what scripts, styles and comments hold, as an ASCII text.
    """

    markup: str
    scripts: tuple[str, ...]
    selected: tuple[str, ...]  # the values of the options that are selected

    def attributes_at(self, start: int) -> tuple[dict[str, str | None], int] | None:
        """The attributes of the tag that starts there and where it ends; ``None`` when no plain tag does."""
        tag = _TAG.match(self.markup, start)
        return (_attributes(tag["attributes"]), tag.end()) if tag else None

    def has_form(self, name: str) -> bool:
        """Whether a form certainly has this id, name or class. No answer but yes means anything."""
        for found in _FORM.finditer(self.markup):
            tag = self.attributes_at(found.start())
            attributes = tag[0] if tag else {}
            if name in (attributes.get("id"), attributes.get("name"), *(attributes.get("class") or "").split()):
                return self.is_outside_tags(found.start())
        return False

    def is_outside_tags(self, at: int) -> bool:
        """Whether that is no place in a tag, which may quote texts and tags: up to it all tags are whole."""
        return _grammar().is_valid(self.markup[:at])


def plain_markup(data: bytes) -> PlainMarkup | None:
    """The page's plain markup; ``None`` when another parser might cut the page otherwise.

    ``data`` are UTF-8 without a byte order mark.
    """
    text, folded = ascii_text(data), folded_text(data)
    if _CUT in text or _RAW in text:
        return None
    pieces: list[str] = []
    scripts: list[str] = []
    selected: list[str] = []
    done = 0
    for found in _SPECIAL.finditer(folded):
        start, kind, name = found.start(), found.lastgroup, found[0][1:]
        if start < done:
            continue  # inside what was cut out
        if kind == "option":
            value = _selected_value(data, folded, start)
            if value is None:
                return None
            selected.extend(value)
            continue
        inside = _inside(folded, start, kind, name)
        if inside is None:
            return None
        begin, end = inside
        if kind == "text":
            continue
        if name == "script" and end > begin:
            scripts.append(data[begin:end].decode())
        after = start + 1 + len(name)
        pieces += (text[done : start + 1], name if kind == "comment" else _RAW, text[after:begin], _CUT)
        done = end
    pieces.append(text[done:])
    markup = "".join(pieces)
    if not _grammar().is_valid(markup):
        return None
    return PlainMarkup(markup=markup, scripts=tuple(scripts), selected=tuple(selected))


_grammar = cache(partial(linear_pattern, _GRAMMAR))


def _inside(text: str, start: int, kind: str | None, name: str) -> tuple[int, int] | None:
    """From where to where the content of a comment or element reaches; ``None`` where parsers may differ.

    ``text`` is folded.
    """
    if kind == "comment":
        begin = start + len("<!--")
        end = text.find("-->", begin)
        return None if end < 0 or _ODD_COMMENT.match(text, begin, end + 3) else (begin, end)
    tag = _TAG.match(text, start)
    if tag is None or tag[0].endswith("/>") or name == "plaintext":
        return None
    found = (
        _PLAIN_TEXT.match(text, tag.end()) if kind == "text" else _possible_end(name).search(text, tag.end())
    )
    end = -1 if found is None else found.end() if kind == "text" else found.start()
    return (tag.end(), end) if _ends(text, end, name) else None


@cache
def _possible_end(name: str) -> re.Pattern[str]:
    """What some parser might take for the end tag: there are blanks, and forms of letters, beyond ASCII."""
    return re.compile(rf"</[\s{OTHER}]*(?:{name}|[a-z]*{OTHER})")


def _ends(text: str, at: int, name: str) -> bool:
    closing = text[at : at + len(name) + 10]
    return closing.startswith(f"</{name}") and closing[len(name) + 2 :].lstrip(" \t\r\n").startswith(">")


def _selected_value(data: bytes, text: str, start: int) -> list[str] | None:
    """The value of an option that is selected; nothing for others, ``None`` when its tag is not plain."""
    tag = _TAG.match(text, start)
    if tag is None:
        return None
    begin, end = tag.span("attributes")
    if "selected" not in text[begin:end]:
        return []
    attributes = _attributes(data[begin:end].decode())
    if "selected" not in attributes:
        return []
    value = attributes.get("value")
    return None if value and "&" in value else [str(value)]


def _attributes(written: str) -> dict[str, str | None]:
    """By name; the last of equal names counts, as in Beautiful Soup."""
    return {
        named["name"].lower(): next((value for value in named.groups()[1:] if value is not None), None)
        for named in _NAMED.finditer(written)
    }
