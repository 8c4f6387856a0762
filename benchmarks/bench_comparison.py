"""How long it takes to compare two big jobs over all their slices, beside pandas and statsmodels.

    python -m benchmarks.bench_comparison --examples 1000000

Writes a lake of two jobs that answered the same examples (four metadata keys of at most ten
values, three fields, five metrics), builds it all, one model at a time, and adds up the comparison
alone: every metric over the whole, over each slice and each pair of slices, the bootstrap of the
pair, and the examples that changed. The bar: 90 s for two jobs of a million examples.

Beside it, the same estimates from the same Parquet files the way one would write them by hand:
pandas for joining and grouping, statsmodels for each interval, p and adjusted p, numpy for the
bootstrap. It must find the same numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

from tests.fixtures.big_lake import LABELS, METADATA, METRICS, add_big_load
from tests.fixtures.lakes import LakeWriter

PROJECT = Path(__file__).resolve().parents[1]
COMPARISON = ("models/intermediate/comparison/", "models/marts/comparison/")
JOBS = ("job-1", "job-2")
REPLICATES = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=1_000_000, help="in each of the two jobs")
    parser.add_argument("--nodes", type=int, default=10, help="slowest models to print")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder by default")
    parser.add_argument("--without-pandas", action="store_true", help="time the models alone")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evallake-bench-") as temporary:
        folder = arguments.folder or Path(temporary)
        lake = LakeWriter(folder / "lake")
        for number, job in enumerate(JOBS, 1):
            add_big_load(lake, job, f"L{number}", examples=arguments.examples, seed=number)
        print(f"two jobs of {arguments.examples} examples", flush=True)
        whole = dbt(folder, "--threads", "1")
        took = of_the_comparison(folder)
        seconds = sum(took.values())
        print(f"single jobs and all else: {whole - seconds:.1f} s", flush=True)
        print(f"comparison: {seconds:.1f} s, one model after the other")
        for name in sorted(took, key=lambda name: -took[name])[: arguments.nodes]:
            print(f"  {took[name]:7.2f} s  {name}", flush=True)
        if arguments.without_pandas:
            return
        started = time.perf_counter()
        by_hand = compare_by_hand(folder / "lake")
        hand_seconds = time.perf_counter() - started
        print(f"pandas and statsmodels: {hand_seconds:.1f} s, {hand_seconds / seconds:.1f} times")
        print(f"largest disagreement: {disagreement(folder, by_hand):.1e}")


def dbt(folder: Path, *options: str) -> float:
    """Seconds of one `dbt run`, its start included."""
    environment = os.environ | {
        "EVALLAKE_ROOT": str(folder / "lake"),
        "EVALLAKE_DUCKDB": str(folder / "evallake.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    command = [Path(sys.executable).with_name("dbt"), "run", "--quiet", *options]
    started = time.perf_counter()
    subprocess.run(command, cwd=PROJECT, env=environment, check=True)
    return time.perf_counter() - started


def of_the_comparison(folder: Path) -> dict[str, float]:
    """Seconds of each model of the comparison in the last run."""
    nodes = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    took = {r["unique_id"]: r["execution_time"] for r in results if r["unique_id"] in nodes}
    return {
        nodes[name]["name"]: seconds
        for name, seconds in took.items()
        if nodes[name]["original_file_path"].startswith(COMPARISON)
    }


def compare_by_hand(lake: Path) -> pd.DataFrame:
    """Delta, error, interval, p and adjusted p of every metric on every slice and pair of them."""
    jobs = [read_job(lake, job) for job in JOBS]
    both = jobs[0].join(jobs[1].add_suffix("_b"), how="inner")
    values = [name for name in jobs[0] if name not in slice_keys()]
    differences = pd.DataFrame({name: both[f"{name}_b"] - both[name] for name in values})
    slices = pd.DataFrame({name: both[f"{name}_b"] for name in slice_keys()})
    found = [estimate(differences, "all", "all", None, None)]
    for key in slices:
        for value, rows in differences.groupby(slices[key], observed=True):
            found.append(estimate(rows, key, value, None, None))
    single = pd.concat(found)
    pairs = []
    for first, second in combinations(sorted(slices), 2):
        grouped = differences.groupby([slices[first], slices[second]], observed=True)
        for (value, value_2), rows in grouped:
            pairs.append(estimate(rows, first, value, second, value_2))
    adjusted = []
    for family in (single[single.key == "all"], single[single.key != "all"], pd.concat(pairs)):
        tested = family[family.p_value.notna()].copy()
        tested["q_value"] = multipletests(tested.p_value, method="fdr_bh")[1]
        adjusted.append(tested)
    bootstrap(differences)
    return pd.concat(adjusted)


def slice_keys() -> list[str]:
    return [*METADATA, "gold_label", "prompt_length_band"]


def read_job(lake: Path, job: str) -> pd.DataFrame:
    """One row per example: its metrics, fields, confidence and slices."""

    def read(table: str, *columns: str) -> pd.DataFrame:
        files = sorted((lake / table / f"job_id={job}").rglob("*.parquet"))
        return pd.concat(pq.ParquetFile(file).read(list(columns)).to_pandas() for file in files)

    metrics = read("example_metrics", "example_id", "metric_name", "metric_value")
    frame = metrics.pivot(index="example_id", columns="metric_name", values="metric_value")
    metadata = read("example_metadata", "example_id", "metadata_key", "metadata_value")
    wide = metadata.pivot(index="example_id", columns="metadata_key", values="metadata_value")
    frame = frame.join(wide.astype("category"))
    fields = read(
        *("example_fields", "example_id", "side", "field_path"),
        *("field_value", "normalized_value", "first_token_logprob"),
    )
    gold, predicted = (
        fields[fields.side == side].set_index(["field_path", "example_id"])
        for side in ("gold", "predicted")
    )
    for path in ("class", "thought", "description"):
        ours, theirs = gold.loc[path], predicted.loc[path]
        same = ours.normalized_value == theirs.normalized_value.reindex(ours.index)
        frame[f"field:{path}"] = same.astype(float)
    frame["correctness"] = frame["field:class"]
    frame["confidence"] = np.exp(predicted.loc["class"].first_token_logprob)
    frame["gold_label"] = gold.loc["class"].field_value.astype("category")
    examples = read("examples", "example_id", "query").set_index("example_id")
    edges = [-1, 200, 500, 1000, 2000, 10**9]
    frame["prompt_length_band"] = pd.cut(examples["query"].str.len(), edges)
    return frame


def estimate(
    rows: pd.DataFrame, key: str, value: object, key_2: str | None, value_2: object
) -> pd.DataFrame:
    """One row per metric."""
    found = []
    for name in rows:
        d = rows[name].to_numpy()
        if len(d) >= 10 and d.std() > 0:
            described = DescrStatsW(d)
            lower, upper = described.tconfint_mean()
            p_value, error = described.ttest_mean(0)[1], described.std_mean
        else:
            lower = upper = p_value = error = np.nan
        if name in ("correctness", "field:class"):
            up, down = (d > 0).sum(), (d < 0).sum()
            mcnemar([[0, down], [up, 0]], exact=True)
            mcnemar([[0, down], [up, 0]], exact=False)
        found.append((name, len(d), d.mean(), error, lower, upper, p_value))
    columns = ["metric_name", "pairs", "delta", "delta_stderr", "lower", "upper", "p_value"]
    frame = pd.DataFrame(found, columns=columns)
    return frame.assign(key=key, value=str(value), key_2=key_2, value_2=str(value_2))


def bootstrap(differences: pd.DataFrame) -> np.ndarray:
    """Poisson replicates of every mean, in 4 096 groups as the models have them."""
    random = np.random.default_rng(0)
    group = random.integers(0, 4096, len(differences))
    sums = differences.groupby(group).sum().reindex(range(4096), fill_value=0).to_numpy()
    sizes = np.bincount(group, minlength=4096)
    weights = random.poisson(1, (REPLICATES, 4096))
    replicates = (weights @ sums) / (weights @ sizes)[:, None]
    quantiles: np.ndarray = np.quantile(replicates, [0.025, 0.975], axis=0)
    return quantiles


def disagreement(folder: Path, by_hand: pd.DataFrame) -> float:
    """The largest difference between the marts and `by_hand`, in deltas, errors and p values."""
    with duckdb.connect(str(folder / "evallake.duckdb"), read_only=True) as connection:
        marts = connection.execute(
            """
            select metric_name, 'all' as key, 'all' as value, null as key_2, 'None' as value_2,
                delta, delta_stderr, p_value
            from mart_model_deltas
            union all
            select metric_name, slice_key, slice_value, slice_key_2,
                coalesce(slice_value_2, 'None'), delta, delta_stderr, p_value
            from mart_slice_deltas
            """
        ).df()
    keys = ["metric_name", "key", "value", "key_2", "value_2"]
    named = by_hand[~by_hand.value.str.startswith("(") & ~by_hand.value_2.str.startswith("(")]
    joined = named.fillna({"key_2": ""}).merge(
        marts.fillna({"key_2": ""}), on=keys, suffixes=("", "_mart")
    )
    assert len(joined) > len(METRICS) * len(LABELS), "the marts have other slices"
    return max(
        float((joined[name] - joined[f"{name}_mart"]).abs().max())
        for name in ("delta", "delta_stderr", "p_value")
    )


if __name__ == "__main__":
    main()
