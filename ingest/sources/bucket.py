"""Objects below a prefix of a bucket as a source, and archives that are objects.

Decides what an S3 address may mean. What can matter is copied into a private directory when the
source is opened, several objects at a time: Parquet is not read from a stream, and each file is
hashed anyway. An archive is unpacked while it arrives and is never on disk as a whole.
"""

from __future__ import annotations

import io
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ingest.aws.addresses import S3Address, s3_address
from ingest.aws.clients import client
from ingest.aws.objects import ObjectStream, StoredObject, list_objects
from ingest.errors import SourceError
from ingest.parallel import each
from ingest.sources.archive import ArchiveSource
from ingest.sources.locations import training_job_name
from ingest.sources.source import (
    ARCHIVES,
    FILES,
    Fetched,
    Source,
    SourceFile,
    SourceLimits,
    TrainingJob,
    check_count,
    check_size,
    is_wanted,
    nothing_found,
)
from ingest.sources.spill import Spill, Spilled

_AT_ONCE = 8
"""Objects fetched at a time (count)."""
_BUFFER_BYTES = 1 << 20


def open_bucket(uri: str, *, limits: SourceLimits, fetched: Fetched) -> Source:
    """The source that an `s3://` address names.

    Args:
        uri: of an archive, of one results, Parquet or JSONL file, or of a prefix.
        limits: what it may cost before it is refused.
        fetched: told of bytes fetched and bytes in all, from this thread.

    Raises:
        SourceError: nothing there, nothing in it, or a damaged archive.
        StoreError: S3 refused.
    """
    address = s3_address(uri)
    s3 = client("s3")
    if address.key.endswith(ARCHIVES):
        return _archive(s3, address, limits=limits, fetched=fetched)
    if address.key.endswith(FILES):
        found = [found for found in list_objects(s3, address) if found.address == address]
        if found:
            return BucketSource(s3, address, found, limits=limits, fetched=fetched)
    below = S3Address(address.bucket, f"{address.key.rstrip('/')}/" if address.key else "")
    return BucketSource(s3, below, _below(s3, below, limits), limits=limits, fetched=fetched)


class BucketSource:
    """Objects that can matter, copied here."""

    def __init__(
        self,
        s3: Any,
        address: S3Address,
        found: list[StoredObject],
        *,
        limits: SourceLimits,
        fetched: Fetched,
    ) -> None:
        """
        Args:
            s3: a client.
            address: a prefix that ends in a slash or is empty; or the one object in `found`.
            found: the objects to copy, below it.
            limits: what they may cost.
            fetched: told of bytes fetched and bytes in all.
        """
        folder, _, _ = address.key.rpartition("/")
        self.uri = S3Address(address.bucket, address.key.rstrip("/")).uri
        self.context = f"/{folder}" if folder else ""
        self.training_job_name = training_job_name(f"{self.context}/")
        self.training_job: TrainingJob | None = None
        self.refused = 0
        self.limits = limits
        start = len(folder) + 1 if folder else 0
        names = {item.address.key[start:]: item for item in found}
        self.files = tuple(SourceFile(name, names[name].bytes) for name in sorted(names))
        total = 0
        for file in self.files:
            total += file.bytes
            check_size(file, total, limits, where=self.uri)
        self._spill = Spill()
        counter = _Counter(total, fetched)

        def fetch(numbered: tuple[int, SourceFile]) -> Spilled:
            number, file = numbered
            with ObjectStream(s3, names[file.path].address, moved=counter.add) as stream:
                try:
                    return self._spill.copy(file, stream, number=f"{number:06d}")
                except OSError as error:
                    raise self._spill.refusal(error) from error

        try:
            copies = each(fetch, enumerate(self.files), at_once=_AT_ONCE, look=counter.look)
        except BaseException:
            self._spill.cleanup()
            raise
        self._copies = {copy.file.path: copy for copy in copies}

    def local_path(self, path: str) -> Path:
        """A readable local file with the content of `path`."""
        return self._copies[path].local

    def sha256(self, path: str) -> str:
        """SHA-256 of the object's content, hexadecimal; taken while it was copied."""
        return self._copies[path].sha256

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spill.cleanup()


def _archive(
    s3: Any, address: S3Address, *, limits: SourceLimits, fetched: Fetched
) -> ArchiveSource:
    counter = _Counter(0, fetched)

    def moved(size: int) -> None:
        counter.add(size)
        counter.look()

    def open_archive() -> io.BufferedReader:
        stream = ObjectStream(s3, address, moved=moved)
        counter.of = stream.size
        return io.BufferedReader(stream, _BUFFER_BYTES)

    return ArchiveSource(address.uri, open_archive, address=address.uri, limits=limits)


def _below(s3: Any, address: S3Address, limits: SourceLimits) -> list[StoredObject]:
    """Objects that can matter below a prefix; SourceError where there are none."""
    wanted: list[StoredObject] = []
    archives: list[str] = []
    looked_at = 0
    for looked_at, found in enumerate(list_objects(s3, address), start=1):
        check_count(looked_at, limits, where=address.uri)
        if found.address.key.endswith(ARCHIVES):
            archives.append(found.address.uri)
        if is_wanted(found.address.key):
            wanted.append(found)
    if looked_at == 0:
        raise SourceError(
            "there is nothing below this address",
            where=address.uri,
            do="give the prefix or output.tar.gz of an evaluation job",
        )
    if not wanted:
        raise nothing_found(archives, where=address.uri)
    return wanted


class _Counter:
    """Bytes fetched so far, by any thread, for somebody who watches from one."""

    def __init__(self, of: int, fetched: Fetched) -> None:
        self.of = of
        self._fetched = fetched
        self._moved = 0
        self._lock = threading.Lock()

    def add(self, moved: int) -> None:
        with self._lock:
            self._moved += moved

    def look(self) -> None:
        self._fetched(self._moved, self.of)
