"""What a gate says of each rule, and of the pair as a whole. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What became of one rule. Deltas are oriented: above 0 is better. None: not known."""

    title: str
    metric: str
    slice: str
    is_required: bool
    max_drop: float
    verdict: str
    pairs: int
    clusters: int
    delta: float | None
    stderr: float | None
    lower: float | None
    """One-sided 95 % bound of delta; above -max_drop is a PASS."""
    upper: float | None
    p_drop: float | None
    """For "no more than tolerated was lost", by itself."""
    p_drop_holm: float | None
    """The same, adjusted for the number of rules; at most 0.05 is a FAIL."""
    p_safe: float | None
    """For "more than tolerated was lost"; at most 0.05 is a PASS."""
    method: str
    """t, exact, betting, or none where nothing was tested."""
    pairs_to_decide: int | None
    """Pairs with which a model that lost nothing would PASS four times in five."""
    detectable_drop: float | None
    """True drop that FAILs four times in five here, at the level of so many rules."""
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """The verdict and everything behind it."""

    baseline: str
    candidate: str
    verdict: str
    overlap: int
    finding: str | None
    is_for_repeated_looks: bool
    rules: tuple[RuleResult, ...]
