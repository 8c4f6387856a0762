"""How often the intervals of two jobs' difference in calibration error and AUROC hold the truth.

    python -m benchmarks.simulate_pair_intervals            500 pairs of each kind and size
    python -m benchmarks.simulate_pair_intervals --quick    100 pairs

Two models answer the same examples: what makes one of them unsure makes the other unsure too, and
the truth is known from a million of their answers. The arithmetic is that of int_pair_calibration,
int_pair_ranking and int_pair_statistics in NumPy, which the tests hold equal to the models: Poisson
weights over 4 096 hash groups and a normal interval for calibration error, DeLong's components and
Student's t for AUROC. The descriptions of mart_model_deltas and a decision record keep the results.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import special, stats

Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SIZES = (60, 500, 2_000)
BINS = 15
GROUPS = 4_096
REPLICATES = 1_000
MIN_CLUSTERS = 10
CLEAR = 2.0
"""Noises from which on a gap stands clear of it."""
TRUTH = 1_000_000

CHANCES: dict[str, Callable[[Doubles], Doubles]] = {
    "calibrated": lambda p: p,
    "too sure": lambda p: 0.7 * p,
    "shifted": lambda p: np.clip(p - 0.1, 0, 1),
    "bent": lambda p: p**2,
}
"""Chance of being right, by confidence."""

KINDS = (
    ("calibrated", "calibrated"),
    ("too sure", "too sure"),
    ("calibrated", "too sure"),
    ("shifted", "calibrated"),
    ("bent", "shifted"),
)
"""Baseline and candidate."""


@dataclass(frozen=True, slots=True)
class Answers:
    """One job's confidences and verdicts, an element an example."""

    confidence: Doubles
    correct: Flags


def answers_of(kinds: tuple[str, str], size: int, random: np.random.Generator) -> list[Answers]:
    """Both jobs on the same examples; half of what decides an answer is the example's."""
    shared = random.normal(size=(2, size))
    answers = []
    for kind in kinds:
        own = (shared + random.normal(size=(2, size))) / np.sqrt(2)
        sure, luck = special.ndtr(own)
        confidence = np.round(1 - 10 ** (-3 * sure), 3)  # most of it near 1, with ties
        answers.append(Answers(confidence, luck < CHANCES[kind](confidence)))
    return answers


def gaps_of(answers: Answers, groups: npt.NDArray[np.int64], number: int) -> Doubles:
    """Confidence minus verdict, summed by group and bin."""
    bins = np.minimum((answers.confidence * BINS).astype(int), BINS - 1)
    place = groups * BINS + bins
    gaps = answers.confidence - answers.correct
    return np.bincount(place, gaps, number * BINS).reshape(number, BINS)


@cache
def poisson_weights() -> Doubles:
    """How often each group is drawn in each replicate: the same for all pairs, as in the tables."""
    return np.random.default_rng(0).poisson(1.0, (REPLICATES, GROUPS)).astype(float)


def calibration(pair: list[Answers], random: np.random.Generator) -> tuple[float, float, float]:
    """The difference of the calibration errors, and how far its interval reaches below and above."""
    size = len(pair[0].correct)
    present, groups = np.unique(random.integers(0, GROUPS, size), return_inverse=True)
    number = len(present)
    weights = poisson_weights()[:, present]
    drawn = weights @ np.bincount(groups)
    delta, replicates, lifts = 0.0, np.zeros(REPLICATES), []
    for answers, sign in zip(pair, (-1, 1), strict=True):
        gaps = gaps_of(answers, groups, number)
        total, noise = np.abs(gaps.sum(axis=0)), np.sqrt((gaps**2).sum(axis=0))
        delta += sign * float(total.sum()) / size
        replicates += sign * np.abs(weights @ gaps).sum(axis=1) / drawn
        # by how much chance can have lifted the error: not where a gap stands clear of the noise
        lifts.append(np.sqrt(2 / np.pi) * float(noise[total < CLEAR * noise].sum()) / size)
    spread = float(stats.norm.ppf(0.975) * replicates.std(ddof=1))
    return delta, spread + lifts[1], spread + lifts[0]


def ranking(pair: list[Answers]) -> tuple[float, float, float]:
    """The difference of the AUROCs, and how far its interval reaches; nan where it has none."""
    delta, influence, rarest = 0.0, np.zeros(len(pair[0].correct)), len(pair[0].correct)
    for answers, sign in zip(pair, (-1, 1), strict=True):
        area, own, rarer = influences(answers)
        delta, influence, rarest = delta + sign * area, influence + sign * own, min(rarest, rarer)
    if rarest < MIN_CLUSTERS:
        return delta, np.nan, np.nan
    half = float(stats.t.ppf(0.975, rarest - 1) * np.sqrt((influence**2).sum()))
    return delta, half, half


def influences(answers: Answers) -> tuple[float, Doubles, int]:
    """AUROC, how far each answer moves it, and how many answers there are of the rarer verdict."""
    right, wrong = answers.confidence[answers.correct], answers.confidence[~answers.correct]
    rarer = min(len(right), len(wrong))
    influence = np.zeros(len(answers.correct))
    if rarer < 2:
        return np.nan, influence, rarer
    ranks = stats.rankdata(answers.confidence)
    below = (ranks[answers.correct] - stats.rankdata(right)) / len(wrong)
    above = 1 - (ranks[~answers.correct] - stats.rankdata(wrong)) / len(right)
    area = float(below.mean())
    for own, share in ((answers.correct, below), (~answers.correct, above)):
        influence[own] = (share - area) / np.sqrt(len(share) * (len(share) - 1.0))
    return area, influence, rarer


def truth_of(kinds: tuple[str, str], random: np.random.Generator) -> tuple[float, float]:
    """The differences over a million examples."""
    pair = answers_of(kinds, TRUTH, random)
    everything = np.zeros(TRUTH, int)
    errors = [float(np.abs(gaps_of(a, everything, 1)).sum()) / TRUTH for a in pair]
    areas = [influences(answers)[0] for answers in pair]
    return errors[1] - errors[0], areas[1] - areas[0]


def coverage(kinds: tuple[str, str], size: int, *, pairs: int, seed: int) -> dict[str, float]:
    """Shares of pairs whose 95 % interval holds the truth; of AUROC, of those that have one."""
    random = np.random.default_rng(seed)
    truth = truth_of(kinds, random)
    held: dict[str, list[bool]] = {"ece": [], "auroc": []}
    for _ in range(pairs):
        pair = answers_of(kinds, size, random)
        found = (calibration(pair, random), ranking(pair))
        for name, true, (delta, below, above) in zip(held, truth, found, strict=True):
            if not np.isnan(below):
                held[name].append(delta - below <= true <= delta + above)
    shares = {name: float(np.mean(hits)) if hits else np.nan for name, hits in held.items()}
    return shares | {"with auroc": len(held["auroc"]) / pairs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of the pairs")
    pairs = 100 if parser.parse_args().quick else 500
    print(f"{pairs} pairs each: how often a 95 % interval holds the true difference")
    print(f"{'baseline, candidate':<24}{'examples':>9}{'ECE':>8}{'AUROC':>8}{'has one':>9}")
    for number, kinds in enumerate(KINDS):
        for size in SIZES:
            found = coverage(kinds, size, pairs=pairs, seed=100 * number + size)
            print(
                f"{', '.join(kinds):<24}{size:>9,}{found['ece']:>8.1%}{found['auroc']:>8.1%}"
                f"{found['with auroc']:>9.0%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
