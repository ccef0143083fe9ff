"""SQL: a DuckDB connection with a view a feed over the columnar projection, and views over the ledger.

The connection is in memory and reads files; it never writes to the zone. DuckDB is the extra ``sql`` and loaded
only here, when someone asks.
"""

from __future__ import annotations

import os
import pkgutil
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rawzone_assets.access.columnar import bring_up_to_date, files_of
from rawzone_assets.access.opening import open_zone
from rawzone_assets.access.origin_columns import ORIGIN
from rawzone_assets.access.projected_tables import Kind, Table, tables
from rawzone_assets.contract.feed import Feed
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

if TYPE_CHECKING:
    import duckdb

PLATFORMS = "rawzone_assets.platforms:all_platforms"
"""Where the installed platforms are found when no feeds are given."""

LEDGER_VIEWS = ("raw_files", "raw_findings", "raw_ledger")

_SQL_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.JSON: "VARCHAR",
    Kind.COUNT: "BIGINT",
    Kind.AMOUNT: "DECIMAL(38, 22)",
    Kind.DAY: "DATE",
    Kind.MOMENT: "TIMESTAMPTZ",
    Kind.TRUTH: "BOOLEAN",
}


class SqlUnavailable(ZoneError):
    def __init__(self) -> None:
        super().__init__(
            "SQL needs the package 'duckdb', which is not installed: run 'pip install rawzone[sql]'."
        )


class NotAQuestion(ZoneError):
    def __init__(self, kind: str | None) -> None:
        problem = f"it may only read, and has a statement of the kind {kind}" if kind else "it is empty"
        super().__init__(
            f"The query cannot be answered: {problem}: write SELECT, FROM, WITH, SHOW, DESCRIBE or SUMMARIZE, "
            "and the values of a PIVOT with IN."
        )


def view_of(feed_id: str, table: str = "") -> str:
    """The name of a feed's view, or of the view of one of its tables: ``distrokid_streams__trendWeekly``."""
    name = feed_id.replace("/", "_")
    return f"{name}__{table}" if table else name


@contextmanager
def open_duckdb(
    settings: Settings | None = None,
    *,
    feeds: Iterable[Feed] | None = None,
    refresh: bool = True,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to query a zone with; by default the one that the environment names.

    ``refresh`` first projects what was promoted since, of all these feeds (by default of every installed one).

    Raises:
        SqlUnavailable: DuckDB is not installed.
        ZoneError: The zone cannot be read, or the projection cannot be written.
    """
    _duckdb()
    with open_zone(settings or Settings.from_environment(os.environ)) as zone:
        chosen = installed_feeds() if feeds is None else list(feeds)
        if refresh:
            for feed in chosen:
                for _ in bring_up_to_date(zone, feed):
                    pass
        connection = connect(zone, chosen)
    with closing(connection):
        yield connection


def connect(
    zone: Zone,
    feeds: Sequence[Feed],
    *,
    ledger_views: Collection[str] = LEDGER_VIEWS,
    is_confined: bool = False,
) -> duckdb.DuckDBPyConnection:
    """A connection with views over what is projected now, and over the ledger as it is now.

    ``is_confined`` keeps whatever runs on it from files other than those of the views, and from the network.

    Raises:
        SqlUnavailable: DuckDB is not installed.
        ZoneError: The ledger cannot be read.
    """
    connection: duckdb.DuckDBPyConnection = _duckdb().connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    folders = [zone.layout.columnar]
    for feed in feeds:
        for statement in _views(zone.layout.columnar, feed):
            connection.execute(statement)
    if ledger_views:
        from rawzone_assets.access.ledger_views import add_views  # noqa: PLC0415  Arrow is slow to load

        folders += add_views(connection, zone, ledger_views)
    if is_confined:
        # DuckDB asks both of the pattern and of the files that it finds by it.
        allowed = [form for folder in folders for form in (str(folder), escape(str(folder)))]
        listed = ", ".join(map(_quoted, allowed))
        connection.execute(f"SET allowed_directories = [{listed}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    return connection


def require_reading(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """See to it that a query only asks: where files may be read, DuckDB would write others beside them.

    Raises:
        NotAQuestion: It holds no statement, or one that may do more than read.
        duckdb.Error: It cannot be parsed.
    """
    kinds = [statement.type.name for statement in connection.extract_statements(query)]
    others = [kind for kind in kinds if kind != "SELECT"]
    if others or not kinds:
        raise NotAQuestion(others[0] if others else None)


def named_feeds(query: str, feeds: Iterable[Feed]) -> list[Feed]:
    """The feeds whose views a query may read: those whose names it holds."""
    words = set(re.findall(r"\w+", query.casefold()))
    return [
        feed for feed in feeds if words & {name.casefold() for name in (view_of(feed.id), *_table_views(feed))}
    ]


def named_ledger_views(query: str) -> list[str]:
    """The views of the ledger whose names stand in a query: only these are made for it. SHOW lists all."""
    words = set(re.findall(r"\w+", query.casefold()))
    return [name for name in LEDGER_VIEWS if name in words or "show" in words]


def installed_feeds() -> list[Feed]:
    """Every feed of the installed platforms."""
    platforms = pkgutil.resolve_name(PLATFORMS)()
    return [feed for platform in platforms for feed in platform.feeds]


def _duckdb() -> Any:
    try:
        import duckdb  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "duckdb":
            raise
        raise SqlUnavailable from None
    return duckdb


def _table_views(feed: Feed) -> list[str]:
    return [re.sub(r"\W", "_", view_of(feed.id, table.name)) for table in tables(feed)]


def _views(root: Path, feed: Feed) -> Iterator[str]:
    """A view for each table; then the feed's, of the tables whose rows its receipts count."""
    main: list[str] = []
    for table, view in zip(tables(feed), _table_views(feed), strict=True):
        yield f'CREATE VIEW "{view}" AS {_select(table, files_of(root, feed.id, table.name))}'
        if table.is_main:
            main.append(f'SELECT *, {_quoted(table.name)} AS _table FROM "{view}"')  # noqa: S608
    if main:
        yield f'CREATE VIEW "{view_of(feed.id)}" AS {" UNION ALL BY NAME ".join(main)}'


def _select(table: Table, files: Sequence[Path]) -> str:
    if files:
        listed = ", ".join(_quoted(escape(str(path))) for path in files)  # lake[1] would be read as lake1
        return f"SELECT * FROM read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"  # noqa: S608
    typed = [(column.name, _SQL_TYPES[column.kind]) for column in (*table.columns, *ORIGIN)]
    nothing = ", ".join(f"CAST(NULL AS {kind}) AS {_identifier(name)}" for name, kind in typed)
    return f"SELECT {nothing} WHERE false"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
