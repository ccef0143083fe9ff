"""A command overtaken by another at each of its steps: one receipt a delivery, no fork, nothing lost."""

import pytest

from rawzone_assets_tests.zone.interleaving import Races
from rawzone_assets_tests.zone.works import (
    EVERYTHING,
    PROMOTE_FIRST,
    PROMOTE_LARGE,
    PROMOTE_MORE,
    REPLAY,
    REPLAY_LARGE,
    THIRD,
    WORKS,
)

PAIRS = [
    pytest.param(PROMOTE_FIRST, PROMOTE_FIRST, id="two first promotions"),
    pytest.param(PROMOTE_MORE, EVERYTHING, id="a promotion overtaken by another and a replay"),
    pytest.param(REPLAY, EVERYTHING, id="a replay overtaken by a promotion and another replay"),
]


class TestOvertaken:
    """Whoever loses reads what was committed meanwhile, decides again, and retries."""

    @pytest.mark.parametrize(("first", "second"), PAIRS)
    @pytest.mark.parametrize("locked", [True, False], ids=["with locks", "without locks"])
    def test_at_each_step(self, home, tell, first, second, locked):
        races = Races(home, first, second, locked=locked)
        races.run(every=3)
        tell(f"{first}, overtaken by {second}, locks {locked}: {races.tried} races")
        assert races.violations == []

    def test_while_an_extractor_lands_more(self, home, tell):
        races = Races(home, PROMOTE_MORE, PROMOTE_MORE, lands=THIRD)
        races.run(every=3)
        tell(f"{PROMOTE_MORE}, overtaken by one that finds more: {races.tried} races")
        assert races.violations == []

    @pytest.mark.campaign
    @pytest.mark.parametrize("first", WORKS, ids=str)
    @pytest.mark.parametrize("second", [PROMOTE_LARGE, REPLAY_LARGE, EVERYTHING], ids=str)
    @pytest.mark.parametrize("locked", [True, False], ids=["with locks", "without locks"])
    def test_at_each_step_by_each_command(self, home, tell, first, second, locked):
        races = Races(home, first, second, lands=THIRD, locked=locked)
        races.run()
        tell(f"{first}, overtaken by {second}, locks {locked}: {races.tried} races")
        assert races.violations == []
