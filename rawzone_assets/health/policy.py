"""The policy in force, as the doctor sees it: whether every feed that it names is delivered here.

What a policy may say is ``contract.policy``'s, and a file that says anything else stops every command.
"""

from __future__ import annotations

from collections.abc import Iterable

from rawzone_assets.contract.policy import Policy
from rawzone_assets.health.checks import Check, failed, ok


def examine_policy(policy: Policy, feeds: Iterable[str]) -> Check:
    """A feed that nobody declares is most likely misspelt, and what is said about it is then not in force."""
    name = "policy"
    unknown = policy.unknown_feeds(feeds)
    if unknown:
        seen = f"policy.toml names feeds or platforms that nobody delivers: {', '.join(unknown)}"
        return failed(name, seen, "correct the names: 'rawzone status' lists the feeds")
    changed = sorted(
        policy.general.modes.keys() | {code for own in policy.feeds.values() for code in own.modes}
    )
    about = f"modes of {', '.join(changed)}" if changed else "every code as its contract says"
    count = len(policy.feeds)
    own = "1 feed has rules of its own" if count == 1 else f"{count} feeds have rules of their own"
    return ok(name, f"{about}; {own}" if count else about)
