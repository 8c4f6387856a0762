"""What the lake writes and registers is what Trino reads: every table, column, type and file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import ingest.lake.glue as glue_module
from ingest.aws.clients import client
from ingest.lake import Accounting, Lake, LoadWriter
from ingest.lake.commit import Provenance, StagedLoad, commit_load
from ingest.lake.glue import GlueCatalogue
from ingest.lake.placing import Placing
from ingest.lake.writer import PartSizes
from ingest.tables import DATA_TABLES, EXAMPLE_TOKENS, EXAMPLES, JOBS, REJECTS, TABLES, Column
from tests.athena.rig.trino_client import TrinoClient

RUN = uuid4().hex[:8]
BUCKET = f"glue-{RUN}"
_NUMBERS = count(1)

VALUES: dict[pa.DataType, list[Any]] = {
    pa.string(): [
        "plain",
        "",
        " spaced ",
        "zeile\nzwei",
        "ünïcödé 😀 ▁",
        "a,b|\"c\"'d'",
        "x" * 70_000,
    ],
    pa.int64(): [0, -1, 2**63 - 1, -(2**63), 7],
    pa.int32(): [0, -1, 2**31 - 1, -(2**31)],
    pa.float64(): [0.0, -0.5, 1e308, 5e-324, 1 / 3, -1e-9],
    pa.bool_(): [True, False],
    pa.timestamp("ms"): [
        datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    ],
}


@pytest.fixture(scope="module")
def trino(rig: Any) -> TrinoClient:
    client("s3").create_bucket(Bucket=BUCKET)
    return TrinoClient(rig.variables["TRINO_URL"])


class CloudLake:
    """A lake on the rig's S3 with its Glue database."""

    def __init__(self, trino: TrinoClient, folder: Path) -> None:
        number = next(_NUMBERS)
        self.database = f"glue_{RUN}_{number}"
        self.root = f"s3://{BUCKET}/lakes/{number}"
        self.lake = Lake.open(self.root, create=True)
        self.catalogue = GlueCatalogue(self.database, self.root)
        self.catalogue.check()
        self._trino = trino
        self._folder = folder

    def land(self, job_id: str, tables: dict[str, pa.Table], sizes: PartSizes | None = None) -> str:
        """Write, register and commit one load; its id."""
        load_id = self.lake.new_load_id()
        folder = self._folder / load_id
        folder.mkdir()
        with LoadWriter(folder, job_id=job_id, load_id=load_id, sizes=sizes) as writer:
            writer.write(tables)
            files = writer.finish()
        staged = StagedLoad(
            job_id=job_id, load_id=load_id, files=files, accounting=Accounting(()), findings=()
        )
        origin = Provenance(
            source_uri="-", digest=load_id, input_digest=load_id, reader="made/1", job={}
        )
        with Placing(self.lake.store) as placing:
            commit_load(self.lake, staged, origin, placing=placing, catalogue=self.catalogue)
        self.lake.refresh_snapshots()
        return load_id

    def ask(self, sql: str) -> list[list[Any]]:
        return self._trino.execute(sql, schema=self.database)


@pytest.fixture
def cloud(trino: TrinoClient, tmp_path: Path) -> Iterator[CloudLake]:
    yield CloudLake(trino, tmp_path)


def made_rows(table: Any, *, job_id: str, rows: int) -> pa.Table:
    """Rows of every value that a type may have, nulls included where they may be."""
    columns = []
    for place, column in enumerate(table.columns):
        if column.name == "job_id":
            values: list[Any] = [job_id] * rows
        elif column.is_nested:
            values = [
                [{"token": f"t{row}", "logprob": -0.1 * row}, {"token": "▁", "logprob": None}]
                for row in range(rows)
            ]
        else:
            known = VALUES[column.type] + ([None] if column.nullable else [])
            values = [known[(row + place) % len(known)] for row in range(rows)]
        columns.append(pa.array(values, column.type))
    return pa.table(columns, schema=table.schema)


def as_trino_writes(value: Any) -> Any:
    """A value as Trino's JSON gives it."""
    if isinstance(value, datetime):
        return value.isoformat(" ", "milliseconds")
    return value


@pytest.mark.parametrize("rows", [1, 30])
def test_every_value_of_every_table_arrives(cloud: CloudLake, rows: int) -> None:
    job_ids = ("job.a_1-2", "B")
    written = {
        (table.name, job_id): made_rows(table, job_id=job_id, rows=rows)
        for table in DATA_TABLES
        for job_id in job_ids
    }
    load_ids = {}
    for job_id in job_ids:
        tables = {table.name: written[table.name, job_id] for table in DATA_TABLES}
        sizes = PartSizes(row_group_rows=7, part_bytes=1) if job_id == "B" else None
        load_ids[job_id] = cloud.land(job_id, tables, sizes)
    for table in DATA_TABLES:
        names = [column.name for column in table.columns if not column.is_nested]
        shown = names if not table.is_large else [*names, "job_id", "load_id"]
        got = cloud.ask(f"select {', '.join(shown)} from {table.name}")
        expected = []
        for job_id in job_ids:
            keys = [job_id, load_ids[job_id]] if table.is_large else []
            columns = [written[table.name, job_id][name].to_pylist() for name in names]
            expected += [[*map(as_trino_writes, row), *keys] for row in zip(*columns, strict=True)]
        assert sorted(map(repr, got)) == sorted(map(repr, expected)), table.name
    assert cloud.ask("select count(*), min(state) from current_loads") == [[2, "current"]]
    assert cloud.ask("select count(*) from loads") == [[2]]


def test_an_empty_lake_has_empty_tables(cloud: CloudLake) -> None:
    for table in TABLES.values():
        assert cloud.ask(f"select count(*) from {table.name}") == [[0]], table.name


def test_files_of_the_schema_and_the_log_are_not_read(cloud: CloudLake) -> None:
    rows = {"jobs": made_rows(JOBS, job_id="a", rows=1)}
    rows["examples"] = made_rows(EXAMPLES, job_id="a", rows=2)
    load_id = cloud.land("a", rows)
    assert cloud.ask('select "$path" from jobs') == [[f"{cloud.root}/jobs/{load_id}.parquet"]]
    place = f"{cloud.root}/examples/job_id=a/load_id={load_id}/part-00000.parquet"
    assert cloud.ask('select distinct "$path" from examples') == [[place]]


def test_the_nested_column_is_in_the_file_and_not_in_the_table(
    cloud: CloudLake,
) -> None:
    load_id = cloud.land("a", {"example_tokens": made_rows(EXAMPLE_TOKENS, job_id="a", rows=9)})
    names = {row[0] for row in cloud.ask("describe example_tokens")}
    assert names == {c.name for c in EXAMPLE_TOKENS.columns} - {"alternatives"} | {
        "job_id",
        "load_id",
    }
    key = f"example_tokens/job_id=a/load_id={load_id}/part-00000.parquet"
    group = pq.ParquetFile(BytesIO(cloud.lake.store.read(key))).metadata.row_group(0)
    encodings = {
        column.path_in_schema: column.encodings
        for column in (group.column(i) for i in range(group.num_columns))
    }
    assert "BYTE_STREAM_SPLIT" in encodings["alternatives.list.element.logprob"]
    ((total,),) = cloud.ask("select sum(margin) from example_tokens where margin < 1e300")
    assert math.isfinite(total)


def test_asking_for_one_load_reads_one_partition(cloud: CloudLake) -> None:
    loads = [
        cloud.land(job, {"examples": made_rows(EXAMPLES, job_id=job, rows=3)}) for job in "abc"
    ]
    plan = "\n".join(
        row[0]
        for row in cloud.ask(
            f"explain (type io) select count(*) from examples where load_id = '{loads[1]}'"
        )
    )
    assert loads[1] in plan
    assert loads[0] not in plan
    ((rows,),) = cloud.ask(f"select count(*) from examples where load_id in ('{loads[1]}')")
    assert rows == 3


@pytest.mark.parametrize("mended", ["table only", "table and partitions"])
def test_a_column_added_later_is_null_in_older_files(
    cloud: CloudLake, monkeypatch: pytest.MonkeyPatch, mended: str
) -> None:
    cloud.land("old", {"rejects": made_rows(REJECTS, job_id="old", rows=2)})
    first = Column("added_first", pa.string(), "New, in front of all others.")
    amid = Column("added_amid", pa.int64(), "New, amid the others.")
    grown = replace(REJECTS, columns=(first, *REJECTS.columns[:2], amid, *REJECTS.columns[2:]))
    monkeypatch.setitem(glue_module.TABLES, "rejects", grown)
    monkeypatch.setitem(TABLES, "rejects", grown)
    newer = GlueCatalogue(cloud.database, cloud.root)
    if mended == "table only":  # as while the partitions are being changed
        monkeypatch.setattr(newer, "_mend_partitions", lambda table: 0)
    newer.check()
    cloud.catalogue = newer
    cloud.land("new", {"rejects": made_rows(grown, job_id="new", rows=2)})
    columns = "added_first, added_amid, stage, raw_bytes, job_id"
    got = cloud.ask(f"select {columns} from rejects order by job_id, source_row")
    old, new = made_rows(REJECTS, job_id="old", rows=2), made_rows(grown, job_id="new", rows=2)
    expected = []
    for job_id, rows in (("new", new), ("old", old)):
        ordered = sorted(rows.to_pylist(), key=lambda row: row["source_row"])
        expected += [
            [r.get("added_first"), r.get("added_amid"), r["stage"], r["raw_bytes"], job_id]
            for r in ordered
        ]
    assert got == expected


def test_registered_loads_that_never_counted_do_no_harm(cloud: CloudLake) -> None:
    kept = cloud.land("a", {"examples": made_rows(EXAMPLES, job_id="a", rows=3)})
    cloud.catalogue.register_load("a", cloud.lake.new_load_id(), tables=["examples"])
    pinned = "select count(*) from examples join current_loads using (job_id, load_id)"
    assert cloud.ask(pinned) == [[3]]
    assert cloud.ask(f"select count(*) from examples where load_id in ('{kept}')") == [[3]]


def test_hidden_loads_leave_the_catalogue_and_come_back(cloud: CloudLake) -> None:
    cloud.land("a", {"examples": made_rows(EXAMPLES, job_id="a", rows=3)})
    cloud.lake.drop("a")
    assert cloud.ask("select count(*) from examples") == [[3]]
    later = datetime.now(UTC) + timedelta(hours=25)
    cloud.catalogue.tidy(cloud.lake.loads, now=later, grace=timedelta(hours=24))
    assert cloud.ask("select count(*) from examples") == [[0]]
    cloud.lake.restore("a", catalogue=cloud.catalogue)
    assert cloud.ask("select count(*) from examples") == [[3]]
