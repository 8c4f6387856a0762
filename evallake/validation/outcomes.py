"""What came of an expectation: counts of rows, whether it is met, and the lake's rows of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from evallake.validation.declared import Expectation
from ingest.tables import EXPECTATION_RESULTS

EXAMPLES_KEPT = 3
"""Values that did not meet an expectation, kept to look at (count)."""
_LONGEST_EXAMPLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One expectation of one table, evaluated over all rows of a load."""

    table: str
    expectation: Expectation
    rows: int
    """Rows looked at (count); nulls are not, except where being null is the question."""
    unexpected: int
    """Rows that do not meet it (count); for the table as a whole 0 or 1."""
    examples: tuple[str, ...] = ()
    """A few of the values that do not meet it, cut short."""

    @property
    def mostly(self) -> float:
        """Smallest share of rows that has to meet it, in [0, 1]."""
        return float(self.expectation.kwargs.get("mostly", 1.0))

    @property
    def is_met(self) -> bool:
        """Whether enough rows meet it; without rows nothing speaks against it."""
        if self.mostly == 1.0 or self.rows == 0:
            return self.unexpected == 0
        return (self.rows - self.unexpected) / self.rows >= self.mostly

    @property
    def holds_back(self) -> bool:
        """Whether the load must not be seen because of it."""
        return not self.is_met and self.expectation.severity == "critical"

    def __str__(self) -> str:
        columns = ", ".join(self.expectation.columns[:4])
        place = f"{self.table}.{columns}" if columns else self.table
        seen = f", e.g. {self.examples[0]}" if self.examples else ""
        return (
            f"{place}: {self.unexpected} of {self.rows} rows against "
            f"“{self.expectation.because}”{seen}"
        )


def shortened(value: object) -> str:
    """A value as people see it among the examples."""
    text = str(value)
    return text if len(text) <= _LONGEST_EXAMPLE else text[: _LONGEST_EXAMPLE - 1] + "…"


def outcome_rows(
    outcomes: Iterable[Outcome], *, job_id: str, load_id: str, checked_at_utc: datetime
) -> pa.Table:
    """Rows of the lake table `expectation_results`."""
    rows: list[dict[str, Any]] = [
        {
            "job_id": job_id,
            "load_id": load_id,
            "table_name": outcome.table,
            "expectation_key": outcome.expectation.key,
            "expectation_type": outcome.expectation.type,
            "column_names": ", ".join(outcome.expectation.columns) or None,
            "severity": outcome.expectation.severity,
            "is_met": outcome.is_met,
            "rows_checked": outcome.rows,
            "rows_unexpected": outcome.unexpected,
            "mostly": outcome.mostly,
            "reason": outcome.expectation.because,
            "unexpected_values_json": json.dumps(outcome.examples, ensure_ascii=False),
            "checked_at_utc": checked_at_utc.replace(tzinfo=None),
        }
        for outcome in outcomes
    ]
    return pa.Table.from_pylist(rows, schema=EXPECTATION_RESULTS.schema)
