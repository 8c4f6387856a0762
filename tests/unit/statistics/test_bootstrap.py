"""The bootstrap of a pair of jobs, replicate by replicate, against Python's own MD5 and NumPy."""

from __future__ import annotations

import hashlib

import duckdb
import numpy as np
import pytest

from evallake.engines.duckdb import prepare
from tests.unit.statistics.comparing import Answer, compare
from tests.unit.statistics.estimates import rows_of
from tests.unit.statistics.reference import equal_width

KEYS = 120
REPLICATES = 200
EDGES = [24109, 48218, 60273, 64291, 65296, 65497, 65530, 65535]


@pytest.fixture(scope="module")
def compared():
    """A connection with the marts of one pair of jobs, and their confidences and verdicts."""
    random = np.random.default_rng(50)
    confidence = random.beta(4, 2, (2, KEYS))
    correct = random.random((2, KEYS)) < confidence**1.5
    answers = [
        Answer(
            job=("base", "new")[side],
            key=f"k{key}",
            correct=bool(correct[side, key]),
            confidence=float(confidence[side, key]),
        )
        for side in (0, 1)
        for key in range(KEYS)
    ]
    jobs = [{"job_id": name, "dataset_id": "d"} for name in ("base", "new")]
    with duckdb.connect() as connection:
        prepare(connection)
        compare(connection, answers, jobs, baselines=["base"], bootstrap_replicates=REPLICATES)
        yield connection, confidence, correct


def _weights() -> np.ndarray:
    """Weight of each key in each replicate, from its hash group."""
    weights = np.empty((REPLICATES, KEYS), int)
    for key in range(KEYS):
        group = int(hashlib.md5(f"k{key}".encode()).hexdigest()[:3], 16)
        for replicate in range(REPLICATES):
            digits = hashlib.md5(f"{replicate // 8}|{group}".encode()).hexdigest()
            start = 4 * (replicate % 8)
            weights[replicate, key] = np.searchsorted(
                EDGES, int(digits[start : start + 4], 16), side="right"
            )
    return weights


def _error(confidence: np.ndarray, correct: np.ndarray, weights: np.ndarray) -> float:
    gaps = np.bincount(equal_width(confidence), weights=weights * (confidence - correct))
    return float(np.abs(gaps).sum() / weights.sum())


def test_replicates_are_those_of_the_hashes(compared) -> None:
    connection, confidence, correct = compared
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
    connection, confidence, correct = compared
    [row] = rows_of(connection, "select * from mart_model_deltas where metric_name = 'ece'")
    ones = np.ones(KEYS)
    assert row["baseline_value"] == pytest.approx(_error(confidence[0], correct[0], ones), abs=1e-8)
    assert row["candidate_value"] == pytest.approx(
        _error(confidence[1], correct[1], ones), abs=1e-8
    )
    assert (row["p_method"], row["pairs"], row["clusters"]) == ("bootstrap", KEYS, None)
    assert row["delta_lower"] < row["delta"] < row["delta_upper"]
