"""Two answers to one question, row by row and in order: ties may change places, nothing else.

Which questions there are and who answers them is no concern of this module.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlglot

from tests.athena.parity.values import is_same


def answer_differences(
    question: str,
    names: Sequence[str],
    here: Sequence[tuple[object, ...]],
    there: Sequence[tuple[object, ...]],
    sorted_by: Sequence[str],
) -> list[str]:
    """One line per row that is missing on one side, or stands elsewhere.

    Doubles that are equal but for rounding may change places: then what the answer is sorted by
    still rises alike on both engines, and every row has its like.
    """
    if len(here) != len(there):
        return [f"{question}: {len(here)} rows on duckdb, {len(there)} on athena"]
    doubles = [
        names.index(name) for name in sorted_by if name in names and _is_double(here, names, name)
    ]
    found = []
    left: list[tuple[object, ...]] = []
    right: list[tuple[object, ...]] = []
    for number, (one, other) in enumerate(zip(here, there, strict=True)):
        if is_same(one, other):
            continue
        left.append(one)
        right.append(other)
        if not doubles or not all(is_same(one[place], other[place]) for place in doubles):
            found.append(
                f"{question}: row {number} stands elsewhere: {one} on duckdb, {other} on athena"
            )
    for one in left:
        like = next((other for other in right if is_same(one, other)), None)
        if like is None:
            found.append(f"{question}: {one} is on duckdb alone")
        else:
            right.remove(like)
    return found


def sorted_by(sql: str) -> list[str]:
    """Names of the columns of a statement's final `order by`."""
    ordered = sqlglot.parse_one(sql, dialect="athena").args.get("order")
    return [term.this.name for term in ordered.expressions] if ordered else []


def _is_double(rows: Sequence[tuple[object, ...]], names: Sequence[str], name: str) -> bool:
    return any(isinstance(row[names.index(name)], float) for row in rows)
