"""Settings: where a zone lies, from the environment, with one clear sentence for what cannot be used."""

import contextlib
import os
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pytest

from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.settings import DEFAULT_RESERVE, DEFAULT_SETTLE, Settings


class TestRoots:
    def test_the_default_home_is_data_in_the_working_folder(self, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        layout = Settings.from_environment({}).layout
        assert (layout.landing, layout.raw) == (tmp_path / "data/landing", tmp_path / "data/raw")
        assert (layout.quarantine, layout.archive) == (tmp_path / "data/quarantine", tmp_path / "data/archive")

    def test_each_root_can_be_set_on_its_own(self):
        environment = {"RAWZONE_HOME": "/a", "RAWZONE_LANDING": "/b", "RAWZONE_QUARANTINE": "/c"}
        layout = Settings.from_environment(environment).layout
        assert (layout.landing, layout.raw, layout.quarantine) == (Path("/b"), Path("/a/raw"), Path("/c"))

    def test_home_as_an_argument_stands_above_the_environment(self, tmp_path):
        assert Settings.from_environment({"RAWZONE_HOME": "/a"}, home=tmp_path).layout.raw == tmp_path / "raw"

    def test_an_empty_variable_is_an_unset_one(self, tmp_path):
        environment = {"RAWZONE_RAW": "", "RAWZONE_SETTLE": "", "RAWZONE_START": ""}
        settings = Settings.from_environment(environment, home=tmp_path)
        assert settings.layout.raw == tmp_path / "raw"
        assert (settings.settle, settings.reserve, settings.start) == (DEFAULT_SETTLE, DEFAULT_RESERVE, None)


class TestValues:
    def test_numbers_and_days_are_read(self, tmp_path):
        environment = {"RAWZONE_SETTLE": "1.5", "RAWZONE_RESERVE": "1e6", "RAWZONE_START": "2024-02-29"}
        settings = Settings.from_environment(environment, home=tmp_path)
        assert (settings.settle, settings.reserve, settings.start) == (1.5, 1_000_000, date(2024, 2, 29))

    def test_what_is_stored_is_small_unless_it_is_to_be_fast(self, tmp_path):
        for value, compression in (("", "small"), ("small", "small"), ("fast", "fast")):
            settings = Settings.from_environment({"RAWZONE_COMPRESSION": value}, home=tmp_path)
            assert settings.compression == compression

    def test_fast_without_its_package_is_refused_at_once_with_what_to_do(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "isal", None)
        with pytest.raises(
            ZoneError, match=r"^RAWZONE_COMPRESSION is set to fast.* 'pip install rawzone\[fast\]'"
        ):
            Settings.from_environment({"RAWZONE_COMPRESSION": "fast"}, home=tmp_path)
        assert Settings.from_environment({}, home=tmp_path).compression == "small"

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("RAWZONE_RAW", "s3://bucket/raw"),
            ("RAWZONE_SETTLE", "soon"),
            ("RAWZONE_SETTLE", "-1"),
            ("RAWZONE_SETTLE", "nan"),
            ("RAWZONE_RESERVE", "inf"),
            ("RAWZONE_COMPRESSION", "zstd"),
            ("RAWZONE_COMPRESSION", "Fast"),
            ("RAWZONE_START", "22.05.2024"),
            ("RAWZONE_START", "2024-02-30"),
        ],
    )
    def test_a_value_that_cannot_be_used_is_named_in_one_sentence(self, variable, value, tmp_path):
        with pytest.raises(ZoneError) as refused:
            Settings.from_environment({variable: value}, home=tmp_path)
        assert variable in str(refused.value)
        assert value in str(refused.value)
        assert "\n" not in str(refused.value)

    def test_a_policy_that_is_a_pipe_is_refused_and_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "policy.toml")

        def end_it():
            with contextlib.suppress(OSError):  # nobody waits
                os.close(os.open(tmp_path / "policy.toml", os.O_WRONLY | os.O_NONBLOCK))

        late = threading.Timer(2, end_it)
        late.start()
        with pytest.raises(ZoneError, match="it is no file"):
            Settings.from_environment({}, home=tmp_path)
        late.cancel()


class TestTheProcess:
    def test_that_misreads_names_of_files_opens_no_zone(self, tmp_path):
        """What is recorded stays so for ever, whoever promotes: a person, cron or Dagster."""
        program = (
            "from pathlib import Path\n"
            "from rawzone_assets.zone.setting_errors import NamesMisread\n"
            "from rawzone_assets.zone.settings import Settings\n"
            "from rawzone_assets.zone.zone import Zone\n"
            "try:\n"
            f"    Zone(Settings.from_environment({{}}, home=Path({str(tmp_path)!r})))\n"
            "except NamesMisread as error:\n"
            "    print(error)\n"
        )
        locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        said = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **locale},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert said.startswith("Names of files are read as ascii here")
        assert "PYTHONUTF8=1" in said
