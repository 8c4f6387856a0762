"""What a killed build left beside the published file: its working copy.

The next build starts with its own copy and removes the old one first; where there is none for
long, this does. What is in the lake is `ingest.lake.vacuum`'s matter.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from evallake.build import only_build, working_files
from evallake.config import Config
from evallake.errors import BusyError
from ingest.errors import StoreError


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A file or folder of a build that did not come to its end."""

    path: str
    bytes: int


def remove_unfinished_build(config: Config, *, dry_run: bool) -> tuple[Unfinished, ...]:
    """Remove a killed build's working copy; nothing while a build is under way.

    Args:
        config: whose published file it is beside.
        dry_run: only say what would go.

    Raises:
        StoreError: it cannot be removed.
    """
    if not any(path.exists() for path in working_files(config)):
        return ()
    try:
        with only_build(config):  # the kernel let go of a dead build's lock
            there = [path for path in working_files(config) if path.exists()]
            found = tuple(Unfinished(str(path), _size(path)) for path in there)
            if not dry_run:
                for path in there:
                    _remove(path)
            return found
    except BusyError:
        return ()


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size


def _remove(path: Path) -> None:
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot be removed: {error.strerror}", where=str(path), do="make it writable"
        ) from error
