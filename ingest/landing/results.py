"""What became of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ingest.lake import Accounting
from ingest.raw import Finding

Outcome = Literal["landed", "unchanged", "restored", "held"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingResult:
    """What became of one run."""

    job_id: str
    load_id: str
    outcome: Outcome
    """landed, unchanged (it was there), restored (it was there, dropped), or held by the check."""
    accounting: Accounting
    findings: tuple[Finding, ...]
    seconds: float
    """Wall-clock time of this run, reading to snapshots."""
    stages: Mapping[str, float] = field(default_factory=dict)
    """Where the time went: seconds by stage, in order; see `ingest.landing.progress`. With the
    first run of a source stands what came before it: fetching and finding."""
    held_because: str | None = None
    """Why the load is not visible. None unless it is held."""
