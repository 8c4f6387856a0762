"""How this program reaches AWS: one way to make a client, wherever one is needed.

Credentials, profile, region and endpoint come from where every AWS tool takes them: the
environment, the shared files, the machine's role. Decides retries and timeouts only, and what a
missing library or a missing region is called. boto3 is optional, so it is imported when asked.
"""

from __future__ import annotations

import os
from typing import Any

from ingest.aws.refusals import refusals
from ingest.errors import InputError

ATTEMPTS = 6
"""Tries of one request unless AWS_MAX_ATTEMPTS says otherwise: waits grow to some 30 s in all."""
CONNECTIONS = 32
"""Connections that the threads of one client may hold open at once."""


def client(service: str, *, attempts: int | None = None) -> Any:
    """A boto3 client of `service`, e.g. "s3"; it may be shared between threads.

    Throttled and broken requests are sent again after exponentially growing waits with jitter.

    Args:
        service: as boto3 calls it.
        attempts: tries of one request (count), for a caller that has its own way of trying again.

    Raises:
        InputError: boto3 is not installed.
        StoreError: no region, or a profile that does not exist.
    """
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise InputError(
            "reaching AWS needs a package that is not installed (boto3)",
            where=service,
            do="install it with: pip install 'evallake[aws]'",
        ) from error
    retries: Any = {"mode": os.environ.get("AWS_RETRY_MODE", "standard")}
    if attempts is not None or "AWS_MAX_ATTEMPTS" not in os.environ:
        retries["total_max_attempts"] = ATTEMPTS if attempts is None else attempts
    config = Config(
        retries=retries,
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=CONNECTIONS,
        user_agent_extra="evallake",
    )
    with refusals(doing="reach AWS", where=service):
        # A session of its own: boto3's default one must not be used by several threads.
        session: Any = boto3.Session(region_name=region())
        return session.client(service, config=config)


def region() -> str | None:
    """The region that the environment names; None leaves it to the profile.

    AWS_REGION is what AWS sets in its own services and what boto3 does not read.
    """
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None
