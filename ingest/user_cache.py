"""What this user's programs keep because it can be made again: compiled kernels, parsed projects.

Decides where the cache is and how an entry is written, checked and given up: whole or not at all,
and never believed when it is damaged. What is kept, and for how long, is its owner's choice.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_CHECKSUM_BYTES = hashlib.sha256().digest_size


def user_cache() -> Path | None:
    """This user's cache directory; None where there is no home.

    EVALLAKE_CACHE_DIR, or else XDG_CACHE_HOME, names another.
    """
    configured = os.environ.get("EVALLAKE_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    if configured:
        return Path(configured)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else None
    try:
        home = Path.home()
    except RuntimeError:  # no such user: a container that runs under a bare number
        return None
    return home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache"


def read_entry(path: Path) -> bytes | None:
    """What was written; None where it is not there, not ours to read, or damaged."""
    try:
        content = path.read_bytes()
    except OSError:  # it is made again instead
        return None
    checksum, payload = content[:_CHECKSUM_BYTES], content[_CHECKSUM_BYTES:]
    return payload if hashlib.sha256(payload).digest() == checksum else None


def write_entry(path: Path, payload: bytes) -> bool:
    """Whether the entry is on disk now; a reader sees all of it or nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    except OSError:  # read-only or full
        return False
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(payload).digest() + payload)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        return False
    return True


def remove_oldest(paths: Iterable[Path], kept: int) -> None:
    """Remove all but the `kept` newest; another process may be removing the same ones."""
    try:
        newest_first = sorted(paths, key=lambda path: path.stat().st_mtime_ns, reverse=True)
    except OSError:  # one went away meanwhile: next time
        return
    for path in newest_first[kept:]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()
