"""Expectations about the rows of a table, evaluated by Great Expectations batch by batch.

A table is never whole in memory. Of each batch the few rows that decide are kept (see
`witnesses`), and one frame of them is validated; what fails there is counted batch by batch over
all rows, and `mostly` is judged over the sum. Columns and types are looked at once per file, on a
frame without rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evallake.validation.declared import MATCH_COLUMNS, OF_TYPE, Expectation
from evallake.validation.outcomes import Outcome
from evallake.validation.totals import Total
from evallake.validation.witnesses import witnesses
from ingest.tables import TABLES

OF_SCHEMA = (MATCH_COLUMNS, OF_TYPE)
BATCH_ROWS = 1 << 18
"""Rows in memory at a time (count)."""


def great_expectations() -> Any:
    """The library; importing it takes seconds. It reports to nobody."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    return gx


class RowValidator:
    """Great Expectations, set up once: importing it takes seconds."""

    def __init__(self, *, batch_rows: int = BATCH_ROWS) -> None:
        self._gx = gx = great_expectations()
        self._batch_rows = batch_rows
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        asset = context.data_sources.add_pandas("load").add_dataframe_asset("batch")
        self._batches = asset.add_batch_definition_whole_dataframe("rows")

    def evaluate(
        self,
        table: str,
        files: Sequence[Path],
        expectations: Sequence[Expectation],
        *,
        is_landed: bool = False,
    ) -> list[Outcome]:
        """One outcome per expectation, over all rows of all files.

        Where columns or types are not those of the table, only the outcomes that say so.
        """
        of_schema = self.evaluate_schema(table, files, expectations, is_landed=is_landed)
        if not all(outcome.is_met for outcome in of_schema):
            return of_schema  # what follows would look for columns that are not there
        return of_schema + self.evaluate_rows(table, files, expectations)

    def evaluate_schema(
        self,
        table: str,
        files: Sequence[Path],
        expectations: Sequence[Expectation],
        *,
        is_landed: bool = False,
    ) -> list[Outcome]:
        """Of the expectations those about columns and types; where columns fail, these alone."""
        of_schema: list[Outcome] = []
        for kind in OF_SCHEMA:
            about_schema = [Total(table, e) for e in expectations if e.type == kind]
            for path in files:
                schema = pq.read_schema(path)
                self._validate_schema(
                    completed(table, schema) if is_landed else schema, about_schema
                )
            of_schema += [total.outcome() for total in about_schema]
            if not all(outcome.is_met for outcome in of_schema):
                break
        return of_schema

    def evaluate_rows(
        self, table: str, files: Sequence[Path], expectations: Sequence[Expectation]
    ) -> list[Outcome]:
        """Of the expectations those about rows, of files whose columns and types are right."""
        about_rows = [Total(table, e) for e in expectations if e.type not in OF_SCHEMA]
        self._validate_rows(files, about_rows)
        return [total.outcome() for total in about_rows]

    def _validate_schema(self, schema: pa.Schema, totals: Sequence[Total]) -> None:
        """Columns and types of one file; those that the registry declares need no look."""
        if totals and is_declared(totals[0].table, schema):
            for total in totals:
                total.rows += 1
        else:
            self._validate(schema.empty_table().to_pandas(), totals)

    def _validate_rows(self, files: Sequence[Path], totals: Sequence[Total]) -> None:
        """Show the few rows that decide, all batches' at once; then, of what fails, all rows."""
        undecided: set[Total] = set()
        trials: dict[Total, Total] = {}
        shown: list[pa.Table] = []
        for rows in self._batches_of(files, totals):
            numbers: set[int] = set()
            for total in totals:
                total.rows += total.rows_concerned(rows)
                decisive = witnesses(rows, total.expectation)
                if decisive is None:
                    undecided.add(total)
                elif decisive:
                    trials.setdefault(total, Total(total.table, total.expectation))
                    numbers.update(decisive)
            shown.append(rows.take(pa.array(sorted(numbers), pa.int64())))
        if trials:
            self._validate(_frame(pa.concat_tables(shown)), list(trials.values()))
        failed = {total for total, trial in trials.items() if trial.unexpected}
        to_count = [total for total in totals if total in undecided | failed]
        for total in to_count:
            total.rows = 0
        for rows in self._batches_of(files, to_count):
            self._validate(_frame(rows), to_count)

    def _validate(self, frame: Any, totals: Sequence[Total]) -> None:
        """Add what Great Expectations finds in one frame."""
        if not totals:
            return
        numbered = [
            {**total.expectation.configuration(), "meta": {"number": number}}
            for number, total in enumerate(totals)
        ]
        suite = self._gx.ExpectationSuite(name="load", expectations=numbered)
        batch = self._batches.get_batch(batch_parameters={"dataframe": frame})
        for result in batch.validate(suite, result_format="BASIC").results:
            # they come grouped by column, not as declared
            totals[result.expectation_config.meta["number"]].add(result)

    def _batches_of(self, files: Sequence[Path], totals: Sequence[Total]) -> Iterator[pa.Table]:
        """The columns that `totals` are about; nothing where they are none."""
        columns = sorted({name for total in totals for name in total.expectation.columns})
        for path in files if columns else ():
            with pq.ParquetFile(path, memory_map=True) as file:
                names = [name for name in columns if name in file.schema_arrow.names]
                lacking = [name for name in columns if name not in names]
                for batch in file.iter_batches(self._batch_rows, columns=names):
                    rows = pa.Table.from_batches([batch])
                    for name in lacking:  # of an older registry, see `completed`
                        type_ = TABLES[totals[0].table].schema.field(name).type
                        rows = rows.append_column(name, pa.nulls(batch.num_rows, type_))
                    yield rows


def is_declared(table: str, schema: pa.Schema) -> bool:
    """Whether a file has the registry's own columns.

    What is expected of columns and types is derived from the registry, so they are then met; a
    test has Great Expectations say so for every table.
    """
    return bool(schema.remove_metadata().equals(TABLES[table].schema.remove_metadata()))


def completed(table: str, schema: pa.Schema) -> pa.Schema:
    """A file's columns as readers see them: those that it lacks and may be null are all null."""
    declared = TABLES[table].schema
    given = {field.name: field for field in schema}
    lacking = [field for field in declared if field.name not in given]
    if not all(field.nullable for field in lacking) or not set(given) <= set(declared.names):
        return schema
    return pa.schema([given.get(field.name, field) for field in declared])


def _frame(rows: pa.Table) -> Any:
    """As Great Expectations takes it; the columns are Arrow's own memory, nothing is copied."""
    import pandas as pd

    return rows.to_pandas(types_mapper=pd.ArrowDtype)
