"""PASS, FAIL or INCONCLUSIVE: pure arithmetic over any number of rules (and simulated pairs).

With delta oriented so that up is better and a tolerated drop m > 0, a rule

    FAILs    if the Holm-adjusted one-sided p for "delta >= -m" is at most 5 %,
    PASSes   if the one-sided 95 % lower bound of delta lies above -m (intersection-union,
             Berger 1982: no adjustment, since all rules have to pass),
    is INCONCLUSIVE otherwise.

The test is Student's on clusters of keys, repeats averaged first. Two things are added where t is
known to promise too much. Rare losses make the mean's spread grow with its drop, and a sample that
happens to hold few of them looks too safe: the spread is taken at the tested value, not at the one
seen, to first order by the sample's skewness (for plain losses that is the score interval, as
Wilson's and Tango's are). And where there are fewer than `MIN_CLUSTERS` clusters, or hardly any of
them changed, exact tests take over. Where the numbers come from, and what is printed, is decided
elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from evallake.gate.betting import log_capital
from evallake.gate.samples import Clusters, Doubles, Moments

ALPHA = 0.05
T_SHARE = 0.95
"""Of alpha, for a PASS by t; the rest is for what t gets wrong about answers that are right or
wrong, and about rare losses: without it 5.15 % of such rules pass at a drop of exactly m."""
POWER = 0.8
MIN_CLUSTERS = 10
BINOMIAL_SHARE = 0.8
"""Of alpha, for the count of losses in an exact PASS; the rest is for the bet."""

Flags = npt.NDArray[np.bool_]

PASS, FAIL, INCONCLUSIVE = "PASS", "FAIL", "INCONCLUSIVE"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One-sided p-values of each rule, and the bounds that go with them."""

    p_drop: Doubles
    """For "delta >= -m": small where the drop is larger than tolerated."""
    p_safe: Doubles
    """For "delta <= -m": small where it is not; at most 5 % is a PASS. Of t, over `T_SHARE`."""
    lower: Doubles
    """One-sided 95 % lower bound of delta, above -m with a PASS; nan where an exact test was used."""
    upper: Doubles
    """One-sided 95 % upper bound of delta."""


def needs_exact(moments: Moments) -> Flags:
    """Rules for which t knows too little.

    Fewer than ten clusters; no spread; or almost nothing changed: fewer than ten clusters, and
    fewer than half of them.
    """
    sparse = moments.changed < np.minimum(MIN_CLUSTERS, moments.clusters / 2)
    return (moments.clusters < MIN_CLUSTERS) | sparse | ~(moments.stderr > 0)


def t_evidence(moments: Moments, tolerance: Doubles) -> Evidence:
    """Student's t on clusters, the spread taken at the tested value; see the module."""
    with np.errstate(divide="ignore", invalid="ignore"):
        df = moments.clusters - 1
        variance = moments.stderr**2
        slope = moments.third / variance
        # a FAIL is guarded by Holm as well: there the plain third moment does, and costs less power
        plain = slope * df * (moments.clusters - 2) / moments.clusters**2
        margin = moments.delta + tolerance
        # the spread at the tested value, where skewness makes it larger than the one seen
        safe = margin / np.sqrt(variance + np.maximum(-slope, 0) * np.maximum(margin, 0))
        drop = -margin / np.sqrt(variance + np.maximum(plain, 0) * np.maximum(-margin, 0))
        below, above = special.stdtrit(df, 1 - T_SHARE * ALPHA), special.stdtrit(df, 1 - ALPHA)
        return Evidence(
            p_drop=special.stdtr(df, -drop),
            p_safe=np.minimum(special.stdtr(df, -safe) / T_SHARE, 1.0),
            lower=moments.delta - _reach(below, variance, np.maximum(-slope, 0)),
            upper=moments.delta + _reach(above, variance, np.maximum(plain, 0)),
        )


def _reach(quantile: Doubles, variance: Doubles, slope: Doubles) -> Doubles:
    """x with x = quantile * sqrt(variance + slope * x): how far the bound is from delta."""
    half = quantile**2 * slope / 2
    return half + np.sqrt(half**2 + quantile**2 * variance)


def exact_evidence(clusters: Clusters, tolerance: float, span: float) -> tuple[float, float]:
    """(p_drop, p_safe) that hold for any number of clusters and any distribution.

    For a drop: a bet on the clusters. For safety, the better of two at 4/5 and 1/5 of the level: a
    mean drop of m needs at least the share m / span of clusters to lose, so the number of losing
    clusters is compared with that binomial; and a bet.

    Args:
        clusters: oriented totals and sizes.
        tolerance: m, on the metric's scale.
        span: no difference can be larger than this; nan where the metric's range is not known,
            and then nothing can be said.
    """
    number = float(np.sum(clusters.counts))
    if not span > 0 or number == 0:
        return 1.0, 1.0
    largest = float(np.max(clusters.sizes))
    margins = clusters.totals + tolerance * clusters.sizes
    p_drop = _p_of_bet(-margins, clusters.counts, largest * (span + tolerance))
    if tolerance >= span:
        return p_drop, 0.0
    if np.all(clusters.sizes == largest):
        losses = float(np.sum(clusters.counts[clusters.totals < 0]))
        # up to 1e-12, P(at most so many of `number` lose) if each does with probability m / span
        counted = float(special.bdtr(losses, int(number), tolerance / span))
    else:
        counted = 1.0  # clusters of different sizes weigh differently: only the bet knows
    bet = _p_of_bet(margins, clusters.counts, largest * (span - tolerance))
    return p_drop, min(1.0, counted / BINOMIAL_SHARE, bet / (1 - BINOMIAL_SHARE))


def _p_of_bet(values: Doubles, counts: Doubles, floor: float) -> float:
    return float(min(1.0, np.exp(-min(log_capital(values, counts, floor), 700.0))))


def betting_evidence(clusters: Clusters, tolerance: float, span: float) -> tuple[float, float]:
    """(p_drop, p_safe) that hold however often one looks: the inverse of the capital of two bets."""
    if not span > 0 or float(np.sum(clusters.counts)) == 0:
        return 1.0, 1.0
    largest = float(np.max(clusters.sizes))
    margins = clusters.totals + tolerance * clusters.sizes
    p_drop = _p_of_bet(-margins, clusters.counts, largest * (span + tolerance))
    if tolerance >= span:
        return p_drop, 0.0
    return p_drop, _p_of_bet(margins, clusters.counts, largest * (span - tolerance))


def betting_bounds(clusters: Clusters, span: float) -> tuple[float, float]:
    """The always-valid one-sided 95 % bounds of delta, to a ten-thousandth of the span."""
    if not span > 0 or float(np.sum(clusters.counts)) == 0:
        return np.nan, np.nan
    delta = float(clusters.counts @ clusters.totals / (clusters.counts @ clusters.sizes))

    def bound(sign: float) -> float:
        # how far below delta (sign 1) or above it (sign -1) the bet reaches 1 / alpha
        outside, inside = sign * delta + span, 0.0
        while outside - inside > 1e-4 * span:
            reach = (outside + inside) / 2
            tested = delta - sign * reach
            margins = sign * (clusters.totals - tested * clusters.sizes)
            floor = float(np.max(clusters.sizes)) * (span + sign * tested)
            sure = log_capital(margins, clusters.counts, floor) >= np.log(1 / ALPHA)
            outside, inside = (reach, inside) if sure else (outside, reach)
        return delta - sign * outside

    return bound(1.0), bound(-1.0)


def holm(p: Doubles) -> Doubles:
    """Holm's adjusted p-values over the last axis; nan (a rule that was not tested) stays out."""
    tested = ~np.isnan(p)
    order = np.argsort(np.where(tested, p, np.inf), axis=-1)
    ranked = np.take_along_axis(p, order, axis=-1)
    left = np.sum(tested, axis=-1, keepdims=True) - np.arange(p.shape[-1])
    stepped = np.minimum(np.fmax.accumulate(ranked * np.maximum(left, 1), axis=-1), 1.0)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, stepped, axis=-1)
    return np.where(tested, adjusted, np.nan)


def verdicts(p_drop: Doubles, p_safe: Doubles) -> tuple[npt.NDArray[np.str_], Doubles]:
    """Each rule's verdict, and Holm's adjusted p for its drop; nan means that it was not tested."""
    adjusted = holm(p_drop)
    found = np.full(p_drop.shape, INCONCLUSIVE)
    found = np.where(p_safe <= ALPHA, PASS, found)
    return np.where(adjusted <= ALPHA, FAIL, found), adjusted


def overall(found: list[str], required: list[bool]) -> str:
    """Any FAIL, else any INCONCLUSIVE on a required rule, else PASS."""
    if FAIL in found:
        return FAIL
    open_rules = [v == INCONCLUSIVE and must for v, must in zip(found, required, strict=True)]
    return INCONCLUSIVE if any(open_rules) else PASS
