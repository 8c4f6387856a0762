"""Slow and obvious versions of the calibration and ranking statistics, to compare with."""

from __future__ import annotations

import numpy as np
from scipy import stats

BINS = 15
EDGES = np.arange(BINS) / BINS


def equal_width(confidence: np.ndarray) -> np.ndarray:
    """Bin [k/15, (k+1)/15), the last one closed."""
    return np.searchsorted(EDGES, confidence, side="right") - 1


def equal_mass(confidence: np.ndarray) -> np.ndarray:
    """The bin in which the middle of each block of ties lies."""
    n = len(confidence)
    bins = np.empty(n, int)
    for value in np.unique(confidence):
        tied = confidence == value
        below = int(np.sum(confidence < value))
        bins[tied] = BINS * (2 * below + int(tied.sum())) // (2 * n)
    return bins


def calibration(bins: np.ndarray, p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """ECE and its kin, one bin after the other."""
    n, ece, square, mce, baseline, debiased, unbiased = len(p), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for b in np.unique(bins):
        pb, yb = p[bins == b], y[bins == b]
        gap, weight, v = yb.mean() - pb.mean(), len(pb) / n, yb.mean() * (1 - yb.mean())
        ece += weight * abs(gap)
        square += weight * gap**2
        mce = max(mce, abs(gap))
        baseline += np.sqrt(2 / np.pi) * np.sqrt(np.sum(pb * (1 - pb))) / n
        spread = np.sqrt(v / len(pb))
        expected = stats.foldnorm.mean(abs(gap) / spread, scale=spread) if v > 0 else abs(gap)
        debiased += weight * (2 * abs(gap) - expected)
        unbiased += weight * (gap**2 - (v / (len(pb) - 1) if len(pb) > 1 else 0))
    return {
        "ece": ece,
        "rmsce": np.sqrt(square),
        "mce": mce,
        "ece_baseline": baseline,
        "ece_debiased": max(debiased, 0),
        "squared_error_debiased": unbiased,
    }


def brier_parts(bins: np.ndarray, p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Murphy's parts and the two that are left within bins."""
    n = len(p)
    found = dict.fromkeys(("reliability", "resolution", "variance", "covariance"), 0.0)
    for b in np.unique(bins):
        pb, yb = p[bins == b], y[bins == b]
        found["reliability"] += len(pb) * (pb.mean() - yb.mean()) ** 2 / n
        found["resolution"] += len(pb) * (yb.mean() - y.mean()) ** 2 / n
        found["variance"] += np.sum((pb - pb.mean()) ** 2) / n
        found["covariance"] += 2 * np.sum((yb - yb.mean()) * (pb - pb.mean())) / n
    return {
        "brier_reliability": found["reliability"],
        "brier_resolution": found["resolution"],
        "brier_uncertainty": y.mean() * (1 - y.mean()),
        "brier_within_bin_variance": found["variance"],
        "brier_within_bin_covariance": found["covariance"],
    }


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's p values one after the other; statsmodels' own collects garbage at every call."""
    adjusted, largest = np.empty(len(p)), 0.0
    for place, row in enumerate(np.argsort(p)):
        largest = max(largest, (len(p) - place) * p[row])
        adjusted[row] = min(1.0, largest)
    return adjusted


def delong(p: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """AUROC and DeLong's standard error from all pairs of a correct and a wrong answer."""
    right, wrong = p[y == 1], p[y == 0]
    if not len(right) or not len(wrong):
        return np.nan, np.nan
    wins = (right[:, None] > wrong[None, :]) + 0.5 * (right[:, None] == wrong[None, :])
    if len(right) < 2 or len(wrong) < 2:
        return wins.mean(), np.nan
    variance = wins.mean(axis=1).var(ddof=1) / len(right) + wins.mean(axis=0).var(ddof=1) / len(
        wrong
    )
    return wins.mean(), np.sqrt(variance)


def averaged_errors(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Errors from the most confident down, every tie with its mean."""
    order = np.argsort(-p, kind="stable")
    p, error = p[order], 1.0 - y[order]
    for value in np.unique(p):
        error[p == value] = error[p == value].mean()
    return error


def area_under_risk(error: np.ndarray) -> float:
    """(1/n) * sum over k of errors(top k) / k."""
    return float(np.mean(np.cumsum(error) / np.arange(1, len(error) + 1)))


def risk_coverage(p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """AURC, its optimum, and accuracy at fixed coverages."""
    error = averaged_errors(p, y)
    optimum = area_under_risk(np.sort(1.0 - y))
    found = {"aurc": area_under_risk(error), "e_aurc": area_under_risk(error) - optimum}
    for share in (50, 80, 90, 95):
        kept = -(-share * len(p) // 100)
        found[f"accuracy_at_{share}_coverage"] = 1 - error[:kept].mean()
    return found
