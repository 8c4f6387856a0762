"""DuckDB with Trino's names: distribution functions, nulls, domains, read-only files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from scipy import stats

from evallake.engines.duckdb import DISTRIBUTIONS, prepare


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        prepare(opened)
        yield opened


def one(connection: duckdb.DuckDBPyConnection, expression: str) -> object:
    row = connection.execute(f"select {expression}").fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("beta_cdf(2, 3.5, 0.3)", stats.beta.cdf(0.3, 2, 3.5)),
        ("inverse_beta_cdf(2, 3.5, 0.3)", stats.beta.ppf(0.3, 2, 3.5)),
        ("normal_cdf(1, 2, -9)", stats.norm.cdf(-9, 1, 2)),
    ],
)
def test_distributions_are_scipys(
    connection: duckdb.DuckDBPyConnection, expression: str, expected: float
) -> None:
    assert one(connection, expression) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", [function.name for function in DISTRIBUTIONS])
def test_null_in_null_out(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    assert one(connection, f"{name}(1, 1, null)") is None
    rows = connection.execute(
        f"select {name}(a, 1, 0.5) from (values (1e0), (null), (2e0)) as v(a)"
    ).fetchall()
    assert [row[0] is None for row in rows] == [False, True, False]


@pytest.mark.parametrize(
    "expression",
    ["beta_cdf(0, 1, 0.5)", "inverse_beta_cdf(1, 1, 1.5)", "normal_cdf(0, 0, 1)"],
)
def test_outside_the_domain_is_refused_with_the_arguments(
    connection: duckdb.DuckDBPyConnection, expression: str
) -> None:
    with pytest.raises(duckdb.Error, match=r"is not defined for \w+ = "):
        one(connection, expression)


def test_a_guarded_call_is_not_evaluated_outside_its_guard(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows = connection.execute(
        "select case when a > 0 then beta_cdf(a, 1e0, 0.5e0) end "
        "from (values (0e0), (1e0)) as v(a) order by a"
    ).fetchall()
    assert rows == [(None,), (0.5,)]


def test_preparing_twice_is_harmless(connection: duckdb.DuckDBPyConnection) -> None:
    prepare(connection)
    assert one(connection, "element_at(map(array['a'], array[1]), 'a')") == 1


def test_a_read_only_file_is_prepared_for_the_connection(tmp_path: Path) -> None:
    path = str(tmp_path / "plain.duckdb")
    duckdb.connect(path).close()
    with duckdb.connect(path, read_only=True) as connection:
        prepare(connection)
        assert one(connection, "regexp_replace('aa', 'a', 'b')") == "bb"
        assert one(connection, "beta_cdf(1, 1, 0.25)") == 0.25


def test_macros_stay_in_a_writable_file_for_other_clients(tmp_path: Path) -> None:
    path = str(tmp_path / "kept.duckdb")
    with duckdb.connect(path) as connection:
        prepare(connection)
    with duckdb.connect(path, read_only=True) as connection:
        assert one(connection, "element_at(array[1, 2], 2)") == 2
