"""Recalibration against scikit-learn and SciPy on identical bins, and out of fold on made-up jobs."""

from __future__ import annotations

import hashlib

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy import optimize, special
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from evallake.engines.duckdb import prepare
from tests.unit.statistics import reference
from tests.unit.statistics.estimates import build, rows_of
from tests.unit.statistics.macros import ROOT, render

FIXTURES, FOLDS = 380, 3


def _bins(random: np.random.Generator, number: int) -> list[dict[str, object]]:
    """Bins of one fixture: few or many, tied, all right, all wrong, steep, flat or falling."""
    kind = number % 9
    size = int(random.choice([1, 2, 5, 40]))
    chosen = np.sort(random.choice(1000, size, replace=False))
    slope, shift = random.choice([-0.3, 0.0, 0.3, 1.0, 2.5]), random.normal(0, 1.5)
    found: list[dict[str, object]] = []
    for fold in range(FOLDS):
        for logit_bin in chosen:
            if random.random() < 0.2:  # a bin that a fold does not have
                continue
            examples = int(random.integers(1, 30))
            z = (logit_bin + 0.5) * 0.02766 - 13.827
            right = random.binomial(examples, special.expit(slope * z + shift))
            correct = {0: examples, 1: 0}.get(kind, int(right))
            found.append(
                {
                    "slice_id": number,
                    "fold": fold,
                    "logit_bin": int(logit_bin),
                    "examples": examples,
                    "correct": correct,
                    "sum_logit": float(examples * z + random.uniform(-0.001, 0.001)),
                }
            )
    return found


@pytest.fixture(scope="module")
def fitted():
    random = np.random.default_rng(31)
    rows = [row for number in range(FIXTURES) for row in _bins(random, number)]
    with duckdb.connect() as connection:
        prepare(connection)
        connection.register("given", pa.Table.from_pylist(rows))
        connection.execute("create table int_recalibration_bins as select * from given")
        for name in (
            "int_recalibration_training",
            "int_recalibration_fits",
            "int_recalibration_steps",
        ):
            text = (ROOT / f"models/intermediate/{name}.sql").read_text(encoding="utf-8")
            connection.execute(f"create table {name} as {render(text)}")
        yield rows, connection


def _training(rows: list[dict[str, object]]) -> dict[tuple[int, int], dict[str, np.ndarray]]:
    """What each fold is fitted on, from scratch: the bins of its fixture's other folds."""
    found: dict[tuple[int, int], dict[str, np.ndarray]] = {}
    for number in range(FIXTURES):
        own = [row for row in rows if row["slice_id"] == number]
        for fold in {row["fold"] for row in own}:
            others = [row for row in own if row["fold"] != fold]
            if not others:
                continue
            bins = sorted({row["logit_bin"] for row in others})
            sums = {
                name: np.array(
                    [sum(row[name] for row in others if row["logit_bin"] == b) for b in bins], float
                )
                for name in ("examples", "correct", "sum_logit")
            }
            found[number, fold] = {"logit_bin": np.array(bins), **sums}
    return found


def _temperature(z: np.ndarray, n: np.ndarray, k: np.ndarray) -> float:
    def slope(inverse: float) -> float:
        return float(np.sum(z * (k - n * special.expit(inverse * z))))

    if slope(0.05) <= 0:
        return 20.0
    if slope(20.0) >= 0:
        return 0.05
    return 1 / optimize.brentq(slope, 0.05, 20.0, xtol=1e-14)


def test_temperature_and_platt_are_those_of_scipy_and_scikit_learn(fitted) -> None:
    rows, connection = fitted
    got = {
        (row["slice_id"], row["fold"]): row
        for row in rows_of(connection, "select * from int_recalibration_fits")
    }
    training = _training(rows)
    assert got.keys() == training.keys()
    assert len(got) >= 1_000
    unsettled = 0
    for key, bins in training.items():
        n, k = bins["examples"], bins["correct"]
        z = bins["sum_logit"] / n
        row = got[key]
        assert (row["training_examples"], row["training_correct"]) == (n.sum(), k.sum())
        assert row["is_temperature_settled"]
        assert row["temperature"] == pytest.approx(_temperature(z, n, k), rel=1e-6)
        if not row["is_platt_settled"]:
            unsettled += 1
            continue
        right, wrong = k.sum(), n.sum() - k.sum()
        aim = (k * (right + 1) / (right + 2) + (n - k) / (wrong + 2)) / n
        if len(n) == 1:  # one confidence tells no slope: only the prediction is determined
            eta = row["platt_intercept"] + row["platt_slope"] * z[0]
            assert special.expit(eta) == pytest.approx(aim[0], rel=1e-6)
            continue
        model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-13, max_iter=500)
        model.fit(
            np.r_[z, z][:, None],
            np.r_[np.ones(len(z)), np.zeros(len(z))],
            sample_weight=np.r_[n * aim, n * (1 - aim)],
        )
        eta = row["platt_intercept"] + row["platt_slope"] * z
        wanted = model.intercept_[0] + model.coef_[0, 0] * z
        assert np.allclose(special.expit(eta), special.expit(wanted), rtol=0, atol=1e-6)
    assert unsettled <= 0.01 * len(got)


def test_a_fitted_temperature_never_raises_the_loss(fitted) -> None:
    rows, connection = fitted
    training = _training(rows)
    for row in rows_of(connection, "select * from int_recalibration_fits"):
        bins = training[row["slice_id"], row["fold"]]
        z = bins["sum_logit"] / bins["examples"]

        def loss(temperature: float, z=z, bins=bins) -> float:
            right = np.sum(bins["correct"] * np.logaddexp(0, -z / temperature))
            wrong = np.sum((bins["examples"] - bins["correct"]) * np.logaddexp(0, z / temperature))
            return float(right + wrong)

        assert loss(row["temperature"]) <= loss(1.0) * (1 + 1e-12)


def test_isotonic_is_scikit_learns_on_identical_steps(fitted) -> None:
    rows, connection = fitted
    steps_of = connection.execute(
        "select slice_id, fold, isotonic_confidence from int_recalibration_steps"
        " order by slice_id, fold, logit_bin"
    ).fetchnumpy()
    # every fold has all thousand bins
    folds = zip(steps_of["slice_id"][::1000], steps_of["fold"][::1000], strict=True)
    got = dict(zip(folds, steps_of["isotonic_confidence"].reshape(-1, 1000), strict=True))
    for key, bins in _training(rows).items():
        n, k = bins["examples"], bins["correct"]
        middle = np.cumsum(n) - n / 2
        step = np.floor(100 * middle / n.sum() + 1e-12)
        steps = np.unique(step)
        weights = np.array([n[step == s].sum() for s in steps])
        means = np.array([k[step == s].sum() for s in steps]) / weights
        fit = IsotonicRegression().fit_transform(
            np.arange(len(steps)), means, sample_weight=weights
        )
        values = got[key]
        assert np.all(np.diff(values) >= 0)
        assert np.allclose(values[bins["logit_bin"]], fit[np.searchsorted(steps, step)], atol=1e-12)
        # before the first bin its value, between bins that of the one below
        assert values[0] == pytest.approx(fit[0], abs=1e-12)
        assert values[-1] == pytest.approx(fit[-1], abs=1e-12)


SIZE = 2_500
DISTORTIONS = {
    "too_sure": lambda z: 0.4 * z,
    "shifted": lambda z: z - 1.5,
    "too_sure_and_shifted": lambda z: 0.5 * z - 0.8,
    "not_sure_enough": lambda z: 3.0 * z - 0.5,
    "bent": lambda z: np.where(z > 1.0, 0.3 * z, z - 1.0),
}
"""Jobs by how their true log odds follow from those of their confidence."""


@pytest.fixture(scope="module")
def mended():
    random = np.random.default_rng(32)
    examples, slices = [], []
    for job, truth in DISTORTIONS.items():
        z = (
            random.normal(1.5, 2.0, SIZE)
            if job != "not_sure_enough"
            else random.normal(0, 0.7, SIZE)
        )
        right = random.random(SIZE) < special.expit(truth(z))
        for place in range(SIZE):
            # every seventh example has a second answer: one cluster, one fold
            key = f"{place - 1:05d}" if place % 7 == 6 else f"{place:05d}"
            examples.append(
                {
                    "job_id": job,
                    "example_id": f"{place:05d}",
                    "cluster_id": key,
                    "is_correct": None if place % 50 == 49 else bool(right[place]),
                    "confidence": None if place % 40 == 39 else float(special.expit(z[place])),
                    "quality_score": None,
                    "is_quality_pass": None,
                    "is_schema_valid": None,
                }
            )
            slices += [
                {
                    "job_id": job,
                    "example_id": f"{place:05d}",
                    "slice_key": slice_key,
                    "slice_value": value,
                    "is_outcome_slice": is_outcome,
                }
                for slice_key, value, is_outcome in (
                    ("domain", "big" if place % 10 else "small", False),
                    ("rare", str(place % 20), False),
                    ("band", str(place % 2), True),
                )
            ]
    with duckdb.connect() as connection:
        prepare(connection)
        build(connection, examples, slices, list(DISTORTIONS))
        yield examples, connection


@pytest.mark.parametrize("job", DISTORTIONS)
def test_the_error_of_a_miscalibrated_job_is_at_least_halved_out_of_fold(mended, job: str) -> None:
    _, connection = mended
    rows = rows_of(
        connection,
        f"select * from mart_recalibration where job_id = '{job}' and slice_key = 'all'",
    )
    by_method = {row["method"]: row for row in rows}
    assert set(by_method) == {"temperature", "platt", "isotonic"}
    chosen = by_method["isotonic"]
    assert chosen["is_chosen_method"]
    assert chosen["calibrated_examples"] >= 2_000
    assert chosen["ece_before"] >= 0.08
    for method in ("platt", "isotonic"):
        assert by_method[method]["ece_after"] <= chosen["ece_before"] / 2, method
        assert by_method[method]["brier_after"] < chosen["brier_before"]
        assert by_method[method]["ece_after_lower"] <= by_method[method]["ece_after"]
        assert by_method[method]["ece_after"] <= by_method[method]["ece_after_upper"]


def _fold(cluster: str) -> int:
    return int(hashlib.md5(f"fold|{cluster}".encode()).hexdigest()[:4], 16) % 5


def test_every_confidence_is_mended_by_folds_that_it_is_not_in(mended) -> None:
    examples, connection = mended
    by_id = {(e["job_id"], e["example_id"]): e for e in examples}
    parameters = {
        (row["job_id"], row["fold"]): row
        for row in rows_of(
            connection, "select * from mart_recalibration_folds where slice_key = 'all'"
        )
    }
    rows = rows_of(connection, "select * from int_calibrated_confidence")
    assert {(r["job_id"], r["example_id"]) for r in rows} == {
        key for key, e in by_id.items() if e["confidence"] is not None
    }
    for row in rows:
        example = by_id[row["job_id"], row["example_id"]]
        fold = parameters[row["job_id"], row["fold"]]
        z = special.logit(np.clip(example["confidence"], 1e-6, 1 - 1e-6))
        assert row["fold"] == _fold(example["cluster_id"])
        assert row["load_id"] == f"load of {row['job_id']}"
        assert row["temperature_confidence"] == pytest.approx(
            special.expit(z / fold["temperature"]), rel=1e-9
        )
        assert row["platt_confidence"] == pytest.approx(
            special.expit(fold["platt_intercept"] + fold["platt_slope"] * z), rel=1e-9
        )
        assert 0 <= row["isotonic_confidence"] <= 1
    # what a fold is fitted on is the rest of the job
    for (job, number), fold in parameters.items():
        others = [
            e
            for e in examples
            if e["job_id"] == job and _fold(e["cluster_id"]) != number
            if e["confidence"] is not None and e["is_correct"] is not None
        ]
        assert fold["training_examples"] == len(others)
        assert fold["training_correct"] == sum(e["is_correct"] for e in others)


def test_what_the_mart_says_is_what_the_rows_give(mended) -> None:
    examples, connection = mended
    by_id = {(e["job_id"], e["example_id"]): e for e in examples}
    rows = rows_of(connection, "select * from int_calibrated_confidence")
    for job in DISTORTIONS:
        scored = [
            (row, by_id[job, row["example_id"]]["is_correct"])
            for row in rows
            if row["job_id"] == job and by_id[job, row["example_id"]]["is_correct"] is not None
        ]
        y = np.array([verdict for _, verdict in scored], float)
        for method in ("temperature", "platt", "isotonic"):
            p = np.array([row[f"{method}_confidence"] for row, _ in scored])
            [told] = rows_of(
                connection,
                f"select * from mart_recalibration where job_id = '{job}' and slice_key = 'all'"
                f" and method = '{method}'",
            )
            expected = reference.calibration(reference.equal_width(p), p, y)
            assert told["calibrated_examples"] == len(p)
            assert told["ece_after"] == pytest.approx(expected["ece"], rel=1e-9, abs=1e-12)
            assert told["ece_after_baseline"] == pytest.approx(expected["ece_baseline"], rel=1e-9)
            assert told["brier_after"] == pytest.approx(np.mean((p - y) ** 2), rel=1e-9)
            assert told["mean_confidence_after"] == pytest.approx(p.mean(), rel=1e-9)
            [summed] = rows_of(
                connection,
                "select sum(examples) as examples, sum(sum_confidence) as total from"
                f" mart_recalibration_bins where job_id = '{job}' and slice_key = 'all'"
                f" and method = '{method}'",
            )
            assert summed["examples"] == len(p)
            assert summed["total"] == pytest.approx(p.sum(), rel=1e-9)


def test_only_slices_known_before_the_answer_and_large_enough_are_fitted(mended) -> None:
    _, connection = mended
    rows = rows_of(connection, "select distinct slice_key, slice_value from mart_recalibration")
    assert {(row["slice_key"], row["slice_value"]) for row in rows} == {
        ("all", "all"),
        ("domain", "big"),
        ("domain", "small"),
    }
