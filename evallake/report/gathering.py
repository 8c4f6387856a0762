"""From the published tables to the facts that the report shows.

The marts have done the counting and the statistics; here rows become values. Decides what is shown
(which slices, how many examples), computes no estimate.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib.metadata import version
from typing import Any

from evallake.build import BUILD_INFO
from evallake.config import Config
from evallake.engines.asking import Engine
from evallake.project import find_project
from evallake.query import find_question, open_engine
from evallake.report import questions
from evallake.report.facts import (
    Accounting,
    CalibrationBin,
    Estimate,
    Example,
    Fact,
    HeatCell,
    HistogramBin,
    JobFacts,
    ReportFacts,
    Segment,
    SliceValue,
    Summary,
    Threshold,
)
from ingest.errors import UnknownJobError

MOST_JOBS = 12
"""Jobs a report shows when none is named: the newest."""
SLICE_VALUES = 12
"""Values of a slice key that are drawn; keys with more are left to `evallake query`."""
SLICE_KEYS = 8
HEAT_KEYS = 4
EXAMPLES = 6
SEGMENTS = 10
HISTOGRAM_BINS = 20

Row = dict[str, Any]


def gather(config: Config, *, jobs: Sequence[str], now: datetime) -> ReportFacts:
    """The facts of the named jobs, else of the newest ones.

    Raises:
        NotBuiltError: nothing has been published yet.
        UnknownJobError: a named job is not in the published tables.
    """
    with open_engine(config) as engine:
        known = _rows(engine, questions.JOBS)
        names = [row["job_id"] for row in known]
        missing = [job for job in jobs if job not in names]
        if missing:
            raise UnknownJobError(
                f"no job {missing[0]!r} in the published tables",
                where=engine.name,
                do=f"run `evallake build`, or choose one of: {', '.join(names[:8])}",
            )
        # a judge's job has verdicts and no answers of its own: it is shown where it is asked for
        shown = known if jobs else [row for row in known if row["strategy"] != "judge"]
        chosen = [row for row in shown if row["job_id"] in jobs] if jobs else shown[:MOST_JOBS]
        info = _build_info(engine)
        limit = float(_variables(info)["low_confidence"])
        return ReportFacts(
            lake_root=info.get("lake_root") or config.root,
            built_at_utc=info.get("built_at_utc"),
            made_at_utc=now,
            version=version("evallake"),
            jobs=_jobs(engine, chosen, limit=limit),
            jobs_left_out=len(shown) - len(chosen),
        )


def _jobs(engine: Engine, chosen: Sequence[Row], *, limit: float) -> tuple[JobFacts, ...]:
    """The facts of each job, of as many at once as the engine can take."""
    with ThreadPoolExecutor(engine.at_once) as threads:
        return tuple(threads.map(lambda row: _job(engine, row, limit=limit), chosen))


def _rows(engine: Engine, sql: str, **values: str | int) -> list[Row]:
    answer = engine.ask(questions.filled(sql, **values), where="the report")
    rows: list[Row] = answer.table.to_pylist()
    return rows


def _build_info(engine: Engine) -> Row:
    """What `evallake build` noted; empty for tables that plain dbt built."""
    tables = _rows(engine, "show tables")
    if BUILD_INFO not in {name for row in tables for name in row.values()}:
        return {}
    return _rows(engine, questions.BUILD_INFO)[0]


def _variables(info: Row) -> Row:
    """The models' variables as they were when the tables were built."""
    noted = info.get("variables_json")
    return json.loads(noted) if noted else find_project().variables()


def _job(engine: Engine, job: Row, *, limit: float) -> JobFacts:
    def rows(sql: str, **more: int) -> list[Row]:
        return _rows(engine, sql, job_id=job["job_id"], **more)

    return JobFacts(
        job_id=job["job_id"],
        model_name=job["model_name"],
        evaluated_at_utc=job["evaluated_at_utc"],
        facts=_facts(job),
        summary=_summary(rows(questions.SUMMARY), rows(questions.RULES)[0]),
        histogram=tuple(
            HistogramBin(
                row["bin"] / HISTOGRAM_BINS,
                (row["bin"] + 1) / HISTOGRAM_BINS,
                row["correct"],
                row["wrong"],
            )
            for row in rows(questions.HISTOGRAM, bins=HISTOGRAM_BINS)
        ),
        calibration=tuple(
            CalibrationBin(
                row["bin_lower"],
                row["bin_upper"],
                row["examples"],
                row["mean_confidence"],
                _estimate(row, "accuracy"),
            )
            for row in rows(questions.CALIBRATION)
        ),
        slices=tuple(
            SliceValue(
                row["slice_key"],
                row["slice_value"],
                _estimate(row, "accuracy"),
                row["mean_confidence"],
            )
            for row in rows(questions.SLICES, most_values=SLICE_VALUES, keys=SLICE_KEYS)
        ),
        heat=tuple(
            HeatCell(row["slice_key"], row["slice_value"], row["band"], row["n"], row["accuracy"])
            for row in rows(questions.HEAT, most_values=SLICE_VALUES, keys=HEAT_KEYS)
        ),
        segments=tuple(
            Segment(
                row["name"],
                row["segment_kind"],
                _estimate(row, "accuracy"),
                row["mean_confidence"],
                row["is_beyond_chance"],
            )
            for row in rows(_segments_sql(), rows=SEGMENTS)
        ),
        thresholds=tuple(
            Threshold(row["threshold"], row["coverage"], _estimate(row, "accuracy"))
            for row in rows(questions.THRESHOLDS)
        ),
        error_categories=tuple(
            (row["error_category"], row["n"]) for row in rows(questions.ERROR_CATEGORIES)
        ),
        overconfident_errors=_examples(rows(questions.OVERCONFIDENT, rows=EXAMPLES)),
        least_confident=_examples(rows(questions.LEAST_CONFIDENT, rows=EXAMPLES)),
        accounting=_accounting(job),
        findings=tuple(
            (finding["code"], finding["message"])
            for row in rows(questions.FINDINGS)
            for finding in json.loads(row["findings_json"] or "[]")
        ),
        low_confidence_limit=limit,
    )


def _segments_sql() -> str:
    name = "segments_needing_attention"
    return questions.SEGMENTS.replace(f"{{{name}}}", find_question(find_project(), name).sql)


def _estimate(row: Row, name: str) -> Estimate:
    """The columns `<name>`, `<name>_lower`, `<name>_upper` and `<name>_n`, as far as they exist."""
    return Estimate(
        row[name], row.get(f"{name}_lower"), row.get(f"{name}_upper"), row.get(f"{name}_n")
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
