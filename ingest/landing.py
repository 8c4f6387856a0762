"""The use case: a job's output goes in, a committed load comes out.

    find runs -> who is it? -> read -> build tables -> write -> check -> put in place
             -> register in the catalogue, if there is one -> commit

Decides what is landed, what is known already and what is refused, and keeps the promise that a
load is visible in all tables or in none: files lie in a private folder until they are whole, then
in their places where no reader looks for them yet, and one event in the log makes them count.
What fails before that event takes its files with it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from ingest.errors import IdentityError, RecipeError, StoreError
from ingest.examples.assemble import build_ahead, build_tables
from ingest.examples.bleu import BLEU
from ingest.examples.job import DatasetId, job_metric_rows, job_rows
from ingest.formats import find_runs
from ingest.formats.logprobs import read_logprobs
from ingest.lake import Accounting, Lake, Load, LoadWriter, RowCounter
from ingest.lake.catalogue import Catalogue
from ingest.lake.commit import Provenance, StagedLoad, commit_load
from ingest.lake.identity import RunName, input_digest, job_ids, load_digest
from ingest.lake.placing import Placing
from ingest.memory import keep_memory_flat
from ingest.raw import LANDED, RAW_EXAMPLE, Finding, JobFacts, ReadOptions, Run
from ingest.sources import SourceLimits, open_source
from ingest.tables import EXAMPLES, JOB_METRICS, JOBS, JUDGMENTS, REJECTS

_LONG_HASHED_BYTES = 256 << 20
"""Input that takes about as long to hash as kernels take to load."""

Outcome = Literal["landed", "unchanged", "restored", "held"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """What the caller decides about an ingest."""

    job_id: str | None = None
    """Instead of the id that the files give. None: training-job name, else run name and time."""
    read: ReadOptions = field(default_factory=ReadOptions)
    force: bool = False
    """Land again what is there already, also under a second job id."""
    workers: int | None = None
    """Threads that build tables. None: one per core."""
    batch_bytes: int = 16 << 20
    """Input taken at a time (bytes); memory is bounded by a few of these."""
    limits: SourceLimits = field(default_factory=SourceLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingResult:
    """What became of one run."""

    job_id: str
    load_id: str
    outcome: Outcome
    """landed, unchanged (it was there), restored (it was there, dropped), or held by the check."""
    accounting: Accounting
    findings: tuple[Finding, ...]
    seconds: float
    """Wall-clock time of this run, reading to snapshots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a check found."""

    hold_because: str | None = None
    """Why the load must not become visible. None: it may."""
    findings: tuple[Finding, ...] = ()
    results: pa.Table | None = None
    """Rows of `expectation_results`. None: the check keeps none."""


Check = Callable[[StagedLoad], CheckResult]


class Progress(Protocol):
    """Told what goes on, from the thread that called `ingest_source`."""

    def started(self, job_id: str, *, input_bytes: int, rows_expected: int | None) -> None:
        """A run's landing begins: the size of its files, and its rows as far as they say."""
        ...

    def stage(self, name: str) -> None:
        """Now it is reading, writing, checking or committing."""
        ...

    def advanced(self, *, rows: int, bytes: int) -> None:
        """So many more input rows, about so many bytes of rows, are through."""
        ...

    def moved(self, *, bytes: int, of: int) -> None:
        """So many bytes of a stage's files, of so many, went to or came from a remote store."""
        ...

    def finished(self, result: LandingResult) -> None:
        """A run is done; what follows may still fail."""
        ...


class Silence:
    """Progress that nobody watches."""

    def started(self, job_id: str, *, input_bytes: int, rows_expected: int | None) -> None:
        """Say nothing."""

    def stage(self, name: str) -> None:
        """Say nothing."""

    def advanced(self, *, rows: int, bytes: int) -> None:
        """Say nothing."""

    def moved(self, *, bytes: int, of: int) -> None:
        """Say nothing."""

    def finished(self, result: LandingResult) -> None:
        """Say nothing."""


def ingest_source(
    uri: str,
    lake: Lake,
    *,
    options: IngestOptions,
    now: Callable[[], datetime],
    progress: Progress | None = None,
    check: Check | None = None,
    catalogue: Catalogue | None = None,
) -> list[LandingResult]:
    """Land every run found at `uri`; one result per run, in the order found.

    Runs are landed one by one: when a later one fails, earlier ones stay committed, and
    `progress.finished` has told of them.

    Args:
        uri: what `open_source` reads.
        now: the clock, aware.
        check: looks at each load before its commit and may hold it back.
        catalogue: is told of each load before its commit; None for a lake whose readers look
            into its folders.

    Raises:
        InputError: nothing readable, or an identity that cannot be; nothing was landed.
        StoreError: store or catalogue refused; the run in work left nothing visible.
    """
    keep_memory_flat()
    watcher = progress or Silence()
    with open_source(uri, limits=options.limits, fetched=_fetching(watcher)) as source:
        with _kernels_loading(sum(file.bytes for file in source.files)):
            runs = find_runs(source, options=options.read)
        names = [RunName(run.facts, run.timestamp, input_digest(run.files)) for run in runs]
        ids = job_ids(names, explicit=options.job_id)
        landing = _Landing(source.uri, lake, options, now, watcher, check, catalogue)
        return [landing.land(run, job_id) for run, job_id in zip(runs, ids, strict=True)]


def _fetching(progress: Progress) -> Callable[[int, int], None]:
    """Tells of a remote source's bytes, in a stage that others do not have."""
    has_begun = False

    def fetched(moved: int, of: int) -> None:
        nonlocal has_begun
        if not has_begun:
            progress.stage("fetching")
            has_begun = True
        progress.moved(bytes=moved, of=of)

    return fetched


@contextmanager
def _kernels_loading(input_bytes: int) -> Iterator[None]:
    """Loads compiled kernels in a thread while the files are hashed, where that takes long."""
    if input_bytes < _LONG_HASHED_BYTES:
        yield
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="load-kernels") as pool:
        loading = pool.submit(load_kernels)
        yield
        loading.result()


def load_kernels() -> None:
    """Have the kernels of reading and building in memory, by giving them no rows to work on."""
    read_logprobs(pa.array([], pa.string()), 0)
    build_tables(pa.RecordBatch.from_pylist([], schema=RAW_EXAMPLE))


@dataclass(frozen=True, slots=True)
class _Landing:
    """One call of `ingest_source`."""

    uri: str
    lake: Lake
    options: IngestOptions
    now: Callable[[], datetime]
    progress: Progress
    check: Check | None
    catalogue: Catalogue | None

    def land(self, run: Run, job_id: str) -> LandingResult:
        started = time.monotonic()
        self.progress.started(
            job_id,
            input_bytes=sum(file.bytes for file in run.files),
            rows_expected=run.facts.examples_expected,
        )
        digest = load_digest(
            run.files,
            reader=run.reader,
            options=_options_that_count(self.options.read, run.facts),
        )
        known = None if self.options.force else self._known(run, job_id, digest)
        if known is None:
            result = self._land_new(run, job_id, digest)
        else:
            load, outcome = known
            result = LandingResult(
                job_id=job_id,
                load_id=load.load_id,
                outcome=outcome,
                accounting=load.facts.accounting,
                findings=load.facts.findings,
                seconds=0.0,
            )
        result = replace(result, seconds=time.monotonic() - started)
        self.progress.finished(result)
        return result

    def _known(self, run: Run, job_id: str, digest: str) -> tuple[Load, Outcome] | None:
        """The load that makes landing this run unnecessary, and what was done about it."""
        twin = self.lake.job_with_input(input_digest(run.files), other_than=job_id)
        if twin is not None:
            raise IdentityError(
                f"these files are in this lake as {twin}, now they would be {job_id}",
                where=self.uri,
                do=f"use {twin}, or drop it first, or land them twice with --force",
            )
        for load in self.lake.loads():
            if load.job_id != job_id or load.facts.digest != digest:
                continue
            if load.state == "dropped":
                self.lake.restore(job_id, reason="ingested again", catalogue=self.catalogue)
                return load, "restored"
            if load.state in ("current", "held"):
                self.lake.refresh_snapshots(only_if_stale=True)
                return load, "unchanged" if load.state == "current" else "held"
        return None

    def _land_new(self, run: Run, job_id: str, digest: str) -> LandingResult:
        load_id = self.lake.new_load_id()
        store = self.lake.store
        with store.staging(load_id) as folder, Placing(store) as placing:
            staged = self._stage(run, folder, placing, job_id=job_id, load_id=load_id)
            hold_because = None
            if self.check is not None:
                self.progress.stage("checking")
                checked = self.check(staged)
                hold_because = checked.hold_because
                staged = replace(staged, findings=staged.findings + checked.findings)
            provenance = Provenance(
                source_uri=self.uri,
                digest=digest,
                input_digest=input_digest(run.files),
                reader=run.reader,
                job={
                    "harness": run.facts.harness,
                    "model_name": run.facts.model_name,
                    "task_name": run.facts.task_name,
                    "dataset_name": run.facts.dataset_name,
                    "examples": staged.accounting.landed,
                },
            )
            self.progress.stage("committing")
            commit_load(
                self.lake,
                staged,
                provenance,
                placing=placing,
                hold_because=hold_because,
                catalogue=self.catalogue,
                progress=lambda moved, of: self.progress.moved(bytes=moved, of=of),
            )
        try:
            self.lake.refresh_snapshots()
        except StoreError as error:
            raise StoreError(
                f"{job_id} is committed, but the snapshots of the log were not written "
                f"({error.what})",
                where=error.where,
                do="run the same command again, or `evallake build`: either completes them",
            ) from error
        return LandingResult(
            job_id=job_id,
            load_id=load_id,
            outcome="landed" if hold_because is None else "held",
            accounting=staged.accounting,
            findings=staged.findings,
            seconds=0.0,
        )

    def _stage(
        self, run: Run, folder: Path, placing: Placing, *, job_id: str, load_id: str
    ) -> StagedLoad:
        """Read the run and write its files into `folder`; finished ones may leave at once."""
        self.progress.stage("reading")
        rows = RowCounter()
        dataset = DatasetId()
        workers = self.options.workers or os.cpu_count() or 1
        batches = run.batches(max_bytes=self.options.batch_bytes)
        with (
            LoadWriter(folder, job_id=job_id, load_id=load_id, finished=placing.begin) as writer,
            closing(build_ahead(batches, workers=workers, bleu_tasks=_bleu_tasks(run))) as built,
        ):
            for raw, tables in built:
                rows.add(raw)
                dataset.add(_item_keys(raw))
                writer.write(tables)
                self.progress.advanced(rows=raw.num_rows, bytes=raw.nbytes)
            self.progress.stage("writing")
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
                source_uri=self.uri,
                dataset_id=dataset.value(),
                examples=examples,
                landed_at_utc=self.now(),
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


def _options_that_count(options: ReadOptions, facts: JobFacts) -> dict[str, object]:
    """What changes what is landed besides the files; of a recipe its content, not its path."""
    recipe = None
    if options.recipe is not None:
        try:
            recipe = sha256(options.recipe.read_bytes()).hexdigest()
        except OSError as error:
            raise RecipeError(
                f"cannot be read ({error.strerror})",
                where=str(options.recipe),
                do="give the YAML recipe of the evaluation job",
            ) from error
    counted: dict[str, object] = {
        "model": options.model,
        "dataset": options.dataset,
        "tags": dict(sorted(options.tags.items())),
        "recipe": recipe,
    }
    if facts.training_started_at_utc is not None:  # SageMaker was asked, so more is known
        counted["training_job"] = facts.training_started_at_utc.isoformat()
    return counted
