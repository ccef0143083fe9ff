"""What the tests of retention share: a policy that makes files of a month ago due, and the steps of a move."""

from __future__ import annotations

from pathlib import Path

from rawzone_assets.health.archive_plan import Approved, make_plan, read_plan
from rawzone_assets.health.archiving import Outcome, apply_plan
from rawzone_assets.health.unarchiving import restore_objects
from rawzone_assets.zone.custody import Whereabouts
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone.invariants import Oracle, read_tree

POLICY = """
[retention]
recent_days = 10
hot_days = 30
"""


def set_policy(home: Path, text: str = POLICY) -> None:
    (home / "policy.toml").write_text(text)


def planned(zone: Zone, **options) -> Approved:
    """A plan as a person approves it: written to a file and read back."""
    zone.index.catch_up()
    return read_plan(make_plan(zone, **options).document(), "plan.json")


def archive_due(zone: Zone, **options) -> Outcome:
    return apply_plan(zone, planned(zone), approved_by="Ada", share=100, **options)


def restore_all(zone: Zone) -> object:
    zone.index.catch_up()
    objects = list(zone.index.custody.kept(whereabouts=Whereabouts.ARCHIVE))
    return restore_objects(zone, objects, by="Ada", reason="wanted")


def archived_keys(zone: Zone) -> list[str]:
    zone.index.catch_up()
    return [kept.key for kept in zone.index.custody.kept(whereabouts=Whereabouts.ARCHIVE)]


def objections(home: Path) -> list[str]:
    """What the oracle says of a zone on a real disk."""
    trees = (read_tree(home / root) for root in ("raw", "quarantine", "archive"))
    return Oracle().check(*trees)
