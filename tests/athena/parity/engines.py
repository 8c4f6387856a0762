"""The two engines as the parity tests see them: a statement in, typed columns and rows out.

Types are told in Trino's words, so that they can be compared as texts. How Trino is started is
the rig's concern; this module only talks to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb
from trino.dbapi import Connection, connect
from trino.exceptions import TrinoUserError

from evallake.engines.duckdb import prepare

_DUCKDB_WORDS = {"float": "real", "blob": "varbinary", "timestamp with time zone": "timestamp"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine said: column names, their types in Trino's words, and the rows."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class RefusedError(Exception):
    """The engine refused the statement or one of its values; the message is the engine's."""


class Engine(Protocol):
    """Something that reads SQL."""

    name: str

    def ask(self, sql: str) -> Answer:
        """The answer to one statement; RefusedError where there is none."""
        ...


class DuckDb:
    """DuckDB with Trino's names, in memory."""

    name = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def ask(self, sql: str) -> Answer:
        try:
            cursor = self.connection.execute(sql)
            rows = cursor.fetchall()
        except duckdb.Error as error:
            raise RefusedError(str(error)) from error
        described: Sequence[Any] = cursor.description or ()
        return Answer(
            tuple(column[0] for column in described),
            tuple(trino_type(str(column[1])) for column in described),
            tuple(rows),
        )


class Trino:
    """Trino itself, past the Athena API: what it reads and what it answers."""

    name = "trino"

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def ask(self, sql: str) -> Answer:
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql)
            rows = cursor.fetchall()
        except TrinoUserError as error:
            raise RefusedError(f"{error.error_name}: {error.message}") from error
        described = cursor.description or ()
        return Answer(
            tuple(column[0] for column in described),
            tuple(_bare(str(column[1])) for column in described),
            tuple(tuple(row) for row in rows),
        )


@contextmanager
def open_duckdb() -> Iterator[DuckDb]:
    """DuckDB as a build has it: the prelude, the distributions, times in UTC."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        prepare(connection)
        yield DuckDb(connection)


@contextmanager
def open_trino(url: str, *, schema: str | None = None) -> Iterator[Trino]:
    """Trino at `url` (http://host:port); names without a schema are looked up in `schema`."""
    host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
    connection = connect(
        host=host,
        port=int(port),
        user="parity",
        catalog="awsdatacatalog",
        schema=schema,
        timezone="UTC",
    )
    try:
        yield Trino(connection)
    finally:
        connection.close()


def trino_type(duckdb_type: str) -> str:
    """A DuckDB type in Trino's words: `INTEGER[]` is `array(integer)`."""
    text = duckdb_type.lower()
    if text.endswith("[]"):
        return f"array({trino_type(text[:-2])})"
    if text.startswith("map("):
        return text.replace(", ", ", ")
    if text.startswith("struct("):
        return text.replace("struct(", "row(").replace('"', "")
    if text.startswith("timestamp"):
        return "timestamp"
    return _DUCKDB_WORDS.get(text, text)


def _bare(trino: str) -> str:
    """Without lengths and precisions, which DuckDB's types do not have."""
    bare = re.sub(r"\b(varchar|timestamp|char)\(\d+\)", r"\1", trino).replace('"', "")
    return "timestamp" if bare.startswith("timestamp") else bare
