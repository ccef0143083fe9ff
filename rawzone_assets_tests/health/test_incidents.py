"""Incidents and outbox: whatever comes in which order, and whatever fails, all is told and nothing twice."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rawzone_assets.health import alert_book
from rawzone_assets.health.alert_book import Book, book_path, changing_book, read_book
from rawzone_assets.health.alert_kinds import KINDS, Severity
from rawzone_assets.health.incidents import Incidents
from rawzone_assets.health.notices import Event
from rawzone_assets.health.outbox import Outbox
from rawzone_assets.health.signs import Sign
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets_tests.zone.faulty_files import WatchedFiles

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHANNELS = ("slack-1", "mail-2")


def sign(name="freshness", *, bad=True, subject="a/b", kind="stale", **facts) -> Sign:
    facts = {"at": NOW, "text": f"{name} is so", **facts}
    return Sign(kind=kind, subject=subject, name=name, bad=bad, **facts)


def events(notices) -> list[Event]:
    return [notice.event for notice in notices]


class TestIncidents:
    def test_the_first_bad_sign_opens_further_ones_join_and_the_last_good_one_resolves(self):
        book = Incidents()
        assert events(book.take([sign(), sign(), sign("other")], NOW)) == [Event.OPENED]
        (incident,) = book.open
        assert (len(incident.signals), incident.signs) == (2, 3)
        assert book.take([sign(bad=False)], NOW) == []
        assert events(book.take([sign("other", bad=False)], NOW)) == [Event.RESOLVED]
        assert book.open == []

    def test_a_good_sign_without_an_incident_says_nothing(self):
        assert Incidents().take([sign(bad=False)], NOW) == []

    def test_what_opens_again_is_another_incident(self):
        book = Incidents()
        told = book.take([sign(), sign(bad=False), sign()], NOW)
        assert events(told) == [Event.OPENED, Event.RESOLVED, Event.OPENED]
        assert len({notice.incident for notice in told}) == 2

    def test_a_warning_that_becomes_an_error_is_told_once_more(self):
        book = Incidents()
        book.take([sign(severity=Severity.WARNING)], NOW)
        assert events(book.take([sign(), sign()], NOW)) == [Event.WORSENED]

    def test_a_good_day_takes_back_earlier_days_only(self):
        book = Incidents()
        book.take([sign(day="2024-05-03"), sign(day="2024-05-01")], NOW)
        assert book.take([sign(bad=False, day="2024-05-02")], NOW) == []
        assert events(book.take([sign(bad=False, day="2024-05-03")], NOW)) == [Event.RESOLVED]

    def test_what_comes_and_goes_each_minute_makes_no_book_that_grows_for_three_months(self):
        book, now = Incidents(), NOW
        kept_open = book.take([sign("other", subject="c/d")], now)[0].incident
        for _ in range(1500):
            now += timedelta(minutes=1)
            book.take([sign(at=now), sign(bad=False, at=now)], now)
            book.forget(now)
        assert len(book.by_id) == 1001
        assert kept_open in book.by_id
        assert max(i.resolved_at for i in book.by_id.values() if i.resolved_at) == now

    def test_a_sweeping_good_sign_takes_back_all(self):
        book = Incidents()
        book.take([sign("a@2024-05-01"), sign("b@2024-05-01")], NOW)
        assert events(book.take([sign("open_refusals", bad=False, sweeps=True)], NOW)) == [Event.RESOLVED]

    def test_a_look_takes_back_what_it_no_longer_sees_of_its_own(self):
        book = Incidents()
        book.take([sign(kind="capacity", subject="zone", name="raw")], NOW)
        assert events(book.take_back("disks", [sign(source="disks")], now=NOW)) == [Event.OPENED]
        assert book.take_back("disks", [], now=NOW, unsure={"stale:a/b"}) == []
        assert events(book.take_back("disks", [], now=NOW)) == [Event.RESOLVED]
        assert [incident.kind for incident in book.open] == ["capacity"]

    def test_a_snooze_keeps_quiet_and_then_reminds(self):
        book = Incidents()
        book.take([sign(severity=Severity.WARNING)], NOW)
        book.snooze(book.open[0], NOW + HOUR)
        assert book.take([sign()], NOW) == []
        assert book.wake(NOW) == []
        assert events(book.wake(NOW + HOUR)) == [Event.REMINDED]
        assert book.wake(NOW + 2 * HOUR) == []

    def test_what_opens_again_within_its_snooze_is_told_when_that_ends(self):
        book = Incidents()
        book.take([sign()], NOW)
        book.snooze(book.open[0], NOW + HOUR)
        assert events(book.take([sign(bad=False)], NOW)) == [Event.RESOLVED]
        assert book.take([sign()], NOW) == []
        assert events(book.wake(NOW + HOUR)) == [Event.OPENED]

    def test_what_is_told_as_its_snooze_ends_is_not_told_again_as_a_reminder(self):
        book = Incidents()
        book.take([sign(severity=Severity.WARNING)], NOW)
        book.snooze(book.open[0], NOW + HOUR)
        assert events([*book.take([sign()], NOW + HOUR), *book.wake(NOW + HOUR)]) == [Event.WORSENED]

    def test_what_was_snoozed_all_its_life_is_never_told(self):
        book = Incidents()
        book.take([sign()], NOW)
        book.snooze(book.open[0], NOW + HOUR)
        book.take([sign(bad=False)], NOW)
        assert book.take([sign(), sign(bad=False)], NOW) == []
        assert book.wake(NOW + HOUR) == []

    def test_is_as_severe_as_the_worst_that_is_left_of_it(self):
        book = Incidents()
        book.take([sign("late", severity=Severity.WARNING), sign("broken")], NOW)
        assert book.open[0].severity is Severity.ERROR
        book.take([sign("broken", bad=False)], NOW)
        assert book.open[0].severity is Severity.WARNING

    def test_a_look_that_sees_what_it_saw_is_no_further_sign(self):
        book = Incidents()
        for text in ("9 GB are free", "8 GB are free"):
            book.take_back("disks", [sign(source="disks", text=text)], now=NOW)
        (incident,) = book.open
        assert (incident.signs, incident.signals["freshness"].text) == (1, "8 GB are free")

    def test_an_acknowledged_incident_still_tells_that_it_is_over(self):
        book = Incidents()
        book.take([sign()], NOW)
        book.acknowledge(book.open[0], NOW)
        assert book.open[0].state(NOW) == "acknowledged"
        assert events(book.take([sign(bad=False)], NOW)) == [Event.RESOLVED]

    def test_another_day_of_an_acknowledged_incident_is_told_once_and_waits_to_be_acknowledged_again(self):
        """A refusal under a stamped name stays open for good: those that come later must not be silent."""
        book = Incidents()

        def refused(day: str, check: str = "shape"):
            return sign(f"{check}@{day}", kind="refused", day=day)

        book.take([refused("2024-05-01")], NOW)
        assert book.take([refused("2024-05-02")], NOW) == []
        book.acknowledge(book.open[0], NOW)
        assert book.take([refused("2024-05-02")], NOW) == []
        (notice,) = book.take([refused("2024-05-03"), refused("2024-05-03", "times")], NOW)
        assert notice.event is Event.REPEATED
        assert notice.title.startswith("Again: ")
        assert book.open[0].state(NOW) == "open"
        assert book.take([refused("2024-05-04")], NOW) == []

    def test_other_signs_of_an_acknowledged_incident_are_no_news(self):
        book = Incidents()
        book.take([sign()], NOW)
        book.acknowledge(book.open[0], NOW)
        assert book.take([sign("freshness of raw")], NOW) == []
        assert book.open[0].state(NOW) == "acknowledged"

    def test_resolved_ones_are_forgotten_after_a_quarter(self):
        book = Incidents()
        book.take([sign(), sign(bad=False), sign("x", subject="c/d")], NOW)
        book.forget(NOW + timedelta(days=91))
        assert [incident.subject for incident in book.by_id.values()] == ["c/d"]

    @pytest.mark.parametrize("kind", KINDS)
    def test_every_kind_has_a_title_and_a_remedy(self, kind):
        book = Incidents()
        (notice,) = book.take([sign(kind=kind, subject="x/y", text="RZ-JSON-SYNTAX \x1b[2J")], NOW)
        assert "{" not in notice.title + notice.text
        assert "What to do: " in notice.text
        assert "rawzone explain RZ-JSON-SYNTAX" in notice.text
        assert "\x1b" not in notice.text


class TestOutbox:
    def outbox(self, count: int) -> Outbox:
        outbox = Outbox()
        outbox.connect(["c"])
        for number in range(count):
            outbox.add(Incidents().take([sign(subject=f"f/{number}")], NOW))
        return outbox

    def send_all(self, outbox, now=NOW, most=12) -> list[int]:
        sizes = []
        while parcel := outbox.pack("c", now, most_an_hour=most):
            sizes.append(len(parcel.notices))
            outbox.took("c", parcel, now)
        return sizes

    def test_a_few_go_one_by_one_and_a_storm_goes_at_once(self):
        assert self.send_all(self.outbox(3)) == [1, 1, 1]
        assert self.send_all(self.outbox(40)) == [40]

    def test_the_last_parcel_of_the_hour_takes_all_and_what_comes_later_waits_for_the_next(self):
        outbox = self.outbox(3)
        assert self.send_all(outbox, most=2) == [1, 2]
        outbox.add(Incidents().take([sign(subject="late")], NOW))
        assert self.send_all(outbox, most=2) == []
        assert self.send_all(outbox, NOW + HOUR, most=2) == [1]

    def test_what_a_mistyped_address_refused_goes_to_the_corrected_one(self):
        outbox = self.outbox(2)
        outbox.refused("c", outbox.pack("c", NOW, most_an_hour=12), "it is nowhere", NOW)
        outbox.connect(["corrected"])
        assert outbox.channels["corrected"].queue == tuple(outbox.notices)
        assert len(outbox.notices) == 2

    def test_a_digest_is_as_severe_as_the_worst_message_in_it(self):
        outbox = self.outbox(0)
        for severity in (Severity.WARNING, Severity.ERROR, *[Severity.WARNING] * 3):
            outbox.add(Incidents().take([sign(subject=f"f/{len(outbox.notices)}", severity=severity)], NOW))
        assert outbox.letter(outbox.pack("c", NOW, most_an_hour=12)).severity is Severity.ERROR

    def test_a_digest_names_every_message_in_it(self):
        outbox = self.outbox(5)
        letter = outbox.letter(outbox.pack("c", NOW, most_an_hour=12))
        assert all(f"f/{number} brings no news" in letter.text for number in range(5))

    def test_a_refused_parcel_is_tried_again_after_pauses_that_grow_to_an_hour(self):
        outbox, now, pauses = self.outbox(1), NOW, []
        for _ in range(8):
            parcel = outbox.pack("c", now, most_an_hour=12)
            outbox.refused("c", parcel, "it is down", now)
            assert outbox.pack("c", now, most_an_hour=12) is None
            pauses.append((outbox.channels["c"].next_at - now).total_seconds())
            now = outbox.channels["c"].next_at
        assert pauses == [30, 60, 120, 300, 900, 3600, 3600, 3600]

    def test_what_a_clock_that_ran_ahead_has_noted_holds_up_nothing_once_it_is_right(self):
        far = NOW + timedelta(days=3650)
        outbox = self.outbox(3)
        assert self.send_all(outbox, far, most=3) == [1, 1, 1]
        outbox.add(Incidents().take([sign(subject="late")], NOW))
        assert self.send_all(outbox, NOW, most=3) == [1]
        outbox.add(Incidents().take([sign(subject="later")], NOW))
        outbox.refused("c", outbox.pack("c", far, most_an_hour=12), "it is down", far)
        assert self.send_all(outbox, NOW) == [1]

    def test_a_parcel_that_was_noted_before_settles_none_that_is_under_way(self):
        outbox = self.outbox(2)
        first = outbox.pack("c", NOW, most_an_hour=12)
        outbox.took("c", first, NOW)
        second = outbox.pack("c", NOW, most_an_hour=12)
        outbox.took("c", first, NOW)
        outbox.refused("c", first, "it is down", NOW)
        assert outbox.pack("c", NOW, most_an_hour=12) == second
        assert outbox.troubled == []

    def test_what_no_channel_waits_for_any_more_is_not_kept(self):
        outbox = self.outbox(2)
        outbox.connect([])
        assert outbox.notices == {}

    def test_a_dead_channel_holds_up_no_other(self):
        outbox = self.outbox(0)
        outbox.connect(["c", "dead"])
        outbox.add(Incidents().take([sign()], NOW))
        outbox.refused("dead", outbox.pack("dead", NOW, most_an_hour=12), "it is down", NOW)
        assert self.send_all(outbox) == [1]
        assert len(outbox.channels["dead"].waiting) == 1

    def test_a_channel_that_refused_is_served_after_those_that_take_all(self):
        outbox = self.outbox(0)
        outbox.connect(["slow to refuse", "c"])
        outbox.add(Incidents().take([sign()], NOW))
        outbox.refused("slow to refuse", outbox.pack("slow to refuse", NOW, most_an_hour=12), "it drips", NOW)
        assert outbox.order == ["c", "slow to refuse"]


class BookMachine(RuleBasedStateMachine):
    """Signs in any order, restarts, lost notes, dead channels, people who acknowledge and snooze; then calm.

    The model is what stands outside: which signals are bad now, and what each channel was handed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.book.outbox.connect(CHANNELS)
        self.now = NOW
        self.bad: dict[str, set[str]] = {}
        self.opened: set[str] = set()  # ids of all incidents that ever were
        self.handed: dict[str, list[tuple[str, tuple[str, ...], str]]] = {name: [] for name in CHANNELS}
        self.texts: dict[str, str] = {}
        self.told: list = []
        self.quiet: set[str] = set()  # ids that were snoozed at some time

    @rule(
        subject=st.sampled_from(["a/x", "a/y", "b/z"]),
        name=st.sampled_from(["one", "two", "three"]),
        bad=st.booleans(),
        severity=st.sampled_from(Severity),
        day=st.sampled_from([None, "2024-05-01"]),
    )
    def sign_comes(self, subject, name, bad, severity, day):
        notices = self.book.incidents.take(
            [sign(name, subject=subject, bad=bad, severity=severity, at=self.now, day=day)], self.now
        )
        signals = self.bad.setdefault(f"stale:{subject}", set())
        signals.add(name) if bad else signals.discard(name)
        self.note(notices)

    @rule(subject=st.sampled_from(["a/x", "a/y"]))
    def everything_of_a_feed_is_good(self, subject):
        self.note(self.book.incidents.take([sign("all", subject=subject, bad=False, sweeps=True)], self.now))
        self.bad[f"stale:{subject}"] = set()

    @rule(minutes=st.sampled_from([1, 10, 61]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)
        self.note(self.book.incidents.wake(self.now))

    @rule(data=st.data())
    def a_person_acknowledges_or_snoozes(self, data):
        if not self.book.incidents.open:
            return
        incident = data.draw(st.sampled_from(sorted(self.book.incidents.open, key=lambda i: i.id)))
        if data.draw(st.booleans()):
            self.book.incidents.acknowledge(incident, self.now)
        else:
            self.book.incidents.snooze(incident, self.now + data.draw(st.sampled_from([HOUR / 6, 2 * HOUR])))

    @rule(
        name=st.sampled_from(CHANNELS),
        outcome=st.sampled_from(["taken", "refused", "crashed after", "crashed"]),
    )
    def a_parcel_is_sent(self, name, outcome):
        parcel = self.book.outbox.pack(name, self.now, most_an_hour=5)
        self.restart()  # it is durable before it is sent
        if parcel is None or outcome == "crashed":
            return
        if outcome != "refused":
            letter = self.book.outbox.letter(parcel)
            assert self.texts.setdefault(letter.id, letter.text) == letter.text
            self.handed[name].append((parcel.id, parcel.notices, letter.text))
        if outcome == "taken":
            self.book.outbox.took(name, parcel, self.now)
        if outcome == "refused":
            self.book.outbox.refused(name, parcel, "it is down", self.now)

    @rule()
    def restart(self):
        again = Book.decode(self.book.encode())
        assert again == self.book
        self.book = again

    def note(self, notices):
        self.opened |= set(self.book.incidents.by_id)
        self.told += notices
        self.quiet |= {i.id for i in self.book.incidents.by_id.values() if i.snoozed_until}
        self.book.outbox.add(notices)

    @invariant()
    def exactly_what_is_bad_is_open(self):
        found = {incident.key: set(incident.signals) for incident in self.book.incidents.open}
        assert found == {key: names for key, names in self.bad.items() if names}

    @invariant()
    def at_most_one_incident_of_a_key_is_open(self):
        assert max(Counter(i.key for i in self.book.incidents.open).values(), default=1) == 1

    @invariant()
    def no_channel_is_sent_more_than_the_limit_in_an_hour(self):
        for channel in self.book.outbox.channels.values():
            assert len([at for at in channel.sent if self.now - at < HOUR]) <= 5

    def teardown(self):
        """In the end everything is delivered: each incident was announced, each that ended is over once."""
        for _ in range(200):
            self.now += 2 * HOUR
            self.note(self.book.incidents.wake(self.now))
            for name in CHANNELS:
                while parcel := self.book.outbox.pack(name, self.now, most_an_hour=5):
                    self.handed[name].append((parcel.id, parcel.notices, self.book.outbox.letter(parcel).text))
                    self.book.outbox.took(name, parcel, self.now)
            if not any(channel.waiting for channel in self.book.outbox.channels.values()):
                break
        assert self.book.outbox.notices == {}
        for name in CHANNELS:
            self.check_what_was_handed_to(name)

    def check_what_was_handed_to(self, name):
        parcels = dict.fromkeys((parcel, notices) for parcel, notices, _ in self.handed[name])
        once = [notice for _, notices in parcels for notice in notices]
        assert len(once) == len(set(once)), (
            "a notice in two parcels: no receiver could know that it is the same"
        )
        per_incident = Counter(notice.rpartition("-")[0] for notice in once)
        for incident in self.book.incidents.by_id.values():
            mine = [notice for notice in once if notice.startswith(f"{incident.id}-")]
            assert mine == [f"{incident.id}-{n + 1}" for n in range(incident.notices)], (
                "in their order, without a gap"
            )
            if incident.id not in self.quiet:
                assert per_incident[incident.id] >= (1 if incident.is_open else 2)
            assert (incident.told is None) == (incident.notices == 0)
            mine = [notice.event for notice in self.told if notice.incident == incident.id]
            assert mine.count(Event.RESOLVED) == int(not incident.is_open and incident.told is not None)
            assert mine.count(Event.OPENED) == int(incident.told is not None)
        assert self.opened == set(self.book.incidents.by_id)


BookMachine.TestCase.settings = hypothesis_settings(max_examples=60, stateful_step_count=40, deadline=None)


class TestBookMachine(BookMachine.TestCase):
    """Every opened incident is announced at least once, and every one that ended is told over exactly once."""


@pytest.mark.campaign
def test_the_same_with_many_more_examples(tell):
    from hypothesis.stateful import run_state_machine_as_test  # noqa: PLC0415

    examples = 3000
    run_state_machine_as_test(
        BookMachine, settings=hypothesis_settings(max_examples=examples, stateful_step_count=80, deadline=None)
    )
    tell(f"alert book: {examples} random histories of 80 steps")


class TestTheBook:
    def test_it_reads_back_what_it_wrote(self):
        book = Book(looked_at=NOW, digest_due=NOW, positions={"events": {"cursor": 4}})
        book.outbox.connect(CHANNELS)
        book.outbox.add(book.incidents.take([sign(), sign("x", day="2024-05-01")], NOW))
        book.incidents.snooze(replace(book.incidents.open[0], acknowledged_at=NOW), NOW)
        assert Book.decode(book.encode()) == book

    @pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"alerts": 2}', b'{"alerts": 1, "channels": 3}'])
    def test_what_is_no_book_is_refused(self, data):
        with pytest.raises(ValueError, match=r"."):
            Book.decode(data)

    def test_it_is_durable_before_it_takes_the_place_of_the_last_one(self, tmp_path, monkeypatch):
        done = []

        class Noting(WatchedFiles):
            def __init__(self):
                super().__init__(LocalFiles())

            def before(self, operation, path):
                if operation.startswith("sync"):
                    done.append((operation, path.name, book_path(tmp_path).exists()))

        with changing_book(tmp_path):
            pass
        book_path(tmp_path).unlink()
        monkeypatch.setattr(alert_book, "LocalFiles", Noting)
        with changing_book(tmp_path):
            pass
        assert done == [("sync", "book.new", False), ("sync_folder", "alerts", True)]

    def test_one_that_a_crash_cut_off_is_written_anew(self, tmp_path):
        with changing_book(tmp_path):
            pass
        book_path(tmp_path).with_name("book.new").write_bytes(b"{")
        with changing_book(tmp_path) as book:
            book.positions["ledger"] = 7
        assert read_book(tmp_path).positions == {"ledger": 7}

    def test_the_digest_of_days_that_nobody_was_there_for_comes_once(self):
        book, at = Book(), (NOW - HOUR).time()
        assert book.digest(at, NOW) == []
        assert len(book.digest(at, NOW + timedelta(days=5))) == 1
        assert book.digest(at, NOW + timedelta(days=5)) == []
        assert book.digest(None, NOW + timedelta(days=9)) == []
