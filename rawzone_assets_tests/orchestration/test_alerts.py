"""The alerts sensor over a real instance, its messages received by a real HTTP server."""

import functools
import gzip
import hashlib
import logging
import math
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.health import channels, sending_worker
from rawzone_assets.health.alert_book import book_path, changing_book, read_book
from rawzone_assets.health.alert_settings import AlertSettings
from rawzone_assets.health.disks import Disk
from rawzone_assets.health.erasure import erase, plan_erasure
from rawzone_assets.health.forecast import Forecast, Outlook
from rawzone_assets.orchestration import alerts, event_log
from rawzone_assets.orchestration.event_log import newest_position, read_news
from rawzone_assets.orchestration.names import UNRECOGNIZED, raw_key
from rawzone_assets.orchestration.overrides import ZoneResource
from rawzone_assets.orchestration.watch import changed_answers
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.promotion import promote
from rawzone_assets_tests.health.damaging import overwrite
from rawzone_assets_tests.orchestration.desk import NOTES, PLATFORM, Desk
from rawzone_assets_tests.receiver import receiver

DAY = timedelta(days=1)
BY_PROCESS = channels._by_process


class Watched:
    """A desk whose alerts go to a receiver; ``tick`` is what the daemon does every half a minute."""

    def __init__(self, desk: Desk, received) -> None:
        self.desk, self.received = desk, received
        self.platform = PLATFORM
        self.by_environment = False
        self.settings = AlertSettings(urls=(received.url,), digest=None, most_an_hour=100)

    @property
    def overrides(self):
        settings = None if self.by_environment else self.desk.settings
        return replace(self.desk.overrides, alerts=self.settings, settings=settings)

    def tick(self, *, watch=True) -> str:
        if watch:
            self.feed_watch()
        resource = ZoneResource(overrides=self.overrides)
        tick, book = alerts.watch(self.desk.instance, resource, (self.platform,))
        return tick.sentence(book)

    def told(self) -> list[str]:
        """The titles of the messages since the last call."""
        self.tick()
        titles = self.received.titles
        self.received.messages.clear()
        return titles

    def land_and_run(self, data="{}\n", **names) -> None:
        day = self.desk.now
        self.desk.land(f"{day:%Y%m%d}", data, time=f"{day:%H%M%S}", **names)
        self.promote()

    def promote(self) -> None:
        """What a run does, without Dagster: quick, and the checks of each day are not told."""
        with self.desk.zone() as zone:
            promote(zone, zone.survey([PLATFORM]).ready, judge=judge, run_id="test")

    def feed_watch(self) -> None:
        """What the sensor of that name does, without building definitions."""
        with self.desk.zone() as zone:
            for event in changed_answers(
                self.desk.instance, zone, [(self.platform, feed) for feed in self.platform.feeds]
            ):
                self.desk.instance.report_runless_asset_event(event)

    def request(self, asset):
        """What the landing sensor asks for to have this asset brought up to date."""
        return next(r for r in self.desk.tick().run_requests if r.asset_selection == [asset])

    def both_fresh(self) -> None:
        self.land_and_run()
        self.land_and_run(name="sums")

    @property
    def book(self):
        return read_book(self.desk.settings.layout.state)


@pytest.fixture
def received():
    with receiver() as taken:
        yield taken


@pytest.fixture
def watched(desk, received, monkeypatch):
    # The desk's clock stands still: a look that took long on a busy machine would have all later ones wait, and
    # a message that could not be sent within its seconds would never be tried again.
    monkeypatch.setattr(alerts, "_SHORT", math.inf)
    monkeypatch.setattr(alerts, "_SENDING_SECONDS", math.inf)
    monkeypatch.setattr(channels, "send", functools.partial(channels.send, within=600))
    monkeypatch.setattr(channels, "ping", functools.partial(channels.ping, within=600))
    # A process for each message would load Apprise each time.
    monkeypatch.setattr(channels, "_by_process", send_here)
    return Watched(desk, received)


@pytest.fixture
def by_processes(calm, monkeypatch):
    """Messages leave as they do outside of tests."""
    monkeypatch.setattr(channels, "_by_process", BY_PROCESS)


def send_here(order, *, within) -> str | None:
    if "ping" in order:
        return sending_worker.ping(order["ping"])
    return sending_worker.to_service(**order["message"])


@pytest.fixture
def calm(watched):
    """Two fresh feeds, and everything told that there was to tell."""
    watched.both_fresh()
    assert watched.told() == []
    return watched


class TestAFeedThatGoesStale:
    def test_one_message_when_it_goes_stale_and_one_when_it_is_over(self, calm):
        calm.desk.now += 3 * DAY
        calm.land_and_run(name="sums")
        assert calm.told() == ["tiny/notes brings no news"]
        assert calm.told() == []
        calm.land_and_run()
        assert calm.told() == ["Resolved: tiny/notes brings no news"]
        assert calm.told() == []

    def test_the_message_says_what_since_when_and_what_to_do(self, calm):
        calm.desk.now += 3 * DAY
        calm.land_and_run(name="sums")
        calm.tick()
        (message,) = calm.received.messages
        text = message["message"]
        assert "the newest delivery was captured on 2024-06-01" in text
        assert "Since 2024-06-04 12:00 UTC" in text
        assert "rawzone status" in text
        assert "docs/operations.md#stale" in text
        (incident,) = calm.book.incidents.open
        assert f"Incident {incident.id} (stale:tiny/notes)" in text
        assert calm.received.ids == [f"{incident.id}-1"]

    def test_dagsters_own_freshness_joins_the_same_incident(self, calm):
        calm.desk.now += 3 * DAY
        calm.land_and_run(name="sums")
        calm.tick()
        report_state(calm.desk, raw_key(NOTES), "FAIL")
        assert len(calm.told()) == 1
        calm.land_and_run()
        assert calm.told() == []  # Dagster's daemon has not looked again yet
        report_state(calm.desk, raw_key(NOTES), "PASS")
        assert calm.told() == ["Resolved: tiny/notes brings no news"]

    def test_a_warning_of_dagsters_freshness_is_no_alert(self, calm):
        report_state(calm.desk, raw_key(NOTES), "WARN")
        assert calm.told() == []

    def test_a_feed_that_never_came_is_told_until_it_comes(self, watched):
        watched.land_and_run()
        assert watched.told() == ["tiny/sums never brought anything"]
        watched.land_and_run(name="sums")
        assert watched.told() == ["Resolved: tiny/sums never brought anything"]


class TestRefusals:
    def test_many_bad_days_of_a_feed_are_one_message(self, calm):
        for number in range(10):
            calm.desk.land(f"202405{number + 10}", "bad")
        calm.desk.run("2024-05-10", "2024-05-19")
        assert calm.told() == ["deliveries of tiny/notes are refused"]
        (incident,) = calm.book.incidents.open
        assert len(incident.signals) == 11  # ten days of one check, and the count of all

    def test_the_message_names_the_code_and_how_to_have_it_explained(self, calm):
        calm.desk.land("20240510", "bad")
        calm.desk.run("2024-05-10")
        calm.tick()
        assert "rawzone explain RZ-JSON-SYNTAX" in calm.received.messages[0]["message"]

    def test_another_bad_day_is_told_again_once_somebody_has_acknowledged_those_before(self, calm):
        title = "deliveries of tiny/notes are refused"
        calm.desk.land("20240510", "bad")
        calm.desk.run("2024-05-10")
        assert calm.told() == [title]
        with changing_book(calm.desk.settings.layout.state) as book:
            book.incidents.acknowledge(book.incidents.open[0], calm.desk.now)
        assert calm.told() == []
        for day in ("20240511", "20240512"):
            calm.desk.land(day, "bad")
        calm.desk.run("2024-05-11", "2024-05-12")
        assert calm.told() == [f"Again: {title}"]

    def test_it_is_over_when_all_were_replaced(self, calm):
        for day in ("20240510", "20240511"):
            calm.desk.land(day, "bad")
        calm.desk.run("2024-05-10", "2024-05-11")
        calm.told()
        calm.desk.land("20240510", "good")
        calm.desk.run("2024-05-10")
        assert calm.told() == []
        calm.desk.land("20240511", "better")
        calm.desk.run("2024-05-11")
        assert calm.told() == ["Resolved: deliveries of tiny/notes are refused"]

    def test_red_and_green_between_two_ticks_is_not_lost(self, calm):
        calm.desk.land("20240510", "bad")
        calm.desk.run("2024-05-10")
        calm.desk.land("20240510", "good")
        calm.desk.run("2024-05-10")
        title = "deliveries of tiny/notes are refused"
        assert calm.told() == [title, f"Resolved: {title}"]


class TestRuns:
    def test_a_failed_run_is_told_with_its_sentence_and_ends_with_the_next_good_one(self, calm):
        blocker = calm.desk.settings.layout.quarantine / "tiny"
        calm.desk.land("20240510", "bad")
        blocker.parent.mkdir(parents=True, exist_ok=True)
        blocker.write_text("a file where a folder must go")
        request = calm.request(raw_key(NOTES))
        assert not calm.desk.carry_out(request).success
        calm.tick()
        assert calm.received.titles == ["a run failed: tiny/notes"]
        assert "is occupied by a file that the ledger does not know" in calm.received.messages[0]["message"]
        calm.received.messages.clear()
        blocker.unlink()
        calm.desk.carry_out(request)
        assert "Resolved: a run failed: tiny/notes" in calm.told()

    def test_of_an_unexpected_error_only_the_name_is_told(self, calm):
        @dg.asset
        def broken():
            raise RuntimeError("Revenue of Jane Doe: 4711")

        dg.materialize([broken], instance=calm.desk.instance, raise_on_error=False)
        calm.tick()
        (message,) = calm.received.messages
        assert "RuntimeError" in message["message"]
        assert "Jane" not in message["message"]


class TestAFeedThatIsNoLongerDeclared:
    """Nobody looks at it any more, so nothing else could ever say that what was wrong with it is over."""

    def test_what_was_told_of_it_is_over_and_other_feeds_stay_as_they_are(self, calm):
        calm.desk.now += 3 * DAY
        calm.land_and_run("bad")
        calm.land_and_run("bad", name="sums")
        calm.tick()
        told = {"refused:tiny/notes", "stale:tiny/notes", "refused:tiny/sums", "stale:tiny/sums"}
        assert {incident.key for incident in calm.book.incidents.open} == told
        calm.received.messages.clear()
        calm.platform = replace(PLATFORM, feeds=PLATFORM.feeds[1:])
        over = ["Resolved: deliveries of tiny/notes are refused", "Resolved: tiny/notes brings no news"]
        assert sorted(calm.told()) == over
        assert calm.told() == []
        left = {"refused:tiny/sums", "stale:tiny/sums"}
        assert {incident.key for incident in calm.book.incidents.open} == left

    def test_so_is_a_run_of_it_that_failed_and_one_of_something_else_is_not(self, calm):
        @dg.asset
        def broken():
            raise RuntimeError

        calm.desk.land("20240510", "bad")
        request = calm.request(raw_key(NOTES))
        occupied = calm.desk.settings.layout.quarantine / "tiny"
        occupied.parent.mkdir(parents=True, exist_ok=True)
        occupied.write_text("a file where a folder must go")
        assert not calm.desk.carry_out(request).success
        dg.materialize([broken], instance=calm.desk.instance, raise_on_error=False)
        calm.tick()
        other = "run-failed:__ephemeral_asset_job__"
        assert {incident.key for incident in calm.book.incidents.open} == {"run-failed:tiny/notes", other}
        calm.platform = replace(PLATFORM, feeds=PLATFORM.feeds[1:])
        calm.tick()
        assert {incident.key for incident in calm.book.incidents.open} == {other}


class TestTheZone:
    def test_a_disk_below_the_reserve_and_one_with_room_again(self, calm):
        calm.desk.settings = replace(calm.desk.settings, reserve=2**60)
        assert calm.told() == ["the disk of the zone fills up"]
        assert calm.told() == []
        calm.desk.settings = replace(calm.desk.settings, reserve=0)
        assert calm.told() == ["Resolved: the disk of the zone fills up"]

    def test_the_disk_of_dagsters_database_is_looked_at_too(self, calm, monkeypatch):
        """When it is full, no run starts, and the sensor that tells of disks does not tick either."""
        folder = Path(calm.desk.instance.root_directory)
        monkeypatch.setattr(LocalFiles, "free_bytes", lambda _, path: 0 if path == folder else 2**40)
        calm.desk.settings = replace(calm.desk.settings, reserve=1)
        calm.tick()
        (message,) = calm.received.messages
        assert "once it is full no run starts and no alert is sent" in message["message"]

    def test_a_disk_that_will_be_full_within_a_month_is_a_warning(self, calm, monkeypatch):
        def disks_full_in(days):
            full_on = calm.desk.now.date() + timedelta(days=days)
            outlook = Forecast(outlook=Outlook.FILLING, days_known=60, full_on=full_on, earliest=full_on)
            disk = Disk(roots=("raw", "state"), size=9, free=5, reserve=1, zone_bytes=4, forecast=outlook)
            monkeypatch.setattr(alerts, "disks_of", lambda *_, **__: (disk,))

        disks_full_in(20)
        calm.tick()
        assert calm.received.titles == ["the disk of the zone fills up"]
        assert "the disk of raw and state is full about 2024-06-21" in calm.received.messages[0]["message"]
        disks_full_in(60)
        calm.received.messages.clear()
        assert calm.told() == ["Resolved: the disk of the zone fills up"]

    def test_a_landing_that_takes_long_to_look_at_is_looked_at_less_often(self, calm, monkeypatch):
        looks = []
        survey = ZoneResource.look
        monkeypatch.setattr(ZoneResource, "look", lambda *a: looks.append(1) or survey(*a))
        monkeypatch.setattr(alerts, "_SHORT", 0)
        calm.desk.now += timedelta(hours=1)
        for _ in range(3):
            calm.tick()
        assert len(looks) == 1
        calm.desk.now += timedelta(hours=1)
        calm.tick()
        assert len(looks) == 2

    def test_ready_deliveries_that_nobody_promotes(self, calm):
        calm.desk.now = calm.desk.now.replace(year=2100)
        calm.settings = replace(calm.settings, backlog=timedelta(hours=1))
        calm.desk.land("20240502")
        assert "deliveries of tiny/notes wait and are not promoted" in calm.told()
        (waits,) = (incident for incident in calm.book.incidents.open if incident.kind == "backlog")
        assert waits.signals["ready"].text.startswith("1 ready delivery of tiny/notes waits, the oldest since ")
        calm.desk.run("2024-05-02")
        assert "Resolved: deliveries of tiny/notes wait and are not promoted" in calm.told()

    def test_a_landing_folder_that_is_away_is_told_and_says_nothing_of_the_backlog(self, calm):
        waits = "deliveries of tiny/notes wait and are not promoted"
        calm.settings = replace(calm.settings, backlog=timedelta(days=-3000))  # the desk's clock stands at 2024
        calm.desk.land("20240502")
        assert calm.told() == [waits]
        landing = calm.desk.settings.layout.landing
        landing.rename(landing.with_name("away"))
        assert calm.told() == ["landing cannot be read"]
        landing.with_name("away").rename(landing)
        assert calm.told() == ["Resolved: landing cannot be read"]
        calm.promote()
        assert calm.told() == [f"Resolved: {waits}"]

    @pytest.mark.parametrize("bad", ["policy", "RAWZONE_SETTLE"])
    def test_settings_that_cannot_be_used_are_told_and_so_is_their_correction(self, calm, monkeypatch, bad):
        """Nothing is promoted meanwhile, which is when somebody has to be told."""
        home = calm.desk.settings.home
        calm.by_environment = True
        monkeypatch.setenv("RAWZONE_HOME", str(home))
        assert calm.told() == []
        with monkeypatch.context() as wrong:
            if bad == "policy":
                (home / "policy.toml").write_text('[modes]\nRZ-NO-SUCH = "warn"\n')
            else:
                wrong.setenv(bad, "soon")
            assert calm.told() == ["the zone cannot be used"]
            assert calm.told() == []
        (home / "policy.toml").unlink(missing_ok=True)
        assert calm.told() == ["Resolved: the zone cannot be used"]

    @staticmethod
    def scrub(desk):
        from rawzone_assets.health.rolling import scrub_rolling  # noqa: PLC0415

        with desk.zone() as zone:
            scrub_rolling(zone, run_id="scrub", budget=60, window=30)

    def test_damage_that_a_scrub_on_the_command_line_found_and_a_repair_mended(self, calm):
        (path,) = calm.desk.settings.layout.raw.glob("tiny/notes/**/*.gz")
        sound = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(sound[:-1] + b"x")
        self.scrub(calm.desk)
        assert calm.told() == ["stored files are damaged: tiny/notes"]
        path.write_bytes(sound)
        path.chmod(0o444)
        self.scrub(calm.desk)
        assert calm.told() == ["Resolved: stored files are damaged: tiny/notes"]

    def test_damage_of_what_the_law_had_erased_then(self, calm):
        order = {"reason": "a request", "authority": "an office"}
        (path,) = calm.desk.settings.layout.raw.glob("tiny/notes/**/*.gz")
        gone = [hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()]
        overwrite(path, b"rotten")
        self.scrub(calm.desk)
        assert calm.told() == ["stored files are damaged: tiny/notes"]
        with calm.desk.zone() as zone:
            zone.index.catch_up()
            erase(zone, gone, code=plan_erasure(zone, gone, **order).code, by="Ada", **order)
        assert calm.told() == ["Resolved: stored files are damaged: tiny/notes"]

    def test_a_file_of_no_feed(self, calm):
        calm.desk.land_as("tiny/what.bin", "x")
        calm.desk.carry_out(calm.request(UNRECOGNIZED))
        assert calm.told() == ["files of no feed lie in landing"]


class TestNothingTwiceAndNothingLost:
    def test_the_first_start_tells_what_is_wrong_now_and_replays_no_history(self, watched):
        watched.desk.land("20240501", "bad")
        watched.promote()
        watched.desk.land("20240501", "good")
        watched.promote()
        watched.land_and_run()
        watched.land_and_run("bad", name="sums")
        assert watched.told() == [
            "tiny/sums never brought anything",
            "deliveries of tiny/sums are refused",
        ]

    def test_a_lost_book_costs_a_repetition_under_another_id_and_nothing_else(self, calm):
        calm.desk.now += 3 * DAY
        calm.land_and_run(name="sums")
        first = calm.told()
        book_path(calm.desk.settings.layout.state).unlink()
        calm.desk.now += timedelta(seconds=30)
        assert calm.told() == first

    def test_another_dagster_database_neither_replays_its_history_nor_hides_what_happens_in_it(
        self, calm, tmp_path
    ):
        with dg.DagsterInstance.local_temp(str(tmp_path)) as other:
            calm.desk.instance = other
            calm.desk.run("2024-06-01")  # ids beyond those of the first database
            for data in ("bad", "good"):
                calm.desk.land("20240510", data)
                calm.desk.run("2024-05-10")
            assert calm.told() == []
            calm.desk.land("20240511", "bad")
            calm.desk.run("2024-05-11")
            assert calm.told() == ["deliveries of tiny/notes are refused"]

    def test_a_crash_between_sending_and_noting_repeats_the_message_under_its_id(self, calm, monkeypatch):
        calm.desk.land("20240510", "bad")
        calm.promote()

        def crash(*_):
            raise SystemExit

        with monkeypatch.context() as patch:
            patch.setattr("rawzone_assets.health.outbox.Outbox.took", crash)
            with pytest.raises(SystemExit):
                calm.tick()
        calm.tick()
        calm.tick()
        assert len(calm.received.ids) == 2
        assert len(set(calm.received.ids)) == 1

    def test_a_crash_before_anything_was_noted_loses_nothing(self, calm, monkeypatch):
        calm.desk.land("20240510", "bad")
        calm.promote()

        def crash(*_):
            raise SystemExit

        with monkeypatch.context() as patch:
            patch.setattr("rawzone_assets.health.alert_book._replace", crash)
            with pytest.raises(SystemExit):
                calm.tick()
        assert calm.told() == ["deliveries of tiny/notes are refused"]

    def test_events_that_appear_late_below_the_newest_id_are_read(self, desk):
        """What PostgreSQL does with two transactions at once."""
        start = newest_position(desk.instance)
        for day in ("20240510", "20240511"):
            desk.land(day, "bad")
            desk.run(f"{day[:4]}-{day[4:6]}-{day[6:]}")
        news, _, _ = read_news(desk.instance, start)
        hidden = news[3]
        position = _read_without(desk.instance, start, hidden.id)
        late, position, _ = read_news(desk.instance, position)
        assert [item.id for item in late] == [hidden.id]
        assert read_news(desk.instance, position)[0] == []

    def test_a_long_log_is_read_in_parts_in_order(self, desk, monkeypatch):
        monkeypatch.setattr("rawzone_assets.orchestration.event_log._MOST_OF_A_TYPE", 3)
        position = newest_position(desk.instance)
        for day in range(10, 16):
            desk.land(f"202405{day}", "bad" if day % 2 else "good")
        desk.run("2024-05-10", "2024-05-15")
        monkeypatch.setattr("rawzone_assets.orchestration.event_log._UNSETTLED", 0)
        ids, more = [], True
        while more:
            news, position, more = read_news(desk.instance, position)
            ids += [item.id for item in news]
        assert ids == sorted(set(ids))
        assert len(ids) == 6 * 5 + 1  # five checks a day and the end of the run

    def test_ids_that_sqlite_gives_again_after_a_run_was_deleted_are_read(self, desk):
        desk.run("2024-05-10")
        desk.land("20240510", "bad")
        deleted = desk.run("2024-05-10").run_id
        position = replace(newest_position(desk.instance), handled={})
        desk.instance.delete_run(deleted)
        _, position, _ = read_news(desk.instance, position)
        desk.land("20240511", "bad")
        desk.run("2024-05-11")
        news, _, _ = read_news(desk.instance, position)
        assert any(item.event.event_type is dg.DagsterEventType.RUN_SUCCESS for item in news)


class TestDelivery:
    @pytest.mark.usefixtures("by_processes")
    def test_a_channel_that_refuses_is_tried_again_and_shows_in_the_tick(self, calm):
        calm.received.status = 500
        calm.desk.land("20240510", "bad")
        calm.promote()
        assert "did not take a message (it answered with HTTP status 500)" in calm.tick()
        assert calm.received.attempts == 1
        calm.tick()
        assert calm.received.attempts == 1  # not before its pause is over
        calm.received.status = 200
        calm.desk.now += timedelta(minutes=1)
        assert calm.told() == ["deliveries of tiny/notes are refused"]

    def test_a_storm_is_one_message_that_names_everything(self, calm):
        landing = calm.desk.settings.layout.landing
        calm.desk.settings = replace(calm.desk.settings, reserve=2**60)
        landing.rename(landing.with_name("away"))
        calm.desk.now += 30 * DAY
        titles = calm.told()
        assert titles == ["4 messages at once"]

    @pytest.mark.usefixtures("by_processes")
    def test_the_heartbeat_is_sent_while_alerts_work_and_only_then(self, calm):
        calm.settings = replace(calm.settings, heartbeat=calm.received.heartbeat)
        calm.tick()
        assert calm.received.pings == 1
        calm.received.status = 500
        calm.desk.land("20240510", "bad")
        calm.promote()
        calm.tick()
        assert calm.received.pings == 1

    @pytest.mark.usefixtures("by_processes")
    def test_no_address_is_ever_shown(self, calm, caplog):
        calm.settings = replace(calm.settings, heartbeat=calm.received.heartbeat)
        caplog.set_level(logging.DEBUG)
        calm.received.status = 500
        calm.desk.land("20240510", "bad")
        calm.promote()
        shown = [calm.tick(), caplog.text, repr(calm.settings)]
        shown.append(book_path(calm.desk.settings.layout.state).read_text())
        assert "did not take" in shown[0]
        for text in shown:
            assert "s3cr3t" not in text

    def test_without_addresses_messages_go_to_the_log(self, calm, caplog):
        calm.settings = AlertSettings(digest=None)
        calm.desk.land("20240510", "bad")
        calm.promote()
        calm.tick()
        assert calm.received.messages == []
        assert "deliveries of tiny/notes are refused" in caplog.text

    def test_a_dry_run_sends_nothing_and_says_what_it_would_send(self, calm, caplog):
        calm.settings = replace(calm.settings, dry_run=True)
        calm.desk.land("20240510", "bad")
        calm.promote()
        assert calm.told() == []
        assert "would send: deliveries of tiny/notes are refused" in caplog.text

    def test_a_corrected_address_gets_what_the_wrong_one_refused(self, calm):
        calm.settings = replace(calm.settings, urls=("nonsense://nowhere",))
        calm.desk.land("20240510", "bad")
        calm.promote()
        assert "Apprise does not know this kind of address" in calm.tick()
        calm.settings = replace(calm.settings, urls=(calm.received.url,))
        assert calm.told() == ["deliveries of tiny/notes are refused"]

    def test_a_digest_comes_once_a_day(self, calm):
        calm.settings = replace(calm.settings, digest=AlertSettings().digest)
        assert calm.told() == []
        calm.desk.now += DAY
        assert calm.told() == ["Daily digest: 0 open, 0 resolved since yesterday"]
        assert calm.told() == []

    def test_a_snoozed_incident_says_only_that_it_is_over(self, calm):
        calm.desk.land("20240510", "bad")
        calm.promote()
        calm.told()
        with changing_book(calm.desk.settings.layout.state) as book:
            (incident,) = book.incidents.open
            book.incidents.snooze(incident, calm.desk.now + DAY)
        calm.desk.land("20240511", "bad")
        calm.promote()
        assert calm.told() == []
        calm.desk.now += DAY
        assert calm.told() == ["Still: deliveries of tiny/notes are refused"]


class TestSensorsThatFail:
    def test_a_sensor_whose_ticks_fail_is_told(self, calm):
        fail_ticks(calm.desk.instance, "landing", 1, calm.desk.now)
        assert calm.told() == []
        fail_ticks(calm.desk.instance, "landing", 1, calm.desk.now)
        assert calm.told() == ["sensor landing fails in Dagster"]


class TestTheSensor:
    def test_its_tick_says_what_it_read_and_told(self, calm):
        result = calm.desk.tick(sensor="alerts")
        assert re.fullmatch(r"\d+ events read; 0 new messages; 0 sent; 0 incidents open", result.skip_message)


def _read_without(instance, position, hidden: int):
    """The position after a reading that could not see one event yet."""
    records = event_log._records
    try:
        event_log._records = lambda *a, **k: [r for r in records(*a, **k) if r.storage_id != hidden]
        return read_news(instance, position)[1]
    finally:
        event_log._records = records


def report_state(desk, key, state: str) -> None:
    """What Dagster's freshness daemon stores when a state changes."""
    from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange  # noqa: PLC0415

    desk.instance._report_runless_asset_event(
        FreshnessStateChange(
            key=key,
            previous_state=FreshnessState.UNKNOWN,
            new_state=FreshnessState(state),
            state_change_timestamp=desk.now.timestamp(),
        )
    )


def fail_ticks(instance, name: str, count: int, now) -> None:
    from dagster._core.remote_origin import (  # noqa: PLC0415
        InProcessCodeLocationOrigin,
        RemoteInstigatorOrigin,
        RemoteRepositoryOrigin,
    )
    from dagster._core.scheduler.instigation import (  # noqa: PLC0415
        InstigatorState,
        InstigatorStatus,
        InstigatorType,
        SensorInstigatorData,
        TickData,
        TickStatus,
    )
    from dagster._core.types.loadable_target_origin import LoadableTargetOrigin  # noqa: PLC0415
    from dagster._utils.error import SerializableErrorInfo  # noqa: PLC0415

    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="rawzone_assets.definitions"))
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), name)
    state = InstigatorState(
        origin, InstigatorType.SENSOR, InstigatorStatus.DECLARED_IN_CODE, SensorInstigatorData()
    )
    if not any(known.instigator_name == name for known in instance.all_instigator_state()):
        instance.add_instigator_state(state)
    for _ in range(count):
        instance.create_tick(
            TickData(
                instigator_origin_id=state.instigator_origin_id,
                instigator_name=name,
                instigator_type=InstigatorType.SENSOR,
                status=TickStatus.FAILURE,
                timestamp=now.timestamp(),
                selector_id=state.selector_id,
                error=SerializableErrorInfo("secret", [], "RuntimeError"),
            )
        )
