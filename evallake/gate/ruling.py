"""From sums to the result of every rule: which test it gets, its verdict, and what it could have seen.

The arithmetic is `deciding`'s and `planning`'s; here raw sums (candidate minus baseline) are turned
so that above 0 is better.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from evallake.gate import deciding
from evallake.gate.planning import detectable_drop, needed_pairs
from evallake.gate.resolving import place_of
from evallake.gate.results import RuleResult
from evallake.gate.rules import Rule
from evallake.gate.samples import Clusters, Moments
from evallake.gate.sums import Place


def decide(
    rules: list[Rule],
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
            moments[place_of(rule)] if is_tested else None,
            clusters.get(place_of(rule)),
            repeated_looks=repeated_looks,
        )
        for rule, is_tested in zip(rules, tested, strict=True)
    ]
    verdicts, adjusted = deciding.verdicts(
        np.array([e.p_drop for e in found]), np.array([e.p_safe for e in found])
    )
    level = deciding.ALPHA / max(sum(tested), 1)
    return [
        _result(rule, moments.get(place_of(rule)), e, str(verdict), float(p), level=level)
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
