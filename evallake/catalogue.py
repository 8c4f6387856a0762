"""What is in the lake, for people: its jobs, and everything known of one of them.

Reads the lake's log and the small files of its jobs; no published tables are needed. Changes nothing.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.errors import StoreError, UnknownJobError
from ingest.lake import Lake, Load, unknown_job
from ingest.parallel import each
from ingest.tables import EXPECTATION_RESULTS, JOB_METRICS, JOBS

JOBS_LISTED = pa.schema(
    [
        pa.field("job_id", pa.string()),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("model_name", pa.string()),
        pa.field("task_name", pa.string()),
        pa.field("dataset_name", pa.string()),
        pa.field("examples", pa.int64()),
        pa.field("rejected", pa.int64()),
        pa.field("evaluated_at_utc", pa.timestamp("ms")),
        pa.field("committed_at_utc", pa.timestamp("ms")),
        pa.field("load_id", pa.string()),
    ]
)

_OF_JOBS = ("load_id", "model_name", "task_name", "dataset_name", "evaluated_at_utc")
"""What the list takes from the lake's table of jobs."""

_OF_EXPECTATIONS = (
    "severity",
    "table_name",
    "expectation_key",
    "rows_checked",
    "rows_unexpected",
    "reason",
    "unexpected_values_json",
)
"""What is told of an expectation that a load does not meet."""


def list_jobs(lake: Lake, *, hidden: bool = False) -> pa.Table:
    """One row per visible or held load, the latest landed last; with `hidden`, every load."""
    loads, jobs = _listed(lake, hidden=hidden)
    rows: list[dict[str, Any]] = []
    for load in loads:
        facts = next(iter(jobs[load.load_id]), {})
        committed = load.committed_at_utc
        rows.append(
            {
                "job_id": load.job_id,
                "state": load.state,
                "reason": load.reason,
                "model_name": facts.get("model_name"),
                "task_name": facts.get("task_name"),
                "dataset_name": facts.get("dataset_name"),
                "examples": load.facts.accounting.landed,
                "rejected": load.facts.accounting.rejected,
                "evaluated_at_utc": facts.get("evaluated_at_utc"),
                "committed_at_utc": committed.replace(tzinfo=None) if committed else None,
                "load_id": load.load_id,
            }
        )
    return pa.Table.from_pylist(rows, schema=JOBS_LISTED)


def _listed(lake: Lake, *, hidden: bool) -> tuple[list[Load], Mapping[str, list[dict[str, Any]]]]:
    """Loads to list, and their rows of `jobs`.

    Files that a vacuum removes in between are looked for again where the log has moved on.
    """
    while True:
        seen = lake.folding().sequence
        loads = [load for load in lake.loads() if load.state in ("current", "held") or hidden]
        try:
            return loads, _small_rows(lake, loads, JOBS.name, columns=_OF_JOBS)
        except StoreError:
            if lake.folding().sequence == seen:
                raise


def describe_job(lake: Lake, job_id: str) -> dict[str, Any]:
    """Everything that the lake knows of a job: facts, row accounting, expectations, loads.

    Of a job that is not visible, its newest load is described.

    Raises:
        UnknownJobError: the lake never held it.
    """
    loads = [load for load in lake.loads() if load.job_id == job_id]
    if not loads:
        raise _unknown(lake, job_id)
    shown = next((load for load in loads if load.state == "current"), loads[-1])
    accounting = shown.facts.accounting
    job = _small_rows(lake, [shown], JOBS.name)[shown.load_id]
    checked = _small_rows(lake, [shown], EXPECTATION_RESULTS.name)[shown.load_id]
    return {
        "job_id": job_id,
        "state": shown.state,
        "load_id": shown.load_id,
        "reason": shown.reason,
        "source_uri": shown.facts.source_uri,
        "reader": shown.facts.reader,
        "committed_at_utc": shown.committed_at_utc,
        "facts": {
            name: value
            for name, value in (job[0] if job else {}).items()
            if value is not None and name not in {"job_id", "load_id", "source_uri"}
        },
        "rows": {
            "read": accounting.read,
            "landed": accounting.landed,
            "merged": accounting.merged,
            "duplicate": accounting.duplicate,
            "rejected": accounting.rejected,
        },
        "files": [asdict(file) for file in accounting.files],
        "tables": {table.table: table.rows for table in shown.facts.tables},
        "findings": [asdict(finding) for finding in shown.facts.findings],
        "expectations": {
            "checked": len(checked),
            "not_met": [
                {name: row[name] for name in _OF_EXPECTATIONS}
                for row in checked
                if not row["is_met"]
            ],
        },
        "reported_metrics": [
            {name: row[name] for name in ("task_key", "metric_name", "value", "stderr")}
            for row in _small_rows(lake, [shown], JOB_METRICS.name)[shown.load_id]
        ],
        "loads": [
            {
                "load_id": load.load_id,
                "state": load.state,
                "committed_at_utc": load.committed_at_utc,
                "reason": load.reason,
            }
            for load in loads
        ],
    }


def _unknown(lake: Lake, job_id: str) -> UnknownJobError:
    return unknown_job(job_id, sorted({load.job_id for load in lake.loads()}), where=lake.root)


def _small_rows(
    lake: Lake, loads: Sequence[Load], table: str, *, columns: Sequence[str] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """The rows that each load wrote into a small table, by load id; none for a vacuumed one.

    A file may hold the rows of many loads, see `ingest.lake.compaction`; each is read once.
    """
    files = {
        load.load_id: [
            key for file in load.facts.tables if file.table == table for key in file.keys
        ]
        for load in loads
    }
    keys = list(dict.fromkeys(key for own in files.values() for key in own))

    def read(key: str) -> pa.Table:
        content = pq.ParquetFile(io.BytesIO(lake.store.read(key)))
        known = set(content.schema_arrow.names)  # of an older file, some may be missing
        wanted = None if columns is None else [name for name in columns if name in known]
        rows = content.read(columns=wanted)
        return rows.filter(pc.is_in(rows["load_id"], pa.array(list(files), pa.string())))

    found: dict[str, list[dict[str, Any]]] = {load_id: [] for load_id in files}
    for key, rows in zip(keys, each(read, keys, at_once=lake.store.at_once), strict=True):
        for row in rows.to_pylist():
            if key in files[row["load_id"]]:
                found[row["load_id"]].append(row)
    return found
