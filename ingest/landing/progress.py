"""Who is told how a landing goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ingest.landing.results import LandingResult


class Progress(Protocol):
    """Told what goes on, from the thread that called `ingest_source`."""

    def started(self, job_id: str, *, input_bytes: int, rows_expected: int | None) -> None:
        """A run's landing begins: the size of its files, and its rows as far as they say."""
        ...

    def stage(self, name: str) -> None:
        """Now it is reading, writing, checking or committing."""
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
