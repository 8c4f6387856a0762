"""What `evallake build --target athena` makes of what dbt did. Neither dbt nor Athena runs here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlglot

import evallake.athena_build as athena_build
from evallake.build import BuildOptions, BuildResult, build
from evallake.config import configure
from evallake.dbt_run import DbtOptions, DbtOutcome, Failure
from evallake.engines.athena import Athena
from evallake.errors import DataTestError
from evallake.project import Project, find_project
from ingest.aws.clients import client
from ingest.errors import IngestError, InputError, StoreError
from ingest.lake import Lake
from ingest.lake.glue import GlueCatalogue

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


class Runs:
    """dbt and Athena as these tests want them."""

    def __init__(self, outcome: DbtOutcome) -> None:
        self.outcome = outcome
        self.options: list[DbtOptions] = []
        self.statements: list[str] = []

    def dbt(self, project: Project, options: DbtOptions, **_: Any) -> DbtOutcome:
        self.options.append(options)
        return self.outcome

    def athena(self, sql: str) -> dict[str, Any]:
        self.statements.append(sql)
        return {}


def outcome(*failures: Failure, skipped: int = 0) -> DbtOutcome:
    return DbtOutcome(5, 3, skipped, failures, ("slow",), None)


def run(
    runs: Runs,
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str] | None = None,
    **options: Any,
) -> BuildResult:
    root = f"s3://{bucket}/lake"
    Lake.open(root, create=True)
    monkeypatch.setattr(athena_build, "run_dbt_build", runs.dbt)
    monkeypatch.setattr(Athena, "run", lambda _, sql, *, where: runs.athena(sql))
    database = bucket.replace("-", "_")
    GlueCatalogue(database, root).check()
    config = configure(
        root, glue_database=database, target="athena", environ=environ or {}, cwd=tmp_path
    )
    return build(config, find_project(), BuildOptions(**options), now=lambda: NOW)


def test_dbt_builds_in_athena_and_a_note_says_from_what(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(outcome())
    done = run(runs, bucket, tmp_path, monkeypatch, variables={"label_field": "it's"})
    assert (done.published, done.models, done.tests) == ("Athena, database evallake", 5, 3)
    [options] = runs.options
    assert options.target == "athena"
    assert not options.full_refresh
    assert options.environment["EVALLAKE_ROOT"] == f"s3://{bucket}/lake"
    assert options.environment["EVALLAKE_GLUE_DATABASE"] == bucket.replace("-", "_")
    assert options.environment["EVALLAKE_ATHENA_WORKGROUP"] == "primary"
    assert options.environment["AWS_REGION"] == "us-east-1"
    [note] = runs.statements
    view = sqlglot.parse_one(note, dialect="athena")
    names = [column.alias for column in view.expression.expressions]
    assert set(names) == {
        *("lake_root", "built_at_utc", "variables_json", "code_digest", "loads_digest")
    }
    assert "2026-03-01 12:30:00.000" in note
    assert "it''s" in note


def test_a_test_that_fails_says_what_is_visible(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(outcome(Failure("unique_grain_dim_jobs", True, "Got 2 results", 2), skipped=4))
    with pytest.raises(DataTestError, match=r"unique_grain_dim_jobs \(2 rows\)") as failed:
        run(runs, bucket, tmp_path, monkeypatch)
    assert "those of the build before" in str(failed.value)
    assert runs.statements == []  # nothing is noted


@pytest.mark.parametrize(
    ("message", "error", "says"),
    [
        (
            "An error occurred (AccessDeniedException) when calling the CreateTable operation",
            StoreError,
            "access is denied",
        ),
        (
            "Query cancelled! : Bytes scanned limit was exceeded",
            StoreError,
            "more than workgroup primary allows",
        ),
        ("TYPE_MISMATCH: line 3:4: Cannot apply operator", RuntimeError, "could not be built"),
    ],
)
@pytest.mark.parametrize("is_test", [True, False])
def test_what_aws_refuses_during_a_build_is_one_line(
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    message: str,
    error: type[IngestError],
    says: str,
    is_test: bool,
) -> None:
    runs = Runs(outcome(Failure("stg_lake__jobs", is_test, message, None)))
    with pytest.raises(error, match=says) as failed:
        run(runs, bucket, tmp_path, monkeypatch)
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize("what", ["Table 'awsdatacatalog.{}.jobs'", "Schema '{}'"])
def test_a_lake_that_left_the_catalogue_meanwhile_is_to_be_registered(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    absent = what.format(bucket.replace("-", "_"))
    message = f"TABLE_NOT_FOUND: line 3:10: {absent} does not exist"
    runs = Runs(outcome(Failure("stg_lake__jobs", False, message, None)))
    with pytest.raises(StoreError, match="evallake register"):
        run(runs, bucket, tmp_path, monkeypatch)


def test_a_workgroup_that_decides_where_tables_lie_is_refused(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client("athena").create_work_group(
        Name="strict",
        Configuration={
            "ResultConfiguration": {"OutputLocation": "s3://results/"},
            "EnforceWorkGroupConfiguration": True,
        },
    )
    with pytest.raises(InputError, match="workgroup strict insists on writing to s3://results/"):
        run(
            Runs(outcome()),
            bucket,
            tmp_path,
            monkeypatch,
            environ={"EVALLAKE_ATHENA_WORKGROUP": "strict"},
        )


def test_without_dbt_athena_it_says_what_to_install(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(athena_build, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'evallake\[aws\]'"):
        run(Runs(outcome()), bucket, tmp_path, monkeypatch)
