"""Policy: what an installation changes in the contracts it was given, as a value.

``policy.applied_to(feed)`` is a feed like any other, so that judging stays a function of feed and bytes.
Reading the policy from a file or the environment is ``zone.settings``'s part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.modes import ALWAYS_ENFORCED, Mode, Secrets
from rawzone_assets.contract.retention import Retention, RetentionRule


class PolicyError(ValueError):
    """A policy says something that means nothing; the text says what."""


@dataclass(frozen=True, kw_only=True)
class Amendment:
    """What is changed: for all feeds, or for one. ``None`` and absent codes leave the feed's own."""

    secrets: Secrets | None = None
    modes: Mapping[str, Mode] = field(default_factory=dict)
    retention: RetentionRule = field(default_factory=RetentionRule)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What is changed for all feeds, and what for one; the latter wins. Platforms have a retention only."""

    general: Amendment = field(default_factory=Amendment)
    feeds: Mapping[str, Amendment] = field(default_factory=dict)
    platforms: Mapping[str, RetentionRule] = field(default_factory=dict)

    def applied_to(self, feed: Feed) -> Feed:
        """The feed with this policy's secrets and modes."""
        own = self.feeds.get(feed.id, Amendment())
        secrets = own.secrets or self.general.secrets or feed.secrets
        modes = {**feed.modes, **self.general.modes, **own.modes}
        if secrets is feed.secrets and modes == feed.modes:
            return feed
        return replace(feed, secrets=secrets, modes=modes)

    def retention_of(self, feed_id: str) -> Retention:
        """For how long objects of a feed stay in hot storage: what is said nearest to it counts."""
        found = self.general.retention.over(Retention())
        for platform, rule in sorted(self.platforms.items()):  # a platform within another comes after it
            if feed_id == platform or feed_id.startswith(f"{platform}/"):
                found = rule.over(found)
        return self.feeds.get(feed_id, Amendment()).retention.over(found)

    def with_secrets(self, secrets: Secrets) -> Policy:
        """This policy with another general answer to exposures."""
        return replace(self, general=replace(self.general, secrets=secrets))

    def unknown_feeds(self, known: Iterable[str]) -> tuple[str, ...]:
        """The feeds and platforms that the policy names and nobody delivers: most likely misspelt."""
        names = set(known)
        strange = {
            name for name in self.platforms if not any(f"{feed}/".startswith(f"{name}/") for feed in names)
        }
        return tuple(sorted((set(self.feeds) - names) | strange))


def policy_from(document: Mapping[str, Any]) -> Policy:
    """The policy that a parsed ``policy.toml`` states.

    Raises:
        PolicyError: It holds something that is no policy.
    """
    feeds = document.get("feeds", {})
    if not isinstance(feeds, Mapping) or not all(isinstance(part, Mapping) for part in feeds.values()):
        raise PolicyError("'feeds' must be tables named by feeds, such as [feeds.\"distrokid/streams\"]")
    platforms = document.get("platforms", {})
    if not isinstance(platforms, Mapping) or not all(isinstance(part, Mapping) for part in platforms.values()):
        raise PolicyError(
            "'platforms' must be tables named by platforms, such as [platforms.distrokid.retention]"
        )
    general = {name: value for name, value in document.items() if name not in ("feeds", "platforms")}
    return Policy(
        general=_amendment(general),
        feeds={feed: _amendment(part) for feed, part in feeds.items()},
        platforms={name: _platform(name, part) for name, part in platforms.items()},
    )


def _amendment(part: Mapping[str, Any]) -> Amendment:
    unknown = sorted(set(part) - {"secrets", "modes", "retention"})
    if unknown:
        raise PolicyError(f"{unknown[0]!r} is not 'secrets', 'modes', 'retention', 'feeds' or 'platforms'")
    modes = part.get("modes", {})
    if not isinstance(modes, Mapping):
        raise PolicyError("'modes' must be a table of codes and their modes")
    return Amendment(
        secrets=_secrets(part["secrets"]) if "secrets" in part else None,
        modes=dict(_mode(code, mode) for code, mode in modes.items()),
        retention=_retention(part.get("retention", {})),
    )


def _platform(name: str, part: Mapping[str, Any]) -> RetentionRule:
    unknown = sorted(set(part) - {"retention"})
    if unknown:
        raise PolicyError(f"{unknown[0]!r} of the platform {name} is not 'retention'; feeds have the rest")
    return _retention(part.get("retention", {}))


def _retention(value: Any) -> RetentionRule:
    if not isinstance(value, Mapping):
        raise PolicyError("'retention' must be a table of days")
    try:
        return RetentionRule.of(dict(value))
    except ValueError as error:
        raise PolicyError(str(error)) from None


def _secrets(value: Any) -> Secrets:
    if value not in list(Secrets):
        raise PolicyError(f"'secrets' must be {' or '.join(Secrets)}")
    return Secrets(value)


def _mode(name: str, value: Any) -> tuple[str, Mode]:
    code = codes.find(name)
    if code is None:
        raise PolicyError(f"there is no finding code {name!r}: 'rawzone explain' lists them")
    if value not in list(Mode):
        raise PolicyError(f"the mode of {code.code} must be {', '.join(Mode)}")
    if code.code in ALWAYS_ENFORCED and value != Mode.ENFORCE:
        raise PolicyError(f"{code.code} is always enforced: what it refuses cannot be promoted")
    return code.code, Mode(value)
