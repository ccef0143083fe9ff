"""What a promoting run tells OpenLineage, when it is asked to, and that nothing of it holds up a run."""

import json
import logging
import re
import socket
import subprocess
import sys
import threading
import uuid
from contextlib import contextmanager, suppress
from dataclasses import replace

import dagster as dg
import pytest

from rawzone_assets.definitions import build_definitions
from rawzone_assets.orchestration import lineage, lineage_events
from rawzone_assets.orchestration.local_runs import promote_landing
from rawzone_assets.orchestration.names import raw_key
from rawzone_assets.platforms import all_feeds
from rawzone_assets.zone import promotion
from rawzone_assets.zone.errors import StorageFailed
from rawzone_assets.zone.setting_errors import BadSetting
from rawzone_assets.zone.settings import Settings
from rawzone_assets_tests.orchestration.desk import NOTES, with_settings
from rawzone_assets_tests.orchestration.lineage_schema import check_event
from rawzone_assets_tests.receiver import receiver

DAY = "2024-05-01"


@pytest.fixture
def told(desk):
    """The events that runs of the desk have told so far, from their file."""
    path = desk.home / "lineage.jsonl"
    with_settings(desk, openlineage=str(path))

    def events() -> list[dict]:
        found = [json.loads(line) for line in path.read_text().splitlines()]
        for event in found:
            check_event(event)
        return found

    return events


class TestWhatIsTold:
    def test_a_run_begins_and_completes_under_its_own_id(self, desk, told):
        desk.land("20240501")
        run = desk.run(DAY)
        start, complete = told()
        assert [start["eventType"], complete["eventType"]] == ["START", "COMPLETE"]
        assert {start["run"]["runId"], complete["run"]["runId"]} == {run.run_id}
        assert {event["job"]["name"] for event in (start, complete)} == {f"promote/{NOTES}"}
        assert start["outputs"] == []

    def test_inputs_and_outputs_are_the_assets_with_their_figures(self, desk, told):
        good = desk.land("20240501", "one\ntwo\n", time="010000")
        desk.land("20240501", "bad", time="020000")
        desk.run(DAY)
        (landing,), (raw,) = told()[-1]["inputs"], told()[-1]["outputs"]
        assert (landing["name"], raw["name"]) == (f"landing/{NOTES}", f"raw/{NOTES}")
        assert landing["inputFacets"]["inputStatistics"]["fileCount"] == 2
        stored = desk.home / "raw" / NOTES / "2024/05" / f"{good.name}.gz"
        statistics = raw["outputFacets"]["outputStatistics"]
        assert (statistics["rowCount"], statistics["size"], statistics["fileCount"]) == (
            good.read_bytes().count(b"\n"),
            stored.stat().st_size,
            1,
        )

    def test_checks_are_assertions_on_what_arrived(self, desk, told):
        desk.land("20240501", time="010000")
        desk.land("20240501", "bad", time="020000")
        desk.land("20240501", "odd", time="030000")
        desk.run(DAY)
        facet = told()[-1]["inputs"][0]["inputFacets"]["dataQualityAssertions"]
        assert {one["assertion"]: one["success"] for one in facet["assertions"]} == {
            "shape": False,
            "completeness": True,
            "types": True,
            "times": True,
        }
        assert facet["assertions"][0]["actual"] == "1 of 3 deliveries refused"

    def test_the_version_is_the_data_version_that_dagster_shows(self, desk, told):
        desk.land("20240501")
        desk.run(DAY)
        version = told()[-1]["outputs"][0]["facets"]["version"]["datasetVersion"]
        assert version == desk.materialization(DAY).tags["dagster/data_version"]

    def test_a_range_is_told_with_its_days_and_one_version(self, desk, told):
        desk.land("20240501")
        desk.land("20240503")
        desk.run(DAY, "2024-05-31")
        facets = told()[-1]["run"]["facets"]
        assert facets["nominalTime"]["nominalStartTime"] == "2024-05-01T00:00:00Z"
        assert facets["nominalTime"]["nominalEndTime"] == "2024-06-01T00:00:00Z"
        assert facets["processing_engine"]["version"] == dg.__version__
        assert re.fullmatch("[0-9a-f]{64}", told()[-1]["outputs"][0]["facets"]["version"]["datasetVersion"])

    def test_a_run_that_writes_nothing_has_no_output(self, desk, told):
        desk.run(DAY)
        assert [event["outputs"] for event in told()] == [[], []]

    def test_a_run_that_fails_says_why_and_what_was_committed_before(self, desk, told, monkeypatch):
        desk.land("20240501")
        desk.land("20240502")
        monkeypatch.setattr(promotion, "MOST_FILES", 1)
        publish, calls = promotion._published, []

        def fail_second(*arguments, **named):
            calls.append(1)
            if len(calls) > 1:
                raise StorageFailed("write to the zone", OSError(28, "No space left on device"))
            return publish(*arguments, **named)

        monkeypatch.setattr(promotion, "_published", fail_second)
        assert not desk.run(DAY, "2024-05-02").success
        failed = told()[-1]
        assert failed["eventType"] == "FAIL"
        assert "the disk is full" in failed["run"]["facets"]["errorMessage"]["message"]
        assert failed["outputs"][0]["outputFacets"]["outputStatistics"]["fileCount"] == 1

    @pytest.mark.parametrize(("error", "state"), [(RuntimeError, "FAIL"), (KeyboardInterrupt, "ABORT")])
    def test_whatever_ends_a_run_is_told(self, desk, told, monkeypatch, error, state):
        desk.land("20240501")

        def stop(*_, **__):
            raise error("stopped")

        monkeypatch.setattr(promotion, "promote", stop)
        with suppress(KeyboardInterrupt):
            desk.run(DAY)
        assert told()[-1]["eventType"] == state

    def test_a_table_tells_its_columns(self, desk, told):
        sales = next(feed for feed in all_feeds() if feed.id == "metaads/daily")
        fields = lineage_events.schema_of(sales)["schema"].fields
        assert [field.ordinal_position for field in fields] == list(range(1, len(fields) + 1))

    def test_each_feed_of_a_run_of_several_is_a_part_of_it(self, desk, told):
        desk.land("20240501")
        desk.land("20240501", name="sums")
        job = desk.definitions.resolve_implicit_global_asset_job_def()
        keys = {raw_key(NOTES), raw_key("tiny/sums")}
        run = job.get_subset(asset_selection=keys, asset_check_selection=set()).execute_in_process(
            instance=desk.instance, partition_key=DAY
        )
        parents = {event["run"]["facets"]["parent"]["run"]["runId"] for event in told()}
        ids = {(event["job"]["name"], event["run"]["runId"]) for event in told()}
        assert parents == {run.run_id}
        assert ids == {
            (f"promote/{feed}", str(uuid.uuid5(uuid.UUID(run.run_id), feed))) for feed in (NOTES, "tiny/sums")
        }

    def test_the_zones_own_name_is_the_namespace(self, desk, told):
        with_settings(desk, origin="label.example/rawzone")
        desk.run(DAY)
        event = told()[0]
        assert {event["job"]["namespace"], event["inputs"][0]["namespace"]} == {"label.example/rawzone"}


class TestAnAddress:
    def test_events_are_posted_where_openlineage_clients_post(self, desk):
        with receiver() as server:
            with_settings(desk, openlineage=f"http://127.0.0.1:{server.port}")
            desk.land("20240501")
            assert desk.run(DAY).success
        assert [message["eventType"] for message in server.messages] == ["START", "COMPLETE"]
        assert server.paths == ["/api/v1/lineage"] * 2

    def test_a_path_a_query_and_credentials_are_used(self, desk):
        with receiver() as server:
            with_settings(desk, openlineage=f"http://us%20er:pass@127.0.0.1:{server.port}/hook?key=1")
            desk.run(DAY)
        assert server.paths[0] == "/hook?key=1"
        assert server.authorizations[0] == "Basic dXMgZXI6cGFzcw=="


def log_of(desk, run):
    """Everything that Dagster's log of a run says, as (level, text)."""
    return [(entry.level, entry.user_message) for entry in desk.instance.all_logs(run.run_id)]


def warning_of(desk, run):
    assert run.success
    (warning,) = [
        text for level, text in log_of(desk, run) if level >= logging.WARNING and "OpenLineage" in text
    ]
    return warning


@contextmanager
def silent_server():
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def dripping_server():
    """Answers a byte at a time, for ever: each step within every limit."""
    done = threading.Event()

    def drip(server):
        connection, _ = server.accept()
        with connection:
            while not done.wait(0.05):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        done.set()
        thread.join()


@contextmanager
def answering_server(answer):
    """Takes one request and gives this answer, whatever it is."""

    def serve(server):
        connection, _ = server.accept()
        with connection:
            connection.recv(1 << 20)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


class TestAReceiverThatIsDown:
    """It never fails a run, holds it up for a few seconds at most, and costs one warning without a secret."""

    @pytest.fixture
    def desk(self, desk, monkeypatch):
        monkeypatch.setattr(lineage, "PATIENCE", 0.3)
        desk.land("20240501")
        return desk

    def test_nobody_listens(self, desk, caplog):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        with_settings(desk, openlineage=f"http://user:s3cret@127.0.0.1:{port}/t0ken?key=s3cret")
        run = desk.run(DAY)
        assert "http://127.0.0.1 did not take the event" in warning_of(desk, run)
        assert not re.search("s3cret|t0ken", f"{log_of(desk, run)} {caplog.text}")

    @pytest.mark.parametrize("server", [silent_server, dripping_server])
    def test_it_does_not_answer(self, desk, server):
        with server() as port:
            with_settings(desk, openlineage=f"http://127.0.0.1:{port}/s3cret")
            warning = warning_of(desk, desk.run(DAY))
        assert "no answer in time" in warning
        assert "s3cret" not in warning

    def test_the_address_is_none(self):
        for host in ("a" * 64 + ".example", "no host"):
            assert lineage.delivered(f"http://{host}/", "{}") == "it cannot be reached"

    def test_a_file_that_takes_half_a_line_did_not_take_the_event(self, tmp_path):
        limited = (
            "import resource, sys; from rawzone_assets.orchestration.lineage import delivered; "
            "resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8)); print(delivered(sys.argv[1], '{}' * 8))"
        )
        address = str(tmp_path / "events.jsonl")
        done = subprocess.run(
            [sys.executable, "-c", limited, address], capture_output=True, text=True, check=True
        )
        assert done.stdout == "no space left on device\n"

    def test_it_refuses(self, desk):
        with receiver() as server:
            server.status = 503
            with_settings(desk, openlineage=f"http://127.0.0.1:{server.port}")
            assert "HTTP status 503" in warning_of(desk, desk.run(DAY))
        assert server.attempts == 1  # no other is tried

    @pytest.mark.parametrize(
        "answer",
        [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/9 what\r\n\r\n", b"HTTP/1.1 200 " + b"O" * 70_000],
        ids=["ssh", "odd", "long"],
    )
    def test_it_speaks_something_else(self, desk, answer):
        with answering_server(answer) as port:
            with_settings(desk, openlineage=f"http://127.0.0.1:{port}")
            assert "the answer is not HTTP" in warning_of(desk, desk.run(DAY))

    def test_it_sends_elsewhere_and_no_secret_follows(self, desk):
        with receiver() as other:
            moved = (
                f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{other.port}/\r\nContent-Length: 0\r\n\r\n"
            )
            with answering_server(moved.encode()) as port:
                with_settings(desk, openlineage=f"http://user:s3cret@127.0.0.1:{port}")
                assert "HTTP status 302" in warning_of(desk, desk.run(DAY))
            assert other.attempts == 0

    def test_the_file_cannot_be_written(self, desk):
        with_settings(desk, openlineage=str(desk.home / "nowhere" / "lineage.jsonl"))
        assert "no such file or directory" in warning_of(desk, desk.run(DAY))

    def test_the_package_is_not_installed(self, desk, monkeypatch):
        monkeypatch.setitem(sys.modules, "rawzone_assets.orchestration.lineage_events", None)
        with_settings(desk, openlineage=str(desk.home / "lineage.jsonl"))
        assert "pip install rawzone[openlineage]" in warning_of(desk, desk.run(DAY))


def test_promotion_by_hand_says_it_once_on_the_terminal(desk):
    with_settings(desk, openlineage=str(desk.home / "nowhere" / "lineage.jsonl"))
    desk.land("20240501")
    desk.land("20240501", name="sums")
    done = promote_landing(desk.instance, desk.overrides, build=build_definitions, platforms=[desk.platform])
    assert sum(done.committed.counts.values()) == 2
    assert len(set(done.warnings)) == 1
    assert "no such file or directory" in done.warnings[0]


def test_it_is_off_unless_asked_for_and_then_not_even_imported(home):
    """In a process of its own: other tests have imported it here."""
    code = f"""if True:
    import sys
    from pathlib import Path
    import dagster as dg
    from rawzone_assets_tests.orchestration.desk import Desk
    (Path({str(home)!r}) / "dagster").mkdir()
    with dg.DagsterInstance.local_temp({str(home / "dagster")!r}) as instance:
        desk = Desk(home=Path({str(home)!r}) / "data", instance=instance)
        desk.land("20240501")
        assert desk.run("2024-05-01").success
    assert not [name for name in sys.modules if name.startswith(("openlineage", "httpx", "attr.lineage"))]
    """
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


class TestTheSetting:
    def test_it_names_a_file_or_an_address(self, tmp_path):
        def setting(value):
            return Settings.from_environment({"RAWZONE_OPENLINEAGE": value}, home=tmp_path).openlineage

        assert setting("") is None
        assert setting("/srv/lineage.jsonl") == "/srv/lineage.jsonl"
        assert setting("https://user:pass@lineage.example/x") == "https://user:pass@lineage.example/x"
        for wrong in (
            "ftp://user:s3cret@lineage.example",
            "https://",
            "s3://s3cret",
            "http://[s3cret",  # nothing could name its host, and runs would fail by that
            "http://user:s3cret@",
        ):
            with pytest.raises(BadSetting) as error:
                setting(wrong)
            assert "s3cret" not in str(error.value)

    def test_it_is_not_told_by_the_settings_own_text(self, tmp_path):
        settings = Settings.from_environment({"RAWZONE_OPENLINEAGE": "https://s3cret"}, home=tmp_path)
        assert "s3cret" not in repr(settings)
        assert "s3cret" not in repr(replace(settings, settle=0))
