"""Who is told how a landing goes on, and how long each stage takes.

fetching     a remote source's files come to this machine
finding      files are hashed, runs and readers recognised, what is known already is looked up
reading      rows are read, parsed and built into tables, and written meanwhile
writing      the last of the Parquet files are finished
checking     a check looks at them
placing      they are put, or sent, where they belong
registering  the catalogue is told
committing   the event is appended that makes the load count
snapshots    `loads` and `current_loads` follow the log
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ingest.landing.results import LandingResult
from ingest.timing import StageClock


class Progress(Protocol):
    """Told what goes on, from the thread that called `ingest_source`."""

    def started(self, job_id: str, *, input_bytes: int, rows_expected: int | None) -> None:
        """A run's landing begins: the size of its files, and its rows as far as they say."""
        ...

    def stage(self, name: str) -> None:
        """Another stage begins, of those named above."""
        ...

    def advanced(self, *, rows: int, bytes: int) -> None:
        """So many more input rows, about so many bytes of rows, are through."""
        ...

    def moved(self, *, bytes: int, of: int) -> None:
        """So many bytes of a stage's files, of so many, went to or came from a remote store."""
        ...

    def finished(self, result: LandingResult) -> None:
        """A run is done; what follows may still fail."""
        ...


class Silence:
    """Progress that nobody watches."""

    def started(self, job_id: str, *, input_bytes: int, rows_expected: int | None) -> None:
        """Say nothing."""

    def stage(self, name: str) -> None:
        """Say nothing."""

    def advanced(self, *, rows: int, bytes: int) -> None:
        """Say nothing."""

    def moved(self, *, bytes: int, of: int) -> None:
        """Say nothing."""

    def finished(self, result: LandingResult) -> None:
        """Say nothing."""


class Timed:
    """Passes everything on, and counts the seconds of each stage."""

    def __init__(self, progress: Progress, clock: StageClock) -> None:
        self._progress = progress
        self._clock = clock
        self.started = progress.started
        self.advanced = progress.advanced
        self.moved = progress.moved
        self.finished = progress.finished

    def stage(self, name: str) -> None:
        """The stage before is over, this one begins."""
        self._clock.begin(name)
        self._progress.stage(name)


def fetching(progress: Progress) -> Callable[[int, int], None]:
    """Tells of a remote source's bytes, in a stage that others do not have."""
    has_begun = False

    def fetched(moved: int, of: int) -> None:
        nonlocal has_begun
        if not has_begun:
            progress.stage("fetching")
            has_begun = True
        progress.moved(bytes=moved, of=of)

    return fetched
