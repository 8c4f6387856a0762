"""Questions to the published tables: those kept in `sql/`, or any SQL.

The published DuckDB file is opened read-only, so that asking never blocks a build and can change
nothing. Decides what a question is; how the answer looks is `evallake.output`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evallake.config import Config
from evallake.errors import NotBuiltError, QuestionError
from evallake.project import Project

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_REMOTE_LAKE = re.compile(r"'(s3://[^/']+)")
"""In a staging view's text: the bucket that it reads."""
_HEADER = re.compile(r"^--\s?(?P<key>[A-Z][a-z]+):\s*(?P<text>.*)$")


@dataclass(frozen=True, slots=True)
class Question:
    """One file of `sql/`: plain SQL under a header of comments."""

    name: str
    question: str
    """What it answers, one sentence."""
    reads: str
    """The marts it reads."""
    returns: str
    """What a row of the answer is."""
    sql: str
    """The whole text, header included."""


def parse_question(name: str, sql: str) -> Question:
    """The question in the text of a file: `-- Question:`, `-- Reads:`, `-- Returns:`, then SQL.

    Raises:
        QuestionError: one of the three header lines is missing.
    """
    parts: dict[str, str] = {}
    key = ""
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        match = _HEADER.match(line)
        if match:
            key = match["key"].lower()
            parts[key] = match["text"].strip()
        elif key:
            parts[key] += " " + line.removeprefix("--").strip()
    missing = [part for part in ("question", "reads", "returns") if not parts.get(part)]
    if missing:
        raise QuestionError(
            f"its header has no {' and no '.join(missing)}",
            where=f"sql/{name}.sql",
            do="begin the file with -- Question:, -- Reads: and -- Returns:",
        )
    return Question(name, parts["question"], parts["reads"], parts["returns"], sql)


def list_questions(project: Project) -> tuple[Question, ...]:
    """All questions of the project, by name."""
    return tuple(
        parse_question(file.stem, file.read_text(encoding="utf-8"))
        for file in sorted(project.questions.glob("*.sql"))
    )


def find_question(project: Project, name: str) -> Question:
    """The question called `name`.

    Raises:
        QuestionError: there is none; the message lists those there are.
    """
    for question in list_questions(project):
        if question.name == name:
            return question
    known = ", ".join(question.name for question in list_questions(project))
    raise QuestionError(f"no question is called {name!r}", do=f"choose one of: {known}")


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


def ask(config: Config, sql: str, *, where: str = "--sql") -> pa.Table:
    """The answer to `sql` as an Arrow table.

    Args:
        config: which published file to read.
        sql: one statement.
        where: how an error names the text.

    Raises:
        NotBuiltError: nothing has been published yet.
        QuestionError: the engine refuses the text.
        StoreError: it reads the staging views of a lake on S3, which cannot be reached.
    """
    import duckdb

    with open_published(config) as connection:
        try:
            _check_asks(connection.extract_statements(sql), where=where)
            reach_lake(connection, sql)
            relation = connection.execute(sql)
            return _plain_integers(relation.to_arrow_table())
        except duckdb.Error as error:
            raise QuestionError(
                _first_line(error),
                where=where,
                do="evallake query --sql 'show tables' lists what can be read",
            ) from error


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
    names = connection.get_table_names(sql)
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
