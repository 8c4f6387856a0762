"""The chain of models from facts to comparisons of jobs, run in memory over made-up facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from tests.unit.statistics.macros import ROOT, render

CHAIN = (
    "int_pair_requests",
    "int_changed_pairs",
    "int_example_outcomes",
    "int_slice_values",
    "int_slices",
    "int_example_slices",
    "int_job_keys",
    "int_pair_keys",
    "int_job_pairs",
    "int_pair_examples",
    "int_compared_metrics",
    "int_pair_metrics",
    "int_pair_key_cells",
    "int_pair_cell_slices",
    "int_pair_values",
    "int_pair_sums",
    "int_pair_estimates",
    "int_bootstrap_weights",
    "int_pair_confidences",
    "int_pair_calibration",
    "int_pair_ranking",
    "int_pair_bleu",
    "int_pair_bootstrap",
    "int_pair_statistics",
    "mart_model_deltas",
    "mart_slice_deltas",
)
"""In the order in which they read each other."""

BLEU_COUNTS = (
    *(f"correct_{n}" for n in range(1, 5)),
    *(f"total_{n}" for n in range(1, 5)),
    "prediction_words",
    "reference_words",
)

MD5_HEX = "{% macro md5_hex(text) %}md5({{ text }}){% endmacro %}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of a job, and what was measured of it."""

    job: str
    key: str
    repeat: int = 0
    item: str | None = None
    """The item's key; by default the key's own."""
    cluster: str | None = None
    correct: bool | None = None
    confidence: float | None = None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    fields: Mapping[str, bool] = field(default_factory=dict)
    bleu: Sequence[int] = ()
    """What the answer adds to corpus BLEU, in the order of `BLEU_COUNTS`; none without."""
    slices: Mapping[str, str] = field(default_factory=dict)


def compare(
    connection: duckdb.DuckDBPyConnection,
    answers: Sequence[Answer],
    jobs: Sequence[Mapping[str, object]],
    declared: Sequence[Mapping[str, object]] = (),
    **variables: object,
) -> None:
    """Create the facts and every model of `CHAIN` as tables of `connection`.

    Args:
        jobs: rows of dim_jobs, as far as a test is about them.
        declared: rows of stg_lake__job_metrics.
    """
    for name, table in _facts(answers, jobs, declared).items():
        connection.register("given", table)
        connection.execute(f"create or replace table {name} as select * from given")
        connection.unregister("given")
    for name in CHAIN:
        path = next((ROOT / "models").rglob(f"{name}.sql"))
        text = render(MD5_HEX + path.read_text(encoding="utf-8"), **variables)
        connection.execute(f"create or replace table {name} as {text}")


def _facts(
    answers: Sequence[Answer],
    jobs: Sequence[Mapping[str, object]],
    declared: Sequence[Mapping[str, object]],
) -> dict[str, pa.Table]:
    rules = {job["job_id"]: job.get("rule") for job in jobs}
    ids = [
        {
            "job_id": answer.job,
            "load_id": f"load of {answer.job}",
            "example_id": f"{answer.key}-{answer.repeat}",
        }
        for answer in answers
    ]
    examples = [
        {
            **own,
            "example_key": answer.key,
            "item_key": answer.item or answer.key,
            "cluster_id": answer.cluster or answer.key,
            "is_correct": answer.correct,
            "confidence": answer.confidence,
            "is_quality_pass": None,
            "is_schema_valid": None,
            "correctness_rule": rules.get(answer.job),
        }
        for own, answer in zip(ids, answers, strict=True)
    ]
    metrics = [
        {**own, "metric_name": name, "metric_value": value}
        for own, answer in zip(ids, answers, strict=True)
        for name, value in answer.metrics.items()
    ]
    fields = [
        {**own, "field_path": path, "has_gold": True, "is_match": is_match}
        for own, answer in zip(ids, answers, strict=True)
        for path, is_match in answer.fields.items()
    ]
    counts = [
        own | dict(zip(BLEU_COUNTS, answer.bleu, strict=True))
        for own, answer in zip(ids, answers, strict=True)
        if answer.bleu
    ]
    slices = [
        {**own, "slice_key": key, "slice_value": value, "is_outcome_slice": key == "outcome"}
        for own, answer in zip(ids, answers, strict=True)
        for key, value in answer.slices.items()
    ]
    text, truth, number = pa.string(), pa.bool_(), pa.float64()
    own_columns = {"job_id": text, "load_id": text, "example_id": text}
    settings = dict.fromkeys(("temperature", "top_p", "top_k", "max_new_tokens"), number)
    return {
        "dim_jobs": _table(
            [{"load_id": f"load of {job['job_id']}", **job} for job in jobs],
            **dict.fromkeys(("job_id", "load_id", "dataset_id", "model_family"), text),
            task_name=text,
            **dict.fromkeys(("model_name", "tags_json", "reasoning_effort"), text),
            evaluated_at_utc=pa.timestamp("ms"),
            **settings,
        ),
        "fct_examples": _table(
            examples,
            **own_columns,
            **dict.fromkeys(("example_key", "item_key", "cluster_id"), text),
            is_correct=truth,
            confidence=number,
            is_quality_pass=truth,
            is_schema_valid=truth,
            correctness_rule=text,
        ),
        "fct_example_slices": _table(
            slices, **own_columns, slice_key=text, slice_value=text, is_outcome_slice=truth
        ),
        "fct_field_confidence": _table(
            fields, **own_columns, field_path=text, has_gold=truth, is_match=truth
        ),
        "stg_lake__example_metrics": _table(
            metrics, **own_columns, metric_name=text, metric_value=number
        ),
        "stg_lake__example_bleu": _table(
            counts, **own_columns, **dict.fromkeys(BLEU_COUNTS, pa.int32())
        ),
        "stg_lake__job_metrics": _table(
            declared,
            job_id=text,
            metric_name=text,
            higher_is_better=truth,
            aggregation=text,
            scale_max=number,
        ),
    }


def _table(rows: Sequence[Mapping[str, object]], **types: pa.DataType) -> pa.Table:
    return pa.Table.from_pylist([dict(row) for row in rows], schema=pa.schema(types))
