"""The policies in docs/aws allow what builds and questions in Athena ask of AWS.

Recorded from dbt-athena and `evallake query` on the rig: a first build, one with a new load, one
after a job was dropped, questions answered as text and unloaded as Parquet. What Athena asks for
on behalf of who asks cannot be recorded here; docs/aws.md says what is granted for that.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from evallake.config import Config, configure
from evallake.demo import write_demo_jobs
from evallake.engines.athena import Athena
from evallake.project import find_project
from ingest.aws.clients import client
from ingest.lake import Lake
from ingest.lake.glue import GlueCatalogue
from ingest.landing import IngestOptions, ingest_source
from tests.fixtures.aws_calls import Call, recorded_calls
from tests.fixtures.iam import FREE, Need, is_allowed, needs_of, policy, statements
from tests.unit.lake.make import ticking

RUN = uuid4().hex[:8]
BUCKET = f"policies-{RUN}"
ROOT = f"s3://{BUCKET}/evallake"
RAW, MARTS = f"policies_raw_{RUN}", f"policies_marts_{RUN}"
MODELS = (
    "stg_lake__current_loads",
    "stg_lake__jobs",
    "stg_lake__example_fields",
    "dim_jobs",
    "fct_field_confidence",
)
"""A table that is swapped, a view, and a fact that grows by loads and loses them."""

FOR_ATHENA_ITSELF = {
    "glue:BatchCreatePartition",
    "glue:BatchDeletePartition",
    "glue:BatchGetPartition",
    "glue:CreateDatabase",
    "glue:CreateTable",
    "glue:GetDatabase",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
}
"""What Athena may have to do for a statement, with the rights of who sent it."""
ONLY_WHEN_STOPPED = {"athena:StopQueryExecution"}


@pytest.fixture(scope="module")
def config(rig: Any, tmp_path_factory: pytest.TempPathFactory) -> Config:
    client("s3").create_bucket(Bucket=BUCKET)
    environ = {"EVALLAKE_ATHENA_SCHEMA": MARTS, "EVALLAKE_GLUE_DATABASE": RAW}
    return configure(ROOT, target="athena", environ=environ, cwd=tmp_path_factory.mktemp("config"))


@pytest.fixture(scope="module")
def building(config: Config, tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """The calls of three builds; landing in between is not part of them."""
    folder = tmp_path_factory.mktemp("jobs")
    lake = Lake.open(ROOT, create=True, now=ticking())
    catalogue = GlueCatalogue(RAW, ROOT)
    first, second = write_demo_jobs(folder, examples=10)

    def land(job: Any, job_id: str) -> None:
        options = IngestOptions(job_id=job_id)
        source = str(job.source)
        ingest_source(source, lake, options=options, now=ticking(), catalogue=catalogue)

    land(first, "first")
    with recorded_calls() as calls:
        _build(config, folder)
    land(second, "second")
    with recorded_calls() as more:
        _build(config, folder)
    lake.drop("first")
    with recorded_calls() as most:
        _build(config, folder)
    return [*calls, *more, *most]


def _build(config: Config, folder: Path) -> None:
    from dbt.cli.main import dbtRunner

    project = str(find_project().folder)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dbt-athena's own templates are not ours to mend
        variables = {**config.environment, "EVALLAKE_ATHENA_POLL_SECONDS": "0.05"}
        for name, value in variables.items():
            patch.setenv(name, value)
        done = dbtRunner().invoke(
            [
                *("build", "--target", "athena", "--project-dir", project),
                *("--profiles-dir", project, "--target-path", str(folder / "target")),
                *("--log-path", str(folder / "logs"), "--log-level", "none"),
                *("--exclude-resource-type", "unit_test", "--select", *MODELS),
            ]
        )
    assert done.success, done.exception or [str(one.message) for one in done.result]


@pytest.fixture(scope="module")
def asking(config: Config, building: list[Call]) -> list[Call]:
    """The calls of questions."""
    assert config.athena is not None
    sql = "select job_id, count(*) as n from fct_field_confidence group by job_id"
    with recorded_calls() as calls:
        for unload in (False, True):
            answer = Athena(config.athena, unload=unload).ask(sql)
            assert answer.table.column("job_id").to_pylist() == ["second"]
    return calls


def needed(calls: list[Call]) -> set[Need]:
    return {need for call in calls for need in needs_of(call) if need.action not in FREE}


def filled(name: str, workgroup: str) -> dict[str, Any]:
    """A policy for this rig's bucket, databases and the workgroup that the rig has."""
    document = policy(name, LAKE_BUCKET=BUCKET)
    names = {"database/evallake_raw": f"database/{RAW}", "table/evallake_raw/": f"table/{RAW}/"}
    names |= {"table/evallake/": f"table/{MARTS}/", f"workgroup/{workgroup}": "workgroup/primary"}

    def renamed(resource: str) -> str:
        for old, new in names.items():
            resource = resource.replace(old, new)
        is_marts = resource.endswith("database/evallake")
        return resource.removesuffix("evallake") + MARTS if is_marts else resource

    for statement in document["Statement"]:
        given = statement["Resource"]
        listed = [given] if isinstance(given, str) else given
        statement["Resource"] = [renamed(resource) for resource in listed]
    return document


def refused(document: dict[str, Any], calls: list[Call]) -> list[str]:
    """Needs that are not met; a call about one query execution names no workgroup to look at."""
    return sorted(
        str(need)
        for need in needed(calls)
        if not is_allowed(document, need) and not _is_granted_for_own_queries(document, need)
    )


def _is_granted_for_own_queries(document: dict[str, Any], need: Need) -> bool:
    if not need.resource.endswith(":workgroup/*"):
        return False
    return any(need.action in actions for _, actions, _, _ in statements(document))


def test_a_build_is_allowed_what_it_asks_for(building: list[Call]) -> None:
    assert refused(filled("build-policy", "evallake-build"), building) == []


def test_a_question_is_allowed_what_it_asks_for(asking: list[Call]) -> None:
    assert refused(filled("analyst-policy", "evallake-analyst"), asking) == []


def test_an_analyst_may_not_build(building: list[Call]) -> None:
    actions = {one.partition("'")[2] for one in refused(filled("analyst-policy", "x"), building)}
    assert any("glue:UpdateTable" in action for action in actions)


@pytest.mark.parametrize("name", ["build", "analyst"])
def test_the_rest_is_for_athena_itself(name: str, building: list[Call], asking: list[Call]) -> None:
    granted: set[str] = set()
    for _, actions, _, _ in statements(policy(f"{name}-policy")):
        granted |= actions
    asked = {need.action for need in needed(building if name == "build" else asking)}
    assert granted - asked <= FOR_ATHENA_ITSELF | ONLY_WHEN_STOPPED
