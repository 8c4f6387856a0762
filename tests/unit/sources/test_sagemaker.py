"""A training job's name leads to its output and its facts, or to one line that says why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import SourceError, StoreError
from ingest.formats import find_runs
from ingest.raw import ReadOptions
from ingest.sources import open_source
from ingest.sources.source import TrainingJob
from tests.unit.aws.test_refusals import answered
from tests.unit.sources.test_archive import member, pack

JOB = "support-eval-2025-11-06-23-53-11-022"
RESULTS = "support-eval/eval_results/results_2025-11-06T17-58-52.783156+00-00.json"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/nova-evaluation-repo:SM-TJ-Eval-latest"


class SageMaker:
    """SageMaker that knows one job, or refuses."""

    class meta:  # noqa: N801  # as botocore calls it
        region_name = "eu-west-1"

    def __init__(self, answer: dict[str, Any] | Exception) -> None:
        self._answer = answer

    def describe_training_job(self, *, TrainingJobName: str) -> dict[str, Any]:  # noqa: N803
        assert TrainingJobName == JOB
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


Say = Callable[..., None]


@pytest.fixture
def say(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Decides what SageMaker answers; S3 is moto's."""

    def answer(described: Exception | None = None, **facts: Any) -> None:
        fake = SageMaker(described or facts)
        monkeypatch.setattr(
            "ingest.sources.sagemaker.client", lambda service: fake if service != "s3" else s3
        )

    return answer


def completed(bucket: str, **facts: Any) -> dict[str, Any]:
    start = datetime(2025, 11, 6, 23, 55, tzinfo=timezone(timedelta(hours=1)))
    return {
        "TrainingJobStatus": "Completed",
        "ModelArtifacts": {"S3ModelArtifacts": f"s3://{bucket}/out/{JOB}/output/model.tar.gz"},
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/out/"},
        "ResourceConfig": {"InstanceType": "ml.p5.48xlarge", "InstanceCount": 2},
        "AlgorithmSpecification": {"TrainingImage": IMAGE},
        "HyperParameters": {"temperature": "0", "base_model": "nova-micro"},
        "TrainingStartTime": start,
        "TrainingEndTime": start + timedelta(minutes=7),
        "RoleArn": "arn:aws:iam::123456789012:role/secret-role",
    } | facts


@pytest.fixture
def output(s3: Any, bucket: str, tmp_path: Path) -> str:
    """A bucket in which the job has left its output.tar.gz."""
    config = {"config_general": {"model_name": "nova-micro"}, "results": {"custom|gen_qa|0": {}}}
    path = pack(tmp_path / "output.tar.gz", member(RESULTS, json.dumps(config).encode()))
    s3.put_object(Bucket=bucket, Key=f"out/{JOB}/output/output.tar.gz", Body=path.read_bytes())
    s3.put_object(Bucket=bucket, Key=f"out/{JOB}/output/model.tar.gz", Body=b"weights")
    return bucket


def test_a_job_leads_to_its_archive_and_its_facts(output: str, say: Say) -> None:
    say(**completed(output))
    with open_source(f"sagemaker:{JOB}") as source:
        assert source.uri == f"s3://{output}/out/{JOB}/output/output.tar.gz"
        assert [file.path for file in source.files] == [RESULTS]
        assert source.training_job_name == JOB
        assert source.training_job == TrainingJob(
            name=JOB,
            instance_type="ml.p5.48xlarge",
            instance_count=2,
            image=IMAGE,
            started_at_utc=datetime(2025, 11, 6, 22, 55, tzinfo=UTC),
            ended_at_utc=datetime(2025, 11, 6, 23, 2, tzinfo=UTC),
            seconds=420.0,
            hyperparameters={"temperature": "0", "base_model": "nova-micro"},
        )
        (run,) = find_runs(source, options=ReadOptions())
        facts = run.facts
    assert facts.training_job_name == JOB
    assert (facts.instance_type, facts.replicas) == ("ml.p5.48xlarge", 2)
    assert facts.training_seconds == 420.0
    assert facts.container_image == IMAGE
    assert facts.hyperparameters_json == '{"base_model": "nova-micro", "temperature": "0"}'
    assert "secret-role" not in repr(facts)


def test_the_output_path_will_do_where_no_model_is_named(output: str, say: Say) -> None:
    described = completed(output)
    del described["ModelArtifacts"]
    say(**described)
    with open_source(f"sagemaker:{JOB}") as source:
        assert [file.path for file in source.files] == [RESULTS]


def test_output_that_is_not_packed_is_a_prefix(s3: Any, bucket: str, say: Say) -> None:
    s3.put_object(Bucket=bucket, Key=f"out/{JOB}/output/output/eval/{RESULTS}", Body=b"{}")
    s3.put_object(Bucket=bucket, Key=f"out/{JOB}/output/model/x", Body=b"")
    artifacts = {"S3ModelArtifacts": f"s3://{bucket}/out/{JOB}/output/model/"}
    say(**completed(bucket, ModelArtifacts=artifacts))
    with open_source(f"sagemaker:{JOB}") as source:
        assert [file.path for file in source.files] == [f"eval/{RESULTS}"]
        assert source.training_job_name == JOB


def test_instances_of_several_kinds_are_listed(output: str, say: Say) -> None:
    groups = [
        {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
        {"InstanceType": "ml.p5.48xlarge", "InstanceCount": 2},
    ]
    say(**completed(output, ResourceConfig={"InstanceGroups": groups}, HyperParameters={}))
    with open_source(f"sagemaker:{JOB}") as source:
        job = source.training_job
        (run,) = find_runs(source, options=ReadOptions())
    assert job is not None
    assert (job.instance_type, job.instance_count) == ("ml.g5.xlarge,ml.p5.48xlarge", 3)
    assert run.facts.hyperparameters_json is None


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (
            {"TrainingJobStatus": "InProgress", "SecondaryStatus": "Training"},
            rf"still running \(Training\); run this again when it is done: aws .* {JOB}",
        ),
        (
            {"TrainingJobStatus": "Failed", "FailureReason": "AlgorithmError:\nout of memory"},
            r"the job failed: AlgorithmError: out of memory; mend what it names",
        ),
        ({"TrainingJobStatus": "Stopped"}, r"did not complete \(Stopped\); run the job again"),
        (
            {"OutputDataConfig": {}, "ModelArtifacts": {}},
            "does not say where the job's output is; give the output by its s3:// address",
        ),
    ],
)
def test_a_job_without_results_says_why(
    output: str, say: Say, facts: dict[str, Any], says: str
) -> None:
    say(**completed(output, **facts))
    with pytest.raises(SourceError, match=f"^sagemaker:{JOB}: .*{says}"):
        open_source(f"sagemaker:{JOB}")


def test_missing_output_says_what_is_there(s3: Any, bucket: str, say: Say) -> None:
    say(**completed(bucket))
    with pytest.raises(SourceError, match=r"left no output\.tar\.gz, nothing at s3://.*/output;"):
        open_source(f"sagemaker:{JOB}")
    s3.put_object(Bucket=bucket, Key=f"out/{JOB}/output/model.tar.gz", Body=b"weights")
    with pytest.raises(SourceError, match=r"left no output\.tar\.gz, only model\.tar\.gz at"):
        open_source(f"sagemaker:{JOB}")


def test_an_unknown_job_is_told_from_a_denied_one(say: Say) -> None:
    say(answered("ValidationException", "Requested resource not found.", status=400))
    with pytest.raises(SourceError, match=r"no such training job in eu-west-1; check .*AWS_REGION"):
        open_source(f"sagemaker:{JOB}")
    say(answered("AccessDeniedException", "not authorized to perform DescribeTrainingJob"))
    with pytest.raises(StoreError, match=r"cannot describe this job, access is denied"):
        open_source(f"sagemaker:{JOB}")


@pytest.mark.parametrize("name", ["", "a/b", "-a", "a_b", "x" * 64])
def test_what_cannot_be_a_name_is_not_asked_for(name: str) -> None:
    with pytest.raises(SourceError, match="cannot be the name of a training job"):
        open_source(f"sagemaker:{name}")
