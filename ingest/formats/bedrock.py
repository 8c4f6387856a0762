"""Jobs in which a Bedrock model rates responses: serverless evaluations of SageMaker AI.

    <out>/<training job>/output/output/<job>/eval_results/bedrock_llm_judge_results.json
    <out>/<job>/<bedrock job>/models/.../<id>_output.jsonl

A line holds a prompt, one response and a score per metric with the judge's explanation. Nothing is
compared with anything, so a row becomes a judgment of response A alone, its metrics the criteria.
Decides which files are such a job's and what their rows say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.errors import FormatError
from ingest.formats.assembly import DUPLICATES, LANDINGS, REJECTIONS, roles
from ingest.formats.bedrock_rows import Rated, read_rated
from ingest.formats.content import Content
from ingest.formats.findings import RowCounts, row_findings
from ingest.formats.identity import item_key
from ingest.formats.inference import read_lines
from ingest.formats.numbers import count_of, number_of
from ingest.formats.pairing import Decisions, Pairing
from ingest.formats.results import document_bytes
from ingest.formats.tasks import model_family
from ingest.raw import (
    RAW_JUDGMENT,
    ROLES,
    Finding,
    InputFile,
    JobFacts,
    ReadOptions,
    ReportedMetric,
)
from ingest.sources import Source, SourceFile
from ingest.sources.locations import training_job_name

READER = "bedrock/1"
TASK = "bedrock_llm_judge"
"""Task key of every row; the files name none."""

_SUMMARY = "bedrock_llm_judge_results.json"
_ROWS = re.compile(r"(?!inference[-_]output).*output.*\.jsonl")
_MARK = b'"automatedEvaluationResult"'
_LOOKED_AT = 1 << 20
"""How far into a file its kind is looked for (bytes)."""
_OUTPUT_DIRECTORY = re.compile(r"eval[-_]results?")
_ROLE_NAMES = pa.array(ROLES)


@dataclass(slots=True)
class _Files:
    """The files of one job."""

    name: str | None
    summaries: list[SourceFile] = field(default_factory=list)
    rows: list[SourceFile] = field(default_factory=list)


def find_bedrock_runs(source: Source, *, options: ReadOptions) -> list[BedrockRun]:
    """The jobs of this kind in a source, sorted by name; none where there is none.

    Raises:
        FormatError: a summary that is not JSON.
    """
    return [BedrockRun(files, source, options) for files in _grouped(source)]


def _grouped(source: Source) -> list[_Files]:
    summaries = [f for f in source.files if PurePosixPath(f.path).name == _SUMMARY]
    rows = [f for f in source.files if _is_rows(f, source)]
    jobs: dict[str | None, _Files] = {}
    for file in summaries:
        name = _job_of(f"{source.context}/{file.path}")
        jobs.setdefault(name, _Files(name)).summaries.append(file)
    named = set(jobs)
    for file in rows:
        segments = f"{source.context}/{file.path}".strip("/").split("/")
        mentioned = [name for name in named if name in segments]
        if len(mentioned) == 1:
            jobs[mentioned[0]].rows.append(file)
        elif len(named) == 1:
            jobs[next(iter(named))].rows.append(file)
        else:
            name = _above_models(segments)
            jobs.setdefault(name, _Files(name)).rows.append(file)
    return sorted(jobs.values(), key=lambda files: files.name or "")


def _is_rows(file: SourceFile, source: Source) -> bool:
    if not _ROWS.fullmatch(PurePosixPath(file.path).name):
        return False
    with source.local_path(file.path).open("rb") as opened:
        return _MARK in opened.read(_LOOKED_AT)


def _job_of(path: str) -> str | None:
    """The directory above `eval_results`, or above the summary itself."""
    parts = [part for part in path.split("/")[:-1] if part]
    if parts and _OUTPUT_DIRECTORY.fullmatch(parts[-1]):
        parts.pop()
    return parts[-1] if parts and parts[-1] != "None" else None


def _above_models(segments: list[str]) -> str | None:
    """The Bedrock job that rows without a summary belong to."""
    parts = segments[:-1]
    if "models" in parts:
        parts = parts[: parts.index("models")]
    return parts[-1] if parts else None


class BedrockRun:
    """One job; see `ingest.raw.Run`."""

    reader = READER
    timestamp: str | None = None

    def __init__(self, files: _Files, source: Source, options: ReadOptions) -> None:
        self._source = source
        self._rows = sorted(files.rows, key=lambda file: file.path)
        read = sorted([*files.summaries, *files.rows], key=lambda file: file.path)
        self.files = tuple(InputFile(f.path, f.bytes, source.sha256(f.path)) for f in read)
        self.metrics = tuple(
            metric for file in files.summaries[-1:] for metric in _summary(source, file)
        )
        expected = [m.examples_expected for m in self.metrics if m.examples_expected is not None]
        self._expected = {TASK: max(expected)} if expected else {}
        self.facts = JobFacts(
            harness="bedrock",
            run_name=files.name,
            training_job_name=source.training_job_name
            or next(filter(None, (training_job_name(f.path) for f in files.summaries)), None),
            model_name=options.model,
            model_family=model_family(options.model),
            task_name=TASK,
            strategy="judge",
            dataset_name=options.dataset,
            examples_expected=self._expected.get(TASK),
            tags=dict(options.tags),
        )
        self._findings: tuple[Finding, ...] = ()

    def findings(self) -> tuple[Finding, ...]:
        """What was noticed; complete once `batches` is exhausted."""
        absent = "no rows per prompt were found, so the job's aggregates are all there is"
        return self._findings if self._rows else (Finding("judgments_absent", f"{TASK}: {absent}"),)

    def batches(self, *, max_bytes: int) -> Iterator[pa.RecordBatch]:
        """Every line once, in batches of schema RAW_JUDGMENT."""
        counts = RowCounts()
        with Pairing() as pairing:
            for number, file in enumerate(self._rows):
                for rated in self._read(file, max_bytes):
                    pairing.add(rated.content, file=number, task=0, is_twin=False)
            pairing.settle({0: self._expected.get(TASK)})
            first = 0
            for file in self._rows:
                for rated in self._read(file, max_bytes):
                    decisions = pairing.decisions(first, rated.content.rows)
                    first += rated.content.rows
                    role = roles(decisions, brings_metrics=None)
                    counts.duplicates += int((role == DUPLICATES).sum())
                    counts.rejected += int((role == REJECTIONS).sum())
                    yield _batch(rated, decisions, role, file.path)
            found = pairing.counts() if self._rows else []
        self._findings = tuple(
            row_findings(counts, found, task_keys=[TASK], expected=self._expected)
        )

    def _read(self, file: SourceFile, max_bytes: int) -> Iterator[Rated]:
        lines = read_lines(
            self._source.local_path(file.path),
            max_bytes=max_bytes,
            where=file.path,
            limits=self._source.limits,
        )
        return map(read_rated, lines)


def _batch(rated: Rated, decisions: Decisions, role: np.ndarray, path: str) -> pa.RecordBatch:
    content: Content = rated.content
    rows = content.rows
    is_rejected = pa.array(role == REJECTIONS)
    absent = pa.repeat(pa.scalar("absent"), rows)
    columns = {
        "source_file": pa.repeat(pa.scalar(path), rows),
        "source_row": pa.array(rated.line, pa.int64()),
        "role": _ROLE_NAMES.take(pa.array(role)),
        "judgment_key": decisions.example_key,
        "item_key": _item_keys(content.query, decisions, role),
        "repeat_index": decisions.repeat_index,
        "task_key": pa.repeat(pa.scalar(TASK), rows),
        "prompt": content.query,
        "response_a": rated.response,
        "forward_status": absent,
        "backward_status": absent,
        "criteria": rated.criteria,
        "reject_stage": pc.if_else(is_rejected, "decode", pa.scalar(None, pa.string())),
        "reject_code": content.reject_code,
        "reject_message": content.reject_message,
        "reject_raw": content.reject_raw,
    }
    arrays = [
        columns[f.name].cast(f.type) if f.name in columns else pa.nulls(rows, f.type)
        for f in RAW_JUDGMENT
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=RAW_JUDGMENT)


def _item_keys(prompts: pa.StringArray, decisions: Decisions, role: np.ndarray) -> pa.StringArray:
    keys = [None if prompt is None else item_key(prompt, ()) for prompt in prompts.to_pylist()]
    found = pc.coalesce(pa.array(keys, pa.string()), decisions.example_key)
    return pc.if_else(pa.array(role == LANDINGS), found, None)


def _summary(source: Source, file: SourceFile) -> list[ReportedMetric]:
    """The job's aggregates: one score per metric, with how many rows it is of."""
    try:
        data = document_bytes(
            source.local_path(file.path), source_file=file.path, limits=source.limits
        )
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(
            f"not a JSON file ({error})", where=file.path, do="fetch it again, or remove it"
        ) from error
    results = content.get("results") if isinstance(content, dict) else None
    if not isinstance(results, dict):
        raise FormatError(
            "has no `results` object, so it is no summary of a judge",
            where=file.path,
            do="remove it, or fetch it again",
        )
    return [
        ReportedMetric(
            task_key=TASK,
            task_name=TASK,
            subtask=None,
            metric_name=str(name).removeprefix("Builtin."),
            value=number_of(_inside(value, "score", "mean", "average")),
            stderr=None,
            higher_is_better=None,
            aggregation="mean",
            scale_max=None,
            examples_expected=count_of(_inside(value, "total_evaluations", "count")),
            source_file=file.path,
        )
        for name, value in results.items()
    ]


def _inside(value: Any, *names: str) -> object:
    """The value of the first of these keys; of a bare number, the number as the first."""
    if not isinstance(value, dict):
        return value if names[0] == "score" else None
    return next((value[name] for name in names if name in value), None)
