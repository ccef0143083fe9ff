"""What holds for every test: campaigns are long and run only when asked for, and say what they tried."""

import os

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes, or takes to be made, is no promise: a machine under load is slow.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

OURS = ("RAWZONE_", "DAGSTER_")
"""What the variables begin with that our commands read, and set for the processes they start."""

# Files that take longest, though some hold few tests. A process takes whole files: one of these begun last
# would keep it busy for minutes after the other has nothing left to do.
LONG = (
    "test_ui.py", "test_reindex.py", "test_history_import.py", "test_watch.py", "test_engines.py",
    "test_faults.py", "test_proxy.py", "test_judge_pool.py", "test_canary.py", "test_dagster_dev.py",
    "test_promote_command.py", "test_nothing_is_given_away.py", "test_archive_crashes.py", "test_benchmarks.py",
    "test_demo.py", "test_power_loss.py", "test_schemas.py", "test_concurrency.py", "test_policy.py",
)  # fmt: skip


def pytest_collection_modifyitems(config, items):
    """The longest files come first. The long form of a campaign runs only with ``-m campaign``."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))
    if config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("campaign")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.fixture
def tell(record_property):
    """Note what a campaign tried; all notes stand at the end of the test run."""
    return lambda line: record_property("tried", line)


@pytest.fixture(autouse=True, scope="module")
def _environment_of_the_next_file():
    """No file finds a zone or an instance that commands of the one before it, in the same process, have set."""
    before = {name: value for name, value in os.environ.items() if name.startswith(OURS)}
    yield
    for name in [name for name in os.environ if name.startswith(OURS)]:
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture
def environment(monkeypatch):
    """Commands set variables for the processes they start: none may stay."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
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
