"""What holds for every test: no deadline, since the first call of a kernel compiles it; and an AWS
of our own for those who ask for it."""

from __future__ import annotations

from hypothesis import settings

from tests.fixtures.aws import aws, aws_endpoint, bucket, s3

__all__ = ["aws", "aws_endpoint", "bucket", "s3"]

settings.register_profile("evallake", deadline=None)
settings.load_profile("evallake")
