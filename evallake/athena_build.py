"""From the lake on S3 to tables in Athena: dbt builds them where people read them.

    refresh the lake's snapshots -> dbt build: each table whole, then put in place in one step
                                 -> note what was built, and when

Unlike a DuckDB file, which is published once every test has passed, a table here is published as
soon as it is built, and what comes after it in the build is built only if its tests hold. So a
failed test leaves newer tables above it and the tables of the last build below it, all of them
whole. How a table is swapped and a fact grows is dbt's part: `macros/portable/athena/`.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evallake.build import (
    BUILD_INFO,
    BuildOptions,
    BuildResult,
    Inputs,
    inputs_of,
    names_of,
    only_build,
    refuse_start,
    result_of,
)
from evallake.config import AthenaPlace, Config
from evallake.dbt_run import DbtOptions, DbtOutcome, OnStep, run_dbt_build
from evallake.engines.athena import Athena
from evallake.engines.athena_refusals import athena_refusals, refused_query
from evallake.errors import DataTestError, NotBuiltError, QuestionError
from evallake.pinning import prepare, refuse_vacuumed
from evallake.project import Project
from ingest.errors import InputError, StoreError
from ingest.lake import Lake
from ingest.lake.glue import GlueCatalogue
from ingest.timing import StageClock

log = logging.getLogger(__name__)


def build_on_athena(
    config: Config,
    place: AthenaPlace,
    project: Project,
    options: BuildOptions,
    *,
    now: Callable[[], datetime],
    on_step: OnStep | None = None,
) -> BuildResult:
    """Build all models with their tests in Athena.

    `full_refresh` writes facts anew; without it only loads that they lack are written, or
    everything where models or variables changed, as each fact knows itself.

    Raises:
        DataTestError: a test failed; tables that depend on the tested one are those of before.
        InputError: `answer_schema` holds what the models do not read; dbt-athena is missing.
        BusyError: another build is under way on this machine.
        LakeError: there is no lake to build from, or Glue does not know its tables as they are.
        StoreError: AWS refuses: credentials, rights, the workgroup and its limits.
        RuntimeError: a model could not be built, or dbt could not start: not the data's fault.
    """
    started = time.monotonic()
    clock = StageClock()
    clock.begin("pinning")
    engine = Athena(place)
    region = _reach(place)
    lake = Lake.open(config.root)
    if config.glue_database is not None:
        GlueCatalogue(config.glue_database, config.root).verify()
    with only_build(config):
        loads = (
            lake.loads()
        )  # first: what is ingested meanwhile makes the next build one of changes
        prepare(lake)
        inputs = inputs_of(lake.root, loads, project=project, options=options)
        if options.only_if_changed and _inputs_before(engine) == inputs:
            log.info("nothing changed since the last build", extra={"lake": config.root})
            seconds = time.monotonic() - started
            return BuildResult(engine.name, True, 0, 0, (), seconds, stages=clock.take())
        log.info("a build begins", extra={"lake": config.root, "database": place.schema})
        clock.begin("building")
        logs = config.work_folder / "logs"
        outcome = run_dbt_build(
            project,
            DbtOptions(
                target="athena",
                target_folder=config.work_folder / "target",
                log_folder=logs,
                environment=config.environment | {"AWS_REGION": region},
                variables=options.variables,
                threads=options.threads,
                full_refresh=options.full_refresh,
            ),
            on_step=on_step,
        )
        refuse_vacuumed(lake, loads)
        _refuse_failures(outcome, config, place, logs=logs / "dbt.log")
        clock.begin("publishing")
        variables = project.variables() | dict(options.variables)
        _note(engine, config, inputs, variables=variables, now=now())
    return result_of(outcome, engine.name, seconds=time.monotonic() - started, stages=clock.take())


def _reach(place: AthenaPlace) -> str:
    """Ask for the workgroup before dbt does: our refusals say more than its. The region."""
    if find_spec("dbt.adapters.athena") is None:
        raise InputError(
            "building in Athena needs a package that is not installed (dbt-athena)",
            where="--target athena",
            do="install it with: pip install 'evallake[aws]'",
        )
    from ingest.aws.clients import client

    with athena_refusals(place, where=f"workgroup {place.workgroup}"):
        athena = client("athena")
        found = athena.get_work_group(WorkGroup=place.workgroup).get("WorkGroup", {})
    settings = found.get("Configuration", {})
    results = settings.get("ResultConfiguration", {}).get("OutputLocation")
    if results and settings.get("EnforceWorkGroupConfiguration"):
        raise InputError(
            f"workgroup {place.workgroup} insists on writing to {results}, tables included,"
            " where results may be made to expire",
            where="EVALLAKE_ATHENA_WORKGROUP",
            do="build in one that leaves the place to the client (docs/aws/workgroup-build.json)",
        )
    region: str = athena.meta.region_name
    return region


def _inputs_before(engine: Athena) -> Inputs | None:
    """What the tables were built from; None where there are none, or they do not say."""
    try:
        table = engine.ask(f"select code_digest, loads_digest from {BUILD_INFO}").table
    except (NotBuiltError, QuestionError):
        return None
    rows = table.to_pylist()
    return Inputs(rows[0]["code_digest"], rows[0]["loads_digest"]) if rows else None


def _refuse_failures(
    outcome: DbtOutcome, config: Config, place: AthenaPlace, *, logs: Path
) -> None:
    """Raise unless everything was built and every test held."""
    if outcome.passed:
        return
    refuse_start(outcome, logs)
    broken = [f for f in outcome.failures if not f.is_test or f.rows is None]
    for failure in broken:
        if f"'awsdatacatalog.{config.glue_database}" in failure.message or (
            f"Schema '{config.glue_database}'" in failure.message
        ):
            raise StoreError(
                f"the lake is not in Glue database {config.glue_database}: {failure.message}",
                where=config.root,
                do="put it there with: evallake register",
            )
        refused = refused_query(failure.message, failure.name, place, where=config.root)
        if isinstance(refused, StoreError):
            raise refused
    if broken or not outcome.failures:
        told = "; ".join(f"{failure.name}: {failure.message}" for failure in broken)
        raise RuntimeError(f"models could not be built: {told}; dbt's log is {logs}")
    raise DataTestError(
        names_of(outcome.failures),
        where=f"Athena, database {place.schema}",
        do="tables that depend on it are those of the build before;"
        f" see {logs}, mend or drop the job, and build again",
    )


def _note(
    engine: Athena, config: Config, inputs: Inputs, *, variables: Mapping[str, Any], now: datetime
) -> None:
    """Leave what the tables were built from beside them: a view of one row, replaced in one step."""
    values = {
        "lake_root": config.root,
        "variables_json": json.dumps(variables, default=str),
        "code_digest": inputs.code,
        "loads_digest": inputs.loads,
    }
    columns = [f"cast({_text(value)} as varchar) as {name}" for name, value in values.items()]
    built = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    columns.append(f"cast({_text(built)} as timestamp(3)) as built_at_utc")
    engine.run(
        f"create or replace view {BUILD_INFO} as\nselect\n    " + ",\n    ".join(columns),
        where=BUILD_INFO,
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
