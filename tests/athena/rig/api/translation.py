"""Athena's statements that write files, as Trino wants them.

Decides where the files of CTAS and UNLOAD go and which properties mean what to Trino. Does not run
them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.athena.rig.api.reader import Reader
from tests.athena.rig.api.refusals import QueryFailedError
from tests.athena.rig.api.statements import Statement
from tests.athena.rig.configuration import CATALOG

_SAME_IN_TRINO = ("partitioned_by", "bucketed_by", "bucket_count")
_COMPRESSION = ("write_compression", "parquet_compression", "orc_compression", "compression")
_ICEBERG_ONLY = ("partitioning", "vacuum_min_snapshots_to_keep", "vacuum_max_snapshot_age_seconds")
_MEANT_FOR_ATHENA = ("table_type", "is_external", "compression_level", "has_encrypted_data")


@dataclass(frozen=True, slots=True)
class Write:
    """A statement that writes files."""

    sql: str
    """What Trino runs."""
    database: str
    table: str
    location: str
    """Where the files go: a prefix that ends with `/`."""
    session: dict[str, str] = field(default_factory=dict)
    """Trino's session properties for it."""


def create_table_as(
    statement: Statement, *, database: str, default_location: str, location_is_fixed: bool
) -> Write:
    """CTAS for Trino. Files go to `default_location` unless the statement names a place.

    Where the work group fixes the place, naming one is refused, as Athena does.
    """
    read = Reader(statement)
    read.expect("CREATE", "TABLE")
    may_exist = read.skip("IF", "NOT", "EXISTS")
    database, table = read.table_name(database)
    if read.skip("COMMENT"):
        read.string()
    properties = _properties(read) if read.skip("WITH") else {}
    read.expect("AS")
    start = read.next.start if read.next else len(statement.text)
    given = _unquoted(properties.pop("external_location", properties.pop("location", "")))
    if given and location_is_fixed:
        raise QueryFailedError(
            "INVALID_TABLE_PROPERTY: the work group enforces its output location, so CTAS may not"
            " set external_location"
        )
    location = (given or default_location).rstrip("/") + "/"
    settings, session = _trino_properties(properties)
    return Write(
        f"CREATE TABLE {'IF NOT EXISTS ' if may_exist else ''}"
        f'"{CATALOG}"."{database}"."{table}"'
        f" WITH (external_location = '{location}', {settings}) AS {statement.text[start:]}",
        database,
        table,
        location,
        session,
    )


def unload(statement: Statement, *, database: str, table: str) -> Write:
    """UNLOAD as a CTAS into `table`, whose entry is to be dropped afterwards."""
    read = Reader(statement)
    read.expect("UNLOAD")
    query = read.until_closing()
    read.expect("TO")
    location = read.string().rstrip("/") + "/"
    read.expect("WITH")
    settings, session = _trino_properties(_properties(read))
    if read.next is not None:
        raise read.unexpected("the end of UNLOAD")
    return Write(
        f'CREATE TABLE "{CATALOG}"."{database}"."{table}"'
        f" WITH (external_location = '{location}', {settings}) AS {query}",
        database,
        table,
        location,
        session,
    )


def insert_target(statement: Statement, *, database: str) -> tuple[str, str]:
    """Database and table that an INSERT writes to."""
    read = Reader(statement)
    read.expect("INSERT", "INTO")
    return read.table_name(database)


def _properties(read: Reader) -> dict[str, str]:
    """`(key = value, …)` with values as written."""

    def pair() -> tuple[str, str]:
        key = read.name()
        read.expect("=")
        first = read.take()
        last = first
        if first.is_word("ARRAY"):
            while last.text != "]":
                last = read.take()
        return key, read.source[first.start : last.end]

    return dict(read.listed(pair))


def _trino_properties(properties: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Table properties as SQL, and session properties, that mean the same to Trino."""
    if _unquoted(properties.get("table_type", "hive")).lower() == "iceberg":
        raise QueryFailedError("NOT_SUPPORTED: the rig has Hive tables only, not Iceberg")
    file_format = _unquoted(properties.get("format", "PARQUET")).upper()
    settings = {"format": f"'{file_format}'"}
    session: dict[str, str] = {}
    for key, value in properties.items():
        if key in _SAME_IN_TRINO:
            settings[key] = value
        elif key in _COMPRESSION:
            session[f"{CATALOG}.compression_codec"] = _unquoted(value).upper()
        elif key == "field_delimiter":
            settings["textfile_field_separator"] = value
        elif key in _ICEBERG_ONLY or key not in (*_MEANT_FOR_ATHENA, "format"):
            raise QueryFailedError(f"GENERIC_USER_ERROR: Unknown table property: {key}")
    return ", ".join(f"{key} = {value}" for key, value in settings.items()), session


def _unquoted(value: str) -> str:
    return value[1:-1].replace("''", "'") if value.startswith("'") else value
