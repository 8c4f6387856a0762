"""Which input row is which example: repeats, copies, passes and twins, by content alone.

The first pass over a run's files hands in every row's content, which is hashed at once and
forgotten; `settle` then decides each row's role; the second pass asks for the decisions in
the same order. The state lives in DuckDB with a memory limit and a private directory to
spill into, so a million rows cost no more memory than a limit of our choice.

Rules, per task, with N documents expected and M rows found (decision 0023):

- M ≤ N: every row is an example of its own; equal rows are repeats.
- M = r·N and every content occurs a multiple of r times: the documents were logged in r
  passes. The first lands; a later one can only add metrics to it.
- otherwise, or N unknown: the i-th copy of a content in one file and the i-th copy in another
  are one example; copies within one file are repeats.

Rows of inference_output.jsonl are twins of examples: the i-th copy of (system prompt, query,
gold, prediction) of the i-th such example; of what is left, the i-th of (query, gold), and
last the i-th of (task, query, prediction), whose gold is another, or one of several.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa

from ingest.formats.content import Content
from ingest.formats.identity import MACROS
from ingest.formats.pairing_rules import (
    COPIES,
    COPY,
    INSERT,
    LANDS,
    MODES,
    NO_TWINS,
    PLAN,
    REJECT,
    SCHEMA,
    TWIN,
    TWINS,
)

__all__ = ["COPY", "LANDS", "REJECT", "TWIN", "Decisions", "Pairing", "TaskCount"]

_SETTINGS = {"memory_limit": "256MiB", "preserve_insertion_order": "false"}
"""What is waiting spills into a file; keeping an order that nobody asks for would hold it here."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was decided for consecutive rows."""

    first: int
    """Place of the first of them in reading order."""
    decision: np.ndarray
    """uint8: LANDS, COPY, TWIN or REJECT."""
    example: np.ndarray
    """int64: place of the row that lands for this one; -1 where none does."""
    example_key: pa.StringArray
    item_key: pa.StringArray
    repeat_index: pa.Int32Array
    twin_metadata: pa.StringArray
    """Metadata of the example's twin; null without a twin or where it has none."""


@dataclass(frozen=True, slots=True)
class TaskCount:
    """Rows of one task."""

    task: int
    found: int
    """Details rows, rejected ones included."""
    landed: int
    """Examples, those from twins that nobody claimed included."""


class Pairing:
    """Collects contents, then tells each row's role; a context manager."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="evallake-")
        self._connection = duckdb.connect(
            ":memory:",
            config={**_SETTINGS, "temp_directory": self._directory.name},
        )
        self._connection.execute(MACROS + SCHEMA)
        self._next = 0
        self._has_twins = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()
        self._directory.cleanup()

    def add(self, content: Content, *, file: int, task: int, is_twin: bool) -> None:
        """Takes in consecutive rows of one file."""
        batch = pa.table(
            {
                "ordinal": pa.array(np.arange(self._next, self._next + content.rows)),
                "system_prompt": content.system_prompt,
                "query": content.query,
                "gold_texts": content.gold_texts,
                "predictions": content.predictions,
                "metadata_text": content.metadata_text,
                "is_rejected": content.reject_code.is_valid(),
            }
        )
        self._next += content.rows
        self._has_twins = self._has_twins or is_twin
        self._connection.register("batch", batch)
        self._connection.execute(INSERT, {"file": file, "task": task, "is_twin": is_twin})
        self._connection.unregister("batch")

    def settle(self, expected: Mapping[int, int | None]) -> None:
        """Decides every row's role; `expected` has each task's documents, None if unknown."""
        for task, documents in expected.items():
            self._connection.execute("insert into expected values (?, ?)", [task, documents])
        self._connection.execute(MODES)
        self._connection.execute(COPIES)
        self._connection.execute(TWINS if self._has_twins else NO_TWINS)
        self._connection.execute(PLAN)

    def decisions(self, first: int, count: int) -> Decisions:
        """The roles of `count` rows from place `first` on."""
        table = self._connection.execute(
            "select * from plan where ordinal >= ? and ordinal < ? order by ordinal",
            [first, first + count],
        ).to_arrow_table()
        columns = table.combine_chunks()
        return Decisions(
            first=first,
            decision=_numpy(columns, "decision"),
            example=_numpy(columns, "example", missing=-1),
            example_key=_array(columns, "example_key"),
            item_key=_array(columns, "item_key"),
            repeat_index=_array(columns, "repeat_index"),
            twin_metadata=_array(columns, "metadata_text"),
        )

    def counts(self) -> list[TaskCount]:
        """Rows per task, sorted by task."""
        rows = self._connection.execute(
            f"""
            select p.task,
                count(*) filter (where not r.is_twin) as found,
                count(*) filter (where p.decision = {LANDS}) as landed
            from plan as p join raw_rows as r using (ordinal)
            group by p.task order by p.task
            """
        ).fetchall()
        return [TaskCount(*row) for row in rows]

    def tasks_with_copies(self) -> frozenset[int]:
        """Tasks of which some details rows are copies or later passes of others."""
        rows = self._connection.execute(
            "select distinct p.task from plan as p join copies as c using (ordinal)"
            f" where p.decision = {COPY}"
        ).fetchall()
        return frozenset(task for (task,) in rows)

    def unclaimed_twins(self) -> int:
        """Rows of inference_output.jsonl that no details row belongs to."""
        [row] = self._connection.execute(
            f"""
            select count(*) from plan as p join raw_rows as r using (ordinal)
            where r.is_twin and p.decision = {LANDS}
            """
        ).fetchall()
        return int(row[0])


def _array(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name)
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _numpy(table: pa.Table, name: str, *, missing: int = 0) -> np.ndarray:
    return np.asarray(_array(table, name).fill_null(missing).to_numpy(zero_copy_only=False))
