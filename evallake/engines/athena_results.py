"""What Athena wrote as an answer -> an Arrow table with the types of the query.

Athena writes the rows of a query as CSV in which every value is quoted and a null is not, so that
an empty text and a missing one stay apart; answers to `show` and the like are plain lines.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

Column = dict[str, Any]
"""A column of the answer as Athena's API describes it: Name, Type, Precision, Scale."""

_TYPES = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "real": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("ms"),
}
"""Every other type is text here, as Athena spells it: arrays, maps, rows, times with a zone."""


def arrow_type(column: Column) -> pa.DataType:
    """The Arrow type of a column of the answer."""
    if column["Type"] == "decimal":
        return pa.decimal128(column["Precision"], column["Scale"])
    return _TYPES.get(column["Type"], pa.string())


def rows_of_csv(data: bytes, columns: Sequence[Column]) -> pa.Table:
    """The table in Athena's CSV `data`, a header and the rows of a query."""
    places = [f"c{number}" for number in range(len(columns))]  # names may repeat
    types = {place: arrow_type(column) for place, column in zip(places, columns, strict=True)}
    table = pa_csv.read_csv(
        io.BytesIO(data),
        read_options=pa_csv.ReadOptions(column_names=places, skip_rows=1, use_threads=False),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["true"],
            false_values=["false"],
        ),
    )
    return table.rename_columns([column["Name"] for column in columns])


def lines_as_table(lines: Sequence[str | None], columns: Sequence[Column]) -> pa.Table:
    """The table in the lines that `show`, `describe` and `explain` give, fields between tabs."""
    names = [column["Name"] for column in columns] or ["result"]
    fields = [(line or "").split("\t", len(names) - 1) for line in lines]
    values = [
        [row[number].strip() if number < len(row) else None for row in fields]
        for number in range(len(names))
    ]
    return pa.Table.from_arrays([pa.array(column, pa.string()) for column in values], names=names)
