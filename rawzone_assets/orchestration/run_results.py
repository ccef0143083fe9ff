"""Run results: what a promotion by hand came to. Imports no Dagster, for a look that finds nothing new."""

from __future__ import annotations

from dataclasses import dataclass, field

from rawzone_assets.orchestration.told import Circumstances
from rawzone_assets.zone.committed import CommittedBy
from rawzone_assets.zone.landing_errors import UnlistedLanding
from rawzone_assets.zone.survey import Waiting


@dataclass(frozen=True, kw_only=True)
class LocalRun:
    """One Dagster run. ``problem`` is what an operator must act on."""

    name: str
    run_id: str
    problem: str | None = None


@dataclass(kw_only=True)
class LocalRuns:
    """What a promotion by hand came to."""

    committed: CommittedBy
    runs: list[LocalRun] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    finished_batches: int = 0  # that crashed processes had left
    unlisted: tuple[str, ...] = ()  # folders of landing that could not be listed
    warnings: list[str] = field(default_factory=list)  # of runs that went on
    told: Circumstances | None = None  # in which Dagster knows all that it could be told

    @property
    def problems(self) -> list[str]:
        """What is wrong with the environment, each sentence once."""
        found = dict.fromkeys(run.problem for run in self.runs if run.problem)
        return [*found, *([str(UnlistedLanding(self.unlisted))] if self.unlisted else [])]
