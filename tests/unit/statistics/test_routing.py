"""Routing thresholds: the rule step by step, and that the promise survives the choosing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from benchmarks.simulate_routing import KINDS, simulate, thresholds
from tests.unit.statistics.macros import CompilationError

TARGET = 0.9


def _table(
    job: np.ndarray, fold: np.ndarray, confidence: np.ndarray, right: np.ndarray
) -> pa.Table:
    return pa.table(
        {
            "job_id": job.astype(str),
            "example_id": np.arange(len(job)).astype(str),
            "cluster_number": pa.nulls(len(job), pa.int64()),
            "fold": fold.astype(np.int32),
            "confidence": confidence,
            "is_correct": right,
        }
    )


def _expected(
    fold: np.ndarray, confidence: np.ndarray, right: np.ndarray
) -> list[dict[str, object]]:
    """The procedure as one would tell it."""
    setting = np.sort(confidence[fold == 0])[::-1]
    c, y = confidence[fold > 0], right[fold > 0]
    rows, stopped = [], False
    for step in range(1, 21):
        place = -(-step * len(setting) // 20)
        threshold = 0.0 if step == 20 else setting[place - 1]
        n, k = int(np.sum(c >= threshold)), int(np.sum(y[c >= threshold]))
        lower = stats.beta.ppf(0.05, k, n - k + 1) if k else 0.0
        enough = n * (1 - TARGET) >= 20 or 2 * n >= len(c)
        tested = n > 0 and 0.05 ** (1 / n) >= TARGET and enough
        stopped |= bool(tested and lower < TARGET)
        rows.append({"threshold": threshold, "n": n, "k": k, "tested": tested,
                     "promised": tested and not stopped})  # fmt: skip
    return rows


def test_thresholds_are_set_on_one_fold_and_tested_on_the_others_in_order(connection) -> None:
    random = np.random.default_rng(41)
    size, jobs = 700, 60
    job = np.repeat(np.arange(jobs), size)
    fold = random.integers(0, 5, len(job))
    confidence = np.round(random.beta(6, 1, len(job)), 3)  # with ties
    chance = np.where(job % 3 == 0, 0.85, np.clip(confidence + 0.05, 0, 1))
    right = random.random(len(job)) < chance
    got = thresholds(connection, _table(job, fold, confidence, right), routing_accuracy=TARGET)
    found = 0
    for number in range(jobs):
        own = job == number
        rows = [row for row in got.to_pylist() if row["job_id"] == str(number)]
        rows.sort(key=lambda row: row["level"])
        wanted = _expected(fold[own], confidence[own], right[own])
        assert [row["threshold"] for row in rows] == [w["threshold"] for w in wanted]
        assert [row["accepted_examples"] for row in rows] == [w["n"] for w in wanted]
        assert [row["accepted_correct"] for row in rows] == [w["k"] for w in wanted]
        assert [row["is_tested"] for row in rows] == [w["tested"] for w in wanted]
        assert [row["is_promised"] for row in rows] == [w["promised"] for w in wanted]
        chosen = [place for place, row in enumerate(rows) if row["is_chosen"]]
        kept = [place for place, w in enumerate(wanted) if w["promised"]]
        assert chosen == kept[-1:]
        assert {row["promised_accuracy"] for row in rows} == {TARGET}
        found += bool(chosen)
    assert 10 < found < 50  # both answers happen


@pytest.mark.parametrize("kind", ["just below everywhere", "crosses slowly", "too sure"])
def test_a_chosen_threshold_breaks_its_promise_one_time_in_twenty_at_most(
    connection, kind: str
) -> None:
    jobs = 200
    got = simulate(connection, np.random.default_rng(42), KINDS[kind], size=800, jobs=jobs)
    assert got.broken <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / jobs)


def test_a_job_that_deserves_a_threshold_gets_one(connection) -> None:
    got = simulate(
        connection, np.random.default_rng(43), KINDS["means what it says"], size=1_500, jobs=60
    )
    assert got.found > 0.9
    assert got.coverage > 0.6 * got.possible


def test_an_impossible_promise_is_refused(connection) -> None:
    empty = _table(np.array([]), np.array([]), np.array([], float), np.array([], bool))
    with pytest.raises(CompilationError, match="between 0 and 1"):
        thresholds(connection, empty, routing_accuracy=1.0)
