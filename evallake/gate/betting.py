"""Evidence by betting: capital that grows only if a mean of bounded numbers is above zero.

A gambler who bets on independent numbers x, none below -b, that their mean is above 0, multiplies
the capital by 1 + f * x / b, with f from 0 to 1. If the mean is not above 0 the capital is a
nonnegative supermartingale that starts at 1, so it ever reaches 1 / alpha with probability alpha
at most (Ville): the evidence holds however often and whenever one looks, for any distribution and
any number of clusters. Which share f of the capital is right is not known beforehand; the capital
is spread over a fixed grid (diversified Kelly, Waudby-Smith and Ramdas 2024), so the order in which
examples arrived does not matter. What the numbers mean is decided elsewhere.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

_CHUNK = 1 << 14


@cache
def stakes() -> tuple[Doubles, Doubles]:
    """Shares of the capital that are staked, in (0, 1], and how it is spread over them.

    Half lies evenly on (0, 1): best for few numbers. Half lies on powers of 1/sqrt(2), down to
    1/4096: best for many numbers and small effects.
    """
    nodes, weights = np.polynomial.legendre.leggauss(48)
    powers = 2.0 ** (-np.arange(25) / 2)
    shares = np.concatenate([(nodes + 1) / 2, powers])
    spread = np.concatenate([weights / 4, np.full(25, 0.5 / 25)])
    return shares, spread


def log_capital(values: Doubles, counts: Doubles, floor: float) -> float:
    """The logarithm of the capital after betting on every value, starting from 0.

    Args:
        values: the numbers; their independent mean is what the bet is about.
        counts: how often each occurred.
        floor: no value can be below -floor, seen or not; above 0.
    """
    shares, spread = stakes()
    values, counts = values[counts > 0], counts[counts > 0]
    grown = np.zeros(len(shares))
    with np.errstate(divide="ignore"):  # a stake that was lost whole has the logarithm -inf
        for start in range(0, len(values), _CHUNK):
            part = np.maximum(values[start : start + _CHUNK] / floor, -1.0)
            grown += counts[start : start + _CHUNK] @ np.log1p(np.outer(part, shares))
        top = float(np.max(grown))
        if top == -np.inf:
            return -np.inf
        return top + float(np.log(np.sum(spread * np.exp(grown - top))))
