"""A laptop builds from a lake on S3 what it builds from the same lake on its disk."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from evallake.build import BuildOptions, build
from evallake.cli import cli
from evallake.config import Config, configure
from evallake.demo import write_demo_jobs
from evallake.project import Project, find_project
from evallake.query import ask
from ingest.aws.clients import client
from ingest.errors import StoreError
from ingest.lake import Lake
from ingest.landing import IngestOptions, ingest_source
from tests.fixtures.aws import aws_environment

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BUCKET = "duckdb-over-s3"
ROOT = f"s3://{BUCKET}/team/la ke"


@dataclass(frozen=True, slots=True)
class Requests:
    """What S3 was asked for, as (method, path and query)."""

    seen: list[tuple[str, str]]

    def forget(self) -> None:
        self.seen.clear()

    def files(self) -> Counter[str]:
        """Reads by object of a table; listings and the log left out."""
        return Counter(path for _, path in self.seen if path.endswith(".parquet"))

    def listings(self) -> int:
        return sum("list-type=2" in path for _, path in self.seen)


@pytest.fixture(scope="module")
def requests(aws_endpoint: str) -> Iterator[Requests]:
    """Every request to moto, as long as these tests run; and they talk to nobody else."""
    from werkzeug.serving import WSGIRequestHandler

    requests = Requests([])

    def note(self: Any, code: object = "-", size: object = "-") -> None:
        requests.seen.append((self.command, self.path))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGIRequestHandler, "log_request", note)
        for name, value in aws_environment(aws_endpoint).items():
            patch.setenv(name, value)
        yield requests


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The real project up to staging: what reads the lake."""
    real, folder = find_project().folder, tmp_path_factory.mktemp("project")
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(real / name, folder)
    shutil.copytree(real / "macros", folder / "macros")
    shutil.copytree(real / "models/staging", folder / "models/staging")
    return Project(folder)


@pytest.fixture(scope="module")
def lakes(requests: Requests, tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, Config]:
    """The same files in a folder and in a bucket, some loads of them superseded or dropped."""
    folder = tmp_path_factory.mktemp("lakes")
    lake = Lake.open(str(folder / "lake"), create=True)
    jobs = write_demo_jobs(folder, examples=40)
    for job, job_id in [(jobs[0], "a"), (jobs[1], "b"), (jobs[1], "c"), (jobs[0], "a")]:
        options = IngestOptions(job_id=job_id, force=True)
        ingest_source(str(job.source), lake, options=options, now=lambda: NOW)
    lake.drop("c")
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for path in (folder / "lake").rglob("*"):
        if path.is_file():
            key = f"team/la ke/{path.relative_to(folder / 'lake').as_posix()}"
            s3.put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())
    (folder / "here").mkdir()
    local = configure(lake.root, environ={})
    return local, configure(ROOT, environ={}, cwd=folder / "here", glue=False)


def built(config: Config, project: Project) -> None:
    build(config, project, BuildOptions(), now=lambda: NOW)


@pytest.fixture(scope="module")
def builds(lakes: tuple[Config, Config], project: Project, requests: Requests) -> Requests:
    """Both are built; the requests that the one from S3 took."""
    local, remote = lakes
    built(local, project)
    requests.forget()
    built(remote, project)
    return Requests(list(requests.seen))


def test_the_published_file_of_a_lake_on_s3_is_here(
    lakes: tuple[Config, Config], builds: Requests
) -> None:
    _, remote = lakes
    assert remote.duckdb.is_file()
    assert remote.duckdb.parent.name == "here"


def test_both_lakes_have_the_same_rows(lakes: tuple[Config, Config], builds: Requests) -> None:
    local, remote = lakes
    listed = ask(local, "select table_name from information_schema.tables order by 1")
    names = [name for name in listed.column(0).to_pylist() if name.startswith("stg_lake__")]
    assert len(names) > 10
    rows = 0
    for name in names:
        one, other = (ask(config, f"select * from {name} order by all") for config in lakes)
        assert one.equals(other), name
        rows += one.num_rows
    assert ask(remote, "select distinct job_id from stg_lake__examples order by 1").column(
        0
    ).to_pylist() == ["a", "b"]
    assert rows > 1_000


def test_a_build_reads_each_file_once(lakes: tuple[Config, Config], builds: Requests) -> None:
    """Binding a view reads the footer of each file, and of a small file that is all of it."""
    reads = builds.files()
    data = {path: n for path, n in reads.items() if "load_id" in path and "_schema" not in path}
    assert data
    assert {path: n for path, n in data.items() if n != 1} == {}
    # and the build looks first whether schema files are those of this version
    assert {n for path, n in reads.items() if "load_id%3D_schema" in path} <= {1, 2}
    assert builds.listings() < 60  # a page of a thousand files for each view that is bound


def test_no_credentials_are_left_in_the_file(
    lakes: tuple[Config, Config], builds: Requests
) -> None:
    _, remote = lakes
    content = remote.duckdb.read_bytes()
    assert b"session_token" not in content.lower()
    with duckdb.connect(str(remote.duckdb), read_only=True) as connection:
        assert connection.execute("select count(*) from duckdb_secrets()").fetchone() == (0,)


def test_marts_need_no_network(
    lakes: tuple[Config, Config], builds: Requests, requests: Requests
) -> None:
    _, remote = lakes
    requests.forget()
    pinned = ask(remote, "select count(*) as n from stg_lake__current_loads")
    assert pinned.column("n").to_pylist() == [2]
    assert requests.seen == []


def test_a_staging_view_that_cannot_be_reached_says_so(
    lakes: tuple[Config, Config], builds: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, remote = lakes
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StoreError, match="cannot be reached"):
        ask(remote, "select count(*) from stg_lake__examples")


def test_from_ingest_to_answer_on_the_command_line(
    requests: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ingest registers in Glue; register makes it again; drop and restore go through."""
    monkeypatch.chdir(tmp_path)
    client("s3").create_bucket(Bucket="command-line")
    (job, _) = write_demo_jobs(tmp_path / "jobs", examples=20)

    def run(*arguments: str) -> str:
        root = ("--root", "s3://command-line/lake", "--glue-database", "command_line")
        done = CliRunner().invoke(cli, [*root, *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    run("ingest", str(job.source), "--job-id", "tickets", "--format", "json")
    glue = client("glue")

    def registered() -> int:
        pages = glue.get_partitions(DatabaseName="command_line", TableName="examples")
        return len(pages["Partitions"])

    assert registered() == 1
    glue.delete_database(Name="command_line")
    text = run("register")
    assert "examples" in text
    assert registered() == 1
    run("drop", "tickets")
    run("--glue-grace", "0", "ingest", str(job.source), "--job-id", "other")
    assert registered() == 1  # the dropped one has gone
    run("drop", "other")
    run("restore", "tickets")
    assert registered() == 2
    assert "tickets" in run("jobs")
