"""What the lake's tables are in Glue's words, and how a registered table differs from that. Pure.

Nested columns are left out: BI tools cannot use them, and they stay readable from the files.
Engines find Parquet columns by name (Athena and Trino alike), so the order of registered columns
is free; new ones go to the end, where an engine that counts columns would look for them too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ingest.tables import PARTITION_KEYS, Table

MARK = "evallake.table"
"""Table parameter by which a table is known to be a lake's own; its value is the table's name."""

_TYPES = {
    pa.string(): "string",
    pa.int64(): "bigint",
    pa.int32(): "int",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.timestamp("ms"): "timestamp",
}
_KEY_COMMENTS = {
    "job_id": "The job; partition key.",
    "load_id": "The ingest that wrote the row; partition key. Join current_loads for visible rows.",
}
_LONGEST_COMMENT = 255
"""Bytes that Glue keeps of a column's comment."""
_LONGEST_DESCRIPTION = 2048

Registered = Mapping[str, Any]
"""A table, partition or column as Glue gives it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a registered table is not the declared one."""

    column: str
    declared: str | None
    """Glue's name of the type; null where the lake has no such column."""
    registered: str | None
    """The same of what is registered; null where it is not."""
    is_partition_key: bool

    @property
    def is_addition(self) -> bool:
        """Whether adding the column to the registered table mends it."""
        return self.registered is None and not self.is_partition_key

    def __str__(self) -> str:
        kind = "partition key" if self.is_partition_key else "column"
        return (
            f"{kind} {self.column}: declared {self.declared or 'not at all'}, "
            f"registered {self.registered or 'not at all'}"
        )


def glue_type(type_: pa.DataType) -> str:
    """Glue's (Hive's) name of a column's type; KeyError for one that no lake table may have."""
    return _TYPES[type_]


def glue_columns(table: Table) -> list[dict[str, str]]:
    """The table's columns for Glue, nested ones left out."""
    return [
        {
            "Name": column.name,
            "Type": glue_type(column.type),
            "Comment": shortened(column.description, _LONGEST_COMMENT),
        }
        for column in table.columns
        if not column.is_nested
    ]


def types_only(table: Registered) -> list[dict[str, str]]:
    """The columns of a table for its partitions: without comments, nobody looks for them there."""
    columns = table["StorageDescriptor"]["Columns"]
    return [{"Name": column["Name"], "Type": column["Type"]} for column in columns]


def table_location(table: Table, root: str) -> str:
    """Where the table's files are; `root` as of a store, without a slash at its end."""
    return f"{root}/{table.name}/"


def partition_location(table: Table, root: str, *, job_id: str, load_id: str) -> str:
    """Where a load's files of a large table are."""
    return f"{root}/{table.name}/job_id={job_id}/load_id={load_id}/"


def table_input(table: Table, root: str, *, columns: list[dict[str, str]]) -> dict[str, Any]:
    """Glue's TableInput of a lake table with these columns."""
    keys = [
        {"Name": key, "Type": "string", "Comment": _KEY_COMMENTS[key]}
        for key in (PARTITION_KEYS if table.is_large else ())
    ]
    return {
        "Name": table.name,
        "Description": shortened(table.description, _LONGEST_DESCRIPTION),
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": keys,
        "StorageDescriptor": storage(table_location(table, root), columns),
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": "parquet",
            "compressionType": "zstd",
            "parquet.compression": "ZSTD",
            "typeOfData": "file",
            MARK: table.name,
        },
    }


def partition_input(
    table: Table, root: str, *, job_id: str, load_id: str, columns: list[dict[str, str]]
) -> dict[str, Any]:
    """Glue's PartitionInput of one load of a large table."""
    location = partition_location(table, root, job_id=job_id, load_id=load_id)
    return {
        "Values": [job_id, load_id],
        "StorageDescriptor": storage(location, columns),
        "Parameters": {"classification": "parquet"},
    }


def storage(location: str, columns: list[dict[str, str]]) -> dict[str, Any]:
    """A StorageDescriptor of Parquet files; Trino reads no table whose formats are not named."""
    return {
        "Columns": columns,
        "Location": location,
        "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "Compressed": False,  # says that of the whole file; Parquet compresses inside
        "SerdeInfo": {
            "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"},
        },
        "StoredAsSubDirectories": False,
    }


def is_own(table: Table, root: str, registered: Registered) -> bool:
    """Whether a registered table is this lake's, by its mark and the place of its files."""
    location = registered.get("StorageDescriptor", {}).get("Location", "")
    mark = registered.get("Parameters", {}).get(MARK)
    return bool(mark == table.name and same_place(location, table_location(table, root)))


def same_place(one: str, other: str) -> bool:
    """Whether two locations are one; Glue's clients differ about a slash at the end."""
    return one.rstrip("/") == other.rstrip("/")


def differences(table: Table, registered: Registered) -> tuple[Difference, ...]:
    """What the registered columns and partition keys lack, have besides, or have otherwise."""
    columns = {column["Name"]: column["Type"] for column in glue_columns(table)}
    keys = dict.fromkeys(PARTITION_KEYS if table.is_large else (), "string")
    return tuple(
        Difference(name, declared.get(name), given.get(name), is_key)
        for is_key, declared, given in (
            (False, columns, _types(registered.get("StorageDescriptor", {}).get("Columns", []))),
            (True, keys, _types(registered.get("PartitionKeys", []))),
        )
        for name in dict.fromkeys((*declared, *given))
        if declared.get(name) != given.get(name)
    )


def merged_columns(table: Table, registered: Registered) -> list[dict[str, str]]:
    """The declared columns with their comments, in the registered order, new ones at the end."""
    given = registered.get("StorageDescriptor", {}).get("Columns", [])
    place = {column["Name"]: index for index, column in enumerate(given)}
    return sorted(glue_columns(table), key=lambda column: place.get(column["Name"], len(place)))


def is_current(wanted: Mapping[str, Any], registered: Registered) -> bool:
    """Whether a registered table or partition says all that `wanted` says, comments included.

    Glue adds words of its own and leaves out empty ones; only what `wanted` names is compared.
    """
    return all(_says(value, registered.get(name)) for name, value in wanted.items())


def shortened(text: str, limit: int) -> str:
    """`text` in at most `limit` bytes of UTF-8: whole sentences if possible, else cut with an ….

    >>> shortened("One. Two words.", 10)
    'One.'
    >>> shortened("Sentences are long", 10)
    'Sentenc…'
    """
    if len(text.encode()) <= limit:
        return text
    head = text.encode()[:limit].decode(errors="ignore")
    stop = head.rfind(". ")
    if stop > 0:
        return head[: stop + 1]
    return text.encode()[: limit - len("…".encode())].decode(errors="ignore") + "…"


def _types(columns: list[Mapping[str, str]]) -> dict[str, str]:
    return {column["Name"]: column.get("Type", "") for column in columns}


def _says(wanted: Any, given: Any) -> bool:
    if isinstance(wanted, Mapping):
        return is_current(wanted, given or {})
    if isinstance(wanted, list):
        given = given or []
        return len(wanted) == len(given) and all(map(_says, wanted, given))
    if isinstance(wanted, str) and "://" in wanted:
        return same_place(wanted, str(given))
    return bool(wanted == given or (not wanted and not given))
