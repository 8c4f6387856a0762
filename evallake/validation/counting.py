"""Expectations about a table as a whole, counted by DuckDB over the files of a load.

Uniqueness, row counts, and rows found by a query that joins tables of the load. Great
Expectations would need them in one frame in memory, and cannot reach DuckDB by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from evallake.validation.declared import (
    ROW_COUNT,
    UNEXPECTED_ROWS,
    UNIQUE,
    UNIQUE_TOGETHER,
    Expectation,
)
from evallake.validation.order import rows_in_order
from evallake.validation.outcomes import EXAMPLES_KEPT, Outcome, shortened
from ingest.tables import TABLES

COUNTED = (UNIQUE, UNIQUE_TOGETHER, ROW_COUNT, UNEXPECTED_ROWS)
_STREAMED_ROWS = 1 << 18
_SQL = {
    pa.string(): "varchar",
    pa.int64(): "bigint",
    pa.int32(): "integer",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.timestamp("ms"): "timestamp",
}
"""Flat types in DuckDB's words; nested columns are counted by nobody."""


class Counts:
    """The tables of one load as DuckDB sees them; use as a context manager."""

    def __init__(
        self,
        files: Mapping[str, Sequence[Path]],
        *,
        parameters: Mapping[str, int],
        scratch: Path,
        memory_limit: str = "768MB",
    ) -> None:
        """
        Args:
            files: Parquet files by lake table; a table without files has no rows.
            parameters: what `{"$PARAMETER": name}` stands for: counts of the row accounting.
            scratch: a folder for what does not fit into memory.
            memory_limit: as DuckDB writes it.
        """
        self._parameters = parameters
        self._connection = duckdb.connect()
        self._connection.execute(f"set memory_limit = '{memory_limit}'")
        self._connection.execute("set preserve_insertion_order = false")
        self._connection.execute(
            "set temp_directory = '{}'".format(str(scratch).replace("'", "''"))
        )
        for name, table in TABLES.items():
            paths = [str(path) for path in files.get(name, ())]
            if paths:
                rows = self._connection.read_parquet(paths, union_by_name=True)
                lacking = [c for c in table.columns if c.name not in rows.columns]
                nulls = [
                    f"cast(null as {_SQL[c.type]}) as {c.name}" for c in lacking if c.type in _SQL
                ]
                if nulls:  # written by an earlier version: readers see null in every row
                    rows = rows.project(", ".join(["*", *nulls]))
            else:
                rows = self._connection.from_arrow(table.schema.empty_table())
            rows.create_view(name)

    def __enter__(self) -> Counts:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def evaluate(self, table: str, expectation: Expectation) -> Outcome:
        """One expectation of one of COUNTED's types."""
        if expectation.type in (UNIQUE, UNIQUE_TOGETHER):
            return self._unique(table, expectation)
        if expectation.type == ROW_COUNT:
            return self._row_count(table, expectation)
        return self._unexpected_rows(table, expectation)

    def _unique(self, table: str, expectation: Expectation) -> Outcome:
        columns = ", ".join(expectation.columns)
        rows = self._rows_in_order(table, expectation.columns)
        if rows is not None:
            return Outcome(table=table, expectation=expectation, rows=rows, unexpected=0)
        # Hashes first: an eighth of the memory. Equal hashes of different rows are as rare as
        # one in a hundred thousand loads of twenty million rows, and then looked at again.
        rows, distinct = self._numbers(
            f"select count(*), count(distinct hash({columns})) from {table}"
        )
        if rows == distinct:
            return Outcome(table=table, expectation=expectation, rows=rows, unexpected=0)
        repeated = f"select {columns} from {table} group by {columns} having count(*) > 1"
        (unexpected,) = self._numbers(
            f"select coalesce(sum(n), 0) from (select count(*) as n from {table} "
            f"group by {columns} having count(*) > 1)"
        )
        return Outcome(
            table=table,
            expectation=expectation,
            rows=rows,
            unexpected=unexpected,
            examples=self._examples(repeated),
        )

    def _rows_in_order(self, table: str, columns: Sequence[str]) -> int | None:
        """How many rows there are, where their order alone shows that no two are alike."""
        *leading, last = columns
        if not leading or not pa.types.is_integer(TABLES[table].schema.field(last).type):
            return None
        self._connection.execute("set preserve_insertion_order = true")
        try:
            reader = self._connection.sql(
                f"select hash({', '.join(leading)}) as run, {last} as place from {table}"
            ).to_arrow_reader(_STREAMED_ROWS)
            return rows_in_order((batch["run"], batch["place"]) for batch in reader)
        finally:
            self._connection.execute("set preserve_insertion_order = false")

    def _row_count(self, table: str, expectation: Expectation) -> Outcome:
        (rows,) = self._numbers(f"select count(*) from {table}")
        expected = expectation.kwargs["value"]
        if isinstance(expected, Mapping):
            expected = self._parameters[expected["$PARAMETER"]]
        is_met = rows == expected
        return Outcome(
            table=table,
            expectation=expectation,
            rows=rows,
            unexpected=abs(rows - int(expected)),
            examples=() if is_met else (f"{rows} rows instead of {expected}",),
        )

    def _unexpected_rows(self, table: str, expectation: Expectation) -> Outcome:
        query = expectation.kwargs["unexpected_rows_query"].replace("{batch}", table)
        (rows,) = self._numbers(f"select count(*) from {table}")
        (unexpected,) = self._numbers(f"select count(*) from ({query})")
        return Outcome(
            table=table,
            expectation=expectation,
            rows=rows,
            unexpected=unexpected,
            examples=self._examples(query) if unexpected else (),
        )

    def _numbers(self, query: str) -> tuple[int, ...]:
        row = self._connection.execute(query).fetchone()
        assert row is not None
        return tuple(int(number) for number in row)

    def _examples(self, query: str) -> tuple[str, ...]:
        rows = self._connection.execute(f"{query} limit {EXAMPLES_KEPT}").fetchall()
        return tuple(shortened(", ".join(map(str, row))) for row in rows)
