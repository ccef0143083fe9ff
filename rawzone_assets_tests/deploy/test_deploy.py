"""``deploy/`` is configuration only: its tools accept it, and it opens nothing by accident."""

import ipaddress
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
import yaml
from dagster._core.instance.config import dagster_instance_config
from dagster._core.workspace.load import location_origins_from_yaml_paths

from rawzone_assets_tests.browser import proxy
from rawzone_assets_tests.processes import eventually, free_port, running

DEPLOY = Path(__file__).parents[2] / "deploy"
TOP = DEPLOY.parent
SYSTEMD = sorted((DEPLOY / "systemd").glob("*.service"))


class TestTheInstance:
    def test_loads_with_dagsters_own_loader(self, tmp_path):
        shutil.copyfile(DEPLOY / "dagster.postgres.yaml", tmp_path / "dagster.yaml")
        loaded, _ = dagster_instance_config(str(tmp_path))
        assert loaded["storage"]["postgres"]["postgres_db"]["scheme"] == "postgresql+psycopg2"

    def test_differs_from_the_one_of_a_laptop_in_its_storage_only(self):
        many = yaml.safe_load((DEPLOY / "dagster.postgres.yaml").read_text())
        one = yaml.safe_load((TOP / "dagster.yaml").read_text())
        assert many.pop("storage")
        assert many == one

    def test_takes_its_password_from_the_environment(self):
        database = yaml.safe_load((DEPLOY / "dagster.postgres.yaml").read_text())["storage"]["postgres"]
        assert database["postgres_db"]["password"] == {"env": "DAGSTER_PG_PASSWORD"}

    def test_the_lock_brings_what_the_scheme_names_and_hashes_all_of_it(self):
        lines = (DEPLOY / "postgres.lock").read_text()
        pinned = re.findall(r"^([a-z0-9-]+)==", lines, re.MULTILINE)
        assert {"dagster-postgres", "psycopg2-binary"} <= set(pinned)
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", lines)) >= len(pinned)
        others = re.findall(r"^([a-z0-9-]+)==", (TOP / "requirements.lock").read_text(), re.MULTILINE)
        assert not set(pinned) & set(others), "pinned twice: they will differ one day"


@pytest.mark.parametrize("said_in", ["Dockerfile", "systemd/dagster.env"])
def test_ranges_are_planned_as_one_and_what_an_error_quotes_is_kept_back(said_in):
    said = (DEPLOY / said_in).read_text()
    assert "DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS=true" in said
    assert "DAGSTER_REDACT_USER_CODE_ERRORS=1" in said


def test_the_workspace_names_the_code_server_by_environment(monkeypatch):
    monkeypatch.setenv("RAWZONE_CODE_HOST", "127.0.0.1")
    monkeypatch.setenv("RAWZONE_CODE_PORT", "4266")
    (origin,) = location_origins_from_yaml_paths([str(DEPLOY / "workspace.grpc.yaml")])
    assert (origin.location_name, origin.host, origin.port) == ("rawzone", "127.0.0.1", 4266)


class TestCompose:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = compose["services"]

    def test_only_nginx_is_reachable_and_on_loopback_until_told_otherwise(self):
        assert [name for name, service in self.services.items() if "ports" in service] == ["nginx"]
        assert self.services["nginx"]["ports"] == ["${RAWZONE_LISTEN:-127.0.0.1:8443}:443"]
        assert self.compose["networks"]["inside"] == {"internal": True}
        outside = [name for name, service in self.services.items() if "outside" in service["networks"]]
        assert outside == ["nginx"]

    def test_what_sends_alerts_reaches_other_machines_and_shares_that_way_with_nobody(self):
        """It was on the network that leads nowhere: every alert waited for ever."""
        networks = self.compose["networks"]
        alone = {
            name for name in self.services["code"]["networks"] if not (networks[name] or {}).get("internal")
        }
        assert alone == {"sending"}
        assert [name for name, service in self.services.items() if "sending" in service["networks"]] == ["code"]
        assert {"RAWZONE_ALERT_URLS", "RAWZONE_ALERT_HEARTBEAT"} <= set(self.services["code"]["environment"])

    def test_the_image_has_what_alerts_are_sent_by_and_all_that_needs_in_the_versions_that_are_tested(self):
        """Apprise was not in it, so RAWZONE_ALERT_URLS was refused."""
        locks = re.search(r"^COPY (.*lock) ", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)[1].split()
        installed = "".join((TOP / lock).read_text() for lock in locks)
        names = set(re.findall(r"^([a-z0-9-]+)==", installed, re.MULTILINE))
        for package in ("apprise", "requests-oauthlib"):
            needed = [r for r in requires(package) if ";" not in r]
            assert {re.split(r"[ <>=]", r)[0].lower() for r in needed} | {package} <= names
        tested = (TOP / "requirements-dev.lock").read_text()
        for pinned in re.findall(r"^\S+==\S+", (DEPLOY / "alerts.lock").read_text(), re.MULTILINE):
            assert pinned in tested, pinned

    def test_only_the_code_server_sees_the_zone_and_nobody_writes_to_landing(self):
        mounted = {
            name: [volume for volume in service["volumes"] if ":/zone" in volume or ":/landing" in volume]
            for name, service in self.services.items()
        }
        assert [name for name, volumes in mounted.items() if volumes] == ["code"]
        assert [volume for volume in mounted["code"] if volume.endswith(":/landing:ro")]

    def test_the_ui_is_read_only_and_no_process_of_ours_is_root(self):
        assert "--read-only" in self.services["web"]["command"]
        image_user = re.findall(r"^USER (\d+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
        assert image_user == ["10002"]
        assert self.services["code"]["user"] == "10001:10000"

    def test_processes_of_ours_can_do_no_more_than_they_need(self):
        for name in ("code", "daemon", "web"):
            service = self.services[name]
            assert service["read_only"], name
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name

    def test_each_has_dagsters_records_as_configured_and_is_started_again(self):
        for name in ("code", "daemon", "web"):
            assert {"records:/opt/dagster", "./dagster.postgres.yaml:/opt/dagster/dagster.yaml:ro"} <= set(
                self.services[name]["volumes"]
            ), name
        assert {service["restart"] for service in self.services.values()} == {"unless-stopped"}

    def test_nobody_comes_in_without_a_password(self):
        assert "./nginx/auth-basic.conf:/etc/nginx/rawzone/auth.conf:ro" in self.services["nginx"]["volumes"]

    def test_every_variable_it_asks_for_is_in_the_example(self):
        asked = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text()))
        given = set(re.findall(r"^(\w+)=", (DEPLOY / "example.env").read_text(), re.MULTILINE))
        assert asked <= given

    def test_files_that_the_image_and_the_services_take_exist(self):
        copied = {
            source
            for line in re.findall(r"^COPY (.+)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
            for source in line.split()[:-1]
        }
        for source in copied:
            assert (TOP / source).exists(), source
        project = tomllib.loads((TOP / "pyproject.toml").read_text())
        in_wheels = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
        assert in_wheels.keys() | {"rawzone_assets"} <= copied
        for service in self.services.values():
            for volume in service["volumes"]:
                if volume.startswith("./"):
                    assert (DEPLOY / volume.split(":")[0]).exists(), volume

    def test_nginx_finds_the_address_that_it_replaces(self):
        assert "127.0.0.1:3000" in (DEPLOY / "nginx" / "rawzone.conf").read_text()


class TestSystemd:
    @pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
    def test_accepts_the_units(self):
        done = subprocess.run(
            ["systemd-analyze", "verify", *map(str, SYSTEMD)], capture_output=True, text=True, check=False
        )
        said = [line for line in done.stderr.splitlines() if "is not executable" not in line]
        assert (said, len(SYSTEMD)) == ([], 3)

    def test_listens_on_loopback_only(self):
        for unit in SYSTEMD:
            for address in re.findall(r" -h (\S+)", unit.read_text()):
                assert ipaddress.ip_address(address).is_loopback, unit.name

    def test_lets_only_the_code_server_write_to_the_zone(self):
        for unit in SYSTEMD:
            text = unit.read_text()
            writes = re.search(r"^ReadWritePaths=.*/srv/rawzone", text, re.MULTILINE) is not None
            hidden = (
                re.search(r"^InaccessiblePaths=-/srv/rawzone -/srv/landing$", text, re.MULTILINE) is not None
            )
            assert (writes, hidden) == ((True, False) if "code" in unit.name else (False, True)), unit.name
            assert "ProtectSystem=strict" in text

    def test_processes_can_do_no_more_than_they_need_and_are_started_again(self):
        for unit in SYSTEMD:
            lines = set(unit.read_text().splitlines())
            needed = {
                "Group=dagster",
                "UMask=0027",
                "NoNewPrivileges=yes",
                "PrivateTmp=yes",
                "PrivateDevices=yes",
            }
            assert needed <= lines, unit.name
            assert ("User=rawzone" if "code" in unit.name else "User=dagster") in lines, unit.name
            assert any(line.startswith("Restart=") for line in lines), unit.name
        assert "ReadOnlyPaths=/srv/landing" in (DEPLOY / "systemd" / "rawzone-code.service").read_text()

    def test_shows_the_ui_read_only(self):
        assert "dagster-webserver --read-only " in (DEPLOY / "systemd" / "rawzone-web.service").read_text()


def code_server_commands() -> dict[str, list[str]]:
    unit = (DEPLOY / "systemd" / "rawzone-code.service").read_text()
    (started,) = re.findall(r"^ExecStart=\S+/dagster (.+)$", unit, re.MULTILINE)
    return {"systemd": started.split(), "compose": TestCompose.services["code"]["command"][1:]}


class TestTheCodeServer:
    @pytest.mark.parametrize("deployed_by", ["systemd", "compose"])
    def test_ends_when_the_process_that_holds_the_code_is_killed_so_that_it_is_started_again(
        self, tmp_path, deployed_by
    ):
        """Else sensors, promotion and alerts stand still for good, and the system sees nothing wrong."""
        port = str(free_port())
        asked = code_server_commands()[deployed_by]
        command = [{"0.0.0.0": "127.0.0.1", "4266": port}.get(word, word) for word in asked]  # noqa: S104
        environment = {**os.environ, "DAGSTER_HOME": str(tmp_path), "RAWZONE_HOME": str(tmp_path / "zone")}
        dagster = [sys.executable, "-m", "dagster"]
        with running([*dagster, *command], log=tmp_path / "log", cwd=tmp_path, env=environment) as process:
            check = [*dagster, "api", "grpc-health-check", "-p", port]
            assert eventually(
                lambda: subprocess.run(check, capture_output=True, check=False).returncode == 0, process=process
            )
            os.kill(holder_of_the_code(process.pid), signal.SIGKILL)
            assert process.wait(timeout=60) == -signal.SIGKILL

    def test_is_started_again_however_it_ended(self):
        assert "\nRestart=always\n" in (DEPLOY / "systemd" / "rawzone-code.service").read_text()
        assert TestCompose.services["code"]["restart"] == "unless-stopped"


def holder_of_the_code(pid: int) -> int:
    """The innermost process below this one, or itself."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    children = [child for thread in threads for child in (thread / "children").read_text().split()]
    return holder_of_the_code(int(children[0])) if children else pid


@pytest.mark.skipif(proxy.NGINX is None, reason="nginx is not installed")
@pytest.mark.parametrize("auth", [None, "auth-basic.conf", "auth-request.conf"])
def test_nginx_accepts_the_configuration(tmp_path, auth):
    configuration = proxy.write_configuration(tmp_path, port=free_port(), dagster_port=3000, auth=auth)
    tested = subprocess.run(
        [proxy.NGINX, "-t", "-p", str(tmp_path), "-e", str(tmp_path / "e.log"), "-c", str(configuration)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert tested.returncode == 0, tested.stderr
    assert "[warn]" not in tested.stderr
