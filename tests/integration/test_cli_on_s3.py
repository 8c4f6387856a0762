"""The command line on a lake in a bucket: every verb, every kind of source, and bad news.

Everything runs against moto on this machine; what moto cannot refuse is refused by a handler that
botocore asks before it sends.
"""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from evallake.cli import cli
from evallake.demo import write_demo_jobs
from tests.fixtures.aws_calls import recorded_calls
from tests.fixtures.container_trees import (
    GEN_QA,
    Row,
    nova,
    results,
    write_details,
    write_results,
)

EXAMPLES = 30
MUTATING = ("Put", "Delete", "Create", "Upload", "Complete", "Copy", "Batch", "Update")

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One job's output as a folder and, beside it, packed."""
    folder = tmp_path_factory.mktemp("jobs")
    demo = write_demo_jobs(folder, examples=EXAMPLES)[0]
    source = Path(demo.source)
    if source.is_dir():
        return source
    unpacked = folder / "unpacked"
    unpacked.mkdir()
    subprocess.run(["tar", "-xf", source, "-C", unpacked], check=True)
    return unpacked


@pytest.fixture
def packed(job: Path, tmp_path: Path) -> Path:
    path = tmp_path / "output.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(job, arcname=".")
    return path


@pytest.fixture
def run(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`evallake` on a lake in the bucket, which is in no catalogue unless a test puts it there."""
    monkeypatch.setenv("EVALLAKE_NO_GLUE", "1")
    monkeypatch.setenv("EVALLAKE_DUCKDB", str(tmp_path / "evallake.duckdb"))

    def evallake(*arguments: object) -> Result:
        root = ["--root", f"s3://{bucket}/lake"]
        return CliRunner().invoke(
            cli, [*root, *map(str, arguments)], prog_name="evallake", catch_exceptions=False
        )

    return evallake


def upload(s3: Any, bucket: str, folder: Path, prefix: str) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            key = f"{prefix}/{path.relative_to(folder).as_posix()}"
            s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())


def said(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.stderr
    (row,) = json.loads(done.stdout)
    return row


def test_every_verb_works_on_a_bucket(
    run: Run, s3: Any, bucket: str, job: Path, packed: Path
) -> None:
    landed = said(run("ingest", job, "--format", "json"))
    assert (landed["outcome"], landed["landed"]) == ("landed", EXAMPLES)
    name = landed["job_id"]
    assert said(run("jobs", "--format", "json"))["examples"] == EXAMPLES
    assert f"{EXAMPLES} landed" in run("show", name).stdout
    assert run("drop", name).exit_code == 0
    assert json.loads(run("jobs", "--format", "json").stdout) == []
    assert run("restore", name).exit_code == 0
    assert said(run("jobs", "--format", "json"))["job_id"] == name

    # The same files from the bucket, as they are and packed, are recognised as the same load.
    upload(s3, bucket, job, "out/jobs")
    s3.put_object(Bucket=bucket, Key="out/output.tar.gz", Body=packed.read_bytes())
    for source in (f"s3://{bucket}/out/jobs", f"s3://{bucket}/out/output.tar.gz"):
        again = said(run("ingest", source, "--job-id", name, "--format", "json"))
        assert (again["outcome"], again["load_id"]) == ("unchanged", landed["load_id"])


def test_a_load_in_a_bucket_is_validated(run: Run, job: Path, tmp_path: Path) -> None:
    good = said(run("ingest", job, "--format", "json"))
    validated = said(run("validate", good["job_id"], "--format", "json"))
    assert (validated["state"], validated["critical"]) == ("current", 0)
    assert validated["expectations"] > 100

    spoilt = tmp_path / "spoilt"
    write_details(spoilt, nova([Row(metrics={"f1": 61.5})]))
    write_results(spoilt, results({GEN_QA: 1}))
    held = run("ingest", spoilt, "--job-id", "bad", "--format", "json")
    assert (held.exit_code, json.loads(held.stdout)[0]["outcome"]) == (3, "held")
    again = run("validate", "bad", "--format", "json")
    assert again.exit_code == 3
    assert json.loads(again.stdout)[0]["not_met"][0]["unexpected_values"][0].endswith("f1, 61.5")
    assert run("release", "bad", "--reason", "in percents, as agreed").exit_code == 0
    seen = {row["job_id"] for row in json.loads(run("jobs", "--format", "json").stdout)}
    assert seen == {good["job_id"], "bad"}


def test_ingesting_again_writes_nothing(
    run: Run, bucket: str, job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EVALLAKE_NO_GLUE")
    monkeypatch.setenv("EVALLAKE_GLUE_DATABASE", bucket.replace("-", "_"))
    assert said(run("ingest", job, "--format", "json"))["outcome"] == "landed"
    with recorded_calls() as calls:
        assert said(run("ingest", job, "--format", "json"))["outcome"] == "unchanged"
    assert len(calls) > 0
    assert [call.operation for call in calls if call.operation.startswith(MUTATING)] == []


def test_a_training_job_lands_with_its_facts(run: Run, s3: Any, bucket: str, packed: Path) -> None:
    name = "support-eval-2025-11-06-23-53-11-022"
    train(bucket, name)
    s3.put_object(Bucket=bucket, Key=f"out/{name}/output/output.tar.gz", Body=packed.read_bytes())
    landed = said(run("ingest", f"sagemaker:{name}", "--format", "json"))
    assert (landed["job_id"], landed["outcome"]) == (name, "landed")
    facts = json.loads(run("show", name, "--format", "json").stdout)["facts"]
    assert facts["training_job_name"] == name
    assert (facts["instance_type"], facts["replicas"]) == ("ml.p5.48xlarge", 2)
    assert facts["container_image"] == "registry/nova:latest"
    assert json.loads(facts["hyperparameters_json"]) == {"base_model": "nova-micro"}
    assert facts["training_seconds"] == 0.0
    again = said(run("ingest", f"sagemaker:{name}", "--format", "json"))
    assert again["outcome"] == "unchanged"


def train(bucket: str, name: str) -> None:
    from ingest.aws.clients import client

    client("sagemaker").create_training_job(
        TrainingJobName=name,
        AlgorithmSpecification={
            "TrainingImage": "registry/nova:latest",
            "TrainingInputMode": "File",
        },
        HyperParameters={"base_model": "nova-micro"},
        RoleArn="arn:aws:iam::123456789012:role/evaluation",
        OutputDataConfig={"S3OutputPath": f"s3://{bucket}/out"},
        ResourceConfig={
            "InstanceType": "ml.p5.48xlarge",
            "InstanceCount": 2,
            "VolumeSizeInGB": 30,
        },
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )


def described_as(monkeypatch: pytest.MonkeyPatch, **facts: Any) -> None:
    from moto.sagemaker.models import FakeTrainingJob

    response = FakeTrainingJob.response_object.fget
    monkeypatch.setattr(
        FakeTrainingJob, "response_object", property(lambda job: response(job) | facts)
    )


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Has AWS refuse one operation, or all, with a code."""
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

    make = BaseClient._make_api_call

    def refusing(code: str, message: str, *, status: int = 403, operation: str = "") -> None:
        def call(self: Any, name: str, parameters: dict[str, Any]) -> Any:
            if operation in ("", name):
                answer: Any = {
                    "Error": {"Code": code, "Message": message},
                    "ResponseMetadata": {"HTTPStatusCode": status},
                }
                raise ClientError(answer, name)
            return make(self, name, parameters)

        monkeypatch.setattr(BaseClient, "_make_api_call", call)

    yield refusing
    monkeypatch.undo()


def one_line(done: Result, *, code: int) -> str:
    """The bad news: one line on stderr that starts with the program's name."""
    assert done.exit_code == code, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("evallake: ")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "; " in lines[0], "it says what to do"
    return lines[0]


def test_no_credentials(run: Run, job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    line = one_line(run("ingest", job), code=4)
    assert "there are no AWS credentials" in line
    assert "sign in (aws sso login, aws configure)" in line


def test_an_expired_token(run: Run, job: Path, refuse: Callable[..., None]) -> None:
    refuse("ExpiredToken", "The provided token has expired.", status=400)
    line = one_line(run("ingest", job), code=4)
    assert "the AWS credentials have expired" in line
    assert "sign in again" in line


def test_a_wrong_region(run: Run, job: Path, refuse: Callable[..., None]) -> None:
    refuse("PermanentRedirect", "must be addressed using the specified endpoint", status=301)
    line = one_line(run("jobs"), code=4)
    assert "it is in another region" in line
    assert "set AWS_REGION to the region that it is in" in line


def test_no_region(run: Run, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    line = one_line(run("ingest", "sagemaker:my-job"), code=4)
    assert "no AWS region is set" in line


def test_an_endpoint_that_nobody_answers(
    run: Run, job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    line = one_line(run("ingest", job), code=4)
    assert "AWS cannot be reached" in line
    assert "AWS_ENDPOINT_URL" in line


def test_a_missing_bucket(run: Run, job: Path) -> None:
    line = one_line(run("--root", "s3://no-such-bucket/lake", "ingest", job), code=4)
    assert "s3://no-such-bucket/lake" in line
    assert "there is no such bucket" in line
    assert "aws s3 mb" in line
    line = one_line(run("ingest", "s3://no-such-bucket/out/output.tar.gz"), code=3)
    assert "there is no such bucket" in line


@pytest.mark.parametrize("operation", ["ListObjectsV2", "GetObject", "PutObject"])
def test_denied_calls(
    run: Run, s3: Any, bucket: str, job: Path, refuse: Callable[..., None], operation: str
) -> None:
    if operation != "ListObjectsV2":
        assert run("ingest", job).exit_code == 0
    message = f"User: analyst is not authorized to perform: s3:{operation}"
    refuse("AccessDenied", message, operation=operation)
    line = one_line(run("ingest", job, "--force"), code=4)
    assert "access is denied" in line
    assert message in line
    assert f"s3://{bucket}/lake/" in line
    assert "give this role or user the right to it" in line


def test_a_denied_key(
    run: Run, job: Path, refuse: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALLAKE_S3_KMS_KEY_ID", "alias/evallake")
    refuse(
        "AccessDenied",
        "User: analyst is not authorized to perform: kms:GenerateDataKey on resource: key/1",
        operation="PutObject",
    )
    line = one_line(run("ingest", job), code=4)
    assert "the KMS key cannot be used" in line
    assert "EVALLAKE_S3_KMS_KEY_ID" in line


def test_an_unknown_training_job(run: Run) -> None:
    line = one_line(run("ingest", "sagemaker:no-such-job"), code=3)
    assert "sagemaker:no-such-job: there is no such training job in us-east-1" in line
    assert "check the name, and set AWS_REGION" in line


def test_a_training_job_that_is_still_running(
    run: Run, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(bucket, "running-job")
    described_as(monkeypatch, TrainingJobStatus="InProgress", SecondaryStatus="Training")
    line = one_line(run("ingest", "sagemaker:running-job"), code=3)
    assert "the job is still running (Training)" in line
    assert "run this again when it is done" in line


def test_a_training_job_that_failed(run: Run, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    train(bucket, "failed-job")
    described_as(monkeypatch, TrainingJobStatus="Failed", FailureReason="AlgorithmError: exit 1")
    line = one_line(run("ingest", "sagemaker:failed-job"), code=3)
    assert "the job failed: AlgorithmError: exit 1" in line


def test_a_training_job_without_output(run: Run, bucket: str) -> None:
    train(bucket, "silent-job")
    line = one_line(run("ingest", "sagemaker:silent-job"), code=3)
    assert "the job left no output.tar.gz, nothing at s3://" in line


def test_one_bad_source_does_not_stop_the_others(run: Run, job: Path) -> None:
    done = run("ingest", "sagemaker:no-such-job", job, "--format", "json")
    assert done.exit_code == 3
    assert [row["outcome"] for row in json.loads(done.stdout)] == ["failed", "landed"]
