"""What becomes of a sample when it is judged by itself."""

from __future__ import annotations

from rawzone_assets.contract import codes
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import Sample

EXPOSED = {codes.PERSONAL_DATA.code, codes.SECRET.code}  # about access, whatever else is found


def outcome(sample: Sample) -> tuple[str, set[str]]:
    found = recognize(sample.path, all_platforms())
    assert isinstance(found, Recognized), found
    assert found.feed.id == sample.feed
    judgement = judge(found.feed, BytesContent(sample.data), found.capture)
    found_codes = {finding.code for finding in judgement.findings}
    return "quarantined" if judgement.refused else "promoted", found_codes - EXPOSED
