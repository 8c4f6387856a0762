from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.errors import FormatError
from ingest.formats import dictionaries, streaming
from ingest.formats.streaming import parquet_chunks, read_ahead, rows_per_chunk, work_ahead


def write(path: Path, table: pa.Table, **options: object) -> Path:
    pq.write_table(table, path, **options)
    return path


def test_chunks_are_bounded_in_bytes_not_in_rows(tmp_path: Path) -> None:
    # the first rows are short and dictionaries hide how long the others are
    texts = ["x"] * 100 + ["y" * 10_000] * 200 + ["z"] * 100
    path = write(tmp_path / "f.parquet", pa.table({"a": texts, "b": range(400)}))
    chunks = list(parquet_chunks(path, ["a"], max_bytes=100_000, where="f"))
    assert max(chunk.batch.nbytes for chunk in chunks) <= 200_000
    assert [t for c in chunks for t in c.batch.column(0).to_pylist()] == texts
    assert {tuple(c.batch.schema.names) for c in chunks} == {("a",)}


def test_what_dictionaries_hide_is_counted_before_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "f.parquet", pa.table({"a": ["y" * 10_000] * 3000}))
    assert path.stat().st_size < 100_000
    with pq.ParquetFile(path) as file:
        assert 5 <= rows_per_chunk(file, ["a"], 100_000) <= 10


@pytest.mark.parametrize("group_rows", [[1, 2, 500, 1, 700], [1204], [40, 40, 1124]])
def test_no_reading_takes_more_than_the_worst_whatever_the_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_rows: list[int]
) -> None:
    """Every value is written once, and a long one is meant by many rows somewhere in the middle."""
    monkeypatch.setattr(dictionaries, "MOST_AT_ONCE_BYTES", 400_000)
    texts = [str(row) for row in range(40)] + ["y" * 20_000] * 1000 + ["z"] * 164
    table = pa.table({"a": texts, "b": [[text[:3]] * 2 for text in texts]})
    path = tmp_path / "f.parquet"
    with pq.ParquetWriter(path, table.schema) as writer:
        for first, rows in zip(np.cumsum([0, *group_rows]), group_rows, strict=False):
            writer.write_table(table.slice(first, rows), row_group_size=rows)
    read: list[int] = []
    plain = streaming._plain
    monkeypatch.setattr(streaming, "_plain", lambda b: read.append(b.nbytes) or plain(b))
    chunks = list(parquet_chunks(path, ["a", "b"], max_bytes=1 << 20, where="f"))
    assert max(read) <= 400_000
    assert len(chunks) < len(read) / 2
    found = pa.Table.from_batches([chunk.batch for chunk in chunks])
    assert found.to_pydict() == table.to_pydict()


def test_a_row_larger_than_a_chunk_is_a_chunk(tmp_path: Path) -> None:
    path = write(tmp_path / "f.parquet", pa.table({"a": ["x" * 5000, "y" * 5000]}))
    chunks = list(parquet_chunks(path, ["a"], max_bytes=10, where="f"))
    assert [chunk.batch.num_rows for chunk in chunks] == [1, 1]


def test_fields_of_structs_are_read_alone(tmp_path: Path) -> None:
    table = pa.table({"doc": [{"query": "q", "other": "o"}], "docs": ["x"]})
    path = write(tmp_path / "f.parquet", table)
    [chunk] = parquet_chunks(path, ["doc.query", "doc.none"], max_bytes=100, where="f")
    assert chunk.batch.to_pylist() == [{"doc": {"query": "q"}}]


def test_columns_of_no_type_are_texts_that_every_row_lacks(tmp_path: Path) -> None:
    table = pa.table({"a": pa.nulls(2), "b": [[None], []], "c": [{"d": None, "e": 1}] * 2})
    path = write(tmp_path / "f.parquet", table)
    [chunk] = parquet_chunks(path, ["a", "b", "c"], max_bytes=100, where="f")
    assert [str(type_) for type_ in chunk.batch.schema.types] == [
        "string",
        "list<element: string>",
        "struct<d: string, e: int64>",
    ]
    assert chunk.batch.to_pylist() == table.to_pylist()


def test_an_empty_file_has_no_chunks_or_empty_ones(tmp_path: Path) -> None:
    path = write(tmp_path / "f.parquet", pa.table({"a": pa.array([], pa.string())}))
    assert sum(c.batch.num_rows for c in parquet_chunks(path, ["a"], max_bytes=9, where="f")) == 0


def bad_texts(values: list[bytes]) -> pa.Array:
    offsets = pa.array([sum(map(len, values[:i])) for i in range(len(values) + 1)], pa.int32())
    return pa.StringArray.from_buffers(
        len(values), offsets.buffers()[1], pa.py_buffer(b"".join(values))
    )


def test_rows_that_are_no_utf8_are_marked_and_kept_as_bytes(tmp_path: Path) -> None:
    column = bad_texts([b"a", b"\xff\xfe", b"", b"b", b"\xc3"])
    path = write(tmp_path / "f.parquet", pa.table({"a": column, "b": ["x"] * 5}))
    [chunk] = parquet_chunks(path, ["a", "b"], max_bytes=1000, where="f")
    assert chunk.damaged is not None
    assert chunk.damaged.is_damaged.tolist() == [False, True, False, False, True]
    assert chunk.damaged.raw.to_pylist() == [None, b"\xff\xfe", None, None, b"\xc3"]
    assert chunk.batch.column(0).to_pylist() == ["a", None, "", "b", None]


def test_damage_inside_lists_is_found_too(tmp_path: Path) -> None:
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), bad_texts([b"a", b"\xff"]))
    path = write(tmp_path / "f.parquet", pa.table({"a": lists}))
    [chunk] = parquet_chunks(path, ["a"], max_bytes=1000, where="f")
    assert chunk.damaged is not None
    assert chunk.damaged.is_damaged.tolist() == [False, True]
    assert chunk.batch.column(0).to_pylist() == [["a"], None]


def test_damage_in_the_middle_of_a_file_is_one_line(tmp_path: Path) -> None:
    texts = [f"{i:064d}" for i in range(5000)]
    path = write(
        tmp_path / "f.parquet", pa.table({"a": texts}), compression="snappy", use_dictionary=False
    )
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 3000] = b"\xff" * 3000
    path.write_bytes(bytes(data))
    with pytest.raises(FormatError, match=r"^details\.parquet: damaged Parquet file") as refused:
        list(parquet_chunks(path, ["a"], max_bytes=10_000, where="details.parquet"))
    assert "\n" not in str(refused.value)


def test_reading_ahead_keeps_the_order_and_uses_one_other_thread() -> None:
    threads = set()

    def items() -> Iterator[int]:
        for i in range(50):
            threads.add(threading.get_ident())
            yield i

    assert list(read_ahead(items())) == list(range(50))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_reading_ahead_passes_errors_on_and_can_be_left_early() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise FormatError("broken")

    ahead = read_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(FormatError, match="broken"):
        next(ahead)
    left = read_ahead(iter(range(100)))
    assert next(left) == 0
    left.close()  # type: ignore[attr-defined]
    assert not [t for t in threading.enumerate() if t.name.startswith("read-ahead")]


def test_working_ahead_keeps_the_order_though_later_work_is_done_first() -> None:
    is_second_done = threading.Event()

    def slow_first() -> int:
        assert is_second_done.wait(10)
        return 0

    def quick_second() -> int:
        is_second_done.set()
        return 1

    tasks = [slow_first, quick_second, *(partial(int, i) for i in range(2, 50))]
    assert list(work_ahead(tasks, workers=2)) == list(range(50))


def test_working_ahead_makes_few_tasks_more_than_are_wanted() -> None:
    made = []

    def tasks() -> Iterator[Callable[[], int]]:
        for i in range(100):
            made.append(i)
            yield partial(int, i)

    ahead = work_ahead(tasks(), workers=2)
    assert [next(ahead) for _ in range(3)] == [0, 1, 2]
    ahead.close()  # type: ignore[attr-defined]
    assert len(made) <= 3 + 2 + 2
    assert not [t for t in threading.enumerate() if t.name.startswith(("read-ahead", "decode"))]


def test_working_ahead_passes_errors_on_in_their_place() -> None:
    def broken() -> int:
        raise FormatError("broken")

    ahead = work_ahead([partial(int, 7), broken], workers=2)
    assert next(ahead) == 7
    with pytest.raises(FormatError, match="broken"):
        next(ahead)
