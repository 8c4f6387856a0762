"""Comparisons of jobs, from facts to marts, against SciPy and statsmodels on random fixtures.

Every metric of the made-up jobs is one fixture: the same chain of models compares a thousand of
them at once, each over examples of its own choice, with ties, gaps, repeats and clusters.
"""

from __future__ import annotations

import warnings

import duckdb
import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from evallake.engines.duckdb import prepare
from tests.unit.statistics.comparing import Answer, compare
from tests.unit.statistics.estimates import rows_of
from tests.unit.statistics.fixtures import assert_agrees

KEYS = 40
SHAPES = {"plain": 400, "repeats": 350, "clusters": 350}
"""Fixtures of each kind of job: one answer each, up to three, and examples that belong together."""


def _values(random: np.random.Generator, number: int, size: tuple[int, int]) -> np.ndarray:
    """Values of both sides for one fixture, nan where a side has none."""
    style = number % 9
    binary = (random.random(size) < random.choice([0.1, 0.5, 0.9])).astype(float)
    if style == 0:
        values = binary
    elif style == 1:
        values = np.ones(size)
    elif style == 2:
        values = random.normal(0, 1, size)
    elif style == 3:  # a large number that hardly varies
        values = 1e4 + random.normal(0, 1e-2, size)
    elif style == 4:  # many ties
        values = np.round(random.random(size), 1)
    elif style == 5:  # correlated
        values = random.normal(0, 1, (1, size[1])) + random.normal(0, 0.2, size)
    elif style == 6:  # always the same difference
        values = np.array([[0.25], [0.75]]) + np.zeros(size)
    elif style == 7:  # small and skewed
        values = random.lognormal(-8, 2, size)
    else:
        values = np.zeros(size)
        values[1, random.integers(0, size[1])] = 1
    kept = (KEYS, 0, 1, 2, 9, 10, 25)[number % 7]
    missing = np.ones(KEYS, dtype=bool)
    missing[random.permutation(KEYS)[:kept]] = False
    values[:, np.resize(missing, size[1])] = np.nan
    if number % 5 == 0:  # and gaps on either side
        values[random.random(size) < 0.1] = np.nan
    return values


def _jobs(shape: str) -> tuple[list[Answer], dict[int, np.ndarray]]:
    """Two jobs, and the values behind them by fixture: shape (side, repeat, key)."""
    random = np.random.default_rng(len(shape))
    repeats = 3 if shape == "repeats" else 1
    values = {
        number: _values(random, number, (2, repeats * KEYS)).reshape(2, repeats, KEYS)
        for number in range(SHAPES[shape])
    }
    answers = [
        Answer(
            job=f"{shape} {'base' if side == 0 else 'new'}",
            key=f"k{key:02d}",
            repeat=repeat,
            cluster=f"c{key // 3}" if shape == "clusters" else None,
            metrics={
                f"m{number:04d}": None if np.isnan(v[side, repeat, key]) else v[side, repeat, key]
                for number, v in values.items()
            },
            slices={"parity": str(key % 2), "third": str(key % 3)},
        )
        for side in (0, 1)
        for repeat in range(repeats)
        for key in range(KEYS)
    ]
    return answers, values


@pytest.fixture(scope="module", params=SHAPES)
def compared(request):
    """The kind of jobs, its marts, and the values that they were made from."""
    answers, values = _jobs(request.param)
    jobs = [
        {"job_id": f"{request.param} {side}", "dataset_id": "d", "model_family": side}
        for side in ("base", "new")
    ]
    variables = {"bootstrap_pairs": 0, "baselines": [jobs[0]["job_id"]]}
    if request.param == "clusters":
        variables["cluster_field"] = "document"
    with duckdb.connect() as connection:
        prepare(connection)
        compare(connection, answers, jobs, **variables)
        yield request.param, connection, values


def clustered_error(difference: np.ndarray, groups: np.ndarray) -> float:
    """Standard error of the mean, cluster by cluster."""
    rest = difference - difference.mean()
    squares = [rest[groups == group].sum() ** 2 for group in np.unique(groups)]
    return np.sqrt(len(squares) / (len(squares) - 1) * sum(squares)) / len(rest)


def test_the_clustered_error_is_statsmodels() -> None:
    random = np.random.default_rng(40)
    for size in (5, 40, 200):
        difference, groups = random.normal(size=size), np.arange(size) // 3
        clusters = len(np.unique(groups))
        fit = sm.OLS(difference, np.ones(size)).fit(
            cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
        )
        expected = fit.bse[0] * np.sqrt(clusters / (clusters - 1))
        assert clustered_error(difference, groups) == pytest.approx(expected, rel=1e-12)


def expectation(values: np.ndarray, keys: np.ndarray, shape: str) -> dict[str, float]:
    """What the marts should say of one fixture over the given keys, the slow way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        base, new = (np.nanmean(side[:, keys], axis=0) for side in values)
    both = ~np.isnan(base) & ~np.isnan(new)
    base, new, keys = base[both], new[both], keys[both]
    difference = np.where(np.abs(new - base) <= 1e-12 * (np.abs(new) + np.abs(base)), 0, new - base)
    n = len(difference)
    groups = keys // 3 if shape == "clusters" else keys
    clusters = len(np.unique(groups))
    names = ("delta", "delta_stderr", "p_value", "delta_lower", "delta_upper", "correlation")
    nothing = dict.fromkeys((*names, "variance_saved", "unpaired_stderr"), np.nan)
    found = nothing | {"pairs": n, "clusters": clusters}
    found |= {"candidate_higher": (difference > 0).sum(), "candidate_lower": (difference < 0).sum()}
    if n == 0:
        return found
    found["delta"] = difference.mean()
    sums = np.array([difference[groups == group].sum() for group in np.unique(groups)])
    higher, lower = int((sums > 1e-9).sum()), int((sums < -1e-9).sum())
    sign = stats.binomtest(higher, higher + lower).pvalue if higher + lower else 1.0
    found |= {"p_value": sign, "sign_test_p_value": sign}
    if clusters > 1:
        error = clustered_error(difference, groups)
        found["delta_stderr"] = 0 if np.ptp(difference) < 1e-9 else error
        if clusters >= 10 and found["delta_stderr"] > 0:
            half = stats.t.ppf(0.975, clusters - 1) * error
            found |= {"delta_lower": found["delta"] - half, "delta_upper": found["delta"] + half}
            found["p_value"] = 2 * stats.t.sf(abs(found["delta"] / error), clusters - 1)
    if n > 1:
        spread = [side.var(ddof=1) if np.ptp(side) > 1e-9 else 0.0 for side in (base, new)]
        found["unpaired_stderr"] = np.sqrt(sum(spread) / n)
        if min(spread) > 0:
            found["correlation"] = np.corrcoef(base, new)[0, 1]
        if sum(spread) > 0:
            own = difference.var(ddof=1) if np.ptp(difference) > 1e-9 else 0.0
            found["variance_saved"] = 1 - own / sum(spread)
    is_binary = np.isin([base, new], (0, 1)).all() and clusters == n and shape != "repeats"
    if is_binary and np.isnan(found["delta_lower"]):
        ends = [
            proportion_confint(k, n, alpha=0.025, method="beta")
            for k in (found["candidate_higher"], found["candidate_lower"])
        ]
        (up_low, up_high), (down_low, down_high) = np.nan_to_num(np.array(ends), nan=0)
        found |= {"delta_lower": up_low - down_high, "delta_upper": up_high - down_low}
    return found


@pytest.mark.parametrize("mart", ["mart_model_deltas", "mart_slice_deltas"])
def test_every_estimate_of_a_thousand_fixtures(compared, mart: str) -> None:
    shape, connection, values = compared
    where = "" if mart == "mart_model_deltas" else " and slice_key = 'third' and not is_pair"
    rows = rows_of(connection, f"select * from {mart} where metric_kind = 'metric'{where}")
    assert len(rows) >= (len(values) - len(values) // 7 - 1 if not where else 100)
    expected: dict[str, list[float]] = {}
    actual: dict[str, list[float]] = {}
    for row in rows:
        keys = np.arange(KEYS)
        if where:
            keys = keys[keys % 3 == int(row["slice_value"])]
        wanted = expectation(values[int(row["metric_name"][1:])], keys, shape)
        for name, value in wanted.items():
            expected.setdefault(name, []).append(value)
            actual.setdefault(name, []).append(np.nan if row[name] is None else row[name])
    for name, column in expected.items():
        assert_agrees(np.array(actual[name]), np.array(column))


def test_pairs_of_slices_are_slices_of_slices(compared) -> None:
    shape, connection, values = compared
    rows = rows_of(connection, "select * from mart_slice_deltas where is_pair")
    assert len(rows) > 500
    for row in rows[::23]:
        keys = np.arange(KEYS)
        keys = keys[(keys % 2 == int(row["slice_value"])) & (keys % 3 == int(row["slice_value_2"]))]
        wanted = expectation(values[int(row["metric_name"][1:])], keys, shape)
        assert (row["slice_key"], row["slice_key_2"]) == ("parity", "third")
        assert row["pairs"] == wanted["pairs"]
        assert row["delta"] == pytest.approx(wanted["delta"], abs=1e-9)
        assert row["p_value"] == pytest.approx(wanted["p_value"], abs=1e-9)


def test_mcnemar_is_null_where_a_key_repeats_or_clusters_hold_several(compared) -> None:
    shape, connection, _ = compared
    rows = rows_of(
        connection,
        "select * from mart_model_deltas where mcnemar_exact_p_value is not null and pairs > 2",
    )
    assert bool(rows) == (shape != "repeats")
    for row in rows:
        assert row["clusters"] == row["pairs"]
        b, c = row["only_baseline_correct"], row["only_candidate_correct"]
        assert b + c + row["ties"] == row["pairs"]
        assert row["mcnemar_mid_p_value"] <= row["mcnemar_exact_p_value"]
