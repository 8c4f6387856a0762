"""What the report shows of judges, and of the audit of reported numbers: plain values."""

from __future__ import annotations

from dataclasses import dataclass

from evallake.report.values import Estimate


@dataclass(frozen=True, slots=True)
class Votes:
    """How votes fell, over all judgments or in one slice. A win is response B's; A is the baseline."""

    key: str
    """Slice key; `all` for the whole job."""
    value: str
    wins: int
    ties: int
    losses: int
    errors: int
    """Passes that gave no verdict (count)."""
    win_rate: Estimate
    """Of the decided votes, which `n` counts."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """What both responses got on one criterion of a rubric."""

    name: str
    kind: str | None
    judgments: int
    weight: float | None
    score_a: Estimate
    score_b: Estimate
    margin: Estimate
    """A minus B: the container's sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeFacts:
    """Everything that the report says about one judge's job."""

    job_id: str
    model_name: str | None
    is_available: bool
    """False where the job wrote no rows per prompt: then only what it reported is known."""
    prompts: int
    votes: tuple[Votes, ...]
    """The whole job first, then slices."""
    bradley_terry: Estimate
    first_place: Estimate
    """How much more often than half the response shown first is preferred; n counts passes."""
    consistency: Estimate
    """Share of judgments whose two passes agree."""
    position_p: float | None
    longer: Estimate
    """Share of decided votes that went to the longer response."""
    margin: Estimate
    """Mean rubric score of A minus B; n counts judgments."""
    reported_votes: tuple[float | None, float | None, float | None]
    """The container's own B, tie and A counts."""
    reported_rate: Estimate
    """The container's own win rate of B."""
    reported_errors: float | None
    criteria: tuple[Criterion, ...]
    criteria_left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """One reported number that should not be believed, and why."""

    job_id: str
    task: str
    metric: str
    names: tuple[str, ...]
    """Of what is wrong, as in mart_metric_audit."""
    reported: float | None
    recomputed: float | None
    reported_stderr: float | None
    recomputed_stderr: float | None
    examples: int | None
    examples_expected: int | None


@dataclass(frozen=True, slots=True)
class AuditFacts:
    """What the audit of the shown jobs found."""

    reported: int
    """Aggregates that the containers reported (count)."""
    recomputed: int
    """Of these, as many as rows allow (count)."""
    faulty: int
    """Aggregates with a finding (count), shown or not."""
    findings: tuple[AuditFinding, ...]
