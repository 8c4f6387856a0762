"""What the report shows, above all of one job: plain values, no drawing and no SQL.

Rates are in [0, 1]; None means that the number does not exist for this job (no log
probabilities, no rule for what is correct, no metadata), never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evallake.report.door_facts import DoorFacts
from evallake.report.judge_facts import AuditFacts, JudgeFacts
from evallake.report.pair_facts import PairFacts
from evallake.report.values import CalibrationBin, Estimate, Recalibration, Routing, Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The headline numbers of a job: a row of mart_job_summary."""

    examples: int
    accuracy: Estimate
    confidence: Estimate
    """Mean confidence; `n` is how many examples have one."""
    gap: Estimate
    """Mean confidence minus accuracy; above 0 is overconfident."""
    ece: Estimate
    ece_baseline: float | None
    """The ECE that a perfectly calibrated model of the same n would show by chance."""
    brier: float | None
    auroc: Estimate
    low_confidence: Estimate
    """Share of examples below the low-confidence limit."""
    overconfident: Estimate
    """Share of confident examples that are wrong."""
    schema_valid: Estimate
    quality: Estimate
    correctness_rule: str | None
    confidence_name: str | None


@dataclass(frozen=True, slots=True)
class HistogramBin:
    """Examples whose confidence is in [lower, upper)."""

    lower: float
    upper: float
    correct: int
    wrong: int


@dataclass(frozen=True, slots=True)
class SliceValue:
    """Accuracy of one value of one slice key."""

    key: str
    value: str
    accuracy: Estimate
    confidence: float | None


@dataclass(frozen=True, slots=True)
class HeatCell:
    """Examples of one slice value in one confidence band."""

    key: str
    value: str
    band: str
    n: int
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment that needs attention."""

    name: str
    kind: str | None
    accuracy: Estimate
    confidence: float | None
    is_beyond_chance: bool
    """Whether it is weaker than the job beyond what chance gives among so many segments; a
    segment may also be listed for its kind alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One answer worth reading."""

    example_id: str
    query: str | None
    gold: str | None
    predicted: str | None
    gold_label: str | None
    predicted_label: str | None
    confidence: float | None
    error_category: str | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known about the job, for the list under its name."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Accounting:
    """Where every input row went: read = landed + merged + duplicate + rejected."""

    read: int
    landed: int
    merged: int
    duplicate: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """Everything that the report says about one job."""

    job_id: str
    model_name: str | None
    evaluated_at_utc: datetime | None
    facts: tuple[Fact, ...]
    summary: Summary
    histogram: tuple[HistogramBin, ...]
    calibration: tuple[CalibrationBin, ...]
    slices: tuple[SliceValue, ...]
    heat: tuple[HeatCell, ...]
    segments: tuple[Segment, ...]
    thresholds: tuple[Threshold, ...]
    error_categories: tuple[tuple[str, int], ...]
    overconfident_errors: tuple[Example, ...]
    least_confident: tuple[Example, ...]
    accounting: Accounting | None
    findings: tuple[tuple[str, str], ...]
    """(code, message) of what the reader noticed."""
    low_confidence_limit: float
    recalibration: tuple[Recalibration, ...] = ()
    routing: Routing | None = None


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """The whole report: which lake, when, and its jobs, newest first."""

    lake_root: str
    built_at_utc: datetime | None
    made_at_utc: datetime
    version: str
    jobs: tuple[JobFacts, ...]
    jobs_left_out: int = 0
    """Older jobs in the tables that the report does not show (count)."""
    pairs: tuple[PairFacts, ...] = ()
    """Jobs held against each other, the newest candidates first."""
    pairs_left_out: int = 0
    judges: tuple[JudgeFacts, ...] = ()
    judges_left_out: int = 0
    audit: AuditFacts | None = None
    """None where no container reported anything."""
    door: DoorFacts | None = None
    """None where the report shows nothing at all."""
