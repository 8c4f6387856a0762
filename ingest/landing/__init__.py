"""The use case: a job's output goes in, a committed load comes out.

    find runs -> who is it? -> read -> build tables -> write -> check -> put in place
             -> register in the catalogue, if there is one -> commit

Decides how a source with several runs is landed. Its rooms:

    options    what the caller decides, and what of it makes another load
    staging    a run's rows -> finished files in a private folder
    checking   what a check is told and what it answers; what it found becomes a table of the load
    runs       what is landed, what is known already, what is refused; then the commit
    results    what became of a run
    progress   who is told meanwhile
    kernels    compiled code, loaded while files are hashed
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ingest.formats import find_runs
from ingest.lake import Lake
from ingest.lake.catalogue import Catalogue
from ingest.lake.identity import RunName, input_digest, job_ids
from ingest.landing.checking import Check, CheckResult
from ingest.landing.kernels import kernels_loading
from ingest.landing.options import IngestOptions
from ingest.landing.progress import Progress, Silence, Timed, fetching
from ingest.landing.results import LandingResult, Outcome
from ingest.landing.runs import Landing
from ingest.memory import keep_memory_flat
from ingest.sources import open_source
from ingest.timing import StageClock

__all__ = [
    "Check",
    "CheckResult",
    "IngestOptions",
    "LandingResult",
    "Outcome",
    "Progress",
    "Silence",
    "ingest_source",
]


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
        lake: where the loads go.
        options: what else the caller decides.
        now: the clock, aware.
        progress: told how it goes; None where nobody watches.
        check: looks at each load before its commit and may hold it back.
        catalogue: is told of each load before its commit; None for a lake whose readers look
            into its folders.

    Raises:
        InputError: nothing readable, or an identity that cannot be; nothing was landed.
        StoreError: store or catalogue refused; the run in work left nothing visible.
    """
    keep_memory_flat()
    clock = StageClock()
    watcher = Timed(progress or Silence(), clock)
    watcher.stage("finding")
    with open_source(uri, limits=options.limits, fetched=fetching(watcher)) as source:
        watcher.stage("finding")
        with kernels_loading(sum(file.bytes for file in source.files)):
            runs = find_runs(source, options=options.read)
        names = [RunName(run.facts, run.timestamp, input_digest(run.files)) for run in runs]
        ids = job_ids(names, explicit=options.job_id)
        landing = Landing(source.uri, lake, options, now, watcher, clock, check, catalogue)
        return [landing.land(run, job_id) for run, job_id in zip(runs, ids, strict=True)]
