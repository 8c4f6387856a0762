"""A build publishes whole, tested tables in one step, and otherwise leaves everything as it was.

A project of two models stands in for the real one: what is tested here is how a build behaves,
not what it computes.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from evallake import parsed
from evallake.build import BuildOptions, build
from evallake.cli import cli
from evallake.config import configure
from evallake.errors import BusyError, DataTestError
from evallake.project import Project
from ingest.errors import StoreError
from ingest.lake import Lake
from ingest.lake.vacuum import vacuum
from tests.unit.lake.filled import land

FILES = {
    "dbt_project.yml": """
name: small
version: "1.0.0"
profile: small
model-paths: [models]
macro-paths: []
flags: {send_anonymous_usage_stats: false}
vars: {value: 1, rows: 1}
""",
    "profiles.yml": """
small:
  target: duckdb
  outputs:
    duckdb: {type: duckdb, path: "{{ env_var('EVALLAKE_DUCKDB') }}", threads: 1}
""",
    "models/kept.sql": """
{{ config(materialized='incremental') }}
select nullif({{ var('value') }}, 0) as value, $${{ env_var("EVALLAKE_ROOT") }}$$ as root
""",
    "models/seen.sql": "{{ config(materialized='view') }} select * from {{ ref('kept') }}",
    "models/kept.yml": """
models:
  - name: kept
    columns:
      - name: value
        data_tests: [not_null]
""",
}


@pytest.fixture
def project(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Project(tmp_path / "project")


@pytest.fixture(autouse=True)
def kept_in(tmp_path, monkeypatch):
    """Where the parsed project is kept: not where that of this machine's user is."""
    monkeypatch.setattr(parsed, "user_cache", lambda: tmp_path / "cache")
    return tmp_path / "cache/evallake/parsed"


@pytest.fixture
def config(tmp_path):
    root = str(tmp_path / "a lake")
    Lake.open(root, create=True)
    return configure(root, environ={})


def run(config, project, **options):
    steps = []
    result = build(
        config,
        project,
        BuildOptions(**options),
        now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
        on_step=lambda done, total, name: steps.append((done, total, name)),
    )
    return result, steps


def values(config, table: str = "seen") -> list[int]:
    with duckdb.connect(str(config.duckdb), read_only=True) as connection:
        return [row[0] for row in connection.execute(f"from {table}").fetchall()]


def test_where_the_time_went_is_told(config, project, caplog) -> None:
    caplog.set_level(logging.INFO, logger="evallake")
    logging.getLogger("evallake").addHandler(caplog.handler)  # dbt rearranges those of the root
    try:
        result, _ = run(config, project)
    finally:
        logging.getLogger("evallake").removeHandler(caplog.handler)
    assert list(result.stages) == ["pinning", "copying", "building", "publishing"]
    assert sum(result.stages.values()) <= result.seconds + 0.001
    assert set(result.model_seconds) == {"kept", "seen"}
    assert result.test_seconds > 0
    told = [record.getMessage() for record in caplog.records]
    assert told.count("a model is done") >= 2
    assert "a test is done" not in told  # it held
    assert told[-1] == "a build is published"

    unchanged, _ = run(config, project, only_if_changed=True)
    assert (unchanged.is_unchanged, list(unchanged.stages)) == (True, ["pinning"])


def test_from_nothing_to_published_and_on(config, project, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("EVALLAKE_ROOT", "elsewhere")
    result, steps = run(config, project)
    assert (result.models, result.tests, result.is_unchanged) == (2, 1, False)
    assert steps[-1][0:2] == (3, 3)
    assert os.environ["EVALLAKE_ROOT"] == "elsewhere"  # dbt's environment is put back

    # whoever reads stands anywhere, and the view finds its table under the published name
    monkeypatch.chdir("/")
    assert values(config) == [1]
    with duckdb.connect(str(config.duckdb), read_only=True) as reader:
        noted = reader.execute("select lake_root, built_at_utc from build_info").fetchall()
        assert noted == [(config.root, datetime(2026, 1, 2))]  # noqa: DTZ001
        assert reader.execute("select root from kept").fetchall() == [(config.root,)]

        # a second build, while somebody reads: incremental models go on, the reader is undisturbed
        run(config, project)
        assert reader.execute("select count(*) from kept").fetchone() == (1,)
    assert values(config) == [1, 1]

    # nothing changed: nothing is done; other variables: models find out what of theirs still holds;
    # other models: from nothing, since the meaning changed
    before = config.duckdb.stat().st_mtime_ns
    assert run(config, project, only_if_changed=True)[0].is_unchanged
    assert config.duckdb.stat().st_mtime_ns == before
    assert not run(config, project, only_if_changed=True, variables={"value": 2})[0].is_unchanged
    assert values(config) == [1, 1, 2]
    (project.folder / "models/seen.sql").write_text(
        "{{ config(materialized='view') }} select value, root from {{ ref('kept') }}"
    )
    assert not run(config, project, only_if_changed=True, variables={"value": 2})[0].is_unchanged
    assert values(config) == [2]

    # beside the published file there is nothing but the work folder
    left = sorted(p.name for p in config.work_folder.iterdir())
    assert left == ["build.lock", "logs", "pinned", "target"]
    assert not (project.folder / "target").exists()
    assert not (project.folder / "logs").exists()


SOURCES = (Path(__file__).parents[2] / "models/staging/_lake__sources.yml").read_text()
HOSTILE = "it's {name} [a]*"


def test_a_project_that_was_parsed_for_one_lake_is_that_of_another(
    config, project, kept_in, tmp_path, caplog
) -> None:
    """Moved to another place, the sources are what dbt would have made of them there."""
    (project.folder / "models/sources.yml").write_text(SOURCES)
    for table in ("loads", "examples"):
        (project.folder / f"models/{table}.sql").write_text(
            f"select $$ {{{{ source('lake', '{table}') }}}} $$ as address"
        )
    other = configure(str(tmp_path / HOSTILE / "lake"), environ={})
    Lake.open(other.root, create=True)
    caplog.set_level(logging.DEBUG, logger="evallake.parsed")
    logging.getLogger("evallake").addHandler(caplog.handler)

    def addresses(place, *, is_known: bool) -> list[str]:
        caplog.clear()
        run(place, project, full_refresh=True)
        told = [record.getMessage() for record in caplog.records]
        assert ("the project was parsed before" in told) == is_known
        return [*values(place, "loads"), *values(place, "examples")]

    try:
        here = addresses(config, is_known=False)
        moved = addresses(other, is_known=True)
        [file] = kept_in.iterdir()
        file.write_bytes(file.read_bytes()[:-1])  # damaged: it is parsed as if never before
        parsed_there = addresses(other, is_known=False)
    finally:
        logging.getLogger("evallake").removeHandler(caplog.handler)
    assert moved == parsed_there
    assert len({*here, *moved}) == 4


def test_a_failed_test_publishes_nothing_and_is_bad_input(config, project, monkeypatch) -> None:
    run(config, project)
    before = config.duckdb.read_bytes()
    with pytest.raises(DataTestError, match="not_null_kept_value") as caught:
        run(config, project, variables={"value": 0})
    assert "nothing was published" in str(caught.value)
    assert config.duckdb.read_bytes() == before

    monkeypatch.setattr("evallake.project.find_project", lambda: project)
    arguments = ["--root", config.root, "build", "--var", "value=0"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert "not_null_kept_value" in result.stderr
    assert config.duckdb.read_bytes() == before


def test_loads_that_a_vacuum_takes_from_a_build_are_not_published_as_empty(config, project) -> None:
    lake = Lake.open(config.root)
    land(lake, "a")
    land(lake, "b")

    def meanwhile(done: int, *_: object) -> None:
        if done == 1:
            lake.drop("a")
            vacuum(lake, now=datetime.now(UTC), grace=timedelta(0))

    with pytest.raises(StoreError, match="a vacuum removed loads of a while they were read"):
        build(config, project, BuildOptions(), now=lambda: datetime.now(UTC), on_step=meanwhile)
    assert not config.duckdb.exists()
    assert run(config, project)[0].models == 2


def test_a_broken_model_is_nobody_s_data_s_fault(config, project) -> None:
    (project.folder / "models/kept.sql").write_text("select nonsense")
    with pytest.raises(RuntimeError, match=r"kept: .*nonsense"):
        run(config, project)
    assert not config.duckdb.exists()


def test_a_second_build_is_refused_while_one_is_under_way(config, project) -> None:
    config.work_folder.mkdir(parents=True)
    with (config.work_folder / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711")
        lock.flush()
        with pytest.raises(BusyError, match="4711"):
            run(config, project)
    run(config, project)  # the lock went with its holder
    assert values(config) == [1]


def test_a_published_file_that_is_none_is_built_anew(config, project) -> None:
    config.duckdb.write_bytes(b"damaged" * 4000)
    run(config, project)
    assert values(config) == [1]


def test_a_schema_reaches_the_models_as_it_is_and_a_refusal_comes_back_in_one_line(
    config, project, monkeypatch, tmp_path
) -> None:
    (project.folder / "dbt_project.yml").write_text(
        FILES["dbt_project.yml"].replace("{value: 1,", "{answer_schema: null, value: 1,")
    )
    (project.folder / "models/kept.sql").write_text(
        "{% if 'items' in (var('answer_schema') or {}) %}"
        "{{ exceptions.raise_compiler_error('answer_schema: $ has the keyword items') }}"
        "{% endif %} select '{{ tojson(var('answer_schema')) }}' as value"
    )
    monkeypatch.setattr("evallake.project.find_project", lambda: project)
    schema = {"enum": [1e-07, 1e22, "1e5", "no", "\U0001f600", "a: b", None, True]}
    file = tmp_path / "schema.json"
    arguments = ["--root", config.root, "build", "--schema", str(file)]
    file.write_text(json.dumps(schema))
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.stderr
    assert [json.loads(value) for value in values(config, "kept")] == [schema]

    file.write_text('{"items": {}}')
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1] == (
        "evallake: answer_schema: $ has the keyword items; mend the schema, and build again"
    )
