"""Witnesses: a ledger rewritten or rolled back as a whole contradicts what Dagster's database saw of it."""

import shutil
from contextlib import contextmanager

import pytest

from rawzone_assets.health.damage import DamageKind
from rawzone_assets.health.recorded import read_recorded
from rawzone_assets.health.witnesses import contradictions
from rawzone_assets.orchestration import testimony
from rawzone_assets.zone.ledger import EMPTY, Author, encode_commit
from rawzone_assets.zone.zone import Zone


@pytest.fixture
def witnesses(desk, monkeypatch):
    """What the desk's Dagster says, in place of the one that the environment names."""

    @contextmanager
    def opened(_settings):
        yield desk.instance

    monkeypatch.setattr(testimony, "open_instance", opened)
    return lambda: list(testimony.testimonies(desk.settings))


def promoted(desk, *days):
    for day in days:
        desk.land(day.replace("-", ""))
        desk.run(day)


def against(desk, witnesses):
    with desk.zone() as zone:
        return list(contradictions(zone, read_recorded(zone), witnesses()))


def rewritten(desk):
    """Every commit written anew, each right in itself and in the chain."""
    with desk.zone() as zone:
        commits = [zone.ledger.commit(seq) for seq in range(zone.index.head.seq + 1)]
        head = EMPTY
        for commit in commits:
            author = Author(run_id="forged", writer="nobody", code_version="0")
            data = encode_commit([dict(r) for r in commit.records], after=head, at=commit.at, author=author)
            path = zone.ledger.path(commit.seq)
            path.chmod(0o644)
            path.write_bytes(data)
            head = zone.ledger.commit(commit.seq).head


class TestWitnesses:
    def test_every_materialization_and_the_scrubs_check_bear_witness(self, desk, witnesses):
        promoted(desk, "2024-05-01", "2024-05-02")
        with desk.zone() as zone:
            hashes = read_recorded(zone).hashes
        said = witnesses()
        assert {witness.seq for witness in said} == set(range(len(hashes)))
        assert all(witness.head == hashes[witness.seq] for witness in said)
        assert any("2024-05-02" in witness.event for witness in said)

    def test_a_sound_ledger_that_grew_on_contradicts_nobody(self, desk, witnesses):
        promoted(desk, "2024-05-01")
        said = witnesses()
        promoted(desk, "2024-05-02")
        assert against(desk, lambda: said) == []

    def test_a_consistently_rewritten_ledger_is_noticed_and_the_event_named(self, desk, witnesses):
        promoted(desk, "2024-05-01", "2024-05-02")
        rewritten(desk)
        shutil.rmtree(desk.home / "state")
        found = against(desk, witnesses)
        assert {damage.kind for damage in found} == {DamageKind.WITNESS}
        assert "rewritten" in found[0].problem
        assert "the materialization of raw/tiny/notes for 2024-05-01" in found[0].problem

    def test_a_rolled_back_zone_is_noticed(self, desk, witnesses):
        promoted(desk, "2024-05-01")
        shutil.copytree(desk.home / "raw", desk.home / "backup")
        promoted(desk, "2024-05-02")
        shutil.rmtree(desk.home / "raw")
        shutil.rmtree(desk.home / "state")
        (desk.home / "backup").rename(desk.home / "raw")
        (damage,) = against(desk, witnesses)
        assert "rolled back" in damage.problem
        assert "2024-05-02" in damage.problem

    def test_a_commit_that_is_damaged_in_itself_is_left_to_the_chain(self, desk, witnesses):
        promoted(desk, "2024-05-01")
        with desk.zone() as zone:
            path = zone.ledger.path(0)
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-1])
        with Zone(desk.settings) as zone:
            assert list(contradictions(zone, read_recorded(zone), witnesses())) == []


class TestWhereTheyAreAsked:
    def test_the_environment_stands_above_the_folder_beside_the_roots(self, desk, tmp_path, monkeypatch):
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        assert testimony.home_with_witnesses(desk.settings) is None
        (desk.home / "dagster").mkdir()
        assert testimony.home_with_witnesses(desk.settings) is None
        (desk.home / "dagster" / "dagster.yaml").touch()
        assert testimony.home_with_witnesses(desk.settings) == desk.home / "dagster"
        (tmp_path / "other").mkdir()
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "other"))
        assert testimony.home_with_witnesses(desk.settings) is None
