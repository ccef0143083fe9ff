"""What a user can set of alerts, read from the environment. Addresses hold credentials and are never shown."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta

from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.setting_errors import BadSetting

LOG = "log"
"""The channel when no address is given."""

DRY_RUN = "dry-run"

_DEFAULT_DIGEST = time(8)
_DEFAULT_BACKLOG = timedelta(hours=1)
_MOST_DIGITS = 9  # minutes of more are no span of time that could be counted with
_DEFAULT_MOST_AN_HOUR = 12
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}):")
_YES = {"1", "true", "yes", "on"}


class BadAddress(ZoneError):
    """An address that cannot be used; it is not repeated, because it may hold a password."""

    def __init__(self, variable: str, expected: str) -> None:
        super().__init__(
            f"{variable} is not {expected}: correct or unset it (its value may be secret and is not shown)."
        )


@dataclass(frozen=True, kw_only=True)
class AlertSettings:
    """How alerts are sent."""

    urls: tuple[str, ...] = field(default=(), repr=False)  # Apprise's
    heartbeat: str | None = field(default=None, repr=False)  # pinged while alerts work
    dry_run: bool = False  # only log what would be sent
    digest: time | None = _DEFAULT_DIGEST  # UTC, once a day
    backlog: timedelta = _DEFAULT_BACKLOG  # after which a ready delivery should have been promoted
    most_an_hour: int = _DEFAULT_MOST_AN_HOUR  # messages to a channel; more are put together

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> AlertSettings:
        """Read the ``RAWZONE_ALERT_*`` variables.

        Raises:
            ZoneError: A variable has a value that cannot be used.
        """
        heartbeat = environment.get("RAWZONE_ALERT_HEARTBEAT") or None
        if heartbeat and not heartbeat.startswith(("https://", "http://")):
            raise BadAddress("RAWZONE_ALERT_HEARTBEAT", "an http or https address")
        minutes = _whole(environment, "RAWZONE_ALERT_BACKLOG", _DEFAULT_BACKLOG // timedelta(minutes=1))
        return cls(
            urls=tuple(environment.get("RAWZONE_ALERT_URLS", "").split()),
            heartbeat=heartbeat,
            dry_run=environment.get("RAWZONE_ALERT_DRY_RUN", "").lower() in _YES,
            digest=_digest(environment),
            backlog=timedelta(minutes=minutes),
            most_an_hour=max(1, _whole(environment, "RAWZONE_ALERT_LIMIT", _DEFAULT_MOST_AN_HOUR)),
        )

    @property
    def channels(self) -> dict[str, str | None]:
        """Channel name to address. A name tells the service, and of the rest only a few digits of a hash."""
        if self.dry_run:
            return {DRY_RUN: None}
        return {channel_name(url): url for url in self.urls} or {LOG: None}


def channel_name(url: str) -> str:
    """``slack-3fa29c``: what an address is called wherever it is spoken of."""
    scheme = _SCHEME.match(url)
    digest = hashlib.sha256(url.encode(errors="surrogateescape")).hexdigest()[:6]
    return f"{scheme[1].lower() if scheme else 'unknown'}-{digest}"


def _digest(environment: Mapping[str, str]) -> time | None:
    variable = "RAWZONE_ALERT_DIGEST"
    value = environment.get(variable)
    if not value:
        return _DEFAULT_DIGEST
    if value.lower() == "off":
        return None
    try:
        at = time.fromisoformat(value)
    except ValueError:
        at = None
    if at is None or at.tzinfo:
        raise BadSetting(variable, value, "a time of the day in UTC such as 08:00, or off")
    return at


def _whole(environment: Mapping[str, str], variable: str, default: int) -> int:
    value = environment.get(variable)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or len(value) > _MOST_DIGITS:
        raise BadSetting(variable, value, f"a whole number of at most {_MOST_DIGITS} digits")
    return int(value)
