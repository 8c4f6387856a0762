"""What many jobs cost before and after `compact`: opening a lake, listing it, reading small tables.

    python -m benchmarks.bench_housekeeping --jobs 5000

Writes a lake of so many jobs into a temporary folder, with `jobs` rows as long as real ones and
forty metrics a job, and measures in processor seconds and wall-clock seconds:

    open     every state from the log, or from its checkpoint and the events after it
    list     what `evallake jobs` shows
    read     `jobs` and `job_metrics` as their staging models read them, with DuckDB
    commit   one more event and both snapshots, as the end of an ingest

then compacts, measures again, vacuums the files that were folded, and measures a third time.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from evallake.catalogue import list_jobs
from ingest.lake import Lake, TableFiles
from ingest.lake.compaction import compact
from ingest.lake.events import Event, to_json
from ingest.lake.layout import event_key, part_key
from ingest.lake.parquet import parquet_bytes
from ingest.lake.vacuum import vacuum
from ingest.tables import TABLES
from tests.fixtures.lakes import rows_table
from tests.unit.lake.filled import facts_of, land

CONFIG = '{"config_general": "' + "x" * 6000 + '"}'
METRICS = 40
TEMPLATES = {
    "jobs": rows_table(
        "jobs", [{"model_name": "nova-lite", "task_name": "gen_qa", "config_json": CONFIG}]
    ),
    "job_metrics": rows_table(
        "job_metrics",
        [{"task_key": "all", "metric_name": f"metric_{n}", "value": 0.5} for n in range(METRICS)],
    ),
}
"""What every job writes, but for its name."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder by default")
    arguments = parser.parse_args()
    os.fsync = lambda descriptor: None  # what is measured is reading
    with tempfile.TemporaryDirectory(prefix="evallake-bench-") as temporary:
        measure(str((arguments.folder or Path(temporary)) / "lake"), arguments.jobs)


def measure(root: str, jobs: int) -> None:
    lake = Lake.open(root, create=True)
    seconds("write the lake", lambda: [write(lake, n) for n in range(1, jobs + 1)])
    lake.refresh_snapshots()
    Path(root, "_checkpoint.json.gz").unlink(missing_ok=True)
    look(root, f"{jobs} jobs, before")
    seconds("compact", lambda: compact(Lake.open(root), now=datetime.now(UTC)))
    look(root, "after compact, the old files still there")
    soon = datetime.now(UTC) + timedelta(hours=25)
    seconds("vacuum", lambda: vacuum(Lake.open(root), now=soon))
    look(root, "after vacuum")


def write(lake: Lake, sequence: int) -> None:
    """The small files and the event of one load, without snapshots."""
    job_id, load_id = f"job-{sequence}", lake.new_load_id()
    written = []
    for name, rows in TEMPLATES.items():
        table = TABLES[name]
        for column, value in (("job_id", job_id), ("load_id", load_id)):
            place = table.schema.get_field_index(column)
            values = pa.array([value] * rows.num_rows)
            rows = rows.set_column(place, table.schema.field(place), values)
        key = part_key(table, job_id=job_id, load_id=load_id, part=0)
        content = parquet_bytes(table, rows)
        lake.store.replace(key, content)
        written.append(TableFiles(name, rows.num_rows, len(content), (key,)))
    files = (TableFiles("examples", 0, 0, ()), *written)
    event = Event(
        event_id=lake.new_load_id(),
        kind="commit",
        job_id=job_id,
        load_id=load_id,
        at_utc=datetime.now(UTC),
        load=facts_of(files, input_digest=job_id),
    )
    lake.store.create(event_key(sequence), to_json(event))


def look(root: str, title: str) -> None:
    print(f"\n{title}")
    seconds("open", lambda: Lake.open(root).loads())
    lake = Lake.open(root)
    lake.loads()
    seconds("list", lambda: list_jobs(lake))
    for table in ("jobs", "job_metrics"):
        seconds(f"read {table}", lambda table=table: read(root, table))  # type: ignore[misc]
    seconds("commit", lambda: land(lake, "one-more"))


def read(root: str, table: str) -> None:
    def files(name: str) -> str:
        return (
            f"read_parquet('{root}/{name}/**/*.parquet', union_by_name = true,"
            " hive_partitioning = true, hive_types_autocast = false)"
        )

    with duckdb.connect() as connection:
        connection.execute(
            f"create table read as select distinct source.* from {files(table)} as source"
            f" inner join {files('current_loads')} as pin"
            " on source.job_id = pin.job_id and source.load_id = pin.load_id"
        )


def seconds(what: str, work: Callable[[], object]) -> None:
    started, used = time.perf_counter(), time.process_time()
    work()
    wall, processor = time.perf_counter() - started, time.process_time() - used
    print(f"  {what:<16}{processor:>9.2f} processor s{wall:>9.2f} s", flush=True)


if __name__ == "__main__":
    main()
