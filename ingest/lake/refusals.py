"""What the operating system refused, in words that say where and what to do.

The one place where an OSError becomes a StoreError. Whether to try again is the caller's choice.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.errors import StoreError
from ingest.lake.layout import STAGING

log = logging.getLogger(__name__)

_ADVICE = {
    errno.EACCES: "give this user the right to it, or choose another lake with EVALLAKE_ROOT",
    errno.EPERM: "give this user the right to it, or choose a file system with hard links",
    errno.EROFS: "the file system is read-only: choose another lake with EVALLAKE_ROOT",
    errno.ENOSPC: "free some space and run the command again",
    errno.EDQUOT: "free some space in your quota and run the command again",
    errno.ENOTDIR: "a part of this path is a file: move it away, or choose another lake",
    errno.EISDIR: "a folder stands where a file belongs: move it away",
    errno.ENOENT: "the lake may have been moved or removed: check EVALLAKE_ROOT",
    errno.ENAMETOOLONG: "choose a shorter path for the lake",
    errno.EMFILE: "allow more open files (ulimit -n) and run the command again",
    errno.EOPNOTSUPP: "this file system has no hard links: choose another for the lake",
}
_TAKEN = (
    "a vacuum may have taken what was not finished yet: run it again, and give vacuum a --grace"
    " longer than any ingest takes; or else the lake was moved or removed: check EVALLAKE_ROOT"
)


@contextmanager
def refusals(verb: str, path: Path) -> Iterator[None]:
    """Raise StoreError for every OSError inside, e.g. `refusals("write", path)`."""
    try:
        yield
    except OSError as error:
        facts = {"doing": verb, "where": str(path), "errno": error.errno}
        log.warning("the operating system refused", extra=facts)
        advice = _ADVICE.get(error.errno or 0, "mend the disk or the path and run it again")
        if error.errno == errno.ENOENT and STAGING in path.parts:
            advice = _TAKEN
        raise StoreError(
            f"cannot {verb} this ({error.strerror or error})", where=str(path), do=advice
        ) from error
