"""A private directory for what a source has to have on disk while it is open.

Names in it are our own, so that nothing in an archive or a bucket ever becomes a path here.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ingest.errors import StoreError
from ingest.sources.source import FILES, SourceFile

_COPY_BYTES = 1 << 20


class Readable(Protocol):
    """Anything that gives bytes."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Spilled:
    """A file of a source, copied here."""

    file: SourceFile
    local: Path
    sha256: str


class Spill:
    """A temporary directory that only this user can look into; gone when it is cleaned up."""

    def __init__(self) -> None:
        try:
            # mkdtemp makes it 0700; the finalizer removes it even if nobody closes the source
            self._folder = tempfile.TemporaryDirectory(prefix="evallake-")
        except OSError as error:
            raise StoreError(
                f"no temporary directory can be made ({error.strerror})",
                where=tempfile.gettempdir(),
                do="make room there, or point TMPDIR elsewhere",
            ) from error

    @property
    def name(self) -> str:
        """The directory's path."""
        return self._folder.name

    def copy(self, file: SourceFile, data: Readable, *, number: str) -> Spilled:
        """Copy `data` to the end; OSError where the disk refuses.

        Args:
            file: whose content it is.
            data: read once.
            number: makes the local name, once per file.
        """
        ending = next((ending for ending in FILES if file.path.endswith(ending)), "")
        local = Path(self.name) / f"{number}{ending}"
        digest = hashlib.sha256()
        with local.open("xb") as out:
            while block := data.read(_COPY_BYTES):
                digest.update(block)
                out.write(block)
        return Spilled(file, local, digest.hexdigest())

    def refusal(self, error: OSError) -> StoreError:
        """The error to raise for one that `copy` raised."""
        return StoreError(
            f"its files cannot be spilled ({error.strerror})",
            where=self.name,
            do="make room there, or point TMPDIR elsewhere",
        )

    def cleanup(self) -> None:
        """Remove it with everything in it."""
        self._folder.cleanup()
