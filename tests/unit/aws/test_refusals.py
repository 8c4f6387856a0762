"""Every refusal of AWS is one line that says what happened, where, and what to do."""

from __future__ import annotations

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from ingest.aws.clients import client
from ingest.aws.refusals import error_code, http_status, refusal, refusals, was_refused
from ingest.errors import StoreError


def answered(code: str, message: str = "in AWS's words", status: int = 403) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RequestId": "",
                "HostId": "",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        "PutObject",
    )


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (exceptions.NoCredentialsError(), r"no AWS credentials .*; sign in"),
        (exceptions.ProfileNotFound(profile="x"), r"no such AWS profile .*AWS_PROFILE"),
        (exceptions.NoRegionError(), r"no AWS region is set .*; set AWS_REGION"),
        (exceptions.EndpointConnectionError(endpoint_url="u"), r"cannot be reached .*; check the"),
        (exceptions.ReadTimeoutError(endpoint_url="u"), r"broke off .*; run the command again"),
        (answered("ExpiredToken"), r"have expired \(ExpiredToken: in AWS's words\); sign in again"),
        (answered("InvalidAccessKeyId"), r"does not accept these credentials .*; sign in"),
        (answered("AccessDenied"), r"access is denied .*; give this role or user the right"),
        (answered("403", ""), r"access is denied \(403\); give"),
        (answered("AccessDenied", "not authorized: kms:GenerateDataKey"), r"KMS key cannot be"),
        (answered("KMS.NotFoundException", status=400), r"KMS key .*EVALLAKE_S3_KMS_KEY_ID"),
        (answered("PermanentRedirect", status=301), r"another region .*; set AWS_REGION"),
        (answered("NoSuchBucket", status=404), r"no such bucket .*aws s3 mb"),
        (answered("SlowDown", status=503), r"fewer requests .*; run the command again"),
        (answered("EntityNotFoundException", status=400), r"no such database or table"),
        (answered("Never heard of", status=400), r"AWS refused \(Never heard of: in AWS's words\)"),
    ],
)
def test_one_line_with_what_to_do(error: Exception, says: str) -> None:
    refused = refusal(error, doing="write this", where="s3://bucket/key")
    assert refused.exit_code == 4
    text = str(refused)
    assert text.startswith("s3://bucket/key: cannot write this, ")
    assert "\n" not in text
    with pytest.raises(StoreError, match=says):
        raise refused


def test_only_botocore_errors_are_translated() -> None:
    with pytest.raises(StoreError, match="denied"), refusals(doing="read", where="x"):
        raise answered("AccessDenied")
    with pytest.raises(KeyError), refusals(doing="read", where="x"):
        raise KeyError


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (answered("AccessDenied"), True),
        (answered("SlowDown", status=503), True),
        (answered("InternalError", status=500), False),
        (exceptions.ReadTimeoutError(endpoint_url="u"), False),
        (exceptions.ConnectionClosedError(endpoint_url="u"), False),
        (exceptions.ConnectTimeoutError(endpoint_url="u"), True),
        (exceptions.EndpointConnectionError(endpoint_url="u"), True),
        (exceptions.NoCredentialsError(), True),
    ],
)
def test_what_may_have_been_written_is_told_from_what_was_not(
    error: Exception, refused: bool
) -> None:
    assert was_refused(error) is refused


def test_what_the_service_answered() -> None:
    assert (error_code(answered("X")), http_status(answered("X"))) == ("X", 403)
    silent = exceptions.NoCredentialsError()
    assert (error_code(silent), http_status(silent)) == (None, None)


def test_a_client_takes_region_and_retries_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_MAX_ATTEMPTS", raising=False)
    made = client("s3")
    assert made.meta.region_name == "eu-central-1"
    assert made.meta.config.retries == {"mode": "standard", "total_max_attempts": 6}
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    assert client("s3").meta.config.retries["total_max_attempts"] == 2
    assert client("s3", attempts=1).meta.config.retries["total_max_attempts"] == 1


def test_no_region_and_an_unknown_profile_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(StoreError, match=r"sagemaker: .*no AWS region is set"):
        client("sagemaker")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreError, match="correct AWS_PROFILE"):
        client("s3")
