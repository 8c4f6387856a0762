"""`python -m tests.mutation`: damages job outputs, ingests them, and reports what did not hold."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from tests.mutation.checking import Checked
from tests.mutation.running import checked, run


def main() -> int:
    """Exit code 1 where anything did not hold, or more memory was used than allowed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--outputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--most-mib", type=int, default=1024, help="memory of a process")
    parser.add_argument("--only", type=int, help="one output, in this process")
    parser.add_argument("--keep", type=Path, help="with --only: a new folder to leave it in")
    given = parser.parse_args()
    if given.only is not None:
        os.fsync = lambda descriptor: None
        if given.keep is not None:
            given.keep.mkdir(parents=True)
        for done in checked([given.only], seed=given.seed, keep=given.keep):
            _tell(done, always=True)
        return 0
    started = time.monotonic()
    count = 0

    def tell(done: Checked) -> None:
        nonlocal count
        count += 1
        _tell(done)
        if count % 500 == 0:
            print(f"{count:,} done in {time.monotonic() - started:,.0f} s", flush=True)

    report = run(given.outputs, seed=given.seed, processes=given.processes, tell=tell)
    print(f"{report}; seed {given.seed}, {time.monotonic() - started:,.0f} s")
    return int(bool(report.failed) or report.peak_bytes > given.most_mib << 20)


def _tell(done: Checked, *, always: bool = False) -> None:
    if done.problems or always:
        print(f"--- {done.number} {done.outcome}, {done.rows} rows, {done.seconds} s: {done.what}")
        for problem in done.problems:
            print(problem, flush=True)


sys.exit(main())
