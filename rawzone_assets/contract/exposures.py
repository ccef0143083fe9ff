"""Exposures: what a delivery's bytes give away that not everyone may see, secrets and personal data.

Found by form alone, in one pass of bounded memory over the bytes as they are, whatever their format. A scan
tells kinds, counts and places, never a value: nothing here returns or stores a matched byte. Bytes that are
encoded again (compressed, Base64) are not seen; a format that unpacks scans what it unpacked. Phone numbers
are not sought: no source is known to deliver them, and figures look like them. What an exposure means for a
delivery is ``judging``'s to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO

MOST_COUNTED = 1_000
"""Of one kind in one delivery: whoever reads the count does not care about more."""

_MOST_LOOKED_AT = 50_000  # matches of one form, before those that turn out to be harmless are trusted to be so
_BLOCK = 2**20
_LONGEST = 2_048  # no pattern looks further ahead than this
_BEHIND = 256  # nor further back than this
_PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b")
"""Compressed bytes are as good as random: every form turns up in them some day and means nothing."""


class Access(StrEnum):
    """Who may see a delivery, as receipts name it; the later value includes the earlier ones."""

    OPEN = "open"
    PERSONAL = "personal"
    SECRET = "secret"  # noqa: S105  the name of a class, no password


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One form of exposure.

    ``mark`` is a text without which ``pattern`` cannot match; looking for it first is what makes a scan fast.
    With ``folded`` both are sought in lower-cased bytes. Patterns repeat within limits only, so that time stays
    linear.
    """

    kind: str
    mark: bytes
    pattern: re.Pattern[bytes]
    folded: bool = False
    kind_of: Callable[[bytes, int], str | None] | None = None  # looks at what stands before a match


@dataclass
class Exposures:
    """The kinds found, how often, and where first (byte offset from 0)."""

    counts: dict[str, int] = field(default_factory=dict)
    first_at: dict[str, int] = field(default_factory=dict)

    @property
    def access(self) -> Access:
        return access_of(self.counts)

    def note(self, kind: str, offset: int) -> None:
        """Count one more of a kind."""
        count = self.counts.get(kind, 0)
        self.counts[kind] = min(count + 1, MOST_COUNTED)
        self.first_at[kind] = min(offset, self.first_at.get(kind, offset))


_PERSONAL = frozenset({"e-mail"})


def access_of(kinds: Mapping[str, int]) -> Access:
    """The access class of a delivery with these kinds of exposure. A kind nobody knows is a secret."""
    if not kinds:
        return Access.OPEN
    return Access.PERSONAL if _PERSONAL.issuperset(kinds) else Access.SECRET


def is_personal(kind: str) -> bool:
    """Whether the kind is personal data rather than a secret."""
    return kind in _PERSONAL


def exposes(text: str) -> bool:
    """Whether a short text, such as a message or a name, gives anything away."""
    data = text.encode(errors="replace")
    folded = data.lower()
    return any(
        probe.pattern.search(folded if probe.folded else data)
        for probe in PROBES
        if probe.mark in (folded if probe.folded else data)
    )


def scan(stream: BinaryIO, *, block: int = _BLOCK) -> Exposures:
    """What the stream gives away. The result does not depend on ``block``, the bytes held at a time.

    Blocks overlap: a match counts in the block in which it starts, and every block shows ``_LONGEST`` bytes
    beyond its end and ``_BEHIND`` before its start.
    """
    found = Exposures()
    searches = [_Search(probe) for probe in PROBES]
    data, base, start = b"", 0, 0  # ``data`` begins at offset ``base``; up to ``start`` it was scanned before
    for index, piece in enumerate(_pieces(stream, block)):
        if index == 0 and piece.startswith(_PACKED):
            return found
        # Bytes between the characters of UTF-16 would hide everything; offsets in such text are estimates.
        data += piece.replace(b"\0", b"")
        end = len(data) - _LONGEST if piece else len(data)
        if end <= start:
            continue
        folded = data.lower()
        for search in searches:
            search.look(found, folded if search.probe.folded else data, base, end)
        cut = max(0, end - _BEHIND)
        data, base, start = data[cut:], base + cut, end - cut
    return found


def _pieces(stream: BinaryIO, block: int) -> Iterator[bytes]:
    """The stream's bytes, then an empty piece for its end."""
    while piece := stream.read(block):
        yield piece
    yield b""


@dataclass
class _Search:
    """One probe on its way through a stream."""

    probe: Probe
    resume: int = 0  # the offset where it goes on: matches of one probe do not overlap
    looked_at: int = 0

    def look(self, found: Exposures, text: bytes, base: int, end: int) -> None:
        """Note the matches that start before ``end`` in ``text``, which begins at the offset ``base``."""
        resumed, self.resume = self.resume, max(self.resume, base + end)
        if self.looked_at >= _MOST_LOOKED_AT or self.probe.mark not in text:
            return
        for match in self.probe.pattern.finditer(text, max(0, resumed - base)):
            if match.start() >= end:
                break
            kind_of = self.probe.kind_of
            kind = kind_of(text, match.start()) if kind_of else self.probe.kind
            if kind:
                found.note(kind, base + match.start())
            self.looked_at += 1
            self.resume = max(self.resume, base + match.end())
            if self.looked_at >= _MOST_LOOKED_AT or (kind and found.counts[kind] >= MOST_COUNTED):
                self.looked_at = _MOST_LOOKED_AT
                break


def _address_or_password(text: bytes, at: int) -> str | None:
    """What an ``@`` before a domain means: in ``//user:word@host`` a password, in ``//key@host`` neither."""
    before = text[max(0, at - _BEHIND) : at]
    slashes = before.rfind(b"//")
    if slashes < 0:
        return "e-mail"
    user = before[slashes + 2 :]
    if not user or _ENDS_ADDRESS.search(user):
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
_IS = rb"\\?[\"']?[ \t\r\n]{0,4}(?:[:=]|%3d|\\u003d|&#61;)[ \t\r\n]{0,4}"


def _named(stem: bytes, rest: bytes, names: Iterable[bytes]) -> re.Pattern[bytes]:
    """Names that begin at ``stem`` or end with it, each with its value: in a URL, between quotes, or bare.

    Bare values are told from code by a digit. Names are asked for by looking back, so that the pattern begins
    with a literal: those the engine finds fast.
    """
    escaped = [re.escape(name) for name in names]
    starts = (rb"[?&;]", rb"u0026", rb"%26")
    in_url = rb"|".join(rb"(?<=" + start + name + rb")" for name in escaped for start in starts)
    anywhere = rb"|".join(rb"(?<=" + name + rb")" for name in escaped)
    bare = rb"(?=[a-z_.|~+/%=-]{0,40}[0-9])" + _TOKEN + rb"{12}"
    quoted = rb"\\?[\"']" + _VALUE
    return re.compile(
        rb"%b%b(?:(?:%b)(?:=|%%3d|\\u003d)%b|(?:%b)%b(?:%b|%b))"
        % (stem, rest, in_url, _VALUE, anywhere, _IS, quoted, bare)
    )


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
    ("jwt", b"eyJ", rb"eyJ(?<![A-Za-z0-9_-]eyJ)[A-Za-z0-9_-]{10,1000}\.eyJ[A-Za-z0-9_-]{10}"),
    ("access-token", b"EAA", rb"EAA(?<![A-Za-z0-9+_-]EAA)[A-Za-z0-9]{40}"),
    ("access-token", b"ya29.", rb"ya29\.[A-Za-z0-9_-]{20}"),
    ("api-key", b"IA", rb"A[KS]IA(?<![A-Za-z0-9+]A[KS]IA)[0-9A-Z]{16}(?![A-Za-z0-9+/])"),
    ("api-key", b"AIza", rb"AIza[0-9A-Za-z_-]{35}"),
    ("api-key", b"gh", rb"gh[pousr]_[A-Za-z0-9]{36}"),
    ("api-key", b"_pat_", rb"_pat_(?<=github_pat_)[A-Za-z0-9_]{40}"),
    ("api-key", b"glpat-", rb"glpat-[A-Za-z0-9_-]{20}"),
    ("api-key", b"xox", rb"xox[abeoprs]-[A-Za-z0-9-]{10}"),
    ("api-key", b"_live_", rb"_live_(?<=[rs]k_live_)[A-Za-z0-9]{16}"),
    ("api-key", b"sk-", rb"sk-(?:ant-|proj-)?[A-Za-z0-9_]{32}"),
    ("api-key", b"SG.", rb"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}"),
    ("private-key", b"-----BEGIN ", rb"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"),
)  # fmt: skip


def _forms() -> Iterator[Probe]:
    for kind, stem, rest, names in _NAMED:
        yield Probe(kind=kind, mark=stem, pattern=_named(stem, rest, names), folded=True)
    for kind, mark, pattern in _FOLDED:
        yield Probe(kind=kind, mark=mark, pattern=re.compile(pattern), folded=True)
    for kind, mark, pattern in _PLAIN:
        yield Probe(kind=kind, mark=mark, pattern=re.compile(pattern))
    # The at sign as it is, in URLs, in JSON escapes and in HTML.
    for mark, sign in ((b"@", b"@"), (b"%", b"%40"), (b"\\", b"\\u0040"), (b"&", b"&#64;"), (b"&", b"&#x40;")):
        here = re.escape(sign)
        address = re.compile(here + rb"(?<=" + _BEFORE_AT + here + rb")" + _DOMAIN)
        yield Probe(kind="e-mail", mark=mark, pattern=address, kind_of=_address_or_password)


PROBES: tuple[Probe, ...] = tuple(_forms())
"""Every form that is sought. Compiled once: it takes a few milliseconds."""
