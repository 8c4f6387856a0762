"""Facts of pairs, judges and the audit for tests: small, whole, and easy to change one part of."""

from __future__ import annotations

from evallake.report.judge_facts import AuditFacts, AuditFinding, Criterion, JudgeFacts, Votes
from evallake.report.pair_facts import ChangedExample, Delta, PairFacts, SliceDelta
from evallake.report.values import (
    CalibrationBin,
    Estimate,
    Recalibration,
    Routing,
    Threshold,
)

NONE = Estimate(None)


def delta(**changed: object) -> Delta:
    values = {
        "metric": "correctness",
        "kind": "correctness",
        "baseline": 0.8,
        "candidate": 0.75,
        "delta": Estimate(-0.05, -0.08, -0.02, 400),
        "scale_max": 1.0,
        "clusters": 400,
        "p_value": 0.001,
        "q_value": 0.003,
        "p_method": "t",
        "verdict": "worse",
        "detectable": 0.043,
        "wins": 10,
        "ties": 360,
        "losses": 30,
        "needed_pairs": 900,
        "tolerance": 0.02,
    }
    return Delta(**{**values, **changed})


def slice_delta(**changed: object) -> SliceDelta:
    values = {
        "key": "difficulty",
        "value": "hard",
        "metric": "correctness",
        "delta": Estimate(-0.2, -0.3, -0.1, 80),
        "scale_max": 1.0,
        "baseline": 0.7,
        "candidate": 0.5,
        "q_value": 0.01,
        "verdict": "worse",
        "is_worse": True,
    }
    return SliceDelta(**{**values, **changed})


def changed_example(text: str = "What about my order?") -> ChangedExample:
    return ChangedExample(
        example_id="k-1",
        query=text,
        gold=text,
        baseline_answer=text,
        candidate_answer=text,
        gold_label=text,
        baseline_label=text,
        candidate_label=text,
        baseline_confidence=0.9,
        candidate_confidence=None,
    )


def pair(**changed: object) -> PairFacts:
    values = {
        "baseline_job_id": "job-1",
        "candidate_job_id": "job-2",
        "baseline_model": "nova-lite",
        "candidate_model": "nova-micro",
        "reason": "named as baseline",
        "pairing_key": "example_key",
        "same_dataset": True,
        "same_scorer": True,
        "same_prompt": True,
        "same_inference": None,
        "overlap": 400,
        "baseline_only": 0,
        "candidate_only": 0,
        "finding": None,
        "deltas": (delta(), delta(metric="ece", kind="calibration", clusters=None)),
        "metrics_left_out": 0,
        "slices": (slice_delta(), slice_delta(value="easy", is_worse=False, verdict="better")),
        "slices_looked_at": 24,
        "slices_worse": 3,
        "slices_better": 1,
        "regressed": (changed_example(),),
        "regressed_in_all": 30,
        "power": 0.8,
    }
    return PairFacts(**{**values, **changed})


def judge(**changed: object) -> JudgeFacts:
    values = {
        "job_id": "judge-1",
        "model_name": "nova-pro",
        "is_available": True,
        "prompts": 50,
        "votes": (
            Votes("all", "all", 60, 10, 28, 2, Estimate(0.68, 0.55, 0.79, 88)),
            Votes("domain", "billing", 6, 0, 2, 0, Estimate(0.75, 0.4, 0.93, 8)),
        ),
        "bradley_terry": Estimate(0.66, 0.55, 0.76, 98),
        "first_place": Estimate(0.08, 0.03, 0.13, 98),
        "consistency": Estimate(0.7, 0.56, 0.81, 48),
        "position_p": 0.002,
        "longer": Estimate(0.52, 0.42, 0.62, 88),
        "margin": NONE,
        "reported_votes": (60.0, 10.0, 28.0),
        "reported_rate": Estimate(0.68, 0.58, 0.77),
        "reported_errors": 2.0,
        "criteria": (),
        "criteria_left_out": 0,
    }
    return JudgeFacts(**{**values, **changed})


def criterion(name: str = "relevance") -> Criterion:
    return Criterion(
        name, "scale", 50, 0.4, Estimate(0.7), Estimate(0.6), Estimate(0.1, 0.02, 0.18, 50)
    )


def finding(**changed: object) -> AuditFinding:
    values = {
        "job_id": "job-1",
        "task": "custom|gen_qa|0",
        "metric": "bleu",
        "names": ("bleu_of_one_row",),
        "reported": 100.0,
        "recomputed": 41.2,
        "reported_stderr": None,
        "recomputed_stderr": 1.3,
        "examples": 400,
        "examples_expected": 402,
    }
    return AuditFinding(**{**values, **changed})


def audit(*findings: AuditFinding) -> AuditFacts:
    return AuditFacts(46, 44, len(findings), findings)


def recalibration(method: str = "isotonic") -> Recalibration:
    return Recalibration(
        method=method,
        is_chosen=True,
        parameters="",
        examples=400,
        ece_before=Estimate(0.12, 0.08, 0.14),
        ece_after=Estimate(0.02, 0.0, 0.04),
        ece_by_chance=0.023,
        brier_before=Estimate(0.17, 0.15, 0.19),
        brier_after=Estimate(0.15, 0.14, 0.16),
        bins=(
            CalibrationBin(0.6, 0.8, 100, 0.7, Estimate(0.72, 0.62, 0.8)),
            CalibrationBin(0.8, 1.0, 300, 0.9, Estimate(0.89, 0.85, 0.92)),
            CalibrationBin(0.0, 0.2, 0, 0.1, NONE),
        ),
    )


def routing(*, is_found: bool = True) -> Routing:
    if not is_found:
        return Routing(0.95, 300, "none found: too few examples", None)
    return Routing(0.95, 300, "found", Threshold(0.99, 0.5, Estimate(0.97, 0.955, None, 150)))
