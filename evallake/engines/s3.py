"""What DuckDB needs to read a lake on S3: its extension, credentials, and more threads.

The extension comes from the package duckdb-extension-httpfs, so that nothing is fetched at run
time; without that package DuckDB fetches it once. Credentials come from where every AWS tool
takes them, and live in the connection alone: they are never written to the database file.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ingest.aws.addresses import S3Address, s3_address
from ingest.aws.clients import client, region
from ingest.aws.refusals import refusals
from ingest.errors import InputError, StoreError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

THREADS = 16
"""DuckDB reads as many files at once as it has threads, and S3 answers slowly: at least so many."""

_PACKAGE = "duckdb_extension_httpfs"
_SECRET = "evallake_lake"  # noqa: S105  # its name
_RETRIES = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bucket is, in DuckDB's words."""

    bucket: str
    region: str
    endpoint: str
    """Host, and port where it is not the usual one."""
    use_ssl: bool
    url_style: str
    """vhost: the bucket is part of the host's name; path: it is not."""


class S3Access:
    """Lets one DuckDB connection, and its cursors, read one lake on S3.

    Credentials that expire are renewed as long as their source can: call `renew` now and then.
    """

    def __init__(self, root: str, *, credentials: Any = None) -> None:
        """
        Args:
            root: the lake, `s3://bucket/prefix`.
            credentials: botocore's; by default those that it finds.

        Raises:
            InputError: AWS's library is not installed.
            StoreError: no credentials, or the bucket cannot be looked at.
        """
        self._root = root
        self._place = _place(s3_address(root))
        with refusals(doing="read this lake", where=root):
            self._credentials = credentials or _credentials()
        self._known: tuple[str | None, ...] | None = None

    def open(self, connection: DuckDBPyConnection) -> None:
        """Prepare `connection`; InputError where DuckDB has no extension for S3."""
        load_httpfs(connection)
        threads = max(THREADS, os.cpu_count() or 1)
        connection.execute(f"set threads = {threads}")
        connection.execute(f"set http_retries = {_RETRIES}")
        self.renew(connection)

    def renew(self, connection: DuckDBPyConnection) -> None:
        """Give `connection` the credentials of now, where they are not those it has."""
        with refusals(doing="read this lake", where=self._root):
            frozen = self._credentials.get_frozen_credentials()
        now = (frozen.access_key, frozen.secret_key, frozen.token)
        if now != self._known:
            _give(connection, secret_sql(self._place, *now), where=self._root)
            self._known = now


def _give(connection: DuckDBPyConnection, secret: str, *, where: str) -> None:
    """Run the statement that holds credentials: DuckDB's refusal would repeat it."""
    import duckdb

    try:
        connection.execute(secret)
    except duckdb.Error as error:
        kind = type(error).__name__
        raise StoreError(
            f"DuckDB does not take the credentials ({kind})",
            where=where,
            do="see whether they hold anything but letters, digits and +/=, and renew them",
        ) from None


def load_httpfs(connection: DuckDBPyConnection) -> None:
    """Load DuckDB's S3 reader into `connection`, from the installed package if there is one.

    Raises:
        InputError: there is no package for this version of DuckDB, and DuckDB cannot fetch it.
    """
    import duckdb

    packaged = packaged_httpfs(duckdb.__version__)
    try:
        if packaged is not None:
            connection.execute(f"load {_quoted(str(packaged))}")
        else:
            connection.execute("install httpfs")  # does nothing where it was fetched before
            connection.execute("load httpfs")
    except duckdb.Error as error:
        raise InputError(
            f"DuckDB {duckdb.__version__} cannot load what reads S3 ({_first_line(error)})",
            where="httpfs",
            do="install the packaged extension with: pip install 'evallake[aws]'",
        ) from error


def packaged_httpfs(version: str) -> Path | None:
    """The extension's file in the installed package; None where there is none for `version`."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None:
        return None
    for folder in spec.submodule_search_locations or []:
        file = Path(folder) / "extensions" / f"v{version}" / "httpfs.duckdb_extension"
        if file.is_file():
            return file
    return None


def secret_sql(place: Place, key_id: str, secret: str, token: str | None) -> str:
    """The statement that gives a connection credentials for one bucket, in memory only."""
    options = {
        "key_id": _quoted(key_id),
        "secret": _quoted(secret),
        "region": _quoted(place.region),
        "endpoint": _quoted(place.endpoint),
        "url_style": _quoted(place.url_style),
        "use_ssl": "true" if place.use_ssl else "false",
        "scope": _quoted(f"s3://{place.bucket}"),
    }
    if token:
        options["session_token"] = _quoted(token)
    listed = ", ".join(f"{name} {value}" for name, value in options.items())
    return f"create or replace temporary secret {_SECRET} (type s3, {listed})"


def _place(address: S3Address) -> Place:
    """Where a bucket is, as AWS (or another service at AWS_ENDPOINT_URL) says itself."""
    s3 = client("s3")
    with refusals(doing="look into this lake", where=address.uri):
        # Any answer names the region; this one needs no right that reading does not need.
        answer = s3.list_objects_v2(Bucket=address.bucket, Prefix=f"{address.key}/_", MaxKeys=1)
    told = answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")
    found = told or region() or s3.meta.region_name
    return place_of(address.bucket, found, s3.meta.endpoint_url, asked_in=s3.meta.region_name)


def place_of(bucket: str, bucket_region: str, endpoint_url: str, *, asked_in: str) -> Place:
    """The place of a bucket in `bucket_region`, asked for at `endpoint_url` in `asked_in`.

    A bucket's name with dots in it is in no certificate, and other services than AWS know no
    buckets in host names: both are addressed by path.
    """
    url = urlsplit(endpoint_url)
    is_aws = ".amazonaws.com" in url.netloc
    host = url.netloc
    if is_aws and bucket_region != asked_in:
        suffix = host[host.index(".amazonaws.com") :]
        host = f"s3.{bucket_region}{suffix}"
    style = "vhost" if is_aws and "." not in bucket else "path"
    return Place(bucket, bucket_region, host, url.scheme == "https", style)


def _credentials() -> Any:
    from botocore.exceptions import NoCredentialsError
    from botocore.session import get_session

    session: Any = get_session()
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    return credentials


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "")
