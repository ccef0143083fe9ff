"""The contract that a delivery was judged by, as receipts name it."""

from __future__ import annotations

from typing import Any

from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.modes import Mode, Secrets
from rawzone_assets.contract.naming import as_delivered
from rawzone_assets.contract.schemas import load_schema


def contract_of(feed: Feed, name: str) -> dict[str, Any]:
    """The contract as receipts name it: enough to judge the same bytes the same way again."""
    feed = as_delivered(feed, name)
    contract: dict[str, Any] = {
        "feed_version": feed.version,
        "schema": f"schemas/{feed.schema}",
        "schema_sha256": load_schema(feed.schema).sha256,
        "rules_version": feed.rules_version,
    }
    modes = {code: str(mode) for code, mode in sorted(feed.modes.items()) if mode is not Mode.ENFORCE}
    if modes:
        contract["modes"] = modes
    if feed.secrets is not Secrets.FLAG:
        contract["secrets"] = str(feed.secrets)
    return contract
