"""A pair of jobs made ready to be drawn. Decides wording and order, counts nothing."""

from __future__ import annotations

from dataclasses import dataclass

from evallake.report.charts.deltas import DeltaChart, DeltaLine, deltas_chart
from evallake.report.pair_facts import Delta, PairFacts, SliceDelta
from evallake.report.pair_sentences import pair_flags, pair_sentences
from evallake.report.values import Estimate

METRICS = {
    "correctness": "correctness",
    "ece": "calibration error (ECE)",
    "auroc": "ranking by confidence (AUROC)",
    "bleu": "BLEU of the corpus",
}


@dataclass(frozen=True, slots=True)
class PairPage:
    """One pair; a chart is None where there is nothing to show."""

    facts: PairFacts
    baseline: str
    """What the heading calls it: its model, its job where both have the same."""
    candidate: str
    says: tuple[str, ...]
    flags: tuple[tuple[str, bool], ...]
    metrics: DeltaChart | None
    not_drawn: int
    """Metrics whose scale is not known (count): they are in the table alone."""
    slices: DeltaChart | None
    slice_metric: str


def pair_page(pair: PairFacts) -> PairPage:
    """What is shown of one pair."""
    lines = [line for line in map(_metric_line, pair.deltas) if line.delta.value is not None]
    known = sum(delta.delta.value is not None for delta in pair.deltas)
    slices = [line for line in map(_slice_line, pair.slices) if line.delta.value is not None]
    models = (pair.baseline_model, pair.candidate_model)
    is_told_apart = None not in models and models[0] != models[1]
    return PairPage(
        facts=pair,
        baseline=(is_told_apart and pair.baseline_model) or pair.baseline_job_id,
        candidate=(is_told_apart and pair.candidate_model) or pair.candidate_job_id,
        says=pair_sentences(pair),
        flags=pair_flags(pair),
        metrics=deltas_chart(lines) if lines else None,
        not_drawn=known - len(lines),
        slices=deltas_chart(slices) if slices else None,
        slice_metric=METRICS.get(pair.slices[0].metric, pair.slices[0].metric)
        if pair.slices
        else "",
    )


def _metric_line(delta: Delta) -> DeltaLine:
    label = METRICS.get(delta.metric, delta.metric)
    return DeltaLine("", label, _share(delta), delta.q_value, delta.verdict)


def _slice_line(item: SliceDelta) -> DeltaLine:
    heading = "got worse" if item.is_worse else "got better"
    label = f"{item.key} = {item.value}"
    return DeltaLine(heading, label, _share(item), item.q_value, item.verdict)


def _share(item: Delta | SliceDelta) -> Estimate:
    """The difference as a share of the metric's scale.

    Without a known scale a metric whose values lie in [0, 1] is taken to be a share already; any
    other has no place on a common axis.
    """
    d, scale = item.delta, item.scale_max
    if not scale:
        values = (item.baseline, item.candidate)
        if any(value is None or not 0 <= value <= 1 for value in values):
            return Estimate(None)
        scale = 1.0
    value, lower, upper = (
        None if end is None else end / scale for end in (d.value, d.lower, d.upper)
    )
    return Estimate(value, lower, upper, d.n)
