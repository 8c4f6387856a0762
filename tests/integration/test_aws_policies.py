"""The policies in docs/aws allow what the code asks of AWS, and little else.

What is asked is recorded from a whole life of a lake on S3: landed from a bucket and from a
training job, registered, dropped, restored, compacted, vacuumed, read by DuckDB.
What Athena asks for a build or a question is recorded in tests/athena.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from evallake.cli import cli
from evallake.demo import write_demo_jobs
from evallake.engines.s3 import S3Access
from tests.fixtures.aws_calls import recorded_calls
from tests.fixtures.iam import FOLDER, FREE, is_allowed, needs_of, policy, statements

POLICIES = ("ingest-policy", "build-policy", "analyst-policy")
LAKE, JOBS = "policy-lake", "policy-jobs"
PLACES = {"LAKE_BUCKET": LAKE, "JOBS_BUCKET": JOBS}

NOT_SEEN = {
    # only when two ingests make the tables at the same moment
    "glue:GetTable",
    # only when a newer version brings new columns
    "glue:UpdateTable",
    "glue:BatchUpdatePartition",
}
"""Granted to ingest, and not asked for in a life without mishaps; other tests do ask for it."""


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_every_file_is_json_and_the_page_names_it(file: Path) -> None:
    json.loads(file.read_text(encoding="utf-8"))
    assert file.name in (FOLDER.parent / "aws.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", POLICIES)
def test_nothing_is_granted_on_everything(name: str) -> None:
    document = policy(name)
    assert document["Version"] == "2012-10-17"
    for effect, actions, resources, _ in statements(document):
        assert effect in ("Allow", "Deny")
        assert not any("*" in action for action in actions)
        for resource in resources:
            assert resource.startswith("arn:aws:")
            # a star stands at the end only, behind a bucket's prefix, a database or a job's name
            assert "*" not in resource[:-1]
            assert resource != "arn:aws:s3:::*"
    sids = [statement["Sid"] for statement in document["Statement"]]
    assert len(sids) == len(set(sids))


def test_the_log_can_be_written_and_not_be_removed() -> None:
    document = policy("ingest-policy")
    (denied,) = [s for s in document["Statement"] if s["Effect"] == "Deny"]
    assert denied["Action"] == "s3:DeleteObject"
    assert denied["Resource"].endswith("/evallake/_log/*")


@pytest.mark.parametrize(("name", "limit"), [("build", 100 << 30), ("analyst", 1 << 30)])
def test_workgroups_have_a_scan_limit_and_the_policies_name_them(name: str, limit: int) -> None:
    workgroup = policy(f"workgroup-{name}")
    assert workgroup["Configuration"]["BytesScannedCutoffPerQuery"] == limit
    granted = json.dumps(policy(f"{name}-policy"))
    assert f":workgroup/{workgroup['Name']}" in granted


@pytest.fixture(scope="module")
def life(aws_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The calls of ingest and of a reader with DuckDB."""
    from ingest.aws.clients import client
    from tests.fixtures.aws import aws_environment

    folder = tmp_path_factory.mktemp("life")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, value in aws_environment(aws_endpoint).items():
            patch.setenv(name, value)
        s3 = client("s3")
        for bucket in (LAKE, JOBS):
            s3.create_bucket(Bucket=bucket)
        first, second = write_demo_jobs(folder / "jobs", examples=30)
        for key in ("a/output.tar.gz", "policy-job/output/output.tar.gz"):
            s3.put_object(Bucket=JOBS, Key=key, Body=first.source.read_bytes())
        (folder / "unpacked").mkdir()
        subprocess.run(["tar", "-xf", second.source, "-C", folder / "unpacked"], check=True)
        for path in (folder / "unpacked").rglob("*"):
            if path.is_file():
                key = f"b/{path.relative_to(folder / 'unpacked').as_posix()}"
                s3.put_object(Bucket=JOBS, Key=key, Body=path.read_bytes())
        _training_job(client("sagemaker"))

        def run(*arguments: str) -> None:
            root = ("--root", f"s3://{LAKE}/evallake", "--glue-grace", "0")
            done = CliRunner().invoke(cli, [*root, *arguments], catch_exceptions=False)
            assert done.exit_code == 0, done.output

        with recorded_calls() as ingest:
            run("ingest", f"s3://{JOBS}/b/", "--job-id", "by-prefix")
            run("ingest", "sagemaker:policy-job", "--job-id", "by-name")
            run("drop", "by-prefix")
            run("ingest", f"s3://{JOBS}/a/output.tar.gz", "--force", "--job-id", "by-object")
            run("restore", "by-prefix")
            run("register")
            run("jobs")
            s3.create_multipart_upload(Bucket=LAKE, Key="evallake/examples/abandoned.parquet")
            run("compact")
            run("drop", "by-object")
            run("vacuum", "--grace", "0")
        with recorded_calls() as reading, duckdb.connect() as connection:
            S3Access(f"s3://{LAKE}/evallake").open(connection)
        client("glue").delete_database(Name="evallake_raw")  # other tests have lakes of their own
    return {"ingest": ingest, "reading": reading}


def _training_job(sagemaker: Any) -> None:
    sagemaker.create_training_job(
        TrainingJobName="policy-job",
        AlgorithmSpecification={"TrainingImage": "nova:1", "TrainingInputMode": "File"},
        RoleArn="arn:aws:iam::123456789012:role/any",
        OutputDataConfig={"S3OutputPath": f"s3://{JOBS}/"},
        ResourceConfig={"InstanceType": "ml.p5.48xlarge", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )


@pytest.mark.parametrize(
    ("what", "name"),
    [("ingest", "ingest-policy"), ("reading", "ingest-policy"), ("reading", "build-policy")],
)
def test_all_that_is_asked_is_allowed(life: dict[str, list[Any]], what: str, name: str) -> None:
    document = policy(name, **PLACES)
    needs = {need for call in life[what] for need in needs_of(call) if need.action not in FREE}
    assert needs
    refused = sorted(str(need) for need in needs if not is_allowed(document, need))
    assert refused == []


def test_all_that_is_allowed_is_asked(life: dict[str, list[Any]]) -> None:
    granted = set()
    for _, actions, _, _ in statements(policy("ingest-policy", **PLACES)):
        granted |= actions
    asked = {need.action for call in life["ingest"] for need in needs_of(call)} - FREE
    assert granted - asked == NOT_SEEN


def test_the_small_evaluator_of_policies_refuses(life: dict[str, list[Any]]) -> None:
    """A policy for another bucket, database or job allows nothing of it."""
    other = policy("ingest-policy", LAKE_BUCKET="other", JOBS_BUCKET="others")
    s3 = [need for call in life["ingest"] if call.service == "s3" for need in needs_of(call)]
    assert s3
    assert not any(is_allowed(other, need) for need in s3)
    assert not any(is_allowed(policy("analyst-policy", **PLACES), need) for need in s3)
