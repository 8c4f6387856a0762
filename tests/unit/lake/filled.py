"""Lakes with files in them: small loads whose tables hold what the log says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import pyarrow as pa

from ingest.lake import Accounting, FileAccount, Lake, LoadFacts, Store, TableFiles
from ingest.lake.events import LogEvent
from ingest.lake.layout import part_key
from ingest.lake.parquet import parquet_bytes
from ingest.tables import TABLES
from tests.fixtures.lakes import rows_table


def rows_of(job_id: str, load_id: str, *, examples: int) -> dict[str, pa.Table]:
    """What a load of some examples writes: one table without partitions more than one row long."""
    common = {"job_id": job_id, "load_id": load_id}
    made: Mapping[str, list[dict[str, Any]]] = {
        "jobs": [{"model_name": f"model-{job_id}", "examples": examples}],
        "job_metrics": [
            {"task_key": "all", "metric_name": name, "value": value}
            for name, value in (("f1", 0.5), ("em", None))
        ],
        "examples": [
            {"example_id": f"{number:04d}-0", "source_row": number} for number in range(examples)
        ],
    }
    return {name: rows_table(name, rows, **common) for name, rows in made.items()}


def put_files(
    store: Store, job_id: str, load_id: str, *, examples: int = 3
) -> tuple[TableFiles, ...]:
    """The files of a load in their places; nothing counts yet."""
    written = []
    for name, rows in rows_of(job_id, load_id, examples=examples).items():
        table = TABLES[name]
        key = part_key(table, job_id=job_id, load_id=load_id, part=0)
        content = parquet_bytes(table, rows)
        store.replace(key, content)
        written.append(TableFiles(name, rows.num_rows, len(content), (key,)))
    return tuple(written)


def facts_of(
    tables: tuple[TableFiles, ...], *, digest: str = "d1", input_digest: str = "i1"
) -> LoadFacts:
    examples = next(table.rows for table in tables if table.table == "examples")
    file = FileAccount("details.parquet", 10, "ab" * 32, read=examples, landed=examples)
    return LoadFacts(
        source_uri="file:///output.tar.gz",
        digest=digest,
        input_digest=input_digest,
        reader="nova/1",
        accounting=Accounting((file,)),
        tables=tables,
        findings=(),
        job={},
    )


def land(
    lake: Lake, job_id: str, *, examples: int = 3, hold: bool = False, digest: str = "d1"
) -> str:
    """Files and event of one load; its id."""
    load_id = lake.new_load_id()
    tables = put_files(lake.store, job_id, load_id, examples=examples)
    facts = facts_of(tables, digest=digest, input_digest=f"i-{job_id}")
    if hold:
        lake.hold(job_id, load_id, facts, reason="too few rows")
    else:
        lake.commit(job_id, load_id, facts)
    lake.refresh_snapshots()
    return load_id


def files_of(lake: Lake, load_id: str) -> list[str]:
    """The files that a load wrote and that are there, folded ones not among them."""
    return [key for name in TABLES for key in lake.store.keys(f"{name}/") if load_id in key]


def meanwhile(lake: Lake, act: Callable[[], object]) -> None:
    """Have `act` happen between the next look of `lake` and its event."""
    append = lake.append

    def after(event: LogEvent, **options: Any) -> None:
        lake.append = append  # type: ignore[method-assign]
        act()
        append(event, **options)

    lake.append = after  # type: ignore[method-assign]


def seen(lake: Lake, table: str) -> list[tuple[Any, ...]]:
    """What the staging model of `table` would show of a lake on a disk."""
    root = lake.root

    def files(name: str) -> str:
        return (
            f"read_parquet('{root}/{name}/**/*.parquet', union_by_name = true,"
            " hive_partitioning = true, hive_types_autocast = false)"
        )

    distinct = "" if TABLES[table].is_large else "distinct"
    # By name: files of another version have their columns in another order.
    columns = ", ".join(f"source.{name}" for name in TABLES[table].schema.names)
    return duckdb.sql(
        f"select {distinct} {columns} from {files(table)} as source"
        f" inner join {files('current_loads')} as pin using (job_id, load_id) order by all"
    ).fetchall()
