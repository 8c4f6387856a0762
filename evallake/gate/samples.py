"""Paired differences as a gate needs them: moments of clusters, and where needed the clusters.

Every number is oriented so that above 0 is better. Arrays may have any one shape, one element a
rule (or a rule of a simulated pair). Decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters of one rule, equal ones counted together."""

    totals: Doubles
    """Sum of the oriented differences of a cluster's keys."""
    sizes: Doubles
    """Keys in it."""
    counts: Doubles
    """Clusters like this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """What of a rule's clusters its t test needs."""

    pairs: Doubles
    """Keys that both jobs have (count)."""
    clusters: Doubles
    """Independent groups of keys (count)."""
    changed: Doubles
    """Clusters whose differences do not add up to 0 (count)."""
    delta: Doubles
    """Mean oriented difference; nan without pairs."""
    stderr: Doubles
    """Its clustered standard error (Miller 2024); nan with fewer than two clusters."""
    stride: Doubles
    """How much a cluster that changes changes by, per key: sum of |total|^3 over sum of total^2 of
    the clusters, by their mean size. 0 where none changed."""
    third: Doubles
    """Third cumulant of delta: sum over clusters of (their total - size * delta)^3 / pairs^3, with
    the factor C^2 / ((C - 1)(C - 2)) that keeps it unbiased; 0 with fewer than three clusters."""


def moments_of(totals: Doubles, sizes: Doubles, counts: Doubles | None = None) -> Moments:
    """Moments over the last axis: one cluster an element, of size 0 where there is none."""
    weight = (sizes > 0).astype(float) if counts is None else counts * (sizes > 0)
    weight, sizes = (np.broadcast_to(array, totals.shape) for array in (weight, sizes))
    pairs = np.sum(weight * sizes, axis=-1)
    clusters = np.sum(weight, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        delta = np.sum(weight * totals, axis=-1) / pairs
        rest = totals - sizes * delta[..., None]
        stderr = np.sqrt(clusters / (clusters - 1) * np.sum(weight * rest**2, axis=-1)) / pairs
    # what rounding leaves of equal differences is no spread
    scale = np.max(np.abs(totals), axis=-1, initial=0.0) / np.maximum(pairs, 1)
    stderr = np.where(stderr <= 1e-12 * scale, 0.0, stderr)
    cubes = np.sum(weight * np.abs(totals) ** 3, axis=-1)
    squares = np.sum(weight * totals**2, axis=-1)
    return Moments(
        pairs=pairs,
        clusters=clusters,
        changed=np.sum(weight * (totals != 0), axis=-1),
        delta=delta,
        stderr=np.where(clusters > 1, stderr, np.nan),
        stride=stride_of(cubes, squares, pairs=pairs, clusters=clusters),
        third=third_of(np.sum(weight * rest**3, axis=-1), pairs=pairs, clusters=clusters),
    )


def stride_of(cubes: Doubles, squares: Doubles, *, pairs: Doubles, clusters: Doubles) -> Doubles:
    """`Moments.stride` from sums over clusters of |total|^3 and total^2."""
    step = cubes / np.where(squares > 0, squares, 1.0)
    return step * clusters / np.where(pairs > 0, pairs, 1.0)


def third_of(cubes: Doubles, *, pairs: Doubles, clusters: Doubles) -> Doubles:
    """`Moments.third` from the sum over clusters of (their total - size * delta)^3."""
    enough = clusters > 2
    left = np.where(enough, (clusters - 1) * (clusters - 2), 1.0)
    factor = np.where(enough, clusters**2, 0.0) / left
    third: Doubles = factor * cubes / np.where(pairs > 0, pairs, 1.0) ** 3
    return third
