"""What the numbers of a job say, in sentences; the report and the terminal use the same ones.

Only what the data supports is said: differences smaller than their uncertainty are not called
differences.
"""

from __future__ import annotations

from evallake.report.facts import JobFacts
from evallake.report.values import Routing, Threshold

TARGETS = (0.99, 0.95, 0.90, 0.80)
"""Accuracies that people ask a threshold for, strictest first."""
WORTHWHILE = 0.25
"""Share of the examples from which on a threshold is worth a sentence."""


def job_sentences(job: JobFacts) -> tuple[str, ...]:
    """Three or four sentences: how right, how well calibrated, what a threshold buys, where it fails."""
    sentences = (_accuracy(job), _calibration(job), _threshold(job), _segment(job))
    return tuple(sentence for sentence in sentences if sentence)


def _accuracy(job: JobFacts) -> str | None:
    accuracy = job.summary.accuracy
    if accuracy.value is None:
        return (
            "Nothing says which answers are right: no label field in gold and no metric to go by."
        )
    bounds = (
        f" (95 % interval {accuracy.lower * 100:.1f} to {accuracy.upper * 100:.1f} %)"
        if accuracy.lower is not None and accuracy.upper is not None
        else ""
    )
    return f"{accuracy.value * 100:.1f} % of {accuracy.n or 0:,} answers are right{bounds}."


def _calibration(job: JobFacts) -> str | None:
    s = job.summary
    if s.gap.value is None or s.ece.value is None:
        return None
    points = s.gap.value * 100
    is_clear = s.gap.lower is not None and s.gap.upper is not None and s.gap.lower * s.gap.upper > 0
    if is_clear and abs(points) >= 1:
        way = "overstates" if points > 0 else "understates"
        return f"Its confidence {way} its accuracy by {abs(points):.1f} points."
    if s.ece.lower is not None and s.ece.lower > 0.02:
        return "On the whole confidence matches accuracy, but not at every level of confidence."
    return "Its confidence can be taken at its word: no miscalibration shows at this size."


def promises(job: JobFacts) -> tuple[tuple[float, Threshold], ...]:
    """For each target that the data supports, the threshold that answers most at it.

    Picking the best of many thresholds would promise too much. So they are tried in a fixed order
    (Learn then Test, Angelopoulos 2021): from the smallest share answered on, until the first whose
    exact lower bound misses the target. Shares too small to pass even without an error are left
    out beforehand, which depends on their size alone. A target that the routing test has spoken on
    is left to it: its folds were not looked at before, which makes it the better judge.
    """
    kept = []
    for target in TARGETS:
        if job.routing and (
            target == job.routing.promised
            or (target > job.routing.promised and job.routing.threshold is None)
        ):
            continue
        best = None
        for threshold in sorted(job.thresholds, key=lambda t: t.coverage):
            if 0.05 ** (1 / (threshold.accuracy.n or 1)) < target:  # the bound if all were right
                continue
            lower = threshold.accuracy.lower
            if lower is None or lower < target:
                break
            best = threshold
        if best is not None:
            kept.append((target, best))
    return tuple(kept)


def routing_sentence(routing: Routing) -> str:
    """What may be answered unseen at the accuracy asked for, or that nothing may, and why."""
    wanted = f"{routing.promised * 100:g} %"
    found = routing.threshold
    if found is None:
        why = routing.finding.partition(": ")[2]
        return f"For answers that are right at least {wanted} of the time: none found{why and ', '}{why}."
    exact = (
        f", at least {found.accuracy.lower * 100:.1f} % by its exact bound"
        if found.accuracy.lower is not None
        else ""
    )
    right = "" if found.accuracy.value is None else f"{found.accuracy.value * 100:.1f} % right"
    return (
        f"To answer alone and be right at least {wanted} of the time: from confidence "
        f"{found.threshold:.3g} on, {found.coverage * 100:.1f} % of the answers. On "
        f"{routing.tested_on:,} examples kept for the test they were {right}{exact}; the others go "
        "to a person. The promise is kept in 95 of 100 jobs, although the threshold was chosen."
    )


def _threshold(job: JobFacts) -> str | None:
    if not job.thresholds:
        return None
    kept = promises(job)
    if not kept:
        return f"No confidence makes the answers above it reliably {TARGETS[-1] * 100:.0f} % right."
    # the strictest that is worth having, else whatever answers most
    worthwhile = [promise for promise in kept if promise[1].coverage >= WORTHWHILE]
    target, best = worthwhile[0] if worthwhile else kept[-1]
    return (
        f"Answering only from confidence {best.threshold:.3g} on covers {best.coverage * 100:.1f} % of "
        f"the examples, and at least {target * 100:.0f} % of those are right."
    )


def _segment(job: JobFacts) -> str | None:
    worst = next((segment for segment in job.segments if segment.is_beyond_chance), None)
    if worst is None or worst.accuracy.value is None:
        return None
    return (
        f"It is weakest at {worst.name}: {worst.accuracy.value * 100:.1f} % right "
        f"in {worst.accuracy.n or 0:,} examples."
    )
