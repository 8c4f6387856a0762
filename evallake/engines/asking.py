"""What every engine that answers questions has in common. Names no engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Answer:
    """A table, and what it took where the engine tells."""

    table: pa.Table
    query_id: str | None = None
    """By which the engine's own console knows the question. Null where it has none."""
    bytes_scanned: int | None = None
    """What was read for it, and is paid for (bytes). Null where nobody pays."""
    seconds: float | None = None
    """From asking to answered, on the engine's clock (seconds). Null where it does not say."""


class Engine(Protocol):
    """Something that holds the published tables and answers SQL."""

    @property
    def name(self) -> str:
        """What errors call it: a file, a database."""

    @property
    def at_once(self) -> int:
        """Questions that it answers at the same time without their waiting for each other."""

    def ask(self, sql: str, *, where: str = "--sql") -> Answer:
        """The answer to one statement that asks.

        Args:
            sql: the statement.
            where: how an error names the text.

        Raises:
            NotBuiltError: nothing has been published yet.
            QuestionError: the engine refuses the text, or it does not ask.
            StoreError: what the engine reads from, or its own service, refuses.
        """
