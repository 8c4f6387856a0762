"""Counts of one expectation over the batches of a table, taken from what Great Expectations found.

Reads its results, and refuses those that could not be evaluated; evaluates nothing itself.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from evallake.errors import ValidationError
from evallake.validation.declared import NOT_NULL, Expectation
from evallake.validation.outcomes import EXAMPLES_KEPT, Outcome, shortened


class Total:
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
