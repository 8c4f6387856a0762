"""A run's rows -> the finished files of a load, in a private folder that no reader looks into.

Decides what is counted on the way and in which order the tables are written; how rows become
tables is `ingest.examples`' matter, how tables become files `ingest.lake`'s.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ingest.examples.assemble import build_ahead
from ingest.examples.bleu import BLEU
from ingest.examples.job import DatasetId, job_metric_rows, job_rows
from ingest.lake import LoadWriter, RowCounter
from ingest.lake.commit import StagedLoad
from ingest.lake.placing import Placing
from ingest.landing.options import IngestOptions
from ingest.landing.progress import Progress
from ingest.raw import LANDED, Run
from ingest.tables import EXAMPLES, JOB_METRICS, JOBS, JUDGMENTS, REJECTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """Where the files of one load are written, and whose they are."""

    source_uri: str
    job_id: str
    load_id: str
    folder: Path
    placing: Placing
    """Told of each finished file: on a bucket it may leave at once."""


def stage_run(
    run: Run,
    staging: Staging,
    *,
    options: IngestOptions,
    now: Callable[[], datetime],
    progress: Progress,
) -> StagedLoad:
    """Read the run and write its files; ImbalanceError where a row is not accounted for."""
    job_id, load_id = staging.job_id, staging.load_id
    progress.stage("reading")
    rows = RowCounter()
    dataset = DatasetId()
    workers = options.workers or os.cpu_count() or 1
    batches = run.batches(max_bytes=options.batch_bytes)
    with (
        LoadWriter(
            staging.folder, job_id=job_id, load_id=load_id, finished=staging.placing.begin
        ) as writer,
        closing(build_ahead(batches, workers=workers, bleu_tasks=_bleu_tasks(run))) as built,
    ):
        for raw, tables in built:
            rows.add(raw)
            dataset.add(_item_keys(raw))
            writer.write(tables)
            progress.advanced(rows=raw.num_rows, bytes=raw.nbytes)
        progress.stage("writing")
        examples = writer.rows_written(EXAMPLES.name)
        accounting = rows.accounting(
            run.files,
            examples_written=examples + writer.rows_written(JUDGMENTS.name),
            rejects_written=writer.rows_written(REJECTS.name),
        )
        job = job_rows(
            run.facts,
            job_id=job_id,
            load_id=load_id,
            source_uri=staging.source_uri,
            dataset_id=dataset.value(),
            examples=examples,
            landed_at_utc=now(),
        )
        metrics = job_metric_rows(run.metrics, job_id=job_id, load_id=load_id)
        writer.write({JOBS.name: job, JOB_METRICS.name: metrics})
        files = writer.finish()
    return StagedLoad(
        job_id=job_id,
        load_id=load_id,
        files=files,
        accounting=accounting,
        findings=run.findings(),
    )


def _bleu_tasks(run: Run) -> frozenset[str]:
    """Tasks of which the container reports BLEU, so that the audit can recompute it."""
    return frozenset(metric.task_key for metric in run.metrics if metric.metric_name == BLEU)


def _item_keys(raw: pa.RecordBatch) -> pa.Array:
    return raw.column("item_key").filter(pc.equal(raw.column("role"), LANDED))
