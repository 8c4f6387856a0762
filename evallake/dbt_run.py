"""One `dbt build`, run inside this process, and what came of it in a few words.

Turns dbt's stream of events into steps of a progress bar and its results into sentences. Does not
know about lakes or publishing; `evallake.build` does.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evallake.parsed import ParsedProject
from evallake.project import Project

log = logging.getLogger(__name__)

OnStep = Callable[[int, int, str], None]
"""Called with steps done, steps in all, and what was just finished."""

_FAILED = {"error", "fail", "runtime error"}


@dataclass(frozen=True, slots=True)
class Failure:
    """A model that could not be built, or a test that did not hold."""

    name: str
    is_test: bool
    message: str
    rows: int | None
    """Rows that broke the promise. Null for a model, or where the test could not run."""


@dataclass(frozen=True, slots=True)
class DbtOutcome:
    """What `dbt build` did."""

    models: int
    """Models built (count)."""
    tests: int
    """Tests of the data that held (count)."""
    skipped: int
    """Models and tests that were not tried because something above them failed (count)."""
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...]
    error: BaseException | None
    """Why dbt could not even start, e.g. a project that does not parse. Null where it ran."""
    model_seconds: Mapping[str, float] = field(default_factory=dict)
    """Of each model that was tried; several are built at once."""
    test_seconds: float = 0.0
    """Of all tests together; several run at once."""

    @property
    def passed(self) -> bool:
        """Whether everything was built and every test held."""
        return self.error is None and not self.failures and not self.skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class DbtOptions:
    """How to run it."""

    target: str = "duckdb"
    """The target of `profiles.yml` to build in."""
    target_folder: Path
    log_folder: Path
    environment: Mapping[str, str]
    """Variables that the project reads; set for the run alone."""
    variables: Mapping[str, Any]
    """dbt variables over those of the project, e.g. `label_field`."""
    threads: int | None = None
    """Models built at once; by default what the profile says."""
    full_refresh: bool = False
    """Whether incremental models start from nothing."""
    select: tuple[str, ...] = ()
    """What to build, in dbt's words, e.g. `stg_lake__jobs+`. None: everything."""


def run_dbt_build(
    project: Project, options: DbtOptions, *, on_step: OnStep | None = None
) -> DbtOutcome:
    """Run every model and data test of `project`; never raises for what dbt itself reports."""
    with _environment(options.environment):
        # dbt takes half a second to import: only whoever builds pays
        from dbt.cli.main import dbtRunner

        parsed = _parsed(project, options)
        manifest = None if parsed is None else parsed.manifest()
        runner = dbtRunner(manifest, callbacks=[_steps(on_step or _unwatched)])
        try:
            result = runner.invoke(_arguments(project, options))
            if parsed is not None and manifest is None and result.exception is None:
                parsed.keep(options.target_folder / "partial_parse.msgpack")
        finally:
            # dbt keeps both open for a next command; the database must be closed to be published
            if options.target == "duckdb":
                _close_databases()
            _close_logs(options.log_folder)
    if isinstance(result.exception, KeyboardInterrupt | SystemExit):
        raise result.exception
    return _outcome(result.result, result.exception)


def _parsed(project: Project, options: DbtOptions) -> ParsedProject | None:
    """The project as it was parsed before, on DuckDB; on Athena the names of tables are in it."""
    if options.target != "duckdb":
        return None
    return ParsedProject(project, variables=options.variables, environment=options.environment)


def _arguments(project: Project, options: DbtOptions) -> list[str]:
    arguments = [
        *("build", "--target", options.target),
        *("--project-dir", str(project.folder), "--profiles-dir", str(project.folder)),
        *("--target-path", str(options.target_folder), "--log-path", str(options.log_folder)),
        *("--log-level", "none", "--log-level-file", "info", "--no-use-colors"),
        *("--no-send-anonymous-usage-stats", "--no-version-check", "--no-write-json"),
        # they try the models' logic on made-up rows: the project's own tests run them
        *("--exclude-resource-type", "unit_test"),
    ]
    if options.select:
        arguments += ["--select", *options.select]
    if options.threads is not None:
        arguments += ["--threads", str(options.threads)]
    if options.full_refresh:
        arguments.append("--full-refresh")
    if options.variables:
        import yaml

        # as YAML, which dbt reads: of JSON it would take 1e-07 for a text, and halve an emoji
        given = yaml.safe_dump(dict(options.variables), default_flow_style=True, width=math.inf)
        arguments += ["--vars", given]
    return arguments


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _unwatched(done: int, total: int, what: str) -> None:
    """Nobody watches a bar."""


def _steps(on_step: OnStep) -> Callable[[Any], None]:
    """A dbt event callback that counts finished nodes."""
    totals = {"total": 0, "done": 0}

    def on_event(event: Any) -> None:
        if event.info.name == "LogStartLine":
            totals["total"] = max(totals["total"], int(event.data.total))
        elif event.info.name == "NodeFinished":
            totals["done"] += 1
            node = event.data.node_info
            _tell(node, event.data.run_result)
            on_step(totals["done"], totals["total"], str(node.node_name))

    return on_event


def _tell(node: Any, result: Any) -> None:
    """A finished model as an event; a test that held is worth telling only whoever asks twice."""
    kind, status = str(node.resource_type), str(result.status)
    level = logging.DEBUG if kind == "test" and status == "pass" else logging.INFO
    seconds = round(float(result.execution_time), 3)
    facts = {kind: str(node.node_name), "status": status, "seconds": seconds}
    log.log(level, f"a {kind} is done", extra=facts)


def _close_databases() -> None:
    """Close the database files that dbt opened."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def _close_logs(folder: Path) -> None:
    """Close the log files that dbt opened in `folder`."""
    for logger in list(logging.root.manager.loggerDict.values()):
        if not isinstance(logger, logging.Logger):
            continue
        for handler in list(logger.handlers):
            if not isinstance(handler, logging.FileHandler):
                continue
            if folder in Path(handler.baseFilename).parents:
                logger.removeHandler(handler)
                handler.close()


def _outcome(run: Any, error: BaseException | None) -> DbtOutcome:
    results = list(getattr(run, "results", None) or [])
    failures: list[Failure] = []
    warnings: list[str] = []
    counts = {"models": 0, "tests": 0, "skipped": 0}
    model_seconds: dict[str, float] = {}
    test_seconds = 0.0
    for result in results:
        status = str(result.status)
        kind = str(result.node.resource_type)
        if kind == "operation" and status not in _FAILED:
            continue  # the note of what is kept: neither a model nor a test
        is_test = kind == "test"
        name = str(result.node.name)
        if is_test:
            test_seconds += result.execution_time
        elif status != "skipped":
            model_seconds[name] = round(result.execution_time, 3)
        if status in _FAILED:
            rows = result.failures if is_test and status == "fail" else None
            failures.append(Failure(name, is_test, _one_line(result.message), rows))
        elif status == "warn":
            warnings.append(f"{name}: {_one_line(result.message)}")
            counts["tests"] += 1
        elif status == "skipped":
            counts["skipped"] += 1
        elif is_test:
            counts["tests"] += 1
        else:
            counts["models"] += 1
    return DbtOutcome(
        **counts,
        failures=tuple(failures),
        warnings=tuple(warnings),
        error=error,
        model_seconds=model_seconds,
        test_seconds=round(test_seconds, 3),
    )


def _one_line(message: str | None) -> str:
    """dbt's message without its line breaks and indentation."""
    return " ".join((message or "").split())
