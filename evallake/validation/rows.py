"""Expectations about the rows of a table, evaluated by Great Expectations batch by batch.

A table is never whole in memory. Of each batch the few rows that decide are kept (see
`witnesses`), and one frame of them is validated; what fails there is counted batch by batch over
all rows, and `mostly` is judged over the sum. Columns and types are looked at once per file, on a
frame without rows.
"""

from __future__ import annotations

import functools
import itertools
import os
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
        of_schema: list[Outcome] = []
        for kind in OF_SCHEMA:
            about_schema = [_Total(table, e) for e in expectations if e.type == kind]
            for path in files:
                schema = pq.read_schema(path)
                self._validate_schema(
                    completed(table, schema) if is_landed else schema, about_schema
                )
            of_schema += [total.outcome() for total in about_schema]
            if not all(outcome.is_met for outcome in of_schema):
                return of_schema  # what follows would look for columns that are not there
        about_rows = [_Total(table, e) for e in expectations if e.type not in OF_SCHEMA]
        self._validate_rows(files, about_rows)
        return of_schema + [total.outcome() for total in about_rows]

    def _validate_schema(self, schema: pa.Schema, totals: Sequence[_Total]) -> None:
        """Columns and types of one file; those that the registry declares need no look."""
        if totals and is_declared(totals[0].table, schema):
            for total in totals:
                total.rows += 1
        else:
            self._validate(schema.empty_table().to_pandas(), totals)

    def _validate_rows(self, files: Sequence[Path], totals: Sequence[_Total]) -> None:
        """Show the few rows that decide, all batches' at once; then, of what fails, all rows."""
        undecided: set[_Total] = set()
        trials: dict[_Total, _Total] = {}
        shown: list[pa.Table] = []
        for rows in self._batches_of(files, totals):
            numbers: set[int] = set()
            for total in totals:
                total.rows += total.rows_concerned(rows)
                decisive = witnesses(rows, total.expectation)
                if decisive is None:
                    undecided.add(total)
                elif decisive:
                    trials.setdefault(total, _Total(total.table, total.expectation))
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

    def _batches_of(self, files: Sequence[Path], totals: Sequence[_Total]) -> Iterator[pa.Table]:
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
        columns = [rows[name] for name in self.expectation.columns]
        with_nulls = [column.is_valid() for column in columns if column.null_count]
        if not with_nulls:
            return int(rows.num_rows)
        return int(pc.sum(functools.reduce(pc.and_, with_nulls), min_count=0).as_py())

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
