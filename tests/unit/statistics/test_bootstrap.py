"""The bootstrap of a pair of jobs, replicate by replicate, against Python's own MD5 and NumPy."""

from __future__ import annotations

import hashlib

import duckdb
import numpy as np
import pytest
from sacrebleu.metrics.bleu import BLEU
from scipy import stats
from sklearn.metrics import roc_auc_score

from evallake.engines.duckdb import prepare
from tests.unit.statistics.comparing import Answer, compare
from tests.unit.statistics.estimates import rows_of
from tests.unit.statistics.reference import equal_width

KEYS = 120
REPLICATES = 200
EDGES = [24109, 48218, 60273, 64291, 65296, 65497, 65530, 65535]


@pytest.fixture(scope="module")
def compared():
    """A connection with the marts of one pair of jobs, their confidences, verdicts and BLEU counts.

    The first five answers have no counts in the candidate.
    """
    random = np.random.default_rng(50)
    confidence = random.beta(4, 2, (2, KEYS))
    correct = random.random((2, KEYS)) < confidence**1.5
    counts = np.array([_bleu_counts(random) for _ in range(2)])
    answers = [
        Answer(
            job=("base", "new")[side],
            key=f"k{key}",
            correct=bool(correct[side, key]),
            confidence=float(confidence[side, key]),
            bleu=counts[side, key].tolist() if side == 0 or key >= 5 else (),
        )
        for side in (0, 1)
        for key in range(KEYS)
    ]
    jobs = [{"job_id": name, "dataset_id": "d"} for name in ("base", "new")]
    with duckdb.connect() as connection:
        prepare(connection)
        compare(connection, answers, jobs, baselines=["base"], bootstrap_replicates=REPLICATES)
        yield connection, confidence, correct, counts


def _bleu_counts(random: np.random.Generator) -> np.ndarray:
    """What sacrebleu counts of made-up answers, in the order of comparing.BLEU_COUNTS."""
    words = np.array(["the", "cat", "sat", "on", "a", "mat", "and", "saw", "its", "own", "tail"])
    gold = [" ".join(random.choice(words, 9)) for _ in range(KEYS)]
    said = [
        " ".join(np.where(random.random(9) < 0.7, text.split(), random.choice(words, 9))[: 9 - cut])
        for text, cut in zip(gold, random.integers(0, 3, KEYS), strict=True)
    ]
    # lengths of answer and gold answer, then matching and possible n-grams
    counted = np.array(BLEU(force=True)._extract_corpus_statistics(said, [gold]))
    return np.concatenate([counted[:, 2:], counted[:, :2]], axis=1)


def _bleu(counts: np.ndarray) -> float:
    ordered = np.r_[counts[8:], counts[:8]].astype(int).tolist()
    return float(BLEU(force=True)._compute_score_from_stats(ordered).score)


def _weights(replicates: int = REPLICATES, keys: int = KEYS) -> np.ndarray:
    """Weight of each key in each replicate, from its hash group."""
    draws = np.empty((replicates, keys), int)
    for key in range(keys):
        group = int(hashlib.md5(f"k{key}".encode()).hexdigest()[:3], 16)
        for block in range(replicates // 8):
            digits = hashlib.md5(f"{block}|{group}".encode()).hexdigest()
            draws[8 * block : 8 * block + 8, key] = [
                int(digits[start : start + 4], 16) for start in range(0, 32, 4)
            ]
    return np.searchsorted(EDGES, draws, side="right")


def _error(confidence: np.ndarray, correct: np.ndarray, weights: np.ndarray) -> float:
    gaps = np.bincount(equal_width(confidence), weights=weights * (confidence - correct))
    return float(np.abs(gaps).sum() / weights.sum())


def test_replicates_are_those_of_the_hashes(compared) -> None:
    connection, confidence, correct, _ = compared
    weights = _weights()
    means = weights @ (correct[1] * 1.0 - correct[0]) / weights.sum(axis=1)
    errors = [
        _error(confidence[1], correct[1], w) - _error(confidence[0], correct[0], w) for w in weights
    ]
    for name, replicates in (("correctness", means), ("ece", np.array(errors))):
        [row] = rows_of(connection, f"select * from mart_model_deltas where metric_name = '{name}'")
        assert row["bootstrap_replicates"] == REPLICATES
        assert row["bootstrap_stderr"] == pytest.approx(replicates.std(ddof=1), abs=1e-8)
        lower, upper = np.quantile(replicates, [0.025, 0.975])
        assert row["bootstrap_lower"] == pytest.approx(lower, abs=1e-8)
        assert row["bootstrap_upper"] == pytest.approx(upper, abs=1e-8)


def test_calibration_error_of_the_pair_is_that_of_its_jobs(compared) -> None:
    connection, confidence, correct, _ = compared
    [row] = rows_of(connection, "select * from mart_model_deltas where metric_name = 'ece'")
    ones = np.ones(KEYS)
    assert row["baseline_value"] == pytest.approx(_error(confidence[0], correct[0], ones), abs=1e-8)
    assert row["candidate_value"] == pytest.approx(
        _error(confidence[1], correct[1], ones), abs=1e-8
    )
    assert (row["p_method"], row["pairs"], row["clusters"]) == ("bootstrap", KEYS, None)


def _lift(confidence: np.ndarray, correct: np.ndarray) -> float:
    """The most that chance can have added: the noise of bins whose gap is less than two of it."""
    groups = [int(hashlib.md5(f"k{key}".encode()).hexdigest()[:3], 16) for key in range(KEYS)]
    sums = np.zeros((4096, 15))
    np.add.at(sums, (groups, equal_width(confidence)), confidence - correct)
    noise = np.sqrt((sums**2).sum(axis=0))
    unclear = np.abs(sums.sum(axis=0)) < 2 * noise
    return float(np.sqrt(2 / np.pi) * noise[unclear].sum() / KEYS)


def test_the_interval_of_calibration_error_allows_for_what_chance_can_add(compared) -> None:
    connection, confidence, correct, _ = compared
    [row] = rows_of(connection, "select * from mart_model_deltas where metric_name = 'ece'")
    base, new = (_lift(confidence[side], correct[side]) for side in (0, 1))
    half = stats.norm.ppf(0.975) * row["bootstrap_stderr"]
    assert row["delta_lower"] == pytest.approx(row["delta"] - new - half, abs=1e-8)
    assert row["delta_upper"] == pytest.approx(row["delta"] + base + half, abs=1e-8)
    clear = max(row["delta"] - new, 0) + min(row["delta"] + base, 0)
    expected = 2 * stats.norm.sf(abs(clear) / row["bootstrap_stderr"])
    assert row["p_value"] == pytest.approx(expected, abs=1e-6)


def test_bleu_is_drawn_as_a_corpus(compared) -> None:
    connection, _, _, counts = compared
    [row] = rows_of(connection, "select * from mart_model_deltas where metric_name = 'bleu'")
    base, new = (_bleu(side[5:].sum(axis=0)) for side in counts)
    assert (row["metric_kind"], row["aggregation"], row["pairs"]) == ("corpus", "corpus", KEYS - 5)
    assert row["baseline_value"] == pytest.approx(base, rel=1e-12)
    assert row["candidate_value"] == pytest.approx(new, rel=1e-12)
    weights = _weights()[:, 5:]
    replicates = np.array(
        [_bleu(w @ counts[1, 5:]) - _bleu(w @ counts[0, 5:]) for w in weights], float
    )
    error = replicates.std(ddof=1)
    assert row["delta_stderr"] == pytest.approx(error, rel=1e-9)
    assert row["delta_upper"] - row["delta"] == pytest.approx(1.959963984540054 * error, rel=1e-9)
    lower, upper = np.quantile(replicates, [0.025, 0.975])
    assert row["bootstrap_lower"] == pytest.approx(lower, abs=1e-9)
    assert row["bootstrap_upper"] == pytest.approx(upper, abs=1e-9)
    assert row["p_method"] == "bootstrap"
    assert row["p_value"] == pytest.approx(2 * stats.norm.sf(abs(new - base) / error), rel=1e-9)


def test_auroc_stands_beside_with_an_error_of_its_own(compared) -> None:
    connection, confidence, correct, _ = compared
    [row] = rows_of(connection, "select * from mart_model_deltas where metric_name = 'auroc'")
    base, new = (roc_auc_score(correct[side], confidence[side]) for side in (0, 1))
    assert (row["p_method"], row["pairs"], row["clusters"]) == ("delong", KEYS, KEYS)
    assert (row["bootstrap_replicates"], row["wins"]) == (0, None)
    assert row["delta"] == pytest.approx(new - base, abs=1e-12)
    rarest = min(min(side.sum(), KEYS - side.sum()) for side in correct)
    half = stats.t.ppf(0.975, rarest - 1) * row["delta_stderr"]
    assert row["delta_upper"] - row["delta_lower"] == pytest.approx(2 * half, rel=1e-9)
    t = row["delta"] / row["delta_stderr"]
    assert row["p_value"] == pytest.approx(2 * stats.t.sf(abs(t), rarest - 1), rel=1e-9)


def test_over_many_clusters_the_error_is_the_formulas() -> None:
    """Within 2 % on average over metrics; each wavers by 1 / sqrt(2 replicates), which is 2.2 %."""
    weights = _weights(1_000, 1_000)
    differences = np.random.default_rng(51).normal(size=(1_000, 30))
    replicates = weights @ differences / weights.sum(axis=1)[:, None]
    formula = differences.std(axis=0, ddof=1) / np.sqrt(1_000)
    ratio = replicates.std(axis=0, ddof=1) / formula
    assert ratio.mean() == pytest.approx(1, abs=0.02)
    assert np.abs(ratio - 1).max() < 4 * 0.0224
