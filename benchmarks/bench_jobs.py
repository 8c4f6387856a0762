"""How a lake of thousands of small jobs lists, builds, grows by one job, and answers.

    python -m benchmarks.bench_jobs --jobs 1250 2500 5000

For each number of jobs: writes a lake of that many (20 examples each, one commit a job), folds its
small files and its log, and prints the seconds of `evallake jobs`, of a whole `evallake build`, of
one after another job has come, and of a question; each in a process of its own, as people run them.
Nothing may grow faster than the number of jobs.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from ingest.lake import Accounting, FileAccount, Lake, LoadFacts, TableFiles
from ingest.lake.compaction import compact
from ingest.lake.layout import part_key
from ingest.tables import TABLES
from tests.fixtures.lakes import rows_table
from tests.fixtures.many_jobs import job_rows

EXAMPLES = 20
TEMPLATES = 21
"""Jobs whose large tables are written; the others' files are copies of theirs."""
FAMILIES = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, nargs="+", default=[1250, 2500, 5000])
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder by default")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evallake-bench-") as temporary:
        folder = arguments.folder or Path(temporary)
        print(
            f"{'jobs':>6} {'write':>8} {'fold':>8} {'list':>8} {'build':>8} {'grow':>8} {'ask':>8}"
        )
        for jobs in arguments.jobs:
            print(measured(folder / str(jobs), jobs), flush=True)


def measured(folder: Path, jobs: int) -> str:
    """One line of the table: seconds of each step."""
    folder.mkdir(parents=True)
    templates = write_templates(folder / "templates")
    seconds = []

    def timed(step: object) -> None:
        started = time.perf_counter()
        step()  # type: ignore[operator]
        seconds.append(time.perf_counter() - started)

    root = folder / "lake"
    lake = Lake.open(str(root), create=True)

    def write() -> None:
        for number in range(jobs):
            add_job(lake, root, number, templates)

    timed(write)
    timed(lambda: compact(lake, now=datetime.now(UTC)))
    timed(lambda: evallake(root, "jobs"))
    timed(lambda: evallake(root, "build"))
    built = jobs_in(root)
    add_job(lake, root, jobs, templates)
    lake.refresh_snapshots()
    timed(lambda: evallake(root, "build"))
    timed(lambda: evallake(root, "query", "job_summary"))
    assert (built, jobs_in(root)) == (jobs, jobs + 1)
    shutil.rmtree(folder)
    return f"{jobs:6d} " + " ".join(f"{second:8.1f}" for second in seconds)


def evallake(root: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "evallake", "--root", str(root), *arguments],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def jobs_in(root: Path) -> int:
    with duckdb.connect(str(root / "evallake.duckdb"), read_only=True) as connection:
        [(jobs,)] = connection.execute("select count(*) from mart_job_summary").fetchall()
    return int(jobs)


def write_templates(folder: Path) -> list[dict[str, Path]]:
    """One file of each large table that a job has, for `TEMPLATES` jobs without judges."""
    templates = []
    for seed in range(TEMPLATES):
        files = {}
        for name, rows in job_rows("j0", seed=seed, examples=EXAMPLES).items():
            if TABLES[name].is_large:
                files[name] = folder / str(seed) / f"{name}.parquet"
                files[name].parent.mkdir(parents=True, exist_ok=True)
                pq.write_table(rows_table(name, rows), files[name], compression="zstd")
        templates.append(files)
    return templates


def add_job(lake: Lake, root: Path, number: int, templates: list[dict[str, Path]]) -> None:
    """Write and commit one job; every fiftieth is of the same family on the same data."""
    job_id, load_id = f"job-{number:05d}", lake.new_load_id()
    files = dict(templates[number % TEMPLATES])
    family = f"family {number % FAMILIES}"
    small = {
        "jobs": {
            "model_name": family,
            "model_family": family,
            "task_name": "t",
            "dataset_id": f"data {number % FAMILIES // 5}",
            "evaluated_at_utc": datetime.fromtimestamp(1.7e9 + 60 * number, UTC),
            "examples": EXAMPLES,
        },
        "job_metrics": {"task_key": "t", "metric_name": "em", "value": 0.5},
    }
    tables = []
    for name in [*files, *small]:
        key = part_key(TABLES[name], job_id=job_id, load_id=load_id, part=0)
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        if name in small:
            rows = rows_table(name, [small[name]], job_id=job_id, load_id=load_id)
            pq.write_table(rows, path, compression="zstd")
        else:
            shutil.copyfile(files[name], path)
        count = pq.read_metadata(path).num_rows
        tables.append(TableFiles(name, count, path.stat().st_size, (key,)))
    account = FileAccount(
        "rows.jsonl", 100, "ab" * 32, read=EXAMPLES, landed=EXAMPLES, merged=0, rejected=0
    )
    lake.commit(
        job_id,
        load_id,
        LoadFacts(
            source_uri=f"file:///{job_id}.tar.gz",
            digest=f"d{number}",
            input_digest=f"i{number}",
            reader="nova/1",
            job={"model_name": family, "examples": EXAMPLES},
            accounting=Accounting((account,)),
            tables=tuple(tables),
            findings=(),
        ),
    )


if __name__ == "__main__":
    main()
