"""``rawzone alerts``: what is open, who was told, and what a person says about it."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from rawzone_assets.cli import root
from rawzone_assets.health.alert_book import book_path, changing_book, read_book
from rawzone_assets.health.signs import Sign
from rawzone_assets_tests.receiver import receiver

NOW = datetime.now(UTC)
KEY = "stale:distrokid/streams"


@pytest.fixture
def home(tmp_path):
    """An open and a resolved incident, and a channel that does not take what it is given."""
    with changing_book(tmp_path / "state") as book:
        book.outbox.connect(["slack-3fa29c"])
        facts = {"kind": "stale", "name": "freshness", "at": NOW, "text": "freshness: it is late"}
        signs = [
            Sign(**facts, subject="distrokid/streams", bad=True),
            Sign(**facts, subject="metaads/daily", bad=True),
            Sign(**facts, subject="metaads/daily", bad=False),
        ]
        book.outbox.add(book.incidents.take(signs, NOW))
        parcel = book.outbox.pack("slack-3fa29c", NOW, most_an_hour=12)
        book.outbox.refused("slack-3fa29c", parcel, "it answered with HTTP status 500", NOW)
        book.looked_at = NOW
    return tmp_path


@pytest.fixture
def alerts(home):
    def call(*arguments, command="alerts", **environment):
        variables = {"RAWZONE_HOME": str(home), "RAWZONE_ALERT_URLS": None, **environment}
        result = CliRunner().invoke(root, [command, *arguments], env=variables)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def records(result) -> list[dict]:
    import json  # noqa: PLC0415

    return [json.loads(line) for line in result.stdout.splitlines()]


class TestLs:
    def test_it_lists_open_incidents_and_how_each_channel_stands(self, alerts):
        result = alerts("ls")
        assert result.exit_code == 1
        assert "distrokid/streams brings no news" in result.stdout
        assert "metaads" not in result.stdout
        assert "3 messages not taken (it answered with HTTP status 500)" in result.stdout

    def test_json_gives_a_line_for_each(self, alerts):
        found = records(alerts("ls", "--all", "--json"))
        assert [(r.get("key"), r.get("state")) for r in found if r["record"] == "incident"] == [
            (KEY, "open"),
            ("stale:metaads/daily", "resolved"),
        ]
        (channel,) = (r for r in found if r["record"] == "channel")
        assert (channel["problem"], channel["attempts"], len(channel["waiting"])) == (
            "it answered with HTTP status 500",
            1,
            3,
        )

    def test_a_channel_that_takes_nothing_is_found_although_no_incident_is_open(self, alerts, home):
        with changing_book(home / "state") as book:
            back = {"kind": "stale", "name": "freshness", "at": NOW, "text": "freshness: it is in time"}
            book.incidents.take([Sign(**back, subject="distrokid/streams", bad=False)], NOW)
        result = alerts("ls")
        assert "No incident is open." in result.stdout
        assert result.exit_code == 1

    def test_nothing_open_is_fine(self, alerts, home):
        book_path(home / "state").unlink()
        result = alerts("ls")
        assert result.exit_code == 0
        assert "No incident is open." in result.stdout
        assert "has not looked at this zone yet" in result.stderr


class TestWhatAPersonSays:
    @pytest.mark.parametrize("by_id", [True, False])
    def test_an_incident_is_named_by_its_key_or_the_beginning_of_its_id(self, alerts, home, by_id):
        (incident,) = read_book(home / "state").incidents.open
        result = alerts("show", incident.id[:6] if by_id else KEY)
        assert result.exit_code == 0
        assert "freshness: it is late" in result.stdout
        assert "Not taken by slack-3fa29c yet" in result.stdout

    def test_acknowledged_and_snoozed_are_kept(self, alerts, home):
        assert records(alerts("ack", KEY, "--json"))[0]["state"] == "acknowledged"
        assert records(alerts("snooze", KEY, "--for", "3d", "--json"))[0]["state"] == "snoozed"
        (incident,) = read_book(home / "state").incidents.open
        assert incident.acknowledged_at
        assert timedelta(days=2) < incident.snoozed_until - NOW < timedelta(days=4)

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (("show", "stale:nobody/knows"), "There is no incident 'stale:nobody/knows'"),
            (("ack", "stale:metaads/daily"), "is resolved"),
            (("snooze", KEY, "--for", "soon"), "'soon' is no span of time such as 30m"),
            (("snooze", KEY, "--for", "0h"), "'0h' is no span of time"),
        ],
    )
    def test_what_cannot_be_done_is_one_sentence(self, alerts, arguments, sentence):
        result = alerts(*arguments)
        assert result.exit_code == 2
        assert sentence in result.stderr

    def test_a_refused_change_changes_nothing(self, alerts, home):
        before = book_path(home / "state").read_bytes()
        assert alerts("ack", KEY, "stale:nobody/knows").exit_code == 2
        assert book_path(home / "state").read_bytes() == before

    def test_without_a_book_there_is_nothing_to_acknowledge(self, alerts, home):
        book_path(home / "state").unlink()
        result = alerts("ack", KEY)
        assert result.exit_code == 2
        assert "has not looked at this zone yet" in result.stderr
        assert not book_path(home / "state").exists()

    def test_a_damaged_book_is_one_sentence(self, alerts, home):
        path = book_path(home / "state")
        path.chmod(0o644)
        path.write_text("{")
        result = alerts("ls")
        assert result.exit_code == 2
        assert "move it away" in result.stderr


class TestTest:
    def test_it_reaches_every_channel_and_shows_no_address(self, alerts):
        with receiver() as received:
            result = alerts("test", "--json", RAWZONE_ALERT_URLS=f"{received.url} nonsense://s3cr3t")
            assert result.exit_code == 1
            assert received.titles == ["Test message of Raw Zone"]
        taken, refused = records(result)
        assert (taken["taken"], refused["taken"]) == (True, False)
        assert "s3cr3t" not in result.stdout + result.stderr

    def test_without_addresses_it_goes_to_the_log(self, alerts):
        assert records(alerts("test", "--json")) == [
            {"record": "test", "channel": "log", "taken": True, "problem": None}
        ]

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("RAWZONE_ALERT_HEARTBEAT", "file:///etc/s3cr3t"),
            ("RAWZONE_ALERT_DIGEST", "noonish"),
            ("RAWZONE_ALERT_DIGEST", "08:00+02:00"),
            ("RAWZONE_ALERT_LIMIT", "many"),
            ("RAWZONE_ALERT_BACKLOG", "-1"),
            ("RAWZONE_ALERT_BACKLOG", "9" * 18),
        ],
    )
    def test_a_setting_that_cannot_be_used_is_one_sentence(self, alerts, variable, value):
        result = alerts("test", **{variable: value})
        assert result.exit_code == 2
        assert variable in result.stderr
        assert "s3cr3t" not in result.stderr

    def test_without_the_package_it_says_how_to_get_it(self, alerts, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "apprise", None)
        result = alerts("test", RAWZONE_ALERT_URLS="json://user:s3cr3t@127.0.0.1")
        assert result.exit_code == 1
        assert "pip install rawzone[alerts]" in result.stdout
        assert "s3cr3t" not in result.stdout


class TestDoctor:
    def check(self, alerts) -> dict:
        (check,) = (r for r in records(alerts("--json", command="doctor")) if r["name"] == "alerts")
        return check

    def test_it_says_which_channel_takes_nothing(self, alerts):
        check = self.check(alerts)
        assert check["health"] == "fail"
        assert "slack-3fa29c did not take 3 messages" in check["seen"]

    def test_it_says_when_nobody_looks(self, alerts, home):
        with changing_book(home / "state") as book:
            book.outbox.connect(["log"])
            book.looked_at = NOW - timedelta(hours=1)
        assert self.check(alerts)["health"] == "warn"

    def test_it_says_that_sensors_stand_still_after_a_clock_that_ran_ahead(self, alerts, home):
        with changing_book(home / "state") as book:
            book.outbox.connect(["log"])
            book.looked_at = datetime.now(UTC) + timedelta(days=3650)
        check = self.check(alerts)
        assert check["health"] == "fail"
        assert "dagster schedule wipe" in check["remedy"]

    def test_it_is_content_when_all_was_taken(self, alerts, home):
        with changing_book(home / "state") as book:
            book.outbox.connect([])
            book.outbox.connect(["log"])
            book.looked_at = datetime.now(UTC)
        assert self.check(alerts)["health"] == "ok"
