"""``rawzone examine``: judge without writing."""

import json
import os
import shutil
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from rawzone_assets.samples import samples
from rawzone_assets.zone.judges import JudgePool
from rawzone_assets.zone.past import OF_THE_PAST


def page(verdict="promoted", feed="distrokid/streams"):
    return next(sample for sample in samples(feed) if sample.verdict == verdict)


def put(folder, sample, name=None):
    path = folder / (name or os.path.basename(sample.path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sample.data)
    return path


class TestVerdict:
    def test_every_landed_file_is_judged_as_promotion_judged_it(self, rawzone):
        """Without a zone's memory: what promotion calls a duplicate is here simply acceptable."""
        records = rawzone("log", "--json").records
        landed = [str(rawzone.home / "landing" / record["landing_path"]) for record in records]
        lines = rawzone("examine", *landed, "--json").records
        for record, line in zip(records, lines, strict=True):
            expected = "promoted" if record["verdict"] == "duplicate" else record["verdict"]
            assert (line["verdict"], line["feed"]) == (expected, record["feed"])
            by_itself = [finding for finding in record["findings"] if finding["code"] not in OF_THE_PAST]
            assert line["findings"] == by_itself
            assert line["partition"] == record["partition"]

    def test_an_acceptable_file_exits_0_and_a_refused_one_1(self, nowhere, tmp_path):
        good, bad = page(), page("quarantined")
        assert nowhere("examine", str(put(tmp_path / "distrokid", good))).code == 0
        outcome = nowhere("examine", str(put(tmp_path / "distrokid", bad)))
        assert outcome.code == 1
        assert bad.codes[0] in outcome.text
        assert "what to do:" in outcome.text

    def test_nothing_is_written_anywhere(self, nowhere, tmp_path):
        path = put(tmp_path / "distrokid", page())
        before = sorted(tmp_path.rglob("*"))
        assert nowhere("examine", str(path)).code == 0
        assert sorted(tmp_path.rglob("*")) == before

    def test_a_sidecar_counts(self, nowhere, tmp_path):
        path = put(tmp_path / "distrokid", page())
        path.with_name(path.name + ".meta.json").write_text('{"size": 5}')
        outcome = nowhere("examine", str(path))
        assert outcome.code == 1
        assert "RZ-SIDECAR-MISMATCH" in outcome.text

    def test_a_file_that_is_not_there_ends_it_with_2_whatever_becomes_of_the_others(self, nowhere, tmp_path):
        refused = put(tmp_path / "distrokid", page())
        refused.write_bytes(b"no page")
        assert nowhere("examine", str(refused)).code == 1
        outcome = nowhere("examine", str(refused), str(tmp_path / "nothing"))
        assert (outcome.code, "would be quarantined" in outcome.text) == (2, True)

    def test_an_unfinished_file_would_be_ignored(self, nowhere, tmp_path):
        outcome = nowhere("examine", str(put(tmp_path, page(), "streams_stats_20240522.html.part")))
        assert (outcome.code, "would be ignored" in outcome.text) == (0, True)

    def test_a_file_larger_than_memory_is_judged_from_disk(self, nowhere, tmp_path, monkeypatch):
        monkeypatch.setattr("rawzone_assets.commands.examination.HELD_IN_MEMORY", 10)
        for feed in ("distrokid/streams", "distrokid/sales", "toolost/spotify"):
            sample = page(feed=feed)
            assert nowhere("examine", str(put(tmp_path / sample.path.split("/")[0], sample))).code == 0


class TestLimits:
    """Memory, processor and time are limited as promotion limits them: no file holds the terminal for long."""

    @pytest.fixture
    def faulty(self, nowhere, tmp_path, monkeypatch):
        """Examines a file whose content says what judging it comes to, with two seconds and little memory."""
        monkeypatch.syspath_prepend(Path(__file__).parents[1] / "zone")
        platform = import_module("judge_faults").PLATFORM
        monkeypatch.setattr("rawzone_assets.commands.examine.all_platforms", lambda: (platform,))
        monkeypatch.setattr("rawzone_assets.commands.examine.ADDRESS", "judge_faults:platforms", raising=False)
        hurried = partial(JudgePool, seconds=2, memory=2**29)
        monkeypatch.setattr("rawzone_assets.commands.examine.JudgePool", hurried, raising=False)

        def examine(fault):
            path = tmp_path / "faulty" / "faulty_20250612_100000.json"
            path.parent.mkdir()
            path.write_text(fault)
            return nowhere("examine", str(path))

        return examine

    @pytest.mark.parametrize(
        ("fault", "says"),
        [
            ("processor", "judging it took more than 2 seconds"),
            ("memory", "judging it took more than 512 MiB of memory"),
            ("crashed", "judging it ended its worker"),
        ],
    )
    def test_what_promotion_would_refuse_as_beyond_them_is_told_as_that(self, faulty, fault, says):
        outcome = faulty(fault)
        assert outcome.code == 1
        assert "RZ-BEYOND-LIMITS" in outcome.text
        assert says in outcome.text


class TestFindingTheFeed:
    def test_by_a_platforms_folder_anywhere_in_the_path(self, nowhere, tmp_path):
        path = put(tmp_path / ".hidden" / "distrokid" / "inbox", page())
        (line,) = nowhere("examine", str(path), "--json").records
        assert (line["feed"], line["grounds"]) == ("distrokid/streams", None)

    def test_by_its_name_alone_and_says_so(self, nowhere, tmp_path):
        outcome = nowhere("examine", str(put(tmp_path, page())))
        assert outcome.code == 0
        assert "taken for distrokid/streams by its name alone" in outcome.text

    def test_a_name_that_tells_nothing_is_unrecognized(self, nowhere, tmp_path):
        outcome = nowhere("examine", str(put(tmp_path, page(), "page.html")))
        assert outcome.code == 1
        assert "RZ-UNKNOWN-PLATFORM" in outcome.text
        assert "--feed" in outcome.text

    def test_the_first_folder_below_which_a_feed_owns_it_tells_and_none_further_in(self, nowhere, tmp_path):
        path = put(tmp_path / "toolost" / "distrokid", page(feed="toolost/spotify"))
        (line,) = nowhere("examine", str(path), "--json").records
        assert (line["verdict"], line["feed"]) == ("promoted", "toolost/spotify")

    def test_feed_forces_a_contract_whatever_the_name(self, nowhere, tmp_path):
        path = put(tmp_path, page(), "page 20250612_100000.html")
        (line,) = nowhere("examine", str(path), "--feed", "distrokid/streams", "--json").records
        assert (line["verdict"], line["partition"]) == ("promoted", "2025-06-12")
        assert nowhere("examine", str(path), "--feed", "toolost/spotify").code == 1

    def test_feed_on_an_undated_name_judges_it_as_captured_now(self, nowhere, tmp_path):
        outcome = nowhere("examine", str(put(tmp_path, page(), "page.html")), "--feed", "distrokid/streams")
        assert "judged as captured now" in outcome.text

    @pytest.mark.parametrize("name", ["page.html", "streams_stats.html"])
    @pytest.mark.parametrize("stated", ["2025-06-13T03:00:00Z", "2025-06-12T23:00:00"])
    def test_a_sidecar_tells_then_when_it_was_captured(self, nowhere, tmp_path, name, stated):
        """It counted without --feed alone, and data were called stale that were not."""
        path = put(tmp_path, page(), name)
        path.with_name(f"{name}.meta.json").write_text(json.dumps({"captured_at": stated}))
        (line,) = nowhere("examine", str(path), "--feed", "distrokid/streams", "--json").records
        assert line["partition"] == "2025-06-12"
        assert "now" not in (line["grounds"] or "")

    def test_feed_must_mean_one_feed(self, nowhere, tmp_path):
        outcome = nowhere("examine", str(put(tmp_path, page())), "--feed", "distrokid")
        assert (outcome.code, outcome.out) == (2, b"")
        assert "means 3 feeds" in outcome.err


class TestWrongFiles:
    """Missing or unreadable files: one sentence and exit code 2; the others are judged all the same."""

    @pytest.mark.parametrize(
        ("make", "says"),
        [
            (lambda _: None, "There is no file"),
            (lambda path: path.mkdir(), "is a folder: name the files in it"),
            (os.mkfifo, "is a pipe, socket or device"),
            (lambda path: path.symlink_to(path), "cannot be read"),
        ],
    )
    def test_it_is_one_sentence_and_the_others_are_judged(self, nowhere, tmp_path, make, says):
        make(tmp_path / "odd")
        good = put(tmp_path / "distrokid", page())
        outcome = nowhere("examine", str(tmp_path / "odd"), str(good), "--json")
        assert outcome.code == 2
        assert says in outcome.err
        assert outcome.err.count("\n") == 1
        assert [record["verdict"] for record in outcome.records] == ["promoted"]

    def test_a_file_that_may_not_be_read_is_named(self, nowhere, tmp_path, monkeypatch):
        path = put(tmp_path / "distrokid", page())
        opened = os.open

        def refuse(name, *rest, **more):
            if name == path.name:
                raise PermissionError(13, "Permission denied", name)
            return opened(name, *rest, **more)

        monkeypatch.setattr(os, "open", refuse)
        outcome = nowhere("examine", str(path))
        assert (outcome.code, outcome.out) == (2, b"")
        assert f"{path} cannot be read (permission denied)" in outcome.err

    def test_a_link_outside_landing_is_followed(self, nowhere, tmp_path):
        real = put(tmp_path / "elsewhere", page(), "download.bin")
        link = tmp_path / "distrokid" / os.path.basename(page().path)
        link.parent.mkdir()
        link.symlink_to(real)
        assert nowhere("examine", str(link)).code == 0
        shutil.rmtree(tmp_path / "elsewhere")
        assert nowhere("examine", str(link)).code == 2
