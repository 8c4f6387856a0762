"""One run of a source: landed, known already, or refused.

Keeps the promise that a load is visible in all tables or in none: files lie in a private folder
until they are whole, then in their places where no reader looks for them yet, and one event in
the log makes them count. What fails before that event takes its files with it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from ingest.errors import IdentityError, StoreError, UnknownJobError
from ingest.lake import Lake, Load
from ingest.lake.catalogue import Catalogue
from ingest.lake.commit import Provenance, StagedLoad, commit_load
from ingest.lake.identity import input_digest, load_digest
from ingest.lake.placing import Placing
from ingest.landing.checking import Check, Preparing, with_results
from ingest.landing.options import IngestOptions, options_that_count
from ingest.landing.progress import Progress
from ingest.landing.results import LandingResult, Outcome
from ingest.landing.staging import Staging, stage_run
from ingest.raw import Run
from ingest.timing import StageClock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Landing:
    """One call of `ingest_source`."""

    uri: str
    lake: Lake
    options: IngestOptions
    now: Callable[[], datetime]
    progress: Progress
    clock: StageClock
    check: Check | None
    catalogue: Catalogue | None

    def land(self, run: Run, job_id: str) -> LandingResult:
        """Have `run` in the lake as `job_id`; see `ingest_source` for the errors."""
        started = time.monotonic()
        input_bytes = sum(file.bytes for file in run.files)
        expected = run.facts.examples_expected
        log.info(
            "a run is landing",
            extra={
                "job_id": job_id,
                "source_uri": self.uri,
                "input_bytes": input_bytes,
                "rows_expected": expected,
            },
        )
        self.progress.started(job_id, input_bytes=input_bytes, rows_expected=expected)
        digest = load_digest(
            run.files,
            reader=run.reader,
            options=options_that_count(self.options.read, run.facts),
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
                held_because=load.reason if outcome == "held" else None,
            )
        result = replace(result, seconds=time.monotonic() - started, stages=self.clock.take())
        _tell(result)
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
                shown = self._restored(job_id)
                if shown is not None and shown.facts.digest == digest:
                    return shown, "restored"
            if load.state in ("current", "held"):
                self.lake.refresh_snapshots(only_if_stale=True)
                return load, "unchanged" if load.state == "current" else "held"
        return None

    def _restored(self, job_id: str) -> Load | None:
        """The job's load, visible again; None where a vacuum was quicker."""
        try:
            return self.lake.restore(job_id, reason="ingested again", catalogue=self.catalogue)
        except UnknownJobError:
            return None

    def _land_new(self, run: Run, job_id: str, digest: str) -> LandingResult:
        load_id = self.lake.new_load_id()
        store = self.lake.store
        check: object = self.check
        if isinstance(check, Preparing):
            check.prepare()
        with store.staging(load_id) as folder, Placing(store) as placing:
            staging = Staging(
                source_uri=self.uri,
                job_id=job_id,
                load_id=load_id,
                folder=folder,
                placing=placing,
            )
            staged = stage_run(
                run, staging, options=self.options, now=self.now, progress=self.progress
            )
            hold_because = None
            if self.check is not None:
                self.progress.stage("checking")
                checked = self.check(staged)
                hold_because = checked.hold_because
                staged = with_results(staged, checked, folder=folder, placing=placing)
            commit_load(
                self.lake,
                staged,
                self._provenance(run, digest, staged),
                placing=placing,
                hold_because=hold_because,
                beside_twin=self.options.force,
                catalogue=self.catalogue,
                progress=lambda moved, of: self.progress.moved(bytes=moved, of=of),
                stage=self.progress.stage,
            )
        self.progress.stage("snapshots")
        self._refresh_snapshots(job_id)
        return LandingResult(
            job_id=job_id,
            load_id=load_id,
            outcome="landed" if hold_because is None else "held",
            accounting=staged.accounting,
            findings=staged.findings,
            seconds=0.0,
            held_because=hold_because,
        )

    def _provenance(self, run: Run, digest: str, staged: StagedLoad) -> Provenance:
        return Provenance(
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

    def _refresh_snapshots(self, job_id: str) -> None:
        try:
            self.lake.refresh_snapshots()
        except StoreError as error:
            raise StoreError(
                f"{job_id} is committed, but the snapshots of the log were not written "
                f"({error.what})",
                where=error.where,
                do="run the same command again, or `evallake build`: either completes them",
            ) from error


def _tell(result: LandingResult) -> None:
    """One event for what became of a run: its rows, and where its time went."""
    accounting = result.accounting
    log.info(
        "a run is done",
        extra={
            "job_id": result.job_id,
            "load_id": result.load_id,
            "outcome": result.outcome,
            "held_because": result.held_because,
            "read": accounting.read,
            "landed": accounting.landed,
            "merged": accounting.merged,
            "duplicate": accounting.duplicate,
            "rejected": accounting.rejected,
            "findings": [finding.code for finding in result.findings],
            "seconds": round(result.seconds, 3),
            "stages": {name: round(seconds, 3) for name, seconds in result.stages.items()},
        },
    )
