"""Witnesses: a ledger rewritten or rolled back as a whole contradicts what Dagster's database saw of it."""

import shutil
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from rawzone_assets.health.damage import DamageKind
from rawzone_assets.health.recorded import read_recorded
from rawzone_assets.health.witnesses import contradictions
from rawzone_assets.orchestration import event_rows, testimony
from rawzone_assets.orchestration.dagster_home import home_in_use
from rawzone_assets.orchestration.event_rows import NoRows, heads_in_rows
from rawzone_assets.orchestration.logs import QUIET
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

    def test_a_scrub_of_a_zone_that_was_empty_contradicts_nobody(self, desk, witnesses):
        job = desk.definitions.resolve_job_def("scrub")
        assert job.execute_in_process(instance=desk.instance, run_config=QUIET).success
        promoted(desk, "2024-05-01")
        assert against(desk, witnesses) == []
        assert heads_in_rows(Path(desk.instance.root_directory)) == witnesses()

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

    def test_a_day_of_nothing_but_refusals_bears_witness_too(self, desk, witnesses):
        """It is never materialized, so its checks note the head: a refusal cannot be taken back unnoticed."""
        promoted(desk, "2024-05-01")
        roots = ("raw", "quarantine")
        for root in roots:
            (desk.home / root).mkdir(exist_ok=True)
            shutil.copytree(desk.home / root, desk.home / "backup" / root)
        desk.land("20240502", "bad")
        desk.run("2024-05-02")
        for root in roots:
            shutil.rmtree(desk.home / root)
            (desk.home / "backup" / root).rename(desk.home / root)
        shutil.rmtree(desk.home / "state")
        (damage,) = against(desk, witnesses)
        assert "rolled back" in damage.problem
        assert "integrity" in damage.problem
        assert "2024-05-02" in damage.problem

    def test_a_commit_that_is_damaged_in_itself_is_left_to_the_chain(self, desk, witnesses):
        promoted(desk, "2024-05-01")
        with desk.zone() as zone:
            path = zone.ledger.path(0)
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-1])
        with Zone(desk.settings) as zone:
            assert list(contradictions(zone, read_recorded(zone), witnesses())) == []


class TestRows:
    """Dagster's SQLite is read without Dagster, which says the same."""

    def test_they_say_what_dagster_says(self, desk, witnesses, monkeypatch):
        monkeypatch.setattr(testimony, "_AT_ONCE", 2)  # it is asked page by page, to the end
        promoted(desk, "2024-05-01")
        job = desk.definitions.resolve_job_def("scrub")
        assert job.execute_in_process(instance=desk.instance, run_config=QUIET).success
        promoted(desk, "2024-05-02", "2024-05-03")
        said = witnesses()
        assert {"check", "materialization"} <= {witness.event.split()[1] for witness in said}
        assert sorted(heads_in_rows(Path(desk.instance.root_directory)), key=str) == sorted(said, key=str)

    @pytest.mark.parametrize(
        "configuration",
        [
            "storage: {sqlite: {base_dir: elsewhere}}",
            "event_log_storage: {module: dagster, class: ConsolidatedSqliteEventLogStorage}",
            "instance_class: {module: somebody, class: Theirs}",
        ],
    )
    def test_a_home_that_may_keep_them_elsewhere_is_left_to_dagster(self, desk, configuration):
        promoted(desk, "2024-05-01")
        home = Path(desk.instance.root_directory)
        (home / "dagster.yaml").write_text(configuration)
        with pytest.raises(NoRows):
            heads_in_rows(home)

    def test_so_is_one_whose_configuration_is_no_file(self, tmp_path):
        (tmp_path / "dagster.yaml").mkdir()
        with pytest.raises(NoRows):
            heads_in_rows(tmp_path)

    @pytest.fixture
    def at_rest(self, desk, tmp_path):
        """A home whose database nobody has open."""
        promoted(desk, "2024-05-01")
        home = tmp_path / "copy"
        (home / "history" / "runs").mkdir(parents=True)
        with closing(sqlite3.connect(f"{desk.instance.root_directory}/history/runs/index.db")) as source:
            source.execute(f"VACUUM INTO '{home}/history/runs/index.db'")
        with closing(sqlite3.connect(home / "history" / "runs" / "index.db")) as copy:
            copy.execute("PRAGMA journal_mode = WAL")
        return home

    def test_nothing_is_left_beside_a_database_that_is_at_rest(self, at_rest):
        """Nor need the reader be able to write there."""
        assert heads_in_rows(at_rest)
        assert [path.name for path in (at_rest / "history" / "runs").iterdir()] == ["index.db"]

    def test_what_is_written_and_not_yet_in_the_database_file_is_read(self, at_rest):
        before = heads_in_rows(at_rest)
        with closing(sqlite3.connect(at_rest / "history" / "runs" / "index.db")) as connection:
            connection.execute("DELETE FROM event_logs")
            connection.commit()
            assert len(heads_in_rows(at_rest)) < len(before)

    def test_a_database_that_is_written_while_it_is_read_is_read_again(self, at_rest, monkeypatch):
        """What was read as if nobody wrote may be of two states."""
        read, found = event_rows._heads_in, []

        def written_meanwhile(database, how, most):
            found.append(read(database, how, most))
            with closing(sqlite3.connect(database)) as connection:
                connection.execute("DELETE FROM event_logs")
                connection.commit()
            return found[-1]

        monkeypatch.setattr(event_rows, "_heads_in", written_meanwhile)
        said = heads_in_rows(at_rest)
        assert len(found) == 2
        assert len(said) < len(found[0])
        assert said == found[1]

    @pytest.mark.parametrize("entry", ["null", '"text"', "[]"])
    def test_an_event_that_looks_different_is_left_to_dagster(self, tmp_path, entry):
        database = tmp_path / "history" / "runs" / "index.db"
        database.parent.mkdir(parents=True)
        noted = f'[{{"label": "ledger_head", "entry_data": {entry}}}]'
        data = f'{{"materialization": {{"metadata_entries": {noted}}}}}'
        event = f'{{"dagster_event": {{"event_specific_data": {data}}}}}'
        with closing(sqlite3.connect(database)) as connection:
            connection.execute(
                "CREATE TABLE event_logs (id, asset_key, partition, timestamp, event, dagster_event_type)"
            )
            row = (1, '["raw"]', None, "2024-05-01 00:00:00", event, "ASSET_MATERIALIZATION")
            connection.execute("INSERT INTO event_logs VALUES (?, ?, ?, ?, ?, ?)", row)
            connection.commit()
        with pytest.raises(NoRows):
            heads_in_rows(tmp_path)

    def test_a_database_that_looks_different_is_left_to_dagster(self, tmp_path):
        database = tmp_path / "history" / "runs" / "index.db"
        with pytest.raises(NoRows):
            heads_in_rows(tmp_path)
        database.parent.mkdir(parents=True)
        database.write_bytes(b"no database")
        with pytest.raises(NoRows):
            heads_in_rows(tmp_path)
        database.unlink()
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE event_logs (id)")
        with pytest.raises(NoRows):
            heads_in_rows(tmp_path)


class TestWhereTheyAreAsked:
    def test_the_environment_stands_above_the_folder_beside_the_roots(self, desk, tmp_path, monkeypatch):
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        assert home_in_use(desk.settings) is None
        (desk.home / "dagster").mkdir()
        assert home_in_use(desk.settings) is None
        (desk.home / "dagster" / "dagster.yaml").touch()
        assert home_in_use(desk.settings) == desk.home / "dagster"
        (tmp_path / "other").mkdir()
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "other"))
        assert home_in_use(desk.settings) is None
