"""How this program reaches AWS: one way to make a client, wherever one is needed.

Credentials, profile, region and endpoint come from where every AWS tool takes them: the
environment, the shared files, the machine's role. Decides retries and timeouts only, and what a
missing library or a missing region is called. The library is optional, so it is imported when asked.
"""

from __future__ import annotations

import os
import weakref
from functools import cache
from typing import Any

from ingest.aws.calls import tell_calls
from ingest.aws.refusals import refusals
from ingest.errors import InputError

ATTEMPTS = 6
"""Tries of one request unless AWS_MAX_ATTEMPTS says otherwise: waits grow to some 30 s in all."""
CONNECTIONS = 32
"""Connections that the threads of one client may hold open at once."""


def client(service: str, *, attempts: int | None = None) -> Any:
    """A client of `service`, e.g. "s3"; it may be shared between threads.

    Throttled and broken requests are sent again after exponentially growing waits with jitter.

    Args:
        service: as boto3 calls it; the client is the one that boto3 wraps.
        attempts: tries of one request (count), for a caller that has its own way of trying again.

    Raises:
        InputError: AWS's library is not installed.
        StoreError: no region, or a profile that does not exist.
    """
    try:
        from botocore.config import Config
        from botocore.session import get_session
    except ImportError as error:
        raise InputError(
            "reaching AWS needs a package that is not installed (botocore)",
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
        # A session of its own, so that it sees the environment of now; what every session would
        # read from disk again (a tenth of a second) is shared.
        session: Any = get_session()
        session.register_component("data_loader", _service_models())
        made = session.create_client(service, region_name=region(), config=config)
    tell_calls(made)
    # Its connections go when it goes; nothing of ours has to be closed by whoever asked for one.
    connections = made._endpoint.http_session
    weakref.finalize(made, connections.close)
    return made


@cache
def _service_models() -> Any:
    """Descriptions of AWS's services, each read from disk once."""
    from botocore.loaders import create_loader

    return create_loader()


def region() -> str | None:
    """The region that the environment names; None leaves it to the profile.

    AWS_REGION is what AWS sets in its own services and what boto3 does not read.
    """
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None
