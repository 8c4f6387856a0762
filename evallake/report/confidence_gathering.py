"""From the published tables to what the report says of a job's confidence. Computes no estimate.

Each function gets `ask`, which answers the report's questions about one job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evallake.report import confidence_questions as questions
from evallake.report.rows import Row, estimate, on_top_of
from evallake.report.values import CalibrationBin, Estimate, Recalibration, Routing, Threshold

Ask = Callable[[str], list[Row]]


def calibration(ask: Ask) -> tuple[CalibrationBin, ...]:
    """The reliability diagram of the confidence as the model gave it."""
    return _bins(ask(questions.CALIBRATION))


def thresholds(ask: Ask) -> tuple[Threshold, ...]:
    """The curve of accuracy over the share answered, the strictest threshold first."""
    return tuple(
        Threshold(row["threshold"], row["coverage"], estimate(row, "accuracy"))
        for row in ask(questions.THRESHOLDS)
    )


def recalibration(ask: Ask) -> tuple[Recalibration, ...]:
    """What each method makes of the confidence; none where the job is too small to be fitted."""
    rows = ask(questions.RECALIBRATION)
    bins = ask(questions.RECALIBRATION_BINS) if rows else []
    return tuple(
        Recalibration(
            method=row["method"],
            is_chosen=row["is_chosen_method"],
            parameters=_parameters(row),
            examples=row["calibrated_examples"],
            ece_before=estimate(row, "ece_before"),
            ece_after=estimate(row, "ece_after"),
            ece_by_chance=row["ece_after_baseline"],
            brier_before=estimate(row, "brier_before"),
            brier_after=estimate(row, "brier_after"),
            bins=_bins(item for item in bins if item["method"] == row["method"]),
        )
        for row in rows
    )


def routing(ask: Ask) -> Routing | None:
    """The threshold that a promise was tested for; None without confidence."""
    rows = ask(on_top_of(questions.ROUTING, "routing_thresholds"))
    if not rows:
        return None
    (row,) = rows
    threshold = None
    if row["threshold"] is not None:
        accuracy = Estimate(
            row["accuracy"], row["accuracy_exact_lower"], None, row["accepted_examples"]
        )
        threshold = Threshold(row["threshold"], row["coverage"], accuracy)
    return Routing(
        row["promised_accuracy"], row["tested_on_examples"] or 0, row["finding"], threshold
    )


def _bins(rows: Iterable[Row]) -> tuple[CalibrationBin, ...]:
    return tuple(
        CalibrationBin(
            row["bin_lower"],
            row["bin_upper"],
            row["examples"],
            row["mean_confidence"],
            estimate(row, "accuracy"),
        )
        for row in rows
    )


def _parameters(row: Row) -> str:
    """What the folds fitted, in words; the steps of an isotonic fit are too many for a line."""
    if row["temperature"] is not None:
        return f"T {row['temperature']:.2f}"
    if row["platt_slope"] is not None:
        return f"slope {row['platt_slope']:.2f}, intercept {row['platt_intercept']:+.2f}"
    return ""
