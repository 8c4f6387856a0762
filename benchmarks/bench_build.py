"""How long `dbt build` takes, model by model, over a big lake.

    python -m benchmarks.bench_build --examples 1000000

Writes a lake of two jobs into a temporary folder, builds it whole with all tests of the data, lands
a third job of 10 000 examples, builds again, and prints each build's seconds, the machine's load
and the slowest nodes. As with `evallake build`, dbt's unit tests are left out: they try the models'
logic on made-up rows. The bars: 120 s for the whole build of a million examples, 25 s for the small
job.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fixtures.big_lake import add_big_load
from tests.fixtures.lakes import LakeWriter

PROJECT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=1_000_000, help="in two jobs together")
    parser.add_argument("--nodes", type=int, default=15, help="slowest nodes to print")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder by default")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evallake-bench-") as temporary:
        measure(arguments.folder or Path(temporary), arguments.examples, arguments.nodes)


def measure(folder: Path, examples: int, nodes: int) -> None:
    lake = LakeWriter(folder / "lake")
    started = time.perf_counter()
    for number in (1, 2):
        add_big_load(lake, f"job-{number}", f"L{number}", examples=examples // 2, seed=number)
    print(f"lake of {examples} examples written in {time.perf_counter() - started:.1f} s")
    build(folder, f"whole build of {examples} examples", nodes)
    add_big_load(lake, "job-3", "L3", examples=10_000, seed=3)
    build(folder, "build after a job of 10 000 examples more", nodes)


def build(folder: Path, title: str, nodes: int) -> None:
    environment = os.environ | {
        "EVALLAKE_ROOT": str(folder / "lake"),
        "EVALLAKE_DUCKDB": str(folder / "evallake.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    dbt = Path(sys.executable).with_name("dbt")
    started = time.perf_counter()
    command = [dbt, "build", "--quiet", "--exclude-resource-type", "unit_test"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, check=False)
    seconds = time.perf_counter() - started
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    print(
        f"\n{title}: {seconds:.1f} s, {len(results)} nodes, exit code {done.returncode},"
        f" load {os.getloadavg()[0]:.1f}"
    )
    slowest = sorted(results, key=lambda result: -result["execution_time"])[:nodes]
    for result in slowest:
        kind, _, name = result["unique_id"].partition(".evallake.")
        print(f"  {result['execution_time']:7.2f} s  {kind:<10} {name.split('.')[0]}")


if __name__ == "__main__":
    main()
