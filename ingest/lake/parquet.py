"""How rows become a Parquet file: the declared schema and nothing else, encodings, statistics.

Refuses rows that do not fit, naming column and row. Measured choices (encodings, compression,
sizes) are explained in docs/decisions/0012.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.errors import LakeError
from ingest.tables import Table

COMPRESSION_LEVEL = 1
"""ZSTD level; 3 costs a fifth more time for 6 % fewer bytes."""


def parquet_writer(
    sink: pa.NativeFile, table: Table, *, metadata: Mapping[bytes, bytes] | None = None
) -> pq.ParquetWriter:
    """A writer of this table's files, with the lake's encodings.

    No page index: Trino up to 435 reads wrong rows from files that have one.
    """
    leaves = _leaf_columns(table.schema)
    schema = table.schema
    if metadata is not None:
        schema = schema.with_metadata({**schema.metadata, **metadata})
    return pq.ParquetWriter(
        sink,
        schema,
        version="2.6",
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        # Probabilities hardly repeat; texts, ids and small counts do, and where they do not the
        # writer gives the dictionary up by itself.
        use_dictionary=[name for name, type_ in leaves if not pa.types.is_floating(type_)],
        # Only in the nested columns, which are drill-down for DuckDB and not in the catalogue:
        # not every Trino reads this encoding.
        column_encoding={
            name: "BYTE_STREAM_SPLIT"
            for name, type_ in leaves
            if pa.types.is_floating(type_) and "." in name
        },
        write_statistics=True,
        write_page_index=False,
    )


def parquet_bytes(
    table: Table, rows: pa.Table, *, metadata: Mapping[bytes, bytes] | None = None
) -> bytes:
    """A whole small Parquet file of this table, with `metadata` beside the schema's own."""
    check_rows(table, rows)
    sink = pa.BufferOutputStream()
    with parquet_writer(sink, table, metadata=metadata) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())


def schema_bytes(table: Table, later: Iterable[pa.Field] = ()) -> bytes:
    """A file of this table without rows, with columns besides that only a later registry knows."""
    besides = [field.with_nullable(True) for field in later]
    schema = pa.schema([*table.schema, *besides], metadata=table.schema.metadata)
    sink = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), sink, version="2.6", compression="zstd")
    return bytes(sink.getvalue())


def check_rows(table: Table, rows: pa.Table) -> None:
    """Refuse rows that are not of the declared schema, naming column and row.

    A number that is not finite is refused too: engines disagree about how it compares.
    """
    if not rows.schema.equals(table.schema):
        raise _misfit(table, _schema_difference(table.schema, rows.schema))
    for field, column in zip(rows.schema, rows.columns, strict=True):
        if not field.nullable and column.null_count:
            row = pc.index(column.is_null(), True).as_py()
            raise _misfit(table, f"{field.name} must not be null", _place(rows, row))
        if pa.types.is_floating(field.type):
            finite = pc.all(pc.is_finite(column), min_count=0).as_py()
            if finite is False:
                row = pc.index(pc.is_finite(column), False).as_py()
                raise _misfit(table, f"{field.name} is not a finite number", _place(rows, row))


def _place(rows: pa.Table, row: int) -> str:
    """The input row that a lake row came from, as far as the table says."""
    if {"source_file", "source_row"} <= set(rows.column_names):
        return f"{rows['source_file'][row]}, row {rows['source_row'][row]}"
    if "example_id" in rows.column_names:
        return f"example {rows['example_id'][row]}"
    return f"row {row} of the batch"


def _schema_difference(declared: pa.Schema, given: pa.Schema) -> str:
    for position, field in enumerate(declared):
        if position >= len(given.names):
            return f"column {field.name} is missing"
        other = given.field(position)
        if not other.equals(field):
            return f"column {position} is {other}, declared is {field}"
    return f"columns {given.names[len(declared.names) :]} are not declared"


def _misfit(table: Table, what: str, where: str | None = None) -> LakeError:
    place = table.name if where is None else f"{table.name}, {where}"
    return LakeError(
        f"rows do not fit the declared table ({what})",
        where=place,
        do="nothing was landed; report this together with the input row, it is a fault of Evallake",
    )


def _leaf_columns(schema: pa.Schema) -> list[tuple[str, pa.DataType]]:
    """Parquet's leaf columns with their dotted paths."""

    def leaves(path: str, type_: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
        if pa.types.is_list(type_):
            yield from leaves(f"{path}.list.element", type_.value_type)
        elif pa.types.is_struct(type_):
            for field in type_:
                yield from leaves(f"{path}.{field.name}", field.type)
        else:
            yield path, type_

    return [leaf for field in schema for leaf in leaves(field.name, field.type)]
