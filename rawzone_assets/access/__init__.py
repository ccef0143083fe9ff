"""Reading: which objects there are, and their exact bytes. Nothing here writes, and nothing knows Dagster."""

from rawzone_assets.access.catalog import Listed as Listed
from rawzone_assets.access.raw import RawReader as RawReader
from rawzone_assets.access.raw import open_raw as open_raw
