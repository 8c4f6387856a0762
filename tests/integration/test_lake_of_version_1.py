"""A lake of an earlier version: opened, listed, added to, built and kept house in by this one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

import ingest.landing as landing
from evallake.build import BuildOptions, build
from evallake.catalogue import describe_job, list_jobs
from evallake.config import configure
from evallake.pinning import prepare
from evallake.project import find_project
from ingest.lake import Lake
from ingest.lake.compaction import compact
from ingest.lake.vacuum import vacuum
from ingest.landing import IngestOptions, ingest_source
from ingest.tables import TABLES
from tests.fixtures.invariants import violations
from tests.fixtures.lake_of_version_1 import lake_of_version_1
from tests.fixtures.runs import MadeRun, no_source, row
from tests.unit.lake.filled import seen

AS_BUILT_THEN = {
    "examples": 4,
    "correct": 2,
    "mean_confidence": 0.8319085122676656,
    "brier": 0.32279096845083033,
    "mean_quality_score": 0.8680530538133785,
    "aurc": 0.3333333333333333,
}


@pytest.fixture
def root(tmp_path: Path) -> str:
    return lake_of_version_1(tmp_path)


def now() -> datetime:
    return datetime.now(UTC)


def test_it_is_opened_and_listed(root: str) -> None:
    lake = Lake.open(root)
    states = [(load.job_id, load.state) for load in lake.loads()]
    assert states == [("lite", "superseded"), ("lite", "current"), ("micro", "dropped")]
    (job,) = list_jobs(lake).to_pylist()
    assert (job["job_id"], job["model_name"], job["examples"]) == ("lite", "nova-lite", 4)
    described = describe_job(lake, "micro")
    assert (described["state"], described["reason"]) == ("dropped", "kept hidden")
    assert "hyperparameters_json" not in described["facts"]


def test_what_came_later_is_null_or_empty_and_nothing_else_changed(root: str) -> None:
    before = Path(root, "examples").rglob("part-*.parquet")
    sizes = {path: path.stat().st_size for path in before}
    lake = Lake.open(root)
    prepare(lake)
    assert {path: path.stat().st_size for path in sizes} == sizes
    with duckdb.connect() as connection:
        for table in TABLES.values():
            shown = connection.sql(
                f"from read_parquet('{root}/{table.name}/**/*.parquet', union_by_name = true,"
                " hive_partitioning = true, hive_types_autocast = false)"
            )
            assert set(table.schema.names) <= set(shown.columns)
    assert seen(lake, "example_bleu") == seen(lake, "judgment_metadata") == []
    assert [len(seen(lake, name)) for name in ("jobs", "examples")] == [1, 4]
    assert violations(root, is_up_to_date=True) == []


def test_a_build_gives_the_numbers_of_that_version(root: str) -> None:
    config = configure(root, environ={})
    result = build(config, find_project(), BuildOptions(), now=now)
    assert result.models > 30
    with duckdb.connect(str(config.duckdb), read_only=True) as connection:
        (values,) = connection.execute(
            f"select {', '.join(AS_BUILT_THEN)} from mart_job_summary where job_id = 'lite'"
        ).fetchall()
        hyperparameters = connection.execute("select hyperparameters_json from stg_lake__jobs")
        assert hyperparameters.fetchall() == [(None,)]
    assert dict(zip(AS_BUILT_THEN, values, strict=True)) == pytest.approx(AS_BUILT_THEN, rel=1e-12)


@pytest.fixture
def made_runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    run = MadeRun([row(number) for number in range(5)], run_name="later")
    monkeypatch.setattr(landing, "open_source", no_source)
    monkeypatch.setattr(landing, "find_runs", lambda *_, **__: [run])
    yield


@pytest.mark.usefixtures("made_runs")
def test_a_job_is_ingested_beside_the_old_ones_and_house_is_kept(root: str) -> None:
    lake = Lake.open(root, create=True)
    old = seen(lake, "jobs")
    (result,) = ingest_source("later", lake, options=IngestOptions(workers=1), now=now)
    assert result.outcome == "landed"
    assert len(seen(lake, "examples")) == 9
    assert set(old) <= set(seen(lake, "jobs"))
    lake.restore("micro")
    shown = {name: seen(lake, name) for name in ("jobs", "job_metrics", "examples")}
    assert len(shown["jobs"]) == 3

    compact(lake, now=now(), fewest=2)
    vacuum(lake, now=now() + timedelta(days=30000))  # the fixture's files are as old as its copy
    assert {name: seen(lake, name) for name in shown} == shown
    assert lake.store.keys("jobs/")[-1].startswith("jobs/compacted-")
    assert [load.state for load in lake.loads()].count("vacuumed") == 1
    assert violations(root, is_up_to_date=True, is_vacuumed=True) == []
    assert Lake.open(root).loads() == lake.loads()
