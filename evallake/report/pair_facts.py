"""What the report shows of two jobs held against each other: plain values, no drawing and no SQL.

Differences are candidate minus baseline on the metric's own scale; None means that a number does
not exist, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from evallake.report.values import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """How far the candidate is from the baseline in one metric, over the same examples."""

    metric: str
    kind: str
    """correctness, confidence, calibration, ranking, corpus, metric or field."""
    baseline: float | None
    candidate: float | None
    delta: Estimate
    """`n` is the number of pairs."""
    scale_max: float | None
    """Largest value of the metric, 0 being the smallest; None when not known."""
    clusters: int | None
    p_value: float | None
    q_value: float | None
    p_method: str
    verdict: str
    """better, worse, higher, lower, no difference shown, not tested or not comparable."""
    detectable: float | None
    """Smallest true difference that this comparison finds with the power asked for."""
    wins: int | None = None
    ties: int | None = None
    losses: int | None = None
    needed_pairs: int | None = None
    tolerance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceDelta:
    """The same in one slice that is known before the answer."""

    key: str
    value: str
    metric: str
    delta: Estimate
    scale_max: float | None
    baseline: float | None
    candidate: float | None
    q_value: float | None
    verdict: str
    is_worse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedExample:
    """An example that the baseline had right and the candidate has not."""

    example_id: str
    query: str | None
    gold: str | None
    baseline_answer: str | None
    candidate_answer: str | None
    gold_label: str | None
    baseline_label: str | None
    candidate_label: str | None
    baseline_confidence: float | None
    candidate_confidence: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFacts:
    """Everything that the report says about one pair of jobs."""

    baseline_job_id: str
    candidate_job_id: str
    baseline_model: str | None
    candidate_model: str | None
    reason: str
    pairing_key: str | None
    """example_key or item_key; None without a common example."""
    same_dataset: bool | None
    same_scorer: bool | None
    same_prompt: bool | None
    same_inference: bool | None
    overlap: int
    """Examples that both jobs have (count)."""
    baseline_only: int
    candidate_only: int
    finding: str | None
    deltas: tuple[Delta, ...]
    metrics_left_out: int
    slices: tuple[SliceDelta, ...]
    """The surest regressions, then the surest gains."""
    slices_looked_at: int
    slices_worse: int
    """Slices in which the verdict is worse (count), shown or not."""
    slices_better: int
    regressed: tuple[ChangedExample, ...]
    regressed_in_all: int
    """Regressed examples (count), shown or not."""
    power: float
    """How surely `detectable` is found, in (0, 1)."""
