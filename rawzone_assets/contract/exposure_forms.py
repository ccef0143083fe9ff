"""Exposure forms: what secrets and personal data look like, as patterns and the marks that announce them.

Searching for them is ``exposures.py``'s part. Patterns repeat within limits only, so that time stays linear.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from rawzone_assets.contract.marks import Marks

BEHIND = 256
"""Bytes. No form looks further back than this."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One form of exposure.

    ``marks`` are texts of which one stands in every match, or shortly before it: looking for all marks of all
    forms first is what makes a scan fast.
    """

    kind: str
    marks: Marks
    form: bytes
    kind_of: Callable[[bytes, int], str | None] | None = None  # looks at what stands before a match

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """The form, compiled when a mark was found: most processes never need most of them."""
        return re.compile(self.form)


@dataclass(frozen=True)
class Family:
    """Forms whose marks are sought together, because deliveries mostly have those of all or of none."""

    probes: tuple[Probe, ...]
    folded: bool

    @cached_property
    def marks(self) -> Marks:
        return Marks(text for probe in self.probes for text in probe.marks.texts)


def _address_or_password(text: bytes, at: int) -> str | None:
    """What an ``@`` before a domain means: in ``//user:word@host`` a password, in ``//key@host`` neither."""
    before = text[max(0, at - BEHIND) : at]
    slashes = before.rfind(b"//")
    if slashes < 0:
        return "e-mail"
    user = before[slashes + 2 :]
    if _ENDS_ADDRESS.search(user):
        return "e-mail"
    return "password" if b":" in user else None


_ENDS_ADDRESS = re.compile(rb"[\s/?#&=\"'<>(),;\\]")

# Names of files are no addresses (image@2x.png), nor are versions of packages (lib@1.2.min.js).
_FILE = rb"(?:avif|css|gif|html?|ico|jpe?g|js|json|map|mjs|png|svg|ts|tsx|webp|woff2?)"
_DOMAIN = (
    rb"(?:[A-Za-z0-9-]{1,63}\.){1,8}(?!(?i:" + _FILE + rb")(?![A-Za-z0-9]))[A-Za-z]{2,24}(?!\.?[A-Za-z0-9-])"
)
_BEFORE_AT = rb"[A-Za-z0-9_+\-\x80-\xff]"

# A value that was blacked out, or stands in documentation, gives nothing away.
_GIVEN = rb"(?!redact|remov|hidden|mask|x{4}|your|undefined|null|true|false)"
_TOKEN = rb"[a-z0-9_.|~+/%=-]"
_VALUE = _GIVEN + _TOKEN + rb"{8}"
# JSON stands in strings of scripts, in attributes of pages and in URLs, and is indented as anybody likes.
_QUOTE = rb"(?:\\{0,3}[\"']|&quot;|&#(?:34|39|x22|x27);|%2[27]|\\{1,2}(?:u00|x)2[27])"
_BLANK = rb"(?:[ \t\r\n]{0,32}|(?:%20){1,4}|\+)"
_IS = _QUOTE + rb"?" + _BLANK + rb"(?:[:=]|%3[ad]|\\(?:u00|x)3[ad]|&#(?:58|61|x3a|x3d);)" + _BLANK


def _named(stem: bytes, rest: bytes, names: Iterable[bytes]) -> bytes:
    """Names that begin at ``stem`` or end with it, each with its value: in a URL, between quotes, or bare.

    Bare values are told from code by a digit. Names are asked for by looking back, so that the pattern begins
    with a literal: those the engine finds fast.
    """
    escaped = [re.escape(name) for name in names]
    starts = (rb"[?&;]", rb"u0026", rb"%26")
    in_url = rb"|".join(rb"(?<=" + start + name + rb")" for name in escaped for start in starts)
    anywhere = rb"|".join(rb"(?<=" + name + rb")" for name in escaped)
    bare = rb"(?=[a-z_.|~+/%=-]{0,40}[0-9])" + _TOKEN + rb"{12}"
    quoted = _QUOTE + _VALUE
    return rb"%b%b(?:(?:%b)(?:=|%%3d|\\u003d)%b|(?:%b)%b(?:%b|%b))" % (
        stem, rest, in_url, _VALUE, anywhere, _IS, quoted, bare,
    )  # fmt: skip


_NAMED: tuple[tuple[str, bytes, bytes, tuple[bytes, ...]], ...] = (
    ("access-token", b"token", b"", (
        b"access_token", b"accesstoken", b"access-token", b"refresh_token", b"refreshtoken", b"auth_token",
        b"authtoken", b"auth-token", b"bearer_token", b"id_token", b"idtoken", b"oauth_token",
        b"exchange_token", b"user_token", b"page_access_token",
    )),
    ("access-token", b"secret", b"(?:_proof|_key)?", (
        b"client_secret", b"clientsecret", b"app_secret", b"appsecret", b"appsecret_proof", b"secret_key",
    )),
    ("api-key", b"key", b"", (
        b"api_key", b"apikey", b"api-key", b"secretkey", b"access_key", b"accesskey", b"private_key",
    )),
    ("password", b"passw", b"(?:or)?d", (b"password", b"passwd")),
    ("session-id", b"sess", b"(?:ion[_-]?(?:id|token|key)|_?id)", (
        b"sessionid", b"session_id", b"session-id", b"sessiontoken", b"session_token", b"session-token",
        b"sessionkey", b"session_key", b"session-key", b"sessid", b"sess_id",
    )),
    ("session-id", b"token", b"", (b"cftoken",)),  # of ColdFusion, as DistroKid's pages are
    ("cookie", b"sp_dc", b"", (b"sp_dc",)),  # signs in to Spotify for Artists
    ("signed-url", b"signature", b"", (b"x-amz-signature", b"x-goog-signature")),
)  # fmt: skip

# Pages hold session ids in hidden inputs; name and value stand in any order.
_INPUT = rb"<input(?=[^<>]{0,400}?%b[\\\"'\s/>])[^<>]{0,400}?[ \t\r\n]value=\\?[\"']?" + _VALUE

_FOLDED = (
    ("session-id", b"<input", _INPUT.replace(b"%b", rb"session[_-]?(?:id|token|key)")),
    ("access-token", b"<input", _INPUT.replace(b"%b", rb"(?:access|auth|refresh|api)[_-]?(?:token|key)")),
    ("cookie", b"cookie", rb"cookie[\"']?[ \t]{0,4}:[ \t]{0,4}[\"']?[!#-+\--:<-\[\]-~]{1,64}=" + _VALUE),
    ("bearer-token", b"bearer", rb"bearer(?:[ \t]|%20|\+){1,4}(?=[a-z_.~+/=-]{0,40}[0-9])[a-z0-9_.~+/=-]{16}"),
    ("password", b"authoriz",
     rb"authorization[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?basic[ \t][a-z0-9+/=]{8}"),
)  # fmt: skip

_PLAIN = (
    ("jwt", (b"eyJ",), rb"eyJ(?<![A-Za-z0-9_-]eyJ)[A-Za-z0-9_-]{10,1000}\.eyJ[A-Za-z0-9_-]{10}"),
    ("access-token", (b"EAA",), rb"EAA(?<![A-Za-z0-9+_-]EAA)[A-Za-z0-9]{40}"),
    ("access-token", (b"ya29.",), rb"ya29\.[A-Za-z0-9_-]{20}"),
    ("api-key", (b"AKIA", b"ASIA"), rb"A[KS]IA(?<![A-Za-z0-9+]A[KS]IA)[0-9A-Z]{16}(?![A-Za-z0-9+/])"),
    ("api-key", (b"AIza",), rb"AIza[0-9A-Za-z_-]{35}"),
    ("api-key", (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"), rb"gh[pousr]_[A-Za-z0-9]{36}"),
    ("api-key", (b"github_pat_",), rb"_pat_(?<=github_pat_)[A-Za-z0-9_]{40}"),
    ("api-key", (b"glpat-",), rb"glpat-[A-Za-z0-9_-]{20}"),
    ("api-key", (b"xox",), rb"xox[abeoprs]-[A-Za-z0-9-]{10}"),
    ("api-key", (b"sk_live_", b"rk_live_"), rb"_live_(?<=[rs]k_live_)[A-Za-z0-9]{16}"),
    ("api-key", (b"sk-",), rb"sk-(?:ant-|proj-)?[A-Za-z0-9_]{32}"),
    ("api-key", (b"SG.",), rb"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}"),
    ("private-key", (b"-----BEGIN ",), rb"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----"),
)  # fmt: skip


def _named_forms() -> Iterator[Probe]:
    for kind, stem, rest, names in _NAMED:
        yield Probe(kind=kind, marks=Marks(names), form=_named(stem, rest, names))
    for kind, mark, form in _FOLDED:
        yield Probe(kind=kind, marks=Marks([mark]), form=form)


def _plain_forms() -> Iterator[Probe]:
    for kind, marks, form in _PLAIN:
        yield Probe(kind=kind, marks=Marks(marks), form=form)
    # The at sign in URLs, in JSON escapes and in HTML.
    for sign in (b"%40", b"\\u0040", b"&#64;", b"&#x40;"):
        yield _address(sign)


def _address(sign: bytes) -> Probe:
    here = re.escape(sign)
    form = here + rb"(?<=" + _BEFORE_AT + here + rb")" + _DOMAIN
    return Probe(kind="e-mail", marks=Marks([sign]), form=form, kind_of=_address_or_password)


_OF_PAGES = frozenset({"cookie", "password", "session-id"})


def _families() -> Iterator[Family]:
    named = tuple(_named_forms())
    # Every good page has a form with a password and a session: asked apart, they do not slow the others down.
    of_pages = tuple(probe for probe in named if probe.kind in _OF_PAGES or probe.marks.texts == (b"<input",))
    yield Family(of_pages, folded=True)
    yield Family(tuple(probe for probe in named if probe not in of_pages), folded=True)
    yield Family(tuple(_plain_forms()), folded=False)
    yield Family((_address(b"@"),), folded=False)


FAMILIES: tuple[Family, ...] = tuple(_families())
"""Every form that is sought."""

FOLDED_MARKS = Marks(text for family in FAMILIES if family.folded for text in family.marks.texts)
"""Those of all families that are sought in small letters: they cost no more than those of one."""
