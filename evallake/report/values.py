"""Values that several of the report's facts are made of. No drawing and no SQL."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval and what it was counted over; None where it does not exist."""

    value: float | None
    lower: float | None = None
    upper: float | None = None
    n: int | None = None


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """One bin of a reliability diagram."""

    lower: float
    upper: float
    n: int
    confidence: float
    accuracy: Estimate


@dataclass(frozen=True, slots=True)
class Threshold:
    """What answering only from a confidence on gives."""

    threshold: float
    coverage: float
    """Share of examples answered."""
    accuracy: Estimate
    """Of those answered; `lower` is the exact one-sided 95 % bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalibration:
    """What one method makes of a job's confidence, on answers that it was not fitted on."""

    method: str
    is_chosen: bool
    """Whether the calibrated confidence of the tables is made this way."""
    parameters: str
    """In words; empty where the method has none worth a line."""
    examples: int
    ece_before: Estimate
    ece_after: Estimate
    ece_by_chance: float | None
    """The ECE that a perfectly calibrated model of that n would show."""
    brier_before: Estimate
    brier_after: Estimate
    bins: tuple[CalibrationBin, ...]
    """The reliability diagram of the mended confidence."""


@dataclass(frozen=True, slots=True)
class Routing:
    """From which confidence on answers may go out unseen; the promise survives the choosing."""

    promised: float
    """Accuracy that the answers are to reach, in (0, 1)."""
    tested_on: int
    """Examples of the folds that the promise was tested on (count)."""
    finding: str
    """`found`, or `none found: ` and why."""
    threshold: Threshold | None
    """None where none was found."""
