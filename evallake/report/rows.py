"""Rows of the published tables: how they are asked for, and the estimates in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from evallake.engines.asking import Engine
from evallake.project import find_project
from evallake.query import find_question
from evallake.report.values import Estimate

Row = dict[str, Any]
Value = str | int | Sequence[str]


def filled(sql: str, **values: Value) -> str:
    """`sql` with each `:name` that is among `values` as a literal; several texts become a list."""

    def literal(found: re.Match[str]) -> str:
        return _literal(values[found[1]])

    return re.sub(f":({'|'.join(values)})\\b", literal, sql) if values else sql


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return ", ".join(map(_literal, value)) or "null"  # in (null) is true of nothing


def ask_rows(engine: Engine, sql: str, **values: Value) -> list[Row]:
    """The answer to one question of the report."""
    rows: list[Row] = engine.ask(filled(sql, **values), where="the report").table.to_pylist()
    return rows


def on_top_of(sql: str, name: str) -> str:
    """`sql` with the question `name` of `sql/` where it says `{name}`, so that both say the same."""
    return sql.replace(f"{{{name}}}", find_question(find_project(), name).sql)


def estimate(row: Row, name: str, *, n: str | None = None) -> Estimate:
    """The columns `<name>`, `<name>_lower`, `<name>_upper` and `n`, as far as they exist."""
    return Estimate(
        row.get(name),
        row.get(f"{name}_lower"),
        row.get(f"{name}_upper"),
        row.get(n or f"{name}_n"),
    )


def taken(row: Row, *names: str, **renamed: str) -> dict[str, Any]:
    """The columns `names` under their own names, and others under the names they are given."""
    return {name: row[name] for name in names} | {to: row[name] for to, name in renamed.items()}


def grouped(rows: Sequence[Row], *names: str) -> Iterator[tuple[Any, list[Row]]]:
    """Neighbouring rows that agree in the columns `names`."""
    for key, group in groupby(rows, key=itemgetter(*names)):
        yield key, list(group)
