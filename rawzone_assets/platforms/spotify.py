"""Spotify for Artists: exports of audience and songs, and lists that the page's own answers hold."""

from __future__ import annotations

from datetime import timedelta

from rawzone_assets.contract import codes
from rawzone_assets.contract.acquaintance import Named
from rawzone_assets.contract.feed import Cadence, Feed, Platform, Variant
from rawzone_assets.contract.findings import Role
from rawzone_assets.contract.json_documents import JsonFormat, Status, Wrapper
from rawzone_assets.contract.proportions import column_within, members_within
from rawzone_assets.contract.record_rules import no_value_twice, some_above_zero
from rawzone_assets.contract.record_texts import ends_with
from rawzone_assets.contract.restatement import Figures
from rawzone_assets.contract.rules import is_no_other, not_empty
from rawzone_assets.contract.table_rows import CSV
from rawzone_assets.contract.table_wholes import not_all_zero, owner_in_name
from rawzone_assets.contract.tables import TableFormat
from rawzone_assets.contract.yearless import Daily

# By which other platforms' answers are told, as nothing is known of what metrics do have: Too Lost's, also as
# its extractor wraps them, YouTube's, Meta's, Linktree's and TikTok's.
_OF_OTHERS = (
    *("/totalStreams", "/totalShazam", "/tracksTotal", "/countryTotal", "/streamTotal", "/discovery"),
    *("/data/totalStreams", "/data/discovery", "/columnHeaders", "/paging/cursors", "/data/0/campaign_id"),
    *("/data/getAccountAnalytics", "/data/currentUser", "/data/list/0/hashtag_id"),
)

# An artist's id in BEDROT's names; the artist's or song's own name in those that the site gives its exports.
_ARTIST = owner_in_name(r"_[A-Za-z0-9]{22}_|.-(?:timeline|songs-[^-]+)(?:_\d{8}|\.csv$)")

_FIGURES = (
    _ARTIST,
    not_all_zero("streams"),
    not_all_zero("listeners"),
    column_within("listeners", "streams"),
)

_SPOTIFY = Feed(
    id="social_media/spotify",
    title="Spotify for Artists",
    description="""\
Listeners, streams and followers by day (`audience`), and totals by song (`songs`), exported or saved by
BEDROT's extractor.

**Covers** 28 days to the whole history (`audience`); the window named in the file's name (`songs`, which hold
no date at all). The artist is **not in the files**, only in their names: a name without an artist id warns.
The site's own names (`<Artist>-audience-timeline.csv`) tell no capture time: a stamped folder, a sidecar or a
stamp before the extension must.

**Legitimate**: two, four or nine columns in any order (`date,streams` is the timeline of one track); zeros
before the first release; falling followers; listeners and saves of 0 for every song, which the all-time
filter gives; numbers as digits in strings; songs directly or inside `data`.

**Warns**: nothing but zeros (`RZ-ALL-ZERO`); ten or more songs that stand again in the same order, as in a
list written twice (`RZ-REPEATED-ROWS`); more listeners than streams in every row (`RZ-PART-ABOVE-WHOLE`); a
`trackUri` of another song than its record's `id` (`RZ-VALUE-UNUSUAL`); songs of which no recent
delivery had any (`RZ-ALL-STRANGERS`).

**Blocks**: dates rewritten by a spreadsheet (`1/1/2023`), a day twice or after the capture, missing columns,
counts that are no whole numbers from 0 on, a song's id twice, web pages and error answers under a data file's
name.

**Unproven**: `artist_metrics`, a name of the specification that no export has: any object with something in it
that is neither an error nor another platform's answer.
""",
    names=(
        "spotify_audience_<any>_<ts>.csv",
        "spotify_audience_<ts>.csv",
        "<any>-audience-timeline_<ts>.csv",
        "<any>-timeline_<ts>.csv",
    ),
    format=TableFormat(
        kind="csv",
        dialect=CSV,
        daily=Daily(column="date"),
        figures=Figures(of=("listeners", "streams", "followers")),
        whole_rules=_FIGURES,
    ),
    schema="social_media/spotify.v1.json",
    variants=(
        Variant(
            names=("spotify_songs_<any>_<ts>.csv", "spotify_songs_<ts>.csv", "<any>-songs-<any>_<ts>.csv"),
            format=TableFormat(
                kind="csv",
                dialect=CSV,
                named=Named(by="song", what="song"),
                may_repeat=True,  # songs share titles, and nothing else identifies them
                whole_rules=_FIGURES,
            ),
            schema="social_media/spotify_songs.v1.json",
        ),
        Variant(
            names=("spotify_songs_<any>_<ts>.json", "spotify_songs_<ts>.json"),
            format=JsonFormat(
                own="songs",
                wrapper=Wrapper(),
                platform_names=("spotify",),
                records="/songs",
                named=Named(by="id", what="song"),
                rules=(
                    not_empty("/songs"),
                    no_value_twice("/songs", "id"),
                    some_above_zero("/songs", "numStreams"),
                    some_above_zero("/songs", "numListeners"),
                    members_within("/songs", ("numListeners", "numStreams")),
                    ends_with("/songs", "trackUri", "id"),
                ),
            ),
            schema="social_media/spotify_songs_list.v1.json",
        ),
        Variant(
            names=("artist_metrics_<ts>.json",),
            format=JsonFormat(
                statuses=(Status(path="/success", good=(True,)),),
                rules=(is_no_other(*_OF_OTHERS, code=codes.WRONG_PLATFORM),),
            ),
            schema="social_media/spotify_metrics.v1.json",
        ),
    ),
    version=1,
    rules_version=1,
    checks={
        Role.STRUCTURE: "schema_compliance",
        Role.COMPLETENESS: "completeness",
        Role.TYPES: "schema_compliance",
        Role.TIME: "date_consistency",
        Role.IDENTITY: "platform_consistency",
    },
    cadence=Cadence(every=timedelta(days=7), lag_days=1, stale_after_days=7),
    by_month=False,
    max_size=8 * 2**20,
)

PLATFORM = Platform(
    id="social_media/spotify",
    title="Spotify for Artists",
    source_system="artists.spotify.com",
    timezone="America/Los_Angeles",
    feeds=(_SPOTIFY,),
    folders=("spotify",),
)
