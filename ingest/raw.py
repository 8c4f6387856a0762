"""What a reader hands on: rows in one shape, whichever harness wrote them.

`ingest.formats` produces these batches, `ingest.examples` turns them into lake tables, and
nothing past the reader may know which harness wrote a row. No I/O here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pyarrow as pa

CANDIDATE = pa.struct([pa.field("token", pa.string()), pa.field("logprob", pa.float64())])
POSITIONS = pa.list_(pa.list_(CANDIDATE))
"""One answer's log probabilities: positions, each with its candidates in recorded order.

A candidate without a usable probability (-inf, nan, ≤ -9999) has a null logprob. A candidate
whose text the harness did not record has a null token."""

METRIC = pa.struct(
    [
        pa.field("name", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("status", pa.string(), nullable=False),
    ]
)
"""One metric of one row; `status` as in example_metrics.value_status."""

LANDED = "landed"
MERGED = "merged"
DUPLICATE = "duplicate"
REJECTED = "rejected"
ROLES = (LANDED, MERGED, DUPLICATE, REJECTED)

RAW_EXAMPLE = pa.schema(
    [
        # where the row came from; every input row appears exactly once
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("source_row", pa.int64(), nullable=False),
        # landed: becomes an example · merged: joined to its twin, brings only what the twin lacks
        # (metrics) · duplicate: a copy, brings nothing · rejected: cannot be an example
        pa.field("role", pa.string(), nullable=False),
        # identity; null when rejected. A merged row carries its twin's identity
        pa.field("example_key", pa.string()),
        pa.field("item_key", pa.string()),
        pa.field("repeat_index", pa.int32()),
        # task
        pa.field("task_key", pa.string()),
        pa.field("task_name", pa.string()),
        pa.field("subtask", pa.string()),
        pa.field("sample_id", pa.string()),
        # content
        pa.field("system_prompt", pa.string()),
        pa.field("query", pa.string()),
        pa.field("gold_texts", pa.list_(pa.string())),
        pa.field("predictions", pa.list_(pa.string())),
        pa.field("metadata_text", pa.string()),
        pa.field("metrics", pa.list_(METRIC)),
        # log probabilities of the first prediction
        pa.field("logprobs", POSITIONS),
        pa.field("logprobs_status", pa.string()),
        # rejection; null unless rejected
        pa.field("reject_stage", pa.string()),
        pa.field("reject_code", pa.string()),
        pa.field("reject_message", pa.string()),
        pa.field("reject_raw", pa.binary()),
    ]
)

CRITERION = pa.struct(
    [
        pa.field("criterion", pa.string(), nullable=False),
        pa.field("criterion_type", pa.string()),
        pa.field("weight", pa.float64()),
        pa.field("score_a", pa.float64()),
        pa.field("score_b", pa.float64()),
        pa.field("description", pa.string()),
        pa.field("justification_a", pa.string()),
        pa.field("justification_b", pa.string()),
    ]
)
"""One criterion of a rubric with what the judge gave both responses; as in judgment_criteria."""

RAW_JUDGMENT = pa.schema(
    [
        # where the row came from and what becomes of it, as in RAW_EXAMPLE
        pa.field("source_file", pa.string(), nullable=False),
        pa.field("source_row", pa.int64(), nullable=False),
        pa.field("role", pa.string(), nullable=False),
        # identity; null when rejected
        pa.field("judgment_key", pa.string()),
        pa.field("item_key", pa.string()),
        pa.field("repeat_index", pa.int32()),
        pa.field("task_key", pa.string()),
        # content
        pa.field("prompt", pa.string()),
        pa.field("response_a", pa.string()),
        pa.field("response_b", pa.string()),
        pa.field("metadata_text", pa.string()),
        # what the judge gave; columns as in judgments
        pa.field("forward_verdict", pa.string()),
        pa.field("backward_verdict", pa.string()),
        pa.field("forward_status", pa.string()),
        pa.field("backward_status", pa.string()),
        pa.field("forward_output", pa.string()),
        pa.field("backward_output", pa.string()),
        pa.field("a_votes", pa.float64()),
        pa.field("b_votes", pa.float64()),
        pa.field("tie_votes", pa.float64()),
        pa.field("error_votes", pa.float64()),
        pa.field("score_a", pa.float64()),
        pa.field("score_b", pa.float64()),
        pa.field("margin_a_minus_b", pa.float64()),
        pa.field("justification", pa.string()),
        pa.field("criteria", pa.list_(CRITERION)),
        # rejection; null unless rejected
        pa.field("reject_stage", pa.string()),
        pa.field("reject_code", pa.string()),
        pa.field("reject_message", pa.string()),
        pa.field("reject_raw", pa.binary()),
    ]
)
"""What a reader hands on of judged prompts, instead of RAW_EXAMPLE."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a reader noticed that people should know, e.g. a missing shard."""

    code: str
    """Stable and machine-readable, e.g. `examples_missing`."""
    message: str


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file of a job that was read."""

    path: str
    """Relative to the source, POSIX separators."""
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ReportedMetric:
    """One aggregate as the container reported it: a row of job_metrics."""

    task_key: str
    task_name: str | None
    subtask: str | None
    metric_name: str
    value: float | None
    stderr: float | None
    higher_is_better: bool | None
    aggregation: str | None
    scale_max: float | None
    examples_expected: int | None
    source_file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """What is known of a run besides its rows: the jobs table without ids and counts.

    Field names are the columns of `jobs`; see there for units and what null means.
    """

    harness: str
    harness_version: str | None = None
    run_name: str | None = None
    training_job_name: str | None = None
    model_name: str | None = None
    model_family: str | None = None
    task_name: str | None = None
    strategy: str | None = None
    dataset_name: str | None = None
    evaluated_at_utc: datetime | None = None
    evaluation_seconds: float | None = None
    examples_expected: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_new_tokens: int | None = None
    top_logprobs: int | None = None
    reasoning_effort: str | None = None
    replicas: int | None = None
    instance_type: str | None = None
    training_started_at_utc: datetime | None = None
    training_ended_at_utc: datetime | None = None
    training_seconds: float | None = None
    container_image: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    recipe_json: str | None = None
    hyperparameters_json: str | None = None
    config_json: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What the caller adds to what the files say."""

    model: str | None = None
    dataset: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    recipe: Path | None = None
    """YAML recipe of the evaluation job."""


class Run(Protocol):
    """One evaluation run found in a source; its files are read when `batches` is consumed."""

    facts: JobFacts
    metrics: tuple[ReportedMetric, ...]
    files: tuple[InputFile, ...]
    timestamp: str | None
    """Results time as `20251106T175852Z`; None where no file names one."""
    reader: str
    """Reader and its version, e.g. `nova/1`: part of a load's digest."""

    def batches(self, *, max_bytes: int) -> Iterator[pa.RecordBatch]:
        """Every input row once, in batches of about `max_bytes` of input.

        A batch has the schema RAW_EXAMPLE, or RAW_JUDGMENT where its rows are judged prompts.
        """
        ...

    def findings(self) -> tuple[Finding, ...]:
        """What was noticed; complete once `batches` is exhausted."""
        ...
