"""From the lake to published tables: dbt in a file of its own, then one step.

This is how it goes with DuckDB; with Athena, see `evallake.athena_build`.

    refresh the lake's snapshots -> copy the published file -> dbt build -> tests passed?
        yes: replace the published file in one step      no: leave it exactly as it was

A DuckDB file that is open for writing shuts readers out, and an open reader blocks the writer.
So a build never touches the file that people read: it works on a copy beside it (a copy, so that
incremental models stay incremental), and readers always find a whole and tested file. Whoever has
the old one open keeps reading it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import evallake
from evallake.config import Config
from evallake.dbt_run import DbtOptions, DbtOutcome, Failure, OnStep
from evallake.errors import BusyError, DataTestError
from evallake.pinning import pin, prepare, refuse_vacuumed
from evallake.project import Project
from evallake.rerunning import run_until_still
from ingest.errors import InputError, StoreError
from ingest.lake import Lake, Load
from ingest.timing import StageClock

log = logging.getLogger(__name__)

_FROM_STORE = re.compile(r"\bHTTP Error\b|\berror for HTTP\b")
"""How DuckDB words what a store or the network refused."""
BUILD_INFO = "build_info"
"""A table of one row in the published file: what it was built from, and when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """How to build."""

    full_refresh: bool = False
    """Start from nothing instead of from the published file."""
    only_if_changed: bool = False
    """Do nothing where lake, models and variables are those of the published file."""
    threads: int | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    """dbt variables over the project's own, e.g. `label_field`."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build did."""

    published: Path | str
    """The DuckDB file, or `database <name>` of Athena."""
    is_unchanged: bool
    """Whether there was nothing to do."""
    models: int
    tests: int
    warnings: tuple[str, ...]
    seconds: float
    stages: Mapping[str, float] = field(default_factory=dict)
    """Where the time went (seconds), in order: pinning the loads, copying what was published,
    dbt with its start, noting and publishing."""
    model_seconds: Mapping[str, float] = field(default_factory=dict)
    """Of each model; several are built at once."""
    test_seconds: float = 0.0
    """Of all tests together; several run at once."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What published tables depend on."""

    code: str
    """Hash of models, macros and variables."""
    loads: str
    """Hash of the visible and the held loads and of the lake they are in."""
    project: str = field(default="", compare=False)
    """Hash of models and macros alone: a file made by others starts from nothing. What other
    variables leave valid, the models find out themselves. Empty where nobody noted it."""


def build(
    config: Config,
    project: Project,
    options: BuildOptions,
    *,
    now: Callable[[], datetime],
    on_step: OnStep | None = None,
) -> BuildResult:
    """Build all models with their tests and publish them.

    Raises:
        DataTestError: a test failed; nothing was published.
        InputError: the variable `answer_schema` holds what the models do not read.
        BusyError: another build of the same file is under way.
        LakeError: there is no lake to build from.
        StoreError: a lake on S3 stopped answering.
        RuntimeError: a model could not be built, or dbt could not start: not the data's fault.
    """
    if config.athena is not None:
        from evallake.athena_build import build_on_athena

        return build_on_athena(config, config.athena, project, options, now=now, on_step=on_step)
    started = time.monotonic()
    clock = StageClock()
    clock.begin("pinning")
    lake = Lake.open(config.root)
    if config.is_remote:
        _check_reach()
    with only_build(config):
        prepare(lake)
        pinned = pin(lake, config.work_folder / "pinned")
        inputs = inputs_of(lake.root, pinned.loads, project=project, options=options)
        before = _inputs_of(config.duckdb)
        if options.only_if_changed and before == inputs:
            log.info("nothing changed since the last build", extra={"lake": config.root})
            seconds = time.monotonic() - started
            return BuildResult(config.duckdb, True, 0, 0, (), seconds, stages=clock.take())
        fresh = options.full_refresh or before is None or before.project != inputs.project
        log.info("a build begins", extra={"lake": config.root, "is_fresh": fresh})
        clock.begin("copying")
        working = _working_copy(config, keep_rows=not fresh)
        clock.begin("building")
        outcome = run_until_still(
            project,
            DbtOptions(
                target_folder=config.work_folder / "target",
                log_folder=config.work_folder / "logs",
                environment=config.environment
                | {"EVALLAKE_DUCKDB": str(working), **pinned.environment},
                variables=options.variables,
                threads=options.threads,
                full_refresh=fresh,
            ),
            on_step=on_step,
        )
        refuse_vacuumed(lake, pinned.loads)
        _refuse_failures(outcome, config)
        clock.begin("publishing")
        variables = project.variables() | dict(options.variables)
        _note(working, config, inputs, variables=variables, now=now())
        _publish(working, config.duckdb)
    return result_of(
        outcome, config.duckdb, seconds=time.monotonic() - started, stages=clock.take()
    )


def result_of(
    outcome: DbtOutcome, published: Path | str, *, seconds: float, stages: Mapping[str, float]
) -> BuildResult:
    """The result of a build that published what `outcome` says; told to the log."""
    facts = {
        "published": str(published),
        "models": outcome.models,
        "tests": outcome.tests,
        "seconds": round(seconds, 3),
        "stages": {name: round(spent, 3) for name, spent in stages.items()},
    }
    log.info("a build is published", extra=facts)
    return BuildResult(
        published,
        False,
        outcome.models,
        outcome.tests,
        outcome.warnings,
        seconds,
        stages=stages,
        model_seconds=outcome.model_seconds,
        test_seconds=outcome.test_seconds,
    )


@contextmanager
def only_build(config: Config) -> Iterator[None]:
    """Hold the build lock. The kernel lets go of it with the process: it is never stale."""
    import fcntl

    lock = config.work_folder / "build.lock"
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        stream = lock.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror}",
            where=str(config.work_folder),
            do="make it writable, or set EVALLAKE_DUCKDB to a place that is",
        ) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            stream.seek(0)
            raise BusyError(
                f"another build is under way (process {stream.read().strip() or 'unknown'})",
                where=str(config.duckdb if config.athena is None else config.athena.schema),
                do="wait for it to end, then build again",
            ) from error
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def _check_reach() -> None:
    """Have DuckDB load what reads S3, before dbt does: its refusals say more than dbt's."""
    import duckdb

    from evallake.engines.s3 import load_httpfs

    with duckdb.connect() as connection:
        load_httpfs(connection)


def inputs_of(
    root: str, loads: Iterable[Load], *, project: Project, options: BuildOptions
) -> Inputs:
    """What tables built of these loads of the lake at `root` depend on."""
    variables = json.dumps(dict(options.variables), sort_keys=True, default=str)
    shown = [load for load in loads if load.state in ("current", "held")]
    told = sorted(f"{load.load_id} {load.state} {load.reason}" for load in shown)
    digest = project.digest()
    return Inputs(
        code=_hash(evallake.__name__, digest, variables),
        loads=_hash(root, *told),
        project=digest,
    )


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _inputs_of(published: Path) -> Inputs | None:
    """What the published file was built from; None where there is none or it does not say."""
    import duckdb

    if not published.is_file():
        return None
    try:
        with duckdb.connect(str(published), read_only=True) as connection:
            row = connection.execute(
                f"select code_digest, loads_digest, project_digest from {BUILD_INFO}"
            ).fetchone()
    except duckdb.Error:  # made by plain dbt, by a newer DuckDB, or damaged: build it anew
        return None
    return Inputs(*row) if row else None


def _working_copy(config: Config, *, keep_rows: bool) -> Path:
    """A file to build in, of the published file's own name.

    DuckDB calls a database by its file's name, and views hold that name: under another one they
    would not be found any more once published.
    """
    working, *besides = working_files(config)
    for leftover in (working, *besides):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink(missing_ok=True)
    if keep_rows:
        shutil.copyfile(config.duckdb, working)
    return working


def working_files(config: Config) -> tuple[Path, Path, Path]:
    """The file that a build works in, DuckDB's log of it, and what DuckDB puts out of its memory."""
    working = config.work_folder / config.duckdb.name
    return working, _wal(working), working.with_name(working.name + ".tmp")


def _wal(file: Path) -> Path:
    """DuckDB's write-ahead log beside a database file."""
    return file.with_name(file.name + ".wal")


def _refuse_failures(outcome: DbtOutcome, config: Config) -> None:
    """Raise unless everything was built and every test held."""
    if outcome.passed:
        return
    logs = config.work_folder / "logs" / "dbt.log"
    refuse_start(outcome, logs)
    models = [failure for failure in outcome.failures if not failure.is_test]
    if models or not outcome.failures:
        broken = "; ".join(f"{failure.name}: {failure.message}" for failure in models)
        if config.is_remote and _FROM_STORE.search(broken):
            raise StoreError(
                f"the lake could not be read during the build ({broken})",
                where=config.root,
                do="see whether the credentials expired or the network broke, and build again",
            )
        raise RuntimeError(f"models could not be built: {broken}; dbt's log is {logs}")
    raise DataTestError(
        names_of(outcome.failures),
        where=str(config.duckdb),
        do=f"nothing was published; see {logs}, mend or drop the job, and build again",
    )


def refuse_start(outcome: DbtOutcome, logs: Path) -> None:
    """Raise where dbt did not get as far as building."""
    if outcome.error is None:
        return
    refusal = re.search(r"answer_schema: .*", str(outcome.error))
    if refusal:  # the models' own word on a schema that they do not read
        raise InputError(refusal[0], do="mend the schema, and build again") from outcome.error
    raise RuntimeError(f"dbt could not build; its log is {logs}") from outcome.error


def names_of(failures: tuple[Failure, ...]) -> tuple[str, ...]:
    """What failed, with the rows that broke the promise where dbt counted them."""
    return tuple(
        f"{failure.name} ({failure.rows:,} rows)" if failure.rows else failure.name
        for failure in failures
    )


def _note(
    working: Path, config: Config, inputs: Inputs, *, variables: Mapping[str, Any], now: datetime
) -> None:
    """Write what the file was built from into it, and fold its log into the file itself."""
    import duckdb

    with duckdb.connect(str(working)) as connection:
        connection.execute(
            f"""
            create or replace table {BUILD_INFO} as
            select
                cast(? as varchar) as lake_root,
                cast(? as timestamp) as built_at_utc,
                cast(? as varchar) as variables_json,
                cast(? as varchar) as code_digest,
                cast(? as varchar) as loads_digest,
                cast(? as varchar) as project_digest
            """,
            [
                config.root,
                now.astimezone(UTC).replace(tzinfo=None),
                json.dumps(variables, default=str),
                inputs.code,
                inputs.loads,
                inputs.project,
            ],
        )
        connection.execute("checkpoint")


def _publish(working: Path, published: Path) -> None:
    """Put the finished file where people read, in one step that survives a power cut."""
    with working.open("rb+") as stream:
        os.fsync(stream.fileno())
    _wal(published).unlink(missing_ok=True)  # belongs to the old file; would spoil the new one
    working.replace(published)
    folder = os.open(published.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
