"""What a comparison of this size can see: the drop it would find, and the n that would decide.

Both are computed from the tolerated drop and the standard error, never from the delta that was
seen: power at the observed effect says nothing that the p-value has not said (Hoenig and Heisey
2001).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import optimize, special

from evallake.gate.deciding import ALPHA, BINOMIAL_SHARE, MIN_CLUSTERS, POWER, T_SHARE

_PLACES = (np.arange(256) + 0.5) / 256


@lru_cache(maxsize=4096)
def detectable_stderrs(df: int, level: float, power: float = POWER) -> float:
    """How many standard errors a true effect must measure for a t test to find it.

    The standard error is itself an estimate: averaged over what it might have been, the power is
    `power`. With many degrees of freedom this is the sum of the two normal quantiles.

    Args:
        df: degrees of freedom, at least 1.
        level: one-sided.
        power: probability of finding it.
    """
    critical = float(special.stdtrit(df, 1 - level))
    # the estimated standard error, as a multiple of the true one
    estimates = np.sqrt(special.chdtri(df, 1 - _PLACES) / df)

    def missing(effect: float) -> float:
        found = 1 - special.nctdtr(df, effect * estimates, critical)
        return float(np.mean(found)) - power

    high = critical + 2.0
    while missing(high) < 0:
        high *= 1.5
    return float(optimize.brentq(missing, 0.0, high, xtol=1e-6))


def detectable_drop(
    tolerance: float, stderr: float, *, clusters: float, stride: float, level: float
) -> float:
    """The true drop that would FAIL with probability 80 % at this one-sided level.

    A larger drop is also more spread out: answers that change, change by whole strides. So the
    standard error is taken at the drop, where clusters that lose a stride have been added. Few
    clusters rarely show their longest strides; two of them are not counted on for that.
    """
    effect = detectable_stderrs(int(clusters) - 1, level) ** 2
    added = effect * stride / (clusters - 2)
    excess = (added + np.sqrt(added**2 + 4 * (effect * stderr**2 + added * tolerance))) / 2
    return float(tolerance + excess)


def needed_pairs(
    tolerance: float, stderr: float, *, pairs: float, clusters: float, span: float
) -> float:
    """Pairs with which a model that lost nothing would PASS with probability 80 %.

    Where nothing varied yet, as many as it takes when no cluster loses. nan where that is not
    known either.
    """
    if not stderr > 0:
        if not 0 < tolerance < span or clusters == 0:
            return np.nan
        needed = np.log(ALPHA * BINOMIAL_SHARE) / np.log1p(-tolerance / span)
        return float(np.ceil(needed * pairs / clusters))
    spread = stderr * np.sqrt(clusters)
    needed = 1e9
    for _ in range(50):
        df = max(int(np.ceil(needed)) - 1, 1)
        effect = _effect(min(df, 10_000_000))
        again = max((effect * spread / tolerance) ** 2, 2.0)
        if abs(again - needed) < 0.5:
            break
        needed = again
    return float(np.ceil(max(again, MIN_CLUSTERS) * pairs / clusters))


def _effect(df: int) -> float:
    """Noncentrality that a PASS by t finds with probability 80 %."""
    critical = float(special.stdtrit(df, 1 - T_SHARE * ALPHA))
    if df > 2000:
        return critical + float(special.ndtri(POWER))
    return float(special.nctdtrinc(df, 1 - POWER, critical))
