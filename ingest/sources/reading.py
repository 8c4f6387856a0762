"""What the operating system refused while a job's file was read, in a line for its owner.

Files are looked up first and read later, several times; a file may go in between.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.errors import SourceError

_ADVICE = {
    errno.ENOENT: "it was there a moment ago: ingest files that nobody moves meanwhile",
    errno.EACCES: "check its permissions",
    errno.EIO: "the disk cannot read it: fetch the file again",
    errno.ESTALE: "the network disk lost it: run the command again",
}


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise SourceError for every OSError inside: the file `path` cannot be read."""
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"cannot be read ({error.strerror or error})",
            where=str(path),
            do=_ADVICE.get(error.errno or 0, "see whether it is whole, and fetch it again if not"),
        ) from error
