"""What a lake table is: columns with a type, a unit and a meaning, and the file schema they make.

Which tables there are is declared in `ingest.tables`. Nothing here touches a disk or reads a row.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

STRING = pa.string()
LONG = pa.int64()
INT = pa.int32()
DOUBLE = pa.float64()
BOOL = pa.bool_()
TIMESTAMP = pa.timestamp("ms")  # UTC; milliseconds, as Athena's Hive tables keep them
ALTERNATIVES = pa.list_(pa.struct([pa.field("token", STRING), pa.field("logprob", pa.float64())]))

PARTITION_KEYS = ("job_id", "load_id")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, type, and a sentence that says unit, range and what null means."""

    name: str
    type: pa.DataType
    description: str
    nullable: bool = True

    @property
    def is_nested(self) -> bool:
        """Nested columns stay in the Parquet files and are left out of Glue."""
        return bool(pa.types.is_nested(self.type))


@dataclass(frozen=True, slots=True)
class Table:
    """One lake table."""

    name: str
    grain: tuple[str, ...]
    """Columns that identify a row among the current loads."""
    description: str
    columns: tuple[Column, ...]
    """The columns in the file; of a large table, without the partition keys."""
    is_large: bool = field(default=True)
    """Large tables are partitioned by job and load; small ones are a file per load."""

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of every file of this table."""
        return pa.schema(
            [pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns],
            metadata={b"evallake.table": self.name.encode(), b"evallake.registry": b"1"},
        )

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name!r}")
