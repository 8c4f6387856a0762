"""Questions to the published tables, on either engine: those kept in `sql/`, or any SQL.

Decides what a question is and which engine answers it. How the answer looks is `evallake.output`;
how an engine answers, `evallake.engines`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evallake.config import Config
from evallake.engines.asking import Answer, Engine
from evallake.engines.published import Published, open_published
from evallake.errors import QuestionError
from evallake.project import Project

if TYPE_CHECKING:
    import pyarrow as pa

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
def open_engine(config: Config, *, unload: bool = False) -> Iterator[Engine]:
    """The engine that holds the published tables, for as many questions as you like.

    Args:
        config: which one, and where.
        unload: have Athena write answers in no stated order as Parquet, which is quicker for many
            rows. DuckDB has no use for it.

    Raises:
        NotBuiltError: nothing has been published yet.
    """
    if config.athena is not None:
        from evallake.engines.athena import Athena

        yield Athena(config.athena, unload=unload)
        return
    with open_published(config) as connection:
        yield Published(connection, config.duckdb)


def answer(config: Config, sql: str, *, where: str = "--sql", unload: bool = False) -> Answer:
    """The answer to `sql`, and what it took.

    Args:
        config: which engine to ask.
        sql: one statement.
        where: how an error names the text.
        unload: as of `open_engine`.

    Raises:
        NotBuiltError: nothing has been published yet.
        QuestionError: the engine refuses the text.
        StoreError: what the engine reads from, or its own service, refuses.
    """
    with open_engine(config, unload=unload) as engine:
        return engine.ask(sql, where=where)


def ask(config: Config, sql: str, *, where: str = "--sql") -> pa.Table:
    """The answer to `sql` as an Arrow table alone; see `answer`."""
    return answer(config, sql, where=where).table
