"""Every sample meets exactly its verdict: samples prove the contract, and the contract proves the samples."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from rawzone_assets.contract import codes
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Judgement
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import Ignored, Recognized, Unrecognized, recognize
from rawzone_assets.platforms import all_feeds, all_platforms
from rawzone_assets.samples import Sample, cases, samples, write_landing

FEEDS = [feed.id for feed in all_feeds()]


def judged(sample: Sample) -> Judgement:
    found = recognize(sample.path, all_platforms())
    assert isinstance(found, Recognized)
    assert found.feed.id == sample.feed
    return judge(found.feed, BytesContent(sample.data), found.capture)


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: f"{sample.feed}: {sample.title}")
class TestEachSample:
    """A sample is judged as it says, with the findings it names."""

    def test_meets_its_verdict(self, sample: Sample):
        judgement = judged(sample)
        told = {finding.code for finding in judgement.findings}
        assert judgement.refused == (sample.verdict == "quarantined"), judgement.findings
        assert set(sample.codes) <= told

    def test_names_codes_that_fit_its_verdict(self, sample: Sample):
        known = [codes.find(code) for code in sample.codes]
        assert all(known)
        assert any(code and code.blocking for code in known) == (sample.verdict == "quarantined")

    def test_raises_no_other_refusal_than_it_names(self, sample: Sample):
        refusals = {finding.code for finding in judged(sample).findings if finding.blocking}
        assert refusals <= set(sample.codes)


@pytest.mark.parametrize("feed", FEEDS)
class TestEachFeed:
    """Each feed has good, odd and many bad samples."""

    def test_has_a_faithful_good_one_and_eight_bad_ones(self, feed: str):
        found = samples(feed)
        assert any(sample.verdict == "promoted" and not sample.codes for sample in found)
        assert sum(sample.verdict == "quarantined" for sample in found) >= 8

    def test_has_titles_and_paths_that_tell_them_apart(self, feed: str):
        found = samples(feed)
        assert len({sample.title for sample in found}) == len(found)
        assert len({sample.path for sample in found}) == len(found)

    def test_is_made_anew_from_its_seed(self, feed: str):
        day = date(2025, 6, 12)
        made = {case.build(day, seed=7, minute=0).data for case in cases() if case.feed == feed}
        assert made == {sample.data for sample in samples(feed, capture=day, seed=7)}
        assert samples(feed, seed=8)[0].path == samples(feed)[0].path


def kinds_of_deliveries() -> list[Sample]:
    """A good sample of every kind of name."""
    kinds: dict[tuple[str, str], Sample] = {}
    for sample in samples():
        if sample.verdict == "promoted":
            kinds.setdefault((sample.feed, re.sub(r"\d+", "", Path(sample.path).name)), sample)
    return list(kinds.values())


@pytest.mark.parametrize("place", kinds_of_deliveries(), ids=lambda sample: sample.path)
def test_no_platform_takes_the_delivery_of_another(place: Sample):
    platform = {feed.id: platform for platform in all_platforms() for feed in platform.feeds}
    others = [other for other in kinds_of_deliveries() if platform[other.feed] is not platform[place.feed]]
    assert len(others) > 20
    taken = [other.path for other in others if not judged(replace(place, data=other.data)).refused]
    assert taken == []


def test_pages_of_another_seed_are_other_bytes():
    assert samples("distrokid/streams", seed=8)[0].data != samples("distrokid/streams")[0].data


@pytest.mark.parametrize("day", [date(2024, 1, 2), date(2024, 2, 29), date(2025, 12, 31)])
def test_samples_hold_on_any_day(day: date):
    for sample in samples(capture=day):
        assert judged(sample).refused == (sample.verdict == "quarantined"), sample.title


def test_every_refusal_that_judging_can_make_has_a_sample():
    elsewhere = {
        "RZ-BEFORE-START", "RZ-CAPTURED-IN-FUTURE", "RZ-EXTRACTOR-LOG", "RZ-NO-DATE", "RZ-NOT-A-REGULAR-FILE",
        "RZ-SIDECAR-MISMATCH", "RZ-BORROWED-FILE",
        "RZ-UNKNOWN-NAME", "RZ-UNKNOWN-PLATFORM", "RZ-ERASED-BY-LAW",  # told by names and by zone
        "RZ-TOO-LARGE", "RZ-BEYOND-LIMITS",  # its samples would be large too
    }  # fmt: skip
    proven = {code for sample in samples() for code in sample.codes}
    assert {code.code for code in codes.catalogue() if code.blocking} - elsewhere <= proven


def test_pages_are_small_enough_to_be_parsed_often():
    assert max(len(sample.data) for sample in samples("distrokid/streams")) < 200_000


class TestLanding:
    """A landing tree holds what extractors leave there: deliveries, copies, litter, and every refusal."""

    def test_is_what_was_returned(self, tmp_path: Path):
        written = write_landing(tmp_path, days=9, until=date(2025, 6, 12))
        files = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.*")}
        assert {sample.path: sample.data for sample in written} == files
        assert len({sample.path for sample in written}) == len(written)

    def test_has_a_delivery_a_day_and_reports_each_week(self, tmp_path: Path):
        written = write_landing(tmp_path, days=14, until=date(2025, 6, 12), bad=False)
        arrivals = Counter(sample.feed for sample in written if sample.verdict == "promoted")
        daily_and_weekly = {
            "distrokid/streams": 14, "distrokid/sales": 2, "toolost/spotify": 14, "toolost/analytics": 14
        }  # fmt: skip
        assert daily_and_weekly.items() <= arrivals.items()

    @pytest.mark.parametrize("until", [date(2025, 6, 8), date(2025, 6, 9), date(2025, 6, 30)])
    def test_has_a_good_delivery_of_every_feed_however_few_its_days(self, tmp_path: Path, until: date):
        written = write_landing(tmp_path, days=1, until=until, bad=False)
        brought = {sample.feed for sample in written if sample.verdict == "promoted"}
        assert brought == {feed.id for feed in all_feeds()}

    def test_has_every_verdict_and_every_bad_sample(self, tmp_path: Path):
        written = write_landing(tmp_path, days=3, until=date(2025, 6, 12))
        verdicts = Counter(sample.verdict for sample in written)
        assert verdicts["quarantined"] == sum(sample.verdict == "quarantined" for sample in samples())
        assert verdicts["duplicate"] >= 1
        assert (verdicts["unrecognized"], verdicts["ignored"]) == (2, 1)

    def test_is_judged_as_it_says(self, tmp_path: Path):
        for sample in write_landing(tmp_path, days=3, until=date(2025, 1, 3)):
            found = recognize(sample.path, all_platforms())
            if sample.verdict == "unrecognized":
                assert isinstance(found, Unrecognized)
                assert found.finding.code in sample.codes
            elif sample.verdict == "ignored":
                assert isinstance(found, Ignored)
            else:
                judgement = judged(sample)
                assert judgement.refused == (sample.verdict == "quarantined"), sample
                assert set(sample.codes) <= {finding.code for finding in judgement.findings}

    def test_of_new_year_has_empty_answers_that_repeat(self, tmp_path: Path):
        written = write_landing(tmp_path, days=2, until=date(2025, 1, 2), bad=False)
        spotify = [sample for sample in written if sample.feed == "toolost/spotify"]
        assert [sample.verdict for sample in spotify] == ["promoted", "duplicate", "duplicate"]
        assert all(sample.codes == ("RZ-EMPTY-RESULT",) for sample in spotify)

    def test_never_lands_the_same_bytes_twice_but_for_duplicates(self, tmp_path: Path):
        written = write_landing(tmp_path, days=20, until=date(2025, 6, 12), bad=False)
        promoted = [sample.data for sample in written if sample.verdict == "promoted"]
        assert len(set(promoted)) == len(promoted)
