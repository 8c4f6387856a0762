"""S3 addresses come apart the way they were put together."""

from __future__ import annotations

import pytest

from ingest.aws.addresses import S3Address, s3_address
from ingest.errors import InputError


@pytest.mark.parametrize(
    ("uri", "bucket", "key"),
    [
        ("s3://bucket", "bucket", ""),
        ("s3://bucket/", "bucket", ""),
        ("s3://my.bucket-1/a/b c/ü|d", "my.bucket-1", "a/b c/ü|d"),
        ("s3://bucket//a", "bucket", "a"),
        ("s3://bucket/a/", "bucket", "a/"),
    ],
)
def test_parts(uri: str, bucket: str, key: str) -> None:
    assert s3_address(uri) == S3Address(bucket, key)


def test_round_trip() -> None:
    assert s3_address(S3Address("bucket", "a/b").uri) == S3Address("bucket", "a/b")
    assert S3Address("bucket", "").uri == "s3://bucket"


@pytest.mark.parametrize("uri", ["s3://", "s3:///key", "s3://B/key", "https://bucket/key", "s3:/b"])
def test_others_are_refused(uri: str) -> None:
    with pytest.raises(InputError, match=r"no S3 address.*s3://bucket/prefix"):
        s3_address(uri)
