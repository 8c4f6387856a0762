"""How often a routing threshold breaks its promise, by the models' own SQL on simulated jobs.

    python -m benchmarks.simulate_routing            2 000 jobs of each kind
    python -m benchmarks.simulate_routing --quick    200 jobs of each kind

A job says "from this confidence on, at least 95 % of the answers are right"; the simulation knows
how many really are. Kinds are chosen to be unkind: accuracies that lie just below the promise
everywhere, or cross it slowly, and a model that is worst where it is surest. `docs/gate.md` keeps
the results.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from evallake.engines.duckdb import prepare
from tests.unit.statistics.macros import ROOT, render

Doubles = npt.NDArray[np.float64]

TARGET = 0.95
SIZES = (300, 1_000, 3_000)
BATCH = 200


def _confidences(random: np.random.Generator, number: int) -> Doubles:
    """Piled up near 1, as language models' are."""
    return 1 - 10 ** (-2.5 * random.random(number) ** 0.8)


KINDS: dict[str, Callable[[Doubles], Doubles]] = {
    "means what it says": lambda c: c,
    "too sure": lambda c: c**2,
    "just below everywhere": lambda c: np.full_like(c, 0.949),
    "crosses slowly": lambda c: 0.93 + 0.03 * c,
    "worst where surest": lambda c: np.where(c > 0.99, 0.90, 0.96),
    "good everywhere": lambda c: np.full_like(c, 0.975),
}
"""Chance of being right, by confidence."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the jobs of one kind and size."""

    found: float
    """Share of jobs with a threshold."""
    broken: float
    """Share of jobs whose threshold promises too much."""
    coverage: float
    """Mean share of answers accepted where there is one."""
    possible: float
    """Largest share that could truly be accepted."""


def thresholds(
    connection: duckdb.DuckDBPyConnection, outcomes: pa.Table, **variables: object
) -> pa.Table:
    """The rows of mart_confidence_thresholds that route, from made-up `int_example_outcomes`."""
    text = (ROOT / "models/marts/mart_confidence_thresholds.sql").read_text(encoding="utf-8")
    connection.register("int_example_outcomes", outcomes)
    try:
        query = f"select * from ({render(text, **variables)}) where threshold_rule = 'routing'"
        return connection.execute(query).to_arrow_table()
    finally:
        connection.unregister("int_example_outcomes")


def simulate(
    connection: duckdb.DuckDBPyConnection,
    random: np.random.Generator,
    accuracy: Callable[[Doubles], Doubles],
    *,
    size: int,
    jobs: int,
) -> Outcome:
    """Many jobs of one kind."""
    everybody = np.sort(_confidences(np.random.default_rng(0), 400_000))[::-1]
    truth = np.cumsum(accuracy(everybody)) / np.arange(1, len(everybody) + 1)
    found, broken, coverages = 0, 0, []
    for start in range(0, jobs, BATCH):
        number = min(BATCH, jobs - start)
        confidence = _confidences(random, number * size)
        table = pa.table(
            {
                "job_id": np.repeat(np.arange(number), size).astype(str),
                "example_id": np.arange(number * size).astype(str),
                "cluster_number": pa.nulls(number * size, pa.int64()),
                "fold": random.integers(0, 5, number * size).astype(np.int32),
                "confidence": confidence,
                "is_correct": random.random(number * size) < accuracy(confidence),
            }
        )
        for row in thresholds(connection, table, routing_accuracy=TARGET).to_pylist():
            if not row["is_chosen"]:
                continue
            accepted = int(np.searchsorted(-everybody, -row["threshold"], side="right"))
            found += 1
            broken += bool(truth[max(accepted, 1) - 1] < TARGET)
            coverages.append(row["coverage"])
    enough = np.flatnonzero(truth >= TARGET)
    return Outcome(
        found=found / jobs,
        broken=broken / jobs,
        coverage=float(np.mean(coverages)) if coverages else np.nan,
        possible=float(enough[-1] + 1) / len(truth) if len(enough) else 0.0,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="200 jobs of each kind")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    jobs = 200 if arguments.quick else 2_000
    random = np.random.default_rng(arguments.seed)
    error = 1.645 * np.sqrt(0.05 * 0.95 / jobs)
    print(f"{jobs} jobs of each kind; promise {TARGET:.0%}; bar {0.05 + error:.2%} broken")
    print(f"{'kind':<24}{'examples':>9}{'broken':>9}{'found':>9}{'covered':>9}{'possible':>10}")
    with duckdb.connect() as connection:
        prepare(connection)
        for name, accuracy in KINDS.items():
            for size in SIZES:
                got = simulate(connection, random, accuracy, size=size, jobs=jobs)
                covered = "none" if np.isnan(got.coverage) else f"{got.coverage:.0%}"
                print(
                    f"{name:<24}{size:>9,}{got.broken:>9.2%}{got.found:>9.1%}{covered:>9}"
                    f"{got.possible:>10.0%}"
                )


if __name__ == "__main__":
    main()
