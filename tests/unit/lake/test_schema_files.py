"""Schema files of other versions: what came later is added, what a later version knows is kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.errors import LakeError, StoreError
from ingest.lake import Lake, LocalStore
from ingest.lake.layout import event_key, schema_key
from ingest.lake.schema_files import write_schema_files
from ingest.tables import EXAMPLES, JOBS, TABLES, Table
from tests.unit.lake.filled import land, seen


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    store = LocalStore(tmp_path)
    write_schema_files(store)
    return store


def columns(store: LocalStore, table: Table) -> list[str]:
    return list(pq.read_schema(BytesIO(store.read(schema_key(table)))).names)


def put(store: LocalStore, table: Table, change: Callable[[pa.Schema], pa.Schema]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(change(table.schema).empty_table(), sink)
    store.replace(schema_key(table), bytes(sink.getvalue()))
    return bytes(sink.getvalue())


def test_every_table_gets_one_that_has_its_columns(store: LocalStore) -> None:
    for table in TABLES.values():
        found = pq.read_schema(BytesIO(store.read(schema_key(table))))
        assert found.equals(table.schema)
    assert write_schema_files(store) == ()


def test_a_column_that_came_later_is_added(store: LocalStore) -> None:
    put(store, JOBS, lambda schema: schema.remove(3))
    assert write_schema_files(store) == ("jobs",)
    assert columns(store, JOBS) == JOBS.schema.names


def test_a_table_that_came_later_can_be_read(store: LocalStore) -> None:
    store.delete(schema_key(EXAMPLES))
    assert write_schema_files(store) == ("examples",)
    assert duckdb.sql(f"from '{store.root}/{schema_key(EXAMPLES)}'").fetchall() == []


def test_what_a_later_version_wrote_is_left_as_it_is(store: LocalStore) -> None:
    later = put(store, JOBS, lambda schema: schema.append(pa.field("of_later", pa.string())))
    assert write_schema_files(store) == ()
    assert store.read(schema_key(JOBS)) == later


def test_two_versions_that_know_a_column_each_keep_both(store: LocalStore) -> None:
    put(store, JOBS, lambda s: s.remove(3).append(pa.field("of_later", pa.int64(), nullable=False)))
    assert write_schema_files(store) == ("jobs",)
    assert columns(store, JOBS) == [*JOBS.schema.names, "of_later"]
    assert write_schema_files(store) == ()


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not Parquet at all" * 9])
def test_a_damaged_one_is_replaced(store: LocalStore, content: bytes) -> None:
    store.replace(schema_key(JOBS), content)
    assert write_schema_files(store) == ("jobs",)
    assert columns(store, JOBS) == JOBS.schema.names


def test_what_only_a_later_version_knows_is_read_past(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path), create=True)
    load_ids = [land(lake, job) for job in ("a", "b")]
    before = {table: seen(lake, table) for table in ("jobs", "examples")}
    for key in (
        f"jobs/{load_ids[0]}.parquet",
        f"examples/job_id=a/load_id={load_ids[0]}/part-00000.parquet",
    ):
        rows = pq.ParquetFile(tmp_path / key).read()
        pq.write_table(rows.append_column("of_later", pa.array([1] * len(rows))), tmp_path / key)
    (tmp_path / "table_of_later").mkdir()
    (tmp_path / "table_of_later" / f"{load_ids[0]}.parquet").write_bytes(b"whatever")
    fresh = Lake.open(str(tmp_path))
    fresh.mend_schema_files()
    assert {table: seen(fresh, table) for table in before} == before


def test_an_event_of_a_later_version_stops_every_reader(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path), create=True)
    land(lake, "a")
    lake.store.create(event_key(2), b'{"version": 3, "event": "merge", "event_id": "E"}')
    with pytest.raises(LakeError, match=r"00000002\.json: .*version 3.*upgrade"):
        Lake.open(str(tmp_path)).loads()


def test_where_an_old_lake_may_not_be_written_that_is_said(tmp_path: Path) -> None:
    Lake.open(str(tmp_path), create=True)

    class ReadOnly(LocalStore):
        def replace(self, key: str, content: bytes) -> None:
            raise StoreError("cannot write this (Read-only file system)", where=key)

    store = ReadOnly(tmp_path)
    Lake(store).mend_schema_files()  # nothing to mend, nothing is written
    os.unlink(tmp_path / schema_key(JOBS))
    with pytest.raises(LakeError, match=r"made by an earlier version.*Read-only.*may write to it"):
        Lake(store).mend_schema_files()
