"""A gate from two job ids to a verdict: rules made concrete, sums read, decided, planned.

Holds the order of the steps; the reading is `reading`'s, the deciding `deciding`'s.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from evallake.config import Config
from evallake.errors import ComparisonError, RulesError
from evallake.gate import deciding
from evallake.gate.planning import detectable_drop, needed_pairs
from evallake.gate.reading import (
    COMPARABLE,
    Metric,
    Place,
    read_clusters,
    read_metrics,
    read_moments,
    read_pair,
    read_slices,
)
from evallake.gate.rules import ALL, EACH, Rule, unknown
from evallake.gate.samples import Clusters, Moments

LARGEST_KEY = 50
"""Values of a slice key up to which rules that nobody wrote watch each of them."""


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


def run_gate(
    config: Config,
    baseline: str,
    candidate: str,
    *,
    rules: tuple[Rule, ...],
    repeated_looks: bool = False,
    any_dataset: bool = False,
) -> GateResult:
    """Hold `candidate` against `baseline` by `rules`, from the published tables.

    Args:
        config: which tables.
        baseline: the job that must not be fallen short of.
        candidate: the job that is to replace it.
        rules: as read; slices `*` become a rule a value.
        repeated_looks: decide by betting, which stays valid however often one looks.
        any_dataset: compare what two different data sets have in common.

    Raises:
        NotBuiltError, UnknownJobError, ComparisonError: the pair cannot be had.
        RulesError: a rule names what the pair does not have.
    """
    pair = read_pair(config, baseline, candidate)
    if pair.is_same_dataset is False and not any_dataset:
        raise ComparisonError(
            f"the jobs were evaluated on different data sets, {pair.overlap:,} examples in common",
            where=f"{baseline} and {candidate}",
            do="to judge by those alone, add --any-dataset",
        )
    metrics = read_metrics(config, pair)
    concrete = resolve(rules, metrics, read_slices(config, pair))
    places = [_place(rule) for rule in concrete]
    moments = read_moments(config, pair, places)
    tested = [
        float(moments[place].pairs) >= rule.min_n if place in moments else False
        for rule, place in zip(concrete, places, strict=True)
    ]
    exact = [
        place
        for place, is_tested in zip(places, tested, strict=True)
        if is_tested and (repeated_looks or bool(deciding.needs_exact(moments[place])))
    ]
    clusters = read_clusters(config, pair, exact) if exact else {}
    results = decide(
        concrete, metrics, moments, clusters, tested=tested, repeated_looks=repeated_looks
    )
    return GateResult(
        baseline=baseline,
        candidate=candidate,
        verdict=deciding.overall(
            [result.verdict for result in results], [result.is_required for result in results]
        ),
        overlap=pair.overlap,
        finding=pair.finding,
        is_for_repeated_looks=repeated_looks,
        rules=tuple(results),
    )


def _place(rule: Rule) -> Place:
    return rule.metric, rule.slice_key, rule.slice_value


def resolve(
    rules: Iterable[Rule], metrics: Mapping[str, Metric], slices: Mapping[str, list[str]]
) -> list[Rule]:
    """Rules with a known metric, direction and span, and one slice each.

    Raises:
        RulesError: a metric or slice that the pair does not have, or one that no test fits.
    """
    usable = {name for name, metric in metrics.items() if metric.pairs > 0}
    concrete: list[Rule] = []
    for rule in rules:
        if rule.metric not in usable:
            raise unknown("metric", rule.metric, usable, where=rule.where)
        metric = metrics[rule.metric]
        if metric.aggregation not in COMPARABLE:
            raise RulesError(
                f"{rule.metric} is no mean of examples (the jobs report its {metric.aggregation}),"
                " so no test of this gate fits it",
                where=rule.where,
                do="mart_model_deltas compares it where that can be done; choose another metric",
            )
        better = rule.higher_is_better
        if better is None:
            better = metric.is_higher_better
        if better is None:
            raise RulesError(
                f"nothing says whether more {rule.metric} is better",
                where=rule.where,
                do="add higher_is_better: true or false to the rule",
            )
        span = rule.span if rule.span is not None else metric.scale_max
        known = replace(rule, higher_is_better=better, span=span)
        concrete += [
            replace(known, slice_key=key, slice_value=value)
            for key, value in _slices_of(rule, slices)
        ]
    # what two rules name stands with the first: key = value before key = *
    named: dict[Place, Rule] = {}
    for rule in concrete:
        named.setdefault(_place(rule), rule)
    return list(named.values())


def _slices_of(rule: Rule, slices: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    if rule.slice_key == ALL:
        return [(ALL, ALL)]
    if rule.slice_key == EACH:
        return [
            (key, value)
            for key, values in slices.items()
            if len(values) <= LARGEST_KEY
            for value in values
        ]
    if rule.slice_key not in slices:
        raise unknown("slice", rule.slice_key, slices, where=rule.where)
    values = slices[rule.slice_key]
    if rule.slice_value == EACH:
        return [(rule.slice_key, value) for value in values]
    if rule.slice_value not in values:
        raise unknown(f"value of {rule.slice_key}", rule.slice_value, values, where=rule.where)
    return [(rule.slice_key, rule.slice_value)]


def decide(
    rules: list[Rule],
    metrics: Mapping[str, Metric],
    moments: Mapping[Place, Moments],
    clusters: Mapping[Place, Clusters],
    *,
    tested: list[bool],
    repeated_looks: bool,
) -> list[RuleResult]:
    """The result of every rule, from raw sums (candidate minus baseline)."""
    found = [
        _evidence(
            rule,
            moments[_place(rule)] if is_tested else None,
            clusters.get(_place(rule)),
            repeated_looks=repeated_looks,
        )
        for rule, is_tested in zip(rules, tested, strict=True)
    ]
    verdicts, adjusted = deciding.verdicts(
        np.array([e.p_drop for e in found]), np.array([e.p_safe for e in found])
    )
    level = deciding.ALPHA / max(sum(tested), 1)
    return [
        _result(rule, moments.get(_place(rule)), e, str(verdict), float(p), level=level)
        for rule, e, verdict, p in zip(rules, found, verdicts, adjusted, strict=True)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    p_drop: float
    p_safe: float
    lower: float
    upper: float
    method: str


def _evidence(
    rule: Rule, moments: Moments | None, clusters: Clusters | None, *, repeated_looks: bool
) -> _Found:
    if moments is None:
        nan = math.nan
        return _Found(p_drop=nan, p_safe=nan, lower=nan, upper=nan, method="none")
    sign = 1.0 if rule.higher_is_better else -1.0
    span = rule.span if rule.span is not None else math.nan
    if clusters is not None:
        oriented = Clusters(sign * clusters.totals, clusters.sizes, clusters.counts)
        if repeated_looks:
            drop, safe = deciding.betting_evidence(oriented, rule.max_drop, span)
            lower, upper = deciding.betting_bounds(oriented, span)
            return _Found(p_drop=drop, p_safe=safe, lower=lower, upper=upper, method="betting")
        drop, safe = deciding.exact_evidence(oriented, rule.max_drop, span)
        return _Found(p_drop=drop, p_safe=safe, lower=math.nan, upper=math.nan, method="exact")
    turned = replace(moments, delta=sign * moments.delta, third=sign * moments.third)
    evidence = deciding.t_evidence(turned, np.array(rule.max_drop))
    return _Found(
        p_drop=float(evidence.p_drop),
        p_safe=float(evidence.p_safe),
        lower=float(evidence.lower),
        upper=float(evidence.upper),
        method="t",
    )


def _result(
    rule: Rule,
    moments: Moments | None,
    found: _Found,
    verdict: str,
    adjusted: float,
    *,
    level: float,
) -> RuleResult:
    sign = 1.0 if rule.higher_is_better else -1.0
    pairs = float(moments.pairs) if moments is not None else 0.0
    clusters = float(moments.clusters) if moments is not None else 0.0
    stderr = float(moments.stderr) if moments is not None else math.nan
    span = rule.span if rule.span is not None else math.nan
    detectable = math.nan
    if moments is not None and found.method == "t":
        detectable = detectable_drop(
            rule.max_drop,
            stderr,
            clusters=clusters,
            stride=float(moments.stride),
            level=level,
        )
    needed = math.nan
    if verdict == deciding.INCONCLUSIVE and clusters > 0:
        needed = needed_pairs(rule.max_drop, stderr, pairs=pairs, clusters=clusters, span=span)
    note = None
    if pairs < rule.min_n:
        note = f"needs {rule.min_n:,} common examples, has {pairs:,.0f}"
    elif found.method in ("exact", "betting") and not span > 0:
        note = "the metric's range is not known: give the rule a range, as in range: [0, 1]"
    return RuleResult(
        title=rule.title,
        metric=rule.metric,
        slice=rule.slice_name,
        is_required=rule.is_required,
        max_drop=rule.max_drop,
        verdict=verdict,
        pairs=int(pairs),
        clusters=int(clusters),
        delta=_known(sign * float(moments.delta)) if moments is not None else None,
        stderr=_known(stderr),
        lower=_known(found.lower),
        upper=_known(found.upper),
        p_drop=_known(found.p_drop),
        p_drop_holm=_known(adjusted),
        p_safe=_known(found.p_safe),
        method=found.method,
        pairs_to_decide=None if math.isnan(needed) else int(max(needed, rule.min_n)),
        detectable_drop=_known(detectable),
        note=note,
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
