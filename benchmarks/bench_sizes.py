"""How time and memory of an ingest grow with the job, the door of expectations included.

    python -m benchmarks.bench_sizes [--rows 10000 100000 1000000] [--long-rows 300000]

Jobs of about 20 tokens a row and top 5, and one of 65 tokens and top 10, each landed as `evallake
ingest` lands it, in a process of its own. Beside each: how many times pyarrow's reading of the same
Parquet file and writing it back it takes, in time and in memory. Time has to grow no faster than
the rows, and memory not at all once a job is larger than the batches that are under way.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.bench_ingest import copy_with_pyarrow
from benchmarks.jobs import SHAPES, write_job
from benchmarks.measuring import Measured, in_own_process, measured, say

MODULE = "benchmarks.bench_sizes"


def land(job: Path, target: Path) -> dict[str, Any]:
    """One ingest with its expectations, as the command line does it."""
    from evallake.validation.door import Door
    from ingest.lake import Lake
    from ingest.landing import IngestOptions, ingest_source

    def now() -> datetime:
        return datetime.now(UTC)

    lake = Lake.open(str(target / "lake"), create=True)
    [landed] = ingest_source(str(job), lake, options=IngestOptions(), now=now, check=Door(now=now))
    return {"rows": landed.accounting.landed, "stages": dict(landed.stages)}


def child(kind: str, job: Path) -> None:
    with tempfile.TemporaryDirectory(dir=job.parent) as scratch:
        target = Path(scratch)
        if kind == "pyarrow":
            say(measured(lambda: copy_with_pyarrow(job, target)))
            return
        land(write_job(target, rows=50, name="warm-up"), target / "warm")
        say(measured(lambda: land(job, target)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--long-rows", type=int, nargs="*", default=[300_000])
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder by default")
    parser.add_argument("--child", choices=["pyarrow", "ingest"], help=argparse.SUPPRESS)
    parser.add_argument("--job", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.job)
        return
    columns = ("rows", "shape", "files", "ingest", "rows/s", "peak", "pyarrow", "its peak")
    print("".join(f"{name:>12}" for name in columns), flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        for shape, sizes in (("small", given.rows), ("container", given.long_rows)):
            for rows in sizes:
                print(line(given.folder or Path(temporary), shape, rows), flush=True)


def line(folder: Path, shape: str, rows: int) -> str:
    """One line of the table."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        job = write_job(Path(scratch), rows=rows, shape=SHAPES[shape], name=f"{shape}-{rows}")
        size = sum(path.stat().st_size for path in job.rglob("*") if path.is_file())
        ours, theirs = (
            in_own_process(MODULE, ["--child", kind, "--job", str(job)])
            for kind in ("ingest", "pyarrow")
        )
    if ours.notes["rows"] != rows:
        raise SystemExit(f"{ours.notes['rows']} of {rows} rows landed")
    cells = [f"{rows:,}", shape, f"{size / 1e6:,.0f} MB", *told(ours)]
    cells.insert(4, f"{rows / ours.seconds:,.0f}")
    return "".join(f"{cell:>12}" for cell in [*cells, *told(theirs)])


def told(run: Measured) -> tuple[str, str]:
    return f"{run.seconds:.1f} s", f"{run.peak_bytes / 2**20:,.0f} MiB"


if __name__ == "__main__":
    main()
