"""A SageMaker training job as a source, by its name: its output, and what SageMaker says of it.

Decides which jobs have an output worth reading and where it lies. An evaluation leaves its files
in output.tar.gz beside model.tar.gz, or unpacked below output/ where the job asked for that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ingest.aws.addresses import S3Address, s3_address
from ingest.aws.clients import client
from ingest.aws.objects import list_objects
from ingest.aws.refusals import botocore_errors, error_code, refusal
from ingest.errors import SourceError
from ingest.sources.bucket import open_bucket
from ingest.sources.source import Fetched, Source, SourceLimits, TrainingJob

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_RUNNING = ("InProgress", "Stopping")
_UNKNOWN = ("ValidationException", "ResourceNotFound")


def open_training_job(name: str, *, limits: SourceLimits, fetched: Fetched) -> Source:
    """The output of the training job `name`.

    Args:
        name: as SageMaker knows it, in the region of the environment.
        limits: what it may cost before it is refused.
        fetched: told of bytes fetched and bytes in all, from this thread.

    Raises:
        SourceError: no such job, one that is not done or has failed, or one without output.
        StoreError: SageMaker or S3 refused.
    """
    described = _describe(name)
    _check_done(name, described)
    output = _output(name, described)
    source = open_bucket(output.uri, limits=limits, fetched=fetched)
    source.training_job_name = name
    source.training_job = _facts(name, described)
    return source


def _describe(name: str) -> Mapping[str, Any]:
    where = f"sagemaker:{name}"
    if _NAME.fullmatch(name) is None:
        raise SourceError(
            "this cannot be the name of a training job",
            where=where,
            do="write it as sagemaker:JOB-NAME, letters, digits and hyphens, at most 63",
        )
    sagemaker = client("sagemaker")
    try:
        described: Mapping[str, Any] = sagemaker.describe_training_job(TrainingJobName=name)
    except botocore_errors() as error:
        if error_code(error) in _UNKNOWN:
            raise SourceError(
                f"there is no such training job in {sagemaker.meta.region_name}",
                where=where,
                do="check the name, and set AWS_REGION to the job's region",
            ) from error
        raise refusal(error, doing="describe this job", where=where) from error
    return described


def _check_done(name: str, described: Mapping[str, Any]) -> None:
    where = f"sagemaker:{name}"
    status = described.get("TrainingJobStatus")
    if status in _RUNNING:
        detail = described.get("SecondaryStatus") or status
        raise SourceError(
            f"the job is still running ({detail})",
            where=where,
            do="run this again when it is done: "
            f"aws sagemaker wait training-job-completed-or-stopped --training-job-name {name}",
        )
    if status == "Failed":
        reason = " ".join(str(described.get("FailureReason") or "no reason given").split())
        raise SourceError(
            f"the job failed: {reason}", where=where, do="mend what it names and run the job again"
        )
    if status != "Completed":
        raise SourceError(
            f"the job did not complete ({status})",
            where=where,
            do="run the job again; what it left can still be given by its s3:// address",
        )


def _output(name: str, described: Mapping[str, Any]) -> S3Address:
    """The archive or the prefix that holds the job's files."""
    folder = _output_folder(name, described)
    archive = S3Address(folder.bucket, f"{folder.key}/output.tar.gz")
    unpacked = S3Address(folder.bucket, f"{folder.key}/output/")
    s3 = client("s3")
    seen = []
    for found in list_objects(s3, S3Address(folder.bucket, f"{folder.key}/")):
        if found.address == archive:
            return archive
        if found.address.key.startswith(unpacked.key):
            return unpacked  # sorts after output.tar.gz, which would have been met
        seen.append(found.address.key.rpartition("/")[2])
    what = f"only {', '.join(seen[:3])}" if seen else "nothing"
    raise SourceError(
        f"the job left no output.tar.gz, {what} at {folder.uri}",
        where=f"sagemaker:{name}",
        do="check that it is an evaluation job and that its output was not moved",
    )


def _output_folder(name: str, described: Mapping[str, Any]) -> S3Address:
    """Where SageMaker put the job's archives."""
    model = (described.get("ModelArtifacts") or {}).get("S3ModelArtifacts")
    if model:  # <output path>/<job>/output/model.tar.gz, or .../model where it is not packed
        address = s3_address(model.rstrip("/"))
        return S3Address(address.bucket, address.key.rpartition("/")[0])
    path = (described.get("OutputDataConfig") or {}).get("S3OutputPath")
    if not path:
        raise SourceError(
            "SageMaker does not say where the job's output is",
            where=f"sagemaker:{name}",
            do="give the output by its s3:// address",
        )
    address = s3_address(path)
    parts = [*filter(None, address.key.split("/")), name, "output"]
    return S3Address(address.bucket, "/".join(parts))


def _facts(name: str, described: Mapping[str, Any]) -> TrainingJob:
    resources = described.get("ResourceConfig") or {}
    # A job on several kinds of machine lists them as groups.
    groups = resources.get("InstanceGroups") or [resources]
    types = dict.fromkeys(group["InstanceType"] for group in groups if group.get("InstanceType"))
    counts = [group["InstanceCount"] for group in groups if group.get("InstanceCount")]
    started, ended = (_utc(described.get(key)) for key in ("TrainingStartTime", "TrainingEndTime"))
    return TrainingJob(
        name=name,
        instance_type=",".join(types) or None,
        instance_count=sum(counts) or None,
        image=(described.get("AlgorithmSpecification") or {}).get("TrainingImage"),
        started_at_utc=started,
        ended_at_utc=ended,
        seconds=(ended - started).total_seconds() if started and ended else None,
        hyperparameters=dict(described.get("HyperParameters") or {}),
    )


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)
