"""Files as chunks bounded in bytes: memory is bounded by a chunk, not by the file.

Decides how many rows make a chunk and which rows hold text that is no UTF-8. Does not know
what a column means.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.errors import FormatError
from ingest.formats.columns import bytes_as_text
from ingest.formats.dictionaries import rows_at_worst
from ingest.sources import SourceLimits

Item = TypeVar("Item")

_READ_BYTES = 1 << 20
_PROBE_ROWS = 32
_MOST_ROWS = 1 << 17
_BATCHES_AT_ONCE = 4
"""Of row groups that are judged together: their last batch may be short (count)."""
_GRACE_BYTES = 64 << 20
"""Unpacked bytes before their ratio to the file's is judged."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """Rows whose text is not UTF-8."""

    is_damaged: np.ndarray
    """bool per row."""
    raw: pa.BinaryArray
    """The bytes of the damaged column; null in other rows."""
    message: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows of a Parquet file."""

    batch: pa.RecordBatch
    damaged: Damaged | None
    """Rows that cannot be read; their damaged columns are null in the batch."""


def parquet_chunks(
    path: Path,
    columns: list[str],
    *,
    max_bytes: int,
    where: str,
    unchecked: Collection[str] = (),
    limits: SourceLimits | None = None,
) -> Iterator[Chunk]:
    """A file's rows in order, in chunks of about `max_bytes` in memory.

    Args:
        columns: wanted columns, with dots for fields; those the file lacks are left out.
        unchecked: columns whose reader copes with any bytes, so that they need no check.
        limits: how large a row may be.

    Raises:
        FormatError: the file is damaged, or a row is too large.
    """
    allowed = limits or SourceLimits()
    first = unpacked = 0
    try:
        # not memory-mapped: mapped pages of a large file would count as our memory. Buffered:
        # otherwise a whole column of a row group, which may be the whole file, is read at once
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=_READ_BYTES) as file:
            most = max(_GRACE_BYTES, allowed.max_compression_ratio * path.stat().st_size)
            read = _batches(path, file, columns, max_bytes)
            for batch in _joined((_plain(batch) for batch in read), max_bytes):
                unpacked += batch.nbytes
                if unpacked > most:
                    said = f"unpacks to more than {allowed.max_compression_ratio:g} times its size"
                    raise allowed.refusal(
                        said, "max_compression_ratio", where=where, of=FormatError
                    )
                for part in _split(batch, max_bytes):
                    if part.num_rows == 1 and part.nbytes > allowed.max_row_bytes:
                        said = f"row {first} has more than {allowed.max_row_bytes} bytes"
                        raise allowed.refusal(said, "max_row_bytes", where=where, of=FormatError)
                    first += part.num_rows
                    yield _checked(part, unchecked)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise FormatError(
            f"damaged Parquet file ({reason})", where=where, do="fetch it again"
        ) from error


def _batches(
    path: Path, file: pq.ParquetFile, columns: list[str], max_bytes: int
) -> Iterator[pa.RecordBatch]:
    """All rows, about `max_bytes` at a time, or fewer where so many could take far more."""
    metadata = file.metadata
    row_groups = range(metadata.num_row_groups)
    held = [metadata.row_group(number).num_rows for number in row_groups]
    before = np.cumsum([0, *held])
    first = [number for number in row_groups if before[number] < _PROBE_ROWS]
    probed = rows_at_worst(path, metadata, columns, _PROBE_ROWS, groups=first)
    rows = rows_per_chunk(file, columns, max_bytes, probe_rows=probed)
    groups: list[int] = []
    waiting = 0
    for number in row_groups:
        groups.append(number)
        waiting += held[number]
        if waiting >= _BATCHES_AT_ONCE * rows or number == row_groups[-1]:
            yield from file.iter_batches(
                batch_size=rows_at_worst(path, metadata, columns, rows, groups=groups),
                row_groups=groups,
                columns=columns,
                use_threads=False,
            )
            groups, waiting = [], 0


def _joined(batches: Iterable[pa.RecordBatch], max_bytes: int) -> Iterator[pa.RecordBatch]:
    """The same rows, neighbours together as long as they take no more than `max_bytes`."""
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        if held and size + batch.nbytes > max_bytes:
            yield pa.concat_batches(held) if len(held) > 1 else held[0]
            held, size = [], 0
        held.append(batch)
        size += batch.nbytes
    if held:
        yield pa.concat_batches(held) if len(held) > 1 else held[0]


def read_ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items, the next one being made in a thread while one is used."""
    iterator = iter(items)
    done = object()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead") as pool:
        pending = pool.submit(next, iterator, done)
        while (item := pending.result()) is not done:
            pending = pool.submit(next, iterator, done)
            yield item  # type: ignore[misc]  # everything but the marker is an item


def work_ahead(tasks: Iterable[Callable[[], Item]], *, workers: int) -> Iterator[Item]:
    """What the tasks give, in order, while one thread makes tasks and `workers` do them.

    At most `workers` results wait, and one task more, so memory is bounded by a few chunks.
    """
    ahead: deque[Future[Item]] = deque()
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="decode") as pool:
        for task in read_ahead(tasks):
            ahead.append(pool.submit(task))
            if len(ahead) > workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def rows_per_chunk(
    file: pq.ParquetFile, columns: list[str], max_bytes: int, *, probe_rows: int = _PROBE_ROWS
) -> int:
    """Rows that fill a chunk, judged by the first few and by the file's own sizes.

    Sizes in the file do not count what a dictionary repeats; the first rows may be short.
    The larger estimate of the two is taken, and what is still too large is split.
    """
    metadata = file.metadata
    if metadata.num_rows == 0:
        return 1
    wanted = tuple(columns)
    stored = 0
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for index in range(row_group.num_columns):
            chunk = row_group.column(index)
            if chunk.path_in_schema.startswith(wanted):
                stored += chunk.total_uncompressed_size
    first = next(file.iter_batches(batch_size=probe_rows, columns=columns, use_threads=False))
    per_row = max(stored / metadata.num_rows, first.nbytes / max(first.num_rows, 1), 1.0)
    return int(min(max(max_bytes / per_row, 1), _MOST_ROWS))


def _split(batch: pa.RecordBatch, max_bytes: int) -> Iterator[pa.RecordBatch]:
    """Halves of a batch until each is at most twice as large as wanted."""
    if batch.num_rows <= 1 or batch.nbytes <= 2 * max_bytes:
        yield batch
        return
    middle = batch.num_rows // 2
    yield from _split(batch.slice(0, middle), max_bytes)
    yield from _split(batch.slice(middle), max_bytes)


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with text where it has bytes, and values where it has places in a dictionary."""
    for index, name in enumerate(batch.schema.names):
        column = bytes_as_text(batch.column(index))
        if column.type != batch.schema.field(index).type:
            batch = batch.set_column(index, name, column)
    return batch


def _checked(batch: pa.RecordBatch, unchecked: Collection[str]) -> Chunk:
    damaged = None
    for index, name in enumerate(batch.schema.names):
        column = batch.column(index)
        if name in unchecked or _is_whole(column):
            continue
        is_bad = np.zeros(len(column), np.bool_)
        _mark_damaged(column, 0, is_bad)
        flags = pa.array(is_bad)
        raw = pa.nulls(len(column), pa.binary())
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            raw = pc.if_else(flags, column.cast(pa.binary()), None)
        batch = batch.set_column(index, batch.schema.field(index), pc.if_else(flags, None, column))
        if damaged is not None:
            raw = pc.coalesce(damaged.raw, raw)
            is_bad = is_bad | damaged.is_damaged
        damaged = Damaged(is_bad, raw, "the row's text is not UTF-8")
    return Chunk(batch, damaged)


def _is_whole(column: pa.Array) -> bool:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _mark_damaged(column: pa.Array, first: int, is_bad: np.ndarray) -> None:
    """Finds the damaged rows by halving: few rows are damaged, if any."""
    if _is_whole(column):
        return
    if len(column) == 1:
        is_bad[first] = True
        return
    middle = len(column) // 2
    # copies, not slices: a slice of lists is validated with all of its parent's elements
    halves = np.split(np.arange(len(column)), [middle])
    _mark_damaged(column.take(pa.array(halves[0])), first, is_bad)
    _mark_damaged(column.take(pa.array(halves[1])), first + middle, is_bad)
