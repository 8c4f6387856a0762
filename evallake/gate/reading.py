"""What a gate reads of the published tables: one pair of jobs, its metrics and slices.

Plain SQL for either engine through `evallake.query.ask`. Differences are read by `sums`; which
rules there are, and what they come to, is decided elsewhere.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from evallake.config import Config
from evallake.errors import ComparisonError
from evallake.query import ask
from ingest.errors import UnknownJobError

COMPARABLE = {None, "mean", "average", "sum"}
"""Aggregations whose change is the mean of the examples' changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two jobs that the build has compared."""

    baseline: str
    candidate: str
    pairing_key: str | None
    is_same_dataset: bool | None
    overlap: int
    finding: str | None
    """What a reader should know of the pair, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric of a pair."""

    name: str
    is_higher_better: bool | None
    aggregation: str | None
    scale_max: float | None
    pairs: int


def quoted(text: str) -> str:
    """`text` as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def read_rows(config: Config, sql: str) -> list[dict[str, Any]]:
    """The rows that a query on the published tables gives, as mappings of columns."""
    rows: list[dict[str, Any]] = ask(config, sql, where="the gate").to_pylist()
    return rows


def read_pair(config: Config, baseline: str, candidate: str) -> Pair:
    """The pair as the last build compared it.

    Raises:
        UnknownJobError: one of the jobs is not in the published tables.
        ComparisonError: they were not compared, or have no example in common.
    """
    both = f"baseline_job_id = {quoted(baseline)} and candidate_job_id = {quoted(candidate)}"
    if baseline == candidate:
        raise ComparisonError(
            "a job cannot be its own baseline", where=baseline, do="name two jobs"
        )
    found = read_rows(
        config,
        f"select pairing_key, same_dataset, overlap, finding from int_job_pairs where {both}",
    )
    if not found:
        known = [row["job_id"] for row in read_rows(config, "select job_id from dim_jobs")]
        for job in (baseline, candidate):
            if job not in known:
                near = difflib.get_close_matches(job, known, n=1, cutoff=0.4)
                hint = f"did you mean {near[0]}? " if near else ""
                raise UnknownJobError(
                    f"{hint}the published tables do not hold it",
                    where=job,
                    do="evallake jobs lists what is in the lake; after an ingest, run: evallake build",
                )
        raise ComparisonError(
            "this pair was not compared in the last build",
            where=f"{baseline} and {candidate}",
            do=f"run: evallake build --baseline {baseline}",
        )
    [row] = found
    if not row["overlap"]:
        raise ComparisonError(
            "the jobs have no example in common",
            where=f"{baseline} and {candidate}",
            do="a gate needs the same questions answered by both: evaluate them on one data set",
        )
    return Pair(
        baseline=baseline,
        candidate=candidate,
        pairing_key=row["pairing_key"],
        is_same_dataset=row["same_dataset"],
        overlap=int(row["overlap"]),
        finding=row["finding"],
    )


def read_metrics(config: Config, pair: Pair) -> dict[str, Metric]:
    """What both jobs have values of, by name, as far as it is a mean of examples: calibration error,
    AUROC and BLEU are not."""
    rows = read_rows(
        config,
        "select metric_name, is_higher_better, aggregation, scale_max, pairs"
        f" from mart_model_deltas where baseline_job_id = {quoted(pair.baseline)}"
        f" and candidate_job_id = {quoted(pair.candidate)} and metric_kind not in"
        " ('calibration', 'ranking', 'corpus')",
    )
    return {
        row["metric_name"]: Metric(
            name=row["metric_name"],
            is_higher_better=row["is_higher_better"],
            aggregation=row["aggregation"],
            scale_max=row["scale_max"],
            pairs=int(row["pairs"] or 0),
        )
        for row in rows
    }


def read_slices(config: Config, pair: Pair) -> dict[str, list[str]]:
    """Values of every slice key of the candidate that is known before the answer."""
    rows = read_rows(
        config,
        "select distinct slice_key, slice_value from fct_example_slices"
        f" where job_id = {quoted(pair.candidate)} and not is_outcome_slice"
        " order by slice_key asc, slice_value asc",
    )
    slices: dict[str, list[str]] = {}
    for row in rows:
        slices.setdefault(row["slice_key"], []).append(row["slice_value"])
    return slices
