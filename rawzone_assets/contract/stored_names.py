"""Stored names: what the name of a delivery tells once it is recognized, its form and whom it is about.

Apart from ``naming``, because whoever judges a delivery need not know how it was recognized.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rawzone_assets.contract.feed import Feed, Variant
from rawzone_assets.contract.name_templates import is_dated, is_undated, subject_patterns

_NUMBER = re.compile(r"(?<![^\W_])\d+(?![^\W_])")  # by itself: the digits of an id or a handle are its own


def as_delivered(feed: Feed, name: str) -> Feed:
    """The feed with the format and schema of the form that a stored name belongs to."""
    variant = variant_of(feed, name)
    if variant is None:
        return feed
    return replace(feed, format=variant.format, schema=variant.schema, variants=())


def variant_of(feed: Feed, name: str) -> Variant | None:
    """The form that a stored name belongs to; ``None`` for the feed's own."""
    for fits in (is_dated, is_undated) if feed.variants else ():
        for variant in feed.variants:
            if any(fits(name, template) for template in variant.names):
                return variant
        if any(fits(name, template) for template in feed.names):
            break
    return None


def subject_of(feed: Feed, name: str) -> str:
    """What a stored name tells beside its stamp, such as an account's handle; mostly nothing.

    Deliveries of one subject follow one another; those of two accounts have nothing in common but the feed.
    """
    for pattern in subject_patterns(feed.all_names):
        found = pattern.fullmatch(name)
        if found:
            parts = (part for group, part in found.groupdict().items() if group.startswith("subject"))
            return "/".join(_NUMBER.sub("#", part) for part in parts)
    return ""
