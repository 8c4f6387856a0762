"""`s3://bucket/key` taken apart and put together. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.errors import InputError

_ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<key>.*))?", re.S)


@dataclass(frozen=True, slots=True)
class S3Address:
    """A bucket and a key or prefix in it; the key has no slash at its front."""

    bucket: str
    key: str

    @property
    def uri(self) -> str:
        """As it is written: `s3://bucket/key`, without a slash at the end where the key is empty."""
        return f"s3://{self.bucket}/{self.key}" if self.key else f"s3://{self.bucket}"


def s3_address(uri: str) -> S3Address:
    """The parts of `uri`; InputError where it is no address of an object or a prefix.

    >>> s3_address("s3://my-bucket/jobs/a")
    S3Address(bucket='my-bucket', key='jobs/a')
    """
    match = _ADDRESS.fullmatch(uri)
    if match is None:
        raise InputError(
            "this is no S3 address", where=uri, do="write it as s3://bucket/prefix, no ARN or URL"
        )
    return S3Address(match["bucket"], (match["key"] or "").lstrip("/"))
