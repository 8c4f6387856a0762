"""A local folder, or one file, as a source. Reads directory entries, never a file's content,
except to hash it when asked."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from ingest.errors import SourceError
from ingest.sources.locations import check_name, training_job_name
from ingest.sources.reading import reading
from ingest.sources.source import (
    ARCHIVES,
    SourceFile,
    SourceLimits,
    TrainingJob,
    check_count,
    check_size,
    is_wanted,
    nothing_found,
)


class FolderSource:
    """Files under one local folder; a path to a single file is a folder with that file."""

    def __init__(self, root: Path, *, limits: SourceLimits) -> None:
        self.uri = str(root)
        self._only = root.name if root.is_file() else None
        self._root = (root.parent if root.is_file() else root).resolve()
        self.context = self._root.as_posix()
        self.training_job_name = training_job_name(f"{self.context}/")
        self.training_job: TrainingJob | None = None
        self.refused = 0
        self.limits = limits
        self.files = self._find(limits)

    def local_path(self, path: str) -> Path:
        """A readable local file with the content of `path`."""
        return self._root / PurePosixPath(path)

    def sha256(self, path: str) -> str:
        """SHA-256 of the file's content, hexadecimal."""
        local = self.local_path(path)
        with reading(local), local.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def _find(self, limits: SourceLimits) -> tuple[SourceFile, ...]:
        if self._only is not None:
            size = self.local_path(self._only).stat().st_size
            return (SourceFile(self._only, size),)
        found: list[SourceFile] = []
        archives: list[str] = []
        looked_at = total = 0
        # links to directories are not followed: a loop would never end
        for directory, subdirectories, names in os.walk(self._root, onerror=_refuse):
            subdirectories.sort()
            for name in sorted(names):
                looked_at += 1
                check_count(looked_at, limits, where=self.uri)
                path = Path(directory, name)
                relative = path.relative_to(self._root).as_posix()
                if name.endswith(ARCHIVES):
                    archives.append(relative)
                if not is_wanted(relative):
                    continue
                check_name(str(path))
                bytes_there = self._size(path)
                if bytes_there is None:
                    self.refused += 1
                    continue
                found.append(SourceFile(relative, bytes_there))
                total += bytes_there
                check_size(found[-1], total, limits, where=self.uri)
        if not found:
            raise nothing_found(archives, where=self.uri, refused=self.refused)
        return tuple(sorted(found, key=lambda file: file.path))

    def _size(self, path: Path) -> int | None:
        """The size of a file (bytes); None for what is none, or is a link out of the folder.

        A folder may be an archive that somebody unpacked: what it links to elsewhere is none of
        the job's files, and may be anybody's.
        """
        try:
            if path.is_symlink() and not path.resolve(strict=True).is_relative_to(self._root):
                return None
            status = path.stat()
        except (OSError, RuntimeError):  # a link to nowhere, or to itself
            return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None


def _refuse(error: OSError) -> None:
    raise SourceError(
        f"cannot be read ({error.strerror})", where=error.filename, do="check its permissions"
    ) from error
