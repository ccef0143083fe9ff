"""Records of custody: their published form, and that the index tells what the ledger's files tell."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rawzone_assets.health.recorded import read_recorded
from rawzone_assets.zone import custody
from rawzone_assets.zone.custody import Custody, Hold, Whereabouts
from rawzone_assets.zone.ledger import Author, encode_commit
from rawzone_assets.zone.record_forms import fault_of
from rawzone_assets_tests.zone.tiny_platform import NOW, LandingFolder, open_zone, promote_all

FORM = {"sha256": "a" * 64, "size": 7, "stored_sha256": "b" * 64, "stored_size": 9, "encoding": "gzip"}
OWNER = {"feed": "tiny/notes", "partition": "2024-05-22", "key": "tiny/notes/2024/05/note_20240522.txt.gz"}
ERASURE = {"place": f"raw/{OWNER['key']}", "reason": "asked for", "authority": "GDPR 17", "by": "Ada"}


def archived(owner=OWNER, form=FORM):
    return custody.archived_record(
        owner=owner, form=form, why="old", plan="c" * 64, approved_by="Ada", staged=False
    )


def restored(owner=OWNER, form=FORM):
    return custody.restored_record(owner=owner, form=form, reason=None, by="Ada")


def erased(owner=OWNER, form=FORM):
    told = {**ERASURE, "place": f"raw/{owner['key']}"}
    return custody.erased_record(owner=owner, form=form, **told)


MAKERS = {"archived": archived, "restored": restored, "erased": erased}


class TestRecords:
    """Nothing is recorded that is not of the published form; what a later version adds is no objection."""

    @pytest.mark.parametrize("kind", MAKERS)
    def test_of_an_object_are_of_the_published_form(self, kind):
        assert fault_of([MAKERS[kind](), {**MAKERS[kind](), "added_later": 1}]) is None

    @pytest.mark.parametrize("kind", MAKERS)
    @pytest.mark.parametrize("field", ["sha256", "size", "key", "feed", "partition"])
    def test_without_a_fact_are_refused(self, kind, field):
        record = {name: value for name, value in MAKERS[kind]().items() if name != field}
        assert fault_of([record])
        with pytest.raises(ValueError, match="valid"):
            custody.checked(record)

    def test_of_holds_are_of_the_published_form(self):
        told = {"reason": "case 12", "authority": "a court", "by": "Ada"}
        added = custody.hold_added_record(
            hold="hold-1", platform=None, feed="tiny/notes", since=None, until="2024-05-31", **told
        )
        assert fault_of([added]) is None
        assert fault_of([{**added, "until": "2024-02-30"}])
        assert fault_of([{**added, "reason": ""}])


class TestWhereabouts:
    """Archived, restored, archived again; once erased, nothing brings an object back."""

    @given(kinds=st.lists(st.sampled_from(["archived", "restored", "erased", "scrubbed"]), max_size=8))
    def test_follow_from_the_newest_record(self, kinds):
        kept = Custody()
        for seq, kind in enumerate(kinds):
            kept = kept.after(seq, "now", {"record": kind})
        moves = [kind for kind in kinds if kind != "scrubbed"]
        if "erased" in moves:
            expected, copy = Whereabouts.ERASED, False
        else:
            expected = Whereabouts.ARCHIVE if moves and moves[-1] == "archived" else Whereabouts.HOT
            copy = "archived" in moves
        assert (kept.whereabouts, kept.has_archive_copy) == (expected, copy)


class TestHolds:
    """Of a feed, a platform or everything, perhaps only of some capture days."""

    @staticmethod
    def hold(**scope):
        empty = dict.fromkeys(("platform", "feed", "since", "until"))
        told = {"reason": "r", "authority": "a", "by": "b", "seq": 0, "at": ""}
        return Hold(id="hold-1", **{**empty, **scope}, **told)

    @pytest.mark.parametrize(
        ("scope", "is_covered"),
        [
            ({}, True),
            ({"feed": "tiny/notes"}, True),
            ({"feed": "tiny/note"}, False),
            ({"platform": "tiny"}, True),
            ({"platform": "tin"}, False),
            ({"since": "2024-05-22"}, True),
            ({"since": "2024-05-23"}, False),
            ({"until": "2024-05-22"}, True),
            ({"until": "2024-05-21"}, False),
        ],
    )
    def test_cover_what_they_name(self, scope, is_covered):
        assert self.hold(**scope).covers("tiny/notes", ("2024-05-22", "2024-05-22")) is is_covered

    def test_over_any_day_of_an_object_cover_it(self):
        """It was delivered again in June, and whoever holds June means those bytes too."""
        assert self.hold(since="2024-06-01", until="2024-06-30").covers("t", ("2024-05-22", "2024-06-10"))


EVENTS = st.lists(
    st.tuples(st.sampled_from([*MAKERS, "add", "release"]), st.integers(0, 3)), min_size=1, max_size=12
)


class TestTheIndex:
    """Where each key is now, and which holds are in force: the same from an index that grew, from one that is
    built from nothing, and from the ledger's own files.
    """

    @settings(max_examples=25, deadline=None)
    @given(events=EVENTS)
    def test_tells_what_the_ledger_tells(self, tmp_path_factory, events):
        home = tmp_path_factory.mktemp("zone")
        landing = LandingFolder(home)
        landing.put_all({f"tiny/note_2024052{day}.txt": b"%d\n" % day for day in range(4)})
        with open_zone(home) as zone:
            promote_all(zone)
            receipts = [entry.receipt for entry in zone.index.entries(verdicts=["promoted"])]
            for kind, number in events:
                self.commit(zone, self.records(zone, kind, receipts[number]))
            grown = self.told(zone, receipts)
            recorded = read_recorded(zone)
        with open_zone(home, with_index=False) as zone:
            zone.index.catch_up()
            assert self.told(zone, receipts) == grown
        assert {r.key: recorded.whereabouts(r.key) for r in receipts} == grown[0]
        places = {item.place for item in recorded.items.values() if item.key}
        expected = set()
        for key, where in grown[0].items():
            expected |= {f"raw/{key}"} if where is Whereabouts.HOT else set()
            expected |= {f"archive/{key}"} if key in grown[1] else set()
        assert places == expected

    def test_keeps_what_was_erased_as_the_erasure_says_whatever_is_recorded_later(self, home, landing):
        landing.put("tiny/note_20240522.txt", b"one\n")
        with open_zone(home) as zone:
            promote_all(zone)
            (receipt,) = [entry.receipt for entry in zone.index.entries(verdicts=["promoted"])]
            for kind in ("archived", "erased", "archived"):
                self.commit(zone, self.records(zone, kind, receipt))
            kept = zone.index.custody.of(receipt.key)
        assert (kept.whereabouts, kept.seq, kept.record["record"]) == (Whereabouts.ERASED, 2, "erased")

    @staticmethod
    def commit(zone, records):
        """As another version may have written it: the fold must not rely on how records came about."""
        head = zone.index.catch_up()
        data = encode_commit(records, after=head, at=NOW, author=Author(run_id="", writer="", code_version=""))
        zone.files.create(zone.ledger.path(head.seq + 1), [data])
        zone.index.catch_up()

    @staticmethod
    def records(zone, kind, receipt):
        if kind in MAKERS:
            owner = custody.object_place(receipt.feed, receipt.partition, receipt.key)
            return [MAKERS[kind](owner, custody.form_of(receipt))]
        told = {"reason": "r", "authority": "a", "by": "b"}
        if kind == "add":
            scope = {"platform": "tiny", "feed": None, "since": receipt.partition, "until": None}
            return [custody.hold_added_record(hold=zone.index.holds.next_id(), **scope, **told)]
        active = zone.index.holds.in_force()
        return [custody.hold_released_record(hold=active[0], **told)] if active else []

    @staticmethod
    def told(zone, receipts):
        lookups = zone.index.custody
        kept = {receipt.key: lookups.of(receipt.key) for receipt in receipts}
        return (
            {key: each.whereabouts for key, each in kept.items()},
            {key for key, each in kept.items() if each.has_archive_copy},
            kept,
            zone.index.holds.ever(),
            {key: [hold.id for hold in zone.index.holds.over("tiny/notes", key)] for key in kept},
            lookups.totals(),
            lookups.erasures(),
        )
