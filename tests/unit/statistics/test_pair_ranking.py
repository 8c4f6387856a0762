"""AUROC of two jobs and the error of its difference, from the model's own text, on both engines.

Against scikit-learn, against DeLong, DeLong and Clarke-Pearson's covariance, against Obuchowski's
sums written out pair by pair, and against a bootstrap of clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from tests.unit.statistics.fixtures import assert_agrees
from tests.unit.statistics.macros import ROOT

PAIRS = 1_200
MODEL = ROOT / "models/intermediate/comparison/int_pair_ranking.sql"


@dataclass(frozen=True, slots=True)
class Side:
    """One job's answers: confidence, verdict, and the cluster of each."""

    confidence: np.ndarray
    correct: np.ndarray
    cluster: np.ndarray


Drawn = list[tuple[Side, Side]]


def draw_pair(random: np.random.Generator, number: int) -> tuple[Side, Side]:
    """Two jobs on the same keys: ties, one example, all right, all wrong, repeats, clusters."""
    keys = (1, 2, 3, 8, 30, 90)[number % 6]
    cluster_of = np.arange(keys) // (3 if number % 4 == 1 else 1)
    difficulty = random.normal(size=keys)

    def side(shape: int) -> Side:
        repeats = random.integers(1, 4, keys) if number % 4 == 2 else np.ones(keys, int)
        key = np.repeat(np.arange(keys), repeats)
        skill = difficulty[key] + random.normal(size=len(key))
        correct = skill > random.choice([-1.5, 0, 1.5])
        if shape == 1:
            correct[:] = True
        elif shape == 2:
            correct[:] = False
        confidence = 1 / (1 + np.exp(-skill - random.normal(size=len(key))))
        if number % 5 == 1:
            confidence = np.round(confidence, 1)
        elif number % 5 == 2:
            confidence[:] = 0.5
        elif number % 5 == 3 and shape == 0:  # told apart without an error
            confidence = np.where(correct, 0.75, 0.25)
        return Side(confidence, correct, cluster_of[key])

    return side(number % 11), side(number % 13)


def as_table(drawn: Drawn) -> pa.Table:
    """Rows of int_pair_confidences; a cluster counts as one key, which only `pairs` is about."""
    sides = [
        (pair, flag, side) for pair, both in enumerate(drawn) for flag, side in enumerate(both)
    ]
    sizes = [len(side.correct) for *_, side in sides]
    clusters = np.concatenate([pair * 1000 + side.cluster for pair, _, side in sides])
    table = pa.table(
        {
            "pair_id": np.repeat([pair for pair, *_ in sides], sizes),
            "is_candidate": np.repeat([flag for _, flag, _ in sides], sizes),
            "cluster_number": clusters,
            "key_number": clusters,
            "confidence": np.concatenate([side.confidence for *_, side in sides]),
            "is_correct": np.concatenate([side.correct for *_, side in sides]),
        }
    )
    return table.take(pa.array(np.random.default_rng(0).permutation(table.num_rows)))


def ranked(run, drawn: Drawn) -> dict[str, np.ndarray]:
    sql = MODEL.read_text(encoding="utf-8")
    return run(
        f"select * from ({sql}) as r order by pair_id asc", int_pair_confidences=as_table(drawn)
    )


def area(side: Side, weight: np.ndarray | None = None) -> float:
    """Weighted AUROC, every right answer against every wrong one; nan unless both occur."""
    weight = np.ones(len(side.correct)) if weight is None else weight
    right, wrong = side.correct, ~side.correct
    total = weight[right].sum() * weight[wrong].sum()
    if total == 0:
        return np.nan
    gap = side.confidence[right][:, None] - side.confidence[wrong][None, :]
    wins = (gap > 0) + 0.5 * (gap == 0)
    return float(weight[right] @ wins @ weight[wrong] / total)


def rarest(both: tuple[Side, Side]) -> list[int]:
    """Clusters with a right answer and with a wrong one, of both jobs (counts)."""
    return [
        len(np.unique(side.cluster[own])) for side in both for own in (side.correct, ~side.correct)
    ]


def obuchowski(both: tuple[Side, Side]) -> float:
    """The standard error of the difference, cluster by cluster, from all pairs of answers."""
    clusters = np.unique(both[0].cluster)
    if min(rarest(both)) < 2:
        return np.nan
    influence = np.zeros(len(clusters))
    for side, sign in zip(both, (-1, 1), strict=True):
        gap = side.confidence[side.correct][:, None] - side.confidence[~side.correct][None, :]
        wins = (gap > 0) + 0.5 * (gap == 0)
        for axis, own in ((1, side.correct), (0, ~side.correct)):
            count = len(np.unique(side.cluster[own]))
            rest = wins.mean(axis=axis) - wins.mean()
            sums = np.array([rest[side.cluster[own] == c].sum() for c in clusters])
            influence += sign * np.sqrt(count / (count - 1)) * sums / own.sum()
    return float(np.sqrt((influence**2).sum()))


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    random = np.random.default_rng(60)
    return [draw_pair(random, number) for number in range(PAIRS)]


def test_every_area_and_every_error_of_a_thousand_pairs(run, drawn: Drawn) -> None:
    got = ranked(run, drawn)
    assert got["pair_id"].tolist() == list(range(PAIRS))
    for column, side in (("baseline_auroc", 0), ("candidate_auroc", 1)):
        assert_agrees(got[column], np.array([area(both[side]) for both in drawn]))
    assert_agrees(got["delta_stderr"], np.array([obuchowski(both) for both in drawn]))
    assert got["rarest_clusters"].tolist() == [min(rarest(both)) for both in drawn]
    assert (got["delta_stderr"] > 0).sum() > PAIRS / 6


def test_scikit_learn_says_the_same(drawn: Drawn) -> None:
    for both in drawn[::25]:
        for side in both:
            if 0 < side.correct.sum() < len(side.correct):
                expected = roc_auc_score(side.correct, side.confidence)
                assert area(side) == pytest.approx(expected, abs=1e-12)


def test_with_the_same_verdicts_it_is_delongs_test(run) -> None:
    """Two readings of the same cases: the covariance of DeLong, DeLong and Clarke-Pearson (1988)."""
    random = np.random.default_rng(61)
    pairs, expected = [], []
    for size in (20, 50, 200):
        correct = random.random(size) < 0.6
        scores = np.round(correct + random.normal(size=(2, size)), 1)
        pairs.append(tuple(Side(score, correct, np.arange(size)) for score in scores))
        gaps = scores[:, correct, None] - scores[:, None, ~correct]
        wins = (gaps > 0) + 0.5 * (gaps == 0)
        covariance = np.cov(wins.mean(axis=2)) / correct.sum()
        covariance += np.cov(wins.mean(axis=1)) / (~correct).sum()
        expected.append(np.sqrt(np.array([-1, 1]) @ covariance @ np.array([-1, 1])))
    got = ranked(run, pairs)
    assert_agrees(got["delta_stderr"], np.array(expected))


def test_a_bootstrap_of_clusters_finds_about_the_same_error(run) -> None:
    random = np.random.default_rng(62)
    pairs = [draw_pair(random, number) for number in (11, 5, 10)]  # ties, clusters, repeats
    got = ranked(run, pairs)
    for both, error in zip(pairs, got["delta_stderr"], strict=True):
        clusters = len(np.unique(both[0].cluster))
        deltas = []
        for _ in range(600):
            drawn = random.poisson(1, clusters)
            base, new = (area(side, drawn[side.cluster]) for side in both)
            deltas.append(new - base)
        assert error == pytest.approx(np.nanstd(deltas, ddof=1), rel=0.2)
