"""From the comparison's tables to the pairs of jobs that the report shows. Computes no estimate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evallake.engines.asking import Engine
from evallake.report import pair_questions as questions
from evallake.report.pair_facts import ChangedExample, Delta, PairFacts, SliceDelta
from evallake.report.rows import Row, ask_rows, estimate, grouped, taken

MOST_PAIRS = 6
"""Pairs a report shows; the others are left to `evallake query model_comparison`."""
MOST_METRICS = 16
SLICES = 8
"""Slices shown of those that got worse, and as many of those that got better."""
EXAMPLES = 3

Pair = tuple[str, str]


def gather_pairs(
    engine: Engine, jobs: Sequence[str], *, power: float
) -> tuple[tuple[PairFacts, ...], int]:
    """The pairs in which one of `jobs` takes part, and how many more there are.

    Args:
        engine: what holds the tables.
        jobs: ids of the jobs that the report shows.
        power: how surely the smallest detectable difference is found (variable comparison_power).
    """
    if not jobs:
        return (), 0

    def by_pair(sql: str, **more: int) -> dict[Pair, list[Row]]:
        rows = ask_rows(engine, sql, jobs=jobs, most_pairs=MOST_PAIRS, **more)
        return dict(grouped(rows, "baseline_job_id", "candidate_job_id"))

    deltas = by_pair(questions.DELTAS, most_metrics=MOST_METRICS)
    if not deltas:
        return (), 0
    slices = by_pair(questions.SLICE_DELTAS, rows=SLICES)
    regressed = by_pair(questions.REGRESSED, rows=EXAMPLES)
    in_all = next(iter(deltas.values()))[0]["pairs_in_all"]
    pairs = tuple(
        _pair(rows, slices.get(pair, []), regressed.get(pair, []), power=power)
        for pair, rows in deltas.items()
    )
    return pairs, in_all - len(pairs)


def _pair(
    deltas: Sequence[Row], slices: Sequence[Row], regressed: Sequence[Row], *, power: float
) -> PairFacts:
    row = deltas[0]
    return PairFacts(
        **taken(row, "baseline_job_id", "candidate_job_id", "baseline_model", "candidate_model"),
        **taken(row, "reason", "pairing_key", "finding"),
        **taken(row, "same_dataset", "same_scorer", "same_prompt", "same_inference"),
        overlap=row["overlap"] or 0,
        baseline_only=row["baseline_only"] or 0,
        candidate_only=row["candidate_only"] or 0,
        deltas=tuple(map(_delta, deltas)),
        metrics_left_out=row["metrics_in_all"] - len(deltas),
        slices=tuple(map(_slice, slices)),
        slices_looked_at=slices[0]["slices_in_all"] if slices else 0,
        slices_worse=int(slices[0]["slices_worse"]) if slices else 0,
        slices_better=int(slices[0]["slices_better"]) if slices else 0,
        regressed=tuple(map(_changed, regressed)),
        regressed_in_all=regressed[0]["regressed_in_all"] if regressed else 0,
        power=power,
    )


def _delta(row: Row) -> Delta:
    return Delta(
        kind=row["metric_kind"],
        detectable=row["minimum_detectable_effect"],
        **_difference(row),
        **taken(row, "clusters", "p_value", "p_method", "needed_pairs", "tolerance"),
        **taken(row, "wins", "ties", "losses"),
    )


def _slice(row: Row) -> SliceDelta:
    return SliceDelta(
        **_difference(row), **taken(row, "is_worse", key="slice_key", value="slice_value")
    )


def _difference(row: Row) -> dict[str, Any]:
    """What is told of any difference, over the whole pair or in a slice."""
    values = taken(
        row, baseline="baseline_value", candidate="candidate_value", metric="metric_name"
    )
    return values | {
        "delta": estimate(row, "delta", n="pairs"),
        **taken(row, "scale_max", "q_value", "verdict"),
    }


def _changed(row: Row) -> ChangedExample:
    return ChangedExample(
        **taken(row, "query", "gold_label", example_id="candidate_example_id", gold="gold_text"),
        **taken(row, "baseline_answer", "baseline_label", "baseline_confidence"),
        **taken(row, "candidate_answer", "candidate_label", "candidate_confidence"),
    )
