"""``rawzone ls``: find objects by feed, capture day, moment and revision."""


class TestListing:
    def test_every_accepted_name_is_listed_once_in_its_newest_revision(self, rawzone):
        accepted = rawzone("log", "--verdict", "promoted", "--json").records
        accepted += rawzone("log", "--verdict", "duplicate", "--json").records
        listed = rawzone("ls", "--json").records
        names = [(record["feed"], record["name"]) for record in listed]
        assert len(names) == len(set(names))
        assert set(names) == {(record["feed"], record["name"]) for record in accepted}

    def test_all_revisions_shows_the_first_beside_the_second(self, rawzone):
        newest = rawzone.record("ls", revision=2)
        versions = [
            r for r in rawzone("ls", "--all-revisions", "--json").records if r["name"] == newest["name"]
        ]
        assert [version["revision"] for version in versions] == [1, 2]
        assert newest["revises"] == versions[0]["key"]

    def test_a_duplicate_is_listed_under_its_own_day_with_the_object_that_holds_its_bytes(self, rawzone):
        duplicate = rawzone.record("ls", verdict="duplicate")
        stored = rawzone.record("ls", key=duplicate["key"], verdict="promoted")
        assert duplicate["name"] != stored["name"]
        assert duplicate["stored_sha256"] == stored["stored_sha256"] is not None
        text = rawzone("ls", "--since", duplicate["partition"]).text
        assert f"{duplicate['key']}  (landed as {duplicate['name']})" in text

    def test_since_and_until_include_both_days(self, rawzone):
        days = {record["partition"] for record in rawzone("ls", "--json").records}
        assert len(days) >= 2
        for day in days:
            found = rawzone("ls", "--since", day, "--until", day, "--json").records
            assert {record["partition"] for record in found} == {day}

    def test_the_range_of_the_data_is_asked_for_apart_from_the_capture_day(self, rawzone):
        everything = rawzone("ls", "--json").records
        days = sorted({record["data_min"] for record in everything if record["data_min"]})
        since, until = days[1], days[-2]
        found = rawzone("ls", "--data-since", since, "--data-until", until, "--json").records
        assert found == [
            record
            for record in everything
            if record["data_min"] and record["data_max"] >= since and record["data_min"] <= until
        ]
        assert 0 < len(found) < len(everything)
        outcome = rawzone("ls", "--data-since", "2025-06-02", "--data-until", "2025-06-01")
        assert outcome.code == 2
        assert "--data-since 2025-06-02 is after" in outcome.err

    def test_a_moment_that_is_none_is_one_sentence(self, rawzone):
        for moment in ("soon", "9999"):
            outcome = rawzone("ls", "--as-of", moment)
            assert (outcome.code, outcome.out) == (2, b"")
            assert "write a commit's number" in outcome.err

    def test_a_platform_means_all_its_feeds(self, rawzone):
        feeds = {record["feed"] for record in rawzone("ls", "distrokid", "--json").records}
        assert feeds == {"distrokid/streams", "distrokid/apple_music", "distrokid/sales"}

    def test_as_of_a_commit_shows_what_was_readable_then(self, rawzone):
        revision = rawzone.record("ls", revision=2)
        before = rawzone("ls", "--as-of", str(revision["seq"] - 1), "--json").records
        assert next(r for r in before if r["name"] == revision["name"])["revision"] == 1
        assert (
            rawzone("ls", "--as-of", str(revision["seq"]), "--json").records == rawzone("ls", "--json").records
        )

    def test_as_of_a_time_is_the_last_commit_made_by_then(self, rawzone):
        revision = rawzone.record("log", revision=2)
        exactly = rawzone("ls", "--as-of", revision["at"], "--json").records
        assert any(record["revision"] == 2 for record in exactly)
        assert rawzone("ls", "--as-of", "2020-01-01", "--json").records == []

    def test_an_empty_answer_says_so_on_standard_error(self, rawzone):
        outcome = rawzone("ls", "--since", "2099-01-01")
        assert (outcome.code, outcome.out) == (0, b"")
        assert "No objects match" in outcome.err


def test_a_day_is_written_in_one_way_only(rawzone):
    """Python reads others too, and days are compared as they are written."""
    assert [rawzone("ls", "--since", day).code for day in ("20250609", "2025-W24-1")] == [2, 2]
