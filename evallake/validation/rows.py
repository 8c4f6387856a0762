"""Expectations about the rows of a table, evaluated by Great Expectations batch by batch.

A table is never whole in memory: each batch is validated by itself, the counts of rows that do
not meet an expectation are added up, and `mostly` is judged over the sum. Columns and types are
looked at once per file, on a frame without rows.

Which rows of a batch it has to see is decided in `witnesses`.
"""

from __future__ import annotations

import functools
import itertools
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evallake.errors import ValidationError
from evallake.validation.declared import MATCH_COLUMNS, NOT_NULL, OF_TYPE, Expectation
from evallake.validation.outcomes import EXAMPLES_KEPT, Outcome, shortened
from evallake.validation.witnesses import witnesses
from ingest.tables import TABLES

OF_SCHEMA = (MATCH_COLUMNS, OF_TYPE)
BATCH_ROWS = 1 << 20


def great_expectations() -> Any:
    """The library; importing it takes seconds. It reports to nobody."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # between it and its own libraries
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
        self, table: str, files: Sequence[Path], expectations: Sequence[Expectation]
    ) -> list[Outcome]:
        """One outcome per expectation, over all rows of all files.

        Where columns or types are not those of the table, only the outcomes that say so.
        """
        of_schema: list[Outcome] = []
        for kind in OF_SCHEMA:
            about_schema = [_Total(table, e) for e in expectations if e.type == kind]
            for path in files:
                self._validate_schema(pq.read_schema(path), about_schema)
            of_schema += [total.outcome() for total in about_schema]
            if not all(outcome.is_met for outcome in of_schema):
                return of_schema  # what follows would look for columns that are not there
        about_rows = [_Total(table, e) for e in expectations if e.type not in OF_SCHEMA]
        columns = sorted({name for total in about_rows for name in total.expectation.columns})
        for rows in self._batches_of(files, columns):
            self._add(rows, about_rows)
        return of_schema + [total.outcome() for total in about_rows]

    def _validate_schema(self, schema: pa.Schema, totals: Sequence[_Total]) -> None:
        """Columns and types of one file; those that the registry declares need no look."""
        if totals and is_declared(totals[0].table, schema):
            for total in totals:
                total.rows += 1
        else:
            self._validate(schema.empty_table().to_pandas(), totals)

    def _add(self, rows: pa.Table, totals: Sequence[_Total]) -> None:
        """Count the rows of one batch: by a few of them where these tell, else by all."""
        shown = {total: witnesses(rows, total.expectation) for total in totals}
        few = sorted({number for numbers in shown.values() for number in numbers or ()})
        trials = {
            total: _Total(total.table, total.expectation)
            for total, numbers in shown.items()
            if numbers
        }
        self._validate(_frame(rows.take(pa.array(few, pa.int64()))), list(trials.values()))
        to_count = []
        for total in totals:
            is_told = shown[total] is not None
            if is_told and (total not in trials or trials[total].unexpected == 0):
                total.rows += total.rows_concerned(rows)
            else:
                to_count.append(total)
        if to_count:
            self._validate(_frame(rows), to_count)

    def _validate(self, frame: Any, totals: Sequence[_Total]) -> None:
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

    def _batches_of(self, files: Sequence[Path], columns: Sequence[str]) -> Iterator[pa.Table]:
        for path in files:
            with pq.ParquetFile(path, memory_map=True) as file:
                names = [name for name in columns if name in file.schema_arrow.names]
                for batch in file.iter_batches(self._batch_rows, columns=names):
                    yield pa.Table.from_batches([batch])


class _Total:
    """Counts of one expectation over the batches seen so far."""

    def __init__(self, table: str, expectation: Expectation) -> None:
        self.table = table
        self.expectation = expectation
        self.rows = 0
        self.unexpected = 0
        self._examples: list[str] = []

    def rows_concerned(self, rows: pa.Table) -> int:
        """Rows of a batch that the expectation is about: nulls are not, unless they are it."""
        if self.expectation.type == NOT_NULL:
            return int(rows.num_rows)
        given = [rows[name].is_valid() for name in self.expectation.columns]
        return int(pc.sum(functools.reduce(pc.and_, given), min_count=0).as_py())

    def add(self, result: Any) -> None:
        """Count what Great Expectations found in one frame."""
        self._raise_if_broken(result)
        found: Mapping[str, Any] = result.result
        if "unexpected_count" not in found:  # about the frame as a whole
            self.rows += 1
            self.unexpected += int(not result.success)
            if not result.success:
                self._keep([found.get("observed_value")])
            return
        is_about_nulls = self.expectation.type == NOT_NULL
        missing = 0 if is_about_nulls else int(found.get("missing_count") or 0)
        self.rows += int(found["element_count"]) - missing
        self.unexpected += int(found["unexpected_count"])
        if not is_about_nulls:
            self._keep(found.get("partial_unexpected_list") or [])

    def outcome(self) -> Outcome:
        """The sum."""
        return Outcome(
            table=self.table,
            expectation=self.expectation,
            rows=self.rows,
            unexpected=self.unexpected,
            examples=tuple(self._examples),
        )

    def _keep(self, values: Iterable[object]) -> None:
        room = EXAMPLES_KEPT - len(self._examples)
        self._examples += [shortened(value) for value in itertools.islice(values, room)]

    def _raise_if_broken(self, result: Any) -> None:
        """One that could not be evaluated must not pass for one that is met."""
        information = result.exception_info or {}
        reports = [information, *(v for v in information.values() if isinstance(v, Mapping))]
        for report in reports:
            if report.get("raised_exception"):
                raise ValidationError(
                    f"{self.expectation.key} could not be evaluated: "
                    f"{report.get('exception_message')}",
                    where=f"expectations/{self.table}.json",
                    do="mend the expectation",
                )


def is_declared(table: str, schema: pa.Schema) -> bool:
    """Whether a file has the registry's own columns.

    What is expected of columns and types is derived from the registry, so they are then met; a
    test has Great Expectations say so for every table.
    """
    return bool(schema.remove_metadata().equals(TABLES[table].schema.remove_metadata()))


def _frame(rows: pa.Table) -> Any:
    """As Great Expectations takes it; the columns are Arrow's own memory, nothing is copied."""
    import pandas as pd

    return rows.to_pandas(types_mapper=pd.ArrowDtype)
