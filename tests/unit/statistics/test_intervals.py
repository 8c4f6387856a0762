"""Quantiles and intervals of proportions against SciPy and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats
from statsmodels.stats.proportion import proportion_confint

from tests.unit.statistics.fixtures import assert_agrees
from tests.unit.statistics.macros import CompilationError, render

ROWS = 2_000


@pytest.fixture(scope="module")
def trials() -> tuple[np.ndarray, np.ndarray]:
    """Successes and trials, from one to two million; no success and all of them included."""
    random = np.random.default_rng(3)
    n = np.r_[np.arange(1, 41), np.floor(10 ** random.uniform(0, 6.3, ROWS - 40))].astype(int)
    k = np.floor(random.random(ROWS) * (n + 1)).astype(int)
    k[::7], k[3::7] = 0, n[3::7]
    return k, n


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95, 0.98, 0.99])
def test_normal_quantiles_are_scipys(level) -> None:
    assert float(render(f"{{{{ normal_quantile({level}) }}}}")) == stats.norm.ppf((1 + level) / 2)


def test_a_level_without_quantile_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(CompilationError, match=r"0\.97; use one of 0\.6, 0\.8, 0\.9"):
        render("{{ normal_quantile(0.97) }}")


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95, 0.99])
def test_t_quantile(run, level) -> None:
    df = np.r_[np.arange(1, 400), np.logspace(2.7, 7, 700).astype(int)]
    got = run(f"select {{{{ t_quantile({level}, 'df') }}}} as t from df_rows", df_rows={"df": df})
    assert_agrees(got["t"], stats.t.ppf((1 + level) / 2, df))


def test_t_quantile_is_null_without_degrees_of_freedom(run) -> None:
    got = run("select {{ t_quantile(0.95, 'df') }} as t from df_rows", df_rows={"df": [0, -1]})
    assert np.isnan(got["t"]).all()


def test_beta_quantile(run) -> None:
    random = np.random.default_rng(5)
    a, b = 10 ** random.uniform(0, 5.5, ROWS), 10 ** random.uniform(0, 5.5, ROWS)
    p = random.choice([0.001, 0.025, 0.05, 0.5, 0.95, 0.975], ROWS)
    got = run("select {{ beta_quantile('p', 'a', 'b') }} as x from r", r={"p": p, "a": a, "b": b})
    assert_agrees(got["x"], special.betaincinv(a, b, p))


def test_beta_quantile_mends_an_engine_that_solves_to_1e_9_only(run, connection) -> None:
    random = np.random.default_rng(6)
    k = random.integers(0, 5_000, ROWS)
    rows = {"p": np.full(ROWS, 0.05), "a": k + 1.0, "b": 5_001.0 - k}
    rows["off"] = random.uniform(-1e-9, 1e-9, ROWS)
    sql = render("select {{ beta_quantile('p', 'a', 'b') }} as x from r")
    rough = sql.replace("inverse_beta_cdf(a, b, p)", "(inverse_beta_cdf(a, b, p) + off)")
    assert rough != sql
    exact = special.betaincinv(rows["a"], rows["b"], rows["p"])
    assert_agrees(run(rough, r=rows)["x"], exact, tolerance=1e-12)


def test_wilson(run, trials) -> None:
    k, n = trials
    got = run(
        """
        select
            {{ wilson_bound('cast(k as double) / n', 'n', 'lower') }} as lower_bound,
            {{ wilson_bound('cast(k as double) / n', 'n', 'upper') }} as upper_bound
        from r
        """,
        r={"k": k, "n": n},
    )
    lower, upper = proportion_confint(k, n, method="wilson")
    assert_agrees(got["lower_bound"], np.clip(lower, 0, 1))
    assert_agrees(got["upper_bound"], np.clip(upper, 0, 1))
    assert (got["lower_bound"] >= 0).all()
    assert (got["upper_bound"] <= 1).all()


@pytest.mark.parametrize(
    ("k", "n", "lower", "upper"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_newcombes_numbers(run, k, n, lower, upper) -> None:
    got = run(
        "select {{ wilson_bound('1e0 * k / n', 'n', 'lower') }} as l,"
        " {{ wilson_bound('1e0 * k / n', 'n', 'upper') }} as u from r",
        r={"k": [k], "n": [n]},
    )
    assert (round(got["l"][0], 4), round(got["u"][0], 4)) == (lower, upper)


def test_intervals_are_null_without_trials(run) -> None:
    got = run(
        """
        select
            {{ wilson_bound('1e0 * k / nullif(n, 0)', 'n', 'lower') }} as wilson,
            {{ wilson_bound('cast(null as double)', 'n', 'upper') }} as wilson_of_null,
            {{ clopper_pearson_bound('k', 'n', 'lower', 0.05) }} as exact_lower,
            {{ clopper_pearson_bound('k', 'n', 'upper', 0.05) }} as exact_upper
        from r
        """,
        r={"k": [0], "n": [0]},
    )
    assert all(np.isnan(column).all() for column in got.values())


@pytest.mark.parametrize("tail", [0.05, 0.025])
def test_clopper_pearson_one_and_two_sided(run, trials, tail) -> None:
    k, n = trials
    got = run(
        f"""
        select
            {{{{ clopper_pearson_bound('k', 'n', 'lower', {tail}) }}}} as lower_bound,
            {{{{ clopper_pearson_bound('k', 'n', 'upper', {tail}) }}}} as upper_bound
        from r
        """,
        r={"k": k, "n": n},
    )
    lower, upper = proportion_confint(k, n, alpha=2 * tail, method="beta")
    assert_agrees(got["lower_bound"], np.where(k == 0, 0, lower))
    assert_agrees(got["upper_bound"], np.where(k == n, 1, upper))


def test_binomial_tail(run, trials) -> None:
    k, n = trials
    p = np.random.default_rng(8).uniform(0.01, 0.99, len(n))
    got = run("select {{ binomial_cdf('k', 'n', 'p') }} as f from r", r={"k": k, "n": n, "p": p})
    assert_agrees(got["f"], stats.binom.cdf(k, n, p))
    outside = run("select {{ binomial_cdf('k', '5', '0.5e0') }} as f from r", r={"k": [-1, 5, 6]})
    assert outside["f"].tolist() == [0, 1, 1]


def test_binomial_tail_gives_the_exact_mcnemar_of_agresti(run) -> None:
    got = run("select 2e0 * {{ binomial_cdf('b', '236', '0.5e0') }} as p from r", r={"b": [86]})
    assert got["p"][0] == pytest.approx(3.715936e-5, rel=1e-6)


def test_harmonic_number(run) -> None:
    n = np.r_[np.arange(0, 300), np.logspace(2.5, 8, 800).astype(int)]
    got = run("select {{ harmonic_number('n') }} as h from r", r={"n": n})
    assert_agrees(got["h"], special.digamma(n + 1.0) + np.euler_gamma, tolerance=1e-14)
