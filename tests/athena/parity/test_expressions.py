"""Every row of the portability table, every prelude function: the same value on both engines."""

from __future__ import annotations

import pytest

from tests.athena.parity.engines import Answer, DuckDb, RefusedError, Trino
from tests.athena.parity.sheets import Query, Refusal, Sheet
from tests.athena.parity.sheets.all import QUERIES, REFUSALS, SHEETS
from tests.athena.parity.values import is_same
from tests.fixtures.macros import render


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_sheet(sheet: Sheet, duckdb_engine: DuckDb, trino_engine: Trino) -> None:
    sql = sheet.statement()
    duckdb = duckdb_engine.ask(render(sql, "duckdb"))
    trino = trino_engine.ask(render(sql, "athena"))
    assert not sheet_differences(sheet, duckdb, trino)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_query(query: Query, duckdb_engine: DuckDb, trino_engine: Trino) -> None:
    duckdb = duckdb_engine.ask(render(query.sql, "duckdb"))
    trino = trino_engine.ask(render(query.sql, "athena"))
    assert duckdb.names == trino.names
    assert duckdb.types == trino.types
    assert len(duckdb.rows) == len(trino.rows)
    assert not [
        (one, other)
        for one, other in zip(duckdb.rows, trino.rows, strict=True)
        if not is_same(one, other)
    ]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.expression)
def test_refusal(refusal: Refusal, duckdb_engine: DuckDb, trino_engine: Trino) -> None:
    for engine in (duckdb_engine, trino_engine):
        with pytest.raises(RefusedError):
            engine.ask(f"select {refusal.expression} from (values (1e0)) as v(x)")


def sheet_differences(sheet: Sheet, duckdb: Answer, trino: Answer) -> list[str]:
    """One line per expression that differs in type, and per cell that differs in value."""
    found = []
    for number, expression in enumerate(sheet.expressions, 1):
        kinds = duckdb.types[number], trino.types[number]
        if kinds[0] != kinds[1]:
            found.append(f"{expression}: is {kinds[0]} on duckdb, {kinds[1]} on trino")
            continue
        for one, other in zip(duckdb.rows, trino.rows, strict=True):
            if not is_same(one[number], other[number]):
                found.append(
                    f"{expression} where {sheet.case(one)}:"
                    f" {_short(one[number])} on duckdb, {_short(other[number])} on trino"
                )
    return found


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:40]}... ({len(text)} characters)"
