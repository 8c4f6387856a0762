"""From batches of rows to finished Parquet files of one load, in a private folder.

Decides which thread writes which table, when a row group is full and when a part file is. How a
file is encoded is `ingest.lake.parquet`'s matter; where the files go is the commit's.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from ingest.lake.layout import part_key
from ingest.lake.parquet import check_rows, parquet_writer
from ingest.lake.refusals import refusals
from ingest.tables import EXAMPLE_TOKENS, TABLES, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSizes:
    """When a row group and when a part file is full."""

    row_group_bytes: int = 64 << 20
    """In memory, uncompressed: a writer holds at most about two of them per table."""
    row_group_rows: int = 4 * 122_880
    """A multiple of the rows that DuckDB hands to one thread."""
    part_bytes: int = 256 << 20
    """On disk, compressed."""


@dataclass(frozen=True, slots=True)
class StagedFile:
    """One finished Parquet file that no reader sees yet."""

    table: str
    path: Path
    key: str
    """Where in the lake it will be."""
    rows: int
    bytes: int


Finished = Callable[[StagedFile], None]


def _unwatched(file: StagedFile) -> None:
    """Nobody waits for files."""


class LoadWriter:
    """Writes the tables of one load; use as a context manager.

    Tokens are by far the largest table, so they are written by one thread and everything else
    by another; parquet compression releases the interpreter lock. `write` waits while a thread
    is more than a few batches behind, so memory stays bounded.
    """

    _BEHIND = 3

    def __init__(
        self,
        folder: Path,
        *,
        job_id: str,
        load_id: str,
        sizes: PartSizes | None = None,
        finished: Finished = _unwatched,
    ) -> None:
        """
        Args:
            folder: private, empty.
            job_id: the load's job.
            load_id: the load.
            sizes: None for the usual ones.
            finished: told of each file when it is whole, from the thread that wrote it.
        """
        self._folder = folder
        self._job_id = job_id
        self._load_id = load_id
        self._sizes = sizes or PartSizes()
        self._finished = finished
        self._rows: Counter[str] = Counter()
        self._writers: dict[str, _TableWriter] = {}
        self._lanes = {name: _Lane(name) for name in ("tokens", "others")}

    def __enter__(self) -> LoadWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for lane in self._lanes.values():
            lane.abandon()
        for writer in self._writers.values():
            writer.abandon()

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Take rows of any lake tables, by name; LakeError for rows that do not fit."""
        for name, rows in tables.items():
            self._rows[name] += rows.num_rows
            if rows.num_rows == 0:
                check_rows(TABLES[name], rows)
                continue
            writer = self._writers.get(name)
            if writer is None:
                writer = self._writers[name] = _TableWriter(
                    TABLES[name],
                    self._folder,
                    job_id=self._job_id,
                    load_id=self._load_id,
                    sizes=self._sizes,
                    finished=self._finished,
                )
            lane = self._lanes["tokens" if name == EXAMPLE_TOKENS.name else "others"]
            lane.submit(writer, rows, behind=self._BEHIND)

    def rows_written(self, table: str) -> int:
        """Rows taken for `table` so far (count)."""
        return self._rows[table]

    def finish(self) -> tuple[StagedFile, ...]:
        """Close every file; one entry per file, none for a table without rows."""
        for lane in self._lanes.values():
            lane.finish(w for name, w in self._writers.items() if lane.serves(name))
        for lane in self._lanes.values():
            lane.wait(0)
        return tuple(file for writer in self._writers.values() for file in writer.files)


class _Lane:
    """A thread that does the work of some tables in order."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"write-{name}")
        self._pending: deque[Future[None]] = deque()

    def serves(self, table: str) -> bool:
        return (table == EXAMPLE_TOKENS.name) == (self._name == "tokens")

    def submit(self, writer: _TableWriter, rows: pa.Table, *, behind: int) -> None:
        self._pending.append(self._thread.submit(writer.write, rows))
        self.wait(behind)

    def finish(self, writers: Iterator[_TableWriter]) -> None:
        for writer in writers:
            self._pending.append(self._thread.submit(writer.close))

    def wait(self, behind: int) -> None:
        """Until at most `behind` pieces of work are left; raises what one of them raised."""
        while len(self._pending) > behind:
            self._pending.popleft().result()

    def abandon(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)


class _TableWriter:
    """Gathers rows into row groups and row groups into part files; used by one thread."""

    def __init__(
        self,
        table: Table,
        folder: Path,
        *,
        job_id: str,
        load_id: str,
        sizes: PartSizes,
        finished: Finished,
    ) -> None:
        self.files: list[StagedFile] = []
        self._table = table
        self._schema = table.schema
        self._folder = folder
        self._ids = (job_id, load_id)
        self._sizes = sizes
        self._finished = finished
        self._gathered: list[pa.Table] = []
        self._gathered_rows = 0
        self._gathered_bytes = 0
        self._part: _Part | None = None

    def write(self, rows: pa.Table) -> None:
        check_rows(self._table, rows)
        self._gathered.append(_compacted(rows))
        self._gathered_rows += rows.num_rows
        self._gathered_bytes += rows.nbytes
        if (
            self._gathered_rows >= self._sizes.row_group_rows
            or self._gathered_bytes >= self._sizes.row_group_bytes
        ):
            self._write_row_group()

    def close(self) -> None:
        if self._gathered:
            self._write_row_group()
        self._finish_part()

    def abandon(self) -> None:
        if self._part is not None:
            self._part.abandon()
            self._part = None

    def _write_row_group(self) -> None:
        rows = pa.concat_tables(self._gathered)
        self._gathered, self._gathered_rows, self._gathered_bytes = [], 0, 0
        if self._part is None:
            job_id, load_id = self._ids
            number = len(self.files)
            key = part_key(self._table, job_id=job_id, load_id=load_id, part=number)
            path = self._folder / f"{self._table.name}-{number:05d}.parquet"
            self._part = _Part(self._table, path, key)
        if self._part.write(rows) >= self._sizes.part_bytes:
            self._finish_part()

    def _finish_part(self) -> None:
        if self._part is not None:
            self.files.append(self._part.close())
            self._part = None
            self._finished(self.files[-1])


def _compacted(rows: pa.Table) -> pa.Table:
    """The same rows in memory of their own, just as much as they need.

    Columns are often views into what a kernel or a reader allocated for a whole batch of input.
    Rows wait here for dozens of batches, and ten times their size would wait with them
    (measured 2026-11-21: 12 MB kept for 1.1 MB of `examples`).
    """
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return pa.ipc.open_stream(sink.getvalue()).read_all()


class _Part:
    """One Parquet file being written."""

    def __init__(self, table: Table, path: Path, key: str) -> None:
        self._table = table
        self._path = path
        self._key = key
        self._rows = 0
        with refusals("write", path):
            self._sink = pa.OSFile(str(path), "wb")
            self._writer = parquet_writer(self._sink, table)

    def write(self, rows: pa.Table) -> int:
        """Add one row group; size of the file so far (bytes)."""
        with refusals("write", self._path):
            self._writer.write_table(rows, row_group_size=rows.num_rows)
            self._rows += rows.num_rows
            return int(self._sink.tell())

    def close(self) -> StagedFile:
        with refusals("write", self._path):
            self._writer.close()
            size = int(self._sink.tell())
            self._sink.close()
        return StagedFile(self._table.name, self._path, self._key, self._rows, size)

    def abandon(self) -> None:
        """Let the half-written file go; its folder is about to be removed."""
        self._writer.is_open = False  # or its destructor would write a footer to a closed file
        with refusals("close", self._path):
            self._sink.close()
