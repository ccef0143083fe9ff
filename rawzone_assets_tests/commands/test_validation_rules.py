"""``docs/validation_rules.md`` says what the code does: every feed, check and code, and nothing else."""

import pytest
from click.testing import CliRunner

from rawzone_assets.commands import validation_rules
from rawzone_assets.commands.validation_rules import codes_under, written_rules
from rawzone_assets.contract import codes
from rawzone_assets.platforms import all_feeds, all_platforms
from rawzone_assets.samples import samples

TEXT = written_rules(all_platforms())
FEEDS = pytest.mark.parametrize("feed", all_feeds(), ids=lambda feed: feed.id)


def test_the_file_is_what_the_code_says():
    assert validation_rules.DOCUMENT.read_text() == TEXT, (
        "run python -m rawzone_assets.commands.validation_rules"
    )


def test_the_same_code_gives_the_same_text():
    assert written_rules(all_platforms()) == TEXT


def test_every_code_of_the_catalogue_is_explained():
    for code in codes.catalogue():
        assert f"### {code.code}\n" in TEXT
        for said in (code.title, code.explanation, code.remedy, code.source):
            assert said in TEXT


@FEEDS
class TestEachFeed:
    """A feed's part names what its author and its reader need, and each code under the check it fails."""

    def test_names_title_names_schemas_and_owners(self, feed):
        for said in (f"## {feed.id}\n", feed.title, *feed.all_names, feed.schema, *feed.owners):
            assert said in TEXT
        for variant in feed.variants:
            assert variant.schema in TEXT

    def test_has_a_part_for_each_check(self, feed):
        assert tuple(codes_under(feed)) == feed.check_names
        for check in feed.check_names:
            assert f"### {feed.id}: {check}\n" in TEXT

    def test_lists_every_code_that_a_sample_raises(self, feed):
        listed = {code.code for under in codes_under(feed).values() for code in under}
        raised = {code for sample in samples(feed.id) for code in sample.codes}
        assert raised <= listed

    def test_lists_a_code_under_one_check_only(self, feed):
        listed = [code.code for under in codes_under(feed).values() for code in under]
        assert len(listed) == len(set(listed))


class TestCheck:
    """``--check`` is for CI: it writes nothing and fails while the file is not current."""

    def test_a_current_file_passes(self):
        assert CliRunner().invoke(validation_rules.command, ["--check"]).exit_code == 0

    @pytest.mark.parametrize("text", [None, "old"])
    def test_a_missing_or_old_file_fails_and_says_what_to_run(self, tmp_path, monkeypatch, text):
        document = tmp_path / "validation_rules.md"
        if text:
            document.write_text(text)
        monkeypatch.setattr(validation_rules, "DOCUMENT", document)
        result = CliRunner().invoke(validation_rules.command, ["--check"])
        assert result.exit_code == 1
        assert "python -m rawzone_assets.commands.validation_rules" in result.output
        assert (document.read_text() if text else None) == text

    def test_without_it_the_file_is_written(self, tmp_path, monkeypatch):
        monkeypatch.setattr(validation_rules, "DOCUMENT", tmp_path / "validation_rules.md")
        assert CliRunner().invoke(validation_rules.command, []).exit_code == 0
        assert CliRunner().invoke(validation_rules.command, ["--check"]).exit_code == 0
