"""'Failure forms to detect, all platforms': each form of each feed refuses them, with check and place."""

from __future__ import annotations

import pytest

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.findings import Finding, Role
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.contract.stored_names import as_delivered
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import Sample, samples

PLATFORMS = ("metaads/", "tiktok/", "social_media/linktree", "social_media/youtube")


def recognized(sample: Sample) -> Recognized:
    found = recognize(sample.path, all_platforms())
    assert isinstance(found, Recognized)
    return found


def good_forms() -> dict[str, Sample]:
    """A good sample of each form, by its schema and kind."""
    found: dict[str, Sample] = {}
    for sample in samples():
        if sample.feed.startswith(PLATFORMS) and sample.verdict == "promoted" and not sample.codes:
            delivered = recognized(sample)
            form = as_delivered(delivered.feed, delivered.capture.name)
            found.setdefault(f"{form.schema} as {form.format.kind}", sample)
    return found


FORMS = good_forms()


def cut(sample: Sample) -> bytes:
    """Where a download breaks off: in a row, in a document, before an archive's directory."""
    kind = recognized(sample).capture.name.rpartition(".")[2]
    ends = {"csv": sample.data.rfind(b","), "json": len(sample.data) * 2 // 3, "zip": len(sample.data) - 30}
    return sample.data[: ends[kind]]


def refusals(sample: Sample, data: bytes) -> list[Finding]:
    found = recognized(sample)
    return [f for f in judge(found.feed, BytesContent(data), found.capture).findings if f.blocking]


@pytest.mark.parametrize("form", FORMS)
class TestEachForm:
    def test_has_a_good_sample_without_objection(self, form):
        assert refusals(FORMS[form], FORMS[form].data) == []

    def test_refuses_a_web_page_at_the_byte_where_it_begins(self, form):
        (finding,) = refusals(FORMS[form], b"\r\n\n <!DOCTYPE html><title>Log in</title>")
        assert (finding.code, finding.check) == ("RZ-HTML-INSTEAD", structure(FORMS[form]))
        assert (finding.where.line, finding.where.offset) == (3, 4)

    def test_refuses_a_half_written_file_and_says_where_it_ends(self, form):
        (finding,) = refusals(FORMS[form], cut(FORMS[form]))
        assert (finding.code, finding.check) == ("RZ-TRUNCATED", structure(FORMS[form]))
        assert finding.where is not None

    def test_refuses_an_error_answer(self, form):
        answer = b'{"error": {"code": 190, "message": "J. Doe has been signed out"}}'
        (finding,) = refusals(FORMS[form], answer)
        assert finding.check == structure(FORMS[form])
        assert finding.where is not None
        assert "Doe" not in finding.message

    def test_refuses_a_file_without_bytes(self, form):
        (finding,) = refusals(FORMS[form], b"")
        assert (finding.code, finding.check) == ("RZ-EMPTY-FILE", structure(FORMS[form]))


def structure(sample: Sample) -> str:
    return recognized(sample).feed.checks[Role.STRUCTURE]


def test_every_form_of_these_feeds_has_a_good_sample():
    feeds = [feed for p in all_platforms() for feed in p.feeds if feed.id.startswith(PLATFORMS)]
    wanted = {schema for feed in feeds for schema in feed.schemas}
    assert {form.partition(" ")[0] for form in FORMS} == wanted
