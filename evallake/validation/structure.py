"""What the registry of lake tables says, as expectations.

`python -m evallake.validation.structure` writes it into `expectations/*.json` and keeps what was
written there by hand; a test fails when the files are behind the registry.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from evallake.project import find_project
from evallake.validation.declared import (
    HAND,
    MATCH_COLUMNS,
    NOT_NULL,
    OF_TYPE,
    REGISTRY,
    UNIQUE,
    UNIQUE_TOGETHER,
    Expectation,
    Suite,
    read_suite,
    write_suite,
)
from ingest.tables import PARTITION_KEYS, SOURCE_TABLES, Table

_PANDAS = {
    pa.string(): "str",
    pa.int64(): "int64",
    pa.int32(): "int32",
    pa.float64(): "float64",
    pa.bool_(): "bool",
    pa.timestamp("ms"): "datetime64",
}
"""What Great Expectations calls the columns of a frame without rows."""


def structural(table: Table) -> tuple[Expectation, ...]:
    """Columns and their order, types, what must not be null, and the grain of a lake table."""
    names = [column.name for column in table.columns]
    columns = Expectation(
        type=MATCH_COLUMNS,
        kwargs={"column_list": names},
        severity="critical",
        because="the registry declares these columns in this order",
        origin=REGISTRY,
    )
    types = [
        Expectation(
            type=OF_TYPE,
            kwargs={"column": column.name, "type_": _PANDAS[column.type]},
            severity="critical",
            because=f"the registry declares it {column.type}",
            origin=REGISTRY,
        )
        for column in table.columns
        if not column.is_nested
    ]
    required = [
        Expectation(
            type=NOT_NULL,
            kwargs={"column": column.name},
            severity="critical",
            because="the registry declares it required",
            origin=REGISTRY,
        )
        for column in table.columns
        if not column.nullable
    ]
    return (columns, *types, *required, *_grain(table))


def _grain(table: Table) -> tuple[Expectation, ...]:
    """What tells the rows of one load apart; nothing where a load has one row."""
    names = [name for name in table.grain if name not in PARTITION_KEYS]
    if not names:
        return ()
    alone = len(names) == 1
    expectation = Expectation(
        type=UNIQUE if alone else UNIQUE_TOGETHER,
        kwargs={"column": names[0]} if alone else {"column_list": names},
        severity="critical",
        because="one row per " + ", ".join(table.grain),
        origin=REGISTRY,
    )
    return (expectation,)


def main(folder: Path | None = None) -> None:
    """Bring every suite up to the registry, keeping what was written by hand."""
    folder = folder or find_project().expectations
    for table in SOURCE_TABLES:
        path = folder / f"{table.name}.json"
        by_hand = read_suite(path).of_origin(HAND) if path.is_file() else ()
        write_suite(Suite(table.name, (*structural(table), *by_hand)), path)


if __name__ == "__main__":
    main()
