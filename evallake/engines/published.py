"""The published DuckDB file, asked read-only: so that asking never blocks a build and changes nothing.

Decides what may be asked of it and how its refusals read. Trino's names come from
`evallake.engines.duckdb`, the lake on S3 from `evallake.engines.s3`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evallake.config import Config
from evallake.engines.asking import Answer
from evallake.engines.vanished import PAUSE_SECONDS, TRIES, is_vanished
from evallake.errors import NotBuiltError, QuestionError
from ingest.errors import StoreError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_REMOTE_LAKE = re.compile(r"'(s3://[^/']+)")
"""In a staging view's text: the bucket that it reads."""


@dataclass(frozen=True, slots=True)
class Published:
    """An open published file; see `evallake.engines.asking.Engine`."""

    connection: duckdb.DuckDBPyConnection
    file: Path
    wait: Callable[[float], None] = time.sleep
    """Sleeps for some seconds."""

    @property
    def name(self) -> str:
        """The file."""
        return str(self.file)

    @property
    def at_once(self) -> int:
        """One: DuckDB spreads each question over the processors itself."""
        return 1

    def ask(self, sql: str, *, where: str = "--sql") -> Answer:
        """The answer to one statement that asks."""
        import duckdb

        try:
            _check_asks(self.connection.extract_statements(sql), where=where)
            reach_lake(self.connection, sql)
            return Answer(_plain_integers(self._asked(sql)))
        except duckdb.Error as error:
            if is_vanished(str(error)):
                raise StoreError(
                    f"files of the lake went while they were read ({_first_line(error)})",
                    where=where,
                    do="ask again when evallake vacuum is done; where none runs, build again",
                ) from error
            raise QuestionError(
                _first_line(error),
                where=where,
                do="evallake query --sql 'show tables' lists what can be read",
            ) from error

    def _asked(self, sql: str) -> pa.Table:
        """The rows; asked again where a vacuum removed files between listing and reading."""
        import duckdb

        for tried in range(1, TRIES):
            try:
                return self.connection.execute(sql).to_arrow_table()
            except duckdb.Error as error:
                if not is_vanished(str(error)):
                    raise
                self.wait(PAUSE_SECONDS * tried)
        return self.connection.execute(sql).to_arrow_table()


@contextmanager
def open_published(config: Config) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the published tables, with the functions that models may use.

    Raises:
        NotBuiltError: nothing has been published there yet, or the file is not a DuckDB file.
    """
    import duckdb

    from evallake.engines.duckdb import prepare

    where = Path(config.duckdb)
    if not where.is_file():
        raise NotBuiltError(
            "there are no tables to read yet", where=str(where), do="run: evallake build"
        )
    try:
        connection = duckdb.connect(str(where), read_only=True)
    except duckdb.Error as error:
        raise NotBuiltError(
            f"cannot be opened: {_first_line(error)}",
            where=str(where),
            do="build it anew with: evallake build --full-refresh",
        ) from error
    try:
        prepare(connection)
        yield connection
    finally:
        connection.close()


def _check_asks(statements: list[duckdb.Statement], *, where: str) -> None:
    """Refuse what is no single question: a read-only file does not keep `copy` from writing."""
    import duckdb

    if not statements:
        raise QuestionError("there is no SQL in it", where=where, do="give one statement")
    asking = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
    if len(statements) > 1 or statements[0].type not in asking:
        raise QuestionError(
            "it is not one statement that asks",
            where=where,
            do="give one select, show, describe or explain; --output writes the answer to a file",
        )


def reach_lake(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Let `connection` read the lake on S3 where `sql` needs it.

    Marts are in the published file; only the staging views read the lake itself. So whoever asks
    the marts needs neither credentials nor a network.
    """
    # Words, not DuckDB's own list of tables: to make that, it would look into the lake already.
    names = set(re.findall(r"\w+", sql.lower()))
    views = connection.execute("select view_name, sql from duckdb_views() where not internal")
    texts = [text for name, text in views.fetchall() if name in names]
    roots = {match[1] for text in texts if (match := _REMOTE_LAKE.search(text))}
    if not roots:
        return
    from evallake.engines.s3 import S3Access

    for root in sorted(roots):
        S3Access(root).open(connection)


def _plain_integers(table: pa.Table) -> pa.Table:
    """Sums of integers, which DuckDB gives as decimals, as 64-bit integers where they fit."""
    import pyarrow as pa

    for index, column in enumerate(table.schema):
        if pa.types.is_decimal(column.type) and column.type.scale == 0:
            try:
                values = table.column(index).cast(pa.int64())
            except pa.ArrowInvalid:
                continue  # wider than 64 bits: it stays what it is
            table = table.set_column(index, column.name, values)
    return table


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
