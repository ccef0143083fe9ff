"""What holds for every test: campaigns are long and run only when asked for, and say what they tried."""

import os

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes, or takes to be made, is no promise: a machine under load is slow.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_collection_modifyitems(config, items):
    """The long form of a campaign runs only with ``-m campaign``."""
    if config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("campaign")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.fixture
def tell(record_property):
    """Note what a campaign tried; all notes stand at the end of the test run."""
    return lambda line: record_property("tried", line)


@pytest.fixture
def environment(monkeypatch):
    """Commands set variables for the processes they start: none may stay."""
    for name in [name for name in os.environ if name.startswith(("RAWZONE_", "DAGSTER_"))]:
        monkeypatch.delenv(name)
    before = dict(os.environ)
    yield
    for name in set(os.environ) - set(before):
        del os.environ[name]


def pytest_terminal_summary(terminalreporter):
    tried = [
        line
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, line in report.user_properties
        if name == "tried"
    ]
    if tried:
        terminalreporter.section("campaigns")
        for line in sorted(tried):
            terminalreporter.line(line)
