"""A report's facts for tests: small, whole, and easy to change one part of."""

from __future__ import annotations

from datetime import UTC, datetime

from evallake.report.facts import (
    Accounting,
    Example,
    Fact,
    HeatCell,
    HistogramBin,
    JobFacts,
    ReportFacts,
    Segment,
    SliceValue,
    Summary,
)
from evallake.report.values import CalibrationBin, Estimate, Threshold

NONE = Estimate(None)


def summary(**changed: object) -> Summary:
    values = {
        "examples": 100,
        "accuracy": Estimate(0.8, 0.71, 0.87, 100),
        "confidence": Estimate(0.9, None, None, 98),
        "gap": Estimate(0.1, 0.05, 0.15, 98),
        "ece": Estimate(0.11, 0.07, 0.15, 98),
        "ece_baseline": 0.03,
        "brier": 0.15,
        "auroc": Estimate(0.75, 0.65, 0.85, 98),
        "low_confidence": Estimate(0.1, 0.06, 0.17, 98),
        "overconfident": Estimate(0.12, 0.07, 0.2, 98),
        "schema_valid": Estimate(0.97, 0.91, 0.99, 100),
        "quality": NONE,
        "correctness_rule": "label:class",
        "confidence_name": "label_confidence",
    }
    return Summary(**{**values, **changed})


def example(text: str = "What about my order?") -> Example:
    return Example(
        example_id="k-0",
        query=text,
        gold=text,
        predicted=text,
        gold_label=text,
        predicted_label=None,
        confidence=0.98,
        error_category="json_format",
    )


def job(job_id: str = "job-1", **changed: object) -> JobFacts:
    values = {
        "job_id": job_id,
        "model_name": "nova-lite",
        "evaluated_at_utc": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        "facts": (Fact("Task", "gen_qa"),),
        "summary": summary(),
        "histogram": (HistogramBin(0.0, 0.5, 4, 6), HistogramBin(0.5, 1.0, 76, 12)),
        "calibration": (
            CalibrationBin(0.0, 0.5, 10, 0.4, Estimate(0.4, 0.17, 0.69)),
            CalibrationBin(0.5, 1.0, 88, 0.95, Estimate(0.86, 0.78, 0.92)),
        ),
        "slices": (
            SliceValue("difficulty", "hard", Estimate(0.5, 0.36, 0.64, 50), 0.85),
            SliceValue("difficulty", "easy", Estimate(0.98, 0.9, 1.0, 50), 0.95),
        ),
        "heat": (
            HeatCell("difficulty", "easy", "High", 50, 0.98),
            HeatCell("difficulty", "hard", "Low", 10, 0.4),
        ),
        "segments": (
            Segment("difficulty = hard", "critical", Estimate(0.5, 0.36, 0.64, 50), 0.85, True),
        ),
        "thresholds": (
            Threshold(0.99, 0.5, Estimate(1.0, 0.942, None, 50)),
            Threshold(0.1, 1.0, Estimate(0.82, 0.74, None, 98)),
        ),
        "error_categories": (("json_format", 3), ("content", 17)),
        "overconfident_errors": (example(),),
        "least_confident": (example(),),
        "accounting": Accounting(201, 100, 100, 0, 1),
        "findings": (("examples_missing", "3 examples were not found"),),
        "low_confidence_limit": 0.7,
    }
    return JobFacts(**{**values, **changed})


def report(*jobs: JobFacts) -> ReportFacts:
    moment = datetime(2026, 1, 3, tzinfo=UTC)
    return ReportFacts("/data/lake", moment, moment, "0.1.0", jobs)
