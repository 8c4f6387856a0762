"""All sheets, queries and refusals together."""

from __future__ import annotations

from tests.athena.parity.sheets import (
    Query,
    Refusal,
    Sheet,
    aggregates,
    arrays,
    distributions,
    json_texts,
    macros,
    numbers,
    text,
    times,
    windows,
)

SHEETS: tuple[Sheet, ...] = (
    *text.SHEETS,
    *numbers.SHEETS,
    *arrays.SHEETS,
    *json_texts.SHEETS,
    *times.SHEETS,
    *aggregates.SHEETS,
    *distributions.SHEETS,
    *macros.SHEETS,
)
QUERIES: tuple[Query, ...] = (
    *arrays.QUERIES,
    *aggregates.QUERIES,
    *windows.QUERIES,
    *macros.QUERIES,
)
REFUSALS: tuple[Refusal, ...] = (*distributions.REFUSALS,)
