"""What DuckDB needs to read SQL that is written for Trino.

Trino's function names come from ``prelude.sql`` beside this file (macros; stored in the database
file where it is writable, else for the connection), its distribution functions from SciPy
(registered for the running process, never stored: so no view may use them). Which SQL may be
written at all is no concern of this module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import numpy.typing as npt
    from duckdb import DuckDBPyConnection

    Doubles = npt.NDArray[np.float64]

PRELUDE = Path(__file__).with_name("prelude.sql")


class DomainError(ValueError):
    """An argument outside a function's domain: Trino refuses it, so DuckDB must too."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """One of Trino's distribution functions: its name, its domain and SciPy's value of it."""

    name: str
    parameters: tuple[str, str, str]
    """Argument names, all of them doubles: the parameters, then the point of evaluation."""
    domain: Callable[..., Any]
    """Whether each row's arguments are inside the domain."""
    value: Callable[..., Any]

    def __call__(
        self, first: pa.ChunkedArray, second: pa.ChunkedArray, third: pa.ChunkedArray
    ) -> pa.Array:
        """One value per row; null where an argument is null."""
        arrays = [column.to_numpy() for column in (first, second, third)]  # null arrives as nan
        given = ~np.logical_or.reduce([np.isnan(array) for array in arrays])
        arguments: list[Doubles] = [array[given] for array in arrays]
        inside = self.domain(*arguments)
        if not np.all(inside):
            row = int(np.argmin(inside))
            values = ", ".join(
                f"{name} = {argument[row]}"
                for name, argument in zip(self.parameters, arguments, strict=True)
            )
            raise DomainError(f"{self.name} is not defined for {values}; guard the call")
        values_ = np.full(len(given), np.nan)
        values_[given] = self.value(*arguments)
        return pa.array(values_, mask=~given)


def _special() -> Any:
    """SciPy's special functions; importing them takes longer than most questions, so it waits."""
    from scipy import special

    return special


DISTRIBUTIONS = (
    Distribution(
        "beta_cdf",
        ("a", "b", "value"),
        lambda a, b, x: (a > 0) & (b > 0) & (x >= 0) & (x <= 1),
        lambda a, b, x: _special().betainc(a, b, x),
    ),
    Distribution(
        "inverse_beta_cdf",
        ("a", "b", "p"),
        lambda a, b, p: (a > 0) & (b > 0) & (p >= 0) & (p <= 1),
        lambda a, b, p: _special().betaincinv(a, b, p),
    ),
    Distribution(
        "normal_cdf",
        ("mean", "sd", "value"),
        lambda mean, sd, x: (sd > 0) & np.isfinite(mean) & np.isfinite(x),
        lambda mean, sd, x: _special().ndtr((x - mean) / sd),
    ),
)
"""With Trino's names and argument order. Trino's inverse_normal_cdf is not among them: it loses the
far tails, so quantiles of the normal are literals (the macro normal_quantile)."""


def prepare(connection: DuckDBPyConnection) -> None:
    """Give `connection` Trino's function names; harmless when it has them already."""
    prelude = PRELUDE.read_text(encoding="utf-8")
    if _is_read_only(connection):
        prelude = prelude.replace("create or replace macro", "create or replace temp macro")
    connection.execute(prelude)
    registered = _registered(connection)
    for distribution in DISTRIBUTIONS:
        if distribution.name not in registered:
            connection.create_function(
                distribution.name,
                distribution,
                ["DOUBLE", "DOUBLE", "DOUBLE"],
                "DOUBLE",
                type="arrow",
                null_handling="special",
            )


def _is_read_only(connection: DuckDBPyConnection) -> bool:
    row = connection.execute(
        "select readonly from duckdb_databases() where database_name = current_database()"
    ).fetchone()
    return row is not None and bool(row[0])


def _registered(connection: DuckDBPyConnection) -> set[str]:
    """Those of DISTRIBUTIONS that `connection` has already."""
    names = ", ".join(f"'{distribution.name}'" for distribution in DISTRIBUTIONS)
    # no parameter: DuckDB imports pandas to look at one
    rows = connection.execute(
        f"select function_name from duckdb_functions() where function_name in ({names})"
    ).fetchall()
    return {name for (name,) in rows}
