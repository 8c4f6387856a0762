"""The file without rows that every table has: it says which columns there are, also in an old lake.

Rows of any version of the registry are read beside it, so a column that came later is null in the
older ones and a table that came later is empty. A file that a later version wrote says more than
this registry knows; that is kept.
"""

from __future__ import annotations

from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.lake.layout import schema_key
from ingest.lake.parquet import schema_bytes
from ingest.lake.store import Store
from ingest.parallel import each
from ingest.tables import TABLES, Table


def write_schema_files(store: Store) -> tuple[str, ...]:
    """Give every table its schema file where it is missing, damaged or lacks a column.

    Names of the tables whose file was written. Raises StoreError where the store refuses.
    """

    def write(table: Table) -> str | None:
        key = schema_key(table)
        content = _outdated(table, store.read(key) if store.exists(key) else None)
        if content is None:
            return None
        store.replace(key, content)
        return table.name

    written = each(write, TABLES.values(), at_once=store.at_once)
    return tuple(name for name in written if name is not None)


def outdated_schema_files(store: Store) -> tuple[str, ...]:
    """Names of the tables whose schema file `write_schema_files` would write; writes nothing."""

    def look(table: Table) -> bool:
        key = schema_key(table)
        return _outdated(table, store.read(key) if store.exists(key) else None) is not None

    outdated = each(look, TABLES.values(), at_once=store.at_once)
    return tuple(name for name, is_old in zip(TABLES, outdated, strict=True) if is_old)


def _outdated(table: Table, content: bytes | None) -> bytes | None:
    """What to write instead of a schema file; None where it says all that this registry says."""
    present = _columns(content)
    declared = table.schema
    if present is not None and all(
        field.name in present.names and present.field(field.name).type == field.type
        for field in declared
    ):
        return None
    later = [] if present is None else [f for f in present if f.name not in declared.names]
    return schema_bytes(table, later)


def _columns(content: bytes | None) -> pa.Schema | None:
    """The columns of a schema file; None where there is none that can be read."""
    if content is None:
        return None
    try:
        return pq.read_schema(BytesIO(content))
    except pa.ArrowException:
        return None
