"""How long a value of a Parquet file can be where the file writes equal values only once.

A column chunk may keep its values in a dictionary page and then say, in a few bytes, that a million
rows hold the first of them: nothing in the file's sizes tells what they take in memory. Decides how
many rows of such a file are read at once. Reads dictionary pages where their sizes do not decide,
never rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.parsing.compiling import kernel

MOST_AT_ONCE_BYTES = 256 << 20
"""What rows that are read at once may take at the worst (bytes)."""

_HEADER_BYTES = 32
_I32 = 5
_FEW_ROWS = 8
"""Reading as many at once is as quick as reading more: fewer, and dictionaries are looked into."""
_FEW_VALUES = 4
"""Lists may be this many times longer than the average before more than the most is taken."""


def rows_at_worst(
    path: Path,
    metadata: pq.FileMetaData,
    columns: list[str],
    rows: int,
    *,
    groups: Iterable[int] | None = None,
) -> int:
    """As many of `rows` as cannot take more than MOST_AT_ONCE_BYTES, and one at least.

    Args:
        path: the file.
        metadata: its own.
        columns: the columns that will be read, with dots for fields.
        rows: how many would be read at once judging by averages.
        groups: of these row groups; None for all.
    """
    fewest = rows
    with path.open("rb") as file:
        for number in range(metadata.num_row_groups) if groups is None else groups:
            group = metadata.row_group(number)
            at_once = min(rows, group.num_rows)
            if at_once == 0:
                continue
            chunks = [group.column(index) for index in range(group.num_columns)]
            read = [chunk for chunk in chunks if _is_read(chunk, tuple(columns))]
            for longest in (_page_size, _longest_value):
                worst = sum(_each(chunk, group.num_rows) * longest(file, chunk) for chunk in read)
                most = at_once if worst == 0 else min(int(MOST_AT_ONCE_BYTES / worst), at_once)
                if most >= min(at_once, _FEW_ROWS):
                    break
            if most < at_once:
                fewest = min(fewest, max(most, 1))
    return fewest


def _is_read(chunk: Any, columns: tuple[str, ...]) -> bool:
    is_text = chunk.physical_type == "BYTE_ARRAY" and chunk.has_dictionary_page
    return bool(is_text and chunk.path_in_schema.startswith(columns))


def _each(chunk: Any, rows: int) -> float:
    """How many values a row has (count)."""
    each = max(float(chunk.num_values) / rows, 1.0)
    return each if each == 1.0 else each * _FEW_VALUES


def _page_size(file: BinaryIO, chunk: Any) -> int:
    """What a chunk's dictionary takes (bytes): no value is longer."""
    file.seek(chunk.dictionary_page_offset)
    sizes = _page_sizes(file.read(_HEADER_BYTES))
    return 0 if sizes is None else sizes[0]  # not a page: reading it says what is wrong


def _longest_value(file: BinaryIO, chunk: Any) -> int:
    """The longest value in a chunk's dictionary (bytes)."""
    file.seek(chunk.dictionary_page_offset)
    sizes = _page_sizes(file.read(_HEADER_BYTES))
    if sizes is None:
        return 0
    unpacked, packed = sizes
    file.seek(chunk.data_page_offset - packed)
    data = file.read(packed)
    if chunk.compression != "UNCOMPRESSED":
        codec = "lz4_raw" if chunk.compression == "LZ4" else chunk.compression.lower()
        try:
            data = pa.Codec(codec).decompress(data, unpacked, asbytes=True)
        except (pa.ArrowException, ValueError):
            return unpacked
    return int(_longest(np.frombuffer(data, np.uint8)))


def _page_sizes(header: bytes) -> tuple[int, int] | None:
    """Unpacked and packed size in a page's header, its second and third number (Thrift, compact)."""
    numbers: list[int] = []
    at = 0
    while len(numbers) < 3:
        if at >= len(header) or header[at] != 0x10 | _I32:
            return None
        at += 1
        number = shift = 0
        while at < len(header) and header[at] & 0x80:
            number |= (header[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
        if at >= len(header):
            return None
        number |= header[at] << shift
        numbers.append((number >> 1) ^ -(number & 1))
        at += 1
    _, unpacked, packed = numbers
    return (unpacked, packed) if unpacked >= 0 and packed >= 0 else None


@kernel
def _longest(data: np.ndarray) -> Any:
    """The longest of values that lie one behind the other, each after its length in four bytes."""
    at = np.int64(0)
    longest = np.int64(0)
    while at + 4 <= data.size:
        length = np.int64(0)
        for byte in range(4):
            length |= np.int64(data[at + byte]) << np.int64(8 * byte)
        longest = max(longest, length)
        at += 4 + length
    return longest
