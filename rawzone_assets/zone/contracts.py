"""The contract that a delivery was judged by, as receipts name it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.modes import Mode, Secrets
from rawzone_assets.contract.schemas import load_schema
from rawzone_assets.contract.stored_names import variant_of


def contract_of(feed: Feed, name: str) -> dict[str, Any]:
    """The contract as receipts name it: enough to judge the same bytes the same way again.

    The same object for all that was judged by it, so not to be changed.
    """
    schema = (variant_of(feed, name) or feed).schema
    return _contract(
        version=feed.version,
        schema=schema,
        schema_sha256=load_schema(schema).sha256,
        rules_version=feed.rules_version,
        modes=tuple(feed.modes.items()),
        secrets=feed.secrets,
    )


@lru_cache(maxsize=256)  # of some dozens
def _contract(
    *,
    version: int,
    schema: str,
    schema_sha256: str,
    rules_version: int,
    modes: tuple[tuple[str, Mode], ...],
    secrets: Secrets,
) -> dict[str, Any]:
    contract: dict[str, Any] = {
        "feed_version": version,
        "schema": f"schemas/{schema}",
        "schema_sha256": schema_sha256,
        "rules_version": rules_version,
    }
    not_enforced = {code: str(mode) for code, mode in sorted(modes) if mode is not Mode.ENFORCE}
    if not_enforced:
        contract["modes"] = not_enforced
    if secrets is not Secrets.FLAG:
        contract["secrets"] = str(secrets)
    return contract
