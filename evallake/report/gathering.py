"""From the published tables to the facts that the report shows: which jobs, pairs and judges."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib.metadata import version

from evallake.build import BUILD_INFO
from evallake.config import Config
from evallake.engines.asking import Engine
from evallake.project import find_project
from evallake.query import open_engine
from evallake.report import questions
from evallake.report.door_gathering import gather_door
from evallake.report.facts import JobFacts, ReportFacts
from evallake.report.job_gathering import gather_job
from evallake.report.judge_gathering import gather_audit, gather_judges
from evallake.report.pair_gathering import gather_pairs
from evallake.report.rows import Row, ask_rows
from ingest.errors import UnknownJobError

MOST_JOBS = 12
"""Jobs a report shows when none is named: the newest."""


def gather(config: Config, *, jobs: Sequence[str], now: datetime) -> ReportFacts:
    """The facts of the named jobs, else of the newest ones.

    Raises:
        NotBuiltError: nothing has been published yet.
        UnknownJobError: a named job is not in the published tables.
    """
    with open_engine(config) as engine:
        known = ask_rows(engine, questions.JOBS)
        names = [row["job_id"] for row in known]
        missing = [job for job in jobs if job not in names]
        if missing:
            raise UnknownJobError(
                f"no job {missing[0]!r} in the published tables",
                where=engine.name,
                do=f"run `evallake build`, or choose one of: {', '.join(names[:8])}",
            )
        # a judge's job has verdicts and no answers of its own: it is shown where it is asked for
        shown = known if jobs else [row for row in known if row["strategy"] != "judge"]
        chosen = [row for row in shown if row["job_id"] in jobs] if jobs else shown[:MOST_JOBS]
        info = _build_info(engine)
        variables = _variables(info)
        ids = [row["job_id"] for row in chosen]
        pairs, pairs_left_out = gather_pairs(
            engine, ids, power=float(variables["comparison_power"])
        )
        judges, judges_left_out = gather_judges(engine, jobs)
        audited = dict.fromkeys([*ids, *(judge.job_id for judge in judges)])
        return ReportFacts(
            lake_root=info.get("lake_root") or config.root,
            built_at_utc=info.get("built_at_utc"),
            made_at_utc=now,
            version=version("evallake"),
            jobs=_jobs(engine, chosen, limit=float(variables["low_confidence"])),
            jobs_left_out=len(shown) - len(chosen),
            pairs=pairs,
            pairs_left_out=pairs_left_out,
            judges=judges,
            judges_left_out=judges_left_out,
            audit=gather_audit(engine, tuple(audited)),
            door=gather_door(engine, tuple(audited), named=jobs),
        )


def _jobs(engine: Engine, chosen: Sequence[Row], *, limit: float) -> tuple[JobFacts, ...]:
    """The facts of each job, of as many at once as the engine can take."""
    with ThreadPoolExecutor(engine.at_once) as threads:
        return tuple(threads.map(lambda row: gather_job(engine, row, limit=limit), chosen))


def _build_info(engine: Engine) -> Row:
    """What `evallake build` noted; empty for tables that plain dbt built."""
    tables = ask_rows(engine, "show tables")
    if BUILD_INFO not in {name for row in tables for name in row.values()}:
        return {}
    return ask_rows(engine, questions.BUILD_INFO)[0]


def _variables(info: Row) -> Row:
    """The models' variables as they were when the tables were built."""
    noted: Row = json.loads(info.get("variables_json") or "{}")
    return find_project().variables() | noted
