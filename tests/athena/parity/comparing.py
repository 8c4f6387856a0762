"""Two relations with one grain, compared row by row inside DuckDB.

Keys must pair off; texts, booleans, dates and times must be equal; doubles must lie within
1e-9 * max(1, |x|), and none may be NaN or infinite. Decides what counts as a difference and how
it is told; where the relations come from is no concern of this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

from tests.athena.parity.engines import trino_type
from tests.athena.parity.values import TOLERANCE

SHOWN = 3
"""Differences shown for each column."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of comparing one model."""

    model: str
    rows: int
    columns: int
    largest_difference: float
    """Of all doubles: |x - y| / max(1, |x|, |y|)."""
    differences: tuple[str, ...] = field(default=())
    """Each names model, row and column; empty where the engines agree."""


def compare(
    connection: duckdb.DuckDBPyConnection,
    model: str,
    *,
    grain: Sequence[str],
    duckdb_relation: str,
    trino_relation: str,
) -> Comparison:
    """Compare what DuckDB and Trino made of `model`.

    Args:
        grain: columns that identify a row; nulls among them are values like others.
        duckdb_relation, trino_relation: what the two made of it, as `connection` may read it.
    """
    left, right = _columns(connection, duckdb_relation), _columns(connection, trino_relation)
    differences = _shape_differences(model, left, right)
    shared = {name: kind for name, kind in left.items() if right.get(name) == kind}
    missing = [name for name in grain if name not in shared]
    if missing:
        return Comparison(
            model, 0, 0, 0.0, (*differences, f"{model}: cannot be paired by {missing}")
        )
    joined = _joined(duckdb_relation, trino_relation, grain)
    compared = [name for name in shared if name not in grain]
    counted = _count(connection, joined, shared, compared)
    rows, only_left, only_right = counted[:3]
    for side, count in (("duckdb", only_left), ("trino", only_right)):
        if count:
            other = "one_present" if side == "trino" else "other_present"
            shown = _rows_of_one_side(connection, joined, grain, other)
            differences.append(f"{model}: {count:,} rows are on {side} alone, e.g. {shown}")
    for relation, side in ((duckdb_relation, "duckdb"), (trino_relation, "trino")):
        held = _number(connection, f"select count(*) from {relation}")
        expected = rows + (only_left if side == "duckdb" else only_right)
        if held != expected:
            differences.append(
                f"{model}: {side} holds rows whose grain ({', '.join(grain)}) repeats"
            )
    largest = 0.0
    for place, name in enumerate(compared):
        differing, worst = counted[3 + 2 * place : 5 + 2 * place]
        largest = max(largest, worst or 0.0)
        if differing:
            differences += _examples(
                connection, joined, model, grain, name, shared[name], differing, rows
            )
    return Comparison(model, rows, len(shared), largest, tuple(differences))


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    rows = connection.execute(f"describe select * from {relation}").fetchall()
    return {row[0]: trino_type(row[1]) for row in rows}


def _shape_differences(model: str, left: dict[str, str], right: dict[str, str]) -> list[str]:
    found = []
    for name in sorted(left.keys() | right.keys()):
        if name not in right:
            found.append(f"{model}: column {name} is on duckdb alone")
        elif name not in left:
            found.append(f"{model}: column {name} is on trino alone")
        elif left[name] != right[name]:
            found.append(
                f"{model}: column {name} is {left[name]} on duckdb, {right[name]} on trino"
            )
    return found


def _joined(left: str, right: str, grain: Sequence[str]) -> str:
    matching = " and ".join(f'one."{name}" is not distinct from other."{name}"' for name in grain)
    return (
        f"(select *, true as one_present from {left}) as one"
        f" full outer join (select *, true as other_present from {right}) as other on {matching}"
    )


def _differs(name: str, kind: str) -> str:
    one, other = f'one."{name}"', f'other."{name}"'
    if kind == "double":
        # what is no finite number is never right; a null beside a number neither
        return (
            f"coalesce(not isfinite({one}), false) or coalesce(not isfinite({other}), false)"
            f" or ({one} is null) <> ({other} is null)"
            f" or coalesce({_relative(name)} > {TOLERANCE}, false)"
        )
    return f"{one} is distinct from {other}"


def _relative(name: str) -> str:
    one, other = f'one."{name}"', f'other."{name}"'
    return f"abs({one} - {other}) / greatest(1e0, abs({one}), abs({other}))"


def _count(
    connection: duckdb.DuckDBPyConnection,
    joined: str,
    kinds: dict[str, str],
    compared: Sequence[str],
) -> list[int | float]:
    """Pairs, rows of one side, and for every column how many differ and by how much at most."""
    both = "one_present and other_present"
    cells = [
        f"count(*) filter (where {both})",
        "count(*) filter (where other_present is null)",
        "count(*) filter (where one_present is null)",
    ]
    for name in compared:
        cells.append(f"count(*) filter (where {both} and ({_differs(name, kinds[name])}))")
        is_double = kinds[name] == "double"
        cells.append(f"max({_relative(name)}) filter (where {both})" if is_double else "null")
    row = connection.execute(f"select {', '.join(cells)} from {joined}").fetchone()
    assert row is not None
    return list(row)


def _examples(
    connection: duckdb.DuckDBPyConnection,
    joined: str,
    model: str,
    grain: Sequence[str],
    name: str,
    kind: str,
    differing: int | float,
    rows: int | float,
) -> list[str]:
    """The first few differences of one column, in words."""
    keys = ", ".join(f'one."{key}"' for key in grain)
    found = connection.execute(
        f'select {keys}, one."{name}", other."{name}" from {joined}'
        f" where one_present and other_present and ({_differs(name, kind)})"
        f" order by {keys} limit {SHOWN}"
    ).fetchall()
    return [
        f"{model}.{name} differs in {differing:,} of {rows:,} rows: where {_where(grain, row)}"
        f" it is {_short(row[-2])} on duckdb, {_short(row[-1])} on trino"
        for row in found
    ]


def _rows_of_one_side(
    connection: duckdb.DuckDBPyConnection, joined: str, grain: Sequence[str], absent: str
) -> str:
    keys = ", ".join(f'coalesce(one."{key}", other."{key}")' for key in grain)
    rows = connection.execute(
        f"select {keys} from {joined} where {absent} is null order by all limit {SHOWN}"
    ).fetchall()
    return "; ".join(_where(grain, row) for row in rows)


def _where(grain: Sequence[str], row: Sequence[object]) -> str:
    return ", ".join(f"{key} = {_short(value)}" for key, value in zip(grain, row, strict=False))


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:50]}... ({len(text)} characters)"
