"""Where a job's files are: a folder, one file, a tar archive, a bucket, a SageMaker job."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ingest.errors import InputError, SourceError
from ingest.sources.archive import ArchiveSource
from ingest.sources.bucket import open_bucket
from ingest.sources.folder import FolderSource
from ingest.sources.locations import check_name
from ingest.sources.sagemaker import open_training_job
from ingest.sources.source import ARCHIVES, FILES, Fetched, Source, SourceFile, SourceLimits

__all__ = ["Fetched", "Source", "SourceFile", "SourceLimits", "open_source"]


def _unwatched(moved: int, of: int) -> None:
    """Nobody watches."""


def open_source(
    uri: str, *, limits: SourceLimits | None = None, fetched: Fetched = _unwatched
) -> Source:
    """Opens a job's output for reading; use it as a context manager.

    Args:
        uri: a folder at any level of a job's tree, one results, Parquet or JSONL file, or a
            `.tar.gz`, `.tgz` or `.tar` archive; `file://` addresses are paths too, `s3://` ones
            name the same in a bucket, and `sagemaker:JOB-NAME` a training job's output.
        limits: what it may cost before it is refused.
        fetched: told how fetching a remote source goes on.

    Raises:
        SourceError: nothing there, nothing in it, or a damaged archive.
        InputError: an address of a kind that this version cannot read.
        StoreError: AWS refused.
    """
    chosen = SourceLimits() if limits is None else limits
    if uri.startswith("s3://"):
        return open_bucket(uri, limits=chosen, fetched=fetched)
    if uri.startswith("sagemaker:"):
        name = uri.removeprefix("sagemaker:")
        return open_training_job(name, limits=chosen, fetched=fetched)
    path = _local(uri)
    check_name(str(path.resolve()))
    if path.is_dir():
        return FolderSource(path, limits=chosen)
    if not path.is_file():
        raise SourceError("no such file or folder", where=uri, do="check the path")
    if path.name.endswith(ARCHIVES):
        address = path.resolve().as_posix()
        return ArchiveSource(str(path), lambda: path.open("rb"), address=address, limits=chosen)
    if path.name.endswith(FILES):
        return FolderSource(path, limits=chosen)
    raise SourceError(
        "not a folder, an archive (.tar.gz, .tgz, .tar) or a .json, .jsonl or .parquet file",
        where=uri,
        do="give the folder or output.tar.gz of an evaluation job",
    )


def _local(uri: str) -> Path:
    scheme = re.match(r"([a-z][a-z0-9+.-]+):", uri)
    if scheme is None or Path(uri).exists():
        return Path(uri)
    if scheme[1] == "file":
        return Path(unquote(urlsplit(uri).path))
    if uri.startswith(f"{scheme[1]}://"):
        raise InputError(
            f"unknown kind of source {scheme[1]}://",
            where=uri,
            do="give a path on this machine, s3://bucket/prefix or sagemaker:JOB-NAME",
        )
    return Path(uri)
