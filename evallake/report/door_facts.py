"""What the report shows of the check at the door: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLoad:
    """A load that nobody sees, and why."""

    job_id: str
    because: str | None
    ingested_at_utc: datetime | None
    rows: int
    """Examples and judgments that wait in it (count)."""
    is_second: bool
    """Whether an earlier load of the same job is visible meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """An expectation that a visible load does not meet."""

    job_id: str
    severity: str
    table: str
    columns: str | None
    because: str
    unexpected: int
    checked: int
    examples: tuple[str, ...]
    """A few values that do not meet it."""
    released_because: str | None
    """Why the load is seen all the same. None where it was a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorFacts:
    """What came of the expectations that loads are held against before they are seen."""

    checked_jobs: int
    """Of the jobs shown (count)."""
    unchecked_jobs: int
    """Of the jobs shown, those landed without validation (count)."""
    expectations: int
    """Held against the jobs shown, each counted once a job (count)."""
    failed: int
    """Of these, not met (count), shown or not."""
    unmet: tuple[Unmet, ...]
    held: tuple[HeldLoad, ...]
    """The newest first."""
    held_in_all: int
    """Shown or not (count)."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing waits outside and everything inside is as expected."""
        return not (self.held_in_all or self.failed or self.unchecked_jobs)
