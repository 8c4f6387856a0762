"""The door: a load held against every expectation of its tables, beside the naive way.

    python -m benchmarks.bench_validation [--rows 1000000] [--naive-rows 20000] [--json FILE]

Ours: `Door.outcomes` over the files of a landed job of about 20 tokens an example, as ingest calls
it, the import of Great Expectations included; a process of its own tells seconds and peak memory.
The naive way: the same expectations evaluated by Great Expectations over each table as one pandas
frame, on part of the rows (`--naive-rows`), its uniqueness included, what joins tables left out. The
bar is 120 s and 1.5 GiB for a million examples with their twenty million tokens.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.jobs import SMALL, write_job
from benchmarks.measuring import in_own_process, machine, measured, report, say

BAR_SECONDS, BAR_BYTES = 120.0, 3 << 29
MODULE = "benchmarks.bench_validation"
JOB = "bench-validation"


def now() -> datetime:
    return datetime.now(UTC)


def land(folder: Path, rows: int) -> None:
    """A lake in `folder` with one job of so many examples; one that is there is kept."""
    from ingest.lake import Lake
    from ingest.landing import IngestOptions, ingest_source

    if (folder / "lake" / "_lake.json").is_file():
        return
    job = write_job(folder / "job", rows=rows, shape=SMALL, name=JOB)
    for twins in job.rglob("inference_output.jsonl"):
        twins.unlink()  # the door sees examples; how they were paired is another benchmark
    lake = Lake.open(str(folder / "lake"), create=True)
    ingest_source(str(job), lake, options=IngestOptions(), now=now)


def files_of(root: Path) -> tuple[dict[str, list[Path]], Any]:
    """The files of the lake's one load by table, and its accounting."""
    from ingest.lake import Lake

    (load,) = Lake.open(str(root)).current().values()
    files = {t.table: [root / key for key in t.keys] for t in load.facts.tables}
    return files, load.facts.accounting


def by_the_door(root: Path) -> dict[str, Any]:
    """Every expectation of every table, as ingest asks."""
    from evallake.validation.door import Door

    files, accounting = files_of(root)
    outcomes = Door(now=now).outcomes(files, accounting=accounting)
    return _notes(files, len(outcomes), sum(not outcome.is_met for outcome in outcomes))


def by_whole_frames(root: Path) -> dict[str, Any]:
    """The same by Great Expectations alone, each table read into pandas as a whole."""
    import pandas as pd

    from evallake.project import find_project
    from evallake.validation.declared import ROW_COUNT, UNEXPECTED_ROWS, read_suites
    from evallake.validation.rows import OF_SCHEMA, great_expectations

    gx = great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("naive").add_dataframe_asset("table")
    whole = asset.add_batch_definition_whole_dataframe("rows")
    files, _ = files_of(root)
    left_out = (*OF_SCHEMA, ROW_COUNT, UNEXPECTED_ROWS)
    found = unmet = 0
    for name, suite in read_suites(find_project().expectations).items():
        expectations = [e for e in suite.expectations if e.type not in left_out]
        if name not in files:
            continue
        frame = pd.concat([pd.read_parquet(path) for path in files[name]], ignore_index=True)
        asked = gx.ExpectationSuite(
            name=name, expectations=[e.configuration() for e in expectations]
        )
        batch = whole.get_batch(batch_parameters={"dataframe": frame})
        results = batch.validate(asked, result_format="BASIC").results
        found += len(results)
        unmet += sum(not result.success for result in results)
    return _notes(files, found, unmet)


def _notes(files: dict[str, list[Path]], expectations: int, unmet: int) -> dict[str, Any]:
    import pyarrow.parquet as pq

    tokens = sum(pq.read_metadata(path).num_rows for path in files["example_tokens"])
    return {"tokens": tokens, "expectations": expectations, "unmet": unmet}


WAYS = {"door": by_the_door, "naive": by_whole_frames}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--naive-rows", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help="where lakes are made; kept when given")
    parser.add_argument("--json", type=Path, dest="json_to")
    parser.add_argument("--way", choices=sorted(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.way:
        say(measured(lambda: WAYS[given.way](given.root)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        compare(given.folder or Path(scratch), given)


def compare(folder: Path, given: argparse.Namespace) -> None:
    roots = {}
    for rows in {given.rows, given.naive_rows}:
        land(folder / str(rows), rows)
        roots[rows] = folder / str(rows) / "lake"

    def run(way: str, rows: int) -> Any:
        return in_own_process(MODULE, ["--way", way, "--root", str(roots[rows])])

    large, small = run("door", given.rows), run("door", given.naive_rows)
    naive = run("naive", given.naive_rows)
    report(
        f"{given.rows:,} examples, {large.notes['tokens']:,} tokens, {machine()['cores']} cores",
        [
            ("the door", f"{large.seconds:8.1f} s, peak {large.peak_bytes / 2**30:.2f} GiB"),
            ("the bar", f"{BAR_SECONDS:8.1f} s, peak {BAR_BYTES / 2**30:.2f} GiB"),
            (f"the door, {given.naive_rows:,} examples", f"{small.seconds:8.1f} s"),
            (
                f"whole pandas frames, {given.naive_rows:,} examples",
                f"{naive.seconds:8.1f} s, peak {naive.peak_bytes / 2**30:.2f} GiB",
            ),
            ("times faster", f"{naive.seconds / small.seconds:8.1f}"),
            ("expectations, not met", f"{large.notes['expectations']}, {large.notes['unmet']}"),
        ],
        json_to=given.json_to,
        data={
            "rows": given.rows,
            "naive_rows": given.naive_rows,
            "door": {"seconds": large.seconds, "peak_bytes": large.peak_bytes, **large.notes},
            "door_small_seconds": small.seconds,
            "naive": {"seconds": naive.seconds, "peak_bytes": naive.peak_bytes, **naive.notes},
            "bar": {"seconds": BAR_SECONDS, "peak_bytes": BAR_BYTES},
        },
    )


if __name__ == "__main__":
    main(sys.argv[1:])
