"""Acquaintance: whether a delivery names anything that earlier ones of its form named. Pure.

Another account's answer under this one's name is sound by itself: every campaign, video or song in it exists.
What a delivery names is therefore kept with its diary, as digests of at most 24 identifiers: always those with
the least digests, so that two deliveries which name the same things have kept the same of them. Two that have
none in common, where both would have kept it, name nothing in common, or hardly anything: of two that share a
tenth one in ten seems to, of two that share a third hardly one in a thousand.
"""

from __future__ import annotations

import re
import struct
import zlib
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding

MOST = 24
"""Identifiers kept of a delivery: a hundred letters of its receipt."""


_OFTEN, _SHORT = 512, 16_384
"""Identifiers, and characters of them, of which it is remembered what is kept: a worker's memory is small."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """Which member or column identifies ``what`` the records are of.

    With a ``pattern`` its first group does. Deliveries that name fewer than ``least`` are not compared: a small
    account may rightly have nothing left of what it had.
    """

    by: str
    what: str
    pattern: str | None = None
    least: int = 3


def names_kept(named: Named, values: Sequence[Any]) -> Mapping[str, str]:
    """What a diary keeps of the identifiers of a delivery; nothing when there are too few."""
    are_texts = set(map(type, values)) <= {str}  # as nearly always
    texts = frozenset(values if are_texts else (value for value in values if isinstance(value, str)))
    if named.pattern:
        find = _compiled(named.pattern).search
        texts = frozenset(found[1] for text in texts if (found := find(text)))
    if "" in texts:
        texts -= {""}
    if len(texts) < named.least:
        return {}
    is_short = len(texts) <= _OFTEN and sum(map(len, texts)) <= _SHORT
    kept = _kept(texts) if is_short else _kept.__wrapped__(texts)
    return {"named": kept, "named_what": named.what, "named_least": str(named.least)}


_compiled = lru_cache(maxsize=16)(re.compile)


@lru_cache(maxsize=64)  # the next delivery of an account mostly names what this one does
def _kept(texts: Iterable[str]) -> str:
    least = sorted(map(zlib.crc32, map(str.encode, texts)))[:MOST]
    return b64encode(struct.pack(f">{len(least)}I", *least)).decode()


def acquaintance_findings(
    now: Mapping[str, str] | None, past: Iterable[Mapping[str, str]]
) -> Iterator[Finding]:
    """The advisory finding that nothing a delivery names was named by any of the recent ones."""
    if now is None or "named" not in now:
        return
    mine, what, least = _digests(now["named"]), now["named_what"], int(now["named_least"])
    compared = 0
    for before in past:
        if before.get("named_what") != what:
            continue
        theirs = _digests(before["named"])
        # What is above either's last digest the one with more identifiers did not keep.
        last = min(_last_kept(mine), _last_kept(theirs))
        told, known = ({digest for digest in side if digest <= last} for side in (mine, theirs))
        if told & known or min(len(told), len(known)) < least:
            return
        compared += 1
    if compared:
        others = "the delivery" if compared == 1 else f"any of the {compared} deliveries"
        yield codes.ALL_STRANGERS(f"no {what} in it was in {others} before it")


def _last_kept(digests: tuple[int, ...]) -> int:
    return digests[-1] if len(digests) == MOST else 2**32


@lru_cache(maxsize=64)  # what is new now is compared with the deliveries that come next
def _digests(kept: str) -> tuple[int, ...]:
    packed = a2b_base64(kept)
    return struct.unpack(f">{len(packed) // 4}I", packed)
