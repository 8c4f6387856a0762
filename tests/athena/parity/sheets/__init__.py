"""The expressions that both engines must understand alike, as tables of text.

A `Sheet` is a relation of edge values and the expressions read over each of its rows (or over
its groups); a `Query` is a whole statement; a `Refusal` is what both must refuse. Many
expressions travel in one statement: a few dozen statements hold well over a thousand cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Expressions over the rows of one relation."""

    name: str
    columns: dict[str, str]
    """Names and types of the inputs."""
    rows: tuple[tuple[Any, ...], ...]
    """Inputs: None, bool, int, float and str, or `Sql` for what Python has no literal for."""
    expressions: tuple[str, ...]
    is_grouped: bool = False
    """Whether expressions are aggregates over the rows that share the first column."""

    def statement(self) -> str:
        """The whole sheet as one select, in a fixed order."""
        key = next(iter(self.columns)) if self.is_grouped else "row_key"
        cells = ",\n    ".join(
            f"{expression} as cell_{number}" for number, expression in enumerate(self.expressions)
        )
        ending = f"group by {key}\norder by {key} asc nulls last"
        if not self.is_grouped:
            ending = f"order by {key} asc nulls last"
        return f"select\n    {key},\n    {cells}\nfrom (\n{self.relation()}\n) as given\n{ending}"

    def relation(self) -> str:
        """The inputs, every column cast to its type; `row_key` numbers them."""
        names = ", ".join(["row_key", *self.columns])
        lines = ",\n        ".join(
            f"({number}, {', '.join(map(literal, row))})" for number, row in enumerate(self.rows)
        )
        casts = ", ".join(
            f"cast({name} as {kind}) as {name}" for name, kind in self.columns.items()
        )
        return f"    select row_key, {casts}\n    from (\n        values\n        {lines}\n    ) as listed ({names})"

    def case(self, row: Sequence[Any]) -> str:
        """Which inputs a result row stands for, short enough to read."""
        if self.is_grouped:
            return f"{next(iter(self.columns))} = {_short(row[0])}"
        given = self.rows[row[0]]
        return ", ".join(
            f"{name} = {_short(value)}" for name, value in zip(self.columns, given, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Query:
    """A whole statement with a final order."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """An expression outside a function's domain; a null or a number would be a wrong answer."""

    expression: str


@dataclass(frozen=True, slots=True)
class Sql:
    """A literal in SQL's own words."""

    text: str


def literal(value: object) -> str:
    """A Python value as both engines write it; doubles with an exponent, never decimals."""
    if isinstance(value, Sql):
        return value.text
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        text = repr(value)
        return text if "e" in text else f"{text}e0"
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _short(value: object) -> str:
    text = literal(value)
    return text if len(text) <= 40 else f"{text[:30]}... ({len(text)} characters)"
