"""One evaluation run: its facts, and every input row once with its role.

Two passes over the rows. The first reads what identifies a row, so that repeats, copies and
twins are known; the second streams everything in file order. Memory is bounded by a batch,
not by the job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from ingest.formats.assembly import (
    DUPLICATES,
    LANDINGS,
    MERGES,
    REJECTIONS,
    assemble,
    no_measures,
    roles,
)
from ingest.formats.content import Content, Measures
from ingest.formats.details import Details
from ingest.formats.facts import job_facts
from ingest.formats.findings import RowCounts, row_findings, tree_findings
from ingest.formats.inference import Lines, inference_content, read_lines
from ingest.formats.judge_part import JudgePart, JudgeTask
from ingest.formats.judging import is_judged
from ingest.formats.nodes import OpenedRun
from ingest.formats.pairing import Decisions, Pairing
from ingest.formats.passes import MetricLedger
from ingest.formats.recipe import Recipe
from ingest.formats.streaming import Chunk, work_ahead
from ingest.formats.tasks import GEN_QA, Task, parse_task_key
from ingest.raw import Finding, InputFile, JobFacts, ReadOptions, ReportedMetric
from ingest.sources import Source, SourceLimits

READER = "nova/3"
"""The number is raised whenever the same files would give other rows."""

_FIRST_PASS_BYTES = 16 << 20

_WORKERS = 2
"""Threads that make sense of what one more decodes; each holds a chunk."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Consecutive rows of one file, decoded but not decided on."""

    content: Content
    measures: Measures
    source_row: np.ndarray
    """int64: place of each row in its file."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A file of rows: a details file, or one of inference output."""

    source_file: str
    path: Path
    task: Task
    details: Details | None
    known: frozenset[str]
    """Metrics that a results file reports for the task."""
    limits: SourceLimits

    def contents(self) -> Iterator[Content]:
        """What identifies the rows, chunk by chunk."""
        return work_ahead(self._contents(), workers=_WORKERS)

    def _contents(self) -> Iterator[Callable[[], Content]]:
        if self.details is None:
            for lines in self._lines(_FIRST_PASS_BYTES):
                yield partial(inference_content, lines)
            return
        for chunk in self.details.content_chunks(max_bytes=_FIRST_PASS_BYTES):
            yield partial(self.details.content, chunk)

    def _lines(self, max_bytes: int) -> Iterator[Lines]:
        return read_lines(
            self.path, max_bytes=max_bytes, where=self.source_file, limits=self.limits
        )

    def rows(self, *, max_bytes: int) -> Iterator[Callable[[], _Rows]]:
        """Everything in the rows, the same rows in the same order."""
        if self.details is None:
            for lines in self._lines(max_bytes):
                yield partial(_rows_of_lines, lines)
            return
        first = 0
        for chunk in self.details.chunks(max_bytes=max_bytes):
            yield partial(_rows_of_chunk, chunk, self.details, known=self.known, first=first)
            first += chunk.batch.num_rows


def _rows_of_lines(lines: Lines) -> _Rows:
    content = inference_content(lines)
    return _Rows(content, no_measures(content.rows), lines.number)


def _rows_of_chunk(chunk: Chunk, details: Details, *, known: frozenset[str], first: int) -> _Rows:
    content = details.content(chunk)
    measures = details.measures(chunk, known=known)
    return _Rows(content, measures, np.arange(first, first + content.rows))


class NovaRun:
    """One run of the container or of lighteval; see `ingest.raw.Run`."""

    reader = READER

    def __init__(
        self, run: OpenedRun, *, source: Source, options: ReadOptions, recipe: Recipe | None
    ) -> None:
        self._expected = run.expected()
        files = run.files
        read = [*files.results, *(entry.file for entry in files.details), *files.inference]
        self.files = tuple(
            InputFile(file.path, file.bytes, source.sha256(file.path))
            for file in sorted(read, key=lambda file: file.path)
        )
        self.timestamp = None if files.timestamp is None else files.timestamp.compact
        self._tasks = _tasks(run)
        self._judges: dict[str, JudgeTask] = {}
        self._parts = _parts(run, self._tasks, source, self._judges)
        self.facts: JobFacts = job_facts(
            run, self._tasks, source=source, options=options, recipe=recipe
        )
        self.metrics: tuple[ReportedMetric, ...] = run.results[-1].metrics if run.results else ()
        self._tree_findings = tuple(tree_findings(run, refused=source.refused))
        self._row_findings: tuple[Finding, ...] = ()

    def findings(self) -> tuple[Finding, ...]:
        """What was noticed; complete once `batches` is exhausted."""
        return (*self._tree_findings, *self._row_findings)

    def batches(self, *, max_bytes: int) -> Iterator[pa.RecordBatch]:
        """Every input row once, in batches of about `max_bytes` of input; see `ingest.raw.Run`."""
        for judge in self._judges.values():
            judge.forget()
        with Pairing() as pairing:
            total = self._pair(pairing)
            with_copies = pairing.tasks_with_copies()
            ledger = MetricLedger(total) if with_copies else None
            counts = RowCounts()
            first = 0
            for part in self._parts:
                if isinstance(part, JudgePart):
                    batches = _judgments(part, pairing, first, counts, max_bytes=max_bytes)
                else:
                    has_copies = part.details is not None and self._number(part.task) in with_copies
                    batches = _examples(
                        part,
                        pairing,
                        first,
                        counts,
                        ledger=ledger if has_copies else None,
                        max_bytes=max_bytes,
                    )
                for batch in batches:
                    first += batch.num_rows
                    yield batch
            if any(part.details is not None for part in self._parts):
                counts.unclaimed_twins = pairing.unclaimed_twins()
            self._row_findings = tuple(
                row_findings(
                    counts,
                    pairing.counts(),
                    task_keys=[task.key for task in self._tasks],
                    expected=self._expected,
                )
            ) + tuple(
                finding for key, judge in self._judges.items() for finding in judge.findings(key)
            )

    def _pair(self, pairing: Pairing) -> int:
        """Decides every row's role; how many rows there are."""
        total = 0
        for number, part in enumerate(self._parts):
            for content in part.contents():
                pairing.add(
                    content,
                    file=number,
                    task=self._number(part.task),
                    is_twin=part.details is None,
                )
                total += content.rows
        pairing.settle({self._number(task): self._expected.get(task.key) for task in self._tasks})
        return total

    def _number(self, task: Task) -> int:
        return self._tasks.index(task)


def _judgments(
    part: JudgePart, pairing: Pairing, first: int, counts: RowCounts, *, max_bytes: int
) -> Iterator[pa.RecordBatch]:
    """Judged rows of a file whose first row is at place `first` of the run."""
    place = 0
    for judged in part.rows(max_bytes=max_bytes):
        rows = judged.content.rows
        decisions = pairing.decisions(first + place, rows)
        role = roles(decisions, brings_metrics=None)
        counts.duplicates += int((role == DUPLICATES).sum())
        counts.rejected += int((role == REJECTIONS).sum())
        yield part.finished(judged, decisions, role, first=place)
        place += rows


def _examples(
    part: _Part,
    pairing: Pairing,
    first: int,
    counts: RowCounts,
    *,
    ledger: MetricLedger | None,
    max_bytes: int,
) -> Iterator[pa.RecordBatch]:
    """Examples of a file whose first row is at place `first` of the run."""
    for rows in work_ahead(part.rows(max_bytes=max_bytes), workers=_WORKERS):
        decisions = pairing.decisions(first, rows.content.rows)
        first += rows.content.rows
        yield _finished(part, rows, decisions, ledger, counts)


def _finished(
    part: _Part,
    rows: _Rows,
    decisions: Decisions,
    ledger: MetricLedger | None,
    counts: RowCounts,
) -> pa.RecordBatch:
    measures, brings_metrics = rows.measures, None
    if ledger is not None:
        metrics, brings_metrics = ledger.enter(measures.metrics, decisions)
        measures = replace(measures, metrics=metrics)
    role = roles(decisions, brings_metrics=brings_metrics)
    counts.duplicates += int((role == DUPLICATES).sum())
    counts.rejected += int((role == REJECTIONS).sum())
    lands = role == LANDINGS
    counts.unreadable_metrics += int((rows.measures.has_unreadable_metrics & lands).sum())
    counts.unreadable_specifics += int((rows.content.has_unreadable_specifics & lands).sum())
    if part.details is not None:
        counts.merged_passes += int((role == MERGES).sum())
    return assemble(
        rows.content,
        measures,
        decisions,
        role,
        task=part.task,
        source_file=part.source_file,
        source_row=rows.source_row,
    )


def _tasks(run: OpenedRun) -> list[Task]:
    """Tasks that have documents, by what the details' names or the results say."""
    keys = {details.task_key for details in run.details}
    keys |= {task.key for results in run.results for task in results.tasks}
    if not keys and run.files.inference:
        keys = {GEN_QA}
    return [parse_task_key(key) for key in sorted(keys)]


def _parts(
    run: OpenedRun, tasks: list[Task], source: Source, judges: dict[str, JudgeTask]
) -> list[_Part | JudgePart]:
    """Files of rows in reading order: details by task and path, then inference output.

    Args:
        judges: filled with the tasks whose rows are judged prompts.
    """
    known = {
        task.key: frozenset().union(*(r.metric_names(task.key) for r in run.results))
        for task in tasks
    }
    parts: list[_Part | JudgePart] = []
    for details in sorted(run.details, key=lambda d: (d.task_key, d.source_file)):
        task = parse_task_key(details.task_key)
        if is_judged(details):
            shared = judges.setdefault(task.key, JudgeTask())
            parts.append(JudgePart(details, task, shared))
        else:
            path, file = details.path, details.source_file
            parts.append(_Part(file, path, task, details, known[task.key], source.limits))
    if run.files.inference:
        # only gen_qa writes it; the name of the file does not say for which task
        task = next((task for task in tasks if task.name == "gen_qa"), tasks[0])
        parts += [
            _Part(file.path, source.local_path(file.path), task, None, frozenset(), source.limits)
            for file in sorted(run.files.inference, key=lambda file: file.path)
        ]
    return parts
