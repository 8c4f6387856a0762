"""What the program says on stderr while it works: sentences and a progress bar.

Nothing here is a result. Bars are drawn on a terminal only, and not where the log is written to it
(`evallake.logs`); where that is JSON, sentences are lines of it too, so that a machine can read all
of stderr. Sentences never carry markup, so a job's name cannot colour or hide anything.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from evallake.logs import log_format
from evallake.text import visible

if TYPE_CHECKING:
    from rich.progress import Progress

    from ingest.errors import IngestError

log = logging.getLogger(__name__)

Step = Callable[[float, float | None, str], None]
"""Moves a bar: done, total or None where nobody knows it, and a note."""

_FIRST_MOMENTS = 0.5


def say(sentence: str) -> None:
    """One line on stderr."""
    if log_format() == "json":
        log.info(sentence)
    else:
        click.echo(visible(sentence), err=True)


def complain(error: IngestError) -> None:
    """An expected error that does not end the program: one line on stderr."""
    if log_format() == "json":
        kind = type(error).__name__
        log.error(str(error), extra={"kind": kind, "exit_code": error.exit_code})
    else:
        say(f"evallake: {error}")


class Rate:
    """How fast something goes, since this was made."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            clock: seconds that never go back.
        """
        self._clock = clock
        self._began = clock()

    def told(self, done: float, unit: str) -> str:
        """`, 1,234 rows/s` for a note; nothing in the first moments, when it would be a guess."""
        seconds = self._clock() - self._began
        return "" if seconds < _FIRST_MOMENTS or not done else f", {done / seconds:,.0f} {unit}/s"


def on_terminal() -> bool:
    """Whether somebody watches a bar on stderr."""
    return sys.stderr.isatty() and log_format() is None


@contextmanager
def bar(description: str, *, note: str = "") -> Iterator[Step]:
    """A progress bar on stderr; yields a function of (done, total or None, note).

    `note` stands beside it until the first step.
    Draws nothing when stderr is not a terminal, or the log goes there.
    """
    if not on_terminal():
        yield lambda done, total, note: None
        return
    with _progress() as progress:
        task = progress.add_task(visible(description), total=None, note=note)

        def update(done: float, total: float | None, note: str) -> None:
            progress.update(task, completed=done, total=total, note=visible(note)[:48])

        yield update


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=28),
        TextColumn("{task.percentage:>3.0f} %", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}", markup=False, style="dim"),
        console=Console(stderr=True, highlight=False),
        transient=True,
    )
