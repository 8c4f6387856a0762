"""Published tables for a gate, made up: what it reads of them, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Key:
    """One common example of two jobs."""

    difference: float
    cluster: str
    domain: str


def write_tables(
    file: Path,
    keys: list[Key],
    *,
    same_dataset: bool = True,
    scale_max: float | None = 1.0,
    higher: bool | None = True,
    aggregation: str = "mean",
    finding: str | None = None,
) -> None:
    """Jobs `a` and `b` compared on `keys`; job `c` compared with none, `d` without an overlap."""
    names = [f"k{number}" for number in range(len(keys))]
    tables = {
        "dim_jobs": pa.table({"job_id": ["a", "b", "c", "d"]}),
        "int_job_pairs": pa.table(
            {
                "baseline_job_id": ["a", "a"],
                "candidate_job_id": ["b", "d"],
                "pairing_key": ["example_key", None],
                "same_dataset": [same_dataset, False],
                "overlap": [len(keys), 0],
                "finding": pa.array([finding, "no common example"], pa.string()),
            }
        ),
        "mart_model_deltas": pa.table(
            {
                "baseline_job_id": ["a"] * 4,
                "candidate_job_id": ["b"] * 4,
                "metric_name": ["correctness", "f1", "ece", "latency"],
                "metric_kind": ["correctness", "metric", "calibration", "metric"],
                "is_higher_better": pa.array([True, higher, False, None], pa.bool_()),
                "aggregation": ["mean", aggregation, "mean", "mean"],
                "scale_max": pa.array([scale_max, scale_max, 1.0, None], pa.float64()),
                "pairs": [len(keys), len(keys), len(keys), 0],
            }
        ),
        "int_pair_differences": pa.table(
            {
                "baseline_job_id": ["a"] * len(keys) * 2,
                "candidate_job_id": ["b"] * len(keys) * 2,
                "metric_name": ["correctness"] * len(keys) + ["f1"] * len(keys),
                "pair_key": names * 2,
                "cluster_id": [key.cluster for key in keys] * 2,
                "difference": [key.difference for key in keys]
                + [key.difference / 2 for key in keys],
            }
        ),
        "fct_examples": pa.table(
            {
                "job_id": ["b"] * len(keys) * 2,
                "example_id": [f"{name}-{repeat}" for repeat in (0, 1) for name in names],
                "example_key": names * 2,
                "item_key": names * 2,
            }
        ),
        "fct_example_slices": pa.table(
            {
                "job_id": ["b"] * len(keys) * 3,
                "example_id": [f"{name}-{repeat}" for repeat in (0, 1) for name in names]
                + [f"{name}-0" for name in names],
                "slice_key": ["domain"] * len(keys) * 2 + ["is_schema_valid"] * len(keys),
                "slice_value": [key.domain for key in keys] * 2 + ["true"] * len(keys),
                "is_outcome_slice": [False] * len(keys) * 2 + [True] * len(keys),
            }
        ),
    }
    with duckdb.connect(str(file)) as connection:
        for name, table in tables.items():
            connection.register("given", table)
            connection.execute(f"create table {name} as select * from given")
            connection.unregister("given")


def draw_keys(seed: int, number: int, delta: float = 0.0, *, cluster_size: int = 1) -> list[Key]:
    """Keys of right-or-wrong answers of which a fifth change, in three domains."""
    random = np.random.default_rng(seed)
    u = random.random(number)
    gains, losses = 0.1 + delta / 2, 0.1 - delta / 2
    differences = (u < gains).astype(float) - (u > 1 - losses)
    return [
        Key(float(difference), f"c{place // cluster_size}", f"d{place % 3}")
        for place, difference in enumerate(differences)
    ]
