"""A tar archive as a source: read once from front to back, never unpacked blindly.

Only members that can matter are copied, under names of our own, into a private directory
that disappears with the source. Nothing in a member's name ever becomes a path on this
machine, and links and devices are never followed.
"""

from __future__ import annotations

import io
import posixpath
import zlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from ingest.errors import SourceError, StoreError
from ingest.sources.limited import LimitedReader, RatioReader
from ingest.sources.locations import training_job_name
from ingest.sources.source import (
    LOOKED_FOR,
    SourceFile,
    SourceLimits,
    TrainingJob,
    check_count,
    check_size,
    is_wanted,
)
from ingest.sources.spill import Spill, Spilled
from ingest.sources.tar import Member, TarStream

_GZIP_MAGIC = b"\x1f\x8b"


Open = Callable[[], io.BufferedReader]
"""Opens an archive for one pass from front to back."""


class ArchiveSource:
    """The members of one `.tar`, `.tar.gz` or `.tgz` that can matter."""

    def __init__(self, uri: str, open_archive: Open, *, address: str, limits: SourceLimits) -> None:
        """
        Args:
            uri: what the archive is called.
            open_archive: called once; need not give something that can seek.
            address: the whole path, which may name the training job.
            limits: what it may cost.
        """
        self.uri = uri
        self.context = ""
        self.training_job_name = training_job_name(address)
        self.training_job: TrainingJob | None = None
        self.limits = limits
        self.refused = 0
        self._spill = Spill()
        self._members: dict[str, Spilled] = {}
        self._kept = 0
        self._copies = 0
        try:
            self._read(open_archive)
        except BaseException:
            self._spill.cleanup()
            raise
        if not self._members:
            self._spill.cleanup()
            raise SourceError(
                f"no {LOOKED_FOR} in the archive",
                where=self.uri,
                do="give the output.tar.gz of an evaluation job, not model.tar.gz",
            )
        self.files = tuple(self._members[name].file for name in sorted(self._members))

    def local_path(self, path: str) -> Path:
        """A readable local file with the content of `path`."""
        return self._members[path].local

    def sha256(self, path: str) -> str:
        """SHA-256 of the member's content, hexadecimal; taken while it was copied."""
        return self._members[path].sha256

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spill.cleanup()

    def _read(self, open_archive: Open) -> None:
        try:
            with open_archive() as packed, _unpacked(packed, self.limits, self.uri) as stream:
                archive = TarStream(stream, where=self.uri)
                for looked_at, member in enumerate(archive, start=1):
                    self._check(looked_at, member)
                    self._keep(archive, member)
        except (EOFError, zlib.error, OSError) as error:
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> SourceError | StoreError:
        # gzip's own "not a gzip file" and checksum errors are OSErrors without a number
        if isinstance(error, OSError) and error.errno is not None:
            if error.filename == self.uri:
                return SourceError(
                    f"cannot be read ({error.strerror})",
                    where=self.uri,
                    do="check the path and its permissions",
                )
            return self._spill.refusal(error)
        return SourceError(
            f"the archive is truncated or damaged ({error})",
            where=self.uri,
            do="fetch it again",
        )

    def _check(self, looked_at: int, member: Member) -> None:
        limits = self.limits
        check_count(looked_at, limits, where=self.uri)
        if is_wanted(member.name):
            check_size(SourceFile(member.name, member.size), 0, limits, where=self.uri)

    def _keep(self, archive: TarStream, member: Member) -> None:
        if member.is_directory:
            return
        name = _safe_name(member.name)
        if name is None or not member.is_file:
            self.refused += 1
            return
        if not is_wanted(name):
            return
        earlier = self._members.pop(name, None)  # as in tar itself, a later member replaces
        if earlier is not None:
            earlier.local.unlink()
            self._kept -= earlier.file.bytes
        file = SourceFile(name, member.size)
        self._kept += file.bytes
        check_size(file, self._kept, self.limits, where=self.uri)
        self._copies += 1
        self._members[name] = self._spill.copy(file, archive, number=f"{self._copies:06d}")


def _unpacked(packed: io.BufferedReader, limits: SourceLimits, uri: str) -> LimitedReader:
    """The archive's bytes, unpacked and counted, whatever the file is called."""
    if packed.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC):
        return RatioReader(packed, limits=limits, where=uri)
    return LimitedReader(packed)


def _safe_name(name: str) -> str | None:
    """The member's path inside the archive, or None where it points out of it."""
    if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
        return None
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8 cannot name a file in the lake
        return None
    return posixpath.normpath(name)
