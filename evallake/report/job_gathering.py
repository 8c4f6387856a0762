"""From the published tables to the facts about one job.

The marts have done the counting and the statistics; here rows become values. Decides what is shown
(which slices, how many examples), computes no estimate.
"""

from __future__ import annotations

import json

from evallake.engines.asking import Engine
from evallake.report import questions
from evallake.report.confidence_gathering import (
    calibration,
    recalibration,
    routing,
    thresholds,
)
from evallake.report.facts import (
    Accounting,
    Example,
    Fact,
    HeatCell,
    HistogramBin,
    JobFacts,
    Segment,
    SliceValue,
    Summary,
)
from evallake.report.rows import Row, ask_rows, estimate, on_top_of
from evallake.report.values import Estimate

SLICE_VALUES = 12
"""Values of a slice key that are drawn; keys with more are left to `evallake query`."""
SLICE_KEYS = 8
HEAT_KEYS = 4
EXAMPLES = 6
SEGMENTS = 10
HISTOGRAM_BINS = 20


def gather_job(engine: Engine, job: Row, *, limit: float) -> JobFacts:
    """The facts of one job, a row of dim_jobs; `limit` is the low-confidence limit."""

    def ask(sql: str, **more: int) -> list[Row]:
        return ask_rows(engine, sql, job_id=job["job_id"], **more)

    return JobFacts(
        job_id=job["job_id"],
        model_name=job["model_name"],
        evaluated_at_utc=job["evaluated_at_utc"],
        facts=_facts(job),
        summary=_summary(ask(questions.SUMMARY), ask(questions.RULES)[0]),
        histogram=tuple(
            HistogramBin(
                row["bin"] / HISTOGRAM_BINS,
                (row["bin"] + 1) / HISTOGRAM_BINS,
                row["correct"],
                row["wrong"],
            )
            for row in ask(questions.HISTOGRAM, bins=HISTOGRAM_BINS)
        ),
        calibration=calibration(ask),
        slices=tuple(
            SliceValue(
                row["slice_key"],
                row["slice_value"],
                estimate(row, "accuracy"),
                row["mean_confidence"],
            )
            for row in ask(questions.SLICES, most_values=SLICE_VALUES, keys=SLICE_KEYS)
        ),
        heat=tuple(
            HeatCell(row["slice_key"], row["slice_value"], row["band"], row["n"], row["accuracy"])
            for row in ask(questions.HEAT, most_values=SLICE_VALUES, keys=HEAT_KEYS)
        ),
        segments=tuple(
            Segment(
                row["name"],
                row["segment_kind"],
                estimate(row, "accuracy"),
                row["mean_confidence"],
                row["is_beyond_chance"],
            )
            for row in ask(
                on_top_of(questions.SEGMENTS, "segments_needing_attention"), rows=SEGMENTS
            )
        ),
        thresholds=thresholds(ask),
        error_categories=tuple(
            (row["error_category"], row["n"]) for row in ask(questions.ERROR_CATEGORIES)
        ),
        overconfident_errors=_examples(ask(questions.OVERCONFIDENT, rows=EXAMPLES)),
        least_confident=_examples(ask(questions.LEAST_CONFIDENT, rows=EXAMPLES)),
        accounting=_accounting(job),
        findings=tuple(
            (finding["code"], finding["message"])
            for row in ask(questions.FINDINGS)
            for finding in json.loads(row["findings_json"] or "[]")
        ),
        low_confidence_limit=limit,
        recalibration=recalibration(ask),
        routing=routing(ask),
    )


def _summary(rows: list[Row], rules: Row) -> Summary:
    """The row of mart_job_summary; a job without examples has none."""
    row = rows[0] if rows else {}

    def rate(name: str, n: str) -> Estimate:
        return Estimate(
            row.get(name), row.get(f"{name}_lower"), row.get(f"{name}_upper"), row.get(n)
        )

    return Summary(
        examples=row.get("examples") or 0,
        accuracy=rate("accuracy", "scored_examples"),
        confidence=rate("mean_confidence", "confident_examples"),
        ece=rate("ece_equal_width", "calibrated_examples"),
        gap=rate("calibration_gap", "calibrated_examples"),
        ece_baseline=row.get("ece_baseline"),
        brier=row.get("brier"),
        auroc=rate("auroc", "calibrated_examples"),
        low_confidence=rate("low_confidence_rate", "confident_examples"),
        overconfident=rate("overconfident_rate", "calibrated_examples"),
        schema_valid=rate("schema_adherence", "schema_examples"),
        quality=rate("quality_pass_rate", "quality_examples"),
        correctness_rule=rules["correctness_rule"],
        confidence_name=rules["confidence_name"],
    )


def _examples(rows: list[Row]) -> tuple[Example, ...]:
    return tuple(
        Example(
            example_id=row["example_id"],
            query=row["query_excerpt"],
            gold=row["gold_excerpt"],
            predicted=row["prediction_excerpt"],
            gold_label=row["gold_label"],
            predicted_label=row["predicted_label"],
            confidence=row["confidence"],
            error_category=row["error_category"],
        )
        for row in rows
    )


def _accounting(job: Row) -> Accounting:
    return Accounting(
        job["rows_read"],
        job["rows_landed"],
        job["rows_merged"],
        job["rows_duplicate"],
        job["rows_rejected"],
    )


SHOWN = {
    "task_name": "Task",
    "strategy": "Strategy",
    "dataset_name": "Data set",
    "run_name": "Run",
    "harness": "Written by",
    "examples_expected": "Examples expected",
    "temperature": "Temperature",
    "top_p": "Top-p",
    "top_k": "Top-k",
    "max_new_tokens": "Longest answer, tokens",
    "top_logprobs": "Alternatives recorded",
    "reasoning_effort": "Reasoning effort",
    "replicas": "Instances",
    "instance_type": "Instance type",
    "evaluation_seconds": "Evaluation, seconds",
    "container_image": "Container",
    "tags_json": "Tags",
    "source_uri": "Source",
    "load_id": "Load",
}
"""Columns of dim_jobs that the report lists, where known, under these names."""


def _facts(job: Row) -> tuple[Fact, ...]:
    return tuple(
        Fact(name, job[column] if isinstance(job[column], str) else f"{job[column]:,g}")
        for column, name in SHOWN.items()
        if job.get(column) not in (None, "", "{}")
    )
