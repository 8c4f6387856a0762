"""What a load's files are like: declared schema, bounded parts, nothing for nothing."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.errors import LakeError, StoreError
from ingest.lake import LoadWriter
from ingest.lake.writer import PartSizes
from ingest.tables import EXAMPLE_METRICS, EXAMPLE_TOKENS, EXAMPLES, JOBS, REJECTS, Table


def rows(table: Table, count: int, **values: Any) -> pa.Table:
    fillers = {pa.string(): "x", pa.int32(): 1, pa.int64(): 1, pa.bool_(): True}
    filled = {
        field.name: values.get(field.name, None if field.nullable else fillers[field.type])
        for field in table.schema
    }
    return pa.table(
        [
            pa.array(value if isinstance(value, list) else [value] * count, field.type)
            for field, value in zip(table.schema, filled.values(), strict=True)
        ],
        schema=table.schema,
    )


def writer(folder: Path, **sizes: int) -> LoadWriter:
    return LoadWriter(folder, job_id="a", load_id="L1", sizes=PartSizes(**sizes))


def test_rows_of_several_batches_come_back_in_order(tmp_path: Path) -> None:
    with writer(tmp_path) as load:
        for start in range(0, 50, 10):
            load.write(
                {
                    EXAMPLE_TOKENS.name: rows(
                        EXAMPLE_TOKENS, 10, position=[*range(start, start + 10)]
                    )
                }
            )
        assert load.rows_written(EXAMPLE_TOKENS.name) == 50
        (file,) = load.finish()
    assert file.key == "example_tokens/job_id=a/load_id=L1/part-00000.parquet"
    assert (file.rows, file.bytes) == (50, file.path.stat().st_size)
    read = pq.read_table(file.path)
    assert read.schema.equals(EXAMPLE_TOKENS.schema)
    assert read["position"].to_pylist() == [*range(50)]


def test_row_groups_and_parts_roll_at_their_sizes(tmp_path: Path) -> None:
    with writer(tmp_path, row_group_rows=20, part_bytes=1) as load:
        for _ in range(7):
            load.write({EXAMPLE_METRICS.name: rows(EXAMPLE_METRICS, 10)})
        files = load.finish()
    assert [file.rows for file in files] == [20, 20, 20, 10]
    assert [file.key[-18:] for file in files] == [f"part-0000{n}.parquet" for n in range(4)]
    (tmp_path / "b").mkdir()
    with writer(tmp_path / "b", row_group_bytes=1) as load:
        for _ in range(3):
            load.write({EXAMPLE_METRICS.name: rows(EXAMPLE_METRICS, 10)})
        (file,) = load.finish()
    assert pq.ParquetFile(file.path).num_row_groups == 3


def test_what_a_vacuum_took_from_under_an_ingest_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "_staging" / "L1"
    folder.mkdir(parents=True)
    load = writer(folder)
    folder.rmdir()
    with pytest.raises(StoreError, match="give vacuum a --grace longer than any ingest takes"):
        load.write({EXAMPLE_TOKENS.name: rows(EXAMPLE_TOKENS, 10)})
        load.finish()


def test_no_rows_no_file(tmp_path: Path) -> None:
    with writer(tmp_path) as load:
        load.write({EXAMPLES.name: EXAMPLES.schema.empty_table()})
        assert load.finish() == ()
    assert list(tmp_path.iterdir()) == []


def test_files_are_as_both_engines_like_them(tmp_path: Path) -> None:
    tokens = rows(
        EXAMPLE_TOKENS,
        3,
        logprob=[-0.5, None, -1.5],
        alternatives=[[{"token": "a", "logprob": -0.5}], [], None],
    )
    with writer(tmp_path) as load:
        load.write({EXAMPLE_TOKENS.name: tokens})
        (file,) = load.finish()
    assert pq.read_table(file.path).equals(tokens)
    group = pq.ParquetFile(file.path).metadata.row_group(0)
    columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert (columns["logprob"].statistics.min, columns["logprob"].statistics.max) == (-1.5, -0.5)
    assert columns["logprob"].statistics.null_count == 1
    assert not any(column.has_column_index for column in columns.values())
    # Not every Trino reads this encoding: only columns that it never sees may have it.
    split = {name for name, column in columns.items() if "BYTE_STREAM_SPLIT" in column.encodings}
    assert split == {"alternatives.list.element.logprob"}


@pytest.mark.parametrize("is_empty", [False, True])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.drop_columns(["message"]), "raw_text"),
        (lambda t: t.append_column("extra", t["code"]), "extra"),
        (lambda t: t.set_column(1, "source_row", t["source_row"].cast(pa.int32())), "int32"),
        (lambda t: t.rename_columns([*t.column_names[:-1], "sha"]), "sha"),
    ],
)
def test_other_columns_are_refused_by_name(
    tmp_path: Path, change: Any, said: str, is_empty: bool
) -> None:
    given = change(rows(REJECTS, 0 if is_empty else 2))
    with pytest.raises(LakeError, match=f"^rejects: .*{said}"), writer(tmp_path) as load:
        load.write({REJECTS.name: given})
        load.finish()


def test_a_missing_value_is_refused_with_file_and_row(tmp_path: Path) -> None:
    given = rows(REJECTS, 3, source_file="f.jsonl", source_row=[4, 5, 6], code=["a", None, "b"])
    with (
        pytest.raises(LakeError, match=r"rejects, f\.jsonl, row 5: .*code must not be null"),
        writer(tmp_path) as load,
    ):
        load.write({REJECTS.name: given})
        load.finish()


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused_with_its_example(
    tmp_path: Path, bad: float
) -> None:
    given = rows(EXAMPLE_METRICS, 3, example_id=["a", "b", "c"], metric_value=[None, 1.0, bad])
    with (
        pytest.raises(LakeError, match=r"example c: .*metric_value is not a finite number"),
        writer(tmp_path) as load,
    ):
        load.write({EXAMPLE_METRICS.name: given})
        load.finish()


def test_an_error_in_a_thread_reaches_the_caller_of_write(tmp_path: Path) -> None:
    (tmp_path / "example_metrics-00000.parquet").mkdir()
    with (
        pytest.raises(StoreError, match=r"example_metrics-00000\.parquet: cannot write"),
        writer(tmp_path, row_group_rows=1) as load,
    ):
        for _ in range(100):
            load.write({EXAMPLE_METRICS.name: rows(EXAMPLE_METRICS, 1)})
        raise AssertionError("nobody was told")


def test_leaving_with_an_error_closes_what_was_open(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match="on purpose"),
        writer(tmp_path, row_group_rows=1) as load,
    ):
        load.write({EXAMPLE_METRICS.name: rows(EXAMPLE_METRICS, 5)})
        load.write({JOBS.name: rows(JOBS, 1)})
        raise RuntimeError("on purpose")
    for file in tmp_path.iterdir():
        file.unlink()  # Windows would refuse an open file
    assert list(tmp_path.iterdir()) == []
