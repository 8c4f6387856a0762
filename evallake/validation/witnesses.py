"""Rows of a batch that decide whether all its rows meet an expectation.

Great Expectations looks at values one Python object at a time where it compares them. All values
lie within bounds if the smallest and the largest do; all are of a vocabulary if each distinct one
is; no pair is out of order if the one with the smallest difference is not. So a few rows, found
by Arrow in a pass over a column, are shown to Great Expectations in place of the batch; it sees
the whole batch only where they fail, because then it is worth counting.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from evallake.validation.declared import NOT_NULL, Expectation

BETWEEN = "expect_column_values_to_be_between"
BY_VALUE = ("expect_column_values_to_be_in_set", "expect_column_values_to_match_regex")
PAIR = "expect_column_pair_values_a_to_be_greater_than_b"
_MANY_VALUES = 100


def witnesses(rows: pa.Table, expectation: Expectation) -> list[int] | None:
    """Numbers of rows of which at least one fails if any row of `rows` does.

    None where that cannot be told from a few rows. Without a witness every row is fine.
    """
    if expectation.type == PAIR:
        first, second = (_countable(rows[name]) for name in expectation.columns)
        return _found(pc.subtract(first, second), extremes=("min",))
    column = rows[expectation.columns[0]]
    if expectation.type == NOT_NULL:
        return [pc.index(column.is_null(), True).as_py()] if column.null_count else []
    if expectation.type == BETWEEN:
        return _found(column, extremes=("min", "max"))
    if expectation.type in BY_VALUE:
        values = pc.unique(column.drop_null())
        return _places(column, values) if len(values) <= _MANY_VALUES else None
    return None


def _countable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Numbers of which no difference leaves the range: 32 bits and times as 64 bits."""
    return column if pa.types.is_floating(column.type) else column.cast(pa.int64())


def _found(column: pa.ChunkedArray, *, extremes: Iterable[str]) -> list[int] | None:
    """Where the extremes of a column are; nowhere if it holds nothing but nulls.

    None where something is not a number: it has no place among the others.
    """
    if pa.types.is_floating(column.type) and pc.any(pc.is_nan(column)).as_py():
        return None
    found = pc.min_max(column)
    return _places(column, [found[name] for name in extremes if found[name].is_valid])


def _places(column: pa.ChunkedArray, values: Iterable[pa.Scalar]) -> list[int]:
    return [pc.index(column, value).as_py() for value in values]
